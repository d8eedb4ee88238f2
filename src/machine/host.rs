//! Machines: capacity, power, what their disk holds.

use std::sync::Arc;

use crate::kernel::{RecordId, Set, SimDuration, SimTime, Token};

use super::serving::memory_of;
use super::{ContainerId, ContainerState, Event, Exit, HostName, Machine, Notice, What};

/// What a machine is, as the scenario declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSpec {
    pub name: HostName,
    pub cpu_milli: u32,
    pub memory: u64,
    pub zone: Arc<str>,
    /// From power to a running container runtime.
    pub boot: SimDuration,
}

/// Power and life of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    Up,
    /// No power.
    Down,
    Booting,
    /// Frozen: keeps its containers, but nothing runs and nothing answers.
    Paused,
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    pub spec: HostSpec,
    pub state: HostState,
    /// Since when it is in that state.
    pub since: SimTime,
    /// When it last finished booting (or the start of the scenario).
    pub booted_at: SimTime,
    pub disk_full: bool,
    /// Copies serve this many percent slower (0 = nothing wrong).
    pub starved_percent: u32,
    /// Digests of the layers on its disk.
    pub layers: Set<Arc<str>>,
    /// Canonical references of the images on its disk.
    pub images: Set<Arc<str>>,
    /// When the link to the registry is free again.
    pub(crate) link_free: SimTime,
    pub(crate) boot: Option<Token>,
    /// The containers on it.
    pub(crate) holds: Set<ContainerId>,
}

