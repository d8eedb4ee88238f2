use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::OpenOptions;
use super::*;

/// A progress file of its own for each test.
struct Place(PathBuf);
impl Place {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("wheelhouse-practice-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("decks")).unwrap();
        Self(dir)
    }
    fn options(&self) -> PracticeOptions {
        PracticeOptions { decks: Some(self.0.join("decks")), progress: Some(self.0.join("progress.db")), ..PracticeOptions::default() }
    }
    fn open(&self, now: &Now) -> Practice {
        Practice::open(&self.options(), now).unwrap()
    }
}
impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn now(day: i8, second: i8) -> Now {
    let at: Timestamp = format!("2026-11-{day:02}T18:00:{second:02}Z").parse().unwrap();
    Now::local(at, &TimeZone::UTC)
}
const MINUTE: Duration = Duration::from_secs(60);

fn written(text: &str) -> Unfinished {
    Unfinished { text: text.into(), ..Unfinished::default() }
}

#[test]
fn an_answer_is_on_the_disk_when_the_call_returns() {
    let place = Place::new("answer");
    let mut practice = place.open(&now(20, 0));
    assert!(practice.troubles().is_empty(), "{:?}", practice.troubles());
    practice.keep_unfinished("etcd", false, &written("It holds the state of"), &now(20, 1)).unwrap();
    drop(practice);
    let mut practice = place.open(&now(20, 2));
    assert_eq!(practice.unfinished("etcd", false), Some(written("It holds the state of")));
    assert_eq!(practice.left_off(), [LeftOff::Answer("etcd".into())]);
    let n = practice.question("etcd").unwrap().points.len();
    let graded = practice.rate("etcd", &[Said::Yes, Said::Partly], Aloud::Spoken, Some(MINUTE), &now(20, 3)).unwrap();
    assert_eq!(usize::from(graded.score), (150 + n / 2) / n);
    assert_eq!(graded.points.iter().map(|p| p.degree).take(3).collect::<Vec<_>>(), [100, 50, 0]);
    assert!(graded.due.is_some() && !graded.next.is_empty());
    let other = place.open(&now(20, 4));
    assert_eq!(other.standing().reviews, 1);
    assert_eq!(other.unfinished("etcd", false), None, "the half-typed answer went with it");
    assert!(practice.rate("ectd", &[], Aloud::Card, None, &now(20, 5)).unwrap_err().contains("did you mean `etcd`"));
    practice.keep_unfinished("etcd", false, &written("x"), &now(20, 6)).unwrap();
    practice.keep_unfinished("etcd", false, &written(""), &now(20, 7)).unwrap();
    assert_eq!(practice.unfinished("etcd", false), None);
}

