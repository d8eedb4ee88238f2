//! Status, conditions and the progress deadline.
//! Follows: pkg/controller/deployment/{sync,progress}.go, util/deployment_util.go.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{DeploymentCondition, DeploymentStatus};

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::object::ReplicaSet;
use crate::worlds::kubernetes::controllers::util::nonzero;

use super::{NewSet, Next, Sync, available_total, max_unavailable, spec_total};

/// What a Progressing condition can say of a ReplicaSet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Created,
    Found,
    Updated,
    Complete,
}

impl Progress {
    fn words(self, name: &str) -> (&'static str, String) {
        match self {
            Self::Created => ("NewReplicaSetCreated", format!("Created new replica set \"{name}\"")),
            Self::Found => ("FoundNewReplicaSet", format!("Found new replica set \"{name}\"")),
            Self::Updated => ("ReplicaSetUpdated", format!("ReplicaSet \"{name}\" is progressing.")),
            Self::Complete => (COMPLETE, format!("ReplicaSet \"{name}\" has successfully progressed.")),
        }
    }
}

const COMPLETE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

impl Sync<'_, '_> {
    pub(super) fn condition(&self, kind: &str) -> Option<&DeploymentCondition> {
        condition(&self.d.status, kind)
    }

    /// Sets a condition of our copy.
    pub(super) fn set_condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let fresh = self.fresh(kind, status, reason, message);
        set(&mut self.d.status, fresh);
    }

    pub(super) fn progress(&mut self, what: Progress, name: &str) {
        let (reason, message) = what.words(name);
        self.set_condition("Progressing", "True", reason, &message);
    }

    fn fresh(&self, kind: &str, status: &str, reason: &str, message: &str) -> DeploymentCondition {
        let now = Some(self.ctl.api.epoch.time(self.ctl.cx.now));
        DeploymentCondition {
            type_: kind.into(),
            status: status.into(),
            reason: Some(reason.into()),
            message: Some(message.into()),
            last_update_time: now.clone(),
            last_transition_time: now,
        }
    }

    /// MaxInt32 or nothing = no deadline.
    pub(super) fn has_deadline(&self) -> bool {
        self.deadline().is_some()
    }

    fn deadline(&self) -> Option<SimDuration> {
        let seconds = self.d.spec.progress_deadline_seconds.filter(|s| *s != i32::MAX)?;
        Some(SimDuration::from_secs(seconds.max(0) as u64))
    }

    /// Pausing and resuming stop and reset the progress clock.
    pub(super) fn check_paused(&mut self) -> Result<(), ApiError> {
        if !self.has_deadline() {
            return Ok(());
        }
        let reason = self.condition("Progressing").and_then(|c| c.reason.clone());
        if reason.as_deref() == Some(TIMED_OUT) {
            return Ok(());
        }
        let (paused, known) = (self.d.spec.paused.unwrap_or(false), reason.as_deref() == Some("DeploymentPaused"));
        let (reason, message) = match (paused, known) {
            (true, false) => ("DeploymentPaused", "Deployment is paused"),
            (false, true) => ("DeploymentResumed", "Deployment is resumed"),
            _ => return Ok(()),
        };
        self.set_condition("Progressing", "Unknown", reason, message);
        self.put_status(message)
    }

    fn calculate(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> DeploymentStatus {
        let all = || old.iter().chain(new);
        let sum = |f: &dyn Fn(&ReplicaSet) -> i32| all().map(|rs| f(rs)).sum::<i32>();
        let available = available_total(all());
        let terminating: Option<Vec<i32>> = all().map(|rs| rs.status.terminating_replicas).collect();
        let mut status = DeploymentStatus {
            observed_generation: Some(self.d.meta.generation),
            replicas: nonzero(sum(&|rs| rs.status.replicas)),
            updated_replicas: nonzero(new.as_ref().map_or(0, |rs| rs.status.replicas)),
            ready_replicas: nonzero(sum(&|rs| rs.status.ready_replicas.unwrap_or(0))),
            available_replicas: nonzero(available),
            unavailable_replicas: nonzero((spec_total(all()) - available).max(0)),
            terminating_replicas: terminating.map(|t| t.iter().sum()),
            collision_count: self.d.status.collision_count,
            conditions: self.d.status.conditions.clone(),
        };
        let minimum = if available >= self.wanted() - max_unavailable(&self.d.spec) {
            self.fresh("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            self.fresh("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        set(&mut status, minimum);
        status
    }

    /// Status without a look at progress (syncDeploymentStatus).
    pub(super) fn sync_status(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> Result<(), ApiError> {
        let status = self.calculate(new, old);
        if status == self.d.status {
            return Ok(());
        }
        self.d.status = status;
        let why = self.sentence();
        self.put_status(&why)
    }

    /// Status and progress of a rollout (syncRolloutStatus).
    pub(super) fn sync_rollout_status(&mut self, new: &NewSet, old: &[Arc<ReplicaSet>]) -> Result<(), ApiError> {
        let mut status = self.calculate(new, old);
        if !self.has_deadline() {
            remove(&mut status, "Progressing");
        }
        let current = self.condition("Progressing").cloned();
        let done_before =
            status.replicas == status.updated_replicas && current.as_ref().is_some_and(|c| c.reason.as_deref() == Some(COMPLETE));
        if self.has_deadline() && !done_before {
            let name = new.as_ref().map_or_else(|| self.d.meta.name.clone(), |rs| rs.meta.name.clone());
            if self.is_complete(&status) {
                let (reason, message) = Progress::Complete.words(&name);
                let fresh = self.fresh("Progressing", "True", reason, &self.of_deployment(message, new));
                set(&mut status, fresh);
            } else if self.is_progressing(&status) {
                let (reason, message) = Progress::Updated.words(&name);
                let mut fresh = self.fresh("Progressing", "True", reason, &self.of_deployment(message, new));
                // A sign of progress refreshes the clock even if the words stay the same.
                if let Some(current) = current {
                    if current.status == "True" {
                        fresh.last_transition_time = current.last_transition_time;
                    }
                    remove(&mut status, "Progressing");
                }
                set(&mut status, fresh);
            } else if self.is_timed_out(&status) {
                let message = self.of_deployment(format!("ReplicaSet \"{name}\" has timed out progressing."), new);
                let fresh = self.fresh("Progressing", "False", TIMED_OUT, &message);
                set(&mut status, fresh);
            }
        }
        match replica_failure(new, old) {
            Some(failure) => set(&mut status, failure),
            None => remove(&mut status, "ReplicaFailure"),
        }
        if status == self.d.status {
            self.requeue_stuck(&status);
            return Ok(());
        }
        self.d.status = status;
        let why = self.sentence();
        self.put_status(&why)
    }

    /// Without a ReplicaSet the messages speak of the Deployment.
    fn of_deployment(&self, message: String, new: &NewSet) -> String {
        if new.is_some() { message } else { message.replacen("ReplicaSet", "Deployment", 1) }
    }

    fn sentence(&self) -> String {
        let (s, n) = (&self.d.status, self.wanted());
        let updated = s.updated_replicas.unwrap_or(0);
        format!("{updated} of {n} updated, {} ready, {} available", s.ready_replicas.unwrap_or(0), s.available_replicas.unwrap_or(0))
    }

    /// DeploymentComplete
    pub(super) fn is_complete(&self, s: &DeploymentStatus) -> bool {
        let n = nonzero(self.wanted());
        s.updated_replicas == n
            && s.replicas == n
            && s.available_replicas == n
            && s.observed_generation.unwrap_or(0) >= self.d.meta.generation
    }

    fn is_progressing(&self, new: &DeploymentStatus) -> bool {
        let n = |v: Option<i32>| v.unwrap_or(0);
        let was = &self.d.status;
        n(new.updated_replicas) > n(was.updated_replicas)
            || n(new.replicas) - n(new.updated_replicas) < n(was.replicas) - n(was.updated_replicas)
            || n(new.ready_replicas) > n(was.ready_replicas)
            || n(new.available_replicas) > n(was.available_replicas)
    }

    fn is_timed_out(&self, new: &DeploymentStatus) -> bool {
        let (Some(c), Some(deadline)) = (condition(new, "Progressing"), self.deadline()) else { return false };
        match c.reason.as_deref() {
            Some(COMPLETE) => false,
            Some(TIMED_OUT) => true,
            _ => c.last_update_time.as_ref().is_some_and(|from| self.ctl.api.epoch.sim(from.0) + deadline < self.ctl.cx.now),
        }
    }

    /// Looks again when the deadline will have passed, and a second later, because conditions keep whole seconds.
    fn requeue_stuck(&mut self, new: &DeploymentStatus) {
        let (Some(c), Some(deadline)) = (self.condition("Progressing"), self.deadline()) else { return };
        if self.is_complete(new) || c.reason.as_deref() == Some(TIMED_OUT) {
            return;
        }
        let Some(from) = c.last_update_time.as_ref().map(|t| self.ctl.api.epoch.sim(t.0)) else { return };
        let left = (from + deadline).since(self.ctl.cx.now);
        let second = SimDuration::from_secs(1);
        self.next = if left < second { Next::Retry } else { Next::After(left + second) };
    }
}

fn condition<'a>(status: &'a DeploymentStatus, kind: &str) -> Option<&'a DeploymentCondition> {
    status.conditions.iter().flatten().find(|c| c.type_ == kind)
}

/// Equal status and reason change nothing; otherwise the condition moves to the end (SetDeploymentCondition).
fn set(status: &mut DeploymentStatus, mut fresh: DeploymentCondition) {
    if let Some(current) = condition(status, &fresh.type_) {
        if current.status == fresh.status && current.reason == fresh.reason {
            return;
        }
        if current.status == fresh.status {
            fresh.last_transition_time.clone_from(&current.last_transition_time);
        }
    }
    remove(status, &fresh.type_.clone());
    status.conditions.get_or_insert_default().push(fresh);
}

fn remove(status: &mut DeploymentStatus, kind: &str) {
    if let Some(list) = &mut status.conditions {
        list.retain(|c| c.type_ != kind);
    }
    status.conditions = status.conditions.take().filter(|c| !c.is_empty());
}

/// A ReplicaSet that cannot create or delete pods, the new one first.
fn replica_failure(new: &NewSet, old: &[Arc<ReplicaSet>]) -> Option<DeploymentCondition> {
    new.iter().chain(old).find_map(|rs| {
        let c = rs.status.conditions.iter().flatten().find(|c| c.type_ == "ReplicaFailure")?;
        Some(DeploymentCondition {
            type_: c.type_.clone(),
            status: c.status.clone(),
            reason: c.reason.clone(),
            message: c.message.clone(),
            last_update_time: c.last_transition_time.clone(),
            last_transition_time: c.last_transition_time.clone(),
        })
    })
}
