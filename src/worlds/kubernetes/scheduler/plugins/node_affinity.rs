//! nodeSelector and node affinity (pkg/scheduler/framework/plugins/nodeaffinity).

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Score, Status, Verdict, default_normalize};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::selector::NodeTerm;
use crate::worlds::kubernetes::scheduler::symbols::Sym;

pub struct NodeAffinity;

struct Run<'a>(&'a Cx<'a>);

struct Scoring<'a>(&'a Cx<'a>, &'a [(i32, NodeTerm)]);

fn matches(pod: &PodInfo, node: &NodeFixed, cache: &Cache) -> bool {
    pod.spec.node.matches(node.name, &node.labels, &cache.symbols)
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let wanted = &cx.pod.spec.node;
        if wanted.is_empty() {
            return PreFilter::Skip;
        }
        // Terms are ORed: only if each of them names nodes are other nodes out of question.
        let terms = wanted.terms.iter().flatten();
        let names: Option<Vec<Vec<Sym>>> = terms.map(NodeTerm::names).collect();
        match names {
            Some(names) if !names.is_empty() => {
                let mut names: Vec<Sym> = names.into_iter().flatten().collect();
                names.sort_unstable();
                names.dedup();
                if names.is_empty() {
                    return PreFilter::Reject(Status::unresolvable("pod affinity terms conflict"));
                }
                let nodes = names.iter().filter_map(|n| cx.cache.find(cx.cache.symbols.name(*n))).collect();
                PreFilter::Narrow(nodes, Box::new(Run(cx)))
            }
            _ => PreFilter::Run(Box::new(Run(cx))),
        }
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring(cx, cx.pod.spec.preferred_node.as_deref()?)))
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes, or its labels change"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::NodeAdd(n) => matches(pod, n, cache),
            ClusterEvent::NodeUpdate(old, new) => !matches(pod, old, cache) && matches(pod, new, cache),
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if matches(self.0.pod, &node.fixed, self.0.cache) {
            Ok(())
        } else {
            Err(Status::unresolvable("node(s) didn't match Pod's node affinity/selector"))
        }
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let cache = self.0.cache;
        for (n, s) in nodes.iter().zip(out) {
            let node = &cache.node(*n).fixed;
            let matching = self.1.iter().filter(|(_, t)| t.matches(node.name, &node.labels, &cache.symbols));
            *s = matching.map(|(w, _)| i64::from(*w)).sum();
        }
    }
    fn normalize(&self, _nodes: &[NodeIx], scores: &mut [i64]) {
        default_normalize(scores, false);
    }
}
