//! The end of a sitting with cards: what came, how it went, what comes tomorrow.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use crate::session::practice::Question;
use crate::tui::desk::Desk;
use crate::tui::draw::Pen;
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count};
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::Scroll;

use super::{READABLE, score_ink, score_word};

pub struct CardsDone {
    done: Vec<(Arc<Question>, u8)>,
    tomorrow: usize,
    scroll: Scroll,
}

impl CardsDone {
    pub fn new(desk: &dyn Desk) -> Self {
        let tomorrow = desk.progress().forecast.get(1).copied().unwrap_or(0);
        Self { done: desk.cards_done(), tomorrow, scroll: Scroll::default() }
    }
}

impl Page for CardsDone {
    fn context(&self) -> Context {
        Context::Notice
    }
    fn crumb(&self) -> String {
        "Cards".into()
    }
    fn update(&mut self, message: Message, _desk: &mut dyn Desk) -> Go {
        match message {
            Message::Back | Message::Accept => Go::Back,
            m => {
                self.scroll.update(m);
                Go::Stay
            }
        }
    }
    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (strong, dim, plain) = (pen.ink(Ink::Strong), pen.ink(Ink::Dim), pen.ink(Ink::Text));
        let mut doc = Doc::new(body.width.min(READABLE).saturating_sub(1));
        if self.done.is_empty() {
            doc.line(&[("No card is due, and none is new.", strong)]);
            doc.gap();
            doc.para(0, "Come back tomorrow, or answer questions of your own choice.", plain);
        } else {
            let mean = self.done.iter().map(|(_, s)| usize::from(*s)).sum::<usize>() / self.done.len();
            doc.line(&[("That was the last card. ", strong)]);
            doc.line(&[(&format!("{}, {mean} on average. ", count(self.done.len(), "answer")), plain)]);
            doc.line(&[(
                &format!("Tomorrow {}.", if self.tomorrow == 0 { "nothing is due".into() } else { count(self.tomorrow, "card") + " come" }),
                dim,
            )]);
            doc.gap();
            for (question, score) in &self.done {
                let style = pen.ink(score_ink(*score));
                let lead = format!("{score:>3}  {:<12}", score_word(*score));
                doc.hang(0, &[(&lead, style)], &question.question, plain);
            }
        }
        doc.draw(pen, body, &self.scroll);
        None
    }
}
