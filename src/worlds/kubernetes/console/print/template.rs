//! A small part of Go templates for `-o go-template`: fields, `range`, `if`/`else`, `with`, `index`, `len`, `printf`, `print`, comparisons,
//! quoted text. Anything else is an error rather than a wrong answer.

use serde_json::Value;

use super::jsonpath::text;

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Print(Vec<String>),
    Block { word: String, words: Vec<String>, body: Vec<Part>, otherwise: Vec<Part> },
}

/// Prints a template over a value.
///
/// # Errors
/// A sentence on what is not understood.
pub(in crate::worlds::kubernetes::console) fn render(template: &str, root: &Value) -> Result<String, String> {
    let mut rest = template;
    let (parts, end) = read(&mut rest, 0)?;
    if !end.is_empty() {
        return Err(format!("unexpected {{{{{end}}}}}"));
    }
    let mut out = String::new();
    run(&parts, root, &mut out)?;
    Ok(out)
}

/// Blocks may nest so deep.
const DEPTH_MAX: usize = 32;

fn read(rest: &mut &str, depth: usize) -> Result<(Vec<Part>, String), String> {
    if depth > DEPTH_MAX {
        return Err("the template nests too deep".into());
    }
    let mut out = Vec::new();
    loop {
        let Some(open) = rest.find("{{") else {
            out.push(Part::Text(std::mem::take(rest).to_string()));
            return Ok((out, String::new()));
        };
        let mut before = &rest[..open];
        let inner = &rest[open + 2..];
        let close = inner.find("}}").ok_or("unclosed action")?;
        let mut action = &inner[..close];
        let mut after = &inner[close + 2..];
        if let Some(a) = action.strip_prefix("- ") {
            (action, before) = (a, before.trim_end());
        }
        if let Some(a) = action.strip_suffix(" -") {
            (action, after) = (a, after.trim_start());
        }
        if !before.is_empty() {
            out.push(Part::Text(before.into()));
        }
        *rest = after;
        let words = words(action)?;
        match words.first().map(String::as_str) {
            None => return Err("missing value for command".into()),
            Some("end" | "else") if depth > 0 => return Ok((out, words[0].clone())),
            Some(word @ ("range" | "if" | "with")) => {
                let (body, mut end) = read(rest, depth + 1)?;
                let mut otherwise = Vec::new();
                if end == "else" {
                    (otherwise, end) = read(rest, depth + 1)?;
                }
                if end != "end" {
                    return Err("unexpected EOF".into());
                }
                out.push(Part::Block { word: word.into(), words: words[1..].to_vec(), body, otherwise });
            }
            Some(_) => out.push(Part::Print(words)),
        }
    }
}

fn words(action: &str) -> Result<Vec<String>, String> {
    let (mut out, mut word, mut quote) = (Vec::new(), String::new(), false);
    let mut chars = action.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                word.push('"');
                quote = !quote;
            }
            '\\' if quote => match chars.next() {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some(c) => word.push(c),
                None => {}
            },
            c if c.is_whitespace() && !quote => {
                if !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
            }
            '|' | '(' | ')' | '$' if !quote => return Err(format!("'{c}' in templates is not supported here; use -o jsonpath")),
            c => word.push(c),
        }
    }
    if quote {
        return Err("unterminated quoted string".into());
    }
    if !word.is_empty() {
        out.push(word);
    }
    Ok(out)
}

fn run(parts: &[Part], here: &Value, out: &mut String) -> Result<(), String> {
    for p in parts {
        match p {
            Part::Text(t) => out.push_str(t),
            Part::Print(words) => match evaluate(words, here)? {
                Value::Null => out.push_str("<no value>"),
                v => out.push_str(&text(&v)),
            },
            Part::Block { word, words, body, otherwise } => {
                let v = evaluate(words, here)?;
                match word.as_str() {
                    "range" => {
                        let all: Vec<&Value> = match &v {
                            Value::Array(l) => l.iter().collect(),
                            Value::Object(m) => m.values().collect(),
                            _ => Vec::new(),
                        };
                        if all.is_empty() {
                            run(otherwise, here, out)?;
                        }
                        for e in all {
                            run(body, e, out)?;
                        }
                    }
                    "with" if truth(&v) => run(body, &v, out)?,
                    "if" if truth(&v) => run(body, here, out)?,
                    _ => run(otherwise, here, out)?,
                }
            }
        }
    }
    Ok(())
}

