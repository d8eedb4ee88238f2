//! Connections from inside a container: names, the way, and who takes them at its end.

use super::*;

/// `db` is 10.0.0.2 in the sandbox `db`; 10.0.0.9 is nowhere, 10.0.0.8 swallows everything.
struct Town;

impl Roads for Town {
    fn server(&self, _: &Caller) -> Arc<str> {
        "10.0.0.53".into()
    }
    fn resolver(&self, _: &Caller) -> String {
        "nameserver 10.0.0.53\n".into()
    }
    fn address(&self, _: &Caller) -> Option<Arc<str>> {
        Some("10.0.0.3".into())
    }
    fn lookup(&self, _: &Caller, name: &str) -> Option<Answer> {
        (name == "db").then(|| Answer { name: "db.town".into(), addresses: vec!["10.0.0.2".into()], authoritative: true })
    }
    fn way(&self, _: &Caller, ip: &str, port: u16) -> Way {
        let place = |sandbox: &str| Way::To(vec![Place { host: "h".into(), sandbox: sandbox.into(), port }]);
        match ip {
            "10.0.0.2" => place("db"),
            "10.0.0.3" => place("me"),
            "10.0.0.9" => Way::NoRoute,
            _ => Way::Lost,
        }
    }
    fn echo(&self, from: &Caller, ip: &str) -> Way {
        self.way(from, ip, 0)
    }
}

fn run(lab: &mut Lab, to: SimTime) {
    while let Some(at) = lab.m.next_at().filter(|t| *t <= to) {
        let n = lab.m.step(at, &Town);
        lab.notices.extend(n.into_iter().map(|n| (at, n.what)));
    }
}

fn place(name: &str, image: &str, argv: &[&str]) -> ContainerSpec {
    ContainerSpec { sandbox: name.into(), ..spec(image, argv) }
}

fn town() -> (Lab, ContainerId, ContainerId) {
    let app = AppSpec { port: Some(5432), startup: SimDuration::from_secs(30), ..AppSpec::default() };
    let mut lab = Lab::new(vec![image("db:1", app)]);
    let db = lab.m.create("h", place("db", "db:1", &[]), SimTime::ZERO);
    let script = "until nc -z db 5432; do sleep 1; done; echo connected; sleep 9999";
    let me = lab.m.create("h", place("me", "local/bb:1", &["sh", "-c", script]), SimTime::ZERO);
    lab.m.start(db, SimTime::ZERO, None);
    lab.m.start(me, SimTime::ZERO, None);
    (lab, db, me)
}

#[test]
fn a_client_waits_until_somebody_listens() {
    let (mut lab, _, me) = town();
    run(&mut lab, s(29));
    assert!(lab.log(me).is_empty(), "the database starts up for 30 s");
    run(&mut lab, s(33));
    assert_eq!(lab.log(me), ["connected"]);
}

#[test]
fn failures_are_worded_as_the_tools_word_them() {
    let (mut lab, db, me) = town();
    let exec = |lab: &mut Lab, line: &str, now| lab.m.exec(me, &["sh".into(), "-c".into(), line.into()], now, &Town);
    run(&mut lab, s(10));
    let fails = [
        ("wget -qO- http://db:5432/", 1, "wget: can't connect to remote host (10.0.0.2): Connection refused\n", 1),
        ("wget -qO- http://nope:80/", 1, "wget: bad address 'nope:80'\n", 0),
        ("wget -qO- http://10.0.0.8/", 1, "wget: can't connect to remote host (10.0.0.8): Connection timed out\n", 127_000),
        ("wget -T 2 -qO- http://10.0.0.8/", 1, "wget: download timed out\n", 2_000),
        ("curl http://10.0.0.9", 7, "curl: (7) Failed to connect to 10.0.0.9 port 80: No route to host\n", 3_000),
        ("curl -m 3 http://10.0.0.8", 28, "curl: (28) Connection timed out after 3000 milliseconds\n", 3_000),
        ("curl -s http://db:1", 7, "", 1),
        ("curl http://nope", 6, "curl: (6) Could not resolve host: nope\n", 1),
        ("nc -z -w 2 10.0.0.8 80", 1, "", 2_000),
        ("nc -z -w 2 nope 80", 1, "nc: bad address 'nope'\n", 0),
    ];
    for (line, code, err, ms) in fails {
        let r = exec(&mut lab, line, s(10));
        assert_eq!((r.code, r.stderr.as_str(), r.takes), (code, err, d(ms + 40)), "{line}");
    }
    run(&mut lab, s(40));
    assert_eq!(exec(&mut lab, "wget -qO- http://db:5432/ && nc -z -w 2 db 5432", s(40)).stdout, "ok\n");
    assert_eq!(exec(&mut lab, "wget -qO- http://db:81/", s(40)).code, 1, "another port of the same place");
    lab.m.hang(db, true, s(41));
    assert_eq!(exec(&mut lab, "nc -z db 5432", s(41)).code, 0, "the kernel takes the connection of a hung program");
    assert_eq!(exec(&mut lab, "wget -T 5 -qO- http://db:5432/", s(41)).takes, d(5040));
}

