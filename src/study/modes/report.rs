//! What an interview showed: marks per question and topic, strengths, gaps, what to run tonight, what to say next time.
//!
//! A question's score is that of its first answer, plus three quarters of what the follow-ups brought: each point that was made only
//! when asked for adds `0.75 × its degree ÷ number of points`. Topic marks and the whole are means of the questions' scores.

use std::sync::Arc;
use std::time::Duration;

use super::super::bank::{Evidence, Question};
use super::Marks;
use super::interview::{Interview, Turn};
use super::marks::{MADE, mean};

/// From this score on a question is a strength.
pub const STRONG: u8 = 75;
/// What is left of a point that came only after it was asked for.
const LATE_PERCENT: u32 = 75;
/// Pieces of evidence proposed for the evening.
const TONIGHT_MAX: usize = 5;

/// The report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The mean of all questions, 0 to 100; None if nothing was answered.
    pub score: Option<u8>,
    /// One sentence.
    pub verdict: &'static str,
    pub used: Duration,
    pub budget: Duration,
    pub questions: Vec<Asked>,
    /// In the order of the first question of each.
    pub topics: Vec<TopicMark>,
    /// What went well, the best first.
    pub strengths: Vec<Arc<Question>>,
    /// What was missed, the worst question first.
    pub gaps: Vec<Gap>,
    /// Wrong beliefs that were said.
    pub corrections: Vec<Correction>,
    pub tonight: Vec<Tonight>,
}

/// One question with its follow-ups.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub question: Arc<Question>,
    /// Of the first answer alone.
    pub first: u8,
    /// With what the follow-ups brought.
    pub score: u8,
    pub follow_ups: usize,
    pub skipped: bool,
    /// Ids of the points that were made neither at first nor when asked.
    pub missing: Vec<Arc<str>>,
    pub took: Duration,
    /// What to say next time; empty if nothing was missing.
    pub next: Arc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TopicMark {
    pub topic: Arc<str>,
    pub title: Arc<str>,
    pub asked: usize,
    pub score: u8,
}

/// A question whose answer lacked something, and what to say next time.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub question: Arc<Question>,
    pub missing: Vec<Arc<str>>,
    pub next: Arc<str>,
}

/// A wrong belief that was said, with what is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    pub question: Arc<Question>,
    pub text: Arc<str>,
    pub correction: Arc<str>,
}

/// Something to run tonight.
#[derive(Clone, Debug, PartialEq)]
pub struct Tonight {
    pub evidence: Evidence,
    /// The question it belongs to.
    pub question: Arc<Question>,
}

impl Interview {
    /// The report on everything answered so far.
    pub fn report(&self) -> Report {
        let turns = &self.saved().turns;
        let mut questions: Vec<Asked> = Vec::new();
        let mut corrections: Vec<Correction> = Vec::new();
        let mut begin = 0;
        while begin < turns.len() {
            let len = 1 + turns[begin + 1..].iter().take_while(|t| t.follow_up.is_some()).count();
            let before = begin.checked_sub(1).map_or(0, |i| turns[i].at_ms);
            let group = &turns[begin..begin + len];
            if let Some(question) = self.bank().get(&group[0].question) {
                questions.push(asked(question, group, before));
                for id in group.iter().flat_map(|t| &t.marks.misconceptions) {
                    let Some(m) = question.misconception(id) else { continue };
                    let found = Correction { question: question.clone(), text: m.text.clone(), correction: m.correction.clone() };
                    if !corrections.contains(&found) {
                        corrections.push(found);
                    }
                }
            }
            begin += len;
        }
        let score = (!questions.is_empty()).then(|| mean(questions.iter().map(|q| q.score)));
        let mut ranked: Vec<&Asked> = questions.iter().collect();
        ranked.sort_by_key(|q| q.score);
        Report {
            score,
            verdict: verdict(score),
            used: Duration::from_millis(turns.last().map_or(0, |t| t.at_ms)),
            budget: self.budget(),
            topics: self.topic_marks(&questions),
            strengths: ranked.iter().rev().filter(|q| q.score >= STRONG).map(|q| q.question.clone()).collect(),
            gaps: ranked
                .iter()
                .filter(|q| !q.missing.is_empty())
                .map(|q| Gap { question: q.question.clone(), missing: q.missing.clone(), next: q.next.clone() })
                .collect(),
            tonight: tonight(&ranked, &corrections),
            corrections,
            questions,
        }
    }

