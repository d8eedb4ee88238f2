//! The pages of practice: each has the whole screen, they lie on a stack, and leaving one shows the one below as it was.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::session::view::SimTime;

use super::desk::Desk;
use super::draw::{Pen, Spot};
use super::keys::Context;
use super::message::Message;
use super::panels::prompt;
use super::text;
use super::theme::{Glyphs, Ink};

/// What happens after a message.
pub enum Go {
    Stay,
    /// Back to the page below; from the lowest, to the home screen.
    Back,
    Open(Box<dyn Page>),
    /// In place of this one.
    Replace(Box<dyn Page>),
    /// A lab at a moment; leaving it comes back here.
    Lab(Arc<str>, SimTime),
    /// A short word at the foot.
    Say(String),
    /// The same, about something that went wrong.
    Complain(String),
    /// Saves a text as a file.
    Save(String, String),
}

pub trait Page {
    fn context(&self) -> Context;
    /// Where we are, in a word or two.
    fn crumb(&self) -> String;
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go;
    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position>;
    /// What stands at the right of the top line.
    fn corner(&self, _desk: &dyn Desk, _glyphs: &Glyphs) -> Vec<(String, Ink)> {
        Vec::new()
    }
    /// The keys at the foot.
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        prompt::hints(self.context())
    }
    /// A key that writes.
    fn typed(&mut self, _key: &KeyEvent) {}
    fn paste(&mut self, _words: &str) {}
    /// A click on [`Spot::Panel`].
    fn click(&mut self, _column: usize, _row: usize, _desk: &mut dyn Desk) -> Go {
        Go::Stay
    }
    fn wheel(&mut self, _lines: isize) {}
    /// Real time passes. True if something on screen changed.
    fn tick(&mut self, _dt: Duration, _desk: &mut dyn Desk) -> bool {
        false
    }
    /// True while it wants to be told of time.
    fn is_moving(&self) -> bool {
        false
    }
    /// Saves what is half done: the page is left, or the program ends.
    fn keep(&mut self, _desk: &mut dyn Desk) {}
    /// It is on top again.
    fn refresh(&mut self, _desk: &mut dyn Desk) {}
}

/// How long a word stays at the foot.
const NOTICE: Duration = Duration::from_secs(6);

/// The stack.
#[derive(Default)]
pub struct Pages {
    stack: Vec<Box<dyn Page>>,
    note: Option<(String, bool, Duration)>,
}

impl Pages {
    pub fn top(&self) -> Option<&dyn Page> {
        self.stack.last().map(|p| &**p)
    }
    pub fn top_mut(&mut self) -> Option<&mut (dyn Page + 'static)> {
        self.stack.last_mut().map(|p| &mut **p)
    }
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }
    pub fn depth(&self) -> usize {
        self.stack.len()
    }
    pub fn open(&mut self, page: Box<dyn Page>, desk: &mut dyn Desk) {
        if let Some(top) = self.stack.last_mut() {
            top.keep(desk);
        }
        self.stack.push(page);
    }
    pub fn replace(&mut self, page: Box<dyn Page>, desk: &mut dyn Desk) {
        self.close(desk);
        self.stack.push(page);
    }
    /// Takes the top page away; the one below looks anew.
    pub fn close(&mut self, desk: &mut dyn Desk) {
        if let Some(mut top) = self.stack.pop() {
            top.keep(desk);
        }
        if let Some(below) = self.stack.last_mut() {
            below.refresh(desk);
        }
    }
    /// Takes all pages away.
    pub fn clear(&mut self, desk: &mut dyn Desk) {
        while !self.stack.is_empty() {
            self.close(desk);
        }
    }
    pub fn keep(&mut self, desk: &mut dyn Desk) {
        for page in &mut self.stack {
            page.keep(desk);
        }
    }

    pub fn say(&mut self, words: String, bad: bool) {
        self.note = Some((words, bad, if bad { NOTICE * 2 } else { NOTICE }));
    }
    /// A key was pressed: what the foot said has been read.
    pub fn hush(&mut self) {
        self.note = None;
    }

    pub fn is_moving(&self) -> bool {
        self.note.is_some() || self.top().is_some_and(Page::is_moving)
    }
    pub fn tick(&mut self, dt: Duration, desk: &mut dyn Desk) -> bool {
        let mut changed = false;
        if let Some((.., left)) = &mut self.note {
            *left = left.saturating_sub(dt);
            if left.is_zero() {
                self.note = None;
                changed = true;
            }
        }
        let Some(top) = self.top_mut().filter(|p| p.is_moving()) else { return changed };
        top.tick(dt, desk) || changed
    }

    /// Top line, page, foot.
    pub fn draw(&self, pen: &mut Pen, area: Rect, desk: &dyn Desk) -> Option<Position> {
        let top = self.top()?;
        let (dim, title) = (pen.ink(Ink::Dim), pen.ink(Ink::Title));
        let corner = top.corner(desk, pen.theme.glyphs);
        let mut pieces: Vec<(&str, _)> = corner.iter().map(|(w, i)| (w.as_str(), pen.ink(*i))).collect();
        // Where letters are typed, a question mark is one of them.
        let help = if super::keys::types(top.context()) { "   F1 help " } else { "   ? help " };
        pieces.push((help, dim));
        let used = pen.right(area, area.y, &pieces);
        let words = u16::try_from(text::width(help)).unwrap_or(9);
        let spot = Rect { x: area.right().saturating_sub(words), width: words, height: 1, ..area };
        pen.spots.add(spot, Spot::Press(Message::Help));
        let left = area.width.saturating_sub(used + 2);
        let g = pen.theme.glyphs;
        let name = if left >= 60 { "wheelhouse" } else { g.helm };
        let mut crumbs = vec![(name, dim)];
        let names: Vec<String> = self.stack.iter().map(|p| p.crumb()).collect();
        // The last two places are enough to know where Esc leads.
        let from = names.len().saturating_sub(2);
        for (i, crumb) in names[from..].iter().enumerate() {
            let here = from + i + 1 == names.len();
            crumbs.extend([(" ", dim), (g.crumb, dim), (" ", dim), (crumb.as_str(), if here { title } else { dim })]);
        }
        pen.line(area.x + 1, area.y, left, &crumbs);

        let foot = area.bottom() - 1;
        let y = area.y + 2;
        let body = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: foot.saturating_sub(y) };
        // First, so that the foot knows what did not fit.
        let cursor = top.draw(pen, body, desk);
        match &self.note {
            Some((words, bad, _)) => {
                let style = pen.ink(if *bad { Ink::Bad } else { Ink::Story });
                let words = words.trim_start_matches("error: ").replace('\n', " ");
                pen.put(area.x + 1, foot, area.width.saturating_sub(2), &text::plain(&words), style);
            }
            None => {
                pen.hints(area.x + 1, foot, area.width.saturating_sub(2), &top.hints());
            }
        }
        cursor
    }
}

/// A share as whole percents: `68 %`.
pub fn whole(share: f32) -> String {
    format!("{:.0} %", (share.clamp(0.0, 1.0) * 100.0).round())
}

/// `1 question`, `3 questions`
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", text::number(n as u64)) }
}
