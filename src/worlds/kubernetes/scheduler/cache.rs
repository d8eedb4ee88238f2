//! The scheduler's cache: nodes with what is placed (or assumed) on them, the counts, and the other objects that plugins look at.
//! Follows pkg/scheduler/backend/cache/{cache,node_tree}.go and pkg/scheduler/framework/types.go. Cloning it is cheap.

use std::sync::Arc;

use crate::kernel::Map;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Node, Pod, TaintEffect};

use super::index::{Counted, Indexes, NodeIx, SelIx, SelectorKey, TermIx, TermKind, TopoIx};
use super::objects::Objects;
use super::pod::{HostPort, PodInfo, SpecInfo, Taint, Term};
use super::requests::Resources;
use super::selector::{Scope, Selector};
use super::symbols::{LabelSet, Sym, Symbols, label};

/// A node and what is on it.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    pub ix: NodeIx,
    /// False: the slot is free.
    pub alive: bool,
    pub unschedulable: bool,
    pub fixed: Arc<NodeFixed>,
    pub requested: Resources,
    pub nonzero_cpu: i64,
    pub nonzero_memory: i64,
    pub pods: Arc<Vec<Arc<PodInfo>>>,
    pub ports: Arc<Vec<HostPort>>,
}

/// What changes only when the Node object does.
#[derive(Clone, Debug)]
pub struct NodeFixed {
    pub node: Arc<Node>,
    pub name: Sym,
    pub labels: LabelSet,
    pub taints: Vec<Taint>,
    /// There are NoSchedule or NoExecute taints.
    pub hard_taints: bool,
    /// There are PreferNoSchedule taints.
    pub soft_taints: bool,
    pub allocatable: Resources,
    pub max_pods: i64,
    /// Names of images on the disk, with their bytes.
    pub images: Vec<(Sym, i64)>,
}

impl NodeInfo {
    pub fn name(&self) -> &Name {
        &self.fixed.node.meta.name
    }
    /// Adds a pod's demand, without telling the indexes.
    pub fn put(&mut self, pod: Arc<PodInfo>) {
        let d = &pod.spec.demand;
        self.requested.add(&d.requests, 1);
        self.nonzero_cpu += d.nonzero_cpu;
        self.nonzero_memory += d.nonzero_memory;
        if !pod.spec.ports.is_empty() {
            Arc::make_mut(&mut self.ports).extend(&pod.spec.ports);
        }
        Arc::make_mut(&mut self.pods).push(pod);
    }
    /// Takes a pod out again.
    pub fn take(&mut self, uid: &Name, key: &Key) -> Option<Arc<PodInfo>> {
        let at = self.pods.iter().position(|p| p.uid() == uid && p.pod.meta.name == key.name && p.pod.meta.namespace == key.namespace)?;
        let pod = Arc::make_mut(&mut self.pods).swap_remove(at);
        let d = &pod.spec.demand;
        self.requested.add(&d.requests, -1);
        self.nonzero_cpu -= d.nonzero_cpu;
        self.nonzero_memory -= d.nonzero_memory;
        if !pod.spec.ports.is_empty() {
            let ports = Arc::make_mut(&mut self.ports);
            for p in &pod.spec.ports {
                if let Some(i) = ports.iter().position(|x| x == p) {
                    ports.swap_remove(i);
                }
            }
        }
        Some(pod)
    }
}

/// An image: its size, and how many nodes have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageState {
    pub bytes: i64,
    pub nodes: u32,
}

/// A selector and its place in the counts.
type CountedSelector = (Selector, SelIx);

/// The cache.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pub symbols: Symbols,
    pub indexes: Indexes,
    pub objects: Objects,
    nodes: Arc<Vec<NodeInfo>>,
    free: Vec<NodeIx>,
    by_name: Map<Name, NodeIx>,
    /// Zones in the order of first sight, each with its nodes in the order in which they came.
    zones: Vec<((Sym, Sym), Vec<NodeIx>)>,
    order: Arc<Vec<NodeIx>>,
    order_stale: bool,
    /// Placed and assumed pods, with their node's name.
    pods: Map<Key, (Name, Arc<PodInfo>)>,
    /// Pods on nodes that the cache does not know.
    strays: Map<Name, Vec<Arc<PodInfo>>>,
    images: Map<Sym, ImageState>,
    /// Pods that preemption made room for, by node.
    nominated: Map<Name, Vec<Arc<PodInfo>>>,
    specs: Map<(usize, super::index::ClassIx), Arc<SpecInfo>>,
    /// Selectors of default spreading by class and owner, with the version of the workloads they were made from.
    default_selectors: Map<(super::index::ClassIx, Name), (u64, Option<CountedSelector>)>,
    pub unschedulable_nodes: usize,
    pub tainted_nodes: usize,
}

