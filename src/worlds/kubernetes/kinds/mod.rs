//! The kinds of the API, one file each: conversion from and to JSON, defaults, validation, printed columns. [`KINDS`] is the registry.

mod admission;
mod convert;
mod defaults;
mod deployment;
mod endpointslice;
mod event;
mod generic;
mod lease;
mod limits;
mod namespace;
mod node;
mod pod;
mod pod_defaults;
mod pod_status;
pub mod pod_word;
mod qos;
mod replicaset;
pub(in crate::worlds::kubernetes) mod runtime_class;
mod schema;
mod service;
mod service_alloc;
mod simulated;
pub(in crate::worlds::kubernetes) mod validate;

use serde_json::Value;

use super::api::ApiError;
use super::api::meta::Epoch;
use super::api::object::{self as objects, Object, Typed};

pub(in crate::worlds::kubernetes) use admission::Memo;
pub use admission::{CLAIM_FINALIZER, SYSTEM_PRIORITIES, VOLUME_FINALIZER, admit};
pub(in crate::worlds::kubernetes) use admission::{admit_json, admit_spec};
pub(in crate::worlds::kubernetes) use convert::value_of;
pub(in crate::worlds::kubernetes) use defaults::apply as default_json;
pub(in crate::worlds::kubernetes) use pod::prepare as prepare_pod;
pub use qos::qos_class;
pub use schema::decode_as;
pub(in crate::worlds::kubernetes) use service_alloc::allocate;
pub use service_alloc::{CLUSTER_IP_RANGE, NODE_PORTS};
pub(in crate::worlds::kubernetes) use simulated::{Coverage, coverage};

/// The full API object, as `kubectl get -o json` shows it: `apiVersion`, `kind`, `metadata`, `spec`, `status`, in the order of the
/// official types. Times count from the default [`Epoch`].
pub fn to_json(object: &Object) -> Value {
    to_json_at(object, Epoch::default())
}

/// The same with times counted from `epoch` (`api.epoch`).
pub fn to_json_at(object: &Object, epoch: Epoch) -> Value {
    written(object, None, epoch)
}

/// The same without much of what another version of the object has alike: enough to tell what differs, and less work.
pub(in crate::worlds::kubernetes) fn to_json_unlike(object: &Object, other: &Object, epoch: Epoch) -> Value {
    written(object, Some(other), epoch)
}

fn written(object: &Object, other: Option<&Object>, epoch: Epoch) -> Value {
    let info = object.kind().info();
    let body = match object {
        Object::Pod(o) => pod::to_json(o, other.and_then(objects::Pod::of).map(|p| &**p), epoch),
        Object::Node(o) => node::to_json(o, epoch),
        Object::ReplicaSet(o) => replicaset::to_json(o),
        Object::Deployment(o) => deployment::to_json(o),
        Object::Service(o) => service::to_json(o),
        Object::EndpointSlice(o) => endpointslice::to_json(o, other.and_then(objects::EndpointSlice::of).map(|s| &**s)),
        Object::Lease(o) => lease::to_json(o, epoch),
        Object::Event(o) => event::to_json(o, epoch),
        Object::Namespace(o) => namespace::to_json(o),
        Object::Generic(o) => generic::to_json(o),
    };
    let mut all = serde_json::Map::new();
    all.insert("apiVersion".into(), info.api_version().into());
    all.insert("kind".into(), info.kind.into());
    let meta = match other {
        Some(other) => convert::meta_to_json(object.kind(), &convert::meta_unlike(object.meta(), other.meta()), epoch),
        None => convert::meta_to_json(object.kind(), object.meta(), epoch),
    };
    all.insert("metadata".into(), meta);
    all.extend(body);
    Value::Object(all)
}

/// The object that a full API object in JSON describes; unknown fields are ignored, absent ones take the types' zero values.
///
/// # Errors
/// `BadRequest` for an unknown kind or a field of the wrong type.
pub fn from_json(value: &Value) -> Result<Object, ApiError> {
    from_json_at(value, Epoch::default())
}

