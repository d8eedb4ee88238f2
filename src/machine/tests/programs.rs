use super::*;

/// A script, when to send SIGTERM, and the recorded exit code with the time span (ms after the process began) it must fall into.
#[test]
fn scripts_end_as_recorded() {
    for (script, term, code, from, to) in [
        ("sleep 1; exit 1", None, 1, 1000, 1100),
        ("exit 1", None, 1, 20, 150),
        ("sleep 2; exit 7", None, 7, 2000, 2100),
        ("sleep 4; exit 2", None, 2, 4000, 4100),
        ("sleep 8", None, 0, 8000, 8100),
        ("exit 42", None, 42, 0, 150),
        // Process 1 is shielded from signals it does not handle.
        ("kill -15 $$; sleep 5", None, 0, 5000, 5100),
        ("trap 'exit 0' TERM; while true; do sleep 1; done", Some(14_500), 0, 14_500, 15_100),
        // The handler runs when the sleep of the moment is over.
        ("trap 'sleep 3; exit 0' TERM; while true; do sleep 1; done", Some(14_500), 0, 17_500, 18_100),
        ("trap 'echo bye; exit 3' TERM INT; sleep infinity & wait", Some(5_000), 3, 5_000, 5_010),
        ("trap 'kill $P; exit 4' TERM; sleep 100 & P=$!; wait $P", Some(5_000), 4, 5_000, 5_010),
        ("(sleep 1; kill -TERM 1) & trap 'exit 9' TERM; while true; do sleep 1; done", None, 9, 1000, 2100),
        ("sleep 3 & sleep 1; wait; exit 5", None, 5, 3000, 3100),
        ("false || exit 6", None, 6, 0, 150),
        ("true && false; echo $?; exit $?", None, 0, 0, 150),
        ("set -e; false; sleep 100", None, 1, 0, 150),
        ("nosuchcommand", None, 127, 0, 150),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); sleep 1; done; exit $i", None, 3, 3000, 3100),
        ("for i in 1 2; do sleep $i; done; exit 8", None, 8, 3000, 3100),
        ("until test -f /tmp/x; do sleep 1; touch /tmp/x; done; exit 2", None, 2, 1000, 1100),
        ("if [ -d /tmp ] && ! test -e /nope; then exit 11; else exit 12; fi", None, 11, 0, 150),
        ("f() { return 3; }; f; exit $?", None, 3, 0, 150),
        ("f() { g $1 7; return $1; }; g() { test $2 = 7; }; f 5; exit $?", None, 5, 0, 150),
        ("case abc in x*) exit 1;; a*) exit 13;; esac", None, 13, 0, 150),
        ("sh -c 'exit 3'; exit $(( $? + 1 ))", None, 4, 0, 150),
        ("exec sleep 2", None, 0, 2000, 2100),
        ("timeout 2 sleep 100", None, 143, 2000, 2100),
        ("trap 'exit 7' EXIT; exit 1", None, 7, 0, 150),
        ("echo 'unterminated", None, 2, 0, 150),
        ("(exit 3); exit $?", None, 3, 0, 150),
        ("x=$(echo hello); test \"$x\" = hello && exit 21", None, 21, 0, 150),
        ("bash -c 'sleep 1' ; exit 0", None, 0, 1000, 1100),
    ] {
        let mut lab = Lab::new(vec![]);
        let id = lab.sh(script);
        if let Some(t) = term {
            lab.run(ms(200 + t));
            assert_eq!(lab.exit(id), None, "{script}");
            lab.m.signal(id, Signal::Term, ms(200 + t), None);
        }
        lab.run(s(60));
        let (c, t) = lab.exit(id).unwrap_or_else(|| panic!("{script}: never ends, log {:?}", lab.log(id)));
        assert_eq!(c, code, "{script} {:?}", lab.log(id));
        assert!((from..=to).contains(&(t - 200)), "{script}: {}", t - 200);
    }
}

