//! `kubectl apply --dry-run=server`: every recorded manifest must get the words, the streams and the exit status of the real pair.

use wheelhouse::worlds::kubernetes::api::apply::apply_dry_run;

use crate::vectors;

#[test]
fn recorded_answers() {
    let Some(cases) = vectors::json("validation.json") else { return };
    let mut wrong = Vec::new();
    let cases = cases.as_array().expect("a list");
    for c in cases {
        let text = |k: &str| c[k].as_str().unwrap_or_default();
        let got = apply_dry_run(text("manifest"));
        if got.stdout != text("stdout") || got.stderr != text("stderr") || i64::from(got.exit) != c["exit"].as_i64().unwrap_or(0) {
            wrong.push(format!(
                "{}:\n  wanted {} {:?} {:?}\n  got    {} {:?} {:?}",
                text("case"),
                c["exit"],
                text("stdout"),
                text("stderr"),
                got.exit,
                got.stdout,
                got.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
