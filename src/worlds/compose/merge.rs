//! Several Compose files into one, and `extends`. Source: compose-go override/{merge,extends,uncity}.go.

use std::sync::Arc;

use crate::document::node::Value;
use crate::document::{Diagnostic, Key, Node};

/// Lists under these keys of a service are joined; entries are told apart by what stands for their identity.
const JOINED: &[&str] = &[
    "ports",
    "volumes",
    "expose",
    "dns",
    "env_file",
    "tmpfs",
    "cap_add",
    "cap_drop",
    "devices",
    "profiles",
    "secrets",
    "configs",
    "security_opt",
];
/// These may be a list of `KEY=value` or a map; they are merged as maps.
const AS_MAP: &[&str] = &["environment", "labels", "extra_hosts", "sysctls", "args", "annotations"];
/// These may be a list of names or a map; they are merged as maps of empty values.
const NAMES: &[&str] = &["depends_on", "networks"];

/// Lays `over` on `base`.
pub fn merge(base: Node, over: Node, path: &[&str]) -> Node {
    match over.tag.as_deref() {
        Some("!reset") => return Node::new(Value::Null, over.span),
        Some("!override") => return Node { tag: None, ..over },
        _ => {}
    }
    let key = path.last().copied().unwrap_or_default();
    let in_service = path.first() == Some(&"services") && path.len() >= 3;
    if over.is_null() {
        return base;
    }
    let (base, over) = if in_service && AS_MAP.contains(&key) {
        (pairs(base), pairs(over))
    } else if in_service && NAMES.contains(&key) {
        (names(base), names(over))
    } else {
        (base, over)
    };
    match (base.value, over.value) {
        (Value::Map(mut entries), Value::Map(more)) => {
            for (k, v) in more {
                let step: Vec<&str> = path.iter().copied().chain([&*k.text]).collect();
                match entries.iter().position(|(have, _)| have.text == k.text) {
                    Some(i) => {
                        let before = std::mem::replace(&mut entries[i].1, Node::new(Value::Null, v.span.clone()));
                        entries[i].1 = merge(before, v, &step);
                    }
                    // A reset of what is not there leaves nothing.
                    None if v.tag.as_deref() == Some("!reset") => {}
                    None => entries.push((k, v)),
                }
            }
            Node { value: Value::Map(entries), span: over.span, tag: None, literal: false }
        }
        (Value::List(mut items), Value::List(more)) if in_service && JOINED.contains(&key) => {
            for item in more {
                let id = identity(key, &item);
                match items.iter().position(|have| identity(key, have) == id) {
                    Some(i) => items[i] = item,
                    None => items.push(item),
                }
            }
            Node { value: Value::List(items), span: over.span, tag: None, literal: false }
        }
        (_, value) => Node { value, span: over.span, tag: None, literal: over.literal },
    }
}

/// What makes two list entries the same thing.
fn identity(key: &str, item: &Node) -> String {
    let text = item.scalar_text().unwrap_or_default().to_string();
    match key {
        "volumes" => match item.get("target").and_then(Node::as_str) {
            Some(target) => target.to_string(),
            None => {
                let parts: Vec<&str> = text.split(':').collect();
                parts.get(usize::from(parts.len() > 1)).copied().unwrap_or_default().to_string()
            }
        },
        _ if text.is_empty() => item.to_json().to_string(),
        _ => text,
    }
}

/// `[A=1, B]` as `{A: 1, B: null}`.
pub fn pairs(node: Node) -> Node {
    let Value::List(items) = node.value else { return node };
    let entries = items.into_iter().map(|item| {
        let text = item.scalar_text().unwrap_or_default().to_string();
        let (key, value) = match text.split_once('=') {
            Some((k, v)) => (k.to_string(), Value::Str(v.into())),
            None => (text, Value::Null),
        };
        (Key { text: key.into(), span: item.span.clone() }, Node::new(value, item.span))
    });
    Node { value: Value::Map(entries.collect()), span: node.span, tag: node.tag, literal: false }
}

/// `[db, cache]` as `{db: null, cache: null}`.
pub fn names(node: Node) -> Node {
    let Value::List(items) = node.value else { return node };
    let entries = items.into_iter().map(|item| {
        let text: Arc<str> = item.scalar_text().unwrap_or_default().into();
        (Key { text, span: item.span.clone() }, Node::new(Value::Null, item.span))
    });
    Node { value: Value::Map(entries.collect()), span: node.span, tag: node.tag, literal: false }
}

