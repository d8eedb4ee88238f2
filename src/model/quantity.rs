//! Amounts: CPU in thousandths of a core, memory in bytes, as Kubernetes and Docker spell them.

/// Multipliers of Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource/suffix.go), in thousandths.
const SUFFIXES: &[(&str, i128)] = &[
    ("Ki", 1024 * 1000),
    ("Mi", 1024 * 1024 * 1000),
    ("Gi", 1024 * 1024 * 1024 * 1000),
    ("Ti", 1024i128.pow(4) * 1000),
    ("Pi", 1024i128.pow(5) * 1000),
    ("Ei", 1024i128.pow(6) * 1000),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
];

/// A Kubernetes quantity in thousandths of its unit, rounded up as the API server rounds (`500m` → 500, `2` → 2000, `1Ki` → 1024000).
///
/// # Errors
/// The API server's own sentence for text that is no quantity.
pub fn parse_milli(text: &str) -> Result<i128, String> {
    let bad = || "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".to_string();
    let t = text.trim();
    if t.is_empty() || t != text {
        return Err(bad());
    }
    let (negative, t) = match t.as_bytes()[0] {
        b'-' => (true, &t[1..]),
        b'+' => (false, &t[1..]),
        _ => (false, t),
    };
    let end = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
    let (number, suffix) = t.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 20 || fraction.len() > 15 {
        return Err(bad());
    }
    // `n` and `u` are below a thousandth; everything else is an integer multiple of one.
    let (num, den): (i128, i128) = match suffix {
        "" => (1000, 1),
        "u" => (1, 1000),
        "n" => (1, 1_000_000),
        s => match SUFFIXES.iter().find(|(name, _)| *name == s) {
            Some((_, scale)) => (*scale, 1),
            None => {
                let exponent =
                    s.strip_prefix(['e', 'E']).and_then(|e| e.parse::<i32>().ok()).filter(|e| (-9..=18).contains(e)).ok_or_else(bad)?;
                if exponent >= 0 { (1000 * 10i128.pow(exponent as u32), 1) } else { (1000, 10i128.pow(-exponent as u32)) }
            }
        },
    };
    let digits: i128 = format!("0{whole}{fraction}").parse().map_err(|_| bad())?;
    let den = den * 10i128.pow(fraction.len() as u32);
    let value = digits.checked_mul(num).ok_or_else(bad)?;
    let rounded = (value + den - 1) / den;
    Ok(if negative { -rounded } else { rounded })
}

/// CPU in thousandths of a core, rounded up: `500m` → 500, `0.5` → 500, `2` → 2000.
///
/// # Errors
/// The API server's sentence for text that is no quantity.
pub fn parse_cpu_milli(text: &str) -> Result<i64, String> {
    parse_milli(text).map(|v| v.clamp(i64::MIN as i128, i64::MAX as i128) as i64)
}

/// A count or a number of bytes, rounded up: `256Mi` → 268435456.
///
/// # Errors
/// The API server's sentence for text that is no quantity.
pub fn parse_units(text: &str) -> Result<i64, String> {
    parse_milli(text).map(|v| (v.div_euclid(1000) + i128::from(v.rem_euclid(1000) > 0)).clamp(i64::MIN as i128, i64::MAX as i128) as i64)
}

/// A size as people write it in scenarios and compose files: Kubernetes' suffixes, and Docker's `b k m g kb mb gb` (powers of 1024,
/// docker/go-units RAMInBytes). `decimal` reads `MB` as 1 000 000, as image sizes are printed.
///
/// # Errors
/// Completes "… is not a size: ".
pub fn parse_size(text: &str, decimal: bool) -> Result<u64, String> {
    let t = text.trim();
    let end = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
    let (number, suffix) = t.split_at(end);
    let value: f64 = number.parse().map_err(|_| "a number is expected, for example 256Mi or 180MB".to_string())?;
    let unit = suffix.trim();
    let step = |n: u32| if decimal { 1000f64.powi(n as i32) } else { 1024f64.powi(n as i32) };
    let scale = match unit {
        "Ki" | "KiB" => 1024.0,
        "Mi" | "MiB" => 1024f64.powi(2),
        "Gi" | "GiB" => 1024f64.powi(3),
        "Ti" | "TiB" => 1024f64.powi(4),
        _ => match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => step(1),
            "m" | "mb" => step(2),
            "g" | "gb" => step(3),
            "t" | "tb" => step(4),
            other => return Err(format!("unknown unit '{other}'; use Ki, Mi, Gi or kB, MB, GB")),
        },
    };
    let bytes = value * scale;
    if bytes.is_finite() && (0.0..9e18).contains(&bytes) { Ok(bytes.round() as u64) } else { Err("it is out of range".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_quantities() {
        for (t, milli) in [
            ("500m", 500),
            ("2", 2000),
            ("0.5", 500),
            ("1Ki", 1_024_000),
            ("1e3", 1_000_000),
            ("100n", 1),
            ("1.5Gi", 1_610_612_736_000),
            ("-1", -1000),
            ("128M", 128_000_000_000),
        ] {
            assert_eq!(parse_milli(t), Ok(milli), "{t}");
        }
        for t in ["", "x", "1 Gi", "1.2.3", "1GB", "Mi", "0x10"] {
            assert!(parse_milli(t).is_err(), "{t}");
        }
        assert_eq!(parse_units("256Mi"), Ok(268_435_456));
        assert_eq!(parse_units("1m"), Ok(1), "rounded up");
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("180MB", true), Ok(180_000_000));
        assert_eq!(parse_size("40m", false), Ok(41_943_040));
        assert_eq!(parse_size("2Gi", false), Ok(2_147_483_648));
        assert!(parse_size("many", false).is_err());
    }
}
