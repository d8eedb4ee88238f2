//! `wheelhouse progress record`: reviews from the command line, one, or one a line.

use std::io::{BufRead, Write};

use anyhow::anyhow;

use crate::session::practice::Library;
use crate::session::progress::{Mode, NewReview, Now, RATING_FROM, Rating, Records, Review};
use crate::tui::clock;

use super::super::{Outcome, print};
use super::said;

/// One review.
pub fn one(
    records: &mut Records,
    library: &Library,
    question: &str,
    score: Option<u8>,
    rating: Option<Rating>,
    mode: Mode,
    now: &Now,
) -> Outcome {
    if score.is_none() && rating.is_none() {
        return Err(anyhow!("error: how did it go? Say --score N (0 to 100) or --rating again, hard, good or easy"));
    }
    let stored = store(records, library, question, score, rating, mode, now)?;
    print(&acknowledged(&stored))
}

/// `QUESTION SCORE [RATING]` a line. The answer to a line is printed once its review is on the disk; the first bad line ends the run,
/// and what was acknowledged stays.
pub fn lines(records: &mut Records, library: &Library, mode: Mode) -> Outcome {
    let mut out = std::io::stdout().lock();
    for (n, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|e| anyhow!("error: line {}: it cannot be read: {e}", n + 1))?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let wrong = |why: &str| anyhow!("error: line {}: {why}: expected QUESTION SCORE [RATING]", n + 1);
        let in_line = |e: anyhow::Error| anyhow!("error: line {}: {}", n + 1, e.to_string().trim_start_matches("error: "));
        let (question, score, rating) = match words.as_slice() {
            [] => continue,
            [question, score] => (question, score, None),
            [question, score, rating] => {
                (question, score, Some(Rating::parse(rating).ok_or_else(|| wrong("a rating is again, hard, good or easy"))?))
            }
            _ => return Err(wrong("too few or too many words")),
        };
        let score: u8 = score.parse().ok().filter(|s| *s <= 100).ok_or_else(|| wrong("a score goes from 0 to 100"))?;
        let stored = store(records, library, question, Some(score), rating, mode, &clock::now()).map_err(in_line)?;
        out.write_all(acknowledged(&stored).as_bytes())?;
        out.flush()?;
    }
    Ok(0)
}

fn store(
    records: &mut Records,
    library: &Library,
    question: &str,
    score: Option<u8>,
    rating: Option<Rating>,
    mode: Mode,
    now: &Now,
) -> anyhow::Result<Review> {
    let question = library.question(question).map_err(|e| anyhow!(e))?.id.clone();
    // A judgement without a score: the least score that would have had it.
    let least = |r: Rating| RATING_FROM.iter().find(|(_, row)| *row == r).map_or(0, |(from, _)| *from);
    let score = score.unwrap_or_else(|| rating.map_or(0, least));
    records.record(&NewReview { rating, ..NewReview::new(question, mode, score) }, &[], now).map_err(said)
}

fn acknowledged(r: &Review) -> String {
    format!("recorded {} {} {} {}\n", r.at, r.question, r.score, r.rating.word())
}
