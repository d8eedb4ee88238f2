//! The taint eviction controller: pods leave a node with a NoExecute taint when their toleration runs out.
//! Follows: pkg/controller/tainteviction/taint_eviction.go.

use k8s_openapi::api::core::v1::Toleration;

use crate::kernel::journal::Entry;
use crate::kernel::{Map, RecordType, SimDuration, SimTime};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Condition, Node, Object, Pod, Taint, TaintEffect, Tri, Typed};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::Node, Kind::Pod];

/// Evictions under way, by pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    planned: Map<Key, Plan>,
}

#[derive(Clone, Debug)]
struct Plan {
    uid: Name,
    at: SimTime,
}

impl State {
    /// When this pod will be deleted because of its node's taints.
    pub(crate) fn eviction_at(&self, pod: &Key) -> Option<SimTime> {
        self.planned.get(pod).map(|p| p.at)
    }
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Node(node) => {
            let before = event.old.as_ref().and_then(Node::of).map(|n| evicting(n)).unwrap_or_default();
            if event.new.is_some() && before != evicting(node) {
                m.add(Id::TaintEviction, Item::new(Kind::Node, node.meta.key()), ctl);
            }
        }
        Object::Pod(pod) => {
            let old = event.old.as_ref().and_then(Pod::of);
            if event.new.is_none() {
                m.taints.planned.remove(&pod.meta.key());
            } else if pod.node.is_some() && old.is_none_or(|o| o.node != pod.node || o.spec.tolerations != pod.spec.tolerations) {
                m.add(Id::TaintEviction, Item::new(Kind::Pod, pod.meta.key()), ctl);
            }
        }
        _ => {}
    }
}

/// Only NoExecute evicts.
fn evicting(node: &Node) -> Vec<(Name, Name)> {
    node.taints.iter().filter(|t| t.effect == TaintEffect::NoExecute).map(|t| (t.key.clone(), t.value.clone())).collect()
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    if item.kind == Kind::Node {
        let pods: Vec<Key> = m.cache.pods_on(&item.key.name).map(|p| p.meta.key()).collect();
        for key in pods {
            look_at(m, &key, ctl);
            if let Some(plan) = m.taints.planned.get(&key) {
                let wait = plan.at.since(ctl.cx.now);
                let pod = Item::new(Kind::Pod, key);
                // The plan's record is the cause of what happens when it is due.
                if wait == SimDuration::ZERO { m.add(Id::TaintEviction, pod, ctl) } else { m.add_after(Id::TaintEviction, pod, wait, ctl) }
            }
        }
        return Ok(Next::Done);
    }
    look_at(m, &item.key, ctl);
    match m.taints.planned.get(&item.key).cloned() {
        None => Ok(Next::Done),
        Some(plan) if plan.at > ctl.cx.now => Ok(Next::After(plan.at.since(ctl.cx.now))),
        Some(plan) => {
            evict(&item.key, &plan, m, ctl)?;
            m.taints.planned.remove(&item.key);
            Ok(Next::Done)
        }
    }
}

/// Plans, keeps or cancels the eviction of one pod (processPodOnNode).
fn look_at(m: &mut Manager, key: &Key, ctl: &mut Ctl) {
    let Some(pod) = m.cache.typed::<Pod>(key).cloned() else {
        m.taints.planned.remove(key);
        return;
    };
    if m.taints.planned.get(key).is_some_and(|p| p.uid != pod.meta.uid) {
        m.taints.planned.remove(key);
    }
    let Some(name) = &pod.node else { return };
    let taints: Vec<Taint> = m
        .cache
        .typed::<Node>(&Key::new("", name.clone()))
        .map(|n| n.taints.iter().filter(|t| t.effect == TaintEffect::NoExecute).cloned().collect())
        .unwrap_or_default();
    let tolerations = pod.spec.tolerations.as_deref().unwrap_or_default();
    let verdict = patience(&taints, tolerations);
    let planned = m.taints.planned.contains_key(key);
    match verdict {
        None => {
            if m.taints.planned.remove(key).is_some() {
                let message = format!("Cancelling deletion of Pod {}/{}", pod.meta.namespace, pod.meta.name);
                ctl.event(&Object::Pod(pod), false, "TaintManagerEviction", &message);
            }
        }
        // The clock started when the taint was first seen; a later look does not restart it.
        Some(_) if planned => {}
        Some(wait) => {
            let at = ctl.cx.now + wait;
            m.taints.planned.insert(key.clone(), Plan { uid: pod.meta.uid.clone(), at });
            let why: Vec<&str> = taints.iter().map(|t| &*t.key).collect();
            let message = if wait == SimDuration::ZERO {
                format!("does not tolerate {}:NoExecute", why.join(", "))
            } else {
                format!("tolerates {}:NoExecute for {wait}: will be deleted at {}", why.join(", "), at.clock())
            };
            let entry = Entry::new(RecordType::Decision, ctl.actor.clone(), "EvictionPlanned", Object::Pod(pod).reference(), message);
            ctl.cx.record_as_cause(entry);
        }
    }
}

