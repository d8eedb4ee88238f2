//! The daemon's own life: orderly shutdown, power loss, and what it restores when it comes back.
//!
//! Sources: moby daemon/daemon.go (restore, Shutdown, ShutdownTimeout), contrib/init/systemd/docker.service.

use std::sync::Arc;

use crate::kernel::{RecordId, SimDuration};
use crate::machine::{ContainerState, HostName};

use super::container::{Cid, Container, Then};
use super::engine::DAEMON_START;
use super::lifecycle::StartBy;
use super::{Cx, Daemon, Docker, Event};

/// The shortest time an orderly shutdown gives its containers (daemon/config/config.go: defaultShutdownTimeout).
const SHUTDOWN_TIMEOUT: SimDuration = SimDuration::from_secs(15);
/// The exit code of a container whose task is gone when the daemon comes up (daemon/daemon.go restore).
const LOST: i32 = 255;

impl Docker {
    /// `systemctl stop docker` (or `restart`): with live-restore the daemon just goes; else every container is stopped first.
    pub(crate) fn daemon_stop(&mut self, host: &str, come_back: bool, why: &str, cx: &mut Cx) {
        let engine = self.engine(host);
        if engine.daemon != Daemon::Up {
            if come_back {
                self.engine_mut(host).start_when_down = true;
            }
            return;
        }
        let live_restore = engine.live_restore;
        self.engine_mut(host).start_when_down = come_back;
        if live_restore {
            self.daemon_changed(host, Daemon::Down, &format!("{why}; containers go on (live-restore)"), cx);
            self.daemon_return(host, cx);
            return;
        }
        self.daemon_changed(host, Daemon::Stopping, &format!("{why}; it stops its containers"), cx);
        let cause = cx.cause;
        let all: Vec<Arc<Container>> = self.containers_on(host).cloned().collect();
        let mut longest = SimDuration::ZERO;
        for c in &all {
            cx.cause = cause;
            let grace = c.config.stop_timeout.unwrap_or(self.engine(host).default_stop_timeout);
            if c.starting && !c.state.restarting {
                // Not yet a process: its start is called off.
                self.call_off(c.cid, cx);
            } else if c.state.running || c.starting {
                self.touch(c.cid, |c| c.starting = false);
                longest = longest.max(SimDuration::from_secs(u64::try_from(grace).unwrap_or(u64::from(u32::MAX))));
                let _ = self.stop(c.cid, Some(grace), Then::Nothing, cx);
            }
        }
        cx.cause = cause;
        let limit = SHUTDOWN_TIMEOUT.max(longest + SimDuration::from_secs(5));
        self.agenda.schedule(cx.now + limit, cx.cause, Event::DaemonStopped(host.into()));
        self.check_daemon_stop(host, cx);
    }

    fn call_off(&mut self, cid: Cid, cx: &mut Cx) {
        self.touch(cid, |c| {
            c.serial += 1;
            c.starting = false;
            c.says_restart = false;
            c.stop_after_start = None;
        });
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        self.release_ports(cid);
        for e in &c.endpoints {
            self.leave(cid, &e.network, cx);
        }
        if let Some(machine) = c.machine {
            // The runtime may be at it already.
            self.machine.signal(machine, crate::machine::Signal::Kill, cx.now, cx.cause);
        }
    }

    /// Ends an orderly shutdown once nothing runs any more.
    pub(crate) fn check_daemon_stop(&mut self, host: &str, cx: &mut Cx) {
        if self.engine(host).daemon == Daemon::Stopping && !self.containers_on(host).any(|c| c.state.running) {
            self.agenda.schedule(cx.now, cx.cause, Event::DaemonStopped(host.into()));
        }
    }

    /// The daemon is gone.
    pub(crate) fn daemon_stopped(&mut self, host: &str, cx: &mut Cx) {
        if self.engine(host).daemon != Daemon::Stopping {
            return;
        }
        self.daemon_changed(host, Daemon::Down, "dockerd has stopped", cx);
        self.daemon_return(host, cx);
    }

    fn daemon_return(&mut self, host: &str, cx: &mut Cx) {
        if self.engine(host).start_when_down {
            self.engine_mut(host).start_when_down = false;
            self.agenda.schedule(cx.now + DAEMON_START, cx.cause, Event::DaemonStart(host.into()));
        }
    }

    /// `systemctl start docker`
    pub(crate) fn daemon_begin(&mut self, host: &str, cx: &mut Cx) {
        match self.engine(host).daemon {
            Daemon::Stopping => self.engine_mut(host).start_when_down = true,
            Daemon::Down if self.machine.host(host).is_some_and(|h| h.state == crate::machine::HostState::Up) => {
                self.daemon_changed(host, Daemon::Starting, "dockerd is starting", cx);
                self.agenda.schedule(cx.now + DAEMON_START, cx.cause, Event::DaemonStart(host.into()));
            }
            _ => {}
        }
    }

