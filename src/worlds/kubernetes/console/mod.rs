//! kubectl: one file per verb, a registry table, printers that use `kinds/`.

/// Timers of commands that go on (`rollout status`, `drain`, `delete` waiting).
#[derive(Clone, Debug)]
pub struct Event {}
