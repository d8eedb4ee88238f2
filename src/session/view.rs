//! What a frontend sees: plain data, ready to be drawn or printed. Nothing here can change a lab.

use std::sync::Arc;

pub use crate::kernel::{FieldChange, ObjectRef, Record, RecordId, RecordType, SimDuration, SimTime};
pub use crate::worlds::view::{AppView, CopyView, Health, HostView, Inspection, Lamp, WorldView};

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
    /// Those of them that somebody answered.
    pub answered: Vec<QuestionView>,
    pub expectations: Vec<ExpectationView>,
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
    /// The learner's choice, once made.
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
