//! Which pods go first when there are too many.
//! Follows: pkg/controller/controller_utils.go (ActivePodsWithRanks), pkg/controller/replicaset/replica_set.go (getPodsToDelete).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Pod, PodPhase, ReplicaSet};

use super::Manager;

/// `controller.kubernetes.io/pod-deletion-cost`
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The `n` pods to delete, first to go first.
pub(super) fn victims(m: &Manager, rs: &ReplicaSet, active: &[Arc<Pod>], n: usize, now: SimTime) -> Vec<Key> {
    let mut pods: Vec<&Arc<Pod>> = active.iter().collect();
    // Without a choice there is nothing to sort.
    if n < pods.len() {
        let crowd = crowd(m, rs, active);
        let rank = |p: &Pod| p.node.as_ref().and_then(|n| crowd.get(n)).copied().unwrap_or(0);
        pods = sorted(pods, &|a, b| compare(a, b, rank(a), rank(b), now));
    }
    pods.into_iter().take(n).map(|p| p.meta.key()).collect()
}

/// Active pods per node over all ReplicaSets of the same owner.
fn crowd(m: &Manager, rs: &ReplicaSet, active: &[Arc<Pod>]) -> BTreeMap<Name, usize> {
    let mut count = BTreeMap::new();
    let mut add = |pod: &Pod| {
        if let (Some(node), true) = (&pod.node, pod.is_active()) {
            *count.entry(node.clone()).or_insert(0) += 1;
        }
    };
    match rs.meta.controller() {
        Some(owner) => {
            for sibling in m.cache.owned_by::<ReplicaSet>(&owner.uid) {
                m.cache.owned_by::<Pod>(&sibling.meta.uid).for_each(|p| add(p));
            }
        }
        None => active.iter().for_each(|p| add(p)),
    }
    count
}

/// Merge sort. The order of upstream goes round in circles where some pods got ready in the same second and others did not (the former
/// are told apart by restarts and creation, the latter by uid): Go's sort does not mind, that of the standard library panics.
fn sorted<'a>(mut pods: Vec<&'a Arc<Pod>>, order: &impl Fn(&Pod, &Pod) -> Ordering) -> Vec<&'a Arc<Pod>> {
    if pods.len() < 2 {
        return pods;
    }
    let right = sorted(pods.split_off(pods.len() / 2), order);
    let (mut right, mut left) = (right.into_iter().peekable(), sorted(pods, order).into_iter().peekable());
    let mut all = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        all.extend(if order(a, b).is_le() { left.next() } else { right.next() });
    }
    all.extend(left);
    all.extend(right);
    all
}

/// Less = deleted first.
fn compare(a: &Pod, b: &Pod, rank_a: usize, rank_b: usize, now: SimTime) -> Ordering {
    let phase = |p: &Pod| match p.status.phase {
        PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        _ => 2,
    };
    a.node
        .is_some()
        .cmp(&b.node.is_some())
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| a.is_ready().cmp(&b.is_ready()))
        .then_with(|| cost(a).cmp(&cost(b)))
        .then_with(|| rank_b.cmp(&rank_a))
        .then_with(|| if a.is_ready() && b.is_ready() { younger(ready_since(a), ready_since(b), a, b, now) } else { Ordering::Equal })
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| younger(Some(a.meta.created), Some(b.meta.created), a, b, now))
}

/// The younger first, where ages count only by their order of magnitude (powers of two of nanoseconds), then by uid.
fn younger(a: Option<SimTime>, b: Option<SimTime>, pod_a: &Pod, pod_b: &Pod, now: SimTime) -> Ordering {
    let (a, b) = (a.map(SimTime::whole_second), b.map(SimTime::whole_second));
    if a == b {
        return Ordering::Equal;
    }
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    let magnitude = |t: SimTime| now.since(t).as_nanos().checked_ilog2().map_or(-1, i64::from);
    magnitude(a).cmp(&magnitude(b)).then_with(|| pod_a.meta.uid.cmp(&pod_b.meta.uid))
}

fn ready_since(pod: &Pod) -> Option<SimTime> {
    pod.status.condition("Ready").map(|c| c.last_transition)
}

