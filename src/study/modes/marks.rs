//! What an answer was worth, whoever judged it: the grader, or the person against the rubric.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::bank::Question;

/// A point counts as made from this degree on.
pub const MADE: u8 = 50;

/// The marks of one answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// 0 to 100.
    pub score: u8,
    /// How well each point was made, 0 to 100, in the order of the rubric.
    pub points: Vec<(Arc<str>, u8)>,
    /// Ids of the misconceptions the answer asserts.
    pub misconceptions: Vec<Arc<str>>,
    /// What to say next time; empty for nothing.
    pub next: Arc<str>,
}

/// How a person rates one point of an answer said aloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    #[default]
    No,
    /// Half of it, or vaguely.
    Partly,
    Yes,
}

impl Said {
    pub const fn degree(self) -> u8 {
        match self {
            Self::No => 0,
            Self::Partly => 50,
            Self::Yes => 100,
        }
    }
    /// The next in the circle no → partly → yes → no: what one key can do.
    pub const fn turned(self) -> Self {
        match self {
            Self::No => Self::Partly,
            Self::Partly => Self::Yes,
            Self::Yes => Self::No,
        }
    }
}

impl Marks {
    /// No answer at all: every point is missing.
    pub fn nothing(question: &Question) -> Self {
        Self::rated(question, &[])
    }

    /// A person's own rating, point by point in the order of the rubric (a missing rating is "no"). The score is the mean of the points;
    /// what to say next time is the first point that is missing, else the first that was said in part.
    pub fn rated(question: &Question, said: &[Said]) -> Self {
        let all: Vec<Arc<str>> = question.points.iter().map(|p| p.id.clone()).collect();
        Self::rated_on(question, &all, said)
    }

    /// The same on some points of the question alone, as for a follow-up; `said` is in their order.
    pub fn rated_on(question: &Question, points: &[Arc<str>], said: &[Said]) -> Self {
        let rating = |i: usize| said.get(i).copied().unwrap_or_default().degree();
        let points: Vec<(Arc<str>, u8)> = points.iter().enumerate().map(|(i, id)| (id.clone(), rating(i))).collect();
        let next = points.iter().filter(|(_, d)| *d < 100).min_by_key(|(_, d)| *d).and_then(|(id, _)| question.point(id));
        let next = next.map(|p| p.text.clone());
        Self { score: mean(points.iter().map(|(_, d)| *d)), points, misconceptions: Vec::new(), next: next.unwrap_or_default() }
    }

    /// How well one point was made.
    pub fn degree(&self, point: &str) -> u8 {
        self.points.iter().find(|(id, _)| **id == *point).map_or(0, |(_, d)| *d)
    }

    /// Ids of the points that were not made.
    pub fn missing(&self) -> Vec<Arc<str>> {
        self.points.iter().filter(|(_, d)| *d < MADE).map(|(id, _)| id.clone()).collect()
    }

    /// The marks with regard to some points alone, as for a follow-up: the score is their mean.
    pub fn only(&self, points: &[Arc<str>]) -> Self {
        let kept: Vec<(Arc<str>, u8)> = points.iter().map(|id| (id.clone(), self.degree(id))).collect();
        Self { score: mean(kept.iter().map(|(_, d)| *d)), points: kept, ..self.clone() }
    }
}

/// The rounded mean; 0 of nothing.
pub(super) fn mean(values: impl Iterator<Item = u8>) -> u8 {
    let (sum, n) = values.fold((0_u64, 0_u64), |(s, n), v| (s + u64::from(v), n + 1));
    (sum + n / 2).checked_div(n).map_or(0, |m| m.min(100) as u8)
}
