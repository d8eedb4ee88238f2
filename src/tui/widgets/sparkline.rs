//! Requests over time: answered ones as a height, failing ones as a different sign, so that colour is not needed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::draw::Pen;
use crate::tui::theme::Ink;

/// One cell: answered and failed requests in so many seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub ok: u64,
    pub failed: u64,
}

/// Puts seconds into cells whose borders are fixed in time, so that the picture moves by whole cells. `last` is the number of the newest second.
pub fn cells(seconds: &[(u32, u32)], last: u64, columns: usize, window: usize) -> Vec<Cell> {
    if columns == 0 || seconds.is_empty() {
        return Vec::new();
    }
    let per = window.div_ceil(columns).max(1) as u64;
    let newest = last / per;
    let mut out = vec![Cell::default(); columns];
    let mut have = 0;
    for (i, (ok, failed)) in seconds.iter().rev().enumerate() {
        let Some(second) = last.checked_sub(i as u64) else { break };
        let back = (newest - second / per) as usize;
        if back >= columns {
            break;
        }
        have = have.max(back + 1);
        let cell = &mut out[columns - 1 - back];
        cell.ok += u64::from(*ok);
        cell.failed += u64::from(*failed);
    }
    // The newest cell is usually not full yet; it would look like a dip.
    let filled = last % per + 1;
    if let Some(cell) = out.last_mut().filter(|_| filled < per) {
        cell.ok = cell.ok * per / filled;
        cell.failed = cell.failed * per / filled;
    }
    out.split_off(columns - have)
}

/// Draws in one row (failing cells replace the height by a shade) or more (answered above, failing in the last).
pub fn draw(pen: &mut Pen, area: Rect, cells: &[Cell], ok: Style) {
    let peak = cells.iter().map(|c| c.ok + c.failed).max().unwrap_or(0).max(1);
    let bad = pen.ink(Ink::Bad);
    let g = pen.theme.glyphs;
    let start = area.right().saturating_sub(u16::try_from(cells.len()).unwrap_or(0));
    for (x, cell) in (start..area.right()).zip(cells) {
        // Eighths of a row, over all rows but the last, which belongs to the failing ones.
        let rows = u64::from(area.height.saturating_sub(1).max(1));
        let eighths = |n: u64| (n * (rows * 8 - 1)).div_ceil(peak);
        let shade = match (cell.failed, cell.ok) {
            (_, 0) => g.shades[3],
            (f, o) if f >= o => g.shades[2],
            (f, o) if f * 4 >= f + o => g.shades[1],
            _ => g.shades[0],
        };
        if area.height >= 2 {
            let full = eighths(cell.ok);
            for row in 0..rows {
                let here = full.saturating_sub(row * 8).min(8);
                if here > 0 {
                    let y = area.bottom() - 2 - u16::try_from(row).unwrap_or(0);
                    pen.run(x, y, 1, g.bars[here as usize - 1], ok);
                }
            }
            if cell.failed > 0 {
                pen.run(x, area.bottom() - 1, 1, shade, bad);
            }
        } else if cell.failed > 0 {
            pen.run(x, area.y, 1, shade, bad);
        } else if cell.ok > 0 {
            pen.run(x, area.y, 1, g.bars[(eighths(cell.ok).max(1) - 1) as usize], ok);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_still_while_time_moves() {
        let seconds: Vec<(u32, u32)> = (0..20).map(|i| (i, 0)).collect();
        let a = cells(&seconds, 19, 5, 20);
        assert_eq!(a.len(), 5);
        assert_eq!(a[0].ok, 1 + 2 + 3);
        let b = cells(&seconds[1..], 19, 5, 20);
        assert_eq!(a[1..], b[1..], "old seconds that fall out change only the oldest cell");
    }

    #[test]
    fn an_unfinished_cell_is_no_dip() {
        let seconds = vec![(10, 2); 9];
        let c = cells(&seconds, 8, 4, 16);
        assert!(c.iter().all(|c| *c == Cell { ok: 40, failed: 8 }), "{c:?}");
    }

    #[test]
    fn nothing_and_no_room_are_fine() {
        assert!(cells(&[], 0, 10, 100).is_empty());
        assert!(cells(&[(1, 1)], 0, 0, 100).is_empty());
    }
}
