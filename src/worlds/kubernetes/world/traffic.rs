//! Requests: chosen endpoints become containers on machines, and what stands in the way becomes a failure.

use crate::kernel::{Cx, SimDuration};
use crate::machine::{ContainerId, HostState, Serve};
use crate::model::FailReason;
use crate::worlds::Arrival;

use super::super::api::meta::Name;
use super::super::network::route::Share;
use super::Kubernetes;

impl Kubernetes {
    pub(super) fn route_requests(&mut self, arrival: &Arrival, cx: &mut Cx) {
        let shares = self.with("kube-proxy", cx, |w, ctl| w.network.route(arrival, ctl));
        let now = cx.now;
        for share in shares {
            match share {
                Share::Failed { reason, delay, count } => self.machine.fail(&arrival.stream, count, reason, now, delay),
                Share::Pod { backend, port, entry, count } => {
                    let on = self.machine.host(&backend.node).map(|h| h.state);
                    let reachable = self.machine.network.hosts_connected(&entry, &backend.node);
                    // Packets to a machine that is off, frozen or cut away are answered by nobody.
                    if on != Some(HostState::Up) || !reachable {
                        self.machine.fail(&arrival.stream, count, FailReason::Timeout, now, arrival.timeout);
                        continue;
                    }
                    match self.kubelets.get(&backend.node).and_then(|k| k.server(&backend.uid, port)) {
                        Some(id) => {
                            let batch = Serve { stream: arrival.stream.clone(), count, timeout: arrival.timeout };
                            self.machine.serve(id, port, batch, now);
                        }
                        // The pod's address is gone, or nothing in it has started yet: refused at once.
                        None => self.machine.fail(&arrival.stream, count, FailReason::Refused, now, SimDuration::ZERO),
                    }
                }
            }
        }
    }

    /// The last instance of each container of a pod, by name.
    pub(crate) fn pod_containers(&self, uid: &str, node: &str) -> Vec<(Name, ContainerId)> {
        self.kubelets.get(node).map(|k| k.instances(uid).map(|(name, id)| (name.clone(), id)).collect()).unwrap_or_default()
    }
}