#[test]
fn signals_that_do_nothing_until_kill() {
    for (script, init) in [
        ("trap '' TERM; while true; do sleep 1; done", false),
        ("trap '' TERM; while true; do sleep 1; done", true),
        ("sleep 3600", false),
        ("while true; do sleep 1; done", false),
        ("exec httpd -f -p 8080 -h /tmp", false),
        ("tail -f /dev/null", false),
        ("trap 'exit 0' TERM; exec sleep 3600", false),
        ("while :; do :; done", false),
    ] {
        let mut lab = Lab::new(vec![]);
        let mut c = spec("local/bb:1", &["/bin/sh", "-c", script]);
        c.init = init;
        let id = lab.start(c);
        lab.run(s(10));
        lab.m.signal(id, Signal::Term, s(10), None);
        lab.run(s(20));
        assert_eq!(lab.exit(id), None, "{script}");
        lab.m.signal(id, Signal::Kill, s(20), None);
        lab.run(s(21));
        assert_eq!(lab.exit(id), Some((137, 20_048)), "{script}");
    }
    // With an init, the default action of SIGTERM holds: recorded exit code 143 after 44 ms.
    let mut lab = Lab::new(vec![]);
    let mut c = spec("local/bb:1", &["/bin/sleep", "3600"]);
    c.init = true;
    let id = lab.start(c);
    lab.m.signal(id, Signal::Term, s(1), None);
    lab.run(s(2));
    assert_eq!(lab.exit(id), Some((143, 1048)));
}

#[test]
fn an_endless_loop_of_sleeps_costs_nothing() {
    let mut lab = Lab::new(vec![]);
    lab.sh("trap 'exit 0' TERM; while true; do sleep 1; done");
    lab.sh("while :; do :; done");
    let before = lab.events;
    lab.run(s(36_000));
    assert!(lab.events - before < 20, "{}", lab.events);
    assert_eq!(lab.m.cpu_used_milli("h", s(36_000)), 1002);
}

#[test]
fn the_recorded_probe_cases() {
    let mut lab = Lab::new(vec![]);
    let web = lab.sh("mkdir -p /w; echo ok > /w/health; (sleep 20; rm /w/health) & exec httpd -f -p 8080 -h /w");
    let toggle = lab.sh("(sleep 10; touch /tmp/r; sleep 20; rm /tmp/r; sleep 15; touch /tmp/r) & sleep 3600");
    let ready = |lab: &mut Lab, t| {
        lab.m.probe(toggle, &ProbeAction::Exec { argv: ["/bin/sh", "-c", "test -f /tmp/r"].map(Arc::from).to_vec() }, t, &NoRoads).outcome
    };
    assert_eq!(lab.http(web, "/health", 8080, ms(210)), ProbeOutcome::ConnectionRefused);
    lab.run(s(5));
    assert_eq!(lab.http(web, "/health", 8080, s(5)), ProbeOutcome::Ok);
    assert_eq!(lab.http(web, "/health", 80, s(5)), ProbeOutcome::ConnectionRefused);
    assert_eq!(lab.http(web, "/nothing", 8080, s(5)), ProbeOutcome::HttpStatus(404));
    assert_eq!(lab.m.probe(web, &ProbeAction::Tcp { port: 8080 }, s(5), &NoRoads).outcome, ProbeOutcome::Ok);
    assert_eq!(ready(&mut lab, s(5)), ProbeOutcome::ExecExit { code: 1, output: "".into() });
    lab.run(s(25));
    assert_eq!(lab.http(web, "/health", 8080, s(25)), ProbeOutcome::HttpStatus(404));
    assert_eq!(ready(&mut lab, s(25)), ProbeOutcome::Ok);
    lab.run(s(35));
    assert_ne!(ready(&mut lab, s(35)), ProbeOutcome::Ok);
    lab.run(s(50));
    assert_eq!(ready(&mut lab, s(50)), ProbeOutcome::Ok);
}

