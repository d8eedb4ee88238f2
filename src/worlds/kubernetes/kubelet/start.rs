//! Starting one container: back-off, image, configuration, create, start, postStart.
//! Follows: pkg/kubelet/kuberuntime/{kuberuntime_manager (doBackOff),kuberuntime_container (startContainer)}.go.

use k8s_openapi::api::core::v1 as core;

use crate::kernel::SimDuration;
use crate::machine::StartError;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::Terminated;

use super::Kubelet;
use super::backoff::{go_seconds, grow, held_until};
use super::kill::{Hook, Why, run_hook};
use super::sync::{set_wait, worked};
use super::worker::{Instance, Life, SlotKind, Stage, Step, Wait, Worker};

/// From the configuration to a created container (recorded: 10–120 ms).
const CREATE: SimDuration = SimDuration::from_millis(25);

impl Kubelet {
    pub(super) fn start_container(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let seen = w.slots[slot].seen_end;
        if let Some(end) = seen {
            let series = w.slots[slot].back_off;
            if let Some(until) = held_until(series, end, now) {
                let wait = series.map_or_else(String::new, |b| go_seconds(b.wait));
                let c = w.slots[slot].name.clone();
                self.say_at(w, slot, true, "BackOff", &format!("Back-off restarting failed container {c} in pod {}", w.full_name()), ctl);
                let message = format!("back-off {wait} restarting failed container={c} pod={}", w.full_name());
                self.failed(w, slot, "CrashLoopBackOff", Some(&message));
                if let Some(sync) = w.sync.as_mut() {
                    sync.back_off_ends = Some(sync.back_off_ends.map_or(until, |t| t.min(until)));
                }
                return;
            }
            grow(&mut w.slots[slot].back_off, end, now);
        }
        push(w, Step::Image(slot));
    }

    /// A start failed: the reason is remembered for the status, and the sync counts as failed.
    pub(super) fn failed(&mut self, w: &mut Worker, slot: usize, reason: &str, message: Option<&str>) {
        w.slots[slot].reason = Some((reason.into(), message.map(Into::into)));
        let init = w.slots[slot].kind == SlotKind::Init;
        let Some(sync) = w.sync.as_mut() else { return };
        sync.failed = true;
        if init {
            // Nothing comes before an init container that does not start.
            sync.steps.clear();
        }
    }

    /// The image is there: configuration, then the container.
    pub(super) fn create(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let spec = match self.container_spec(w, slot, ctl) {
            Ok(spec) => spec,
            Err(message) => {
                self.failed(w, slot, "CreateContainerConfigError", Some(&message));
                self.say_at(w, slot, true, "Failed", &format!("Error: {message}"), ctl);
                return;
            }
        };
        if ctl.machine.host(&self.node).is_some_and(|h| h.disk_full) {
            let message = "failed to create containerd container: failed to prepare extraction snapshot: no space left on device";
            self.failed(w, slot, "CreateContainerError", Some(message));
            self.say_at(w, slot, true, "Failed", &format!("Error: {message}"), ctl);
            return;
        }
        let now = ctl.cx.now;
        let id = ctl.machine.create(&self.node, spec, now);
        let attempt = w.slots[slot].current.as_ref().map_or(0, |c| c.attempt + 1);
        let image = w.spec(slot).image.clone().unwrap_or_default();
        let name = format!("containerd://{}", ctl.rng.stream(&format!("kubelet/{}/ids", self.node)).hex(64));
        let instance = Instance {
            id,
            name: name.into(),
            image: super::image::normal_name(&image),
            image_id: super::image::image_id(&image, ctl),
            attempt,
            sandbox: w.sandboxes,
            of_image: image.as_str().into(),
            state: Life::Created,
        };
        self.containers.insert(id, (w.uid.clone(), slot));
        let s = &mut w.slots[slot];
        // One dead instance is kept (--maximum-dead-containers-per-container).
        if let Some(oldest) = std::mem::replace(&mut s.previous, s.current.replace(instance)) {
            self.containers.remove(&oldest.id);
            ctl.machine.remove(oldest.id, now);
        }
        worked(w);
        self.wait_then(w, CREATE, Step::Launch(slot), ctl);
    }

    pub(super) fn launch(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let Some(id) = w.slots[slot].current.as_ref().map(|i| i.id) else { return };
        self.say_at(w, slot, false, "Created", "Container created", ctl);
        set_wait(w, Wait::Start(slot));
        ctl.machine.start(id, ctl.cx.now, ctl.cx.cause);
    }

