//! Several hosts: faults, proxies, the operator, the daemon's own failures.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::{Cx, Journal, ObjectRef, RecordType, SimDuration, SimTime};
use crate::machine::RegistryState;
use crate::model::fault::CopyCount;
use crate::model::{
    AppSpec, Component, FailReason, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec, LinkEnd, OperatorSpec, RunbookStep,
};
use crate::worlds::{Arrival, NoFiles, Output, World};

use super::setup::EngineSetup;
use super::{Docker, DockerError, DockerSetup, HostSetup, ProxyKind, ProxySetup};

struct Bench {
    world: Docker,
    journal: Journal,
    now: SimTime,
    to: &'static str,
}

fn image(name: &str) -> ImageSpec {
    ImageSpec {
        reference: ImageRef::new(name),
        size: 50_000_000,
        layers: Vec::new(),
        app: Arc::new(AppSpec { port: Some(8080), ..AppSpec::default() }),
        described: true,
        missing: false,
        preloaded: true,
        private: false,
        user: None,
    }
}

/// Three hosts with one copy each.
fn three() -> DockerSetup {
    let hosts: Vec<HostSetup> = ["host-1", "host-2", "host-3"].into_iter().map(HostSetup::new).collect();
    let line = "docker run -d --name shop -p 8080:8080 --restart=unless-stopped shop:1";
    let run = hosts.iter().map(|h| (Some(h.name.clone()), line.into())).collect();
    DockerSetup { hosts, run, ..DockerSetup::default() }
}

impl Bench {
    fn new(setup: DockerSetup) -> Self {
        let world = Docker::new(setup, vec![image("shop:1"), image("shop:2")], 11).unwrap();
        let mut bench = Self { world, journal: Journal::default(), now: SimTime::ZERO, to: "shop" };
        bench.with(|w, cx| w.deploy(cx));
        bench.quiet(5);
        bench
    }
    fn with<R>(&mut self, f: impl FnOnce(&mut Docker, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "docker", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }
    fn until(&mut self, t: SimTime) {
        while let Some(at) = self.world.next_at().filter(|at| *at <= t) {
            self.now = at;
            self.with(|w, cx| w.step(cx));
        }
        self.now = t;
    }
    fn quiet(&mut self, seconds: u64) {
        self.until(self.now + SimDuration::from_secs(seconds));
    }
    /// Ninety requests a second.
    fn traffic(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            let arrival =
                Arrival { stream: "s".into(), to: self.to.into(), count: 9, timeout: SimDuration::from_secs(2), keep_alive: false };
            self.with(|w, cx| w.route(&arrival, cx));
            self.until(self.now + SimDuration::from_millis(100));
            let now = self.now;
            self.world.settle_requests(now);
        }
    }
    fn fault(&mut self, kind: FaultKind, target: FaultTarget) -> Fault {
        let fault = Fault { id: kind.word().into(), kind, target, lasts: None };
        self.with(|w, cx| w.inject(&fault, cx)).unwrap();
        fault
    }
    fn run(&mut self, line: &str) -> Output {
        let argv = crate::worlds::words(line).unwrap();
        let mut all = self.with(|w, cx| w.console(&argv, &NoFiles, cx));
        let begin = self.now;
        while all.running {
            self.now = self.world.next_at().unwrap();
            assert!(self.now - begin < SimDuration::from_secs(200), "{line} never ends");
            self.with(|w, cx| w.step(cx));
            let more = self.with(|w, cx| w.console_poll(cx));
            all.stdout += &more.stdout;
            all.stderr += &more.stderr;
            (all.exit, all.running) = (more.exit, more.running);
        }
        all
    }
    fn counts(&self) -> (u64, u64) {
        let t = &self.world.ledger().total;
        (t.ok, t.failed)
    }
    fn records(&self, reason: &str) -> usize {
        self.journal.records().iter().filter(|r| r.reason == reason).count()
    }
    fn fact(&self, name: &str, arg: &str) -> Value {
        self.world.fact(name, &[json!(arg)], self.now).unwrap()
    }
}

fn host(name: &str) -> FaultTarget {
    FaultTarget::Host(name.into())
}
fn copies(of: &str, count: CopyCount) -> FaultTarget {
    FaultTarget::Copies { of: of.into(), count }
}

