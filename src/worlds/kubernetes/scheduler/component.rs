//! kube-scheduler as a component of the world: informers, the loop, binding, events and conditions (pkg/scheduler/{eventhandlers,
//! schedule_one}.go).

use std::sync::Arc;

use crate::kernel::journal::Entry;
use crate::kernel::{Map, RecordId, RecordType, SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Condition, Node, Object, Pod, Tri};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions, Event as WorldEvent};

use super::cache::Cache;
use super::cycle::{Decided, Position, decide};
use super::decision::Decision;
use super::events::ClusterEvent;
use super::message::cut;
use super::objects::WATCHED;
use super::plugins::volume_binding::{Chosen, to_bind};
use super::pod::PodInfo;
use super::profile::Profile;
use super::queue::{Queue, Queued};
use super::volume_binder::{POLL, assume, bind_volumes, restore};

/// The name under which it works, also `spec.schedulerName`'s default.
pub const NAME: &str = "default-scheduler";

/// From picking a pod up to the decision. The real one needs 1 to 5 ms for a small cluster, most of it in calls and locks.
const CYCLE: SimDuration = SimDuration::from_millis(1);
/// From the decision to the API server's answer to the binding request.
const BINDING: SimDuration = SimDuration::from_millis(3);
/// From the decision to the first deletion of a victim (SchedulerAsyncPreemption).
const PREEMPTION: SimDuration = SimDuration::from_millis(2);
/// The stream that chooses among equals.
pub(super) const CHANCE: &str = "scheduler/choice";

/// Timers of the scheduler.
#[derive(Clone, Debug)]
pub enum Event {
    /// The next pod's cycle is over.
    Cycle,
    /// The binding request of a pod reaches the API server.
    Bind(Arc<Binding>),
    /// Victims are asked to go.
    Preempt(Arc<Preemption>),
    /// Back-offs are looked at, on the whole second.
    FlushBackoff,
    /// Leftovers of the unschedulable pool are looked at.
    FlushLeftovers,
}

/// A pod on its way to a node.
#[derive(Clone, Debug)]
pub struct Binding {
    pub(super) queued: Queued,
    pub(super) node: Name,
    /// Claims that are bound first.
    pub(super) volumes: Vec<Chosen>,
    /// When waiting for them ends; None before they were asked for.
    pub(super) until: Option<SimTime>,
}

/// Pods that must go for another.
#[derive(Clone, Debug)]
pub struct Preemption {
    preemptor: Arc<PodInfo>,
    node: Name,
    victims: Vec<Arc<PodInfo>>,
}

/// The scheduler of this world. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    cache: Cache,
    queue: Queue,
    profile: Arc<Profile>,
    position: Position,
    stopped: bool,
    cycle_planned: bool,
    flush_planned: Option<SimTime>,
    leftovers_planned: Option<SimTime>,
    binding: usize,
    /// The record of the latest decision about each pod that is still there.
    decided: Map<Key, RecordId>,
}

