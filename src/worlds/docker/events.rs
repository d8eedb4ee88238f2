//! What the engine says: the event stream of `docker events`, and the journal's record of every change of a container.
//!
//! Source: moby daemon/events.go, api/types/events/events.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value};

use crate::kernel::journal::Entry;
use crate::kernel::{Change, FieldChange, ObjectRef, RecordId, RecordType, SimTime};

use super::container::{Cid, Container};
use super::{Cx, Docker};

/// Events the daemon remembers for `--since` (daemon/events/events.go: eventsLimit).
pub const EVENTS_KEPT: usize = 256;

/// One line of `docker events`.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineEvent {
    pub at: SimTime,
    /// `container`, `network`, `volume`, `image`.
    pub kind: &'static str,
    pub action: Arc<str>,
    /// The object's id, or its name where it has none.
    pub id: Arc<str>,
    pub attributes: BTreeMap<Arc<str>, Arc<str>>,
}

impl EngineEvent {
    /// As the CLI prints it (cli/command/system/events.go).
    pub fn line(&self) -> String {
        let attributes: Vec<String> = self.attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let time = super::text::rfc3339_nano_fixed(self.at);
        let list = if attributes.is_empty() { String::new() } else { format!(" ({})", attributes.join(", ")) };
        format!("{time} {} {} {}{list}", self.kind, self.action, self.id)
    }
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "Type": self.kind, "Action": &*self.action,
            "Actor": {"ID": &*self.id, "Attributes": self.attributes.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect::<JsonMap<_, _>>()},
            "scope": "local",
            "time": crate::kernel::EPOCH + self.at.as_secs() as i64,
        })
    }
    /// The object's name as people know it.
    pub fn name(&self) -> &str {
        self.attributes.get("name").map_or(&*self.id, |n| n)
    }
}

/// The component that acts on a host.
pub fn actor(host: &str) -> Arc<str> {
    format!("dockerd {host}").into()
}

/// The journal's name for a container.
pub fn object(c: &Container) -> ObjectRef {
    ObjectRef::new("container", c.host.clone(), c.name.clone())
}

/// Two versions of a container; the differing fields are named as `docker inspect` names them.
#[derive(Debug)]
struct ContainerChange {
    from: Option<Arc<Container>>,
    to: Option<Arc<Container>>,
}

impl Change for ContainerChange {
    fn fields(&self) -> Vec<FieldChange> {
        let side = |c: &Option<Arc<Container>>| c.as_deref().map_or_else(|| Value::Object(JsonMap::new()), super::inspect::changing);
        crate::kernel::journal::diff_json(side(&self.from), side(&self.to))
    }
}

impl Docker {
    /// Emits an event of the engine and makes it the cause of what follows.
    pub(crate) fn emit(
        &mut self,
        host: &str,
        kind: &'static str,
        action: &str,
        id: &str,
        attributes: &[(&str, &str)],
        cx: &mut Cx,
    ) -> RecordId {
        let attributes: BTreeMap<Arc<str>, Arc<str>> = attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let event = EngineEvent { at: cx.now, kind, action: action.into(), id: id.into(), attributes };
        let data: JsonMap<String, Value> = event
            .attributes
            .iter()
            .map(|(k, v)| {
                let number = matches!(&**k, "exitCode" | "execDuration" | "signal").then(|| v.parse::<i64>().ok()).flatten();
                (k.to_string(), number.map_or_else(|| Value::from(&**v), Value::from))
            })
            .collect();
        let name = event.name().to_string();
        let message = sentence(&event, &name, &self.container_names(host, &event));
        let entry = Entry::new(RecordType::Event, actor(host), action.to_string(), ObjectRef::new(kind, host, name), message)
            .with_data(Value::Object(data));
        let record = cx.record_as_cause(entry);
        let events = &mut self.engine_mut(host).events;
        events.push_back(event);
        while events.len() > EVENTS_KEPT {
            events.pop_front();
        }
        record
    }

    /// The name of the container an event of a network or volume is about.
    fn container_names(&self, host: &str, e: &EngineEvent) -> Arc<str> {
        let id = e.attributes.get("container").filter(|_| e.kind != "container");
        let found = id.and_then(|id| self.containers_on(host).find(|c| c.id == *id));
        found.map_or_else(|| "".into(), |c| c.name.clone())
    }

