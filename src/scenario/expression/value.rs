//! Values of expressions: how they are made from facts, compared and printed for people.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::kernel::SimDuration;

use super::super::facts::Type;

/// What an expression yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A share; printed as a percentage, otherwise a number.
    Ratio(f64),
    Text(Arc<str>),
    /// Nanoseconds; differences may be negative.
    Duration(i64),
    /// A duration that never came: longer than every other.
    Never,
    /// `last('1m')`, in nanoseconds.
    Window(i64),
    List(Arc<Vec<Value>>),
    /// In the order of the source.
    Map(Arc<Vec<(Arc<str>, Value)>>),
}

const S: i64 = 1_000_000_000;

impl Value {
    pub fn duration(d: SimDuration) -> Self {
        Self::Duration(i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
    }

    /// A fact's answer, read as its declared type.
    ///
    /// # Errors
    /// Says what came instead.
    pub fn from_fact(json: &Json, ty: Type) -> Result<Self, String> {
        match (ty, json) {
            (Type::Duration, Json::Null) => Ok(Self::Never),
            (Type::Duration, Json::Number(n)) => Ok(Self::Duration((n.as_f64().unwrap_or(0.0) * S as f64).round() as i64)),
            (Type::Duration, Json::String(s)) => SimDuration::parse(s).map(Self::duration),
            (Type::Ratio, Json::Number(n)) => Ok(Self::Ratio(n.as_f64().unwrap_or(0.0))),
            (Type::Ratio | Type::Number | Type::Int, Json::Null) => Err("has no value yet".into()),
            _ => Ok(Self::from_json(json)),
        }
    }

    fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| Self::Float(n.as_f64().unwrap_or(0.0)), Self::Int),
            Json::String(s) => Self::Text(s.as_str().into()),
            Json::Array(a) => Self::List(Arc::new(a.iter().map(Self::from_json).collect())),
            Json::Object(o) => Self::Map(Arc::new(o.iter().map(|(k, v)| (k.as_str().into(), Self::from_json(v))).collect())),
        }
    }

    /// As an argument of a fact.
    pub fn to_arg(&self) -> Json {
        match self {
            Self::Text(s) => Json::from(&**s),
            Self::Window(ns) => serde_json::json!({ "last": *ns as f64 / S as f64 }),
            Self::Int(i) => Json::from(*i),
            Self::Float(f) | Self::Ratio(f) => Json::from(*f),
            Self::Bool(b) => Json::from(*b),
            Self::Duration(ns) => Json::from(*ns as f64 / S as f64),
            _ => Json::Null,
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) | Self::Ratio(f) => Some(*f),
            _ => None,
        }
    }

    /// "a number", "a duration": for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) | Self::Ratio(_) => "a number",
            Self::Text(_) => "a text",
            Self::Duration(_) | Self::Never => "a duration",
            Self::Window(_) => "a window of time",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }

    /// CEL equality: values of different kinds are unequal, numbers compare by value.
    pub fn equals(&self, other: &Self) -> bool {
        self.equals_within(other, &mut 100_000)
    }

    /// Lists may share parts and be exponentially large when walked; beyond the budget they count as different.
    fn equals_within(&self, other: &Self, budget: &mut u32) -> bool {
        *budget = budget.saturating_sub(1);
        if *budget == 0 {
            return false;
        }
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            _ => match (self.as_number(), other.as_number()) {
                (Some(a), Some(b)) => a == b,
                (None, None) => match (self, other) {
                    (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals_within(b, budget)),
                    (Self::Map(a), Self::Map(b)) => {
                        a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && a.equals_within(b, budget))
                    }
                    (a, b) => a == b,
                },
                _ => false,
            },
        }
    }

    /// Order of two values of one kind; None if they cannot be compared.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Never, Self::Never) => Some(Ordering::Equal),
            (Self::Never, Self::Duration(_)) => Some(Ordering::Greater),
            (Self::Duration(_), Self::Never) => Some(Ordering::Less),
            _ => self.as_number()?.partial_cmp(&other.as_number()?),
        }
    }

    /// For people: `6m 10s`, `96.9 %`, `1 530`, `yes`.
    pub fn people(&self) -> String {
        match self {
            Self::Null => "nothing".into(),
            Self::Bool(b) => if *b { "yes" } else { "no" }.into(),
            Self::Int(i) => grouped(&i.to_string()),
            Self::Float(f) => decimals(*f, 2),
            Self::Ratio(r) => percent(*r),
            Self::Text(s) => s.to_string(),
            Self::Duration(ns) | Self::Window(ns) => people_duration(*ns),
            Self::Never => "never".into(),
            Self::List(l) => {
                let mut words: Vec<String> = l.iter().take(30).map(Self::brief).collect();
                if l.len() > 30 {
                    words.push(format!("and {} more", l.len() - 30));
                }
                words.join(", ")
            }
            Self::Map(m) => match m.iter().find(|(k, _)| &**k == "name") {
                Some((_, name)) => name.brief(),
                None => m.iter().take(30).map(|(k, v)| format!("{k} {}", v.brief())).collect::<Vec<_>>().join(", "),
            },
        }
    }

    /// As an entry of a list: what is nested is only counted.
    fn brief(&self) -> String {
        match self {
            Self::List(l) => format!("a list of {}", l.len()),
            Self::Map(m) => match m.iter().find(|(k, _)| &**k == "name") {
                Some((_, Self::Text(name))) => name.to_string(),
                _ => format!("an object of {}", m.len()),
            },
            v => v.people(),
        }
    }
}

