//! Kinds without a description of their own: their fields, with names taken apart. Follows GenericDescriber.

use serde_json::Value;

use super::super::shell::{Item, plain};
use super::{Scene, Writer, events, head};

pub(super) fn generic(w: &mut Writer, scene: &Scene, item: &Item) {
    head(w, item);
    print(
        w,
        0,
        &item.json,
        &["metadata.managedFields", "metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations"],
        "",
    );
    events::events(w, scene, item);
}

fn print(w: &mut Writer, level: usize, value: &Value, skip: &[&str], path: &str) {
    let Some(map) = value.as_object() else { return };
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    for (k, v) in entries {
        let here = if path.is_empty() { k.clone() } else { format!("{path}.{k}") };
        if skip.contains(&here.as_str()) {
            continue;
        }
        let label = label(k);
        match v {
            Value::Object(_) => {
                w.line(level, format!("{label}:"));
                print(w, level + 1, v, skip, &here);
            }
            Value::Array(list) => {
                w.line(level, format!("{label}:"));
                for e in list {
                    match e {
                        Value::Object(_) => print(w, level + 1, e, skip, &here),
                        other => w.line(level + 1, plain(other)),
                    }
                }
            }
            other => w.field(level, &label, if other.is_null() { "<nil>".to_string() } else { plain(other) }),
        }
    }
}

/// `creationTimestamp` → `Creation Timestamp`, `apiVersion` → `API Version`. Follows smartLabelFor.
fn label(field: &str) -> String {
    // describe.go: words that are written in capitals.
    const CAPITALS: &[&str] =
        &["api", "id", "uid", "url", "uri", "ip", "http", "https", "tls", "dns", "cpu", "json", "acl", "cidr", "cidrs", "ssh", "ttl"];
    let mut words: Vec<String> = vec![String::new()];
    let chars: Vec<char> = field.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let starts = c.is_uppercase() && i > 0 && (!chars[i - 1].is_uppercase() || chars.get(i + 1).is_some_and(|n| n.is_lowercase()));
        if starts {
            words.push(String::new());
        }
        if let Some(w) = words.last_mut() {
            w.push(*c);
        }
    }
    let title = |w: &String| {
        if CAPITALS.contains(&w.to_ascii_lowercase().as_str()) {
            return w.to_ascii_uppercase();
        }
        let mut cs = w.chars();
        cs.next().map_or(String::new(), |f| f.to_uppercase().chain(cs).collect())
    };
    words.iter().map(title).collect::<Vec<_>>().join(" ")
}
