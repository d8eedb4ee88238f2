//! The operator: the person who is the only thing in a Docker-only world that acts when a machine dies.
//!
//! Monitoring sees requests fail, rings after `page_after`; the person acknowledges, logs in, looks, and types the runbook, each step with
//! its time. Every step is a record by `operator`.

use std::sync::Arc;

use crate::kernel::journal::Entry;
use crate::kernel::{ObjectRef, RecordId, RecordType, SimDuration, SimTime};
use crate::machine::{HostName, HostState};
use crate::model::{OperatorSpec, RunbookStep};
use crate::worlds::{Misread, NoFiles, Output};

use super::session::{Owner, Ran};
use super::setup::ProxyKind;
use super::{Cx, Daemon, Docker, Event};

/// Clean seconds after which monitoring takes an alert back.
const CLEARS_AFTER: SimDuration = SimDuration::from_secs(10);
/// A step of a runbook that has to be thought of on the spot.
const IMPROVISED: SimDuration = SimDuration::from_secs(30);

/// What the person is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Calm,
    /// The pager rings.
    Ringing,
    LoggingIn,
    Diagnosing,
    /// Typing this step of the runbook.
    Working(usize),
    /// The command of this step runs.
    Waiting(usize, u64),
}

/// The operator's state.
#[derive(Clone, Debug)]
pub struct Operator {
    pub spec: OperatorSpec,
    pub phase: Phase,
    pub since: SimTime,
    /// Numbers what was planned: older plans no longer count.
    turn: u64,
    failing_since: Option<SimTime>,
    last_failure: SimTime,
    /// The host found to be in trouble.
    pub host: Option<HostName>,
    runbook: Arc<Vec<RunbookStep>>,
    cause: Option<RecordId>,
}

impl Operator {
    pub fn new(spec: OperatorSpec) -> Self {
        Self {
            spec,
            phase: Phase::Calm,
            since: SimTime::ZERO,
            turn: 0,
            failing_since: None,
            last_failure: SimTime::ZERO,
            host: None,
            runbook: Arc::default(),
            cause: None,
        }
    }
    /// Nothing rings and nothing is being done.
    pub fn idle(&self) -> bool {
        self.phase == Phase::Calm
    }
    /// What a screen says about the person now.
    pub fn words(&self) -> Option<String> {
        let host = self.host.as_deref().unwrap_or("?");
        Some(match self.phase {
            Phase::Calm => return None,
            Phase::Ringing => "the pager rings".into(),
            Phase::LoggingIn => "operator: awake, logging in".into(),
            Phase::Diagnosing => "operator: looking for what is wrong".into(),
            Phase::Working(i) | Phase::Waiting(i, _) => {
                let step = self.runbook.get(i).map_or("", |s| &*s.run);
                format!("operator on {host}: {}/{} {step}", i + 1, self.runbook.len())
            }
        })
    }
}

fn object() -> ObjectRef {
    ObjectRef::new("operator", "", "operator")
}

