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
