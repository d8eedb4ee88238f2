//! Whiteboard drills at the door: chains to order, components to place.

use std::sync::Arc;
use std::time::Duration;

use crate::study::modes::whiteboard::load::{Drills, built_in};
use crate::study::modes::whiteboard::{Board, Ordered, Placement, judge};
use crate::study::records::{DraftChange, Mode, NewReview, Now, PointResult};

use super::cards::seed;
use super::{Practice, json};

/// Components in one round.
pub const PLACED_AT_ONCE: usize = 10;

/// The name under which a chain's reviews are kept.
pub fn review_name(chain: &str) -> String {
    format!("whiteboard/{chain}")
}
pub(super) const COMPONENTS: &str = "whiteboard/components";
pub(super) const BOARD: &str = "board/";

fn slot(chain: &str) -> String {
    format!("{BOARD}{chain}")
}

impl Practice {
    /// Every chain and component there is.
    pub fn drills(&self) -> &'static Drills {
        built_in()
    }

    /// The best score of a chain so far (`whiteboard/components` for the components).
    pub fn best(&self, review_name: &str) -> Option<u8> {
        self.reviews.iter().filter(|r| *r.question == *review_name).map(|r| r.score).max()
    }

    /// The board with a chain: as it was left, else freshly shuffled.
    ///
    /// # Errors
    /// There is no such chain.
    pub fn board(&self, chain: &str, now: &Now) -> Result<Board, String> {
        let chain = self.drills().chain(chain).ok_or_else(|| format!("there is no chain `{chain}`"))?;
        let kept: Option<Board> = self.kept(&slot(&chain.id));
        let sound = kept.filter(|b| b.chain == chain.id && (0..chain.steps.len()).all(|i| b.order.contains(&i)));
        Ok(sound.filter(|b| b.order.len() == chain.steps.len()).unwrap_or_else(|| Board::new(chain, seed(now))))
    }

    /// Keeps a board as it stands.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn keep_board(&mut self, board: &Board, now: &Now) -> Result<(), String> {
        self.keep(&slot(&board.chain), board, now)
    }

    /// Judges a board; stored when this returns.
    ///
    /// # Errors
    /// There is no such chain, or why the file could not be written.
    pub fn submit_board(&mut self, board: &Board, took: Option<Duration>, now: &Now) -> Result<Ordered, String> {
        let chain = self.drills().chain(&board.chain).ok_or_else(|| format!("there is no chain `{}`", board.chain))?;
        let judged = judge(chain, &board.order);
        let misplaced = |step: usize| judged.misplaced.iter().any(|m| m.step == step);
        let points = chain.steps.iter().enumerate();
        let points = points.map(|(i, s)| PointResult { point: s.id.clone(), degree: if misplaced(i) { 0 } else { 100 } });
        let review = NewReview { points: points.collect(), took, ..NewReview::new(review_name(&chain.id), Mode::Whiteboard, judged.score) };
        self.store(&review, &[DraftChange::Drop { slot: &slot(&chain.id) }], now)?;
        Ok(judged)
    }

    /// The round of placing components that was left, else a new one.
    pub fn placement(&mut self, now: &Now) -> Placement {
        let components = &self.drills().components;
        let kept: Option<Placement> = self.kept(COMPONENTS);
        kept.filter(|p| p.current(components).is_some()).unwrap_or_else(|| {
            let round = Placement::new(components, PLACED_AT_ONCE, seed(now));
            // One that cannot be kept is played all the same.
            let _ = self.keep(COMPONENTS, &round, now);
            round
        })
    }

    /// Keeps a round of placing; the last component ends it, and it is stored as a review.
    ///
    /// # Errors
    /// Why the file could not be written.
    pub fn keep_placement(&mut self, placement: &Placement, now: &Now) -> Result<(), String> {
        if placement.current(&self.drills().components).is_some() {
            return self.records.keep_draft(COMPONENTS, &json(placement), now).map_err(|e| e.to_string());
        }
        let points = placement.done().map(|(id, _, worth)| PointResult { point: id.clone(), degree: worth });
        let score = placement.score().unwrap_or(0);
        let name: Arc<str> = COMPONENTS.into();
        let review = NewReview { points: points.collect(), ..NewReview::new(name, Mode::Whiteboard, score) };
        self.store(&review, &[DraftChange::Drop { slot: COMPONENTS }], now)
    }
}
