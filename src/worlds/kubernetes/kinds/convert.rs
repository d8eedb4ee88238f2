//! What every kind's conversion needs: metadata from and to JSON, and small helpers. No rules live here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Kind;
use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Deletion, Epoch, Labels, Meta, Name, OwnerRef};

/// A JSON object under construction: absent and empty things are left out, as `omitempty` does.
pub(super) type Fields = Map<String, Value>;

pub(super) trait Put {
    fn put(&mut self, key: &str, value: impl Into<Value>);
    fn put_some<V: Into<Value>>(&mut self, key: &str, value: Option<V>);
    /// Unless it is empty text.
    fn put_text(&mut self, key: &str, value: &str);
    /// Unless it is 0.
    fn put_number(&mut self, key: &str, value: i64);
}

impl Put for Fields {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.insert(key.into(), value.into());
    }
    fn put_some<V: Into<Value>>(&mut self, key: &str, value: Option<V>) {
        if let Some(v) = value {
            self.insert(key.into(), v.into());
        }
    }
    fn put_text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.insert(key.into(), value.into());
        }
    }
    fn put_number(&mut self, key: &str, value: i64) {
        if value != 0 {
            self.insert(key.into(), value.into());
        }
    }
}

/// A typed part as JSON; the official types cannot fail to serialise.
pub(in crate::worlds::kubernetes) fn value_of<T: Serialize>(part: &T) -> Value {
    serde_json::to_value(part).unwrap_or(Value::Null)
}

/// The typed part under `key`, its zero value if absent or null.
pub(super) fn part<T: DeserializeOwned + Default>(of: &Value, key: &str) -> Result<T, ApiError> {
    match of.get(key) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(v) => T::deserialize(v).map_err(|e| ApiError::bad_request(format!("{key}: {e}"))),
    }
}

pub(super) fn name_or_empty(of: &Value, key: &str) -> Name {
    of.get(key).and_then(Value::as_str).unwrap_or_default().into()
}

pub(super) fn name_at(of: &Value, key: &str) -> Option<Name> {
    of.get(key).and_then(Value::as_str).filter(|s| !s.is_empty()).map(Into::into)
}

/// A moment; `SimTime::MAX` stands for "unset" where the field must exist.
pub(super) fn time_or_null(t: SimTime, epoch: Epoch) -> Value {
    if t == SimTime::MAX { Value::Null } else { epoch.rfc3339(t).into() }
}

pub(super) fn time_at(of: &Value, key: &str, epoch: Epoch) -> Option<SimTime> {
    of.get(key).and_then(Value::as_str).and_then(|t| epoch.parse(t))
}

pub(super) fn labels_to_json(labels: &Labels) -> Value {
    Value::Object(labels.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect())
}

fn labels_from_json(of: &Value, key: &str) -> Labels {
    let mut out = BTreeMap::new();
    for (k, v) in of.get(key).and_then(Value::as_object).into_iter().flatten() {
        out.insert(Name::from(k.as_str()), Name::from(v.as_str().unwrap_or_default()));
    }
    Arc::new(out)
}

/// `metadata`, in the order of the official type.
pub(super) fn meta_to_json(kind: Kind, m: &Meta, epoch: Epoch) -> Value {
    let mut f = Fields::new();
    f.put_text("name", &m.name);
    f.put_text("generateName", &m.generate_name);
    f.put_text("namespace", &m.namespace);
    f.put_text("uid", &m.uid);
    if m.resource_version != 0 {
        f.put("resourceVersion", m.resource_version.to_string());
    }
    if kind.has_generation() {
        f.put_number("generation", m.generation);
    }
    if !m.uid.is_empty() {
        f.put("creationTimestamp", epoch.rfc3339(m.created));
    }
    if let Some(d) = m.deletion {
        f.put("deletionTimestamp", epoch.rfc3339(d.at));
        f.put("deletionGracePeriodSeconds", d.grace_s);
    }
    if !m.labels.is_empty() {
        f.put("labels", labels_to_json(&m.labels));
    }
    if !m.annotations.is_empty() {
        f.put("annotations", labels_to_json(&m.annotations));
    }
    if !m.owners.is_empty() {
        let owner = |o: &OwnerRef| {
            let mut f = Fields::new();
            f.put("apiVersion", &*o.api_version);
            f.put("kind", &*o.kind);
            f.put("name", &*o.name);
            f.put("uid", &*o.uid);
            if o.controller {
                f.put("controller", true);
            }
            if o.block_owner_deletion {
                f.put("blockOwnerDeletion", true);
            }
            Value::Object(f)
        };
        f.put("ownerReferences", m.owners.iter().map(owner).collect::<Vec<_>>());
    }
    if !m.finalizers.is_empty() {
        f.put("finalizers", m.finalizers.iter().map(|n| Value::from(&**n)).collect::<Vec<_>>());
    }
    Value::Object(f)
}

