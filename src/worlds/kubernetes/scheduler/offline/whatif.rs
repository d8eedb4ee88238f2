//! The nearest changes that would move the outcome: less or more of a request, a toleration, a dropped rule.

use std::sync::Arc;

use super::super::super::api::object::Node;
use super::super::cycle::Decided;
use super::super::decision::Decision;
use super::super::pod::{PodInfo, SpecInfo, Toleration};
use super::super::requests::Which;
use super::super::selector::NodeRequirements;
use super::cluster::Cluster;
use super::details::{bytes_exactly, cpu, taint, untolerated};

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
/// Requests tried between what the pod has and what the largest node holds.
const STEPS: i64 = 40;
/// Halvings when the turning point of a request is looked for.
const HALVINGS: u32 = 12;

fn changed(pod: &PodInfo, f: impl FnOnce(&mut SpecInfo)) -> PodInfo {
    let mut spec = SpecInfo::clone(&pod.spec);
    f(&mut spec);
    PodInfo { spec: Arc::new(spec), ..pod.clone() }
}

/// The place the cluster would choose for a changed pod.
fn place(cluster: &Cluster, pod: &PodInfo) -> (Option<String>, Vec<String>) {
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
        return vec![WhatIf { change: "without its scheduling gates".into(), moves: node.is_some(), node }];
    }
    let now = decision.node.as_deref();
    let mut out = vec![];
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
    for n in cluster.cache.nodes().iter().filter(|n| n.alive) {
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
    if pod.spec.spread.iter().any(|c| c.hard) {
        let looser = |by| changed(pod, |s| s.spread.iter_mut().filter(|c| c.hard).for_each(|c| c.max_skew += by));
        let by = if now.is_some() { 1 } else { (1..=MAX_SKEW_MORE).find(|by| place(cluster, &looser(*by)).0.is_some()).unwrap_or(1) };
        try_it(format!("maxSkew larger by {by}"), &looser(by));
    }
    if !pod.spec.ports.is_empty() {
        try_it("without its host ports".into(), &changed(pod, |s| s.ports.clear()));
    }
    out.extend(labels);
    let asked = &pod.spec.demand.requests;
    let extended = asked.scalar.iter().map(|(name, _)| Which::Scalar(*name));
    let ephemeral = (asked.ephemeral > 0).then_some(Which::Ephemeral);
    for which in [Which::Cpu, Which::Memory].into_iter().chain(ephemeral).chain(extended) {
        out.extend(request(cluster, pod, now, which));
    }
    // What moves the outcome comes first; among the rest one line is enough to learn from.
    out.sort_by_key(|w| !w.moves);
    out
}

/// The fewest labels that, put on a node, would bring the pod there: those of its node selector, and the first value of each `In` of the
/// first required term.
fn label(cluster: &Cluster, pod: &PodInfo) -> Option<WhatIf> {
    let spec = &pod.pod.spec;
    let required =
        spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref());
    let terms = required.and_then(|r| r.node_selector_terms.first()?.match_expressions.as_ref());
    let values = terms
        .into_iter()
        .flatten()
        .filter(|e| e.operator == "In")
        .filter_map(|e| Some((e.key.as_str(), e.values.as_ref()?.first()?.as_str())));
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

/// The pod with another request.
fn with_request(pod: &PodInfo, which: Which, value: i64) -> PodInfo {
    let have = which.of(&pod.spec.demand.requests);
    changed(pod, |s| {
        let d = &mut s.demand;
        // What scores assume where nothing is asked goes when something is.
        let more = |assumed: i64| (if have > 0 { assumed } else { 0 } + value - have).max(0);
        match which {
            Which::Cpu => (d.requests.milli_cpu, d.nonzero_cpu) = (value, more(d.nonzero_cpu)),
            Which::Memory => (d.requests.memory, d.nonzero_memory) = (value, more(d.nonzero_memory)),
            Which::Ephemeral => d.requests.ephemeral = value,
            Which::Scalar(name) => d.requests.set_scalar(name, value),
        }
    })
}

fn say(which: Which, value: i64) -> String {
    match which {
        Which::Cpu => cpu(value),
        Which::Memory | Which::Ephemeral => bytes_exactly(value),
        Which::Scalar(_) => value.to_string(),
    }
}

fn name_of(which: Which, cluster: &Cluster) -> &str {
    match which {
        Which::Cpu => "cpu",
        Which::Memory => "memory",
        Which::Ephemeral => "ephemeral-storage",
        Which::Scalar(name) => cluster.cache.symbols.name(name),
    }
}

/// Steps in which requests are written.
fn grain_of(which: Which) -> i64 {
    match which {
        Which::Cpu => 50,
        Which::Memory | Which::Ephemeral => 64 << 20,
        Which::Scalar(_) => 1,
    }
}

/// The smallest change of a request that moves the outcome: less if nothing fits, more if something does.
fn request(cluster: &Cluster, pod: &PodInfo, now: Option<&str>, which: Which) -> Option<WhatIf> {
    let have = which.of(&pod.spec.demand.requests);
    let moves = |value: i64| {
        let (node, best) = place(cluster, &with_request(pod, which, value));
        match now {
            Some(n) => (!best.iter().any(|b| b == n)).then_some(node),
            None => node.is_some().then_some(node),
        }
    };
    let largest = cluster.cache.nodes().iter().filter(|n| n.alive).map(|n| which.of(&n.fixed.allocatable));
    let grain = grain_of(which);
    // `stay` does not move the outcome, `go` does; the turning point lies between.
    let (mut stay, mut go) = match now {
        None => (have, 0),
        Some(_) => {
            let largest = largest.max()?;
            // Even steps over what a node can hold: the turning point may be a narrow window.
            let step = ((largest - have) / STEPS / grain * grain).max(grain);
            let mut stay = have;
            loop {
                let next = stay + step;
                if next > largest {
                    return None;
                }
                if moves(next).is_some() {
                    break (stay, next);
                }
                stay = next;
            }
        }
    };
    if now.is_none() && (have == 0 || moves(0).is_none()) {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = stay + (go - stay) / 2 / grain * grain;
        if middle == stay || middle == go {
            break;
        }
        if moves(middle).is_some() { go = middle } else { stay = middle }
    }
    let node = moves(go)?;
    let (name, amount) = (name_of(which, cluster), say(which, go));
    let change = match now {
        None if go == 0 => format!("without its {name} request"),
        None => format!("{name} request of {amount} or less"),
        Some(_) => format!("{name} request of {amount}"),
    };
    Some(WhatIf { change, node, moves: true })
}
