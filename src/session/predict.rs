//! Predictions: when a question's answer is known, what it was, and how it is shown.
//!
//! A question is answered by the run itself, at one moment: the one its file names (`reveal`), or the first at which the answer is certain
//! and every duration that the explanation speaks of has been measured; at the latest the end. Answer and explanation are worked out
//! then and kept: every frontend and report says the same.

use std::sync::Arc;

use crate::kernel::{Journal, SimTime};
use crate::scenario::Trigger;
use crate::scenario::expression::Text;
use crate::scenario::facts::Type;
use crate::scenario::file::Ask;

use super::facts::LabFacts;
use super::lab::Lab;
use super::view::{QuestionView, Stop};

/// What the run has answered.
#[derive(Clone, Debug)]
pub struct Shown {
    pub at: SimTime,
    /// None if the expression had no value, or none of the choices.
    pub choice: Option<usize>,
    pub because: String,
}

impl Lab {
    /// The question that waits, by timeline index. It can be answered at its own moment: later, after a jump or with time let go on, the
    /// answer may stand on the screen already, so that it is passed over and counts for nothing.
    pub(super) fn asked_now(&self) -> Option<usize> {
        self.asking.filter(|i| self.happened[*i] == Some(self.now))
    }

    /// Looks whether answers have come to light since the last look. An answer that somebody waits for stops play.
    pub(super) fn reveal(&mut self, journal: &Journal, at_end: bool) {
        let scenario = self.scenario.clone();
        for (i, entry) in scenario.timeline.iter().enumerate() {
            let Some(ask) = entry.ask.as_ref().filter(|_| self.happened[i].is_some() && !self.shown.contains_key(&i)) else { continue };
            let facts = LabFacts { lab: self, journal };
            if !(at_end || self.is_due(ask, &facts)) {
                continue;
            }
            let choice = facts.right_choice(i);
            let because = ask.because.as_ref().map(|b| facts.text(b)).unwrap_or_default();
            self.shown.insert(i, Arc::new(Shown { at: self.now, choice, because }));
            if self.answers.contains_key(&i) {
                self.stop.get_or_insert(Stop::Reveal);
            }
        }
    }

    fn is_due(&self, ask: &Ask, facts: &LabFacts) -> bool {
        match &ask.reveal {
            Some(Trigger::When(expr)) => expr.holds(facts).unwrap_or(false),
            Some(_) => self.reveals_at(ask).is_some_and(|at| at <= self.now),
            None => {
                let measured = |text: &Text| {
                    let durations = text.expressions().filter(|e| e.returns() == Type::Duration);
                    durations.into_iter().all(|e| e.certain(facts).is_some())
                };
                ask.answer.certain(facts).is_some() && ask.because.as_ref().is_none_or(measured)
            }
        }
    }

    /// The moment of an answer that the file fixes. One that hangs on the outcome is not told beforehand: it would give the answer away.
    fn reveals_at(&self, ask: &Ask) -> Option<SimTime> {
        match ask.reveal.as_ref()? {
            Trigger::At(at) => Some(*at),
            Trigger::After { id, delay } => {
                let entry = self.scenario.timeline.iter().position(|e| e.id == *id)?;
                let planned = if let Trigger::At(at) = self.scenario.timeline[entry].trigger { Some(at) } else { None };
                Some(self.happened[entry].or(planned)? + *delay)
            }
            Trigger::When(_) | Trigger::Settled { .. } => None,
        }
    }
}

/// A question of the timeline as it stands.
pub fn question(lab: &Lab, journal: &Journal, entry: usize) -> Option<QuestionView> {
    let ask = lab.scenario.timeline.get(entry)?.ask.as_ref()?;
    let shown = lab.shown.get(&entry);
    let chosen = lab.answers.get(&entry).copied().flatten();
    let facts = LabFacts { lab, journal };
    Some(QuestionView {
        id: ask.id.to_string(),
        text: facts.text(&ask.question),
        choices: ask.choices.iter().map(|c| facts.text(c)).collect(),
        chosen,
        answer: shown.and_then(|s| s.choice),
        because: shown.map(|s| s.because.clone()).unwrap_or_default(),
        known_at: shown.map(|s| s.at),
        shows_at: if shown.is_none() { lab.reveals_at(ask) } else { None },
    })
}
