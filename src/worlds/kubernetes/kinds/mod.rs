//! The kinds of the API, one file each: conversion from and to JSON, defaults, validation, printed columns. [`KINDS`] is the registry.

use serde_json::Value;

use super::api::object::Object;
use super::api::{Api, ApiError};

/// The full API object, as `kubectl get -o yaml` shows it: `apiVersion`, `kind`, `metadata`, `spec`, `status`.
pub fn to_json(object: &Object) -> Value {
    let _ = object;
    Value::Null
}

/// Mutating and validating admission of an object that is about to be created (defaults, tolerations, priority, quota …).
///
/// # Errors
/// `Forbidden` and `Invalid` answers.
pub fn admit(object: &mut Object, api: &mut Api) -> Result<(), ApiError> {
    let _ = (object, api);
    Ok(())
}

/// Every kind the API knows. Those without a type of their own are kept as JSON (`Object::Generic`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Service,
    EndpointSlice,
    ConfigMap,
    Secret,
    ServiceAccount,
    PersistentVolume,
    PersistentVolumeClaim,
    ResourceQuota,
    LimitRange,
    ReplicationController,
    Endpoints,
    Event,
    Lease,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    ControllerRevision,
    Job,
    CronJob,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    PriorityClass,
    StorageClass,
    VolumeAttachment,
    CsiNode,
    CsiDriver,
    Ingress,
    IngressClass,
    NetworkPolicy,
    Role,
    RoleBinding,
    ClusterRole,
    ClusterRoleBinding,
    RuntimeClass,
}

/// What the API's discovery says of a kind.
#[derive(Debug)]
pub struct KindInfo {
    pub id: Kind,
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    /// Components act on it; otherwise it is stored, shown and validated, but nothing happens, and `check` says so.
    pub simulated: bool,
}

const fn k(
    id: Kind,
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    simulated: bool,
) -> KindInfo {
    KindInfo { id, group, version, kind, plural, singular, short, namespaced, simulated }
}

