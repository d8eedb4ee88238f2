//! Service. Facts: pkg/apis/core/validation/validation.go, ValidateService.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::report::{Errors, Path, Read};
use super::{container, meta, names, pod};

/// The kubelet's own port may not be exposed (pkg/cluster/ports).
const KUBELET_PORT: i64 = 10_250;

pub(super) fn validate(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let (kind, ports) = (s.text("type"), s.list("ports"));
    let headless = s.text("clusterIP") == "None" || s.texts("clusterIPs").first() == Some(&"None");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        e.required(&at.child("ports"), "");
    }
    match kind {
        "LoadBalancer" => {
            for (i, p) in ports.iter().enumerate() {
                if p.int("port") == Some(KUBELET_PORT) {
                    let detail = format!("may not expose port {KUBELET_PORT} externally since it is used by kubelet");
                    e.invalid(&at.child("ports").index(i), KUBELET_PORT, detail);
                }
            }
            if headless {
                e.invalid(&at.child("clusterIPs").index(0), "None", "may not be set to 'None' for LoadBalancer services");
            }
        }
        "NodePort" if headless => e.invalid(&at.child("clusterIPs").index(0), "None", "may not be set to 'None' for NodePort services"),
        "ExternalName" => external_name(s, &at, e),
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for (i, p) in ports.iter().enumerate() {
        port(p, ports.len() > 1, &mut seen, &at.child("ports").index(i), e);
    }
    meta::labels(s.entries("selector"), &at.child("selector"), e);
    e.one_of(&at.child("sessionAffinity"), s.text("sessionAffinity"), &["ClientIP", "None"]);
    if s.text("sessionAffinity") == "ClientIP" {
        let seconds = s["sessionAffinityConfig"]["clientIP"].int("timeoutSeconds").unwrap_or(0);
        if !(1..=86_400).contains(&seconds) {
            let path = at.children(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
            e.invalid(&path, seconds, "must be greater than 0 and less than 86400");
        }
    }
    cluster_ips(s, kind, &at, e);
    for (i, address) in s.texts("externalIPs").into_iter().enumerate() {
        external_ip(address, &at.child("externalIPs").index(i), e);
    }
    e.one_of(&at.child("type"), kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    duplicates(ports, kind, &at.child("ports"), e);
    let ranges = s.texts("loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let path = at.child("LoadBalancerSourceRanges");
        if kind != "LoadBalancer" {
            e.forbidden(&path, "may only be used when `type` is 'LoadBalancer'");
        }
        for (i, r) in ranges.into_iter().enumerate() {
            cidr(r.trim(), &path.index(i), e);
        }
    }
    if s.some("allocateLoadBalancerNodePorts").is_some() && kind != "LoadBalancer" {
        e.forbidden(&at.child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'");
    }
    if let Some(class) = s.some("loadBalancerClass").and_then(Value::as_str) {
        if kind == "LoadBalancer" {
            e.invalids(&at.child("loadBalancerClass"), class, names::qualified_name(class));
        } else {
            e.forbidden(&at.child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'");
        }
    }
    traffic(s, kind, &at, e);
}

fn external_name(s: &Value, at: &Path, e: &mut Errors) {
    if !s.list("clusterIPs").is_empty() || !s.text("clusterIP").is_empty() {
        e.forbidden(&at.child("clusterIPs"), "may not be set for ExternalName services");
    }
    if !s.list("ipFamilies").is_empty() {
        e.forbidden(&at.child("ipFamilies"), "may not be set for ExternalName services");
    }
    if s.some("ipFamilyPolicy").is_some() {
        e.forbidden(&at.child("ipFamilyPolicy"), "may not be set for ExternalName services");
    }
    let name = s.text("externalName");
    match name.strip_suffix('.').unwrap_or(name) {
        "" => e.required(&at.child("externalName"), ""),
        name => e.invalids(&at.child("externalName"), name, names::dns1123_subdomain(name)),
    }
}

fn port<'a>(p: &'a Value, name_required: bool, seen: &mut BTreeSet<&'a str>, at: &Path, e: &mut Errors) {
    let name = p.text("name");
    if name.is_empty() {
        if name_required {
            e.required(&at.child("name"), "");
        }
    } else {
        e.invalids(&at.child("name"), name, names::dns1123_label(name));
        if !seen.insert(name) {
            e.duplicate(&at.child("name"), name);
        }
    }
    container::number(p.int("port").unwrap_or(0), &at.child("port"), e);
    e.one_of(&at.child("protocol"), p.text("protocol"), container::PROTOCOLS);
    container::number_or_name(&p["targetPort"], &at.child("targetPort"), e);
    let app = p.text("appProtocol");
    if !app.is_empty() {
        e.invalids(&at.child("appProtocol"), app, names::qualified_name(app));
    }
}

fn cluster_ips(s: &Value, kind: &str, at: &Path, e: &mut Errors) {
    if kind == "ExternalName" {
        return;
    }
    let (one, all) = (s.text("clusterIP"), s.texts("clusterIPs"));
    let path = at.child("clusterIPs");
    if one.is_empty() {
        if !all.is_empty() {
            e.invalid(&path, &s["clusterIPs"], "must be empty when `clusterIP` is not specified");
        }
    } else if all.first().is_some_and(|first| *first != one) {
        e.invalid(&path, &s["clusterIPs"], "first value must match `clusterIP`");
    }
    let mut seen = BTreeSet::new();
    for (i, f) in s.texts("ipFamilies").into_iter().enumerate() {
        let path = at.child("ipFamilies").index(i);
        if !matches!(f, "IPv4" | "IPv6") {
            e.unsupported(&path, f, &["IPv4", "IPv6"]);
        }
        if !seen.insert(f) {
            e.duplicate(&path, f);
        }
    }
    let policy = s.text("ipFamilyPolicy");
    if !policy.is_empty() {
        e.one_of(&at.child("ipFamilyPolicy"), policy, &["PreferDualStack", "RequireDualStack", "SingleStack"]);
    }
    for (i, address) in all.into_iter().enumerate() {
        if i == 0 && address == "None" {
            continue;
        }
        pod::ip(address, &path.index(i), e);
    }
}

fn external_ip(text: &str, at: &Path, e: &mut Errors) {
    let Ok(address) = text.parse::<std::net::IpAddr>() else { return pod::ip(text, at, e) };
    if address.is_unspecified() {
        e.invalid(at, text, format!("may not be unspecified ({text})"));
    }
    if address.is_loopback() {
        e.invalid(at, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    let link_local = match address {
        std::net::IpAddr::V4(a) => a.is_link_local(),
        std::net::IpAddr::V6(a) => a.is_unicast_link_local(),
    };
    if link_local {
        e.invalid(at, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
}

/// Address and length of a CIDR.
pub(super) fn parse_cidr(text: &str) -> Option<(std::net::IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let (address, length): (std::net::IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

pub(super) fn cidr(text: &str, at: &Path, e: &mut Errors) {
    if parse_cidr(text).is_none() {
        e.invalid(at, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    }
}

fn duplicates(ports: &[Value], kind: &str, at: &Path, e: &mut Errors) {
    if kind == "ClusterIP" {
        for (i, p) in ports.iter().enumerate() {
            if p.int("nodePort").is_some_and(|n| n != 0) {
                e.forbidden(&at.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
            }
        }
    }
    let mut seen = BTreeSet::new();
    for (i, p) in ports.iter().enumerate() {
        let n = p.int("nodePort").unwrap_or(0);
        if n != 0 && !seen.insert((p.text("protocol"), n)) {
            e.duplicate(&at.index(i).child("nodePort"), json!(n));
        }
    }
    let mut seen = BTreeSet::new();
    for (i, p) in ports.iter().enumerate() {
        let n = p.int("port").unwrap_or(0);
        if !seen.insert((p.text("protocol"), n)) {
            // The internal Go type, which has no JSON names.
            let shown = json!({"Name": "", "Protocol": p.text("protocol"), "AppProtocol": null, "Port": n, "TargetPort": 0, "NodePort": 0});
            e.duplicate(&at.index(i), shown);
        }
    }
}

fn traffic(s: &Value, kind: &str, at: &Path, e: &mut Errors) {
    let external = s.text("externalTrafficPolicy");
    let reachable = matches!(kind, "LoadBalancer" | "NodePort") || kind == "ClusterIP" && !s.list("externalIPs").is_empty();
    if !reachable {
        if !external.is_empty() {
            e.invalid(&at.child("externalTrafficPolicy"), external, "may only be set for externally-accessible services");
        }
    } else {
        e.one_of(&at.child("externalTrafficPolicy"), external, &["Cluster", "Local"]);
    }
    if let Some(n) = s.int("healthCheckNodePort").filter(|n| *n != 0)
        && (kind != "LoadBalancer" || external != "Local")
    {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        e.invalid(&at.child("healthCheckNodePort"), n, detail);
    }
    let internal = s.text("internalTrafficPolicy");
    if internal.is_empty() {
        if matches!(kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
            e.required(&at.child("internalTrafficPolicy"), "");
        }
    } else if !matches!(internal, "Cluster" | "Local") {
        e.unsupported(&at.child("internalTrafficPolicy"), internal, &["Cluster", "Local"]);
    }
    let distribution = s.text("trafficDistribution");
    if !distribution.is_empty() && !matches!(distribution, "PreferClose" | "PreferSameZone" | "PreferSameNode") {
        e.unsupported(&at.child("trafficDistribution"), distribution, &["PreferClose", "PreferSameNode", "PreferSameZone"]);
    }
}
