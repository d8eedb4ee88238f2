//! Taints and tolerations (pkg/scheduler/framework/plugins/tainttoleration).

use crate::worlds::kubernetes::api::object::TaintEffect;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Score, Status, Verdict, default_normalize};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::pod::{PodInfo, Toleration};

pub struct TaintToleration;

struct Run<'a>(&'a [Toleration]);

struct Scoring<'a>(&'a Cx<'a>);

/// Every NoSchedule and NoExecute taint of the node is tolerated.
pub fn tolerates_hard(node: &NodeFixed, tolerations: &[Toleration]) -> bool {
    !node.hard_taints
        || node
            .taints
            .iter()
            .filter(|t| t.effect != TaintEffect::PreferNoSchedule)
            .all(|taint| tolerations.iter().any(|t| t.tolerates(taint)))
}

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        if cx.cache.tainted_nodes == 0 { PreFilter::Skip } else { PreFilter::Run(Box::new(Run(&cx.pod.spec.tolerations))) }
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring(cx)))
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes or loses a taint, the pod gets a toleration"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        let tolerates = |n: &NodeFixed| tolerates_hard(n, &pod.spec.tolerations);
        Hint::when(match event {
            ClusterEvent::NodeAdd(n) => tolerates(n),
            ClusterEvent::NodeUpdate(old, new) => !tolerates(old) && tolerates(new),
            ClusterEvent::Own(old, new) => old.spec.tolerations != new.spec.tolerations,
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if tolerates_hard(&node.fixed, self.0) { Ok(()) } else { Err(Status::unresolvable("node(s) had untolerated taint(s)")) }
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let Cx { cache, pod, .. } = self.0;
        if cache.tainted_nodes == 0 {
            out.fill(0);
            return;
        }
        // Only tolerations of this effect, or of every effect, count.
        let soft = |t: &&Toleration| t.effect.is_none_or(|e| e == TaintEffect::PreferNoSchedule);
        for (n, s) in nodes.iter().zip(out) {
            let fixed = &cache.node(*n).fixed;
            *s = 0;
            if fixed.soft_taints {
                let taints = fixed.taints.iter().filter(|t| t.effect == TaintEffect::PreferNoSchedule);
                *s = taints.filter(|taint| !pod.spec.tolerations.iter().filter(soft).any(|t| t.tolerates(taint))).count() as i64;
            }
        }
    }
    fn normalize(&self, _nodes: &[NodeIx], scores: &mut [i64]) {
        default_normalize(scores, true);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::worlds::kubernetes::scheduler::testing::{node, scores, verdicts, waiting};

    #[test]
    fn what_keeps_a_pod_away() {
        let gpu = |effect: &str| json!([{"key": "dedicated", "value": "gpu", "effect": effect}]);
        let two = json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}, {"key": "maint", "effect": "NoExecute"}]);
        let rows = [
            ("nothing to tolerate", json!([]), json!([]), true),
            ("NoSchedule", gpu("NoSchedule"), json!([]), false),
            ("NoExecute", gpu("NoExecute"), json!([]), false),
            ("PreferNoSchedule never filters", gpu("PreferNoSchedule"), json!([]), true),
            ("equal", gpu("NoSchedule"), json!([{"key": "dedicated", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]), true),
            ("no operator means equal", gpu("NoSchedule"), json!([{"key": "dedicated", "value": "gpu"}]), true),
            ("another value", gpu("NoSchedule"), json!([{"key": "dedicated", "value": "db"}]), false),
            ("another key", gpu("NoSchedule"), json!([{"key": "maint", "value": "gpu"}]), false),
            ("any value", gpu("NoSchedule"), json!([{"key": "dedicated", "operator": "Exists"}]), true),
            ("everything", two.clone(), json!([{"operator": "Exists"}]), true),
            ("everything of one effect", two.clone(), json!([{"operator": "Exists", "effect": "NoSchedule"}]), false),
            ("another effect", gpu("NoExecute"), json!([{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]), false),
            ("one of two", two.clone(), json!([{"key": "dedicated", "operator": "Exists"}]), false),
            ("both", two, json!([{"key": "maint", "effect": "NoExecute"}, {"key": "dedicated", "operator": "Exists"}]), true),
            ("no value equals no value", json!([{"key": "maint", "effect": "NoSchedule"}]), json!([{"key": "maint"}]), true),
            (
                "for a while is enough to start",
                gpu("NoExecute"),
                json!([{"key": "dedicated", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]),
                true,
            ),
            // The API server gives every pod 300 seconds on nodes that stop answering, for this effect only.
            ("unreachable", json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]), json!([]), true),
            (
                "not ready, not to be scheduled on",
                json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]),
                json!([]),
                false,
            ),
        ];
        for (what, taints, tolerations, fits) in rows {
            let objects = [node("a", json!({"spec": {"taints": taints}})), waiting(json!({"spec": {"tolerations": tolerations}}))];
            let expected = if fits { "fits" } else { "UU TaintToleration: node(s) had untolerated taint(s)" };
            assert_eq!(verdicts(&objects), [expected], "{what}");
        }
    }

    #[test]
    fn soft_taints_lower_the_score() {
        let soft = |keys: &[&str]| keys.iter().map(|k| json!({"key": k, "effect": "PreferNoSchedule"})).collect::<Vec<_>>();
        let on_three = |a: &[&str], b: &[&str], c: &[&str], tolerations: serde_json::Value| {
            let n = |name: &str, keys: &[&str]| node(name, json!({"spec": {"taints": soft(keys)}}));
            scores("TaintToleration", &[n("a", a), n("b", b), n("c", c), waiting(json!({"spec": {"tolerations": tolerations}}))])
        };
        let rows = [
            ("0, 1 and 2", on_three(&[], &["k"], &["k", "l"], json!([])), [100, 50, 0]),
            ("thirds are cut", on_three(&["k"], &["k", "l"], &["k", "l", "m"], json!([])), [67, 34, 0]),
            ("none anywhere", on_three(&[], &[], &[], json!([])), [100, 100, 100]),
            ("all tolerated", on_three(&[], &["k"], &["l"], json!([{"operator": "Exists"}])), [100, 100, 100]),
            ("one tolerated", on_three(&[], &["k"], &["k", "l"], json!([{"key": "k", "operator": "Exists"}])), [100, 100, 0]),
            (
                "for its effect",
                on_three(&[], &["k"], &["l"], json!([{"key": "k", "operator": "Exists", "effect": "PreferNoSchedule"}])),
                [100, 100, 0],
            ),
            (
                "a toleration of another effect does not count",
                on_three(&[], &["k"], &["k", "l"], json!([{"key": "k", "operator": "Exists", "effect": "NoSchedule"}])),
                [100, 50, 0],
            ),
        ];
        for (what, got, expected) in rows {
            assert_eq!(got, expected, "{what}");
        }
    }

    #[test]
    fn hard_taints_do_not_score() {
        let taints = json!([{"key": "k", "effect": "NoSchedule"}, {"key": "l", "effect": "NoExecute"}]);
        let all = waiting(
            json!({"spec": {"tolerations": [{"operator": "Exists", "effect": "NoSchedule"}, {"operator": "Exists", "effect": "NoExecute"}]}}),
        );
        assert_eq!(scores("TaintToleration", &[node("a", json!({"spec": {"taints": taints}})), node("b", json!({})), all]), [100, 100]);
    }
}
