//! Cluster IPs and node ports of Services. Facts: pkg/registry/core/service/{ipallocator,portallocator}, reference 1.2.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::Kind;
use super::defaults::{each, set};
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::Service;
use crate::worlds::kubernetes::api::{Api, ApiError, FieldError};

/// kubeadm's `--service-cluster-ip-range`.
pub const CLUSTER_IP_RANGE: &str = "10.96.0.0/12";
const CLUSTER_IP_BASE: u32 = 0x0a60_0000;
const CLUSTER_IP_SIZE: u32 = 1 << 20;
/// The lowest addresses are left to explicit requests: min(max(16, size/16), 256).
const CLUSTER_IP_STATIC: u32 = 256;
/// kube-apiserver `--service-node-port-range`
pub const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// The lowest ports are left to explicit requests: min(max(16, size/32), 128).
const NODE_PORT_STATIC: i64 = 86;

/// Fills in `clusterIP(s)`, `ipFamilies`, `ipFamilyPolicy` and node ports of a defaulted Service; `old` keeps what it had.
///
/// # Errors
/// `Invalid`, if an address or port that was asked for is taken or out of range.
pub(in crate::worlds::kubernetes) fn allocate(service: &mut Value, old: Option<&Service>, api: &mut Api) -> Result<(), ApiError> {
    let name = service["metadata"]["name"].as_str().unwrap_or_default().to_string();
    let own = Key::new(service["metadata"]["namespace"].as_str().unwrap_or_default(), name.as_str());
    let Some(s) = service["spec"].as_object_mut() else { return Ok(()) };
    let kind = s.get("type").and_then(Value::as_str).unwrap_or_default().to_string();
    let invalid = |field: String, body: String| Err(ApiError::invalid(Kind::Service, &name, vec![FieldError { field, body }]));
    if kind == "ExternalName" {
        return Ok(());
    }
    let kept = old.filter(|o| o.spec.type_.as_deref() != Some("ExternalName")).and_then(|o| o.spec.cluster_ip.clone());
    if let Some(ip) = kept.clone() {
        set(s, "clusterIP", ip);
    }
    let wanted = s.get("clusterIP").and_then(Value::as_str).unwrap_or_default().to_string();
    if wanted.is_empty() {
        let taken: BTreeSet<String> = api.store.all::<Service>().filter_map(|o| o.spec.cluster_ip.clone()).collect();
        let stream = api.rng.stream("cluster-ips");
        let ip = loop {
            let offset = CLUSTER_IP_STATIC + stream.below(u64::from(CLUSTER_IP_SIZE - CLUSTER_IP_STATIC - 1)) as u32;
            let ip = Ipv4Addr::from(CLUSTER_IP_BASE + offset).to_string();
            if !taken.contains(&ip) {
                break ip;
            }
        };
        s.insert("clusterIP".into(), ip.into());
    } else if wanted != "None" && kept.as_ref() != Some(&wanted) {
        if wanted.parse::<std::net::IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            return invalid("spec.clusterIPs[0]".into(), format!("Invalid value: \"{wanted}\": {why}"));
        }
        let ip: Option<Ipv4Addr> = wanted.parse().ok();
        let inside = ip.is_some_and(|ip| (CLUSTER_IP_BASE + 1..CLUSTER_IP_BASE + CLUSTER_IP_SIZE - 1).contains(&u32::from(ip)));
        let failed = |why: &str| format!("Invalid value: [\"{wanted}\"]: failed to allocate IP {wanted}: {why}");
        if !inside {
            let why = format!("the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {CLUSTER_IP_RANGE}");
            return invalid("spec.clusterIPs".into(), failed(&why));
        }
        if api.store.all::<Service>().any(|o| o.meta.key() != own && o.spec.cluster_ip.as_ref() == Some(&wanted)) {
            return invalid("spec.clusterIPs".into(), failed("provided IP is already allocated"));
        }
    }
    let ip = s["clusterIP"].clone();
    set(s, "clusterIPs", json!([ip]));
    set(s, "ipFamilies", json!(["IPv4"]));
    set(s, "ipFamilyPolicy", "SingleStack");
    let ports_wanted = match kind.as_str() {
        "NodePort" => true,
        "LoadBalancer" => s.get("allocateLoadBalancerNodePorts").and_then(Value::as_bool).unwrap_or(true),
        _ => false,
    };
    if !ports_wanted {
        return Ok(());
    }
    // One number may serve several protocols of one service.
    let mut own_ports: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut taken: BTreeSet<i64> = BTreeSet::new();
    for o in api.store.all::<Service>().filter(|o| o.meta.key() != own) {
        taken.extend(o.spec.ports.iter().flatten().filter_map(|p| p.node_port).map(i64::from));
    }
    let had = |port: i64, protocol: &str| {
        let same =
            |p: &&k8s_openapi::api::core::v1::ServicePort| i64::from(p.port) == port && p.protocol.as_deref().unwrap_or("TCP") == protocol;
        old.and_then(|o| o.spec.ports.iter().flatten().find(same)).and_then(|p| p.node_port).map(i64::from)
    };
    for (i, p) in each(s, "ports").enumerate() {
        let number = p.get("port").and_then(Value::as_i64).unwrap_or(0);
        let protocol = p.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_string();
        let wanted = p.get("nodePort").and_then(Value::as_i64).filter(|n| *n != 0).or_else(|| had(number, &protocol));
        let port = match wanted {
            Some(n) if !NODE_PORTS.contains(&n) => {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                return invalid(format!("spec.ports[{i}].nodePort"), format!("Invalid value: {n}: {why}"));
            }
            Some(n) if taken.contains(&n) || own_ports.contains(&(n, protocol.clone())) => {
                return invalid(format!("spec.ports[{i}].nodePort"), format!("Invalid value: {n}: provided port is already allocated"));
            }
            Some(n) => n,
            None => {
                let low = NODE_PORTS.start() + NODE_PORT_STATIC;
                let used = |n: &i64| taken.contains(n) || own_ports.iter().any(|(o, _)| o == n);
                let all = |r: std::ops::RangeInclusive<i64>| r.filter(|n| !used(n)).collect::<Vec<_>>();
                let mut free = all(low..=*NODE_PORTS.end());
                if free.is_empty() {
                    free = all(*NODE_PORTS.start()..=low - 1);
                }
                if free.is_empty() {
                    let message = "Internal error occurred: failed to allocate a nodePort: range is full".to_string();
                    return Err(ApiError { code: 500, reason: "InternalError", message, causes: vec![] });
                }
                free[api.rng.stream("node-ports").below(free.len() as u64) as usize]
            }
        };
        own_ports.insert((port, protocol));
        p.insert("nodePort".into(), port.into());
    }
    Ok(())
}
