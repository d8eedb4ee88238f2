//! The ReplicaSet controller: as many active pods as wanted, created in growing batches, deleted in a fixed order of rank.
//! Follows: pkg/controller/replicaset/replica_set.go, replica_set_utils.go, pkg/controller/controller_utils.go.

mod expectations;
mod ranking;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSetCondition, ReplicaSetStatus};

use crate::kernel::{Map, SimDuration, SimTime};
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Labels, Meta, Name, OwnerRef};
use crate::worlds::kubernetes::api::object::{Object, Pod, PodPhase, PodStatus, ReplicaSet, Typed};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::queue::Item;
use super::table::Id;
use super::util::{controller_ref, nonzero, owner_of, release, selects};
use super::{Manager, Next, Outcome};
use expectations::Expectations;

pub(super) const WATCHES: &[Kind] = &[Kind::ReplicaSet, Kind::Pod];

/// At most so many creations or deletions per sync (BurstReplicas).
const BURST: usize = 500;

/// What the controller remembers between syncs.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    expectations: Expectations,
    /// Creations and deletions that the client's rate limit holds up.
    manages: Map<Item, Manage>,
}

/// A creation or deletion of several pods in progress.
#[derive(Clone, Debug)]
struct Manage {
    work: Work,
    /// The pods as they were seen when it began: the status is computed from them.
    active: Vec<Arc<Pod>>,
    terminating: Vec<Arc<Pod>>,
    diff: i64,
    error: Option<ApiError>,
}

#[derive(Clone, Debug)]
enum Work {
    /// So many still to create, in this batch and after it; the size of this batch.
    Create {
        in_batch: usize,
        remaining: usize,
        batch: usize,
    },
    Delete {
        pods: Vec<Key>,
    },
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::ReplicaSet(rs) => {
            let item = Item::new(Kind::ReplicaSet, rs.meta.key());
            if event.new.is_none() {
                m.replicasets.expectations.forget(&item.key);
                m.replicasets.manages.remove(&item);
            }
            m.add(Id::ReplicaSet, item, ctl);
        }
        Object::Pod(_) => observe_pod(m, event, ctl),
        _ => {}
    }
}

fn observe_pod(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    let old = event.old.as_ref().and_then(Pod::of);
    let new = event.new.as_ref().and_then(Pod::of);
    let owner = |pod: &Pod| owner_of(&pod.meta, Kind::ReplicaSet).map(|o| Key::new(pod.meta.namespace.clone(), o.name.clone()));
    match (old, new) {
        (None, Some(pod)) if !pod.meta.is_deleting() => {
            if let Some(key) = owner(pod) {
                m.replicasets.expectations.created(&key);
                enqueue(m, key, ctl);
            } else {
                enqueue_adopters(m, pod, ctl);
            }
        }
        (Some(before), Some(pod)) => {
            if let (Some(key), true) = (owner(pod), pod.meta.is_deleting()) {
                m.replicasets.expectations.deleted(&key, &pod.meta.key());
            }
            let (was, is) = (owner(before), owner(pod));
            if was != is
                && let Some(key) = was
            {
                enqueue(m, key, ctl);
            }
            match is {
                Some(key) => {
                    if !before.is_ready()
                        && pod.is_ready()
                        && let Some(seconds) = m.cache.typed::<ReplicaSet>(&key).map(|rs| min_ready_s(rs)).filter(|s| *s > 0)
                    {
                        // One second more, because the times in statuses are whole seconds.
                        let item = Item::new(Kind::ReplicaSet, key.clone());
                        m.add_after(Id::ReplicaSet, item, SimDuration::from_secs(seconds as u64 + 1), ctl);
                    }
                    enqueue(m, key, ctl);
                }
                None if before.meta.labels != pod.meta.labels || before.meta.owners != pod.meta.owners => enqueue_adopters(m, pod, ctl),
                None => {}
            }
        }
        (_, Some(pod)) | (Some(pod), None) => {
            if let Some(key) = owner(pod) {
                m.replicasets.expectations.deleted(&key, &pod.meta.key());
                enqueue(m, key, ctl);
            }
        }
        (None, None) => {}
    }
}

fn enqueue(m: &mut Manager, key: Key, ctl: &mut Ctl) {
    m.add(Id::ReplicaSet, Item::new(Kind::ReplicaSet, key), ctl);
}

