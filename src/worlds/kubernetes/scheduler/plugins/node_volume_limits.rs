//! How many CSI volumes a node can attach (pkg/scheduler/framework/plugins/nodevolumelimits/csi.go).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::objects::{Objects, body};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{Claim, claim_names, claims, names, volume};

pub struct NodeVolumeLimits;

/// Driver and volume.
type Attached = BTreeSet<(String, String)>;

struct Run<'a> {
    objects: &'a Objects,
    wanted: Attached,
}

/// Driver and unique name of the volume behind a claim; for one that has yet to be made, the claim stands for it.
fn csi_volume(objects: &Objects, c: &Claim) -> Option<(String, String)> {
    match c.volume_name() {
        Some(name) => {
            let csi = &volume(objects, name)?["spec"]["csi"];
            Some((csi["driver"].as_str()?.to_string(), csi["volumeHandle"].as_str()?.to_string()))
        }
        None => {
            let provisioner = c.class(objects)?["provisioner"].as_str()?;
            Some((provisioner.to_string(), format!("{provisioner}-{}/{}", c.meta.namespace, c.meta.name)))
        }
    }
}

fn volumes_of(objects: &Objects, pod: &Pod) -> Attached {
    claims(objects, pod).iter().filter_map(|c| csi_volume(objects, c)).collect()
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        if !cx.pod.spec.has_volumes {
            return PreFilter::Skip;
        }
        let objects = &cx.cache.objects;
        let wanted = volumes_of(objects, &cx.pod.pod);
        if wanted.is_empty() { PreFilter::Skip } else { PreFilter::Run(Box::new(Run { objects, wanted })) }
    }
    fn wakes_on(&self) -> &'static str {
        "a pod with claims leaves or a volume is detached, a node may attach more, one of its claims appears"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        let has_claims = |p: &PodInfo| p.spec.has_volumes && !claim_names(&p.pod).is_empty();
        Hint::when(match event {
            ClusterEvent::PodDelete(gone) => has_claims(gone),
            ClusterEvent::Other(..) => {
                event.of_kind(Kind::CsiNode).is_some_and(|(old, new)| old.is_none_or(|old| raised(old, new)))
                    || event.added(Kind::PersistentVolumeClaim).is_some_and(|c| names(pod, c, true))
                    || (event.gone(Kind::VolumeAttachment) && has_claims(pod))
            }
            _ => false,
        })
    }
}

/// A driver may attach more volumes than before.
fn raised(old: &Object, new: &Object) -> bool {
    let drivers = |o: &Object| body(o).and_then(|b| b["spec"]["drivers"].as_array().cloned()).unwrap_or_default();
    let limit = |d: &Value| d["allocatable"]["count"].as_u64();
    let before = drivers(old);
    drivers(new).iter().any(|d| {
        let was = before.iter().find(|o| o["name"] == d["name"]).and_then(limit);
        was.is_some_and(|was| limit(d).is_some_and(|now| now > was))
    })
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let Some(csi) = self.objects.body(Kind::CsiNode, &Key::new("", node.name().clone())) else { return Ok(()) };
        let limit = |driver: &str| {
            let drivers = csi["spec"]["drivers"].as_array()?;
            drivers.iter().find(|d| d["name"] == driver)?["allocatable"]["count"].as_u64()
        };
        let mut attached = Attached::new();
        for p in node.pods.iter().filter(|p| p.spec.has_volumes) {
            attached.extend(volumes_of(self.objects, &p.pod));
        }
        for o in self.objects.list(Kind::VolumeAttachment) {
            let Some(b) = body(o).filter(|b| b["spec"]["nodeName"] == **node.name()) else { continue };
            let name = b["spec"]["source"]["persistentVolumeName"].as_str().unwrap_or_default();
            if let Some(handle) = volume(self.objects, name).and_then(|v| v["spec"]["csi"]["volumeHandle"].as_str()) {
                attached.insert((b["spec"]["attacher"].as_str().unwrap_or_default().to_string(), handle.to_string()));
            }
        }
        let drivers: BTreeSet<&String> = self.wanted.iter().map(|(d, _)| d).collect();
        for driver in drivers {
            let Some(limit) = limit(driver) else { continue };
            let new = self.wanted.iter().filter(|v| v.0 == *driver && !attached.contains(*v)).count() as u64;
            let there = attached.iter().filter(|(d, _)| d == driver).count() as u64;
            if new > 0 && there + new > limit {
                return Err(Status::unschedulable("node(s) exceed max volume count"));
            }
        }
        Ok(())
    }
}
