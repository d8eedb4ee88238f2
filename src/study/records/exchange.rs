//! Progress as JSON, to keep, to move to another machine, to bring together with another file.
//!
//! An export holds everything: profiles, their plans, reviews, drafts, the profile last used. It is complete and the same bytes for the
//! same content, so an export of an import equals the export. A review is its content: importing twice, or importing each of two machines
//! into the other, ends with the same reviews, none lost and none twice.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::draft::{self, Draft, DraftChange};
use super::error::{RecordsError, Result};
use super::profile::{self, DEFAULT_PROFILE, checked_name};
use super::review::{Review, as_text, as_text_if_any, to_micros};
use super::{Now, Records, schema, store};

/// The number in every export of this format.
pub const EXPORT_FORMAT: u32 = 1;
/// More than decades of practice.
pub const IMPORT_BYTES_MAX: usize = 256 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    wheelhouse_progress: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<Arc<str>>,
    profiles: Vec<ExportedProfile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedProfile {
    name: Arc<str>,
    #[serde(with = "as_text")]
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text_if_any")]
    interview: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text_if_any")]
    planned_on: Option<Date>,
    reviews: Vec<Review>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    drafts: Vec<Draft>,
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Profiles that were not there.
    pub profiles: usize,
    /// Reviews that were not there.
    pub reviews: usize,
    /// Reviews that were there already.
    pub known: usize,
    /// Drafts that were not there, or are newer than what was there.
    pub drafts: usize,
}

impl Records {
    /// Everything in the file, as JSON.
    pub fn export(&self) -> Result<String> {
        export_from(&self.conn, self.file.as_deref().unwrap_or(Path::new("in memory")))
    }

    /// Merges an export into this file, all of it or nothing. Profiles meet by name; reviews are added unless they are there; what was
    /// set here (the day of the interview, the profile last used) stays; of two drafts the later stays.
    ///
    /// # Errors
    /// What is wrong with the export (`place` names it), or why the file could not be written.
    pub fn import(&mut self, text: &str, place: &str, now: &Now) -> Result<Imported> {
        let wrong = |why: String| RecordsError::Import { place: place.into(), why };
        let export = parse(text).map_err(wrong)?;
        let merge = |conn: &mut Connection| {
            let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let unused = unused_default(&change)?;
            let mut done = Imported::default();
            for profile in &export.profiles {
                merge_profile(&change, profile, &mut done)?;
            }
            if let Some(id) = unused {
                // Nobody ever practised here: the import is what this file holds from now on.
                if !export.profiles.is_empty() && !export.profiles.iter().any(|p| &*p.name == DEFAULT_PROFILE) {
                    change.execute("DELETE FROM profile WHERE id = ?1", [id])?;
                }
                // Its own birthday means nothing then.
                if let Some(same) = export.profiles.iter().find(|p| &*p.name == DEFAULT_PROFILE) {
                    change.execute("UPDATE profile SET created = ?2 WHERE id = ?1", params![id, same.created.as_microsecond()])?;
                }
                if let Some(last) = &export.last_used {
                    change.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('profile', ?1)", [&**last])?;
                }
            }
            change.commit().map(|()| done)
        };
        let done = merge(&mut self.conn).map_err(|e| self.sorted(e))?;
        let current = self.profile.name.to_string();
        self.profile = match self.find(&current) {
            Ok(profile) => profile,
            Err(_) => self.last_used(now)?,
        };
        Ok(done)
    }
}

