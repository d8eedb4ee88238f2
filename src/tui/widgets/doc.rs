//! A text of several inks, laid out for a width: headings, paragraphs that hang behind a sign, words that are lit. Scrolled as a whole.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::draw::Pen;
use crate::tui::text;

use super::editor::rows;
use super::scroll::Scroll;

/// One row: pieces one after the other.
pub type Line = Vec<(String, Style)>;

/// Rows made for a width.
#[derive(Debug)]
pub struct Doc {
    pub columns: usize,
    pub lines: Vec<Line>,
}

impl Doc {
    pub fn new(columns: u16) -> Self {
        Self { columns: usize::from(columns).max(8), lines: Vec::new() }
    }

    /// An empty row; never two, never at the top.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|l| !l.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    pub fn line(&mut self, pieces: &[(&str, Style)]) {
        self.lines.push(pieces.iter().map(|(w, s)| ((*w).to_string(), *s)).collect());
    }

    /// A paragraph, indented by so many columns.
    pub fn para(&mut self, indent: usize, words: &str, style: Style) {
        self.hang(indent, &[], words, style);
    }

    /// A paragraph behind a lead (a sign, a number): further rows begin where the words begin.
    pub fn hang(&mut self, indent: usize, lead: &[(&str, Style)], words: &str, style: Style) {
        let before = indent + lead.iter().map(|(w, _)| text::width(w)).sum::<usize>();
        let columns = self.columns.saturating_sub(before).max(8);
        for (i, row) in text::wrap(words, columns).into_iter().enumerate() {
            let mut line: Line = Vec::with_capacity(lead.len() + 2);
            if i == 0 {
                line.push((" ".repeat(indent), style));
                line.extend(lead.iter().map(|(w, s)| ((*w).to_string(), *s)));
            } else {
                line.push((" ".repeat(before), style));
            }
            line.push((row, style));
            self.lines.push(line);
        }
    }

    /// A text as it was written, with ranges of it in other inks; later ranges win.
    pub fn lit(&mut self, indent: usize, words: &str, plain: Style, ranges: &[(Range<usize>, Style)]) {
        let columns = self.columns.saturating_sub(indent).max(8);
        for row in rows(words, columns) {
            let end = row.start + words[row.clone()].trim_end().len();
            // Every place at which the ink may change.
            let mut cuts: Vec<usize> = vec![row.start, end];
            for (r, _) in ranges {
                cuts.extend([r.start, r.end].into_iter().filter(|c| (row.start..end).contains(c) && words.is_char_boundary(*c)));
            }
            cuts.sort_unstable();
            cuts.dedup();
            let mut line: Line = vec![(" ".repeat(indent), plain)];
            for pair in cuts.windows(2) {
                let style = ranges.iter().rev().find(|(r, _)| r.start <= pair[0] && pair[0] < r.end).map_or(plain, |(_, s)| *s);
                line.push((words[pair[0]..pair[1]].to_string(), style));
            }
            self.lines.push(line);
        }
    }

    pub fn height(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }

    /// Draws what is scrolled to.
    pub fn draw(&self, pen: &mut Pen, area: Rect, scroll: &Scroll) {
        let shown = usize::from(area.height);
        let first = scroll.lay(shown, self.lines.len());
        for (y, line) in (area.y..area.bottom()).zip(&self.lines[first..]) {
            let mut x = area.x;
            for (words, style) in line {
                x += pen.put(x, y, area.right().saturating_sub(x), words, *style);
            }
        }
        pen.scrollbar(area, first, shown, self.lines.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    #[test]
    fn lit_words_keep_their_ink_over_a_line_break() {
        let mut doc = Doc::new(10);
        let lit = Style::new().add_modifier(Modifier::UNDERLINED);
        let words = "a node is marked unknown then";
        let from = words.find("marked").unwrap();
        doc.lit(0, words, Style::new(), &[(from..from + "marked unknown".len(), lit)]);
        let shown: Vec<Vec<&str>> =
            doc.lines.iter().map(|l| l.iter().filter(|(_, s)| *s == lit).map(|(w, _)| w.as_str()).collect()).collect();
        assert_eq!(shown, [vec![], vec!["marked"], vec!["unknown"], vec![]]);
        let all: Vec<String> = doc.lines.iter().map(|l| l.iter().map(|(w, _)| w.as_str()).collect()).collect();
        assert_eq!(all, ["a node is", "marked", "unknown", "then"]);
    }

    #[test]
    fn ranges_that_cannot_be_are_survived() {
        let mut doc = Doc::new(12);
        doc.lit(2, "日本語 ok", Style::new(), &[(1..4, Style::new()), (90..99, Style::new()), (Range { start: 5, end: 2 }, Style::new())]);
        assert_eq!(doc.lines.len(), 1);
    }

    #[test]
    fn paragraphs_hang_behind_their_sign() {
        let mut doc = Doc::new(12);
        doc.hang(1, &[("✔ ", Style::new())], "one two three", Style::new());
        let all: Vec<String> = doc.lines.iter().map(|l| l.iter().map(|(w, _)| w.as_str()).collect()).collect();
        assert_eq!(all, [" ✔ one two", "   three"]);
        doc.gap();
        doc.gap();
        assert_eq!(doc.lines.len(), 3);
    }
}
