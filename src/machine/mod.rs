//! Floor 3, the substrate: hosts, the container runtime, images and pulls, links, volumes, and the serving of requests.
//!
//! The same for every world, so that a difference on screen is a difference of orchestration. It knows neither restart policies nor
//! probes schedules: it runs what it is told to run and reports what happened as [`Notice`]s. It may use `kernel` and `model`.

mod api_stub;
mod host;
mod network;
mod program;
mod registry;
mod runtime;
mod serving;
mod volume;

pub use api_stub::START_LATENCY;
pub use host::{Host, HostSpec, HostState};
pub use network::Network;
pub use program::{ExecResult, ProbeAction, ProbeAnswer, ProbeOutcome, Program};
pub use registry::{PullDone, PullError, Registry, RegistryState};
pub use runtime::{Container, ContainerId, ContainerSpec, ContainerState, Exit, Mount, MountSource, Signal, StartError};
pub use serving::{Backlog, Serve};
pub use volume::Volume;

use std::sync::Arc;

use crate::kernel::{Agenda, Map, RecordId, Streams};
use crate::model::Ledger;

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
    PullDone(PullId),
    Booted(HostName),
}

/// All machines of one world and what runs on them. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) agenda: Agenda<Event>,
    pub(crate) rng: Streams,
    pub(crate) hosts: Map<HostName, Host>,
    pub(crate) containers: Map<ContainerId, Container>,
    pub(crate) next_container: u64,
    pub(crate) pulls: Map<PullId, registry::Pull>,
    pub(crate) next_pull: u64,
    pub registry: Registry,
    pub network: Network,
    pub(crate) volumes: Map<(HostName, Arc<str>), Volume>,
    pub ledger: Ledger,
    pub(crate) flights: serving::Flights,
}
