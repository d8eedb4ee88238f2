//! What the practice screens need: the bank, the person's memory, grading, the modes. [`real`] is the one real implementation, on the
//! session's practice; tests bring their own.
//!
//! A call that stores something has stored it when it returns.

pub mod real;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::session::claims::{Claims, Finding};
use crate::session::practice::{Bank, Evidence, InterviewSetup, Point, Question, Report, Said, Unfinished};
use crate::session::progress::Mastery;
use crate::session::view::SimTime;

/// What went wrong, ready to be read.
pub type Trouble = String;

/// In which mode a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sitting {
    /// A question of one's own choice.
    Free,
    Cards,
    Interview,
}

/// An answer as it is handed in.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// Typed: the grader judges.
    Typed(&'a str),
    /// Said aloud: the person's own judgement, point by point in the order of the rubric.
    Rated(&'a [Said]),
    /// No answer.
    Passed,
}

/// What is asked now.
#[derive(Clone, Debug)]
pub struct Asked {
    pub question: Arc<Question>,
    /// The words: the question's, or those of a follow-up to it.
    pub text: Arc<str>,
    pub follow_up: bool,
    /// Ids of the points that the answer is judged on.
    pub points: Vec<Arc<str>>,
}

impl Asked {
    pub fn main(question: &Arc<Question>) -> Self {
        Self {
            text: question.question.clone(),
            follow_up: false,
            points: question.points.iter().map(|p| p.id.clone()).collect(),
            question: question.clone(),
        }
    }
    /// The points in the order of the rubric.
    pub fn rubric(&self) -> impl Iterator<Item = &Point> {
        self.question.points.iter().filter(|p| self.points.contains(&p.id))
    }
}

/// What became of an answer.
#[derive(Clone, Debug, Default)]
pub struct Graded {
    pub score: u8,
    /// How spaced repetition takes it: again, hard, good, easy; empty if it was not kept as a review.
    pub rating: &'static str,
    /// When the question comes back.
    pub due: Option<Date>,
    /// Degree of each point that was judged, 0 to 100, and the words that prove it.
    pub points: Vec<(Arc<str>, u8, Vec<Range<usize>>)>,
    /// Misconceptions that the answer asserts, and with which words.
    pub misconceptions: Vec<(Arc<str>, Vec<Range<usize>>)>,
    /// Places that contradict each other.
    pub contradictions: Vec<(Range<usize>, Range<usize>)>,
    /// What to say next time.
    pub next: Arc<str>,
    /// What an interviewer would ask now.
    pub follow_up: Option<Asked>,
}

impl Graded {
    pub fn degree(&self, point: &str) -> u8 {
        self.points.iter().find(|(id, ..)| **id == *point).map_or(0, |(_, d, _)| *d)
    }
}

/// What the home screen and the menu tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    pub profile: Arc<str>,
    pub due: usize,
    /// Questions never asked.
    pub unseen: usize,
    pub streak: usize,
    pub practised_today: bool,
    pub interview: Option<Date>,
    pub days_left: Option<u32>,
    /// Questions a day, and how many of today's are done.
    pub per_day: Option<(usize, usize)>,
    /// 0 to 1.
    pub readiness: f32,
    /// Titles and strengths, the weakest first.
    pub weakest: Vec<(Arc<str>, f32)>,
    /// A mock interview that was left: what to say of it.
    pub interview_open: Option<String>,
    /// Other things that were left, the latest first.
    pub left: Vec<Left>,
}

/// Something of practice that was left and can be gone on with.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    pub what: LeftWhat,
    /// How far it had come.
    pub at: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LeftWhat {
    Cards,
    /// A question by id, and its words.
    Answer(Arc<str>, Arc<str>),
    Predictions,
    /// A whiteboard by id, and its title.
    Board(Arc<str>, String),
    Sides,
}

/// One row of the heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicRow {
    pub title: Arc<str>,
    /// By level, and at last of all.
    pub cells: [Mastery; 5],
}

