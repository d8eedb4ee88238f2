//! The life of a container: create, start, exit and what the policy makes of it, stop, kill, restart, pause, remove, rename.
//!
//! Sources: moby daemon/{create,start,monitor,stop,kill,restart,pause,delete,rename}.go.

use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::machine::{ContainerSpec, ContainerState, Exit, Signal, StartError};

use super::container::{Cid, Config, Container, State, Stopping, Then, signal_number};
use super::engine::EngineError;
use super::events::change_entry;
use super::healthcheck::{Health, HealthConfig};
use super::networks::{Endpoint, valid_name};
use super::restart::{Backoff, RestartPolicy};
use super::volumes::{MountKind, runtime_mounts};
use super::{Cx, Daemon, Docker, Event};

/// What the engine itself needs before the runtime may start a process: namespaces, addresses, port rules. With the runtime's own start
/// this makes the 0.4 s from create to start that a real engine was measured to take.
pub const SETUP_LATENCY: SimDuration = SimDuration::from_millis(200);
/// The smallest memory limit (daemon/daemon_unix.go: linuxMinMemory).
pub const MIN_MEMORY: u64 = 6 * 1024 * 1024;

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
    /// `docker create`: checks, then the container exists.
    ///
    /// # Errors
    /// The daemon's sentence; 404 if the image is not on the host (the CLI then pulls it).
    pub fn create(&mut self, host: &str, name: Option<&str>, config: Config, cx: &mut Cx) -> Result<Cid, EngineError> {
        self.check_config(host, &config)?;
        if let Some(n) = name.filter(|n| !valid_name(n)) {
            return Err(EngineError::invalid(format!("Invalid container name ({n}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")));
        }
        if !self.machine.has_image(host, &config.image) {
            return Err(EngineError::not_found(format!("No such image: {}", super::images::familiar(&config.image))));
        }
        if let Some(owner) = name.and_then(|n| self.engine(host).names.get(n)) {
            let id = self.containers.get(owner).map(|c| c.id.clone()).unwrap_or_default();
            let n = name.unwrap_or_default();
            return Err(EngineError::conflict(format!(
                "Conflict. The container name \"/{n}\" is already in use by container \"{id}\". You have to remove (or rename) that container to be able to reuse that name."
            )));
        }
        if self.machine.host(host).is_some_and(|h| h.disk_full) {
            return Err(EngineError::internal("mkdir /var/lib/docker/overlay2: no space left on device"));
        }
        if self.containers.len() >= crate::kernel::limits::COPIES_MAX {
            return Err(EngineError::internal(format!("this simulation holds at most {} containers", crate::kernel::limits::COPIES_MAX)));
        }
        let mounts = self.resolve_mounts(host, &config.mounts, cx)?;
        let ids = self.rng.stream("ids");
        let id: Arc<str> = ids.hex(64).into();
        let mode = &config.network_mode;
        let wanted = if config.networks.is_empty() { vec![(mode.clone(), Vec::new(), None)] } else { config.networks.clone() };
        let endpoints = wanted
            .into_iter()
            .map(|(network, aliases, wished)| Endpoint { network, id: ids.hex(64).into(), aliases, wished, ip: None })
            .collect();
        let name: Arc<str> = name.map_or_else(|| self.invent_name(host), Into::into);
        let cid = Cid(self.next_cid);
        self.next_cid += 1;
        let container = Arc::new(Container {
            cid,
            id,
            host: host.into(),
            name: name.clone(),
            config: Arc::new(config),
            created: cx.now,
            state: State::default(),
            restart_count: 0,
            manually_stopped: false,
            was_started: false,
            backoff: Backoff::default(),
            serial: 0,
            starting: false,
            says_restart: false,
            stopping: None,
            stop_after_start: None,
            endpoints,
            bound: Vec::new(),
            mounts,
            health: None,
            machine: None,
            starts: 0,
            cause: cx.cause,
        });
        self.containers.insert(cid, container.clone());
        self.engine_mut(host).names.insert(name, cid);
        self.emit_container(cid, "create", &[], cx);
        cx.record_as_cause(change_entry(None, Some(container)));
        self.learn_target(cid);
        Ok(cid)
    }

    fn check_config(&self, host: &str, config: &Config) -> Result<(), EngineError> {
        if config.auto_remove && config.restart != RestartPolicy::No {
            return Err(EngineError::invalid("can't create 'AutoRemove' container with restart policy"));
        }
        if config.memory.is_some_and(|m| m < MIN_MEMORY) {
            return Err(EngineError::invalid("Minimum memory limit allowed is 6MB"));
        }
        if config.memory.is_none() && config.memory_swap.is_some_and(|s| s > 0) {
            return Err(EngineError::invalid("You should always set the Memory limit when using Memoryswap limit, see usage"));
        }
        if let (Some(m), Some(s)) = (config.memory, config.memory_swap) {
            if s > 0 && (s as u64) < m {
                return Err(EngineError::invalid("Minimum memoryswap limit should be larger than memory limit, see usage"));
            }
        }
        if let (Some(m), Some(r)) = (config.memory, config.memory_reservation) {
            if r > m {
                return Err(EngineError::invalid("Minimum memory limit can not be less than memory reservation limit, see usage"));
            }
        }
        let cpus = self.machine.host(host).map_or(1, |h| (h.spec.cpu_milli / 1000).max(1));
        if config.cpus_milli.is_some_and(|c| !(10..=cpus * 1000).contains(&c)) {
            return Err(EngineError::invalid(format!("range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available")));
        }
        let user_network = !super::networks::PREDEFINED.contains(&&*config.network_mode);
        let first = config.networks.first();
        if !user_network && first.is_some_and(|(_, _, ip)| ip.is_some()) {
            return Err(EngineError::invalid("user specified IP address is supported on user defined networks only"));
        }
        if !user_network && first.is_some_and(|(_, aliases, _)| !aliases.is_empty()) {
            return Err(EngineError::invalid("network-scoped aliases are only supported for user-defined networks"));
        }
        Ok(())
    }

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
        let argv = self.runtime_argv(&c);
        // A look-up prints addresses of this very moment, so its program is made anew at each start.
        let stale = c.machine.filter(|_| super::exec::is_lookup(&c.config.argv()));
        if let Some(old) = stale {
            self.by_machine.remove(&old);
            self.machine.remove(old, cx.now);
        }
        let machine = match c.machine.filter(|_| stale.is_none()) {
            Some(id) => id,
            None => {
                let spec = ContainerSpec {
                    name: c.name.clone(),
                    image: c.config.image.clone(),
                    argv,
                    env: c.config.env.clone(),
                    memory_limit: c.config.memory,
                    cpu_limit_milli: c.config.cpus_milli,
                    mounts: runtime_mounts(&c.mounts),
                    init: c.config.init,
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
            c.state = State { running: true, started_at: Some(now), finished_at: c.state.finished_at, ..State::default() };
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
        if !self.supervises(&c.host) {
            // Nobody is there to see it; the daemon finds out when it comes back.
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
    fn end_wait(&mut self, cid: Cid, by_hand: bool, cx: &mut Cx) {
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

    /// `docker rm`; a running one only with `force`, which kills it first.
    ///
    /// # Errors
    /// It runs.
    pub fn remove(&mut self, cid: Cid, force: bool, volumes: bool, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        if (c.state.running || c.starting) && !force {
            let word = c.state.word();
            let advice = if word == "paused" { "Unpause and then stop the container" } else { "Stop the container" };
            let word = if c.state.running { word } else { "running" };
            return Err(EngineError::conflict(format!(
                "You cannot remove a {word} container {}. {advice} before attempting removal or force remove",
                c.id
            )));
        }
        if c.starting {
            self.touch(cid, |c| c.stop_after_start = Some((Some(0), Then::Remove(volumes))));
        } else if c.alive() {
            self.kill(cid, Signal::Kill, cx)?;
            let cause = cx.cause;
            self.touch(cid, |c| c.stopping = Some(Stopping { then: Then::Remove(volumes), says_stop: false, cause }));
        } else {
            if c.state.restarting {
                self.end_wait(cid, true, cx);
            }
            self.destroy(cid, volumes, cx);
        }
        Ok(())
    }

    /// The container is forgotten.
    pub(crate) fn destroy(&mut self, cid: Cid, volumes: bool, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        if self.attached.contains(&cid) {
            let log = self.log_lines(&c);
            let words = super::LastWords { exit_code: c.state.exit_code, error: c.state.error.clone(), log };
            self.last_words.insert(cid, words);
        }
        self.emit_container(cid, "destroy", &[], cx);
        cx.record_as_cause(change_entry(Some(c.clone()), None));
        self.containers.remove(&cid);
        self.engine_mut(&c.host).names.remove(&c.name);
        if let Some(machine) = c.machine {
            self.by_machine.remove(&machine);
            self.machine.remove(machine, cx.now);
        }
        if volumes {
            for m in &c.mounts {
                if let MountKind::Volume(Some(name)) = &m.kind {
                    if self.engine(&c.host).volumes.get(name).is_some_and(|v| v.anonymous) {
                        let _ = self.volume_remove(&c.host, name, cx);
                    }
                }
            }
        }
    }

    /// `docker rename`
    ///
    /// # Errors
    /// The name is taken or none.
    pub fn rename(&mut self, cid: Cid, name: &str, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Err(EngineError::not_found("No such container")) };
        if !valid_name(name) {
            return Err(EngineError::invalid(format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")));
        }
        if &*c.name == name {
            return Err(EngineError::invalid("Renaming a container with the same name as its current name"));
        }
        if let Some(owner) = self.engine(&c.host).names.get(name).and_then(|o| self.containers.get(o)) {
            return Err(EngineError::conflict(format!(
                "Conflict. The container name \"/{name}\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name.",
                owner.id
            )));
        }
        let names = &mut self.engine_mut(&c.host).names;
        names.remove(&c.name);
        names.insert(name.into(), cid);
        if self.declared.remove(&(c.host.clone(), c.name.clone())).is_some() {
            self.declared.insert((c.host.clone(), name.into()));
        }
        self.update(cid, cx, |c| c.name = name.into());
        self.emit_container(cid, "rename", &[("oldName", &format!("/{}", c.name))], cx);
        Ok(())
    }

    /// The runtime's view of a container.
    pub(crate) fn runtime(&self, c: &Container) -> Option<&ContainerState> {
        Some(&self.machine.container(c.machine?)?.state)
    }

    /// An adjective and a noun, as the engine invents names (pkg/namesgenerator has its own lists).
    fn invent_name(&mut self, host: &str) -> Arc<str> {
        const ADJECTIVES: [&str; 24] = [
            "amber", "brave", "calm", "clever", "dapper", "eager", "fuzzy", "gentle", "happy", "jolly", "keen", "lucid", "mellow",
            "nimble", "polite", "quiet", "rapid", "silent", "sturdy", "sunny", "tender", "vivid", "witty", "zealous",
        ];
        const NOUNS: [&str; 24] = [
            "anchor", "beacon", "compass", "dinghy", "ensign", "fathom", "galley", "halyard", "island", "jetty", "keel", "lantern", "mast",
            "nautilus", "oar", "pilot", "quay", "rudder", "sextant", "tiller", "voyage", "wharf", "yawl", "zephyr",
        ];
        let stream = self.rng.stream("names");
        let a = ADJECTIVES[stream.below(24) as usize];
        let n = NOUNS[stream.below(24) as usize];
        let base = format!("{a}_{n}");
        let names = &self.engine(host).names;
        (0u32..)
            .map(|i| if i == 0 { base.clone() } else { format!("{base}{i}") })
            .find(|n| !names.contains_key(n.as_str()))
            .unwrap_or(base)
            .into()
    }

    /// Remembers that somebody wants this copy to exist.
    pub fn declared_copy(&mut self, cid: Cid) {
        if let Some(c) = self.containers.get(&cid).filter(|c| !c.config.auto_remove) {
            self.declared.insert((c.host.clone(), c.name.clone()));
        }
    }
    /// Somebody took a copy away on purpose.
    pub fn undeclared(&mut self, cid: Cid) {
        if let Some(c) = self.containers.get(&cid) {
            self.declared.remove(&(c.host.clone(), c.name.clone()));
        }
    }
}
