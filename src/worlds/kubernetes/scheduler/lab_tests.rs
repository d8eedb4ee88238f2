//! The component against a bare API server: no kubelets, no controllers.
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::testing::object;
use super::{Event, Scheduler};
use crate::kernel::{Agenda, Cx, Journal, RecordId, SimDuration, SimTime, Streams};
use crate::machine::Machine;
use crate::worlds::kubernetes::api::Api;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Event as EventObject, Node, Object, Pod, Tri};
use crate::worlds::kubernetes::config::Config;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions, Event as WorldEvent};

struct Lab {
    api: Api,
    machine: Machine,
    agenda: Agenda<WorldEvent>,
    rng: Streams,
    config: Config,
    journal: Journal,
    scheduler: Scheduler,
    now: SimTime,
}

impl Lab {
    fn new() -> Self {
        let mut lab = Self {
            api: Api::new(7),
            machine: Machine::new(7, "kubernetes", vec![], 0),
            agenda: Agenda::default(),
            rng: Streams::new(7, "kubernetes"),
            config: Config::default(),
            journal: Journal::default(),
            scheduler: Scheduler::default(),
            now: SimTime::ZERO,
        };
        lab.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
        for (name, value) in [("low", 1), ("high", 100)] {
            lab.create(json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value}));
        }
        lab
    }
    fn ctl<T>(&mut self, f: impl FnOnce(&mut Scheduler, &mut Ctl) -> T) -> T {
        self.because(None, f)
    }
    fn because<T>(&mut self, cause: Option<RecordId>, f: impl FnOnce(&mut Scheduler, &mut Ctl) -> T) -> T {
        let Self { api, machine, agenda, rng, config, journal, scheduler, now } = self;
        let cx = Cx { now: *now, world: "kubernetes", journal, cause };
        let mut ctl = Ctl { api, machine, agenda, rng, config, cx, actor: "default-scheduler".into(), network: None };
        f(scheduler, &mut ctl)
    }
    fn create(&mut self, value: Value) {
        let object = object(value);
        self.ctl(|_, ctl| ctl.create(object, "test").unwrap());
        self.publish();
    }
    fn publish(&mut self) {
        if self.api.store.has_pending() {
            let events = Arc::new(self.api.store.take_pending());
            self.agenda.schedule(self.now + SimDuration::from_millis(5), None, WorldEvent::Watch(events));
        }
    }
    fn run(&mut self, until: SimTime) {
        while self.agenda.next_at().is_some_and(|t| t <= until) {
            let due = self.agenda.pop().unwrap();
            self.now = due.at;
            match due.event {
                WorldEvent::Watch(events) => events.iter().for_each(|e| self.because(e.cause, |s, ctl| s.observe(e, ctl))),
                WorldEvent::Scheduler(e) => self.because(due.cause, |s, ctl| s.handle(e, ctl)),
                _ => {}
            }
            self.publish();
        }
        self.now = until;
    }
    fn pod(&self, name: &str) -> Arc<Pod> {
        self.api.store.typed::<Pod>(&Key::new("default", name)).unwrap().clone()
    }
    fn events(&self) -> BTreeSet<(String, String, String)> {
        let all = self.api.store.all::<EventObject>();
        all.map(|e| (e.about.name.to_string(), e.reason.to_string(), e.message.to_string())).collect()
    }
}

fn node(name: &str, cpu: &str) -> Value {
    let amounts = json!({"cpu": cpu, "memory": "8Gi", "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": "a"}}, "status": {"capacity": amounts, "allocatable": amounts}})
}

fn pod(name: &str, cpu: &str, class: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"priorityClassName": class, "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": "x:1", "resources": {"requests": {"cpu": cpu}}}]}})
}

/// Nodes lose the taint that admission put on them, as the node lifecycle controller does.
fn make_ready(lab: &mut Lab) {
    let nodes: Vec<Arc<Node>> = lab.api.store.all::<Node>().cloned().collect();
    for n in nodes {
        let mut n = Node::clone(&n);
        n.taints = Arc::default();
        lab.ctl(|_, ctl| ctl.update(n, true, "ready").unwrap());
    }
    lab.publish();
}

#[test]
fn a_pod_is_bound_and_told_so() {
    let mut lab = Lab::new();
    lab.create(node("node-1", "2"));
    make_ready(&mut lab);
    lab.run(SimTime::from_secs(1));
    lab.create(pod("web", "1", "low"));
    lab.run(SimTime::from_secs(2));
    let web = lab.pod("web");
    assert_eq!(web.node.as_deref(), Some("node-1"));
    assert_eq!(web.status.condition("PodScheduled").unwrap().status, Tri::True);
    assert_eq!(web.meta.label("topology.kubernetes.io/zone"), Some("a"));
    assert!(lab.events().contains(&("web".into(), "Scheduled".into(), "Successfully assigned default/web to node-1".into())));
    assert!(lab.scheduler.settled());
    let bound = lab.journal.records().iter().find(|r| &*r.message == "bound to node-1").unwrap();
    let decision = lab.journal.get(bound.cause.unwrap()).unwrap();
    assert_eq!(&*decision.message, "chose node-1, the only node that fits");
    assert!(decision.cause.is_some(), "the decision goes back to the pod's creation");
}

