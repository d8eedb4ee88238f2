//! The ways to practise, as plain state machines: no clock (what time has passed is handed in), no chance but from a seed, nothing stored.
//!
//! Whoever drives one grades answers with whatever grader there is and hands in [`Marks`]. A mode can be written down at any moment (the
//! types with `Serialize`) and taken up again.

pub mod cards;
mod dice;
pub mod interview;
mod marks;
pub mod predict;
pub mod report;
pub mod whiteboard;

pub use marks::{Marks, Said};
