//! The EndpointSlice controller: which addresses stand behind a Service, and in what condition.
//! Follows: pkg/controller/endpointslice/endpointslice_controller.go, staging/src/k8s.io/endpointslice/{reconciler,utils}.go.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ContainerPort, PodSpec, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::kernel::{Map, SimDuration};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Labels, Meta, Name};
use crate::worlds::kubernetes::api::object::{Endpoint, EndpointSlice, Node, Object, Pod, Service, Typed};
use crate::worlds::kubernetes::api::store::{Store, WatchEvent};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::queue::Item;
use super::table::Id;
use super::util::controller_ref;
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::Service, Kind::Pod, Kind::EndpointSlice];

pub(in crate::worlds::kubernetes) use crate::worlds::kubernetes::api::index::SERVICE_NAME;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// --max-endpoints-per-slice
const MAX_PER_SLICE: usize = 100;
/// Retries begin at a second (endpointSliceChangeMinSyncDelay, defaultSyncBackOff 1 s … 1000 s).
pub(super) fn slow_retry(usual: SimDuration) -> SimDuration {
    usual.saturating_mul(200).min(SimDuration::from_secs(1000))
}

/// Services whose slices are known to say what was so when they were last synced.
pub(super) type State = Map<Key, Arc<Synced>>;

/// What a Service's slices were made from.
#[derive(Clone, Debug)]
pub(super) struct Synced {
    /// The Service's resourceVersion, that of the last write of a node, and those of the slices.
    from: (u64, u64, Vec<u64>),
    /// Pods that have changed since: only theirs are the endpoints to look at.
    changed: BTreeSet<Key>,
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Service(s) => m.add(Id::EndpointSlice, Item::new(Kind::Service, s.meta.key()), ctl),
        Object::Pod(_) => {
            let old = event.old.as_ref().and_then(Pod::of);
            let new = event.new.as_ref().and_then(Pod::of);
            if let (Some(a), Some(b)) = (old, new)
                && !matters(a, b)
            {
                return;
            }
            let selecting = |p: &Pod| -> Vec<Key> {
                let near = m.cache.services_for(&p.meta.namespace, &p.meta.labels);
                near.filter(|s| selected(s, &p.meta.labels)).map(|s| s.meta.key()).collect()
            };
            let keys: BTreeSet<Key> = [old, new].into_iter().flatten().flat_map(|p| selecting(p)).collect();
            for key in keys {
                if let Some(synced) = m.endpoints.get_mut(&key) {
                    Arc::make_mut(synced).changed.insert(event.object().key());
                }
                m.add(Id::EndpointSlice, Item::new(Kind::Service, key), ctl);
            }
        }
        // A slice of ours that somebody else removed is made again; our own writes change nothing when looked at.
        Object::EndpointSlice(slice) if event.new.is_none() => {
            if let Some(service) = slice.meta.label(SERVICE_NAME) {
                let key = Key::new(slice.meta.namespace.clone(), service);
                m.add(Id::EndpointSlice, Item::new(Kind::Service, key), ctl);
            }
        }
        _ => {}
    }
}

/// The changes of a pod that can change an endpoint (podEndpointsChanged).
fn matters(a: &Pod, b: &Pod) -> bool {
    a.meta.labels != b.meta.labels
        || a.meta.is_deleting() != b.meta.is_deleting()
        || a.is_ready() != b.is_ready()
        || a.status.pod_ip != b.status.pod_ip
        || a.node != b.node
        || a.is_finished() != b.is_finished()
}

/// The Service's selector selects these labels; a Service without selector selects nothing.
pub fn selected(service: &Service, labels: &Labels) -> bool {
    service.spec.type_.as_deref() != Some("ExternalName")
        && service
            .spec
            .selector
            .as_ref()
            .is_some_and(|s| !s.is_empty() && s.iter().all(|(k, v)| labels.get(k.as_str()).map(|l| &**l) == Some(v)))
}

