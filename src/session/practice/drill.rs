//! Prediction drills: the questions that scenarios ask, answered by running them.
//!
//! A [`Drill`] holds a lab that has been played up to its question. When the choice is made the lab is played on, headless, until the run
//! itself has answered (see `session::predict`). Nothing blocks: [`Drill::measure`] takes a budget of events.

use std::sync::Arc;

use crate::kernel::SimTime;
use crate::scenario::Scenario;
use crate::study::modes::predict::{PredictionId, Predictions};
use crate::study::records::{DraftChange, Mode, NewReview, Now};

use super::super::view::Stop;
use super::super::{OpenOptions, Session, catalogue, predict};
use super::cards::seed;
use super::{LabAt, Practice, json};

/// Where a series that was left waits.
pub(super) const SLOT: &str = "predictions";
/// Predictions in one series.
pub const SERIES: usize = 10;

/// A lab that waits at a question.
pub struct Drill {
    pub id: PredictionId,
    /// The scenario's title.
    pub title: String,
    /// What is asked, with the values of the moment.
    pub question: String,
    pub choices: Vec<String>,
    /// When it is asked.
    pub at: SimTime,
    entry: usize,
    session: Session,
}

/// What the run showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// None: the run does not tell.
    pub right: Option<usize>,
    /// Why, with measured values.
    pub because: String,
    /// The moment at which the run showed it.
    pub known_at: Option<SimTime>,
    /// The lab at the moment of the question, to watch it happen.
    pub lab: LabAt,
}

/// Every question that a scenario asks: (scenario, id of the question), in the order of the catalogue and the timeline.
pub fn ids(options: &OpenOptions) -> Vec<PredictionId> {
    let names = options.catalogue().names().unwrap_or_default();
    let mut out = Vec::new();
    for name in names {
        let Ok(scenario) = catalogue::load(&name, options) else { continue };
        out.extend(asks(&scenario).map(|ask| PredictionId { scenario: name.as_str().into(), ask }));
    }
    out
}

fn asks(scenario: &Scenario) -> impl Iterator<Item = Arc<str>> {
    scenario.timeline.iter().filter_map(|e| e.ask.as_ref()).map(|q| q.id.clone())
}

impl Drill {
    /// Opens a scenario and plays it up to the question.
    ///
    /// # Errors
    /// The scenario cannot be read, or never asks this.
    pub fn open(id: &PredictionId, options: &OpenOptions) -> Result<Self, String> {
        let mut session = Session::open(&id.scenario, options)?;
        session.headless();
        let never = || format!("error: the scenario {} never asks `{}`\n", id.scenario, id.ask);
        let timeline = session.lab.scenario.timeline.clone();
        let entry = timeline.iter().position(|e| e.ask.as_ref().is_some_and(|q| q.id == id.ask)).ok_or_else(never)?;
        while session.lab.happened[entry].is_none() {
            if session.advance(SimTime::MAX, u64::MAX) == Stop::End {
                return Err(never());
            }
        }
        let asked = predict::question(&session.lab, &session.journal, entry).ok_or_else(never)?;
        let (title, at) = (session.lab.scenario.title.source(), session.now());
        Ok(Self { id: id.clone(), title, question: asked.text, choices: asked.choices, at, entry, session })
    }

    /// Plays on until the run has answered, at most so many events. None: call again.
    pub fn measure(&mut self, max_steps: u64) -> Option<Measured> {
        let mut left = max_steps;
        while !self.session.lab.shown.contains_key(&self.entry) && self.session.next_at().is_some() {
            if left == 0 {
                return None;
            }
            self.session.step();
            self.session.lab.stop = None;
            left -= 1;
        }
        let shown = self.session.lab.shown.get(&self.entry);
        Some(Measured {
            right: shown.and_then(|s| s.choice),
            because: shown.map(|s| s.because.clone()).unwrap_or_default(),
            known_at: shown.map(|s| s.at),
            lab: LabAt { scenario: self.id.scenario.clone(), at: self.at, look: self.question.as_str().into() },
        })
    }
}

impl Practice {
    /// The series of predictions that was left, else a new one: of those that were not right the last time, or of all if these are few.
    pub fn predictions(&mut self, now: &Now) -> Predictions {
        if let Some(left) = self.predictions_left() {
            return left;
        }
        let all = ids(&self.open);
        let last = |id: &PredictionId| self.reviews.iter().rev().find(|r| *r.question == *name(id)).map(|r| r.score);
        let (open, known): (Vec<_>, Vec<_>) = all.into_iter().partition(|id| last(id).is_none_or(|score| score < 100));
        let pool = if open.len() >= SERIES { open } else { open.into_iter().chain(known).collect() };
        let series = Predictions::new(&pool, SERIES, seed(now));
        // One that cannot be kept is played all the same.
        let _ = self.keep(SLOT, &series, now);
        series
    }

    /// The series of predictions that was left.
    pub fn predictions_left(&self) -> Option<Predictions> {
        self.kept(SLOT).filter(|series: &Predictions| series.current().is_some())
    }

    /// Opens the drill of a prediction.
    ///
    /// # Errors
    /// As [`Drill::open`].
    pub fn open_drill(&self, id: &PredictionId) -> Result<Drill, String> {
        Drill::open(id, &self.open)
    }

    /// Takes the prediction at hand into its series, and stores both; of what the run could not tell there is no review.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn store_prediction(
        &mut self,
        series: &mut Predictions,
        chosen: Option<usize>,
        right: Option<usize>,
        now: &Now,
    ) -> Result<(), String> {
        let Some(done) = series.answer(chosen, right).cloned() else { return Ok(()) };
        let body = json(series);
        let left =
            if series.current().is_some() { DraftChange::Keep { slot: SLOT, body: &body } } else { DraftChange::Drop { slot: SLOT } };
        if right.is_none() {
            return self.records.change_drafts(&[left], now).map_err(|e| e.to_string());
        }
        let score = if done.correct() { 100 } else { 0 };
        self.store(&NewReview::new(name(&done.id), Mode::Prediction, score), &[left], now)
    }
}

/// The name under which a prediction's reviews are kept.
fn name(id: &PredictionId) -> String {
    format!("prediction/{}/{}", id.scenario, id.ask)
}
