//! A control plane with stand-in nodes: a pod is ready 2 s after it was bound and gone 1 s after it was deleted, as in the recorded traces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use wheelhouse::kernel::{Cx, Journal, SimDuration, SimTime};
use wheelhouse::worlds::World;
use wheelhouse::worlds::kubernetes::api::meta::{Key, Meta, Name};
use wheelhouse::worlds::kubernetes::api::object::{Condition, Lease, Node, Object, Pod, PodPhase, Tri, Typed};
use wheelhouse::worlds::kubernetes::kinds::{self, Kind};
use wheelhouse::worlds::kubernetes::{DeleteOptions, Kubernetes};

/// When a pod's next step is due on a stand-in node.
#[derive(Clone, Debug, Default)]
struct Fake {
    bound_at: Option<SimTime>,
    addressed: bool,
    ran: bool,
    deleted_at: Option<SimTime>,
}

/// A world without kubelets, and what stands in for them.
pub struct Lab {
    pub world: Kubernetes,
    pub journal: Journal,
    pub now: SimTime,
    pods: BTreeMap<Name, Fake>,
    dead: BTreeSet<Name>,
    next_renewal: SimTime,
    /// The stand-in nodes handle one pod at a time.
    free_at: SimTime,
    addresses: u32,
}

const MS: fn(u64) -> SimDuration = SimDuration::from_millis;

