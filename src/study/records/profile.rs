//! Profiles: several people (or several interviews) in one file. One of them is in use; the file remembers which one was last.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension, Row, params};

use super::error::{RecordsError, Result};
use super::{Now, Records};
use crate::document::nearest;

/// Whose progress it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(super) id: i64,
    pub name: Arc<str>,
    pub created: Timestamp,
    /// The day of the interview, if there is one.
    pub interview: Option<Date>,
    /// The day that date was set: the plan counts from here.
    pub planned_on: Option<Date>,
}

/// The profile of someone who never made one.
pub const DEFAULT_PROFILE: &str = "default";
const NAME_CHARS_MAX: usize = 40;

/// The name as it is stored.
pub(super) fn checked_name(name: &str) -> Result<String> {
    let trimmed = name.trim();
    let why = if trimmed.is_empty() {
        "it is empty"
    } else if trimmed.chars().count() > NAME_CHARS_MAX {
        "it is longer than 40 characters"
    } else if trimmed.chars().any(char::is_control) {
        "it has control characters in it"
    } else if trimmed.starts_with('-') {
        "it begins like an option"
    } else {
        return Ok(trimmed.to_string());
    };
    Err(RecordsError::ProfileName { name: name.escape_debug().to_string(), why })
}

/// Names differ if they differ in more than capitals.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

pub(super) fn read(row: &Row) -> rusqlite::Result<Profile> {
    Ok(Profile {
        id: row.get("id")?,
        name: row.get::<_, String>("name")?.into(),
        created: Timestamp::from_microsecond(row.get("created")?).unwrap_or_default(),
        interview: row.get::<_, Option<String>>("interview")?.and_then(|d| d.parse().ok()),
        planned_on: row.get::<_, Option<String>>("planned_on")?.and_then(|d| d.parse().ok()),
    })
}

impl Records {
    /// All profiles, by name.
    pub fn profiles(&self) -> Result<Vec<Profile>> {
        let all = || -> rusqlite::Result<Vec<_>> {
            self.conn.prepare_cached("SELECT * FROM profile ORDER BY name")?.query_map([], read)?.collect()
        };
        all().map_err(|e| self.sorted(e))
    }

    /// The profile in use.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Uses another profile. With `remember` the next start begins with it too.
    pub fn choose(&mut self, name: &str, remember: bool) -> Result<&Profile> {
        let found = self.find(name)?;
        if remember {
            self.remember(&found)?;
        }
        self.profile = found;
        Ok(&self.profile)
    }

    /// Makes a profile; it is not used until chosen.
    pub fn create(&mut self, name: &str, now: &Now) -> Result<Profile> {
        let name = self.free_name(name, None)?;
        let insert = "INSERT INTO profile (name, created) VALUES (?1, ?2) RETURNING *";
        self.conn.query_row(insert, params![name, now.at.as_microsecond()], read).map_err(|e| self.sorted(e))
    }

    pub fn rename(&mut self, old: &str, new: &str) -> Result<Profile> {
        let found = self.find(old)?;
        let name = self.free_name(new, Some(found.id))?;
        let update = |conn: &mut rusqlite::Connection| {
            let change = conn.transaction()?;
            change.execute("UPDATE setting SET value = ?2 WHERE name = 'profile' AND value = ?1", [&*found.name, name.as_str()])?;
            let renamed = change.query_row("UPDATE profile SET name = ?2 WHERE id = ?1 RETURNING *", params![found.id, name], read)?;
            change.commit().map(|()| renamed)
        };
        let renamed = update(&mut self.conn).map_err(|e| self.sorted(e))?;
        if renamed.id == self.profile.id {
            self.profile = renamed.clone();
        }
        Ok(renamed)
    }

