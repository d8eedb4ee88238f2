//! Floor 3, the substrate: hosts, the container runtime, images and pulls, links, volumes, and the serving of requests.
//!
//! The same for every world, so that a difference on screen is a difference of orchestration. It knows neither restart policies nor
//! probe schedules: it runs what it is told to run and reports what happened as [`Notice`]s. It may use `kernel` and `model`.
//!
//! How it works:
//! - **Driven by events.** [`Machine::next_at`] and [`Machine::step`] are its clock; an event is the begin of a process, a program's next
//!   interesting moment (one planned wake-up per container, replaced whenever something changes), a death, the end of a pull or a boot.
//!   What nobody can observe costs nothing: a leak is a formula whose crossing of the limit is planned, an endless loop of sleeps is a state.
//! - **Programs** (`program/`) are the image's app or a shell script: text → tree (`lex`, `parse`) → instructions (`compile`) → processes
//!   (`shell`) that stop anywhere and are copied with the rest. They live in ages, not times, so a freeze only stops their clock. Process 1
//!   is shielded from signals it does not handle, a handler waits for the sleep in the foreground, as on Linux.
//! - **Connections** (`roads`) that a program opens go where the world says that names and addresses lead, and are taken by whoever listens
//!   there. The world is asked at the moment of the connection, so what it answers is never out of date.
//! - **Requests** (`serving`) come in batches and are handled by arithmetic: a copy is one queue with a time at which it is free; answers,
//!   timeouts and errors are entries in two lists ordered by time, which [`Machine::settle`] moves to the ledger. A death resets what is in
//!   flight, a power cut leaves it to time out, a freeze or hang holds it until the copy recovers or the client gives up.
//! - **Everything is bounded** (instructions per slice, processes, words, log lines, file sizes): scripts are untrusted input.
//! - **Cheap copies**: containers are shared pointers in persistent maps; only what changes after a checkpoint is copied.

mod exec;
mod host;
mod network;
mod program;
mod registry;
pub mod roads;
mod runtime;
mod serving;
mod volume;

#[cfg(test)]
mod tests;

pub use host::{Host, HostSpec, HostState};
pub use network::Network;
pub use program::{ExecResult, ProbeAction, ProbeAnswer, ProbeOutcome, Program};
pub use registry::{PullDone, PullError, Registry, RegistryState};
pub use roads::{Answer, Caller, NoRoads, Place, Roads, Way};
pub use runtime::{
    Container, ContainerId, ContainerSpec, ContainerState, Exit, KILL_LATENCY, Mount, MountSource, START_LATENCY, Signal, StartError,
};
pub use serving::{Backlog, Serve};
pub use volume::Volume;

use std::sync::Arc;

use crate::kernel::{Agenda, Map, RecordId, SimTime, Stream};
use crate::model::{ImageSpec, Ledger};

/// Name of a machine.
pub type HostName = Arc<str>;

/// Numbers a pull in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PullId(pub u64);

/// Something happened on the substrate; the world decides what it means.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The record that led to it (what started the container, asked for the pull, injected the fault).
    pub cause: Option<RecordId>,
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The process of a container runs (some time after `start` was asked for).
    Started {
        id: ContainerId,
    },
    /// The process could not be started (no such executable, …).
    StartFailed {
        id: ContainerId,
        error: StartError,
    },
    /// The process is gone.
    Exited {
        id: ContainerId,
        exit: Exit,
    },
    PullFinished {
        pull: PullId,
        host: HostName,
        image: Arc<str>,
        result: Result<PullDone, PullError>,
    },
    /// A machine lost power: all its containers are gone without a word.
    HostDown {
        host: HostName,
    },
    /// A machine has finished booting; nothing runs on it yet.
    HostUp {
        host: HostName,
    },
}

/// Events the substrate plans for itself.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A container's process begins to run.
    Begin(ContainerId, u32),
    /// A program's next step is due (sleep over, leak reaches the limit, grace over); the number guards against stale wake-ups.
    Wake(ContainerId, u32),
    /// A process that was killed ends.
    Die(ContainerId, u32, runtime::Death),
    PullDone(PullId),
    Booted(HostName),
}

/// All machines of one world and what runs on them. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) agenda: Agenda<Event>,
    pub(crate) hosts: Map<HostName, Host>,
    /// How often one of them came, started or stopped.
    power_changes: u64,
    pub(crate) containers: Map<ContainerId, Arc<Container>>,
    pub(crate) next_container: u64,
    pub(crate) pulls: Map<PullId, registry::Pull>,
    pub(crate) next_pull: u64,
    pub registry: Registry,
    pub network: Network,
    pub(crate) volumes: Map<(HostName, Arc<str>), Volume>,
    pub(crate) shared: program::Shared,
    pub ledger: Ledger,
    pub(crate) flights: serving::Flights,
    pub(crate) chance: Stream,
}

impl Machine {
    /// A world's machines: the images the scenario describes, and the bytes per second between the registry and one host (0: the
    /// default). Seed and world name the stream from which a connection's other end is drawn where there are several.
    pub fn new(seed: u64, world: &str, images: Vec<ImageSpec>, bandwidth: u64) -> Self {
        let images = images.into_iter().map(|i| (Arc::from(i.reference.canonical()), Arc::new(i))).collect();
        Self {
            agenda: Agenda::default(),
            hosts: Map::new(),
            power_changes: 0,
            containers: Map::new(),
            next_container: 1,
            pulls: Map::new(),
            next_pull: 1,
            registry: Registry { images, bandwidth, ..Registry::default() },
            network: Network::default(),
            volumes: Map::new(),
            shared: Map::new(),
            ledger: Ledger::default(),
            flights: serving::Flights::default(),
            chance: Stream::derive(seed, &format!("{world}/connections")),
        }
    }

    /// When the next event of the substrate is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.agenda.next_at()
    }

    /// Handles exactly one due event; `roads` says where connections lead that programs open meanwhile.
    pub fn step(&mut self, now: SimTime, roads: &dyn Roads) -> Vec<Notice> {
        if self.next_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let Some(due) = self.agenda.pop() else { return Vec::new() };
        match due.event {
            Event::Begin(id, generation) => self.begin(id, generation, now, due.cause),
            Event::Wake(id, generation) => self.wake(id, generation, now, roads),
            Event::Die(id, generation, death) => self.die(id, generation, death, now, due.cause),
            Event::PullDone(id) => self.pull_done(id, now),
            Event::Booted(host) => self.booted(&host, now, due.cause),
        }
    }
}
