//! One copy in a world's pane: name, state, remarks, what it answers.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::view::{CopyView, Health};
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

use super::world::Grid;

/// Fewer columns of a name tell nothing.
const NAME: u16 = 6;

/// As many of a copy's remarks as fit: what will become of it weighs most, then how much of it is ready.
fn fewer(detail: &str, columns: usize) -> &str {
    let mut left = detail;
    while text::width(left) > columns {
        let split = |from_the_end: bool| {
            let (comma, spaces) = if from_the_end {
                (left.rsplit_once(", "), left.rsplit_once("  "))
            } else {
                (left.split_once(", "), left.split_once("  "))
            };
            spaces.or(comma)
        };
        let doomed = left.contains("deleted in");
        left = match (doomed, split(!doomed)) {
            (true, Some((_, rest))) => rest,
            (false, Some((front, _))) => front,
            (_, None) => return left,
        };
    }
    left
}

/// Docker's words for a state, ever shorter: `Up About a minute (healthy)`, `Up 1m (healthy)`, `Up (healthy)`; `Exited (1) 5 seconds ago`,
/// `Exited (1) 5s`, `Exited (1)`. Those of Kubernetes have no time in them.
fn shorter(state: &str) -> Vec<String> {
    let mut forms = vec![state.to_string()];
    let (head, rest) = match (state.strip_prefix("Up "), state.find(") ")) {
        (Some(rest), _) => ("Up", rest),
        (None, Some(at)) => (&state[..=at], &state[at + 2..]),
        (None, None) => return forms,
    };
    let (time, end) = rest.split_once(" (").map_or((rest, String::new()), |(time, end)| (time, format!(" ({end}")));
    let time = time.strip_suffix(" ago").unwrap_or(time);
    let time = time.strip_prefix("About ").unwrap_or(time);
    let brief = match time.split_once(' ') {
        Some(("Less", _)) => Some("<1s".to_string()),
        // Months are not minutes.
        Some((n, unit)) => {
            let n = if matches!(n, "a" | "an") { "1" } else { n };
            let unit = if unit.starts_with("month") { "mo" } else { unit.get(..1).unwrap_or_default() };
            n.parse::<u32>().ok().map(|n| format!("{n}{unit}"))
        }
        None => None,
    };
    forms.extend(brief.map(|brief| format!("{head} {brief}{end}")));
    forms.push(format!("{head}{end}"));
    forms
}

/// The longest forms of state and remarks that fit: a state is told whole, remarks give way, and how often it was restarted goes last.
fn fitting(copy: &CopyView, columns: usize, times: &str) -> (String, String) {
    let states = shorter(&copy.word);
    let remarks = |room: usize| {
        let left = fewer(&copy.detail, room);
        match left.strip_prefix("restarts ") {
            Some(n) if text::width(left) > room && n.parse::<u32>().is_ok() => format!("{n}{times}"),
            _ => left.to_string(),
        }
    };
    let beside = |state: &String| columns.saturating_sub(text::width(state) + 1);
    for state in &states {
        if text::width(state) + usize::from(!copy.detail.is_empty()) * (text::width(&copy.detail) + 1) <= columns {
            return (state.clone(), copy.detail.to_string());
        }
    }
    let state = states.into_iter().next_back().unwrap_or_default();
    let detail = remarks(beside(&state));
    (state, detail)
}

/// `shop-7d9f-x2kqp ● Running 1/1    30/s`
pub(super) fn draw(pen: &mut Pen, area: Rect, copy: &CopyView, grid: &Grid) {
    let (sign, style) = pen.theme.health(copy.health);
    if grid.signs {
        pen.put(area.x, area.y, 1, sign, style);
        return;
    }
    let quiet: Style = match copy.health {
        Health::Good => pen.ink(Ink::Dim),
        _ => style,
    };
    let (plain, dim) = (pen.ink(Ink::Text), pen.ink(Ink::Dim));
    // Beside the shortest name: a space, the sign and its space, and one column of air.
    let columns = usize::from(area.width.saturating_sub(NAME + 4));
    let (state, detail) = fitting(copy, columns, pen.theme.glyphs.times);
    // A state is never cut while there is a name beside it that can be.
    let status = 2 + text::width(&state) + if detail.is_empty() { 0 } else { text::width(&detail) + 1 };
    let beside = usize::from(area.width).saturating_sub(status + 2);
    let label = u16::try_from(grid.label.min(beside)).unwrap_or(NAME).max(NAME).min(area.width.saturating_sub(4));
    let name = text::fit_name(&copy.label, usize::from(label), pen.theme.glyphs.ellipsis);
    pen.put(area.x, area.y, label, &name, if copy.health == Health::Idle { dim } else { plain });
    let mut x = area.x + label + 1;
    let room = (area.right().saturating_sub(1)).saturating_sub(x);
    let word = text::fit(&state, usize::from(room).saturating_sub(2).max(8), pen.theme.glyphs.ellipsis);
    let mut pieces: Vec<(&str, Style)> = vec![(sign, style), (" ", dim), (&word, quiet)];
    if !detail.is_empty() {
        pieces.extend([(" ", dim), (&*detail, if copy.health == Health::Good { dim } else { style })]);
    }
    x += pen.line(x, area.y, room, &pieces);
    if copy.serving_rps > 0 {
        let rate = format!("{}/s", copy.serving_rps);
        let columns = u16::try_from(rate.len()).unwrap_or(6);
        // In one column with the others, however wide the pane is.
        let right = area.right().min(area.x + grid.full);
        if x + columns + 2 < right {
            pen.put(right - columns - 2, area.y, columns, &rate, dim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_get_shorter_before_they_are_cut() {
        for (state, forms) in [
            ("Up About a minute (healthy)", &["Up 1m (healthy)", "Up (healthy)"][..]),
            ("Up Less than a second", &["Up <1s", "Up"]),
            ("Up 3 hours (Paused)", &["Up 3h (Paused)", "Up (Paused)"]),
            ("Up 5 seconds (health: starting)", &["Up 5s (health: starting)", "Up (health: starting)"]),
            ("Up 2 months", &["Up 2mo", "Up"]),
            ("Restarting (1) 5 seconds ago", &["Restarting (1) 5s", "Restarting (1)"]),
            ("Exited (137) About an hour ago", &["Exited (137) 1h", "Exited (137)"]),
            ("ContainerCreating", &[]),
        ] {
            assert_eq!(&shorter(state)[1..], forms, "{state}");
        }
    }
}
