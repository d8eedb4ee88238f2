//! The Events at the end of a description.

use crate::worlds::kubernetes::api::object::Event;
use crate::worlds::kubernetes::kinds::Kind;

use super::super::print::cells_cluster::{event_count, event_times};
use super::super::shell::{Item, text_at};
use super::{Scene, Writer};

/// Events about an object: by its uid; nodes' Events carry the node's name as uid.
fn about(scene: &Scene, item: &Item) -> Vec<Item> {
    let m = item.object.meta();
    let namespace = if m.namespace.is_empty() { "" } else { &m.namespace };
    let mine = |e: &&std::sync::Arc<Event>| {
        e.about.name == m.name
            && (e.about_uid == m.uid || (item.kind == Kind::Node && e.about_uid == m.name))
            && (namespace.is_empty() || *e.about.namespace == *namespace)
    };
    let mut found: Vec<Item> = scene
        .api
        .store
        .all::<Event>()
        .filter(mine)
        .map(|e| scene.item(&crate::worlds::kubernetes::api::object::Object::Event(e.clone())))
        .collect();
    // event.SortableEvents: by lastTimestamp, which Events of the new API do not have; those come first.
    found.sort_by(|a, b| text_at(&a.json, "lastTimestamp").cmp(text_at(&b.json, "lastTimestamp")));
    found
}

pub(super) fn events(w: &mut Writer, scene: &Scene, item: &Item) {
    if !scene.events {
        return;
    }
    let list = about(scene, item);
    if list.is_empty() {
        w.field(0, "Events", "<none>");
        return;
    }
    w.flush();
    w.line(0, "Events:");
    w.line(1, "Type\tReason\tAge\tFrom\tMessage");
    w.line(1, "----\t------\t----\t----\t-------");
    for e in &list {
        let v = &e.json;
        let (first, last) = event_times(v);
        let count = event_count(v);
        let age = match (v["series"].is_null(), count) {
            (true, ..=1) => scene.age(first),
            _ => format!("{} (x{count} over {})", scene.age(last), scene.age(first)),
        };
        let source = match text_at(v, "source.component") {
            "" => text_at(v, "reportingComponent"),
            s => s,
        };
        w.line(1, format!("{}\t{}\t{age}\t{source}\t{}", text_at(v, "type"), text_at(v, "reason"), text_at(v, "message").trim()));
    }
}
