//! Spreading over topology domains (pkg/scheduler/framework/plugins/podtopologyspread).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Prepared, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::{Counts, NodeIx};
use crate::worlds::kubernetes::scheduler::pod::{HOSTNAME, PodInfo, SpreadConstraint, ZONE};

use super::taint_toleration::tolerates_hard;

pub struct PodTopologySpread;

const MISMATCH: &str = "node(s) didn't match pod topology spread constraints";
const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

/// System default constraints, both ScheduleAnyway: topology key and maxSkew (plugin.go systemDefaultConstraints).
const SYSTEM_DEFAULTS: [(&str, i64); 2] = [(HOSTNAME, 3), (ZONE, 5)];

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }
    fn scores(&self) -> bool {
        true
    }
    fn prepare(&self, cache: &mut Cache, pod: &PodInfo, prepared: &mut Prepared) {
        for c in &pod.spec.spread {
            cache.want(c.counted, Some(c.topology));
        }
        if !pod.spec.spread.is_empty() {
            return;
        }
        if let Some((selector, counted)) = cache.default_selector(pod) {
            for (key, max_skew) in SYSTEM_DEFAULTS {
                let topology = cache.topology(key);
                // Hosts are asked one by one; only zones need sums.
                cache.want(counted, (key != HOSTNAME).then_some(topology));
                prepared.default_spread.push(SpreadConstraint {
                    topology,
                    max_skew,
                    min_domains: 1,
                    hard: false,
                    honor_affinity: true,
                    honor_taints: false,
                    selector: selector.clone(),
                    counted,
                    self_match: true,
                });
            }
        }
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let constraints: Vec<_> = cx.pod.spec.spread.iter().filter(|c| c.hard).collect();
        if constraints.is_empty() {
            return PreFilter::Skip;
        }
        let sums = if whole_topologies_count(cx, &constraints, true) {
            let direct = |c: &&'a SpreadConstraint| Sum {
                counts: Cow::Borrowed(cx.cache.indexes.selector(c.counted).domains(c.topology)),
                present: None,
            };
            constraints.iter().map(direct).collect()
        } else {
            sum_over_nodes(cx, &constraints, true)
        };
        let mut run = Run { cx, constraints, sums, min: vec![] };
        run.find_minimum();
        PreFilter::Run(Box::new(run))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        let own = !cx.pod.spec.spread.is_empty();
        let constraints: Vec<&SpreadConstraint> =
            if own { cx.pod.spec.spread.iter().filter(|c| !c.hard).collect() } else { cx.prepared.default_spread.iter().collect() };
        if constraints.is_empty() {
            return None;
        }
        Some(Box::new(Scoring::new(cx, constraints, feasible, own)))
    }
    fn wakes_on(&self) -> &'static str {
        "a pod it counts comes, changes or leaves; a node comes, goes or changes its labels or taints"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        let selects = |other: &PodInfo| {
            other.spec.namespace == pod.spec.namespace
                && pod.spec.spread.iter().any(|c| c.selector.matches(&cache.indexes.class(other.class).labels, &cache.symbols))
        };
        Hint::when(match event {
            ClusterEvent::PodAdd(p) | ClusterEvent::PodDelete(p) => selects(p),
            ClusterEvent::PodUpdate(old, new) => selects(old) != selects(new) || (selects(new) && old.terminating != new.terminating),
            ClusterEvent::NodeAdd(_) | ClusterEvent::NodeDelete(_) => true,
            ClusterEvent::NodeUpdate(old, new) => old.labels != new.labels || old.taints != new.taints,
            ClusterEvent::Own(old, new) => old.spec.tolerations != new.spec.tolerations || old.class != new.class,
            _ => false,
        })
    }
}

/// Matching pods per domain of one constraint, over the nodes that count.
struct Sum<'a> {
    counts: Cow<'a, Counts>,
    /// Domains with a node that counts; None = all domains.
    present: Option<Vec<bool>>,
}

