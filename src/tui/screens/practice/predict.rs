//! Predictions: what happens next, and when? The scenario is played to see.

use std::time::Duration;

use ratatui::layout::{Position, Rect};

use crate::tui::desk::{Desk, Outcome, Prediction};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::panels::prompt;
use crate::tui::text;
use crate::tui::theme::{Glyphs, Ink};
use crate::tui::widgets::scroll::List;

use super::{READABLE, select};

enum Phase {
    Asking,
    /// The scenario is being played.
    Playing,
    Known(Outcome),
}

pub struct PredictPage {
    number: usize,
    total: usize,
    asked: Option<Prediction>,
    chosen: Option<usize>,
    list: List,
    phase: Phase,
}

impl PredictPage {
    pub fn begin(desk: &mut dyn Desk) -> Go {
        let (done, total) = desk.begin_predictions();
        if total == 0 {
            return Go::Complain("no scenario asks anything".into());
        }
        let mut page = Self { number: done, total, asked: None, chosen: None, list: List::default(), phase: Phase::Asking };
        page.show(desk);
        Go::Open(Box::new(page))
    }

    fn show(&mut self, desk: &mut dyn Desk) {
        self.number += 1;
        self.asked = desk.prediction();
        self.chosen = None;
        self.list = List::default();
        self.phase = Phase::Asking;
    }

    fn choose(&mut self, choice: Option<usize>, desk: &mut dyn Desk) {
        self.chosen = choice;
        desk.predict(choice);
        self.phase = Phase::Playing;
    }
}

impl Page for PredictPage {
    fn context(&self) -> Context {
        Context::Predict
    }
    fn crumb(&self) -> String {
        "Predict".into()
    }
    fn corner(&self, desk: &dyn Desk, _glyphs: &Glyphs) -> Vec<(String, Ink)> {
        let (right, of) = desk.predictions_right();
        let so_far = if of == 0 { String::new() } else { format!("{right} of {of} right   ") };
        let place = if self.asked.is_some() { format!("{} of {}", self.number.min(self.total), self.total) } else { String::new() };
        vec![(so_far, Ink::Strong), (place, Ink::Dim)]
    }
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(Context::Predict);
        match (&self.asked, &self.phase) {
            (Some(_), Phase::Known(_)) => {
                all.retain(|h| h.2 != Message::Next);
                all.iter_mut().filter(|h| h.2 == Message::Accept).for_each(|h| h.1 = "go on");
            }
            (Some(_), _) => all.retain(|h| h.2 != Message::Evidence),
            (None, _) => all.retain(|h| !matches!(h.2, Message::Next | Message::Evidence | Message::Accept)),
        }
        all
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        let Some(asked) = &self.asked else {
            return if matches!(message, Message::Back | Message::Accept | Message::Next) { Go::Back } else { Go::Stay };
        };
        match (&self.phase, message) {
            (_, Message::Back) => return Go::Back,
            (Phase::Asking, Message::Accept) => self.choose(Some(self.list.cursor), desk),
            (Phase::Asking, Message::Choose(n)) if usize::from(n) <= asked.choices.len() => {
                self.list.cursor = usize::from(n) - 1;
                self.choose(Some(self.list.cursor), desk);
            }
            (Phase::Asking, Message::Next) => self.choose(None, desk),
            (Phase::Asking, m) => {
                let total = asked.choices.len();
                self.list.update(m, total);
            }
            (Phase::Known(_), Message::Accept | Message::Next) => {
                desk.next_prediction();
                self.show(desk);
            }
            (Phase::Known(_), Message::Evidence) => return Go::Lab(asked.scenario.clone(), asked.at),
            _ => {}
        }
        Go::Stay
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        if matches!(self.phase, Phase::Asking) {
            if self.list.cursor == row {
                self.choose(Some(row), desk);
            }
            self.list.cursor = row;
        }
        Go::Stay
    }
    fn wheel(&mut self, lines: isize) {
        if let (Phase::Asking, Some(asked)) = (&self.phase, &self.asked) {
            self.list.by(lines.signum(), asked.choices.len());
        }
    }
    fn is_moving(&self) -> bool {
        matches!(self.phase, Phase::Playing)
    }
    fn tick(&mut self, _dt: Duration, desk: &mut dyn Desk) -> bool {
        match desk.measure_on() {
            Ok(Some(outcome)) => self.phase = Phase::Known(outcome),
            Ok(None) => return false,
            Err(why) => self.phase = Phase::Known(Outcome { right: None, because: why }),
        }
        true
    }
    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        let (good, bad) = (pen.ink(Ink::Good), pen.ink(Ink::Bad));
        let g = pen.theme.glyphs;
        let columns = usize::from(body.width.saturating_sub(4).min(READABLE));
        let mut y = body.y;
        let Some(asked) = &self.asked else {
            let (right, of) = desk.predictions_right();
            let words =
                if of == 0 { "That was the last one.".to_string() } else { format!("That was the last one: {right} of {of} right.") };
            pen.put(body.x + 1, y, body.width, &words, strong);
            pen.put(body.x + 1, y + 2, body.width, "Those that went otherwise come again in the next series.", dim);
            return None;
        };
        let place = format!("{} {} {}", asked.title, g.dot, asked.at.clock());
        pen.put(body.x + 1, y, body.width, &place, dim);
        y += 1;
        y += 1;
        for line in text::wrap(&asked.question, columns) {
            pen.put(body.x + 1, y, body.width, &line, strong);
            y += 1;
        }
        y += 1;
        let known = if let Phase::Known(o) = &self.phase { Some(o) } else { None };
        for (i, choice) in asked.choices.iter().enumerate() {
            let number = format!("{} ", i + 1);
            let mark = match known {
                Some(o) if o.right == Some(i) => (g.ok, good),
                Some(_) if self.chosen == Some(i) => (g.no, bad),
                _ => (" ", plain),
            };
            for (n, line) in text::wrap(choice, columns.saturating_sub(6)).iter().enumerate() {
                let row = Rect { y, height: 1, width: body.width.min(READABLE + 2), ..body };
                if n == 0 {
                    pen.line(row.x + 1, y, 6, &[(mark.0, mark.1), (" ", plain), (&number, dim)]);
                }
                pen.put(row.x + 5, y, row.width.saturating_sub(6), line, plain);
                select(pen, row, matches!(self.phase, Phase::Asking) && i == self.list.cursor);
                pen.spots.add(row, Spot::Panel(0, i));
                y += 1;
            }
        }
        y += 1;
        match &self.phase {
            Phase::Asking => {}
            Phase::Playing => {
                pen.line(body.x + 1, y, body.width, &[(g.busy, pen.ink(Ink::Warn)), (" the scenario is being played", dim)]);
            }
            Phase::Known(o) => {
                let (sign, style, words) = match (o.right, self.chosen) {
                    (None, _) => (g.idle, dim, "The run does not tell."),
                    (Some(r), Some(c)) if r == c => (g.ok, good, "So it went."),
                    (Some(_), Some(_)) => (g.no, bad, "It went otherwise."),
                    (Some(_), None) => (g.ok, dim, "So it went."),
                };
                pen.line(body.x + 1, y, body.width, &[(sign, style), (" ", plain), (words, strong)]);
                for line in text::wrap(&o.because, columns.saturating_sub(2)) {
                    y += 1;
                    pen.put(body.x + 3, y, body.width, &line, plain);
                }
            }
        }
        None
    }
}
