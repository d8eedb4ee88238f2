//! Every bound of the simulation in one table. Reaching one is a reported outcome, never a hang.

use super::SimDuration;

/// Events that may be handled at one instant before the run is called a livelock.
pub const EVENTS_PER_INSTANT_MAX: u64 = 2_000_000;
/// Events one run may handle in all.
pub const EVENTS_PER_RUN_MAX: u64 = 400_000_000;
/// Journal records one run may write before older detail is refused.
pub const JOURNAL_RECORDS_MAX: usize = 20_000_000;
/// The longest scenario.
pub const SCENARIO_DURATION_MAX: SimDuration = SimDuration::from_secs(366 * 86_400);
/// Machines in one world.
pub const HOSTS_MAX: usize = 10_000;
/// Copies (pods, containers) one world may hold.
pub const COPIES_MAX: usize = 400_000;
/// Bytes of one scenario, manifest or compose file.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Nesting of a document.
pub const DOCUMENT_DEPTH_MAX: usize = 128;
/// Nodes of a document after aliases are expanded.
pub const DOCUMENT_NODES_MAX: usize = 250_000;
/// Documents in one file (`---`).
pub const DOCUMENTS_MAX: usize = 20_000;
/// Requests per second of one traffic stream.
pub const RATE_MAX: u64 = 10_000_000;
/// Entries of a scenario's timeline, repetitions included.
pub const TIMELINE_MAX: usize = 10_000;
/// Bytes of a cluster dump (`schedule -f`).
pub const CLUSTER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Values in a cluster dump.
pub const CLUSTER_NODES_MAX: usize = 3_000_000;
