//! The world's state and its one loop: substrate notices to kubelets, writes to watchers, due events to their component.

use std::sync::Arc;

use crate::kernel::{Agenda, Cx, Map, SimDuration, SimTime, Streams};
use crate::machine::{Machine, Notice, What};

use super::api::Api;
use super::api::meta::Name;
use super::api::store::WatchEvent;
use super::config::Config;
use super::controllers::Manager;
use super::kubelet::Kubelet;
use super::network::Network;
use super::scheduler::Scheduler;
use super::{Ctl, Event};

/// From a write to the watchers' caches: one event over an open HTTP/2 stream inside one data centre.
pub const WATCH_LATENCY: SimDuration = SimDuration::from_millis(5);

/// What a scenario declares of its cluster.
#[derive(Clone, Debug, Default)]
pub struct KubernetesSetup {
    pub nodes: Vec<NodeSetup>,
    /// (source name for messages, YAML text), applied in order at time zero.
    pub manifests: Vec<(Arc<str>, Arc<str>)>,
    /// Real flag name → value.
    pub config: Vec<(String, String)>,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSetup {
    pub name: Name,
    /// Quantities as in a Node's capacity.
    pub cpu: String,
    pub memory: String,
    pub pods: u32,
    pub zone: Option<Name>,
    pub labels: Vec<(Name, Name)>,
    /// `key=value:Effect`
    pub taints: Vec<String>,
}

/// The Kubernetes world.
#[derive(Clone, Debug)]
pub struct Kubernetes {
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
}

impl Kubernetes {
    /// A world with an API server and nothing else: no nodes, no objects, and components that nobody started. For tests and for tools that
    /// only want the API and kubectl.
    pub fn empty(seed: u64) -> Self {
        Self {
            config: Config::default(),
            api: Api::new(seed),
            machine: Machine::new(seed, "kubernetes", Vec::new(), 0),
            agenda: Agenda::default(),
            rng: Streams::new(seed, "kubernetes"),
            manager: Manager::default(),
            scheduler: Scheduler::default(),
            kubelets: Map::new(),
            network: Network::default(),
            console: super::console::State::default(),
        }
    }

    /// The API server, for those who set a world up.
    pub fn api_mut(&mut self) -> &mut Api {
        &mut self.api
    }

    /// The next own event: substrate first, so that a component sees what its machine just did.
    pub fn next_event_at(&self) -> Option<SimTime> {
        let machine = self.machine.next_at();
        let agenda = self.agenda.next_at();
        machine.into_iter().chain(agenda).min()
    }

    /// Handles one event.
    pub fn handle_next(&mut self, cx: &mut Cx) {
        if self.machine.next_at().is_some_and(|at| at <= cx.now) {
            for notice in self.machine.step(cx.now) {
                self.on_notice(&notice, cx);
            }
        } else if let Some(due) = self.agenda.pop() {
            let mut cx = cx.because(due.cause);
            match due.event {
                Event::Watch(events) => self.deliver(&events, &mut cx),
                Event::Controller(e) => self.with("kube-controller-manager", &mut cx, |w, ctl| w.manager.handle(e, ctl)),
                Event::Scheduler(e) => self.with("default-scheduler", &mut cx, |w, ctl| w.scheduler.handle(e, ctl)),
                Event::Kubelet(node, e) => self.with_kubelet(&node, &mut cx, |k, ctl| k.handle(e, ctl)),
                Event::Network(e) => self.with("kube-proxy", &mut cx, |w, ctl| w.network.handle(e, ctl)),
                Event::Console(e) => self.with("you", &mut cx, |w, ctl| w.console.handle(e, ctl)),
            }
        }
        self.publish(cx);
    }

    /// Hands pending writes to the watchers, [`WATCH_LATENCY`] later.
    pub(crate) fn publish(&mut self, cx: &Cx) {
        if self.api.store.has_pending() {
            let events = Arc::new(self.api.store.take_pending());
            self.agenda.schedule(cx.now + WATCH_LATENCY, cx.cause, Event::Watch(events));
        }
    }

    fn deliver(&mut self, events: &[WatchEvent], cx: &mut Cx) {
        for event in events {
            let mut cx = cx.because(event.cause);
            self.with("default-scheduler", &mut cx, |w, ctl| w.scheduler.observe(event, ctl));
            self.with("kube-controller-manager", &mut cx, |w, ctl| w.manager.observe(event, ctl));
            self.with("kube-proxy", &mut cx, |w, ctl| w.network.observe(event, ctl));
            self.with("you", &mut cx, |w, ctl| w.console.observe(event, ctl));
            // Only the pod's own kubelet cares; the old side matters when a pod vanishes.
            if let super::objects::Object::Pod(pod) = event.object() {
                if let Some(node) = pod.node.clone() {
                    self.with_kubelet(&node, &mut cx, |k, ctl| k.observe(event, ctl));
                }
            }
        }
    }

    fn on_notice(&mut self, notice: &Notice, cx: &mut Cx) {
        let mut cx = cx.because(notice.cause);
        let host: Option<Name> = match &notice.what {
            What::Started { id } | What::StartFailed { id, .. } | What::Exited { id, .. } => {
                self.machine.container(*id).map(|c| c.host.clone())
            }
            What::PullFinished { host, .. } | What::HostDown { host } | What::HostUp { host } => Some(host.clone()),
        };
        if let Some(host) = host {
            self.with_kubelet(&host, &mut cx, |k, ctl| k.notice(notice, ctl));
        }
    }

    /// Runs `f` with one component's borrow split off the rest. The component is taken out and put back, so `f` gets `self` parts only
    /// through [`Parts`] and the hands.
    pub(crate) fn with(&mut self, actor: &str, cx: &mut Cx, f: impl FnOnce(&mut Parts, &mut Ctl)) {
        let Self { config, api, machine, agenda, rng, manager, scheduler, network, console, .. } = self;
        let mut parts = Parts { manager, scheduler, network, console };
        let mut ctl = Ctl { api, machine, agenda, rng, config, cx: cx.because(cx.cause), actor: actor.into() };
        f(&mut parts, &mut ctl);
    }

    pub(crate) fn with_kubelet(&mut self, node: &Name, cx: &mut Cx, f: impl FnOnce(&mut Kubelet, &mut Ctl)) {
        let Self { config, api, machine, agenda, rng, kubelets, .. } = self;
        if let Some(kubelet) = kubelets.get_mut(node) {
            let mut ctl = Ctl { api, machine, agenda, rng, config, cx: cx.because(cx.cause), actor: format!("kubelet {node}").into() };
            f(kubelet, &mut ctl);
        }
    }
}

/// The components that [`Kubernetes::with`] lends out.
pub(crate) struct Parts<'a> {
    pub manager: &'a mut Manager,
    pub scheduler: &'a mut Scheduler,
    pub network: &'a mut Network,
    pub console: &'a mut super::console::State,
}
