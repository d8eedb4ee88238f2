//! Small pods and nodes for the tests of this folder, and clusters of a few of them for their tables.
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds;

use super::cache::Cache;
use super::cycle::Outcome;
use super::framework::Code;
use super::offline::Cluster;
use super::pod::PodInfo;
use super::profile::Profile;

/// An object from JSON.
pub fn object(value: Value) -> Object {
    kinds::from_json(&value).expect("a valid object")
}

pub fn info_of(pod: Pod) -> Arc<PodInfo> {
    Cache::default().pod_info(&Arc::new(pod))
}

fn pod(name: &str, priority: i32) -> Pod {
    let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"priority": priority, "containers": [{"name": "c", "image": "x"}]}});
    let Object::Pod(pod) = object(value) else { panic!("a pod") };
    let mut pod = Pod::clone(&pod);
    pod.meta = Meta { uid: name.into(), ..pod.meta };
    pod
}

/// A pod with this name and priority.
pub fn named(name: &str, priority: i32) -> Arc<PodInfo> {
    info_of(pod(name, priority))
}

/// A running pod.
pub fn pod_info(priority: i32, started: SimTime) -> Arc<PodInfo> {
    let mut p = pod("p", priority);
    p.status.start_time = Some(started);
    info_of(p)
}

/// What a table's row changes on a plain object: laid over it as a merge patch.
fn patched(mut plain: Value, with: Value) -> Object {
    json_patch::merge(&mut plain, &with);
    object(plain)
}

/// A roomy node: `with` is laid over it.
pub fn node(name: &str, with: Value) -> Object {
    let room = json!({"cpu": "16", "memory": "64Gi", "pods": "110"});
    let plain = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": room, "capacity": room}});
    patched(plain, with)
}

/// A pod that runs on a node.
pub fn on(node: &str, name: &str, with: Value) -> Object {
    let plain = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "x"}]}});
    patched(plain, with)
}

/// The pod that waits.
pub fn waiting(with: Value) -> Object {
    let plain = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "waiting", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "x"}]}});
    patched(plain, with)
}

/// One cycle for the only pod that waits.
pub fn cycle(objects: &[Object]) -> (Cluster, Outcome) {
    let mut cluster = Cluster::new(objects, Profile::default());
    let pod = cluster.pending[0].clone();
    let outcome = cluster.outcome(&pod);
    (cluster, outcome)
}

/// Per node, by name: `fits`, or the code (U, UU), the plugin and its reasons.
pub fn verdicts(objects: &[Object]) -> Vec<String> {
    let (cluster, outcome) = cycle(objects);
    let mut said: BTreeMap<String, String> = cluster.cache.nodes().iter().map(|n| (n.name().to_string(), "not looked at".into())).collect();
    let name = |ix| cluster.cache.node(ix).name().to_string();
    said.extend(outcome.feasible.iter().map(|ix| (name(*ix), "fits".into())));
    said.extend(outcome.statuses.iter().map(|s| {
        let code = if s.status.code == Code::Unschedulable { "U" } else { "UU" };
        let reasons: Vec<_> = s.status.reasons.iter().collect();
        (name(s.node), format!("{code} {}: {}", cluster.profile.name(s.plugin), reasons.join(", ")))
    }));
    said.into_values().collect()
}

/// One plugin's normalised scores before weighing, per feasible node by name; none if it took no part.
pub fn scores(plugin: &str, objects: &[Object]) -> Vec<i64> {
    let (cluster, outcome) = cycle(objects);
    let Some((at, weighted)) = outcome.scores.iter().find(|(p, _)| cluster.profile.name(*p) == plugin) else { return vec![] };
    let weight = cluster.profile.plugins[*at].weight;
    let by_name: BTreeMap<_, i64> =
        outcome.feasible.iter().zip(weighted).map(|(ix, s)| (cluster.cache.node(*ix).name().clone(), s / weight)).collect();
    by_name.into_values().collect()
}
