//! Containers in the Docker world against a recording of a real engine (`vectors/docker.json`).

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use wheelhouse::kernel::{Cx, Journal, RecordType, SimDuration, SimTime};
use wheelhouse::model::{AppSpec, Component, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec};
use wheelhouse::worlds::docker::{Docker, DockerSetup, HostSetup};
use wheelhouse::worlds::{NoFiles, Output, World, words};

/// The recording, or None with a printed note where it is absent.
fn vectors() -> Option<Value> {
    let candidates = [
        std::env::var_os("WHEELHOUSE_VECTORS").map(PathBuf::from),
        Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors")),
        Some(PathBuf::from("/work/shared/vectors")),
    ];
    let text = candidates.into_iter().flatten().find_map(|dir| std::fs::read_to_string(dir.join("docker.json")).ok());
    if text.is_none() {
        println!("skipped: no vectors/docker.json here");
    }
    text.map(|t| serde_json::from_str(&t).unwrap())
}

/// A world with its journal, driven by hand.
struct Bench {
    world: Docker,
    journal: Journal,
    now: SimTime,
}

impl Bench {
    fn new() -> Self {
        let image = ImageSpec {
            reference: ImageRef::new("local/bb:1"),
            size: 1_980_000,
            layers: Vec::new(),
            app: Arc::new(AppSpec::default()),
            described: true,
            missing: false,
            preloaded: true,
            private: false,
            user: None,
        };
        let setup = DockerSetup { hosts: vec![HostSetup::new("host-1")], ..DockerSetup::default() };
        let mut bench = Self { world: Docker::new(setup, vec![image], 7).unwrap(), journal: Journal::default(), now: SimTime::ZERO };
        bench.with(|w, cx| w.deploy(cx));
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
        self.now = self.now.max(t);
    }
    /// Types a command and waits for it; (output, seconds it took).
    fn run(&mut self, line: &str) -> (Output, f64) {
        let argv = words(line).unwrap();
        self.argv(&argv)
    }
    fn argv(&mut self, argv: &[String]) -> (Output, f64) {
        let begin = self.now;
        let mut all = self.with(|w, cx| w.console(argv, &NoFiles, cx));
        while all.running {
            let Some(at) = self.world.next_at() else { panic!("{argv:?} never ends") };
            assert!(at - begin < SimDuration::from_secs(120), "{argv:?} takes too long");
            self.now = at;
            self.with(|w, cx| w.step(cx));
            let more = self.with(|w, cx| w.console_poll(cx));
            all.stdout += &more.stdout;
            all.stderr += &more.stderr;
            (all.exit, all.running) = (more.exit, more.running);
        }
        (all, (self.now - begin).as_secs_f64())
    }
    /// (seconds, action, exit code or signal) of one object, without what the recording left out.
    fn events(&self, kind: &str, name: &str) -> Vec<(f64, String, String)> {
        let of = |r: &wheelhouse::kernel::Record| {
            let data = r.data.as_deref().map_or(Value::Null, |d| Value::clone(d));
            let number = ["exitCode", "signal"].iter().find_map(|k| data.get(*k)).map(ToString::to_string).unwrap_or_default();
            (r.at.as_secs_f64(), r.reason.to_string(), number)
        };
        let wanted =
            |r: &&Arc<wheelhouse::kernel::Record>| r.kind == RecordType::Event && &*r.object.kind == kind && &*r.object.name == name;
        self.journal.records().iter().filter(wanted).map(|r| of(r)).collect()
    }
    fn dockerd(&mut self, down: bool) {
        let fault =
            Fault { id: "daemon".into(), kind: FaultKind::ComponentDown, target: FaultTarget::Component(Component::Dockerd), lasts: None };
        self.with(|w, cx| if down { w.inject(&fault, cx).unwrap() } else { w.heal(&fault, cx) });
    }
}

