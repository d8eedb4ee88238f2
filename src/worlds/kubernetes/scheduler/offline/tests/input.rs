//! What is taken, what is refused in whose words, and what is said beside the answer.

use super::*;

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
    assert!(out.stderr.contains("Pod default/web is there 2 times; the last one counts"), "{}", out.stderr);
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
fn json_is_taken_as_strictly_and_as_a_stream() {
    let node =
        r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},"status":{"allocatable":{"cpu":"4","memory":"8Gi","pods":"9"}}}"#;
    let pod = |meta: &str| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{{meta}}},\"spec\":{{\"containers\":[{{\"name\":\"c\",\"image\":\"x\"}}]}}}}"
        )
    };
    let stream = |pod: &str| format!("{node}\n{pod}\n");
    assert_eq!(json(&stream(&pod("\"name\":\"p\"")), "p")["node"], "a");
    let said = complaint(&stream(&pod("\"name\":\"p\",\"name\":\"q\"")));
    assert!(said.contains("cluster.yaml:2:") && said.contains("set twice"), "{said}");
}

#[test]
fn slips_in_kinds_are_mistakes_and_other_groups_are_not() {
    let said = complaint("apiVersion: apps/v1\nkind: Pod\nmetadata: {name: p}\n");
    assert!(said.contains("no matches for kind \"Pod\" in version \"apps/v1\"") && said.contains("apiVersion: v1"), "{said}");
    assert!(complaint("apiVersion: 1\nkind: Pod\n").contains("'apiVersion' is the number 1, not text"));
    let out = schedule(&request("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\n", None, Format::Text));
    assert_eq!((out.exit, out.stderr.as_str()), (0, "note: ignored 1 of unknown kind Service (serving.knative.dev/v1)\n"));
}

#[test]
fn what_a_server_has_stored_is_taken_as_it_is() {
    let stored = node("a", 4, "", "") + &pod("p", 1, "uid: u", "workloadRef: {name: w}, ");
    assert_eq!(json(&stored, "p")["node"], "a");
    assert!(complaint(&stored.replace(", uid: u", "")).contains("unknown field \"spec.workloadRef\""));
}

#[test]
fn a_pod_that_is_being_resized_counts_by_the_largest() {
    let running = pod("r", 1, "uid: u", "nodeName: a, ")
        .replace("]}}\n", "]}, status: {containerStatuses: [{name: c, allocatedResources: {cpu: 3500m}, resources: {requests: {cpu: '2'}}, image: x, imageID: '', ready: true, restartCount: 0}]}}\n");
    let said = told(&(node("a", 4, "", "") + &running + &pod("p", 1, "", "")), "p");
    assert!(said.contains("cpu: wants 1, free 0.5"), "{said}");
}

#[test]
fn what_a_dump_leaves_out_is_told() {
    let owned = "uid: u, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: w, controller: true}]";
    let claims = "resourceClaims: [{name: g, resourceClaimName: gpu}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}], ";
    let out = schedule(&request(&(node("a", 4, "", "") + &pod("p", 1, owned, claims)), Some("p"), Format::Text));
    for said in [
        "note: ReplicaSet default/web, owner of 1 waiting pod, is not in the input",
        "note: 1 waiting pod with claims, but there are no claims in the input",
        "note: 1 waiting pod with resourceClaims: allocation of devices is not simulated",
    ] {
        assert!(out.stderr.contains(said), "{said}: {}", out.stderr);
    }
}

#[test]
fn a_claim_without_a_class_gets_the_default_one() {
    let class = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: d, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: x.io, volumeBindingMode: WaitForFirstConsumer}\n";
    let claim = "---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}\n";
    let p = pod("p", 1, "", "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}], ");
    assert_eq!(json(&(node("a", 4, "", "") + class + claim + &p), "p")["node"], "a");
    assert_eq!(json(&(node("a", 4, "", "") + claim + &p), "p")["result"], "unschedulable");
}

#[test]
fn nothing_from_outside_reaches_the_terminal_raw() {
    let odd = "apiVersion: \"v\\e[31m1/x\"\nkind: \"P\\e[31m\"\n";
    let mut r = request(odd, Some("\u{1b}[31mp"), Format::Text);
    r.set = vec![];
    assert!(!schedule(&r).stderr.contains('\u{1b}'));
    r.set = vec!["\u{1b}[31m=1".into()];
    assert!(!schedule(&r).stderr.contains('\u{1b}'));
    r.set = vec![format!("{}=1", "x".repeat(100_000))];
    assert!(schedule(&r).stderr.len() < 2000);
}

#[test]
fn pods_of_a_workload_and_of_other_namespaces_are_near() {
    let there = "namespace: shop";
    let cluster = pod("web-frontend-7c9d8b6f5-x2k4p", 1, there, "") + &pod("db-0", 1, there, "");
    let said = |name| schedule(&request(&cluster, Some(name), Format::Text)).stderr;
    for name in ["shop/web-frontend", "kube-system/web-frontend"] {
        assert!(said(name).contains("did you mean shop/web-frontend-7c9d8b6f5-x2k4p?"), "{}", said(name));
    }
    assert!(said("nothing-like-it").contains("there is for example shop/"), "{}", said("nothing-like-it"));
    assert!(!said("pod/db-0").contains("error: there is no pod"));
}

#[test]
fn what_admission_refuses_in_json_has_its_place_too() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},
"spec":{"priorityClassName":"gold","containers":[{"name":"c","image":"x"}]}}"#;
    assert!(complaint(pod).contains("cluster.yaml:2:29"), "{}", complaint(pod));
}
