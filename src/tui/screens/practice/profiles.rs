//! Profiles: whose progress it is.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::tui::desk::{Desk, Overview};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

use super::entry::{DATE_HINT, Entry, date};
use super::menu::standing;
use super::select;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    New,
    Rename,
    Date,
}

pub struct Profiles {
    names: Vec<Arc<str>>,
    list: List,
    entry: Option<(Writing, Entry)>,
    over: Overview,
}

impl Profiles {
    pub fn new(desk: &dyn Desk) -> Self {
        let mut page = Self { names: Vec::new(), list: List::default(), entry: None, over: Overview::default() };
        page.look(desk);
        page
    }

    /// Reads the names again; the one in use is selected.
    fn look(&mut self, desk: &dyn Desk) {
        self.names = desk.profiles();
        self.over = desk.overview();
        self.list.cursor = self.names.iter().position(|n| *n == self.over.profile).unwrap_or(0);
    }

    fn submit(&mut self, desk: &mut dyn Desk) -> Go {
        let Some((what, entry)) = &self.entry else { return Go::Stay };
        let done = match what {
            Writing::New => desk.new_profile(entry.value()),
            Writing::Rename => desk.rename_profile(entry.value()),
            Writing::Date => date(entry.value(), desk.today()).and_then(|day| desk.set_interview(day)),
        };
        match done {
            Ok(()) => {
                self.entry = None;
                self.look(desk);
                Go::Stay
            }
            Err(why) => Go::Complain(why),
        }
    }
}

impl Page for Profiles {
    fn context(&self) -> Context {
        if self.entry.is_some() { Context::Entry } else { Context::Profiles }
    }
    fn crumb(&self) -> String {
        "Profiles".into()
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        if self.entry.is_some() {
            match message {
                Message::Submit => return self.submit(desk),
                Message::Back => self.entry = None,
                _ => {}
            }
            return Go::Stay;
        }
        match message {
            Message::Accept => {
                if let Some(name) = self.names.get(self.list.cursor).cloned() {
                    if let Err(why) = desk.choose_profile(&name) {
                        return Go::Complain(why);
                    }
                    return Go::Back;
                }
            }
            Message::New => self.entry = Some((Writing::New, Entry::new("new profile", "a name", ""))),
            Message::Rename => self.entry = Some((Writing::Rename, Entry::new("another name", "a name", &self.over.profile))),
            Message::Date => {
                let set = self.over.interview.map_or(String::new(), |d| d.to_string());
                self.entry = Some((Writing::Date, Entry::new("interview on", DATE_HINT, &set)));
            }
            Message::Back => return Go::Back,
            m => {
                self.list.update(m, self.names.len());
            }
        }
        Go::Stay
    }
    fn typed(&mut self, key: &KeyEvent) {
        if let Some((_, entry)) = &mut self.entry {
            entry.key(key);
        }
    }
    fn paste(&mut self, words: &str) {
        if let Some((_, entry)) = &mut self.entry {
            entry.paste(words);
        }
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        if self.list.cursor == row {
            return self.update(Message::Accept, desk);
        }
        self.list.cursor = row;
        Go::Stay
    }
    fn wheel(&mut self, lines: isize) {
        self.list.by(lines, self.names.len());
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, good) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Good));
        let over = &self.over;
        pen.put(body.x + 1, body.y, body.width, "Each has reviews, cards, drafts and a plan of its own.", dim);
        let list = Rect { y: body.y + 2, width: body.width.min(80), height: body.height.saturating_sub(4), ..body };
        let fit = usize::from(list.height);
        let first = self.list.lay(fit, self.names.len());
        for (i, name) in self.names.iter().enumerate().skip(first).take(fit) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, ..list };
            let used = *name == over.profile;
            let sign = if used { pen.theme.glyphs.ok } else { " " };
            let columns = pen.line(row.x + 1, y, row.width.saturating_sub(2), &[(sign, good), (" ", plain), (name, plain)]) + 3;
            if used {
                let room = Rect { x: row.x + columns, width: row.width.saturating_sub(columns), ..row };
                // As much of it as stands beside the name, from its beginning.
                let mut words = standing(over);
                while text::width(&words) + 1 > usize::from(room.width) {
                    words.truncate(words.rfind("   ").unwrap_or(0));
                }
                pen.right(room, y, &[(&(words + " "), dim)]);
            }
            select(pen, row, i == self.list.cursor);
            pen.spots.add(row, Spot::Panel(0, i));
        }
        pen.scrollbar(list, first, fit, self.names.len());
        let row = Rect { y: body.bottom().saturating_sub(1), height: 1, ..body };
        self.entry.as_ref().map(|(_, e)| e.draw(pen, row))
    }
}