/// Thousands apart: `1530` → `1 530`.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let mut out = String::from(sign);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// At most `n` decimals, without trailing zeros.
fn decimals(f: f64, n: usize) -> String {
    if !f.is_finite() {
        return "no number".into();
    }
    let text = format!("{f:.n$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { grouped(if whole == "-0" { "0" } else { whole }) } else { format!("{}.{fraction}", grouped(whole)) }
}

/// `96.9 %`; more decimals where rounding would turn "almost" into "all" or "a little" into "nothing".
pub fn percent(r: f64) -> String {
    if !r.is_finite() {
        return "no number".into();
    }
    let p = r * 100.0;
    let turned = |text: &str| p < 100.0 && text.starts_with("100") || p > 0.0 && text.parse::<f64>() == Ok(0.0);
    let text = (1..=4).map(|n| format!("{p:.n$}")).find(|text| !turned(text));
    // So close to the end that four decimals do not tell it: the nearest that is not the end.
    let text = text.unwrap_or_else(|| if p < 50.0 { "0.0001" } else { "99.9999" }.into());
    format!("{} %", text.strip_suffix(".0").filter(|_| p == p.trunc()).unwrap_or(&text))
}

/// `250ms`, `1.9s`, `50s`, `6m 10s`, `1h 5m`.
pub fn people_duration(ns: i64) -> String {
    let (sign, n) = if ns < 0 { ("-", ns.unsigned_abs()) } else { ("", ns.unsigned_abs()) };
    const S: u64 = 1_000_000_000;
    let text = if n == 0 {
        "0s".into()
    } else if n < S {
        format!("{}ms", (n / 1_000_000).max(1))
    } else if n < 10 * S {
        let tenths = (n + S / 20) / (S / 10);
        if tenths.is_multiple_of(10) { format!("{}s", tenths / 10) } else { format!("{}.{}s", tenths / 10, tenths % 10) }
    } else {
        let s = (n + S / 2) / S;
        let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
        match (h, m, s) {
            (0, 0, s) => format!("{s}s"),
            (0, m, 0) => format!("{m}m"),
            (0, m, s) => format!("{m}m {s}s"),
            (h, 0, 0) => format!("{h}h"),
            (h, m, 0) => format!("{h}h {m}m"),
            (h, m, s) => format!("{h}h {m}m {s}s"),
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_it() {
        for (v, text) in [
            (Value::Duration(370 * S), "6m 10s"),
            (Value::Duration(50 * S + S / 3), "50s"),
            (Value::Duration(1_900_000_000), "1.9s"),
            (Value::Duration(250_000_000), "250ms"),
            (Value::Duration(3900 * S), "1h 5m"),
            (Value::Duration(-90 * S), "-1m 30s"),
            (Value::Never, "never"),
            (Value::Ratio(0.969), "96.9 %"),
            (Value::Ratio(1.0), "100 %"),
            (Value::Ratio(0.99997), "99.997 %"),
            (Value::Ratio(0.0), "0 %"),
            (Value::Ratio(0.0002), "0.02 %"),
            (Value::Ratio(0.5), "50 %"),
            (Value::Int(1_530), "1 530"),
            (Value::Int(-1_234_567), "-1 234 567"),
            (Value::Int(999), "999"),
            (Value::Float(2.5), "2.5"),
            (Value::Float(12345.678), "12 345.68"),
            (Value::Float(-0.001), "0"),
            (Value::Bool(true), "yes"),
        ] {
            assert_eq!(v.people(), text);
        }
    }
}