/// The containers of the recording: (seconds at which they were created, `docker run -d --name NAME …`).
const CONTAINERS: &[(f64, &str, &str)] = &[
    (1.04, "always-exit-1", "--restart=always local/bb:1 /bin/sh -c 'exit 1'"),
    (1.43, "onfail-3", "--restart=on-failure:3 local/bb:1 /bin/sh -c 'exit 5'"),
    (2.23, "onfail-exit-0", "--restart=on-failure local/bb:1 /bin/sh -c 'exit 0'"),
    (3.0, "always-exit-0", "--restart=always local/bb:1 /bin/sh -c 'sleep 1; exit 0'"),
    (3.7, "always-run-11s", "--restart=always local/bb:1 /bin/sh -c 'sleep 11; exit 1'"),
    (4.42, "no-policy", "local/bb:1 /bin/sh -c 'sleep 2; exit 7'"),
    (
        5.03,
        "health-fails",
        "--restart=always --health-cmd 'exit 1' --health-interval 2s --health-retries 3 local/bb:1 /bin/sh -c 'sleep 3600'",
    ),
    (
        5.5,
        "health-start-period",
        "--health-cmd 'test -f /tmp/ok' --health-interval 2s --health-retries 2 --health-start-period 10s local/bb:1 /bin/sh -c 'sleep 8; touch /tmp/ok; sleep 20; rm /tmp/ok; sleep 3600'",
    ),
    (5.95, "oom-40m", "-m 40m local/bb:1 /bin/sh -c 'sleep 1; exec dd if=/dev/zero of=/dev/null bs=200M'"),
    (6.3, "oom-always", "-m 40m --restart=always local/bb:1 /bin/sh -c 'sleep 1; exec dd if=/dev/zero of=/dev/null bs=200M'"),
    (6.64, "ignores-term", "local/bb:1 /bin/sh -c 'trap \"\" TERM; while true; do sleep 1; done'"),
    (7.1, "ignores-term-t3", "local/bb:1 /bin/sh -c 'trap \"\" TERM; while true; do sleep 1; done'"),
    (7.63, "handles-term", "local/bb:1 /bin/sh -c 'trap \"exit 0\" TERM; while true; do sleep 1; done'"),
    (8.23, "pid1-no-handler", "local/bb:1 /bin/sleep 3600"),
    (8.79, "init-reaper", "--init local/bb:1 /bin/sleep 3600"),
    (9.17, "killed-always", "--restart=always local/bb:1 /bin/sleep 3600"),
    (9.61, "stopped-always", "--restart=always local/bb:1 /bin/sleep 3600"),
    (10.1, "stopped-unless", "--restart=unless-stopped local/bb:1 /bin/sleep 3600"),
    (10.54, "running-unless", "--restart=unless-stopped local/bb:1 /bin/sleep 3600"),
    (11.21, "running-no", "local/bb:1 /bin/sleep 3600"),
    (11.95, "running-onfail", "--restart=on-failure local/bb:1 /bin/sleep 3600"),
    (12.62, "crasher-under-always", "--restart=always local/bb:1 /bin/sh -c 'sleep 4'"),
];

/// Those that do not crash in circles: their status can be compared to the second.
const LOOPS: [&str; 6] = ["always-exit-1", "always-exit-0", "always-run-11s", "oom-always", "crasher-under-always", "onfail-3"];

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

/// A world with all containers of the recording running at 12.9 s.
fn populated() -> Bench {
    let mut bench = Bench::new();
    for (t, name, rest) in CONTAINERS {
        bench.until(at(*t));
        let (output, _) = bench.run(&format!("docker run -d --name {name} {rest}"));
        assert_eq!(output.exit, 0, "{name}: {}", output.stderr);
    }
    bench
}

/// `Up 7 seconds (healthy)` as (`Up N (healthy)`, seconds).
fn split_status(text: &str) -> (String, i64) {
    let text = text.replace("Less than a second", "0 seconds").replace("1 second ", "1 seconds ").replace("About a minute", "60 seconds");
    let text = if text.ends_with("1 second") { text.replace("1 second", "1 seconds") } else { text };
    let words: Vec<&str> = text.split(' ').collect();
    let n = words.iter().position(|w| *w == "seconds").and_then(|i| words[i - 1].parse().ok());
    (text.replace(&format!("{} seconds", n.unwrap_or(-1)), "N"), n.unwrap_or(0))
}

