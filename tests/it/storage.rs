//! Claims, volumes and the pods that want them, in a whole control plane with stand-in nodes.

use serde_json::{Value, json};
use wheelhouse::kernel::{SimDuration, SimTime};
use wheelhouse::model::{Component, Fault, FaultKind, FaultTarget};
use wheelhouse::worlds::World;
use wheelhouse::worlds::kubernetes::DeleteOptions;
use wheelhouse::worlds::kubernetes::api::meta::Key;
use wheelhouse::worlds::kubernetes::api::object::{Event, Generic, Object, Pod, PodPhase};
use wheelhouse::worlds::kubernetes::kinds::Kind;

use crate::stand_in::Lab;

const S: fn(u64) -> SimTime = SimTime::from_secs;

fn volume(name: &str, size: &str, class: &str, node: Option<&str>) -> Value {
    let mut v = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": class, "hostPath": {"path": "/data"}}});
    if let Some(node) = node {
        v["spec"]["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
            {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}});
    }
    v
}

fn claim(name: &str, size: &str, class: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "t"},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": size}}}})
}

fn class(name: &str, provisioner: &str, mode: &str) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, "provisioner": provisioner, "volumeBindingMode": mode})
}

fn pod(name: &str, claims: &[&str]) -> Value {
    let volumes: Vec<Value> = claims.iter().map(|c| json!({"name": c, "persistentVolumeClaim": {"claimName": c}})).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "t"},
        "spec": {"containers": [{"name": "c", "image": "app:v1"}], "volumes": volumes}})
}

fn object(lab: &Lab, kind: Kind, name: &str) -> Option<Object> {
    let namespace = if kind == Kind::PersistentVolume { "" } else { "t" };
    lab.world.store().get(kind, &Key::new(namespace, name)).cloned()
}

/// A field of a claim (`name`) or a volume (`/name`); null if the object is not there.
fn field(lab: &Lab, what: &str, path: &str) -> Value {
    let (kind, name) = what.strip_prefix('/').map_or((Kind::PersistentVolumeClaim, what), |v| (Kind::PersistentVolume, v));
    let Some(Object::Generic(g)) = object(lab, kind, name) else { return Value::Null };
    g.body.pointer(path).cloned().unwrap_or_default()
}

fn phase(lab: &Lab, what: &str) -> String {
    field(lab, what, "/status/phase").as_str().unwrap_or("gone").to_string()
}

fn node(lab: &Lab, name: &str) -> Option<String> {
    lab.world.store().typed::<Pod>(&Key::new("t", name))?.node.as_ref().map(ToString::to_string)
}

/// `Reason: message` of the events about an object.
fn said(lab: &Lab, name: &str) -> Vec<String> {
    let about = lab.world.store().all::<Event>().filter(|e| *e.about.name == *name);
    about.map(|e| format!("{}: {}", e.reason, e.message)).collect()
}

#[test]
fn a_claim_takes_the_smallest_volume_that_suits() {
    let mut lab = Lab::new(1);
    lab.create(class("fast", "kubernetes.io/no-provisioner", "Immediate"));
    for v in [
        volume("large", "20Gi", "", None),
        volume("small", "5Gi", "", None),
        volume("tiny", "1Gi", "", None),
        volume("other", "5Gi", "fast", None),
    ] {
        lab.create(v);
    }
    lab.run(S(3));
    assert_eq!(["/large", "/small", "/tiny", "/other"].map(|v| phase(&lab, v)), ["Available"; 4].map(String::from));
    lab.create(claim("data", "3Gi", ""));
    lab.run(S(3) + SimDuration::from_millis(200));
    assert_eq!((phase(&lab, "data"), phase(&lab, "/small")), ("Bound".into(), "Bound".into()));
    assert_eq!((field(&lab, "data", "/spec/volumeName"), field(&lab, "data", "/status/capacity/storage")), (json!("small"), json!("5Gi")));
    let (c, v) = (object(&lab, Kind::PersistentVolumeClaim, "data").unwrap(), object(&lab, Kind::PersistentVolume, "small").unwrap());
    assert_eq!(field(&lab, "/small", "/spec/claimRef/uid"), json!(&*c.meta().uid));
    assert_eq!(c.meta().annotation("pv.kubernetes.io/bind-completed"), Some("yes"));
    assert_eq!([&c, &v].map(|o| o.meta().annotation("pv.kubernetes.io/bound-by-controller")), [Some("yes"); 2]);
    // Nothing suits the next: it says so, and looks again every 15 s.
    lab.create(claim("more", "30Gi", ""));
    lab.run(S(5));
    assert_eq!(phase(&lab, "more"), "Pending");
    assert_eq!(said(&lab, "more"), ["FailedBinding: no persistent volumes available for this claim and no storage class is set"]);
    lab.create(volume("huge", "100Gi", "", None));
    lab.run(S(21));
    assert_eq!((phase(&lab, "more"), field(&lab, "more", "/spec/volumeName")), ("Bound".into(), json!("huge")));
}

