//! Practice, for faces: the one door to the question bank, the modes, the records of what was learned, and the labs that prove it.
//!
//! Open a [`Practice`] once and keep it. Every call that stores something has it on the disk when it returns; a kill at any other moment
//! costs nothing but the keys since the last `keep_…`. Calls that need the time are told it ([`Now`]); what a clock on the screen shows is
//! handed in as a `Duration`.
//!
//! ```text
//! let mut practice = Practice::open(&options, &now)?;                     // never fails for a broken deck or progress file:
//! practice.troubles();                                                    //   show these once, in a calm place
//! practice.library().bank.topics();                                       // topics and questions
//! practice.standing().due();                                              // what is due; retention, streak, heat map: see `Standing`
//!
//! practice.unfinished("etcd", false);                                     // an answer that was begun and not handed in
//! practice.keep_unfinished("etcd", false, &answer, &now)?;                // now and then while somebody types or rates
//! let graded = practice.answer("etcd", text, took, &now)?;                // graded with the proving words, and stored
//! let graded = practice.rate("etcd", &said, Aloud::Spoken, took, &now)?;  // said aloud, rated point by point, and stored
//! practice.grade_follow_up(&graded, follow_up, text)?;                    // what an interviewer would ask next; not stored
//!
//! practice.begin_cards(&CardSetup::default(), &now)?;                     // flash cards: `card`, `turn_card`, `rate_card`, `answer_card`
//! practice.begin_interview(&InterviewSetup { … }, &now)?;                 // mock interview: `interview`, `answer_interview`, …
//! practice.board("node-death", &now)?;                                    // whiteboard: `keep_board`, `submit_board`
//! practice.open_drill(&id)?;                                              // prediction drill: `question`, `measure`, `store_prediction`
//!
//! practice.see(&question.evidence);                                       // what `s` does: a lab at a moment, a claim, or nothing yet
//! ```
//!
//! A sitting that was begun (cards, an interview, a board, a series of predictions, a round of components) goes on where it stopped, also
//! after the program was killed: ask [`Practice::interview`] and [`Practice::cards`] before you begin a new one. [`Practice::left_off`]
//! lists what waits.

pub mod answer;
pub mod cards;
pub mod drill;
pub mod grading;
pub mod interview;
mod judge;
pub mod library;
pub mod print;
mod report_text;
pub mod see;
#[cfg(test)]
mod tests;
pub mod unfinished;
pub mod whiteboard;
mod wrap;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::OpenOptions;
use crate::study::grade::Grader;
use crate::study::records::{DraftChange, Item, NewReview, Plan, Records, Review, Standing, default_file};

pub use crate::study::bank::{Answers, Bank, Evidence, FollowUp, Level, Misconception, Point, Question, Topic};
pub use crate::study::modes::interview::{MINUTES, Prompt, Role};
pub use crate::study::modes::predict::Predictions;
pub use crate::study::modes::report::{Report, Tonight};
pub use crate::study::modes::whiteboard::{Board, Chain, Component, Ordered, Placement, Side, Step};
pub use crate::study::modes::{Marks, Said};
pub use crate::study::records::{Mode, Now, Rating};
pub use answer::{Aloud, Graded, PointMark};
pub use cards::CardSetup;
pub use drill::{Drill, Measured};
pub use interview::{InterviewSetup, Sitting};
pub use library::{Broken, Library};
pub use see::{LabAt, See};
pub use unfinished::{LeftOff, Unfinished, millis};

/// Where practice finds its things.
#[derive(Clone, Debug, Default)]
pub struct PracticeOptions {
    /// The person's own decks; None: `WHEELHOUSE_DECKS`, else `wheelhouse/decks` in the platform's data folder.
    pub decks: Option<PathBuf>,
    /// The progress file; None: `progress.db` in the platform's data folder.
    pub progress: Option<PathBuf>,
    /// Whose progress; None: the profile that was used last.
    pub profile: Option<String>,
    /// How labs are opened.
    pub open: OpenOptions,
}

/// A person at practice.
pub struct Practice {
    library: Library,
    records: Records,
    grader: OnceCell<Grader>,
    /// Why nothing is kept.
    unkept: Option<String>,
    open: OpenOptions,
    items: Vec<Item>,
    reviews: Vec<Review>,
    standing: Standing,
    /// Worked out when it is asked for; nothing once the reviews, the day or the interview has changed.
    plan: OnceCell<Option<Plan>>,
    sitting: Option<Sitting>,
    cards: Option<cards::CardSitting>,
}

