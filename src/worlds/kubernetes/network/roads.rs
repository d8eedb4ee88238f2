//! From a pod to somewhere else: cluster DNS, the rules of the node it is on, addresses of pods and nodes.
//! Follows: the DNS specification and CoreDNS (k8s-network-storage-api.md 2), pkg/kubelet/network/dns/dns.go, kubelet_pods.go
//! (managed hosts file), and for the rules [`super::route`].

use std::sync::Arc;

use crate::kernel::random::fnv1a64;
use crate::machine::{Answer, Caller, Place, Roads, Way};
use crate::model::LinkEnd;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Node, Pod, Service};
use crate::worlds::kubernetes::api::store::Store;

use super::route::{candidates, target_port};
use super::{Backend, Network, ServiceEntry};

/// The address of cluster DNS: the tenth of the Service range, as kubeadm gives it.
const CLUSTER_DNS: &str = "10.96.0.10";
/// What a node asks (an address of the documentation range; nothing outside is simulated, so it knows no name).
const NODE_RESOLVER: &str = "192.0.2.53";
const ZONE: &str = "cluster.local";
/// Where the API server announces itself (its own EndpointSlice).
pub(crate) const API_SERVER: &str = "172.18.255.254";
/// options ndots of a pod's resolver.
const NDOTS: usize = 5;
/// `ExternalName` may point at another.
const CHAIN_MAX: usize = 4;
/// The network namespace of a node, as the machine knows it.
pub(crate) const HOST_SANDBOX: &str = "host";

/// What is needed to tell where connections go.
#[derive(Clone, Copy)]
pub struct ClusterRoads<'a> {
    pub store: &'a Store,
    pub network: &'a Network,
    /// The API server answers.
    pub api_up: bool,
}

impl ClusterRoads<'_> {
    fn pod(&self, from: &Caller) -> Option<&Arc<Pod>> {
        let mut parts = from.spec.name.split('/');
        let (namespace, name) = (parts.next()?, parts.next()?);
        self.store.typed::<Pod>(&Key::new(namespace, name))
    }

    /// Search list of a pod that asks cluster DNS, else None: it asks what its node asks.
    fn search(&self, from: &Caller) -> Option<Vec<String>> {
        let pod = self.pod(from)?;
        let policy = pod.spec.dns_policy.as_deref().unwrap_or("ClusterFirst");
        let cluster = match policy {
            "ClusterFirst" => pod.spec.host_network != Some(true),
            "ClusterFirstWithHostNet" => true,
            _ => false,
        };
        let own = pod.spec.dns_config.as_ref().and_then(|d| d.searches.clone()).unwrap_or_default();
        let ns = &pod.meta.namespace;
        cluster.then(|| [format!("{ns}.svc.{ZONE}"), format!("svc.{ZONE}"), ZONE.to_string()].into_iter().chain(own).collect())
    }

    /// The addresses of a full name; None: the zone has no such name.
    fn record(&self, name: &str, depth: usize) -> Option<Vec<Arc<str>>> {
        let inner = name.strip_suffix(ZONE)?.strip_suffix('.')?;
        if let Some(dashed) = inner.strip_suffix(".pod").and_then(|p| p.split_once('.')).map(|(ip, _)| ip.replace('-', ".")) {
            return dashed.parse::<std::net::Ipv4Addr>().is_ok().then(|| vec![dashed.into()]);
        }
        let parts: Vec<&str> = inner.strip_suffix(".svc")?.split('.').collect();
        let (host, service, namespace) = match parts.as_slice() {
            [service, ns] => (None, *service, *ns),
            [host, service, ns] => (Some(*host), *service, *ns),
            _ => return None,
        };
        let service = self.store.typed::<Service>(&Key::new(namespace, service))?;
        if let Some(external) = service.spec.external_name.as_deref().filter(|_| service.spec.type_.as_deref() == Some("ExternalName")) {
            return if host.is_none() && depth < CHAIN_MAX { self.record(external.trim_end_matches('.'), depth + 1) } else { None };
        }
        let ip = service.spec.cluster_ip.as_deref().unwrap_or_default();
        if ip != "None" {
            return (host.is_none() && !ip.is_empty()).then(|| vec![ip.into()]);
        }
        let ready = self.store.slices_of(&service.meta.key()).flat_map(|s| s.endpoints.iter()).filter(|e| e.ready);
        let Some(host) = host else { return Some(ready.map(|e| e.address.clone()).collect()) };
        let named = |pod: &Key| {
            self.store
                .typed::<Pod>(pod)
                .is_some_and(|p| p.spec.hostname.as_deref() == Some(host) && p.spec.subdomain.as_deref() == Some(&*service.meta.name))
        };
        let fits = |e: &&crate::worlds::kubernetes::api::object::Endpoint| {
            e.address.replace('.', "-") == host || e.target.as_ref().is_some_and(|(pod, _)| named(pod))
        };
        let found: Vec<Arc<str>> = ready.filter(fits).map(|e| e.address.clone()).collect();
        (!found.is_empty()).then_some(found)
    }

    fn aliased(&self, from: &Caller, name: &str) -> Option<Answer> {
        let pod = self.pod(from)?;
        let hit = pod.spec.host_aliases.iter().flatten().find(|a| a.hostnames.iter().flatten().any(|h| h == name))?;
        Some(Answer { name: name.into(), addresses: vec![hit.ip.as_str().into()], authoritative: true })
    }

    fn at(&self, entry: &ServiceEntry, from: &Caller, chosen: Vec<&Backend>, port: &str) -> Way {
        if chosen.is_empty() {
            // Rules reject where nobody serves anywhere, and drop where only this node has nobody.
            return if entry.candidates(Some(port)).next().is_some() { Way::Lost } else { Way::Refused };
        }
        let place = |b: &&Backend| {
            let port = target_port(b, port)?;
            let sandbox = if self.on_host(b) { HOST_SANDBOX.into() } else { b.uid.clone() };
            Some(Place { host: b.node.clone(), sandbox, port })
        };
        let mut places: Vec<Place> = chosen.iter().filter_map(place).collect();
        if entry.sticky && !places.is_empty() {
            // `recent` remembers the client: the same pod for the same address, as long as the choice stays.
            let own = self.address(from).unwrap_or_else(|| from.host.clone());
            let i = fnv1a64(own.as_bytes()) % places.len() as u64;
            places = vec![places.swap_remove(i as usize)];
        }
        Way::To(places)
    }

    fn on_host(&self, b: &Backend) -> bool {
        self.store.typed::<Pod>(&b.pod).is_some_and(|p| p.spec.host_network == Some(true))
    }

    fn node_of(&self, ip: &str) -> Option<&Arc<Node>> {
        self.store.all::<Node>().find(|n| n.addresses.iter().any(|(kind, a)| &**kind == "InternalIP" && &**a == ip))
    }

    fn pod_at(&self, ip: &str) -> Option<&Arc<Pod>> {
        self.store.all::<Pod>().find(|p| p.status.pod_ip.as_deref() == Some(ip) && !p.is_finished() && p.spec.host_network != Some(true))
    }
}

