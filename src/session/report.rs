//! Headless runs: to the end of the scenario at full speed, then a report as text, JSON or JUnit.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::view::{DrillView, ExpectationView, LabView, QuestionView, SimTime, Stop};
use super::{OpenOptions, Session};

/// Journals up to so many records stay whole in memory.
const KEPT_WHOLE: usize = 200_000;

/// A finished run.
pub struct Report {
    pub view: LabView,
    /// Records of the journal.
    pub records: usize,
    sha256: String,
    pub notes: Vec<(String, Vec<String>)>,
}

/// Plays a scenario to its end (or `until`), calling `progress` now and then with the time reached and the end.
///
/// # Errors
/// The rendered diagnostics of a scenario that cannot be opened.
pub fn run(
    scenario: &str,
    options: &OpenOptions,
    until: Option<SimTime>,
    progress: &mut dyn FnMut(SimTime, SimTime),
) -> Result<Report, String> {
    run_with_journal(scenario, options, until, progress, &mut |_| {})
}

/// The same; `line` is handed each line of the journal, its end included, as it becomes final. Nothing is kept of what was handed over:
/// a large lab's journal is larger than its memory may be.
///
/// # Errors
/// See [`run`].
pub fn run_with_journal(
    scenario: &str,
    options: &OpenOptions,
    until: Option<SimTime>,
    progress: &mut dyn FnMut(SimTime, SimTime),
    line: &mut dyn FnMut(&[u8]),
) -> Result<Report, String> {
    let (mut digest, mut written, mut forgotten, mut text) = (Sha256::new(), 0, 0, Vec::new());
    let mut session = Session::open(scenario, options)?;
    let end = until.unwrap_or(SimTime::MAX).min(session.end());
    session.headless();
    let mut over = false;
    while !over {
        match session.advance(end, 50_000) {
            Stop::End | Stop::Reached => over = true,
            Stop::Budget => progress(session.now(), end),
            Stop::Pause | Stop::Question | Stop::Reveal | Stop::Goal | Stop::Breakpoint(_) => {}
        }
        for record in &session.records()[written..] {
            text.clear();
            record.write_json(&mut text);
            text.push(b'\n');
            digest.update(&text);
            line(&text);
        }
        written = session.records().len();
        if written > KEPT_WHOLE {
            session.forget_details(forgotten..written);
            forgotten = written;
        }
    }
    let sha256 = digest.finalize().iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    });
    Ok(Report { view: session.view(), records: written, sha256, notes: session.notes() })
}

impl Report {
    /// True if no expectation failed; open ones (the run was cut short) count as not failed.
    pub fn passed(&self) -> bool {
        self.view.expectations.iter().all(|e| e.passed != Some(false))
    }

    /// The shape of design.md section 9.
    pub fn json(&self) -> Value {
        let mut worlds = Map::new();
        for panel in &self.view.worlds {
            let s = &panel.score;
            let by_fault = |pick: fn(&super::view::FaultScore) -> Option<super::view::SimDuration>| -> Value {
                // What never happened is absent (design.md section 5).
                s.faults.iter().filter_map(|f| Some((f.id.to_string(), json!(pick(f)?.as_secs_f64())))).collect::<Map<_, _>>().into()
            };
            let reasons: Map<String, Value> = s.failed_by_reason.iter().map(|(r, n)| (r.to_string(), json!(n))).collect();
            worlds.insert(
                panel.view.name.into(),
                json!({
                    "requests": {"sent": s.sent, "ok": s.ok, "failed": s.failed, "in_flight": s.in_flight, "failed_by_reason": reasons},
                    "availability": s.availability,
                    "downtime_s": s.downtime_s,
                    "impaired_s": s.impaired_s,
                    "longest_outage_s": s.longest_outage_s,
                    "detected_after_s": by_fault(|f| f.detected_after),
                    "recovered_after_s": by_fault(|f| f.recovered_after),
                    "manual_actions": s.manual_actions,
                    "latency_ms": {"p50": s.p50_ms, "p99": s.p99_ms},
                    "copies": {"declared": s.declared, "serving": s.serving},
                    "node_hours": s.node_hours,
                    "cost": s.cost,
                }),
            );
        }
        let expectations: Vec<Value> = self
            .view
            .expectations
            .iter()
            .map(|e| json!({"mode": e.mode, "expr": e.expr, "say": e.say, "passed": e.passed, "detail": e.detail}))
            .collect();
        json!({
            "scenario": self.view.scenario,
            "seed": self.view.seed,
            "duration_s": self.view.now.as_secs_f64(),
            "worlds": worlds,
            "expectations": expectations,
            "predictions": self.view.asked.iter().map(prediction).collect::<Vec<_>>(),
            "drill": self.view.drill.as_ref().map(drill),
            "debrief": self.view.debrief,
            "notes": self.notes.iter().map(|(w, n)| (w.clone(), json!(n))).collect::<Map<_, _>>(),
            "journal_sha256": self.digest(),
        })
    }

