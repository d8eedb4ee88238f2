//! Progress, for faces: the progress file, and where a person stands against the bank.
//!
//! Everything of `study::records` that a face needs is here under its own name. [`open`] and [`open_to_write`] are how a command opens the
//! file; a screen that goes on without one uses [`Records::open_or_memory`] with [`file`].

mod day;
mod json;
mod print;

use std::path::{Path, PathBuf};

use super::practice::Library;

pub use crate::study::records::*;
pub use day::{DAY_HINT, day};
pub use json::overview as overview_json;
pub use json::{due as due_json, plan as plan_json, profiles as profiles_json};
pub use print::{Style, due, full_date, heat_shape, long_date, overview, plan, profiles, short_date};

/// The progress file: the one that was named, else the one in the platform's data folder.
///
/// # Errors
/// There is no such folder and it cannot be made.
pub fn file(named: Option<&Path>) -> Result<PathBuf> {
    named.map_or_else(default_file, |file| Ok(file.to_path_buf()))
}

/// Opens the progress file to look at it. One that can be read but not written is shown all the same; then the second half says why
/// nothing will be stored.
///
/// # Errors
/// What is wrong with the file.
pub fn open(named: Option<&Path>, profile: Option<&str>, now: &Now) -> Result<(Records, Option<RecordsError>)> {
    let file = file(named)?;
    let (mut records, trouble) = match Records::open(&file, now) {
        Ok(records) => (records, None),
        Err(RecordsError::Unwritable { .. }) if file.is_file() => Records::open_or_memory(Ok(file), now)?,
        Err(e) => return Err(e),
    };
    if let Some(name) = profile {
        records.choose(name, false)?;
    }
    Ok((records, trouble))
}

/// Opens the progress file to change it.
///
/// # Errors
/// What is wrong with the file, or that it cannot be written.
pub fn open_to_write(named: Option<&Path>, profile: Option<&str>, now: &Now) -> Result<Records> {
    let mut records = Records::open(&file(named)?, now)?;
    if let Some(name) = profile {
        records.choose(name, false)?;
    }
    Ok(records)
}

/// Where the person of a profile stands today.
pub struct Overview {
    pub profile: Profile,
    pub standing: Standing,
    /// If a day of interview is set.
    pub plan: Option<Plan>,
    /// Topic ids with their titles, in the order of the bank.
    pub titles: Vec<(std::sync::Arc<str>, std::sync::Arc<str>)>,
}

impl Overview {
    /// # Errors
    /// The reviews cannot be read.
    pub fn of(records: &Records, library: &Library, now: &Now) -> Result<Self> {
        let items: Vec<Item> = library.bank.questions().iter().map(|q| Item::from(&**q)).collect();
        let reviews = records.reviews()?;
        let profile = records.profile().clone();
        let plan = profile.interview.map(|on| Plan::to(on, profile.planned_on.unwrap_or(now.today), &items, &reviews, now.today));
        let titles = library.bank.topics().iter().map(|t| (t.id.clone(), t.title.clone())).collect();
        Ok(Self { plan, profile, standing: Standing::new(&items, &reviews, now.today), titles })
    }

    /// A topic's title; its id if it has none.
    pub fn title<'s>(&'s self, topic: &'s str) -> &'s str {
        self.titles.iter().find(|(id, _)| **id == *topic).map_or(topic, |(_, title)| title)
    }
}

/// The bank as a text file for Anki.
pub fn anki_deck(library: &Library) -> String {
    anki::deck(library.bank.questions().iter().map(|q| &**q))
}

#[cfg(test)]
mod tests;
