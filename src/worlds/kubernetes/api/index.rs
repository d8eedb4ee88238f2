//! What the store can be asked for besides a key: pods of a node, of an owner and of a set of labels, Services that could select a pod,
//! slices of a Service, and how many pods serve. Kept with every write, so that nobody walks over all objects to find a few.

use std::sync::Arc;

use crate::kernel::{Map, Set};
use crate::worlds::kubernetes::kinds::Kind;

use super::meta::{Key, Labels, Name};
use super::object::{EndpointSlice, Object, Pod, Service, Typed};

/// The label of a slice that names its Service.
pub(in crate::worlds::kubernetes) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// All indexes. Cloning them costs nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    /// Pods by node name; those without a node under an empty one.
    by_node: Map<Name, Set<Key>>,
    /// Objects by their controller's uid.
    by_owner: Map<Name, Map<(Kind, Key), Object>>,
    /// Pods by namespace and labels: those of one template have the same.
    by_labels: Map<(Name, Labels), Map<Key, Arc<Pod>>>,
    /// Services by namespace and the first pair of their selector.
    by_selector: Map<(Name, Name, Name), Set<Key>>,
    /// EndpointSlices by the Service they name.
    by_service: Map<Key, Set<Key>>,
    /// Ready pods that are not on their way out, by node.
    serving_on: Map<Name, u32>,
    /// Pods without a controller that are not on their way out.
    alone: u32,
}

