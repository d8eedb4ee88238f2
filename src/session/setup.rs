//! A scenario's machines and files in the words of each world's own set-up.

use crate::scenario::file::Scenario;
use crate::worlds::kubernetes::{KubernetesSetup, NodeSetup};

/// The Kubernetes world's set-up; None if the scenario has no such world.
pub fn kubernetes(s: &Scenario) -> Option<KubernetesSetup> {
    let part = s.setup.kubernetes.as_ref()?;
    let nodes = part.nodes.iter().map(|m| NodeSetup {
        name: m.name.clone(),
        cpu: if m.cpu_milli % 1000 == 0 { (m.cpu_milli / 1000).to_string() } else { format!("{}m", m.cpu_milli) },
        memory: format!("{}Ki", m.memory >> 10),
        pods: m.pods,
        zone: (!m.zone.is_empty()).then(|| m.zone.clone()),
        labels: m.labels.clone(),
        boot: Some(m.boot),
        taints: m.taints.iter().map(|t| format!("{}={}:{}", t.key, t.value, t.effect)).collect(),
    });
    Some(KubernetesSetup {
        nodes: nodes.collect(),
        manifests: part.manifests.iter().map(|f| (f.name.clone(), f.text.clone())).collect(),
        config: part.config.iter().map(|(k, v, _)| (k.to_string(), v.as_str().map_or_else(|| v.to_string(), String::from))).collect(),
        run: part.run.clone(),
        bandwidth: s.registry.bandwidth,
    })
}
