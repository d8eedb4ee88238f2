//! Scaling: one ReplicaSet, or several in proportion to their size.
//! Follows: pkg/controller/deployment/sync.go (scale, scaleReplicaSet), util/deployment_util.go.

use std::sync::Arc;

use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::object::{ReplicaSet, Typed};

use super::{DESIRED_REPLICAS, MAX_REPLICAS, NewSet, Sync, is_recreate, max_surge, spec_total};

impl Sync<'_, '_> {
    /// A change of `spec.replicas` has not reached every active ReplicaSet yet.
    pub(super) fn is_scaling(&mut self) -> Result<bool, ApiError> {
        let (new, old) = self.revisions(false)?;
        let n = self.wanted();
        Ok(old.iter().chain(&new).any(|rs| rs.replicas > 0 && number(rs, DESIRED_REPLICAS).is_some_and(|desired| desired != n)))
    }

    /// Paused, or being scaled: sizes follow, no rollout (sync).
    pub(super) fn scale_or_hold(&mut self) -> Result<(), ApiError> {
        let (new, old) = self.revisions(false)?;
        self.scale(&new, &old)?;
        if self.d.spec.paused.unwrap_or(false) {
            self.clean_up(&old)?;
        }
        self.sync_status(&new, &old)
    }

    fn scale(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> Result<(), ApiError> {
        let n = self.wanted();
        if let Some(rs) = active_or_latest(new, old) {
            if rs.replicas != n {
                self.scale_to(&rs, n, &format!("{n} pods are wanted"))?;
            }
            return Ok(());
        }
        if is_saturated(new, n) {
            for rs in old.iter().filter(|rs| rs.replicas > 0) {
                self.scale_to(rs, 0, "the new ReplicaSet has every pod it wants, and all are available")?;
            }
            return Ok(());
        }
        if is_recreate(&self.d.spec) {
            return Ok(());
        }
        let mut active: Vec<Arc<ReplicaSet>> = old.iter().chain(new).filter(|rs| rs.replicas > 0).cloned().collect();
        let allowed = if n > 0 { n + max_surge(&self.d.spec) } else { 0 };
        let to_add = allowed - spec_total(&active);
        active.sort_by(|a, b| {
            let age = a.meta.created.cmp(&b.meta.created).then_with(|| a.meta.name.cmp(&b.meta.name));
            b.replicas.cmp(&a.replicas).then(if to_add > 0 { age.reverse() } else { age })
        });
        let sizes = proportions(&active, n, max_surge(&self.d.spec), self.d.status.replicas.unwrap_or(0), to_add);
        for (rs, size) in active.iter().zip(sizes) {
            self.resize(rs, size, &format!("{allowed} pods may exist, shared in proportion to the ReplicaSets' sizes"))?;
        }
        Ok(())
    }

    /// Changes a ReplicaSet's size; None if it has that size already (scaleReplicaSetAndRecordEvent).
    pub(super) fn scale_to(&mut self, rs: &Arc<ReplicaSet>, size: i32, why: &str) -> Result<Option<Arc<ReplicaSet>>, ApiError> {
        if rs.replicas == size { Ok(None) } else { self.resize(rs, size, why).map(Some) }
    }

    /// Writes size and annotations; the event only if the size changes (scaleReplicaSet).
    fn resize(&mut self, rs: &Arc<ReplicaSet>, size: i32, why: &str) -> Result<Arc<ReplicaSet>, ApiError> {
        let n = self.wanted();
        let mut copy = ReplicaSet::clone(rs);
        let annotated = set_replicas_annotations(&mut copy, n, n + max_surge(&self.d.spec));
        if rs.replicas == size && !annotated {
            return Ok(rs.clone());
        }
        copy.replicas = size;
        Arc::make_mut(&mut copy.spec).replicas = Some(size);
        let direction = if size > rs.replicas { "up" } else { "down" };
        let sentence = format!("Scaled {direction} replica set {} from {} to {size}", rs.meta.name, rs.replicas);
        let written = self.ctl.update(copy, rs.replicas != size, &format!("{sentence}: {why}"))?;
        if rs.replicas != size {
            let about = self.about();
            self.ctl.event(&about, false, "ScalingReplicaSet", &sentence);
        }
        Ok(ReplicaSet::of(&written).cloned().unwrap_or_else(|| rs.clone()))
    }
}

/// A number in one of our annotations.
pub(super) fn number(rs: &ReplicaSet, annotation: &str) -> Option<i32> {
    rs.meta.annotation(annotation)?.parse().ok()
}

/// True if an annotation changed.
pub(super) fn set_replicas_annotations(rs: &mut ReplicaSet, desired: i32, max: i32) -> bool {
    let mut changed = false;
    for (key, value) in [(DESIRED_REPLICAS, desired.to_string()), (MAX_REPLICAS, max.to_string())] {
        if rs.meta.annotation(key) != Some(&value) {
            rs.meta.set_annotation(key, &value);
            changed = true;
        }
    }
    changed
}

/// The only active ReplicaSet, or the one to grow if none is; None if there are several (FindActiveOrLatest).
fn active_or_latest(new: &NewSet, old: &[Arc<ReplicaSet>]) -> Option<Arc<ReplicaSet>> {
    let mut active = old.iter().chain(new).filter(|rs| rs.replicas > 0);
    match (active.next(), active.next()) {
        (None, _) => new.clone().or_else(|| old.iter().max_by(|a, b| a.meta.created.cmp(&b.meta.created)).cloned()),
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}

/// The new ReplicaSet is as large as wanted and all of it is available.
fn is_saturated(new: &NewSet, n: i32) -> bool {
    new.as_ref()
        .is_some_and(|rs| rs.replicas == n && number(rs, DESIRED_REPLICAS) == Some(n) && rs.status.available_replicas.unwrap_or(0) == n)
}

/// New sizes of the active ReplicaSets, given largest first (sync.go scale, GetReplicaSetProportion).
fn proportions(active: &[Arc<ReplicaSet>], n: i32, surge: i32, deployment_replicas: i32, to_add: i32) -> Vec<i32> {
    let mut added = 0;
    let mut sizes: Vec<i32> = active
        .iter()
        .map(|rs| {
            if to_add == 0 || to_add == added {
                return rs.replicas;
            }
            let share = fraction(rs, n, surge, deployment_replicas);
            let share = if to_add > 0 { share.min(to_add - added) } else { share.max(to_add - added) };
            added += share;
            rs.replicas + share
        })
        .collect();
    // What rounding left over goes to the largest.
    if let (Some(first), true) = (sizes.first_mut(), to_add != 0) {
        *first = (*first + to_add - added).max(0);
    }
    sizes
}

/// How much a ReplicaSet would change if all changed alike (getReplicaSetFraction).
fn fraction(rs: &ReplicaSet, n: i32, surge: i32, deployment_replicas: i32) -> i32 {
    if n == 0 {
        return -rs.replicas;
    }
    let before = match number(rs, MAX_REPLICAS) {
        Some(max) if max != 0 => max,
        _ if deployment_replicas == 0 => return 0,
        _ => deployment_replicas,
    };
    let (product, before) = (i64::from(rs.replicas) * i64::from(n + surge), i64::from(before));
    // Rounded half away from zero, as RoundToInt32 does; sizes are never negative.
    let size = (2 * product + before).div_euclid(2 * before);
    size as i32 - rs.replicas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SimTime;
    use crate::worlds::kubernetes::api::meta::Meta;

    fn rs(n: usize, size: i32, max: i32) -> Arc<ReplicaSet> {
        let meta = Meta { name: format!("rs{n}").into(), created: SimTime::from_secs(100 - n as u64), ..Meta::default() };
        let mut rs =
            ReplicaSet { meta, spec: Default::default(), pod_spec: Default::default(), replicas: size, status: Default::default() };
        rs.meta.set_annotation(MAX_REPLICAS, &max.to_string());
        Arc::new(rs)
    }

    /// Sizes of (new, old …) after scaling from `was` to `n`, in the order given.
    fn scale(sizes: &[i32], was: i32, n: i32, old_surge: i32, surge: i32) -> Vec<i32> {
        let all: Vec<_> = sizes.iter().enumerate().map(|(i, s)| rs(i, *s, was + old_surge)).collect();
        let mut active: Vec<_> = all.iter().filter(|r| r.replicas > 0).cloned().collect();
        let allowed = if n > 0 { n + surge } else { 0 };
        let to_add = allowed - spec_total(&active);
        active.sort_by(|a, b| {
            let age = a.meta.created.cmp(&b.meta.created);
            b.replicas.cmp(&a.replicas).then(if to_add > 0 { age.reverse() } else { age })
        });
        let sizes = proportions(&active, n, surge, was, to_add);
        all.iter().map(|r| active.iter().position(|a| a.meta.name == r.meta.name).map_or(r.replicas, |i| sizes[i])).collect()
    }

    #[test]
    fn proportional_scaling_of_upstream() {
        for (sizes, was, n, want) in [
            (&[2, 3][..], 5, 10, &[4, 6][..]),
            (&[2, 3], 5, 3, &[1, 2]),
            (&[8, 1], 9, 4, &[4, 0]),
            (&[2, 3, 2], 7, 10, &[3, 4, 3]),
            (&[2, 8, 3], 13, 8, &[1, 5, 2]),
            (&[1, 1, 1], 3, 4, &[2, 1, 1]),
            (&[1, 1, 1], 3, 2, &[1, 1, 0]),
            (&[3, 2, 1], 6, 0, &[0, 0, 0]),
        ] {
            assert_eq!(scale(sizes, was, n, 0, 0), want, "{sizes:?} {was} to {n}");
        }
        assert_eq!(scale(&[6, 6], 10, 20, 2, 2), [11, 11]);
        assert_eq!(scale(&[5, 8], 10, 50, 3, 6), [22, 34]);
    }

    #[test]
    fn fractions_of_upstream() {
        assert_eq!(fraction(&rs(0, 50, 100), 120, 0, 0), 10);
        assert_eq!(fraction(&rs(0, 50, 110), 120, 10, 0), 9);
        assert_eq!(fraction(&rs(0, 6, 12), 10, 0, 0), -1);
        assert_eq!(fraction(&rs(0, 50, 130), 100, 10, 0), -8);
        assert_eq!(fraction(&rs(0, 7, 0), 5, 0, 0), 0);
    }
}
