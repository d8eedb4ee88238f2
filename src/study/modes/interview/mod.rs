//! The mock interview: questions for a role and a level, follow-ups on what was missed, a budget of time.
//!
//! What is asked next follows from the setup, the seed and the answers so far, so an interview that was written down ([`Saved`]) goes on
//! with the very question at which it stopped.
//!
//! - **Choice.** Each question has a weight: how much the role cares for its topic, how well its level fits, how weak the person is in the
//!   topic, less if it was asked lately or the topic had its turn. The seed draws by weight. The first question is an easy one; two good
//!   answers in a row make the next harder, two bad ones easier.
//! - **Follow-ups.** After an answer below [`GOOD`] the follow-up that aims at most of the missed points is asked, at most
//!   [`FOLLOW_UPS_MAX`] per question, and judged on those points alone. A point made only then earns three quarters.
//! - **Time.** No question begins in the last [`LAST_QUESTION`], no follow-up in the last [`LAST_FOLLOW_UP`]. An answer in progress when
//!   time is up may be finished.

mod roles;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::bank::{Bank, Level, Question};
use super::Marks;
use super::dice::Dice;

pub use roles::Role;

/// From this score on nothing is asked about what was missed.
pub const GOOD: u8 = 85;
pub const FOLLOW_UPS_MAX: usize = 2;
pub const LAST_QUESTION: Duration = Duration::from_secs(60);
pub const LAST_FOLLOW_UP: Duration = Duration::from_secs(40);
/// Lengths offered.
pub const MINUTES: [u32; 3] = [15, 30, 45];
/// What one question with its follow-ups takes, for "question 3 of about 8".
const PACE: Duration = Duration::from_secs(165);

/// What the interview is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    pub role: Role,
    /// Of the person: junior, mid or senior ([`Level::Scenario`] counts as senior).
    #[serde(with = "level_word")]
    pub level: Level,
    pub minutes: u32,
    pub seed: u64,
    /// Only these topics; empty: all.
    pub topics: Vec<Arc<str>>,
    /// What the person masters of a topic, 0 to 100; topics that are not named count as [`UNKNOWN`].
    pub mastery: Vec<(Arc<str>, u8)>,
    /// Questions that were answered lately, and come again only if little else is left.
    pub recent: Vec<Arc<str>>,
}

/// Mastery of a topic nobody has asked about.
const UNKNOWN: u8 = 50;

mod level_word {
    use super::Level;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(level: &Level, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(level.word())
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Level, D::Error> {
        let word = String::deserialize(d)?;
        Level::WORDS.iter().find(|(w, _)| *w == word).map(|(_, l)| *l).ok_or_else(|| D::Error::custom(format!("no level `{word}`")))
    }
}

/// One thing asked and answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub question: Arc<str>,
    /// Position in the question's follow-ups; None for the question itself.
    pub follow_up: Option<usize>,
    /// The interview's clock when the answer was given, in milliseconds.
    pub at_ms: u64,
    /// For a follow-up: of the points it aimed at.
    pub marks: Marks,
    pub skipped: bool,
}

/// Everything that must be kept to go on later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub setup: Setup,
    pub turns: Vec<Turn>,
    /// The person ended it before time.
    pub ended: bool,
}

/// What the interviewer asks now.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    pub question: Arc<Question>,
    /// The words: the question's, or the follow-up's.
    pub text: Arc<str>,
    /// Position in the question's follow-ups; None for the question itself.
    pub follow_up: Option<usize>,
    /// Ids of the points the answer is judged on.
    pub points: Vec<Arc<str>>,
    /// Which question this is, from 1 (follow-ups share their question's number).
    pub number: usize,
    /// A good answer fits in this.
    pub fits: Duration,
}

/// A mock interview.
#[derive(Clone, Debug)]
pub struct Interview {
    bank: Bank,
    saved: Saved,
    prompt: Option<Prompt>,
}

