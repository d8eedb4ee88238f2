//! Cells of what runs and of the network: pods, workloads, services, autoscalers.
//! Follows: pkg/printers/internalversion/printers.go.

use serde_json::Value;

use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::kinds::pod_word::pod_word;

use super::super::shell::{Item, at, int_at, list_at, pairs_at, plain, pod_spec_path, text_at};
use super::age;
use super::table::Moment;

pub(super) fn age_of(item: &Item, m: Moment) -> String {
    age::since(text_at(&item.json, "metadata.creationTimestamp"), m.now, m.epoch)
}

pub(super) fn or<'t>(text: &'t str, instead: &'t str) -> String {
    if text.is_empty() { instead.into() } else { text.into() }
}

fn name(item: &Item) -> String {
    item.name().to_string()
}

/// Container names and images of a pod template.
fn containers(item: &Item) -> [String; 2] {
    let path = pod_spec_path(item.kind).unwrap_or("spec");
    let list = list_at(at(&item.json, path), "containers");
    let join = |field: &str| list.iter().map(|c| text_at(c, field)).collect::<Vec<_>>().join(",");
    [join("name"), join("image")]
}

/// apimachinery/pkg/apis/meta/v1/helpers.go, FormatLabelSelector
pub(in crate::worlds::kubernetes::console) fn label_selector(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> =
        pairs_at(selector, "matchLabels").iter().map(|(k, v)| ((*k).to_string(), format!("{k}={v}"))).collect();
    for e in list_at(selector, "matchExpressions") {
        let key = text_at(e, "key").to_string();
        let mut values: Vec<String> = list_at(e, "values").iter().map(plain).collect();
        values.sort();
        let text = match text_at(e, "operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        parts.push((key, text));
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    let text = parts.into_iter().map(|(_, t)| t).collect::<Vec<_>>().join(",");
    or(&text, "<none>")
}

fn map_text(map: &Value) -> String {
    let text = map.as_object().map_or_else(String::new, |_| {
        let mut pairs: Vec<String> = map.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
        pairs.sort();
        pairs.join(",")
    });
    or(&text, "<none>")
}

pub(super) fn pod(item: &Item, m: Moment) -> Vec<String> {
    let Object::Pod(pod) = &item.object else { return vec![name(item)] };
    let w = pod_word(pod);
    let restarts = match w.last_restart {
        Some(at) if w.restarts > 0 => format!("{} ({} ago)", w.restarts, age::since(&m.epoch.rfc3339(at), m.now, m.epoch)),
        _ => w.restarts.to_string(),
    };
    let gates = list_at(&item.json, "spec.readinessGates");
    let gates = if gates.is_empty() {
        "<none>".to_string()
    } else {
        let passed =
            |g: &&Value| list_at(&item.json, "status.conditions").iter().any(|c| c["type"] == g["conditionType"] && c["status"] == "True");
        format!("{}/{}", gates.iter().filter(passed).count(), gates.len())
    };
    vec![
        name(item),
        format!("{}/{}", w.ready, w.total),
        w.status,
        restarts,
        age_of(item, m),
        or(text_at(&item.json, "status.podIP"), "<none>"),
        or(text_at(&item.json, "spec.nodeName"), "<none>"),
        or(text_at(&item.json, "status.nominatedNodeName"), "<none>"),
        gates,
    ]
}

pub(super) fn deployment(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    vec![
        name(item),
        format!("{}/{}", int_at(v, "status.readyReplicas"), int_at(v, "spec.replicas")),
        int_at(v, "status.updatedReplicas").to_string(),
        int_at(v, "status.availableReplicas").to_string(),
        age_of(item, m),
        names,
        images,
        label_selector(&v["spec"]["selector"]),
    ]
}

pub(super) fn replica_set(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    let selector = &v["spec"]["selector"];
    vec![
        name(item),
        int_at(v, "spec.replicas").to_string(),
        int_at(v, "status.replicas").to_string(),
        int_at(v, "status.readyReplicas").to_string(),
        age_of(item, m),
        names,
        images,
        if item.kind == Kind::ReplicationController { map_text(selector) } else { label_selector(selector) },
    ]
}

pub(super) fn stateful_set(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    vec![name(item), format!("{}/{}", int_at(v, "status.readyReplicas"), int_at(v, "spec.replicas")), age_of(item, m), names, images]
}

pub(super) fn daemon_set(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    let n = |k: &str| int_at(&v["status"], k).to_string();
    vec![
        name(item),
        n("desiredNumberScheduled"),
        n("currentNumberScheduled"),
        n("numberReady"),
        n("updatedNumberScheduled"),
        n("numberAvailable"),
        map_text(&v["spec"]["template"]["spec"]["nodeSelector"]),
        age_of(item, m),
        names,
        images,
        label_selector(&v["spec"]["selector"]),
    ]
}

fn has_condition(v: &Value, kind: &str) -> bool {
    list_at(v, "status.conditions").iter().any(|c| c["type"] == kind && c["status"] == "True")
}

/// STATUS of a Job.
pub(in crate::worlds::kubernetes::console) fn job_status(v: &Value) -> &'static str {
    let is = |kind: &str| has_condition(v, kind);
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if !v["metadata"]["deletionTimestamp"].is_null() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

pub(super) fn job(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    let done = int_at(v, "status.succeeded");
    let completions = match (v["spec"]["completions"].as_i64(), int_at(v, "spec.parallelism")) {
        (Some(n), _) => format!("{done}/{n}"),
        (None, p) if p > 1 => format!("{done}/1 of {p}"),
        _ => format!("{done}/1"),
    };
    let (start, end) = (text_at(v, "status.startTime"), text_at(v, "status.completionTime"));
    let duration = match (start, end) {
        ("", _) => String::new(),
        (s, "") => age::since(s, m.now, m.epoch),
        (s, e) => age::between(s, e).unwrap_or_default(),
    };
    let selector = label_selector(&v["spec"]["selector"]);
    vec![name(item), job_status(v).into(), completions, duration, age_of(item, m), names, images, selector]
}

pub(super) fn cron_job(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let [names, images] = containers(item);
    let suspend = match v["spec"]["suspend"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = match text_at(v, "status.lastScheduleTime") {
        "" => "<none>".into(),
        t => age::since(t, m.now, m.epoch),
    };
    vec![
        name(item),
        text_at(v, "spec.schedule").into(),
        or(text_at(v, "spec.timeZone"), "<none>"),
        suspend.into(),
        list_at(v, "status.active").len().to_string(),
        last,
        age_of(item, m),
        names,
        images,
        label_selector(&v["spec"]["jobTemplate"]["spec"]["selector"]),
    ]
}

/// Addresses of a load balancer, sorted, without repetitions.
fn ingress_addresses(status: &Value) -> Vec<String> {
    let mut out: Vec<String> = list_at(status, "loadBalancer.ingress")
        .iter()
        .filter_map(|i| i["ip"].as_str().filter(|s| !s.is_empty()).or(i["hostname"].as_str()).map(String::from))
        .collect();
    out.sort();
    out.dedup();
    out
}

fn load_balancer(status: &Value, wide: bool) -> String {
    let text = ingress_addresses(status).join(",");
    // loadBalancerWidth
    if !wide && text.chars().count() > 16 { format!("{}...", text.chars().take(13).collect::<String>()) } else { text }
}

pub(super) fn service(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let kind = text_at(v, "spec.type");
    let external = list_at(v, "spec.externalIPs").iter().map(plain).collect::<Vec<_>>().join(",");
    let external = match kind {
        "ExternalName" => text_at(v, "spec.externalName").into(),
        "LoadBalancer" => {
            let lb = load_balancer(&v["status"], m.wide);
            match (lb.is_empty(), external.is_empty()) {
                (true, true) => "<pending>".into(),
                (true, false) => external,
                (false, true) => lb,
                (false, false) => format!("{lb},{external}"),
            }
        }
        _ => or(&external, "<none>"),
    };
    let ports: Vec<String> = list_at(v, "spec.ports")
        .iter()
        .map(|p| {
            let protocol = p["protocol"].as_str().unwrap_or("TCP");
            match int_at(p, "nodePort") {
                0 => format!("{}/{protocol}", int_at(p, "port")),
                n => format!("{}:{n}/{protocol}", int_at(p, "port")),
            }
        })
        .collect();
    vec![
        name(item),
        kind.into(),
        or(text_at(v, "spec.clusterIP"), "<none>"),
        external,
        or(&ports.join(","), "<none>"),
        age_of(item, m),
        map_text(&v["spec"]["selector"]),
    ]
}

/// The first three of a list, and how many more there are.
pub(in crate::worlds::kubernetes::console) fn first_three(list: &[String]) -> String {
    let shown = list.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if list.len() > 3 { format!("{shown} + {} more...", list.len() - 3) } else { shown }
}

pub(super) fn endpoints(item: &Item, m: Moment) -> Vec<String> {
    let subsets = list_at(&item.json, "subsets");
    let mut all = Vec::new();
    for s in subsets {
        let ports = list_at(s, "ports");
        for a in list_at(s, "addresses") {
            if ports.is_empty() {
                all.push(text_at(a, "ip").to_string());
            }
            all.extend(ports.iter().map(|p| format!("{}:{}", text_at(a, "ip"), int_at(p, "port"))));
        }
    }
    vec![name(item), if subsets.is_empty() { "<none>".into() } else { first_three(&all) }, age_of(item, m)]
}

pub(super) fn endpoint_slice(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let ports: Vec<String> = list_at(v, "ports")
        .iter()
        .map(|p| match (p["port"].as_i64(), text_at(p, "name")) {
            (Some(n), _) => n.to_string(),
            (None, "") => "*".into(),
            (None, n) => n.into(),
        })
        .collect();
    let addresses: Vec<String> = list_at(v, "endpoints").iter().flat_map(|e| list_at(e, "addresses")).map(plain).collect();
    let shown = |l: &[String]| if l.is_empty() { "<unset>".to_string() } else { first_three(l) };
    vec![name(item), text_at(v, "addressType").into(), shown(&ports), shown(&addresses), age_of(item, m)]
}

pub(super) fn ingress(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let hosts: Vec<String> = list_at(v, "spec.rules").iter().map(|r| text_at(r, "host").to_string()).filter(|h| !h.is_empty()).collect();
    let hosts = if hosts.is_empty() { "*".into() } else { first_three(&hosts) };
    let ports = if list_at(v, "spec.tls").is_empty() { "80" } else { "80, 443" };
    vec![
        name(item),
        or(text_at(v, "spec.ingressClassName"), "<none>"),
        hosts,
        load_balancer(&v["status"], m.wide),
        ports.into(),
        age_of(item, m),
    ]
}

/// One entry of an autoscaler's TARGETS.
fn target(spec: &Value, current: Option<&Value>) -> String {
    let kind = text_at(spec, "type");
    let field = match kind {
        "ContainerResource" => "containerResource",
        "Resource" => "resource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".into(),
    };
    let (want, now) = (&spec[field]["target"], current.map_or(&Value::Null, |c| &c[field]["current"]));
    let text = |v: &Value, instead: &str| if v.is_null() { instead.to_string() } else { plain(v) };
    match kind {
        "Resource" | "ContainerResource" => {
            let name = text_at(spec, &format!("{field}.name"));
            if !want["averageValue"].is_null() {
                return format!("{name}: {}/{}", text(&now["averageValue"], "<unknown>"), plain(&want["averageValue"]));
            }
            let percent = |v: &Value, instead: &str| v.as_i64().map_or(instead.to_string(), |n| format!("{n}%"));
            format!("{name}: {}/{}", percent(&now["averageUtilization"], "<unknown>"), percent(&want["averageUtilization"], "<auto>"))
        }
        _ if !want["averageValue"].is_null() && kind != "Pods" => {
            format!("{}/{} (avg)", text(&now["averageValue"], "<unknown>"), plain(&want["averageValue"]))
        }
        "Pods" => format!("{}/{}", text(&now["averageValue"], "<unknown>"), plain(&want["averageValue"])),
        _ => format!("{}/{}", text(&now["value"], "<unknown>"), plain(&want["value"])),
    }
}

pub(super) fn hpa(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let (specs, now) = (list_at(v, "spec.metrics"), list_at(v, "status.currentMetrics"));
    let shown: Vec<String> = specs.iter().enumerate().take(2).map(|(i, s)| target(s, now.get(i))).collect();
    let targets = match (shown.len(), specs.len()) {
        (0, _) => "<none>".to_string(),
        (_, n) if n > 2 => format!("{} + {} more...", shown.join(", "), n - 2),
        _ => shown.join(", "),
    };
    vec![
        name(item),
        format!("{}/{}", text_at(v, "spec.scaleTargetRef.kind"), text_at(v, "spec.scaleTargetRef.name")),
        targets,
        v["spec"]["minReplicas"].as_i64().map_or("<unset>".into(), |n| n.to_string()),
        int_at(v, "spec.maxReplicas").to_string(),
        int_at(v, "status.currentReplicas").to_string(),
        age_of(item, m),
    ]
}

pub(super) fn pdb(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let bound = |k: &str| or(&plain(&v["spec"][k]), "N/A");
    vec![name(item), bound("minAvailable"), bound("maxUnavailable"), int_at(v, "status.disruptionsAllowed").to_string(), age_of(item, m)]
}
