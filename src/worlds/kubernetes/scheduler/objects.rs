//! The other objects that plugins look at: priority classes, workloads behind default spreading, disruption budgets, volumes.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use crate::kernel::Map;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::{Kind, SYSTEM_PRIORITIES};

use super::selector::Selector;
use super::symbols::Symbols;

/// Objects by kind and key, as last seen.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    kinds: Map<Kind, Map<Key, Object>>,
    /// Rises whenever something changes that default spreading depends on.
    pub workloads_version: u64,
}

/// The kinds that are kept here.
pub const WATCHED: &[Kind] = &[
    Kind::Service,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::StatefulSet,
    Kind::PriorityClass,
    Kind::PodDisruptionBudget,
    Kind::PersistentVolume,
    Kind::PersistentVolumeClaim,
    Kind::StorageClass,
    Kind::CsiNode,
    Kind::CsiDriver,
    Kind::CsiStorageCapacity,
    Kind::VolumeAttachment,
];

impl Objects {
    pub fn put(&mut self, object: &Object) {
        let kind = object.kind();
        let old = self.kinds.entry(kind).or_default().insert(object.key(), object.clone());
        if is_workload(kind) && !old.is_some_and(|o| same_selector(&o, object)) {
            self.workloads_version += 1;
        }
    }
    pub fn take(&mut self, kind: Kind, key: &Key) {
        if let Some(map) = self.kinds.get_mut(&kind) {
            map.remove(key);
        }
        if is_workload(kind) {
            self.workloads_version += 1;
        }
    }
    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Object> {
        self.kinds.get(&kind)?.get(key)
    }
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.kinds.get(&kind).into_iter().flat_map(|m| m.values())
    }
    pub fn in_namespace<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let from = Key::new(namespace, "");
        let map = self.kinds.get(&kind);
        map.into_iter().flat_map(move |m| m.range(from.clone()..)).take_while(move |(k, _)| &*k.namespace == namespace).map(|(_, o)| o)
    }
    /// The JSON body of an object without a type of its own.
    pub fn body(&self, kind: Kind, key: &Key) -> Option<&Arc<Value>> {
        body(self.get(kind, key)?)
    }

    /// A pod's priority and preemption policy (plugin/pkg/admission/priority). Admission has usually written both into the spec.
    pub fn priority<'a>(&'a self, spec: &'a core::PodSpec) -> (i32, &'a str) {
        if let Some(p) = spec.priority {
            return (p, spec.preemption_policy.as_deref().unwrap_or("PreemptLowerPriority"));
        }
        let built_in = SYSTEM_PRIORITIES.iter().find(|(n, _)| spec.priority_class_name.as_deref() == Some(n)).map(|(_, v)| *v);
        let class = match spec.priority_class_name.as_deref().filter(|n| !n.is_empty()) {
            Some(name) => self.body(Kind::PriorityClass, &Key::new("", name)),
            None => self.list(Kind::PriorityClass).filter_map(body).find(|b| b["globalDefault"] == true),
        };
        let value = class.and_then(|c| c["value"].as_i64()).map(|v| v as i32).or(built_in).unwrap_or(0);
        let policy = spec.preemption_policy.as_deref().or_else(|| class.and_then(|c| c["preemptionPolicy"].as_str()));
        (value, policy.unwrap_or("PreemptLowerPriority"))
    }

    /// plugins/helper/spread.go DefaultSelector: selectors of matching Services, and of the controlling ReplicaSet, StatefulSet or
    /// ReplicationController, all together.
    pub fn default_selector(&self, pod: &Pod, symbols: &mut Symbols) -> Selector {
        let namespace = &pod.meta.namespace;
        let mut merged: BTreeMap<String, String> = BTreeMap::new();
        for object in self.in_namespace(Kind::Service, namespace) {
            let Object::Service(service) = object else { continue };
            let Some(selector) = service.spec.selector.as_ref().filter(|s| !s.is_empty()) else { continue };
            if selector.iter().all(|(k, v)| pod.meta.label(k) == Some(v)) {
                merged.extend(selector.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
        let owner = pod.meta.controller();
        let mut more: Option<LabelSelector> = None;
        if let Some(o) = owner {
            let key = Key::new(namespace.clone(), o.name.clone());
            match (&*o.api_version, &*o.kind) {
                ("v1", "ReplicationController") => {
                    let rc = self.body(Kind::ReplicationController, &key);
                    merged.extend(rc.into_iter().flat_map(|b| pairs(&b["spec"]["selector"])));
                }
                ("apps/v1", "ReplicaSet") => {
                    if let Some(Object::ReplicaSet(rs)) = self.get(Kind::ReplicaSet, &key) {
                        more = Some(rs.spec.selector.clone());
                    }
                }
                ("apps/v1", "StatefulSet") => {
                    more = self.get(Kind::StatefulSet, &key).and_then(|o| {
                        let json = body(o)?["spec"]["selector"].clone();
                        serde_json::from_value(json).ok()
                    });
                }
                _ => {}
            }
        }
        let own = Selector::of_pairs(merged.iter().map(|(k, v)| (k.as_str(), v.as_str())), symbols);
        match more.map(|m| Selector::of(Some(&m), symbols)) {
            Some(Selector::Requirements(more)) => own.and(more),
            _ => own,
        }
    }
}

/// The JSON body of a generic object.
pub fn body(object: &Object) -> Option<&Arc<Value>> {
    if let Object::Generic(g) = object { Some(&g.body) } else { None }
}

fn is_workload(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::ReplicaSet | Kind::ReplicationController | Kind::StatefulSet)
}

/// Both versions of a workload select the same pods.
fn same_selector(a: &Object, b: &Object) -> bool {
    match (a, b) {
        (Object::Service(a), Object::Service(b)) => a.spec.selector == b.spec.selector,
        (Object::ReplicaSet(a), Object::ReplicaSet(b)) => a.spec.selector == b.spec.selector,
        (Object::Generic(a), Object::Generic(b)) => a.body["spec"]["selector"] == b.body["spec"]["selector"],
        _ => false,
    }
}

/// The exact pairs of a `spec.selector` map (ReplicationController).
fn pairs(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string()))).collect()
}