#[test]
fn names_are_printed_as_the_server_has_them() {
    let (mut lab, _, me) = town();
    let exec = |lab: &mut Lab, line: &str| lab.m.exec(me, &["sh".into(), "-c".into(), line.into()], s(10), &Town);
    run(&mut lab, s(10));
    let found = "Server:\t\t10.0.0.53\nAddress:\t10.0.0.53:53\n\nName:\tdb.town\nAddress: 10.0.0.2\n\n\n";
    assert_eq!(exec(&mut lab, "nslookup db").stdout, found);
    assert_eq!(exec(&mut lab, "getent hosts db").stdout, "10.0.0.2        db.town db\n");
    assert_eq!(exec(&mut lab, "hostname -i; cat /etc/resolv.conf").stdout, "10.0.0.3\nnameserver 10.0.0.53\n");
    let ping = exec(&mut lab, "ping -c 1 db").stdout;
    assert!(ping.starts_with("PING db (10.0.0.2): 56 data bytes\n64 bytes from 10.0.0.2: seq=0 ttl=64"), "{ping}");
    assert!(ping.contains("1 packets transmitted, 1 packets received, 0% packet loss"), "{ping}");
    assert_eq!(exec(&mut lab, "ping -c1 -W 2 10.0.0.8").code, 1);
    lab.m.network.dns_down = true;
    let lost = exec(&mut lab, "nslookup db");
    assert_eq!((lost.code, lost.stdout.as_str(), lost.takes), (1, ";; connection timed out; no servers could be reached\n\n", d(5040)));
    assert_eq!(exec(&mut lab, "nc -z db 5432").takes, d(10_040), "the resolver asks twice");
}

/// Containers that share a network namespace reach each other at the loopback; a place of one's own is not shared.
#[test]
fn the_loopback_belongs_to_the_sandbox() {
    let (mut lab, _, me) = town();
    let side = lab.m.create("h", place("me", "local/bb:1", &["httpd", "-f", "-p", "8080"]), SimTime::ZERO);
    lab.m.start(side, SimTime::ZERO, None);
    run(&mut lab, s(10));
    let exec = |lab: &mut Lab, line: &str| lab.m.exec(me, &["sh".into(), "-c".into(), line.into()], s(10), &Town).code;
    assert_eq!((exec(&mut lab, "nc -z localhost 8080"), exec(&mut lab, "nc -z localhost 5432")), (0, 1));
    assert_eq!(exec(&mut lab, "nc -z 10.0.0.3 8080"), 0, "its own address leads home");
}

#[test]
fn where_and_who_a_process_is() {
    let mut lab = Lab::new(vec![]);
    let mut c = spec("local/bb:1", &["sh", "-c", "pwd; id -u; hostname; sleep 99"]);
    (c.workdir, c.user, c.hostname) = ("/srv/app".into(), "1000:1000".into(), Some("box".into()));
    let id = lab.start(c);
    lab.run(s(1));
    assert_eq!(lab.log(id), ["/srv/app", "1000", "box"]);
    assert_eq!(lab.exec(id, "pwd", s(1)).stdout, "/srv/app\n");
    let ps = lab.exec(id, "ps", s(1)).stdout;
    assert!(ps.starts_with("PID   USER     TIME  COMMAND\n    1 1000      0:00 sh -c pwd;"), "{ps}");
}