pub(super) fn meta_from_json(object: &Value, epoch: Epoch) -> Result<Meta, ApiError> {
    let none = json!({});
    let m = object.get("metadata").unwrap_or(&none);
    let owner = |o: &Value| OwnerRef {
        api_version: name_or_empty(o, "apiVersion"),
        kind: name_or_empty(o, "kind"),
        name: name_or_empty(o, "name"),
        uid: name_or_empty(o, "uid"),
        controller: o.get("controller").and_then(Value::as_bool).unwrap_or(false),
        block_owner_deletion: o.get("blockOwnerDeletion").and_then(Value::as_bool).unwrap_or(false),
    };
    let list = |key: &str| m.get(key).and_then(Value::as_array).into_iter().flatten();
    let version = m.get("resourceVersion").and_then(Value::as_str).unwrap_or_default();
    let resource_version = match version {
        "" => 0,
        v => v.parse().map_err(|_| ApiError::bad_request(format!("Invalid value: \"{v}\": must be a number")))?,
    };
    Ok(Meta {
        name: name_or_empty(m, "name"),
        namespace: name_or_empty(m, "namespace"),
        generate_name: name_or_empty(m, "generateName"),
        uid: name_or_empty(m, "uid"),
        resource_version,
        generation: m.get("generation").and_then(Value::as_i64).unwrap_or(0),
        created: time_at(m, "creationTimestamp", epoch).unwrap_or_default(),
        deletion: time_at(m, "deletionTimestamp", epoch)
            .map(|at| Deletion { at, grace_s: m.get("deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0) }),
        labels: labels_from_json(m, "labels"),
        annotations: labels_from_json(m, "annotations"),
        owners: Arc::new(list("ownerReferences").map(owner).collect()),
        finalizers: Arc::new(list("finalizers").filter_map(Value::as_str).map(Name::from).collect()),
    })
}

/// The elements of a list; null for those that another version of the object has in the same place.
pub(super) fn list_unlike<T: PartialEq>(of: &[T], other: Option<&[T]>, json: impl Fn(&T) -> Value) -> Value {
    let alike = |i: usize, e: &T| other.is_some_and(|o| o.get(i) == Some(e));
    of.iter().enumerate().map(|(i, e)| if alike(i, e) { Value::Null } else { json(e) }).collect()
}

/// Metadata without what is the same in another version of the object.
pub(super) fn meta_unlike(m: &Meta, other: &Meta) -> Meta {
    let same_birth = m.uid == other.uid && m.created == other.created;
    Meta {
        name: unlike(&m.name, &other.name),
        namespace: unlike(&m.namespace, &other.namespace),
        generate_name: unlike(&m.generate_name, &other.generate_name),
        uid: if same_birth { Name::default() } else { m.uid.clone() },
        resource_version: m.resource_version,
        generation: unlike(&m.generation, &other.generation),
        created: m.created,
        deletion: unlike(&m.deletion, &other.deletion),
        labels: unlike(&m.labels, &other.labels),
        annotations: unlike(&m.annotations, &other.annotations),
        owners: unlike(&m.owners, &other.owners),
        finalizers: unlike(&m.finalizers, &other.finalizers),
    }
}

/// A value, or its kind's empty one if the other is the same.
fn unlike<T: PartialEq + Clone + Default>(value: &T, other: &T) -> T {
    if value == other { T::default() } else { value.clone() }
}

/// `(name, value)` pairs from and to a JSON object: capacities.
pub(super) fn pairs_to_json(pairs: &[(Name, Name)]) -> Value {
    Value::Object(pairs.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect())
}

pub(super) fn pairs_from_json(of: &Value, key: &str) -> Vec<(Name, Name)> {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
    of.get(key).and_then(Value::as_object).into_iter().flatten().map(|(k, v)| (k.as_str().into(), text(v).into())).collect()
}
