//! Journal lines: when, who, what. What matters stands out by its sign.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::view::{Record, RecordType};
use crate::tui::draw::{Pen, Spot};
use crate::tui::journal::JournalPane;
use crate::tui::text;
use crate::tui::theme::Ink;

/// What a pane is drawn with.
pub struct Shown<'a> {
    pub pane: &'a JournalPane,
    pub records: &'a [Arc<Record>],
    pub number: usize,
    pub focused: bool,
    /// Records of several worlds: each line names its own.
    pub mixed: bool,
}

/// The words in the divider above a journal.
pub fn heading(pane: &JournalPane) -> String {
    let filter = pane.filter();
    let mut words = String::from("journal");
    if !filter.text.is_empty() {
        words.push_str(&format!(" /{}", filter.text));
    }
    if filter.changes {
        words.push_str(" +changes");
    }
    words
}

pub fn draw(pen: &mut Pen, area: Rect, s: &Shown) {
    pen.spots.add(area, Spot::Journal(s.number));
    if area.height == 0 || area.width < 12 {
        return;
    }
    if s.pane.is_empty() {
        let words = if s.pane.filter().text.is_empty() { "nothing has happened yet" } else { "nothing like that so far" };
        let dim = pen.ink(Ink::Faint);
        pen.put(area.x + 1, area.y, area.width - 1, words, dim);
        return;
    }
    let shown = usize::from(area.height);
    let first = s.pane.lay(shown);
    for (row, line) in (first..s.pane.len()).take(shown).enumerate() {
        let Some(record) = s.pane.at(line).and_then(|i| s.records.get(i)) else { break };
        let place = Rect { y: area.y + u16::try_from(row).unwrap_or(0), height: 1, ..area };
        draw_record(pen, place, record, s.mixed);
        if line == s.pane.cursor() && (s.focused || !s.pane.follows()) {
            let style = pen.ink(if s.focused { Ink::Selected } else { Ink::Marked });
            pen.wash(place, style);
        }
        pen.spots.add(place, Spot::Line(s.number, line));
    }
    pen.scrollbar(area, first, shown, s.pane.len());
}

/// `02:50 ◇ node-controller  Ready=Unknown after 50 s`
pub fn draw_record(pen: &mut Pen, area: Rect, r: &Record, mixed: bool) {
    let dim = pen.ink(Ink::Dim);
    let accent = pen.theme.world(r.world);
    let (sign, ink) = pen.theme.record(r.kind);
    let mut x = area.x + 1;
    let end = area.right().saturating_sub(1);
    x += pen.put(x, area.y, end.saturating_sub(x), &r.at.clock(), dim) + 1;
    if mixed {
        let initial = text::world_title(r.world);
        x += pen.put(x, area.y, end.saturating_sub(x).min(1), initial.get(..1).unwrap_or(" "), accent.add_modifier(Modifier::BOLD)) + 1;
    }
    x += pen.put(x, area.y, end.saturating_sub(x).min(1), sign, ink) + 1;
    // The actor has a column of its own where there is room for both.
    if area.width >= 56 {
        let column = if area.width >= 90 { 24 } else { 18 };
        pen.put(x, area.y, column, &r.actor, accent);
        x += column + 1;
    }
    let style = message_style(pen, r.kind);
    let room = end.saturating_sub(x);
    let message = text::plain(&r.message);
    let used = pen.put(x, area.y, room, &message, style);
    // What it is about, if the sentence does not say so itself.
    if used + 4 < room && !r.object.name.is_empty() && !message.contains(&*r.object.name) {
        pen.line(x + used + 1, area.y, room - used - 1, &[("", dim), (pen.theme.glyphs.dot, dim), (" ", dim), (&r.object.name, dim)]);
    }
}

fn message_style(pen: &Pen, kind: RecordType) -> Style {
    match kind {
        RecordType::Fault => pen.ink(Ink::Bad),
        RecordType::Traffic => pen.ink(Ink::Warn),
        RecordType::Decision | RecordType::Command => pen.ink(Ink::Strong),
        RecordType::Event => pen.ink(Ink::Text),
        RecordType::Change => pen.ink(Ink::Dim),
        RecordType::Story => pen.ink(Ink::Story),
    }
}