/// A pod without controller wakes every ReplicaSet that could adopt it.
fn enqueue_adopters(m: &mut Manager, pod: &Pod, ctl: &mut Ctl) {
    let keys: Vec<Key> = m
        .cache
        .in_namespace::<ReplicaSet>(&pod.meta.namespace)
        .filter(|rs| selects(&rs.spec.selector, &pod.meta.labels))
        .map(|rs| rs.meta.key())
        .collect();
    for key in keys {
        enqueue(m, key, ctl);
    }
}

pub(super) fn min_ready_s(rs: &ReplicaSet) -> i32 {
    rs.spec.min_ready_seconds.unwrap_or(0)
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let Some(rs) = m.cache.typed::<ReplicaSet>(&item.key).cloned() else {
        m.replicasets.expectations.forget(&item.key);
        m.replicasets.manages.remove(item);
        return Ok(Next::Done);
    };
    // A batch that the rate limit interrupted goes on where it stopped.
    if let Some(manage) = m.replicasets.manages.remove(item) {
        return carry_on(m, item, &rs, manage, ctl);
    }
    let may_manage = m.replicasets.expectations.satisfied(&item.key, ctl.cx.now);
    let (active, terminating) = claim(m, &rs, ctl)?;
    let diff = active.len() as i64 - i64::from(rs.replicas);
    let mut manage = Manage { work: Work::Delete { pods: Vec::new() }, active, terminating, diff, error: None };
    if may_manage && !rs.meta.is_deleting() {
        if diff < 0 {
            let n = (-diff as usize).min(BURST);
            m.replicasets.expectations.expect_creations(&item.key, n, ctl.cx.now);
            manage.work = Work::Create { in_batch: 1.min(n), remaining: n, batch: 1.min(n) };
        } else if diff > 0 {
            let pods = ranking::victims(m, &rs, &manage.active, (diff as usize).min(BURST), ctl.cx.now);
            m.replicasets.expectations.expect_deletions(&item.key, &pods, ctl.cx.now);
            manage.work = Work::Delete { pods };
        }
    }
    carry_on(m, item, &rs, manage, ctl)
}

/// Creates or deletes until done or until the client's rate limit says wait; then the status.
fn carry_on(m: &mut Manager, item: &Item, rs: &Arc<ReplicaSet>, mut manage: Manage, ctl: &mut Ctl) -> Outcome {
    loop {
        let left = match &manage.work {
            Work::Create { remaining, .. } => *remaining,
            Work::Delete { pods } => pods.len(),
        };
        if left == 0 {
            break;
        }
        let wait = m.wait(Id::ReplicaSet, ctl);
        if wait > SimDuration::ZERO {
            let at = ctl.cx.now + wait;
            m.replicasets.manages.insert(item.clone(), manage);
            return Ok(Next::Suspended(at));
        }
        let before = ctl.api.store.resource_version();
        match &mut manage.work {
            Work::Create { in_batch, remaining, batch } => {
                if let Err(error) = create_pod(rs, ctl) {
                    m.replicasets.expectations.created(&item.key);
                    manage.error.get_or_insert(error);
                }
                *remaining -= 1;
                *in_batch -= 1;
                if *in_batch == 0 {
                    // Slow start: 1, 2, 4, 8 …; any error in a batch stops what would follow it.
                    if manage.error.is_some() {
                        for _ in 0..*remaining {
                            m.replicasets.expectations.created(&item.key);
                        }
                        *remaining = 0;
                    }
                    *batch = (*batch * 2).min(*remaining);
                    *in_batch = *batch;
                }
            }
            Work::Delete { pods } => {
                let key = pods.remove(0);
                if let Err(error) = delete_pod(rs, &key, ctl) {
                    m.replicasets.expectations.deleted(&item.key, &key);
                    if error.code != 404 {
                        manage.error.get_or_insert(error);
                    }
                }
            }
        }
        let writes = ctl.api.store.resource_version() - before;
        m.charge(Id::ReplicaSet, writes.max(1), ctl);
    }
    let before = ctl.api.store.resource_version();
    let next = write_status(rs, &manage, ctl);
    let writes = ctl.api.store.resource_version() - before;
    m.charge(Id::ReplicaSet, writes, ctl);
    match (manage.error, next) {
        // Failures in a namespace that goes away are no failures (HasStatusCause NamespaceTerminating).
        (Some(error), Ok(_)) if namespace_terminates(&error) => Ok(Next::Done),
        (Some(error), Ok(_)) => Err(error),
        (_, next) => next,
    }
}

