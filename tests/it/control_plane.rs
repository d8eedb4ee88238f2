//! What no recording shows: garbage, namespaces, disruption modes, stopped components, the data path.

use serde_json::json;

use crate::stand_in::{Lab, deployment, service};
use std::sync::Arc;
use wheelhouse::kernel::{SimDuration, SimTime};
use wheelhouse::model::{Component, Fault, FaultKind, FaultTarget};
use wheelhouse::worlds::World;
use wheelhouse::worlds::kubernetes::api::meta::Key;
use wheelhouse::worlds::kubernetes::api::object::{
    Deployment, EndpointSlice, Namespace, Node, Pod, ReplicaSet, Service, Taint, TaintEffect,
};
use wheelhouse::worlds::kubernetes::kinds::Kind;
use wheelhouse::worlds::kubernetes::{DeleteOptions, Propagation};

const S: fn(u64) -> SimTime = SimTime::from_secs;

fn count<T: wheelhouse::worlds::kubernetes::api::object::Typed + 'static>(lab: &Lab) -> usize {
    lab.world.store().in_namespace::<T>("t").count()
}

#[test]
fn deleting_in_the_background_takes_everything_down_the_chain() {
    let mut lab = Lab::new(2);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(8));
    assert_eq!((count::<ReplicaSet>(&lab), count::<Pod>(&lab)), (1, 3));
    lab.delete(Kind::Deployment, "t", "web", DeleteOptions::default());
    assert_eq!(count::<Deployment>(&lab), 0, "gone at once");
    lab.run(S(12));
    assert_eq!((count::<ReplicaSet>(&lab), count::<Pod>(&lab)), (0, 0));
}

#[test]
fn deleting_in_the_foreground_waits_for_the_dependents() {
    let mut lab = Lab::new(2);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(8));
    lab.delete(Kind::Deployment, "t", "web", DeleteOptions { propagation: Propagation::Foreground, ..DeleteOptions::default() });
    lab.run(S(8) + SimDuration::from_millis(500));
    assert_eq!((count::<Deployment>(&lab), count::<ReplicaSet>(&lab)), (1, 1), "pods still end");
    assert!(lab.world.store().in_namespace::<Pod>("t").all(|p| p.meta.is_deleting()));
    lab.run(S(12));
    assert_eq!((count::<Deployment>(&lab), count::<ReplicaSet>(&lab), count::<Pod>(&lab)), (0, 0, 0));
}

#[test]
fn orphans_stay_and_are_adopted_again() {
    let mut lab = Lab::new(2);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(8));
    let uids = |lab: &Lab| lab.world.store().in_namespace::<Pod>("t").map(|p| p.meta.uid.clone()).collect::<Vec<_>>();
    let before = uids(&lab);
    lab.delete(Kind::Deployment, "t", "web", DeleteOptions { propagation: Propagation::Orphan, ..DeleteOptions::default() });
    lab.run(S(12));
    assert_eq!((count::<Deployment>(&lab), count::<ReplicaSet>(&lab)), (0, 1));
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(16));
    assert_eq!((count::<ReplicaSet>(&lab), uids(&lab)), (1, before), "the same ReplicaSet and the same pods");
    let rs = lab.world.store().in_namespace::<ReplicaSet>("t").next().expect("there");
    assert_eq!(rs.meta.controller().map(|o| &*o.name), Some("web"));
}

#[test]
fn a_pod_whose_labels_change_is_released_and_replaced() {
    let mut lab = Lab::new(2);
    lab.create(deployment(2, "app:v1", json!({})));
    lab.run(S(8));
    let name = lab.world.store().in_namespace::<Pod>("t").next().expect("a pod").meta.name.clone();
    lab.patch::<Pod>("t", &name, |p| p.meta.set_label("app", "quarantine"));
    lab.run(S(12));
    assert_eq!(count::<Pod>(&lab), 3);
    let pod = lab.world.store().typed::<Pod>(&Key::new("t", name)).expect("still there");
    assert!(pod.meta.controller().is_none() && pod.is_ready());
}

#[test]
fn a_namespace_is_emptied_pods_first_and_goes() {
    let mut lab = Lab::new(2);
    lab.create(service());
    lab.create(deployment(2, "app:v1", json!({})));
    lab.run(S(8));
    lab.delete(Kind::Namespace, "", "t", DeleteOptions::default());
    lab.run(S(12));
    assert!(lab.world.store().typed::<Namespace>(&Key::new("", "t")).is_some_and(|n| n.terminating), "looked at after 5 s");
    lab.run(S(60));
    assert_eq!((count::<Deployment>(&lab), count::<Pod>(&lab), count::<EndpointSlice>(&lab)), (0, 0, 0));
    assert!(lab.world.store().typed::<Namespace>(&Key::new("", "t")).is_none());
}

/// An endpoint's address, whether it is ready and whether it ends, its node and zone.
type End = (String, bool, bool, String, String);

