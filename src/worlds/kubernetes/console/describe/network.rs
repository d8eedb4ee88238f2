//! `describe` of Services, Ingresses, NetworkPolicies and endpoints.

use serde_json::Value;

use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::kinds::Kind;

use super::super::print::cells::label_selector;
use super::super::shell::{Item, list_at, plain, text_at};
use super::{Scene, Writer, annotations, events, head, labels, none_if_empty};

fn joined(list: &[Value]) -> String {
    list.iter().map(plain).collect::<Vec<_>>().join(",")
}

/// Ready addresses of a service's port, three of them. Follows formatEndpointSlices.
fn endpoints_of(scene: &Scene, namespace: &str, service: &str, port: &str) -> String {
    let slices: Vec<Item> = scene
        .list(Kind::EndpointSlice, namespace)
        .into_iter()
        .filter(|s| s.object.meta().label("kubernetes.io/service-name") == Some(service))
        .collect();
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut all = Vec::new();
    for s in &slices {
        let ready: Vec<&Value> = list_at(&s.json, "endpoints").iter().filter(|e| e["conditions"]["ready"] != false).collect();
        let ports = list_at(&s.json, "ports");
        if ports.is_empty() {
            all.extend(ready.iter().map(|e| plain(&e["addresses"][0])));
        }
        for p in ports.iter().filter(|p| text_at(p, "name") == port) {
            all.extend(ready.iter().map(|e| format!("{}:{}", plain(&e["addresses"][0]), plain(&p["port"]))));
        }
    }
    let shown = all.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if all.len() > 3 { format!("{shown} + {} more...", all.len() - 3) } else { shown }
}

pub(super) fn service(w: &mut Writer, scene: &Scene, item: &Item) {
    let spec = &item.json["spec"];
    head(w, item);
    let mut selector: Vec<String> = spec["selector"].as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
    selector.sort();
    w.field(0, "Selector", none_if_empty(&selector.join(",")));
    w.field(0, "Type", text_at(spec, "type"));
    w.some(0, "IP Family Policy", text_at(spec, "ipFamilyPolicy"));
    w.field(0, "IP Families", none_if_empty(&joined(list_at(spec, "ipFamilies"))));
    w.field(0, "IP", text_at(spec, "clusterIP"));
    w.field(0, "IPs", none_if_empty(&joined(list_at(spec, "clusterIPs"))));
    w.some(0, "External IPs", joined(list_at(spec, "externalIPs")));
    w.some(0, "Desired LoadBalancer IP", text_at(spec, "loadBalancerIP"));
    w.some(0, "External Name", text_at(spec, "externalName"));
    let ingress: Vec<String> = list_at(&item.json, "status.loadBalancer.ingress")
        .iter()
        .map(|i| match (text_at(i, "ip"), text_at(i, "ipMode")) {
            ("", _) => text_at(i, "hostname").to_string(),
            (ip, "") => ip.to_string(),
            (ip, mode) => format!("{ip} ({mode})"),
        })
        .collect();
    w.some(0, "LoadBalancer Ingress", ingress.join(", "));
    for p in list_at(spec, "ports") {
        let own = text_at(p, "name");
        let name = if own.is_empty() { "<unset>" } else { own };
        let protocol = text_at(p, "protocol");
        w.line(0, format!("Port:\t{name}\t{}/{protocol}", plain(&p["port"])));
        w.field(0, "TargetPort", format!("{}/{protocol}", plain(&p["targetPort"])));
        if let Some(n) = p["nodePort"].as_i64().filter(|n| *n != 0) {
            w.line(0, format!("NodePort:\t{name}\t{n}/{protocol}"));
        }
        w.field(0, "Endpoints", endpoints_of(scene, item.namespace(), item.name(), own));
    }
    w.field(0, "Session Affinity", text_at(spec, "sessionAffinity"));
    w.some(0, "External Traffic Policy", text_at(spec, "externalTrafficPolicy"));
    w.some(0, "Internal Traffic Policy", text_at(spec, "internalTrafficPolicy"));
    if let Some(n) = spec["healthCheckNodePort"].as_i64().filter(|n| *n != 0) {
        w.field(0, "HealthCheck NodePort", n.to_string());
    }
    w.some(0, "LoadBalancer Source Ranges", joined(list_at(spec, "loadBalancerSourceRanges")));
    events::events(w, scene, item);
}