impl Lab {
    pub fn new(nodes: usize) -> Self {
        let mut world = Kubernetes::empty(7);
        let mut journal = Journal::default();
        let mut cx = Cx { now: SimTime::ZERO, world: "kubernetes", journal: &mut journal, cause: None };
        world.deploy(&mut cx);
        let mut lab = Self {
            world,
            journal,
            now: SimTime::ZERO,
            pods: BTreeMap::new(),
            dead: BTreeSet::new(),
            next_renewal: SimTime::from_millis(4_600),
            free_at: SimTime::ZERO,
            addresses: 0,
        };
        lab.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "t"}}));
        for n in 0..nodes {
            let amounts = json!({"cpu": "8", "memory": "16Gi", "pods": "110"});
            let name = format!("n{n}");
            lab.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
                "status": {"capacity": amounts, "allocatable": amounts, "conditions": [
                    {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": "2026-01-05T09:00:00Z", "lastTransitionTime": "2026-01-05T09:00:00Z"}]}}));
        }
        lab.run(SimTime::from_secs(2));
        lab
    }

    pub fn cx<R>(&mut self, f: impl FnOnce(&mut Kubernetes, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "kubernetes", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }

    pub fn create(&mut self, value: Value) -> Object {
        let object = kinds::from_json(&value).expect("a valid object");
        self.cx(|w, cx| w.act("you", cx, |ctl| ctl.create(object, "test").expect("created")))
    }

    /// Changes an object as a PATCH does.
    pub fn patch<T: Typed + Clone>(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut T))
    where
        Object: From<T>,
    {
        let mut copy = T::clone(self.world.store().typed::<T>(&Key::new(namespace, name)).expect("there"));
        change(&mut copy);
        self.cx(|w, cx| w.act("you", cx, |ctl| ctl.update(copy, true, "patched").expect("updated")));
    }

    pub fn delete(&mut self, kind: Kind, namespace: &str, name: &str, options: DeleteOptions) {
        let key = Key::new(namespace, name);
        self.cx(|w, cx| w.act("you", cx, |ctl| ctl.delete(kind, &key, options, "deleted").expect("deleted")));
    }

    pub fn node_dies(&mut self, name: &str) {
        self.dead.insert(name.into());
    }

    pub fn node_returns(&mut self, name: &str) {
        self.dead.remove(name);
        self.patch::<Node>("", name, |n| {
            for c in &mut n.conditions {
                c.status = Tri::True;
                c.reason = Some("KubeletReady".into());
            }
        });
    }

    /// Runs to `until`, the stand-in nodes along.
    pub fn run(&mut self, until: SimTime) {
        loop {
            let world = self.world.next_at();
            let fake = self.next_step();
            match (world, fake) {
                (Some(w), f) if w <= until && f.is_none_or(|f| w <= f) => {
                    self.now = w;
                    self.cx(|world, cx| world.step(cx));
                }
                (_, Some(f)) if f <= until => {
                    self.now = f.max(self.now);
                    self.step();
                }
                _ => break,
            }
            self.observe();
        }
        self.now = until;
    }

    fn observe(&mut self) {
        let now = self.now;
        let seen: Vec<Arc<Pod>> = self.world.store().all::<Pod>().cloned().collect();
        for pod in &seen {
            let fake = self.pods.entry(pod.meta.uid.clone()).or_default();
            if pod.node.is_some() && fake.bound_at.is_none() {
                fake.bound_at = Some(now);
            }
            if pod.meta.is_deleting() && fake.deleted_at.is_none() {
                fake.deleted_at = Some(now);
            }
        }
        self.pods.retain(|uid, _| seen.iter().any(|p| p.meta.uid == *uid));
    }

    /// (when, what) for each pod on a live node.
    fn due(&self) -> Vec<(SimTime, Arc<Pod>, &'static str)> {
        let mut out = Vec::new();
        for pod in self.world.store().all::<Pod>() {
            let (Some(fake), Some(node)) = (self.pods.get(&pod.meta.uid), &pod.node) else { continue };
            if self.dead.contains(node) {
                continue;
            }
            let Some(bound) = fake.bound_at else { continue };
            if let Some(deleted) = fake.deleted_at {
                out.push((deleted + MS(1050), pod.clone(), "gone"));
            } else if !fake.addressed {
                out.push((bound + MS(60), pod.clone(), "address"));
            } else if !fake.ran {
                out.push((bound + MS(2050), pod.clone(), "run"));
            }
        }
        out
    }

    fn next_step(&self) -> Option<SimTime> {
        self.due().into_iter().map(|(at, ..)| at.max(self.free_at)).chain([self.next_renewal]).min()
    }

    fn step(&mut self) {
        if self.next_renewal <= self.now {
            self.next_renewal = self.now + SimDuration::from_secs(5);
            let nodes: Vec<Name> =
                self.world.store().all::<Node>().map(|n| n.meta.name.clone()).filter(|n| !self.dead.contains(n)).collect();
            for node in nodes {
                self.renew(&node);
            }
        }
        let mut due = self.due();
        due.sort_by(|a, b| (a.0, &a.1.meta.created, &a.1.meta.name).cmp(&(b.0, &b.1.meta.created, &b.1.meta.name)));
        if let Some((_, pod, what)) = due.into_iter().find(|(at, ..)| *at <= self.now && self.free_at <= self.now) {
            self.free_at = self.now + MS(50);
            let fake = self.pods.get_mut(&pod.meta.uid).expect("known");
            let node = pod.node.clone().expect("bound");
            let now = self.now;
            if what == "gone" {
                let key = pod.meta.key();
                let options = DeleteOptions { grace_s: Some(0), ..DeleteOptions::default() };
                self.cx(|w, cx| {
                    w.act(&format!("kubelet {node}"), cx, |ctl| ctl.delete(Kind::Pod, &key, options, "gone").expect("deleted"))
                });
                return;
            }
            let mut copy = Pod::clone(&pod);
            if what == "address" {
                fake.addressed = true;
                self.addresses += 1;
                copy.status.pod_ip = Some(format!("10.0.{}.{}", self.addresses / 250, self.addresses % 250 + 1).into());
            } else {
                fake.ran = true;
                let never = pod.spec.containers[0].image.as_deref().is_some_and(|i| i.ends_with(":never"));
                copy.status.phase = PodPhase::Running;
                copy.status.conditions.retain(|c| &*c.kind != "Ready");
                copy.status.conditions.push(Condition {
                    kind: "Ready".into(),
                    status: if never { Tri::False } else { Tri::True },
                    reason: None,
                    message: None,
                    last_transition: now,
                    last_heartbeat: None,
                    observed_generation: None,
                });
            }
            self.cx(|w, cx| w.act(&format!("kubelet {node}"), cx, |ctl| ctl.update_status(copy, what).map(|_| ()).expect("updated")));
        }
    }

    fn renew(&mut self, node: &Name) {
        let now = self.now;
        let key = Key::new("kube-node-lease", node.clone());
        let lease = self.world.store().typed::<Lease>(&key).cloned();
        let node = node.clone();
        self.cx(|w, cx| {
            w.act(&format!("kubelet {node}"), cx, |ctl| match lease {
                Some(l) => ctl.update(Lease { renew: now, ..Lease::clone(&l) }, false, "renewed").map(|_| ()).expect("renewed"),
                None => {
                    let meta = Meta { name: key.name.clone(), namespace: key.namespace.clone(), ..Meta::default() };
                    let fresh = Lease { meta, holder: node.clone(), duration_s: 40, acquire: None, renew: now };
                    ctl.create(fresh, "first lease").map(|_| ()).expect("created");
                }
            });
        });
    }
}

pub fn deployment(replicas: i32, image: &str, extra: Value) -> Value {
    let mut value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "t"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}}}
    });
    for (k, v) in extra.as_object().into_iter().flatten() {
        value["spec"][k] = v.clone();
    }
    value
}

pub fn service() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "t"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
}
