//! Containers as the runtime sees them: created, running, exited. No restart policy, no probe schedule.

use std::sync::Arc;

use crate::kernel::{List, RecordId, Set, SimDuration, SimTime, Token};
use crate::model::{AppSpec, ImageRef, ImageSpec};

use super::program::{App, Ctx, Files, Fs, Kind, Program, Turn};
use super::roads::{Around, Caller, Roads};
use super::{Backlog, Event, Host, HostName, HostState, Machine, Notice, What};

/// Numbers a container for the life of a world; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u64);

/// What to run.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// For people: `shop-1`, `default/web-x2kqp/nginx`.
    pub name: Arc<str>,
    pub image: ImageRef,
    /// Replaces the image's program if not empty (`command`/entrypoint and arguments).
    pub argv: Vec<Arc<str>>,
    pub env: Vec<(Arc<str>, Arc<str>)>,
    /// Variables that many containers are told alike; one of its own goes before.
    pub shared_env: Arc<Vec<(Arc<str>, Arc<str>)>>,
    /// Bytes; None = all of the host.
    pub memory_limit: Option<u64>,
    /// Thousandths of a core; None = all of the host.
    pub cpu_limit_milli: Option<u32>,
    pub mounts: Vec<Mount>,
    /// A real init (tini) is process 1: it forwards signals, so a program without handler dies of SIGTERM.
    pub init: bool,
    /// The network namespace it lives in: containers of a machine with the same one share addresses and ports. Empty: one of its own.
    pub sandbox: Arc<str>,
    /// Its address, if the world fixes it for the life of the container.
    pub address: Option<Arc<str>>,
    /// None: `HOSTNAME`, or what its name says.
    pub hostname: Option<Arc<str>>,
    /// Empty: `/`.
    pub workdir: Arc<str>,
    /// `uid[:gid]` or a name; empty = root.
    pub user: Arc<str>,
}

/// Something mounted into a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    pub source: MountSource,
    pub path: Arc<str>,
    pub read_only: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    /// A named volume of the machine. What several containers share (`emptyDir`) is one with a name of its own.
    Volume(Arc<str>),
    HostPath(Arc<str>),
    /// Files given in place (ConfigMap, Secret): name → content.
    Files(Arc<Vec<(Arc<str>, Arc<str>)>>),
    Scratch,
}

/// Where a container is in its life.
#[derive(Clone, Debug, PartialEq)]
pub enum ContainerState {
    Created,
    /// Start was asked for, the process does not run yet.
    Starting,
    Running {
        since: SimTime,
    },
    Paused {
        since: SimTime,
    },
    Exited(Exit),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// 128 + signal for a process that died of one.
    pub code: i32,
    pub signal: Option<u8>,
    /// The kernel killed it for memory.
    pub oom_killed: bool,
    pub started: SimTime,
    pub at: SimTime,
}

/// Signals anyone sends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Term,
    Kill,
    Int,
    Hup,
    Other(u8),
}

/// Why a process could not be started (OCI runtime errors).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// exec: "…": no such file or directory (exit 127 in Docker's words).
    NotFound { path: Arc<str> },
    /// exec: "…": permission denied (exit 126).
    NotExecutable { path: Arc<str> },
}

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    pub id: ContainerId,
    pub host: HostName,
    pub spec: Arc<ContainerSpec>,
    /// What is known of its image; the behaviour comes from here.
    pub image: Arc<ImageSpec>,
    pub state: ContainerState,
    pub created: SimTime,
    /// Bumped at every start: stale wake-ups carry an older one.
    pub generation: u32,
    pub program: Option<Program>,
    /// Log lines with their times, oldest first (bounded).
    pub log: List<(SimTime, Arc<str>)>,
    pub backlog: Backlog,
    /// The record that started it: cause of what it does by itself.
    pub cause: Option<RecordId>,
    pub(crate) files: Files,
    pub(crate) names: Option<Set<Arc<str>>>,
    pub(crate) wake: Option<Token>,
    /// It was killed and is about to end.
    pub(crate) dying: bool,
    /// Signals that wait for a frozen or hung program.
    pub(crate) pending: Vec<(Signal, Option<RecordId>)>,
}

