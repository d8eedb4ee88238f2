//! `docker logs`. Source: cli/command/container/logs.go.

use crate::kernel::SimTime;

use super::super::container::{Cid, Container};
use super::super::session::{Io, Reply, Script};
use super::super::text::{parse_moment, rfc3339_nano_fixed};
use super::super::{Cx, Docker};
use super::flags::{Flag, switch, value};
use super::{Call, Completes, Verb};

/// Flags shared with `docker compose logs`.
pub const FLAGS: &[Flag] = &[
    switch("follow", Some('f'), "Follow log output"),
    switch("timestamps", Some('t'), "Show timestamps"),
    value("since", None, "Show logs since timestamp or relative (e.g. \"42m\" for 42 minutes)"),
    value("until", None, "Show logs before a timestamp or relative"),
    value("tail", Some('n'), "Number of lines to show from the end of the logs"),
    switch("details", None, "Show extra details provided to logs"),
];

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["logs"], &["container", "logs"]],
    usage: "[OPTIONS] CONTAINER",
    about: "Fetch the logs of a container",
    flags: FLAGS,
    args: (1, 1),
    completes: Completes::Containers,
    run: logs,
    ..Verb::DEFAULT
}];

/// Which lines are wanted, and how they are printed.
#[derive(Clone, Debug)]
pub struct Choice {
    pub follow: bool,
    timestamps: bool,
    since: Option<SimTime>,
    until: Option<SimTime>,
    tail: Option<usize>,
}

impl Choice {
    /// Reads the flags.
    ///
    /// # Errors
    /// The daemon's sentence for a time that is none.
    pub fn read(f: &super::flags::Parsed, now: SimTime) -> Result<Self, String> {
        let moment = |name: &str| match f.get(name) {
            Some(text) => parse_moment(text, now)
                .map(Some)
                .ok_or_else(|| format!("invalid value for \"{name}\": failed to parse value as time or duration: {text:?}")),
            None => Ok(None),
        };
        let tail = match f.get("tail") {
            None | Some("all") => None,
            // A number that cannot be read counts as all, as in the real one.
            Some(n) => n.parse::<usize>().ok(),
        };
        Ok(Self { follow: f.on("follow"), timestamps: f.on("timestamps"), since: moment("since")?, until: moment("until")?, tail })
    }

    /// Lines from `seen` on; `first` = the first call, for which `--tail` counts. Returns them with the new position.
    pub fn lines(&self, d: &Docker, c: &Container, seen: usize, first: bool) -> (Vec<String>, usize) {
        let all = d.log_lines(c);
        let total = all.len();
        let wanted = |at: SimTime| self.since.is_none_or(|s| at >= s) && self.until.is_none_or(|u| at <= u);
        let mut lines: Vec<String> = all
            .iter()
            .skip(seen)
            .filter(|(at, _)| wanted(*at))
            .map(|(at, line)| if self.timestamps { format!("{} {line}", rfc3339_nano_fixed(*at)) } else { line.to_string() })
            .collect();
        if let Some(n) = self.tail.filter(|_| first) {
            lines.drain(..lines.len().saturating_sub(n));
        }
        (lines, total)
    }
}

fn logs(call: &mut Call) -> Reply {
    let choice = match Choice::read(&call.flags, call.cx.now) {
        Ok(c) => c,
        Err(e) => return Reply::fail(format!("Error response from daemon: {e}"), 1),
    };
    let word = call.args()[0].clone();
    let cid = match call.d.find(&call.host, &word) {
        Ok(cid) => cid,
        Err(e) => return Reply::daemon(&e),
    };
    Reply::Script(Box::new(Logs { cid, choice, seen: 0, first: true }))
}

#[derive(Clone, Debug)]
struct Logs {
    cid: Cid,
    choice: Choice,
    seen: usize,
    first: bool,
}

impl Script for Logs {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, _cx: &mut Cx) -> Option<i32> {
        let Some(c) = d.container(self.cid).cloned() else { return Some(0) };
        let (lines, seen) = self.choice.lines(d, &c, self.seen, self.first);
        (self.seen, self.first) = (seen, false);
        for line in lines {
            io.out.push_str(&line);
            io.out.push('\n');
        }
        // Following ends when the container does.
        (!self.choice.follow || !c.state.running && !c.starting).then_some(0)
    }
    fn watches(&self) -> bool {
        true
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
