//! Warnings that come with an accepted object. Facts: pkg/api/pod/warnings.go, pkg/registry/*/strategy.go (WarningsOnCreate).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names;
use super::quantity::amount;
use super::report::{Read, quote};
use crate::worlds::kubernetes::kinds::Kind;

/// What the server says of a valid, defaulted object, in its order.
pub(in crate::worlds::kubernetes) fn warnings(kind: Kind, o: &Value) -> Vec<String> {
    let mut out = Vec::new();
    if matches!(
        kind,
        Kind::Pod | Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController | Kind::Job | Kind::CronJob | Kind::StatefulSet
    ) {
        let name = o["metadata"].text("name");
        let wrong = names::dns1123_label(name);
        if !name.is_empty() && !wrong.is_empty() {
            out.push(format!(
                "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
                wrong.join(" ")
            ));
        }
    }
    match kind {
        Kind::Pod => pod_spec(&o["spec"], "spec", &mut out),
        Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController | Kind::DaemonSet | Kind::StatefulSet | Kind::Job => {
            pod_spec(&o["spec"]["template"]["spec"], "spec.template.spec", &mut out);
        }
        Kind::CronJob => {
            pod_spec(&o["spec"]["jobTemplate"]["spec"]["template"]["spec"], "spec.jobTemplate.spec.template.spec", &mut out);
        }
        Kind::Service => service(o, &mut out),
        Kind::Ingress if o["metadata"]["annotations"].get("kubernetes.io/ingress.class").is_some() => {
            out.push("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".into());
        }
        _ => {}
    }
    out
}

fn service(o: &Value, out: &mut Vec<String>) {
    let s = &o["spec"];
    if s.text("clusterIP") == "None" {
        if !s.text("loadBalancerIP").is_empty() {
            out.push("spec.loadBalancerIP is ignored for headless services".into());
        }
        if !s.list("externalIPs").is_empty() {
            out.push("spec.externalIPs is ignored for headless services".into());
        }
        if s.text("sessionAffinity") != "None" {
            out.push("spec.SessionAffinity is ignored for headless services".into());
        }
    } else if !s.list("externalIPs").is_empty() {
        out.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
    }
    if s.text("trafficDistribution") == "PreferClose" {
        out.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".into());
    }
}

/// Node labels that got new names.
const OLD_LABELS: &[(&str, &str, &str)] = &[
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
    ("beta.kubernetes.io/instance-type", "v1.17", "node.kubernetes.io/instance-type"),
];

fn pod_spec(s: &Value, at: &str, out: &mut Vec<String>) {
    for (label, since, now) in OLD_LABELS {
        if s["nodeSelector"].get(label).is_some() {
            out.push(format!("{at}.nodeSelector[{label}]: deprecated since {since}; use \"{now}\" instead"));
        }
    }
    let required = &s["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    for (i, t) in required.list("nodeSelectorTerms").iter().enumerate() {
        for (j, r) in t.list("matchExpressions").iter().enumerate() {
            if let Some((label, since, now)) = OLD_LABELS.iter().find(|(l, _, _)| *l == r.text("key")) {
                out.push(format!(
                    "{at}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[{i}].matchExpressions[{j}].key: {label} is deprecated since {since}; use \"{now}\" instead"
                ));
            }
        }
    }
    for (i, t) in s.list("topologySpreadConstraints").iter().enumerate() {
        if t.some("labelSelector").is_none() {
            out.push(format!("{at}.topologySpreadConstraints[{i}].labelSelector: a null labelSelector results in matching no pod"));
        }
    }
    let mut seen = BTreeSet::new();
    for (i, p) in s.list("imagePullSecrets").iter().enumerate() {
        let name = p.text("name");
        if name.is_empty() {
            out.push(format!("{at}.imagePullSecrets[{i}].name: invalid empty name \"\""));
        } else if !seen.insert(name) {
            out.push(format!("{at}.imagePullSecrets[{i}].name: duplicate name {}", quote(name)));
        }
    }
    for (i, v) in s.list("volumes").iter().enumerate() {
        if v.some("gitRepo").is_some() {
            out.push(format!("{at}.volumes[{i}].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"));
        }
    }
    if s.int("terminationGracePeriodSeconds").is_some_and(|g| g < 0) {
        out.push(format!("{at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    let mut ports: BTreeMap<String, Vec<(String, &Value)>> = BTreeMap::new();
    for list in ["initContainers", "containers"] {
        for (i, c) in s.list(list).iter().enumerate() {
            container(c, &format!("{at}.{list}[{i}]"), &mut ports, out);
        }
    }
    for (kind, field) in [
        ("podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
        ("podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    ] {
        for (i, t) in s["affinity"][kind].list(field).iter().enumerate() {
            if t.some("labelSelector").is_none() {
                out.push(format!("{at}.affinity.{kind}.{field}[{i}].labelSelector: a null labelSelector results in matching no pod"));
            }
        }
    }
}

fn container<'a>(c: &'a Value, at: &str, ports: &mut BTreeMap<String, Vec<(String, &'a Value)>>, out: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (i, v) in c.list("env").iter().enumerate() {
        let name = v.text("name");
        if !seen.insert(name) {
            out.push(format!("{at}.env[{i}]: hides previous definition of {}, which may be dropped when using apply", quote(name)));
        }
    }
    for resource in ["memory", "ephemeral-storage"] {
        for field in ["limits", "requests"] {
            let value = amount(&c["resources"][field][resource]);
            if value.milli() % 1000 != 0 {
                out.push(format!(
                    "{at}.resources.{field}[{resource}]: fractional byte value {} is invalid, must be an integer",
                    quote(&value.to_string())
                ));
            }
        }
    }
    for (i, p) in c.list("ports").iter().enumerate() {
        let here = format!("{at}.ports[{i}]");
        let (ip, host) = (p.text("hostIP"), p.int("hostPort").unwrap_or(0));
        let key = format!("{}/{}", p.int("containerPort").unwrap_or(0), p.text("protocol"));
        let others = ports.entry(key).or_default();
        for (there, o) in others.iter() {
            let (other_ip, other_host) = (o.text("hostIP"), o.int("hostPort").unwrap_or(0));
            if ip == other_ip && host == other_host {
                out.push(format!("{here}: duplicate port definition with {there}"));
            } else if host == 0 || other_host == 0 {
                out.push(format!("{here}: overlapping port definition with {there}"));
            } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
                out.push(format!("{here}: dangerously ambiguous port definition with {there}"));
            }
        }
        others.push((here, p));
    }
}
