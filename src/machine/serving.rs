//! Requests inside the substrate: each running copy's backlog, and what is in flight.

use crate::kernel::SimDuration;
use std::sync::Arc;

/// A batch of requests handed to one copy.
#[derive(Clone, Debug)]
pub struct Serve {
    pub stream: Arc<str>,
    pub count: u32,
    pub timeout: SimDuration,
}

/// Work waiting at one copy.
#[derive(Clone, Debug, Default)]
pub struct Backlog {}

/// Requests whose outcome lies in the future.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights {}
