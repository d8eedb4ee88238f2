//! What was begun and not finished: it outlives Esc, Ctrl-C, the end of the program and a kill, in every mode.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::study::modes::Said;
use crate::study::modes::whiteboard::{Board, Placement};
use crate::study::records::Now;

use super::{Practice, cards, json, whiteboard};

/// An answer that was not handed in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unfinished {
    pub text: String,
    pub spent_ms: u64,
    /// It is said, not written.
    pub aloud: bool,
    /// The point that is rated now; None while one still speaks.
    pub rating: Option<usize>,
    /// The ratings so far, in the order of the rubric.
    pub said: Vec<Option<Said>>,
}

impl Unfinished {
    /// Nothing of it would be missed: no word, no rating, and hardly begun to speak.
    pub fn is_empty(&self) -> bool {
        let speaking = self.aloud && (self.rating.is_some() || self.spent_ms >= 5_000);
        self.text.is_empty() && !speaking && self.said.iter().all(Option::is_none)
    }
    pub fn spent(&self) -> Duration {
        Duration::from_millis(self.spent_ms)
    }
}

/// A time as drafts keep it.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const ANSWER: &str = "answer/";
const FOLLOW_UP: &str = "follow-up/";

/// Where an answer to a question waits.
fn slot(question: &str) -> String {
    format!("{ANSWER}{question}")
}
/// The same of an answer to its follow-up.
fn follow_up_slot(question: &str) -> String {
    format!("{FOLLOW_UP}{question}")
}
/// What a new answer to a question takes away: the follow-up was one to the answer before.
pub(super) fn dropped(question: &str) -> [String; 2] {
    [slot(question), follow_up_slot(question)]
}

/// What was left last, and how far it had come.
#[derive(Clone, Debug, PartialEq)]
pub enum LeftOff {
    /// Cards to go.
    Cards(usize),
    /// A question by id: its answer, or the one to its follow-up.
    Answer(Arc<str>),
    /// Predictions made, and of how many.
    Predictions(usize, usize),
    /// A chain by id.
    Board(Arc<str>),
    /// Components placed, and of how many.
    Sides(usize, usize),
}

impl Practice {
    /// The answer to a question, or to its follow-up, that was begun and not handed in.
    pub fn unfinished(&self, question: &str, follow_up: bool) -> Option<Unfinished> {
        let slot = if follow_up { follow_up_slot(question) } else { slot(question) };
        let body = self.records.draft(&slot).ok().flatten()?.body;
        // Once drafts were nothing but the words.
        Some(serde_json::from_str(&body).unwrap_or_else(|_| Unfinished { text: body.to_string(), ..Unfinished::default() }))
    }

    /// Keeps an answer that was begun; an empty one is forgotten.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn keep_unfinished(&mut self, question: &str, follow_up: bool, answer: &Unfinished, now: &Now) -> Result<(), String> {
        let slot = if follow_up { follow_up_slot(question) } else { slot(question) };
        if answer.is_empty() {
            self.drop_kept(&slot)
        } else {
            self.records.keep_draft(&slot, &json(answer), now).map_err(|e| e.to_string())
        }
    }

    /// Everything that was left and can be gone on with, the latest first; a mock interview is asked for by itself.
    pub fn left_off(&self) -> Vec<LeftOff> {
        let drafts = self.records.drafts().unwrap_or_default();
        let mut out: Vec<LeftOff> = Vec::new();
        for left in drafts.iter().filter_map(|d| self.left_in(&d.slot, &d.body)) {
            if !out.contains(&left) {
                out.push(left);
            }
        }
        out
    }

    fn left_in(&self, slot: &str, body: &str) -> Option<LeftOff> {
        if let Some(id) = slot.strip_prefix(ANSWER).or_else(|| slot.strip_prefix(FOLLOW_UP)) {
            return self.library.bank.get(id).map(|q| LeftOff::Answer(q.id.clone()));
        }
        if slot == cards::SLOT {
            let sitting = self.cards.as_ref().filter(|c| c.left() > 0 && !c.done().is_empty())?;
            return Some(LeftOff::Cards(sitting.left()));
        }
        if slot == super::drill::SLOT {
            let series = self.predictions_left().filter(|p| !p.done().is_empty())?;
            return Some(LeftOff::Predictions(series.done().len(), series.total()));
        }
        if slot == whiteboard::COMPONENTS {
            let round: Placement = serde_json::from_str(body).ok()?;
            round.current(&self.drills().components)?;
            let done = round.done().count();
            return (done > 0).then(|| LeftOff::Sides(done, round.total()));
        }
        let board: Board = serde_json::from_str(body).ok().filter(|_| slot.starts_with(whiteboard::BOARD))?;
        self.drills().chain(&board.chain).map(|c| LeftOff::Board(c.id.clone()))
    }
}
