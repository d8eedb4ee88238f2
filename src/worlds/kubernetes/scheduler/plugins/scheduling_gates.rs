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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::worlds::kubernetes::scheduler::offline::Cluster;
    use crate::worlds::kubernetes::scheduler::profile::Profile;
    use crate::worlds::kubernetes::scheduler::testing::waiting;

    #[test]
    fn gates_keep_a_pod_out_of_the_queue() {
        let rows = [
            (json!([]), None),
            (json!([{"name": "quota"}]), Some("waiting for scheduling gates: [quota]")),
            (json!([{"name": "b"}, {"name": "example.com/a"}]), Some("waiting for scheduling gates: [b example.com/a]")),
        ];
        for (gates, reason) in rows {
            let cluster = Cluster::new(&[waiting(json!({"spec": {"schedulingGates": gates}}))], Profile::default());
            assert_eq!(cluster.gate(&cluster.pending[0]).as_deref(), reason);
        }
    }
}
