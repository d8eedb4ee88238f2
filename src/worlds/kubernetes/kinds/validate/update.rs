//! What an update may not change. Facts: the ValidateUpdate functions of pkg/apis/*/validation and pkg/registry/*/strategy.go.

use serde_json::Value;

use super::report::{Errors, IMMUTABLE, Path, Read};
use super::{content, meta, quantity, rbac};
use crate::worlds::kubernetes::api::FieldError;
use crate::worlds::kubernetes::kinds::Kind;

/// What is wrong with `new` as the successor of `old`, both defaulted.
pub(in crate::worlds::kubernetes) fn update(kind: Kind, new: &Value, old: &Value) -> Vec<FieldError> {
    let mut e = Errors::default();
    meta::update(new, old, &mut e);
    // Objects that only change their metadata are not judged again by rules that may be newer than they are.
    match kind {
        Kind::Pod => pod(new, old, &mut e),
        Kind::Service => {
            service(new, old, &mut e);
            content(kind, new, &mut e);
        }
        Kind::ConfigMap | Kind::Secret => {
            frozen(kind, new, old, &mut e);
            content(kind, new, &mut e);
        }
        _ => {
            content(kind, new, &mut e);
            afterwards(kind, new, old, &mut e);
        }
    }
    e.into_list()
}

fn immutable(path: &[&str], new: &Value, old: &Value, e: &mut Errors) {
    let get = |v: &Value| path.iter().fold(v.clone(), |v, k| v[*k].clone());
    let (a, b) = (get(new), get(old));
    if a != b {
        let shown = if path.last() == Some(&"selector") { meta::selector_value(&a) } else { a };
        e.invalid(&Path::default().children(path), shown, IMMUTABLE);
    }
}

fn afterwards(kind: Kind, new: &Value, old: &Value, e: &mut Errors) {
    match kind {
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => immutable(&["spec", "selector"], new, old, e),
        Kind::StatefulSet => stateful_set(new, old, e),
        Kind::Job => {
            if new["spec"].text("completionMode") != "Indexed" {
                immutable(&["spec", "completions"], new, old, e);
            }
            immutable(&["spec", "selector"], new, old, e);
            immutable(&["spec", "template"], new, old, e);
            for key in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex"] {
                immutable(&["spec", key], new, old, e);
            }
        }
        Kind::PersistentVolumeClaim => claim(new, old, e),
        Kind::StorageClass => {
            for key in ["parameters", "provisioner"] {
                if new[key] != old[key] {
                    e.forbidden(&Path::new(key), &format!("updates to {key} are forbidden."));
                }
            }
            for key in ["reclaimPolicy", "volumeBindingMode"] {
                immutable(&[key], new, old, e);
            }
        }
        Kind::PriorityClass => {
            if new["value"] != old["value"] {
                e.forbidden(&Path::new("value"), "may not be changed in an update.");
            }
            immutable(&["preemptionPolicy"], new, old, e);
        }
        Kind::RoleBinding | Kind::ClusterRoleBinding if new["roleRef"] != old["roleRef"] => {
            e.invalid(&Path::new("roleRef"), rbac::role_ref_value(&new["roleRef"]), "cannot change roleRef");
        }
        Kind::IngressClass => immutable(&["spec", "controller"], new, old, e),
        Kind::ResourceQuota => {
            let sorted = |v: &Value| {
                let mut l: Vec<String> = v["spec"].texts("scopes").into_iter().map(str::to_string).collect();
                l.sort();
                l
            };
            if sorted(new) != sorted(old) {
                e.invalid(&Path::new("spec.scopes"), &new["spec"]["scopes"], IMMUTABLE);
            }
        }
        _ => {}
    }
}

fn stateful_set(new: &Value, old: &Value, e: &mut Errors) {
    const MAY_CHANGE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let rest = |v: &Value| {
        let mut s = v["spec"].as_object().cloned().unwrap_or_default();
        s.retain(|k, _| !MAY_CHANGE.contains(&k.as_str()));
        Value::Object(s)
    };
    if rest(new) != rest(old) {
        e.forbidden(
            &Path::new("spec"),
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        );
    }
}

fn frozen(kind: Kind, new: &Value, old: &Value, e: &mut Errors) {
    if kind == Kind::Secret {
        immutable(&["type"], new, old, e);
    }
    if old.flag("immutable") != Some(true) {
        return;
    }
    const WHY: &str = "field is immutable when `immutable` is set";
    if new.flag("immutable") != Some(true) {
        e.forbidden(&Path::new("immutable"), WHY);
    }
    let fields: &[&str] = if kind == Kind::Secret { &["data"] } else { &["data", "binaryData"] };
    for key in fields {
        if new[*key] != old[*key] {
            e.forbidden(&Path::new(key), WHY);
        }
    }
}

fn service(new: &Value, old: &Value, e: &mut Errors) {
    let (n, o) = (&new["spec"], &old["spec"]);
    if n.text("type") == "ExternalName" || o.text("type") == "ExternalName" {
        return;
    }
    let (was, is) = (o.texts("clusterIPs"), n.texts("clusterIPs"));
    match (was.first(), is.first()) {
        (Some(_), None) => e.invalid(&Path::new("spec.clusterIPs").index(0), &n["clusterIPs"], "primary clusterIP can not be unset"),
        (Some(a), Some(b)) if a != b => e.invalid(&Path::new("spec.clusterIPs").index(0), &n["clusterIPs"], "may not change once set"),
        _ => {}
    }
}