/// Name, number and protocol of each.
pub type Ports = Vec<(Name, i32, Name)>;

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let cache = m.cache.clone();
    let Some(service) = cache.typed::<Service>(&item.key).cloned() else {
        // The garbage collector removes the slices of a Service that is gone.
        return Ok(Next::Done);
    };
    if service.meta.is_deleting()
        || service.spec.selector.as_ref().is_none_or(|s| s.is_empty())
        || service.spec.type_.as_deref() == Some("ExternalName")
    {
        return Ok(Next::Done);
    }
    let existing = slices_of(&service, &cache);
    // The informer has not shown us our own last write yet: wait for it rather than write twice (ErrStaleCache).
    for slice in &existing {
        let live = ctl.api.store.typed::<EndpointSlice>(&slice.meta.key());
        if live.is_some_and(|l| l.meta.resource_version != slice.meta.resource_version) {
            return Ok(Next::After(SimDuration::from_millis(5)));
        }
    }
    if ctl.api.store.owned_by::<EndpointSlice>(&service.meta.uid).count() != existing.len() {
        return Ok(Next::After(SimDuration::from_millis(5)));
    }

    let from = |slices: &[Arc<EndpointSlice>]| {
        let slices = slices.iter().map(|s| s.meta.resource_version).collect();
        (service.meta.resource_version, cache.kind_version(Kind::Node), slices)
    };
    // Where something else has changed, or a slice loses all it has, everything is looked at.
    let changed = m.endpoints.remove(&item.key).filter(|synced| synced.from == from(&existing)).map(|synced| synced.changed.clone());
    let stays = |changed: &BTreeSet<Key>, e: &Endpoint| e.target.as_ref().is_some_and(|(pod, _)| !changed.contains(pod));
    let changed = changed.filter(|c| existing.iter().all(|s| s.endpoints.iter().any(|e| stays(c, e))));

    let mut wanted: BTreeMap<Ports, BTreeMap<Name, Endpoint>> = BTreeMap::new();
    // Pods of one template resolve ports alike.
    let mut by_spec: Vec<(Arc<PodSpec>, Ports, BTreeMap<Name, Endpoint>)> = Vec::new();
    let mut node_key = Key::default();
    let publish = service.spec.publish_not_ready_addresses.unwrap_or(false);
    let mut lost_node = false;
    let all = changed.is_none().then(|| cache.pods_with(&service.meta.namespace, |labels| selected(&service, labels)));
    let some = changed.iter().flatten().filter_map(|key| cache.typed::<Pod>(key)).filter(|p| selected(&service, &p.meta.labels));
    for pod in all.into_iter().flatten().chain(some) {
        if pod.is_finished() {
            continue;
        }
        let (Some(ip), Some(node)) = (&pod.status.pod_ip, &pod.node) else { continue };
        node_key.name = node.clone();
        let machine = cache.typed::<Node>(&node_key);
        if machine.is_none() && !publish {
            lost_node = true;
            continue;
        }
        let (serving, terminating) = (pod.is_ready(), pod.meta.is_deleting());
        let endpoint = Endpoint {
            address: ip.clone(),
            ready: publish || (serving && !terminating),
            serving,
            terminating,
            node: Some(node.clone()),
            zone: machine.and_then(|n| n.meta.labels.get("topology.kubernetes.io/zone").cloned()),
            target: Some((pod.meta.key(), pod.meta.uid.clone())),
        };
        let at = by_spec.iter().position(|(spec, ..)| Arc::ptr_eq(spec, &pod.spec)).unwrap_or_else(|| {
            by_spec.push((pod.spec.clone(), ports_of(&service, pod), BTreeMap::new()));
            by_spec.len() - 1
        });
        by_spec[at].2.insert(pod.meta.uid.clone(), endpoint);
    }
    for (_, ports, endpoints) in by_spec {
        wanted.entry(ports).or_default().extend(endpoints);
    }
    reconcile(&service, &existing, changed.as_ref().map(|c| move |e: &Endpoint| stays(c, e)), wanted, ctl)?;
    if lost_node {
        return Ok(Next::Retry);
    }
    let synced = Synced { from: from(&slices_of(&service, &ctl.api.store)), changed: BTreeSet::new() };
    m.endpoints.insert(item.key.clone(), Arc::new(synced));
    Ok(Next::Done)
}

