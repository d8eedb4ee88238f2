//! The Deployment controller: ReplicaSets per template, rolled over within maxSurge and maxUnavailable.
//! Follows: pkg/controller/deployment/deployment_controller.go, sync.go.

mod history;
mod recreate;
mod rolling;
mod scale;
mod status;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::DeploymentSpec;

use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Deployment, Object, Pod, ReplicaSet, Typed};
use crate::worlds::kubernetes::api::store::{Store, WatchEvent};
use crate::worlds::kubernetes::kinds::Kind;

use super::queue::Item;
use super::table::Id;
use super::util::{controller_ref, owner_of, release, scaled, selects, selects_all};
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::Deployment, Kind::ReplicaSet, Kind::Pod];

/// `deployment.kubernetes.io/revision`
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// `deployment.kubernetes.io/revision-history`
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// `deployment.kubernetes.io/desired-replicas`
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// `deployment.kubernetes.io/max-replicas`
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// The label that tells a Deployment's ReplicaSets and their pods apart.
pub const TEMPLATE_HASH: &str = "pod-template-hash";

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    match event.object() {
        Object::Deployment(d) => m.add(Id::Deployment, Item::new(Kind::Deployment, d.meta.key()), ctl),
        Object::ReplicaSet(rs) => {
            let old = event.old.as_ref().and_then(ReplicaSet::of);
            let owner = |rs: &ReplicaSet| owner_of(&rs.meta, Kind::Deployment).map(|o| Key::new(rs.meta.namespace.clone(), o.name.clone()));
            let is = owner(rs);
            if let Some(was) = old.and_then(|o| owner(o)).filter(|w| Some(w) != is.as_ref()) {
                m.add(Id::Deployment, Item::new(Kind::Deployment, was), ctl);
            }
            match is {
                Some(key) => m.add(Id::Deployment, Item::new(Kind::Deployment, key), ctl),
                None if event.new.is_some() => {
                    let keys: Vec<Key> = m
                        .cache
                        .in_namespace::<Deployment>(&rs.meta.namespace)
                        .filter(|d| selects(&d.spec.selector, &rs.meta.labels))
                        .map(|d| d.meta.key())
                        .collect();
                    for key in keys {
                        m.add(Id::Deployment, Item::new(Kind::Deployment, key), ctl);
                    }
                }
                None => {}
            }
        }
        // Only Recreate waits for pods to be gone.
        Object::Pod(pod) if event.new.is_none() => {
            let rs = owner_of(&pod.meta, Kind::ReplicaSet).map(|o| Key::new(pod.meta.namespace.clone(), o.name.clone()));
            let rs = rs.and_then(|key| m.cache.typed::<ReplicaSet>(&key).cloned());
            let key = rs.and_then(|rs| owner_of(&rs.meta, Kind::Deployment).map(|o| Key::new(rs.meta.namespace.clone(), o.name.clone())));
            let Some(d) = key.and_then(|key| m.cache.typed::<Deployment>(&key).cloned()) else { return };
            let pods_left = m.cache.owned_by::<ReplicaSet>(&d.meta.uid).any(|rs| m.cache.owned_by::<Pod>(&rs.meta.uid).next().is_some());
            if is_recreate(&d.spec) && !pods_left {
                m.add(Id::Deployment, Item::new(Kind::Deployment, d.meta.key()), ctl);
            }
        }
        _ => {}
    }
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let cache = m.cache.clone();
    let Some(d) = cache.typed::<Deployment>(&item.key).cloned() else { return Ok(Next::Done) };
    let mut s = Sync { cache: &cache, d: Deployment::clone(&d), next: Next::Done, sets: Vec::new(), ctl };
    if selects_all(&s.d.spec.selector) {
        let about = Object::Deployment(d);
        s.ctl.event(&about, true, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
        if s.d.status.observed_generation.unwrap_or(0) < s.d.meta.generation {
            s.d.status.observed_generation = Some(s.d.meta.generation);
            s.ctl.update_status(s.d.clone(), "the selector is empty")?;
        }
        return Ok(Next::Done);
    }
    s.claim(m)?;
    if s.d.meta.is_deleting() {
        let (new, old) = s.revisions(false)?;
        s.sync_status(&new, &old)?;
        return Ok(s.next);
    }
    s.check_paused()?;
    if s.d.spec.paused.unwrap_or(false) || s.is_scaling()? {
        s.scale_or_hold()?;
    } else if is_recreate(&s.d.spec) {
        s.recreate()?;
    } else {
        s.roll()?;
    }
    Ok(s.next)
}

/// One reconcile of one Deployment. `d` is our copy of what the cache holds: a second write in one reconcile meets a conflict, as the
/// real controller does, and is repeated with a fresh copy.
struct Sync<'a, 'c> {
    cache: &'a Store,
    ctl: &'a mut Ctl<'c>,
    d: Deployment,
    /// The ReplicaSets that are ours.
    sets: Vec<Arc<ReplicaSet>>,
    next: Next,
}

/// The ReplicaSet of the present template, if there is one.
type NewSet = Option<Arc<ReplicaSet>>;

impl Sync<'_, '_> {
    fn wanted(&self) -> i32 {
        self.d.spec.replicas.unwrap_or(1)
    }

    fn about(&self) -> Object {
        Object::Deployment(Arc::new(self.d.clone()))
    }

