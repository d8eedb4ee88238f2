//! The question bank: what a question is, whoever wrote it.

use std::sync::Arc;

/// How much experience a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Junior,
    Mid,
    Senior,
    /// A story to reason through, not a fact to know.
    Scenario,
}

/// One thing a good answer says.
#[derive(Clone, Debug)]
pub struct Point {
    /// Unique within its question.
    pub id: Arc<str>,
    /// The point, as the rubric shows it.
    pub text: Arc<str>,
    /// The same, in words people use.
    pub say: Vec<Arc<str>>,
    /// Words of which an answer that makes the point uses at least one from each group.
    pub concepts: Vec<Vec<Arc<str>>>,
}

/// One wrong belief that answers to this question often carry.
#[derive(Clone, Debug)]
pub struct Misconception {
    pub id: Arc<str>,
    /// What the person believes ("Claims that …").
    pub text: Arc<str>,
    /// How people put it.
    pub say: Vec<Arc<str>>,
    /// What is true instead.
    pub correction: Arc<str>,
}

/// A question an interviewer asks next.
#[derive(Clone, Debug)]
pub struct FollowUp {
    pub ask: Arc<str>,
    /// Ids of the points whose absence makes this the question to ask.
    pub missed: Vec<Arc<str>>,
}

/// Model answers, to be spoken in about 20 seconds, one minute, three minutes.
#[derive(Clone, Debug)]
pub struct Answers {
    pub short: Arc<str>,
    pub medium: Arc<str>,
    pub long: Arc<str>,
}

/// What proves the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A moment in a built-in scenario (`at` as written: `2m50s`), and what to look at.
    Scenario { name: Arc<str>, at: Arc<str>, look: Arc<str> },
    /// A claim by id, `G-05`.
    Claim(Arc<str>),
    /// Nothing shows it yet; the sentence says so.
    None(Arc<str>),
}

/// One interview question with everything that goes with it.
#[derive(Clone, Debug)]
pub struct Question {
    pub id: Arc<str>,
    pub question: Arc<str>,
    pub level: Level,
    /// The file's topic: `failure`.
    pub topic: Arc<str>,
    pub points: Vec<Point>,
    pub misconceptions: Vec<Misconception>,
    pub follow_ups: Vec<FollowUp>,
    pub answers: Answers,
    pub evidence: Evidence,
}

/// A file of questions.
#[derive(Clone, Debug)]
pub struct Topic {
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// Ids, in the order of the file.
    pub questions: Vec<Arc<str>>,
}
