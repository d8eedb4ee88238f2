//! A pod as the scheduler sees it: the spec compiled once, shared by the pods of a template.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;

use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Pod, TaintEffect};

use super::cache::Cache;
use super::index::{ClassIx, SelIx, SelectorKey, TermIx, TermKey, TermKind, TopoIx};
use super::requests::{Demand, is_sidecar};
use super::selector::{NodeRequirements, NodeTerm, Op, Requirement, Scope, Selector};
use super::symbols::{LabelSet, Sym, label};

/// A pod in the queue or on a node.
#[derive(Clone, Debug)]
pub struct PodInfo {
    pub pod: Arc<Pod>,
    pub spec: Arc<SpecInfo>,
    pub class: ClassIx,
    pub priority: i32,
    /// `deletionTimestamp` is set.
    pub terminating: bool,
    /// Never preempts others.
    pub polite: bool,
}

impl PodInfo {
    pub fn key(&self) -> Key {
        self.pod.meta.key()
    }
    pub fn uid(&self) -> &Name {
        &self.pod.meta.uid
    }
}

/// Everything the plugins want of a pod spec, compiled.
#[derive(Clone, Debug)]
pub struct SpecInfo {
    /// Kept so that its address stays taken: compiled specs are found again by it.
    pub(super) source: Arc<core::PodSpec>,
    pub namespace: Sym,
    pub demand: Demand,
    pub ports: Vec<HostPort>,
    pub tolerations: Vec<Toleration>,
    pub node: NodeRequirements,
    /// Preferred node affinity; None where the field is absent.
    pub preferred_node: Option<Vec<(i32, NodeTerm)>>,
    pub affinity: PodAffinity,
    pub spread: Vec<SpreadConstraint>,
    pub images: Vec<Sym>,
    /// Regular and init containers.
    pub containers: usize,
    pub gates: Vec<Name>,
    pub has_volumes: bool,
    /// What the pod's affinity terms do to others once it is placed.
    pub(super) terms: Vec<TermIx>,
}

/// A host port. No IP = all addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub ip: Option<Sym>,
    pub protocol: Sym,
    pub port: i32,
}

impl HostPort {
    /// pkg/scheduler/framework/types.go HostPortInfo.CheckConflict
    pub fn clashes(&self, other: &Self) -> bool {
        self.port == other.port && self.protocol == other.protocol && (self.ip.is_none() || other.ip.is_none() || self.ip == other.ip)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Toleration {
    pub key: Option<Sym>,
    pub exists: bool,
    pub value: Sym,
    pub effect: Option<TaintEffect>,
}

/// A taint, compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taint {
    pub key: Sym,
    pub value: Sym,
    pub effect: TaintEffect,
}

impl Toleration {
    /// staging/src/k8s.io/api/core/v1/toleration.go ToleratesTaint
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|e| e == taint.effect)
            && self.key.is_none_or(|k| k == taint.key)
            && (self.exists || self.value == taint.value)
    }
}

/// The pod's own affinity terms.
#[derive(Clone, Debug, Default)]
pub struct PodAffinity {
    pub required: Vec<Term>,
    /// Pods that match every required term.
    pub required_all: Option<SelIx>,
    pub required_anti: Vec<Term>,
    /// With their weights; repelling ones are negative.
    pub preferred: Vec<(i32, Term)>,
    pub has_preferred: bool,
}

#[derive(Clone, Debug)]
pub struct Term {
    pub topology: TopoIx,
    pub scope: Scope,
    pub selector: Selector,
    pub counted: SelIx,
}

/// A topology spread constraint.
#[derive(Clone, Debug)]
pub struct SpreadConstraint {
    pub topology: TopoIx,
    pub max_skew: i64,
    pub min_domains: i64,
    pub hard: bool,
    pub honor_affinity: bool,
    pub honor_taints: bool,
    pub selector: Selector,
    pub counted: SelIx,
    /// The pod matches its own selector.
    pub self_match: bool,
}

pub const HOSTNAME: &str = "kubernetes.io/hostname";
pub const ZONE: &str = "topology.kubernetes.io/zone";

pub(super) fn effect(text: Option<&str>) -> Option<TaintEffect> {
    match text {
        Some("NoSchedule") => Some(TaintEffect::NoSchedule),
        Some("PreferNoSchedule") => Some(TaintEffect::PreferNoSchedule),
        Some("NoExecute") => Some(TaintEffect::NoExecute),
        _ => None,
    }
}

/// pkg/scheduler/framework/plugins/imagelocality normalizedImageName
pub fn image_name(name: &str) -> String {
    let after_slash = name.rfind('/').map_or(0, |i| i + 1);
    if name[after_slash..].contains(':') { name.to_string() } else { format!("{name}:latest") }
}