/// Every endpoint of the Service.
fn endpoints(lab: &Lab) -> Vec<End> {
    let text = |n: &Option<std::sync::Arc<str>>| n.as_deref().unwrap_or_default().to_string();
    let slices = lab.world.store().in_namespace::<EndpointSlice>("t");
    let ends = slices.flat_map(|s| &s.endpoints);
    let mut all: Vec<_> = ends.map(|e| (e.address.to_string(), e.ready, e.terminating, text(&e.node), text(&e.zone))).collect();
    all.sort();
    all
}

/// What a controller that looks at everything would find.
fn backing(lab: &Lab, app: &str) -> Vec<End> {
    let store = lab.world.store();
    let of = |p: &Arc<Pod>| {
        let (ip, node) = (p.status.pod_ip.clone()?, p.node.clone()?);
        let zone = store.typed::<Node>(&Key::new("", node.clone()))?.meta.label("topology.kubernetes.io/zone").unwrap_or_default();
        let deleting = p.meta.is_deleting();
        Some((ip.to_string(), p.is_ready() && !deleting, deleting, node.to_string(), zone.to_string()))
    };
    let mut all: Vec<_> = store.in_namespace::<Pod>("t").filter(|p| p.meta.label("app") == Some(app)).filter_map(of).collect();
    all.sort();
    all
}

#[test]
fn slices_say_what_the_pods_are_whatever_changes() {
    let mut lab = Lab::new(3);
    lab.create(service());
    lab.create(deployment(110, "app:v1", json!({})));
    lab.run(S(22));
    let same = |lab: &Lab, app: &str| assert_eq!(endpoints(lab), backing(lab, app), "at {}", lab.now);
    same(&lab, "web");
    assert_eq!((endpoints(&lab).len(), count::<EndpointSlice>(&lab)), (110, 2));
    // One pod leaves, another takes its place.
    let name = lab.world.store().in_namespace::<Pod>("t").next().expect("a pod").meta.name.clone();
    lab.patch::<Pod>("t", &name, |p| p.meta.set_label("app", "other"));
    lab.run(S(27));
    same(&lab, "web");
    // A node learns where it is: nothing is said until a pod changes, and then of all its pods.
    lab.patch::<Node>("", "n1", |n| n.meta.set_label("topology.kubernetes.io/zone", "b"));
    lab.patch::<Deployment>("t", "web", |d| Arc::make_mut(&mut d.spec).replicas = Some(70));
    lab.run(S(36));
    same(&lab, "web");
    assert_eq!(endpoints(&lab).len(), 70);
    // The Service turns to others, and back.
    let to = |lab: &mut Lab, app: &str| {
        lab.patch::<Service>("t", "web", |s| {
            Arc::make_mut(&mut s.spec).selector.get_or_insert_default().insert("app".into(), app.into());
        });
    };
    to(&mut lab, "other");
    lab.run(S(38));
    same(&lab, "other");
    assert_eq!(endpoints(&lab).len(), 1);
    to(&mut lab, "web");
    lab.run(S(40));
    same(&lab, "web");
    // A slice that somebody has emptied is filled again when a pod changes.
    let slice = lab.world.store().in_namespace::<EndpointSlice>("t").next().expect("a slice").meta.name.clone();
    lab.patch::<EndpointSlice>("t", &slice, |s| s.endpoints.truncate(3));
    lab.patch::<Deployment>("t", "web", |d| Arc::make_mut(&mut d.spec).replicas = Some(65));
    lab.run(S(46));
    same(&lab, "web");
}

#[test]
fn a_node_that_returns_in_time_keeps_its_pods() {
    let mut lab = Lab::new(3);
    lab.create(deployment(6, "app:v1", json!({})));
    lab.run(S(10));
    lab.node_dies("n1");
    lab.run(S(100));
    let tainted = |lab: &Lab| {
        lab.world.store().typed::<Node>(&Key::new("", "n1")).expect("there").taints.iter().any(|t| t.effect == TaintEffect::NoExecute)
    };
    assert!(tainted(&lab));
    lab.node_returns("n1");
    lab.run(S(120));
    assert!(!tainted(&lab));
    let cancelled = lab.journal.records().iter().filter(|r| r.message.starts_with("Cancelling deletion of Pod t/")).count();
    assert_eq!(cancelled, 2);
    lab.run(S(420));
    assert!(lab.journal.records().iter().all(|r| !r.message.starts_with("Marking for deletion")));
}

#[test]
fn nobody_is_evicted_when_every_node_is_silent() {
    let mut lab = Lab::new(3);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(10));
    for n in ["n0", "n1", "n2"] {
        lab.node_dies(n);
    }
    lab.run(S(500));
    assert!(lab.world.store().all::<Node>().all(|n| n.taints.iter().all(|t| t.effect != TaintEffect::NoExecute)));
    assert!(lab.world.store().in_namespace::<Pod>("t").all(|p| !p.meta.is_deleting()));
}

#[test]
fn pods_of_a_removed_node_are_collected() {
    let mut lab = Lab::new(3);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(10));
    lab.node_dies("n1");
    lab.delete(Kind::Node, "", "n1", DeleteOptions::default());
    lab.run(S(120));
    let store = lab.world.store();
    assert_eq!(store.in_namespace::<Pod>("t").filter(|p| p.is_ready()).count(), 3);
    assert!(store.in_namespace::<Pod>("t").all(|p| p.node.as_deref() != Some("n1")));
    let failed = lab.journal.records().iter().any(|r| r.message.contains("its node n1 no longer exists"));
    assert!(failed);
}

