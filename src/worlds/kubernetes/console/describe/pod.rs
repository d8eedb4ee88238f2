//! `describe pod`

use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::qos_class;

use super::super::print::age;
use super::super::shell::{Item, list_at, text_at};
use super::{Scene, Writer, annotations, containers, controlled_by, events, labels, volumes};

pub(super) fn pod(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    let (spec, status) = (&v["spec"], &v["status"]);
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    if let Some(p) = spec["priority"].as_i64() {
        w.field(0, "Priority", p.to_string());
    }
    w.some(0, "Priority Class Name", text_at(spec, "priorityClassName"));
    w.some(0, "Runtime Class Name", text_at(spec, "runtimeClassName"));
    w.some(0, "Service Account", text_at(spec, "serviceAccountName"));
    match text_at(spec, "nodeName") {
        "" => w.field(0, "Node", "<none>"),
        node => w.field(0, "Node", format!("{node}/{}", text_at(status, "hostIP"))),
    }
    if !text_at(status, "startTime").is_empty() {
        w.field(0, "Start Time", age::long(text_at(status, "startTime")));
    }
    labels(w, 0, "Labels", &v["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &v["metadata"]["annotations"]);
    let deleted = text_at(v, "metadata.deletionTimestamp");
    let phase = text_at(status, "phase");
    if !deleted.is_empty() && !matches!(phase, "Failed" | "Succeeded") {
        w.field(0, "Status", format!("Terminating (lasts {})", scene.age(deleted)));
        w.field(0, "Termination Grace Period", format!("{}s", v["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0)));
    } else {
        w.field(0, "Status", phase);
    }
    w.some(0, "Reason", text_at(status, "reason"));
    w.some(0, "Message", text_at(status, "message"));
    let seccomp = &spec["securityContext"]["seccompProfile"];
    if seccomp.is_object() {
        w.field(0, "SeccompProfile", text_at(seccomp, "type"));
        w.some(1, "LocalhostProfile", text_at(seccomp, "localhostProfile"));
    }
    w.field(0, "IP", text_at(status, "podIP"));
    let ips = list_at(status, "podIPs");
    if ips.is_empty() {
        w.field(0, "IPs", "<none>");
    } else {
        w.line(0, "IPs:");
        for ip in ips {
            w.field(1, "IP", text_at(ip, "ip"));
        }
    }
    w.some(0, "Controlled By", controlled_by(item));
    w.some(0, "NominatedNodeName", text_at(status, "nominatedNodeName"));
    if !list_at(spec, "initContainers").is_empty() {
        containers::containers(w, "Init Containers", list_at(spec, "initContainers"), list_at(status, "initContainerStatuses"), "");
    }
    containers::containers(w, "Containers", list_at(spec, "containers"), list_at(status, "containerStatuses"), "");
    let gates = list_at(spec, "readinessGates");
    if !gates.is_empty() {
        w.line(0, "Readiness Gates:");
        w.line(1, "Type\tStatus");
        for g in gates {
            let found = list_at(status, "conditions").iter().find(|c| c["type"] == g["conditionType"]);
            w.line(1, format!("{} \t{} ", text_at(g, "conditionType"), found.map_or("<none>", |c| text_at(c, "status"))));
        }
    }
    let conditions = list_at(status, "conditions");
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus");
        for c in conditions {
            w.line(1, format!("{} \t{} ", text_at(c, "type"), text_at(c, "status")));
        }
    }
    volumes::volumes(w, list_at(spec, "volumes"), "");
    if let Object::Pod(pod) = &item.object {
        w.field(0, "QoS Class", format!("{:?}", qos_class(&pod.spec)));
    }
    labels(w, 0, "Node-Selectors", &spec["nodeSelector"]);
    containers::tolerations(w, 0, spec);
    containers::spread(w, spec, "");
    events::events(w, scene, item);
}
