//! Changes of the cluster that may let a rejected pod fit (pkg/scheduler/framework/events.go).

use std::sync::Arc;

use crate::worlds::kubernetes::kinds::Kind;

use super::cache::NodeFixed;
use super::pod::PodInfo;

/// A change, with both sides where a hint needs them.
#[derive(Clone, Debug)]
pub enum ClusterEvent {
    NodeAdd(Arc<NodeFixed>),
    NodeUpdate(Arc<NodeFixed>, Arc<NodeFixed>),
    NodeDelete(Arc<NodeFixed>),
    /// A pod was placed.
    PodAdd(Arc<PodInfo>),
    /// A placed pod changed.
    PodUpdate(Arc<PodInfo>, Arc<PodInfo>),
    /// A placed pod is gone (deleted or finished).
    PodDelete(Arc<PodInfo>),
    /// The waiting pod itself changed.
    Own(Arc<PodInfo>, Arc<PodInfo>),
    /// A storage object appeared or changed (true) or went (false).
    Storage(Kind, bool),
}

/// What a plugin says to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Changes nothing for the pod.
    Skip,
    /// The pod may fit now: try it, after its back-off.
    Queue,
}

impl Hint {
    pub fn when(yes: bool) -> Self {
        if yes { Self::Queue } else { Self::Skip }
    }
}
