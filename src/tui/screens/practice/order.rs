//! The whiteboard: chains of events to put in order, and the way to the sides.

use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::{Position, Rect};

use crate::tui::desk::{Chain, Desk, Judged, LeftWhat};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count};
use crate::tui::panels::prompt;
use crate::tui::text;
use crate::tui::theme::{Glyphs, Ink};
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::{List, Scroll};

use super::sides::Sides;
use super::{READABLE, degree, score_ink, score_word, select};

/// What the drill with the sides is called.
pub const SIDES_TITLE: &str = "Docker's side, Kubernetes' side, both, or neither?";

/// The list of whiteboards.
pub struct Boards {
    all: Vec<(Arc<str>, String, usize)>,
    list: List,
    /// What was left: how far the sides are, and which boards.
    sides: Option<String>,
    begun: Vec<Arc<str>>,
}

impl Boards {
    pub fn new(desk: &dyn Desk) -> Self {
        let mut boards = Self { all: desk.whiteboards(), list: List::default(), sides: None, begun: Vec::new() };
        let latest = boards.look(desk);
        boards.list = List::at(latest);
        boards
    }
    /// What was left, looked up; the row of the latest.
    fn look(&mut self, desk: &dyn Desk) -> usize {
        (self.sides, self.begun) = (None, Vec::new());
        let mut latest = None;
        for left in desk.overview().left {
            let row = match left.what {
                LeftWhat::Sides => {
                    self.sides = Some(left.at);
                    Some(0)
                }
                LeftWhat::Board(id, _) => {
                    let row = self.all.iter().position(|(known, ..)| *known == id).map(|i| i + 1);
                    self.begun.push(id);
                    row
                }
                _ => None,
            };
            latest = latest.or(row);
        }
        latest.unwrap_or(0)
    }
    /// The sides come first, then the chains.
    pub fn open(&self, desk: &mut dyn Desk) -> Go {
        match self.list.cursor.checked_sub(1) {
            None => Sides::begin(desk),
            Some(i) => match self.all.get(i).and_then(|(id, ..)| desk.whiteboard(id)) {
                Some(chain) => Go::Open(Box::new(Order::new(chain))),
                None => Go::Complain("this one cannot be opened".into()),
            },
        }
    }
}

impl Page for Boards {
    fn context(&self) -> Context {
        Context::Menu
    }
    fn crumb(&self) -> String {
        "Whiteboard".into()
    }
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(Context::Menu);
        all.iter_mut().filter(|h| h.2 == Message::Back).for_each(|h| h.1 = "back");
        all
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match message {
            Message::Accept | Message::Right => self.open(desk),
            Message::Back => Go::Back,
            m => {
                self.list.update(m, self.all.len() + 1);
                Go::Stay
            }
        }
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        self.list.cursor = row;
        self.open(desk)
    }
    fn wheel(&mut self, lines: isize) {
        self.list.by(lines.signum(), self.all.len() + 1);
    }
    fn refresh(&mut self, desk: &mut dyn Desk) {
        self.look(desk);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
        pen.put(body.x + 1, body.y, body.width, "As an interviewer would have it: in order, from memory.", dim);
        let list = Rect { y: body.y + 2, width: body.width.min(READABLE), height: body.height.saturating_sub(2), ..body };
        let fit = usize::from(list.height);
        let total = self.all.len() + 1;
        let first = self.list.lay(fit, total);
        for i in (first..total).take(fit) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, width: list.width - 1, ..list };
            let (title, beside) = match i.checked_sub(1).and_then(|i| self.all.get(i)) {
                Some((id, title, _)) if self.begun.contains(id) => (title.as_str(), "go on".into()),
                Some((_, title, steps)) => (title.as_str(), count(*steps, "step")),
                None => (SIDES_TITLE, self.sides.as_ref().map_or("components".into(), |at| format!("go on: {at}"))),
            };
            let beside = beside + " ";
            pen.put(row.x + 1, y, row.width.saturating_sub(u16::try_from(text::width(&beside)).unwrap_or(14) + 3), title, plain);
            pen.right(row, y, &[(&beside, dim)]);
            select(pen, row, i == self.list.cursor);
            pen.spots.add(row, Spot::Panel(0, i));
        }
        pen.scrollbar(list, first, fit, total);
        None
    }
}

