//! JSON out as YAML in the exact style of `kubectl get -o yaml`: go.yaml.in/yaml/v2 `encode.go`, `emitterc.go` and `sorter.go`, as
//! sigs.k8s.io/yaml uses them. Keys sorted, lists not indented, lines folded after 80 columns, quotes only where needed.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::node::Value;
use super::yaml::{Dialect, resolve};

/// Columns after which plain and quoted texts are folded.
const WIDTH: usize = 80;

/// A value as a YAML document, ending in a line end.
pub fn emit(value: &Json) -> String {
    let mut out = String::new();
    match value {
        Json::Object(o) if !o.is_empty() => map(o, 0, &mut out),
        Json::Array(a) if !a.is_empty() => list(a, 0, &mut out),
        scalar => {
            inline(scalar, 2, &mut out);
            out.push('\n');
        }
    }
    out
}

fn map(o: &serde_json::Map<String, Json>, indent: usize, out: &mut String) {
    let mut entries: Vec<(&String, &Json)> = o.iter().collect();
    entries.sort_by(|a, b| key_order(a.0, b.0));
    for (i, (key, value)) in entries.into_iter().enumerate() {
        // The first key of a list entry stands beside its dash.
        if i > 0 || !out.ends_with("- ") {
            pad(indent, out);
        }
        text(key, indent, false, out);
        out.push(':');
        under(value, indent, out);
    }
}

/// What stands under a key.
fn under(value: &Json, indent: usize, out: &mut String) {
    match value {
        Json::Object(o) if !o.is_empty() => {
            out.push('\n');
            map(o, indent + 2, out);
        }
        Json::Array(a) if !a.is_empty() => {
            out.push('\n');
            list(a, indent, out);
        }
        scalar => {
            out.push(' ');
            inline(scalar, indent + 2, out);
            out.push('\n');
        }
    }
}

fn list(items: &[Json], indent: usize, out: &mut String) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 || !out.ends_with("- ") {
            pad(indent, out);
        }
        out.push_str("- ");
        match item {
            Json::Object(o) if !o.is_empty() => map(o, indent + 2, out),
            Json::Array(a) if !a.is_empty() => list(a, indent + 2, out),
            scalar => {
                inline(scalar, indent + 2, out);
                out.push('\n');
            }
        }
    }
}

fn inline(value: &Json, indent: usize, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::Number(n) => out.push_str(&number(n)),
        Json::String(s) => text(s, indent, true, out),
        Json::Array(_) => out.push_str("[]"),
        Json::Object(_) => out.push_str("{}"),
    }
}

/// Go's shortest form: whole floats without a fraction, exponents beyond 21 digits.
fn number(n: &serde_json::Number) -> String {
    match n.as_f64().filter(|_| !n.is_i64() && !n.is_u64()) {
        Some(f) if f == f.trunc() && f.abs() < 1e21 => format!("{f:.0}"),
        Some(f) if f.abs() >= 1e21 || (f != 0.0 && f.abs() < 1e-4) => {
            let text = format!("{f:e}");
            let (m, e) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, digits) = e.strip_prefix('-').map_or(("+", e), |d| ("-", d));
            format!("{m}e{sign}{digits:0>2}")
        }
        _ => n.to_string(),
    }
}

fn pad(n: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', n));
}

/// A text in the lightest style that reads back as the same text.
fn text(s: &str, indent: usize, fold: bool, out: &mut String) {
    let looks = look(s);
    let is_text = matches!(resolve(s, Dialect::Kubernetes), Value::Str(_)) && !timestamp(s) && !base60(s) && s != "<<" && s != "=";
    if looks.special {
        return double(s, indent, fold, out);
    }
    if s.contains('\n') {
        return if fold && looks.block { literal(s, indent, out) } else { double(s, indent, fold, out) };
    }
    if !is_text {
        return double(s, indent, fold, out);
    }
    if looks.plain { folded(s, "", indent, fold, out) } else { folded(&s.replace('\'', "''"), "'", indent, fold, out) }
}

/// What stands in the way of the lighter styles.
struct Looks {
    plain: bool,
    block: bool,
    /// Characters only a double-quoted text can hold.
    special: bool,
}

