//! The Docker world behind the trait `World`: its one loop, its start, its console.

use std::sync::Arc;

use serde_json::Value;

use crate::kernel::journal::Entry;
use crate::kernel::{Agenda, Cx, List, Map, ObjectRef, RecordType, Set, SimTime, Streams};
use crate::machine::{ContainerId, HostName, HostSpec, HostState, Machine, Notice, What};
use crate::model::{Fault, ImageSpec, Ledger};
use crate::worlds::{Arrival, Copies, Files, Misread, Output, World, view};

use super::container::Cid;
use super::engine::Engine;
use super::roads::EngineRoads;
use super::session::{Owner, Ran};
use super::setup::{DockerError, DockerSetup};
use super::{Daemon, Docker, Event, console, operator, proxy};

/// Between the registry and one host where the scenario says nothing: a good data-centre link.
const BANDWIDTH: u64 = 100_000_000;
/// From power to a container engine on a cloud instance.
const BOOT: crate::kernel::SimDuration = crate::kernel::SimDuration::from_secs(40);

impl Docker {
    /// A world with its machines up and nothing running yet.
    ///
    /// # Errors
    /// No host, two of one name, or a name that does not exist.
    pub fn new(setup: DockerSetup, images: Vec<ImageSpec>, seed: u64) -> Result<Self, DockerError> {
        let first = setup.hosts.first().ok_or(DockerError::NoHosts)?.name.clone();
        let names: Vec<&str> = setup.hosts.iter().map(|h| &*h.name).collect();
        let known = |name: &Option<Arc<str>>| match name {
            Some(n) if !names.contains(&&**n) => Err(DockerError::NoSuchHost(n.clone(), names.join(", "))),
            _ => Ok(()),
        };
        setup.compose.iter().try_for_each(|c| known(&c.host))?;
        setup.run.iter().try_for_each(|(h, _)| known(h))?;
        if let Some(backends) = setup.proxy.as_ref().and_then(|p| p.backends.as_ref()) {
            backends.iter().try_for_each(|b| known(&Some(b.clone())))?;
        }
        for (_, line) in &setup.run {
            crate::worlds::words(line).map_err(|why| DockerError::Command(line.clone(), why))?;
        }
        let bandwidth = if setup.bandwidth == 0 { BANDWIDTH } else { setup.bandwidth };
        let preloaded: Vec<_> = images.iter().filter(|i| i.preloaded).map(|i| i.reference.clone()).collect();
        let mut machine = Machine::new(seed, "docker", images, bandwidth);
        machine.set_registry(setup.registry, None);
        let mut rng = Streams::new(seed, "docker");
        let mut engines = Map::new();
        for h in &setup.hosts {
            if engines.contains_key(&h.name) {
                return Err(DockerError::HostTwice(h.name.clone()));
            }
            let boot = h.boot.unwrap_or(BOOT);
            let spec = HostSpec { name: h.name.clone(), cpu_milli: h.cpu_milli, memory: h.memory, zone: h.zone.clone(), boot };
            machine.add_host(spec, SimTime::ZERO);
            for image in &preloaded {
                machine.preload(&h.name, image);
            }
            let networks = Self::predefined_networks(rng.stream("ids"));
            // daemon/config/config_linux.go: DefaultStopTimeout 10.
            let grace = setup.engine.default_stop_timeout.unwrap_or(10);
            engines.insert(h.name.clone(), Arc::new(Engine::new(h.name.clone(), setup.engine.live_restore, grace, networks)));
        }
        let proxy = setup.proxy.as_ref().map(|p| Arc::new(proxy::Proxy::new(p, &setup.hosts)));
        let operator = setup.operator.as_ref().map(|o| Arc::new(operator::Operator::new(o.clone())));
        Ok(Self {
            setup: Arc::new(setup),
            machine,
            agenda: Agenda::default(),
            rng,
            engines,
            containers: Map::new(),
            next_cid: 1,
            by_machine: Map::new(),
            pulls: Map::new(),
            context: first,
            sessions: Map::new(),
            next_session: 1,
            foreground: None,
            plugins: Arc::new(Vec::new()),
            proxy,
            operator,
            targets: Map::new(),
            turns: Map::new(),
            declared: Set::new(),
            manual_actions: 0,
            last: SimTime::ZERO,
            notes: Set::new(),
            trouble: None,
            parked: Map::new(),
            to_deploy: Map::new(),
            attached: Set::new(),
            last_words: Map::new(),
            last_seen: Map::new(),
            struck: Map::new(),
        })
    }

