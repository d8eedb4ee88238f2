//! HEALTHCHECK: probes, the streak, and a status that changes a word and nothing else.
//!
//! Source: moby daemon/health.go, daemon/container/health.go. The engine takes no action on `unhealthy`.

use std::sync::Arc;

use crate::kernel::{List, SimDuration, SimTime};
use crate::machine::{ProbeAction, ProbeOutcome};

use super::container::Cid;
use super::roads::EngineRoads;
use super::{Cx, Docker, Event};

/// defaultProbeInterval, defaultProbeTimeout, defaultProbeRetries, defaultStartInterval (daemon/health.go).
pub const INTERVAL: SimDuration = SimDuration::from_secs(30);
pub const TIMEOUT: SimDuration = SimDuration::from_secs(30);
pub const RETRIES: u32 = 3;
pub const START_INTERVAL: SimDuration = SimDuration::from_secs(5);
/// Results kept in `State.Health.Log` (maxLogEntries), and bytes of each output (maxOutputLen).
pub const LOG_KEPT: usize = 5;
pub const OUTPUT_KEPT: usize = 4096;

/// `--health-*`; zero durations and counts mean the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthConfig {
    /// `["CMD", …]`, `["CMD-SHELL", script]` or `["NONE"]`.
    pub test: Vec<Arc<str>>,
    pub interval: SimDuration,
    pub timeout: SimDuration,
    pub start_period: SimDuration,
    pub start_interval: SimDuration,
    pub retries: u32,
}

impl HealthConfig {
    /// The command to run; None if health checks are switched off.
    pub fn argv(&self) -> Option<Vec<Arc<str>>> {
        match self.test.split_first() {
            Some((kind, rest)) if &**kind == "CMD" && !rest.is_empty() => Some(rest.to_vec()),
            Some((kind, [script, ..])) if &**kind == "CMD-SHELL" => Some(vec!["/bin/sh".into(), "-c".into(), script.clone()]),
            _ => None,
        }
    }
    fn or(value: SimDuration, default: SimDuration) -> SimDuration {
        if value == SimDuration::ZERO { default } else { value }
    }
    pub fn timeout(&self) -> SimDuration {
        Self::or(self.timeout, TIMEOUT)
    }
    pub fn retries(&self) -> u32 {
        if self.retries == 0 { RETRIES } else { self.retries }
    }
}

/// `State.Health.Status`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Starting,
    Healthy,
    Unhealthy,
}

impl Status {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
    /// What stands in brackets in `docker ps`.
    pub const fn in_ps(self) -> &'static str {
        match self {
            Self::Starting => "health: starting",
            other => other.word(),
        }
    }
}

/// How one probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub start: SimTime,
    pub end: SimTime,
    pub code: i32,
    pub output: Arc<str>,
}

/// A container's health.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub status: Status,
    pub streak: u32,
    pub log: List<Outcome>,
}

impl Default for Health {
    fn default() -> Self {
        Self { status: Status::Starting, streak: 0, log: List::new() }
    }
}

impl Health {
    /// Takes a result in; true if the status changed (daemon/health.go handleProbeResult).
    pub fn take(&mut self, result: Outcome, config: &HealthConfig, started: SimTime) -> bool {
        let before = self.status;
        if result.code == 0 {
            self.streak = 0;
            self.status = Status::Healthy;
        } else if !(self.status == Status::Starting && result.start - started < config.start_period) {
            self.streak += 1;
            if self.streak >= config.retries() {
                self.status = Status::Unhealthy;
            }
        }
        self.log.push_back(result);
        while self.log.len() > LOG_KEPT {
            self.log.pop_front();
        }
        before != self.status
    }
}