impl Machine {
    /// Adds a machine that runs from now on, with the images that are everywhere from the start.
    pub fn add_host(&mut self, spec: HostSpec, now: SimTime) {
        let name = spec.name.clone();
        let host = Host {
            spec,
            state: HostState::Up,
            since: now,
            booted_at: now,
            disk_full: false,
            starved_percent: 0,
            layers: Set::new(),
            images: Set::new(),
            link_free: now,
            boot: None,
            holds: Set::new(),
        };
        self.hosts.insert(name.clone(), host);
        self.power_changes += 1;
        let everywhere: Vec<_> = self.registry.images.values().filter(|i| i.preloaded).map(|i| i.reference.clone()).collect();
        for image in everywhere {
            self.preload(&name, &image);
        }
    }

    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }

    /// Changes whenever a machine comes, starts or stops, or a link is cut or mended.
    pub fn reach_version(&self) -> (u64, u64) {
        (self.power_changes, self.network.changes())
    }

    /// All machines in name order.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// Takes the power away: every container on it is gone without a notice of its own, requests on their way get no answer.
    pub fn power_off(&mut self, host: &str, now: SimTime) -> Vec<Notice> {
        let Some(h) = self.hosts.get_mut(host) else { return Vec::new() };
        if h.state == HostState::Down {
            return Vec::new();
        }
        (h.state, h.since, h.link_free) = (HostState::Down, now, now);
        self.power_changes += 1;
        let (name, ids) = (h.spec.name.clone(), h.holds.clone());
        if let Some(token) = h.boot.take() {
            self.agenda.cancel(token);
        }
        self.settle(now);
        for id in ids {
            let Some(c) = self.container_mut(id) else { continue };
            if let ContainerState::Running { since } | ContainerState::Paused { since } = c.state {
                let started = c.program.as_ref().map_or(since, |p| p.started());
                c.state = ContainerState::Exited(Exit { code: 137, signal: Some(9), oom_killed: false, started, at: now });
            } else if c.state == ContainerState::Starting {
                c.state = ContainerState::Created;
            }
            self.drop_program(id);
            self.silence(id);
        }
        // Pulls die with the machine; whoever asked for them is gone too.
        let dead: Vec<_> = self.pulls.values().filter(|p| p.host == name).map(|p| (p.id, p.token)).collect();
        for (id, token) in dead {
            self.pulls.remove(&id);
            self.agenda.cancel(token);
        }
        vec![Notice { cause: None, what: What::HostDown { host: name } }]
    }

    /// Gives the power back; a `HostUp` notice follows when it has booted.
    pub fn power_on(&mut self, host: &str, now: SimTime, cause: Option<RecordId>) {
        let Some(h) = self.hosts.get_mut(host) else { return };
        if h.state != HostState::Down {
            return;
        }
        (h.state, h.since) = (HostState::Booting, now);
        self.power_changes += 1;
        h.boot = Some(self.agenda.schedule(now + h.spec.boot, cause, Event::Booted(h.spec.name.clone())));
    }

    pub(crate) fn booted(&mut self, name: &HostName, now: SimTime, cause: Option<RecordId>) -> Vec<Notice> {
        let Some(h) = self.hosts.get_mut(name) else { return Vec::new() };
        (h.state, h.since, h.booted_at, h.boot) = (HostState::Up, now, now, None);
        self.power_changes += 1;
        vec![Notice { cause, what: What::HostUp { host: name.clone() } }]
    }

    /// Freezes a machine: its programs stand still, nothing on it answers.
    pub fn pause_host(&mut self, host: &str, now: SimTime) {
        let Some(h) = self.hosts.get_mut(host).filter(|h| h.state == HostState::Up) else { return };
        (h.state, h.since) = (HostState::Paused, now);
        self.power_changes += 1;
        let (name, ids) = (h.spec.name.clone(), h.holds.clone());
        for id in ids {
            self.freeze(id, now);
        }
        let pulls: Vec<_> = self.pulls.values().filter(|p| p.host == name).map(|p| (p.id, p.token)).collect();
        for (_, token) in pulls {
            self.agenda.cancel(token);
        }
    }

    /// Lets a frozen machine go on; what its programs waited for is as far away as it was.
    pub fn resume_host(&mut self, host: &str, now: SimTime) {
        let Some(h) = self.hosts.get_mut(host).filter(|h| h.state == HostState::Paused) else { return };
        let away = now.since(h.since);
        (h.state, h.since, h.link_free) = (HostState::Up, now, h.link_free + away);
        self.power_changes += 1;
        let (name, ids) = (h.spec.name.clone(), h.holds.clone());
        for id in ids {
            self.thaw(id, now);
        }
        let pulls: Vec<_> = self.pulls.values().filter(|p| p.host == name).map(|p| p.id).collect();
        for id in pulls {
            let Some(p) = self.pulls.get_mut(&id) else { continue };
            p.ends += away;
            p.token = self.agenda.schedule(p.ends, p.cause, Event::PullDone(id));
        }
    }

    pub fn set_disk_full(&mut self, host: &str, full: bool) {
        if let Some(h) = self.hosts.get_mut(host) {
            h.disk_full = full;
        }
    }

    /// A neighbour takes `percent` of the CPU: copies serve with the rest. 0 ends it.
    pub fn starve(&mut self, host: &str, percent: u32) {
        if let Some(h) = self.hosts.get_mut(host) {
            h.starved_percent = percent.min(99);
        }
    }

    /// CPU in use on a machine, in thousandths of a core.
    pub fn cpu_used_milli(&self, host: &str, now: SimTime) -> u32 {
        let Some(h) = self.hosts.get(host).filter(|h| h.state == HostState::Up) else { return 0 };
        let neighbour = u64::from(h.spec.cpu_milli) * u64::from(h.starved_percent) / 100;
        let used: u64 = h.holds.iter().map(|id| u64::from(self.container_usage(*id, now).0)).sum();
        (used + neighbour).min(u64::from(h.spec.cpu_milli)) as u32
    }

    /// Memory in use on a machine, in bytes.
    pub fn memory_used(&self, host: &str, now: SimTime) -> u64 {
        let Some(h) = self.hosts.get(host).filter(|h| matches!(h.state, HostState::Up | HostState::Paused)) else { return 0 };
        let held = h.holds.iter().filter_map(|id| self.containers.get(id));
        held.fold(0u64, |sum, c| sum.saturating_add(memory_of(c, h, now))).min(h.spec.memory)
    }
}
