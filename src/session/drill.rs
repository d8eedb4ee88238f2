//! A drill while somebody works on it: hints, mistakes, what must not be lost, the cause, the goal, and the four times.
//!
//! It is judged twice. Was the cause named? Is it fixed? The times count from the beginning of the trouble, by what the learner did:
//! detected with the first look that shows it, localised with the first that shows the broken part, analysed when the cause was named,
//! mitigated when the goal began to hold.

use std::sync::Arc;

use crate::kernel::journal::Entry as Line;
use crate::kernel::{Journal, ObjectRef, RecordType, SimTime};
use crate::model::FaultTarget;
use crate::scenario::facts::Param;
use crate::scenario::file::Solve;

use super::facts::LabFacts;
use super::lab::{LAB, Lab};
use super::view::{Cause, DrillView, FaultNamed, Stop, Verdict};

/// How a drill stands. Cloned with the lab.
#[derive(Clone, Debug, Default)]
pub struct Drill {
    began: Option<SimTime>,
    detected: Option<SimTime>,
    localised: Option<SimTime>,
    analysed: Option<SimTime>,
    /// Since when the goal holds without a break.
    holds_since: Option<SimTime>,
    /// The trouble has shown: the goal did not hold for a moment.
    missed: bool,
    /// When the goal began to hold, once it has held long enough.
    reached: Option<SimTime>,
    hints: Vec<(usize, String)>,
    mistakes: Vec<(SimTime, usize, String)>,
    lost: Vec<(SimTime, usize, String)>,
    /// Causes that were named wrongly.
    wrong: Vec<Named>,
    /// Why it was the cause, once it was named.
    because: Option<String>,
    named: Option<Named>,
}

/// A cause as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One of the file's choices.
    Choice(usize),
    /// A fault, and what it hit.
    Fault(FaultNamed),
}

impl Lab {
    /// A timeline entry has happened: maybe the trouble begins.
    pub(super) fn drill_entry(&mut self, entry: usize) {
        if self.drill.began.is_none() && self.scenario.trouble() == Some(entry) {
            self.drill.began = Some(self.now);
        }
    }

    /// Whenever something changed: what was lost, what was done wrongly, whether the goal holds.
    pub(super) fn drill_look(&mut self, journal: &mut Journal, at_end: bool) {
        let scenario = self.scenario.clone();
        let Some(solve) = scenario.solve.as_ref().filter(|_| self.drill.began.is_some()) else { return };
        let facts = LabFacts { lab: self, journal };
        let holds = solve.goal.holds(&facts).unwrap_or(false);
        let mut told = Vec::new();
        if self.drill.reached.is_none() {
            for (i, keep) in solve.keep.iter().enumerate().filter(|(i, _)| !self.drill.lost.iter().any(|l| l.1 == *i)) {
                // What cannot be asked any more is gone.
                if !keep.that.holds(&facts).unwrap_or(false) {
                    told.push(("Lost", i, facts.text(&keep.say)));
                }
            }
            for (i, mistake) in solve.mistakes.iter().enumerate().filter(|(i, _)| !self.drill.mistakes.iter().any(|m| m.1 == *i)) {
                if mistake.when.as_ref().is_some_and(|when| when.holds(&facts).unwrap_or(false)) {
                    told.push(("Mistake", i, facts.text(&mistake.say)));
                }
            }
        }
        for (reason, i, text) in told {
            let said = if reason == "Lost" { format!("Lost on the way: {text}") } else { text.clone() };
            self.tell(journal, reason, said);
            let list = if reason == "Lost" { &mut self.drill.lost } else { &mut self.drill.mistakes };
            list.push((self.now, i, text));
            self.stop.get_or_insert(Stop::Pause);
        }
        self.drill.missed |= !holds;
        if !holds {
            self.drill.holds_since = None;
            if self.drill.reached.take().is_some() {
                self.tell(journal, "GoalLost", "The goal was reached, and does not hold any more.".into());
            }
            return;
        }
        let since = *self.drill.holds_since.get_or_insert(self.now);
        if self.drill.missed && self.drill.reached.is_none() && (at_end || self.now - since >= solve.hold) {
            self.drill.reached = Some(since);
            self.tell(journal, "GoalReached", "The goal is reached.".into());
            self.stop = Some(Stop::Goal);
        }
    }

