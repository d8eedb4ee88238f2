//! `wheelhouse schedule`: where a pod would go in a cluster read from files, and why. Bytes in, text out.

pub use crate::kernel::limits::CLUSTER_BYTES_MAX;
pub use crate::worlds::Output;
pub use crate::worlds::kubernetes::scheduler::offline::{Format, Request, Style, schedule};
