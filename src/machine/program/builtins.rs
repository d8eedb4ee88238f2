//! One simple command or pipeline: what the shell does itself, and how it waits for programs.

use std::sync::Arc;

use crate::kernel::SimDuration;

use super::commands::{self, Block, Ctx, Data, Effect, Listener, base};
use super::compile::compile;
use super::parse::{Redirect, Simple, Target, parse};
use super::shell::{Flow, Proc, State};
use super::traps::Trap;

/// Where the output of a command goes.
enum Sink {
    /// Standard output (1) or error (2) of the container.
    Stream(u8),
    File(String),
    Nowhere,
}

struct Sinks {
    out: Sink,
    err: Sink,
    stdin: Option<String>,
}

impl Proc {
    /// Runs a command; `exec`: it replaces this process.
    pub(super) fn simple(&mut self, s: &Simple, exec: bool, at: SimDuration, ctx: &mut Ctx) -> Flow {
        let argv: Vec<String> = s.words.iter().flat_map(|w| self.expand(w, ctx)).collect();
        // Long argument lists are work, too.
        let bytes: usize = argv.iter().map(String::len).sum();
        ctx.ops = ctx.ops.saturating_sub((argv.len() + bytes / 128) as u32);
        if argv.is_empty() {
            self.status = 0;
            for (name, value) in &s.assign {
                let value: Arc<str> = self.expand_one(value, ctx).into();
                ctx.ops = ctx.ops.saturating_sub((value.len() / 128) as u32);
                self.vars.insert(name.clone(), value);
            }
            return match self.redirects(&s.redirects, ctx) {
                Ok(_) => Flow::Next,
                Err(()) => Flow::Next,
            };
        }
        let mut saved = Vec::new();
        for (name, value) in &s.assign {
            let value: Arc<str> = self.expand_one(value, ctx).into();
            saved.push((name.clone(), self.vars.insert(name.clone(), value)));
        }
        let Ok(sinks) = self.redirects(&s.redirects, ctx) else { return Flow::Next };
        let flow = self.dispatch(&argv, &sinks, exec, at, ctx);
        for (name, old) in saved {
            match old {
                Some(v) => self.vars.insert(name, v),
                None => self.vars.remove(&name),
            };
        }
        flow
    }

    fn redirects(&mut self, list: &[Redirect], ctx: &mut Ctx) -> Result<Sinks, ()> {
        let mut sinks = Sinks { out: Sink::Stream(1), err: Sink::Stream(2), stdin: None };
        for r in list {
            let sink = match &r.to {
                Target::Copy(to) => match (to, &sinks.out, &sinks.err) {
                    (1, Sink::File(p), _) | (2, _, Sink::File(p)) => Sink::File(p.clone()),
                    (1, Sink::Nowhere, _) | (2, _, Sink::Nowhere) => Sink::Nowhere,
                    (1, Sink::Stream(n), _) | (_, _, Sink::Stream(n)) => Sink::Stream(*n),
                    _ => Sink::Stream(*to),
                },
                Target::Text(w) => {
                    sinks.stdin = Some(self.expand_one(w, ctx));
                    continue;
                }
                Target::Read(w) => {
                    let name = self.expand_one(w, ctx);
                    let Some(text) = ctx.fs.read(&self.path(&name)) else {
                        ctx.emit(2, &format!("sh: can't open {name}: no such file\n"));
                        self.status = 1;
                        return Err(());
                    };
                    sinks.stdin = Some(text.to_string());
                    continue;
                }
                Target::Write(w) | Target::Append(w) => {
                    let name = self.expand_one(w, ctx);
                    let path = self.path(&name);
                    match path.as_str() {
                        "/dev/null" => Sink::Nowhere,
                        "/dev/stdout" | "/proc/1/fd/1" | "/proc/self/fd/1" => Sink::Stream(1),
                        "/dev/stderr" | "/proc/1/fd/2" | "/proc/self/fd/2" => Sink::Stream(2),
                        _ => {
                            let append = matches!(r.to, Target::Append(_));
                            if let Err(e) = ctx.fs.write(&path, "", append) {
                                ctx.emit(2, &format!("sh: can't create {name}: {e}\n"));
                                self.status = 1;
                                return Err(());
                            }
                            Sink::File(path)
                        }
                    }
                }
            };
            if r.fd == 2 {
                sinks.err = sink;
            } else {
                sinks.out = sink;
            }
        }
        Ok(sinks)
    }

