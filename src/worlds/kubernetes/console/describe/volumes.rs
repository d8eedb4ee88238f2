//! Volumes of pods. Follows describeVolumes and the print…VolumeSource functions.

use serde_json::Value;

use super::super::shell::{list_at, plain, text_at};
use super::Writer;

/// What a volume source is called, and what is said of it: (label, path in the source).
struct Source {
    field: &'static str,
    kind: &'static str,
    about: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const SOURCES: &[Source] = &[
    Source {
        field: "hostPath",
        kind: "HostPath",
        about: "bare host directory volume",
        fields: &[("Path", "path"), ("HostPathType", "type")],
    },
    Source {
        field: "emptyDir",
        kind: "EmptyDir",
        about: "a temporary directory that shares a pod's lifetime",
        fields: &[("Medium", "medium"), ("SizeLimit", "sizeLimit")],
    },
    Source {
        field: "secret",
        kind: "Secret",
        about: "a volume populated by a Secret",
        fields: &[("SecretName", "secretName"), ("Optional", "optional")],
    },
    Source {
        field: "configMap",
        kind: "ConfigMap",
        about: "a volume populated by a ConfigMap",
        fields: &[("Name", "name"), ("Optional", "optional")],
    },
    Source {
        field: "nfs",
        kind: "NFS",
        about: "an NFS mount that lasts the lifetime of a pod",
        fields: &[("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")],
    },
    Source {
        field: "persistentVolumeClaim",
        kind: "PersistentVolumeClaim",
        about: "a reference to a PersistentVolumeClaim in the same namespace",
        fields: &[("ClaimName", "claimName"), ("ReadOnly", "readOnly")],
    },
    Source {
        field: "csi",
        kind: "CSI",
        about: "a Container Storage Interface (CSI) volume source",
        fields: &[("Driver", "driver"), ("FSType", "fsType"), ("ReadOnly", "readOnly")],
    },
    Source {
        field: "image",
        kind: "Image",
        about: "a container image or OCI artifact",
        fields: &[("Reference", "reference"), ("PullPolicy", "pullPolicy")],
    },
    Source { field: "downwardAPI", kind: "DownwardAPI", about: "a volume populated by information about the pod", fields: &[] },
    Source { field: "projected", kind: "Projected", about: "a volume that contains injected data from multiple sources", fields: &[] },
    Source {
        field: "local",
        kind: "LocalVolume",
        about: "a persistent volume backed by local storage on a node",
        fields: &[("Path", "path")],
    },
];

pub(super) fn volumes(w: &mut Writer, list: &[Value], space: &str) {
    if list.is_empty() {
        w.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    w.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for v in list {
        w.line(1, format!("{indent}{}:", text_at(v, "name")));
        source(w, v, 2);
    }
}

/// The source of a volume.
pub(super) fn source(w: &mut Writer, v: &Value, level: usize) {
    let Some(s) = SOURCES.iter().find(|s| v[s.field].is_object()) else {
        w.field(level, "Type", "<unknown>");
        return;
    };
    w.field(level, "Type", format!("{} ({})", s.kind, s.about));
    let body = &v[s.field];
    for (label, path) in s.fields {
        let value = match (*path, &body[*path]) {
            ("optional" | "readOnly", Value::Null) => "false".to_string(),
            ("sizeLimit", Value::Null) => "<unset>".to_string(),
            (_, v) => plain(v),
        };
        w.field(level, label, value);
    }
    if s.field == "downwardAPI" {
        w.line(level, "Items:");
        for i in list_at(body, "items") {
            let from = if i["fieldRef"].is_object() { text_at(i, "fieldRef.fieldPath") } else { text_at(i, "resourceFieldRef.resource") };
            w.line(level + 1, format!("{from} -> {}", text_at(i, "path")));
        }
    }
    if s.field == "projected" {
        for part in list_at(body, "sources") {
            if let Some(p) = part.get("secret") {
                w.field(level, "SecretName", text_at(p, "name"));
                w.field(level, "Optional", p["optional"].as_bool().unwrap_or(false).to_string());
            } else if part.get("downwardAPI").is_some() {
                w.field(level, "DownwardAPI", "true");
            } else if let Some(p) = part.get("configMap") {
                w.field(level, "ConfigMapName", text_at(p, "name"));
                w.field(level, "Optional", p["optional"].as_bool().unwrap_or(false).to_string());
            } else if let Some(p) = part.get("serviceAccountToken") {
                w.field(level, "TokenExpirationSeconds", p["expirationSeconds"].as_i64().unwrap_or(3600).to_string());
            }
        }
    }
}
