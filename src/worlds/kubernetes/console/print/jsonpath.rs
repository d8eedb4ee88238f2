//! Evaluates kubectl's JSONPath. Follows: client-go/util/jsonpath/jsonpath.go, with missing keys allowed as `kubectl get` does.

use serde_json::Value;

use super::jsonpath_read::{Operand, Part, Step};
use super::to_json_compact;

/// Prints a template over a value.
pub(in crate::worlds::kubernetes::console) fn render(parts: &[Part], root: &Value) -> String {
    let mut out = String::new();
    put(parts, root, root, &mut out);
    out
}

fn put(parts: &[Part], root: &Value, here: &Value, out: &mut String) {
    for p in parts {
        match p {
            Part::Text(t) => out.push_str(t),
            Part::Path(steps) => {
                let texts: Vec<String> = select(steps, root, here).iter().map(text).collect();
                out.push_str(&texts.join(" "));
            }
            Part::Range(steps, body) => {
                for v in select(steps, root, here) {
                    put(body, root, &v, out);
                }
            }
        }
    }
}

/// A result as text: strings bare, numbers and truth values plain, the rest as JSON.
pub(in crate::worlds::kubernetes::console) fn text(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        Value::Object(_) | Value::Array(_) => to_json_compact(v),
        other => other.to_string(),
    }
}

/// Everything a path leads to.
pub(in crate::worlds::kubernetes::console) fn select(steps: &[Step], root: &Value, here: &Value) -> Vec<Value> {
    let mut now = vec![here.clone()];
    for step in steps {
        let mut next = Vec::new();
        for v in &now {
            walk(step, root, v, &mut next);
        }
        now = next;
    }
    now
}

fn walk(step: &Step, root: &Value, v: &Value, out: &mut Vec<Value>) {
    match step {
        Step::Root => out.push(v.clone()),
        Step::Literal(t) => out.push(Value::from(t.as_str())),
        Step::Field(name) => {
            if let Value::Object(m) = v {
                out.extend(m.get(name).cloned());
            }
        }
        Step::All => match v {
            Value::Array(l) => out.extend(l.iter().cloned()),
            Value::Object(m) => {
                let mut entries: Vec<_> = m.iter().collect();
                entries.sort_by(|a, b| a.0.cmp(b.0));
                out.extend(entries.into_iter().map(|(_, v)| v.clone()));
            }
            _ => {}
        },
        Step::Index(i) => {
            if let Value::Array(l) = v {
                let at = if *i < 0 { *i + l.len() as i64 } else { *i };
                out.extend(usize::try_from(at).ok().and_then(|at| l.get(at)).cloned());
            }
        }
        Step::Slice(from, to, by) => {
            if let (Value::Array(l), true) = (v, *by > 0) {
                let len = l.len() as i64;
                let clamp = |n: i64| (if n < 0 { n + len } else { n }).clamp(0, len) as usize;
                let (from, to) = (clamp(from.unwrap_or(0)), clamp(to.unwrap_or(len)));
                if from < to {
                    out.extend(l[from..to].iter().step_by(*by as usize).cloned());
                }
            }
        }
        Step::Union(branches) => {
            for b in branches {
                out.extend(select(b, root, v));
            }
        }
        Step::Deep(name) => deep(name, v, out),
        Step::Filter(left, op, right) => {
            for e in elements(v) {
                if let (Some(a), Some(b)) = (value(left, root, e), value(right, root, e))
                    && compare(&a, op, &b)
                {
                    out.push(e.clone());
                }
            }
        }
        Step::Has(operand) => {
            out.extend(elements(v).into_iter().filter(|e| value(operand, root, e).is_some_and(|v| v != Value::Bool(false))).cloned());
        }
    }
}

fn elements(v: &Value) -> Vec<&Value> {
    match v {
        Value::Array(l) => l.iter().collect(),
        Value::Object(m) => m.values().collect(),
        _ => Vec::new(),
    }
}

fn deep(name: &str, v: &Value, out: &mut Vec<Value>) {
    match v {
        Value::Object(m) => {
            out.extend(m.get(name).cloned());
            m.values().for_each(|v| deep(name, v, out));
        }
        Value::Array(l) => l.iter().for_each(|v| deep(name, v, out)),
        _ => {}
    }
}

fn value(o: &Operand, root: &Value, here: &Value) -> Option<Value> {
    match o {
        Operand::Text(t) => Some(Value::from(t.as_str())),
        Operand::Bool(b) => Some(Value::from(*b)),
        Operand::Number(n) => serde_json::Number::from_f64(*n).map(Value::Number),
        Operand::Path(steps) => select(steps, root, here).into_iter().next(),
    }
}

fn compare(a: &Value, op: &str, b: &Value) -> bool {
    let order = match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x.partial_cmp(&y),
        _ if a.is_string() && b.is_string() => a.as_str().partial_cmp(&b.as_str()),
        _ if a == b => Some(std::cmp::Ordering::Equal),
        _ => None,
    };
    use std::cmp::Ordering::{Equal, Greater, Less};
    match op {
        "==" => order == Some(Equal),
        "!=" => order != Some(Equal),
        "<" => order == Some(Less),
        ">" => order == Some(Greater),
        "<=" => matches!(order, Some(Less | Equal)),
        _ => matches!(order, Some(Greater | Equal)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::jsonpath_read::{relaxed, template};
    use super::*;
    use serde_json::json;

    #[test]
    fn what_kubectl_understands() {
        let v = json!({"items": [
            {"metadata": {"name": "a", "labels": {"app.io/x": "1"}}, "n": 5, "c": [{"type": "Ready", "status": "True"}]},
            {"metadata": {"name": "b"}, "n": 7, "c": [{"type": "Ready", "status": "False"}]}]});
        for (text, out) in [
            ("{.items[*].metadata.name}", "a b"),
            (".items[0].metadata.name", "a"),
            ("{.items[-1].metadata.name}", "b"),
            ("{range .items[*]}{.metadata.name}{\"\\t\"}{.n}{\"\\n\"}{end}", "a\t5\nb\t7\n"),
            ("{.items[?(@.n>6)].metadata.name}", "b"),
            ("{.items[?(@.metadata.name==\"a\")].c[?(@.type==\"Ready\")].status}", "True"),
            ("{.items[0].metadata.labels.app\\.io/x}", "1"),
            ("{.items[0].metadata.labels['app.io/x']}", "1"),
            ("{..name}", "a b"),
            ("{.items[0:1].n}", "5"),
            ("{.items[0]['n','metadata']}", "5 {\"labels\":{\"app.io/x\":\"1\"},\"name\":\"a\"}"),
            ("{.nope.x}", ""),
            ("n={.items[0].n}!", "n=5!"),
            ("{@.items[1].n}", "7"),
            ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
        ] {
            assert_eq!(render(&template(text).unwrap(), &v), out, "{text}");
        }
        assert!(template("{.items[").is_err());
        assert!(template("{range .items[*]}x").is_err());
        assert_eq!(select(&relaxed("items[0].n").unwrap(), &v, &v), [json!(5)]);
    }
}
