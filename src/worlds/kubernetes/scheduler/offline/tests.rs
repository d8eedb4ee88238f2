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

fn told(cluster: &str, pod: &str) -> String {
    schedule(&request(cluster, Some(pod), Format::Text)).stdout
}

#[test]
fn near_changes_name_labels_every_taint_and_the_skew_that_would_do() {
    let selector = node("a", 4, "zone: west", "") + &node("b", 1, "", "") + &pod("p", 2, "", "nodeSelector: {disk: ssd}, ");
    assert!(told(&selector, "p").contains("the label disk=ssd on a → a"), "{}", told(&selector, "p"));
    let tainted = node("a", 4, "", "taints: [{key: k, effect: NoSchedule}, {key: l, value: v, effect: NoExecute}]") + &pod("p", 2, "", "");
    assert!(told(&tainted, "p").contains("would help: tolerations for k:NoSchedule and l=v:NoExecute → a"), "{}", told(&tainted, "p"));
    let spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
                  labelSelector: {matchLabels: {app: w}}}], ";
    let placed = |n| pod(n, 0, "labels: {app: w}", "nodeName: a, ");
    let skewed = node("a", 4, "zone: west", "")
        + &node("b", 1, "zone: east", "")
        + &placed("one")
        + &placed("two")
        + &pod("p", 2, "labels: {app: w}", spread);
    let said = told(&skewed, "p");
    assert!(said.contains("zone: 2 here, 0 where fewest, maxSkew 1") && said.contains("maxSkew larger by 2 → a"), "{said}");
    let all = schedule(&request(&skewed, None, Format::Text)).stdout;
    assert!(all.contains("zone: 2 here, 0 where fewest, maxSkew 1"), "{all}");
}

#[test]
fn a_victim_against_its_budget_is_told() {
    let budget = "---\n{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, \
                  spec: {minAvailable: 1, selector: {matchLabels: {app: w}}}, status: {disruptionsAllowed: 0}}\n";
    let first = pod("p", 4, "", "priorityClassName: high, ");
    let cluster = node("a", 4, "", "") + &pod("v", 3, "labels: {app: w}", "nodeName: a, ") + budget + &class("high", 100) + &first;
    assert!(told(&cluster, "p").contains("v must go, 1 of them against a disruption budget"), "{}", told(&cluster, "p"));
    assert_eq!(json(&cluster, "default/p")["preemption"]["pdb_violations"], 1);
}

#[test]
fn near_changes_name_extended_resources() {
    let gpus = |n| format!("status: {{allocatable: {{cpu: '4', memory: 8Gi, pods: '10', example.com/gpu: '{n}'}}}}");
    let with = |name: &str, n| format!("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, {}}}\n", gpus(n));
    let wants = |n| {
        let amounts = format!("{{cpu: '1', example.com/gpu: '{n}'}}");
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: c, image: x, resources: {{requests: {amounts}, limits: {amounts}}}}}]}}}}\n"
        )
    };
    let said = told(&(with("a", 2) + &wants(4)), "p");
    assert!(said.contains("would help: example.com/gpu request of 2 or less → a"), "{said}");
    let said = told(&(node("a", 4, "", "") + &wants(1)), "p");
    assert!(said.contains("would help: without its example.com/gpu request → a"), "{said}");
}

#[test]
fn numbers_of_spreading_count_the_nodes_that_count() {
    // Zone west has two pods, one of them on a node that the pod cannot use and that does not count; east is empty.
    let spread = "nodeSelector: {disk: ssd}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, \
                  whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: w}}}], ";
    let on = |name, node: &str| pod(name, 0, "labels: {app: w}", &format!("nodeName: {node}, "));
    let cluster = node("a", 4, "zone: west, disk: ssd", "")
        + &node("b", 4, "zone: west", "")
        + &node("c", 1, "zone: east, disk: ssd", "")
        + &on("one", "a")
        + &on("two", "b")
        + &pod("p", 2, "labels: {app: w}", spread);
    assert!(told(&cluster, "p").contains("zone: 1 here, 0 where fewest, maxSkew 1"), "{}", told(&cluster, "p"));
}

