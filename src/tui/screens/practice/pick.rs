//! Choosing a question: by topic, level or a word.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::session::practice::{Level, Question};
use crate::tui::desk::{Desk, LeftWhat};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::{List, Scroll};
use crate::tui::widgets::search::Search;

use super::ask::Ask;
use super::{TWO_COLUMNS, known, level, select};

const LEVELS: [Level; 4] = [Level::Junior, Level::Mid, Level::Senior, Level::Scenario];

pub struct Pick {
    questions: Vec<Arc<Question>>,
    /// Ids and titles.
    topics: Vec<(Arc<str>, Arc<str>)>,
    /// 0 all, then one of `topics`.
    topic: usize,
    /// 0 all, then one of [`LEVELS`].
    level: usize,
    search: Search,
    list: List,
    /// Ids of those with an answer that was begun and not handed in, the latest first.
    begun: Vec<Arc<str>>,
}

/// Ids of questions with an answer that was begun.
fn begun(desk: &dyn Desk) -> Vec<Arc<str>> {
    let left = desk.overview().left.into_iter();
    left.filter_map(|l| if let LeftWhat::Answer(id, _) = l.what { Some(id) } else { None }).collect()
}

impl Pick {
    pub fn new(desk: &dyn Desk) -> Self {
        let bank = desk.bank();
        let begun = begun(desk);
        let latest = begun.first().and_then(|id| bank.questions().iter().position(|q| q.id == *id));
        Self {
            questions: bank.questions().to_vec(),
            topics: bank.topics().iter().map(|t| (t.id.clone(), t.title.clone())).collect(),
            topic: 0,
            level: 0,
            search: Search::default(),
            list: List::at(latest.unwrap_or(0)),
            begun,
        }
    }

    /// Some questions alone, as those of a claim.
    pub fn of(ids: &[Arc<str>], desk: &dyn Desk) -> Self {
        let questions = ids.iter().filter_map(|id| desk.bank().get(id).cloned()).collect();
        Self { questions, list: List::default(), ..Self::new(desk) }
    }

    fn needle(&self) -> String {
        self.search.needle()
    }

    fn shown(&self) -> Vec<&Arc<Question>> {
        let topic = self.topic.checked_sub(1).and_then(|i| self.topics.get(i)).map(|t| &t.0);
        let level = self.level.checked_sub(1).and_then(|i| LEVELS.get(i));
        let needle = self.needle();
        let fits = |q: &Question| {
            let words = needle.split_whitespace().all(|w| q.question.to_lowercase().contains(w) || q.id.contains(w) || q.topic.contains(w));
            topic.is_none_or(|t| q.topic == *t) && level.is_none_or(|l| q.level == *l) && words
        };
        self.questions.iter().filter(|q| fits(q)).collect()
    }

    pub fn open(&self, aloud: bool, desk: &dyn Desk) -> Go {
        let shown = self.shown();
        let Some(question) = shown.get(self.list.cursor) else { return Go::Stay };
        let queue = shown[self.list.cursor + 1..].iter().map(|q| q.id.clone()).collect();
        Go::Open(Box::new(if aloud { Ask::aloud(question, queue, desk) } else { Ask::free(question, queue, desk) }))
    }
}