impl Scheduler {
    /// The journal's record of the latest decision about a pod.
    pub fn decided(&self, pod: &Key) -> Option<RecordId> {
        self.decided.get(pod).copied()
    }
    /// Pods that wait, with where.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }
    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }
    pub(super) fn profile(&self) -> &Profile {
        &self.profile
    }
    pub(super) fn position(&self) -> Position {
        self.position
    }
    /// Nothing that could still be placed waits.
    pub fn settled(&self) -> bool {
        self.stopped || (!self.cycle_planned && self.binding == 0 && !self.queue.has_ready())
    }
    pub fn is_running(&self) -> bool {
        !self.stopped
    }

    /// The process ends: what it knew is gone.
    pub fn stop(&mut self) {
        *self = Self {
            profile: self.profile.clone(),
            // What was decided is the journal's; the scheduler itself knows nothing of it.
            decided: self.decided.clone(),
            stopped: true,
            ..Self::default()
        };
    }
    /// The process starts and lists everything.
    pub fn start(&mut self, ctl: &mut Ctl) {
        self.stop();
        self.stopped = false;
        let there = |key: &Key| ctl.api.store.typed::<Pod>(key).is_some();
        self.decided = self.decided.iter().filter(|(key, _)| there(key)).map(|(key, id)| (key.clone(), *id)).collect();
        let kinds = [Kind::Namespace, Kind::Node].into_iter().chain(WATCHED.iter().copied()).chain([Kind::Pod]);
        let objects: Vec<Object> = kinds.flat_map(|k| ctl.api.store.list(k).cloned().collect::<Vec<_>>()).collect();
        for object in objects {
            self.changed(None, Some(&object), ctl);
        }
        self.plan(ctl);
    }

    /// Informer handlers: new pods into the queue, changes into the cache, wake-ups for what waits.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        if self.stopped {
            return;
        }
        self.changed(event.old.as_ref(), event.new.as_ref(), ctl);
        self.plan(ctl);
    }

    /// One scheduling cycle or timer.
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        if self.stopped {
            return;
        }
        match event {
            Event::Cycle => {
                self.cycle_planned = false;
                self.cycle(ctl);
            }
            Event::Bind(b) => self.bind(&b, ctl),
            Event::Preempt(p) => preempt(&p, ctl),
            Event::FlushBackoff => {
                self.flush_planned = None;
                self.queue.flush_backoff(ctl.cx.now);
            }
            Event::FlushLeftovers => {
                self.leftovers_planned = None;
                self.queue.flush_unschedulable(ctl.cx.now);
            }
        }
        self.plan(ctl);
    }

    /// Sets the timers that are missing.
    fn plan(&mut self, ctl: &mut Ctl) {
        if !self.cycle_planned && self.queue.has_ready() {
            self.cycle_planned = true;
            ctl.after(CYCLE, WorldEvent::Scheduler(Event::Cycle));
        }
        let (now, at) = (ctl.cx.now, self.queue.next_flush());
        if let Some(at) = at.filter(|at| self.flush_planned.is_none_or(|p| *at < p)) {
            self.flush_planned = Some(at);
            ctl.after(at.since(now), WorldEvent::Scheduler(Event::FlushBackoff));
        }
        if self.leftovers_planned.is_none()
            && let Some(at) = self.queue.next_leftover()
        {
            self.leftovers_planned = Some(at);
            ctl.after(at.since(now), WorldEvent::Scheduler(Event::FlushLeftovers));
        }
    }

    // Informers ------------------------------------------------------------------------------------------------------------------

    fn changed(&mut self, old: Option<&Object>, new: Option<&Object>, ctl: &mut Ctl) {
        let Some(object) = new.or(old) else { return };
        match object {
            Object::Pod(_) => {
                let pod = |o: Option<&Object>| o.and_then(|o| if let Object::Pod(p) = o { Some(p.clone()) } else { None });
                self.pod_changed(pod(old), pod(new), ctl);
            }
            Object::Node(_) => {
                let node = |o: Option<&Object>| o.and_then(|o| if let Object::Node(n) = o { Some(n.clone()) } else { None });
                self.node_changed(node(old), node(new), ctl);
            }
            Object::Namespace(_) => {
                let meta = object.meta();
                let name = self.cache.symbols.sym(&meta.name);
                let labels = new.map(|_| self.cache.symbols.label_set(meta.labels.iter().map(|(k, v)| (&**k, &**v))));
                self.cache.indexes.set_namespace(name, labels);
            }
            _ if WATCHED.contains(&object.kind()) => {
                match new {
                    Some(o) => self.cache.objects.put(o),
                    None => self.cache.objects.take(object.kind(), &object.key()),
                }
                self.wake(&ClusterEvent::Other(old.cloned(), new.cloned()), ctl);
            }
            _ => {}
        }
    }

    fn wake(&mut self, event: &ClusterEvent, ctl: &Ctl) {
        self.queue.on_event(event, &self.profile, &self.cache, ctl.cx.now, ctl.cx.cause);
    }

    fn pod_changed(&mut self, old: Option<Arc<Pod>>, new: Option<Arc<Pod>>, ctl: &mut Ctl) {
        let Some(pod) = new.clone().or(old.clone()) else { return };
        let key = pod.meta.key();
        if new.is_none() {
            self.decided.remove(&key);
        }
        // The informer's field selector leaves out finished pods, so finishing looks like deletion.
        let present = new.filter(|p| !p.is_finished());
        match present {
            Some(p) if p.node.is_some() => {
                let known = self.cache.placed(&key).cloned();
                let was_assigned = old.as_ref().is_some_and(|o| o.node.is_some());
                if let (Some((_, info)), true) = (&known, was_assigned)
                    && same_for_scheduling(&info.pod, &p)
                {
                    return;
                }
                self.queue.remove(&key);
                self.cache.forget_nomination(&p.meta.uid);
                let info = self.cache.pod_info(&p);
                if let Some(node) = &p.node {
                    self.cache.put_pod(&info, node);
                }
                let event = match known {
                    Some((_, before)) if was_assigned => ClusterEvent::PodUpdate(before, info),
                    _ => ClusterEvent::PodAdd(info),
                };
                self.wake(&event, ctl);
            }
            Some(p) => {
                let ours = p.spec.scheduler_name.as_deref().is_none_or(|n| n.is_empty() || n == NAME);
                // A pod that is being bound is not ours to queue again.
                if !ours || self.cache.placed(&key).is_some() {
                    return;
                }
                let info = self.cache.pod_info(&p);
                match &p.status.nominated_node {
                    Some(node) => self.cache.nominate(&info, node),
                    None => self.cache.forget_nomination(&p.meta.uid),
                }
                self.queue.update(info, &self.profile, &self.cache, ctl.cx.now, ctl.cx.cause);
            }
            None => {
                self.queue.remove(&key);
                self.cache.forget_nomination(&pod.meta.uid);
                let same = self.cache.placed(&key).is_some_and(|(_, i)| *i.uid() == pod.meta.uid);
                if same && let Some(info) = self.cache.take_pod(&key) {
                    self.wake(&ClusterEvent::PodDelete(info), ctl);
                }
            }
        }
    }

    fn node_changed(&mut self, old: Option<Arc<Node>>, new: Option<Arc<Node>>, ctl: &mut Ctl) {
        let Some(node) = new.as_ref().or(old.as_ref()) else { return };
        let name = node.meta.name.clone();
        let fixed = |cache: &Cache| cache.find(&name).map(|ix| cache.node(ix).fixed.clone());
        let before = fixed(&self.cache);
        let Some(new) = new else {
            self.cache.take_node(&name);
            if let Some(before) = before {
                self.wake(&ClusterEvent::NodeDelete(before), ctl);
            }
            return;
        };
        if before.as_ref().is_some_and(|b| same_node_for_scheduling(&b.node, &new)) {
            return;
        }
        self.cache.put_node(&new);
        let Some(after) = fixed(&self.cache) else { return };
        let event = match before {
            Some(before) => ClusterEvent::NodeUpdate(before, after),
            None => ClusterEvent::NodeAdd(after),
        };
        self.wake(&event, ctl);
    }

    // The loop ---------------------------------------------------------------------------------------------------------------------

    fn cycle(&mut self, ctl: &mut Ctl) {
        let Some(queued) = self.queue.pop() else { return };
        let info = queued.info.clone();
        ctl.cx.cause = queued.cause.or(ctl.cx.cause);
        if info.terminating {
            let text = format!("skip schedule deleting pod: {}", info.key());
            ctl.event(&Object::Pod(info.pod.clone()), true, "FailedScheduling", &text);
            return;
        }
        let profile = self.profile.clone();
        let rng = ctl.rng.stream(CHANCE);
        let outcome = decide(&mut self.cache, &info, &profile, &mut self.position, ctl.cx.now, Some(rng));
        let decision = Arc::new(Decision::brief(&outcome, &info, &self.cache, &profile));
        let reason = if decision.node.is_some() { "Chosen" } else { "Unschedulable" };
        let about = Object::Pod(info.pod.clone()).reference();
        let entry = Entry::new(RecordType::Decision, ctl.actor.clone(), reason, about, decision.sentence());
        let record = ctl.cx.record_as_cause(entry.with_detail(decision.clone()));
        self.decided.insert(info.key(), record);
        match outcome.decided {
            Decided::Node(ix) => {
                let node = self.cache.node(ix).name().clone();
                self.cache.forget_nomination(info.uid());
                let volumes = to_bind(&info, &self.cache, self.cache.node(ix));
                volumes.iter().for_each(|v| assume(&mut self.cache.objects, v, &node));
                self.cache.put_pod(&info, &node);
                self.binding += 1;
                ctl.after(BINDING, WorldEvent::Scheduler(Event::Bind(Arc::new(Binding { queued, node, volumes, until: None }))));
            }
            Decided::Unschedulable | Decided::NoNodes => {
                let error = matches!(outcome.decided, Decided::NoNodes);
                let rejected_by = if error { vec![] } else { outcome.rejected_by() };
                let room = outcome.preemption.map(|c| (self.cache.node(c.node).name().clone(), c.victims));
                let nomination = match &room {
                    Some((node, _)) => {
                        self.cache.nominate(&info, node);
                        Nomination::Set(node.clone())
                    }
                    None if outcome.clears_nomination => {
                        self.cache.forget_nomination(info.uid());
                        Nomination::Clear
                    }
                    None => Nomination::Keep,
                };
                self.queue.failed(queued, rejected_by, ctl.cx.now);
                report_failure(&info, &outcome.message, error, nomination, ctl);
                if let Some((node, victims)) = room {
                    let p = Arc::new(Preemption { preemptor: info, node, victims });
                    ctl.after(PREEMPTION, WorldEvent::Scheduler(Event::Preempt(p)));
                }
            }
        }
    }

    /// The binding subresource (pkg/registry/core/pod/storage/storage.go assignPod) and what follows from its answer.
    fn bind(&mut self, b: &Binding, ctl: &mut Ctl) {
        let info = &b.queued.info;
        let volumes = bind_volumes(b, ctl);
        if let Ok(Some(later)) = volumes {
            ctl.after(POLL, WorldEvent::Scheduler(Event::Bind(Arc::new(later))));
            return;
        }
        self.binding = self.binding.saturating_sub(1);
        let Err(error) = volumes.and_then(|_| assign(info, &b.node, ctl)) else {
            let text = format!("Successfully assigned {} to {}", info.key(), b.node);
            ctl.event(&Object::Pod(info.pod.clone()), false, "Scheduled", &text);
            return;
        };
        // Give the place back; others may use it.
        if self.cache.placed(&info.key()).is_some_and(|(_, i)| i.uid() == info.uid()) {
            self.cache.take_pod(&info.key());
        }
        b.volumes.iter().for_each(|v| restore(&mut self.cache.objects, v, ctl));
        self.wake(&ClusterEvent::PodDelete(info.clone()), ctl);
        let now = ctl.api.store.typed::<Pod>(&info.key()).cloned();
        match now {
            // Somebody else bound it, or it is gone or finished: nothing left to do.
            Some(p) if p.meta.uid == *info.uid() && p.node.is_none() && !p.is_finished() => {
                self.queue.failed(b.queued.clone(), vec![], ctl.cx.now);
                // handleBindingCycleError: where it was expected is taken back.
                report_failure(info, &error, true, Nomination::Clear, ctl);
            }
            _ if !ctl.api.up => self.queue.failed(b.queued.clone(), vec![], ctl.cx.now),
            _ => {}
        }
    }
}

