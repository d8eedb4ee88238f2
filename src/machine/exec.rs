//! Questions to a running container: probes, health checks, commands run beside its program.

use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};

use super::program::{Ctx, Files, Kind, NoHttp, Program, Shell, Turn, absent, has_app, serve_file};
use super::roads::{Around, Caller, Roads};
use super::runtime::fs;
use super::{ContainerId, ContainerState, ExecResult, HostState, Machine, ProbeAction, ProbeAnswer, ProbeOutcome, Signal};

/// Entering a container's namespaces and starting a process there.
const EXEC_LATENCY: SimDuration = SimDuration::from_millis(40);
/// A packet to a neighbour on the same machine and back.
const LOCAL_ROUND_TRIP: SimDuration = SimDuration::from_millis(1);
/// Turns a command may take before it counts as endless.
const TURNS_MAX: usize = 10_000;

impl Machine {
    /// Asks a container one question of a health check or probe, from its own machine.
    pub fn probe(&mut self, id: ContainerId, action: &ProbeAction, now: SimTime, roads: &dyn Roads) -> ProbeAnswer {
        if let ProbeAction::Exec { argv } = action {
            return self.probe_exec(id, argv, now, roads);
        }
        let answer = |outcome| ProbeAnswer { outcome, takes: LOCAL_ROUND_TRIP };
        let Some(c) = self.containers.get(&id) else { return answer(ProbeOutcome::ConnectionRefused) };
        if self.hosts.get(&c.host).is_none_or(|h| h.state != HostState::Up) {
            return answer(ProbeOutcome::NoAnswer);
        }
        let (Some(p), ProbeAction::Http { port, .. } | ProbeAction::Tcp { port } | ProbeAction::Grpc { port }) = (&c.program, action)
        else {
            return answer(ProbeOutcome::ConnectionRefused);
        };
        let listens = match &p.kind {
            Kind::App(a) => a.listens(Some(*port)),
            Kind::Shell(s) => s.listeners().any(|l| l.port == *port),
        };
        if !listens {
            return answer(ProbeOutcome::ConnectionRefused);
        }
        // The kernel completes the handshake for a program that hangs: a TCP probe does not notice.
        if let ProbeAction::Tcp { .. } = action {
            return answer(ProbeOutcome::Ok);
        }
        if p.silent() {
            return answer(ProbeOutcome::NoAnswer);
        }
        let takes = LOCAL_ROUND_TRIP + self.answer_time(c, now);
        let path = if let ProbeAction::Http { path, .. } = action { &**path } else { "/health" };
        let status = match &p.kind {
            Kind::App(a) => match a.http(path, *port) {
                Ok(status) => status,
                Err(NoHttp::Refused) => return answer(ProbeOutcome::ConnectionRefused),
                Err(NoHttp::Silent) => return answer(ProbeOutcome::NoAnswer),
            },
            Kind::Shell(s) => {
                let listener = s.listeners().find(|l| l.port == *port).cloned();
                let spec = c.spec.clone();
                let host = c.host.clone();
                let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return answer(ProbeOutcome::ConnectionRefused) };
                let view = fs(&mut c.files, &mut self.shared, &mut self.volumes, &spec, &host, false);
                listener.map_or(404, |l| serve_file(&l, path, &view).0)
            }
        };
        let ok = status == 200 || (matches!(action, ProbeAction::Grpc { .. }) && status < 400);
        ProbeAnswer { outcome: if ok { ProbeOutcome::Ok } else { ProbeOutcome::HttpStatus(status) }, takes }
    }

    fn probe_exec(&mut self, id: ContainerId, argv: &[Arc<str>], now: SimTime, roads: &dyn Roads) -> ProbeAnswer {
        let frozen = self.containers.get(&id).and_then(|c| c.program.as_ref()).is_some_and(|p| p.is_frozen());
        if frozen {
            return ProbeAnswer { outcome: ProbeOutcome::NoAnswer, takes: EXEC_LATENCY };
        }
        let r = self.exec(id, argv, now, roads);
        let outcome = match (r.refused, r.code) {
            (Some(why), _) => ProbeOutcome::ExecRefused(why),
            _ if r.takes == SimDuration::MAX => ProbeOutcome::NoAnswer,
            (_, 0) => ProbeOutcome::Ok,
            (_, code) => ProbeOutcome::ExecExit { code, output: format!("{}{}", r.stdout, r.stderr).into() },
        };
        ProbeAnswer { outcome, takes: r.takes }
    }

    /// The text of a file in a container, running or not (`/dev/termination-log`).
    pub fn read_file(&mut self, id: ContainerId, path: &str) -> Option<Arc<str>> {
        let c = self.containers.get_mut(&id).map(Arc::make_mut)?;
        let spec = c.spec.clone();
        fs(&mut c.files, &mut self.shared, &mut self.volumes, &spec, &c.host, false).read(path)
    }

    /// Runs a command inside a running container. What it changes is changed at once, whatever time it takes.
    pub fn exec(&mut self, id: ContainerId, argv: &[Arc<str>], now: SimTime, roads: &dyn Roads) -> ExecResult {
        let refused = |text: &str| ExecResult { code: 126, stderr: format!("{text}\n"), takes: EXEC_LATENCY, ..ExecResult::default() };
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return refused("no such container") };
        if !matches!(c.state, ContainerState::Running { .. }) {
            return refused("container is not running");
        }
        let Some(program) = c.program.take() else { return refused("container is not running") };
        let (spec, image, names) = (c.spec.clone(), c.image.clone(), c.names.clone());
        let caller = Caller { id, host: c.host.clone(), spec: spec.clone(), now };
        // Taken out while they change, so that the other containers can be looked at.
        let (mut files, pids) = (std::mem::take(&mut c.files), program.pids());
        let full = self.hosts.get(&caller.host).is_some_and(|h| h.disk_full);
        let mut view = fs(&mut files, &mut self.shared, &mut self.volumes, &spec, &caller.host, full);
        view.roads = Some((roads, caller.clone()));
        let app = if let Kind::App(a) = &program.kind { Some(a) } else { None };
        let listeners = if let Kind::Shell(s) = &program.kind { s.listeners().cloned().collect() } else { Vec::new() };
        let mut ctx = Ctx {
            fs: view,
            names: names.as_ref(),
            around: Around {
                caller,
                roads,
                containers: &self.containers,
                hosts: &self.hosts,
                links: &self.network,
                chance: &mut self.chance,
            },
            dns_down: self.network.dns_down,
            has_app: app.is_some() && has_app(&image),
            app,
            pids,
            silent: program.silent(),
            now,
            ops: super::program::EXEC_OPS,
            age: SimDuration::ZERO,
            listeners,
            captures: vec![String::new()],
            errors: Some(String::new()),
            lines: Vec::new(),
            kills: Vec::new(),
            outside: Vec::new(),
        };
        let first = argv.first().map_or("", |a| &**a);
        // An image with a program of its own may hold more than is known here.
        if !super::program::exists(first, &ctx.fs) && (!ctx.has_app || absent(first)) {
            self.give_back(id, program, files);
            let why = if first.contains('/') {
                format!("stat {first}: no such file or directory")
            } else {
                "executable file not found in $PATH".into()
            };
            let text = format!("OCI runtime exec failed: exec failed: unable to start container process: exec: {first:?}: {why}: unknown");
            let stderr = format!("{text}\n");
            return ExecResult { code: 127, stdout: String::new(), stderr, takes: EXEC_LATENCY, refused: Some(text.into()) };
        }
        let mut shell = Shell::beside(argv, &spec);
        let (mut age, mut turns, mut code) = (SimDuration::ZERO, 0, None);
        let takes = loop {
            match shell.run_beside(&mut ctx, age) {
                Turn::Ended { code: c, .. } => {
                    code = Some(c);
                    break EXEC_LATENCY + age;
                }
                Turn::App => {
                    code = Some(0);
                    break EXEC_LATENCY + age;
                }
                Turn::Going => {}
            }
            turns += 1;
            match shell.next() {
                Some(next) if turns < TURNS_MAX && ctx.ops > 0 => age = next.max(age),
                _ => break SimDuration::MAX,
            }
        };
        let stdout = ctx.captures.pop().unwrap_or_default();
        let stderr = ctx.errors.take().unwrap_or_default();
        let signals = std::mem::take(&mut ctx.outside);
        self.give_back(id, program, files);
        for (pid, number) in signals {
            // Process 1 is shielded from SIGKILL inside its own namespace.
            if pid == 1 && number != 9 {
                let signal = match number {
                    1 => Signal::Hup,
                    2 => Signal::Int,
                    15 => Signal::Term,
                    n => Signal::Other(n),
                };
                let cause = self.container(id).and_then(|c| c.cause);
                self.signal(id, signal, now, cause);
            }
        }
        ExecResult { code: code.unwrap_or(137), stdout, stderr, takes, refused: None }
    }

    fn give_back(&mut self, id: ContainerId, program: Program, files: Files) {
        if let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) {
            (c.program, c.files) = (Some(program), files);
        }
    }
}