/// Everything in a file, as JSON.
pub(super) fn export_from(conn: &Connection, file: &Path) -> Result<String> {
    let gather = || -> rusqlite::Result<Export> {
        // One transaction: what is written meanwhile is in the export wholly or not at all.
        let view = conn.unchecked_transaction()?;
        let last = "SELECT value FROM setting JOIN profile ON profile.name = setting.value WHERE setting.name = 'profile'";
        let last_used = view.query_row(last, [], |row| row.get::<_, String>(0)).optional()?.map(Arc::from);
        let mut select = view.prepare("SELECT * FROM profile ORDER BY name")?;
        let profiles = select.query_map([], profile::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let export = |p: profile::Profile| -> rusqlite::Result<ExportedProfile> {
            Ok(ExportedProfile {
                reviews: store::reviews_of(&view, p.id)?,
                drafts: draft::of(&view, p.id)?,
                name: p.name,
                created: p.created,
                interview: p.interview,
                planned_on: p.planned_on,
            })
        };
        let profiles = profiles.into_iter().map(export).collect::<rusqlite::Result<_>>()?;
        Ok(Export { wheelhouse_progress: EXPORT_FORMAT, last_used, profiles })
    };
    let export = gather().map_err(|e| schema::sort(file, &e))?;
    let unreadable = |e: serde_json::Error| RecordsError::Unreadable { file: file.into(), why: e.to_string() };
    serde_json::to_string_pretty(&export).map(|text| text + "\n").map_err(unreadable)
}

fn parse(text: &str) -> std::result::Result<Export, String> {
    #[derive(Deserialize)]
    struct Version {
        wheelhouse_progress: Option<u32>,
    }
    if text.len() > IMPORT_BYTES_MAX {
        return Err(format!("it is larger than {} MiB", IMPORT_BYTES_MAX >> 20));
    }
    // The number first: of a newer export it says so, not that some field is unknown.
    let version: Version = serde_json::from_str(text).map_err(|e| e.to_string())?;
    match version.wheelhouse_progress {
        Some(EXPORT_FORMAT) => {}
        Some(n) if n > EXPORT_FORMAT => {
            return Err(format!("it was made by a newer wheelhouse (format {n}, this program knows {EXPORT_FORMAT})"));
        }
        Some(n) => return Err(format!("there is no format {n}")),
        None => return Err("the field wheelhouse_progress is missing".into()),
    }
    let export: Export = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut names: Vec<String> = Vec::new();
    for profile in &export.profiles {
        let name = checked_name(&profile.name).map_err(|e| e.to_string())?;
        if name != *profile.name || names.contains(&name.to_lowercase()) {
            return Err(format!("the profile '{name}' is there twice, or its name has spaces around it"));
        }
        names.push(name.to_lowercase());
        if to_micros(profile.created) != profile.created || profile.drafts.iter().any(|d| to_micros(d.saved) != d.saved) {
            return Err(format!("profile '{name}' has a moment that is finer than a microsecond"));
        }
        for review in &profile.reviews {
            review
                .check()
                .map_err(|why| format!("profile '{name}', review of '{}' at {}: {why}", review.question.escape_debug(), review.at))?;
        }
    }
    Ok(export)
}

/// The `default` profile of a file in which nothing was ever done.
fn unused_default(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    let select = "SELECT id FROM profile WHERE name = ?1 AND interview IS NULL
                    AND (SELECT count(*) FROM profile) = 1
                    AND NOT EXISTS (SELECT 1 FROM review) AND NOT EXISTS (SELECT 1 FROM draft)
                    AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'profile')";
    conn.query_row(select, [DEFAULT_PROFILE], |row| row.get(0)).optional()
}

fn merge_profile(conn: &Connection, from: &ExportedProfile, done: &mut Imported) -> rusqlite::Result<()> {
    let mut select = conn.prepare_cached("SELECT * FROM profile")?;
    let all = select.query_map([], profile::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let wanted = from.name.to_lowercase();
    let here = match all.into_iter().find(|p| p.name.to_lowercase() == wanted) {
        Some(here) => here,
        None => {
            done.profiles += 1;
            let insert = "INSERT INTO profile (name, created) VALUES (?1, ?2) RETURNING *";
            conn.query_row(insert, params![&*from.name, from.created.as_microsecond()], profile::read)?
        }
    };
    if from.created < here.created {
        conn.execute("UPDATE profile SET created = ?2 WHERE id = ?1", params![here.id, from.created.as_microsecond()])?;
    }
    if let (None, Some(interview)) = (here.interview, from.interview) {
        let planned_on = from.planned_on.map(|d| d.to_string());
        let update = "UPDATE profile SET interview = ?2, planned_on = ?3 WHERE id = ?1";
        conn.execute(update, params![here.id, interview.to_string(), planned_on])?;
    }
    for review in &from.reviews {
        let count = if store::insert(conn, here.id, review)? { &mut done.reviews } else { &mut done.known };
        *count += 1;
    }
    let drafts = draft::of(conn, here.id)?;
    for new in &from.drafts {
        let old = drafts.iter().find(|d| d.slot == new.slot);
        // Equal moments: the greater text, so that the order of two imports does not matter.
        if old.is_none_or(|old| (old.saved, &old.body) < (new.saved, &new.body)) {
            let at = Now { at: new.saved, today: Date::default() };
            draft::apply(conn, here.id, &[DraftChange::Keep { slot: &new.slot, body: &new.body }], &at)?;
            done.drafts += 1;
        }
    }
    Ok(())
}
