//! Which volume may serve which claim, as the volume controller and the scheduler both ask it
//! (staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go).

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::quantity::parse_units;

use super::api::meta::{Key, Meta, Name};
use super::api::object::{Generic, Object};
use super::api::store::Store;
use super::controllers::util::selects;
use super::kinds::Kind;

/// Annotations of a claim and a volume that the controller has put together.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// The node for which a volume shall be made.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// An object without a type of its own.
pub fn generic(object: &Object) -> Option<&Arc<Generic>> {
    if let Object::Generic(g) = object { Some(g) } else { None }
}

/// The same object with another body.
pub fn with_body(g: &Generic, change: impl FnOnce(&mut Value)) -> Generic {
    let mut body = Value::clone(&g.body);
    change(&mut body);
    Generic { body: Arc::new(body), ..Generic::clone(g) }
}

/// `spec.volumeName`, if set.
pub fn volume_name(claim: &Value) -> Option<&str> {
    claim["spec"]["volumeName"].as_str().filter(|n| !n.is_empty())
}

/// The claim that a volume is reserved for: its key, and its uid once the binding is the controller's.
pub fn claim_of(volume: &Value) -> Option<(Key, &str)> {
    let r = volume["spec"].get("claimRef").filter(|r| r.is_object())?;
    let text = |key: &str| r[key].as_str().unwrap_or_default();
    Some((Key::new(text("namespace"), text("name")), text("uid")))
}

/// The volume is reserved for this claim (IsVolumeBoundToClaim).
pub fn is_reserved_for(volume: &Value, claim: &Meta) -> bool {
    claim_of(volume).is_some_and(|(key, uid)| key == claim.key() && (uid.is_empty() || *uid == *claim.uid))
}

/// `spec.claimRef` for a claim.
pub fn reference(claim: &Meta) -> Value {
    json!({"kind": "PersistentVolumeClaim", "namespace": &*claim.namespace, "name": &*claim.name, "uid": &*claim.uid, "apiVersion": "v1",
        "resourceVersion": claim.resource_version.to_string()})
}

/// The class of a claim before it had a field.
pub const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Somebody has said which class it shall be, if only "none".
pub fn has_class(body: &Value, by_annotation: bool) -> bool {
    by_annotation || body["spec"].get("storageClassName").is_some_and(|c| !c.is_null())
}

/// The class that claims get that name none: the newest that is marked, the first by name among equals (GetDefaultClass).
pub fn default_class(store: &Store) -> Option<Name> {
    let defaults = store.list(Kind::StorageClass).filter(|o| {
        let marked = |key: &str| o.meta().annotation(key) == Some("true");
        marked("storageclass.kubernetes.io/is-default-class") || marked("storageclass.beta.kubernetes.io/is-default-class")
    });
    let newest = defaults.min_by_key(|o| (std::cmp::Reverse(o.meta().created), o.meta().name.clone()));
    newest.map(|o| o.meta().name.clone())
}

/// The class of a claim or a volume; empty = none.
pub fn class<'a>(meta: &'a Meta, body: &'a Value) -> &'a str {
    meta.annotation(BETA_CLASS).or_else(|| body["spec"]["storageClassName"].as_str()).unwrap_or_default()
}

fn amount(value: &Value) -> i64 {
    value.as_str().and_then(|q| parse_units(q).ok()).unwrap_or(0)
}

/// Bytes that a claim asks for.
pub fn wanted(claim: &Value) -> i64 {
    amount(&claim["spec"]["resources"]["requests"]["storage"])
}

/// Bytes that a volume holds.
pub fn capacity(volume: &Value) -> i64 {
    amount(&volume["spec"]["capacity"]["storage"])
}

fn mode(body: &Value) -> &str {
    body["spec"]["volumeMode"].as_str().unwrap_or("Filesystem")
}

/// `spec.volumeAttributesClassName`; empty = none.
fn attributes(body: &Value) -> &str {
    body["spec"]["volumeAttributesClassName"].as_str().unwrap_or_default()
}

fn modes(body: &Value) -> impl Iterator<Item = &str> {
    body["spec"]["accessModes"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The volume has every access mode that the claim asks for.
pub fn offers_modes(volume: &Value, claim: &Value) -> bool {
    modes(claim).all(|m| modes(volume).any(|x| x == m))
}

/// How many access modes a volume offers.
pub fn mode_count(volume: &Value) -> usize {
    modes(volume).count()
}

/// What keeps a volume from serving a claim that names it (checkVolumeSatisfyClaim).
pub fn mismatch(volume: &Generic, claim: &Generic) -> Option<String> {
    let (v, c) = (&*volume.body, &*claim.body);
    if volume.meta.is_deleting() {
        return Some(format!("the volume is marked for deletion \"{}\"", volume.meta.name));
    }
    if capacity(v) < wanted(c) {
        return Some("requested PV is too small".into());
    }
    if class(&volume.meta, v) != class(&claim.meta, c) {
        return Some("storageClassName does not match".into());
    }
    if attributes(v) != attributes(c) {
        return Some("volumeAttributesClassName does not match".into());
    }
    if mode(v) != mode(c) {
        return Some("incompatible volumeMode".into());
    }
    if !offers_modes(v, c) {
        return Some("incompatible accessMode".into());
    }
    None
}

/// The volumes that may serve a claim that names none: the one that is reserved for it, or else all that are free and suit it.
pub fn suitable<'a>(claim: &Meta, body: &Value, volumes: impl Iterator<Item = &'a Arc<Generic>>) -> Vec<&'a Arc<Generic>> {
    let selector = body["spec"].get("selector").and_then(|s| LabelSelector::deserialize(s).ok());
    let large = |v: &&Arc<Generic>| capacity(&v.body) >= wanted(body) && mode(&v.body) == mode(body) && !v.meta.is_deleting();
    let all: Vec<_> = volumes.filter(large).collect();
    if let Some(own) = all.iter().find(|v| is_reserved_for(&v.body, claim)) {
        return vec![own];
    }
    let free = |v: &&Arc<Generic>| {
        claim_of(&v.body).is_none()
            // A volume of a file has no phase.
            && matches!(v.body["status"]["phase"].as_str(), None | Some("Available"))
            && selector.as_ref().is_none_or(|s| selects(s, &v.meta.labels))
            && class(&v.meta, &v.body) == class(claim, body)
            && attributes(&v.body) == attributes(body)
            && offers_modes(&v.body, body)
    };
    let mut free: Vec<_> = all.into_iter().filter(free).collect();
    free.sort_by(|a, b| (capacity(&a.body), &a.meta.name).cmp(&(capacity(&b.body), &b.meta.name)));
    free
}

/// The claims that a pod's volumes stand for, by name, in their order; true for those that the pod's own ephemeral volumes make.
pub fn claim_names(pod: &super::api::object::Pod) -> Vec<(Name, bool)> {
    let all = pod.spec.volumes.iter().flatten();
    all.filter_map(|v| match (&v.persistent_volume_claim, &v.ephemeral) {
        (Some(c), _) => Some((c.claim_name.as_str().into(), false)),
        (None, Some(_)) => Some((format!("{}-{}", pod.meta.name, v.name).into(), true)),
        _ => None,
    })
    .collect()
}

/// The class waits for the first consumer.
pub fn waits_for_consumer(class: &Value) -> bool {
    class["volumeBindingMode"] == "WaitForFirstConsumer"
}

/// An object of a kind without a type of its own.
pub fn find<'a>(store: &'a Store, kind: Kind, key: &Key) -> Option<&'a Arc<Generic>> {
    generic(store.get(kind, key)?)
}
