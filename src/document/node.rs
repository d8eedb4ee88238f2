//! A document as a tree in which every value and every key knows its place.

use std::sync::Arc;

use serde_json::Value as Json;

use super::source::Span;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub value: Value,
    pub span: Span,
    /// A local tag as written (`!reset`), None for none and for YAML's own (`!!str`).
    pub tag: Option<Arc<str>>,
    /// True for a literal block (`|`): its text stands line by line in the source, indented.
    pub literal: bool,
}

/// What a node holds. Scalars are already typed by the dialect's rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    List(Vec<Node>),
    /// In file order; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub text: Arc<str>,
    pub span: Span,
}

impl Node {
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span, tag: None, literal: false }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(s) = &self.value { Some(s) } else { None }
    }
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Int(i) = self.value { Some(i) } else { None }
    }
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self.value { Some(b) } else { None }
    }
    pub fn as_list(&self) -> Option<&[Node]> {
        if let Value::List(l) = &self.value { Some(l) } else { None }
    }
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        if let Value::Map(m) = &self.value { Some(m) } else { None }
    }
    /// A scalar as the user wrote it (`3.8` stays `3.8`, quotes removed); None for lists and maps.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.value {
            Value::Str(s) => Some(s),
            Value::Null => Some(""),
            Value::List(_) | Value::Map(_) => None,
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(self.span.text().trim_matches(['"', '\''])),
        }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, v)| v)
    }
    /// Key and value under a key of a map.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.as_map()?.iter().find(|(k, _)| &*k.text == key).map(|(k, v)| (k, v))
    }

    /// "a list", "the number 5", "`text`": completes "expected …, found …".
    pub fn describe(&self) -> String {
        let short = |s: &str| match s.char_indices().nth(40) {
            Some((i, _)) => format!("`{}…`", &s[..i]),
            None => format!("`{s}`"),
        };
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(b) => format!("the truth value {b}"),
            Value::Int(i) => format!("the number {i}"),
            Value::Float(_) => format!("the number {}", self.scalar_text().unwrap_or_default()),
            Value::Str(s) if s.is_empty() => "an empty text".into(),
            Value::Str(s) => format!("the text {}", short(s.lines().next().unwrap_or_default())),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }

    /// The same as JSON. Tags and places are lost; a number that is not finite becomes null.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(i) => Json::from(*i),
            Value::Float(f) => Json::from(*f),
            Value::Str(s) => Json::from(&**s),
            Value::List(l) => Json::Array(l.iter().map(Node::to_json).collect()),
            Value::Map(m) => Json::Object(m.iter().map(|(k, v)| (k.text.to_string(), v.to_json())).collect()),
        }
    }

    /// The node at a field path as the API server writes it: `spec.template.metadata.labels`, `spec.containers[0].image`,
    /// `metadata.annotations['a.b/c']`, `metadata.labels[app.kubernetes.io/name]`. None if it does not exist.
    pub fn at(&self, path: &str) -> Option<&Node> {
        let (found, rest) = self.walk(path);
        rest.is_empty().then_some(found.1)
    }

    /// The place a field path names, or of its nearest existing ancestor: the key where the last step found is one (so that a
    /// caret stands under `labels:` rather than under everything below it), else the value.
    pub fn find(&self, path: &str) -> Span {
        let (found, rest) = self.walk(path);
        match found {
            // A scalar that exists is what is wrong; of a map or list the key says it better.
            (_, node) if rest.is_empty() && node.as_map().is_none() && node.as_list().is_none() && !node.is_null() => node.span.clone(),
            (Some(key), _) => key.span.clone(),
            (None, node) => node.span.first_line(),
        }
    }

    /// Follows a path as far as it exists: what was found (with its key) and the steps that are left.
    fn walk<'n>(&'n self, path: &str) -> ((Option<&'n Key>, &'n Node), Vec<String>) {
        let mut here = (None, self);
        let mut steps = path_steps(path).into_iter();
        while let Some(step) = steps.next() {
            let next = match &here.1.value {
                Value::Map(_) => here.1.entry(&step).map(|(k, v)| (Some(k), v)),
                // Of a list entry the entry itself is the best place; its own keys follow.
                Value::List(l) => {
                    let by_index = step.parse::<usize>().ok().and_then(|i| l.get(i));
                    by_index.or_else(|| l.iter().find(|n| n.get("name").and_then(Node::as_str) == Some(&step))).map(|n| (None, n))
                }
                _ => None,
            };
            match next {
                Some(next) => here = next,
                None => return (here, std::iter::once(step).chain(steps).collect()),
            }
        }
        (here, Vec::new())
    }

    /// Puts a value at a path (`seed`, `worlds.docker.proxy.kind`, `traffic.shoppers.rate`, `traffic[0].rate`); missing maps on the
    /// way are made. List entries are named by index or by their `name`.
    ///
    /// # Errors
    /// A sentence saying which step of the path leads nowhere.
    pub fn set(&mut self, path: &str, value: Node) -> Result<(), String> {
        let steps = path_steps(path);
        if steps.is_empty() {
            return Err("the path is empty; write for example seed=9 or traffic.shoppers.rate=200rps".into());
        }
        let mut here = self;
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            let what = here.describe();
            if here.is_null() {
                here.value = Value::Map(Vec::new());
            }
            here = match &mut here.value {
                Value::Map(m) => {
                    let at = match m.iter().position(|(k, _)| &*k.text == step.as_str()) {
                        Some(at) => at,
                        None => {
                            m.push((
                                Key { text: step.as_str().into(), span: value.span.clone() },
                                Node::new(Value::Null, value.span.clone()),
                            ));
                            m.len() - 1
                        }
                    };
                    &mut m[at].1
                }
                Value::List(l) => {
                    let len = l.len();
                    let found = match step.parse::<usize>() {
                        Ok(at) => Some(at).filter(|at| *at < len),
                        Err(_) => l.iter().position(|n| n.get("name").and_then(Node::as_str) == Some(step)),
                    };
                    match found {
                        Some(at) => &mut l[at],
                        None => return Err(format!("`{}` has no entry `{step}`; it has {len}", steps[..i].join("."))),
                    }
                }
                _ => return Err(format!("`{}` is {what} and has no fields", steps[..i].join("."))),
            };
            if last {
                *here = value;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives every text below (values, not keys) to `change`, which may replace it: the hook for Compose's interpolation. The node
    /// handed over tells tag and place.
    ///
    /// # Errors
    /// The first error of `change`.
    #[expect(clippy::type_complexity, reason = "one closure, described above")]
    pub fn map_texts<E>(&mut self, change: &mut dyn FnMut(&Node, &str) -> Result<Option<String>, E>) -> Result<(), E> {
        let new = match &self.value {
            Value::Str(s) => change(self, s)?,
            _ => None,
        };
        if let Some(new) = new {
            self.value = Value::Str(new.into());
        }
        match &mut self.value {
            Value::List(l) => l.iter_mut().try_for_each(|n| n.map_texts(change)),
            Value::Map(m) => m.iter_mut().try_for_each(|(_, n)| n.map_texts(change)),
            _ => Ok(()),
        }
    }

    /// Nodes in this tree, itself included.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::List(l) => l.iter().map(Node::count).sum(),
            Value::Map(m) => m.iter().map(|(_, n)| n.count()).sum(),
            _ => 0,
        }
    }
}

/// Splits `a.b[0].c['x.y']` into its steps. Never fails: what is odd simply finds nothing.
pub fn path_steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    let mut word = String::new();
    while let Some(c) = rest.chars().next() {
        match c {
            '.' => {
                if !word.is_empty() {
                    steps.push(std::mem::take(&mut word));
                }
                rest = &rest[1..];
            }
            '[' => {
                if !word.is_empty() {
                    steps.push(std::mem::take(&mut word));
                }
                let inner = &rest[1..];
                let quote = inner.chars().next().filter(|q| matches!(q, '\'' | '"'));
                let (text, after) = match quote {
                    Some(q) => inner[1..].split_once(&format!("{q}]")[..]).unwrap_or((&inner[1..], "")),
                    None => inner.split_once(']').unwrap_or((inner, "")),
                };
                steps.push(text.to_string());
                rest = after;
            }
            c => {
                word.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !word.is_empty() {
        steps.push(word);
    }
    steps
}
