//! The plain scheduler: every rule of the reference (k8s-scheduling-kubelet.md, section 1) written down as it reads, over the API's own
//! objects, counting everything anew for every node. Slow, and obviously right: what the fast one is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use wheelhouse::model::quantity::{parse_cpu_milli, parse_units};
use wheelhouse::worlds::kubernetes::api::object::{Node, Pod, Service, TaintEffect};

/// A cluster as lists.
#[derive(Clone, Default)]
pub struct Plain {
    pub nodes: Vec<Arc<Node>>,
    /// Pods with their node.
    pub placed: Vec<(Arc<Pod>, String)>,
    /// Pods that wait for room on a node.
    pub nominated: Vec<(Arc<Pod>, String)>,
    /// Whether pod affinity takes no part, if that was settled before pods were moved off and on.
    pub affinity_rests: Option<bool>,
    pub services: Vec<Arc<Service>>,
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
}

/// More than the node has even when it is empty.
pub fn never_fits(pod: &Pod, node: &Node) -> bool {
    AMOUNTS.iter().any(|name| request(pod, name, 0) > allocatable(node, name))
}

/// Per node: who turned it down and why, or its scores.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Rejected(String, Vec<String>),
    Fits(BTreeMap<String, i64>),
}

/// What is counted, in the order in which it is named.
const AMOUNTS: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "example.com/gpu"];

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

fn label<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.meta.label(key)
}

fn matches(selector: Option<&LabelSelector>, get: &dyn Fn(&str) -> Option<String>) -> bool {
    let Some(s) = selector else { return false };
    s.match_labels.iter().flatten().all(|(k, v)| get(k).as_ref() == Some(v))
        && s.match_expressions.iter().flatten().all(|e| {
            let value = get(&e.key);
            let values = e.values.clone().unwrap_or_default();
            match e.operator.as_str() {
                "In" => value.is_some_and(|v| values.contains(&v)),
                "NotIn" => value.is_none_or(|v| !values.contains(&v)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                other => panic!("{other}"),
            }
        })
}

pub fn selects(selector: Option<&LabelSelector>, pod: &Pod) -> bool {
    matches(selector, &|k| pod.meta.label(k).map(str::to_string))
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(BTreeMap::is_empty) && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}

fn requirement(r: &core::NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = r.values.clone().unwrap_or_default();
    let number = |t: &str| t.parse::<i64>().ok();
    match r.operator.as_str() {
        "In" => value.is_some_and(|v| values.iter().any(|x| x == v)),
        "NotIn" => value.is_none_or(|v| values.iter().all(|x| x != v)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => value.and_then(number).is_some_and(|v| v > number(&values[0]).unwrap()),
        "Lt" => value.and_then(number).is_some_and(|v| v < number(&values[0]).unwrap()),
        other => panic!("{other}"),
    }
}

fn term_matches(t: &core::NodeSelectorTerm, node: &Node) -> bool {
    let (expressions, fields) = (t.match_expressions.clone().unwrap_or_default(), t.match_fields.clone().unwrap_or_default());
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(|r| requirement(r, label(node, &r.key)))
        && fields.iter().all(|r| requirement(r, Some(&node.meta.name)))
}

/// nodeSelector and required node affinity.
fn node_affinity(pod: &Pod, node: &Node) -> bool {
    let selector = pod.spec.node_selector.clone().unwrap_or_default();
    let required =
        pod.spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.clone());
    selector.iter().all(|(k, v)| label(node, k) == Some(v))
        && required.is_none_or(|r| r.node_selector_terms.iter().any(|t| term_matches(t, node)))
}

fn tolerates(t: &core::Toleration, key: &str, value: &str, effect: &str) -> bool {
    t.effect.as_deref().is_none_or(|e| e.is_empty() || e == effect)
        && t.key.as_deref().is_none_or(|k| k.is_empty() || k == key)
        && (t.operator.as_deref() == Some("Exists") || t.value.as_deref().unwrap_or("") == value)
}

fn effect(e: TaintEffect) -> &'static str {
    match e {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    }
}

