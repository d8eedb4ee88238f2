//! The world's picture for the lab screen, and the inspect panel.

use std::sync::Arc;

use crate::kernel::{ObjectRef, SimDuration, SimTime};
use crate::machine::{HostName, HostState};
use crate::worlds::view::{AppView, CopyView, Health, HostView, Inspection, Lamp, WorldView};

use super::container::Container;
use super::events;
use super::healthcheck::Status;
use super::{Daemon, Docker};

fn clock(d: SimDuration) -> String {
    (SimTime::ZERO + d).clock()
}

fn permille(used: u64, of: u64) -> u32 {
    u32::try_from(used.saturating_mul(1000).checked_div(of).unwrap_or(0)).unwrap_or(u32::MAX)
}

impl Docker {
    /// Colour and word of a container; a container on a dead machine is as dead as the machine.
    fn health_of(&self, c: &Container, now: SimTime) -> (Health, String) {
        match self.machine.host(&c.host).map(|h| h.state) {
            Some(HostState::Down | HostState::Booting) if c.state.running => return (Health::Bad, "lost with its host".into()),
            Some(HostState::Paused) if c.state.running => return (Health::Bad, "frozen".into()),
            _ => {}
        }
        let status = c.status(now);
        let health = match c.state.word() {
            "running" => match c.health.as_ref().map(|h| h.status) {
                Some(Status::Starting) => Health::Busy,
                Some(Status::Unhealthy) => Health::Warn,
                _ => Health::Good,
            },
            "restarting" => Health::Warn,
            "paused" => Health::Warn,
            "created" if c.starting => Health::Busy,
            "created" if !c.state.error.is_empty() => Health::Bad,
            "created" | "removing" => Health::Idle,
            _ if c.starting => Health::Busy,
            _ if c.state.exit_code == 0 || c.manually_stopped => Health::Idle,
            _ => Health::Bad,
        };
        (health, if c.starting && !c.state.restarting { "Starting".into() } else { status })
    }

    /// `web-1` for a container of a Compose project, else its name.
    fn label_of(c: &Container) -> Arc<str> {
        match (c.config.label(super::container::LABEL_SERVICE), c.config.label("com.docker.compose.container-number")) {
            (Some(service), Some(n)) => format!("{service}-{n}").into(),
            _ => c.name.clone(),
        }
    }

    fn copy_view(&self, c: &Container, now: SimTime) -> CopyView {
        let (health, word) = self.health_of(c, now);
        let mut detail = Vec::new();
        if c.restart_count > 0 {
            detail.push(format!("restarts {}", c.restart_count));
        }
        if c.state.oom_killed {
            detail.push("OOM".into());
        }
        if c.stopping.is_some() {
            detail.push("stopping".into());
        }
        if !c.state.error.is_empty() {
            detail.push(c.state.error.to_string());
        }
        CopyView {
            object: events::object(c),
            label: Self::label_of(c),
            health,
            word: word.into(),
            detail: detail.join(" · "),
            app: c.app(),
            serving_rps: c.machine.filter(|_| c.alive()).map_or(0, |m| self.machine.serving_rps(m, now)),
        }
    }

    fn host_view(&self, host: &HostName, now: SimTime) -> HostView {
        let h = self.machine.host(host);
        let engine = self.engine(host);
        let state = h.map(|h| h.state);
        let since = h.map_or(SimTime::ZERO, |h| h.since);
        let (health, word, mut detail) = match (state, engine.daemon) {
            (Some(HostState::Up), Daemon::Up) => (Health::Good, "up", Vec::new()),
            (Some(HostState::Up), Daemon::Starting) => (Health::Busy, "dockerd starting", Vec::new()),
            (Some(HostState::Up), Daemon::Stopping) => (Health::Warn, "dockerd stopping", vec![clock(now - engine.since)]),
            (Some(HostState::Up), Daemon::Down) => (Health::Warn, "dockerd down", vec![clock(now - engine.since)]),
            (Some(HostState::Booting), _) => (Health::Busy, "booting", vec![clock(now - since)]),
            (Some(HostState::Paused), _) => (Health::Bad, "frozen", vec![clock(now - since)]),
            _ => (Health::Bad, "DOWN", vec![clock(now - since)]),
        };
        let end = |e| self.machine.network.connected(&e, &crate::model::LinkEnd::Host(host.clone()));
        let mut health = health;
        if !end(crate::model::LinkEnd::Clients) {
            detail.push("cut off from clients".into());
            health = health.max(Health::Warn);
        } else if !end(crate::model::LinkEnd::ControlPlane) {
            detail.push("cut off from the operator".into());
            health = health.max(Health::Warn);
        }
        if h.is_some_and(|h| h.disk_full) {
            detail.push("disk full".into());
        }
        if let Some(p) = h.map(|h| h.starved_percent).filter(|p| *p > 0) {
            detail.push(format!("noisy neighbour takes {p} %"));
        }
        let (cpu, memory) = h.map_or((0, 0), |h| (u64::from(h.spec.cpu_milli), h.spec.memory));
        let mut copies: Vec<CopyView> = self.containers_on(host).map(|c| self.copy_view(c, now)).collect();
        copies.sort_by_cached_key(|c| super::text::natural_key(&c.label));
        HostView {
            object: Self::host_object(host),
            name: host.clone(),
            health,
            word: word.into(),
            detail: detail.join(" · "),
            cpu_permille: permille(u64::from(self.machine.cpu_used_milli(host, now)), cpu),
            memory_permille: permille(self.machine.memory_used(host, now), memory),
            zone: h.map_or_else(|| "".into(), |h| h.spec.zone.clone()),
            copies: copies.into(),
        }
    }

