//! Validation with the API server's own sentences: one file per family of kinds, all on the defaulted JSON form.
//!
//! [`create`] and [`update`] answer with the field errors in the order in which the real server lists them.

mod affinity;
mod batch;
mod claim;
mod config;
mod container;
mod cron;
mod meta;
mod names;
mod network;
mod pod;
mod quantity;
mod rbac;
mod report;
mod scaling;
mod security;
mod service;
mod update;
mod volume;
mod warnings;
mod workload;

use serde_json::Value;

use super::Kind;
use crate::worlds::kubernetes::api::FieldError;
use report::Errors;

pub(in crate::worlds::kubernetes) use names::{label_value, qualified_name as label_key};
pub(in crate::worlds::kubernetes) use update::update;
pub(in crate::worlds::kubernetes) use warnings::warnings;

/// What is wrong with a new, defaulted object.
pub(in crate::worlds::kubernetes) fn create(kind: Kind, object: &Value) -> Vec<FieldError> {
    let mut e = Errors::default();
    // Budgets have no name rule of their own.
    if kind != Kind::PodDisruptionBudget {
        meta::validate(kind, object, &mut e);
    }
    content(kind, object, &mut e);
    e.into_list()
}

/// What is wrong with a defaulted pod spec alone.
pub(in crate::worlds::kubernetes) fn pod_spec(spec: &Value) -> Vec<FieldError> {
    let mut e = Errors::default();
    pod::spec(spec, Some(""), &report::Path::new("spec"), &mut e);
    e.into_list()
}

/// Everything but the metadata.
fn content(kind: Kind, o: &Value, e: &mut Errors) {
    match kind {
        Kind::Pod => pod::validate(o, e),
        Kind::Node => config::node(o, e),
        Kind::Deployment => workload::deployment(o, e),
        Kind::ReplicaSet => workload::replica_set(o, e),
        Kind::ReplicationController => workload::replication_controller(o, e),
        Kind::StatefulSet => workload::stateful_set(o, e),
        Kind::DaemonSet => workload::daemon_set(o, e),
        Kind::Job => batch::job(o, e),
        Kind::CronJob => batch::cron_job(o, e),
        Kind::Service => service::validate(o, e),
        Kind::ConfigMap => config::config_map(o, e),
        Kind::Secret => config::secret(o, e),
        Kind::LimitRange => config::limit_range(o, e),
        Kind::ResourceQuota => config::resource_quota(o, e),
        Kind::PriorityClass => config::priority_class(o, e),
        Kind::PersistentVolumeClaim => claim::claim(o, e),
        Kind::PersistentVolume => claim::persistent_volume(o, e),
        Kind::StorageClass => claim::storage_class(o, e),
        Kind::Ingress => network::ingress(o, e),
        Kind::IngressClass => network::ingress_class(o, e),
        Kind::NetworkPolicy => network::network_policy(o, e),
        Kind::HorizontalPodAutoscaler => scaling::autoscaler(o, e),
        Kind::PodDisruptionBudget => scaling::disruption_budget(o, e),
        Kind::Role => rbac::role(o, true, e),
        Kind::ClusterRole => rbac::role(o, false, e),
        Kind::RoleBinding => rbac::binding(o, true, e),
        Kind::ClusterRoleBinding => rbac::binding(o, false, e),
        _ => {}
    }
}
