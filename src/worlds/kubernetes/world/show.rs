//! The picture of a moment for the lab screen, and the inspect panel.

use std::ops::Range;
use std::sync::Arc;

use crate::kernel::{ObjectRef, SimTime};
use crate::machine::{Host, HostState};
use crate::worlds::view::{AppView, CopyList, CopyView, Health, HostView, Inspection, Lamp, WorldView};

use super::super::api::meta::Name;
use super::super::api::object::{Deployment, Event, Node, Object, Pod, PodPhase, ReplicaSet, Service, TaintEffect, Tri};
use super::super::kinds::{self, Kind, pod_word};
use super::super::network::route::app_of;
use super::Kubernetes;
use super::facts::node_word;

/// Pods of a world that is described as a whole; of a larger one only what is in sight.
const DESCRIBED: usize = 1000;

impl Kubernetes {
    pub(super) fn picture(&self, now: SimTime, near: &Range<usize>) -> WorldView {
        let store = &self.api.store;
        // A small world is described as a whole, wherever people look.
        let all = store.count(Kind::Pod) <= DESCRIBED;
        let nowhere = Name::default();
        let host = |(n, h): (usize, &Host)| {
            if all || near.contains(&n) { self.host_view(&h.spec.name, now) } else { self.host_far_away(&h.spec.name, &nowhere) }
        };
        let hosts: Vec<HostView> = self.machine.hosts().enumerate().map(host).collect();
        let described: Vec<CopyView> = store.pods_on("").take(DESCRIBED).map(|p| self.copy_view(p, now)).collect();
        let more = store.count_on("") - described.len();
        let unplaced = CopyList::with_more(described, more);
        let nodes = hosts.len();
        WorldView {
            name: "kubernetes",
            subtitle: format!("{nodes} node{}", if nodes == 1 { "" } else { "s" }),
            lamps: self.lamps(),
            hosts,
            unplaced,
            apps: self.apps(),
            alarms: Vec::new(),
            console: format!("kubectl@{}", self.console.namespace),
        }
    }

    fn lamps(&self) -> Vec<Lamp> {
        let lamp = |name: &str, stopped: bool, blind: bool| {
            let (health, word) = match (stopped, blind) {
                (true, _) => (Health::Bad, "stopped"),
                (false, true) => (Health::Warn, "no api"),
                (false, false) => (Health::Good, "running"),
            };
            Lamp { name: name.into(), health, word: word.into() }
        };
        let o = &self.outages;
        vec![
            lamp("api", o.api, o.etcd),
            lamp("sched", o.scheduler, !self.api.up),
            lamp("ctrl", !self.manager.up, !self.api.up),
            lamp("etcd", o.etcd, false),
            lamp("dns", self.machine.network.dns_down, false),
        ]
    }

    /// A machine nobody looks at: its name, and how many pods it has.
    fn host_far_away(&self, name: &Name, nothing: &Name) -> HostView {
        HostView {
            object: ObjectRef::new("Node", nothing.clone(), name.clone()),
            name: name.clone(),
            health: Health::Idle,
            word: nothing.clone(),
            detail: String::new(),
            cpu_permille: 0,
            memory_permille: 0,
            zone: nothing.clone(),
            copies: CopyList::with_more(Vec::new(), self.api.store.count_on(name)),
        }
    }

    fn host_view(&self, name: &Name, now: SimTime) -> HostView {
        let host = self.machine.host(name);
        let node = self.typed::<Node>("", name);
        let state = host.map_or(HostState::Down, |h| h.state);
        let cut = !self.reaches_control_plane(name);
        let (health, word): (Health, String) = match (state, node) {
            (HostState::Down, _) => (Health::Bad, "DOWN".into()),
            (HostState::Booting, _) => (Health::Busy, "booting".into()),
            (HostState::Paused, _) => (Health::Bad, "frozen".into()),
            (HostState::Up, None) => (Health::Busy, "not registered".into()),
            (HostState::Up, Some(n)) => {
                let ready = n.condition("Ready").is_some_and(|c| c.status == Tri::True);
                let health = if !ready || cut {
                    Health::Bad
                } else if n.unschedulable {
                    Health::Warn
                } else {
                    Health::Good
                };
                (health, if cut && ready { "cut off".into() } else { node_word(n) })
            }
        };
        let mut detail = Vec::new();
        if let Some(h) = host.filter(|h| h.state != HostState::Up) {
            detail.push(mm_ss(now.since(h.since).as_secs()));
        }
        if let Some(n) = node {
            if let Some(c) = n.condition("Ready").filter(|c| c.status != Tri::True) {
                if state == HostState::Up {
                    detail.push(mm_ss(now.since(c.last_transition).as_secs()));
                } else {
                    detail.push(node_word(n));
                }
            }
            let evicting = n.taints.iter().find(|t| t.effect == TaintEffect::NoExecute);
            if let Some(t) = evicting.or_else(|| n.taints.iter().find(|t| t.effect == TaintEffect::NoSchedule)) {
                detail.push(format!("taint {}", t.key.rsplit('/').next().unwrap_or(&t.key)));
            }
        }
        let permille = |used: u64, of: u64| u32::try_from((used * 1000).checked_div(of).unwrap_or(0)).unwrap_or(u32::MAX).min(1000);
        HostView {
            object: ObjectRef::new("Node", "", name.clone()),
            name: name.clone(),
            health,
            word: word.into(),
            detail: detail.join("  "),
            cpu_permille: host.map_or(0, |h| permille(u64::from(self.machine.cpu_used_milli(name, now)), u64::from(h.spec.cpu_milli))),
            memory_permille: host.map_or(0, |h| permille(self.machine.memory_used(name, now), h.spec.memory)),
            zone: host.map_or_else(|| "".into(), |h| h.spec.zone.clone()),
            copies: self.api.store.pods_on(name).map(|p| self.copy_view(p, now)).collect(),
        }
    }

