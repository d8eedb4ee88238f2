//! Scheduling decisions per second, all default plugins: queue, filters, scores, selection, and the cache's update for each pod.
//!
//! `cargo bench --bench scheduler` prints one row per cluster size and workload. Old pods leave as new ones come, so that the cluster
//! stays about half full and memory steady. Nothing is asserted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wheelhouse::worlds::kubernetes::api::meta::{Key, Meta};
use wheelhouse::worlds::kubernetes::api::object::{Object, Pod};
use wheelhouse::worlds::kubernetes::kinds;
use wheelhouse::worlds::kubernetes::scheduler::offline::Cluster;
use wheelhouse::worlds::kubernetes::scheduler::profile::Profile;
use wheelhouse::worlds::kubernetes::scheduler::queue::Queue;

/// Deployments whose pods arrive in turn.
const TEMPLATES: usize = 24;
/// Pods that stay on each node.
const PER_NODE: usize = 40;

fn object(value: Value) -> Object {
    kinds::from_json(&value).expect("a valid object")
}

fn node(n: usize) -> Object {
    let amounts = json!({"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "100Gi"});
    let taints = if n % 50 == 7 { json!([{"key": "maint", "effect": "PreferNoSchedule"}]) } else { json!([]) };
    let images = json!([{"names": [format!("registry.example/app-{}:1", n % TEMPLATES)], "sizeBytes": 300_000_000}]);
    object(json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": format!("node-{n}"), "labels": {
            "kubernetes.io/hostname": format!("node-{n}"),
            "topology.kubernetes.io/zone": format!("zone-{}", n % 3),
            "topology.kubernetes.io/region": "r1",
            "disk": if n.is_multiple_of(4) { "ssd" } else { "hdd" }}},
        "spec": {"taints": taints},
        "status": {"capacity": amounts, "allocatable": amounts, "images": images}}))
}

fn template(t: usize, mixed: bool) -> Vec<Object> {
    let labels = json!({"app": format!("app-{t}"), "pod-template-hash": "5d9c"});
    let selector = json!({"matchLabels": {"app": format!("app-{t}")}});
    let mut spec = json!({"containers": [
        {"name": "app", "image": format!("registry.example/app-{t}:1"),
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}},
        {"name": "side", "image": "registry.example/side:1", "resources": {"requests": {"cpu": "20m"}}}]});
    if mixed {
        let term = |key: &str| json!({"topologyKey": key, "labelSelector": selector});
        match t % 9 {
            0 => {
                spec["affinity"] = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
                [{"weight": 50, "podAffinityTerm": term("kubernetes.io/hostname")}]}})
            }
            3 => {
                spec["affinity"] = json!({
                "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
                    [{"weight": 20, "podAffinityTerm": term("topology.kubernetes.io/zone")}]},
                "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
                    [{"weight": 10, "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}}]}})
            }
            6 => {
                spec["topologySpreadConstraints"] = json!([
                {"maxSkew": 5, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector},
                {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}])
            }
            _ => {}
        }
    }
    vec![
        object(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("app-{t}"), "namespace": "default"},
            "spec": {"selector": {"app": format!("app-{t}")}, "ports": [{"port": 80}]}})),
        object(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": format!("app-{t}-5d9c"), "namespace": "default", "uid": format!("rs-{t}")},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}})),
        object(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "template", "namespace": "default", "labels": labels, "ownerReferences": [{"apiVersion": "apps/v1",
                "kind": "ReplicaSet", "name": format!("app-{t}-5d9c"), "uid": format!("rs-{t}"), "controller": true}]},
            "spec": spec})),
    ]
}

fn pod(template: &Pod, n: usize) -> Arc<Pod> {
    let name: Arc<str> = format!("pod-{n}").into();
    Arc::new(Pod { meta: Meta { name: name.clone(), uid: name, ..template.meta.clone() }, ..template.clone() })
}

/// Pods per second over `time`.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn run(nodes: usize, mixed: bool, time: Duration) -> f64 {
    let mut objects: Vec<Object> = (0..nodes).map(node).collect();
    let mut templates = vec![];
    for t in 0..TEMPLATES {
        for o in template(t, mixed) {
            match o {
                Object::Pod(p) => templates.push(p),
                o => objects.push(o),
            }
        }
    }
    let mut cluster = Cluster::new(&objects, Profile::default());
    let mut queue = Queue::default();
    let mut placed: VecDeque<Key> = VecDeque::new();
    let mut n = 0;
    let mut step = |placed: &mut VecDeque<Key>| {
        let info = cluster.compile(&pod(&templates[n % TEMPLATES], n));
        n += 1;
        queue.add(info, &cluster.profile, cluster.now, None);
        let next = queue.pop().expect("one was added");
        cluster.place(&next.info).expect("there is room");
        placed.push_back(next.info.key());
        if placed.len() > nodes * PER_NODE {
            let oldest = placed.pop_front().expect("not empty");
            cluster.cache.take_pod(&oldest);
        }
    };
    for _ in 0..nodes * PER_NODE {
        step(&mut placed);
    }
    let (start, mut count) = (Instant::now(), 0u32);
    while start.elapsed() < time {
        for _ in 0..100 {
            step(&mut placed);
        }
        count += 100;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn main() {
    println!("| nodes | workload | pods/s | target |");
    println!("|---:|---|---:|---:|");
    for (nodes, target) in [(100, 20_000.0), (1_000, 8_000.0), (5_000, 3_000.0)] {
        for (mixed, name, target) in [(false, "plain", target), (true, "a third with affinity or spreading", target / 3.0)] {
            let rate = run(nodes, mixed, Duration::from_secs(2));
            println!("| {nodes} | {name} | {rate:.0} | {target:.0} |");
        }
    }
}
