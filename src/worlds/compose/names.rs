//! Names and labels: how a project's things are called on the engine, and how its containers are found again.
//!
//! Sources: pkg/api/labels.go, pkg/compose/{create,convergence}.go.

use std::sync::Arc;

use crate::worlds::docker::Docker;
use crate::worlds::docker::container::{Config, Container, LABEL_SERVICE};
use crate::worlds::docker::volumes::MountKind;

use super::file::{Project, Service};

pub const PROJECT: &str = "com.docker.compose.project";
pub const NUMBER: &str = "com.docker.compose.container-number";
pub const HASH: &str = "com.docker.compose.config-hash";
pub const IMAGE: &str = "com.docker.compose.image";
pub const ONEOFF: &str = "com.docker.compose.oneoff";
pub const DEPENDS_ON: &str = "com.docker.compose.depends_on";
pub const FILES: &str = "com.docker.compose.project.config_files";

/// One event as it is printed where no terminal listens (cmd/display/plain.go).
pub fn line(kind: &str, name: &str, word: &str) -> String {
    format!(" {kind} {name} {word} \n")
}

/// `shop-web-1`, or what `container_name` says.
pub fn container(p: &Project, s: &Service, number: u32) -> Arc<str> {
    s.container_name.clone().unwrap_or_else(|| format!("{}-{}-{number}", p.name, s.name).into())
}

/// A container's number within its service.
pub fn number(c: &Container) -> u32 {
    c.config.label(NUMBER).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Containers of a project on a host, oldest first; one-off ones (`compose run`) left out.
pub fn containers(d: &Docker, host: &str, project: &str) -> Vec<Arc<Container>> {
    let mine =
        |c: &Container| c.config.label(PROJECT).is_some_and(|p| **p == *project) && c.config.label(ONEOFF).is_none_or(|o| &**o == "False");
    d.containers_on(host).filter(|c| mine(c)).cloned().collect()
}

/// Containers of one service by number. A replacement still under its temporary name is left out while the one it replaces is there.
pub fn of_service(d: &Docker, host: &str, project: &str, service: &str) -> Vec<Arc<Container>> {
    let mut all: Vec<Arc<Container>> =
        containers(d, host, project).into_iter().filter(|c| c.config.label(LABEL_SERVICE).is_some_and(|s| **s == *service)).collect();
    all.sort_by_key(|c| (number(c), c.cid));
    all
}

/// What the engine is asked to create for one copy of a service.
pub fn engine_config(p: &Project, s: &Service, number: u32, digest: &str) -> Config {
    let mut c = s.config.clone();
    let title = container(p, s, number);
    c.networks = c
        .networks
        .iter()
        .map(|(key, aliases, ip)| {
            let name = p.networks.get(key).map_or_else(|| key.clone(), |n| n.name.clone());
            // Predefined networks take no aliases.
            if matches!(&*name, "bridge" | "host" | "none") {
                return (name, Vec::new(), ip.clone());
            }
            let mut all: Vec<Arc<str>> = vec![title.clone(), s.name.clone()];
            all.extend(aliases.iter().cloned());
            (name, all, ip.clone())
        })
        .collect();
    if let Some((first, ..)) = c.networks.first() {
        c.network_mode = first.clone();
    }
    for m in &mut c.mounts {
        if let MountKind::Volume(Some(key)) = &m.kind
            && let Some(v) = p.volumes.get(key)
        {
            m.kind = MountKind::Volume(Some(v.name.clone()));
        }
    }
    let depends: Vec<String> = s.depends_on.iter().map(|d| format!("{}:{}:{}", d.service, d.condition.word(), d.restart)).collect();
    let mut labels = (*c.labels).clone();
    let own: [(&str, &str); 8] = [
        (PROJECT, &p.name),
        (LABEL_SERVICE, &s.name),
        (NUMBER, &number.to_string()),
        (HASH, &s.hash),
        (IMAGE, digest),
        (ONEOFF, "False"),
        (DEPENDS_ON, &depends.join(",")),
        (FILES, &p.source),
    ];
    labels.extend(own.into_iter().map(|(k, v)| (k.into(), v.into())));
    c.labels = Arc::new(labels);
    c
}
