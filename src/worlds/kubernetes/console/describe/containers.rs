//! Containers of pods and pod templates.

use serde_json::Value;

use super::super::print::age;
use super::super::shell::{list_at, plain, text_at};
use super::{Writer, labels, none_if_empty, volumes};

/// `Pod Template:` of workloads.
pub(in super::super) fn pod_template(w: &mut Writer, template: &Value) {
    w.line(0, "Pod Template:");
    if template.is_null() {
        w.line(0, "  <unset>");
        return;
    }
    labels(w, 1, "Labels", &template["metadata"]["labels"]);
    if template["metadata"]["annotations"].as_object().is_some_and(|m| !m.is_empty()) {
        super::annotations(w, 1, "Annotations", &template["metadata"]["annotations"]);
    }
    let spec = &template["spec"];
    w.some(1, "Service Account", text_at(spec, "serviceAccountName"));
    if !list_at(spec, "initContainers").is_empty() {
        containers(w, "Init Containers", list_at(spec, "initContainers"), &[], "  ");
    }
    containers(w, "Containers", list_at(spec, "containers"), &[], "  ");
    volumes::volumes(w, list_at(spec, "volumes"), "  ");
    spread(w, spec, "  ");
    w.some(1, "Priority Class Name", text_at(spec, "priorityClassName"));
    labels(w, 1, "Node-Selectors", &spec["nodeSelector"]);
    tolerations(w, 1, spec);
}

/// Topology spread constraints, if there are any.
pub(super) fn spread(w: &mut Writer, spec: &Value, space: &str) {
    let mut list: Vec<&Value> = list_at(spec, "topologySpreadConstraints").iter().collect();
    list.sort_by_key(|c| text_at(c, "topologyKey"));
    for (i, c) in list.into_iter().enumerate() {
        let head = if i == 0 { format!("{space}Topology Spread Constraints:") } else { space.to_string() };
        let when = text_at(c, "whenUnsatisfiable");
        let text = format!("{head}\t{}:{when} when max skew {} is exceeded", text_at(c, "topologyKey"), plain(&c["maxSkew"]));
        let selector = &c["labelSelector"];
        let text =
            if selector.is_null() { text } else { format!("{text} for selector {}", super::super::print::cells::label_selector(selector)) };
        w.line(0, text);
    }
}

/// Tolerations, sorted by key. Follows printTolerationsInMultilineWithIndent.
pub(super) fn tolerations(w: &mut Writer, level: usize, spec: &Value) {
    let mut list: Vec<&Value> = list_at(spec, "tolerations").iter().collect();
    if list.is_empty() {
        w.field(level, "Tolerations", "<none>");
        return;
    }
    list.sort_by_key(|t| text_at(t, "key"));
    for (i, t) in list.into_iter().enumerate() {
        let mut text = text_at(t, "key").to_string();
        if !text_at(t, "value").is_empty() {
            text.push_str(&format!("={}", text_at(t, "value")));
        }
        if !text_at(t, "effect").is_empty() {
            text.push_str(&format!(":{}", text_at(t, "effect")));
        }
        // A bare `op=Exists` stands for everything.
        if text_at(t, "operator") == "Exists" && text_at(t, "value").is_empty() {
            if text_at(t, "key").is_empty() && text_at(t, "effect").is_empty() {
                text.push_str("op=Exists");
            } else {
                text.push_str(" op=Exists");
            }
        }
        if let Some(s) = t["tolerationSeconds"].as_i64() {
            text.push_str(&format!(" for {s}s"));
        }
        if i == 0 {
            w.field(level, "Tolerations", text);
        } else {
            w.line(level, format!("\t{text}"));
        }
    }
}

/// `Containers:` with their statuses, if there are any; `space` stands before the title.
pub(super) fn containers(w: &mut Writer, title: &str, list: &[Value], statuses: &[Value], space: &str) {
    let none = if list.is_empty() { " <none>" } else { "" };
    w.line(0, format!("{space}{title}:{none}"));
    for c in list {
        let status = statuses.iter().find(|s| s["name"] == c["name"]);
        container(w, c, status, space);
    }
}

