//! Liveness, readiness and startup probes: one worker per probe, its own ticker.
//! Follows: pkg/kubelet/prober/{worker,prober}.go, pkg/probe.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::kernel::{SimDuration, SimTime, Token};
use crate::machine::{ContainerId, ContainerState as MachineState, ProbeAction, ProbeOutcome};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{ContainerState, Tri};

use super::worker::{SlotKind, Worker};
use super::{Kubelet, Timer, status};

/// Which probe; the order is that of a slot's array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

pub(super) const KINDS: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness];

impl ProbeKind {
    fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
    pub(super) fn spec(self, c: &core::Container) -> Option<&core::Probe> {
        match self {
            Self::Startup => c.startup_probe.as_ref(),
            Self::Readiness => c.readiness_probe.as_ref(),
            Self::Liveness => c.liveness_probe.as_ref(),
        }
    }
    /// What a new container counts as before its first probe.
    fn initial(self) -> Verdict {
        match self {
            Self::Startup => Verdict::Unknown,
            Self::Readiness => Verdict::Failure,
            Self::Liveness => Verdict::Success,
        }
    }
}

/// A probe's settled result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Failure,
    Unknown,
}

/// A probe worker.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub period: SimDuration,
    pub tick: Option<Token>,
    /// The instance it probes.
    pub container: Option<ContainerId>,
    pub verdict: Option<Verdict>,
    last: Option<bool>,
    run: i32,
    /// Waits for a new instance.
    hold: bool,
    /// A probe is on its way; so many more were asked for meanwhile (at most one by the ticker, one by hand).
    busy: bool,
    again: bool,
    /// When the kubelet asked for a run out of turn.
    by_hand: bool,
    generation: u32,
}

/// A probe's answer on its way.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    container: ContainerId,
    said: Said,
    output: Arc<str>,
}

/// What one run of a probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Success,
    Failure,
    /// It could not be asked; the result is thrown away.
    Error,
}

/// pkg/kubelet/prober/prober.go, maxProbeRetries: so often a question that could not be asked is tried in one run.
const TRIES: u64 = 3;

impl Kubelet {
    /// Starts the workers of a pod's probes (AddPod).
    pub(super) fn add_probes(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if std::mem::replace(&mut w.probing, true) {
            return;
        }
        for slot in 0..w.slots.len() {
            if w.slots[slot].kind == SlotKind::Init {
                continue;
            }
            for kind in KINDS {
                let Some(spec) = kind.spec(w.spec(slot)) else { continue };
                let period = SimDuration::from_secs(spec.period_seconds.unwrap_or(10).max(1) as u64);
                // The first look finds no container; the ticker runs from here. After a start of the kubelet workers spread out.
                let mut first = period;
                if ctl.cx.now.since(self.started) < period && self.started > SimTime::ZERO {
                    first += ctl.rng.stream(&format!("kubelet/{}/probes", self.node)).up_to(period);
                }
                let tick = self.plan(ctl, first, Timer::Probe(w.uid.clone(), slot, kind, false));
                w.slots[slot].probes[kind as usize] = Some(Probe {
                    period,
                    tick: Some(tick),
                    container: None,
                    verdict: None,
                    last: None,
                    run: 0,
                    hold: false,
                    busy: false,
                    again: false,
                    by_hand: false,
                    generation: 0,
                });
            }
        }
    }

    /// Ends workers: liveness and startup when termination begins, all when it is over.
    pub(super) fn stop_probes(&mut self, w: &mut Worker, all: bool, ctl: &mut Ctl) {
        for slot in &mut w.slots {
            for kind in KINDS {
                let ends = all || kind != ProbeKind::Readiness;
                if let Some(token) = slot.probes[kind as usize].take_if(|_| ends).and_then(|p| p.tick) {
                    ctl.agenda.cancel(token);
                }
            }
        }
    }

    /// The ticker, or (`by_hand`) the kubelet itself, asks for a run.
    pub(super) fn probe_tick(&mut self, w: &mut Worker, slot: usize, kind: ProbeKind, by_hand: bool, ctl: &mut Ctl) {
        let Some(p) = w.slots[slot].probes[kind as usize].as_mut() else { return };
        if by_hand {
            p.by_hand = false;
            if p.busy {
                p.by_hand = true;
                return;
            }
            // pkg/kubelet/prober/worker.go: a run by hand restarts the ticker.
            if let Some(token) = p.tick.take() {
                ctl.agenda.cancel(token);
            }
        }
        let period = p.period;
        let tick = self.plan(ctl, period, Timer::Probe(w.uid.clone(), slot, kind, false));
        if let Some(p) = w.slots[slot].probes[kind as usize].as_mut() {
            p.tick = Some(tick);
            if p.busy {
                p.again = true;
                return;
            }
        }
        self.do_probe(w, slot, kind, ctl);
    }