/// Nothing of a placed pod that the scheduler looks at differs.
fn same_for_scheduling(a: &Pod, b: &Pod) -> bool {
    (Arc::ptr_eq(&a.spec, &b.spec) || a.spec == b.spec)
        && a.node == b.node
        && (Arc::ptr_eq(&a.meta.labels, &b.meta.labels) || a.meta.labels == b.meta.labels)
        && a.meta.uid == b.meta.uid
        && a.meta.is_deleting() == b.meta.is_deleting()
        && a.status.start_time == b.status.start_time
        && a.status.condition("DisruptionTarget").is_some() == b.status.condition("DisruptionTarget").is_some()
}

fn same_node_for_scheduling(a: &Node, b: &Node) -> bool {
    a.unschedulable == b.unschedulable
        && a.taints == b.taints
        && a.allocatable == b.allocatable
        && a.meta.labels == b.meta.labels
        && (Arc::ptr_eq(&a.images, &b.images) || a.images == b.images)
        && a.declared == b.declared
}

/// Sets `conditions[type]`, keeping the transition time if the status stays.
fn set_condition(pod: &mut Pod, kind: &str, status: Tri, reason: Option<&str>, message: Option<&str>, now: SimTime) {
    let generation = Some(pod.meta.generation);
    let new = Condition {
        kind: kind.into(),
        status,
        reason: reason.map(Into::into),
        message: message.map(Into::into),
        last_transition: now,
        last_heartbeat: None,
        observed_generation: generation,
    };
    match pod.status.conditions.iter_mut().find(|c| &*c.kind == kind) {
        Some(c) => {
            let since = if c.status == status { c.last_transition } else { now };
            *c = Condition { last_transition: since, ..new };
        }
        None => pod.status.conditions.push(new),
    }
}