    /// A container's event: its labels, image and name, and what the action adds (daemon/events.go LogContainerEventWithAttributes).
    pub(crate) fn emit_container(&mut self, cid: Cid, action: &str, extra: &[(&str, &str)], cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let mut attributes: Vec<(&str, &str)> = c.config.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        attributes.push(("image", &c.config.image.text));
        attributes.push(("name", &c.name));
        attributes.extend_from_slice(extra);
        self.emit(&c.host, "container", action, &c.id, &attributes, cx);
    }

    /// Changes a container and journals what changed, if anything of it shows in `docker inspect`.
    pub(crate) fn update(&mut self, cid: Cid, cx: &mut Cx, change: impl FnOnce(&mut Container)) {
        let Some(slot) = self.containers.get_mut(&cid) else { return };
        let before = slot.clone();
        change(Arc::make_mut(slot));
        let after = slot.clone();
        if shows(&before) == shows(&after) {
            return;
        }
        let record = cx.record_as_cause(change_entry(Some(before), Some(after)));
        if let Some(slot) = self.containers.get_mut(&cid) {
            Arc::make_mut(slot).cause = Some(record);
        }
    }

    /// Changes what nobody sees (timers, flags) without a record.
    pub(crate) fn touch(&mut self, cid: Cid, change: impl FnOnce(&mut Container)) {
        if let Some(slot) = self.containers.get_mut(&cid) {
            change(Arc::make_mut(slot));
        }
    }
}

/// The parts whose change is worth a record.
fn shows(c: &Container) -> impl PartialEq + '_ {
    (
        &c.state,
        c.restart_count,
        &c.name,
        &c.config.restart,
        c.health.as_ref().map(|h| (h.status, h.streak)),
        &c.endpoints,
        (c.config.memory, c.config.cpus_milli),
    )
}

/// The journal's record of a container that came, changed or went.
pub(crate) fn change_entry(from: Option<Arc<Container>>, to: Option<Arc<Container>>) -> Entry {
    let Some(c) = to.clone().or_else(|| from.clone()) else {
        return Entry::new(RecordType::Change, "dockerd", "State", ObjectRef::default(), "nothing changed");
    };
    let message = match (&from, &to) {
        (None, _) => format!("{} exists", c.name),
        (_, None) => format!("{} is gone", c.name),
        (Some(a), Some(b)) => describe(a, b),
    };
    Entry::new(RecordType::Change, actor(&c.host), "State", object(&c), message).with_change(Arc::new(ContainerChange { from, to }))
}

fn describe(a: &Container, b: &Container) -> String {
    let name = &b.name;
    if a.state.word() != b.state.word() {
        let extra = match b.state.word() {
            "exited" | "restarting" if b.state.oom_killed => format!(" ({}, out of memory)", b.state.exit_code),
            "exited" | "restarting" => format!(" ({})", b.state.exit_code),
            _ => String::new(),
        };
        return format!("{name}: {} → {}{extra}", a.state.word(), b.state.word());
    }
    match (&a.health, &b.health) {
        (Some(x), Some(y)) if x.status != y.status => return format!("{name}: {} → {}", x.status.word(), y.status.word()),
        (Some(x), Some(y)) if x.streak != y.streak => return format!("{name}: failing streak {} → {}", x.streak, y.streak),
        _ => {}
    }
    if a.name != b.name {
        return format!("{} is now called {name}", a.name);
    }
    if a.state.error != b.state.error && !b.state.error.is_empty() {
        return format!("{name} could not be started: {}", b.state.error);
    }
    if a.restart_count != b.restart_count {
        return format!("{name}: restart count {} → {}", a.restart_count, b.restart_count);
    }
    format!("{name} changed")
}

/// An event as a sentence.
fn sentence(e: &EngineEvent, name: &str, who: &str) -> String {
    let get = |k: &str| e.attributes.get(k).map_or("", |v| &**v);
    match (e.kind, &*e.action) {
        ("container", "create") => format!("{name} created from {}", get("image")),
        ("container", "start") => format!("{name} started"),
        ("container", "die") => format!("{name} died: exit code {} after {} s", get("exitCode"), get("execDuration")),
        ("container", "kill") => format!("{name} was sent signal {}", get("signal")),
        ("container", "stop") => format!("{name} stopped"),
        ("container", "oom") => format!("{name} ran out of memory: the kernel kills it"),
        ("container", "destroy") => format!("{name} removed"),
        ("container", action) => format!("{name}: {action}"),
        ("network", "connect" | "disconnect") => format!("{who} {} {name}", if &*e.action == "connect" { "joins" } else { "leaves" }),
        ("image", "pull") => format!("{} pulled", e.id),
        (kind, action) => format!("{kind} {name}: {action}"),
    }
}
