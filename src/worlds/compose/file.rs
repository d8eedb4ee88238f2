//! A Compose file as typed data. Every error has its place and the words of the real loader (compose-go validation/, loader/validate.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::document::{Diagnostic, Diagnostics, Node};
use crate::worlds::docker::container::{Config, Labels};
use crate::worlds::docker::networks::Pool;

use super::keys;
use super::service;

/// A whole project.
#[derive(Clone, Debug)]
pub struct Project {
    pub name: Arc<str>,
    /// Services in use, by name.
    pub services: BTreeMap<Arc<str>, Service>,
    /// Services whose profile is not active.
    pub disabled: Vec<Arc<str>>,
    pub networks: BTreeMap<Arc<str>, NetworkDef>,
    pub volumes: BTreeMap<Arc<str>, VolumeDef>,
    /// The merged document, for `config`.
    pub document: Arc<Node>,
    /// Where it was read from.
    pub source: Arc<str>,
}

/// A network of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkDef {
    /// As the engine knows it.
    pub name: Arc<str>,
    pub external: bool,
    pub driver: Arc<str>,
    pub internal: bool,
    pub pool: Option<Pool>,
    pub labels: Labels,
}

/// A volume of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeDef {
    pub name: Arc<str>,
    pub external: bool,
    pub labels: Labels,
}

/// What a dependency waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Started,
    Healthy,
    Completed,
}

impl Condition {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "service_started",
            Self::Healthy => "service_healthy",
            Self::Completed => "service_completed_successfully",
        }
    }
}

/// One entry of `depends_on`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    pub service: Arc<str>,
    pub condition: Condition,
    pub restart: bool,
    pub required: bool,
}

/// When `up` pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullPolicy {
    Missing,
    Always,
    Never,
    /// The image would be built here; building is not simulated.
    Build,
}

/// A service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub name: Arc<str>,
    /// All but names, networks and volumes, which the project prefixes.
    pub config: Config,
    pub container_name: Option<Arc<str>>,
    pub scale: u32,
    pub depends_on: Vec<Dependency>,
    pub profiles: Vec<Arc<str>>,
    pub pull: PullPolicy,
    /// Has `build`.
    pub built: bool,
    /// Seconds; None = 10.
    pub grace: Option<i64>,
    /// SHA-256 of what makes a container differ.
    pub hash: Arc<str>,
}

/// How a project is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub name: Option<String>,
    pub profiles: Vec<String>,
    /// Services named on the command line are active whatever their profile.
    pub named: Vec<String>,
}

/// Lower-case letters, digits, dashes and underscores; what else a folder's name has is dropped (compose-go NormalizeProjectName).
pub fn normalize_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: String = lower.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    kept.trim_start_matches(['-', '_']).to_string()
}

/// The folder of a file names the project.
pub fn name_from_source(source: &str) -> String {
    let folder = source.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = normalize_name(folder.rsplit('/').next().unwrap_or_default());
    if name.is_empty() { "app".into() } else { name }
}

/// Decodes a merged, interpolated document. Findings go to `sink`; None if there are errors.
pub fn project(document: &Node, source: &str, options: &Options, sink: &Diagnostics) -> Option<Project> {
    let before = sink.count(crate::document::Severity::Error);
    let Some(entries) = document.as_map() else {
        sink.push(
            Diagnostic::error(if document.is_null() {
                "empty compose file".to_string()
            } else {
                "top-level object must be a mapping".into()
            })
            .at(&document.span.first_line()),
        );
        return None;
    };
    keys::check_top(entries, sink);
    let written = document.get("name").and_then(Node::scalar_text).map(String::from);
    let name: Arc<str> = options.name.clone().or(written).unwrap_or_else(|| name_from_source(source)).into();
    if *name != *normalize_name(&name) || name.is_empty() {
        let at = document.get("name").map_or_else(|| document.span.first_line(), |n| n.span.clone());
        sink.push(
            Diagnostic::error(format!(
                "invalid project name {name:?}: must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number"
            ))
            .at(&at),
        );
    }
    let networks = networks(document, &name, sink);
    let volumes = volumes(document, &name, sink);
    let mut services = BTreeMap::new();
    let mut disabled = Vec::new();
    match document.get("services").map(|n| (n, n.as_map())) {
        Some((_, Some(entries))) => {
            for (key, node) in entries {
                keys::check_service_name(key, sink);
                keys::check_service(&key.text, node, sink);
                if let Some(s) = service::decode(&key.text, node, &name, sink) {
                    services.insert(key.text.clone(), s);
                }
            }
        }
        Some((node, None)) if !node.is_null() => {
            sink.push(
                Diagnostic::error("services must be a mapping").at(&node.span.first_line()).label(format!("found {}", node.describe())),
            );
        }
        _ => sink.push(Diagnostic::error("no service selected").at(&document.span.first_line())),
    }
    let mut project =
        Project { name, services, disabled: Vec::new(), networks, volumes, document: Arc::new(document.clone()), source: source.into() };
    references(&project, document, sink);
    let active = active(&project.services, options);
    project.services.retain(|n, _| {
        let keep = active.contains(n);
        if !keep {
            disabled.push(n.clone());
        }
        keep
    });
    project.disabled = disabled;
    for s in project.services.values() {
        let at = || document.find(&format!("services.{}.depends_on", s.name));
        for d in s.depends_on.iter().filter(|d| d.required && project.disabled.contains(&d.service)) {
            sink.push(
                Diagnostic::error(format!(
                    "service {:?} depends on undefined service {:?}: invalid compose project",
                    &*s.name, &*d.service
                ))
                .at(&at())
                .help(format!("{} belongs to a profile that is not active", d.service)),
            );
        }
    }
    add_default_network(&mut project);
    (sink.count(crate::document::Severity::Error) == before).then_some(project)
}