fn truth(v: &Value) -> bool {
    match v {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(l) => !l.is_empty(),
        Value::Object(m) => !m.is_empty(),
    }
}

fn operand(word: &str, here: &Value) -> Result<Value, String> {
    if let Some(t) = word.strip_prefix('"') {
        return Ok(Value::from(t.strip_suffix('"').unwrap_or(t)));
    }
    if word == "." {
        return Ok(here.clone());
    }
    if let Some(path) = word.strip_prefix('.') {
        return Ok(path.split('.').fold(here, |v, k| &v[k]).clone());
    }
    serde_json::from_str(word).map_err(|_| format!("function \"{word}\" not defined"))
}

fn evaluate(words: &[String], here: &Value) -> Result<Value, String> {
    let args = |from: usize| words.iter().skip(from).map(|w| operand(w, here)).collect::<Result<Vec<_>, _>>();
    let Some(first) = words.first() else { return Err("missing value for command".into()) };
    let pair = |a: &[Value]| match a {
        [x, y] => Ok((x.clone(), y.clone())),
        _ => Err(format!("wrong number of args for {first}")),
    };
    Ok(match first.as_str() {
        "index" => args(1)?
            .into_iter()
            .reduce(|v, k| match k {
                Value::String(k) => v[&k].clone(),
                k => k.as_u64().and_then(|i| v.get(i as usize)).cloned().unwrap_or(Value::Null),
            })
            .unwrap_or(Value::Null),
        "len" => match args(1)?.first() {
            Some(Value::Array(l)) => l.len().into(),
            Some(Value::Object(m)) => m.len().into(),
            Some(Value::String(s)) => s.len().into(),
            _ => 0.into(),
        },
        "eq" => pair(&args(1)?).map(|(a, b)| Value::from(a == b))?,
        "ne" => pair(&args(1)?).map(|(a, b)| Value::from(a != b))?,
        "gt" => pair(&args(1)?).map(|(a, b)| Value::from(a.as_f64() > b.as_f64()))?,
        "lt" => pair(&args(1)?).map(|(a, b)| Value::from(a.as_f64() < b.as_f64()))?,
        "not" => Value::from(!args(1)?.first().is_some_and(truth)),
        "and" => Value::from(args(1)?.iter().all(truth)),
        "or" => Value::from(args(1)?.iter().any(truth)),
        "print" => Value::from(args(1)?.iter().map(text).collect::<String>()),
        "println" => Value::from(format!("{}\n", args(1)?.iter().map(text).collect::<Vec<_>>().join(" "))),
        "printf" => {
            let args = args(1)?;
            let mut rest = args.iter().skip(1);
            let mut out = String::new();
            let format = args.first().map(text).unwrap_or_default();
            let mut chars = format.chars();
            while let Some(c) = chars.next() {
                match (c, if c == '%' { chars.next() } else { None }) {
                    ('%', Some('%')) => out.push('%'),
                    ('%', Some('s' | 'v' | 'd')) => out.push_str(&rest.next().map(text).unwrap_or_default()),
                    ('%', Some('q')) => out.push_str(&Value::from(rest.next().map(text).unwrap_or_default()).to_string()),
                    ('%', other) => return Err(format!("printf with %{} is not supported here", other.unwrap_or(' '))),
                    (c, _) => out.push(c),
                }
            }
            Value::from(out)
        }
        word if words.len() == 1 => operand(word, here)?,
        word => return Err(format!("function \"{word}\" not defined")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_usual_templates() {
        let v = json!({"items": [{"n": "a", "ok": true}, {"n": "b", "ok": false}], "m": {"x.y": 1}});
        for (t, out) in [
            ("{{range .items}}{{.n}}{{\"\\n\"}}{{end}}", "a\nb\n"),
            ("{{range .items}}{{if .ok}}+{{else}}-{{end}}{{end}}", "+-"),
            ("{{index .m \"x.y\"}} {{len .items}}", "1 2"),
            ("{{printf \"%s=%d\" \"k\" 3}}", "k=3"),
            ("{{.nope}}", "<no value>"),
            ("{{if eq (1) 1}}", "!"),
        ] {
            assert_eq!(render(t, &v).unwrap_or("!".into()), out, "{t}");
        }
    }
}
