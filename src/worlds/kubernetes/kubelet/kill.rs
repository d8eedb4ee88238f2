//! Stopping containers: preStop, the stop signal, the grace, SIGKILL; sidecars last and in reverse order.
//! Follows: pkg/kubelet/kuberuntime/{kuberuntime_container,kuberuntime_termination_order}.go.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;

use crate::kernel::{SimDuration, SimTime, Token};
use crate::machine::{ProbeAction, ProbeOutcome, Signal};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;

use super::probes::{ProbeKind, exec_error, port};
use super::worker::{SlotKind, Worker};
use super::{Kubelet, Timer};

/// However little is asked for, a container gets this long (pkg/kubelet/kuberuntime/kuberuntime_container.go, minimumGracePeriodInSeconds).
const LEAST_GRACE_S: i64 = 2;

/// Why a container is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The pod ends, or its sandbox does.
    Pod,
    Probe(ProbeKind),
    /// The image in the spec was changed.
    Changed,
    Hook,
}

/// A stop that is going on.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    stage: Stage,
    why: Why,
    began: SimTime,
    grace_s: i64,
    timer: Option<Token>,
    generation: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The preStop hook runs.
    Hook,
    /// A sidecar waits until the containers before it are gone.
    Queue,
    /// The stop signal was sent.
    Signalled,
    Killed,
}

/// What a lifecycle hook came to.
#[derive(Default)]
pub(super) struct Hook {
    pub takes: SimDuration,
    pub ok: bool,
    /// What the kubelet learned of a failure, and what the command printed.
    pub error: String,
    pub output: String,
}

impl Kubelet {
    /// Begins to stop a container that runs.
    pub(super) fn kill(&mut self, w: &mut Worker, slot: usize, why: Why, message: &str, ctl: &mut Ctl) {
        if !w.slots[slot].is_running() {
            return;
        }
        let grace_s = self.grace(w, slot, why);
        if w.slots[slot].kill.is_some() {
            self.shorten(w, slot, grace_s, ctl);
            return;
        }
        self.say_at(w, slot, false, "Killing", message, ctl);
        let began = ctl.cx.now;
        w.slots[slot].kill = Some(Kill { stage: Stage::Hook, why, began, grace_s, timer: None, generation: 0 });
        let hook = w.spec(slot).lifecycle.as_ref().and_then(|l| l.pre_stop.clone()).filter(|_| grace_s > 0);
        let Some(hook) = hook else { return self.after_hook(w, slot, ctl) };
        let grace = SimDuration::from_secs(grace_s.max(0) as u64);
        let result = run_hook(w, slot, &hook, &self.node, ctl);
        if result.takes > grace {
            // The hook is cut off where the grace ends.
            self.kill_timer(w, slot, grace, ctl);
            return;
        }
        if !result.ok {
            self.say_at(w, slot, true, "FailedPreStopHook", "PreStopHook failed", ctl);
        }
        self.kill_timer(w, slot, result.takes, ctl);
    }

    /// The grace that applies now, in seconds.
    fn grace(&self, w: &Worker, slot: usize, why: Why) -> i64 {
        let own = w.pod.spec.termination_grace_period_seconds.unwrap_or(30);
        match (w.grace_s, why) {
            // The pod is being ended: the shortest that anybody asked for.
            (Some(g), _) => g.max(1),
            (None, Why::Probe(kind)) => kind.spec(w.spec(slot)).and_then(|p| p.termination_grace_period_seconds).unwrap_or(own),
            (None, _) => own,
        }
    }

    /// A shorter grace was asked for while a stop goes on.
    pub(super) fn shorten(&mut self, w: &mut Worker, slot: usize, grace_s: i64, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let Some(k) = w.slots[slot].kill.as_mut() else { return };
        let elapsed = now.since(k.began).as_secs() as i64;
        if grace_s >= k.grace_s - elapsed || k.stage == Stage::Killed {
            return;
        }
        (k.began, k.grace_s) = (now, grace_s);
        match k.stage {
            Stage::Signalled => {
                let rest = SimDuration::from_secs(grace_s.max(LEAST_GRACE_S) as u64);
                self.kill_timer(w, slot, rest, ctl);
            }
            _ => self.kill_timer(w, slot, SimDuration::from_secs(grace_s.max(0) as u64), ctl),
        }
    }

    fn kill_timer(&mut self, w: &mut Worker, slot: usize, after: SimDuration, ctl: &mut Ctl) {
        let Some(k) = w.slots[slot].kill.as_mut() else { return };
        k.generation += 1;
        let generation = k.generation;
        if let Some(token) = k.timer.take() {
            ctl.agenda.cancel(token);
        }
        let token = self.plan(ctl, after, Timer::Kill(w.uid.clone(), slot, generation));
        if let Some(k) = w.slots[slot].kill.as_mut() {
            k.timer = Some(token);
        }
    }

    /// A stage's time is over.
    pub(super) fn kill_due(&mut self, w: &mut Worker, slot: usize, generation: u32, ctl: &mut Ctl) {
        let Some(k) = w.slots[slot].kill.as_ref().filter(|k| k.generation == generation) else { return };
        match k.stage {
            Stage::Hook => self.after_hook(w, slot, ctl),
            Stage::Queue => self.terminate(w, slot, ctl),
            Stage::Signalled => {
                if let Some(k) = w.slots[slot].kill.as_mut() {
                    k.stage = Stage::Killed;
                }
                self.send(w, slot, Signal::Kill, ctl);
            }
            Stage::Killed => {}
        }
    }