/// Services without profile, of an active profile, or named; and what the named ones depend on.
fn active(services: &BTreeMap<Arc<str>, Service>, options: &Options) -> Vec<Arc<str>> {
    let on = |s: &Service| {
        s.profiles.is_empty()
            || s.profiles.iter().any(|p| options.profiles.iter().any(|o| *o == **p || o == "*"))
            || options.named.iter().any(|n| *n == *s.name)
    };
    services.values().filter(|s| on(s)).map(|s| s.name.clone()).collect()
}

/// Services without networks share `default`.
fn add_default_network(p: &mut Project) {
    let wants = |s: &Service| &*s.config.network_mode == "bridge" && s.config.networks.is_empty();
    let needed = p.services.values().any(|s| wants(s) || s.config.networks.iter().any(|(n, ..)| &**n == "default"));
    if needed {
        p.networks.entry("default".into()).or_insert_with(|| NetworkDef {
            name: format!("{}_default", p.name).into(),
            external: false,
            driver: "bridge".into(),
            internal: false,
            pool: None,
            labels: Labels::default(),
        });
    }
    for s in p.services.values_mut().filter(|s| wants(s)) {
        s.config.networks = vec![("default".into(), Vec::new(), None)];
    }
}

/// Names that must exist: dependencies, networks, volumes; and no circles among the dependencies.
fn references(p: &Project, document: &Node, sink: &Diagnostics) {
    let names: Vec<&str> = p.services.keys().map(|n| &**n).collect();
    for s in p.services.values() {
        let at = |key: &str| document.find(&format!("services.{}.{key}", s.name));
        for d in &s.depends_on {
            if !p.services.contains_key(&d.service) && d.required {
                sink.push(
                    Diagnostic::error(format!(
                        "service {:?} depends on undefined service {:?}: invalid compose project",
                        &*s.name, &*d.service
                    ))
                    .at(&at("depends_on"))
                    .did_you_mean(&d.service, names.iter().copied()),
                );
            }
        }
        for (n, ..) in &s.config.networks {
            if !p.networks.contains_key(n) && &**n != "default" {
                sink.push(
                    Diagnostic::error(format!("service {:?} refers to undefined network {n}: invalid compose project", &*s.name))
                        .at(&at("networks"))
                        .did_you_mean(n, p.networks.keys().map(|k| &**k)),
                );
            }
        }
        for v in service::named_volumes(s) {
            if !p.volumes.contains_key(&v) {
                sink.push(
                    Diagnostic::error(format!("service {:?} refers to undefined volume {v}: invalid compose project", &*s.name))
                        .at(&at("volumes"))
                        .did_you_mean(&v, p.volumes.keys().map(|k| &**k)),
                );
            }
        }
        for (key, word) in [("secrets", "secret"), ("configs", "config")] {
            let used = document.get("services").and_then(|n| n.get(&s.name)).and_then(|n| n.get(key)).and_then(Node::as_list);
            for item in used.unwrap_or_default() {
                let source = item.get("source").unwrap_or(item);
                let Some(name) = source.scalar_text() else { continue };
                let defined = document.get(key).and_then(Node::as_map).unwrap_or_default();
                if !defined.iter().any(|(k, _)| *k.text == *name) {
                    sink.push(
                        Diagnostic::error(format!("service {:?} refers to undefined {word} {name}: invalid compose project", &*s.name))
                            .at(&source.span)
                            .did_you_mean(name, defined.iter().map(|(k, _)| &*k.text)),
                    );
                }
            }
        }
        if let Some(name) = s.container_name.as_ref().filter(|_| s.scale > 1) {
            sink.push(
                Diagnostic::error(format!(
                    "services.deploy.replicas: can't set container_name and {} as container name must be unique: invalid compose project",
                    s.name
                ))
                .at(&at("container_name"))
                .label(format!("`{name}` can be one container only")),
            );
        }
    }
    if let Err(circle) = order(&p.services) {
        sink.push(
            Diagnostic::error(format!("dependency cycle detected: {circle}: invalid compose project")).at(&document.find("services")),
        );
    }
}

