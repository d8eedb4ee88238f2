//! Containers: names, images, ports, environment, mounts, probes, hooks. Facts: pkg/apis/core/validation/validation.go.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pod::Around;
use super::report::{Errors, Path, Read};
use super::{names, quantity, security, volume};

pub(super) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Regular containers.
pub(super) fn containers(list: &[Value], around: &Around, at: &Path, e: &mut Errors) {
    if list.is_empty() {
        return e.required(at, "");
    }
    let mut names = BTreeSet::new();
    for (i, c) in list.iter().enumerate() {
        let path = at.index(i);
        common(c, around, &path, e);
        if !names.insert(c.text("name")) {
            e.duplicate(&path.child("name"), c.text("name"));
        }
        hooks_and_probes(c, around, &path, e);
        let policy = c.text("restartPolicy");
        if !policy.is_empty() {
            e.one_of(&path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
        }
    }
    host_ports(list, at, e);
}

pub(super) fn init_containers(list: &[Value], regular: &[Value], around: &Around, at: &Path, e: &mut Errors) {
    let mut names: BTreeSet<&str> = regular.iter().map(|c| c.text("name")).collect();
    for (i, c) in list.iter().enumerate() {
        let path = at.index(i);
        common(c, around, &path, e);
        let policy = c.text("restartPolicy");
        if !policy.is_empty() {
            e.one_of(&path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
        }
        let name = c.text("name");
        if names.contains(name) {
            e.duplicate(&path.child("name"), name);
        } else if !name.is_empty() {
            names.insert(name);
        }
        host_ports(std::slice::from_ref(c), at, e);
        if policy == "Always" {
            hooks_and_probes(c, around, &path, e);
        } else {
            for key in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if c.some(key).is_some() {
                    e.forbidden(&path.child(key), "may not be set for init containers without restartPolicy=Always");
                }
            }
        }
    }
}

/// What all containers have in common.
fn common(c: &Value, around: &Around, at: &Path, e: &mut Errors) {
    let name = c.text("name");
    if name.is_empty() {
        e.required(&at.child("name"), "");
    } else {
        e.invalids(&at.child("name"), name, names::dns1123_label(name));
    }
    if c.text("image").is_empty() {
        e.required(&at.child("image"), "");
    }
    e.one_of(&at.child("terminationMessagePolicy"), c.text("terminationMessagePolicy"), &["File", "FallbackToLogsOnError"]);
    ports(c.list("ports"), &at.child("ports"), e);
    env(c.list("env"), &at.child("env"), e);
    env_from(c.list("envFrom"), &at.child("envFrom"), e);
    mounts(c, around, &at.child("volumeMounts"), e);
    devices(c, around, &at.child("volumeDevices"), e);
    e.one_of(&at.child("imagePullPolicy"), c.text("imagePullPolicy"), &["Always", "IfNotPresent", "Never"]);
    quantity::requirements(&c["resources"], &at.child("resources"), e);
    resize_policy(c.list("resizePolicy"), around, &at.child("resizePolicy"), e);
    if let Some(s) = c.some("securityContext") {
        security::container(s, around.host_users, &at.child("securityContext"), e);
    }
}

fn ports(list: &[Value], at: &Path, e: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, p) in list.iter().enumerate() {
        let path = at.index(i);
        let name = p.text("name");
        if !name.is_empty() {
            let wrong = names::port_name(name);
            if wrong.is_empty() && !seen.insert(name) {
                e.duplicate(&path.child("name"), name);
            }
            e.invalids(&path.child("name"), name, wrong);
        }
        match p.int("containerPort").unwrap_or(0) {
            0 => e.required(&path.child("containerPort"), ""),
            n => number(n, &path.child("containerPort"), e),
        }
        match p.int("hostPort").unwrap_or(0) {
            0 => {}
            n => number(n, &path.child("hostPort"), e),
        }
        e.one_of(&path.child("protocol"), p.text("protocol"), PROTOCOLS);
    }
}

pub(super) fn number(n: i64, at: &Path, e: &mut Errors) {
    if let Some(m) = names::port_number(n) {
        e.invalid(at, n, m);
    }
}

