//! What a world shows of itself: plain data in the words of the screen, the same for every platform.

use std::sync::Arc;

use crate::kernel::ObjectRef;

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
    pub copies: Vec<CopyView>,
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
    pub unplaced: Vec<CopyView>,
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
}
