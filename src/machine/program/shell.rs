//! Processes of a container that runs a script: a small virtual machine that sleeps until something can happen.
//!
//! Time is the age of the main process, so that a frozen container needs no rewriting of its timers.

use std::sync::Arc;

use crate::kernel::{Map, SimDuration};
use crate::machine::ContainerSpec;

use super::commands::{Ctx, Listener};
use super::compile::{Code, Op, boundary, compile};
use super::parse::{Simple, Word, parse};
use super::traps::{Trap, Traps};

/// Instructions (and words they expand to) one process may run without time passing before it counts as busy.
const BUDGET: u32 = 3_000;
/// Processes of one container.
const PROCS_MAX: usize = 64;
/// Nested function calls and traps.
const CALLS_MAX: usize = 100;
/// What a shell process holds in memory.
pub(crate) const PROCESS_MEMORY: u64 = 1 << 20;

/// The first process number of a command run beside the program: never one of the container's own.
pub(crate) const BESIDE: u32 = 40_000;

/// All processes of one container.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(super) procs: Vec<Proc>,
    next_pid: u32,
    main: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Proc {
    pub pid: u32,
    parent: u32,
    code: Code,
    pc: usize,
    calls: Vec<Call>,
    pub loops: Vec<(Arc<[String]>, usize)>,
    pub state: State,
    pub status: i32,
    pub vars: Map<Arc<str>, Arc<str>>,
    /// Caught and ignored signals; 0 is `EXIT`.
    pub traps: Traps,
    pending: Vec<u8>,
    pub cwd: Arc<str>,
    pub args: Vec<Arc<str>>,
    pub errexit: bool,
    /// Memory of the program it waits for.
    pub holds: u64,
    pub listener: Option<Listener>,
    pub functions: Map<Arc<str>, Code>,
    pub background: u32,
    children: Vec<(u32, Option<i32>)>,
    /// Consecutive time slices spent computing.
    busy: u32,
}

