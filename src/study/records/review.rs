//! One review: a question was asked, something was answered, a mark came out of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A day of practice begins at four in the morning: what is answered at half past midnight still belongs to the evening.
pub const DAY_BEGINS_AT_HOUR: i64 = 4;

/// The moment of a call. This room has no clock: whoever calls says when it is, and which day that is for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub at: Timestamp,
    pub today: Date,
}

impl Now {
    /// The day of practice at this moment in this time zone.
    pub fn local(at: Timestamp, zone: &TimeZone) -> Self {
        let clock = zone.to_datetime(at);
        let today = clock.checked_sub(DAY_BEGINS_AT_HOUR.hours()).map_or(clock.date(), |shifted| shifted.date());
        Self { at, today }
    }
}

/// How the question was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A flash card, judged by the person.
    Card,
    /// A typed answer, graded.
    Answer,
    /// Said aloud, judged by the person against the rubric.
    Spoken,
    Interview,
    Whiteboard,
    Prediction,
}

impl Mode {
    pub const ALL: [Self; 6] = [Self::Card, Self::Answer, Self::Spoken, Self::Interview, Self::Whiteboard, Self::Prediction];

    pub fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Answer => "answer",
            Self::Spoken => "spoken",
            Self::Interview => "interview",
            Self::Whiteboard => "whiteboard",
            Self::Prediction => "prediction",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.word() == word)
    }
}

/// How well it went, in the four words of spaced repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    Again = 1,
    Hard = 2,
    Good = 3,
    Easy = 4,
}

/// From which score on a rating is given; the first row that fits counts.
pub const RATING_FROM: [(u8, Rating); 4] = [(85, Rating::Easy), (65, Rating::Good), (40, Rating::Hard), (0, Rating::Again)];

impl Rating {
    pub const ALL: [Self; 4] = [Self::Again, Self::Hard, Self::Good, Self::Easy];

    /// The rating of a graded answer, by [`RATING_FROM`]. Whoever asserts a misconception has not mastered the question: at best `hard`.
    pub fn of(score: u8, misconceptions: usize) -> Self {
        let rating = RATING_FROM.iter().find(|(from, _)| score >= *from).map_or(Self::Again, |(_, r)| *r);
        if misconceptions > 0 { rating.min(Self::Hard) } else { rating }
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Hard => "hard",
            Self::Good => "good",
            Self::Easy => "easy",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }
}

/// How far one key point was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointResult {
    /// The point's id within its question.
    pub point: Arc<str>,
    /// 0 (not said) to 100.
    pub degree: u8,
}

/// A degree from which a point counts as made, and one from which it counts as half made.
pub const POINT_MADE: u8 = 70;
pub const POINT_HALF: u8 = 40;

impl PointResult {
    /// A point is remembered or not: never `easy`.
    pub fn rating(&self) -> Rating {
        match self.degree {
            POINT_MADE.. => Rating::Good,
            POINT_HALF.. => Rating::Hard,
            _ => Rating::Again,
        }
    }
}

/// What is handed in to be stored.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// The question's id; of a drill, its name with the kind in front (`whiteboard/kubectl-apply`).
    pub question: Arc<str>,
    pub mode: Mode,
    /// 0 to 100.
    pub score: u8,
    /// The person's own judgement (cards); without it [`Rating::of`] decides.
    pub rating: Option<Rating>,
    pub points: Vec<PointResult>,
    /// Ids of the misconceptions that the answer asserted.
    pub misconceptions: Vec<Arc<str>>,
    pub answer: Option<Arc<str>>,
    /// How long the answer took.
    pub took: Option<Duration>,
}

impl NewReview {
    pub fn new(question: impl Into<Arc<str>>, mode: Mode, score: u8) -> Self {
        Self { question: question.into(), mode, score, rating: None, points: vec![], misconceptions: vec![], answer: None, took: None }
    }

    /// The review as it will be stored, or what is wrong with it.
    pub(super) fn at(&self, now: &Now) -> Result<Review, String> {
        let review = Review {
            at: to_micros(now.at),
            day: now.today,
            question: self.question.clone(),
            mode: self.mode,
            rating: self.rating.unwrap_or_else(|| Rating::of(self.score, self.misconceptions.len())),
            score: self.score,
            points: self.points.clone(),
            misconceptions: self.misconceptions.clone(),
            answer: self.answer.as_ref().map(cut),
            took_ms: self.took.map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX).min(MILLIS_MAX)),
        };
        review.check()?;
        Ok(review)
    }
}

/// The file counts microseconds.
pub(super) fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The longest answer that is kept; what goes beyond is cut off, so that one paste cannot fill the disk.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
fn cut(answer: &Arc<str>) -> Arc<str> {
    if answer.len() <= ANSWER_BYTES_MAX {
        return answer.clone();
    }
    let end = (0..=ANSWER_BYTES_MAX).rev().find(|i| answer.is_char_boundary(*i)).unwrap_or(0);
    answer[..end].into()
}

const ID_BYTES_MAX: usize = 200;
const LIST_MAX: usize = 200;
const MILLIS_MAX: u64 = 1 << 52;

/// A stored review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    #[serde(with = "as_text")]
    pub at: Timestamp,
    /// The person's day, as the caller saw it then.
    #[serde(with = "as_text")]
    pub day: Date,
    pub question: Arc<str>,
    pub mode: Mode,
    pub rating: Rating,
    pub score: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<PointResult>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misconceptions: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Arc<str>>,
    /// How long the answer took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

impl Review {
    /// What the review is, as one number: two reviews with the same id are one and the same review, wherever they are stored.
    pub(super) fn id(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&canonical).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// # Errors
    /// What no review can be.
    pub(super) fn check(&self) -> Result<(), String> {
        let sensible = |id: &str| !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control);
        if !sensible(&self.question) {
            return Err("the question's id is empty, too long or has control characters in it".into());
        }
        if self.score > 100 || self.points.iter().any(|p| p.degree > 100) {
            return Err("scores and degrees go from 0 to 100".into());
        }
        if self.points.len() > LIST_MAX || self.misconceptions.len() > LIST_MAX {
            return Err(format!("more than {LIST_MAX} key points or misconceptions"));
        }
        if !self.points.iter().map(|p| &p.point).chain(&self.misconceptions).all(|id| sensible(id)) {
            return Err("the id of a point or a misconception is empty, too long or has control characters in it".into());
        }
        if self.answer.as_ref().is_some_and(|a| a.len() > ANSWER_BYTES_MAX) {
            return Err(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes"));
        }
        if self.took_ms.is_some_and(|ms| ms > MILLIS_MAX) {
            return Err("it took longer than anyone lives".into());
        }
        if to_micros(self.at) != self.at {
            return Err("its moment is finer than a microsecond".into());
        }
        Ok(())
    }
}

/// Dates and moments as the text they print as.
pub(super) mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }
    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The same where there may be none.
pub(super) mod as_text_if_any {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }
    pub fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(from)?.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
