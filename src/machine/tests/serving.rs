use super::*;
use crate::model::{Action, FailReason, image::Behaviour};

fn shop() -> AppSpec {
    AppSpec { startup: d(4000), capacity_rps: 100, latency: d(20), ..AppSpec::default() }
}

fn lab(app: AppSpec) -> (Lab, ContainerId) {
    let mut lab = Lab::new(vec![image("shop:1", app)]);
    let id = lab.start(spec("shop:1", &[]));
    (lab, id)
}

impl Lab {
    /// `per_tick` requests every 100 ms in `[from, to)`.
    fn load(&mut self, id: ContainerId, per_tick: u32, from: SimTime, to: SimTime) {
        let stream: Arc<str> = "shoppers".into();
        let mut t = from;
        while t < to {
            self.run(t);
            self.m.settle(t);
            self.m.serve(id, Some(80), Serve { stream: stream.clone(), count: per_tick, timeout: d(2000) }, t);
            t += d(100);
        }
        self.run(to);
        self.m.settle(to);
    }
    fn failed(&self, why: FailReason) -> u64 {
        self.m.ledger.total.failed_by_reason.get(&why).copied().unwrap_or(0)
    }
}

#[test]
fn within_capacity_nothing_waits() {
    let (mut lab, id) = lab(shop());
    lab.load(id, 3, s(0), s(4));
    assert!(lab.failed(FailReason::Refused) > 100, "not started yet");
    lab.load(id, 9, s(10), s(20));
    let t = &lab.m.ledger.total;
    assert_eq!((t.ok, t.in_flight()), (900, 0));
    assert_eq!(lab.m.ledger.latency_quantile(99, 100).map(|d| d.as_millis()), Some(19));
    assert_eq!(lab.m.serving_rps(id, s(20)), 90);
    let (cpu, _) = lab.m.container_usage(id, s(20));
    assert_eq!(cpu, 5 + 495 * 90 / 100);
}

#[test]
fn above_capacity_the_rest_times_out() {
    let (mut lab, id) = lab(shop());
    lab.load(id, 20, s(10), s(70));
    let t = &lab.m.ledger.total;
    assert!((5_900..=6_200).contains(&t.ok), "{}", t.ok);
    assert_eq!(t.failed + t.ok + t.in_flight(), 12_000);
    assert!(lab.failed(FailReason::Timeout) > 5_000);
    let p = lab.m.probe(id, &ProbeAction::Http { path: "/health".into(), port: 80 }, s(70), &NoRoads);
    assert!(p.takes > d(1500), "probes wait in the same queue: {:?}", p.takes);
    lab.load(id, 0, s(70), s(80));
    assert_eq!(lab.m.ledger.total.in_flight(), 0);
}

#[test]
fn limits_and_neighbours_take_capacity() {
    for (limit, starve, slow, want) in [(Some(250), 0, 100, 50), (None, 50, 100, 50), (None, 0, 200, 50), (Some(2000), 0, 100, 100)] {
        let behaviour = vec![Behaviour { after: d(5000), action: Action::Slow { percent: slow } }];
        let mut l = Lab::new(vec![image("shop:1", AppSpec { behaviour, ..shop() })]);
        let mut c = spec("shop:1", &[]);
        c.cpu_limit_milli = limit;
        let id = l.start(c);
        l.m.starve("h", starve);
        l.load(id, 20, s(10), s(40));
        assert!(l.m.serving_rps(id, s(40)).abs_diff(want) <= 3, "{limit:?} {starve} {slow}: {}", l.m.serving_rps(id, s(40)));
    }
}