/// A lab that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub scenario: String,
    pub title: String,
    pub at: SimTime,
}

/// Everything the progress screen shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub today: Date,
    pub reviews: usize,
    pub questions: usize,
    pub seen: usize,
    /// Due on each of the next days, today first.
    pub forecast: Vec<usize>,
    /// Reviews on each of the last days, today last.
    pub activity: Vec<usize>,
    pub streak: usize,
    pub longest: usize,
    /// Repetitions in the last 30 days, the share known, and the share expected.
    pub repetitions: usize,
    pub measured: Option<f32>,
    pub predicted: Option<f32>,
    pub topics: Vec<TopicRow>,
    pub weak: Vec<(Arc<str>, f32)>,
    /// The plan, a sentence a line.
    pub plan: Vec<String>,
    /// Where all this is kept; None: nowhere.
    pub file: Option<String>,
}

/// How well a question is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Never,
    Weak,
    Fair,
    Well,
}

/// A prediction to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub scenario: Arc<str>,
    pub title: String,
    pub at: SimTime,
    pub question: String,
    pub choices: Vec<String>,
}

/// What the run said.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// None: the run gives no answer.
    pub right: Option<usize>,
    pub because: String,
}

/// Steps to put in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub id: Arc<str>,
    pub title: String,
    pub ask: String,
    /// The steps, by their number in the chain.
    pub steps: Vec<String>,
    /// How they lie on the board: numbers of steps.
    pub order: Vec<usize>,
    /// Time it has taken so far.
    pub spent: Duration,
    pub lab: Option<(Arc<str>, SimTime)>,
}

/// A judged order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    pub score: u8,
    /// The true order: numbers of steps.
    pub order: Vec<usize>,
    /// Steps that stood wrong, and why they belong elsewhere.
    pub misplaced: Vec<(usize, String)>,
}

/// Something to be put on its side.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub words: String,
    pub number: usize,
    pub total: usize,
}

/// The sides, by their number.
pub const SIDES: [&str; 4] = ["Docker", "Kubernetes", "both", "neither"];

/// A component after it was put somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub words: String,
    /// 100 right, 50 half right, 0 wrong.
    pub worth: u8,
    /// Where it was put, and where it belongs.
    pub put: usize,
    pub belongs: usize,
    pub because: String,
}

pub trait Desk {
    // the bank
    fn bank(&self) -> &Bank;
    /// What should be known before one begins: decks that were left out, progress that is not kept.
    fn warnings(&self) -> Vec<String>;
    fn known(&self, question: &str) -> Known;
    /// The lab that shows a piece of evidence, and when.
    fn see(&self, evidence: &Evidence) -> Option<(Arc<str>, SimTime)>;

    // whose progress it is
    fn profile(&self) -> Arc<str>;
    fn profiles(&self) -> Vec<Arc<str>>;
    fn choose_profile(&mut self, name: &str) -> Result<(), Trouble>;
    /// Makes one and uses it.
    fn new_profile(&mut self, name: &str) -> Result<(), Trouble>;
    /// Another name for the one in use.
    fn rename_profile(&mut self, name: &str) -> Result<(), Trouble>;
    fn set_interview(&mut self, day: Option<Date>) -> Result<(), Trouble>;
    fn today(&self) -> Date;
    /// Looks at the calendar: true if another day has begun, and everything was worked out anew for it.
    fn turn_day(&mut self) -> bool;
    fn overview(&self) -> Overview;
    fn progress(&self) -> Progress;

    /// The lab that was left: scenario, title, and where time stood.
    fn left_lab(&self) -> Option<Place>;
    /// None: it was played to its end.
    fn keep_lab(&mut self, place: Option<&Place>);

