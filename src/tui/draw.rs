//! The pen all screens draw with: text that never runs over its place, frames, bars, and the places a click can hit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::message::Message;
use super::text;
use super::theme::{Ink, Theme};

/// What lies under the mouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A button: as if its key were pressed.
    Press(Message),
    /// The hosts of a world, by its number on screen.
    World(usize),
    /// The n-th selectable thing of a world.
    Thing(usize, usize),
    /// A journal pane.
    Journal(usize),
    /// The n-th shown line of a journal pane.
    Line(usize, usize),
    /// The bar of time; the rectangle is the bar itself.
    Timeline,
    /// The command's output.
    Output,
    /// A list or text of the panel on top: column and row.
    Panel(usize, usize),
    /// The panel on top itself; it swallows what misses its parts.
    Surface,
}

/// Where things were drawn last, for the mouse and for page-wise scrolling. Later entries lie on top.
#[derive(Clone, Debug, Default)]
pub struct Spots(Vec<(Rect, Spot)>);

impl Spots {
    pub fn add(&mut self, at: Rect, spot: Spot) {
        self.0.push((at, spot));
    }
    pub fn hit(&self, x: u16, y: u16) -> Option<(Rect, Spot)> {
        self.0.iter().rev().find(|(r, _)| r.contains((x, y).into())).cloned()
    }
    /// The place of a spot, if it is on screen.
    pub fn place(&self, spot: &Spot) -> Option<Rect> {
        self.0.iter().rev().find(|(_, s)| s == spot).map(|(r, _)| *r)
    }
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Buffer, theme and spots together.
pub struct Pen<'a> {
    pub buf: &'a mut Buffer,
    pub theme: Theme,
    pub spots: &'a mut Spots,
}