/// Writes the pod's node; the error is the API server's sentence.
fn assign(info: &PodInfo, node: &Name, ctl: &mut Ctl) -> Result<(), String> {
    if !ctl.api.up {
        return Err("connection refused".into());
    }
    let key = info.key();
    let Some(current) = ctl.api.store.typed::<Pod>(&key).cloned() else { return Err(format!("pods \"{}\" not found", key.name)) };
    if current.meta.uid != *info.uid() {
        return Err(format!("pods \"{}\" not found", key.name));
    }
    if current.meta.is_deleting() {
        return Err(format!("pod {} is being deleted, cannot be assigned to a host", key.name));
    }
    if let Some(already) = &current.node {
        return Err(format!("pod {} is already assigned to node \"{already}\"", key.name));
    }
    let mut pod = Pod::clone(&current);
    pod.node = Some(node.clone());
    pod.status.nominated_node = None;
    set_condition(&mut pod, "PodScheduled", Tri::True, None, None, ctl.cx.now);
    // PodTopologyLabelsAdmission: the pod learns where it is.
    if let Some(n) = ctl.api.store.typed::<Node>(&Key::new("", node.clone())).cloned() {
        for key in ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"] {
            if let Some(value) = n.meta.label(key) {
                pod.meta.set_label(key, value);
            }
        }
    }
    ctl.update(pod, true, &format!("bound to {node}")).map(|_| ()).map_err(|e| e.message)
}

