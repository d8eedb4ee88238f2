//! `apps/v1/Deployment`

use std::sync::Arc;

use serde_json::Value;

use super::convert::{Fields, Put, part, value_of};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::Deployment;

pub(super) fn to_json(d: &Deployment) -> Fields {
    let mut f = Fields::new();
    f.put("spec", value_of(&*d.spec));
    let mut status = value_of(&d.status);
    if let Some(s) = status.as_object_mut() {
        // `omitempty` everywhere: zeroes are not shown, but for pointers.
        s.retain(|k, v| k == "terminatingReplicas" || *v != 0);
    }
    f.put("status", status);
    f
}

pub(super) fn from_json(meta: Meta, value: &Value) -> Result<Deployment, ApiError> {
    Ok(Deployment { meta, spec: Arc::new(part(value, "spec")?), status: part(value, "status")? })
}
