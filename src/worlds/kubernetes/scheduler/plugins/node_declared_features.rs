//! What a pod needs of its kubelet against what the kubelet says it can do (pkg/scheduler/framework/plugins/nodedeclaredfeatures,
//! component-helpers/nodedeclaredfeatures/features: the features that a new pod can ask for in 1.36).

use k8s_openapi::api::core::v1 as core;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;

pub struct NodeDeclaredFeatures;

struct Run(Vec<&'static str>);

/// The features a pod cannot do without.
fn needs(spec: &core::PodSpec) -> Vec<&'static str> {
    let mut needs = vec![];
    let mut containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    if containers.any(|c| c.restart_policy_rules.iter().flatten().any(|r| r.action == "RestartAllContainers")) {
        needs.push("RestartAllContainersOnContainerExits");
    }
    if spec.host_network == Some(true) && spec.host_users == Some(false) {
        needs.push("UserNamespacesHostNetworkSupport");
    }
    needs
}

fn declares(node: &crate::worlds::kubernetes::api::object::Node, needs: &[&str]) -> bool {
    needs.iter().all(|n| node.declared.iter().any(|d| **d == **n))
}

impl Plugin for NodeDeclaredFeatures {
    fn name(&self) -> &'static str {
        "NodeDeclaredFeatures"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let needs = needs(&cx.pod.pod.spec);
        if needs.is_empty() { PreFilter::Skip } else { PreFilter::Run(Box::new(Run(needs))) }
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes, or declares more"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        let needs = needs(&pod.pod.spec);
        Hint::when(match event {
            ClusterEvent::NodeAdd(n) => declares(&n.node, &needs),
            ClusterEvent::NodeUpdate(old, new) => !declares(&old.node, &needs) && declares(&new.node, &needs),
            _ => false,
        })
    }
}

impl Filter for Run {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if declares(&node.fixed.node, &self.0) { Ok(()) } else { Err(Status::unresolvable("node(s) didn't match Pod's required features")) }
    }
}
