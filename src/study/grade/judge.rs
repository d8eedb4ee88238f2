//! From numbers to a verdict: fitted weights (`assets/grading/weights.yaml`) over named numbers, so that everything can be read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::document::{Dialect, Node, Source, parse_one};

use super::features::{Measured, NAMES};

static WEIGHTS: &str = include_str!("../../../assets/grading/weights.yaml");

/// One linear sum through a logistic curve.
#[derive(Default)]
struct Sum {
    bias: f32,
    weights: BTreeMap<String, f32>,
}

impl Sum {
    fn read(root: &Node, key: &str) -> Self {
        let mut out = Self::default();
        for (name, value) in root.get(key).and_then(Node::as_map).unwrap_or_default() {
            let Some(number) = value.scalar_text().and_then(|t| t.parse().ok()) else { continue };
            if &*name.text == "bias" {
                out.bias = number;
            } else {
                out.weights.insert(name.text.to_string(), number);
            }
        }
        out
    }

    fn of<'a>(&self, numbers: impl IntoIterator<Item = (&'a str, f32)>) -> f32 {
        let mut sum = self.bias;
        for (name, number) in numbers {
            sum += self.weights.get(name).copied().unwrap_or(0.0) * number;
        }
        1.0 / (1.0 + libm::expf(-sum))
    }
}

#[derive(Default)]
struct Weights {
    point: Sum,
    misconception: Sum,
    score: Sum,
    asserted_from: f32,
}

fn weights() -> &'static Weights {
    static READ: OnceLock<Weights> = OnceLock::new();
    READ.get_or_init(|| {
        let source = Source::new("assets/grading/weights.yaml", WEIGHTS);
        // The file is part of the program and tested below.
        let Ok(root) = parse_one(&source, Dialect::Scenario) else { return Weights::default() };
        let from = root.get("asserted_from").and_then(Node::scalar_text).and_then(|t| t.parse().ok());
        Weights {
            point: Sum::read(&root, "point"),
            misconception: Sum::read(&root, "misconception"),
            score: Sum::read(&root, "score"),
            asserted_from: from.unwrap_or(1.0),
        }
    })
}

/// How sure we are that each target is said, and what that is worth.
pub struct Verdict {
    /// 0 to 1 per point.
    pub points: Vec<f32>,
    /// 0 to 1 per misconception.
    pub misconceptions: Vec<f32>,
    /// From this on a misconception counts as asserted.
    pub asserted_from: f32,
    /// 0 to 100.
    pub score: f32,
}

/// A list of words earns no more than this (before [`CURVE`]), whatever is in it.
const SOUP_MOST: f32 = 20.0;
/// From this share of lists on the answer is one.
const SOUP_FROM: f32 = 0.7;

/// Answers with less weight of words, or fewer words, than this are worth less in proportion.
const SUBSTANCE: f32 = 1.5;
const WORDS: f32 = 4.0;

/// What is left of a misconception beside words that deny it.
const DENIED: f32 = 0.4;

/// From the logistic curve, which never reaches its ends, to the marks people give: straight lines between these.
const CURVE: [(f32, f32); 7] = [(0.0, 0.0), (17.0, 4.0), (25.0, 12.0), (40.0, 38.0), (60.0, 62.0), (85.0, 90.0), (100.0, 100.0)];

fn curve(raw: f32) -> f32 {
    for pair in CURVE.windows(2) {
        let ((a, x), (b, y)) = (pair[0], pair[1]);
        if raw <= b {
            return x + (raw - a) / (b - a) * (y - x);
        }
    }
    100.0
}

pub fn judge(measured: &Measured, points: usize) -> Verdict {
    let w = weights();
    let sure = |sum: &Sum, numbers: &[f32; NAMES.len()]| sum.of(NAMES.iter().copied().zip(numbers.iter().copied()));
    let (first, rest) = measured.targets.split_at(points.min(measured.targets.len()));
    let said: Vec<f32> = first.iter().map(|t| sure(&w.point, &t.numbers)).collect();
    let denied = NAMES.iter().position(|n| *n == "denied");
    let wrong: Vec<f32> = rest
        .iter()
        .map(|t| sure(&w.misconception, &t.numbers) * if denied.is_some_and(|d| t.numbers[d] > 0.0) { DENIED } else { 1.0 })
        .collect();
    let mut score = 0.0;
    if !said.is_empty() {
        score = 100.0 * w.score.of(whole(measured, &said, &wrong));
        if measured.soup >= SOUP_FROM {
            score = score.min(SOUP_MOST);
        }
        // A word or two prove nothing, however well they fit.
        let enough = (measured.substance / SUBSTANCE).min(1.0) * (measured.tokens.len() as f32 / WORDS).min(1.0);
        score = curve(score) * enough;
    }
    Verdict { points: said, misconceptions: wrong, asserted_from: w.asserted_from, score }
}

/// The numbers of an answer as a whole.
pub fn whole(measured: &Measured, said: &[f32], wrong: &[f32]) -> Vec<(&'static str, f32)> {
    let n = said.len().max(1) as f32;
    let sum: f32 = said.iter().sum();
    let coverage = sum / n;
    let worst = wrong.iter().copied().fold(0.0, f32::max);
    let mut best = said.to_vec();
    best.sort_by(|a, b| b.total_cmp(a));
    let weighed = |name: usize| {
        let mut out = 0.0;
        for (p, t) in said.iter().zip(&measured.targets) {
            out += p / sum.max(1e-6) * t.numbers[name];
        }
        out
    };
    let mut out = vec![
        ("coverage", coverage),
        ("coverage_squared", coverage * coverage),
        ("coverage_logit", libm::logf(coverage.clamp(0.001, 0.999) / (1.0 - coverage.clamp(0.001, 0.999)))),
        ("best_point", best.first().copied().unwrap_or(0.0)),
        ("second_point", best.get(1).copied().unwrap_or(0.0)),
        ("worst_wrong", worst),
        ("all_wrong", wrong.iter().sum()),
        ("wrong_coverage", coverage * worst),
        ("words", libm::logf(measured.tokens.len() as f32 + 1.0)),
        ("substance", libm::logf(measured.substance + 1.0)),
        ("relevance", measured.relevance),
        ("soup", measured.soup),
        ("coherence", measured.coherence),
        ("points", n),
        ("bound", measured.bound),
        ("misbound", measured.misbound),
        ("density", measured.density),
        ("density_short", measured.density * 20.0 / (measured.tokens.len() as f32 + 20.0)),
        ("tight", weighed(NAMES.len() - 1)),
        ("short", libm::expf(-libm::logf(measured.substance + 1.0))),
        ("misbound_wrong", measured.misbound * worst),
    ];
    for (i, name) in NAMES.iter().enumerate() {
        if ["turned", "swapped", "joined", "negations", "exact", "recall", "lead_wrong", "lead_truth"].contains(name) {
            out.push((name, weighed(i)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_belongs_to_a_number() {
        let w = weights();
        for (sum, what) in [(&w.point, "point"), (&w.misconception, "misconception")] {
            assert!(!sum.weights.is_empty(), "{what}");
            for name in sum.weights.keys() {
                assert!(NAMES.contains(&name.as_str()), "{what}: {name}");
            }
        }
        assert!(w.asserted_from > 0.0 && w.asserted_from < 1.0 && !w.score.weights.is_empty());
    }
}
