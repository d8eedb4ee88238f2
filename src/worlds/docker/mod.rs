//! The Docker world: engine hosts that know nothing of each other, what a shop puts around them (a proxy, a person with a pager), and the
//! `docker` command.
//!
//! One file per concern of the engine, `console/` one file per verb. May use kernel, model, document and machine; knows nothing of Compose:
//! `worlds/compose` stands on the public functions here and registers itself as a CLI plugin, as the real one does.
//! Fidelity: Docker Engine and CLI as described in the project's reference; each constant names its upstream file.

pub mod console;
pub mod container;
pub mod create;
mod daemon;
pub mod engine;
mod events;
mod exec;
mod facts;
mod faults;
pub mod healthcheck;
pub mod images;
mod inspect;
mod known;
mod last_seen;
pub mod lifecycle;
pub mod networks;
pub mod operator;
pub mod ports;
pub mod proxy;
pub mod restart;
mod roads;
mod routing;
pub mod session;
pub mod setup;
mod show;
pub mod template;
#[cfg(test)]
mod tests;
pub mod text;
pub mod volumes;
mod world;

use std::sync::Arc;

pub(crate) use crate::kernel::Cx;
use crate::kernel::{Agenda, Map, RecordId, Set, SimTime, Streams};
use crate::machine::{ContainerId, HostName, Machine, PullId};

pub use container::{Cid, Container};
pub use engine::{Daemon, Engine, EngineError};
pub use session::{Io, Owner, Reply, Script};
pub use setup::{DockerError, DockerSetup, HostSetup, ProxyKind, ProxySetup};

/// What an instance plans for itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// The engine has set up namespaces and networks: the runtime may start the process.
    Launch(Cid, u64),
    /// The restart policy's delay is over.
    Restart(Cid, u64),
    /// The grace of a stop is over.
    StopTimeout(Cid, u64),
    /// The next health check is due.
    Probe(Cid, u64),
    /// A health check has ended: passed or failed with a code and an output.
    Probed(Cid, u64, healthcheck::Outcome),
    /// The daemon has finished its orderly shutdown (or waited long enough).
    DaemonStopped(HostName),
    /// The daemon comes up.
    DaemonStart(HostName),
    /// The proxy asks its backends.
    ProxyCheck,
    /// The answer of one backend to the proxy.
    ProxyAnswer { host: HostName, alive: bool },
    /// Monitoring looks at the last second.
    Watch,
    /// The operator has finished what they were doing.
    Operator(u64),
    /// A script waits for this moment.
    Nudge,
}

/// What the world knows about a name that clients call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Target {
    /// Host → (container port, host port) pairs as declared there; a host stays in the list when it dies, as clients' DNS does not know.
    pub hosts: Map<HostName, Arc<Vec<(u16, u16)>>>,
}

/// What a removed container leaves to the command that was attached to it.
#[derive(Clone, Debug)]
pub(crate) struct LastWords {
    pub exit_code: i32,
    pub error: Arc<str>,
    pub log: crate::kernel::List<(SimTime, Arc<str>)>,
}

/// The Docker world.
#[derive(Clone, Debug)]
pub struct Docker {
    pub(crate) setup: Arc<DockerSetup>,
    pub(crate) machine: Machine,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) rng: Streams,
    pub(crate) engines: Map<HostName, Arc<Engine>>,
    pub(crate) containers: Map<Cid, Arc<Container>>,
    pub(crate) next_cid: u64,
    pub(crate) by_machine: Map<ContainerId, Cid>,
    /// Pulls in progress, and their outcome once known.
    pub(crate) pulls: Map<PullId, images::PullState>,
    /// The host the console speaks to (`docker context use`).
    pub(crate) context: HostName,
    pub(crate) sessions: Map<u64, session::Session>,
    pub(crate) next_session: u64,
    /// The session whose output goes to the console.
    pub(crate) foreground: Option<u64>,
    pub(crate) plugins: Arc<Vec<&'static console::Plugin>>,
    pub(crate) proxy: Option<Arc<proxy::Proxy>>,
    pub(crate) operator: Option<Arc<operator::Operator>>,
    pub(crate) targets: Map<Arc<str>, Target>,
    pub(crate) turns: Map<Arc<str>, u64>,
    /// (host, container name) of every copy that somebody declared and nobody took back.
    pub(crate) declared: Set<(HostName, Arc<str>)>,
    pub(crate) manual_actions: u64,
    /// The last moment at which anything happened here: for questions that come without a time.
    pub(crate) last: SimTime,
    pub(crate) notes: Set<Arc<str>>,
    /// The last record of trouble: what a person would find when looking.
    pub(crate) trouble: Option<RecordId>,
    /// Events of frozen machines, kept until they run again.
    pub(crate) parked: Map<HostName, crate::kernel::List<(Option<RecordId>, Event)>>,
    /// Commands of the start that have not begun yet, per host.
    pub(crate) to_deploy: Map<HostName, crate::kernel::List<Vec<String>>>,
    /// Containers to whose output a command listens, and what those said last that are removed already.
    pub(crate) attached: Set<Cid>,
    pub(crate) last_words: Map<Cid, LastWords>,
    /// The containers as they were when a host was cut off from the operator's desk.
    pub(crate) last_seen: Map<HostName, Map<Cid, Arc<Container>>>,
    /// Faults in force, by id, with what they hit (for their end).
    pub(crate) struck: Map<Arc<str>, faults::Struck>,
}