/// What becomes of `status.nominatedNodeName` after a failed attempt.
enum Nomination {
    Keep,
    Clear,
    Set(Name),
}

/// FailedScheduling event, PodScheduled condition and nominated node (schedule_one.go handleSchedulingFailure).
fn report_failure(info: &PodInfo, message: &str, error: bool, nomination: Nomination, ctl: &mut Ctl) {
    let Some(current) = ctl.api.store.typed::<Pod>(&info.key()).cloned() else { return };
    if current.meta.uid != *info.uid() {
        return;
    }
    ctl.event(&Object::Pod(current.clone()), true, "FailedScheduling", &cut(message));
    let mut pod = Pod::clone(&current);
    let reason = if error { "SchedulerError" } else { "Unschedulable" };
    set_condition(&mut pod, "PodScheduled", Tri::False, Some(reason), Some(message), ctl.cx.now);
    match nomination {
        Nomination::Keep => {}
        Nomination::Clear => pod.status.nominated_node = None,
        Nomination::Set(node) => pod.status.nominated_node = Some(node),
    }
    let _ = ctl.update_status(pod, message);
}

/// preemption/executor.go: lower nominations are taken back, victims are marked and deleted.
fn preempt(p: &Preemption, ctl: &mut Ctl) {
    let lower: Vec<Arc<Pod>> = ctl
        .api
        .store
        .all::<Pod>()
        .filter(|x| x.node.is_none() && x.status.nominated_node.as_ref() == Some(&p.node))
        .filter(|x| x.meta.uid != *p.preemptor.uid() && x.spec.priority.unwrap_or(0) < p.preemptor.priority)
        .cloned()
        .collect();
    for victim in &p.victims {
        let key = victim.key();
        let Some(current) = ctl.api.store.typed::<Pod>(&key).filter(|c| c.meta.uid == *victim.uid()).cloned() else { continue };
        if !current.meta.is_deleting() {
            let text = format!("{NAME}: preempting to accommodate a higher priority pod");
            let mut marked = Pod::clone(&current);
            set_condition(&mut marked, "DisruptionTarget", Tri::True, Some("PreemptionByScheduler"), Some(&text), ctl.cx.now);
            let _ = ctl.update_status(marked, &text);
            let why = format!("preempted by {}", p.preemptor.key());
            let _ = ctl.delete(Kind::Pod, &key, DeleteOptions { uid: Some(victim.uid().clone()), ..Default::default() }, &why);
        }
        let text = format!("Preempted by pod {} on node {}", p.preemptor.uid(), p.node);
        ctl.event(&Object::Pod(current), false, "Preempted", &text);
    }
    for pod in lower {
        let mut pod = Pod::clone(&pod);
        pod.status.nominated_node = None;
        let _ = ctl.update_status(pod, "its nomination is taken back for a more important pod");
    }
}