/// Puts the service that `extends` names under each service that does, following chains. `other` reads another file's document.
///
/// # Errors
/// The other file or service does not exist, or the chain is a circle.
pub fn extend(document: &mut Node, other: &mut dyn FnMut(&str) -> Result<Node, String>) -> Result<(), Box<Diagnostic>> {
    let Some(services) = document.get("services").and_then(Node::as_map).map(<[_]>::to_vec) else { return Ok(()) };
    let mut done = Vec::new();
    for (key, service) in &services {
        let mut trail = vec![key.text.to_string()];
        done.push((key.clone(), resolve(service.clone(), document, &mut trail, other)?));
    }
    if let Value::Map(entries) = &mut document.value
        && let Some((_, services)) = entries.iter_mut().find(|(k, _)| &*k.text == "services")
    {
        services.value = Value::Map(done);
    }
    Ok(())
}

fn resolve(
    service: Node,
    document: &Node,
    trail: &mut Vec<String>,
    other: &mut dyn FnMut(&str) -> Result<Node, String>,
) -> Result<Node, Box<Diagnostic>> {
    let Some(extends) = service.get("extends").cloned() else { return Ok(service) };
    let (name, file) = match extends.as_str() {
        Some(name) => (name.to_string(), None),
        None => {
            let text = |k: &str| extends.get(k).and_then(Node::as_str).map(String::from);
            (text("service").unwrap_or_default(), text("file"))
        }
    };
    let fail = |why: String| Box::new(Diagnostic::error(why).at(&extends.span.first_line()));
    let step = format!("{}:{name}", file.as_deref().unwrap_or_default());
    if trail.contains(&name) && file.is_none() || trail.contains(&step) || trail.len() > 32 {
        return Err(fail(format!("Circular reference with extends: {} -> {name}", trail.join(" -> "))));
    }
    trail.push(if file.is_none() { name.clone() } else { step });
    let foreign;
    let from = match &file {
        Some(file) => {
            foreign = other(file).map_err(fail)?;
            &foreign
        }
        None => document,
    };
    let Some(base) = from.get("services").and_then(|s| s.get(&name)).cloned() else {
        let place = file.as_deref().unwrap_or("this file");
        return Err(fail(format!("cannot extend service {:?} in {place}: service {name:?} not found", trail.first().map_or("", |t| t))));
    };
    let base = resolve(base, from, trail, other)?;
    let without = |node: Node, keys: &[&str]| match node.value {
        Value::Map(entries) => Node { value: Value::Map(entries.into_iter().filter(|(k, _)| !keys.contains(&&*k.text)).collect()), ..node },
        value => Node { value, ..node },
    };
    Ok(merge(without(base, &["extends"]), without(service, &["extends"]), &["services", "x"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Dialect, Source, parse_one};

    fn doc(text: &str) -> Node {
        parse_one(&Source::new("t.yaml", text), Dialect::Compose).unwrap()
    }

    #[test]
    fn an_override_file() {
        let base = doc("services: {web: {image: a, ports: ['80:80'], environment: [A=1, B=2], command: [x, y]}}");
        let over = doc("services: {web: {image: b, ports: ['81:81', '80:80'], environment: {B: 3}, command: [z]}, db: {image: c}}");
        let m = merge(base, over, &[]).to_json();
        assert_eq!(m["services"]["web"]["image"], "b");
        assert_eq!(m["services"]["web"]["ports"].as_array().unwrap().len(), 2);
        assert_eq!(m["services"]["web"]["environment"], serde_json::json!({"A": "1", "B": 3}));
        assert_eq!(m["services"]["web"]["command"], serde_json::json!(["z"]), "commands replace");
        assert_eq!(m["services"]["db"]["image"], "c");
    }

    #[test]
    fn reset_and_override_tags() {
        let base = doc("services: {web: {image: a, ports: ['80:80'], restart: always}}");
        let over = doc("services: {web: {ports: !override ['90:90'], restart: !reset null}}");
        let m = merge(base, over, &[]).to_json();
        assert_eq!(m["services"]["web"]["ports"], serde_json::json!(["90:90"]));
        assert!(m["services"]["web"]["restart"].is_null());
    }

    #[test]
    fn extends_follow_chains_and_find_circles() {
        let mut d = doc("services: {a: {image: x, restart: always}, b: {extends: a, image: y}, c: {extends: {service: b}}}");
        extend(&mut d, &mut |_| Err("no".into())).unwrap();
        let j = d.to_json();
        assert_eq!((&j["services"]["c"]["image"], &j["services"]["c"]["restart"]), (&"y".into(), &"always".into()));
        let mut circle = doc("services: {a: {extends: b}, b: {extends: a}}");
        assert!(extend(&mut circle, &mut |_| Err("no".into())).unwrap_err().message.contains("Circular"));
        let mut missing = doc("services: {a: {extends: zz}}");
        assert!(extend(&mut missing, &mut |_| Err("no".into())).unwrap_err().message.contains("not found"));
    }
}
