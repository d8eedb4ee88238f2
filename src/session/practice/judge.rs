//! Typed answers, graded by the program itself: which point is covered by which words, and what is believed wrongly.

use std::sync::Arc;
use std::time::Duration;

use crate::study::bank::Question;
use crate::study::grade::Grade;
use crate::study::records::{DraftChange, Mode, Now, POINT_MADE};

use super::answer::{Contradicted, PointMark, WrongBelief};
use super::interview::Given;
use super::unfinished::dropped;
use super::{Graded, Practice};

impl Graded {
    /// From the grader's judgement.
    pub(super) fn of(question: &Arc<Question>, grade: &Grade) -> Self {
        let point = |p: &crate::study::bank::Point| {
            let covered = grade.covered.iter().find(|c| c.point == p.id);
            PointMark {
                id: p.id.clone(),
                text: p.text.clone(),
                degree: covered.map_or(0, |c| c.degree),
                evidence: covered.map(|c| c.evidence.clone()).unwrap_or_default(),
            }
        };
        let belief = |a: &crate::study::grade::Asserted| {
            let m = question.misconception(&a.id)?;
            Some(WrongBelief { id: m.id.clone(), text: m.text.clone(), correction: m.correction.clone(), evidence: a.evidence.clone() })
        };
        let contradicted = |c: &crate::study::grade::Contradiction| Contradicted {
            point: c.point.clone(),
            first: c.first.clone(),
            second: c.second.clone(),
        };
        let follow_up = grade.follow_up.as_ref().and_then(|ask| question.follow_ups.iter().position(|f| f.ask == *ask));
        Self {
            question: question.clone(),
            score: grade.score,
            points: question.points.iter().map(point).collect(),
            misconceptions: grade.misconceptions.iter().filter_map(belief).collect(),
            contradictions: grade.contradictions.iter().map(contradicted).collect(),
            next: grade.next.clone(),
            follow_up,
            due: None,
        }
    }

    /// With regard to some points alone, as for a follow-up: the score is their mean.
    pub(super) fn only(mut self, points: &[Arc<str>]) -> Self {
        self.score = self.marks().only(points).score;
        self.points.retain(|p| points.contains(&p.id));
        self.next = self.points.iter().find(|p| p.degree < POINT_MADE).map(|p| p.text.clone()).unwrap_or_default();
        self
    }
}

impl Practice {
    /// The grader learns the bank's words the first time.
    pub(super) fn judged(&self, question: &Arc<Question>, answer: &str) -> Graded {
        let grader = self.grader.get_or_init(|| self.library.grader());
        Graded::of(question, &grader.grade(question, answer))
    }

    /// Grades an answer; nothing is stored.
    ///
    /// # Errors
    /// No such question.
    pub fn grade(&self, question: &str, answer: &str) -> Result<Graded, String> {
        let question = self.question(question)?;
        Ok(self.judged(question, answer))
    }

    /// Grades the answer to a follow-up, on the points it aims at that the first answer missed; nothing is stored.
    ///
    /// # Errors
    /// No such question or follow-up.
    pub fn grade_follow_up(&self, first: &Graded, follow_up: usize, answer: &str) -> Result<Graded, String> {
        let asked = first.question.follow_ups.get(follow_up).ok_or("there is no such follow-up")?;
        let missing = first.marks().missing();
        let aimed: Vec<Arc<str>> = asked.missed.iter().filter(|id| missing.contains(id)).cloned().collect();
        let points = if aimed.is_empty() { &asked.missed } else { &aimed };
        Ok(self.grade(&first.question.id, answer)?.only(points))
    }

    /// Hands in a typed answer: graded, and stored when this returns. What was unfinished of it is dropped.
    ///
    /// # Errors
    /// No such question, or why the file could not be written.
    pub fn answer(&mut self, question: &str, answer: &str, took: Option<Duration>, now: &Now) -> Result<Graded, String> {
        let graded = self.grade(question, answer)?;
        let review = graded.review(Mode::Answer, None, Some(answer), took);
        self.store(&review, &dropped(&graded.question.id).each_ref().map(|slot| DraftChange::Drop { slot }), now)?;
        Ok(self.with_due(graded))
    }

    /// Answers the card on the table by typing.
    ///
    /// # Errors
    /// No card on the table, or why the file could not be written.
    pub fn answer_card(&mut self, answer: &str, took: Option<Duration>, now: &Now) -> Result<Graded, String> {
        let question = self.card().ok_or("no card is on the table")?.clone();
        let graded = self.judged(&question, answer);
        self.card_done(graded, None, Some(answer), took, now)
    }

    /// Answers the interview's prompt by typing; stored when this returns.
    ///
    /// # Errors
    /// Nothing is asked, or why the file could not be written.
    pub fn answer_interview(&mut self, answer: &str, elapsed: Duration, now: &Now) -> Result<Graded, String> {
        self.interview_turn(Given::Typed(answer), elapsed, now)
    }
}