    fn copy_view(&self, pod: &Arc<Pod>, now: SimTime) -> CopyView {
        let word = pod_word::pod_word(pod);
        let containers = pod.node.as_ref().map(|n| self.pod_containers(&pod.meta.uid, n)).unwrap_or_default();
        let rps = containers.iter().map(|(_, id)| self.machine.serving_rps(*id, now)).max().unwrap_or(0);
        let mut detail = vec![format!("{}/{}", word.ready, word.total)];
        if word.restarts > 0 {
            detail.push(format!("restarts {}", word.restarts));
        }
        if let Some(at) = self.manager.taints.eviction_at(&pod.meta.key()).filter(|at| *at > now && !pod.meta.is_deleting()) {
            detail.push(format!("deleted in {}", minutes(at.since(now).as_secs())));
        }
        CopyView {
            object: Object::Pod(pod.clone()).reference(),
            label: pod.meta.name.clone(),
            health: pod_health(pod, &word.status),
            word: word.status.as_str().into(),
            detail: detail.join("  "),
            app: app_of(&self.api.store, pod),
            serving_rps: rps,
        }
    }

    fn apps(&self) -> Vec<AppView> {
        let store = &self.api.store;
        let mut apps: Vec<AppView> = store
            .all::<Deployment>()
            .map(|d| {
                let wanted = d.spec.replicas.unwrap_or(1).max(0) as u32;
                let n = |v: Option<i32>| v.unwrap_or(0).max(0) as u32;
                let reason = d.status.conditions.iter().flatten().find(|c| c.type_ == "Progressing").and_then(|c| c.reason.as_deref());
                let updated = n(d.status.updated_replicas);
                let detail = if d.spec.paused.unwrap_or(false) {
                    "paused".to_string()
                } else if reason == Some("ProgressDeadlineExceeded") {
                    format!("stuck at {updated}/{wanted}: progress deadline exceeded")
                } else if updated < wanted || n(d.status.replicas) > updated {
                    format!("rolling out {updated}/{wanted}")
                } else {
                    String::new()
                };
                let (object, name) = (Object::Deployment(d.clone()).reference(), d.meta.name.clone());
                AppView { object, name, wanted, ready: n(d.status.ready_replicas), detail }
            })
            .collect();
        apps.extend(store.all::<ReplicaSet>().filter(|rs| rs.meta.controller().is_none()).map(|rs| AppView {
            object: Object::ReplicaSet(rs.clone()).reference(),
            name: rs.meta.name.clone(),
            wanted: rs.replicas.max(0) as u32,
            ready: rs.status.ready_replicas.unwrap_or(0).max(0) as u32,
            detail: String::new(),
        }));
        let pending = |s: &&Arc<Service>| {
            s.spec.type_.as_deref() == Some("LoadBalancer")
                && s.status.load_balancer.as_ref().and_then(|l| l.ingress.as_ref()).is_none_or(|i| i.is_empty())
        };
        apps.extend(store.all::<Service>().filter(pending).map(|s| AppView {
            object: Object::Service(s.clone()).reference(),
            name: s.meta.name.clone(),
            wanted: 0,
            ready: 0,
            detail: "EXTERNAL-IP <pending>".into(),
        }));
        apps
    }

