//! `--format '{{…}}'`: the part of Go's text/template that people use with docker, over JSON values.
//!
//! Actions: fields, variables, if/else/with/range, pipelines, trim markers. Functions: those of cli/templates/templates.go
//! (json, join, split, lower, upper, title, pad, truncate, println) and Go's own (and, or, not, eq, ne, lt, gt, len, index, print, printf, slice).

use serde_json::Value;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Print(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Pipe, Vec<Node>, Vec<Node>),
    Set(String, Pipe),
}

/// Commands joined by `|`.
type Pipe = Vec<Vec<Term>>;

#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// `.A.B`; empty = the dot itself.
    Field(Vec<String>),
    /// `$x.A`
    Variable(String, Vec<String>),
    Literal(Value),
    Function(String),
    Group(Pipe, Vec<String>),
}

const FUNCTIONS: [&str; 25] = [
    "json", "join", "split", "lower", "upper", "title", "pad", "truncate", "println", "print", "printf", "and", "or", "not", "eq", "ne",
    "lt", "le", "gt", "ge", "len", "index", "slice", "table", "replace",
];

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// As Go words it, after "template parsing error: template: ".
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = lex(text)?;
        let mut at = 0;
        let (nodes, end) = parse_nodes(&tokens, &mut at, 0)?;
        match end {
            None => Ok(Self(nodes)),
            Some(word) => Err(format!(":1: unexpected {{{{{word}}}}}")),
        }
    }

    /// Fills it in.
    ///
    /// # Errors
    /// A field or function that does not exist.
    pub fn render(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        let mut scope = vec![("".to_string(), value.clone())];
        run(&self.0, value, &mut scope, &mut out)?;
        Ok(out)
    }
}

enum Token {
    Text(String),
    Action(String),
}

fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut trim_next = false;
    while !rest.is_empty() {
        let (before, after) = rest.split_once("{{").map_or((rest, None), |(b, a)| (b, Some(a)));
        let mut plain = if trim_next { before.trim_start() } else { before }.to_string();
        let Some(after) = after else {
            tokens.push(Token::Text(plain));
            break;
        };
        let (action, tail) = after.split_once("}}").ok_or_else(|| ":1: unclosed action".to_string())?;
        let action = match action.strip_prefix("- ") {
            Some(a) => {
                plain.truncate(plain.trim_end().len());
                a
            }
            None => action,
        };
        let (action, trim) = action.strip_suffix(" -").map_or((action, false), |a| (a, true));
        trim_next = trim;
        tokens.push(Token::Text(plain));
        tokens.push(Token::Action(action.trim().to_string()));
        rest = tail;
    }
    Ok(tokens)
}

fn parse_nodes(tokens: &[Token], at: &mut usize, depth: usize) -> Result<(Vec<Node>, Option<String>), String> {
    if depth > 32 {
        return Err(":1: too deeply nested".into());
    }
    let mut nodes = Vec::new();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        let action = match token {
            Token::Text(t) => {
                if !t.is_empty() {
                    nodes.push(Node::Text(t.clone()));
                }
                continue;
            }
            Token::Action(a) => a,
        };
        let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
        match word {
            "end" | "else" => return Ok((nodes, Some(action.clone()))),
            "if" | "with" | "range" => {
                let (vars, rest) = match rest.split_once(":=") {
                    Some((v, r)) => (v.split(',').map(|v| v.trim().to_string()).collect(), r),
                    None => (Vec::new(), rest),
                };
                let pipe = parse_pipe(rest)?;
                let (yes, no) = parse_branches(tokens, at, depth)?;
                nodes.push(match word {
                    "if" => Node::If(pipe, yes, no),
                    "with" => Node::With(pipe, yes, no),
                    _ => Node::Range(vars, pipe, yes, no),
                });
            }
            _ if action.starts_with("/*") => {}
            _ if action.starts_with('$') && action.contains(":=") => {
                let (name, pipe) = action.split_once(":=").unwrap_or((action, ""));
                nodes.push(Node::Set(name.trim().to_string(), parse_pipe(pipe)?));
            }
            _ => nodes.push(Node::Print(parse_pipe(action)?)),
        }
    }
    Ok((nodes, None))
}

