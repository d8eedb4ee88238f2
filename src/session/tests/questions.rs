//! Predictions: when an answer is certain, skipped, or fixed by the file.

use super::*;

#[test]
fn an_answer_shows_as_soon_as_it_is_certain() {
    let mut s = session();
    s.jump_to(SimTime::from_secs(34));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    assert!(s.view().asked[0].answer.is_none(), "not before somebody could think about it");
    assert!(s.look_ahead("q").is_none(), "who has not answered is told nothing");
    s.answer(0);
    let before = (text(&s), s.step_count(), s.now());
    let ahead = s.look_ahead("q").unwrap();
    assert_eq!((text(&s), s.step_count(), s.now()), before, "looking ahead changes nothing");
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal);
    // The host went dark at 30 s, so at 35 s requests had failed already.
    assert_eq!(s.now(), SimTime::from_secs(35));
    let shown = s.view().answered[0].clone();
    assert_eq!(shown, ahead);
    assert_eq!((shown.answer, shown.right(), shown.known_at), (Some(1), Some(false), Some(s.now())));
    to_end(&mut s);
    assert_eq!(s.view().answered[0].because, shown.because, "what was told is not told otherwise later");
    s.jump_to(SimTime::from_secs(34));
    assert!(s.view().asked.is_empty(), "going back undoes it");
}

#[test]
fn a_skipped_question_is_revealed_and_counts_for_nothing() {
    let mut s = session();
    s.jump_to(SimTime::from_secs(34));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    s.jump_to(SimTime::from_secs(36));
    assert!(s.view().question.is_none() && s.view().asked.len() == 1, "what lies behind is asked no more");
    s.skip();
    assert!(s.view().answered.is_empty());
    s.jump_to(SimTime::from_secs(34));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    s.skip();
    assert!(s.view().question.is_none());
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal, "what really happened is shown all the same");
    let shown = s.view().answered[0].clone();
    assert_eq!((shown.chosen, shown.answer, shown.right()), (None, Some(1), None));
    assert!(shown.because.starts_with("It failed"));
    s.jump_to(SimTime::from_secs(20));
    s.jump_to(SimTime::from_secs(60));
    assert_eq!(s.view().answered[0], shown, "going back and forth skips it again");
}

/// What the outlook of an expression says is certain must still be so at the end: asked of every built-in scenario.
#[test]
fn early_answers_are_the_answers_of_the_end() {
    let options = OpenOptions::default();
    let mut early = 0;
    for card in catalogue::cards(&options) {
        let mut s = Session::open(&card.name, &options).unwrap();
        s.headless();
        to_end(&mut s);
        for (i, entry) in s.lab.scenario.timeline.iter().enumerate() {
            let Some(ask) = &entry.ask else { continue };
            let shown = s.lab.shown.get(&i).unwrap_or_else(|| panic!("{}: {} was never answered", card.name, ask.id));
            assert!(shown.choice.is_some(), "{}: the answer to {} is none of the choices", card.name, ask.id);
            let facts = LabFacts { lab: &s.lab, journal: &s.journal };
            for duration in
                ask.because.iter().flat_map(|b| b.expressions()).filter(|e| e.returns() == crate::scenario::facts::Type::Duration)
            {
                let measured = duration.eval(&facts).unwrap().people();
                assert!(shown.because.contains(&measured), "{}: {} says {}, not {measured}", card.name, ask.id, shown.because);
            }
            if ask.reveal.is_none() {
                assert_eq!(shown.choice, facts.right_choice(i), "{}: {}", card.name, ask.id);
            }
            early += usize::from(shown.at < s.end());
        }
    }
    assert!(early > 8, "only {early} answers come before the end");
}

#[test]
fn exit_codes_are_known_while_the_next_process_runs() {
    let mut s = Session::open("oom-kill", &OpenOptions::default()).unwrap();
    let last = |s: &Session| {
        let of = |w: usize, name: &str| s.lab.slots[w].world.fact("last_exit_code", &[json!(name)], s.now()).unwrap();
        (of(0, "shop"), of(1, "deployment/shop"))
    };
    s.jump_to(SimTime::from_secs(40));
    assert_eq!(last(&s), (json!(-1), json!(-1)), "nothing has ended yet");
    s.answer(1);
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal);
    assert_eq!(last(&s), (json!(137), json!(137)));
    assert_eq!(s.lab.slots[0].world.fact("exit_code", &[json!("shop")], s.now()).unwrap(), json!(0), "it runs again");
    let shown = s.view().answered[0].clone();
    assert_eq!(shown.right(), Some(true));
    assert!(shown.because.starts_with("Docker saw exit code 137, Kubernetes 137"), "{}", shown.because);
}

#[test]
fn a_file_fixes_the_moment_of_an_answer() {
    let with = |reveal: &str| {
        let text = SCENARIO.replace("choices: [none, some]", &format!("reveal: {reveal}, choices: [none, some]"));
        crate::scenario::Scenario::load(&Opened::text("toy", &text, Folder::Nothing), &[]).map(|l| l.scenario).map_err(|d| d.render(false))
    };
    for (reveal, at, told) in
        [("{at: 45s}", 45, Some(45)), ("{after: dark, delay: 12s}", 42, Some(42)), ("{when: 'docker.failed >= 70'}", 40, None)]
    {
        let mut s = Session::with_worlds(Arc::new(with(reveal).unwrap()), vec![Toy::boxed(4)], 4, "en");
        s.jump_to(SimTime::from_secs(34));
        assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
        assert_eq!(s.view().asked[0].shows_at, told.map(SimTime::from_secs), "{reveal}");
        s.answer(1);
        assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal, "{reveal}");
        assert_eq!(s.now(), SimTime::from_secs(at), "{reveal}");
    }
    for (reveal, wrong) in [
        ("{after: nothing}", "there is no entry `nothing` to come after"),
        ("{at: 3m}", "the answer would show at"),
        ("{at: 40s, after: dark}", "cannot both say when"),
        ("{at: 40s, delay: 1s}", "`delay` belongs to `after`"),
        ("{}", "this does not say when the answer shows"),
        ("{settled: true}", "has no field `settled`"),
    ] {
        let errors = with(reveal).map(|_| ()).unwrap_err();
        assert!(errors.contains(wrong), "{reveal}: {errors}");
    }
}
