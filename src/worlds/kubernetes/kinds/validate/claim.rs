//! PersistentVolumeClaim, PersistentVolume, StorageClass. Facts: pkg/apis/core/validation/validation.go, pkg/apis/storage/validation.

use serde_json::Value;

use super::report::{Errors, NOT_POSITIVE, Path, Read};
use super::{affinity, meta, names, quantity, volume};

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub(super) fn claim(o: &Value, e: &mut Errors) {
    spec(&o["spec"], &Path::new("spec"), e);
}

fn access_modes(s: &Value, at: &Path, e: &mut Errors) {
    let modes = s.texts("accessModes");
    for m in modes.iter().filter(|m| !ACCESS_MODES.contains(m)) {
        e.unsupported(&at.child("accessModes"), *m, ACCESS_MODES);
    }
    let other = modes.iter().any(|m| *m != "ReadWriteOncePod" && ACCESS_MODES.contains(m));
    if modes.contains(&"ReadWriteOncePod") && other {
        e.forbidden(&at.child("accessModes"), "may not use ReadWriteOncePod with other access modes");
    }
}

/// `spec` of a claim, also where it stands as a template.
pub(super) fn spec(s: &Value, at: &Path, e: &mut Errors) {
    if s.list("accessModes").is_empty() {
        e.required(&at.child("accessModes"), "at least 1 access mode is required");
    }
    if let Some(sel) = s.some("selector") {
        meta::selector(sel, &at.child("selector"), e);
    }
    access_modes(s, at, e);
    let path = at.child("resources").key("storage");
    match s["resources"]["requests"].some("storage") {
        None => e.required(&path, ""),
        Some(v) => {
            let q = quantity::amount(v);
            if q.is_negative() || q == crate::worlds::kubernetes::api::quantity::Quantity::ZERO {
                e.invalid(&path, q.to_string(), NOT_POSITIVE);
            }
        }
    }
    let class = s.text("storageClassName");
    if !class.is_empty() {
        e.invalids(&at.child("storageClassName"), class, names::dns1123_subdomain(class));
    }
    volume_mode(s, at, e);
    for key in ["dataSource", "dataSourceRef"] {
        let Some(d) = s.some(key) else { continue };
        let path = at.child(key);
        for field in ["name", "kind"] {
            if d.text(field).is_empty() {
                e.required(&path.child(field), "");
            }
        }
        if d.text("apiGroup").is_empty() && d.text("kind") != "PersistentVolumeClaim" {
            e.invalid(&path, d.text("kind"), "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
        }
    }
}

fn volume_mode(s: &Value, at: &Path, e: &mut Errors) {
    let mode = s.text("volumeMode");
    if !mode.is_empty() {
        e.one_of(&at.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

/// Sources that a volume may have.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

pub(super) fn persistent_volume(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    if s.list("accessModes").is_empty() {
        e.required(&at.child("accessModes"), "");
    }
    access_modes(s, &at, e);
    let capacity = s.entries("capacity");
    if capacity.is_empty() {
        e.required(&at.child("capacity"), "");
    } else if s["capacity"].some("storage").is_none() || capacity.len() > 1 {
        e.unsupported(&at.child("capacity"), &s["capacity"], &["storage"]);
    }
    for (name, v) in capacity {
        let q = quantity::amount(v);
        if q.is_negative() || q == crate::worlds::kubernetes::api::quantity::Quantity::ZERO {
            e.invalid(&at.child("capacity").key(name), q.to_string(), NOT_POSITIVE);
        }
    }
    let policy = s.text("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        e.one_of(&at.child("persistentVolumeReclaimPolicy"), policy, &["Delete", "Recycle", "Retain"]);
    }
    if let Some(r) = s["nodeAffinity"].some("required") {
        affinity::node_selector(r, &at.children(&["nodeAffinity", "required"]), e);
    }
    let mut found = false;
    for name in SOURCES {
        let Some(source) = s.some(name) else { continue };
        let path = at.child(name);
        if found {
            e.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        match *name {
            "hostPath" => volume::host_path(source, &path, e),
            "local" => {
                if source.text("path").is_empty() {
                    e.required(&path.child("path"), "");
                }
                if s.some("nodeAffinity").is_none() {
                    e.required(&Path::new("metadata").child("annotations"), "Local volume requires node affinity");
                }
            }
            "nfs" => {
                for key in ["server", "path"] {
                    if source.text(key).is_empty() {
                        e.required(&path.child(key), "");
                    }
                }
            }
            "csi" => {
                for key in ["driver", "volumeHandle"] {
                    if source.text(key).is_empty() {
                        e.required(&path.child(key), "");
                    }
                }
            }
            _ => {}
        }
    }
    if !found {
        e.required(&at, "must specify a volume type");
    }
    let class = s.text("storageClassName");
    if !class.is_empty() {
        e.invalids(&at.child("storageClassName"), class, names::dns1123_subdomain(class));
    }
    volume_mode(s, &at, e);
}

pub(super) fn storage_class(o: &Value, e: &mut Errors) {
    let provisioner = o.text("provisioner");
    if provisioner.is_empty() {
        e.required(&Path::new("provisioner"), "");
    } else {
        e.invalids(&Path::new("provisioner"), provisioner, names::qualified_name(&provisioner.to_ascii_lowercase()));
    }
    let policy = o.text("reclaimPolicy");
    if !policy.is_empty() {
        e.one_of(&Path::new("reclaimPolicy"), policy, &["Delete", "Retain"]);
    }
    e.one_of(&Path::new("volumeBindingMode"), o.text("volumeBindingMode"), &["Immediate", "WaitForFirstConsumer"]);
}
