//! Traffic: clients that send requests at a rate that changes over time.

use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};

/// One stream of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficSpec {
    pub name: Arc<str>,
    /// What the clients call: a service of the app, by the name both worlds know it under (`shop`, `shop:8080`, `fraud/fraud-detection`).
    pub to: Arc<str>,
    pub rate: Rate,
    pub timeout: SimDuration,
    /// How often a failed request is sent again at once.
    pub retries: u32,
    /// Connections are kept open, so that a client stays with its backend until that goes away.
    pub keep_alive: bool,
    pub from: SimTime,
    pub until: SimTime,
}

/// Requests per second over time; times count from the start of the scenario. Rates are in requests per 1000 s to stay whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    Constant(u64),
    /// Straight lines between points (time, rate), constant before the first and after the last.
    Curve(Vec<(SimTime, u64)>),
    /// A day: `low` at the start of the period, `high` in its middle, a cosine between (piecewise linear in 24 parts).
    Daily {
        low: u64,
        high: u64,
        period: SimDuration,
    },
}

impl Rate {
    /// Requests per 1000 seconds at `t`.
    pub fn at(&self, t: SimTime) -> u64 {
        match self {
            Self::Constant(r) => *r,
            Self::Curve(points) => {
                let n = points.partition_point(|(at, _)| *at <= t);
                match (n.checked_sub(1).map(|i| points[i]), points.get(n).copied()) {
                    (Some((t0, r0)), Some((t1, r1))) => {
                        let (done, span) = ((t - t0).as_nanos() as i128, (t1 - t0).as_nanos().max(1) as i128);
                        (r0 as i128 + (r1 as i128 - r0 as i128) * done / span) as u64
                    }
                    (Some((_, r)), None) | (None, Some((_, r))) => r,
                    (None, None) => 0,
                }
            }
            Self::Daily { low, high, period } => {
                let step = period.as_nanos().max(24) / 24;
                let phase = t.as_nanos() % (step * 24);
                let level = |i: u64| {
                    // (1 - cos x) / 2 at multiples of 15°, in thousandths: a table, because libm's last bit may differ between platforms.
                    const RISE: [u64; 13] = [0, 17, 67, 146, 250, 371, 500, 629, 750, 854, 933, 983, 1000];
                    let k = if i <= 12 { i } else { 24 - i } as usize;
                    low + high.saturating_sub(*low) * RISE[k] / 1000
                };
                let (i, within) = (phase / step, phase % step);
                let (a, b) = (level(i) as i128, level(i + 1) as i128);
                (a + (b - a) * within as i128 / step as i128) as u64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves() {
        let t = SimTime::from_secs;
        let r = Rate::Curve(vec![(t(10), 1000), (t(20), 3000)]);
        assert_eq!([r.at(t(0)), r.at(t(10)), r.at(t(15)), r.at(t(99))], [1000, 1000, 2000, 3000]);
        assert_eq!(Rate::Curve(vec![]).at(t(1)), 0);
        let day = Rate::Daily { low: 0, high: 1000, period: SimDuration::from_secs(24) };
        assert_eq!([day.at(t(0)), day.at(t(12)), day.at(t(6)), day.at(t(24))], [0, 1000, 500, 0]);
    }
}
