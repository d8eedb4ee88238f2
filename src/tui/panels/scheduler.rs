//! The scheduler's screen: who waits in its queue and for what, and what it decided last.

use ratatui::layout::Rect;

use crate::session::view::{Record, RecordId, RecordType, SimTime, Waiting};
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::panels::{decision::Decision, inspect::Inspect, why::Why};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;
use crate::tui::widgets::weighing;

/// Decisions listed, the latest first.
const DECISIONS: usize = 200;
/// Journal records that are looked through for them.
const LOOKED_THROUGH: usize = 200_000;

pub struct Scheduler {
    worlds: Vec<&'static str>,
    waiting: Vec<(&'static str, Waiting)>,
    decided: Vec<(RecordId, String, String, SimTime)>,
    now: SimTime,
    list: List,
}

impl Scheduler {
    pub fn new(lab: &Lab) -> Self {
        let worlds = lab.view.worlds.iter().map(|w| w.view.name).collect();
        let mut panel = Self { worlds, waiting: Vec::new(), decided: Vec::new(), now: SimTime::ZERO, list: List::default() };
        panel.refresh(lab);
        panel
    }

    fn total(&self) -> usize {
        self.waiting.len() + self.decided.len()
    }

    /// The record of the decision under the cursor.
    fn record(&self) -> Option<RecordId> {
        match self.waiting.get(self.list.cursor) {
            Some((_, w)) => w.decided,
            None => self.decided.get(self.list.cursor - self.waiting.len()).map(|d| d.0),
        }
    }

    fn open(&self, lab: &mut Lab) -> Flow {
        let panel = match (self.record(), self.waiting.get(self.list.cursor)) {
            (Some(id), _) => Decision::of_record(lab, id),
            (None, Some((world, w))) => Decision::of_now(lab, world, &w.object),
            (None, None) => None,
        };
        match panel {
            Some(panel) => Flow::Open(Box::new(panel)),
            None => Flow::Stay,
        }
    }

    /// The object under the cursor, looked at from all sides.
    fn inspect(&self, lab: &mut Lab) -> Flow {
        let of_record = |id: RecordId| lab.record(id).map(|r| (r.world, r.object.clone()));
        let found = match self.waiting.get(self.list.cursor) {
            Some((world, w)) => Some((*world, w.object.clone())),
            None => self.record().and_then(of_record),
        };
        let Some((world, object)) = found else { return Flow::Stay };
        match Inspect::new(lab, world, &object) {
            Some(panel) => Flow::Open(Box::new(panel)),
            None => {
                lab.complain(format!("{object} is not there any more"));
                Flow::Stay
            }
        }
    }
}

fn is_placement(r: &Record) -> bool {
    r.kind == RecordType::Decision && (r.reason == "Chosen" || r.reason == "Unschedulable") && r.data.is_some()
}

impl Panel for Scheduler {
    fn context(&self) -> Context {
        Context::Scheduler
    }

    fn refresh(&mut self, lab: &Lab) {
        let under = self.record();
        self.now = lab.view.now;
        self.waiting = self.worlds.iter().flat_map(|w| lab.door.waiting(w).into_iter().map(move |x| (*w, x))).collect();
        let recent = lab.door.records().iter().rev().take(LOOKED_THROUGH).filter(|r| is_placement(r)).take(DECISIONS);
        self.decided = recent.map(|r| (r.id, r.object.name.to_string(), r.message.to_string(), r.at)).collect();
        // The cursor stays with its decision while new ones come in above.
        let at = |id| self.decided.iter().position(|d| d.0 == id).map(|n| n + self.waiting.len());
        if self.list.cursor >= self.waiting.len()
            && let Some(n) = under.and_then(at)
        {
            self.list.cursor = n;
        }
        self.list.cursor = self.list.cursor.min(self.total().saturating_sub(1));
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        match message {
            Message::Back | Message::Quit | Message::Scheduler => Flow::Close,
            Message::Accept => self.open(lab),
            Message::Inspect => self.inspect(lab),
            Message::Why => match self.record() {
                Some(id) => Flow::Open(Box::new(Why::new(lab, id))),
                None => Flow::Stay,
            },
            Message::Jump => match self.record() {
                Some(id) => {
                    lab.jump_to_record(id);
                    Flow::Close
                }
                None => Flow::Stay,
            },
            m if self.list.update(m, self.total()) => Flow::Stay,
            _ => Flow::Pass,
        }
    }

