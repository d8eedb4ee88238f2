//! Tests of this room: the file, the exchange, the memory, the standing, the plan.

mod exchange;
mod file;
mod memory;
mod standing;

use std::path::PathBuf;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::*;

/// Noon (UTC) of a day.
fn noon(day: Date) -> Now {
    let at = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    Now { at, today: day }
}

const START: Date = date(2026, 11, 2);

/// So many days after the start.
fn day(n: u32) -> Date {
    super::memory::later(START, n)
}

fn review(question: &str, day: Date, score: u8) -> Review {
    NewReview::new(question, Mode::Answer, score).at(&noon(day)).unwrap()
}

fn with_points(mut review: Review, points: &[(&str, u8)]) -> Review {
    review.points = points.iter().map(|(p, degree)| PointResult { point: (*p).into(), degree: *degree }).collect();
    review
}

/// A folder of a test's own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wheelhouse-records-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
