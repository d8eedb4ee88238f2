//! Memory: what FSRS makes of a history of ratings, for a question and for each of its key points.
//!
//! **When a question is due.** FSRS gives the question an interval after which nine of ten such questions are still known. Each key point
//! has a memory of its own, fed by how far the point was made in each answer (`good`, `hard` or `again`, never `easy`). Then:
//!
//! 1. rated `again`: due the same day, until it goes better;
//! 2. otherwise not before the next day, and after the shortest of: the question's interval, and the interval of every point that the
//!    last graded answer missed;
//! 3. a point missed four times running no longer pulls: asking more often does not help, it wants reading up ([`Memory::stubborn`]).
//!
//! Nothing of this is stored. It is worked out from the reviews, so an import or a better rule changes no file.

use std::sync::Arc;

use fsrs::{FSRS, FSRS6_DEFAULT_DECAY, FSRSItem, FSRSReview, MemoryState, current_retrievability};
use jiff::ToSpan;
use jiff::civil::Date;

use super::review::{POINT_MADE, Rating, Review};

/// The share that should still be known when a question comes back.
pub const DESIRED_RETENTION: f32 = 0.9;
/// After so many misses running a point no longer brings its question back.
pub const STUBBORN_AFTER: usize = 4;

/// What is remembered of one thing, after its last review.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// Days after which nine of ten are still known.
    pub stability: f32,
    /// 1 (easy) to 10.
    pub difficulty: f32,
    pub last: Date,
}

impl Trace {
    /// How probable it is that the thing is known on that day.
    pub fn retrievability(&self, day: Date) -> f32 {
        let state = MemoryState { stability: self.stability, difficulty: self.difficulty };
        current_retrievability(state, days_between(self.last, day) as f32, FSRS6_DEFAULT_DECAY)
    }
}

/// Days from one day to a later one; none if the clock was set back between.
pub(super) fn days_between(from: Date, to: Date) -> u32 {
    from.until(to).map_or(0, |span| u32::try_from(span.get_days()).unwrap_or(0))
}

/// The day so many days later.
pub fn later(day: Date, days: u32) -> Date {
    day.checked_add(i64::from(days).days()).unwrap_or(Date::MAX)
}

/// The scheduler, with the parameters that fit most people.
#[derive(Clone, Debug, Default)]
pub struct Scheduler(FSRS);

impl Scheduler {
    /// What a history of ratings leaves behind; nothing of nothing.
    pub fn trace(&self, history: &[(Date, Rating)]) -> Option<Trace> {
        let last = history.last()?.0;
        let mut before = None;
        let reviews = history.iter().map(|(day, rating)| {
            let delta_t = before.map_or(0, |b| days_between(b, *day));
            before = Some(*day);
            FSRSReview { rating: *rating as u32, delta_t }
        });
        let state = self.0.memory_state(FSRSItem { reviews: reviews.collect() }, None).ok()?;
        Some(Trace { stability: state.stability, difficulty: state.difficulty, last })
    }

    /// The trace after one more review; what [`Scheduler::trace`] says of the longer history.
    pub fn next(&self, before: Option<Trace>, day: Date, rating: Rating) -> Option<Trace> {
        let (state, gap) = match before {
            Some(t) => (Some(MemoryState { stability: t.stability, difficulty: t.difficulty }), days_between(t.last, day)),
            None => (None, 0),
        };
        let next = self.0.next_states(state, DESIRED_RETENTION, gap).ok()?;
        let chosen = match rating {
            Rating::Again => next.again,
            Rating::Hard => next.hard,
            Rating::Good => next.good,
            Rating::Easy => next.easy,
        };
        Some(Trace { stability: chosen.memory.stability, difficulty: chosen.memory.difficulty, last: day })
    }

    /// Whole days until the probability falls to [`DESIRED_RETENTION`].
    pub fn interval(&self, trace: &Trace) -> u32 {
        let days = self.0.next_interval(Some(trace.stability), DESIRED_RETENTION, 0);
        days.round().clamp(0.0, 36_500.0) as u32
    }
}

