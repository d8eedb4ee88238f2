//! YAML and JSON in, positioned nodes out; and nodes or JSON out as YAML. The only file that names the YAML crate.
//!
//! The crate's event parser does the syntax; typing of scalars, merge keys, duplicate keys, aliases and all limits are ours, because
//! three dialects differ in them. Sources: go.yaml.in/yaml/v2 `resolve.go` (what Kubernetes reads), v3 `resolve.go` (what Compose reads).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_yaml::granit_parser as parser;

use crate::kernel::limits;

use super::diagnostic::Diagnostic;
use super::json;
use super::node::{Key, Node, Value};
use super::source::{Source, Span};

/// Whose rules decide what a plain scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.1 truth values (`yes`, `on`, `y`), old octals (`0644`), tags ignored, several documents; JSON too.
    Kubernetes,
    /// Only `true` and `false`; local tags (`!reset`, `!override`) are kept.
    Compose,
    /// Only `true` and `false`; tags are errors.
    Scenario,
}

type Fail = Box<Diagnostic>;

/// The types of the YAML core schema, and those of YAML 1.1 that both readers know.
const CORE_TAGS: &[&str] = &["str", "int", "float", "bool", "null", "map", "seq", "binary", "timestamp", "merge"];

/// All documents of a text; empty ones are left out.
///
/// # Errors
/// The first thing that is not YAML, or goes beyond a limit, with its place.
pub fn parse(source: &Arc<Source>, dialect: Dialect) -> Result<Vec<Node>, Fail> {
    parse_up_to(source, dialect, limits::DOCUMENT_NODES_MAX)
}

/// The same with another limit on the number of values, for dumps of whole clusters.
///
/// # Errors
/// As [`parse`].
pub fn parse_up_to(source: &Arc<Source>, dialect: Dialect, values: usize) -> Result<Vec<Node>, Fail> {
    // JSON documents may follow each other without a mark between them, as kubectl's output does that was appended to a file.
    let Some(parts) = json::stream(&source.text) else { return parse_as(&source.text, source, dialect, values) };
    let mut documents = Vec::new();
    for part in parts {
        documents.extend(parse_as(&blank_except(&source.text, part.start, part.end), source, dialect, values)?);
    }
    Ok(documents)
}

/// The one document of a text; null for an empty text.
///
/// # Errors
/// As [`parse`]; a second document is an error too.
pub fn parse_one(source: &Arc<Source>, dialect: Dialect) -> Result<Node, Fail> {
    let mut documents = parse(source, dialect)?;
    if let Some(second) = documents.get(1) {
        return Err(Box::new(Diagnostic::error("expected one document, found a second one").at(&second.span.first_line())));
    }
    Ok(documents.pop().unwrap_or_else(|| Node::new(Value::Null, source.span(0..0))))
}

/// The documents inside a text value: of a literal block (`|`) every node keeps its place in the outer file; of a quoted text the
/// places are those of the text alone, named after the outer place.
///
/// # Errors
/// As [`parse`].
pub fn parse_embedded(outer: &Node, dialect: Dialect) -> Result<Vec<Node>, Fail> {
    let text = outer.as_str().unwrap_or_default();
    if !outer.literal {
        return parse(&Source::new(outer.span.to_string(), text), dialect);
    }
    // Everything outside the block becomes blank, so that offsets, lines and columns stay those of the file. Document markers lose
    // their meaning when indented, hence one pass for each part between them.
    let source = &outer.span.source;
    let end = outer.span.end as usize;
    let start = source.text[..outer.span.start as usize].rfind('\n').map_or(0, |i| i + 1).min(end);
    let mut documents = Vec::new();
    let mut part = start;
    let mut at = start;
    for line in source.text[start..end].split_inclusive('\n').map(Some).chain([None]) {
        let marker = line.is_none_or(|l| l.trim_end() == "---" || l.trim() == "---");
        if marker {
            documents.extend(parse_as(&blank_except(&source.text, part, at), source, dialect, limits::DOCUMENT_NODES_MAX)?);
            part = at + line.map_or(0, str::len);
        }
        at += line.map_or(0, str::len);
    }
    Ok(documents)
}

fn blank_except(text: &str, start: usize, end: usize) -> String {
    let mut out = String::with_capacity(end);
    out.extend(text[..start].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
    out.push_str(&text[start..end]);
    out
}

fn parse_as(text: &str, source: &Arc<Source>, dialect: Dialect, values: usize) -> Result<Vec<Node>, Fail> {
    let mut options = parser::Options::default();
    options.flow_nesting_limit = limits::DOCUMENT_DEPTH_MAX;
    options.block_nesting_limit = limits::DOCUMENT_DEPTH_MAX;
    options.set_emit_comments(false);
    let mut b = Builder { source, dialect, stack: Vec::new(), anchors: BTreeMap::new(), nodes: 0, values, documents: Vec::new() };
    for event in parser::Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => b.event(event, &span)?,
            Err(e) => return Err(Box::new(b.syntax(&e))),
        }
    }
    Ok(b.documents)
}