    /// Forgets every review, draft and plan of a profile; the profile stays. Says how many reviews there were.
    pub fn reset(&mut self, name: &str) -> Result<usize> {
        let found = self.find(name)?;
        let reset = |conn: &mut rusqlite::Connection| {
            let change = conn.transaction()?;
            change.execute("DELETE FROM draft WHERE profile = ?1", [found.id])?;
            change.execute("UPDATE profile SET interview = NULL, planned_on = NULL WHERE id = ?1", [found.id])?;
            let gone = change.execute("DELETE FROM review WHERE profile = ?1", [found.id])?;
            change.commit().map(|()| gone)
        };
        let gone = reset(&mut self.conn).map_err(|e| self.sorted(e))?;
        if found.id == self.profile.id {
            (self.profile.interview, self.profile.planned_on) = (None, None);
        }
        Ok(gone)
    }

    /// Deletes a profile with everything in it. If it was in use, another one is; if it was the last, an empty `default` is made.
    pub fn delete(&mut self, name: &str, now: &Now) -> Result<()> {
        let found = self.find(name)?;
        let delete = |conn: &mut rusqlite::Connection| {
            let change = conn.transaction()?;
            change.execute("DELETE FROM setting WHERE name = 'profile' AND value = ?1", [&*found.name])?;
            change.execute("DELETE FROM profile WHERE id = ?1", [found.id])?;
            change.commit()
        };
        delete(&mut self.conn).map_err(|e| self.sorted(e))?;
        if found.id == self.profile.id {
            self.profile = self.last_used(now)?;
        }
        Ok(())
    }

    /// Sets or clears the day of the interview. Setting the day that is set already does not begin the plan anew.
    pub fn set_interview(&mut self, date: Option<Date>, now: &Now) -> Result<()> {
        if date == self.profile.interview {
            return Ok(());
        }
        let planned_on = date.map(|_| now.today);
        let update = "UPDATE profile SET interview = ?2, planned_on = ?3 WHERE id = ?1";
        let values = params![self.profile.id, date.map(|d| d.to_string()), planned_on.map(|d| d.to_string())];
        self.conn.execute(update, values).map_err(|e| self.sorted(e))?;
        (self.profile.interview, self.profile.planned_on) = (date, planned_on);
        Ok(())
    }

    /// The profile that was used last, or the first there is; made if there is none.
    pub(super) fn last_used(&mut self, now: &Now) -> Result<Profile> {
        let last = "SELECT profile.* FROM profile LEFT JOIN setting ON setting.name = 'profile' AND setting.value = profile.name
                    ORDER BY setting.name IS NULL, profile.created, profile.name LIMIT 1";
        let found = self.conn.query_row(last, [], read).optional().map_err(|e| self.sorted(e))?;
        if let Some(profile) = found {
            return Ok(profile);
        }
        // Two programs that start together make one default, not two.
        let insert = "INSERT INTO profile (name, created) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET name = name RETURNING *";
        self.conn.query_row(insert, params![DEFAULT_PROFILE, now.at.as_microsecond()], read).map_err(|e| self.sorted(e))
    }

    fn remember(&self, profile: &Profile) -> Result<()> {
        let upsert = "INSERT INTO setting (name, value) VALUES ('profile', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1";
        self.conn.execute(upsert, [&*profile.name]).map(|_| ()).map_err(|e| self.sorted(e))
    }

    pub(super) fn find(&self, name: &str) -> Result<Profile> {
        let all = self.profiles()?;
        let wanted = name.trim();
        if let Some(found) = all.iter().find(|p| *p.name == *wanted).or_else(|| all.iter().find(|p| same(&p.name, wanted))) {
            return Ok(found.clone());
        }
        let nearest = nearest(wanted, all.iter().map(|p| &*p.name)).map(String::from);
        Err(RecordsError::UnknownProfile { name: wanted.escape_debug().to_string(), nearest })
    }

    /// A name that no other profile has.
    fn free_name(&self, name: &str, but: Option<i64>) -> Result<String> {
        let name = checked_name(name)?;
        match self.profiles()?.iter().find(|p| same(&p.name, &name) && Some(p.id) != but) {
            Some(taken) => Err(RecordsError::ProfileExists(taken.name.to_string())),
            None => Ok(name),
        }
    }
}
