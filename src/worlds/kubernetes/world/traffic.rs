//! Requests: chosen endpoints become containers on machines, and what stands in the way becomes a failure.

use crate::kernel::{Cx, SimDuration};
use crate::machine::{ContainerId, HostState, Serve};
use crate::model::FailReason;
use crate::worlds::Arrival;

use super::super::api::meta::{Key, Name};
use super::super::api::object::Pod;
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
                    match self.server(&backend.pod, &backend.uid, &backend.node, port) {
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

    /// The container that listens on a port of a pod: the one that declares it, or the first.
    fn server(&self, key: &Key, uid: &Name, node: &Name, port: Option<u16>) -> Option<ContainerId> {
        let pod = self.api.store.typed::<Pod>(key).filter(|p| p.meta.uid == *uid);
        let containers = self.pod_containers(key, node);
        let declares =
            |c: &&k8s_openapi::api::core::v1::Container| c.ports.iter().flatten().any(|p| Some(p.container_port) == port.map(i32::from));
        let wanted = pod.and_then(|p| p.spec.containers.iter().find(declares).or(p.spec.containers.first())).map(|c| c.name.clone());
        let named = wanted.and_then(|name| containers.iter().find(|(n, _)| **n == *name));
        named.or(containers.first()).map(|(_, id)| *id)
    }

    /// The newest container of each name in a pod.
    pub(crate) fn pod_containers(&self, key: &Key, node: &str) -> Vec<(Name, ContainerId)> {
        let prefix = format!("{}/{}/", key.namespace, key.name);
        let mut found: Vec<(Name, ContainerId)> = Vec::new();
        for c in self.machine.containers_on(node) {
            let Some(name) = c.spec.name.strip_prefix(&*prefix) else { continue };
            match found.iter_mut().find(|(n, _)| **n == *name) {
                Some(slot) => slot.1 = slot.1.max(c.id),
                None => found.push((name.into(), c.id)),
            }
        }
        found
    }
}
