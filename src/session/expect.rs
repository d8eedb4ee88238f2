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
        let too_early = matches!(e.kind, Expect::Eventually { .. }) && now == begin && begin > SimTime::ZERO;
        if now < begin || ((e.kind == Expect::Finally || too_early) && !at_end) {
            return;
        }
        let holds = match e.expr.holds(facts) {
            Ok(holds) => holds,
            // An object that does not exist yet is no verdict before the end.
            Err(why) if at_end => return self.settle(false, why),
            Err(_) => return,
        };
        let over = at_end || until.is_some_and(|u| now > u);
        match (&e.kind, holds) {
            (Expect::Always { .. } | Expect::Never { .. }, _) if until.is_some_and(|u| now > u) => self.settle(true, "all the time".into()),
            (Expect::Always { .. }, false) | (Expect::Never { .. }, true) => {
                self.settle(false, format!("at {now}: {}", e.expr.evidence(facts)));
            }
            (Expect::Always { .. } | Expect::Never { .. }, _) if over => self.settle(true, "all the time".into()),
            (Expect::Eventually { .. }, true) if until.is_none_or(|u| now <= u) => self.settle(true, format!("at {now}")),
            (Expect::Eventually { .. }, _) if over => self.settle(false, format!("not by {now}: {}", e.expr.evidence(facts))),
            (Expect::Finally, holds) => self.settle(holds, e.expr.evidence(facts)),
            _ => {}
        }
    }

    fn settle(&mut self, passed: bool, detail: String) {
        self.passed = Some(passed);
        self.detail = detail;
    }
}
