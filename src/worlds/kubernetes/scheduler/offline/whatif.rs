//! The nearest changes that would move the outcome: less or more of a request, a toleration, a dropped rule.

use std::sync::Arc;

use super::super::super::api::object::{Node, Pod};
use super::super::cache::NodeInfo;
use super::super::cycle::Decided;
use super::super::decision::{Decision, NodeVerdict};
use super::super::plugins::inter_pod_affinity::EXISTING_ANTI;
use super::super::pod::{PodInfo, SpecInfo, Toleration};
use super::super::requests::Which;
use super::super::selector::NodeRequirements;
use super::amounts::{less, more};
use super::cluster::Cluster;
use super::details::{taint, untolerated};

/// A change and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIf {
    pub change: String,
    /// The node, or None if still nothing fits.
    pub node: Option<String>,
    /// It differs from the decision.
    pub moves: bool,
}

/// At most so many different taints are tried.
const MAX_TAINTS: usize = 4;
/// Nodes on which labels are tried.
const MAX_LABELLED: usize = 8;
pub(super) fn changed(pod: &PodInfo, f: impl FnOnce(&mut SpecInfo)) -> PodInfo {
    let mut spec = SpecInfo::clone(&pod.spec);
    f(&mut spec);
    PodInfo { spec: Arc::new(spec), ..pod.clone() }
}

/// The place the cluster would choose for a changed pod.
pub(super) fn place(cluster: &Cluster, pod: &PodInfo) -> (Option<String>, Vec<String>) {
    // A copy, so that neither position nor counts move.
    let mut trial = cluster.clone();
    let outcome = trial.outcome(pod);
    let name = |ix| trial.cache.node(ix).name().to_string();
    let best = outcome.best.iter().map(|ix| name(*ix)).collect();
    (if let Decided::Node(ix) = outcome.decided { Some(name(ix)) } else { None }, best)
}

