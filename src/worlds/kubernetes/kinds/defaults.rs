//! Defaults that the API server writes into what users send, on the JSON form. One function per kind, listed in [`apply`].
//! Facts: pkg/apis/<group>/<version>/defaults.go; the zero value counts as unset.

use serde_json::{Map, Value, json};

use super::Kind;
use super::pod_defaults::pod_spec;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// True for what Go calls the zero value of an optional field.
fn unset(v: Option<&Value>) -> bool {
    match v {
        None | Some(Value::Null) => true,
        Some(Value::String(s)) => s.is_empty(),
        _ => false,
    }
}

/// Sets `key` unless it is set.
pub(super) fn set(o: &mut Object, key: &str, value: impl Into<Value>) {
    if unset(o.get(key)) {
        o.insert(key.into(), value.into());
    }
}

/// Sets a plain (non-pointer) number, whose 0 means unset.
pub(super) fn set_nonzero(o: &mut Object, key: &str, value: i64) {
    if unset(o.get(key)) || o.get(key).and_then(Value::as_i64) == Some(0) {
        o.insert(key.into(), value.into());
    }
}

/// The object under `key`, if it is one.
pub(super) fn sub<'a>(o: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    o.get_mut(key).and_then(Value::as_object_mut)
}

/// The object under `key`, made if absent.
pub(super) fn sub_or_new<'a>(o: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    set(o, key, json!({}));
    sub(o, key)
}

/// The objects in the list under `key`.
pub(super) fn each<'a>(o: &'a mut Object, key: &str) -> impl Iterator<Item = &'a mut Object> {
    o.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Writes the defaults of `kind` into the whole object.
pub(in crate::worlds::kubernetes) fn apply(kind: Kind, object: &mut Value) {
    let Some(o) = object.as_object_mut() else { return };
    match kind {
        Kind::Pod => {
            if let Some(s) = sub_or_new(o, "spec") {
                pod_spec(s, true);
            }
            if let Some(s) = sub_or_new(o, "status") {
                set(s, "phase", "Pending");
            }
        }
        Kind::Deployment => with_spec(o, deployment),
        Kind::ReplicaSet => with_spec(o, |s| {
            set(s, "replicas", 1);
            template(s);
        }),
        Kind::ReplicationController => replication_controller(o),
        Kind::StatefulSet => with_spec(o, stateful_set),
        Kind::DaemonSet => with_spec(o, daemon_set),
        Kind::Job => with_spec(o, |s| job(s, true)),
        Kind::CronJob => with_spec(o, cron_job),
        Kind::Service => with_spec(o, service),
        Kind::HorizontalPodAutoscaler => with_spec(o, autoscaler),
        Kind::NetworkPolicy => with_spec(o, network_policy),
        Kind::PersistentVolumeClaim => {
            with_spec(o, |s| set(s, "volumeMode", "Filesystem"));
            if let Some(s) = sub_or_new(o, "status") {
                set(s, "phase", "Pending");
            }
        }
        Kind::PersistentVolume => {
            with_spec(o, |s| {
                set(s, "persistentVolumeReclaimPolicy", "Retain");
                set(s, "volumeMode", "Filesystem");
                if let Some(h) = sub(s, "hostPath") {
                    h.entry("type").or_insert(json!(""));
                }
            });
            if let Some(s) = sub_or_new(o, "status") {
                set(s, "phase", "Pending");
            }
        }
        Kind::StorageClass => {
            set(o, "reclaimPolicy", "Delete");
            set(o, "volumeBindingMode", "Immediate");
        }
        Kind::PriorityClass => {
            o.entry("value").or_insert(json!(0));
            set(o, "preemptionPolicy", "PreemptLowerPriority");
        }
        Kind::Secret => secret(o),
        Kind::LimitRange => with_spec(o, |s| each(s, "limits").for_each(limit_item)),
        Kind::ResourceQuota => {
            o.entry("status").or_insert(json!({}));
        }
        Kind::Namespace => namespace(o),
        Kind::RoleBinding | Kind::ClusterRoleBinding => role_binding(o),
        Kind::Ingress => {
            o.entry("status").or_insert(json!({"loadBalancer": {}}));
        }
        Kind::EndpointSlice => {
            for p in each(o, "ports") {
                p.entry("name").or_insert(json!(""));
                set(p, "protocol", "TCP");
            }
        }
        Kind::CsiDriver => with_spec(o, |s| {
            set(s, "attachRequired", true);
            set(s, "podInfoOnMount", false);
            set(s, "fsGroupPolicy", "ReadWriteOnceWithFSType");
            set(s, "storageCapacity", false);
            set(s, "requiresRepublish", false);
            set(s, "seLinuxMount", false);
            set(s, "volumeLifecycleModes", json!(["Persistent"]));
        }),
        _ => {}
    }
}

