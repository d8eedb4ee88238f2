//! Which fields something here acts on. What a manifest sets beyond them is accepted, stored and shown, and `check` says so.
//!
//! A path covers everything below it. Lists have no index: `containers.image` means the image of each.

use super::Kind;

/// Of every object.
const META: &[&str] = &["apiVersion", "kind", "metadata", "status"];

/// Of a pod's spec.
const POD: &[&str] = &[
    "activeDeadlineSeconds",
    "affinity",
    "containers.args",
    "containers.command",
    "containers.env",
    "containers.envFrom",
    "containers.image",
    "containers.imagePullPolicy",
    "containers.lifecycle",
    "containers.livenessProbe",
    "containers.name",
    "containers.ports",
    "containers.readinessProbe",
    "containers.resources",
    "containers.restartPolicy",
    "containers.securityContext.runAsNonRoot",
    "containers.securityContext.runAsUser",
    "containers.startupProbe",
    "containers.terminationMessagePath",
    "containers.terminationMessagePolicy",
    "containers.volumeMounts.mountPath",
    "containers.volumeMounts.name",
    "containers.volumeMounts.readOnly",
    "dnsPolicy",
    "enableServiceLinks",
    "hostNetwork",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "securityContext.runAsNonRoot",
    "securityContext.runAsUser",
    "serviceAccount",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes.configMap",
    "volumes.emptyDir",
    "volumes.hostPath",
    "volumes.name",
    "volumes.persistentVolumeClaim",
    "volumes.projected",
    "volumes.secret",
];

/// Below what is acted on, and yet nothing is done about it: local disks have no measure per pod, and memory none of its files.
const POD_IDLE: &[&str] = &["containers.resources.limits.ephemeral-storage", "volumes.emptyDir.medium", "volumes.emptyDir.sizeLimit"];

const DEPLOYMENT: &[&str] = &[
    "spec.minReadySeconds",
    "spec.paused",
    "spec.progressDeadlineSeconds",
    "spec.replicas",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.strategy",
    "spec.template.metadata",
];
const REPLICA_SET: &[&str] = &["spec.minReadySeconds", "spec.replicas", "spec.selector", "spec.template.metadata"];
const SERVICE: &[&str] = &[
    "spec.allocateLoadBalancerNodePorts",
    "spec.clusterIP",
    "spec.clusterIPs",
    "spec.externalName",
    "spec.externalTrafficPolicy",
    "spec.internalTrafficPolicy",
    "spec.ports",
    "spec.publishNotReadyAddresses",
    "spec.selector",
    "spec.sessionAffinity",
    "spec.sessionAffinityConfig",
    "spec.type",
];
const NODE: &[&str] = &["spec.taints", "spec.unschedulable", "spec.podCIDR", "spec.podCIDRs", "spec.providerID"];
/// Volumes on a node's own disk; the others keep their data on the node where it was written.
const VOLUME: &[&str] = &[
    "spec.accessModes",
    "spec.capacity",
    "spec.claimRef",
    "spec.hostPath",
    "spec.local",
    "spec.nodeAffinity",
    "spec.persistentVolumeReclaimPolicy",
    "spec.storageClassName",
    "spec.volumeAttributesClassName",
    "spec.volumeMode",
];
const CLAIM: &[&str] = &[
    "spec.accessModes",
    "spec.resources.requests",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeAttributesClassName",
    "spec.volumeMode",
    "spec.volumeName",
];
/// Nobody makes volumes: the provisioner is a name that claims wait for.
const CLASS: &[&str] = &["allowedTopologies", "volumeBindingMode"];
/// Every container is run alike, whatever handles it.
const RUNTIME: &[&str] = &["overhead", "scheduling"];
const ALL: &[&str] = &[""];

/// The kind's own fields, and where its pod spec stands.
fn fields(kind: Kind) -> (&'static [&'static str], Option<&'static str>) {
    match kind {
        Kind::Pod => (&[], Some("spec")),
        Kind::Deployment => (DEPLOYMENT, Some("spec.template.spec")),
        Kind::ReplicaSet => (REPLICA_SET, Some("spec.template.spec")),
        Kind::Service => (SERVICE, None),
        Kind::Node => (NODE, None),
        Kind::PersistentVolume => (VOLUME, None),
        Kind::PersistentVolumeClaim => (CLAIM, None),
        Kind::StorageClass => (CLASS, None),
        Kind::RuntimeClass => (RUNTIME, None),
        _ => (ALL, None),
    }
}

/// What is known of a path: it is covered, or something below it may be, or nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::worlds::kubernetes) enum Coverage {
    Full,
    Below,
    None,
}

/// Whether anything acts on the field at `path` (without indices).
pub(in crate::worlds::kubernetes) fn coverage(kind: Kind, path: &str) -> Coverage {
    let (own, pod) = fields(kind);
    let judge = |path: &str, list: &[&str]| {
        let within =
            |inner: &str, outer: &str| outer.is_empty() || inner == outer || inner.strip_prefix(outer).is_some_and(|r| r.starts_with('.'));
        if list.iter().any(|f| within(path, f)) {
            Coverage::Full
        } else if list.iter().any(|f| within(f, path)) {
            Coverage::Below
        } else {
            Coverage::None
        }
    };
    if let Some(at) = pod {
        if path == at || at.strip_prefix(path).is_some_and(|r| r.starts_with('.')) {
            return Coverage::Below;
        }
        if let Some(inner) = path.strip_prefix(at).and_then(|r| r.strip_prefix('.')) {
            // Init containers are containers.
            let inner = inner.replacen("initContainers", "containers", 1);
            return match (judge(&inner, POD_IDLE), judge(&inner, POD)) {
                (Coverage::Full, _) => Coverage::None,
                (Coverage::Below, Coverage::Full) => Coverage::Below,
                (_, known) => known,
            };
        }
    }
    match judge(path, META) {
        Coverage::None => judge(path, own),
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(coverage(Kind::Deployment, "spec.template.spec.containers.image"), Coverage::Full);
        assert_eq!(coverage(Kind::Deployment, "spec.template.spec.containers.livenessProbe.httpGet.path"), Coverage::Full);
        assert_eq!(coverage(Kind::Deployment, "spec.template.spec.containers"), Coverage::Below);
        assert_eq!(coverage(Kind::Deployment, "spec.template"), Coverage::Below);
        assert_eq!(coverage(Kind::Deployment, "spec.template.spec.containers.stdin"), Coverage::None);
        assert_eq!(coverage(Kind::Pod, "spec.initContainers.image"), Coverage::Full);
        assert_eq!(coverage(Kind::Pod, "spec.hostAliases"), Coverage::None);
        assert_eq!(coverage(Kind::Service, "spec.loadBalancerIP"), Coverage::None);
        assert_eq!(coverage(Kind::ConfigMap, "data.x"), Coverage::Full);
        let pod = |path: &str| coverage(Kind::Pod, &format!("spec.{path}"));
        for idle in ["imagePullSecrets", "automountServiceAccountToken", "volumes.emptyDir.medium", "containers.volumeMounts.subPath"] {
            assert_eq!(pod(idle), Coverage::None, "{idle}");
        }
        assert_eq!(pod("initContainers.resources.limits.ephemeral-storage"), Coverage::None);
        assert_eq!(pod("containers.resources.requests.ephemeral-storage"), Coverage::Full);
        assert_eq!((pod("containers.resources.limits.memory"), pod("containers.resources")), (Coverage::Full, Coverage::Below));
        assert_eq!(pod("volumes.emptyDir"), Coverage::Below);
    }
}
