//! The home screen: tracks, labs, and what a lab is about.

use std::cell::Cell;

use ratatui::layout::{Position, Rect};
use tui_input::Input;

use crate::session::view::ScenarioCard;
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::panels::prompt::hints;
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

/// Tracks have a column of their own from this width on.
const THREE_COLUMNS: u16 = 110;

/// What Enter opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Continue,
    Lab(String),
}

#[derive(Debug)]
pub struct Home {
    cards: Vec<ScenarioCard>,
    /// All, then every topic with its number of labs.
    tracks: Vec<(String, usize)>,
    track: List,
    labs: List,
    pub on_tracks: bool,
    pub search: Option<Input>,
    kept: String,
    /// Tracks have a column of their own, as drawn last; otherwise Tab walks through them.
    wide: Cell<bool>,
    /// The lab that is still open: title and where time stands.
    pub open: Option<(String, String)>,
}

impl Home {
    pub fn new(cards: Vec<ScenarioCard>) -> Self {
        let cards = in_order(cards);
        let mut topics: Vec<(String, usize)> = Vec::new();
        for topic in cards.iter().flat_map(|c| &c.topics) {
            match topics.iter_mut().find(|(t, _)| t == topic) {
                Some((_, n)) => *n += 1,
                None => topics.push((topic.clone(), 1)),
            }
        }
        topics.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut tracks = vec![("everything".to_string(), cards.len())];
        tracks.append(&mut topics);
        Self {
            cards,
            tracks,
            track: List::default(),
            labs: List::default(),
            on_tracks: false,
            search: None,
            kept: String::new(),
            wide: Cell::new(true),
            open: None,
        }
    }

    fn needle(&self) -> String {
        self.search.as_ref().map_or(&*self.kept, |i| i.value()).to_lowercase()
    }

    /// The labs of the selected track that fit the search.
    fn shown(&self) -> Vec<&ScenarioCard> {
        let topic = (self.track.cursor > 0).then(|| &self.tracks[self.track.cursor].0);
        let needle = self.needle();
        self.cards
            .iter()
            .filter(|c| topic.is_none_or(|t| c.topics.contains(t)))
            .filter(|c| {
                let mut texts = [&c.title, &c.name, &c.level, &c.summary].into_iter().chain(&c.topics);
                needle.is_empty() || texts.any(|t| t.to_lowercase().contains(&needle))
            })
            .collect()
    }

    /// The rows of the list: the open lab first, if there is one.
    fn rows(&self) -> usize {
        self.shown().len() + usize::from(self.open.is_some())
    }

    fn card(&self) -> Option<&ScenarioCard> {
        let skip = usize::from(self.open.is_some());
        self.shown().get(self.labs.cursor.checked_sub(skip)?).copied()
    }

    pub fn choice(&self) -> Option<Choice> {
        if self.open.is_some() && self.labs.cursor == 0 {
            return Some(Choice::Continue);
        }
        self.card().map(|c| Choice::Lab(c.name.clone()))
    }