fn parse_branches(tokens: &[Token], at: &mut usize, depth: usize) -> Result<(Vec<Node>, Vec<Node>), String> {
    let (yes, end) = parse_nodes(tokens, at, depth + 1)?;
    match end.as_deref() {
        Some("end") => Ok((yes, Vec::new())),
        Some("else") => match parse_nodes(tokens, at, depth + 1)? {
            (no, Some(end)) if end == "end" => Ok((yes, no)),
            _ => Err(":1: unexpected EOF".into()),
        },
        Some(other) => match other.strip_prefix("else if ") {
            Some(condition) => {
                let pipe = parse_pipe(condition)?;
                let (inner, no) = parse_branches(tokens, at, depth + 1)?;
                Ok((yes, vec![Node::If(pipe, inner, no)]))
            }
            None => Err(format!(":1: unexpected {{{{{other}}}}}")),
        },
        None => Err(":1: unexpected EOF".into()),
    }
}

fn parse_pipe(text: &str) -> Result<Pipe, String> {
    let mut words: Vec<char> = text.chars().collect();
    words.reverse();
    let pipe = pipe_of(&mut words, 0)?;
    if words.is_empty() { Ok(pipe) } else { Err(":1: unexpected right paren".into()) }
}

/// Reads terms up to the end or a closing parenthesis. The text lies reversed, its next character last.
fn pipe_of(rest: &mut Vec<char>, depth: usize) -> Result<Pipe, String> {
    if depth > 32 {
        return Err(":1: too deeply nested".into());
    }
    let mut pipe: Pipe = vec![Vec::new()];
    while let Some(c) = rest.pop() {
        let term = match c {
            c if c.is_whitespace() => continue,
            '|' => {
                pipe.push(Vec::new());
                continue;
            }
            ')' => {
                rest.push(')');
                break;
            }
            '(' => {
                let inner = pipe_of(rest, depth + 1)?;
                if rest.pop() != Some(')') {
                    return Err(":1: unclosed left paren".into());
                }
                let path = if rest.last() == Some(&'.') { fields(&word_of(rest)) } else { Vec::new() };
                Term::Group(inner, path)
            }
            '"' | '`' => {
                let mut s = String::new();
                loop {
                    match rest.pop() {
                        None => return Err(":1: unterminated quoted string".into()),
                        Some(e) if e == c => break,
                        Some('\\') if c == '"' => match rest.pop() {
                            Some('n') => s.push('\n'),
                            Some('t') => s.push('\t'),
                            Some(other) => s.push(other),
                            None => return Err(":1: unterminated quoted string".into()),
                        },
                        Some(other) => s.push(other),
                    }
                }
                Term::Literal(s.into())
            }
            c => {
                rest.push(c);
                let word = word_of(rest);
                if word.starts_with('.') {
                    Term::Field(fields(&word))
                } else if word.starts_with('$') {
                    let (name, path) = word.split_once('.').map_or((word.as_str(), Vec::new()), |(n, p)| (n, fields(&format!(".{p}"))));
                    Term::Variable(name.to_string(), path)
                } else if let Ok(n) = word.parse::<i64>() {
                    Term::Literal(n.into())
                } else if let Some(b) = match &*word {
                    "true" => Some(Value::Bool(true)),
                    "false" => Some(Value::Bool(false)),
                    "nil" => Some(Value::Null),
                    _ => None,
                } {
                    Term::Literal(b)
                } else if FUNCTIONS.contains(&&*word) {
                    Term::Function(word)
                } else if word.is_empty() {
                    return Err(format!(":1: unexpected {:?} in operand", rest.pop().unwrap_or(' ').to_string()));
                } else {
                    return Err(format!(":1: function {word:?} not defined"));
                }
            }
        };
        if let Some(command) = pipe.last_mut() {
            command.push(term);
        }
    }
    if pipe.iter().any(Vec::is_empty) { Err(":1: missing value for command".into()) } else { Ok(pipe) }
}

fn word_of(rest: &mut Vec<char>) -> String {
    let mut word = String::new();
    while let Some(c) = rest.last().copied().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | '-')) {
        word.push(c);
        rest.pop();
    }
    word
}

