//! Floor 2: text with positions. YAML and JSON become [`Node`]s that know their places, and everything wrong becomes a [`Diagnostic`].
//!
//! May use `kernel::limits` and `kernel::time` only. Read a file with [`Source::from_bytes`], parse it with [`yaml::parse`], decode it by
//! hand with a [`Reader`], or turn it into JSON with [`Node::to_json`] and point back at it with [`Node::find`].

pub mod diagnostic;
pub mod json;
pub mod node;
pub mod reader;
pub mod source;
#[cfg(test)]
mod tests;
pub mod yaml;
pub mod yaml_write;

/// What [`Field::duration`] gives.
pub use crate::kernel::SimDuration;
pub use diagnostic::{Diagnostic, Diagnostics, Severity, nearest};
pub use node::{Key, Node, Value, path_steps};
pub use reader::{Field, Reader};
pub use source::{Source, Span};
pub use yaml::{Dialect, parse, parse_embedded, parse_one, parse_up_to};
pub use yaml_write::to_yaml;
