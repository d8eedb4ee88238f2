//! The plan to a date: how many questions a day, worked out anew every morning from what is left, so that it adapts by itself.
//!
//! New questions are spread over the first four fifths of the days, so that each can come back once; repetitions are foreseen by letting
//! FSRS run ahead with every answer rated `good`. The sum over the days is the work, and the work is shared evenly.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::memory::{Trace, days_between, later};
use super::review::{Rating, Review};
use super::standing::{Item, Standing};

/// How far ahead a plan looks.
const HORIZON_DAYS: u32 = 365;
/// More than this a day is more than most people keep up.
pub const HEAVY_FROM: usize = 40;

/// Against what was planned on the day the date was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    OnTrack,
    /// So many questions more are learned than planned.
    Ahead(usize),
    /// So many questions are not learned, or are overdue.
    Behind(usize),
}

/// What to do until the interview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub interview: Date,
    /// Days of practice from today to the eve; 0 on the day itself and after it.
    pub days_left: u32,
    pub over: bool,
    /// Questions that were never asked, this morning.
    pub new_left: usize,
    /// Repetitions foreseen until the eve.
    pub repetitions: usize,
    /// Questions a day from today on.
    pub per_day: usize,
    /// How many of today's are new.
    pub new_today: usize,
    /// What today asks for, and how many questions were answered today.
    pub today: usize,
    pub done_today: usize,
    pub pace: Pace,
}

impl Plan {
    /// `planned_on` is the day the date was set.
    pub fn to(interview: Date, planned_on: Date, items: &[Item], reviews: &[Review], today: Date) -> Self {
        // As it was this morning: what is done today must not make today's share smaller.
        let earlier: Vec<Review> = reviews.iter().filter(|r| r.day < today).cloned().collect();
        let morning = Standing::new(items, &earlier, today);
        let known: BTreeSet<&str> = items.iter().map(|i| &*i.question).collect();
        let answered: BTreeSet<&str> = reviews.iter().filter(|r| r.day == today).map(|r| &*r.question).collect();
        let days_left = days_between(today, interview);
        let new_left = morning.unseen().count();
        let due = morning.due().len();
        let mut plan = Self {
            interview,
            days_left,
            over: interview < today,
            new_left,
            repetitions: 0,
            per_day: 0,
            new_today: 0,
            today: 0,
            done_today: answered.intersection(&known).count(),
            pace: pace(interview, planned_on, &morning, &earlier),
        };
        if days_left == 0 {
            // The day itself: warm up with what is due, learn nothing new.
            plan.today = if plan.over { 0 } else { due };
            return plan;
        }
        let days = days_left.min(HORIZON_DAYS);
        let (new, repeated) = ahead(&morning, days);
        plan.repetitions = repeated.iter().sum();
        let work = plan.repetitions + new.iter().sum::<usize>();
        plan.per_day = work.div_ceil(days as usize);
        // Repetitions first, then as many new ones as the share leaves room for.
        plan.new_today = plan.per_day.saturating_sub(due).min(new_left);
        plan.today = plan.per_day.min(due + new_left);
        plan
    }

    pub fn heavy(&self) -> bool {
        self.per_day >= HEAVY_FROM
    }
}

/// The days in which new questions are begun.
fn learning_days(days: u32) -> u32 {
    (days - days / 5).max(1)
}

/// How many of `all` are begun before day `day`, if they are spread over `days`.
fn begun(all: usize, days: u32, day: u32) -> usize {
    let share = u64::from(day.min(days)) * all as u64 / u64::from(days.max(1));
    usize::try_from(share).unwrap_or(all)
}

/// New questions and repetitions on each day, if every answer is good.
fn ahead(morning: &Standing, days: u32) -> (Vec<usize>, Vec<usize>) {
    let (mut new, mut repeated) = (vec![0; days as usize], vec![0; days as usize]);
    let scheduler = &morning.scheduler;
    let mut follow = |mut trace: Option<Trace>, mut day: u32| {
        while let Some(count) = repeated.get_mut(day as usize) {
            *count += 1;
            trace = scheduler.next(trace, later(morning.today, day), Rating::Good);
            let Some(t) = trace else { break };
            day += scheduler.interval(&t).max(1);
        }
    };
    for memory in morning.questions.iter().filter_map(|q| q.memory.as_ref()) {
        follow(Some(memory.trace), days_between(morning.today, memory.due));
    }
    let (count, learning) = (morning.unseen().count(), learning_days(days));
    for (day, slot) in (0u32..).zip(new.iter_mut()) {
        *slot = begun(count, learning, day + 1) - begun(count, learning, day);
        for _ in 0..*slot {
            let at = later(morning.today, day);
            if let Some(t) = scheduler.next(None, at, Rating::Good) {
                follow(Some(t), day + scheduler.interval(&t).max(1));
            }
        }
    }
    (new, repeated)
}

/// What was to be learned by this morning, against what was.
fn pace(interview: Date, planned_on: Date, morning: &Standing, earlier: &[Review]) -> Pace {
    if planned_on >= morning.today || interview <= planned_on {
        return Pace::OnTrack;
    }
    let seen_on_start: BTreeSet<&str> = earlier.iter().filter(|r| r.day < planned_on).map(|r| &*r.question).collect();
    let fresh: Vec<_> = morning.questions.iter().filter(|q| !seen_on_start.contains(&*q.item.question)).collect();
    let learned = fresh.iter().filter(|q| q.memory.is_some()).count();
    let elapsed = days_between(planned_on, morning.today);
    let planned = begun(fresh.len(), learning_days(days_between(planned_on, interview)), elapsed);
    let overdue = morning.questions.iter().filter_map(|q| q.memory.as_ref()).filter(|m| m.due < morning.today).count();
    match (planned + overdue).checked_sub(learned) {
        Some(0) => Pace::OnTrack,
        Some(behind) => Pace::Behind(behind),
        None => Pace::Ahead(learned - planned - overdue),
    }
}