fn fields(word: &str) -> Vec<String> {
    word.split('.').filter(|p| !p.is_empty()).map(String::from).collect()
}

type Scope = Vec<(String, Value)>;

fn run(nodes: &[Node], dot: &Value, scope: &mut Scope, out: &mut String) -> Result<(), String> {
    let depth = scope.len();
    for node in nodes {
        match node {
            Node::Text(t) => out.push_str(t),
            Node::Print(p) => out.push_str(&go_print(&eval(p, dot, scope)?)),
            Node::Set(name, p) => {
                let v = eval(p, dot, scope)?;
                scope.push((name.clone(), v));
            }
            Node::If(p, yes, no) => {
                let branch = if truth(&eval(p, dot, scope)?) { yes } else { no };
                run(branch, dot, scope, out)?;
            }
            Node::With(p, yes, no) => {
                let v = eval(p, dot, scope)?;
                if truth(&v) { run(yes, &v, scope, out)? } else { run(no, dot, scope, out)? }
            }
            Node::Range(vars, p, yes, no) => {
                let pairs: Vec<(Value, Value)> = match eval(p, dot, scope)? {
                    Value::Array(a) => a.into_iter().enumerate().map(|(i, v)| (i.into(), v)).collect(),
                    Value::Object(o) => {
                        let mut sorted: Vec<_> = o.into_iter().collect();
                        sorted.sort_by(|a, b| a.0.cmp(&b.0));
                        sorted.into_iter().map(|(k, v)| (k.into(), v)).collect()
                    }
                    Value::Null => Vec::new(),
                    other => return Err(format!("range can't iterate over {}", go_print(&other))),
                };
                if pairs.is_empty() {
                    run(no, dot, scope, out)?;
                }
                for (k, v) in pairs {
                    match vars.as_slice() {
                        [only] => scope.push((only.clone(), v.clone())),
                        [key, value, ..] => scope.extend([(key.clone(), k), (value.clone(), v.clone())]),
                        [] => {}
                    }
                    run(yes, &v, scope, out)?;
                    scope.truncate(depth);
                }
            }
        }
    }
    scope.truncate(depth);
    Ok(())
}

fn walk(value: &Value, path: &[String]) -> Result<Value, String> {
    let mut here = value;
    for step in path {
        here = match here {
            Value::Object(o) => o.get(step).ok_or_else(|| format!("map has no entry for key {step:?}"))?,
            Value::Null => return Err(format!("nil data; no entry for key {step:?}")),
            _ => return Err(format!("can't evaluate field {step} in type {}", kind(here))),
        };
    }
    Ok(here.clone())
}

const fn kind(v: &Value) -> &'static str {
    match v {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "int",
        Value::Array(_) => "[]interface {}",
        _ => "interface {}",
    }
}

fn eval(pipe: &Pipe, dot: &Value, scope: &mut Scope) -> Result<Value, String> {
    let mut last: Option<Value> = None;
    for command in pipe {
        let (first, rest) = command.split_first().ok_or("missing value for command")?;
        let mut arguments = Vec::new();
        for term in rest {
            arguments.push(term_value(term, dot, scope)?);
        }
        arguments.extend(last.take());
        last = Some(match first {
            Term::Function(name) => call(name, &arguments)?,
            other if arguments.is_empty() => term_value(other, dot, scope)?,
            _ => return Err("can't give argument to non-function".into()),
        });
    }
    last.ok_or_else(|| "missing value for command".into())
}

fn term_value(term: &Term, dot: &Value, scope: &mut Scope) -> Result<Value, String> {
    match term {
        Term::Field(path) => walk(dot, path),
        Term::Literal(v) => Ok(v.clone()),
        Term::Group(pipe, path) => walk(&eval(pipe, dot, scope)?, path),
        Term::Function(name) => call(name, &[]),
        Term::Variable(name, path) => {
            let key = if name == "$" { "" } else { name };
            let found = scope.iter().rev().find(|(n, _)| n == key).map(|(_, v)| v.clone());
            walk(&found.ok_or_else(|| format!("undefined variable {name:?}"))?, path)
        }
    }
}

