use super::super::super::bank::Evidence;
use super::super::super::deck::shelf;
use super::super::Said;
use super::super::report::Report;
use super::*;

fn setup(level: Level, role: Role, seed: u64) -> Setup {
    Setup { role, level, minutes: 30, seed, topics: vec![], mastery: vec![], recent: vec![] }
}
fn bank() -> &'static Bank {
    &shelf::built_in().bank
}

/// Answers everything; `how` rates the points of a prompt.
fn play(mut interview: Interview, seconds: u64, how: impl Fn(&Prompt) -> Marks) -> Interview {
    let mut clock = Duration::ZERO;
    while let Some(prompt) = interview.prompt().cloned() {
        clock += Duration::from_secs(seconds);
        interview.answer(how(&prompt), clock);
        assert!(interview.saved().turns.len() < 200, "it ends");
    }
    interview
}
fn all(p: &Prompt) -> Marks {
    Marks::rated(&p.question, &[Said::Yes; 40])
}
fn none(p: &Prompt) -> Marks {
    Marks::nothing(&p.question)
}
fn mains(i: &Interview) -> Vec<Arc<Question>> {
    i.saved().turns.iter().filter(|t| t.follow_up.is_none()).map(|t| bank().get(&t.question).unwrap().clone()).collect()
}

#[test]
fn the_seed_decides_and_nothing_comes_twice() {
    let run = |seed| mains(&play(Interview::new(bank(), setup(Level::Mid, Role::Platform, seed)), 120, all));
    let (one, again, other) = (run(1), run(1), run(2));
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert_eq!(one.len(), 15, "30 minutes, two minutes each, no follow-ups after full answers");
    let mut ids: Vec<_> = one.iter().map(|q| &q.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), one.len());
    let topics: std::collections::BTreeSet<_> = one.iter().map(|q| &q.topic).collect();
    assert!(topics.len() >= 8, "the topics take turns: {topics:?}");
    assert!(matches!(one[0].level, Level::Junior | Level::Mid), "an easy one to begin with");
}

#[test]
fn level_role_and_weakness_choose() {
    let many = |setup: &dyn Fn(u64) -> Setup, how: fn(&Prompt) -> Marks| -> Vec<Arc<Question>> {
        (0..20).flat_map(|seed| mains(&play(Interview::new(bank(), setup(seed)), 150, how))).collect()
    };
    let share = |list: &[Arc<Question>], fits: &dyn Fn(&Question) -> bool| list.iter().filter(|q| fits(q)).count() * 100 / list.len();
    let hard = |q: &Question| q.level >= Level::Senior;
    let juniors = many(&|s| setup(Level::Junior, Role::Any, s), none);
    let seniors = many(&|s| setup(Level::Senior, Role::Any, s), all);
    assert!(share(&juniors, &hard) < 15 && share(&seniors, &hard) > 50, "{} {}", share(&juniors, &hard), share(&seniors, &hard));
    // The same person gets harder questions after good answers than after bad ones.
    let mid = |s| setup(Level::Mid, Role::Any, s);
    assert!(share(&many(&mid, all), &hard) > share(&many(&mid, none), &hard) + 15);
    let images = |q: &Question| &*q.topic == "images" || &*q.topic == "docker";
    let developer = many(&|s| setup(Level::Mid, Role::Developer, s), none);
    let architect = many(&|s| setup(Level::Mid, Role::Architect, s), none);
    assert!(share(&developer, &images) > share(&architect, &images) + 5);
    let weak = |s| Setup { mastery: vec![("storage".into(), 0), ("basics".into(), 100)], ..setup(Level::Mid, Role::Any, s) };
    let strong = |s| Setup { mastery: vec![("storage".into(), 100), ("basics".into(), 0)], ..setup(Level::Mid, Role::Any, s) };
    let storage = |q: &Question| &*q.topic == "storage";
    assert!(share(&many(&weak, none), &storage) > share(&many(&strong, none), &storage));
    let only = |s| Setup { topics: vec!["storage".into()], ..setup(Level::Mid, Role::Any, s) };
    let asked = many(&only, all);
    assert!(asked.iter().all(|q| &*q.topic == "storage"));
    assert_eq!(share(&asked[..1], &storage), 100);
}

#[test]
fn topics_take_turns() {
    let mut topics = 0;
    for seed in 0..10 {
        let asked = mains(&play(Interview::new(bank(), setup(Level::Mid, Role::Any, seed)), 120, all));
        topics += asked.iter().map(|q| &q.topic).collect::<std::collections::BTreeSet<_>>().len();
    }
    assert!(topics > 120, "of 15 questions each, {topics} topics in ten interviews");
}

#[test]
fn questions_of_lately_wait() {
    let first = mains(&play(Interview::new(bank(), setup(Level::Mid, Role::Sre, 4)), 150, all));
    let recent: Vec<Arc<str>> = first.iter().map(|q| q.id.clone()).collect();
    let again = |recent: Vec<Arc<str>>| -> usize {
        (0..10)
            .map(|seed| {
                let s = Setup { recent: recent.clone(), ..setup(Level::Mid, Role::Sre, seed) };
                mains(&play(Interview::new(bank(), s), 150, all)).iter().filter(|q| first.contains(q)).count()
            })
            .sum()
    };
    assert!(again(recent) * 3 < again(vec![]));
}

