//! The pod garbage collector: pods whose node is gone, pods deleted before they ever ran, and finished pods beyond a number.
//! Follows: pkg/controller/podgc/gc_controller.go.

use std::sync::Arc;

use crate::kernel::{Map, SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Condition, Node, Pod, PodPhase, Tri};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Config, Ctl, DeleteOptions};

use super::Manager;

/// gcCheckPeriod
const PERIOD: SimDuration = SimDuration::from_secs(20);
/// quarantineTime: so long a node must have been missing.
const QUARANTINE: SimDuration = SimDuration::from_secs(40);
/// --terminated-pod-gc-threshold
const FINISHED_THRESHOLD: usize = 12_500;
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Nodes that pods name and nobody has seen, since when.
    missing: Map<Name, SimTime>,
}

pub(super) fn period(_: &Config) -> SimDuration {
    PERIOD
}

pub(super) fn tick(m: &mut Manager, ctl: &mut Ctl) {
    let cache = m.cache.clone();
    crate::worlds::kubernetes::events::expire(ctl);
    collect_finished(&cache, ctl);
    let now = ctl.cx.now;
    let exists = |name: &Name| cache.typed::<Node>(&Key::new("", name.clone()));
    let mut missing: Map<Name, SimTime> = Map::new();
    // Nothing is to be done about pods on a machine that is there and in service.
    let mut pods: Vec<&Arc<Pod>> = Vec::new();
    for node in cache.nodes_of_pods().filter(|n| exists(n).is_none_or(|n| out_of_service(n))) {
        pods.extend(cache.pods_on(node));
    }
    pods.sort_by_cached_key(|p| p.meta.key());
    for pod in pods {
        match &pod.node {
            None if pod.meta.is_deleting() => force_delete(pod, None, "deleted before it was scheduled", ctl),
            None => {}
            Some(node) => match exists(node) {
                None => {
                    let since = m.pod_gc.missing.get(node).copied().unwrap_or(now);
                    missing.insert(node.clone(), since);
                    // A live look before the deed.
                    let still = ctl.api.store.typed::<Node>(&Key::new("", node.clone())).is_none();
                    if still && now.since(since) >= QUARANTINE {
                        force_delete(pod, Some("PodGC: node no longer exists"), &format!("its node {node} no longer exists"), ctl);
                    }
                }
                Some(n) if pod.meta.is_deleting() && out_of_service(n) => {
                    force_delete(pod, None, &format!("its node {node} is out of service"), ctl);
                }
                Some(_) => {}
            },
        }
    }
    m.pod_gc.missing = missing;
}

fn out_of_service(node: &Node) -> bool {
    node.taints.iter().any(|t| &*t.key == OUT_OF_SERVICE) && node.condition("Ready").is_none_or(|c| c.status != Tri::True)
}

fn collect_finished(cache: &crate::worlds::kubernetes::api::store::Store, ctl: &mut Ctl) {
    if cache.count(Kind::Pod) <= FINISHED_THRESHOLD {
        return;
    }
    let mut finished: Vec<&Arc<Pod>> = cache.all::<Pod>().filter(|p| p.is_finished()).collect();
    let surplus = finished.len().saturating_sub(FINISHED_THRESHOLD);
    finished.sort_by_key(|p| (p.status.reason.as_deref() != Some("Evicted"), p.meta.created, p.meta.name.clone()));
    for pod in finished.into_iter().take(surplus) {
        force_delete(pod, None, "more finished pods than the threshold", ctl);
    }
}

/// Phase Failed first, unless it is over already; then away at once (markFailedAndDeletePod).
fn force_delete(pod: &Arc<Pod>, disruption: Option<&str>, why: &str, ctl: &mut Ctl) {
    if !pod.is_finished() {
        let mut copy = Pod::clone(pod);
        copy.meta.resource_version = 0;
        copy.status.phase = PodPhase::Failed;
        if let Some(message) = disruption {
            copy.status.conditions.retain(|c| &*c.kind != "DisruptionTarget");
            copy.status.conditions.push(Condition {
                kind: "DisruptionTarget".into(),
                status: Tri::True,
                reason: Some("DeletionByPodGC".into()),
                message: Some(message.into()),
                last_transition: ctl.cx.now,
                last_heartbeat: None,
                observed_generation: Some(pod.meta.generation),
            });
        }
        if ctl.update_status(copy, why).is_err() {
            return;
        }
    }
    // What fails now is tried again at the next turn.
    let _ = ctl.delete(Kind::Pod, &pod.meta.key(), DeleteOptions { grace_s: Some(0), ..DeleteOptions::default() }, why);
}
