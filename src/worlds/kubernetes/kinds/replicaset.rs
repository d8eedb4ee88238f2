//! `apps/v1/ReplicaSet`

use std::sync::Arc;

use k8s_openapi::api::apps::v1 as apps;
use serde_json::Value;

use super::convert::{Fields, Put, part, value_of};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::ReplicaSet;

pub(super) fn to_json(rs: &ReplicaSet) -> Fields {
    let mut spec = value_of(&*rs.spec);
    if let Some(s) = spec.as_object_mut() {
        s.put("replicas", rs.replicas);
    }
    let mut status = value_of(&rs.status);
    if let Some(s) = status.as_object_mut() {
        // Always present, even when 0.
        s.put("replicas", rs.status.replicas);
    }
    let mut f = Fields::new();
    f.put("spec", spec);
    f.put("status", status);
    f
}

pub(super) fn from_json(meta: Meta, value: &Value) -> Result<ReplicaSet, ApiError> {
    let spec: apps::ReplicaSetSpec = part(value, "spec")?;
    let pod_spec = Arc::new(spec.template.as_ref().and_then(|t| t.spec.clone()).unwrap_or_default());
    // pkg/apis/apps/v1/defaults.go: replicas 1
    let replicas = spec.replicas.unwrap_or(1);
    Ok(ReplicaSet { meta, spec: Arc::new(spec), pod_spec, replicas, status: part(value, "status")? })
}
