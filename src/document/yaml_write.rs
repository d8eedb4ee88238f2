//! JSON as YAML text, character for character as `kubectl -o yaml` prints it: sorted keys, lists not indented, quotes only where a plain
//! scalar would be read as something else, literal blocks for text with line ends, folding at 80 columns.
//! Follows: sigs.k8s.io/yaml (goyaml.v2): encode.go, resolve.go, sorter.go, emitterc.go.

use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::Value;

/// emitterc.go, best_width
const WIDTH: usize = 80;

/// One document, ending with a line end.
pub fn to_yaml(value: &Value) -> String {
    let mut w = Writer { out: String::new(), column: 0 };
    match value {
        Value::Object(m) if !m.is_empty() => w.map(m, 0, true),
        Value::Array(l) if !l.is_empty() => w.list(l, 0, true),
        // As under a key: a block at the left edge could not say how its own spaces count.
        other => w.scalar(other, 2, false),
    }
    w.out.push('\n');
    w.out
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn text(&mut self, s: &str) {
        self.out.push_str(s);
        self.column += s.chars().count();
    }
    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    /// `first`: the cursor already stands where the first key goes.
    fn map(&mut self, m: &serde_json::Map<String, Value>, indent: usize, first: bool) {
        let mut entries: Vec<(&String, &Value)> = m.iter().collect();
        entries.sort_by(|a, b| natural(a.0, b.0));
        for (i, (k, v)) in entries.into_iter().enumerate() {
            if i > 0 || !first {
                self.line(indent);
            }
            let key = scalar_text(k, true);
            self.text(&key);
            self.text(":");
            match v {
                Value::Object(inner) if !inner.is_empty() => self.map(inner, indent + 2, false),
                // Lists inside maps are not indented.
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent, false),
                other => {
                    self.text(" ");
                    self.scalar(other, indent + 2, true);
                }
            }
        }
    }

    fn list(&mut self, l: &[Value], indent: usize, first: bool) {
        for (i, v) in l.iter().enumerate() {
            if i > 0 || !first {
                self.line(indent);
            }
            self.text("- ");
            match v {
                Value::Object(inner) if !inner.is_empty() => self.map(inner, indent + 2, true),
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent + 2, true),
                other => self.scalar(other, indent + 2, true),
            }
        }
    }

    fn scalar(&mut self, v: &Value, indent: usize, fold: bool) {
        match v {
            Value::Null => self.text("null"),
            Value::Bool(b) => self.text(if *b { "true" } else { "false" }),
            Value::Number(n) => self.text(&number(n)),
            Value::Object(_) => self.text("{}"),
            Value::Array(_) => self.text("[]"),
            Value::String(s) => match style(s, false) {
                Style::Plain => self.folded(s, indent, fold, ""),
                Style::Single => self.folded(&s.replace('\'', "''"), indent, fold, "'"),
                Style::Double => self.double(s, indent, fold),
                Style::Literal => self.literal(s, indent),
            },
        }
    }

    /// Plain and single-quoted text breaks at a single space beyond the width.
    fn folded(&mut self, s: &str, indent: usize, fold: bool, quote: &str) {
        self.text(quote);
        let chars: Vec<char> = s.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            if c == ' ' {
                let next_is_space = chars.get(i + 1).is_some_and(|n| *n == ' ' || *n == '\t');
                let inside = quote.is_empty() || (i > 0 && i + 1 < chars.len());
                if fold && !spaces && self.column > WIDTH && inside && !next_is_space {
                    self.line(indent);
                } else {
                    self.text(" ");
                }
                spaces = true;
            } else {
                self.out.push(c);
                self.column += 1;
                spaces = false;
            }
        }
        self.text(quote);
    }

    fn double(&mut self, s: &str, indent: usize, fold: bool) {
        self.text("\"");
        let chars: Vec<char> = s.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            if c == ' ' {
                if fold && !spaces && self.column > WIDTH && i > 0 && i + 1 < chars.len() {
                    self.line(indent);
                    if chars.get(i + 1) == Some(&' ') {
                        self.text("\\");
                    }
                } else {
                    self.text(" ");
                }
                spaces = true;
                continue;
            }
            spaces = false;
            let escaped = match c {
                '"' => "\\\"".to_string(),
                '\\' => "\\\\".to_string(),
                '\0' => "\\0".to_string(),
                '\x07' => "\\a".to_string(),
                '\x08' => "\\b".to_string(),
                '\t' => "\\t".to_string(),
                '\n' => "\\n".to_string(),
                '\x0b' => "\\v".to_string(),
                '\x0c' => "\\f".to_string(),
                '\r' => "\\r".to_string(),
                '\x1b' => "\\e".to_string(),
                '\u{85}' => "\\N".to_string(),
                '\u{a0}' => "\\_".to_string(),
                '\u{2028}' => "\\L".to_string(),
                '\u{2029}' => "\\P".to_string(),
                c if !printable(c) => match c as u32 {
                    n if n <= 0xff => format!("\\x{n:02X}"),
                    n if n <= 0xffff => format!("\\u{n:04X}"),
                    n => format!("\\U{n:08X}"),
                },
                c => c.to_string(),
            };
            self.text(&escaped);
        }
        self.text("\"");
    }

    fn literal(&mut self, s: &str, indent: usize) {
        self.text("|");
        // A text that begins with a space needs its indentation told.
        if s.starts_with([' ', '\n']) {
            self.text("2");
        }
        let trailing = s.len() - s.trim_end_matches('\n').len();
        match trailing {
            0 => self.text("-"),
            1 if s.len() > 1 => {}
            _ => self.text("+"),
        }
        let body = s.strip_suffix('\n').unwrap_or(s);
        for line in body.split('\n') {
            if line.is_empty() {
                self.out.push('\n');
                self.column = 0;
            } else {
                self.line(indent);
                self.text(line);
            }
        }
    }
}