fn truth(v: &Value) -> bool {
    match v {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(a) => !a.is_empty(),
        Value::Object(o) => !o.is_empty(),
    }
}

/// As `%v` prints it.
pub fn go_print(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::String(s) => s.clone(),
        Value::Array(a) => format!("[{}]", a.iter().map(go_print).collect::<Vec<_>>().join(" ")),
        Value::Object(o) => {
            let mut pairs: Vec<String> = o.iter().map(|(k, v)| format!("{k}:{}", go_print(v))).collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

fn call(name: &str, a: &[Value]) -> Result<Value, String> {
    let text = |i: usize| a.get(i).map(go_print).unwrap_or_default();
    let whole = |i: usize| a.get(i).and_then(Value::as_i64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let need = |n: usize| if a.len() < n { Err(format!("wrong number of args for {name}: want {n} got {}", a.len())) } else { Ok(()) };
    let order =
        || a.first().and_then(Value::as_f64).partial_cmp(&a.get(1).and_then(Value::as_f64)).or_else(|| text(0).partial_cmp(&text(1)));
    use std::cmp::Ordering::{Equal, Greater, Less};
    Ok(match name {
        "json" => {
            need(1)?;
            without_nil(a[0].clone()).to_string().into()
        }
        "join" => match a.first() {
            Some(Value::Array(list)) => list.iter().map(go_print).collect::<Vec<_>>().join(&text(1)).into(),
            _ => text(0).into(),
        },
        "split" => text(0).split(&text(1)).map(Value::from).collect(),
        "replace" => text(0).replace(&text(1), &text(2)).into(),
        "lower" => text(0).to_lowercase().into(),
        "upper" => text(0).to_uppercase().into(),
        "title" => {
            let t = text(0);
            let mut c = t.chars();
            c.next().map_or_else(String::new, |f| f.to_uppercase().chain(c).collect()).into()
        }
        "pad" => format!("{}{}{}", " ".repeat(whole(1).min(200)), text(0), " ".repeat(whole(2).min(200))).into(),
        "truncate" => text(0).chars().take(whole(1)).collect::<String>().into(),
        "println" => format!("{}\n", a.iter().map(go_print).collect::<Vec<_>>().join(" ")).into(),
        "print" => a.iter().map(go_print).collect::<String>().into(),
        "printf" => printf(&text(0), a.get(1..).unwrap_or_default()).into(),
        "and" => a.iter().find(|v| !truth(v)).or(a.last()).cloned().unwrap_or(Value::Null),
        "or" => a.iter().find(|v| truth(v)).or(a.last()).cloned().unwrap_or(Value::Null),
        "not" => (!a.first().is_some_and(truth)).into(),
        "eq" => a.get(1..).unwrap_or_default().iter().any(|v| Some(v) == a.first()).into(),
        "ne" => (a.first() != a.get(1)).into(),
        "lt" => (order() == Some(Less)).into(),
        "le" => matches!(order(), Some(Less | Equal)).into(),
        "gt" => (order() == Some(Greater)).into(),
        "ge" => matches!(order(), Some(Greater | Equal)).into(),
        "len" => match a.first() {
            Some(Value::Array(l)) => l.len().into(),
            Some(Value::Object(o)) => o.len().into(),
            Some(Value::String(s)) => s.len().into(),
            other => return Err(format!("error calling len: len of type {}", other.map_or("nil", kind))),
        },
        "index" => {
            let mut here = a.first().cloned().unwrap_or(Value::Null);
            for key in a.get(1..).unwrap_or_default() {
                here = match (&here, key) {
                    (Value::Array(l), Value::Number(n)) => match n.as_u64().and_then(|n| l.get(n as usize)) {
                        Some(v) => v.clone(),
                        None => return Err(format!("error calling index: index out of range: {n}")),
                    },
                    (Value::Object(o), Value::String(k)) => o.get(k).cloned().unwrap_or_else(|| "".into()),
                    _ => return Err(format!("error calling index: can't index item of type {}", kind(&here))),
                };
            }
            here
        }
        "slice" => {
            let t = text(0);
            let chars: Vec<char> = t.chars().collect();
            let end = if a.len() > 2 { whole(2).min(chars.len()) } else { chars.len() };
            chars.get(whole(1).min(end)..end).map(|c| c.iter().collect::<String>()).unwrap_or_default().into()
        }
        _ => return Err(format!("function {name:?} not defined")),
    })
}

fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut next = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(d) = chars.next_if(|d| d.is_ascii_digit() || matches!(d, '-' | '.')) {
            spec.push(d);
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some('q') => out.push_str(&super::text::quoted(&next.next().map(go_print).unwrap_or_default())),
            Some(_) => {
                let text = next.next().map(go_print).unwrap_or_default();
                let width: usize = spec.trim_start_matches('-').split('.').next().and_then(|w| w.parse().ok()).unwrap_or(0).min(200);
                let pad = " ".repeat(width.saturating_sub(text.chars().count()));
                out.push_str(&if spec.starts_with('-') { format!("{text}{pad}") } else { format!("{pad}{text}") });
            }
            None => out.push('%'),
        }
    }
    out
}

/// JSON with an indent of four, as `docker inspect` prints it.
pub fn pretty(v: &Value) -> String {
    use serde::Serialize;
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let _ = v.serialize(&mut serializer);
    String::from_utf8(out).unwrap_or_default()
}

/// Fields that Go leaves out of its JSON while they are nil (`omitempty` in api/types/container).
const OMITTED: [&str; 3] = ["Health", "Healthcheck", "StopSignal"];

fn without_nil(mut v: Value) -> Value {
    let nothing = |v: &Value| v.is_null() || v.as_str() == Some("");
    match &mut v {
        Value::Object(o) => {
            o.retain(|k, v| !(OMITTED.contains(&k.as_str()) && nothing(v)));
            o.values_mut().for_each(|v| *v = without_nil(v.take()));
        }
        Value::Array(list) => list.iter_mut().for_each(|v| *v = without_nil(v.take())),
        _ => {}
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn go(template: &str, v: &Value) -> Result<String, String> {
        Template::parse(template)?.render(v)
    }

    #[test]
    fn what_people_write() {
        let v = json!({"Name": "web", "N": 3, "State": {"Health": {"Status": "healthy"}, "Error": ""}, "Mounts": [{"Name": "a"}, {"Name": "b"}], "Labels": {"b": "2", "a": "1"},
            "Absent": {"Status": "running", "Health": null}});
        for (t, want) in [
            ("{{.Name}}: {{.State.Health.Status}}", "web: healthy"),
            ("{{json .Mounts}}", r#"[{"Name":"a"},{"Name":"b"}]"#),
            ("{{range .Mounts}}{{.Name}} {{end}}", "a b "),
            ("{{range $i, $m := .Mounts}}{{$i}}={{$m.Name}};{{end}}", "0=a;1=b;"),
            ("{{if .State.Error}}bad{{else if eq .N 3}}three{{else}}ok{{end}}", "three"),
            ("{{index .Labels \"a\"}}{{len .Mounts}}", "12"),
            ("{{ .Labels }}", "map[a:1 b:2]"),
            ("{{range $k, $v := .Labels}}{{$k}}{{$v}}{{end}}", "a1b2"),
            ("{{.Name | upper | printf \"%-5s|\"}}", "WEB  |"),
            ("a {{- .Name -}} b", "awebb"),
            ("{{with .State.Health}}{{.Status}}{{end}}", "healthy"),
            ("{{json .Absent}}", "{\"Status\":\"running\"}"),
            ("{{(index .Mounts 1).Name}}", "b"),
            ("{{$x := .Name}}{{$x}}{{$.N}}", "web3"),
        ] {
            assert_eq!(go(t, &v).as_deref(), Ok(want), "{t}");
        }
    }

    #[test]
    fn errors_are_errors() {
        let v = json!({"A": 1});
        for t in ["{{.B}}", "{{nope .A}}", "{{if .A}}", "{{.A", "{{end}}", "{{(.A}}", "{{index .A 1}}", "{{\"x}}"] {
            assert!(go(t, &v).is_err(), "{t}");
        }
        assert!(go(&format!("{}{}", "{{if .A}}".repeat(10_000), "{{end}}".repeat(10_000)), &v).is_err());
    }
}
