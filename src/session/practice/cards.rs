//! A sitting with flash cards.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::study::bank::{Level, Question};
use crate::study::modes::cards::Cards;
use crate::study::modes::{Marks, Said};
use crate::study::records::{DraftChange, Mode, Now, Rating};

use super::unfinished::dropped;
use super::{Graded, Practice, json};

pub(super) const SLOT: &str = "cards";

/// Which cards.
#[derive(Clone, Debug)]
pub struct CardSetup {
    /// Only these topics; empty: all.
    pub topics: Vec<Arc<str>>,
    pub level: Option<Level>,
    /// New cards at most; due ones all come.
    pub new_max: usize,
}

impl Default for CardSetup {
    fn default() -> Self {
        Self { topics: Vec::new(), level: None, new_max: 10 }
    }
}

/// Cards on the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardSitting {
    cards: Cards,
}

impl CardSitting {
    /// Cards still to come, the current one included.
    pub fn left(&self) -> usize {
        self.cards.left()
    }
    /// Ratings so far, with the scores; repetitions within the sitting included.
    pub fn done(&self) -> &[crate::study::modes::cards::Done] {
        self.cards.done()
    }
    /// True if the card shows its back.
    pub fn turned(&self) -> bool {
        self.cards.turned()
    }
}

/// The score that stands for a rating given with one key.
pub const fn score_of(rating: Rating) -> u8 {
    match rating {
        Rating::Again => 20,
        Rating::Hard => 50,
        Rating::Good => 75,
        Rating::Easy => 95,
    }
}

impl Practice {
    /// Begins a sitting: first what is due, then new cards. A sitting in progress is put away.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn begin_cards(&mut self, setup: &CardSetup, now: &Now) -> Result<(), String> {
        let fits = |topic: &Arc<str>, level: Level| {
            (setup.topics.is_empty() || setup.topics.contains(topic)) && setup.level.is_none_or(|l| l == level)
        };
        let ids = |list: Vec<&crate::study::records::QuestionStanding>| -> Vec<Arc<str>> {
            list.iter().filter(|q| fits(&q.item.topic, q.item.level)).map(|q| q.item.question.clone()).collect()
        };
        let due = ids(self.standing.due());
        let fresh = ids(self.standing.unseen().collect());
        let cards = Cards::new(&self.library.bank, &due, &fresh, setup.new_max, seed(now));
        let sitting = CardSitting { cards };
        self.keep(SLOT, &sitting, now)?;
        self.cards = Some(sitting);
        Ok(())
    }

    /// The sitting in progress.
    pub fn cards(&self) -> Option<&CardSitting> {
        self.cards.as_ref()
    }
    /// The card on the table; None when all are done.
    pub fn card(&self) -> Option<&Arc<Question>> {
        self.cards.as_ref()?.cards.current(&self.library.bank)
    }
    pub fn turn_card(&mut self) {
        if let Some(sitting) = &mut self.cards {
            sitting.cards.turn();
        }
    }

    /// Rates the card with one key. The first rating of a card in a sitting is stored as a review; the later ones are exercise.
    ///
    /// # Errors
    /// No card on the table, or why the file could not be written.
    pub fn rate_card(&mut self, rating: Rating, took: Option<Duration>, now: &Now) -> Result<Graded, String> {
        let question = self.card().ok_or("no card is on the table")?.clone();
        let marks = Marks { score: score_of(rating), ..Marks::default() };
        self.card_done(Graded::rated(&question, &marks), Some(rating), None, took, now)
    }

    /// Rates the card point by point.
    ///
    /// # Errors
    /// As [`Self::rate_card`].
    pub fn rate_card_points(&mut self, said: &[Said], took: Option<Duration>, now: &Now) -> Result<Graded, String> {
        let question = self.card().ok_or("no card is on the table")?.clone();
        let marks = Marks::rated(&question, said);
        self.card_done(Graded::rated(&question, &marks), None, None, took, now)
    }

    pub(super) fn card_done(
        &mut self,
        graded: Graded,
        rating: Option<Rating>,
        answer: Option<&str>,
        took: Option<Duration>,
        now: &Now,
    ) -> Result<Graded, String> {
        let mut next = self.cards.clone().ok_or("no card is on the table")?;
        let counts = next.cards.rate(&graded.marks());
        let (body, [begun, follow_up]) = (json(&next), dropped(&graded.question.id));
        let drafts =
            [DraftChange::Keep { slot: SLOT, body: &body }, DraftChange::Drop { slot: &begun }, DraftChange::Drop { slot: &follow_up }];
        if counts {
            let review = graded.review(Mode::Card, rating, answer, took);
            self.store(&review, &drafts, now)?;
        } else {
            self.records.change_drafts(&drafts, now).map_err(|e| e.to_string())?;
        }
        self.cards = Some(next);
        Ok(self.with_due(graded))
    }

    /// Puts the card at the end, unrated.
    pub fn skip_card(&mut self) {
        if let Some(sitting) = &mut self.cards {
            sitting.cards.skip();
        }
    }

    /// Ends the sitting.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn end_cards(&mut self) -> Result<(), String> {
        self.cards = None;
        self.drop_kept(SLOT)
    }
}

/// A sitting's chance comes from the moment it began: another one each time, the same again for the same moment.
pub(super) fn seed(now: &Now) -> u64 {
    now.at.as_microsecond().unsigned_abs()
}
