//! What is learnt from the sentences of one question: how much each word, pair of words and run of letters speaks for each point, for its
//! being said wrongly, for each misconception, and for its denial.
//!
//! A ridge regression with one output for each of these, solved exactly (there are a few hundred sentences) and then read as one weight
//! for every trait of a text, so that what it says of a stretch is a plain sum.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lexicon::Word;
use super::text::Token;
use super::vectors::{self, DIMENSIONS, Vector};

/// What the four kinds of traits count: stems, pairs of stems in their order, runs of letters, the mean direction of the words.
const WORDS: f32 = 1.0;
const PAIRS: f32 = 3.0;
const LETTERS: f32 = 1.0;
const MEANING: f32 = 1.0;
/// How far the weights are held down.
const RIDGE: f32 = 0.5;
/// Content words further apart than this make no pair.
const REACH: usize = 7;
/// Length of the runs of letters.
const RUNS: Range<usize> = 3..6;

/// A sentence to learn from, and which outputs it stands for.
pub struct Lesson {
    pub traits: Traits,
    pub meaning: Vector,
    pub outputs: Vec<usize>,
}

/// What a text is made of: kind and fingerprint of each trait, and how often it has it.
pub type Traits = [BTreeMap<u64, u32>; 3];

pub fn traits<'a>(tokens: &[Token], word: impl Fn(usize) -> &'a Word) -> Traits {
    let mut out = Traits::default();
    let content: Vec<usize> = (0..tokens.len()).filter(|i| word(*i).tells()).collect();
    for token in tokens {
        *out[0].entry(fingerprint(&[&token.stem])).or_default() += 1;
        if token.negated {
            *out[0].entry(fingerprint(&["not", &token.stem])).or_default() += 1;
        }
        let letters: Vec<char> = std::iter::once(' ').chain(token.word.chars()).chain([' ']).collect();
        for length in RUNS {
            for run in letters.windows(length) {
                *out[2].entry(fingerprint(&[&String::from_iter(run)])).or_default() += 1;
            }
        }
    }
    for (k, &a) in content.iter().enumerate() {
        for &b in content[k + 1..].iter().take(REACH).take_while(|b| tokens[**b].sentence == tokens[a].sentence) {
            *out[1].entry(fingerprint(&[&tokens[a].stem, &tokens[b].stem])).or_default() += 1;
        }
    }
    out
}

