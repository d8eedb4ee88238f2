//! Claims, volumes and classes as the volume plugins read them. Pods with volumes are few, so this works on the API's JSON.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

use crate::worlds::kubernetes::api::meta::{Key, Meta};
use crate::worlds::kubernetes::api::object::{Node, Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;

pub use crate::worlds::kubernetes::storage::claim_names;

use super::objects::{Objects, body};
use super::pod::PodInfo;

/// A claim that a pod uses.
pub struct Claim<'a> {
    pub meta: &'a Meta,
    pub body: &'a Arc<Value>,
}

/// A claim by name.
pub fn claim<'a>(objects: &'a Objects, namespace: &str, name: &str) -> Option<Claim<'a>> {
    let object = objects.get(Kind::PersistentVolumeClaim, &Key::new(namespace, name))?;
    Some(Claim { meta: object.meta(), body: body(object)? })
}

/// The claims of a pod that exist.
pub fn claims<'a>(objects: &'a Objects, pod: &Pod) -> Vec<Claim<'a>> {
    claim_names(pod).iter().filter_map(|(n, _)| claim(objects, &pod.meta.namespace, n)).collect()
}

/// The pod has a volume that stands for this claim; `ephemeral`: also one that the claim is made for.
pub fn names(pod: &PodInfo, claim: &Object, ephemeral: bool) -> bool {
    let meta = claim.meta();
    pod.spec.has_volumes
        && pod.pod.meta.namespace == meta.namespace
        && claim_names(&pod.pod).iter().any(|(name, own)| *name == meta.name && (ephemeral || !own))
}

impl Claim<'_> {
    pub fn volume_name(&self) -> Option<&str> {
        self.body["spec"]["volumeName"].as_str().filter(|n| !n.is_empty())
    }
    /// `spec.volumeName` and the PV controller's mark, or a status that says so.
    pub fn is_bound(&self) -> bool {
        let marked = self.meta.annotation("pv.kubernetes.io/bind-completed").is_some();
        self.volume_name().is_some() && (marked || self.body["status"]["phase"] == "Bound")
    }
    pub fn class_name(&self) -> Option<&str> {
        self.meta.annotation("volume.beta.kubernetes.io/storage-class").or_else(|| self.body["spec"]["storageClassName"].as_str())
    }
    pub fn class<'o>(&self, objects: &'o Objects) -> Option<&'o Arc<Value>> {
        objects.body(Kind::StorageClass, &Key::new("", self.class_name().filter(|n| !n.is_empty())?))
    }
    /// The class waits for the first consumer.
    pub fn is_delayed(&self, objects: &Objects) -> bool {
        self.class(objects).is_some_and(|c| c["volumeBindingMode"] == "WaitForFirstConsumer")
    }
    pub fn has_access_mode(&self, mode: &str) -> bool {
        self.body["spec"]["accessModes"].as_array().is_some_and(|m| m.iter().any(|x| x == mode))
    }
}

/// A volume's body by name.
pub fn volume<'a>(objects: &'a Objects, name: &str) -> Option<&'a Arc<Value>> {
    objects.body(Kind::PersistentVolume, &Key::new("", name))
}

/// The node affinity of a volume.
pub fn volume_affinity(volume: &Value) -> Option<core::NodeSelector> {
    serde_json::from_value(volume["spec"]["nodeAffinity"]["required"].clone()).ok()
}

/// A node selector over a Node object as it is.
pub fn selects(selector: &core::NodeSelector, node: &Node) -> bool {
    selector.node_selector_terms.iter().any(|t| {
        let all = || t.match_expressions.iter().flatten();
        let fields = || t.match_fields.iter().flatten();
        (all().next().is_some() || fields().next().is_some())
            && all().all(|r| requirement(r, node.meta.label(&r.key)))
            && fields().all(|r| requirement(r, Some(&node.meta.name)))
    })
}

fn requirement(r: &core::NodeSelectorRequirement, value: Option<&str>) -> bool {
    let listed = || value.is_some_and(|v| r.values.iter().flatten().any(|x| x == v));
    let number = |t: &str| t.parse::<i64>().ok();
    let bound = || r.values.as_ref().and_then(|v| v.first()).and_then(|t| number(t));
    match r.operator.as_str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => value.and_then(number).zip(bound()).is_some_and(|(v, b)| v > b),
        "Lt" => value.and_then(number).zip(bound()).is_some_and(|(v, b)| v < b),
        _ => false,
    }
}
