//! Roles and bindings. Facts: pkg/apis/rbac/validation/validation.go.

use serde_json::{Value, json};

use super::report::{Errors, Path, Read};
use super::{meta, names};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `namespaced`: a Role rather than a ClusterRole.
pub(super) fn role(o: &Value, namespaced: bool, e: &mut Errors) {
    for (i, r) in o.list("rules").iter().enumerate() {
        let at = Path::new("rules").index(i);
        if r.list("verbs").is_empty() {
            e.required(&at.child("verbs"), "verbs must contain at least one value");
        }
        let resource = ["apiGroups", "resources", "resourceNames"].iter().any(|k| !r.list(k).is_empty());
        if !r.list("nonResourceURLs").is_empty() {
            let path = at.child("nonResourceURLs");
            if namespaced {
                e.invalid(&path, &r["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
            }
            if resource {
                e.invalid(&path, &r["nonResourceURLs"], "rules cannot apply to both regular resources and non-resource URLs");
            }
            continue;
        }
        if r.list("apiGroups").is_empty() {
            e.required(&at.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if r.list("resources").is_empty() {
            e.required(&at.child("resources"), "resource rules must supply at least one resource");
        }
    }
    if let Some(a) = o.some("aggregationRule").filter(|_| !namespaced) {
        let at = Path::new("aggregationRule.clusterRoleSelectors");
        if a.list("clusterRoleSelectors").is_empty() {
            e.required(&at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        }
        for (i, s) in a.list("clusterRoleSelectors").iter().enumerate() {
            meta::selector(s, &at.index(i), e);
        }
    }
}

/// `namespaced`: a RoleBinding rather than a ClusterRoleBinding.
pub(super) fn binding(o: &Value, namespaced: bool, e: &mut Errors) {
    let (r, at) = (&o["roleRef"], Path::new("roleRef"));
    if r.text("apiGroup") != GROUP {
        e.unsupported(&at.child("apiGroup"), r.text("apiGroup"), &[GROUP]);
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&r.text("kind")) {
        e.unsupported(&at.child("kind"), r.text("kind"), kinds);
    }
    if r.text("name").is_empty() {
        e.required(&at.child("name"), "");
    } else {
        e.invalids(&at.child("name"), r.text("name"), names::path_segment(r.text("name")));
    }
    for (i, s) in o.list("subjects").iter().enumerate() {
        let at = Path::new("subjects").index(i);
        let (name, group) = (s.text("name"), s.text("apiGroup"));
        if name.is_empty() {
            e.required(&at.child("name"), "");
        }
        match s.text("kind") {
            "ServiceAccount" => {
                if !name.is_empty() {
                    e.invalids(&at.child("name"), name, names::dns1123_subdomain(name));
                }
                if !group.is_empty() {
                    e.unsupported(&at.child("apiGroup"), group, &[""]);
                }
                if !namespaced && s.text("namespace").is_empty() {
                    e.required(&at.child("namespace"), "");
                }
            }
            "User" | "Group" => {
                if group != GROUP {
                    e.unsupported(&at.child("apiGroup"), group, &[GROUP]);
                }
            }
            other => e.unsupported(&at.child("kind"), other, &["ServiceAccount", "User", "Group"]),
        }
    }
}

/// A roleRef as errors show it.
pub(super) fn role_ref_value(r: &Value) -> Value {
    json!({"APIGroup": r.text("apiGroup"), "Kind": r.text("kind"), "Name": r.text("name")})
}
