use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::document::{Source, reader};

use super::super::bank::{Evidence, Level};
use super::{read, schema, shelf};

const SOUND: &str = r#"topic: mine
title: My own questions
questions:
  - id: what-is-it
    question: What is it?
    level: junior
    points:
      - id: one
        text: It is one.
        say: [It is a single thing.]
        concepts: [[one, single], ["1"]]
      - {id: two, text: It is not two., say: [Never two.]}
    misconceptions:
      - {id: three, text: Claims that it is three., say: [It is three.], correction: It is one.}
    follow-ups:
      - {ask: And two?, missed: [two, one]}
    answers: {short: One., medium: It is one thing.}
    evidence: {scenario: node-down, at: 2m50s, look: The node.}
"#;

fn errors(text: &str) -> Vec<String> {
    let found = read(&Source::new("mine.yaml", text)).map(|d| d.notes).unwrap_or_else(|e| e.into_vec());
    found.iter().map(ToString::to_string).collect()
}

/// The sound deck with one change is wrong in one way, at one place.
#[test]
fn every_mistake_has_a_place() {
    let deck = read(&Source::new("mine.yaml", SOUND)).unwrap();
    assert!(deck.notes.is_empty());
    assert_eq!(deck.summary(), "deck \"My own questions\", 1 question, 2 points");
    assert_eq!(&*deck.questions[0].answers.long, "It is one thing.", "the longest there is");
    assert_eq!(deck.evidence[0].at.as_ref().unwrap().to_string(), "mine.yaml:18:41");
    for (from, to, expected) in [
        ("topic: mine\n", "", "mine.yaml:1:1: error: a deck needs the field `topic` (`topic` is missing)"),
        ("title: My", "titel: My", "mine.yaml:2:1: error: a deck has no field `titel` (unknown field)"),
        ("topic: mine", "topic: My Topic", "mine.yaml:1:8: error: `topic`: `My Topic` is no id"),
        ("level: junior", "level: juinor", "mine.yaml:6:12: error: `level`: expected junior, mid, senior or scenario, found `juinor`"),
        ("    level: junior\n", "", "mine.yaml:4:5: error: a question needs the field `level`"),
        ("id: two,", "id: one,", "mine.yaml:12:14: error: there is a point `one` already (used twice)"),
        ("missed: [two, one]", "missed: [tow, one]", "mine.yaml:16:34: error: this question has no point `tow`; did you mean `two`?"),
        ("missed: [two, one]", "missed: two", "error: `missed`: expected a list, found the text `two`"),
        ("text: It is one.", "text: ''", "mine.yaml:9:15: error: `text`: the text is empty"),
        ("concepts: [[one, single], [\"1\"]]", "concepts: [[one], [1]]", "error: `concepts[1][0]`: expected a text, found the number 1"),
        ("concepts: [[one, single], [\"1\"]]", "concepts: [[one], []]", "error: `concepts[1]`: a group of words is empty"),
        ("at: 2m50s", "at: 170", "mine.yaml:18:41: error: `at`: expected a duration, found the number 170"),
        ("at: 2m50s", "at: soon", "mine.yaml:18:41: error: `at`: expected a duration, found `soon`"),
        ("at: 2m50s, ", "", "mine.yaml:18:15: error: evidence in a scenario needs the field `at`"),
        ("scenario: node-down", "claim: G-05", "error: `at` has a meaning only with `scenario`"),
        ("scenario: node-down,", "scenario: node-down, claim: G-05,", "error: evidence is exactly one of"),
        (
            "{scenario: node-down, at: 2m50s, look: The node.}",
            "{claim: g5}",
            "error: `claim`: `g5` is no claim; claims are named like G-05",
        ),
        ("correction: It is one.", "corection: It is one.", "error: a misconception has no field `corection` (unknown field)"),
        ("answers: {short: One., ", "answers: {", "error: the block of model answers needs the field `short`"),
        ("say: [Never two.]", "say: Never two.", "error: `say`: expected a list, found the text `Never two.`"),
        (", say: [Never two.]", "", "mine.yaml:12:9: note: this point has no `say`"),
        ("    points:\n", "    points: []\n    junk:\n", "error: `points`: the list is empty"),
        ("questions:\n", "questions: 3\nold:\n", "mine.yaml:3:12: error: `questions`: expected a list, found the number 3"),
    ] {
        assert!(SOUND.contains(from), "{from}");
        let found = errors(&SOUND.replacen(from, to, 1));
        assert!(found.iter().any(|e| e.contains(expected)), "{to}: expected {expected}\nfound {found:#?}");
    }
    assert!(errors("")[0].contains("mine.yaml: expected a deck of questions, found nothing"));
    assert!(errors("- 1")[0].contains("mine.yaml:1:1: error: expected a deck, found a list"));
}

