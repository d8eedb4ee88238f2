//! One engine: its daemon, its names, and how a container is found.

use std::sync::Arc;

use crate::kernel::{List, Map, RecordId, SimTime};
use crate::machine::{HostName, HostState};
use crate::model::LinkEnd;

use super::container::{Cid, Container};
use super::events::EngineEvent;
use super::networks::Network;
use super::ports::Proto;
use super::volumes::VolumeInfo;
use super::{Cx, Docker};

/// Whether the daemon answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    Up,
    /// An orderly shutdown: containers are being stopped.
    Stopping,
    Down,
    /// The machine is up, the daemon will be soon.
    Starting,
}

/// From a booted machine to a daemon that answers and has restored its containers (measured: about 1.5 s).
pub const DAEMON_START: crate::kernel::SimDuration = crate::kernel::SimDuration::from_millis(1500);

/// Who holds a port: address (empty = all) and container.
pub type PortUsers = Vec<(Arc<str>, Cid)>;

/// One host's engine.
#[derive(Clone, Debug)]
pub struct Engine {
    pub host: HostName,
    pub daemon: Daemon,
    pub since: SimTime,
    pub live_restore: bool,
    pub default_stop_timeout: i64,
    pub names: Map<Arc<str>, Cid>,
    pub networks: Map<Arc<str>, Network>,
    /// Published ports in use: (host port, protocol) → (address, container).
    pub ports: Map<(u16, Proto), PortUsers>,
    /// Where the search for a random port begins.
    pub next_port: u16,
    pub volumes: Map<Arc<str>, VolumeInfo>,
    /// The last 256 events (daemon/events/events.go: eventsLimit).
    pub events: List<EngineEvent>,
    /// The daemon comes back by itself once it is down (a restart), or stays down.
    pub start_when_down: bool,
    /// The record that led to the daemon's present state.
    pub cause: Option<RecordId>,
}

/// What the engine answers when it refuses: the text after "Error response from daemon: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    pub status: u16,
    pub message: String,
}

impl EngineError {
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: 404, message: message.into() }
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self { status: 409, message: message.into() }
    }
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }
    pub fn internal(message: impl Into<String>) -> Self {
        Self { status: 500, message: message.into() }
    }
}

impl Engine {
    pub fn new(host: HostName, live_restore: bool, default_stop_timeout: i64, networks: Map<Arc<str>, Network>) -> Self {
        Self {
            host,
            daemon: Daemon::Up,
            since: SimTime::ZERO,
            live_restore,
            default_stop_timeout,
            names: Map::new(),
            networks,
            ports: Map::new(),
            next_port: super::ports::EPHEMERAL.0,
            volumes: Map::new(),
            events: List::new(),
            start_when_down: false,
            cause: None,
        }
    }
}

impl Docker {
    /// The engine of a host. Hosts never disappear, so a missing one is the first.
    pub fn engine(&self, host: &str) -> &Engine {
        self.engines
            .get(host)
            .or_else(|| self.engines.values().next())
            .expect("the scenario's checker refuses a world without hosts, and none is removed")
    }
    pub(crate) fn engine_mut(&mut self, host: &str) -> &mut Engine {
        let key: HostName = if self.engines.contains_key(host) { host.into() } else { self.first_host() };
        Arc::make_mut(self.engines.get_mut(&key).expect("the key is in the map, or that of the first host"))
    }
    pub(crate) fn first_host(&self) -> HostName {
        self.engines.keys().next().cloned().unwrap_or_else(|| "".into())
    }
    pub fn hosts(&self) -> impl Iterator<Item = &HostName> {
        self.engines.keys()
    }
    /// The host the console speaks to.
    pub fn context(&self) -> &HostName {
        &self.context
    }

    pub fn container(&self, cid: Cid) -> Option<&Arc<Container>> {
        self.containers.get(&cid)
    }
    /// Containers of a host, oldest first.
    pub fn containers_on<'a>(&'a self, host: &'a str) -> impl DoubleEndedIterator<Item = &'a Arc<Container>> {
        self.containers.values().filter(move |c| &*c.host == host)
    }

    /// A container by name, id or unambiguous beginning of the id (daemon/container.go GetContainer).
    ///
    /// # Errors
    /// `No such container: x`, or that the beginning fits several.
    pub fn find(&self, host: &str, word: &str) -> Result<Cid, EngineError> {
        let engine = self.engine(host);
        let bare = word.strip_prefix('/').unwrap_or(word);
        if let Some(cid) = engine.names.get(bare) {
            return Ok(*cid);
        }
        let mut found = self.containers_on(host).filter(|c| !bare.is_empty() && c.id.starts_with(bare));
        match (found.next(), found.next()) {
            (Some(c), None) => Ok(c.cid),
            (Some(_), Some(_)) => Err(EngineError::invalid(format!("Multiple IDs found with provided prefix: {bare}"))),
            _ => Err(EngineError::not_found(format!("No such container: {word}"))),
        }
    }

    /// Why the engine of a host cannot be reached from the operator's desk; None if it answers. The CLI prints it as it is.
    pub fn unreachable(&self, host: &str) -> Option<String> {
        let state = self.machine.host(host).map(|h| h.state);
        let cut = !self.machine.network.connected(&LinkEnd::ControlPlane, &LinkEnd::Host(host.into()));
        let ssh = |why: &str| {
            // cli/connhelper: the desk reaches other machines through `docker system dial-stdio` over ssh.
            Some(format!(
                "error during connect: Get \"http://docker.example.com/v1.51/info\": command [ssh -o ConnectTimeout=30 -T -- {host} docker system dial-stdio] \
                 has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: \
                 stderr=ssh: connect to host {host} port 22: {why}"
            ))
        };
        match state {
            Some(HostState::Up) if cut => ssh("Connection timed out"),
            Some(HostState::Up) => match self.engine(host).daemon {
                Daemon::Up => None,
                _ => Some(DAEMON_DOWN.into()),
            },
            Some(HostState::Paused) => ssh("Connection timed out"),
            Some(HostState::Booting) => ssh("Connection refused"),
            _ => ssh("No route to host"),
        }
    }

    /// The record of a daemon coming or going.
    pub(crate) fn daemon_changed(&mut self, host: &str, daemon: Daemon, message: &str, cx: &mut Cx) {
        let (from, to) = (self.engine(host).daemon, daemon);
        let entry = crate::kernel::journal::Entry::new(
            crate::kernel::RecordType::Change,
            super::events::actor(host),
            "Daemon",
            crate::kernel::ObjectRef::new("engine", "", host),
            message,
        )
        .with_change(Arc::new(DaemonChange { from, to }));
        let record = cx.record_as_cause(entry);
        let now = cx.now;
        let engine = self.engine_mut(host);
        engine.daemon = daemon;
        engine.since = now;
        engine.cause = Some(record);
    }
}

/// What the CLI says when nothing listens on the socket (moby client/errors.go).
pub const DAEMON_DOWN: &str = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";

#[derive(Debug)]
struct DaemonChange {
    from: Daemon,
    to: Daemon,
}

impl crate::kernel::Change for DaemonChange {
    fn fields(&self) -> Vec<crate::kernel::FieldChange> {
        let word = |d: Daemon| format!("{d:?}").to_lowercase().into();
        vec![crate::kernel::FieldChange { path: "Daemon".into(), from: word(self.from), to: word(self.to) }]
    }
}
