//! `coordination.k8s.io/v1/Lease`

use serde_json::{Value, json};

use super::convert::{Fields, Put, name_or_empty, time_at};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Epoch, Meta};
use crate::worlds::kubernetes::api::object::Lease;

pub(super) fn to_json(l: &Lease, epoch: Epoch) -> Fields {
    let mut spec = Fields::new();
    spec.put_text("holderIdentity", &l.holder);
    spec.put("leaseDurationSeconds", l.duration_s);
    spec.put_some("acquireTime", l.acquire.map(|t| epoch.rfc3339_micro(t)));
    spec.put("renewTime", epoch.rfc3339_micro(l.renew));
    let mut f = Fields::new();
    f.put("spec", json!(spec));
    f
}

pub(super) fn from_json(meta: Meta, value: &Value, epoch: Epoch) -> Result<Lease, ApiError> {
    let s = &value["spec"];
    let renew = time_at(s, "renewTime", epoch).unwrap_or_default();
    Ok(Lease {
        meta,
        holder: name_or_empty(s, "holderIdentity"),
        duration_s: s["leaseDurationSeconds"].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(40),
        acquire: time_at(s, "acquireTime", epoch),
        renew,
    })
}