/// The registry, in the order of [`Kind`]. Names and short names as `kubectl api-resources` prints them.
#[rustfmt::skip]
pub const KINDS: &[KindInfo] = &[
    k(Kind::Namespace, "", "v1", "Namespace", "namespaces", "namespace", &["ns"], false, true),
    k(Kind::Node, "", "v1", "Node", "nodes", "node", &["no"], false, true),
    k(Kind::Pod, "", "v1", "Pod", "pods", "pod", &["po"], true, true),
    k(Kind::Service, "", "v1", "Service", "services", "service", &["svc"], true, true),
    k(Kind::EndpointSlice, "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "endpointslice", &[], true, true),
    k(Kind::ConfigMap, "", "v1", "ConfigMap", "configmaps", "configmap", &["cm"], true, true),
    k(Kind::Secret, "", "v1", "Secret", "secrets", "secret", &[], true, true),
    k(Kind::ServiceAccount, "", "v1", "ServiceAccount", "serviceaccounts", "serviceaccount", &["sa"], true, true),
    k(Kind::PersistentVolume, "", "v1", "PersistentVolume", "persistentvolumes", "persistentvolume", &["pv"], false, false),
    k(Kind::PersistentVolumeClaim, "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", &["pvc"], true, false),
    k(Kind::ResourceQuota, "", "v1", "ResourceQuota", "resourcequotas", "resourcequota", &["quota"], true, false),
    k(Kind::LimitRange, "", "v1", "LimitRange", "limitranges", "limitrange", &["limits"], true, false),
    k(Kind::ReplicationController, "", "v1", "ReplicationController", "replicationcontrollers", "replicationcontroller", &["rc"], true, false),
    k(Kind::Endpoints, "", "v1", "Endpoints", "endpoints", "endpoints", &["ep"], true, false),
    k(Kind::Event, "", "v1", "Event", "events", "event", &["ev"], true, true),
    k(Kind::Lease, "coordination.k8s.io", "v1", "Lease", "leases", "lease", &[], true, true),
    k(Kind::ReplicaSet, "apps", "v1", "ReplicaSet", "replicasets", "replicaset", &["rs"], true, true),
    k(Kind::Deployment, "apps", "v1", "Deployment", "deployments", "deployment", &["deploy"], true, true),
    k(Kind::StatefulSet, "apps", "v1", "StatefulSet", "statefulsets", "statefulset", &["sts"], true, false),
    k(Kind::DaemonSet, "apps", "v1", "DaemonSet", "daemonsets", "daemonset", &["ds"], true, false),
    k(Kind::ControllerRevision, "apps", "v1", "ControllerRevision", "controllerrevisions", "controllerrevision", &[], true, false),
    k(Kind::Job, "batch", "v1", "Job", "jobs", "job", &[], true, false),
    k(Kind::CronJob, "batch", "v1", "CronJob", "cronjobs", "cronjob", &["cj"], true, false),
    k(Kind::HorizontalPodAutoscaler, "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", &["hpa"], true, false),
    k(Kind::PodDisruptionBudget, "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &["pdb"], true, false),
    k(Kind::PriorityClass, "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "priorityclass", &["pc"], false, true),
    k(Kind::StorageClass, "storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass", &["sc"], false, false),
    k(Kind::VolumeAttachment, "storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", "volumeattachment", &[], false, false),
    k(Kind::CsiNode, "storage.k8s.io", "v1", "CSINode", "csinodes", "csinode", &[], false, false),
    k(Kind::CsiDriver, "storage.k8s.io", "v1", "CSIDriver", "csidrivers", "csidriver", &[], false, false),
    k(Kind::Ingress, "networking.k8s.io", "v1", "Ingress", "ingresses", "ingress", &["ing"], true, false),
    k(Kind::IngressClass, "networking.k8s.io", "v1", "IngressClass", "ingressclasses", "ingressclass", &[], false, false),
    k(Kind::NetworkPolicy, "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "networkpolicy", &["netpol"], true, false),
    k(Kind::Role, "rbac.authorization.k8s.io", "v1", "Role", "roles", "role", &[], true, false),
    k(Kind::RoleBinding, "rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "rolebinding", &[], true, false),
    k(Kind::ClusterRole, "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "clusterrole", &[], false, false),
    k(Kind::ClusterRoleBinding, "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", &[], false, false),
    k(Kind::RuntimeClass, "node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "runtimeclass", &[], false, false),
];

impl Kind {
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }
    /// By what a manifest says.
    pub fn from_api(api_version: &str, kind: &str) -> Option<Self> {
        KINDS.iter().find(|i| i.kind == kind && i.api_version() == api_version).map(|i| i.id)
    }
    /// By what a person types: plural, singular, short name, with or without group (`deploy`, `deployments.apps`), any case.
    pub fn from_word(word: &str) -> Option<Self> {
        let w = word.to_ascii_lowercase();
        let (name, group) = w.split_once('.').map_or((w.as_str(), None), |(n, g)| (n, Some(g)));
        KINDS
            .iter()
            .find(|i| {
                (i.plural == name || i.singular == name || i.short.contains(&name))
                    && group.is_none_or(|g| g == i.group || g == format!("{}.{}", i.version, i.group))
            })
            .map(|i| i.id)
    }
}

impl KindInfo {
    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
    /// `pods`, `deployments.apps`: how the API's errors name the resource.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }
    /// `pod`, `deployment.apps`: how kubectl names an object it acted on.
    pub fn singular_resource(&self) -> String {
        if self.group.is_empty() { self.singular.to_string() } else { format!("{}.{}", self.singular, self.group) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_in_order() {
        for (n, i) in KINDS.iter().enumerate() {
            assert_eq!(i.id as usize, n, "{}", i.kind);
            assert_eq!(Kind::from_api(&i.api_version(), i.kind), Some(i.id));
        }
        assert_eq!(Kind::from_word("deployments.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::from_word("PO"), Some(Kind::Pod));
        assert_eq!(Kind::from_word("widgets"), None);
    }
}
