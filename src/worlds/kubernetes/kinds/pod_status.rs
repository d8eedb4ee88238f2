//! `status` of a pod: conditions, container states.

use serde_json::{Value, json};

use super::convert::{Fields, Put, list_unlike, name_at, name_or_empty, time_at, time_or_null};
use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::Epoch;
use crate::worlds::kubernetes::api::object::{Condition, ContainerState, ContainerStatus, PodPhase, PodStatus, Qos, Terminated, Tri};

/// Why a container ended whose process could not be started. The runtime answers 0 for the time at which it started, and the kubelet
/// passes that on as a moment (pkg/kubelet/kuberuntime/kuberuntime_container.go, toKubeContainerStatus).
const START_ERROR: &str = "StartError";
const UNIX_ZERO: &str = "1970-01-01T00:00:00Z";

/// Phases and their spelling.
const PHASES: &[(PodPhase, &str)] = &[
    (PodPhase::Pending, "Pending"),
    (PodPhase::Running, "Running"),
    (PodPhase::Succeeded, "Succeeded"),
    (PodPhase::Failed, "Failed"),
    (PodPhase::Unknown, "Unknown"),
];
/// QoS classes and their spelling.
const CLASSES: &[(Qos, &str)] = &[(Qos::Guaranteed, "Guaranteed"), (Qos::Burstable, "Burstable"), (Qos::BestEffort, "BestEffort")];
/// Truth values of conditions and their spelling.
const TRUTHS: &[(Tri, &str)] = &[(Tri::True, "True"), (Tri::False, "False"), (Tri::Unknown, "Unknown")];

fn spelling<T: PartialEq>(table: &'static [(T, &'static str)], value: &T) -> &'static str {
    table.iter().find(|(v, _)| v == value).map_or("", |(_, s)| s)
}
fn read<T: Copy>(table: &[(T, &str)], text: &str) -> Option<T> {
    table.iter().find(|(_, s)| *s == text).map(|(v, _)| *v)
}

impl PodPhase {
    /// `Pending`, `Running`, …
    pub fn word(self) -> &'static str {
        spelling(PHASES, &self)
    }
}
impl Qos {
    /// `Guaranteed`, `Burstable`, `BestEffort`
    pub fn word(self) -> &'static str {
        spelling(CLASSES, &self)
    }
}
impl Tri {
    /// `True`, `False`, `Unknown`
    pub fn word(self) -> &'static str {
        spelling(TRUTHS, &self)
    }
}

/// Of conditions and containers that another version has alike, only the place is kept.
pub(super) fn to_json(s: &PodStatus, other: Option<&PodStatus>, epoch: Epoch) -> Value {
    let mut f = Fields::new();
    f.put_number("observedGeneration", s.observed_generation);
    f.put("phase", s.phase.word());
    if !s.conditions.is_empty() {
        f.put("conditions", list_unlike(&s.conditions, other.map(|o| &*o.conditions), |c| condition(c, false, epoch)));
    }
    f.put_some("message", s.message.as_deref());
    f.put_some("reason", s.reason.as_deref());
    f.put_some("nominatedNodeName", s.nominated_node.as_deref());
    if let Some(ip) = &s.host_ip {
        f.put("hostIP", &**ip);
        f.put("hostIPs", json!([{"ip": &**ip}]));
    }
    if let Some(ip) = &s.pod_ip {
        f.put("podIP", &**ip);
        f.put("podIPs", json!([{"ip": &**ip}]));
    }
    f.put_some("startTime", s.start_time.map(|t| epoch.rfc3339(t)));
    let lists = [
        ("initContainerStatuses", &s.init_containers, other.map(|o| &*o.init_containers)),
        ("containerStatuses", &s.containers, other.map(|o| &*o.containers)),
    ];
    for (key, list, others) in lists.into_iter().filter(|(_, list, _)| !list.is_empty()) {
        f.put(key, list_unlike(list, others, |c| container(c, epoch)));
    }
    f.put("qosClass", s.qos.word());
    Value::Object(f)
}

/// A condition as pods have it, or (`node`) as nodes do.
pub(super) fn condition(c: &Condition, node: bool, epoch: Epoch) -> Value {
    let mut f = Fields::new();
    f.put("type", &*c.kind);
    if !node {
        f.put_some("observedGeneration", c.observed_generation);
    }
    f.put("status", c.status.word());
    if node {
        f.put("lastHeartbeatTime", c.last_heartbeat.map_or(Value::Null, |t| time_or_null(t, epoch)));
    } else {
        f.put("lastProbeTime", Value::Null);
    }
    f.put("lastTransitionTime", time_or_null(c.last_transition, epoch));
    f.put_some("reason", c.reason.as_deref());
    f.put_some("message", c.message.as_deref());
    Value::Object(f)
}

