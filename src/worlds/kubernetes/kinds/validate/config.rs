//! ConfigMap, Secret, LimitRange, ResourceQuota, PriorityClass, Namespace, Node. Facts: pkg/apis/core/validation/validation.go,
//! pkg/apis/scheduling/validation/validation.go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::quantity::{self, amount};
use super::report::{Errors, Path, Read};
use super::{affinity, names};

/// Data in a ConfigMap or Secret (core.MaxSecretSize).
const DATA_MAX: usize = 1024 * 1024;
/// pkg/apis/scheduling/types.go
const USER_PRIORITY_MAX: i64 = 1_000_000_000;

/// Decoded length of base64.
fn decoded(v: &Value) -> usize {
    let text = v.as_str().unwrap_or_default();
    text.len() / 4 * 3 - text.bytes().rev().take(2).filter(|b| *b == b'=').count().min(text.len() / 4 * 3)
}

pub(super) fn config_map(o: &Value, e: &mut Errors) {
    let mut total = 0;
    for (k, v) in o.entries("data") {
        let path = Path::new("data").key(k);
        e.invalids(&path, k, names::config_key(k));
        if o["binaryData"].get(k).is_some() {
            e.invalid(&path, k, "duplicate of key present in binaryData");
        }
        total += v.as_str().map_or(0, str::len);
    }
    for (k, v) in o.entries("binaryData") {
        e.invalids(&Path::new("binaryData").key(k), k, names::config_key(k));
        total += decoded(v);
    }
    if total > DATA_MAX {
        // The empty path means the whole object.
        e.too_long(&Path::default(), DATA_MAX);
    }
}

pub(super) fn secret(o: &Value, e: &mut Errors) {
    let at = Path::new("data");
    let mut total = 0;
    for (k, v) in o.entries("data") {
        e.invalids(&at.key(k), k, names::config_key(k));
        total += decoded(v);
    }
    if total > DATA_MAX {
        e.too_long(&at, DATA_MAX);
    }
    let has = |key: &str| o["data"].get(key).is_some();
    let need = |key: &str, e: &mut Errors| {
        if !has(key) {
            e.required(&at.key(key), "");
        }
    };
    match o.text("type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if o["metadata"]["annotations"].text(key).is_empty() {
                e.required(&Path::new("metadata.annotations").key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => need(".dockercfg", e),
        "kubernetes.io/dockerconfigjson" => need(".dockerconfigjson", e),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            need("username", e);
            need("password", e);
        }
        "kubernetes.io/ssh-auth" if o["data"].text("ssh-privatekey").is_empty() => {
            e.required(&at.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            need("tls.crt", e);
            need("tls.key", e);
        }
        _ => {}
    }
}

pub(super) fn limit_range(o: &Value, e: &mut Errors) {
    let mut types = BTreeSet::new();
    for (i, item) in o["spec"].list("limits").iter().enumerate() {
        let at = Path::new("spec.limits").index(i);
        let kind = item.text("type");
        let wrong = names::qualified_name(kind);
        if wrong.is_empty() && !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
            e.invalid(&at.child("type"), kind, "must be a standard limit type or fully qualified");
        }
        e.invalids(&at.child("type"), kind, wrong);
        if !types.insert(kind) {
            e.duplicate(&at.child("type"), kind);
        }
        let name = |key: &str, field: &str, e: &mut Errors| {
            let path = at.child(field).key(key);
            if matches!(kind, "Pod" | "Container") {
                quantity::container_resource_name(key, &path, e);
            } else {
                quantity::resource_name(key, &path, e);
            }
        };
        let mut keys = BTreeSet::new();
        for field in ["max", "min"] {
            for (k, _) in item.entries(field) {
                name(k, field, e);
                keys.insert(k);
            }
        }
        for field in ["default", "defaultRequest"] {
            let entries = item.entries(field);
            if kind == "Pod" {
                if !entries.is_empty() {
                    e.forbidden(&at.child(field), "may not be specified when `type` is 'Pod'");
                }
                continue;
            }
            for (k, _) in entries {
                name(k, field, e);
                keys.insert(k);
            }
        }
        if kind == "PersistentVolumeClaim" && item["min"].get("storage").is_none() && item["max"].get("storage").is_none() {
            e.required(&at.child("limits"), "either minimum or maximum storage value is required, but neither was provided");
        }
        for (k, _) in item.entries("maxLimitRequestRatio") {
            name(k, "maxLimitRequestRatio", e);
            keys.insert(k);
        }
        for k in keys {
            limits_of(item, kind, k, &at, e);
        }
    }
}