#[test]
fn what_does_not_fit_waits_and_is_woken() {
    let mut lab = Lab::new();
    lab.create(node("node-1", "1"));
    make_ready(&mut lab);
    lab.create(pod("small", "600m", "low"));
    lab.create(pod("big", "900m", "low"));
    lab.run(SimTime::from_secs(5));
    let (waiting, placed) = if lab.pod("big").node.is_some() { ("small", "big") } else { ("big", "small") };
    let text = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: \
                0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    let pending = lab.pod(waiting);
    let condition = pending.status.condition("PodScheduled").unwrap();
    assert_eq!((condition.reason.as_deref(), condition.message.as_deref()), (Some("Unschedulable"), Some(text)));
    assert!(lab.events().contains(&(waiting.into(), "FailedScheduling".into(), text.into())));
    lab.ctl(|_, ctl| ctl.delete(Kind::Pod, &Key::new("default", placed), DeleteOptions { grace_s: Some(0), ..Default::default() }, "x"))
        .unwrap();
    lab.publish();
    // Nothing else to do, so the back-off is cut short.
    lab.run(lab.now + SimDuration::from_millis(20));
    let waiting_pod = lab.api.store.typed::<Pod>(&Key::new("default", waiting)).unwrap();
    assert!(waiting_pod.node.is_some() || lab.api.store.typed::<Pod>(&Key::new("default", placed)).is_some());
}

#[test]
fn preemption_removes_the_lesser_pod_and_takes_its_place() {
    let mut lab = Lab::new();
    lab.create(node("node-1", "1"));
    make_ready(&mut lab);
    lab.create(pod("low", "800m", "low"));
    lab.run(SimTime::from_secs(1));
    assert_eq!(lab.pod("low").node.as_deref(), Some("node-1"));
    lab.create(pod("high", "800m", "high"));
    lab.run(SimTime::from_secs(1) + SimDuration::from_millis(9));
    assert_eq!(lab.pod("high").status.nominated_node.as_deref(), Some("node-1"));
    lab.run(SimTime::from_secs(3));
    let uid = lab.pod("high").meta.uid.clone();
    assert!(lab.events().contains(&("low".into(), "Preempted".into(), format!("Preempted by pod {uid} on node node-1"))));
    let low = lab.api.store.typed::<Pod>(&Key::new("default", "low")).cloned();
    if let Some(low) = low {
        // No kubelet ends it here; do so.
        assert!(low.meta.is_deleting());
        lab.ctl(|_, ctl| ctl.api.remove(Kind::Pod, &low.meta.key(), &mut ctl.cx, &"kubelet".into(), "gone")).unwrap();
        lab.publish();
    }
    lab.run(SimTime::from_secs(6));
    let high = lab.pod("high");
    assert_eq!((high.node.as_deref(), high.status.nominated_node.as_deref()), (Some("node-1"), None));
}

#[test]
fn without_nodes_it_is_an_error_and_is_retried() {
    let mut lab = Lab::new();
    lab.create(pod("web", "1", "low"));
    lab.run(SimTime::from_secs(2));
    let web = lab.pod("web");
    let c = web.status.condition("PodScheduled").unwrap();
    assert_eq!((c.reason.as_deref(), c.message.as_deref()), (Some("SchedulerError"), Some("no nodes available to schedule pods")));
    lab.create(node("node-1", "2"));
    make_ready(&mut lab);
    lab.run(SimTime::from_secs(30));
    assert!(lab.pod("web").node.is_some());
}

#[test]
fn stopped_it_does_nothing_and_catches_up_when_started() {
    let mut lab = Lab::new();
    lab.create(node("node-1", "2"));
    make_ready(&mut lab);
    lab.run(SimTime::from_secs(1));
    lab.scheduler.stop();
    lab.create(pod("web", "1", "low"));
    lab.run(SimTime::from_secs(10));
    assert!(lab.pod("web").node.is_none());
    lab.ctl(|s, ctl| s.start(ctl));
    lab.run(SimTime::from_secs(11));
    assert!(lab.pod("web").node.is_some());
}

#[test]
fn gated_pods_wait_for_their_gates() {
    let mut lab = Lab::new();
    lab.create(node("node-1", "2"));
    make_ready(&mut lab);
    let mut gated = pod("web", "1", "low");
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    lab.create(gated);
    lab.run(SimTime::from_secs(10));
    assert!(lab.pod("web").node.is_none());
    assert!(lab.events().iter().all(|(_, reason, _)| reason != "FailedScheduling"));
    let mut free = Pod::clone(&lab.pod("web"));
    Arc::make_mut(&mut free.spec).scheduling_gates = None;
    lab.ctl(|_, ctl| ctl.update(Object::from(free), true, "gates removed").unwrap());
    lab.publish();
    lab.run(SimTime::from_secs(11));
    assert!(lab.pod("web").node.is_some());
}

#[allow(dead_code, reason = "names the type that the loop hands around")]
type Timer = Event;
