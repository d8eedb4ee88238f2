//! Reads kubectl's JSONPath templates. Follows: client-go/util/jsonpath/parser.go.

/// A template: text and expressions.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::worlds::kubernetes::console) enum Part {
    Text(String),
    Path(Vec<Step>),
    /// `{range path}…{end}`
    Range(Vec<Step>, Vec<Part>),
}

/// One step along a path.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::worlds::kubernetes::console) enum Step {
    Root,
    Field(String),
    /// `[*]`, `.*`
    All,
    Index(i64),
    /// `[from:to:step]`
    Slice(Option<i64>, Option<i64>, i64),
    /// `['a','b']`, `[0,2]`
    Union(Vec<Vec<Step>>),
    /// `..name`
    Deep(String),
    Filter(Operand, &'static str, Operand),
    /// `[?(@.x)]`
    Has(Operand),
    /// `{"text"}`
    Literal(String),
}

/// A side of a filter's comparison.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::worlds::kubernetes::console) enum Operand {
    Path(Vec<Step>),
    Text(String),
    Number(f64),
    Bool(bool),
}

/// `.a.b`, `a.b`, `{.a.b}` all mean `{.a.b}` for `--sort-by` and custom columns (cli-runtime RelaxedJSONPathExpression).
pub(in crate::worlds::kubernetes::console) fn relaxed(text: &str) -> Result<Vec<Step>, String> {
    let t = text.trim();
    if t.is_empty() {
        return Err("path template is empty".into());
    }
    let inner = match (t.strip_prefix('{'), t.ends_with('}')) {
        (Some(i), true) => &i[..i.len() - 1],
        (None, false) => t,
        _ => {
            return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".into());
        }
    };
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    path(&format!(".{inner}"))
}

/// A whole template. Text without braces is one expression, as kubectl allows.
pub(in crate::worlds::kubernetes::console) fn template(text: &str) -> Result<Vec<Part>, String> {
    let text = if text.contains('{') { text.to_string() } else { format!("{{{text}}}") };
    let mut rest = text.as_str();
    let parts = parts(&mut rest, false)?;
    Ok(parts)
}

fn parts(rest: &mut &str, inside: bool) -> Result<Vec<Part>, String> {
    let mut out = Vec::new();
    loop {
        let Some(open) = rest.find('{') else {
            if inside {
                return Err("unclosed range: no {end}".into());
            }
            if !rest.is_empty() {
                out.push(Part::Text((*rest).to_string()));
            }
            return Ok(out);
        };
        if open > 0 {
            out.push(Part::Text(rest[..open].to_string()));
        }
        let close = closing(&rest[open + 1..]).ok_or("unclosed action")?;
        let inner = rest[open + 1..open + 1 + close].trim();
        *rest = &rest[open + close + 2..];
        if inner == "end" {
            if inside {
                return Ok(out);
            }
            return Err("not in range, nothing to end".into());
        }
        if let Some(over) = inner.strip_prefix("range") {
            let over = path(over.trim())?;
            out.push(Part::Range(over, parts(rest, true)?));
            continue;
        }
        out.push(Part::Path(path(inner)?));
    }
}

/// Where the brace closes; quotes hide braces.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') => return Some(i),
            _ => {}
        }
    }
    None
}

fn unquote(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// A path expression, or a quoted text.
pub(in crate::worlds::kubernetes::console) fn path(text: &str) -> Result<Vec<Step>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    if let Some(q) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = rest[1..].strip_suffix(q).ok_or("unterminated quoted string")?;
        return Ok(vec![Step::Literal(unquote(inner))]);
    }
    if let Some(after) = rest.strip_prefix(['$', '@']) {
        out.push(Step::Root);
        rest = after;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            let (name, tail) = field(after);
            out.push(Step::Deep(name));
            rest = tail;
        } else if let Some(after) = rest.strip_prefix('.') {
            if after.starts_with('[') || after.is_empty() {
                rest = after;
                continue;
            }
            let (name, tail) = field(after);
            out.push(if name == "*" { Step::All } else { Step::Field(name) });
            rest = tail;
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = bracket(after).ok_or("unterminated array")?;
            out.push(brackets(after[..end].trim())?);
            rest = &after[end + 1..];
        } else if rest.starts_with(char::is_whitespace) {
            rest = rest.trim_start();
        } else if out.is_empty() {
            let (name, _) = field(rest);
            if name.is_empty() {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{}'",
                    rest.chars().next().unwrap_or(' ') as u32,
                    &rest[..rest.chars().next().map_or(0, char::len_utf8)]
                ));
            }
            return Err(format!("unrecognized identifier {name}"));
        } else {
            let c = rest.chars().next().unwrap_or(' ');
            return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32));
        }
    }
    Ok(out)
}

/// A field name; a backslash takes the next character as it is (`app\.kubernetes\.io/name`).
fn field(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' | ']' | ' ' | '=' | '!' | '<' | '>' | ')' | '&' | '|' | ',' => return (out, &text[i..]),
            c => out.push(c),
        }
    }
    (out, "")
}

/// Where the bracket closes.
fn bracket(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(i),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn brackets(inner: &str) -> Result<Step, String> {
    if inner == "*" {
        return Ok(Step::All);
    }
    if let Some(filter) = inner.strip_prefix("?(").and_then(|f| f.strip_suffix(')')) {
        return condition(filter);
    }
    if let Some(q) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let names: Vec<&str> = inner.split(',').map(str::trim).collect();
        let mut steps = Vec::new();
        for n in names {
            let name = n.strip_prefix(q).and_then(|n| n.strip_suffix(q)).ok_or_else(|| format!("invalid array index {inner}"))?;
            steps.push(vec![Step::Field(unquote(name))]);
        }
        return Ok(match steps.len() {
            1 => steps.remove(0).remove(0),
            _ => Step::Union(steps),
        });
    }
    let number = |t: &str| t.trim().parse::<i64>().map_err(|_| format!("invalid array index {inner}"));
    if inner.contains(',') {
        let all: Result<Vec<_>, _> = inner.split(',').map(|t| number(t).map(|n| vec![Step::Index(n)])).collect();
        return Ok(Step::Union(all?));
    }
    if inner.contains(':') {
        let mut ends = inner.split(':').map(|t| if t.trim().is_empty() { Ok(None) } else { number(t).map(Some) });
        let mut next = || ends.next().unwrap_or(Ok(None));
        let (from, to, step) = (next()?, next()?, next()?);
        return Ok(Step::Slice(from, to, step.unwrap_or(1)));
    }
    Ok(Step::Index(number(inner)?))
}

fn condition(text: &str) -> Result<Step, String> {
    const OPS: &[&str] = &["==", "!=", "<=", ">=", "<", ">"];
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) => {
                if let Some(op) = OPS.iter().find(|op| text[i..].starts_with(**op)) {
                    return Ok(Step::Filter(operand(&text[..i])?, op, operand(&text[i + op.len()..])?));
                }
            }
        }
    }
    Ok(Step::Has(operand(text)?))
}

fn operand(text: &str) -> Result<Operand, String> {
    let t = text.trim();
    if let Some(q) = t.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = t[1..].strip_suffix(q).ok_or("unterminated quoted string")?;
        return Ok(Operand::Text(unquote(inner)));
    }
    Ok(match t {
        "true" => Operand::Bool(true),
        "false" => Operand::Bool(false),
        _ => match t.parse::<f64>() {
            Ok(n) => Operand::Number(n),
            Err(_) => Operand::Path(path(t)?),
        },
    })
}