fn tolerates_hard(pod: &Pod, node: &Node) -> bool {
    let tolerations = pod.spec.tolerations.clone().unwrap_or_default();
    let hard = node.taints.iter().filter(|t| t.effect != TaintEffect::PreferNoSchedule);
    hard.into_iter().all(|taint| tolerations.iter().any(|t| tolerates(t, &taint.key, &taint.value, effect(taint.effect))))
}

/// Requests of one resource; `default` for containers that ask for none.
fn request(pod: &Pod, name: &str, default: i64) -> i64 {
    let read = |c: &core::Container| {
        let q = c.resources.as_ref().and_then(|r| r.requests.as_ref()?.get(name).cloned());
        q.map_or(default, |q| amount(name, &q.0))
    };
    let regular: i64 = pod.spec.containers.iter().map(read).sum();
    let (mut sidecars, mut init) = (0, 0);
    for c in pod.spec.init_containers.iter().flatten() {
        if c.restart_policy.as_deref() == Some("Always") {
            sidecars += read(c);
            init = init.max(sidecars);
        } else {
            init = init.max(read(c) + sidecars);
        }
    }
    let overhead = pod.spec.overhead.as_ref().and_then(|o| o.get(name)).map_or(0, |q| amount(name, &q.0));
    (regular + sidecars).max(init) + overhead
}

fn allocatable(node: &Node, name: &str) -> i64 {
    amount(name, node.allocatable(name).unwrap_or("0"))
}

fn amount(name: &str, text: &str) -> i64 {
    if name == "cpu" { parse_cpu_milli(text).unwrap() } else { parse_units(text).unwrap() }
}

/// Address, protocol and number.
fn ports(pod: &Pod) -> Vec<(String, String, i32)> {
    let text = |t: &Option<String>, default: &str| t.clone().unwrap_or(default.into());
    let all = pod.spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    all.filter_map(|p| Some((text(&p.host_ip, "0.0.0.0"), text(&p.protocol, "TCP"), p.host_port?))).collect()
}

fn clash(a: &(String, String, i32), b: &(String, String, i32)) -> bool {
    let everywhere = |p: &(String, String, i32)| p.0 == "0.0.0.0";
    a.1 == b.1 && a.2 == b.2 && (a.0 == b.0 || everywhere(a) || everywhere(b))
}

/// The pod as the API server stores it: `matchLabelKeys` and `mismatchLabelKeys` have become part of the selectors.
pub fn stored(pod: &Arc<Pod>) -> Arc<Pod> {
    let labels = pod.meta.labels.clone();
    let narrow = |selector: &mut Option<LabelSelector>, keys: &Option<Vec<String>>, operator: &str| {
        let Some(s) = selector else { return };
        for key in keys.iter().flatten() {
            if let Some((_, value)) = labels.iter().find(|(k, _)| ***k == **key) {
                s.match_expressions.get_or_insert_default().push(LabelSelectorRequirement {
                    key: key.clone(),
                    operator: operator.into(),
                    values: Some(vec![value.to_string()]),
                });
            }
        }
    };
    let term = |t: &mut core::PodAffinityTerm| {
        narrow(&mut t.label_selector, &t.match_label_keys, "In");
        narrow(&mut t.label_selector, &t.mismatch_label_keys, "NotIn");
    };
    let mut pod = Pod::clone(pod);
    let spec = Arc::make_mut(&mut pod.spec);
    for c in spec.topology_spread_constraints.iter_mut().flatten() {
        narrow(&mut c.label_selector, &c.match_label_keys, "In");
    }
    if let Some(a) = spec.affinity.as_mut().and_then(|a| a.pod_affinity.as_mut()) {
        a.required_during_scheduling_ignored_during_execution.iter_mut().flatten().for_each(term);
        a.preferred_during_scheduling_ignored_during_execution.iter_mut().flatten().for_each(|w| term(&mut w.pod_affinity_term));
    }
    if let Some(a) = spec.affinity.as_mut().and_then(|a| a.pod_anti_affinity.as_mut()) {
        a.required_during_scheduling_ignored_during_execution.iter_mut().flatten().for_each(term);
        a.preferred_during_scheduling_ignored_during_execution.iter_mut().flatten().for_each(|w| term(&mut w.pod_affinity_term));
    }
    Arc::new(pod)
}

