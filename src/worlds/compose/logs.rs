//! Logs of several containers, each line with its container in front. Source: cmd/formatter/logs.go.

use std::sync::Arc;

use crate::kernel::Cx;
use crate::worlds::docker::console::logs::Choice;
use crate::worlds::docker::container::{Cid, Container, LABEL_SERVICE};
use crate::worlds::docker::{Docker, Io, Script};

/// One container's log and how far it has been printed.
#[derive(Clone, Debug)]
struct Source {
    cid: Cid,
    title: String,
    service: Arc<str>,
    seen: usize,
    starts: u64,
    gone: bool,
}

/// Prints what several containers log.
#[derive(Clone, Debug)]
pub struct Follow {
    sources: Vec<Source>,
    choice: Option<Choice>,
    first: bool,
    no_prefix: bool,
}

/// `web-1`: the name without the project.
fn title(c: &Container) -> String {
    let project = c.config.label(super::names::PROJECT).map_or("", |p| &**p);
    c.name.strip_prefix(&format!("{project}-")).unwrap_or(&c.name).to_string()
}

impl Follow {
    /// `up` without `-d`: from now on, to the end of all.
    pub fn attach(containers: &[Arc<Container>]) -> Self {
        Self::new(containers, None, false)
    }
    pub fn new(containers: &[Arc<Container>], choice: Option<Choice>, no_prefix: bool) -> Self {
        let source = |c: &Arc<Container>| Source {
            cid: c.cid,
            title: title(c),
            service: c.config.label(LABEL_SERVICE).cloned().unwrap_or_default(),
            seen: 0,
            starts: c.starts,
            gone: false,
        };
        Self { sources: containers.iter().map(source).collect(), choice, first: true, no_prefix }
    }
    pub fn titles(&self) -> Vec<String> {
        self.sources.iter().map(|s| s.title.clone()).collect()
    }
    /// Some container still runs.
    pub fn alive(&self, d: &Docker) -> bool {
        self.sources.iter().any(|s| d.container(s.cid).is_some_and(|c| c.state.running || c.starting))
    }

    /// Prints new lines; returns (service, exit code) of containers seen to end, with a line each if wanted.
    pub fn print(&mut self, d: &Docker, io: &mut Io, say_exits: bool) -> Vec<(Arc<str>, i32)> {
        let width = self.sources.iter().map(|s| s.title.chars().count()).max().unwrap_or(0);
        let mut exited = Vec::new();
        for s in &mut self.sources {
            let Some(c) = d.container(s.cid) else { continue };
            let prefix = if self.no_prefix { String::new() } else { format!("{:<width$}  | ", s.title) };
            let (lines, seen) = match &self.choice {
                Some(choice) => choice.lines(d, c, s.seen, self.first),
                None => {
                    let all = d.log_lines(c);
                    (all.iter().skip(s.seen).map(|(_, l)| l.to_string()).collect(), all.len())
                }
            };
            s.seen = seen;
            for line in lines {
                io.out.push_str(&format!("{prefix}{line}\n"));
            }
            let over = !c.alive() && !c.starting;
            if over && (!s.gone || c.starts != s.starts) {
                exited.push((s.service.clone(), c.state.exit_code));
                if say_exits {
                    let again = if c.state.restarting { " (restarting)" } else { "" };
                    io.out.push_str(&format!("{} exited with code {}{again}\n", s.title, c.state.exit_code));
                }
            }
            (s.gone, s.starts) = (over, c.starts);
        }
        self.first = false;
        exited
    }
}

/// `docker compose logs`
#[derive(Clone, Debug)]
pub struct Logs {
    pub follow: Follow,
    pub go_on: bool,
}

impl Script for Logs {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, _cx: &mut Cx) -> Option<i32> {
        self.follow.print(d, io, false);
        (!self.go_on || !self.follow.alive(d)).then_some(0)
    }
    fn watches(&self) -> bool {
        true
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
