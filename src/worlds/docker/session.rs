//! Commands that take time: a script goes on as the world goes on, until it has an exit status. `docker stop` waits for its container,
//! `docker run` for its process, `compose up` for a whole plan.

use std::fmt;
use std::sync::Arc;

use crate::kernel::{RecordId, SimTime};
use crate::machine::HostName;
use crate::worlds::Output;

use super::{Cx, Docker, Event};

/// Who typed a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A person at this world's console.
    Console,
    /// The operator model.
    Operator,
    /// The scenario's start.
    Deploy,
}

/// What a script writes to, and which engine it speaks to.
#[derive(Clone, Debug)]
pub struct Io {
    pub out: String,
    pub err: String,
    pub host: HostName,
    pub owner: Owner,
}

/// A command under way.
pub trait Script: fmt::Debug + Send + Sync {
    /// Goes as far as it can now; Some(exit status) when done.
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32>;
    /// Ctrl-c. Most commands just end; what they asked the engine for goes on.
    fn interrupt(&mut self, _d: &mut Docker, _io: &mut Io, _cx: &mut Cx) -> Option<i32> {
        Some(130)
    }
    /// True for commands that only watch (`logs -f`, `events`, `stats`): the world does not wait for them to be settled.
    fn watches(&self) -> bool {
        false
    }
    /// Exit status and words if the engine goes away meanwhile.
    fn engine_lost(&mut self, why: &str, io: &mut Io) -> i32 {
        io.err.push_str(why);
        io.err.push('\n');
        1
    }
    fn clone_box(&self) -> Box<dyn Script>;
}

impl Clone for Box<dyn Script> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// How a verb answers: at once, or by a script.
#[derive(Debug)]
pub enum Reply {
    Done(Output),
    Script(Box<dyn Script>),
}

impl Reply {
    pub fn out(stdout: impl Into<String>) -> Self {
        Self::Done(Output { stdout: stdout.into(), ..Output::default() })
    }
    /// An error on stderr, with a line end added.
    pub fn fail(stderr: impl Into<String>, exit: i32) -> Self {
        let mut stderr = stderr.into();
        if !stderr.ends_with('\n') {
            stderr.push('\n');
        }
        Self::Done(Output { stderr, exit, ..Output::default() })
    }
    /// `Error response from daemon: …`, exit status 1.
    pub fn daemon(error: &super::EngineError) -> Self {
        Self::fail(format!("Error response from daemon: {error}"), 1)
    }
}

/// One command under way, with what it has printed and nobody has read.
#[derive(Clone, Debug)]
pub struct Session {
    script: Box<dyn Script>,
    io: Io,
    cause: Option<RecordId>,
    exit: Option<i32>,
    interrupted: bool,
    /// The command line, for records.
    line: Arc<str>,
}

/// What became of a command: done, or under way as this session.
#[derive(Debug)]
pub(crate) enum Ran {
    Done(Output),
    Session(u64),
}

impl Docker {
    /// Takes a verb's answer; a script is advanced at once and kept if it is not done.
    pub(crate) fn open(&mut self, reply: Reply, host: &HostName, owner: Owner, line: &str, cx: &mut Cx) -> Ran {
        let mut script = match reply {
            Reply::Done(output) => return Ran::Done(output),
            Reply::Script(script) => script,
        };
        let mut io = Io { out: String::new(), err: String::new(), host: host.clone(), owner };
        let cause = cx.cause;
        let exit = script.advance(self, &mut io, cx);
        cx.cause = cause;
        if let Some(exit) = exit {
            return Ran::Done(Output { stdout: io.out, stderr: io.err, exit, running: false });
        }
        let id = self.next_session;
        self.next_session += 1;
        self.sessions.insert(id, Session { script, io, cause, exit: None, interrupted: false, line: line.into() });
        Ran::Session(id)
    }

    /// Advances every command under way; called after each event.
    pub(crate) fn advance_sessions(&mut self, cx: &mut Cx) {
        if self.sessions.is_empty() {
            return;
        }
        let ids: Vec<u64> = self.sessions.iter().filter(|(_, s)| s.exit.is_none()).map(|(id, _)| *id).collect();
        for id in ids {
            // The script is taken out while it acts on the world it belongs to.
            let Some(mut session) = self.sessions.remove(&id) else { continue };
            let cause = cx.cause;
            cx.cause = session.cause;
            let host = session.io.host.clone();
            session.exit = if session.interrupted {
                session.script.interrupt(self, &mut session.io, cx)
            } else {
                match self.unreachable(&host) {
                    Some(why) => Some(session.script.engine_lost(&why, &mut session.io)),
                    None => session.script.advance(self, &mut session.io, cx),
                }
            };
            session.interrupted = false;
            cx.cause = cause;
            let (exit, owner) = (session.exit, session.io.owner);
            if exit.is_some() && owner != Owner::Console {
                self.sessions.remove(&id);
                self.command_done(id, &session, cx);
            } else if exit.is_some() && self.foreground != Some(id) {
                // Nobody reads a command that was left behind.
            } else {
                self.sessions.insert(id, session);
            }
        }
    }

    /// A command of the operator or of the start has ended.
    fn command_done(&mut self, id: u64, session: &Session, cx: &mut Cx) {
        let output =
            Output { stdout: session.io.out.clone(), stderr: session.io.err.clone(), exit: session.exit.unwrap_or(0), running: false };
        match session.io.owner {
            Owner::Operator => self.operator_command_done(Some(id), &output, cx),
            Owner::Deploy => {
                let cause = cx.cause;
                cx.cause = session.cause;
                self.deployed(&session.io.host.clone(), &session.line.clone(), &output, cx);
                cx.cause = cause;
            }
            Owner::Console => {}
        }
    }

    /// What the foreground command has printed since the last call.
    pub(crate) fn read_foreground(&mut self) -> Output {
        let Some(id) = self.foreground else { return Output::default() };
        let Some(session) = self.sessions.get_mut(&id) else {
            self.foreground = None;
            return Output::default();
        };
        let output = Output {
            stdout: std::mem::take(&mut session.io.out),
            stderr: std::mem::take(&mut session.io.err),
            exit: session.exit.unwrap_or(0),
            running: session.exit.is_none(),
        };
        if !output.running {
            self.sessions.remove(&id);
            self.foreground = None;
        }
        output
    }

    pub(crate) fn interrupt_foreground(&mut self) {
        if let Some(session) = self.foreground.and_then(|id| self.sessions.get_mut(&id)) {
            session.interrupted = true;
        }
    }

    /// True if a command is under way that changes something.
    pub(crate) fn busy(&self) -> bool {
        self.sessions.values().any(|s| s.exit.is_none() && !s.script.watches())
    }

    /// Wakes the world at a moment for which a script waits.
    pub fn nudge(&mut self, at: SimTime, cx: &Cx) {
        self.agenda.schedule(at, cx.cause, Event::Nudge);
    }
}
