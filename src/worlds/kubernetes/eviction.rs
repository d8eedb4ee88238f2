//! The eviction subresource of pods: a DELETE that respects disruption budgets.
//! Follows: pkg/registry/core/pod/storage/eviction.go; reference 6.14 and 2.8.

use std::sync::Arc;

use serde_json::Value;

use super::api::ApiError;
use super::api::meta::Meta;
use super::api::object::{Condition, Object, Pod, PodPhase, Tri};
use super::kinds::Kind;
use super::{Ctl, DeleteOptions, objects};

/// policy/v1 UnhealthyPodEvictionPolicy
const ALWAYS_ALLOW: &str = "AlwaysAllow";

fn too_many(message: &str) -> ApiError {
    ApiError { code: 429, reason: "TooManyRequests", message: message.into(), causes: vec![] }
}

/// Evicts a pod.
///
/// # Errors
/// 429 if a budget does not allow it now, 500 if several budgets cover the pod, and what a DELETE answers.
pub fn evict(ctl: &mut Ctl, pod: &Arc<Pod>, options: DeleteOptions, why: &str) -> Result<(), ApiError> {
    if !ctl.api.up {
        return Err(ApiError::unavailable());
    }
    let exempt = pod.status.phase == PodPhase::Pending || pod.is_finished() || pod.meta.is_deleting();
    let budgets: Vec<Arc<objects::Generic>> = ctl
        .api
        .store
        .namespaced(Kind::PodDisruptionBudget, &pod.meta.namespace)
        .filter_map(|o| if let Object::Generic(g) = o { Some(g.clone()) } else { None })
        .filter(|g| covers(&g.body["spec"]["selector"], &pod.meta))
        .collect();
    match budgets.as_slice() {
        _ if exempt => {}
        [] => {}
        [budget] => charge(ctl, budget, pod)?,
        _ => {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(ApiError { code: 500, reason: "InternalError", message: message.into(), causes: vec![] });
        }
    }
    if !exempt {
        mark(ctl, pod)?;
    }
    ctl.delete(Kind::Pod, &pod.meta.key(), options, why)
}

/// An empty selector covers every pod of the namespace (policy/v1).
fn covers(selector: &Value, meta: &Meta) -> bool {
    if selector.is_null() {
        return false;
    }
    let equal = |(k, v): (&String, &Value)| meta.label(k) == v.as_str();
    let expression = |e: &Value| {
        let value = meta.label(e["key"].as_str().unwrap_or_default());
        let listed = value.is_some_and(|v| e["values"].as_array().into_iter().flatten().any(|x| x == v));
        match e["operator"].as_str().unwrap_or_default() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    };
    selector["matchLabels"].as_object().into_iter().flatten().all(equal)
        && selector["matchExpressions"].as_array().into_iter().flatten().all(expression)
}

/// Takes one disruption from a budget, or refuses.
fn charge(ctl: &mut Ctl, budget: &Arc<objects::Generic>, pod: &Pod) -> Result<(), ApiError> {
    let status = &budget.body["status"];
    let n = |k: &str| status[k].as_i64().unwrap_or(0);
    let (current, desired) = (n("currentHealthy"), n("desiredHealthy"));
    if !pod.is_ready() {
        let policy = budget.body["spec"]["unhealthyPodEvictionPolicy"].as_str().unwrap_or("IfHealthyBudget");
        if policy == ALWAYS_ALLOW || (current >= desired && desired > 0) {
            return Ok(());
        }
    }
    let refusal = "Cannot evict pod as it would violate the pod's disruption budget.";
    if n("observedGeneration") < budget.meta.generation || n("disruptionsAllowed") <= 0 {
        return Err(too_many(refusal));
    }
    let mut new = objects::Generic::clone(budget);
    let body = Arc::make_mut(&mut new.body);
    body["status"]["disruptionsAllowed"] = (n("disruptionsAllowed") - 1).into();
    body["status"]["disruptedPods"][&*pod.meta.name] = ctl.api.epoch.rfc3339(ctl.cx.now).into();
    ctl.update_status(new, &format!("eviction of pod {}", pod.meta.name)).map(|_| ())
}

/// The pod says why it goes.
fn mark(ctl: &mut Ctl, pod: &Arc<Pod>) -> Result<(), ApiError> {
    let Some(pod) = ctl.api.store.typed::<Pod>(&pod.meta.key()) else { return Err(ApiError::not_found(Kind::Pod, &pod.meta.name)) };
    let mut new = Pod::clone(pod);
    new.status.conditions.retain(|c| &*c.kind != "DisruptionTarget");
    new.status.conditions.push(Condition {
        kind: "DisruptionTarget".into(),
        status: Tri::True,
        reason: Some("EvictionByEvictionAPI".into()),
        message: Some("Eviction API: evicting".into()),
        last_transition: ctl.cx.now,
        last_heartbeat: None,
        observed_generation: Some(new.meta.generation),
    });
    ctl.update_status(new, "eviction").map(|_| ())
}
