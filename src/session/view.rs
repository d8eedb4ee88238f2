//! What a frontend sees: plain data, ready to be drawn or printed. Nothing here can change a lab.

use std::sync::Arc;

pub use crate::kernel::{FieldChange, ObjectRef, Record, RecordId, RecordType, SimDuration, SimTime};
pub use crate::scenario::expression::percent;
pub use crate::worlds::view::{
    AppView, Column, CopyList, CopyView, Health, HostView, Inspection, Lamp, Move, Placing, RoomMade, TurnedDown, Waiting, Weighed,
    Weighing, WorldView,
};

/// The lab at one moment.
#[derive(Clone, Debug)]
pub struct LabView {
    pub title: String,
    pub summary: String,
    pub scenario: String,
    pub seed: u64,
    pub now: SimTime,
    /// The end of the scenario.
    pub end: SimTime,
    /// Events handled so far: the position in history.
    pub step: u64,
    pub worlds: Vec<WorldPanel>,
    pub marks: Vec<Mark>,
    /// What the narrator said last (time, text), oldest first.
    pub story: Vec<(SimTime, String)>,
    /// What the narrator points at: `kubernetes.nodes`, `docker.requests`, `scoreboard`.
    pub pointing_at: Option<String>,
    /// A question that waits for an answer.
    pub question: Option<QuestionView>,
    /// Every question so far, in the order of the file; with the measured answer once the run has shown it.
    pub asked: Vec<QuestionView>,
    /// Those of them that somebody answered or skipped.
    pub answered: Vec<QuestionView>,
    pub expectations: Vec<ExpectationView>,
    /// None if the scenario is no drill.
    pub drill: Option<DrillView>,
    pub finished: bool,
    /// Lines of the debrief, filled in with measured values; empty before the end.
    pub debrief: Vec<String>,
    /// Ids in the question bank that this lab is evidence for.
    pub practise: Vec<String>,
}

/// One world's half of the screen.
#[derive(Clone, Debug)]
pub struct WorldPanel {
    pub view: WorldView,
    pub requests: RequestStrip,
    pub score: ScoreView,
}

/// Requests of a world over the last while, for the strip and the numbers beside it.
#[derive(Clone, Debug, Default)]
pub struct RequestStrip {
    /// Per second, oldest first, at most the last 240 finished seconds: (ok, failed).
    pub seconds: Vec<(u32, u32)>,
    /// Of the last finished second.
    pub ok_rps: u32,
    pub failing_rps: u32,
    /// The word for why requests fail now (`timeout`), empty if none does.
    pub why: &'static str,
}

/// One world's line of the scoreboard.
#[derive(Clone, Debug, Default)]
pub struct ScoreView {
    /// ok / (ok + failed) in 0..=1; None before the first answer.
    pub availability: Option<f64>,
    pub sent: u64,
    pub ok: u64,
    pub failed: u64,
    pub in_flight: u64,
    pub failed_by_reason: Vec<(&'static str, u64)>,
    pub impaired_s: u64,
    pub downtime_s: u64,
    pub longest_outage_s: u64,
    pub manual_actions: u64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Copies that serve, of those declared.
    pub serving: u32,
    pub declared: u32,
    /// Per fault: id, seconds to detect, seconds to recover (None = not yet, or never).
    pub faults: Vec<FaultScore>,
    /// node-hours used so far and their price in the scenario's currency.
    pub node_hours: f64,
    pub cost: f64,
}

/// How a world took one fault.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultScore {
    pub id: Arc<str>,
    pub at: SimTime,
    pub detected_after: Option<SimDuration>,
    pub recovered_after: Option<SimDuration>,
    /// Whether a copy was missing or a request failed because of it.
    pub hurt: bool,
}

/// Something on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: SimTime,
    pub kind: MarkKind,
    pub label: String,
    /// It has happened.
    pub past: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    Fault,
    FaultEnd,
    Question,
    Say,
    Command,
    /// Something a person did in this session.
    Yours,
}

/// A prediction question.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionView {
    pub id: String,
    pub text: String,
    pub choices: Vec<String>,
    /// The learner's choice, once made; a skipped question never gets one.
    pub chosen: Option<usize>,
    /// The measured answer, once the run has shown it.
    pub answer: Option<usize>,
    /// Why, with what was measured; shown with the answer.
    pub because: String,
    /// When the run showed it.
    pub known_at: Option<SimTime>,
    /// When the run is going to show it, where that moment does not depend on the outcome.
    pub shows_at: Option<SimTime>,
}

