//! kubectl: one file per verb, a registry table, printers that use `kinds/`.
//!
//! May use the world it belongs to, `document` for manifests and YAML; prints nothing itself: every verb returns its output.

use crate::kernel::Cx;
use crate::worlds::{Files, Output};

use super::api::meta::Name;
use super::api::store::WatchEvent;
use super::{Ctl, Kubernetes};

/// Timers of commands that go on (`drain` retries, `delete` waiting).
#[derive(Clone, Debug)]
pub struct Event {}

/// What kubectl remembers between commands: the context's namespace, and the command that goes on.
#[derive(Clone, Debug)]
pub struct State {
    /// The namespace of the current context.
    pub namespace: Name,
}

impl Default for State {
    fn default() -> Self {
        Self { namespace: "default".into() }
    }
}

impl State {
    /// A watch event; a command that goes on may have something to say about it.
    pub(crate) fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    pub(crate) fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
}

/// Runs one command line; `argv[0]` is `kubectl`.
pub fn run(world: &mut Kubernetes, argv: &[String], files: &dyn Files, cx: &mut Cx) -> Output {
    let _ = (world, argv, files, cx);
    Output { stderr: "error: kubectl is not there yet\n".into(), exit: 1, ..Output::default() }
}

/// Output of the command that goes on, since the last call; `running` false ends it.
pub fn poll(world: &mut Kubernetes, cx: &mut Cx) -> Output {
    let _ = (world, cx);
    Output::default()
}

/// Ctrl-c.
pub fn interrupt(world: &mut Kubernetes) {
    let _ = world;
}

/// What the next word could be.
pub fn complete(world: &Kubernetes, argv: &[String]) -> Vec<String> {
    let _ = (world, argv);
    Vec::new()
}
