//! What a world shows of itself: plain data in the words of the screen, the same for every platform.

use std::sync::Arc;

use crate::kernel::{ObjectRef, RecordId, SimTime};

/// Health as colour, shape and word together; never colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Good,
    /// On its way: starting, pulling, terminating.
    Busy,
    /// Limping: not ready, unhealthy, restarting.
    Warn,
    Bad,
    /// Stopped on purpose, finished, unknown.
    #[default]
    Idle,
}

/// A small lamp in a world's title: a control-plane component, an engine, the proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Lamp {
    /// Short: `api`, `sched`, `ctrl`, `etcd`, `dns`, `proxy`.
    pub name: Arc<str>,
    pub health: Health,
    pub word: Arc<str>,
}

/// One machine with what runs on it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostView {
    pub object: ObjectRef,
    pub name: Arc<str>,
    pub health: Health,
    /// `up`, `Ready`, `NotReady`, `DOWN`, `SchedulingDisabled`.
    pub word: Arc<str>,
    /// How long it has been in that state, and what matters about it (`00:51`, `taint unreachable`).
    pub detail: String,
    /// CPU in use, in thousandths of the capacity.
    pub cpu_permille: u32,
    pub memory_permille: u32,
    pub zone: Arc<str>,
    pub copies: CopyList,
}

/// Copies of which perhaps only the first are described: of a large world only those in sight are worth it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyList {
    described: Vec<CopyView>,
    more: usize,
}

impl CopyList {
    /// The described ones, and how many there are besides.
    pub fn with_more(described: Vec<CopyView>, more: usize) -> Self {
        Self { described, more }
    }
    /// How many there are, described or not.
    pub fn len(&self) -> usize {
        self.described.len() + self.more
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Vec<CopyView>> for CopyList {
    fn from(described: Vec<CopyView>) -> Self {
        Self { described, more: 0 }
    }
}

impl FromIterator<CopyView> for CopyList {
    fn from_iter<I: IntoIterator<Item = CopyView>>(copies: I) -> Self {
        Vec::from_iter(copies).into()
    }
}

/// The described ones.
impl std::ops::Deref for CopyList {
    type Target = [CopyView];
    fn deref(&self) -> &[CopyView] {
        &self.described
    }
}

impl<'a> IntoIterator for &'a CopyList {
    type Item = &'a CopyView;
    type IntoIter = std::slice::Iter<'a, CopyView>;
    fn into_iter(self) -> Self::IntoIter {
        self.described.iter()
    }
}

/// One pod or container.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyView {
    pub object: ObjectRef,
    /// Short name for tight places.
    pub label: Arc<str>,
    pub health: Health,
    /// The STATUS word of `kubectl get pods` or `docker ps`.
    pub word: Arc<str>,
    /// `1/1`, `restarts 3`, `deleted in 4:59`.
    pub detail: String,
    /// The app it belongs to (Deployment, compose service).
    pub app: Arc<str>,
    /// Requests per second it served in the last second.
    pub serving_rps: u32,
}

/// A declared app: wanted against there.
#[derive(Clone, Debug, PartialEq)]
pub struct AppView {
    pub object: ObjectRef,
    pub name: Arc<str>,
    pub wanted: u32,
    pub ready: u32,
    /// `rolling out 2/3`, `paused`, `EXTERNAL-IP <pending>`.
    pub detail: String,
}

/// One world at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldView {
    pub name: &'static str,
    /// `3 hosts`, `3 nodes`.
    pub subtitle: String,
    pub lamps: Vec<Lamp>,
    pub hosts: Vec<HostView>,
    /// Copies that are on no machine (Pending pods).
    pub unplaced: CopyList,
    pub apps: Vec<AppView>,
    /// Things a person should know now: the pager rings, the operator types.
    pub alarms: Vec<String>,
    /// `docker@host-1`, `kubectl@default`.
    pub console: String,
}

/// Everything about one object, in tabs.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    pub object: ObjectRef,
    pub title: String,
    pub health: Health,
    /// (tab name, text): `describe`, `yaml`/`inspect`, `logs`, `events`.
    pub tabs: Vec<(&'static str, String)>,
    /// Related objects to walk to: owner, node, pods.
    pub related: Vec<ObjectRef>,
    /// Actions with a key: (label, the command it equals).
    pub actions: Vec<(String, String)>,
    /// For a copy that a scheduler places: how it got its machine, or waits for one.
    pub placing: Option<Placing>,
}

/// How a copy got its machine, or waits for one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placing {
    /// The record of the latest decision about it.
    pub decided: Option<RecordId>,
    /// Where in the scheduler's queue it is, if it waits.
    pub waits: Option<Waiting>,
}

/// A copy in a scheduler's queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub object: ObjectRef,
    /// `active`, `back-off`, `unschedulable`, `gated`, `binding`.
    pub pool: &'static str,
    /// When its back-off is over.
    pub until: Option<SimTime>,
    /// When it entered the queue, or failed last.
    pub since: SimTime,
    pub attempts: u32,
    pub priority: i32,
    /// What turned it down (a short name), and which events make it worth another attempt.
    pub waits_for: Vec<(&'static str, &'static str)>,
    /// The record of the latest decision about it.
    pub decided: Option<RecordId>,
}

/// One decision of a scheduler with all its numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weighing {
    pub copy: ObjectRef,
    /// One sentence: where, and by how much.
    pub verdict: String,
    pub chosen: Option<Arc<str>>,
    /// What was scored, in the order of the plugins.
    pub columns: Vec<Column>,
    /// Machines that fit, best first.
    pub fits: Vec<Weighed>,
    /// Machines that were turned down, by reason, the most frequent first.
    pub turned_down: Vec<TurnedDown>,
    /// Why no machine came into question at all.
    pub barred: Option<String>,
    /// Why not every machine was looked at, if so.
    pub partial: Option<String>,
    /// Where room is made, if it can be.
    pub preemption: Option<RoomMade>,
    /// What the pod's condition and event say if nothing fits.
    pub message: String,
    /// The nearest changes, and what would come of each.
    pub moves: Vec<Move>,
}

/// One scoring plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// A short name for the head of a column.
    pub name: &'static str,
    pub plugin: &'static str,
    /// The highest score, weight included.
    pub most: i64,
}

/// A machine that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub name: Arc<str>,
    /// Weighted scores in the order of the columns; None where the plugin had nothing to say.
    pub scores: Vec<Option<i64>>,
    /// None if it was the only one and nothing was scored.
    pub total: Option<i64>,
    /// It shares the highest total.
    pub best: bool,
}

/// Preemption: who goes where.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomMade {
    pub machine: Arc<str>,
    /// The pods that must go, as `namespace/name`.
    pub victims: Vec<String>,
    /// Machines on which room could be made just as well.
    pub equal: Vec<Arc<str>>,
}

/// Machines turned down for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedDown {
    /// `fit: Insufficient cpu`
    pub why: String,
    /// Each with the numbers behind it (`cpu: wants 2, free 1.5`), or nothing.
    pub machines: Vec<(Arc<str>, String)>,
}

/// A change near to what was asked, and what would come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// `cpu request of 2 or less`
    pub change: String,
    /// Where the copy would go; None = still nowhere.
    pub to: Option<String>,
    /// It differs from the decision.
    pub moves: bool,
}
