//! The namespace controller: empties a namespace that is being deleted, pods first; and the default ServiceAccount of every namespace.
//! Follows: pkg/controller/namespace/{namespace_controller,deletion/namespaced_resources_deleter}.go, pkg/controller/serviceaccount.

use serde_json::json;
use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::api::meta::{Key, Meta};
use crate::worlds::kubernetes::api::object::{Generic, Namespace, Object, Pod};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::{KINDS, Kind};
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::Namespace];

/// namespaceDeletionGracePeriod: a namespace is looked at so long after it changed.
const DELETION_GRACE: SimDuration = SimDuration::from_secs(5);
/// finalizerEstimateSeconds
const FINALIZER_ESTIMATE: u64 = 15;

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    if let Some(Object::Namespace(ns)) = &event.new
        && ns.terminating
    {
        m.add_after(Id::Namespace, Item::new(Kind::Namespace, ns.meta.key()), DELETION_GRACE, ctl);
    }
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let Some(ns) = m.cache.typed::<Namespace>(&item.key).cloned().filter(|ns| ns.terminating) else { return Ok(Next::Done) };
    let name = &ns.meta.name;
    let why = format!("namespace {name} is being deleted");
    let now = ctl.cx.now;
    let pods: Vec<Arc<Pod>> = ctl.api.store.in_namespace::<Pod>(name).cloned().collect();
    if !pods.is_empty() {
        for pod in pods.iter().filter(|p| !p.meta.is_deleting()) {
            missing_is_fine(ctl.delete(Kind::Pod, &pod.meta.key(), DeleteOptions::default(), &why))?;
        }
        // Again after half of the longest grace that is left, and a second.
        let left = ctl.api.store.in_namespace::<Pod>(name).filter_map(|p| p.meta.deletion).map(|d| d.at.since(now).as_secs()).max();
        return Ok(match left {
            None => Next::After(SimDuration::from_secs(1)),
            Some(seconds) => Next::After(SimDuration::from_secs(seconds / 2 + 1)),
        });
    }
    for info in KINDS.iter().filter(|i| i.namespaced && i.id != Kind::Pod) {
        let keys: Vec<Key> = ctl.api.store.namespaced(info.id, name).filter(|o| !o.meta().is_deleting()).map(Object::key).collect();
        for key in keys {
            missing_is_fine(ctl.delete(info.id, &key, DeleteOptions::default(), &why))?;
        }
    }
    if KINDS.iter().filter(|i| i.namespaced).any(|i| ctl.api.store.namespaced(i.id, name).next().is_some()) {
        return Ok(Next::After(SimDuration::from_secs(FINALIZER_ESTIMATE / 2 + 1)));
    }
    ctl.api.remove(Kind::Namespace, &item.key, &mut ctl.cx, &ctl.actor, "nothing is left in it")?;
    Ok(Next::Done)
}

fn missing_is_fine(result: Result<(), crate::worlds::kubernetes::api::ApiError>) -> Result<(), crate::worlds::kubernetes::api::ApiError> {
    match result {
        Err(e) if e.code != 404 => Err(e),
        _ => Ok(()),
    }
}

pub(super) mod accounts {
    //! ServiceAccount `default` and ConfigMap `kube-root-ca.crt` in every namespace, made again if deleted.

    use super::*;

    pub(in super::super) const WATCHES: &[Kind] = &[Kind::Namespace, Kind::ServiceAccount, Kind::ConfigMap];

    const ROOT_CA: &str = "kube-root-ca.crt";

    pub(in super::super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
        let meta = event.object().meta();
        let namespace = match event.kind() {
            Kind::Namespace if event.new.is_some() => &meta.name,
            Kind::ServiceAccount if event.new.is_none() && &*meta.name == "default" => &meta.namespace,
            Kind::ConfigMap if event.new.is_none() && &*meta.name == ROOT_CA => &meta.namespace,
            _ => return,
        };
        let item = Item::new(Kind::Namespace, Key::new("", namespace.clone()));
        m.add(Id::Accounts, item, ctl);
    }

    pub(in super::super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
        let Some(ns) = m.cache.typed::<Namespace>(&item.key).filter(|ns| !ns.terminating).cloned() else { return Ok(Next::Done) };
        let wanted = [
            (Kind::ServiceAccount, "default", json!({})),
            (Kind::ConfigMap, ROOT_CA, json!({"data": {"ca.crt": "the certificate of this simulated cluster's authority\n"}})),
        ];
        for (kind, name, body) in wanted {
            let key = Key::new(ns.meta.name.clone(), name);
            if ctl.api.store.get(kind, &key).is_none() {
                let meta = Meta { name: name.into(), namespace: ns.meta.name.clone(), ..Meta::default() };
                ctl.create(Generic { kind, meta, body: Arc::new(body) }, "every namespace has one")?;
            }
        }
        Ok(Next::Done)
    }
}
