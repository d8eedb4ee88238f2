//! The search line over a list: it filters while it is typed, and what was typed stays until it is cleared.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::tui::draw::Pen;
use crate::tui::message::Message;
use crate::tui::theme::Ink;

#[derive(Default)]
pub struct Search {
    /// The line while it is typed.
    open: Option<Input>,
    kept: String,
}

impl Search {
    pub fn begin(&mut self) {
        self.open = Some(Input::new(self.kept.clone()));
    }
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
    /// What the list is filtered by when the line is closed.
    pub fn kept(&self) -> &str {
        &self.kept
    }
    pub fn clear(&mut self) {
        self.kept.clear();
    }
    /// What to look for now, in lower case; empty finds everything.
    pub fn needle(&self) -> String {
        self.open.as_ref().map_or(&*self.kept, Input::value).to_lowercase()
    }

    /// True if the message closed the line.
    pub fn closes(&mut self, message: &Message) -> bool {
        match message {
            Message::Submit => self.kept = self.open.take().map_or_else(String::new, |i| i.value().to_string()),
            Message::Back => (self.open, self.kept) = (None, String::new()),
            _ => return false,
        }
        true
    }
    /// True if the line is open and took the key.
    pub fn typed(&mut self, key: &KeyEvent) -> bool {
        let Some(input) = &mut self.open else { return false };
        input.handle_event(&Event::Key(*key));
        true
    }
    pub fn paste(&mut self, words: &str) -> bool {
        words.chars().filter(|c| !c.is_control()).for_each(|c| {
            self.typed(&KeyEvent::from(KeyCode::Char(c)));
        });
        self.is_open()
    }

    /// Draws the open line; where its cursor stands.
    pub fn draw(&self, pen: &mut Pen, body: Rect) -> Option<Position> {
        let input = self.open.as_ref()?;
        let (key, plain) = (pen.ink(Ink::Key), pen.ink(Ink::Text));
        pen.line(body.x + 1, body.y, body.width, &[("/ ", key), (input.value(), plain)]);
        Some(Position { x: body.x + 3 + u16::try_from(input.visual_cursor()).unwrap_or(0), y: body.y })
    }
}
