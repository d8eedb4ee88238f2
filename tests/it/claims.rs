//! What people claim, checked by the runs that are said to show it; and the command as people call it.

use std::process::{Command, Output};

use serde_json::Value;

fn claims(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wheelhouse")).arg("claims").args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every claim that names a run is borne out by it, and says what was measured.
#[test]
fn runs_bear_the_claims_out() {
    let out = claims(&["--verify", "--format", "json"]);
    let all: Value = serde_json::from_slice(&out.stdout).unwrap();
    let all = all.as_array().unwrap();
    assert!(all.len() >= 350, "{} claims", all.len());
    let mut wrong = String::new();
    let mut shown = 0;
    for c in all {
        let (id, measured) = (&c["id"], c["measured"].as_str().unwrap());
        if c["scenario"].is_null() {
            assert!(c["holds"].is_null() && measured == "no run shows this yet", "{c}");
            continue;
        }
        shown += 1;
        // A value that cannot be worked out reads `(why)`.
        let lost = ["(there is no", "has no value", "(no such", "(the world"].iter().any(|w| measured.contains(w));
        if c["holds"] != true || lost {
            wrong.push_str(&format!("{id} in {}: {measured}\n", c["scenario"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(shown >= 90, "{shown} claims are shown by runs");
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn unknown_ids_get_the_nearest() {
    let out = claims(&["G5"]);
    assert_eq!((out.status.code(), text(&out.stderr)), (Some(2), "error: there is no claim 'G5'; did you mean G-05?\n".into()));
    let out = claims(&["--theme", "scalin"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("did you mean scaling?"));
}

#[test]
fn a_claim_in_full() {
    let out = text(&claims(&["g-05", "--verify"]).stdout);
    for part in ["G-05", "true, with conditions", "Say: \u{201c}", "shown by node-down: Noticed after 45s", "questions: node-fails-3am"] {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
    let out = text(&claims(&["--theme", "choosing"]).stdout);
    assert!(out.contains("O-22") && out.contains("no run shows this yet") && !out.contains("P-01"), "{out}");
}
