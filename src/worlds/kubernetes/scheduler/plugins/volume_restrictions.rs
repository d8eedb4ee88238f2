//! Disks that only one node may attach, and claims that only one pod may use (pkg/scheduler/framework/plugins/volumerestrictions).

use k8s_openapi::api::core::v1 as core;

use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{claim, claim_names, names};

pub struct VolumeRestrictions;

struct Run<'a> {
    pod: &'a PodInfo,
    /// Claims of this pod that only one pod may use.
    exclusive: Vec<Name>,
    /// Pods that use one of them already.
    users: i64,
}

fn uses(pod: &PodInfo, namespace: &str, claims: &[Name]) -> i64 {
    if !pod.spec.has_volumes || *pod.pod.meta.namespace != *namespace {
        return 0;
    }
    claim_names(&pod.pod).iter().filter(|(n, _)| claims.contains(n)).count() as i64
}

/// Both volumes are the same disk, and not both are read-only (isVolumeConflict).
fn same_disk(a: &core::Volume, b: &core::Volume) -> bool {
    let both = |x: Option<bool>, y: Option<bool>| x == Some(true) && y == Some(true);
    if let (Some(a), Some(b)) = (&a.gce_persistent_disk, &b.gce_persistent_disk) {
        return a.pd_name == b.pd_name && !both(a.read_only, b.read_only);
    }
    if let (Some(a), Some(b)) = (&a.aws_elastic_block_store, &b.aws_elastic_block_store) {
        return a.volume_id == b.volume_id;
    }
    if let (Some(a), Some(b)) = (&a.iscsi, &b.iscsi) {
        return a.iqn == b.iqn && !both(a.read_only, b.read_only);
    }
    if let (Some(a), Some(b)) = (&a.rbd, &b.rbd) {
        let shared = a.monitors.iter().any(|m| b.monitors.contains(m));
        return shared && a.pool == b.pool && a.image == b.image && !both(a.read_only, b.read_only);
    }
    false
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        if !cx.pod.spec.has_volumes {
            return PreFilter::Skip;
        }
        let (pod, objects) = (&cx.pod.pod, &cx.cache.objects);
        let mut exclusive = vec![];
        for (name, ephemeral) in claim_names(pod) {
            match claim(objects, &pod.meta.namespace, &name) {
                Some(c) if c.has_access_mode("ReadWriteOncePod") => exclusive.push(name),
                Some(_) => {}
                None if ephemeral => {}
                None => return PreFilter::Reject(Status::unresolvable_because(format!("persistentvolumeclaim \"{name}\" not found"))),
            }
        }
        let disks = pod.spec.volumes.iter().flatten().any(|v| same_disk(v, v) || v.gce_persistent_disk.is_some());
        if exclusive.is_empty() && !disks {
            return PreFilter::Skip;
        }
        let placed = cx.cache.placed_pods().map(|(_, p)| p);
        let users = if exclusive.is_empty() { 0 } else { placed.map(|p| uses(p, &pod.meta.namespace, &exclusive)).sum() };
        PreFilter::Run(Box::new(Run { pod: cx.pod, exclusive, users }))
    }
    fn wakes_on(&self) -> &'static str {
        "a pod that has the same disk or claim leaves, a node comes, one of its claims appears"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::PodDelete(gone) => {
                gone.spec.namespace == pod.spec.namespace && (shares_disk(pod, gone) || shares_claim(pod, gone))
            }
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::Other(..) => event.added(Kind::PersistentVolumeClaim).is_some_and(|c| names(pod, c, false)),
            _ => false,
        })
    }
}

fn volumes(pod: &PodInfo) -> impl Iterator<Item = &core::Volume> {
    pod.pod.spec.volumes.iter().flatten()
}

fn shares_disk(pod: &PodInfo, other: &PodInfo) -> bool {
    volumes(pod).any(|v| volumes(other).any(|o| same_disk(v, o)))
}

fn shares_claim(pod: &PodInfo, other: &PodInfo) -> bool {
    let claims = |p| volumes(p).filter_map(|v| v.persistent_volume_claim.as_ref()).map(|c| &c.claim_name);
    claims(pod).any(|c| claims(other).any(|o| o == c))
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if node.pods.iter().any(|p| p.spec.has_volumes && shares_disk(self.pod, p)) {
            return Err(Status::unschedulable("node(s) had no available disk"));
        }
        if self.users > 0 {
            return Err(Status::unschedulable(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
            ));
        }
        Ok(())
    }
    fn add_pod(&mut self, pod: &PodInfo, _node: &NodeInfo) {
        self.users += uses(pod, &self.pod.pod.meta.namespace, &self.exclusive);
    }
    fn remove_pod(&mut self, pod: &PodInfo, _node: &NodeInfo) {
        self.users -= uses(pod, &self.pod.pod.meta.namespace, &self.exclusive);
    }
}
