//! What a dump leaves out and a decision would rest on: owners of pods, their claims, namespaces; and what is not simulated.

use std::collections::{BTreeMap, BTreeSet};

use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;

use super::super::NAME;

/// Kinds whose selector spreads their pods where these have no rule of their own (plugins/helper/spread.go).
const SPREADERS: [Kind; 3] = [Kind::ReplicaSet, Kind::ReplicationController, Kind::StatefulSet];

/// A line for each thing that is missing and may change what is decided.
pub fn notes(objects: &[Object]) -> Vec<String> {
    let there: BTreeSet<(Kind, Key)> = objects.iter().map(|o| (o.kind(), o.key())).collect();
    let any = |kind: Kind| there.iter().any(|(k, _)| *k == kind);
    let ours = |p: &&Pod| {
        let scheduler = p.spec.scheduler_name.as_deref().unwrap_or_default();
        p.node.is_none() && !p.is_finished() && (scheduler.is_empty() || scheduler == NAME)
    };
    let waiting: Vec<&Pod> = objects.iter().filter_map(|o| if let Object::Pod(p) = o { Some(&**p) } else { None }).filter(ours).collect();
    let pods = |n: usize| if n == 1 { "1 waiting pod".to_string() } else { format!("{n} waiting pods") };
    let mut notes = vec![];

    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for pod in waiting.iter().filter(|p| p.spec.topology_spread_constraints.as_ref().is_none_or(Vec::is_empty)) {
        let Some(owner) = pod.meta.controller() else { continue };
        let Some(kind) = SPREADERS.into_iter().find(|k| *k.info().kind == *owner.kind) else { continue };
        if !there.contains(&(kind, Key::new(pod.meta.namespace.clone(), owner.name.clone()))) {
            *owners.entry(format!("{} {}/{}", owner.kind, pod.meta.namespace, owner.name)).or_default() += 1;
        }
    }
    for (owner, n) in &owners {
        notes.push(format!("{owner}, owner of {}, is not in the input: nothing is spread by it (add replicasets,statefulsets)", pods(*n)));
    }

    let volumes = |p: &&Pod| p.spec.volumes.iter().flatten().any(|v| v.persistent_volume_claim.is_some());
    let claiming = waiting.iter().copied().filter(volumes).count();
    if claiming > 0 && !any(Kind::PersistentVolumeClaim) {
        notes.push(format!("{} with claims, but there are no claims in the input (add pvc,pv,storageclasses)", pods(claiming)));
    }

    let by_namespace = |p: &&Pod| {
        let Some(a) = &p.spec.affinity else { return false };
        let near = a.pod_affinity.iter().flat_map(|a| a.required_during_scheduling_ignored_during_execution.iter().flatten());
        let far = a.pod_anti_affinity.iter().flat_map(|a| a.required_during_scheduling_ignored_during_execution.iter().flatten());
        near.chain(far).any(|t| t.namespace_selector.is_some())
    };
    let selecting = waiting.iter().copied().filter(by_namespace).count();
    if selecting > 0 && !any(Kind::Namespace) {
        notes.push(format!("{} with a namespaceSelector, but there are no namespaces in the input (add namespaces)", pods(selecting)));
    }

    let devices = waiting.iter().filter(|p| p.spec.resource_claims.as_ref().is_some_and(|c| !c.is_empty())).count();
    if devices > 0 {
        notes.push(format!("{} with resourceClaims: allocation of devices is not simulated, the answer leaves it out", pods(devices)));
    }

    if waiting.is_empty() {
        let makers = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];
        let made: Vec<&str> = makers.into_iter().filter(|k| any(*k)).map(|k| k.info().kind).collect();
        if !made.is_empty() {
            notes.push(format!("no controller runs here: the pods of a {} are scheduled only if they are in the input", made.join(", ")));
        }
    }
    notes
}
