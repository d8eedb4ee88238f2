//! Progress: what comes due, what is kept, topics and levels, and the plan to the day of the interview.

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::session::progress::{Mastery, full_date, heat_shape};
use crate::tui::desk::{Desk, Progress};
use crate::tui::draw::Pen;
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count, whole};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::Scroll;

use super::ask::Ask;
use super::cards::CardsDone;
use super::entry::{DATE_HINT, Entry, date};
use super::{READABLE, TWO_COLUMNS, side_by_side};

/// Columns of the heat map: by level, and at last of all. A cell is at most `100 % ●`.
const HEAT: [(&str, usize); 5] = [("junior", 8), ("mid", 8), ("senior", 8), ("scenario", 9), ("all", 8)];
const CELLS: usize = 41;
/// A month of days wants so many columns beside it.
const LEFT_LEAST: u16 = 42;

pub struct ProgressPage {
    shown: Progress,
    entry: Option<Entry>,
    scroll: Scroll,
}

impl ProgressPage {
    pub fn new(desk: &dyn Desk) -> Self {
        Self { shown: desk.progress(), entry: None, scroll: Scroll::default() }
    }

    /// Reviews so far, streak, what is kept.
    fn facts(&self, doc: &mut Doc, pen: &Pen) {
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        let p = &self.shown;
        let row = |doc: &mut Doc, name: &str, words: &str| {
            let lead = format!("{name:<11}");
            doc.hang(0, &[(&lead, dim)], words, plain);
        };
        doc.line(&[("Practice", strong)]);
        row(doc, "questions", &format!("{} of {} seen, {}", p.seen, p.questions, count(p.reviews, "answer")));
        let longest = if p.longest > p.streak { format!(", the longest was {}", p.longest) } else { String::new() };
        row(doc, "streak", &format!("{} in a row{longest}", count(p.streak, "day")));
        match (p.measured, p.predicted) {
            (Some(measured), Some(predicted)) => {
                let words =
                    format!("{} of {} still known (expected {})", whole(measured), count(p.repetitions, "repetition"), whole(predicted));
                row(doc, "kept", &words);
            }
            _ => row(doc, "kept", "no repetition yet: it is measured when questions come back"),
        }
        if let Some(most) = p.activity.iter().max().copied().filter(|m| *m > 0) {
            let bars: String = p.activity.iter().map(|n| bar(pen, *n, most)).collect();
            doc.line(&[(&format!("{:<11}", format!("{} days", p.activity.len())), dim), (&bars, pen.ink(Ink::Good))]);
        }
        doc.gap();
    }