    /// The runtime says that the process runs.
    pub(super) fn container_started(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        if let Some(i) = w.slots[slot].current.as_mut().filter(|i| i.state == Life::Created) {
            i.state = Life::Running { since: now };
        }
        w.slots[slot].reason = None;
        self.say_at(w, slot, false, "Started", "Container started", ctl);
        if w.sync.as_ref().is_none_or(|s| s.wait != Wait::Start(slot)) {
            return;
        }
        let hook = w.spec(slot).lifecycle.as_ref().and_then(|l| l.post_start.clone()).filter(|_| w.stage == Stage::Syncing);
        let Some(hook) = hook else { return self.resume(w, ctl) };
        let result = run_hook(w, slot, &hook, &self.node, ctl);
        if result.takes == SimDuration::MAX {
            // A hook that never answers keeps the worker for as long as the container lives.
            set_wait(w, Wait::Stop(slot));
            return;
        }
        let failed = (!result.ok).then(|| hook_error(w, slot, &hook, &result));
        self.wait_then(w, result.takes, Step::HookDone { slot, failed }, ctl);
    }

    pub(super) fn hook_done(&mut self, w: &mut Worker, slot: usize, failed: Option<Name>, ctl: &mut Ctl) {
        let Some(error) = failed else { return };
        self.say_at(w, slot, true, "FailedPostStartHook", "PostStartHook failed", ctl);
        let message = Why::Hook.message(&w.slots[slot].name, true);
        self.kill(w, slot, Why::Hook, &message, ctl);
        self.failed(w, slot, "PostStartHookError", Some(&error));
        if w.slots[slot].is_running() {
            set_wait(w, Wait::Stop(slot));
        }
    }

    /// The process could not be started (containerd's and runc's words).
    pub(super) fn start_failed(&mut self, w: &mut Worker, slot: usize, error: &StartError, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let inner = match error {
            StartError::NotFound { path } if path.contains('/') => format!("exec: {path:?}: stat {path}: no such file or directory"),
            StartError::NotFound { path } => format!("exec: {path:?}: executable file not found in $PATH"),
            StartError::NotExecutable { path } => format!("exec: {path:?}: permission denied"),
        };
        let message = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
             container process: error during container init: {inner}: unknown"
        );
        if let Some(i) = w.slots[slot].current.as_mut() {
            i.state = Life::Ended(Terminated {
                exit_code: 128,
                signal: None,
                reason: "StartError".into(),
                message: Some(message.as_str().into()),
                started_at: None,
                finished_at: Some(now),
                container_id: Some(i.name.clone()),
            });
        }
        self.failed(w, slot, "RunContainerError", Some(&message));
        self.say_at(w, slot, true, "Failed", &format!("Error: {message}"), ctl);
        self.resume(w, ctl);
    }
}

/// The status tells more of a failed hook than the event does (pkg/kubelet/lifecycle/handlers.go).
fn hook_error(w: &Worker, slot: usize, hook: &core::LifecycleHandler, result: &Hook) -> Name {
    let of = format!("for Container {:?} in Pod {:?} failed - error: {}", w.slots[slot].name, w.full_name(), result.error);
    if let Some(exec) = &hook.exec {
        let command = exec.command.as_deref().unwrap_or_default().join(" ");
        return format!("Exec lifecycle hook ([{command}]) {of}, message: {:?}", result.output).into();
    }
    let path = hook.http_get.as_ref().and_then(|h| h.path.as_deref()).unwrap_or("/");
    format!("HTTP lifecycle hook ({path}) {of}").into()
}

/// What comes next, before anything else.
pub(super) fn push(w: &mut Worker, step: Step) {
    if let Some(sync) = w.sync.as_mut() {
        sync.steps.push_front(step);
    }
}

impl Why {
    /// The `Killing` event's sentence.
    pub(super) fn message(self, container: &Name, restart: bool) -> String {
        let again = if restart { ", will be restarted" } else { "" };
        match self {
            Self::Pod => format!("Stopping container {container}"),
            Self::Probe(super::ProbeKind::Startup) => format!("Container {container} failed startup probe{again}"),
            Self::Probe(_) => format!("Container {container} failed liveness probe{again}"),
            Self::Changed => format!("Container {container} definition changed, will be restarted"),
            Self::Hook => "FailedPostStartHook".into(),
        }
    }
}
