//! Host ports (pkg/scheduler/framework/plugins/nodeports).

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::pod::{HostPort, PodInfo};

pub struct NodePorts;

struct Run<'a>(&'a [HostPort]);

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let ports = &cx.pod.spec.ports;
        if ports.is_empty() { PreFilter::Skip } else { PreFilter::Run(Box::new(Run(ports))) }
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes, or a pod leaves that holds the port"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::PodDelete(gone) => gone.spec.ports.iter().any(|p| pod.spec.ports.iter().any(|w| w.clashes(p))),
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if node.ports.iter().any(|used| self.0.iter().any(|w| w.clashes(used))) {
            return Err(Status::unschedulable("node(s) didn't have free ports for the requested pod ports"));
        }
        Ok(())
    }
}
