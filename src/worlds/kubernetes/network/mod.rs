//! Services in the data path: every node's kube-proxy with its own, slightly late, table of endpoints; cluster DNS; the way in from outside.

use crate::worlds::Arrival;

use super::Ctl;
use super::api::store::WatchEvent;

/// Timers of the network.
#[derive(Clone, Debug)]
pub struct Event {}

/// All proxies' tables.
#[derive(Clone, Debug, Default)]
pub struct Network {}

impl Network {
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// Sends a batch of requests on its way.
    pub fn route(&mut self, arrival: &Arrival, ctl: &mut Ctl) {
        let _ = (arrival, ctl);
    }
}
