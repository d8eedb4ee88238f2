//! The official type behind each kind, for strict decoding.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, coordination::v1 as coordination, core::v1 as core,
    discovery::v1 as discovery, networking::v1 as networking, node::v1 as node, policy::v1 as policy, rbac::v1 as rbac,
    scheduling::v1 as scheduling, storage::v1 as storage,
};
use serde_json::Value;

use super::Kind;
use crate::worlds::kubernetes::api::decode::{Decoded, WrongType, decode};

type Decode = fn(&Value) -> Result<Decoded, WrongType>;

/// In the order of [`Kind`].
const TYPES: &[(Kind, Decode)] = &[
    (Kind::Namespace, decode::<core::Namespace>),
    (Kind::Node, decode::<core::Node>),
    (Kind::Pod, decode::<core::Pod>),
    (Kind::Service, decode::<core::Service>),
    (Kind::EndpointSlice, decode::<discovery::EndpointSlice>),
    (Kind::ConfigMap, decode::<core::ConfigMap>),
    (Kind::Secret, decode::<core::Secret>),
    (Kind::ServiceAccount, decode::<core::ServiceAccount>),
    (Kind::PersistentVolume, decode::<core::PersistentVolume>),
    (Kind::PersistentVolumeClaim, decode::<core::PersistentVolumeClaim>),
    (Kind::ResourceQuota, decode::<core::ResourceQuota>),
    (Kind::LimitRange, decode::<core::LimitRange>),
    (Kind::ReplicationController, decode::<core::ReplicationController>),
    (Kind::Endpoints, decode::<core::Endpoints>),
    (Kind::Event, decode::<core::Event>),
    (Kind::Lease, decode::<coordination::Lease>),
    (Kind::ReplicaSet, decode::<apps::ReplicaSet>),
    (Kind::Deployment, decode::<apps::Deployment>),
    (Kind::StatefulSet, decode::<apps::StatefulSet>),
    (Kind::DaemonSet, decode::<apps::DaemonSet>),
    (Kind::ControllerRevision, decode::<apps::ControllerRevision>),
    (Kind::Job, decode::<batch::Job>),
    (Kind::CronJob, decode::<batch::CronJob>),
    (Kind::HorizontalPodAutoscaler, decode::<autoscaling::HorizontalPodAutoscaler>),
    (Kind::PodDisruptionBudget, decode::<policy::PodDisruptionBudget>),
    (Kind::PriorityClass, decode::<scheduling::PriorityClass>),
    (Kind::StorageClass, decode::<storage::StorageClass>),
    (Kind::VolumeAttachment, decode::<storage::VolumeAttachment>),
    (Kind::CsiNode, decode::<storage::CSINode>),
    (Kind::CsiDriver, decode::<storage::CSIDriver>),
    (Kind::CsiStorageCapacity, decode::<storage::CSIStorageCapacity>),
    (Kind::Ingress, decode::<networking::Ingress>),
    (Kind::IngressClass, decode::<networking::IngressClass>),
    (Kind::NetworkPolicy, decode::<networking::NetworkPolicy>),
    (Kind::Role, decode::<rbac::Role>),
    (Kind::RoleBinding, decode::<rbac::RoleBinding>),
    (Kind::ClusterRole, decode::<rbac::ClusterRole>),
    (Kind::ClusterRoleBinding, decode::<rbac::ClusterRoleBinding>),
    (Kind::RuntimeClass, decode::<node::RuntimeClass>),
];

/// Decodes an object of a kind strictly.
///
/// # Errors
/// The first value of a wrong type, in Go's words.
pub fn decode_as(kind: Kind, value: &Value) -> Result<Decoded, WrongType> {
    // Who wrote which field is free in its shape, and nobody here keeps it.
    if value.pointer("/metadata/managedFields").is_some() {
        let mut value = value.clone();
        if let Some(meta) = value["metadata"].as_object_mut() {
            meta.remove("managedFields");
        }
        return TYPES[kind as usize].1(&value);
    }
    TYPES[kind as usize].1(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_the_order_of_kinds() {
        assert_eq!(TYPES.len(), super::super::KINDS.len());
        for (n, (kind, _)) in TYPES.iter().enumerate() {
            assert_eq!(*kind as usize, n);
        }
    }
}