/// The same with times counted from `epoch`.
///
/// # Errors
/// See [`from_json`].
pub fn from_json_at(value: &Value, epoch: Epoch) -> Result<Object, ApiError> {
    let text = |k: &str| value.get(k).and_then(Value::as_str).unwrap_or_default();
    let (version, name) = (text("apiVersion"), text("kind"));
    let kind = Kind::from_api(version, name)
        .ok_or_else(|| ApiError::bad_request(format!("no matches for kind \"{name}\" in version \"{version}\"")))?;
    let meta = convert::meta_from_json(value, epoch)?;
    Ok(match kind {
        Kind::Pod => pod::from_json(meta, value, epoch)?.into(),
        Kind::Node => node::from_json(meta, value, epoch)?.into(),
        Kind::ReplicaSet => replicaset::from_json(meta, value)?.into(),
        Kind::Deployment => deployment::from_json(meta, value)?.into(),
        Kind::Service => service::from_json(meta, value)?.into(),
        Kind::EndpointSlice => endpointslice::from_json(meta, value)?.into(),
        Kind::Lease => lease::from_json(meta, value, epoch)?.into(),
        Kind::Event => event::from_json(meta, value, epoch)?.into(),
        Kind::Namespace => namespace::from_json(meta, value).into(),
        _ => generic::from_json(kind, meta, value).into(),
    })
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
    CsiStorageCapacity,
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

#[expect(clippy::too_many_arguments, reason = "one row of the table below")]
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
    k(Kind::PersistentVolume, "", "v1", "PersistentVolume", "persistentvolumes", "persistentvolume", &["pv"], false, true),
    k(Kind::PersistentVolumeClaim, "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", &["pvc"], true, true),
    k(Kind::ResourceQuota, "", "v1", "ResourceQuota", "resourcequotas", "resourcequota", &["quota"], true, true),
    k(Kind::LimitRange, "", "v1", "LimitRange", "limitranges", "limitrange", &["limits"], true, true),
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
    k(Kind::PodDisruptionBudget, "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &["pdb"], true, true),
    k(Kind::PriorityClass, "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "priorityclass", &["pc"], false, true),
    k(Kind::StorageClass, "storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass", &["sc"], false, true),
    k(Kind::VolumeAttachment, "storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", "volumeattachment", &[], false, false),
    k(Kind::CsiNode, "storage.k8s.io", "v1", "CSINode", "csinodes", "csinode", &[], false, false),
    k(Kind::CsiDriver, "storage.k8s.io", "v1", "CSIDriver", "csidrivers", "csidriver", &[], false, false),
    k(Kind::CsiStorageCapacity, "storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity", &[], true, false),
    k(Kind::Ingress, "networking.k8s.io", "v1", "Ingress", "ingresses", "ingress", &["ing"], true, false),
    k(Kind::IngressClass, "networking.k8s.io", "v1", "IngressClass", "ingressclasses", "ingressclass", &[], false, false),
    k(Kind::NetworkPolicy, "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "networkpolicy", &["netpol"], true, false),
    k(Kind::Role, "rbac.authorization.k8s.io", "v1", "Role", "roles", "role", &[], true, false),
    k(Kind::RoleBinding, "rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "rolebinding", &[], true, false),
    k(Kind::ClusterRole, "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "clusterrole", &[], false, false),
    k(Kind::ClusterRoleBinding, "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", &[], false, false),
    k(Kind::RuntimeClass, "node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "runtimeclass", &[], false, true),
];

impl Kind {
    /// `metadata.generation` is kept (staging/src/k8s.io/api strategies: those with PrepareForCreate setting it to 1).
    pub fn has_generation(self) -> bool {
        matches!(
            self,
            Self::Pod
                | Self::Deployment
                | Self::ReplicaSet
                | Self::ReplicationController
                | Self::StatefulSet
                | Self::DaemonSet
                | Self::Job
                | Self::CronJob
                | Self::PodDisruptionBudget
                | Self::NetworkPolicy
                | Self::Ingress
                | Self::IngressClass
                | Self::EndpointSlice
                | Self::PriorityClass
        )
    }
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
