//! How long ago, in few characters. Follows: apimachinery/pkg/util/duration/duration.go, HumanDuration.

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::Epoch;

/// `43s`, `5m48s`, `67m`, `3h12m`, `25h`, `4d5h`, `33d`, `2y3d`.
fn human_seconds(s: i64) -> String {
    let two = |a: i64, unit: &str, b: i64, small: &str| if b == 0 { format!("{a}{unit}") } else { format!("{a}{unit}{b}{small}") };
    let (m, h, d) = (s / 60, s / 3600, s / 86_400);
    match s {
        ..-1 => "<invalid>".into(),
        -1 => "0s".into(),
        0..120 => format!("{s}s"),
        120..600 => two(m, "m", s % 60, "s"),
        600..10_800 => format!("{m}m"),
        10_800..28_800 => two(h, "h", m % 60, "m"),
        28_800..172_800 => format!("{h}h"),
        172_800..691_200 => two(d, "d", h % 24, "h"),
        691_200..63_072_000 => format!("{d}d"),
        63_072_000..252_288_000 => two(d / 365, "y", d % 365, "d"),
        _ => format!("{}y", d / 365),
    }
}

/// Age of a timestamp in JSON; `<unknown>` if there is none.
pub(in crate::worlds::kubernetes::console) fn since(timestamp: &str, now: SimTime, epoch: Epoch) -> String {
    let Some(seconds) = elapsed(timestamp, now, epoch) else { return "<unknown>".into() };
    human_seconds(seconds)
}

/// Whole seconds since a timestamp.
pub(super) fn elapsed(timestamp: &str, now: SimTime, epoch: Epoch) -> Option<i64> {
    let then = timestamp.parse::<jiff::Timestamp>().ok()?;
    let now = epoch.micro_time(now).0;
    // Go's int(d.Seconds()) rounds towards zero.
    Some(((now.as_nanosecond() - then.as_nanosecond()) / 1_000_000_000) as i64)
}

/// From one timestamp to another.
pub(in crate::worlds::kubernetes::console) fn between(from: &str, to: &str) -> Option<String> {
    let (a, b) = (from.parse::<jiff::Timestamp>().ok()?, to.parse::<jiff::Timestamp>().ok()?);
    Some(human_seconds(b.as_second() - a.as_second()))
}

/// `Sat, 21 Nov 2026 00:33:27 +0000` (Go's RFC1123Z), what describe prints of a timestamp.
pub(in crate::worlds::kubernetes::console) fn long(timestamp: &str) -> String {
    match timestamp.parse::<jiff::Timestamp>() {
        Ok(t) => t.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        Err(_) => "Mon, 01 Jan 0001 00:00:00 +0000".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_table() {
        for (s, text) in [
            (70, "70s"),
            (119, "119s"),
            (120, "2m"),
            (190, "3m10s"),
            (599, "9m59s"),
            (601, "10m"),
            (4200, "70m"),
            (10_799, "179m"),
            (10_860, "3h1m"),
            (28_740, "7h59m"),
            (32_340, "8h"),
            (169_200, "47h"),
            (176_400, "2d1h"),
            (687_600, "7d23h"),
            (774_000, "8d"),
            (31_708_800, "367d"),
            (63_072_000 + 82_800, "2y"),
            (63_072_000 + 90_000, "2y1d"),
            (252_288_000 + 31_449_600, "8y"),
        ] {
            assert_eq!(human_seconds(s), text, "{s}");
        }
        assert_eq!(long("2026-11-21T00:33:27Z"), "Sat, 21 Nov 2026 00:33:27 +0000");
        assert_eq!(long(""), "Mon, 01 Jan 0001 00:00:00 +0000");
    }
}
