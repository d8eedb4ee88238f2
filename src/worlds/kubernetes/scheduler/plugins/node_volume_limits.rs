//! How many CSI volumes a node can attach (pkg/scheduler/framework/plugins/nodevolumelimits/csi.go).

use std::collections::BTreeSet;

use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::Pod;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::objects::{Objects, body};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{Claim, claims, volume};

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
        "a pod with volumes leaves, a node may attach more, a claim appears"
    }
    fn hint(&self, event: &ClusterEvent, _pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::Storage(Kind::CsiNode | Kind::PersistentVolumeClaim, true) => true,
            ClusterEvent::Storage(Kind::VolumeAttachment, false) => true,
            ClusterEvent::PodDelete(gone) => gone.spec.has_volumes,
            _ => false,
        })
    }
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
