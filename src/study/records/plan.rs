//! The plan to a date: how many questions a day, worked out anew from what is left, so that it adapts by itself. The share of a day is set
//! in the morning; what is done counts at once.
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
    /// Questions that were never asked.
    pub new_left: usize,
    /// Repetitions foreseen until the eve, from now on.
    pub repetitions: usize,
    /// Questions a day; once today's share is done, from tomorrow on.
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
        // Today's share is that of the morning: what is done of it must not make it smaller. Everything else counts what is done today.
        let earlier: Vec<Review> = reviews.iter().filter(|r| r.day < today).cloned().collect();
        let morning = Standing::new(items, &earlier, today);
        let now = Standing::new(items, reviews, today);
        let known: BTreeSet<&str> = items.iter().map(|i| &*i.question).collect();
        let answered: BTreeSet<&str> = reviews.iter().filter(|r| r.day == today).map(|r| &*r.question).collect();
        let days_left = days_between(today, interview);
        let due = morning.due().len();
        let mut plan = Self {
            interview,
            days_left,
            over: interview < today,
            new_left: now.unseen().count(),
            repetitions: 0,
            per_day: 0,
            new_today: 0,
            today: 0,
            done_today: answered.intersection(&known).count(),
            pace: Pace::OnTrack,
        };
        if days_left == 0 {
            // The day itself: warm up with what is due, learn nothing new.
            plan.today = if plan.over { 0 } else { due };
        } else {
            let days = days_left.min(HORIZON_DAYS);
            let (new, repeated) = ahead(&morning, days);
            let new_this_morning: usize = new.iter().sum();
            plan.per_day = (repeated.iter().sum::<usize>() + new_this_morning).div_ceil(days as usize);
            // Repetitions first, then as many new ones as the share leaves room for.
            plan.new_today = plan.per_day.saturating_sub(due).min(new_this_morning);
            plan.today = plan.per_day.min(due + new_this_morning);
            if plan.done_today >= plan.today && days > 1 {
                // Done for today: what tomorrow morning will say.
                let (new, repeated) = ahead(&Standing::new(items, reviews, later(today, 1)), days - 1);
                plan.repetitions = repeated.iter().sum();
                plan.per_day = (plan.repetitions + new.iter().sum::<usize>()).div_ceil(days as usize - 1);
            } else {
                plan.repetitions = ahead(&now, days).1.iter().sum();
            }
        }
        plan.pace = pace(&plan, planned_on, &morning, &now, &earlier);
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
fn ahead(from: &Standing, days: u32) -> (Vec<usize>, Vec<usize>) {
    let (mut new, mut repeated) = (vec![0; days as usize], vec![0; days as usize]);
    let mut repeat = |day: u32| {
        if let Some(count) = repeated.get_mut(day as usize) {
            *count += 1;
        }
    };
    for memory in from.questions.iter().filter_map(|q| q.memory.as_ref()) {
        let due = days_between(from.today, memory.due);
        chain(from, Some(memory.trace), due, days).into_iter().for_each(&mut repeat);
    }
    let (count, learning) = (from.unseen().count(), learning_days(days));
    // Every new question has the same days after its first.
    let first = chain(from, None, 0, days);
    for (day, slot) in (0u32..).zip(new.iter_mut()) {
        *slot = begun(count, learning, day + 1) - begun(count, learning, day);
        for _ in 0..*slot {
            first.iter().skip(1).for_each(|later| repeat(day + later));
        }
    }
    (new, repeated)
}

/// The days on which a question comes, the first on `day`, if every answer is good.
fn chain(from: &Standing, mut trace: Option<Trace>, mut day: u32, days: u32) -> Vec<u32> {
    let mut out = Vec::new();
    while day < days {
        out.push(day);
        trace = from.scheduler.next(trace, later(from.today, day), Rating::Good);
        let Some(t) = trace else { break };
        day += from.scheduler.interval(&t).max(1);
    }
    out
}

/// What was to be learned by this morning, against what is learned by now. Today's share is owed to today: doing it makes nobody ahead.
fn pace(plan: &Plan, planned_on: Date, morning: &Standing, now: &Standing, earlier: &[Review]) -> Pace {
    let today = now.today;
    if plan.interview <= planned_on {
        return Pace::OnTrack;
    }
    let seen_on_start: BTreeSet<&str> = earlier.iter().filter(|r| r.day < planned_on).map(|r| &*r.question).collect();
    let learned = |standing: &Standing| {
        let fresh = standing.questions.iter().filter(|q| !seen_on_start.contains(&*q.item.question));
        fresh.filter(|q| q.memory.is_some()).count()
    };
    let fresh = now.questions.len() - now.questions.iter().filter(|q| seen_on_start.contains(&*q.item.question)).count();
    let planned = begun(fresh, learning_days(days_between(planned_on, plan.interview)), days_between(planned_on, today));
    // On the day it was made the plan has taken what is overdue into account.
    let overdue = now.questions.iter().filter_map(|q| q.memory.as_ref()).filter(|m| m.due < today && planned_on < today).count();
    let (before, by_now) = (learned(morning), learned(now));
    let owed_to_today = (by_now - before.min(by_now)).min(plan.new_today);
    if let Some(behind) = (planned + overdue).checked_sub(by_now).filter(|n| *n > 0) {
        return Pace::Behind(behind);
    }
    match (by_now - owed_to_today).checked_sub(planned + overdue) {
        None | Some(0) => Pace::OnTrack,
        Some(ahead) => Pace::Ahead(ahead),
    }
}
