//! DELETE as clients mean it: grace for pods, finalizers and propagation for the rest.
//! Follows: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go, pkg/registry/core/pod/strategy.go.

use std::sync::Arc;

use crate::kernel::SimDuration;

use super::api::ApiError;
use super::api::meta::{Deletion, Key};
use super::api::object::{Namespace, Object, Pod, Typed};
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
    if kind == Kind::Namespace {
        return delete_namespace(ctl, &object, why);
    }
    let mut changed = object.clone();
    let meta = changed.meta_mut();
    match options.propagation {
        Propagation::Foreground => push_finalizer(&mut meta.finalizers, "foregroundDeletion"),
        Propagation::Orphan => push_finalizer(&mut meta.finalizers, "orphan"),
        Propagation::Background => {}
    }
    let now = ctl.cx.now;
    let mut grace_s = match super::objects::Typed::of(&object) {
        Some(pod) => pod_grace(pod, &options),
        None => 0,
    };
    let mut at = now + SimDuration::from_secs(grace_s as u64);
    if let Some(already) = object.meta().deletion {
        // A second deletion may only shorten the grace, counted from the first one's beginning.
        let forced = grace_s == 0 && options.grace_s == Some(0);
        if !forced && grace_s >= already.grace_s {
            if changed.meta().finalizers != object.meta().finalizers {
                return ctl.api.update(changed, false, &mut ctl.cx, &ctl.actor, why).map(|_| ());
            }
            return Ok(());
        }
        let begun = already.at - SimDuration::from_secs(already.grace_s.max(0) as u64);
        at = begun + SimDuration::from_secs(grace_s as u64);
        if at < now {
            (at, grace_s) = (now, if forced { 0 } else { grace_s.max(1) });
        }
    }
    if grace_s == 0 && changed.meta().finalizers.is_empty() {
        return ctl.api.remove(kind, key, &mut ctl.cx, &ctl.actor, why);
    }
    changed.meta_mut().deletion = Some(Deletion { at, grace_s });
    ctl.api.update(changed, true, &mut ctl.cx, &ctl.actor, why).map(|_| ())
}

/// A namespace stays, terminating, until its controller has emptied it (plugin/pkg/admission/namespace/lifecycle).
fn delete_namespace(ctl: &mut Ctl, object: &Object, why: &str) -> Result<(), ApiError> {
    let name = object.meta().name.clone();
    if ["default", "kube-system", "kube-public"].contains(&&*name) {
        return Err(ApiError::forbidden(Kind::Namespace, &name, "this namespace may not be deleted"));
    }
    let Some(ns) = Namespace::of(object).filter(|ns| !ns.terminating) else { return Ok(()) };
    let mut changed = Namespace::clone(ns);
    changed.terminating = true;
    changed.meta.deletion = Some(Deletion { at: ctl.cx.now, grace_s: 0 });
    ctl.api.update(changed.into(), false, &mut ctl.cx, &ctl.actor, why).map(|_| ())
}

/// Pods that no kubelet has taken, and finished ones, go at once (pkg/registry/core/pod/strategy.go, CheckGracefulDelete).
fn pod_grace(pod: &Arc<Pod>, options: &DeleteOptions) -> i64 {
    let wanted = options.grace_s.or(pod.spec.termination_grace_period_seconds).unwrap_or(30);
    if pod.node.is_none() || pod.is_finished() {
        0
    } else if wanted < 0 {
        1
    } else {
        wanted
    }
}

fn push_finalizer(list: &mut Arc<Vec<super::Name>>, name: &str) {
    if !list.iter().any(|f| &**f == name) {
        Arc::make_mut(list).push(name.into());
    }
}