#[test]
fn a_node_kept_for_somebody_else_says_for_whom() {
    let nominated = pod("first", 4, "", "priorityClassName: high, ").replace("]}}\n", "]}, status: {nominatedNodeName: a}}\n");
    let cluster = node("a", 4, "", "") + &class("high", 100) + &nominated + &pod("p", 2, "", "");
    let said = told(&cluster, "p");
    assert!(said.contains("cpu: wants 2, free 0") && said.contains("room is kept for default/first, nominated here"), "{said}");
}

#[test]
fn a_limit_range_gives_fresh_pods_their_requests() {
    let range = "---\n{apiVersion: v1, kind: LimitRange, metadata: {name: r}, spec: {limits: [{type: Container, \
                 default: {cpu: '3'}, defaultRequest: {cpu: '3'}, max: {cpu: '4'}}]}}\n";
    let bare = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: x}]}}\n";
    let out = schedule(&request(&(node("a", 2, "", "") + range + bare), Some("p"), Format::Text));
    assert!(out.stdout.contains("cpu: wants 3, free 2"), "{}", out.stdout);
    assert_eq!(out.stderr, "note: the LimitRanges of namespace default set requests or limits of 1 pod\n");
    // One that a server has taken stays as it is; elsewhere the range says nothing.
    for other in ["name: p, uid: u-1", "name: p, namespace: shop"] {
        assert_eq!(json(&(node("a", 2, "", "") + range + &bare.replace("name: p", other)), "p")["node"], "a", "{other}");
    }
    let said = complaint(&(node("a", 2, "", "") + range + &pod("p", 5, "", "")));
    assert!(said.contains("pods \"p\" is forbidden: maximum cpu usage per Container is 4"), "{said}");
}

#[test]
fn who_is_not_scheduled_is_told_apart() {
    let cluster = pod("done", 1, "", "").replace("]}}\n", "]}, status: {phase: Succeeded}}\n")
        + &pod("theirs", 1, "", "schedulerName: mine, ")
        + &node("a", 4, "", "");
    let said = |name| schedule(&request(&cluster, Some(name), Format::Text)).stderr;
    assert_eq!(said("done"), "error: pod default/done has finished; nothing of it is scheduled any more\n");
    assert_eq!(said("theirs"), "error: pod default/theirs is for another scheduler, mine\n");
}

#[test]
fn who_wrote_which_field_is_no_error() {
    let managed = "managedFields: [{manager: kubectl, operation: Update, fieldsType: FieldsV1, fieldsV1: {'f:metadata': {}}}]";
    let cluster = node("a", 4, "", "") + &pod("p", 1, managed, "");
    assert!(told(&cluster, "p").contains("default/p → a"), "{}", told(&cluster, "p"));
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
    let said = "there is no scheduler plugin or option 'NodeResourceFit'; did you mean NodeResourcesFit?";
    assert!(out.stderr.contains(said), "{}", out.stderr);
}

#[test]
fn bad_input_is_named_with_its_place() {
    let out = schedule(&request(CLUSTER, Some("wed"), Format::Text));
    assert_eq!(out.exit, 2);
    assert!(out.stderr.contains("did you mean web"), "{}", out.stderr);
    for (text, expected) in [
        ("a: [", "cluster.yaml:1:"),
        ("hello", "cluster.yaml:1:1"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: 5}\n", "cluster.yaml:4:"),
        ("apiVersion: v1\nkind: Pod\nspec: {containers: []}\n", "metadata.name"),
    ] {
        let out = schedule(&request(text, None, Format::Text));
        assert_eq!(out.exit, 2, "{text}");
        assert!(out.stderr.contains(expected), "{text}: {}", out.stderr);
    }
}

/// The first line of what is said about a bad file.
fn complaint(text: &str) -> String {
    let out = schedule(&request(text, None, Format::Text));
    assert_eq!((out.exit, out.stdout.as_str()), (2, ""), "{text}");
    out.stderr
}