#[test]
fn status_words_over_time() {
    let Some(v) = vectors() else { return };
    let mut bench = populated();
    let mut wrong = Vec::new();
    for sample in v["status_words"].as_array().unwrap() {
        let t = sample["t"].as_f64().unwrap();
        bench.until(at(t));
        let (out, _) = bench.run("docker ps -a --format '{{.Names}}|{{.Status}}|{{.State}}'");
        for line in out.stdout.lines() {
            let cells: Vec<&str> = line.split('|').collect();
            let expected = &sample["ps"][cells[0]];
            if LOOPS[..5].contains(&cells[0]) {
                continue;
            }
            let (want, got) = (split_status(expected[0].as_str().unwrap()), split_status(cells[1]));
            let state = expected[1].as_str().unwrap();
            // Three restarts on a busy machine took longer than the engine's delays alone.
            let slack = if cells[0] == "onfail-3" { 3 } else { 1 };
            if want.0 != got.0 || (want.1 - got.1).abs() > slack || state != cells[2] {
                wrong.push(format!("{t}: {}: recorded {expected}, here {} {}", cells[0], cells[1], cells[2]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The command session of the recording, from 48.4 s on.
fn session(bench: &mut Bench, v: &Value, wrong: &mut Vec<String>) {
    bench.until(at(48.45));
    let mut ids: Vec<(String, String)> = Vec::new();
    for c in v["commands"].as_array().unwrap() {
        let (label, line) = (c["label"].as_str().unwrap(), c["command"].as_str().unwrap());
        match label {
            "network create" => {
                let (out, _) = bench.run(line);
                ids.push((c["stdout"].as_str().unwrap().trim().to_string(), out.stdout.trim().to_string()));
                for i in 0..3 {
                    let (out, _) =
                        bench.run(&format!("docker run -d --name svc{i} --network net1 --network-alias svc local/bb:1 /bin/sleep 3600"));
                    assert_eq!(out.exit, 0, "{}", out.stderr);
                }
                continue;
            }
            "ps default" => continue,
            _ => {}
        }
        // Only what the recording's own tool did not quote needs quoting again.
        let argv: Vec<String> =
            match line.split_once(" --format ").or_else(|| line.split_once(" /bin/sh -c ")).or_else(|| line.split_once(" -f {{")) {
                Some((head, tail)) if line.contains(" /bin/sh -c ") => {
                    head.split(' ').map(String::from).chain(["/bin/sh".into(), "-c".into(), tail.into()]).collect()
                }
                Some((head, tail)) if line.contains(" --format ") => {
                    head.split(' ').map(String::from).chain(["--format".into(), tail.into()]).collect()
                }
                Some((head, tail)) => {
                    let (template, names) = tail.rsplit_once("}} ").unwrap();
                    let template = format!("{{{{{template}}}}}");
                    head.split(' ').map(String::from).chain(["-f".into(), template]).chain(names.split(' ').map(String::from)).collect()
                }
                None => line.split(' ').map(String::from).collect(),
            };
        let (out, took) = bench.argv(&argv);
        let (want_out, want_err) = (c["stdout"].as_str().unwrap(), c["stderr"].as_str().unwrap());
        let clean = |s: &str| normal(s);
        if clean(&out.stdout) != clean(want_out)
            || clean(&out.stderr) != clean(want_err)
            || i64::from(out.exit) != c["exit"].as_i64().unwrap()
        {
            wrong.push(format!(
                "{label}: {line}\n  recorded {} {:?} {:?}\n  here     {} {:?} {:?}",
                c["exit"],
                clean(want_out),
                clean(want_err),
                out.exit,
                clean(&out.stdout),
                clean(&out.stderr)
            ));
        }
        let seconds = c["seconds"].as_f64().unwrap();
        if (took - seconds).abs() > 1.0 {
            wrong.push(format!("{label}: {line} took {took} s, recorded {seconds}"));
        }
    }
}

/// Ids, addresses and the order of answers are each run's own.
fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let hex = word.bytes().all(|b| b.is_ascii_hexdigit());
        if hex && (word.len() == 64 || word.len() == 12) {
            out.push_str(if word.len() == 64 { "<id>" } else { "<short>" });
        } else {
            out.push_str(word);
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(c);
        }
    }
    flush(&mut word, &mut out);
    let out = out.replace("172.18.0.", "172.17.0.");
    if out.contains("Non-authoritative answer") {
        // The A and the AAAA answer come in either order, the addresses in any.
        let mut lines: Vec<&str> = out.lines().collect();
        lines.sort_unstable();
        return lines.join("\n");
    }
    // Durations of a running session differ by a second here and there.
    let mut words: Vec<String> = out.split(' ').map(String::from).collect();
    for i in 1..words.len() {
        let unit = words[i].trim_end_matches(|c: char| !c.is_alphabetic()).to_string();
        if unit.starts_with("second") && (words[i - 1].parse::<u32>().is_ok() || words[i - 1] == "a") {
            words[i - 1] = "N".into();
            words[i] = words[i].replacen("seconds", "second", 1);
        }
    }
    let mut out = words.join(" ");
    for lead in ["Up Less than N second", "Up N second"] {
        out = out.replace(lead, "Up <time>");
    }
    // Column widths follow the texts.
    while out.contains("    ") {
        out = out.replace("    ", "   ");
    }
    out
}

#[test]
fn a_session_prints_what_the_real_one_printed() {
    let Some(v) = vectors() else { return };
    let mut bench = populated();
    let mut wrong = Vec::new();
    session(&mut bench, &v, &mut wrong);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), v["commands"].as_array().unwrap().len(), wrong.join("\n"));
}

#[test]
fn events_and_states_through_a_daemon_restart() {
    let Some(v) = vectors() else { return };
    let mut bench = populated();
    let mut wrong = Vec::new();
    session(&mut bench, &v, &mut Vec::new());
    bench.until(at(85.0));
    compare_states(&mut bench, &v["states"]["before daemon restart"], 0, &mut wrong);
    bench.until(at(330.0));
    compare_states(&mut bench, &v["states"]["after 330 s"], 1, &mut wrong);
    bench.until(at(330.1));
    bench.dockerd(true);
    bench.dockerd(false);
    bench.until(at(341.4));
    for (name, list) in v["events"].as_object().unwrap() {
        compare_events(&bench, name, list.as_array().unwrap(), &mut wrong);
    }
    bench.until(at(351.5));
    compare_states(&mut bench, &v["states"]["8 s after an orderly daemon restart"], 1, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compare_states(bench: &mut Bench, states: &Value, slack: i64, wrong: &mut Vec<String>) {
    let now = bench.now;
    for (name, want) in states.as_object().unwrap() {
        let line = "{{.State.Status}}|{{.State.ExitCode}}|{{.RestartCount}}|{{.HostConfig.RestartPolicy.Name}}|{{.State.OOMKilled}}|{{if .State.Health}}{{.State.Health.Status}} {{.State.Health.FailingStreak}}{{end}}";
        let (out, _) = bench.argv(&["docker", "inspect", "-f", line, name].map(String::from));
        let got: Vec<&str> = out.stdout.trim_end().split('|').collect();
        let text = |i: usize| want[i].as_str().unwrap();
        let number = |s: &str| s.parse::<i64>().unwrap_or(0);
        // Crash loops are somewhere in their circle; everything else must be exactly where it was.
        let looping = LOOPS[..5].contains(&name.as_str());
        let mut same = looping || (got[0] == text(0) && got[1] == text(1) && got[4] == text(4));
        same &= (number(got[2]) - number(text(2))).abs() <= if looping { slack } else { 0 };
        same &= got[3] == text(3);
        let (h, w) = (got[5].split(' ').collect::<Vec<_>>(), text(5).split(' ').collect::<Vec<_>>());
        // A real probe takes 40 to 90 ms, so that long streaks drift apart.
        let drift = (number(w.get(1).copied().unwrap_or("0")) / 12).max(1);
        same &= h[0] == w[0] && (number(h.get(1).copied().unwrap_or("0")) - number(w.get(1).copied().unwrap_or("0"))).abs() <= drift;
        if !same {
            wrong.push(format!("{now}: {name}: recorded {want}, here {got:?}"));
        }
    }
}

/// Same actions in the same order; each within a second of the recording, measured from the event before it (the recording machine's
/// delays add up over a crash loop).
fn compare_events(bench: &Bench, name: &str, list: &[Value], wrong: &mut Vec<String>) {
    let kind = list[0]["type"].as_str().unwrap();
    let mut got = bench.events(kind, name);
    if kind == "network" {
        // Which disconnects of the shutdown made it into the recording is chance.
        got.truncate(list.len());
    }
    let word = |e: &Value| {
        let number = e.get("exitCode").or(e.get("signal")).and_then(Value::as_str).unwrap_or("").to_string();
        (e["t"].as_f64().unwrap(), e["action"].as_str().unwrap().to_string(), number)
    };
    let want: Vec<_> = list.iter().map(word).collect();
    let show = |l: &[(f64, String, String)]| l.iter().map(|(t, a, n)| format!("{t:.1} {a} {n}")).collect::<Vec<_>>().join(", ");
    // The recording ends before the daemon was back.
    got.retain(|(t, ..)| *t < 341.5);
    let names = |l: &[(f64, String, String)]| l.iter().map(|(_, a, n)| format!("{a} {n}")).collect::<Vec<_>>();
    if names(&got) != names(&want) {
        wrong.push(format!("{name}: recorded {}\n      here {}", show(&want), show(&got)));
        return;
    }
    let (mut last_want, mut last_got) = (want[0].0, got[0].0);
    for (w, g) in want.iter().zip(&got) {
        // When a person stopped it depends on how fast the commands before went.
        let by_hand = w.1 == "kill" && w.2 == "15";
        if !by_hand && ((w.0 - last_want) - (g.0 - last_got)).abs() > 1.0 && (w.0 - g.0).abs() > 1.0 {
            wrong.push(format!("{name}: {} after {:.2} s, recorded {:.2} s", w.1, g.0 - last_got, w.0 - last_want));
        }
        (last_want, last_got) = (w.0, g.0);
    }
}
