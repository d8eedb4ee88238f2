//! What people claim: themes, statements with their verdict, what is really so, and what a run measured.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::session::claims::{Claim, Verdict};
use crate::session::practice::{Evidence, Question};
use crate::tui::desk::Desk;
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count};
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::{List, Scroll};
use crate::tui::widgets::search::Search;

use super::pick::Pick;
use super::{lab_of_claim, select};

/// Themes have a column of their own from this width on.
const THEMES_FROM: u16 = 100;
/// Details stand beside the list from this width on.
const BESIDE_FROM: u16 = 150;

pub struct ClaimsPage {
    /// Ids and titles.
    themes: Vec<(Arc<str>, Arc<str>)>,
    theme: List,
    list: List,
    /// Only these, as those of one question.
    only: Option<Vec<Arc<str>>>,
    search: Search,
    checking: bool,
    asked: BTreeSet<Arc<str>>,
    details: Scroll,
}

impl ClaimsPage {
    pub fn new(desk: &dyn Desk) -> Self {
        let themes = desk.claims().themes.iter().map(|t| (t.id.clone(), t.title.clone())).collect();
        Self {
            themes,
            theme: List::default(),
            list: List::default(),
            only: None,
            search: Search::default(),
            checking: false,
            asked: BTreeSet::new(),
            details: Scroll::default(),
        }
    }

    /// With one claim selected in its theme.
    pub fn at(id: &str, desk: &dyn Desk) -> Self {
        let mut page = Self::new(desk);
        if let Some(claim) = desk.claims().get(id) {
            page.theme.cursor = page.themes.iter().position(|t| t.0 == claim.theme).map_or(0, |i| i + 1);
            page.list.cursor = page.shown(desk).iter().position(|c| c.id == claim.id).unwrap_or(0);
        }
        page
    }

    /// Those that belong to a question; None if there are none.
    pub fn of_question(question: &Question, desk: &dyn Desk) -> Option<Self> {
        let evidence = if let Evidence::Claim(id) = &question.evidence { Some(id) } else { None };
        let belongs = |c: &Claim| Some(&c.id) == evidence || c.questions.contains(&question.id) || question.misconception(&c.id).is_some();
        let ids: Vec<Arc<str>> = desk.claims().claims.iter().filter(|c| belongs(c)).map(|c| c.id.clone()).collect();
        (!ids.is_empty()).then(|| Self { only: Some(ids), ..Self::new(desk) })
    }

    fn needle(&self) -> String {
        self.search.needle()
    }

