//! Resource requests against what a node has left; score LeastAllocated (pkg/scheduler/framework/plugins/noderesources/{fit,
//! least_allocated}.go).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Code, Cx, Filter, Plugin, PreFilter, Reasons, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::requests::Resources;
use crate::worlds::kubernetes::scheduler::symbols::Symbols;

pub struct NodeResourcesFit;

struct Run<'a> {
    want: &'a Resources,
    symbols: &'a Symbols,
}

struct Scoring<'a>(&'a Cx<'a>);

/// One missing resource: its reason, and whether even the empty node is too small.
type Missing = (Cow<'static, str>, bool);

fn missing(want: &Resources, free: &dyn Fn(&NodeFixed) -> Resources, node: &NodeFixed, pods: i64, symbols: &Symbols) -> Vec<Missing> {
    let mut out: Vec<Missing> = vec![];
    if pods + 1 > node.max_pods {
        out.push(("Too many pods".into(), false));
    }
    let (free, all) = (free(node), &node.allocatable);
    let mut check = |name: &'static str, want: i64, free: i64, all: i64| {
        if want > 0 && want > free {
            out.push((name.into(), want > all));
        }
    };
    check("Insufficient cpu", want.milli_cpu, free.milli_cpu, all.milli_cpu);
    check("Insufficient memory", want.memory, free.memory, all.memory);
    check("Insufficient ephemeral-storage", want.ephemeral, free.ephemeral, all.ephemeral);
    for (name, w) in want.scalar.iter().filter(|(_, w)| *w != 0) {
        if *w > free.scalar(*name) {
            out.push((format!("Insufficient {}", symbols.name(*name)).into(), *w > all.scalar(*name)));
        }
    }
    out
}

/// Would fit if the node were empty.
fn fits_empty(pod: &PodInfo, node: &NodeFixed) -> bool {
    let (w, a) = (&pod.spec.demand.requests, &node.allocatable);
    node.max_pods >= 1
        && (w.milli_cpu == 0 || w.milli_cpu <= a.milli_cpu)
        && (w.memory == 0 || w.memory <= a.memory)
        && (w.ephemeral == 0 || w.ephemeral <= a.ephemeral)
        && w.scalar.iter().all(|(n, v)| *v == 0 || *v <= a.scalar(*n))
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        PreFilter::Run(Box::new(Run { want: &cx.pod.spec.demand.requests, symbols: &cx.cache.symbols }))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring(cx)))
    }
    fn wakes_on(&self) -> &'static str {
        "a pod leaves a node, a node comes or grows, the pod asks for less"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        let w = &pod.spec.demand.requests;
        let raised = |old: &NodeFixed, new: &NodeFixed| {
            let (a, b) = (&old.allocatable, &new.allocatable);
            new.max_pods > old.max_pods
                || (w.milli_cpu > 0 && b.milli_cpu > a.milli_cpu)
                || (w.memory > 0 && b.memory > a.memory)
                || (w.ephemeral > 0 && b.ephemeral > a.ephemeral)
                || w.scalar.iter().any(|(n, v)| *v > 0 && b.scalar(*n) > a.scalar(*n))
        };
        Hint::when(match event {
            ClusterEvent::PodDelete(_) => true,
            ClusterEvent::NodeAdd(n) => fits_empty(pod, n),
            ClusterEvent::NodeUpdate(old, new) => fits_empty(pod, new) && raised(old, new),
            ClusterEvent::PodUpdate(old, new) => {
                let (a, b) = (&old.spec.demand.requests, &new.spec.demand.requests);
                b.milli_cpu < a.milli_cpu || b.memory < a.memory
            }
            ClusterEvent::Own(old, new) => old.spec.demand.requests != new.spec.demand.requests,
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let (w, all, used) = (self.want, &node.fixed.allocatable, &node.requested);
        let over = |w: i64, all: i64, used: i64| w > 0 && w > all - used;
        let tight = node.pods.len() as i64 + 1 > node.fixed.max_pods
            || over(w.milli_cpu, all.milli_cpu, used.milli_cpu)
            || over(w.memory, all.memory, used.memory)
            || over(w.ephemeral, all.ephemeral, used.ephemeral)
            || w.scalar.iter().any(|(n, v)| over(*v, all.scalar(*n), used.scalar(*n)));
        if !tight {
            return Ok(());
        }
        let free = |n: &NodeFixed| {
            let mut r = n.allocatable.clone();
            r.add(used, -1);
            r
        };
        let missing = missing(w, &free, &node.fixed, node.pods.len() as i64, self.symbols);
        let code = if missing.iter().any(|(_, never)| *never) { Code::Unresolvable } else { Code::Unschedulable };
        Err(Status { code, reasons: Reasons::Many(missing.into_iter().map(|(r, _)| r).collect()) })
    }
}

fn least(requested: i64, capacity: i64) -> i64 {
    if capacity == 0 || requested > capacity { 0 } else { (capacity - requested) * 100 / capacity }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let d = &self.0.pod.spec.demand;
        for (n, s) in nodes.iter().zip(out) {
            let node = self.0.cache.node(*n);
            let a = &node.fixed.allocatable;
            // cpu and memory, weight 1 each; a resource that the node does not have is left out.
            let (mut sum, mut weights) = (0, 0);
            for (used, want, all) in [(node.nonzero_cpu, d.nonzero_cpu, a.milli_cpu), (node.nonzero_memory, d.nonzero_memory, a.memory)] {
                if all != 0 {
                    sum += least(used + want, all);
                    weights += 1;
                }
            }
            *s = if weights == 0 { 0 } else { sum / weights };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::least;

    #[test]
    fn least_allocated_of_the_reference() {
        // Reference 1.7: 3000m/5000 B on 4000m/10000 → (25+50)/2 = 37; 6000 of 4000 and 0 of 10000 → (0+100)/2 = 50.
        assert_eq!((least(3000, 4000) + least(5000, 10000)) / 2, 37);
        assert_eq!((least(3000, 6000) + least(5000, 10000)) / 2, 50);
        assert_eq!((least(6000, 4000) + least(0, 10000)) / 2, 50);
        assert_eq!((least(6000, 10000) + least(5000, 20000)) / 2, 57);
    }
}
