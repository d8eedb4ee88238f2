//! The pages of practice.

pub mod ask;
pub mod cards;
pub mod claims;
pub mod entry;
pub mod graded;
pub mod menu;
pub mod order;
pub mod pick;
pub mod predict;
pub mod profiles;
pub mod progress;
pub mod report;
pub mod setup;
pub mod sides;

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::claims::Claim;
use crate::session::practice::Level;
use crate::session::view::{SimDuration, SimTime};
use crate::tui::desk::Known;
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::Scroll;

/// From this width on, text stands in two columns.
pub const TWO_COLUMNS: u16 = 112;
/// Wider lines are hard to read.
pub const READABLE: u16 = 100;

/// Sign and style of a degree: made, half made, missing.
pub fn degree(pen: &Pen, degree: u8) -> (&'static str, Style, &'static str) {
    let g = pen.theme.glyphs;
    match degree {
        70.. => (g.ok, pen.ink(Ink::Good), "said"),
        40.. => (g.busy, pen.ink(Ink::Warn), "partly"),
        _ => (g.no, pen.ink(Ink::Bad), "missing"),
    }
}

/// Sign and style of how well a question is known.
pub fn known(pen: &Pen, known: Known) -> (&'static str, Style) {
    let g = pen.theme.glyphs;
    match known {
        Known::Never => (g.idle, pen.ink(Ink::Faint)),
        Known::Weak => (g.warn, pen.ink(Ink::Warn)),
        Known::Fair => (g.busy, pen.ink(Ink::Text)),
        Known::Well => (g.good, pen.ink(Ink::Good)),
    }
}

/// The ink of a score; the number stands beside it.
pub const fn score_ink(score: u8) -> Ink {
    match score {
        65.. => Ink::Good,
        40.. => Ink::Warn,
        _ => Ink::Bad,
    }
}

/// A word for a score.
pub const fn score_word(score: u8) -> &'static str {
    match score {
        85.. => "very good",
        65.. => "good",
        40.. => "half of it",
        1.. => "thin",
        0 => "nothing yet",
    }
}

/// Level of a question in a word, padded so that columns stay columns.
pub const fn level(level: Level) -> &'static str {
    match level {
        Level::Junior => "junior",
        Level::Mid => "mid",
        Level::Senior => "senior",
        Level::Scenario => "scenario",
    }
}

/// The moment that a piece of evidence names; the start if it is none.
pub fn moment(at: &str) -> SimTime {
    SimDuration::parse(at).map_or(SimTime::ZERO, |d| SimTime::ZERO + d)
}

/// The lab that shows a claim; it is looked at from the start unless the claim names a moment.
pub fn lab_of_claim(claim: &Claim) -> Option<(Arc<str>, SimTime)> {
    let shows = claim.shows.as_ref()?;
    Some((shows.scenario.text.clone(), shows.at.as_ref().map_or(SimTime::ZERO, |at| moment(&at.text))))
}

/// Two texts beside each other, with a line between them. They scroll together, as far as the longer one reaches.
pub fn side_by_side(pen: &mut Pen, (mut a, left): (Doc, Rect), (mut b, right): (Doc, Rect), scroll: &Scroll) {
    let most = a.lines.len().max(b.lines.len());
    a.lines.resize(most, Vec::new());
    b.lines.resize(most, Vec::new());
    let faint = pen.ink(Ink::Faint);
    for y in left.top()..left.bottom() {
        pen.put((left.right() + right.x) / 2 - 1, y, 1, pen.theme.glyphs.split, faint);
    }
    b.draw(pen, right, scroll);
    for (y, line) in (left.y..left.bottom()).zip(&a.lines[scroll.first()..]) {
        let mut x = left.x;
        for (words, style) in line {
            x += pen.put(x, y, left.right().saturating_sub(x), words, *style);
        }
    }
}

/// A list row: one line, washed if it is selected.
pub fn select(pen: &mut Pen, row: Rect, here: bool) {
    if here {
        let style = pen.ink(Ink::Selected);
        pen.wash(row, style);
    }
}

/// A question in its frame; returns the rows used.
pub fn framed(pen: &mut Pen, area: Rect, words: &str, ink: Ink) -> u16 {
    let width = area.width.min(READABLE + 10);
    let lines = text::wrap(words, usize::from(width.saturating_sub(6)).max(10));
    // At least a few rows for what comes below.
    let most = area.height.saturating_sub(6).max(3);
    let height = u16::try_from(lines.len() + 2).unwrap_or(most).min(most);
    let faint = pen.ink(Ink::Dim);
    let frame = Rect { width, height, ..area };
    let inner = pen.frame(frame, faint);
    let style = pen.ink(ink);
    for (y, line) in (inner.y..inner.bottom()).zip(&lines) {
        pen.put(inner.x + 2, y, inner.width.saturating_sub(3), line, style);
    }
    height
}

/// A line across, with words at its left and right ends.
pub fn rule(pen: &mut Pen, area: Rect, y: u16, left: &[(&str, Style)], right: &[(&str, Style)]) {
    let faint = pen.ink(Ink::Faint);
    pen.run(area.x, y, area.width, pen.theme.glyphs.frame[4], faint);
    if !left.is_empty() {
        let used = pen.line(area.x + 2, y, area.width.saturating_sub(4), &[(" ", faint)]);
        let used = used + pen.line(area.x + 2 + used, y, area.width.saturating_sub(4 + used), left);
        pen.put(area.x + 2 + used, y, 1, " ", faint);
    }
    if !right.is_empty() {
        let mut pieces = vec![(" ", faint)];
        pieces.extend_from_slice(right);
        pieces.push((" ", faint));
        pen.right(Rect { width: area.width.saturating_sub(2), ..area }, y, &pieces);
    }
}

/// Ids to be asked one after the other.
pub type Queue = Vec<Arc<str>>;
