//! From a client to a pod.
//!
//! Where the clients are: a Service with a node port or a load balancer is called from outside, through a load balancer in front of the
//! nodes that health-checks them and so never picks a node that is off, frozen or cut from the clients. Any other Service is called by
//! in-cluster clients, which sit on the live nodes in turn and need cluster DNS for every new connection. Either way the node that the
//! connection enters by decides with its own proxy's table, uniformly at random per connection.
//!
//! Long-lived connections stay with their endpoint until it or its process is gone, however the tables change: each stream keeps a pool of
//! [`POOL`] connections. Clients of a sticky Service are modelled the same way, but leave when the table drops the endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::{Map, SimDuration};
use crate::machine::HostState;
use crate::model::{FailReason, LinkEnd};
use crate::worlds::Arrival;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Deployment, Pod, ReplicaSet, Service};
use crate::worlds::kubernetes::api::store::Store;
use crate::worlds::kubernetes::controllers::endpointslice::selected;

use super::{Backend, Network, ServiceEntry};

/// Connections that a stream with keep-alive (or a sticky Service's clients) holds open.
const POOL: usize = 16;
/// Beyond so many requests in one batch, the bulk is spread evenly and only the rest by chance.
const DRAWN_ONE_BY_ONE: u32 = 64;
/// A resolver gives up after 5 s, twice (resolv.conf defaults; k8s-network-storage-api.md 2.2).
const RESOLVER_GIVES_UP: SimDuration = SimDuration::from_secs(10);

/// What routing remembers.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Turns of the nodes by which connections enter.
    turn: u64,
    pools: Map<(Name, Key), Arc<Vec<Connection>>>,
    live: Live,
}

/// Machines that clients can reach, as of a version of what can be reached.
#[derive(Clone, Debug, Default)]
struct Live {
    as_of: Option<(u64, u64)>,
    nodes: Arc<Vec<Name>>,
}

/// An open connection: through which node, to which pod.
#[derive(Clone, Debug, PartialEq)]
struct Connection {
    entry: Name,
    uid: Name,
}

/// Where requests of a batch end up.
#[derive(Clone, Debug, PartialEq)]
pub enum Share {
    /// To this pod's port.
    Pod { backend: Backend, port: Option<u16>, entry: Name, count: u32 },
    /// They fail, known so long after they were sent.
    Failed { reason: FailReason, delay: SimDuration, count: u32 },
}