fn number(n: &serde_json::Number) -> String {
    match (n.as_i64(), n.as_u64(), n.as_f64()) {
        (Some(i), _, _) => i.to_string(),
        (_, Some(u), _) => u.to_string(),
        (_, _, Some(f)) if f.fract() == 0.0 && f.abs() < 1e21 => format!("{f:.0}"),
        _ => n.to_string(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// A key, or any scalar on one line.
fn scalar_text(s: &str, key: bool) -> String {
    let mut w = Writer { out: String::new(), column: 0 };
    match style(s, key) {
        Style::Plain => w.out.push_str(s),
        Style::Single => {
            let _ = write!(w.out, "'{}'", s.replace('\'', "''"));
        }
        _ => w.double(s, 0, false),
    }
    w.out
}

/// encode.go stringv, then emitterc.go yaml_emitter_select_scalar_style.
fn style(s: &str, key: bool) -> Style {
    let a = analyze(s);
    if s.contains('\n') {
        return if key || !a.block { Style::Double } else { Style::Literal };
    }
    if reads_as_other(s) {
        return Style::Double;
    }
    if a.plain && !s.is_empty() {
        return Style::Plain;
    }
    if a.single { Style::Single } else { Style::Double }
}

struct Analysis {
    plain: bool,
    single: bool,
    block: bool,
}

/// emitterc.go, yaml_emitter_analyze_scalar
fn analyze(s: &str) -> Analysis {
    let chars: Vec<char> = s.chars().collect();
    let blank = |i: usize| chars.get(i).is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    let mut indicators = s.starts_with("---") || s.starts_with("...");
    let (mut line_breaks, mut special) = (false, false);
    let (mut leading_blank, mut trailing_blank, mut trailing_space) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut previous_space, mut previous_break) = (false, false);
    let mut preceded = true;
    for (i, &c) in chars.iter().enumerate() {
        let followed = blank(i + 1);
        if i == 0 {
            match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => indicators = true,
                '?' | ':' | '-' if followed => indicators = true,
                _ => {}
            }
        } else {
            match c {
                ':' if followed => indicators = true,
                '#' if preceded => indicators = true,
                _ => {}
            }
        }
        special |= !printable(c);
        let last = i + 1 == chars.len();
        match c {
            ' ' => {
                leading_blank |= i == 0;
                trailing_blank |= last;
                trailing_space |= last;
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            }
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                line_breaks = true;
                leading_blank |= i == 0;
                trailing_blank |= last;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            }
            _ => (previous_space, previous_break) = (false, false),
        }
        preceded = matches!(c, ' ' | '\t' | '\n' | '\r');
    }
    Analysis {
        plain: !(indicators || line_breaks || special || leading_blank || trailing_blank || break_space || space_break),
        single: !(break_space || space_break || special),
        block: !(trailing_space || space_break || special),
    }
}

