//! The command from bytes to text.
use serde_json::Value;

use super::{Format, Request, schedule};

mod input;
mod near;

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
    let out = schedule(&request(CLUSTER, Some("gated"), Format::Text));
    assert!(out.stdout.contains("would help: without its scheduling gates → b\n"), "{}", out.stdout);
}

/// A node of `cpu`, with more of its metadata and spec.
fn node(name: &str, cpu: u32, labels: &str, spec: &str) -> String {
    let status = format!("status: {{allocatable: {{cpu: '{cpu}', memory: 8Gi, pods: '10'}}}}");
    format!("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{{labels}}}}}, spec: {{{spec}}}, {status}}}\n")
}

/// A pod that asks for `cpu`, with more of its metadata and spec.
fn pod(name: &str, cpu: u32, meta: &str, spec: &str) -> String {
    let container = format!("containers: [{{name: c, image: x, resources: {{requests: {{cpu: '{cpu}'}}}}}}]");
    format!("---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, {meta}}}, spec: {{{spec}{container}}}}}\n")
}

fn class(name: &str, value: u32) -> String {
    format!("---\n{{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {{name: {name}}}, value: {value}}}\n")
}

/// The report on one line, so that words can be looked for wherever lines break.
fn told(cluster: &str, pod: &str) -> String {
    schedule(&request(cluster, Some(pod), Format::Text)).stdout.split_whitespace().collect::<Vec<_>>().join(" ")
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
    // The words of the table, unless several plugins share one.
    r.set = vec!["taints=off".into(), "fit=5".into()];
    assert_eq!(serde_json::from_str::<Value>(&schedule(&r).stdout).unwrap(), v);
    r.set = vec!["volumes=5".into()];
    assert!(schedule(&r).stderr.ends_with("minCandidateNodesAbsolute\n"), "the whole list: {}", schedule(&r).stderr);
    r.set = vec!["NodeResourceFit=5".into()];
    let out = schedule(&r);
    assert_eq!(out.exit, 2);
    let said = "there is no scheduler plugin or option 'NodeResourceFit'; did you mean NodeResourcesFit?";
    assert!(out.stderr.contains(said), "{}", out.stderr);
}

#[test]
fn annotations_of_the_simulator() {
    let out = schedule(&request(CLUSTER, Some("web"), Format::Annotations));
    let v: Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(v["kube-scheduler-simulator.sigs.k8s.io/selected-node"], "b");
    let filter: Value = serde_json::from_str(v["kube-scheduler-simulator.sigs.k8s.io/filter-result"].as_str().unwrap()).unwrap();
    assert_eq!(filter["c"]["TaintToleration"], "node(s) had untolerated taint(s)");
    assert_eq!(filter["b"]["NodeResourcesFit"], "passed");
    assert_eq!(filter["b"].as_object().unwrap().len(), 4, "skipped plugins have no entry: {filter}");
    let read =
        |key: &str| -> Value { serde_json::from_str(v[format!("kube-scheduler-simulator.sigs.k8s.io/{key}")].as_str().unwrap()).unwrap() };
    let status = read("prefilter-result-status");
    assert_eq!(
        (&status["NodeResourcesFit"], &status["NodePorts"], &status["TaintToleration"]),
        (&"success".into(), &"".into(), &Value::Null)
    );
    let scored = read("prescore-result");
    assert_eq!((&scored["NodeResourcesFit"], &scored["InterPodAffinity"]), (&"success".into(), &"".into()));
    assert_eq!((read("bind-result"), read("result-history").as_array().unwrap().len()), (serde_json::json!({}), 1));
    assert_eq!(v.as_object().unwrap().len(), 14);
}

#[test]
fn a_placed_pod_is_free_to_go_elsewhere() {
    let text = CLUSTER.to_string()
        + "- {apiVersion: v1, kind: Pod, metadata: {name: settled, namespace: shop}, spec: {nodeName: a, containers: [{name: c, image: x, resources: {requests: {cpu: \"1\", memory: 1Gi}}}]}}\n";
    let out = schedule(&request(&text, Some("shop/settled"), Format::Json));
    assert!(out.stderr.contains("shop/settled is on a; this is where it would go if it were scheduled now"), "{}", out.stderr);
    let v: Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!((v["node"].as_str(), v["nodes"]["a"]["feasible"].as_bool()), (Some("b"), Some(true)), "{v}");
}

#[test]
fn the_report_keeps_to_the_width() {
    let spread = "- {apiVersion: v1, kind: Pod, metadata: {name: choosy, labels: {app: choosy}}, spec: {containers: [{name: c, image: x, resources: {requests: {cpu: \"1\", memory: 1Gi}}}], \
         affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 5, preference: {matchExpressions: [{key: kubernetes.io/hostname, operator: Exists}]}}]}}, \
         topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: choosy}}}]}}\n";
    for width in [60, 80, 120] {
        for ascii in [false, true] {
            let mut r = request("", Some("choosy"), Format::Text);
            r.files = vec![("cluster.yaml".into(), format!("{CLUSTER}{spread}").into_bytes())];
            r.style = super::Style { width, ascii, colour: false };
            let out = schedule(&r).stdout;
            // The table gives up its bars; below their numbers it cannot go.
            let wide: Vec<&str> = out.lines().filter(|l| l.chars().count() > width.max(66)).collect();
            assert!(wide.is_empty(), "{width}: {wide:#?}");
            assert_eq!(out.contains(if ascii { "###" } else { "▇▇▇" }), width >= 80, "{width}:\n{out}");
        }
    }
}

