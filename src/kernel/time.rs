//! Virtual time: integer nanoseconds since the start of the scenario. No wall clock anywhere.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::Serialize;

/// A moment on the virtual clock, in nanoseconds since the scenario began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of virtual time in nanoseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

/// The wall-clock second (since 1970) that virtual time zero stands for: 2026-01-05T09:00:00Z, a Monday morning. Every world prints it.
pub const EPOCH: i64 = 1_767_603_600;

const NS: u64 = 1_000_000_000;

impl SimTime {
    pub const ZERO: Self = Self(0);
    /// Later than anything that is ever scheduled.
    pub const MAX: Self = Self(u64::MAX);

    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }
    pub const fn from_secs(s: u64) -> Self {
        Self(s * NS)
    }
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }
    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / NS
    }
    /// Seconds as a number, for printing and expressions only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS as f64
    }
    /// The time elapsed since `earlier`, zero if that lies in the future.
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
    /// `mm:ss`, or `h:mm:ss` from one hour on: the clock of the journal panes.
    pub fn clock(self) -> String {
        let s = self.as_secs();
        if s >= 3600 { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) } else { format!("{:02}:{:02}", s / 60, s % 60) }
    }
    /// Rounded down to the second: what a component reads back from an API that prints whole seconds.
    pub const fn whole_second(self) -> Self {
        Self(self.0 / NS * NS)
    }
    /// `hh:mm:ss.mmm`: the clock of the title bar.
    pub fn clock_millis(self) -> String {
        let s = self.as_secs();
        format!("{:02}:{:02}:{:02}.{:03}", s / 3600, s / 60 % 60, s % 60, self.as_millis() % 1000)
    }
}

impl SimDuration {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(u64::MAX);

    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1000)
    }
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }
    pub const fn from_secs(s: u64) -> Self {
        Self(s * NS)
    }
    /// Rounds to the nearest nanosecond; negative and non-finite values become zero.
    pub fn from_secs_f64(s: f64) -> Self {
        if s.is_finite() && s > 0.0 { Self((s * NS as f64).round().min(u64::MAX as f64) as u64) } else { Self::ZERO }
    }
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }
    pub const fn as_secs(self) -> u64 {
        self.0 / NS
    }
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS as f64
    }
    pub const fn saturating_mul(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// `self * num / den` without overflow; `den` must not be 0.
    pub const fn scaled(self, num: u64, den: u64) -> Self {
        let v = self.0 as u128 * num as u128 / den as u128;
        Self(if v > u64::MAX as u128 { u64::MAX } else { v as u64 })
    }

    /// Reads a duration in Go's form (`1h30m`, `250ms`, `1.5s`); a bare `0` is allowed.
    ///
    /// # Errors
    /// Says what was wrong in words that complete "… is not a duration: ".
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = text.trim();
        if all == "0" {
            return Ok(Self::ZERO);
        }
        if all.starts_with('-') {
            return Err("a duration cannot be negative".into());
        }
        if all.is_empty() {
            return Err("it is empty; write for example 90s, 5m or 1h30m".into());
        }
        let (mut rest, mut total) = (all, 0u128);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let unit_len = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let scale: u128 = match unit {
                "ns" => 1,
                "us" | "µs" => 1_000,
                "ms" => 1_000_000,
                "s" => NS as u128,
                "m" => 60 * NS as u128,
                "h" => 3600 * NS as u128,
                "d" => 86_400 * NS as u128,
                "" => return Err(format!("'{number}' has no unit; write {number}s, {number}m or {number}h")),
                other => return Err(format!("unknown unit '{other}'; use ms, s, m, h or d")),
            };
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            if number.is_empty() || (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
                return Err("a number is missing before the unit".into());
            }
            let parse = |s: &str| if s.is_empty() { Ok(0) } else { s.parse::<u128>().map_err(|_| "the number is too long".to_string()) };
            if whole.len() > 18 || fraction.len() > 18 {
                return Err("the number is too long".into());
            }
            total += parse(whole)? * scale + parse(fraction)? * scale / 10u128.pow(fraction.len() as u32);
            rest = tail;
        }
        u64::try_from(total).map(Self).map_err(|_| "it is longer than 584 years".into())
    }
}

/// Go's form, shortened for people: `1h30m`, `5m10s`, `1.25s`, `250ms`, `0s`.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0;
        if ns == 0 {
            return f.write_str("0s");
        }
        if ns < 1_000_000 {
            return write!(f, "{}µs", ns / 1000);
        }
        if ns < NS {
            return write!(f, "{}ms", ns / 1_000_000);
        }
        let (h, m, s, ms) = (ns / NS / 3600, ns / NS / 60 % 60, ns / NS % 60, ns / 1_000_000 % 1000);
        if h > 0 {
            write!(f, "{h}h")?;
        }
        if m > 0 {
            write!(f, "{m}m")?;
        }
        if s > 0 || ms > 0 {
            if ms > 0 {
                let text = format!("{s}.{ms:03}");
                write!(f, "{}s", text.trim_end_matches('0'))?;
            } else {
                write!(f, "{s}s")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clock())
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, d: SimDuration) -> Self {
        Self(self.0.saturating_add(d.0))
    }
}
impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, d: SimDuration) {
        *self = *self + d;
    }
}
impl Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, d: SimDuration) -> Self {
        Self(self.0.saturating_sub(d.0))
    }
}
impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: Self) -> SimDuration {
        self.since(earlier)
    }
}
impl Add for SimDuration {
    type Output = Self;
    fn add(self, d: Self) -> Self {
        Self(self.0.saturating_add(d.0))
    }
}
impl AddAssign for SimDuration {
    fn add_assign(&mut self, d: Self) {
        *self = *self + d;
    }
}

impl Serialize for SimTime {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.as_secs_f64())
    }
}
impl Serialize for SimDuration {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, ms) in
            [("90s", 90_000), ("1h30m", 5_400_000), ("250ms", 250), ("1.5s", 1500), ("0", 0), ("2m0.25s", 120_250), (".5s", 500)]
        {
            assert_eq!(SimDuration::parse(text).map(|d| d.as_millis()), Ok(ms), "{text}");
        }
        for text in ["", "5", "-3s", "3 s x", "1.2.3s", "s", "9999999999999h", "1e9s", "∞"] {
            assert!(SimDuration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["1h30m", "5m10s", "1.25s", "250ms", "0s", "12m"] {
            assert_eq!(SimDuration::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(SimTime::from_millis(171_300).clock_millis(), "00:02:51.300");
        assert_eq!(SimTime::from_secs(3661).clock(), "1:01:01");
    }
}
