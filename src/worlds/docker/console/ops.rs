//! Verbs that do one thing to several containers: start, stop, restart, kill, rm, pause, unpause, wait.
//!
//! Sources: cli/command/container/{start,stop,restart,kill,rm,pause,unpause,wait}.go.

use crate::machine::Signal;

use super::super::container::{Cid, Then, parse_signal};
use super::super::lifecycle::StartBy;
use super::super::session::{Io, Reply, Script};
use super::super::{Cx, Docker};
use super::flags::{Flag, switch, unsimulated, value};
use super::{Call, Completes, Verb};

const TIME: Flag = value("timeout", Some('t'), "Seconds to wait before killing the container");
const TIME_OLD: Flag = value("time", None, "Seconds to wait before killing the container (deprecated: use --timeout)");
const SIGNAL: Flag = value("signal", Some('s'), "Signal to send to the container");

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["start"], &["container", "start"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Start one or more stopped containers",
        flags: &[
            unsimulated(switch("attach", Some('a'), "Attach STDOUT/STDERR and forward signals")),
            unsimulated(switch("interactive", Some('i'), "Attach container's STDIN")),
        ],
        args: (1, usize::MAX),
        completes: Completes::Stopped,
        run: |c| each(c, Kind::Start),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["stop"], &["container", "stop"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Stop one or more running containers",
        flags: &[TIME, TIME_OLD, SIGNAL],
        args: (1, usize::MAX),
        completes: Completes::Running,
        run: |c| {
            let kind = grace(c).map(Kind::Stop);
            kind.map_or_else(|e| Reply::fail(e, 125), |k| each(c, k))
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["restart"], &["container", "restart"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Restart one or more containers",
        flags: &[TIME, TIME_OLD, SIGNAL],
        args: (1, usize::MAX),
        completes: Completes::Containers,
        run: |c| {
            let kind = grace(c).map(Kind::Restart);
            kind.map_or_else(|e| Reply::fail(e, 125), |k| each(c, k))
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["kill"], &["container", "kill"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Kill one or more running containers",
        flags: &[SIGNAL],
        args: (1, usize::MAX),
        completes: Completes::Running,
        run: |c| match c.flags.get("signal").map_or(Some((Signal::Kill, 9)), parse_signal) {
            Some((signal, _)) => each(c, Kind::Kill(signal)),
            None => Reply::fail(format!("Error response from daemon: invalid signal: {}", c.flags.get("signal").unwrap_or_default()), 1),
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["rm"], &["container", "rm"], &["container", "remove"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Remove one or more containers",
        flags: &[
            switch("force", Some('f'), "Force the removal of a running container (uses SIGKILL)"),
            switch("volumes", Some('v'), "Remove anonymous volumes associated with the container"),
            unsimulated(switch("link", Some('l'), "Remove the specified link")),
        ],
        args: (1, usize::MAX),
        completes: Completes::Containers,
        run: |c| {
            let (force, volumes) = (c.flags.on("force"), c.flags.on("volumes"));
            each(c, Kind::Remove { force, volumes })
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["wait"], &["container", "wait"]],
        usage: "CONTAINER [CONTAINER...]",
        about: "Block until one or more containers stop, then print their exit codes",
        args: (1, usize::MAX),
        completes: Completes::Running,
        run: |c| each(c, Kind::Wait),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["pause"], &["container", "pause"]],
        usage: "CONTAINER [CONTAINER...]",
        about: "Pause all processes within one or more containers",
        args: (1, usize::MAX),
        completes: Completes::Running,
        run: |c| each(c, Kind::Pause),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["unpause"], &["container", "unpause"]],
        usage: "CONTAINER [CONTAINER...]",
        about: "Unpause all processes within one or more containers",
        args: (1, usize::MAX),
        completes: Completes::Running,
        run: |c| each(c, Kind::Unpause),
        ..Verb::DEFAULT
    },
];

fn grace(c: &Call) -> Result<Option<i64>, String> {
    match c.flags.get("timeout").or_else(|| c.flags.get("time")) {
        Some(t) => t
            .parse()
            .map(Some)
            .map_err(|_| format!("invalid argument \"{t}\" for \"-t, --timeout\" flag: strconv.ParseInt: parsing \"{t}\": invalid syntax")),
        None => Ok(None),
    }
}

/// What is done to each container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Start,
    Stop(Option<i64>),
    Restart(Option<i64>),
    Kill(Signal),
    Remove { force: bool, volumes: bool },
    Wait,
    Pause,
    Unpause,
}

impl Kind {
    /// The CLI works on fifty at a time, except where order matters to people.
    const fn one_by_one(self) -> bool {
        matches!(self, Self::Start | Self::Restart(_) | Self::Wait)
    }
}

fn each(c: &mut Call, kind: Kind) -> Reply {
    let words = c.args().to_vec();
    Reply::Script(Box::new(Each {
        kind,
        items: words.into_iter().map(|word| Item { word, state: State::Waiting }).collect(),
        printed: 0,
        failed: Vec::new(),
    }))
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Busy(Cid),
    Done(Result<String, String>),
}

#[derive(Clone, Debug)]
struct Item {
    word: String,
    state: State,
}

#[derive(Clone, Debug)]
struct Each {
    kind: Kind,
    items: Vec<Item>,
    /// Results are printed in the order of the arguments.
    printed: usize,
    failed: Vec<String>,
}

impl Each {
    fn begin(&self, word: &str, d: &mut Docker, io: &Io, cx: &mut Cx) -> State {
        let cid = match d.find(&io.host, word) {
            Ok(cid) => cid,
            Err(e) => return State::Done(Err(e.message)),
        };
        let cause = cx.cause;
        let asked = match self.kind {
            Kind::Start => {
                d.declared_copy(cid);
                d.start(cid, StartBy::Hand, cx).map(|_| ())
            }
            Kind::Stop(grace) => d.stop(cid, grace, Then::Nothing, cx),
            Kind::Restart(grace) => d.restart(cid, grace, cx),
            Kind::Kill(signal) => d.kill(cid, signal, cx),
            Kind::Remove { force, volumes } => {
                let result = d.remove(cid, force, volumes, cx);
                if result.is_ok() {
                    d.undeclared(cid);
                }
                result
            }
            Kind::Pause => d.pause(cid, cx),
            Kind::Unpause => d.unpause(cid, cx),
            Kind::Wait => Ok(()),
        };
        cx.cause = cause;
        match asked {
            Ok(()) => State::Busy(cid),
            Err(e) => State::Done(Err(e.message)),
        }
    }

    /// The answer for one container, once it is there.
    fn poll(&self, word: &str, cid: Cid, d: &Docker) -> Option<Result<String, String>> {
        let Some(c) = d.container(cid) else {
            return Some(Ok(word.to_string()));
        };
        let started = || match &*c.state.error {
            "" => Ok(word.to_string()),
            e => Err(e.to_string()),
        };
        match self.kind {
            Kind::Start => (!c.starting).then(started),
            Kind::Restart(_) => (!c.starting && c.stopping.is_none() && c.stop_after_start.is_none()).then(started),
            Kind::Stop(_) => (!c.state.running && !c.starting && c.stopping.is_none()).then(|| Ok(word.to_string())),
            Kind::Kill(Signal::Kill) => (!c.alive()).then(|| Ok(word.to_string())),
            Kind::Kill(_) | Kind::Pause | Kind::Unpause => Some(Ok(word.to_string())),
            Kind::Remove { .. } => None,
            Kind::Wait => (!c.state.running && !c.starting).then(|| Ok(c.state.exit_code.to_string())),
        }
    }

    fn print(&mut self, io: &mut Io) {
        while let Some(Item { word, state: State::Done(result) }) = self.items.get(self.printed) {
            match result {
                Ok(line) => io.out.push_str(&format!("{line}\n")),
                Err(e) => {
                    io.err.push_str(&format!("Error response from daemon: {e}\n"));
                    self.failed.push(word.clone());
                }
            }
            self.printed += 1;
        }
    }
}

impl Script for Each {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        for i in 0..self.items.len() {
            if matches!(self.items[i].state, State::Waiting) {
                let word = self.items[i].word.clone();
                self.items[i].state = self.begin(&word, d, io, cx);
            }
            if let State::Busy(cid) = self.items[i].state {
                let word = self.items[i].word.clone();
                if let Some(result) = self.poll(&word, cid, d) {
                    self.items[i].state = State::Done(result);
                } else if self.kind.one_by_one() {
                    break;
                }
            }
        }
        self.print(io);
        if self.printed < self.items.len() {
            return None;
        }
        if self.failed.is_empty() {
            return Some(0);
        }
        if self.kind == Kind::Start {
            io.err.push_str(&format!("Error: failed to start containers: {}\n", self.failed.join(", ")));
        }
        Some(1)
    }

    fn watches(&self) -> bool {
        self.kind == Kind::Wait
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
