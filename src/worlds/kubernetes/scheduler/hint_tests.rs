//! Which changes of the cluster wake a pod that a plugin has turned down: a table for each plugin (EventsToRegister and the hint
//! functions in pkg/scheduler/framework/plugins), and what the queue makes of a hint.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::object::{Object, Pod};

use super::cache::{Cache, NodeFixed};
use super::events::{ClusterEvent, Hint};
use super::pod::PodInfo;
use super::profile::Profile;
use super::queue::{Pool, Queue};
use super::testing::{node, object, on, waiting};

/// What happens; nodes and pods are laid over plain ones.
enum Change {
    NodeAdd(Value),
    NodeUpdate(Value, Value),
    NodeDelete(Value),
    PodAdd(Value),
    PodUpdate(Value, Value),
    PodDelete(Value),
    /// The waiting pod was like this before.
    Own(Value),
    Other(Option<Value>, Option<Value>),
}
use Change::*;

fn node_of(cache: &mut Cache, with: Value) -> Arc<NodeFixed> {
    let Object::Node(n) = node("n", with) else { panic!("a node") };
    cache.put_node(&n);
    let ix = cache.find("n").expect("it was put there");
    cache.node(ix).fixed.clone()
}

fn info(cache: &mut Cache, pod: Object) -> Arc<PodInfo> {
    let Object::Pod(pod) = pod else { panic!("a pod") };
    let uid = if pod.meta.uid.is_empty() { pod.meta.name.clone() } else { pod.meta.uid.clone() };
    let mut pod = Pod::clone(&pod);
    pod.meta.uid = uid;
    cache.pod_info(&Arc::new(pod))
}

fn event(cache: &mut Cache, pod: &Arc<PodInfo>, change: Change) -> ClusterEvent {
    let mut other = |with| info(cache, on("n", "other", with));
    match change {
        PodAdd(p) => ClusterEvent::PodAdd(other(p)),
        PodUpdate(a, b) => ClusterEvent::PodUpdate(other(a), other(b)),
        PodDelete(p) => ClusterEvent::PodDelete(other(p)),
        Own(before) => ClusterEvent::Own(info(cache, waiting(before)), pod.clone()),
        NodeAdd(n) => ClusterEvent::NodeAdd(node_of(cache, n)),
        NodeUpdate(a, b) => ClusterEvent::NodeUpdate(node_of(cache, a), node_of(cache, b)),
        NodeDelete(n) => ClusterEvent::NodeDelete(node_of(cache, n)),
        Other(old, new) => ClusterEvent::Other(old.map(object), new.map(object)),
    }
}

/// The plugin sends the waiting pod for another attempt.
fn wakes(plugin: &str, pod: &Value, change: Change) -> bool {
    let (mut cache, profile) = (Cache::default(), Profile::default());
    let pod = info(&mut cache, waiting(pod.clone()));
    let event = event(&mut cache, &pod, change);
    let plugin = profile.plugins.iter().find(|p| p.plugin.name() == plugin).expect("a plugin");
    plugin.plugin.hint(&event, &pod, &cache) == Hint::Queue
}

fn table(plugin: &str, rows: Vec<(&str, Value, Change, bool)>) {
    for (what, pod, change, expected) in rows {
        assert_eq!(wakes(plugin, &pod, change), expected, "{plugin}: {what}");
    }
}

