//! The garbage collector: what belongs to an owner goes with it, before it, or stays as an orphan.
//! Follows: pkg/controller/garbagecollector/{garbagecollector,graph_builder}.go.

use std::sync::Arc;

use crate::kernel::{Map, Set};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Meta, Name, OwnerRef};
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions, Propagation};

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The graph: who depends on whom, by the owner's uid.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    dependents: Map<Name, Set<Item>>,
}

impl State {
    fn of(&self, uid: &str) -> Vec<Item> {
        self.dependents.get(uid).into_iter().flat_map(|s| s.iter().cloned()).collect()
    }
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    let object = event.object();
    // Events and heartbeats own nothing and belong to nobody.
    if matches!(event.kind(), Kind::Event | Kind::Lease) {
        return;
    }
    let item = Item::new(event.kind(), object.key());
    let no_owners: Arc<Vec<OwnerRef>> = Arc::default();
    let owners = |o: &Option<Object>| o.as_ref().map_or(no_owners.clone(), |o| o.meta().owners.clone());
    let (before, after) = (owners(&event.old), owners(&event.new));
    if !Arc::ptr_eq(&before, &after) && before != after {
        for owner in before.iter().filter(|o| !after.contains(o)) {
            if let Some(set) = m.garbage.dependents.get_mut(&owner.uid) {
                set.remove(&item);
                if set.is_empty() {
                    m.garbage.dependents.remove(&owner.uid);
                }
            }
            // An owner that waits for its dependents may be free now.
            wake_owner(m, object.meta(), owner, ctl);
        }
        for owner in after.iter() {
            m.garbage.dependents.entry(owner.uid.clone()).or_default().insert(item.clone());
            if !owner_exists(ctl, object.meta(), owner) {
                m.add(Id::Garbage, item.clone(), ctl);
            }
        }
    }
    match &event.new {
        None => {
            for dependent in m.garbage.of(&object.meta().uid) {
                m.add(Id::Garbage, dependent, ctl);
            }
        }
        Some(o) if o.meta().is_deleting() && o.meta().finalizers.iter().any(|f| &**f == FOREGROUND || &**f == ORPHAN) => {
            m.add(Id::Garbage, item, ctl);
        }
        Some(_) => {}
    }
}

/// The namespace an owner lives in, seen from its dependent.
fn owner_item(dependent: &Meta, owner: &OwnerRef) -> Option<Item> {
    let kind = Kind::from_api(&owner.api_version, &owner.kind)?;
    let namespace = if kind.info().namespaced { dependent.namespace.clone() } else { "".into() };
    Some(Item::new(kind, Key::new(namespace, owner.name.clone())))
}

/// A live look, never the cache.
fn owner_exists(ctl: &Ctl, dependent: &Meta, owner: &OwnerRef) -> bool {
    live_owner(ctl, dependent, owner).is_some()
}

fn live_owner<'a>(ctl: &'a Ctl, dependent: &Meta, owner: &OwnerRef) -> Option<&'a Object> {
    let item = owner_item(dependent, owner)?;
    ctl.api.store.get(item.kind, &item.key).filter(|o| o.meta().uid == owner.uid)
}

fn wake_owner(m: &mut Manager, dependent: &Meta, owner: &OwnerRef, ctl: &mut Ctl) {
    let waits = live_owner(ctl, dependent, owner).is_some_and(|o| waits_for_dependents(o.meta()));
    if let (true, Some(item)) = (waits, owner_item(dependent, owner)) {
        m.add(Id::Garbage, item, ctl);
    }
}

fn waits_for_dependents(meta: &Meta) -> bool {
    meta.is_deleting() && has(meta, FOREGROUND)
}