    /// The narrator speaks of the drill.
    fn tell(&mut self, journal: &mut Journal, reason: &'static str, text: String) {
        journal.push(self.now, LAB, self.start(), Line::new(RecordType::Story, "narrator", reason, ObjectRef::default(), &*text));
        Arc::make_mut(&mut self.story).push((self.now, text));
    }

    /// Somebody looked: at the output of a command (`typed` is its line), or at an object.
    pub(super) fn looked(&mut self, typed: &str, shown: &str) {
        let scenario = self.scenario.clone();
        let Some(solve) = scenario.solve.as_ref().filter(|_| self.drill.began.is_some() && self.drill.localised.is_none()) else { return };
        let all = plain(&format!("{typed} {shown}"));
        let any = |words: &[Arc<str>]| words.iter().any(|w| all.contains(&plain(w)));
        let found = if solve.localise.is_empty() { goal_names(solve).iter().any(|n| mentions(typed, n)) } else { any(&solve.localise) };
        if found {
            self.drill.localised = Some(self.now);
        }
        if found || solve.detect.is_empty() || any(&solve.detect) {
            self.drill.detected.get_or_insert(self.now);
        }
    }

    /// True if a look would be news to the drill.
    pub(super) fn wants_looks(&self) -> bool {
        self.drill.began.is_some() && self.drill.localised.is_none()
    }

    /// The next hint that fits; None if there is none (any more).
    pub(super) fn hint(&mut self, journal: &mut Journal) -> Option<String> {
        let i = self.next_hint(journal)?;
        let scenario = self.scenario.clone();
        let text = LabFacts { lab: self, journal }.text(&scenario.solve.as_ref()?.hints.get(i)?.say);
        self.drill.hints.push((i, text.clone()));
        self.tell(journal, "Hint", format!("Hint: {text}"));
        Some(text)
    }

    fn next_hint(&self, journal: &Journal) -> Option<usize> {
        let hints = &self.scenario.solve.as_ref()?.hints;
        let facts = LabFacts { lab: self, journal };
        let fits = |i: &usize| hints[*i].when.as_ref().is_none_or(|w| w.holds(&facts).unwrap_or(false));
        (0..hints.len()).filter(|i| !self.drill.hints.iter().any(|h| h.0 == *i)).find(fits)
    }

    /// Somebody says what the cause is; true if that is it.
    pub(super) fn name_cause(&mut self, named: &Named, journal: &mut Journal) -> bool {
        let scenario = self.scenario.clone();
        let Some(solve) = scenario.solve.as_ref().filter(|_| self.drill.analysed.is_none() && self.drill.began.is_some()) else {
            return false;
        };
        let facts = LabFacts { lab: self, journal };
        let (text, right) = match (named, &solve.cause) {
            (Named::Choice(n), Some(ask)) => {
                let right = facts.choice_of(ask) == Some(*n);
                (ask.choices.get(*n).map(|c| facts.text(c)).unwrap_or_default(), right)
            }
            (Named::Fault(f), None) => (format!("{} of {}", f.word, f.target), self.is_cause(f)),
            _ => return false,
        };
        let because = solve.cause.as_ref().and_then(|a| a.because.as_ref()).map(|b| facts.text(b)).unwrap_or_default();
        let (reason, said) = if right { ("CauseNamed", "that is the cause") } else { ("CauseNotNamed", "that is not the cause") };
        let line = Line::new(RecordType::Story, "you", reason, ObjectRef::default(), format!("{text}: {said}"));
        journal.push(self.now, LAB, self.start(), line);
        if right {
            // Who names the cause has found the place, with or without our noticing.
            self.drill.detected.get_or_insert(self.now);
            self.drill.localised.get_or_insert(self.now);
            self.drill.analysed = Some(self.now);
            self.drill.because = Some(because);
            self.drill.named = Some(named.clone());
        } else if !self.drill.wrong.contains(named) {
            self.drill.wrong.push(named.clone());
        }
        right
    }

    /// True while the fault that began the trouble is for the learner to find.
    pub(super) fn has_secret(&self) -> bool {
        let faults = self.scenario.trouble().is_some_and(|i| !self.scenario.timeline[i].faults.is_empty());
        self.scenario.solve.is_some() && faults && self.drill.analysed.is_none() && !self.finished
    }

