//! One sync of a pod: compare what is wanted with what runs, and do what is missing, step by step.
//! Follows: pkg/kubelet/kubelet.go (SyncPod), pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, SyncPod),
//! pkg/kubelet/pod_workers.go (completeWork).

use std::collections::VecDeque;

use crate::kernel::{SimDuration, SimTime};
use crate::machine::{ContainerId, Exit};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{Terminated, Tri};

use super::kill::Why;
use super::probes::{ProbeKind, Verdict};
use super::worker::{Life, Sandbox, SlotKind, Stage, Step, Sync, Wait, Worker};
use super::{Kubelet, RELIST_ON_DEMAND, Timer, status};

/// From asking for a sandbox until its network is up (recorded: 0.2–0.3 s).
const SANDBOX: SimDuration = SimDuration::from_millis(200);
/// pkg/kubelet/kubelet.go, backOffPeriod
const BACK_OFF_PERIOD: SimDuration = SimDuration::from_secs(10);
/// pkg/kubelet/apis/config/v1beta1/defaults.go, syncFrequency: also the longest wait after an error
const RESYNC: SimDuration = SimDuration::from_secs(60);
/// pkg/kubelet/active_deadline.go
const TOO_LATE: &str = "DeadlineExceeded";
const TOO_LATE_MESSAGE: &str = "Pod was active on the node longer than the specified deadline";
/// What a termination message file may hold (pkg/kubelet/container/runtime.go, MaxContainerTerminationMessageLogLength and -Lines).
const MESSAGE_BYTES: usize = 4096;
const MESSAGE_LOG_BYTES: usize = 2048;
const MESSAGE_LOG_LINES: usize = 80;

impl Kubelet {
    /// The worker's turn has come.
    pub(super) fn begin(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        if w.sync.is_some() {
            w.pending = true;
            return;
        }
        if !matches!(w.stage, Stage::Syncing | Stage::Ending) {
            return;
        }
        // pod_workers.go: a sync waits for a look at the runtime that is newer than the last sync.
        if let Some(last) = w.synced.filter(|_| !w.fresh) {
            let next = self.next_relist(last);
            if next > now {
                return self.sync_at(w, next, ctl);
            }
        }
        self.cancel_wake(w, ctl);
        (w.fresh, w.pending) = (false, false);
        if w.stage == Stage::Ending {
            return self.stop_pod(w, ctl);
        }
        for slot in &mut w.slots {
            slot.seen_end = slot.last_end();
        }
        self.check_deadline(w, ctl);
        if self.tell(w, false, ctl) {
            // Everything is over: the worker goes on to take the pod down.
            w.synced = Some(now);
            w.stage = Stage::Ending;
            return self.sync_at(w, self.next_relist(now), ctl);
        }
        let mut steps = VecDeque::new();
        if w.pod.spec.volumes.iter().flatten().next().is_some() {
            steps.push_back(Step::Mount);
        }
        steps.push_back(Step::Plan);
        w.sync = Some(Sync { steps, ..Sync::default() });
        self.go_on(w, ctl);
    }

    /// Makes the status and tells it. True if the pod is over.
    pub(super) fn tell(&mut self, w: &mut Worker, terminal: bool, ctl: &mut Ctl) -> bool {
        self.say_deadline(w, ctl);
        let g = status::generate(w, terminal, self.started, &self.host_ip, ctl.cx.now);
        self.set_status(w, g.status, ctl);
        self.trigger_readiness(w, &g.trigger, ctl);
        g.over
    }

    /// Does steps until one has to wait.
    pub(super) fn go_on(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        while let Some(sync) = w.sync.as_mut().filter(|s| s.wait == Wait::Nothing) {
            match sync.steps.pop_front() {
                Some(step) => self.step(w, step, ctl),
                None => return self.finish(w, ctl),
            }
        }
    }

    /// Something that the sync waited for has happened.
    pub(super) fn resume(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if let Some(sync) = w.sync.as_mut() {
            sync.wait = Wait::Nothing;
            self.go_on(w, ctl);
        }
    }

    /// The time of a step is over.
    pub(super) fn step_over(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if w.sync.as_ref().is_some_and(|s| s.wait == Wait::Timer) {
            self.resume(w, ctl);
        }
    }

