//! Cells of what the cluster is made of: nodes, storage, configuration, policies, events.
//! Follows: pkg/printers/internalversion/printers.go.

use serde_json::Value;

use crate::worlds::kubernetes::kinds::Kind;

use super::super::shell::{Item, at, int_at, list_at, pairs_at, plain, text_at};
use super::age;
use super::cells::{age_of, label_selector, or};
use super::table::Moment;

fn name(item: &Item) -> String {
    item.name().to_string()
}

pub(super) fn name_age(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), age_of(item, m)]
}

pub(super) fn name_created(item: &Item, _: Moment) -> Vec<String> {
    vec![name(item), text_at(&item.json, "metadata.creationTimestamp").into()]
}

/// Roles of a node from its labels, sorted.
pub(in crate::worlds::kubernetes::console) fn roles(node: &Value) -> String {
    let mut out: Vec<&str> = pairs_at(node, "metadata.labels")
        .into_iter()
        .filter_map(|(k, v)| match k.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role).filter(|r| !r.is_empty()),
            None => Some(v).filter(|v| k == "kubernetes.io/role" && !v.is_empty()),
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    or(&out.join(","), "<none>")
}

pub(super) fn node(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let ready = list_at(v, "status.conditions").iter().find(|c| c["type"] == "Ready");
    let mut status = match ready {
        Some(c) if c["status"] == "True" => "Ready".to_string(),
        Some(_) => "NotReady".into(),
        None => "Unknown".into(),
    };
    if v["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = list_at(v, "status.addresses").iter().find(|a| a["type"] == kind);
        found.map_or("<none>".into(), |a| text_at(a, "address").to_string())
    };
    let info = |k: &str| or(text_at(&v["status"]["nodeInfo"], k), "<unknown>");
    let kernel = match (text_at(v, "status.nodeInfo.kernelVersion"), text_at(v, "status.nodeInfo.architecture")) {
        ("", _) => "<unknown>".to_string(),
        (k, "") => k.into(),
        (k, a) => format!("{k} ({a})"),
    };
    vec![
        name(item),
        status,
        roles(v),
        age_of(item, m),
        text_at(v, "status.nodeInfo.kubeletVersion").into(),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        kernel,
        info("containerRuntimeVersion"),
    ]
}

/// When an Event was seen for the first and the last time.
pub(in crate::worlds::kubernetes::console) fn event_times(v: &Value) -> (&str, &str) {
    let text = |k: &str| Some(text_at(v, k)).filter(|t| !t.is_empty());
    let first = text("firstTimestamp").or_else(|| text("eventTime")).unwrap_or_default();
    let last = text("series.lastObservedTime").or_else(|| text("lastTimestamp")).unwrap_or(first);
    (first, last)
}

pub(in crate::worlds::kubernetes::console) fn event_count(v: &Value) -> i64 {
    v["series"]["count"].as_i64().or(v["count"].as_i64()).filter(|n| *n > 0).unwrap_or(1)
}

pub(super) fn event(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let (first, last) = event_times(v);
    let about = &v["involvedObject"];
    let mut row = vec![
        age::since(last, m.now, m.epoch),
        text_at(v, "type").into(),
        text_at(v, "reason").into(),
        format!("{}/{}", text_at(about, "kind").to_ascii_lowercase(), text_at(about, "name")),
    ];
    if m.wide {
        let component = Some(text_at(v, "source.component")).filter(|c| !c.is_empty()).unwrap_or(text_at(v, "reportingComponent"));
        let host = Some(text_at(v, "source.host")).filter(|c| !c.is_empty()).unwrap_or(text_at(v, "reportingInstance"));
        row.push(text_at(about, "fieldPath").into());
        row.push([component, host].iter().filter(|s| !s.is_empty()).copied().collect::<Vec<_>>().join(", "));
    }
    row.push(text_at(v, "message").trim().to_string());
    if m.wide {
        row.push(age::since(first, m.now, m.epoch));
        row.push(event_count(v).to_string());
        row.push(name(item));
    }
    row
}