    fn lamps(&self) -> Vec<Lamp> {
        let daemons: Vec<Daemon> = self.engines.values().map(|e| e.daemon).collect();
        let up = daemons.iter().filter(|d| **d == Daemon::Up).count();
        let word = if daemons.len() == 1 { if up == 1 { "up".into() } else { "down".into() } } else { format!("{up}/{}", daemons.len()) };
        let health = if up == daemons.len() {
            Health::Good
        } else if up > 0 {
            Health::Warn
        } else {
            Health::Bad
        };
        let mut lamps = vec![Lamp { name: "dockerd".into(), health, word: word.into() }];
        if let Some(p) = &self.proxy {
            let (up, all) = (p.pool().count(), p.backends.len());
            let (health, word) = match (p.down, up) {
                (true, _) => (Health::Bad, "down".to_string()),
                (_, 0) => (Health::Bad, "no backend".into()),
                (_, n) if n < all => (Health::Warn, format!("{n}/{all}")),
                _ => (Health::Good, format!("{all}/{all}")),
            };
            lamps.push(Lamp { name: "proxy".into(), health, word: word.into() });
        }
        if let Some(o) = &self.operator {
            let (health, word) = if o.idle() { (Health::Idle, "asleep") } else { (Health::Busy, "busy") };
            lamps.push(Lamp { name: "operator".into(), health, word: word.into() });
        }
        lamps
    }

    /// Declared apps with what serves of them.
    fn apps(&self, now: SimTime) -> Vec<AppView> {
        let mut apps: std::collections::BTreeMap<Arc<str>, (u32, u32)> = std::collections::BTreeMap::new();
        for (host, name) in &self.declared {
            let c = self.engine(host).names.get(name).and_then(|c| self.containers.get(c));
            let app = c.map_or_else(|| name.clone(), |c| c.app());
            let entry = apps.entry(app).or_default();
            entry.0 += 1;
            entry.1 += u32::from(c.is_some_and(|c| self.serves(c.cid, now)));
        }
        let view = |(name, (wanted, ready)): (Arc<str>, (u32, u32))| AppView {
            object: ObjectRef::new("service", "", name.clone()),
            name,
            wanted,
            ready,
            detail: String::new(),
        };
        apps.into_iter().map(view).collect()
    }

    pub(crate) fn show(&self, now: SimTime) -> WorldView {
        let n = self.engines.len();
        let mut alarms: Vec<String> = self.operator.iter().filter_map(|o| o.words()).collect();
        if let Some(p) = &self.proxy {
            let out: Vec<&str> = p.backends.iter().filter(|b| !b.up || b.removed).map(|b| &*b.host).collect();
            if !out.is_empty() {
                alarms.push(format!("proxy: {} taken out", out.join(", ")));
            }
        }
        WorldView {
            name: "docker",
            subtitle: if n == 1 { "1 host".into() } else { format!("{n} hosts") },
            lamps: self.lamps(),
            hosts: self.setup.hosts.iter().map(|h| self.host_view(&h.name, now)).collect(),
            unplaced: Default::default(),
            apps: self.apps(now),
            alarms,
            console: format!("docker@{}", self.context),
        }
    }

