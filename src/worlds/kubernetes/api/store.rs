//! The store behind the API server (etcd's role): every object by kind and key, one rising resourceVersion, and the log that watches read.

use std::sync::Arc;

use crate::kernel::{Map, RecordId, Set};
use crate::worlds::kubernetes::kinds::Kind;

use super::meta::{Key, Name};
use super::object::{Object, Pod, Typed};

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
    /// Pods by node name.
    by_node: Map<Name, Set<Key>>,
    /// Objects by their controller's uid.
    by_owner: Map<Name, Set<(Kind, Key)>>,
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
    /// Pods bound to a node.
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.by_node.get(node).into_iter().flat_map(|s| s.iter()).filter_map(|k| self.typed::<Pod>(k))
    }
    /// Objects of a type whose controller has this uid.
    pub fn owned_by<'a, T: Typed + 'static>(&'a self, uid: &str) -> impl Iterator<Item = &'a Arc<T>> {
        self.by_owner.get(uid).into_iter().flat_map(|s| s.iter()).filter(|(k, _)| *k == T::KIND).filter_map(|(_, key)| self.typed::<T>(key))
    }

    /// Writes an object (new or changed), gives it the next resourceVersion, and tells the watchers.
    pub fn put(&mut self, mut object: Object, cause: Option<RecordId>) -> Object {
        self.resource_version += 1;
        object.meta_mut().resource_version = self.resource_version;
        let (kind, key) = (object.kind(), object.key());
        self.versions.insert(kind, self.resource_version);
        let old = self.kinds.entry(kind).or_default().insert(key, object.clone());
        self.reindex(old.as_ref(), Some(&object));
        self.pending.push(WatchEvent { resource_version: self.resource_version, old, new: Some(object.clone()), cause });
        object
    }

    /// Removes an object and tells the watchers.
    pub fn remove(&mut self, kind: Kind, key: &Key, cause: Option<RecordId>) -> Option<Object> {
        let old = self.kinds.get_mut(&kind)?.remove(key)?;
        self.resource_version += 1;
        self.versions.insert(kind, self.resource_version);
        self.reindex(Some(&old), None);
        self.pending.push(WatchEvent { resource_version: self.resource_version, old: Some(old.clone()), new: None, cause });
        Some(old)
    }

    /// The writes since the last call, in order.
    pub fn take_pending(&mut self) -> Vec<WatchEvent> {
        std::mem::take(&mut self.pending)
    }
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn reindex(&mut self, old: Option<&Object>, new: Option<&Object>) {
        let node = |o: &Object| Pod::of(o).and_then(|p| p.node.clone());
        let owner = |o: &Object| o.meta().controller().map(|c| c.uid.clone());
        let (a, b) = (old.and_then(node), new.and_then(node));
        if a != b {
            if let (Some(n), Some(o)) = (a, old) {
                drop_from(&mut self.by_node, &n, &o.key());
            }
            if let (Some(n), Some(o)) = (b, new) {
                self.by_node.entry(n).or_default().insert(o.key());
            }
        }
        let (a, b) = (old.and_then(owner), new.and_then(owner));
        if a != b {
            if let (Some(u), Some(o)) = (a, old) {
                drop_from(&mut self.by_owner, &u, &(o.kind(), o.key()));
            }
            if let (Some(u), Some(o)) = (b, new) {
                self.by_owner.entry(u).or_default().insert((o.kind(), o.key()));
            }
        }
    }
}

fn drop_from<T: Ord + Clone>(index: &mut Map<Name, Set<T>>, at: &Name, item: &T) {
    if let Some(set) = index.get_mut(at) {
        set.remove(item);
        if set.is_empty() {
            index.remove(at);
        }
    }
}
