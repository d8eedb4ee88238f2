//! A volume's zone labels must be the node's (pkg/scheduler/framework/plugins/volumezone).

use std::collections::BTreeSet;

use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::objects::body;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{claims, names};
use crate::worlds::kubernetes::storage::waits_for_consumer;

pub struct VolumeZone;

const KEYS: [(&str, &str); 2] = [
    ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"),
];

/// Label key (new and old spelling) and the values it may have.
struct Run(Vec<((&'static str, &'static str), Vec<String>)>);

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        if !cx.pod.spec.has_volumes {
            return PreFilter::Skip;
        }
        let objects = &cx.cache.objects;
        let mut wanted = vec![];
        for c in claims(objects, &cx.pod.pod) {
            let key = crate::worlds::kubernetes::api::meta::Key::new("", c.volume_name().unwrap_or_default());
            let Some(volume) = objects.get(Kind::PersistentVolume, &key) else { continue };
            for pair in KEYS {
                if let Some(value) = volume.meta().label(pair.0).or_else(|| volume.meta().label(pair.1)) {
                    // Regional disks list several zones.
                    wanted.push((pair, value.split("__").map(str::to_string).collect()));
                }
            }
        }
        if wanted.is_empty() { PreFilter::Skip } else { PreFilter::Run(Box::new(Run(wanted))) }
    }
    fn wakes_on(&self) -> &'static str {
        "one of its claims appears or changes; a volume appears or moves; a class that waits for its consumer appears; a node comes or changes its labels"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::NodeUpdate(old, new) => old.labels != new.labels,
            ClusterEvent::Other(..) => {
                event.added(Kind::StorageClass).and_then(body).is_some_and(|b| waits_for_consumer(b))
                    || event.of_kind(Kind::PersistentVolumeClaim).is_some_and(|(_, c)| names(pod, c, false))
                    || event.of_kind(Kind::PersistentVolume).is_some_and(|(old, new)| old.is_none_or(|old| zones(old) != zones(new)))
            }
            _ => false,
        })
    }
}

/// What a volume's labels say of its place.
fn zones(volume: &Object) -> Vec<Option<BTreeSet<&str>>> {
    let keys = KEYS.iter().flat_map(|(new, old)| [new, old]);
    keys.map(|key| volume.meta().label(key).map(|v| v.split("__").collect())).collect()
}

impl Filter for Run {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let meta = &node.fixed.node.meta;
        let label = |(new, old): (&str, &str)| meta.label(new).or_else(|| meta.label(old));
        // A node without any topology label is not judged.
        if KEYS.iter().all(|pair| label(*pair).is_none()) {
            return Ok(());
        }
        if self.0.iter().all(|(pair, values)| label(*pair).is_some_and(|v| values.iter().any(|x| x == v))) {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) had no available volume zone"))
    }
}
