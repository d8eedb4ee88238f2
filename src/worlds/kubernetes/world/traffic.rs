//! Requests: chosen endpoints become containers on machines, and what stands in the way becomes a failure.

use crate::kernel::{Cx, Set, SimDuration};
use crate::machine::{ContainerId, HostState, Serve};
use crate::model::FailReason;
use crate::worlds::Arrival;

use super::super::api::meta::Name;
use super::super::network::route::Share;
use super::Kubernetes;

/// Which names answer: told to the programs that need some to start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Containers up to this number have been looked at.
    seen: u64,
    /// Those whose program waits for names: an app that needs others.
    askers: Set<ContainerId>,
    /// The state of the rules they were told.
    told: u64,
}

impl Kubernetes {
    /// New containers learn which Services answer, and all that ask learn of changes.
    pub(super) fn tell_names(&mut self) {
        while self.names.seen < self.machine.next_container {
            let id = ContainerId(self.names.seen);
            self.names.seen += 1;
            let asks = self.machine.container(id).is_some_and(|c| !c.image.app.needs.is_empty());
            if asks {
                self.names.askers.insert(id);
                self.tell_asker(id);
            }
        }
        if self.names.told == self.network.programmed {
            return;
        }
        self.names.told = self.network.programmed;
        let gone: Vec<ContainerId> = self.names.askers.iter().filter(|id| self.machine.container(**id).is_none()).copied().collect();
        for id in gone {
            self.names.askers.remove(&id);
        }
        let askers: Vec<ContainerId> = self.names.askers.iter().copied().collect();
        for id in askers {
            self.tell_asker(id);
        }
    }

    fn tell_asker(&mut self, id: ContainerId) {
        let Some(c) = self.machine.container(id) else { return };
        let namespace = c.spec.name.split('/').next().unwrap_or("default").to_string();
        self.machine.set_names(id, self.network.names(&namespace));
    }

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
