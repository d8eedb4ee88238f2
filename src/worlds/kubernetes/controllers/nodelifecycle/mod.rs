//! The node lifecycle controller: notices silent nodes, says so, and taints them.
//! Follows: pkg/controller/nodelifecycle/node_lifecycle_controller.go, pkg/controller/util/node/controller_utils.go.

mod zones;

use std::sync::Arc;

use crate::kernel::{Map, RecordId, Set, SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Condition, Lease, Node, Object, Pod, Taint, TaintEffect, Tri, Typed};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};
use zones::Zones;

pub(super) const WATCHES: &[Kind] = &[Kind::Node, Kind::Pod];

pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// --node-startup-grace-period: for a node that never posted a Ready condition.
const STARTUP_GRACE: SimDuration = SimDuration::from_secs(60);
/// The loop that taints nodes with NoExecute (scheduler.NodeEvictionPeriod).
const TAINT_PERIOD: SimDuration = SimDuration::from_millis(100);

/// Conditions that become Unknown with a silent kubelet; the first decides.
const CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// (condition, status, taint key): what a node's conditions mirror into NoSchedule taints (nodeConditionToTaintKeyStatusMap).
const MIRRORED: &[(&str, Tri, &str)] = &[
    ("Ready", Tri::False, NOT_READY),
    ("Ready", Tri::Unknown, UNREACHABLE),
    ("MemoryPressure", Tri::True, "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", Tri::True, "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", Tri::True, "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", Tri::True, "node.kubernetes.io/pid-pressure"),
];

/// What the controller remembers of nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    health: Map<Name, Health>,
    zones: Zones,
    /// Nodes to taint with NoExecute, oldest first, with the record that says why.
    taint_queue: Map<u64, (Name, Option<RecordId>)>,
    next_in_queue: u64,
    loop_planned: bool,
    /// Nodes whose pods are still to be told, one pod at a time through the queue.
    not_ready: Set<Name>,
    /// The record of what is known to have silenced a node (a fault): the cause of what is concluded from its silence.
    pub(crate) suspects: Map<Name, RecordId>,
    /// The record of a node's registration.
    announced: Map<Name, RecordId>,
}

#[derive(Clone, Debug)]
struct Health {
    /// When we last saw a sign of life, by our own clock.
    probed: SimTime,
    lease_renewed: Option<SimTime>,
    heartbeat: Option<SimTime>,
    ready: Option<Tri>,
}

/// `--node-monitor-period`
pub(super) fn period(config: &crate::worlds::kubernetes::Config) -> SimDuration {
    config.node_monitor_period
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Node(node) => {
            let item = Item::new(Kind::Node, node.meta.key());
            if event.new.is_some() {
                if let (None, Some(record)) = (&event.old, event.cause) {
                    m.nodes.announced.insert(node.meta.name.clone(), record);
                }
                m.add(Id::NodeLifecycle, item, ctl);
            }
        }
        // A pod bound to a node that is not ready is not ready either.
        Object::Pod(pod) if event.new.is_some() => {
            let was = event.old.as_ref().and_then(Pod::of).and_then(|p| p.node.clone());
            if let Some(node) = pod.node.as_ref().filter(|n| was.as_ref() != Some(n))
                && m.nodes.not_ready.contains(node)
            {
                m.add(Id::NodeLifecycle, Item::new(Kind::Pod, pod.meta.key()), ctl);
            }
        }
        _ => {}
    }
}

/// A node's NoSchedule taints follow its conditions; a pod on a node that is not ready is marked.
pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    match item.kind {
        Kind::Node => mirror_conditions(m, &item.key, ctl)?,
        _ => mark_pod(m, &item.key, ctl)?,
    }
    Ok(Next::Done)
}

