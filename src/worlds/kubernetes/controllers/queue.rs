//! Work queues as client-go has them: one entry per object, retries with back-off, delayed adds; and the client's rate limit.
//! Follows: staging/src/k8s.io/client-go/util/workqueue, staging/src/k8s.io/client-go/util/flowcontrol.

use crate::kernel::{Map, SimDuration, SimTime, Token};
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::kinds::Kind;

/// What lies in a queue: the object to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    pub kind: Kind,
    pub key: Key,
}

impl Item {
    pub fn new(kind: Kind, key: Key) -> Self {
        Self { kind, key }
    }
}

/// From an informer's event to the worker that takes the key: scheduling of goroutines, well below a watch's latency.
pub const PICK_UP: SimDuration = SimDuration::from_millis(1);
/// One write through the API server to etcd and back; a worker is busy with its key for that long per write.
pub const API_WRITE: SimDuration = SimDuration::from_millis(3);
/// workqueue.DefaultTypedItemBasedRateLimiter: first retry, and the cap of the doubling.
const RETRY_BASE: SimDuration = SimDuration::from_millis(5);
const RETRY_MAX: SimDuration = SimDuration::from_secs(1000);

/// One controller's queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Waiting for a worker.
    pub queued: Map<Item, Token>,
    /// To be added later; only the earliest moment counts.
    pub delayed: Map<Item, (SimTime, Token)>,
    /// Failures in a row.
    pub failures: Map<Item, u32>,
    /// A worker is still writing for this key.
    pub busy: Map<Item, SimTime>,
    pub bucket: Bucket,
}

impl Queue {
    /// The delay before the next try of an item that just failed; counts the failure.
    pub fn back_off(&mut self, item: &Item) -> SimDuration {
        let n = self.failures.entry(item.clone()).or_insert(0);
        let delay = SimDuration::from_nanos(RETRY_BASE.as_nanos().saturating_mul(1u64 << (*n).min(30))).min(RETRY_MAX);
        *n += 1;
        delay
    }
    /// When a worker may take the item at the earliest.
    pub fn free_at(&self, item: &Item, now: SimTime) -> SimTime {
        let busy = self.busy.get(item).copied().unwrap_or(now);
        busy.max(now + PICK_UP)
    }
}

/// A client's token bucket (`--kube-api-qps`, `--kube-api-burst`), kept as the moment at which it would be full again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    full_at: SimTime,
}

impl Bucket {
    /// How long the next request has to wait.
    pub fn wait(&self, now: SimTime, interval: SimDuration, burst: u32) -> SimDuration {
        let capacity = interval.saturating_mul(u64::from(burst.max(1)));
        (self.full_at.max(now) + interval).since(now).saturating_sub(capacity)
    }
    /// Takes `n` tokens, going into debt if need be (a reservation).
    pub fn charge(&mut self, n: u64, now: SimTime, interval: SimDuration) {
        self.full_at = self.full_at.max(now) + interval.saturating_mul(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_lets_the_burst_through_then_paces() {
        let (mut b, every) = (Bucket::default(), SimDuration::from_millis(50));
        let now = SimTime::from_secs(5);
        for _ in 0..30 {
            assert_eq!(b.wait(now, every, 30), SimDuration::ZERO);
            b.charge(1, now, every);
        }
        assert_eq!(b.wait(now, every, 30), every);
        assert_eq!(b.wait(now + every, every, 30), SimDuration::ZERO);
    }

    #[test]
    fn back_off_doubles_from_five_milliseconds() {
        let mut q = Queue::default();
        let item = Item::new(Kind::Deployment, Key::new("default", "web"));
        let delays: Vec<u64> = (0..4).map(|_| q.back_off(&item).as_millis()).collect();
        assert_eq!(delays, [5, 10, 20, 40]);
        for _ in 0..30 {
            q.back_off(&item);
        }
        assert_eq!(q.back_off(&item), RETRY_MAX);
    }
}
