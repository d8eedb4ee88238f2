//! Makes room by removing pods of lower priority (pkg/scheduler/framework/plugins/defaultpreemption, pkg/scheduler/framework/
//! preemption).

use std::cmp::Reverse;
use std::sync::Arc;

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::object::Tri;
use crate::worlds::kubernetes::scheduler::budgets::Budgets;
use crate::worlds::kubernetes::scheduler::cache::NodeInfo;
use crate::worlds::kubernetes::scheduler::cycle::{Outcome, fits};
use crate::worlds::kubernetes::scheduler::framework::{Candidate, Code, Cx, Filtered, Plugin, PostFilter, Status};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::message::fit_error;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;

pub struct DefaultPreemption;

const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: Status = Status::unresolvable("No preemption victims found for incoming pod");

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }
    fn post_filter(&self, run: &mut Filtered) -> Option<PostFilter> {
        let say = |text: String, clears_nomination| {
            Some(PostFilter { message: format!("preemption: {text}"), made_room: None, equally_good: vec![], clears_nomination })
        };
        if run.cx.pod.polite {
            return say("not eligible due to preemptionPolicy=Never.".into(), false);
        }
        if victim_terminating_on_nominated(run) {
            return say("not eligible due to a terminating pod on the nominated node.".into(), false);
        }
        let (candidates, statuses) = dry_run(run);
        let mut best = choose(&candidates, run.now);
        match best.len() {
            1.. => {
                Some(PostFilter { message: String::new(), made_room: Some(best.remove(0)), equally_good: best, clears_nomination: false })
            }
            0 => {
                let nodes = run.cx.order.len();
                let reasons = statuses.iter().flat_map(|s| s.reasons.iter());
                say(fit_error(nodes, reasons.chain(std::iter::repeat_n(NOT_HELPFUL, nodes - statuses.len()))), true)
            }
        }
    }
}

/// The pod made room before and only waits for it (PodEligibleToPreemptOthers).
fn victim_terminating_on_nominated(run: &Filtered) -> bool {
    let cx = run.cx;
    let Some(ix) = cx.pod.pod.status.nominated_node.as_deref().and_then(|n| cx.cache.find(n)) else { return false };
    // A node that can never hold it does not bind the pod to waiting, nor does one that the filters did not get to.
    if !run.statuses.iter().any(|s| s.node == ix && s.status.code == Code::Unschedulable) {
        return false;
    }
    cx.cache.node(ix).pods.iter().any(|p| p.terminating && p.priority < cx.pod.priority && by_scheduler(p))
}

fn by_scheduler(p: &PodInfo) -> bool {
    let condition = p.pod.status.condition("DisruptionTarget");
    condition.is_some_and(|c| c.status == Tri::True && c.reason.as_deref() == Some("PreemptionByScheduler"))
}

/// Tries nodes until there are enough candidates. Also gives the reasons of those where it cannot work.
fn dry_run(run: &mut Filtered) -> (Vec<Candidate>, Vec<Status>) {
    let nodes: Vec<NodeIx> = Outcome::only_unschedulable(run.statuses).collect();
    if nodes.is_empty() {
        return (vec![], vec![]);
    }
    let profile = run.cx.profile;
    let wanted = (nodes.len() * profile.min_candidate_nodes_percentage / 100).max(profile.min_candidate_nodes_absolute).min(nodes.len());
    let budgets = Budgets::of(run.cx.cache);
    let (mut clean, mut violating, mut statuses) = (vec![], vec![], vec![]);
    let offset = run.offset % nodes.len();
    for i in 0..nodes.len() {
        let ix = nodes[(offset + i) % nodes.len()];
        match victims_on(run, ix, &budgets) {
            Ok(candidate) => {
                if candidate.pdb_violations == 0 {
                    clean.push(candidate)
                } else {
                    violating.push(candidate)
                }
                if !clean.is_empty() && clean.len() + violating.len() >= wanted {
                    break;
                }
            }
            Err(status) => statuses.push(status),
        }
    }
    clean.extend(violating);
    (clean, statuses)
}

/// Moves pods off and back onto a copy of a node, keeping the filters informed.
struct Rehearsal<'r, 'c, 'a> {
    run: &'r mut Filtered<'c, 'a>,
    node: NodeInfo,
}

impl Rehearsal<'_, '_, '_> {
    fn remove(&mut self, pod: &Arc<PodInfo>) {
        self.node.take(pod.uid(), &pod.key());
        for (_, f) in &mut self.run.filters {
            f.remove_pod(pod, &self.node);
        }
    }
    fn restore(&mut self, pod: &Arc<PodInfo>) {
        self.node.put(pod.clone());
        for (_, f) in &mut self.run.filters {
            f.add_pod(pod, &self.node);
        }
    }
    /// With the pods that were nominated to this node, too.
    fn fits(&mut self) -> Result<(), Status> {
        let cx: &Cx = self.run.cx;
        let nominated = cx.cache.nominated_on(self.node.name());
        let others = nominated.iter().filter(|p| p.priority >= cx.pod.priority && p.uid() != cx.pod.uid());
        let others: Vec<_> = others.cloned().collect();
        if !others.is_empty() {
            others.iter().for_each(|p| self.restore(p));
            let verdict = fits(&self.run.filters, &self.node);
            others.iter().for_each(|p| self.remove(p));
            verdict?;
        }
        fits(&self.run.filters, &self.node)
    }
}

