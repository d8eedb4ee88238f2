//! Projects on a real (simulated) engine.

use std::sync::Arc;

use crate::document::Severity;
use crate::kernel::{Cx, Journal, SimDuration, SimTime};
use crate::model::{AppSpec, ImageRef, ImageSpec};
use crate::worlds::docker::setup::ComposeSetup;
use crate::worlds::docker::{Docker, DockerError, DockerSetup, HostSetup};
use crate::worlds::{Files, NoFiles, Output, World};

use super::{Beside, check, world};

/// Files by name.
struct Texts(Vec<(&'static str, String)>);

impl Files for Texts {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.iter().find(|(n, _)| *n == path).map(|(_, t)| t.clone()).ok_or_else(|| format!("open {path}: no such file or directory"))
    }
}

struct Bench {
    world: Docker,
    journal: Journal,
    now: SimTime,
    files: Texts,
}

fn image(name: &str) -> ImageSpec {
    ImageSpec {
        reference: ImageRef::new(name),
        size: 50_000_000,
        layers: Vec::new(),
        app: Arc::new(AppSpec { log: vec!["ready".into()], ..AppSpec::default() }),
        described: true,
        missing: false,
        preloaded: true,
        private: false,
        user: None,
    }
}

impl Bench {
    fn new(files: &[(&'static str, &str)]) -> Self {
        let setup = DockerSetup { hosts: vec![HostSetup::new("host-1")], ..DockerSetup::default() };
        let world = world(setup, vec![image("web:1"), image("web:2"), image("db:1")], 3, &NoFiles).unwrap();
        let files = Texts(files.iter().map(|(n, t)| (*n, (*t).to_string())).collect());
        Self { world, journal: Journal::default(), now: SimTime::ZERO, files }
    }
    fn run(&mut self, line: &str) -> Output {
        let argv = crate::worlds::words(line).unwrap();
        let begin = self.now;
        let mut cx = Cx { now: self.now, world: "docker", journal: &mut self.journal, cause: None };
        let mut all = self.world.console(&argv, &self.files, &mut cx);
        while all.running {
            let at = self.world.next_at().unwrap_or_else(|| panic!("{line} never ends: {all:?}"));
            assert!(at - begin < SimDuration::from_secs(300), "{line} takes too long: {all:?}");
            self.now = at;
            let mut cx = Cx { now: at, world: "docker", journal: &mut self.journal, cause: None };
            self.world.step(&mut cx);
            let more = self.world.console_poll(&mut cx);
            all.stdout += &more.stdout;
            all.stderr += &more.stderr;
            (all.exit, all.running) = (more.exit, more.running);
        }
        all
    }
    fn pass(&mut self, seconds: u64) {
        let until = self.now + SimDuration::from_secs(seconds);
        while let Some(at) = self.world.next_at().filter(|at| *at <= until) {
            self.now = at;
            let mut cx = Cx { now: at, world: "docker", journal: &mut self.journal, cause: None };
            self.world.step(&mut cx);
        }
        self.now = until;
    }
}

const TWO: &str = "
name: shop
services:
  web: {image: 'web:1', ports: ['8080:80'], depends_on: [db], restart: unless-stopped}
  db: {image: 'db:1', volumes: ['data:/var/lib']}
volumes: {data: }
";

#[test]
fn up_ps_and_down() {
    let mut b = Bench::new(&[("compose.yaml", TWO)]);
    let up = b.run("docker compose up -d");
    assert_eq!(up.exit, 0, "{}", up.stderr);
    let expected = " Network shop_default Creating \n Network shop_default Created \n Volume shop_data Creating \n Volume shop_data Created \n \
                    Container shop-db-1 Creating \n Container shop-db-1 Created \n Container shop-web-1 Creating \n Container shop-web-1 Created \n \
                    Container shop-db-1 Starting \n Container shop-db-1 Started \n Container shop-web-1 Starting \n Container shop-web-1 Started \n";
    assert_eq!(up.stderr, expected);
    let ps = b.run("docker compose ps");
    assert!(ps.stdout.starts_with("NAME         IMAGE     COMMAND   SERVICE   CREATED"), "{}", ps.stdout);
    assert!(ps.stdout.contains("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"));
    assert_eq!(b.world.copies().declared, 2);
    b.pass(5);
    assert_eq!(b.world.copies().serving, 2);
    assert_eq!(b.run("docker compose logs db").stdout, "db-1  | ready\n");
    let again = b.run("docker compose up -d");
    assert_eq!(again.stderr, " Container shop-db-1 Running \n Container shop-web-1 Running \n", "nothing changed");
    let down = b.run("docker compose down");
    assert!(down.stderr.ends_with(" Network shop_default Removing \n Network shop_default Removed \n"), "{}", down.stderr);
    assert_eq!(b.run("docker ps -aq").stdout, "");
    assert_eq!(b.run("docker volume ls -q").stdout, "shop_data\n", "named volumes stay");
    assert!(b.run("docker compose down").stderr.contains("No resource found to remove for project \"shop\""));
    assert_eq!(b.world.copies().declared, 0);
}

#[test]
fn a_changed_image_recreates_with_a_gap() {
    let mut b = Bench::new(&[("compose.yaml", TWO)]);
    b.run("docker compose up -d");
    let before = b.run("docker inspect -f {{.Id}} shop-web-1").stdout;
    let db = b.run("docker inspect -f {{.Id}} shop-db-1").stdout;
    b.files.0[0].1 = TWO.replace("web:1", "web:2");
    let up = b.run("docker compose up -d");
    assert!(up.stderr.contains(" Container shop-web-1 Recreate \n Container shop-web-1 Recreated \n"), "{}", up.stderr);
    assert_ne!(b.run("docker inspect -f {{.Id}} shop-web-1").stdout, before);
    assert_eq!(b.run("docker inspect -f {{.Id}} shop-db-1").stdout, db, "what did not change stays");
    assert_eq!(b.run("docker ps --format {{.Image}} --filter name=web").stdout, "web:2\n");
    assert_eq!(b.run("docker ps -aq").stdout.lines().count(), 2);
}

#[test]
fn conditions_gate_the_start() {
    let file = "
name: a
services:
  web: {image: 'web:1', depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}}
  db: {image: 'db:1', command: [sh, -c, 'sleep 4; touch /ok; sleep 1000'], healthcheck: {test: [CMD, test, -f, /ok], interval: 2s, retries: 5}}
  migrate: {image: 'db:1', command: [sh, -c, 'sleep 2; exit 0']}
";
    let mut b = Bench::new(&[("compose.yaml", file)]);
    let up = b.run("docker compose up -d");
    assert_eq!(up.exit, 0, "{}", up.stderr);
    assert!(b.now > SimTime::from_secs(4), "it waited for the health check: {}", b.now);
    let place = |w: &str| up.stderr.find(w).unwrap_or_else(|| panic!("{w} in {}", up.stderr));
    assert!(place("a-db-1 Waiting") < place("a-db-1 Healthy") && place("a-migrate-1 Exited") < place("a-web-1 Starting"));

    let mut bad = Bench::new(&[("compose.yaml", &file.replace("touch /ok", "true").replace("retries: 5", "retries: 2"))]);
    let up = bad.run("docker compose up -d");
    assert_eq!((up.exit, up.stderr.lines().last()), (1, Some("dependency failed to start: container a-db-1 is unhealthy")));
    assert_eq!(bad.run("docker ps -a --format {{.Status}} --filter name=web").stdout, "Created\n");

    let mut job = Bench::new(&[("compose.yaml", &file.replace("exit 0", "exit 3"))]);
    assert!(job.run("docker compose up -d").stderr.ends_with("service \"migrate\" didn't complete successfully: exit 3\n"));
}

#[test]
fn scaling_meets_the_fixed_port() {
    let mut b = Bench::new(&[("compose.yaml", TWO)]);
    let up = b.run("docker compose up -d --scale web=3");
    assert_eq!(up.exit, 1);
    assert!(up.stderr.contains("Bind for 0.0.0.0:8080 failed: port is already allocated"), "{}", up.stderr);
    b.files.0[0].1 = TWO.replace("8080:80", "8080-8082:80");
    let up = b.run("docker compose up -d --scale web=3");
    assert_eq!(up.exit, 0, "{}", up.stderr);
    assert_eq!(b.run("docker compose ps -q web").stdout.lines().count(), 3);
    let scaled = b.run("docker compose scale web=1");
    assert!(scaled.stderr.contains("shop-web-3 Removed") && scaled.stderr.contains("shop-web-2 Removed"), "{}", scaled.stderr);
    assert_eq!(b.run("docker compose ps --services").stdout, "db\nweb\n");
    assert_eq!(b.run("docker compose ps -q web").stdout.lines().count(), 1);
}

#[test]
fn the_version_key_warns_and_errors_name_the_place() {
    let mut b = Bench::new(&[("compose.yaml", &format!("version: '3.8'{TWO}"))]);
    let up = b.run("docker compose up -d");
    assert!(up.stderr.starts_with("time=\"2026-01-05T09:00:00Z\" level=warning msg=\"compose.yaml: the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion\"\n"), "{}", up.stderr);
    for (text, want) in [
        ("services: {web: {imagee: x}}", "services.web additional properties 'imagee' not allowed"),
        (
            "services: {web: {image: x, depends_on: [dbb]}, db: {image: y}}",
            "service \"web\" depends on undefined service \"dbb\": invalid compose project",
        ),
        ("services: {web: {ports: ['80:80']}}", "service \"web\" has neither an image nor a build context specified"),
        ("services: {web: {image: x, networks: [n]}}", "refers to undefined network n"),
        ("services: {web: {image: x, volumes: ['v:/v']}}", "refers to undefined volume v"),
        ("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}", "dependency cycle detected: a -> b -> a"),
        ("services: {a: {image: x, restart: sometimes}}", "invalid restart policy 'sometimes'"),
        ("services: {a: {image: x, ports: ['x:y']}}", "invalid containerPort: y"),
        ("services: [a]", "services must be a mapping"),
        ("services: {a: {image: 'x', mem_limit: lots}}", "must be a size"),
        ("services: {a: {image: 'x${Y', mem_limit: 1m}}", "invalid interpolation format"),
        ("services: {a: {image: x, scale: -1}}", "must be an integer"),
        ("services: {web: }", "services.web must be a mapping"),
        ("services: {'a b': {image: x}}", "services additional properties 'a b' not allowed"),
        ("services: {web: {image: x, secrets: [nope]}}", "service \"web\" refers to undefined secret nope: invalid compose project"),
        ("services: {web: {image: x, configs: [{source: c}]}}", "service \"web\" refers to undefined config c: invalid compose project"),
        ("services: {web: {image: x, env_file: [.env.gone]}}", "env file .env.gone not found: stat .env.gone: no such file or directory"),
        ("services: {web: {image: x, command: ['${REQ:?must be set}']}}", "required variable REQ is missing a value: must be set"),
        ("services: {web: {image: 'nginx:$TAG'}}", "invalid reference format"),
    ] {
        b.files.0[0].1 = text.to_string();
        let up = b.run("docker compose up -d");
        assert!(up.exit == 1 && up.stderr.contains(want), "{text}: {}", up.stderr);
        let found = check("compose.yaml", text, Beside { folder: "", files: &b.files });
        let first = found.iter().find(|d| d.severity == Severity::Error).unwrap_or_else(|| panic!("{text}"));
        assert!(first.span.is_some(), "{text}");
    }
    assert!(b.run("docker compose -f none.yaml ps").stderr.contains("open none.yaml: no such file or directory"));
    let mut empty = Bench::new(&[]);
    assert_eq!(empty.run("docker compose up").stderr, "no configuration file provided: not found\n");
}

#[test]
fn check_tells_what_has_no_effect() {
    let found = check(
        "c.yaml",
        "version: '3'\nservices:\n  web:\n    image: ${IMAGE:?needed}\n    logging: {driver: none}\n    user: '${WHO}'\n    deploy: {replicas: 2, placement: {}}\n",
        Beside { folder: "in", files: &Texts(vec![("in/.env", "IMAGE=web:1".into())]) },
    );
    let lines: Vec<String> =
        found.iter().map(|d| format!("{} {} {}", d.severity.word(), d.span.as_ref().map_or(0, |s| s.line), d.message)).collect();
    assert_eq!(
        lines,
        [
            "warning 1 the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion",
            "note 5 `logging` is accepted but not simulated",
            "warning 6 The \"WHO\" variable is not set. Defaulting to a blank string.",
            "warning 7 only `docker stack deploy` (Swarm) uses it; Compose ignores it",
        ]
    );
}

#[test]
fn overrides_profiles_variables_and_env_files() {
    let mut b = Bench::new(&[
        (
            "compose.yaml",
            "name: p\nservices: {web: {image: 'web:${TAG}', env_file: app.env, environment: {A: '1'}}, debug: {image: 'web:1', profiles: [dev]}}",
        ),
        ("compose.override.yaml", "services: {web: {restart: always}}"),
        (".env", "TAG=2"),
        ("app.env", "A=0\nB=2"),
    ]);
    assert_eq!(b.run("docker compose up -d").exit, 0);
    let line = "docker inspect -f '{{.Config.Image}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Env}}' p-web-1";
    assert_eq!(b.run(line).stdout, "web:2 always [A=1 B=2 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin]\n");
    assert_eq!(b.run("docker compose ps --services").stdout, "web\n");
    assert_eq!(b.run("docker compose --profile dev up -d").exit, 0);
    assert_eq!(b.run("docker compose --profile dev ps --services").stdout, "debug\nweb\n");
}

#[test]
fn a_world_comes_up_from_its_files() {
    let compose = vec![ComposeSetup {
        host: None,
        source: "shop/compose.yaml".into(),
        text: TWO.replace("name: shop\n", "").replace("image: 'web:1'", "image: 'web:${TAG}', env_file: web.env").into(),
        folder: "shop".into(),
        beside: Default::default(),
        flags: Vec::new(),
    }];
    let files = Texts(vec![("shop/.env", "TAG=1".into()), ("shop/web.env", "LEVEL=low".into())]);
    let setup = DockerSetup { hosts: vec![HostSetup::new("host-1"), HostSetup::new("host-2")], compose, ..DockerSetup::default() };
    let mut world = world(setup.clone(), vec![image("web:1"), image("db:1")], 1, &files).unwrap();
    let mut journal = Journal::default();
    world.deploy(&mut Cx { now: SimTime::ZERO, world: "docker", journal: &mut journal, cause: None });
    while let Some(at) = world.next_at().filter(|at| *at < SimTime::from_secs(20)) {
        world.step(&mut Cx { now: at, world: "docker", journal: &mut journal, cause: None });
    }
    assert!(world.settled());
    assert_eq!((world.copies().declared, world.copies().serving), (4, 4));
    let env: Vec<_> = world.containers_on("host-2").flat_map(|c| c.config.env.clone()).filter(|(k, _)| &**k == "LEVEL").collect();
    assert_eq!(env.len(), 1, "what lies beside the file is read when the hosts start, too");
    let broken = DockerSetup { compose: vec![ComposeSetup { text: "services: {a: {}}".into(), ..setup.compose[0].clone() }], ..setup };
    assert!(matches!(super::world(broken, Vec::new(), 1, &files), Err(DockerError::Compose(_))));
}
