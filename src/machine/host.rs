//! Machines: capacity, power, what their disk holds.

use std::sync::Arc;

use crate::kernel::{Set, SimDuration, SimTime};

use super::HostName;

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
}
