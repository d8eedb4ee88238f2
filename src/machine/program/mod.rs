//! What the process in a container does: an app described by its image, or a small shell script from the command line.
//!
//! Either way it is driven by events: it says when it next has something to do, and is asleep until then. Its clock is its age, the
//! time since the process began; a frozen machine or container does not age.

mod app;
mod builtins;
mod commands;
mod compile;
mod expand;
mod files;
mod lex;
mod net;
mod parse;
mod shell;
mod text;
mod traps;
mod user;

use std::sync::Arc;

use crate::kernel::{RecordId, SimDuration, SimTime};
use crate::model::ImageSpec;

use super::runtime::{ContainerSpec, StartError};

pub(crate) use app::{App, NoHttp};
pub(crate) use commands::{Ctx, EXEC_OPS, TURN_OPS, serve_file};
pub(crate) use files::{Files, Fs, Shared, normal};
pub(crate) use shell::{Shell, Turn};

/// From the start of a process to its first instruction that shows (recorded: 60 ms from start to the exit of `exit 0`).
const EXEC_TIME: SimDuration = SimDuration::from_millis(50);

/// A running program's state.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) kind: Kind,
    pub(crate) memory: Memory,
    /// A fault froze it.
    pub(crate) hung: bool,
    /// What made it stop or change, if somebody did: the cause of what follows.
    pub(crate) cause: Option<RecordId>,
    started: SimTime,
    frozen: SimDuration,
    frozen_since: Option<SimTime>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    App(App),
    Shell(Box<Shell>),
}

/// Memory beyond what the program needs at rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    grown: u64,
    per_minute: u64,
    since: SimDuration,
}

const MINUTE: u128 = 60_000_000_000;

impl Memory {
    fn at(&self, age: SimDuration) -> u64 {
        let leaked = u128::from(self.per_minute) * u128::from(age.saturating_sub(self.since).as_nanos()) / MINUTE;
        self.grown.saturating_add(u64::try_from(leaked).unwrap_or(u64::MAX))
    }
    /// Grows by so many bytes per minute from now on.
    pub fn set_rate(&mut self, per_minute: u64, age: SimDuration) {
        self.grown = self.at(age);
        (self.per_minute, self.since) = (per_minute, age);
    }
    pub fn grow(&mut self, bytes: u64) {
        self.grown = self.grown.saturating_add(bytes);
    }
    /// The age at which more than `room` bytes are reached.
    fn crosses(&self, room: u64) -> Option<SimDuration> {
        let left = room.checked_sub(self.grown)?;
        (self.per_minute > 0).then(|| {
            let ns = (u128::from(left) + 1) * MINUTE / u128::from(self.per_minute) + 1;
            self.since + SimDuration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
        })
    }
}

impl Program {
    /// What would run in this container.
    ///
    /// # Errors
    /// The OCI runtime's reasons for not starting it.
    pub(crate) fn start(spec: &ContainerSpec, image: &ImageSpec, fs: &Fs, now: SimTime) -> Result<Self, StartError> {
        let kind = match spec.argv.first() {
            None if small(image) => Kind::Shell(Box::new(Shell::new(&["sh".into()], spec, spec.init, EXEC_TIME))),
            None => Kind::App(App::new(image.app.clone(), SimDuration::ZERO)),
            Some(first) => {
                let name = commands::base(first);
                let rooted = first.contains('/');
                let known = shell_name(name)
                    && !(rooted && !first.starts_with("/bin/") && !first.starts_with("/usr/") && !first.starts_with("/sbin/"));
                if rooted && fs.is_dir(first) {
                    return Err(StartError::NotExecutable { path: first.clone() });
                }
                if known || (rooted && fs.is_file(first)) {
                    Kind::Shell(Box::new(Shell::new(&spec.argv, spec, spec.init, EXEC_TIME)))
                } else if small(image) || absent(first) {
                    return Err(StartError::NotFound { path: first.clone() });
                } else {
                    Kind::App(App::new(image.app.clone(), SimDuration::ZERO))
                }
            }
        };
        Ok(Self { kind, memory: Memory::default(), hung: false, cause: None, started: now, frozen: SimDuration::ZERO, frozen_since: None })
    }

