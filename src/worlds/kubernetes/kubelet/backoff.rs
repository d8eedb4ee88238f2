//! Exponential waiting (staging/src/k8s.io/client-go/util/flowcontrol/backoff.go), for crashing containers and failing pulls.

use crate::kernel::{SimDuration, SimTime};

/// pkg/kubelet/kubelet.go, initialBackOffPeriod and imageBackOffPeriod
pub const INITIAL: SimDuration = SimDuration::from_secs(10);
/// pkg/kubelet/kubelet.go, MaxContainerBackOff (and MaxImageBackOff)
pub const LONGEST: SimDuration = SimDuration::from_secs(300);

/// One series of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    pub wait: SimDuration,
    pub updated: SimTime,
}

/// When the series allows another try after something that happened at `since`; None = it does not hold it back.
pub fn held_until(series: Option<BackOff>, since: SimTime, now: SimTime) -> Option<SimTime> {
    let b = series.filter(|b| !b.forgotten(since))?;
    let until = since + b.wait;
    (now < until).then_some(until)
}

/// Makes the series longer, or begins it (anew, if it was quiet for twice the longest wait).
pub fn grow(series: &mut Option<BackOff>, since: SimTime, now: SimTime) {
    let wait = match series {
        Some(b) if !b.forgotten(since) => b.wait.saturating_mul(2).min(LONGEST),
        _ => INITIAL,
    };
    *series = Some(BackOff { wait, updated: now });
}

impl BackOff {
    fn forgotten(&self, since: SimTime) -> bool {
        since.since(self.updated) > LONGEST.saturating_mul(2)
    }
}

/// As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`.
pub fn go_seconds(d: SimDuration) -> String {
    let s = d.as_secs();
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(s: u64) -> SimTime {
        SimTime::from_secs(s)
    }

    #[test]
    fn doubles_to_five_minutes_and_forgets_after_ten() {
        let mut b = None;
        let mut waits = Vec::new();
        let mut now = t(1);
        for _ in 0..7 {
            assert_eq!(held_until(b, now, now + b.map_or(SimDuration::ZERO, |b: BackOff| b.wait)), None);
            grow(&mut b, now, now);
            waits.push(go_seconds(b.unwrap().wait));
            now += b.unwrap().wait;
        }
        assert_eq!(waits, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]);
        assert!(held_until(b, now, now).is_some());
        // Ten minutes after the last entry a new series begins.
        let later = b.unwrap().updated + SimDuration::from_secs(601);
        assert_eq!(held_until(b, later, later), None);
        grow(&mut b, later, later);
        assert_eq!(b.unwrap().wait, INITIAL);
    }
}