#[test]
fn what_a_claim_waits_for_is_said() {
    let mut lab = Lab::new(1);
    lab.create(class("local", "kubernetes.io/no-provisioner", "Immediate"));
    lab.create(class("late", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    lab.create(class("cloud", "ebs.csi.aws.com", "Immediate"));
    lab.create(volume("v", "1Gi", "", None));
    let rows = [
        ("a", claim("a", "1Gi", "nowhere"), "ProvisioningFailed: storageclass.storage.k8s.io \"nowhere\" not found"),
        ("b", claim("b", "1Gi", "local"), "ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner"),
        ("c", claim("c", "1Gi", "late"), "WaitForFirstConsumer: waiting for first consumer to be created before binding"),
        (
            "d",
            claim("d", "1Gi", "cloud"),
            "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the \
             system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
        ),
    ];
    let mut picky = claim("e", "2Gi", "");
    picky["spec"]["volumeName"] = "v".into();
    for c in rows.iter().map(|r| &r.1).chain([&picky]) {
        lab.create(c.clone());
    }
    lab.run(S(4));
    for (name, _, expected) in rows {
        assert_eq!((phase(&lab, name), said(&lab, name)), ("Pending".into(), vec![expected.to_string()]));
    }
    assert_eq!(said(&lab, "e"), ["VolumeMismatch: Cannot bind to requested volume \"v\": requested PV is too small"]);
}

#[test]
fn a_pod_waits_for_its_claim_and_goes_on_when_it_is_bound() {
    let mut lab = Lab::new(2);
    lab.create(claim("data", "1Gi", ""));
    lab.create(pod("p", &["data"]));
    lab.run(S(4));
    assert_eq!(node(&lab, "p"), None);
    let message = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. no new claims to deallocate, preemption: \
                   0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    assert_eq!(said(&lab, "p"), [format!("FailedScheduling: {message}")]);
    lab.create(volume("v", "1Gi", "", Some("n1")));
    lab.run(S(25));
    assert_eq!((phase(&lab, "data"), node(&lab, "p").as_deref()), ("Bound".into(), Some("n1")));
}

#[test]
fn the_first_consumer_decides_and_its_volume_is_bound_before_it_is() {
    let mut lab = Lab::new(3);
    lab.create(class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    lab.create(volume("on-1", "10Gi", "local", Some("n1")));
    lab.create(claim("data", "5Gi", "local"));
    lab.run(S(4));
    assert_eq!((phase(&lab, "data"), phase(&lab, "/on-1")), ("Pending".into(), "Available".into()));
    lab.create(pod("p", &["data"]));
    lab.run(S(4) + SimDuration::from_millis(500));
    let p = lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned().unwrap();
    assert_eq!((p.node.as_deref(), p.status.nominated_node.as_deref()), (None, Some("n1")), "its volume is bound first");
    assert_eq!((phase(&lab, "data"), field(&lab, "data", "/spec/volumeName")), ("Bound".into(), json!("on-1")));
    lab.run(S(6));
    let p = lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned().unwrap();
    assert_eq!((p.node.as_deref(), p.status.nominated_node.as_deref()), (Some("n1"), None));
}

#[test]
fn a_volume_goes_to_one_of_two_pods_that_come_at_once() {
    let mut lab = Lab::new(2);
    lab.create(class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    lab.create(volume("only", "10Gi", "local", Some("n0")));
    for n in ["a", "b"] {
        lab.create(claim(n, "1Gi", "local"));
    }
    lab.run(S(3));
    lab.create(pod("pa", &["a"]));
    lab.create(pod("pb", &["b"]));
    lab.run(S(8));
    let mut nodes = [node(&lab, "pa"), node(&lab, "pb")];
    nodes.sort();
    assert_eq!(nodes, [None, Some("n0".into())]);
    let loser = if node(&lab, "pa").is_none() { "pa" } else { "pb" };
    let text = said(&lab, loser).concat();
    assert!(text.contains("2 node(s) didn't find available persistent volumes to bind"), "{text}");
}

#[test]
fn a_volume_that_nobody_makes_is_waited_for_ten_minutes() {
    let mut lab = Lab::new(1);
    lab.create(class("cloud", "ebs.csi.aws.com", "WaitForFirstConsumer"));
    lab.create(claim("data", "1Gi", "cloud"));
    lab.run(S(3));
    lab.create(pod("p", &["data"]));
    lab.run(S(590));
    assert_eq!(node(&lab, "p"), None);
    let asked = object(&lab, Kind::PersistentVolumeClaim, "data").unwrap();
    assert_eq!(asked.meta().annotation("volume.kubernetes.io/selected-node"), Some("n0"));
    assert!(said(&lab, "data").iter().any(|e| e.starts_with("ExternalProvisioning")), "{:?}", said(&lab, "data"));
    let why = |p: &Pod| p.status.condition("PodScheduled").and_then(|c| c.message.as_deref().map(str::to_string));
    let given_up = (0..160).find_map(|i| {
        lab.run(S(590) + SimDuration::from_millis(100 * i));
        let p = lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned()?;
        Some((why(&p)?, p.status.nominated_node.clone()))
    });
    let text = "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded";
    assert_eq!(given_up, Some((text.to_string(), None)));
}

#[test]
fn a_scheduler_that_starts_anew_waits_anew() {
    let mut lab = Lab::new(1);
    lab.create(class("cloud", "ebs.csi.aws.com", "WaitForFirstConsumer"));
    lab.create(claim("data", "1Gi", "cloud"));
    lab.create(pod("p", &["data"]));
    lab.run(S(100) + SimDuration::from_millis(300));
    let target = FaultTarget::Component(Component::Scheduler);
    let fault = Fault { id: "scheduler".into(), kind: FaultKind::ComponentDown, target, lasts: None };
    lab.cx(|w, cx| w.inject(&fault, cx)).expect("known");
    lab.run(S(100) + SimDuration::from_millis(700));
    lab.cx(|w, cx| w.heal(&fault, cx));
    // What the first run had begun would have given up after ten minutes.
    lab.run(S(690));
    let timed_out = |lab: &Lab| said(lab, "p").iter().any(|e| e.ends_with("context deadline exceeded"));
    assert!(!timed_out(&lab), "{:?}", said(&lab, "p"));
    lab.run(S(720));
    assert!(timed_out(&lab), "{:?}", said(&lab, "p"));
}

#[test]
fn what_delete_does_depends_on_the_source() {
    let mut lab = Lab::new(1);
    let local = json!({"local": {"path": "/disk"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n0"]}]}]}}});
    let rows = [
        ("a", json!({"hostPath": {"path": "/tmp/a"}}), "gone", ""),
        ("b", json!({"hostPath": {"path": "/data"}}), "Failed", "host_path deleter only supports /tmp/.+ but received provided /data"),
        ("c", local, "Failed", "error getting deleter volume plugin for volume \"c\": no deletable volume plugin matched"),
        ("d", json!({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}), "Released", ""),
    ];
    for (name, source, ..) in &rows {
        let mut v = volume(name, "1Gi", name, None);
        let spec = v["spec"].as_object_mut().unwrap();
        spec.remove("hostPath");
        spec.insert("persistentVolumeReclaimPolicy".into(), "Delete".into());
        spec.extend(source.as_object().unwrap().clone());
        lab.create(v);
        lab.create(claim(name, "1Gi", name));
    }
    lab.run(S(3));
    for (name, ..) in &rows {
        assert_eq!(phase(&lab, name), "Bound", "{name}");
        lab.delete(Kind::PersistentVolumeClaim, "t", name, DeleteOptions::default());
    }
    lab.run(S(30));
    for (name, _, expected, message) in &rows {
        let v = format!("/{name}");
        assert_eq!(
            (phase(&lab, &v).as_str(), field(&lab, &v, "/status/message").as_str().unwrap_or_default()),
            (*expected, *message),
            "{name}"
        );
    }
}

#[test]
fn what_is_in_use_stays_and_what_is_kept_is_released() {
    let mut lab = Lab::new(1);
    lab.create(volume("v", "1Gi", "", None));
    lab.create(claim("data", "1Gi", ""));
    lab.create(pod("p", &["data"]));
    lab.run(S(30));
    assert_eq!(node(&lab, "p").as_deref(), Some("n0"));
    lab.delete(Kind::PersistentVolumeClaim, "t", "data", DeleteOptions::default());
    lab.delete(Kind::PersistentVolume, "", "v", DeleteOptions::default());
    lab.run(S(50));
    assert_eq!(
        (phase(&lab, "data"), phase(&lab, "/v")),
        ("Bound".into(), "Bound".into()),
        "a pod uses the claim, the claim holds the volume"
    );
    lab.delete(Kind::Pod, "t", "p", DeleteOptions::default());
    lab.run(S(90));
    assert_eq!((phase(&lab, "data"), phase(&lab, "/v")), ("gone".into(), "gone".into()));
    // What nobody deletes is kept for a person to look at, and taken by nobody.
    lab.create(volume("w", "1Gi", "", None));
    lab.create(claim("again", "1Gi", ""));
    lab.run(S(110));
    assert_eq!(phase(&lab, "/w"), "Bound");
    lab.delete(Kind::PersistentVolumeClaim, "t", "again", DeleteOptions::default());
    lab.create(claim("next", "1Gi", ""));
    lab.run(S(140));
    assert_eq!((phase(&lab, "again"), phase(&lab, "/w"), phase(&lab, "next")), ("gone".into(), "Released".into(), "Pending".into()));
}

#[test]
fn a_claim_without_a_class_gets_the_default_one() {
    let mut lab = Lab::new(1);
    let mut standard = class("standard", "ebs.csi.aws.com", "WaitForFirstConsumer");
    standard["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    lab.create(standard);
    let mut open = claim("open", "1Gi", "");
    open["spec"].as_object_mut().unwrap().remove("storageClassName");
    lab.create(open);
    lab.create(claim("none", "1Gi", ""));
    assert_eq!(
        (field(&lab, "open", "/spec/storageClassName"), field(&lab, "none", "/spec/storageClassName")),
        (json!("standard"), json!(""))
    );
}

#[test]
fn a_default_class_that_comes_later_is_given_to_claims_that_wait() {
    let mut lab = Lab::new(1);
    let mut open = claim("open", "1Gi", "");
    open["spec"].as_object_mut().unwrap().remove("storageClassName");
    lab.create(open);
    lab.create(claim("none", "1Gi", ""));
    lab.run(S(5));
    assert_eq!(field(&lab, "open", "/spec/storageClassName"), Value::Null);
    let mut standard = class("standard", "kubernetes.io/aws-ebs", "Immediate");
    standard["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    lab.create(standard);
    lab.run(S(35));
    assert_eq!(
        (field(&lab, "open", "/spec/storageClassName"), field(&lab, "none", "/spec/storageClassName")),
        (json!("standard"), json!(""))
    );
    let asked = object(&lab, Kind::PersistentVolumeClaim, "open").unwrap();
    assert_eq!(asked.meta().annotation("volume.kubernetes.io/storage-provisioner"), Some("ebs.csi.aws.com"), "the driver that stands in");
}

#[test]
fn a_claim_waits_at_the_node_that_was_chosen_for_it() {
    let mut lab = Lab::new(2);
    lab.create(class("cloud", "ebs.csi.aws.com", "WaitForFirstConsumer"));
    let mut chosen = claim("data", "1Gi", "cloud");
    chosen["metadata"]["annotations"] = json!({"volume.kubernetes.io/selected-node": "n1"});
    lab.create(chosen);
    lab.create(volume("here", "1Gi", "cloud", Some("n0")));
    lab.run(S(3));
    lab.create(pod("p", &["data"]));
    lab.run(S(5));
    let p = lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned().unwrap();
    assert_eq!((p.node.as_deref(), p.status.nominated_node.as_deref()), (None, Some("n1")), "and leaves volumes of other nodes alone");
    assert_eq!(phase(&lab, "/here"), "Available");
}

#[test]
fn two_pods_share_a_claim_that_is_made_for_one_node() {
    let mut lab = Lab::new(2);
    lab.create(class("cloud", "ebs.csi.aws.com", "WaitForFirstConsumer"));
    lab.create(claim("data", "1Gi", "cloud"));
    lab.run(S(3));
    lab.create(pod("a", &["data"]));
    lab.create(pod("b", &["data"]));
    lab.run(S(10));
    let nominated = |p: &str| lab.world.store().typed::<Pod>(&Key::new("t", p)).and_then(|p| p.status.nominated_node.clone());
    assert!(nominated("a").is_some() && nominated("a") == nominated("b"), "{:?} {:?}", nominated("a"), nominated("b"));
}

#[test]
fn a_volume_that_is_gone_while_a_pod_waits_for_it_is_said() {
    let mut lab = Lab::new(1);
    lab.create(class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    lab.create(volume("v", "1Gi", "local", Some("n0")));
    lab.create(claim("data", "1Gi", "local"));
    lab.run(S(3));
    lab.create(pod("p", &["data"]));
    lab.run(S(3) + SimDuration::from_millis(300));
    let Some(Object::Generic(v)) = object(&lab, Kind::PersistentVolume, "v") else { panic!("there") };
    let mut bare = Generic::clone(&v);
    bare.meta.finalizers = Default::default();
    lab.cx(|w, cx| w.act("you", cx, |ctl| ctl.update(bare, false, "forced").map(|_| ()).expect("updated")));
    lab.delete(Kind::PersistentVolume, "", "v", DeleteOptions::default());
    lab.run(S(5));
    let text =
        "running PreBind plugin \"VolumeBinding\": binding volumes: failed to check binding: could not find v1.PersistentVolume \"v\"";
    assert!(said(&lab, "p").contains(&format!("FailedScheduling: {text}")), "{:?}", said(&lab, "p"));
    let p = lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned().unwrap();
    assert_eq!((p.node.as_deref(), p.status.nominated_node.as_deref()), (None, None));
}

#[test]
fn a_pod_that_has_ended_holds_its_claim_until_it_is_gone() {
    let mut lab = Lab::new(1);
    lab.create(volume("v", "1Gi", "", None));
    lab.create(claim("data", "1Gi", ""));
    lab.create(pod("p", &["data"]));
    lab.run(S(30));
    let mut ended = Pod::clone(&lab.world.store().typed::<Pod>(&Key::new("t", "p")).cloned().unwrap());
    ended.status.phase = PodPhase::Succeeded;
    lab.cx(|w, cx| w.act("you", cx, |ctl| ctl.update_status(ended, "it ended").map(|_| ()).expect("updated")));
    lab.delete(Kind::PersistentVolumeClaim, "t", "data", DeleteOptions::default());
    lab.run(S(60));
    assert_eq!(phase(&lab, "data"), "Bound");
    lab.delete(Kind::Pod, "t", "p", DeleteOptions { grace_s: Some(0), ..DeleteOptions::default() });
    lab.run(S(70));
    assert_eq!(phase(&lab, "data"), "gone");
}

#[test]
fn small_claims_of_a_pod_choose_first() {
    let mut lab = Lab::new(1);
    lab.create(class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    for v in [volume("ten", "10Gi", "local", Some("n0")), volume("twenty", "20Gi", "local", Some("n0"))] {
        lab.create(v);
    }
    for c in [claim("big", "5Gi", "local"), claim("small", "1Gi", "local")] {
        lab.create(c);
    }
    lab.run(S(3));
    lab.create(pod("p", &["big", "small"]));
    lab.run(S(6));
    assert_eq!(node(&lab, "p").as_deref(), Some("n0"));
    assert_eq!((field(&lab, "small", "/spec/volumeName"), field(&lab, "big", "/spec/volumeName")), (json!("ten"), json!("twenty")));
}

#[test]
fn a_claim_whose_volume_is_gone_is_lost() {
    let mut lab = Lab::new(1);
    lab.create(volume("v", "1Gi", "", None));
    lab.create(claim("data", "1Gi", ""));
    lab.run(S(3));
    let Some(Object::Generic(v)) = object(&lab, Kind::PersistentVolume, "v") else { panic!("there") };
    // Somebody takes the protection off by hand.
    let mut bare = Generic::clone(&v);
    bare.meta.finalizers = Default::default();
    lab.cx(|w, cx| w.act("you", cx, |ctl| ctl.update(bare, false, "forced").map(|_| ()).expect("updated")));
    lab.delete(Kind::PersistentVolume, "", "v", DeleteOptions::default());
    lab.run(S(5));
    assert_eq!((phase(&lab, "/v"), phase(&lab, "data")), ("gone".into(), "Lost".into()));
    assert!(said(&lab, "data").contains(&"ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!".into()));
}