fn mirror_conditions(m: &mut Manager, key: &Key, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some(node) = m.cache.typed::<Node>(key).cloned() else { return Ok(()) };
    let status = |kind: &str| node.condition(kind).map(|c| c.status);
    let mut wanted: Vec<&str> = MIRRORED.iter().filter(|(kind, s, _)| status(kind) == Some(*s)).map(|(_, _, taint)| *taint).collect();
    if node.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    let ours = |key: &str| key == UNSCHEDULABLE || MIRRORED.iter().any(|(_, _, t)| *t == key);
    let now = ctl.cx.now;
    let mut taints: Vec<Taint> =
        node.taints.iter().filter(|t| t.effect != TaintEffect::NoSchedule || !ours(&t.key) || wanted.contains(&&*t.key)).cloned().collect();
    for key in &wanted {
        if !taints.iter().any(|t| *t.key == **key && t.effect == TaintEffect::NoSchedule) {
            taints.push(Taint { key: (*key).into(), value: "".into(), effect: TaintEffect::NoSchedule, time_added: Some(now) });
        }
    }
    if taints == *node.taints {
        return Ok(());
    }
    let why = if wanted.is_empty() {
        format!("the conditions of {} call for no NoSchedule taint any more", key.name)
    } else {
        format!("no new pods: {}:NoSchedule", wanted.join(", "))
    };
    ctl.update(Node { taints: Arc::new(taints), ..Node::clone(&node) }, false, &why).map(|_| ())
}

/// Ready → False, so that Services stop sending requests there (MarkPodsNotReady).
fn mark_pod(m: &mut Manager, key: &Key, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some(pod) = m.cache.typed::<Pod>(key).cloned() else { return Ok(()) };
    let Some(node) = &pod.node else { return Ok(()) };
    if !m.nodes.not_ready.contains(node) {
        return Ok(());
    }
    let Some(ready) = pod.status.conditions.iter().position(|c| &*c.kind == "Ready") else { return Ok(()) };
    if pod.status.conditions[ready].status == Tri::False {
        return Ok(());
    }
    let mut copy = Pod::clone(&pod);
    let c = &mut copy.status.conditions[ready];
    c.status = Tri::False;
    c.last_transition = ctl.cx.now;
    ctl.event(&Object::Pod(pod.clone()), true, "NodeNotReady", "Node is not ready");
    match ctl.update_status(copy, &format!("node {node} is not ready, so the pod is not")) {
        Err(e) if e.code == 404 => Ok(()),
        other => other.map(|_| ()),
    }
}

/// One pass of monitorNodeHealth.
pub(super) fn tick(m: &mut Manager, ctl: &mut Ctl) {
    let now = ctl.cx.now;
    let nodes: Vec<Arc<Node>> = m.cache.all::<Node>().cloned().collect();
    forget_removed(m, &nodes, ctl);
    let mut zones = zones::Count::default();
    for node in &nodes {
        let name = &node.meta.name;
        if !m.nodes.health.contains_key(name) {
            let message = format!("Node {name} event: Registered Node {name} in Controller");
            let before = ctl.cx.cause;
            ctl.cx.cause = m.nodes.announced.remove(name).or(before);
            ctl.event(&Object::Node(node.clone()), false, "RegisteredNode", &message);
            ctl.cx.cause = before;
        }
        // The cause of what a pass finds is the last thing the node itself said or what silenced it; a new record is written below.
        let observed = node.condition("Ready").map(|c| c.status);
        let (current, cause) = examine(m, node, ctl);
        zones.add(node, current);
        let before = ctl.cx.cause;
        if cause.is_some() {
            ctl.cx.cause = cause;
        }
        decide_taints(m, node, current, ctl);
        if current != Some(Tri::True) && observed == Some(Tri::True) {
            let message = format!("Node {name} status is now: NodeNotReady");
            ctl.event(&Object::Node(node.clone()), false, "NodeNotReady", &message);
        }
        mark_pods(m, node, current, ctl);
        ctl.cx.cause = before;
    }
    zones::handle_disruption(m, &zones, &nodes, now, ctl);
}

fn forget_removed(m: &mut Manager, nodes: &[Arc<Node>], ctl: &mut Ctl) {
    let gone: Vec<Name> = m.nodes.health.keys().filter(|n| nodes.binary_search_by(|x| x.meta.name.cmp(n)).is_err()).cloned().collect();
    for name in gone {
        m.nodes.health.remove(&name);
        m.nodes.not_ready.remove(&name);
        cancel_taint(m, &name);
        let about = Object::Node(Arc::new(Node::named(name.clone())));
        ctl.event(&about, false, "RemovingNode", &format!("Node {name} event: Removing Node {name} from Controller"));
    }
}