#[test]
fn typed_answers_are_graded_with_their_proof() {
    let place = Place::new("typed");
    let mut practice = place.open(&now(20, 0));
    let question = practice.question("node-fails-3am").unwrap().clone();
    practice.keep_unfinished(&question.id, false, &written("Without"), &now(20, 0)).unwrap();
    let good = practice.answer(&question.id, &question.answers.medium, Some(MINUTE), &now(20, 1)).unwrap();
    assert!(good.score >= 70 && good.due.is_some(), "the model answer: {}", good.score);
    assert_eq!(good.points.len(), question.points.len());
    let proof: Vec<&str> = good.points.iter().flat_map(|p| &p.evidence).filter_map(|r| question.answers.medium.get(r.clone())).collect();
    assert!(!proof.is_empty() && proof.iter().all(|w| !w.is_empty()));
    assert_eq!(practice.unfinished(&question.id, false), None);
    assert_eq!(practice.reviews[0].answer.as_deref(), Some(&*question.answers.medium));
    let bad = practice.grade(&question.id, "I like turtles, and the weather was nice yesterday.").unwrap();
    assert!(bad.score <= 15 && !bad.next.is_empty() && bad.follow_up_text().is_some(), "{bad:?}");
    assert_eq!(practice.reviews.len(), 1, "grading alone stores nothing");
    let follow_up = bad.follow_up.unwrap();
    let aimed = &question.follow_ups[follow_up].missed;
    let later = practice.grade_follow_up(&bad, follow_up, &question.answers.long).unwrap();
    assert_eq!(later.points.iter().map(|p| &p.id).collect::<Vec<_>>(), aimed.iter().collect::<Vec<_>>());
    assert!(later.score >= 50, "{later:?}");
    // A follow-up that was left is found by its question; the answer it came from is judged as then, and a new answer takes it away.
    practice.answer(&question.id, "I like turtles.", None, &now(20, 10)).unwrap();
    practice.keep_unfinished(&question.id, true, &written("Because"), &now(20, 11)).unwrap();
    let mut again = place.open(&now(20, 11));
    assert_eq!(again.left_off(), [LeftOff::Answer(question.id.clone())]);
    let (graded, words) = again.last_graded(&question.id).unwrap();
    assert_eq!((words.as_deref(), graded.follow_up.is_some()), (Some("I like turtles."), true));
    again.rate(&question.id, &[Said::Yes], Aloud::Spoken, None, &now(20, 11)).unwrap();
    assert_eq!((again.unfinished(&question.id, true), again.left_off()), (None, vec![]));
    let (graded, words) = again.last_graded(&question.id).unwrap();
    assert_eq!((words, graded.points[0].degree, graded.points[1].degree), (None, 100, 0));
    practice.refresh(&now(20, 11)).unwrap();
    for text in ["", "\n", "é", &"word ".repeat(25_000)] {
        let graded = practice.grade(&question.id, text).unwrap();
        assert!(graded.points.iter().flat_map(|p| &p.evidence).all(|r| text.get(r.clone()).is_some()), "{} bytes", text.len());
    }

    practice.begin_cards(&CardSetup { new_max: 1, ..CardSetup::default() }, &now(20, 2)).unwrap();
    let card = practice.card().unwrap().clone();
    practice.keep_unfinished(&card.id, false, &written("Half of"), &now(20, 2)).unwrap();
    assert_eq!(practice.answer_card(&card.answers.long, None, &now(20, 3)).unwrap().question.id, card.id);
    assert_eq!(practice.unfinished(&card.id, false), None, "the box is empty when the card comes again");
    practice.begin_interview(&InterviewSetup::default(), &now(20, 4)).unwrap();
    let prompt = practice.interview().unwrap().prompt().unwrap().clone();
    let graded = practice.answer_interview(&prompt.question.answers.short, MINUTE, &now(20, 5)).unwrap();
    assert!(graded.score > 0);
    let stored = practice.reviews.last().unwrap();
    assert_eq!((stored.mode, stored.answer.as_deref()), (Mode::Interview, Some(&*prompt.question.answers.short)));
    if let Some(next) = practice.interview().unwrap().prompt().filter(|p| p.follow_up.is_some()).cloned() {
        let graded = practice.answer_interview("No idea.", 2 * MINUTE, &now(20, 6)).unwrap();
        assert_eq!(graded.points.len(), next.points.len());
    }
}

#[test]
fn cards_go_on_where_they_stopped() {
    let place = Place::new("cards");
    let mut practice = place.open(&now(20, 0));
    assert!(practice.rate_card(Rating::Good, None, &now(20, 0)).is_err(), "no sitting, no card");
    let setup = CardSetup { topics: vec!["failure".into()], new_max: 4, ..CardSetup::default() };
    practice.begin_cards(&setup, &now(20, 1)).unwrap();
    assert_eq!(practice.cards().unwrap().left(), 4);
    let first = practice.card().unwrap().id.clone();
    assert_eq!(&*practice.card().unwrap().topic, "failure");
    practice.turn_card();
    assert!(practice.cards().unwrap().turned());
    let graded = practice.rate_card(Rating::Again, None, &now(20, 2)).unwrap();
    assert_eq!((graded.question.id.clone(), graded.score), (first.clone(), 20));
    drop(practice);
    let mut practice = place.open(&now(20, 3));
    assert_eq!(practice.cards().unwrap().left(), 4, "the bad one comes again");
    for second in 4..7 {
        practice.rate_card_points(&[Said::Yes; 9], None, &now(20, second)).unwrap();
    }
    assert_eq!(practice.card().unwrap().id, first);
    practice.rate_card(Rating::Easy, None, &now(20, 8)).unwrap();
    assert!(practice.card().is_none());
    let of_first = |p: &Practice| p.reviews.iter().filter(|r| r.question == first).count();
    assert_eq!(of_first(&practice), 1, "the second try of a sitting is exercise");
    practice.end_cards().unwrap();
    assert!(place.open(&now(20, 9)).cards().is_none());
    // Days later what is due comes first.
    let mut later = place.open(&now(30, 0));
    later.begin_cards(&setup, &now(30, 1)).unwrap();
    assert_eq!(later.card().unwrap().id, first, "the one that went badly");
    assert!(later.cards().unwrap().left() > 4);
}

