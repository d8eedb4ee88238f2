//! A decision as the annotations of kube-scheduler-simulator, for the tools that read those
//! (kubernetes-sigs/kube-scheduler-simulator, simulator/scheduler/plugin/annotation and resultstore).

use serde_json::{Map, Value, json};

use super::super::decision::Decision;
use super::super::profile::Profile;

const PREFIX: &str = "kube-scheduler-simulator.sigs.k8s.io/";

/// Annotation keys with JSON texts as values. The plugins' raw scores are those before weights; what the simulator calls the final
/// score is normalised and weighted.
pub fn annotations(d: &Decision, profile: &Profile) -> Value {
    let mut filter = Map::new();
    let filters: Vec<&str> = profile.enabled().map(|(_, p)| p.name()).filter(|n| FILTERS.contains(n)).collect();
    let (mut raw, mut last) = (Map::new(), Map::new());
    for n in &d.nodes {
        let mut results = Map::new();
        for name in &filters {
            match &n.rejected_by {
                Some((by, reasons)) if by == name => {
                    results.insert((*name).into(), reasons.join(", ").into());
                    break;
                }
                _ => {
                    results.insert((*name).into(), "passed".into());
                }
            }
        }
        filter.insert(n.name.to_string(), Value::Object(results));
        if n.total.is_some() {
            let text = |list: &[(&str, i64)]| Value::Object(list.iter().map(|(p, s)| (p.to_string(), s.to_string().into())).collect());
            last.insert(n.name.to_string(), text(&n.scores));
            raw.insert(n.name.to_string(), text(&n.raw));
        }
    }
    let mut post = Map::new();
    if let Some((node, _)) = &d.preemption {
        for n in &d.nodes {
            let said = if n.name == *node { json!({"DefaultPreemption": "preemption victim"}) } else { json!({}) };
            post.insert(n.name.to_string(), said);
        }
    }
    let status = d.pre_filter.as_ref().map_or_else(|| json!({}), |(plugin, reasons)| json!({*plugin: reasons.join(", ")}));
    let mut out = Map::new();
    let mut put = |key: &str, value: String| out.insert(format!("{PREFIX}{key}"), value.into());
    put("prefilter-result-status", status.to_string());
    put("filter-result", Value::Object(filter).to_string());
    put("postfilter-result", Value::Object(post).to_string());
    put("score-result", Value::Object(raw).to_string());
    put("finalscore-result", Value::Object(last).to_string());
    put("selected-node", d.node.as_deref().unwrap_or("").to_string());
    Value::Object(out)
}

/// Plugins with a Filter extension point, in the names the simulator writes.
const FILTERS: &[&str] = &[
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
];
