//! kube-scheduler: the queue, the cycle, one file per plugin, preemption.
pub mod budgets;
pub mod cache;
pub mod cycle;
pub mod events;
pub mod framework;
pub mod index;
pub mod message;
pub mod objects;
pub mod plugins;
pub mod pod;
pub mod profile;
pub mod queue;
pub mod requests;
pub mod selector;
pub mod symbols;
#[cfg(test)]
mod testing;

use super::Ctl;
use super::api::store::WatchEvent;

/// Timers of the scheduler.
#[derive(Clone, Debug)]
pub struct Event {}

/// The scheduler of this world.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {}

impl Scheduler {
    /// Informer handlers: new pods into the queue, changes into the cache, wake-ups for what waits.
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// One scheduling cycle or timer.
    pub fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        let _ = (event, ctl);
    }
    /// Nothing that could still be placed waits.
    pub fn settled(&self) -> bool {
        true
    }
}