    pub(super) fn inspection(&self, object: &ObjectRef, now: SimTime) -> Option<Inspection> {
        let kind = kinds::KINDS.iter().find(|i| i.kind == object.kind)?.id;
        let found = self.find(kind, &object.namespace, &object.name)?.clone();
        let info = kind.info();
        let key = found.key();
        let mut tabs: Vec<(&'static str, String)> = Vec::new();
        tabs.extend(super::super::console::describe_text(self, kind, &key, now).map(|t| ("describe", t)));
        tabs.extend(super::super::console::yaml_text(self, kind, &key).map(|t| ("yaml", t)));
        tabs.push(("events", self.events_text(&found)));
        let mut related: Vec<ObjectRef> =
            found.meta().owners.iter().map(|o| ObjectRef::new(o.kind.to_string(), object.namespace.clone(), o.name.clone())).collect();
        let mut health = Health::Idle;
        match &found {
            Object::Pod(pod) => {
                health = pod_health(pod, &pod_word::status_word(pod));
                related.extend(pod.node.clone().map(|n| ObjectRef::new("Node", "", n)));
                tabs.push(("logs", self.logs_text(pod)));
            }
            Object::Node(n) => health = self.host_view(&n.meta.name, now).health,
            Object::Deployment(d) => {
                let wanted = d.spec.replicas.unwrap_or(1);
                health = if d.status.ready_replicas.unwrap_or(0) >= wanted { Health::Good } else { Health::Warn };
                let sets = self.api.store.owned_by::<ReplicaSet>(&d.meta.uid);
                related.extend(sets.map(|rs| Object::ReplicaSet(rs.clone()).reference()));
            }
            _ => {}
        }
        if !matches!(found, Object::Pod(_)) {
            related.extend(self.pods_of(&found).into_iter().map(|p| Object::Pod(p).reference()));
        }
        let flag = if object.namespace.is_empty() { String::new() } else { format!(" -n {}", object.namespace) };
        let name = format!("{}/{}", info.singular, object.name);
        let mut actions = vec![("describe".to_string(), format!("kubectl describe {name}{flag}"))];
        match kind {
            Kind::Pod => {
                actions.push(("logs".into(), format!("kubectl logs {}{flag}", object.name)));
                actions.push(("delete".into(), format!("kubectl delete {name}{flag}")));
            }
            Kind::Deployment => {
                actions.push(("restart".into(), format!("kubectl rollout restart {name}{flag}")));
                actions.push(("undo".into(), format!("kubectl rollout undo {name}{flag}")));
            }
            Kind::Node => {
                actions.push(("cordon".into(), format!("kubectl cordon {}", object.name)));
                actions.push(("drain".into(), format!("kubectl drain {} --ignore-daemonsets", object.name)));
            }
            _ => {}
        }
        let placing = matches!(found, Object::Pod(_)).then(|| self.scheduler.placing(&key));
        Some(Inspection { object: object.clone(), title: name, health, tabs, related, actions, placing })
    }

    /// Events by the time they were last seen: when, reason (`!` marks a warning), who, what.
    fn events_text(&self, object: &Object) -> String {
        let uid = &object.meta().uid;
        let mut events: Vec<&Arc<Event>> = self.api.store.all::<Event>().filter(|e| e.about_uid == *uid).collect();
        events.sort_by_key(|e| e.last);
        let wide = |f: fn(&Event) -> usize| events.iter().map(|e| f(e)).max().unwrap_or(0);
        let (reason, component) = (wide(|e| e.reason.len()), wide(|e| e.component.len()));
        let line = |e: &&Arc<Event>| {
            let sign = if e.warning { "!" } else { " " };
            let times = if e.count > 1 { format!(" (seen {} times)", e.count) } else { String::new() };
            format!("{} {sign} {:<reason$}  {:<component$}  {}{times}", e.last.clock(), e.reason, e.component, e.message)
        };
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn logs_text(&self, pod: &Pod) -> String {
        let Some(node) = &pod.node else { return String::new() };
        let mut lines = Vec::new();
        for (name, id) in self.pod_containers(&pod.meta.uid, node) {
            lines.extend(self.machine.logs(id).iter().map(|(at, line)| format!("{} {name}: {line}", at.clock())));
        }
        lines.join("\n")
    }
}

fn pod_health(pod: &Pod, word: &str) -> Health {
    match pod.status.phase {
        PodPhase::Succeeded => Health::Idle,
        PodPhase::Failed => Health::Bad,
        _ if pod.meta.is_deleting() => Health::Busy,
        _ if word.contains("BackOff") || word.contains("Err") || word.contains("OOM") || word.contains("Error") => Health::Bad,
        PodPhase::Pending => Health::Busy,
        _ if pod.is_ready() => Health::Good,
        _ => Health::Warn,
    }
}

fn mm_ss(seconds: u64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
