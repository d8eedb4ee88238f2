//! Expectations while a run goes on: open, held, broken.

use crate::kernel::SimTime;
use crate::scenario::file::{Expect, Expectation};

use super::facts::LabFacts;

/// How one expectation stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// None while it is open.
    pub passed: Option<bool>,
    pub detail: String,
    /// Not every change could be looked at: there were too many.
    pub missed: bool,
    /// It begins to count with the next event.
    pub early: bool,
}

impl Standing {
    /// Looks at one expectation at this moment. `window` is when it begins and ceases to count; no begin = not yet.
    pub fn look(&mut self, e: &Expectation, window: (Option<SimTime>, Option<SimTime>), now: SimTime, at_end: bool, facts: &LabFacts) {
        if self.passed.is_some() {
            return;
        }
        let (Some(begin), until) = window else {
            if at_end {
                self.settle(false, "the moment from which it counts never came".into());
            }
            return;
        };
        // What holds at the very instant of a fault says nothing of how the world takes it.
        self.early = matches!(e.kind, Expect::Eventually { .. }) && now == begin && begin > SimTime::ZERO;
        if now < begin || ((e.kind == Expect::Finally || self.early) && !at_end) {
            return;
        }
        let held = if self.missed { "each time it was looked at; too much changed for every moment" } else { "all the time" };
        let lasting = matches!(e.kind, Expect::Always { .. } | Expect::Never { .. });
        if lasting && until.is_some_and(|u| now > u) {
            return self.settle(true, held.into());
        }
        let holds = match e.expr.holds(facts) {
            Ok(holds) => holds,
            // An object that does not exist yet is no verdict before the end.
            Err(why) if at_end => return self.settle(false, why),
            Err(_) => return,
        };
        let evidence = || e.expr.evidence(facts);
        match (&e.kind, holds) {
            (Expect::Always { .. }, false) | (Expect::Never { .. }, true) => {
                self.settle(false, told(format!("at {}", exact(now)), &evidence()))
            }
            (Expect::Always { .. } | Expect::Never { .. }, _) if at_end => self.settle(true, held.into()),
            (Expect::Eventually { .. }, true) if until.is_none_or(|u| now <= u) => self.settle(true, format!("at {}", exact(now))),
            (Expect::Eventually { .. }, _) if until.is_some_and(|u| now > u) => {
                self.settle(false, told(format!("not by {}", until.unwrap_or(now)), &evidence()));
            }
            (Expect::Eventually { .. }, _) if at_end => self.settle(false, told(format!("not by {now}"), &evidence())),
            (Expect::Finally, holds) => self.settle(holds, evidence()),
            _ => {}
        }
    }

    fn settle(&mut self, passed: bool, detail: String) {
        self.passed = Some(passed);
        self.detail = detail;
    }
}

/// A moment, with its milliseconds if it is no whole second.
fn exact(at: SimTime) -> String {
    match at.as_millis() % 1000 {
        0 => at.clock(),
        ms => format!("{}.{ms:03}", at.clock()),
    }
}

/// When it was, and what the facts were; macros over lists leave no fact to tell.
fn told(when: String, evidence: &str) -> String {
    if evidence.is_empty() { when } else { format!("{when}: {evidence}") }
}
