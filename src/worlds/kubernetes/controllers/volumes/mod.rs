//! The persistent volume controller: puts claims and volumes together, in both directions, and lets go of volumes whose claims are gone.
//! Follows: pkg/controller/volume/persistentvolume/pv_controller.go. Volumes are made by people here: nothing provisions them.

mod claims;
pub mod protection;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Meta};
use crate::worlds::kubernetes::api::object::{Generic, Object};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::storage::{BOUND_BY_CONTROLLER, claim_of, find, generic, volume_name, with_body};
use crate::worlds::kubernetes::{Config, Ctl};

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::PersistentVolume, Kind::PersistentVolumeClaim];

/// Who made a volume, if it was not a person.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// PVClaimBinderSyncPeriod: everything is looked at again.
const RESYNC: SimDuration = SimDuration::from_secs(15);

pub(super) fn period(_: &Config) -> SimDuration {
    RESYNC
}

pub(super) fn tick(m: &mut Manager, ctl: &mut Ctl) {
    let items: Vec<Item> = WATCHES.iter().flat_map(|k| m.cache.list(*k).map(|o| Item::new(*k, o.key()))).collect();
    items.into_iter().for_each(|i| m.add(Id::Volumes, i, ctl));
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    let Some(g) = generic(event.object()) else { return };
    let partner = match g.kind {
        Kind::PersistentVolume => claim_of(&g.body).map(|(key, _)| Item::new(Kind::PersistentVolumeClaim, key)),
        _ => volume_name(&g.body).map(|v| Item::new(Kind::PersistentVolume, Key::new("", v))),
    };
    if event.new.is_some() {
        m.add(Id::Volumes, Item::new(g.kind, g.meta.key()), ctl);
    } else if let Some(partner) = partner {
        m.add(Id::Volumes, partner, ctl);
    }
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    // The controller keeps what it wrote itself, so it is never behind its own writes.
    let Some(object) = find(&ctl.api.store, item.kind, &item.key).cloned() else { return Ok(Next::Done) };
    match item.kind {
        Kind::PersistentVolume => volume(m, &object, ctl)?,
        _ => claims::sync(&object, ctl)?,
    }
    Ok(Next::Done)
}

fn volume(m: &mut Manager, v: &Arc<Generic>, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some((key, uid)) = claim_of(&v.body) else {
        return set_phase(v, "Available", ctl);
    };
    if uid.is_empty() {
        // Reserved by hand; the claim has not come for it yet.
        return set_phase(v, "Available", ctl);
    }
    let claim = find(&ctl.api.store, Kind::PersistentVolumeClaim, &key).filter(|c| *c.meta.uid == *uid).cloned();
    let Some(claim) = claim else { return release(v, ctl) };
    match volume_name(&claim.body) {
        // The claim's turn finishes it.
        None => m.add(Id::Volumes, Item::new(Kind::PersistentVolumeClaim, key), ctl),
        Some(name) if *name == *v.meta.name => return set_phase(v, "Bound", ctl),
        Some(_) => return unbind(v, ctl),
    }
    Ok(())
}

/// The claim took another volume.
fn unbind(v: &Arc<Generic>, ctl: &mut Ctl) -> Result<(), ApiError> {
    let by_controller = v.meta.annotation(BOUND_BY_CONTROLLER).is_some();
    let mut free = with_body(v, |b| match by_controller {
        true => drop(b["spec"].as_object_mut().and_then(|s| s.remove("claimRef"))),
        // What a person reserved stays reserved.
        false => drop(b["spec"]["claimRef"].as_object_mut().and_then(|r| r.remove("uid"))),
    });
    Arc::make_mut(&mut free.meta.annotations).remove(BOUND_BY_CONTROLLER);
    let free = ctl.update(free, false, "its claim has another volume")?;
    generic(&free).map_or(Ok(()), |g| set_phase(g, "Available", ctl))
}

/// The claim is gone. What the policy says is tried; a volume that is kept waits for a person.
fn release(v: &Arc<Generic>, ctl: &mut Ctl) -> Result<(), ApiError> {
    let phase = v.body["status"]["phase"].as_str().unwrap_or_default();
    if phase == "Failed" {
        return Ok(());
    }
    if phase != "Released" {
        set_phase(v, "Released", ctl)?;
    }
    let Some(v) = find(&ctl.api.store, Kind::PersistentVolume, &v.meta.key()).cloned() else { return Ok(()) };
    // A volume that something outside has made is deleted from outside.
    if v.body["spec"]["persistentVolumeReclaimPolicy"] != "Delete" || v.meta.annotation(PROVISIONED_BY).is_some() {
        return Ok(());
    }
    let has = |source: &str| v.body["spec"].get(source).is_some();
    let error = match v.body["spec"]["hostPath"]["path"].as_str() {
        Some(path) if path.split_once("/tmp/").is_some_and(|(_, rest)| !rest.is_empty()) => {
            return ctl.delete(Kind::PersistentVolume, &v.meta.key(), Default::default(), "its claim is gone and its policy is Delete");
        }
        Some(path) => format!("host_path deleter only supports /tmp/.+ but received provided {path}"),
        None if has("local") || has("nfs") => {
            format!("error getting deleter volume plugin for volume \"{}\": no deletable volume plugin matched", v.meta.name)
        }
        None => return Ok(()),
    };
    ctl.event(&Object::Generic(v.clone()), true, "VolumeFailedDelete", &error);
    set_status(&v, |s| *s = json!({"phase": "Failed", "message": error}), &error, ctl)
}

fn set_phase(g: &Arc<Generic>, phase: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    if g.body["status"]["phase"] == phase {
        return Ok(());
    }
    // The message belonged to the phase before.
    let change = |s: &mut Value| {
        s["phase"] = phase.into();
        let _ = s.as_object_mut().and_then(|s| s.remove("message"));
    };
    set_status(g, change, &format!("{} is {phase}", g.meta.name), ctl)
}

fn set_status(g: &Arc<Generic>, change: impl FnOnce(&mut Value), why: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    let fresh = with_body(g, |b| {
        if !b["status"].is_object() {
            b["status"] = json!({});
        }
        change(&mut b["status"]);
    });
    ctl.update_status(fresh, why).map(|_| ())
}

/// Writes an annotation if it is not there.
fn mark(meta: &mut Meta, key: &str) {
    if meta.annotation(key).is_none() {
        meta.set_annotation(key, "yes");
    }
}
