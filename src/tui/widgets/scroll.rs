//! Where a long thing is scrolled to. Drawing tells how much fits; moving stays within that.

use std::cell::Cell;

use crate::tui::draw::follow;
use crate::tui::message::Message;

/// A text: only a first line.
#[derive(Clone, Debug, Default)]
pub struct Scroll {
    first: Cell<usize>,
    shown: Cell<usize>,
    total: Cell<usize>,
}

impl Scroll {
    /// Told by drawing: so many lines fit, so many there are. Returns the first to draw.
    pub fn lay(&self, shown: usize, total: usize) -> usize {
        self.shown.set(shown);
        self.total.set(total);
        self.first.set(self.first.get().min(total.saturating_sub(shown)));
        self.first.get()
    }
    /// More than was shown last.
    pub fn overflows(&self) -> bool {
        self.total.get() > self.shown.get()
    }
    /// The first line that was drawn last.
    pub fn first(&self) -> usize {
        self.first.get()
    }
    pub fn by(&self, lines: isize) {
        let last = self.total.get().saturating_sub(self.shown.get());
        self.first.set(self.first.get().saturating_add_signed(lines).min(last));
    }
    /// This line to the top, as far as the text reaches.
    pub fn to(&self, line: usize) {
        self.first.set(line);
    }
    pub fn to_end(&self) {
        self.first.set(usize::MAX);
    }
    pub fn reset(&self) {
        self.first.set(0);
    }
    /// True if the message was one of moving.
    pub fn update(&self, message: Message) -> bool {
        let page = self.shown.get().saturating_sub(1).max(1).cast_signed();
        match message {
            Message::Up => self.by(-1),
            Message::Down => self.by(1),
            Message::PageUp => self.by(-page),
            Message::PageDown => self.by(page),
            Message::Top => self.reset(),
            Message::Bottom => self.to_end(),
            _ => return false,
        }
        true
    }
}

/// A list with a cursor.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub cursor: usize,
    first: Cell<usize>,
    shown: Cell<usize>,
}

impl List {
    pub fn at(cursor: usize) -> Self {
        Self { cursor, ..Self::default() }
    }
    /// Told by drawing: so many rows fit. Returns the first to draw.
    pub fn lay(&self, shown: usize, total: usize) -> usize {
        self.shown.set(shown);
        self.first.set(follow(self.first.get(), self.cursor.min(total.saturating_sub(1)), shown, total));
        self.first.get()
    }
    pub fn shown(&self) -> usize {
        self.shown.get()
    }
    pub fn by(&mut self, rows: isize, total: usize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(total.saturating_sub(1));
    }
    /// True if the message was one of moving.
    pub fn update(&mut self, message: Message, total: usize) -> bool {
        let page = self.shown.get().saturating_sub(1).max(1).cast_signed();
        match message {
            Message::Up => self.by(-1, total),
            Message::Down => self.by(1, total),
            Message::PageUp => self.by(-page, total),
            Message::PageDown => self.by(page, total),
            Message::Top => self.cursor = 0,
            Message::Bottom => self.cursor = total.saturating_sub(1),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stops_at_its_ends() {
        let s = Scroll::default();
        s.lay(10, 25);
        s.update(Message::Up);
        assert_eq!(s.lay(10, 25), 0);
        s.update(Message::Bottom);
        assert_eq!(s.lay(10, 25), 15);
        s.update(Message::PageUp);
        assert_eq!(s.lay(10, 25), 6);
        assert_eq!(s.lay(10, 5), 0, "the text became shorter");
    }

    #[test]
    fn a_list_keeps_its_cursor_inside() {
        let mut l = List::default();
        l.lay(3, 5);
        assert!(l.update(Message::Bottom, 5));
        assert_eq!((l.cursor, l.lay(3, 5)), (4, 2));
        l.by(9, 5);
        assert_eq!(l.cursor, 4);
        l.by(-9, 5);
        assert_eq!((l.cursor, l.lay(3, 5)), (0, 0));
        l.by(1, 0);
        assert_eq!(l.cursor, 0);
    }
}
