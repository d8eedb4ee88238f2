//! Volumes of pods. Facts: pkg/apis/core/validation/validation.go, ValidateVolumes and validateVolumeSource.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::{Errors, Path, Read};
use super::{claim, container, names};

/// Sources in the order in which they are looked at.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// The valid volumes by name, and whether each can be a block device.
pub(super) fn volumes(list: &[Value], pod_name: Option<&str>, at: &Path, e: &mut Errors) -> Vec<(String, bool)> {
    let mut valid: Vec<(String, bool)> = Vec::new();
    let mut seen = BTreeSet::new();
    for (i, v) in list.iter().enumerate() {
        let (path, before) = (at.index(i), e.len());
        let name = v.text("name");
        source(v, &path, e);
        if name.is_empty() {
            e.required(&path.child("name"), "");
        } else {
            e.invalids(&path.child("name"), name, names::dns1123_label(name));
        }
        if seen.contains(name) {
            e.duplicate(&path.child("name"), name);
        }
        if e.len() == before {
            seen.insert(name);
            valid.push((name.into(), v.some("persistentVolumeClaim").is_some() || v.some("ephemeral").is_some()));
        }
        let claim = v["persistentVolumeClaim"].text("claimName");
        let created = |v: &Value| v.some("ephemeral").is_some() && pod_name.is_some_and(|p| claim == format!("{p}-{}", v.text("name")));
        if !claim.is_empty() && list.iter().any(created) {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            e.invalid(&path.child("persistentVolumeClaim").child("claimName"), claim, detail);
        }
    }
    valid
}

