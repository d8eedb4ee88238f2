//! Word vectors: how near two words are in meaning. The pieces and numbers come from `assets/grading/` (see the README there).
//!
//! All sums run in one order over `f32`, so that a grade is the same on every machine.

use std::collections::BTreeMap;
use std::sync::OnceLock;

static PIECES: &str = include_str!("../../../assets/grading/pieces.txt");
static NUMBERS: &[u8] = include_bytes!("../../../assets/grading/vectors.bin");

/// Length of a vector.
pub const DIMENSIONS: usize = 128;

/// A direction of length one, or all zero for a word of which nothing is known.
pub type Vector = [f32; DIMENSIONS];

/// The vocabulary: whole words, and the pieces (`##ing`) of which other words are put together.
pub struct Vectors {
    index: BTreeMap<&'static str, usize>,
}

impl Vectors {
    pub fn embedded() -> &'static Self {
        static VECTORS: OnceLock<Vectors> = OnceLock::new();
        VECTORS.get_or_init(|| Self { index: PIECES.lines().enumerate().map(|(i, p)| (p, i)).collect() })
    }

    /// Whether the vocabulary has it as a whole word, that is: it is no misspelling.
    pub fn knows(&self, word: &str) -> bool {
        self.index.contains_key(word)
    }

    pub fn of(&self, word: &str) -> Vector {
        let mut sum = [0.0; DIMENSIONS];
        for piece in self.pieces(word) {
            let row = &NUMBERS[piece * DIMENSIONS..(piece + 1) * DIMENSIONS];
            for (s, n) in sum.iter_mut().zip(row) {
                *s += f32::from(n.cast_signed());
            }
        }
        normalised(&sum)
    }

    /// The longest known pieces from left to right; of a part that is unknown, nothing.
    fn pieces(&self, word: &str) -> Vec<usize> {
        let mut out = Vec::new();
        // As the vocabulary was made: punctuation inside a word stands alone.
        for part in word.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty()) {
            let mut from = 0;
            while from < part.len() {
                let mut to = part.len().min(from + 24);
                let found = loop {
                    while !part.is_char_boundary(to) {
                        to -= 1;
                    }
                    if to <= from {
                        break None;
                    }
                    let key = if from == 0 { part[..to].to_string() } else { format!("##{}", &part[from..to]) };
                    if let Some(i) = self.index.get(key.as_str()) {
                        break Some(*i);
                    }
                    to -= 1;
                };
                let Some(i) = found else { break };
                out.push(i);
                from = to;
            }
        }
        out
    }
}

pub fn dot(a: &Vector, b: &Vector) -> f32 {
    let mut sum = 0.0;
    for i in 0..DIMENSIONS {
        sum += a[i] * b[i];
    }
    sum
}

pub fn normalised(v: &Vector) -> Vector {
    let length = libm::sqrtf(dot(v, v));
    if length < 1e-6 {
        return [0.0; DIMENSIONS];
    }
    let mut out = *v;
    for x in &mut out {
        *x /= length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asset_is_whole() {
        assert_eq!(NUMBERS.len(), PIECES.lines().count() * DIMENSIONS);
    }

    #[test]
    fn near_words_are_nearer() {
        let v = Vectors::embedded();
        let near = |a, b| dot(&v.of(a), &v.of(b));
        assert!(near("machine", "server") > near("machine", "banana"));
        assert!(near("crashes", "crashed") > near("crashes", "blue"));
        assert_eq!(v.of("§§§"), [0.0; DIMENSIONS]);
    }
}
