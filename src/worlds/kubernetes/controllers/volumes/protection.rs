//! Keeps claims that pods use, and volumes that are bound, from disappearing: the finalizers that admission gave them are taken off when
//! nobody needs them any more. Follows: pkg/controller/volume/{pvcprotection,pvprotection}.

use std::sync::Arc;

use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Generic, Object, Pod};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::controllers::queue::Item;
use crate::worlds::kubernetes::controllers::table::Id;
use crate::worlds::kubernetes::controllers::{Manager, Next, Outcome};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::kinds::{CLAIM_FINALIZER, VOLUME_FINALIZER};
use crate::worlds::kubernetes::storage::{claim_names, find, generic};

pub(in crate::worlds::kubernetes::controllers) const WATCHES: &[Kind] = &[Kind::PersistentVolume, Kind::PersistentVolumeClaim, Kind::Pod];

pub(in crate::worlds::kubernetes::controllers) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Pod(pod) if event.new.is_none() || is_shut_down(pod) => {
            for (name, _) in claim_names(pod) {
                let key = Key::new(pod.meta.namespace.clone(), name);
                m.add(Id::StorageProtection, Item::new(Kind::PersistentVolumeClaim, key), ctl);
            }
        }
        object => {
            if let Some(g) = generic(object).filter(|g| event.new.is_some() && g.meta.is_deleting()) {
                m.add(Id::StorageProtection, Item::new(g.kind, g.meta.key()), ctl);
            }
        }
    }
}

pub(in crate::worlds::kubernetes::controllers) fn sync(_: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let Some(g) = find(&ctl.api.store, item.kind, &item.key).filter(|g| g.meta.is_deleting()).cloned() else { return Ok(Next::Done) };
    let (finalizer, needed) = match item.kind {
        Kind::PersistentVolume => (VOLUME_FINALIZER, g.body["status"]["phase"] == "Bound"),
        _ => (CLAIM_FINALIZER, in_use(&g, ctl)),
    };
    if needed || !g.meta.finalizers.iter().any(|f| **f == *finalizer) {
        return Ok(Next::Done);
    }
    let mut free = Generic::clone(&g);
    Arc::make_mut(&mut free.meta.finalizers).retain(|f: &Name| **f != *finalizer);
    ctl.update(free, false, "nobody uses it any more")?;
    Ok(Next::Done)
}

/// A pod that has a node names it. One that has ended holds it too, as long as the pod is there (podUsesPVC).
fn in_use(claim: &Generic, ctl: &Ctl) -> bool {
    let uses = |p: &Pod| claim_names(p).iter().any(|(n, own)| *n == claim.meta.name && !(*own && is_shut_down(p)));
    let here = ctl.api.store.namespaced(Kind::Pod, &claim.meta.namespace);
    here.filter_map(|o| if let Object::Pod(p) = o { Some(p) } else { None }).any(|p| p.node.is_some() && uses(p))
}

/// The kubelet is done with it, or it was deleted by force.
fn is_shut_down(pod: &Pod) -> bool {
    pod.meta.deletion.as_ref().is_some_and(|d| d.grace_s == 0)
}
