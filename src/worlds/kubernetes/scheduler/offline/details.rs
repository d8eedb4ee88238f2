//! Reasons with their numbers: what a node lacks, which taint is in the way.

use std::sync::Arc;

use crate::worlds::kubernetes::api::object::TaintEffect;

use super::super::cache::{Cache, NodeInfo};
use super::super::plugins::pod_topology_spread::skews;
use super::super::pod::{PodInfo, Taint};
use super::super::symbols::Sym;

/// Column heads and short names of plugins.
pub const SHORT: &[(&str, &str)] = &[
    ("TaintToleration", "taints"),
    ("NodeResourcesFit", "fit"),
    ("NodeResourcesBalancedAllocation", "balanced"),
    ("ImageLocality", "image"),
    ("PodTopologySpread", "spread"),
    ("InterPodAffinity", "affinity"),
    ("NodeAffinity", "node-aff"),
    ("NodeUnschedulable", "cordon"),
    ("NodeName", "node-name"),
    ("NodePorts", "ports"),
    ("DynamicResources", "claims"),
    ("VolumeRestrictions", "volumes"),
    ("NodeVolumeLimits", "volumes"),
    ("VolumeBinding", "volumes"),
    ("VolumeZone", "volumes"),
    ("SchedulingGates", "gates"),
    ("NodeDeclaredFeatures", "features"),
];

/// The short name of a plugin.
pub fn short(plugin: &str) -> &str {
    SHORT.iter().find(|(long, _)| *long == plugin).map_or(plugin, |(_, s)| s)
}

/// The plugin with this short name; None if several share it.
pub fn long(word: &str) -> Option<&'static str> {
    let mut named = SHORT.iter().filter(|(_, s)| *s == word);
    named.next().filter(|_| named.next().is_none()).map(|(long, _)| *long)
}

/// `1.5`, `500m`
pub fn cpu(milli: i64) -> String {
    if milli % 1000 == 0 {
        return (milli / 1000).to_string();
    }
    if milli % 100 == 0 { format!("{:.1}", milli as f64 / 1000.0) } else { format!("{milli}m") }
}

/// `512Mi`, `1.5Gi`
pub fn bytes(n: i64) -> String {
    const UNITS: [(&str, i64); 4] = [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    for (unit, size) in UNITS {
        if n.abs() >= size {
            let text = format!("{:.1}", n as f64 / size as f64);
            return format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text));
        }
    }
    n.to_string()
}

/// The same without rounding: `8256Mi`, not `8.1Gi`.
pub fn bytes_exactly(n: i64) -> String {
    const UNITS: [(&str, i64); 4] = [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match UNITS.iter().find(|(_, size)| n.abs() >= *size && n % size == 0) {
        Some((unit, size)) => format!("{}{unit}", n / size),
        None => n.to_string(),
    }
}

/// `dedicated=gpu:NoSchedule`
pub fn taint(t: &Taint, cache: &Cache) -> String {
    let effect = match t.effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    };
    let (key, value) = (cache.symbols.name(t.key), cache.symbols.name(t.value));
    if value.is_empty() { format!("{key}:{effect}") } else { format!("{key}={value}:{effect}") }
}

/// The first taint that keeps the pod away.
pub fn untolerated(node: &NodeInfo, pod: &PodInfo) -> Option<Taint> {
    let hard = node.fixed.taints.iter().filter(|t| t.effect != TaintEffect::PreferNoSchedule);
    hard.copied().find(|taint| !pod.spec.tolerations.iter().any(|t| t.tolerates(taint)))
}

/// Resources of which the node has too little: name, wanted, free, allocatable.
fn shortages(node: &NodeInfo, pod: &PodInfo) -> Vec<(Option<Sym>, &'static str, i64, i64, i64)> {
    let (w, a, r) = (&pod.spec.demand.requests, &node.fixed.allocatable, &node.requested);
    let mut all = vec![
        (None, "cpu", w.milli_cpu, a.milli_cpu - r.milli_cpu, a.milli_cpu),
        (None, "memory", w.memory, a.memory - r.memory, a.memory),
        (None, "ephemeral-storage", w.ephemeral, a.ephemeral - r.ephemeral, a.ephemeral),
    ];
    all.extend(w.scalar.iter().map(|(n, v)| (Some(*n), "", *v, a.scalar(*n) - r.scalar(*n), a.scalar(*n))));
    all.retain(|(_, _, want, free, _)| *want > 0 && want > free);
    all
}

