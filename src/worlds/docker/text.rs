//! Text as the docker CLI prints it: durations, sizes, tables, times.
//!
//! Sources: docker/go-units duration.go and size.go; cli/command/formatter/{displayutils,formatter}.go.

use crate::kernel::{EPOCH, SimDuration, SimTime};

/// go-units HumanDuration.
pub fn human_duration(d: SimDuration) -> String {
    let seconds = d.as_secs();
    let minutes = seconds / 60;
    // Rounded to the nearest hour, as in the source.
    let hours = (d.as_nanos() / 1_000_000_000 + 1800) / 3600;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".into(),
        (1, ..) => "1 second".into(),
        (s, ..) if s < 60 => format!("{s} seconds"),
        (_, 1, _) => "About a minute".into(),
        (_, m, _) if m < 60 => format!("{m} minutes"),
        (.., 1) => "About an hour".into(),
        (.., h) if h < 48 => format!("{h} hours"),
        (.., h) if h < 24 * 7 * 2 => format!("{} days", h / 24),
        (.., h) if h < 24 * 30 * 2 => format!("{} weeks", h / 24 / 7),
        (.., h) if h < 24 * 365 * 2 => format!("{} months", h / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

/// C's `%.{n}g` for a value that is not negative.
fn general(x: f64, digits: usize) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let scientific = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |s: &str| if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.').to_string() } else { s.to_string() };
    if exponent < -4 || exponent >= digits as i32 {
        format!("{}e{}{:02}", trim(mantissa), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    } else {
        trim(&format!("{x:.*}", (digits as i32 - 1 - exponent).max(0) as usize))
    }
}

fn scaled(bytes: u64, base: f64, units: &[&str], digits: usize) -> String {
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    format!("{}{}", general(value, digits), units[unit])
}

/// HumanSizeWithPrecision(…, 3): `187MB`, as images are listed.
pub fn human_size(bytes: u64) -> String {
    scaled(bytes, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"], 3)
}

/// HumanSize: four digits, as `system df` and network traffic are printed.
pub fn human_size4(bytes: u64) -> String {
    scaled(bytes, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"], 4)
}

/// BytesSize: `5.629MiB`, as `docker stats` prints memory.
pub fn bytes_size(bytes: u64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 4)
}

/// The first `n - 1` characters and an ellipsis, if there are more than `n`.
pub fn ellipsis(text: &str, n: usize) -> String {
    if text.chars().count() <= n { text.to_string() } else { text.chars().take(n.saturating_sub(1)).chain(['…']).collect() }
}

/// Go's `%q` for the texts that occur here.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The first 12 digits of an id, without the algorithm.
pub fn short_id(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}

/// A table as the CLI's tabwriter prints it: minimum width 10, padding 3, the last column as it is.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |i: usize| {
        let longest = rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).chain([header[i].chars().count()]).max();
        (longest.unwrap_or(0) + 3).max(10)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<&str> = cells.collect();
        for (i, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if i + 1 < cells.len() {
                out.extend(std::iter::repeat_n(' ', widths[i].saturating_sub(cell.chars().count())));
            }
        }
        out.push('\n');
    };
    line(&mut header.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

/// The date and time of a moment.
fn civil(at: SimTime) -> String {
    let seconds = EPOCH.saturating_add(i64::try_from(at.as_secs()).unwrap_or(i64::MAX));
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "9999-12-31T23:59:59".into(), |t| t.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// RFC 3339 with nine digits: `2026-01-05T09:00:07.000000000Z` (events, `logs -t`).
pub fn rfc3339_nano_fixed(at: SimTime) -> String {
    format!("{}.{:09}Z", civil(at), at.as_nanos() % 1_000_000_000)
}

/// Go's RFC3339Nano, which drops trailing zeros (inspect).
pub fn rfc3339_nano(at: SimTime) -> String {
    let nanos = format!("{:09}", at.as_nanos() % 1_000_000_000);
    let digits = nanos.trim_end_matches('0');
    if digits.is_empty() { format!("{}Z", civil(at)) } else { format!("{}.{digits}Z", civil(at)) }
}

/// RFC 3339 in whole seconds.
pub fn rfc3339(at: SimTime) -> String {
    format!("{}Z", civil(at))
}

/// What Go prints for a time that was never set.
pub const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// Reads `--since`/`--until`: a duration before now, or a timestamp.
pub fn parse_moment(text: &str, now: SimTime) -> Option<SimTime> {
    if let Ok(d) = SimDuration::parse(text) {
        return Some(now - d);
    }
    let ns = if let Ok(t) = text.parse::<jiff::Timestamp>() {
        t.as_nanosecond()
    } else if let Ok(t) = text.parse::<jiff::civil::DateTime>() {
        t.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond()
    } else {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        i128::from(seconds.parse::<i64>().ok()?) * 1_000_000_000 + i128::from(format!("{fraction:0<9}").get(..9)?.parse::<i64>().ok()?)
    };
    let since = ns - i128::from(EPOCH) * 1_000_000_000;
    Some(SimTime::from_nanos(u64::try_from(since.max(0)).ok()?))
}

/// Sorts names so that `web-10` follows `web-9` (fvbommel/sortorder, used by the CLI for networks and services).
pub fn natural_key(text: &str) -> Vec<(u8, u64, String)> {
    let mut key = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        key.push(if digits { (0, part.parse().unwrap_or(u64::MAX), part.to_string()) } else { (1, 0, part.to_string()) });
        rest = tail;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_units() {
        let s = |s| human_duration(SimDuration::from_secs(s));
        for (secs, text) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (3600, "About an hour"),
            (5399, "About an hour"),
            (5400, "2 hours"),
            (170_640, "47 hours"),
            (171_000, "2 days"),
            (14 * 86_400, "2 weeks"),
            (60 * 86_400, "2 months"),
            (800 * 86_400, "2 years"),
        ] {
            assert_eq!(s(secs), text, "{secs}");
        }
    }

    #[test]
    fn sizes_as_go_units() {
        assert_eq!([0, 1090, 187_000_000, 1_980_000, 1_234_567_890].map(human_size), ["0B", "1.09kB", "187MB", "1.98MB", "1.23GB"]);
        assert_eq!([5_902_435, 1 << 31].map(bytes_size), ["5.629MiB", "2GiB"]);
    }

    #[test]
    fn tables_pad_all_but_the_last_column() {
        let t = table(&["DRIVER", "VOLUME NAME"], &[vec!["local".into(), "data".into()]]);
        assert_eq!(t, "DRIVER    VOLUME NAME\nlocal     data\n");
    }

    #[test]
    fn times() {
        assert_eq!(rfc3339_nano_fixed(SimTime::from_millis(7_500)), "2026-01-05T09:00:07.500000000Z");
        assert_eq!(rfc3339_nano(SimTime::from_millis(7_500)), "2026-01-05T09:00:07.5Z");
        assert_eq!(parse_moment("2026-01-05T09:00:07Z", SimTime::ZERO), Some(SimTime::from_secs(7)));
        assert_eq!(parse_moment("3s", SimTime::from_secs(10)), Some(SimTime::from_secs(7)));
        assert_eq!(parse_moment("yesterday", SimTime::ZERO), None);
    }
}