pub(super) fn condition_from(c: &Value, epoch: Epoch) -> Condition {
    Condition {
        kind: name_or_empty(c, "type"),
        status: read(TRUTHS, c["status"].as_str().unwrap_or_default()).unwrap_or(Tri::Unknown),
        reason: name_at(c, "reason"),
        message: name_at(c, "message"),
        // MAX stands for null.
        last_transition: time_at(c, "lastTransitionTime", epoch).unwrap_or(SimTime::MAX),
        last_heartbeat: time_at(c, "lastHeartbeatTime", epoch),
        observed_generation: c["observedGeneration"].as_i64(),
    }
}

fn container(c: &ContainerStatus, epoch: Epoch) -> Value {
    let state = match &c.state {
        ContainerState::Waiting { reason, message } => {
            let mut f = Fields::new();
            f.put_text("reason", reason);
            f.put_some("message", message.as_deref());
            json!({"waiting": f})
        }
        ContainerState::Running { started_at } => json!({"running": {"startedAt": time_or_null(*started_at, epoch)}}),
        ContainerState::Terminated(t) => json!({"terminated": terminated(t, epoch)}),
    };
    let mut f = Fields::new();
    f.put("name", &*c.name);
    f.put("state", state);
    f.put("lastState", c.last_state.as_ref().map_or(json!({}), |t| json!({"terminated": terminated(t, epoch)})));
    f.put("ready", c.ready);
    f.put("restartCount", c.restart_count);
    f.put("image", &*c.image);
    f.put("imageID", &*c.image_id);
    f.put_some("containerID", c.container_id.as_deref());
    f.put_some("started", c.started);
    Value::Object(f)
}

fn terminated(t: &Terminated, epoch: Epoch) -> Value {
    let mut f = Fields::new();
    f.put("exitCode", t.exit_code);
    f.put_number("signal", t.signal.unwrap_or(0).into());
    f.put_text("reason", &t.reason);
    f.put_some("message", t.message.as_deref());
    let never = if &*t.reason == START_ERROR { Value::from(UNIX_ZERO) } else { Value::Null };
    f.put("startedAt", t.started_at.map_or(never, |at| epoch.rfc3339(at).into()));
    f.put("finishedAt", t.finished_at.map_or(Value::Null, |at| epoch.rfc3339(at).into()));
    f.put_some("containerID", t.container_id.as_deref());
    Value::Object(f)
}

pub(super) fn from_json(s: &Value, epoch: Epoch) -> PodStatus {
    let list = |key: &str| s.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let containers = |key: &str| list(key).iter().map(|c| container_from(c, epoch)).collect();
    PodStatus {
        phase: read(PHASES, s["phase"].as_str().unwrap_or_default()).unwrap_or_default(),
        conditions: list("conditions").iter().map(|c| condition_from(c, epoch)).collect(),
        init_containers: containers("initContainerStatuses"),
        containers: containers("containerStatuses"),
        pod_ip: name_at(s, "podIP"),
        host_ip: name_at(s, "hostIP"),
        start_time: time_at(s, "startTime", epoch),
        reason: name_at(s, "reason"),
        message: name_at(s, "message"),
        qos: read(CLASSES, s["qosClass"].as_str().unwrap_or_default()).unwrap_or_default(),
        nominated_node: name_at(s, "nominatedNodeName"),
        observed_generation: s["observedGeneration"].as_i64().unwrap_or(0),
    }
}

fn container_from(c: &Value, epoch: Epoch) -> ContainerStatus {
    let state = &c["state"];
    let state = if let Some(t) = state.get("terminated").filter(|t| t.is_object()) {
        ContainerState::Terminated(terminated_from(t, epoch))
    } else if let Some(r) = state.get("running").filter(|r| r.is_object()) {
        ContainerState::Running { started_at: time_at(r, "startedAt", epoch).unwrap_or(SimTime::MAX) }
    } else {
        let w = &state["waiting"];
        ContainerState::Waiting { reason: name_or_empty(w, "reason"), message: name_at(w, "message") }
    };
    ContainerStatus {
        name: name_or_empty(c, "name"),
        image: name_or_empty(c, "image"),
        image_id: name_or_empty(c, "imageID"),
        container_id: name_at(c, "containerID"),
        ready: c["ready"].as_bool().unwrap_or(false),
        started: c["started"].as_bool(),
        restart_count: c["restartCount"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        state,
        last_state: c["lastState"].get("terminated").filter(|t| t.is_object()).map(|t| terminated_from(t, epoch)),
    }
}

fn terminated_from(t: &Value, epoch: Epoch) -> Terminated {
    let int = |key: &str| t[key].as_i64().and_then(|n| i32::try_from(n).ok());
    Terminated {
        exit_code: int("exitCode").unwrap_or(0),
        signal: int("signal").filter(|s| *s != 0),
        reason: name_or_empty(t, "reason"),
        message: name_at(t, "message"),
        started_at: time_at(t, "startedAt", epoch).filter(|_| t["startedAt"] != UNIX_ZERO),
        finished_at: time_at(t, "finishedAt", epoch),
        container_id: name_at(t, "containerID"),
    }
}