impl Page for Pick {
    fn context(&self) -> Context {
        if self.search.is_open() { Context::Filter } else { Context::Pick }
    }
    fn crumb(&self) -> String {
        "Questions".into()
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        if self.search.is_open() {
            if !self.search.closes(&message) {
                let total = self.shown().len();
                self.list.update(message, total);
            }
            return Go::Stay;
        }
        match message {
            Message::Accept => return self.open(false, desk),
            Message::Aloud => return self.open(true, desk),
            Message::Filter => self.search.begin(),
            Message::NextPane | Message::Right => (self.topic, self.list.cursor) = ((self.topic + 1) % (self.topics.len() + 1), 0),
            Message::PreviousPane | Message::Left => {
                (self.topic, self.list.cursor) = ((self.topic + self.topics.len()) % (self.topics.len() + 1), 0);
            }
            Message::Level => (self.level, self.list.cursor) = ((self.level + 1) % (LEVELS.len() + 1), 0),
            Message::Back if !self.search.kept().is_empty() => self.search.clear(),
            Message::Back => return Go::Back,
            m => {
                let total = self.shown().len();
                self.list.update(m, total);
            }
        }
        Go::Stay
    }
    fn typed(&mut self, key: &KeyEvent) {
        if self.search.typed(key) {
            self.list.cursor = 0;
        }
    }
    fn paste(&mut self, words: &str) {
        if self.search.paste(words) {
            self.list.cursor = 0;
        }
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        if self.list.cursor == row {
            return self.open(false, desk);
        }
        self.list.cursor = row;
        Go::Stay
    }
    fn refresh(&mut self, desk: &mut dyn Desk) {
        self.begun = begun(desk);
    }
    fn wheel(&mut self, lines: isize) {
        let total = self.shown().len();
        self.list.by(lines, total);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Faint));
        let shown = self.shown();
        let topic = self.topic.checked_sub(1).and_then(|i| self.topics.get(i)).map_or("all topics", |t| &t.1);
        let at = self.level.checked_sub(1).and_then(|i| LEVELS.get(i)).map_or("all levels", |l| level(*l));
        let dot = format!(" {} ", pen.theme.glyphs.dot);
        let number = count(shown.len(), "question");
        let mut cursor = None;
        if self.search.is_open() {
            cursor = self.search.draw(pen, body);
        } else {
            let mut pieces = vec![(topic, strong), (&*dot, dim), (at, strong)];
            let kept = format!("  /{}", self.search.kept());
            if !self.search.kept().is_empty() {
                pieces.push((&kept, strong));
            }
            pen.line(body.x + 1, body.y, body.width, &pieces);
        }
        pen.right(body, body.y, &[(&number, dim)]);

        let wide = body.width >= TWO_COLUMNS;
        let width = if wide { body.width * 6 / 10 } else { body.width };
        let below = if wide || body.height < 18 { 0 } else { 4 };
        let list = Rect { y: body.y + 2, width, height: body.height.saturating_sub(2 + below), ..body };
        let fit = usize::from(list.height);
        let first = self.list.lay(fit, shown.len());
        if shown.is_empty() {
            pen.put(list.x + 1, list.y, list.width, "no question fits that", dim);
        }
        for (i, q) in shown.iter().enumerate().skip(first).take(fit) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, width: list.width - 1, ..list };
            let (sign, style) = known(pen, desk.known(&q.id));
            pen.put(row.x + 1, y, 1, sign, style);
            let word = format!("{:>8} ", level(q.level));
            let word = if self.begun.contains(&q.id) { format!("begun {word}") } else { word };
            let columns = u16::try_from(text::width(&word)).unwrap_or(9) + 5;
            pen.put(row.x + 3, y, row.width.saturating_sub(columns), &q.question, plain);
            pen.right(row, y, &[(&word, dim)]);
            select(pen, row, i == self.list.cursor);
            pen.spots.add(row, Spot::Panel(0, i));
        }
        pen.scrollbar(list, first, fit, shown.len());

        let Some(q) = shown.get(self.list.cursor) else { return cursor };
        let area = if wide {
            Rect { x: body.x + width + 4, y: list.y, width: body.width.saturating_sub(width + 4), height: list.height }
        } else {
            Rect { x: body.x + 1, y: list.bottom() + 1, width: body.width.saturating_sub(2), height: below.saturating_sub(1) }
        };
        if wide {
            for y in area.top()..area.bottom() {
                pen.put(area.x - 2, y, 1, pen.theme.glyphs.split, faint);
            }
        }
        let mut doc = Doc::new(area.width);
        doc.para(0, &q.question, strong);
        if wide {
            doc.gap();
            let title = desk.bank().topic(&q.topic).map_or(q.topic.clone(), |t| t.title.clone());
            doc.line(&[(&title, dim), (&dot, dim), (level(q.level), dim), (&dot, dim), (&count(q.points.len(), "point"), dim)]);
            let (sign, style) = known(pen, desk.known(&q.id));
            doc.line(&[(sign, style), (" ", plain), (word(desk.known(&q.id)), dim)]);
            if let Some(last) = desk.history(&q.id).first() {
                doc.gap();
                doc.line(&[("What you said last", dim)]);
                let short = text::fit(last, 600, pen.theme.glyphs.ellipsis).into_owned();
                doc.para(0, &short, plain);
            }
        }
        doc.draw(pen, area, &Scroll::default());
        cursor
    }
}

const fn word(known: crate::tui::desk::Known) -> &'static str {
    use crate::tui::desk::Known;
    match known {
        Known::Never => "never asked",
        Known::Weak => "weak",
        Known::Fair => "fair",
        Known::Well => "known well",
    }
}
