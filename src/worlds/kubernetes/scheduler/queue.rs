//! The scheduling queue: active, back-off and unschedulable pools (pkg/scheduler/backend/queue). Pods come out by priority, then by
//! how long they wait (PrioritySort).

use std::cmp::Reverse;
use std::sync::Arc;

use crate::kernel::{Map, RecordId, Set, SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::Key;

use super::cache::Cache;
use super::events::{ClusterEvent, Hint};
use super::pod::PodInfo;
use super::profile::Profile;

/// podInitialBackoffSeconds
const INITIAL_BACKOFF: SimDuration = SimDuration::from_secs(1);
/// podMaxBackoffSeconds
const MAX_BACKOFF: SimDuration = SimDuration::from_secs(10);
/// podMaxInUnschedulablePodsDuration
const MAX_UNSCHEDULABLE: SimDuration = SimDuration::from_secs(300);
/// How often leftovers of the unschedulable pool are looked for.
pub const LEFTOVER_PERIOD: u64 = 30;

/// Where a pod waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    Active,
    /// Rejected by plugins and woken since, waits for its back-off.
    Backoff,
    /// An attempt failed for another reason than a plugin.
    ErrorBackoff,
    Unschedulable,
    /// Kept out by a PreEnqueue plugin.
    Gated,
}

/// A pod in the queue.
#[derive(Clone, Debug)]
pub struct Queued {
    pub info: Arc<PodInfo>,
    pub pool: Pool,
    /// When it last entered the queue.
    pub timestamp: SimTime,
    seq: u64,
    pub attempts: u32,
    pub unschedulable_count: u32,
    pub error_count: u32,
    /// Plugins that rejected it last.
    pub rejected_by: Arc<Vec<usize>>,
    /// The record that makes its next attempt worth while.
    pub cause: Option<RecordId>,
    expiry: SimTime,
}

type ActiveKey = (Reverse<i32>, SimTime, u64, Key);
type BackoffKey = (SimTime, Reverse<i32>, SimTime, u64, Key);

/// The queue. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    pods: Map<Key, Queued>,
    active: Set<ActiveKey>,
    backoff: Set<BackoffKey>,
    error_backoff: Set<BackoffKey>,
    /// Rejected by plugins.
    unschedulable: Set<Key>,
    seq: u64,
}

impl Queued {
    fn active_key(&self) -> ActiveKey {
        (Reverse(self.info.priority), self.timestamp, self.seq, self.info.key())
    }
    fn backoff_key(&self) -> BackoffKey {
        // Pods of the error pool are ordered by expiry only.
        let priority = if self.pool == Pool::Backoff { self.info.priority } else { 0 };
        (self.expiry, Reverse(priority), self.timestamp, self.seq, self.info.key())
    }
}

impl Queued {
    /// Its place among all that wait: what is tried next comes first.
    pub(super) fn place(&self) -> impl Ord {
        let waits = match self.pool {
            Pool::Active => 0,
            Pool::Backoff | Pool::ErrorBackoff => 1,
            Pool::Unschedulable => 2,
            Pool::Gated => 3,
        };
        (waits, self.back_off_ends(), self.active_key())
    }

    /// The whole second at which the flush lets it go; None if it is not in back-off.
    pub fn back_off_ends(&self) -> Option<SimTime> {
        matches!(self.pool, Pool::Backoff | Pool::ErrorBackoff).then(|| self.expiry + SimDuration::from_secs(1))
    }
}

/// How long a pod waits after its n-th failure.
pub fn backoff(failures: u32) -> SimDuration {
    if failures == 0 {
        return SimDuration::ZERO;
    }
    let shift = (failures - 1).min(32);
    INITIAL_BACKOFF.saturating_mul(1 << shift).min(MAX_BACKOFF)
}