    // answers
    fn answer(&mut self, sitting: Sitting, asked: &Asked, reply: Reply, took: Duration, elapsed: Duration) -> Result<Graded, Trouble>;
    /// Earlier answers to a question, the latest first.
    fn history(&self, question: &str) -> Vec<Arc<str>>;
    /// What was begun and not handed in.
    fn draft(&self, sitting: Sitting, asked: &Asked) -> Option<Unfinished>;
    /// A question whose follow-up was begun and left: how its own answer was judged, and its words.
    fn left_follow_up(&self, question: &str) -> Option<(Graded, Arc<str>)>;
    /// Keeps what was begun, and what the interview's clock shows; an empty one is forgotten.
    fn keep_draft(&mut self, sitting: Sitting, asked: &Asked, answer: &Unfinished, elapsed: Duration) -> Result<(), Trouble>;

    // flash cards
    /// Takes up the sitting that was left, or lays out what is due and some new ones. False if there is nothing.
    fn begin_cards(&mut self) -> bool;
    /// The card on the table.
    fn card(&self) -> Option<Arc<Question>>;
    fn cards_left(&self) -> usize;
    /// Question and score of each card so far.
    fn cards_done(&self) -> Vec<(Arc<Question>, u8)>;

    // the mock interview
    fn begin_interview(&mut self, setup: &InterviewSetup) -> Result<(), Trouble>;
    /// True if an interview was begun and its report not seen yet.
    fn has_interview(&self) -> bool;
    /// What is asked, which question that is, and of about how many.
    fn interview(&self, elapsed: Duration) -> Option<(Asked, usize, usize)>;
    /// What the interview's clock shows after a resume.
    fn interview_elapsed(&self) -> Duration;
    fn interview_budget(&self) -> Duration;
    /// Ends it, now or because time is up; the report stays to be read.
    fn end_interview(&mut self) -> Option<Report>;
    fn report_text(&self, report: &Report, columns: usize) -> String;

    // drills
    /// Takes up the predictions that were left, or draws some from the built-in scenarios: how many are done, and of how many.
    fn begin_predictions(&mut self) -> (usize, usize);
    fn prediction(&self) -> Option<Prediction>;
    /// Takes the choice for the prediction at hand; None passes.
    fn predict(&mut self, choice: Option<usize>);
    /// Plays the scenario on a little; the outcome, once it is known. It is kept when this returns it.
    fn measure_on(&mut self) -> Result<Option<Outcome>, Trouble>;
    /// To the next one.
    fn next_prediction(&mut self);
    /// Right ones and all so far.
    fn predictions_right(&self) -> (usize, usize);
    /// Whiteboards: id, title and number of steps.
    fn whiteboards(&self) -> Vec<(Arc<str>, String, usize)>;
    fn whiteboard(&mut self, id: &str) -> Option<Chain>;
    /// Keeps an order as it stands, and the time it has taken so far.
    fn keep_board(&mut self, id: &str, order: &[usize], spent: Duration);
    /// Judges an order (numbers of steps) and keeps the result.
    fn judge(&mut self, id: &str, order: &[usize], took: Duration) -> Result<Judged, Trouble>;
    /// Takes up the round that was left, or lays out components to be put on their sides; how many.
    fn begin_sides(&mut self) -> usize;
    /// What this round has placed so far.
    fn placed(&self) -> Vec<Placed>;
    fn component(&self) -> Option<Component>;
    fn place(&mut self, side: usize) -> Result<Option<Placed>, Trouble>;
    fn sides_score(&self) -> Option<u8>;

    // claims
    fn claims(&self) -> &Claims;
    /// Begins to play the scenarios of these claims.
    fn begin_check(&mut self, ids: &[Arc<str>]) -> Result<(), Trouble>;
    /// Plays on a little; false when all is measured.
    fn check_on(&mut self) -> bool;
    /// What plays now and how far it is, in thousandths.
    fn checking(&self) -> Option<(Arc<str>, u32)>;
    fn finding(&self, id: &str) -> Option<&Finding>;
}
