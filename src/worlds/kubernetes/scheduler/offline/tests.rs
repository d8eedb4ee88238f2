//! The command from bytes to text.
use serde_json::Value;

use super::{Format, Request, schedule};

const CLUSTER: &str = r#"
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a, labels: {kubernetes.io/hostname: a}}, status: {allocatable: {cpu: "2", memory: 4Gi, pods: "10"}}}
- {apiVersion: v1, kind: Node, metadata: {name: b, labels: {kubernetes.io/hostname: b}}, status: {allocatable: {cpu: "4", memory: 4Gi, pods: "10"}}}
- apiVersion: v1
  kind: Node
  metadata: {name: c, labels: {kubernetes.io/hostname: c}}
  spec: {taints: [{key: dedicated, value: gpu, effect: NoSchedule}]}
  status: {allocatable: {cpu: "8", memory: 32Gi, pods: "10"}}
- {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: x, resources: {requests: {cpu: "1", memory: 1Gi}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: huge}, spec: {containers: [{name: c, image: x, resources: {requests: {cpu: "6"}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: gated}, spec: {schedulingGates: [{name: wait}], containers: [{name: c, image: x}]}}
- {apiVersion: example.com/v1, kind: Widget, metadata: {name: w}}
"#;

fn request(text: &str, pod: Option<&str>, format: Format) -> Request {
    Request { files: vec![("cluster.yaml".into(), text.as_bytes().to_vec())], pod: pod.map(Into::into), format, ..Request::default() }
}

fn json(text: &str, pod: &str) -> Value {
    let out = schedule(&request(text, Some(pod), Format::Json));
    assert_eq!(out.exit, 0, "{}", out.stderr);
    serde_json::from_str(&out.stdout).unwrap()
}

#[test]
fn json_has_the_design_s_shape() {
    let v = json(CLUSTER, "default/web");
    assert_eq!((v["pod"].as_str(), v["result"].as_str(), v["node"].as_str()), (Some("default/web"), Some("scheduled"), Some("b")));
    assert_eq!(v["candidates"], serde_json::json!(["b"]));
    assert_eq!(v["nodes"]["c"]["rejected_by"]["plugin"], "TaintToleration");
    assert_eq!(v["nodes"]["c"]["feasible"], false);
    let scores = v["nodes"]["b"]["scores"].as_object().unwrap();
    let sum: i64 = scores.values().map(|s| s.as_i64().unwrap()).sum();
    assert_eq!(v["nodes"]["b"]["total"].as_i64(), Some(sum));
}

#[test]
fn text_says_the_verdict_first_and_what_would_move_it() {
    let out = schedule(&request(CLUSTER, Some("web"), Format::Text));
    let first = out.stdout.lines().next().unwrap();
    assert!(first.starts_with(" default/web → b   best of 2 feasible nodes, "), "{}", out.stdout);
    assert!(out.stdout.contains("✖  taints: node(s) had untolerated taint(s) (dedicated=gpu:NoSchedule)"), "{}", out.stdout);
    assert!(out.stdout.contains("would move it: a toleration for dedicated=gpu:NoSchedule → c"), "{}", out.stdout);
    assert!(out.stderr.contains("ignored 1 of unknown kind Widget (example.com/v1)"));
}

#[test]
fn what_does_not_fit_says_what_would_help() {
    let out = schedule(&request(CLUSTER, Some("huge"), Format::Text));
    assert!(out.stdout.contains("fit: Insufficient cpu (cpu: wants 6, free 4 of 4)"), "{}", out.stdout);
    assert!(out.stdout.contains("cpu request of 4 or less → b"), "{}", out.stdout);
}

#[test]
fn all_pods_in_queue_order_see_what_the_others_took() {
    let out = schedule(&request(CLUSTER, None, Format::Json));
    let v: Value = serde_json::from_str(&out.stdout).unwrap();
    let results: Vec<_> = v.as_array().unwrap().iter().map(|d| (d["pod"].as_str().unwrap(), d["result"].as_str().unwrap())).collect();
    assert_eq!(results, [("default/web", "scheduled"), ("default/huge", "unschedulable"), ("default/gated", "unschedulable")]);
    assert_eq!(v[2]["message"], "Scheduling is blocked due to non-empty scheduling gates");
}

#[test]
fn weights_and_plugins_can_be_changed() {
    let mut r = request(CLUSTER, Some("web"), Format::Json);
    r.set = vec!["TaintToleration=off".into(), "NodeResourcesFit=5".into()];
    let v: Value = serde_json::from_str(&schedule(&r).stdout).unwrap();
    assert_eq!(v["node"], "c");
    assert!(v["nodes"]["c"]["scores"]["TaintToleration"].is_null());
    r.set = vec!["NodeResourceFit=5".into()];
    let out = schedule(&r);
    assert_eq!(out.exit, 2);
    assert!(out.stderr.contains("there is no scheduler plugin or option 'NodeResourceFit'"), "{}", out.stderr);
}

#[test]
fn bad_input_is_named_with_its_place() {
    let out = schedule(&request(CLUSTER, Some("wed"), Format::Text));
    assert_eq!(out.exit, 2);
    assert!(out.stderr.contains("did you mean web"), "{}", out.stderr);
    for (text, expected) in [
        ("a: [", "cluster.yaml:1:"),
        ("hello", "cluster.yaml:1:1"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: 5}\n", "cluster.yaml:1:1"),
        ("apiVersion: v1\nkind: Pod\nspec: {containers: []}\n", "metadata.name"),
    ] {
        let out = schedule(&request(text, None, Format::Text));
        assert_eq!(out.exit, 2, "{text}");
        assert!(out.stderr.contains(expected), "{text}: {}", out.stderr);
    }
}

#[test]
fn annotations_of_the_simulator() {
    let out = schedule(&request(CLUSTER, Some("web"), Format::Annotations));
    let v: Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(v["kube-scheduler-simulator.sigs.k8s.io/selected-node"], "b");
    let filter: Value = serde_json::from_str(v["kube-scheduler-simulator.sigs.k8s.io/filter-result"].as_str().unwrap()).unwrap();
    assert_eq!(filter["c"]["TaintToleration"], "node(s) had untolerated taint(s)");
    assert_eq!(filter["b"]["NodeResourcesFit"], "passed");
}
