//! A longer text that must be read: what is wrong with a scenario, where something was saved.

use ratatui::layout::Rect;

use crate::tui::draw::{Pen, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::widgets::textview::TextView;

pub struct Notice {
    title: String,
    lines: usize,
    columns: usize,
    text: TextView,
}

impl Notice {
    pub fn new(title: impl Into<String>, words: &str) -> Self {
        let columns = words.lines().map(text::width).max().unwrap_or(20);
        Self { title: title.into(), lines: words.lines().count(), columns, text: TextView::new(words) }
    }

    /// For tables: lines are not broken, what is too long is reached by going to the right.
    pub fn wide(title: impl Into<String>, words: &str) -> Self {
        let mut notice = Self::new(title, words);
        notice.text.keep_lines();
        notice
    }

    pub fn to_end(&self) {
        self.text.scroll.to_end();
    }
}

impl Panel for Notice {
    fn context(&self) -> Context {
        Context::Notice
    }
    fn update(&mut self, message: Message, _lab: Option<&mut Lab>) -> Flow {
        match message {
            Message::Back | Message::Accept | Message::Quit => Flow::Close,
            m @ (Message::Left | Message::Right) => {
                self.text.sideways(m == Message::Right);
                Flow::Stay
            }
            m => {
                self.text.scroll.update(m);
                Flow::Stay
            }
        }
    }
    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let most = screen.width.saturating_sub(4).max(40);
        let columns = self.columns.max(text::width(&self.title) + 2);
        // A long paragraph is read in lines of a hundred columns at most; tables take what they need.
        let most = if self.text.keeps_lines() { most } else { most.min(104) };
        let width = u16::try_from(columns + 5).unwrap_or(u16::MAX).clamp(40, most);
        let height = u16::try_from(self.text.rows(width.saturating_sub(4)).max(self.lines) + 2).unwrap_or(u16::MAX);
        let area = centred(screen, width, height.min(screen.height.saturating_sub(2)));
        let inner = surface(pen, area, &self.title, Context::Notice);
        self.text.draw(pen, inner);
    }
    fn wheel(&mut self, lines: isize) {
        self.text.scroll.by(lines);
    }
}
