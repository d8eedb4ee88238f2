//! The operator: a person with a pager, who needs time to wake up, log in and understand.

use std::sync::Arc;

use crate::kernel::SimDuration;

/// How long each step of a person's reaction takes, and what they then type.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatorSpec {
    /// Requests must fail this long before monitoring rings the pager.
    pub page_after: SimDuration,
    pub acknowledge: SimDuration,
    pub log_in: SimDuration,
    pub diagnose: SimDuration,
    pub runbook: Vec<RunbookStep>,
    /// Chance in percent that a step is mistyped and has to be done again.
    pub error_percent: u32,
}

/// One line of the runbook: a real command on a host, and the time it takes to decide on it and type it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunbookStep {
    /// The host whose engine the command talks to; None = the one that is affected.
    pub on: Option<Arc<str>>,
    /// A `docker …` command, or `proxy remove HOST`, `proxy add HOST`, `power-on HOST`.
    pub run: Arc<str>,
    pub takes: SimDuration,
}
