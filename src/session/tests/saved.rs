//! Sessions that are saved and opened again.

use super::*;

/// A session of every built-in scenario, saved with a command in it, is a scenario that plays the same.
#[test]
fn every_saved_session_can_be_played_again() {
    for card in catalogue::cards(&OpenOptions::default()) {
        let mut s = Session::open(&card.name, &OpenOptions::default()).unwrap();
        let world = s.lab.slots[0].world.name();
        s.jump_to(SimTime::from_millis(20_500));
        s.command(if world == "docker" { "docker ps -a --format '{{.Names}}: {{.Status}}'" } else { "kubectl get pods -o yaml" });
        let text = s.save();
        let opened = crate::scenario::Catalogue::built_in().open(&card.name).unwrap();
        let saved = Opened { source: crate::document::Source::new(&*opened.source.name, text.as_str()), ..opened };
        let again = crate::scenario::Scenario::load(&saved, &[]);
        let again = again.map_err(|d| format!("{}: {}", card.name, d.render(false))).unwrap_or_else(|e| panic!("{e}")).scenario;
        assert_eq!(again.timeline.len(), s.lab.scenario.timeline.len() + 1, "{}", card.name);
        assert_eq!(again.solve.is_some(), s.lab.scenario.solve.is_some(), "{}", card.name);
        assert_eq!(again.expect.len(), s.lab.scenario.expect.len(), "{}", card.name);
    }
}

/// The saved text, opened as the scenario of this name.
fn reopened(s: &Session) -> Session {
    let opened = crate::scenario::Catalogue::built_in().open(s.scenario_name()).unwrap();
    let saved = Opened { source: crate::document::Source::new(&*opened.source.name, s.save()), ..opened };
    let scenario = crate::scenario::Scenario::load(&saved, &[]).map_err(|d| d.render(false)).unwrap_or_else(|e| panic!("{e}")).scenario;
    Session::start(Arc::new(scenario), &OpenOptions::default()).unwrap()
}

#[test]
fn a_saved_drill_keeps_hints_mistakes_and_named_causes() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    assert_eq!(on(&mut s, &[Stop::Pause]), Stop::Question);
    s.skip();
    s.jump_to(SimTime::from_millis(150_300));
    s.hint().unwrap();
    s.hint().unwrap();
    s.command("kubectl get pods");
    s.jump_to(SimTime::from_millis(160_300));
    s.look("kubernetes", &ObjectRef::new("Deployment", "default", "shop"));
    s.jump_to(SimTime::from_millis(170_300));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(Named::Choice(1)));
    s.command("kubectl delete deployment shop");
    s.jump_to(SimTime::from_secs(260));
    let (before, d) = (s.view(), drill(&s));
    assert_eq!((d.hints.len(), d.mistakes.len(), d.cause.wrong(), d.cause.is_named()), (2, 1, 1, true));
    let mut again = reopened(&s);
    assert!(again.view().marks.iter().any(|m| m.kind == MarkKind::Yours && !m.past && m.label.contains("delete")));
    let stop = on(&mut again, &[Stop::Pause, Stop::Reveal]);
    assert_ne!(stop, Stop::Question, "what was skipped then is not asked again");
    again.jump_to(SimTime::from_secs(260));
    assert_eq!(drill(&again), d);
    assert_eq!(again.view().answered, before.answered);
    let yours = |v: &LabView| v.marks.iter().filter(|m| m.kind == MarkKind::Yours).map(|m| m.label.clone()).collect::<Vec<_>>();
    assert_eq!(yours(&again.view()), yours(&before));
    assert_eq!(again.save(), s.save(), "nothing was added");
}

#[test]
fn a_saved_session_keeps_a_freely_named_cause_and_faults_by_hand() {
    let mut s = Session::open("frozen-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_millis(100_300));
    for (word, target) in [("crash", "shop"), ("hang", "shop")] {
        s.name_cause(Named::Fault(view::FaultNamed { word: word.into(), target: target.into() }));
    }
    s.inject("crash", "shop", None, None).unwrap();
    s.jump_to(SimTime::from_secs(130));
    assert!(s.view().marks.iter().any(|m| m.kind == MarkKind::Yours && m.label.contains("shop")), "what was injected is yours");
    let mut again = reopened(&s);
    again.jump_to(SimTime::from_secs(130));
    assert_eq!(drill(&again), drill(&s));
    assert_eq!(again.lab.scenario.trouble(), s.lab.scenario.trouble());
}
