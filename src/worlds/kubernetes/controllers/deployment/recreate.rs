//! Recreate: everything old goes, then everything new comes.
//! Follows: pkg/controller/deployment/recreate.go.

use std::sync::Arc;

use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::object::{Pod, ReplicaSet};

use super::Sync;

impl Sync<'_, '_> {
    pub(super) fn recreate(&mut self) -> Result<(), ApiError> {
        let (new, old) = self.revisions(false)?;
        let mut scaled_down = false;
        for rs in old.iter().filter(|rs| rs.replicas > 0) {
            scaled_down |= self.scale_to(rs, 0, "strategy Recreate: no old pod may be left before a new one starts")?.is_some();
        }
        if scaled_down || self.old_pods_left(&old) {
            return self.sync_rollout_status(&new, &old);
        }
        let (new, old) = if new.is_none() { self.revisions(true)? } else { (new, old) };
        if let Some(rs) = &new {
            self.scale_to(rs, self.wanted(), "strategy Recreate: every old pod is gone")?;
        }
        if self.is_complete(&self.d.status) {
            self.clean_up(&old)?;
        }
        self.sync_rollout_status(&new, &old)
    }

    /// Terminating pods count: they may still serve (oldPodsRunning).
    fn old_pods_left(&self, old: &[Arc<ReplicaSet>]) -> bool {
        old.iter().any(|rs| rs.status.replicas > 0 || self.cache.owned_by::<Pod>(&rs.meta.uid).any(|p| !p.is_finished()))
    }
}
