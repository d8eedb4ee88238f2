//! `metadata`, labels and label selectors. Facts: apimachinery/pkg/api/validation/objectmeta.go, apis/meta/v1/validation/validation.go.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::names::{self, NameRule};
use super::report::{Errors, IMMUTABLE, Path, Read};
use crate::worlds::kubernetes::kinds::Kind;

/// Annotations may be no larger in total.
const ANNOTATIONS_MAX: usize = 256 * 1024;

fn rule(kind: Kind) -> NameRule {
    match kind {
        Kind::Namespace | Kind::StatefulSet | Kind::Service => NameRule::Label,
        Kind::Role | Kind::RoleBinding | Kind::ClusterRole | Kind::ClusterRoleBinding => NameRule::PathSegment,
        _ => NameRule::Subdomain,
    }
}

pub(super) fn validate(kind: Kind, object: &Value, e: &mut Errors) {
    let (m, at) = (&object["metadata"], Path::new("metadata"));
    let (name, generate) = (m.text("name"), m.text("generateName"));
    if !generate.is_empty() {
        e.invalids(&at.child("generateName"), generate, rule(kind).check(generate, true));
    }
    if name.is_empty() {
        if generate.is_empty() {
            e.required(&at.child("name"), "name or generateName is required");
        }
    } else {
        e.invalids(&at.child("name"), name, rule(kind).check(name, false));
    }
    let namespace = m.text("namespace");
    if kind.info().namespaced {
        if !namespace.is_empty() {
            e.invalids(&at.child("namespace"), namespace, names::dns1123_label(namespace));
        }
    } else if !namespace.is_empty() {
        e.forbidden(&at.child("namespace"), "not allowed on this type");
    }
    common(m, &at, e);
}

/// What holds on creation and on update.
pub(super) fn common(m: &Value, at: &Path, e: &mut Errors) {
    labels(m.entries("labels"), &at.child("labels"), e);
    annotations(m, &at.child("annotations"), e);
    let mut controller: Option<String> = None;
    for (i, o) in m.list("ownerReferences").iter().enumerate() {
        let path = at.child("ownerReferences").index(i);
        if o.text("apiVersion").is_empty() {
            e.invalid(&path.child("apiVersion"), "", "version must not be empty");
        }
        for (key, text) in [("kind", "must not be empty"), ("name", "must not be empty"), ("uid", "must not be empty")] {
            if o.text(key).is_empty() {
                e.invalid(&path.child(key), "", text);
            }
        }
        if o.flag("controller") == Some(true) {
            if let Some(first) = &controller {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {}",
                    o.text("name")
                );
                e.invalid(&at.child("ownerReferences"), &m["ownerReferences"], detail);
            }
            controller = Some(o.text("name").into());
        }
    }
    for (i, f) in m.texts("finalizers").into_iter().enumerate() {
        let path = at.child("finalizers").index(i);
        e.invalids(&path, f, names::qualified_name(f));
        if !f.contains('/') && !matches!(f, "kubernetes" | "foregroundDeletion" | "orphan") {
            e.invalid(&path, f, "name is neither a standard finalizer name nor is it fully qualified");
        }
    }
}

pub(super) fn labels(labels: Vec<(&str, &Value)>, at: &Path, e: &mut Errors) {
    for (k, v) in labels {
        let v = v.as_str().unwrap_or_default();
        e.invalids(at, k, names::qualified_name(k));
        e.invalids(at, v, names::label_value(v));
    }
}

pub(super) fn annotations(m: &Value, at: &Path, e: &mut Errors) {
    let mut total = 0;
    for (k, v) in m.entries("annotations") {
        e.invalids(at, k, names::qualified_name(&k.to_ascii_lowercase()));
        total += k.len() + v.as_str().map_or(0, str::len);
    }
    if total > ANNOTATIONS_MAX {
        e.too_long(at, ANNOTATIONS_MAX);
    }
}

/// What an update may not touch.
pub(super) fn update(new: &Value, old: &Value, e: &mut Errors) {
    let (m, o, at) = (&new["metadata"], &old["metadata"], Path::new("metadata"));
    for key in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if let Some(v) = m.some(key).filter(|v| Some(*v) != o.some(key)) {
            e.invalid(&at.child(key), v, IMMUTABLE);
        }
    }
    common(m, &at, e);
}

/// A label selector, strictly.
pub(super) fn selector(s: &Value, at: &Path, e: &mut Errors) {
    labels(s.entries("matchLabels"), &at.child("matchLabels"), e);
    for (i, r) in s.list("matchExpressions").iter().enumerate() {
        let path = at.child("matchExpressions").index(i);
        let values = r.texts("values");
        match r.text("operator") {
            "In" | "NotIn" if values.is_empty() => {
                e.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                e.forbidden(&path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => e.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        let key = r.text("key");
        e.invalids(&path.child("key"), key, names::qualified_name(key));
        for (j, v) in values.into_iter().enumerate() {
            e.invalids(&path.child("values").index(j), v, names::label_value(v));
        }
    }
}

/// The selector as errors show it: in the order of the Go type.
pub(super) fn selector_value(s: &Value) -> Value {
    let mut out = Map::new();
    for key in ["matchLabels", "matchExpressions"] {
        if let Some(v) = s.some(key) {
            out.insert(key.into(), v.clone());
        }
    }
    if let Some(list) = out.get_mut("matchExpressions").and_then(Value::as_array_mut) {
        for r in list {
            let mut ordered = Map::new();
            for key in ["key", "operator", "values"] {
                if let Some(v) = r.some(key) {
                    ordered.insert(key.into(), v.clone());
                }
            }
            *r = Value::Object(ordered);
        }
    }
    Value::Object(out)
}

pub(super) fn is_empty_selector(s: &Value) -> bool {
    s.entries("matchLabels").is_empty() && s.list("matchExpressions").is_empty()
}

/// Whether a (non-null) selector selects these labels; None if the selector itself is invalid (LabelSelectorAsSelector).
pub(super) fn selects(s: &Value, labels: &Value) -> Option<bool> {
    let mut trial = Errors::default();
    selector(s, &Path::default(), &mut trial);
    if trial.len() > 0 {
        return None;
    }
    let have: BTreeMap<&str, &str> =
        labels.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str().unwrap_or_default())).collect();
    let exact = s.entries("matchLabels").iter().all(|(k, v)| have.get(k).copied() == v.as_str());
    let fits = |r: &Value| {
        let (found, values) = (have.get(r.text("key")), r.texts("values"));
        match r.text("operator") {
            "In" => found.is_some_and(|v| values.contains(v)),
            "NotIn" => found.is_none_or(|v| !values.contains(v)),
            "Exists" => found.is_some(),
            _ => found.is_none(),
        }
    };
    Some(exact && s.list("matchExpressions").iter().all(fits))
}