    fn click(&mut self, _column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        let again = self.list.cursor == row;
        self.list.cursor = row;
        match lab {
            Some(lab) if again => self.open(lab),
            _ => Flow::Stay,
        }
    }

    fn wheel(&mut self, lines: isize) {
        self.list.by(lines, self.total());
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(if screen.width > 100 { 8 } else { 2 }).min(170);
        let height = screen.height.saturating_sub(4);
        let area = centred(Rect { y: screen.y + 1, height, ..screen }, width, height);
        let dot = pen.theme.glyphs.dot;
        let title = format!("Scheduler {dot} {} waiting {dot} {} decisions", self.waiting.len(), self.decided.len());
        let inner = surface(pen, area, &title, Context::Scheduler);
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        // Two headings stand among the rows.
        let shown = usize::from(inner.height).saturating_sub(3).max(1);
        let first = self.list.lay(shown, self.total());
        let names = self.waiting.iter().map(|(_, w)| text::width(&w.object.name)).chain(self.decided.iter().map(|d| text::width(&d.1)));
        let name = u16::try_from(names.max().unwrap_or(8)).unwrap_or(u16::MAX).clamp(8, inner.width / 3);
        let mut y = inner.y;
        if self.waiting.is_empty() {
            pen.put(inner.x, y, inner.width, "No pod waits for a node.", dim);
            y += 1;
        } else if first < self.waiting.len() {
            pen.line(inner.x, y, inner.width, &[("Waiting", strong), (", what is tried next first", dim)]);
            y += 1;
        }
        for n in first..self.total() {
            if n == self.waiting.len() {
                pen.line(inner.x, y, inner.width, &[("Decided", strong), (", the latest first", dim)]);
                y += 1;
            }
            if y >= inner.bottom() {
                break;
            }
            let place = Rect { y, height: 1, width: inner.width - 1, ..inner };
            let rest = place.width.saturating_sub(name + 4);
            match self.waiting.get(n) {
                Some((_, w)) => {
                    pen.put(place.x + 1, y, name, &w.object.name, plain);
                    let warn = pen.ink(if w.pool == "active" { Ink::Busy } else { Ink::Warn });
                    let mut pieces = vec![(weighing::pool_words(w, self.now), warn)];
                    if let Some((plugin, _)) = w.waits_for.first() {
                        let more = w.waits_for.len() - 1;
                        let and = if more > 0 { format!(" and {more} more") } else { String::new() };
                        let by = if w.pool == "gated" { "kept out by" } else { "turned down by" };
                        pieces.push((format!("   {by} {plugin}{and}"), dim));
                    }
                    let pieces: Vec<_> = pieces.iter().map(|(t, s)| (t.as_str(), *s)).collect();
                    pen.line(place.x + name + 3, y, rest, &pieces);
                }
                None => {
                    let (_, pod, words, at) = &self.decided[n - self.waiting.len()];
                    let clock = text::clock(at.as_secs());
                    pen.put(place.x + 1, y, name, pod, plain);
                    pen.line(place.x + name + 3, y, rest, &[(&clock, dim), ("  ", dim), (words, plain)]);
                }
            }
            if n == self.list.cursor {
                let selected = pen.ink(Ink::Selected);
                pen.wash(place, selected);
            }
            pen.spots.add(place, Spot::Panel(0, n));
            y += 1;
        }
        if self.decided.is_empty() && y < inner.bottom() {
            pen.put(inner.x, y, inner.width, "Nothing has been decided yet; play a little first.", dim);
        }
        pen.scrollbar(inner, first, shown, self.total());
    }
}
