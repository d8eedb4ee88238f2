//! A pod that names its node fits nowhere else (pkg/scheduler/framework/plugins/nodename).

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;

pub struct NodeName;

struct Run<'a>(&'a str);

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        match cx.pod.pod.node.as_deref() {
            None | Some("") => PreFilter::Skip,
            Some(name) => PreFilter::Run(Box::new(Run(name))),
        }
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes"
    }
    fn hint(&self, event: &ClusterEvent, _pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(matches!(event, ClusterEvent::NodeAdd(_)))
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if **node.name() == *self.0 { Ok(()) } else { Err(Status::unresolvable("node(s) didn't match the requested node name")) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use crate::worlds::kubernetes::api::object::{Object, Pod};
    use crate::worlds::kubernetes::scheduler::offline::Cluster;
    use crate::worlds::kubernetes::scheduler::profile::Profile;
    use crate::worlds::kubernetes::scheduler::testing::{node, waiting};

    #[test]
    fn only_the_named_node_fits() {
        let nodes = [node("a", json!({})), node("b", json!({})), node("c", json!({}))];
        let elsewhere = "0/3 nodes are available: 3 node(s) didn't match the requested node name. no new claims to deallocate, \
                         preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
        for (name, fits, message) in [(None, 3, ""), (Some("b"), 1, ""), (Some("z"), 0, elsewhere)] {
            let Object::Pod(pod) = waiting(json!({})) else { panic!("a pod") };
            let pod = Pod { node: name.map(Into::into), ..Pod::clone(&pod) };
            let mut cluster = Cluster::new(&nodes, Profile::default());
            let info = cluster.compile(&Arc::new(pod));
            let outcome = cluster.outcome(&info);
            assert_eq!((outcome.feasible.len(), outcome.message.as_str()), (fits, message), "{name:?}");
        }
    }
}