fn with_spec(o: &mut Object, f: impl FnOnce(&mut Object)) {
    if let Some(s) = sub_or_new(o, "spec") {
        f(s);
    }
}

/// `spec.template` of a workload.
fn template(spec: &mut Object) {
    if let Some(t) = sub_or_new(spec, "template") {
        t.entry("metadata").or_insert(json!({}));
        if let Some(s) = sub_or_new(t, "spec") {
            pod_spec(s, false);
        }
    }
}

fn deployment(s: &mut Object) {
    set(s, "replicas", 1);
    template(s);
    if let Some(st) = sub_or_new(s, "strategy") {
        set(st, "type", "RollingUpdate");
        if st["type"] == "RollingUpdate"
            && let Some(r) = sub_or_new(st, "rollingUpdate")
        {
            set(r, "maxUnavailable", "25%");
            set(r, "maxSurge", "25%");
        }
    }
    set(s, "revisionHistoryLimit", 10);
    set(s, "progressDeadlineSeconds", 600);
}

fn replication_controller(o: &mut Object) {
    let labels = o.get("spec").and_then(|s| s.pointer("/template/metadata/labels")).cloned();
    if let (Some(labels), Some(m)) = (&labels, sub_or_new(o, "metadata")) {
        set(m, "labels", labels.clone());
    }
    with_spec(o, |s| {
        set(s, "replicas", 1);
        template(s);
        if let Some(labels) = labels {
            set(s, "selector", labels);
        }
    });
}

fn stateful_set(s: &mut Object) {
    set(s, "podManagementPolicy", "OrderedReady");
    set(s, "replicas", 1);
    set(s, "revisionHistoryLimit", 10);
    template(s);
    if let Some(u) = sub_or_new(s, "updateStrategy") {
        set(u, "type", "RollingUpdate");
        if u["type"] == "RollingUpdate"
            && let Some(r) = sub_or_new(u, "rollingUpdate")
        {
            set(r, "partition", 0);
        }
    }
    if let Some(p) = sub_or_new(s, "persistentVolumeClaimRetentionPolicy") {
        set(p, "whenDeleted", "Retain");
        set(p, "whenScaled", "Retain");
    }
    for claim in each(s, "volumeClaimTemplates") {
        set(claim, "apiVersion", "v1");
        set(claim, "kind", "PersistentVolumeClaim");
        with_spec(claim, |s| set(s, "volumeMode", "Filesystem"));
        if let Some(s) = sub_or_new(claim, "status") {
            set(s, "phase", "Pending");
        }
    }
}

fn daemon_set(s: &mut Object) {
    template(s);
    set(s, "revisionHistoryLimit", 10);
    if let Some(u) = sub_or_new(s, "updateStrategy") {
        set(u, "type", "RollingUpdate");
        if u["type"] == "RollingUpdate"
            && let Some(r) = sub_or_new(u, "rollingUpdate")
        {
            set(r, "maxUnavailable", 1);
            set(r, "maxSurge", 0);
        }
    }
}

/// `own`: a Job itself; a CronJob's template is defaulted less deeply.
fn job(s: &mut Object, own: bool) {
    template(s);
    if !own {
        return;
    }
    if unset(s.get("completions")) && unset(s.get("parallelism")) {
        s.insert("completions".into(), 1.into());
        s.insert("parallelism".into(), 1.into());
    }
    set(s, "parallelism", 1);
    let limit = if unset(s.get("backoffLimitPerIndex")) { 6 } else { i32::MAX };
    set(s, "backoffLimit", limit);
    set(s, "completionMode", "NonIndexed");
    set(s, "suspend", false);
    let replacement = if unset(s.get("podFailurePolicy")) { "TerminatingOrFailed" } else { "Failed" };
    set(s, "podReplacementPolicy", replacement);
    set(s, "manualSelector", false);
    if let Some(policy) = sub(s, "podFailurePolicy") {
        for rule in each(policy, "rules") {
            for c in each(rule, "onPodConditions") {
                set(c, "status", "True");
            }
        }
    }
}