    /// Waits for time to pass, then goes on with `then`.
    pub(super) fn wait_then(&mut self, w: &mut Worker, delay: SimDuration, then: Step, ctl: &mut Ctl) {
        w.step += 1;
        self.plan(ctl, delay, Timer::Step(w.uid.clone(), w.step));
        if let Some(sync) = w.sync.as_mut() {
            sync.wait = Wait::Timer;
            sync.steps.push_front(then);
        }
    }

    fn step(&mut self, w: &mut Worker, step: Step, ctl: &mut Ctl) {
        match step {
            Step::Mount => self.mount(w, ctl),
            Step::Plan => {
                self.add_probes(w, ctl);
                let steps = self.actions(w, ctl);
                if let Some(sync) = w.sync.as_mut() {
                    sync.steps.extend(steps);
                }
            }
            Step::KillAll => {
                self.kill_all(w, ctl);
                if w.any_running() {
                    set_wait(w, Wait::StopAll);
                }
            }
            Step::SandboxGone => {
                w.sandbox = Sandbox::Dead;
                worked(w);
            }
            Step::Kill { slot, why } => {
                let restart = w.restarts_on(slot, 137) || why == Why::Changed;
                let message = why.message(&w.slots[slot].name, restart);
                self.kill(w, slot, why, &message, ctl);
                worked(w);
                if w.slots[slot].is_running() {
                    set_wait(w, Wait::Stop(slot));
                }
            }
            Step::Sandbox => self.wait_then(w, SANDBOX, Step::SandboxReady, ctl),
            Step::SandboxReady => {
                w.sandbox = Sandbox::Ready;
                w.sandboxes += 1;
                if !w.is_host_network() {
                    w.ip = Some(self.take_ip());
                }
                worked(w);
                let mut new = w.status.clone();
                let ready = status::condition(w, status::OWN_CONDITIONS[0], (Tri::True, None, None), ctl.cx.now);
                if let Some(c) = new.conditions.iter_mut().find(|c| c.kind == ready.kind) {
                    *c = ready;
                }
                self.set_status(w, new, ctl);
            }
            Step::Start(slot) => self.start_container(w, slot, ctl),
            Step::Image(slot) => self.ensure_image(w, slot, ctl),
            Step::Create(slot) => self.create(w, slot, ctl),
            Step::Launch(slot) => self.launch(w, slot, ctl),
            Step::HookDone { slot, failed } => self.hook_done(w, slot, failed, ctl),
        }
    }

