//! A long read-only text, wrapped to the width once and drawn line by line.

use std::cell::RefCell;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

use super::scroll::Scroll;

#[derive(Debug, Default)]
pub struct TextView {
    text: String,
    pub scroll: Scroll,
    wrapped: RefCell<(u16, Vec<String>)>,
}

impl TextView {
    pub fn new(text: impl Into<String>) -> Self {
        let mut view = Self::default();
        view.set(text.into());
        view
    }

    /// Another text; the place in it stays.
    pub fn set(&mut self, text: String) {
        if text != self.text {
            self.text = text;
            self.wrapped.replace((0, Vec::new()));
        }
    }

    pub fn draw(&self, pen: &mut Pen, area: Rect) {
        if area.width == 0 {
            return;
        }
        if self.wrapped.borrow().0 != area.width {
            let columns = usize::from(area.width.saturating_sub(1)).max(1);
            let lines = self.text.lines().flat_map(|l| wrap_or_keep(&text::plain(l), columns)).collect();
            self.wrapped.replace((area.width, lines));
        }
        let wrapped = self.wrapped.borrow();
        let lines = &wrapped.1;
        let first = self.scroll.lay(usize::from(area.height), lines.len());
        for (y, line) in (area.y..area.bottom()).zip(&lines[first..]) {
            let style = tone(pen, line);
            match line.split_once(':') {
                // `Name:   web-1`: the label steps back, the value speaks.
                Some((label, rest)) if label.len() < 28 && !label.trim().is_empty() && (rest.is_empty() || rest.starts_with(' ')) => {
                    let dim = pen.ink(Ink::Dim);
                    pen.line(area.x, y, area.width, &[(label, dim), (":", dim), (rest, style)]);
                }
                _ => {
                    pen.put(area.x, y, area.width, line, style);
                }
            }
        }
        pen.scrollbar(area, first, usize::from(area.height), lines.len());
    }
}

/// Tables keep their columns: continuation lines are indented like the line they continue.
fn wrap_or_keep(line: &str, columns: usize) -> Vec<String> {
    if text::width(line) <= columns {
        return vec![line.to_string()];
    }
    let indent = line.len() - line.trim_start().len();
    let indent = indent.min(columns / 2);
    let lead = " ".repeat(indent);
    text::wrap(line.trim_start(), columns - indent).into_iter().map(|l| format!("{lead}{l}")).collect()
}

/// Warnings stand out wherever they are printed.
fn tone(pen: &Pen, line: &str) -> Style {
    let bad = ["Error", "error", "BackOff", "OOMKilled", "Unhealthy"].iter().any(|w| line.contains(w));
    pen.ink(if bad || line.trim_start().starts_with("Warning") { Ink::Warn } else { Ink::Text })
}