fn requests(cpu: &str) -> Value {
    json!({"spec": {"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu}}}]}})
}

fn labels(pairs: Value) -> Value {
    json!({"metadata": {"labels": pairs}})
}

fn room(with: Value) -> Value {
    json!({"status": {"allocatable": with}})
}

#[test]
fn resources() {
    let two = || requests("2");
    let gpu = |n: &str| json!({"spec": {"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "1", "example.com/gpu": n}, "limits": {"example.com/gpu": n}}}]}});
    let memory =
        |m: &str| json!({"spec": {"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "4", "memory": m}}}]}});
    let none = || json!({});
    table(
        "NodeResourcesFit",
        vec![
            ("any pod leaves a node", two(), PodDelete(none()), true),
            ("a pod comes", two(), PodAdd(none()), false),
            ("a pod asks for less of what is wanted", two(), PodUpdate(requests("2"), requests("1")), true),
            ("a pod asks for less of something else", two(), PodUpdate(memory("2Gi"), memory("1Gi")), false),
            ("a pod asks for more", two(), PodUpdate(requests("1"), requests("2")), false),
            ("a pod gives back a device", gpu("1"), PodUpdate(gpu("2"), gpu("1")), true),
            ("a pod is relabelled", two(), PodUpdate(labels(json!({"a": "1"})), labels(json!({"a": "2"}))), false),
            ("a node that is large enough", two(), NodeAdd(none()), true),
            ("a node that is too small", two(), NodeAdd(room(json!({"cpu": "1"}))), false),
            ("a node for no pods", two(), NodeAdd(room(json!({"pods": "0"}))), false),
            ("a node grows", two(), NodeUpdate(room(json!({"cpu": "2"})), room(json!({"cpu": "4"}))), true),
            ("a node grows and is still too small", two(), NodeUpdate(room(json!({"cpu": "500m"})), room(json!({"cpu": "1"}))), false),
            ("a node grows elsewhere", two(), NodeUpdate(room(json!({"memory": "2Gi"})), room(json!({"memory": "4Gi"}))), false),
            ("a node takes more pods", two(), NodeUpdate(room(json!({"pods": "1"})), room(json!({"pods": "2"}))), true),
            ("a node shrinks", two(), NodeUpdate(room(json!({"cpu": "8"})), room(json!({"cpu": "4"}))), false),
            ("a node is relabelled", two(), NodeUpdate(none(), labels(json!({"a": "1"}))), false),
            ("a node goes", two(), NodeDelete(none()), false),
            ("the pod asks for less", two(), Own(requests("4")), true),
            ("the pod asks for more", two(), Own(requests("1")), false),
            ("the pod gets a label", two(), Own(json!({"metadata": {"labels": {"a": "b"}}, "spec": requests("2")["spec"].clone()})), false),
        ],
    );
}

#[test]
fn names_ports_and_selectors() {
    let ssd = || json!({"spec": {"nodeSelector": {"disk": "ssd"}}});
    table(
        "NodeAffinity",
        vec![
            ("a node that matches", ssd(), NodeAdd(labels(json!({"disk": "ssd"}))), true),
            ("a node that does not", ssd(), NodeAdd(labels(json!({"disk": "hdd"}))), false),
            ("a node begins to match", ssd(), NodeUpdate(json!({}), labels(json!({"disk": "ssd"}))), true),
            (
                "a node matched before",
                ssd(),
                NodeUpdate(labels(json!({"disk": "ssd"})), labels(json!({"disk": "ssd", "more": "1"}))),
                false,
            ),
            ("a node matches no more", ssd(), NodeUpdate(labels(json!({"disk": "ssd"})), json!({})), false),
            ("a pod leaves", ssd(), PodDelete(json!({})), false),
        ],
    );
    let named = || json!({"spec": {"nodeName": null}});
    table(
        "NodeName",
        vec![
            ("a node comes", named(), NodeAdd(json!({})), true),
            ("a node changes", named(), NodeUpdate(json!({}), labels(json!({"a": "b"}))), false),
            ("a pod leaves", named(), PodDelete(json!({})), false),
        ],
    );
    let port = |n: u16, protocol: &str, ip: &str| {
        let port = json!({"containerPort": 80, "hostPort": n, "protocol": protocol, "hostIP": ip});
        json!({"spec": {"containers": [{"name": "c", "image": "x", "ports": [port]}]}})
    };
    let mine = || port(80, "TCP", "");
    table(
        "NodePorts",
        vec![
            ("a node comes", mine(), NodeAdd(json!({})), true),
            ("a pod with the port leaves", mine(), PodDelete(port(80, "TCP", "")), true),
            ("a pod with the port on one address leaves", mine(), PodDelete(port(80, "TCP", "10.0.0.1")), true),
            ("a pod with another port leaves", mine(), PodDelete(port(81, "TCP", "")), false),
            ("a pod with another protocol leaves", mine(), PodDelete(port(80, "UDP", "")), false),
            ("two addresses", port(80, "TCP", "10.0.0.2"), PodDelete(port(80, "TCP", "10.0.0.1")), false),
            ("a pod without ports leaves", mine(), PodDelete(json!({})), false),
            ("a pod comes", mine(), PodAdd(json!({})), false),
            ("a node changes", mine(), NodeUpdate(json!({}), labels(json!({"a": "b"}))), false),
        ],
    );
    let gated = || json!({"spec": {"schedulingGates": [{"name": "a"}]}});
    table(
        "SchedulingGates",
        vec![
            ("the last gate goes", json!({}), Own(gated()), true),
            ("one of two goes", gated(), Own(json!({"spec": {"schedulingGates": [{"name": "a"}, {"name": "b"}]}})), false),
            ("a pod leaves", gated(), PodDelete(json!({})), false),
        ],
    );
}

#[test]
fn taints_and_cordons() {
    let tainted = |key: &str, effect: &str| json!({"spec": {"taints": [{"key": key, "effect": effect}]}});
    let tolerates = |key: &str| json!({"spec": {"tolerations": [{"key": key, "operator": "Exists"}]}});
    table(
        "TaintToleration",
        vec![
            ("a node without taints", json!({}), NodeAdd(json!({})), true),
            ("a node with a taint", json!({}), NodeAdd(tainted("a", "NoSchedule")), false),
            ("a node with a taint that is tolerated", tolerates("a"), NodeAdd(tainted("a", "NoSchedule")), true),
            ("a taint goes", json!({}), NodeUpdate(tainted("a", "NoSchedule"), json!({})), true),
            ("one of two goes", tolerates("b"), NodeUpdate(tainted("a", "NoSchedule"), tainted("b", "NoExecute")), true),
            ("another comes", tolerates("b"), NodeUpdate(tainted("b", "NoSchedule"), tainted("a", "NoSchedule")), false),
            ("a soft one goes", json!({}), NodeUpdate(tainted("a", "PreferNoSchedule"), json!({})), false),
            ("the pod gets a toleration", tolerates("a"), Own(json!({})), true),
            ("the pod gets a label", json!({}), Own(labels(json!({"a": "b"}))), false),
            ("a pod leaves", json!({}), PodDelete(json!({})), false),
        ],
    );
    let cordoned = || json!({"spec": {"unschedulable": true}});
    table(
        "NodeUnschedulable",
        vec![
            ("a node comes", json!({}), NodeAdd(json!({})), true),
            ("a cordoned node comes", json!({}), NodeAdd(cordoned()), false),
            ("a node is uncordoned", json!({}), NodeUpdate(cordoned(), json!({})), true),
            ("a node is cordoned", json!({}), NodeUpdate(json!({}), cordoned()), false),
            ("the pod tolerates it now", tolerates("node.kubernetes.io/unschedulable"), Own(json!({})), true),
            ("the pod tolerates something else now", tolerates("a"), Own(json!({})), false),
            (
                "the pod changes otherwise",
                tolerates("node.kubernetes.io/unschedulable"),
                Own(json!({"metadata": {"labels": {"a": "b"}}, "spec": tolerates("node.kubernetes.io/unschedulable")["spec"].clone()})),
                false,
            ),
        ],
    );
}

#[test]
fn spreading() {
    let spread = |constraints: Value| json!({"spec": {"topologySpreadConstraints": constraints}});
    let constraint = |key: &str, label: &str, when: &str| json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": {"matchExpressions": [{"key": label, "operator": "Exists"}]}});
    let one = || spread(json!([constraint("zone", "a", "DoNotSchedule")]));
    let two = || spread(json!([constraint("zone", "a", "DoNotSchedule"), constraint("rack", "b", "DoNotSchedule")]));
    let mixed = || spread(json!([constraint("zone", "a", "DoNotSchedule"), constraint("rack", "b", "ScheduleAnyway")]));
    let (a, b, other) = (|| labels(json!({"a": "1"})), || labels(json!({"b": "1"})), || labels(json!({"c": "1"})));
    let elsewhere = || json!({"metadata": {"namespace": "elsewhere", "labels": {"a": "1"}}});
    let zone = |z: &str| labels(json!({"zone": z}));
    let tainted = || json!({"metadata": {"labels": {"zone": "1"}}, "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
    let leaving =
        || json!({"metadata": {"labels": {"a": "1"}, "deletionTimestamp": "2026-01-01T00:00:30Z", "deletionGracePeriodSeconds": 30}});
    let honest = |policy: &str, rest: Value| {
        let mut c = constraint("zone", "a", "DoNotSchedule");
        c["nodeTaintsPolicy"] = policy.into();
        let mut p = spread(json!([c]));
        json_patch::merge(&mut p, &rest);
        p
    };
    let tolerant = || json!({"spec": {"tolerations": [{"key": "k", "operator": "Exists"}]}});
    table(
        "PodTopologySpread",
        vec![
            ("a pod that counts comes", one(), PodAdd(a()), true),
            ("a pod that does not count comes", one(), PodAdd(other()), false),
            ("a pod elsewhere comes", one(), PodAdd(elsewhere()), false),
            ("a pod that counts for the second comes", two(), PodAdd(b()), true),
            ("a pod that counts only for scores comes", mixed(), PodAdd(b()), false),
            ("a pod that counts leaves", one(), PodDelete(a()), true),
            ("a pod that does not count leaves", one(), PodDelete(other()), false),
            ("a pod begins to count", one(), PodUpdate(other(), a()), true),
            ("a pod counts no more", one(), PodUpdate(a(), other()), true),
            ("a pod counts for another", two(), PodUpdate(a(), b()), true),
            ("a pod counts as before", one(), PodUpdate(a(), labels(json!({"a": "2"}))), false),
            ("a pod that counts begins to leave", one(), PodUpdate(a(), leaving()), false),
            ("a node of a domain comes", one(), NodeAdd(zone("1")), true),
            ("a node without a domain comes", one(), NodeAdd(json!({})), false),
            ("a node with one domain of two comes", two(), NodeAdd(zone("1")), false),
            ("a node of a domain goes", one(), NodeDelete(zone("1")), true),
            ("a node without a domain goes", one(), NodeDelete(json!({})), false),
            ("a node gets a domain", one(), NodeUpdate(json!({}), zone("1")), true),
            ("a node loses its domain", one(), NodeUpdate(zone("1"), json!({})), true),
            ("a node changes its domain", one(), NodeUpdate(zone("1"), zone("2")), true),
            ("a node gets another label", one(), NodeUpdate(zone("1"), labels(json!({"zone": "1", "more": "1"}))), false),
            ("a node of a domain gets a taint", one(), NodeUpdate(zone("1"), tainted()), true),
            ("a node without a domain gets a taint", two(), NodeUpdate(zone("1"), tainted()), false),
            ("a toleration where taints are honoured", honest("Honor", tolerant()), Own(honest("Honor", json!({}))), true),
            ("a toleration where they are not", honest("Ignore", tolerant()), Own(honest("Ignore", json!({}))), false),
            ("the pod begins to count itself", honest("Ignore", a()), Own(honest("Ignore", json!({}))), true),
            ("the pod gets another label", honest("Ignore", other()), Own(honest("Ignore", json!({}))), false),
        ],
    );
}

#[test]
fn near_and_far() {
    let term =
        |key: &str, label: &str| json!({"topologyKey": key, "labelSelector": {"matchExpressions": [{"key": label, "operator": "Exists"}]}});
    let near = |terms: Value| json!({"spec": {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}});
    let far = |terms: Value| json!({"spec": {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}});
    let to_a = || near(json!([term("zone", "a")]));
    let to_both = || near(json!([term("zone", "a"), term("zone", "b")]));
    let from_a = || far(json!([term("zone", "a")]));
    let from_both = || far(json!([term("zone", "a"), term("zone", "b")]));
    let (a, both, other) = (|| labels(json!({"a": "1"})), || labels(json!({"a": "1", "b": "1"})), || labels(json!({"c": "1"})));
    let zone = |z: &str| labels(json!({"zone": z}));
    table(
        "InterPodAffinity",
        vec![
            ("a pod to be near comes", to_a(), PodAdd(a()), true),
            ("another pod comes", to_a(), PodAdd(other()), false),
            ("a pod that is only one of two comes", to_both(), PodAdd(a()), false),
            ("a pod that is both comes", to_both(), PodAdd(both()), true),
            ("a pod to be far from comes", from_a(), PodAdd(a()), false),
            ("a pod becomes one to be near", to_a(), PodUpdate(other(), a()), true),
            ("a pod is one as before", to_a(), PodUpdate(a(), labels(json!({"a": "2"}))), false),
            ("a pod is one no more", to_a(), PodUpdate(a(), other()), false),
            ("a pod becomes both", to_both(), PodUpdate(a(), both()), true),
            ("a pod is to be far from no more", from_a(), PodUpdate(a(), other()), true),
            ("a pod is to be far from now", from_a(), PodUpdate(other(), a()), false),
            ("a pod to be far from leaves", from_a(), PodDelete(a()), true),
            ("another pod leaves", from_a(), PodDelete(other()), false),
            ("a pod that is one of two to be far from leaves", from_both(), PodDelete(a()), false),
            ("a pod to be near leaves", to_a(), PodDelete(a()), false),
            ("a pod that wanted this one far leaves", a(), PodDelete(from_a()), true),
            ("a pod that wanted others far leaves", other(), PodDelete(from_a()), false),
            ("a node with the domain comes", to_a(), NodeAdd(zone("1")), true),
            ("a node without it comes", to_a(), NodeAdd(json!({})), false),
            ("any node comes for one that wants to be far", from_a(), NodeAdd(json!({})), true),
            ("a node gets the domain", to_a(), NodeUpdate(json!({}), zone("1")), true),
            ("a node changes the domain", to_a(), NodeUpdate(zone("1"), zone("2")), true),
            ("a node loses the domain", to_a(), NodeUpdate(zone("1"), json!({})), false),
            ("a node gets another label", to_a(), NodeUpdate(zone("1"), labels(json!({"zone": "1", "more": "1"}))), false),
            ("far: a node gets the domain", from_a(), NodeUpdate(json!({}), zone("1")), false),
            ("far: a node changes the domain", from_a(), NodeUpdate(zone("1"), zone("2")), true),
            ("far: a node loses the domain", from_a(), NodeUpdate(zone("1"), json!({})), true),
            ("the pod gets a label", a(), Own(json!({})), true),
            ("the pod is as before", a(), Own(a()), false),
        ],
    );
}

fn claim(name: &str, namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}})
}

fn class(mode: &str, zones: Value) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "provisioner": "p",
        "volumeBindingMode": mode, "allowedTopologies": zones})
}

fn volume(labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v", "labels": labels},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}})
}

fn csi_node(count: Option<u32>, annotations: Value) -> Value {
    let allocatable = count.map_or(Value::Null, |n| json!({"count": n}));
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n", "annotations": annotations},
        "spec": {"drivers": [{"name": "d", "nodeID": "n", "allocatable": allocatable}]}})
}

fn changed(old: Value, new: Value) -> Change {
    Other(Some(old), Some(new))
}

fn added(new: Value) -> Change {
    Other(None, Some(new))
}

fn with(volumes: Value) -> Value {
    json!({"spec": {"volumes": volumes}})
}

fn claimed(name: &str) -> Value {
    with(json!([{"name": "d", "persistentVolumeClaim": {"claimName": name}}]))
}

#[test]
fn volumes() {
    let ephemeral = || with(json!([{"name": "d", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]));
    let inline = || with(json!([{"name": "d", "csi": {"driver": "d"}}]));
    let zones = |z: &str| json!([{"matchLabelExpressions": [{"key": "zone", "values": [z]}]}]);
    let driver = |tracked: bool| json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "d"}, "spec": {"storageCapacity": tracked}});
    let capacity = |amount: &str, largest: Value| json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIStorageCapacity", "metadata": {"name": "c", "namespace": "default"}, "storageClassName": "d", "capacity": amount, "maximumVolumeSize": largest});
    let service = || json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}});
    let attachment = || json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "x"}, "spec": {"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "v"}}});
    let zone = |z: &str| json!({"topology.kubernetes.io/zone": z});
    let moved = || NodeUpdate(json!({}), labels(json!({"zone": "1"})));
    table(
        "VolumeBinding",
        vec![
            ("its claim appears", claimed("data"), added(claim("data", "default")), true),
            ("a capacity appears", claimed("data"), added(capacity("1Gi", Value::Null)), true),
            ("a capacity grows", claimed("data"), changed(capacity("1Gi", Value::Null), capacity("2Gi", Value::Null)), true),
            ("a capacity shrinks", claimed("data"), changed(capacity("2Gi", Value::Null), capacity("1Gi", Value::Null)), false),
            (
                "only the largest volume counts",
                claimed("data"),
                changed(capacity("1Gi", "1Gi".into()), capacity("2Gi", "1Gi".into())),
                false,
            ),
            ("its claim changes", claimed("data"), changed(claim("data", "default"), claim("data", "default")), true),
            ("another claim changes", claimed("data"), changed(claim("more", "default"), claim("more", "default")), false),
            ("a claim of that name elsewhere", claimed("data"), added(claim("data", "elsewhere")), false),
            ("the claim of its own volume", ephemeral(), added(claim("waiting-d", "default")), true),
            ("its claim goes", claimed("data"), Other(Some(claim("data", "default")), None), false),
            ("any volume appears", claimed("data"), added(volume(json!({}))), true),
            ("any volume changes", claimed("data"), changed(volume(json!({})), volume(json!({}))), true),
            ("a class appears", claimed("data"), added(class("Immediate", Value::Null)), true),
            ("a class allows more", claimed("data"), changed(class("Immediate", zones("a")), class("Immediate", zones("b"))), true),
            ("a class changes otherwise", claimed("data"), changed(class("Immediate", zones("a")), class("Immediate", zones("a"))), false),
            ("a node comes", claimed("data"), NodeAdd(json!({})), true),
            ("a node is relabelled", claimed("data"), moved(), true),
            ("a node grows", claimed("data"), NodeUpdate(json!({}), room(json!({"cpu": "64"}))), false),
            ("drivers of a node appear", claimed("data"), added(csi_node(None, json!({}))), true),
            (
                "drivers stand in for more",
                claimed("data"),
                changed(
                    csi_node(None, json!({})),
                    csi_node(None, json!({"storage.alpha.kubernetes.io/migrated-plugins": "kubernetes.io/aws-ebs"})),
                ),
                true,
            ),
            ("a node may attach more", claimed("data"), changed(csi_node(Some(1), json!({})), csi_node(Some(2), json!({}))), false),
            ("a driver no longer tells its capacity", inline(), changed(driver(true), driver(false)), true),
            ("a driver tells its capacity now", inline(), changed(driver(false), driver(true)), false),
            ("a driver of other pods", claimed("data"), changed(driver(true), driver(false)), false),
            ("a service appears", claimed("data"), added(service()), false),
            ("a pod leaves", claimed("data"), PodDelete(claimed("data")), false),
        ],
    );
    table(
        "VolumeZone",
        vec![
            ("its claim appears", claimed("data"), added(claim("data", "default")), true),
            ("another claim", claimed("data"), added(claim("more", "default")), false),
            ("the claim of its own volume", ephemeral(), added(claim("waiting-d", "default")), false),
            ("a class that waits for its consumer", claimed("data"), added(class("WaitForFirstConsumer", Value::Null)), true),
            ("a class that does not", claimed("data"), added(class("Immediate", Value::Null)), false),
            (
                "a class changes",
                claimed("data"),
                changed(class("WaitForFirstConsumer", Value::Null), class("WaitForFirstConsumer", zones("a"))),
                false,
            ),
            ("a volume appears", claimed("data"), added(volume(json!({}))), true),
            ("a volume moves", claimed("data"), changed(volume(zone("a")), volume(zone("b"))), true),
            ("the same zones in another order", claimed("data"), changed(volume(zone("a__b")), volume(zone("b__a"))), false),
            ("a volume changes otherwise", claimed("data"), changed(volume(zone("a")), volume(zone("a"))), false),
            ("a node comes", claimed("data"), NodeAdd(json!({})), true),
            ("a node is relabelled", claimed("data"), moved(), true),
        ],
    );
    let disk = |read_only: bool| with(json!([{"name": "d", "gcePersistentDisk": {"pdName": "disk", "readOnly": read_only}}]));
    let elsewhere = || json!({"metadata": {"namespace": "elsewhere"}, "spec": claimed("data")["spec"].clone()});
    table(
        "VolumeRestrictions",
        vec![
            ("a pod with the same claim leaves", claimed("data"), PodDelete(claimed("data")), true),
            ("a pod with another claim leaves", claimed("data"), PodDelete(claimed("more")), false),
            ("a pod elsewhere leaves", claimed("data"), PodDelete(elsewhere()), false),
            ("a pod with the same disk leaves", disk(false), PodDelete(disk(false)), true),
            ("both only read it", disk(true), PodDelete(disk(true)), false),
            ("its claim appears", claimed("data"), added(claim("data", "default")), true),
            ("its claim changes", claimed("data"), changed(claim("data", "default"), claim("data", "default")), false),
            ("another claim appears", claimed("data"), added(claim("more", "default")), false),
            ("a node comes", claimed("data"), NodeAdd(json!({})), true),
            ("a node is relabelled", claimed("data"), moved(), false),
        ],
    );
    table(
        "NodeVolumeLimits",
        vec![
            ("a pod with a claim leaves", claimed("data"), PodDelete(claimed("more")), true),
            ("a pod with other volumes leaves", claimed("data"), PodDelete(with(json!([{"name": "d", "emptyDir": {}}]))), false),
            ("its claim appears", claimed("data"), added(claim("data", "default")), true),
            ("its claim changes", claimed("data"), changed(claim("data", "default"), claim("data", "default")), false),
            ("the claim of its own volume", ephemeral(), added(claim("waiting-d", "default")), true),
            ("another claim appears", claimed("data"), added(claim("more", "default")), false),
            ("drivers of a node appear", claimed("data"), added(csi_node(Some(1), json!({}))), true),
            ("a node may attach more", claimed("data"), changed(csi_node(Some(1), json!({})), csi_node(Some(2), json!({}))), true),
            ("a node may attach less", claimed("data"), changed(csi_node(Some(2), json!({})), csi_node(Some(1), json!({}))), false),
            ("a volume is detached", claimed("data"), Other(Some(attachment()), None), true),
            ("a volume is attached", claimed("data"), added(attachment()), false),
            ("a volume is detached and the pod has no claim", inline(), Other(Some(attachment()), None), false),
        ],
    );
}