/// The fewest and least important pods that must leave a node (SelectVictimsOnNode).
fn victims_on(run: &mut Filtered, ix: NodeIx, budgets: &Budgets) -> Result<Candidate, Status> {
    let (node, priority) = (run.cx.cache.node(ix).clone(), run.cx.pod.priority);
    let mut removed: Vec<Arc<PodInfo>> = node.pods.iter().filter(|p| p.priority < priority).cloned().collect();
    if removed.is_empty() {
        return Err(NO_VICTIMS);
    }
    let cache = run.cx.cache;
    let mut trial = Rehearsal { run, node };
    removed.iter().for_each(|p| trial.remove(p));
    if let Err(status) = trial.fits() {
        removed.iter().for_each(|p| trial.restore(p));
        return Err(status);
    }
    sort_by_importance(&mut removed);
    let (violating, harmless) = budgets.split(&removed, cache);
    let mut victims = vec![];
    let mut pdb_violations = 0;
    for (list, counts) in [(&violating, 1), (&harmless, 0)] {
        for p in list {
            trial.restore(p);
            if trial.fits().is_err() {
                trial.remove(p);
                victims.push(p.clone());
                pdb_violations += counts;
            }
        }
    }
    victims.iter().for_each(|p| trial.restore(p));
    sort_by_importance(&mut victims);
    Ok(Candidate { node: ix, victims, pdb_violations })
}

/// Most important first (pkg/scheduler/util/utils.go MoreImportantPod): higher priority, then longer running. A pod that has not
/// started counts as starting now, and each look at the clock is later than the one before: of two such pods the one compared first
/// wins, which turns their order around.
fn sort_by_importance(pods: &mut Vec<Arc<PodInfo>>) {
    let mut keyed: Vec<_> = std::mem::take(pods).into_iter().enumerate().collect();
    keyed.sort_by_key(|(i, p)| {
        let start = p.pod.status.start_time;
        let turned = if start.is_none() { usize::MAX - i } else { *i };
        (Reverse(p.priority), start.is_none(), start, turned)
    });
    pods.extend(keyed.into_iter().map(|(_, p)| p));
}

fn started(p: &PodInfo, now: SimTime) -> SimTime {
    p.pod.status.start_time.unwrap_or(now)
}

