//! Claims, volumes, zones and attach limits, from YAML to the message.
use serde_json::Value;

use super::offline::{Format, Request, schedule};

const NODES: &str = r"
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a, labels: {topology.kubernetes.io/zone: za, kubernetes.io/hostname: a}}, status: {allocatable: {cpu: '4', memory: 8Gi, pods: '9'}}}
- {apiVersion: v1, kind: Node, metadata: {name: b, labels: {topology.kubernetes.io/zone: zb, kubernetes.io/hostname: b}}, status: {allocatable: {cpu: '4', memory: 8Gi, pods: '9'}}}
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: csi.example, volumeBindingMode: WaitForFirstConsumer, allowedTopologies: [{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [zb]}]}]}
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: local}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: now}, provisioner: csi.example}
";

/// The decision about a pod with claim `c`, and whatever else is in the cluster.
fn decide(more: &str) -> Value {
    let pod = r"
- apiVersion: v1
  kind: Pod
  metadata: {name: p}
  spec: {containers: [{name: c, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}
";
    let text = format!("{NODES}{}{pod}", more.trim_start_matches('\n'));
    let request =
        Request { files: vec![("f".into(), text.into_bytes())], pod: Some("p".into()), format: Format::Json, ..Request::default() };
    let out = schedule(&request);
    assert_eq!(out.exit, 0, "{}", out.stderr);
    serde_json::from_str(&out.stdout).unwrap()
}

fn claim(class: &str, rest: &str) -> String {
    format!(
        "- {{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: c, namespace: default}}, spec: {{storageClassName: {class}, \
         accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 5Gi}}}}{rest}}}}}\n"
    )
}

#[test]
fn claims_that_are_missing_or_unbound() {
    let tail = "no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    let missing = decide("");
    assert_eq!(missing["message"], format!("0/2 nodes are available: persistentvolumeclaim \"c\" not found. {tail}"));
    assert_eq!(missing["rejected_by"]["plugin"], "VolumeRestrictions");
    let unbound = decide(&claim("now", ""));
    assert_eq!(unbound["message"], format!("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. {tail}"));
}

#[test]
fn first_consumer_waits_for_a_volume_or_a_place_to_make_one() {
    let made = decide(&claim("late", ""));
    assert_eq!(made["node"], "b", "the class allows zone zb only");
    assert_eq!(made["nodes"]["a"]["rejected_by"]["reasons"][0], "node(s) didn't find available persistent volumes to bind");
    let nothing = decide(&claim("local", ""));
    assert_eq!(nothing["result"], "unschedulable");
    let volume = "- {apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], storageClassName: local, hostPath: {path: /data}, \
         nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]}]}}}}\n";
    assert_eq!(decide(&format!("{}{volume}", claim("local", "")))["node"], "a");
    assert_eq!(decide(&format!("{}{}", claim("local", ""), volume.replace("10Gi", "1Gi")))["result"], "unschedulable", "too small");
}

#[test]
fn volumes_must_suit_the_claim() {
    let volume = |with: &str| {
        format!(
            "- {{apiVersion: v1, kind: PersistentVolume, metadata: {{name: v, labels: {{tier: gold}}}}, spec: {{capacity: {{storage: 10Gi}}, accessModes: [ReadWriteOnce], \
             storageClassName: local, hostPath: {{path: /data}}, nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [a]}}]}}]}}}}{with}\n"
        )
    };
    let rows = [
        ("free", "", volume("}}"), true),
        ("labels", ", selector: {matchLabels: {tier: gold}}", volume("}}"), true),
        ("other labels", ", selector: {matchLabels: {tier: lead}}", volume("}}"), false),
        ("expressions", ", selector: {matchExpressions: [{key: tier, operator: In, values: [gold, silver]}]}", volume("}}"), true),
        ("other expressions", ", selector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}", volume("}}"), false),
        ("reserved for it", "", volume(", claimRef: {namespace: default, name: c}}}"), true),
        ("reserved for another", "", volume(", claimRef: {namespace: default, name: d}}}"), false),
        ("released", "", volume("}, status: {phase: Released}}"), false),
        ("another mode", ", volumeMode: Block", volume("}}"), false),
        ("attributes", ", volumeAttributesClassName: gold", volume(", volumeAttributesClassName: gold}}"), true),
        ("other attributes", ", volumeAttributesClassName: gold", volume("}}"), false),
    ];
    for (what, rest, volume, fits) in rows {
        let decision = decide(&format!("{}{volume}", claim("local", rest)));
        assert_eq!(decision["node"].as_str(), fits.then_some("a"), "{what}: {decision}");
    }
}

#[test]
fn bound_volumes_tie_the_pod_to_their_place() {
    let bound = "- {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, namespace: default}, spec: {volumeName: v, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}, status: {phase: Bound}}\n";
    let volume = |labels: &str, affinity: &str| {
        format!(
            "- {{apiVersion: v1, kind: PersistentVolume, metadata: {{name: v, labels: {{{labels}}}}}, spec: {{capacity: {{storage: 10Gi}}, accessModes: [ReadWriteOnce], csi: {{driver: csi.example, volumeHandle: h}}{affinity}}}}}\n"
        )
    };
    let zone = decide(&format!("{bound}{}", volume("topology.kubernetes.io/zone: za", "")));
    assert_eq!(zone["node"], "a");
    assert_eq!(zone["nodes"]["b"]["rejected_by"]["reasons"][0], "node(s) had no available volume zone");
    let at_b =
        ", nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [b]}]}]}}";
    let affinity = decide(&format!("{bound}{}", volume("", at_b)));
    assert_eq!(affinity["node"], "b");
    assert_eq!(affinity["nodes"]["a"]["rejected_by"]["reasons"][0], "node(s) didn't match PersistentVolume's node affinity");
    let gone = decide(bound);
    assert_eq!(
        gone["nodes"]["a"]["rejected_by"]["reasons"][0],
        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
    );
    let full = "- {apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: a}, spec: {drivers: [{name: csi.example, nodeID: a, allocatable: {count: 0}}]}}\n";
    let limited = decide(&format!("{bound}{}{full}", volume("", "")));
    assert_eq!((limited["node"].as_str(), &limited["nodes"]["a"]["rejected_by"]["plugin"]), (Some("b"), &Value::from("NodeVolumeLimits")));
}

#[test]
fn a_claim_for_one_pod_has_one_user() {
    let claim = "- {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, namespace: default}, spec: {volumeName: v, accessModes: [ReadWriteOncePod], resources: {requests: {storage: 1Gi}}}, status: {phase: Bound}}\n\
                 - {apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOncePod], hostPath: {path: /data}}}\n";
    assert_eq!(decide(claim)["result"], "scheduled");
    let user = "- {apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {nodeName: a, containers: [{name: c, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}}\n";
    let taken = decide(&format!("{claim}{user}"));
    let reason = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";
    assert_eq!(taken["nodes"]["b"]["rejected_by"]["reasons"][0], reason);
}
