//! A decision of a scheduler as a table: machines by plugins with bars and totals, who was turned down and why, what would move it.
//! It needs no more than sixty columns and shows more where there is room.

use std::cell::Cell;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::view::{RoomMade, SimTime, Waiting, Weighed, Weighing};
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

use super::scroll::Scroll;

/// Pieces of one line.
type Row = Vec<(String, Style)>;

/// Machines turned down that get a line each; more are grouped by reason.
const SINGLE: usize = 8;
/// Names of a group before "and so many more".
const NAMES: usize = 6;

#[derive(Default)]
pub struct WeighingView {
    pub scroll: Scroll,
    /// The area the rows were last laid into: how many scored machines are shown depends on its height.
    height: Cell<u16>,
}

impl WeighingView {
    /// Draws lines of the caller's, then the decision.
    pub fn draw(&self, pen: &mut Pen, area: Rect, lead: Vec<Row>, w: Option<&Weighing>) {
        if area.width < 20 || area.height == 0 {
            return;
        }
        self.height.set(area.height);
        let mut rows = lead;
        if let Some(w) = w {
            if !rows.is_empty() {
                rows.push(vec![]);
            }
            rows.extend(lines(pen, w, area.width - 1, area.height));
        }
        let shown = usize::from(area.height);
        let first = self.scroll.lay(shown, rows.len());
        for (y, row) in (area.y..area.bottom()).zip(&rows[first..]) {
            let pieces: Vec<(&str, Style)> = row.iter().map(|(t, s)| (t.as_str(), *s)).collect();
            pen.line(area.x, y, area.width - 1, &pieces);
        }
        pen.scrollbar(area, first, shown, rows.len());
    }
}

/// Where a pod waits, and for what.
pub fn waiting(pen: &Pen, w: &Waiting, now: SimTime, width: u16) -> Vec<Row> {
    let (dim, plain, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Warn));
    let mut rows = vec![vec![
        ("queue      ".to_string(), dim),
        (pool_words(w, now), warn),
        (format!("   priority {}   {}", w.priority, attempts(w.attempts)), dim),
    ]];
    let label = |n: usize| if n == 0 { "wakes it   " } else { "           " };
    let mut n = 0;
    for (plugin, events) in &w.waits_for {
        for line in text::wrap(&format!("{plugin}: {events}"), usize::from(width.saturating_sub(12)).max(20)) {
            rows.push(vec![(label(n).to_string(), dim), (line, plain)]);
            n += 1;
        }
    }
    if w.pool == "unschedulable" {
        rows.push(vec![(label(n).to_string(), dim), ("or five minutes without any of that".to_string(), plain)]);
    }
    rows
}

/// `in back-off until 02:31` and the like.
pub fn pool_words(w: &Waiting, now: SimTime) -> String {
    let since = |t: SimTime| text::clock(now.since(t).as_secs());
    match (w.pool, w.until) {
        ("active", _) => format!("active for {}: the next cycles will try it", since(w.since)),
        ("back-off", Some(until)) => format!("in back-off until {} at the latest, {} from now", clock(until), text::span(until.since(now))),
        ("gated", _) => format!("gated for {}", since(w.since)),
        (pool, _) => format!("{pool} for {}", since(w.since)),
    }
}

fn clock(t: SimTime) -> String {
    text::clock(t.as_secs())
}

fn attempts(n: u32) -> String {
    match n {
        0 => "not tried yet".into(),
        1 => "tried once".into(),
        n => format!("tried {n} times"),
    }
}

/// Everything about one decision in lines of at most `width`.
fn lines(pen: &Pen, w: &Weighing, width: u16, height: u16) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let bold = pen.ink(if w.chosen.is_some() { Ink::Good } else { Ink::Bad });
    rows.extend(text::wrap(&w.verdict, usize::from(width)).into_iter().map(|l| vec![(l, bold)]));
    rows.push(vec![]);
    table(pen, w, width, height, &mut rows);
    if let Some(why) = &w.barred {
        let (no, bad) = (pen.theme.glyphs.no, pen.ink(Ink::Bad));
        rows.extend(labelled(pen, &format!("{no} all nodes"), why, width).into_iter().map(|mut r| {
            r[0].1 = bad;
            r
        }));
    }
    turned_down(pen, w, width, &mut rows);
    if let Some(RoomMade { machine, victims, equal }) = &w.preemption {
        let go = format!("{machine} is nominated; {} must go, then it is tried again", list(victims, NAMES));
        rows.push(vec![]);
        rows.extend(labelled(pen, "preemption", &go, width));
        if !equal.is_empty() {
            let names: Vec<String> = equal.iter().map(ToString::to_string).collect();
            rows.extend(labelled(pen, "", &format!("just as good: {}", list(&names, NAMES)), width));
        }
    }
    if w.chosen.is_none() && !w.message.is_empty() {
        rows.push(vec![]);
        rows.extend(labelled(pen, "message", &w.message, width));
    }
    moves(pen, w, width, &mut rows);
    rows.dedup_by(|a, b| a.is_empty() && b.is_empty());
    rows
}