    fn do_probe(&mut self, w: &mut Worker, slot: usize, kind: ProbeKind, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let name = w.slots[slot].name.clone();
        let statuses = if slot < w.inits { &w.status.init_containers } else { &w.status.containers };
        let Some(c) = statuses.iter().find(|c| c.name == name).cloned() else { return };
        // The status manager's view decides which instance is probed.
        let Some(id) = c.container_id.as_ref().and_then(|n| instance(w, slot, n)) else { return };
        let Some(p) = w.slots[slot].probes[kind as usize].as_mut() else { return };
        if p.container != Some(id) {
            p.container = Some(id);
            p.hold = false;
            p.verdict = None;
            self.set_verdict(w, slot, kind, kind.initial(), ctl);
        }
        let Some(p) = w.slots[slot].probes[kind as usize].as_ref() else { return };
        if p.hold {
            return;
        }
        let ContainerState::Running { started_at } = c.state else {
            self.set_verdict(w, slot, kind, Verdict::Failure, ctl);
            return;
        };
        let Some(spec) = kind.spec(w.spec(slot)).cloned() else { return };
        if (now.since(started_at).as_secs() as i64) < i64::from(spec.initial_delay_seconds.unwrap_or(0)) {
            return;
        }
        // Only the startup probe runs until it has succeeded, and none of it afterwards. It may just have been reset above.
        let list = if slot < w.inits { &w.status.init_containers } else { &w.status.containers };
        let started = list.iter().any(|c| c.name == name && c.started == Some(true));
        if started == (kind == ProbeKind::Startup) {
            return;
        }
        if !matches!(ctl.machine.container(id).map(|c| &c.state), Some(MachineState::Running { .. } | MachineState::Paused { .. })) {
            // The runtime cannot reach it; the result is thrown away.
            return;
        }
        self.ask(w, slot, kind, id, &spec, ctl);
    }

    fn ask(&mut self, w: &mut Worker, slot: usize, kind: ProbeKind, id: ContainerId, spec: &core::Probe, ctl: &mut Ctl) {
        let timeout = SimDuration::from_secs(spec.timeout_seconds.unwrap_or(1).max(1) as u64);
        let (takes, said, output) = match action(w, slot, spec) {
            None => return,
            Some(Err(error)) => (SimDuration::ZERO, Said::Error, error),
            Some(Ok((action, target))) => {
                let answer = ctl.probe(id, &action);
                if let ProbeOutcome::ExecRefused(why) = &answer.outcome {
                    (answer.takes.saturating_mul(TRIES), Said::Error, exec_error(&self.node, why, ctl))
                } else if answer.takes > timeout || answer.outcome == ProbeOutcome::NoAnswer {
                    (timeout, Said::Failure, target.timed_out(timeout))
                } else {
                    let (ok, output) = target.judge(&answer.outcome);
                    (answer.takes, if ok { Said::Success } else { Said::Failure }, output)
                }
            }
        };
        let Some(p) = w.slots[slot].probes[kind as usize].as_mut() else { return };
        // A success that changes nothing needs no moment of its own.
        if said == Said::Success && p.verdict == Some(Verdict::Success) && p.last == Some(true) {
            p.run = p.run.saturating_add(1);
            return;
        }
        p.busy = true;
        p.generation += 1;
        let generation = p.generation;
        let answer = Answer { container: id, said, output: output.into() };
        self.plan(ctl, takes, Timer::Answered(w.uid.clone(), slot, kind, generation, answer));
    }

    /// An answer has come (or its time is over).
    pub(super) fn probe_answered(&mut self, w: &mut Worker, slot: usize, kind: ProbeKind, generation: u32, a: &Answer, ctl: &mut Ctl) {
        let Some(spec) = kind.spec(w.spec(slot)).cloned() else { return };
        let Some(p) = w.slots[slot].probes[kind as usize].as_mut() else { return };
        if p.generation != generation {
            return;
        }
        p.busy = false;
        let ok = a.said == Said::Success;
        // A run that could not be asked counts neither way (pkg/kubelet/prober/worker.go).
        let counts = a.said != Said::Error;
        if counts && p.last == Some(ok) {
            p.run = p.run.saturating_add(1);
        } else if counts {
            (p.last, p.run) = (Some(ok), 1);
        }
        let needed = if ok { spec.success_threshold.unwrap_or(1) } else { spec.failure_threshold.unwrap_or(3) };
        let (settled, current) = (counts && p.run >= needed, p.container == Some(a.container));
        let (again, by_hand) = (std::mem::take(&mut p.again), std::mem::take(&mut p.by_hand));
        if !ok {
            // What made the container misbehave is the cause of what follows.
            let blamed = ctl.machine.container(a.container).and_then(|c| c.cause);
            ctl.cx.cause = ctl.cx.cause.max(blamed);
            let how = if counts { "failed" } else { "errored and resulted in unknown state" };
            let text = format!("{} probe {how}: {}", kind.word(), a.output);
            self.say_at(w, slot, true, "Unhealthy", &text, ctl);
        }
        if settled && current {
            let verdict = if ok { Verdict::Success } else { Verdict::Failure };
            let hold = kind == ProbeKind::Startup || (kind == ProbeKind::Liveness && !ok);
            if let Some(p) = w.slots[slot].probes[kind as usize].as_mut().filter(|_| hold) {
                // Quiet until a new container.
                (p.hold, p.run) = (true, 0);
            }
            self.set_verdict(w, slot, kind, verdict, ctl);
        }
        if by_hand {
            self.probe_tick(w, slot, kind, true, ctl);
        } else if again {
            self.do_probe(w, slot, kind, ctl);
        }
    }