fn backend(scene: &Scene, namespace: &str, b: &Value) -> String {
    let s = &b["service"];
    if !s.is_object() {
        let r = &b["resource"];
        if r.is_object() {
            let group = none_if_empty(text_at(r, "apiGroup"));
            return format!("APIGroup: {group}, Kind: {}, Name: {}", text_at(r, "kind"), text_at(r, "name"));
        }
        return String::new();
    }
    let name = text_at(s, "name");
    let port = if s["port"]["name"].is_null() { plain(&s["port"]["number"]) } else { plain(&s["port"]["name"]) };
    let Some(service) = scene.api.store.get(Kind::Service, &Key::new(namespace, name)) else {
        return format!("{name}:{port} (<error: services \"{name}\" not found>)");
    };
    let service = scene.item(service);
    let found = list_at(&service.json, "spec.ports").iter().find(|p| plain(&p["port"]) == port || text_at(p, "name") == port);
    let port_name = found.map_or("", |p| text_at(p, "name"));
    format!("{name}:{port} ({})", endpoints_of(scene, namespace, name, port_name))
}

pub(super) fn ingress(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, namespace) = (&item.json["spec"], item.namespace());
    w.field(0, "Name", item.name());
    labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    w.field(0, "Namespace", namespace);
    let mut addresses: Vec<&str> = list_at(&item.json, "status.loadBalancer.ingress")
        .iter()
        .map(|i| if text_at(i, "ip").is_empty() { text_at(i, "hostname") } else { text_at(i, "ip") })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    w.field(0, "Address", addresses.join(","));
    w.field(0, "Ingress Class", none_if_empty(text_at(spec, "ingressClassName")));
    let default = if spec["defaultBackend"].is_object() { backend(scene, namespace, &spec["defaultBackend"]) } else { "<default>".into() };
    w.field(0, "Default backend", &default);
    let tls = list_at(spec, "tls");
    if !tls.is_empty() {
        w.line(0, "TLS:");
        for t in tls {
            let hosts = joined(list_at(t, "hosts"));
            match text_at(t, "secretName") {
                "" => w.line(1, format!("SNI routes {hosts}")),
                secret => w.line(1, format!("{secret} terminates {hosts}")),
            }
        }
    }
    w.line(0, "Rules:");
    w.line(1, "Host\tPath\tBackends");
    w.line(1, "----\t----\t--------");
    let rules: Vec<&Value> = list_at(spec, "rules").iter().filter(|r| r["http"].is_object()).collect();
    for r in &rules {
        let host = text_at(r, "host");
        w.line(1, format!("{}\t", if host.is_empty() { "*" } else { host }));
        for p in list_at(r, "http.paths") {
            w.line(2, format!("\t{} \t{}", text_at(p, "path"), backend(scene, namespace, &p["backend"])));
        }
    }
    if rules.is_empty() {
        w.line(1, format!("*\t*\t{default}"));
    }
    annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
    events::events(w, scene, item);
}

pub(super) fn ingress_class(w: &mut Writer, scene: &Scene, item: &Item) {
    let spec = &item.json["spec"];
    head(w, item);
    w.field(0, "Controller", text_at(spec, "controller"));
    let p = &spec["parameters"];
    if p.is_object() {
        w.line(0, "Parameters:");
        w.some(1, "APIGroup", text_at(p, "apiGroup"));
        w.field(1, "Kind", text_at(p, "kind"));
        w.field(1, "Name", text_at(p, "name"));
    }
    events::events(w, scene, item);
}

/// Peers and ports of one direction. Follows printNetworkPolicySpecIngressFrom/EgressTo.
fn direction(w: &mut Writer, rules: &[Value], field: &str, word: &str, isolated: &str) {
    if rules.is_empty() {
        w.line(2, format!("<none> (Selected pods are isolated for {isolated} connectivity)"));
    }
    for (i, r) in rules.iter().enumerate() {
        let ports = list_at(r, "ports");
        if ports.is_empty() {
            w.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for p in ports {
            w.line(2, format!("To Port: {}/{}", plain(&p["port"]), p["protocol"].as_str().unwrap_or("TCP")));
        }
        let peers = list_at(r, field);
        if peers.is_empty() {
            let by = if word == "From" { "source" } else { "destination" };
            w.line(2, format!("{word}: <any> (traffic not restricted by {by})"));
        }
        for p in peers {
            w.line(2, format!("{word}:"));
            for (title, k) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
                if p[k].is_object() {
                    w.line(3, format!("{title}: {}", label_selector(&p[k])));
                }
            }
            if p["ipBlock"].is_object() {
                w.line(3, "IPBlock:");
                w.line(4, format!("CIDR: {}", text_at(p, "ipBlock.cidr")));
                w.line(4, format!("Except: {}", list_at(p, "ipBlock.except").iter().map(plain).collect::<Vec<_>>().join(", ")));
            }
        }
        if i + 1 < rules.len() {
            w.line(2, "----------");
        }
    }
}

