use super::*;
use crate::kernel::random::Stream;
use crate::model::{Action, FailReason, OnTerm, image::Behaviour};

const SCRIPTS: [&str; 5] = [
    "sleep 3; exit 1",
    "trap 'exit 0' TERM; while true; do sleep 1; done",
    "mkdir /w; echo x > /w/health; httpd -f -p 80 -h /w",
    "while true; do echo tick; sleep 2; done",
    "sleep 5; dd if=/dev/zero of=/dev/null bs=200M count=1",
];

fn images() -> Vec<ImageSpec> {
    let behaviour = vec![
        Behaviour { after: d(20_000), action: Action::Hang },
        Behaviour { after: d(25_000), action: Action::Recover },
        Behaviour { after: d(30_000), action: Action::Leak { bytes_per_minute: 64 << 20 } },
        Behaviour { after: d(40_000), action: Action::Errors { percent: 10 } },
    ];
    let odd = AppSpec { behaviour, memory_per_request: 1 << 20, on_term: OnTerm::Ignore, ..AppSpec::default() };
    vec![image("shop:1", AppSpec::default()), image("odd:1", odd)]
}

/// Does something at random, as a world, a fault or a user might.
fn disturb(m: &mut Machine, r: &mut Stream, now: SimTime) {
    let ids: Vec<ContainerId> = m.containers().map(|c| c.id).collect();
    let id = ids.get(r.below(ids.len() as u64) as usize).copied().unwrap_or(ContainerId(0));
    let host = if r.chance(1, 2) { "h" } else { "k" };
    match r.below(24) {
        0 | 1 => {
            let mut c = if r.chance(1, 2) { spec("shop:1", &[]) } else { spec("odd:1", &[]) };
            if r.chance(1, 3) {
                c = spec("local/bb:1", &["sh", "-c", SCRIPTS[r.below(5) as usize]]);
            }
            c.memory_limit = r.chance(1, 2).then_some(100 << 20);
            c.init = r.chance(1, 4);
            let id = m.create(host, c, now);
            m.start(id, now, None);
        }
        2 => drop(m.power_off(host, now)),
        3 => m.power_on(host, now, None),
        4 => m.pause_host(host, now),
        5 | 6 => m.resume_host(host, now),
        7 => m.signal(id, Signal::Term, now, None),
        8 => m.signal(id, Signal::Kill, now, None),
        9 => m.pause(id, now),
        10 => m.unpause(id, now),
        11 => m.remove(id, now),
        12 => m.crash(id, 1, now, None),
        13 => m.hang(id, r.chance(1, 2), now),
        14 => m.leak(id, r.below(1 << 30), now, None),
        15 => m.allocate(id, r.below(1 << 28), now, None),
        16 | 17 => m.start(id, now, None),
        18 => drop(m.pull(host, &ImageRef::new(format!("img{}:1", r.below(4))), now, None)),
        19 => m.starve(host, r.below(120) as u32),
        20 => drop(m.exec(id, &["sh".into(), "-c".into(), "kill 1; echo a >> /tmp/a".into()], now, &NoRoads)),
        21 => m.fail(&"b".into(), 3, FailReason::NoEndpoint, now, d(r.below(3) * 700)),
        _ => {
            let path = "/health".into();
            m.probe(id, &ProbeAction::Http { path, port: 80 }, now, &NoRoads);
        }
    }
    for id in ids {
        let s = Serve { stream: if r.chance(1, 2) { "a" } else { "b" }.into(), count: r.below(30) as u32, timeout: d(500 + r.below(3000)) };
        m.serve(id, Some(80), s, now);
    }
    m.settle(now);
}

/// A run of disturbances; what it left behind, as text.
fn play(m: &mut Machine, r: &mut Stream, from: SimTime, steps: u64, trace: &mut String) -> SimTime {
    let mut now = from;
    let mut events = 0;
    for _ in 0..steps {
        now += d(r.below(700));
        while let Some(at) = m.next_at().filter(|t| *t <= now) {
            events += 1;
            assert!(events < 100_000, "runs wild");
            for n in m.step(at, &NoRoads) {
                trace.push_str(&format!("{} {:?}\n", at.as_nanos(), n.what));
            }
        }
        disturb(m, r, now);
        for h in m.hosts() {
            assert!(m.memory_used(&h.spec.name, now) <= h.spec.memory);
            assert!(m.cpu_used_milli(&h.spec.name, now) <= h.spec.cpu_milli);
        }
    }
    now
}

#[test]
fn whatever_happens_requests_are_conserved_and_copies_agree() {
    for seed in 0..40 {
        let mut m = Machine::new(seed, "w", images(), 0);
        m.add_host(host("h"), SimTime::ZERO);
        m.add_host(host("k"), SimTime::ZERO);
        let mut r = Stream::derive(seed, "laws");
        let now = play(&mut m, &mut r, SimTime::ZERO, 200, &mut String::new());
        // A copy goes the same way as the original, and neither knows of the other.
        let (mut copy, mut r2) = (m.clone(), r.clone());
        let (mut a, mut b) = (String::new(), String::new());
        let end = play(&mut m, &mut r, now, 100, &mut a);
        play(&mut copy, &mut r2, now, 100, &mut b);
        assert_eq!(a, b);
        for m in [&mut m, &mut copy] {
            let t = &m.ledger.total;
            assert_eq!(t.sent, t.ok + t.failed + t.in_flight());
            m.settle(end + SimDuration::from_secs(60));
            assert_eq!(m.ledger.total.in_flight(), 0, "everybody learns something in the end");
            assert!(m.containers().all(|c| c.backlog.in_flight == 0), "seed {seed}");
        }
        assert_eq!((m.ledger.total.ok, m.ledger.total.failed), (copy.ledger.total.ok, copy.ledger.total.failed));
    }
}
