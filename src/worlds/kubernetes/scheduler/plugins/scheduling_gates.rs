//! Keeps a pod with scheduling gates out of the queue (pkg/scheduler/framework/plugins/schedulinggates).

use crate::worlds::kubernetes::scheduler::cache::Cache;
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::Plugin;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;

pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }
    fn pre_enqueue(&self, pod: &PodInfo) -> Option<String> {
        let gates = &pod.spec.gates;
        (!gates.is_empty()).then(|| format!("waiting for scheduling gates: [{}]", gates.join(" ")))
    }
    fn wakes_on(&self) -> &'static str {
        "its gates are removed"
    }
    fn hint(&self, event: &ClusterEvent, _pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(matches!(event, ClusterEvent::Own(_, new) if new.spec.gates.is_empty()))
    }
}