    fn plan(&self, doc: &mut Doc, pen: &Pen) {
        let (dim, plain, strong, key) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Key));
        doc.line(&[("Plan", strong)]);
        if self.shown.plan.is_empty() {
            doc.hang(0, &[("d ", key)], "sets the day of your interview and makes a plan to it", dim);
        }
        for line in &self.shown.plan {
            doc.para(0, line, plain);
        }
        doc.gap();
    }

    /// Thirty days as bars, today first.
    fn forecast(&self, doc: &mut Doc, pen: &Pen) {
        const ROWS: usize = 4;
        let (dim, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Strong));
        let days = &self.shown.forecast;
        doc.line(&[("Due in the next 30 days", strong)]);
        let most = days.iter().copied().max().unwrap_or(0);
        if most == 0 {
            doc.line(&[("nothing is waiting", dim)]);
            doc.gap();
            return;
        }
        // Two columns a day where there is room, so that bars are seen as bars.
        let wide = if doc.columns >= days.len() * 2 + 6 { 2 } else { 1 };
        let style = pen.ink(Ink::Kubernetes);
        for row in (0..ROWS).rev() {
            let label = if row + 1 == ROWS { format!("{most:>4} ") } else { "     ".into() };
            let mut cells = String::new();
            for n in days {
                let eighths = (n * ROWS * 8).div_ceil(most);
                let here = eighths.saturating_sub(row * 8).min(8);
                let sign = if here == 0 { " " } else { pen.theme.glyphs.bars[here - 1] };
                cells.push_str(sign);
                cells.push_str(if wide == 2 { " " } else { "" });
            }
            doc.line(&[(&label, dim), (cells.trim_end(), style)]);
        }
        let mut axis = String::from("     ");
        let weeks = if wide == 2 { ["1 week", "2 weeks", "3 weeks"] } else { ["7", "14", "21 days"] };
        for (at, name) in [(0, "today"), (7, weeks[0]), (14, weeks[1]), (21, weeks[2])] {
            let column = 5 + at * wide;
            while text::width(&axis) < column {
                axis.push(' ');
            }
            if text::width(&axis) == column && column + name.len() <= doc.columns {
                axis.push_str(name);
            }
        }
        doc.line(&[(&axis, dim)]);
        doc.gap();
    }

    /// Topics × levels: a number and a shade in each cell. A title that is too long goes on below.
    fn heat(&self, doc: &mut Doc, pen: &Pen) {
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        doc.line(&[("Topics and levels", strong)]);
        let name = self.longest_title().min(doc.columns.saturating_sub(CELLS)).max(8);
        let head: String = HEAT.iter().map(|(level, width)| format!("{level:>width$}")).collect();
        doc.line(&[(&format!("{:name$}{head}", ""), dim)]);
        for row in &self.shown.topics {
            for (i, part) in text::wrap(&row.title, name - 1).iter().enumerate() {
                let pad = " ".repeat(name.saturating_sub(text::width(part)));
                let mut pieces: Vec<(String, Style)> = vec![(part.clone() + &pad, plain)];
                for (cell, (_, width)) in row.cells.iter().zip(HEAT).take(if i == 0 { HEAT.len() } else { 0 }) {
                    let (words, style) = heat(pen, cell);
                    pieces.push((format!("{words:>width$}"), style));
                }
                let borrowed: Vec<(&str, Style)> = pieces.iter().map(|(w, s)| (w.as_str(), *s)).collect();
                doc.line(&borrowed);
            }
        }
        // One of each shape, with its word.
        let shape = |seen: usize, mastery: f32| heat_shape(&Mastery { questions: 1, seen, mastery, strength: 0.0 }, pen.theme.ascii());
        let shapes = [shape(0, 0.0), shape(1, 0.0), shape(1, 0.3), shape(1, 0.6), shape(1, 0.8), shape(1, 1.0)];
        let mut legend = String::new();
        for (sign, word) in shapes {
            let entry = format!("{sign} {word}");
            if !legend.is_empty() && text::width(&legend) + 3 + text::width(&entry) > doc.columns {
                doc.line(&[(&std::mem::take(&mut legend), dim)]);
            }
            legend += if legend.is_empty() { "" } else { "   " };
            legend += &entry;
        }
        doc.line(&[(&legend, dim)]);
        doc.gap();
    }

    /// Columns that the longest title takes, with a space behind it.
    fn longest_title(&self) -> usize {
        self.shown.topics.iter().map(|t| text::width(&t.title)).max().unwrap_or(0) + 1
    }

    fn weak(&self, doc: &mut Doc, pen: &Pen) {
        let (plain, strong, dim) = (pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Dim));
        if !self.shown.weak.is_empty() {
            doc.line(&[("Weakest of what you began", strong)]);
            for (title, share) in self.shown.weak.iter().take(5) {
                doc.hang(0, &[(&format!("{:>5}  ", whole(*share)), pen.ink(Ink::Warn))], title, plain);
            }
            doc.gap();
        }
        let file = match &self.shown.file {
            Some(file) => format!("kept in {file}"),
            None => "kept in memory only: it is gone when you leave".into(),
        };
        doc.para(0, &file, dim);
    }
}