/// Compiled specs remembered; beyond that the table starts anew.
const MAX_SPECS: usize = 8192;

impl Cache {
    pub fn node(&self, ix: NodeIx) -> &NodeInfo {
        &self.nodes[ix.0 as usize]
    }
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }
    pub fn find(&self, name: &str) -> Option<NodeIx> {
        self.by_name.get(name).copied()
    }
    pub fn node_count(&self) -> usize {
        self.by_name.len()
    }
    /// Nodes in the order in which cycles visit them: round robin over the zones (node_tree.go).
    pub fn order(&mut self) -> Arc<Vec<NodeIx>> {
        if self.order_stale {
            let mut order = Vec::with_capacity(self.by_name.len());
            let longest = self.zones.iter().map(|(_, n)| n.len()).max().unwrap_or(0);
            for i in 0..longest {
                order.extend(self.zones.iter().filter_map(|(_, nodes)| nodes.get(i)));
            }
            self.order = Arc::new(order);
            self.order_stale = false;
        }
        self.order.clone()
    }
    pub fn image(&self, name: Sym) -> Option<ImageState> {
        self.images.get(&name).copied()
    }
    pub fn placed(&self, key: &Key) -> Option<&(Name, Arc<PodInfo>)> {
        self.pods.get(key)
    }
    pub fn placed_count(&self) -> usize {
        self.pods.len()
    }
    pub fn placed_pods(&self) -> impl Iterator<Item = &(Name, Arc<PodInfo>)> {
        self.pods.values()
    }

    /// The compiled form of a pod.
    pub fn pod_info(&mut self, pod: &Arc<Pod>) -> Arc<PodInfo> {
        let labels = self.symbols.label_set(pod.meta.labels.iter().map(|(k, v)| (&**k, &**v)));
        let namespace = self.symbols.sym(&pod.meta.namespace);
        let class = self.indexes.class_of(namespace, labels.clone());
        let at = (Arc::as_ptr(&pod.spec) as usize, class);
        let spec = match self.specs.get(&at) {
            Some(s) => s.clone(),
            None => {
                if self.specs.len() >= MAX_SPECS {
                    self.specs.clear();
                }
                let s = Arc::new(SpecInfo::compile(pod, &labels, self));
                self.specs.insert(at, s.clone());
                s
            }
        };
        debug_assert!(Arc::ptr_eq(&spec.source, &pod.spec));
        let (priority, policy) = self.objects.priority(&pod.spec);
        Arc::new(PodInfo { pod: pod.clone(), spec, class, priority, terminating: pod.meta.is_deleting(), polite: policy == "Never" })
    }

    pub(super) fn topology(&mut self, key: &str) -> TopoIx {
        let key = self.symbols.sym(key);
        let Self { indexes, nodes, .. } = self;
        indexes.topology_of(key, nodes.iter().filter(|n| n.alive).map(|n| (n.ix, &n.fixed.labels[..])))
    }
    pub(super) fn term(&mut self, term: &Term, kind: TermKind) -> TermIx {
        self.indexes.term_of(term.key(kind))
    }
    /// A spread constraint counts live pods of its namespace; an empty selector counts none (countPodsMatchSelector).
    pub(super) fn counted_for_spread(&mut self, namespace: Sym, selector: &Selector) -> SelIx {
        let selector = if selector.is_everything() { Selector::Nothing } else { selector.clone() };
        self.indexes.selector_of(SelectorKey { parts: vec![(Scope::one(namespace), selector)], live: true })
    }
    /// Makes counts of a selector available.
    pub(super) fn want(&mut self, s: SelIx, topology: Option<TopoIx>) {
        let Self { indexes, nodes, symbols, .. } = self;
        let placed = || nodes.iter().filter(|n| n.alive).flat_map(|n| n.pods.iter().map(move |p| (n.ix, counted(p))));
        indexes.want(s, topology, placed, symbols);
    }

    /// What selects this pod: the services over it and its owner, merged (plugins/helper/spread.go DefaultSelector). None if nothing.
    pub(super) fn default_selector(&mut self, pod: &PodInfo) -> Option<CountedSelector> {
        let owner = pod.pod.meta.controller();
        let at = (pod.class, owner.map_or_else(|| "".into(), |o| Name::from(format!("{}/{}/{}", o.api_version, o.kind, o.name))));
        let version = self.objects.workloads_version;
        if let Some((v, known)) = self.default_selectors.get(&at)
            && *v == version
        {
            return known.clone();
        }
        if self.default_selectors.len() >= MAX_SPECS {
            self.default_selectors.clear();
        }
        let selector = self.objects.default_selector(&pod.pod, &mut self.symbols);
        let found = (!selector.is_everything()).then(|| {
            let counted = self.counted_for_spread(pod.spec.namespace, &selector);
            (selector, counted)
        });
        self.default_selectors.insert(at, (version, found.clone()));
        found
    }

    // Pods ---------------------------------------------------------------------------------------------------------------------

    /// A pod is on a node (bound, or assumed to be).
    pub fn put_pod(&mut self, info: &Arc<PodInfo>, node: &Name) {
        let key = info.key();
        self.take_pod(&key);
        self.pods.insert(key, (node.clone(), info.clone()));
        match self.by_name.get(node) {
            Some(ix) => {
                let ix = *ix;
                Arc::make_mut(&mut self.nodes)[ix.0 as usize].put(info.clone());
                self.indexes.count(&counted(info), ix, 1, &self.symbols);
            }
            None => self.strays.entry(node.clone()).or_default().push(info.clone()),
        }
    }

    /// A pod is on no node any more.
    pub fn take_pod(&mut self, key: &Key) -> Option<Arc<PodInfo>> {
        let (node, info) = self.pods.remove(key)?;
        match self.by_name.get(&node) {
            Some(ix) => {
                let ix = *ix;
                Arc::make_mut(&mut self.nodes)[ix.0 as usize].take(info.uid(), key);
                self.indexes.count(&counted(&info), ix, -1, &self.symbols);
            }
            None => {
                if let Some(list) = self.strays.get_mut(&node) {
                    list.retain(|p| p.uid() != info.uid());
                }
            }
        }
        Some(info)
    }

    // Nodes --------------------------------------------------------------------------------------------------------------------

    /// A node appeared or changed.
    pub fn put_node(&mut self, node: &Arc<Node>) {
        let name = node.meta.name.clone();
        let fixed = Arc::new(self.fixed(node));
        match self.by_name.get(&name).copied() {
            Some(ix) => self.change_node(ix, fixed),
            None => {
                let ix = self.free.pop().unwrap_or(NodeIx(self.nodes.len() as u32));
                self.enter_tree(ix, &fixed.labels);
                self.count_node(&fixed, 1);
                self.indexes.node_enters(ix, &fixed.labels);
                let info = NodeInfo {
                    ix,
                    alive: true,
                    unschedulable: node.unschedulable,
                    fixed,
                    requested: Resources::default(),
                    nonzero_cpu: 0,
                    nonzero_memory: 0,
                    pods: Arc::default(),
                    ports: Arc::default(),
                };
                let nodes = Arc::make_mut(&mut self.nodes);
                if ix.0 as usize == nodes.len() {
                    nodes.push(info)
                } else {
                    nodes[ix.0 as usize] = info
                }
                self.by_name.insert(name.clone(), ix);
                for pod in self.strays.remove(&name).unwrap_or_default() {
                    Arc::make_mut(&mut self.nodes)[ix.0 as usize].put(pod.clone());
                    self.indexes.count(&counted(&pod), ix, 1, &self.symbols);
                }
            }
        }
    }

    fn change_node(&mut self, ix: NodeIx, fixed: Arc<NodeFixed>) {
        let old = self.node(ix).fixed.clone();
        self.count_node(&old, -1);
        self.count_node(&fixed, 1);
        if old.labels != fixed.labels {
            let pods = self.node(ix).pods.clone();
            for p in pods.iter() {
                self.indexes.count(&counted(p), ix, -1, &self.symbols);
            }
            self.indexes.node_leaves(ix, &old.labels);
            self.indexes.node_enters(ix, &fixed.labels);
            for p in pods.iter() {
                self.indexes.count(&counted(p), ix, 1, &self.symbols);
            }
            if self.zone_of(&old.labels) != self.zone_of(&fixed.labels) {
                self.leave_tree(ix);
                self.enter_tree(ix, &fixed.labels);
            }
        }
        let info = &mut Arc::make_mut(&mut self.nodes)[ix.0 as usize];
        info.unschedulable = fixed.node.unschedulable;
        info.fixed = fixed;
    }

    /// A node is gone; its pods stay known until they go too.
    pub fn take_node(&mut self, name: &str) {
        let Some(ix) = self.by_name.remove(name) else { return };
        let pods = self.node(ix).pods.clone();
        for p in pods.iter() {
            self.indexes.count(&counted(p), ix, -1, &self.symbols);
        }
        let fixed = self.node(ix).fixed.clone();
        self.count_node(&fixed, -1);
        self.indexes.node_leaves(ix, &fixed.labels);
        self.leave_tree(ix);
        let info = &mut Arc::make_mut(&mut self.nodes)[ix.0 as usize];
        info.alive = false;
        info.pods = Arc::default();
        info.ports = Arc::default();
        if !pods.is_empty() {
            self.strays.insert(name.into(), pods.to_vec());
        }
        self.free.push(ix);
    }

    fn fixed(&mut self, node: &Arc<Node>) -> NodeFixed {
        let symbols = &mut self.symbols;
        let taints: Vec<Taint> =
            node.taints.iter().map(|t| Taint { key: symbols.sym(&t.key), value: symbols.sym(&t.value), effect: t.effect }).collect();
        let max_pods = node.allocatable("pods").and_then(|q| crate::model::quantity::parse_units(q).ok()).unwrap_or(0);
        let mut images: Vec<(Sym, i64)> = vec![];
        for image in node.images.iter() {
            images.extend(image.names.iter().map(|n| (symbols.sym(n), image.bytes)));
        }
        images.sort_by_key(|(n, _)| *n);
        images.dedup_by_key(|(n, _)| *n);
        NodeFixed {
            name: symbols.sym(&node.meta.name),
            labels: symbols.label_set(node.meta.labels.iter().map(|(k, v)| (&**k, &**v))),
            hard_taints: taints.iter().any(|t| t.effect != TaintEffect::PreferNoSchedule),
            soft_taints: taints.iter().any(|t| t.effect == TaintEffect::PreferNoSchedule),
            taints,
            allocatable: Resources::of(node.allocatable.iter().map(|(k, v)| (&**k, &**v)), symbols),
            max_pods,
            images,
            node: node.clone(),
        }
    }

    /// Keeps the numbers that are sums over nodes.
    fn count_node(&mut self, fixed: &NodeFixed, n: i32) {
        let step = |v: &mut usize, yes: bool| *v = v.saturating_add_signed(if yes { n as isize } else { 0 });
        step(&mut self.unschedulable_nodes, fixed.node.unschedulable);
        step(&mut self.tainted_nodes, !fixed.taints.is_empty());
        for (name, bytes) in &fixed.images {
            // The size is what the first node with the image reported (cache.go addNodeImageStates).
            let state = self.images.entry(*name).or_insert(ImageState { bytes: *bytes, nodes: 0 });
            state.nodes = state.nodes.saturating_add_signed(n);
            if state.nodes == 0 {
                self.images.remove(name);
            }
        }
    }

    fn zone_of(&mut self, labels: &[(Sym, Sym)]) -> (Sym, Sym) {
        let mut find = |key: &str, old: &str| {
            let (key, old, none) = (self.symbols.sym(key), self.symbols.sym(old), self.symbols.sym(""));
            label(labels, key).or_else(|| label(labels, old)).unwrap_or(none)
        };
        let region = find("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
        (region, find("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"))
    }
    fn enter_tree(&mut self, ix: NodeIx, labels: &[(Sym, Sym)]) {
        let zone = self.zone_of(labels);
        self.order_stale = true;
        match self.zones.iter_mut().find(|(z, _)| *z == zone) {
            Some((_, nodes)) => nodes.push(ix),
            None => self.zones.push((zone, vec![ix])),
        }
    }
    fn leave_tree(&mut self, ix: NodeIx) {
        self.order_stale = true;
        for (_, nodes) in &mut self.zones {
            nodes.retain(|n| *n != ix);
        }
        self.zones.retain(|(_, nodes)| !nodes.is_empty());
    }

    // Nominations ----------------------------------------------------------------------------------------------------------------

    pub fn nominate(&mut self, pod: &Arc<PodInfo>, node: &Name) {
        self.forget_nomination(pod.uid());
        self.nominated.entry(node.clone()).or_default().push(pod.clone());
    }
    pub fn forget_nomination(&mut self, uid: &Name) {
        let at: Option<Name> = self.nominated.iter().find(|(_, list)| list.iter().any(|p| p.uid() == uid)).map(|(n, _)| n.clone());
        if let Some(node) = at
            && let Some(list) = self.nominated.get_mut(&node)
        {
            list.retain(|p| p.uid() != uid);
            if list.is_empty() {
                self.nominated.remove(&node);
            }
        }
    }
    pub fn nominated_on(&self, node: &str) -> &[Arc<PodInfo>] {
        self.nominated.get(node).map_or(&[], |l| l)
    }
    /// The pods for which a node is kept against this one.
    pub fn nominated_before<'a>(&'a self, pod: &'a PodInfo, node: &str) -> impl Iterator<Item = &'a Arc<PodInfo>> {
        self.nominated_on(node).iter().filter(|p| p.priority >= pod.priority && p.uid() != pod.uid())
    }
    pub fn has_nominations(&self) -> bool {
        !self.nominated.is_empty()
    }
}

pub(super) fn counted(p: &PodInfo) -> Counted<'_> {
    Counted { class: p.class, terms: &p.spec.terms, terminating: p.terminating }
}