/// One chain on the board.
pub struct Order {
    chain: Chain,
    list: List,
    grabbed: bool,
    spent: Duration,
    /// Something was moved, now or before it was left.
    touched: bool,
    judged: Option<Judged>,
    scroll: Scroll,
}

impl Order {
    pub fn new(chain: Chain) -> Self {
        let (spent, touched) = (chain.spent, !chain.spent.is_zero());
        Self { chain, list: List::default(), grabbed: false, spent, touched, judged: None, scroll: Scroll::default() }
    }

    fn shift(&mut self, by: isize, desk: &mut dyn Desk) {
        let from = self.list.cursor;
        let to = from.saturating_add_signed(by).min(self.chain.order.len().saturating_sub(1));
        if from != to {
            self.chain.order.swap(from, to);
            self.list.cursor = to;
            self.touched = true;
            self.keep(desk);
        }
    }

    fn draw_judged(&self, pen: &mut Pen, area: Rect, judged: &Judged) {
        let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
        let mut doc = Doc::new(area.width.min(READABLE).saturating_sub(1));
        let style = pen.ink(score_ink(judged.score));
        doc.line(&[(&format!("{:>3}  ", judged.score), style), (score_word(judged.score), plain)]);
        doc.gap();
        for (n, step) in judged.order.iter().enumerate() {
            let Some(words) = self.chain.steps.get(*step) else { continue };
            let wrong = judged.misplaced.iter().find(|(s, _)| s == step);
            let (sign, style, _) = degree(pen, if wrong.is_some() { 0 } else { 100 });
            let number = format!("{:>2} ", n + 1);
            doc.hang(1, &[(sign, style), (" ", plain), (&number, dim)], words, plain);
            if let Some((_, why)) = wrong {
                let put = self.chain.order.iter().position(|s| s == step).map_or(0, |i| i + 1);
                let lead = if put == n + 1 { String::new() } else { format!("you had it at {put}: ") };
                doc.hang(6, &[(&lead, dim)], why, dim);
            }
        }
        doc.draw(pen, area, &self.scroll);
    }
}

