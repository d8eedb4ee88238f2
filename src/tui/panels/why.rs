//! Why did this happen? The chain of causes from its root, with the time between the links.

use ratatui::layout::Rect;

use crate::session::WhyStep;
use crate::session::view::RecordId;
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::panels::{decision::Decision, inspect::Inspect};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

pub struct Why {
    steps: Vec<WhyStep>,
    list: List,
}

impl Why {
    pub fn new(lab: &Lab, id: RecordId) -> Self {
        let steps = lab.door.why(id);
        let cursor = steps.len().saturating_sub(1);
        Self { steps, list: List::at(cursor) }
    }

    fn inspect(&self, lab: &Lab) -> Flow {
        let Some(step) = self.steps.get(self.list.cursor) else { return Flow::Stay };
        if let Some(panel) = Decision::of_record(lab, step.record.id) {
            return Flow::Open(Box::new(panel));
        }
        match Inspect::new(lab, step.record.world, &step.record.object) {
            Some(panel) => Flow::Open(Box::new(panel)),
            None => Flow::Stay,
        }
    }
}

/// Columns before the sentence: time, line, sign.
const LEAD: u16 = 14;

impl Panel for Why {
    fn context(&self) -> Context {
        Context::Why
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        match message {
            Message::Back | Message::Quit | Message::Why => Flow::Close,
            Message::Accept => self.inspect(lab),
            Message::Jump => {
                if let Some(step) = self.steps.get(self.list.cursor) {
                    lab.jump_to_record(step.record.id);
                }
                Flow::Close
            }
            m if self.list.update(m, self.steps.len()) => Flow::Stay,
            _ => Flow::Pass,
        }
    }

    fn click(&mut self, _column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        if self.list.cursor == row
            && let Some(lab) = lab
        {
            return self.inspect(lab);
        }
        self.list.cursor = row;
        Flow::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.list.by(lines, self.steps.len());
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(4).min(120);
        let columns = usize::from(width.saturating_sub(LEAD + 5)).max(20);
        let wrapped: Vec<Vec<String>> = self.steps.iter().map(|s| text::wrap(&s.text, columns)).collect();
        // Each link is its sentence and the time to the next.
        let rows: usize = wrapped.iter().map(|w| w.len() + 1).sum::<usize>().saturating_sub(1);
        let height = u16::try_from(rows + 2).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
        let area = centred(screen, width, height);
        let last = self.steps.last().map_or_else(String::new, |s| s.record.object.to_string());
        let dot = pen.theme.glyphs.dot;
        let title = if last.trim().is_empty() { "Why".to_string() } else { format!("Why {dot} {}", last.trim()) };
        let inner = surface(pen, area, &title, Context::Why);
        if self.steps.is_empty() {
            let dim = pen.ink(Ink::Dim);
            pen.put(inner.x, inner.y, inner.width, "no cause is recorded for this line", dim);
            return;
        }
        // Scroll by links: the first shown one so that the cursor is in sight.
        let fit = usize::from(inner.height);
        let tall = |from: usize, to: usize| wrapped[from..=to].iter().map(|w| w.len() + 1).sum::<usize>() - 1;
        let cursor = self.list.cursor.min(self.steps.len() - 1);
        let mut first = 0;
        while first < cursor && tall(first, cursor) > fit {
            first += 1;
        }
        self.list.lay(fit / 2, self.steps.len());
        let mut y = inner.y;
        for (n, step) in self.steps.iter().enumerate().skip(first) {
            let (dim, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Faint));
            if n > first {
                if y >= inner.bottom() {
                    break;
                }
                let gap = if step.gap.as_nanos() == 0 { "at once".to_string() } else { format!("{} later", text::span(step.gap)) };
                let (split, down) = (pen.theme.glyphs.split, pen.theme.glyphs.down);
                pen.put(inner.x + 11, y, 1, if step.gap.as_millis() >= 1000 { down } else { split }, faint);
                pen.put(inner.x + LEAD, y, inner.width.saturating_sub(LEAD), &gap, faint);
                y += 1;
            }
            let (sign, ink) = pen.theme.record(step.record.kind);
            let accent = pen.theme.world(step.record.world);
            let clock = step.record.at.clock_millis();
            let clock = clock.get(3..).unwrap_or(&clock);
            let top = y;
            for (i, line) in wrapped[n].iter().enumerate() {
                if y >= inner.bottom() {
                    break;
                }
                if i == 0 {
                    pen.put(inner.x, y, 10, clock, dim);
                    pen.put(inner.x + 11, y, 1, sign, ink);
                }
                // The actor, up to the colon, in its world's colour.
                match line.split_once(": ").filter(|_| i == 0) {
                    Some((who, what)) => {
                        let plain = pen.ink(Ink::Text);
                        pen.line(inner.x + LEAD, y, inner.width.saturating_sub(LEAD), &[(who, accent), (": ", dim), (what, plain)]);
                    }
                    None => {
                        let plain = pen.ink(Ink::Text);
                        pen.put(inner.x + LEAD, y, inner.width.saturating_sub(LEAD), line, plain);
                    }
                }
                y += 1;
            }
            let place = Rect { y: top, height: y - top, ..inner };
            if n == cursor {
                let selected = pen.ink(Ink::Selected);
                pen.wash(place, selected);
            }
            pen.spots.add(place, Spot::Panel(0, n));
        }
    }
}
