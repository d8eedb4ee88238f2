//! Volumes: data that outlives a container but stays on its machine.

use std::sync::Arc;

use crate::kernel::SimTime;

use super::HostName;

/// A local volume on one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub host: HostName,
    pub name: Arc<str>,
    pub created: SimTime,
    /// Bytes that programs have written: nothing here is nothing to lose.
    pub bytes: u64,
}