fn look(s: &str) -> Looks {
    let mut plain = !s.is_empty() && !s.starts_with("---") && !s.starts_with("...");
    let (mut block, mut special) = (true, false);
    let chars: Vec<char> = s.chars().collect();
    let blank = |c: Option<&char>| c.is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    for (i, c) in chars.iter().enumerate() {
        let (first, next_blank) = (i == 0, blank(chars.get(i + 1)));
        match c {
            '#' if first || blank(chars.get(i - 1)) => plain = false,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => plain = false,
            '-' | '?' if first && next_blank => plain = false,
            ':' if next_blank => plain = false,
            '\n' => {
                plain = false;
                // A space at the end of a line, or a line that begins with one, cannot be kept in a block.
                if i > 0 && chars[i - 1] == ' ' {
                    block = false;
                }
            }
            '\t' | ' ' => {}
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{85}' | '\u{2028}' | '\u{2029}') => special = true,
            _ => {}
        }
        if *c == '\t' {
            special |= first;
        }
    }
    if s.starts_with([' ', '\t', '\n']) || s.ends_with([' ', '\t']) {
        plain = false;
        if s.ends_with([' ', '\t']) {
            block = false;
        }
    }
    Looks { plain, block, special }
}

/// Plain or single-quoted: after column 80 the next single space becomes a line break.
fn folded(s: &str, quote: &str, indent: usize, fold: bool, out: &mut String) {
    let mut column = out.len() - out.rfind('\n').map_or(0, |i| i + 1) + quote.len();
    out.push_str(quote);
    let chars: Vec<char> = s.chars().collect();
    let mut after_space = false;
    for (i, c) in chars.iter().enumerate() {
        if *c == ' ' {
            let last = i + 1 == chars.len() || i == 0;
            if fold && !after_space && column > WIDTH && !last && chars[i + 1] != ' ' {
                out.push('\n');
                pad(indent, out);
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
            after_space = true;
        } else {
            out.push(*c);
            column += 1;
            after_space = false;
        }
    }
    out.push_str(quote);
}

fn double(s: &str, indent: usize, fold: bool, out: &mut String) {
    let mut column = out.len() - out.rfind('\n').map_or(0, |i| i + 1) + 1;
    out.push('"');
    let chars: Vec<char> = s.chars().collect();
    let mut after_space = false;
    for (i, c) in chars.iter().enumerate() {
        let start = out.len();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            c if c.is_control() => out.push_str(&format!("\\x{:02X}", u32::from(*c))),
            ' ' if fold && !after_space && column > WIDTH && i > 0 && i + 1 < chars.len() => {
                out.push('\n');
                pad(indent, out);
                if chars[i + 1] == ' ' {
                    out.push('\\');
                }
                column = indent;
                after_space = true;
                continue;
            }
            c => out.push(*c),
        }
        column += out[start..].chars().count();
        after_space = *c == ' ';
    }
    out.push('"');
}

/// `|`, with `-` where the text does not end in a line end and `+` where it ends in several.
fn literal(s: &str, indent: usize, out: &mut String) {
    out.push('|');
    if s.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !s.ends_with('\n') {
        out.push('-');
    } else if s.ends_with("\n\n") || s == "\n" {
        out.push('+');
    }
    for line in s.strip_suffix('\n').unwrap_or(s).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

/// `2001-01-01`, `2001-12-14T21:59:43Z`: read as a time by YAML 1.1, hence quoted.
fn timestamp(s: &str) -> bool {
    let b = s.as_bytes();
    let digits = |r: std::ops::Range<usize>| b.get(r).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    if !digits(0..4) || b.get(4) != Some(&b'-') {
        return false;
    }
    let mut parts = s[5..].splitn(2, ['T', 't', ' ']);
    let day: Vec<&str> = parts.next().unwrap_or_default().split('-').collect();
    let short = |d: &&str| (1..=2).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit());
    if day.len() != 2 || !day.iter().all(short) {
        return false;
    }
    match parts.next() {
        None => day.iter().all(|d| d.len() == 2),
        Some(time) => time.contains(':') && time.bytes().all(|b| b.is_ascii_digit() || b":.Zz+- ".contains(&b)),
    }
}

/// `1:20`: a number of base 60 to old readers (`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`).
fn base60(s: &str) -> bool {
    let body = s.strip_prefix(['-', '+']).unwrap_or(s);
    let body = body.split_once('.').map_or(body, |(b, f)| if f.bytes().all(|b| b.is_ascii_digit() || b == b'_') { b } else { "" });
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && !rest.is_empty()
        && rest.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()) && (p.len() == 1 || (p.len() == 2 && p.as_bytes()[0] < b'6')))
}