fn claim(new: &Value, old: &Value, e: &mut Errors) {
    let (n, o) = (&new["spec"], &old["spec"]);
    let bound = new["status"].text("phase") == "Bound";
    let rest = |v: &Value| {
        let mut s = v.as_object().cloned().unwrap_or_default();
        s.shift_remove("volumeAttributesClassName");
        if o.text("volumeName").is_empty() {
            s.shift_remove("volumeName");
        }
        if o.some("storageClassName").is_none() {
            s.shift_remove("storageClassName");
        }
        if bound && let Some(r) = s.get_mut("resources").and_then(|r| r.get_mut("requests")).and_then(Value::as_object_mut) {
            r.shift_remove("storage");
        }
        Value::Object(s)
    };
    let (a, b) = (rest(n), rest(o));
    if a != b {
        let detail = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{}",
            difference(&b, &a)
        );
        e.forbidden(&Path::new("spec"), &detail);
    }
    let size = |v: &Value| quantity::amount(&v["resources"]["requests"]["storage"]);
    if size(n).cmp_value(size(o)).is_lt() {
        let capacity = quantity::amount(&old["status"]["capacity"]["storage"]);
        if size(n).cmp_value(capacity).is_le() {
            e.forbidden(&Path::new("spec.resources.requests.storage"), "field can not be less than status.capacity");
        }
    }
}

/// The changed fields, one per line. (The real server prints a dump of its Go types here.)
fn difference(old: &Value, new: &Value) -> String {
    let lines = crate::kernel::journal::diff_json(old.clone(), new.clone());
    lines.iter().map(|f| format!("- {}: {}\n+ {}: {}\n", f.path, f.from, f.path, f.to)).collect()
}

fn pod(new: &Value, old: &Value, e: &mut Errors) {
    let (n, o) = (&new["spec"], &old["spec"]);
    for list in ["containers", "initContainers"] {
        if n.list(list).len() != o.list(list).len() {
            return e.forbidden(&Path::new("spec").child(list), "pod updates may not add or remove containers");
        }
        for (i, c) in n.list(list).iter().enumerate() {
            let (path, image) = (Path::new("spec").child(list).index(i).child("image"), c.text("image"));
            if image.trim().is_empty() {
                e.required(&path, "");
            } else if image.trim() != image {
                e.invalid(&path, image, "must not have leading or trailing whitespace");
            }
        }
    }
    let path = Path::new("spec.activeDeadlineSeconds");
    match (n.int("activeDeadlineSeconds"), o.int("activeDeadlineSeconds")) {
        (Some(a), _) if !(0..=i64::from(i32::MAX)).contains(&a) => {
            return e.invalid(&path, a, super::names::in_range(0, i64::from(i32::MAX)));
        }
        (Some(a), Some(b)) if b < a => return e.invalid(&path, a, "must be less than or equal to previous value"),
        (None, Some(_)) => e.invalid(&path, Value::Null, "must not update from a positive integer to nil value"),
        _ => {}
    }
    let tolerations = Path::new("spec.tolerations");
    let without_seconds = |t: &Value| {
        let mut t = t.as_object().cloned().unwrap_or_default();
        t.shift_remove("tolerationSeconds");
        t
    };
    let kept = |t: &Value| n.list("tolerations").iter().any(|k| without_seconds(k) == without_seconds(t));
    if !o.list("tolerations").iter().all(kept) {
        e.forbidden(&tolerations, "existing toleration can not be modified except its tolerationSeconds");
    } else {
        super::affinity::tolerations(n.list("tolerations"), &tolerations, e);
    }
    // validateOnlyDeletedSchedulingGates
    let mut opened = true;
    for (i, gate) in n.list("schedulingGates").iter().enumerate() {
        let name = gate.text("name");
        if !o.list("schedulingGates").iter().any(|g| g.text("name") == name) {
            opened = false;
            let path = Path::new("spec.schedulingGates").index(i).child("name");
            e.forbidden(&path, &format!("only deletion is allowed, but found new scheduling gate '{name}'"));
        }
    }
    if !opened {
        return;
    }
    let gated = !o.list("schedulingGates").is_empty();
    if gated {
        // validateNodeSelectorMutation: as long as nobody schedules it, a pod may become choosier.
        let now = |key: &str| n["nodeSelector"].get(key);
        if o["nodeSelector"].as_object().into_iter().flatten().any(|(k, v)| now(k) != Some(v)) {
            let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            e.invalid(&Path::new("spec.nodeSelector"), n["nodeSelector"].clone(), why);
        }
    }
    let rest = |v: &Value| {
        let mut s = v.clone();
        for list in ["containers", "initContainers"] {
            for c in s.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
                c.shift_remove("image");
            }
        }
        if let Some(s) = s.as_object_mut() {
            s.shift_remove("activeDeadlineSeconds");
            s.shift_remove("tolerations");
            s.shift_remove("schedulingGates");
            if gated {
                s.shift_remove("nodeSelector");
            }
            if o.int("terminationGracePeriodSeconds").is_some_and(|g| g < 0) && n.int("terminationGracePeriodSeconds") == Some(1) {
                s.shift_remove("terminationGracePeriodSeconds");
            }
        }
        s
    };
    let (a, b) = (rest(n), rest(o));
    if a != b {
        let head = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        e.forbidden(&Path::new("spec"), &format!("{head}\n{}", difference(&b, &a)));
    }
}
