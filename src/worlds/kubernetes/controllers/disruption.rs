//! The disruption controller: how many pods behind a PodDisruptionBudget may be evicted now.
//! Follows: pkg/controller/disruption/disruption.go, staging/src/k8s.io/component-helpers/apps/poddisruptionbudget.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Deployment, Generic, Object, Pod, ReplicaSet};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;

use super::queue::Item;
use super::table::Id;
use super::util::{scaled, selects};
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::PodDisruptionBudget, Kind::Pod];

/// DeletionTimeout: an evicted pod that is still there after this is counted again.
const DELETION_TIMEOUT: SimDuration = SimDuration::from_secs(120);

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Generic(g) if event.new.is_some() => m.add(Id::Disruption, Item::new(g.kind, g.meta.key()), ctl),
        Object::Pod(pod) => {
            // Labels may have led to another budget before the change.
            let labels: Vec<_> = [&event.old, &event.new].into_iter().flatten().map(|o| o.meta().labels.clone()).collect();
            let keys: Vec<Key> = m
                .cache
                .namespaced(Kind::PodDisruptionBudget, &pod.meta.namespace)
                .filter(|o| selector_of(o).is_some_and(|s| labels.iter().any(|l| selects(&s, l))))
                .map(Object::key)
                .collect();
            for key in keys {
                m.add(Id::Disruption, Item::new(Kind::PodDisruptionBudget, key), ctl);
            }
        }
        _ => {}
    }
}

fn selector_of(budget: &Object) -> Option<LabelSelector> {
    let Object::Generic(g) = budget else { return None };
    LabelSelector::deserialize(g.body.pointer("/spec/selector")?).ok()
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let cache = m.cache.clone();
    let Some(object @ Object::Generic(budget)) = cache.get(item.kind, &item.key) else { return Ok(Next::Done) };
    let Some(selector) = selector_of(object) else { return Ok(Next::Done) };
    let pods: Vec<&Arc<Pod>> =
        cache.pods_with(&item.key.namespace, |labels| selects(&selector, labels)).filter(|p| !p.is_finished()).collect();
    if pods.is_empty() {
        ctl.event(object, false, "NoPods", "No matching pods found");
    }
    let limit = |key: &str| -> Option<IntOrString> { IntOrString::deserialize(budget.body.pointer(&format!("/spec/{key}"))?).ok() };
    let (expected, desired) = match (limit("maxUnavailable"), limit("minAvailable")) {
        (Some(max), _) => {
            let expected = expected_of(m, &pods);
            (expected, (expected - scaled(&max, expected, true)).max(0))
        }
        (None, Some(IntOrString::Int(min))) => (pods.len() as i32, min),
        (None, Some(min)) => {
            let expected = expected_of(m, &pods);
            (expected, scaled(&min, expected, true))
        }
        (None, None) => (pods.len() as i32, 0),
    };
    // Evictions that the API server has granted and that have not shown yet.
    let now = ctl.cx.now;
    let epoch = ctl.api.epoch;
    let mut next: Option<SimDuration> = None;
    let mut disrupted: BTreeMap<String, Value> = BTreeMap::new();
    for (name, at) in budget.body.pointer("/status/disruptedPods").and_then(Value::as_object).into_iter().flatten() {
        let since = at.as_str().and_then(|t| epoch.parse(t)).map_or(SimDuration::MAX, |t| now.since(t));
        let there = pods.iter().any(|p| *p.meta.name == **name && !p.meta.is_deleting());
        if there && since < DELETION_TIMEOUT {
            let left = DELETION_TIMEOUT.saturating_sub(since);
            next = Some(next.map_or(left, |n| n.min(left)));
            disrupted.insert(name.clone(), at.clone());
        }
    }
    let healthy = pods.iter().filter(|p| p.is_ready() && !p.meta.is_deleting() && !disrupted.contains_key(&*p.meta.name)).count() as i32;
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let old = budget.body.get("status").cloned().unwrap_or(Value::Null);
    let before = old.pointer("/conditions/0");
    let same = before.is_some_and(|c| c["status"] == status);
    let transition = before.filter(|_| same).map_or_else(|| json!(epoch.rfc3339(now)), |c| c["lastTransitionTime"].clone());
    let mut fresh = json!({
        "conditions": [{
            "lastTransitionTime": transition, "message": "", "observedGeneration": budget.meta.generation, "reason": reason,
            "status": status, "type": "DisruptionAllowed"
        }],
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": budget.meta.generation,
    });
    if !disrupted.is_empty() {
        fresh["disruptedPods"] = json!(disrupted);
    }
    if fresh != old {
        let mut body = Value::clone(&budget.body);
        body["status"] = fresh;
        let why = format!("{healthy} healthy, {desired} needed: {allowed} may be evicted");
        ctl.update_status(Generic { body: Arc::new(body), ..Generic::clone(budget) }, &why)?;
    }
    Ok(next.map_or(Next::Done, Next::After))
}

/// The sum of the sizes of the controllers that own the pods (getExpectedScale).
fn expected_of(m: &Manager, pods: &[&Arc<Pod>]) -> i32 {
    let mut scales: BTreeMap<Name, i32> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = pod.meta.controller() else { continue };
        let key = |name: &Name| Key::new(pod.meta.namespace.clone(), name.clone());
        let Some(rs) = m.cache.typed::<ReplicaSet>(&key(&owner.name)).filter(|rs| rs.meta.uid == owner.uid) else { continue };
        let deployment = rs.meta.controller().and_then(|o| m.cache.typed::<Deployment>(&key(&o.name)).filter(|d| d.meta.uid == o.uid));
        match deployment {
            Some(d) => scales.insert(d.meta.uid.clone(), d.spec.replicas.unwrap_or(1)),
            None => scales.insert(rs.meta.uid.clone(), rs.replicas),
        };
    }
    scales.values().sum()
}