impl Roads for ClusterRoads<'_> {
    fn server(&self, from: &Caller) -> Arc<str> {
        if self.search(from).is_some() { CLUSTER_DNS.into() } else { NODE_RESOLVER.into() }
    }

    fn resolver(&self, from: &Caller) -> String {
        match self.search(from) {
            Some(all) => format!("search {}\nnameserver {CLUSTER_DNS}\noptions ndots:{NDOTS}\n", all.join(" ")),
            None => format!("nameserver {NODE_RESOLVER}\n"),
        }
    }

    fn hosts(&self, from: &Caller, hostname: &str) -> String {
        let mut text = String::from(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n\
             fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
        );
        if let Some(ip) = self.address(from) {
            text.push_str(&format!("{ip}\t{hostname}\n"));
        }
        let aliases = self.pod(from).map(|p| p.spec.host_aliases.clone().unwrap_or_default()).unwrap_or_default();
        if !aliases.is_empty() {
            text.push_str("\n# Entries added by HostAliases.\n");
        }
        for a in aliases {
            text.push_str(&format!("{}\t{}\n", a.ip, a.hostnames.unwrap_or_default().join("\t")));
        }
        text
    }

    fn address(&self, from: &Caller) -> Option<Arc<str>> {
        from.spec.address.clone()
    }

    fn lookup(&self, from: &Caller, name: &str) -> Option<Answer> {
        if let Some(answer) = self.aliased(from, name) {
            return Some(answer);
        }
        let search = self.search(from)?;
        let bare = name.strip_suffix('.');
        let full = bare.unwrap_or(name);
        let forms: Vec<String> = if bare.is_some() {
            vec![full.to_string()]
        } else {
            let searched = search.iter().map(|s| format!("{full}.{s}"));
            // With fewer dots than ndots the search list comes first (resolv.conf(5)).
            if full.matches('.').count() < NDOTS {
                searched.chain([full.to_string()]).collect()
            } else {
                [full.to_string()].into_iter().chain(searched).collect()
            }
        };
        let found = forms.into_iter().find_map(|f| self.record(&f, 0).filter(|a| !a.is_empty()).map(|a| (f, a)))?;
        Some(Answer { name: found.0.into(), addresses: found.1, authoritative: true })
    }

    fn way(&self, from: &Caller, ip: &str, port: u16) -> Way {
        let table = self.network.table_of(&from.host, from.now);
        if let Some(entry) = table.values().find(|e| *e.cluster_ip == *ip) {
            let Some(p) = entry.ports.iter().find(|p| p.port == i32::from(port)) else { return Way::Lost };
            if *entry.key.namespace == *"default" && *entry.key.name == *"kubernetes" {
                return if self.api_up { Way::Open(LinkEnd::ControlPlane) } else { Way::Refused };
            }
            let chosen = entry.candidates(Some(&p.name)).filter(|b| !entry.internal_local || b.node == from.host).collect();
            return self.at(entry, from, chosen, &p.name);
        }
        if ip == API_SERVER && port == 6443 && self.api_up {
            return Way::Open(LinkEnd::ControlPlane);
        }
        if let Some(node) = self.node_of(ip) {
            let node = node.meta.name.clone();
            let rules = self.network.table_of(&node, from.now);
            let hit = rules.values().find_map(|e| Some((e, e.ports.iter().find(|p| p.node_port == Some(i32::from(port)))?)));
            return match hit {
                Some((entry, p)) => self.at(entry, from, candidates(entry, &p.name, &node), &p.name),
                None => Way::To(vec![Place { host: node, sandbox: HOST_SANDBOX.into(), port }]),
            };
        }
        match self.pod_at(ip).and_then(|p| Some((p.node.clone()?, p.meta.uid.clone()))) {
            Some((host, sandbox)) => Way::To(vec![Place { host, sandbox, port }]),
            None => Way::Lost,
        }
    }

    fn echo(&self, _: &Caller, ip: &str) -> Way {
        // The address of a Service is no machine: nobody answers there.
        let host = self.node_of(ip).map(|n| n.meta.name.clone()).or_else(|| self.pod_at(ip)?.node.clone());
        host.map_or(Way::Lost, |host| Way::To(vec![Place { host, sandbox: HOST_SANDBOX.into(), port: 0 }]))
    }
}