#[test]
fn an_interview_survives_the_program() {
    let place = Place::new("interview");
    let mut practice = place.open(&now(20, 0));
    practice.rate("pv-pvc-sc", &[], Aloud::Card, None, &now(20, 0)).unwrap();
    let wrong = InterviewSetup { topics: vec!["storge".into()], ..InterviewSetup::default() };
    assert!(practice.begin_interview(&wrong, &now(20, 0)).unwrap_err().contains("did you mean `storage`?"));
    let setup = InterviewSetup { role: Role::Sre, level: Level::Mid, minutes: 15, topics: vec![] };
    practice.begin_interview(&setup, &now(20, 1)).unwrap();
    let sitting = practice.interview().unwrap();
    assert_eq!(sitting.setup().mastery, [("storage".into(), 0)], "what is weak is known");
    assert_eq!(sitting.setup().recent, [Arc::from("pv-pvc-sc")]);
    let main = sitting.prompt().unwrap().clone();
    let graded = practice.rate_interview(&[], MINUTE, &now(20, 2)).unwrap();
    assert_eq!((graded.score, graded.follow_up.is_some()), (0, true));
    let follow = practice.interview().unwrap().prompt().unwrap().clone();
    assert_eq!(graded.follow_up, follow.follow_up);
    assert_eq!(graded.follow_up_text(), Some(&follow.text));
    practice.keep_interview(&written("well, you see"), MINUTE + MINUTE / 2, &now(20, 3)).unwrap();
    drop(practice);
    let mut practice = place.open(&now(21, 0));
    let sitting = practice.interview().unwrap();
    assert_eq!((sitting.prompt().unwrap(), sitting.unfinished()), (&follow, &written("well, you see")));
    assert_eq!(sitting.elapsed(), Duration::from_secs(90));
    let graded = practice.rate_interview(&[Said::Yes; 9], 2 * MINUTE, &now(21, 1)).unwrap();
    assert_eq!((graded.score, graded.points.len()), (100, follow.points.len()), "judged on what it aims at");
    assert_eq!((&*graded.next, graded.due), ("", None), "and nothing else is asked for, and no date changes");
    assert!(practice.interview().unwrap().unfinished().is_empty());
    practice.skip_interview(3 * MINUTE, &now(21, 2)).unwrap();
    let mains = practice.reviews.iter().filter(|r| r.mode == Mode::Interview).count();
    let follow_ups = practice.interview().unwrap().report().questions.iter().map(|q| q.follow_ups).sum::<usize>();
    assert!(mains >= 1 && mains + follow_ups == 3, "follow-ups are no reviews of their own: {mains} {follow_ups}");
    let report = practice.end_interview().unwrap().unwrap();
    assert_eq!(report.questions[0].question.id, main.question.id);
    assert_eq!(report.used, 3 * MINUTE);
    for t in &report.tonight {
        assert!(practice.see(&t.evidence).command().is_some());
    }
    assert!(practice.interview().is_none() && place.open(&now(21, 3)).interview().is_none());
    assert!(practice.rate_interview(&[], MINUTE, &now(21, 4)).is_err());
    assert_eq!(practice.end_interview().unwrap(), None);
}

