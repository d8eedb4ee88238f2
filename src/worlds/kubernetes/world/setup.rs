//! What a scenario declares of its cluster, and how the cluster comes up at time zero.

use std::sync::Arc;

use serde_json::Value;

use crate::document::{Dialect, Source, yaml};
use crate::kernel::journal::Entry;
use crate::kernel::{Agenda, Cx, Map, ObjectRef, RecordType, Set, SimDuration, SimTime, Streams};
use crate::machine::{HostSpec, Machine, RegistryState};
use crate::model::ImageSpec;
use crate::model::quantity::{parse_cpu_milli, parse_units};

use super::super::api::Api;
use super::super::api::apply::{self, Applier};
use super::super::api::manifest;
use super::super::api::meta::{Key, Meta, Name};
use super::super::api::object::{Namespace, Object, Typed};
use super::super::kinds::{self, Kind};
use super::super::network::roads::API_SERVER;
use super::super::{Config, controllers::Manager, kubelet::Kubelet, network::Network, scheduler::Scheduler};
use super::{Kubernetes, faults};

/// What a scenario declares of its cluster.
#[derive(Clone, Debug, Default)]
pub struct KubernetesSetup {
    pub nodes: Vec<NodeSetup>,
    /// (source name for messages, YAML text), applied in order at time zero.
    pub manifests: Vec<(Arc<str>, Arc<str>)>,
    /// Real flag name → value.
    pub config: Vec<(String, String)>,
    /// `kubectl …` commands at time zero, after the manifests.
    pub run: Vec<Arc<str>>,
    /// Bytes per second between the registry and one node; 0 = 100 MB/s.
    pub bandwidth: u64,
    /// How the registry is at the start, and after the end of a fault that hit it.
    pub registry: RegistryState,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSetup {
    pub name: Name,
    /// Quantities as in a Node's capacity.
    pub cpu: String,
    pub memory: String,
    pub pods: u32,
    pub zone: Option<Name>,
    pub labels: Vec<(Name, Name)>,
    /// `key=value:Effect`
    pub taints: Vec<String>,
    /// From power to a running kubelet; None = 40 s (a cloud instance).
    pub boot: Option<SimDuration>,
}

impl NodeSetup {
    /// Four cores, 16 GiB, 110 pods.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            cpu: "4".into(),
            memory: "16Gi".into(),
            pods: 110,
            zone: None,
            labels: Vec::new(),
            taints: Vec::new(),
            boot: None,
        }
    }
}

/// Why a cluster cannot be set up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetupError {
    #[error("a cluster needs at least one node")]
    NoNodes,
    #[error("two nodes are called {0}")]
    NodeTwice(Name),
    #[error("node {node}: {field} \"{value}\" is not a quantity: {why}")]
    Quantity { node: Name, field: &'static str, value: String, why: String },
    #[error("config {flag}: {why}")]
    Flag { flag: String, why: String },
    #[error("{source_name}: {why}")]
    Manifest { source_name: Arc<str>, why: String },
}

/// Between the registry and one node where the scenario says nothing: a good data-centre link.
const BANDWIDTH: u64 = 100_000_000;
/// From power to a running kubelet on a cloud instance.
const BOOT: SimDuration = SimDuration::from_secs(40);

