//! `${VAR:-default}` in Compose files. Source: compose-go template/template.go.

use std::collections::BTreeMap;

use crate::document::{Node, Span};

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// Replaces variables in every text of a document. Unset variables that fell back to nothing are returned with the first place of each.
///
/// # Errors
/// Place and sentence of the first variable that is malformed or required but missing.
pub fn interpolate(node: &mut Node, variables: &Variables) -> Result<Vec<(String, Span)>, (Span, String)> {
    let mut unset: Vec<(String, Span)> = Vec::new();
    node.map_texts(&mut |node, text| {
        if !text.contains('$') {
            return Ok(None);
        }
        let mut names = Vec::new();
        let filled = substitute(text, variables, &mut names, 0).map(Some).map_err(|why| (node.span.clone(), why));
        for name in names {
            if !unset.iter().any(|(n, _)| *n == name) {
                unset.push((name, node.span.clone()));
            }
        }
        filled
    })?;
    Ok(unset)
}

/// Reads a `.env` file: `KEY=value`, quotes, comments, `export`.
pub fn dotenv(text: &str) -> Variables {
    let mut variables = Variables::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let value = match value.chars().next() {
            Some(q @ ('"' | '\'')) => value[1..].split(q).next().unwrap_or_default().to_string(),
            _ => value.split(" #").next().unwrap_or_default().trim_end().to_string(),
        };
        variables.insert(key.trim().to_string(), value);
    }
    variables
}

fn substitute(text: &str, variables: &Variables, unset: &mut Vec<String>, depth: usize) -> Result<String, String> {
    let invalid = || format!("invalid interpolation format: \"{text}\". You may need to escape any $ with another $");
    if depth > 16 {
        return Err(invalid());
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner).ok_or_else(invalid)?;
            out.push_str(&braced(&inner[..end], variables, unset, depth).map_err(|why| why.unwrap_or_else(invalid))?);
            rest = &inner[end + 1..];
        } else {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
            if end == 0 || after.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(invalid());
            }
            out.push_str(&value_of(&after[..end], variables, unset));
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn value_of(name: &str, variables: &Variables, unset: &mut Vec<String>) -> String {
    variables.get(name).cloned().unwrap_or_else(|| {
        unset.push(name.to_string());
        String::new()
    })
}

/// The brace that closes the one before `text`; braces nest in defaults.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (i, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(i),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// What stands between the braces; Err(None) = malformed.
fn braced(text: &str, variables: &Variables, unset: &mut Vec<String>, depth: usize) -> Result<String, Option<String>> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, operator) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(None);
    }
    let set = variables.get(name);
    let filled = set.filter(|v| !v.is_empty());
    let mut nested = |text: &str| substitute(text, variables, unset, depth + 1).map_err(Some);
    let required =
        |why: String| Some(format!("required variable {name} is missing a value{}", if why.is_empty() { why } else { format!(": {why}") }));
    if operator.is_empty() {
        return Ok(value_of(name, variables, unset));
    }
    if let Some(default) = operator.strip_prefix(":-") {
        return filled.map_or_else(|| nested(default), |v| Ok(v.clone()));
    }
    if let Some(default) = operator.strip_prefix('-') {
        return set.map_or_else(|| nested(default), |v| Ok(v.clone()));
    }
    if let Some(why) = operator.strip_prefix(":?") {
        return filled.cloned().map_or_else(|| Err(required(nested(why)?)), Ok);
    }
    if let Some(why) = operator.strip_prefix('?') {
        return set.cloned().map_or_else(|| Err(required(nested(why)?)), Ok);
    }
    if let Some(replacement) = operator.strip_prefix(":+") {
        return if filled.is_some() { nested(replacement) } else { Ok(String::new()) };
    }
    if let Some(replacement) = operator.strip_prefix('+') {
        return if set.is_some() { nested(replacement) } else { Ok(String::new()) };
    }
    Err(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(text: &str) -> Result<String, String> {
        let variables = dotenv("TAG=1.2\nEMPTY=\nexport Q=\"a b\" # x\n");
        substitute(text, &variables, &mut Vec::new(), 0)
    }

    #[test]
    fn forms() {
        for (text, want) in [
            ("web:$TAG", "web:1.2"),
            ("${TAG}-x", "1.2-x"),
            ("${NONE:-d}", "d"),
            ("${EMPTY:-d}${EMPTY-e}", "d"),
            ("${NONE:-${TAG}}", "1.2"),
            ("$$HOME", "$HOME"),
            ("${TAG:+yes}${NONE:+no}", "yes"),
            ("${Q}", "a b"),
            ("[$NONE]", "[]"),
        ] {
            assert_eq!(go(text).as_deref(), Ok(want), "{text}");
        }
        assert_eq!(go("${NONE:?set it}").unwrap_err(), "required variable NONE is missing a value: set it");
        for text in ["${", "${1a}", "$", "${A!b}"] {
            assert!(go(text).unwrap_err().contains("escape any $"), "{text}");
        }
        let deep = format!("{}x{}", "${A:-".repeat(5000), "}".repeat(5000));
        assert!(go(&deep).is_err());
    }
}
