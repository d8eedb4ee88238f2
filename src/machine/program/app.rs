//! The program an image describes: starts up, serves, misbehaves on schedule, stops when told to.

use std::sync::Arc;

use crate::kernel::{Set, SimDuration};
use crate::model::{Action, AppSpec, OnTerm};

use super::Memory;

/// Leaving takes a moment even when nothing is in flight.
const EXIT_TIME: SimDuration = SimDuration::from_millis(20);

/// State of an app process. Times are its age.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub spec: Arc<AppSpec>,
    /// When its process began (later than 0 if a script started it).
    born: SimDuration,
    /// Entries of `spec.behaviour` by time; those before `next` have happened.
    order: Arc<[usize]>,
    next: usize,
    pub started: bool,
    logged: bool,
    pub hung: bool,
    unready: bool,
    /// Percent of the usual time per request.
    pub slow: u32,
    /// Percent of requests answered with an error.
    pub errors: u32,
    pub draining: bool,
    exit_at: Option<(SimDuration, i32)>,
    /// Asked to stop while it hung.
    term_pending: bool,
}

/// Why an app gives no HTTP answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NoHttp {
    Refused,
    Silent,
}

impl App {
    pub fn new(spec: Arc<AppSpec>, born: SimDuration) -> Self {
        let mut order: Vec<usize> = (0..spec.behaviour.len()).collect();
        order.sort_by_key(|i| spec.behaviour[*i].after);
        Self {
            unready: !spec.becomes_ready,
            spec,
            born,
            order: order.into(),
            next: 0,
            started: false,
            logged: false,
            hung: false,
            slow: 100,
            errors: 0,
            draining: false,
            exit_at: None,
            term_pending: false,
        }
    }

    pub fn next(&self) -> Option<SimDuration> {
        let startup = (!self.started).then(|| self.born + self.spec.startup);
        let begin = (!self.logged).then_some(self.born);
        let behaviour = self.order.get(self.next).map(|i| self.born + self.spec.behaviour[*i].after);
        [begin, startup, behaviour, self.exit_at.map(|e| e.0)].into_iter().flatten().min()
    }

    /// Everything that happens up to `age`; the exit code if it ends.
    pub fn run(
        &mut self,
        age: SimDuration,
        names: Option<&Set<Arc<str>>>,
        dns_down: bool,
        memory: &mut Memory,
        lines: &mut Vec<(SimDuration, String)>,
    ) -> Option<i32> {
        while let Some(at) = self.next().filter(|t| *t <= age) {
            if !self.logged {
                self.logged = true;
                lines.extend(self.spec.log.iter().map(|l| (at, l.to_string())));
            } else if let Some((_, code)) = self.exit_at.filter(|e| e.0 <= at) {
                return Some(code);
            } else if !self.started && self.born + self.spec.startup <= at {
                let missing = |n: &&Arc<str>| dns_down || names.is_some_and(|all| !all.contains(&***n));
                if let Some(name) = self.spec.needs.iter().find(missing) {
                    lines.push((at, format!("cannot reach {name}: giving up")));
                    return Some(1);
                }
                self.started = true;
            } else {
                let action = self.spec.behaviour[self.order[self.next]].action;
                self.next += 1;
                match action {
                    Action::Leak { bytes_per_minute } => memory.set_rate(bytes_per_minute, at),
                    Action::Allocate { bytes } => memory.grow(bytes),
                    Action::Exit { code } => return Some(code),
                    Action::Hang => self.hung = true,
                    Action::Recover => {
                        self.hung = false;
                        if std::mem::take(&mut self.term_pending) {
                            self.term(at, at);
                        }
                    }
                    Action::Unready(u) => self.unready = u,
                    Action::Slow { percent } => self.slow = percent.clamp(1, 1_000_000),
                    Action::Errors { percent } => self.errors = percent.min(100),
                }
            }
        }
        None
    }

    /// SIGTERM (or SIGINT). `busy_until`: when the last request in flight would be answered.
    pub fn term(&mut self, age: SimDuration, busy_until: SimDuration) {
        if self.hung {
            self.term_pending = true;
            return;
        }
        match self.spec.on_term {
            OnTerm::Drain(max) if !self.draining => {
                self.draining = true;
                self.exit_at = Some((busy_until.max(age).min(age + max) + EXIT_TIME, 0));
            }
            OnTerm::Exit(code) => self.exit_at = Some((age + EXIT_TIME, code)),
            OnTerm::Drain(_) | OnTerm::Ignore => {}
        }
    }

    /// True before it has installed its signal handlers.
    pub fn starts_up(&self) -> bool {
        !self.started
    }

    /// True if somebody listens on that port (None: on any).
    pub fn listens(&self, port: Option<u16>) -> bool {
        self.started && !self.draining && port.is_none_or(|p| self.spec.port.is_none_or(|own| own == p))
    }

    /// The status it answers for a path.
    pub fn http(&self, path: &str, port: u16) -> Result<u16, NoHttp> {
        if !self.listens(Some(port)) {
            return Err(NoHttp::Refused);
        }
        if self.hung {
            return Err(NoHttp::Silent);
        }
        let path = path.split('?').next().unwrap_or(path);
        if let Some((_, status)) = self.spec.answers.iter().find(|(p, _)| &**p == path) {
            return Ok(*status);
        }
        // An app that is not ready still lives: paths that ask for life are answered.
        let about_life = ["health", "live", "alive", "ping"].iter().any(|w| path.contains(w));
        if self.unready && (path.contains("ready") || !about_life) {
            return Ok(503);
        }
        Ok(200)
    }

    /// What a health command inside the container finds out.
    pub fn healthy(&self) -> bool {
        self.started && !self.hung && !self.draining
    }
}
