//! Between the virtual clock and the wall-clock times of the API's own types.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::kernel::{SimDuration, SimTime};

/// The wall-clock moment at which every scenario begins: 2026-01-05T09:00:00Z, a Monday morning.
pub const EPOCH: i64 = 1_767_603_600;

/// A moment as the API prints it: whole seconds, as `metav1.Time` is serialised.
pub fn to_time(at: SimTime) -> Time {
    Time(Timestamp::from_second(EPOCH.saturating_add(at.as_secs() as i64)).unwrap_or(Timestamp::MAX))
}

/// A printed time back on the virtual clock; times before the scenario began become its start.
pub fn from_time(time: &Time) -> SimTime {
    let ns = time.0.as_nanosecond() - i128::from(EPOCH) * 1_000_000_000;
    SimTime::from_nanos(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
}

/// The moment rounded down to the second: what a component reads back from the API.
pub fn whole_second(at: SimTime) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(at.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(to_time(SimTime::ZERO).0.to_string(), "2026-01-05T09:00:00Z");
        let t = SimTime::from_millis(61_500);
        assert_eq!(from_time(&to_time(t)), whole_second(t));
    }
}
