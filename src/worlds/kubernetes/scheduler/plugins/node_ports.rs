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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::worlds::kubernetes::scheduler::testing::{node, on, verdicts, waiting};

    /// A spec with these host ports in its container.
    fn with(ports: Value) -> Value {
        json!({"spec": {"containers": [{"name": "c", "image": "x", "ports": ports}]}})
    }

    #[test]
    fn address_protocol_and_port_must_be_free_together() {
        let port = |number: i32| json!({"containerPort": 80, "hostPort": number});
        let at = |ip: &str| json!({"containerPort": 80, "hostPort": 8080, "hostIP": ip});
        let udp = json!({"containerPort": 80, "hostPort": 8080, "protocol": "UDP"});
        let rows = [
            ("the same", json!([port(8080)]), json!([port(8080)]), false),
            ("another port", json!([port(8080)]), json!([port(8081)]), true),
            ("another protocol", json!([port(8080)]), json!([udp]), true),
            ("TCP is what is meant", json!([port(8080)]), json!([{"containerPort": 1, "hostPort": 8080, "protocol": "TCP"}]), false),
            ("one address, two users", json!([at("10.0.0.1")]), json!([at("10.0.0.1")]), false),
            ("two addresses", json!([at("10.0.0.1")]), json!([at("10.0.0.2")]), true),
            ("all addresses against one", json!([port(8080)]), json!([at("10.0.0.1")]), false),
            ("one address against all", json!([at("10.0.0.1")]), json!([at("0.0.0.0")]), false),
            ("all is all", json!([at("0.0.0.0")]), json!([port(8080)]), false),
            ("one of several", json!([port(9000), port(8080)]), json!([port(7000), port(8080)]), false),
            ("no host port", json!([port(8080)]), json!([{"containerPort": 8080}]), true),
            ("a port of the pod's own network", json!([{"containerPort": 8080}]), json!([port(8080)]), true),
        ];
        for (what, theirs, ours, fits) in rows {
            let objects = [node("a", json!({})), node("b", json!({})), on("a", "other", with(theirs)), waiting(with(ours))];
            let taken = "U NodePorts: node(s) didn't have free ports for the requested pod ports";
            assert_eq!(verdicts(&objects), [if fits { "fits" } else { taken }, "fits"], "{what}");
        }
    }

    #[test]
    fn sidecars_and_the_host_network_hold_ports_too() {
        let container = |name: &str, ports: Value| json!({"name": name, "image": "x", "ports": ports});
        let mut sidecar = container("s", json!([{"containerPort": 80, "hostPort": 8080}]));
        let init = sidecar.clone();
        sidecar["restartPolicy"] = "Always".into();
        let host = json!({"spec": {"hostNetwork": true, "containers": [container("c", json!([{"containerPort": 8080}]))]}});
        let rows = [
            ("a sidecar keeps it", json!({"spec": {"initContainers": [sidecar]}}), false),
            ("an init container is gone by then", json!({"spec": {"initContainers": [init]}}), true),
            ("on the host network", host, false),
            (
                "finished",
                json!({"spec": with(json!([{"containerPort": 80, "hostPort": 8080}]))["spec"], "status": {"phase": "Succeeded"}}),
                true,
            ),
        ];
        for (what, other, fits) in rows {
            let objects = [node("a", json!({})), on("a", "other", other), waiting(with(json!([{"containerPort": 80, "hostPort": 8080}])))];
            assert_eq!(verdicts(&objects)[0] == "fits", fits, "{what}");
        }
    }
}