    fn put(&mut self, sink: &Sink, text: &str, ctx: &mut Ctx) {
        match sink {
            Sink::Stream(fd) => ctx.emit(*fd, text),
            Sink::File(path) if !text.is_empty() => {
                if let Err(e) = ctx.fs.write(path, text, true) {
                    ctx.emit(2, &format!("sh: write error: {e}\n"));
                    self.status = 1;
                }
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, argv: &[String], sinks: &Sinks, exec: bool, at: SimDuration, ctx: &mut Ctx) -> Flow {
        let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        let number = |i: usize, default: i32| args.get(i).and_then(|a| a.parse::<i32>().ok()).unwrap_or(default);
        if !exec {
            if let Some(code) = self.functions.get(argv[0].as_str()).cloned() {
                let mut all = vec![self.args.first().cloned().unwrap_or_else(|| "sh".into())];
                all.extend(args.iter().map(|a| Arc::from(*a)));
                return Flow::Function(code, all);
            }
            self.status = match argv[0].as_str() {
                "exit" => return Flow::Exit(number(0, self.status) & 0xff),
                "return" => {
                    self.status = number(0, self.status);
                    return Flow::Return;
                }
                "exec" if args.is_empty() => 0,
                "exec" => return self.dispatch(&argv[1..], sinks, true, at, ctx),
                "eval" => {
                    return match parse(&args.join(" ")) {
                        Ok(n) => Flow::Call(compile(&n)),
                        Err(e) => {
                            ctx.emit(2, &format!("sh: {e}\n"));
                            Flow::Exit(2)
                        }
                    };
                }
                "trap" => self.set_trap(&args),
                "wait" => {
                    let pid = args.first().and_then(|a| a.parse().ok());
                    return self.wait(pid);
                }
                "cd" => {
                    let to = self.path(args.first().unwrap_or(&"/root"));
                    if ctx.fs.is_dir(&to) {
                        self.cwd = to.into();
                        0
                    } else {
                        ctx.emit(2, &format!("sh: cd: can't cd to {}: No such file or directory\n", args.first().unwrap_or(&"")));
                        1
                    }
                }
                "export" | "local" | "readonly" | "declare" => {
                    for (name, value) in args.iter().filter_map(|a| a.split_once('=')) {
                        self.vars.insert(name.into(), value.into());
                    }
                    0
                }
                "unset" => {
                    for a in &args {
                        self.vars.remove(*a);
                    }
                    0
                }
                "set" => {
                    self.set_options(&args);
                    0
                }
                "shift" => {
                    if self.args.len() > 1 {
                        self.args.remove(1);
                    }
                    0
                }
                "read" => {
                    let line = sinks.stdin.as_deref().and_then(|t| t.lines().next());
                    if let Some(name) = args.iter().find(|a| !a.starts_with('-')) {
                        self.vars.insert((*name).into(), line.unwrap_or("").into());
                    }
                    i32::from(line.is_none())
                }
                "kill" => {
                    self.kill(&args, ctx);
                    self.status
                }
                "break" | "continue" | "umask" | "ulimit" | "alias" | "hash" => 0,
                "command" | "builtin" if !args.is_empty() && !args[0].starts_with('-') => {
                    return self.dispatch(&argv[1..], sinks, exec, at, ctx);
                }
                "command" | "type" => i32::from(!args.last().is_some_and(|a| commands::BINARIES.contains(a))),
                "." | "source" => {
                    let text = args.first().and_then(|f| ctx.fs.read(&self.path(f)));
                    return match text.as_deref().map(parse) {
                        Some(Ok(n)) => Flow::Call(compile(&n)),
                        _ => {
                            ctx.emit(2, &format!("sh: .: can't open '{}': No such file or directory\n", args.first().unwrap_or(&"")));
                            Flow::Exit(2)
                        }
                    };
                }
                _ => return self.program(argv, sinks, exec, at, ctx),
            };
            return Flow::Next;
        }
        self.program(argv, sinks, exec, at, ctx)
    }

    /// A program: another shell, a wrapper, a known command, the image's app, or nothing at all.
    fn program(&mut self, argv: &[String], sinks: &Sinks, exec: bool, at: SimDuration, ctx: &mut Ctx) -> Flow {
        let rest = |n: usize| argv.get(n..).unwrap_or_default();
        match base(&argv[0]) {
            "sh" | "ash" | "bash" | "dash" => return self.shell(argv, exec, ctx),
            "tini" | "dumb-init" | "catatonit" => {
                let skip = argv.iter().skip(1).take_while(|a| a.starts_with('-')).count() + 1;
                if exec && !rest(skip).is_empty() {
                    // It forwards signals, so the program is not shielded as process 1 is.
                    self.pid = if self.pid == 1 { 7 } else { self.pid };
                    return self.dispatch(rest(skip), sinks, true, at, ctx);
                }
            }
            "nohup" | "time" | "setsid" | "stdbuf" | "nice" if argv.len() > 1 => return self.dispatch(rest(1), sinks, exec, at, ctx),
            "env" => {
                let skip = 1 + argv.iter().skip(1).take_while(|a| a.contains('=') || a.starts_with('-')).count();
                for (n, v) in argv[1..skip.min(argv.len())].iter().filter_map(|a| a.split_once('=')) {
                    self.vars.insert(n.into(), v.into());
                }
                if argv.len() > skip {
                    return self.dispatch(rest(skip), sinks, exec, at, ctx);
                }
                let all: String = self.vars.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
                return self.apply(Effect { out: Data { text: all, bulk: 0 }, ..Effect::default() }, sinks, exec, at, ctx);
            }
            "printenv" => {
                let value = argv.get(1).and_then(|n| self.vars.get(n.as_str())).cloned();
                let e = Effect {
                    status: i32::from(value.is_none()),
                    out: Data { text: value.map_or(String::new(), |v| format!("{v}\n")), bulk: 0 },
                    ..Effect::default()
                };
                return self.apply(e, sinks, exec, at, ctx);
            }
            "ps" => {
                let e = Effect { out: Data { text: ctx.ps(self.pid), bulk: 0 }, ..Effect::default() };
                return self.apply(e, sinks, exec, at, ctx);
            }
            "kill" => {
                let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
                self.kill(&args, ctx);
                return if exec { Flow::Exit(self.status) } else { Flow::Next };
            }
            "timeout" => {
                let skip = 1 + argv.iter().skip(1).take_while(|a| a.starts_with('-')).count();
                let limit = argv.get(skip).and_then(|a| commands::sleep_length(&[a]).ok()).flatten();
                if let (Some(limit), true) = (limit, argv.len() > skip + 1) {
                    let flow = self.dispatch(rest(skip + 1), sinks, exec, at, ctx);
                    if let State::Blocked { until, status, .. } = &mut self.state {
                        let end = at + limit;
                        if until.is_none_or(|u| u > end) {
                            // BusyBox and coreutils report 143 and 124; images here are small ones.
                            (*until, *status) = (Some(end), 143);
                        }
                    }
                    return flow;
                }
            }
            _ => {}
        }
        let stdin = Data { text: sinks.stdin.clone().unwrap_or_default(), bulk: 0 };
        let listening = ctx.listeners.len();
        match commands::run(argv, &stdin, &self.cwd.clone(), ctx) {
            Some(effect) => {
                if let Some(l) = ctx.listeners.get(listening) {
                    self.listener = Some(l.clone());
                }
                self.apply(effect, sinks, exec, at, ctx)
            }
            None => self.unknown(argv, exec, sinks, ctx),
        }
    }

    fn unknown(&mut self, argv: &[String], exec: bool, sinks: &Sinks, ctx: &mut Ctx) -> Flow {
        let path = self.path(&argv[0]);
        if argv[0].contains('/') && ctx.fs.is_file(&path) {
            let text = ctx.fs.read(&path).unwrap_or_default();
            let args = argv.iter().map(|a| Arc::from(a.as_str())).collect();
            if exec {
                return self.become_script(&text, args, ctx);
            }
            return match parse(&text) {
                Ok(n) => Flow::Sub(compile(&n), args),
                Err(_) => Flow::Exit(2),
            };
        }
        if ctx.has_app && !super::absent(&argv[0]) {
            if ctx.app.is_some() {
                // Beside a running app: a health check of its own, most likely.
                self.status = i32::from(ctx.silent || !ctx.app.is_some_and(|a| a.healthy()));
                return if exec { Flow::Exit(self.status) } else { Flow::Next };
            }
            self.status = 0;
            return if exec || self.last_command() { Flow::App } else { Flow::Next };
        }
        let (status, text) = if ctx.fs.is_dir(&path) && argv[0].contains('/') {
            (126, format!("sh: {}: Permission denied\n", argv[0]))
        } else {
            (127, format!("sh: {}: not found\n", argv[0]))
        };
        self.put(&sinks.err, &text, ctx);
        self.status = status;
        if exec { Flow::Exit(status) } else { Flow::Next }
    }

    fn shell(&mut self, argv: &[String], exec: bool, ctx: &mut Ctx) -> Flow {
        let mut i = 1;
        let (mut command, mut errexit) = (false, false);
        while let Some(a) = argv.get(i).filter(|a| a.starts_with('-') || a.starts_with('+')) {
            if !a.starts_with("--") {
                command |= a.contains('c');
                errexit |= a.contains('e');
                i += usize::from(a.ends_with('o'));
            }
            i += 1;
        }
        let Some(first) = argv.get(i) else {
            // Without a terminal it reads the end of its input at once.
            self.status = 0;
            return if exec { Flow::Exit(0) } else { Flow::Next };
        };
        let (text, args) = if command {
            let name = argv.get(i + 1).cloned().unwrap_or_else(|| "sh".into());
            (first.clone(), std::iter::once(name).chain(argv.iter().skip(i + 2).cloned()).collect::<Vec<_>>())
        } else {
            match ctx.fs.read(&self.path(first)) {
                Some(t) => (t.to_string(), argv[i..].to_vec()),
                None if ctx.has_app && !super::absent(first) => {
                    return self.unknown(&argv[i..], exec, &Sinks { out: Sink::Nowhere, err: Sink::Nowhere, stdin: None }, ctx);
                }
                None => {
                    ctx.emit(2, &format!("sh: can't open '{first}': No such file or directory\n"));
                    self.status = 2;
                    return if exec { Flow::Exit(2) } else { Flow::Next };
                }
            }
        };
        let args: Vec<Arc<str>> = args.into_iter().map(Arc::from).collect();
        if exec {
            self.errexit = errexit;
            self.traps.retain_ignored();
            return self.become_script(&text, args, ctx);
        }
        match parse(&text) {
            Ok(n) => Flow::Sub(compile(&n), args),
            Err(e) => {
                ctx.emit(2, &format!("sh: {e}\n"));
                self.status = 2;
                Flow::Next
            }
        }
    }

    /// Lets a program's effect happen.
    fn apply(&mut self, e: Effect, sinks: &Sinks, exec: bool, at: SimDuration, ctx: &mut Ctx) -> Flow {
        self.status = e.status;
        self.put(&sinks.out, &e.out.text, ctx);
        self.put(&sinks.err, &e.err, ctx);
        self.settle_block(e, exec, at)
    }

    fn settle_block(&mut self, e: Effect, exec: bool, at: SimDuration) -> Flow {
        let until = match e.block {
            // A program that writes without end into nothing.
            Block::None if e.out.bulk == u64::MAX => None,
            Block::None => {
                return if exec { Flow::Exit(self.status) } else { Flow::Next };
            }
            Block::For(d) => Some(at + d),
            Block::Forever => None,
            Block::Listen(l) => {
                self.listener = Some(l);
                None
            }
        };
        if exec {
            self.traps.retain_ignored();
            self.calls_clear();
        }
        self.holds = e.holds;
        self.state = State::Blocked { until, status: e.status, last: exec };
        Flow::Stop
    }

    /// `a | b | c`: each reads what the one before wrote.
    pub(super) fn pipe(&mut self, stages: &[Arc<Simple>], at: SimDuration, ctx: &mut Ctx) -> Flow {
        let mut data = Data::default();
        let (mut block, mut holds, mut status, mut listener) = (Block::None, 0u64, 0, None::<Listener>);
        for (i, s) in stages.iter().enumerate() {
            let argv: Vec<String> = s.words.iter().flat_map(|w| self.expand(w, ctx)).collect();
            let Ok(sinks) = self.redirects(&s.redirects, ctx) else { return Flow::Next };
            if let Some(text) = &sinks.stdin {
                data = Data { text: text.clone(), bulk: 0 };
            }
            let Some(mut e) = (match argv.first().map(String::as_str) {
                Some("env" | "printenv") => Some(Effect {
                    out: Data { text: self.vars.iter().map(|(n, v)| format!("{n}={v}\n")).collect(), bulk: 0 },
                    ..Effect::default()
                }),
                Some("read") => Some(Effect::default()),
                Some("ps") => Some(Effect { out: Data { text: ctx.ps(self.pid), bulk: 0 }, ..Effect::default() }),
                Some(_) => commands::run(&argv, &data, &self.cwd.clone(), ctx),
                None => Some(Effect::default()),
            }) else {
                ctx.emit(2, &format!("sh: {}: not found\n", argv[0]));
                (data, status) = (Data::default(), 127);
                continue;
            };
            self.put(&sinks.err, &e.err, ctx);
            if i + 1 == stages.len() || !matches!(sinks.out, Sink::Stream(1)) {
                self.put(&sinks.out, &e.out.text, ctx);
                e.out.text.clear();
            }
            holds = holds.saturating_add(e.holds);
            block = match (block, e.block) {
                (Block::Forever, _) | (_, Block::Forever) => Block::Forever,
                (_, Block::Listen(l)) | (Block::Listen(l), _) => {
                    listener = Some(l);
                    Block::Forever
                }
                (Block::For(a), Block::For(b)) => Block::For(a.max(b)),
                (Block::None, b) | (b, Block::None) => b,
            };
            (data, status) = (e.out, e.status);
        }
        self.status = status;
        if listener.is_some() {
            self.listener = listener;
        }
        self.settle_block(
            Effect { status, out: Data { text: String::new(), bulk: data.bulk }, block, holds, ..Effect::default() },
            false,
            at,
        )
    }

    fn set_trap(&mut self, args: &[&str]) -> i32 {
        let args = if args.first() == Some(&"--") { &args[1..] } else { args };
        let Some((action, signals)) = args.split_first() else { return 0 };
        for s in signals {
            let Some(n) = signal_number(s) else { continue };
            match *action {
                "" => {
                    self.traps.insert(n, Trap::Ignore);
                }
                "-" => {
                    self.traps.remove(&n);
                }
                text => match parse(text) {
                    Ok(node) => {
                        self.traps.insert(n, Trap::Run(compile(&node)));
                    }
                    Err(_) => return 2,
                },
            }
        }
        0
    }

    /// `set`: options and positional parameters.
    fn set_options(&mut self, args: &[&str]) {
        if let Some(i) = args.iter().position(|a| *a == "--") {
            let name = self.args.first().cloned().unwrap_or_else(|| "sh".into());
            self.args = std::iter::once(name).chain(args[i + 1..].iter().take(1000).map(|a| Arc::from(*a))).collect();
        }
        for a in args.iter().take_while(|a| **a != "--") {
            if let Some(flags) = a.strip_prefix('-') {
                self.errexit |= flags.contains('e');
            } else if let Some(flags) = a.strip_prefix('+') {
                self.errexit &= !flags.contains('e');
            }
        }
    }

    fn kill(&mut self, args: &[&str], ctx: &mut Ctx) {
        let mut sig = 15;
        let mut i = 0;
        match args.first() {
            Some(&"-s") => {
                sig = args.get(1).and_then(|s| signal_number(s)).unwrap_or(15);
                i = 2;
            }
            Some(a) if a.starts_with('-') => {
                sig = signal_number(&a[1..]).unwrap_or(15);
                i = 1;
            }
            _ => {}
        }
        self.status = 0;
        for a in args.iter().skip(i) {
            match a.parse::<i64>() {
                Ok(pid) if pid > 0 => ctx.kills.push((pid as u32, sig)),
                Ok(_) => {}
                Err(_) => {
                    ctx.emit(2, &format!("sh: kill: {a}: invalid number\n"));
                    self.status = 1;
                }
            }
        }
    }
}

/// `TERM`, `SIGTERM`, `15`; `EXIT` is 0.
pub(super) fn signal_number(s: &str) -> Option<u8> {
    let name = s.strip_prefix("SIG").unwrap_or(s);
    Some(match name {
        "EXIT" => 0,
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ABRT" => 6,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        "CHLD" => 17,
        "CONT" => 18,
        "WINCH" => 28,
        n => return n.parse().ok().filter(|n| *n < 65),
    })
}