/// Compares what was heard with what was heard before; says Unknown after the grace. Returns the Ready status as it now is.
fn examine(m: &mut Manager, node: &Arc<Node>, ctl: &mut Ctl) -> (Option<Tri>, Option<RecordId>) {
    let (now, name) = (ctl.cx.now, &node.meta.name);
    let ready = node.condition("Ready");
    let heartbeat = ready.and_then(|c| c.last_heartbeat);
    let renewed = m.cache.typed::<Lease>(&Key::new("kube-node-lease", name.clone())).map(|l| l.renew);
    let grace = if ready.is_some() { ctl.config.node_monitor_grace_period } else { STARTUP_GRACE };
    let known = m.nodes.health.get(name).cloned();
    let fresh = Health { probed: now, lease_renewed: renewed, heartbeat, ready: ready.map(|c| c.status) };
    let health = match known {
        // Never seen: a node without a Ready condition counts from its creation.
        None => Health { probed: if ready.is_some() { now } else { node.meta.created }, ..fresh },
        Some(k) if k.heartbeat != heartbeat || renewed > k.lease_renewed || k.ready != fresh.ready => fresh,
        Some(k) => Health { ready: fresh.ready, ..k },
    };
    let silent = now > health.probed + grace;
    let probed = health.probed;
    m.nodes.health.insert(name.clone(), health);
    if !silent {
        return (ready.map(|c| c.status), None);
    }
    let mut copy = Node::clone(node);
    for kind in CONDITIONS {
        match copy.conditions.iter_mut().find(|c| &*c.kind == kind) {
            None => copy.conditions.push(Condition {
                kind: kind.into(),
                status: Tri::Unknown,
                reason: Some("NodeStatusNeverUpdated".into()),
                message: Some("Kubelet never posted node status.".into()),
                last_transition: now,
                last_heartbeat: Some(node.meta.created),
                observed_generation: None,
            }),
            Some(c) if c.status != Tri::Unknown => {
                c.status = Tri::Unknown;
                c.reason = Some("NodeStatusUnknown".into());
                c.message = Some("Kubelet stopped posting node status.".into());
                c.last_transition = now;
            }
            Some(_) => {}
        }
    }
    if copy == **node {
        return (Some(Tri::Unknown), None);
    }
    let why = format!("no sign of life for {} (the last lease was seen at {probed}): Ready is Unknown", now.since(probed));
    // What silenced the node is the cause, if anything is known to have.
    ctl.cx.cause = m.nodes.suspects.get(name).copied();
    match ctl.update_status(copy, &why) {
        Ok(written) => {
            let record = ctl.api.last_record;
            // Our own write is no sign of life.
            if let (Some(h), Some(n)) = (m.nodes.health.get_mut(name), Node::of(&written)) {
                h.ready = n.condition("Ready").map(|c| c.status);
            }
            (Some(Tri::Unknown), record)
        }
        Err(_) => (ready.map(|c| c.status), None),
    }
}

/// Queues a node for NoExecute, or takes it out and its taints off (processTaintBaseEviction).
fn decide_taints(m: &mut Manager, node: &Arc<Node>, current: Option<Tri>, ctl: &mut Ctl) {
    let has = |key: &str| node.taints.iter().any(|t| &*t.key == key && t.effect == TaintEffect::NoExecute);
    match current {
        Some(Tri::False | Tri::Unknown) => {
            let (right, wrong) = if current == Some(Tri::False) { (NOT_READY, UNREACHABLE) } else { (UNREACHABLE, NOT_READY) };
            if has(wrong) {
                // The other taint is swapped at once, without the rate limit.
                let _ = swap_taint(node, right, wrong, ctl);
            } else if !has(right) {
                queue_taint(m, &node.meta.name, ctl);
            }
        }
        Some(Tri::True) => {
            cancel_taint(m, &node.meta.name);
            if has(NOT_READY) || has(UNREACHABLE) {
                let _ = remove_taints(node, "the node is ready again", ctl);
            }
        }
        None => {}
    }
}

fn queue_taint(m: &mut Manager, name: &Name, ctl: &mut Ctl) {
    if m.nodes.taint_queue.values().any(|(n, _)| n == name) {
        return;
    }
    let cause = ctl.cx.cause.or_else(|| m.nodes.suspects.get(name).copied());
    let seq = m.nodes.next_in_queue;
    m.nodes.next_in_queue += 1;
    m.nodes.taint_queue.insert(seq, (name.clone(), cause));
    plan_loop(m, TAINT_PERIOD, ctl);
}

fn cancel_taint(m: &mut Manager, name: &Name) {
    m.nodes.taint_queue = m.nodes.taint_queue.iter().filter(|(_, (n, _))| n != name).map(|(k, v)| (*k, v.clone())).collect();
}