    /// The daemon is up: it looks at every container it knows and starts those whose policy says so, at once and without back-off.
    pub(crate) fn daemon_start(&mut self, host: &str, cx: &mut Cx) {
        let engine = self.engine(host);
        if matches!(engine.daemon, Daemon::Up | Daemon::Stopping)
            || self.machine.host(host).is_none_or(|h| h.state != crate::machine::HostState::Up)
        {
            return;
        }
        let live_restore = engine.live_restore;
        self.daemon_changed(host, Daemon::Up, "dockerd answers again", cx);
        let cause = cx.cause;
        let all: Vec<Cid> = self.containers_on(host).map(|c| c.cid).collect();
        for cid in &all {
            cx.cause = cause;
            self.restore(*cid, live_restore, cx);
        }
        for cid in all {
            cx.cause = cause;
            let Some(c) = self.containers.get(&cid).cloned() else { continue };
            if c.alive() || c.stopping.is_some() {
                continue;
            }
            if c.config.auto_remove {
                self.destroy(cid, true, cx);
            } else if c.was_started && c.config.restart.wants(c.state.exit_code, c.restart_count, c.manually_stopped) {
                let _ = self.start(cid, StartBy::Boot, cx);
            }
        }
        cx.cause = cause;
    }

    /// Brings one container's recorded state in line with what is really there.
    fn restore(&mut self, cid: Cid, live_restore: bool, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let exit = match self.runtime(&c) {
            Some(ContainerState::Running { .. } | ContainerState::Paused { .. }) if c.alive() => {
                if live_restore {
                    // Watched again: health begins anew.
                    self.touch(cid, |c| c.starts += 1);
                    let again = c.health.is_some();
                    if again {
                        self.update(cid, cx, |c| c.health = Some(super::healthcheck::Health::default()));
                        self.health_begin(cid, cx);
                    }
                } else {
                    let _ = self.stop(cid, None, Then::Nothing, cx);
                }
                return;
            }
            Some(ContainerState::Exited(exit)) if live_restore => Some(exit.clone()),
            _ => None,
        };
        if !c.state.running && !c.starting {
            return;
        }
        self.release_ports(cid);
        self.touch(cid, |c| {
            c.serial += 1;
            c.starting = false;
            c.says_restart = false;
            c.stopping = None;
            c.stop_after_start = None;
            c.endpoints.iter_mut().for_each(|e| e.ip = None);
        });
        let now = cx.now;
        self.update(cid, cx, |c| {
            if c.state.running && !c.state.restarting {
                c.state.exit_code = exit.as_ref().map_or(LOST, |e| e.code);
                c.state.last_exit_code = Some(c.state.exit_code);
                c.state.oom_killed = exit.as_ref().is_some_and(|e| e.oom_killed);
                c.state.finished_at = Some(exit.as_ref().map_or(now, |e| e.at));
            }
            c.state.running = false;
            c.state.paused = false;
            c.state.restarting = false;
        });
    }

    /// A machine lost power: the daemon is gone with everything on it; nobody writes anything down.
    pub(crate) fn host_down(&mut self, host: &str, cx: &mut Cx) {
        if self.engine(host).daemon != Daemon::Down {
            self.daemon_changed(host, Daemon::Down, &format!("{host} has no power: dockerd and its containers are gone"), cx);
        }
        self.trouble = cx.cause;
        let lost: Vec<Cid> = self.containers_on(host).map(|c| c.cid).collect();
        for cid in lost {
            // Timers of the dead daemon must not fire; what is on disk stays as it was.
            self.touch(cid, |c| {
                c.serial += 1;
                c.starts += 1;
                c.starting = false;
                c.stopping = None;
                c.stop_after_start = None;
                c.says_restart = false;
            });
        }
        self.parked.remove(host);
    }

    /// A machine has booted: systemd starts the daemon.
    pub(crate) fn host_up(&mut self, host: &HostName, cx: &mut Cx) {
        self.daemon_changed(host, Daemon::Starting, &format!("{host} has booted; dockerd is starting"), cx);
        self.agenda.schedule(cx.now + DAEMON_START, cx.cause, Event::DaemonStart(host.clone()));
    }

    /// Keeps an event of a frozen machine until it runs again.
    pub(crate) fn park(&mut self, host: &HostName, cause: Option<RecordId>, event: Event) {
        self.parked.entry(host.clone()).or_default().push_back((cause, event));
    }

    /// A frozen machine runs again: its timers fire late, all at once.
    pub(crate) fn unpark(&mut self, host: &str, cx: &mut Cx) {
        for (cause, event) in self.parked.remove(host).unwrap_or_default() {
            self.agenda.schedule(cx.now, cause, event);
        }
    }
}
