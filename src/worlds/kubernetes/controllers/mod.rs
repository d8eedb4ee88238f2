//! kube-controller-manager: one file (or folder) per controller, a registry in [`table`], and the work queues between watches and
//! reconciles.
//!
//! Every controller reads from [`Manager::cache`], the informers' view of the store (a watch latency behind), and writes through
//! [`Ctl`]. The cause of what woke a key travels with it through the queue.

pub mod deployment;
pub mod disruption;
pub mod endpointslice;
pub mod garbage;
pub mod namespace;
pub mod nodelifecycle;
pub mod podgc;
pub mod queue;
pub mod replicaset;
pub mod servicelb;
pub mod table;
pub mod tainteviction;
pub mod util;
pub mod volumes;

use std::sync::Arc;

use crate::kernel::{Set, SimDuration, SimTime};

use super::Ctl;
use super::api::ApiError;
use super::api::meta::{Key, Name};
use super::api::store::{Store, WatchEvent};
use super::kinds::Kind;

use queue::{API_WRITE, Item, Queue};
use table::{CONTROLLERS, Id};

/// Timers and work of the controllers.
#[derive(Clone, Debug)]
pub enum Event {
    /// A worker takes this key.
    Work(Id, Item),
    /// A delayed add is due.
    Due(Id, Item),
    /// A periodic loop's next turn.
    Tick(Id, u32),
}

/// What a reconcile asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    /// Look again after this long (AddAfter).
    After(SimDuration),
    /// Again with back-off, without an error (AddRateLimited).
    Retry,
    /// The client's rate limit stops it in the middle; it goes on at this moment.
    Suspended(SimTime),
}

/// A reconcile's result.
pub type Outcome = Result<Next, ApiError>;

/// All controllers with their queues.
#[derive(Clone, Debug)]
pub struct Manager {
    /// False while kube-controller-manager is stopped.
    pub up: bool,
    /// The informers' caches: the store as of the last watch batch that arrived.
    pub cache: Store,
    /// Bumped at every start, so that periodic turns of an earlier life fall silent.
    life: u32,
    /// The record of the start: the cause of periodic turns that nothing else caused.
    started: Option<crate::kernel::RecordId>,
    queues: Vec<Queue>,
    /// The controllers' names, in the order of their table.
    actors: Arc<[Name]>,
    /// Pods and ReplicaSets without a controller: the only candidates for adoption.
    orphans: Set<Item>,
    pub(crate) replicasets: replicaset::State,
    pub(crate) nodes: nodelifecycle::State,
    pub(crate) taints: tainteviction::State,
    garbage: garbage::State,
    pod_gc: podgc::State,
    balancers: servicelb::State,
    endpoints: endpointslice::State,
}

impl Default for Manager {
    fn default() -> Self {
        Self {
            up: true,
            cache: Store::default(),
            life: 0,
            started: None,
            queues: vec![Queue::default(); CONTROLLERS.len()],
            actors: CONTROLLERS.iter().map(|info| info.actor.into()).collect(),
            orphans: Set::new(),
            replicasets: replicaset::State::default(),
            nodes: nodelifecycle::State::default(),
            taints: tainteviction::State::default(),
            garbage: garbage::State::default(),
            pod_gc: podgc::State::default(),
            balancers: servicelb::State::default(),
            endpoints: endpointslice::State::new(),
        }
    }
}

impl Manager {
    /// kube-controller-manager starts (or starts again, remembering nothing): informers list everything, loops begin to turn.
    pub fn start(&mut self, ctl: &mut Ctl) {
        let life = self.life + 1;
        for queue in &self.queues {
            for token in queue.queued.values().chain(queue.delayed.values().map(|(_, t)| t)) {
                ctl.agenda.cancel(*token);
            }
        }
        *self = Self { life, started: ctl.cx.cause, ..Self::default() };
        for info in CONTROLLERS {
            if let Some((period, first)) = info.period {
                let (period, first) = (period(ctl.config), first);
                let delay = if first { SimDuration::ZERO } else { period };
                ctl.after(delay, super::Event::Controller(Event::Tick(info.id, life)));
            }
        }
        self.relist(ctl);
    }

    /// Informers list everything anew: every object counts as just added.
    pub fn relist(&mut self, ctl: &mut Ctl) {
        let all = ctl.api.store.clone();
        self.cache = all.copy();
        for info in super::kinds::KINDS {
            for object in all.list(info.id) {
                let event = WatchEvent {
                    resource_version: object.meta().resource_version,
                    old: None,
                    new: Some(object.clone()),
                    cause: ctl.cx.cause,
                };
                self.observe(&event, ctl);
            }
        }
    }

    /// kube-controller-manager stops: what is queued waits for the next start.
    pub fn stop(&mut self) {
        self.up = false;
    }

    /// A watch batch arrived: the caches follow.
    pub fn take_in(&mut self, events: &[WatchEvent]) {
        if self.up {
            events.iter().for_each(|e| self.cache.take_in(e));
        }
    }

