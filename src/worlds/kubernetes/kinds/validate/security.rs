//! Security contexts. Facts: pkg/apis/core/validation/validation.go, validatePodSpecSecurityContext and ValidateSecurityContext.

use serde_json::{Value, json};

use super::names;
use super::report::{Errors, Path, Read};

const ID_MAX: i64 = i32::MAX as i64;

fn id(n: Option<i64>, at: &Path, e: &mut Errors) {
    if let Some(n) = n.filter(|n| !(0..=ID_MAX).contains(n)) {
        e.invalid(at, n, names::in_range(0, ID_MAX));
    }
}

/// Of a pod; `s` is the pod's spec.
pub(super) fn pod(s: &Value, at: &Path, e: &mut Errors) {
    let Some(c) = s.some("securityContext") else { return };
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(c.int(key), &at.child(key), e);
    }
    for (i, g) in c.list("supplementalGroups").iter().enumerate() {
        id(g.as_i64(), &at.child("supplementalGroups").index(i), e);
    }
    if s.flag("shareProcessNamespace") == Some(true) && s.flag("hostPID") == Some(true) {
        e.invalid(&at.child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
    }
    sysctls(c.list("sysctls"), &at.child("sysctls"), e);
    let policy = c.text("fsGroupChangePolicy");
    if !policy.is_empty() && !matches!(policy, "Always" | "OnRootMismatch") {
        e.unsupported(&at.child("fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    }
    profiles(c, at, e);
    let groups = c.text("supplementalGroupsPolicy");
    if !groups.is_empty() && !matches!(groups, "Merge" | "Strict") {
        e.unsupported(&at.child("supplementalGroupsPolicy"), groups, &["Merge", "Strict"]);
    }
}

fn sysctls(list: &[Value], at: &Path, e: &mut Errors) {
    let segment = |s: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(s.chars().next())
            && edge(s.chars().last())
            && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    };
    let mut seen: Vec<&str> = Vec::new();
    for (i, s) in list.iter().enumerate() {
        let (path, name) = (at.index(i).child("name"), s.text("name"));
        if name.is_empty() {
            e.required(&path, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(segment) {
            const FORMAT: &str = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            e.invalid(&path, name, format!("must have at most 253 characters and match regex {FORMAT}"));
        } else if seen.contains(&name) {
            e.duplicate(&path, name);
        }
        seen.push(name);
    }
}

/// seccomp and AppArmor, of pods and containers alike.
fn profiles(c: &Value, at: &Path, e: &mut Errors) {
    if let Some(p) = c.some("seccompProfile") {
        let path = at.child("seccompProfile");
        match p.text("type") {
            "" => e.required(&path.child("type"), "type is required when seccompProfile is set"),
            "Localhost" | "RuntimeDefault" | "Unconfined" => {}
            other => e.unsupported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
        }
        match (p.text("type"), p.some("localhostProfile")) {
            ("Localhost", None) => e.required(&path.child("localhostProfile"), "must be set when seccomp type is Localhost"),
            ("Localhost", Some(l)) => super::volume::local_path(l.as_str().unwrap_or_default(), &path.child("localhostProfile"), e),
            (kind, Some(l)) => {
                let shown = json!({"Type": kind, "LocalhostProfile": l});
                e.invalid(&path.child("localhostProfile"), shown, "can only be set when seccomp type is Localhost");
            }
            _ => {}
        }
    }
    if let Some(p) = c.some("appArmorProfile") {
        let path = at.child("appArmorProfile");
        let local = p.some("localhostProfile").and_then(Value::as_str);
        match p.text("type") {
            "Localhost" => match local {
                None | Some("") => e.required(&path.child("localhostProfile"), "must be set when AppArmor type is Localhost"),
                Some(l) if l.trim() != l => e.invalid(&path.child("localhostProfile"), l, "must not be padded with whitespace"),
                _ => {}
            },
            "RuntimeDefault" | "Unconfined" => {
                if let Some(l) = local {
                    e.invalid(&path.child("localhostProfile"), l, "can only be set when AppArmor type is Localhost");
                }
            }
            "" => e.required(&path.child("type"), "type is required when appArmorProfile is set"),
            other => e.unsupported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
        }
    }
}

/// Of a container.
pub(super) fn container(c: &Value, host_users: bool, at: &Path, e: &mut Errors) {
    for key in ["runAsUser", "runAsGroup"] {
        id(c.int(key), &at.child(key), e);
    }
    let mount = c.text("procMount");
    if !mount.is_empty() {
        if !matches!(mount, "Default" | "Unmasked") {
            e.unsupported(&at.child("procMount"), mount, &["Default", "Unmasked"]);
        }
        if host_users && mount == "Unmasked" {
            e.invalid(&at.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    if c.flag("allowPrivilegeEscalation") == Some(false) {
        if c.flag("privileged") == Some(true) {
            e.invalid(at, internal(c), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        if c["capabilities"].texts("add").contains(&"CAP_SYS_ADMIN") {
            e.invalid(at, internal(c), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
        }
    }
    profiles(c, at, e);
}

/// The internal Go type, which has no JSON names.
fn internal(c: &Value) -> Value {
    let capabilities = c.some("capabilities").map(|k| json!({"Add": k.some("add"), "Drop": k.some("drop")}));
    json!({
        "Capabilities": capabilities,
        "Privileged": c.some("privileged"),
        "SELinuxOptions": c.some("seLinuxOptions"),
        "WindowsOptions": c.some("windowsOptions"),
        "RunAsUser": c.some("runAsUser"),
        "RunAsGroup": c.some("runAsGroup"),
        "RunAsNonRoot": c.some("runAsNonRoot"),
        "ReadOnlyRootFilesystem": c.some("readOnlyRootFilesystem"),
        "AllowPrivilegeEscalation": c.some("allowPrivilegeEscalation"),
        "ProcMount": c.some("procMount"),
        "SeccompProfile": c.some("seccompProfile"),
        "AppArmorProfile": c.some("appArmorProfile"),
    })
}
