//! Components, one after the other: Docker's side, Kubernetes' side, both, or neither.

use ratatui::layout::{Position, Rect};

use crate::tui::desk::{Component, Desk, Placed, SIDES};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::panels::prompt;
use crate::tui::theme::{Glyphs, Ink};
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::Scroll;

use super::{READABLE, degree, framed, score_ink, score_word};

pub struct Sides {
    now: Option<Component>,
    done: Vec<Placed>,
    score: Option<u8>,
    scroll: Scroll,
}

impl Sides {
    pub fn begin(desk: &mut dyn Desk) -> Go {
        if desk.begin_sides() == 0 {
            return Go::Complain("there are no components to place".into());
        }
        Go::Open(Box::new(Self { now: desk.component(), done: desk.placed(), score: None, scroll: Scroll::default() }))
    }

    fn put(&mut self, side: usize, desk: &mut dyn Desk) -> Go {
        match desk.place(side) {
            Ok(Some(placed)) => {
                self.done.push(placed);
                self.now = desk.component();
                self.score = desk.sides_score();
                self.scroll.reset();
                Go::Stay
            }
            Ok(None) => Go::Stay,
            Err(why) => Go::Complain(why),
        }
    }
}

impl Page for Sides {
    fn context(&self) -> Context {
        Context::Place
    }
    fn crumb(&self) -> String {
        "Sides".into()
    }
    fn corner(&self, _desk: &dyn Desk, _glyphs: &Glyphs) -> Vec<(String, Ink)> {
        match &self.now {
            Some(c) => vec![(format!("{} of {}", c.number, c.total), Ink::Dim)],
            None => Vec::new(),
        }
    }
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(Context::Place);
        if self.now.is_some() {
            all.retain(|h| h.2 != Message::Accept);
            let sides = SIDES.iter().zip(["a", "b", "c", "d"]).enumerate();
            let sides = sides.map(|(i, (name, key))| (key.to_string(), *name, Message::Side(u8::try_from(i).unwrap_or(0))));
            all.splice(0..0, sides);
        } else {
            all.insert(0, ("r".into(), "again", Message::Again));
        }
        all
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match (message, &self.now) {
            (Message::Side(n), Some(_)) => self.put(usize::from(n), desk),
            (Message::Choose(n @ 1..=4), Some(_)) => self.put(usize::from(n) - 1, desk),
            (Message::Again, None) => match Self::begin(desk) {
                Go::Open(page) => Go::Replace(page),
                other => other,
            },
            (Message::Accept, None) | (Message::Back, _) => Go::Back,
            (m, _) => {
                self.scroll.update(m);
                Go::Stay
            }
        }
    }
    fn click(&mut self, column: usize, _row: usize, desk: &mut dyn Desk) -> Go {
        if self.now.is_some() { self.put(column, desk) } else { Go::Stay }
    }
    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, key) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Key));
        let mut y = body.y;
        if let Some(c) = &self.now {
            y += framed(pen, body, &c.words, Ink::Title);
            let mut x = body.x + 1;
            for (i, name) in SIDES.iter().enumerate() {
                let letter = ["a", "b", "c", "d"][i];
                let used = pen.line(x, y, body.right().saturating_sub(x), &[(letter, key), (" ", plain), (name, plain)]);
                pen.spots.add(Rect { x, y, width: used, height: 1 }, Spot::Panel(i, 0));
                x += used + 4;
            }
            y += 2;
        } else if let Some(score) = self.score {
            let style = pen.ink(score_ink(score));
            let number = format!("{score:>3}  ");
            pen.line(body.x, y, body.width, &[(&number, style), (score_word(score), plain)]);
            y += 2;
        }
        let area = Rect { x: body.x + 1, y, width: body.width.saturating_sub(1), height: body.bottom().saturating_sub(y) };
        let mut doc = Doc::new(area.width.min(READABLE).saturating_sub(1));
        for placed in self.done.iter().rev() {
            let (sign, style, _) = degree(pen, placed.worth);
            let said = match placed.worth {
                100 => SIDES[placed.belongs.min(3)].to_string(),
                _ => format!("{}, not {}", SIDES[placed.belongs.min(3)], SIDES[placed.put.min(3)]),
            };
            doc.hang(0, &[(sign, style), (" ", plain)], &format!("{}: {said}", placed.words), plain);
            doc.para(2, &placed.because, dim);
        }
        doc.draw(pen, area, &self.scroll);
        None
    }
}
