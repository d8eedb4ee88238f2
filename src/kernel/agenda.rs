//! The agenda: what happens next, in the total order (time, sequence number).

use super::journal::RecordId;
use super::store::Map;
use super::time::SimTime;

/// Names one entry of an agenda, to cancel it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    at: SimTime,
    seq: u64,
}

/// An entry that is due: when, why, and what.
#[derive(Clone, Debug)]
pub struct Due<E> {
    pub at: SimTime,
    pub cause: Option<RecordId>,
    pub event: E,
}

/// Pending events of one actor or world. Cloning it costs nothing.
#[derive(Clone, Debug)]
pub struct Agenda<E: Clone> {
    entries: Map<(SimTime, u64), (Option<RecordId>, E)>,
    next_seq: u64,
}

impl<E: Clone> Default for Agenda<E> {
    fn default() -> Self {
        Self { entries: Map::new(), next_seq: 0 }
    }
}

impl<E: Clone> Agenda<E> {
    /// Plans `event` for `at`; entries of one moment come out in the order in which they were planned.
    pub fn schedule(&mut self, at: SimTime, cause: Option<RecordId>, event: E) -> Token {
        let token = Token { at, seq: self.next_seq };
        self.next_seq += 1;
        self.entries.insert((token.at, token.seq), (cause, event));
        token
    }

    /// Takes an entry back. False if it already ran or was cancelled.
    pub fn cancel(&mut self, token: Token) -> bool {
        self.entries.remove(&(token.at, token.seq)).is_some()
    }

    /// The moment of the next entry.
    pub fn next_at(&self) -> Option<SimTime> {
        self.entries.get_min().map(|((at, _), _)| *at)
    }

    /// Takes the next entry out.
    pub fn pop(&mut self) -> Option<Due<E>> {
        let key = self.entries.get_min().map(|(k, _)| *k)?;
        let (cause, event) = self.entries.remove(&key)?;
        Some(Due { at: key.0, cause, event })
    }

    /// Drops every entry whose event `keep` refuses: timers of something that is no more.
    pub fn retain(&mut self, keep: impl Fn(&E) -> bool) {
        let gone: Vec<_> = self.entries.iter().filter(|(_, (_, e))| !keep(e)).map(|(k, _)| *k).collect();
        for key in gone {
            self.entries.remove(&key);
        }
    }

    /// Entries still pending, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SimTime, &E)> {
        self.entries.iter().map(|((at, _), (_, e))| (*at, e))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_moment_keeps_order_and_cancel_works() {
        let mut a = Agenda::default();
        let t = SimTime::from_secs;
        a.schedule(t(2), None, "c");
        a.schedule(t(1), None, "a");
        let gone = a.schedule(t(1), None, "x");
        a.schedule(t(1), None, "b");
        assert!(a.cancel(gone));
        assert!(!a.cancel(gone));
        let saved = a.clone();
        let order: Vec<_> = std::iter::from_fn(|| a.pop().map(|d| d.event)).collect();
        assert_eq!(order, ["a", "b", "c"]);
        assert_eq!(saved.len(), 3, "a clone is untouched");
    }
}
