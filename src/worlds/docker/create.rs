//! How containers come to be, are renamed, and go: create, rename, remove.
//!
//! Sources: moby daemon/{create,rename,delete}.go, daemon/daemon_unix.go (limits).

use std::sync::Arc;

use crate::machine::Signal;

use super::container::{Cid, Config, Container, State, Stopping, Then};
use super::engine::EngineError;
use super::events::change_entry;
use super::networks::{Endpoint, PREDEFINED, valid_name};
use super::restart::{Backoff, RestartPolicy};
use super::volumes::MountKind;
use super::{Cx, Docker};

/// The smallest memory limit (daemon/daemon_unix.go: linuxMinMemory).
pub const MIN_MEMORY: u64 = 6 * 1024 * 1024;

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
        let record = cx.record_as_cause(change_entry(None, Some(container)));
        self.touch(cid, |c| c.cause = Some(record));
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
        if let (Some(m), Some(s)) = (config.memory, config.memory_swap)
            && s > 0
            && (s as u64) < m
        {
            return Err(EngineError::invalid("Minimum memoryswap limit should be larger than memory limit, see usage"));
        }
        if let (Some(m), Some(r)) = (config.memory, config.memory_reservation)
            && r > m
        {
            return Err(EngineError::invalid("Minimum memory limit can not be less than memory reservation limit, see usage"));
        }
        let cpus = self.machine.host(host).map_or(1, |h| (h.spec.cpu_milli / 1000).max(1));
        if config.cpus_milli.is_some_and(|c| !(10..=cpus * 1000).contains(&c)) {
            return Err(EngineError::invalid(format!("range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available")));
        }
        let user_network = !PREDEFINED.contains(&&*config.network_mode);
        let first = config.networks.first();
        if !user_network && first.is_some_and(|(_, _, ip)| ip.is_some()) {
            return Err(EngineError::invalid("user specified IP address is supported on user defined networks only"));
        }
        if !user_network && first.is_some_and(|(_, aliases, _)| !aliases.is_empty()) {
            return Err(EngineError::invalid("network-scoped aliases are only supported for user-defined networks"));
        }
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
                if let MountKind::Volume(Some(name)) = &m.kind
                    && self.engine(&c.host).volumes.get(name).is_some_and(|v| v.anonymous)
                {
                    let _ = self.volume_remove(&c.host, name, cx);
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