#[test]
fn a_volume_goes_to_one_claim() {
    let class = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: local}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}\n";
    let volume = "---\n{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: local, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}}\n";
    let claim = |n: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {n}}}, spec: {{storageClassName: local, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}\n"
        )
    };
    let with = |n: &str, claim: &str| pod(n, 1, "", &format!("volumes: [{{name: v, persistentVolumeClaim: {{claimName: {claim}}}}}], "));
    let cluster = node("a", 4, "", "") + class + volume + &claim("one") + &claim("two") + &with("p", "one") + &with("q", "two");
    let v: Value = serde_json::from_str(&schedule(&request(&cluster, None, Format::Json)).stdout).unwrap();
    assert_eq!((&v[0]["node"], &v[1]["result"]), (&"a".into(), &"unschedulable".into()), "{v}");
    assert_eq!(v[1]["nodes"]["a"]["rejected_by"]["reasons"][0], "node(s) didn't find available persistent volumes to bind");
}

#[test]
fn what_was_created_first_is_tried_first_and_what_is_deleted_is_not() {
    let cluster = node("a", 2, "", "")
        + &pod("fresh", 2, "", "")
        + &pod("older", 2, "uid: u, creationTimestamp: '2026-01-01T00:00:00Z'", "")
        + &pod(
            "going",
            2,
            "uid: w, creationTimestamp: '2025-01-01T00:00:00Z', deletionTimestamp: '2026-01-02T00:00:00Z', finalizers: [x/y]",
            "",
        );
    let v: Value = serde_json::from_str(&schedule(&request(&cluster, None, Format::Json)).stdout).unwrap();
    let order: Vec<_> = v.as_array().unwrap().iter().map(|d| d["pod"].as_str().unwrap()).collect();
    assert_eq!((order, &v[0]["node"]), (vec!["default/older", "default/fresh"], &"a".into()));
    let out = schedule(&request(&cluster, Some("going"), Format::Text));
    assert_eq!(out.stderr, "error: pod default/going is being deleted; the scheduler skips it\n");
}

#[test]
fn nodes_that_were_never_in_question_are_told() {
    let to = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [a]}]}, {matchFields: [{key: metadata.name, operator: In, values: [b]}]}]}}}, ";
    let cluster = node("a", 4, "", "") + &node("b", 4, "", "") + &node("c", 4, "", "") + &pod("p", 1, "", to);
    let said = told(&cluster, "p");
    let why = "1 node was out of the question beforehand: node(s) didn't satisfy plugin(s) [NodeAffinity]";
    assert!(said.contains("; 1 node filtered out") && said.contains(why) && !said.contains("percentageOfNodesToScore"), "{said}");
    assert_eq!(json(&cluster, "p")["left_out"]["nodes"], 1);
}

#[test]
fn many_pods_keep_their_messages_and_the_chosen_node_its_row() {
    let nodes: String = (0..40).map(|n| node(&format!("ip-10-0-{n}-17.eu-central-1.compute.internal-and-more"), 4, "", "")).collect();
    let pods: String = (0..6).map(|n| pod(&format!("p{n}"), 9, "", "")).collect();
    let out = schedule(&request(&(nodes.clone() + &pods), None, Format::Text)).stdout;
    assert_eq!(out.matches("0/40 nodes are available: 40 Insufficient cpu.").count(), 6, "{out}");
    assert!(out.contains("--pod NAMESPACE/NAME shows"), "{out}");
    let mut r = request(&(nodes + &pod("p", 1, "", "")), Some("p"), Format::Text);
    r.style = super::Style { width: 80, ..Default::default() };
    let out = schedule(&r).stdout;
    assert!(out.contains("◂") && out.lines().skip(2).all(|l| l.chars().count() <= 92), "{out}");
}

#[test]
fn volumes_are_made_where_the_driver_has_room() {
    let class = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: d.io, volumeBindingMode: WaitForFirstConsumer}\n";
    let driver = "---\n{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: d.io}, spec: {storageCapacity: true}}\n";
    let room = |on: &str, size: &str| {
        format!(
            "---\n{{apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, metadata: {{name: on-{on}}}, storageClassName: fast, capacity: {size}, nodeTopology: {{matchLabels: {{host: {on}}}}}}}\n"
        )
    };
    let claim = "---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Gi}}}}\n";
    let cluster = node("a", 4, "host: a", "")
        + &node("b", 4, "host: b", "")
        + class
        + driver
        + claim
        + &room("a", "10Gi")
        + &room("b", "1000Gi")
        + &pod("p", 1, "", "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}], ");
    let v = json(&cluster, "p");
    assert_eq!(
        (&v["node"], &v["nodes"]["a"]["rejected_by"]["reasons"][0]),
        (&"b".into(), &"node(s) did not have enough free storage".into())
    );
    assert_eq!(json(&cluster.replace("storageCapacity: true", "storageCapacity: false"), "p")["nodes"]["a"]["feasible"], true);
}
