//! What time it is, for practice: which moment, and which day that is where the person sits.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::session::progress::Now;

/// The moment of this call. `WHEELHOUSE_NOW` (`2026-11-20T18:00:00Z`, or with a zone: `2026-11-20T18:00:00[Europe/Berlin]`) stands in
/// for the clock, so that tests and demonstrations choose their day.
pub fn now() -> Now {
    let chosen = std::env::var("WHEELHOUSE_NOW").ok();
    let stands_in = chosen.and_then(|text| {
        let zoned = text.parse::<Zoned>().map(|z| (z.timestamp(), z.time_zone().clone()));
        zoned.or_else(|_| text.parse::<Timestamp>().map(|at| (at, TimeZone::UTC))).ok()
    });
    let (at, zone) = stands_in.unwrap_or_else(|| (Timestamp::now(), TimeZone::system()));
    Now::local(at, &zone)
}