/// yamlprivateh.go is_printable; a tab is not.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// resolve.go: a plain scalar with this text would not be read as text.
fn reads_as_other(s: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No",
        "NO", "false", "False", "FALSE", "off", "Off", "OFF", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
        "-.inf", "-.Inf", "-.INF", "<<",
    ];
    WORDS.contains(&s) || is_int(s) || is_float(s) || is_timestamp(s) || is_base_60(s)
}

fn is_int(s: &str) -> bool {
    let plain = s.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if unsigned.is_empty() || !s.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) {
        return false;
    }
    let lower = unsigned.to_ascii_lowercase();
    let digits = |t: &str, radix: u32| !t.is_empty() && t.chars().all(|c| c.is_digit(radix));
    if let Some(t) = lower.strip_prefix("0x") {
        digits(t, 16)
    } else if let Some(t) = lower.strip_prefix("0o") {
        digits(t, 8)
    } else if let Some(t) = lower.strip_prefix("0b") {
        digits(t, 2)
    } else {
        digits(&lower, 10)
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(s: &str) -> bool {
    let t = s.strip_prefix(['+', '-']).unwrap_or(s);
    let (mantissa, exponent) = match t.find(['e', 'E']) {
        Some(i) => (&t[..i], Some(&t[i + 1..])),
        None => (t, None),
    };
    let digits = |t: &str| t.chars().all(|c| c.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    exponent_fits && mantissa_fits
}

/// `2006-1-2`, with or without a time behind it.
fn is_timestamp(s: &str) -> bool {
    let b = s.as_bytes();
    if b.len() < 8 || !b[..4].iter().all(u8::is_ascii_digit) || b[4] != b'-' {
        return false;
    }
    let (date, time) = match s.find(['T', 't', ' ']) {
        Some(i) => (&s[..i], Some(&s[i + 1..])),
        None => (s, None),
    };
    let number = |t: &str, max: u32| matches!(t.len(), 1 | 2) && t.parse::<u32>().is_ok_and(|n| n <= max);
    let parts: Vec<&str> = date.split('-').collect();
    if parts.len() != 3 || !number(parts[1], 12) || !number(parts[2], 31) {
        return false;
    }
    let Some(time) = time else { return true };
    let zoned = s.contains(['T', 't']);
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(i) => (&time[..i], &time[i..]),
        None => (time, ""),
    };
    let zone_fits = match zone {
        "Z" => zoned,
        "" => !zoned,
        z => zoned && z.len() == 6 && z.as_bytes()[3] == b':',
    };
    let whole = clock.split_once('.').map_or(clock, |(w, _)| w);
    let hms: Vec<&str> = whole.split(':').collect();
    zone_fits && hms.len() == 3 && number(hms[0], 23) && number(hms[1], 59) && number(hms[2], 59)
}

/// `12:30:45`: YAML 1.1 would read it as a number.
fn is_base_60(s: &str) -> bool {
    let t = s.strip_prefix(['+', '-']).unwrap_or(s);
    if !t.contains(':') || !t.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut parts = t.split(':');
    let first = parts.next().unwrap_or_default();
    if !first.chars().all(|c| c.is_ascii_digit() || c == '_') {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    rest.iter().enumerate().all(|(i, p)| {
        let (whole, fraction) = p.split_once('.').map_or((*p, None), |(w, f)| (w, Some(f)));
        let fraction_fits = fraction.is_none_or(|f| i + 1 == rest.len() && f.chars().all(|c| c.is_ascii_digit() || c == '_'));
        matches!(whole.len(), 1 | 2) && whole.parse::<u8>().is_ok_and(|n| n < 60) && fraction_fits
    })
}

/// sorter.go: numbers inside keys count as numbers, letters come after everything else.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            digits = a[i].is_numeric();
            continue;
        }
        let (al, bl) = (a[i].is_alphabetic(), b[i].is_alphabetic());
        if al && bl {
            return a[i].cmp(&b[i]);
        }
        if al || bl {
            let less = if digits { al } else { bl };
            return if less { Ordering::Less } else { Ordering::Greater };
        }
        let mut lead = 0u64;
        if a[i] == '0' || b[i] == '0' {
            lead = u64::from(a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0'));
        }
        let run = |t: &[char]| {
            t[i..]
                .iter()
                .map_while(|c| c.to_digit(10))
                .fold((0usize, lead), |(n, v), d| (n + 1, v.saturating_mul(10).saturating_add(d.into())))
        };
        let ((an, av), (bn, bv)) = (run(&a), run(&b));
        return av.cmp(&bv).then(an.cmp(&bn)).then(a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shapes() {
        let v = json!({"kind": "List", "items": [{"b": {"x": []}, "a": [[1, 2], {}]}], "e": {}, "n": null, "f": 0.5});
        let text = "e: {}\nf: 0.5\nitems:\n- a:\n  - - 1\n    - 2\n  - {}\n  b:\n    x: []\nkind: List\n\"n\": null\n";
        assert_eq!(to_yaml(&v), text);
        assert_eq!(to_yaml(&json!("x")), "x\n");
        assert_eq!(to_yaml(&json!([1])), "- 1\n");
    }

    #[test]
    fn quotes_only_where_needed() {
        let cases = [
            ("plain text", "plain text"),
            ("", "\"\""),
            ("true", "\"true\""),
            ("y", "\"y\""),
            ("1", "\"1\""),
            ("1e3", "\"1e3\""),
            ("0x1F", "\"0x1F\""),
            ("1.2.3", "1.2.3"),
            ("10.0.0.7", "10.0.0.7"),
            ("12:30", "\"12:30\""),
            ("app:v1", "app:v1"),
            ("a: b", "'a: b'"),
            ("it's: x", "'it''s: x'"),
            ("# no", "'# no'"),
            ("a #b", "'a #b'"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            ("*", "'*'"),
            ("{a}", "'{a}'"),
            ("25%", "25%"),
            ("%x", "'%x'"),
            ("2026-11-21T00:33:26Z", "\"2026-11-21T00:33:26Z\""),
            ("2026-11-21", "\"2026-11-21\""),
            ("a\tb", "\"a\\tb\""),
            (" lead", "' lead'"),
            ("500m", "500m"),
            ("ends:", "'ends:'"),
            ("ä", "ä"),
        ];
        for (text, written) in cases {
            assert_eq!(to_yaml(&json!({"k": text})), format!("k: {written}\n"), "{text}");
        }
    }

    #[test]
    fn blocks() {
        assert_eq!(to_yaml(&json!({"k": "a\nb\n"})), "k: |\n  a\n  b\n");
        assert_eq!(to_yaml(&json!({"k": "a\n\nb"})), "k: |-\n  a\n\n  b\n");
        assert_eq!(to_yaml(&json!({"k": "a\n\n"})), "k: |+\n  a\n\n");
        assert_eq!(to_yaml(&json!({"k": " a\nb\n"})), "k: |2\n   a\n  b\n");
        assert_eq!(to_yaml(&json!({"k": "a \nb"})), "k: \"a \\nb\"\n");
        assert_eq!(to_yaml(&json!([{"k": "a\nb"}])), "- k: |-\n    a\n    b\n");
    }

    #[test]
    fn long_lines_fold() {
        let words = "word ".repeat(20).trim_end().to_string();
        let out = to_yaml(&json!({"message": words}));
        assert_eq!(out.lines().count(), 2);
        assert!(out.lines().nth(1).is_some_and(|l| l.starts_with("  word")));
        let round: Vec<&str> = out.split_whitespace().skip(1).collect();
        assert_eq!(round.join(" "), words);
    }

    #[test]
    fn keys_sort_naturally() {
        let v = json!({"a10": 1, "a2": 1, "a": 1, "b": 1, "A": 1, "a.b/c": 1, "1": 1});
        let order: Vec<String> = to_yaml(&v).lines().map(|l| l.split(": ").next().unwrap_or_default().to_string()).collect();
        assert_eq!(order, ["\"1\"", "A", "a", "a.b/c", "a2", "a10", "b"]);
    }
}
