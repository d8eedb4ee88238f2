//! A scenario's machines and files in the words of each world's own set-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::machine::RegistryState;
use crate::scenario::file::{ProxySetup, RegistrySetup, RegistryStart, Scenario};
use crate::worlds::docker::setup as docker_words;
use crate::worlds::kubernetes::{KubernetesSetup, NodeSetup};

/// The Docker world's set-up; None if the scenario has no such world.
pub fn docker(s: &Scenario) -> Option<docker_words::DockerSetup> {
    let part = s.setup.docker.as_ref()?;
    let hosts = part.hosts.iter().map(|m| docker_words::HostSetup {
        name: m.name.clone(),
        cpu_milli: m.cpu_milli,
        memory: m.memory,
        zone: m.zone.clone(),
        boot: Some(m.boot),
    });
    let compose = part.compose.iter().flat_map(|p| {
        p.hosts.iter().map(|host| docker_words::ComposeSetup {
            host: Some(host.clone()),
            source: compose_name(&p.file.name, &s.name),
            text: p.file.text.clone(),
            folder: p.file.folder().into(),
            beside: BTreeMap::new(),
            flags: Vec::new(),
        })
    });
    let proxy = match &part.proxy {
        ProxySetup::None => None,
        ProxySetup::Static { port } => Some(docker_words::ProxySetup::new(docker_words::ProxyKind::Static, *port)),
        ProxySetup::HealthChecked { port, path, every, timeout, fall, rise } => Some(docker_words::ProxySetup {
            path: path.clone(),
            check_every: *every,
            check_timeout: *timeout,
            fall: *fall,
            rise: *rise,
            ..docker_words::ProxySetup::new(docker_words::ProxyKind::HealthChecked, *port)
        }),
    };
    Some(docker_words::DockerSetup {
        hosts: hosts.collect(),
        compose: compose.collect(),
        run: part.run.clone(),
        proxy,
        operator: part.operator.clone(),
        engine: docker_words::EngineSetup::default(),
        bandwidth: s.registry.bandwidth,
        registry: registry(&s.registry),
    })
}

fn registry(r: &RegistrySetup) -> RegistryState {
    match r.state {
        RegistryStart::Up => RegistryState::Up,
        RegistryStart::Down => RegistryState::Down,
        RegistryStart::Slow(percent) => RegistryState::Slow { percent },
        RegistryStart::Denied => RegistryState::Denied,
    }
}

/// A file's own name; text that stands in the scenario gets a name whose folder, and so the project, is the scenario's.
fn compose_name(name: &Arc<str>, scenario: &str) -> Arc<str> {
    if name.contains(':') { format!("{scenario}/compose.yaml").into() } else { name.clone() }
}

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
        registry: registry(&s.registry),
    })
}
