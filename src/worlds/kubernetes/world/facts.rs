//! Facts for expressions: `kubernetes.ready('deployment/shop')`, `kubernetes.pods.exists(p, p.status == 'CrashLoopBackOff')`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::SimTime;
use crate::worlds::Copies;

use super::super::api::meta::Key;
use super::super::api::object::{ContainerState, Deployment, Node, Object, Pod, ReplicaSet, Service, TaintEffect, Tri, Typed};
use super::super::controllers::deployment::REVISION;
use super::super::kinds::{self, Kind, pod_word};
use super::super::network::route::app_of;
use super::Kubernetes;

/// Facts with a name as argument, and collections.
pub const WITH_NAME: [&str; 16] = [
    "ready",
    "replicas",
    "updated",
    "available",
    "exists",
    "deleted",
    "uid",
    "restarts",
    "last_exit_code",
    "image",
    "endpoints",
    "revision",
    "condition",
    "phase",
    "status",
    "node",
];
pub const COLLECTIONS: [&str; 6] = ["pods", "nodes", "hosts", "deployments", "services", "events"];

impl Kubernetes {
    pub(super) fn fact_value(&self, name: &str, args: &[Value], now: SimTime) -> Result<Value, String> {
        let store = &self.api.store;
        match name {
            "pods" => return Ok(store.all::<Pod>().map(|p| self.pod_fact(p)).collect()),
            "nodes" | "hosts" => return Ok(self.nodes().map(|n| self.node_fact(n)).collect()),
            "deployments" => return Ok(store.all::<Deployment>().map(deployment_fact).collect()),
            "services" => return Ok(store.all::<Service>().map(|s| self.service_fact(s)).collect()),
            "events" => {
                let events = store.all::<super::super::api::object::Event>();
                return Ok(events
                    .map(|e| {
                        json!({
                            "reason": &*e.reason, "message": &*e.message, "count": e.count, "type": if e.warning { "Warning" } else { "Normal" },
                            "kind": &*e.about.kind, "object": &*e.about.name, "namespace": &*e.about.namespace, "component": &*e.component,
                            "age_s": now.since(e.first).as_secs(),
                        })
                    })
                    .collect());
            }
            _ => {}
        }
        if !WITH_NAME.contains(&name) {
            let known = format!("{}, {}", WITH_NAME.join(", "), COLLECTIONS.join(", "));
            return Err(format!("the kubernetes world has no fact `{name}`; there are: {known}"));
        }
        let Some(word) = args.first().and_then(Value::as_str) else {
            return Err(format!("`{name}` needs the name of an object: {name}('deployment/web')"));
        };
        let (kind, namespace, bare) = parse(word);
        if name == "endpoints" {
            return self.endpoints(namespace, bare);
        }
        let found = match kind {
            Some(kind) => self.find(kind, namespace, bare),
            None => LIKELY.iter().find_map(|k| self.find(*k, namespace, bare)),
        };
        match name {
            "exists" => return Ok(found.is_some().into()),
            "deleted" => {
                let hit = |k: Kind, key: &Key| {
                    kind.is_none_or(|w| w == k) && *key.name == *bare && (namespace.is_empty() || *key.namespace == *namespace)
                };
                return Ok(self.deleted.iter().any(|(k, key)| hit(*k, key)).into());
            }
            _ => {}
        }
        let object = found.ok_or_else(|| self.nothing_there(kind, word))?;
        self.object_fact(name, object, args)
    }