pub(super) fn number_or_name(port: &Value, at: &Path, e: &mut Errors) {
    match port {
        Value::String(s) => e.invalids(at, s, names::port_name(s)),
        v => number(v.as_i64().unwrap_or(0), at, e),
    }
}

fn host_ports(list: &[Value], at: &Path, e: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, c) in list.iter().enumerate() {
        for (j, p) in c.list("ports").iter().enumerate() {
            let port = p.int("hostPort").unwrap_or(0);
            if port == 0 {
                continue;
            }
            let key = format!("{}/{}/{port}", p.text("protocol"), p.text("hostIP"));
            if !seen.insert(key.clone()) {
                e.duplicate(&at.index(i).child("ports").index(j).child("hostPort"), key);
            }
        }
    }
}

fn env(list: &[Value], at: &Path, e: &mut Errors) {
    for (i, v) in list.iter().enumerate() {
        let path = at.index(i);
        let name = v.text("name");
        if name.is_empty() {
            e.required(&path.child("name"), "");
        } else {
            e.invalids(&path.child("name"), name, names::env_name(name));
        }
        if let Some(from) = v.some("valueFrom") {
            value_from(from, !v.text("value").is_empty(), &path.child("valueFrom"), e);
        }
    }
}

/// In the order of the list that an error prints.
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

