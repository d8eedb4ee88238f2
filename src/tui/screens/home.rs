//! The home screen: what was left, where one stands, tracks, labs, and what a lab is about.

use std::cell::Cell;

use ratatui::layout::{Position, Rect};
use tui_input::Input;

use crate::session::progress::short_date;
use crate::session::view::ScenarioCard;
use crate::tui::desk::{LeftWhat, Overview, Place};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{count, whole};
use crate::tui::panels::prompt::hints;
use crate::tui::screens::practice::order::SIDES_TITLE;
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

/// Tracks and what a lab is about have columns of their own from this width on.
const THREE_COLUMNS: u16 = 110;
/// Rows for what a lab is about, where it stands below the list.
const BELOW: u16 = 6;

/// What Enter opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// The lab that is open.
    Continue,
    /// The lab that was left another day.
    Another,
    /// The page of practice that is open.
    Practice,
    /// The mock interview that was left.
    Interview,
    /// What else of practice was left last.
    Left(LeftWhat),
    Lab(String),
}

/// Something that was left and can be gone on with.
#[derive(Clone, Debug)]
struct Left {
    choice: Choice,
    title: String,
    at: String,
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
    /// None until the records were read.
    over: Option<Overview>,
    /// The page of practice that is still open.
    page: Option<String>,
    /// The lab that was left another day.
    place: Option<Place>,
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
            over: None,
            page: None,
            place: None,
        }
    }

    /// Where the person stands, and the page of practice that is open.
    pub fn set_standing(&mut self, over: Overview, page: Option<String>, place: Option<Place>) {
        self.place = place;
        self.over = Some(over);
        self.page = page;
        self.labs.cursor = self.labs.cursor.min(self.rows().saturating_sub(1));
    }

    /// What was left, in the order of the list.
    fn left(&self) -> Vec<Left> {
        let mut out = Vec::new();
        if let Some((title, at)) = &self.open {
            out.push(Left { choice: Choice::Continue, title: title.clone(), at: at.clone() });
        } else if let Some(place) = &self.place {
            out.push(Left { choice: Choice::Another, title: place.title.clone(), at: format!("left at {}", place.at.clock()) });
        }
        if let Some(page) = &self.page {
            out.push(Left { choice: Choice::Practice, title: page.clone(), at: "practice".into() });
        }
        let interview = self.over.as_ref().and_then(|o| o.interview_open.clone());
        if let Some(at) = interview.filter(|_| self.page.as_deref() != Some("Mock interview")) {
            out.push(Left { choice: Choice::Interview, title: "Mock interview".into(), at });
        }
        // What is open on a page needs no second line.
        let latest = self.over.as_ref().and_then(|o| o.left.first()).filter(|_| self.page.is_none());
        if let Some(left) = latest {
            let title = match &left.what {
                LeftWhat::Cards => "Flash cards".into(),
                LeftWhat::Answer(_, question) => question.to_string(),
                LeftWhat::Predictions => "Predict what happens".into(),
                LeftWhat::Board(_, title) => title.clone(),
                LeftWhat::Sides => SIDES_TITLE.into(),
            };
            out.push(Left { choice: Choice::Left(left.what.clone()), title, at: left.at.clone() });
        }
        out
    }

    /// True if a lab of this name is in the list.
    pub fn has(&self, name: &str) -> bool {
        self.cards.iter().any(|c| c.name == name)
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

    /// The rows of the list: what was left first, if there is anything.
    fn rows(&self) -> usize {
        self.shown().len() + self.left().len()
    }

    fn card(&self) -> Option<&ScenarioCard> {
        self.shown().get(self.labs.cursor.checked_sub(self.left().len())?).copied()
    }

    pub fn choice(&self) -> Option<Choice> {
        match self.left().get(self.labs.cursor) {
            Some(left) => Some(left.choice.clone()),
            None => self.card().map(|c| Choice::Lab(c.name.clone())),
        }
    }

    pub fn start_search(&mut self) {
        self.search = Some(Input::new(self.kept.clone()));
        self.on_tracks = false;
    }
    pub fn searched(&mut self) {
        // The first that fits, not what was left.
        self.labs.cursor = self.left().len();
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
            Message::Labs => {
                self.end_search(false);
                (self.on_tracks, self.track.cursor, self.labs.cursor) = (false, 0, self.left().len());
            }
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
        let corner = match &self.over {
            Some(o) => format!("{} profile", o.profile),
            None => motto.to_string(),
        };
        pen.right(Rect { x: inner.x + 16, width: inner.width - 16, ..inner }, top, &[(&corner, dim)]);

        let wide = area.width >= THREE_COLUMNS;
        self.wide.set(wide);
        let foot = area.bottom() - 1;
        if wide {
            let body = Rect { y: top + 2, height: foot.saturating_sub(top + 3), ..inner };
            let tracks = (inner.width / 5).clamp(22, 30);
            let side = (inner.width * 32 / 100).clamp(36, 60);
            let labs = inner.width - tracks - side - 6;
            self.draw_tracks(pen, Rect { width: tracks, ..body });
            let labs_area = Rect { x: inner.x + tracks + 3, width: labs, ..body };
            self.draw_labs(pen, labs_area);
            let column = Rect { x: labs_area.right() + 3, width: side, ..body };
            let faint = pen.ink(Ink::Faint);
            for y in column.top()..column.bottom() {
                pen.put(column.x.saturating_sub(2), y, 1, pen.theme.glyphs.split, faint);
            }
            let used = self.draw_standing(pen, column);
            let details = Rect { y: column.y + used, height: column.height.saturating_sub(used), ..column };
            self.draw_details(pen, details);
        } else {
            let used = self.draw_strip(pen, Rect { y: top + 1, ..inner });
            let y = top + 1 + used.max(1);
            let room = foot.saturating_sub(y);
            // Below the list stands what the selected lab is about; a very low screen shows the list alone.
            let below = if room >= 14 { BELOW } else { 0 };
            self.draw_labs(pen, Rect { y, height: room.saturating_sub(below + u16::from(below == 0)), ..inner });
            let details = Rect { y: foot.saturating_sub(below), height: below.saturating_sub(1), ..inner };
            self.draw_below(pen, details);
        }

        if let Some(input) = &self.search {
            let key = pen.ink(Ink::Key);
            let plain = pen.ink(Ink::Text);
            pen.line(inner.x, foot, inner.width, &[("/ ", key), (input.value(), plain)]);
            let found = format!("{} found", self.shown().len());
            pen.right(inner, foot, &[(&found, dim)]);
            return Some(Position { x: inner.x + 2 + u16::try_from(input.visual_cursor()).unwrap_or(0), y: foot });
        }
        let entries = hints(Context::Home);
        pen.hints(inner.x, foot, inner.width, &entries);
        None
    }

    /// Due, streak, interview and readiness in one or two rows; returns the rows used.
    fn draw_strip(&self, pen: &mut Pen, area: Rect) -> u16 {
        let Some(o) = &self.over else { return 1 };
        let (dim, plain, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Warn));
        let mut pieces: Vec<(String, ratatui::style::Style)> = vec![(format!("{} due today", o.due), plain)];
        if o.streak > 0 {
            pieces.extend([("   streak ".into(), dim), (count(o.streak, "day"), plain)]);
        }
        if let Some(date) = o.interview {
            let left = o.days_left.map_or(String::new(), |n| format!(" in {}", count(n as usize, "day")));
            pieces.extend([("   interview ".into(), dim), (short_date(date) + &left, plain)]);
        }
        let borrowed: Vec<(&str, _)> = pieces.iter().map(|(w, s)| (w.as_str(), *s)).collect();
        let used = pen.line(area.x, area.y, area.width, &borrowed);
        let bar = 10;
        let ready = format!(" ready {}", whole(o.readiness));
        let wants = bar + 2 + u16::try_from(text::width(&ready)).unwrap_or(12);
        if (o.interview.is_some() || o.readiness > 0.0) && used + wants + 2 <= area.width {
            let x = area.right() - wants;
            pen.bar(x, area.y, bar, permille(o.readiness), pen.ink(Ink::Good));
            pen.put(x + bar, area.y, wants, &ready, plain);
        }
        if o.weakest.is_empty() {
            return 2;
        }
        let weak: Vec<String> = o.weakest.iter().take(3).map(|(t, s)| format!("{t} {}", whole(*s))).collect();
        pen.line(area.x, area.y + 1, area.width, &[("weakest ", dim), (&weak.join(", "), warn)]);
        3
    }

    /// The same in a column; returns the rows used.
    fn draw_standing(&self, pen: &mut Pen, area: Rect) -> u16 {
        let Some(o) = &self.over else { return 0 };
        let (dim, plain, strong, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Warn));
        let mut y = area.y;
        let mut row = |pen: &mut Pen, name: &str, words: &str, style| {
            pen.put(area.x, y, 11, name, dim);
            pen.put(area.x + 11, y, area.width.saturating_sub(11), words, style);
            y += 1;
        };
        row(pen, "Due today", &o.due.to_string(), if o.due > 0 { strong } else { plain });
        if let Some((today, done)) = o.per_day {
            row(pen, "Plan", &format!("{done} of {today} done today"), plain);
        }
        row(pen, "Streak", &count(o.streak, "day"), plain);
        if let Some(date) = o.interview {
            let left = o.days_left.map_or(String::new(), |n| format!(", in {}", count(n as usize, "day")));
            row(pen, "Interview", &(short_date(date) + &left), plain);
        }
        let bar = area.width.saturating_sub(18).min(14);
        pen.put(area.x, y, 11, "Ready", dim);
        pen.bar(area.x + 11, y, bar, permille(o.readiness), pen.ink(Ink::Good));
        pen.put(area.x + 12 + bar, y, area.width.saturating_sub(12 + bar), &whole(o.readiness), plain);
        y += 1;
        for (i, (title, share)) in o.weakest.iter().take(3).enumerate() {
            if i == 0 {
                pen.put(area.x, y, 11, "Weakest", dim);
            }
            let share = format!(" {}", whole(*share));
            let used = u16::try_from(text::width(&share)).unwrap_or(5);
            pen.put(area.x + 11, y, area.width.saturating_sub(11 + used), title, plain);
            pen.right(area, y, &[(&share, warn)]);
            y += 1;
        }
        let faint = pen.ink(Ink::Faint);
        pen.run(area.x, y, area.width, pen.theme.glyphs.frame[4], faint);
        y + 1 - area.y + u16::from(area.height > 30)
    }

    /// What the selected lab is about, below the list.
    fn draw_below(&self, pen: &mut Pen, area: Rect) {
        if area.height < 3 {
            return;
        }
        let (dim, plain, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Faint));
        pen.run(area.x, area.y, area.width, pen.theme.glyphs.frame[4], faint);
        let mut y = area.y + 1;
        let Some(card) = self.card() else {
            let words = if self.rows() == 0 { "" } else { "Enter goes on where you left it." };
            pen.put(area.x + 1, y, area.width, words, plain);
            return;
        };
        for line in
            text::wrap(&card.summary, usize::from(area.width.saturating_sub(2))).iter().take(usize::from(area.height.saturating_sub(3)))
        {
            pen.put(area.x + 1, y, area.width, line, plain);
            y += 1;
        }
        let first = if card.needs.is_empty() { String::new() } else { format!("   after {}", card.needs.join(", ")) };
        let facts = format!("{}{first}   {}", card.name, card.topics.join(", "));
        let mut x = area.x + 1;
        for world in &card.worlds {
            let style = pen.theme.world(world);
            x += pen.put(x, y, area.right().saturating_sub(x), world, style) + 2;
        }
        pen.put(x, y, area.right().saturating_sub(x), &facts, dim);
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
        if !self.wide.get() {
            let dim = pen.ink(Ink::Dim);
            let key = pen.ink(Ink::Key);
            let used = pen.right(area, area.y, &[("Tab", key), (" next track", dim)]);
            pen.spots.add(Rect { x: area.right() - used, width: used, height: 1, ..area }, Spot::Press(Message::NextPane));
        }
        let air = if self.wide.get() { 2 } else { 1 };
        let list = Rect { y: area.y + air, height: area.height.saturating_sub(air), ..area };
        let shown = self.shown();
        let left = self.left();
        let skip = left.len();
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
            match (left.get(i), i.checked_sub(skip)) {
                (Some(Left { title, at, .. }), _) => {
                    let crumb = pen.theme.glyphs.crumb;
                    let used = pen.line(row.x + 1, y, row.width - 2, &[(crumb, strong), (" Continue  ", strong), (title, plain)]);
                    let when = format!("{at} ");
                    pen.right(Rect { x: row.x + used + 2, width: row.width.saturating_sub(used + 2), ..row }, y, &[(&when, dim)]);
                }
                (None, Some(n)) => {
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
        let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
        let mut y = area.y;
        let Some(card) = self.card() else {
            if let Some(left) = self.left().get(self.labs.cursor) {
                for line in text::wrap(&left.title, usize::from(area.width)) {
                    pen.put(area.x, y, area.width, &line, strong);
                    y += 1;
                }
                let words = format!("still open, {}", left.at);
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

fn permille(share: f32) -> u32 {
    // Shares are between 0 and 1.
    (share.clamp(0.0, 1.0) * 1000.0) as u32
}

/// Easy ones first, short ones before long ones, and each after those it builds on. What others build on may take longer: every lab that
/// needs it, directly or not, counts as a minute.
fn in_order(mut cards: Vec<ScenarioCard>) -> Vec<ScenarioCard> {
    let builds: Vec<(String, Vec<String>)> = cards.iter().map(|c| (c.name.clone(), c.needs.clone())).collect();
    let rank = |c: &ScenarioCard| (stars(&c.level), i64::from(c.minutes) - built_on(&c.name, &builds), c.title.clone());
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

/// How many labs need this one, directly or through others.
fn built_on(name: &str, needs: &[(String, Vec<String>)]) -> i64 {
    let mut found: Vec<&str> = vec![name];
    let mut at = 0;
    while let Some(one) = found.get(at).copied() {
        for (other, on) in needs {
            if on.iter().any(|n| n == one) && !found.contains(&other.as_str()) {
                found.push(other);
            }
        }
        at += 1;
    }
    i64::try_from(found.len()).unwrap_or(i64::MAX) - 1
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