pub(super) fn network_policy(w: &mut Writer, _: &Scene, item: &Item) {
    let spec = &item.json["spec"];
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    let stamp = text_at(&item.json, "metadata.creationTimestamp").replace('T', " ").replace('Z', " +0000 UTC");
    w.field(0, "Created on", stamp);
    labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
    w.line(0, "Spec:");
    let selector = label_selector(&spec["podSelector"]);
    let selector =
        if selector == "<none>" { "<none> (Allowing the specific traffic to all pods in this namespace)".to_string() } else { selector };
    w.line(1, format!("PodSelector:     {selector}"));
    let types: Vec<String> = list_at(spec, "policyTypes").iter().map(plain).collect();
    if types.iter().any(|t| t == "Ingress") {
        w.line(1, "Allowing ingress traffic:");
        direction(w, list_at(spec, "ingress"), "from", "From", "ingress");
    } else {
        w.line(1, "Not affecting ingress traffic");
    }
    if types.iter().any(|t| t == "Egress") {
        w.line(1, "Allowing egress traffic:");
        direction(w, list_at(spec, "egress"), "to", "To", "egress");
    } else {
        w.line(1, "Not affecting egress traffic");
    }
    w.line(1, format!("Policy Types: {}", types.join(", ")));
}

pub(super) fn endpoint_slice(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    head(w, item);
    w.field(0, "AddressType", text_at(v, "addressType"));
    let or_unset = |t: String| if t.is_empty() { "<unset>".to_string() } else { t };
    let ports = list_at(v, "ports");
    if ports.is_empty() {
        w.line(0, "Ports: <unset>");
    } else {
        w.line(0, "Ports:");
        w.line(1, "Name\tPort\tProtocol");
        w.line(1, "----\t----\t--------");
        for p in ports {
            w.line(1, format!("{}\t{}\t{}", or_unset(plain(&p["name"])), or_unset(plain(&p["port"])), text_at(p, "protocol")));
        }
    }
    let list = list_at(v, "endpoints");
    if list.is_empty() {
        w.line(0, "Endpoints: <none>");
    } else {
        w.line(0, "Endpoints:");
    }
    for e in list {
        let addresses: Vec<String> = list_at(e, "addresses").iter().map(plain).collect();
        w.field(1, "- Addresses", none_if_empty(&addresses.join(", ")));
        w.line(2, "Conditions:");
        w.field(3, "Ready", or_unset(plain(&e["conditions"]["ready"])));
        w.field(2, "Hostname", or_unset(plain(&e["hostname"])));
        if e["targetRef"].is_object() {
            w.field(2, "TargetRef", format!("{}/{}", text_at(e, "targetRef.kind"), text_at(e, "targetRef.name")));
        }
        w.field(2, "NodeName", or_unset(plain(&e["nodeName"])));
        w.field(2, "Zone", or_unset(plain(&e["zone"])));
    }
    events::events(w, scene, item);
}

pub(super) fn endpoints(w: &mut Writer, scene: &Scene, item: &Item) {
    head(w, item);
    w.line(0, "Subsets:");
    for s in list_at(&item.json, "subsets") {
        let ips = |k: &str| list_at(s, k).iter().map(|a| text_at(a, "ip")).collect::<Vec<_>>().join(",");
        w.field(1, "Addresses", none_if_empty(&ips("addresses")));
        w.field(1, "NotReadyAddresses", none_if_empty(&ips("notReadyAddresses")));
        let ports = list_at(s, "ports");
        if !ports.is_empty() {
            w.line(1, "Ports:");
            w.line(2, "Name\tPort\tProtocol");
            w.line(2, "----\t----\t--------");
            for p in ports {
                let name = text_at(p, "name");
                w.line(2, format!("{}\t{}\t{}", if name.is_empty() { "<unset>" } else { name }, plain(&p["port"]), text_at(p, "protocol")));
            }
        }
        w.line(0, "");
    }
    events::events(w, scene, item);
}