/// FNV-1a over the bytes, with a bar between the parts.
fn fingerprint(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|p| p.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// One trait: how rare it is, and where its weights stand.
struct Known {
    rarity: f32,
    at: usize,
}

#[derive(Default)]
pub struct Learned {
    outputs: usize,
    base: Vec<f32>,
    known: [BTreeMap<u64, Known>; 3],
    /// A row of outputs for each known trait.
    weights: Vec<f32>,
    meaning: Vec<f32>,
}

impl Learned {
    pub fn from(lessons: &[Lesson], outputs: usize) -> Self {
        let mut out = Self { outputs, base: vec![0.0; outputs], ..Self::default() };
        if lessons.is_empty() {
            return out;
        }
        out.count(lessons);
        let rows: Vec<Vec<(usize, f32)>> = lessons.iter().map(|l| out.row(&l.traits)).collect();
        let n = lessons.len();
        for output in lessons.iter().flat_map(|l| &l.outputs) {
            out.base[*output] += 1.0 / n as f32;
        }
        let mut dual = vec![0.0; n * outputs];
        for (i, lesson) in lessons.iter().enumerate() {
            for o in 0..outputs {
                dual[i * outputs + o] = f32::from(u8::from(lesson.outputs.contains(&o))) - out.base[o];
            }
        }
        solve(&mut alike(&rows, lessons, out.weights.len() / outputs.max(1)), &mut dual, n, outputs);
        out.meaning = vec![0.0; DIMENSIONS * outputs];
        for (i, lesson) in lessons.iter().enumerate() {
            let dual = &dual[i * outputs..(i + 1) * outputs];
            for (at, amount) in &rows[i] {
                add(&mut out.weights[at * outputs..], dual, *amount);
            }
            for (d, amount) in lesson.meaning.iter().enumerate() {
                add(&mut out.meaning[d * outputs..], dual, amount * MEANING);
            }
        }
        out
    }

    /// Takes in which traits there are and how rare each is.
    fn count(&mut self, lessons: &[Lesson]) {
        let mut at = 0;
        for kind in 0..3 {
            let mut with: BTreeMap<u64, u32> = BTreeMap::new();
            for key in lessons.iter().flat_map(|l| l.traits[kind].keys()) {
                *with.entry(*key).or_default() += 1;
            }
            for (key, n) in with {
                self.known[kind].insert(key, Known { rarity: rarity(lessons.len(), n), at });
                at += 1;
            }
        }
        self.weights = vec![0.0; at * self.outputs];
    }

    /// Known traits of a text with their amounts; each kind has length one before it counts what it counts.
    fn row(&self, traits: &Traits) -> Vec<(usize, f32)> {
        let mut out = Vec::new();
        let unknown = rarity(self.known[0].len().max(1), 0);
        for (kind, count) in [WORDS, PAIRS, LETTERS].into_iter().enumerate() {
            let (from, mut square) = (out.len(), 0.0);
            for (key, times) in &traits[kind] {
                let known = self.known[kind].get(key);
                let amount = (1.0 + libm::logf(*times as f32)) * known.map_or(unknown, |k| k.rarity);
                square += amount * amount;
                if let Some(known) = known {
                    out.push((known.at, amount));
                }
            }
            let scale = libm::sqrtf(count) / libm::sqrtf(square).max(1e-6);
            for (_, amount) in &mut out[from..] {
                *amount *= scale;
            }
        }
        out
    }

    /// What a text says, for each output: near 1 where it stands for it, near 0 where not.
    pub fn says(&self, traits: &Traits, meaning: &Vector) -> Vec<f32> {
        let mut out = self.base.clone();
        if self.meaning.is_empty() {
            return out;
        }
        for (at, amount) in self.row(traits) {
            add(&mut out, &self.weights[at * self.outputs..(at + 1) * self.outputs], amount);
        }
        for (d, amount) in meaning.iter().enumerate() {
            add(&mut out, &self.meaning[d * self.outputs..(d + 1) * self.outputs], *amount);
        }
        out
    }
}

fn rarity(all: usize, with: u32) -> f32 {
    libm::logf((1.0 + all as f32) / (1.0 + with as f32)) + 1.0
}

fn add(to: &mut [f32], what: &[f32], times: f32) {
    for (t, w) in to.iter_mut().zip(what) {
        *t += w * times;
    }
}

/// How alike the lessons are, two by two, with the ridge on the diagonal; the lower half only.
fn alike(rows: &[Vec<(usize, f32)>], lessons: &[Lesson], traits: usize) -> Vec<f32> {
    let n = rows.len();
    let mut out = vec![0.0; n * n];
    let mut spread = vec![0.0_f32; traits];
    for i in 0..n {
        for (at, amount) in &rows[i] {
            spread[*at] = *amount;
        }
        for j in 0..=i {
            let own: f32 = rows[j].iter().map(|(at, amount)| spread[*at] * amount).sum();
            out[i * n + j] = own + MEANING * vectors::dot(&lessons[i].meaning, &lessons[j].meaning);
        }
        out[i * n + i] += RIDGE;
        for (at, _) in &rows[i] {
            spread[*at] = 0.0;
        }
    }
    out
}

/// Solves in place by Cholesky; `right` has a row of `outputs` for each of the `n` rows.
fn solve(matrix: &mut [f32], right: &mut [f32], n: usize, outputs: usize) {
    for i in 0..n {
        let (above, row) = matrix.split_at_mut(i * n);
        for j in 0..=i {
            let other = if j == i { None } else { Some(&above[j * n..j * n + j + 1]) };
            let before: f32 = (0..j).map(|k| row[k] * other.map_or(row[k], |o| o[k])).sum();
            row[j] = match other {
                Some(o) => (row[j] - before) / o[j],
                None => libm::sqrtf((row[i] - before).max(1e-6)),
            };
        }
    }
    for i in 0..n {
        for k in 0..i {
            let times = matrix[i * n + k];
            let (done, rest) = right.split_at_mut(i * outputs);
            add(&mut rest[..outputs], &done[k * outputs..(k + 1) * outputs], -times);
        }
        right[i * outputs..(i + 1) * outputs].iter_mut().for_each(|v| *v /= matrix[i * n + i]);
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            let times = matrix[k * n + i];
            let (rest, done) = right.split_at_mut(k * outputs);
            add(&mut rest[i * outputs..(i + 1) * outputs], &done[..outputs], -times);
        }
        right[i * outputs..(i + 1) * outputs].iter_mut().for_each(|v| *v /= matrix[i * n + i]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Grader;
    use super::super::text::{AsWritten, parse};
    use super::*;
    use crate::study::deck::shelf::built_in;

    #[test]
    fn equations_are_solved() {
        // 4x + 2y = 8, 2x + 5y = 10, and with the right side 2, 5: x = 0, y = 1.
        let (mut matrix, mut right) = (vec![4.0, 0.0, 2.0, 5.0], vec![8.0, 2.0, 10.0, 5.0]);
        solve(&mut matrix, &mut right, 2, 2);
        for (got, want) in right.iter().zip([1.25, 0.0, 1.5, 1.0]) {
            assert!((got - want).abs() < 1e-5, "{right:?}");
        }
    }

    #[test]
    fn with_nothing_to_learn_from_nothing_is_said() {
        let learned = Learned::from(&[], 4);
        assert_eq!(learned.says(&Traits::default(), &[0.0; DIMENSIONS]), [0.0; 4]);
    }

    #[test]
    fn facts_on_the_wrong_subject_are_told_from_those_on_the_right_one() {
        let bank = &built_in().bank;
        let (grader, question) = (Grader::new(bank), bank.get("liveness-readiness").unwrap());
        let rubric = grader.rubric(question);
        let says = |text: &str| {
            let tokens = parse(text, &AsWritten);
            let words: Vec<_> = tokens.iter().map(|t| rubric.lexicon.word(t)).collect();
            rubric.learned.says(&traits(&tokens, |i| &words[i]), &super::super::scene::mean(words.iter()))
        };
        let (right, wrong) =
            (says("when liveness fails it restarts the container"), says("when readiness fails it restarts the container"));
        let makes = question.points.iter().position(|p| *p.id == *"liveness").unwrap();
        let believes = question.points.len() + question.misconceptions.iter().position(|m| *m.id == *"readiness-restarts").unwrap();
        assert!(right[makes] > 0.5 && right[makes] > wrong[makes] + 0.2, "{} {}", right[makes], wrong[makes]);
        assert!(wrong[believes] > right[believes] + 0.3, "{} {}", wrong[believes], right[believes]);
    }
}