/// The Service's slices that are this controller's.
fn slices_of(service: &Service, store: &Store) -> Vec<Arc<EndpointSlice>> {
    let ours = |s: &&Arc<EndpointSlice>| s.meta.label(MANAGED_BY) == Some(MANAGER) && !s.meta.is_deleting();
    store.owned_by::<EndpointSlice>(&service.meta.uid).filter(ours).cloned().collect()
}

/// Ports as this pod resolves them: named target ports are looked up in its containers, and one that none has is left out
/// (staging/src/k8s.io/endpointslice/utils.go, getEndpointPorts; pkg/api/v1/pod/util.go, FindPort).
pub fn ports_of(service: &Service, pod: &Pod) -> Ports {
    let resolve = |p: &ServicePort| -> Option<i32> {
        let protocol = |text: &Option<String>| text.as_deref().unwrap_or("TCP").to_string();
        match &p.target_port {
            None => Some(p.port),
            Some(IntOrString::Int(0)) => Some(p.port),
            Some(IntOrString::Int(n)) => Some(*n),
            Some(IntOrString::String(name)) => {
                let sidecars = pod.spec.init_containers.iter().flatten().filter(|c| c.restart_policy.as_deref() == Some("Always"));
                let mut ports = pod.spec.containers.iter().chain(sidecars).flat_map(|c| c.ports.iter().flatten());
                let fits = |c: &&ContainerPort| c.name.as_ref() == Some(name) && protocol(&c.protocol) == protocol(&p.protocol);
                ports.find(fits).map(|c| c.container_port)
            }
        }
    };
    let name = |p: &ServicePort| -> Name { p.name.as_deref().unwrap_or("").into() };
    let protocol = |p: &ServicePort| -> Name { p.protocol.as_deref().unwrap_or("TCP").into() };
    service.spec.ports.iter().flatten().filter_map(|p| Some((name(p), resolve(p)?, protocol(p)))).collect()
}

/// What a slice shall be: the one there is, or a new one; its ports; its endpoints.
type Plan<'a> = (Option<Arc<EndpointSlice>>, Ports, Cow<'a, [Endpoint]>);