impl Page for Order {
    fn context(&self) -> Context {
        Context::Order
    }
    fn crumb(&self) -> String {
        self.chain.title.clone()
    }
    fn corner(&self, _desk: &dyn Desk, _glyphs: &Glyphs) -> Vec<(String, Ink)> {
        vec![(text::clock(self.spent.as_secs()), if self.judged.is_some() { Ink::Dim } else { Ink::Strong })]
    }
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(Context::Order);
        if self.judged.is_some() {
            all.retain(|h| !matches!(h.2, Message::MoveUp | Message::MoveDown | Message::Grab | Message::Accept));
            let at = all.iter().position(|h| h.2 == Message::Back).unwrap_or(0);
            all.insert(at, ("r".into(), "again", Message::Again));
            if self.chain.lab.is_some() {
                all.insert(at, ("s".into(), "see it", Message::Evidence));
            }
        } else if self.grabbed {
            all.iter_mut().filter(|h| h.2 == Message::Grab).for_each(|h| h.1 = "put down");
        }
        all
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        if self.judged.is_some() {
            return match message {
                Message::Accept | Message::Back => Go::Back,
                Message::Again => match desk.whiteboard(&self.chain.id) {
                    Some(chain) => Go::Replace(Box::new(Self::new(chain))),
                    None => Go::Back,
                },
                Message::Evidence => match &self.chain.lab {
                    Some((name, at)) => Go::Lab(name.clone(), *at),
                    None => Go::Say("no lab shows this one yet".into()),
                },
                m => {
                    self.scroll.update(m);
                    Go::Stay
                }
            };
        }
        match message {
            Message::MoveUp => self.shift(-1, desk),
            Message::MoveDown => self.shift(1, desk),
            Message::Up if self.grabbed => self.shift(-1, desk),
            Message::Down if self.grabbed => self.shift(1, desk),
            Message::Grab => self.grabbed = !self.grabbed,
            Message::Back if self.grabbed => self.grabbed = false,
            Message::Back => return Go::Back,
            Message::Accept => match desk.judge(&self.chain.id, &self.chain.order, self.spent) {
                Ok(judged) => self.judged = Some(judged),
                Err(why) => return Go::Complain(why),
            },
            m => {
                self.list.update(m, self.chain.order.len());
            }
        }
        Go::Stay
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        // What is picked up goes where the mouse points.
        if self.grabbed {
            while self.list.cursor != row {
                self.shift(if row > self.list.cursor { 1 } else { -1 }, desk);
            }
            self.grabbed = false;
        } else if self.list.cursor == row {
            self.grabbed = true;
        } else {
            self.list.cursor = row;
        }
        Go::Stay
    }
    fn wheel(&mut self, lines: isize) {
        if self.judged.is_some() { self.scroll.by(lines) } else { self.list.by(lines.signum(), self.chain.order.len()) }
    }
    fn is_moving(&self) -> bool {
        self.judged.is_none()
    }
    fn tick(&mut self, dt: Duration, _desk: &mut dyn Desk) -> bool {
        let before = self.spent.as_secs();
        self.spent += dt;
        before != self.spent.as_secs()
    }
    fn keep(&mut self, desk: &mut dyn Desk) {
        if self.touched && self.judged.is_none() {
            desk.keep_board(&self.chain.id, &self.chain.order, self.spent);
        }
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Warn));
        let mut y = body.y;
        for line in text::wrap(&self.chain.ask, usize::from(body.width.saturating_sub(2).min(READABLE))) {
            pen.put(body.x + 1, y, body.width, &line, strong);
            y += 1;
        }
        y += 1;
        let area = Rect { y, height: body.bottom().saturating_sub(y), ..body };
        if let Some(judged) = &self.judged {
            self.draw_judged(pen, area, judged);
            return None;
        }
        let width = area.width.min(READABLE);
        let columns = usize::from(width.saturating_sub(9)).max(10);
        // Every step has its own rows, so that long ones can be read.
        let rows: Vec<Vec<String>> =
            self.chain.order.iter().map(|s| text::wrap(self.chain.steps.get(*s).map_or("", |w| w), columns)).collect();
        let starts: Vec<usize> = rows
            .iter()
            .scan(0, |at, r| {
                let here = *at;
                *at += r.len();
                Some(here)
            })
            .collect();
        let total: usize = rows.iter().map(Vec::len).sum();
        let fit = usize::from(area.height);
        let at = self.list.cursor.min(rows.len().saturating_sub(1));
        let last = starts.get(at).map_or(0, |s| s + rows[at].len() - 1);
        let first = last.saturating_sub(fit.saturating_sub(1)).min(total.saturating_sub(fit));
        for (i, lines) in rows.iter().enumerate() {
            for (n, line) in lines.iter().enumerate() {
                let Some(row) = (starts[i] + n).checked_sub(first).filter(|r| *r < fit) else { continue };
                let y = area.y + u16::try_from(row).unwrap_or(0);
                let place = Rect { y, height: 1, width, ..area };
                let here = i == at;
                if n == 0 {
                    let number = format!("{:>2}", i + 1);
                    let sign = match (here, self.grabbed) {
                        (true, true) => (pen.theme.glyphs.now, warn),
                        (true, false) => (pen.theme.glyphs.crumb, strong),
                        _ => (" ", plain),
                    };
                    pen.line(place.x + 1, y, 8, &[(sign.0, sign.1), (" ", plain), (&number, dim)]);
                }
                pen.put(place.x + 7, y, width.saturating_sub(8), line, plain);
                select(pen, place, here);
                pen.spots.add(place, Spot::Panel(0, i));
            }
        }
        pen.scrollbar(area, first, fit, total);
        None
    }
}