fn namespace_terminates(error: &ApiError) -> bool {
    error.code == 403 && error.message.ends_with("because it is being terminated")
}

type Pods = Vec<Arc<Pod>>;

/// The pods that belong to the ReplicaSet after adoption and release: active ones, and those on their way out.
fn claim(m: &Manager, rs: &Arc<ReplicaSet>, ctl: &mut Ctl) -> Result<(Pods, Pods), ApiError> {
    let (mut active, mut terminating) = (Vec::new(), Vec::new());
    for pod in m.cache.owned_by::<Pod>(&rs.meta.uid).filter(|p| !p.is_finished()) {
        if selects(&rs.spec.selector, &pod.meta.labels) {
            if pod.meta.is_deleting() { terminating.push(pod.clone()) } else { active.push(pod.clone()) }
        } else if !rs.meta.is_deleting() {
            let mut freed = Pod::clone(pod);
            release(&mut freed.meta, &rs.meta.uid);
            let why = format!("released by ReplicaSet {}: its labels no longer match the selector", rs.meta.name);
            match ctl.update(freed, false, &why) {
                Err(e) if e.code != 404 => return Err(e),
                _ => {}
            }
        }
    }
    if rs.meta.is_deleting() {
        return Ok((active, terminating));
    }
    let orphans: Vec<Arc<Pod>> = m
        .orphans(Kind::Pod, &rs.meta.namespace)
        .filter_map(|key| m.cache.typed::<Pod>(key))
        .filter(|p| p.is_active() && p.meta.controller().is_none() && selects(&rs.spec.selector, &p.meta.labels))
        .cloned()
        .collect();
    for pod in orphans {
        // A fresh look before the first adoption: the owner must still be the one we know (RecheckDeletionTimestamp).
        let live = ctl.api.store.typed::<ReplicaSet>(&rs.meta.key());
        if live.is_none_or(|l| l.meta.uid != rs.meta.uid || l.meta.is_deleting()) {
            break;
        }
        let mut taken = Pod::clone(&pod);
        Arc::make_mut(&mut taken.meta.owners).push(controller_ref(&Object::ReplicaSet(rs.clone())));
        let why = format!("adopted by ReplicaSet {}: its labels match and it has no controller", rs.meta.name);
        match ctl.update(taken, false, &why) {
            Ok(object) => active.extend(Pod::of(&object).cloned()),
            Err(e) if e.code == 404 => {}
            Err(e) => return Err(e),
        }
    }
    Ok((active, terminating))
}

fn create_pod(rs: &Arc<ReplicaSet>, ctl: &mut Ctl) -> Result<(), ApiError> {
    let about = Object::ReplicaSet(rs.clone());
    let pod = pod_from_template(rs, controller_ref(&about));
    let why = format!("ReplicaSet {} wants {} pods", rs.meta.name, rs.replicas);
    match ctl.create(pod, &why) {
        Ok(pod) => {
            // The event belongs to the creation: both follow from what woke the ReplicaSet.
            ctl.event(&about, false, "SuccessfulCreate", &format!("Created pod: {}", pod.meta().name));
            Ok(())
        }
        Err(error) => {
            if !namespace_terminates(&error) {
                ctl.event(&about, true, "FailedCreate", &format!("Error creating: {error}"));
            }
            Err(error)
        }
    }
}

/// A pod as its template says (pkg/controller/controller_utils.go, GetPodFromTemplate).
fn pod_from_template(rs: &ReplicaSet, owner: OwnerRef) -> Pod {
    let template = rs.spec.template.as_ref().and_then(|t| t.metadata.as_ref());
    let shared = |map: Option<&std::collections::BTreeMap<String, String>>| -> Labels {
        Arc::new(map.into_iter().flatten().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect())
    };
    let meta = Meta {
        generate_name: format!("{}-", rs.meta.name).into(),
        namespace: rs.meta.namespace.clone(),
        labels: shared(template.and_then(|t| t.labels.as_ref())),
        annotations: shared(template.and_then(|t| t.annotations.as_ref())),
        owners: Arc::new(vec![owner]),
        finalizers: Arc::new(template.and_then(|t| t.finalizers.as_ref()).into_iter().flatten().map(|f| f.as_str().into()).collect()),
        ..Meta::default()
    };
    let node: Option<Name> = rs.pod_spec.node_name.as_deref().filter(|n| !n.is_empty()).map(Into::into);
    Pod { meta, spec: rs.pod_spec.clone(), node, status: PodStatus { phase: PodPhase::Pending, ..PodStatus::default() } }
}

