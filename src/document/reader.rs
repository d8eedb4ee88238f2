//! Strict decoding of nodes by hand: every error has a place, and one error does not hide the next.

use std::cell::RefCell;

use crate::kernel::SimDuration;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::node::{Key, Node, Value};
use super::source::Span;

/// Reads a map field by field and reports every field nobody asked for.
pub struct Reader<'a> {
    entries: &'a [(Key, Node)],
    /// "a traffic stream": completes "… has no field `x`".
    what: &'static str,
    span: Span,
    sink: &'a Diagnostics,
    asked: RefCell<Vec<&'static str>>,
}

/// A value that was found, with the means to read it.
#[derive(Clone)]
pub struct Field<'a> {
    pub node: &'a Node,
    /// The field's name, or "entry 3 of `hosts`": for messages.
    pub name: String,
    sink: &'a Diagnostics,
}

impl<'a> Reader<'a> {
    /// Starts to read a map; anything else is reported and gives None.
    pub fn new(node: &'a Node, what: &'static str, sink: &'a Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self { entries, what, span: node.span.first_line(), sink, asked: RefCell::new(Vec::new()) }),
            _ => {
                sink.push(
                    Diagnostic::error(format!("expected {what}, found {}", node.describe()))
                        .at(&node.span.first_line())
                        .label("expected a map"),
                );
                None
            }
        }
    }

    /// A field that may be absent; null counts as absent.
    pub fn opt(&self, name: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(name);
        let (_, node) = self.entries.iter().find(|(k, _)| &*k.text == name)?;
        (!node.is_null()).then(|| Field { node, name: name.to_string(), sink: self.sink })
    }

    /// A field that must be there; its absence is reported.
    pub fn req(&self, name: &'static str) -> Option<Field<'a>> {
        let found = self.opt(name);
        if found.is_none() {
            self.sink.push(
                Diagnostic::error(format!("{} needs the field `{name}`", self.what)).at(&self.span).label(format!("`{name}` is missing")),
            );
        }
        found
    }

    /// True if the field is written, even as null.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(k, _)| &*k.text == name)
    }

    /// The place of the whole map (its first line).
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The place of a field's key, or of the map if it is absent.
    pub fn key_span(&self, name: &str) -> Span {
        self.entries.iter().find(|(k, _)| &*k.text == name).map_or_else(|| self.span.clone(), |(k, _)| k.span.clone())
    }

    /// Fields that no `opt` or `req` asked for so far.
    pub fn rest(&self) -> impl Iterator<Item = &'a (Key, Node)> + use<'a, '_> {
        self.entries.iter().filter(|(k, _)| !self.asked.borrow().iter().any(|a| *a == &*k.text))
    }

    /// Reports unknown fields. Call it last.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        #[cfg(test)]
        seen::note(self.what, &asked);
        for (key, _) in self.entries.iter().filter(|(k, _)| !asked.iter().any(|a| *a == &*k.text)) {
            let d = Diagnostic::error(format!("{} has no field `{}`", self.what, key.text)).at(&key.span).label("unknown field");
            let mut names: Vec<&str> = asked.to_vec();
            names.dedup();
            self.sink.push(d.one_of(&key.text, &names));
        }
    }
}

impl<'a> Field<'a> {
    pub fn new(node: &'a Node, name: impl Into<String>, sink: &'a Diagnostics) -> Self {
        Self { node, name: name.into(), sink }
    }

