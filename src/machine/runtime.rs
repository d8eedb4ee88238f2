//! Containers as the runtime sees them: created, running, exited. No restart policy, no probe schedule.

use std::sync::Arc;

use crate::kernel::{RecordId, SimTime};
use crate::model::{ImageRef, ImageSpec};

use super::program::Program;
use super::{Backlog, HostName};

/// Numbers a container for the life of a world; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u64);

/// What to run.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// For people: `shop-1`, `default/web-x2kqp/nginx`.
    pub name: Arc<str>,
    pub image: ImageRef,
    /// Replaces the image's program if not empty (`command`/entrypoint and arguments).
    pub argv: Vec<Arc<str>>,
    pub env: Vec<(Arc<str>, Arc<str>)>,
    /// Bytes; None = all of the host.
    pub memory_limit: Option<u64>,
    /// Thousandths of a core; None = all of the host.
    pub cpu_limit_milli: Option<u32>,
    pub mounts: Vec<Mount>,
    /// A real init (tini) is process 1: it forwards signals, so a program without handler dies of SIGTERM.
    pub init: bool,
}

/// Something mounted into a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    pub source: MountSource,
    pub path: Arc<str>,
    pub read_only: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    Volume(Arc<str>),
    HostPath(Arc<str>),
    /// Files given in place (ConfigMap, Secret): name → content.
    Files(Arc<Vec<(Arc<str>, Arc<str>)>>),
    Scratch,
}

/// Where a container is in its life.
#[derive(Clone, Debug, PartialEq)]
pub enum ContainerState {
    Created,
    /// Start was asked for, the process does not run yet.
    Starting,
    Running {
        since: SimTime,
    },
    Paused {
        since: SimTime,
    },
    Exited(Exit),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// 128 + signal for a process that died of one.
    pub code: i32,
    pub signal: Option<u8>,
    /// The kernel killed it for memory.
    pub oom_killed: bool,
    pub started: SimTime,
    pub at: SimTime,
}

/// Signals anyone sends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Term,
    Kill,
    Int,
    Hup,
    Other(u8),
}

/// Why a process could not be started (OCI runtime errors).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// exec: "…": no such file or directory (exit 127 in Docker's words).
    NotFound { path: Arc<str> },
    /// exec: "…": permission denied (exit 126).
    NotExecutable { path: Arc<str> },
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    pub id: ContainerId,
    pub host: HostName,
    pub spec: Arc<ContainerSpec>,
    /// What is known of its image; the behaviour comes from here.
    pub image: Arc<ImageSpec>,
    pub state: ContainerState,
    pub created: SimTime,
    /// Bumped at every start: stale wake-ups carry an older one.
    pub generation: u32,
    pub program: Option<Program>,
    /// Log lines with their times, oldest first (bounded).
    pub log: crate::kernel::List<(SimTime, Arc<str>)>,
    pub backlog: Backlog,
    /// The record that started it: cause of what it does by itself.
    pub cause: Option<RecordId>,
}