#[test]
fn a_static_proxy_keeps_feeding_the_dead_host() {
    let mut b = Bench::new(DockerSetup { proxy: Some(ProxySetup::new(ProxyKind::Static, 8080)), ..three() });
    b.traffic(10);
    assert_eq!(b.counts().1, 0);
    b.fault(FaultKind::NodeDown, host("host-2"));
    // Nobody is told that a container on a dead machine is up and healthy, wherever it is listed.
    let listed = b.world.inspect(&crate::kernel::ObjectRef::new("service", "", "shop"), b.now).unwrap().tabs[0].1.clone();
    let dead: Vec<&str> = listed.lines().filter(|l| l.contains("host-2")).collect();
    assert!(dead.len() == 1 && dead[0].contains("lost with its host") && !dead[0].contains("Up"), "{listed}");
    assert_eq!(listed.matches("lost").count(), 1, "{listed}");
    let before = b.counts();
    b.traffic(60);
    b.quiet(3);
    let now = b.now;
    b.world.settle_requests(now);
    let (ok, failed) = (b.counts().0 - before.0, b.counts().1);
    assert!((1795..=1805).contains(&failed) && ok >= 3590, "a third fails: {ok} {failed}");
    assert_eq!(b.world.ledger().total.failed_by_reason.keys().collect::<Vec<_>>(), [&FailReason::Timeout]);
    assert_eq!((b.world.copies().declared, b.world.copies().serving), (3, 2));
    let view = b.world.view(b.now);
    assert_eq!((&*view.hosts[1].word, &*view.hosts[1].copies[0].word), ("DOWN", "lost with its host"));
    assert!(b.world.settled(), "nobody does anything about it");
}

#[test]
fn a_checking_proxy_takes_it_out_and_back_in() {
    let mut b = Bench::new(DockerSetup { proxy: Some(ProxySetup::new(ProxyKind::HealthChecked, 8080)), ..three() });
    b.traffic(10);
    let fault = b.fault(FaultKind::NodeDown, host("host-2"));
    b.traffic(60);
    let failed = b.counts().1;
    assert!((90..400).contains(&failed), "some seconds of a third: {failed}");
    assert_eq!(b.records("BackendDown"), 1);
    b.with(|w, cx| w.heal(&fault, cx));
    b.traffic(80);
    assert_eq!((b.counts().1, b.records("BackendUp")), (failed, 1));
    assert_eq!(b.world.copies().serving, 3, "unless-stopped came back with the machine");
    assert_eq!(b.fact("restarts", "shop"), 0);
    let exit = b.journal.records().iter().flat_map(|r| r.fields()).find(|f| f.path == "State.ExitCode" && f.to == json!(255));
    assert!(exit.is_some(), "power loss leaves 255");
}

#[test]
fn without_a_proxy_clients_spread_over_all_names() {
    let mut b = Bench::new(three());
    b.traffic(10);
    b.fault(FaultKind::Partition { from: LinkEnd::Clients }, host("host-3"));
    b.traffic(10);
    b.quiet(3);
    let now = b.now;
    b.world.settle_requests(now);
    assert!((295..=305).contains(&b.counts().1), "{:?}", b.counts());
    b.to = "nothing";
    b.traffic(1);
    assert!(b.world.ledger().total.failed_by_reason.contains_key(&FailReason::NoSuchTarget));
}

#[test]
fn the_operator_is_what_heals() {
    let step = |run: &str| RunbookStep { on: None, run: run.into(), takes: SimDuration::from_secs(30) };
    let operator = OperatorSpec {
        page_after: SimDuration::from_secs(60),
        acknowledge: SimDuration::from_secs(120),
        log_in: SimDuration::from_secs(30),
        diagnose: SimDuration::from_secs(60),
        runbook: vec![step("proxy remove HOST"), step("power-on HOST"), step("docker ps")],
        error_percent: 0,
    };
    let proxy = Some(ProxySetup::new(ProxyKind::Static, 8080));
    let mut b = Bench::new(DockerSetup { proxy, operator: Some(operator), ..three() });
    b.traffic(10);
    b.fault(FaultKind::NodeDown, host("host-2"));
    b.traffic(500);
    let story: Vec<String> = b
        .journal
        .records()
        .iter()
        .filter(|r| &*r.actor == "operator" && matches!(r.kind, RecordType::Decision | RecordType::Command))
        .map(|r| r.reason.to_string())
        .collect();
    assert_eq!(story, ["Paged", "Acknowledged", "LoggedIn", "Diagnosed", "Runbook", "Runbook", "Runbook", "CommandFailed", "StandDown"]);
    assert_eq!(b.world.manual_actions(), 3);
    assert_eq!(b.world.copies().serving, 3);
    let (failed, seconds) = (b.counts().1, b.world.ledger().impaired_s());
    assert!((8000..10_000).contains(&failed) && (285..320).contains(&seconds), "until the proxy let go: {failed} in {seconds} s");
    // Every record leads back to a root.
    let paged = b.journal.records().iter().find(|r| r.reason == "Paged").unwrap();
    assert!(b.journal.causes(paged.id).len() > 1, "the pager rings because of the lost host");
}

