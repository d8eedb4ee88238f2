//! The end of a pod: terminating, terminated, cleaned up; and what a stop of the kubelet or of its machine leaves behind.
//! Follows: pkg/kubelet/kubelet.go (SyncTerminatingPod, SyncTerminatedPod), pkg/kubelet/pod_workers.go.

use crate::kernel::{SimDuration, SimTime};
use crate::machine::ContainerState as MachineState;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{PodPhase, Terminated};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::worker::{Life, Sandbox, Stage, Wait, Worker};
use super::{Kubelet, Timer, status};

/// From the last container's end to a stopped sandbox (recorded: 0.1–0.2 s).
const SANDBOX_STOP: SimDuration = SimDuration::from_millis(100);
/// Volumes unmounted, cgroup gone, last status written, object deleted (recorded: 0.3–1.1 s).
const CLEAN_UP: SimDuration = SimDuration::from_millis(750);
/// What containerd reports of a container that a power cut ended.
const LOST_EXIT: i32 = 255;

impl Kubelet {
    /// A pod is to end. `grace_s` None = the pod's own.
    pub(super) fn end(&mut self, w: &mut Worker, grace_s: Option<i64>, ctl: &mut Ctl) {
        // The grace only ever gets shorter.
        if let Some(g) = grace_s {
            w.grace_s = Some(w.grace_s.map_or(g, |old| old.min(g)));
        }
        match w.stage {
            Stage::Terminated => {
                if w.is_deleting() {
                    self.plan(ctl, SimDuration::ZERO, Timer::Cleaned(w.uid.clone()));
                }
            }
            Stage::Terminating => {
                for slot in 0..w.slots.len() {
                    let grace = w.grace_s.unwrap_or(30);
                    self.shorten(w, slot, grace, ctl);
                }
            }
            Stage::Syncing | Stage::Ending => {
                w.stage = Stage::Ending;
                match w.sync.as_mut() {
                    // A start that was handed to the runtime is waited for.
                    Some(sync) if matches!(sync.wait, Wait::Start(_)) => sync.steps.clear(),
                    Some(_) => {
                        w.sync = None;
                        w.step += 1;
                        w.synced = Some(ctl.cx.now);
                        w.fresh = false;
                        self.sync_at(w, ctl.cx.now, ctl);
                    }
                    None => self.sync_at(w, ctl.cx.now, ctl),
                }
            }
        }
    }

    /// SyncTerminatingPod: tells the status, then stops everything at once.
    pub(super) fn stop_pod(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        w.stage = Stage::Terminating;
        self.tell(w, false, ctl);
        self.stop_probes(w, false, ctl);
        self.kill_all(w, ctl);
        if !w.any_running() {
            self.all_stopped(w, ctl);
        }
    }

    pub(super) fn all_stopped(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        self.plan(ctl, SANDBOX_STOP, Timer::Stopped(w.uid.clone()));
    }

    /// SyncTerminatedPod: nothing can be running any more, so the end may be told.
    pub(super) fn terminated(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if w.stage != Stage::Terminating || w.any_running() {
            return;
        }
        self.stop_probes(w, true, ctl);
        w.sandbox = Sandbox::Dead;
        self.say_deadline(w, ctl);
        w.stage = Stage::Terminated;
        self.tell(w, true, ctl);
        self.give_ip(w);
        self.plan(ctl, CLEAN_UP, Timer::Cleaned(w.uid.clone()));
    }

    /// The last status, and for a deleted pod the end of the object.
    pub(super) fn cleaned(&mut self, uid: &Name, ctl: &mut Ctl) {
        let Some(w) = self.pods.get(uid) else { return };
        if w.stage != Stage::Terminated {
            return;
        }
        if w.gone {
            return self.forget(uid, ctl);
        }
        self.with(uid, ctl, |k, w, ctl| {
            let last = status::finalize(w, ctl.cx.now);
            k.set_status(w, last, ctl);
            if w.is_deleting() && k.connected(ctl) {
                let options = DeleteOptions { grace_s: Some(0), uid: Some(w.uid.clone()), ..DeleteOptions::default() };
                // If it is gone already, the watch says so.
                let _ = ctl.delete(Kind::Pod, &w.key, options, "all its containers are gone");
            }
        });
    }

