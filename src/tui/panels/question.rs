//! A prediction: what will happen? Asked before, answered by the run itself.

use ratatui::layout::Rect;

use crate::session::view::QuestionView;
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

pub struct Question {
    asked: QuestionView,
    list: List,
    /// The answer comes from a copy of the lab that was played ahead.
    ahead: bool,
}

impl Question {
    pub fn new(asked: QuestionView) -> Self {
        let cursor = asked.chosen.unwrap_or(0);
        Self { asked, list: List::at(cursor), ahead: false }
    }

    /// An answer that the lab on screen has not reached yet.
    pub fn ahead(asked: QuestionView) -> Self {
        Self { ahead: true, ..Self::new(asked) }
    }

    /// The run has shown the answer: this is about right or wrong.
    fn revealed(&self) -> bool {
        self.asked.answer.is_some()
    }

    fn settle(&self, lab: &mut Lab) -> Flow {
        if !self.revealed() {
            lab.door.answer(self.list.cursor);
            lab.touch();
            let said = self.asked.choices.get(self.list.cursor).map_or("", |c| c);
            // Only a moment that does not hang on the outcome may be told.
            let when =
                self.asked.shows_at.map_or_else(|| "the run will show it".to_string(), |at| format!("you will see it at {}", at.clock()));
            lab.say(format!("you said: {}; {when} · a: look ahead", text::fit(said, 30, "...")));
            return Flow::Close;
        }
        lab.settled.insert(self.asked.id.clone());
        Flow::Close
    }
}

impl Panel for Question {
    fn context(&self) -> Context {
        if self.revealed() { Context::Answered } else { Context::Question }
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        let total = self.asked.choices.len();
        match message {
            Message::Accept => self.settle(lab),
            // Who keeps pressing space to go on has not answered.
            Message::PlayPause if self.revealed() => self.settle(lab),
            Message::Back | Message::Quit if self.revealed() => self.settle(lab),
            Message::Back | Message::Quit => {
                lab.door.skip();
                lab.touch();
                lab.say("skipped, so it does not count; the run will show what happens");
                Flow::Close
            }
            Message::Choose(n) if usize::from(n) <= total && !self.revealed() => {
                self.list.cursor = usize::from(n) - 1;
                self.settle(lab)
            }
            m if !self.revealed() => {
                self.list.update(m, total);
                Flow::Stay
            }
            _ => Flow::Stay,
        }
    }

    fn click(&mut self, _column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        if self.revealed() {
            return Flow::Stay;
        }
        if self.list.cursor == row
            && let Some(lab) = lab
        {
            return self.settle(lab);
        }
        self.list.cursor = row;
        Flow::Stay
    }

    fn wheel(&mut self, lines: isize) {
        if !self.revealed() {
            self.list.by(lines, self.asked.choices.len());
        }
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(6).min(84);
        let columns = usize::from(width.saturating_sub(6)).max(20);
        let question = text::wrap(&self.asked.text, columns);
        let choices: Vec<Vec<String>> = self.asked.choices.iter().map(|c| text::wrap(c, columns.saturating_sub(6))).collect();
        let because = if self.revealed() { text::wrap(&self.asked.because, columns) } else { Vec::new() };
        let verdict = u16::from(self.revealed()) * 2;
        let choice_rows: usize = choices.iter().map(Vec::len).sum();
        let rows = question.len() + 1 + choice_rows + because.len() + usize::from(!because.is_empty());
        let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(4 + verdict).min(screen.height);
        let area = centred(screen, width, height);
        let title = match (self.revealed(), self.ahead) {
            (true, true) => "What is going to happen",
            (true, false) => "What happened",
            (false, _) => "What will happen?",
        };
        let inner = surface(pen, area, title, self.context());
        let inner = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(2), height: inner.height.saturating_sub(2) };
        let (story, plain, dim) = (pen.ink(Ink::Story), pen.ink(Ink::Text), pen.ink(Ink::Dim));
        let mut y = inner.y;
        let mut put = |pen: &mut Pen, x: u16, words: &str, style| {
            if y < inner.bottom() {
                pen.put(inner.x + x, y, inner.width.saturating_sub(x), words, style);
            }
            y += 1;
            y - 1
        };
        for line in &question {
            put(pen, 0, line, story);
        }
        put(pen, 0, "", plain);
        for (n, lines) in choices.iter().enumerate() {
            let g = pen.theme.glyphs;
            let right = self.asked.answer == Some(n);
            let mine = self.asked.chosen == Some(n);
            let (sign, ink) = match (self.revealed(), right, mine) {
                (true, true, _) => (g.ok, Ink::Good),
                (true, false, true) => (g.no, Ink::Bad),
                (true, ..) => (" ", Ink::Dim),
                (false, ..) => (" ", Ink::Text),
            };
            let style = pen.ink(ink);
            let top = put(pen, 4, &lines[0], style);
            for line in &lines[1..] {
                put(pen, 4, line, style);
            }
            if top < inner.bottom() {
                let number = format!("{}", n + 1);
                pen.line(inner.x, top, 4, &[(sign, style), (" ", dim), (&number, dim)]);
                let place = Rect { y: top, height: u16::try_from(lines.len()).unwrap_or(1).min(inner.bottom() - top), ..inner };
                if !self.revealed() && n == self.list.cursor {
                    let selected = pen.ink(Ink::Selected);
                    pen.wash(place, selected);
                }
                pen.spots.add(place, Spot::Panel(0, n));
            }
        }
        if self.revealed() {
            put(pen, 0, "", plain);
            let g = pen.theme.glyphs;
            let (sign, words, ink) = match (self.asked.chosen, self.asked.answer) {
                (Some(c), Some(a)) if c == a => (g.ok, " You were right.", Ink::Good),
                (Some(_), _) => (g.no, " It went otherwise.", Ink::Bad),
                (None, _) => (g.open, " You did not answer.", Ink::Dim),
            };
            let style = pen.ink(ink);
            let at = self.asked.known_at.map_or_else(String::new, |at| format!(" Measured at {}.", at.clock()));
            let verdict = format!("{sign}{words}{at}");
            put(pen, 0, &verdict, style);
            for line in &because {
                put(pen, 0, line, plain);
            }
        }
    }
}
