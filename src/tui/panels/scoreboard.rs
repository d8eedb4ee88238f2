//! One line that compares: each number once for each world, in the worlds' colours, the better one bold.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::view::{LabView, ScoreView, WorldPanel};
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

/// A number of the scoreboard: its name, how it is written, and what makes one value better than another (more is better if positive).
pub struct Measure {
    pub name: &'static str,
    pub short: &'static str,
    pub write: fn(&ScoreView) -> String,
    /// Smaller is better; None if there is nothing to compare.
    pub rank: fn(&ScoreView) -> Option<f64>,
}

fn seconds(after: Option<crate::session::view::SimDuration>) -> String {
    after.map_or_else(|| "–".into(), text::span)
}

/// Every measure, the most telling first.
pub const MEASURES: &[Measure] = &[
    Measure { name: "availability", short: "avail", write: |s| text::percent(s.availability), rank: |s| s.availability.map(|a| -a) },
    Measure { name: "failed", short: "failed", write: |s| text::number(s.failed), rank: |s| Some(s.failed as f64) },
    Measure { name: "down", short: "down", write: |s| text::clock(s.downtime_s), rank: |s| Some(s.downtime_s as f64) },
    Measure { name: "manual", short: "manual", write: |s| s.manual_actions.to_string(), rank: |s| Some(s.manual_actions as f64) },
    Measure { name: "impaired", short: "impaired", write: |s| text::clock(s.impaired_s), rank: |s| Some(s.impaired_s as f64) },
    Measure { name: "p99", short: "p99", write: |s| text::millis(s.p99_ms), rank: |s| s.p99_ms },
    Measure {
        name: "serving",
        short: "copies",
        write: |s| format!("{}/{}", s.serving, s.declared),
        rank: |s| (s.declared > 0).then(|| 1.0 - f64::from(s.serving) / f64::from(s.declared)),
    },
    Measure {
        name: "recovered",
        short: "rec",
        write: |s| seconds(s.faults.last().filter(|f| f.hurt).and_then(|f| f.recovered_after)),
        rank: |_| None,
    },
    Measure { name: "cost", short: "cost", write: |s| format!("{:.2}", s.cost), rank: |s| Some(s.cost) },
];

/// The better of several values, unless all are the same.
pub fn best(worlds: &[WorldPanel], rank: fn(&ScoreView) -> Option<f64>) -> Option<usize> {
    let ranks: Vec<f64> = worlds.iter().map(|w| rank(&w.score)).collect::<Option<_>>()?;
    let (at, low) = ranks.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    ranks.iter().any(|r| *r > low).then_some(at)
}

pub fn draw(pen: &mut Pen, area: Rect, view: &LabView) {
    let dim = pen.ink(Ink::Dim);
    let faint = pen.ink(Ink::Faint);
    let mut x = area.x + 1;
    let roomy = area.width >= 100;
    let split = pen.theme.glyphs.split;
    let faults = view.worlds.iter().any(|w| !w.score.faults.is_empty());
    for m in MEASURES.iter().filter(|m| faults || m.name != "recovered") {
        let name = if roomy { m.name } else { m.short };
        let values: Vec<String> = view.worlds.iter().map(|w| (m.write)(&w.score)).collect();
        let spaced = usize::from(roomy);
        let wants = text::width(name)
            + 1
            + values.iter().map(|v| text::width(v)).sum::<usize>()
            + values.len().saturating_sub(1) * (1 + 2 * spaced);
        let wants = u16::try_from(wants).unwrap_or(u16::MAX);
        if x + wants + 1 > area.right() {
            break;
        }
        x += pen.line(x, area.y, wants, &[(name, dim), (" ", dim)]);
        let best = best(&view.worlds, m.rank);
        for (n, (value, world)) in values.iter().zip(&view.worlds).enumerate() {
            if n > 0 {
                x += spaced as u16;
                x += pen.put(x, area.y, 1, split, faint) + spaced as u16;
            }
            let accent: Style = pen.theme.world(world.view.name);
            let style = if best == Some(n) { accent.add_modifier(Modifier::BOLD) } else { accent };
            x += pen.put(x, area.y, area.right().saturating_sub(x), value, style);
        }
        x += if roomy { 4 } else { 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_world_wins_and_a_tie_has_no_winner() {
        let world = |name, failed| WorldPanel {
            view: crate::session::view::WorldView {
                name,
                subtitle: String::new(),
                lamps: vec![],
                hosts: vec![],
                unplaced: Vec::new().into(),
                apps: vec![],
                alarms: vec![],
                console: String::new(),
            },
            requests: Default::default(),
            score: ScoreView { failed, availability: Some(0.5), ..Default::default() },
        };
        let worlds = [world("docker", 9), world("kubernetes", 3)];
        assert_eq!(best(&worlds, MEASURES[1].rank), Some(1));
        assert_eq!(best(&worlds, MEASURES[0].rank), None);
    }
}