    pub fn start_search(&mut self) {
        self.search = Some(Input::new(self.kept.clone()));
        self.on_tracks = false;
    }
    pub fn searched(&mut self) {
        self.labs.cursor = 0;
    }
    pub fn end_search(&mut self, keep: bool) {
        self.kept = if keep { self.search.take().map(|i| i.value().to_string()).unwrap_or_default() } else { String::new() };
        self.search = None;
        self.labs.cursor = self.labs.cursor.min(self.rows().saturating_sub(1));
    }
    pub fn has_search(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The lab that is still open goes to the top of the list and under the cursor.
    pub fn set_open(&mut self, open: Option<(String, String)>) {
        self.open = open;
        self.labs.cursor = 0;
    }

    pub fn update(&mut self, message: Message) {
        if !self.wide.get() {
            let step = match message {
                Message::NextPane | Message::Right => 1,
                Message::PreviousPane | Message::Left => self.tracks.len() - 1,
                _ => 0,
            };
            self.on_tracks = false;
            if step > 0 {
                self.track.cursor = (self.track.cursor + step) % self.tracks.len();
                self.labs.cursor = 0;
                return;
            }
        }
        match message {
            Message::NextPane | Message::PreviousPane => self.on_tracks = !self.on_tracks,
            Message::Left => self.on_tracks = true,
            Message::Right => self.on_tracks = false,
            m if self.on_tracks => {
                if self.track.update(m, self.tracks.len()) {
                    self.labs.cursor = 0;
                }
            }
            m => {
                let rows = self.rows();
                self.labs.update(m, rows);
            }
        }
    }

    /// A click on column 0 (tracks) or 1 (labs). True if the row was selected already.
    pub fn click(&mut self, column: usize, row: usize) -> bool {
        self.on_tracks = column == 0;
        let list = if column == 0 { &mut self.track } else { &mut self.labs };
        let again = list.cursor == row;
        list.cursor = row;
        if column == 0 {
            self.labs.cursor = 0;
        }
        again && column == 1
    }

    pub fn wheel(&mut self, lines: isize) {
        let rows = self.rows();
        if self.on_tracks { self.track.by(lines, self.tracks.len()) } else { self.labs.by(lines, rows) }
    }

    pub fn draw(&self, pen: &mut Pen, area: Rect) -> Option<Position> {
        let (title, dim, accent) = (pen.ink(Ink::Title), pen.ink(Ink::Dim), pen.ink(Ink::Kubernetes));
        let helm = pen.theme.glyphs.helm;
        let margin = if area.width >= 150 { 6 } else { 2 };
        let inner = Rect { x: area.x + margin, width: area.width - margin * 2, ..area };
        let top = area.y + u16::from(area.height >= 24);
        pen.line(inner.x, top, inner.width, &[(helm, accent), ("  ", dim), ("wheelhouse", title)]);
        let motto = "Break Docker and Kubernetes side by side, and be ready to explain it";
        pen.right(Rect { x: inner.x + 16, width: inner.width - 16, ..inner }, top, &[(motto, dim)]);

        let body_top = top + 2;
        let foot = area.bottom() - 1;
        let body = Rect { y: body_top, height: foot.saturating_sub(body_top + 1), ..inner };
        let wide = area.width >= THREE_COLUMNS;
        self.wide.set(wide);
        let tracks = if wide { (inner.width / 5).clamp(22, 30) } else { 0 };
        let gap = if wide { 3 } else { 0 };
        let rest = inner.width - tracks - gap;
        let labs = if wide { rest * 48 / 100 } else { rest * 58 / 100 };
        if wide {
            self.draw_tracks(pen, Rect { width: tracks, ..body });
        }
        let labs_area = Rect { x: inner.x + tracks + gap, width: labs, ..body };
        self.draw_labs(pen, labs_area);
        let details = Rect { x: labs_area.right() + 3, width: inner.right().saturating_sub(labs_area.right() + 3), ..body };
        self.draw_details(pen, details);

        if let Some(input) = &self.search {
            let key = pen.ink(Ink::Key);
            let plain = pen.ink(Ink::Text);
            let used = pen.line(inner.x, foot, inner.width, &[("/ ", key), (input.value(), plain)]);
            let found = format!("{} found", self.shown().len());
            pen.right(inner, foot, &[(&found, dim)]);
            let _ = used;
            return Some(Position { x: inner.x + 2 + u16::try_from(input.visual_cursor()).unwrap_or(0), y: foot });
        }
        let entries = hints(Context::Home);
        pen.hints(inner.x, foot, inner.width, &entries);
        None
    }

    fn draw_tracks(&self, pen: &mut Pen, area: Rect) {
        let heading = pen.ink(if self.on_tracks { Ink::Strong } else { Ink::Dim });
        pen.put(area.x, area.y, area.width, "Tracks", heading);
        let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        let shown = usize::from(list.height);
        let first = self.track.lay(shown, self.tracks.len());
        for (i, (name, count)) in self.tracks.iter().enumerate().skip(first).take(shown) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, ..list };
            let (plain, dim) = (pen.ink(Ink::Text), pen.ink(Ink::Dim));
            pen.put(row.x + 1, y, row.width - 5, name, plain);
            let count = format!("{count} ");
            pen.right(row, y, &[(&count, dim)]);
            if i == self.track.cursor {
                let style = pen.ink(if self.on_tracks { Ink::Selected } else { Ink::Marked });
                pen.wash(row, style);
            }
            pen.spots.add(row, Spot::Panel(0, i));
        }
        pen.scrollbar(list, first, shown, self.tracks.len());
    }

    fn draw_labs(&self, pen: &mut Pen, area: Rect) {
        let heading = pen.ink(if self.on_tracks { Ink::Dim } else { Ink::Strong });
        let track = &self.tracks[self.track.cursor].0;
        let mut words = if self.track.cursor == 0 { "Labs".to_string() } else { format!("Labs: {track}") };
        if !self.kept.is_empty() {
            words.push_str(&format!("  /{}", self.kept));
        }
        pen.put(area.x, area.y, area.width, &words, heading);
        let list = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        let shown = self.shown();
        let skip = usize::from(self.open.is_some());
        let fit = usize::from(list.height);
        let first = self.labs.lay(fit, shown.len() + skip);
        if shown.is_empty() && skip == 0 {
            let dim = pen.ink(Ink::Dim);
            pen.put(list.x + 1, list.y, list.width, "no lab fits that", dim);
        }
        for i in (first..shown.len() + skip).take(fit) {
            let y = list.y + u16::try_from(i - first).unwrap_or(0);
            let row = Rect { y, height: 1, ..list };
            let (plain, dim, strong) = (pen.ink(Ink::Text), pen.ink(Ink::Dim), pen.ink(Ink::Strong));
            match (&self.open, i.checked_sub(skip)) {
                (Some((title, at)), None) => {
                    let crumb = pen.theme.glyphs.crumb;
                    let used = pen.line(row.x + 1, y, row.width - 2, &[(crumb, strong), (" Continue  ", strong), (title, plain)]);
                    let when = format!("{at} ");
                    pen.right(Rect { x: row.x + used + 2, width: row.width.saturating_sub(used + 2), ..row }, y, &[(&when, dim)]);
                }
                (_, Some(n)) => {
                    let Some(card) = shown.get(n) else { break };
                    let minutes = format!("{:>3} min ", card.minutes);
                    pen.put(row.x + 1, y, row.width.saturating_sub(14), &card.title, plain);
                    level(pen, row.right() - 12, y, &card.level);
                    pen.right(row, y, &[(&minutes, dim)]);
                }
                (None, None) => {}
            }
            if i == self.labs.cursor {
                let style = pen.ink(if self.on_tracks { Ink::Marked } else { Ink::Selected });
                pen.wash(row, style);
            }
            pen.spots.add(row, Spot::Panel(1, i));
        }
        pen.scrollbar(list, first, fit, shown.len() + skip);
    }

    fn draw_details(&self, pen: &mut Pen, area: Rect) {
        if area.width < 16 {
            return;
        }
        let (dim, plain, strong, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Faint));
        let split = pen.theme.glyphs.split;
        for y in area.top()..area.bottom() {
            pen.put(area.x.saturating_sub(2), y, 1, split, faint);
        }
        let mut y = area.y;
        let Some(card) = self.card() else {
            if let (Some((title, at)), Some(Choice::Continue)) = (&self.open, self.choice()) {
                for line in text::wrap(title, usize::from(area.width)) {
                    pen.put(area.x, y, area.width, &line, strong);
                    y += 1;
                }
                let words = format!("still open, {at}");
                pen.put(area.x, y + 1, area.width, &words, dim);
                let words = "Enter goes on where you left it.";
                pen.put(area.x, y + 2, area.width, words, plain);
            }
            return;
        };
        for line in text::wrap(&card.title, usize::from(area.width)) {
            pen.put(area.x, y, area.width, &line, strong);
            y += 1;
        }
        let mut x = area.x;
        x += level(pen, x, y, &card.level);
        let facts = format!(" {} {} {} min", card.level, pen.theme.glyphs.dot, card.minutes);
        x += pen.put(x, y, area.right().saturating_sub(x), &facts, dim);
        let _ = x;
        y += 2;
        for line in text::wrap(&card.summary, usize::from(area.width.min(72))) {
            if y >= area.bottom() {
                return;
            }
            pen.put(area.x, y, area.width, &line, plain);
            y += 1;
        }
        y += 1;
        let questions = match card.questions {
            0 => String::new(),
            1 => "1 prediction".into(),
            n => format!("{n} predictions"),
        };
        let mut rows = vec![("topics", card.topics.join(", "))];
        rows.extend([("first", card.needs.join(", ")), ("asks", questions), ("file", card.name.clone())]);
        if !card.worlds.is_empty() && y < area.bottom() {
            let mut x = area.x + pen.put(area.x, y, 8, "worlds", dim).max(8);
            for world in &card.worlds {
                let style = pen.theme.world(world);
                x += pen.put(x, y, area.right().saturating_sub(x), world, style) + 2;
            }
            y += 1;
        }
        for (name, value) in rows.into_iter().filter(|(_, v)| !v.is_empty()) {
            for (i, line) in text::wrap(&value, usize::from(area.width.saturating_sub(8))).iter().enumerate() {
                if y >= area.bottom() {
                    return;
                }
                if i == 0 {
                    pen.put(area.x, y, 8, name, dim);
                }
                pen.put(area.x + 8, y, area.width.saturating_sub(8), line, plain);
                y += 1;
            }
        }
    }
}