fn has(meta: &Meta, finalizer: &str) -> bool {
    meta.finalizers.iter().any(|f| &**f == finalizer)
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let Some(object) = ctl.api.store.get(item.kind, &item.key).cloned() else { return Ok(Next::Done) };
    let meta = object.meta();
    if meta.is_deleting() && has(meta, ORPHAN) {
        orphan_dependents(m, &object, ctl)?;
        return Ok(Next::Done);
    }
    if waits_for_dependents(meta) {
        return delete_dependents_first(m, &object, ctl);
    }
    if meta.is_deleting() {
        return Ok(Next::Done);
    }
    let (mut solid, mut gone, mut waiting) = (0, Vec::new(), Vec::new());
    for owner in meta.owners.iter() {
        match live_owner(ctl, meta, owner) {
            None => gone.push(owner.clone()),
            Some(o) if waits_for_dependents(o.meta()) => waiting.push(owner.clone()),
            Some(_) => solid += 1,
        }
    }
    if gone.is_empty() && waiting.is_empty() {
        return Ok(Next::Done);
    }
    if solid > 0 {
        let mut copy = object.clone();
        Arc::make_mut(&mut copy.meta_mut().owners).retain(|o| !gone.contains(o) && !waiting.contains(o));
        ctl.update(copy, false, "an owner is gone, another one keeps it")?;
        return Ok(Next::Done);
    }
    let foreground = !waiting.is_empty() && !m.garbage.of(&meta.uid).is_empty();
    let propagation = if foreground || has(meta, FOREGROUND) {
        Propagation::Foreground
    } else if has(meta, ORPHAN) {
        Propagation::Orphan
    } else {
        Propagation::Background
    };
    let why = match gone.first().or(waiting.first()) {
        Some(o) if gone.is_empty() => format!("its owner {} {} is being deleted in the foreground", o.kind, o.name),
        Some(o) => format!("its owner {} {} is gone", o.kind, o.name),
        None => String::new(),
    };
    let options = DeleteOptions { propagation, uid: Some(meta.uid.clone()), grace_s: None };
    ignore_missing(ctl.delete(item.kind, &item.key, options, &why))?;
    Ok(Next::Done)
}

/// Foreground: the owner goes when nobody who blocks it is left.
fn delete_dependents_first(m: &mut Manager, owner: &Object, ctl: &mut Ctl) -> Outcome {
    let uid = &owner.meta().uid;
    let mut blocked = false;
    for dependent in m.garbage.of(uid) {
        let Some(object) = ctl.api.store.get(dependent.kind, &dependent.key).cloned() else { continue };
        blocked |= object.meta().owners.iter().any(|o| o.uid == *uid && o.block_owner_deletion);
        if !object.meta().is_deleting() {
            m.add(Id::Garbage, dependent, ctl);
        }
    }
    if !blocked {
        remove_finalizer(owner, FOREGROUND, "nothing that blocks its deletion is left", ctl)?;
    }
    Ok(Next::Done)
}

fn orphan_dependents(m: &Manager, owner: &Object, ctl: &mut Ctl) -> Result<(), ApiError> {
    let uid = owner.meta().uid.clone();
    for dependent in m.garbage.of(&uid) {
        let Some(mut object) = ctl.api.store.get(dependent.kind, &dependent.key).cloned() else { continue };
        let before = object.meta().owners.len();
        Arc::make_mut(&mut object.meta_mut().owners).retain(|o| o.uid != uid);
        if object.meta().owners.len() != before {
            let why = format!("left behind by {} {}", owner.kind().info().kind, owner.meta().name);
            ignore_missing(ctl.update(object, false, &why).map(|_| ()))?;
        }
    }
    remove_finalizer(owner, ORPHAN, "its dependents are orphans now", ctl)
}

fn remove_finalizer(object: &Object, finalizer: &str, why: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    let mut copy = object.clone();
    Arc::make_mut(&mut copy.meta_mut().finalizers).retain(|f| &**f != finalizer);
    ignore_missing(ctl.update(copy, false, why).map(|_| ()))
}

fn ignore_missing(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(e) if e.code != 404 => Err(e),
        _ => Ok(()),
    }
}
