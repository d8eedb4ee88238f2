//! What one Service looks like in a proxy's rules.

use std::sync::Arc;

use crate::kernel::Map;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::Service;
use crate::worlds::kubernetes::api::store::Store;

/// All Services of one proxy. Cloning it costs nothing.
pub type Table = Map<Key, Arc<ServiceEntry>>;

/// One Service with its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceEntry {
    pub key: Key,
    pub cluster_ip: Name,
    /// It has an address outside the cluster: a node port or a load balancer.
    pub external: bool,
    pub headless: bool,
    /// `sessionAffinity: ClientIP`
    pub sticky: bool,
    /// `internalTrafficPolicy: Local`
    pub internal_local: bool,
    /// `externalTrafficPolicy: Local`
    pub external_local: bool,
    pub ports: Vec<Port>,
    pub backends: Vec<Backend>,
}

/// A port of the Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: Name,
    pub port: i32,
    pub node_port: Option<i32>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    pub pod: Key,
    pub uid: Name,
    pub node: Name,
    pub ready: bool,
    pub serving: bool,
    pub terminating: bool,
    /// (port name, port number on the pod)
    pub ports: Vec<(Name, i32)>,
}

impl ServiceEntry {
    /// The endpoints that take new connections to the port of this name (to any): the ready ones; if there is none, those that still serve while they terminate
    /// (pkg/proxy/topology.go).
    pub fn candidates<'a>(&'a self, port: Option<&str>) -> impl Iterator<Item = &'a Backend> {
        let has = |b: &Backend| self.headless || b.ports.iter().any(|(name, _)| port.is_none_or(|p| *p == **name));
        let of_port: Vec<&Backend> = self.backends.iter().filter(|b| has(b)).collect();
        let any_ready = of_port.iter().any(|b| b.ready);
        of_port.into_iter().filter(move |b| if any_ready { b.ready } else { b.serving && b.terminating })
    }

    /// The port a client means: the one with this number (service port or node port), or the first.
    pub fn port(&self, number: Option<u16>) -> Option<&Port> {
        match number {
            None => self.ports.first(),
            Some(n) => self.ports.iter().find(|p| p.port == i32::from(n) || p.node_port == Some(i32::from(n))),
        }
    }
}

/// Reads a Service and its slices.
pub(super) fn entry(store: &Store, key: &Key) -> Option<Arc<ServiceEntry>> {
    let service = store.typed::<Service>(key)?;
    let spec = &service.spec;
    let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
    if kind == "ExternalName" {
        return None;
    }
    let mut backends: Vec<Backend> = Vec::new();
    for slice in super::slices_of(store, service) {
        let ports: Vec<(Name, i32)> = slice.ports.iter().map(|(name, port, _)| (name.clone(), *port)).collect();
        backends.extend(slice.endpoints.iter().filter_map(|e| {
            let (pod, uid) = e.target.clone()?;
            let node = e.node.clone()?;
            Some(Backend { pod, uid, node, ready: e.ready, serving: e.serving, terminating: e.terminating, ports: ports.clone() })
        }));
    }
    let cluster_ip: Name = spec.cluster_ip.as_deref().unwrap_or("").into();
    Some(Arc::new(ServiceEntry {
        key: key.clone(),
        headless: &*cluster_ip == "None",
        cluster_ip,
        external: matches!(kind, "NodePort" | "LoadBalancer") || spec.external_ips.as_ref().is_some_and(|i| !i.is_empty()),
        sticky: spec.session_affinity.as_deref() == Some("ClientIP"),
        internal_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
        external_local: spec.external_traffic_policy.as_deref() == Some("Local"),
        ports: spec
            .ports
            .iter()
            .flatten()
            .map(|p| Port { name: p.name.as_deref().unwrap_or("").into(), port: p.port, node_port: p.node_port.filter(|n| *n != 0) })
            .collect(),
        backends,
    }))
}
