//! The open progress file: reviews in and out, each in a transaction of its own.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::draft::{self, DraftChange};
use super::error::{RecordsError, Result};
use super::profile::Profile;
use super::review::{NewReview, Now, Rating, Review};
use super::schema::{self, MIGRATIONS};

/// The records of all profiles, open; one profile is in use.
pub struct Records {
    pub(super) conn: Connection,
    /// None: in memory.
    pub(super) file: Option<PathBuf>,
    pub(super) profile: Profile,
}

impl Records {
    /// Opens a progress file; makes it if there is none and its folder is there.
    ///
    /// # Errors
    /// Damaged, foreign, newer, unreadable or unwritable files; none of them is changed.
    pub fn open(file: &Path, now: &Now) -> Result<Self> {
        let conn = schema::open(file, MIGRATIONS)?;
        Self::begin(conn, Some(file.to_path_buf()), now)
    }

    /// Records that are gone with the program.
    ///
    /// # Errors
    /// Only if SQLite itself fails (no memory).
    pub fn in_memory(now: &Now) -> Result<Self> {
        let conn = schema::in_memory(MIGRATIONS).map_err(|e| schema::sort(Path::new("in memory"), &e))?;
        Self::begin(conn, None, now)
    }

    /// Opens the file, and if that cannot be, records in memory and the reason: practice goes on, and the face says that nothing is kept.
    /// What a file holds that can be read but not written is there, too.
    ///
    /// # Errors
    /// Only if SQLite itself fails (no memory).
    pub fn open_or_memory(file: Result<PathBuf>, now: &Now) -> Result<(Self, Option<RecordsError>)> {
        let why = match file.and_then(|file| Self::open(&file, now)) {
            Ok(records) => return Ok((records, None)),
            Err(why) => why,
        };
        let mut records = Self::in_memory(now)?;
        if let RecordsError::Unwritable { file, .. } = &why
            && let Ok(text) = schema::open_read_only(file, MIGRATIONS).and_then(|conn| super::exchange::export_from(&conn, file))
        {
            records.import(&text, &file.display().to_string(), now)?;
        }
        Ok((records, Some(why)))
    }

    fn begin(conn: Connection, file: Option<PathBuf>, now: &Now) -> Result<Self> {
        let nobody = Profile { id: 0, name: "".into(), created: now.at, interview: None, planned_on: None };
        let mut records = Self { conn, file, profile: nobody };
        records.profile = records.last_used(now)?;
        Ok(records)
    }

    /// The file, or none if everything is in memory only.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    pub(super) fn sorted(&self, error: rusqlite::Error) -> RecordsError {
        schema::sort(self.file.as_deref().unwrap_or(Path::new("in memory")), &error)
    }

    /// Stores a review, together with the changes of drafts that belong to it. When this returns, it is on the disk.
    ///
    /// # Errors
    /// What is wrong with the review, or why the file could not be written; then nothing of it is stored.
    pub fn record(&mut self, review: &NewReview, drafts: &[DraftChange], now: &Now) -> Result<Review> {
        let mut review = review.at(now).map_err(RecordsError::Review)?;
        let profile = self.profile.id;
        let mut store = |conn: &mut Connection| {
            let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // The same answer to the same question in the same microsecond is still another review.
            while !insert(&change, profile, &review)? {
                review.at = review.at.checked_add(1.microsecond()).unwrap_or(Timestamp::MIN);
            }
            draft::apply(&change, profile, drafts, now)?;
            change.commit()
        };
        store(&mut self.conn).map_err(|e| self.sorted(e))?;
        Ok(review)
    }

    /// Every review of the profile in use, the oldest first.
    pub fn reviews(&self) -> Result<Vec<Review>> {
        reviews_of(&self.conn, self.profile.id).map_err(|e| self.sorted(e))
    }
}

/// Stores a review unless it is there; says whether it was stored.
pub(super) fn insert(conn: &Connection, profile: i64, review: &Review) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO review (profile, id, at, day, question, mode, rating, score, points, misconceptions, answer, took_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (profile, id) DO NOTHING";
    let json = |e| rusqlite::Error::ToSqlConversionFailure(Box::new(e));
    let points = serde_json::to_string(&review.points).map_err(json)?;
    let misconceptions = serde_json::to_string(&review.misconceptions).map_err(json)?;
    let stored = conn.prepare_cached(sql)?.execute(params![
        profile,
        review.id(),
        review.at.as_microsecond(),
        review.day.to_string(),
        &*review.question,
        review.mode.word(),
        review.rating.word(),
        review.score,
        points,
        misconceptions,
        review.answer.as_deref(),
        review.took_ms.map(|ms| ms as i64),
    ])?;
    Ok(stored == 1)
}

/// The reviews of a profile in the order they happened; reviews of one microsecond in the order of their ids.
pub(super) fn reviews_of(conn: &Connection, profile: i64) -> rusqlite::Result<Vec<Review>> {
    let mut select = conn.prepare_cached("SELECT * FROM review WHERE profile = ?1 ORDER BY at, id")?;
    select.query_map([profile], read)?.collect()
}

fn read(row: &Row) -> rusqlite::Result<Review> {
    let text = |name: &str| row.get::<_, String>(name);
    Ok(Review {
        at: Timestamp::from_microsecond(row.get("at")?).map_err(|e| broken("at", e))?,
        day: text("day")?.parse().map_err(|e: jiff::Error| broken("day", e))?,
        question: text("question")?.into(),
        mode: super::review::Mode::parse(&text("mode")?).ok_or_else(|| broken("mode", Unknown))?,
        rating: Rating::parse(&text("rating")?).ok_or_else(|| broken("rating", Unknown))?,
        score: row.get("score")?,
        points: serde_json::from_str(&text("points")?).map_err(|e| broken("points", e))?,
        misconceptions: serde_json::from_str(&text("misconceptions")?).map_err(|e| broken("misconceptions", e))?,
        answer: row.get::<_, Option<String>>("answer")?.map(Into::into),
        took_ms: row.get::<_, Option<i64>>("took_ms")?.and_then(|ms| u64::try_from(ms).ok()),
    })
}

#[derive(Debug, thiserror::Error)]
#[error("a word this program does not know")]
struct Unknown;

/// A row that this program never wrote.
fn broken(column: &str, why: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let why = std::io::Error::other(format!("column {column} of a review: {why}"));
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(why))
}