fn plan_loop(m: &mut Manager, delay: SimDuration, ctl: &mut Ctl) {
    if !m.nodes.loop_planned {
        m.nodes.loop_planned = true;
        let event = super::Event::Due(Id::NodeTaints, Item::new(Kind::Node, Key::default()));
        ctl.after(delay, crate::worlds::kubernetes::Event::Controller(event));
    }
}

/// The NoExecute loop: as many nodes as their zones' rates allow (doNoExecuteTaintingPass).
pub(super) fn taint_pass(m: &mut Manager, _: &Item, ctl: &mut Ctl) -> Outcome {
    m.nodes.loop_planned = false;
    let now = ctl.cx.now;
    let mut later: Option<SimTime> = None;
    let waiting: Vec<(u64, Name, Option<RecordId>)> = m.nodes.taint_queue.iter().map(|(k, (n, c))| (*k, n.clone(), *c)).collect();
    for (seq, name, cause) in waiting {
        let Some(node) = m.cache.typed::<Node>(&Key::new("", name.clone())).cloned() else {
            m.nodes.taint_queue.remove(&seq);
            continue;
        };
        if let Err(at) = m.nodes.zones.try_take(&node, now) {
            later = Some(later.map_or(at, |l: SimTime| l.min(at)));
            continue;
        }
        m.nodes.taint_queue.remove(&seq);
        let status = node.condition("Ready").map(|c| c.status);
        let (right, wrong) = match status {
            Some(Tri::False) => (NOT_READY, UNREACHABLE),
            Some(Tri::Unknown) => (UNREACHABLE, NOT_READY),
            // It recovered meanwhile.
            _ => continue,
        };
        ctl.cx.cause = cause.or(ctl.cx.cause);
        if swap_taint(&node, right, wrong, ctl).is_err() {
            queue_taint(m, &name, ctl);
        }
    }
    if let Some(at) = later.filter(|at| *at < SimTime::MAX) {
        let delay = at.since(now).max(TAINT_PERIOD);
        plan_loop(m, delay, ctl);
    }
    Ok(Next::Done)
}

/// Wakes the loop after the rates changed.
fn wake_loop(m: &mut Manager, ctl: &mut Ctl) {
    if m.nodes.taint_queue.get_min().is_some() {
        plan_loop(m, TAINT_PERIOD, ctl);
    }
}

fn swap_taint(node: &Arc<Node>, add: &str, remove: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some(live) = ctl.api.store.typed::<Node>(&node.meta.key()).cloned() else { return Ok(()) };
    let mut taints: Vec<Taint> =
        live.taints.iter().filter(|t| t.effect != TaintEffect::NoExecute || (&*t.key != remove && &*t.key != add)).cloned().collect();
    taints.push(Taint { key: add.into(), value: "".into(), effect: TaintEffect::NoExecute, time_added: Some(ctl.cx.now) });
    let why = format!("{add}:NoExecute: pods that do not tolerate it must go");
    ctl.update(Node { taints: Arc::new(taints), ..Node::clone(&live) }, false, &why).map(|_| ())
}

fn remove_taints(node: &Arc<Node>, why: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    let Some(live) = ctl.api.store.typed::<Node>(&node.meta.key()).cloned() else { return Ok(()) };
    let ours = |t: &Taint| t.effect == TaintEffect::NoExecute && (&*t.key == NOT_READY || &*t.key == UNREACHABLE);
    let taints: Vec<Taint> = live.taints.iter().filter(|t| !ours(t)).cloned().collect();
    if taints.len() == live.taints.len() {
        return Ok(());
    }
    ctl.update(Node { taints: Arc::new(taints), ..Node::clone(&live) }, false, why).map(|_| ())
}

/// When a node stops being ready, each of its pods is queued to be marked.
fn mark_pods(m: &mut Manager, node: &Arc<Node>, current: Option<Tri>, ctl: &mut Ctl) {
    let name = &node.meta.name;
    if current == Some(Tri::True) || current.is_none() {
        m.nodes.not_ready.remove(name);
        return;
    }
    if m.nodes.not_ready.insert(name.clone()).is_some() {
        return;
    }
    let pods: Vec<Key> = m.cache.pods_on(name).map(|p| p.meta.key()).collect();
    for key in pods {
        m.add(Id::NodeLifecycle, Item::new(Kind::Pod, key), ctl);
    }
}
