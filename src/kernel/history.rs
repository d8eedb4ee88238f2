//! History: checkpoints of a state, from which any earlier moment is reached by replaying.
//!
//! The state is one cheaply cloned value; what drives it (external inputs) is replayed by its owner.

/// A saved state at a position (the number of steps taken so far).
#[derive(Clone, Debug)]
struct Checkpoint<S> {
    step: u64,
    state: S,
}

/// Checkpoints in ascending order, thinned so that old ones are far apart and recent ones close together.
#[derive(Clone, Debug)]
pub struct History<S> {
    points: Vec<Checkpoint<S>>,
    spacing: u64,
    capacity: usize,
}

impl<S: Clone> History<S> {
    /// Keeps about `capacity` checkpoints, one every `spacing` steps to begin with.
    pub fn new(spacing: u64, capacity: usize) -> Self {
        Self { points: Vec::new(), spacing: spacing.max(1), capacity: capacity.max(4) }
    }

    /// Keeps at most about so many from now on: states that grow large are kept less often.
    pub fn limit(&mut self, capacity: usize) {
        self.capacity = capacity.max(4);
    }

    /// True if a checkpoint at `step` is due.
    pub fn wants(&self, step: u64) -> bool {
        self.points.last().is_none_or(|p| step >= p.step.saturating_add(self.spacing))
    }

    /// Saves `state`, which stands at `step`.
    pub fn save(&mut self, step: u64, state: S) {
        self.forget_after(step);
        if self.points.last().is_some_and(|p| p.step == step) {
            return;
        }
        self.points.push(Checkpoint { step, state });
        while self.points.len() > self.capacity {
            // Every second checkpoint of the older half goes; the first and the recent half stay.
            let half = self.points.len() / 2;
            let mut i = 0;
            self.points.retain(|_| {
                i += 1;
                i == 1 || i > half || i % 2 == 1
            });
        }
    }

    /// The newest checkpoint at or before `step`.
    pub fn at_or_before(&self, step: u64) -> Option<(u64, &S)> {
        let n = self.points.partition_point(|p| p.step <= step);
        self.points[..n].last().map(|p| (p.step, &p.state))
    }

    /// The newest checkpoint for which `earlier` holds; it must hold for a prefix.
    pub fn last_where(&self, earlier: impl Fn(&S) -> bool) -> Option<(u64, &S)> {
        let n = self.points.partition_point(|p| earlier(&p.state));
        self.points[..n].last().map(|p| (p.step, &p.state))
    }

    /// Drops what lies after `step`: the future is about to be written anew.
    pub fn forget_after(&mut self, step: u64) {
        let n = self.points.partition_point(|p| p.step <= step);
        self.points.truncate(n);
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_keeps_only_its_first_checkpoint() {
        let mut h = History::new(u64::MAX, 4);
        h.save(7, 7);
        assert!(!h.wants(8) && !h.wants(u64::MAX - 1));
    }

    #[test]
    fn a_smaller_limit_thins_at_once() {
        let mut h = History::new(1, 64);
        (0..60u64).for_each(|step| h.save(step, step));
        h.limit(8);
        h.save(60, 60);
        assert!(h.len() <= 8, "{}", h.len());
        assert_eq!((h.at_or_before(60), h.at_or_before(0)), (Some((60, &60)), Some((0, &0))));
    }

    #[test]
    fn keeps_the_first_and_the_recent() {
        let mut h = History::new(1, 8);
        for step in 0..1000u64 {
            assert!(h.wants(step));
            h.save(step, step);
        }
        assert!(h.len() <= 9);
        assert_eq!(h.at_or_before(999), Some((999, &999)));
        assert_eq!(h.at_or_before(0), Some((0, &0)));
        let (step, _) = h.at_or_before(500).unwrap();
        assert!(step <= 500);
        h.forget_after(step);
        assert_eq!(h.at_or_before(u64::MAX).unwrap().0, step);
    }
}
