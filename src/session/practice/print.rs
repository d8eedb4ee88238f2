//! What `wheelhouse questions` prints: the bank, or one question with everything that goes with it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::study::bank::{Bank, Evidence, Level, Question};

use super::wrap::{cut, wrap};

pub use super::wrap::wrap as paragraph;

/// Which questions to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    pub topic: Option<&'a str>,
    pub level: Option<Level>,
}

impl Filter<'_> {
    fn fits(&self, q: &Question) -> bool {
        self.topic.is_none_or(|t| t == &*q.topic) && self.level.is_none_or(|l| l == q.level)
    }
}

/// The list, topic by topic, each question on one line of at most `width` columns.
pub fn list(bank: &Bank, filter: Filter, width: usize) -> String {
    let mut out = String::new();
    let mut shown = 0;
    let ids = bank.questions().iter().filter(|q| filter.fits(q)).map(|q| q.id.len()).max().unwrap_or(0);
    for topic in bank.topics() {
        let questions: Vec<_> = bank.in_topic(&topic.id).filter(|q| filter.fits(q)).collect();
        if questions.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{} ({})", topic.title, topic.id);
        for q in &questions {
            let lead = format!("  {:<ids$}  {:<8}  ", q.id, q.level.word());
            let _ = writeln!(out, "{lead}{}", cut(&q.question, width.saturating_sub(lead.chars().count()).max(20)));
        }
        shown += questions.len();
    }
    let plural = if shown == 1 { "question" } else { "questions" };
    let _ = writeln!(out, "{}{shown} {plural}; `wheelhouse questions ID` shows one", if out.is_empty() { "" } else { "\n" });
    out
}

/// The list for programs.
pub fn list_json(bank: &Bank, filter: Filter) -> Value {
    let one = |q: &Question| {
        json!({
            "id": q.id, "question": q.question, "level": q.level.word(), "topic": q.topic, "points": q.points.len(),
            "misconceptions": q.misconceptions.len(), "evidence": evidence_json(&q.evidence),
        })
    };
    bank.questions().iter().filter(|q| filter.fits(q)).map(|q| one(q)).collect()
}

/// One question: rubric, misconceptions, follow-ups, the three answers, the evidence.
pub fn question(bank: &Bank, q: &Question, width: usize) -> String {
    let title = bank.topic(&q.topic).map_or(&*q.topic, |t| &*t.title);
    let mut out = format!("{} · {} · {title}\n\n", q.id, q.level.word());
    wrap(&mut out, "  ", "  ", &q.question, width);
    out.push_str("\nA good answer says\n");
    for (i, p) in q.points.iter().enumerate() {
        wrap(&mut out, &format!("  {}  ", i + 1), "     ", &p.text, width);
    }
    if !q.misconceptions.is_empty() {
        out.push_str("\nBeware of saying\n");
        for m in &q.misconceptions {
            let believed = m.say.first().unwrap_or(&m.text);
            wrap(&mut out, "  ✖  ", "     ", &format!("\"{}\"", believed.trim_end_matches('.')), width);
            wrap(&mut out, "     ", "     ", &m.correction, width);
        }
    }
    if !q.follow_ups.is_empty() {
        out.push_str("\nAsked next\n");
        for f in &q.follow_ups {
            wrap(&mut out, "  ?  ", "     ", &f.ask, width);
            let missed: Vec<String> =
                f.missed.iter().filter_map(|id| q.points.iter().position(|p| p.id == *id)).map(|i| (i + 1).to_string()).collect();
            if !missed.is_empty() {
                let _ = writeln!(out, "     when {} was missed", missed.join(", "));
            }
        }
    }
    let mut said: Vec<&str> = Vec::new();
    for (title, text) in [("In 20 seconds", &q.answers.short), ("In one minute", &q.answers.medium), ("In three minutes", &q.answers.long)]
    {
        if !said.contains(&&**text) {
            let _ = writeln!(out, "\n{title}");
            // A line end in a model answer begins a new paragraph.
            wrap(&mut out, "  ", "  ", &text.replace('\n', "\n\n"), width);
            said.push(text);
        }
    }
    out.push_str("\nSee it\n");
    match &q.evidence {
        Evidence::Scenario { name, at, look } => {
            let _ = writeln!(out, "  wheelhouse play {name} --at {at}");
            wrap(&mut out, "  ", "  ", look, width);
        }
        Evidence::Claim(id) => {
            let _ = writeln!(out, "  wheelhouse claims {id}");
        }
        Evidence::None(why) => wrap(&mut out, "  ", "  ", why, width),
    }
    out
}

/// One question for programs.
pub fn question_json(q: &Question) -> Value {
    json!({
        "id": q.id, "question": q.question, "level": q.level.word(), "topic": q.topic,
        "points": q.points.iter().map(|p| json!({"id": p.id, "text": p.text, "say": p.say, "concepts": p.concepts})).collect::<Vec<_>>(),
        "misconceptions": q.misconceptions.iter()
            .map(|m| json!({"id": m.id, "text": m.text, "say": m.say, "correction": m.correction})).collect::<Vec<_>>(),
        "follow_ups": q.follow_ups.iter().map(|f| json!({"ask": f.ask, "missed": f.missed})).collect::<Vec<_>>(),
        "answers": {"short": q.answers.short, "medium": q.answers.medium, "long": q.answers.long},
        "evidence": evidence_json(&q.evidence),
    })
}

fn evidence_json(e: &Evidence) -> Value {
    match e {
        Evidence::Scenario { name, at, look } => json!({"scenario": name, "at": at, "look": look}),
        Evidence::Claim(id) => json!({"claim": id}),
        Evidence::None(why) => json!({"none": why}),
    }
}
