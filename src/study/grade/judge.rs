//! From numbers to a verdict: the mean of a sum with fitted weights (`assets/grading/weights.yaml`) and of fitted trees ([`forest`]),
//! both over named numbers, so that everything can be read.
//!
//! [`forest`]: super::forest

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::document::{Dialect, Node, Source, parse_one};

use super::features::{Measured, NAMES};
use super::forest::{Forest, forests};
use super::overall;

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
        logistic(sum)
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

#[derive(Default)]
struct Weights {
    point: Sum,
    misconception: Sum,
    /// Where among all answers this one stands, 0 to 1.
    rank: Sum,
    asserted_from: f32,
    /// What people give to the answer at each twentieth of that order.
    marks: Vec<f32>,
}

impl Weights {
    /// From a place in the order of answers to the marks people give: straight lines between the twentieths.
    fn marks(&self, rank: f32) -> f32 {
        let Some(last) = self.marks.len().checked_sub(1).filter(|l| *l > 0) else { return 0.0 };
        let at = rank.clamp(0.0, 1.0) * last as f32;
        let below = (at as usize).min(last - 1);
        self.marks[below] + (at - below as f32) * (self.marks[below + 1] - self.marks[below])
    }
}

fn weights() -> &'static Weights {
    static READ: OnceLock<Weights> = OnceLock::new();
    READ.get_or_init(|| {
        let source = Source::new("assets/grading/weights.yaml", WEIGHTS);
        // The file is part of the program and tested below.
        let Ok(root) = parse_one(&source, Dialect::Scenario) else { return Weights::default() };
        let numbers = |key: &str| -> Vec<f32> {
            root.get(key).and_then(Node::as_list).unwrap_or_default().iter().filter_map(|n| n.scalar_text()?.parse().ok()).collect()
        };
        let from = root.get("asserted_from").and_then(Node::scalar_text).and_then(|t| t.parse().ok());
        Weights {
            point: Sum::read(&root, "point"),
            misconception: Sum::read(&root, "misconception"),
            rank: Sum::read(&root, "rank"),
            asserted_from: from.unwrap_or(1.0),
            marks: numbers("marks"),
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

/// A list of words earns no more than this, whatever is in it,
const SOUP_MOST: f32 = 15.0;
/// if this share of the answer is a list,
const SOUP_FROM: f32 = 0.35;
/// unless it earns as much as this by points that are as sure as this: notes are lists too, but lists do not come so far.
const NOTES_FROM: f32 = 52.0;
const NOTES_SURE: f32 = 0.5;

/// Answers with less weight of words, or fewer words, than this are worth less in proportion.
const SUBSTANCE: f32 = 1.5;
const WORDS: f32 = 4.0;

pub fn judge(measured: &Measured, points: usize) -> Verdict {
    let (w, f) = (weights(), forests());
    let sure = |sum: &Sum, forest: &Forest, numbers: &[f32; NAMES.len()]| {
        f32::midpoint(sum.of(NAMES.iter().copied().zip(numbers.iter().copied())), logistic(forest.sum(numbers)))
    };
    let (first, rest) = measured.targets.split_at(points.min(measured.targets.len()));
    let said: Vec<f32> = first.iter().map(|t| sure(&w.point, &f.point, &t.numbers)).collect();
    let wrong: Vec<f32> = rest.iter().map(|t| sure(&w.misconception, &f.misconception, &t.numbers)).collect();
    let mut score = 0.0;
    if !said.is_empty() {
        let whole = overall::numbers(measured, &said, &wrong);
        let numbers: Vec<f32> = whole.iter().map(|n| n.1).collect();
        score = w.marks(f32::midpoint(w.rank.of(whole), f.rank.sum(&numbers)));
        let notes = score >= NOTES_FROM && said.iter().sum::<f32>() >= NOTES_SURE * points as f32;
        if measured.soup >= SOUP_FROM && !notes {
            score = score.min(SOUP_MOST);
        }
        // A word or two prove nothing, however well they fit.
        score *= (measured.substance / SUBSTANCE).min(1.0) * (measured.tokens.len() as f32 / WORDS).min(1.0);
    }
    Verdict { points: said, misconceptions: wrong, asserted_from: w.asserted_from, score }
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
        for name in w.rank.weights.keys() {
            assert!(overall::NAMES.contains(&name.as_str()), "rank: {name}");
        }
        assert!(w.asserted_from > 0.0 && w.asserted_from < 1.0 && !w.rank.weights.is_empty());
        assert!(w.marks.len() == 21 && w.marks.is_sorted());
    }
}
