//! The old Endpoints objects, as the endpoints controller would have written them, made from Services and pods when somebody looks.
//! Nothing in the cluster reads them (kube-proxy goes by EndpointSlices), so nothing writes them either.
//! Follows: pkg/controller/endpoint/endpoints_controller.go, pkg/registry/core/endpoint/strategy.go (the warning).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::worlds::kubernetes::api::meta::{Labels, Meta, Name};
use crate::worlds::kubernetes::api::object::{EndpointSlice, Generic, Object, Pod, Service};
use crate::worlds::kubernetes::api::store::Store;
use crate::worlds::kubernetes::controllers::endpointslice::{SERVICE_NAME, ports_of, selected};
use crate::worlds::kubernetes::kinds::Kind;

/// What the server adds to every answer about them.
pub(super) const WARNING: &str = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// pkg/controller/endpoint/endpoints_controller.go, maxCapacity
const MAX_ADDRESSES: usize = 1000;

/// Addresses by the ports that they have: those that are ready, and those that are not.
type Subsets = BTreeMap<Vec<(Name, i32, Name)>, [Vec<(Ipv4Addr, Value)>; 2]>;

/// The Endpoints of one Service; None where the controller makes none: without a selector a person writes them.
pub(super) fn of(store: &Store, service: &Service) -> Option<Object> {
    let headless = service.spec.cluster_ip.as_deref() == Some("None");
    let mut labels: BTreeMap<Name, Name> = BTreeMap::clone(&service.meta.labels);
    let mut subsets = Subsets::new();
    let mut seen = 0;
    if service.spec.selector.as_ref().is_none_or(|s| s.is_empty()) {
        subsets = server(store, service)?;
        labels = [("endpointslice.kubernetes.io/skip-mirror".into(), "true".into())].into();
    } else {
        if service.spec.type_.as_deref() == Some("ExternalName") {
            return None;
        }
        if headless {
            labels.insert(HEADLESS.into(), "".into());
        }
        labels.insert(MANAGED_BY.into(), "endpoint-controller".into());
        let publish = service.spec.publish_not_ready_addresses == Some(true);
        let pods = store.in_namespace::<Pod>(&service.meta.namespace);
        for pod in pods.filter(|p| selected(service, &p.meta.labels) && !p.is_finished() && (publish || !p.meta.is_deleting())) {
            seen = seen.max(pod.meta.resource_version);
            add(&mut subsets, service, pod, publish || pod.is_ready(), headless);
        }
    }
    let meta = Meta {
        name: service.meta.name.clone(),
        namespace: service.meta.namespace.clone(),
        labels: Labels::new(labels),
        uid: uid(service),
        resource_version: seen.max(service.meta.resource_version),
        created: service.meta.created,
        ..Meta::default()
    };
    let subsets: Vec<Value> = subsets.into_iter().map(|(ports, [ready, not_ready])| subset(&ports, ready, not_ready)).collect();
    let mut body = json!({});
    if !subsets.is_empty() {
        body["subsets"] = Value::Array(subsets);
    }
    Some(Object::from(Generic { kind: Kind::Endpoints, meta, body: Arc::new(body) }))
}

/// An identity of its own, always the same for one Service.
fn uid(service: &Service) -> Name {
    let half = |salt: &str| crate::kernel::random::fnv1a64(format!("{}{salt}", service.meta.uid).as_bytes());
    let (a, b) = (half("endpoints"), half("uid"));
    let (low, high, third) = (a >> 32, (a >> 16) & 0xffff, a & 0xfff);
    format!("{low:08x}-{high:04x}-4{third:03x}-a{:03x}-{:012x}", b >> 52, b & 0xffff_ffff_ffff).into()
}

fn add(subsets: &mut Subsets, service: &Service, pod: &Pod, ready: bool, headless: bool) {
    let Some(ip) = pod.status.pod_ip.as_deref().and_then(|ip| ip.parse::<Ipv4Addr>().ok()) else { return };
    let target = json!({"kind": "Pod", "name": &*pod.meta.name, "namespace": &*pod.meta.namespace, "uid": &*pod.meta.uid});
    let mut address = json!({"ip": ip.to_string(), "targetRef": target});
    if let Some(node) = &pod.node {
        address["nodeName"] = json!(&**node);
    }
    let ports = ports_of(service, pod);
    // Only a headless Service may have addresses without ports.
    if ports.is_empty() && !(headless && service.spec.ports.iter().flatten().next().is_none()) {
        return;
    }
    subsets.entry(ports).or_default()[usize::from(!ready)].push((ip, address));
}

/// The API server writes its own: they stand in the slice of its Service.
fn server(store: &Store, service: &Service) -> Option<Subsets> {
    let own = |s: &&Arc<EndpointSlice>| s.meta.label(SERVICE_NAME) == Some(&*service.meta.name) && *s.meta.name == *service.meta.name;
    if (&*service.meta.namespace, &*service.meta.name) != ("default", "kubernetes") {
        return None;
    }
    let slice = store.in_namespace::<EndpointSlice>("default").find(own)?;
    let addresses = slice.endpoints.iter().filter_map(|e| Some((e.address.parse().ok()?, json!({"ip": &*e.address}))));
    Some([(slice.ports.to_vec(), [addresses.collect(), Vec::new()])].into())
}

fn subset(ports: &[(Name, i32, Name)], ready: Vec<(Ipv4Addr, Value)>, not_ready: Vec<(Ipv4Addr, Value)>) -> Value {
    let sorted = |mut list: Vec<(Ipv4Addr, Value)>, room: usize| -> Vec<Value> {
        list.sort_by_key(|(ip, _)| *ip);
        list.into_iter().take(room).map(|(_, a)| a).collect()
    };
    let ready = sorted(ready, MAX_ADDRESSES);
    let not_ready = sorted(not_ready, MAX_ADDRESSES - ready.len());
    let mut out = json!({});
    for (key, list) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
        if !list.is_empty() {
            out[key] = Value::Array(list);
        }
    }
    if !ports.is_empty() {
        let port = |(name, number, protocol): &(Name, i32, Name)| {
            let mut p = json!({"port": number, "protocol": &**protocol});
            if !name.is_empty() {
                p["name"] = json!(&**name);
            }
            p
        };
        out["ports"] = ports.iter().map(port).collect();
    }
    out
}