impl SpecInfo {
    pub(super) fn compile(pod: &Pod, labels: &LabelSet, cache: &mut Cache) -> Self {
        let spec = &*pod.spec;
        let namespace = cache.symbols.sym(&pod.meta.namespace);
        let mut info = Self {
            source: pod.spec.clone(),
            namespace,
            demand: Demand::of(spec, &mut cache.symbols),
            ports: ports(spec, cache),
            tolerations: spec.tolerations.iter().flatten().map(|t| toleration(t, cache)).collect(),
            node: NodeRequirements::of(spec, &mut cache.symbols),
            preferred_node: None,
            affinity: PodAffinity::default(),
            spread: vec![],
            images: images(spec).iter().map(|i| cache.symbols.sym(&image_name(i))).collect(),
            containers: spec.containers.len() + spec.init_containers.as_ref().map_or(0, Vec::len),
            gates: spec.scheduling_gates.iter().flatten().map(|g| g.name.as_str().into()).collect(),
            has_volumes: spec.volumes.iter().flatten().any(needs_placing),
            terms: vec![],
        };
        info.preferred_node = spec
            .affinity
            .as_ref()
            .and_then(|a| a.node_affinity.as_ref())
            .and_then(|a| a.preferred_during_scheduling_ignored_during_execution.as_ref())
            // An empty list does not survive being stored.
            .filter(|terms| !terms.is_empty())
            .map(|terms| {
                let all = terms.iter().map(|t| (t.weight, NodeTerm::of(&t.preference, &mut cache.symbols)));
                all.filter(|(w, t)| *w != 0 && !t.is_empty()).collect()
            });
        info.compile_affinity(spec, labels, cache);
        for c in spec.topology_spread_constraints.iter().flatten() {
            let mut selector = Selector::of(c.label_selector.as_ref(), &mut cache.symbols);
            let keys: Vec<_> = c.match_label_keys.iter().flatten().filter_map(|k| own_label(k, labels, false, cache)).collect();
            if !keys.is_empty() {
                selector = selector.and(keys);
            }
            let topology = cache.topology(&c.topology_key);
            info.spread.push(SpreadConstraint {
                topology,
                max_skew: i64::from(c.max_skew),
                min_domains: i64::from(c.min_domains.unwrap_or(1)),
                hard: c.when_unsatisfiable == "DoNotSchedule",
                honor_affinity: c.node_affinity_policy.as_deref() != Some("Ignore"),
                honor_taints: c.node_taints_policy.as_deref() == Some("Honor"),
                self_match: selector.matches(labels, &cache.symbols),
                counted: cache.counted_for_spread(namespace, &selector),
                selector,
            });
        }
        info
    }

    fn compile_affinity(&mut self, spec: &core::PodSpec, labels: &LabelSet, cache: &mut Cache) {
        let Some(affinity) = &spec.affinity else { return };
        let namespace = self.namespace;
        if let Some(a) = &affinity.pod_affinity {
            for t in a.required_during_scheduling_ignored_during_execution.iter().flatten() {
                let term = Term::compile(t, namespace, labels, cache);
                self.terms.push(cache.term(&term, TermKind::Required));
                self.affinity.required.push(term);
            }
            for w in a.preferred_during_scheduling_ignored_during_execution.iter().flatten() {
                self.preferred(w.weight, &w.pod_affinity_term, labels, cache);
            }
        }
        if let Some(a) = &affinity.pod_anti_affinity {
            for t in a.required_during_scheduling_ignored_during_execution.iter().flatten() {
                let term = Term::compile(t, namespace, labels, cache);
                self.terms.push(cache.term(&term, TermKind::RequiredAnti));
                self.affinity.required_anti.push(term);
            }
            for w in a.preferred_during_scheduling_ignored_during_execution.iter().flatten() {
                self.preferred(-w.weight, &w.pod_affinity_term, labels, cache);
            }
        }
        if !self.affinity.required.is_empty() {
            let parts = self.affinity.required.iter().map(|t| (t.scope.clone(), t.selector.clone())).collect();
            self.affinity.required_all = Some(cache.indexes.selector_of(SelectorKey { parts, live: false }));
        }
    }

    fn preferred(&mut self, weight: i32, t: &core::PodAffinityTerm, labels: &LabelSet, cache: &mut Cache) {
        let term = Term::compile(t, self.namespace, labels, cache);
        self.terms.push(cache.term(&term, TermKind::Preferred(weight)));
        self.affinity.has_preferred = true;
        self.affinity.preferred.push((weight, term));
    }
}

