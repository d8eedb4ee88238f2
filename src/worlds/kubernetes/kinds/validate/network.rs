//! Ingress, IngressClass, NetworkPolicy. Facts: pkg/apis/networking/validation/validation.go.

use serde_json::Value;

use super::report::{Errors, Path, Read};
use super::service::{cidr, parse_cidr};
use super::{container, meta, names};

pub(super) fn ingress(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let rules = s.list("rules");
    if rules.is_empty() && s.some("defaultBackend").is_none() {
        e.invalid(&at, Value::Null, "either `defaultBackend` or `rules` must be specified");
    }
    if let Some(b) = s.some("defaultBackend") {
        backend(b, &at.child("defaultBackend"), e);
    }
    for (i, r) in rules.iter().enumerate() {
        let path = at.child("rules").index(i);
        host(r.text("host"), &path.child("host"), e);
        if let Some(http) = r.some("http") {
            if http.list("paths").is_empty() {
                e.required(&path.child("http").child("paths"), "");
            }
            for (j, p) in http.list("paths").iter().enumerate() {
                http_path(p, &path.child("http").child("paths").index(j), e);
            }
        }
    }
    for (i, t) in s.list("tls").iter().enumerate() {
        let path = at.child("tls").index(i);
        for (j, h) in t.texts("hosts").into_iter().enumerate() {
            let wrong = if h.contains('*') { names::wildcard_subdomain(h) } else { names::dns1123_subdomain(h) };
            e.invalids(&path.child("hosts").index(j), h, wrong);
        }
        let secret = t.text("secretName");
        if !secret.is_empty() {
            e.invalids(&path.child("secretName"), secret, names::dns1123_subdomain(secret));
        }
    }
    let class = s.text("ingressClassName");
    if !class.is_empty() {
        e.invalids(&at.child("ingressClassName"), class, names::dns1123_subdomain(class));
    }
    let annotation = o["metadata"]["annotations"].text("kubernetes.io/ingress.class");
    if !annotation.is_empty() && !class.is_empty() && annotation != class {
        let path = Path::new("annotations").child("kubernetes.io/ingress.class");
        e.invalid(&path, annotation, "must match `ingressClassName` when both are specified");
    }
}

fn host(h: &str, at: &Path, e: &mut Errors) {
    if h.is_empty() {
        return;
    }
    if h.parse::<std::net::IpAddr>().is_ok() {
        e.invalid(at, h, "must be a DNS name, not an IP address");
    }
    let wrong = if h.contains('*') { names::wildcard_subdomain(h) } else { names::dns1123_subdomain(h) };
    e.invalids(at, h, wrong);
}

