//! Journal lines: when, who, what. What matters stands out by its sign; long sentences go on below where there is room.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::view::{Record, RecordType};
use crate::tui::draw::{Pen, Spot};
use crate::tui::journal::{JournalPane, count};
use crate::tui::text;
use crate::tui::theme::Ink;

/// Panes of fewer rows show each record in one, except the selected one.
const TALL: u16 = 9;
const LINES_MOST: usize = 3;

/// What a pane is drawn with.
pub struct Shown<'a> {
    pub pane: &'a JournalPane,
    pub records: &'a [Arc<Record>],
    pub number: usize,
    pub focused: bool,
    /// Records of several worlds: each line names its own.
    pub mixed: bool,
}

impl<'a> Shown<'a> {
    fn record(&self, line: usize) -> Option<&'a Arc<Record>> {
        self.pane.at(line).and_then(|i| self.records.get(i))
    }
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

/// Where the columns of a line begin.
#[derive(Clone, Copy)]
struct Columns {
    clock: u16,
    actor: u16,
    /// Columns before the message.
    lead: u16,
    message: u16,
}

impl Columns {
    fn new(width: u16, mixed: bool, hours: bool) -> Self {
        let clock = if hours { 7 } else { 5 };
        let actor = match width {
            ..56 => 0,
            56..90 => 18,
            _ => 25,
        };
        let lead = 1 + clock + 1 + if mixed { 2 } else { 0 } + 2 + if actor > 0 { actor + 1 } else { 0 };
        Self { clock, actor, lead, message: width.saturating_sub(lead + 1).max(1) }
    }
}

/// The sentence of a record, with what it is about if the sentence does not say so itself.
fn sentence(r: &Record, dot: &str) -> (String, usize) {
    let mut message = text::plain(&r.message).into_owned();
    if let n @ 2.. = count(r) {
        message.push_str(&format!(" (seen {n} times)"));
    }
    if r.object.name.is_empty() || message.contains(&*r.object.name) || r.actor.contains(&*r.object.name) {
        let len = message.len();
        return (message, len);
    }
    let len = message.len();
    (format!("{message} {dot} {}", r.object.name), len)
}

pub fn draw(pen: &mut Pen, area: Rect, s: &Shown) {
    pen.spots.add(area, Spot::Journal(s.number));
    if area.height == 0 || area.width < 24 {
        return;
    }
    if s.pane.is_empty() {
        let words = if s.pane.filter().text.is_empty() { "nothing has happened yet" } else { "nothing like that so far" };
        let dim = pen.ink(Ink::Faint);
        pen.put(area.x + 1, area.y, area.width - 1, words, dim);
        return;
    }
    let hours = s.record(s.pane.len() - 1).is_some_and(|r| r.at.as_secs() >= 3600);
    let columns = Columns::new(area.width, s.mixed, hours);
    let dot = pen.theme.glyphs.dot;
    let most = |line: usize| {
        let chosen = s.focused && line == s.pane.cursor();
        if chosen || area.height >= TALL { LINES_MOST } else { 1 }
    };
    let height = |line: usize| match (most(line), s.record(line)) {
        (1, _) | (_, None) => 1,
        (most, Some(r)) => text::wrap(&sentence(r, dot).0, usize::from(columns.message)).len().clamp(1, most),
    };
    let first = s.pane.lay(usize::from(area.height), height);
    let mut y = area.y;
    let mut shown = 0;
    for line in first..s.pane.len() {
        let Some(record) = s.record(line) else { break };
        let rows = u16::try_from(height(line)).unwrap_or(1).min(area.bottom().saturating_sub(y));
        if rows == 0 {
            break;
        }
        let place = Rect { y, height: rows, ..area };
        draw_record(pen, place, record, s.mixed, columns);
        if line == s.pane.cursor() && (s.focused || !s.pane.follows()) {
            let style = pen.ink(if s.focused { Ink::Selected } else { Ink::Marked });
            pen.wash(place, style);
        }
        pen.spots.add(place, Spot::Line(s.number, line));
        y += rows;
        shown += 1;
    }
    pen.scrollbar(area, first, shown, s.pane.len());
}

/// `02:50 ◇ node-controller  Ready=Unknown after 50 s`
fn draw_record(pen: &mut Pen, area: Rect, r: &Record, mixed: bool, c: Columns) {
    let dim = pen.ink(Ink::Dim);
    let accent = pen.theme.world(r.world);
    let (sign, ink) = pen.theme.record(r.kind);
    let mut x = area.x + 1;
    pen.put(x, area.y, c.clock, &r.at.clock(), dim);
    x += c.clock + 1;
    if mixed {
        let initial = text::world_title(r.world);
        pen.put(x, area.y, 1, initial.get(..1).unwrap_or(" "), accent.add_modifier(Modifier::BOLD));
        x += 2;
    }
    pen.put(x, area.y, 1, sign, ink);
    x += 2;
    if c.actor > 0 {
        pen.put(x, area.y, c.actor, &r.actor, accent);
    }
    let x = area.x + c.lead;
    let style = message_style(pen, r.kind);
    let (words, said) = sentence(r, pen.theme.glyphs.dot);
    if area.height == 1 {
        // One row: the sentence, then in dim what it is about.
        let used = pen.put(x, area.y, c.message, &words[..said], style);
        if used < c.message {
            pen.put(x + used, area.y, c.message - used, &words[said..], dim);
        }
        return;
    }
    let lines = text::wrap(&words, usize::from(c.message));
    for (i, y) in (area.y..area.bottom()).enumerate() {
        let Some(line) = lines.get(i) else { break };
        let more = y + 1 == area.bottom() && i + 1 < lines.len();
        let line = if more { format!("{line}{}", pen.theme.glyphs.ellipsis) } else { line.clone() };
        pen.put(x, y, c.message + 1, &line, style);
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