    fn topic_marks(&self, questions: &[Asked]) -> Vec<TopicMark> {
        let mut out: Vec<TopicMark> = Vec::new();
        for q in questions {
            let topic = &q.question.topic;
            if out.iter().all(|t| t.topic != *topic) {
                let of: Vec<u8> = questions.iter().filter(|o| o.question.topic == *topic).map(|o| o.score).collect();
                let title = self.bank().topic(topic).map_or(topic.clone(), |t| t.title.clone());
                out.push(TopicMark { topic: topic.clone(), title, asked: of.len(), score: mean(of.iter().copied()) });
            }
        }
        out
    }
}

fn asked(question: &Arc<Question>, turns: &[Turn], before: u64) -> Asked {
    let first = &turns[0].marks;
    let merged: Vec<(Arc<str>, u8)> = question
        .points
        .iter()
        .map(|p| {
            let later = turns[1..].iter().map(|t| t.marks.degree(&p.id)).max().unwrap_or(0);
            (p.id.clone(), first.degree(&p.id).max(later))
        })
        .collect();
    let gained: u32 = merged.iter().map(|(id, now)| u32::from(now - first.degree(id))).sum();
    let n = question.points.len().max(1) as u32;
    let score = (u32::from(first.score) + gained * LATE_PERCENT / 100 / n).min(100) as u8;
    let missing: Vec<Arc<str>> = merged.iter().filter(|(_, d)| *d < MADE).map(|(id, _)| id.clone()).collect();
    Asked {
        question: question.clone(),
        first: first.score,
        score,
        follow_ups: turns.len() - 1,
        skipped: turns[0].skipped,
        took: Duration::from_millis(turns.last().map_or(0, |t| t.at_ms).saturating_sub(before)),
        next: next(question, first, &missing),
        missing,
    }
}

/// What to say next time: the grader's sentence if its reason still stands, else the first point that is missing.
fn next(question: &Question, first: &Marks, missing: &[Arc<str>]) -> Arc<str> {
    let nothing_came_later = first.missing().len() == missing.len();
    if !first.next.is_empty() && nothing_came_later {
        return first.next.clone();
    }
    missing.first().and_then(|id| question.point(id)).map(|p| p.text.clone()).unwrap_or_default()
}

/// Evidence of the weak questions and of those with a wrong belief, the worst first, no scenario or claim twice.
fn tonight(ranked: &[&Asked], corrections: &[Correction]) -> Vec<Tonight> {
    let mut out: Vec<Tonight> = Vec::new();
    for q in ranked.iter().filter(|q| q.score < STRONG || corrections.iter().any(|c| c.question.id == q.question.id)) {
        let evidence = &q.question.evidence;
        let known = out.iter().any(|t| match (&t.evidence, evidence) {
            (Evidence::Scenario { name: a, .. }, Evidence::Scenario { name: b, .. }) => a == b,
            (a, b) => a == b,
        });
        if !known && !matches!(evidence, Evidence::None(_)) && out.len() < TONIGHT_MAX {
            out.push(Tonight { evidence: evidence.clone(), question: q.question.clone() });
        }
    }
    out
}

fn verdict(score: Option<u8>) -> &'static str {
    match score {
        None => "Nothing was answered.",
        Some(85..) => "You are ready: say it like this on the day.",
        Some(70..) => "Nearly there: close the gaps below and you are ready.",
        Some(50..) => "A fair start: the main lines are there, the details that convince are not yet.",
        Some(30..) => "Some of it is there; run the labs below and answer the same questions again tomorrow.",
        Some(_) => "Not yet. Begin with the labs below, then with flash cards.",
    }
}