    /// Adds a CLI plugin (`docker compose`).
    pub fn with_plugin(mut self, plugin: &'static console::Plugin) -> Self {
        Arc::make_mut(&mut self.plugins).push(plugin);
        self
    }

    /// Remembers something that reports should say once.
    pub fn note(&mut self, text: &str) {
        self.notes.insert(text.into());
    }

    /// The world as its setup declares it.
    pub fn setup(&self) -> &DockerSetup {
        &self.setup
    }
    /// The substrate, to look at.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    fn notice(&mut self, notice: Notice, cx: &mut Cx) {
        if notice.cause.is_some() {
            cx.cause = notice.cause;
        }
        let cid = |d: &Self, id: &ContainerId| d.by_machine.get(id).copied();
        match notice.what {
            What::Started { id } => {
                if let Some(cid) = cid(self, &id) {
                    self.started(cid, cx);
                }
            }
            What::StartFailed { id, error } => {
                if let Some(cid) = cid(self, &id) {
                    self.start_failed(cid, &error, cx);
                }
            }
            What::Exited { id, exit } => {
                if let Some(cid) = cid(self, &id) {
                    self.exited(cid, &exit, cx);
                }
            }
            What::PullFinished { pull, result, .. } => self.pull_finished(pull, result, cx),
            What::HostDown { host } => self.host_down(&host, cx),
            What::HostUp { host } => self.host_up(&host, cx),
        }
    }

    pub(crate) fn notices(&mut self, notices: Vec<Notice>, cx: &mut Cx) {
        let cause = cx.cause;
        for n in notices {
            cx.cause = cause;
            self.notice(n, cx);
        }
        cx.cause = cause;
    }

    fn handle(&mut self, event: Event, cx: &mut Cx) {
        if let Some(host) = self.frozen(&event) {
            self.park(&host, cx.cause, event);
            return;
        }
        match event {
            Event::Launch(cid, serial) => self.launch(cid, serial, cx),
            Event::Restart(cid, serial) => self.restart_due(cid, serial, cx),
            Event::StopTimeout(cid, starts) => self.stop_timeout(cid, starts, cx),
            Event::Probe(cid, starts) => self.probe_due(cid, starts, cx),
            Event::Probed(cid, starts, result) => self.probed(cid, starts, result, cx),
            Event::DaemonStopped(host) => self.daemon_stopped(&host, cx),
            Event::DaemonStart(host) => self.daemon_start(&host, cx),
            Event::ProxyCheck => self.proxy_check(cx),
            Event::ProxyAnswer { host, alive } => self.proxy_answer(&host, alive, cx),
            Event::Watch => self.watch(cx),
            Event::Operator(turn) => self.operator_turn(turn, cx),
            Event::Nudge => {}
        }
    }

    /// The frozen machine whose daemon should handle an event.
    fn frozen(&self, event: &Event) -> Option<HostName> {
        let of = |cid: &Cid| self.containers.get(cid).map(|c| c.host.clone());
        let host = match event {
            Event::Launch(cid, _) | Event::Restart(cid, _) | Event::StopTimeout(cid, _) | Event::Probe(cid, _) | Event::Probed(cid, ..) => {
                of(cid)
            }
            Event::DaemonStopped(host) | Event::DaemonStart(host) => Some(host.clone()),
            _ => None,
        }?;
        (self.machine.host(&host)?.state == HostState::Paused).then_some(host)
    }

    /// Runs one command line on a host's engine.
    pub(crate) fn run_line(&mut self, host: &HostName, argv: &[String], owner: Owner, files: &dyn Files, cx: &mut Cx) -> Ran {
        let cause = cx.cause;
        let reply = console::dispatch(self, host, argv, owner, files, cx);
        cx.cause = cause;
        self.open(reply, host, owner, &argv.join(" "), cx)
    }

    /// Starts the next command of a host's start.
    fn deploy_next(&mut self, host: &HostName, cx: &mut Cx) {
        while let Some(argv) = self.to_deploy.get_mut(host).and_then(List::pop_front) {
            let line = argv.join(" ");
            let object = ObjectRef::new("engine", "", host.clone());
            let cause = cx.cause;
            cx.record_as_cause(Entry::new(RecordType::Command, "start", "Deploy", object, format!("{host}$ {line}")));
            let files = SetupFiles(self.setup.clone());
            let ran = self.run_line(host, &argv, Owner::Deploy, &files, cx);
            let done = match ran {
                Ran::Session(_) => false,
                Ran::Done(output) => {
                    self.report_deploy(host, &line, &output, cx);
                    true
                }
            };
            cx.cause = cause;
            if !done {
                return;
            }
        }
    }

    /// A command of the start has ended; the next one may begin.
    pub(crate) fn deployed(&mut self, host: &HostName, line: &str, output: &Output, cx: &mut Cx) {
        self.report_deploy(host, line, output, cx);
        self.deploy_next(host, cx);
    }

    fn report_deploy(&mut self, host: &HostName, line: &str, output: &Output, cx: &mut Cx) {
        if output.exit != 0 {
            let why = output.stderr.trim();
            let object = ObjectRef::new("engine", "", host.clone());
            cx.record(Entry::new(RecordType::Command, "start", "DeployFailed", object, format!("`{line}` failed on {host}: {why}")));
            self.notes.insert(format!("`{line}` failed on {host} with exit status {}: {why}", output.exit).into());
        }
    }
}

