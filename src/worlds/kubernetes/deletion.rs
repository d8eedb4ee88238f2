//! DELETE as clients mean it: grace for pods, finalizers and propagation for the rest.
//! Follows: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go, pkg/registry/core/pod/strategy.go.

use std::sync::Arc;

use crate::kernel::SimDuration;

use super::api::ApiError;
use super::api::meta::{Deletion, Key};
use super::api::object::Pod;
use super::kinds::Kind;
use super::{Ctl, DeleteOptions, Propagation};

pub(super) fn delete(ctl: &mut Ctl, kind: Kind, key: &Key, options: DeleteOptions, why: &str) -> Result<(), ApiError> {
    if !ctl.api.up {
        return Err(ApiError::unavailable());
    }
    let object = ctl.api.store.get(kind, key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))?;
    if options.uid.as_ref().is_some_and(|u| *u != object.meta().uid) {
        return Err(ApiError::conflict(kind, &key.name));
    }
    let mut changed = object.clone();
    let meta = changed.meta_mut();
    match options.propagation {
        Propagation::Foreground => push_finalizer(&mut meta.finalizers, "foregroundDeletion"),
        Propagation::Orphan => push_finalizer(&mut meta.finalizers, "orphan"),
        Propagation::Background => {}
    }
    let grace_s = match super::objects::Typed::of(&object) {
        Some(pod) => pod_grace(pod, &options),
        None => 0,
    };
    // A second, shorter deletion shortens the grace; a longer one changes nothing.
    if let Some(already) = object.meta().deletion {
        if grace_s >= already.grace_s && options.propagation == Propagation::Background {
            return Ok(());
        }
    }
    if grace_s == 0 && changed.meta().finalizers.is_empty() {
        return ctl.api.remove(kind, key, &mut ctl.cx, &ctl.actor, why);
    }
    let at = ctl.cx.now + SimDuration::from_secs(grace_s as u64);
    let meta = changed.meta_mut();
    meta.deletion = Some(Deletion { at, grace_s });
    meta.generation += 1;
    ctl.api.update(changed, true, &mut ctl.cx, &ctl.actor, why).map(|_| ())
}

/// Pods that no kubelet has taken, and finished ones, go at once (pkg/registry/core/pod/strategy.go, CheckGracefulDelete).
fn pod_grace(pod: &Arc<Pod>, options: &DeleteOptions) -> i64 {
    let wanted = options.grace_s.or(pod.spec.termination_grace_period_seconds).unwrap_or(30);
    if pod.node.is_none() || pod.is_finished() { 0 } else { wanted.max(0) }
}

fn push_finalizer(list: &mut Arc<Vec<super::Name>>, name: &str) {
    if !list.iter().any(|f| &**f == name) {
        Arc::make_mut(list).push(name.into());
    }
}
