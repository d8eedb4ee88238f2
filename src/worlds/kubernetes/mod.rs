//! The Kubernetes world, laid out like the real components so that whoever knows Kubernetes finds their way at once.
//!
//! `api/` is the API server with its store, `kinds/` what it knows, `controllers/` kube-controller-manager, `scheduler/`
//! kube-scheduler, `kubelet/` the node agents, `network/` kube-proxy and DNS, `console/` kubectl. Components speak only through the
//! store: they write with [`Ctl`] and hear of writes through watches, a moment later, with the cause attached.

pub mod api;
pub mod kinds;

use std::sync::Arc;

use crate::kernel::{Agenda, Cx, Streams};
use crate::machine::{ContainerId, ExecResult, Machine, NoRoads, ProbeAction, ProbeAnswer};

use api::meta::{Key, Name};
use api::object::{Event as EventObject, Object};
use api::{Api, ApiError};
use kinds::Kind;

/// The hands of a component: the API, the substrate, its timers, chance, configuration and the context of what it is doing.
pub struct Ctl<'a> {
    pub api: &'a mut Api,
    pub machine: &'a mut Machine,
    pub agenda: &'a mut Agenda<Event>,
    pub rng: &'a mut Streams,
    pub config: &'a Config,
    pub cx: Cx<'a>,
    /// Who acts: `deployment-controller`, `kubelet node-1`, `default-scheduler`, `you`.
    pub actor: Name,
    /// The way to others from inside a pod, for those who run programs there; and whether the API server answers.
    pub network: Option<(&'a network::Network, bool)>,
}

/// What the world plans for itself: one variant per component, whose own events are opaque here.
#[derive(Clone, Debug)]
pub enum Event {
    /// Writes reach the watchers.
    Watch(Arc<Vec<api::store::WatchEvent>>),
    Controller(controllers::Event),
    Scheduler(scheduler::Event),
    /// For the kubelet of this node.
    Kubelet(Name, kubelet::Event),
    Network(network::Event),
    Console(console::Event),
}

impl Ctl<'_> {
    /// Runs a command in a container.
    pub fn exec(&mut self, id: ContainerId, argv: &[Arc<str>]) -> ExecResult {
        let now = self.cx.now;
        match self.network {
            Some((network, api_up)) => {
                self.machine.exec(id, argv, now, &network::roads::ClusterRoads { store: &self.api.store, network, api_up })
            }
            None => self.machine.exec(id, argv, now, &NoRoads),
        }
    }

    /// Asks a container one question of a probe.
    pub fn probe(&mut self, id: ContainerId, action: &ProbeAction) -> ProbeAnswer {
        let now = self.cx.now;
        match self.network {
            Some((network, api_up)) => {
                self.machine.probe(id, action, now, &network::roads::ClusterRoads { store: &self.api.store, network, api_up })
            }
            None => self.machine.probe(id, action, now, &NoRoads),
        }
    }

    /// Plans an event of a component after `delay`, with the present cause.
    pub fn after(&mut self, delay: crate::kernel::SimDuration, event: Event) -> crate::kernel::Token {
        self.agenda.schedule(self.cx.now + delay, self.cx.cause, event)
    }

    /// Creates an object after admission and defaulting. `why` is the journal's sentence.
    ///
    /// # Errors
    /// What the API server answers.
    pub fn create(&mut self, object: impl Into<Object>, why: &str) -> Result<Object, ApiError> {
        let mut object = object.into();
        kinds::admit(&mut object, self.api, self.config)?;
        self.api.create(object, &mut self.cx, &self.actor, why)
    }

    /// Writes the spec or metadata of an object (bumps the generation if `spec_changed`).
    ///
    /// # Errors
    /// What the API server answers: `Conflict` if the object's resourceVersion is old, `NotFound`.
    pub fn update(&mut self, object: impl Into<Object>, spec_changed: bool, why: &str) -> Result<Object, ApiError> {
        self.api.update(object.into(), spec_changed, &mut self.cx, &self.actor, why)
    }

    /// Writes the status of an object; the generation stays.
    ///
    /// # Errors
    /// See [`Ctl::update`].
    pub fn update_status(&mut self, object: impl Into<Object>, why: &str) -> Result<Object, ApiError> {
        self.api.update(object.into(), false, &mut self.cx, &self.actor, why)
    }

    /// Deletes an object the way a client's DELETE does: pods get their grace, objects with finalizers stay until those are gone.
    ///
    /// # Errors
    /// `NotFound`, `ServiceUnavailable`.
    pub fn delete(&mut self, kind: Kind, key: &Key, options: DeleteOptions, why: &str) -> Result<(), ApiError> {
        deletion::delete(self, kind, key, options, why)
    }

    /// Writes a Kubernetes Event about an object (counted up if the same was said before) and its journal record.
    pub fn event(&mut self, about: &Object, warning: bool, reason: &'static str, message: &str) {
        self.event_at(about, "", warning, reason, message);
    }

    /// The same, about a part of the object (`spec.containers{web}`).
    pub fn event_at(&mut self, about: &Object, field_path: &str, warning: bool, reason: &'static str, message: &str) {
        events::write(self, about, field_path, warning, reason, message);
    }
}

/// Options of a DELETE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds; None = the object's own (pods: terminationGracePeriodSeconds).
    pub grace_s: Option<i64>,
    /// `Background` (default), `Foreground`, `Orphan`.
    pub propagation: Propagation,
    /// Refuse unless the object still has this uid.
    pub uid: Option<Name>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    #[default]
    Background,
    Foreground,
    Orphan,
}

#[allow(unused_imports, reason = "re-exported for components")]
pub(crate) use api::object as objects;

pub mod config;
pub mod console;
pub mod controllers;
mod deletion;
mod events;
pub mod eviction;
pub mod kubelet;
pub mod network;
pub mod scheduler;
mod storage;
mod world;

pub use config::Config;
pub use world::{Kubernetes, KubernetesSetup, NodeSetup, SetupError};

#[allow(dead_code, reason = "used by the event writer")]
type EventRecord = EventObject;
