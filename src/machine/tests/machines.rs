use super::*;
use crate::kernel::Set;

fn app() -> AppSpec {
    AppSpec { startup: d(4000), ..AppSpec::default() }
}

#[test]
fn power_and_boot() {
    let mut lab = Lab::new(vec![image("shop:1", app())]);
    let id = lab.start(spec("shop:1", &[]));
    lab.run(s(10));
    lab.m.serve(id, None, Serve { stream: "x".into(), count: 5, timeout: d(2000) }, s(10));
    assert!(lab.m.serving(id, s(10)));
    let n = lab.m.power_off("h", s(10));
    assert!(matches!(n[0].what, What::HostDown { .. }) && n.len() == 1);
    assert!(lab.m.power_off("h", s(10)).is_empty());
    assert!(matches!(&lab.m.container(id).unwrap().state, ContainerState::Exited(e) if e.code == 137 && !e.oom_killed));
    lab.run(s(100));
    assert_eq!(lab.exit(id), None, "nobody tells");
    lab.m.settle(s(11));
    assert_eq!(lab.m.ledger.total.in_flight(), 5, "no answer, no reset");
    lab.m.settle(s(12));
    assert_eq!(lab.m.ledger.total.failed_by_reason[&crate::model::FailReason::Timeout], 5);
    lab.m.power_on("h", s(100), None);
    lab.run(s(129));
    assert_eq!(lab.m.host("h").unwrap().state, HostState::Booting);
    lab.run(s(130));
    assert_eq!(lab.m.host("h").unwrap().booted_at, s(130));
    lab.m.start(id, s(130), None);
    lab.run(s(140));
    assert!(lab.m.serving(id, s(140)));
}

#[test]
fn a_frozen_machine_stands_still() {
    let mut lab = Lab::new(vec![]);
    let id = lab.sh("sleep 10; exit 3");
    lab.run(s(2));
    lab.m.pause_host("h", s(2));
    lab.run(s(50));
    assert_eq!(lab.exit(id), None);
    lab.m.signal(id, Signal::Hup, s(50), None);
    lab.m.resume_host("h", s(62));
    lab.run(s(80));
    assert_eq!(lab.exit(id), Some((3, 70_250)));
    let other = lab.m.create("h", spec("local/bb:1", &["sleep", "5"]), s(80));
    lab.m.start(other, s(80), None);
    lab.run(s(82));
    lab.m.pause(other, s(82));
    assert!(matches!(lab.m.container(other).unwrap().state, ContainerState::Paused { .. }));
    lab.run(s(100));
    lab.m.unpause(other, s(100));
    lab.run(s(110));
    assert_eq!(lab.exit(other).map(|e| e.1), Some(103_250));
}

#[test]
fn pulls() {
    let mut private = image("priv:1", app());
    private.private = true;
    let mut missing = image("gone:1", app());
    missing.missing = true;
    let mut lab = Lab::new(vec![image("shop:1", app()), image("shop:2", app()), private, missing]);
    let pull = |lab: &mut Lab, name: &str, now| {
        let p = lab.m.pull("h", &ImageRef::new(name), now, None);
        let to = now + SimDuration::from_secs(60);
        lab.run(to);
        lab.notices
            .iter()
            .find_map(|(t, w)| match w {
                What::PullFinished { pull, result, .. } if *pull == p => Some((t.since(now).as_millis(), result.clone())),
                _ => None,
            })
            .unwrap()
    };
    let (t, first) = pull(&mut lab, "shop:1", s(0));
    let first = first.unwrap();
    assert_eq!((first.bytes, first.size), (120_000_000, 120_000_000));
    assert!((3000..4000).contains(&t), "{t}");
    assert!(lab.m.has_image("h", &ImageRef::new("docker.io/library/shop:1")));
    let (t, again) = pull(&mut lab, "shop:1", s(100));
    assert_eq!((t, again.unwrap().bytes), (300, 0));
    assert_eq!(pull(&mut lab, "shop:2", s(200)).1.unwrap().bytes, 36_000_000, "only the missing layers travel");
    assert_eq!(pull(&mut lab, "127.0.0.1:1/none:v1", s(300)), (10, Err(PullError::ConnectionRefused)));
    assert_eq!(pull(&mut lab, "priv:1", s(400)), (300, Err(PullError::Denied)));
    assert_eq!(pull(&mut lab, "gone:1", s(500)), (300, Err(PullError::NotFound)));
    lab.m.set_registry(RegistryState::Slow { percent: 1000 }, None);
    assert!(pull(&mut lab, "redis:7", s(600)).0 > 25_000);
    lab.m.set_registry(RegistryState::Down, None);
    assert_eq!(pull(&mut lab, "mysql:8", s(700)), (15_000, Err(PullError::TimedOut)));
    lab.m.set_registry(RegistryState::Up, None);
    lab.m.set_disk_full("h", true);
    assert_eq!(pull(&mut lab, "mysql:8", s(800)).1, Err(PullError::DiskFull));
    assert_eq!(lab.m.assumed().map(|i| i.reference.text.to_string()).collect::<Vec<_>>(), ["127.0.0.1:1/none:v1", "mysql:8", "redis:7"]);
    lab.m.remove_image("h", &ImageRef::new("shop:1"));
    assert!(!lab.m.has_image("h", &ImageRef::new("shop:1")) && lab.m.has_image("h", &ImageRef::new("shop:2")));
}

