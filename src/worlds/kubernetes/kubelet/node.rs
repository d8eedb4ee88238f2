//! The node's own object: registration, conditions, images, and the lease that says "alive".
//! Follows: pkg/kubelet/{kubelet_node_status,kubelet}.go, pkg/kubelet/nodestatus/setters.go, pkg/kubelet/cm/node_container_manager_linux.go.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;

use crate::kernel::{Set, SimDuration, SimTime};
use crate::model::ImageRef;
use crate::model::quantity::parse_units;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Meta, Name};
use crate::worlds::kubernetes::api::object::{Condition, Lease, Namespace, Node, NodeImage, Object, Taint, TaintEffect, Tri};

use super::worker::Worker;
use super::{Kubelet, Timer};

/// Where leases live (staging/src/k8s.io/api/core/v1/types.go, NamespaceNodeLease).
pub(super) const LEASES: &str = "kube-node-lease";
/// The longest pause between tries while the API cannot be reached (component-helpers/apimachinery/lease/controller.go, maxBackoff).
const RETRY: SimDuration = SimDuration::from_secs(7);
/// A lease is renewed at a quarter of its duration, up to 4 % later (pkg/kubelet/kubelet.go, nodeLeaseRenewIntervalFraction; leaseutil jitter).
const RENEW_JITTER_PERCENT: u64 = 4;
/// pkg/kubelet/eviction/defaults_linux.go: memory.available
pub(super) const MEMORY_RESERVE: i64 = 100 << 20;
/// A disk of which the scenario says nothing.
const DISK_KI: i64 = 104_857_600;
/// pkg/kubelet/apis/config/v1beta1/defaults.go, nodeStatusMaxImages
const IMAGES_MAX: usize = 50;

/// What was last told of the node.
#[derive(Clone, Debug, Default)]
pub(super) struct Reported {
    next: SimTime,
    images: Set<Arc<str>>,
    /// The API could not be reached.
    cut: bool,
    pub rebooted: bool,
}

impl Kubelet {
    /// Puts the node into the API, or finds it there.
    pub(super) fn register(&mut self, ctl: &mut Ctl) {
        let key = Key::new("", self.node.clone());
        if let Some(node) = ctl.api.store.typed::<Node>(&key).cloned() {
            self.adopt(&node);
            self.node_events(ctl);
            self.report(true, ctl);
            return;
        }
        // Addresses and pod ranges in order of registration, as a fresh cluster gives them out.
        let n = ctl.api.store.count(crate::worlds::kubernetes::kinds::Kind::Node);
        self.host_ip = format!("172.18.{}.{}", (n + 2) / 254, (n + 2) % 254 + usize::from(n + 2 >= 254)).into();
        self.cidr = format!("10.{}.{}.0/24", 244 + n / 256, n % 256).into();
        if !self.connected(ctl) {
            self.conditions.cut = true;
            return;
        }
        let node = self.fresh_node(ctl);
        if ctl.create(node, &format!("kubelet on {} registers its node", self.node)).is_ok() {
            self.node_events(ctl);
        }
        self.conditions.next = ctl.cx.now + self.report_in(ctl);
    }

    fn adopt(&mut self, node: &Node) {
        if let Some((_, ip)) = node.addresses.iter().find(|(kind, _)| &**kind == "InternalIP") {
            self.host_ip = ip.clone();
        }
        if let Some(cidr) = &node.pod_cidr {
            self.cidr = cidr.clone();
        }
        if self.host_ip.is_empty() {
            self.host_ip = "172.18.0.2".into();
        }
        if self.cidr.is_empty() {
            self.cidr = "10.244.0.0/24".into();
        }
    }

