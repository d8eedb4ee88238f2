//! The status manager: what the kubelet says of a pod, written to the API when it changes. Follows: pkg/kubelet/status/status_manager.go.

use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::object::{Pod, PodStatus};

use super::Kubelet;
use super::status::{OWN_CONDITIONS, sentence};
use super::worker::Worker;

impl Kubelet {
    /// Takes a new status and tells the API, if it says anything new.
    pub(super) fn set_status(&mut self, w: &mut Worker, new: PodStatus, ctl: &mut Ctl) {
        if w.status == new && !w.dirty {
            return;
        }
        let why = sentence(&w.status, &new);
        w.status = new;
        w.dirty = true;
        self.publish(w, &why, ctl);
    }

    /// Writes the status; while the API cannot be reached it stays here.
    pub(super) fn publish(&mut self, w: &mut Worker, why: &str, ctl: &mut Ctl) {
        if !self.connected(ctl) || w.gone {
            return;
        }
        let Some(now) = ctl.api.store.typed::<Pod>(&w.key).filter(|p| p.meta.uid == w.uid) else {
            w.dirty = false;
            return;
        };
        let mut pod = Pod::clone(now);
        pod.meta.resource_version = 0;
        pod.status = merged(&now.status, &w.status);
        if pod.status != now.status {
            if ctl.update_status(pod, why).is_err() {
                return;
            }
            // What the kubelet does next follows from what it has just seen.
            ctl.cx.cause = ctl.api.last_record;
        }
        w.dirty = false;
    }

    /// Somebody else changed what is the kubelet's to say.
    pub(super) fn needs_reconcile(&self, w: &Worker) -> bool {
        !w.gone && w.pod.status != w.status && w.status.start_time.is_some() && merged(&w.pod.status, &w.status) != w.pod.status
    }
}

/// Ours over theirs: conditions of others and the nominated node stay.
fn merged(theirs: &PodStatus, ours: &PodStatus) -> PodStatus {
    let mine = |kind: &str| OWN_CONDITIONS.contains(&kind) || kind == "DisruptionTarget";
    let mut s = ours.clone();
    s.conditions.retain(|c| mine(&c.kind));
    let own = |kind: &str| OWN_CONDITIONS.contains(&kind) || s.conditions.iter().any(|o| &*o.kind == kind);
    let foreign: Vec<_> = theirs.conditions.iter().filter(|c| !own(&c.kind)).cloned().collect();
    s.conditions.splice(0..0, foreign);
    s.nominated_node = theirs.nominated_node.clone();
    s.qos = theirs.qos;
    s
}
