//! A drill's line: what is to be reached, for how long the trouble has lasted, and what the learner has so far.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::draw::{Pen, Spot};
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::text;
use crate::tui::theme::Ink;

/// Lines it wants: none outside drills, two where one would cut the goal off.
pub fn rows_wanted(lab: &Lab, width: u16, height: u16) -> u16 {
    let Some(d) = &lab.view.drill else { return 0 };
    let status: usize = status(lab).iter().map(|(words, _)| text::width(words)).sum();
    let fits = text::width(&d.goal) + status + 12 <= usize::from(width);
    if fits || height < 24 { 1 } else { 2 }
}

/// How long the trouble has lasted, and the drill's two keys.
fn status(lab: &Lab) -> Vec<(String, Ink)> {
    let Some((d, began)) = lab.view.drill.as_ref().and_then(|d| Some((d, d.began?))) else { return Vec::new() };
    let trouble = match d.mitigated_after {
        Some(after) => (format!("fixed in {}", text::span(after)), Ink::Good),
        None => (format!("trouble {}", text::clock(lab.view.now.since(began).as_secs())), Ink::Dim),
    };
    let cause = match (d.cause.is_named(), d.cause.wrong()) {
        (true, _) => "cause named".to_string(),
        (false, 0) => "cause".to_string(),
        (false, n) => format!("cause ({n} wrong)"),
    };
    let hints = if d.hints.is_empty() { "hint".to_string() } else { format!("hint ({})", d.hints.len()) };
    let dim = |words: &str| (words.to_string(), Ink::Dim);
    vec![trouble, dim("   "), ("H".into(), Ink::Key), dim(" "), dim(&hints), dim("   "), ("C".into(), Ink::Key), dim(" "), dim(&cause)]
}

pub fn draw(pen: &mut Pen, area: Rect, lab: &Lab) {
    let (Some(d), true) = (&lab.view.drill, area.height > 0) else { return };
    let g = pen.theme.glyphs;
    let (dim, story) = (pen.ink(Ink::Dim), pen.ink(Ink::Story));
    let (sign, ink) = if d.holds { (g.ok, Ink::Good) } else { (g.open, Ink::Warn) };
    let mark = pen.ink(ink);
    // The status, right: it stays readable when the goal is long.
    let status = status(lab);
    let mut used = 0;
    if !status.is_empty() {
        let pieces: Vec<(&str, Style)> = status.iter().map(|(words, ink)| (&**words, pen.ink(*ink))).collect();
        used = pen.right(Rect { width: area.width - 1, ..area }, area.y, &pieces) + 2;
        pen.spots.add(Rect { x: area.right().saturating_sub(used), width: used, height: 1, ..area }, Spot::Press(Message::Cause));
    }
    let lead = pen.line(area.x + 1, area.y, area.width.saturating_sub(used + 1), &[(sign, mark), (" ", dim), ("goal ", dim)]);
    let first = usize::from(area.width.saturating_sub(used + lead + 2)).max(10);
    let mut words = d.goal.as_str();
    for (i, y) in (area.y..area.bottom()).enumerate() {
        let columns = if i == 0 { first } else { usize::from(area.width.saturating_sub(lead + 2)).max(10) };
        let line = text::wrap(words, columns).into_iter().next().unwrap_or_default();
        let rest = words.get(line.len()..).unwrap_or_default().trim_start();
        let cut = y + 1 == area.bottom() && !rest.is_empty();
        let shown = if cut { text::fit(words, columns, g.ellipsis).into_owned() } else { line.clone() };
        pen.put(area.x + 1 + lead, y, u16::try_from(columns).unwrap_or(u16::MAX), &shown, story);
        words = rest;
    }
}
