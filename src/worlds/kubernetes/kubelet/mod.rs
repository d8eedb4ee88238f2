//! The kubelet of one node: it makes the containers of its pods exist, watches over them and reports.

use crate::machine::Notice;

use super::Ctl;
use super::api::meta::Name;
use super::api::store::WatchEvent;

/// Timers of a kubelet.
#[derive(Clone, Debug)]
pub struct Event {}

/// One node's agent.
#[derive(Clone, Debug)]
pub struct Kubelet {
    pub node: Name,
}

impl Kubelet {
    pub fn new(node: Name) -> Self {
        Self { node }
    }
    /// The node has booted: register, renew the lease, take up the pods bound to it.
    pub fn start(&mut self, ctl: &mut Ctl) {
        let _ = ctl;
    }
    /// A watch event about one of this node's pods, or a ConfigMap/Secret it uses.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// The runtime reports something on this host.
    pub fn notice(&mut self, notice: &Notice, ctl: &mut Ctl) {
        let _ = (notice, ctl);
    }
    pub fn settled(&self) -> bool {
        true
    }
}