#[test]
fn what_the_server_would_refuse_is_refused_in_its_words() {
    let pod =
        |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  - name: c\n    image: x\n{spec}");
    for (text, place, words) in [
        (pod("    imag: y\n"), "8:5", "strict decoding error: unknown field \"spec.containers[0].imag\""),
        (
            pod("    resources: {requests: {cpu: fast}}\n"),
            "8:",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            pod("    resources: {requests: {cpu: '2'}, limits: {cpu: '1'}}\n"),
            "8:",
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
        ),
        (
            pod("  tolerations: [{key: a, operator: Like}]\n"),
            "8:",
            "spec.tolerations[0].operator: Unsupported value: \"Like\": supported values: \"Equal\", \"Exists\"",
        ),
        (
            pod("  priority: 5\n"),
            "8:13",
            "pods \"web\" is forbidden: the integer value of priority (5) must not be provided in pod spec; \
             priority admission controller computed 0 from the given PriorityClass name",
        ),
        (
            pod("  nodeSelector:\n    disk: ssd\n    zone: not ok\n"),
            "10:11",
            "spec.nodeSelector: Invalid value: \"not ok\": a valid label must be",
        ),
        (pod("  priorityClassName: gold\n"), "8:22", "pods \"web\" is forbidden: no PriorityClass with name gold was found"),
        (
            pod("  topologySpreadConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: DoNotSchedule}]\n"),
            "8:",
            "must be greater than zero",
        ),
        (
            "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec:\n  taints: [{key: a, effect: Never}]\n".into(),
            "5:",
            "Unsupported value: \"Never\"",
        ),
        ("apiVersion: v1\nkind: Node\nmetadata: {name: Node_1}\n".into(), "3:", "a lowercase RFC 1123 subdomain must consist of"),
    ] {
        let said = complaint(&text);
        assert!(said.contains(words) && said.contains(&format!("cluster.yaml:{place}")), "{words} at {place}:\n{said}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let said = complaint(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: A}\nspec: {restartPolicy: Sometimes, containers: [{image: x}]}\n---\nhello\n",
    );
    for words in ["metadata.name", "spec.restartPolicy", "spec.containers[0].name", "expected a Kubernetes object"] {
        assert!(said.contains(words), "{words}:\n{said}");
    }
}

#[test]
fn a_mistake_in_json_has_a_place_too() {
    let said = complaint(
        "{\n \"apiVersion\": \"v1\", \"kind\": \"Node\",\n \"metadata\": {\"name\": \"n\"},\n \"spec\": {\"unschedulable\": \"yes\"}}\n",
    );
    assert!(said.contains("cluster.yaml:4:") && said.contains("cannot unmarshal string"), "{said}");
}

#[test]
fn pods_get_the_server_s_defaults() {
    let text = CLUSTER.to_string()
        + "- {apiVersion: v1, kind: Pod, metadata: {name: limited}, spec: {containers: [{name: c, image: x, resources: {limits: {cpu: \"3\", memory: 1Gi}}}]}}\n";
    let v = json(&text, "default/limited");
    // The limit is the request where none is given, and only b has three free.
    assert_eq!((v["node"].as_str(), v["nodes"]["a"]["rejected_by"]["reasons"][0].as_str()), (Some("b"), Some("Insufficient cpu")), "{v}");
}

#[test]
fn of_what_comes_twice_the_last_counts() {
    let text = CLUSTER.to_string()
        + "- {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: x, resources: {requests: {cpu: \"9\"}}}]}}\n";
    let out = schedule(&request(&text, Some("web"), Format::Json));
    assert!(out.stderr.contains("Pod default/web is there more than once; the last one counts"), "{}", out.stderr);
    assert!(out.stdout.contains("unschedulable"), "{}", out.stdout);
}

#[test]
fn near_names_are_offered() {
    let pods: String = ["web-a", "web-b", "web-c", "db"]
        .iter()
        .map(|n| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {n}}}\nspec: {{containers: [{{name: c, image: x}}]}}\n"))
        .collect();
    let out = schedule(&request(&pods, Some("web-d"), Format::Text));
    assert_eq!(out.exit, 2);
    assert!(out.stderr.contains("did you mean web-a or web-b or web-c?"), "{}", out.stderr);
    let out = schedule(&request(&pods, Some("default/wep-a"), Format::Text));
    assert!(out.stderr.contains("did you mean default/web-a"), "{}", out.stderr);
}

#[test]
fn a_pod_that_needs_a_feature_goes_where_it_is_declared() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: old}\nstatus: {allocatable: {cpu: '2', memory: 4Gi, pods: '10'}}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: new}\nstatus: {declaredFeatures: [RestartAllContainersOnContainerExits], allocatable: {cpu: '2', memory: 4Gi, pods: '10'}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: x, restartPolicy: Never, restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}]}]\n";
    let v = json(text, "p");
    assert_eq!(v["node"], "new", "{v}");
    assert_eq!(v["nodes"]["old"]["rejected_by"]["plugin"], "NodeDeclaredFeatures");
    assert_eq!(v["nodes"]["old"]["rejected_by"]["reasons"][0], "node(s) didn't match Pod's required features");
}