/// Tries changes around a decision, nearest first.
pub fn explore(cluster: &Cluster, pod: &PodInfo, decision: &Decision) -> Vec<WhatIf> {
    if cluster.gate(pod).is_some() {
        // Nothing else matters before this.
        let (node, _) = place(cluster, pod);
        let moves = node.is_some() && node.as_deref() != decision.node.as_deref();
        return vec![WhatIf { change: "without its scheduling gates".into(), moves, node }];
    }
    let now = decision.node.as_deref();
    let (mut out, mut uncordon) = (vec![], vec![]);
    let mut try_it = |change: String, pod: &PodInfo| {
        let (node, best) = place(cluster, pod);
        // Among equals the old choice counts as staying.
        let stays = match now {
            Some(n) => best.iter().any(|b| b == n),
            None => node.is_none(),
        };
        let node = if stays { now.map(str::to_string) } else { node };
        out.push(WhatIf { change, node, moves: !stays });
    };
    let (mut seen, mut labels) = (vec![], None);
    let cordoned = cluster.cache.nodes().iter().filter(|n| n.alive && n.fixed.node.unschedulable).take(MAX_TAINTS);
    for (name, free) in cordoned.map(|n| (n.name(), uncordoned(&n.fixed.node))) {
        let mut open = cluster.clone();
        open.cache.put_node(&Arc::new(free));
        let (node, _) = place(&open, pod);
        if node.is_some() && node.as_deref() != now {
            uncordon.push(WhatIf { change: format!("uncordon {name}"), node, moves: true });
        }
    }
    let tainted = |n: &&NodeInfo| n.alive && !n.fixed.node.unschedulable && cluster.profile.is_on("TaintToleration");
    for n in cluster.cache.nodes().iter().filter(tainted) {
        // All that the node keeps the pod away with, one after the other.
        let (mut tolerant, mut taints) = (changed(pod, |_| {}), vec![]);
        while let Some(t) = untolerated(n, &tolerant).filter(|_| taints.len() < MAX_TAINTS) {
            taints.push(t);
            tolerant = changed(&tolerant, |s| {
                s.tolerations.push(Toleration { key: Some(t.key), exists: false, value: t.value, effect: Some(t.effect) });
            });
        }
        if taints.is_empty() || seen.contains(&taints) || seen.len() >= MAX_TAINTS {
            continue;
        }
        let names: Vec<String> = taints.iter().map(|t| taint(t, &cluster.cache)).collect();
        let word = if names.len() == 1 { "a toleration" } else { "tolerations" };
        seen.push(taints);
        try_it(format!("{word} for {}", names.join(" and ")), &tolerant);
    }
    if !pod.spec.node.is_empty() {
        try_it("without its node selector and required node affinity".into(), &changed(pod, |s| s.node = NodeRequirements::default()));
        labels = label(cluster, pod);
    }
    if !pod.spec.affinity.required.is_empty() {
        try_it(
            "without its required pod affinity".into(),
            &changed(pod, |s| {
                s.affinity.required.clear();
                s.affinity.required_all = None;
            }),
        );
    }
    if !pod.spec.affinity.required_anti.is_empty() {
        try_it("without its required pod anti-affinity".into(), &changed(pod, |s| s.affinity.required_anti.clear()));
    }
    let hard: Vec<usize> = (0..pod.spec.spread.len()).filter(|i| pod.spec.spread[*i].hard).collect();
    for i in &hard {
        let looser = |by| changed(pod, |s| s.spread[*i].max_skew += by);
        let by = if now.is_some() { 1 } else { (1..=MAX_SKEW_MORE).find(|by| place(cluster, &looser(*by)).0.is_some()).unwrap_or(1) };
        let key = cluster.cache.symbols.name(cluster.cache.indexes.topology(pod.spec.spread[*i].topology).key);
        try_it(format!("maxSkew over {key} larger by {by}"), &looser(by));
    }
    if hard.len() > 1 {
        try_it("without its hard spread constraints".into(), &changed(pod, |s| s.spread.retain(|c| !c.hard)));
    }
    if now.is_some() {
        if pod.spec.preferred_node.as_ref().is_some_and(|p| !p.is_empty()) {
            try_it("without its preferred node affinity".into(), &changed(pod, |s| s.preferred_node = None));
        }
        if !pod.spec.affinity.preferred.is_empty() {
            try_it("without its preferred pod affinity".into(), &changed(pod, |s| s.affinity.preferred.clear()));
        }
        if pod.spec.spread.iter().any(|c| !c.hard) {
            try_it("without its soft spread constraints".into(), &changed(pod, |s| s.spread.retain(|c| c.hard)));
        }
    }
    if !pod.spec.ports.is_empty() {
        try_it("without its host ports".into(), &changed(pod, |s| s.ports.clear()));
    }
    out.extend(uncordon);
    out.extend(other_labels(cluster, pod, decision));
    out.extend(labels);
    out.extend(topology_label(cluster, pod, now));
    match now {
        None => out.extend(less(cluster, pod)),
        Some(node) => {
            let extended = pod.spec.demand.requests.scalar.iter().map(|(name, _)| Which::Scalar(*name));
            for which in [Which::Cpu, Which::Memory].into_iter().chain(extended) {
                out.extend(more(cluster, pod, node, which));
            }
        }
    }
    if decision.pre_filter.is_some() {
        // No node was looked at: what does not help there says nothing.
        out.retain(|w| w.moves);
    }
    // What moves the outcome comes first; among the rest one line is enough to learn from.
    out.sort_by_key(|w| !w.moves);
    out
}

/// What keeps a pod away may be the anti-affinity of those that are there: to its labels.
fn other_labels(cluster: &Cluster, pod: &PodInfo, decision: &Decision) -> Option<WhatIf> {
    let shunned = |n: &NodeVerdict| n.rejected_by.as_ref().is_some_and(|(_, why)| why.iter().any(|r| r == EXISTING_ANTI));
    if decision.node.is_some() || !decision.nodes.iter().any(shunned) {
        return None;
    }
    let mut bare = Pod::clone(&pod.pod);
    bare.meta.labels = Default::default();
    let mut trial = cluster.clone();
    let bare = trial.compile(&Arc::new(bare));
    let (node, _) = place(&trial, &bare);
    node.map(|n| WhatIf { change: "without the labels that pods there keep away from".into(), node: Some(n), moves: true })
}