impl Queue {
    pub fn get(&self, key: &Key) -> Option<&Queued> {
        self.pods.get(key)
    }
    pub fn iter(&self) -> impl Iterator<Item = &Queued> {
        self.pods.values()
    }
    pub fn len(&self) -> usize {
        self.pods.len()
    }
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }
    /// Something could be popped at once.
    pub fn has_ready(&self) -> bool {
        !self.active.is_empty() || !self.backoff.is_empty()
    }

    fn put(&mut self, q: Queued) {
        match q.pool {
            Pool::Active => {
                self.active.insert(q.active_key());
            }
            Pool::Backoff => {
                self.backoff.insert(q.backoff_key());
            }
            Pool::ErrorBackoff => {
                self.error_backoff.insert(q.backoff_key());
            }
            Pool::Unschedulable => {
                self.unschedulable.insert(q.info.key());
            }
            Pool::Gated => {}
        }
        self.pods.insert(q.info.key(), q);
    }

    /// Takes a pod out of whichever pool it is in.
    pub fn remove(&mut self, key: &Key) -> Option<Queued> {
        let q = self.pods.remove(key)?;
        match q.pool {
            Pool::Active => {
                self.active.remove(&q.active_key());
            }
            Pool::Backoff => {
                self.backoff.remove(&q.backoff_key());
            }
            Pool::ErrorBackoff => {
                self.error_backoff.remove(&q.backoff_key());
            }
            Pool::Unschedulable => {
                self.unschedulable.remove(key);
            }
            Pool::Gated => {}
        }
        Some(q)
    }

    /// A new pod.
    pub fn add(&mut self, info: Arc<PodInfo>, profile: &Profile, now: SimTime, cause: Option<RecordId>) {
        self.remove(&info.key());
        let gated = profile.enabled().any(|(_, p)| p.pre_enqueue(&info).is_some());
        let q = Queued {
            info,
            pool: if gated { Pool::Gated } else { Pool::Active },
            timestamp: now,
            seq: self.next_seq(),
            attempts: 0,
            unschedulable_count: 0,
            error_count: 0,
            rejected_by: Arc::default(),
            cause,
            expiry: now,
        };
        self.put(q);
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// A waiting pod changed.
    pub fn update(&mut self, info: Arc<PodInfo>, profile: &Profile, cache: &Cache, now: SimTime, cause: Option<RecordId>) {
        let Some(mut q) = self.pods.get(&info.key()).cloned() else { return self.add(info, profile, now, cause) };
        let old = self.remove(&q.info.key()).map_or_else(|| q.info.clone(), |o| o.info);
        q.info = info;
        if q.pool == Pool::Gated && !profile.enabled().any(|(_, p)| p.pre_enqueue(&q.info).is_some()) {
            q.pool = Pool::Active;
            q.timestamp = now;
            q.cause = cause;
        } else if q.pool == Pool::Unschedulable {
            let event = ClusterEvent::Own(old, q.info.clone());
            let own = |p: &usize| profile.plugins[*p].plugin.hint(&event, &q.info, cache) == Hint::Queue;
            if q.rejected_by.iter().any(own) {
                self.requeue(&mut q, now, cause);
            }
        }
        self.put(q);
    }

    /// Sets the pool of a pod that is worth another attempt: back-off, or active if that is over.
    fn requeue(&mut self, q: &mut Queued, now: SimTime, cause: Option<RecordId>) {
        q.cause = cause;
        q.pool = if q.expiry >= now.whole_second() && q.unschedulable_count > 0 { Pool::Backoff } else { Pool::Active };
    }

    /// The next pod for a cycle. With nothing active, the head of the back-off heap comes early (SchedulerPopFromBackoffQ).
    /// A cycle is one moment here, so upstream's list of events seen during an attempt has nothing to hold.
    pub fn pop(&mut self) -> Option<Queued> {
        let key = match self.active.get_min() {
            Some(k) => k.3.clone(),
            None => self.backoff.get_min()?.4.clone(),
        };
        let mut q = self.remove(&key)?;
        q.attempts += 1;
        Some(q)
    }

    /// The attempt failed: by plugins, or for another reason if there are none.
    pub fn failed(&mut self, mut q: Queued, rejected_by: Vec<usize>, now: SimTime) {
        q.timestamp = now;
        q.seq = self.next_seq();
        q.rejected_by = Arc::new(rejected_by);
        if q.rejected_by.is_empty() {
            q.error_count += 1;
            q.expiry = (now + backoff(q.error_count)).whole_second();
            q.pool = Pool::ErrorBackoff;
        } else {
            q.error_count = 0;
            q.unschedulable_count += 1;
            q.expiry = (now + backoff(q.unschedulable_count)).whole_second();
            q.pool = Pool::Unschedulable;
        }
        self.put(q);
    }

    /// A change of the cluster: whoever may fit now comes back.
    pub fn on_event(&mut self, event: &ClusterEvent, profile: &Profile, cache: &Cache, now: SimTime, cause: Option<RecordId>) {
        let rejected = self.unschedulable.iter().filter(|k| self.pods.get(*k).is_some_and(|q| wakes(q, event, profile, cache)));
        let woken: Vec<Key> = rejected.cloned().collect();
        for key in woken {
            if let Some(mut q) = self.remove(&key) {
                self.requeue(&mut q, now, cause);
                self.put(q);
            }
        }
    }

    /// Pods whose back-off is over become active (every whole second).
    pub fn flush_backoff(&mut self, now: SimTime) {
        let edge = now.whole_second();
        for errors in [false, true] {
            loop {
                let heap = if errors { &self.error_backoff } else { &self.backoff };
                let Some(key) = heap.get_min().filter(|k| k.0 < edge).map(|k| k.4.clone()) else { break };
                if let Some(mut q) = self.remove(&key) {
                    q.pool = Pool::Active;
                    self.put(q);
                }
            }
        }
    }

    /// The next whole second at which a back-off is over.
    pub fn next_flush(&self) -> Option<SimTime> {
        let heads = self.backoff.get_min().into_iter().chain(self.error_backoff.get_min());
        heads.map(|k| k.0 + SimDuration::from_secs(1)).min()
    }

    /// Pods that nothing woke for five minutes are tried again anyway.
    pub fn flush_unschedulable(&mut self, now: SimTime) {
        let stale = |k: &&Key| self.pods.get(*k).is_some_and(|q| now.since(q.timestamp) > MAX_UNSCHEDULABLE);
        let keys: Vec<Key> = self.unschedulable.iter().filter(stale).cloned().collect();
        for key in keys {
            if let Some(mut q) = self.remove(&key) {
                let cause = q.cause;
                self.requeue(&mut q, now, cause);
                self.put(q);
            }
        }
    }

    /// When the next leftover is due: a multiple of 30 s after its five minutes.
    pub fn next_leftover(&self) -> Option<SimTime> {
        let waiting = self.unschedulable.iter().filter_map(|k| self.pods.get(k));
        let earliest = waiting.map(|q| q.timestamp + MAX_UNSCHEDULABLE).min()?;
        Some(SimTime::from_secs((earliest.as_secs() / LEFTOVER_PERIOD + 1) * LEFTOVER_PERIOD))
    }

    /// Keys of all waiting pods in the order in which they would be tried.
    pub fn in_order(&self) -> Vec<Key> {
        self.active.iter().map(|k| k.3.clone()).collect()
    }
}