impl Indexes {
    pub fn on_node(&self, node: &str) -> impl Iterator<Item = &Key> {
        self.by_node.get(node).into_iter().flat_map(|s| s.iter())
    }
    pub fn nodes(&self) -> impl Iterator<Item = &Name> {
        self.by_node.keys()
    }
    pub fn count_on(&self, node: &str) -> usize {
        self.by_node.get(node).map_or(0, |s| s.len())
    }
    pub fn owned_by<'a, T: Typed + 'static>(&'a self, uid: &str) -> impl Iterator<Item = &'a Arc<T>> {
        self.by_owner.get(uid).into_iter().flat_map(|m| m.iter()).filter(|((k, _), _)| *k == T::KIND).filter_map(|(_, o)| T::of(o))
    }
    pub fn with_labels<'a>(&'a self, namespace: &'a Name, fits: impl Fn(&Labels) -> bool + 'a) -> impl Iterator<Item = &'a Arc<Pod>> {
        self.by_labels
            .range((namespace.clone(), Labels::default())..)
            .take_while(move |((ns, _), _)| ns == namespace)
            .filter(move |((_, labels), _)| fits(labels))
            .flat_map(|(_, pods)| pods.values())
    }
    /// Services with a selector pair among these labels: each that selects them, and perhaps others.
    pub fn candidates<'a>(&'a self, namespace: &'a Name, labels: &'a Labels) -> impl Iterator<Item = &'a Key> {
        let pair = |(k, v): (&Name, &Name)| (namespace.clone(), k.clone(), v.clone());
        labels.iter().filter_map(move |l| self.by_selector.get(&pair(l))).flat_map(|s| s.iter())
    }
    pub fn slices_of<'a>(&'a self, service: &Key) -> impl Iterator<Item = &'a Key> + use<'a> {
        self.by_service.get(service).into_iter().flat_map(|s| s.iter())
    }
    pub fn serving_on(&self, node: &str) -> u32 {
        self.serving_on.get(node).copied().unwrap_or(0)
    }
    pub fn alone(&self) -> u32 {
        self.alone
    }

    /// An object was written over another, for the first time, or removed.
    pub fn change(&mut self, old: Option<&Object>, new: Option<&Object>) {
        self.owner_changes(old, new);
        match new.or(old) {
            Some(Object::Pod(_)) => self.pod_changes(old.and_then(Pod::of), new.and_then(Pod::of)),
            Some(Object::Service(_)) => self.service_changes(old.and_then(Service::of), new.and_then(Service::of)),
            Some(Object::EndpointSlice(_)) => self.slice_changes(old.and_then(EndpointSlice::of), new.and_then(EndpointSlice::of)),
            _ => {}
        }
    }

    fn owner_changes(&mut self, old: Option<&Object>, new: Option<&Object>) {
        let owner = |o: &Object| o.meta().controller().map(|c| c.uid.clone());
        let (a, b) = (old.and_then(owner), new.and_then(owner));
        if a != b
            && let (Some(uid), Some(o)) = (a, old)
            && let Some(map) = self.by_owner.get_mut(&uid)
        {
            map.remove(&(o.kind(), o.key()));
            if map.is_empty() {
                self.by_owner.remove(&uid);
            }
        }
        if let (Some(uid), Some(o)) = (b, new) {
            self.by_owner.entry(uid).or_default().insert((o.kind(), o.key()), o.clone());
        }
    }

    fn pod_changes(&mut self, old: Option<&Arc<Pod>>, new: Option<&Arc<Pod>>) {
        let node = |p: &Arc<Pod>| p.node.clone().unwrap_or_default();
        let (a, b) = (old.map(node), new.map(node));
        if a != b {
            if let (Some(n), Some(p)) = (a, old) {
                drop_from(&mut self.by_node, &n, &p.meta.key());
            }
            if let (Some(n), Some(p)) = (b, new) {
                self.by_node.entry(n).or_default().insert(p.meta.key());
            }
        }
        let same_labels = match (old, new) {
            (Some(a), Some(b)) => Arc::ptr_eq(&a.meta.labels, &b.meta.labels) || a.meta.labels == b.meta.labels,
            _ => false,
        };
        let class = |p: &Arc<Pod>| (p.meta.namespace.clone(), p.meta.labels.clone());
        if let Some(p) = old.filter(|_| !same_labels)
            && let Some(pods) = self.by_labels.get_mut(&class(p))
        {
            pods.remove(&p.meta.key());
            if pods.is_empty() {
                self.by_labels.remove(&class(p));
            }
        }
        if let Some(p) = new {
            self.by_labels.entry(class(p)).or_default().insert(p.meta.key(), p.clone());
        }
        self.count(old, false);
        self.count(new, true);
    }

    fn count(&mut self, pod: Option<&Arc<Pod>>, comes: bool) {
        let Some(pod) = pod.filter(|p| p.is_active()) else { return };
        if pod.meta.controller().is_none() {
            self.alone = if comes { self.alone + 1 } else { self.alone.saturating_sub(1) };
        }
        if let (Some(node), true) = (&pod.node, pod.is_ready()) {
            let n = self.serving_on.entry(node.clone()).or_insert(0);
            *n = if comes { *n + 1 } else { n.saturating_sub(1) };
            if *n == 0 {
                self.serving_on.remove(node);
            }
        }
    }

    fn service_changes(&mut self, old: Option<&Arc<Service>>, new: Option<&Arc<Service>>) {
        let pair = |s: &Arc<Service>| {
            let (k, v) = s.spec.selector.as_ref()?.first_key_value()?;
            Some((s.meta.namespace.clone(), Name::from(k.as_str()), Name::from(v.as_str())))
        };
        let (a, b) = (old.and_then(pair), new.and_then(pair));
        if a == b {
            return;
        }
        if let (Some(at), Some(s)) = (a, old) {
            drop_from(&mut self.by_selector, &at, &s.meta.key());
        }
        if let (Some(at), Some(s)) = (b, new) {
            self.by_selector.entry(at).or_default().insert(s.meta.key());
        }
    }

    fn slice_changes(&mut self, old: Option<&Arc<EndpointSlice>>, new: Option<&Arc<EndpointSlice>>) {
        let service = |s: &Arc<EndpointSlice>| s.meta.label(SERVICE_NAME).map(|n| Key::new(s.meta.namespace.clone(), n));
        let (a, b) = (old.and_then(service), new.and_then(service));
        if a == b {
            return;
        }
        if let (Some(at), Some(s)) = (a, old) {
            drop_from(&mut self.by_service, &at, &s.meta.key());
        }
        if let (Some(at), Some(s)) = (b, new) {
            self.by_service.entry(at).or_default().insert(s.meta.key());
        }
    }
}

