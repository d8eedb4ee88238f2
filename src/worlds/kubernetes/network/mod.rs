//! Services in the data path: kube-proxy's tables of endpoints on every node, slightly late; cluster DNS; the way in from outside.
//!
//! Every proxy hears of the same changes and programs them at most once a second (`minSyncPeriod`), so healthy proxies share one table
//! and differ only by how long their last programming took: a node switches from the table before to the present one after its own lag.
//! A proxy that is stopped or cut off keeps the table it had ([`Network::freeze`]). Choosing an endpoint for the traffic of clients is in [`route`], the way of connections
//! that programs in pods open in [`roads`].

pub mod roads;
pub mod route;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::kernel::journal::Entry;
use crate::kernel::{Map, ObjectRef, RecordType, SimDuration, SimTime, Token};

use super::Ctl;
use super::api::meta::{Key, Name};
use super::api::object::{EndpointSlice, Object, Service};
use super::api::store::{Store, WatchEvent};
use super::controllers::endpointslice::SERVICE_NAME;

pub use table::{Backend, Port, ServiceEntry, Table};

/// iptables and nftables `minSyncPeriod` (pkg/proxy/apis/config/v1alpha1/defaults.go).
const MIN_SYNC_PERIOD: SimDuration = SimDuration::from_secs(1);
/// From a changed slice to programmed rules when nothing holds it up: list, diff, `nft -f`.
const PROGRAMMING: SimDuration = SimDuration::from_millis(20);
/// Nodes differ in how busy they are: up to so much later.
const MAX_LAG_MS: u64 = 80;

/// Timers of the network.
#[derive(Clone, Debug)]
pub enum Event {
    /// The proxies program what has changed.
    Sync,
}

/// All proxies' tables.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// What the proxies have programmed, what they had before that, and since when.
    now: Table,
    before: Table,
    since: SimTime,
    /// What has changed and is not programmed yet.
    changed: BTreeSet<Key>,
    planned: Option<Token>,
    /// Proxies that no longer hear of changes, with the table they keep.
    frozen: Map<Name, Table>,
    pub(crate) routing: route::State,
    /// How often the rules were programmed.
    pub(crate) programmed: u64,
}

impl Network {
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let key = match event.object() {
            Object::Service(s) => s.meta.key(),
            Object::EndpointSlice(slice) => match slice.meta.label(SERVICE_NAME) {
                Some(service) => Key::new(slice.meta.namespace.clone(), service),
                None => return,
            },
            _ => return,
        };
        self.changed.insert(key);
        if self.planned.is_none() {
            // At most one run per period, counted from the end of the last one (bounded_frequency_runner.go).
            let at = (ctl.cx.now + PROGRAMMING).max(self.since + MIN_SYNC_PERIOD);
            let token = ctl.agenda.schedule(at, ctl.cx.cause, super::Event::Network(Event::Sync));
            self.planned = Some(token);
        }
    }

    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        match event {
            Event::Sync => self.program(ctl),
        }
    }

    fn program(&mut self, ctl: &mut Ctl) {
        self.planned = None;
        self.programmed += 1;
        self.before = self.now.clone();
        self.since = ctl.cx.now;
        for key in std::mem::take(&mut self.changed) {
            let fresh = table::entry(&ctl.api.store, &key);
            let old = self.now.get(&key).cloned();
            if old == fresh {
                continue;
            }
            let count = |e: &Option<std::sync::Arc<ServiceEntry>>| e.as_ref().map_or(0, |e| e.candidates(None).count());
            let (was, is) = (count(&old), count(&fresh));
            let why = match &fresh {
                None => format!("rules of {key} removed"),
                Some(_) if was == is => format!("rules of {key} rewritten, {is} endpoints"),
                Some(_) => format!("{key} goes to {is} endpoints instead of {was}"),
            };
            match fresh {
                Some(entry) => self.now.insert(key.clone(), entry),
                None => self.now.remove(&key),
            };
            let object = ObjectRef::new("Service", key.namespace.clone(), key.name.clone());
            ctl.cx.record(Entry::new(RecordType::Change, ctl.actor.clone(), "RulesProgrammed", object, why));
        }
    }

    /// The proxies start with everything there is already programmed.
    pub fn start(&mut self, store: &Store, now: SimTime) {
        let keys: BTreeSet<Key> = store.all::<Service>().map(|s| s.meta.key()).collect();
        self.now = keys.into_iter().filter_map(|k| table::entry(store, &k).map(|e| (k, e))).collect();
        self.before = self.now.clone();
        self.since = now;
        self.programmed += 1;
    }

    /// This node's proxy hears of nothing any more: it keeps its rules.
    pub fn freeze(&mut self, node: &Name, now: SimTime) {
        if !self.frozen.contains_key(node) {
            let table = self.table_of(node, now).clone();
            self.frozen.insert(node.clone(), table);
        }
    }

    /// It hears again, lists everything and programs it.
    pub fn thaw(&mut self, node: &Name) {
        self.frozen.remove(node);
    }

    pub fn is_frozen(&self, node: &Name) -> bool {
        self.frozen.contains_key(node)
    }

    /// The rules on one node at this moment.
    pub fn table_of(&self, node: &Name, now: SimTime) -> &Table {
        if let Some(table) = self.frozen.get(node) {
            return table;
        }
        let lag = SimDuration::from_millis(crate::kernel::random::fnv1a64(node.as_bytes()) % (MAX_LAG_MS + 1));
        if now < self.since + lag { &self.before } else { &self.now }
    }

    /// Names behind which somebody serves, as seen from a namespace: what programs that need others to start wait for.
    pub fn names(&self, namespace: &str) -> crate::kernel::Set<Name> {
        let mut names = crate::kernel::Set::new();
        for (key, entry) in &self.now {
            if entry.candidates(None).next().is_none() {
                continue;
            }
            let (ns, name) = (&key.namespace, &key.name);
            if **ns == *namespace {
                names.insert(name.clone());
            }
            for form in [format!("{name}.{ns}"), format!("{name}.{ns}.svc"), format!("{name}.{ns}.svc.cluster.local")] {
                names.insert(form.into());
            }
        }
        names
    }

    /// Nothing waits to be programmed.
    pub fn settled(&self) -> bool {
        self.planned.is_none()
    }
}

/// The slices of a Service.
pub(crate) fn slices_of<'a>(store: &'a Store, service: &'a Service) -> impl Iterator<Item = &'a std::sync::Arc<EndpointSlice>> {
    store.slices_of(&service.meta.key())
}
