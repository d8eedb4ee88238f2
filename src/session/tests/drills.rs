//! Drills: hints, mistakes, causes, and how they are judged.

use super::*;

#[test]
fn a_drill_is_judged_twice_with_four_times() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    assert!(s.hint().is_none() && !s.name_cause(Named::Choice(1)), "nothing has happened yet");
    s.jump_to(SimTime::from_secs(70));
    s.command("kubectl version");
    assert_eq!(drill(&s).detected_after, None, "this shows nothing of the trouble");
    assert!(s.hint().unwrap().contains("rollout status"));
    assert!(s.hint().unwrap().contains("replicasets"));
    assert!(s.hint().unwrap().contains("0/1"), "its condition holds now");
    assert!(s.hint().unwrap().contains("revisions"));
    assert!(s.hint().is_none() && !drill(&s).more_hints);
    s.command("kubectl get pods");
    s.jump_to(SimTime::from_secs(80));
    s.command("kubectl describe pods");
    s.jump_to(SimTime::from_secs(90));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(Named::Choice(1)));
    s.command("kubectl rollout undo deployment/shop");
    assert_eq!(on(&mut s, &[Stop::Question]), Stop::Goal);
    let d = drill(&s);
    let seconds: Vec<_> = d.times().iter().map(|(_, t)| t.map(|t| t.as_secs_f64())).collect();
    assert_eq!(seconds[..3], [Some(10.0), Some(20.0), Some(30.0)]);
    let mitigated = d.mitigated_after.unwrap();
    assert!(mitigated > SimDuration::from_secs(31) && mitigated < SimDuration::from_secs(60), "{mitigated}");
    let held = s.now().since(d.began.unwrap() + mitigated);
    assert!(held >= SimDuration::from_secs(10) && held < SimDuration::from_secs(11), "it has held for ten seconds: {held}");
    assert_eq!((d.hints.len(), d.cause.wrong(), d.lost.len(), d.mistakes.len()), (4, 1, 0, 0));
    assert!(d.verdict.unwrap().passed);
    assert!(d.because.contains("0/1"));
    // Back in time it is unsolved; forward again, what was done is done again.
    let at = s.now();
    s.jump_to(SimTime::from_secs(85));
    assert_eq!((drill(&s).analysed_after, drill(&s).verdict), (None, None));
    s.jump_to(at);
    assert!(drill(&s).verdict.unwrap().passed);
    // A goal that breaks again is not reached.
    s.command("kubectl delete deployment shop");
    let _ = s.advance(s.now() + SimDuration::from_secs(5), u64::MAX);
    assert!(drill(&s).mitigated_after.is_none());
    assert!(s.records().iter().any(|r| r.reason == "GoalLost"));
}

#[test]
fn a_drill_tells_mistakes_and_losses_once() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_secs(90));
    s.answer(1);
    s.command("kubectl delete deployment shop");
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Pause, "told at once");
    assert!(s.now() < SimTime::from_secs(92));
    s.jump_to(SimTime::from_secs(500));
    let d = drill(&s);
    assert_eq!(d.mistakes.len(), 1);
    assert_eq!(d.lost.len(), 2, "{:?}", d.lost);
    let told = s.records().iter().filter(|r| r.reason == "Mistake" || r.reason == "Lost").count();
    assert_eq!(told, 3);
    s.jump_to(SimTime::MAX);
    let verdict = drill(&s).verdict.unwrap();
    assert!(!verdict.passed && verdict.text.starts_with("Not solved"), "{}", verdict.text);
}

#[test]
fn a_cause_is_named_freely_where_the_file_gives_no_choices() {
    let mut s = Session::open("frozen-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_secs(100));
    let fault = |word: &str, target: &str| Named::Fault(view::FaultNamed { word: word.into(), target: target.into() });
    let fault_record = s.records().iter().find(|r| r.kind == RecordType::Fault).unwrap().id;
    let failing = s.records().iter().find(|r| r.reason == "Failing").unwrap().id;
    let tells = |s: &Session| s.why(failing).iter().any(|step| step.record.id == fault_record);
    assert!(!tells(&s) && drill(&s).secret, "why-chains do not give it away");
    assert!(s.view().worlds[0].view.hosts[0].copies.iter().any(|c| c.word.contains("unhealthy")), "the health check noticed");
    assert!(s.fault_targets("hang", None).iter().any(|t| &**t == "shop"));
    assert!(!s.name_cause(fault("crash", "shop")));
    assert!(!s.name_cause(fault("hang", "db")));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(fault("hang", "shop")));
    assert!(!s.name_cause(fault("hang", "shop")), "it has been named");
    assert!(tells(&s));
    let object = ObjectRef::new("Container", "host-1", "shop");
    s.look("docker", &object);
    s.command("docker restart shop");
    assert_eq!(on(&mut s, &[]), Stop::Goal);
    let d = drill(&s);
    assert_eq!((d.cause.wrong(), d.verdict.unwrap().passed), (2, true));
}

#[test]
fn a_drill_must_be_one() {
    let with = |solve: &str| {
        let text = format!("{SCENARIO}solve:\n{solve}");
        let opened = Opened::text("toy", &text, Folder::Nothing);
        crate::scenario::Scenario::load(&opened, &[]).map(|_| ()).map_err(|d| d.render(false)).err().unwrap_or_default()
    };
    let rest = "  goal: docker.failed == 0\n  solution: [{docker: docker ps}]\n";
    assert_eq!(with(rest), "");
    for (solve, wrong) in [
        ("  begins: dusk\n", "`begins`: there is no entry `dusk`"),
        ("  begins: q\n", "`cause` is missing"),
        ("  hold: soon\n", "expected a duration"),
        ("  keep: [{that: docker.failed == 0}]\n", "`say`"),
        ("  keep: [{that: docker.failed, say: x}]\n", "expected a condition"),
        ("  cause: {id: c, question: x, choices: [a, b], answer: 0, reveal: {at: 1m}}\n", "`reveal` belongs to questions of the timeline"),
    ] {
        let errors = with(&format!("{solve}{rest}"));
        assert!(errors.contains(wrong), "{solve}: {errors}");
    }
}
