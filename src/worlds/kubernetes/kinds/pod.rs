//! `v1/Pod`

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

use super::convert::{Fields, Put, part, value_of};
use super::pod_status;
use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Epoch, Meta};
use crate::worlds::kubernetes::api::object::{Condition, Pod, Tri};

/// What another version has alike may be left out.
pub(super) fn to_json(pod: &Pod, other: Option<&Pod>, epoch: Epoch) -> Fields {
    // A spec is large and all but never changes.
    let same_spec = other.is_some_and(|o| Arc::ptr_eq(&pod.spec, &o.spec));
    let mut spec = if same_spec { Value::Object(Fields::new()) } else { value_of(&*pod.spec) };
    if let (Some(s), Some(node)) = (spec.as_object_mut(), &pod.node) {
        s.put("nodeName", &**node);
    }
    let mut f = Fields::new();
    f.put("spec", spec);
    f.put("status", pod_status::to_json(&pod.status, other.map(|o| &o.status), epoch));
    f
}

pub(super) fn from_json(meta: Meta, value: &Value, epoch: Epoch) -> Result<Pod, ApiError> {
    let mut spec: core::PodSpec = part(value, "spec")?;
    let node = spec.node_name.take().filter(|n| !n.is_empty()).map(Into::into);
    let status = pod_status::from_json(value.get("status").unwrap_or(&Value::Null), epoch);
    Ok(Pod { meta, spec: Arc::new(spec), node, status })
}

/// A pod with gates says from its first moment why nobody schedules it (pkg/registry/core/pod/strategy.go, applySchedulingGatedCondition).
pub(in crate::worlds::kubernetes) fn prepare(pod: &mut Pod, now: SimTime) {
    if pod.spec.scheduling_gates.iter().flatten().next().is_none() || pod.status.condition("PodScheduled").is_some() {
        return;
    }
    pod.status.conditions.push(Condition {
        kind: "PodScheduled".into(),
        status: Tri::False,
        reason: Some("SchedulingGated".into()),
        message: Some("Scheduling is blocked due to non-empty scheduling gates".into()),
        last_transition: now,
        last_heartbeat: None,
        observed_generation: None,
    });
}
