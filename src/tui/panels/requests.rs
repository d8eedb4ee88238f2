//! The strip of requests: how many were answered and how many failed, second by second, and why.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::view::{RequestStrip, SimTime};
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::sparkline;

/// Seconds the strip shows.
const WINDOW: usize = 240;
/// Columns for the numbers beside the strip.
const NUMBERS: u16 = 34;

/// Numbers as pieces of text: ok, failing, why.
fn numbers(strip: &RequestStrip) -> (String, String) {
    let failing = match (strip.failing_rps, strip.why) {
        (0, _) => "0 failing".to_string(),
        (n, "") => format!("{n} failing"),
        (n, why) => format!("{n} failing: {why}"),
    };
    (format!("{} ok/s", text::number(u64::from(strip.ok_rps))), failing)
}

/// True if the numbers stand beside the strip, not in the divider above.
pub fn beside(width: u16) -> bool {
    width >= 64
}

/// The divider's words; `inner` is the width of the strip below.
pub fn heading(pen: &mut Pen, at: Rect, inner: u16, strip: &RequestStrip, accent: Style) -> u16 {
    if beside(inner) {
        return pen.put(at.x, at.y, at.width, " requests ", accent);
    }
    let (ok, failing) = numbers(strip);
    let dim = pen.ink(Ink::Dim);
    let bad = if strip.failing_rps > 0 { pen.ink(Ink::Bad) } else { dim };
    let strong = pen.ink(Ink::Strong);
    pen.line(at.x, at.y, at.width, &[(" ", dim), (&ok, strong), ("  ", dim), (&failing, bad), (" ", dim)])
}

pub fn draw(pen: &mut Pen, area: Rect, strip: &RequestStrip, now: SimTime, accent: Style) {
    if area.height == 0 || area.width < 10 {
        return;
    }
    let mut spark = Rect { x: area.x + 1, width: area.width - 2, ..area };
    if beside(area.width) {
        let (ok, failing) = numbers(strip);
        spark.width -= NUMBERS;
        let x = spark.right() + 2;
        let (strong, dim) = (pen.ink(Ink::Strong), pen.ink(Ink::Dim));
        let bad = if strip.failing_rps > 0 { pen.ink(Ink::Bad) } else { dim };
        if area.height >= 2 {
            pen.put(x, area.bottom() - 2, NUMBERS - 2, &ok, strong);
            pen.put(x, area.bottom() - 1, NUMBERS - 2, &failing, bad);
        } else {
            pen.line(x, area.y, NUMBERS - 2, &[(&ok, strong), ("  ", dim), (&failing, bad)]);
        }
    }
    let last = now.as_secs().saturating_sub(1);
    let cells = sparkline::cells(&strip.seconds, last, usize::from(spark.width), WINDOW);
    sparkline::draw(pen, spark, &cells, accent);
}
