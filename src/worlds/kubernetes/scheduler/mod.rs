//! kube-scheduler 1.36: the queue, the cycle, one file per plugin, preemption, the record of each decision.
//!
//! `cycle::decide` is a function of the cache, the pod and the profile; `component` runs it in the world, `offline` over a file.
//! It may use the kernel, the vocabulary and the API's objects; it writes only through `Ctl`.

mod budgets;
pub mod cache;
mod component;
pub mod cycle;
pub mod decision;
mod events;
pub mod framework;
#[cfg(test)]
mod hint_tests;
mod index;
#[cfg(test)]
mod lab_tests;
pub mod message;
pub mod objects;
pub mod offline;
pub mod plugins;
pub mod pod;
pub mod profile;
pub mod queue;
mod requests;
mod selector;
mod symbols;
#[cfg(test)]
mod testing;
mod volume_binder;
#[cfg(test)]
mod volume_tests;
mod volumes;
mod weighing;

pub use component::{Event, NAME, Scheduler};
