//! The kubelet of one node: it makes the containers of its pods exist, watches over them and reports.
//!
//! `worker` is what it knows of a pod, `sync` makes reality follow the spec (`start`, `image`, `environment`), `probes` asks, `kill` and
//! `ending` stop, `status` and `publish` tell the API, `node` is the machine's own object and lease, `admission` what it refuses.
//! Nothing polls: the times of the real kubelet's tickers (relist, sync tick) are computed, not lived through. It may use the API
//! through [`Ctl`], and the substrate of its own machine only.

mod admission;
mod backoff;
mod ending;
mod environment;
mod eviction;
mod host_path;
mod image;
mod kill;
mod node;
mod probes;
mod publish;
mod security;
mod start;
mod status;
mod sync;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use crate::kernel::{List, Map, RecordId, SimDuration, SimTime, Token};
use crate::machine::{ContainerId, HostState, Machine, Notice, What};
use crate::model::LinkEnd;

use super::Ctl;
use super::NodeSetup;
use super::api::meta::Name;
use super::api::object::{Object, Pod, Typed};
use super::api::store::WatchEvent;

pub(in crate::worlds::kubernetes) use environment::Links;
pub use probes::ProbeKind;
use worker::{Stage, Worker};

/// pkg/kubelet/pleg/generic.go, relist period (pkg/kubelet/kubelet.go, genericPlegRelistPeriod)
const RELIST: SimDuration = SimDuration::from_secs(1);
/// pkg/kubelet/kubelet.go, the sync loop's ticker
const SYNC_TICK: SimDuration = SimDuration::from_secs(1);
/// A look at the runtime that a successful sync asks for (PLEGOnDemandRelist; recorded: 20–60 ms).
const RELIST_ON_DEMAND: SimDuration = SimDuration::from_millis(30);
/// A host that stands still handles what was due when it goes on; until then it looks again after so long.
const FROZEN: SimDuration = SimDuration::from_secs(1);

/// Timers of a kubelet.
#[derive(Clone, Debug)]
pub struct Event {
    /// A reboot or a stop of the kubelet makes older timers void.
    life: u32,
    what: Timer,
}

/// What is due. Pods go by uid.
#[derive(Clone, Debug)]
enum Timer {
    /// The lease is renewed, and the node's status looked at.
    Lease,
    /// A pod's worker begins its next sync.
    Sync(Name),
    /// A step of a sync is over.
    Step(Name, u32),
    Probe(Name, usize, ProbeKind, bool),
    Answered(Name, usize, ProbeKind, u32, probes::Answer),
    Kill(Name, usize, u32),
    /// All containers are gone: the sandbox follows.
    Stopped(Name),
    /// What a terminated pod left behind is cleaned up.
    Cleaned(Name),
    /// The status manager's periodic look.
    Reconcile(Name),
    /// activeDeadlineSeconds is over.
    Deadline(Name),
}

/// One node's agent.
#[derive(Clone, Debug)]
pub struct Kubelet {
    pub node: Name,
    /// `kubelet node-1`
    pub actor: Name,
    setup: Option<Arc<NodeSetup>>,
    /// The kubelet process runs.
    running: bool,
    life: u32,
    /// When this process started.
    started: SimTime,
    /// Where in a second its tickers beat.
    relist_phase: SimDuration,
    tick_phase: SimDuration,
    pods: Map<Name, Arc<Worker>>,
    containers: Map<ContainerId, (Name, usize)>,
    pulls: image::Pulls,
    /// Watch events were missed while it was cut off.
    missed: bool,
    host_ip: Name,
    cidr: Name,
    next_ip: u32,
    conditions: node::Reported,
    pressure: eviction::Pressure,
}

impl Kubelet {
    /// For a machine of which only the substrate knows anything.
    pub fn new(node: Name) -> Self {
        Self {
            actor: format!("kubelet {node}").into(),
            node,
            setup: None,
            running: false,
            life: 0,
            started: SimTime::ZERO,
            relist_phase: SimDuration::ZERO,
            tick_phase: SimDuration::ZERO,
            pods: Map::new(),
            containers: Map::new(),
            pulls: image::Pulls::default(),
            missed: false,
            host_ip: "".into(),
            cidr: "".into(),
            next_ip: 0,
            conditions: node::Reported::default(),
            pressure: eviction::Pressure::default(),
        }
    }

