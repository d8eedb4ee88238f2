//! A long read-only text, wrapped to the width once and drawn line by line.

use std::cell::{Cell, RefCell};

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
    /// Lines stay whole; this many columns of them have been passed to the right, and so many there are.
    whole: bool,
    side: Cell<usize>,
    widest: Cell<usize>,
}

/// Columns of one step to the side.
const SIDE_STEP: usize = 16;

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

    /// Lines are not broken from now on.
    pub fn keep_lines(&mut self) {
        self.whole = true;
    }
    pub fn keeps_lines(&self) -> bool {
        self.whole
    }

    /// To the right or back, if lines are longer than the place for them.
    pub fn sideways(&self, right: bool) {
        let side = self.side.get();
        self.side.set(if right { side + SIDE_STEP } else { side.saturating_sub(SIDE_STEP) });
    }

    fn fold(&self, width: u16) {
        if self.wrapped.borrow().0 == width {
            return;
        }
        let columns = usize::from(width.saturating_sub(1)).max(1);
        let fold = |l: &str| if self.whole { vec![text::plain(l).into_owned()] } else { wrap_or_keep(&text::plain(l), columns) };
        let lines: Vec<String> = self.text.lines().flat_map(fold).collect();
        self.widest.set(lines.iter().map(|l| text::width(l)).max().unwrap_or(0));
        self.wrapped.replace((width, lines));
    }

    /// Rows the text takes in a width.
    pub fn rows(&self, width: u16) -> usize {
        self.fold(width);
        self.wrapped.borrow().1.len()
    }

    pub fn draw(&self, pen: &mut Pen, area: Rect) {
        if area.width == 0 {
            return;
        }
        self.fold(area.width);
        let wrapped = self.wrapped.borrow();
        let lines = &wrapped.1;
        let first = self.scroll.lay(usize::from(area.height), lines.len());
        if self.whole {
            let columns = area.width.saturating_sub(1);
            self.side.set(self.side.get().min(self.widest.get().saturating_sub(usize::from(columns))));
            for (y, line) in (area.y..area.bottom()).zip(&lines[first..]) {
                let style = tone(pen, line);
                pen.put(area.x, y, columns, text::after(line, self.side.get()), style);
            }
            return pen.scrollbar(area, first, usize::from(area.height), lines.len());
        }
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
