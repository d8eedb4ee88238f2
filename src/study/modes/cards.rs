//! Flash cards: first what is due, then new ones. Each is answered (typed, or said aloud), turned, and rated.
//!
//! A card that went badly comes back in the same sitting, [`AGAIN_AFTER`] cards later, until it goes well or had [`TRIES_MAX`] tries. Only
//! the first try says how well it is remembered; the later ones are exercise.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::bank::{Bank, Question};
use super::Marks;
use super::dice::Dice;

/// A card below this score comes again in the same sitting.
pub const AGAIN_BELOW: u8 = 50;
pub const AGAIN_AFTER: usize = 5;
pub const TRIES_MAX: u8 = 3;

/// A sitting with cards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cards {
    /// What comes, the current one first, with the tries each has had.
    queue: VecDeque<(Arc<str>, u8)>,
    done: Vec<Done>,
    turned: bool,
}

/// One rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub question: Arc<str>,
    pub score: u8,
    /// From 1; only the first counts for memory.
    pub attempt: u8,
}

impl Cards {
    /// `due` in the order given (the most overdue first), then `fresh`, shuffled by the seed, at most `new_max` of them. Ids that the bank
    /// does not have are left out.
    pub fn new(bank: &Bank, due: &[Arc<str>], fresh: &[Arc<str>], new_max: usize, seed: u64) -> Self {
        let mut queue: VecDeque<(Arc<str>, u8)> = VecDeque::new();
        let mut add = |id: &Arc<str>| {
            let known = bank.get(id).is_some() && queue.iter().all(|(q, _)| q != id);
            if known {
                queue.push_back((id.clone(), 0));
            }
            known
        };
        for id in due {
            add(id);
        }
        let mut fresh = fresh.to_vec();
        Dice::new(seed, "cards/new").shuffle(&mut fresh);
        let mut new = 0;
        for id in &fresh {
            new += usize::from(new < new_max && add(id));
        }
        Self { queue, done: Vec::new(), turned: false }
    }

    /// The card on the table; None when all are done.
    pub fn current<'b>(&self, bank: &'b Bank) -> Option<&'b Arc<Question>> {
        self.queue.front().and_then(|(id, _)| bank.get(id))
    }
    /// True if the card shows its back.
    pub fn turned(&self) -> bool {
        self.turned
    }
    pub fn turn(&mut self) {
        self.turned = true;
    }
    /// Cards still to come, the current one included.
    pub fn left(&self) -> usize {
        self.queue.len()
    }
    /// Every rating so far.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// Rates the current card. True if this is the rating that counts for memory (the first of this sitting).
    pub fn rate(&mut self, marks: &Marks) -> bool {
        let Some((id, tries)) = self.queue.pop_front() else { return false };
        self.turned = false;
        let attempt = tries + 1;
        self.done.push(Done { question: id.clone(), score: marks.score, attempt });
        if marks.score < AGAIN_BELOW && attempt < TRIES_MAX {
            let at = AGAIN_AFTER.min(self.queue.len());
            self.queue.insert(at, (id, attempt));
        }
        attempt == 1
    }

    /// Puts the current card at the end, unrated.
    pub fn skip(&mut self) {
        self.turned = false;
        self.queue.rotate_left(usize::from(!self.queue.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::deck::shelf;
    use super::*;

    fn ids(words: &[&str]) -> Vec<Arc<str>> {
        words.iter().map(|w| (*w).into()).collect()
    }
    fn marks(score: u8) -> Marks {
        Marks { score, ..Marks::default() }
    }

    #[test]
    fn due_comes_before_new_and_bad_ones_come_again() {
        let bank = &shelf::built_in().bank;
        let fresh: Vec<Arc<str>> = bank.questions().iter().map(|q| q.id.clone()).take(40).collect();
        let mut cards = Cards::new(bank, &ids(&["etcd", "gone", "node-fails-3am", "etcd"]), &fresh, 6, 7);
        assert_eq!(cards.left(), 8);
        assert_eq!(&*cards.current(bank).unwrap().id, "etcd");
        assert_eq!(cards, Cards::new(bank, &ids(&["etcd", "gone", "node-fails-3am", "etcd"]), &fresh, 6, 7), "the seed decides");
        assert!(cards.rate(&marks(20)), "the first try counts");
        assert_eq!(cards.left(), 8, "it comes again");
        for _ in 0..5 {
            assert_ne!(&*cards.current(bank).unwrap().id, "etcd");
            cards.turn();
            cards.rate(&marks(90));
            assert!(!cards.turned());
        }
        assert_eq!(&*cards.current(bank).unwrap().id, "etcd");
        assert!(!cards.rate(&marks(10)), "the second does not");
        while cards.left() > 0 {
            cards.rate(&marks(10));
        }
        let tries = cards.done().iter().filter(|d| &*d.question == "etcd").count();
        assert_eq!(tries, usize::from(TRIES_MAX), "and not for ever");
        assert!(!cards.rate(&marks(10)) && cards.current(bank).is_none());
    }

    #[test]
    fn a_skipped_card_comes_last() {
        let bank = &shelf::built_in().bank;
        let mut cards = Cards::new(bank, &ids(&["etcd", "conflict", "watch-informers"]), &[], 10, 1);
        cards.skip();
        let order: Vec<_> = cards.queue.iter().map(|(id, _)| &**id).collect();
        assert_eq!(order, ["conflict", "watch-informers", "etcd"]);
        let text = serde_json::to_string(&cards).unwrap();
        assert_eq!(serde_json::from_str::<Cards>(&text).unwrap(), cards);
    }
}
