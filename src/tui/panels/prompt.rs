//! The foot of the lab: the line where people type, the output of their commands, or the keys that matter now.

use ratatui::layout::{Position, Rect};

use crate::tui::console::{Purpose, Tone};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::{self, Context};
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::text;
use crate::tui::theme::Ink;

/// The footer's entries for a context.
pub fn hints(context: Context) -> Vec<(String, &'static str, Message)> {
    keys::hints(context).into_iter().map(|b| (b.keys[0].name(), b.label, b.message)).collect()
}

/// Rows the output wants at most.
pub fn output_rows(lab: &Lab, width: u16, height: u16) -> u16 {
    let open = lab.line.as_ref().is_some_and(|l| l.purpose == Purpose::Command);
    if !open || (lab.console.lines.is_empty() && !lab.console.running) {
        return 0;
    }
    // Long lines need several rows; nobody counts further than the screen is high.
    let columns = usize::from(width.saturating_sub(3)).max(1);
    let lines = lab.console.lines.iter().rev().take(usize::from(height)).map(|(_, l)| text::chop(l, columns).count());
    let want = u16::try_from(lines.sum::<usize>() + 2).unwrap_or(u16::MAX);
    want.clamp(5, (height * 55 / 100).max(5))
}

/// Draws the last line. Returns where the text cursor belongs, if a line is being typed.
pub fn draw(pen: &mut Pen, area: Rect, lab: &Lab) -> Option<Position> {
    let Some(line) = &lab.line else {
        let mut columns = area.width.saturating_sub(2);
        if let Some(n) = &lab.notice {
            let style = pen.ink(if n.bad { Ink::Bad } else { Ink::Story });
            let words = n.text.replace('\n', " ");
            pen.put(area.x + 1, area.y, columns, &text::plain(&words), style);
            return None;
        }
        if area.width >= 110 {
            columns -= contexts(pen, area, lab) + 2;
        }
        let mut entries = hints(Context::Lab);
        if lab.player.playing {
            entries.iter_mut().filter(|e| e.2 == Message::PlayPause).for_each(|e| e.1 = "hold");
        }
        pen.hints(area.x + 1, area.y, columns, &entries);
        return None;
    };
    let lead = match line.purpose {
        Purpose::Command => "> ",
        Purpose::Filter => "/ ",
        Purpose::Breakpoint => "stop when ",
    };
    let key = pen.ink(Ink::Key);
    let mut x = area.x + 1;
    x += pen.put(x, area.y, area.width, lead, key);
    let waits = lab.view.question.is_some();
    let reserved = if area.width >= 80 || waits { contexts(pen, area, lab) + 2 } else { 1 };
    let columns = usize::from(area.right().saturating_sub(x + reserved)).max(1);
    let from = line.input.visual_scroll(columns);
    let value = line.input.value();
    // Scrolled by columns; every character typed here is one or two columns wide.
    let mut skipped = 0;
    let start = value
        .char_indices()
        .find(|(_, c)| {
            let here = skipped >= from;
            skipped += text::width(c.encode_utf8(&mut [0; 4]));
            here
        })
        .map_or(value.len(), |(i, _)| i);
    let plain = pen.ink(Ink::Text);
    if value.is_empty() {
        let hint = match line.purpose {
            Purpose::Command => "kubectl get pods -o wide",
            Purpose::Filter => "a word in the journal",
            Purpose::Breakpoint => "kubernetes.pods.exists(p, p.status == 'Pending')",
        };
        let faint = pen.ink(Ink::Faint);
        pen.put(x, area.y, u16::try_from(columns).unwrap_or(20), hint, faint);
    } else {
        pen.put(x, area.y, u16::try_from(columns).unwrap_or(20), &value[start..], plain);
    }
    let at = line.input.visual_cursor().saturating_sub(from);
    Some(Position { x: x + u16::try_from(at).unwrap_or(0), y: area.y })
}

/// Where commands go, at the right end: `docker@host-1  kubectl@default`; before that, what waits for the line to be closed.
fn contexts(pen: &mut Pen, area: Rect, lab: &Lab) -> u16 {
    let inner = Rect { width: area.width.saturating_sub(1), ..area };
    if lab.line.is_some() && lab.view.question.is_some() {
        let style = pen.ink(Ink::Story);
        return pen.right(inner, area.y, &[("a question waits: Esc", style)]);
    }
    let mut pieces = Vec::new();
    for world in &lab.view.worlds {
        pieces.push((&*world.view.console, pen.theme.world(world.view.name)));
        pieces.push(("  ", pen.ink(Ink::Dim)));
    }
    pieces.pop();
    pen.right(inner, area.y, &pieces)
}

/// Draws what commands answered.
pub fn draw_output(pen: &mut Pen, area: Rect, lab: &Lab) {
    if area.height < 2 {
        return;
    }
    pen.blank(area);
    pen.spots.add(area, Spot::Output);
    let faint = pen.ink(Ink::Faint);
    let dim = pen.ink(Ink::Dim);
    let h = pen.theme.glyphs.frame[4];
    pen.run(area.x, area.y, area.width, h, faint);
    let heading = match (lab.console.running, lab.player.playing) {
        (true, true) => " running; ctrl-c stops it ",
        (true, false) => " waiting, but time stands still: F5 lets it run, ctrl-c stops the command ",
        _ => " output ",
    };
    pen.put(area.x + 2, area.y, area.width.saturating_sub(4), heading, if lab.console.running { pen.ink(Ink::Warn) } else { dim });
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let columns = body.width.saturating_sub(3);
    let pieces = |tone: Tone| usize::from(columns.saturating_sub(if tone == Tone::Typed { 2 } else { 0 }));
    let rows = |(tone, line): &(Tone, String)| text::chop(line, pieces(*tone)).count();
    let shown = usize::from(body.height);
    let total: usize = lab.console.lines.iter().map(rows).sum();
    if total > shown {
        pen.right(Rect { width: area.width - 2, ..area }, area.y, &[(" PgUp PgDn scroll ", dim)]);
    }
    let first = lab.console.scroll.lay(shown, total);
    let mut row = 0;
    for entry in &lab.console.lines {
        let (tone, line) = entry;
        let here = rows(entry);
        if row + here > first && row < first + shown {
            let ink = match tone {
                Tone::Typed => Ink::Strong,
                Tone::Output => Ink::Text,
                Tone::Error => Ink::Bad,
            };
            let style = pen.ink(ink);
            let indent = if *tone == Tone::Typed { 2 } else { 0 };
            for (i, piece) in text::chop(line, pieces(*tone)).enumerate() {
                let Some(at) = (row + i).checked_sub(first).filter(|at| *at < shown) else { continue };
                let y = body.y + u16::try_from(at).unwrap_or(0);
                if indent > 0 && i == 0 {
                    pen.put(body.x + 1, y, 2, "> ", dim);
                }
                pen.put(body.x + 1 + indent, y, columns, piece, style);
            }
        }
        row += here;
    }
    pen.scrollbar(body, first, shown, total);
}