fn delete_pod(rs: &Arc<ReplicaSet>, key: &Key, ctl: &mut Ctl) -> Result<(), ApiError> {
    let about = Object::ReplicaSet(rs.clone());
    let why = format!("ReplicaSet {} wants only {} pods", rs.meta.name, rs.replicas);
    match ctl.delete(Kind::Pod, key, DeleteOptions::default(), &why) {
        Ok(()) => {
            ctl.event(&about, false, "SuccessfulDelete", &format!("Deleted pod: {}", key.name));
            Ok(())
        }
        Err(error) => {
            if error.code != 404 {
                ctl.event(&about, true, "FailedDelete", &format!("Error deleting: {error}"));
            }
            Err(error)
        }
    }
}

/// Counts what there is (calculateStatus) and writes it if it differs.
fn write_status(rs: &Arc<ReplicaSet>, manage: &Manage, ctl: &mut Ctl) -> Outcome {
    let now = ctl.cx.now;
    let min_ready = min_ready_s(rs);
    let template = rs.spec.template.as_ref().and_then(|t| t.metadata.as_ref()).and_then(|t| t.labels.as_ref());
    let labelled = |p: &Pod| template.into_iter().flatten().all(|(k, v)| p.meta.label(k) == Some(v));
    let count = |f: &dyn Fn(&Pod) -> bool| manage.active.iter().filter(|p| f(p)).count() as i32;
    let (ready, available) = (count(&|p| p.is_ready()), count(&|p| p.is_available(min_ready, now)));
    let mut conditions = rs.status.conditions.clone();
    let failing = conditions.iter().flatten().any(|c| c.type_ == "ReplicaFailure");
    match &manage.error {
        Some(error) if !failing => conditions.get_or_insert_default().push(ReplicaSetCondition {
            type_: "ReplicaFailure".into(),
            status: "True".into(),
            reason: Some(if manage.diff < 0 { "FailedCreate" } else { "FailedDelete" }.into()),
            message: Some(error.to_string()),
            last_transition_time: Some(ctl.api.epoch.time(now)),
        }),
        None if failing => {
            if let Some(list) = &mut conditions {
                list.retain(|c| c.type_ != "ReplicaFailure");
            }
            conditions = conditions.filter(|c| !c.is_empty());
        }
        _ => {}
    }
    let status = ReplicaSetStatus {
        replicas: manage.active.len() as i32,
        fully_labeled_replicas: nonzero(count(&labelled)),
        ready_replicas: nonzero(ready),
        available_replicas: nonzero(available),
        terminating_replicas: Some(manage.terminating.len() as i32),
        observed_generation: Some(rs.meta.generation),
        conditions,
    };
    if status != rs.status {
        let why = format!("{ready} of {} pods ready", rs.replicas);
        write_with_retry(rs, status, &why, ctl)?;
    }
    // Availability comes with time alone: look again when the earliest pod will have been ready long enough.
    if min_ready > 0 && available < ready {
        let due = manage.active.iter().filter(|p| !p.is_available(min_ready, now)).filter_map(|p| available_at(p, min_ready)).min();
        if let Some(at) = due {
            return Ok(Next::After(at.since(now)));
        }
    }
    Ok(Next::Done)
}

fn available_at(pod: &Pod, min_ready_s: i32) -> Option<SimTime> {
    let ready = pod.status.condition("Ready").filter(|_| pod.is_ready())?;
    Some(ready.last_transition + SimDuration::from_secs(min_ready_s.max(0) as u64))
}

/// One retry after a fresh read (statusUpdateRetries = 1).
fn write_with_retry(rs: &Arc<ReplicaSet>, status: ReplicaSetStatus, why: &str, ctl: &mut Ctl) -> Result<(), ApiError> {
    let first = ctl.update_status(ReplicaSet { status: status.clone(), ..ReplicaSet::clone(rs) }, why);
    match first {
        Err(e) if e.code == 409 => {
            let Some(live) = ctl.api.store.typed::<ReplicaSet>(&rs.meta.key()).cloned() else {
                return Err(ApiError::not_found(Kind::ReplicaSet, &rs.meta.name));
            };
            ctl.update_status(ReplicaSet { status, ..ReplicaSet::clone(&live) }, why).map(|_| ())
        }
        // The ReplicaSet is gone; its status is nobody's concern.
        Err(e) if e.code == 404 => Ok(()),
        other => other.map(|_| ()),
    }
}