    /// A result for the results manager; a new one reaches the sync loop (pkg/kubelet/kubelet.go, syncLoopIteration).
    fn set_verdict(&mut self, w: &mut Worker, slot: usize, kind: ProbeKind, verdict: Verdict, ctl: &mut Ctl) {
        let Some(p) = w.slots[slot].probes[kind as usize].as_mut() else { return };
        if p.verdict == Some(verdict) {
            return;
        }
        p.verdict = Some(verdict);
        let is = verdict == Verdict::Success;
        match kind {
            ProbeKind::Liveness if verdict != Verdict::Failure => return,
            ProbeKind::Liveness => {}
            ProbeKind::Startup => self.set_started(w, slot, is, ctl),
            ProbeKind::Readiness => self.set_ready(w, slot, is, ctl),
        }
        self.sync_soon(w, ctl);
    }

    /// pkg/kubelet/status/status_manager.go, SetContainerStartup
    fn set_started(&mut self, w: &mut Worker, slot: usize, started: bool, ctl: &mut Ctl) {
        let mut new = w.status.clone();
        let name = &w.slots[slot].name;
        let Some(c) = new.init_containers.iter_mut().chain(&mut new.containers).find(|c| c.name == *name) else { return };
        if c.started != Some(started) {
            c.started = Some(started);
            // A container that is not started any more is told by the sync that follows at once.
            if started {
                self.set_status(w, new, ctl);
            } else {
                w.status = new;
                w.dirty = true;
            }
        }
    }

    /// pkg/kubelet/status/status_manager.go, SetContainerReadiness
    fn set_ready(&mut self, w: &mut Worker, slot: usize, is: bool, ctl: &mut Ctl) {
        let mut new = w.status.clone();
        let name = &w.slots[slot].name;
        let Some(c) = new.init_containers.iter_mut().chain(&mut new.containers).find(|c| c.name == *name) else { return };
        if c.ready == is {
            return;
        }
        c.ready = is;
        let all: Vec<_> = new.init_containers.iter().chain(&new.containers).cloned().collect();
        let containers = status::containers_ready(w, &all, new.phase);
        let ready = status::ready(w, &new.conditions, &containers);
        for (kind, said) in [("Ready", ready), ("ContainersReady", containers)] {
            let said: (Tri, _, _) = said;
            let changed = status::condition(w, kind, said, ctl.cx.now);
            if let Some(c) = new.conditions.iter_mut().find(|c| *c.kind == *kind) {
                *c = changed;
            }
        }
        self.set_status(w, new, ctl);
    }

    /// A container that is started but not ready is asked at once.
    pub(super) fn trigger_readiness(&mut self, w: &mut Worker, slots: &[usize], ctl: &mut Ctl) {
        for slot in slots {
            self.plan(ctl, SimDuration::ZERO, Timer::Probe(w.uid.clone(), *slot, ProbeKind::Readiness, true));
        }
    }
}

/// The instance with this name, if it is one of the slot's.
fn instance(w: &Worker, slot: usize, name: &Name) -> Option<ContainerId> {
    let s = &w.slots[slot];
    s.current.iter().chain(&s.previous).find(|i| i.name == *name).map(|i| i.id)
}

/// What is asked, in the words in which failures are told.
struct Target {
    what: What,
    address: String,
    text: String,
}

enum What {
    Exec,
    Http,
    Tcp,
    Grpc,
}

impl Target {
    fn timed_out(&self, timeout: SimDuration) -> String {
        let t = super::backoff::go_seconds(timeout);
        match self.what {
            What::Exec => format!("command timed out: {:?} timed out after {t}", self.text),
            What::Http => {
                format!("Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", self.text)
            }
            What::Tcp => format!("dial tcp {}: i/o timeout", self.address),
            What::Grpc => format!("timeout: failed to connect service \"{}\" within {t}: context deadline exceeded", self.address),
        }
    }