    /// SHA-256 of the journal as written by `--journal`.
    pub fn digest(&self) -> String {
        self.sha256.clone()
    }

    /// JUnit XML: one test case per expectation.
    pub fn junit(&self) -> String {
        let all = &self.view.expectations;
        let failures = all.iter().filter(|e| e.passed == Some(false)).count();
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(out, "<testsuites tests=\"{}\" failures=\"{failures}\">", all.len());
        let _ = writeln!(out, "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\">", xml(&self.view.scenario), all.len());
        for e in all {
            let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\"", xml(&self.view.scenario), xml(&e.say));
            let _ = match e.passed {
                Some(false) => {
                    writeln!(out, ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>", xml(&e.expr), xml(&e.detail))
                }
                Some(true) => writeln!(out, "/>"),
                None => writeln!(out, ">\n      <skipped message=\"the run ended before it was decided\"/>\n    </testcase>"),
            };
        }
        out.push_str("  </testsuite>\n</testsuites>\n");
        out
    }

    /// The report for people: the same numbers as the lab screen.
    pub fn text(&self) -> String {
        let v = &self.view;
        let mut out = format!("{}\n{}\n\nseed {} · {} of virtual time\n\n", v.title, v.summary, v.seed, v.now.since(SimTime::ZERO));
        let names: Vec<_> = v.worlds.iter().map(|w| w.view.name).collect();
        let _ = writeln!(out, "{:<28}{}", "", names.iter().map(|n| format!("{n:>16}")).collect::<String>());
        let mut row = |label: &str, cell: &dyn Fn(&super::view::ScoreView) -> String| {
            let cells: String = v.worlds.iter().map(|w| format!("{:>16}", cell(&w.score))).collect();
            let _ = writeln!(out, "{label:<28}{cells}");
        };
        row("availability", &|s| s.availability.map_or("–".into(), super::view::percent));
        row("requests sent", &|s| s.sent.to_string());
        row("failed", &|s| s.failed.to_string());
        row("seconds impaired", &|s| s.impaired_s.to_string());
        row("seconds down", &|s| s.downtime_s.to_string());
        row("longest outage, s", &|s| s.longest_outage_s.to_string());
        row("latency p50 / p99, ms", &|s| match (s.p50_ms, s.p99_ms) {
            (Some(a), Some(b)) => format!("{a:.0} / {b:.0}"),
            _ => "–".into(),
        });
        row("manual actions", &|s| s.manual_actions.to_string());
        row("copies serving at the end", &|s| format!("{} of {}", s.serving, s.declared));
        let ids: Vec<_> = v.worlds.iter().flat_map(|w| w.score.faults.iter().map(|f| f.id.clone())).collect();
        let mut seen = Vec::new();
        for id in ids {
            if !seen.contains(&id) {
                let find = |s: &super::view::ScoreView| s.faults.iter().find(|f| f.id == id).cloned();
                let time = |d: Option<super::view::SimDuration>| d.map_or("never".to_string(), |d| format!("{:.1} s", d.as_secs_f64()));
                row(&format!("{id}: noticed after"), &|s| find(s).map_or("–".into(), |f| time(f.detected_after)));
                row(&format!("{id}: whole again after"), &|s| match find(s) {
                    None => "–".into(),
                    Some(f) if !f.hurt => "not hurt".into(),
                    Some(f) => time(f.recovered_after),
                });
                seen.push(id);
            }
        }
        for w in v.worlds.iter().filter(|w| !w.score.failed_by_reason.is_empty()) {
            let reasons: Vec<_> = w.score.failed_by_reason.iter().map(|(r, n)| format!("{n} {r}")).collect();
            let _ = writeln!(out, "\n{} failed: {}", w.view.name, reasons.join(", "));
        }
        if !v.expectations.is_empty() {
            out.push_str("\nexpected\n");
            v.expectations.iter().for_each(|e| expectation(&mut out, e));
        }
        if let Some(d) = &v.drill {
            drill_text(&mut out, d);
        }
        if !v.asked.is_empty() {
            out.push_str("\npredictions\n");
            v.asked.iter().for_each(|q| asked(&mut out, q));
        }
        if !v.debrief.is_empty() {
            out.push_str("\nwhat this run showed\n");
            v.debrief.iter().for_each(|line| {
                let _ = writeln!(out, "  • {line}");
            });
        }
        for (world, notes) in self.notes.iter().filter(|(_, n)| !n.is_empty()) {
            let _ = writeln!(out, "\nnot simulated or assumed in the {world} world");
            notes.iter().for_each(|n| {
                let _ = writeln!(out, "  – {n}");
            });
        }
        let _ = writeln!(out, "\njournal sha256 {}", self.digest());
        out
    }
}