fn required_terms(pod: &Pod, anti: bool) -> Vec<core::PodAffinityTerm> {
    let a = pod.spec.affinity.as_ref();
    let list = if anti {
        a.and_then(|a| a.pod_anti_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.clone())
    } else {
        a.and_then(|a| a.pod_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.clone())
    };
    list.unwrap_or_default()
}

fn preferred_terms(pod: &Pod, anti: bool) -> Vec<core::WeightedPodAffinityTerm> {
    let a = pod.spec.affinity.as_ref();
    let list = if anti {
        a.and_then(|a| a.pod_anti_affinity.as_ref()?.preferred_during_scheduling_ignored_during_execution.clone())
    } else {
        a.and_then(|a| a.pod_affinity.as_ref()?.preferred_during_scheduling_ignored_during_execution.clone())
    };
    list.unwrap_or_default()
}

impl Plain {
    fn on<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.placed.iter().filter(|(_, n)| **n == *node.meta.name).map(|(p, _)| p)
    }
    fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|n| *n.meta.name == *name)
    }

    /// An affinity term of `holder` selects `other`.
    fn term_selects(&self, term: &core::PodAffinityTerm, holder: &Pod, other: &Pod) -> bool {
        let names = term.namespaces.clone().unwrap_or_default();
        let own = names.is_empty() && term.namespace_selector.is_none();
        let labels = self.namespaces.get(&*other.meta.namespace).cloned().unwrap_or_default();
        let here = names.iter().any(|n| **n == *other.meta.namespace)
            || (own && holder.meta.namespace == other.meta.namespace)
            || matches(term.namespace_selector.as_ref(), &|k| labels.get(k).cloned());
        here && selects(term.label_selector.as_ref(), other)
    }

    fn filter(&self, pod: &Pod, node: &Node) -> Option<(&'static str, Vec<String>)> {
        let one = |plugin, reason: &str| Some((plugin, vec![reason.to_string()]));
        let tolerations = pod.spec.tolerations.clone().unwrap_or_default();
        if node.unschedulable && !tolerations.iter().any(|t| tolerates(t, "node.kubernetes.io/unschedulable", "", "NoSchedule")) {
            return one("NodeUnschedulable", "node(s) were unschedulable");
        }
        if !tolerates_hard(pod, node) {
            return one("TaintToleration", "node(s) had untolerated taint(s)");
        }
        if !node_affinity(pod, node) {
            return one("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
        }
        if ports(pod).iter().any(|p| self.on(node).any(|o| ports(o).iter().any(|q| clash(p, q)))) {
            return one("NodePorts", "node(s) didn't have free ports for the requested pod ports");
        }
        let mut missing = vec![];
        if self.on(node).count() as i64 + 1 > allocatable(node, "pods") {
            missing.push("Too many pods".to_string());
        }
        for name in AMOUNTS {
            let used: i64 = self.on(node).map(|p| request(p, name, 0)).sum();
            let want = request(pod, name, 0);
            if want > 0 && want > allocatable(node, name) - used {
                missing.push(format!("Insufficient {name}"));
            }
        }
        if !missing.is_empty() {
            return Some(("NodeResourcesFit", missing));
        }
        let affinity = || if self.affinity_rests == Some(true) { None } else { self.filter_affinity(pod, node) };
        self.filter_spread(pod, node).or_else(affinity)
    }

    /// PreFilter puts the plugin to rest for a pod without required terms that no placed pod repels; then it does not look at those
    /// who were promised a node either.
    pub fn affinity_rests(&self, pod: &Pod) -> bool {
        let repelled = |(p, n): &(Arc<Pod>, String)| {
            let on = self.node(n);
            required_terms(p, true).iter().any(|t| on.is_some_and(|n| label(n, &t.topology_key).is_some()) && self.term_selects(t, p, pod))
        };
        self.affinity_rests.unwrap_or_else(|| {
            required_terms(pod, false).is_empty() && required_terms(pod, true).is_empty() && !self.placed.iter().any(repelled)
        })
    }

    fn spread_count(&self, pod: &Pod, selector: Option<&LabelSelector>, node: &Node) -> i64 {
        if selector.is_none_or(is_empty) {
            return 0;
        }
        let counted = |o: &&Arc<Pod>| o.meta.namespace == pod.meta.namespace && !o.meta.is_deleting() && selects(selector, o);
        self.on(node).filter(counted).count() as i64
    }

    fn included(&self, pod: &Pod, c: &core::TopologySpreadConstraint, node: &Node) -> bool {
        let affinity = c.node_affinity_policy.as_deref() == Some("Ignore") || node_affinity(pod, node);
        affinity && (c.node_taints_policy.as_deref() != Some("Honor") || tolerates_hard(pod, node))
    }

    fn filter_spread(&self, pod: &Pod, node: &Node) -> Option<(&'static str, Vec<String>)> {
        let all = pod.spec.topology_spread_constraints.clone().unwrap_or_default();
        let hard: Vec<_> = all.iter().filter(|c| c.when_unsatisfiable == "DoNotSchedule").collect();
        for c in &hard {
            let Some(value) = label(node, &c.topology_key) else {
                let text = "node(s) didn't match pod topology spread constraints (missing required label)";
                return Some(("PodTopologySpread", vec![text.into()]));
            };
            let mut domains: BTreeMap<&str, i64> = BTreeMap::new();
            for n in &self.nodes {
                if hard.iter().all(|h| label(n, &h.topology_key).is_some()) && self.included(pod, c, n) {
                    *domains.entry(label(n, &c.topology_key).unwrap()).or_default() += self.spread_count(pod, c.label_selector.as_ref(), n);
                }
            }
            let enough = domains.len() as i64 >= i64::from(c.min_domains.unwrap_or(1));
            let min = if enough { domains.values().copied().min().unwrap_or(i64::from(i32::MAX)) } else { 0 };
            let own = i64::from(selects(c.label_selector.as_ref(), pod));
            if domains.get(value).copied().unwrap_or(0) + own - min > i64::from(c.max_skew) {
                return Some(("PodTopologySpread", vec!["node(s) didn't match pod topology spread constraints".into()]));
            }
        }
        None
    }

    /// Some placed pod in the node's domain satisfies `f`.
    fn near(&self, node: &Node, key: &str, f: &dyn Fn(&Pod) -> bool) -> bool {
        let Some(value) = label(node, key) else { return false };
        self.placed.iter().any(|(p, n)| self.node(n).is_some_and(|n| label(n, key) == Some(value)) && f(p))
    }

    fn filter_affinity(&self, pod: &Pod, node: &Node) -> Option<(&'static str, Vec<String>)> {
        let one = |reason: &str| Some(("InterPodAffinity", vec![reason.to_string()]));
        let required = required_terms(pod, false);
        let all = |o: &Pod| required.iter().all(|t| self.term_selects(t, pod, o));
        if required.iter().any(|t| label(node, &t.topology_key).is_none()) {
            return one("node(s) didn't match pod affinity rules");
        }
        if !required.iter().all(|t| self.near(node, &t.topology_key, &all)) {
            let somewhere = self
                .placed
                .iter()
                .any(|(p, n)| all(p) && self.node(n).is_some_and(|n| required.iter().any(|t| label(n, &t.topology_key).is_some())));
            if somewhere || !all(pod) {
                return one("node(s) didn't match pod affinity rules");
            }
        }
        if required_terms(pod, true).iter().any(|t| self.near(node, &t.topology_key, &|o| self.term_selects(t, pod, o))) {
            return one("node(s) didn't match pod anti-affinity rules");
        }
        let repelled = self.placed.iter().any(|(p, n)| {
            required_terms(p, true).iter().any(|t| {
                let there = self.node(n).and_then(|n| label(n, &t.topology_key));
                there.is_some() && there == label(node, &t.topology_key) && self.term_selects(t, p, pod)
            })
        });
        if repelled { one("node(s) didn't satisfy existing pods anti-affinity rules") } else { None }
    }

    pub fn place(&mut self, pod: &Arc<Pod>, node: &str) {
        self.placed.push((stored(pod), node.into()));
    }

    /// Alone and beside those who were promised the node and are no less important.
    fn filter_with_guests(&self, pod: &Pod, node: &Node) -> Option<(&'static str, Vec<String>)> {
        let priority = |p: &Pod| p.spec.priority.unwrap_or(0);
        let guest = |(p, n): &&(Arc<Pod>, String)| **n == *node.meta.name && p.meta.uid != pod.meta.uid && priority(p) >= priority(pod);
        let guests: Vec<_> = self.nominated.iter().filter(guest).collect();
        if !guests.is_empty() {
            let mut full = self.clone();
            full.affinity_rests = Some(self.affinity_rests(pod));
            guests.into_iter().for_each(|(p, n)| full.place(p, n));
            if let Some(rejection) = full.filter(pod, node) {
                return Some(rejection);
            }
        }
        self.filter(pod, node)
    }

    /// Every node's verdict.
    pub fn decide(&self, pod: &Arc<Pod>) -> BTreeMap<String, Verdict> {
        let pod = &*stored(pod);
        let mut out = BTreeMap::new();
        let mut feasible: Vec<&Arc<Node>> = vec![];
        for n in &self.nodes {
            match self.filter_with_guests(pod, n) {
                Some((plugin, reasons)) => {
                    out.insert(n.meta.name.to_string(), Verdict::Rejected(plugin.into(), reasons));
                }
                None => feasible.push(n),
            }
        }
        let mut scores: BTreeMap<String, BTreeMap<String, i64>> =
            feasible.iter().map(|n| (n.meta.name.to_string(), BTreeMap::new())).collect();
        if feasible.len() > 1 {
            let mut put = |plugin: &str, weight: i64, values: Vec<i64>| {
                for (n, v) in feasible.iter().zip(values) {
                    scores.get_mut(&*n.meta.name).unwrap().insert(plugin.into(), v * weight);
                }
            };
            put("DynamicResources", 2, vec![0; feasible.len()]);
            put("TaintToleration", 3, normalized(feasible.iter().map(|n| intolerable(pod, n)).collect(), true));
            if let Some(raw) = preferred_nodes(pod, &feasible) {
                put("NodeAffinity", 2, normalized(raw, false));
            }
            put("NodeResourcesFit", 1, feasible.iter().map(|n| self.fit(pod, n)).collect());
            if request(pod, "cpu", 0) != 0 || request(pod, "memory", 0) != 0 {
                put("NodeResourcesBalancedAllocation", 1, feasible.iter().map(|n| self.balanced(pod, n)).collect());
            }
            put("ImageLocality", 1, feasible.iter().map(|n| self.images(pod, n)).collect());
            if let Some(values) = self.spread(pod, &feasible) {
                put("PodTopologySpread", 2, values);
            }
            if let Some(values) = self.affinity(pod, &feasible) {
                put("InterPodAffinity", 2, values);
            }
        }
        out.extend(scores.into_iter().map(|(n, s)| (n, Verdict::Fits(s))));
        out
    }

    fn fit(&self, pod: &Pod, node: &Node) -> i64 {
        let part = |name: &str, default: i64| {
            let all = allocatable(node, name);
            let used: i64 = self.on(node).map(|p| request(p, name, default)).sum::<i64>() + request(pod, name, default);
            if used > all { 0 } else { (all - used) * 100 / all }
        };
        (part("cpu", 100) + part("memory", 200 << 20)) / 2
    }

    fn balanced(&self, pod: &Pod, node: &Node) -> i64 {
        let balance = |with: bool| {
            let fraction = |name: &str| {
                let used: i64 = self.on(node).map(|p| request(p, name, 0)).sum();
                let used = used + if with { request(pod, name, 0) } else { 0 };
                (used as f64 / allocatable(node, name) as f64).min(1.0)
            };
            ((1.0 - ((fraction("cpu") - fraction("memory")) / 2.0).abs()) * 100.0) as i64
        };
        50 + (50 + balance(true) - balance(false)) / 2
    }

    fn images(&self, pod: &Pod, node: &Node) -> i64 {
        const MIB: i64 = 1 << 20;
        let has = |n: &Node, image: &str| n.images.iter().find(|i| i.names.iter().any(|x| **x == *image)).map(|i| i.bytes);
        let containers: Vec<_> = pod.spec.init_containers.iter().flatten().chain(&pod.spec.containers).collect();
        let mut sum = 0;
        for c in &containers {
            let image = c.image.as_deref().unwrap();
            if has(node, image).is_some() {
                let bytes = self.nodes.iter().find_map(|n| has(n, image)).unwrap();
                let having = self.nodes.iter().filter(|n| has(n, image).is_some()).count();
                sum += (bytes as f64 * (having as f64 / self.nodes.len() as f64)) as i64;
            }
        }
        let max = 1000 * MIB * containers.len() as i64;
        100 * (sum.clamp(23 * MIB, max) - 23 * MIB) / (max - 23 * MIB)
    }

    fn spread(&self, pod: &Pod, feasible: &[&Arc<Node>]) -> Option<Vec<i64>> {
        let all = pod.spec.topology_spread_constraints.clone().unwrap_or_default();
        let own = !all.is_empty();
        let constraints: Vec<core::TopologySpreadConstraint> = if own {
            all.into_iter().filter(|c| c.when_unsatisfiable == "ScheduleAnyway").collect()
        } else {
            let mut merged = BTreeMap::new();
            for s in self.services.iter().filter(|s| s.meta.namespace == pod.meta.namespace) {
                let selector = s.spec.selector.clone().unwrap_or_default();
                if !selector.is_empty() && selector.iter().all(|(k, v)| pod.meta.label(k) == Some(v)) {
                    merged.extend(selector);
                }
            }
            if merged.is_empty() {
                return None;
            }
            let selector = LabelSelector { match_labels: Some(merged), match_expressions: None };
            [(HOST, 3), (ZONE, 5)]
                .map(|(key, skew)| core::TopologySpreadConstraint {
                    topology_key: key.into(),
                    max_skew: skew,
                    label_selector: Some(selector.clone()),
                    ..Default::default()
                })
                .to_vec()
        };
        if constraints.is_empty() {
            return None;
        }
        let has_all = |n: &Node| !own || constraints.iter().all(|c| label(n, &c.topology_key).is_some());
        let counted: Vec<&&Arc<Node>> = feasible.iter().filter(|n| has_all(n)).collect();
        let raw = |node: &Node| {
            let mut score = 0.0;
            for c in &constraints {
                let Some(value) = label(node, &c.topology_key) else { continue };
                let (size, count) = if c.topology_key == HOST {
                    (counted.len(), self.spread_count(pod, c.label_selector.as_ref(), node))
                } else {
                    let values: BTreeSet<Option<&str>> = counted.iter().map(|n| label(n, &c.topology_key)).collect();
                    let domain =
                        self.nodes.iter().filter(|n| has_all(n) && self.included(pod, c, n) && label(n, &c.topology_key) == Some(value));
                    (values.len(), domain.map(|n| self.spread_count(pod, c.label_selector.as_ref(), n)).sum())
                };
                score += count as f64 * ((size + 2) as f64).ln() + f64::from(c.max_skew - 1);
            }
            score.round() as i64
        };
        let scores: Vec<Option<i64>> = feasible.iter().map(|n| has_all(n).then(|| raw(n))).collect();
        let max = scores.iter().flatten().copied().max().unwrap_or(0);
        let min = scores.iter().flatten().copied().min().unwrap_or(0);
        let normal = |s: &Option<i64>| match s {
            None => 0,
            Some(_) if max == 0 => 100,
            Some(s) => 100 * (max + min - s) / max,
        };
        Some(scores.iter().map(normal).collect())
    }

    fn affinity(&self, pod: &Pod, feasible: &[&Arc<Node>]) -> Option<Vec<i64>> {
        // (topology key, value) → sum of weights
        let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
        for (other, on) in &self.placed {
            let Some(node) = self.node(on) else { continue };
            let mut add = |term: &core::PodAffinityTerm, weight: i64, hit: bool| {
                if let (true, Some(value)) = (hit, label(node, &term.topology_key)) {
                    *sums.entry((term.topology_key.clone(), value.to_string())).or_default() += weight;
                }
            };
            for (anti, sign) in [(false, 1), (true, -1)] {
                for w in preferred_terms(pod, anti) {
                    add(&w.pod_affinity_term, sign * i64::from(w.weight), self.term_selects(&w.pod_affinity_term, pod, other));
                }
                for w in preferred_terms(other, anti) {
                    add(&w.pod_affinity_term, sign * i64::from(w.weight), self.term_selects(&w.pod_affinity_term, other, pod));
                }
            }
            for t in required_terms(other, false) {
                add(&t, 1, self.term_selects(&t, other, pod));
            }
        }
        if sums.is_empty() {
            return None;
        }
        let raw: Vec<i64> =
            feasible.iter().map(|n| sums.iter().filter(|((k, v), _)| label(n, k) == Some(v)).map(|(_, s)| s).sum()).collect();
        let (min, max) = (*raw.iter().min()?, *raw.iter().max()?);
        Some(raw.iter().map(|r| if max > min { (100.0 * ((r - min) as f64 / (max - min) as f64)) as i64 } else { 0 }).collect())
    }
}

