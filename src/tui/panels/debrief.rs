//! The end of a lab: what held, what was measured, how the worlds compare.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::view::{DrillView, ExpectationView, LabView, QuestionView};
use crate::tui::draw::{Pen, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::panels::scoreboard::{MEASURES, best};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::Scroll;

#[derive(Default)]
pub struct Debrief {
    scroll: Scroll,
}

/// A line: pieces of text with their columns.
type Row = Vec<(u16, String, Style)>;

impl Panel for Debrief {
    fn context(&self) -> Context {
        Context::Debrief
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        match message {
            Message::Back | Message::Accept | Message::Debrief => Flow::Close,
            Message::Restart => {
                lab.restart();
                Flow::CloseAll
            }
            Message::Quit => Flow::Home,
            Message::Save => Flow::Save,
            m => {
                self.scroll.update(m);
                Flow::Stay
            }
        }
    }

    fn wheel(&mut self, lines: isize) {
        self.scroll.by(lines);
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, lab: Option<&Lab>) {
        let Some(lab) = lab else { return };
        let view = &lab.view;
        let width = screen.width.saturating_sub(4).min(110);
        let rows = rows(pen, view, width.saturating_sub(6));
        let height = u16::try_from(rows.len() + 4).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
        let area = centred(screen, width, height);
        let title = if view.finished || view.drill.as_ref().is_some_and(|d| d.verdict.is_some()) { "Debrief" } else { "So far" };
        let inner = surface(pen, area, title, Context::Debrief);
        let inner = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(2), height: inner.height.saturating_sub(2) };
        let shown = usize::from(inner.height);
        let first = self.scroll.lay(shown, rows.len());
        for (y, row) in (inner.y..inner.bottom()).zip(&rows[first..]) {
            for (x, words, style) in row {
                pen.put(inner.x + x, y, inner.width.saturating_sub(*x), words, *style);
            }
        }
        pen.scrollbar(Rect { width: inner.width + 1, ..inner }, first, shown, rows.len());
    }
}

fn rows(pen: &Pen, view: &LabView, width: u16) -> Vec<Row> {
    let columns = usize::from(width).max(24);
    let (plain, dim, title) = (pen.ink(Ink::Text), pen.ink(Ink::Dim), pen.ink(Ink::Title));
    let mut rows: Vec<Row> = vec![vec![(0, view.title.clone(), title)], vec![]];
    if let Some(d) = &view.drill {
        drill(pen, d, columns, &mut rows);
    }
    for e in &view.expectations {
        expectation(pen, e, columns, &mut rows);
    }
    if !view.expectations.is_empty() {
        rows.push(vec![]);
    }
    let scored = view.answered.iter().filter_map(QuestionView::right).count();
    if scored > 1 {
        let right = view.answered.iter().filter(|q| q.right() == Some(true)).count();
        rows.push(vec![(0, format!("{right} of {scored} predictions were right"), plain)]);
    }
    for q in view.answered.iter().filter(|q| q.answer.is_some()) {
        let was = q.answer.and_then(|a| q.choices.get(a)).map_or("", |a| a);
        let Some(chosen) = q.chosen else {
            let dim = pen.ink(Ink::Dim);
            let words = format!("Skipped: {} It was: {was}", q.text);
            for (i, line) in text::wrap(&words, columns - 2).into_iter().enumerate() {
                rows.push(vec![(0, if i == 0 { pen.theme.glyphs.open.to_string() } else { String::new() }, dim), (2, line, dim)]);
            }
            continue;
        };
        let right = Some(chosen) == q.answer;
        let (sign, style) = if right { (pen.theme.glyphs.ok, pen.ink(Ink::Good)) } else { (pen.theme.glyphs.no, pen.ink(Ink::Bad)) };
        let said = q.choices.get(chosen).map_or("", |c| c);
        let was = if right { String::new() } else { format!("; it was: {was}") };
        let words = format!("You predicted: {said}{was}");
        for (i, line) in text::wrap(&words, columns - 2).into_iter().enumerate() {
            rows.push(vec![(0, if i == 0 { sign.to_string() } else { String::new() }, style), (2, line, plain)]);
        }
    }
    if view.answered.iter().any(|q| q.answer.is_some()) {
        rows.push(vec![]);
    }
    for words in &view.debrief {
        for (i, line) in text::wrap(words, columns - 2).into_iter().enumerate() {
            let lead = if i == 0 { pen.theme.glyphs.crumb } else { " " };
            rows.push(vec![(0, lead.to_string(), dim), (2, line, plain)]);
        }
    }
    if !view.debrief.is_empty() {
        rows.push(vec![]);
    }
    table(pen, view, columns, &mut rows);
    rows
}

