//! A claim's turn: finds a volume, binds the two, or says what it waits for.

use std::sync::Arc;

use serde_json::json;

use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Generic, Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::storage::{
    BETA_CLASS, BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, claim_names, claim_of, class, default_class, find, generic, has_class,
    is_reserved_for, mismatch, mode_count, offers_modes, reference, suitable, volume_name, waits_for_consumer, with_body,
};

use super::{mark, set_phase, set_status};

type Done = Result<(), ApiError>;

const WAITING_FOR_VOLUME: (&str, &str) = (
    "Waiting for a volume to be created either by the external provisioner '",
    "' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
);

/// Provisioners that were part of Kubernetes once, and the drivers that stand in for them (staging/src/k8s.io/csi-translation-lib).
const MIGRATED: &[(&str, &str)] = &[
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

pub(super) fn sync(c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    if c.meta.annotation(BIND_COMPLETED).is_some() { bound(c, ctl) } else { unbound(c, ctl) }
}

fn unbound(c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    let Some(name) = volume_name(&c.body) else { return seek(c, ctl) };
    // It asks for one volume and no other.
    let Some(v) = find(&ctl.api.store, Kind::PersistentVolume, &Key::new("", name)).cloned() else { return pending(c, ctl) };
    if claim_of(&v.body).is_none() {
        if let Some(why) = mismatch(&v, c) {
            let text = format!("Cannot bind to requested volume \"{name}\": {why}");
            say(c, true, "VolumeMismatch", &text, ctl);
            return pending(c, ctl);
        }
        return bind(&v, c, ctl);
    }
    if is_reserved_for(&v.body, &c.meta) {
        return bind(&v, c, ctl);
    }
    say(c, true, "FailedBinding", &format!("volume \"{name}\" already bound to a different claim."), ctl);
    pending(c, ctl)
}

fn seek(c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    let class = class(&c.meta, &c.body).to_string();
    let kind = find(&ctl.api.store, Kind::StorageClass, &Key::new("", class.as_str())).cloned();
    let delayed = kind.as_ref().is_some_and(|k| waits_for_consumer(&k.body));
    let store = ctl.api.store.clone();
    let mut found = suitable(&c.meta, &c.body, store.list(Kind::PersistentVolume).filter_map(generic));
    // Where the scheduler chooses, only a volume that is reserved will do; elsewhere the one with the fewest access modes.
    found.retain(|v| offers_modes(&v.body, &c.body) && (!delayed || is_reserved_for(&v.body, &c.meta)));
    found.sort_by_key(|v| mode_count(&v.body));
    if let Some(v) = found.first() {
        return bind(v, c, ctl);
    }
    // A default class that came after the claim is given to it now.
    if !has_class(&c.body, c.meta.annotation(BETA_CLASS).is_some())
        && let Some(name) = default_class(&store)
    {
        let given = with_body(c, |b| b["spec"]["storageClassName"] = name.to_string().into());
        return ctl.update(given, false, &format!("{name} is the default class now")).map(|_| ());
    }
    if delayed && c.meta.annotation(SELECTED_NODE).is_none() {
        let uses = |p: &&Arc<Pod>| claim_names(p).iter().any(|(n, _)| *n == c.meta.name);
        let waiting = store.list(Kind::Pod).filter_map(|o| if let Object::Pod(p) = o { Some(p) } else { None });
        let waiting = waiting.filter(|p| p.meta.namespace == c.meta.namespace && p.node.is_none() && !p.is_finished());
        let names: Vec<_> = waiting.filter(uses).map(|p| p.meta.name.to_string()).collect();
        match names.as_slice() {
            [] => say(c, false, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", ctl),
            [one] => say(c, false, "WaitForPodScheduled", &format!("waiting for pod {one} to be scheduled"), ctl),
            many => say(c, false, "WaitForPodScheduled", &format!("waiting for pods {} to be scheduled", many.join(",")), ctl),
        }
    } else if class.is_empty() {
        say(c, false, "FailedBinding", "no persistent volumes available for this claim and no storage class is set", ctl);
    } else {
        provision(c, &class, kind.as_deref(), ctl)?;
    }
    match find(&ctl.api.store, c.kind, &c.meta.key()).cloned() {
        Some(c) => pending(&c, ctl),
        None => Ok(()),
    }
}

/// Somebody else has to make a volume.
fn provision(c: &Arc<Generic>, class: &str, kind: Option<&Generic>, ctl: &mut Ctl) -> Done {
    let Some(kind) = kind else {
        say(c, true, "ProvisioningFailed", &format!("storageclass.storage.k8s.io \"{class}\" not found"), ctl);
        return Ok(());
    };
    let provisioner = kind.body["provisioner"].as_str().unwrap_or_default();
    let provisioner = MIGRATED.iter().find(|(in_tree, _)| *in_tree == provisioner).map_or(provisioner, |(_, driver)| driver);
    if provisioner.starts_with("kubernetes.io/") {
        say(c, true, "ProvisioningFailed", &format!("no volume plugin matched name: {provisioner}"), ctl);
        return Ok(());
    }
    let mut asked = Generic::clone(c);
    for key in ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"] {
        asked.meta.set_annotation(key, provisioner);
    }
    ctl.update(asked, false, "a provisioner is asked for a volume")?;
    let (before, after) = WAITING_FOR_VOLUME;
    say(c, false, "ExternalProvisioning", &format!("{before}{provisioner}{after}"), ctl);
    Ok(())
}

fn bound(c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    let Some(name) = volume_name(&c.body) else {
        return lose(c, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!", ctl);
    };
    let Some(v) = find(&ctl.api.store, Kind::PersistentVolume, &Key::new("", name)).cloned() else {
        return lose(c, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!", ctl);
    };
    match claim_of(&v.body) {
        Some((_, uid)) if *uid != *c.meta.uid => {
            lose(c, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly", ctl)
        }
        _ => bind(&v, c, ctl),
    }
}

fn lose(c: &Arc<Generic>, reason: &'static str, text: &str, ctl: &mut Ctl) -> Done {
    if c.body["status"]["phase"] == "Lost" {
        return Ok(());
    }
    set_status(c, |s| *s = json!({"phase": "Lost"}), text, ctl)?;
    say(c, true, reason, text, ctl);
    Ok(())
}

fn pending(c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    set_phase(c, "Pending", ctl)
}

fn say(c: &Arc<Generic>, warning: bool, reason: &'static str, text: &str, ctl: &mut Ctl) {
    ctl.event(&Object::Generic(c.clone()), warning, reason, text);
}

/// Both point to each other, first the volume; each write is one of its own, and what is written already is left alone.
fn bind(v: &Arc<Generic>, c: &Arc<Generic>, ctl: &mut Ctl) -> Done {
    let why = format!("{} and {} belong together", c.meta.key(), v.meta.name);
    let mut v = v.clone();
    if claim_of(&v.body).is_none_or(|(_, uid)| uid.is_empty()) {
        let reserved = claim_of(&v.body).is_some();
        let mut taken = with_body(&v, |b| b["spec"]["claimRef"] = reference(&c.meta));
        if !reserved {
            mark(&mut taken.meta, BOUND_BY_CONTROLLER);
        }
        let written = ctl.update(taken, false, &why)?;
        v = generic(&written).cloned().unwrap_or(v);
    }
    set_phase(&v, "Bound", ctl)?;
    let mut mine = Generic::clone(c);
    if volume_name(&c.body) != Some(&*v.meta.name) {
        mine = with_body(c, |b| b["spec"]["volumeName"] = v.meta.name.to_string().into());
        mark(&mut mine.meta, BOUND_BY_CONTROLLER);
    }
    mark(&mut mine.meta, BIND_COMPLETED);
    let written = ctl.update(mine, false, &why)?;
    let Some(mine) = generic(&written).cloned() else { return Ok(()) };
    let (modes, capacity) = (v.body["spec"]["accessModes"].clone(), v.body["spec"]["capacity"].clone());
    let fresh = json!({"phase": "Bound", "accessModes": modes, "capacity": {"storage": capacity["storage"]}});
    if mine.body["status"] == fresh {
        return Ok(());
    }
    set_status(&mine, |s| *s = fresh, &why, ctl)
}