fn http_path(p: &Value, at: &Path, e: &mut Errors) {
    let path = p.text("path");
    match p.text("pathType") {
        "" if p.some("pathType").is_none() => return e.required(&at.child("pathType"), "pathType must be specified"),
        "Exact" | "Prefix" => {
            if !path.starts_with('/') {
                e.invalid(&at.child("path"), path, "must be an absolute path");
            }
            for s in ["//", "/./", "/../", "%2f", "%2F"] {
                if path.contains(s) {
                    e.invalid(&at.child("path"), path, format!("must not contain '{s}'"));
                }
            }
            for s in ["/..", "/."] {
                if path.ends_with(s) {
                    e.invalid(&at.child("path"), path, format!("cannot end with '{s}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !path.starts_with('/') {
                e.invalid(&at.child("path"), path, "must be an absolute path");
            }
        }
        other => e.unsupported(&at.child("pathType"), other, &["Exact", "ImplementationSpecific", "Prefix"]),
    }
    backend(&p["backend"], &at.child("backend"), e);
}

fn backend(b: &Value, at: &Path, e: &mut Errors) {
    match (b.some("resource"), b.some("service")) {
        (Some(_), Some(_)) => e.invalid(at, "", "cannot set both resource and service backends"),
        (Some(r), None) => reference(r, &at.child("resource"), e),
        (None, Some(s)) => {
            let path = at.child("service");
            let name = s.text("name");
            if name.is_empty() {
                e.required(&path.child("name"), "");
            } else {
                e.invalids(&path.child("name"), name, names::dns1123_label(name));
            }
            let (port_name, number) = (s["port"].text("name"), s["port"].int("number").unwrap_or(0));
            match (port_name.is_empty(), number == 0) {
                (false, false) => e.invalid(at, "", "cannot set both port name & port number"),
                (false, true) => e.invalids(&path.children(&["port", "name"]), port_name, names::port_name(port_name)),
                (true, false) => container::number(number, &path.children(&["port", "number"]), e),
                (true, true) => e.required(at, "port name or number is required"),
            }
        }
        (None, None) => e.invalid(at, "", "resource or service backend is required"),
    }
}

fn reference(r: &Value, at: &Path, e: &mut Errors) {
    if let Some(group) = r.some("apiGroup").and_then(Value::as_str) {
        e.invalids(&at.child("apiGroup"), group, names::dns1123_subdomain(group));
    }
    for (key, need) in [("kind", "kind is required"), ("name", "name is required")] {
        let text = r.text(key);
        if text.is_empty() {
            e.required(&at.child(key), need);
        } else {
            e.invalids(&at.child(key), text, names::path_segment(text));
        }
    }
}

pub(super) fn ingress_class(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let controller = s.text("controller");
    if controller.len() > 250 {
        e.too_long(&at.child("controller"), 250);
    }
    if controller.is_empty() {
        e.required(&at.child("controller"), "");
    } else if let Err(m) = names::domain_prefixed_path(controller) {
        e.invalid(&at.child("controller"), controller, m);
    }
    if let Some(p) = s.some("parameters") {
        reference(p, &at.child("parameters"), e);
    }
}

pub(super) fn network_policy(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    meta::selector(&s["podSelector"], &at.child("podSelector"), e);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in s.list(direction).iter().enumerate() {
            let path = at.child(direction).index(i);
            for (j, p) in rule.list("ports").iter().enumerate() {
                policy_port(p, &path.child("ports").index(j), e);
            }
            for (j, p) in rule.list(peers).iter().enumerate() {
                peer(p, &path.child(peers).index(j), e);
            }
        }
    }
    let types = s.texts("policyTypes");
    if types.len() > 2 {
        return e.invalid(&at.child("policyTypes"), &s["policyTypes"], "may not specify more than two policyTypes");
    }
    for (i, t) in types.into_iter().enumerate() {
        if !matches!(t, "Ingress" | "Egress") {
            e.unsupported(&at.child("policyTypes").index(i), t, &["Ingress", "Egress"]);
        }
    }
}

fn policy_port(p: &Value, at: &Path, e: &mut Errors) {
    let protocol = p.text("protocol");
    if !protocol.is_empty() && !container::PROTOCOLS.contains(&protocol) {
        e.unsupported(&at.child("protocol"), protocol, &["TCP", "UDP", "SCTP"]);
    }
    match (p.some("port"), p.int("endPort")) {
        (Some(port), end) => {
            container::number_or_name(port, &at.child("port"), e);
            match (port.as_i64(), end) {
                (Some(first), Some(end)) => {
                    if end < first {
                        e.invalid(&at.child("endPort"), first, "must be greater than or equal to `port`");
                    }
                    container::number(end, &at.child("endPort"), e);
                }
                (None, Some(end)) => e.invalid(&at.child("endPort"), end, "may not be specified when `port` is non-numeric"),
                _ => {}
            }
        }
        (None, Some(end)) => e.invalid(&at.child("endPort"), end, "may not be specified when `port` is not specified"),
        (None, None) => {}
    }
}

fn peer(p: &Value, at: &Path, e: &mut Errors) {
    let mut found = 0;
    for key in ["podSelector", "namespaceSelector"] {
        if let Some(s) = p.some(key) {
            found += 1;
            meta::selector(s, &at.child(key), e);
        }
    }
    if let Some(b) = p.some("ipBlock") {
        found += 1;
        ip_block(b, &at.child("ipBlock"), e);
    }
    if found == 0 {
        e.required(at, "must specify a peer");
    } else if found > 1 && p.some("ipBlock").is_some() {
        e.forbidden(at, "may not specify both ipBlock and another peer");
    }
}

fn ip_block(b: &Value, at: &Path, e: &mut Errors) {
    let whole = b.text("cidr");
    if whole.is_empty() {
        return e.required(&at.child("cidr"), "");
    }
    let Some((base, length)) = parse_cidr(whole) else { return cidr(whole, &at.child("cidr"), e) };
    for (i, x) in b.texts("except").into_iter().enumerate() {
        let path = at.child("except").index(i);
        let Some((address, inner)) = parse_cidr(x) else { return cidr(x, &path, e) };
        if !contains(base, length, address) || length >= inner {
            e.invalid(&path, x, "must be a strict subset of `cidr`");
        }
    }
}

fn contains(base: std::net::IpAddr, length: u8, address: std::net::IpAddr) -> bool {
    use std::net::IpAddr::{V4, V6};
    let same = |a: u128, b: u128, width: u32| length == 0 || (a ^ b) >> (width - u32::from(length)) == 0;
    match (base, address) {
        (V4(a), V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (V6(a), V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}
