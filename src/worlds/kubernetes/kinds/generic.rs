//! Every kind without a type of its own: the JSON is kept as it is.

use std::sync::Arc;

use serde_json::Value;

use super::Kind;
use super::convert::Fields;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::Generic;

pub(super) fn to_json(g: &Generic) -> Fields {
    g.body.as_object().cloned().unwrap_or_default()
}

pub(super) fn from_json(kind: Kind, meta: Meta, value: &Value) -> Generic {
    let mut body = value.as_object().cloned().unwrap_or_default();
    for key in ["apiVersion", "kind", "metadata"] {
        body.shift_remove(key);
    }
    Generic { kind, meta, body: Arc::new(Value::Object(body)) }
}