fn container(w: &mut Writer, c: &Value, status: Option<&Value>, space: &str) {
    let indent = if space.is_empty() { "" } else { " " };
    w.line(1, format!("{indent}{}:", text_at(c, "name")));
    if let Some(s) = status {
        w.field(2, "Container ID", text_at(s, "containerID"));
    }
    w.field(2, "Image", text_at(c, "image"));
    if let Some(s) = status {
        w.field(2, "Image ID", text_at(s, "imageID"));
    }
    let ports = |field: &str| {
        let list: Vec<String> = list_at(c, "ports")
            .iter()
            .map(|p| format!("{}/{}", p[field].as_i64().unwrap_or(0), p["protocol"].as_str().unwrap_or_default()))
            .collect();
        list.join(", ")
    };
    let (inside, outside) = (ports("containerPort"), ports("hostPort"));
    let name = |one: &'static str, many: &'static str, text: &str| if text.contains(',') { many } else { one };
    w.field(2, name("Port", "Ports", &inside), none_if_empty(&inside));
    w.field(2, name("Host Port", "Host Ports", &outside), none_if_empty(&outside));
    let seccomp = &c["securityContext"]["seccompProfile"];
    if !seccomp.is_null() {
        w.field(2, "SeccompProfile", text_at(seccomp, "type"));
        w.some(3, "LocalhostProfile", text_at(seccomp, "localhostProfile"));
    }
    for (title, field) in [("Command", "command"), ("Args", "args")] {
        let words = list_at(c, field);
        if !words.is_empty() {
            w.line(2, format!("{title}:"));
            for line in words.iter().map(plain).collect::<Vec<_>>().iter().flat_map(|t| t.split('\n')) {
                w.line(3, line);
            }
        }
    }
    if let Some(s) = status {
        state(w, "State", &s["state"]);
        if !text_at(s, "lastState.terminated.finishedAt").is_empty() || s["lastState"]["terminated"].is_object() {
            state(w, "Last State", &s["lastState"]);
        }
        w.field(2, "Ready", if s["ready"] == true { "True" } else { "False" });
        w.field(2, "Restart Count", s["restartCount"].as_i64().unwrap_or(0).to_string());
    }
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let list = quantities(&c["resources"][field]);
        if !list.is_empty() {
            w.line(2, format!("{title}:"));
            for (k, v) in list {
                w.field(3, &k, v);
            }
        }
    }
    for (title, field) in [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")] {
        if !c[field].is_null() {
            w.field(2, title, probe(&c[field]));
        }
    }
    environment(w, c);
    mounts(w, c);
}

/// Resources, sorted.
pub(super) fn quantities(map: &Value) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = map.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), plain(v))).collect();
    out.sort();
    out
}

fn state(w: &mut Writer, title: &str, state: &Value) {
    if let Some(r) = state.get("running").filter(|r| r.is_object()) {
        w.field(2, title, "Running");
        w.field(3, "Started", age::long(text_at(r, "startedAt")));
    } else if let Some(t) = state.get("terminated").filter(|r| r.is_object()) {
        w.field(2, title, "Terminated");
        w.some(3, "Reason", text_at(t, "reason"));
        w.some(3, "Message", text_at(t, "message"));
        w.field(3, "Exit Code", t["exitCode"].as_i64().unwrap_or(0).to_string());
        if let Some(s) = t["signal"].as_i64().filter(|s| *s > 0) {
            w.field(3, "Signal", s.to_string());
        }
        w.field(3, "Started", age::long(text_at(t, "startedAt")));
        w.field(3, "Finished", age::long(text_at(t, "finishedAt")));
    } else {
        w.field(2, title, "Waiting");
        let waiting = &state["waiting"];
        w.some(3, "Reason", text_at(waiting, "reason"));
        w.some(3, "Message", text_at(waiting, "message"));
    }
}