/// One key point over all answers to its question.
#[derive(Clone, Debug)]
pub struct PointMemory {
    pub point: Arc<str>,
    pub trace: Trace,
    /// How far the last answer that was held against it made it, 0 to 100.
    pub degree: u8,
    /// How often running it was missed, to the last answer.
    pub missed_running: usize,
    pub asked: usize,
    pub made: usize,
}

/// What is remembered of a question.
#[derive(Clone, Debug)]
pub struct Memory {
    pub trace: Trace,
    pub rating: Rating,
    pub score: u8,
    pub reviews: usize,
    /// How often it was known before and rated `again` then.
    pub lapses: usize,
    pub due: Date,
    /// In the order in which they were first seen.
    pub points: Vec<PointMemory>,
}

impl Memory {
    /// From the reviews of one question, the oldest first; none if there are none.
    pub fn of(scheduler: &Scheduler, reviews: &[&Review]) -> Option<Self> {
        let last = reviews.last()?;
        let history: Vec<_> = reviews.iter().map(|r| (r.day, r.rating)).collect();
        let trace = scheduler.trace(&history)?;
        let known_before = |i: usize| reviews[..i].iter().any(|r| r.rating > Rating::Again);
        let lapses = reviews.iter().enumerate().filter(|(i, r)| r.rating == Rating::Again && known_before(*i)).count();
        let points = point_memories(scheduler, reviews);
        let mut memory = Self { trace, rating: last.rating, score: last.score, reviews: reviews.len(), lapses, due: trace.last, points };
        memory.due = memory.next_due(scheduler);
        Some(memory)
    }

    fn next_due(&self, scheduler: &Scheduler) -> Date {
        if self.rating == Rating::Again {
            return self.trace.last;
        }
        let own = later(self.trace.last, scheduler.interval(&self.trace));
        let pulled = self.missed().filter(|p| p.missed_running < STUBBORN_AFTER).map(|p| later(p.trace.last, scheduler.interval(&p.trace)));
        pulled.fold(own, Date::min).max(later(self.trace.last, 1))
    }

    /// The points that the last graded answer missed.
    pub fn missed(&self) -> impl Iterator<Item = &PointMemory> {
        self.points.iter().filter(|p| p.degree < POINT_MADE)
    }
    /// The points that were missed again and again.
    pub fn stubborn(&self) -> impl Iterator<Item = &PointMemory> {
        self.points.iter().filter(|p| p.missed_running >= STUBBORN_AFTER)
    }
    /// What an answer would be worth on that day, 0 to 1: the chance to remember it, times the score of the last answer.
    pub fn worth(&self, day: Date) -> f32 {
        self.trace.retrievability(day) * f32::from(self.score) / 100.0
    }
}

/// One answer, as one of its points has it: the day, the rating, how far it was made.
type PointAnswer = (Date, Rating, u8);

fn point_memories(scheduler: &Scheduler, reviews: &[&Review]) -> Vec<PointMemory> {
    let mut points: Vec<(Arc<str>, Vec<PointAnswer>)> = Vec::new();
    for review in reviews {
        for result in &review.points {
            let entry = (review.day, result.rating(), result.degree);
            match points.iter_mut().find(|(p, _)| *p == result.point) {
                Some((_, history)) => history.push(entry),
                None => points.push((result.point.clone(), vec![entry])),
            }
        }
    }
    let memory = |(point, history): (Arc<str>, Vec<PointAnswer>)| {
        let ratings: Vec<_> = history.iter().map(|(day, rating, _)| (*day, *rating)).collect();
        Some(PointMemory {
            point,
            trace: scheduler.trace(&ratings)?,
            degree: history.last()?.2,
            missed_running: history.iter().rev().take_while(|(_, _, degree)| *degree < POINT_MADE).count(),
            asked: history.len(),
            made: history.iter().filter(|(_, _, degree)| *degree >= POINT_MADE).count(),
        })
    };
    points.into_iter().filter_map(memory).collect()
}