    fn object_fact(&self, name: &str, object: &Object, args: &[Value]) -> Result<Value, String> {
        let pods = || self.pods_of(object);
        let number = |n: Option<i32>| Value::from(n.unwrap_or(0));
        let kind = object.kind().info().kind;
        let not_for = || Err(format!("`{name}` says nothing of a {kind}"));
        Ok(match (name, object) {
            ("uid", _) => (&*object.meta().uid).into(),
            ("ready", Object::Deployment(d)) => number(d.status.ready_replicas),
            ("ready", Object::ReplicaSet(rs)) => number(rs.status.ready_replicas),
            ("ready", Object::Pod(p)) => i32::from(p.is_ready()).into(),
            ("ready", Object::Node(n)) => i32::from(is_ready(n)).into(),
            ("replicas", Object::Deployment(d)) => number(Some(d.spec.replicas.unwrap_or(1))),
            ("replicas", Object::ReplicaSet(rs)) => rs.replicas.into(),
            ("replicas", Object::Pod(_)) => 1.into(),
            ("updated", Object::Deployment(d)) => number(d.status.updated_replicas),
            ("available", Object::Deployment(d)) => number(d.status.available_replicas),
            ("available", Object::ReplicaSet(rs)) => number(rs.status.available_replicas),
            ("restarts", _) => pods().iter().map(|p| u64::from(pod_word::pod_word(p).restarts)).sum::<u64>().into(),
            ("last_exit_code", _) => last_exit_code(&pods()).into(),
            ("image", Object::Deployment(d)) => image(d.spec.template.spec.as_ref()),
            ("image", Object::ReplicaSet(rs)) => image(Some(&rs.pod_spec)),
            ("image", Object::Pod(p)) => image(Some(&p.spec)),
            ("revision", _) => object.meta().annotation(REVISION).and_then(|r| r.parse::<i64>().ok()).unwrap_or(0).into(),
            ("phase", Object::Pod(p)) => format!("{:?}", p.status.phase).into(),
            ("status", Object::Pod(p)) => pod_word::status_word(p).into(),
            ("status", Object::Node(n)) => node_word(n).into(),
            ("node", Object::Pod(p)) => p.node.as_deref().map_or(Value::Null, Into::into),
            ("condition", _) => {
                let Some(wanted) = args.get(1).and_then(Value::as_str) else {
                    return Err("`condition` needs a condition type: condition('deployment/web', 'Progressing')".into());
                };
                let json = kinds::to_json_at(object, self.api.epoch);
                let list = json.pointer("/status/conditions").and_then(Value::as_array);
                let one = list.into_iter().flatten().find(|c| c.get("type").and_then(Value::as_str) == Some(wanted));
                one.and_then(|c| c.get("status")).cloned().unwrap_or_else(|| "".into())
            }
            _ => return not_for(),
        })
    }

    fn endpoints(&self, namespace: &str, name: &str) -> Result<Value, String> {
        let object = self.find(Kind::Service, namespace, name).ok_or_else(|| self.nothing_there(Some(Kind::Service), name))?;
        let Some(service) = Service::of(object) else { return Ok(0.into()) };
        let ready = super::super::network::slices_of(&self.api.store, service).flat_map(|s| s.endpoints.iter()).filter(|e| e.ready).count();
        Ok(ready.into())
    }

    fn nothing_there(&self, kind: Option<Kind>, word: &str) -> String {
        let kind = kind.unwrap_or(Kind::Deployment);
        let mut names: Vec<&str> = self.api.store.list(kind).map(|o| &*o.meta().name).take(12).collect();
        names.sort_unstable();
        let list = if names.is_empty() { "none".to_string() } else { names.join(", ") };
        format!("there is no `{word}`; {} there are: {list}", kind.info().plural)
    }

    /// The pods that belong to an object.
    pub(super) fn pods_of(&self, object: &Object) -> Vec<Arc<Pod>> {
        let store = &self.api.store;
        let of_owner = |uid: &str| store.owned_by::<Pod>(uid).cloned().collect::<Vec<_>>();
        match object {
            Object::Pod(p) => vec![p.clone()],
            Object::Deployment(d) => store.owned_by::<ReplicaSet>(&d.meta.uid).flat_map(|rs| of_owner(&rs.meta.uid)).collect(),
            Object::Node(n) => store.pods_on(&n.meta.name).cloned().collect(),
            Object::Service(s) => store
                .in_namespace::<Pod>(&s.meta.namespace)
                .filter(|p| super::super::controllers::endpointslice::selected(s, &p.meta.labels))
                .cloned()
                .collect(),
            other => of_owner(&other.meta().uid),
        }
    }

    fn pod_fact(&self, p: &Arc<Pod>) -> Value {
        let word = pod_word::pod_word(p);
        let waiting = p.status.containers.iter().find_map(|c| match &c.state {
            ContainerState::Waiting { reason, .. } if !reason.is_empty() => Some(reason.clone()),
            ContainerState::Terminated(t) => Some(t.reason.clone()),
            _ => None,
        });
        let reason = p.status.reason.clone().or(waiting);
        json!({
            "name": &*p.meta.name, "namespace": &*p.meta.namespace, "app": &*app_of(&self.api.store, p), "uid": &*p.meta.uid,
            "phase": format!("{:?}", p.status.phase), "status": word.status, "reason": reason.as_deref().unwrap_or(""),
            "ready": p.is_ready(), "restarts": word.restarts, "node": p.node.as_deref().unwrap_or(""),
            "image": image(Some(&p.spec)), "ip": p.status.pod_ip.as_deref().unwrap_or(""), "terminating": p.meta.is_deleting(),
            "labels": p.meta.labels.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect::<serde_json::Map<_, _>>(),
        })
    }

    fn node_fact(&self, n: &Arc<Node>) -> Value {
        let effect = |e: TaintEffect| format!("{e:?}");
        let state = self.machine.host(&n.meta.name).map_or_else(|| "unknown".into(), |h| format!("{:?}", h.state).to_lowercase());
        json!({
            "name": &*n.meta.name, "ready": is_ready(n), "status": node_word(n), "unschedulable": n.unschedulable, "state": state,
            "zone": n.meta.label("topology.kubernetes.io/zone").unwrap_or(""),
            "taints": n.taints.iter().map(|t| format!("{}:{}", t.key, effect(t.effect))).collect::<Vec<_>>(),
            "pods": self.api.store.pods_on(&n.meta.name).count(),
        })
    }

