//! The image registry and layer-wise pulls: only missing layers travel, three at a time, over the host's link.

use std::sync::Arc;

use crate::kernel::{Map, RecordId, SimDuration, SimTime};
use crate::model::{ImageRef, ImageSpec};

use super::{HostName, PullId};

/// How the registry is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryState {
    #[default]
    Up,
    /// Connections time out.
    Down,
    /// Pulls take this many percent of the usual time.
    Slow { percent: u32 },
    /// Credentials are refused.
    Denied,
}

/// Every image anyone could pull, described by the scenario or assumed.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub state: RegistryState,
    /// By canonical reference.
    pub images: Map<Arc<str>, Arc<ImageSpec>>,
    /// Bytes per second from the registry to one host.
    pub bandwidth: u64,
}

/// A finished pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullDone {
    /// Bytes that travelled; 0 if every layer was there.
    pub bytes: u64,
    pub took: SimDuration,
    /// Size of the whole image.
    pub size: u64,
}

/// Why a pull failed; the world finds its platform's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullError {
    /// The registry has no such repository or tag.
    NotFound,
    /// Nothing listens at the registry's address (a loopback registry that is not there).
    ConnectionRefused,
    /// No answer (registry outage, host cut off).
    TimedOut,
    /// Credentials missing or refused.
    Denied,
    DiskFull,
}

/// A pull in progress.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub id: PullId,
    pub host: HostName,
    pub image: ImageRef,
    pub started: SimTime,
    pub outcome: Result<u64, PullError>,
    pub cause: Option<RecordId>,
}
