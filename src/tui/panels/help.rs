//! Help: made from the key table, the tables of the place it was called from first.

use ratatui::layout::Rect;

use crate::session::view::{Health, MarkKind, RecordType};
use crate::tui::draw::{Pen, centred};
use crate::tui::keys::{Context, KEYS};
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::theme::{Glyphs, Ink};
use crate::tui::widgets::scroll::Scroll;

/// All tables, for the part "elsewhere".
const ALL: &[Context] = &[
    Context::Lab,
    Context::Time,
    Context::Moving,
    Context::Anywhere,
    Context::Home,
    Context::Prompt,
    Context::Filter,
    Context::Faults,
    Context::Inspect,
    Context::Why,
    Context::Scheduler,
    Context::Decision,
    Context::Question,
    Context::Answered,
    Context::Cause,
    Context::Debrief,
    Context::Notice,
    Context::Help,
    Context::Menu,
    Context::Pick,
    Context::Answer,
    Context::Aloud,
    Context::Rubric,
    Context::Graded,
    Context::Setup,
    Context::Report,
    Context::Order,
    Context::Place,
    Context::Predict,
    Context::Claims,
    Context::Progress,
    Context::Profiles,
    Context::Entry,
];

enum Row {
    Heading(&'static str),
    Key(String, &'static str),
    /// A shape of the legend: which one, and what it means.
    Sign(Sign, &'static str),
    Empty,
}

#[derive(Clone, Copy)]
enum Sign {
    Health(Health),
    Mark(MarkKind),
    Record(RecordType),
    Now,
    Glyph(fn(&Glyphs) -> &'static str, Ink),
}

/// What the shapes mean.
const SIGNS: &[(Sign, &str)] = &[
    (Sign::Health(Health::Good), "works"),
    (Sign::Health(Health::Busy), "on its way: starting, pulling, terminating"),
    (Sign::Health(Health::Warn), "limping: not ready, unhealthy, restarting"),
    (Sign::Health(Health::Bad), "broken"),
    (Sign::Health(Health::Idle), "stopped on purpose, finished, unknown"),
    (Sign::Now, "on the timeline: now"),
    (Sign::Mark(MarkKind::Fault), "on the timeline: a fault"),
    (Sign::Mark(MarkKind::FaultEnd), "on the timeline: its end"),
    (Sign::Mark(MarkKind::Question), "on the timeline: a question"),
    (Sign::Mark(MarkKind::Say), "on the timeline: the narrator speaks"),
    (Sign::Mark(MarkKind::Command), "on the timeline: a command of the scenario"),
    (Sign::Mark(MarkKind::Yours), "on the timeline: something you did"),
    (Sign::Record(RecordType::Decision), "in the journal: a component or a person decided"),
    (Sign::Record(RecordType::Event), "in the journal: an event of the platform"),
    (Sign::Record(RecordType::Traffic), "in the journal: requests begin or cease to fail"),
    (Sign::Record(RecordType::Command), "in the journal: a command"),
    (Sign::Record(RecordType::Change), "in the journal: an object changed"),
    (Sign::Record(RecordType::Fault), "in the journal: a fault, or its end"),
    (Sign::Record(RecordType::Story), "in a chain of causes: the start, or the narrator"),
    (Sign::Glyph(|g| g.bars[5], Ink::Text), "in the strip of requests: answered ones, the higher the more"),
    (Sign::Glyph(|g| g.shades[0], Ink::Bad), "in the strip: some requests of this moment fail"),
    (Sign::Glyph(|g| g.shades[2], Ink::Bad), "in the strip: at least half of them fail"),
    (Sign::Glyph(|g| g.shades[3], Ink::Bad), "in the strip: all of them fail"),
    (Sign::Glyph(|g| g.ok, Ink::Good), "an expectation that held, a prediction that was right"),
    (Sign::Glyph(|g| g.no, Ink::Bad), "one that did not hold, or was wrong"),
    (Sign::Glyph(|g| g.open, Ink::Dim), "one that is still open"),
    (Sign::Glyph(|g| g.back, Ink::Warn), "look here: the narrator points at this"),
];

pub struct Help {
    rows: Vec<Row>,
    /// Columns for the keys: as many as the longest row of them takes, and one for air.
    keys: u16,
    scroll: Scroll,
}

impl Help {
    /// Help as called from a place: its own tables, then the signs, then all others.
    pub fn new(from: Context) -> Self {
        let mut rows = Vec::new();
        let mut tables: Vec<Context> = from.tables().to_vec();
        let here = tables.len();
        let rest: Vec<Context> = ALL.iter().copied().filter(|c| !tables.contains(c)).collect();
        tables.extend(rest);
        for (i, table) in tables.into_iter().enumerate() {
            if i == here {
                rows.push(Row::Heading("Signs"));
                rows.extend(SIGNS.iter().map(|(s, w)| Row::Sign(*s, w)));
                rows.push(Row::Empty);
            }
            let keys: Vec<_> = KEYS.iter().filter(|b| b.context == table && !b.help.is_empty()).collect();
            if keys.is_empty() {
                continue;
            }
            rows.push(Row::Heading(table.title()));
            for b in keys {
                let names: Vec<String> = b.keys.iter().map(|k| k.name()).collect();
                rows.push(Row::Key(names.join(" "), b.help));
            }
            rows.push(Row::Empty);
        }
        let names = rows.iter().map(|r| if let Row::Key(names, _) = r { text::width(names) } else { 0 });
        let keys = u16::try_from(names.max().unwrap_or(14) + 2).unwrap_or(16);
        Self { rows, keys, scroll: Scroll::default() }
    }
}

impl Panel for Help {
    fn context(&self) -> Context {
        Context::Help
    }
    fn update(&mut self, message: Message, _lab: Option<&mut Lab>) -> Flow {
        match message {
            Message::Back | Message::Accept | Message::Quit | Message::Help => Flow::Close,
            m => {
                self.scroll.update(m);
                Flow::Stay
            }
        }
    }
    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let area = centred(screen, screen.width.min(100), screen.height.saturating_sub(u16::from(screen.height > 30) * 4));
        let inner = surface(pen, area, "Help", Context::Help);
        let (key, plain, strong, dim) = (pen.ink(Ink::Key), pen.ink(Ink::Text), pen.ink(Ink::Title), pen.ink(Ink::Dim));
        let columns = usize::from(inner.width.saturating_sub(self.keys + 2)).max(10);
        // A sentence may need two lines; the key stands beside the first.
        let mut lines: Vec<(Option<&Row>, String)> = Vec::with_capacity(self.rows.len() + 8);
        for row in &self.rows {
            let words = match row {
                Row::Key(_, w) | Row::Sign(_, w) => *w,
                Row::Heading(_) | Row::Empty => "",
            };
            let mut wrapped = text::wrap(words, columns).into_iter();
            lines.push((Some(row), wrapped.next().unwrap_or_default()));
            lines.extend(wrapped.map(|w| (None, w)));
        }
        let shown = usize::from(inner.height);
        let first = self.scroll.lay(shown, lines.len());
        for (y, (row, words)) in (inner.y..inner.bottom()).zip(&lines[first..]) {
            let x = inner.x + self.keys + 1;
            match row {
                Some(Row::Heading(h)) => {
                    pen.put(inner.x, y, inner.width, h, strong);
                }
                Some(Row::Key(name, _)) => {
                    pen.put(inner.x + 1, y, self.keys - 1, name, key);
                }
                Some(Row::Sign(sign, _)) => {
                    let (shape, style) = match sign {
                        Sign::Health(h) => pen.theme.health(*h),
                        Sign::Mark(m) => pen.theme.mark(*m),
                        Sign::Record(r) => pen.theme.record(*r),
                        Sign::Now => (pen.theme.glyphs.now, strong),
                        Sign::Glyph(shape, ink) => (shape(pen.theme.glyphs), pen.ink(*ink)),
                    };
                    pen.put(inner.x + 1, y, 1, shape, style);
                }
                Some(Row::Empty) | None => {}
            }
            pen.put(x, y, inner.right().saturating_sub(x + 1), words, if row.is_none() { dim } else { plain });
        }
        pen.scrollbar(inner, first, shown, lines.len());
    }
    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_tells_every_key_of_every_table() {
        for from in ALL.iter().copied() {
            let help = Help::new(from);
            for b in KEYS.iter().filter(|b| !b.help.is_empty()) {
                let there = help.rows.iter().any(|r| matches!(r, Row::Key(_, words) if *words == b.help));
                assert!(there, "{:?} lacks {:?}", from, b.help);
            }
        }
    }
}
