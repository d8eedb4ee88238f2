//! Faults: the common vocabulary, as it strikes a cluster.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Container;

use crate::kernel::journal::Entry;
use crate::kernel::{Cx, Map, ObjectRef, RecordType, Set, SimDuration, SimTime};
use crate::machine::{ContainerId, HostState, Notice, RegistryState};
use crate::model::{Component, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec, LinkEnd};

use super::super::api::meta::Name;
use super::super::api::object::{Deployment, Object, Pod, ReplicaSet};
use super::super::api::store::{Store, WatchEvent};
use super::super::kinds::Kind;
use super::super::network::route::app_of;
use super::super::{DeleteOptions, Event};
use super::Kubernetes;

/// Leader election's renew deadline: who cannot reach the API server for so long gives up and starts again.
const LEASE_LOST: SimDuration = SimDuration::from_secs(10);

/// Which components are stopped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outages {
    pub api: bool,
    pub etcd: bool,
    pub scheduler: bool,
    pub dns: bool,
    /// Nodes whose kubelet, or whose kube-proxy, is stopped.
    pub kubelets: Set<Name>,
    pub proxies: Set<Name>,
    /// Since when the API answers nothing.
    silent_since: Option<SimTime>,
    /// What each fault hit, so that its end undoes exactly that.
    struck: Map<Arc<str>, Struck>,
}

#[derive(Clone, Debug, Default)]
struct Struck {
    hosts: Vec<Name>,
    containers: Vec<ContainerId>,
    images: Images,
}

/// Images by canonical name, as they were.
type Images = Vec<(Arc<str>, Arc<ImageSpec>)>;