fn source(v: &Value, at: &Path, e: &mut Errors) {
    let mut found = false;
    for name in SOURCES {
        let Some(s) = v.some(name) else { continue };
        let path = at.child(name);
        if found {
            e.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        one_source(name, s, &path, e);
    }
    if !found {
        e.required(at, "must specify a volume type");
    }
}

fn one_source(name: &str, s: &Value, at: &Path, e: &mut Errors) {
    let need = |key: &str, e: &mut Errors| {
        if s.text(key).is_empty() {
            e.required(&at.child(key), "");
        }
    };
    match name {
        "emptyDir" if s.some("sizeLimit").is_some_and(|q| super::quantity::amount(q).is_negative()) => {
            e.forbidden(&at.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
        "hostPath" => host_path(s, at, e),
        "gitRepo" => {
            need("repository", e);
            local_path(s.text("directory"), &at.child("directory"), e);
        }
        "secret" => {
            need("secretName", e);
            files(s, at, e);
        }
        "configMap" => {
            need("name", e);
            files(s, at, e);
        }
        "nfs" => {
            need("server", e);
            need("path", e);
            if !s.text("path").starts_with('/') {
                e.invalid(&at.child("path"), s.text("path"), "must be an absolute path");
            }
        }
        "persistentVolumeClaim" => need("claimName", e),
        "downwardAPI" => {
            mode(s, "defaultMode", at, e);
            for item in s.list("items") {
                downward_file(item, at, e);
            }
        }
        "projected" => projected(s, at, e),
        "csi" => {
            let driver = s.text("driver");
            if driver.is_empty() {
                e.required(&at.child("driver"), "");
            }
        }
        "ephemeral" => match s.some("volumeClaimTemplate") {
            None => e.required(&at.child("volumeClaimTemplate"), ""),
            Some(t) => claim::spec(&t["spec"], &at.children(&["volumeClaimTemplate", "spec"]), e),
        },
        "image" => {
            need("reference", e);
            let policy = s.text("pullPolicy");
            if !policy.is_empty() {
                e.one_of(&at.child("pullPolicy"), policy, &["Always", "IfNotPresent", "Never"]);
            }
        }
        _ => {}
    }
}

pub(super) fn host_path(s: &Value, at: &Path, e: &mut Errors) {
    const TYPES: &[&str] = &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    let path = s.text("path");
    if path.is_empty() {
        return e.required(&at.child("path"), "");
    }
    no_backsteps(path, &at.child("path"), e);
    let kind = s.text("type");
    if !TYPES.contains(&kind) {
        e.unsupported(&at.child("type"), kind, TYPES);
    }
}

fn no_backsteps(path: &str, at: &Path, e: &mut Errors) {
    if path.split('/').any(|p| p == "..") {
        e.invalid(at, path, "must not contain '..'");
    }
}

/// A relative path that does not climb.
pub(super) fn local_path(path: &str, at: &Path, e: &mut Errors) {
    if path.starts_with('/') {
        e.invalid(at, path, "must be a relative path");
    }
    no_backsteps(path, at, e);
}

fn mode(s: &Value, key: &str, at: &Path, e: &mut Errors) {
    if let Some(n) = s.int(key).filter(|n| !(0..=0o777).contains(n)) {
        e.invalid(&at.child(key), n, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

/// `defaultMode` and `items` of Secrets and ConfigMaps.
fn files(s: &Value, at: &Path, e: &mut Errors) {
    mode(s, "defaultMode", at, e);
    for (i, item) in s.list("items").iter().enumerate() {
        key_to_path(item, &at.child("items").index(i), e);
    }
}

fn key_to_path(item: &Value, at: &Path, e: &mut Errors) {
    for key in ["key", "path"] {
        if item.text(key).is_empty() {
            e.required(&at.child(key), "");
        }
    }
    file_path(item.text("path"), &at.child("path"), e);
    mode(item, "mode", at, e);
}

fn file_path(path: &str, at: &Path, e: &mut Errors) {
    local_path(path, at, e);
    if path.starts_with("..") && !path.starts_with("../") && path != ".." {
        e.invalid(at, path, "must not start with '..'");
    }
}

/// In the order of the list that an error prints.
const VOLUME_FIELDS: &[&str] = &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

fn downward_file(item: &Value, at: &Path, e: &mut Errors) {
    if item.text("path").is_empty() {
        e.required(&at.child("path"), "");
    }
    file_path(item.text("path"), &at.child("path"), e);
    match (item.some("fieldRef"), item.some("resourceFieldRef")) {
        (Some(f), other) => {
            container::field_ref(f, VOLUME_FIELDS, &at.child("fieldRef"), e);
            if other.is_some() {
                e.invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        }
        (None, Some(r)) => container::resource_ref(r, true, &at.child("resourceFieldRef"), e),
        (None, None) => e.required(at, "one of fieldRef and resourceFieldRef is required"),
    }
    mode(item, "mode", at, e);
}

fn projected(s: &Value, at: &Path, e: &mut Errors) {
    mode(s, "defaultMode", at, e);
    let mut paths = BTreeSet::new();
    for (i, source) in s.list("sources").iter().enumerate() {
        let path = at.child("sources").index(i);
        let mut found = 0;
        for key in ["secret", "configMap"] {
            let Some(p) = source.some(key) else { continue };
            found += 1;
            if p.text("name").is_empty() {
                e.required(&path.child(key).child("name"), "");
            }
            for (j, item) in p.list("items").iter().enumerate() {
                key_to_path(item, &path.child(key).child("items").index(j), e);
                if !item.text("path").is_empty() && !paths.insert(item.text("path")) {
                    e.invalid(at, p.text("name"), "conflicting duplicate paths");
                }
            }
        }
        if let Some(d) = source.some("downwardAPI") {
            found += 1;
            for item in d.list("items") {
                downward_file(item, &path.child("downwardAPI"), e);
                if !item.text("path").is_empty() && !paths.insert(item.text("path")) {
                    e.invalid(at, item.text("path"), "conflicting duplicate paths");
                }
            }
        }
        if let Some(t) = source.some("serviceAccountToken") {
            found += 1;
            let path = path.child("serviceAccountToken");
            let seconds = t.int("expirationSeconds").unwrap_or(3600);
            if seconds < 600 {
                e.invalid(&path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
            }
            if seconds > 1 << 32 {
                e.invalid(&path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
            }
            if t.text("path").is_empty() {
                e.required(&path.child("path"), "");
            }
        }
        found += ["clusterTrustBundle", "podCertificate"].iter().filter(|k| source.some(k).is_some()).count();
        if found > 1 {
            e.forbidden(&path, "may not specify more than 1 volume type");
        }
    }
}