#[test]
fn a_host_that_does_not_answer_shows_what_was_known_and_how_old_that_is() {
    let mut b = Bench::new(three());
    let seen = |b: &Bench, kind: &'static str, host: &str, name: &str| {
        let place = if kind == "container" { host } else { "" };
        let seen = b.world.inspect(&ObjectRef::new(kind, place, name), b.now).unwrap();
        seen.tabs.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>()
    };
    b.quiet(55);
    b.fault(FaultKind::NodeDown, host("host-1"));
    let cut = b.fault(FaultKind::Partition { from: LinkEnd::ControlPlane }, host("host-2"));
    b.quiet(10);
    let crash = FaultTarget::Copies { of: "shop".into(), count: CopyCount::All };
    b.fault(FaultKind::Crash { code: 3 }, crash);
    b.quiet(35);
    let of_dead = seen(&b, "container", "host-1", "shop");
    assert!(of_dead.iter().all(|t| t.starts_with("host-1 does not answer. This is the last that is known of it, from 01:00, 00:45 ago.")));
    let of_cut = seen(&b, "container", "host-2", "shop");
    assert!(of_cut.iter().all(|t| t.starts_with("host-2 does not answer. This is the last that is known of it, from 01:00, 00:45 ago.")));
    assert!(of_cut[0].contains("\"RestartCount\": 0") && !of_cut[2].contains(" die"), "nobody can know that it crashed: {}", of_cut[0]);
    assert!(seen(&b, "container", "host-3", "shop")[0].contains("\"RestartCount\": 1"));
    assert!(seen(&b, "host", "", "host-2")[0].starts_with("host-2 does not answer"));
    for (name, why) in [("host-1", "No route to host"), ("host-2", "Connection timed out")] {
        let out = b.run(&format!("docker -H ssh://{name} ps"));
        assert!(out.exit == 1 && out.stdout.is_empty() && out.stderr.starts_with("error during connect: "), "{}", out.stderr);
        assert!(out.stderr.trim_end().ends_with(&format!("ssh: connect to host {name} port 22: {why}")), "{}", out.stderr);
    }
    b.with(|w, cx| w.heal(&cut, cx));
    let again = seen(&b, "container", "host-2", "shop");
    assert!(again[0].starts_with('[') && again[0].contains("\"RestartCount\": 1") && again[2].contains(" die"));
    b.fault(FaultKind::ComponentDown, host("host-3"));
    b.quiet(5);
    assert!(seen(&b, "container", "host-3", "shop")[0].starts_with("The engine of host-3 does not answer."));
}

#[test]
fn dockerd_down_stops_everything_unless_live_restore() {
    let mut b = Bench::new(three());
    let fault = b.fault(FaultKind::ComponentDown, host("host-1"));
    b.quiet(30);
    let out = b.run("docker ps");
    assert_eq!((out.exit, out.stderr.trim()), (1, super::engine::DAEMON_DOWN));
    let out = b.run("docker run -d shop:1");
    assert_eq!(out.exit, 125);
    assert!(out.stderr.starts_with("docker: Cannot connect to the Docker daemon"), "{}", out.stderr);
    assert_eq!(b.world.copies().serving, 2);
    b.with(|w, cx| w.heal(&fault, cx));
    b.quiet(10);
    assert_eq!(b.world.copies().serving, 3);

    let mut live = Bench::new(DockerSetup { engine: EngineSetup { live_restore: true, ..EngineSetup::default() }, ..three() });
    let fault = live.fault(FaultKind::ComponentDown, FaultTarget::Component(Component::Dockerd));
    live.quiet(30);
    assert_eq!(live.world.copies().serving, 3);
    // A crash meanwhile is seen only when the daemon is back.
    live.fault(FaultKind::Crash { code: 3 }, copies("shop", CopyCount::One));
    live.quiet(30);
    assert_eq!((live.world.copies().serving, live.records("die")), (2, 0));
    live.with(|w, cx| w.heal(&fault, cx));
    live.quiet(10);
    assert_eq!(live.world.copies().serving, 3);
}