/// Keys in the library's order: letters after everything else, numbers inside names by value.
fn key_order(a: &str, b: &str) -> Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for i in 0..x.len().min(y.len()) {
        if x[i] == y[i] {
            continue;
        }
        let (al, bl) = (x[i].is_alphabetic(), y[i].is_alphabetic());
        if al && bl {
            return x[i].cmp(&y[i]);
        }
        if al || bl {
            return if bl { Ordering::Less } else { Ordering::Greater };
        }
        let mut lead = 0;
        if x[i] == '0' || y[i] == '0' {
            let before = x[..i].iter().rev().take_while(|c| c.is_ascii_digit());
            lead = u64::from(before.into_iter().any(|c| *c != '0'));
        }
        let run = |s: &[char]| {
            let digits: Vec<char> = s[i..].iter().copied().take_while(char::is_ascii_digit).collect();
            let n = digits.iter().fold(lead, |n, d| n.wrapping_mul(10).wrapping_add(u64::from(*d) - u64::from('0')));
            (n, digits.len())
        };
        let (an, bn) = (run(&x), run(&y));
        return an.cmp(&bn).then(x[i].cmp(&y[i]));
    }
    x.len().cmp(&y.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Source, parse_one};
    use super::*;

    #[test]
    fn looks_like_kubectl() {
        let v = json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": "web-1", "creationTimestamp": "2024-01-02T03:04:05Z", "labels": {"app": "web", "b10": "x", "b9": "y"}, "annotations": {},
                "uid": "0b1c", "finalizers": []},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27", "args": ["--a=b", "- x", "yes", "1"], "env": [{"name": "A", "value": ""}],
                "command": ["sh", "-c", "echo 1\nsleep 2\n"]}], "hostNetwork": false, "weights": [[1, 2], []], "n": null},
            "status": {"conditions": [{"message": "containers with unready status: [web]", "status": "False"}],
                "long": "this is a message that is clearly longer than eighty columns and therefore has to be folded by the emitter",
                "text": "no end", "two": "a\nb", "port": "8080", "ratio": 0.5, "whole": 3.0, "quote": "'x'", "space": " x", "colon": "a: b", "hash": "a #b", "time": "1:20", "star": "*", "dash": "-", "uni": "é"},
        });
        let expected = r#"apiVersion: v1
kind: Pod
metadata:
  annotations: {}
  creationTimestamp: "2024-01-02T03:04:05Z"
  finalizers: []
  labels:
    app: web
    b9: "y"
    b10: x
  name: web-1
  uid: 0b1c
spec:
  containers:
  - args:
    - --a=b
    - '- x'
    - "yes"
    - "1"
    command:
    - sh
    - -c
    - |
      echo 1
      sleep 2
    env:
    - name: A
      value: ""
    image: nginx:1.27
    name: web
  hostNetwork: false
  "n": null
  weights:
  - - 1
    - 2
  - []
status:
  colon: 'a: b'
  conditions:
  - message: 'containers with unready status: [web]'
    status: "False"
  dash: '-'
  hash: 'a #b'
  long: this is a message that is clearly longer than eighty columns and therefore
    has to be folded by the emitter
  port: "8080"
  quote: '''x'''
  ratio: 0.5
  space: ' x'
  star: '*'
  text: no end
  time: "1:20"
  two: |-
    a
    b
  uni: é
  whole: 3
"#;
        assert_eq!(emit(&v), expected);
    }

    fn any_json() -> impl proptest::strategy::Strategy<Value = Json> {
        use proptest::prelude::*;
        let word = prop::sample::select(vec![
            "a",
            "b",
            " ",
            "  ",
            ":",
            ": ",
            "#",
            " #",
            "-",
            "- ",
            "\n",
            "\n\n",
            "\t",
            "'",
            "\"",
            "\\",
            "é",
            "1",
            "0x1",
            "yes",
            "null",
            "~",
            "{",
            "}",
            "[",
            "]",
            ",",
            "&",
            "*",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "?",
            "? ",
            "---",
            "...",
            "\u{85}",
            "\u{7f}",
            "<<",
            "=",
            "2001-01-01",
            "long words that fill the line until it folds ",
        ]);
        let text = prop::collection::vec(word, 0..8).prop_map(|w| w.concat());
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            text.clone().prop_map(Json::from)
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::vec((text.clone(), inner), 0..4).prop_map(|e| Json::Object(e.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 3_000, ..Default::default() })]

        #[test]
        fn what_is_written_reads_back(v in any_json()) {
            let text = emit(&v);
            let back = parse_one(&Source::new("t", text.as_str()), Dialect::Kubernetes);
            let back = back.unwrap_or_else(|e| panic!("{text}\n{e}")).to_json();
            let (back, v) = (sorted(&back), sorted(&v));
            assert!(back == v, "{text}\n{v}\n{back}");
        }
    }

    /// Key order is not part of the value.
    fn sorted(v: &Json) -> Json {
        match v {
            Json::Object(o) => {
                let mut e: Vec<_> = o.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
                e.sort_by(|a, b| a.0.cmp(&b.0));
                Json::Object(e.into_iter().collect())
            }
            Json::Array(a) => Json::Array(a.iter().map(sorted).collect()),
            v => v.clone(),
        }
    }
}