fn drop_from<K: Ord + Clone, T: Ord + Clone>(index: &mut Map<K, Set<T>>, at: &K, item: &T) {
    if let Some(set) = index.get_mut(at) {
        set.remove(item);
        if set.is_empty() {
            index.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::store::Store;
    use super::*;
    use crate::kernel::Stream;
    use crate::worlds::kubernetes::controllers::endpointslice::selected;
    use crate::worlds::kubernetes::kinds;

    fn pod(d: &mut Stream, n: u64) -> Object {
        let mut o = kinds::from_json(&json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("p{n}"), "namespace": if d.chance(1, 2) { "a" } else { "b" }, "uid": format!("u{n}"),
                "labels": {"app": format!("x{}", d.below(3)), "tier": format!("t{}", d.below(2))}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": if d.chance(1, 2) { "True" } else { "False" }}]}}))
        .unwrap();
        if let Object::Pod(p) = &mut o {
            Arc::make_mut(p).node = d.chance(2, 3).then(|| format!("n{}", d.below(3)).into());
        }
        if d.chance(1, 2) {
            let owner = json!({"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r",
                "uid": format!("r{}", d.below(3)), "controller": true}]}});
            let mut v = kinds::to_json(&o);
            v["metadata"]["ownerReferences"] = owner["metadata"]["ownerReferences"].clone();
            let node = Pod::of(&o).and_then(|p| p.node.clone());
            o = kinds::from_json(&v).unwrap();
            if let Object::Pod(p) = &mut o {
                Arc::make_mut(p).node = node;
            }
        }
        o
    }

    /// Whatever is written, the indexes answer as a walk over everything does.
    #[test]
    fn indexes_agree_with_a_walk() {
        for seed in 0..20 {
            let mut d = Stream::derive(seed, "indexes");
            let mut store = Store::default();
            for n in 0..3 {
                let selector = json!({"app": format!("x{n}"), "tier": format!("t{}", d.below(2))});
                let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{n}"), "namespace": "a"},
                    "spec": {"selector": selector, "ports": [{"port": 80}]}});
                store.put(kinds::from_json(&service).unwrap(), None);
            }
            for _ in 0..120 {
                let n = d.below(12);
                if d.chance(1, 4) {
                    let namespace = if d.chance(1, 2) { "a" } else { "b" };
                    store.remove(Kind::Pod, &Key::new(namespace, format!("p{n}")), None);
                } else {
                    store.put(pod(&mut d, n), None);
                }
            }
            let all = || store.all::<Pod>();
            let mut serving: BTreeMap<Name, u32> = BTreeMap::new();
            for p in all().filter(|p| p.is_active() && p.is_ready()) {
                if let Some(n) = &p.node {
                    *serving.entry(n.clone()).or_default() += 1;
                }
            }
            for n in ["n0", "n1", "n2", "n3"] {
                assert_eq!(store.serving_on(n), serving.get(n).copied().unwrap_or(0), "seed {seed}");
                let there: Vec<Key> = store.pods_on(n).map(|p| p.meta.key()).collect();
                let walked: Vec<Key> = all().filter(|p| p.node.as_deref() == Some(n)).map(|p| p.meta.key()).collect();
                assert_eq!(there, walked);
            }
            assert_eq!(store.alone() as usize, all().filter(|p| p.is_active() && p.meta.controller().is_none()).count());
            for r in ["r0", "r1", "r2"] {
                let owned: Vec<&Arc<Pod>> = store.owned_by::<Pod>(r).collect();
                let walked: Vec<&Arc<Pod>> = all().filter(|p| p.meta.controller().is_some_and(|c| &*c.uid == r)).collect();
                assert_eq!(owned, walked);
            }
            for service in store.all::<Service>() {
                let namespace = service.meta.namespace.clone();
                let mut found: Vec<Key> = store.pods_with(&namespace, |l| selected(service, l)).map(|p| p.meta.key()).collect();
                found.sort();
                let fits = |p: &&Arc<Pod>| p.meta.namespace == namespace && selected(service, &p.meta.labels);
                assert_eq!(found, all().filter(fits).map(|p| p.meta.key()).collect::<Vec<_>>(), "seed {seed}");
                for p in all().filter(fits) {
                    let near: Vec<&Arc<Service>> = store.services_for(&p.meta.namespace, &p.meta.labels).collect();
                    assert!(near.contains(&service), "seed {seed}");
                }
            }
        }
    }
}
