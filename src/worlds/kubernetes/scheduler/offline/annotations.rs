//! A decision as the annotations of kube-scheduler-simulator, for the tools that read those
//! (kubernetes-sigs/kube-scheduler-simulator, simulator/scheduler/plugin/annotation and resultstore).

use serde_json::{Map, Value, json};

use super::super::cycle::PreFiltered;
use super::super::decision::Decision;
use super::cluster::Cluster;

const SUCCESS: &str = "success";
const PREFIX: &str = "kube-scheduler-simulator.sigs.k8s.io/";

/// Filters without a PreFilter: they look at every pod.
const ALWAYS: &[&str] = &["NodeUnschedulable", "NodeName", "TaintToleration"];

/// Plugins with a PreScore extension point, in the names the simulator writes.
const PRE_SCORES: &[&str] =
    &["InterPodAffinity", "NodeAffinity", "NodeResourcesBalancedAllocation", "NodeResourcesFit", "PodTopologySpread", "TaintToleration"];

/// Annotation keys with JSON texts as values, all those of the simulator. The plugins' raw scores are those before weights; what the
/// simulator calls the final score is normalised and weighted. Of the steps after the choice (reserve, permit, bind) nothing is said:
/// nothing is bound here.
pub fn annotations(d: &Decision, pre_filters: &[(&'static str, PreFiltered)], cluster: &Cluster) -> Value {
    let enabled: Vec<&str> = cluster.profile.enabled().map(|(_, p)| p.name()).collect();
    let skipped = |name: &str| pre_filters.iter().any(|(n, a)| *n == name && *a == PreFiltered::Skipped) && !ALWAYS.contains(&name);
    let filters: Vec<&str> = enabled.iter().copied().filter(|n| FILTERS.contains(n) && !skipped(n)).collect();
    let (mut status, mut narrowed) = (Map::new(), Map::new());
    for (name, answer) in pre_filters.iter().filter(|(n, _)| FILTERS.contains(n) && !ALWAYS.contains(n)) {
        let said = match answer {
            PreFiltered::Skipped => String::new(),
            PreFiltered::Rejected(status) => status.reasons.iter().collect::<Vec<_>>().join(", "),
            PreFiltered::Runs | PreFiltered::Narrowed(_) => SUCCESS.into(),
        };
        status.insert((*name).into(), said.into());
        if let PreFiltered::Narrowed(nodes) = answer {
            let mut names: Vec<String> = nodes.iter().map(|ix| cluster.cache.node(*ix).name().to_string()).collect();
            names.sort();
            narrowed.insert((*name).into(), names.into());
        }
    }
    let mut filter = Map::new();
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
    let mut pre_score = Map::new();
    if let Some(scored) = d.nodes.iter().find(|n| n.total.is_some()) {
        for name in enabled.iter().filter(|n| PRE_SCORES.contains(n)) {
            let ran = scored.scores.iter().any(|(p, _)| p == name);
            pre_score.insert((*name).into(), if ran { SUCCESS } else { "" }.into());
        }
    }
    let mut post = Map::new();
    if let Some((node, _)) = &d.preemption {
        for n in &d.nodes {
            let said = if n.name == *node { json!({"DefaultPreemption": "preemption victim"}) } else { json!({}) };
            post.insert(n.name.to_string(), said);
        }
    }
    let mut out = Map::new();
    let mut put = |key: &str, value: String| out.insert(format!("{PREFIX}{key}"), value.into());
    put("prefilter-result-status", Value::Object(status).to_string());
    put("prefilter-result", Value::Object(narrowed).to_string());
    put("filter-result", Value::Object(filter).to_string());
    put("postfilter-result", Value::Object(post).to_string());
    put("prescore-result", Value::Object(pre_score).to_string());
    put("score-result", Value::Object(raw).to_string());
    put("finalscore-result", Value::Object(last).to_string());
    for later in ["reserve-result", "permit-result", "permit-result-timeout", "prebind-result", "bind-result"] {
        put(later, "{}".into());
    }
    put("selected-node", d.node.as_deref().unwrap_or("").to_string());
    let history = Value::Array(vec![Value::Object(out.clone())]).to_string();
    out.insert(format!("{PREFIX}result-history"), history.into());
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
    "DynamicResources",
    "NodeDeclaredFeatures",
];