    /// Adoption and release (pkg/controller/controller_ref_manager.go).
    fn claim(&mut self, m: &Manager) -> Result<(), ApiError> {
        let (uid, deleting) = (self.d.meta.uid.clone(), self.d.meta.is_deleting());
        for rs in self.cache.owned_by::<ReplicaSet>(&uid) {
            if selects(&self.d.spec.selector, &rs.meta.labels) {
                self.sets.push(rs.clone());
            } else if !deleting {
                let mut freed = ReplicaSet::clone(rs);
                release(&mut freed.meta, &uid);
                let why = format!("released by Deployment {}: its labels no longer match the selector", self.d.meta.name);
                match self.ctl.update(freed, false, &why) {
                    Err(e) if e.code != 404 => return Err(e),
                    _ => {}
                }
            }
        }
        if deleting {
            return Ok(());
        }
        for key in m.orphans(Kind::ReplicaSet, &self.d.meta.namespace) {
            let Some(rs) = self.cache.typed::<ReplicaSet>(key) else { continue };
            if rs.meta.is_deleting() || rs.meta.controller().is_some() || !selects(&self.d.spec.selector, &rs.meta.labels) {
                continue;
            }
            let live = self.ctl.api.store.typed::<Deployment>(&self.d.meta.key());
            if live.is_none_or(|l| l.meta.uid != uid || l.meta.is_deleting()) {
                break;
            }
            let mut taken = ReplicaSet::clone(rs);
            Arc::make_mut(&mut taken.meta.owners).push(controller_ref(&self.about()));
            let why = format!("adopted by Deployment {}: its labels match and it has no controller", self.d.meta.name);
            match self.ctl.update(taken, false, &why) {
                Ok(object) => self.sets.extend(ReplicaSet::of(&object).cloned()),
                Err(e) if e.code == 404 => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Writes our copy's status (and its annotations, which the status strategy lets through).
    fn put_status(&mut self, why: &str) -> Result<(), ApiError> {
        self.ctl.update_status(self.d.clone(), why).map(|_| ())
    }
}

/// `strategy.type: Recreate`
fn is_recreate(spec: &DeploymentSpec) -> bool {
    spec.strategy.as_ref().and_then(|s| s.type_.as_deref()) == Some("Recreate")
}

/// (maxSurge, maxUnavailable) in pods; both zero would never move, so then one may be unavailable (ResolveFenceposts).
fn fenceposts(spec: &DeploymentSpec) -> (i32, i32) {
    let n = spec.replicas.unwrap_or(1);
    let rolling = spec.strategy.as_ref().and_then(|s| s.rolling_update.as_ref());
    let surge = rolling.and_then(|r| r.max_surge.as_ref()).map_or(0, |v| scaled(v, n, true));
    let unavailable = rolling.and_then(|r| r.max_unavailable.as_ref()).map_or(0, |v| scaled(v, n, false));
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

fn max_surge(spec: &DeploymentSpec) -> i32 {
    if is_recreate(spec) { 0 } else { fenceposts(spec).0 }
}

fn max_unavailable(spec: &DeploymentSpec) -> i32 {
    let n = spec.replicas.unwrap_or(1);
    if is_recreate(spec) || n == 0 { 0 } else { fenceposts(spec).1.min(n) }
}

/// Σ spec.replicas
fn spec_total<'a>(sets: impl IntoIterator<Item = &'a Arc<ReplicaSet>>) -> i32 {
    sets.into_iter().map(|rs| rs.replicas).sum()
}

/// Σ status.availableReplicas
fn available_total<'a>(sets: impl IntoIterator<Item = &'a Arc<ReplicaSet>>) -> i32 {
    sets.into_iter().map(|rs| rs.status.available_replicas.unwrap_or(0)).sum()
}

/// Oldest first, then by name.
fn by_age(sets: &mut [Arc<ReplicaSet>]) {
    sets.sort_by(|a, b| a.meta.created.cmp(&b.meta.created).then_with(|| a.meta.name.cmp(&b.meta.name)));
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::{DeploymentStrategy, RollingUpdateDeployment};
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

    use super::*;

    #[test]
    fn fenceposts_of_upstream() {
        let spec = |n: i32, surge: Option<&str>, unavailable: Option<&str>| {
            let value = |s: &str| s.parse().map_or_else(|_| IntOrString::String(s.into()), IntOrString::Int);
            DeploymentSpec {
                replicas: Some(n),
                strategy: Some(DeploymentStrategy {
                    type_: Some("RollingUpdate".into()),
                    rolling_update: Some(RollingUpdateDeployment { max_surge: surge.map(value), max_unavailable: unavailable.map(value) }),
                }),
                ..DeploymentSpec::default()
            }
        };
        for (n, surge, unavailable, want) in [
            (10, Some("39%"), Some("39%"), (4, 3)),
            (10, None, Some("39%"), (0, 3)),
            (10, Some("39%"), None, (4, 0)),
            (10, None, None, (0, 1)),
            (0, Some("0%"), Some("0%"), (0, 1)),
            (4, Some("25%"), Some("25%"), (1, 1)),
            (3, Some("25%"), Some("25%"), (1, 0)),
            (10, Some("25%"), Some("25%"), (3, 2)),
        ] {
            assert_eq!(fenceposts(&spec(n, surge, unavailable)), want, "{n} {surge:?} {unavailable:?}");
        }
        assert_eq!(max_unavailable(&spec(5, None, Some("10"))), 5);
        assert_eq!(max_unavailable(&spec(0, None, Some("1"))), 0);
    }
}