    /// The fault that began the trouble, in either world.
    fn is_cause(&self, named: &FaultNamed) -> bool {
        let Some(entry) = self.scenario.trouble().map(|i| &self.scenario.timeline[i]) else { return false };
        entry.faults.iter().any(|act| {
            let target = match &act.fault.target {
                FaultTarget::World => "",
                FaultTarget::Component(c) => c.word(),
                FaultTarget::Host(n) | FaultTarget::Zone(n) | FaultTarget::Image(n) | FaultTarget::Traffic(n) => n,
                FaultTarget::Copies { of, .. } => of,
            };
            act.fault.kind.word() == named.word && (target.is_empty() || mentions(&named.target, target))
        })
    }

    /// The drill as it stands; None if the scenario is none.
    pub(super) fn drill_view(&self, journal: &Journal) -> Option<DrillView> {
        let solve = self.scenario.solve.as_ref()?;
        let (d, facts) = (&self.drill, LabFacts { lab: self, journal });
        let after = |at: Option<SimTime>| Some(at? - d.began?);
        let named = d.analysed.is_some();
        let verdict = (d.reached.is_some() || self.finished).then(|| Verdict {
            passed: named && d.reached.is_some() && d.lost.is_empty(),
            text: verdict(d.reached.is_some(), named, !d.lost.is_empty()).to_string(),
        });
        let chosen = |n: &Named| if let Named::Choice(n) = n { Some(*n) } else { None };
        let cause = match &solve.cause {
            Some(ask) => Cause::Choices {
                text: facts.text(&ask.question),
                choices: ask.choices.iter().map(|c| facts.text(c)).collect(),
                wrong: d.wrong.iter().filter_map(chosen).collect(),
                named: d.named.as_ref().and_then(chosen),
            },
            None => Cause::Free {
                wrong: d.wrong.iter().filter_map(|n| if let Named::Fault(f) = n { Some(f.clone()) } else { None }).collect(),
                named: d.named.as_ref().and_then(|n| if let Named::Fault(f) = n { Some(f.clone()) } else { None }),
            },
        };
        Some(DrillView {
            goal: solve.say.as_ref().map_or_else(|| solve.goal.text().to_string(), |t| facts.text(t)),
            began: d.began,
            secret: self.has_secret(),
            holds: d.holds_since.is_some() && d.missed,
            detected_after: after(d.detected),
            localised_after: after(d.localised),
            analysed_after: after(d.analysed),
            mitigated_after: after(d.reached),
            cause,
            because: d.because.clone().unwrap_or_default(),
            hints: d.hints.iter().map(|(_, t)| t.clone()).collect(),
            more_hints: d.began.is_some() && self.next_hint(journal).is_some(),
            mistakes: d.mistakes.iter().map(|(at, _, t)| (*at, t.clone())).collect(),
            lost: d.lost.iter().map(|(at, _, t)| (*at, t.clone())).collect(),
            verdict,
        })
    }
}

fn verdict(fixed: bool, named: bool, lost: bool) -> &'static str {
    match (fixed, named, lost) {
        (true, true, false) => "Solved: the cause was named, it is fixed, and nothing was lost on the way.",
        (true, true, true) => "The cause was named and it is fixed, but something was lost on the way.",
        (true, false, false) => "Fixed, and nothing was lost; but the cause was not named.",
        (true, false, true) => "Fixed, but something was lost on the way, and the cause was not named.",
        (false, true, _) => "The cause was named, but it is not fixed.",
        (false, false, _) => "Not solved: the cause was not named, and it is not fixed.",
    }
}

/// Lower case, single spaces: what a table's columns look like does not matter.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The names of the objects that the goal speaks of: `shop` of `deployment/shop`.
fn goal_names(solve: &Solve) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for used in solve.goal.uses() {
        for (literal, param) in used.literals.iter().zip(used.info.params) {
            if let (Some((text, _)), Param::Object) = (literal, param) {
                names.push(text.rsplit('/').next().unwrap_or(text).into());
            }
        }
    }
    names
}

/// `shop` in `kubectl describe deployment/shop`, and in `kubectl logs shop-7d9f-x2kqp`; not in `workshop`.
fn mentions(typed: &str, name: &str) -> bool {
    typed
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | ','))
        .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_a_look() {
        for (typed, yes) in [
            ("kubectl describe deployment/shop", true),
            ("kubectl logs shop-7d9f-x2kqp", true),
            ("kubectl get pods -l app=shop", true),
            ("kubectl get pods", false),
            ("docker logs workshop", false),
            ("docker logs shopping", false),
        ] {
            assert_eq!(mentions(typed, "shop"), yes, "{typed}");
        }
        assert_eq!(plain("NAME    READY\nshop   0/1\n"), "name ready shop 0/1");
    }
}
