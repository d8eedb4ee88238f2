//! A pod's status as the kubelet makes it from what it knows of the containers.
//! Follows: pkg/kubelet/kubelet_pods.go (getPhase, convertToAPIContainerStatuses), pkg/kubelet/status/generate.go.

use crate::kernel::{SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{Condition, ContainerState, ContainerStatus, PodPhase, PodStatus, Terminated, Tri};

use super::probes::{ProbeKind, Verdict};
use super::worker::{Instance, Life, Sandbox, Slot, SlotKind, Stage, Worker};

/// Conditions that the kubelet owns, in its order (pkg/kubelet/types/pod_status.go).
pub(super) const OWN_CONDITIONS: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// A container that ran before the kubelet started keeps its readiness (pkg/kubelet/prober/prober_manager.go, kubeletRestartGracePeriod).
const RESTART_GRACE: SimDuration = SimDuration::from_secs(10);

/// A status, and what making it found out.
pub(super) struct Generated {
    pub status: PodStatus,
    /// Started containers that are not ready: their readiness probes run at once.
    pub trigger: Vec<usize>,
    /// The pod has come to its end (though the phase may not say so yet).
    pub over: bool,
}

/// Makes the status. `terminal`: nothing can run any more.
pub(super) fn generate(w: &Worker, terminal: bool, kubelet_started: SimTime, host_ip: &Name, now: SimTime) -> Generated {
    let old = &w.status;
    let waiting = if w.inits > 0 { "PodInitializing" } else { "ContainerCreating" };
    let mut trigger = Vec::new();
    let mut all = Vec::with_capacity(w.slots.len());
    for (i, slot) in w.slots.iter().enumerate() {
        let list = if i < w.inits { &old.init_containers } else { &old.containers };
        let before = list.iter().find(|c| c.name == slot.name);
        all.push(container(w, i, slot, before, waiting));
    }
    let calculated = match &w.evicted {
        Some(_) => PodPhase::Failed,
        None => phase(w, &all, terminal),
    };
    // Terminal phases are final.
    let phase = if is_over(old.phase) { old.phase } else { calculated };
    for (i, slot) in w.slots.iter().enumerate() {
        probed(w, i, slot, &mut all[i], kubelet_started, &mut trigger);
    }

    let conditions = conditions(w, &all, phase, now);
    let mut containers = all.split_off(w.inits);
    // pkg/kubelet/types/types.go, SortedContainerStatuses
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    let (reason, message) = match &w.evicted {
        Some((reason, message)) => (Some(reason.clone()), Some(message.clone())),
        None if phase == old.phase => (old.reason.clone(), old.message.clone()),
        None => (None, None),
    };
    let mut status = PodStatus {
        phase,
        conditions,
        init_containers: all,
        containers,
        pod_ip: if w.is_host_network() { Some(host_ip.clone()) } else { w.ip.clone() },
        host_ip: Some(host_ip.clone()),
        start_time: old.start_time.or(Some(now)),
        reason,
        message,
        qos: w.pod.status.qos,
        nominated_node: old.nominated_node.clone(),
        observed_generation: w.pod.meta.generation,
    };
    // pkg/kubelet/status/status_manager.go, mergePodStatus: a terminal phase is told only when nothing can be running.
    let over = is_over(phase);
    if over && !is_over(old.phase) && w.stage != Stage::Terminated {
        (status.phase, status.reason, status.message) = (old.phase, old.reason.clone(), old.message.clone());
    }
    Generated { status, trigger, over }
}

pub(super) fn is_over(phase: PodPhase) -> bool {
    matches!(phase, PodPhase::Succeeded | PodPhase::Failed)
}

fn container(w: &Worker, i: usize, slot: &Slot, before: Option<&ContainerStatus>, waiting: &str) -> ContainerStatus {
    let spec = w.spec(i);
    let default = || ContainerState::Waiting { reason: waiting.into(), message: None };
    let state = |i: &Instance| match &i.state {
        Life::Created => default(),
        Life::Running { since } => ContainerState::Running { started_at: *since },
        Life::Ended(t) => ContainerState::Terminated(t.clone()),
    };
    let mut c = match &slot.current {
        None => ContainerStatus {
            name: slot.name.clone(),
            image: spec.image.as_deref().unwrap_or_default().into(),
            image_id: "".into(),
            container_id: None,
            ready: false,
            started: Some(false),
            restart_count: 0,
            state: default(),
            last_state: None,
        },
        Some(now) => ContainerStatus {
            name: slot.name.clone(),
            image: now.image.clone(),
            image_id: now.image_id.clone(),
            container_id: Some(now.name.clone()),
            ready: false,
            // The status manager's value stays until a probe's result is known (ChangeContainerStatusOnKubeletRestart is off).
            started: before.and_then(|b| b.started),
            restart_count: now.attempt,
            state: state(now),
            last_state: slot.previous.as_ref().and_then(|p| p.ended()).cloned(),
        },
    };
    // What failed to start and would be tried again is Waiting.
    if let Some((reason, message)) = slot.reason.as_ref().filter(|_| w.would_restart(i)) {
        let failed = ContainerState::Waiting { reason: reason.clone(), message: message.clone() };
        if let ContainerState::Terminated(t) = std::mem::replace(&mut c.state, failed) {
            c.last_state = Some(t);
        }
    }
    c
}

/// `started` and `ready` (pkg/kubelet/prober/prober_manager.go, UpdatePodStatus).
fn probed(w: &Worker, i: usize, slot: &Slot, c: &mut ContainerStatus, kubelet_started: SimTime, trigger: &mut Vec<usize>) {
    let since = if let ContainerState::Running { started_at } = c.state { Some(started_at) } else { None };
    let verdict = |kind: ProbeKind| {
        let probe = slot.probes[kind as usize].as_ref();
        let current = slot.current.as_ref().map(|i| i.id);
        (probe.is_some(), probe.filter(|p| p.container == current).and_then(|p| p.verdict))
    };
    let started = since.is_some()
        && match verdict(ProbeKind::Startup) {
            (_, Some(v)) => v == Verdict::Success,
            (_, None) if c.started == Some(true) => true,
            (worker, None) => !worker,
        };
    c.started = Some(started);
    if slot.kind == SlotKind::Init {
        c.ready = matches!(&c.state, ContainerState::Terminated(t) if t.exit_code == 0);
        return;
    }
    if !started {
        return;
    }
    c.ready = match verdict(ProbeKind::Readiness) {
        (_, Some(Verdict::Success)) => true,
        (worker, verdict) => {
            if worker {
                trigger.push(i);
            }
            let older = since.is_some_and(|s| s + RESTART_GRACE < kubelet_started);
            !worker || (older && verdict.is_none() && w.pod.status.is_ready())
        }
    };
}

fn phase(w: &Worker, all: &[ContainerStatus], terminal: bool) -> PodPhase {
    let (mut pending_init, mut failed_init, mut init_restarts) = (0, 0, true);
    let (mut running, mut waiting, mut stopped, mut succeeded, mut would_restart) = (0, 0, 0, 0, false);
    for (i, (slot, c)) in w.slots.iter().zip(all).enumerate() {
        let dead: Option<&Terminated> = match &c.state {
            ContainerState::Terminated(t) => Some(t),
            ContainerState::Waiting { .. } => c.last_state.as_ref(),
            ContainerState::Running { .. } => None,
        };
        let is_running = matches!(c.state, ContainerState::Running { .. });
        match slot.kind {
            SlotKind::Init => match dead {
                None => pending_init += 1,
                Some(t) if t.exit_code != 0 => {
                    failed_init += 1;
                    init_restarts &= w.restarts_on(i, t.exit_code);
                }
                Some(_) => {}
            },
            SlotKind::Sidecar if is_running => {
                running += 1;
                pending_init += i32::from(c.started != Some(true) && !starts(w, i));
            }
            SlotKind::Sidecar => {
                if dead.is_none() {
                    pending_init += 1;
                    waiting += 1;
                }
            }
            SlotKind::Regular => match dead {
                _ if is_running => running += 1,
                None => waiting += 1,
                Some(t) => {
                    stopped += 1;
                    succeeded += i32::from(t.exit_code == 0);
                    would_restart |= w.restarts_on(i, t.exit_code);
                }
            },
        }
    }
    if failed_init > 0 && !init_restarts {
        return PodPhase::Failed;
    }
    if (pending_init > 0 && !regular_started(w, all)) || waiting > 0 {
        return PodPhase::Pending;
    }
    if running > 0 {
        return PodPhase::Running;
    }
    if stopped == 0 {
        return PodPhase::Pending;
    }
    match (terminal, would_restart, stopped == succeeded) {
        (false, true, _) => PodPhase::Running,
        (_, _, true) => PodPhase::Succeeded,
        _ => PodPhase::Failed,
    }
}

/// A sidecar without startup probe counts as started as soon as it runs.
fn starts(w: &Worker, i: usize) -> bool {
    w.slots[i].probes[ProbeKind::Startup as usize].is_none() && w.spec(i).startup_probe.is_none()
}

/// pkg/kubelet/container/helpers.go, HasAnyRegularContainerStarted
fn regular_started(w: &Worker, all: &[ContainerStatus]) -> bool {
    all[w.inits..].iter().any(|c| !matches!(c.state, ContainerState::Waiting { .. }) || c.last_state.is_some())
}

type Said = (Tri, Option<&'static str>, Option<String>);

fn conditions(w: &Worker, all: &[ContainerStatus], phase: PodPhase, now: SimTime) -> Vec<Condition> {
    // Conditions of others stay in front, and what the kubelet itself said about a disruption.
    let mut out: Vec<Condition> = w.pod.status.conditions.iter().filter(|c| !OWN_CONDITIONS.contains(&&*c.kind)).cloned().collect();
    for c in w.status.conditions.iter().filter(|c| &*c.kind == "DisruptionTarget") {
        if !out.iter().any(|o| o.kind == c.kind) {
            out.push(c.clone());
        }
    }
    let ready_to_start = (if w.sandbox == Sandbox::Ready { Tri::True } else { Tri::False }, None, None);
    let containers_ready = containers_ready(w, all, phase);
    let ready = ready(w, &out, &containers_ready);
    let said = [ready_to_start, initialized(w, all, phase), ready, containers_ready, (Tri::True, None, None)];
    for (kind, said) in OWN_CONDITIONS.into_iter().zip(said) {
        out.push(condition(w, kind, said, now));
    }
    out
}

/// A condition; it keeps the moment of its last change while it says the same.
pub(super) fn condition(w: &Worker, kind: &'static str, said: (Tri, Option<&'static str>, Option<String>), now: SimTime) -> Condition {
    let (status, reason, message) = said;
    let before = w.status.condition(kind).filter(|c| c.status == status);
    Condition {
        kind: kind.into(),
        status,
        reason: reason.map(Into::into),
        message: message.map(Into::into),
        last_transition: before.map_or(now, |c| c.last_transition),
        last_heartbeat: None,
        observed_generation: Some(w.pod.meta.generation),
    }
}

fn names(of: &[&str]) -> String {
    format!("[{}]", of.join(" "))
}

fn initialized(w: &Worker, all: &[ContainerStatus], phase: PodPhase) -> Said {
    if phase == PodPhase::Succeeded {
        return (Tri::True, Some("PodCompleted"), None);
    }
    let incomplete: Vec<&str> = all[..w.inits]
        .iter()
        .zip(&w.slots)
        .filter(|(c, slot)| if slot.kind == SlotKind::Sidecar { c.started != Some(true) } else { !c.ready })
        .map(|(c, _)| &*c.name)
        .collect();
    if incomplete.is_empty() || regular_started(w, all) {
        return (Tri::True, None, None);
    }
    (Tri::False, Some("ContainersNotInitialized"), Some(format!("containers with incomplete status: {}", names(&incomplete))))
}

pub(super) fn containers_ready(w: &Worker, all: &[ContainerStatus], phase: PodPhase) -> Said {
    match phase {
        PodPhase::Succeeded => return (Tri::False, Some("PodCompleted"), None),
        PodPhase::Failed => return (Tri::False, Some("PodFailed"), None),
        _ => {}
    }
    let unready: Vec<&str> = w
        .slots
        .iter()
        .filter(|s| s.kind != SlotKind::Init)
        .filter(|s| !all.iter().any(|c| c.name == s.name && c.ready))
        .map(|s| &*s.name)
        .collect();
    if unready.is_empty() {
        return (Tri::True, None, None);
    }
    (Tri::False, Some("ContainersNotReady"), Some(format!("containers with unready status: {}", names(&unready))))
}

/// Containers ready, and every readiness gate too.
pub(super) fn ready(w: &Worker, others: &[Condition], containers: &Said) -> Said {
    if containers.0 != Tri::True {
        return containers.clone();
    }
    let mut missing = Vec::new();
    for gate in w.pod.spec.readiness_gates.iter().flatten() {
        let kind = &gate.condition_type;
        match others.iter().find(|c| *c.kind == **kind) {
            None => missing.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist.")),
            Some(c) if c.status != Tri::True => {
                let is = if c.status == Tri::False { "False" } else { "Unknown" };
                missing.push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {is}"));
            }
            Some(_) => {}
        }
    }
    if missing.is_empty() { (Tri::True, None, None) } else { (Tri::False, Some("ReadinessGatesNotReady"), Some(missing.join(", "))) }
}

/// The last status of a pod that is about to leave the API (pkg/kubelet/status/status_manager.go, TerminatePod): every container
/// that never told its end is taken for failed, and so is a pod without an end.
pub(super) fn finalize(w: &Worker, now: SimTime) -> PodStatus {
    let mut s = w.status.clone();
    if w.status.start_time.is_none() || s.containers.is_empty() {
        return s;
    }
    let lost = || {
        ContainerState::Terminated(Terminated {
            exit_code: 137,
            signal: None,
            reason: "ContainerStatusUnknown".into(),
            message: Some("The container could not be located when the pod was terminated".into()),
            started_at: None,
            finished_at: None,
            container_id: None,
        })
    };
    let initialized = w.inits == 0 || s.condition("Initialized").is_some_and(|c| c.status == Tri::True);
    if initialized {
        for c in s.containers.iter_mut().filter(|c| !matches!(c.state, ContainerState::Terminated(_))) {
            c.state = lost();
        }
    }
    // All inits but those after the last that ever ran.
    let ran = |c: &ContainerStatus| !matches!(c.state, ContainerState::Waiting { .. }) || c.last_state.is_some();
    let known = s.init_containers.iter().rposition(ran).map_or(0, |i| i + 1);
    for c in s.init_containers[..known].iter_mut().filter(|c| !matches!(c.state, ContainerState::Terminated(_))) {
        c.state = lost();
    }
    if !is_over(s.phase) {
        s.phase = PodPhase::Failed;
        for kind in ["Ready", "ContainersReady"] {
            let new = condition(w, kind, (Tri::False, Some("PodFailed"), None), now);
            if let Some(c) = s.conditions.iter_mut().find(|c| *c.kind == *kind && c.status == Tri::True) {
                *c = new;
            }
        }
    }
    s
}

/// A sentence about what a new status says, for the journal.
pub(super) fn sentence(old: &PodStatus, new: &PodStatus) -> String {
    let mut parts = Vec::new();
    if old.phase != new.phase {
        parts.push(format!("phase {}", new.phase.word()));
    }
    for c in new.init_containers.iter().chain(&new.containers) {
        let before = old.init_containers.iter().chain(&old.containers).find(|b| b.name == c.name);
        if before.is_some_and(|b| std::mem::discriminant(&b.state) == std::mem::discriminant(&c.state) && b.container_id == c.container_id)
            && !matches!(c.state, ContainerState::Waiting { .. })
        {
            if let Some(b) = before.filter(|b| b.ready != c.ready) {
                parts.push(format!("{} is {}", c.name, if b.ready { "not ready" } else { "ready" }));
            }
            continue;
        }
        match &c.state {
            ContainerState::Waiting { reason, .. } => {
                if before.is_none_or(|b| b.state != c.state) {
                    parts.push(format!("{} waits: {reason}", c.name));
                }
            }
            ContainerState::Running { .. } if c.restart_count > 0 => {
                parts.push(format!("{} runs again (restart {})", c.name, c.restart_count))
            }
            ContainerState::Running { .. } => parts.push(format!("{} runs", c.name)),
            ContainerState::Terminated(t) => parts.push(format!("{} ended: {} (exit {})", c.name, t.reason, t.exit_code)),
        }
    }
    let is_ready = |s: &PodStatus| s.is_ready();
    if is_ready(old) != is_ready(new) {
        parts.push(if is_ready(new) { "pod ready".into() } else { "pod not ready".into() });
    }
    if parts.is_empty() { "status".into() } else { parts.join(", ") }
}
