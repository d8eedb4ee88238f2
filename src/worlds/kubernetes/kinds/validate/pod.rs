//! Pods and pod templates. Facts: pkg/apis/core/validation/validation.go, ValidatePodSpec and what it calls, in its order.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::{Errors, Path, Read};
use super::{affinity, container, meta, names, security, volume};

/// What surrounds the spec.
pub(super) struct Around<'a> {
    pub(super) restart_policy: &'a str,
    pub(super) grace: Option<i64>,
    pub(super) host_users: bool,
    /// Volumes that are valid, and whether they can be block devices.
    pub(super) volumes: Vec<(String, bool)>,
}

impl Around<'_> {
    pub(super) fn has_volume(&self, name: &str) -> bool {
        self.volumes.iter().any(|(n, _)| n == name)
    }
}

/// A pod itself.
pub(super) fn validate(pod: &Value, e: &mut Errors) {
    let at = Path::new("spec");
    let s = &pod["spec"];
    spec(s, Some(pod["metadata"].text("name")), &at, e);
    // Only pods, not templates (ValidatePodCreate).
    if !s.text("nodeName").is_empty() && !s.list("schedulingGates").is_empty() {
        e.forbidden(&at.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
    for list in ["containers", "initContainers"] {
        for (i, c) in s.list(list).iter().enumerate() {
            let image = c.text("image");
            if image.trim() != image {
                e.invalid(&at.child(list).index(i).child("image"), image, "must not have leading or trailing whitespace");
            }
        }
    }
}

/// `spec.template` of a workload. Its labels are reported without `metadata` in the path, as the real server does.
pub(super) fn template(t: &Value, at: &Path, e: &mut Errors) {
    let m = &t["metadata"];
    meta::labels(m.entries("labels"), &at.child("labels"), e);
    meta::annotations(m, &at.child("annotations"), e);
    spec(&t["spec"], None, &at.child("spec"), e);
    if !t["spec"].list("ephemeralContainers").is_empty() {
        e.forbidden(&at.children(&["spec", "ephemeralContainers"]), "ephemeral containers not allowed in pod template");
    }
}

/// A pod spec; `own_name` is the pod's name if it is a real pod.
pub(super) fn spec(s: &Value, own_name: Option<&str>, at: &Path, e: &mut Errors) {
    if s.some("terminationGracePeriodSeconds").is_none() {
        e.required(&at.child("terminationGracePeriodSeconds"), "");
    }
    let volumes = volume::volumes(s.list("volumes"), own_name, &at.child("volumes"), e);
    let around = Around {
        restart_policy: s.text("restartPolicy"),
        grace: s.int("terminationGracePeriodSeconds"),
        host_users: s.flag("hostUsers").unwrap_or(true),
        volumes,
    };
    container::containers(s.list("containers"), &around, &at.child("containers"), e);
    container::init_containers(s.list("initContainers"), s.list("containers"), &around, &at.child("initContainers"), e);
    host_network(s, own_name.is_some(), at, e);
    let policy = s.text("restartPolicy");
    e.one_of(&at.child("restartPolicy"), policy, &["Always", "OnFailure", "Never"]);
    let dns = s.text("dnsPolicy");
    e.one_of(&at.child("dnsPolicy"), dns, &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
    meta::labels(s.entries("nodeSelector"), &at.child("nodeSelector"), e);
    security::pod(s, &at.child("securityContext"), e);
    if let Some(a) = s.some("affinity") {
        affinity::affinity(a, &at.child("affinity"), e);
    }
    dns_config(s, dns, &at.child("dnsConfig"), e);
    for (i, g) in s.list("readinessGates").iter().enumerate() {
        let kind = g.text("conditionType");
        e.invalids(&at.child("readinessGates").index(i).child("conditionType"), kind, names::qualified_name(kind));
    }
    let mut seen = BTreeSet::new();
    for (i, g) in s.list("schedulingGates").iter().enumerate() {
        let path = at.child("schedulingGates").index(i);
        e.invalids(&path, g.text("name"), names::qualified_name(g.text("name")));
        if !seen.insert(g.text("name")) {
            e.duplicate(&path, g.text("name"));
        }
    }
    affinity::spread(s.list("topologySpreadConstraints"), &at.child("topologySpreadConstraints"), e);
    if !around.host_users {
        for (key, name) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
            if s.flag(key) == Some(true) {
                e.forbidden(&at.child(name), "when `pod.Spec.HostUsers` is false");
            }
        }
    }
    let subdomain = |key: &str, e: &mut Errors| {
        let name = s.text(key);
        if !name.is_empty() {
            e.invalids(&at.child(key), name, names::dns1123_subdomain(name));
        }
    };
    subdomain("serviceAccountName", e);
    subdomain("nodeName", e);
    if let Some(n) = s.int("activeDeadlineSeconds").filter(|n| !(1..=i64::from(i32::MAX)).contains(n)) {
        e.invalid(&at.child("activeDeadlineSeconds"), n, names::in_range(1, i64::from(i32::MAX)));
    }
    for key in ["hostname", "subdomain"] {
        let name = s.text(key);
        if !name.is_empty() {
            e.invalids(&at.child(key), name, names::dns1123_label(name));
        }
    }
    affinity::tolerations(s.list("tolerations"), &at.child("tolerations"), e);
    for (i, a) in s.list("hostAliases").iter().enumerate() {
        let path = at.child("hostAliases").index(i);
        ip(a.text("ip"), &path.child("ip"), e);
        for (j, h) in a.texts("hostnames").into_iter().enumerate() {
            e.invalids(&path.child("hostnames").index(j), h, names::dns1123_subdomain(h));
        }
    }
    subdomain("priorityClassName", e);
    subdomain("runtimeClassName", e);
    let preemption = s.text("preemptionPolicy");
    if !preemption.is_empty() {
        e.one_of(&at.child("preemptionPolicy"), preemption, &["PreemptLowerPriority", "Never"]);
    }
    if let Some(os) = s.some("os") {
        match os.text("name") {
            "" => e.required(&at.children(&["os", "name"]), "cannot be empty"),
            "linux" | "windows" => {}
            other => e.unsupported(&at.child("os"), other, &["linux", "windows"]),
        }
    }
}

/// An IP address of either family.
pub(super) fn ip(text: &str, at: &Path, e: &mut Errors) {
    if text.parse::<std::net::IpAddr>().is_err() {
        e.invalid(at, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
}

fn host_network(s: &Value, own: bool, at: &Path, e: &mut Errors) {
    if s.flag("hostNetwork") != Some(true) {
        return;
    }
    for (i, c) in s.list("containers").iter().enumerate() {
        for (j, p) in c.list("ports").iter().enumerate() {
            let (host, inner) = (p.int("hostPort").unwrap_or(0), p.int("containerPort").unwrap_or(0));
            if (own || host != 0) && host != inner {
                let path = at.child("containers").index(i).child("ports").index(j).child("hostPort");
                e.invalid(&path, host, "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }
}

fn dns_config(s: &Value, policy: &str, at: &Path, e: &mut Errors) {
    let config = s.some("dnsConfig");
    if policy == "None" {
        let Some(c) = config else {
            return e.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
        };
        if c.list("nameservers").is_empty() {
            return e.required(&at.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
    }
    let Some(c) = config else { return };
    let servers = c.texts("nameservers");
    if servers.len() > 3 {
        e.invalid(&at.child("nameservers"), &c["nameservers"], "must not have more than 3 nameservers");
    }
    for (i, n) in servers.into_iter().enumerate() {
        ip(n, &at.child("nameservers").index(i), e);
    }
    let searches = c.texts("searches");
    if searches.len() > 32 {
        e.invalid(&at.child("searches"), &c["searches"], "must not have more than 32 search paths");
    }
    if searches.join(" ").len() > 2048 {
        e.invalid(&at.child("searches"), &c["searches"], "must not have more than 2048 characters (including spaces) in the search list");
    }
    for (i, search) in searches.into_iter().enumerate() {
        let search = search.strip_suffix('.').unwrap_or(search);
        e.invalids(&at.child("searches").index(i), search, names::dns1123_subdomain(search));
    }
    for (i, o) in c.list("options").iter().enumerate() {
        if o.text("name").is_empty() {
            e.required(&at.child("options").index(i), "must not be empty");
        }
    }
}
