//! The life of a container: start, exit and what the policy makes of it, stop, kill, restart, pause.
//!
//! Sources: moby daemon/{start,monitor,stop,kill,restart,pause}.go.

use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::machine::{ContainerSpec, ContainerState, Exit, Signal, StartError};

use super::container::{Cid, Container, State, Stopping, Then, signal_number};
use super::engine::EngineError;
use super::healthcheck::{Health, HealthConfig};
use super::restart::{Backoff, RestartPolicy};
use super::volumes::runtime_mounts;
use super::{Cx, Daemon, Docker, Event};

/// What the engine itself needs before the runtime may start a process: namespaces, addresses, port rules. With the runtime's own start
/// this makes the 0.4 s from create to start that a real engine was measured to take.
pub const SETUP_LATENCY: SimDuration = SimDuration::from_millis(200);

/// Who asks for a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartBy {
    /// A person: counters begin anew.
    Hand,
    /// The restart policy after an exit.
    Policy,
    /// The daemon when it comes up.
    Boot,
}

impl Docker {
    /// Begins to start a container. True if there was anything to do; the process runs a moment later.
    ///
    /// # Errors
    /// It is paused, or its network or ports cannot be set up; the container then keeps the error and is not tried again.
    pub fn start(&mut self, cid: Cid, by: StartBy, cx: &mut Cx) -> Result<bool, EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        if c.state.paused {
            return Err(EngineError::conflict("cannot start a paused container, try unpause instead"));
        }
        if c.starting || c.alive() {
            return Ok(false);
        }
        if c.state.removing || c.state.dead {
            return Err(EngineError::conflict("container is marked for removal and cannot be started"));
        }
        // A person may start what waits for its policy: the wait is over.
        self.touch(cid, |c| {
            c.serial += 1;
            c.starting = true;
            c.stopping = None;
            if by != StartBy::Policy {
                c.manually_stopped = false;
                c.backoff = Backoff::default();
            }
        });
        if by != StartBy::Policy && c.restart_count != 0 {
            self.update(cid, cx, |c| c.restart_count = 0);
        }
        if let Err(e) = self.set_up(cid, cx) {
            self.tear_down(cid, cx);
            // daemon/start.go: a start that fails without an exit code of its own leaves 128.
            self.update(cid, cx, |c| {
                c.starting = false;
                c.says_restart = false;
                c.state.running = false;
                c.state.restarting = false;
                c.state.error = e.message.as_str().into();
                c.state.exit_code = 128;
            });
            self.trouble = cx.cause;
            if c.config.auto_remove {
                self.destroy(cid, true, cx);
            }
            return Err(e);
        }
        let serial = c.serial + 1;
        self.agenda.schedule(cx.now + SETUP_LATENCY, cx.cause, Event::Launch(cid, serial));
        Ok(true)
    }

    /// Volumes, addresses, ports.
    fn set_up(&mut self, cid: Cid, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Ok(()) };
        self.mount_events(cid, "mount", cx);
        for e in &c.endpoints {
            self.find_network(&c.host, &e.network)?;
        }
        for e in &c.endpoints {
            self.join(cid, &e.network, cx)?;
        }
        self.bind_ports(cid)
    }

    fn tear_down(&mut self, cid: Cid, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        self.release_ports(cid);
        for e in &c.endpoints {
            self.leave(cid, &e.network, cx);
        }
        self.mount_events(cid, "unmount", cx);
    }

    /// Set-up is done: the runtime may start the process.
    pub(crate) fn launch(&mut self, cid: Cid, serial: u64, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if c.serial != serial || !c.starting {
            return;
        }
        let machine = match c.machine {
            Some(id) => id,
            None => {
                let image = self.machine.image_spec(&c.config.image);
                let spec = ContainerSpec {
                    name: c.name.clone(),
                    image: c.config.image.clone(),
                    argv: c.config.argv(),
                    env: c.runtime_env(),
                    shared_env: Arc::default(),
                    memory_limit: c.config.memory,
                    cpu_limit_milli: c.config.cpus_milli,
                    mounts: runtime_mounts(&c.mounts),
                    init: c.config.init,
                    sandbox: super::roads::sandbox(&c),
                    address: None,
                    hostname: Some(c.hostname()),
                    workdir: c.config.workdir.clone(),
                    user: if c.config.user.is_empty() { image.user.clone().unwrap_or_default() } else { c.config.user.clone() },
                };
                let id = self.machine.create(&c.host, spec, cx.now);
                self.by_machine.insert(id, cid);
                self.touch(cid, |c| c.machine = Some(id));
                id
            }
        };
        self.tell_names(cid);
        self.machine.start(machine, cx.now, cx.cause);
    }

    /// The process runs.
    pub(crate) fn started(&mut self, cid: Cid, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if !c.starting {
            // Its start was called off while the runtime was at it.
            if let Some(machine) = c.machine {
                self.machine.signal(machine, Signal::Kill, cx.now, cx.cause);
            }
            return;
        }
        self.emit_container(cid, "start", &[], cx);
        let now = cx.now;
        let health = c.config.health.as_ref().and_then(HealthConfig::argv).map(|_| Health::default());
        self.update(cid, cx, |c| {
            c.starting = false;
            c.was_started = true;
            c.starts += 1;
            c.backoff.cancelled = false;
            c.health = health;
            let (finished_at, last_exit_code) = (c.state.finished_at, c.state.last_exit_code);
            c.state = State { running: true, started_at: Some(now), finished_at, last_exit_code, ..State::default() };
        });
        if c.says_restart {
            self.touch(cid, |c| c.says_restart = false);
            let cause = cx.cause;
            self.emit_container(cid, "restart", &[], cx);
            cx.cause = cause;
        }
        self.health_begin(cid, cx);
        if let Some((grace, then)) = c.stop_after_start {
            self.touch(cid, |c| c.stop_after_start = None);
            let _ = self.stop(cid, grace, then, cx);
        }
    }

    /// The process could not be started.
    pub(crate) fn start_failed(&mut self, cid: Cid, error: &StartError, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let (code, why) = match error {
            StartError::NotFound { path } if path.contains('/') => {
                (127, format!("exec: \"{path}\": stat {path}: no such file or directory: unknown"))
            }
            StartError::NotFound { path } => (127, format!("exec: \"{path}\": executable file not found in $PATH: unknown")),
            StartError::NotExecutable { path } => (126, format!("exec: \"{path}\": permission denied: unknown")),
        };
        let text =
            format!("failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {why}");
        self.tear_down(cid, cx);
        self.update(cid, cx, |c| {
            c.starting = false;
            c.says_restart = false;
            c.stop_after_start = None;
            c.state.running = false;
            c.state.restarting = false;
            c.state.exit_code = code;
            c.state.error = text.into();
        });
        self.trouble = cx.cause;
        if c.config.auto_remove {
            self.destroy(cid, true, cx);
        }
    }

    /// The process is gone: events, then what was under way, then the policy.
    pub(crate) fn exited(&mut self, cid: Cid, exit: &Exit, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if !self.supervises(&c.host) || !c.alive() {
            // Nobody is there to see it: the daemon finds out when it comes back. Or it was never let run.
            return;
        }
        let ran = exit.at - exit.started;
        if exit.oom_killed {
            self.emit_container(cid, "oom", &[], cx);
        }
        self.tear_down(cid, cx);
        let (code, duration) = (exit.code.to_string(), ran.as_secs().to_string());
        self.emit_container(cid, "die", &[("execDuration", &duration), ("exitCode", &code)], cx);
        self.touch(cid, |c| {
            c.serial += 1;
            c.starting = false;
        });
        let died = |c: &mut Container| {
            c.state.running = false;
            c.state.paused = false;
            c.state.restarting = false;
            c.state.exit_code = exit.code;
            c.state.last_exit_code = Some(exit.code);
            c.state.oom_killed = exit.oom_killed;
            c.state.finished_at = Some(exit.at);
        };
        if let Some(stopping) = c.stopping.clone() {
            self.update(cid, cx, |c| {
                died(c);
                c.stopping = None;
            });
            if stopping.says_stop {
                self.emit_container(cid, "stop", &[], cx);
            }
            self.after_stop(cid, stopping.then, cx);
            self.check_daemon_stop(&c.host, cx);
            return;
        }
        self.trouble = cx.cause;
        let policy = c.config.restart;
        let cancelled = c.backoff.cancelled || self.engine(&c.host).daemon != Daemon::Up;
        let mut backoff = c.backoff;
        // The delay advances even where the policy then says no.
        let delay = if policy == RestartPolicy::No || cancelled { None } else { Some(backoff.advance(ran)) };
        let again = delay.filter(|_| policy.wants(exit.code, c.restart_count, c.manually_stopped));
        self.update(cid, cx, |c| {
            died(c);
            c.backoff = backoff;
            if again.is_some() {
                c.restart_count += 1;
                c.state.restarting = true;
                // A restarting container counts as running (daemon/container/state.go SetRestarting).
                c.state.running = true;
            }
        });
        match again {
            Some(delay) => {
                let serial = c.serial + 1;
                self.agenda.schedule(cx.now + delay, cx.cause, Event::Restart(cid, serial));
            }
            None if c.config.auto_remove => self.destroy(cid, true, cx),
            None => {}
        }
        self.check_daemon_stop(&c.host, cx);
    }

    /// The policy's delay is over.
    pub(crate) fn restart_due(&mut self, cid: Cid, serial: u64, cx: &mut Cx) {
        let waiting = |c: &Container| c.serial == serial && c.state.restarting && !c.starting;
        if self.containers.get(&cid).is_some_and(|c| waiting(c) && self.engine(&c.host).daemon == Daemon::Up) {
            // A policy's start that fails is not tried again (the error stands in the container).
            let _ = self.start(cid, StartBy::Policy, cx);
        }
    }

    fn after_stop(&mut self, cid: Cid, then: Then, cx: &mut Cx) {
        match then {
            Then::Nothing => {
                if self.containers.get(&cid).is_some_and(|c| c.config.auto_remove) {
                    self.destroy(cid, true, cx);
                }
            }
            Then::Start => {
                self.touch(cid, |c| c.says_restart = true);
                let _ = self.start(cid, StartBy::Hand, cx);
            }
            Then::Remove(volumes) => self.destroy(cid, volumes, cx),
        }
    }

    /// `docker stop` (and the first half of `restart` and `rm -f`). `grace` in seconds: None = the container's, negative = for ever.
    ///
    /// # Errors
    /// The container is gone.
    pub fn stop(&mut self, cid: Cid, grace: Option<i64>, then: Then, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        let engine = self.engine(&c.host);
        let by_hand = engine.daemon == Daemon::Up;
        let grace = grace.or(c.config.stop_timeout).unwrap_or(engine.default_stop_timeout);
        if c.starting {
            self.touch(cid, |c| c.stop_after_start = Some((Some(grace), then)));
            return Ok(());
        }
        if c.state.restarting {
            self.end_wait(cid, by_hand, cx);
            self.emit_container(cid, "stop", &[], cx);
            self.after_stop(cid, then, cx);
            return Ok(());
        }
        if !c.state.running {
            self.after_stop(cid, then, cx);
            return Ok(());
        }
        self.thaw(cid, cx);
        let signal = c.stop_signal();
        self.send(cid, signal, by_hand, cx);
        let cause = cx.cause;
        self.touch(cid, |c| c.stopping = Some(Stopping { then, says_stop: true, cause }));
        if let Ok(seconds) = u64::try_from(grace) {
            let starts = c.starts;
            self.agenda.schedule(cx.now + SimDuration::from_secs(seconds), cx.cause, Event::StopTimeout(cid, starts));
        }
        Ok(())
    }

    /// Ends the wait of a restarting container: it becomes exited, nothing is signalled.
    pub(super) fn end_wait(&mut self, cid: Cid, by_hand: bool, cx: &mut Cx) {
        self.update(cid, cx, |c| {
            c.serial += 1;
            c.manually_stopped |= by_hand;
            c.backoff.cancelled = true;
            c.state.restarting = false;
            c.state.running = false;
        });
    }

    /// Sends a signal with its event; `final_one` = the policy must not undo what it does.
    fn send(&mut self, cid: Cid, signal: Signal, by_hand: bool, cx: &mut Cx) {
        let number = signal_number(signal).to_string();
        self.emit_container(cid, "kill", &[("signal", &number)], cx);
        self.touch(cid, |c| {
            c.manually_stopped |= by_hand;
            c.backoff.cancelled = true;
        });
        if let Some(machine) = self.containers.get(&cid).and_then(|c| c.machine) {
            self.machine.signal(machine, signal, cx.now, cx.cause);
        }
    }

    /// A frozen container must run to see a signal.
    fn thaw(&mut self, cid: Cid, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).filter(|c| c.state.paused) else { return };
        if let Some(machine) = c.machine {
            self.machine.unpause(machine, cx.now);
        }
        self.update(cid, cx, |c| c.state.paused = false);
    }

    /// The grace is over.
    pub(crate) fn stop_timeout(&mut self, cid: Cid, starts: u64, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if c.starts == starts && c.alive() && c.stopping.is_some() {
            let by_hand = self.engine(&c.host).daemon == Daemon::Up;
            self.send(cid, Signal::Kill, by_hand, cx);
        }
    }

    /// `docker kill`
    ///
    /// # Errors
    /// The container is not running.
    pub fn kill(&mut self, cid: Cid, signal: Signal, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        if !c.state.running || c.starting && !c.state.restarting {
            return Err(EngineError::conflict(format!("cannot kill container: {}: container {} is not running", c.name, c.id)));
        }
        if c.state.restarting {
            self.end_wait(cid, true, cx);
            return Ok(());
        }
        // With a stop signal of its own only that one and SIGKILL end the policy (daemon/kill.go).
        let ends = c.config.stop_signal.is_none() || signal == Signal::Kill || signal == c.stop_signal();
        if ends {
            if signal == Signal::Kill {
                self.thaw(cid, cx);
            }
            self.send(cid, signal, true, cx);
            if signal == Signal::Kill {
                let cause = cx.cause;
                self.touch(cid, |c| {
                    let then = c.stopping.as_ref().map_or(Then::Nothing, |s| s.then);
                    let says_stop = c.stopping.as_ref().is_some_and(|s| s.says_stop);
                    c.stopping = Some(Stopping { then, says_stop, cause });
                });
            }
        } else {
            let number = signal_number(signal).to_string();
            self.emit_container(cid, "kill", &[("signal", &number)], cx);
            if let Some(machine) = c.machine {
                self.machine.signal(machine, signal, cx.now, cx.cause);
            }
        }
        Ok(())
    }

    /// `docker restart`
    ///
    /// # Errors
    /// The container is gone, or a stopped one cannot be started.
    pub fn restart(&mut self, cid: Cid, grace: Option<i64>, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid) else { return Err(EngineError::not_found("No such container")) };
        if c.state.running || c.starting {
            return self.stop(cid, grace, Then::Start, cx);
        }
        self.touch(cid, |c| c.says_restart = true);
        self.start(cid, StartBy::Hand, cx).map(|_| ())
    }

    /// `docker pause`
    ///
    /// # Errors
    /// Not running, restarting or paused already.
    pub fn pause(&mut self, cid: Cid, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        let refuse = |why: &str| Err(EngineError::conflict(format!("container {} is {why}", c.id)));
        match (&c.state, c.machine) {
            (State { restarting: true, .. }, _) => refuse("restarting, wait until the container is running"),
            (State { running: false, .. }, _) | (_, None) => refuse("not running"),
            (State { paused: true, .. }, _) => refuse("already paused"),
            (_, Some(machine)) => {
                self.machine.pause(machine, cx.now);
                self.emit_container(cid, "pause", &[], cx);
                self.update(cid, cx, |c| c.state.paused = true);
                Ok(())
            }
        }
    }

    /// `docker unpause`
    ///
    /// # Errors
    /// Not paused.
    pub fn unpause(&mut self, cid: Cid, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        let Some(machine) = c.machine.filter(|_| c.state.paused) else {
            return Err(EngineError::conflict(format!("Container {} is not paused", c.id)));
        };
        self.machine.unpause(machine, cx.now);
        self.emit_container(cid, "unpause", &[], cx);
        self.update(cid, cx, |c| c.state.paused = false);
        Ok(())
    }

    /// The runtime's view of a container.
    pub(crate) fn runtime(&self, c: &Container) -> Option<&ContainerState> {
        Some(&self.machine.container(c.machine?)?.state)
    }
}