    pub fn span(&self) -> &Span {
        &self.node.span
    }
    pub fn sink(&self) -> &'a Diagnostics {
        self.sink
    }

    /// Reports that this value is not what was expected.
    pub fn wrong(&self, expected: &str) {
        self.sink.push(
            Diagnostic::error(format!("`{}`: expected {expected}, found {}", self.name, self.node.describe()))
                .at(&self.node.span.first_line())
                .label(format!("expected {expected}")),
        );
    }

    /// Reports a sentence about this value.
    pub fn fail(&self, message: impl Into<String>) {
        self.sink.push(Diagnostic::error(format!("`{}`: {}", self.name, message.into())).at(&self.node.span.first_line()));
    }

    /// A text. A number or truth value is not one: the user is told to put it in quotes.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Str(s) => Some(s),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                let raw = self.node.scalar_text().unwrap_or_default();
                self.sink.push(
                    Diagnostic::error(format!("`{}`: expected a text, found {}", self.name, self.node.describe()))
                        .at(&self.node.span)
                        .label("expected a text")
                        .help(format!("put it in quotes: \"{raw}\"")),
                );
                None
            }
            _ => {
                self.wrong("a text");
                None
            }
        }
    }

    /// A text or a number, as written.
    pub fn scalar(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Str(_) | Value::Int(_) | Value::Float(_) => self.node.scalar_text(),
            _ => {
                self.wrong("a text or a number");
                None
            }
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Value::Bool(b) => Some(b),
            _ => {
                self.wrong("true or false");
                None
            }
        }
    }

    /// A whole number in `min..=max`.
    pub fn whole(&self, min: u64, max: u64) -> Option<u64> {
        match self.node.value {
            Value::Int(i) if i >= 0 && (min..=max).contains(&(i as u64)) => Some(i as u64),
            Value::Int(_) | Value::Float(_) => {
                self.wrong(&if max == u64::MAX {
                    format!("a whole number from {min}")
                } else {
                    format!("a whole number from {min} to {max}")
                });
                None
            }
            _ => {
                self.wrong("a whole number");
                None
            }
        }
    }

    /// A duration such as `90s` or `1h30m`, at most `max`.
    pub fn duration(&self, max: SimDuration) -> Option<SimDuration> {
        let text = match &self.node.value {
            Value::Str(s) => s,
            Value::Int(0) => return Some(SimDuration::ZERO),
            Value::Int(i) if *i > 0 => {
                self.sink.push(
                    Diagnostic::error(format!("`{}`: expected a duration, found the number {i}", self.name))
                        .at(&self.node.span)
                        .label("expected a duration with a unit")
                        .help(format!("write {i}s, {i}m or {i}h")),
                );
                return None;
            }
            _ => {
                self.wrong("a duration such as 90s, 5m or 1h30m");
                return None;
            }
        };
        match SimDuration::parse(text) {
            Ok(d) if d <= max => Some(d),
            Ok(_) => {
                self.fail(format!("{text} is too long; at most {max} is allowed"));
                None
            }
            Err(why) => {
                self.sink.push(
                    Diagnostic::error(format!("`{}`: expected a duration, found `{text}`: {why}", self.name))
                        .at(&self.node.span)
                        .label("expected a duration"),
                );
                None
            }
        }
    }

    /// A text that `parse` understands; its error sentence follows "expected WHAT, found …: ".
    pub fn parsed<T>(&self, what: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.scalar()?;
        match parse(text) {
            Ok(v) => Some(v),
            Err(why) => {
                self.sink.push(
                    Diagnostic::error(format!("`{}`: expected {what}, found `{text}`: {why}", self.name))
                        .at(&self.node.span.first_line())
                        .label(format!("expected {what}")),
                );
                None
            }
        }
    }

    /// One of a few words, with what each stands for.
    pub fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let text = match &self.node.value {
            Value::Str(s) => &**s,
            // YAML reads `none`-like words as text, but `null` and numbers not.
            _ => {
                self.wrong(&one_of_words(words.iter().map(|(w, _)| *w)));
                return None;
            }
        };
        match words.iter().find(|(w, _)| *w == text) {
            Some((_, v)) => Some(*v),
            None => {
                let names: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
                let expected = one_of_words(names.iter().copied());
                self.sink.push(
                    Diagnostic::error(format!("`{}`: expected {expected}, found `{text}`", self.name))
                        .at(&self.node.span)
                        .label(format!("expected {expected}"))
                        .did_you_mean(text, names),
                );
                None
            }
        }
    }

    /// The entries of a list, at most `max`; more are reported and cut.
    pub fn list(&self, max: usize) -> Vec<Field<'a>> {
        match &self.node.value {
            Value::List(l) => {
                if l.len() > max {
                    self.fail(format!("{} entries are too many; at most {max} are allowed", l.len()));
                }
                let entry = |(i, node): (usize, &'a Node)| Field { node, name: format!("{}[{i}]", self.name), sink: self.sink };
                l.iter().take(max).enumerate().map(entry).collect()
            }
            _ => {
                self.wrong("a list");
                Vec::new()
            }
        }
    }

    /// A list, or a single value as a list of one.
    pub fn list_or_one(&self, max: usize) -> Vec<Field<'a>> {
        if self.node.as_list().is_some() { self.list(max) } else { vec![self.clone()] }
    }

    /// The entries of a map with free keys, at most `max`.
    pub fn map(&self, max: usize) -> Vec<(&'a Key, Field<'a>)> {
        match &self.node.value {
            Value::Map(m) => {
                if m.len() > max {
                    self.fail(format!("{} entries are too many; at most {max} are allowed", m.len()));
                }
                m.iter()
                    .take(max)
                    .map(|(k, node)| (k, Field { node, name: format!("{}.{}", self.name, k.text), sink: self.sink }))
                    .collect()
            }
            _ => {
                self.wrong("a map");
                Vec::new()
            }
        }
    }

    /// This value as a map with known fields.
    pub fn reader(&self, what: &'static str) -> Option<Reader<'a>> {
        Reader::new(self.node, what, self.sink)
    }
}

/// "one of a, b or c"
fn one_of_words<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        [] => "nothing".into(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// What readers asked for, so that tests can compare the field tables (JSON Schema) with the code.
#[cfg(test)]
pub mod seen {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    type Table = BTreeMap<&'static str, BTreeSet<&'static str>>;
    thread_local!(static SEEN: RefCell<Table> = const { RefCell::new(BTreeMap::new()) });

    pub(super) fn note(what: &'static str, fields: &[&'static str]) {
        SEEN.with(|s| s.borrow_mut().entry(what).or_default().extend(fields));
    }
    /// Everything asked for in this thread so far.
    pub fn table() -> Table {
        SEEN.with(|s| s.borrow().clone())
    }
}
