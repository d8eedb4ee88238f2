//! The nearest changes, and the numbers behind a rejection.

use super::*;

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
    assert!(
        said.contains("zone: 2 here and this one, 0 where fewest, maxSkew 1") && said.contains("maxSkew over zone larger by 2 → a"),
        "{said}"
    );
    let all = schedule(&request(&skewed, None, Format::Text)).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(all.contains("zone: 2 here and this one, 0 where fewest, maxSkew 1"), "{all}");
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
    assert!(told(&cluster, "p").contains("zone: 1 here and this one, 0 where fewest, maxSkew 1"), "{}", told(&cluster, "p"));
}

#[test]
fn a_node_kept_for_somebody_else_says_for_whom() {
    let nominated = pod("first", 4, "", "priorityClassName: high, ").replace("]}}\n", "]}, status: {nominatedNodeName: a}}\n");
    let cluster = node("a", 4, "", "") + &class("high", 100) + &nominated + &pod("p", 2, "", "");
    let said = told(&cluster, "p");
    assert!(said.contains("cpu: wants 2, free 0") && said.contains("room is kept for default/first, nominated here"), "{said}");
}

#[test]
fn near_changes_are_exact_and_name_what_somebody_wrote() {
    // 4001m against 4 cpu; 8388609Ki against 8Gi.
    let odd = |cpu: &str, memory: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: c, image: x, resources: {{requests: {{cpu: {cpu}, memory: {memory}}}}}}}]}}}}\n"
        )
    };
    let at = |pod: &str| told(&(node("a", 4, "", "") + pod), "p");
    assert!(at(&odd("4001m", "1Gi")).contains("would help: cpu request of 4 or less → a"), "{}", at(&odd("4001m", "1Gi")));
    assert!(at(&odd("1", "8388609Ki")).contains("would help: memory request of 8Gi or less → a"));
    assert!(at(&odd("1", "8388609Ki")).contains("(memory: wants 8388609Ki, free 8Gi of 8Gi)"));
    // Both are short: only together do they help.
    assert!(at(&odd("5", "16Gi")).contains("would help: cpu request of 4 or less and memory request of 8Gi or less → a"));
    let two = pod("p", 3, "", "").replace("containers: [", "containers: [{name: d, image: x, resources: {requests: {cpu: '2'}}}, ");
    assert!(at(&two).contains("cpu of 4 or less for the whole pod, now 5 → a"), "{}", at(&two));
    // The limit bounds what may be asked for.
    let limited = odd("1", "1Gi").replace("}}]}}", "}, limits: {cpu: 1500m, memory: 1Gi}}}]}}").replace("}}}, limits", "}, limits");
    assert!(!at(&limited).contains("no node"), "{}", at(&limited));
}

#[test]
fn near_changes_name_cordons_and_topology_labels() {
    let cordoned = node("a", 4, "", "unschedulable: true") + &pod("p", 1, "", "");
    assert!(told(&cordoned, "p").contains("would help: uncordon a → a"), "{}", told(&cordoned, "p"));
    let spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
                  labelSelector: {matchLabels: {app: w}}}], ";
    let bare = node("a", 4, "", "") + &pod("p", 1, "labels: {app: w}", spread);
    assert!(told(&bare, "p").contains("a label zone on a → a"), "{}", told(&bare, "p"));
    let exists = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: gpu, operator: Exists}]}]}}}, ";
    assert!(told(&(node("a", 4, "", "") + &pod("p", 1, "", exists)), "p").contains("the label gpu=true on a → a"));
}

#[test]
fn all_taints_and_missing_labels_are_named() {
    let said = told(&(node("a", 4, "", "taints: [{key: k, effect: NoSchedule}, {key: l, effect: NoExecute}]") + &pod("p", 1, "", "")), "p");
    assert!(said.contains("(k:NoSchedule, l:NoExecute)"), "{said}");
    let said = told(&(node("a", 4, "disk: hdd", "") + &pod("p", 1, "", "nodeSelector: {disk: ssd, zone: b}, ")), "p");
    assert!(said.contains("(disk is hdd, not ssd; no label zone=b)"), "{said}");
}

#[test]
fn near_changes_name_preferences_and_the_dislikes_of_others() {
    let likes = "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 9, preference: {matchExpressions: [{key: disk, operator: Exists}]}}]}}, ";
    let liked = node("a", 4, "", "") + &node("b", 2, "disk: ssd", "") + &pod("p", 1, "", likes);
    assert!(told(&liked, "p").contains("without its preferred node affinity → a"), "{}", told(&liked, "p"));
    let shuns = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: w}}}]}}, nodeName: a, ";
    let shunned = node("a", 4, "kubernetes.io/hostname: a", "") + &pod("there", 1, "", shuns) + &pod("p", 1, "labels: {app: w}", "");
    assert!(told(&shunned, "p").contains("without the labels that pods there keep away from → a"), "{}", told(&shunned, "p"));
}