/// A list or map that is still open.
struct Open {
    start: Span,
    anchor: usize,
    tag: Option<Arc<str>>,
    what: Inside,
}

enum Inside {
    List(Vec<Node>),
    /// Entries, the key that waits for its value, values of `<<` in order, and the index of each key.
    Map {
        entries: Vec<(Key, Node)>,
        key: Option<Key>,
        merges: Vec<Node>,
        seen: BTreeMap<Arc<str>, usize>,
    },
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    dialect: Dialect,
    stack: Vec<Open>,
    /// Finished nodes that have an anchor, with their size; None while they are open.
    anchors: BTreeMap<usize, Option<(Node, usize)>>,
    nodes: usize,
    /// At most so many values.
    values: usize,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn span(&self, s: &parser::Span) -> Span {
        let byte = |m: &parser::Marker| m.byte_offset().unwrap_or(0) as u32;
        let (start, end) = (byte(&s.start), byte(&s.end));
        Span { source: self.source.clone(), start, end: end.max(start), line: s.start.line() as u32, column: s.start.col() as u32 + 1 }
    }

    fn event(&mut self, event: parser::Event<'_>, at: &parser::Span) -> Result<(), Fail> {
        use parser::Event as E;
        match event {
            E::DocumentStart(..) => {
                self.anchors.clear();
                if self.documents.len() >= limits::DOCUMENTS_MAX {
                    let message = format!("the file holds more than {} documents", limits::DOCUMENTS_MAX);
                    return Err(Box::new(Diagnostic::error(message).at(&self.span(at))));
                }
            }
            E::Scalar(text, style, anchor, tag) => {
                let span = self.span(at);
                let plain = style == parser::ScalarStyle::Plain;
                if self.wants_key() {
                    return self.key(&text, plain, tag.as_deref(), span);
                }
                let (value, tag) = self.scalar(&text, plain, tag.as_deref(), &span)?;
                self.finish(Node { value, span, tag, literal: style == parser::ScalarStyle::Literal }, anchor, 1)?;
            }
            E::SequenceStart(_, anchor, tag) => self.open(at, anchor, tag.as_deref(), Inside::List(Vec::new()))?,
            E::MappingStart(_, anchor, tag) => {
                let map = Inside::Map { entries: Vec::new(), key: None, merges: Vec::new(), seen: BTreeMap::new() };
                self.open(at, anchor, tag.as_deref(), map)?;
            }
            E::SequenceEnd | E::MappingEnd => self.close(at)?,
            E::Alias(id) => {
                let span = self.span(at);
                if self.wants_key() {
                    return Err(Box::new(Diagnostic::error("expected a key, found an alias").at(&span)));
                }
                match self.anchors.get(&id) {
                    Some(Some((_, size))) => {
                        // Counted before it is copied: that is what stops an alias bomb in little memory.
                        self.count(*size, &span)?;
                        if let Some(Some((node, _))) = self.anchors.get(&id) {
                            let mut node = node.clone();
                            node.span = span;
                            self.put(node)?;
                        }
                    }
                    _ => return Err(Box::new(Diagnostic::error("this alias stands inside what it refers to").at(&span))),
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, n: usize, span: &Span) -> Result<(), Fail> {
        self.nodes += n;
        if self.nodes > self.values {
            let message = format!("the file holds more than {} values once its aliases are expanded", self.values);
            return Err(Box::new(Diagnostic::error(message).at(span).label("the limit is reached here")));
        }
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { what: Inside::Map { key: None, .. }, .. }))
    }

    fn open(&mut self, at: &parser::Span, anchor: usize, tag: Option<&parser::Tag>, what: Inside) -> Result<(), Fail> {
        let start = self.span(at);
        if self.wants_key() {
            return Err(Box::new(
                Diagnostic::error("expected a key, found a list or map").at(&start).help("a text that begins with [ or { needs quotes"),
            ));
        }
        if self.stack.len() >= limits::DOCUMENT_DEPTH_MAX {
            return Err(Box::new(self.too_deep(&start)));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        let tag = self.local_tag(tag, &start)?;
        self.stack.push(Open { start, anchor, tag, what });
        Ok(())
    }

    fn too_deep(&self, span: &Span) -> Diagnostic {
        Diagnostic::error(format!("lists and maps are nested more than {} deep", limits::DOCUMENT_DEPTH_MAX)).at(span)
    }

    fn close(&mut self, at: &parser::Span) -> Result<(), Fail> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let mut span = open.start;
        span.end = (at.end.byte_offset().unwrap_or(0) as u32).max(span.end);
        let value = match open.what {
            Inside::List(l) => Value::List(l),
            Inside::Map { mut entries, merges, mut seen, .. } => {
                for m in merges {
                    self.merge(m, &mut entries, &mut seen)?;
                }
                Value::Map(entries)
            }
        };
        // The end of a block collection is where the next thing begins; what belongs to it ends before that.
        let text = span.text();
        span.end = span.start + text.trim_end().len() as u32;
        let node = Node { value, span, tag: open.tag, literal: false };
        let size = if open.anchor == 0 { 0 } else { node.count() };
        self.finish(node, open.anchor, size)
    }

    /// Counts a finished node, remembers it under its anchor and puts it where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Fail> {
        self.count(1, &node.span)?;
        if anchor != 0 {
            // The copy that waits for its aliases costs memory too.
            self.count(size, &node.span)?;
            self.anchors.insert(anchor, Some((node.clone(), size)));
        }
        self.put(node)
    }

