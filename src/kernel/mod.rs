//! Floor 1, the ground: virtual time, the agenda, named random streams, the journal, persistent maps and history.
//!
//! The kernel knows nothing of containers. Everything above it is deterministic because this room offers no other clock,
//! no other source of chance and no other collection order than its own. It may use nothing else of ours.

pub mod agenda;
pub mod history;
pub mod journal;
pub mod limits;
pub mod random;
pub mod store;
pub mod time;

pub use agenda::{Agenda, Token};
pub use journal::{Change, Cx, FieldChange, Journal, ObjectRef, Record, RecordId, RecordType};
pub use random::{Stream, Streams};
pub use store::{List, Map, Set};
pub use time::{EPOCH, SimDuration, SimTime};
