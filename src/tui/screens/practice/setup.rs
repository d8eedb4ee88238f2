//! Before the mock interview: role, level, time, topic.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use crate::session::practice::{InterviewSetup, Level, MINUTES, Role};
use crate::tui::desk::Desk;
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::text;
use crate::tui::theme::Ink;

use super::ask::Ask;
use super::{READABLE, level};

const LEVELS: [Level; 3] = [Level::Junior, Level::Mid, Level::Senior];

const ROWS: usize = 4;
const TOPICS: usize = 3;

pub struct Setup {
    row: usize,
    /// Chosen in each row.
    chosen: [usize; ROWS],
    minutes: Vec<u32>,
    /// What the last row offers: all topics (none named), those that were asked for, each by itself.
    topics: Vec<Vec<Arc<str>>>,
    /// The interview that was left.
    open: Option<String>,
}

impl Setup {
    pub fn new(desk: &dyn Desk) -> Self {
        Self::with(&InterviewSetup::default(), desk)
    }

    /// With these chosen already.
    pub fn with(setup: &InterviewSetup, desk: &dyn Desk) -> Self {
        let mut minutes = MINUTES.to_vec();
        if !minutes.contains(&setup.minutes) {
            minutes.push(setup.minutes);
        }
        let mut topics: Vec<Vec<Arc<str>>> = vec![Vec::new()];
        if setup.topics.len() > 1 {
            topics.push(setup.topics.clone());
        }
        topics.extend(desk.bank().topics().iter().map(|t| vec![t.id.clone()]));
        let chosen = [
            Role::ALL.iter().position(|r| *r == setup.role).unwrap_or(0),
            LEVELS.iter().position(|l| *l == setup.level).unwrap_or(LEVELS.len() - 1),
            minutes.iter().position(|m| *m == setup.minutes).unwrap_or(0),
            topics.iter().position(|t| *t == setup.topics).unwrap_or(0),
        ];
        Self { row: 0, chosen, minutes, topics, open: desk.overview().interview_open }
    }

    fn choices(&self, row: usize) -> Vec<String> {
        match row {
            0 => Role::ALL.iter().map(|r| r.title().to_string()).collect(),
            1 => LEVELS.iter().map(|l| level(*l).to_string()).collect(),
            2 => self.minutes.iter().map(|m| format!("{m} minutes")).collect(),
            _ => self.topics.iter().map(|t| if t.is_empty() { "all".to_string() } else { t.join(", ") }).collect(),
        }
    }

    fn turn(&mut self, by: usize) {
        let total = self.choices(self.row).len();
        self.chosen[self.row] = (self.chosen[self.row] + by) % total;
    }

    fn begin(&self, desk: &mut dyn Desk) -> Go {
        let [role, level, minutes, topics] = self.chosen;
        let setup = InterviewSetup {
            role: Role::ALL[role],
            level: LEVELS[level],
            minutes: self.minutes[minutes],
            topics: self.topics[topics].clone(),
        };
        if let Err(why) = desk.begin_interview(&setup) {
            return Go::Complain(why);
        }
        match Ask::interview(std::time::Duration::ZERO, desk) {
            Some(ask) => Go::Replace(Box::new(ask)),
            None => Go::Complain("no question fits that".into()),
        }
    }
}

impl Page for Setup {
    fn context(&self) -> Context {
        Context::Setup
    }
    fn crumb(&self) -> String {
        "Mock interview".into()
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match message {
            Message::Accept => return self.begin(desk),
            Message::Back => return Go::Back,
            Message::Up => self.row = self.row.saturating_sub(1),
            Message::Down => self.row = (self.row + 1).min(ROWS - 1),
            Message::Right | Message::NextPane => self.turn(1),
            Message::Left | Message::PreviousPane => self.turn(self.choices(self.row).len() - 1),
            Message::Choose(n) if usize::from(n) <= self.choices(self.row).len() => self.chosen[self.row] = usize::from(n) - 1,
            _ => {}
        }
        Go::Stay
    }
    fn click(&mut self, column: usize, row: usize, _desk: &mut dyn Desk) -> Go {
        if row < ROWS && column < self.choices(row).len() {
            self.row = row;
            self.chosen[row] = column;
        }
        Go::Stay
    }
    fn wheel(&mut self, lines: isize) {
        self.row = self.row.saturating_add_signed(lines.signum()).min(ROWS - 1);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        let mut y = body.y;
        let air = if body.height >= 28 { 2 } else { 1 };
        for (row, name) in ["For whom", "Level", "How long", "About"].into_iter().enumerate() {
            pen.put(body.x + 1, y, 12, name, if row == self.row { strong } else { dim });
            let mut x = body.x + 13;
            for (i, words) in self.choices(row).iter().enumerate() {
                // The topics are many: all of them only while one is being chosen.
                if row == TOPICS && self.row != TOPICS && i != self.chosen[row] {
                    continue;
                }
                let wide = u16::try_from(text::width(words) + 2).unwrap_or(12);
                if x + wide > body.right() {
                    x = body.x + 13;
                    y += 1;
                }
                let cell = Rect { x, y, width: wide, height: 1 };
                pen.put(x + 1, y, wide, words, plain);
                if i == self.chosen[row] {
                    let style = pen.ink(if row == self.row { Ink::Selected } else { Ink::Marked });
                    pen.wash(cell, style);
                }
                pen.spots.add(cell, Spot::Panel(i, row));
                x += wide + 1;
            }
            y += air;
        }
        y += 1;
        let words = [
            "The interviewer begins easy and follows your answers: two good ones in a row and it becomes harder. What you leave out is asked again, once or twice; a point that comes only then counts three quarters.",
            "The clock stands still while you read how an answer was judged. Write, or press ctrl-t and say it aloud. Nothing is lost if you stop: the interview waits in the menu.",
        ];
        for paragraph in words {
            for line in text::wrap(paragraph, usize::from(body.width.saturating_sub(2).min(READABLE))) {
                if y < body.bottom() {
                    pen.put(body.x + 1, y, body.width, &line, dim);
                }
                y += 1;
            }
            y += 1;
        }
        if let Some(open) = self.open.as_ref().filter(|_| y < body.bottom()) {
            let warn = pen.ink(Ink::Warn);
            let words = format!("{} The interview you left ({open}) is put away when this one begins.", pen.theme.glyphs.warn);
            pen.put(body.x + 1, y, body.width.saturating_sub(2), &words, warn);
        }
        None
    }
}