const KATA: &str = "- {apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata, overhead: {podFixed: {cpu: 1500m}}, scheduling: {nodeSelector: {kubernetes.io/hostname: c}, tolerations: [{key: dedicated, operator: Exists}]}}\n";

/// A pod of the class, which needs 3 cpu of its own.
fn of_class(name: &str, class: &str, rest: &str) -> String {
    format!(
        "- {{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{runtimeClassName: {class}, containers: [{{name: c, image: x, resources: {{requests: {{cpu: '3'}}}}}}]{rest}}}}}\n"
    )
}

#[test]
fn a_runtime_class_adds_overhead_and_says_where() {
    // On c there are 8 cpu: one pod of the class takes 4.5 of them.
    let text = format!("{CLUSTER}{}{}{KATA}", of_class("one", "kata", ""), of_class("two", "kata", ""));
    let out = schedule(&request(&text, None, Format::Json));
    let said = "note: RuntimeClass kata adds to 2 pods: overhead cpu 1500m; node selector kubernetes.io/hostname=c; a toleration\n";
    assert!(out.stderr.contains(said), "{}", out.stderr);
    let v: Value = serde_json::from_str(&out.stdout).unwrap();
    let of = |pod: &str| v.as_array().unwrap().iter().find(|d| d["pod"] == pod).unwrap();
    assert_eq!((of("default/one")["node"].as_str(), of("default/two")["node"].as_str()), (Some("c"), None), "{v}");
    assert_eq!(of("default/two")["nodes"]["c"]["rejected_by"]["reasons"][0], "Insufficient cpu");
    assert_eq!(of("default/two")["nodes"]["b"]["rejected_by"]["plugin"], "NodeAffinity");
}

#[test]
fn pods_that_are_there_count_with_their_overhead() {
    // Written by hand without the overhead, or taken by a server with it: 4.5 cpu either way.
    for settled in [
        of_class("there", "kata", ", nodeName: c"),
        of_class("there", "kata", ", nodeName: c, overhead: {cpu: 1500m}").replace("name: there", "name: there, uid: u-1"),
    ] {
        let v = json(&format!("{CLUSTER}{settled}{}{KATA}", of_class("next", "kata", "")), "next");
        assert_eq!(v["nodes"]["c"]["rejected_by"]["reasons"][0], "Insufficient cpu", "{settled}");
    }
    // A server has taken it without a class that adds anything.
    let settled = of_class("there", "kata", ", nodeName: c").replace("name: there", "name: there, uid: u-1");
    assert_eq!(json(&format!("{CLUSTER}{settled}{}{KATA}", of_class("next", "kata", "")), "next")["node"], "c");
}

#[test]
fn what_a_runtime_class_refuses_has_its_place() {
    let line = CLUSTER.lines().count() + 1;
    for (pod, at, words) in [
        (of_class("p", "katta", ""), "katta", "pods \"p\" is forbidden: pod rejected: RuntimeClass \"katta\" not found"),
        (
            of_class("p", "kata", ", overhead: {cpu: '1'}"),
            "overhead:",
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            of_class("p", "kata", ", nodeSelector: {kubernetes.io/hostname: a}"),
            "nodeSelector:",
            "conflict: runtimeClass.scheduling.nodeSelector[kubernetes.io/hostname] = c; pod.spec.nodeSelector[kubernetes.io/hostname] = a",
        ),
        (
            "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {overhead: {cpu: '1'}, containers: [{name: c, image: x}]}}\n".into(),
            "overhead:",
            "pods \"p\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
    ] {
        let said = complaint(&format!("{CLUSTER}{pod}{KATA}"));
        let place = format!("cluster.yaml:{line}:{}", pod.find(at).unwrap() + 1);
        assert!(said.contains(words) && said.contains(&place), "{words} at {place}\n{said}");
    }
    assert!(complaint(&format!("{CLUSTER}{}{KATA}", of_class("p", "katta", ""))).contains("did you mean `kata`?"));
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
