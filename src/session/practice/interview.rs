//! A mock interview at the door: begun, answered, interrupted, taken up again, reported.

use std::time::Duration;

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::study::bank::Level;
use crate::study::modes::interview::{Interview, Prompt, Role, Saved, Setup};
use crate::study::modes::report::Report;
use crate::study::modes::{Marks, Said};
use crate::study::records::{DraftChange, Mode, Now};

use super::cards::seed;
use super::unfinished::millis;
use super::{Graded, Practice, Unfinished, json};

pub(super) const SLOT: &str = "interview";
/// Questions answered within so many days come less often.
const RECENT_DAYS: i64 = 3;

/// What the interview is for.
#[derive(Clone, Debug, PartialEq)]
pub struct InterviewSetup {
    pub role: Role,
    /// Junior, mid or senior.
    pub level: Level,
    /// 15, 30 or 45; others work as well.
    pub minutes: u32,
    /// Only these topics; empty: all.
    pub topics: Vec<Arc<str>>,
}

impl Default for InterviewSetup {
    fn default() -> Self {
        Self { role: Role::Any, level: Level::Mid, minutes: 30, topics: Vec::new() }
    }
}

/// An interview in progress, or over and not yet put away.
#[derive(Clone, Debug)]
pub struct Sitting {
    interview: Interview,
    elapsed: Duration,
    unfinished: Unfinished,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    saved: Saved,
    elapsed_ms: u64,
    #[serde(default)]
    unfinished: Unfinished,
}

impl Sitting {
    pub(super) fn taken_up(practice: &Practice) -> Option<Self> {
        let kept: Kept = practice.kept(SLOT)?;
        let interview = Interview::resume(&practice.library.bank, kept.saved);
        Some(Self { interview, elapsed: Duration::from_millis(kept.elapsed_ms), unfinished: kept.unfinished })
    }

    fn kept(&self) -> Kept {
        Kept { saved: self.interview.saved().clone(), elapsed_ms: millis(self.elapsed), unfinished: self.unfinished.clone() }
    }

    /// What is asked now; None when the interview is over.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.interview.prompt()
    }
    pub fn over(&self) -> bool {
        self.interview.over()
    }
    /// The interview's clock as of the last call; a face's clock goes on from here, and stands still while a lab is open.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
    /// What is left when the clock shows `elapsed`.
    pub fn left(&self, elapsed: Duration) -> Duration {
        self.interview.left(elapsed)
    }
    /// "question 3 of about 8"
    pub fn about(&self, elapsed: Duration) -> usize {
        self.interview.about(elapsed)
    }
    /// The answer that was begun and not handed in.
    pub fn unfinished(&self) -> &Unfinished {
        &self.unfinished
    }
    /// The setup as it was chosen: role, level, minutes.
    pub fn setup(&self) -> &Setup {
        &self.interview.saved().setup
    }
    /// On everything answered so far.
    pub fn report(&self) -> Report {
        self.interview.report()
    }
}