fn cron_job(s: &mut Object) {
    set(s, "concurrencyPolicy", "Allow");
    set(s, "suspend", false);
    set(s, "successfulJobsHistoryLimit", 3);
    set(s, "failedJobsHistoryLimit", 1);
    if let Some(t) = sub_or_new(s, "jobTemplate") {
        t.entry("metadata").or_insert(json!({}));
        with_spec(t, |s| job(s, false));
    }
}

fn service(s: &mut Object) {
    set(s, "sessionAffinity", "None");
    if s["sessionAffinity"] == "None" {
        s.shift_remove("sessionAffinityConfig");
    }
    if s["sessionAffinity"] == "ClientIP"
        && let Some(c) = sub_or_new(s, "sessionAffinityConfig").and_then(|c| sub_or_new(c, "clientIP"))
    {
        set(c, "timeoutSeconds", 10_800);
    }
    set(s, "type", "ClusterIP");
    for p in each(s, "ports") {
        set(p, "protocol", "TCP");
        let port = p.get("port").cloned().unwrap_or(json!(0));
        if unset(p.get("targetPort")) || p["targetPort"] == 0 {
            p.insert("targetPort".into(), port);
        }
    }
    let kind = s["type"].as_str().unwrap_or_default().to_string();
    let outside = matches!(kind.as_str(), "NodePort" | "LoadBalancer");
    if outside || s.get("externalIPs").and_then(Value::as_array).is_some_and(|l| !l.is_empty()) {
        set(s, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        set(s, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        set(s, "allocateLoadBalancerNodePorts", true);
    }
}

fn autoscaler(s: &mut Object) {
    set(s, "minReplicas", 1);
    if s.get("metrics").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        s.insert(
            "metrics".into(),
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
        );
    }
    if let Some(b) = sub(s, "behavior") {
        if let Some(up) = sub_or_new(b, "scaleUp") {
            set(up, "stabilizationWindowSeconds", 0);
            set(up, "selectPolicy", "Max");
            let policies =
                json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]);
            set(up, "policies", policies);
        }
        if let Some(down) = sub_or_new(b, "scaleDown") {
            set(down, "selectPolicy", "Max");
            set(down, "policies", json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
        }
    }
}

/// `stringData` is written into `data` (pkg/apis/core/v1/conversion.go).
fn secret(o: &mut Object) {
    set(o, "type", "Opaque");
    let Some(Value::Object(plain)) = o.shift_remove("stringData") else { return };
    if plain.is_empty() {
        return;
    }
    if let Some(data) = sub_or_new(o, "data") {
        for (k, v) in plain {
            let bytes = k8s_openapi::ByteString(v.as_str().unwrap_or_default().as_bytes().to_vec());
            data.insert(k, super::convert::value_of(&bytes));
        }
    }
}

fn network_policy(s: &mut Object) {
    s.entry("podSelector").or_insert(json!({}));
    for direction in ["ingress", "egress"] {
        for rule in each(s, direction) {
            for p in each(rule, "ports") {
                set(p, "protocol", "TCP");
            }
        }
    }
    if s.get("policyTypes").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        let mut types = vec!["Ingress"];
        if s.get("egress").and_then(Value::as_array).is_some_and(|l| !l.is_empty()) {
            types.push("Egress");
        }
        s.insert("policyTypes".into(), json!(types));
    }
}

/// default ← max, defaultRequest ← default, defaultRequest ← min (Container items only; pkg/apis/core/v1/defaults.go).
fn limit_item(item: &mut Object) {
    if item.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (to, from) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let source = item.get(from).and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(target) = sub_or_new(item, to) {
            for (k, v) in source {
                target.entry(k).or_insert(v);
            }
        }
    }
    for key in ["default", "defaultRequest"] {
        if item.get(key).and_then(Value::as_object).is_some_and(Map::is_empty) {
            item.shift_remove(key);
        }
    }
}

fn namespace(o: &mut Object) {
    let name = o.get("metadata").and_then(|m| m.get("name")).and_then(Value::as_str).unwrap_or_default().to_string();
    if !name.is_empty()
        && let Some(labels) = sub_or_new(o, "metadata").and_then(|m| sub_or_new(m, "labels"))
    {
        labels.insert("kubernetes.io/metadata.name".into(), name.into());
    }
}

fn role_binding(o: &mut Object) {
    if let Some(r) = sub(o, "roleRef") {
        set(r, "apiGroup", "rbac.authorization.k8s.io");
    }
    for s in each(o, "subjects") {
        let group = match s.get("kind").and_then(Value::as_str) {
            Some("User" | "Group") => "rbac.authorization.k8s.io",
            _ => continue,
        };
        set(s, "apiGroup", group);
    }
}