#[test]
fn a_pull_that_fails_is_the_doing_of_what_is_wrong_with_the_registry() {
    use crate::kernel::RecordId;
    use crate::model::fault::BadImage;
    let mut lab = Lab::new(vec![image("shop:1", app())]);
    let (fault, command) = (Some(RecordId(3)), Some(RecordId(8)));
    let cause_of = |lab: &mut Lab, name: &str| {
        lab.m.pull("h", &ImageRef::new(name), s(0), command);
        let at = lab.m.next_at().unwrap();
        lab.m.step(at, &NoRoads)[0].cause
    };
    lab.m.set_registry(RegistryState::Down, fault);
    assert_eq!(cause_of(&mut lab, "shop:1"), fault);
    lab.m.set_registry(RegistryState::Up, None);
    assert_eq!(cause_of(&mut lab, "shop:1"), command);
    let (canonical, before) = lab.m.break_image(&ImageRef::new("shop:1"), BadImage::Missing, fault);
    assert_eq!(cause_of(&mut lab, "shop:1"), fault);
    lab.m.mend_image(&canonical, before);
    assert_eq!(cause_of(&mut lab, "shop:1"), command);
    assert_eq!(cause_of(&mut lab, "127.0.0.1:1/none:v1"), command, "that failed by itself");
}

#[test]
fn two_pulls_share_the_link_and_their_layers() {
    let mut lab = Lab::new(vec![]);
    lab.m.pull("h", &ImageRef::new("a:1"), s(0), None);
    lab.m.pull("h", &ImageRef::new("b:1"), s(0), None);
    lab.m.pull("h", &ImageRef::new("a:1"), s(0), None);
    lab.run(s(60));
    let t: Vec<u64> = lab.notices.iter().map(|(t, _)| t.as_millis()).collect();
    assert_eq!(t.len(), 3);
    assert!(t[0] == t[1] && t[2] > t[0] + 2000, "{t:?}");
}

#[test]
fn leaks_and_limits() {
    let mut lab = Lab::new(vec![image("shop:1", AppSpec { memory: 64 << 20, ..app() })]);
    let mut c = spec("shop:1", &[]);
    c.memory_limit = Some(128 << 20);
    let id = lab.start(c);
    lab.run(s(60));
    lab.m.leak(id, 32 << 20, s(60), None);
    let events = lab.events;
    assert_eq!(lab.m.container_usage(id, s(120)).1, 96 << 20);
    lab.run(s(1000));
    let (code, t) = lab.exit(id).unwrap();
    assert_eq!(code, 137);
    assert!((180_000..180_200).contains(&t), "{t}");
    assert!(lab.events - events < 5);
    lab.m.start(id, s(1000), None);
    lab.run(s(1100));
    lab.m.allocate(id, 100 << 20, s(1100), None);
    lab.run(s(1200));
    assert_eq!(lab.exit(id), Some((137, 1_100_090)));
}

#[test]
fn apps_stop_as_they_say() {
    use crate::model::OnTerm;
    for (on_term, want) in [(OnTerm::Drain(d(2000)), Some((0, 10_020))), (OnTerm::Exit(3), Some((3, 10_020))), (OnTerm::Ignore, None)] {
        let mut lab = Lab::new(vec![image("shop:1", AppSpec { on_term, ..app() })]);
        let id = lab.start(spec("shop:1", &[]));
        lab.run(s(10));
        lab.m.signal(id, Signal::Term, s(10), None);
        lab.run(s(30));
        assert_eq!(lab.exit(id), want);
    }
}

#[test]
fn a_program_that_needs_another_gives_up_without_it() {
    let needs = vec!["db".into()];
    let mut lab = Lab::new(vec![image("shop:1", AppSpec { needs, ..app() })]);
    let id = lab.start(spec("shop:1", &[]));
    lab.m.set_names(id, Set::new());
    lab.run(s(10));
    assert_eq!(lab.exit(id), Some((1, 4200)));
    lab.m.set_names(id, ["db"].map(Arc::from).into_iter().collect());
    lab.m.start(id, s(10), None);
    lab.run(s(20));
    assert!(lab.m.serving(id, s(20)));
}
