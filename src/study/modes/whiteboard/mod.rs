//! Whiteboard drills: put a chain in order, and say on which side a component belongs.
//!
//! **Order.** The score is Kendall's tau between the person's order and the true one, as a percentage, and 0 below zero: of all pairs of
//! steps that have an order, those in the right order minus those in the wrong one, divided by all. A random order scores about 0, one
//! swap of neighbours in ten steps 96. Steps that happen side by side have no order among themselves. Misplaced are the steps that must
//! move so that the rest stands right: all but a longest part that is in order.
//!
//! **Place.** A component on the right side earns 100; "both" for one side, or one side for "both", earns 50; everything else 0.

pub mod load;
mod place;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::bank::Evidence;
use super::dice::Dice;

pub use place::{Component, Placement, Side};

/// Something to put in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// What the person is asked.
    pub ask: Arc<str>,
    pub topic: Arc<str>,
    /// Questions in the bank that it belongs to.
    pub questions: Vec<Arc<str>>,
    pub evidence: Option<Evidence>,
    /// In the true order.
    pub steps: Vec<Step>,
}

/// One step of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Unique within its chain.
    pub id: Arc<str>,
    pub text: Arc<str>,
    /// Why it stands where it stands.
    pub why: Arc<str>,
    /// Steps with the same rank happen side by side.
    pub rank: usize,
}

/// A chain on the board: the person's order of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Board {
    pub chain: Arc<str>,
    /// Positions in [`Chain::steps`], as they stand now.
    pub order: Vec<usize>,
    /// Time spent on it so far.
    #[serde(default)]
    pub spent_ms: u64,
}

/// An order, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    /// 0 to 100.
    pub score: u8,
    /// Pairs of steps that have an order, and how many of them stand right.
    pub pairs: usize,
    pub right: usize,
    /// In the order of the board.
    pub misplaced: Vec<Misplaced>,
}

/// A step that must move.
#[derive(Clone, Debug, PartialEq)]
pub struct Misplaced {
    /// Position in [`Chain::steps`].
    pub step: usize,
    /// It belongs right after one of these; empty: it comes first.
    pub after: Vec<usize>,
    pub why: Arc<str>,
}

impl Board {
    /// The steps shuffled by the seed, and not in order already.
    pub fn new(chain: &Chain, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..chain.steps.len()).collect();
        let mut dice = Dice::new(seed, &format!("board/{}", chain.id));
        for _ in 0..20 {
            dice.shuffle(&mut order);
            if judge(chain, &order).score < 50 {
                break;
            }
        }
        Self { chain: chain.id.clone(), order, spent_ms: 0 }
    }

    /// Moves the step at one position to another; positions beyond the end count as the end.
    pub fn shift(&mut self, from: usize, to: usize) {
        if from < self.order.len() {
            let step = self.order.remove(from);
            self.order.insert(to.min(self.order.len()), step);
        }
    }
}

/// Judges an order; positions that are missing or twice make the order worthless.
pub fn judge(chain: &Chain, order: &[usize]) -> Ordered {
    let n = chain.steps.len();
    let complete = order.len() == n && (0..n).all(|i| order.contains(&i));
    let rank = |at: usize| chain.steps[at].rank;
    let all = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).filter(|(a, b)| rank(*a) != rank(*b)).count();
    if !complete {
        return Ordered { score: 0, pairs: all, right: 0, misplaced: Vec::new() };
    }
    let mut right = 0;
    for (i, a) in order.iter().enumerate() {
        right += order[i + 1..].iter().filter(|b| rank(*a) < rank(**b)).count();
    }
    let wrong = all - right;
    let score = (right.saturating_sub(wrong) * 100 + all / 2).checked_div(all).unwrap_or(100);
    let kept = longest_in_order(&order.iter().map(|at| rank(*at)).collect::<Vec<_>>());
    let misplaced = order.iter().enumerate().filter(|(i, _)| !kept.contains(i)).map(|(_, at)| Misplaced {
        step: *at,
        after: (0..n).filter(|s| rank(*s) + 1 == rank(*at)).collect(),
        why: chain.steps[*at].why.clone(),
    });
    Ordered { score: score.min(100) as u8, pairs: all, right, misplaced: misplaced.collect() }
}

/// Positions of a longest subsequence that never falls, the earliest of equals.
fn longest_in_order(ranks: &[usize]) -> Vec<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for rank in ranks {
        let mut here = (1, None);
        for (j, (len, _)) in best.iter().enumerate() {
            if ranks[j] <= *rank && len + 1 > here.0 {
                here = (len + 1, Some(j));
            }
        }
        best.push(here);
    }
    let longest = best.iter().map(|(len, _)| *len).max().unwrap_or(0);
    let mut at = best.iter().position(|(len, _)| *len == longest);
    let mut kept = Vec::new();
    while let Some(i) = at {
        kept.push(i);
        at = best[i].1;
    }
    kept
}

#[cfg(test)]
mod tests;
