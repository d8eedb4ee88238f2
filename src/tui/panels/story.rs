//! What the narrator says, between the title and the worlds, so that it hides nothing.

use ratatui::layout::Rect;

use crate::tui::draw::{Pen, Spot};
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::text;
use crate::tui::theme::Ink;

/// The words at this moment: the narrator's last, or what the scenario is about.
pub fn words(lab: &Lab) -> &str {
    lab.view.story.last().map_or(&lab.view.summary, |(_, words)| words)
}

/// What the narrator waits for, if anything.
fn waits(lab: &Lab) -> Option<&'static str> {
    if lab.narrator_waits {
        Some("space: go on")
    } else if !lab.player.playing && lab.view.now == crate::session::view::SimTime::ZERO {
        Some("space: start")
    } else {
        None
    }
}

/// Lines the story wants in a width.
pub fn rows_wanted(lab: &Lab, width: u16, most: u16) -> u16 {
    let words = words(lab);
    if words.is_empty() {
        return 0;
    }
    // What stops time must be read to its end.
    let most = if lab.narrator_waits { most.max(5) } else { most };
    u16::try_from(text::wrap(words, columns(lab, width)).len()).unwrap_or(most).min(most)
}

/// Columns for the words; beside a button there are fewer.
fn columns(lab: &Lab, width: u16) -> usize {
    usize::from(width.saturating_sub(if waits(lab).is_some() { 20 } else { 5 })).max(20)
}

pub fn draw(pen: &mut Pen, area: Rect, lab: &Lab) {
    if area.height == 0 {
        return;
    }
    let (story, bar) = (pen.ink(Ink::Story), pen.ink(if lab.narrator_waits { Ink::Warn } else { Ink::Faint }));
    let lines = text::wrap(words(lab), columns(lab, area.width));
    // What does not fit is a key away, and the last line says which.
    let cut = lines.len() > usize::from(area.height);
    let key = pen.ink(Ink::Key);
    let more = format!("{} r: all of it", pen.theme.glyphs.ellipsis);
    for (i, y) in (area.y..area.bottom()).enumerate() {
        let sign = pen.theme.glyphs.story_bar;
        pen.put(area.x + 1, y, 1, sign, bar);
        if let Some(line) = lines.get(i) {
            let last = cut && y + 1 == area.bottom();
            let reserved = if last { u16::try_from(text::width(&more)).unwrap_or(14) } else { 0 };
            let line = text::fit(line, usize::from(area.width.saturating_sub(4 + reserved)), "");
            let used = pen.put(area.x + 3, y, area.width.saturating_sub(4), &line, story);
            if last {
                let place = Rect { x: area.x + 3 + used, y, width: reserved, height: 1 };
                pen.put(place.x, y, reserved, &more, key);
                pen.spots.add(place, Spot::Press(Message::Story));
            }
        }
    }
    if let Some(words) = waits(lab) {
        let button = pen.ink(Ink::Button);
        let columns = u16::try_from(text::width(words) + 2).unwrap_or(14);
        let place = Rect { x: area.right().saturating_sub(columns + 1), y: area.y, width: columns, height: 1 };
        pen.line(place.x, place.y, columns, &[(" ", button), (words, button), (" ", button)]);
        pen.spots.add(place, Spot::Press(Message::PlayPause));
    }
}