impl Docker {
    fn operator_mut(&mut self) -> Option<&mut Operator> {
        self.operator.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn watch_begin(&mut self, cx: &mut Cx) {
        if self.operator.is_some() {
            self.agenda.schedule(cx.now + SimDuration::from_secs(1), cx.cause, Event::Watch);
        }
    }

    /// Monitoring looks at the second that has just passed.
    pub(crate) fn watch(&mut self, cx: &mut Cx) {
        self.agenda.schedule(cx.now + SimDuration::from_secs(1), cx.cause, Event::Watch);
        self.machine.settle(cx.now);
        let second = cx.now.as_secs().checked_sub(1).and_then(|s| self.machine.ledger.total.seconds.get(s as usize));
        let (failed, ok) = second.map_or((0, 0), |s| (s.failed, s.ok));
        let (now, trouble) = (cx.now, self.trouble);
        let Some(op) = self.operator_mut() else { return };
        if failed > 0 {
            op.failing_since.get_or_insert(now);
            op.last_failure = now;
        } else if ok > 0 && now - op.last_failure >= CLEARS_AFTER {
            op.failing_since = None;
        }
        if op.phase != Phase::Calm || op.failing_since.is_none_or(|s| now - s < op.spec.page_after) || failed == 0 {
            return;
        }
        let waited = op.spec.page_after;
        let mut because = cx.because(trouble.or(cx.cause));
        let text = format!("the pager rings: requests have been failing for {waited}");
        let record = because.record(Entry::new(RecordType::Decision, "operator", "Paged", object(), text));
        if let Some(op) = self.operator_mut() {
            op.cause = Some(record);
            let wait = op.spec.acknowledge;
            self.plan(Phase::Ringing, wait, cx);
        }
    }

    fn plan(&mut self, phase: Phase, wait: SimDuration, cx: &mut Cx) {
        let Some(op) = self.operator_mut() else { return };
        op.turn += 1;
        op.phase = phase;
        op.since = cx.now;
        let (turn, cause) = (op.turn, op.cause);
        self.agenda.schedule(cx.now + wait, cause, Event::Operator(turn));
    }

    fn decide(&mut self, reason: &'static str, text: impl Into<Arc<str>>, cx: &mut Cx) {
        let cause = self.operator.as_ref().and_then(|o| o.cause);
        let record = cx.because(cause).record(Entry::new(RecordType::Decision, "operator", reason, object(), text));
        if let Some(op) = self.operator_mut() {
            op.cause = Some(record);
        }
        cx.cause = Some(record);
    }

    /// What the person was doing is done.
    pub(crate) fn operator_turn(&mut self, turn: u64, cx: &mut Cx) {
        let Some(op) = self.operator.clone() else { return };
        if op.turn != turn {
            return;
        }
        match op.phase {
            Phase::Calm | Phase::Waiting(..) => {}
            Phase::Ringing => {
                self.decide("Acknowledged", format!("awake after {}: on the way to the keyboard", op.spec.acknowledge), cx);
                self.plan(Phase::LoggingIn, op.spec.log_in, cx);
            }
            Phase::LoggingIn => {
                if op.failing_since.is_none() {
                    self.stand_down("logged in; the alert has cleared by itself", cx);
                } else {
                    self.decide("LoggedIn", "logged in; looking for what is wrong", cx);
                    self.plan(Phase::Diagnosing, op.spec.diagnose, cx);
                }
            }
            Phase::Diagnosing => {
                let Some((host, what)) = self.find_trouble() else {
                    self.stand_down("nothing is wrong any more", cx);
                    return;
                };
                self.decide("Diagnosed", format!("{host}: {what}"), cx);
                let runbook = if op.spec.runbook.is_empty() { self.improvise(&host) } else { op.spec.runbook.clone() };
                if let Some(op) = self.operator_mut() {
                    op.host = Some(host);
                    op.runbook = Arc::new(runbook);
                }
                self.next_step(0, cx);
            }
            Phase::Working(i) => self.type_step(i, &op, cx),
        }
    }

    fn stand_down(&mut self, text: &str, cx: &mut Cx) {
        self.decide("StandDown", text, cx);
        if let Some(op) = self.operator_mut() {
            op.phase = Phase::Calm;
            op.failing_since = None;
            op.since = cx.now;
            op.turn += 1;
        }
    }

    fn next_step(&mut self, i: usize, cx: &mut Cx) {
        let takes = self.operator.as_ref().and_then(|o| o.runbook.get(i)).map(|s| s.takes);
        match takes {
            Some(takes) => self.plan(Phase::Working(i), takes, cx),
            None => self.stand_down("the runbook is done", cx),
        }
    }

    fn type_step(&mut self, i: usize, op: &Operator, cx: &mut Cx) {
        let Some(step) = op.runbook.get(i).cloned() else { return };
        let affected = op.host.clone().unwrap_or_else(|| self.first_host());
        let line = on_host(&step.run, &affected);
        let host = step.on.clone().filter(|h| self.engines.contains_key(h)).unwrap_or(affected);
        self.manual_actions += 1;
        let command =
            |reason: &'static str, text: String| Entry::new(RecordType::Command, "operator", reason, Self::host_object(&host), text);
        let cause = op.cause;
        // Nobody mistypes for ever.
        if self.rng.stream("operator").chance(u64::from(op.spec.error_percent.min(90)), 100) {
            cx.because(cause).record(command("Mistyped", format!("{host}$ {line} (mistyped: once more)")));
            self.plan(Phase::Working(i), step.takes, cx);
            return;
        }
        let record = cx.because(cause).record(command("Runbook", format!("{host}$ {line}")));
        if let Some(o) = self.operator_mut() {
            o.cause = Some(record);
        }
        cx.cause = Some(record);
        match self.carry_out(&line, &host, cx) {
            Ran::Done(output) => {
                if let Some(o) = self.operator_mut() {
                    o.phase = Phase::Waiting(i, 0);
                }
                self.operator_command_done(None, &output, cx);
            }
            Ran::Session(id) => {
                if let Some(o) = self.operator_mut() {
                    o.phase = Phase::Waiting(i, id);
                }
            }
        }
    }

    /// One line of a runbook: docker commands, and what else such a shop can do.
    fn carry_out(&mut self, line: &str, host: &HostName, cx: &mut Cx) -> Ran {
        let done = |result: Result<String, String>| {
            Ran::Done(match result {
                Ok(stdout) => Output { stdout, ..Output::default() },
                Err(stderr) => Output { stderr, exit: 1, ..Output::default() },
            })
        };
        let words = match crate::worlds::words(line) {
            Ok(words) => words,
            Err(why) => return done(Err(why)),
        };
        let word = |i: usize| words.get(i).map_or("", String::as_str);
        match (word(0), word(1), word(2)) {
            ("docker", ..) => self.run_line(host, &words, Owner::Operator, &NoFiles, cx),
            ("proxy", "remove", h) => done(self.proxy_edit(h, true, cx)),
            ("proxy", "add", h) => done(self.proxy_edit(h, false, cx)),
            ("power-on", h, _) => done(if self.engines.contains_key(h) {
                self.give_power(h, cx);
                Ok(format!("{h} is booting"))
            } else {
                Err(format!("there is no host {h}"))
            }),
            ("systemctl", verb @ ("start" | "restart" | "stop"), "docker" | "docker.service") => {
                match verb {
                    "start" => self.daemon_begin(host, cx),
                    "stop" => self.daemon_stop(host, false, "systemctl stop docker", cx),
                    _ if self.engine(host).daemon == Daemon::Down => self.daemon_begin(host, cx),
                    _ => self.daemon_stop(host, true, "systemctl restart docker", cx),
                }
                done(Ok(String::new()))
            }
            _ => done(Err(format!("{line}: command not found"))),
        }
    }

    /// What is wrong with a step of the runbook, told without running it.
    pub(crate) fn misread_step(&self, words: &[String]) -> Option<Misread> {
        let any = self.first_host();
        let words: Vec<String> = words.iter().map(|w| on_host(w, &any)).collect();
        let word = |i: usize| words.get(i).map_or("", String::as_str);
        match (word(0), word(1), word(2)) {
            ("docker", ..) => super::console::misread(self, &words, &NoFiles),
            ("proxy", "remove" | "add", h) | ("power-on", h, _) if self.engines.contains_key(h) => None,
            ("proxy", "remove" | "add", h) | ("power-on", h, _) => Some(Misread::new(format!("there is no host {h}"))),
            ("systemctl", "start" | "restart" | "stop", "docker" | "docker.service") => None,
            _ => Some(Misread::new(format!("{}: command not found", words.join(" ")))),
        }
    }

    /// A step's command has ended: on to the next.
    pub(crate) fn operator_command_done(&mut self, id: Option<u64>, output: &Output, cx: &mut Cx) {
        let Some(op) = self.operator.clone() else { return };
        let Phase::Waiting(i, waiting) = op.phase else { return };
        if id.is_some_and(|id| id != waiting) {
            return;
        }
        if output.exit != 0 {
            let why = output.stderr.lines().next().unwrap_or("it failed").to_string();
            self.decide("CommandFailed", why, cx);
        }
        self.next_step(i + 1, cx);
    }

    /// The first host with a problem a person can see, and what it is.
    fn find_trouble(&self) -> Option<(HostName, String)> {
        for (host, engine) in &self.engines {
            let state = self.machine.host(host).map(|h| h.state);
            match state {
                Some(HostState::Down) => return Some((host.clone(), "does not answer: no power".into())),
                Some(HostState::Paused) => return Some((host.clone(), "does not answer: frozen".into())),
                Some(HostState::Booting) => return Some((host.clone(), "is booting".into())),
                _ => {}
            }
            if self.unreachable(host).is_some() && engine.daemon == Daemon::Up {
                return Some((host.clone(), "cannot be reached over the network".into()));
            }
            if engine.daemon != Daemon::Up {
                return Some((host.clone(), "dockerd does not answer".into()));
            }
        }
        for (host, name) in &self.declared {
            let cid = self.engine(host).names.get(name);
            let Some(c) = cid.and_then(|c| self.containers.get(c)) else { return Some((host.clone(), format!("{name} is missing"))) };
            if !self.serves(c.cid, self.last) {
                return Some((host.clone(), format!("{name} is {}", c.status(self.last))));
            }
            if c.health.as_ref().is_some_and(|h| h.status == super::healthcheck::Status::Unhealthy) {
                return Some((host.clone(), format!("{name} is unhealthy")));
            }
        }
        let first = self.engines.keys().next()?;
        self.operator.as_ref()?.failing_since?;
        Some((first.clone(), "every container runs, yet requests fail".into()))
    }

    /// What a person without a runbook does about the first trouble found.
    fn improvise(&self, host: &HostName) -> Vec<RunbookStep> {
        let step = |run: String| RunbookStep { on: None, run: run.into(), takes: IMPROVISED };
        let state = self.machine.host(host).map(|h| h.state);
        let blind_proxy = self.proxy.as_ref().is_some_and(|p| p.setup.kind == ProxyKind::Static);
        let mut steps = Vec::new();
        if state != Some(HostState::Up) || self.unreachable(host).is_some() && self.engine(host).daemon == Daemon::Up {
            if blind_proxy {
                steps.push(step(format!("proxy remove {host}")));
            }
            if state == Some(HostState::Down) {
                steps.push(step(format!("power-on {host}")));
            }
            return steps;
        }
        if self.engine(host).daemon != Daemon::Up {
            return vec![step("systemctl start docker".into())];
        }
        for (h, name) in self.declared.iter().filter(|(h, _)| h == host) {
            let cid = self.engine(h).names.get(name);
            match cid.and_then(|c| self.containers.get(c)) {
                Some(c) if c.state.paused => steps.push(step(format!("docker unpause {name}"))),
                Some(c) if c.alive() && self.serves(c.cid, self.last) => {}
                Some(c) if c.alive() => steps.push(step(format!("docker restart {name}"))),
                Some(_) => steps.push(step(format!("docker start {name}"))),
                None => {}
            }
        }
        steps
    }
}

/// A line of the runbook for the host that is affected.
fn on_host(line: &str, host: &str) -> String {
    ["$HOST", "{host}", "HOST"].iter().fold(line.to_string(), |l, word| l.replace(word, host))
}