#[test]
fn boards_are_kept_and_judged() {
    let place = Place::new("board");
    let mut practice = place.open(&now(20, 0));
    assert!(practice.board("nothing", &now(20, 0)).is_err());
    let mut board = practice.board("node-death", &now(20, 0)).unwrap();
    board.shift(0, 3);
    board.spent_ms = 95_000;
    practice.keep_board(&board, &now(20, 1)).unwrap();
    assert_eq!(place.open(&now(21, 0)).board("node-death", &now(21, 0)).unwrap(), board, "as it was left");
    board.order = (0..board.order.len()).collect();
    let judged = practice.submit_board(&board, Some(MINUTE), &now(20, 2)).unwrap();
    assert_eq!((judged.score, practice.best("whiteboard/node-death")), (100, Some(100)));
    assert_ne!(practice.board("node-death", &now(20, 3)).unwrap(), board, "and shuffled the next time");

    let components = &practice.drills().components;
    let mut placement = practice.placement(&now(20, 4));
    let mut shown = 0;
    while let Some(c) = placement.current(components) {
        placement.place(components, c.side);
        practice.keep_placement(&placement, &now(20, 5)).unwrap();
        shown += 1;
        if shown == 3 {
            let mut later = place.open(&now(20, 6));
            assert_eq!(later.placement(&now(20, 6)), placement, "as it was left");
            assert_eq!(later.left_off(), [LeftOff::Sides(3, whiteboard::PLACED_AT_ONCE)]);
        }
    }
    assert_eq!((shown, practice.best("whiteboard/components")), (whiteboard::PLACED_AT_ONCE, Some(100)));
}

/// What proves a chain exists: the scenario, and the moment within it.
#[test]
fn chains_open_labs_that_exist() {
    let place = Place::new("chains");
    let practice = place.open(&now(20, 0));
    let shown: Vec<_> = practice.drills().chains.iter().filter_map(|c| Some((c, c.evidence.as_ref()?))).collect();
    assert!(shown.len() >= 8, "{}", shown.len());
    for (chain, evidence) in shown {
        let See::Lab(lab) = practice.see(evidence) else { panic!("{}: {evidence:?}", chain.id) };
        let session = practice.open_lab(&lab).unwrap();
        assert_eq!(session.now(), lab.at, "{}: beyond the end of {}", chain.id, lab.scenario);
    }
}

#[test]
fn predictions_are_measured_by_the_run() {
    let place = Place::new("predict");
    let mut practice = place.open(&now(20, 0));
    let all = drill::ids(&OpenOptions::default());
    assert!(all.len() >= 12, "{}", all.len());
    let series = practice.predictions(&now(20, 1));
    assert_eq!(series.total(), drill::SERIES);
    assert_eq!(place.open(&now(20, 1)).predictions(&now(20, 9)), series, "the same ones, also before the first answer");
    assert_eq!(practice.left_off(), [], "but nothing was begun");
    let id = all.iter().find(|id| &*id.scenario == "node-down").unwrap();
    let mut drill = practice.open_drill(id).unwrap();
    assert!(drill.question.contains("When does Kubernetes start a replacement pod?"), "{}", drill.question);
    assert_eq!((drill.choices.len(), drill.at.clock()), (3, "01:50".to_string()));
    let mut calls = 0;
    let measured = loop {
        calls += 1;
        if let Some(measured) = drill.measure(500) {
            break measured;
        }
    };
    assert!(calls > 3, "it does not block: {calls}");
    assert_eq!(measured.right, Some(2));
    assert!(measured.because.contains("Whole again after 5m 52s"), "{}", measured.because);
    assert!(measured.known_at.unwrap() > drill.at);
    let mut series = Predictions::new(&[id.clone(), id.clone(), all[0].clone()], 3, 1);
    practice.store_prediction(&mut series, Some(2), Some(2), &now(20, 2)).unwrap();
    practice.store_prediction(&mut series, Some(0), Some(2), &now(20, 3)).unwrap();
    let scores: Vec<u8> = practice.reviews.iter().filter(|r| r.mode == Mode::Prediction).map(|r| r.score).collect();
    assert_eq!(scores, [100, 0]);
    // Left, or killed: it goes on with the third.
    let mut later = place.open(&now(21, 0));
    assert_eq!(later.left_off(), [LeftOff::Predictions(2, 3)]);
    let mut series = later.predictions(&now(21, 0));
    assert_eq!((series.done().len(), series.total()), (2, 3));
    // The run does not tell: nothing is reviewed, and the series is over.
    later.store_prediction(&mut series, Some(0), None, &now(21, 1)).unwrap();
    assert_eq!((later.reviews.len(), later.left_off().len(), later.predictions_left()), (2, 0, None));
    assert_eq!(later.predictions(&now(21, 2)).done().len(), 0);
    let session = practice.open_lab(&measured.lab).unwrap();
    assert_eq!(session.now(), drill.at);
    let bad = crate::study::modes::predict::PredictionId { scenario: "node-down".into(), ask: "nothing".into() };
    assert!(practice.open_drill(&bad).is_err());
}