/// One line about a probe. Follows DescribeProbe.
fn probe(p: &Value) -> String {
    let n = |k: &str| p[k].as_i64().unwrap_or(0);
    let duration = |s: i64| if s == 0 { "0s".to_string() } else { crate::kernel::SimDuration::from_secs(s.unsigned_abs()).to_string() };
    let attributes = format!(
        "delay={} timeout={} period={} #success={} #failure={}",
        duration(n("initialDelaySeconds")),
        duration(n("timeoutSeconds")),
        duration(n("periodSeconds")),
        n("successThreshold"),
        n("failureThreshold")
    );
    if let Some(e) = p.get("exec").filter(|e| e.is_object()) {
        let words: Vec<String> = list_at(e, "command").iter().map(plain).collect();
        return format!("exec [{}] {attributes}", words.join(" "));
    }
    if let Some(h) = p.get("httpGet").filter(|h| h.is_object()) {
        let scheme = h["scheme"].as_str().unwrap_or("http").to_ascii_lowercase();
        let port = plain(&h["port"]);
        let port = if port.is_empty() { String::new() } else { format!(":{port}") };
        let path = text_at(h, "path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        return format!("http-get {scheme}://{}{port}{slash}{path} {attributes}", text_at(h, "host"));
    }
    if let Some(t) = p.get("tcpSocket").filter(|t| t.is_object()) {
        return format!("tcp-socket {}:{} {attributes}", text_at(t, "host"), plain(&t["port"]));
    }
    if let Some(g) = p.get("grpc").filter(|g| g.is_object()) {
        return format!("grpc <pod>:{} {} {attributes}", plain(&g["port"]), text_at(g, "service"));
    }
    format!("unknown {attributes}")
}

fn environment(w: &mut Writer, c: &Value) {
    let from = list_at(c, "envFrom");
    if !from.is_empty() {
        w.line(2, "Environment Variables from:");
        for e in from {
            let (kind, r) = if e["configMapRef"].is_object() { ("ConfigMap", &e["configMapRef"]) } else { ("Secret", &e["secretRef"]) };
            let prefix = text_at(e, "prefix");
            let prefix = if prefix.is_empty() { String::new() } else { format!(" with prefix '{prefix}'") };
            w.line(3, format!("{}\t{kind}{prefix}\tOptional: {}", text_at(r, "name"), r["optional"].as_bool().unwrap_or(false)));
        }
    }
    let list = list_at(c, "env");
    let none = if list.is_empty() { "\t<none>" } else { "" };
    w.line(2, format!("Environment:{none}"));
    for e in list {
        let name = text_at(e, "name");
        let source = &e["valueFrom"];
        if let Some(f) = source.get("fieldRef").filter(|f| f.is_object()) {
            w.line(3, format!("{name}:\t ({}:{})", f["apiVersion"].as_str().unwrap_or("v1"), text_at(f, "fieldPath")));
        } else if let Some(r) = source.get("resourceFieldRef").filter(|f| f.is_object()) {
            w.line(3, format!("{name}:\t{} ({})", resource_field(c, r), text_at(r, "resource")));
        } else if let Some((kind, r)) = [("secret", "secretKeyRef"), ("config map", "configMapKeyRef")]
            .iter()
            .find_map(|(kind, k)| source.get(k).filter(|r| r.is_object()).map(|r| (*kind, r)))
        {
            let optional = r["optional"].as_bool().unwrap_or(false);
            w.line(
                3,
                format!("{name}:\t<set to the key '{}' in {kind} '{}'>\tOptional: {optional}", text_at(r, "key"), text_at(r, "name")),
            );
        } else {
            // Lines of one value stand under each other.
            for (i, line) in text_at(e, "value").split('\n').enumerate() {
                if i == 0 {
                    w.line(3, format!("{name}:\t{line}"));
                } else {
                    w.line(3, format!("\t{line}"));
                }
            }
        }
    }
}

/// The value that a resourceFieldRef has, from what the container itself declares.
fn resource_field(c: &Value, r: &Value) -> String {
    let resource = text_at(r, "resource");
    let (field, name) = resource.split_once('.').unwrap_or(("limits", resource));
    let value = plain(&c["resources"][field][name]);
    if value.is_empty() { "node allocatable".into() } else { value }
}

fn mounts(w: &mut Writer, c: &Value) {
    let mut list: Vec<&Value> = list_at(c, "volumeMounts").iter().collect();
    list.sort_by_key(|m| text_at(m, "mountPath"));
    let none = if list.is_empty() { "\t<none>" } else { "" };
    w.line(2, format!("Mounts:{none}"));
    for m in list {
        let mut flags = vec![if m["readOnly"] == true { "ro".to_string() } else { "rw".to_string() }];
        if !text_at(m, "subPath").is_empty() {
            flags.push(format!("path={:?}", text_at(m, "subPath")));
        }
        w.line(3, format!("{} from {} ({})", text_at(m, "mountPath"), text_at(m, "name"), flags.join(",")));
    }
    let devices = list_at(c, "volumeDevices");
    if !devices.is_empty() {
        w.line(2, "Devices:");
        for d in devices {
            w.line(3, format!("{} from {}", text_at(d, "devicePath"), text_at(d, "name")));
        }
    }
}