/// Plugins that look at the pods on a node, those nominated there included.
const LOOK_AT_PODS: &[&str] = &["NodeResourcesFit", "NodePorts", "PodTopologySpread", "InterPodAffinity"];

/// What a rejection means in numbers, if there is more to say than the reason does.
pub fn detail(plugin: &str, node: &NodeInfo, pod: &PodInfo, cache: &Cache) -> Option<String> {
    let before: Vec<_> = cache.nominated_before(pod, node.name()).collect();
    if before.is_empty() || !LOOK_AT_PODS.contains(&plugin) {
        return numbers(plugin, node, pod, cache);
    }
    let mut with = node.clone();
    before.iter().for_each(|p| with.put(Arc::clone(p)));
    let numbers = numbers(plugin, &with, pod, cache);
    let names: Vec<String> = before.iter().map(|p| p.key().to_string()).collect();
    let nominated = format!("room is kept for {}, nominated here", names.join(", "));
    Some(numbers.into_iter().filter(|n| !n.is_empty()).chain([nominated]).collect::<Vec<_>>().join("; "))
}

fn numbers(plugin: &str, node: &NodeInfo, pod: &PodInfo, cache: &Cache) -> Option<String> {
    match plugin {
        "NodeResourcesFit" => {
            let mut parts: Vec<String> = shortages(node, pod)
                .into_iter()
                .map(|(name, fixed, want, free, all)| {
                    let name = name.map_or(fixed, |n| cache.symbols.name(n));
                    let in_bytes = matches!(name, "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
                    // Rounded as long as that tells the two apart.
                    let exact = bytes(want) == bytes(free);
                    let say = |v: i64| match name {
                        "cpu" => cpu(v),
                        _ if in_bytes && exact => bytes_exactly(v),
                        _ if in_bytes => bytes(v),
                        _ => v.to_string(),
                    };
                    let never = if want > all { format!(" of {}", say(all)) } else { String::new() };
                    format!("{name}: wants {}, free {}{never}", say(want), say(free.max(0)))
                })
                .collect();
            if node.pods.len() as i64 + 1 > node.fixed.max_pods {
                parts.push(format!("pods: {} of {}", node.pods.len(), node.fixed.max_pods));
            }
            Some(parts.join("; "))
        }
        "TaintToleration" => {
            let hard = node.fixed.taints.iter().filter(|t| t.effect != TaintEffect::PreferNoSchedule);
            let bare = hard.filter(|taint| !pod.spec.tolerations.iter().any(|t| t.tolerates(taint)));
            Some(bare.map(|t| taint(t, cache)).collect::<Vec<_>>().join(", "))
        }
        "NodeAffinity" => {
            let labels = &node.fixed.node.meta;
            let wanted = pod.pod.spec.node_selector.iter().flatten().filter(|(k, v)| labels.label(k) != Some(v.as_str()));
            let lacks = wanted.map(|(k, v)| match labels.label(k) {
                None => format!("no label {k}={v}"),
                Some(has) => format!("{k} is {has}, not {v}"),
            });
            Some(lacks.collect::<Vec<_>>().join("; "))
        }
        "NodePorts" => {
            let clash = pod.spec.ports.iter().find(|w| node.ports.iter().any(|u| w.clashes(u)))?;
            Some(format!("port {} is taken", clash.port))
        }
        "PodTopologySpread" => {
            let said = skews(cache, pod, node).into_iter().filter_map(|s| match s.counts {
                None => Some(format!("no label {}", s.key)),
                Some((here, fewest)) if here + s.own - fewest > s.max_skew => {
                    let own = if s.own > 0 { " and this one" } else { "" };
                    Some(format!("{}: {here} here{own}, {fewest} where fewest, maxSkew {}", s.key, s.max_skew))
                }
                Some(_) => None,
            });
            Some(said.collect::<Vec<_>>().join("; "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_for_people() {
        assert_eq!([cpu(1500), cpu(2000), cpu(250)], ["1.5", "2", "250m"]);
        assert_eq!([8256 << 20, 8 << 30, 1 << 50, 1000].map(bytes_exactly), ["8256Mi", "8Gi", "1024Ti", "1000"]);
        assert_eq!([bytes(1 << 30), bytes(1536 << 20), bytes(512 << 20), bytes(100)], ["1Gi", "1.5Gi", "512Mi", "100"]);
    }
}