impl Term {
    fn compile(t: &core::PodAffinityTerm, namespace: Sym, labels: &LabelSet, cache: &mut Cache) -> Self {
        let mut selector = Selector::of(t.label_selector.as_ref(), &mut cache.symbols);
        // The API server writes matchLabelKeys and mismatchLabelKeys into the selector at creation (pkg/registry/core/pod/strategy.go).
        if t.label_selector.is_some() {
            let keys = t.match_label_keys.iter().flatten().filter_map(|k| own_label(k, labels, false, cache));
            let mut more: Vec<_> = keys.collect();
            more.extend(t.mismatch_label_keys.iter().flatten().filter_map(|k| own_label(k, labels, true, cache)));
            if !more.is_empty() {
                selector = selector.and(more);
            }
        }
        let named = t.namespaces.as_ref().filter(|n| !n.is_empty());
        let scope = match (named, &t.namespace_selector) {
            (None, None) => Scope::one(namespace),
            (names, s) => {
                let mut namespaces: Vec<Sym> = names.into_iter().flatten().map(|n| cache.symbols.sym(n)).collect();
                namespaces.sort_unstable();
                Scope { namespaces, selector: Selector::of(s.as_ref(), &mut cache.symbols) }
            }
        };
        let topology = cache.topology(&t.topology_key);
        let counted = cache.indexes.selector_of(SelectorKey { parts: vec![(scope.clone(), selector.clone())], live: false });
        Self { topology, scope, selector, counted }
    }
    pub(super) fn key(&self, kind: TermKind) -> TermKey {
        TermKey { kind, topology: self.topology, scope: self.scope.clone(), selector: self.selector.clone() }
    }
}

fn own_label(key: &str, labels: &LabelSet, not: bool, cache: &mut Cache) -> Option<Requirement> {
    let key = cache.symbols.sym(key);
    let value = label(labels, key)?;
    Some(Requirement { key, op: if not { Op::NotIn(vec![value]) } else { Op::In(vec![value]) } })
}

fn toleration(t: &core::Toleration, cache: &mut Cache) -> Toleration {
    Toleration {
        key: t.key.as_deref().filter(|k| !k.is_empty()).map(|k| cache.symbols.sym(k)),
        exists: t.operator.as_deref() == Some("Exists"),
        value: cache.symbols.sym(t.value.as_deref().unwrap_or("")),
        effect: effect(t.effect.as_deref()),
    }
}

/// Ports of containers and sidecars (pkg/scheduler/util/utils.go GetHostPorts). On the host network every port is a host port.
fn ports(spec: &core::PodSpec, cache: &mut Cache) -> Vec<HostPort> {
    let host_network = spec.host_network == Some(true);
    let sidecars = spec.init_containers.iter().flatten().filter(|c| is_sidecar(c));
    let mut out = vec![];
    for p in spec.containers.iter().chain(sidecars).flat_map(|c| c.ports.iter().flatten()) {
        let port = p.host_port.filter(|n| *n > 0).or(host_network.then_some(p.container_port)).unwrap_or(0);
        if port > 0 {
            let ip = p.host_ip.as_deref().filter(|ip| !ip.is_empty() && *ip != "0.0.0.0").map(|ip| cache.symbols.sym(ip));
            out.push(HostPort { ip, protocol: cache.symbols.sym(p.protocol.as_deref().unwrap_or("TCP")), port });
        }
    }
    out
}

fn images(spec: &core::PodSpec) -> Vec<&str> {
    let containers = spec.init_containers.iter().flatten().chain(&spec.containers).filter_map(|c| c.image.as_deref());
    let volumes = spec.volumes.iter().flatten().filter_map(|v| v.image.as_ref()?.reference.as_deref());
    containers.chain(volumes).collect()
}

/// Volumes that say something about where the pod can run.
fn needs_placing(v: &core::Volume) -> bool {
    v.persistent_volume_claim.is_some()
        || v.ephemeral.is_some()
        || v.gce_persistent_disk.is_some()
        || v.aws_elastic_block_store.is_some()
        || v.iscsi.is_some()
        || v.rbd.is_some()
        || v.csi.is_some()
}

#[cfg(test)]
mod tests {
    use super::image_name;

    #[test]
    fn image_names_get_a_tag() {
        for (given, expected) in [
            ("nginx", "nginx:latest"),
            ("nginx:1", "nginx:1"),
            ("registry:5000/a/b", "registry:5000/a/b:latest"),
            ("registry:5000/a/b:v2", "registry:5000/a/b:v2"),
        ] {
            assert_eq!(image_name(given), expected);
        }
    }
}