/// Existing slices are updated in place, what is left fills them up or new ones, and a slice that is not needed is reused or deleted.
/// Endpoints that `stay` are not looked at; each slice has one then.
fn reconcile(
    service: &Arc<Service>,
    existing: &[Arc<EndpointSlice>],
    stay: Option<impl Fn(&Endpoint) -> bool>,
    mut wanted: BTreeMap<Ports, BTreeMap<Name, Endpoint>>,
    ctl: &mut Ctl,
) -> Result<(), ApiError> {
    let mut spare: Vec<Arc<EndpointSlice>> = Vec::new();
    let mut plans: Vec<Plan> = Vec::new();
    for slice in existing {
        let mut of_ports = wanted.get_mut(&*slice.ports);
        if of_ports.is_none() && stay.is_none() {
            spare.push(slice.clone());
            continue;
        }
        let mut fresh = |e: &Endpoint| of_ports.as_mut()?.remove(&e.target.as_ref()?.1);
        let kept = match &stay {
            Some(stay) if slice.endpoints.iter().all(stay) => Cow::Borrowed(&*slice.endpoints),
            Some(stay) => slice.endpoints.iter().filter_map(|e| if stay(e) { Some(e.clone()) } else { fresh(e) }).collect(),
            None => slice.endpoints.iter().filter_map(fresh).collect(),
        };
        plans.push((Some(slice.clone()), slice.ports.to_vec(), kept));
    }
    for (ports, endpoints) in wanted {
        let mut left: Vec<Endpoint> = endpoints.into_values().collect();
        left.sort_by(|a, b| a.target.cmp(&b.target));
        let mut left = left.into_iter();
        // The fullest slice that still has room first.
        let mut roomy: Vec<usize> = (0..plans.len()).filter(|i| plans[*i].1 == ports && plans[*i].2.len() < MAX_PER_SLICE).collect();
        roomy.sort_by_key(|i| std::cmp::Reverse(plans[*i].2.len()));
        for i in roomy {
            let room = MAX_PER_SLICE - plans[i].2.len();
            let more: Vec<Endpoint> = left.by_ref().take(room).collect();
            if !more.is_empty() {
                plans[i].2.to_mut().extend(more);
            }
        }
        loop {
            let chunk: Vec<Endpoint> = left.by_ref().take(MAX_PER_SLICE).collect();
            if chunk.is_empty() {
                break;
            }
            plans.push((if spare.is_empty() { None } else { Some(spare.remove(0)) }, ports.clone(), Cow::Owned(chunk)));
        }
    }
    // Emptied slices go, but one placeholder always stays.
    let mut empty: Vec<Arc<EndpointSlice>> = Vec::new();
    plans.retain(|(slice, _, endpoints)| {
        if endpoints.is_empty() {
            empty.extend(slice.clone());
        }
        !endpoints.is_empty()
    });
    spare.extend(empty);
    if plans.is_empty() {
        let placeholder = if spare.is_empty() { None } else { Some(spare.remove(0)) };
        plans.push((placeholder, Ports::new(), Cow::Owned(Vec::new())));
    }
    let sentence = |endpoints: &[Endpoint]| {
        let ready = endpoints.iter().filter(|e| e.ready).count();
        format!("{}: {ready} of {} endpoints ready", service.meta.name, endpoints.len())
    };
    let labels = labels_for(service);
    for (slice, ports, endpoints) in plans {
        let same_endpoints = |old: &EndpointSlice| matches!(endpoints, Cow::Borrowed(_)) || *old.endpoints == *endpoints;
        match slice {
            Some(old) => {
                if !same_endpoints(&old) || *old.ports != ports || old.meta.labels != labels {
                    let (why, meta) = (sentence(&endpoints), Meta { labels: labels.clone(), ..old.meta.clone() });
                    let (endpoints, address_type) = (endpoints.into_owned(), old.address_type.clone());
                    ctl.update(EndpointSlice { meta, address_type, ports: Arc::new(ports), endpoints }, true, &why)?;
                }
            }
            None => {
                let why = sentence(&endpoints);
                let meta = Meta {
                    generate_name: format!("{}-", service.meta.name).into(),
                    namespace: service.meta.namespace.clone(),
                    labels: labels.clone(),
                    owners: Arc::new(vec![controller_ref(&Object::Service(service.clone()))]),
                    ..Meta::default()
                };
                let endpoints = endpoints.into_owned();
                ctl.create(EndpointSlice { meta, address_type: "IPv4".into(), ports: Arc::new(ports), endpoints }, &why)?;
            }
        }
    }
    for slice in spare {
        let why = format!("no endpoint of {} is left in it", service.meta.name);
        match ctl.delete(Kind::EndpointSlice, &slice.meta.key(), DeleteOptions::default(), &why) {
            Err(e) if e.code != 404 => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn labels_for(service: &Service) -> Labels {
    let mut labels: BTreeMap<Name, Name> = BTreeMap::clone(&service.meta.labels);
    labels.insert(SERVICE_NAME.into(), service.meta.name.clone());
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    if service.spec.cluster_ip.as_deref() == Some("None") {
        labels.insert(HEADLESS.into(), "".into());
    }
    Arc::new(labels)
}