impl Kubernetes {
    /// The fault strikes; its record is `cx.cause`.
    pub(super) fn suffer(&mut self, fault: &Fault, cx: &mut Cx) -> Result<(), String> {
        let mut struck = Struck::default();
        let (now, cause) = (cx.now, cx.cause);
        match &fault.kind {
            FaultKind::NodeDown => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in struck.hosts.clone() {
                    self.suspect(&host, cx);
                    for notice in self.machine.power_off(&host, now) {
                        self.on_notice(&notice, cx);
                    }
                }
            }
            FaultKind::NodeUp => {
                for host in self.hosts_hit(&fault.target)? {
                    self.power_on(&host, cx);
                }
            }
            FaultKind::NodePause => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in struck.hosts.clone() {
                    self.suspect(&host, cx);
                    self.machine.pause_host(&host, now);
                    self.refresh_hearing(&host, cx);
                }
            }
            FaultKind::Partition { from } => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in struck.hosts.clone() {
                    self.suspect(&host, cx);
                    self.machine.network.cut(LinkEnd::Host(host.clone()), from.clone(), cx.now);
                    self.refresh_hearing(&host, cx);
                }
            }
            FaultKind::CpuStarve { percent } => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.starve(host, *percent);
                    let all: Vec<_> = self.machine.containers_on(host).map(|c| c.id).collect();
                    all.into_iter().for_each(|id| self.machine.blame(id, cause));
                }
            }
            FaultKind::DiskFull => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.set_disk_full(host, true);
                    if let Some(kubelet) = self.kubelets.get_mut(host) {
                        kubelet.blame(cause);
                    }
                }
            }
            FaultKind::Crash { .. } | FaultKind::Hang | FaultKind::Leak { .. } | FaultKind::Oom { .. } => {
                struck.containers = self.containers_hit(&fault.target)?;
                for id in &struck.containers {
                    self.machine.blame(*id, cause);
                    match &fault.kind {
                        FaultKind::Crash { code } => self.machine.crash(*id, *code, now, cause),
                        FaultKind::Hang => self.machine.hang(*id, true, now),
                        FaultKind::Leak { bytes_per_minute } => self.machine.leak(*id, *bytes_per_minute, now, cause),
                        FaultKind::Oom { bytes } => self.machine.allocate(*id, *bytes, now, cause),
                        _ => {}
                    }
                }
            }
            FaultKind::HumanDelete => self.human_deletes(&fault.target, cx)?,
            FaultKind::BadImage { how } => {
                let FaultTarget::Image(word) = &fault.target else { return Err("this fault hits an image".into()) };
                struck.images = vec![self.machine.break_image(&ImageRef::new(word.clone()), *how, cause)];
            }
            FaultKind::RegistryDown => self.machine.set_registry(RegistryState::Down, cause),
            FaultKind::RegistrySlow { percent } => self.machine.set_registry(RegistryState::Slow { percent: *percent }, cause),
            FaultKind::RegistryDenied => self.machine.set_registry(RegistryState::Denied, cause),
            FaultKind::DnsDown => self.set_dns(true),
            // The clients multiply; nothing here changes.
            FaultKind::TrafficSpike { .. } => {}
            FaultKind::ComponentDown => struck.hosts = self.component_down(&fault.target, cx)?,
        }
        self.outages.struck.insert(fault.id.clone(), struck);
        Ok(())
    }

    /// The fault is over.
    pub(super) fn recover(&mut self, fault: &Fault, cx: &mut Cx) {
        let struck = self.outages.struck.remove(&fault.id).unwrap_or_default();
        let (now, cause) = (cx.now, cx.cause);
        match &fault.kind {
            FaultKind::NodeDown => struck.hosts.iter().for_each(|h| self.power_on(h, cx)),
            FaultKind::NodePause => {
                for host in &struck.hosts {
                    self.machine.resume_host(host, now);
                    let parked = self.parked.remove(host).unwrap_or_default();
                    for p in parked.iter() {
                        self.agenda.schedule(now, p.cause, Event::Kubelet(host.clone(), p.event.clone()));
                    }
                    self.refresh_hearing(host, cx);
                }
            }
            FaultKind::Partition { from } => {
                for host in &struck.hosts {
                    self.machine.network.mend(LinkEnd::Host(host.clone()), from.clone());
                    self.refresh_hearing(host, cx);
                }
            }
            FaultKind::CpuStarve { .. } => struck.hosts.iter().for_each(|h| self.machine.starve(h, 0)),
            FaultKind::DiskFull => struck.hosts.iter().for_each(|h| self.machine.set_disk_full(h, false)),
            FaultKind::Hang => struck.containers.iter().for_each(|id| self.machine.hang(*id, false, now)),
            FaultKind::Leak { .. } => struck.containers.iter().for_each(|id| self.machine.leak(*id, 0, now, cause)),
            FaultKind::BadImage { .. } => {
                struck.images.into_iter().for_each(|(name, before)| self.machine.mend_image(&name, before));
            }
            FaultKind::RegistryDown | FaultKind::RegistrySlow { .. } | FaultKind::RegistryDenied => {
                self.machine.set_registry(self.setup.registry, None);
            }
            FaultKind::DnsDown => self.set_dns(self.outages.dns),
            FaultKind::ComponentDown => self.component_up(&fault.target, &struck.hosts, cx),
            FaultKind::NodeUp
            | FaultKind::Crash { .. }
            | FaultKind::Oom { .. }
            | FaultKind::HumanDelete
            | FaultKind::TrafficSpike { .. } => {}
        }
    }

    /// Remembers what silenced a node, so that conclusions drawn from its silence name it as their cause.
    fn suspect(&mut self, host: &Name, cx: &Cx) {
        if let Some(record) = cx.cause {
            self.manager.nodes.suspects.insert(host.clone(), record);
        }
    }

    fn power_on(&mut self, host: &str, cx: &Cx) {
        if self.machine.host(host).is_some_and(|h| h.state == HostState::Down) {
            self.machine.power_on(host, cx.now, cx.cause);
        }
    }

    /// All that ran on the machine is gone; its agents' timers with it.
    pub(super) fn host_down(&mut self, host: &Name, notice: &Notice, cx: &mut Cx) {
        self.with_kubelet(host, cx, |k, ctl| k.notice(notice, ctl));
        self.drop_timers(host);
        self.parked.remove(host);
        self.refresh_hearing(host, cx);
    }

    /// The machine has booted: its kubelet starts and takes up what is bound to it.
    pub(super) fn host_up(&mut self, host: &Name, notice: &Notice, cx: &mut Cx) {
        if !self.outages.kubelets.contains(host) {
            self.with_kubelet(host, cx, |k, ctl| {
                k.notice(notice, ctl);
                k.start(ctl);
            });
        }
        self.refresh_hearing(host, cx);
    }

    fn drop_timers(&mut self, host: &Name) {
        self.agenda.retain(|e| !matches!(e, Event::Kubelet(node, _) if node == host));
    }

    /// Whether a node's agents hear the API server now, against whether they did; who was cut off catches up.
    pub(super) fn refresh_hearing(&mut self, host: &Name, cx: &mut Cx) {
        let up = self.machine.host(host).is_some_and(|h| h.state == HostState::Up);
        let reaches = up && self.reaches_control_plane(host);
        if reaches && !self.outages.proxies.contains(host) {
            self.network.thaw(host)
        } else {
            self.network.freeze(host, cx.now)
        }
        let hears = reaches && !self.outages.kubelets.contains(host);
        if !hears {
            if !self.deaf.contains_key(host) {
                self.deaf.insert(host.clone(), self.manager.cache.clone());
            }
            return;
        }
        if let Some(old) = self.deaf.remove(host) {
            self.catch_up(host, &old, cx);
        }
    }

    /// A watch that was interrupted begins with a list: whatever differs from what the kubelet knew comes as one event each.
    fn catch_up(&mut self, host: &Name, old: &Store, cx: &mut Cx) {
        let now: Vec<Arc<Pod>> = self.api.store.pods_on(host).cloned().collect();
        let mut events: Vec<WatchEvent> = Vec::new();
        for pod in old.pods_on(host) {
            let same = now.iter().any(|p| p.meta.uid == pod.meta.uid);
            if !same {
                events.push(self.change(Some(Object::Pod(pod.clone())), None, cx));
            }
        }
        for pod in now {
            let before = old.typed::<Pod>(&pod.meta.key()).filter(|p| p.meta.uid == pod.meta.uid);
            if before.is_none_or(|b| b.meta.resource_version != pod.meta.resource_version) {
                let before = before.cloned().map(Object::Pod);
                events.push(self.change(before, Some(Object::Pod(pod)), cx));
            }
        }
        for event in events {
            self.with_kubelet(host, cx, |k, ctl| k.observe(&event, ctl));
        }
    }

    fn change(&self, old: Option<Object>, new: Option<Object>, cx: &Cx) -> WatchEvent {
        WatchEvent { resource_version: self.api.store.resource_version(), old, new, cause: cx.cause }
    }

    fn set_dns(&mut self, down: bool) {
        self.machine.network.dns_down = down;
    }

    fn component_down(&mut self, target: &FaultTarget, cx: &mut Cx) -> Result<Vec<Name>, String> {
        let (component, hosts) = self.component(target)?;
        match component {
            Component::ApiServer => self.outages.api = true,
            Component::Etcd => self.outages.etcd = true,
            Component::Scheduler => {
                self.outages.scheduler = true;
                self.agenda.retain(|e| !matches!(e, Event::Scheduler(_)));
                self.scheduler.stop();
            }
            Component::ControllerManager => self.manager.stop(),
            Component::CoreDns => {
                self.outages.dns = true;
                self.set_dns(true);
            }
            Component::KubeProxy => {
                for host in &hosts {
                    self.outages.proxies.insert(host.clone());
                    self.refresh_hearing(host, cx);
                }
            }
            Component::Kubelet => {
                for host in &hosts {
                    self.suspect(host, cx);
                    self.outages.kubelets.insert(host.clone());
                    self.drop_timers(host);
                    self.with_kubelet(host, cx, |k, _| k.stop());
                    self.refresh_hearing(host, cx);
                }
            }
            other => return Err(format!("there is no {} in a cluster; there are: {}", other.word(), component_words())),
        }
        self.refresh_api(cx);
        Ok(hosts)
    }

    fn component_up(&mut self, target: &FaultTarget, hosts: &[Name], cx: &mut Cx) {
        let Ok((component, _)) = self.component(target) else { return };
        match component {
            Component::ApiServer => self.outages.api = false,
            Component::Etcd => self.outages.etcd = false,
            Component::Scheduler => self.start_scheduler(cx),
            Component::ControllerManager => self.start_manager(cx),
            Component::CoreDns => {
                self.outages.dns = false;
                self.set_dns(false);
            }
            Component::KubeProxy => {
                for host in hosts {
                    self.outages.proxies.remove(host);
                    self.refresh_hearing(host, cx);
                }
            }
            Component::Kubelet => {
                for host in hosts {
                    self.outages.kubelets.remove(host);
                    if self.machine.host(host).is_some_and(|h| h.state == HostState::Up) {
                        self.with_kubelet(host, cx, |k, ctl| k.start(ctl));
                    }
                    self.refresh_hearing(host, cx);
                }
            }
            Component::Dockerd | Component::Proxy => {}
        }
        self.refresh_api(cx);
    }

    /// The API answers only with its store behind it. Who waited too long for it starts again when it returns.
    fn refresh_api(&mut self, cx: &mut Cx) {
        let up = !self.outages.api && !self.outages.etcd;
        if up == self.api.up {
            return;
        }
        self.api.up = up;
        if !up {
            self.outages.silent_since = Some(cx.now);
            return;
        }
        let silence = self.outages.silent_since.take().map_or(SimDuration::ZERO, |t| cx.now.since(t));
        if silence > LEASE_LOST {
            if self.manager.up {
                self.start_manager(cx);
            }
            if !self.outages.scheduler {
                self.start_scheduler(cx);
            }
        }
    }

    fn start_manager(&mut self, cx: &mut Cx) {
        let suspects = self.manager.nodes.suspects.clone();
        self.with("kube-controller-manager", cx, |w, ctl| w.manager.start(ctl));
        self.manager.nodes.suspects = suspects;
    }

    /// A scheduler that starts knows nothing and lists everything.
    fn start_scheduler(&mut self, cx: &mut Cx) {
        self.outages.scheduler = false;
        self.agenda.retain(|e| !matches!(e, Event::Scheduler(_)));
        self.with("default-scheduler", cx, |w, ctl| w.scheduler.start(ctl));
    }

    fn component(&self, target: &FaultTarget) -> Result<(Component, Vec<Name>), String> {
        let all = || self.kubelets.keys().cloned().collect();
        match target {
            FaultTarget::Component(c @ (Component::Kubelet | Component::KubeProxy)) => Ok((*c, all())),
            FaultTarget::Component(c) => Ok((*c, Vec::new())),
            FaultTarget::Host(_) | FaultTarget::Zone(_) => Ok((Component::Kubelet, self.hosts_hit(target)?)),
            _ => Err(format!("this fault stops a component; there are: {}", component_words())),
        }
    }

    fn hosts_hit(&self, target: &FaultTarget) -> Result<Vec<Name>, String> {
        let all = || self.kubelets.keys().map(|h| &**h).collect::<Vec<_>>().join(", ");
        match target {
            FaultTarget::Host(name) if self.kubelets.contains_key(name) => Ok(vec![name.clone()]),
            FaultTarget::Host(name) => Err(format!("there is no node `{name}`; there are: {}", all())),
            FaultTarget::Zone(zone) => {
                let hit: Vec<Name> = self.machine.hosts().filter(|h| h.spec.zone == *zone).map(|h| h.spec.name.clone()).collect();
                if hit.is_empty() { Err(format!("no node is in zone `{zone}`")) } else { Ok(hit) }
            }
            FaultTarget::World => Ok(self.kubelets.keys().cloned().collect()),
            _ => Err(format!("this fault hits machines; there are: {}", all())),
        }
    }

    /// The pods a word stands for: a Deployment or other owner, or a pod (`default/web-x` or `web-x`); alive and in name order.
    pub(crate) fn pods_named(&self, word: &str) -> Vec<Arc<Pod>> {
        let bare = word.strip_prefix("deployment/").or_else(|| word.strip_prefix("pod/")).unwrap_or(word);
        let (namespace, name) = bare.split_once('/').map_or((None, bare), |(ns, n)| (Some(ns), n));
        let store = &self.api.store;
        let hit = |p: &Pod| {
            namespace.is_none_or(|ns| *p.meta.namespace == *ns)
                && (*p.meta.name == *name || p.meta.controller().is_some_and(|o| *o.name == *name) || *app_of(store, p) == *name)
        };
        store.all::<Pod>().filter(|p| p.is_active() && hit(p)).cloned().collect()
    }

    fn pods_hit(&mut self, target: &FaultTarget) -> Result<Vec<Arc<Pod>>, String> {
        let FaultTarget::Copies { of, count } = target else { return Err("this fault hits copies of an app".into()) };
        let mut pods = self.pods_named(of);
        if pods.is_empty() {
            return Err(format!("nothing called `{of}` runs; there are: {}", self.targets("copies").join(", ")));
        }
        let n = count.of(pods.len());
        if n < pods.len() {
            self.rng.stream("faults").shuffle(&mut pods);
            pods.truncate(n);
            pods.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        }
        Ok(pods)
    }

    fn containers_hit(&mut self, target: &FaultTarget) -> Result<Vec<ContainerId>, String> {
        let mut found = Vec::new();
        for pod in self.pods_hit(target)? {
            let Some(node) = &pod.node else { continue };
            let containers = self.pod_containers(&pod.meta.uid, node);
            let main = pod.spec.containers.first().and_then(|c| containers.iter().find(|(n, _)| **n == *c.name));
            found.extend(main.or(containers.first()).map(|(_, id)| *id));
        }
        Ok(found)
    }

    fn human_deletes(&mut self, target: &FaultTarget, cx: &mut Cx) -> Result<(), String> {
        for pod in self.pods_hit(target)? {
            let mut cx = cx.because(cx.cause);
            let command = format!("kubectl delete pod {} -n {}", pod.meta.name, pod.meta.namespace);
            cx.record_as_cause(Entry::new(RecordType::Command, "human", "HumanDelete", Object::Pod(pod.clone()).reference(), command));
            let key = pod.meta.key();
            let deleted = self.with("human", &mut cx, |_, ctl| ctl.delete(Kind::Pod, &key, DeleteOptions::default(), "deleted by hand"));
            if let Err(error) = deleted {
                cx.record(Entry::new(
                    RecordType::Command,
                    "human",
                    "Failed",
                    ObjectRef::new("Pod", key.namespace, key.name),
                    error.message,
                ));
            }
        }
        Ok(())
    }

    /// Names a fault could hit.
    pub(super) fn targets(&self, on: &str) -> Vec<Arc<str>> {
        match on {
            "host" => self.kubelets.keys().cloned().collect(),
            "zone" => {
                let zones: std::collections::BTreeSet<Arc<str>> =
                    self.machine.hosts().map(|h| h.spec.zone.clone()).filter(|z| !z.is_empty()).collect();
                zones.into_iter().collect()
            }
            "copies" => {
                let mut names: Vec<Arc<str>> = self.api.store.all::<Deployment>().map(|d| d.meta.name.clone()).collect();
                names.extend(self.api.store.all::<Pod>().filter(|p| p.is_active()).map(|p| p.meta.name.clone()));
                names
            }
            "component" => COMPONENTS.iter().map(|c| c.word().into()).collect(),
            "image" => {
                let containers = self.api.store.all::<Pod>().flat_map(|p| p.spec.containers.iter());
                let of_sets = self.api.store.all::<ReplicaSet>().flat_map(|rs| rs.pod_spec.containers.iter());
                let image = |c: &Container| c.image.as_deref().map(Arc::<str>::from);
                let images: std::collections::BTreeSet<Arc<str>> = containers.chain(of_sets).filter_map(image).collect();
                images.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What can be stopped in a cluster.
const COMPONENTS: [Component; 7] = [
    Component::ApiServer,
    Component::Etcd,
    Component::Scheduler,
    Component::ControllerManager,
    Component::Kubelet,
    Component::KubeProxy,
    Component::CoreDns,
];

fn component_words() -> String {
    COMPONENTS.map(Component::word).join(", ")
}
