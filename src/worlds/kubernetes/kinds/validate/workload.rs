//! Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet. Facts: pkg/apis/apps/validation/validation.go.

use serde_json::{Value, json};

use super::report::{Errors, Path, Read};
use super::{claim, meta, names, pod};

const MISMATCH: &str = "`selector` does not match template `labels`";

/// `spec.selector`, required and not empty.
fn required_selector(s: &Value, what: &str, at: &Path, e: &mut Errors) {
    let path = at.child("selector");
    match s.some("selector") {
        None => e.required(&path, ""),
        Some(sel) => {
            meta::selector(sel, &path, e);
            if meta::is_empty_selector(sel) {
                e.invalid(&path, meta::selector_value(sel), format!("empty selector is invalid for {what}"));
            }
        }
    }
}

/// The template must carry what the selector wants. A missing selector selects nothing, an empty one everything.
fn labels_match(s: &Value, invalid: &str, at: &Path, e: &mut Errors) -> bool {
    let labels = &s["template"]["metadata"]["labels"];
    let path = at.children(&["template", "metadata", "labels"]);
    match s.some("selector") {
        None => e.invalid(&path, labels, MISMATCH),
        Some(sel) => match meta::selects(sel, labels) {
            None => {
                e.invalid(&at.child("selector"), meta::selector_value(sel), invalid);
                return false;
            }
            Some(false) => e.invalid(&path, labels, MISMATCH),
            Some(true) => {}
        },
    }
    true
}

/// Templates whose pods always restart.
fn endless_template(s: &Value, what: &str, at: &Path, e: &mut Errors) {
    pod::template(&s["template"], &at.child("template"), e);
    always_restarts(s, what, at, e);
}

fn always_restarts(s: &Value, what: &str, at: &Path, e: &mut Errors) {
    let spec = &s["template"]["spec"];
    let path = at.children(&["template", "spec"]);
    if spec.text("restartPolicy") != "Always" {
        e.unsupported(&path.child("restartPolicy"), spec.text("restartPolicy"), &["Always"]);
    }
    if spec.some("activeDeadlineSeconds").is_some() {
        e.forbidden(&path.child("activeDeadlineSeconds"), &format!("activeDeadlineSeconds in {what} is not Supported"));
    }
}