#[test]
fn commands_in_a_running_container() {
    let mut lab = Lab::new(vec![]);
    let id = lab.sh("touch /tmp/healthy; trap 'exit 0' TERM; while true; do sleep 1; done");
    lab.run(s(1));
    assert_eq!(lab.exec(id, "sleep 4", s(1)).takes, d(4040));
    assert_eq!(lab.exec(id, "sleep infinity", s(1)).takes, SimDuration::MAX);
    assert_eq!(lab.exec(id, "ls /tmp; hostname; echo $((6*7))", s(1)).stdout, "healthy\nweb-1\n42\n");
    let r = lab.m.exec(id, &["cat".into(), "/nope".into()], s(1), &NoRoads);
    assert_eq!((r.code, r.stderr.as_str()), (1, "cat: can't open '/nope': No such file or directory\n"));
    assert_eq!(lab.exec(id, "nslookup web1", s(1)).code, 1);
    assert_eq!(lab.exec(id, "wget -q localhost:8080/", s(1)).code, 1);
    assert_eq!(lab.exec(id, "nope", s(1)).code, 127);
    for (command, why) in [("nope", "executable file not found in $PATH"), ("/nope", "stat /nope: no such file or directory")] {
        let r = lab.m.exec(id, &[command.into()], s(1), &NoRoads);
        let text = format!("OCI runtime exec failed: exec failed: unable to start container process: exec: {command:?}: {why}: unknown");
        assert_eq!((r.code, r.refused.as_deref()), (127, Some(&*text)));
        let asked = lab.m.probe(id, &ProbeAction::Exec { argv: vec![command.into()] }, s(1), &NoRoads);
        assert_eq!(asked.outcome, ProbeOutcome::ExecRefused(text.into()));
    }
    assert_eq!(lab.exec(id, "nope", s(1)).refused, None, "the shell was there");
    assert_eq!(lab.exec(id, "kill 1", s(1)).code, 0);
    lab.run(s(3));
    assert_eq!(lab.exit(id).map(|e| e.0), Some(0), "kill 1 reached the handler");
    assert_eq!(lab.exec(id, "true", s(3)).code, 126);
}

/// A hung program keeps its port: what asks it from inside the container waits, as what asks from outside does.
#[test]
fn a_hung_program_keeps_its_neighbours_waiting() {
    let mut lab = Lab::new(vec![]);
    let id = lab.sh("httpd -f -p 8080");
    lab.run(s(1));
    assert_eq!(lab.exec(id, "nc -z localhost 8080", s(1)).code, 0);
    assert_ne!(lab.exec(id, "wget -q localhost:8080/", s(1)).takes, SimDuration::MAX);
    lab.m.hang(id, true, s(2));
    assert_eq!(lab.exec(id, "wget -q localhost:8080/", s(3)).takes, SimDuration::MAX);
    let r = lab.exec(id, "curl -sSf -m 3 http://localhost:8080/health", s(3));
    assert_eq!((r.code, r.takes), (28, d(3040)));
    assert!(r.stderr.contains("(28) Operation timed out after 3000 milliseconds"), "{}", r.stderr);
    assert_eq!(lab.exec(id, "wget -q -T 2 localhost:8080/", s(3)).code, 1);
    assert_eq!(lab.exec(id, "curl localhost:9090", s(3)).code, 7, "where nobody listens, nobody waits");
    lab.m.hang(id, false, s(4));
    assert_ne!(lab.exec(id, "wget -q localhost:8080/", s(5)).takes, SimDuration::MAX);
}

#[test]
fn memory_eaters_are_killed() {
    for (script, argv) in [
        ("sleep 2; dd if=/dev/zero of=/dev/null bs=200M count=1", None),
        ("sleep 2; head -c 200M /dev/zero | tail", None),
        ("sleep 2; tail /dev/zero", None),
        ("sleep 2; cat /dev/zero | head -c 200m | tail", None),
        ("", Some(["stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"])),
    ] {
        let mut lab = Lab::new(vec![]);
        let mut c = match &argv {
            Some(a) => spec("polinux/stress", a),
            None => spec("local/bb:1", &["/bin/sh", "-c", script]),
        };
        c.memory_limit = Some(40 << 20);
        let id = lab.start(c);
        lab.run(s(10));
        let exit = lab.notices.iter().find_map(|(_, w)| if let What::Exited { exit, .. } = w { Some(exit.clone()) } else { None });
        let exit = exit.unwrap_or_else(|| panic!("{script} lives"));
        assert_eq!((exit.code, exit.signal, exit.oom_killed), (137, Some(9), true), "{script}");
        assert!(argv.is_some() || (2200..2500).contains(&exit.at.as_millis()), "{script} {}", exit.at.as_millis());
        assert!(matches!(&lab.m.container(id).unwrap().state, ContainerState::Exited(e) if *e == exit));
    }
    let mut lab = Lab::new(vec![]);
    let id = lab.sh("dd if=/dev/zero of=/dev/null bs=200M count=1; echo fine");
    lab.run(s(10));
    assert_eq!(lab.exit(id).map(|e| e.0), Some(0), "no limit, no kill");
    assert_eq!(lab.log(id).last().map(String::as_str), Some("fine"));
}

