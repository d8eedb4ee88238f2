//! One answer and what it was worth: marks per point, wrong beliefs, what to say next time, when it is asked again.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::study::bank::Question;
use crate::study::modes::{Marks, Said};
use crate::study::records::{DraftChange, Mode, NewReview, Now, PointResult, Rating};

use super::Practice;
use super::unfinished::dropped;

/// An answer with its marks, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Graded {
    pub question: Arc<Question>,
    /// 0 to 100.
    pub score: u8,
    /// The rubric in its order; of a follow-up the points it aimed at.
    pub points: Vec<PointMark>,
    /// Wrong beliefs that the answer asserts.
    pub misconceptions: Vec<WrongBelief>,
    /// Places that contradict each other: the point they are about, and where.
    pub contradictions: Vec<Contradicted>,
    /// What to say next time; empty if nothing was missing.
    pub next: Arc<str>,
    /// The question an interviewer would ask next: its position in the question's follow-ups.
    pub follow_up: Option<usize>,
    /// The day the question comes back; None if the answer was not stored.
    pub due: Option<Date>,
}

/// One point of the rubric in an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct PointMark {
    pub id: Arc<str>,
    pub text: Arc<str>,
    /// 0 to 100.
    pub degree: u8,
    /// Byte ranges of the answer that prove it; empty where nothing was typed.
    pub evidence: Vec<Range<usize>>,
}

/// A misconception that was asserted.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongBelief {
    pub id: Arc<str>,
    pub text: Arc<str>,
    pub correction: Arc<str>,
    pub evidence: Vec<Range<usize>>,
}

/// Two places of an answer that cannot both be meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradicted {
    pub point: Arc<str>,
    pub first: Range<usize>,
    pub second: Range<usize>,
}

/// How an answer that nobody typed was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aloud {
    /// Said aloud, then rated against the rubric.
    Spoken,
    /// Thought, with a card in hand.
    Card,
}

impl Graded {
    /// From marks alone: the person's own rating.
    pub(super) fn rated(question: &Arc<Question>, marks: &Marks) -> Self {
        let point = |(id, degree): &(Arc<str>, u8)| {
            let text = question.point(id)?.text.clone();
            Some(PointMark { id: id.clone(), text, degree: *degree, evidence: Vec::new() })
        };
        let belief = |id: &Arc<str>| {
            let m = question.misconception(id)?;
            Some(WrongBelief { id: id.clone(), text: m.text.clone(), correction: m.correction.clone(), evidence: Vec::new() })
        };
        Self {
            question: question.clone(),
            score: marks.score,
            points: marks.points.iter().filter_map(point).collect(),
            misconceptions: marks.misconceptions.iter().filter_map(belief).collect(),
            contradictions: Vec::new(),
            next: marks.next.clone(),
            follow_up: question.follow_up_for(&marks.missing(), &[]),
            due: None,
        }
    }

    /// The same for the modes.
    pub fn marks(&self) -> Marks {
        Marks {
            score: self.score,
            points: self.points.iter().map(|p| (p.id.clone(), p.degree)).collect(),
            misconceptions: self.misconceptions.iter().map(|m| m.id.clone()).collect(),
            next: self.next.clone(),
        }
    }

    /// The words an interviewer would use next.
    pub fn follow_up_text(&self) -> Option<&Arc<str>> {
        self.follow_up.and_then(|i| self.question.follow_ups.get(i)).map(|f| &f.ask)
    }

    /// As it is stored.
    pub(super) fn review(&self, mode: Mode, rating: Option<Rating>, answer: Option<&str>, took: Option<Duration>) -> NewReview {
        NewReview {
            rating,
            points: self.points.iter().map(|p| PointResult { point: p.id.clone(), degree: p.degree }).collect(),
            misconceptions: self.misconceptions.iter().map(|m| m.id.clone()).collect(),
            answer: answer.map(Arc::from),
            took,
            ..NewReview::new(self.question.id.clone(), mode, self.score)
        }
    }
}

impl Practice {
    /// The person's own rating of an answer, point by point: stored when this returns. What was unfinished of it is dropped.
    ///
    /// # Errors
    /// No such question, or why the file could not be written.
    pub fn rate(&mut self, question: &str, said: &[Said], how: Aloud, took: Option<Duration>, now: &Now) -> Result<Graded, String> {
        let question = self.question(question)?.clone();
        let graded = Graded::rated(&question, &Marks::rated(&question, said));
        let mode = match how {
            Aloud::Spoken => Mode::Spoken,
            Aloud::Card => Mode::Card,
        };
        let review = graded.review(mode, None, None, took);
        self.store(&review, &dropped(&question.id).each_ref().map(|slot| DraftChange::Drop { slot }), now)?;
        Ok(self.with_due(graded))
    }

    /// The last answer to a question as it was judged then, and its words if it was typed.
    pub fn last_graded(&self, question: &str) -> Option<(Graded, Option<Arc<str>>)> {
        let question = self.library.bank.get(question)?;
        let review = self.reviews.iter().rev().find(|r| r.question == question.id)?;
        let graded = match &review.answer {
            Some(text) => self.judged(question, text),
            None => {
                let points = review.points.iter().map(|p| (p.point.clone(), p.degree)).collect();
                let marks = Marks { score: review.score, points, misconceptions: review.misconceptions.clone(), ..Marks::default() };
                Graded::rated(question, &marks)
            }
        };
        Some((self.with_due(graded), review.answer.clone()))
    }

    /// With the day on which the question comes back.
    pub(super) fn with_due(&self, graded: Graded) -> Graded {
        let memory = self.standing.question(&graded.question.id).and_then(|q| q.memory.as_ref());
        Graded { due: memory.map(|m| m.due), ..graded }
    }
}