    fn shown<'d>(&self, desk: &'d dyn Desk) -> Vec<&'d Claim> {
        let theme = self.theme.cursor.checked_sub(1).and_then(|i| self.themes.get(i)).map(|t| &t.0);
        let needle = self.needle();
        let fits = |c: &&Claim| {
            self.only.as_ref().is_none_or(|ids| ids.contains(&c.id))
                && theme.is_none_or(|t| c.theme == *t)
                && needle.split_whitespace().all(|w| c.statement.to_lowercase().contains(w) || c.id.to_lowercase().contains(w))
        };
        desk.claims().claims.iter().filter(fits).collect()
    }

    fn current<'d>(&self, desk: &'d dyn Desk) -> Option<&'d Claim> {
        self.shown(desk).get(self.list.cursor).copied()
    }

    fn check(&mut self, ids: Vec<Arc<str>>, desk: &mut dyn Desk) -> Go {
        match desk.begin_check(&ids) {
            Ok(()) => {
                self.asked.extend(ids);
                self.checking = true;
                Go::Stay
            }
            Err(why) => Go::Complain(why),
        }
    }

    fn turn_theme(&mut self, by: usize) {
        let total = self.themes.len() + 1;
        self.theme.cursor = (self.theme.cursor + by) % total;
        self.only = None;
        self.list.cursor = 0;
        self.details.reset();
    }

    fn draw_themes(&self, pen: &mut Pen, area: Rect) {
        let fit = usize::from(area.height);
        let total = self.themes.len() + 1;
        let first = self.theme.lay(fit, total);
        let plain = pen.ink(Ink::Text);
        for i in (first..total).take(fit) {
            let y = area.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, ..area };
            let words = if i == 0 { "everything" } else { &self.themes[i - 1].1 };
            pen.put(row.x + 1, y, row.width.saturating_sub(2), words, plain);
            if i == self.theme.cursor {
                let style = pen.ink(Ink::Marked);
                pen.wash(row, style);
            }
            pen.spots.add(row, Spot::Panel(0, i));
        }
    }

    fn details(&self, doc: &mut Doc, pen: &Pen, claim: &Claim, desk: &dyn Desk) {
        let (dim, plain, strong, key) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Key));
        let (sign, style, word) = verdict(pen, claim.verdict);
        doc.para(0, &claim.statement, strong);
        doc.line(&[(sign, style), (" ", plain), (word, style), ("  ", dim), (&claim.id, dim)]);
        doc.gap();
        doc.para(0, &claim.correction, plain);
        doc.gap();
        doc.hang(0, &[("Say  ", dim)], &format!("“{}”", claim.sentence), pen.ink(Ink::Story));
        doc.gap();
        match (&claim.shows, desk.finding(&claim.id)) {
            (Some(_), Some(found)) => {
                let (sign, ink, word) = if found.holds {
                    (pen.theme.glyphs.ok, Ink::Good, "measured")
                } else {
                    (pen.theme.glyphs.no, Ink::Bad, "measured otherwise")
                };
                doc.hang(0, &[(sign, pen.ink(ink)), (" ", plain), (word, pen.ink(ink)), ("  ", plain)], &found.measured, plain);
                doc.para(2, &format!("{}: {}", found.scenario, found.evidence), dim);
            }
            (Some(shows), None) if self.asked.contains(&claim.id) && self.checking => {
                doc.line(&[
                    (pen.theme.glyphs.busy, pen.ink(Ink::Warn)),
                    (" ", plain),
                    (&shows.scenario.text, plain),
                    (" is being played", dim),
                ]);
            }
            (Some(shows), None) => {
                let at = shows.at.as_ref().map_or(String::new(), |at| format!(" at {}", at.text));
                doc.line(&[("v ", key), (&format!("runs {}{at} and measures it", shows.scenario.text), dim)]);
            }
            (None, _) => doc.line(&[("no run shows this yet", dim)]),
        }
        if !claim.questions.is_empty() {
            doc.gap();
            doc.line(&[("It helps with", dim)]);
            for q in claim.questions.iter().filter_map(|id| desk.bank().get(id)) {
                doc.hang(0, &[(pen.theme.glyphs.dot, dim), (" ", dim)], &q.question, plain);
            }
        }
    }
}

/// Sign, style and word of a verdict.
pub fn verdict(pen: &Pen, verdict: Verdict) -> (&'static str, Style, &'static str) {
    let g = pen.theme.glyphs;
    match verdict {
        Verdict::True => (g.good, pen.ink(Ink::Good), "true"),
        Verdict::TrueWithConditions => (g.busy, pen.ink(Ink::Warn), "with conditions"),
        Verdict::Myth => (g.bad, pen.ink(Ink::Bad), "myth"),
    }
}