/// The fewest labels that, put on a node, would bring the pod there: those of its node selector, and one for each `In` and `Exists` of
/// the first required term.
fn label(cluster: &Cluster, pod: &PodInfo) -> Option<WhatIf> {
    let spec = &pod.pod.spec;
    let required =
        spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref());
    let terms = required.and_then(|r| r.node_selector_terms.first()?.match_expressions.as_ref());
    let values = terms.into_iter().flatten().filter_map(|e| match e.operator.as_str() {
        "In" => Some((e.key.as_str(), e.values.as_ref()?.first()?.as_str())),
        // Any value will do.
        "Exists" => Some((e.key.as_str(), "true")),
        _ => None,
    });
    let wanted: Vec<(&str, &str)> = spec.node_selector.iter().flatten().map(|(k, v)| (k.as_str(), v.as_str())).chain(values).collect();
    let lacking = |n: &Node| -> Vec<(&str, &str)> { wanted.iter().filter(|(k, v)| n.meta.label(k) != Some(*v)).copied().collect() };
    let mut nodes: Vec<_> = cluster.cache.nodes().iter().filter(|n| n.alive).map(|n| (lacking(&n.fixed.node), &n.fixed.node)).collect();
    nodes.retain(|(lacks, _)| !lacks.is_empty());
    nodes.sort_by_key(|(lacks, _)| lacks.len());
    nodes.iter().take(MAX_LABELLED).find_map(|(lacks, node)| {
        let mut labelled = Node::clone(node);
        lacks.iter().for_each(|(k, v)| labelled.meta.set_label(k, v));
        let mut trial = cluster.clone();
        trial.cache.put_node(&Arc::new(labelled));
        let (chosen, _) = place(&trial, pod);
        let words: Vec<String> = lacks.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let what = if words.len() == 1 { "the label" } else { "the labels" };
        let name = node.meta.name.to_string();
        (chosen.as_deref() == Some(&*name)).then(|| WhatIf {
            change: format!("{what} {} on {name}", words.join(", ")),
            node: chosen,
            moves: true,
        })
    })
}

/// A rule that is loosened further is no rule.
const MAX_SKEW_MORE: i64 = 10;

/// The topology label that no node has, or too few, put on a node: a domain of its own.
fn topology_label(cluster: &Cluster, pod: &PodInfo, now: Option<&str>) -> Option<WhatIf> {
    if now.is_some() {
        return None;
    }
    let cache = &cluster.cache;
    let keys = pod.spec.spread.iter().filter(|c| c.hard).map(|c| c.topology);
    let keys = keys.chain(pod.spec.affinity.required.iter().map(|t| t.topology)).map(|t| cache.symbols.name(cache.indexes.topology(t).key));
    for key in keys {
        for node in cache.nodes().iter().filter(|n| n.alive && n.fixed.node.meta.label(key).is_none()).take(MAX_LABELLED) {
            let mut labelled = Node::clone(&node.fixed.node);
            labelled.meta.set_label(key, &labelled.meta.name.clone());
            let mut trial = cluster.clone();
            trial.cache.put_node(&Arc::new(labelled));
            let name = node.name().to_string();
            if place(&trial, pod).0.as_deref() == Some(&name) {
                return Some(WhatIf { change: format!("a label {key} on {name}"), node: Some(name), moves: true });
            }
        }
    }
    None
}

/// The node as it is after `kubectl uncordon`.
fn uncordoned(node: &Node) -> Node {
    let mut free = Node::clone(node);
    free.unschedulable = false;
    Arc::make_mut(&mut free.taints).retain(|t| &*t.key != "node.kubernetes.io/unschedulable");
    free
}
