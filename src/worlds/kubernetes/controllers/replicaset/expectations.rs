//! What a controller has asked for and not yet seen: while it waits, it does not ask again.
//! Follows: pkg/controller/controller_utils.go (ControllerExpectations, UIDTrackingControllerExpectations).

use crate::kernel::{Map, Set, SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::Key;

/// ExpectationsTimeout: a lost watch event must not block for ever.
const TIMEOUT: SimDuration = SimDuration::from_secs(300);

/// Pending creations and deletions per owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations {
    by_owner: Map<Key, Expected>,
}

#[derive(Clone, Debug)]
struct Expected {
    creations: i64,
    deletions: Set<Key>,
    since: SimTime,
}

impl Expectations {
    /// True if everything asked for was seen, or the wait has been too long.
    pub fn satisfied(&self, owner: &Key, now: SimTime) -> bool {
        self.by_owner.get(owner).is_none_or(|e| (e.creations <= 0 && e.deletions.is_empty()) || now.since(e.since) > TIMEOUT)
    }
    pub fn expect_creations(&mut self, owner: &Key, n: usize, now: SimTime) {
        self.by_owner.insert(owner.clone(), Expected { creations: n as i64, deletions: Set::new(), since: now });
    }
    pub fn expect_deletions(&mut self, owner: &Key, pods: &[Key], now: SimTime) {
        self.by_owner.insert(owner.clone(), Expected { creations: 0, deletions: pods.iter().cloned().collect(), since: now });
    }
    /// One creation was seen, or failed, or will not be tried.
    pub fn created(&mut self, owner: &Key) {
        if let Some(e) = self.by_owner.get_mut(owner) {
            e.creations -= 1;
        }
    }
    pub fn deleted(&mut self, owner: &Key, pod: &Key) {
        if let Some(e) = self.by_owner.get_mut(owner) {
            e.deletions.remove(pod);
        }
    }
    pub fn forget(&mut self, owner: &Key) {
        self.by_owner.remove(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_what_was_asked() {
        let (mut e, owner, now) = (Expectations::default(), Key::new("d", "rs"), SimTime::from_secs(1));
        assert!(e.satisfied(&owner, now));
        e.expect_creations(&owner, 2, now);
        e.created(&owner);
        assert!(!e.satisfied(&owner, now));
        assert!(e.satisfied(&owner, now + SimDuration::from_secs(301)));
        e.created(&owner);
        assert!(e.satisfied(&owner, now));
        let pod = Key::new("d", "p");
        e.expect_deletions(&owner, std::slice::from_ref(&pod), now);
        assert!(!e.satisfied(&owner, now));
        e.deleted(&owner, &pod);
        assert!(e.satisfied(&owner, now));
    }
}