#[test]
fn what_cannot_start() {
    let mut lab = Lab::new(vec![image("shop:1", AppSpec::default())]);
    for (img, argv, want) in [
        ("local/bb:1", "/nope", Some(StartError::NotFound { path: "/nope".into() })),
        ("local/bb:1", "/tmp", Some(StartError::NotExecutable { path: "/tmp".into() })),
        ("local/bb:1", "nosuch", Some(StartError::NotFound { path: "nosuch".into() })),
        ("shop:1", "/app/server", None),
        ("shop:1", "/does-not-exist", Some(StartError::NotFound { path: "/does-not-exist".into() })),
    ] {
        let id = lab.m.create("h", spec(img, &[argv]), SimTime::ZERO);
        lab.m.start(id, SimTime::ZERO, None);
        lab.run(s(1));
        let got = lab.notices.iter().find_map(|(_, w)| match w {
            What::StartFailed { id: i, error } if *i == id => Some(error.clone()),
            _ => None,
        });
        assert_eq!(got, want, "{argv}");
    }
}

#[test]
fn logs_files_and_volumes_outlive_what_they_should() {
    let mut lab = Lab::new(vec![]);
    lab.m.create_volume("h", "data", SimTime::ZERO);
    let mut c = spec("local/bb:1", &["sh", "-c", "echo run >> /d/log; cat /d/log; ls /tmp; touch /tmp/mine; exit 0"]);
    c.mounts.push(Mount { source: MountSource::Volume("data".into()), path: "/d".into(), read_only: false });
    let id = lab.start(c.clone());
    lab.run(s(1));
    lab.m.start(id, s(1), None);
    lab.run(s(2));
    assert_eq!(lab.log(id), ["run", "run", "run", "mine"]);
    lab.m.remove(id, s(2));
    assert!(lab.m.container(id).is_none());
    let other = lab.m.create("h", c, s(2));
    lab.m.start(other, s(2), None);
    lab.run(s(3));
    assert_eq!(lab.log(other), ["run", "run", "run"]);
    assert_eq!(lab.m.volumes("h").map(|v| v.bytes).collect::<Vec<_>>(), [12]);
    lab.m.remove_volume("h", "data");
    assert_eq!(lab.m.volumes("h").count(), 0);
}

#[test]
fn hostile_scripts_are_bounded() {
    for script in [
        "x=aaaaaaaa; while true; do x=$x$x; done",
        "f() { f; f; }; f",
        "f() { (f) & (f) & }; f",
        "while true; do i=$((i+1)); done",
        "x=$(while true; do i=$((i+1)); done)",
        "set -- a; while true; do set -- $@ $@; done",
        "while true; do echo x >> /tmp/f; done",
        "while true; do echo hello; done",
        "yes",
        "trap 'kill -TERM $$' TERM; kill -TERM $$",
        "trap 'trap' EXIT; exec nosuch",
        "eval eval eval eval echo x",
    ] {
        let mut lab = Lab::new(vec![]);
        let id = lab.sh(script);
        lab.run(s(600));
        assert!(lab.events < 1000, "{script}: {}", lab.events);
        let other = lab.sh("sleep 1000");
        lab.run(s(601));
        let r = lab.exec(other, script, s(601));
        assert!(r.stdout.len() <= 1 << 17, "{script}");
        let _ = lab.m.logs(id).len();
    }
}

#[test]
fn a_termination_message_can_be_read() {
    let mut lab = Lab::new(vec![]);
    let id = lab.sh("echo boom > /dev/termination-log; exit 1");
    lab.run(s(1));
    assert_eq!(lab.m.read_file(id, "/dev/termination-log").as_deref(), Some("boom\n"));
}
