//! Object metadata, small: names shared, labels and annotations behind pointers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::SimTime;

/// A name, shared.
pub type Name = Arc<str>;
/// Labels or annotations: ordered, shared, copied only when changed.
pub type Labels = Arc<BTreeMap<Name, Name>>;

/// Namespace and name; the namespace is empty for cluster-scoped objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub namespace: Name,
    pub name: Name,
}

impl Key {
    pub fn new(namespace: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// `metadata` of any object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    pub name: Name,
    pub namespace: Name,
    pub generate_name: Name,
    pub uid: Name,
    /// The store's counter at the last write.
    pub resource_version: u64,
    /// Rises with every change of the spec.
    pub generation: i64,
    pub created: SimTime,
    pub deletion: Option<Deletion>,
    pub labels: Labels,
    pub annotations: Labels,
    pub owners: Arc<Vec<OwnerRef>>,
    pub finalizers: Arc<Vec<Name>>,
}

/// Deletion was asked for; the object goes when its grace is over and no finalizer is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// `deletionTimestamp`: the moment of the request plus the grace.
    pub at: SimTime,
    /// `deletionGracePeriodSeconds`
    pub grace_s: i64,
}

/// One of `ownerReferences`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerRef {
    pub api_version: Name,
    pub kind: Name,
    pub name: Name,
    pub uid: Name,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

impl Meta {
    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }
    pub fn is_deleting(&self) -> bool {
        self.deletion.is_some()
    }
    /// The owner that manages this object.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|o| o.controller)
    }
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|v| &**v)
    }
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|v| &**v)
    }
    pub fn set_label(&mut self, key: &str, value: &str) {
        Arc::make_mut(&mut self.labels).insert(key.into(), value.into());
    }
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        Arc::make_mut(&mut self.annotations).insert(key.into(), value.into());
    }
}
