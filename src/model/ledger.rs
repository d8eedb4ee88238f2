//! The ledger of one world: every request counted once, every second remembered.
//!
//! Requests are whole numbers and are conserved: sent = ok + failed + in flight, at every moment.

use std::sync::Arc;

use crate::kernel::{List, Map, SimDuration, SimTime};

use super::request::FailReason;

/// Counts of one second (by the time at which the outcome was known).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Second {
    pub sent: u32,
    pub ok: u32,
    pub failed: u32,
    /// The reason that failed most in this second.
    pub worst: Option<FailReason>,
    worst_count: u32,
}

/// One stream of traffic in one world.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub sent: u64,
    pub ok: u64,
    pub failed: u64,
    pub failed_by_reason: Map<FailReason, u64>,
    pub seconds: List<Second>,
}

/// Requests of one world, by stream and in all.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub streams: Map<Arc<str>, Stream>,
    pub total: Stream,
    latency: Map<u32, u64>,
}

impl Stream {
    pub fn in_flight(&self) -> u64 {
        self.sent - self.ok - self.failed
    }
    /// ok / (ok + failed); None before the first outcome.
    pub fn availability(&self) -> Option<f64> {
        let done = self.ok + self.failed;
        (done > 0).then(|| self.ok as f64 / done as f64)
    }
    fn second(&mut self, at: SimTime) -> &mut Second {
        let i = at.as_secs() as usize;
        while self.seconds.len() <= i {
            self.seconds.push_back(Second::default());
        }
        self.seconds.get_mut(i).expect("grown above")
    }
    /// Requests that failed in `[from, to)`, whole seconds.
    pub fn failed_between(&self, from: SimTime, to: SimTime) -> u64 {
        let (a, b) = (from.as_secs() as usize, (to.as_nanos().div_ceil(1_000_000_000) as usize).min(self.seconds.len()));
        (a..b).map(|i| u64::from(self.seconds[i].failed)).sum()
    }
}

impl Ledger {
    pub fn sent(&mut self, stream: &Arc<str>, at: SimTime, n: u32) {
        for s in [self.streams.entry(stream.clone()).or_default(), &mut self.total] {
            s.sent += u64::from(n);
            s.second(at).sent += n;
        }
    }

    /// `n` requests were answered well after `latency`.
    pub fn ok(&mut self, stream: &Arc<str>, at: SimTime, n: u32, latency: SimDuration) {
        for s in [self.streams.entry(stream.clone()).or_default(), &mut self.total] {
            s.ok += u64::from(n);
            s.second(at).ok += n;
        }
        *self.latency.entry(bucket(latency)).or_default() += u64::from(n);
    }

    pub fn failed(&mut self, stream: &Arc<str>, at: SimTime, n: u32, why: FailReason) {
        for s in [self.streams.entry(stream.clone()).or_default(), &mut self.total] {
            s.failed += u64::from(n);
            *s.failed_by_reason.entry(why).or_default() += u64::from(n);
            let sec = s.second(at);
            sec.failed += n;
            if sec.worst == Some(why) {
                sec.worst_count += n;
            } else if n > sec.worst_count {
                (sec.worst, sec.worst_count) = (Some(why), n);
            }
        }
    }

    /// The latency below which `num/den` of the answered requests lie, to about 3 %.
    pub fn latency_quantile(&self, num: u64, den: u64) -> Option<SimDuration> {
        let total: u64 = self.latency.values().sum();
        let rank = (total * num).div_ceil(den).max(1);
        let mut seen = 0;
        self.latency.iter().find_map(|(b, n)| {
            seen += n;
            (total > 0 && seen >= rank).then(|| bucket_value(*b))
        })
    }

    /// Seconds in which any request failed.
    pub fn impaired_s(&self) -> u64 {
        self.total.seconds.iter().filter(|s| s.failed > 0).count() as u64
    }
    /// Seconds in which more than half of the outcomes were failures. The second that has just begun is not judged: its first outcomes
    /// are the time-outs, which fall on whole seconds.
    pub fn downtime_s(&self, now: SimTime) -> u64 {
        self.total.seconds.iter().take(now.as_secs() as usize).filter(|s| s.failed > s.ok).count() as u64
    }
    /// The longest run of seconds in which requests failed; seconds without any outcome do not end it.
    pub fn longest_outage_s(&self) -> u64 {
        let (mut longest, mut run, mut silent) = (0, 0, 0);
        for s in &self.total.seconds {
            match (s.failed > 0, s.ok + s.failed) {
                (true, _) => {
                    run += 1 + silent;
                    silent = 0;
                    longest = longest.max(run);
                }
                (false, 0) if run > 0 => silent += 1,
                _ => (run, silent) = (0, 0),
            }
        }
        longest
    }
}

/// Log-linear buckets: 32 per doubling, in microseconds, so that quantiles need no floating point and every platform agrees.
fn bucket(d: SimDuration) -> u32 {
    let us = (d.as_nanos() / 1000).max(1);
    let top = 63 - us.leading_zeros();
    if top < 5 { us as u32 } else { (top - 4) * 32 + ((us >> (top - 5)) & 31) as u32 }
}

fn bucket_value(b: u32) -> SimDuration {
    if b < 32 {
        return SimDuration::from_micros(u64::from(b));
    }
    let (top, low) = (b / 32 + 4, u64::from(b % 32));
    SimDuration::from_micros((32 + low) << (top - 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conserves_and_measures() {
        let mut l = Ledger::default();
        let s: Arc<str> = "shoppers".into();
        let t = SimTime::from_secs;
        l.sent(&s, t(0), 100);
        l.ok(&s, t(0), 60, SimDuration::from_millis(15));
        l.failed(&s, t(2), 30, FailReason::Timeout);
        l.failed(&s, t(2), 5, FailReason::Reset);
        assert_eq!(l.total.in_flight(), 5);
        assert_eq!((l.impaired_s(), l.downtime_s(t(3)), l.longest_outage_s()), (1, 1, 1));
        assert_eq!(l.downtime_s(t(2)), 0, "the second is not over");
        assert_eq!(l.total.seconds[2].worst, Some(FailReason::Timeout));
        assert_eq!(l.streams["shoppers"].failed_between(t(1), t(3)), 35);
        assert_eq!(l.streams["shoppers"].failed_between(t(0), t(2)), 0);
        let p50 = l.latency_quantile(1, 2).unwrap().as_millis();
        assert!((14..=15).contains(&p50), "{p50}");
    }

    #[test]
    fn buckets_are_monotonous_and_close() {
        let mut last = 0;
        for us in (1..100_000u64).step_by(7) {
            let b = bucket(SimDuration::from_micros(us));
            assert!(b >= last);
            last = b;
            let back = bucket_value(b).as_nanos() / 1000;
            assert!(back <= us && us - back <= us / 16 + 1, "{us} {back}");
        }
    }
}