#[test]
fn death_resets_hang_times_out() {
    let (mut l, id) = lab(shop());
    l.load(id, 20, s(10), s(12));
    let flying = l.m.ledger.total.in_flight();
    assert!(flying > 0);
    l.m.crash(id, 1, s(12), None);
    l.run(s(12));
    assert_eq!((l.failed(FailReason::Reset), l.m.ledger.total.in_flight()), (flying, 0));
    l.load(id, 5, s(12), s(13));
    assert_eq!(l.failed(FailReason::Refused), 50);

    let (mut l, id) = lab(shop());
    l.load(id, 5, s(10), s(20));
    l.m.hang(id, true, s(20));
    l.load(id, 5, s(20), s(30));
    let lost = l.failed(FailReason::Timeout);
    assert!((390..=410).contains(&lost), "{lost}");
    assert_eq!(l.m.probe(id, &ProbeAction::Tcp { port: 80 }, s(30), &NoRoads).outcome, ProbeOutcome::Ok);
    assert_eq!(l.http(id, "/health", 80, s(30)), ProbeOutcome::NoAnswer);
    l.m.signal(id, Signal::Term, s(30), None);
    l.run(s(31));
    assert_eq!(l.exit(id), None, "a hung program does not react");
    l.m.hang(id, false, s(31));
    l.run(s(40));
    l.m.settle(s(40));
    assert_eq!(l.exit(id).map(|e| e.0), Some(0));
    assert_eq!(l.m.ledger.total.in_flight(), 0);
}

#[test]
fn draining_finishes_what_is_in_flight() {
    let (mut l, id) = lab(AppSpec { latency: d(800), ..shop() });
    l.load(id, 5, s(10), s(20));
    l.m.signal(id, Signal::Term, s(20), None);
    l.load(id, 5, s(20), s(21));
    assert_eq!(l.failed(FailReason::Reset), 0);
    assert_eq!(l.failed(FailReason::Refused), 50);
    assert_eq!(l.m.ledger.total.ok, 500);
    let (code, t) = l.exit(id).unwrap();
    assert!(code == 0 && (20_700..20_800).contains(&t), "{t}");
}

#[test]
fn errors_cuts_and_the_worlds_own_failures() {
    let behaviour = vec![Behaviour { after: d(5000), action: Action::Errors { percent: 30 } }];
    let (mut l, id) = lab(AppSpec { behaviour, ..shop() });
    l.load(id, 7, s(10), s(20));
    assert_eq!(l.failed(FailReason::Error5xx), 210);
    l.m.network.cut(crate::model::LinkEnd::Host("h".into()), crate::model::LinkEnd::Clients, s(20));
    l.load(id, 5, s(20), s(23));
    assert_eq!(l.failed(FailReason::Timeout), 50 + 5);
    l.m.fail(&"x".into(), 7, FailReason::NoEndpoint, s(23), SimDuration::ZERO);
    l.m.fail(&"x".into(), 8, FailReason::Dns, s(23), d(5000));
    assert_eq!(l.failed(FailReason::NoEndpoint), 7);
    assert_eq!(l.failed(FailReason::Dns), 0);
    l.m.settle(s(28));
    assert_eq!(l.failed(FailReason::Dns), 8);
}

#[test]
fn requests_take_memory() {
    let (mut l, id) = {
        let mut l = Lab::new(vec![image("shop:1", AppSpec { memory: 64 << 20, memory_per_request: 1 << 20, ..shop() })]);
        let mut c = spec("shop:1", &[]);
        c.memory_limit = Some(128 << 20);
        let id = l.start(c);
        (l, id)
    };
    l.load(id, 9, s(10), s(20));
    assert_eq!(l.exit(id), None);
    l.load(id, 30, s(20), s(30));
    assert_eq!(l.exit(id).map(|e| e.0), Some(137));
}

#[test]
fn a_short_freeze_is_only_a_delay() {
    let (mut l, id) = lab(shop());
    l.load(id, 5, s(10), s(20));
    l.m.pause_host("h", s(20));
    l.load(id, 5, s(20), s(21));
    l.m.resume_host("h", s(21));
    l.load(id, 5, s(21), s(30));
    assert_eq!(l.m.ledger.total.failed, 0);
    assert_eq!(l.m.ledger.total.ok + l.m.ledger.total.in_flight(), 1000);
}

#[test]
fn a_twelve_minute_lab_is_cheap() {
    let mut l = Lab::new(vec![image("shop:1", shop())]);
    let ids: Vec<_> = (0..3).map(|_| l.start(spec("shop:1", &[]))).collect();
    let stream: Arc<str> = "shoppers".into();
    let mut t = s(10);
    while t < s(730) {
        l.run(t);
        l.m.settle(t);
        for id in &ids {
            l.m.serve(*id, Some(80), Serve { stream: stream.clone(), count: 3, timeout: d(2000) }, t);
        }
        t += d(100);
    }
    l.m.settle(s(740));
    assert_eq!(l.m.ledger.total.ok, 7200 * 9);
    assert!(l.events < 50);
}
