//! Prediction drills: what happens next, and when? The right choice is measured by whoever can run the scenario; this keeps the score.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dice::Dice;

/// Names one prediction: a scenario and the id of a question in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PredictionId {
    pub scenario: Arc<str>,
    pub ask: Arc<str>,
}

/// What became of one prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    pub id: PredictionId,
    /// None: passed over.
    pub chosen: Option<usize>,
    /// As measured; None if the run gives no answer.
    pub right: Option<usize>,
}

impl Predicted {
    pub fn correct(&self) -> bool {
        self.chosen.is_some() && self.chosen == self.right
    }
}

/// A series of predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    queue: Vec<PredictionId>,
    done: Vec<Predicted>,
}

impl Predictions {
    /// At most `max` of these, in an order that the seed decides.
    pub fn new(ids: &[PredictionId], max: usize, seed: u64) -> Self {
        let mut queue = ids.to_vec();
        Dice::new(seed, "predictions").shuffle(&mut queue);
        queue.truncate(max);
        Self { queue, done: Vec::new() }
    }

    /// What is to be predicted now; None when all are done.
    pub fn current(&self) -> Option<&PredictionId> {
        self.queue.get(self.done.len())
    }
    pub fn done(&self) -> &[Predicted] {
        &self.done
    }
    pub fn total(&self) -> usize {
        self.queue.len()
    }

    /// The current one was predicted and measured. None chosen: passed over.
    pub fn answer(&mut self, chosen: Option<usize>, right: Option<usize>) -> Option<&Predicted> {
        let id = self.current()?.clone();
        self.done.push(Predicted { id, chosen, right });
        self.done.last()
    }

    /// Right ones of those that the runs could answer, 0 to 100; None before there is one.
    pub fn score(&self) -> Option<u8> {
        let counted: Vec<&Predicted> = self.done.iter().filter(|d| d.right.is_some()).collect();
        let right = counted.iter().filter(|d| d.correct()).count();
        (!counted.is_empty()).then(|| ((right * 100 + counted.len() / 2) / counted.len()) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_counts_what_could_be_measured() {
        let ids: Vec<PredictionId> = (0..6).map(|i| PredictionId { scenario: format!("s{i}").into(), ask: "q".into() }).collect();
        let mut p = Predictions::new(&ids, 4, 3);
        assert_eq!(p, Predictions::new(&ids, 4, 3));
        assert_eq!((p.total(), p.score()), (4, None));
        assert!(p.answer(Some(1), Some(1)).unwrap().correct());
        assert!(!p.answer(Some(0), Some(1)).unwrap().correct());
        assert!(!p.answer(Some(0), None).unwrap().correct());
        assert_eq!(p.score(), Some(50));
        assert!(!p.answer(None, Some(0)).unwrap().correct());
        assert_eq!(p.score(), Some(33));
        assert!(p.current().is_none() && p.answer(Some(0), Some(0)).is_none());
    }
}
