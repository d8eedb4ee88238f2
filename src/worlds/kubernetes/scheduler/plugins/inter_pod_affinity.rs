//! Pods that want to be near, or far from, other pods (pkg/scheduler/framework/plugins/interpodaffinity).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Prepared, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::{Counts, NodeIx, TermIx, TermKind, TopoIx};
use crate::worlds::kubernetes::scheduler::pod::{PodInfo, Term};

pub struct InterPodAffinity;

struct Run<'a> {
    cx: &'a Cx<'a>,
    /// Anti-affinity terms of placed pods that match this pod, with where their holders are.
    existing: Vec<(TermIx, TopoIx, Cow<'a, Counts>)>,
    /// Per required term: pods that match all of them.
    required: Vec<(TopoIx, Cow<'a, Counts>)>,
    anti: Vec<(TopoIx, Cow<'a, Counts>)>,
    /// The pod matches its own required terms.
    first_of_series: bool,
}

fn term_matches(term: &Term, pod: &PodInfo, cache: &Cache) -> bool {
    cache.indexes.part_matches(&term.scope, &term.selector, cache.indexes.class(pod.class), &cache.symbols)
}

fn matches_all(terms: &[Term], pod: &PodInfo, cache: &Cache) -> bool {
    terms.iter().all(|t| term_matches(t, pod, cache))
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }
    fn scores(&self) -> bool {
        true
    }
    fn prepare(&self, cache: &mut Cache, pod: &PodInfo, _prepared: &mut Prepared) {
        let affinity = &pod.spec.affinity;
        if let Some(all) = affinity.required_all {
            for t in &affinity.required {
                cache.want(all, Some(t.topology));
            }
        }
        for t in affinity.required_anti.iter().chain(affinity.preferred.iter().map(|(_, t)| t)) {
            cache.want(t.counted, Some(t.topology));
        }
        let Cache { indexes, symbols, .. } = cache;
        indexes.refresh_terms(pod.class, symbols);
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let (affinity, indexes) = (&cx.pod.spec.affinity, &cx.cache.indexes);
        let existing: Vec<_> = indexes
            .terms_matching(cx.pod.class)
            .filter(|(_, t)| t.key.kind == TermKind::RequiredAnti && t.holders.total > 0)
            .map(|(ix, t)| (ix, t.key.topology, Cow::Borrowed(&t.holders)))
            .collect();
        if existing.is_empty() && affinity.required.is_empty() && affinity.required_anti.is_empty() {
            return PreFilter::Skip;
        }
        let all = affinity.required_all.map(|s| indexes.selector(s));
        let required = affinity.required.iter().filter_map(|t| Some((t.topology, Cow::Borrowed(all?.domains(t.topology))))).collect();
        let anti = affinity.required_anti.iter().map(|t| (t.topology, Cow::Borrowed(indexes.selector(t.counted).domains(t.topology))));
        PreFilter::Run(Box::new(Run {
            cx,
            existing,
            required,
            anti: anti.collect(),
            first_of_series: matches_all(&affinity.required, cx.pod, cx.cache),
        }))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        let (affinity, indexes) = (&cx.pod.spec.affinity, &cx.cache.indexes);
        let mut parts: Vec<(TopoIx, i64, &Counts)> = vec![];
        for (weight, t) in &affinity.preferred {
            parts.push((t.topology, i64::from(*weight), indexes.selector(t.counted).domains(t.topology)));
        }
        for (_, t) in indexes.terms_matching(cx.pod.class) {
            let weight = match t.key.kind {
                TermKind::RequiredAnti => continue,
                TermKind::Required => cx.profile.hard_pod_affinity_weight,
                TermKind::Preferred(w) => i64::from(w),
            };
            if weight != 0 {
                parts.push((t.key.topology, weight, &t.holders));
            }
        }
        parts.retain(|(_, _, counts)| counts.total > 0);
        (!parts.is_empty()).then(|| Box::new(Scoring { cx, parts }) as _)
    }
    fn wakes_on(&self) -> &'static str {
        "a pod comes, leaves or changes its labels; a node comes or changes its labels"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        let affinity = &pod.spec.affinity;
        let anti = |other: &PodInfo| affinity.required_anti.iter().any(|t| term_matches(t, other, cache));
        // The other pod's anti-affinity may be what kept this one out.
        let repels = |other: &PodInfo| {
            let class = cache.indexes.class(pod.class);
            other.spec.affinity.required_anti.iter().any(|t| cache.indexes.part_matches(&t.scope, &t.selector, class, &cache.symbols))
        };
        let all = |other: &PodInfo| !affinity.required.is_empty() && matches_all(&affinity.required, other, cache);
        Hint::when(match event {
            ClusterEvent::PodAdd(p) => all(p),
            ClusterEvent::PodDelete(p) => all(p) || anti(p) || repels(p),
            ClusterEvent::PodUpdate(old, new) => (!all(old) && all(new)) || (anti(old) && !anti(new)) || (repels(old) && !repels(new)),
            ClusterEvent::NodeAdd(n) => {
                let has = |t: &Term| {
                    crate::worlds::kubernetes::scheduler::symbols::label(&n.labels, cache.indexes.topology(t.topology).key).is_some()
                };
                affinity.required.iter().all(has)
            }
            ClusterEvent::NodeUpdate(old, new) => old.labels != new.labels,
            ClusterEvent::Own(old, new) => old.class != new.class,
            _ => false,
        })
    }
}

