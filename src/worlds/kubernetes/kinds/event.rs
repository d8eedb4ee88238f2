//! `v1/Event`, both as the old recorder writes it (source, first and last timestamp, count) and as events.k8s.io shows through v1.

use serde_json::{Value, json};

use super::convert::{Fields, Put, name_at, name_or_empty, time_at};
use super::{KINDS, KindInfo};
use crate::kernel::ObjectRef;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Epoch, Meta};
use crate::worlds::kubernetes::api::object::Event;

pub(super) fn to_json(e: &Event, epoch: Epoch) -> Fields {
    let mut about = Fields::new();
    about.put("kind", &*e.about.kind);
    about.put_text("namespace", &e.about.namespace);
    about.put("name", &*e.about.name);
    about.put_text("uid", &e.about_uid);
    about.put_some("apiVersion", KINDS.iter().find(|i| i.kind == e.about.kind).map(KindInfo::api_version));
    about.put_text("fieldPath", &e.field_path);
    let mut source = Fields::new();
    let mut f = Fields::new();
    f.put("involvedObject", about);
    f.put("reason", &*e.reason);
    f.put("message", &*e.message);
    if e.series {
        f.put("source", source);
        f.put("firstTimestamp", Value::Null);
        f.put("lastTimestamp", Value::Null);
    } else {
        source.put_text("component", &e.component);
        source.put_text("host", &e.host);
        f.put("source", source);
        f.put("firstTimestamp", epoch.rfc3339(e.first));
        f.put("lastTimestamp", epoch.rfc3339(e.last));
        f.put("count", e.count);
    }
    f.put("type", if e.warning { "Warning" } else { "Normal" });
    if e.series {
        f.put("eventTime", epoch.rfc3339_micro(e.first));
        if e.count > 1 {
            f.put("series", json!({"count": e.count, "lastObservedTime": epoch.rfc3339_micro(e.last)}));
        }
        // pkg/scheduler/schedule_one.go
        f.put("action", if &*e.reason == "Scheduled" { "Binding" } else { "Scheduling" });
    } else {
        f.put("eventTime", Value::Null);
    }
    f.put("reportingComponent", &*e.component);
    f.put("reportingInstance", &*e.host);
    f
}

pub(super) fn from_json(meta: Meta, v: &Value, epoch: Epoch) -> Result<Event, ApiError> {
    let about = &v["involvedObject"];
    let event_time = time_at(v, "eventTime", epoch);
    let series = &v["series"];
    let first = time_at(v, "firstTimestamp", epoch).or(event_time).unwrap_or_default();
    let last = time_at(v, "lastTimestamp", epoch).or_else(|| time_at(series, "lastObservedTime", epoch)).unwrap_or(first);
    let count = v["count"].as_u64().or(series["count"].as_u64()).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let kind = about["kind"].as_str().unwrap_or_default().to_string();
    Ok(Event {
        meta,
        about: ObjectRef::new(kind, name_or_empty(about, "namespace"), name_or_empty(about, "name")),
        about_uid: name_or_empty(about, "uid"),
        field_path: name_or_empty(about, "fieldPath"),
        warning: v["type"] == "Warning",
        reason: name_or_empty(v, "reason"),
        message: name_or_empty(v, "message"),
        component: name_at(&v["source"], "component").unwrap_or_else(|| name_or_empty(v, "reportingComponent")),
        host: name_or_empty(&v["source"], "host"),
        count: count.max(1),
        first,
        last,
        series: event_time.is_some(),
    })
}