/// A cell of the heat map: shape, number, colour.
fn heat(pen: &Pen, cell: &Mastery) -> (String, Style) {
    let (shape, _) = heat_shape(cell, pen.theme.ascii());
    if cell.seen == 0 {
        return (shape.to_string(), pen.ink(Ink::Faint));
    }
    let ink = match cell.mastery {
        m if m >= 0.75 => Ink::Good,
        m if m >= 0.5 => Ink::Text,
        _ => Ink::Warn,
    };
    (format!("{:>5} {shape}", whole(cell.mastery)), pen.ink(ink))
}

fn bar(pen: &Pen, n: usize, most: usize) -> &'static str {
    if n == 0 { pen.theme.glyphs.dot } else { pen.theme.glyphs.bars[(n * 8).div_ceil(most).clamp(1, 8) - 1] }
}

impl Page for ProgressPage {
    fn context(&self) -> Context {
        if self.entry.is_some() { Context::Entry } else { Context::Progress }
    }
    fn crumb(&self) -> String {
        "Progress".into()
    }
    fn corner(&self, desk: &dyn Desk, _glyphs: &crate::tui::theme::Glyphs) -> Vec<(String, Ink)> {
        vec![(desk.profile().to_string(), Ink::Dim)]
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        if let Some(entry) = &self.entry {
            match message {
                Message::Submit => {
                    let day = match date(entry.value(), desk.today()) {
                        Ok(day) => day,
                        Err(why) => return Go::Complain(why),
                    };
                    if let Err(why) = desk.set_interview(day) {
                        return Go::Complain(why);
                    }
                    self.entry = None;
                    self.shown = desk.progress();
                    return Go::Say(day.map_or("no interview is set".into(), |day| format!("interview on {}", full_date(day))));
                }
                Message::Back => self.entry = None,
                _ => {}
            }
            return Go::Stay;
        }
        match message {
            Message::Date => {
                let set = desk.overview().interview.map_or(String::new(), |d| d.to_string());
                self.entry = Some(Entry::new("interview on", DATE_HINT, &set));
                Go::Stay
            }
            Message::Practise => {
                desk.begin_cards();
                match desk.card() {
                    Some(question) => Go::Open(Box::new(Ask::card(&question, desk))),
                    None => Go::Open(Box::new(CardsDone::new(desk))),
                }
            }
            Message::Back => Go::Back,
            m => {
                self.scroll.update(m);
                Go::Stay
            }
        }
    }
    fn typed(&mut self, key: &KeyEvent) {
        if let Some(entry) = &mut self.entry {
            entry.key(key);
        }
    }
    fn paste(&mut self, words: &str) {
        if let Some(entry) = &mut self.entry {
            entry.paste(words);
        }
    }
    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }
    fn refresh(&mut self, desk: &mut dyn Desk) {
        self.shown = desk.progress();
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let area = Rect { x: body.x + 1, width: body.width.saturating_sub(1), ..body };
        if body.width < TWO_COLUMNS {
            let mut doc = Doc::new(area.width.saturating_sub(1).min(READABLE));
            self.facts(&mut doc, pen);
            self.plan(&mut doc, pen);
            self.forecast(&mut doc, pen);
            self.heat(&mut doc, pen);
            self.weak(&mut doc, pen);
            doc.draw(pen, area, &self.scroll);
        } else {
            // The heat map needs what it needs, with a scroll bar; the rest goes on with what is left.
            let map = u16::try_from(self.longest_title() + CELLS + 1).unwrap_or(READABLE);
            let right = map.min(area.width.saturating_sub(LEFT_LEAST + 4));
            let left = (area.width - right - 4).min(READABLE - 20);
            let mut a = Doc::new(left);
            self.facts(&mut a, pen);
            self.plan(&mut a, pen);
            self.forecast(&mut a, pen);
            self.weak(&mut a, pen);
            let mut b = Doc::new(right - 1);
            self.heat(&mut b, pen);
            side_by_side(pen, (a, Rect { width: left, ..area }), (b, Rect { x: area.x + left + 4, width: right, ..area }), &self.scroll);
        }
        let row = Rect { y: body.bottom().saturating_sub(1), height: 1, ..body };
        self.entry.as_ref().map(|e| e.draw(pen, row))
    }
}
