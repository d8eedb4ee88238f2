//! Near changes of requests: less of what is short, or another amount that moves a pod from where it is.

use std::sync::Arc;

use crate::model::quantity::{parse_cpu_milli, parse_units};

use super::super::cache::NodeInfo;
use super::super::pod::PodInfo;
use super::super::requests::Which;
use super::cluster::Cluster;
use super::details::{bytes_exactly, cpu};
use super::whatif::{WhatIf, changed, place};

/// Requests tried between what the pod has and what the largest node holds.
const STEPS: i64 = 40;
/// Halvings when the turning point of a request is looked for.
const HALVINGS: u32 = 12;

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

/// The least that would have to be left out of the requests for some node to take the pod: exactly what this node has free.
pub fn less(cluster: &Cluster, pod: &PodInfo) -> Option<WhatIf> {
    let asked = &pod.spec.demand.requests;
    let all = [Which::Cpu, Which::Memory, Which::Ephemeral].into_iter().chain(asked.scalar.iter().map(|(n, _)| Which::Scalar(*n)));
    let all: Vec<Which> = all.collect();
    // What each node is short of.
    let mut short: Vec<Vec<(Which, i64)>> = vec![];
    for n in cluster.cache.nodes().iter().filter(|n| n.alive) {
        let mut with = NodeInfo::clone(n);
        cluster.cache.nominated_before(pod, n.name()).for_each(|p| with.put(Arc::clone(p)));
        let free = |w: Which| (w.of(&with.fixed.allocatable) - w.of(&with.requested)).max(0);
        let lacks: Vec<(Which, i64)> = all.iter().filter(|w| w.of(asked) > free(**w)).map(|w| (*w, free(*w))).collect();
        if !lacks.is_empty() {
            short.push(lacks);
        }
    }
    // The fewest resources and the smallest part of them first.
    let part = |lacks: &[(Which, i64)]| -> i64 { lacks.iter().map(|(w, free)| 1000 - 1000 * free / w.of(asked).max(1)).sum() };
    short.sort_by_key(|lacks| (lacks.len(), part(lacks)));
    short.into_iter().take(MAX_SHORT).find_map(|lacks| {
        let smaller = lacks.iter().fold(changed(pod, |_| {}), |p, (which, free)| with_request(&p, *which, *free));
        let node = place(cluster, &smaller).0?;
        let words: Vec<String> = lacks.iter().map(|(which, free)| told(cluster, pod, *which, *free, " or less")).collect();
        Some(WhatIf { change: words.join(" and "), node: Some(node), moves: true })
    })
}

/// Nodes whose shortage is tried.
const MAX_SHORT: usize = 16;

/// A request as its writer would write it, or the pod's sum where several containers share it.
fn told(cluster: &Cluster, pod: &PodInfo, which: Which, value: i64, or: &str) -> String {
    let spec = &pod.pod.spec;
    let name = name_of(which, cluster);
    let overhead = pod.pod.spec.overhead.as_ref().and_then(|o| o.get(name)).map_or(0, |q| match which {
        Which::Cpu => parse_cpu_milli(&q.0).unwrap_or(0),
        _ => parse_units(&q.0).unwrap_or(0),
    });
    let one = spec.containers.len() == 1 && spec.init_containers.as_ref().is_none_or(Vec::is_empty) && spec.resources.is_none();
    let own = value - overhead;
    match (one, own) {
        (true, ..=0) => format!("without its {name} request"),
        (true, own) => format!("{name} request of {}{or}", say(which, own)),
        (false, ..=0) => format!("without its {name} requests"),
        (false, _) => {
            let now = say(which, which.of(&pod.spec.demand.requests));
            format!("{name} of {}{or} for the whole pod, now {now}", say(which, value))
        }
    }
}

/// The nearest other request that moves a pod which has a place.
pub fn more(cluster: &Cluster, pod: &PodInfo, now: &str, which: Which) -> Option<WhatIf> {
    let have = which.of(&pod.spec.demand.requests);
    let moves = |value: i64| {
        let (node, best) = place(cluster, &with_request(pod, which, value));
        (!best.iter().any(|b| b == now)).then_some(node)
    };
    let largest = cluster.cache.nodes().iter().filter(|n| n.alive).map(|n| which.of(&n.fixed.allocatable)).max()?;
    // A request over the limit is refused.
    let most = limit(pod, which).map_or(largest, |l| l.min(largest));
    let grain = grain_of(which);
    let step = ((largest - have) / STEPS / grain * grain).max(grain);
    // Even steps both ways: the turning point may be a narrow window. `stay` does not move the outcome, `go` does.
    let turn = (1..=STEPS).find_map(|n| {
        let up = have + n * step;
        let down = (have - n * step).max(if have > 0 { grain } else { have });
        if up <= most && moves(up).is_some() {
            return Some((up - step, up));
        }
        (down < have && moves(down).is_some()).then_some(((down + step).min(have), down))
    });
    let (mut stay, mut go) = turn?;
    for _ in 0..HALVINGS {
        let middle = stay + (go - stay) / 2 / grain * grain;
        if middle == stay || middle == go {
            break;
        }
        if moves(middle).is_some() { go = middle } else { stay = middle }
    }
    let node = moves(go)?;
    Some(WhatIf { change: told(cluster, pod, which, go, ""), node, moves: true })
}

/// What the pod's only container may ask for at most.
fn limit(pod: &PodInfo, which: Which) -> Option<i64> {
    let [only] = pod.pod.spec.containers.as_slice() else { return None };
    let limits = only.resources.as_ref()?.limits.as_ref()?;
    match which {
        Which::Cpu => parse_cpu_milli(&limits.get("cpu")?.0).ok(),
        Which::Memory => parse_units(&limits.get("memory")?.0).ok(),
        // Its request is its limit.
        Which::Ephemeral | Which::Scalar(_) => None,
    }
}