fn normalized(raw: Vec<i64>, reverse: bool) -> Vec<i64> {
    let max = raw.iter().copied().max().unwrap_or(0);
    raw.iter()
        .map(|r| match (max, reverse) {
            (0, true) => 100,
            (0, false) => 0,
            (_, true) => 100 - 100 * r / max,
            (_, false) => 100 * r / max,
        })
        .collect()
}

fn intolerable(pod: &Pod, node: &Node) -> i64 {
    let tolerations = pod.spec.tolerations.clone().unwrap_or_default();
    let soft = |t: &&core::Toleration| t.effect.as_deref().is_none_or(|e| e.is_empty() || e == "PreferNoSchedule");
    let taints = node.taints.iter().filter(|t| t.effect == TaintEffect::PreferNoSchedule);
    taints.filter(|x| !tolerations.iter().filter(soft).any(|t| tolerates(t, &x.key, &x.value, "PreferNoSchedule"))).count() as i64
}

fn preferred_nodes(pod: &Pod, nodes: &[&Arc<Node>]) -> Option<Vec<i64>> {
    let terms = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?.preferred_during_scheduling_ignored_during_execution.clone()?;
    let raw = |n: &&Arc<Node>| terms.iter().filter(|t| term_matches(&t.preference, n)).map(|t| i64::from(t.weight)).sum();
    Some(nodes.iter().map(raw).collect())
}