#[test]
fn a_text_has_a_limit() {
    let long = "x".repeat(20_001);
    assert!(errors(&SOUND.replace("It is one.", &long))[0].contains("a text has at most 20000 bytes"));
}

#[test]
fn the_built_in_bank_is_sound() {
    let shelf = shelf::built_in();
    let broken: Vec<String> = shelf.broken.iter().map(|b| b.render()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let bank = &shelf.bank;
    assert!(bank.questions().len() >= 185 && bank.topics().len() >= 20, "{} questions", bank.questions().len());
    for (word, level) in Level::WORDS {
        assert!(bank.questions().iter().filter(|q| q.level == *level).count() >= 20, "few {word} questions");
    }
    for q in bank.questions() {
        assert!((3..=7).contains(&q.points.len()), "{}: {} points", q.id, q.points.len());
        assert!(q.points.iter().all(|p| p.say.len() >= 3), "{}: a point with few phrasings", q.id);
        assert!(q.answers.short.len() < q.answers.medium.len() && q.answers.medium.len() < q.answers.long.len(), "{}: lengths", q.id);
        assert!(!q.follow_ups.is_empty() && bank.topic(&q.topic).is_some(), "{}", q.id);
        assert!(q.evidence != Evidence::None("".into()), "{}", q.id);
    }
}

#[test]
fn own_decks_join_or_are_left_out() {
    let dir = std::env::temp_dir().join(format!("wheelhouse-decks-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("folder.yaml")).unwrap();
    std::fs::write(dir.join("a.yaml"), SOUND).unwrap();
    std::fs::write(dir.join("b-broken.yaml"), SOUND.replace("title:", "titel:")).unwrap();
    std::fs::write(dir.join("c-again.yml"), SOUND).unwrap();
    std::fs::write(dir.join("d.yaml"), b"\x00\xff").unwrap();
    std::fs::write(dir.join("e-more.yaml"), SOUND.replace("what-is-it", "another").replace("topic: mine", "topic: failure")).unwrap();
    std::fs::write(dir.join("notes.txt"), "not a deck").unwrap();
    let shelf = shelf::open(Some(&dir));
    std::fs::remove_dir_all(&dir).unwrap();
    let built_in = &shelf::built_in().bank;
    assert_eq!(shelf.bank.questions().len(), built_in.questions().len() + 2);
    assert_eq!(shelf.bank.topic("failure").unwrap().questions.last().map(|q| &**q), Some("another"), "joined to the topic");
    assert_eq!(shelf.own.iter().map(|t| &**t).collect::<Vec<_>>(), ["mine", "failure"]);
    let broken: Vec<String> = shelf.broken.iter().map(|b| PathBuf::from(&b.name).file_name().unwrap().to_str().unwrap().into()).collect();
    assert_eq!(broken, ["b-broken.yaml", "c-again.yml", "d.yaml", "folder.yaml"]);
    assert!(shelf.broken[1].render().contains("there is a question `what-is-it` already, in the topic mine"));
    let gone = shelf::open(Some(&dir));
    assert!(gone.broken[0].render().contains("the folder of decks cannot be read"));
    assert_eq!(gone.bank.questions().len(), built_in.questions().len(), "the built-in ones are there all the same");
}

/// The reader decodes by hand; this ties the schema to what it really asks for.
#[test]
fn schema_and_reader_agree() {
    read(&Source::new("mine.yaml", SOUND)).unwrap();
    let seen = reader::seen::table();
    for def in schema::DEFS {
        let fields: BTreeSet<&str> = def.fields.iter().map(|f| f.name).collect();
        assert_eq!(seen.get(def.what), Some(&fields), "{}", def.what);
    }
    let schema = schema::json_schema().to_string();
    for def in &schema::DEFS[1..] {
        assert!(schema.contains(&format!("#/$defs/{}\"", def.what.rsplit(' ').next().unwrap())), "{} is not used", def.what);
    }
}