impl Interview {
    /// Begins with the first question; over at once if the bank has none that fits.
    pub fn new(bank: &Bank, setup: Setup) -> Self {
        Self::resume(bank, Saved { setup, turns: Vec::new(), ended: false })
    }

    /// Goes on where it stopped.
    pub fn resume(bank: &Bank, saved: Saved) -> Self {
        let mut this = Self { bank: bank.clone(), saved, prompt: None };
        this.prompt = this.next();
        this
    }

    /// What is asked now; None when the interview is over.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }
    pub fn over(&self) -> bool {
        self.prompt.is_none()
    }
    /// For the draft: store it after every turn.
    pub fn saved(&self) -> &Saved {
        &self.saved
    }
    pub(super) fn bank(&self) -> &Bank {
        &self.bank
    }

    /// The whole time.
    pub fn budget(&self) -> Duration {
        Duration::from_secs(u64::from(self.saved.setup.minutes) * 60)
    }
    /// What is left, when the interview's clock shows `elapsed`.
    pub fn left(&self, elapsed: Duration) -> Duration {
        self.budget().saturating_sub(elapsed)
    }
    /// About how many questions there will be, for "question 3 of about 8".
    pub fn about(&self, elapsed: Duration) -> usize {
        let begun = self.saved.turns.iter().filter(|t| t.follow_up.is_none()).count();
        let current = usize::from(self.prompt.as_ref().is_some_and(|p| p.follow_up.is_none()));
        let left = self.left(elapsed).saturating_sub(if current == 1 { PACE } else { Duration::ZERO });
        begun + current + (left.as_secs() / PACE.as_secs()) as usize
    }

    /// The answer to the prompt was judged; `elapsed` is what the interview's clock shows. Marks may be of the whole question: of a
    /// follow-up only the points it aims at are kept.
    pub fn answer(&mut self, marks: Marks, elapsed: Duration) {
        self.turn(Some(marks), elapsed);
    }

    /// No answer: every point asked for is missed, and no follow-up comes.
    pub fn skip(&mut self, elapsed: Duration) {
        self.turn(None, elapsed);
    }

    /// The person ends it.
    pub fn end(&mut self) {
        self.saved.ended = true;
        self.prompt = None;
    }

    fn turn(&mut self, marks: Option<Marks>, elapsed: Duration) {
        let Some(prompt) = self.prompt.take() else { return };
        let skipped = marks.is_none();
        let marks = marks.unwrap_or_else(|| Marks::nothing(&prompt.question));
        let marks = if prompt.follow_up.is_some() { marks.only(&prompt.points) } else { marks };
        let last = self.saved.turns.last().map_or(0, |t| t.at_ms);
        self.saved.turns.push(Turn {
            question: prompt.question.id.clone(),
            follow_up: prompt.follow_up,
            // The clock never goes back, whatever a face says.
            at_ms: (elapsed.as_millis() as u64).max(last),
            marks,
            skipped,
        });
        self.prompt = self.next();
    }

    /// What follows from everything so far.
    fn next(&self) -> Option<Prompt> {
        let elapsed = Duration::from_millis(self.saved.turns.last().map_or(0, |t| t.at_ms));
        if self.saved.ended {
            return None;
        }
        let left = self.left(elapsed);
        if left >= LAST_FOLLOW_UP
            && let Some(prompt) = self.follow_up()
        {
            return Some(prompt);
        }
        if left < LAST_QUESTION { None } else { self.draw() }
    }

    fn number(&self) -> usize {
        self.saved.turns.iter().filter(|t| t.follow_up.is_none()).count()
    }

