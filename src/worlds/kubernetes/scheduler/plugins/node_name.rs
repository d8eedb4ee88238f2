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