/// The texts of the setup, as the files its start commands name.
struct SetupFiles(Arc<DockerSetup>);

impl Files for SetupFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.0.compose.iter().find_map(|c| if &*c.source == path { Some(&c.text) } else { c.beside.get(path) });
        found.map(|text| text.to_string()).ok_or_else(|| format!("open {path}: no such file or directory"))
    }
}

impl World for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }
    fn clone_box(&self) -> Box<dyn World> {
        Box::new(self.clone())
    }

    fn deploy(&mut self, cx: &mut Cx) {
        self.last = cx.now;
        let setup = self.setup.clone();
        let hosts: Vec<HostName> = setup.hosts.iter().map(|h| h.name.clone()).collect();
        for host in &hosts {
            let here = |h: &Option<Arc<str>>| h.as_ref().is_none_or(|h| h == host);
            let mut lines: List<Vec<String>> = List::new();
            for c in setup.compose.iter().filter(|c| here(&c.host)) {
                let mut argv: Vec<String> = ["docker", "compose", "-f", &c.source].map(String::from).to_vec();
                // `--profile`, `-p` belong before the verb, everything else behind it.
                let (global, local): (Vec<_>, Vec<_>) =
                    c.flags.iter().partition(|f| f.starts_with("--profile") || f.starts_with("-p") || f.starts_with("--project"));
                argv.extend(global.iter().map(|f| f.to_string()));
                argv.extend(["up".to_string(), "-d".to_string()]);
                argv.extend(local.iter().map(|f| f.to_string()));
                lines.push_back(argv);
            }
            let first = hosts.first() == Some(host);
            for (_, line) in setup.run.iter().filter(|(h, _)| h.as_ref().map_or(first, |h| h == host)) {
                if let Ok(argv) = crate::worlds::words(line) {
                    lines.push_back(argv);
                }
            }
            self.to_deploy.insert(host.clone(), lines);
        }
        for host in &hosts {
            self.deploy_next(host, cx);
        }
        self.proxy_begin(cx);
        self.watch_begin(cx);
    }

    fn next_at(&self) -> Option<SimTime> {
        match (self.machine.next_at(), self.agenda.next_at()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn step(&mut self, cx: &mut Cx) {
        self.last = cx.now;
        let substrate = self.machine.next_at();
        let own = self.agenda.next_at();
        let cause = cx.cause;
        if substrate.is_some_and(|s| own.is_none_or(|o| s <= o)) {
            let Self { machine, engines, containers, by_machine, .. } = self;
            let notices = machine.step(cx.now, &EngineRoads { engines, containers, by_machine });
            self.notices(notices, cx);
        } else if let Some(due) = self.agenda.pop() {
            cx.cause = due.cause;
            self.handle(due.event, cx);
        }
        cx.cause = cause;
        self.advance_sessions(cx);
    }

    fn settled(&self) -> bool {
        let quiet = |c: &super::Container| {
            !c.starting
                && c.stopping.is_none()
                && !c.state.restarting
                && c.health.as_ref().is_none_or(|h| h.status != super::healthcheck::Status::Starting)
        };
        !self.busy()
            && self.to_deploy.values().all(List::is_empty)
            && self.containers.values().all(|c| quiet(c))
            && self.pulls.values().all(|p| p.result.is_some())
            && self.engines.values().all(|e| matches!(e.daemon, Daemon::Up | Daemon::Down))
            && self.operator.as_ref().is_none_or(|o| o.idle())
    }

    fn inject(&mut self, fault: &Fault, cx: &mut Cx) -> Result<(), String> {
        self.last = cx.now;
        let done = self.suffer(fault, cx);
        self.advance_sessions(cx);
        done
    }
    fn heal(&mut self, fault: &Fault, cx: &mut Cx) {
        self.last = cx.now;
        self.recover(fault, cx);
        self.advance_sessions(cx);
    }
    fn fault_targets(&self, on: &str) -> Vec<Arc<str>> {
        self.targets_for(on)
    }

    fn route(&mut self, arrival: &Arrival, cx: &mut Cx) {
        self.last = cx.now;
        self.route_batch(arrival, cx.now);
    }
    fn settle_requests(&mut self, now: SimTime) {
        self.last = self.last.max(now);
        self.machine.settle(now);
    }
    fn ledger(&self) -> &Ledger {
        &self.machine.ledger
    }

    fn console(&mut self, argv: &[String], files: &dyn Files, cx: &mut Cx) -> Output {
        self.last = cx.now;
        let before = cx.journal.len();
        // A command still under way is left to itself.
        self.foreground = None;
        let host = self.context.clone();
        let output = match self.run_line(&host, argv, Owner::Console, files, cx) {
            Ran::Done(output) => output,
            Ran::Session(id) => {
                self.foreground = Some(id);
                self.read_foreground()
            }
        };
        self.manual_actions += crate::worlds::manual_action(argv, &output, cx.journal.len() > before);
        output
    }
    fn misread(&self, argv: &[String], runbook: bool, files: &dyn Files) -> Option<Misread> {
        if runbook { self.misread_step(argv) } else { console::misread(self, argv, files) }
    }
    fn console_poll(&mut self, cx: &mut Cx) -> Output {
        self.advance_sessions(cx);
        self.read_foreground()
    }
    fn console_interrupt(&mut self) {
        self.interrupt_foreground();
    }
    fn complete(&self, argv: &[String]) -> Vec<String> {
        console::complete(self, argv)
    }

    fn view(&self, now: SimTime) -> view::WorldView {
        self.show(now)
    }
    fn inspect(&self, object: &ObjectRef, now: SimTime) -> Option<view::Inspection> {
        self.inspection(object, now)
    }
    fn fact(&self, name: &str, args: &[Value], now: SimTime) -> Result<Value, String> {
        self.fact_value(name, args, now)
    }
    fn copies(&self) -> Copies {
        self.count_copies()
    }
    fn manual_actions(&self) -> u64 {
        self.manual_actions
    }
    fn machines(&self) -> usize {
        self.machine.hosts().filter(|h| h.state != HostState::Down).count()
    }
    fn notes(&self) -> Vec<String> {
        let assumed: Vec<String> = self.machine.assumed().map(|i| super::images::familiar(&i.reference)).collect();
        let mut notes: Vec<String> = self.notes.iter().map(ToString::to_string).collect();
        if !assumed.is_empty() {
            notes.push(format!(
                "images nobody describes get a default program (100 requests/s, 64 MiB, ready after 1 s): {}",
                assumed.join(", ")
            ));
        }
        notes
    }
}