    /// The numbers of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        match &self.kind {
            Kind::App(_) => vec![1],
            Kind::Shell(s) => s.pids(),
        }
    }

    pub(crate) fn age(&self, now: SimTime) -> SimDuration {
        self.frozen_since.unwrap_or(now).since(self.started).saturating_sub(self.frozen)
    }
    pub(crate) fn time(&self, age: SimDuration) -> SimTime {
        self.started + self.frozen + age
    }
    /// When its process began.
    pub(crate) fn started(&self) -> SimTime {
        self.started
    }
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen_since.is_some()
    }
    pub(crate) fn freeze(&mut self, now: SimTime) {
        self.frozen_since.get_or_insert(now);
    }
    pub(crate) fn thaw(&mut self, now: SimTime) {
        if let Some(since) = self.frozen_since.take() {
            self.frozen += now.since(since);
        }
    }

    /// Bytes in use, requests in flight not counted.
    pub(crate) fn memory_at(&self, age: SimDuration) -> u64 {
        self.base().saturating_add(self.memory.at(age))
    }
    fn base(&self) -> u64 {
        match &self.kind {
            Kind::App(a) => a.spec.memory,
            Kind::Shell(s) => s.memory(),
        }
    }

    /// When it next needs attention, if nothing happens to it before; with `limit` bytes it is killed for memory then.
    pub(crate) fn next(&self, limit: u64) -> Option<SimTime> {
        if self.is_frozen() {
            return None;
        }
        let own = match &self.kind {
            Kind::App(a) => a.next(),
            Kind::Shell(s) => s.next(),
        };
        let oom = self.memory.crosses(limit.saturating_sub(self.base()));
        [own, oom].into_iter().flatten().min().map(|age| self.time(age))
    }

    /// Runs up to now.
    pub(crate) fn run(&mut self, ctx: &mut Ctx, app: &Arc<crate::model::AppSpec>) -> Turn {
        let age = self.age(ctx.now);
        if let Kind::Shell(s) = &mut self.kind {
            ctx.age = age;
            match s.run(ctx, age) {
                Turn::App => self.kind = Kind::App(App::new(app.clone(), age)),
                turn => return turn,
            }
        }
        match &mut self.kind {
            Kind::App(a) => match a.run(age, ctx.names, ctx.dns_down, &mut self.memory, &mut ctx.lines) {
                Some(code) => Turn::Ended { code, signal: None },
                None => Turn::Going,
            },
            Kind::Shell(_) => Turn::Going,
        }
    }

    /// True if it answers nothing though it lives.
    pub(crate) fn silent(&self) -> bool {
        self.hung || self.is_frozen() || matches!(&self.kind, Kind::App(a) if a.hung)
    }
}

fn shell_name(name: &str) -> bool {
    commands::BINARIES.contains(&name) || matches!(name, "nohup" | "time" | "catatonit" | "dash")
}

/// Images that bring nothing but small tools: without a command they have nothing to do.
fn small(image: &ImageSpec) -> bool {
    const SMALL: [&str; 18] = [
        "busybox",
        "alpine",
        "bb",
        "ubuntu",
        "debian",
        "fedora",
        "centos",
        "rockylinux",
        "amazonlinux",
        "toolbox",
        "bash",
        "netshoot",
        "curl",
        "dnsutils",
        "stress",
        "hello-world",
        "scratch",
        "bookworm",
    ];
    let repository = image.reference.repository();
    !image.described && SMALL.contains(&commands::base(&repository))
}

/// True if `exec` finds a program of that name.
pub(crate) fn exists(name: &str, fs: &Fs) -> bool {
    if name.contains('/') { fs.is_file(name) || shell_name(commands::base(name)) && name.contains("/bin/") } else { shell_name(name) }
}

/// True if an image brings a program of its own.
pub(crate) fn has_app(image: &ImageSpec) -> bool {
    !small(image)
}

/// Names that people write to show what happens if a program does not exist.
pub(crate) fn absent(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    [
        "nope",
        "notexist",
        "not-exist",
        "nonexist",
        "no-such",
        "nosuch",
        "does-not",
        "doesnotexist",
        "missing",
        "invalid",
        "bogus",
        "notfound",
        "not-found",
        "typo",
    ]
    .iter()
    .any(|w| name.contains(w))
}

/// One question of a health check or probe.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeAction {
    Http { path: Arc<str>, port: u16 },
    Tcp { port: u16 },
    Grpc { port: u16 },
    Exec { argv: Vec<Arc<str>> },
}

/// What came back, and how long that took.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeAnswer {
    pub outcome: ProbeOutcome,
    pub takes: SimDuration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProbeOutcome {
    /// HTTP 200, an open port, exit status 0.
    Ok,
    HttpStatus(u16),
    ConnectionRefused,
    /// Nothing comes back; the caller's timeout decides.
    NoAnswer,
    ExecExit {
        code: i32,
        output: Arc<str>,
    },
    /// The runtime could not start the command; its words.
    ExecRefused(Arc<str>),
}

/// What a command run inside a container printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecResult {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// `SimDuration::MAX`: it never ends.
    pub takes: SimDuration,
    /// The command could not be started at all; the runtime's words.
    pub refused: Option<Arc<str>>,
}
