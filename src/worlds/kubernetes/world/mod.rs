//! The world's state and its one loop: substrate notices to kubelets, writes to watchers, due events to their component.
//!
//! What a scenario declares is in [`setup`], what goes wrong in `faults`, the way of requests in `traffic`, and what the world shows of
//! itself in `show` and `facts`.

mod actors;
mod facts;
mod faults;
mod setup;
mod show;
mod traffic;

use std::sync::Arc;

use serde_json::Value;

use crate::kernel::{Agenda, Cx, Map, ObjectRef, Set, SimDuration, SimTime, Streams};
use crate::machine::{HostState, Machine, Notice, What};
use crate::model::{Fault, Ledger, LinkEnd};
use crate::worlds::{Arrival, Copies, Files, Misread, Output, World, view};

use super::api::Api;
use super::api::meta::Name;
use super::api::object::{Node, Object, Pod, Typed};
use super::api::store::{Store, WatchEvent};
use super::config::Config;
use super::controllers::Manager;
use super::kubelet::Kubelet;
use super::network::Network;
use super::network::roads::ClusterRoads;
use super::scheduler::Scheduler;
use super::{Ctl, Event, kubelet};

pub use setup::{KubernetesSetup, NodeSetup, SetupError};

/// From a write to the watchers' caches: one event over an open HTTP/2 stream inside one data centre.
pub const WATCH_LATENCY: SimDuration = SimDuration::from_millis(5);

/// The Kubernetes world.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    pub(crate) setup: Arc<KubernetesSetup>,
    pub(crate) config: Config,
    pub(crate) api: Api,
    pub(crate) machine: Machine,
    pub(crate) agenda: Agenda<Event>,
    pub(crate) rng: Streams,
    pub(crate) manager: Manager,
    pub(crate) scheduler: Scheduler,
    pub(crate) kubelets: Map<Name, Kubelet>,
    pub(crate) network: Network,
    /// What kubectl remembers; begins as `Default`.
    pub(crate) console: super::console::State,
    pub(crate) outages: faults::Outages,
    /// Watch batches that have not arrived.
    pub(crate) in_flight: u32,
    /// What each kubelet that hears nothing knew last: the store when it was cut off.
    pub(crate) deaf: Map<Name, Store>,
    /// Timers of kubelets on frozen machines, to run when they thaw.
    pub(crate) parked: Map<Name, Arc<Vec<Parked>>>,
    pub(crate) manual_actions: u64,
    /// Objects that somebody deleted during the run.
    pub(crate) deleted: Set<(super::kinds::Kind, super::api::meta::Key)>,
    pub(crate) notes: Set<Arc<str>>,
    pub(crate) names: traffic::Names,
    pub(crate) actors: actors::Actors,
}

/// A kubelet's timer that was due while its machine was frozen.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    cause: Option<crate::kernel::RecordId>,
    event: kubelet::Event,
}

impl Kubernetes {
    /// The next own event: substrate first, so that a component sees what its machine just did.
    pub fn next_event_at(&self) -> Option<SimTime> {
        let machine = self.machine.next_at();
        let agenda = self.agenda.next_at();
        machine.into_iter().chain(agenda).min()
    }

    /// Handles one event.
    pub fn handle_next(&mut self, cx: &mut Cx) {
        if self.machine.next_at().is_some_and(|at| at <= cx.now) {
            let roads = ClusterRoads { store: &self.api.store, network: &self.network, api_up: !self.outages.api };
            for notice in self.machine.step(cx.now, &roads) {
                self.on_notice(&notice, cx);
            }
        } else if let Some(due) = self.agenda.pop() {
            let mut cx = cx.because(due.cause);
            match due.event {
                Event::Watch(events) => self.deliver(&events, &mut cx),
                Event::Controller(e) => self.with("kube-controller-manager", &mut cx, |w, ctl| w.manager.handle(e, ctl)),
                Event::Scheduler(e) => {
                    if !self.outages.scheduler {
                        self.with("default-scheduler", &mut cx, |w, ctl| w.scheduler.handle(e, ctl));
                    }
                }
                Event::Kubelet(node, e) => match self.machine.host(&node).map(|h| h.state) {
                    Some(HostState::Paused) => {
                        let parked = self.parked.entry(node).or_default();
                        Arc::make_mut(parked).push(Parked { cause: cx.cause, event: e });
                    }
                    _ => self.with_kubelet(&node, &mut cx, |k, ctl| k.handle(e, ctl)),
                },
                Event::Network(e) => self.with("kube-proxy", &mut cx, |w, ctl| w.network.handle(e, ctl)),
                Event::Console(e) => {
                    if let Some(mut due) = self.console.due(&e) {
                        due.look(self);
                        self.console.put_back(due);
                    }
                    self.with("you", &mut cx, |w, ctl| w.console.handle(e, ctl));
                }
            }
        }
        self.tell_names();
        self.publish(cx);
    }

