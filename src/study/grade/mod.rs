//! Grading of free answers: offline, the same on every machine, and open about why.
//!
//! An answer is taken apart into words, clauses and sentences ([`text`]); every point and every misconception of the question, with what
//! people say of it ([`examples`], [`rubric`]), is laid beside it ([`features`], [`scene`], [`learned`]), by words of the subject ([`lexicon`]) and by the mean
//! direction of word vectors ([`vectors`]); fitted sums and trees ([`judge`], [`forest`]) make a verdict of the numbers; and [`explain`]
//! finds the words that prove it. `docs/grading.md` says what was tried.
//!
//! ```text
//! let grader = Grader::new(&bank);              // once: it learns the words of the bank
//! let grade = grader.grade(&question, answer);  // any text, also an empty one or a very long one
//! ```

mod examples;
mod explain;
pub mod features;
mod forest;
mod gist;
mod judge;
mod learned;
mod lexicon;
mod manner;
pub mod overall;
mod pairs;
mod rubric;
mod scene;
mod stem;
mod text;
mod vectors;

use std::ops::Range;
use std::sync::Arc;

use super::bank::{Bank, Question};
use lexicon::Lexicon;
pub use rubric::Rubric;

/// What an answer is worth, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Grade {
    /// 0 to 100.
    pub score: u8,
    /// The points that were made, in the order of the rubric.
    pub covered: Vec<Covered>,
    /// Ids of the points that were not.
    pub missing: Vec<Arc<str>>,
    pub misconceptions: Vec<Asserted>,
    pub contradictions: Vec<Contradiction>,
    /// What to say next time, one or two sentences; empty if nothing was missing.
    pub next: Arc<str>,
    /// The question an interviewer would ask next.
    pub follow_up: Option<Arc<str>>,
}

/// A point that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Covered {
    pub point: Arc<str>,
    /// 0 to 100.
    pub degree: u8,
    /// Byte ranges of the answer.
    pub evidence: Vec<Range<usize>>,
}

/// A misconception that was asserted.
#[derive(Clone, Debug, PartialEq)]
pub struct Asserted {
    pub id: Arc<str>,
    pub evidence: Vec<Range<usize>>,
}

/// A point that the answer both makes and denies.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    pub point: Arc<str>,
    pub first: Range<usize>,
    pub second: Range<usize>,
}

/// Grades answers to the questions of one bank.
pub struct Grader {
    lexicon: Lexicon,
}

/// Longer answers are read to here; nobody speaks that long, and what follows changes nothing.
const READ_MOST: usize = 40_000;

impl Grader {
    pub fn new(bank: &Bank) -> Self {
        Self { lexicon: Lexicon::of(bank.questions()) }
    }

    /// What answers to the question are laid beside; worth keeping for more than one answer.
    pub fn rubric<'a>(&'a self, question: &'a Question) -> Rubric<'a> {
        Rubric::of(&self.lexicon, question)
    }

    pub fn grade(&self, question: &Question, answer: &str) -> Grade {
        self.rubric(question).grade(answer)
    }
}

impl Rubric<'_> {
    pub fn grade(&self, answer: &str) -> Grade {
        let measured = self.measure(answer);
        let verdict = judge::judge(&measured, self.question.points.len());
        explain::grade(self.question, &measured, &verdict)
    }

    /// The numbers behind a grade.
    pub fn measure(&self, answer: &str) -> features::Measured {
        let mut end = answer.len().min(READ_MOST);
        while !answer.is_char_boundary(end) {
            end -= 1;
        }
        features::measure(self, &answer[..end])
    }
}