/// The column of names, the same in all parts of the panel.
fn name_width(w: &Weighing, width: u16) -> usize {
    let down = w.turned_down.iter().flat_map(|g| &g.machines).map(|(n, _)| n);
    let longest = w.fits.iter().map(|n| &n.name).chain(down).map(|n| text::width(n)).max().unwrap_or(4);
    longest.clamp(4, usize::from(width) / 4)
}

fn table(pen: &Pen, w: &Weighing, width: u16, height: u16, rows: &mut Vec<Row>) {
    let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
    let (strong, good, faint) = (pen.ink(Ink::Strong), pen.ink(Ink::Good), pen.ink(Ink::Faint));
    let glyphs = pen.theme.glyphs;
    if w.fits.is_empty() {
        return;
    }
    let name = name_width(w, width);
    let columns = w.columns.len().max(1);
    // Name, sign, total and its mark stand outside of the plugins' columns.
    let room = usize::from(width).saturating_sub(name + 4 + 10);
    let cell = (room / columns).clamp(5, 16);
    if !w.columns.is_empty() {
        let mut head: Row = vec![(" ".repeat(name + 4), dim)];
        for c in &w.columns {
            let weight = c.most / 100;
            let long = format!("{} {}{weight}", c.name, glyphs.times);
            let words = if weight > 1 && text::width(&long) < cell { long } else { c.name.to_string() };
            head.push((pad(&text::fit(&words, cell - 1, glyphs.ellipsis), cell), dim));
        }
        head.push(("total".into(), dim));
        rows.push(head);
    }
    // What is below the table shall be seen without scrolling, if there is a choice.
    let most = usize::from(height.saturating_sub(14)).max(5);
    for n in w.fits.iter().take(most) {
        let chosen = w.chosen.as_ref() == Some(&n.name);
        let ink = if chosen { strong } else { plain };
        let mut row: Row = vec![(pad(&text::fit_name(&n.name, name, glyphs.ellipsis), name + 1), ink), (pad(glyphs.ok, 3), good)];
        scores(pen, w, n, cell, ink, &mut row);
        if let Some(total) = n.total {
            row.push((format!("{total:>5}"), ink));
        } else {
            row.push(("fits; with nothing to compare, nothing is scored".into(), dim));
        }
        let mark = match (chosen, n.best) {
            (true, _) => format!(" {}", glyphs.back),
            (false, true) => " =".into(),
            _ => String::new(),
        };
        row.push((mark, good));
        rows.push(row);
    }
    if w.fits.len() > most {
        rows.push(vec![(format!("{} {} more nodes that fit", glyphs.ellipsis, w.fits.len() - most), dim)]);
    }
    let ties = w.fits.iter().filter(|n| n.best).count();
    if ties > 1 {
        rows.push(vec![(format!("= {ties} share the highest total; chance picks one of them"), dim)]);
    }
    for line in w.partial.iter().flat_map(|why| text::wrap(why, usize::from(width))) {
        rows.push(vec![(line, faint)]);
    }
}

/// The cells of one machine: the number, and as much of a bar as fits.
fn scores(pen: &Pen, w: &Weighing, n: &Weighed, cell: usize, ink: Style, row: &mut Row) {
    let glyphs = pen.theme.glyphs;
    let (bar_ink, faint) = (pen.ink(Ink::Kubernetes), pen.ink(Ink::Faint));
    for (c, score) in w.columns.iter().zip(&n.scores) {
        let Some(score) = score else {
            row.push((pad("  –", cell), faint));
            continue;
        };
        let number = format!("{score:>3} ");
        let left = cell.saturating_sub(number.len() + 1);
        let share = usize::try_from(score.clamp(&0, &c.most) * 1000 / c.most).unwrap_or(0);
        let bar = if left >= 4 {
            glyphs.bars[6].repeat((left * share + 500) / 1000)
        } else if left > 0 && share > 0 {
            glyphs.bars[(share * 8 / 1000).min(7)].to_string()
        } else {
            String::new()
        };
        row.push((number, ink));
        row.push((pad(&bar, left + 1), bar_ink));
    }
}

