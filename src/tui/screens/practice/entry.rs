//! One line to write in, at the foot of a page: a name, a date.

use crossterm::event::{Event, KeyEvent};
use jiff::ToSpan;
use jiff::civil::Date;
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::Ink;

pub struct Entry {
    label: &'static str,
    hint: &'static str,
    input: Input,
}

/// What a date may look like.
pub const DATE_HINT: &str = "28 nov, 2026-11-28 or +7 (days); empty for none";

impl Entry {
    pub fn new(label: &'static str, hint: &'static str, text: &str) -> Self {
        Self { label, hint, input: Input::new(text.to_string()) }
    }
    pub fn value(&self) -> &str {
        self.input.value().trim()
    }
    pub fn key(&mut self, key: &KeyEvent) {
        self.input.handle_event(&Event::Key(*key));
    }
    pub fn paste(&mut self, words: &str) {
        for c in words.chars().filter(|c| !c.is_control()).take(200) {
            self.key(&KeyEvent::from(crossterm::event::KeyCode::Char(c)));
        }
    }
    /// Draws it in one row; returns where the cursor belongs.
    pub fn draw(&self, pen: &mut Pen, row: Rect) -> Position {
        let (strong, plain, faint) = (pen.ink(Ink::Strong), pen.ink(Ink::Text), pen.ink(Ink::Dim));
        pen.blank(row);
        let used = pen.line(row.x + 1, row.y, row.width, &[(self.label, strong), ("  ", plain)]);
        let x = row.x + 1 + used;
        let columns = row.right().saturating_sub(x + 1);
        let from = self.input.visual_scroll(usize::from(columns.max(1)));
        if self.input.value().is_empty() {
            pen.put(x, row.y, columns, self.hint, faint);
        } else {
            let tail: String = self.input.value().chars().skip(from).collect();
            pen.put(x, row.y, columns, &tail, plain);
            let used = u16::try_from(text::width(&tail)).unwrap_or(0) + 3;
            pen.right(Rect { x: x + used, width: columns.saturating_sub(used), ..row }, row.y, &[(self.hint, faint)]);
        }
        let at = self.input.visual_cursor().saturating_sub(from);
        Position { x: x + u16::try_from(at).unwrap_or(0).min(columns), y: row.y }
    }
}

/// A day as people write it; nothing for an empty text.
///
/// # Errors
/// What was not understood.
pub fn date(words: &str, today: Date) -> Result<Option<Date>, String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words = words.trim().to_lowercase();
    let unclear = || format!("`{words}` is no day: {DATE_HINT}");
    if words.is_empty() {
        return Ok(None);
    }
    if let Some(days) = words.strip_prefix('+') {
        let days: i64 = days.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ').parse().map_err(|_| unclear())?;
        return today.checked_add(days.clamp(0, 3650).days()).map(Some).map_err(|_| unclear());
    }
    let day: Date = match words.parse() {
        Ok(day) => day,
        Err(_) => {
            let parts: Vec<&str> = words.split([' ', '.', '/']).filter(|p| !p.is_empty()).collect();
            let month = parts.iter().find_map(|p| MONTHS.iter().position(|m| p.len() >= 3 && p.starts_with(m)));
            let number = parts.iter().find_map(|p| p.parse::<i8>().ok());
            let (Some(month), Some(number)) = (month, number) else { return Err(unclear()) };
            let month = i8::try_from(month + 1).unwrap_or(1);
            let this = Date::new(today.year(), month, number).map_err(|_| unclear())?;
            // A day that is over is meant for the next year.
            if this < today { Date::new(today.year() + 1, month, number).map_err(|_| unclear())? } else { this }
        }
    };
    if day < today { Err(format!("{day} is over already")) } else { Ok(Some(day)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_people_write_them() {
        let today: Date = "2026-11-21".parse().unwrap();
        let reads = |words: &str| date(words, today).map(|d| d.map(|d| d.to_string()));
        assert_eq!(reads("2026-11-28"), Ok(Some("2026-11-28".into())));
        assert_eq!(reads("28 Nov"), Ok(Some("2026-11-28".into())));
        assert_eq!(reads("November 28"), Ok(Some("2026-11-28".into())));
        assert_eq!(reads("3 feb"), Ok(Some("2027-02-03".into())));
        assert_eq!(reads("+7"), Ok(Some("2026-11-28".into())));
        assert_eq!(reads("+7 days"), Ok(Some("2026-11-28".into())));
        assert_eq!(reads(" "), Ok(None));
        assert!(reads("yesterday").is_err());
        assert!(reads("31 feb").is_err());
        assert!(reads("2020-01-01").unwrap_err().contains("over already"));
    }
}