impl Page for ClaimsPage {
    fn context(&self) -> Context {
        if self.search.is_open() { Context::Filter } else { Context::Claims }
    }
    fn crumb(&self) -> String {
        "Claims".into()
    }
    fn corner(&self, desk: &dyn Desk, glyphs: &crate::tui::theme::Glyphs) -> Vec<(String, Ink)> {
        let Some((scenario, permille)) = desk.checking().filter(|_| self.checking) else { return Vec::new() };
        let full = usize::try_from(permille.min(1000) * 10 / 1000).unwrap_or(10);
        vec![(format!("{scenario} "), Ink::Text), (glyphs.full.repeat(full), Ink::Kubernetes), (glyphs.empty.repeat(10 - full), Ink::Faint)]
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        if self.search.is_open() {
            if !self.search.closes(&message) {
                let total = self.shown(desk).len();
                self.list.update(message, total);
            }
            return Go::Stay;
        }
        match message {
            Message::NextPane | Message::Right => self.turn_theme(1),
            Message::PreviousPane | Message::Left => self.turn_theme(self.themes.len()),
            Message::Filter => {
                self.only = None;
                self.search.begin();
            }
            Message::Verify => match self.current(desk).map(|c| (c.id.clone(), c.shows.is_some())) {
                Some((id, true)) => return self.check(vec![id], desk),
                Some(_) => return Go::Say("no run shows this one yet".into()),
                None => {}
            },
            Message::VerifyAll => {
                let ids: Vec<Arc<str>> = self.shown(desk).iter().filter(|c| c.shows.is_some()).map(|c| c.id.clone()).collect();
                return if ids.is_empty() { Go::Say("no run shows any of these yet".into()) } else { self.check(ids, desk) };
            }
            Message::Evidence => {
                return match self.current(desk).and_then(lab_of_claim) {
                    Some((name, at)) => Go::Lab(name, at),
                    None => Go::Say("no run shows this one yet".into()),
                };
            }
            Message::Accept => {
                let ids = self.current(desk).map(|c| c.questions.clone()).unwrap_or_default();
                return if ids.is_empty() { Go::Say("no question uses this one".into()) } else { Go::Open(Box::new(Pick::of(&ids, desk))) };
            }
            Message::Back if !self.search.kept().is_empty() => self.search.clear(),
            Message::Back => return Go::Back,
            Message::PageUp | Message::PageDown => {
                self.details.update(message);
            }
            m => {
                let total = self.shown(desk).len();
                if self.list.update(m, total) {
                    self.details.reset();
                }
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
    fn click(&mut self, column: usize, row: usize, _desk: &mut dyn Desk) -> Go {
        if column == 0 {
            self.theme.cursor = row;
            self.only = None;
            self.list.cursor = 0;
        } else {
            self.list.cursor = row;
        }
        self.details.reset();
        Go::Stay
    }
    fn wheel(&mut self, lines: isize) {
        self.details.by(lines);
    }
    fn is_moving(&self) -> bool {
        self.checking
    }
    fn tick(&mut self, _dt: Duration, desk: &mut dyn Desk) -> bool {
        if self.checking {
            self.checking = desk.check_on();
        }
        true
    }
    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Faint));
        let shown = self.shown(desk);
        let mut cursor = None;
        let heading = match (&self.only, self.theme.cursor) {
            (Some(_), _) => "claims of this question",
            (None, 0) => "everything",
            (None, n) => self.themes.get(n - 1).map_or("", |t| &t.1),
        };
        if self.search.is_open() {
            cursor = self.search.draw(pen, body);
        } else if self.search.kept().is_empty() {
            pen.put(body.x + 1, body.y, body.width, heading, strong);
        } else {
            pen.put(body.x + 1, body.y, body.width, &format!("{heading}  /{}", self.search.kept()), strong);
        }
        pen.right(body, body.y, &[(&count(shown.len(), "claim"), dim)]);

        let rest = Rect { y: body.y + 2, height: body.height.saturating_sub(2), ..body };
        let themes = if body.width >= THEMES_FROM { 30 } else { 0 };
        if themes > 0 {
            self.draw_themes(pen, Rect { width: themes, ..rest });
        }
        let gap = if themes > 0 { 3 } else { 0 };
        let main = Rect { x: rest.x + themes + gap, width: rest.width - themes - gap, ..rest };
        let (list, details) = if body.width >= BESIDE_FROM {
            let width = main.width * 55 / 100;
            (Rect { width, ..main }, Rect { x: main.x + width + 4, width: main.width - width - 4, ..main })
        } else {
            let rows = (main.height * 4 / 10).max(4);
            let below = main.height.saturating_sub(rows + 1);
            (Rect { height: rows, ..main }, Rect { y: main.y + rows + 1, height: below, ..main })
        };
        if body.width >= BESIDE_FROM {
            for y in details.top()..details.bottom() {
                pen.put(details.x - 2, y, 1, pen.theme.glyphs.split, faint);
            }
        } else {
            super::rule(pen, list, list.bottom(), &[], &[]);
        }
        let fit = usize::from(list.height);
        let first = self.list.lay(fit, shown.len());
        if shown.is_empty() {
            pen.put(list.x + 1, list.y, list.width, "no claim fits that", dim);
        }
        for (i, claim) in shown.iter().enumerate().skip(first).take(fit) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, width: list.width - 1, ..list };
            let (sign, style, word) = verdict(pen, claim.verdict);
            let (measured, ink) = match desk.finding(&claim.id) {
                Some(f) if f.holds => (pen.theme.glyphs.ok, Ink::Good),
                Some(_) => (pen.theme.glyphs.no, Ink::Bad),
                None => (" ", Ink::Dim),
            };
            let word = format!("{word:<15} ");
            let measured = (measured, pen.ink(ink));
            pen.line(
                row.x + 1,
                y,
                row.width.saturating_sub(2),
                &[(sign, style), (" ", plain), (&word, style), measured, (" ", plain), (&claim.statement, plain)],
            );
            select(pen, row, i == self.list.cursor);
            pen.spots.add(row, Spot::Panel(1, i));
        }
        pen.scrollbar(list, first, fit, shown.len());
        if let Some(claim) = shown.get(self.list.cursor) {
            let mut doc = Doc::new(details.width.min(super::READABLE).saturating_sub(2));
            self.details(&mut doc, pen, claim, desk);
            doc.draw(pen, Rect { x: details.x + 1, width: details.width.saturating_sub(1), ..details }, &self.details);
        }
        cursor
    }
}
