//! Volumes of a pod that has its node: the choice is written, then the pod waits until the volume controller has bound them
//! (pkg/scheduler/framework/plugins/volumebinding/binder.go: AssumePodVolumes, BindPodVolumes).

use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Generic, Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::storage::{
    BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, claim_of, find, generic, is_reserved_for, reference, volume_name, with_body,
};

use super::component::Binding;
use super::objects::Objects;
use super::plugins::volume_binding::Chosen;

/// How often it is looked whether the volumes are bound.
pub const POLL: SimDuration = SimDuration::from_secs(1);
/// VolumeBindingArgs.bindTimeoutSeconds
const TIMEOUT: SimDuration = SimDuration::from_secs(600);

/// The volume, reserved for the claim.
fn reserved(volume: &Arc<Generic>, claim: &Generic) -> Generic {
    let by_hand = claim_of(&volume.body).is_some();
    let mut taken = with_body(volume, |b| b["spec"]["claimRef"] = reference(&claim.meta));
    if !by_hand {
        taken.meta.set_annotation(BOUND_BY_CONTROLLER, "yes");
    }
    taken
}

/// The claim, whose volume shall be made for the node.
fn placed(claim: &Generic, node: &Name) -> Generic {
    let mut placed = Generic::clone(claim);
    placed.meta.set_annotation(SELECTED_NODE, node);
    placed
}

/// From now on nobody else gets this volume, or has one made for this claim elsewhere, though nothing is written yet.
pub fn assume(objects: &mut Objects, (claim, volume): &Chosen, node: &Name) {
    let generic_of = |kind, key: &Key| objects.get(kind, key).and_then(generic).cloned();
    let Some(claim) = generic_of(Kind::PersistentVolumeClaim, claim) else { return };
    let taken = match volume {
        Some(v) => generic_of(Kind::PersistentVolume, &Key::new("", v.clone())).map(|v| reserved(&v, &claim)),
        None => Some(placed(&claim, node)),
    };
    if let Some(taken) = taken {
        objects.put(&Object::Generic(Arc::new(taken)));
    }
}

/// What was assumed is forgotten; what is written holds.
pub fn restore(objects: &mut Objects, (claim, volume): &Chosen, ctl: &Ctl) {
    let (kind, key) = match volume {
        Some(v) => (Kind::PersistentVolume, Key::new("", v.clone())),
        None => (Kind::PersistentVolumeClaim, claim.clone()),
    };
    if let Some(there) = ctl.api.store.get(kind, &key) {
        objects.put(there);
    }
}

/// The next step of binding a pod's volumes: None when they are bound, or what to come back with.
pub fn bind_volumes(b: &Binding, ctl: &mut Ctl) -> Result<Option<Binding>, String> {
    if b.volumes.is_empty() {
        return Ok(None);
    }
    let failed = |e: String| format!("running PreBind plugin \"VolumeBinding\": {e}");
    let now = ctl.cx.now;
    let Some(until) = b.until else {
        nominate(b, ctl);
        for chosen in &b.volumes {
            ask(chosen, &b.node, ctl).map_err(&failed)?;
        }
        return Ok(Some(Binding { until: Some(now + TIMEOUT), ..b.clone() }));
    };
    let pod = &b.queued.info;
    if ctl.api.store.typed::<Pod>(&pod.key()).is_none_or(|p| p.meta.uid != *pod.uid()) {
        return Err(failed(format!("binding volumes: pod does not exist any more: pod \"{}\" not found", pod.pod.meta.name)));
    }
    let mut all = true;
    for chosen in &b.volumes {
        all &= is_bound(chosen, &b.node, ctl).map_err(|e| failed(format!("binding volumes: {e}")))?;
    }
    if all {
        return Ok(None);
    }
    if now >= until {
        return Err(failed("binding volumes: context deadline exceeded".into()));
    }
    Ok(Some(b.clone()))
}

/// NominatedNodeNameForExpectation: while volumes are bound everybody can see where the pod is going.
fn nominate(b: &Binding, ctl: &mut Ctl) {
    let Some(current) = ctl.api.store.typed::<Pod>(&b.queued.info.key()).cloned() else { return };
    let mut pod = Pod::clone(&current);
    pod.status.nominated_node = Some(b.node.clone());
    let _ = ctl.update_status(pod, &format!("its volumes are bound for {}", b.node));
}

/// Reserves the volume for the claim, or asks for one to be made for the node.
fn ask((claim, volume): &Chosen, node: &Name, ctl: &mut Ctl) -> Result<(), String> {
    let missing = |what: &str, name: &Name| format!("{what} \"{name}\" not found");
    let c = find(&ctl.api.store, Kind::PersistentVolumeClaim, claim).cloned();
    let c = c.ok_or_else(|| missing("persistentvolumeclaims", &claim.name))?;
    let Some(volume) = volume else {
        return ctl.update(placed(&c, node), false, &format!("a volume is wanted on {node}")).map(|_| ()).map_err(|e| e.message);
    };
    let v = find(&ctl.api.store, Kind::PersistentVolume, &Key::new("", volume.clone())).cloned();
    let v = v.ok_or_else(|| missing("persistentvolumes", volume))?;
    if claim_of(&v.body).is_some() && !is_reserved_for(&v.body, &c.meta) {
        return Err(format!(
            "Operation cannot be fulfilled on persistentvolumes \"{volume}\": the object has been modified; please apply your changes to the latest version and try again"
        ));
    }
    ctl.update(reserved(&v, &c), false, &format!("chosen for {claim}")).map(|_| ()).map_err(|e| e.message)
}

/// checkBindings: the controller has done its part.
fn is_bound((claim, volume): &Chosen, node: &Name, ctl: &Ctl) -> Result<bool, String> {
    let step = if volume.is_some() { "binding" } else { "provisioning pvc" };
    let gone = |kind: &str, name: &str| format!("failed to check {step}: could not find v1.{kind} \"{name}\"");
    let c = || find(&ctl.api.store, Kind::PersistentVolumeClaim, claim).ok_or_else(|| gone("PersistentVolumeClaim", &claim.to_string()));
    let c = if let Some(volume) = volume {
        let v = find(&ctl.api.store, Kind::PersistentVolume, &Key::new("", volume.clone()));
        let v = v.ok_or_else(|| gone("PersistentVolume", volume))?;
        let c = c()?;
        if claim_of(&v.body).is_none_or(|(_, uid)| uid.is_empty()) {
            return Err(format!("ClaimRef got reset for pv \"{volume}\""));
        }
        c
    } else {
        let c = c()?;
        if c.meta.annotations.is_empty() {
            return Err(format!("selectedNode annotation reset for PVC \"{}\"", claim.name));
        }
        if c.meta.annotation(SELECTED_NODE) != Some(&**node) {
            return Err(format!("provisioning failed for PVC \"{}\"", claim.name));
        }
        c
    };
    Ok(volume_name(&c.body).is_some() && c.meta.annotation(BIND_COMPLETED).is_some())
}
