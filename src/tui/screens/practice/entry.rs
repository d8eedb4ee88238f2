//! One line to write in, at the foot of a page: a name, a date.

use crossterm::event::{Event, KeyEvent};
use jiff::civil::Date;
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::session::progress::day;
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

pub struct Entry {
    label: &'static str,
    hint: &'static str,
    input: Input,
}

/// What a date may look like.
pub const DATE_HINT: &str = "28 nov, tomorrow, in 6 days or friday; empty for none";

impl Entry {
    pub fn new(label: &'static str, hint: &'static str, text: &str) -> Self {
        Self { label, hint, input: Input::new(text.to_string()) }
    }
    pub fn value(&self) -> &str {
        self.input.value().trim()
    }
    pub fn key(&mut self, key: &KeyEvent) {
        self.input.handle_event(&Event::Key(*key));
    }
    pub fn paste(&mut self, words: &str) {
        for c in words.chars().filter(|c| !c.is_control()).take(200) {
            self.key(&KeyEvent::from(crossterm::event::KeyCode::Char(c)));
        }
    }
    /// Draws it in one row; returns where the cursor belongs.
    pub fn draw(&self, pen: &mut Pen, row: Rect) -> Position {
        let (strong, plain, faint) = (pen.ink(Ink::Strong), pen.ink(Ink::Text), pen.ink(Ink::Dim));
        pen.blank(row);
        let used = pen.line(row.x + 1, row.y, row.width, &[(self.label, strong), ("  ", plain)]);
        let x = row.x + 1 + used;
        let columns = row.right().saturating_sub(x + 1);
        let from = self.input.visual_scroll(usize::from(columns.max(1)));
        if self.input.value().is_empty() {
            pen.put(x, row.y, columns, self.hint, faint);
        } else {
            let tail: String = self.input.value().chars().skip(from).collect();
            pen.put(x, row.y, columns, &tail, plain);
            let used = u16::try_from(text::width(&tail)).unwrap_or(0) + 3;
            pen.right(Rect { x: x + used, width: columns.saturating_sub(used), ..row }, row.y, &[(self.hint, faint)]);
        }
        let at = self.input.visual_cursor().saturating_sub(from);
        Position { x: x + u16::try_from(at).unwrap_or(0).min(columns), y: row.y }
    }
}

/// A day as people write it; nothing for an empty text.
///
/// # Errors
/// What was not understood, and what would be.
pub fn date(words: &str, today: Date) -> Result<Option<Date>, String> {
    if words.trim().is_empty() { Ok(None) } else { day(words, today).map(Some) }
}
