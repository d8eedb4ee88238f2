//! `discovery.k8s.io/v1/EndpointSlice`

use std::sync::Arc;

use serde_json::{Value, json};

use super::convert::{Fields, Put, list_unlike, name_at, name_or_empty};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Meta};
use crate::worlds::kubernetes::api::object::{Endpoint, EndpointSlice};

/// Of endpoints that another version has alike, only the place is kept.
pub(super) fn to_json(s: &EndpointSlice, other: Option<&EndpointSlice>) -> Fields {
    let endpoint = |e: &Endpoint| {
        let mut f = Fields::new();
        f.put("addresses", json!([&*e.address]));
        f.put("conditions", json!({"ready": e.ready, "serving": e.serving, "terminating": e.terminating}));
        if let Some((key, uid)) = &e.target {
            f.put("targetRef", json!({"kind": "Pod", "namespace": &*key.namespace, "name": &*key.name, "uid": &**uid}));
        }
        f.put_some("nodeName", e.node.as_deref());
        f.put_some("zone", e.zone.as_deref());
        Value::Object(f)
    };
    let mut f = Fields::new();
    f.put("addressType", &*s.address_type);
    f.put("endpoints", list_unlike(&s.endpoints, other.map(|o| &*o.endpoints), endpoint));
    f.put("ports", s.ports.iter().map(|(n, p, proto)| json!({"name": &**n, "protocol": &**proto, "port": p})).collect::<Vec<_>>());
    f
}

pub(super) fn from_json(meta: Meta, value: &Value) -> Result<EndpointSlice, ApiError> {
    let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
    let endpoint = |e: &Value| {
        let c = &e["conditions"];
        // Unset means ready, and serving follows ready (staging/src/k8s.io/api/discovery/v1/types.go).
        let ready = c["ready"].as_bool().unwrap_or(true);
        let target = &e["targetRef"];
        Endpoint {
            address: e["addresses"][0].as_str().unwrap_or_default().into(),
            ready,
            serving: c["serving"].as_bool().unwrap_or(ready),
            terminating: c["terminating"].as_bool().unwrap_or(false),
            node: name_at(e, "nodeName"),
            zone: name_at(e, "zone"),
            target: name_at(target, "name")
                .map(|name| (Key { namespace: name_or_empty(target, "namespace"), name }, name_or_empty(target, "uid"))),
        }
    };
    let port = |p: &Value| {
        let number = p["port"].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
        (name_or_empty(p, "name"), number, name_at(p, "protocol").unwrap_or_else(|| "TCP".into()))
    };
    Ok(EndpointSlice {
        meta,
        address_type: name_or_empty(value, "addressType"),
        ports: Arc::new(list("ports").map(port).collect()),
        endpoints: list("endpoints").map(endpoint).collect(),
    })
}
