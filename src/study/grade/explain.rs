//! From a verdict to what a person reads: the words that prove it, what is missing, what to say next time.

use std::ops::Range;
use std::sync::Arc;

use super::super::bank::{FollowUp, Question};
use super::features::{Measured, Target};
use super::judge::Verdict;
use super::{Asserted, Contradiction, Covered, Grade};

/// From here on a point counts as made.
const MADE: f32 = 0.5;

pub fn grade(question: &Question, measured: &Measured, verdict: &Verdict) -> Grade {
    if measured.targets.is_empty() {
        return nothing(question);
    }
    let mut covered = Vec::new();
    let mut missing = Vec::new();
    for ((point, sure), target) in question.points.iter().zip(&verdict.points).zip(&measured.targets) {
        if *sure >= MADE {
            let degree = (sure * 100.0).round().clamp(0.0, 100.0) as u8;
            covered.push(Covered { point: point.id.clone(), degree, evidence: evidence(measured, target) });
        } else {
            missing.push(point.id.clone());
        }
    }
    let wrong = &measured.targets[question.points.len()..];
    let misconceptions: Vec<Asserted> = question
        .misconceptions
        .iter()
        .zip(&verdict.misconceptions)
        .zip(wrong)
        .filter(|((_, sure), _)| **sure >= verdict.asserted_from)
        .map(|((m, _), target)| Asserted { id: m.id.clone(), evidence: evidence(measured, target) })
        .collect();
    let follow_up = follow_up(question, &missing).map(|f| f.ask.clone());
    let next = next(question, &missing, &misconceptions);
    let contradictions = contradictions(question, measured, verdict);
    Grade { score: verdict.score.round().clamp(0.0, 100.0) as u8, covered, missing, misconceptions, contradictions, next, follow_up }
}

fn nothing(question: &Question) -> Grade {
    let missing: Vec<Arc<str>> = question.points.iter().map(|p| p.id.clone()).collect();
    let follow_up = follow_up(question, &missing).map(|f| f.ask.clone());
    Grade {
        score: 0,
        covered: Vec::new(),
        missing,
        misconceptions: Vec::new(),
        contradictions: Vec::new(),
        next: "There is nothing to grade. Say one sentence, even a short one.".into(),
        follow_up,
    }
}

/// The words of the window that match, joined where they stand in one clause.
fn evidence(measured: &Measured, target: &Target) -> Vec<Range<usize>> {
    let tokens = &measured.tokens;
    let mut out: Vec<(usize, Range<usize>)> = Vec::new();
    for i in &target.matched {
        let token = &tokens[*i];
        match out.last_mut() {
            Some((clause, range)) if *clause == token.clause => range.end = range.end.max(token.range.end),
            _ => out.push((token.clause, token.range.clone())),
        }
    }
    if out.is_empty() {
        let (first, last) = (&tokens[target.window.start], &tokens[target.window.end - 1]);
        return std::iter::once(first.range.start..last.range.end).collect();
    }
    out.into_iter().map(|(_, range)| range).collect()
}

/// The question that asks for most of what is missing; if nothing is missing, the first.
fn follow_up<'a>(question: &'a Question, missing: &[Arc<str>]) -> Option<&'a FollowUp> {
    let asks = |f: &FollowUp| f.missed.iter().filter(|m| missing.contains(m)).count();
    let most = question.follow_ups.iter().map(asks).max()?;
    question.follow_ups.iter().find(|f| asks(f) == most)
}

fn next(question: &Question, missing: &[Arc<str>], wrong: &[Asserted]) -> Arc<str> {
    if let Some(m) = wrong.first().and_then(|w| question.misconceptions.iter().find(|m| m.id == w.id)) {
        return m.correction.clone();
    }
    let first = missing.first().and_then(|id| question.points.iter().find(|p| p.id == *id));
    first.map_or_else(|| Arc::from(""), |p| format!("Say this too: {}", p.text).into())
}

/// Points that are said twice, once turned round.
fn contradictions(question: &Question, measured: &Measured, verdict: &Verdict) -> Vec<Contradiction> {
    let bytes = |w: &Range<usize>| measured.tokens[w.start].range.start..measured.tokens[w.end - 1].range.end;
    question
        .points
        .iter()
        .zip(&verdict.points)
        .zip(&measured.targets)
        .filter(|((_, sure), _)| **sure >= MADE)
        .filter_map(|((point, _), target)| {
            let against = target.against.as_ref()?;
            let (a, b) = (bytes(&target.window), bytes(against));
            let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
            Some(Contradiction { point: point.id.clone(), first, second })
        })
        .collect()
}