    fn fresh_node(&mut self, ctl: &Ctl) -> Node {
        let host = ctl.machine.host(&self.node).map(|h| h.spec.clone());
        let setup = self.setup.clone();
        let cpu = setup.as_ref().map_or_else(
            || {
                host.as_ref().map_or("1".into(), |h| {
                    if h.cpu_milli % 1000 == 0 { format!("{}", h.cpu_milli / 1000) } else { format!("{}m", h.cpu_milli) }
                })
            },
            |s| s.cpu.clone(),
        );
        let memory =
            setup.as_ref().map_or_else(|| host.as_ref().map_or("1Gi".into(), |h| format!("{}Ki", h.memory / 1024)), |s| s.memory.clone());
        let pods = setup.as_ref().map_or(110, |s| if s.pods == 0 { 110 } else { s.pods });
        let left = (parse_units(&memory).unwrap_or(0) - MEMORY_RESERVE).max(0);
        let pair = |k: &str, v: String| (Name::from(k), Name::from(v));
        let none = |k: &str| pair(k, "0".into());
        let capacity = vec![
            pair("cpu", cpu.clone()),
            pair("ephemeral-storage", format!("{DISK_KI}Ki")),
            none("hugepages-1Gi"),
            none("hugepages-2Mi"),
            pair("memory", memory),
            pair("pods", pods.to_string()),
        ];
        let allocatable = vec![
            pair("cpu", cpu),
            // Nine tenths: nodefs.available is 10 %.
            pair("ephemeral-storage", (DISK_KI * 1024 / 10 * 9).to_string()),
            none("hugepages-1Gi"),
            none("hugepages-2Mi"),
            pair("memory", if left % 1024 == 0 { format!("{}Ki", left / 1024) } else { left.to_string() }),
            pair("pods", pods.to_string()),
        ];
        let mut meta = Meta { name: self.node.clone(), ..Meta::default() };
        for (k, v) in [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", &*self.node.clone()),
            ("kubernetes.io/os", "linux"),
        ] {
            meta.set_label(k, v);
        }
        let zone = setup.as_ref().and_then(|s| s.zone.clone()).or_else(|| host.as_ref().map(|h| h.zone.clone())).filter(|z| !z.is_empty());
        if let Some(zone) = zone {
            meta.set_label("topology.kubernetes.io/zone", &zone);
        }
        for (k, v) in setup.iter().flat_map(|s| &s.labels) {
            meta.set_label(k, v);
        }
        let taints = setup.iter().flat_map(|s| &s.taints).filter_map(|t| taint(t)).collect();
        Node {
            meta,
            unschedulable: false,
            taints: Arc::new(taints),
            pod_cidr: Some(self.cidr.clone()),
            provider_id: None,
            capacity: Arc::new(capacity),
            allocatable: Arc::new(allocatable),
            conditions: self.node_conditions(&[], ctl.cx.now),
            addresses: Arc::new(vec![("InternalIP".into(), self.host_ip.clone()), ("Hostname".into(), self.node.clone())]),
            images: Arc::new(self.node_images(ctl)),
            declared: Arc::default(),
            info: Arc::new(core::NodeSystemInfo {
                architecture: "amd64".into(),
                container_runtime_version: "containerd://2.1.5".into(),
                kernel_version: "6.12.48-generic".into(),
                kubelet_version: "v1.36.2".into(),
                operating_system: "linux".into(),
                os_image: "Debian GNU/Linux 12 (bookworm)".into(),
                ..Default::default()
            }),
        }
    }

