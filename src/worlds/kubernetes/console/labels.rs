//! Label selectors as they are typed: read, checked and matched. Follows: apimachinery/pkg/labels/selector.go; reference 6.8.

use serde_json::Value;

use crate::worlds::kubernetes::kinds::validate;

use super::shell::{Item, plain};

/// `a=b,c in (d,e),!f`: all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labels(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    op: Op,
}

#[derive(Clone, Debug, PartialEq)]
enum Op {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    Greater(i64),
    Less(i64),
}

impl Labels {
    /// # Errors
    /// The API's sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { tokens: tokens(text), at: 0 };
        let mut out = Vec::new();
        loop {
            match reader.peek() {
                "" => return Ok(Self(out)),
                word if is_identifier(word) || word == "!" => {}
                other => return Err(format!("found '{other}', expected: !, identifier, or 'end of string'")),
            }
            out.push(reader.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?);
            match reader.take() {
                "" => return Ok(Self(out)),
                "," => match reader.peek() {
                    word if is_identifier(word) || word == "!" => {}
                    other => return Err(format!("found '{other}', expected: identifier after ','")),
                },
                other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
    }

    /// From a `LabelSelector` in JSON (`matchLabels`, `matchExpressions`).
    pub fn from_json(selector: &Value) -> Self {
        let mut out = Vec::new();
        for (k, v) in selector["matchLabels"].as_object().into_iter().flatten() {
            out.push(Requirement { key: k.clone(), op: Op::In(vec![plain(v)]) });
        }
        for e in selector["matchExpressions"].as_array().into_iter().flatten() {
            let values = || e["values"].as_array().into_iter().flatten().map(plain).collect::<Vec<_>>();
            let op = match e["operator"].as_str().unwrap_or_default() {
                "In" => Op::In(values()),
                "NotIn" => Op::NotIn(values()),
                "DoesNotExist" => Op::Missing,
                _ => Op::Exists,
            };
            out.push(Requirement { key: plain(&e["key"]), op });
        }
        Self(out)
    }

    /// From a plain map (`spec.selector` of a Service).
    pub fn from_map(map: &Value) -> Self {
        Self(map.as_object().into_iter().flatten().map(|(k, v)| Requirement { key: k.clone(), op: Op::In(vec![plain(v)]) }).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, item: &Item) -> bool {
        self.fits(|key| item.object.meta().label(key))
    }

    pub fn fits<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.0.iter().all(|r| {
            let value = label(&r.key);
            match &r.op {
                Op::In(list) => value.is_some_and(|v| list.iter().any(|l| l == v)),
                Op::NotIn(list) => value.is_none_or(|v| !list.iter().any(|l| l == v)),
                Op::Exists => value.is_some(),
                Op::Missing => value.is_none(),
                Op::Greater(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
                Op::Less(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
            }
        })
    }
}

/// Words and operators; the end is an empty word for ever.
struct Reader<'t> {
    tokens: Vec<&'t str>,
    at: usize,
}

const SYMBOLS: &[char] = &['=', '!', '(', ')', ',', '>', '<'];

/// A key or a value, and not an operator or the end.
fn is_identifier(token: &str) -> bool {
    !token.is_empty() && !token.starts_with(SYMBOLS)
}

fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while let Some(first) = rest.chars().next() {
        let length = if SYMBOLS.contains(&first) {
            if ["==", "!="].iter().any(|o| rest.starts_with(o)) { 2 } else { 1 }
        } else {
            rest.find(|c| SYMBOLS.contains(&c) || [' ', '\t', '\r', '\n'].contains(&c)).unwrap_or(rest.len())
        };
        let (token, behind) = rest.split_at(length);
        out.push(token);
        rest = behind.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    out
}

impl<'t> Reader<'t> {
    fn peek(&self) -> &'t str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }
    fn take(&mut self) -> &'t str {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let missing = self.peek() == "!";
        if missing {
            self.take();
        }
        let key = match self.take() {
            word if is_identifier(word) => word,
            other => return Err(format!("found '{other}', expected: identifier")),
        };
        let wrong = validate::label_key(key);
        if !wrong.is_empty() {
            return Err(format!("<nil>: Invalid value: {key:?}: {}", wrong.join("; ")));
        }
        let one = |op| Ok(Requirement { key: key.into(), op });
        match self.peek() {
            "" | "," => return one(if missing { Op::Missing } else { Op::Exists }),
            // What is said to be missing has no value; upstream lets it pass as far as an operator follows.
            _ if missing => return one(Op::Missing),
            _ => {}
        }
        let operator = self.take();
        let values = match operator {
            "in" | "notin" => self.set()?,
            "=" | "==" | "!=" | ">" | "<" => vec![self.value()?],
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let mut wrong = Vec::new();
        let mut number = 0;
        if matches!(operator, ">" | "<") {
            match values[0].parse::<i64>() {
                Ok(n) => number = n,
                Err(_) => {
                    wrong.push(format!("values[0]: Invalid value: {:?}: for 'Gt', 'Lt' operators, the value must be an integer", values[0]))
                }
            }
        }
        for (i, v) in values.iter().enumerate() {
            let why = validate::label_value(v);
            if !why.is_empty() {
                wrong.push(format!("values[{i}][{key}]: Invalid value: {v:?}: {}", why.join("; ")));
            }
        }
        match &wrong[..] {
            [] => {}
            [one] => return Err(one.clone()),
            many => return Err(format!("[{}]", many.join(", "))),
        }
        one(match operator {
            "in" | "=" | "==" => Op::In(values),
            "notin" | "!=" => Op::NotIn(values),
            ">" => Op::Greater(number),
            _ => Op::Less(number),
        })
    }

    /// `(a,b)`; a place left empty is the empty value.
    fn set(&mut self) -> Result<Vec<String>, String> {
        match self.take() {
            "(" => {}
            other => return Err(format!("found '{other}' expected: '('")),
        }
        let mut out = std::collections::BTreeSet::new();
        match self.peek() {
            word if is_identifier(word) || matches!(word, "," | ")") => {}
            other => return Err(format!("found '{other}', expected: ',', ')' or identifier")),
        }
        loop {
            match self.peek() {
                word if is_identifier(word) => {
                    out.insert(word.to_string());
                    self.take();
                }
                "," | ")" => {
                    out.insert(String::new());
                }
                other => return Err(format!("found '{other}', expected: ',', or identifier")),
            }
            match self.take() {
                "," => {}
                ")" => return Ok(out.into_iter().collect()),
                other => return Err(format!("found '{other}', expected: ',' or ')'")),
            }
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            word if is_identifier(word) => Ok(self.take().into()),
            other => Err(format!("found '{other}', expected: identifier")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_and_what_they_match() {
        let label = |k: &str| match k {
            "app" => Some("web"),
            "n" => Some("5"),
            _ => None,
        };
        for (text, fits) in [
            ("app=web", true),
            ("app==web,n=5", true),
            ("app != web", false),
            ("none!=x", true),
            ("app in (a, web)", true),
            ("app in(a,web)", true),
            ("app notin (a,web)", false),
            ("app in (,web)", true),
            ("none notin ()", true),
            ("app", true),
            ("!app", false),
            ("!none,n>4", true),
            ("n<5", false),
            ("app=", false),
            ("", true),
        ] {
            assert_eq!(Labels::parse(text).unwrap().fits(label), fits, "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_as_the_api_does() {
        for (text, why) in [
            ("app=(", "unable to parse requirement: found '(', expected: identifier"),
            ("app=a b", "found 'b', expected: ',' or 'end of string'"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("=x", "found '=', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("n>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"),
            (
                "app=$$$",
                "unable to parse requirement: values[0][app]: Invalid value: \"$$$\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            ),
            (
                "-ltier=web",
                "unable to parse requirement: <nil>: Invalid value: \"-ltier\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            ),
        ] {
            assert_eq!(Labels::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