#[test]
fn faults_on_copies() {
    let mut b = Bench::new(three());
    b.fault(FaultKind::Crash { code: 3 }, copies("shop", CopyCount::All));
    b.quiet(5);
    assert_eq!((b.fact("restarts", "shop"), b.fact("ready", "shop")), (json!(3), json!(3)), "the policy restarts what crashes");
    let hang = b.fault(FaultKind::Hang, copies("host-1/shop", CopyCount::All));
    b.traffic(10);
    b.quiet(3);
    assert_eq!(b.fact("ready", "shop"), 2);
    assert_eq!(b.fact("running", "shop"), 3, "the engine sees nothing wrong");
    b.with(|w, cx| w.heal(&hang, cx));
    assert_eq!(b.fact("ready", "shop"), 3);
    b.fault(FaultKind::HumanDelete, copies("shop", CopyCount::One));
    b.quiet(5);
    assert_eq!((b.world.copies().declared, b.world.copies().serving), (3, 2), "deleted by mistake is still wanted");
    b.fault(FaultKind::NodePause, host("host-3"));
    b.quiet(5);
    assert!(b.run("docker --context host-3 ps").stderr.contains("Connection timed out"));
    let bad = Fault { id: "x".into(), kind: FaultKind::Crash { code: 1 }, target: copies("shoop", CopyCount::One), lasts: None };
    let why = b.with(|w, cx| w.inject(&bad, cx)).unwrap_err();
    assert!(why.contains("no container is called `shoop`; there are: shop"), "{why}");
    let alien = Fault { id: "y".into(), kind: FaultKind::ComponentDown, target: FaultTarget::Component(Component::Scheduler), lasts: None };
    assert!(b.with(|w, cx| w.inject(&alien, cx)).unwrap_err().contains("dockerd, proxy"));
}

#[test]
fn images_and_registries() {
    let mut b = Bench::new(three());
    b.fault(FaultKind::RegistryDown, FaultTarget::World);
    let out = b.run("docker run -d other.example/x:1");
    assert!(out.exit == 125 && out.stderr.starts_with("Unable to find image 'other.example/x:1' locally\n"), "{}", out.stderr);
    assert_eq!(b.run("docker run -d shop:1").exit, 0, "what is there needs no registry");
    b.fault(FaultKind::BadImage { how: crate::model::fault::BadImage::Crashes }, FaultTarget::Image("shop:2".into()));
    b.run("docker run -d --name bad --restart=on-failure:2 shop:2");
    b.quiet(20);
    assert_eq!((b.fact("status", "bad"), b.fact("restarts", "bad"), b.fact("exit_code", "bad")), (json!("exited"), json!(2), json!(1)));
    assert_eq!(b.fact("last_exit_code", "bad"), json!(1));
    b.fault(FaultKind::DiskFull, host("host-1"));
    assert!(b.run("docker run -d shop:1").stderr.contains("no space left on device"));
    b.fault(FaultKind::DnsDown, FaultTarget::World);
    b.traffic(1);
    assert!(b.world.ledger().total.failed_by_reason.contains_key(&FailReason::Dns));
}

