//! Practice from outside: the real binary with questions, decks and their schema.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn wheelhouse(args: &[&str]) -> Output {
    let nowhere = std::env::temp_dir().join("wheelhouse-no-home");
    Command::new(env!("CARGO_BIN_EXE_wheelhouse"))
        .args(args)
        .env("XDG_DATA_HOME", nowhere)
        .env_remove("WHEELHOUSE_DECKS")
        .env_remove("WHEELHOUSE_SCENARIOS")
        .output()
        .expect("the binary runs")
}
fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}
fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}
fn json(args: &[&str]) -> Value {
    let o = wheelhouse(args);
    assert!(o.status.success(), "{args:?}: {}", err(&o));
    serde_json::from_slice(&o.stdout).expect("JSON")
}

const DECK: &str = "topic: house\ntitle: Our own house\nquestions:\n  - id: our-deploys\n    question: How do we deploy?\n    level: mid\n    \
    points:\n      - {id: tag, text: By tag., say: [We deploy by tag.]}\n    answers: {short: By tag.}\n    \
    evidence: {scenario: node-down, at: 2m50s, look: The node.}\n";

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("wheelhouse-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for (file, text) in files {
        std::fs::write(dir.join(file), text).unwrap();
    }
    dir
}

#[test]
fn questions_are_listed_and_shown() {
    let all = json(&["questions", "--format", "json"]);
    let all = all.as_array().unwrap();
    assert!(all.len() >= 185, "{}", all.len());
    let hard = json(&["questions", "--topic", "failure", "--level", "senior", "--format", "json"]);
    assert!(hard.as_array().unwrap().iter().all(|q| q["topic"] == "failure" && q["level"] == "senior"));
    assert!((1..all.len()).contains(&hard.as_array().unwrap().len()));
    let text = out(&wheelhouse(&["questions", "--topic", "failure"]));
    assert!(text.starts_with("Failure and recovery (failure)\n") && text.contains("  node-fails-3am "), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");

    let one = out(&wheelhouse(&["questions", "node-fails-3am"]));
    for part in ["A good answer says", "Beware of saying", "Asked next", "In 20 seconds", "In one minute", "In three minutes"] {
        assert!(one.contains(part), "{part}: {one}");
    }
    assert!(one.contains("wheelhouse play node-down --at 2m50s"), "{one}");
    let one = json(&["questions", "node-fails-3am", "--format", "json"]);
    assert_eq!(one["points"][1]["id"], "heartbeats");
    assert_eq!(one["evidence"]["at"], "2m50s");
    assert!(one["answers"]["long"].as_str().unwrap().len() > 1000);
}

#[test]
fn mistyped_names_get_the_nearest() {
    for (args, expected) in [
        (&["questions", "node-fials-3am"][..], "did you mean `node-fails-3am`"),
        (&["questions", "--topic", "failrue"], "did you mean `failure`?"),
        (&["questions", "--level", "expert"], "the levels are junior, mid, senior, scenario"),
        (&["questions", "zzzzzzzzzzzz"], "`wheelhouse questions` lists them"),
    ] {
        let o = wheelhouse(args);
        assert_eq!(o.status.code(), Some(2), "{args:?}");
        assert!(err(&o).contains(expected), "{args:?}: {}", err(&o));
    }
    let endless = "x".repeat(100_000);
    let o = wheelhouse(&["questions", &endless]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).len() < 400, "the name is not repeated at length");
}

#[test]
fn own_decks_are_read_and_broken_ones_reported() {
    let dir = folder("own-decks", &[("good.yaml", DECK), ("bad.yaml", &DECK.replace("level: mid", "level: middle"))]);
    let shown = dir.to_str().unwrap();
    let o = wheelhouse(&["questions", "--decks", shown, "--topic", "house"]);
    assert!(o.status.success());
    assert!(out(&o).contains("our-deploys"), "{}", out(&o));
    assert!(err(&o).contains("bad.yaml:6:12") && err(&o).contains("is left out"), "{}", err(&o));

    let o = wheelhouse(&["check", dir.join("good.yaml").to_str().unwrap()]);
    assert!(out(&o).contains("ok: deck \"Our own house\", 1 question, 1 point"), "{}", out(&o));
    let o = wheelhouse(&["check", dir.join("bad.yaml").to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(2));
    assert!(out(&o).contains("expected junior, mid, senior or scenario, found `middle`"), "{}", out(&o));
    for (from, to, expected) in [
        ("node-down", "node-dwon", "did you mean `node-down`?"),
        ("2m50s", "3h", "the scenario `node-down` ends after 12m"),
        ("our-deploys", "node-fails-3am", "there is a built-in question `node-fails-3am` already"),
    ] {
        std::fs::write(dir.join("bad.yaml"), DECK.replace(from, to)).unwrap();
        let o = wheelhouse(&["check", dir.join("bad.yaml").to_str().unwrap()]);
        assert_eq!(o.status.code(), Some(2), "{to}");
        assert!(out(&o).contains(expected) && out(&o).contains("bad.yaml:"), "{to}: {}", out(&o));
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn the_deck_schema_is_one() {
    let schema = json(&["schema", "--of", "deck"]);
    assert_eq!(schema["$defs"]["question"]["properties"]["level"]["enum"][0], "junior");
    assert_eq!(schema["additionalProperties"], false);
    assert!(json(&["schema"])["$defs"]["stream"].is_object(), "scenario stays the default");
}