impl Docker {
    /// A started container's health begins anew; the first probe comes after one interval.
    pub(crate) fn health_begin(&mut self, cid: Cid, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid) else { return };
        if c.config.health.as_ref().and_then(HealthConfig::argv).is_none() {
            return;
        }
        self.plan_probe(cid, cx);
    }

    fn plan_probe(&mut self, cid: Cid, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid) else { return };
        let (Some(config), Some(health)) = (&c.config.health, &c.health) else { return };
        let started = c.state.started_at.unwrap_or(cx.now);
        let early = health.status == Status::Starting && cx.now - started < config.start_period;
        let every = HealthConfig::or(config.interval, INTERVAL);
        // The start interval counts only where it is shorter than the interval: that is its use.
        let wait = if early { HealthConfig::or(config.start_interval, START_INTERVAL).min(every) } else { every };
        let starts = c.starts;
        self.agenda.schedule(cx.now + wait, cx.cause, Event::Probe(cid, starts));
    }

    /// A probe is due.
    pub(crate) fn probe_due(&mut self, cid: Cid, starts: u64, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let (Some(config), Some(machine)) = (c.config.health.clone(), c.machine) else { return };
        let Some(argv) = config.argv() else { return };
        if c.starts != starts || !c.alive() || !self.supervises(&c.host) {
            return;
        }
        if c.state.paused {
            // Probes stand still while the container is frozen.
            self.plan_probe(cid, cx);
            return;
        }
        let timeout = config.timeout();
        let Self { machine: hosts, engines, containers, by_machine, .. } = self;
        let answer = hosts.probe(machine, &ProbeAction::Exec { argv }, cx.now, &EngineRoads { engines, containers, by_machine });
        let (code, output): (i32, Arc<str>) = match &answer.outcome {
            ProbeOutcome::Ok => (0, "".into()),
            ProbeOutcome::HttpStatus(s) if *s < 400 => (0, "".into()),
            ProbeOutcome::HttpStatus(s) => (1, format!("HTTP status {s}").into()),
            ProbeOutcome::ConnectionRefused => (1, "connection refused".into()),
            ProbeOutcome::ExecExit { code, output } => (*code, output.clone()),
            // What could not be started has no exit status of its own (daemon/health.go, monitor).
            ProbeOutcome::ExecRefused(why) => (-1, why.clone()),
            ProbeOutcome::NoAnswer => (-1, "".into()),
        };
        let timed_out = matches!(answer.outcome, ProbeOutcome::NoAnswer) || answer.takes > timeout;
        let (code, output, takes) = if timed_out {
            (-1, format!("Health check exceeded timeout ({timeout})").into(), timeout)
        } else {
            (code, output, answer.takes)
        };
        let output = match output.char_indices().nth(OUTPUT_KEPT) {
            Some((i, _)) => format!("{}...", &output[..i]).into(),
            None => output,
        };
        let result = Outcome { start: cx.now, end: cx.now + takes, code, output };
        self.agenda.schedule(result.end, cx.cause, Event::Probed(cid, starts, result));
    }

    /// A probe has ended.
    pub(crate) fn probed(&mut self, cid: Cid, starts: u64, result: Outcome, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let Some(config) = c.config.health.clone() else { return };
        if c.starts != starts || !c.alive() || !self.supervises(&c.host) {
            return;
        }
        let started = c.state.started_at.unwrap_or(SimTime::ZERO);
        let mut after = c.health.clone().unwrap_or_default();
        let changed = after.take(result, &config, started);
        if changed {
            self.emit_container(cid, &format!("health_status: {}", after.status.word()), &[], cx);
            self.update(cid, cx, |c| c.health = Some(after));
        } else {
            // A longer streak of an unhealthy container is no news: kept, not journaled.
            self.touch(cid, |c| c.health = Some(after));
        }
        self.plan_probe(cid, cx);
    }

    /// True if the daemon of a host is there to watch over its containers.
    pub(crate) fn supervises(&self, host: &str) -> bool {
        matches!(self.engine(host).daemon, super::Daemon::Up | super::Daemon::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streaks_periods_and_recovery() {
        let config = HealthConfig { retries: 2, start_period: SimDuration::from_secs(10), ..HealthConfig::default() };
        let mut h = Health::default();
        let at = |s, code| Outcome { start: SimTime::from_secs(s), end: SimTime::from_secs(s), code, output: "".into() };
        assert!(!h.take(at(5, 1), &config, SimTime::ZERO));
        assert_eq!(h.streak, 0, "inside the start period a failure does not count");
        assert!(!h.take(at(12, 1), &config, SimTime::ZERO));
        assert!(h.take(at(14, 1), &config, SimTime::ZERO));
        assert_eq!((h.status, h.streak), (Status::Unhealthy, 2));
        assert!(h.take(at(16, 0), &config, SimTime::ZERO));
        assert!(!h.take(at(17, 1), &config, SimTime::ZERO));
        assert_eq!((h.status, h.streak), (Status::Healthy, 1));
        (18..30).for_each(|s| {
            h.take(at(s, 1), &config, SimTime::ZERO);
        });
        assert_eq!((h.status, h.log.len()), (Status::Unhealthy, LOG_KEPT));
    }

    #[test]
    fn commands() {
        let h = |t: &[&str]| HealthConfig { test: t.iter().map(|x| (*x).into()).collect(), ..HealthConfig::default() }.argv();
        assert_eq!(h(&["CMD-SHELL", "true"]).unwrap().len(), 3);
        assert_eq!(h(&["NONE"]), None);
        assert_eq!(h(&["CMD", "curl", "x"]).unwrap().len(), 2);
    }
}