fn wakes(q: &Queued, event: &ClusterEvent, profile: &Profile, cache: &Cache) -> bool {
    q.rejected_by.iter().any(|p| profile.plugins[*p].plugin.hint(event, &q.info, cache) == Hint::Queue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::kubernetes::scheduler::testing;

    #[test]
    fn back_off_doubles_to_ten_seconds() {
        let series: Vec<u64> = (0..8).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(series, [0, 1, 2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn order_is_priority_then_time() {
        let profile = Profile::default();
        let mut q = Queue::default();
        for (name, priority, t) in [("late", 0, 2), ("high", 5, 3), ("early", 0, 1)] {
            q.add(testing::named(name, priority), &profile, SimTime::from_secs(t), None);
        }
        let names: Vec<String> = std::iter::from_fn(|| q.pop().map(|p| p.info.pod.meta.name.to_string())).collect();
        assert_eq!(names, ["high", "early", "late"]);
    }

    #[test]
    fn window_of_the_reference() {
        // Rejected at 12.7 s for the first time: the back-off ends at 13 s, is still on at 13.2 s, and the flush at 14.0 s lets it go.
        let profile = Profile::default();
        let mut q = Queue::default();
        q.add(testing::named("p", 0), &profile, SimTime::from_millis(12_700), None);
        let popped = q.pop().unwrap();
        q.failed(popped, vec![], SimTime::from_millis(12_700));
        assert_eq!(q.next_flush(), Some(SimTime::from_secs(14)));
        q.flush_backoff(SimTime::from_millis(13_200));
        assert!(!q.has_ready());
        q.flush_backoff(SimTime::from_secs(14));
        assert!(q.has_ready());
    }
}