impl Network {
    /// Splits a batch of requests over the pods behind its target.
    pub fn route(&mut self, arrival: &Arrival, ctl: &mut Ctl) -> Vec<Share> {
        let fail = |reason, delay| vec![Share::Failed { reason, delay, count: arrival.count }];
        let Some((key, number)) = target(&ctl.api.store, &arrival.to) else { return fail(FailReason::NoSuchTarget, SimDuration::ZERO) };
        let nodes = self.routing.live_nodes(ctl);
        if nodes.is_empty() {
            return fail(FailReason::Timeout, arrival.timeout);
        }
        let turn = self.routing.turn;
        self.routing.turn += 1;
        let node = nodes[(turn % nodes.len() as u64) as usize].clone();
        let now = ctl.cx.now;
        let pool_key = (arrival.stream.clone(), key.clone());
        let Some(entry) = self.table_of(&node, now).get(&key).cloned() else {
            return fail(FailReason::NoSuchTarget, SimDuration::ZERO);
        };
        // In-cluster clients look the name up for every new connection.
        let dns_fails = !entry.external && ctl.machine.network.dns_down;
        if arrival.keep_alive || entry.sticky {
            return self.route_pooled(arrival, &pool_key, &entry, number, &nodes, dns_fails, ctl);
        }
        if dns_fails {
            return fail(FailReason::Dns, RESOLVER_GIVES_UP.min(arrival.timeout));
        }
        let Some(port) = entry.port(number) else { return fail(FailReason::Timeout, arrival.timeout) };
        let candidates = candidates(&entry, &port.name, &node);
        if candidates.is_empty() {
            return vec![no_endpoint(&entry, &port.name, arrival)];
        }
        let counts = spread(arrival.count, candidates.len(), ctl);
        candidates
            .into_iter()
            .zip(counts)
            .filter(|(_, n)| *n > 0)
            .map(|(b, count)| Share::Pod { port: target_port(b, &port.name), backend: b.clone(), entry: node.clone(), count })
            .collect()
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one decision")]
    fn route_pooled(
        &mut self,
        arrival: &Arrival,
        pool_key: &(Name, Key),
        entry: &Arc<ServiceEntry>,
        number: Option<u16>,
        nodes: &[Name],
        dns_fails: bool,
        ctl: &mut Ctl,
    ) -> Vec<Share> {
        let mut pool = self.routing.pools.get(pool_key).map(|p| p.to_vec()).unwrap_or_default();
        let now = ctl.cx.now;
        let port = entry.port(number).map(|p| p.name.clone()).unwrap_or_default();
        pool.retain(|c| {
            let Some(backend) = entry.backends.iter().find(|b| b.uid == c.uid) else { return false };
            let listed = !entry.sticky || arrival.keep_alive || candidates(entry, &port, &c.entry).iter().any(|b| b.uid == c.uid);
            listed && connection_lives(backend, &c.entry, ctl)
        });
        let mut failed = 0u32;
        let missing = POOL.saturating_sub(pool.len());
        if missing > 0 && !dns_fails {
            for i in 0..missing {
                let node = &nodes[(self.routing.turn as usize + i) % nodes.len()];
                let table = self.table_of(node, now).clone();
                let Some(fresh) = table.get(&pool_key.1) else { continue };
                let choice = candidates(fresh, &port, node);
                if !choice.is_empty() {
                    let pick = ctl.rng.stream("network/route").below(choice.len() as u64) as usize;
                    pool.push(Connection { entry: node.clone(), uid: choice[pick].uid.clone() });
                }
            }
        }
        let mut shares: BTreeMap<(Name, Name), u32> = BTreeMap::new();
        if pool.is_empty() {
            failed = arrival.count;
        } else {
            let n = pool.len() as u32;
            let first = (self.routing.turn % u64::from(n)) as u32;
            for (i, c) in pool.iter().enumerate() {
                // The remainder goes round from batch to batch.
                let offset = (i as u32 + n - first) % n;
                let count = arrival.count / n + u32::from(offset < arrival.count % n);
                if count > 0 {
                    *shares.entry((c.uid.clone(), c.entry.clone())).or_insert(0) += count;
                }
            }
        }
        self.routing.pools.insert(pool_key.clone(), Arc::new(pool));
        let mut out: Vec<Share> = shares
            .into_iter()
            .filter_map(|((uid, node), count)| {
                let backend = entry.backends.iter().find(|b| b.uid == uid)?.clone();
                Some(Share::Pod { port: target_port(&backend, &port), backend, entry: node, count })
            })
            .collect();
        let sent: u32 = out.iter().map(|s| if let Share::Pod { count, .. } = s { *count } else { 0 }).sum();
        failed = failed.max(arrival.count - sent);
        if failed > 0 {
            out.push(if dns_fails {
                Share::Failed { reason: FailReason::Dns, delay: RESOLVER_GIVES_UP.min(arrival.timeout), count: failed }
            } else {
                Share::Failed { reason: FailReason::NoEndpoint, delay: SimDuration::ZERO, count: failed }
            });
        }
        out
    }
}

/// A connection ends with its pod's machine or process; a cut link only makes it hang until the client gives up.
fn connection_lives(backend: &Backend, entry: &Name, ctl: &Ctl) -> bool {
    let up = |node: &str| ctl.machine.host(node).is_some_and(|h| h.state == HostState::Up);
    let pod = ctl.api.store.typed::<Pod>(&backend.pod).is_some_and(|p| p.meta.uid == backend.uid && !p.is_finished());
    pod && up(entry) && up(&backend.node) && ctl.machine.network.hosts_connected(entry, &backend.node)
}

/// The endpoints this node's rules for a port choose from: those that have a port of that name (pkg/proxy/endpointslicecache.go).
pub(super) fn candidates<'a>(entry: &'a ServiceEntry, port: &str, node: &Name) -> Vec<&'a Backend> {
    let local = if entry.external { entry.external_local } else { entry.internal_local };
    entry.candidates(Some(port)).filter(|b| !local || b.node == *node).collect()
}