/// `RWO,ROX`, in the order of the API's constants.
pub(in crate::worlds::kubernetes::console) fn access_modes(list: &[Value]) -> String {
    const MODES: &[(&str, &str)] =
        &[("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    MODES.iter().filter(|(long, _)| list.iter().any(|m| m == long)).map(|(_, s)| *s).collect::<Vec<_>>().join(",")
}

fn phase(v: &Value) -> String {
    if v["metadata"]["deletionTimestamp"].is_null() { text_at(v, "status.phase").into() } else { "Terminating".into() }
}

pub(super) fn pv(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let claim = &v["spec"]["claimRef"];
    let claim = if claim.is_null() { String::new() } else { format!("{}/{}", text_at(claim, "namespace"), text_at(claim, "name")) };
    vec![
        name(item),
        plain(at(v, "spec.capacity.storage")),
        access_modes(list_at(v, "spec.accessModes")),
        text_at(v, "spec.persistentVolumeReclaimPolicy").into(),
        phase(v),
        claim,
        text_at(v, "spec.storageClassName").into(),
        or(text_at(v, "spec.volumeAttributesClassName"), "<unset>"),
        text_at(v, "status.reason").into(),
        age_of(item, m),
        or(text_at(v, "spec.volumeMode"), "<unset>"),
    ]
}

pub(super) fn pvc(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let volume = text_at(v, "spec.volumeName");
    let (capacity, modes) = match volume {
        "" => (String::new(), String::new()),
        _ => (plain(at(v, "status.capacity.storage")), access_modes(list_at(v, "status.accessModes"))),
    };
    vec![
        name(item),
        phase(v),
        volume.into(),
        capacity,
        modes,
        text_at(v, "spec.storageClassName").into(),
        or(text_at(v, "spec.volumeAttributesClassName"), "<unset>"),
        age_of(item, m),
        or(text_at(v, "spec.volumeMode"), "<unset>"),
    ]
}

pub(super) fn storage_class(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let default = v["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    vec![
        if default { format!("{} (default)", item.name()) } else { name(item) },
        text_at(v, "provisioner").into(),
        or(text_at(v, "reclaimPolicy"), "Delete"),
        or(text_at(v, "volumeBindingMode"), "Immediate"),
        v["allowVolumeExpansion"].as_bool().unwrap_or(false).to_string(),
        age_of(item, m),
    ]
}

pub(super) fn ingress_class(item: &Item, m: Moment) -> Vec<String> {
    let p = &item.json["spec"]["parameters"];
    let parameters = match (p.is_null(), text_at(p, "apiGroup")) {
        (true, _) => "<none>".into(),
        (_, "") => format!("{}/{}", text_at(p, "kind"), text_at(p, "name")),
        (_, group) => format!("{}.{group}/{}", text_at(p, "kind"), text_at(p, "name")),
    };
    vec![name(item), text_at(&item.json, "spec.controller").into(), parameters, age_of(item, m)]
}

fn size(v: &Value) -> usize {
    v.as_object().map_or(0, |m| m.len())
}

pub(super) fn config_map(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    vec![name(item), (size(&v["data"]) + size(&v["binaryData"])).to_string(), age_of(item, m)]
}

pub(super) fn secret(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    vec![name(item), text_at(v, "type").into(), size(&v["data"]).to_string(), age_of(item, m)]
}

pub(super) fn namespace(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), text_at(&item.json, "status.phase").into(), age_of(item, m)]
}

