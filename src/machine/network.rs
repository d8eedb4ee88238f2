//! Who can reach whom: hosts, the control plane, the clients; cuts between them.

use std::sync::Arc;

use crate::kernel::Set;
use crate::model::LinkEnd;

/// The cuts in force. Everything else is connected.
#[derive(Clone, Debug, Default)]
pub struct Network {
    cuts: Set<(LinkEnd, LinkEnd)>,
    /// Names do not resolve while true.
    pub dns_down: bool,
}

impl Network {
    /// Cuts the link between two ends, both ways.
    pub fn cut(&mut self, a: LinkEnd, b: LinkEnd) {
        self.cuts.insert(order(a, b));
    }
    pub fn mend(&mut self, a: LinkEnd, b: LinkEnd) {
        self.cuts.remove(&order(a, b));
    }
    /// True if packets get from one end to the other.
    pub fn connected(&self, a: &LinkEnd, b: &LinkEnd) -> bool {
        a == b
            || self.cuts.is_empty()
            || (!self.cuts.contains(&order(a.clone(), b.clone()))
                && !self.cuts.contains(&order(a.clone(), LinkEnd::Everyone))
                && !self.cuts.contains(&order(b.clone(), LinkEnd::Everyone)))
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
        n.cut(b.clone(), LinkEnd::ControlPlane);
        assert!(!n.connected(&LinkEnd::ControlPlane, &b) && n.connected(&a, &b));
        n.cut(a.clone(), LinkEnd::Everyone);
        assert!(!n.connected(&a, &b) && n.connected(&a, &a));
        n.mend(LinkEnd::Everyone, a.clone());
        assert!(n.connected(&a, &b));
    }
}