impl Practice {
    /// Opens bank and records. A broken deck is left out, and with a progress file that cannot be used nothing is kept; both are told by
    /// [`Self::troubles`].
    ///
    /// # Errors
    /// A profile that does not exist, or no memory at all.
    pub fn open(options: &PracticeOptions, now: &Now) -> Result<Self, String> {
        let library = Library::open(options);
        let file = options.progress.clone().map_or_else(default_file, Ok);
        let (mut records, trouble) = Records::open_or_memory(file, now).map_err(|e| e.to_string())?;
        if let Some(name) = &options.profile {
            records.choose(name, false).map_err(|e| e.to_string())?;
        }
        let items: Vec<Item> = library.bank.questions().iter().map(|q| Item::from(&**q)).collect();
        let reviews = records.reviews().map_err(|e| e.to_string())?;
        let standing = Standing::new(&items, &reviews, now.today);
        let unkept = trouble.map(|e| e.to_string());
        let mut practice = Self {
            library,
            records,
            grader: OnceCell::new(),
            unkept,
            open: options.open.clone(),
            items,
            reviews,
            standing,
            plan: OnceCell::new(),
            sitting: None,
            cards: None,
        };
        practice.take_up();
        Ok(practice)
    }

    /// What the person should know: decks that were left out, and why progress is not kept. Empty: all is well.
    pub fn troubles(&self) -> Vec<String> {
        let decks = self.library.left_out();
        let unkept = self.unkept.iter().map(|why| format!("{why}\nYou can practise all the same; nothing of it is kept."));
        unkept.chain(decks).collect()
    }

    pub fn library(&self) -> &Library {
        &self.library
    }
    /// Profiles, drafts, export: everything about the file itself. After another profile was chosen call [`Self::refresh`].
    pub fn records(&mut self) -> &mut Records {
        &mut self.records
    }
    /// The same, to look at.
    pub fn book(&self) -> &Records {
        &self.records
    }
    /// Every review of the profile in use, the oldest first.
    pub fn reviews(&self) -> &[Review] {
        &self.reviews
    }
    /// Where the person stands: due, forecast, retention, streak, topics × levels.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
    /// The plan to the day of the interview, if one is set.
    pub fn plan(&self) -> Option<&Plan> {
        let today = self.standing.today;
        let work_out = || {
            let profile = self.records.profile();
            Some(Plan::to(profile.interview?, profile.planned_on.unwrap_or(today), &self.items, &self.reviews, today))
        };
        self.plan.get_or_init(work_out).as_ref()
    }

    /// Sets or clears the day of the interview.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn set_interview(&mut self, day: Option<Date>, now: &Now) -> Result<(), String> {
        self.plan = OnceCell::new();
        self.records.set_interview(day, now).map_err(|e| e.to_string())
    }

    /// A program may stay open overnight: when the day has changed, everything that follows from it is worked out anew. True if it has.
    pub fn turn_day(&mut self, now: &Now) -> bool {
        let turned = self.standing.today != now.today;
        if turned {
            self.look(now);
        }
        turned
    }

    /// What follows from the reviews and the day, worked out anew.
    fn look(&mut self, now: &Now) {
        self.standing = Standing::new(&self.items, &self.reviews, now.today);
        self.plan = OnceCell::new();
    }

    /// Reads everything anew: after another profile was chosen, or an import.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn refresh(&mut self, now: &Now) -> Result<(), String> {
        self.reviews = self.records.reviews().map_err(|e| e.to_string())?;
        self.look(now);
        self.sitting = None;
        self.cards = None;
        self.take_up();
        Ok(())
    }

    /// A question by id.
    ///
    /// # Errors
    /// Says that there is none, with the nearest ids.
    pub fn question(&self, id: &str) -> Result<&Arc<Question>, String> {
        self.library.question(id)
    }

    /// Sittings that were begun and not ended.
    fn take_up(&mut self) {
        self.sitting = Sitting::taken_up(self);
        self.cards = self.kept(cards::SLOT);
    }

    /// Stores a review with the drafts that change with it; on the disk when this returns.
    fn store(&mut self, review: &NewReview, drafts: &[DraftChange], now: &Now) -> Result<(), String> {
        let stored = self.records.record(review, drafts, now).map_err(|e| e.to_string())?;
        self.reviews.push(stored);
        self.look(now);
        Ok(())
    }

    /// A draft of ours; None if there is none, or one that this version cannot read.
    fn kept<T: DeserializeOwned>(&self, slot: &str) -> Option<T> {
        let draft = self.records.draft(slot).ok().flatten()?;
        serde_json::from_str(&draft.body).ok()
    }
    fn keep<T: Serialize>(&mut self, slot: &str, what: &T, now: &Now) -> Result<(), String> {
        self.records.keep_draft(slot, &json(what), now).map_err(|e| e.to_string())
    }
    fn drop_kept(&mut self, slot: &str) -> Result<(), String> {
        self.records.drop_draft(slot).map_err(|e| e.to_string())
    }
}

/// A sitting as the text of its draft. Our own plain data always has one.
fn json<T: Serialize>(what: &T) -> String {
    serde_json::to_string(what).unwrap_or_default()
}