#[derive(Clone, Debug)]
struct Call {
    code: Code,
    pc: usize,
    loops: usize,
    /// Status to restore (after a trap).
    status: Option<i32>,
    /// Positional parameters to restore (after a function).
    args: Option<Vec<Arc<str>>>,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Ready(SimDuration),
    /// In a foreground program until then (None: for ever); signals wait. `last`: the program replaced the shell.
    Blocked {
        until: Option<SimDuration>,
        status: i32,
        last: bool,
    },
    /// In an endless loop of sleeps since then.
    Idle {
        since: SimDuration,
        sleeps: Arc<[SimDuration]>,
    },
    /// Computing for ever.
    Spin,
    /// `wait`: for one child or all.
    Wait(Option<u32>),
    /// A subshell in the foreground.
    Child(u32),
    Done,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Turn {
    Going,
    Ended {
        code: i32,
        signal: Option<u8>,
    },
    /// The script handed over to the image's own program.
    App,
}

/// What one instruction led to.
pub(super) enum Flow {
    Next,
    /// The state was set; this process stops here.
    Stop,
    Call(Code),
    /// A function with its parameters.
    Function(Code, Vec<Arc<str>>),
    /// A script in a process of its own, waited for.
    Sub(Code, Vec<Arc<str>>),
    Return,
    Exit(i32),
    App,
}

impl Shell {
    /// One process running `argv`. With an init, it is not process 1.
    pub fn new(argv: &[Arc<str>], spec: &ContainerSpec, init: bool, starts: SimDuration) -> Self {
        let words = argv.iter().map(|a| vec![super::parse::Piece::Text { text: a.clone(), quoted: true }]).collect();
        let code: Code = Arc::from([Op::Exec(Arc::new(Simple { words, ..Simple::default() }))]);
        let pid = if init { 7 } else { 1 };
        let mut vars: Map<Arc<str>, Arc<str>> = spec.shared_env.iter().chain(&spec.env).cloned().collect();
        vars.entry("PATH".into()).or_insert_with(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
        let main = Proc {
            pid,
            parent: 0,
            code,
            pc: 0,
            calls: Vec::new(),
            loops: Vec::new(),
            state: State::Ready(starts),
            status: 0,
            vars,
            traps: Traps::default(),
            pending: Vec::new(),
            cwd: if spec.workdir.is_empty() { "/".into() } else { spec.workdir.clone() },
            args: Vec::new(),
            errexit: false,
            holds: 0,
            listener: None,
            functions: Map::new(),
            background: 0,
            children: Vec::new(),
            busy: 0,
        };
        Self { procs: vec![main], next_pid: pid + 6, main: pid }
    }

    /// A command run beside a container's program (`exec`).
    pub fn beside(argv: &[Arc<str>], spec: &ContainerSpec) -> Self {
        let mut shell = Self::new(argv, spec, true, SimDuration::ZERO);
        // Never mistaken for the container's own processes.
        (shell.main, shell.next_pid) = (BESIDE, BESIDE + 1);
        shell.procs[0].pid = BESIDE;
        shell
    }

    /// Like `run`, where the listeners are those of the container's program.
    pub fn run_beside(&mut self, ctx: &mut Ctx, upto: SimDuration) -> Turn {
        self.turns(ctx, upto)
    }

    /// A copy of a process that runs the commands of a substitution.
    pub(super) fn substitution(of: &Proc, code: Code, at: SimDuration) -> Self {
        let mut main = of.clone();
        (main.code, main.pc, main.state, main.listener, main.holds) = (code, 0, State::Ready(at), None, 0);
        (main.calls, main.loops, main.pending, main.children, main.traps) = Default::default();
        let main_pid = main.pid;
        Self { procs: vec![main], next_pid: main_pid + 1000, main: main_pid }
    }

    /// When the next process has something to do.
    pub fn next(&self) -> Option<SimDuration> {
        self.procs.iter().filter_map(Proc::due).min()
    }

    pub fn memory(&self) -> u64 {
        self.procs
            .iter()
            .filter(|p| !matches!(p.state, State::Done))
            .fold(0, |m, p| m.saturating_add(PROCESS_MEMORY).saturating_add(p.holds))
    }

    /// Cores it keeps busy.
    pub fn busy(&self) -> u32 {
        self.procs.iter().filter(|p| matches!(p.state, State::Spin) || p.busy > 2).count() as u32
    }

    pub fn pids(&self) -> Vec<u32> {
        self.procs.iter().filter(|p| !matches!(p.state, State::Done)).map(|p| p.pid).collect()
    }

    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.procs.iter().filter_map(|p| p.listener.as_ref())
    }

    /// Lets every process run up to `upto`.
    pub fn run(&mut self, ctx: &mut Ctx, upto: SimDuration) -> Turn {
        ctx.listeners = self.listeners().cloned().collect();
        self.turns(ctx, upto)
    }

    fn turns(&mut self, ctx: &mut Ctx, upto: SimDuration) -> Turn {
        loop {
            if ctx.ops == 0 {
                return Turn::Going;
            }
            let due = self.procs.iter().enumerate().filter_map(|(i, p)| p.due().filter(|t| *t <= upto).map(|t| (t, i))).min();
            let Some((at, i)) = due else { return Turn::Going };
            let turn = self.run_one(i, at, ctx);
            if turn != Turn::Going {
                return turn;
            }
        }
    }

    /// Delivers a signal to the main process.
    pub fn signal(&mut self, sig: u8, age: SimDuration) -> Turn {
        let main = self.main;
        self.deliver(main, sig, age)
    }