/// min ≤ defaultRequest ≤ default ≤ max, for one resource.
fn limits_of(item: &Value, kind: &str, k: &str, at: &Path, e: &mut Errors) {
    let get = |field: &str| item[field].some(k).map(amount);
    let (min, max) = (get("min"), get("max"));
    let (default, request) = if kind == "Pod" { (None, None) } else { (get("default"), get("defaultRequest")) };
    // (smaller, its name, larger, its name, reported at, shown)
    let checks = [
        (min, "min value", max, "max value", "min", min),
        (min, "min value", request, "default request value", "defaultRequest", request),
        (request, "default request value", max, "max value", "defaultRequest", request),
        (request, "default request value", default, "default limit value", "defaultRequest", request),
        (min, "min value", default, "default value", "default", min),
        (default, "default value", max, "max value", "default", max),
    ];
    for (small, small_name, large, large_name, field, shown) in checks {
        if let (Some(s), Some(l), Some(shown)) = (small, large, shown)
            && s.cmp_value(l).is_gt()
        {
            let detail = format!("{small_name} {s} is greater than {large_name} {l}");
            e.invalid(&at.child(field).key(k), shown.to_string(), detail);
        }
    }
    if let Some(ratio) = get("maxLimitRequestRatio") {
        let path = at.child("maxLimitRequestRatio").key(k);
        if ratio.milli() < 1000 {
            e.invalid(&path, ratio.to_string(), format!("ratio {ratio} is less than 1"));
        }
        if let (Some(min), Some(max)) = (min, max) {
            let limit = max.as_f64() / min.as_f64();
            if ratio.as_f64() > limit {
                e.invalid(&path, ratio.to_string(), format!("ratio {ratio} is greater than max/min = {limit:.6}"));
            }
        }
    }
    if let (Some(default), Some(request)) = (default, request)
        && !quantity::overcommit_allowed(k)
        && default.cmp_value(request).is_ne()
    {
        let detail = format!("default value {default} must equal to defaultRequest value {request} in {k}");
        e.invalid(&at.child("defaultRequest").key(k), request.to_string(), detail);
    }
}

const SCOPES: &[&str] = &[
    "BestEffort",
    "NotBestEffort",
    "Terminating",
    "NotTerminating",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

pub(super) fn resource_quota(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    for (k, v) in s.entries("hard") {
        let path = at.child("hard").key(k);
        quantity::quota_resource_name(k, &path, e);
        quantity::resource_value(k, v, &path, e);
    }
    let scopes = s.texts("scopes");
    if scopes.iter().any(|sc| !SCOPES.contains(sc)) {
        e.invalid(&at.child("scopes"), &s["scopes"], "unsupported scope");
    }
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|p| scopes.contains(p)) {
            e.invalid(&at.child("scopes"), &s["scopes"], "conflicting scopes");
        }
    }
    for r in s["scopeSelector"].list("matchExpressions") {
        let path = at.children(&["scopeSelector", "matchExpressions"]);
        if !SCOPES.contains(&r.text("scopeName")) {
            e.invalid(&path.child("scopeName"), r.text("scopeName"), "unsupported scope");
        }
        match (r.text("operator"), r.list("values").is_empty()) {
            ("In" | "NotIn", true) => {
                e.required(&path.child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
            }
            ("Exists" | "DoesNotExist", false) => {
                let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                e.invalid(&path.child("values"), &r["values"], detail);
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            (other, _) => e.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
    }
}

pub(super) fn priority_class(o: &Value, e: &mut Errors) {
    let name = o["metadata"].text("name");
    let value = o.int("value").unwrap_or(0);
    if name.starts_with("system-") {
        if !matches!(name, "system-node-critical" | "system-cluster-critical") {
            let detail = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
            );
            e.forbidden(&Path::new("metadata.name"), &detail);
        }
    } else if value > USER_PRIORITY_MAX {
        e.forbidden(&Path::new("value"), &format!("maximum allowed value of a user defined priority is {USER_PRIORITY_MAX}"));
    }
    let policy = o.text("preemptionPolicy");
    if !policy.is_empty() {
        e.one_of(&Path::new("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
    }
}

pub(super) fn node(o: &Value, e: &mut Errors) {
    // The path is upstream's.
    let at = Path::new("metadata.taints");
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (i, t) in o["spec"].list("taints").iter().enumerate() {
        let path = at.index(i);
        let (key, value, effect) = (t.text("key"), t.text("value"), t.text("effect"));
        e.invalids(&path.child("key"), key, names::qualified_name(key));
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            e.invalid(&path.child("value"), value, wrong.join(";"));
        }
        affinity::taint_effect(effect, false, &path.child("effect"), e);
        if !seen.entry(effect).or_default().insert(key) {
            e.duplicate(&path, json!({"Key": key, "Value": value, "Effect": effect, "TimeAdded": null}));
            e.amend_last("taints must be unique by key and effect pair");
        }
    }
    for field in ["capacity", "allocatable"] {
        for (k, v) in o["status"].entries(field) {
            quantity::resource_value(k, v, &Path::new("status").child(field).child(k), e);
        }
    }
}