    /// Hands pending writes to the watchers, [`WATCH_LATENCY`] later.
    pub(crate) fn publish(&mut self, cx: &Cx) {
        if self.api.store.has_pending() {
            let events = self.api.store.take_pending();
            for event in &events {
                if event.new.is_none() {
                    self.deleted.insert((event.kind(), event.object().key()));
                }
            }
            self.in_flight += 1;
            self.agenda.schedule(cx.now + WATCH_LATENCY, cx.cause, Event::Watch(Arc::new(events)));
        }
    }

    fn deliver(&mut self, events: &[WatchEvent], cx: &mut Cx) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.manager.take_in(events);
        for event in events {
            let mut cx = cx.because(event.cause.or(cx.cause));
            if !self.outages.scheduler {
                self.with("default-scheduler", &mut cx, |w, ctl| w.scheduler.observe(event, ctl));
            }
            self.with("kube-controller-manager", &mut cx, |w, ctl| w.manager.observe(event, ctl));
            self.with("kube-proxy", &mut cx, |w, ctl| w.network.observe(event, ctl));
            self.with("you", &mut cx, |w, ctl| w.console.observe(event, ctl));
            self.tell_kubelets(event, &mut cx);
        }
    }

    /// Only the kubelet concerned hears of a pod or a node; ConfigMaps and Secrets may be mounted anywhere.
    fn tell_kubelets(&mut self, event: &WatchEvent, cx: &mut Cx) {
        match event.object() {
            Object::Pod(pod) => {
                let was = event.old.as_ref().and_then(Pod::of).and_then(|p| p.node.clone());
                if let Some(node) = pod.node.clone().or(was) {
                    self.tell(&node, event, cx);
                }
            }
            Object::Node(node) => {
                let name = node.meta.name.clone();
                self.tell(&name, event, cx);
            }
            Object::Generic(g) if matches!(g.kind, super::kinds::Kind::ConfigMap | super::kinds::Kind::Secret) => {
                let names: Vec<Name> = self.kubelets.keys().cloned().collect();
                for name in names {
                    self.tell(&name, event, cx);
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, node: &Name, event: &WatchEvent, cx: &mut Cx) {
        if self.hears(node) {
            self.with_kubelet(node, cx, |k, ctl| k.observe(event, ctl));
        }
    }

    /// The node's agents run and reach the API server.
    pub(crate) fn hears(&self, node: &Name) -> bool {
        !self.deaf.contains_key(node)
    }

    pub(crate) fn reaches_control_plane(&self, node: &Name) -> bool {
        self.machine.network.connected(&LinkEnd::Host(node.clone()), &LinkEnd::ControlPlane)
    }

    pub(crate) fn on_notice(&mut self, notice: &Notice, cx: &mut Cx) {
        let mut cx = cx.because(notice.cause.or(cx.cause));
        let host: Option<Name> = match &notice.what {
            What::Started { id } | What::StartFailed { id, .. } | What::Exited { id, .. } => {
                self.machine.container(*id).map(|c| c.host.clone())
            }
            What::PullFinished { host, .. } => Some(host.clone()),
            What::HostDown { host } => {
                let host = host.clone();
                self.host_down(&host, notice, &mut cx);
                None
            }
            What::HostUp { host } => {
                let host = host.clone();
                self.host_up(&host, notice, &mut cx);
                None
            }
        };
        if let Some(host) = host
            && !self.outages.kubelets.contains(&host)
        {
            self.with_kubelet(&host, &mut cx, |k, ctl| k.notice(notice, ctl));
        }
    }

    /// Runs `f` with one component's borrow split off the rest. The component is taken out and put back, so `f` gets `self` parts only
    /// through [`Parts`] and the hands.
    pub(crate) fn with<R>(&mut self, actor: &str, cx: &mut Cx, f: impl FnOnce(&mut Parts, &mut Ctl) -> R) -> R {
        let Self { config, api, machine, agenda, rng, manager, scheduler, network, console, actors, .. } = self;
        let mut parts = Parts { manager, scheduler, network, console };
        let actor = actors.name(actor);
        let mut ctl = Ctl { api, machine, agenda, rng, config, cx: cx.because(cx.cause), actor, network: None };
        f(&mut parts, &mut ctl)
    }

    pub(crate) fn with_kubelet(&mut self, node: &Name, cx: &mut Cx, f: impl FnOnce(&mut Kubelet, &mut Ctl)) {
        let Self { config, api, machine, agenda, rng, kubelets, network, outages, .. } = self;
        if let Some(kubelet) = kubelets.get_mut(node) {
            let network = Some((&*network, !outages.api));
            let mut ctl = Ctl { api, machine, agenda, rng, config, cx: cx.because(cx.cause), actor: kubelet.actor.clone(), network };
            f(kubelet, &mut ctl);
        }
    }

    /// Does something with a component's hands, as `actor`: for tests and tools that stand in for a component.
    pub fn act<R>(&mut self, actor: &str, cx: &mut Cx, f: impl FnOnce(&mut Ctl) -> R) -> R {
        let result = self.with(actor, cx, |_, ctl| f(ctl));
        self.publish(cx);
        result
    }

    /// The store, to look at.
    pub fn store(&self) -> &Store {
        &self.api.store
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.api.store.all::<Node>()
    }
}

/// The components that [`Kubernetes::with`] lends out.
pub(crate) struct Parts<'a> {
    pub manager: &'a mut Manager,
    pub scheduler: &'a mut Scheduler,
    pub network: &'a mut Network,
    pub console: &'a mut super::console::State,
}

impl World for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }
    fn clone_box(&self) -> Box<dyn World> {
        Box::new(self.clone())
    }
    fn deploy(&mut self, cx: &mut Cx) {
        self.bring_up(cx);
        self.publish(cx);
    }
    fn next_at(&self) -> Option<SimTime> {
        self.next_event_at()
    }
    fn step(&mut self, cx: &mut Cx) {
        self.handle_next(cx);
    }
    fn settled(&self) -> bool {
        let whole = || {
            let copies = self.count_copies();
            copies.serving >= copies.declared
        };
        self.in_flight == 0
            && self.manager.settled()
            && self.scheduler.settled()
            && self.network.settled()
            && self.kubelets.values().all(Kubelet::settled)
            && whole()
    }
    fn inject(&mut self, fault: &Fault, cx: &mut Cx) -> Result<(), String> {
        let result = self.suffer(fault, cx);
        self.publish(cx);
        result
    }
    fn heal(&mut self, fault: &Fault, cx: &mut Cx) {
        self.recover(fault, cx);
        self.publish(cx);
    }
    fn fault_targets(&self, on: &str) -> Vec<Arc<str>> {
        self.targets(on)
    }
    fn route(&mut self, arrival: &Arrival, cx: &mut Cx) {
        self.route_requests(arrival, cx);
    }
    fn settle_requests(&mut self, now: SimTime) {
        self.machine.settle(now);
    }
    fn ledger(&self) -> &Ledger {
        &self.machine.ledger
    }
    fn console(&mut self, argv: &[String], files: &dyn Files, cx: &mut Cx) -> Output {
        let before = cx.journal.len();
        let output = super::console::run(self, argv, files, cx);
        self.manual_actions += crate::worlds::manual_action(argv, &output, cx.journal.len() > before);
        self.publish(cx);
        output
    }
    fn misread(&self, argv: &[String], _runbook: bool, files: &dyn Files) -> Option<Misread> {
        super::console::misread(argv, files)
    }
    fn console_poll(&mut self, cx: &mut Cx) -> Output {
        let output = super::console::poll(self, cx);
        self.publish(cx);
        output
    }
    fn console_interrupt(&mut self) {
        super::console::interrupt(self);
    }
    fn complete(&self, argv: &[String]) -> Vec<String> {
        super::console::complete(self, argv)
    }
    fn view(&self, now: SimTime) -> view::WorldView {
        self.picture(now, &(0..usize::MAX))
    }
    fn view_near(&self, now: SimTime, near: &std::ops::Range<usize>) -> view::WorldView {
        self.picture(now, near)
    }
    fn inspect(&self, object: &ObjectRef, now: SimTime) -> Option<view::Inspection> {
        self.inspection(object, now)
    }
    fn waiting(&self) -> Vec<view::Waiting> {
        self.scheduler.waiting()
    }
    fn weigh(&self, object: &ObjectRef, now: SimTime) -> Option<view::Weighing> {
        let key = super::api::meta::Key::new(&*object.namespace, object.name.clone());
        self.scheduler.weigh(&key, &self.rng, now)
    }
    fn fact(&self, name: &str, args: &[Value], now: SimTime) -> Result<Value, String> {
        self.fact_value(name, args, now)
    }
    fn copies(&self) -> Copies {
        self.count_copies()
    }
    fn machines(&self) -> usize {
        self.machine.hosts().filter(|h| h.state != HostState::Down).count()
    }
    fn manual_actions(&self) -> u64 {
        self.manual_actions
    }
    fn notes(&self) -> Vec<String> {
        let assumed = self.machine.assumed().map(|i| format!("image {} is not described: default behaviour assumed", i.reference.text));
        self.notes.iter().map(ToString::to_string).chain(assumed).collect()
    }
}