#[test]
fn declared_features() {
    let rules = json!([{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]);
    let needs = || json!({"spec": {"containers": [{"name": "c", "image": "x", "restartPolicy": "Never", "restartPolicyRules": rules}]}});
    let declares = || json!({"status": {"declaredFeatures": ["RestartAllContainersOnContainerExits"]}});
    table(
        "NodeDeclaredFeatures",
        vec![
            ("a node that declares it", needs(), NodeAdd(declares()), true),
            ("a node that does not", needs(), NodeAdd(json!({})), false),
            ("a node declares it now", needs(), NodeUpdate(json!({}), declares()), true),
            ("a node declared it before", needs(), NodeUpdate(declares(), declares()), false),
        ],
    );
}

/// A queue in which one pod waits that these plugins have turned down.
fn turned_down(by: &[&str], pod: Value) -> (Queue, Cache, Profile, Arc<PodInfo>) {
    let (mut queue, mut cache, profile) = (Queue::default(), Cache::default(), Profile::default());
    let pod = info(&mut cache, waiting(pod));
    queue.add(pod.clone(), &profile, SimTime::ZERO, None);
    let popped = queue.pop().expect("the only pod");
    let by = by.iter().map(|name| profile.plugins.iter().position(|p| p.plugin.name() == *name).expect("a plugin")).collect();
    queue.failed(popped, by, SimTime::from_millis(100));
    (queue, cache, profile, pod)
}

#[test]
fn the_queue_asks_those_who_turned_the_pod_down() {
    let tainted = || json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}});
    let rows: Vec<(&str, &[&str], Change, u64, Pool)> = vec![
        ("nobody asked for pods that leave", &["NodeAffinity"], PodDelete(json!({})), 200, Pool::Unschedulable),
        ("one of two says yes", &["NodeAffinity", "NodeResourcesFit"], PodDelete(json!({})), 200, Pool::Backoff),
        ("its back-off is over", &["NodeResourcesFit"], PodDelete(json!({})), 5_000, Pool::Active),
        ("the plugin says no", &["TaintToleration"], NodeAdd(tainted()), 200, Pool::Unschedulable),
        ("the plugin says yes", &["TaintToleration"], NodeAdd(json!({})), 200, Pool::Backoff),
        ("a plugin that did not turn it down says yes", &["NodePorts"], NodeUpdate(tainted(), json!({})), 200, Pool::Unschedulable),
        ("preemption is never worth another attempt", &["DefaultPreemption"], PodDelete(json!({})), 200, Pool::Unschedulable),
    ];
    for (what, by, change, at, expected) in rows {
        let (mut queue, mut cache, profile, pod) = turned_down(by, json!({}));
        let event = event(&mut cache, &pod, change);
        queue.on_event(&event, &profile, &cache, SimTime::from_millis(at), None);
        assert_eq!(queue.get(&pod.key()).map(|q| q.pool), Some(expected), "{what}");
    }
}