    /// The kubelet itself ends a pod: evicted, preempted, out of time.
    pub(super) fn evict(&mut self, w: &mut Worker, reason: &'static str, message: &str, grace_s: Option<i64>, ctl: &mut Ctl) {
        if w.evicted.is_some() || status::is_over(w.status.phase) {
            return;
        }
        self.say(w, true, reason, message, ctl);
        w.evicted = Some((reason.into(), message.into()));
        let condition = status::condition(
            w,
            "DisruptionTarget",
            (crate::worlds::kubernetes::api::object::Tri::True, Some("TerminationByKubelet"), Some(message.to_string())),
            ctl.cx.now,
        );
        w.status.conditions.retain(|c| c.kind != condition.kind);
        w.status.conditions.push(condition);
        w.dirty = true;
        self.end(w, grace_s, ctl);
    }

    /// A pod that is refused at the door never gets a worker's care.
    pub(super) fn reject(&mut self, w: &mut Worker, (reason, message): (Name, String), ctl: &mut Ctl) {
        let mut s = w.status.clone();
        (s.phase, s.reason) = (PodPhase::Failed, Some(reason.clone()));
        s.message = Some(format!("Pod was rejected: {message}").into());
        // It never had conditions of the kubelet's, and the one that the scheduler wrote is the kubelet's to keep.
        s.conditions.retain(|c| !status::OWN_CONDITIONS.contains(&&*c.kind));
        s.start_time = s.start_time.or(Some(ctl.cx.now));
        s.observed_generation = w.pod.meta.generation;
        w.stage = Stage::Terminated;
        self.say_rejected(w, &reason, &message, ctl);
        self.set_status(w, s, ctl);
    }

    /// Power was lost: the runtime finds its containers dead and its sandboxes gone.
    pub(super) fn lost_power(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        for s in &mut w.slots {
            for i in s.current.iter_mut().chain(&mut s.previous) {
                if let Life::Running { since } = i.state {
                    i.state = Life::Ended(lost(Some(since), now, &i.name));
                }
            }
            if matches!(s.current.as_ref().map(|i| &i.state), Some(Life::Created)) {
                s.current = s.previous.take();
            }
        }
        if w.sandbox == Sandbox::Ready {
            w.sandbox = Sandbox::Dead;
        }
        self.give_ip(w);
        reset(w);
    }

    /// The kubelet process starts again: what happened meanwhile is found in the runtime.
    pub(super) fn revive(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        for s in &mut w.slots {
            for i in s.current.iter_mut().chain(&mut s.previous) {
                match (&i.state, ctl.machine.container(i.id).map(|c| &c.state)) {
                    (Life::Running { .. }, Some(MachineState::Exited(e))) => {
                        i.state = Life::Ended(Terminated {
                            exit_code: e.code,
                            signal: None,
                            reason: if e.oom_killed {
                                "OOMKilled"
                            } else if e.code == 0 {
                                "Completed"
                            } else {
                                "Error"
                            }
                            .into(),
                            message: None,
                            started_at: Some(e.started),
                            finished_at: Some(e.at),
                            container_id: Some(i.name.clone()),
                        });
                    }
                    (Life::Created, Some(MachineState::Running { since })) => i.state = Life::Running { since: *since },
                    (Life::Running { since }, None) => i.state = Life::Ended(lost(Some(*since), ctl.cx.now, &i.name)),
                    _ => {}
                }
            }
            if matches!(s.current.as_ref().map(|i| &i.state), Some(Life::Created)) {
                s.current = s.previous.take();
            }
        }
        reset(w);
    }
}

fn lost(started: Option<SimTime>, at: SimTime, name: &Name) -> Terminated {
    Terminated {
        exit_code: LOST_EXIT,
        signal: None,
        reason: "Unknown".into(),
        message: None,
        started_at: started,
        finished_at: Some(at),
        container_id: Some(name.clone()),
    }
}

/// All timers of this worker are void: it begins anew from what it knows.
fn reset(w: &mut Worker) {
    for s in &mut w.slots {
        s.kill = None;
        s.probes = [None, None, None];
    }
    w.probing = false;
    w.sync = None;
    w.step += 1;
    w.wake = None;
    w.pending = false;
    w.fresh = true;
    w.mount_tries = 0;
    if w.stage == Stage::Terminating {
        w.stage = Stage::Ending;
    }
}
