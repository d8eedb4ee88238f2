//! Prefers nodes whose balance of CPU and memory the pod improves (pkg/scheduler/framework/plugins/noderesources/
//! balanced_allocation.go, in the form of 1.36: the change counts, 75 is neutral).

use crate::worlds::kubernetes::scheduler::framework::{Cx, Plugin, Score};
use crate::worlds::kubernetes::scheduler::index::NodeIx;

pub struct NodeResourcesBalancedAllocation;

struct Scoring<'a>(&'a Cx<'a>);

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        // A pod that asks for neither cannot change the balance.
        let r = &cx.pod.spec.demand.requests;
        (r.milli_cpu != 0 || r.memory != 0).then(|| Box::new(Scoring(cx)) as _)
    }
}

/// 100 = both resources are used to the same degree.
fn balance(cpu: (i64, i64), memory: (i64, i64)) -> i64 {
    let fraction = |(used, all): (i64, i64)| if all == 0 { None } else { Some((used as f64 / all as f64).min(1.0)) };
    let std = match (fraction(cpu), fraction(memory)) {
        (Some(a), Some(b)) => ((a - b) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - std) * 100.0) as i64
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let want = &self.0.pod.spec.demand.requests;
        for (n, s) in nodes.iter().zip(out) {
            let node = self.0.cache.node(*n);
            let (a, r) = (&node.fixed.allocatable, &node.requested);
            let without = balance((r.milli_cpu, a.milli_cpu), (r.memory, a.memory));
            let with = balance((r.milli_cpu + want.milli_cpu, a.milli_cpu), (r.memory + want.memory, a.memory));
            *s = score(with, without);
        }
    }
}

fn score(with: i64, without: i64) -> i64 {
    50 + (50 + with - without) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_reference() {
        let s = |cpu: [i64; 3], mem: [i64; 3]| {
            let b = |i: usize| balance((cpu[i], cpu[2]), (mem[i], mem[2]));
            score(b(1), b(0))
        };
        // [before, after, allocatable]
        assert_eq!(s([0, 3000, 4000], [0, 5000, 10000]), 68);
        assert_eq!(s([0, 3000, 6000], [0, 5000, 10000]), 75);
        assert_eq!(s([3000, 6000, 10000], [0, 5000, 20000]), 73);
        assert_eq!(s([4000, 4000, 4000], [0, 10000, 10000]), 100);
        assert_eq!(s([0, 0, 4000], [0, 10000, 10000]), 50);
    }
}
