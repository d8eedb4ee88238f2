//! The registry of controllers: a new one is one file and one entry here.

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Config, Ctl};

use super::queue::Item;
use super::{
    Manager, Next, Outcome, deployment, disruption, endpointslice, garbage, namespace, nodelifecycle, podgc, replicaset, servicelb,
    tainteviction, volumes,
};

/// Names a controller; the number is its place in [`CONTROLLERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    Deployment,
    ReplicaSet,
    EndpointSlice,
    NodeLifecycle,
    NodeTaints,
    TaintEviction,
    Garbage,
    Namespace,
    Accounts,
    PodGc,
    ServiceLb,
    Disruption,
    Volumes,
    StorageProtection,
}

/// A period by configuration.
pub type Period = fn(&Config) -> SimDuration;

/// What the framework must know of a controller.
pub struct Info {
    pub id: Id,
    /// The component that events and the journal name.
    pub actor: &'static str,
    /// Kinds it watches; empty = all.
    pub watches: &'static [Kind],
    pub observe: fn(&mut Manager, &WatchEvent, &mut Ctl),
    pub sync: fn(&mut Manager, &Item, &mut Ctl) -> Outcome,
    /// A periodic loop: its period by configuration, and whether the first turn comes at once.
    pub period: Option<(Period, bool)>,
    pub tick: fn(&mut Manager, &mut Ctl),
    /// Gives a key up after so many failures; None = never.
    pub max_retries: Option<u32>,
    /// Turns the usual back-off into this controller's own.
    pub retry: Option<fn(SimDuration) -> SimDuration>,
    /// Counts its requests itself, because it stops in the middle of a reconcile when the client's limit is reached.
    pub paces_itself: bool,
}

const fn controller(
    id: Id,
    actor: &'static str,
    watches: &'static [Kind],
    observe: fn(&mut Manager, &WatchEvent, &mut Ctl),
    sync: fn(&mut Manager, &Item, &mut Ctl) -> Outcome,
) -> Info {
    Info { id, actor, watches, observe, sync, period: None, tick: no_tick, max_retries: None, retry: None, paces_itself: false }
}

/// Every controller, in the order of [`Id`].
pub const CONTROLLERS: &[Info] = &[
    // pkg/controller/deployment/deployment_controller.go: maxRetries 15
    Info {
        max_retries: Some(15),
        ..controller(Id::Deployment, "deployment-controller", deployment::WATCHES, deployment::observe, deployment::sync)
    },
    Info {
        paces_itself: true,
        ..controller(Id::ReplicaSet, "replicaset-controller", replicaset::WATCHES, replicaset::observe, replicaset::sync)
    },
    Info {
        max_retries: Some(15),
        retry: Some(endpointslice::slow_retry),
        ..controller(Id::EndpointSlice, "endpointslice-controller", endpointslice::WATCHES, endpointslice::observe, endpointslice::sync)
    },
    Info {
        period: Some((nodelifecycle::period, true)),
        tick: nodelifecycle::tick,
        ..controller(Id::NodeLifecycle, "node-controller", nodelifecycle::WATCHES, nodelifecycle::observe, nodelifecycle::sync)
    },
    controller(Id::NodeTaints, "node-controller", NOTHING, no_observe, nodelifecycle::taint_pass),
    controller(Id::TaintEviction, "taint-eviction-controller", tainteviction::WATCHES, tainteviction::observe, tainteviction::sync),
    controller(Id::Garbage, "garbage-collector", &[], garbage::observe, garbage::sync),
    // Deletes whole collections with single requests, so it does not count them one by one.
    Info {
        paces_itself: true,
        ..controller(Id::Namespace, "namespace-controller", namespace::WATCHES, namespace::observe, namespace::sync)
    },
    controller(
        Id::Accounts,
        "serviceaccount-controller",
        namespace::accounts::WATCHES,
        namespace::accounts::observe,
        namespace::accounts::sync,
    ),
    Info {
        period: Some((podgc::period, false)),
        tick: podgc::tick,
        ..controller(Id::PodGc, "pod-garbage-collector", NOTHING, no_observe, no_sync)
    },
    controller(Id::ServiceLb, "service-controller", servicelb::WATCHES, servicelb::observe, servicelb::sync),
    controller(Id::Disruption, "controllermanager", disruption::WATCHES, disruption::observe, disruption::sync),
    Info {
        period: Some((volumes::period, false)),
        tick: volumes::tick,
        ..controller(Id::Volumes, "persistentvolume-controller", volumes::WATCHES, volumes::observe, volumes::sync)
    },
    controller(
        Id::StorageProtection,
        "pvc-protection-controller",
        volumes::protection::WATCHES,
        volumes::protection::observe,
        volumes::protection::sync,
    ),
];

/// Marks a controller without informers: no such kind ever comes.
const NOTHING: &[Kind] = &[Kind::CsiDriver];

impl Id {
    pub fn info(self) -> &'static Info {
        &CONTROLLERS[self as usize]
    }
}

fn no_tick(_: &mut Manager, _: &mut Ctl) {}

fn no_observe(_: &mut Manager, _: &WatchEvent, _: &mut Ctl) {}

fn no_sync(_: &mut Manager, _: &Item, _: &mut Ctl) -> Outcome {
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_in_order() {
        for (n, info) in CONTROLLERS.iter().enumerate() {
            assert_eq!(info.id as usize, n, "{}", info.actor);
        }
    }
}