impl QuestionView {
    /// Whether the prediction was right; None before the answer is known, or if there is none of either.
    pub fn right(&self) -> Option<bool> {
        Some(self.chosen? == self.answer?)
    }
}

/// A drill: what is to be reached, and how the learner does.
#[derive(Clone, Debug, PartialEq)]
pub struct DrillView {
    /// The goal in words.
    pub goal: String,
    /// When the trouble began; everything below counts from there.
    pub began: Option<SimTime>,
    /// The goal holds at this moment.
    pub holds: bool,
    /// The fault that began the trouble is not to be shown: its name is what the learner looks for.
    pub secret: bool,
    /// The first look that showed the trouble.
    pub detected_after: Option<SimDuration>,
    /// The first look that showed the broken part.
    pub localised_after: Option<SimDuration>,
    /// The cause was named.
    pub analysed_after: Option<SimDuration>,
    /// The goal began to hold, and held.
    pub mitigated_after: Option<SimDuration>,
    pub cause: Cause,
    /// Why it was the cause, once it was named.
    pub because: String,
    /// Hints given so far.
    pub hints: Vec<String>,
    /// There is another hint that fits now.
    pub more_hints: bool,
    pub mistakes: Vec<(SimTime, String)>,
    /// What was lost on the way.
    pub lost: Vec<(SimTime, String)>,
    /// Once the goal is reached, or the run is over.
    pub verdict: Option<Verdict>,
}

impl DrillView {
    /// The four times with their names.
    pub fn times(&self) -> [(&'static str, Option<SimDuration>); 4] {
        [
            ("detected", self.detected_after),
            ("localised", self.localised_after),
            ("analysed", self.analysed_after),
            ("mitigated", self.mitigated_after),
        ]
    }
}

/// How the cause is named, and how often it was not.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Choices {
        text: String,
        choices: Vec<String>,
        wrong: Vec<usize>,
        named: Option<usize>,
    },
    /// Any fault, and anything it could hit.
    Free {
        wrong: Vec<FaultNamed>,
        named: Option<FaultNamed>,
    },
}

impl Cause {
    pub fn is_named(&self) -> bool {
        match self {
            Self::Choices { named, .. } => named.is_some(),
            Self::Free { named, .. } => named.is_some(),
        }
    }
    /// How often something else was named.
    pub fn wrong(&self) -> usize {
        match self {
            Self::Choices { wrong, .. } => wrong.len(),
            Self::Free { wrong, .. } => wrong.len(),
        }
    }
}

/// A fault by its word, and what it hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultNamed {
    pub word: String,
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Cause named, goal reached, nothing lost.
    pub passed: bool,
    pub text: String,
}

/// One expectation and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectationView {
    /// `always`, `never`, `eventually`, `finally`
    pub mode: &'static str,
    pub expr: String,
    pub say: String,
    /// None while it is open.
    pub passed: Option<bool>,
    pub detail: String,
}

/// Why `advance` stopped before its target.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The target was reached.
    Reached,
    /// The step budget was used up; call again.
    Budget,
    /// The narrator paused (text shown in `story`).
    Pause,
    Question,
    /// The answer to a prediction came to light.
    Reveal,
    /// A drill's goal was reached.
    Goal,
    /// A breakpoint became true: its expression.
    Breakpoint(String),
    End,
}

/// What a typed command answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub text: String,
    pub error: String,
    pub exit: i32,
    /// The command still runs; poll for more.
    pub running: bool,
}

/// One entry of the fault menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultChoice {
    pub word: &'static str,
    pub about: &'static str,
    /// `host`, `copies`, `component`, `image`, `traffic`, `world`
    pub on: &'static str,
    /// Ways in which it can come, each with a line about it: `crashes`, `missing`. Empty if there is only one.
    pub ways: &'static [(&'static str, &'static str)],
    /// It strikes and is over: it has no duration.
    pub at_once: bool,
}

/// What a fault would hit in one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultHit {
    pub world: &'static str,
    /// Empty for all of the world.
    pub target: Arc<str>,
    pub by_hand: Option<ByHand>,
}

/// The command with which a person would do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    pub command: String,
    /// In what it differs after all; empty if in nothing.
    pub but: String,
}

/// A built-in (or user's) scenario as the home screen lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioCard {
    pub name: String,
    pub title: String,
    pub summary: String,
    pub level: String,
    pub minutes: u32,
    pub topics: Vec<String>,
    pub needs: Vec<String>,
    pub worlds: Vec<String>,
    /// Number of prediction questions.
    pub questions: usize,
}
