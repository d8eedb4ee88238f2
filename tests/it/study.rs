//! Practice from outside: the real binary with questions, decks and their schema.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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
    assert!(
        err(&o).starts_with("warning: a deck is left out (1 error); `wheelhouse check ") && err(&o).lines().count() == 1,
        "{}",
        err(&o)
    );

    let o = wheelhouse(&["check", dir.join("good.yaml").to_str().unwrap()]);
    assert!(out(&o).contains("ok: deck \"Our own house\", 1 question, 1 point"), "{}", out(&o));
    // Sound by itself, but another deck of the folder has its ids.
    std::fs::write(dir.join("later.yaml"), DECK).unwrap();
    let o = wheelhouse(&["check", "--decks", shown, dir.join("later.yaml").to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(2));
    assert!(out(&o).contains("there is a question `our-deploys` already") && out(&o).contains("later.yaml:"), "{}", out(&o));
    std::fs::remove_file(dir.join("later.yaml")).unwrap();
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

/// Holds an interview over lines.
fn interview(file: &std::path::Path, args: &[&str], lines: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wheelhouse"))
        .args(["interview", "--plain", "--progress", file.to_str().unwrap()])
        .args(args)
        .env("WHEELHOUSE_NOW", "2026-11-20T18:00:00Z")
        .env("XDG_DATA_HOME", file.parent().unwrap())
        .env_remove("WHEELHOUSE_DECKS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let o = child.wait_with_output().unwrap();
    assert!(o.status.success(), "{}\n{}", out(&o), err(&o));
    out(&o)
}

#[test]
fn an_interview_is_held_over_lines_and_goes_on_after_an_interruption() {
    let dir = folder("interview", &[]);
    let file = dir.join("progress.db");
    let orientation = wheelhouse(&["interview", "--role", "sre", "--progress", file.to_str().unwrap()]);
    assert!(orientation.status.success() && out(&orientation).contains("site reliability engineer"), "{}", out(&orientation));
    assert!(!file.exists(), "looking leaves nothing behind");

    let aloud = ["--aloud", "--role", "platform", "--level", "mid", "--minutes", "15"];
    let text = interview(&file, &aloud, "\ny\n");
    assert!(text.contains("Question 1 of about 5") && text.contains("Did you say this?") && text.contains("is kept"), "{text}");
    let question = |text: &str| text.lines().skip_while(|l| !l.starts_with("Question 1")).nth(1).unwrap().to_string();
    let first = question(&text);
    let bank = json(&["questions", "--format", "json"]);
    let asked = bank.as_array().unwrap().iter().find(|q| q["question"].as_str() == Some(first.trim())).expect("a question of the bank");
    let points = asked["points"].as_u64().unwrap() as usize;
    // The rating that was given stands: the rest is asked for.
    let text = interview(&file, &aloud, &format!("{}skip\nend\n", "y\n".repeat(points - 1)));
    assert!(text.contains("\n  100\n"), "all of them were said: {text}");
    assert!(text.contains("goes on") && question(&text) == first, "the very question at which it stopped: {text}");
    for part in ["of 100", "By topic", "Question by question", "Strengths"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|l| l.chars().count() <= 110), "{text}");
    // What was answered is in the records.
    let progress = json(&["progress", "--format", "json", "--progress", file.to_str().unwrap()]);
    assert!(progress["reviews"].as_u64().unwrap() >= 1, "{progress}");
    // A typed answer is graded, with its words as the proof.
    let text = interview(&file, &["--new"], "I have no idea about that one, sorry.\n\nend\n");
    assert!(text.contains("✖") && text.contains("next time:") && !text.contains("Did you say this?"), "{text}");
    let none = wheelhouse(&["interview", "--topic", "storge"]);
    assert!(none.status.code() == Some(2) && err(&none).contains("did you mean `storage`?"), "{}", err(&none));
    let none = wheelhouse(&["interview", "--level", "scenario"]);
    assert!(none.status.code() == Some(2) && err(&none).contains("the levels are junior, mid, senior"), "{}", err(&none));
    let none = wheelhouse(&["interview", "--aloud"]);
    assert!(none.status.code() == Some(2) && err(&none).contains("--plain"), "{}", err(&none));
    let none = wheelhouse(&["interview", "--role", "boss"]);
    assert!(none.status.code() == Some(2) && err(&none).contains("the roles are developer, platform, sre, architect, any"));
    std::fs::remove_dir_all(&dir).unwrap();
}