/// How the prompt was answered.
pub(super) enum Given<'a> {
    Rated(&'a [Said]),
    Typed(&'a str),
    Skipped,
}

impl Practice {
    /// Begins an interview; one in progress is put away. Weak topics weigh more, and questions of the last days less.
    ///
    /// # Errors
    /// The bank has no question that fits, or why the file could not be written.
    pub fn begin_interview(&mut self, setup: &InterviewSetup, now: &Now) -> Result<(), String> {
        for topic in &setup.topics {
            self.library.topic(topic)?;
        }
        let percent = |share: f32| (share * 100.0).round().clamp(0.0, 100.0) as u8;
        let topics = self.standing.topics();
        let seen = topics.iter().filter(|t| t.all.seen > 0);
        let since = now.today.checked_sub(RECENT_DAYS.days()).unwrap_or(now.today);
        let mut recent: Vec<Arc<str>> = self.reviews.iter().filter(|r| r.day > since).map(|r| r.question.clone()).collect();
        recent.sort();
        recent.dedup();
        let setup = Setup {
            role: setup.role,
            level: setup.level,
            minutes: setup.minutes,
            seed: seed(now),
            topics: setup.topics.clone(),
            mastery: seen.map(|t| (t.topic.clone(), percent(t.all.strength))).collect(),
            recent,
        };
        let interview = Interview::new(&self.library.bank, setup);
        if interview.over() {
            return Err("no question fits this interview".into());
        }
        let sitting = Sitting { interview, elapsed: Duration::ZERO, unfinished: Unfinished::default() };
        self.keep(SLOT, &sitting.kept(), now)?;
        self.sitting = Some(sitting);
        Ok(())
    }

    /// The interview in progress.
    pub fn interview(&self) -> Option<&Sitting> {
        self.sitting.as_ref()
    }

    /// Keeps the clock and the answer that was begun; call it now and then.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn keep_interview(&mut self, answer: &Unfinished, elapsed: Duration, now: &Now) -> Result<(), String> {
        let Some(sitting) = &mut self.sitting else { return Ok(()) };
        sitting.elapsed = elapsed.max(sitting.elapsed);
        sitting.unfinished = answer.clone();
        let kept = sitting.kept();
        self.keep(SLOT, &kept, now)
    }

    /// The answer was said aloud and is rated by the person, point by point in the order of the prompt's points. Stored when this returns
    /// (of a follow-up only the interview, which is no review of its own).
    ///
    /// # Errors
    /// Nothing is asked, or why the file could not be written.
    pub fn rate_interview(&mut self, said: &[Said], elapsed: Duration, now: &Now) -> Result<Graded, String> {
        self.interview_turn(Given::Rated(said), elapsed, now)
    }

    /// No answer.
    ///
    /// # Errors
    /// As [`Self::rate_interview`].
    pub fn skip_interview(&mut self, elapsed: Duration, now: &Now) -> Result<Graded, String> {
        self.interview_turn(Given::Skipped, elapsed, now)
    }

    /// Ends it: what was answered counts. The report, if there was an interview.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn end_interview(&mut self) -> Result<Option<Report>, String> {
        let Some(mut sitting) = self.sitting.take() else { return Ok(None) };
        sitting.interview.end();
        self.drop_kept(SLOT)?;
        Ok(Some(sitting.report()))
    }

    pub(super) fn interview_turn(&mut self, given: Given, elapsed: Duration, now: &Now) -> Result<Graded, String> {
        let nothing = || "no interview is in progress".to_string();
        let mut sitting = self.sitting.clone().ok_or_else(nothing)?;
        let prompt = sitting.prompt().cloned().ok_or_else(nothing)?;
        let took = elapsed.saturating_sub(sitting.elapsed_at_prompt());
        let (graded, typed) = match given {
            Given::Rated(said) => (Graded::rated(&prompt.question, &Marks::rated_on(&prompt.question, &prompt.points, said)), None),
            Given::Typed(text) => {
                let graded = self.judged(&prompt.question, text);
                (if prompt.follow_up.is_some() { graded.only(&prompt.points) } else { graded }, Some(text))
            }
            Given::Skipped => (Graded::rated(&prompt.question, &Marks::rated_on(&prompt.question, &prompt.points, &[])), None),
        };
        match given {
            Given::Skipped => sitting.interview.skip(elapsed),
            _ => sitting.interview.answer(graded.marks(), elapsed),
        }
        sitting.elapsed = elapsed.max(sitting.elapsed);
        sitting.unfinished = Unfinished::default();
        if prompt.follow_up.is_none() {
            let review = graded.review(Mode::Interview, None, typed, Some(took));
            let body = json(&sitting.kept());
            self.store(&review, &[DraftChange::Keep { slot: SLOT, body: &body }], now)?;
        } else {
            self.keep(SLOT, &sitting.kept(), now)?;
        }
        self.sitting = Some(sitting);
        // A follow-up changes no date.
        Ok(if prompt.follow_up.is_none() { self.with_due(graded) } else { graded })
    }
}

impl Sitting {
    /// The clock when the current prompt was put.
    fn elapsed_at_prompt(&self) -> Duration {
        Duration::from_millis(self.interview.saved().turns.last().map_or(0, |t| t.at_ms))
    }
}
