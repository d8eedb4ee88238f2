//! The store behind the API server (etcd's role): every object by kind and key, one rising resourceVersion, and the log that watches read.

use std::sync::Arc;

use crate::kernel::{Map, RecordId};
use crate::worlds::kubernetes::kinds::Kind;

use super::index::Indexes;
use super::meta::{Key, Labels, Name};
use super::object::{EndpointSlice, Object, Pod, Service, Typed};

/// What a watch reports: the object before and after a write. (None, Some) = ADDED, (Some, Some) = MODIFIED, (Some, None) = DELETED.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    pub resource_version: u64,
    pub old: Option<Object>,
    pub new: Option<Object>,
    /// The journal record of the write: the cause of whatever a watcher does about it.
    pub cause: Option<RecordId>,
}

impl WatchEvent {
    /// The object, as it is now or as it last was.
    pub fn object(&self) -> &Object {
        self.new.as_ref().or(self.old.as_ref()).expect("whoever makes a watch event has an object in hand, and puts it on one side")
    }
    pub fn kind(&self) -> Kind {
        self.object().kind()
    }
}

/// All objects. Cloning it costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Store {
    resource_version: u64,
    kinds: Map<Kind, Map<Key, Object>>,
    /// The resourceVersion of the last write of each kind.
    versions: Map<Kind, u64>,
    indexes: Indexes,
    /// Writes that the watchers have not been handed yet.
    pending: Vec<WatchEvent>,
}

impl Store {
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// Changes whenever any object of the kind does.
    pub fn kind_version(&self, kind: Kind) -> u64 {
        self.versions.get(&kind).copied().unwrap_or(0)
    }

    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Object> {
        self.kinds.get(&kind)?.get(key)
    }
    /// The object in its own type.
    pub fn typed<T: Typed>(&self, key: &Key) -> Option<&Arc<T>> {
        T::of(self.get(T::KIND, key)?)
    }
    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.kinds.get(&kind).into_iter().flat_map(|m| m.values())
    }
    /// All objects of a type, ordered by namespace and name.
    pub fn all<T: Typed + 'static>(&self) -> impl Iterator<Item = &Arc<T>> {
        self.list(T::KIND).filter_map(T::of)
    }
    /// Objects of a type in one namespace.
    pub fn in_namespace<'a, T: Typed + 'static>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Arc<T>> {
        self.namespaced(T::KIND, namespace).filter_map(T::of)
    }
    /// Objects of a kind in one namespace.
    pub fn namespaced<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let from = Key::new(namespace, "");
        self.kinds
            .get(&kind)
            .into_iter()
            .flat_map(move |m| m.range(from.clone()..))
            .take_while(move |(k, _)| &*k.namespace == namespace)
            .map(|(_, o)| o)
    }
    pub fn count(&self, kind: Kind) -> usize {
        self.kinds.get(&kind).map_or(0, |m| m.len())
    }
    /// Pods bound to a node; with an empty name, those bound to none.
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.indexes.on_node(node).filter_map(|k| self.typed::<Pod>(k))
    }
    /// The nodes that pods are bound to; an empty name if some are bound to none.
    pub fn nodes_of_pods(&self) -> impl Iterator<Item = &Name> {
        self.indexes.nodes()
    }
    /// How many pods are bound to a node.
    pub fn count_on(&self, node: &str) -> usize {
        self.indexes.count_on(node)
    }
    /// Objects of a type whose controller has this uid.
    pub fn owned_by<'a, T: Typed + 'static>(&'a self, uid: &str) -> impl Iterator<Item = &'a Arc<T>> {
        self.indexes.owned_by(uid)
    }
    /// Pods of a namespace whose labels fit, in no order that means anything. Each set of labels is looked at once.
    pub fn pods_with<'a>(&'a self, namespace: &'a Name, fits: impl Fn(&Labels) -> bool + 'a) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.indexes.with_labels(namespace, fits)
    }
    /// Every Service that selects these labels, and perhaps others.
    pub fn services_for<'a>(&'a self, namespace: &'a Name, labels: &'a Labels) -> impl Iterator<Item = &'a Arc<Service>> {
        self.indexes.candidates(namespace, labels).filter_map(|k| self.typed::<Service>(k))
    }
    /// The EndpointSlices that name this Service, by name.
    pub fn slices_of<'a>(&'a self, service: &Key) -> impl Iterator<Item = &'a Arc<EndpointSlice>> + use<'a> {
        self.indexes.slices_of(service).filter_map(|k| self.typed::<EndpointSlice>(k))
    }
    /// Ready pods on a node that are not on their way out.
    pub fn serving_on(&self, node: &str) -> u32 {
        self.indexes.serving_on(node)
    }
    /// Pods without a controller that are not on their way out.
    pub fn alone(&self) -> u32 {
        self.indexes.alone()
    }

    /// Writes an object (new or changed), gives it the next resourceVersion, and tells the watchers.
    pub fn put(&mut self, mut object: Object, cause: Option<RecordId>) -> Object {
        self.resource_version += 1;
        object.meta_mut().resource_version = self.resource_version;
        let (kind, key) = (object.kind(), object.key());
        self.versions.insert(kind, self.resource_version);
        let old = self.kinds.entry(kind).or_default().insert(key, object.clone());
        self.indexes.change(old.as_ref(), Some(&object));
        self.pending.push(WatchEvent { resource_version: self.resource_version, old, new: Some(object.clone()), cause });
        object
    }

    /// Removes an object and tells the watchers.
    pub fn remove(&mut self, kind: Kind, key: &Key, cause: Option<RecordId>) -> Option<Object> {
        let old = self.kinds.get_mut(&kind)?.remove(key)?;
        self.resource_version += 1;
        self.versions.insert(kind, self.resource_version);
        self.indexes.change(Some(&old), None);
        self.pending.push(WatchEvent { resource_version: self.resource_version, old: Some(old.clone()), new: None, cause });
        Some(old)
    }

    /// A copy for somebody who hears of the writes to come. Nobody asks a copy for Events, the most frequent of all objects.
    pub fn copy(&self) -> Self {
        let mut copy = Self { pending: Vec::new(), ..self.clone() };
        copy.kinds.remove(&Kind::Event);
        copy
    }

    /// A copy hears of a write. It is written here a second time rather than shared, so that both are changed in
    /// place. What it held when it was made is not news.
    pub fn take_in(&mut self, event: &WatchEvent) {
        if event.resource_version <= self.resource_version {
            return;
        }
        let (kind, key) = (event.kind(), event.object().key());
        self.resource_version = event.resource_version;
        self.versions.insert(kind, event.resource_version);
        if kind == Kind::Event {
            return;
        }
        let objects = self.kinds.entry(kind).or_default();
        let old = match &event.new {
            Some(new) => objects.insert(key, new.clone()),
            None => objects.remove(&key),
        };
        self.indexes.change(old.as_ref(), event.new.as_ref());
    }

    /// The writes since the last call, in order.
    pub fn take_pending(&mut self) -> Vec<WatchEvent> {
        std::mem::take(&mut self.pending)
    }
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }
}
