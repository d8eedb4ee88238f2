//! The pages, as people and programs read them.

use std::sync::Arc;

use jiff::civil::{Date, date};

use super::*;
use crate::study::bank::{Answers, Bank, Evidence, Level, Point, Question, Topic};

const TODAY: Date = date(2026, 11, 20);

fn at(day: Date) -> Now {
    Now { at: day.at(18, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(), today: day }
}

fn question(id: String, topic: &str, level: Level) -> Arc<Question> {
    let point = |id: &str| Point { id: id.into(), text: format!("The {id} \"point\".").into(), say: vec![], concepts: vec![] };
    Arc::new(Question {
        question: format!("What is\t{id}?").into(),
        id: id.into(),
        level,
        topic: topic.into(),
        points: vec![point("first"), point("second")],
        misconceptions: vec![],
        follow_ups: vec![],
        answers: Answers { short: "Short.\nAnd sweet.".into(), medium: "m".into(), long: "l".into() },
        evidence: Evidence::None("no".into()),
    })
}

fn library() -> Library {
    let mut bank = Bank::default();
    for (topic, title) in
        [("failure", "Failure and recovery"), ("scheduling", "Scheduling"), ("storage", "State, storage and everything that lasts")]
    {
        let questions = (0..8).map(|i| question(format!("{topic}-{i}"), topic, LEVELS[i % 4]));
        bank.add(Topic { id: topic.into(), title: title.into(), questions: vec![] }, questions.collect());
    }
    Library { bank, broken: vec![], own: vec![] }
}

fn practised() -> Records {
    let mut records = Records::in_memory(&at(date(2026, 11, 10))).unwrap();
    records.set_interview(Some(date(2026, 11, 28)), &at(date(2026, 11, 12))).unwrap();
    let deeds = [
        (12, "failure-0", 90),
        (12, "failure-1", 45),
        (14, "failure-1", 70),
        (15, "scheduling-0", 100),
        (18, "failure-1", 20),
        (19, "failure-2", 75),
        (20, "failure-0", 80),
    ];
    for (day, question, score) in deeds {
        let points = vec![PointResult { point: "first".into(), degree: 100 }, PointResult { point: "second".into(), degree: score }];
        let misconceptions = if score == 20 { vec!["instant-failover".into()] } else { vec![] };
        let review = NewReview { points, misconceptions, ..NewReview::new(question, Mode::Answer, score) };
        records.record(&review, &[], &at(date(2026, 11, day))).unwrap();
    }
    records
}

fn snapshot(name: &str, page: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, { insta::assert_snapshot!(name, page) });
}

fn of(records: &Records) -> Overview {
    Overview::of(records, &library(), &at(TODAY)).unwrap()
}

#[test]
fn the_page_fits_80_columns_and_says_it_without_colour() {
    let page = overview(&of(&practised()), Style { ascii: false, width: 80 });
    snapshot("overview", &page);
    let ascii = overview(&of(&practised()), Style { ascii: true, width: 80 });
    assert!(ascii.is_ascii(), "{ascii}");
    for line in page.lines().chain(ascii.lines()) {
        assert!(line.chars().count() <= 80 && line == line.trim_end(), "{line:?}");
    }
}

#[test]
fn a_beginner_gets_a_first_step() {
    let records = Records::in_memory(&at(TODAY)).unwrap();
    snapshot("beginner", &overview(&of(&records), Style { ascii: false, width: 80 }));
}

#[test]
fn due_and_plan_as_text() {
    let records = practised();
    snapshot("due", &due(&of(&records), 30));
    let o = of(&Records::in_memory(&at(TODAY)).unwrap());
    assert_eq!(due(&o, 30), "Nothing is due today. 24 questions were never asked.\n");
    let one_line = due(&of(&records), 0);
    assert!(one_line.ends_with("and 1 more\n"), "{one_line}");
}

#[test]
fn programs_get_the_same_figures() {
    let o = of(&practised());
    let json = overview_json(&o);
    assert_eq!(json["due"], o.standing.due().len());
    assert_eq!(json["seen"], 4);
    assert_eq!(json["forecast"].as_array().unwrap().len(), 30);
    assert_eq!(json["plan"]["interview"], "2026-11-28");
    assert_eq!(json["plan"]["done_today"], 1);
    assert_eq!(json["topics"][0]["levels"]["junior"]["questions"], 2);
    assert_eq!(json["misconceptions"][0]["misconceptions"][0], "instant-failover");
    assert_eq!(due_json(&o)["due"][0]["question"], o.standing.due()[0].item.question.as_ref());
}

#[test]
fn the_deck_for_anki_has_a_note_for_each_question() {
    let deck = anki_deck(&library());
    let (head, notes) = deck.split_once("#tags column:4\n").unwrap();
    assert!(head.starts_with("#separator:tab\n#html:false\n"), "{head}");
    assert_eq!(notes.matches("\"wheelhouse/").count(), 24);
    let first = "\"wheelhouse/failure-0\"\t\"What is\tfailure-0?\"\t\"- The first \"\"point\"\".\n- The second \"\"point\"\".\n\nShort.\nAnd sweet.\"\t\"wheelhouse::failure::junior\"\n";
    assert!(notes.starts_with(first), "{notes}");
}
