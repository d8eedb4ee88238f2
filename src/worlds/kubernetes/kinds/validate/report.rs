//! The errors of validation and the paths they name. Facts: apimachinery/pkg/util/validation/field/{errors,path}.go.

use std::fmt;

use serde_json::Value;

use crate::worlds::kubernetes::api::FieldError;

/// `spec.containers[0].resources.limits[cpu]`
#[derive(Clone, Debug, Default)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn new(start: &str) -> Self {
        Self(start.into())
    }
    pub(super) fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.into()) } else { Self(format!("{}.{name}", self.0)) }
    }
    pub(super) fn children(&self, names: &[&str]) -> Self {
        names.iter().fold(self.clone(), |p, n| p.child(n))
    }
    pub(super) fn index(&self, i: usize) -> Self {
        Self(format!("{}[{i}]", self.0))
    }
    pub(super) fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
}

/// A value as an error shows it.
pub(super) struct Bad(String);

impl From<&str> for Bad {
    fn from(s: &str) -> Self {
        Self(quote(s))
    }
}
impl From<&String> for Bad {
    fn from(s: &String) -> Self {
        Self(quote(s))
    }
}
impl From<String> for Bad {
    fn from(s: String) -> Self {
        Self(quote(&s))
    }
}
impl From<i64> for Bad {
    fn from(n: i64) -> Self {
        Self(n.to_string())
    }
}
impl From<bool> for Bad {
    fn from(b: bool) -> Self {
        Self(b.to_string())
    }
}
impl From<&Value> for Bad {
    fn from(v: &Value) -> Self {
        match v {
            Value::String(s) => Self(quote(s)),
            v => Self(json(v)),
        }
    }
}
impl From<Value> for Bad {
    fn from(v: Value) -> Self {
        (&v).into()
    }
}

/// Compact JSON as Go writes it: `<`, `>` and `&` escaped.
fn json(v: &Value) -> String {
    v.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Go's `%q`.
pub(super) fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Errors in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<FieldError>,
}

impl Errors {
    pub(super) fn into_list(self) -> Vec<FieldError> {
        self.list
    }
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
    fn push(&mut self, path: &Path, body: impl fmt::Display) {
        self.list.push(FieldError { field: path.0.clone(), body: body.to_string() });
    }
    pub(super) fn required(&mut self, path: &Path, detail: &str) {
        self.push(path, with_detail("Required value", detail));
    }
    pub(super) fn invalid(&mut self, path: &Path, value: impl Into<Bad>, detail: impl AsRef<str>) {
        let Bad(value) = value.into();
        self.push(path, with_detail(&format!("Invalid value: {value}"), detail.as_ref()));
    }
    pub(super) fn unsupported(&mut self, path: &Path, value: impl Into<Bad>, supported: &[&str]) {
        let Bad(value) = value.into();
        let list: Vec<String> = supported.iter().map(|s| quote(s)).collect();
        self.push(path, format_args!("Unsupported value: {value}: supported values: {}", list.join(", ")));
    }
    pub(super) fn forbidden(&mut self, path: &Path, detail: &str) {
        self.push(path, with_detail("Forbidden", detail));
    }
    pub(super) fn duplicate(&mut self, path: &Path, value: impl Into<Bad>) {
        let Bad(value) = value.into();
        self.push(path, format_args!("Duplicate value: {value}"));
    }
    pub(super) fn not_found(&mut self, path: &Path, value: impl Into<Bad>, detail: &str) {
        let Bad(value) = value.into();
        self.push(path, with_detail(&format!("Not found: {value}"), detail));
    }
    pub(super) fn too_long(&mut self, path: &Path, max: usize) {
        self.push(path, format_args!("Too long: may not be more than {max} bytes"));
    }
    /// One `Invalid` per message.
    pub(super) fn invalids(&mut self, path: &Path, value: &str, messages: Vec<String>) {
        for m in messages {
            self.invalid(path, value, m);
        }
    }
    /// Replaces the last error's body: for errors whose detail is added afterwards.
    pub(super) fn amend_last(&mut self, detail: &str) {
        if let Some(last) = self.list.last_mut() {
            last.body = with_detail(&last.body, detail);
        }
    }
    /// An enumeration: required if empty, unsupported if unknown.
    pub(super) fn one_of(&mut self, path: &Path, value: &str, supported: &[&str]) {
        if value.is_empty() {
            self.required(path, "");
        } else if !supported.contains(&value) {
            self.unsupported(path, value, supported);
        }
    }
    /// Zero or more.
    pub(super) fn nonnegative(&mut self, path: &Path, value: Option<i64>) {
        if let Some(n) = value.filter(|n| *n < 0) {
            self.invalid(path, n, NEGATIVE);
        }
    }
}

pub(super) const NEGATIVE: &str = "must be greater than or equal to 0";
pub(super) const NOT_POSITIVE: &str = "must be greater than zero";
pub(super) const IMMUTABLE: &str = "field is immutable";

fn with_detail(head: &str, detail: &str) -> String {
    if detail.is_empty() { head.into() } else { format!("{head}: {detail}") }
}

/// Short ways into a JSON object; what is absent is empty.
pub(super) trait Read {
    fn text(&self, key: &str) -> &str;
    fn int(&self, key: &str) -> Option<i64>;
    fn flag(&self, key: &str) -> Option<bool>;
    fn list(&self, key: &str) -> &[Value];
    /// The value, unless it is absent or null.
    fn some(&self, key: &str) -> Option<&Value>;
    /// The entries of an object, by key.
    fn entries(&self, key: &str) -> Vec<(&str, &Value)>;
    /// Texts in a list.
    fn texts(&self, key: &str) -> Vec<&str>;
}

impl Read for Value {
    fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Value::as_str).unwrap_or_default()
    }
    fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_i64)
    }
    fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }
    fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
    fn some(&self, key: &str) -> Option<&Value> {
        self.get(key).filter(|v| !v.is_null())
    }
    fn entries(&self, key: &str) -> Vec<(&str, &Value)> {
        let mut all: Vec<_> = self.get(key).and_then(Value::as_object).into_iter().flatten().map(|(k, v)| (k.as_str(), v)).collect();
        all.sort_by_key(|(k, _)| *k);
        all
    }
    fn texts(&self, key: &str) -> Vec<&str> {
        self.list(key).iter().map(|v| v.as_str().unwrap_or_default()).collect()
    }
}