    /// For a node as the scenario declares it.
    pub fn with_setup(setup: Arc<NodeSetup>) -> Self {
        Self { setup: Some(setup.clone()), ..Self::new(setup.name.clone()) }
    }

    /// The node has booted, or the kubelet was started (again): register, renew the lease, take up the pods bound to it.
    pub fn start(&mut self, ctl: &mut Ctl) {
        self.running = true;
        self.life += 1;
        self.started = ctl.cx.now;
        let stream = format!("kubelet/{}/phase", self.node);
        self.relist_phase = ctl.rng.stream(&stream).up_to(RELIST);
        self.tick_phase = ctl.rng.stream(&stream).up_to(SYNC_TICK);
        self.register(ctl);
        self.renew_lease(ctl);
        let known: Vec<Name> = self.pods.keys().cloned().collect();
        self.pulls = image::Pulls::default();
        for uid in known {
            self.with(&uid, ctl, |k, w, ctl| {
                k.revive(w, ctl);
                k.sync_soon(w, ctl);
            });
        }
        self.take_up(ctl);
    }

    /// The kubelet process ends; its containers live on.
    pub fn stop(&mut self) {
        self.running = false;
        self.life += 1;
    }

    /// Why its machine is in trouble, for what follows from that.
    pub fn blame(&mut self, cause: Option<RecordId>) {
        self.pressure.cause = cause;
    }

    pub fn is_running(&self) -> bool {
        self.running
    }

