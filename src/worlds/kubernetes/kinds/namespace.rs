//! `v1/Namespace`

use serde_json::{Value, json};

use super::convert::{Fields, Put};
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::Namespace;

pub(super) fn to_json(n: &Namespace) -> Fields {
    let mut f = Fields::new();
    f.put("spec", json!({"finalizers": ["kubernetes"]}));
    f.put("status", json!({"phase": if n.terminating { "Terminating" } else { "Active" }}));
    f
}

pub(super) fn from_json(meta: Meta, value: &Value) -> Namespace {
    Namespace { terminating: value["status"]["phase"] == "Terminating" || meta.is_deleting(), meta }
}
