//! Who can reach whom: hosts, the control plane, the clients; cuts between them.

use std::sync::Arc;

use crate::kernel::{Map, SimTime};
use crate::model::LinkEnd;

/// The cuts in force. Everything else is connected.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// With the moment of each.
    cuts: Map<(LinkEnd, LinkEnd), SimTime>,
    changes: u64,
    /// Names do not resolve while true.
    pub dns_down: bool,
}

impl Network {
    /// Cuts the link between two ends, both ways.
    pub fn cut(&mut self, a: LinkEnd, b: LinkEnd, now: SimTime) {
        self.cuts.entry(order(a, b)).or_insert(now);
        self.changes += 1;
    }
    pub fn mend(&mut self, a: LinkEnd, b: LinkEnd) {
        self.cuts.remove(&order(a, b));
        self.changes += 1;
    }
    /// How often a link was cut or mended.
    pub fn changes(&self) -> u64 {
        self.changes
    }
    /// True if packets get from one end to the other.
    pub fn connected(&self, a: &LinkEnd, b: &LinkEnd) -> bool {
        a == b
            || self.cuts.is_empty()
            || (!self.cuts.contains_key(&order(a.clone(), b.clone()))
                && !self.cuts.contains_key(&order(a.clone(), LinkEnd::Everyone))
                && !self.cuts.contains_key(&order(b.clone(), LinkEnd::Everyone)))
    }
    /// Since when no packet gets from one end to the other; None while they do.
    pub fn cut_since(&self, a: &LinkEnd, b: &LinkEnd) -> Option<SimTime> {
        if self.connected(a, b) {
            return None;
        }
        let ends = [(a, b), (a, &LinkEnd::Everyone), (b, &LinkEnd::Everyone)];
        ends.into_iter().filter_map(|(a, b)| self.cuts.get(&order(a.clone(), b.clone()))).min().copied()
    }
    /// Shorthand for two hosts.
    pub fn hosts_connected(&self, a: &Arc<str>, b: &Arc<str>) -> bool {
        a == b || self.connected(&LinkEnd::Host(a.clone()), &LinkEnd::Host(b.clone()))
    }
}

fn order(a: LinkEnd, b: LinkEnd) -> (LinkEnd, LinkEnd) {
    if a <= b { (a, b) } else { (b, a) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_mutual_and_everyone_is_everyone() {
        let (a, b) = (LinkEnd::Host("a".into()), LinkEnd::Host("b".into()));
        let mut n = Network::default();
        n.cut(b.clone(), LinkEnd::ControlPlane, SimTime::from_secs(1));
        assert!(!n.connected(&LinkEnd::ControlPlane, &b) && n.connected(&a, &b));
        n.cut(a.clone(), LinkEnd::Everyone, SimTime::from_secs(2));
        assert!(!n.connected(&a, &b) && n.connected(&a, &a));
        n.cut(a.clone(), LinkEnd::Everyone, SimTime::from_secs(3));
        assert_eq!((n.cut_since(&a, &b), n.cut_since(&a, &a)), (Some(SimTime::from_secs(2)), None), "the first cut counts");
        n.mend(LinkEnd::Everyone, a.clone());
        assert_eq!(n.cut_since(&a, &b), None);
        assert!(n.connected(&a, &b));
    }
}