#[test]
fn follow_ups_ask_for_what_was_missed() {
    let mut i = Interview::new(bank(), setup(Level::Mid, Role::Any, 9));
    let main = i.prompt().unwrap().clone();
    i.answer(none(&main), Duration::from_secs(60));
    let follow = i.prompt().unwrap().clone();
    assert_eq!((follow.question.id.clone(), follow.number), (main.question.id.clone(), 1));
    let f = &main.question.follow_ups[follow.follow_up.unwrap()];
    assert_eq!(follow.text, f.ask);
    assert_eq!(follow.points, f.missed);
    // Full marks for the follow-up count only where it aims.
    i.answer(all(&follow), Duration::from_secs(90));
    let turn = i.saved().turns.last().unwrap().clone();
    assert_eq!((turn.marks.score, turn.marks.points.len()), (100, f.missed.len()));
    let next = i.prompt().unwrap();
    assert_ne!(next.follow_up, follow.follow_up, "not the same again");
    // A good answer is not followed up, a skipped one neither.
    let mut good = Interview::new(bank(), setup(Level::Mid, Role::Any, 9));
    good.answer(all(&main), Duration::from_secs(60));
    assert_eq!(good.prompt().unwrap().follow_up, None);
    let mut skipped = Interview::new(bank(), setup(Level::Mid, Role::Any, 9));
    skipped.skip(Duration::from_secs(5));
    assert_eq!(skipped.prompt().unwrap().follow_up, None);
    assert!(skipped.report().questions[0].skipped);
}

#[test]
fn time_is_a_budget() {
    let mut i = Interview::new(bank(), Setup { minutes: 15, ..setup(Level::Mid, Role::Any, 3) });
    assert_eq!(i.about(Duration::ZERO), 5);
    let p = i.prompt().unwrap().clone();
    i.answer(none(&p), Duration::from_secs(15 * 60 - 50));
    assert!(i.prompt().unwrap().follow_up.is_some(), "time for a follow-up");
    let p = i.prompt().unwrap().clone();
    i.answer(none(&p), Duration::from_secs(15 * 60 - 30));
    assert!(i.over(), "and for nothing after it");
    let mut i = Interview::new(bank(), setup(Level::Mid, Role::Any, 3));
    let p = i.prompt().unwrap().clone();
    i.answer(all(&p), Duration::from_secs(4000));
    assert!(i.over(), "an answer over time is the last");
    let p = i.report();
    assert_eq!(p.questions.len(), 1);
    let mut early = Interview::new(bank(), setup(Level::Mid, Role::Any, 3));
    early.end();
    assert!(early.over() && early.report().score.is_none());
}

#[test]
fn written_down_and_taken_up_again() {
    let mut i = Interview::new(bank(), setup(Level::Senior, Role::Architect, 77));
    for n in 1..=5 {
        let text = serde_json::to_string(i.saved()).unwrap();
        let back = Interview::resume(bank(), serde_json::from_str(&text).unwrap());
        assert_eq!(back.prompt(), i.prompt(), "the very question at which it stopped");
        let p = i.prompt().unwrap().clone();
        i.answer(if n % 2 == 0 { all(&p) } else { none(&p) }, Duration::from_secs(n * 70));
    }
    // A question that has gone from the bank since does no harm.
    let mut saved = i.saved().clone();
    saved.turns[0].question = "gone".into();
    let r = Interview::resume(bank(), saved).report();
    assert!(r.questions.len() < i.report().questions.len());
}

fn half(p: &Prompt) -> Marks {
    let said: Vec<Said> = p.question.points.iter().enumerate().map(|(i, _)| if i == 0 { Said::Yes } else { Said::No }).collect();
    let wrong = p.question.misconceptions.first().map(|m| m.id.clone());
    Marks { misconceptions: wrong.into_iter().collect(), ..Marks::rated(&p.question, &said) }
}

#[test]
fn the_report_says_what_to_do() {
    let r: Report = play(Interview::new(bank(), setup(Level::Mid, Role::Sre, 5)), 100, half).report();
    assert_eq!(r.questions.len(), r.topics.iter().map(|t| t.asked).sum::<usize>());
    assert!(r.strengths.is_empty() && !r.gaps.is_empty() && !r.corrections.is_empty());
    assert!(r.gaps.iter().all(|g| !g.next.is_empty() && !g.missing.is_empty()));
    assert!((1..=5).contains(&r.tonight.len()));
    let scenarios: Vec<_> =
        r.tonight.iter().filter_map(|t| if let Evidence::Scenario { name, .. } = &t.evidence { Some(name) } else { None }).collect();
    let mut once = scenarios.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), scenarios.len(), "no scenario twice");
    for t in &r.tonight {
        assert!(!matches!(t.evidence, Evidence::None(_)));
    }
    let r = play(Interview::new(bank(), setup(Level::Mid, Role::Sre, 5)), 100, all).report();
    assert_eq!((r.score, r.gaps.len(), r.tonight.len(), r.strengths.len()), (Some(100), 0, 0, r.questions.len()));
}

#[test]
fn a_point_that_came_late_earns_three_quarters() {
    let mut i = Interview::new(bank(), setup(Level::Mid, Role::Any, 9));
    let p = i.prompt().unwrap().clone();
    i.answer(none(&p), Duration::from_secs(60));
    let f = i.prompt().unwrap().clone();
    i.answer(all(&f), Duration::from_secs(120));
    i.end();
    let r = i.report();
    let expected = 75 * f.points.len() / p.question.points.len();
    assert_eq!((r.questions[0].first, usize::from(r.questions[0].score)), (0, expected));
    assert_eq!(r.questions[0].missing.len(), p.question.points.len() - f.points.len());
    assert_eq!(r.questions[0].took, Duration::from_secs(120));
}
