//! Practice, for faces: the question bank with its evidence, the modes, and what they leave behind.

pub mod library;
pub mod print;
mod wrap;

use std::path::PathBuf;

use super::OpenOptions;

pub use crate::study::bank::{Answers, Bank, Evidence, FollowUp, Level, Misconception, Point, Question, Topic};
pub use library::{Broken, Library};

/// Where practice finds its things.
#[derive(Clone, Debug, Default)]
pub struct PracticeOptions {
    /// The person's own decks; None: `WHEELHOUSE_DECKS`, else `wheelhouse/decks` in the platform's data folder.
    pub decks: Option<PathBuf>,
    /// How labs are opened.
    pub open: OpenOptions,
}
