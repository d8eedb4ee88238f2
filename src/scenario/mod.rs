//! Floor 5: scenario files. Text in, a checked [`Scenario`] out; expressions over the facts of a run; the built-in catalogue.
//!
//! May use `worlds` (the trait only), `model`, `document` and `kernel`.

pub mod catalogue;
pub(crate) mod check;
pub mod expression;
pub mod facts;
pub mod file;
pub mod load;
pub mod report;
pub mod schema;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Folder, Opened};
pub use expression::{EvalError, Expression, Template, Text, Value};
pub use facts::{FACTS, FactInfo, Facts, WORLDS};
pub use file::{Expect, Scenario, Trigger};
pub use load::{Loaded, load};
pub use report::{DocumentChecker, NoChecker};