impl Pen<'_> {
    pub fn ink(&self, ink: Ink) -> Style {
        self.theme.ink(ink)
    }

    /// Writes at most `columns`, cut with an ellipsis; returns the columns used.
    pub fn put(&mut self, x: u16, y: u16, columns: u16, words: &str, style: Style) -> u16 {
        if columns == 0 || !self.buf.area.contains((x, y).into()) {
            return 0;
        }
        let columns = columns.min(self.buf.area.right() - x);
        let mut shown = text::fit(words, usize::from(columns), self.theme.glyphs.ellipsis);
        if self.theme.ascii() && !shown.is_ascii() {
            shown = text::ascii(&shown).into();
        }
        // What lay below (a frame's line) lends no colour to the text.
        let style = Style::reset().patch(style);
        let (end, _) = self.buf.set_stringn(x, y, shown, usize::from(columns), style);
        end - x
    }

    /// Several pieces one after the other; returns the columns used.
    pub fn line(&mut self, x: u16, y: u16, columns: u16, pieces: &[(&str, Style)]) -> u16 {
        let mut used = 0;
        for (words, style) in pieces {
            if used >= columns {
                break;
            }
            used += self.put(x + used, y, columns - used, words, *style);
        }
        used
    }

    /// Pieces that end at the right edge; left out altogether if they do not fit.
    pub fn right(&mut self, area: Rect, y: u16, pieces: &[(&str, Style)]) -> u16 {
        let total: usize = pieces.iter().map(|(w, _)| text::width(w)).sum();
        let total = u16::try_from(total).unwrap_or(u16::MAX);
        if total > area.width {
            return 0;
        }
        self.line(area.right() - total, y, total, pieces)
    }

    /// The same sign many times.
    pub fn run(&mut self, x: u16, y: u16, columns: u16, sign: &str, style: Style) {
        for i in 0..columns {
            if let Some(cell) = self.buf.cell_mut((x + i, y)) {
                cell.set_symbol(sign).set_style(style);
            }
        }
    }

    /// Gives an area a style without touching its text.
    pub fn wash(&mut self, area: Rect, style: Style) {
        self.buf.set_style(area, style);
    }

    /// Empties an area.
    pub fn blank(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buf.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// A frame; returns the inside. Titles are drawn by the caller on the top line from column 2 on.
    pub fn frame(&mut self, area: Rect, style: Style) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let [tl, tr, bl, br, h, v, _, _] = self.theme.glyphs.frame;
        self.run(area.x + 1, area.y, area.width - 2, h, style);
        self.run(area.x + 1, area.bottom() - 1, area.width - 2, h, style);
        for y in area.y + 1..area.bottom() - 1 {
            self.run(area.x, y, 1, v, style);
            self.run(area.right() - 1, y, 1, v, style);
        }
        self.run(area.x, area.y, 1, tl, style);
        self.run(area.right() - 1, area.y, 1, tr, style);
        self.run(area.x, area.bottom() - 1, 1, bl, style);
        self.run(area.right() - 1, area.bottom() - 1, 1, br, style);
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// A line across a frame that ends in tees.
    pub fn divider(&mut self, area: Rect, y: u16, style: Style) {
        if area.width < 2 || y >= area.bottom() {
            return;
        }
        let [.., h, _, left, right] = self.theme.glyphs.frame;
        self.run(area.x, y, 1, left, style);
        self.run(area.x + 1, y, area.width - 2, h, style);
        self.run(area.right() - 1, y, 1, right, style);
    }

    /// A bar of `columns` cells filled to `permille`.
    pub fn bar(&mut self, x: u16, y: u16, columns: u16, permille: u32, style: Style) {
        let full = (u32::from(columns) * permille.min(1000) + 500) / 1000;
        // Something is in use as soon as a hundredth is.
        let full = if permille >= 10 { full.max(1) } else { 0 };
        let full = u16::try_from(full).unwrap_or(columns).min(columns);
        self.run(x, y, full, self.theme.glyphs.full, style);
        self.run(x + full, y, columns - full, self.theme.glyphs.empty, self.ink(Ink::Faint));
    }

    /// A thumb on the right edge of a scrolled area.
    pub fn scrollbar(&mut self, area: Rect, first: usize, shown: usize, total: usize) {
        if total <= shown || area.height == 0 {
            return;
        }
        let height = usize::from(area.height);
        let thumb = (height * shown / total).clamp(1, height);
        let top = (height - thumb) * first / (total - shown).max(1);
        for i in 0..thumb {
            let y = area.y + u16::try_from(top + i).unwrap_or(0);
            self.run(area.right().saturating_sub(1), y, 1, self.theme.glyphs.scroll, self.ink(Ink::Dim));
        }
    }

    /// Keys and labels in one line, each a button; what does not fit is left out. Returns the columns used.
    pub fn hints(&mut self, x: u16, y: u16, columns: u16, entries: &[(String, &str, Message)]) -> u16 {
        let mut used: u16 = 0;
        for (key, label, message) in entries {
            let wants = text::width(key) + 1 + text::width(label);
            let wants = u16::try_from(wants).unwrap_or(u16::MAX);
            let gap: u16 = if used == 0 { 0 } else { 3 };
            if used.saturating_add(gap).saturating_add(wants) > columns {
                break;
            }
            let start = x + used + gap;
            let (k, l) = (self.ink(Ink::Key), self.ink(Ink::Dim));
            if gap > 0 {
                // Air around each, also where the hints lie on a frame.
                self.put(start - gap, y, 1, " ", l);
                self.put(start - 1, y, 1, " ", l);
            }
            self.line(start, y, wants, &[(key, k), (" ", l), (label, l)]);
            self.spots.add(Rect::new(start, y, wants, 1), Spot::Press(*message));
            used += gap + wants;
        }
        used
    }
}

/// A rectangle of at most `width`×`height` in the middle of `area`.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// The first shown row so that `cursor` is visible, moving as little as possible.
pub fn follow(first: usize, cursor: usize, shown: usize, total: usize) -> usize {
    let shown = shown.max(1);
    let first = if cursor < first { cursor } else { first.max((cursor + 1).saturating_sub(shown)) };
    first.min(total.saturating_sub(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_in_sight() {
        assert_eq!(follow(0, 4, 5, 20), 0);
        assert_eq!(follow(0, 5, 5, 20), 1);
        assert_eq!(follow(9, 3, 5, 20), 3);
        assert_eq!(follow(18, 19, 5, 20), 15, "the last page is full");
        assert_eq!(follow(3, 0, 5, 2), 0);
    }

    #[test]
    fn the_topmost_spot_is_hit() {
        let mut spots = Spots::default();
        spots.add(Rect::new(0, 0, 10, 10), Spot::World(0));
        spots.add(Rect::new(2, 2, 3, 3), Spot::Surface);
        assert_eq!(spots.hit(3, 3).map(|s| s.1), Some(Spot::Surface));
        assert_eq!(spots.hit(9, 9).map(|s| s.1), Some(Spot::World(0)));
        assert_eq!(spots.hit(10, 0), None);
    }
}