    fn put(&mut self, node: Node) -> Result<(), Fail> {
        match self.stack.last_mut().map(|o| &mut o.what) {
            None => {
                if !node.is_null() {
                    self.documents.push(node);
                }
            }
            Some(Inside::List(l)) => l.push(node),
            Some(Inside::Map { entries, key, merges, seen }) => match key.take() {
                Some(k) if is_merge(&k) => merges.push(node),
                Some(k) => {
                    seen.insert(k.text.clone(), entries.len());
                    entries.push((k, node));
                }
                None => {}
            },
        }
        Ok(())
    }

    fn key(&mut self, text: &str, plain: bool, tag: Option<&parser::Tag>, span: Span) -> Result<(), Fail> {
        let (value, _) = self.scalar(text, plain, tag, &span)?;
        // What Go's YAML-to-JSON step makes of keys that are no strings (sigs.k8s.io/yaml, convertToJSONableObject).
        let text: Arc<str> = match (&value, self.dialect) {
            (Value::Bool(b), Dialect::Kubernetes) => if *b { "true" } else { "false" }.into(),
            (Value::Int(i), Dialect::Kubernetes) => i.to_string().into(),
            _ => text.into(),
        };
        if let Some(Open { what: Inside::Map { entries, key, seen, .. }, .. }) = self.stack.last_mut() {
            if let Some(first) = seen.get(&text) {
                let first = &entries[*first].0.span;
                return Err(Box::new(Diagnostic::error(format!("key `{text}` is set twice")).at(&span).related(first, "first set here")));
            }
            *key = Some(Key { text, span });
        }
        Ok(())
    }

    /// `<<: *base` or a list of them: keys that are there already win.
    fn merge(&mut self, from: Node, entries: &mut Vec<(Key, Node)>, seen: &mut BTreeMap<Arc<str>, usize>) -> Result<(), Fail> {
        match from.value {
            Value::Map(m) => {
                for (k, v) in m {
                    if !seen.contains_key(&k.text) {
                        seen.insert(k.text.clone(), entries.len());
                        entries.push((k, v));
                    }
                }
                Ok(())
            }
            Value::List(l) if l.iter().all(|n| n.as_map().is_some()) => l.into_iter().try_for_each(|n| self.merge(n, entries, seen)),
            _ => Err(Box::new(Diagnostic::error(format!("expected a map to merge, found {}", from.describe())).at(&from.span))),
        }
    }

    fn local_tag(&self, tag: Option<&parser::Tag>, span: &Span) -> Result<Option<Arc<str>>, Fail> {
        match tag {
            Some(t) if !CORE_TAGS.contains(&t.suffix()) || !(t.is_yaml_core_schema() || t.handle() == "tag:yaml.org,2002:") => {
                match self.dialect {
                    Dialect::Kubernetes => Ok(None),
                    Dialect::Compose => Ok(Some(t.original().into())),
                    Dialect::Scenario => Err(Box::new(
                        Diagnostic::error(format!("the tag `{}` means nothing here", t.original())).at(span).help("remove it"),
                    )),
                }
            }
            _ => Ok(None),
        }
    }

    /// Types a scalar. Quoted and block scalars are text.
    fn scalar(&self, text: &str, plain: bool, tag: Option<&parser::Tag>, span: &Span) -> Result<(Value, Option<Arc<str>>), Fail> {
        let local = self.local_tag(tag, span)?;
        let bad = |what: &str| Err(Box::new(Diagnostic::error(format!("expected {what}, found `{text}`")).at(span)));
        let core = tag.and_then(parser::Tag::core_suffix);
        let value = match core {
            Some("str") => Value::Str(text.into()),
            Some("null") => Value::Null,
            Some("bool") => match resolve(text, self.dialect) {
                v @ Value::Bool(_) => v,
                _ => return bad("a truth value"),
            },
            Some("int") => match resolve(text, self.dialect) {
                v @ Value::Int(_) => v,
                _ => return bad("a whole number"),
            },
            Some("float") => match resolve(text, self.dialect) {
                v @ Value::Float(_) => v,
                Value::Int(i) => Value::Float(i as f64),
                _ => return bad("a number"),
            },
            _ if !plain || local.is_some() && text.is_empty() => {
                if plain && text.is_empty() {
                    Value::Null
                } else {
                    Value::Str(text.into())
                }
            }
            _ => resolve(text, self.dialect),
        };
        Ok((value, local))
    }

