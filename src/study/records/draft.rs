//! What is not finished: a half-typed answer, an interview in progress. It outlives Ctrl-C, a kill and a power cut as reviews do.
//!
//! A draft is a text under a name that its owner chooses (`answer/pod-vs-container`, `interview`); what stands in it is the owner's
//! business. A change can travel in the transaction of a review: the answer is stored and its draft is gone in one step.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::review::as_text;
use super::{Now, Records};

/// Something unfinished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub slot: Arc<str>,
    #[serde(with = "as_text")]
    pub saved: Timestamp,
    pub body: Arc<str>,
}

/// A draft to keep or to drop.
#[derive(Clone, Copy, Debug)]
pub enum DraftChange<'a> {
    Keep { slot: &'a str, body: &'a str },
    Drop { slot: &'a str },
}

impl Records {
    /// Keeps a draft, in place of what stood under its name.
    pub fn keep_draft(&mut self, slot: &str, body: &str, now: &Now) -> Result<()> {
        apply(&self.conn, self.profile.id, &[DraftChange::Keep { slot, body }], now).map_err(|e| self.sorted(e))
    }

    pub fn drop_draft(&mut self, slot: &str) -> Result<()> {
        let delete = "DELETE FROM draft WHERE profile = ?1 AND slot = ?2";
        self.conn.execute(delete, params![self.profile.id, slot]).map(|_| ()).map_err(|e| self.sorted(e))
    }

    /// Several at once, all or none.
    pub fn change_drafts(&mut self, changes: &[DraftChange], now: &Now) -> Result<()> {
        let profile = self.profile.id;
        let all = |conn: &mut Connection| {
            let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            apply(&change, profile, changes, now)?;
            change.commit()
        };
        all(&mut self.conn).map_err(|e| self.sorted(e))
    }

    pub fn draft(&self, slot: &str) -> Result<Option<Draft>> {
        let select = "SELECT slot, saved, body FROM draft WHERE profile = ?1 AND slot = ?2";
        self.conn.query_row(select, params![self.profile.id, slot], read).optional().map_err(|e| self.sorted(e))
    }

    /// All drafts of the profile in use, the latest first.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let mut all = of(&self.conn, self.profile.id).map_err(|e| self.sorted(e))?;
        all.sort_by(|a, b| b.saved.cmp(&a.saved).then_with(|| a.slot.cmp(&b.slot)));
        Ok(all)
    }
}

pub(super) fn apply(conn: &Connection, profile: i64, changes: &[DraftChange], now: &Now) -> rusqlite::Result<()> {
    for change in changes {
        match change {
            DraftChange::Keep { slot, body } => {
                let upsert = "INSERT OR REPLACE INTO draft (profile, slot, saved, body) VALUES (?1, ?2, ?3, ?4)";
                conn.execute(upsert, params![profile, slot, now.at.as_microsecond(), body])?;
            }
            DraftChange::Drop { slot } => {
                conn.execute("DELETE FROM draft WHERE profile = ?1 AND slot = ?2", params![profile, slot])?;
            }
        }
    }
    Ok(())
}

/// By name.
pub(super) fn of(conn: &Connection, profile: i64) -> rusqlite::Result<Vec<Draft>> {
    let mut select = conn.prepare_cached("SELECT slot, saved, body FROM draft WHERE profile = ?1 ORDER BY slot")?;
    select.query_map([profile], read)?.collect()
}

fn read(row: &rusqlite::Row) -> rusqlite::Result<Draft> {
    let text = |name: &str| row.get::<_, String>(name).map(Arc::from);
    Ok(Draft { slot: text("slot")?, saved: Timestamp::from_microsecond(row.get("saved")?).unwrap_or_default(), body: text("body")? })
}