    /// Informer handlers: puts keys into queues.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        if !self.up {
            return;
        }
        let kind = event.kind();
        if matches!(kind, Kind::Pod | Kind::ReplicaSet) {
            let item = Item::new(kind, event.object().key());
            if event.new.as_ref().is_some_and(|o| o.meta().controller().is_none()) {
                self.orphans.insert(item);
            } else {
                self.orphans.remove(&item);
            }
        }
        for (n, info) in CONTROLLERS.iter().enumerate() {
            if info.watches.is_empty() || info.watches.contains(&kind) {
                ctl.actor = self.actors[n].clone();
                (info.observe)(self, event, ctl);
            }
        }
    }

    /// Works on one due item.
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        match event {
            Event::Work(id, item) => self.work(id, &item, ctl),
            Event::Due(id, item) => {
                self.queue(id).delayed.remove(&item);
                self.add(id, item, ctl);
            }
            Event::Tick(id, life) => {
                if life != self.life || !self.up {
                    return;
                }
                let info = id.info();
                if let Some((period, _)) = info.period {
                    // What a periodic turn finds carries its own cause, if it has one.
                    ctl.cx.cause = self.started;
                    // The period begins when the pass has ended (wait.UntilWithContext), so turns drift by what a pass takes.
                    ctl.after(period(ctl.config) + queue::PICK_UP, super::Event::Controller(Event::Tick(id, life)));
                }
                ctl.actor = self.actors[id as usize].clone();
                let before = ctl.api.store.resource_version();
                (info.tick)(self, ctl);
                self.charge(id, ctl.api.store.resource_version() - before, ctl);
            }
        }
    }

    /// No work is queued or in progress.
    pub fn settled(&self) -> bool {
        self.queues.iter().all(|q| q.queued.is_empty() && q.failures.is_empty())
    }

    fn queue(&mut self, id: Id) -> &mut Queue {
        &mut self.queues[id as usize]
    }

    /// Puts a key into a queue; one that waits already stays where it is.
    pub fn add(&mut self, id: Id, item: Item, ctl: &mut Ctl) {
        if !self.up || self.queue(id).queued.contains_key(&item) {
            return;
        }
        let at = self.queue(id).free_at(&item, ctl.cx.now);
        self.schedule(id, item, at, ctl);
    }

    fn schedule(&mut self, id: Id, item: Item, at: SimTime, ctl: &mut Ctl) {
        let event = super::Event::Controller(Event::Work(id, item.clone()));
        let token = ctl.agenda.schedule(at, ctl.cx.cause, event);
        self.queue(id).queued.insert(item, token);
    }

    /// Puts a key into a queue after `delay`; an earlier plan for the same key stays.
    pub fn add_after(&mut self, id: Id, item: Item, delay: SimDuration, ctl: &mut Ctl) {
        if !self.up {
            return;
        }
        let at = ctl.cx.now + delay;
        match self.queue(id).delayed.get(&item).copied() {
            Some((planned, _)) if planned <= at => return,
            Some((_, token)) => {
                ctl.agenda.cancel(token);
            }
            None => {}
        }
        let token = ctl.agenda.schedule(at, ctl.cx.cause, super::Event::Controller(Event::Due(id, item.clone())));
        self.queue(id).delayed.insert(item, (at, token));
    }

    /// How long this controller's client makes its next request wait.
    pub fn wait(&mut self, id: Id, ctl: &Ctl) -> SimDuration {
        let (interval, burst) = ctl.config.client_rate();
        self.queue(id).bucket.wait(ctl.cx.now, interval, burst)
    }

    /// Takes tokens for requests that were just made.
    pub fn charge(&mut self, id: Id, writes: u64, ctl: &Ctl) {
        if writes > 0 {
            let (interval, _) = ctl.config.client_rate();
            self.queue(id).bucket.charge(writes, ctl.cx.now, interval);
        }
    }

    fn work(&mut self, id: Id, item: &Item, ctl: &mut Ctl) {
        self.queue(id).queued.remove(item);
        if !self.up {
            return;
        }
        let wait = self.wait(id, ctl);
        if wait > SimDuration::ZERO {
            self.schedule(id, item.clone(), ctl.cx.now + wait, ctl);
            return;
        }
        let info = id.info();
        ctl.actor = self.actors[id as usize].clone();
        let before = ctl.api.store.resource_version();
        let outcome = (info.sync)(self, item, ctl);
        let writes = ctl.api.store.resource_version() - before;
        if !info.paces_itself {
            self.charge(id, writes, ctl);
        }
        // A refused write took its time as well.
        let busy = API_WRITE.saturating_mul(writes + u64::from(outcome.is_err()));
        let until = ctl.cx.now + busy;
        let queue = self.queue(id);
        if busy > SimDuration::ZERO {
            queue.busy.insert(item.clone(), until);
        } else {
            queue.busy.remove(item);
        }
        match outcome {
            Ok(Next::Done) => {
                queue.failures.remove(item);
            }
            Ok(Next::After(delay)) => {
                queue.failures.remove(item);
                self.add_after(id, item.clone(), busy + delay, ctl);
            }
            Ok(Next::Suspended(at)) => self.schedule(id, item.clone(), at.max(ctl.cx.now + queue::PICK_UP), ctl),
            Ok(Next::Retry) | Err(_) => {
                let tries = queue.failures.get(item).copied().unwrap_or(0);
                if info.max_retries.is_some_and(|max| tries >= max) {
                    queue.failures.remove(item);
                    return;
                }
                let delay = queue.back_off(item);
                let delay = info.retry.map_or(delay, |slow| slow(delay));
                self.add_after(id, item.clone(), busy + delay, ctl);
            }
        }
    }

    /// Pods or ReplicaSets of a namespace that have no controller.
    pub fn orphans<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Key> {
        let from = Item::new(kind, Key::new(namespace, ""));
        self.orphans
            .range(from..)
            .map(|i| (i.kind, &i.key))
            .take_while(move |(k, key)| *k == kind && &*key.namespace == namespace)
            .map(|(_, k)| k)
    }
}
