//! RollingUpdate: one step per reconcile, up or down, never beyond the fenceposts.
//! Follows: pkg/controller/deployment/rolling.go.

use std::sync::Arc;

use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::object::ReplicaSet;

use super::{NewSet, Sync, available_total, by_age, is_recreate, max_surge, max_unavailable, spec_total};

impl Sync<'_, '_> {
    pub(super) fn roll(&mut self) -> Result<(), ApiError> {
        let (new, old) = self.revisions(true)?;
        if self.reconcile_new(&new, &old)? || self.reconcile_old(&new, &old)? {
            return self.sync_rollout_status(&new, &old);
        }
        if self.is_complete(&self.d.status) {
            self.clean_up(&old)?;
        }
        self.sync_rollout_status(&new, &old)
    }

    /// How large the new ReplicaSet may be now (NewRSNewReplicas).
    pub(super) fn new_size(&self, all: i32, new: i32) -> i32 {
        let n = self.wanted();
        if is_recreate(&self.d.spec) {
            return n;
        }
        let limit = n + max_surge(&self.d.spec);
        if all >= limit { new } else { new + (limit - all).min(n - new) }
    }

    fn reconcile_new(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> Result<bool, ApiError> {
        let Some(rs) = new else { return Ok(false) };
        let n = self.wanted();
        if rs.replicas == n {
            return Ok(false);
        }
        if rs.replicas > n {
            return Ok(self.scale_to(rs, n, &format!("{n} pods are wanted"))?.is_some());
        }
        let all = spec_total(old) + rs.replicas;
        let size = self.new_size(all, rs.replicas);
        let why = format!("{} pods may exist ({n} wanted + {} surge), {all} do", n + max_surge(&self.d.spec), max_surge(&self.d.spec));
        Ok(self.scale_to(rs, size, &why)?.is_some())
    }

    fn reconcile_old(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> Result<bool, ApiError> {
        let mut active: Vec<Arc<ReplicaSet>> = old.iter().filter(|rs| rs.replicas > 0).cloned().collect();
        if active.is_empty() {
            return Ok(false);
        }
        let n = self.wanted();
        let min_available = n - max_unavailable(&self.d.spec);
        let new_unavailable = new.as_ref().map_or(0, |rs| rs.replicas - rs.status.available_replicas.unwrap_or(0));
        let budget = spec_total(old) + spec_total(new) - min_available - new_unavailable;
        if budget <= 0 {
            return Ok(false);
        }
        by_age(&mut active);
        let unhealthy = self.clean_up_unhealthy(&mut active, budget)?;
        // From the statuses, so that pods just removed do not count as available.
        let surplus = available_total(&active) + available_total(new) - min_available;
        let healthy = self.scale_down_old(&active, surplus, min_available)?;
        Ok(unhealthy + healthy > 0)
    }

    /// Pods of old ReplicaSets that are not available go first: they serve nobody.
    fn clean_up_unhealthy(&mut self, active: &mut [Arc<ReplicaSet>], budget: i32) -> Result<i32, ApiError> {
        let mut total = 0;
        for slot in active {
            if total >= budget {
                break;
            }
            let unhealthy = slot.replicas - slot.status.available_replicas.unwrap_or(0);
            if slot.replicas == 0 || unhealthy == 0 {
                continue;
            }
            let down = (budget - total).min(unhealthy);
            if down < 0 {
                continue;
            }
            let why = format!("{unhealthy} of its pods are not available, and {budget} may go");
            if let Some(scaled) = self.scale_to(slot, slot.replicas - down, &why)? {
                *slot = scaled;
            }
            total += down;
        }
        Ok(total)
    }

    fn scale_down_old(&mut self, active: &[Arc<ReplicaSet>], surplus: i32, min_available: i32) -> Result<i32, ApiError> {
        let mut total = 0;
        for rs in active {
            if total >= surplus {
                break;
            }
            if rs.replicas == 0 {
                continue;
            }
            let down = rs.replicas.min(surplus - total);
            let why = format!("{} pods are available and {min_available} must be, so {surplus} may go", min_available + surplus);
            self.scale_to(rs, rs.replicas - down, &why)?;
            total += down;
        }
        Ok(total)
    }
}
