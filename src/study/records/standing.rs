//! Where a person stands: what is due, what is forgotten, what is weak. Pure: from the bank's questions and the reviews to answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::memory::{Memory, Scheduler, Trace, days_between, later};
use super::review::{Rating, Review};
use crate::study::bank::{Level, Question};

/// What this room needs to know of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub question: Arc<str>,
    pub topic: Arc<str>,
    pub level: Level,
    /// Ids of its key points.
    pub points: Vec<Arc<str>>,
}

impl From<&Question> for Item {
    fn from(q: &Question) -> Self {
        Self { question: q.id.clone(), topic: q.topic.clone(), level: q.level, points: q.points.iter().map(|p| p.id.clone()).collect() }
    }
}

/// A question of the bank and what is remembered of it.
#[derive(Clone, Debug)]
pub struct QuestionStanding {
    pub item: Item,
    /// None: never asked.
    pub memory: Option<Memory>,
    /// Misconceptions that the last answer asserted.
    pub misconceptions: Vec<Arc<str>>,
}

impl QuestionStanding {
    fn due(&self) -> Option<Date> {
        self.memory.as_ref().map(|m| m.due)
    }
    fn worth(&self, day: Date) -> f32 {
        self.memory.as_ref().map_or(0.0, |m| m.worth(day))
    }
}

/// How much is kept, of what was asked again after at least a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retention {
    /// Repetitions within the window.
    pub repetitions: usize,
    /// The share of them that was still known; none without repetitions.
    pub measured: Option<f32>,
    /// The share that FSRS expected to be known at those moments.
    pub predicted: Option<f32>,
    /// The share of all questions seen so far that is probably known today.
    pub today: Option<f32>,
}

/// Days of practice in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    /// Days in a row up to today, or up to yesterday if today nothing was done yet.
    pub days: usize,
    pub longest: usize,
    pub practised_today: bool,
    /// Days with practice, ever.
    pub active: usize,
}

/// A share of some questions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mastery {
    pub questions: usize,
    pub seen: usize,
    /// Mean worth over all questions, 0 to 1: unseen ones count nothing.
    pub mastery: f32,
    /// Mean worth over those seen; 0 if none was.
    pub strength: f32,
}

/// One topic of the bank.
#[derive(Clone, Debug)]
pub struct TopicStanding {
    pub topic: Arc<str>,
    pub all: Mastery,
    /// By [`LEVELS`].
    pub levels: [Mastery; 4],
}

pub const LEVELS: [Level; 4] = [Level::Junior, Level::Mid, Level::Senior, Level::Scenario];

/// Below this strength a topic is weak.
pub const WEAK_BELOW: f32 = 0.7;

/// Where a person stands today.
#[derive(Clone, Debug)]
pub struct Standing {
    pub today: Date,
    /// In the order of the bank.
    pub questions: Vec<QuestionStanding>,
    /// Days with practice, and how many reviews each had.
    activity: BTreeMap<Date, usize>,
    repetitions: Vec<Repetition>,
    pub reviews: usize,
    pub(super) scheduler: Scheduler,
}

#[derive(Clone, Copy, Debug)]
struct Repetition {
    day: Date,
    known: bool,
    predicted: f32,
}

impl Standing {
    /// Reviews are the profile's, the oldest first. Those of questions that the bank does not have count as practice only.
    pub fn new(items: &[Item], reviews: &[Review], today: Date) -> Self {
        let scheduler = Scheduler::default();
        let mut by_question: BTreeMap<&str, Vec<&Review>> = BTreeMap::new();
        let mut activity = BTreeMap::new();
        for review in reviews {
            by_question.entry(&review.question).or_default().push(review);
            *activity.entry(review.day).or_default() += 1;
        }
        let mut repetitions = Vec::new();
        let questions = items.iter().map(|item| {
            let own = by_question.get(&*item.question).map_or(&[][..], Vec::as_slice);
            repeated(&scheduler, own, &mut repetitions);
            QuestionStanding {
                item: item.clone(),
                memory: Memory::of(&scheduler, own),
                misconceptions: own.last().map(|r| r.misconceptions.clone()).unwrap_or_default(),
            }
        });
        let questions = questions.collect();
        Self { today, questions, activity, repetitions, reviews: reviews.len(), scheduler }
    }

    pub fn question(&self, id: &str) -> Option<&QuestionStanding> {
        self.questions.iter().find(|q| *q.item.question == *id)
    }

    /// What is due today, the most nearly forgotten first.
    pub fn due(&self) -> Vec<&QuestionStanding> {
        let mut due: Vec<_> = self.questions.iter().filter(|q| q.due().is_some_and(|d| d <= self.today)).collect();
        let known = |q: &QuestionStanding| q.memory.as_ref().map_or(0.0, |m| m.trace.retrievability(self.today));
        due.sort_by(|a, b| known(a).total_cmp(&known(b)));
        due
    }

    /// What was never asked, in the order of the bank.
    pub fn unseen(&self) -> impl Iterator<Item = &QuestionStanding> {
        self.questions.iter().filter(|q| q.memory.is_none())
    }