fn expectation(out: &mut String, e: &ExpectationView) {
    let mark = match e.passed {
        Some(true) => "✔",
        Some(false) => "✖",
        None => "·",
    };
    let _ = writeln!(out, "  {mark} {}", e.say);
    if e.passed != Some(true) {
        let _ = writeln!(out, "      {} {}\n      {}", e.mode, e.expr, if e.detail.is_empty() { "not decided" } else { &e.detail });
    }
}

/// A prediction: what was asked, what somebody chose, and what the run answered when.
fn prediction(q: &QuestionView) -> Value {
    json!({
        "id": q.id,
        "question": q.text,
        "choices": q.choices,
        "chosen": q.chosen,
        "answer": q.answer,
        "right": q.right(),
        "known_at_s": q.known_at.map(SimTime::as_secs_f64),
        "because": q.because,
    })
}

/// A drill's two judgements, its four times, and what it took.
fn drill(d: &DrillView) -> Value {
    let s = |after: Option<super::view::SimDuration>| after.map(|d| d.as_secs_f64());
    let notes =
        |list: &[(SimTime, String)]| list.iter().map(|(at, text)| json!({"at_s": at.as_secs_f64(), "say": text})).collect::<Vec<_>>();
    json!({
        "goal": d.goal,
        "began_s": d.began.map(SimTime::as_secs_f64),
        "fixed": d.mitigated_after.is_some(),
        "cause_named": d.cause.is_named(),
        "wrong_causes": d.cause.wrong(),
        "passed": d.verdict.as_ref().is_some_and(|v| v.passed),
        "verdict": d.verdict.as_ref().map(|v| &v.text),
        "detected_after_s": s(d.detected_after),
        "localised_after_s": s(d.localised_after),
        "analysed_after_s": s(d.analysed_after),
        "mitigated_after_s": s(d.mitigated_after),
        "hints": d.hints,
        "mistakes": notes(&d.mistakes),
        "lost": notes(&d.lost),
    })
}

fn drill_text(out: &mut String, d: &DrillView) {
    let _ = writeln!(out, "\ndrill\n  goal: {}", d.goal);
    if let Some(v) = &d.verdict {
        let _ = writeln!(out, "  {} {}", if v.passed { "✔" } else { "✖" }, v.text);
    }
    for (word, after) in d.times() {
        let _ = writeln!(out, "  {word:<10} {}", after.map_or("not".to_string(), |a| format!("after {a}")));
    }
    for (at, text) in d.lost.iter().chain(&d.mistakes) {
        let _ = writeln!(out, "  {} {text}", at.clock());
    }
}

fn asked(out: &mut String, q: &QuestionView) {
    let mark = match q.right() {
        Some(true) => "✔",
        Some(false) => "✖",
        None => "?",
    };
    let _ = writeln!(out, "  {mark} {}", q.text);
    if let Some(said) = q.chosen.and_then(|c| q.choices.get(c)) {
        let _ = writeln!(out, "      predicted: {said}");
    }
    match (q.answer.and_then(|a| q.choices.get(a)), q.known_at) {
        (Some(answer), Some(at)) => {
            let _ = writeln!(out, "      {answer} (known at {})", at.clock());
        }
        (None, Some(_)) => out.push_str("      this run has no answer\n"),
        _ => out.push_str("      not known when the run was cut short\n"),
    }
    if !q.because.is_empty() {
        let _ = writeln!(out, "      {}", q.because);
    }
}

fn xml(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
