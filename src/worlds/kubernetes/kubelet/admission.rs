//! What the kubelet refuses though the scheduler sent it. Follows: pkg/kubelet/lifecycle/predicate.go, pkg/scheduler/eventhandlers.go.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::model::quantity::{parse_cpu_milli, parse_units};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Node, Qos, TaintEffect};

use super::Kubelet;
use super::worker::{Stage, Worker};

/// Reason and message.
pub(super) type Refusal = (Name, String);

/// Reasons that events may carry.
const REASONS: &[&str] =
    &["OutOfpods", "OutOfcpu", "OutOfmemory", "OutOfephemeral-storage", "NodeAffinity", "NodePorts", "TaintToleration", "Evicted"];

/// The resources that are checked: the name in messages and the unit in which they are counted (thousandths of a core, bytes).
const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

impl Kubelet {
    /// Why a pod is not taken, if so; the first reason wins.
    pub(super) fn refuses(&self, w: &Worker, ctl: &Ctl) -> Option<Refusal> {
        let node = ctl.api.store.typed::<Node>(&Key::new("", self.node.clone()))?;
        let critical = w.pod.spec.priority.unwrap_or(0) >= 2_000_000_000;
        if let Some(condition) = self.pressure.word().filter(|_| !critical) {
            let spared = condition == "MemoryPressure" && (w.pod.status.qos != Qos::BestEffort || tolerates_memory_pressure(&w.pod.spec));
            if !spared {
                return Some(("Evicted".into(), format!("The node had condition: [{condition}]. ")));
            }
        }
        self.out_of(w, node).or_else(|| {
            let predicate = |name: &str, why: &str| (Name::from(name), format!("Predicate {name} failed: {why}"));
            if !matches_node(&w.pod.spec, node) {
                return Some(predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector"));
            }
            if self.ports_taken(w) {
                return Some(predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports"));
            }
            let tolerated = |t: &&crate::worlds::kubernetes::api::object::Taint| {
                t.effect == TaintEffect::NoExecute && !tolerates(&w.pod.spec, &t.key, &t.value, "NoExecute")
            };
            node.taints.iter().find(tolerated).map(|_| predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate"))
        })
    }

    fn out_of(&self, w: &Worker, node: &Node) -> Option<Refusal> {
        let others: Vec<&Worker> = self.pods.values().map(|p| &**p).filter(|p| p.uid != w.uid && p.stage != Stage::Terminated).collect();
        let short = |name: &str, wanted: i64, used: i64, capacity: i64| {
            let message = format!("Node didn't have enough resource: {name}, requested: {wanted}, used: {used}, capacity: {capacity}");
            (Name::from(format!("OutOf{name}")), message)
        };
        let amount = |name: &str| {
            node.allocatable(name).map_or(i64::MAX, |q| if name == "cpu" { parse_cpu_milli(q) } else { parse_units(q) }.unwrap_or(0))
        };
        let pods = others.len() as i64;
        if pods + 1 > amount("pods") {
            return Some(short("pods", 1, pods, amount("pods")));
        }
        RESOURCES.into_iter().find_map(|name| {
            let wanted = request(&w.pod.spec, name);
            let used: i64 = others.iter().map(|o| request(&o.pod.spec, name)).sum();
            (wanted > 0 && wanted > amount(name) - used).then(|| short(name, wanted, used, amount(name)))
        })
    }

    fn ports_taken(&self, w: &Worker) -> bool {
        let wanted = host_ports(&w.pod.spec);
        !wanted.is_empty()
            && self.pods.values().filter(|p| p.uid != w.uid && p.stage != Stage::Terminated).any(|p| {
                host_ports(&p.pod.spec).iter().any(|(ip, proto, port)| {
                    wanted.iter().any(|(i, t, n)| n == port && t == proto && (i == ip || i == "0.0.0.0" || ip == "0.0.0.0"))
                })
            })
    }

    pub(super) fn say_rejected(&mut self, w: &Worker, reason: &str, message: &str, ctl: &mut Ctl) {
        let known = REASONS.iter().copied().find(|r| *r == reason).unwrap_or("UnexpectedAdmissionError");
        self.say(w, true, known, message, ctl);
    }
}

fn amount(list: Option<&BTreeMap<String, Quantity>>, name: &str) -> i64 {
    let q = list.and_then(|l| l.get(name)).map(|q| q.0.as_str());
    q.and_then(|q| if name == "cpu" { parse_cpu_milli(q) } else { parse_units(q) }.ok()).unwrap_or(0)
}

/// What a pod asks for: the greater of its containers (with sidecars) together and of each init container with the sidecars before it,
/// plus overhead (staging/src/k8s.io/component-helpers/resource/helpers.go).
pub(super) fn request(spec: &core::PodSpec, name: &str) -> i64 {
    let of = |c: &core::Container| amount(c.resources.as_ref().and_then(|r| r.requests.as_ref()), name);
    let (mut sidecars, mut peak) = (0, 0);
    for c in spec.init_containers.iter().flatten() {
        if c.restart_policy.as_deref() == Some("Always") {
            sidecars += of(c);
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(sidecars + of(c));
        }
    }
    let sum: i64 = spec.containers.iter().map(of).sum::<i64>() + sidecars;
    let pod_level = amount(spec.resources.as_ref().and_then(|r| r.requests.as_ref()), name);
    let own = if pod_level > 0 { pod_level } else { sum.max(peak) };
    own + amount(spec.overhead.as_ref(), name)
}

fn host_ports(spec: &core::PodSpec) -> Vec<(String, String, i32)> {
    let host = spec.host_network == Some(true);
    let ports = spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    ports
        .filter_map(|p| {
            let port = p.host_port.filter(|n| *n > 0).or(host.then_some(p.container_port))?;
            let ip = p.host_ip.clone().filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".into());
            Some((ip, p.protocol.clone().unwrap_or_else(|| "TCP".into()), port))
        })
        .collect()
}

fn tolerates_memory_pressure(spec: &core::PodSpec) -> bool {
    tolerates(spec, "node.kubernetes.io/memory-pressure", "", "NoSchedule")
}

/// staging/src/k8s.io/api/core/v1/toleration.go, ToleratesTaint
fn tolerates(spec: &core::PodSpec, key: &str, value: &str, effect: &str) -> bool {
    spec.tolerations.iter().flatten().any(|t| {
        t.effect.as_deref().is_none_or(|e| e.is_empty() || e == effect)
            && t.key.as_deref().is_none_or(|k| k.is_empty() || k == key)
            && match t.operator.as_deref().unwrap_or("Equal") {
                "Exists" => true,
                _ => t.value.as_deref().unwrap_or_default() == value,
            }
    })
}

/// nodeSelector and required node affinity.
fn matches_node(spec: &core::PodSpec, node: &Node) -> bool {
    let selector = spec.node_selector.iter().flatten().all(|(k, v)| node.meta.label(k) == Some(v.as_str()));
    let required = spec
        .affinity
        .as_ref()
        .and_then(|a| a.node_affinity.as_ref())
        .and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    selector
        && required.is_none_or(|r| {
            r.node_selector_terms.iter().any(|term| {
                let (labels, fields) = (term.match_expressions.iter().flatten(), term.match_fields.iter().flatten());
                let any = term.match_expressions.iter().flatten().next().is_some() || term.match_fields.iter().flatten().next().is_some();
                any && labels.into_iter().all(|e| meets(e, node.meta.label(&e.key)))
                    && fields.into_iter().all(|e| meets(e, Some(&node.meta.name)))
            })
        })
}

fn meets(e: &core::NodeSelectorRequirement, is: Option<&str>) -> bool {
    let listed = || is.is_some_and(|v| e.values.iter().flatten().any(|w| w == v));
    let number = |s: &str| s.parse::<i64>().ok();
    let than = || is.and_then(number).zip(e.values.iter().flatten().next().and_then(|v| number(v)));
    match e.operator.as_str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => is.is_some(),
        "DoesNotExist" => is.is_none(),
        "Gt" => than().is_some_and(|(a, b)| a > b),
        "Lt" => than().is_some_and(|(a, b)| a < b),
        _ => false,
    }
}