/// How a planned death looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub code: i32,
    pub signal: Option<u8>,
    pub oom: bool,
}

/// From `start` to a running process (recorded: 0.2 s with containerd, 0.4 s with Docker Engine).
pub const START_LATENCY: SimDuration = SimDuration::from_millis(200);
/// From a deadly signal to the end of the process (recorded: 45–50 ms).
pub const KILL_LATENCY: SimDuration = SimDuration::from_millis(48);
/// From asking for too much memory to the end (recorded: 60 ms to the `oom` event, 90 ms more to `die`).
const OOM_LATENCY: SimDuration = SimDuration::from_millis(90);
/// Log lines a container keeps.
const LOG_MAX: usize = 2_000;

impl Container {
    pub fn is_running(&self) -> bool {
        matches!(self.state, ContainerState::Running { .. })
    }
    /// Bytes that requests in flight hold.
    pub(crate) fn request_memory(&self) -> u64 {
        match self.program.as_ref().map(|p| &p.kind) {
            Some(Kind::App(a)) => a.spec.memory_per_request.saturating_mul(u64::from(self.backlog.in_flight)),
            _ => 0,
        }
    }
    /// What it may use on its machine.
    pub(super) fn memory_limit(&self, host: &Host) -> u64 {
        self.spec.memory_limit.unwrap_or(u64::MAX).min(host.spec.memory)
    }
    fn write_log(&mut self, at: SimTime, line: &str) {
        if self.log.len() >= LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back((at, line.into()));
    }
}

impl Machine {
    pub(crate) fn container_mut(&mut self, id: ContainerId) -> Option<&mut Container> {
        self.containers.get_mut(&id).map(Arc::make_mut)
    }

    /// The memory a container may use: its limit, or all of its machine.
    pub(crate) fn memory_limit(&self, c: &Container) -> u64 {
        self.hosts.get(&c.host).map_or(c.spec.memory_limit.unwrap_or(u64::MAX), |h| c.memory_limit(h))
    }

    pub fn container(&self, id: ContainerId) -> Option<&Container> {
        self.containers.get(&id).map(|c| &**c)
    }

