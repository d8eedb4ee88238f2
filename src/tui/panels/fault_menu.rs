//! Break something: which fault, on what, in which worlds, for how long. Four columns from left to right.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::session::view::{FaultChoice, FaultHit, SimDuration};
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

/// How long a fault lasts; zero is "until somebody repairs it".
const DURATIONS: [(&str, u64); 7] =
    [("until repaired", 0), ("10 s", 10), ("30 s", 30), ("1 min", 60), ("5 min", 300), ("10 min", 600), ("30 min", 1800)];
const AT_ONCE: &str = "at once";
/// Fewer columns than this want shorter words.
const NARROW: u16 = 66;
const COLUMNS: [&str; 4] = ["what", "on", "where", "for"];

/// A row of the first column: a fault, or one of the ways in which it can come.
struct Row {
    /// As the door takes it: `bad-image missing`.
    word: String,
    about: &'static str,
    at_once: bool,
}

pub struct FaultMenu {
    faults: Vec<Row>,
    /// What the selection would hit, world by world.
    hits: Vec<FaultHit>,
    targets: Vec<Arc<str>>,
    worlds: Vec<&'static str>,
    column: usize,
    lists: [List; 4],
}

impl FaultMenu {
    pub fn new(lab: &Lab) -> Self {
        let worlds = lab.view.worlds.iter().map(|w| w.view.name).collect();
        let faults = lab.door.faults().iter().flat_map(rows_for).collect();
        let mut menu = Self { faults, hits: Vec::new(), targets: Vec::new(), worlds, column: 0, lists: Default::default() };
        menu.retarget(lab);
        menu
    }

    fn fault(&self) -> Option<&Row> {
        self.faults.get(self.lists[0].cursor)
    }
    fn target(&self) -> Option<&Arc<str>> {
        self.targets.get(self.lists[1].cursor)
    }
    /// None: every world.
    fn world(&self) -> Option<&'static str> {
        self.lists[2].cursor.checked_sub(usize::from(self.worlds.len() > 1)).and_then(|n| self.worlds.get(n).copied())
    }
    /// The fault strikes and is over.
    fn at_once(&self) -> bool {
        self.fault().is_some_and(|f| f.at_once)
    }
    fn lasts(&self) -> Option<SimDuration> {
        if self.at_once() {
            return None;
        }
        match DURATIONS[self.lists[3].cursor.min(DURATIONS.len() - 1)].1 {
            0 => None,
            s => Some(SimDuration::from_secs(s)),
        }
    }

    /// The targets depend on the fault and on the world.
    fn retarget(&mut self, lab: &Lab) {
        let kept = self.target().cloned();
        let (word, world) = (self.word().to_string(), self.world());
        self.targets = lab.door.fault_targets(&word, world);
        let at = kept.and_then(|k| self.targets.iter().position(|t| *t == k)).unwrap_or(0);
        self.lists[1] = List::at(at);
        self.aim(lab);
    }

    /// What the selection would hit.
    fn aim(&mut self, lab: &Lab) {
        let target = self.target().map_or("", |t| t);
        self.hits = lab.door.fault_hits(self.word(), target, self.world());
    }

    fn word(&self) -> &str {
        self.fault().map_or("", |f| &f.word)
    }

    fn rows(&self, column: usize) -> usize {
        match column {
            0 => self.faults.len(),
            1 => self.targets.len(),
            2 => self.worlds.len() + usize::from(self.worlds.len() > 1),
            _ if self.at_once() => 1,
            _ => DURATIONS.len(),
        }
    }

    fn words(&self, column: usize, n: usize, narrow: bool) -> String {
        let every = usize::from(self.worlds.len() > 1);
        match column {
            2 if narrow && n < every => "every".into(),
            3 if self.at_once() => AT_ONCE.into(),
            3 if narrow && n == 0 => "no end".into(),
            0 => self.faults[n].word.clone(),
            1 => self.targets[n].to_string(),
            2 if n < every => "every world".into(),
            2 => self.worlds[n - every].to_string(),
            _ => DURATIONS[n].0.to_string(),
        }
    }

    fn go(&self, lab: &mut Lab) -> Flow {
        let target = self.target().map_or("", |t| t);
        lab.inject(self.word(), target, self.world(), self.lasts());
        Flow::Close
    }

    /// Another entry is selected: the targets may be others.
    fn moved(&mut self, lab: &Lab) {
        match self.column {
            0 | 2 => self.retarget(lab),
            1 => self.aim(lab),
            _ => {}
        }
    }
}

impl Panel for FaultMenu {
    fn context(&self) -> Context {
        Context::Faults
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        match message {
            Message::Back | Message::Quit => return Flow::Close,
            Message::Accept if self.column == 3 => return self.go(lab),
            Message::Faults => return self.go(lab),
            Message::Accept | Message::Right => self.column = (self.column + 1).min(3),
            Message::Left => self.column = self.column.saturating_sub(1),
            Message::Choose(n) if usize::from(n) <= self.rows(self.column) => {
                self.lists[self.column].cursor = usize::from(n) - 1;
                self.moved(lab);
            }
            m => {
                let total = self.rows(self.column);
                if self.lists[self.column].update(m, total) {
                    self.moved(lab);
                }
            }
        }
        Flow::Stay
    }

    fn click(&mut self, column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        let again = self.column == column && self.lists[column].cursor == row;
        self.column = column;
        self.lists[column].cursor = row;
        self.moved(lab);
        if again {
            return self.update(Message::Accept, Some(lab));
        }
        Flow::Stay
    }

