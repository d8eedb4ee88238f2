//! What `wheelhouse grade` prints: what an answer is worth, and the words that prove it.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::study::bank::{Point, Question};
use crate::study::grade::Grader;

pub use crate::study::grade::{Asserted, Contradiction, Covered, Grade};

use super::library::Library;
use super::wrap::wrap;

impl Library {
    /// A grader that knows the words of this bank. Make it once.
    pub fn grader(&self) -> Grader {
        Grader::new(&self.bank)
    }
}

/// The shape that other tools read.
pub fn json(question: &Question, answer: &str, grade: &Grade) -> Value {
    let point = |id: &Arc<str>| question.points.iter().enumerate().find(|(_, p)| p.id == *id);
    let named = |(index, p): (usize, &Point)| json!({"point": p.text, "index": index, "id": p.id});
    let evidence = |ranges: &[Range<usize>]| -> Vec<Value> {
        ranges.iter().map(|r| json!({"text": answer.get(r.clone()), "start": r.start, "end": r.end})).collect()
    };
    let covered: Vec<Value> = grade
        .covered
        .iter()
        .filter_map(|c| {
            let mut out = named(point(&c.point)?);
            out["degree"] = json!(c.degree);
            out["evidence"] = json!(evidence(&c.evidence));
            Some(out)
        })
        .collect();
    let missing: Vec<Value> = grade.missing.iter().filter_map(|id| point(id).map(named)).collect();
    let misconceptions: Vec<Value> = grade
        .misconceptions
        .iter()
        .filter_map(|a| {
            let m = question.misconceptions.iter().find(|m| m.id == a.id)?;
            Some(json!({"id": m.id, "text": m.text, "correction": m.correction, "evidence": evidence(&a.evidence)}))
        })
        .collect();
    let contradictions: Vec<Value> = grade
        .contradictions
        .iter()
        .filter_map(|c| {
            let mut out = named(point(&c.point)?);
            out["evidence"] = json!(evidence(&[c.first.clone(), c.second.clone()]));
            Some(out)
        })
        .collect();
    json!({
        "question": question.id,
        "score": grade.score,
        "covered": covered,
        "missing": missing,
        "misconceptions": misconceptions,
        "contradictions": contradictions,
        "next": grade.next,
        "follow_up": grade.follow_up,
    })
}

/// For people, at most `width` columns.
pub fn text(question: &Question, answer: &str, grade: &Grade, width: usize) -> String {
    let mut out = String::new();
    let quoted = |ranges: &[Range<usize>]| {
        let parts: Vec<String> = ranges.iter().filter_map(|r| answer.get(r.clone())).map(one_line).collect();
        format!("\"{}\"", parts.join(" … "))
    };
    let put = |out: &mut String, lead: &str, text: &str| {
        if let Some(lead) = lead.strip_prefix('\n') {
            out.push('\n');
            wrap(out, lead, "      ", text, width);
        } else {
            wrap(out, lead, "      ", text, width);
        }
    };
    let _ = writeln!(out, "{}", question.question);
    let _ = writeln!(out, "{} of 100\n", grade.score);
    for point in &question.points {
        match grade.covered.iter().find(|c| c.point == point.id) {
            Some(c) => {
                put(&mut out, "  ✔   ", &point.text);
                put(&mut out, "      ", &quoted(&c.evidence));
            }
            None => put(&mut out, "  ✖   ", &point.text),
        }
    }
    for a in &grade.misconceptions {
        let Some(m) = question.misconceptions.iter().find(|m| m.id == a.id) else { continue };
        put(&mut out, "\n  ⚠   ", &format!("you said: {}", quoted(&a.evidence)));
        put(&mut out, "      ", &m.correction);
    }
    for c in &grade.contradictions {
        let both = [c.first.clone(), c.second.clone()];
        put(&mut out, "\n  ⚠   ", &format!("these do not go together: {}", quoted(&both)));
    }
    if !grade.next.is_empty() && grade.misconceptions.is_empty() {
        put(&mut out, "\nnext  ", &grade.next);
    }
    if let Some(ask) = &grade.follow_up {
        put(&mut out, "\nthen  ", ask);
    }
    out
}

fn one_line(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 120 {
        return text;
    }
    let start: String = text.chars().take(118).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::super::PracticeOptions;
    use super::*;

    #[test]
    fn both_forms_show_points_proof_and_what_was_wrong() {
        let library = Library::open(&PracticeOptions::default());
        let question = library.question("docker-vs-kubernetes").unwrap();
        let answer = "Docker packs the app and its libraries into an image and runs it as a container. Kubernetes builds the images and \
            needs Docker Engine on every node to start the containers.";
        let grade = library.grader().grade(question, answer);
        let shape = json(question, answer, &grade);
        let first = &shape["covered"][0];
        assert_eq!((first["index"].as_u64(), &first["id"]), (Some(0), &json!("docker-packages")), "{shape:#}");
        let (start, end) = (first["evidence"][0]["start"].as_u64().unwrap(), first["evidence"][0]["end"].as_u64().unwrap());
        assert_eq!(answer.get(start as usize..end as usize), first["evidence"][0]["text"].as_str());
        assert!(!shape["misconceptions"].as_array().unwrap().is_empty(), "{shape:#}");
        assert_eq!(shape["covered"].as_array().unwrap().len() + shape["missing"].as_array().unwrap().len(), question.points.len());
        let shown = text(question, answer, &grade, 80);
        assert!(shown.contains("✔") && shown.contains("✖") && shown.contains("⚠"), "{shown}");
    }
}
