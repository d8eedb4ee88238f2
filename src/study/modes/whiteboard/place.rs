//! Which side does it belong to?

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::dice::Dice;
use super::super::marks::mean;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    Docker,
    Kubernetes,
    Both,
    Neither,
}

impl Side {
    pub const WORDS: &[(&str, Self)] =
        &[("docker", Self::Docker), ("kubernetes", Self::Kubernetes), ("both", Self::Both), ("neither", Self::Neither)];

    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }

    /// What an answer is worth where the truth is `self`.
    pub fn worth(self, said: Self) -> u8 {
        match (self, said) {
            (a, b) if a == b => 100,
            (Self::Both, Self::Docker | Self::Kubernetes) | (Self::Docker | Self::Kubernetes, Self::Both) => 50,
            _ => 0,
        }
    }
}

/// Something to be placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub id: Arc<str>,
    pub text: Arc<str>,
    pub side: Side,
    pub why: Arc<str>,
}

/// A round of placing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    queue: Vec<Arc<str>>,
    said: Vec<Side>,
    worth: Vec<u8>,
}

impl Placement {
    /// `count` components drawn by the seed.
    pub fn new(all: &[Component], count: usize, seed: u64) -> Self {
        let mut queue: Vec<Arc<str>> = all.iter().map(|c| c.id.clone()).collect();
        Dice::new(seed, "placement").shuffle(&mut queue);
        queue.truncate(count);
        Self { queue, said: Vec::new(), worth: Vec::new() }
    }

    /// The component to be placed now; None when all are.
    pub fn current<'c>(&self, all: &'c [Component]) -> Option<&'c Component> {
        let id = self.queue.get(self.said.len())?;
        all.iter().find(|c| c.id == *id)
    }
    pub fn total(&self) -> usize {
        self.queue.len()
    }

    /// Places the current one; what it was worth.
    pub fn place(&mut self, all: &[Component], side: Side) -> Option<u8> {
        let worth = self.current(all)?.side.worth(side);
        self.said.push(side);
        self.worth.push(worth);
        Some(worth)
    }

    /// What was said so far: id, side, worth.
    pub fn done(&self) -> impl Iterator<Item = (&Arc<str>, Side, u8)> {
        self.queue.iter().zip(&self.said).zip(&self.worth).map(|((id, side), worth)| (id, *side, *worth))
    }

    /// The mean so far, 0 to 100; None before the first.
    pub fn score(&self) -> Option<u8> {
        (!self.worth.is_empty()).then(|| mean(self.worth.iter().copied()))
    }
}