pub(super) fn deployment(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    e.nonnegative(&at.child("replicas"), s.int("replicas"));
    required_selector(s, "deployment", &at, e);
    if labels_match(s, "invalid label selector", &at, e) {
        endless_template(s, "ReplicaSet", &at, e);
    }
    let (strategy, path) = (&s["strategy"], at.child("strategy"));
    match strategy.text("type") {
        "Recreate" => {
            if strategy.some("rollingUpdate").is_some() {
                e.forbidden(&path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
            }
        }
        "RollingUpdate" => rolling(&strategy["rollingUpdate"], &path.child("rollingUpdate"), e),
        kind => e.unsupported(&path, strategy_value(kind, strategy), &["Recreate", "RollingUpdate"]),
    }
    e.nonnegative(&at.child("minReadySeconds"), s.int("minReadySeconds"));
    e.nonnegative(&at.child("revisionHistoryLimit"), s.int("revisionHistoryLimit"));
    if let Some(deadline) = s.int("progressDeadlineSeconds") {
        e.nonnegative(&at.child("progressDeadlineSeconds"), Some(deadline));
        if deadline <= s.int("minReadySeconds").unwrap_or(0) {
            e.invalid(&at.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
        }
    }
}

/// The internal Go type of a strategy, which has no JSON names.
fn strategy_value(kind: &str, strategy: &Value) -> Value {
    let rolling = strategy.some("rollingUpdate").map(|r| {
        let mut out = serde_json::Map::new();
        for (key, name) in [("partition", "Partition"), ("maxUnavailable", "MaxUnavailable"), ("maxSurge", "MaxSurge")] {
            if let Some(v) = r.some(key) {
                out.insert(name.into(), v.clone());
            }
        }
        Value::Object(out)
    });
    json!({"Type": kind, "RollingUpdate": rolling})
}

/// 25 of `25%`, 3 of 3.
fn int_or_percent(v: &Value) -> i64 {
    v.as_i64().or_else(|| v.as_str().and_then(names::percent_value)).unwrap_or(0)
}

/// A whole number of zero or more, or a percentage.
pub(super) fn positive_int_or_percent(v: &Value, at: &Path, e: &mut Errors) {
    match v {
        Value::String(s) => e.invalids(at, s, names::percent(s)),
        v => e.nonnegative(at, v.as_i64()),
    }
}

pub(super) fn at_most_100_percent(v: &Value, at: &Path, e: &mut Errors) {
    if v.as_str().and_then(names::percent_value).is_some_and(|p| p > 100) {
        e.invalid(at, v, "must not be greater than 100%");
    }
}

fn rolling(r: &Value, at: &Path, e: &mut Errors) {
    let (unavailable, surge) = (&r["maxUnavailable"], &r["maxSurge"]);
    positive_int_or_percent(unavailable, &at.child("maxUnavailable"), e);
    positive_int_or_percent(surge, &at.child("maxSurge"), e);
    if int_or_percent(unavailable) == 0 && int_or_percent(surge) == 0 {
        e.invalid(&at.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
    }
    at_most_100_percent(unavailable, &at.child("maxUnavailable"), e);
}

pub(super) fn replica_set(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    e.nonnegative(&at.child("replicas"), s.int("replicas"));
    e.nonnegative(&at.child("minReadySeconds"), s.int("minReadySeconds"));
    // The word is upstream's.
    required_selector(s, "deployment", &at, e);
    if labels_match(s, "invalid label selector", &at, e) {
        endless_template(s, "ReplicaSet", &at, e);
    }
}

pub(super) fn replication_controller(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    e.nonnegative(&at.child("minReadySeconds"), s.int("minReadySeconds"));
    let selector = s.entries("selector");
    if selector.is_empty() {
        e.required(&at.child("selector"), "");
    }
    e.nonnegative(&at.child("replicas"), s.int("replicas"));
    let labels = &s["template"]["metadata"]["labels"];
    if selector.iter().any(|(k, v)| labels.get(k) != Some(v)) {
        e.invalid(&at.children(&["template", "metadata", "labels"]), labels, MISMATCH);
    }
    endless_template(s, "ReplicationController", &at, e);
}

pub(super) fn daemon_set(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let none = json!({});
    let sel = s.some("selector").unwrap_or(&none);
    meta::selector(sel, &at.child("selector"), e);
    let labels = &s["template"]["metadata"]["labels"];
    let selected = if s.some("selector").is_none() { Some(false) } else { meta::selects(sel, labels) };
    if selected == Some(false) {
        e.invalid(&at.children(&["template", "metadata", "labels"]), labels, MISMATCH);
    }
    if s.some("selector").is_some() && meta::is_empty_selector(sel) {
        e.invalid(&at.child("selector"), meta::selector_value(sel), "empty selector is invalid for daemonset");
    }
    endless_template(s, "DaemonSet", &at, e);
    e.nonnegative(&at.child("minReadySeconds"), s.int("minReadySeconds"));
    let (strategy, path) = (&s["updateStrategy"], at.child("updateStrategy"));
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let (r, path) = (&strategy["rollingUpdate"], path.child("rollingUpdate"));
            let (unavailable, surge) = (&r["maxUnavailable"], &r["maxSurge"]);
            for (v, key) in [(unavailable, "maxUnavailable"), (surge, "maxSurge")] {
                positive_int_or_percent(v, &path.child(key), e);
            }
            for (v, key) in [(unavailable, "maxUnavailable"), (surge, "maxSurge")] {
                at_most_100_percent(v, &path.child(key), e);
            }
            match (int_or_percent(unavailable) != 0, int_or_percent(surge) != 0) {
                (true, true) => e.invalid(&path.child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero"),
                (false, false) => e.required(&path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        kind => e.unsupported(&path, strategy_value(kind, strategy), &["RollingUpdate", "OnDelete"]),
    }
    e.nonnegative(&at.child("revisionHistoryLimit"), s.int("revisionHistoryLimit"));
}

pub(super) fn stateful_set(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let policy = s.text("podManagementPolicy");
    if !matches!(policy, "OrderedReady" | "Parallel") {
        e.invalid(&at.child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'");
    }
    let (strategy, path) = (&s["updateStrategy"], at.child("updateStrategy"));
    match strategy.text("type") {
        "OnDelete" => {
            if strategy.some("rollingUpdate").is_some() {
                let shown = strategy_value("", strategy)["RollingUpdate"].clone();
                e.invalid(&path.child("rollingUpdate"), shown, "only allowed for updateStrategy 'RollingUpdate'");
            }
        }
        "RollingUpdate" => {
            let (r, path) = (&strategy["rollingUpdate"], path.child("rollingUpdate"));
            e.nonnegative(&path.child("partition"), r.int("partition"));
            if let Some(v) = r.some("maxUnavailable") {
                let path = path.child("maxUnavailable");
                positive_int_or_percent(v, &path, e);
                if int_or_percent(v) == 0 {
                    e.invalid(&path, v, "cannot be 0");
                }
                at_most_100_percent(v, &path, e);
            }
        }
        kind => e.invalid(&path, strategy_value(kind, strategy), "must be 'RollingUpdate' or 'OnDelete'"),
    }
    for key in ["whenDeleted", "whenScaled"] {
        let policy = s["persistentVolumeClaimRetentionPolicy"].text(key);
        if !matches!(policy, "Retain" | "Delete") {
            let path = at.child("persistentVolumeClaimRetentionPolicy").child(key);
            e.unsupported(&path, policy, &["Retain", "Delete"]);
        }
    }
    e.nonnegative(&at.child("replicas"), s.int("replicas"));
    e.nonnegative(&at.child("minReadySeconds"), s.int("minReadySeconds"));
    e.nonnegative(&at.child("revisionHistoryLimit"), s.int("revisionHistoryLimit"));
    e.nonnegative(&at.child("ordinals.start"), s["ordinals"].int("start"));
    required_selector(s, "statefulset", &at, e);
    let service = s.text("serviceName");
    if !service.is_empty() {
        e.invalids(&at.child("serviceName"), service, names::dns1123_label(service));
    }
    for (i, t) in s.list("volumeClaimTemplates").iter().enumerate() {
        claim::spec(&t["spec"], &at.child("volumeClaimTemplates").index(i).child("spec"), e);
    }
    if labels_match(s, "", &at, e) {
        // Mounts may name the claim templates: each becomes a volume of the pod.
        let mut with_claims = s.clone();
        let claims = s.list("volumeClaimTemplates").iter().map(|t| t["metadata"].text("name")).filter(|n| !n.is_empty());
        let volumes: Vec<Value> = claims.map(|n| json!({"name": n, "persistentVolumeClaim": {"claimName": n}})).collect();
        if let Some(spec) = with_claims["template"]["spec"].as_object_mut() {
            let list = spec.entry("volumes").or_insert(json!([]));
            if let Some(list) = list.as_array_mut() {
                list.retain(|v| !volumes.iter().any(|c| c["name"] == v["name"]));
                list.extend(volumes);
            }
        }
        pod::template(&with_claims["template"], &at.child("template"), e);
    }
    always_restarts(s, "StatefulSet", &at, e);
}