    fn deliver(&mut self, pid: u32, sig: u8, age: SimDuration) -> Turn {
        let Some(i) = self.procs.iter().position(|p| p.pid == pid) else { return Turn::Going };
        let p = &mut self.procs[i];
        if matches!(p.state, State::Done) {
            return Turn::Going;
        }
        match p.traps.get(&sig) {
            Some(Trap::Ignore) if sig != 9 => {}
            Some(Trap::Run(_)) if sig != 9 => {
                p.pending.push(sig);
                match &p.state {
                    State::Wait(_) => {
                        p.status = 128 + i32::from(sig);
                        p.state = State::Ready(age);
                    }
                    State::Spin => p.state = State::Ready(age),
                    // The shell notices when the sleep of the moment is over.
                    State::Idle { since, sleeps } => {
                        let at = boundary(*since, sleeps, age);
                        p.state = State::Blocked { until: Some(at), status: 0, last: false };
                    }
                    _ => {}
                }
            }
            // The kernel shields process 1 from signals it has no handler for.
            _ if p.pid == 1 || matches!(sig, 0 | 17 | 18 | 23 | 28) => {}
            _ => {
                p.state = State::Done;
                p.listener = None;
                if pid == self.main {
                    return Turn::Ended { code: 128 + i32::from(sig), signal: Some(sig) };
                }
                self.reap(pid, 128 + i32::from(sig), age);
            }
        }
        Turn::Going
    }

    /// Tells the parent that a child ended.
    fn reap(&mut self, pid: u32, status: i32, age: SimDuration) {
        let Some(parent) = self.procs.iter().find(|p| p.pid == pid).map(|p| p.parent) else { return };
        self.procs.retain(|p| p.pid != pid || p.pid == self.main);
        let Some(p) = self.procs.iter_mut().find(|p| p.pid == parent) else { return };
        if let Some(c) = p.children.iter_mut().find(|c| c.0 == pid) {
            c.1 = Some(status);
        }
        match p.state {
            State::Child(c) if c == pid => {
                p.status = status;
                p.children.retain(|c| c.0 != pid);
                p.state = State::Ready(age);
            }
            State::Wait(Some(c)) if c == pid => {
                p.status = status;
                p.state = State::Ready(age);
            }
            State::Wait(None) if p.children.iter().all(|c| c.1.is_some()) => {
                p.status = 0;
                p.children.clear();
                p.state = State::Ready(age);
            }
            _ => {}
        }
    }

