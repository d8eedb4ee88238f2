//! The whole scenario as one line: what has happened, where we are, what is to come. A click travels.

use ratatui::layout::Rect;

use crate::session::view::{LabView, Mark, MarkKind, SimTime};
use crate::tui::draw::{Pen, Spot};
use crate::tui::text;
use crate::tui::theme::Ink;

/// Columns of the legend at most.
const LEGEND: u16 = 40;

/// The column of a moment on a bar of `columns`.
fn column(at: SimTime, end: SimTime, columns: u16) -> u16 {
    let (at, end) = (u128::from(at.as_nanos()), u128::from(end.as_nanos().max(1)));
    u16::try_from(at.min(end) * u128::from(columns.saturating_sub(1)) / end).unwrap_or(0)
}

pub fn draw(pen: &mut Pen, area: Rect, view: &LabView) {
    let end_words = view.end.clock();
    // A width of its own, whatever it says: the bar must not change its length while time runs.
    let legend_columns = if area.width >= 72 && view.marks.iter().any(telling) { (area.width / 3).min(LEGEND) } else { 0 };
    let fixed = 4 + u16::try_from(end_words.len()).unwrap_or(5) + if legend_columns > 0 { legend_columns + 3 } else { 0 };
    let columns = area.width.saturating_sub(fixed);
    if columns < 8 {
        return;
    }
    let g = pen.theme.glyphs;
    let (faint, plain, dim) = (pen.ink(Ink::Faint), pen.ink(Ink::Text), pen.ink(Ink::Dim));
    pen.put(area.x + 1, area.y, 1, g.edge, dim);
    let bar = Rect { x: area.x + 2, width: columns, ..area };
    let here = column(view.now, view.end, columns);
    pen.run(bar.x, bar.y, here, g.past, plain);
    pen.run(bar.x + here, bar.y, columns - here, g.future, faint);
    // Where several fall on one column, what matters most is seen.
    let mut marks: Vec<&Mark> = view.marks.iter().collect();
    marks.sort_by_key(|m| match m.kind {
        MarkKind::Say => 0,
        MarkKind::Command => 1,
        MarkKind::Yours => 2,
        MarkKind::FaultEnd => 3,
        MarkKind::Question => 4,
        MarkKind::Fault => 5,
    });
    for mark in marks {
        let (sign, style) = pen.theme.mark(mark.kind);
        let style = if mark.past { style } else { dim };
        pen.run(bar.x + column(mark.at, view.end, columns), bar.y, 1, sign, style);
    }
    let strong = pen.ink(Ink::Strong);
    pen.run(bar.x + here, bar.y, 1, g.now, strong);
    pen.spots.add(bar, Spot::Timeline);
    let mut x = bar.right();
    x += pen.put(x, area.y, 1, g.edge, dim);
    x += 1 + pen.put(x + 1, area.y, 8, &end_words, dim);
    if legend_columns > 0 {
        x += 3;
        if let Some(mark) = spoken(view) {
            let (sign, style) = pen.theme.mark(mark.kind);
            let style = if mark.past { style } else { dim };
            let words = legend(view.now, mark, usize::from(legend_columns).saturating_sub(2), pen.theme.glyphs.ellipsis);
            pen.line(x, area.y, legend_columns, &[(sign, style), (" ", dim), (&words, dim)]);
        }
    }
}

fn telling(m: &Mark) -> bool {
    m.kind != MarkKind::Say
}

/// The mark the legend speaks of: the last one that happened, else the next one.
fn spoken(view: &LabView) -> Option<&Mark> {
    let marks = || view.marks.iter().filter(|m| telling(m));
    let past = marks().filter(|m| m.past).max_by_key(|m| m.at);
    past.or_else(|| marks().filter(|m| !m.past).min_by_key(|m| m.at))
}

/// `blackout 00:51 ago` in so many columns: a long label gives way, the time does not.
fn legend(now: SimTime, mark: &Mark, columns: usize, ellipsis: &str) -> String {
    let seconds = if mark.past { now.since(mark.at) } else { mark.at.since(now) }.as_secs();
    let distance = match (mark.past, seconds) {
        (true, 0) => "now".to_string(),
        (true, s) => format!("{} ago", text::clock(s)),
        (false, s) => format!("in {}", text::clock(s)),
    };
    let label = if mark.kind == MarkKind::Question || mark.label.is_empty() { "question" } else { &mark.label };
    let label = text::fit(label, columns.saturating_sub(text::width(&distance) + 1), ellipsis);
    format!("{label} {distance}")
}

/// The thousandth of the whole that a click on the bar means.
pub fn permille(bar: Rect, x: u16) -> u64 {
    u64::from(x.saturating_sub(bar.x)) * 1000 / u64::from(bar.width.saturating_sub(1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_legend_is_never_cut() {
        let now = SimTime::from_secs(130);
        let mark = Mark { at: SimTime::from_secs(100), kind: MarkKind::Command, label: "kubectl rollout restart".into(), past: true };
        assert_eq!(legend(now, &mark, 40, "…"), "kubectl rollout restart 00:30 ago");
        assert_eq!(legend(now, &mark, 20, "…"), "kubectl r… 00:30 ago");
        assert_eq!(legend(now, &Mark { at: SimTime::from_secs(130), ..mark }, 20, "…"), "kubectl rollout… now");
    }

    #[test]
    fn ends_are_ends() {
        let end = SimTime::from_secs(720);
        assert_eq!(column(SimTime::ZERO, end, 50), 0);
        assert_eq!(column(end, end, 50), 49);
        assert_eq!(column(SimTime::from_secs(9999), end, 50), 49);
        assert_eq!(column(SimTime::ZERO, SimTime::ZERO, 50), 0);
        assert_eq!(permille(Rect::new(2, 0, 50, 1), 51), 1000);
        assert_eq!(permille(Rect::new(2, 0, 50, 1), 2), 0);
    }
}
