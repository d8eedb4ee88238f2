//! Quantities as the API server reads and prints them. Facts: apimachinery/pkg/api/resource/quantity.go.

use std::cmp::Ordering;

const NANO: i128 = 1_000_000_000;
/// No quantity is larger: 2^63 - 1.
const MAX_UNITS: i128 = i64::MAX as i128;

/// What the server says of text that does not look like a quantity.
pub const FORMAT_WRONG: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_WRONG: &str = "unable to parse quantity's suffix";

const DECIMAL: &[(&str, i32)] = &[("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: &[(&str, u32)] = &[("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Decimal,
    Binary,
    Exponent,
}

/// An exact amount (to a billionth) that remembers how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

impl Quantity {
    pub const ZERO: Self = Self { nanos: 0, format: Format::Decimal };

    /// Reads `500m`, `2Gi`, `1e3`.
    ///
    /// # Errors
    /// The API server's sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let t = text.trim();
        if t.is_empty() {
            return Err(FORMAT_WRONG);
        }
        let (negative, t) = match t.as_bytes()[0] {
            b'-' => (true, &t[1..]),
            b'+' => (false, &t[1..]),
            _ => (false, t),
        };
        let digits = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        let whole_end = digits(t);
        let (whole, mut rest) = t.split_at(whole_end);
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let end = digits(after);
            (fraction, rest) = after.split_at(end);
        }
        let (scale, format) = suffix(rest)?;
        if whole.len() > 40 {
            return Ok(Self { nanos: if negative { -MAX_UNITS * NANO } else { MAX_UNITS * NANO }, format });
        }
        let mut value = Exact { number: whole.parse().unwrap_or(0), below: 0 };
        // Fraction digits beyond what can matter only round up.
        let kept = &fraction[..fraction.len().min(20)];
        value.below = kept.len() as i32;
        value.number = value.number.saturating_mul(10i128.saturating_pow(kept.len() as u32)).saturating_add(kept.parse().unwrap_or(0));
        let nanos = value.nanos(scale, fraction.len() > 20).min(MAX_UNITS * NANO);
        Ok(Self { nanos: if negative { -nanos } else { nanos }, format })
    }

    /// Whole units, rounded up, as `Value()`.
    pub fn value(self) -> i128 {
        self.nanos.div_euclid(NANO) + i128::from(self.nanos.rem_euclid(NANO) > 0)
    }
    /// Thousandths, rounded up, as `MilliValue()`.
    pub fn milli(self) -> i128 {
        self.nanos.div_euclid(NANO / 1000) + i128::from(self.nanos.rem_euclid(NANO / 1000) > 0)
    }
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }
    /// Keeps the way in which `self` is written.
    pub fn plus(self, other: Self) -> Self {
        let format = if self.nanos == 0 { other.format } else { self.format };
        Self { nanos: (self.nanos + other.nanos).clamp(-MAX_UNITS * NANO, MAX_UNITS * NANO), format }
    }
    pub fn as_f64(self) -> f64 {
        self.nanos as f64 / NANO as f64
    }
    pub fn cmp_value(self, other: Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// A decimal number: `number` / 10^`below`.
struct Exact {
    number: i128,
    below: i32,
}

enum Scale {
    Ten(i32),
    Two(u32),
}

impl Exact {
    /// Rounded up to a billionth.
    fn nanos(&self, scale: Scale, more: bool) -> i128 {
        let (number, exponent) = match scale {
            Scale::Ten(e) => (self.number, e),
            Scale::Two(bits) => (self.number.saturating_mul(1i128 << bits), 0),
        };
        let shift = exponent - self.below + 9;
        if shift >= 0 {
            number.saturating_mul(10i128.saturating_pow(shift as u32)).saturating_add(i128::from(more))
        } else {
            let by = 10i128.saturating_pow(shift.unsigned_abs());
            number / by + i128::from(number % by > 0 || more)
        }
    }
}

fn suffix(text: &str) -> Result<(Scale, Format), &'static str> {
    let letters = text.find(|c: char| !"eEinumkKMGTP".contains(c)).unwrap_or(text.len());
    let (_, number) = text.split_at(letters);
    let unsigned = number.strip_prefix(['-', '+']).unwrap_or(number);
    if !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FORMAT_WRONG);
    }
    if let Some((_, e)) = DECIMAL.iter().find(|(s, _)| *s == text) {
        return Ok((Scale::Ten(*e), Format::Decimal));
    }
    if let Some((_, bits)) = BINARY.iter().find(|(s, _)| *s == text) {
        return Ok((Scale::Two(*bits), Format::Binary));
    }
    if let Some(e) = text.strip_prefix(['e', 'E']).and_then(|e| e.strip_prefix('+').unwrap_or(e).parse::<i32>().ok()) {
        return Ok((Scale::Ten(e.clamp(-40, 40)), Format::Exponent));
    }
    Err(SUFFIX_WRONG)
}

impl std::fmt::Display for Quantity {
    /// The canonical form: the largest suffix that needs no fraction.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let units = self.nanos / NANO;
        let whole = self.nanos % NANO == 0;
        if self.format == Format::Binary && whole && units.abs() >= 1024 {
            let (mut n, mut step) = (units, 0);
            while n % 1024 == 0 && step < BINARY.len() {
                n /= 1024;
                step += 1;
            }
            return write!(f, "{n}{}", if step == 0 { "" } else { BINARY[step - 1].0 });
        }
        let (mut n, mut exponent) = (self.nanos, -9);
        while n % 1000 == 0 && exponent < 18 {
            n /= 1000;
            exponent += 3;
        }
        if self.format == Format::Exponent {
            return if exponent == 0 { write!(f, "{n}") } else { write!(f, "{n}e{exponent}") };
        }
        write!(f, "{n}{}", DECIMAL.iter().find(|(_, e)| *e == exponent).map_or("", |(s, _)| s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, canonical) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("512", "512"),
            ("1500", "1500"),
            ("2000", "2k"),
            ("100M", "100M"),
            ("1e3", "1e3"),
            ("0", "0"),
            ("0.1n", "1n"),
            ("-1", "-1"),
            ("1Ki", "1Ki"),
            ("0.5Ki", "512"),
            ("Mi", "0"),
            ("100Gi", "100Gi"),
            ("12E", "9223372036854775807"),
        ] {
            assert_eq!(Quantity::parse(text).map(|q| q.to_string()).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn errors() {
        for text in ["", "2GB", "1 Gi", "512MI", "1.2.3", "abc", "0x10"] {
            assert_eq!(Quantity::parse(text), Err(FORMAT_WRONG), "{text}");
        }
        for text in ["1K", "512mi", "1mm", "1Gim"] {
            assert_eq!(Quantity::parse(text), Err(SUFFIX_WRONG), "{text}");
        }
        for text in ["99999999999999999999999999999999999999999999", "1e99", "1e-99", "0.00000000000000000000000000000000001"] {
            assert!(Quantity::parse(text).is_ok(), "{text}");
        }
    }
}
