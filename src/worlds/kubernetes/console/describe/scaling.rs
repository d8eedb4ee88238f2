//! `describe` of HorizontalPodAutoscalers, PodDisruptionBudgets and PriorityClasses.

use serde_json::Value;

use super::super::print::cells::label_selector;
use super::super::shell::{Item, int_at, list_at, plain, text_at};
use super::{Scene, Writer, created, events, head};

/// One metric: what is there against what is wanted. Follows describeHorizontalPodAutoscalerV2.
fn metric(w: &mut Writer, spec: &Value, current: Option<&Value>) {
    let kind = text_at(spec, "type");
    let mut chars = kind.chars();
    let field: String = chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect();
    let (m, now) = (&spec[&field], current.map_or(&Value::Null, |c| &c[&field]["current"]));
    let unknown = |v: &Value| if v.is_null() { "<unknown>".to_string() } else { plain(v) };
    let target = &m["target"];
    let average = !target["averageValue"].is_null();
    match kind {
        "Resource" | "ContainerResource" => {
            let of = if kind == "Resource" {
                format!("resource {} on pods", text_at(m, "name"))
            } else {
                format!("resource {} of container \"{}\" on pods", text_at(m, "name"), text_at(m, "container"))
            };
            if average {
                w.line(1, format!("{of}:\t{} / {}", unknown(&now["averageValue"]), plain(&target["averageValue"])));
                return;
            }
            let wanted = target["averageUtilization"].as_i64().map_or("<auto>".to_string(), |n| format!("{n}%"));
            let there = match now["averageUtilization"].as_i64() {
                Some(n) => format!("{n}% ({})", plain(&now["averageValue"])),
                None => "<unknown>".into(),
            };
            w.line(1, format!("{of}  (as a percentage of request):\t{there} / {wanted}"));
        }
        "Pods" => w.line(
            1,
            format!("\"{}\" on pods:\t{} / {}", text_at(m, "metric.name"), unknown(&now["averageValue"]), plain(&target["averageValue"])),
        ),
        "External" | "Object" => {
            let mut of = format!("\"{}\"", text_at(m, "metric.name"));
            if kind == "Object" {
                of.push_str(&format!(" on {}/{}", text_at(m, "describedObject.kind"), text_at(m, "describedObject.name")));
            }
            let (word, key) = if average { ("target average value", "averageValue") } else { ("target value", "value") };
            w.line(1, format!("{of} ({word}):\t{} / {}", unknown(&now[key]), plain(&target[key])));
        }
        _ => w.line(1, format!("<unknown metric type \"{kind}\">")),
    }
}

fn behavior(w: &mut Writer, title: &str, rules: &Value) {
    if !rules.is_object() {
        return;
    }
    w.line(1, format!("{title}:"));
    if let Some(s) = rules["stabilizationWindowSeconds"].as_i64() {
        w.line(2, format!("Stabilization Window: {s} seconds"));
    }
    let policies = list_at(rules, "policies");
    if !policies.is_empty() {
        w.line(2, format!("Select Policy: {}", rules["selectPolicy"].as_str().unwrap_or("Max")));
        w.line(2, "Policies:");
        for p in policies {
            let seconds = int_at(p, "periodSeconds");
            w.line(3, format!("- Type: {}\tValue: {}\tPeriod: {seconds} seconds", text_at(p, "type"), int_at(p, "value")));
        }
    }
}

pub(super) fn autoscaler(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    head(w, item);
    w.field(0, "CreationTimestamp", created(item));
    let target = text_at(spec, "scaleTargetRef.kind");
    w.field(0, "Reference", format!("{target}/{}", text_at(spec, "scaleTargetRef.name")));
    w.field(0, "Metrics", "( current / target )");
    let now = list_at(status, "currentMetrics");
    for (i, m) in list_at(spec, "metrics").iter().enumerate() {
        metric(w, m, now.get(i));
    }
    w.field(0, "Min replicas", spec["minReplicas"].as_i64().map_or("<unset>".to_string(), |n| n.to_string()));
    w.field(0, "Max replicas", int_at(spec, "maxReplicas").to_string());
    if spec["behavior"].is_object() {
        w.line(0, "Behavior:");
        behavior(w, "Scale Up", &spec["behavior"]["scaleUp"]);
        behavior(w, "Scale Down", &spec["behavior"]["scaleDown"]);
    }
    w.field(
        0,
        &format!("{target} pods"),
        format!("{} current / {} desired", int_at(status, "currentReplicas"), int_at(status, "desiredReplicas")),
    );
    let conditions = list_at(status, "conditions");
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tReason\tMessage");
        w.line(1, "----\t------\t------\t-------");
        for c in conditions {
            let t = |k: &str| text_at(c, k);
            w.line(1, format!("{}\t{}\t{}\t{}", t("type"), t("status"), t("reason"), t("message")));
        }
    }
    events::events(w, scene, item);
}

pub(super) fn budget(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    if !spec["minAvailable"].is_null() {
        w.field(0, "Min available", plain(&spec["minAvailable"]));
    } else if !spec["maxUnavailable"].is_null() {
        w.field(0, "Max unavailable", plain(&spec["maxUnavailable"]));
    }
    w.field(0, "Selector", if spec["selector"].is_null() { "<unset>".to_string() } else { label_selector(&spec["selector"]) });
    w.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, int_at(status, field).to_string());
    }
    events::events(w, scene, item);
}

pub(super) fn priority_class(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    w.field(0, "Name", item.name());
    w.field(0, "Value", int_at(v, "value").to_string());
    w.field(0, "GlobalDefault", v["globalDefault"].as_bool().unwrap_or(false).to_string());
    w.field(0, "PreemptionPolicy", text_at(v, "preemptionPolicy"));
    w.field(0, "Description", text_at(v, "description"));
    let mut notes: Vec<String> =
        v["metadata"]["annotations"].as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
    notes.sort();
    w.field(0, "Annotations", super::none_if_empty(&notes.join(",")));
    events::events(w, scene, item);
}