/// How long a pod may stay: None = for ever.
fn patience(taints: &[Taint], tolerations: &[Toleration]) -> Option<SimDuration> {
    if taints.is_empty() {
        return None;
    }
    let mut shortest: Option<i64> = None;
    for taint in taints {
        match tolerations.iter().find(|t| tolerates(t, taint)) {
            None => return Some(SimDuration::ZERO),
            Some(Toleration { toleration_seconds: Some(s), .. }) => shortest = Some(shortest.map_or(*s, |x| x.min(*s))),
            Some(_) => {}
        }
    }
    shortest.map(|s| SimDuration::from_secs(s.max(0) as u64))
}

/// Toleration.ToleratesTaint (staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go)
fn tolerates(t: &Toleration, taint: &Taint) -> bool {
    let effect = match taint.effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    };
    let (key, wanted) = (t.key.as_deref().unwrap_or(""), t.effect.as_deref().unwrap_or(""));
    (wanted.is_empty() || wanted == effect)
        && (key.is_empty() || key == &*taint.key)
        && match t.operator.as_deref().unwrap_or("") {
            "Exists" => true,
            "" | "Equal" => t.value.as_deref().unwrap_or("") == &*taint.value,
            _ => false,
        }
}

fn evict(key: &Key, plan: &Plan, m: &Manager, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some(cached) = m.cache.typed::<Pod>(key).cloned() else { return Ok(()) };
    let message = format!("Marking for deletion Pod {}/{}", key.namespace, key.name);
    ctl.event(&Object::Pod(cached), false, "TaintManagerEviction", &message);
    let Some(live) = ctl.api.store.typed::<Pod>(key).cloned().filter(|p| p.meta.uid == plan.uid) else { return Ok(()) };
    let words = "Taint manager: deleting due to NoExecute taint";
    let mut copy = Pod::clone(&live);
    copy.status.conditions.retain(|c| &*c.kind != "DisruptionTarget");
    copy.status.conditions.push(Condition {
        kind: "DisruptionTarget".into(),
        status: Tri::True,
        reason: Some("DeletionByTaintManager".into()),
        message: Some(words.into()),
        last_transition: ctl.cx.now,
        last_heartbeat: None,
        observed_generation: Some(live.meta.generation),
    });
    let gone = |e: &ApiError| e.code == 404;
    match ctl.update_status(copy, "condition DisruptionTarget: its deletion is announced") {
        Err(e) if !gone(&e) => return Err(e),
        _ => {}
    }
    match ctl.delete(Kind::Pod, key, DeleteOptions::default(), words) {
        Err(e) if !gone(&e) => Err(e),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_the_shortest_toleration_that_is_used() {
        let taint = |key: &str| Taint { key: key.into(), value: "".into(), effect: TaintEffect::NoExecute, time_added: None };
        let toleration = |key: &str, seconds| Toleration {
            key: Some(key.into()),
            operator: Some("Exists".into()),
            effect: Some("NoExecute".into()),
            toleration_seconds: seconds,
            value: None,
        };
        assert_eq!(patience(&[], &[]), None);
        assert_eq!(patience(&[taint("a")], &[]), Some(SimDuration::ZERO));
        assert_eq!(patience(&[taint("a")], &[toleration("a", None)]), None);
        let both = [toleration("a", Some(300)), toleration("b", Some(30)), toleration("c", Some(1))];
        assert_eq!(patience(&[taint("a"), taint("b")], &both), Some(SimDuration::from_secs(30)));
        assert_eq!(patience(&[taint("a"), taint("x")], &both), Some(SimDuration::ZERO));
        assert_eq!(patience(&[taint("c")], &[toleration("c", Some(-5))]), Some(SimDuration::ZERO));
    }
}