    fn wheel(&mut self, lines: isize) {
        let total = self.rows(self.column);
        self.lists[self.column].by(lines, total);
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(4).min(104);
        let rows = (0..4).map(|c| self.rows(c)).max().unwrap_or(1);
        let height = u16::try_from(rows + 9).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2)).max(12.min(screen.height));
        let area = centred(screen, width, height);
        let inner = surface(pen, area, "Break something", Context::Faults);
        let list_height = inner.height.saturating_sub(7);
        let narrow = inner.width < NARROW;
        let widths = column_widths(inner.width);
        let mut x = inner.x;
        for (c, (heading, columns)) in COLUMNS.into_iter().zip(widths).enumerate() {
            let active = c == self.column;
            let ink = pen.ink(if active { Ink::Strong } else { Ink::Dim });
            pen.put(x, inner.y, columns, heading, ink);
            let list = Rect { x, y: inner.y + 1, width: columns.saturating_sub(if narrow { 1 } else { 2 }), height: list_height };
            let total = self.rows(c);
            let first = self.lists[c].lay(usize::from(list_height), total);
            for n in (first..total).take(usize::from(list_height)) {
                let place = Rect { y: list.y + u16::try_from(n - first).unwrap_or(0), height: 1, ..list };
                let chosen = n == self.lists[c].cursor;
                let plain = match (c, chosen) {
                    (2, _) if n >= usize::from(self.worlds.len() > 1) => pen.theme.world(&self.words(c, n, narrow)),
                    (_, true) => pen.ink(Ink::Text),
                    _ if active => pen.ink(Ink::Text),
                    _ => pen.ink(Ink::Dim),
                };
                let words = self.words(c, n, narrow);
                let room = place.width.saturating_sub(1 + u16::from(total > usize::from(list_height)));
                let words = if c < 2 { text::fit_name(&words, usize::from(room), pen.theme.glyphs.ellipsis).into_owned() } else { words };
                // The last column belongs to the scroll bar.
                pen.put(place.x + 1, place.y, room, &words, plain);
                if chosen {
                    let style = pen.ink(if active { Ink::Selected } else { Ink::Marked });
                    pen.wash(place, style);
                }
                pen.spots.add(place, Spot::Panel(c, n));
            }
            if total == 0 {
                let faint = pen.ink(Ink::Faint);
                pen.put(list.x + 1, list.y, list.width.saturating_sub(1), "nothing here", faint);
            }
            pen.scrollbar(list, first, usize::from(list_height), total);
            x += columns;
        }
        self.draw_preview(pen, Rect { y: inner.bottom().saturating_sub(5), height: 5.min(inner.height), ..inner });
    }
}

/// A fault that can come in several ways is as many rows.
fn rows_for(f: &FaultChoice) -> Vec<Row> {
    if f.ways.is_empty() {
        return vec![Row { word: f.word.into(), about: f.about, at_once: f.at_once }];
    }
    f.ways.iter().map(|(way, about)| Row { word: format!("{} {way}", f.word), about, at_once: f.at_once }).collect()
}

impl FaultMenu {
    fn draw_preview(&self, pen: &mut Pen, area: Rect) {
        let (dim, faint, bad, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Faint), pen.ink(Ink::Bad), pen.ink(Ink::Warn));
        let Some(fault) = self.fault() else { return };
        let h = pen.theme.glyphs.frame[4];
        pen.run(area.x, area.y, area.width, h, faint);
        let end = if self.at_once() { AT_ONCE } else { DURATIONS[0].0 };
        let lasts = self.lasts().map_or_else(|| end.to_string(), |d| format!("for {}", text::span(d)));
        let sign = pen.theme.mark(crate::session::view::MarkKind::Fault).0;
        let mut x = area.x + pen.line(area.x, area.y + 1, area.width, &[(sign, bad), (" ", bad), (&fault.word, bad), (": ", dim)]);
        for (n, hit) in self.hits.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let on = if hit.target.is_empty() { String::new() } else { format!("{} in ", hit.target) };
            let accent = pen.theme.world(hit.world);
            x += pen.line(x, area.y + 1, area.right().saturating_sub(x), &[(comma, dim), (&on, dim), (hit.world, accent)]);
        }
        if self.hits.is_empty() {
            pen.put(x, area.y + 1, area.right().saturating_sub(x), "nothing here has it", warn);
        }
        pen.line(area.x + 2, area.y + 2, area.width.saturating_sub(2), &[(fault.about, dim), (", ", dim), (&lasts, dim)]);
        let commands = self.hits.iter().filter_map(|h| h.by_hand.as_ref().map(|b| (h, b)));
        for (y, (hit, by_hand)) in (area.y + 3..area.bottom()).zip(commands) {
            let accent = pen.theme.world(hit.world);
            let but = if by_hand.but.is_empty() { String::new() } else { format!(" ({})", by_hand.but) };
            pen.line(area.x + 2, y, area.width.saturating_sub(2), &[("by hand: ", dim), (&by_hand.command, accent), (&but, dim)]);
        }
    }
}

/// What, on, where, for: the target gets what is left.
fn column_widths(total: u16) -> [u16; 4] {
    // Wide enough for `bad-image never-ready`, `every world` and `until repaired`, a sign of scrolling included.
    let (what, place, lasts) = match total {
        NARROW.. => (25, 15, 18),
        _ => (18, 12, 9),
    };
    [what, total.saturating_sub(what + place + lasts), place, lasts]
}
