//! Kubernetes Events: written once, counted up when repeated (staging/src/k8s.io/client-go/tools/record/events_cache.go).

use serde_json::json;

use crate::kernel::RecordType;
use crate::kernel::journal::Entry;

use super::Ctl;
use super::api::meta::Meta;
use super::api::object::{Event, Object};

pub(super) fn write(ctl: &mut Ctl, about: &Object, field_path: &str, warning: bool, reason: &'static str, message: &str) {
    if !ctl.api.up {
        return;
    }
    let now = ctl.cx.now;
    let (component, host) = ctl.actor.split_once(' ').unwrap_or((&ctl.actor, ""));
    let namespace = if about.meta().namespace.is_empty() { "default".into() } else { about.meta().namespace.clone() };
    let same = ctl
        .api
        .store
        .in_namespace::<Event>(&namespace)
        .find(|e| e.about_uid == about.meta().uid && e.reason.as_ref() == reason && *e.message == *message && &*e.field_path == field_path)
        .map(|e| Event::clone(e));
    let count = same.as_ref().map_or(1, |e| e.count + 1);
    let entry = Entry::new(RecordType::Event, ctl.actor.clone(), reason, about.reference(), message)
        .with_data(json!({"type": if warning { "Warning" } else { "Normal" }, "count": count, "fieldPath": field_path}));
    ctl.cx.record(entry);
    let event = match same {
        Some(e) => Event { count, last: now, ..e },
        None => Event {
            meta: Meta {
                name: format!("{}.{}", about.meta().name, ctl.api.rng.stream("events").hex(16)).into(),
                namespace,
                ..Meta::default()
            },
            about: about.reference(),
            about_uid: about.meta().uid.clone(),
            field_path: field_path.into(),
            warning,
            reason: reason.into(),
            message: message.into(),
            component: component.into(),
            host: host.into(),
            count,
            first: now,
            last: now,
            series: component == "default-scheduler",
        },
    };
    // An Event that cannot be written is lost, as in reality.
    let _ = if count == 1 {
        ctl.api.create(event.into(), &mut ctl.cx, &ctl.actor, message).map(|_| ())
    } else {
        ctl.api.update(event.into(), false, &mut ctl.cx, &ctl.actor, message).map(|_| ())
    };
}
