//! Question decks: YAML files, one topic each. Built in (`assets/questions`), or dropped into a folder by whoever uses the program.
//!
//! [`read`] is the strict reader, [`shelf`] finds the files and makes a bank of them, [`schema`] is the JSON Schema for editors.
//! A deck that is wrong in any place is left out as a whole and said so; it never takes others with it.

mod read;
pub mod schema;
pub mod shelf;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::document::{Diagnostic, Node, Span};

use super::bank::{Evidence, Question, Topic};

pub use read::{is_deck, read};

/// One file, read and checked.
#[derive(Clone, Debug)]
pub struct Deck {
    pub topic: Topic,
    pub questions: Vec<Arc<Question>>,
    /// Where each question's id stands, in the same order.
    pub ids: Vec<Span>,
    /// Scenarios and claims the file points to: this room does not know them, whoever does can check them and say where.
    pub evidence: Vec<EvidencePlace>,
    /// Warnings and notes.
    pub notes: Vec<Diagnostic>,
}

/// Where a deck names its proof.
#[derive(Clone, Debug)]
pub struct EvidencePlace {
    pub question: Arc<str>,
    pub evidence: Evidence,
    /// The scenario's name or the claim's id.
    pub name: Span,
    /// The moment, of a scenario.
    pub at: Option<Span>,
}

impl Deck {
    /// `deck "Failure and recovery", 13 questions, 62 points`
    pub fn summary(&self) -> String {
        let count = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
        let points = self.questions.iter().map(|q| q.points.len()).sum();
        format!("deck \"{}\", {}, {}", self.topic.title, count(self.questions.len(), "question"), count(points, "point"))
    }
}

/// The text of a node for a map key that must be there anyway.
fn place(node: &Node) -> Span {
    node.span.first_line()
}
