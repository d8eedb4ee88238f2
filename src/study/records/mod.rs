//! What was practised, kept: one SQLite file with profiles, reviews and unfinished answers, and everything that follows from the reviews.
//!
//! Two halves that meet only in [`Review`]:
//!
//! - **the file** ([`Records`]): open it with [`Records::open_or_memory`], [`record`](Records::record) each answer as it is graded, keep
//!   what is half done as a [`Draft`]. A call that returns has its data on the disk; a kill at any other instant leaves the file as before.
//! - **the arithmetic** ([`Standing`], [`Plan`]): pure functions from the bank's questions ([`Item`]), the reviews and the day. Make a new
//!   `Standing` after each review: a few hundred questions take a millisecond or so.
//!
//! ```text
//! let now = Now::local(timestamp, &time_zone);                       // the face's clock; a day begins at four in the morning
//! let (mut records, trouble) = Records::open_or_memory(default_file(), &now)?;
//! let mut review = NewReview::new("pod-vs-container", Mode::Answer, grade.score);
//! review.points = …; review.misconceptions = …; review.answer = Some(text);
//! records.record(&review, &[DraftChange::Drop { slot: "answer/pod-vs-container" }], &now)?;
//! let standing = Standing::new(&items, &records.reviews()?, now.today);
//! standing.due();                                                     // what to ask next, the most nearly forgotten first
//! ```
//!
//! Reviews are all that is stored of a memory. Intervals, due dates and readiness are worked out from them (rules in [`memory`]).
//! No clock: every call that needs the time is told it ([`Now`]).

pub mod anki;
mod draft;
mod error;
mod exchange;
pub mod memory;
mod place;
mod plan;
mod profile;
mod review;
mod schema;
mod standing;
mod store;
#[cfg(test)]
mod tests;

pub use draft::{Draft, DraftChange};
pub use error::{RecordsError, Result};
pub use exchange::{EXPORT_FORMAT, IMPORT_BYTES_MAX, Imported};
pub use memory::{Memory, PointMemory, Trace};
pub use place::{FILE_NAME, data_folder, default_file};
pub use plan::{HEAVY_FROM, Pace, Plan};
pub use profile::{DEFAULT_PROFILE, Profile};
pub use review::{
    ANSWER_BYTES_MAX, DAY_BEGINS_AT_HOUR, Mode, NewReview, Now, POINT_HALF, POINT_MADE, PointResult, RATING_FROM, Rating, Review,
};
pub use standing::{Item, LEVELS, Mastery, QuestionStanding, Retention, Standing, Streak, TopicStanding, WEAK_BELOW};
pub use store::Records;