    fn syntax(&self, e: &parser::ScanError) -> Diagnostic {
        use parser::ErrorKind as K;
        let m = e.marker();
        let at = m.byte_offset().unwrap_or(0).min(self.source.text.len());
        let mut span = self.source.span(at..at);
        span.end = (span.start + 1).min(self.source.text.len() as u32);
        let d = |message: &str| Diagnostic::error(message.to_string()).at(&span);
        match e.kind() {
            K::RecursionLimitExceeded => self.too_deep(&span),
            K::TabNotAllowed | K::TabInBlockIndentation | K::TabInIndentation | K::TabAtBlockScalarStart | K::TabInPlainScalar => {
                // The parser may have stopped at the end of the line before.
                let text = &self.source.text;
                let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
                let tab = text[line..].find('\t').map_or(at, |i| line + i);
                let span = self.source.span(tab..(tab + 1).min(self.source.text.len()));
                Diagnostic::error("expected spaces, found a tab").at(&span).help("YAML is indented with spaces only")
            }
            K::UnknownAnchor => d("this alias refers to nothing above it"),
            K::MappingValueNotAllowed | K::MappingKeyNotAllowed => {
                d("a key is not allowed here").help("check the indentation; a text that contains `: ` needs quotes")
            }
            K::UnclosedQuotedScalar => d("this quote is never closed"),
            K::InvalidQuotedScalarIndent | K::DocumentIndicatorInQuotedScalar => {
                d(&format!("not valid YAML: {}", e.info())).help("is a quote above this line never closed?")
            }
            K::UnclosedFlowCollection { .. } => d("this bracket is never closed"),
            K::InvalidIndentation
            | K::ExpectedBlockMappingKey
            | K::ExpectedBlockSequenceEntry
            | K::InvalidSimpleKey
            | K::SimpleKeyExpected => {
                d(&format!("not valid YAML: {}", e.info())).help("check the indentation; is a `:` missing after a key?")
            }
            K::UnexpectedCharacter { character: '`' | '@' } => d("a text cannot begin with ` or @").help("put it in quotes"),
            _ => d(&format!("not valid YAML: {}", e.info())),
        }
    }
}

/// A plain `<<` only; a quoted one is an ordinary key.
fn is_merge(key: &Key) -> bool {
    &*key.text == "<<" && key.span.text() == "<<"
}

/// What a plain scalar means.
pub(super) fn resolve(text: &str, dialect: Dialect) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::Kubernetes => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::Kubernetes => return Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Value::Str(text.into());
    }
    number(text, dialect).unwrap_or_else(|| Value::Str(text.into()))
}

/// Numbers as Go's resolver reads them: underscores are dropped, a leading 0 means octal. Scenario files know decimal numbers only.
fn number(text: &str, dialect: Dialect) -> Option<Value> {
    let plain: String = if dialect == Dialect::Scenario { text.into() } else { text.chars().filter(|c| *c != '_').collect() };
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => (-1i128, &plain[1..]),
        b'+' => (1, &plain[1..]),
        _ => (1, &plain[..]),
    };
    let radix = |prefix: &str, radix: u32| digits.strip_prefix(prefix).map(|d| (d, radix));
    let special = radix("0x", 16).or_else(|| radix("0X", 16)).or_else(|| radix("0b", 2)).or_else(|| radix("0o", 8));
    let octal = digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if dialect == Dialect::Scenario && (special.is_some() || octal) {
        return None;
    }
    let (body, base) = special.unwrap_or(if octal && digits.bytes().all(|b| b < b'8') { (digits, 8) } else { (digits, 10) });
    if !body.is_empty() && body.chars().all(|c| c.is_digit(base)) {
        return match i128::from_str_radix(body, base).ok().map(|v| v * sign) {
            Some(v) if i64::try_from(v).is_ok() => Some(Value::Int(v as i64)),
            _ if base == 10 => plain.parse().ok().map(Value::Float),
            _ => None,
        };
    }
    // ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(i) => (&digits[..i], Some(digits[i + 1..].trim_start_matches(['+', '-']))),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let sound = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && all_digits(e));
    if sound { plain.parse().ok().map(Value::Float) } else { None }
}