#[test]
fn an_untolerated_taint_evicts_at_once() {
    let mut lab = Lab::new(2);
    lab.create(deployment(2, "app:v1", json!({})));
    lab.run(S(10));
    lab.patch::<Node>("", "n0", |n| {
        n.taints = Arc::new(vec![Taint { key: "gone".into(), value: "".into(), effect: TaintEffect::NoExecute, time_added: None }]);
    });
    lab.run(S(15));
    assert!(lab.world.store().in_namespace::<Pod>("t").all(|p| p.node.as_deref() != Some("n0")));
}

fn component_down(component: Component) -> Fault {
    Fault { id: component.word().into(), kind: FaultKind::ComponentDown, target: FaultTarget::Component(component), lasts: None }
}

#[test]
fn without_controllers_nothing_heals_and_then_everything_does() {
    let mut lab = Lab::new(2);
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(10));
    let fault = component_down(Component::ControllerManager);
    lab.cx(|w, cx| w.inject(&fault, cx)).expect("known");
    let name = lab.world.store().in_namespace::<Pod>("t").next().expect("a pod").meta.name.clone();
    lab.delete(Kind::Pod, "t", &name, DeleteOptions::default());
    lab.run(S(60));
    assert_eq!(count::<Pod>(&lab), 2);
    lab.cx(|w, cx| w.heal(&fault, cx));
    lab.run(S(65));
    assert_eq!(count::<Pod>(&lab), 3);
    assert_eq!(lab.world.copies(), wheelhouse::worlds::Copies { declared: 3, serving: 0 }, "stand-in nodes have no machines behind them");
}

#[test]
fn without_scheduler_pods_wait() {
    let mut lab = Lab::new(2);
    let fault = component_down(Component::Scheduler);
    lab.cx(|w, cx| w.inject(&fault, cx)).expect("known");
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(20));
    assert!(lab.world.store().in_namespace::<Pod>("t").all(|p| p.node.is_none()));
    lab.cx(|w, cx| w.heal(&fault, cx));
    lab.run(S(25));
    assert!(lab.world.store().in_namespace::<Pod>("t").all(|p| p.is_ready()));
}

#[test]
fn the_same_run_twice_writes_the_same_journal() {
    let run = || {
        let mut lab = Lab::new(3);
        lab.create(service());
        lab.create(deployment(5, "app:v1", json!({})));
        lab.run(S(8));
        lab.node_dies("n1");
        lab.run(S(400));
        lab.journal.records().iter().map(|r| r.to_json()).collect::<Vec<_>>()
    };
    let (a, b) = (run(), run());
    assert!(a.len() > 100);
    assert_eq!(a, b);
}

#[test]
fn every_change_after_the_start_has_a_cause() {
    let mut lab = Lab::new(3);
    lab.create(service());
    let deployed = lab.journal.len();
    lab.create(deployment(3, "app:v1", json!({})));
    lab.run(S(8));
    let orphans: Vec<String> = lab.journal.records()[deployed + 1..]
        .iter()
        .filter(|r| r.cause.is_none() && !r.actor.starts_with("kubelet"))
        .map(|r| r.to_json())
        .collect();
    assert!(orphans.is_empty(), "{orphans:#?}");
}

#[test]
fn a_cluster_of_client_limits_makes_pods_at_ten_per_second() {
    let mut lab = Lab::new(3);
    let start = lab.now;
    lab.create(deployment(90, "app:v1", json!({})));
    let made = |lab: &Lab| count::<Pod>(lab);
    lab.run(start + SimDuration::from_secs(1));
    let first = made(&lab);
    assert!((15..=30).contains(&first), "the burst of 30 requests makes 15 pods and their events at once, then 10 a second: {first}");
    lab.run(start + SimDuration::from_secs(12));
    assert_eq!(made(&lab), 90);
}

#[test]
fn a_disruption_budget_counts_what_may_go() {
    let mut lab = Lab::new(3);
    lab.create(json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "t"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}));
    lab.create(deployment(3, "app:v1", json!({})));
    let numbers = |lab: &Lab| {
        let budget = lab.world.store().get(Kind::PodDisruptionBudget, &Key::new("t", "web")).expect("there").clone();
        let json = wheelhouse::worlds::kubernetes::kinds::to_json(&budget);
        ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"].map(|k| json["status"][k].as_i64().unwrap_or(-1))
    };
    lab.run(S(10));
    assert_eq!(numbers(&lab), [1, 3, 2, 3]);
    let name = lab.world.store().in_namespace::<Pod>("t").next().expect("a pod").meta.name.clone();
    lab.delete(Kind::Pod, "t", &name, DeleteOptions::default());
    lab.run(S(10) + SimDuration::from_millis(500));
    assert_eq!(numbers(&lab)[..2], [0, 2]);
    lab.run(S(20));
    assert_eq!(numbers(&lab), [1, 3, 2, 3]);
}