#[test]
fn a_change_of_the_pod_itself_wakes_it_if_it_matters() {
    let tolerates = |key: &str| json!({"spec": {"tolerations": [{"key": key, "operator": "Exists"}]}});
    for (by, before, after, expected) in [
        ("NodeUnschedulable", json!({}), tolerates("node.kubernetes.io/unschedulable"), Pool::Backoff),
        ("NodeUnschedulable", json!({}), tolerates("a"), Pool::Unschedulable),
        ("TaintToleration", json!({}), tolerates("a"), Pool::Backoff),
        ("NodeResourcesFit", requests("2"), requests("1"), Pool::Backoff),
        ("NodeResourcesFit", requests("1"), requests("2"), Pool::Unschedulable),
        ("InterPodAffinity", json!({}), labels(json!({"a": "b"})), Pool::Backoff),
        ("NodeAffinity", json!({}), labels(json!({"a": "b"})), Pool::Unschedulable),
    ] {
        let (mut queue, mut cache, profile, pod) = turned_down(&[by], before.clone());
        let after = info(&mut cache, waiting(after.clone()));
        queue.update(after, &profile, &cache, SimTime::from_millis(200), None);
        assert_eq!(queue.get(&pod.key()).map(|q| q.pool), Some(expected), "{by}: {before}");
    }
}