    fn judge(&self, outcome: &ProbeOutcome) -> (bool, String) {
        match outcome {
            ProbeOutcome::Ok => (true, String::new()),
            // 200..399 (pkg/probe/http/http.go)
            ProbeOutcome::HttpStatus(code) if (200..400).contains(code) => (true, String::new()),
            ProbeOutcome::HttpStatus(_) if matches!(self.what, What::Grpc) => {
                (false, "service unhealthy (responded with \"NOT_SERVING\")".into())
            }
            ProbeOutcome::HttpStatus(code) => (false, format!("HTTP probe failed with statuscode: {code}")),
            ProbeOutcome::ExecExit { output, .. } => (false, output.to_string()),
            ProbeOutcome::ConnectionRefused => {
                let refused = format!("dial tcp {}: connect: connection refused", self.address);
                match self.what {
                    What::Http => (false, format!("Get \"{}\": {refused}", self.text)),
                    What::Grpc => (false, format!("error: failed to connect service {:?}: {refused}", self.address)),
                    _ => (false, refused),
                }
            }
            ProbeOutcome::ExecRefused(why) => (false, why.to_string()),
            ProbeOutcome::NoAnswer => (false, String::new()),
        }
    }
}

/// A port by number, or by the name a container gives it (pkg/probe/util.go, ResolveContainerPort).
///
/// # Errors
/// A name that no port has is read as a number, and Go's complaint about that is all that is told.
pub(super) fn port(c: &core::Container, port: &IntOrString) -> Result<u16, String> {
    let number = match port {
        IntOrString::Int(n) => *n,
        IntOrString::String(name) => {
            let named = c.ports.iter().flatten().find(|p| p.name.as_deref() == Some(name)).map(|p| p.container_port);
            match named.or_else(|| name.parse().ok()) {
                Some(n) => n,
                None => return Err(format!("strconv.Atoi: parsing {name:?}: invalid syntax")),
            }
        }
    };
    u16::try_from(number).ok().filter(|n| *n > 0).ok_or_else(|| format!("invalid port number: {number}"))
}

/// What the runtime service answers if it cannot start a command in a container (containerd's ExecSync).
pub(super) fn exec_error(node: &Name, why: &str, ctl: &mut Ctl) -> String {
    let id = ctl.rng.stream(&format!("kubelet/{node}/execs")).hex(64);
    format!("rpc error: code = Unknown desc = failed to exec in container: failed to start exec {id:?}: {why}")
}

/// The question that a probe asks; an error if it cannot even be put.
fn action(w: &Worker, slot: usize, spec: &core::Probe) -> Option<Result<(ProbeAction, Target), String>> {
    if spec.exec.is_none() && spec.http_get.is_none() && spec.tcp_socket.is_none() && spec.grpc.is_none() {
        return None;
    }
    Some(question(w, slot, spec))
}

fn question(w: &Worker, slot: usize, spec: &core::Probe) -> Result<(ProbeAction, Target), String> {
    let c = w.spec(slot);
    let ip = w.status.pod_ip.as_deref().unwrap_or("127.0.0.1");
    let at = |host: Option<&str>, port: u16| format!("{}:{port}", host.filter(|h| !h.is_empty()).unwrap_or(ip));
    if let Some(exec) = &spec.exec {
        let argv: Vec<Arc<str>> = exec.command.iter().flatten().map(|a| a.as_str().into()).collect();
        let text = argv.join(" ");
        return Ok((ProbeAction::Exec { argv }, Target { what: What::Exec, address: String::new(), text }));
    }
    if let Some(http) = &spec.http_get {
        let port = port(c, &http.port)?;
        let address = at(http.host.as_deref(), port);
        let scheme = http.scheme.as_deref().unwrap_or("HTTP").to_ascii_lowercase();
        let path = http.path.as_deref().filter(|p| !p.is_empty()).unwrap_or("/");
        let slash = if path.starts_with('/') { "" } else { "/" };
        let text = format!("{scheme}://{address}{slash}{path}");
        return Ok((ProbeAction::Http { path: format!("{slash}{path}").into(), port }, Target { what: What::Http, address, text }));
    }
    if let Some(tcp) = &spec.tcp_socket {
        let port = port(c, &tcp.port)?;
        let address = at(tcp.host.as_deref(), port);
        return Ok((ProbeAction::Tcp { port }, Target { what: What::Tcp, address, text: String::new() }));
    }
    let number = spec.grpc.as_ref().map_or(0, |g| g.port);
    let port = u16::try_from(number).map_err(|_| format!("invalid port number: {number}"))?;
    Ok((ProbeAction::Grpc { port }, Target { what: What::Grpc, address: at(None, port), text: String::new() }))
}