/// Every question a built-in scenario asks is answered by its run with one of the choices.
#[test]
fn every_prediction_has_an_answer() {
    let mut wrong = String::new();
    for id in drill::ids(&OpenOptions::default()) {
        let mut drill = Drill::open(&id, &OpenOptions::default()).unwrap();
        let measured = drill.measure(u64::MAX).unwrap();
        if measured.right.is_none_or(|r| r >= drill.choices.len()) || measured.because.is_empty() {
            wrong.push_str(&format!("{id:?}: {measured:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_lab_opens_at_the_evidence() {
    let place = Place::new("see");
    let practice = place.open(&now(20, 0));
    let question = practice.question("node-fails-3am").unwrap().clone();
    let See::Lab(lab) = practice.see(&question.evidence) else { panic!("a lab") };
    assert_eq!((&*lab.scenario, lab.at.clock()), ("node-down", "02:50".to_string()));
    let session = practice.open_lab(&lab).unwrap();
    assert_eq!((session.now(), session.scenario_name()), (lab.at, "node-down"));
    let moments: Vec<_> = practice.library().bank.questions().iter().filter_map(|q| practice.see(&q.evidence).command()).collect();
    assert!(moments.len() > 100 && moments.contains(&"wheelhouse play node-down --at 2m50s".to_string()));
    let shown = practice.library().bank.questions().iter().filter(|q| matches!(practice.see(&q.evidence), See::Claim { lab: Some(_), .. }));
    for q in shown.take(3) {
        let see = practice.see(&q.evidence);
        assert!(practice.open_lab(see.lab().unwrap()).is_ok(), "{}", q.id);
    }
    let nothing = practice.see(&Evidence::None("No run shows this yet.".into()));
    assert_eq!((nothing.command(), &nothing), (None, &See::Nothing("No run shows this yet.".into())));
}

#[test]
fn broken_things_are_told_and_stop_nothing() {
    let place = Place::new("broken");
    std::fs::write(place.0.join("decks/mine.yaml"), "topic: mine\n").unwrap();
    std::fs::write(place.0.join("progress.db"), "this is no database, and longer than a header of one hundred bytes ".repeat(9)).unwrap();
    let before = std::fs::read(place.0.join("progress.db")).unwrap();
    let mut practice = place.open(&now(20, 0));
    let troubles = practice.troubles();
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert!(troubles[0].contains("progress.db") && troubles[0].contains("nothing of it is kept"), "{}", troubles[0]);
    let check = format!("`wheelhouse check {}` says what is wrong", place.0.join("decks/mine.yaml").display());
    assert!(troubles[1].starts_with("a deck is left out (") && troubles[1].ends_with(&check), "{}", troubles[1]);
    assert_eq!(troubles[1].lines().count(), 1);
    practice.rate("etcd", &[], Aloud::Card, None, &now(20, 1)).unwrap();
    assert_eq!(practice.standing().reviews, 1, "practice goes on");
    assert_eq!(std::fs::read(place.0.join("progress.db")).unwrap(), before, "and nothing is overwritten");
}