/// Easy ones first, and each after those it builds on.
fn in_order(mut cards: Vec<ScenarioCard>) -> Vec<ScenarioCard> {
    let rank = |c: &ScenarioCard| (stars(&c.level), c.title.clone());
    cards.sort_by_key(rank);
    let mut out: Vec<ScenarioCard> = Vec::with_capacity(cards.len());
    while !cards.is_empty() {
        let waits = |c: &ScenarioCard| c.needs.iter().any(|n| cards.iter().any(|o| o.name == *n && o.name != c.name));
        // Labs that wait for each other come in the order of their rank.
        let next = cards.iter().position(|c| !waits(c)).unwrap_or(0);
        out.push(cards.remove(next));
    }
    out
}

fn stars(level: &str) -> usize {
    match level {
        "advanced" => 3,
        "intermediate" => 2,
        _ => 1,
    }
}

/// One to three dots: beginner, intermediate, advanced.
fn level(pen: &mut Pen, x: u16, y: u16, level: &str) -> u16 {
    let full = stars(level);
    let (good, idle) = (pen.theme.glyphs.good, pen.theme.glyphs.idle);
    let (on, off) = (pen.ink(Ink::Text), pen.ink(Ink::Faint));
    (0..3).fold(0, |used, i| used + if i < full { pen.put(x + used, y, 1, good, on) } else { pen.put(x + used, y, 1, idle, off) })
}
