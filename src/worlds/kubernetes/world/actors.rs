//! The names under which components act, kept ready: they are needed at every event.

use super::super::api::meta::Name;

/// The components of the control plane, the nodes' proxies, and the person.
#[derive(Clone, Debug)]
pub(crate) struct Actors([Name; 4]);

impl Default for Actors {
    fn default() -> Self {
        Self(["kube-controller-manager", "default-scheduler", "kube-proxy", "you"].map(Into::into))
    }
}

impl Actors {
    /// This name, shared if it is one of the usual ones.
    pub fn name(&self, actor: &str) -> Name {
        self.0.iter().find(|a| ***a == *actor).cloned().unwrap_or_else(|| actor.into())
    }
}
