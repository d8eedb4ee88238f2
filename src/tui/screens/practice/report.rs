//! The report of a mock interview: the mark, strengths, gaps, wrong beliefs, topics, and what to run tonight.

use ratatui::layout::{Position, Rect};

use crate::session::practice::{Evidence, Report};
use crate::tui::desk::Desk;
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::{List, Scroll};

use super::claims::ClaimsPage;
use super::{READABLE, TWO_COLUMNS, moment, score_ink, select};

/// Columns of the text that is saved.
const SAVED_COLUMNS: usize = 100;

pub struct ReportPage {
    report: Report,
    tonight: List,
    scroll: Scroll,
}

impl ReportPage {
    pub fn new(report: Report) -> Self {
        Self { report, tonight: List::default(), scroll: Scroll::default() }
    }

    fn open(&self, desk: &dyn Desk) -> Go {
        match self.report.tonight.get(self.tonight.cursor).map(|t| &t.evidence) {
            Some(Evidence::Scenario { name, at, .. }) => Go::Lab(name.clone(), moment(at)),
            Some(Evidence::Claim(id)) => Go::Open(Box::new(ClaimsPage::at(id, desk))),
            Some(Evidence::None(why)) => Go::Say(why.to_string()),
            None => Go::Back,
        }
    }

    /// Marks and what was good and what was not.
    fn text(&self, doc: &mut Doc, pen: &Pen) {
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        let g = pen.theme.glyphs;
        let r = &self.report;
        if !r.topics.is_empty() {
            doc.line(&[("Topics", dim)]);
            for t in &r.topics {
                let style = pen.ink(score_ink(t.score));
                let full = usize::from(t.score).div_ceil(10).min(10);
                let (on, off) = (g.full.repeat(full), g.empty.repeat(10 - full));
                let lead = format!(" {:>3} ", t.score);
                let asked = format!("  {}", count(t.asked, "question"));
                doc.line(&[(&lead, style), (&on, style), (&off, pen.ink(Ink::Faint)), ("  ", dim), (&t.title, plain), (&asked, dim)]);
            }
            doc.gap();
        }
        if !r.strengths.is_empty() {
            doc.line(&[("What went well", dim)]);
            for q in &r.strengths {
                doc.hang(1, &[(g.ok, pen.ink(Ink::Good)), (" ", plain)], &q.question, plain);
            }
            doc.gap();
        }
        if !r.gaps.is_empty() {
            doc.line(&[("What was missing", dim)]);
            for gap in &r.gaps {
                doc.hang(1, &[(g.no, pen.ink(Ink::Bad)), (" ", plain)], &gap.question.question, strong);
                for point in gap.missing.iter().filter_map(|id| gap.question.point(id)) {
                    doc.hang(3, &[(g.dot, dim), (" ", plain)], &point.text, plain);
                }
                if !gap.next.is_empty() {
                    doc.hang(3, &[("next time  ", dim)], &gap.next, plain);
                }
            }
            doc.gap();
        }
        if !r.corrections.is_empty() {
            doc.line(&[("What is not so", dim)]);
            for c in &r.corrections {
                doc.hang(1, &[(g.warn, pen.ink(Ink::Warn)), (" ", plain)], &c.text, plain);
                doc.para(3, &c.correction, dim);
            }
        }
    }
}

impl Page for ReportPage {
    fn context(&self) -> Context {
        Context::Report
    }
    fn crumb(&self) -> String {
        "Report".into()
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match message {
            Message::Accept => return self.open(desk),
            Message::Back => return Go::Back,
            Message::Save => return Go::Save("interview-report".into(), desk.report_text(&self.report, SAVED_COLUMNS)),
            Message::Choose(n) if usize::from(n) <= self.report.tonight.len() => {
                self.tonight.cursor = usize::from(n) - 1;
                return self.open(desk);
            }
            Message::NextPane => self.tonight.by(1, self.report.tonight.len()),
            Message::PreviousPane => self.tonight.by(-1, self.report.tonight.len()),
            // The list is short: the arrows go through it first, then through the text.
            Message::Down if self.tonight.cursor + 1 < self.report.tonight.len() => self.tonight.cursor += 1,
            Message::Up if self.scroll.first() == 0 && self.tonight.cursor > 0 => self.tonight.cursor -= 1,
            m => {
                self.scroll.update(m);
            }
        }
        Go::Stay
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        self.tonight.cursor = row;
        self.open(desk)
    }
    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }
    fn draw(&self, pen: &mut Pen, body: Rect, _desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong, key) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Key));
        let r = &self.report;
        let mut y = body.y;
        match r.score {
            Some(score) => {
                let style = pen.ink(score_ink(score)).add_modifier(ratatui::style::Modifier::BOLD);
                let number = format!("{score:>3}  ");
                let used = pen.line(body.x, y, body.width, &[(&number, style), (r.verdict, plain)]);
                let time = format!("{} of {}", text::clock(r.used.as_secs()), text::clock(r.budget.as_secs()));
                let facts = format!("{}   {time}", count(r.questions.len(), "question"));
                pen.right(Rect { x: body.x + used + 2, width: body.width.saturating_sub(used + 2), ..body }, y, &[(&facts, dim)]);
            }
            None => {
                pen.put(body.x, y, body.width, r.verdict, plain);
            }
        }
        y += 2;
        let wide = body.width >= TWO_COLUMNS;
        let width = if wide { (body.width / 2).min(READABLE) } else { body.width };
        // What to run tonight comes first: it is what one can do now.
        let side = if wide {
            Rect { x: body.x + width + 3, y, width: (body.width - width - 3).min(READABLE), ..body }
        } else {
            Rect { y, ..body }
        };
        let mut rows = y;
        if !r.tonight.is_empty() {
            pen.put(side.x, rows, side.width, "Tonight", dim);
            rows += 1;
            for (i, t) in r.tonight.iter().enumerate() {
                let words = match &t.evidence {
                    Evidence::Scenario { name, at, look } => format!("{name} at {at}: {look}"),
                    Evidence::Claim(id) => format!("claim {id}"),
                    Evidence::None(why) => why.to_string(),
                };
                let row = Rect { x: side.x, y: rows, width: side.width, height: 1 };
                let number = format!("{} ", i + 1);
                pen.line(
                    row.x + 1,
                    rows,
                    row.width.saturating_sub(2),
                    &[(&number, key), (&words, if i == self.tonight.cursor { strong } else { plain })],
                );
                select(pen, row, i == self.tonight.cursor);
                pen.spots.add(row, Spot::Panel(0, i));
                rows += 1;
            }
            rows += 1;
        }
        let area = if wide {
            Rect { y, width, height: body.bottom().saturating_sub(y), ..body }
        } else {
            Rect { y: rows, height: body.bottom().saturating_sub(rows), ..body }
        };
        let mut doc = Doc::new(area.width.min(READABLE).saturating_sub(1));
        self.text(&mut doc, pen);
        doc.draw(pen, area, &self.scroll);
        None
    }
}
