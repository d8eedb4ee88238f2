//! Floor 5: reasons. Turns the journal's causes into chains that people read.

use std::sync::Arc;

use crate::kernel::{Journal, Record, RecordId, SimDuration};

/// One link of a why-chain, the root first.
#[derive(Clone, Debug)]
pub struct WhyStep {
    pub record: Arc<Record>,
    /// A sentence: who did what.
    pub text: String,
    /// Time since the link before.
    pub gap: SimDuration,
}

/// Why a record was written: from the root (a scenario event, a command, the start) to the record itself.
pub fn why(journal: &Journal, id: RecordId) -> Vec<WhyStep> {
    let mut chain = journal.causes(id);
    chain.reverse();
    let mut before = chain.first().map(|r| r.at).unwrap_or_default();
    chain
        .into_iter()
        .map(|record| {
            let gap = record.at - before;
            before = record.at;
            WhyStep { text: sentence(&record), record, gap }
        })
        .collect()
}

/// One record as a sentence: actor, then what it did.
pub fn sentence(r: &Record) -> String {
    let subject = if r.object.name.is_empty() || r.message.contains(&*r.object.name) { String::new() } else { format!(" ({})", r.object) };
    format!("{}: {}{subject}", r.actor, r.message)
}