/// No endpoint anywhere: the rules reject; none on this node under policy Local: they drop.
fn no_endpoint(entry: &ServiceEntry, port: &str, arrival: &Arrival) -> Share {
    let elsewhere = entry.candidates(Some(port)).next().is_some();
    if elsewhere {
        Share::Failed { reason: FailReason::Timeout, delay: arrival.timeout, count: arrival.count }
    } else {
        Share::Failed { reason: FailReason::NoEndpoint, delay: SimDuration::ZERO, count: arrival.count }
    }
}

/// The number behind a port's name; a headless Service leaves the choice to its clients, who take the first.
pub(super) fn target_port(backend: &Backend, name: &str) -> Option<u16> {
    let (_, port) = backend.ports.iter().find(|(n, _)| **n == *name).or(backend.ports.first())?;
    u16::try_from(*port).ok()
}

impl State {
    /// Machines that clients can reach.
    fn live_nodes(&mut self, ctl: &Ctl) -> Arc<Vec<Name>> {
        let now = Some(ctl.machine.reach_version());
        if self.live.as_of != now {
            let reachable = |n: &Name| ctl.machine.network.connected(&LinkEnd::Host(n.clone()), &LinkEnd::Clients);
            let up = ctl.machine.hosts().filter(|h| h.state == HostState::Up).map(|h| h.spec.name.clone());
            self.live = Live { as_of: now, nodes: Arc::new(up.filter(reachable).collect()) };
        }
        self.live.nodes.clone()
    }
}

/// So many requests over so many equal choices: by chance, but cheap for large batches.
fn spread(count: u32, choices: usize, ctl: &mut Ctl) -> Vec<u32> {
    let n = choices as u32;
    let even = count.saturating_sub(DRAWN_ONE_BY_ONE) / n;
    let mut counts = vec![even; choices];
    let stream = ctl.rng.stream("network/route");
    for _ in 0..count - even * n {
        counts[stream.below(u64::from(n)) as usize] += 1;
    }
    counts
}

/// The Service that a target names: `shop`, `shop:8080`, `ns/name`, `name.ns.svc.cluster.local`, or a Deployment that one Service stands
/// in front of. Without a namespace, `default` first, then wherever the name is found.
pub fn target(store: &Store, to: &str) -> Option<(Key, Option<u16>)> {
    let to = to.strip_prefix("http://").unwrap_or(to);
    let (name, port) = match to.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (to, None),
    };
    let (namespace, name) = match (name.split_once('/'), name.split_once('.')) {
        (Some((ns, name)), _) => (Some(ns), name),
        (None, Some((name, rest))) => (Some(rest.split('.').next().unwrap_or(rest)), name),
        (None, None) => (None, name),
    };
    let service = |ns: &str| Some(Key::new(ns, name)).filter(|k| store.typed::<Service>(k).is_some());
    let anywhere = || store.all::<Service>().find(|s| *s.meta.name == *name).map(|s| s.meta.key());
    let by_deployment = || {
        let d = store.all::<Deployment>().find(|d| *d.meta.name == *name && namespace.is_none_or(|ns| *d.meta.namespace == *ns))?;
        let labels = d.spec.template.metadata.as_ref().and_then(|m| m.labels.clone()).unwrap_or_default();
        let labels = Arc::new(labels.into_iter().map(|(k, v)| (k.into(), v.into())).collect());
        store.in_namespace::<Service>(&d.meta.namespace).find(|s| selected(s, &labels)).map(|s| s.meta.key())
    };
    let key = match namespace {
        Some(ns) => service(ns),
        None => service("default").or_else(anywhere),
    };
    key.or_else(by_deployment).map(|k| (k, port))
}

/// The app a pod belongs to: its Deployment, else its controller, else itself.
pub(crate) fn app_of(store: &Store, pod: &Pod) -> Name {
    let Some(owner) = pod.meta.controller() else { return pod.meta.name.clone() };
    let rs = store.typed::<ReplicaSet>(&Key::new(pod.meta.namespace.clone(), owner.name.clone()));
    match rs.and_then(|rs| rs.meta.controller()) {
        Some(deployment) => deployment.name.clone(),
        None => owner.name.clone(),
    }
}
