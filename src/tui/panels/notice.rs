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
}

impl Panel for Notice {
    fn context(&self) -> Context {
        Context::Notice
    }
    fn update(&mut self, message: Message, _lab: Option<&mut Lab>) -> Flow {
        match message {
            Message::Back | Message::Accept | Message::Quit => Flow::Close,
            m => {
                self.text.scroll.update(m);
                Flow::Stay
            }
        }
    }
    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = u16::try_from(self.columns + 5).unwrap_or(u16::MAX).clamp(40, screen.width.saturating_sub(4).max(40));
        let height = u16::try_from(self.lines + 2 + self.columns / usize::from(width)).unwrap_or(u16::MAX);
        let area = centred(screen, width, height.min(screen.height.saturating_sub(2)));
        let inner = surface(pen, area, &self.title, Context::Notice);
        self.text.draw(pen, inner);
    }
    fn wheel(&mut self, lines: isize) {
        self.text.scroll.by(lines);
    }
}
