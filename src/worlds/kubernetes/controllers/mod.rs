//! kube-controller-manager: one file per controller, a registry table, and the work queues between watches and reconciles.

use super::Ctl;
use super::api::store::WatchEvent;

/// Timers and work of the controllers.
#[derive(Clone, Debug)]
pub struct Event {}

/// All controllers with their queues.
#[derive(Clone, Debug, Default)]
pub struct Manager {}

impl Manager {
    /// Informer handlers: puts keys into queues.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// Works on one due item.
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// No work is queued or in progress.
    pub fn settled(&self) -> bool {
        true
    }
}
