//! Which words an answer joins: "liveness … restarts" is joined by true sentences about probes, "readiness … restarts" by false ones.

use std::collections::BTreeSet;

use super::lexicon::Word;
use super::text::Token;

/// Words further apart than this are not joined.
const REACH: usize = 9;
/// What a pair in the other order is worth.
const TURNED: f32 = 0.5;

/// Two words in their order, and whether one of them stands under a negation.
pub type Pair = (u32, u32, bool);

/// The pairs of a text, with what the two words weigh together.
pub struct Pairs(Vec<(Pair, f32)>);

impl Pairs {
    pub fn of<'a>(tokens: &[Token], word: impl Fn(usize) -> &'a Word) -> Self {
        let telling: Vec<usize> = (0..tokens.len()).filter(|i| word(*i).tells()).collect();
        let mut out = Vec::new();
        for (k, &a) in telling.iter().enumerate() {
            for &b in &telling[k + 1..] {
                if b - a > REACH || tokens[a].sentence != tokens[b].sentence {
                    break;
                }
                let (x, y) = (word(a), word(b));
                if x.sense() != y.sense() {
                    out.push(((x.sense(), y.sense(), tokens[a].negated || tokens[b].negated), x.weight * y.weight));
                }
            }
        }
        Self(out)
    }

    pub fn set(&self) -> BTreeSet<Pair> {
        self.0.iter().map(|p| p.0).collect()
    }

    /// How much of these pairs an answer has.
    pub fn recall(&self, answer: &BTreeSet<Pair>) -> f32 {
        let (mut with, mut all) = (0.0, 0.0);
        for &((a, b, denied), weight) in &self.0 {
            all += weight;
            if answer.contains(&(a, b, denied)) {
                with += weight;
            } else if answer.contains(&(b, a, denied)) {
                with += weight * TURNED;
            }
        }
        if all > 0.0 { with / all } else { 0.0 }
    }
}

/// The share of an answer's pairs that `right` sentences have, and the share that only `wrong` ones have.
pub fn shares<'a>(answer: &Pairs, right: impl Iterator<Item = &'a Pairs>, wrong: impl Iterator<Item = &'a Pairs>) -> [f32; 2] {
    let right: BTreeSet<Pair> = right.flat_map(|p| &p.0).map(|p| p.0).collect();
    let wrong: BTreeSet<Pair> = wrong.flat_map(|p| &p.0).map(|p| p.0).collect();
    let (mut with, mut against, mut all) = (0.0, 0.0, 0.0);
    for (pair, weight) in &answer.0 {
        all += weight;
        if right.contains(pair) {
            with += weight;
        } else if wrong.contains(pair) {
            against += weight;
        }
    }
    if all > 0.0 { [with / all, against / all] } else { [0.3, 0.1] }
}
