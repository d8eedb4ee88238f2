//! What must hold, and how a drill is solved.

use crate::document::{Diagnostic, Field};
use crate::kernel::{SimDuration, limits};

use super::super::file::{Expect, Expectation, Hint, Keep, Setup, SolutionStep, Solve};
use super::Loader;

impl<'a> Loader<'a> {
    pub(super) fn expect(&self, field: Option<Field<'a>>) -> Vec<Expectation> {
        field.iter().flat_map(|f| f.list(500)).filter_map(|f| self.expectation(&f)).collect()
    }

    fn expectation(&self, field: &Field<'a>) -> Option<Expectation> {
        let r = field.reader("an expectation")?;
        let kinds =
            [("always", r.opt("always")), ("never", r.opt("never")), ("eventually", r.opt("eventually")), ("finally", r.opt("finally"))];
        let within = r.opt("within").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let after = r.opt("after").and_then(|f| f.text()).map(Into::into);
        let from = r.opt("from").and_then(|f| self.moment(&f));
        let until = r.opt("until").and_then(|f| self.moment(&f));
        let say = r.opt("say").and_then(|f| self.text(&f));
        let given: Vec<_> = kinds.into_iter().filter_map(|(k, f)| f.map(|f| (k, f))).collect();
        let misplaced = |key: &str, belongs: &str| {
            if r.has(key) {
                self.sink.push(Diagnostic::error(format!("`{key}` belongs to {belongs}")).at(&r.key_span(key)));
            }
        };
        let (kind, f) = match given.as_slice() {
            [one] => one.clone(),
            [] => {
                field.wrong("one of always, never, eventually or finally");
                r.finish();
                return None;
            }
            [_, (second, _), ..] => {
                self.sink.push(Diagnostic::error("an expectation speaks of one thing; write two").at(&r.key_span(second)));
                r.finish();
                return None;
            }
        };
        if kind != "eventually" {
            misplaced("within", "`eventually`");
            misplaced("after", "`eventually`");
        }
        if kind != "always" && kind != "never" {
            misplaced("from", "`always` and `never`");
            misplaced("until", "`always` and `never`");
        }
        r.finish();
        let expr = self.condition(&f)?;
        let kind = match kind {
            "always" => Expect::Always { from, until },
            "never" => Expect::Never { from, until },
            "eventually" => Expect::Eventually { within, after },
            _ => Expect::Finally,
        };
        Some(Expectation { kind, expr, say })
    }

    pub(super) fn solve(&self, field: &Field<'a>, setup: &Setup) -> Option<Solve> {
        let r = field.reader("a drill")?;
        let goal = r.req("goal").and_then(|f| self.condition(&f));
        let say = r.opt("say").and_then(|f| self.text(&f));
        let cause = r.opt("cause").and_then(|f| self.ask(&f, false));
        let begins = r.opt("begins").and_then(|f| f.text()).map(Into::into);
        let hold = r.opt("hold").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::from_secs(10));
        let words = |f: Option<Field<'a>>| -> Vec<_> {
            f.iter().flat_map(|f| f.list_or_one(100)).filter_map(|f| f.text().map(Into::into)).collect()
        };
        let (detect, localise) = (words(r.opt("detect")), words(r.opt("localise")));
        let keep = self.keep(r.opt("keep"));
        let mut solution = Vec::new();
        for f in r.req("solution").iter().flat_map(|f| f.list(100)) {
            self.solution_step(&f, setup, &mut solution);
        }
        let hints = self.hints(r.opt("hints"));
        let mistakes = self.hints(r.opt("mistakes"));
        if r.has("solution") && solution.is_empty() && !self.sink.has_errors() {
            self.sink.push(Diagnostic::error("a drill needs a way to solve it").at(&r.key_span("solution")));
        }
        r.finish();
        Some(Solve { goal: goal?, say, begins, hold, cause, detect, localise, keep, solution, hints, mistakes })
    }

    /// `{kubernetes: kubectl rollout undo deployment/shop, wait: 30s}`
    fn solution_step(&self, field: &Field<'a>, setup: &Setup, out: &mut Vec<SolutionStep>) {
        let Some(r) = field.reader("a step of the solution") else { return };
        let mut wait = r.opt("wait").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::from_secs(10));
        let mut any = false;
        for (world, f) in [("docker", r.opt("docker")), ("kubernetes", r.opt("kubernetes"))] {
            let Some(f) = f else { continue };
            any = true;
            if !setup.worlds().contains(&world) && !self.sink.has_errors() {
                f.fail(format!("the world {world} does not take part in this scenario"));
            }
            for f in f.list_or_one(100) {
                out.extend(self.command(&f, world).map(|command| SolutionStep { wait, world, command }));
                wait = SimDuration::ZERO;
            }
        }
        if !any {
            field.wrong("a command for docker or kubernetes");
        }
        r.finish();
    }

    /// `{that: "kubernetes.failed == 0", say: "No request is lost"}`
    fn keep(&self, field: Option<Field<'a>>) -> Vec<Keep> {
        let one = |f: Field<'a>| {
            let r = f.reader("what must be kept")?;
            let that = r.req("that").and_then(|f| self.condition(&f));
            let say = r.req("say").and_then(|f| self.text(&f));
            r.finish();
            Some(Keep { that: that?, say: say? })
        };
        field.iter().flat_map(|f| f.list(100)).filter_map(one).collect()
    }

    fn hints(&self, field: Option<Field<'a>>) -> Vec<Hint> {
        let one = |f: Field<'a>| {
            // `{if: …, say: …}`; a map without these is a text in several languages.
            let conditional = f.node.get("if").is_some() || f.node.get("say").is_some();
            if !conditional {
                return Some(Hint { when: None, say: self.text(&f)? });
            }
            let r = f.reader("a hint")?;
            let when = r.opt("if").map(|f| self.condition(&f));
            let say = r.req("say").and_then(|f| self.text(&f));
            r.finish();
            Some(Hint { when: when.transpose_some()?, say: say? })
        };
        field.iter().flat_map(|f| f.list(200)).filter_map(one).collect()
    }
}

/// `Some(None)` is a condition that could not be read: the whole hint is dropped, its error is already noted.
trait TransposeSome<T> {
    fn transpose_some(self) -> Option<Option<T>>;
}
impl<T> TransposeSome<T> for Option<Option<T>> {
    fn transpose_some(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(None) => None,
            Some(some) => Some(some),
        }
    }
}