/// Services so that each comes after what it depends on; ties in alphabetical order.
///
/// # Errors
/// The circle, as `a -> b -> a`.
pub fn order(services: &BTreeMap<Arc<str>, Service>) -> Result<Vec<Arc<str>>, String> {
    let mut out: Vec<Arc<str>> = Vec::new();
    let mut left: Vec<&Service> = services.values().collect();
    while !left.is_empty() {
        let ready =
            |s: &Service, out: &[Arc<str>]| s.depends_on.iter().all(|d| !services.contains_key(&d.service) || out.contains(&d.service));
        let Some(i) = left.iter().position(|s| ready(s, &out)) else {
            let mut trail = vec![left[0].name.clone()];
            while let Some(next) = trail
                .last()
                .and_then(|t| services.get(t))
                .and_then(|s| s.depends_on.iter().find(|d| left.iter().any(|l| l.name == d.service)))
            {
                let again = trail.contains(&next.service);
                trail.push(next.service.clone());
                if again {
                    break;
                }
            }
            return Err(trail.join(" -> "));
        };
        out.push(left.remove(i).name.clone());
    }
    Ok(out)
}

fn networks(document: &Node, project: &str, sink: &Diagnostics) -> BTreeMap<Arc<str>, NetworkDef> {
    let mut out = BTreeMap::new();
    for (key, node) in document.get("networks").and_then(Node::as_map).unwrap_or_default() {
        keys::check(&format!("networks.{}", key.text), node, keys::NETWORK, sink);
        let external = node.get("external").is_some_and(|e| e.as_bool() == Some(true) || e.as_map().is_some());
        let own = node.get("name").and_then(Node::scalar_text);
        let name = own.map_or_else(|| if external { key.text.to_string() } else { format!("{project}_{}", key.text) }, String::from);
        let subnet =
            node.get("ipam").and_then(|i| i.get("config")).and_then(Node::as_list).and_then(|l| l.first()).and_then(|c| c.get("subnet"));
        let pool = subnet.and_then(|s| {
            let pool = s.as_str().and_then(Pool::parse);
            if pool.is_none() {
                sink.push(
                    Diagnostic::error(format!("networks.{}.ipam.config.0.subnet must be a network such as 10.5.0.0/16", key.text))
                        .at(&s.span),
                );
            }
            pool
        });
        let def = NetworkDef {
            name: name.into(),
            external,
            driver: node.get("driver").and_then(Node::as_str).unwrap_or("bridge").into(),
            internal: node.get("internal").and_then(Node::as_bool).unwrap_or(false),
            pool,
            labels: service::labels(node.get("labels")),
        };
        out.insert(key.text.clone(), def);
    }
    out
}

fn volumes(document: &Node, project: &str, sink: &Diagnostics) -> BTreeMap<Arc<str>, VolumeDef> {
    let mut out = BTreeMap::new();
    for (key, node) in document.get("volumes").and_then(Node::as_map).unwrap_or_default() {
        keys::check(&format!("volumes.{}", key.text), node, keys::VOLUME, sink);
        let external = node.get("external").is_some_and(|e| e.as_bool() == Some(true) || e.as_map().is_some());
        let own = node.get("name").and_then(Node::scalar_text);
        let name = own.map_or_else(|| if external { key.text.to_string() } else { format!("{project}_{}", key.text) }, String::from);
        out.insert(key.text.clone(), VolumeDef { name: name.into(), external, labels: service::labels(node.get("labels")) });
    }
    out
}

/// SHA-256 over everything of a service that makes a container differ (pkg/compose/hash.go leaves these out).
pub fn hash(node: &Node) -> Arc<str> {
    let mut json = node.to_json();
    if let Some(map) = json.as_object_mut() {
        for key in ["build", "pull_policy", "scale", "depends_on", "profiles"] {
            map.remove(key);
        }
        if let Some(deploy) = map.get_mut("deploy").and_then(serde_json::Value::as_object_mut) {
            deploy.remove("replicas");
        }
    }
    let digest = Sha256::digest(json.to_string().as_bytes());
    digest.iter().map(|b| format!("{b:02x}")).collect::<String>().into()
}