/// `✔ Two copies keep serving        kubernetes.ready(…) >= 2 · lowest 2`
fn expectation(pen: &Pen, e: &ExpectationView, columns: usize, rows: &mut Vec<Row>) {
    let g = pen.theme.glyphs;
    let (sign, style) = match e.passed {
        Some(true) => (g.ok, pen.ink(Ink::Good)),
        Some(false) => (g.no, pen.ink(Ink::Bad)),
        None => (g.open, pen.ink(Ink::Dim)),
    };
    let (plain, dim) = (pen.ink(Ink::Text), pen.ink(Ink::Dim));
    let say = if e.say.is_empty() { format!("{} {}", e.mode, e.expr) } else { e.say.clone() };
    for (i, line) in text::wrap(&say, columns - 2).into_iter().enumerate() {
        let mut row: Row = vec![(2, line, plain)];
        if i == 0 {
            row.insert(0, (0, sign.to_string(), style));
        }
        rows.push(row);
    }
    // Why it failed matters; that it held is enough.
    if e.passed == Some(false) && !e.detail.is_empty() {
        for line in text::wrap(&e.detail, columns - 4) {
            rows.push(vec![(4, line, dim)]);
        }
    }
}

/// A drill: the verdict, the four times, and what happened on the way.
fn drill(pen: &Pen, d: &DrillView, columns: usize, rows: &mut Vec<Row>) {
    let g = pen.theme.glyphs;
    let (plain, dim) = (pen.ink(Ink::Text), pen.ink(Ink::Dim));
    let (good, bad) = (pen.ink(Ink::Good), pen.ink(Ink::Bad));
    let mut put = |sign: &str, style: Style, words: &str, ink: Style| {
        for (i, line) in text::wrap(words, columns - 2).into_iter().enumerate() {
            rows.push(vec![(0, if i == 0 { sign.to_string() } else { String::new() }, style), (2, line, ink)]);
        }
    };
    match &d.verdict {
        Some(v) if v.passed => put(g.ok, good, &v.text, plain),
        Some(v) => put(g.no, bad, &v.text, plain),
        None => put(g.open, dim, &format!("Goal: {}", d.goal), plain),
    }
    for (word, after) in d.times() {
        let words = after.map_or_else(|| format!("{word}: not yet"), |a| format!("{word} after {}", text::span(a)));
        put(if after.is_some() { g.ok } else { g.open }, if after.is_some() { good } else { dim }, &words, plain);
    }
    if !d.because.is_empty() {
        put("", dim, &d.because, plain);
    }
    for (at, words) in &d.lost {
        put(g.no, bad, &format!("{} lost: {words}", at.clock()), plain);
    }
    for (at, words) in &d.mistakes {
        put(g.no, bad, &format!("{} {words}", at.clock()), plain);
    }
    let counted = |n: usize, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    put("", dim, &format!("{}, {}", counted(d.hints.len(), "hint", "hints"), counted(d.cause.wrong(), "wrong cause", "wrong causes")), dim);
    rows.push(vec![]);
}

/// Every measure with one column for each world, then every fault.
fn table(pen: &Pen, view: &LabView, columns: usize, rows: &mut Vec<Row>) {
    let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
    let worlds = view.worlds.len().max(1);
    let name_columns = if columns >= 60 { 26 } else { 20 };
    let each = ((columns.saturating_sub(name_columns)) / worlds).min(24);
    let at = |n: usize| u16::try_from(name_columns + n * each).unwrap_or(0);
    let accent = |n: usize| pen.theme.world(view.worlds[n].view.name);
    let mut head: Row = Vec::new();
    for (n, w) in view.worlds.iter().enumerate() {
        head.push((at(n), text::world_title(w.view.name), accent(n).add_modifier(Modifier::BOLD)));
    }
    rows.push(head);
    for m in MEASURES.iter().filter(|m| m.name != "recovered") {
        let best = best(&view.worlds, m.rank);
        let mut row: Row = vec![(0, m.name.to_string(), dim)];
        for (n, w) in view.worlds.iter().enumerate() {
            let style = if best == Some(n) { accent(n).add_modifier(Modifier::BOLD) } else { plain };
            row.push((at(n), (m.write)(&w.score), style));
        }
        rows.push(row);
    }
    let seconds = |after: Option<crate::session::view::SimDuration>| after.map_or_else(|| "not in this run".to_string(), text::span);
    let mut ids: Vec<&str> = view.worlds.iter().flat_map(|w| w.score.faults.iter().map(|f| &*f.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        for (what, detected) in [("detected", true), ("recovered", false)] {
            let mut row: Row = vec![(0, format!("{id} {what}"), dim)];
            for (n, w) in view.worlds.iter().enumerate() {
                let words = match w.score.faults.iter().find(|f| &*f.id == id) {
                    Some(f) if !detected && !f.hurt => "not hurt".into(),
                    Some(f) => seconds(if detected { f.detected_after } else { f.recovered_after }),
                    None => "–".into(),
                };
                row.push((at(n), words, plain));
            }
            rows.push(row);
        }
    }
    // Why requests failed, the most frequent reason first.
    let mut reasons: Vec<&'static str> = view.worlds.iter().flat_map(|w| w.score.failed_by_reason.iter().map(|r| r.0)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let mut row: Row = vec![(0, format!("failed: {reason}"), dim)];
        for (n, w) in view.worlds.iter().enumerate() {
            let count = w.score.failed_by_reason.iter().find(|r| r.0 == reason).map_or(0, |r| r.1);
            row.push((at(n), text::number(count), plain));
        }
        rows.push(row);
    }
}
