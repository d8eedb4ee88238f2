//! Floor 2: the words all worlds share, as plain data. May use the kernel (time only).

pub mod fault;
pub mod human;
pub mod image;
pub mod ledger;
pub mod quantity;
pub mod request;
pub mod traffic;

pub use fault::{Component, Fault, FaultKind, FaultTarget, LinkEnd};
pub use human::{OperatorSpec, RunbookStep};
pub use image::{Action, AppSpec, Behaviour, ImageRef, ImageSpec, OnTerm};
pub use ledger::Ledger;
pub use request::FailReason;
pub use traffic::{Rate, TrafficSpec};