/// Every node of every topology counts, so the kept sums can be used as they are.
fn whole_topologies_count(cx: &Cx, constraints: &[&SpreadConstraint], all_keys: bool) -> bool {
    let indexes = &cx.cache.indexes;
    let everywhere = constraints.len() == 1 || !all_keys || constraints.iter().all(|c| indexes.topology(c.topology).missing == 0);
    everywhere
        && constraints
            .iter()
            .all(|c| (!c.honor_affinity || cx.pod.spec.node.is_empty()) && (!c.honor_taints || cx.cache.tainted_nodes == 0))
}

/// The pod's inclusion policies accept the node (common.go matchNodeInclusionPolicies).
fn included(cx: &Cx, c: &SpreadConstraint, node: &NodeInfo) -> bool {
    (!c.honor_affinity || cx.pod.spec.node.matches(node.fixed.name, &node.fixed.labels, &cx.cache.symbols))
        && (!c.honor_taints || tolerates_hard(&node.fixed, &cx.pod.spec.tolerations))
}

fn has_all_keys(cx: &Cx, constraints: &[&SpreadConstraint], node: NodeIx) -> bool {
    constraints.iter().all(|c| cx.cache.indexes.topology(c.topology).domain(node).is_some())
}

/// The same sums, node by node.
fn sum_over_nodes<'a>(cx: &'a Cx<'a>, constraints: &[&'a SpreadConstraint], all_keys: bool) -> Vec<Sum<'a>> {
    let indexes = &cx.cache.indexes;
    let mut sums: Vec<(Counts, Vec<bool>)> =
        constraints.iter().map(|c| (Counts::default(), vec![false; indexes.topology(c.topology).nodes_in.len()])).collect();
    for ix in cx.order {
        if all_keys && !has_all_keys(cx, constraints, *ix) {
            continue;
        }
        let node = cx.cache.node(*ix);
        for (c, (counts, present)) in constraints.iter().zip(&mut sums) {
            let Some(d) = indexes.topology(c.topology).domain(*ix) else { continue };
            if included(cx, c, node) {
                present[d] = true;
                counts.add(d, indexes.selector(c.counted).on_node(*ix));
            }
        }
    }
    sums.into_iter().map(|(counts, present)| Sum { counts: Cow::Owned(counts), present: Some(present) }).collect()
}

struct Run<'a> {
    cx: &'a Cx<'a>,
    constraints: Vec<&'a SpreadConstraint>,
    sums: Vec<Sum<'a>>,
    /// The smallest count over the domains, per constraint; 0 while there are fewer domains than minDomains.
    min: Vec<i64>,
}

impl Run<'_> {
    fn find_minimum(&mut self) {
        let minimum = |(c, sum): (&&SpreadConstraint, &Sum)| {
            let topology = self.cx.cache.indexes.topology(c.topology);
            let live = |d: usize| sum.present.as_ref().map_or(topology.nodes_in[d] > 0, |p| p[d]);
            let (mut domains, mut min) = (0, i64::from(i32::MAX));
            for d in (0..topology.nodes_in.len()).filter(|d| live(*d)) {
                domains += 1;
                min = min.min(i64::from(sum.counts.get(d)));
            }
            if domains < c.min_domains { 0 } else { min }
        };
        self.min = self.constraints.iter().zip(&self.sums).map(minimum).collect();
    }
    fn apply(&mut self, pod: &PodInfo, node: &NodeInfo, n: i32) {
        let cx = self.cx;
        if pod.spec.namespace != cx.pod.spec.namespace || !has_all_keys(cx, &self.constraints, node.ix) {
            return;
        }
        let labels = &cx.cache.indexes.class(pod.class).labels;
        let mut changed = false;
        for (c, sum) in self.constraints.iter().zip(&mut self.sums) {
            if c.selector.matches(labels, &cx.cache.symbols)
                && included(cx, c, node)
                && let Some(d) = cx.cache.indexes.topology(c.topology).domain(node.ix)
            {
                sum.counts.to_mut().add(d, n);
                changed = true;
            }
        }
        if changed {
            self.find_minimum();
        }
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        for ((c, sum), min) in self.constraints.iter().zip(&self.sums).zip(&self.min) {
            let Some(d) = self.cx.cache.indexes.topology(c.topology).domain(node.ix) else {
                return Err(Status::unresolvable(NO_LABEL));
            };
            // A domain of which no node counts holds nothing.
            let counts = sum.present.as_ref().is_none_or(|p| p[d]);
            let here = if counts { i64::from(sum.counts.get(d)) } else { 0 };
            if here + i64::from(c.self_match) - min > c.max_skew {
                return Err(Status::unschedulable(MISMATCH));
            }
        }
        Ok(())
    }
    fn add_pod(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.apply(pod, node, 1);
    }
    fn remove_pod(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.apply(pod, node, -1);
    }
}

