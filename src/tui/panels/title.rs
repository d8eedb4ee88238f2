//! The top line: where we are, whether time runs, how fast, and what time it is.

use ratatui::layout::Rect;

use crate::tui::draw::{Pen, Spot};
use crate::tui::lab::{Lab, STEPS};
use crate::tui::message::Message;
use crate::tui::text;
use crate::tui::theme::Ink;

pub fn draw(pen: &mut Pen, area: Rect, lab: &Lab) {
    let g = pen.theme.glyphs;
    let (title, dim, strong) = (pen.ink(Ink::Title), pen.ink(Ink::Dim), pen.ink(Ink::Strong));
    let run = pen.ink(if lab.player.playing { Ink::Good } else { Ink::Warn });
    let sign = if lab.view.finished {
        "end"
    } else if lab.player.playing {
        g.play
    } else {
        g.pause
    };
    let mut speed = if lab.view.finished { String::new() } else { format!(" {}", text::speed(lab.player.speed(), g.times)) };
    if let Some(reached) = lab.player.limited() {
        speed.push_str(&format!(" ({reached:.0}{})", g.times));
    }
    let clock = lab.view.now.clock_millis();
    let seed = format!("seed {}", lab.view.seed);
    let mut extra = String::new();
    if lab.step > 0 {
        extra.push_str(&format!("step {}   ", STEPS[lab.step]));
    }
    if lab.breakpoint.is_some() {
        extra.push_str("break on   ");
    }
    let full = area.width >= 100;
    let mut pieces = vec![(&*extra, dim), (sign, run), (&*speed, run), ("   ", dim), (&*clock, strong), ("  ", dim)];
    if full {
        pieces.extend([(" ", dim), (&*seed, dim), ("   ", dim)]);
    }
    let help = "? help ";
    pieces.push((help, dim));
    let used = pen.right(area, area.y, &pieces);
    pen.spots.add(Rect { x: area.right().saturating_sub(7), width: 7, height: 1, ..area }, Spot::Press(Message::Help));
    pen.spots.add(
        Rect { x: area.right().saturating_sub(used), width: used.saturating_sub(30), height: 1, ..area },
        Spot::Press(Message::PlayPause),
    );
    let left = area.width.saturating_sub(used + 2);
    let name = if left >= 50 { "wheelhouse" } else { g.helm };
    pen.line(area.x + 1, area.y, left, &[(name, dim), (" ", dim), (g.crumb, dim), (" ", dim), (&lab.view.title, title)]);
}