#[test]
fn well_known_images_bring_their_settings() {
    let mut b = Bench::new(three());
    assert_eq!(b.run("docker run -d --name web nginx:1.27").exit, 0);
    assert_eq!(b.run("docker run -d -P --name open nginx:1.27").exit, 0);
    assert_eq!(b.run("docker ps --filter name=web --format '{{.Ports}}'").stdout, "80/tcp\n");
    assert!(b.run("docker port open").stdout.starts_with("80/tcp -> 0.0.0.0:"));
    let inspect = |b: &mut Bench, of: &str, format: &str| b.run(&format!("docker inspect -f '{format}' {of}")).stdout;
    assert_eq!(inspect(&mut b, "web", "{{json .Config.Entrypoint}}"), "[\"/docker-entrypoint.sh\"]\n");
    assert_eq!(inspect(&mut b, "web", "{{json .Config.Cmd}}"), "[\"nginx\",\"-g\",\"daemon off;\"]\n");
    assert_eq!(inspect(&mut b, "nginx:1.27", "{{json .Config.ExposedPorts}}"), "{\"80/tcp\":{}}\n");
    b.run("docker run -d --name own --entrypoint sleep nginx:1.27 600");
    assert_eq!(inspect(&mut b, "own", "{{json .Config.Entrypoint}}{{json .Config.Cmd}}"), "[\"sleep\"][\"600\"]\n");
    assert_eq!(b.run("docker images -q 'ngi*'").stdout.lines().count(), 1);
    assert_eq!(b.run("docker images -q 'gi*'").stdout, "");
    assert_eq!(b.run("docker tag nginx:1.27 a:b").stderr, "wheelhouse: `docker tag` is a real command that is not simulated\n");
    let digests = b.run("docker images --digests --no-trunc --format '{{.ID}} {{.Digest}}' nginx").stdout;
    let hex: Vec<&str> = digests.trim().split(' ').filter_map(|d| d.strip_prefix("sha256:")).collect();
    assert!(hex.len() == 2 && hex.iter().all(|h| h.len() == 64 && h[..4] != h[16..20]), "{digests}");
}

#[test]
fn commands_watch_and_can_be_interrupted() {
    let mut b = Bench::new(three());
    let argv = crate::worlds::words("docker events --filter event=die").unwrap();
    assert!(b.with(|w, cx| w.console(&argv, &NoFiles, cx)).running);
    assert!(b.world.settled(), "watching is not working");
    b.fault(FaultKind::Crash { code: 3 }, copies("host-1/shop", CopyCount::All));
    b.quiet(5);
    let out = b.with(|w, cx| w.console_poll(cx));
    assert!(out.running && out.stdout.contains(" container die ") && out.stdout.contains("exitCode=3"), "{}", out.stdout);
    b.world.console_interrupt();
    let out = b.with(|w, cx| w.console_poll(cx));
    assert_eq!((out.running, out.exit), (false, 130));
    assert_eq!(b.world.complete(&crate::worlds::words("docker context use h").unwrap()), ["host-1", "host-2", "host-3"]);
    assert_eq!(b.run("docker context use host-2").stdout, "host-2\n");
    assert_eq!(b.world.view(b.now).console, "docker@host-2");
    assert_eq!(
        b.run("docker frobnicate").stderr,
        "docker: unknown command: docker frobnicate\n\nRun 'docker --help' for more information\n"
    );
    assert!(b.run("docker build .").stderr.contains("not simulated"));
    let out = b.run("docker run -d --privileged shop:1");
    assert!(out.exit == 0 && out.stderr.contains("--privileged is accepted but not simulated"));
}

#[test]
fn the_same_seed_writes_the_same_journal_and_every_cause_has_a_root() {
    let story = || {
        let mut b = Bench::new(DockerSetup { proxy: Some(ProxySetup::new(ProxyKind::HealthChecked, 8080)), ..three() });
        b.traffic(5);
        let root = b.fault(FaultKind::NodeDown, host("host-2"));
        b.traffic(10);
        b.with(|w, cx| w.heal(&root, cx));
        b.fault(FaultKind::Crash { code: 9 }, copies("shop", CopyCount::One));
        let checkpoint = (b.world.clone(), b.now);
        b.traffic(60);
        let lines: Vec<String> = b.journal.records().iter().map(|r| r.to_json()).collect();
        (lines, b.counts(), checkpoint)
    };
    let (a, b) = (story(), story());
    assert_eq!(a.0, b.0);
    assert_eq!(a.1, b.1);
    let mut replay = Bench { world: a.2.0, journal: Journal::default(), now: a.2.1, to: "shop" };
    // Numbers of records differ in a journal begun anew; what happens does not.
    replay.journal = {
        let mut j = Journal::default();
        for _ in 0..a.0.len() {
            let entry = crate::kernel::journal::Entry::new(RecordType::Story, "x", "x", crate::kernel::ObjectRef::default(), "x");
            j.push(SimTime::ZERO, "docker", None, entry);
        }
        j
    };
    replay.traffic(60);
    assert_eq!(replay.counts(), a.1, "a checkpoint goes on as the original did");
}