    /// The next follow-up to the question at hand, if there is something to follow up.
    fn follow_up(&self) -> Option<Prompt> {
        let last = self.saved.turns.last().filter(|t| !t.skipped)?;
        let question = self.bank.get(&last.question)?;
        let begin = self.saved.turns.iter().rposition(|t| t.follow_up.is_none())?;
        let turns = &self.saved.turns[begin..];
        if turns.first().is_none_or(|t| t.marks.score >= GOOD) || turns.len() > FOLLOW_UPS_MAX {
            return None;
        }
        let still: Vec<Arc<str>> =
            turns[0].marks.missing().into_iter().filter(|id| turns[1..].iter().all(|t| t.marks.degree(id) < super::marks::MADE)).collect();
        let asked: Vec<usize> = turns.iter().filter_map(|t| t.follow_up).collect();
        let index = question.follow_up_for(&still, &asked)?;
        let follow_up = &question.follow_ups[index];
        Some(Prompt {
            question: question.clone(),
            text: follow_up.ask.clone(),
            follow_up: Some(index),
            // In the order of the rubric, as they are rated.
            points: still.into_iter().filter(|id| follow_up.missed.contains(id)).collect(),
            number: self.number(),
            fits: Duration::from_secs(60),
        })
    }

    fn draw(&self) -> Option<Prompt> {
        let setup = &self.saved.setup;
        let asked: Vec<&Arc<str>> = self.saved.turns.iter().filter(|t| t.follow_up.is_none()).map(|t| &t.question).collect();
        let questions: Vec<&Arc<Question>> = self.bank.questions().iter().filter(|q| !asked.contains(&&q.id)).collect();
        let levels = self.levels(asked.len());
        let weights: Vec<u64> = questions.iter().map(|q| self.weight(q, &levels, &asked)).collect();
        let drawn = Dice::new(setup.seed, &format!("question/{}", asked.len())).pick(&weights)?;
        let question = questions[drawn].clone();
        Some(Prompt {
            text: question.question.clone(),
            follow_up: None,
            points: question.points.iter().map(|p| p.id.clone()).collect(),
            number: asked.len() + 1,
            fits: fits(question.level),
            question,
        })
    }

    /// Weights of junior, mid, senior and scenario questions now.
    fn levels(&self, asked: usize) -> [u64; 4] {
        const ROWS: [[u64; 4]; 5] = [[80, 18, 0, 2], [55, 30, 3, 12], [20, 45, 15, 20], [6, 30, 40, 24], [0, 15, 55, 30]];
        let base: usize = match self.saved.setup.level {
            Level::Junior => 1,
            Level::Mid => 2,
            Level::Senior | Level::Scenario => 3,
        };
        let mains: Vec<u8> = self.saved.turns.iter().filter(|t| t.follow_up.is_none()).map(|t| t.marks.score).collect();
        let row = match mains.as_slice() {
            [.., a, b] if *a >= 80 && *b >= 80 => base + 1,
            [.., a, b] if *a < 40 && *b < 40 => base - 1,
            _ if asked == 0 => base - 1,
            _ => base,
        };
        ROWS[row]
    }

    fn weight(&self, q: &Question, levels: &[u64; 4], asked: &[&Arc<str>]) -> u64 {
        let setup = &self.saved.setup;
        if !setup.topics.is_empty() && !setup.topics.contains(&q.topic) {
            return 0;
        }
        // A story is no way to begin.
        if asked.is_empty() && q.level == Level::Scenario {
            return 0;
        }
        let mastery = setup.mastery.iter().find(|(t, _)| *t == q.topic).map_or(UNKNOWN, |(_, m)| *m);
        let weakness = 20 + u64::from(100 - mastery.min(100));
        let turns = asked.iter().filter(|id| self.bank.get(id).is_some_and(|a| a.topic == q.topic)).count() as u64;
        let fresh = if setup.recent.contains(&q.id) { 1 } else { 8 };
        1_000 * levels[q.level as usize] * setup.role.interest(&q.topic) * weakness * fresh / (1 + 3 * turns)
    }
}

/// A good answer to a question of this level fits in so long.
fn fits(level: Level) -> Duration {
    Duration::from_secs(match level {
        Level::Junior => 90,
        Level::Mid => 120,
        Level::Senior => 150,
        Level::Scenario => 180,
    })
}

#[cfg(test)]
mod tests;