struct Scoring<'a> {
    cx: &'a Cx<'a>,
    constraints: Vec<&'a SpreadConstraint>,
    /// Weight per constraint, and the sums of those that are not about hosts.
    weights: Vec<f64>,
    sums: Vec<Option<Sum<'a>>>,
    /// Nodes that lack a key of the pod's own constraints.
    ignores: bool,
}

impl<'a> Scoring<'a> {
    fn new(cx: &'a Cx<'a>, constraints: Vec<&'a SpreadConstraint>, feasible: &[NodeIx], own: bool) -> Self {
        let indexes = &cx.cache.indexes;
        let hostname = cx.cache.symbols.find(HOSTNAME);
        let by_host: Vec<bool> = constraints.iter().map(|c| Some(indexes.topology(c.topology).key) == hostname).collect();
        // Only the pod's own constraints demand every key of a node; the system's let a node without a zone be spread by host.
        let ignores = own && constraints.iter().any(|c| indexes.topology(c.topology).missing > 0);
        let counted = |n: &&NodeIx| !ignores || has_all_keys(cx, &constraints, **n);
        let weights = constraints.iter().zip(&by_host).map(|(c, host)| {
            let size = if *host {
                feasible.iter().filter(counted).count()
            } else {
                let topology = indexes.topology(c.topology);
                // One more place for nodes without the label: to them the missing value is a value.
                let none = topology.nodes_in.len();
                let mut seen = vec![false; none + 1];
                let mut values = 0;
                for n in feasible.iter().filter(counted) {
                    let d = topology.domain(*n).unwrap_or(none);
                    values += usize::from(!std::mem::replace(&mut seen[d], true));
                }
                values
            };
            libm::log((size + 2) as f64)
        });
        let weights = weights.collect();
        let sums = if whole_topologies_count(cx, &constraints, own) {
            let direct =
                |c: &&'a SpreadConstraint| Sum { counts: Cow::Borrowed(indexes.selector(c.counted).domains(c.topology)), present: None };
            constraints.iter().zip(&by_host).map(|(c, host)| (!host).then(|| direct(c))).collect()
        } else {
            sum_over_nodes(cx, &constraints, own).into_iter().zip(&by_host).map(|(s, host)| (!host).then_some(s)).collect()
        };
        Self { cx, constraints, weights, sums, ignores }
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let indexes = &self.cx.cache.indexes;
        for (n, s) in nodes.iter().zip(out) {
            if self.ignores && !has_all_keys(self.cx, &self.constraints, *n) {
                *s = 0;
                continue;
            }
            let mut score = 0.0;
            for ((c, weight), sum) in self.constraints.iter().zip(&self.weights).zip(&self.sums) {
                if let Some(d) = indexes.topology(c.topology).domain(*n) {
                    let count = match sum {
                        Some(sum) => sum.counts.get(d),
                        None => indexes.selector(c.counted).on_node(*n),
                    };
                    score += f64::from(count) * weight + (c.max_skew - 1) as f64;
                }
            }
            *s = score.round() as i64;
        }
    }
    fn normalize(&self, nodes: &[NodeIx], scores: &mut [i64]) {
        let ignored = |n: NodeIx| self.ignores && !has_all_keys(self.cx, &self.constraints, n);
        let counted = || nodes.iter().zip(&*scores).filter(|(n, _)| !ignored(**n)).map(|(_, s)| *s);
        let (min, max) = (counted().min().unwrap_or(0), counted().max().unwrap_or(0).max(0));
        for (n, s) in nodes.iter().zip(scores) {
            *s = if ignored(*n) {
                0
            } else if max == 0 {
                100
            } else {
                100 * (max + min - *s) / max
            };
        }
    }
}
