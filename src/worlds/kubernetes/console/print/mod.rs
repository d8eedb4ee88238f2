//! Output: tables, JSON, YAML, names, templates.

pub(super) mod age;
pub(super) mod cells;
pub(super) mod cells_cluster;
pub(super) mod jsonpath;
pub(super) mod jsonpath_read;
pub(super) mod table;
pub(super) mod tabs;
pub(super) mod template;

use serde_json::{Value, json};

/// JSON as Go's encoder indents it: sorted keys, four spaces, `<`, `>` and `&` escaped.
pub(super) fn to_json(v: &Value) -> String {
    let mut out = String::new();
    go_json(v, Some(0), &mut out);
    out.push('\n');
    out
}

/// On one line.
pub(super) fn to_json_compact(v: &Value) -> String {
    let mut out = String::new();
    go_json(v, None, &mut out);
    out
}

fn go_json(v: &Value, indent: Option<usize>, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        if indent.is_some() {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth * 4));
        }
    };
    let depth = indent.unwrap_or(0);
    let inner = indent.map(|d| d + 1);
    match v {
        Value::Object(m) if !m.is_empty() => {
            let mut entries: Vec<_> = m.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (i, (k, v)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                go_text(k, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                go_json(v, inner, out);
            }
            line(out, depth);
            out.push('}');
        }
        Value::Array(l) if !l.is_empty() => {
            out.push('[');
            for (i, v) in l.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                go_json(v, inner, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::String(s) => go_text(s, out),
        other => out.push_str(&other.to_string()),
    }
}

fn go_text(s: &str, out: &mut String) {
    let quoted = Value::from(s).to_string();
    for c in quoted.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
}

/// Several objects as one: what `-o yaml` and `-o json` print of a list.
pub(super) fn list_of(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
}