    /// What is missing, in the order in which it is done.
    fn actions(&mut self, w: &mut Worker, ctl: &mut Ctl) -> Vec<Step> {
        let mut steps = Vec::new();
        let regular = w.inits..w.slots.len();
        if w.sandbox != Sandbox::Ready {
            if w.sandbox == Sandbox::Dead {
                self.say(w, false, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", ctl);
            }
            if w.any_running() {
                steps.push(Step::KillAll);
            }
            steps.push(Step::Sandbox);
            if w.inits > 0 {
                steps.push(Step::Start(0));
            } else {
                steps.extend(regular.filter(|i| w.would_restart(*i)).map(Step::Start));
            }
            return steps;
        }
        let (kills, mut starts, initialized) = self.init_actions(w);
        let kill = |(slot, why)| Step::Kill { slot, why };
        if !initialized {
            steps.extend(kills.into_iter().map(kill));
            steps.extend(starts.into_iter().map(Step::Start));
            return steps;
        }
        let (mut keep, mut stop, mut start) = (0, kills, Vec::new());
        for i in regular {
            let slot = &w.slots[i];
            if !slot.is_running() {
                if w.would_restart(i) {
                    start.push(i);
                }
                continue;
            }
            match self.must_stop(w, i) {
                None => keep += 1,
                Some(why) => {
                    stop.push((i, why));
                    if why == Why::Changed || w.restarts_on(i, 137) {
                        start.push(i);
                    }
                }
            }
        }
        if keep == 0 && start.is_empty() {
            // Nothing regular runs or will run: what keeps the pod alive (sidecars) goes too.
            return if w.any_running() { vec![Step::KillAll, Step::SandboxGone] } else { Vec::new() };
        }
        starts.extend(start);
        steps.extend(stop.into_iter().map(kill));
        steps.extend(starts.into_iter().map(Step::Start));
        steps
    }

    /// A running container that has to go.
    fn must_stop(&self, w: &Worker, slot: usize) -> Option<Why> {
        let s = &w.slots[slot];
        let current = s.current.as_ref()?;
        if *current.of_image != *w.spec(slot).image.as_deref().unwrap_or_default() {
            return Some(Why::Changed);
        }
        let failed = |kind: ProbeKind| {
            s.probes[kind as usize].as_ref().is_some_and(|p| p.container == Some(current.id) && p.verdict == Some(Verdict::Failure))
        };
        [ProbeKind::Liveness, ProbeKind::Startup].into_iter().find(|k| failed(*k)).map(Why::Probe)
    }

    /// Init containers and sidecars: which to stop, which to start, and whether the regular ones may run
    /// (pkg/kubelet/kuberuntime/kuberuntime_container.go, computeInitContainerActions).
    fn init_actions(&self, w: &Worker) -> (Vec<(usize, Why)>, Vec<usize>, bool) {
        let here = |i: usize| w.slots[i].current.as_ref().filter(|c| c.sandbox == w.sandboxes);
        let initialized = (w.inits..w.slots.len()).any(|i| here(i).is_some());
        let (mut kills, mut starts) = (Vec::new(), Vec::new());
        for i in 0..w.inits {
            let slot = &w.slots[i];
            let sidecar = slot.kind == SlotKind::Sidecar;
            if initialized && !sidecar {
                continue;
            }
            match here(i).map(|c| &c.state) {
                None | Some(Life::Created) => {
                    starts.push(i);
                    if !initialized {
                        return (kills, starts, false);
                    }
                }
                Some(Life::Running { .. }) => {
                    if let Some(why) = self.must_stop(w, i) {
                        kills.push((i, why));
                        if w.restarts_on(i, 137) {
                            starts.push(i);
                        }
                        if !initialized {
                            return (kills, starts, false);
                        }
                        continue;
                    }
                    let is_started = w.status.init_containers.iter().any(|c| c.name == slot.name && c.started == Some(true));
                    if !(initialized || sidecar && is_started) {
                        return (kills, starts, false);
                    }
                }
                Some(Life::Ended(t)) if !sidecar && t.exit_code == 0 => {}
                Some(Life::Ended(t)) => {
                    if w.restarts_on(i, t.exit_code) && !w.is_deleting() {
                        starts.push(i);
                    }
                    let later = (i + 1..w.inits).any(|j| here(j).is_some());
                    if !(initialized || sidecar && later) {
                        return (kills, starts, false);
                    }
                }
            }
        }
        (kills, starts, true)
    }

    /// Stops everything that runs: regular containers first, then sidecars from the last to the first.
    pub(super) fn kill_all(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        for slot in (w.inits..w.slots.len()).chain((0..w.inits).rev()) {
            if w.slots[slot].is_running() {
                let message = Why::Pod.message(&w.slots[slot].name, false);
                self.kill(w, slot, Why::Pod, &message, ctl);
                worked(w);
            }
        }
    }

    /// The sync is over: when is the next one?
    fn finish(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let Some(sync) = w.sync.take() else { return };
        w.synced = Some(now);
        // A successful sync that changed something asks for a look at the runtime at once.
        w.fresh = sync.worked && !sync.failed;
        if w.stage == Stage::Ending {
            return self.sync_at(w, now, ctl);
        }
        if sync.failed {
            let wait = sync.back_off_ends.map_or(BACK_OFF_PERIOD, |t| t.since(now).min(RESYNC));
            let at = self.jittered(now, wait, ctl);
            self.sync_at(w, at, ctl);
            if sync.worked {
                self.sync_at(w, self.next_relist(now), ctl);
            }
        } else if sync.worked {
            self.sync_at(w, now + RELIST_ON_DEMAND, ctl);
        } else if self.waits_for_readiness(w) {
            // A resync changes nothing but one thing: it asks a container that is not ready.
            let at = self.jittered(now, RESYNC, ctl);
            self.sync_at(w, at, ctl);
        }
        if std::mem::take(&mut w.pending) {
            let at = if w.fresh { now + RELIST_ON_DEMAND } else { self.next_relist(now) };
            self.sync_at(w, at, ctl);
        }
    }

    fn waits_for_readiness(&self, w: &Worker) -> bool {
        w.slots.iter().any(|s| {
            s.is_running() && s.probes[ProbeKind::Readiness as usize].as_ref().is_some_and(|p| p.verdict != Some(Verdict::Success))
        })
    }

    /// `wait` × (1..1.5), at the next beat of the sync loop (pod_workers.go, workerBackOffPeriodJitterFactor).
    fn jittered(&mut self, now: SimTime, wait: SimDuration, ctl: &mut Ctl) -> SimTime {
        let half = SimDuration::from_nanos(wait.as_nanos() / 2);
        let more = ctl.rng.stream(&format!("kubelet/{}/workqueue", self.node)).up_to(half);
        self.next_tick(now + wait + more)
    }

    /// A container's process is gone.
    pub(super) fn container_exited(&mut self, w: &mut Worker, slot: usize, id: ContainerId, exit: &Exit, ctl: &mut Ctl) {
        let message = termination_message(w, slot, id, exit, ctl);
        let s = &mut w.slots[slot];
        let Some(i) = s.current.iter_mut().chain(&mut s.previous).find(|i| i.id == id) else { return };
        i.state = Life::Ended(Terminated {
            exit_code: exit.code,
            signal: None,
            reason: exit_reason(exit),
            message,
            started_at: Some(exit.started),
            finished_at: Some(exit.at),
            container_id: Some(i.name.clone()),
        });
        let stopped = s.kill.is_some();
        if stopped {
            self.kill_over(w, slot, ctl);
        }
        if w.stage == Stage::Terminating {
            if !w.any_running() {
                self.all_stopped(w, ctl);
            }
            return;
        }
        match w.sync.as_ref().map(|s| s.wait) {
            Some(Wait::Stop(s)) if s == slot => self.resume(w, ctl),
            Some(Wait::StopAll) if !w.any_running() => self.resume(w, ctl),
            Some(_) => w.pending = true,
            // The runtime is looked at once a second.
            None => self.sync_at(w, self.next_relist(ctl.cx.now), ctl),
        }
    }

    /// active_deadline.go says so whenever it is asked, and every status asks it.
    pub(super) fn say_deadline(&mut self, w: &Worker, ctl: &mut Ctl) {
        if w.evicted.as_ref().is_some_and(|(reason, _)| &**reason == TOO_LATE) {
            self.say(w, false, TOO_LATE, TOO_LATE_MESSAGE, ctl);
        }
    }

    /// activeDeadlineSeconds (pkg/kubelet/active_deadline.go).
    fn check_deadline(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        let Some(limit) = w.pod.spec.active_deadline_seconds.filter(|_| w.evicted.is_none()) else { return };
        let started = w.status.start_time.unwrap_or(ctl.cx.now);
        let end = started + SimDuration::from_secs(limit.max(0) as u64);
        if ctl.cx.now < end {
            if w.status.start_time.is_none() {
                let at = self.next_tick(end);
                self.plan(ctl, at.since(ctl.cx.now), Timer::Deadline(w.uid.clone()));
            }
            return;
        }
        w.evicted = Some((TOO_LATE.into(), TOO_LATE_MESSAGE.into()));
    }
}

pub(super) fn worked(w: &mut Worker) {
    if let Some(sync) = w.sync.as_mut() {
        sync.worked = true;
    }
}

pub(super) fn set_wait(w: &mut Worker, wait: Wait) {
    if let Some(sync) = w.sync.as_mut() {
        sync.wait = wait;
    }
}

/// Reasons come from the runtime.
fn exit_reason(exit: &Exit) -> Name {
    match exit {
        Exit { oom_killed: true, .. } => "OOMKilled".into(),
        Exit { code: 0, .. } => "Completed".into(),
        _ => "Error".into(),
    }
}

/// What the container wrote into its termination message file; with `FallbackToLogsOnError` the end of its log, if it failed.
fn termination_message(w: &Worker, slot: usize, id: ContainerId, exit: &Exit, ctl: &mut Ctl) -> Option<Name> {
    let path = w.spec(slot).termination_message_path.as_deref().unwrap_or("/dev/termination-log");
    if let Some(text) = ctl.machine.read_file(id, path).filter(|t| !t.is_empty()) {
        return Some(text.chars().take(MESSAGE_BYTES).collect::<String>().into());
    }
    let falls_back = w.spec(slot).termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
    if !falls_back || (exit.code == 0 && !exit.oom_killed) {
        return None;
    }
    let log = ctl.machine.logs(id);
    let from = log.len().saturating_sub(MESSAGE_LOG_LINES);
    let text: String = log.iter().skip(from).map(|(_, line)| format!("{line}\n")).collect();
    let mut cut = text.len().saturating_sub(MESSAGE_LOG_BYTES);
    while !text.is_char_boundary(cut) {
        cut += 1;
    }
    (!text.is_empty()).then(|| text[cut..].into())
}
