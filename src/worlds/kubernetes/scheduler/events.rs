//! Changes of the cluster that may let a rejected pod fit (pkg/scheduler/framework/events.go).

use std::sync::Arc;

use crate::worlds::kubernetes::api::object::Object;
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
    /// One of the other objects that plugins look at: before and after; None where it is not there.
    Other(Option<Object>, Option<Object>),
}

impl ClusterEvent {
    /// An object of this kind that appeared or changed: before, and now.
    pub fn of_kind(&self, kind: Kind) -> Option<(Option<&Object>, &Object)> {
        match self {
            Self::Other(old, Some(new)) if new.kind() == kind => Some((old.as_ref(), new)),
            _ => None,
        }
    }
    /// An object of this kind appeared.
    pub fn added(&self, kind: Kind) -> Option<&Object> {
        self.of_kind(kind).filter(|(old, _)| old.is_none()).map(|(_, new)| new)
    }
    /// An object of this kind is gone.
    pub fn gone(&self, kind: Kind) -> bool {
        matches!(self, Self::Other(Some(old), None) if old.kind() == kind)
    }
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