    fn service_fact(&self, s: &Arc<Service>) -> Value {
        let ready = super::super::network::slices_of(&self.api.store, s).flat_map(|s| s.endpoints.iter()).filter(|e| e.ready).count();
        let ingress = s.status.load_balancer.as_ref().and_then(|l| l.ingress.as_ref()).and_then(|i| i.first()).and_then(|i| i.ip.clone());
        json!({
            "name": &*s.meta.name, "namespace": &*s.meta.namespace, "type": s.spec.type_.as_deref().unwrap_or("ClusterIP"),
            "cluster_ip": s.spec.cluster_ip.as_deref().unwrap_or(""), "external_ip": ingress.unwrap_or_default(), "endpoints": ready,
        })
    }

    /// Declared: what Deployments, ReplicaSets and bare pods want. Serving: ready, and not on its way out.
    pub(super) fn count_copies(&self) -> Copies {
        let store = &self.api.store;
        let mut copies = Copies::default();
        for d in store.all::<Deployment>().filter(|d| !d.meta.is_deleting()) {
            copies.declared += d.spec.replicas.unwrap_or(1).max(0) as u32;
        }
        for rs in store.all::<ReplicaSet>().filter(|rs| rs.meta.controller().is_none() && !rs.meta.is_deleting()) {
            copies.declared += rs.replicas.max(0) as u32;
        }
        copies.declared += store.alone();
        let up = self.machine.hosts().filter(|h| h.state == crate::machine::HostState::Up);
        copies.serving = up.map(|h| store.serving_on(&h.spec.name)).sum();
        copies
    }
}

/// Where a bare name is looked for, in this order.
const LIKELY: [Kind; 6] = [Kind::Deployment, Kind::Pod, Kind::Service, Kind::ReplicaSet, Kind::Node, Kind::ConfigMap];

/// `deployment/web`, `deploy/ns/web`, `web`: kind, namespace (may be empty) and name.
fn parse(word: &str) -> (Option<Kind>, &str, &str) {
    let (kind, rest) = match word.split_once('/') {
        Some((k, rest)) => match Kind::from_word(k) {
            Some(kind) => (Some(kind), rest),
            None => (None, word),
        },
        None => (None, word),
    };
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    (kind, namespace, name)
}

fn image(spec: Option<&k8s_openapi::api::core::v1::PodSpec>) -> Value {
    spec.and_then(|s| s.containers.first()).and_then(|c| c.image.as_deref()).unwrap_or("").into()
}

pub(super) fn is_ready(n: &Node) -> bool {
    n.condition("Ready").is_some_and(|c| c.status == Tri::True)
}

/// The STATUS column of `kubectl get nodes` (pkg/printers/internalversion/printers.go, printNode).
pub(super) fn node_word(n: &Node) -> String {
    let mut words = vec![match n.condition("Ready").map(|c| c.status) {
        Some(Tri::True) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }];
    if n.unschedulable {
        words.push("SchedulingDisabled");
    }
    words.join(",")
}

fn deployment_fact(d: &Arc<Deployment>) -> Value {
    let n = |v: Option<i32>| v.unwrap_or(0);
    json!({
        "name": &*d.meta.name, "namespace": &*d.meta.namespace, "uid": &*d.meta.uid, "replicas": d.spec.replicas.unwrap_or(1),
        "ready": n(d.status.ready_replicas), "updated": n(d.status.updated_replicas), "available": n(d.status.available_replicas),
        "image": image(d.spec.template.spec.as_ref()), "paused": d.spec.paused.unwrap_or(false),
        "revision": d.meta.annotation(REVISION).and_then(|r| r.parse::<i64>().ok()).unwrap_or(0),
    })
}

/// The exit code with which a container of these pods ended last; -1 if none has.
fn last_exit_code(pods: &[Arc<Pod>]) -> i32 {
    let ended = pods.iter().flat_map(|p| p.status.containers.iter()).filter_map(|c| match &c.state {
        ContainerState::Terminated(t) => Some(t),
        _ => c.last_state.as_ref(),
    });
    ended.max_by_key(|t| t.finished_at).map_or(-1, |t| t.exit_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects() {
        assert_eq!(parse("deployment/web"), (Some(Kind::Deployment), "", "web"));
        assert_eq!(parse("deploy/shop/web"), (Some(Kind::Deployment), "shop", "web"));
        assert_eq!(parse("shop/web"), (None, "shop", "web"));
        assert_eq!(parse("web"), (None, "", "web"));
    }
}