pub(super) fn quota(item: &Item, m: Moment) -> Vec<String> {
    let status = &item.json["status"];
    let mut hard: Vec<(&String, &Value)> = status["hard"].as_object().into_iter().flatten().collect();
    hard.sort_by_key(|(k, _)| k.as_str());
    let line = |limits: bool| {
        let of = |(k, v): &(&String, &Value)| {
            let used = &status["used"][k.as_str()];
            format!("{k}: {}/{}", if used.is_null() { "0".into() } else { plain(used) }, plain(v))
        };
        let is_limit = |k: &str| k.starts_with("limits.");
        hard.iter().filter(|(k, _)| is_limit(k) == limits).map(of).collect::<Vec<_>>().join(", ")
    };
    vec![name(item), line(false), line(true), age_of(item, m)]
}

pub(super) fn network_policy(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), label_selector(&item.json["spec"]["podSelector"]), age_of(item, m)]
}

pub(super) fn lease(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), text_at(&item.json, "spec.holderIdentity").into(), age_of(item, m)]
}

pub(super) fn priority_class(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    vec![
        name(item),
        int_at(v, "value").to_string(),
        v["globalDefault"].as_bool().unwrap_or(false).to_string(),
        age_of(item, m),
        or(text_at(v, "preemptionPolicy"), "PreemptLowerPriority"),
    ]
}

pub(super) fn runtime_class(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), text_at(&item.json, "handler").into(), age_of(item, m)]
}

pub(super) fn csi_node(item: &Item, m: Moment) -> Vec<String> {
    vec![name(item), list_at(&item.json, "spec.drivers").len().to_string(), age_of(item, m)]
}

pub(super) fn csi_driver(item: &Item, m: Moment) -> Vec<String> {
    let s = &item.json["spec"];
    let yes = |k: &str, default: bool| s[k].as_bool().unwrap_or(default).to_string();
    let tokens = list_at(s, "tokenRequests").iter().map(|t| text_at(t, "audience")).collect::<Vec<_>>().join(",");
    let modes = list_at(s, "volumeLifecycleModes").iter().map(plain).collect::<Vec<_>>().join(",");
    vec![
        name(item),
        yes("attachRequired", true),
        yes("podInfoOnMount", false),
        yes("storageCapacity", false),
        or(&tokens, "<unset>"),
        yes("requiresRepublish", false),
        or(&modes, "<none>"),
        age_of(item, m),
    ]
}

pub(super) fn csi_storage_capacity(item: &Item, _: Moment) -> Vec<String> {
    vec![name(item), text_at(&item.json, "storageClassName").into(), text_at(&item.json, "capacity").into()]
}

pub(super) fn volume_attachment(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    vec![
        name(item),
        text_at(v, "spec.attacher").into(),
        text_at(v, "spec.source.persistentVolumeName").into(),
        text_at(v, "spec.nodeName").into(),
        v["status"]["attached"].as_bool().unwrap_or(false).to_string(),
        age_of(item, m),
    ]
}

pub(super) fn controller_revision(item: &Item, m: Moment) -> Vec<String> {
    let owner = item.object.meta().controller().map_or("<none>".to_string(), |o| {
        let group = o.api_version.split_once('/').map_or(String::new(), |(g, _)| format!(".{g}"));
        format!("{}{group}/{}", o.kind.to_ascii_lowercase(), o.name)
    });
    vec![name(item), owner, int_at(&item.json, "revision").to_string(), age_of(item, m)]
}

pub(super) fn role_binding(item: &Item, m: Moment) -> Vec<String> {
    let v = &item.json;
    let of = |kind: &str| {
        list_at(v, "subjects")
            .iter()
            .filter(|s| s["kind"] == kind)
            .map(|s| match text_at(s, "namespace") {
                "" => text_at(s, "name").to_string(),
                ns => format!("{ns}/{}", text_at(s, "name")),
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let role = format!("{}/{}", text_at(v, "roleRef.kind"), text_at(v, "roleRef.name"));
    let mut row = vec![name(item), role, age_of(item, m), of("User"), of("Group"), of("ServiceAccount")];
    if item.kind == Kind::ClusterRoleBinding {
        row[1] = format!("ClusterRole/{}", text_at(v, "roleRef.name"));
    }
    row
}
