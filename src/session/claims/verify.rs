//! Runs that bear claims out: every scenario that is needed is played once, headless, and asked at the moments its claims name.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics, Severity};
use crate::kernel::{SimDuration, SimTime};
use crate::scenario::{Expression, Template};
use crate::session::facts::LabFacts;
use crate::session::view::Stop;
use crate::session::{OpenOptions, Session, catalogue};
use crate::study::claims::{Claim, Placed, Shows};

/// What a run said about a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub id: Arc<str>,
    pub scenario: Arc<str>,
    /// The claim's text with its measured values.
    pub measured: String,
    /// The run bears the verdict out.
    pub holds: bool,
    /// The facts that were asked for, with their values; or why they have none.
    pub evidence: String,
}

/// How far a verification is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The scenario that plays, and the moment it has reached.
    pub scenario: Arc<str>,
    pub now: SimTime,
    pub end: SimTime,
    /// Claims decided, of how many.
    pub decided: usize,
    pub total: usize,
}

/// Claims being checked, a few events at a time.
pub struct Verification {
    waiting: VecDeque<Group>,
    playing: Option<(Box<Session>, Group)>,
    findings: Vec<Finding>,
    total: usize,
}

/// The claims that one scenario shows.
struct Group {
    scenario: Arc<str>,
    /// In the order of their moments.
    looks: VecDeque<Look>,
}

struct Look {
    id: Arc<str>,
    at: SimTime,
    condition: Expression,
    measured: Template,
}

impl Verification {
    /// Prepares to check those of `claims` that a run shows. Nothing is played yet.
    ///
    /// # Errors
    /// The rendered diagnostics of expressions that ask for what the scenario does not have.
    pub fn new<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Result<Self, String> {
        let sink = Diagnostics::new();
        let mut waiting: VecDeque<Group> = VecDeque::new();
        for (claim, shows) in claims.into_iter().filter_map(|c| Some((c, c.shows.as_ref()?))) {
            let Some(look) = look(claim, shows, &sink) else { continue };
            match waiting.iter_mut().find(|g| g.scenario == shows.scenario.text) {
                Some(group) => group.looks.push_back(look),
                None => waiting.push_back(Group { scenario: shows.scenario.text.clone(), looks: [look].into() }),
            }
        }
        if sink.has_errors() {
            return Err(sink.render(false));
        }
        let total = waiting.iter().map(|g| g.looks.len()).sum();
        for group in &mut waiting {
            group.looks.make_contiguous().sort_by_key(|l| l.at);
        }
        Ok(Self { waiting, playing: None, findings: Vec::new(), total })
    }

    /// Plays on by at most `max_steps` events; false once every claim is decided.
    pub fn advance(&mut self, max_steps: u64) -> bool {
        let Some((mut session, mut group)) = self.playing.take().or_else(|| self.open()) else { return !self.waiting.is_empty() };
        let target = group.looks.front().map_or(SimTime::ZERO, |l| l.at).min(session.end());
        match session.advance(target, max_steps) {
            Stop::Budget | Stop::Pause | Stop::Question | Stop::Reveal | Stop::Goal | Stop::Breakpoint(_) => {}
            stop @ (Stop::Reached | Stop::End) => {
                // At the end of a run every moment has come.
                let due = |l: &Look| stop == Stop::End || l.at <= target;
                while group.looks.front().is_some_and(due) {
                    self.findings.extend(group.looks.pop_front().map(|l| l.decide(&session, &group.scenario)));
                }
            }
        }
        if !group.looks.is_empty() {
            self.playing = Some((session, group));
        }
        self.playing.is_some() || !self.waiting.is_empty()
    }

    /// The next scenario, ready to play. One that cannot be opened decides its claims at once.
    fn open(&mut self) -> Option<(Box<Session>, Group)> {
        let group = self.waiting.pop_front()?;
        match Session::open(&group.scenario, &OpenOptions::default()) {
            Ok(mut session) => {
                session.headless();
                Some((Box::new(session), group))
            }
            Err(why) => {
                let lost = |l: Look| Finding {
                    id: l.id,
                    scenario: group.scenario.clone(),
                    measured: "nothing: the scenario cannot be opened".into(),
                    holds: false,
                    evidence: why.clone(),
                };
                self.findings.extend(group.looks.into_iter().map(lost));
                None
            }
        }
    }

    /// What is known so far, in the order in which it was decided.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings.iter().find(|f| *f.id == *id)
    }

    /// None before the first and after the last scenario.
    pub fn progress(&self) -> Option<Progress> {
        let (session, group) = self.playing.as_ref()?;
        Some(Progress {
            scenario: group.scenario.clone(),
            now: session.now(),
            end: session.end(),
            decided: self.findings.len(),
            total: self.total,
        })
    }

    /// Plays everything to its end.
    pub fn run(mut self) -> Vec<Finding> {
        while self.advance(u64::MAX) {}
        self.findings
    }
}

impl Look {
    fn decide(self, session: &Session, scenario: &Arc<str>) -> Finding {
        let facts = LabFacts { lab: &session.lab, journal: &session.journal };
        let (holds, evidence) = match self.condition.holds(&facts) {
            Ok(holds) => (holds, self.condition.evidence(&facts)),
            Err(why) => (false, why),
        };
        Finding { id: self.id, scenario: scenario.clone(), measured: self.measured.render(&facts), holds, evidence }
    }
}

/// Compiles what a claim asks of its run, and compares the names in it with the scenario.
fn look(claim: &Claim, shows: &Shows, sink: &Diagnostics) -> Option<Look> {
    let scenario = match catalogue::load(&shows.scenario.text, &OpenOptions::default()) {
        Ok(s) => s,
        Err(why) => {
            let first = why.lines().next().unwrap_or_default().trim_start_matches("error: ");
            sink.push(Diagnostic::error(format!("{}: {first}", claim.id)).at(&shows.scenario.span));
            return None;
        }
    };
    let end = SimTime::ZERO + scenario.duration;
    let at = shows.at.as_ref().map_or(Some(end), |at| moment(at, end, sink))?;
    let failed = |errors: Vec<Diagnostic>| sink.extend(errors);
    let condition = Expression::condition(&shows.condition.text, &shows.condition.span).map_err(failed).ok()?;
    let measured = Template::compile(&shows.measured.text, &shows.measured.span).map_err(failed).ok()?;
    if condition.uses().is_empty() {
        sink.push(Diagnostic::error("this asks nothing of the run").at(&shows.condition.span));
    }
    let expressions: Vec<&Expression> = std::iter::once(&condition).chain(measured.expressions()).collect();
    let unknown = crate::scenario::check::foreign(&scenario, &expressions);
    let wrong = unknown.iter().any(|d| d.severity == Severity::Error);
    sink.extend(unknown);
    (!wrong).then(|| Look { id: claim.id.clone(), at, condition, measured })
}

fn moment(at: &Placed, end: SimTime, sink: &Diagnostics) -> Option<SimTime> {
    let why = match SimDuration::parse(&at.text) {
        Ok(d) if SimTime::ZERO + d <= end => return Some(SimTime::ZERO + d),
        Ok(_) => format!("the scenario ends at {end}"),
        Err(why) => why,
    };
    sink.push(Diagnostic::error(format!("`at`: expected a moment of the run, found `{}`: {why}", at.text)).at(&at.span));
    None
}
