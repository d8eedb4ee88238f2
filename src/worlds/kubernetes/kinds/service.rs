//! `v1/Service`

use std::sync::Arc;

use serde_json::{Value, json};

use super::convert::{Fields, Put, part, value_of};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::Service;

pub(super) fn to_json(s: &Service) -> Fields {
    let mut f = Fields::new();
    f.put("spec", value_of(&*s.spec));
    let mut status = value_of(&s.status);
    if let Some(map) = status.as_object_mut() {
        map.entry("loadBalancer").or_insert_with(|| json!({}));
    }
    f.put("status", status);
    f
}

pub(super) fn from_json(meta: Meta, value: &Value) -> Result<Service, ApiError> {
    Ok(Service { meta, spec: Arc::new(part(value, "spec")?), status: part(value, "status")? })
}