/// Namespaces that every cluster has (pkg/controlplane/controller/systemnamespaces; the lease namespace).
const SYSTEM_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl Kubernetes {
    /// A cluster whose machines are on and whose components have not started yet.
    ///
    /// # Errors
    /// What is wrong with the setup, in a sentence.
    pub fn new(setup: KubernetesSetup, images: Vec<ImageSpec>, seed: u64) -> Result<Self, SetupError> {
        if setup.nodes.is_empty() {
            return Err(SetupError::NoNodes);
        }
        let mut config = Config::default();
        for (flag, value) in &setup.config {
            config.set(flag, value).map_err(|why| SetupError::Flag { flag: flag.clone(), why })?;
        }
        let bandwidth = if setup.bandwidth == 0 { BANDWIDTH } else { setup.bandwidth };
        let mut machine = Machine::new(seed, "kubernetes", images, bandwidth);
        machine.set_registry(setup.registry, None);
        let mut kubelets = Map::new();
        for node in &setup.nodes {
            if kubelets.contains_key(&node.name) {
                return Err(SetupError::NodeTwice(node.name.clone()));
            }
            let bad = |field, value: &str, why| SetupError::Quantity { node: node.name.clone(), field, value: value.into(), why };
            let cpu = parse_cpu_milli(&node.cpu).map_err(|why| bad("cpu", &node.cpu, why))?;
            let memory = parse_units(&node.memory).map_err(|why| bad("memory", &node.memory, why))?;
            let spec = HostSpec {
                name: node.name.clone(),
                cpu_milli: u32::try_from(cpu.max(0)).unwrap_or(u32::MAX),
                memory: memory.max(0) as u64,
                zone: node.zone.clone().unwrap_or_else(|| "".into()),
                boot: node.boot.unwrap_or(BOOT),
            };
            machine.add_host(spec, SimTime::ZERO);
            kubelets.insert(node.name.clone(), Kubelet::with_setup(Arc::new(node.clone())));
        }
        for (source_name, text) in &setup.manifests {
            documents(source_name, text).map_err(|why| SetupError::Manifest { source_name: source_name.clone(), why })?;
        }
        Ok(Self { setup: Arc::new(setup), config, machine, kubelets, ..Self::empty(seed) })
    }

    /// A world with an API server and nothing else: no nodes, no objects, and components that nobody started. For tests and for tools that
    /// only want the API and kubectl.
    pub fn empty(seed: u64) -> Self {
        Self {
            setup: Arc::default(),
            config: Config::default(),
            api: Api::new(seed),
            machine: Machine::new(seed, "kubernetes", Vec::new(), 0),
            agenda: Agenda::default(),
            rng: Streams::new(seed, "kubernetes"),
            manager: Manager::default(),
            scheduler: Scheduler::default(),
            kubelets: Map::new(),
            network: Network::default(),
            console: super::super::console::State::default(),
            outages: faults::Outages::default(),
            in_flight: 0,
            deaf: Map::new(),
            parked: Map::new(),
            manual_actions: 0,
            deleted: Set::new(),
            notes: Set::new(),
            names: super::traffic::Names::default(),
            actors: super::actors::Actors::default(),
        }
    }

    /// The API server, for those who set a world up.
    pub fn api_mut(&mut self) -> &mut Api {
        &mut self.api
    }

    /// Time zero: system objects, components, nodes, then the manifests.
    pub(super) fn bring_up(&mut self, cx: &mut Cx) {
        let root = Entry::new(
            RecordType::Story,
            "kube-apiserver",
            "ClusterStarts",
            ObjectRef::new("Cluster", "", "kubernetes"),
            format!("a cluster of {} nodes starts", self.setup.nodes.len()),
        );
        let mut cx = cx.because(cx.cause);
        cx.record_as_cause(root);
        self.with("kube-apiserver", &mut cx, |_, ctl| {
            for name in SYSTEM_NAMESPACES {
                let meta = Meta { name: name.into(), ..Meta::default() };
                // A fresh store refuses nothing that is always there.
                let _ = ctl.create(Namespace { meta, terminating: false }, "every cluster has it");
            }
            if let Ok(service) = kinds::from_json(&kubernetes_service()) {
                let _ = ctl.create(service, "the API server's own address");
            }
            if let Ok(slice) = kinds::from_json(&kubernetes_slice()) {
                let _ = ctl.create(slice, "where the API server listens");
            }
        });
        let nodes: Vec<Name> = self.kubelets.keys().cloned().collect();
        for node in &nodes {
            self.with_kubelet(node, &mut cx, |k, ctl| k.start(ctl));
        }
        self.with("kube-controller-manager", &mut cx, |w, ctl| w.manager.start(ctl));
        let manifests = self.setup.manifests.clone();
        for (source_name, text) in &manifests {
            self.apply(source_name, text, &mut cx);
        }
        // What the components list when they start is there already; everything else reaches them through watches.
        let store = self.api.store.clone();
        self.network.start(&store, cx.now);
    }

    /// `kubectl apply -f SOURCE` by `you`.
    fn apply(&mut self, source_name: &Arc<str>, text: &str, cx: &mut Cx) {
        let command = format!("kubectl apply -f {source_name}");
        let entry = Entry::new(RecordType::Command, "start", "Deploy", ObjectRef::new("Command", "", "kubectl"), command);
        let mut cx = cx.because(cx.cause);
        cx.record_as_cause(entry);
        let source = Source::new(source_name.clone(), text);
        for m in manifest::load(&source, true).0.iter().filter(|m| !m.kind.info().simulated) {
            let name = m.value["metadata"]["name"].as_str().unwrap_or_default();
            self.notes.insert(format!("{} {name} is stored and shown, but nothing acts on it yet", m.kind.info().kind).into());
        }
        let you: Name = "you".into();
        let mut applier = Applier::new(&self.config, Some((&mut cx, &you)));
        let outcome = apply::run(&mut self.api, &source, &mut applier);
        if outcome.exit != 0 {
            let why = outcome.stderr.trim_end().to_string();
            cx.record(Entry::new(RecordType::Command, "start", "DeployFailed", ObjectRef::new("Command", "", "kubectl"), why.clone()));
            self.notes.insert(why.into());
        }
    }
}

/// Every object of a file, `List`s unfolded.
fn documents(source_name: &str, text: &str) -> Result<Vec<Value>, String> {
    let source = Source::new(source_name, text);
    let nodes = yaml::parse(&source, Dialect::Kubernetes).map_err(|d| d.render(false))?;
    let mut out = Vec::new();
    for node in nodes.iter().filter(|n| !n.is_null()) {
        let value = node.to_json();
        let listed = value.get("kind").and_then(Value::as_str).is_some_and(|k| k.ends_with("List"));
        match value.get("items").and_then(Value::as_array) {
            Some(items) if listed => out.extend(items.iter().cloned()),
            _ => out.push(value),
        }
    }
    Ok(out)
}

fn kubernetes_service() -> Value {
    serde_json::json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}
    })
}

/// pkg/controlplane/reconcilers: the server announces itself. Nodes get their addresses from below, it has the last one of their network.
fn kubernetes_slice() -> Value {
    serde_json::json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [API_SERVER], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]
    })
}

impl Kubernetes {
    /// An object by its key, in its own type.
    pub(crate) fn typed<T: Typed>(&self, namespace: &str, name: &str) -> Option<&Arc<T>> {
        self.api.store.typed::<T>(&Key::new(namespace, name))
    }

    /// An object by kind, name and, if it is not empty, namespace; otherwise `default` first, then anywhere.
    pub(crate) fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        let at = |ns: &str| self.api.store.get(kind, &Key::new(ns, name));
        if !kind.info().namespaced {
            return at("");
        }
        if !namespace.is_empty() {
            return at(namespace);
        }
        at("default").or_else(|| self.api.store.list(kind).find(|o| *o.meta().name == *name))
    }
}