    fn run_one(&mut self, i: usize, at: SimDuration, ctx: &mut Ctx) -> Turn {
        ctx.age = at;
        {
            let p = &mut self.procs[i];
            if let State::Blocked { status, last, .. } = p.state {
                p.status = status;
                p.holds = 0;
                p.busy = 0;
                p.state = State::Ready(at);
                if last {
                    return self.finish(i, status, at);
                }
            }
        }
        let floor = ctx.ops.saturating_sub(BUDGET);
        loop {
            let p = &mut self.procs[i];
            if ctx.ops <= floor {
                // Busy without end: looked at again after longer and longer slices.
                p.busy = (p.busy + 1).min(12);
                p.state = State::Ready(at + SimDuration::from_millis(5 << p.busy));
                return Turn::Going;
            }
            ctx.ops = ctx.ops.saturating_sub(1);
            if let Some(Trap::Run(code)) = (!p.pending.is_empty()).then(|| p.pending.remove(0)).and_then(|s| p.traps.get(&s).cloned()) {
                let status = p.status;
                p.call(code, Some(status));
            }
            let Some(op) = p.code.get(p.pc).cloned() else {
                match p.calls.pop() {
                    Some(c) => {
                        p.status = c.status.unwrap_or(p.status);
                        p.loops.truncate(c.loops);
                        if let Some(args) = c.args {
                            p.args = args;
                        }
                        (p.code, p.pc) = (c.code, c.pc);
                        continue;
                    }
                    None => {
                        let status = p.status;
                        if let Some(Trap::Run(code)) = p.traps.remove(&0) {
                            p.call(code, Some(status));
                            continue;
                        }
                        return self.finish(i, status, at);
                    }
                }
            };
            p.pc += 1;
            match self.op(i, &op, at, ctx) {
                Flow::Next => {}
                Flow::Stop => {
                    let main = self.main;
                    for (pid, sig) in std::mem::take(&mut ctx.kills) {
                        let turn = self.kill(pid, sig, at, ctx);
                        if turn != Turn::Going && pid == main {
                            return turn;
                        }
                    }
                    return Turn::Going;
                }
                Flow::Call(code) => self.procs[i].call(code, None),
                Flow::Function(code, args) => {
                    let p = &mut self.procs[i];
                    let depth = p.calls.len();
                    p.call(code, None);
                    if p.calls.len() > depth {
                        let old = std::mem::replace(&mut p.args, args);
                        if let Some(c) = p.calls.last_mut() {
                            c.args = Some(old);
                        }
                    }
                }
                Flow::Sub(code, args) => match self.spawn(i, code, at) {
                    Some(pid) => {
                        if let Some(child) = self.procs.last_mut() {
                            child.args = args;
                        }
                        self.procs[i].state = State::Child(pid);
                    }
                    None => self.procs[i].status = 1,
                },
                Flow::Return => {
                    let p = &mut self.procs[i];
                    p.pc = p.code.len();
                }
                Flow::Exit(status) => {
                    let p = &mut self.procs[i];
                    p.status = status;
                    p.calls.clear();
                    p.pc = p.code.len();
                }
                Flow::App if self.procs[i].pid == self.main => return Turn::App,
                Flow::App => self.procs[i].state = State::Blocked { until: None, status: 0, last: true },
            }
            if !matches!(self.procs[i].state, State::Ready(_)) {
                return Turn::Going;
            }
            if !ctx.kills.is_empty() {
                let pid = self.procs[i].pid;
                for (to, sig) in std::mem::take(&mut ctx.kills) {
                    let turn = self.kill(to, sig, at, ctx);
                    if turn != Turn::Going {
                        return turn;
                    }
                }
                // A process may have ended others, or itself.
                match self.procs.iter().position(|p| p.pid == pid) {
                    Some(now) if now == i => {}
                    Some(now) => {
                        self.procs[now].state = State::Ready(at);
                        return Turn::Going;
                    }
                    None => return Turn::Going,
                }
            }
        }
    }

    fn kill(&mut self, pid: u32, sig: u8, at: SimDuration, ctx: &mut Ctx) -> Turn {
        if self.procs.iter().any(|p| p.pid == pid) {
            return self.deliver(pid, sig, at);
        }
        ctx.outside.push((pid, sig));
        Turn::Going
    }

    fn finish(&mut self, i: usize, status: i32, at: SimDuration) -> Turn {
        let p = &mut self.procs[i];
        p.state = State::Done;
        p.listener = None;
        let pid = p.pid;
        if pid == self.main {
            return Turn::Ended { code: status & 0xff, signal: None };
        }
        self.reap(pid, status, at);
        Turn::Going
    }

    /// A new process that goes on with `code`.
    fn spawn(&mut self, i: usize, code: Code, at: SimDuration) -> Option<u32> {
        if self.procs.len() >= PROCS_MAX {
            return None;
        }
        let pid = self.next_pid;
        self.next_pid += 1;
        let mut child = self.procs[i].clone();
        let parent = child.pid;
        self.procs[i].children.push((pid, None));
        child.traps.retain_ignored();
        (child.pid, child.parent, child.code, child.pc) = (pid, parent, code, 0);
        (child.calls, child.loops, child.pending, child.children) = Default::default();
        (child.state, child.listener, child.holds) = (State::Ready(at), None, 0);
        self.procs.push(child);
        Some(pid)
    }

