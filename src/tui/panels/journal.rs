//! Journal lines: when, who, about what, what. Platforms' own events and commands take one row each, so that a glance takes in many; steps of the
//! story may take two where columns are few; the selected line unfolds.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::view::{Record, RecordType};
use crate::tui::draw::{Pen, Spot};
use crate::tui::journal::{JournalPane, count, is_step};
use crate::tui::text;
use crate::tui::theme::Ink;

/// Rows the selected record may take.
const UNFOLDED_MOST: usize = 5;
/// Rows of a step of the story in a narrow pane that is at least so high.
const STEP_ROWS: usize = 2;
const TALL: u16 = 12;
/// Messages of fewer columns name objects by the end of their name.
const ROOM_FOR_NAMES: u16 = 52;

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
            56..90 => 14,
            _ => 22,
        };
        let lead = 1 + clock + 1 + if mixed { 2 } else { 0 } + 2 + if actor > 0 { actor + 1 } else { 0 };
        Self { clock, actor, lead, message: width.saturating_sub(lead + 1).max(1) }
    }
}

/// What a record is about, if its sentence does not say so itself, and the sentence.
fn sentence(r: &Record) -> (&str, String) {
    let mut message = text::plain(&r.message).into_owned();
    if let n @ 2.. = count(r) {
        message.push_str(&format!(" (seen {n} times)"));
    }
    let name = &*r.object.name;
    // Messages about endpoints name the Service, which says more than the slice's own name.
    let named =
        name.is_empty() || matches!(&*r.object.kind, "EndpointSlice" | "Service") || message.contains(name) || r.actor.contains(name);
    (if named { "" } else { name }, message)
}

/// `kubelet node-1`, and controllers without the word that all of them share.
fn short_actor(actor: &str) -> &str {
    match actor {
        "default-scheduler" => "scheduler",
        // Without its last word it would be taken for a machine.
        "node-controller" => "node control",
        _ => actor.strip_suffix("-controller").unwrap_or(actor),
    }
}

/// The part of a generated name in which it differs from its siblings: `…xvmb7`.
fn short_name(name: &str, ellipsis: &str) -> String {
    match name.rsplit_once('-') {
        Some((front, last)) if front.contains('-') && last.len() == 5 => format!("{ellipsis}{last}"),
        _ => name.to_owned(),
    }
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
    let ellipsis = pen.theme.glyphs.ellipsis;
    let narrow = columns.message < ROOM_FOR_NAMES && area.height >= TALL;
    let height = |line: usize| match s.record(line) {
        Some(r) if s.focused && line == s.pane.cursor() => unfolded(r, columns, ellipsis, true).len().clamp(1, UNFOLDED_MOST),
        Some(r) if narrow && !matches!(r.kind, RecordType::Event | RecordType::Command) => {
            unfolded(r, columns, ellipsis, false).len().clamp(1, STEP_ROWS)
        }
        _ => 1,
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
        draw_record(pen, place, record, s.mixed, columns, s.focused && line == s.pane.cursor());
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
fn draw_record(pen: &mut Pen, area: Rect, r: &Record, mixed: bool, c: Columns, chosen: bool) {
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
        pen.put(x, area.y, c.actor, short_actor(&r.actor), accent);
    }
    let x = area.x + c.lead;
    let style = message_style(pen, r);
    let ellipsis = pen.theme.glyphs.ellipsis;
    if area.height == 1 {
        let (subject, words) = sentence(r);
        let mut used = 0;
        if !subject.is_empty() {
            used = pen.put(x, area.y, c.message, &name(subject, c, ellipsis, chosen), dim) + 1;
        }
        pen.put(x + used, area.y, c.message.saturating_sub(used), &words, style);
        return;
    }
    let lines = unfolded(r, c, ellipsis, chosen);
    for (i, y) in (area.y..area.bottom()).enumerate() {
        let Some(line) = lines.get(i) else { break };
        let more = y + 1 == area.bottom() && i + 1 < lines.len();
        let line = if more { format!("{line}{ellipsis}") } else { line.clone() };
        pen.put(x, y, c.message + 1, &line, style);
    }
}

/// The subject's name: whole where it is chosen or columns are many.
fn name(subject: &str, c: Columns, ellipsis: &str, chosen: bool) -> String {
    if chosen || c.message >= ROOM_FOR_NAMES { subject.to_owned() } else { short_name(subject, ellipsis) }
}

/// All of a record as rows.
fn unfolded(r: &Record, c: Columns, ellipsis: &str, chosen: bool) -> Vec<String> {
    let (subject, words) = sentence(r);
    let all = if subject.is_empty() { words } else { format!("{} {words}", name(subject, c, ellipsis, chosen)) };
    text::wrap(&all, usize::from(c.message))
}

fn message_style(pen: &Pen, r: &Record) -> Style {
    match r.kind {
        RecordType::Fault => pen.ink(Ink::Bad),
        RecordType::Traffic => pen.ink(Ink::Warn),
        RecordType::Decision | RecordType::Command => pen.ink(Ink::Strong),
        RecordType::Event => pen.ink(Ink::Text),
        RecordType::Change if is_step(r) => pen.ink(Ink::Text),
        RecordType::Change => pen.ink(Ink::Dim),
        RecordType::Story => pen.ink(Ink::Story),
    }
}
