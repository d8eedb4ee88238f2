//! The clients: one stream of whole requests each, the same for every world.

use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};
use crate::model::{Rate, TrafficSpec};
use crate::worlds::Arrival;

/// How often clients send. Short against every timeout and start-up time, long enough that an idle lab costs nothing.
pub const TICK: SimDuration = SimDuration::from_millis(100);

/// One stream's state.
#[derive(Clone, Debug)]
pub struct Clients {
    pub spec: Arc<TrafficSpec>,
    /// Requests owed, in parts of 10¹² (rate per 1000 s × nanoseconds), so that no fraction is ever lost.
    owed: u128,
    /// Spikes multiply the rate; percent.
    pub scale_percent: u32,
}

const ONE_REQUEST: u128 = 1_000_000_000_000;

impl Clients {
    pub fn new(spec: TrafficSpec) -> Self {
        Self { spec: Arc::new(spec), owed: 0, scale_percent: 100 }
    }

    /// Another rate (requests per 1000 s), reached in a straight line over `over`.
    pub fn change(&mut self, now: SimTime, rate: u64, over: SimDuration) {
        let from = self.spec.rate.at(now);
        Arc::make_mut(&mut self.spec).rate = Rate::Curve(vec![(now, from), (now + over.max(SimDuration::from_nanos(1)), rate)]);
    }

    /// The requests of the tick that begins now.
    pub fn arrival(&mut self, now: SimTime) -> Option<Arrival> {
        if now < self.spec.from || now >= self.spec.until {
            return None;
        }
        let rate = u128::from(self.spec.rate.at(now)) * u128::from(self.scale_percent) / 100;
        self.owed += rate * u128::from(TICK.as_nanos());
        let count = (self.owed / ONE_REQUEST) as u32;
        self.owed %= ONE_REQUEST;
        (count > 0).then(|| Arrival {
            stream: self.spec.name.clone(),
            to: self.spec.to.clone(),
            count,
            timeout: self.spec.timeout,
            keep_alive: self.spec.keep_alive,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_is_lost_or_invented() {
        let spec = TrafficSpec {
            name: "s".into(),
            to: "shop".into(),
            rate: Rate::Constant(7_333),
            timeout: SimDuration::from_secs(1),
            retries: 0,
            keep_alive: false,
            from: SimTime::ZERO,
            until: SimTime::MAX,
        };
        let mut c = Clients::new(spec);
        let sent: u64 = (0..10_000).filter_map(|i| c.arrival(SimTime::from_millis(i * 100))).map(|a| u64::from(a.count)).sum();
        assert_eq!(sent, 7_333, "7.333 requests per second for 1000 s");
    }
}