    fn op(&mut self, i: usize, op: &Op, at: SimDuration, ctx: &mut Ctx) -> Flow {
        let p = &mut self.procs[i];
        match op {
            Op::Jump(to) => p.pc = *to,
            Op::JumpOk(to) if p.status == 0 => p.pc = *to,
            Op::JumpFail(to) if p.status != 0 => p.pc = *to,
            Op::JumpOk(_) | Op::JumpFail(_) => {}
            Op::Negate => p.status = i32::from(p.status == 0),
            Op::Status(s) => p.status = *s,
            Op::ForStart(words) => {
                let all: Vec<String> = words.iter().flat_map(|w| p.expand(w, ctx)).collect();
                p.loops.push((all.into(), 0));
            }
            Op::ForNext(var, end) => match p.loops.last_mut() {
                Some((items, n)) if *n < items.len() => {
                    let item = items[*n].as_str().into();
                    *n += 1;
                    p.vars.insert(var.clone(), item);
                }
                _ => {
                    p.loops.pop();
                    p.pc = *end;
                }
            },
            Op::ForPop => {
                p.loops.pop();
            }
            Op::Unless(word, patterns, to) => {
                let value = p.expand_one(word, ctx);
                if !patterns.iter().any(|w: &Word| super::expand::matches(&p.expand_one(w, ctx), &value)) {
                    p.pc = *to;
                }
            }
            Op::Define(name, code) => {
                p.functions.insert(name.clone(), code.clone());
            }
            Op::Idle(sleeps) => {
                p.state = State::Idle { since: at, sleeps: sleeps.clone() };
                p.pc -= 1;
            }
            Op::Spin => {
                p.state = State::Spin;
                p.pc -= 1;
            }
            Op::Spawn(code) => {
                if let Some(pid) = self.spawn(i, code.clone(), at) {
                    self.procs[i].background = pid;
                }
                self.procs[i].status = 0;
            }
            Op::Subshell(code) => match self.spawn(i, code.clone(), at) {
                Some(pid) => self.procs[i].state = State::Child(pid),
                None => self.procs[i].status = 1,
            },
            Op::Check => {
                if p.errexit && p.status != 0 {
                    return Flow::Exit(p.status);
                }
            }
            Op::Run(simple) => return p.simple(simple, false, at, ctx),
            Op::Exec(simple) => return p.simple(simple, true, at, ctx),
            Op::Pipe(stages) => return p.pipe(stages, at, ctx),
        }
        Flow::Next
    }
}

impl Proc {
    fn due(&self) -> Option<SimDuration> {
        match self.state {
            State::Ready(t) => Some(t),
            State::Blocked { until, .. } => until,
            _ => None,
        }
    }

    fn call(&mut self, code: Code, status: Option<i32>) {
        if self.calls.len() >= CALLS_MAX {
            self.status = 2;
            self.pc = self.code.len();
            return;
        }
        let old = std::mem::replace(&mut self.code, code);
        self.calls.push(Call { code: old, pc: self.pc, loops: self.loops.len(), status, args: None });
        self.pc = 0;
    }

    /// Replaces what this process runs by a script, as `exec sh -c …` does.
    pub(super) fn become_script(&mut self, text: &str, args: Vec<Arc<str>>, ctx: &mut Ctx) -> Flow {
        match parse(text) {
            Ok(node) => {
                self.code = compile(&node);
                (self.pc, self.calls, self.loops, self.args) = (0, Vec::new(), Vec::new(), args);
                Flow::Next
            }
            Err(e) => {
                ctx.emit(2, &format!("sh: {e}\n"));
                Flow::Exit(2)
            }
        }
    }

    /// True if nothing follows the command just read.
    pub(super) fn last_command(&self) -> bool {
        self.calls.is_empty() && self.code[self.pc..].iter().all(|op| matches!(op, Op::Check))
    }

    pub(super) fn calls_clear(&mut self) {
        self.calls.clear();
        self.pending.clear();
    }

    /// `wait`: for one child, or for all.
    pub(super) fn wait(&mut self, pid: Option<u32>) -> Flow {
        match pid {
            Some(pid) => match self.children.iter().find(|c| c.0 == pid) {
                Some((_, Some(status))) => self.status = *status,
                Some(_) => self.state = State::Wait(Some(pid)),
                None => self.status = 127,
            },
            None if self.children.iter().any(|c| c.1.is_none()) => self.state = State::Wait(None),
            None => self.status = 0,
        }
        Flow::Next
    }
}
