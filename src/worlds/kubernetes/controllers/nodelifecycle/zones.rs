//! Zones and their disruption modes: how fast nodes are tainted when many are silent at once.
//! Follows: node_lifecycle_controller.go (ComputeZoneState, handleDisruption, setLimiterInZone).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::{Map, SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{Node, Tri};

use super::{Manager, remove_taints, wake_loop};

/// --large-cluster-size-threshold
const LARGE: usize = 50;
/// --unhealthy-zone-threshold 0.55, in hundredths
const UNHEALTHY_PERCENT: usize = 55;
/// --node-eviction-rate 0.1 per second
const NORMAL: SimDuration = SimDuration::from_secs(10);
/// --secondary-node-eviction-rate 0.01 per second
const SECONDARY: SimDuration = SimDuration::from_secs(100);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Initial,
    Normal,
    Partial,
    Full,
}

/// One zone: its mode and its rate limiter (a bucket of one).
#[derive(Clone, Debug)]
struct Zone {
    mode: Mode,
    /// One node per so long; None = none at all.
    every: Option<SimDuration>,
    next: SimTime,
}

/// All zones.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones {
    zones: Map<Name, Zone>,
}

/// Region and zone of a node (GetZoneKey); nodes without labels share one.
fn zone_of(node: &Node) -> Name {
    let label = |key: &str| node.meta.label(key).unwrap_or("");
    let (region, zone) = (label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone"));
    if region.is_empty() && zone.is_empty() { "".into() } else { format!("{region}:\u{0}:{zone}").into() }
}

/// Ready and other nodes per zone, in one pass.
#[derive(Default)]
pub(super) struct Count {
    /// zone → (ready, not ready)
    zones: BTreeMap<Name, (usize, usize)>,
}

impl Count {
    pub fn add(&mut self, node: &Node, ready: Option<Tri>) {
        let slot = self.zones.entry(zone_of(node)).or_default();
        if node.meta.label("node.kubernetes.io/exclude-disruption").is_some() {
            return;
        }
        if ready == Some(Tri::True) { slot.0 += 1 } else { slot.1 += 1 }
    }
}

/// ComputeZoneState
fn mode(ready: usize, not_ready: usize) -> Mode {
    if ready == 0 && not_ready > 0 {
        Mode::Full
    } else if not_ready > 2 && not_ready * 100 >= UNHEALTHY_PERCENT * (ready + not_ready) {
        Mode::Partial
    } else {
        Mode::Normal
    }
}

impl Zones {
    /// Takes a token of the node's zone; Err = when the next one comes (MAX: not before the mode changes).
    pub fn try_take(&mut self, node: &Node, now: SimTime) -> Result<(), SimTime> {
        let zone = self.zones.entry(zone_of(node)).or_insert(Zone { mode: Mode::Initial, every: Some(NORMAL), next: SimTime::ZERO });
        let Some(every) = zone.every else { return Err(SimTime::MAX) };
        if zone.next > now {
            return Err(zone.next);
        }
        zone.next = now + every;
        Ok(())
    }

    fn all_full(&self) -> bool {
        self.zones.values().all(|z| z.mode == Mode::Full)
    }

    fn set_rate(&mut self, name: &Name, every: Option<SimDuration>, now: SimTime) {
        if let Some(z) = self.zones.get_mut(name)
            && z.every != every
        {
            // A swapped limiter starts with its one token.
            z.every = every;
            z.next = now;
        }
    }
}

pub(super) fn handle_disruption(m: &mut Manager, count: &Count, nodes: &[Arc<Node>], now: SimTime, ctl: &mut Ctl) {
    if count.zones.is_empty() {
        return;
    }
    let fresh: BTreeMap<Name, Mode> = count.zones.iter().map(|(z, (r, n))| (z.clone(), mode(*r, *n))).collect();
    let all_full = fresh.values().all(|m| *m == Mode::Full);
    let zones = &mut m.nodes.zones;
    for name in fresh.keys() {
        if !zones.zones.contains_key(name) {
            zones.zones.insert(name.clone(), Zone { mode: Mode::Initial, every: Some(NORMAL), next: SimTime::ZERO });
        }
    }
    let was_full = zones.all_full();
    if all_full && !was_full {
        // Every zone is silent: rather our own fault than theirs. Nothing is evicted (master disruption).
        for name in fresh.keys() {
            zones.set_rate(name, None, now);
        }
        for node in nodes {
            let _ = remove_taints(node, "every zone is silent: nobody is evicted", ctl);
        }
    } else if was_full && !all_full {
        // Back from that: everybody gets the full grace again.
        let names: Vec<Name> = m.nodes.health.keys().cloned().collect();
        for name in names {
            if let Some(h) = m.nodes.health.get_mut(&name) {
                h.probed = now;
            }
        }
    }
    if !all_full {
        for (name, mode) in &fresh {
            let (ready, not_ready) = count.zones[name];
            let every = match mode {
                Mode::Initial | Mode::Normal | Mode::Full => Some(NORMAL),
                Mode::Partial if ready + not_ready > LARGE => Some(SECONDARY),
                Mode::Partial => None,
            };
            m.nodes.zones.set_rate(name, every, now);
        }
        wake_loop(m, ctl);
    }
    for (name, mode) in fresh {
        if let Some(z) = m.nodes.zones.zones.get_mut(&name) {
            z.mode = mode;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_of_upstream() {
        assert_eq!(mode(0, 3), Mode::Full);
        assert_eq!(mode(1, 2), Mode::Normal, "two are never a disruption while one is left");
        assert_eq!(mode(1, 3), Mode::Partial);
        assert_eq!(mode(45, 55), Mode::Partial);
        assert_eq!(mode(46, 54), Mode::Normal);
        assert_eq!(mode(3, 0), Mode::Normal);
    }

    #[test]
    fn a_zone_gives_one_token_per_ten_seconds() {
        let (mut zones, node) = (Zones::default(), Node::named("n".into()));
        let t = SimTime::from_secs;
        assert_eq!(zones.try_take(&node, t(60)), Ok(()));
        assert_eq!(zones.try_take(&node, t(61)), Err(t(70)));
        assert_eq!(zones.try_take(&node, t(70)), Ok(()));
        zones.set_rate(&"".into(), None, t(71));
        assert_eq!(zones.try_take(&node, t(99)), Err(SimTime::MAX));
    }
}