impl Run<'_> {
    fn apply(&mut self, pod: &PodInfo, node: &NodeInfo, n: i32) {
        let Self { cx, existing, required, anti, .. } = self;
        let (cache, indexes, own) = (cx.cache, &cx.cache.indexes, &cx.pod.spec.affinity);
        let class = indexes.class(cx.pod.class);
        for ix in &pod.spec.terms {
            let term = indexes.term(*ix);
            let anti = term.key.kind == TermKind::RequiredAnti;
            if anti && indexes.part_matches(&term.key.scope, &term.key.selector, class, &cache.symbols) {
                if !existing.iter().any(|(t, ..)| t == ix) {
                    existing.push((*ix, term.key.topology, Cow::Owned(Counts::default())));
                }
                for (_, topology, counts) in existing.iter_mut().filter(|(t, ..)| t == ix) {
                    bump(counts, indexes.topology(*topology).domain(node.ix), n);
                }
            }
        }
        if !own.required.is_empty() && matches_all(&own.required, pod, cache) {
            for (topology, counts) in required {
                bump(counts, indexes.topology(*topology).domain(node.ix), n);
            }
        }
        for (term, (topology, counts)) in own.required_anti.iter().zip(anti) {
            if term_matches(term, pod, cache) {
                bump(counts, indexes.topology(*topology).domain(node.ix), n);
            }
        }
    }
}

fn bump(counts: &mut Cow<Counts>, domain: Option<usize>, n: i32) {
    if let Some(d) = domain {
        counts.to_mut().add(d, n);
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let indexes = &self.cx.cache.indexes;
        let mut all_there = true;
        for (topology, counts) in &self.required {
            match indexes.topology(*topology).domain(node.ix) {
                None => return Err(Status::unresolvable("node(s) didn't match pod affinity rules")),
                Some(d) => all_there &= counts.get(d) > 0,
            }
        }
        if !all_there {
            // The first of a series that wants to be near itself may go anywhere.
            let nobody = self.required.iter().all(|(_, c)| c.total == 0);
            if !(nobody && self.first_of_series) {
                return Err(Status::unresolvable("node(s) didn't match pod affinity rules"));
            }
        }
        let present = |topology: TopoIx, counts: &Counts| indexes.topology(topology).domain(node.ix).is_some_and(|d| counts.get(d) > 0);
        if self.anti.iter().any(|(t, c)| present(*t, c)) {
            return Err(Status::unschedulable("node(s) didn't match pod anti-affinity rules"));
        }
        if self.existing.iter().any(|(_, t, c)| present(*t, c)) {
            return Err(Status::unschedulable("node(s) didn't satisfy existing pods anti-affinity rules"));
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
    parts: Vec<(TopoIx, i64, &'a Counts)>,
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        out.fill(0);
        for (topology, weight, counts) in &self.parts {
            let topology = self.cx.cache.indexes.topology(*topology);
            for (n, s) in nodes.iter().zip(out.iter_mut()) {
                if let Some(d) = topology.domain(*n) {
                    *s += weight * i64::from(counts.get(d));
                }
            }
        }
    }
    fn normalize(&self, _nodes: &[NodeIx], scores: &mut [i64]) {
        let (min, max) = scores.iter().fold((i64::MAX, i64::MIN), |(a, b), s| (a.min(*s), b.max(*s)));
        for s in scores {
            // In floating point and in this order, as upstream: 29 of 100 gives 28.
            *s = if max > min { (100.0 * ((*s - min) as f64 / (max - min) as f64)) as i64 } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn normalising_follows_floating_point() {
        let f = |d: i64, range: i64| (100.0 * (d as f64 / range as f64)) as i64;
        assert_eq!([f(2, 10), f(10, 10), f(0, 10)], [20, 100, 0]);
        assert_eq!(f(29, 100), 28);
    }
}