/// preemption.go pickOneNodeForPreemption: the first difference decides. All that no difference separates are
/// given, the one to take first.
fn choose(candidates: &[Candidate], now: SimTime) -> Vec<Candidate> {
    let key = |c: &Candidate| {
        let highest = c.victims.first().map_or(i32::MIN, |v| v.priority);
        let sum: i64 = c.victims.iter().map(|v| i64::from(v.priority) + (1 << 31)).sum();
        let earliest = c.victims.iter().filter(|v| v.priority == highest).map(|v| started(v, now)).min();
        (c.pdb_violations, highest, sum, c.victims.len(), Reverse(earliest))
    };
    let Some(best) = candidates.iter().map(key).min() else { return vec![] };
    let mut equal: Vec<Candidate> = candidates.iter().filter(|c| key(c) == best).cloned().collect();
    // Pods that never started seem to start whenever they are looked at, so the node looked at last has the latest start.
    if equal.last().is_some_and(|c| c.victims.first().is_some_and(|v| v.pod.status.start_time.is_none())) {
        equal.rotate_right(1);
    }
    equal
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::worlds::kubernetes::scheduler::testing::{self, pod_info};

    fn candidate(victims: &[(i32, u64)]) -> Candidate {
        let victims = victims.iter().map(|(p, start)| pod_info(*p, SimTime::from_secs(*start))).collect();
        Candidate { node: NodeIx(0), victims, pdb_violations: 0 }
    }

    #[test]
    fn pods_that_never_started_are_taken_in_turned_order() {
        let unstarted = |name: &str| testing::named(name, 10);
        let mut pods = vec![unstarted("a"), pod_info(100, SimTime::from_secs(5)), unstarted("b"), pod_info(10, SimTime::from_secs(9))];
        sort_by_importance(&mut pods);
        let order: Vec<_> = pods.iter().map(|p| (p.priority, &*p.pod.meta.name)).collect();
        assert_eq!(order, [(100, "p"), (10, "p"), (10, "b"), (10, "a")]);
    }

    #[test]
    fn node_choice_of_the_reference() {
        let now = SimTime::from_secs(1000);
        let pick = |c: &[Candidate]| {
            let mut c = c.to_vec();
            c.iter_mut().enumerate().for_each(|(i, c)| c.node = NodeIx(i as u32));
            choose(&c, now).first().map(|c| c.node.0)
        };
        let (low, mid) = (10, 100);
        assert_eq!(pick(&[candidate(&[(mid, 1), (mid, 1)]), candidate(&[(mid, 1), (low, 1)]), candidate(&[(low, 1), (low, 1)])]), Some(2));
        assert_eq!(pick(&[candidate(&[(mid, 1), (mid, 1)]), candidate(&[(mid, 1), (low, 1)])]), Some(1), "lowest sum");
        assert_eq!(pick(&[candidate(&[(low, 1), (-(1 << 30), 1), (-(1 << 30), 1)]), candidate(&[(low, 1)])]), Some(1), "fewest");
        assert_eq!(pick(&[candidate(&[(mid, 2)]), candidate(&[(mid, 3)]), candidate(&[(mid, 1)])]), Some(1), "latest start");
        let mut dirty = candidate(&[(low, 1)]);
        dirty.pdb_violations = 1;
        assert_eq!(pick(&[dirty, candidate(&[(mid, 1)])]), Some(1), "budgets come first");
    }

    #[test]
    fn who_may_make_room() {
        let full = json!({"status": {"allocatable": {"cpu": "1", "memory": "4Gi", "pods": "9"}}});
        let asks = |cpu: &str| json!([{"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu}}}]);
        let class = |name: &str, value: i32, policy: &str| {
            testing::object(json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
                "value": value, "preemptionPolicy": policy}))
        };
        let leaving = |reason: &str, priority: i32| {
            json!({"metadata": {"deletionTimestamp": "2026-01-05T09:00:30Z"}, "spec": {"priority": priority, "containers": asks("1")},
                "status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": reason}]}})
        };
        let nominated = |spec: Value| json!({"spec": spec, "status": {"nominatedNodeName": "a"}});
        let spec = |priority: i32, cpu: &str| json!({"priority": priority, "containers": asks(cpu)});
        let stays = json!({"spec": {"containers": asks("1")}});
        let ours = "PreemptionByScheduler";
        let waits = "not eligible due to a terminating pod on the nominated node.";
        let useless = "0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
        let nobody = "0/1 nodes are available: 1 No preemption victims found for incoming pod.";
        let on_b = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}]}}});
        let mut elsewhere = spec(10, "1");
        elsewhere["affinity"] = on_b;
        // What stands on a, what waits, and the answer: empty where room is made.
        let rows = [
            ("the more important one", stays.clone(), json!({"spec": spec(10, "1")}), ""),
            ("equals do not remove each other", stays.clone(), json!({"spec": spec(0, "1")}), nobody),
            ("too much even for the empty node", stays.clone(), json!({"spec": spec(10, "2")}), useless),
            (
                "its class never preempts",
                stays.clone(),
                json!({"spec": {"priorityClassName": "polite", "containers": asks("1")}}),
                "not eligible due to preemptionPolicy=Never.",
            ),
            ("its class does", stays.clone(), json!({"spec": {"priorityClassName": "rough", "containers": asks("1")}}), ""),
            (
                "a class of the system",
                stays.clone(),
                json!({"spec": {"priorityClassName": "system-node-critical", "containers": asks("1")}}),
                "",
            ),
            ("negative against less", json!({"spec": spec(-5, "1")}), json!({"spec": spec(-1, "1")}), ""),
            ("its victim is leaving", leaving(ours, 0), nominated(spec(10, "1")), waits),
            ("somebody leaves for another reason", leaving("EvictionByEvictionAPI", 0), nominated(spec(10, "1")), ""),
            ("one that leaves is no less important", leaving(ours, 10), nominated(spec(10, "1")), nobody),
            ("it leaves, but this pod never asked for the node", leaving(ours, 0), json!({"spec": spec(10, "1")}), ""),
            ("it leaves, but the node can never hold this pod", leaving(ours, 0), nominated(spec(10, "2")), useless),
            ("it leaves, but the node is out of the question", leaving(ours, 0), nominated(elsewhere), useless),
        ];
        for (what, there, pod, expected) in rows {
            let classes = [class("polite", 5000, "Never"), class("rough", 5000, "PreemptLowerPriority")];
            let objects =
                [&classes[..], &[testing::node("a", full.clone()), testing::on("a", "there", there), testing::waiting(pod)]].concat();
            let (_, outcome) = testing::cycle(&objects);
            let said = outcome.message.split_once(" no new claims to deallocate, preemption: ").map_or("", |(_, m)| m);
            assert_eq!((said, outcome.preemption.is_some()), (expected, expected.is_empty()), "{what}: {}", outcome.message);
        }
    }
}