#[test]
fn the_host_network_needs_no_publishing() {
    let mut b = Bench::new(DockerSetup { hosts: vec![HostSetup::new("a")], ..DockerSetup::default() });
    let out = b.run("docker run -d --name shop --network host -p 9:8080 shop:1");
    assert!(out.exit == 0 && out.stderr.contains("Published ports are discarded"), "{}", out.stderr);
    b.quiet(5);
    b.traffic(2);
    assert!(b.counts().0 > 150 && b.counts().1 == 0, "{:?}", b.counts());
    b.run("docker rm -f shop");
    b.traffic(1);
    assert!(b.world.ledger().total.failed_by_reason.contains_key(&FailReason::Refused));
    // A service that publishes nothing is not reached from outside.
    b.run("docker run -d --name inner shop:1");
    b.to = "inner";
    let before = b.counts();
    b.traffic(1);
    assert_eq!((b.counts().0, b.counts().1 - before.1), (before.0, 90));
}

#[test]
fn a_daemon_that_stops_calls_off_what_it_was_starting() {
    let mut b = Bench::new(three());
    let argv = crate::worlds::words("docker run -d --name late shop:1").unwrap();
    b.with(|w, cx| w.console(&argv, &NoFiles, cx));
    b.until(b.now + SimDuration::from_millis(250));
    let fault = b.fault(FaultKind::ComponentDown, host("host-1"));
    b.quiet(30);
    b.with(|w, cx| w.heal(&fault, cx));
    b.quiet(10);
    assert_eq!(b.run("docker ps --format {{.Names}}").stdout, "shop\n");
    assert_eq!(b.run("docker ps -a --filter name=late --format {{.Status}}").stdout, "Created\n");
    assert_eq!(b.run("docker start late").stdout, "late\n");
    assert_eq!(b.fact("running", "late"), 1);
}

#[test]
fn setups_are_checked() {
    let none = Docker::new(DockerSetup::default(), Vec::new(), 1);
    assert!(matches!(none, Err(DockerError::NoHosts)));
    let twice = DockerSetup { hosts: vec![HostSetup::new("a"), HostSetup::new("a")], ..DockerSetup::default() };
    assert!(matches!(Docker::new(twice, Vec::new(), 1), Err(DockerError::HostTwice(_))));
    let nowhere = DockerSetup { run: vec![(Some("z".into()), "docker ps".into())], ..three() };
    assert!(Docker::new(nowhere, Vec::new(), 1).unwrap_err().to_string().contains("there is no host `z`"));
}

#[test]
fn a_command_for_another_engine_runs_there() {
    let mut b = Bench::new(three());
    for (line, host) in
        [("docker -H ssh://host-2 run -d --name extra shop:1", "host-2"), ("docker --context host-3 run -d --name more shop:1", "host-3")]
    {
        b.run(line);
        b.quiet(3);
        let name = line.split(' ').rev().nth(1).unwrap();
        let all = b.world.fact("containers", &[], b.now).unwrap();
        let found = all.as_array().unwrap().iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(found["host"], host, "{line}");
    }
}

/// What a program in a container reaches: names and ports of its network, published ports of its host, nothing else.
#[test]
fn connections_from_containers_are_routed() {
    let mut b = Bench::new(DockerSetup { hosts: vec![HostSetup::new("host-1")], ..DockerSetup::default() });
    for line in [
        "docker network create shop-net",
        "docker run -d --name web --network shop-net shop:1",
        "docker run -d --name plain -p 9001:8080 shop:1",
        "docker run -d --name own -p 127.0.0.1:9000:8080 shop:1",
        "docker run -d --name me --network shop-net --network-alias caller local/bb:1 sleep 9999",
    ] {
        assert_eq!(b.run(line).exit, 0, "{line}");
    }
    b.quiet(5);
    let asks = |b: &mut Bench, url: &str| {
        let o = b.run(&format!("docker exec me wget -T 2 -qO- {url}"));
        (o.exit, if o.exit == 0 { o.stdout } else { o.stderr })
    };
    let refused = |ip: &str| (1, format!("wget: can't connect to remote host ({ip}): Connection refused\n"));
    assert_eq!(asks(&mut b, "http://web:8080"), (0, "ok\n".into()));
    assert_eq!(asks(&mut b, "http://web"), refused("172.18.0.2"), "nobody listens on 80");
    assert_eq!(asks(&mut b, "http://caller"), refused("172.18.0.3"), "a sleeping program listens nowhere");
    assert_eq!(asks(&mut b, "http://plain:8080"), (1, "wget: bad address 'plain:8080'\n".into()));
    assert_eq!(asks(&mut b, "http://172.17.0.2:8080"), (1, "wget: download timed out\n".into()), "bridges are apart");
    assert_eq!(asks(&mut b, "http://172.17.0.1:9001"), (0, "ok\n".into()), "a published port, at the host's address");
    assert_eq!(asks(&mut b, "http://172.17.0.1:9000"), refused("172.17.0.1"), "published on the loopback only");
    assert_eq!(b.run("docker exec me cat /etc/resolv.conf").stdout, "nameserver 127.0.0.11\noptions ndots:0\n");
    assert_eq!(b.run("docker exec me getent hosts web").stdout, "172.18.0.2      web\n");
    b.run("docker stop -t 1 web");
    b.quiet(2);
    assert_eq!(asks(&mut b, "http://web:8080"), (1, "wget: bad address 'web:8080'\n".into()), "names are those of running containers");
    assert_eq!(asks(&mut b, "http://172.18.0.2:8080"), (1, "wget: download timed out\n".into()), "no route, later than the patience");
}

