//! Claims as text for people and as JSON for tools.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Claim, Claims, Finding, Verdict};

/// What is said of claims that no scenario shows.
pub const NO_RUN: &str = "no run shows this yet";

const WIDTH: usize = 100;

/// The shape of design.md section 9. `findings` is None if nothing was run.
pub fn json(claims: &[&Claim], findings: Option<&[Finding]>) -> Value {
    let one = |c: &&Claim| {
        let found = findings.and_then(|f| f.iter().find(|f| f.id == c.id));
        let measured = match (&c.shows, found) {
            (None, _) => json!(NO_RUN),
            (Some(_), found) => json!(found.map(|f| &f.measured)),
        };
        json!({
            "id": &*c.id,
            "statement": &*c.statement,
            "verdict": c.verdict.word(),
            "scenario": c.shows.as_ref().map(|s| &*s.scenario.text),
            "measured": measured,
            "holds": found.map(|f| f.holds),
            "theme": &*c.theme,
            "correction": &*c.correction,
            "sentence": &*c.sentence,
            "questions": c.questions.iter().map(|q| &**q).collect::<Vec<_>>(),
        })
    };
    claims.iter().map(one).collect()
}

/// The claims by theme, and what was found. `whole` prints everything about each, otherwise a line.
pub fn text(all: &Claims, claims: &[&Claim], findings: Option<&[Finding]>, whole: bool) -> String {
    let mut out = String::new();
    for theme in &all.themes {
        let here: Vec<&&Claim> = claims.iter().filter(|c| c.theme == theme.id).collect();
        if here.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{} · {}\n{}", theme.id, theme.title, wrapped(&theme.about, 0));
        let widest = here.iter().map(|c| c.id.chars().count()).max().unwrap_or(0);
        for c in here {
            let found = findings.and_then(|f| f.iter().find(|f| f.id == c.id));
            if whole { card(&mut out, c, findings.is_some(), found) } else { line(&mut out, c, widest, found) }
        }
        out.push('\n');
    }
    out.push_str(&summary(claims, findings));
    out
}

fn mark(v: Verdict) -> &'static str {
    match v {
        Verdict::True => "✔",
        Verdict::TrueWithConditions => "~",
        Verdict::Myth => "✖",
    }
}

fn words(v: Verdict) -> &'static str {
    match v {
        Verdict::True => "true",
        Verdict::TrueWithConditions => "true, with conditions",
        Verdict::Myth => "a myth",
    }
}

/// One claim in a line or two, and what was measured below it.
fn line(out: &mut String, c: &Claim, widest: usize, found: Option<&Finding>) {
    let indent = widest + 6;
    let _ = writeln!(out, "  {} {:<widest$}  {}", mark(c.verdict), c.id, wrapped(&c.statement, indent));
    if let Some(f) = found {
        finding(out, f, indent);
    }
}

fn card(out: &mut String, c: &Claim, ran: bool, found: Option<&Finding>) {
    let _ = writeln!(out, "\n{}  {}", c.id, wrapped(&c.statement, c.id.chars().count() + 2));
    let _ = writeln!(out, "    {} {}", mark(c.verdict), words(c.verdict));
    let _ = writeln!(out, "    {}", wrapped(&c.correction, 4));
    let _ = writeln!(out, "    Say: {}", wrapped(&format!("\u{201c}{}\u{201d}", c.sentence), 9));
    match (&c.shows, found) {
        (None, _) => {
            let _ = writeln!(out, "    · {NO_RUN}");
        }
        (Some(_), Some(f)) => finding(out, f, 4),
        (Some(s), None) if !ran => {
            let _ = writeln!(out, "    · {} shows it: wheelhouse claims {} --verify", s.scenario.text, c.id);
        }
        (Some(_), None) => {}
    }
    if !c.questions.is_empty() {
        let _ = writeln!(out, "    questions: {}", wrapped(&c.questions.join(", "), 15));
    }
}

fn finding(out: &mut String, f: &Finding, indent: usize) {
    let pad = " ".repeat(indent);
    let word = if f.holds { "shown by" } else { "not shown by" };
    let _ = writeln!(out, "{pad}{}", wrapped(&format!("{word} {}: {}", f.scenario, f.measured), indent));
    if !f.holds {
        let _ = writeln!(out, "{pad}{}", wrapped(&format!("because {}", f.evidence), indent));
    }
}

fn summary(claims: &[&Claim], findings: Option<&[Finding]>) -> String {
    let count = |v: Verdict| claims.iter().filter(|c| c.verdict == v).count();
    let shown = claims.iter().filter(|c| c.shows.is_some()).count();
    let mut out = format!(
        "{}: {} true ✔, {} true with conditions ~, {} ✖. ",
        counted(claims.len(), "claim"),
        count(Verdict::True),
        count(Verdict::TrueWithConditions),
        counted(count(Verdict::Myth), "myth")
    );
    let _ = match findings {
        None => writeln!(out, "A run shows {shown} of them: add --verify."),
        Some(all) => {
            let held = all.iter().filter(|f| f.holds).count();
            writeln!(out, "Runs looked at {} and bear out {held}.", all.len())
        }
    };
    out
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Text in lines of at most [`WIDTH`] columns; lines after the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let room = WIDTH.saturating_sub(indent).max(20);
    let (mut out, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if used > 0 && used + 1 + width > room {
            let _ = write!(out, "\n{}", " ".repeat(indent));
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += width;
    }
    out
}
