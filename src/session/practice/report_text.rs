//! The interview's report in words: for `wheelhouse interview --plain`, and for saving.

use std::fmt::Write as _;

use super::wrap::wrap;
use super::{Practice, Report};

/// `12:05`
fn clock(d: std::time::Duration) -> String {
    format!("{:02}:{:02}", d.as_secs() / 60, d.as_secs() % 60)
}

impl Practice {
    /// The whole report, at most `width` columns wide.
    pub fn report_text(&self, report: &Report, width: usize) -> String {
        let Some(score) = report.score else { return format!("{}\n", report.verdict) };
        let count = report.questions.len();
        let plural = if count == 1 { "question" } else { "questions" };
        let mut out = format!("{score} of 100 · {count} {plural} · {} of {}\n", clock(report.used), clock(report.budget));
        wrap(&mut out, "", "", report.verdict, width);
        out.push_str("\nBy topic\n");
        for t in &report.topics {
            let filled = usize::from(t.score).div_ceil(10);
            let bar: String = (0..10).map(|i| if i < filled { '█' } else { '░' }).collect();
            let _ = writeln!(out, "  {bar} {:>3}  {}", t.score, t.title);
        }
        out.push_str("\nQuestion by question\n");
        for q in &report.questions {
            let late = if q.score > q.first { format!(" ({} at first)", q.first) } else { String::new() };
            let skipped = if q.skipped { ", skipped" } else { "" };
            wrap(&mut out, &format!("  {:>3}  ", q.score), "       ", &q.question.question, width);
            let _ = writeln!(out, "       {}{late}, {}{skipped}", q.question.id, clock(q.took));
        }
        if !report.strengths.is_empty() {
            out.push_str("\nStrengths\n");
            for q in &report.strengths {
                wrap(&mut out, "  ✔ ", "    ", &q.question, width);
            }
        }
        if !report.gaps.is_empty() {
            out.push_str("\nGaps, and what to say next time\n");
            for g in &report.gaps {
                wrap(&mut out, "  ✖ ", "    ", &g.question.question, width);
                wrap(&mut out, "    → ", "      ", &g.next, width);
            }
        }
        if !report.corrections.is_empty() {
            out.push_str("\nWrong, and what is so\n");
            for c in &report.corrections {
                wrap(&mut out, "  ⚠ ", "    ", &c.text, width);
                wrap(&mut out, "    ", "    ", &c.correction, width);
            }
        }
        if !report.tonight.is_empty() {
            out.push_str("\nTo run tonight\n");
            for t in &report.tonight {
                let see = self.see(&t.evidence);
                let Some(command) = see.command() else { continue };
                let _ = writeln!(out, "  {command}");
                let look = if let super::See::Lab(lab) = &see { &lab.look } else { &t.question.question };
                wrap(&mut out, "    ", "    ", look, width);
            }
        }
        out
    }
}