#[test]
fn a_port_of_the_loopback_serves_nobody_outside() {
    let run = vec![(None, "docker run -d --name shop -p 127.0.0.1:8080:8080 shop:1".into())];
    let mut b = Bench::new(DockerSetup { hosts: vec![HostSetup::new("host-1")], run, ..DockerSetup::default() });
    b.traffic(2);
    assert_eq!(b.counts().0, 0);
    assert!(b.world.ledger().total.failed_by_reason.contains_key(&FailReason::Refused));
}

#[test]
fn flags_of_run_reach_the_process() {
    let mut b = Bench::new(DockerSetup { hosts: vec![HostSetup::new("host-1")], ..DockerSetup::default() });
    let o = b.run("docker run --rm -w /srv/app --user 1000:1000 --hostname box local/bb:1 sh -c 'pwd; id -u; hostname'");
    assert_eq!(o.stdout, "/srv/app\n1000\nbox\n");
    let id = b.run("docker run -d --name me local/bb:1 sleep 9999").stdout;
    b.quiet(2);
    assert_eq!(b.run("docker exec me hostname").stdout.trim(), &id[..12], "the short id, unless told otherwise");
    let o = b.run("docker run --mount type=bind,src=/nope,dst=/x local/bb:1 true");
    assert_eq!(o.exit, 125);
    let why = "docker: Error response from daemon: invalid mount config for type \"bind\": bind source path does not exist: /nope\n";
    assert!(o.stderr.starts_with(why), "{}", o.stderr);
    assert_eq!(b.run("docker run --mount type=bind,src=/srv/data,dst=/x local/bb:1 true").exit, 0);
    b.run("docker stop -t 1 me");
    let o = b.run("docker top me");
    assert_eq!(o.stderr, format!("Error response from daemon: container {} is not running\n", id.trim()));
}

#[test]
fn inspect_knows_the_address_on_the_default_bridge() {
    let mut b = Bench::new(DockerSetup { hosts: vec![HostSetup::new("host-1")], ..DockerSetup::default() });
    b.run("docker run -d --name web shop:1");
    b.quiet(2);
    assert_eq!(b.run("docker inspect -f '{{.NetworkSettings.IPAddress}}' web").stdout, "172.17.0.2\n");
    assert!(!b.run("docker inspect -f '{{json .State}}' web").stdout.contains("Health"));
}

/// A registry that is down from the start stays so, also when a fault that hit it ends.
#[test]
fn the_registry_starts_as_the_setup_says() {
    let setup = DockerSetup { hosts: vec![HostSetup::new("host-1")], registry: RegistryState::Denied, ..DockerSetup::default() };
    let mut b = Bench::new(setup);
    let o = b.run("docker pull registry.example/new:1");
    assert!(o.exit == 1 && o.stderr.contains("denied"), "{}", o.stderr);
    let fault = b.fault(FaultKind::RegistrySlow { percent: 300 }, FaultTarget::World);
    b.with(|w, cx| w.heal(&fault, cx));
    assert_eq!(b.run("docker pull registry.example/new:1").exit, 1);
}