fn cost(pod: &Pod) -> i32 {
    pod.meta.annotation(DELETION_COST).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// The highest restart count among the containers, then among the sidecars.
fn restarts(pod: &Pod) -> (u32, u32) {
    let sidecar =
        |name: &str| pod.spec.init_containers.iter().flatten().any(|c| c.name == name && c.restart_policy.as_deref() == Some("Always"));
    let main = pod.status.containers.iter().map(|c| c.restart_count).max().unwrap_or(0);
    let side = pod.status.init_containers.iter().filter(|c| sidecar(&c.name)).map(|c| c.restart_count).max().unwrap_or(0);
    (main, side)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::PodSpec;

    use super::*;
    use crate::kernel::SimDuration;
    use crate::worlds::kubernetes::api::meta::Meta;
    use crate::worlds::kubernetes::api::object::{Condition, ContainerState, ContainerStatus, PodStatus, Tri};

    fn pod(name: &str, node: Option<&str>, ready_at: Option<SimTime>, restart_count: u32) -> Pod {
        let mut status = PodStatus { phase: PodPhase::Running, ..PodStatus::default() };
        status.conditions.push(Condition {
            kind: "Ready".into(),
            status: if ready_at.is_some() { Tri::True } else { Tri::False },
            reason: None,
            message: None,
            last_transition: ready_at.unwrap_or_default(),
            last_heartbeat: None,
            observed_generation: None,
        });
        status.containers.push(ContainerStatus {
            name: "c".into(),
            image: "i".into(),
            image_id: "".into(),
            container_id: None,
            ready: ready_at.is_some(),
            started: None,
            restart_count,
            state: ContainerState::Running { started_at: SimTime::ZERO },
            last_state: None,
        });
        let meta = Meta { name: name.into(), uid: name.into(), ..Meta::default() };
        Pod { meta, spec: Arc::new(PodSpec::default()), node: node.map(Into::into), status }
    }

    /// Scaling a large Deployment down: pods that got ready in the same second, and others.
    #[test]
    fn an_order_that_goes_round_in_circles_is_sorted_all_the_same() {
        let ready = |n: u64| SimTime::from_secs(100 + n % 7);
        let of = |n: u64| Arc::new(pod(&format!("{:03}", n * 37 % 200), Some("n"), Some(ready(n)), 0));
        let pods: Vec<Arc<Pod>> = (0..200).map(of).collect();
        let now = SimTime::from_secs(170);
        let out = sorted(pods.iter().collect(), &|a, b| compare(a, b, 0, 0, now));
        let mut uids: Vec<_> = out.iter().map(|p| p.meta.uid.clone()).collect();
        uids.sort();
        uids.dedup();
        assert_eq!(uids.len(), 200);
    }

    #[test]
    fn order_of_upstream_tables() {
        let now = SimTime::from_secs(100 * 3600);
        let ago = |h: u64| Some(now - SimDuration::from_secs(h * 3600));
        let less = |a: &Pod, ra, b: &Pod, rb| compare(a, b, ra, rb, now) == Ordering::Less;
        assert!(less(&pod("a", None, None, 0), 0, &pod("b", Some("n"), None, 0), 0), "unassigned first");
        assert!(less(&pod("z", Some("n"), None, 0), 1, &pod("a", Some("n"), ago(1), 0), 1), "not ready first");
        assert!(less(&pod("z", Some("n"), ago(2), 0), 1, &pod("a", Some("n"), ago(5), 0), 1), "ready 2 h before ready 5 h");
        assert!(less(&pod("a", Some("n"), ago(8), 0), 1, &pod("z", Some("n"), ago(5), 0), 1), "5 h and 8 h alike: the uid decides");
        assert!(less(&pod("z", Some("n"), ago(0), 0), 2, &pod("a", Some("m"), ago(0), 9001), 1), "crowded node first");
        assert!(less(&pod("z", Some("n"), ago(0), 9001), 1, &pod("a", Some("m"), ago(0), 0), 1), "more restarts first");
        let mut dear = pod("a", Some("n"), ago(1), 0);
        dear.meta.set_annotation(DELETION_COST, "100");
        let mut cheap = pod("z", Some("m"), ago(5), 0);
        cheap.meta.set_annotation(DELETION_COST, "10");
        assert!(less(&cheap, 1, &dear, 9), "cost before rank");
    }
}
