//! `describe` of PersistentVolumeClaims, PersistentVolumes and StorageClasses.

use serde_json::Value;

use crate::worlds::kubernetes::kinds::Kind;

use super::super::print::cells_cluster::access_modes;
use super::super::shell::{Item, at, list_at, plain, text_at};
use super::{Scene, Writer, annotations, events, head, labels, volumes};

fn status(scene: &Scene, v: &Value) -> String {
    match text_at(v, "metadata.deletionTimestamp") {
        "" => text_at(v, "status.phase").to_string(),
        t => format!("Terminating (lasts {})", scene.age(t)),
    }
}

/// A list as Go's `%v` prints it.
fn brackets(list: &[Value]) -> String {
    format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(" "))
}

pub(super) fn claim(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    w.field(0, "StorageClass", text_at(v, "spec.storageClassName"));
    w.field(0, "Status", status(scene, v));
    w.field(0, "Volume", text_at(v, "spec.volumeName"));
    labels(w, 0, "Labels", &v["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &v["metadata"]["annotations"]);
    w.field(0, "Finalizers", brackets(list_at(v, "metadata.finalizers")));
    let bound = !text_at(v, "spec.volumeName").is_empty();
    w.field(0, "Capacity", if bound { plain(at(v, "status.capacity.storage")) } else { String::new() });
    w.field(0, "Access Modes", if bound { access_modes(list_at(v, "status.accessModes")) } else { String::new() });
    w.some(0, "VolumeMode", text_at(v, "spec.volumeMode"));
    let uses = |p: &Item| list_at(&p.json, "spec.volumes").iter().any(|vol| vol["persistentVolumeClaim"]["claimName"] == item.name());
    let users: Vec<Item> = scene.list(Kind::Pod, item.namespace()).into_iter().filter(uses).collect();
    for (i, p) in users.iter().enumerate() {
        if i == 0 {
            w.field(0, "Used By", p.name());
        } else {
            w.line(0, format!("\t{}", p.name()));
        }
    }
    if users.is_empty() {
        w.field(0, "Used By", "<none>");
    }
    let conditions = list_at(v, "status.conditions");
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for c in conditions {
            let t = |k: &str| text_at(c, k);
            let (probe, turn) = (super::age::long(t("lastProbeTime")), super::age::long(t("lastTransitionTime")));
            w.line(1, format!("{} \t{} \t{probe} \t{turn} \t{} \t{}", t("type"), t("status"), t("reason"), t("message")));
        }
    }
    events::events(w, scene, item);
}

pub(super) fn volume(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    head(w, item);
    w.field(0, "Finalizers", brackets(list_at(v, "metadata.finalizers")));
    w.field(0, "StorageClass", text_at(v, "spec.storageClassName"));
    w.field(0, "Status", status(scene, v));
    let claim = &v["spec"]["claimRef"];
    w.field(
        0,
        "Claim",
        if claim.is_object() { format!("{}/{}", text_at(claim, "namespace"), text_at(claim, "name")) } else { String::new() },
    );
    w.field(0, "Reclaim Policy", text_at(v, "spec.persistentVolumeReclaimPolicy"));
    w.field(0, "Access Modes", access_modes(list_at(v, "spec.accessModes")));
    w.some(0, "VolumeMode", text_at(v, "spec.volumeMode"));
    w.field(0, "Capacity", plain(at(v, "spec.capacity.storage")));
    let terms = list_at(v, "spec.nodeAffinity.required.nodeSelectorTerms");
    if v["spec"]["nodeAffinity"]["required"].is_null() {
        w.field(0, "Node Affinity", "<none>");
    } else {
        w.field(0, "Node Affinity", "");
        w.field(1, "Required Terms", "");
        for (i, t) in terms.iter().enumerate() {
            let parts: Vec<String> = list_at(t, "matchExpressions")
                .iter()
                .map(|e| {
                    let values: Vec<String> = list_at(e, "values").iter().map(plain).collect();
                    format!("{} {} [{}]", text_at(e, "key"), text_at(e, "operator").to_ascii_lowercase(), values.join(", "))
                })
                .collect();
            w.field(2, &format!("Term {i}"), if parts.is_empty() { "<none>".to_string() } else { parts.join("\n                       ") });
        }
    }
    w.field(0, "Message", text_at(v, "status.message"));
    w.line(0, "Source:");
    volumes::source(w, &v["spec"], 2);
    events::events(w, scene, item);
}

pub(super) fn class(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    w.field(0, "Name", item.name());
    let default = v["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    w.field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    let pairs = |map: &Value| {
        let mut l: Vec<String> = map.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
        l.sort();
        if l.is_empty() { "<none>".to_string() } else { l.join(",") }
    };
    w.field(0, "Annotations", pairs(&v["metadata"]["annotations"]));
    w.field(0, "Provisioner", text_at(v, "provisioner"));
    w.field(0, "Parameters", pairs(&v["parameters"]));
    let expand = match v["allowVolumeExpansion"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    w.field(0, "AllowVolumeExpansion", expand);
    let options = list_at(v, "mountOptions");
    if options.is_empty() {
        w.field(0, "MountOptions", "<none>");
    } else {
        w.line(0, "MountOptions:");
        options.iter().for_each(|o| w.line(1, plain(o)));
    }
    w.some(0, "ReclaimPolicy", text_at(v, "reclaimPolicy"));
    w.some(0, "VolumeBindingMode", text_at(v, "volumeBindingMode"));
    events::events(w, scene, item);
}
