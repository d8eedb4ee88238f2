//! `v1/Node`

use std::sync::Arc;

use serde_json::{Value, json};

use super::convert::{Fields, Put, name_at, name_or_empty, pairs_from_json, pairs_to_json, part, time_at, value_of};
use super::pod_status::{condition, condition_from};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Epoch, Meta};
use crate::worlds::kubernetes::api::object::{Node, NodeImage, Taint, TaintEffect};

const EFFECTS: &[(TaintEffect, &str)] =
    &[(TaintEffect::NoSchedule, "NoSchedule"), (TaintEffect::PreferNoSchedule, "PreferNoSchedule"), (TaintEffect::NoExecute, "NoExecute")];

impl TaintEffect {
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`
    pub fn word(self) -> &'static str {
        EFFECTS.iter().find(|(e, _)| *e == self).map_or("", |(_, w)| w)
    }
    /// The effect of this name.
    pub fn parse(word: &str) -> Option<Self> {
        EFFECTS.iter().find(|(_, w)| *w == word).map(|(e, _)| *e)
    }
}

pub(super) fn to_json(n: &Node, epoch: Epoch) -> Fields {
    let mut spec = Fields::new();
    if let Some(cidr) = &n.pod_cidr {
        spec.put("podCIDR", &**cidr);
        spec.put("podCIDRs", json!([&**cidr]));
    }
    spec.put_some("providerID", n.provider_id.as_deref());
    if n.unschedulable {
        spec.put("unschedulable", true);
    }
    if !n.taints.is_empty() {
        let taint = |t: &Taint| {
            let mut f = Fields::new();
            f.put("key", &*t.key);
            f.put_text("value", &t.value);
            f.put("effect", t.effect.word());
            f.put_some("timeAdded", t.time_added.map(|at| epoch.rfc3339(at)));
            Value::Object(f)
        };
        spec.put("taints", n.taints.iter().map(taint).collect::<Vec<_>>());
    }
    let mut status = Fields::new();
    for (key, pairs) in [("capacity", &n.capacity), ("allocatable", &n.allocatable)] {
        if !pairs.is_empty() {
            status.put(key, pairs_to_json(pairs));
        }
    }
    if !n.conditions.is_empty() {
        status.put("conditions", n.conditions.iter().map(|c| condition(c, true, epoch)).collect::<Vec<_>>());
    }
    if !n.addresses.is_empty() {
        status.put("addresses", n.addresses.iter().map(|(t, a)| json!({"type": &**t, "address": &**a})).collect::<Vec<_>>());
    }
    status.put("daemonEndpoints", json!({"kubeletEndpoint": {"Port": if n.addresses.is_empty() { 0 } else { 10250 }}}));
    status.put("nodeInfo", value_of(&*n.info));
    if !n.images.is_empty() {
        let image = |i: &NodeImage| json!({"names": i.names.iter().map(|n| &**n).collect::<Vec<_>>(), "sizeBytes": i.bytes});
        status.put("images", n.images.iter().map(image).collect::<Vec<_>>());
    }
    if !n.declared.is_empty() {
        status.put("declaredFeatures", n.declared.iter().map(|d| &**d).collect::<Vec<_>>());
    }
    let mut f = Fields::new();
    f.put("spec", spec);
    f.put("status", status);
    f
}

pub(super) fn from_json(meta: Meta, value: &Value, epoch: Epoch) -> Result<Node, ApiError> {
    let (spec, status) = (&value["spec"], &value["status"]);
    let list = |of: &'_ Value, key: &str| of.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let capacity = pairs_from_json(status, "capacity");
    let mut allocatable = pairs_from_json(status, "allocatable");
    if allocatable.is_empty() {
        // pkg/apis/core/v1/defaults.go, SetDefaults_NodeStatus
        allocatable.clone_from(&capacity);
    }
    let taint = |t: &Value| {
        Some(Taint {
            key: name_or_empty(t, "key"),
            value: name_or_empty(t, "value"),
            effect: TaintEffect::parse(t["effect"].as_str()?)?,
            time_added: time_at(t, "timeAdded", epoch),
        })
    };
    let image = |i: &Value| NodeImage {
        names: list(i, "names").iter().filter_map(Value::as_str).map(Into::into).collect(),
        bytes: i["sizeBytes"].as_i64().unwrap_or(0),
    };
    Ok(Node {
        meta,
        unschedulable: spec["unschedulable"].as_bool().unwrap_or(false),
        taints: Arc::new(list(spec, "taints").iter().filter_map(taint).collect()),
        pod_cidr: name_at(spec, "podCIDR"),
        provider_id: name_at(spec, "providerID"),
        capacity: Arc::new(capacity),
        allocatable: Arc::new(allocatable),
        conditions: list(status, "conditions").iter().map(|c| condition_from(c, epoch)).collect(),
        addresses: Arc::new(list(status, "addresses").iter().map(|a| (name_or_empty(a, "type"), name_or_empty(a, "address"))).collect()),
        images: Arc::new(list(status, "images").iter().map(image).collect()),
        declared: list(status, "declaredFeatures").iter().filter_map(Value::as_str).map(Into::into).collect(),
        info: Arc::new(part(status, "nodeInfo")?),
    })
}