    /// Everything about one object.
    pub(crate) fn inspection(&self, object: &ObjectRef, now: SimTime) -> Option<Inspection> {
        match &*object.kind {
            "container" => {
                let cid = self.engines.get(&object.namespace)?.names.get(&object.name)?;
                let c = self.known(self.containers.get(cid)?);
                let (until, stale) = (self.known_until(&c.host, now), self.stale(&c.host, now));
                let pretty = |v: serde_json::Value| super::template::pretty(&serde_json::Value::Array(vec![v]));
                let logs: String =
                    self.log_lines(c).iter().filter(|(at, _)| *at <= until).map(|(at, line)| format!("{} {line}\n", at.clock())).collect();
                let of: String = self
                    .engine(&c.host)
                    .events
                    .iter()
                    .filter(|e| e.id == c.id && e.at <= until)
                    .map(|e| format!("{} {}\n", e.at.clock(), e.action))
                    .collect();
                let (health, word) = self.health_of(c, until);
                let name = &c.name;
                let mut actions: Vec<(String, String)> = Vec::new();
                if c.alive() {
                    actions.extend(["stop", "restart", "kill", "logs"].map(|v| (v.to_string(), format!("docker {v} {name}"))));
                } else {
                    actions.extend(["start", "rm", "logs"].map(|v| (v.to_string(), format!("docker {v} {name}"))));
                }
                let mut related = vec![Self::host_object(&c.host)];
                related.extend(self.containers_on(&c.host).filter(|o| o.app() == c.app() && o.cid != c.cid).map(|o| events::object(o)));
                Some(Inspection {
                    object: object.clone(),
                    title: format!("{name} on {} · {word}", c.host),
                    health,
                    tabs: vec![
                        ("inspect", format!("{stale}{}", pretty(self.inspect_container(c)))),
                        ("logs", format!("{stale}{logs}")),
                        ("events", format!("{stale}{of}")),
                    ],
                    related,
                    actions,
                    placing: None,
                })
            }
            "host" | "engine" => {
                let view = self.setup.hosts.iter().find(|h| h.name == object.name).map(|h| self.host_view(&h.name, now))?;
                let until = self.known_until(&object.name, now);
                let mut copies: Vec<CopyView> = self.containers_on(&object.name).map(|c| self.copy_view(self.known(c), until)).collect();
                copies.sort_by_cached_key(|c| super::text::natural_key(&c.label));
                let rows: Vec<Vec<String>> =
                    copies.iter().map(|c| vec![c.object.name.to_string(), c.word.to_string(), c.detail.clone()]).collect();
                let of: String = self
                    .engine(&object.name)
                    .events
                    .iter()
                    .rev()
                    .filter(|e| e.at <= until)
                    .map(|e| format!("{} {} {} {}\n", e.at.clock(), e.kind, e.action, e.name()))
                    .collect();
                let stale = self.stale(&object.name, now);
                let table = super::text::table(&["NAME", "STATUS", ""], &rows);
                Some(Inspection {
                    object: object.clone(),
                    title: format!("{} · {} {}", view.name, view.word, view.detail),
                    health: view.health,
                    tabs: vec![("containers", format!("{stale}{table}")), ("events", format!("{stale}{of}"))],
                    related: view.copies.iter().map(|c| c.object.clone()).collect(),
                    actions: vec![("select".into(), format!("docker context use {}", view.name))],
                    placing: None,
                })
            }
            "service" => {
                let copies = self.copies_named(&object.name);
                let all: Vec<&Arc<Container>> = copies.iter().filter_map(|c| self.containers.get(c)).collect();
                let rows: Vec<Vec<String>> =
                    all.iter().map(|c| vec![c.name.to_string(), c.host.to_string(), self.health_of(c, now).1]).collect();
                (!all.is_empty()).then(|| Inspection {
                    object: object.clone(),
                    title: format!("{} · {} {}", object.name, all.len(), if all.len() == 1 { "copy" } else { "copies" }),
                    health: all.iter().map(|c| self.health_of(c, now).0).max().unwrap_or_default(),
                    tabs: vec![("copies", super::text::table(&["NAME", "HOST", "STATUS"], &rows))],
                    related: all.iter().map(|c| events::object(c)).collect(),
                    actions: Vec::new(),
                    placing: None,
                })
            }
            _ => None,
        }
    }

    /// Log lines of a container, oldest first.
    pub fn log_lines(&self, c: &Container) -> crate::kernel::List<(SimTime, Arc<str>)> {
        c.machine.map(|m| self.machine.logs(m)).unwrap_or_default()
    }
}