    /// Every container, oldest first.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.values().map(|c| &**c)
    }

    pub fn containers_on<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Container> {
        self.hosts.get(host).into_iter().flat_map(|h| h.holds.iter()).filter_map(|id| self.container(*id))
    }

    /// Creates a container; nothing runs yet.
    pub fn create(&mut self, host: &str, spec: ContainerSpec, now: SimTime) -> ContainerId {
        let id = ContainerId(self.next_container);
        self.next_container += 1;
        let image = self.use_image(&spec.image);
        let host: HostName = self.hosts.get(host).map_or_else(|| host.into(), |h| h.spec.name.clone());
        if let Some(h) = self.hosts.get_mut(&host) {
            h.holds.insert(id);
        }
        let files = Files::with_dir(&spec.workdir);
        let container = Container {
            id,
            host,
            spec: Arc::new(spec),
            image,
            state: ContainerState::Created,
            created: now,
            generation: 0,
            program: None,
            log: List::new(),
            backlog: Backlog::default(),
            cause: None,
            files,
            names: None,
            wake: None,
            dying: false,
            pending: Vec::new(),
        };
        self.containers.insert(id, Arc::new(container));
        id
    }

    /// Starts (or restarts) a container; `Started` or `StartFailed` follows after [`START_LATENCY`].
    pub fn start(&mut self, id: ContainerId, now: SimTime, cause: Option<RecordId>) {
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return };
        let up = self.hosts.get(&c.host).is_some_and(|h| matches!(h.state, HostState::Up | HostState::Paused));
        if up && matches!(c.state, ContainerState::Created | ContainerState::Exited(_)) {
            c.generation += 1;
            c.state = ContainerState::Starting;
            c.cause = cause;
            c.dying = false;
            c.pending.clear();
            let generation = c.generation;
            self.agenda.schedule(now + START_LATENCY, cause, Event::Begin(id, generation));
        }
    }

    pub(crate) fn begin(&mut self, id: ContainerId, generation: u32, now: SimTime, cause: Option<RecordId>) -> Vec<Notice> {
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return Vec::new() };
        if c.generation != generation || c.state != ContainerState::Starting {
            return Vec::new();
        }
        match self.hosts.get(&c.host).map(|h| h.state) {
            Some(HostState::Up) => {}
            Some(HostState::Paused) => {
                self.agenda.schedule(now + SimDuration::from_secs(1), cause, Event::Begin(id, generation));
                return Vec::new();
            }
            _ => return Vec::new(),
        }
        let spec = c.spec.clone();
        let fs = fs(&mut c.files, &mut self.shared, &mut self.volumes, &spec, &c.host, false);
        match Program::start(&spec, &c.image, &fs, now) {
            Ok(program) => {
                c.program = Some(program);
                c.state = ContainerState::Running { since: now };
                c.backlog = Backlog::default();
                self.plan(id, now);
                self.deliver_pending(id, now);
                vec![Notice { cause, what: What::Started { id } }]
            }
            Err(error) => {
                c.state = ContainerState::Created;
                vec![Notice { cause, what: What::StartFailed { id, error } }]
            }
        }
    }

    /// Plans the program's next wake-up.
    pub(crate) fn plan(&mut self, id: ContainerId, now: SimTime) {
        let Some(c) = self.containers.get(&id) else { return };
        let (limit, old) = (self.memory_limit(c), c.wake);
        let next = if c.dying { None } else { c.program.as_ref().and_then(|p| p.next(limit.saturating_sub(c.request_memory()))) };
        let (generation, cause) = (c.generation, c.program.as_ref().and_then(|p| p.cause).or(c.cause));
        if let Some(token) = old {
            self.agenda.cancel(token);
        }
        let token = next.map(|at| self.agenda.schedule(at.max(now), cause, Event::Wake(id, generation)));
        if let Some(c) = self.container_mut(id) {
            c.wake = token;
        }
    }

    pub(crate) fn wake(&mut self, id: ContainerId, generation: u32, now: SimTime, roads: &dyn Roads) -> Vec<Notice> {
        match self.container_mut(id) {
            Some(c) if c.generation == generation && !c.dying => c.wake = None,
            _ => return Vec::new(),
        }
        self.advance(id, now, roads)
    }

    /// Lets a program run up to now.
    fn advance(&mut self, id: ContainerId, now: SimTime, roads: &dyn Roads) -> Vec<Notice> {
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return Vec::new() };
        let Some(mut program) = c.program.take() else { return Vec::new() };
        let (silent, started) = (program.silent(), is_started(&program));
        let (spec, image, names) = (c.spec.clone(), c.image.clone(), c.names.clone());
        let caller = Caller { id, host: c.host.clone(), spec: spec.clone(), now };
        // Taken out while they change, so that the other containers can be looked at.
        let (mut files, pids) = (std::mem::take(&mut c.files), program.pids());
        let full = self.hosts.get(&caller.host).is_some_and(|h| h.disk_full);
        let mut view = fs(&mut files, &mut self.shared, &mut self.volumes, &spec, &caller.host, full);
        view.roads = Some((roads, caller.clone()));
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
            has_app: super::program::has_app(&image),
            app: None,
            pids,
            silent: false,
            now,
            ops: super::program::TURN_OPS,
            age: SimDuration::ZERO,
            listeners: Vec::new(),
            captures: Vec::new(),
            errors: None,
            lines: Vec::new(),
            kills: Vec::new(),
            outside: Vec::new(),
        };
        let turn = program.run(&mut ctx, &image.app);
        let lines = ctx.lines;
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return Vec::new() };
        c.files = files;
        for (age, line) in lines {
            let at = program.time(age);
            c.write_log(at, &line);
        }
        let (quiet, up) = (program.silent(), is_started(&program));
        let cause = program.cause.or(c.cause);
        c.program = Some(program);
        if up && !started {
            self.write_volumes(id, now);
        }
        match (silent, quiet) {
            (false, true) => {
                self.settle(now);
                self.hold_flights(id);
            }
            (true, false) => {
                self.settle(now);
                self.release_flights(id, now);
            }
            _ => {}
        }
        match turn {
            Turn::Ended { code, signal } => self.finish(id, Death { code, signal, oom: false }, now, cause),
            _ => {
                self.check_memory(id, now);
                self.plan(id, now);
                Vec::new()
            }
        }
    }

    /// Kills a container that holds more memory than it may.
    pub(crate) fn check_memory(&mut self, id: ContainerId, now: SimTime) {
        let Some(c) = self.containers.get(&id) else { return };
        let Some(p) = &c.program else { return };
        if !c.dying && p.memory_at(p.age(now)).saturating_add(c.request_memory()) > self.memory_limit(c) {
            let cause = p.cause.or(c.cause);
            self.plan_death(id, Death { code: 137, signal: Some(9), oom: true }, now + OOM_LATENCY, cause);
        }
    }

    fn plan_death(&mut self, id: ContainerId, death: Death, at: SimTime, cause: Option<RecordId>) {
        let Some(c) = self.container_mut(id) else { return };
        c.dying = true;
        let (generation, wake) = (c.generation, c.wake.take());
        if let Some(token) = wake {
            self.agenda.cancel(token);
        }
        self.agenda.schedule(at, cause, Event::Die(id, generation, death));
    }

    pub(crate) fn die(&mut self, id: ContainerId, generation: u32, death: Death, now: SimTime, cause: Option<RecordId>) -> Vec<Notice> {
        match self.container(id) {
            Some(c) if c.generation == generation && !matches!(c.state, ContainerState::Created | ContainerState::Exited(_)) => {}
            _ => return Vec::new(),
        }
        self.finish(id, death, now, cause)
    }

    /// The process is gone.
    fn finish(&mut self, id: ContainerId, d: Death, now: SimTime, cause: Option<RecordId>) -> Vec<Notice> {
        self.settle(now);
        self.reset_flights(id, now);
        let Some(c) = self.container_mut(id) else { return Vec::new() };
        let started = c.program.as_ref().map_or(now, Program::started);
        let exit = Exit { code: d.code, signal: d.signal, oom_killed: d.oom, started, at: now };
        c.state = ContainerState::Exited(exit.clone());
        self.drop_program(id);
        vec![Notice { cause, what: What::Exited { id, exit } }]
    }

    pub(crate) fn drop_program(&mut self, id: ContainerId) {
        let Some(c) = self.container_mut(id) else { return };
        c.program = None;
        c.dying = false;
        c.pending.clear();
        c.generation += 1;
        if let Some(token) = c.wake.take() {
            self.agenda.cancel(token);
        }
    }

    /// Sends a signal to the main process.
    pub fn signal(&mut self, id: ContainerId, signal: Signal, now: SimTime, cause: Option<RecordId>) {
        if self.container(id).is_none_or(|c| matches!(c.state, ContainerState::Created | ContainerState::Exited(_))) {
            return;
        }
        let number = match signal {
            Signal::Term => 15,
            Signal::Kill => 9,
            Signal::Int => 2,
            Signal::Hup => 1,
            Signal::Other(n) => n,
        };
        if number == 9 {
            return self.plan_death(id, Death { code: 137, signal: Some(9), oom: false }, now + KILL_LATENCY, cause);
        }
        let busy = self.busy_until(id);
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return };
        let Some(p) = &mut c.program else {
            // Not running yet: it will find the signal waiting.
            return c.pending.push((signal, cause));
        };
        if p.is_frozen() || p.hung {
            return c.pending.push((signal, cause));
        }
        let age = p.age(now);
        match &mut p.kind {
            Kind::App(app) => {
                let busy_until = busy.map_or(age, |at| age + at.since(now));
                if matches!(number, 2 | 3 | 15) {
                    p.cause = cause;
                    if c.spec.init && app.starts_up() {
                        // Nothing has installed a handler yet, and the init passes the signal on.
                        return self.plan_death(
                            id,
                            Death { code: 128 + i32::from(number), signal: Some(number), oom: false },
                            now + KILL_LATENCY,
                            cause,
                        );
                    }
                    app.term(age, busy_until);
                }
            }
            Kind::Shell(shell) => {
                if let Turn::Ended { code, signal } = shell.signal(number, age) {
                    return self.plan_death(id, Death { code, signal, oom: false }, now + KILL_LATENCY, cause);
                }
                p.cause = cause;
            }
        }
        self.plan(id, now);
    }

    /// Stops a program's clock.
    pub(crate) fn freeze(&mut self, id: ContainerId, now: SimTime) {
        self.settle(now);
        let Some(p) = self.container_mut(id).and_then(|c| c.program.as_mut()) else { return };
        p.freeze(now);
        self.hold_flights(id);
        self.plan(id, now);
    }

    /// Lets a program's clock go on, unless something else still holds it.
    pub(crate) fn thaw(&mut self, id: ContainerId, now: SimTime) {
        let Some(c) = self.containers.get(&id) else { return };
        let up = self.hosts.get(&c.host).is_some_and(|h| h.state == HostState::Up);
        if !up || matches!(c.state, ContainerState::Paused { .. }) {
            return;
        }
        self.settle(now);
        let Some(c) = self.container_mut(id) else { return };
        let Some(p) = c.program.as_mut() else { return };
        p.thaw(now);
        let silent = p.silent();
        if !silent {
            self.release_flights(id, now);
        }
        self.plan(id, now);
        self.deliver_pending(id, now);
    }

    fn deliver_pending(&mut self, id: ContainerId, now: SimTime) {
        let waiting = self.container_mut(id).map(|c| std::mem::take(&mut c.pending)).unwrap_or_default();
        for (signal, cause) in waiting {
            self.signal(id, signal, now, cause);
        }
    }

    /// Freezes a container (`docker pause`).
    pub fn pause(&mut self, id: ContainerId, now: SimTime) {
        let Some(c) = self.container_mut(id).filter(|c| c.is_running()) else { return };
        c.state = ContainerState::Paused { since: now };
        self.freeze(id, now);
    }

    pub fn unpause(&mut self, id: ContainerId, now: SimTime) {
        let Some(c) = self.container_mut(id) else { return };
        if let ContainerState::Paused { .. } = c.state {
            c.state = ContainerState::Running { since: c.program.as_ref().map_or(now, Program::started) };
            self.thaw(id, now);
        }
    }

    /// Forgets a container; one that still runs dies without a notice.
    pub fn remove(&mut self, id: ContainerId, now: SimTime) {
        let Some(host) = self.container(id).map(|c| c.host.clone()) else { return };
        self.settle(now);
        self.reset_flights(id, now);
        self.drop_program(id);
        if let Some(h) = self.hosts.get_mut(&host) {
            h.holds.remove(&id);
        }
        self.containers.remove(&id);
    }

    /// Fault: the process exits with this code.
    pub fn crash(&mut self, id: ContainerId, code: i32, now: SimTime, cause: Option<RecordId>) {
        if self.container(id).is_some_and(|c| c.program.is_some()) {
            let signal = u8::try_from(code - 128).ok().filter(|s| (1..=64).contains(s));
            self.plan_death(id, Death { code, signal, oom: false }, now, cause);
        }
    }

    /// Fault: alive but answers nothing (true), or answers again (false).
    pub fn hang(&mut self, id: ContainerId, hung: bool, now: SimTime) {
        self.settle(now);
        let Some(p) = self.container_mut(id).and_then(|c| c.program.as_mut()) else { return };
        let before = p.silent();
        p.hung = hung;
        if let (false, Kind::App(a)) = (hung, &mut p.kind) {
            a.hung = false;
        }
        match (before, p.silent()) {
            (false, true) => self.hold_flights(id),
            (true, false) => {
                self.release_flights(id, now);
                self.deliver_pending(id, now);
            }
            _ => {}
        }
    }

    /// Says why a container misbehaves from now on: the cause of whatever follows from it.
    pub fn blame(&mut self, id: ContainerId, cause: Option<RecordId>) {
        if let Some(c) = self.container_mut(id) {
            c.cause = cause.or(c.cause);
        }
    }

    /// Fault: memory grows from now on; 0 stops the growth.
    pub fn leak(&mut self, id: ContainerId, bytes_per_minute: u64, now: SimTime, cause: Option<RecordId>) {
        let Some(p) = self.container_mut(id).and_then(|c| c.program.as_mut()) else { return };
        let age = p.age(now);
        p.memory.set_rate(bytes_per_minute, age);
        p.cause = cause;
        self.plan(id, now);
    }

    /// Fault: asks for so much memory at once.
    pub fn allocate(&mut self, id: ContainerId, bytes: u64, now: SimTime, cause: Option<RecordId>) {
        let Some(p) = self.container_mut(id).and_then(|c| c.program.as_mut()) else { return };
        p.memory.grow(bytes);
        p.cause = cause;
        self.check_memory(id, now);
        self.plan(id, now);
    }

    /// Log lines, oldest first.
    pub fn logs(&self, id: ContainerId) -> List<(SimTime, Arc<str>)> {
        self.container(id).map(|c| c.log.clone()).unwrap_or_default()
    }

    /// Names that resolve and answer as seen from this container, for programs that need them to start (`AppSpec::needs`).
    /// Never told: needs count as met.
    pub fn set_names(&mut self, id: ContainerId, names: Set<Arc<str>>) {
        if let Some(c) = self.container_mut(id) {
            c.names = Some(names);
        }
    }

    /// What the app in this container is, if an app is what runs here.
    pub fn app(&self, id: ContainerId) -> Option<&AppSpec> {
        match &self.container(id)?.program.as_ref()?.kind {
            Kind::App(App { spec, .. }) => Some(spec),
            Kind::Shell(_) => None,
        }
    }
}

fn is_started(p: &Program) -> bool {
    matches!(&p.kind, Kind::App(a) if a.started)
}

/// A container's view of its files.
pub(crate) fn fs<'a>(
    own: &'a mut Files,
    shared: &'a mut super::program::Shared,
    volumes: &'a mut crate::kernel::Map<(HostName, Arc<str>), super::Volume>,
    spec: &'a ContainerSpec,
    host: &HostName,
    disk_full: bool,
) -> Fs<'a> {
    let told = || spec.env.iter().find(|(n, _)| &**n == "HOSTNAME").map(|(_, v)| v.clone());
    let hostname = spec.hostname.clone().or_else(told).unwrap_or_else(|| hostname(&spec.name));
    Fs { own, shared, volumes, mounts: &spec.mounts, host: host.clone(), hostname, disk_full, roads: None }
}

/// `default/web-x2kqp/nginx` is on host `web-x2kqp`.
fn hostname(name: &Arc<str>) -> Arc<str> {
    name.split('/').nth(1).map_or_else(|| name.clone(), Arc::from)
}
