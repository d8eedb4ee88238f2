//! Defaults of pods and of the pod templates in workloads. Facts: pkg/apis/core/v1/defaults.go, reference 7.1.

use serde_json::{Value, json};

use super::defaults::{Object, each, set, set_nonzero, sub, sub_or_new};

/// Mode 0644.
const FILE_MODE: i64 = 420;

/// `own`: a pod itself rather than a template.
pub(super) fn pod_spec(s: &mut Object, own: bool) {
    let host_network = s.get("hostNetwork").and_then(Value::as_bool).unwrap_or(false);
    for v in each(s, "volumes") {
        volume(v);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for c in each(s, list) {
            container(c);
            for p in each(c, "ports") {
                set(p, "protocol", "TCP");
                // SetDefaults_PodSpec / SetHostPortDefaults
                if host_network {
                    let port = p.get("containerPort").and_then(Value::as_i64).unwrap_or(0);
                    set_nonzero(p, "hostPort", port);
                }
            }
            if own && list != "ephemeralContainers" {
                requests_from_limits(c);
            }
        }
    }
    set(s, "restartPolicy", "Always");
    set(s, "terminationGracePeriodSeconds", 30);
    set(s, "dnsPolicy", "ClusterFirst");
    set(s, "securityContext", json!({}));
    set(s, "schedulerName", "default-scheduler");
    if own {
        set(s, "enableServiceLinks", true);
        if s.contains_key("resources") {
            pod_requests(s);
        }
    }
    // The deprecated alias is kept in step (pkg/apis/core/v1/conversion.go).
    let account = ["serviceAccountName", "serviceAccount"].iter().find_map(|k| s.get(*k).and_then(Value::as_str)).filter(|a| !a.is_empty());
    if let Some(account) = account.map(str::to_string) {
        s.insert("serviceAccountName".into(), account.clone().into());
        s.insert("serviceAccount".into(), account.into());
    }
}

fn container(c: &mut Object) {
    let image = c.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = if always_pulled(image) { "Always" } else { "IfNotPresent" };
    set(c, "resources", json!({}));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(p) = sub(c, probe) {
            handler(p);
            if let Some(g) = sub(p, "grpc") {
                g.entry("service").or_insert(json!(""));
            }
            set_nonzero(p, "timeoutSeconds", 1);
            set_nonzero(p, "periodSeconds", 10);
            set_nonzero(p, "successThreshold", 1);
            set_nonzero(p, "failureThreshold", 3);
        }
    }
    if let Some(l) = sub(c, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(h) = sub(l, hook) {
                handler(h);
            }
        }
    }
    for e in each(c, "env") {
        if let Some(f) = sub(e, "valueFrom").and_then(|v| sub(v, "fieldRef")) {
            set(f, "apiVersion", "v1");
        }
    }
    set(c, "terminationMessagePath", "/dev/termination-log");
    set(c, "terminationMessagePolicy", "File");
    set(c, "imagePullPolicy", policy);
}

fn handler(h: &mut Object) {
    if let Some(g) = sub(h, "httpGet") {
        set(g, "path", "/");
        set(g, "scheme", "HTTP");
    }
}

/// The tag is `latest` or absent, and there is no digest (pkg/apis/core/v1/defaults.go, SetDefaults_Container).
fn always_pulled(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

/// requests ← limits, resource by resource.
fn requests_from_limits(of: &mut Object) {
    let Some(r) = sub(of, "resources") else { return };
    let Some(limits) = r.get("limits").and_then(Value::as_object).filter(|l| !l.is_empty()).cloned() else { return };
    if let Some(requests) = sub_or_new(r, "requests") {
        for (k, v) in limits {
            requests.entry(k).or_insert(v);
        }
    }
}

/// The pod's own requests ← its limits, but only of what no container requests (defaults.go defaultPodRequests; there the containers' sum
/// is written down as well, here whoever asks adds it up).
fn pod_requests(spec: &mut Object) {
    let lists = ["containers", "initContainers"].into_iter().filter_map(|k| spec.get(k).and_then(Value::as_array)).flatten();
    let asked = lists.filter_map(|c| c.pointer("/resources/requests").and_then(Value::as_object)).flat_map(|r| r.keys().cloned());
    let asked: Vec<String> = asked.collect();
    let Some(r) = sub(spec, "resources") else { return };
    let Some(limits) = r.get("limits").and_then(Value::as_object).filter(|l| !l.is_empty()).cloned() else { return };
    if let Some(requests) = sub_or_new(r, "requests") {
        for (k, v) in limits.into_iter().filter(|(k, _)| !asked.contains(k)) {
            requests.entry(k).or_insert(v);
        }
    }
}

fn volume(v: &mut Object) {
    if v.keys().all(|k| k == "name") {
        v.insert("emptyDir".into(), json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(s) = sub(v, source) {
            set(s, "defaultMode", FILE_MODE);
            downward_items(s);
            for p in each(s, "sources") {
                if let Some(t) = sub(p, "serviceAccountToken") {
                    set(t, "expirationSeconds", 3600);
                }
                if let Some(d) = sub(p, "downwardAPI") {
                    downward_items(d);
                }
            }
        }
    }
    if let Some(h) = sub(v, "hostPath") {
        h.entry("type").or_insert(json!(""));
    }
    if let Some(spec) = sub(v, "ephemeral").and_then(|e| sub(e, "volumeClaimTemplate")).and_then(|t| sub(t, "spec")) {
        set(spec, "volumeMode", "Filesystem");
    }
}

fn downward_items(of: &mut Object) {
    for item in each(of, "items") {
        if let Some(f) = sub(item, "fieldRef") {
            set(f, "apiVersion", "v1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_is_always_pulled() {
        for (image, always) in [
            ("nginx", true),
            ("nginx:latest", true),
            ("nginx:1.27", false),
            ("host:5000/nginx", true),
            ("host:5000/a/nginx:1", false),
            ("nginx@sha256:00", false),
        ] {
            assert_eq!(always_pulled(image), always, "{image}");
        }
    }
}