fn turned_down(pen: &Pen, w: &Weighing, width: u16, rows: &mut Vec<Row>) {
    let groups = &w.turned_down;
    let (bad, plain, dim) = (pen.ink(Ink::Bad), pen.ink(Ink::Text), pen.ink(Ink::Dim));
    let glyphs = pen.theme.glyphs;
    let all: usize = groups.iter().map(|g| g.machines.len()).sum();
    if all == 0 {
        return;
    }
    rows.push(vec![]);
    if all <= SINGLE {
        let name = name_width(w, width);
        for g in groups {
            for (machine, numbers) in &g.machines {
                let lead = name + 4;
                let numbers = if numbers.is_empty() { String::new() } else { format!(" ({numbers})") };
                let words = text::wrap(&format!("{}{numbers}", g.why), usize::from(width).saturating_sub(lead).max(20));
                for (i, line) in words.into_iter().enumerate() {
                    rows.push(if i == 0 {
                        vec![
                            (pad(&text::fit_name(machine, name, glyphs.ellipsis), name + 1), plain),
                            (pad(glyphs.no, 3), bad),
                            (line, plain),
                        ]
                    } else {
                        vec![(" ".repeat(lead), plain), (line, plain)]
                    });
                }
            }
        }
        return;
    }
    for g in groups {
        rows.push(vec![(format!("{} {:>5}  ", glyphs.no, g.machines.len()), bad), (g.why.clone(), plain)]);
        let names: Vec<String> = g.machines.iter().map(|(n, _)| n.to_string()).collect();
        rows.push(vec![(format!("         {}", list(&names, NAMES)), dim)]);
        if let Some((machine, numbers)) = g.machines.iter().find(|(_, n)| !n.is_empty()) {
            rows.push(vec![(format!("         for example {machine}: {numbers}"), dim)]);
        }
    }
}

fn moves(pen: &Pen, w: &Weighing, width: u16, rows: &mut Vec<Row>) {
    const STAYING: usize = 2;
    let arrow = pen.theme.glyphs.arrow;
    let say = |m: &crate::session::view::Move| {
        let to = m.to.as_deref().unwrap_or("no node");
        if m.moves { format!("{} {arrow} {to}", m.change) } else { format!("{} {arrow} still {to}", m.change) }
    };
    let moving = w.moves.iter().filter(|m| m.moves);
    let staying = w.moves.iter().filter(|m| !m.moves).take(STAYING);
    let said: Vec<String> = moving.clone().chain(staying).map(say).collect();
    let label = match (w.chosen.is_some(), moving.clone().next().is_some()) {
        (true, true) => "would move it",
        (false, true) => "would help",
        _ => "would not",
    };
    if said.is_empty() {
        return;
    }
    rows.push(vec![]);
    for (n, line) in said.iter().enumerate() {
        rows.extend(labelled(pen, if n == 0 { label } else { "" }, line, width));
    }
}

/// A label and a sentence that is wrapped beside it.
fn labelled(pen: &Pen, label: &str, words: &str, width: u16) -> Vec<Row> {
    const LABEL: usize = 15;
    let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
    let columns = usize::from(width).saturating_sub(LABEL).max(20);
    let lines = text::wrap(words, columns).into_iter();
    lines.enumerate().map(|(n, l)| vec![(pad(if n == 0 { label } else { "" }, LABEL), dim), (l, plain)]).collect()
}

fn list(names: &[String], most: usize) -> String {
    match names {
        [] => "nobody".into(),
        [one] => one.clone(),
        many if many.len() > most => format!("{} and {} more", many[..most].join(", "), many.len() - most),
        many => format!("{} and {}", many[..many.len() - 1].join(", "), many[many.len() - 1]),
    }
}

/// The text in exactly so many columns, if it is not longer.
fn pad(words: &str, columns: usize) -> String {
    let mut out = words.to_string();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(text::width(words))));
    out
}