    /// A watch event about one of this node's pods, or a ConfigMap/Secret it uses.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        if !self.running {
            return;
        }
        if !self.connected(ctl) {
            self.missed = true;
            return;
        }
        if let (Some(Object::Node(old)), Some(Object::Node(new))) = (&event.old, &event.new) {
            match (old.unschedulable, new.unschedulable) {
                (false, true) => self.node_is_now("NodeNotSchedulable", ctl),
                (true, false) => self.node_is_now("NodeSchedulable", ctl),
                _ => {}
            }
        }
        match (event.new.as_ref().and_then(Pod::of), event.old.as_ref().and_then(Pod::of)) {
            (Some(pod), _) if pod.node.as_ref() == Some(&self.node) => self.pod_changed(pod.clone(), ctl),
            (None, Some(pod)) => self.pod_removed(&pod.meta.uid.clone(), ctl),
            _ => {}
        }
    }

    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        if event.life != self.life || !self.running {
            return;
        }
        match ctl.machine.host(&self.node).map(|h| h.state) {
            Some(HostState::Up) => {}
            // It stands still: what is due is handled when it goes on.
            Some(HostState::Paused) => {
                ctl.after(FROZEN, super::Event::Kubelet(self.node.clone(), event));
                return;
            }
            _ => return,
        }
        match event.what {
            Timer::Lease => self.renew_lease(ctl),
            Timer::Sync(uid) => self.with(&uid, ctl, |k, w, ctl| {
                w.wake = None;
                k.begin(w, ctl);
            }),
            Timer::Step(uid, step) => self.with(&uid, ctl, |k, w, ctl| {
                if w.step == step {
                    k.step_over(w, ctl);
                }
            }),
            Timer::Probe(uid, slot, kind, by_hand) => self.with(&uid, ctl, |k, w, ctl| k.probe_tick(w, slot, kind, by_hand, ctl)),
            Timer::Answered(uid, slot, kind, generation, answer) => {
                self.with(&uid, ctl, |k, w, ctl| k.probe_answered(w, slot, kind, generation, &answer, ctl));
            }
            Timer::Kill(uid, slot, generation) => self.with(&uid, ctl, |k, w, ctl| k.kill_due(w, slot, generation, ctl)),
            Timer::Stopped(uid) => self.with(&uid, ctl, |k, w, ctl| k.terminated(w, ctl)),
            Timer::Cleaned(uid) => self.cleaned(&uid, ctl),
            Timer::Reconcile(uid) => self.with(&uid, ctl, |k, w, ctl| k.publish(w, "status as the kubelet sees it", ctl)),
            Timer::Deadline(uid) => self.with(&uid, ctl, |k, w, ctl| k.sync_soon(w, ctl)),
        }
    }

    /// The runtime reports something on this host.
    pub fn notice(&mut self, notice: &Notice, ctl: &mut Ctl) {
        match &notice.what {
            What::HostDown { .. } => {
                self.stop();
                return;
            }
            What::HostUp { .. } => {
                self.rebooted(ctl);
                return;
            }
            _ => {}
        }
        if !self.running {
            return;
        }
        match &notice.what {
            What::Started { id } => self.of_container(*id, ctl, |k, w, slot, ctl| k.container_started(w, slot, ctl)),
            What::StartFailed { id, error } => self.of_container(*id, ctl, |k, w, slot, ctl| k.start_failed(w, slot, error, ctl)),
            What::Exited { id, exit } => {
                let id = *id;
                self.of_container(id, ctl, |k, w, slot, ctl| k.container_exited(w, slot, id, exit, ctl));
            }
            What::PullFinished { pull, result, .. } => self.pull_finished(*pull, result, ctl),
            What::HostDown { .. } | What::HostUp { .. } => {}
        }
    }

    /// Nothing is left to do but periodic work.
    pub fn settled(&self) -> bool {
        let quiet = |w: &Worker| w.sync.is_none() && !w.pending && !(w.fresh && w.wake.is_some());
        self.pods.values().all(|w| quiet(w) && !matches!(w.stage, Stage::Ending | Stage::Terminating))
    }

    /// The container that runs for a pod's container, by name.
    pub fn container(&self, uid: &str, name: &str) -> Option<ContainerId> {
        let w = self.pods.get(uid)?;
        let slot = w.slots.iter().find(|s| &*s.name == name)?;
        slot.current.as_ref().filter(|_| slot.is_running()).map(|i| i.id)
    }

    /// The running regular container or sidecar that declares a port, or else the first that runs: who answers on a pod's address.
    pub fn server(&self, uid: &str, port: Option<u16>) -> Option<ContainerId> {
        let w = self.pods.get(uid)?;
        let declares = |i: usize| {
            let ports = w.spec(i).ports.iter().flatten();
            port.is_some_and(|p| ports.into_iter().any(|d| d.container_port == i32::from(p)))
        };
        // Regular containers come after the inits.
        let running = || (w.inits..w.slots.len()).chain(0..w.inits).filter(|i| w.slots[*i].is_running());
        let chosen = running().find(|i| declares(*i)).or_else(|| running().next())?;
        w.slots[chosen].current.as_ref().map(|i| i.id)
    }

    /// A container's last instance, running or not; `kubectl exec`, faults on copies.
    pub fn instances<'a>(&'a self, uid: &str) -> impl Iterator<Item = (&'a Name, ContainerId)> {
        self.pods.get(uid).into_iter().flat_map(|w| w.slots.iter()).filter_map(|s| s.current.as_ref().map(|i| (&s.name, i.id)))
    }

    /// The log of a container (`kubectl logs`), oldest line first; `previous` = of the instance before the last restart.
    ///
    /// # Errors
    /// What the server says: no such container, nothing started yet, no previous instance.
    pub fn logs(&self, machine: &Machine, pod: &Pod, container: &str, previous: bool) -> Result<List<(SimTime, Arc<str>)>, String> {
        let w = self.pods.get(&pod.meta.uid);
        let slot = w.and_then(|w| w.slots.iter().find(|s| &*s.name == container));
        let Some((w, slot)) = w.zip(slot) else {
            return Err(format!("container {container} is not valid for pod {}", pod.meta.name));
        };
        if previous {
            let dead = slot.previous.as_ref().or_else(|| slot.current.as_ref().filter(|i| i.ended().is_some() && slot.reason.is_some()));
            return match dead {
                Some(i) => Ok(machine.logs(i.id)),
                None => Err(format!("previous terminated container \"{container}\" in pod \"{}\" not found", w.key.name)),
            };
        }
        if let Some(i) = &slot.current {
            return Ok(machine.logs(i.id));
        }
        // kubelet_pods.go, validateContainerLogStatus
        let why = match slot.reason.as_ref().map(|(reason, _)| &**reason) {
            Some("ErrImagePull") => "image can't be pulled",
            Some("ImagePullBackOff") => "trying and failing to pull image",
            Some(other) => other,
            None if w.inits > 0 => "PodInitializing",
            None => "ContainerCreating",
        };
        Err(format!("container \"{container}\" in pod \"{}\" is waiting to start: {why}", w.key.name))
    }

    // ---- tools of all parts ----

    /// The API answers this node.
    fn connected(&self, ctl: &Ctl) -> bool {
        ctl.api.up && ctl.machine.network.connected(&LinkEnd::Host(self.node.clone()), &LinkEnd::ControlPlane)
    }

    fn plan(&self, ctl: &mut Ctl, delay: SimDuration, what: Timer) -> Token {
        ctl.after(delay, super::Event::Kubelet(self.node.clone(), Event { life: self.life, what }))
    }

    /// Runs `f` with one worker taken out of the map.
    fn with(&mut self, uid: &Name, ctl: &mut Ctl, f: impl FnOnce(&mut Self, &mut Worker, &mut Ctl)) {
        let Some(mut worker) = self.pods.remove(uid) else { return };
        f(self, Arc::make_mut(&mut worker), ctl);
        self.pods.insert(uid.clone(), worker);
    }

    fn of_container(&mut self, id: ContainerId, ctl: &mut Ctl, f: impl FnOnce(&mut Self, &mut Worker, usize, &mut Ctl)) {
        let Some((uid, slot)) = self.containers.get(&id).cloned() else { return };
        self.with(&uid, ctl, |k, w, ctl| f(k, w, slot, ctl));
    }

    /// The next beat of a ticker strictly after `t`.
    fn beat(phase: SimDuration, period: SimDuration, t: SimTime) -> SimTime {
        let (phase, period, t) = (phase.as_nanos(), period.as_nanos(), t.as_nanos());
        let beats = if t < phase { 0 } else { (t - phase) / period + 1 };
        SimTime::from_nanos(phase + beats * period)
    }
    fn next_relist(&self, t: SimTime) -> SimTime {
        Self::beat(self.relist_phase, RELIST, t)
    }
    fn next_tick(&self, t: SimTime) -> SimTime {
        Self::beat(self.tick_phase, SYNC_TICK, t)
    }

    /// Plans a worker's next sync for `at`, unless one is due earlier.
    fn sync_at(&mut self, w: &mut Worker, at: SimTime, ctl: &mut Ctl) {
        let at = at.max(ctl.cx.now);
        if w.wake.is_some_and(|(t, _)| t <= at) {
            return;
        }
        self.cancel_wake(w, ctl);
        let token = self.plan(ctl, at.since(ctl.cx.now), Timer::Sync(w.uid.clone()));
        w.wake = Some((at, token));
    }

    fn cancel_wake(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if let Some((_, token)) = w.wake.take() {
            ctl.agenda.cancel(token);
        }
    }

    /// Something changed: sync as soon as the worker is free.
    fn sync_soon(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        if w.sync.is_some() {
            w.pending = true;
        } else if matches!(w.stage, Stage::Syncing | Stage::Ending) {
            self.sync_at(w, ctl.cx.now, ctl);
        }
    }

    /// An event about a pod; also about one that was deleted by force, as events outlive what they are about.
    fn say(&mut self, w: &Worker, warning: bool, reason: &'static str, message: &str, ctl: &mut Ctl) {
        if self.connected(ctl) {
            ctl.event(&w.object(), warning, reason, message);
        }
    }
    /// An event about a container.
    fn say_at(&mut self, w: &Worker, slot: usize, warning: bool, reason: &'static str, message: &str, ctl: &mut Ctl) {
        if self.connected(ctl) {
            ctl.event_at(&w.object(), &w.field(slot), warning, reason, message);
        }
    }

    // ---- pods come and go ----

    /// Takes up what the API has bound to this node: at the start, and after watch events were missed.
    fn take_up(&mut self, ctl: &mut Ctl) {
        self.missed = false;
        let bound: Vec<Arc<Pod>> = ctl.api.store.pods_on(&self.node).cloned().collect();
        let known: Vec<Name> = self.pods.keys().cloned().collect();
        for uid in known {
            if !bound.iter().any(|p| p.meta.uid == uid) {
                self.pod_removed(&uid, ctl);
            }
        }
        for pod in bound {
            self.pod_changed(pod, ctl);
        }
        // Statuses that could not be told.
        let dirty: Vec<Name> = self.pods.iter().filter(|(_, w)| w.dirty).map(|(uid, _)| uid.clone()).collect();
        for uid in dirty {
            self.with(&uid, ctl, |k, w, ctl| k.publish(w, "status as the kubelet sees it", ctl));
        }
    }

    fn pod_changed(&mut self, pod: Arc<Pod>, ctl: &mut Ctl) {
        let uid = pod.meta.uid.clone();
        if !self.pods.contains_key(&uid) {
            return self.pod_added(pod, ctl);
        }
        self.with(&uid, ctl, |k, w, ctl| {
            let old = std::mem::replace(&mut w.pod, pod);
            if w.pod.meta.is_deleting() && old.meta.deletion != w.pod.meta.deletion {
                let grace = w.pod.meta.deletion.map_or(0, |d| d.grace_s);
                return k.end(w, Some(grace.max(1)), ctl);
            }
            if !Arc::ptr_eq(&old.spec, &w.pod.spec) && old.spec != w.pod.spec {
                k.sync_soon(w, ctl);
            }
            if k.needs_reconcile(w) {
                // pkg/kubelet/status/status_manager.go, syncPeriod
                let at = Self::beat(k.tick_phase, SimDuration::from_secs(10), ctl.cx.now);
                k.plan(ctl, at.since(ctl.cx.now), Timer::Reconcile(w.uid.clone()));
            }
        });
    }

    fn pod_added(&mut self, pod: Arc<Pod>, ctl: &mut Ctl) {
        let mut w = Worker::new(pod);
        let uid = w.uid.clone();
        if w.pod.is_finished() {
            // It ended before this kubelet began; nothing to do but to let it go.
            w.stage = Stage::Terminated;
            if w.pod.meta.is_deleting() {
                self.plan(ctl, SimDuration::ZERO, Timer::Cleaned(uid.clone()));
            }
        } else if w.pod.meta.is_deleting() {
            let grace = w.pod.meta.deletion.map_or(0, |d| d.grace_s);
            self.end(&mut w, Some(grace.max(1)), ctl);
        } else if let Some(refusal) = self.refuses(&w, ctl) {
            self.reject(&mut w, refusal, ctl);
        } else {
            self.sync_at(&mut w, ctl.cx.now, ctl);
        }
        self.pods.insert(uid, Arc::new(w));
    }

    fn pod_removed(&mut self, uid: &Name, ctl: &mut Ctl) {
        let Some(stage) = self.pods.get(uid).map(|w| w.stage) else { return };
        if stage == Stage::Terminated {
            return self.forget(uid, ctl);
        }
        self.with(uid, ctl, |k, w, ctl| {
            w.gone = true;
            // Deleted by force: its containers still get their time.
            let grace = w.pod.meta.deletion.map_or(w.pod.spec.termination_grace_period_seconds.unwrap_or(30), |d| d.grace_s);
            k.end(w, Some(grace.max(1)), ctl);
        });
    }

    /// Nothing is left of a pod.
    fn forget(&mut self, uid: &Name, ctl: &mut Ctl) {
        let Some(w) = self.pods.remove(uid) else { return };
        if let Some((_, token)) = w.wake {
            ctl.agenda.cancel(token);
        }
        for i in w.slots.iter().flat_map(|s| s.current.iter().chain(&s.previous)) {
            self.containers.remove(&i.id);
            ctl.machine.remove(i.id, ctl.cx.now);
        }
    }

    /// After power came back: the containers are dead, and so is every sandbox. [`Kubelet::start`] follows.
    fn rebooted(&mut self, ctl: &mut Ctl) {
        let uids: Vec<Name> = self.pods.keys().cloned().collect();
        for uid in uids {
            self.with(&uid, ctl, |k, w, ctl| k.lost_power(w, ctl));
        }
        self.conditions.rebooted = true;
    }
}