    /// How many questions come due on each of the next days, today (with everything overdue) first.
    pub fn forecast(&self, days: usize) -> Vec<usize> {
        let mut out = vec![0; days];
        for due in self.questions.iter().filter_map(QuestionStanding::due) {
            if let Some(n) = out.get_mut(days_between(self.today, due) as usize) {
                *n += 1;
            }
        }
        out
    }

    /// Reviews on each of the last days, today last.
    pub fn activity(&self, days: u32) -> Vec<(Date, usize)> {
        let day = |back: u32| self.today.checked_sub(jiff::Span::new().days(i64::from(back))).unwrap_or(Date::MIN);
        (0..days).rev().map(day).map(|d| (d, self.activity.get(&d).copied().unwrap_or(0))).collect()
    }

    /// Measured and predicted retention over the last days.
    pub fn retention(&self, days: u32) -> Retention {
        let within: Vec<_> = self.repetitions.iter().filter(|r| days_between(r.day, self.today) < days).collect();
        let share = |sum: f32| (!within.is_empty()).then(|| sum / within.len() as f32);
        let seen: Vec<_> = self.questions.iter().filter_map(|q| q.memory.as_ref()).map(|m| m.trace.retrievability(self.today)).collect();
        Retention {
            repetitions: within.len(),
            measured: share(within.iter().filter(|r| r.known).count() as f32),
            predicted: share(within.iter().map(|r| r.predicted).sum()),
            today: (!seen.is_empty()).then(|| seen.iter().sum::<f32>() / seen.len() as f32),
        }
    }

    pub fn streak(&self) -> Streak {
        let days: BTreeSet<Date> = self.activity.keys().copied().filter(|d| *d <= self.today).collect();
        let mut streak = Streak { active: days.len(), practised_today: days.contains(&self.today), ..Streak::default() };
        let (mut run, mut before) = (0, None);
        for day in days {
            run = if before.is_some_and(|b| days_between(b, day) == 1) { run + 1 } else { 1 };
            streak.longest = streak.longest.max(run);
            before = Some(day);
        }
        if before.is_some_and(|b| days_between(b, self.today) <= 1) {
            streak.days = run;
        }
        streak
    }

    /// Every topic, in the order of the bank.
    pub fn topics(&self) -> Vec<TopicStanding> {
        let mut topics: Vec<Arc<str>> = Vec::new();
        for q in &self.questions {
            if !topics.contains(&q.item.topic) {
                topics.push(q.item.topic.clone());
            }
        }
        let standing = |topic: Arc<str>| {
            let of_topic: Vec<_> = self.questions.iter().filter(|q| q.item.topic == topic).collect();
            let level = |level: Level| self.mastery(of_topic.iter().copied().filter(|q| q.item.level == level), self.today);
            TopicStanding { all: self.mastery(of_topic.iter().copied(), self.today), levels: LEVELS.map(level), topic }
        };
        topics.into_iter().map(standing).collect()
    }

    /// Topics that were begun and are weak, the weakest first.
    pub fn weak_topics(&self) -> Vec<TopicStanding> {
        let mut weak: Vec<_> = self.topics().into_iter().filter(|t| t.all.seen > 0 && t.all.strength < WEAK_BELOW).collect();
        weak.sort_by(|a, b| a.all.strength.total_cmp(&b.all.strength));
        weak
    }

    /// Readiness on a day if nothing more is done: the mean over all questions of the chance to remember the answer times the score of
    /// the last answer. A question that was never asked counts nothing.
    pub fn readiness(&self, day: Date) -> Mastery {
        self.mastery(self.questions.iter(), day)
    }

    fn mastery<'q>(&self, questions: impl Iterator<Item = &'q QuestionStanding>, day: Date) -> Mastery {
        let (mut out, mut sum) = (Mastery::default(), 0.0);
        for q in questions {
            out.questions += 1;
            out.seen += usize::from(q.memory.is_some());
            sum += q.worth(day);
        }
        out.mastery = if out.questions > 0 { sum / out.questions as f32 } else { 0.0 };
        out.strength = if out.seen > 0 { sum / out.seen as f32 } else { 0.0 };
        out
    }

    /// The day a question comes back if it is answered like this today.
    pub fn due_if(&self, question: &str, rating: Rating) -> Option<Date> {
        let before = self.question(question)?.memory.as_ref().map(|m| m.trace);
        let after = self.scheduler.next(before, self.today, rating)?;
        let days = self.scheduler.interval(&after);
        Some(later(self.today, if rating == Rating::Again { 0 } else { days.max(1) }))
    }
}

/// Every time a question was asked again after at least a day: was it known, and how probable was that?
fn repeated(scheduler: &Scheduler, reviews: &[&Review], out: &mut Vec<Repetition>) {
    let mut trace: Option<Trace> = None;
    for review in reviews {
        if let Some(t) = trace.filter(|t| days_between(t.last, review.day) > 0) {
            out.push(Repetition { day: review.day, known: review.rating > Rating::Again, predicted: t.retrievability(review.day) });
        }
        trace = scheduler.next(trace, review.day, review.rating);
    }
}
