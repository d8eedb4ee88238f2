//! What the process in a container does: an app described by its image, or a small shell script from the command line.

use std::sync::Arc;

use crate::kernel::SimDuration;

/// A running program's state.
#[derive(Clone, Debug)]
pub struct Program {}

/// One question of a health check or probe.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeAction {
    Http { path: Arc<str>, port: u16 },
    Tcp { port: u16 },
    Grpc { port: u16 },
    Exec { argv: Vec<Arc<str>> },
}

/// What came back, and how long that took.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeAnswer {
    pub outcome: ProbeOutcome,
    pub takes: SimDuration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProbeOutcome {
    /// HTTP 200, an open port, exit status 0.
    Ok,
    HttpStatus(u16),
    ConnectionRefused,
    /// Nothing comes back; the caller's timeout decides.
    NoAnswer,
    ExecExit {
        code: i32,
        output: Arc<str>,
    },
}

/// What a command run inside a container printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecResult {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub takes: SimDuration,
}