    /// Kind, status, reason and message of each condition. Order and words: pkg/kubelet/nodestatus/setters.go.
    fn said_conditions(&self) -> [(&'static str, Tri, &'static str, &'static str); 4] {
        let p = &self.pressure;
        [
            match p.memory() {
                true => ("MemoryPressure", Tri::True, "KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
                false => ("MemoryPressure", Tri::False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            },
            match p.disk() {
                true => ("DiskPressure", Tri::True, "KubeletHasDiskPressure", "kubelet has disk pressure"),
                false => ("DiskPressure", Tri::False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            },
            ("PIDPressure", Tri::False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ("Ready", Tri::True, "KubeletReady", "kubelet is posting ready status"),
        ]
    }

    /// The node's conditions are what this kubelet says, after those of others.
    fn says_so(&self, conditions: &[Condition]) -> bool {
        let said = self.said_conditions();
        let own = conditions.iter().skip_while(|c| said.iter().all(|s| s.0 != &*c.kind));
        let own = own.map(|c| (&*c.kind, c.status, c.reason.as_deref(), c.message.as_deref()));
        own.eq(said.iter().map(|s| (s.0, s.1, Some(s.2), Some(s.3))))
    }

    fn node_conditions(&self, before: &[Condition], now: SimTime) -> Vec<Condition> {
        let said = self.said_conditions();
        let foreign = before.iter().filter(|c| !said.iter().any(|s| s.0 == &*c.kind)).cloned();
        let own = said.iter().map(|(kind, status, reason, message)| {
            let same = before.iter().find(|c| *c.kind == **kind && c.status == *status);
            Condition {
                kind: (*kind).into(),
                status: *status,
                reason: Some((*reason).into()),
                message: Some((*message).into()),
                last_transition: same.map_or(now, |c| c.last_transition),
                last_heartbeat: Some(now),
                observed_generation: None,
            }
        });
        foreign.chain(own).collect()
    }

    fn node_images(&mut self, ctl: &Ctl) -> Vec<NodeImage> {
        let Some(host) = ctl.machine.host(&self.node) else { return Vec::new() };
        self.conditions.images = host.images.clone();
        let mut all: Vec<NodeImage> = host
            .images
            .iter()
            .map(|name| {
                let spec = ctl.machine.image_spec(&ImageRef::new(name.clone()));
                NodeImage { names: vec![super::image::image_id(name, ctl), name.clone()], bytes: spec.size as i64 }
            })
            .collect();
        all.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.names.cmp(&b.names)));
        all.truncate(IMAGES_MAX);
        all
    }

    fn node_object(&self, ctl: &Ctl) -> Option<Object> {
        ctl.api.store.get(crate::worlds::kubernetes::kinds::Kind::Node, &Key::new("", self.node.clone())).cloned()
    }

    pub(super) fn say_of_node(&self, warning: bool, reason: &'static str, message: &str, ctl: &mut Ctl) {
        if let Some(node) = self.node_object(ctl).filter(|_| self.connected(ctl)) {
            ctl.event(&node, warning, reason, message);
        }
    }

    pub(super) fn node_is_now(&self, reason: &'static str, ctl: &mut Ctl) {
        let message = format!("Node {} status is now: {reason}", self.node);
        self.say_of_node(false, reason, &message, ctl);
    }

    fn node_events(&mut self, ctl: &mut Ctl) {
        self.say_of_node(false, "Starting", "Starting kubelet.", ctl);
        if std::mem::take(&mut self.conditions.rebooted) {
            let boot = ctl.rng.stream(&format!("kubelet/{}/boot", self.node)).uuid();
            self.say_of_node(true, "Rebooted", &format!("Node {} has been rebooted, boot id: {boot}", self.node), ctl);
        }
        for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
            self.node_is_now(reason, ctl);
        }
        self.say_of_node(false, "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods", ctl);
    }

    /// Tells the node's status if it changed, if its time has come, or if it must.
    pub(super) fn report(&mut self, must: bool, ctl: &mut Ctl) {
        let Some(Object::Node(old)) = self.node_object(ctl) else { return };
        let now = ctl.cx.now;
        let changed = !self.says_so(&old.conditions);
        let pulled = ctl.machine.host(&self.node).is_some_and(|h| h.images != self.conditions.images);
        if !must && !changed && !pulled && now < self.conditions.next {
            return;
        }
        let was_ready = old.condition("Ready").is_some_and(|c| c.status == Tri::True);
        let mut node = Node::clone(&old);
        node.meta.resource_version = 0;
        node.conditions = self.node_conditions(&old.conditions, now);
        if pulled || must {
            node.images = Arc::new(self.node_images(ctl));
        }
        let why = if changed { "kubelet reports a new status of its node" } else { "kubelet reports its node's status" };
        if ctl.update_status(node, why).is_ok() {
            self.conditions.next = now + self.report_in(ctl);
            if !was_ready {
                self.node_is_now("NodeReady", ctl);
            }
        }
    }

    /// Until an unchanged status is told again: nodeStatusReportFrequency ± 50 %.
    fn report_in(&self, ctl: &mut Ctl) -> SimDuration {
        let every = ctl.config.node_status_report_frequency;
        let half = SimDuration::from_nanos(every.as_nanos() / 2);
        half + ctl.rng.stream(&format!("kubelet/{}/report", self.node)).up_to(every)
    }

    /// Renews the lease, looks at the machine, and plans the next turn.
    pub(super) fn renew_lease(&mut self, ctl: &mut Ctl) {
        if !self.connected(ctl) {
            self.conditions.cut = true;
            self.plan(ctl, RETRY, Timer::Lease);
            return;
        }
        if std::mem::take(&mut self.conditions.cut) || self.missed {
            if self.node_object(ctl).is_none() {
                self.register(ctl);
            }
            self.report(true, ctl);
            self.take_up(ctl);
        }
        self.write_lease(ctl);
        self.manage_pressure(ctl);
        self.report(false, ctl);
        let quarter = SimDuration::from_nanos(ctl.config.node_lease_duration_seconds.max(1) as u64 * 1_000_000_000 / 4);
        let jitter = quarter.scaled(RENEW_JITTER_PERCENT, 100);
        let next = quarter + ctl.rng.stream(&format!("kubelet/{}/lease", self.node)).up_to(jitter);
        self.plan(ctl, next, Timer::Lease);
    }

    fn write_lease(&mut self, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let key = Key::new(LEASES, self.node.clone());
        if let Some(old) = ctl.api.store.typed::<Lease>(&key) {
            let mut lease = Lease::clone(old);
            lease.meta.resource_version = 0;
            lease.renew = now;
            let _ = ctl.update_status(lease, "lease renewed");
            return;
        }
        if ctl.api.store.typed::<Namespace>(&Key::new("", LEASES)).is_none() {
            let meta = Meta { name: LEASES.into(), ..Meta::default() };
            let _ = ctl.create(Namespace { meta, terminating: false }, "the namespace of the node leases");
        }
        let meta = Meta { name: self.node.clone(), namespace: LEASES.into(), ..Meta::default() };
        let duration_s = ctl.config.node_lease_duration_seconds;
        // pkg/kubelet/kubelet.go, leaseSpec: no acquireTime.
        let lease = Lease { meta, holder: self.node.clone(), duration_s, acquire: None, renew: now };
        let _ = ctl.create(lease, "lease taken");
    }

    // ---- addresses ----

    /// The next free address of the node's range (host-local IPAM goes round).
    pub(super) fn take_ip(&mut self) -> Name {
        let base = self.cidr.rsplit_once('.').map_or("10.244.0", |(b, _)| b).to_string();
        for _ in 0..252 {
            // .0 is the network, .1 the bridge, .255 the broadcast address.
            let n = self.next_ip % 253 + 2;
            self.next_ip += 1;
            let ip: Name = format!("{base}.{n}").into();
            if !self.pods.values().any(|w| w.ip.as_ref() == Some(&ip)) {
                return ip;
            }
        }
        format!("{base}.254").into()
    }

    pub(super) fn give_ip(&mut self, w: &mut Worker) {
        w.ip = None;
    }
}

/// `key=value:Effect`, `key:Effect`
fn taint(text: &str) -> Option<Taint> {
    let (rest, effect) = text.rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    let effect = match effect {
        "NoSchedule" => TaintEffect::NoSchedule,
        "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
        _ => return None,
    };
    Some(Taint { key: key.into(), value: value.into(), effect, time_added: None })
}
