//! HorizontalPodAutoscaler and PodDisruptionBudget. Facts: pkg/apis/autoscaling/validation, pkg/apis/policy/validation.

use serde_json::{Value, json};

use super::report::{Errors, Path, Read};
use super::{meta, names, quantity, workload};

/// pkg/apis/autoscaling/validation/validation.go
const PERIOD_MAX: i64 = 1800;
const WINDOW_MAX: i64 = 3600;

pub(super) fn autoscaler(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let (min, max) = (s.int("minReplicas"), s.int("maxReplicas").unwrap_or(0));
    if let Some(n) = min.filter(|n| *n < 1) {
        e.invalid(&at.child("minReplicas"), n, "must be greater than or equal to 1");
    }
    if max == 0 {
        e.required(&at.child("maxReplicas"), "must be set and greater than 0");
    } else if max < 0 {
        e.invalid(&at.child("maxReplicas"), max, "must be greater than 0");
    }
    if min.is_some_and(|min| max < min) {
        e.invalid(&at.child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
    }
    object_reference(&s["scaleTargetRef"], &at.child("scaleTargetRef"), e);
    for (i, m) in s.list("metrics").iter().enumerate() {
        metric(m, &at.child("metrics").index(i), e);
    }
    for direction in ["scaleUp", "scaleDown"] {
        if let Some(r) = s["behavior"].some(direction) {
            rules(r, &at.child("behavior").child(direction), e);
        }
    }
}

fn object_reference(r: &Value, at: &Path, e: &mut Errors) {
    for key in ["kind", "name"] {
        let text = r.text(key);
        if text.is_empty() {
            e.required(&at.child(key), "");
        } else {
            e.invalids(&at.child(key), text, names::path_segment(text));
        }
    }
}

/// Source fields in the order in which they are looked at, with their type.
const SOURCES: &[(&str, &str)] = &[
    ("object", "Object"),
    ("external", "External"),
    ("pods", "Pods"),
    ("resource", "Resource"),
    ("containerResource", "ContainerResource"),
];

fn metric(m: &Value, at: &Path, e: &mut Errors) {
    const TYPES: &[&str] = &["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = m.text("type");
    if kind.is_empty() {
        e.required(&at.child("type"), "must specify a metric source type");
    }
    if !TYPES.contains(&kind) {
        e.unsupported(&at.child("type"), kind, TYPES);
    }
    let present: Vec<&str> = SOURCES.iter().map(|(f, _)| *f).filter(|f| m.some(f).is_some()).collect();
    if let Some(first) = present.first() {
        source(first, &m[*first], &at.child(first), e);
    }
    let expected = SOURCES.iter().find(|(_, t)| *t == kind).map(|(f, _)| *f);
    match expected {
        Some(field) if m.some(field).is_none() => e.required(&at.child(field), "must populate information for the given metric source"),
        Some(_) => {}
        None => e.unsupported(&at.child("type"), kind, TYPES),
    }
    if present.len() != 1 {
        for field in present.iter().filter(|f| Some(**f) != expected) {
            e.forbidden(&at.child(field), "must populate the given metric source only");
        }
    }
}

fn source(field: &str, s: &Value, at: &Path, e: &mut Errors) {
    let target = &s["target"];
    let path = at.child("target");
    let has = |key: &str| target.some(key).is_some();
    match field {
        "object" => {
            object_reference(&s["describedObject"], &at.child("describedObject"), e);
            identifier(&s["metric"], &at.child("metric"), e);
            metric_target(target, &path, e);
            if !has("value") && !has("averageValue") {
                e.required(&path.child("averageValue"), "must set either a target value or averageValue");
            }
        }
        "external" => {
            identifier(&s["metric"], &at.child("metric"), e);
            metric_target(target, &path, e);
            if !has("value") && !has("averageValue") {
                e.required(&path.child("averageValue"), "must set either a target value for metric or a per-pod target");
            }
            if has("value") && has("averageValue") {
                e.forbidden(&path.child("value"), "may not set both a target value for metric and a per-pod target");
            }
        }
        "pods" => {
            identifier(&s["metric"], &at.child("metric"), e);
            metric_target(target, &path, e);
            if target.some("averageValue").is_none_or(|v| quantity::amount(v).milli() <= 0) {
                e.required(&path.child("averageValue"), "must specify a positive target averageValue");
            }
        }
        _ => {
            if s.text("name").is_empty() {
                e.required(&at.child("name"), "must specify a resource name");
            }
            if field == "containerResource" && s.text("container").is_empty() {
                e.required(&at.child("container"), "must specify a container");
            }
            metric_target(target, &path, e);
            if !has("averageUtilization") && !has("averageValue") {
                e.required(&path.child("averageUtilization"), "must set either a target raw value or a target utilization");
            }
            if has("averageUtilization") && has("averageValue") {
                e.forbidden(&path.child("averageValue"), "may not set both a target raw value and a target utilization");
            }
        }
    }
}

fn identifier(m: &Value, at: &Path, e: &mut Errors) {
    let name = m.text("name");
    if name.is_empty() {
        e.required(&at.child("name"), "must specify a metric name");
    } else {
        e.invalids(&at.child("name"), name, names::path_segment(name));
    }
}

fn metric_target(t: &Value, at: &Path, e: &mut Errors) {
    let kind = t.text("type");
    if kind.is_empty() {
        e.required(&at.child("type"), "must specify a metric target type");
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        e.invalid(&at.child("type"), kind, "must be either Utilization, Value, or AverageValue");
    }
    for key in ["value", "averageValue"] {
        if let Some(v) = t.some(key).filter(|v| quantity::amount(v).milli() <= 0) {
            e.invalid(&at.child(key), v, "must be positive");
        }
    }
    if let Some(n) = t.int("averageUtilization").filter(|n| *n < 1) {
        e.invalid(&at.child("averageUtilization"), n, "must be greater than 0");
    }
}

fn rules(r: &Value, at: &Path, e: &mut Errors) {
    if let Some(n) = r.int("stabilizationWindowSeconds") {
        let path = at.child("stabilizationWindowSeconds");
        if n < 0 {
            e.invalid(&path, n, "must be greater than or equal to zero");
        }
        if n > WINDOW_MAX {
            e.invalid(&path, n, format!("must be less than or equal to {WINDOW_MAX}"));
        }
    }
    let select = r.text("selectPolicy");
    if !select.is_empty() && !matches!(select, "Max" | "Min" | "Disabled") {
        e.unsupported(&at.child("selectPolicy"), select, &["Disabled", "Max", "Min"]);
    }
    if r.list("policies").is_empty() {
        e.required(&at.child("policies"), "must specify at least one Policy");
    }
    for (i, p) in r.list("policies").iter().enumerate() {
        let path = at.child("policies").index(i);
        if !matches!(p.text("type"), "Pods" | "Percent") {
            e.unsupported(&path.child("type"), p.text("type"), &["Percent", "Pods"]);
        }
        let (value, period) = (p.int("value").unwrap_or(0), p.int("periodSeconds").unwrap_or(0));
        if value <= 0 {
            e.invalid(&path.child("value"), value, "must be greater than zero");
        }
        if period <= 0 {
            e.invalid(&path.child("periodSeconds"), period, "must be greater than zero");
        }
        if period > PERIOD_MAX {
            e.invalid(&path.child("periodSeconds"), period, format!("must be less than or equal to {PERIOD_MAX}"));
        }
    }
}

pub(super) fn disruption_budget(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let (min, max) = (s.some("minAvailable"), s.some("maxUnavailable"));
    let policy = s.some("unhealthyPodEvictionPolicy");
    if min.is_some() && max.is_some() {
        // The internal Go type, which has no JSON names.
        let selector = s.some("selector").map(meta::selector_value);
        let shown = json!({"MinAvailable": min, "Selector": selector, "MaxUnavailable": max, "UnhealthyPodEvictionPolicy": policy});
        e.invalid(&at, shown, "minAvailable and maxUnavailable cannot be both set");
    }
    for (v, key) in [(min, "minAvailable"), (max, "maxUnavailable")] {
        if let Some(v) = v {
            workload::positive_int_or_percent(v, &at.child(key), e);
            workload::at_most_100_percent(v, &at.child(key), e);
        }
    }
    if let Some(sel) = s.some("selector") {
        meta::selector(sel, &at.child("selector"), e);
    }
    if let Some(p) = policy.and_then(Value::as_str) {
        e.one_of(&at.child("unhealthyPodEvictionPolicy"), p, &["AlwaysAllow", "IfHealthyBudget"]);
    }
}