fn value_from(from: &Value, has_value: bool, at: &Path, e: &mut Errors) {
    let mut sources = 0;
    if let Some(f) = from.some("fieldRef") {
        sources += 1;
        field_ref(f, ENV_FIELDS, &at.child("fieldRef"), e);
    }
    if let Some(r) = from.some("resourceFieldRef") {
        sources += 1;
        resource_ref(r, false, &at.child("resourceFieldRef"), e);
    }
    for key in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(r) = from.some(key) {
            sources += 1;
            let path = at.child(key);
            e.invalids(&path.child("name"), r.text("name"), names::dns1123_subdomain(r.text("name")));
            if r.text("key").is_empty() {
                e.required(&path.child("key"), "");
            } else {
                e.invalids(&path.child("key"), r.text("key"), names::config_key(r.text("key")));
            }
        }
    }
    sources += usize::from(from.some("fileKeyRef").is_some());
    if sources == 0 {
        e.invalid(at, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
    } else if has_value {
        e.invalid(at, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        e.invalid(at, "", "may not have more than one field specified at a time");
    }
}

/// The downward API's `fieldRef`.
pub(super) fn field_ref(f: &Value, known: &[&str], at: &Path, e: &mut Errors) {
    let path = f.text("fieldPath");
    if path.is_empty() {
        return e.required(&at.child("fieldPath"), "");
    }
    if let Some((base, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        match base {
            "metadata.annotations" => e.invalids(at, key, names::qualified_name(&key.to_ascii_lowercase())),
            "metadata.labels" => e.invalids(at, key, names::qualified_name(key)),
            _ => e.invalid(at, base, "does not support subscript"),
        }
        return;
    }
    // What the conversion to the internal type knows (pkg/apis/core/pods/helpers.go).
    const CONVERTIBLE: &[&str] = &[
        "metadata.annotations",
        "metadata.labels",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.schedulerName",
        "status.phase",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
        "spec.host",
    ];
    if !CONVERTIBLE.contains(&path) {
        e.invalid(&at.child("fieldPath"), path, format!("error converting fieldPath: field label not supported: {path}"));
    } else if !known.contains(&path) {
        e.unsupported(&at.child("fieldPath"), path, known);
    }
}

pub(super) fn resource_ref(r: &Value, in_volume: bool, at: &Path, e: &mut Errors) {
    const KNOWN: &[&str] =
        &["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];
    let resource = r.text("resource");
    if in_volume && r.text("containerName").is_empty() {
        e.required(&at.child("containerName"), "");
    } else if resource.is_empty() {
        e.required(&at.child("resource"), "");
    } else if !KNOWN.contains(&resource) && !resource.starts_with("limits.hugepages-") && !resource.starts_with("requests.hugepages-") {
        e.unsupported(&at.child("resource"), resource, KNOWN);
    }
    let divisor = quantity::amount(&r["divisor"]).to_string();
    const SIZES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let wrong = |allowed: &[&str]| divisor != "0" && !allowed.contains(&divisor.as_str());
    let sizes = SIZES.join(", ");
    if resource.ends_with(".cpu") && wrong(&["1m", "1"]) {
        e.invalid(&at.child("divisor"), resource, "only divisor's values 1m and 1 are supported with the cpu resource");
    } else if resource.ends_with(".memory") && wrong(SIZES) {
        e.invalid(&at.child("divisor"), resource, format!("only divisor's values {sizes} are supported with the memory resource"));
    }
}

fn env_from(list: &[Value], at: &Path, e: &mut Errors) {
    for (i, f) in list.iter().enumerate() {
        let path = at.index(i);
        let prefix = f.text("prefix");
        if !prefix.is_empty() {
            e.invalids(&path.child("prefix"), prefix, names::env_name(prefix));
        }
        let mut sources = 0;
        for key in ["configMapRef", "secretRef"] {
            if let Some(r) = f.some(key) {
                sources += 1;
                let name = r.text("name");
                if name.is_empty() {
                    e.required(&path.child(key).child("name"), "");
                } else {
                    e.invalids(&path.child(key).child("name"), name, names::dns1123_subdomain(name));
                }
            }
        }
        if sources == 0 {
            e.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if sources > 1 {
            e.invalid(at, "", "may not have more than one field specified at a time");
        }
    }
}

fn mounts(c: &Value, around: &Around, at: &Path, e: &mut Errors) {
    let devices = c.list("volumeDevices");
    let mut paths = BTreeSet::new();
    for (i, m) in c.list("volumeMounts").iter().enumerate() {
        let path = at.index(i);
        let (name, mount) = (m.text("name"), m.text("mountPath"));
        if name.is_empty() {
            e.required(&path.child("name"), "");
        }
        if !around.has_volume(name) {
            e.not_found(&path.child("name"), name, "");
        }
        if mount.is_empty() {
            e.required(&path.child("mountPath"), "");
        }
        if !paths.insert(mount) {
            e.invalid(&path.child("mountPath"), mount, "must be unique");
        }
        if devices.iter().any(|d| d.text("name") == name) {
            e.invalid(&path.child("name"), name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|d| d.text("devicePath") == mount) {
            e.invalid(&path.child("mountPath"), mount, "must not already exist as a path in volumeDevices");
        }
        // The path lacks the index upstream too.
        if !m.text("subPath").is_empty() {
            volume::local_path(m.text("subPath"), &at.child("subPath"), e);
        }
        if !m.text("subPathExpr").is_empty() {
            if !m.text("subPath").is_empty() {
                e.invalid(&path.child("subPathExpr"), m.text("subPathExpr"), "subPathExpr and subPath are mutually exclusive");
            }
            volume::local_path(m.text("subPathExpr"), &at.child("subPathExpr"), e);
        }
        if let Some(p) = m.some("mountPropagation").and_then(Value::as_str) {
            let privileged = c["securityContext"].flag("privileged") == Some(true);
            if !matches!(p, "None" | "HostToContainer" | "Bidirectional") {
                e.unsupported(&at.child("mountPropagation"), p, &["Bidirectional", "HostToContainer", "None"]);
            } else if p == "Bidirectional" && !privileged {
                e.forbidden(&at.child("mountPropagation"), "Bidirectional mount propagation is available only to privileged containers");
            }
        }
    }
}

fn devices(c: &Value, around: &Around, at: &Path, e: &mut Errors) {
    let (mut names_seen, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (i, d) in c.list("volumeDevices").iter().enumerate() {
        let path = at.index(i);
        let (name, device) = (d.text("name"), d.text("devicePath"));
        if name.is_empty() {
            e.required(&path.child("name"), "");
        }
        if !names_seen.insert(name) {
            e.invalid(&path.child("name"), name, "must be unique");
        }
        match around.volumes.iter().find(|(n, _)| n == name) {
            Some((_, true)) => {}
            Some(_) => {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                e.invalid(&path.child("name"), name, detail);
            }
            None => e.not_found(&path.child("name"), name, ""),
        }
        if device.is_empty() {
            e.required(&path.child("devicePath"), "");
        }
        if !paths.insert(device) {
            e.invalid(&path.child("devicePath"), device, "must be unique");
        }
        if device.split('/').any(|p| p == "..") {
            e.invalid(&path.child("devicePath"), device, "can not contain backsteps ('..')");
        }
        if c.list("volumeMounts").iter().any(|m| m.text("name") == name) {
            e.invalid(&path.child("name"), name, "must not already exist in volumeMounts");
        }
    }
}

fn resize_policy(list: &[Value], around: &Around, at: &Path, e: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, p) in list.iter().enumerate() {
        let (resource, policy) = (p.text("resourceName"), p.text("restartPolicy"));
        if !seen.insert(resource) {
            e.duplicate(&at.index(i), resource);
        }
        e.one_of(at, resource, &["cpu", "memory"]);
        e.one_of(at, policy, &["NotRequired", "RestartContainer"]);
        if around.restart_policy == "Never" && policy != "NotRequired" {
            e.invalid(at, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }
    }
}

fn hooks_and_probes(c: &Value, around: &Around, at: &Path, e: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        if let Some(h) = c["lifecycle"].some(hook) {
            handler(h, around.grace, &at.child("lifecycle").child(hook), e);
        }
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(p) = c.some(key) {
            probe(key, p, around.grace, &at.child(key), e);
        }
    }
}

fn probe(key: &str, p: &Value, grace: Option<i64>, at: &Path, e: &mut Errors) {
    handler(p, grace, at, e);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        e.nonnegative(&at.child(field), p.int(field));
    }
    let own_grace = p.int("terminationGracePeriodSeconds");
    if let Some(n) = own_grace.filter(|n| *n <= 0) {
        e.invalid(&at.child("terminationGracePeriodSeconds"), n, "must be greater than 0");
    }
    if key == "readinessProbe" {
        if let Some(n) = own_grace {
            e.invalid(&at.child("terminationGracePeriodSeconds"), n, "must not be set for readinessProbes");
        }
    } else if let Some(n) = p.int("successThreshold").filter(|n| *n != 1) {
        e.invalid(&at.child("successThreshold"), n, "must be 1");
    }
}

/// The one handler of a probe or hook.
fn handler(h: &Value, grace: Option<i64>, at: &Path, e: &mut Errors) {
    let mut found = false;
    for key in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let Some(a) = h.some(key) else { continue };
        let path = at.child(key);
        if found {
            e.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        found = true;
        match key {
            "exec" if a.list("command").is_empty() => e.required(&path.child("command"), ""),
            "httpGet" => http_get(a, &path, e),
            "tcpSocket" => number_or_name(&a["port"], &path.child("port"), e),
            "grpc" => number(a.int("port").unwrap_or(0), &path.child("port"), e),
            "sleep" => {
                let (seconds, grace) = (a.int("seconds").unwrap_or(0), grace.unwrap_or(0));
                if seconds < 0 || seconds > grace {
                    e.invalid(&path, seconds, format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})"));
                }
            }
            _ => {}
        }
    }
    if !found {
        e.required(at, "must specify a handler type");
    }
}

fn http_get(a: &Value, at: &Path, e: &mut Errors) {
    if a.text("path").is_empty() {
        e.required(&at.child("path"), "");
    }
    number_or_name(&a["port"], &at.child("port"), e);
    if !matches!(a.text("scheme"), "HTTP" | "HTTPS") {
        e.unsupported(&at.child("scheme"), a.text("scheme"), &["HTTP", "HTTPS"]);
    }
    for h in a.list("httpHeaders") {
        e.invalids(&at.child("httpHeaders"), h.text("name"), names::header_name(h.text("name")));
    }
}