    fn after_hook(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        if w.slots[slot].kind == SlotKind::Sidecar && self.must_wait(w, slot) {
            let now = ctl.cx.now;
            let Some(k) = w.slots[slot].kill.as_mut() else { return };
            k.stage = Stage::Queue;
            let rest = SimDuration::from_secs(k.grace_s.max(0) as u64).saturating_sub(now.since(k.began));
            return self.kill_timer(w, slot, rest, ctl);
        }
        self.terminate(w, slot, ctl);
    }

    /// A sidecar waits for all regular containers and for the sidecars declared after it, while the whole pod ends.
    fn must_wait(&self, w: &Worker, slot: usize) -> bool {
        let ending = w.slots[slot].kill.as_ref().is_some_and(|k| k.why == Why::Pod);
        ending && w.slots.iter().skip(slot + 1).any(|s| s.kind != SlotKind::Init && s.is_running())
    }

    /// Sends the stop signal and lets the rest of the grace run.
    fn terminate(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let Some(k) = w.slots[slot].kill.as_mut() else { return };
        k.stage = Stage::Signalled;
        // What the hook and the waiting took counts in whole seconds.
        let rest = (k.grace_s - now.since(k.began).as_secs() as i64).max(LEAST_GRACE_S);
        let signal = w.spec(slot).lifecycle.as_ref().and_then(|l| l.stop_signal.as_deref()).map_or(Signal::Term, signal);
        self.kill_timer(w, slot, SimDuration::from_secs(rest as u64), ctl);
        self.send(w, slot, signal, ctl);
    }

    fn send(&mut self, w: &Worker, slot: usize, signal: Signal, ctl: &mut Ctl) {
        if let Some(i) = &w.slots[slot].current {
            ctl.machine.signal(i.id, signal, ctl.cx.now, ctl.cx.cause);
        }
    }

    /// A container that was being stopped has ended: sidecars that waited for it may go on.
    pub(super) fn kill_over(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        if let Some(token) = w.slots[slot].kill.take().and_then(|k| k.timer) {
            ctl.agenda.cancel(token);
        }
        for i in 0..w.inits {
            let queued = w.slots[i].kill.as_ref().is_some_and(|k| k.stage == Stage::Queue);
            if queued && !self.must_wait(w, i) {
                self.terminate(w, i, ctl);
            }
        }
    }
}

fn signal(name: &str) -> Signal {
    match name {
        "SIGKILL" => Signal::Kill,
        "SIGINT" => Signal::Int,
        "SIGHUP" => Signal::Hup,
        "SIGQUIT" => Signal::Other(3),
        "SIGUSR1" => Signal::Other(10),
        "SIGUSR2" => Signal::Other(12),
        _ => Signal::Term,
    }
}

/// Runs a lifecycle hook in a container (pkg/kubelet/lifecycle/handlers.go).
pub(super) fn run_hook(w: &Worker, slot: usize, hook: &core::LifecycleHandler, node: &Name, ctl: &mut Ctl) -> Hook {
    let Some(id) = w.slots[slot].current.as_ref().map(|i| i.id) else { return Hook::default() };
    if let Some(exec) = &hook.exec {
        let argv: Vec<Arc<str>> = exec.command.iter().flatten().map(|a| a.as_str().into()).collect();
        if !ctl.machine.container(id).is_some_and(|c| c.is_running()) {
            let error = "rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state";
            return Hook { error: error.into(), ..Hook::default() };
        }
        let r = ctl.exec(id, &argv);
        let output = format!("{}{}", r.stdout, r.stderr);
        return match &r.refused {
            Some(why) => Hook { takes: r.takes, error: exec_error(node, why, ctl), ..Hook::default() },
            None => {
                let error = format!("command '{}' exited with {}: {output}", argv.join(" "), r.code);
                Hook { takes: r.takes, ok: r.code == 0, error, output }
            }
        };
    }
    if let Some(http) = &hook.http_get {
        let port = match port(w.spec(slot), &http.port) {
            Ok(port) => port,
            Err(error) => return Hook { error, ..Hook::default() },
        };
        let path = http.path.as_deref().filter(|p| !p.is_empty()).unwrap_or("/");
        let slash = if path.starts_with('/') { "" } else { "/" };
        let r = ctl.probe(id, &ProbeAction::Http { path: format!("{slash}{path}").into(), port });
        if r.outcome == ProbeOutcome::NoAnswer {
            return Hook { takes: SimDuration::MAX, ..Hook::default() };
        }
        let host = http.host.as_deref().filter(|h| !h.is_empty()).or(w.ip.as_deref()).unwrap_or("127.0.0.1");
        let scheme = http.scheme.as_deref().unwrap_or("HTTP").to_ascii_lowercase();
        let error = format!("Get \"{scheme}://{host}:{port}{slash}{path}\": dial tcp {host}:{port}: connect: connection refused");
        // Any answer will do.
        return Hook { takes: r.takes, ok: !matches!(r.outcome, ProbeOutcome::ConnectionRefused), error, ..Hook::default() };
    }
    if let Some(sleep) = &hook.sleep {
        return Hook { takes: SimDuration::from_secs(sleep.seconds.max(0) as u64), ok: true, ..Hook::default() };
    }
    // tcpSocket is accepted by the API and does nothing.
    Hook { ok: hook.tcp_socket.is_none(), ..Hook::default() }
}
