//! The page of one question, drawn: while it is written, spoken, and rated.

use std::time::Duration;

use ratatui::layout::{Position, Rect};

use crate::tui::draw::{Pen, Spot, follow};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;

use super::super::{READABLE, degree, framed, graded, rule};
use super::Ask;

impl Ask {
    pub(super) fn draw_writing(&self, pen: &mut Pen, body: Rect) -> Position {
        let room = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        let used = framed(pen, room, &self.asked.text, Ink::Title);
        let foot = body.bottom().saturating_sub(1);
        let top = room.y + used + u16::from(body.height > 16);
        let width = body.width.min(READABLE + 10);
        let area = Rect { x: body.x + 2, y: top, width: width.saturating_sub(3), height: foot.saturating_sub(top).max(1) };
        let at = self.editor.draw(pen, area, "your answer, as you would say it");
        let words = self.editor.text().split_whitespace().count();
        let (dim, bad) = (pen.ink(Ink::Dim), pen.ink(Ink::Bad));
        let words = if words == 0 { String::new() } else { crate::tui::page::count(words, "word") };
        let kept = match (&self.trouble, self.unkept) {
            (Some(why), _) => (format!("not kept: {}", why.lines().next().unwrap_or_default()), bad),
            (None, None) if !self.editor.is_empty() => ("kept".to_string(), dim),
            _ => (String::new(), dim),
        };
        let left: &[(&str, _)] = if words.is_empty() { &[] } else { &[(&words, dim)] };
        let right: &[(&str, _)] = if kept.0.is_empty() { &[] } else { &[(&kept.0, kept.1)] };
        rule(pen, Rect { width, ..body }, foot, left, right);
        at
    }

    pub(super) fn draw_speaking(&self, pen: &mut Pen, body: Rect) {
        let room = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        let used = framed(pen, room, &self.asked.text, Ink::Title);
        let (dim, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Strong));
        let y = room.y + used + body.bottom().saturating_sub(room.y + used) / 3;
        let clock = text::clock(self.spent.as_secs());
        let sign = if self.held { pen.theme.glyphs.pause } else { pen.theme.glyphs.play };
        pen.line(body.x + 3, y, body.width, &[(sign, dim), ("  ", dim), (&clock, strong)]);
        let good = self.fits().as_secs();
        let permille = (self.spent.as_secs() * 1000 / good.max(1)).min(1000);
        let style = pen.ink(if self.spent.as_secs() > good { Ink::Warn } else { Ink::Kubernetes });
        pen.bar(body.x + 14, y, body.width.saturating_sub(20).min(50), u32::try_from(permille).unwrap_or(1000), style);
        let words = format!("Say it aloud, as to a person in the room. A good answer fits in {}.", text::clock(good));
        for (i, line) in text::wrap(&words, usize::from(body.width.saturating_sub(4))).iter().enumerate() {
            pen.put(body.x + 3, y + 2 + u16::try_from(i).unwrap_or(0), body.width.saturating_sub(4), line, dim);
        }
    }

    fn fits(&self) -> Duration {
        use crate::session::practice::Level;
        let seconds = match (self.asked.follow_up, self.asked.question.level) {
            (true, _) => 60,
            (_, Level::Junior) => 90,
            (_, Level::Mid) => 120,
            (_, Level::Senior) => 150,
            (_, Level::Scenario) => 180,
        };
        Duration::from_secs(seconds)
    }

    pub(super) fn draw_rating(&self, pen: &mut Pen, body: Rect, at: usize) {
        let (dim, plain, strong, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Faint));
        let width = body.width.min(READABLE);
        let mut doc = Doc::new(width.saturating_sub(2));
        doc.para(0, &self.asked.text, dim);
        doc.gap();
        doc.line(&[("Which of these did you say?", strong)]);
        doc.gap();
        let mut spans = Vec::new();
        for (i, point) in self.asked.rubric().enumerate() {
            let (sign, style, word) = match self.said.get(i).copied().flatten() {
                Some(s) => degree(pen, s.degree()),
                None => (pen.theme.glyphs.open, faint, ""),
            };
            let from = doc.lines.len();
            let lead = format!("{word:<8}");
            let crumb = if i == at { pen.theme.glyphs.crumb } else { " " };
            doc.hang(0, &[(crumb, strong), (" ", plain), (sign, style), (" ", plain), (&lead, style)], &point.text, plain);
            spans.push((from, doc.lines.len()));
        }
        if self.model > 0 {
            graded::model(&mut doc, pen, &self.asked.question, self.model);
        }
        let height = usize::from(body.height);
        let (from, to) = spans.get(at).copied().unwrap_or_default();
        let first = follow(self.first.get(), to.saturating_sub(1), height, doc.lines.len());
        let first = follow(first, from, height, doc.lines.len());
        self.first.set(first);
        for (y, line) in (body.y..body.bottom()).zip(&doc.lines[first..]) {
            let mut x = body.x;
            for (words, style) in line {
                x += pen.put(x, y, body.right().saturating_sub(x), words, *style);
            }
        }
        let rect = |line: usize| Rect { y: body.y + u16::try_from(line.saturating_sub(first)).unwrap_or(0), height: 1, width, ..body };
        for (i, (from, to)) in spans.iter().enumerate() {
            for line in (*from..*to).filter(|l| (first..first + height).contains(l)) {
                if i == at {
                    let style = pen.ink(Ink::Marked);
                    pen.wash(rect(line), style);
                }
                pen.spots.add(rect(line), Spot::Panel(0, i));
            }
        }
        pen.scrollbar(body, first, height, doc.lines.len());
    }
}
