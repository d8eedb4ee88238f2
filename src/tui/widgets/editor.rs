//! A box to write in: soft wrap, words, undo and redo. The text is a string and the cursor a byte in it; rows are worked out when drawn.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthChar;

use crate::tui::draw::{Pen, follow};
use crate::tui::text;
use crate::tui::theme::Ink;

/// What one box can hold; far more than anybody says in an interview.
pub const MOST_BYTES: usize = 256 * 1024;
/// Steps that can be undone.
const MOST_EDITS: usize = 1000;

/// One change: what stood there, what stands there now.
#[derive(Clone, Debug)]
struct Edit {
    at: usize,
    removed: String,
    added: String,
    /// The cursor before it.
    before: usize,
}

#[derive(Debug, Default)]
pub struct Editor {
    text: String,
    at: usize,
    /// The column that up and down try to keep.
    wish: Option<usize>,
    undo: Vec<Edit>,
    redo: Vec<Edit>,
    /// The next typed character begins a new step to undo.
    parted: bool,
    first: Cell<usize>,
    shown: Cell<usize>,
    /// The width it was drawn with last.
    drawn: Cell<usize>,
    /// Rows for a width; emptied by every change.
    rows: RefCell<(usize, Vec<Range<usize>>)>,
}

impl Editor {
    pub fn new(text: &str) -> Self {
        let mut editor = Self::default();
        editor.set(text);
        editor
    }

    pub fn text(&self) -> &str {
        &self.text
    }
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Another text, as one step that can be undone; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        let added = sensible(text, MOST_BYTES);
        if added == self.text {
            return;
        }
        self.parted = true;
        self.change(0..self.text.len(), &added);
        self.parted = true;
    }

    /// Forgets what can be undone: this is where one begins.
    pub fn settle(&mut self) {
        self.undo.clear();
        self.redo.clear();
    }

    /// Pastes at the cursor; line ends are kept.
    pub fn paste(&mut self, words: &str) {
        let added = sensible(words, MOST_BYTES.saturating_sub(self.text.len()));
        self.parted = true;
        self.change(self.at..self.at, &added);
        self.parted = true;
    }

    /// Replaces a range and remembers how to go back.
    fn change(&mut self, range: Range<usize>, added: &str) {
        if range.is_empty() && added.is_empty() || self.text.len() - range.len() + added.len() > MOST_BYTES {
            return;
        }
        let removed = self.text[range.clone()].to_string();
        self.text.replace_range(range.clone(), added);
        self.redo.clear();
        let before = self.at;
        self.at = range.start + added.len();
        self.touched();
        // Letters of one word are one step.
        let grows = removed.is_empty() && !added.contains([' ', '\n']) && !self.parted;
        match self.undo.last_mut() {
            Some(last) if grows && last.removed.is_empty() && last.at + last.added.len() == range.start => last.added.push_str(added),
            _ => self.undo.push(Edit { at: range.start, removed, added: added.to_string(), before }),
        }
        self.parted = false;
        if self.undo.len() > MOST_EDITS {
            self.undo.remove(0);
        }
    }

    fn touched(&mut self) {
        self.wish = None;
        self.rows.get_mut().0 = 0;
    }

    /// True if there was something to undo.
    pub fn undo(&mut self) -> bool {
        let Some(edit) = self.undo.pop() else { return false };
        self.text.replace_range(edit.at..edit.at + edit.added.len(), &edit.removed);
        self.at = edit.before;
        self.touched();
        self.parted = true;
        self.redo.push(edit);
        true
    }

    /// True if there was something to do again.
    pub fn redo(&mut self) -> bool {
        let Some(edit) = self.redo.pop() else { return false };
        self.text.replace_range(edit.at..edit.at + edit.removed.len(), &edit.added);
        self.at = edit.at + edit.added.len();
        self.touched();
        self.parted = true;
        self.undo.push(edit);
        true
    }

    /// A key that writes or moves; true if it did something.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let by_word = ctrl || alt;
        match key.code {
            KeyCode::Char('w') if ctrl => self.delete(self.word_before()..self.at),
            KeyCode::Char('u') if ctrl => self.delete(self.line().start..self.at),
            KeyCode::Char('k') if ctrl => {
                let end = self.line().end;
                // At the end of a line its line end goes.
                let end = if end == self.at { self.after(end) } else { end };
                self.delete(self.at..end);
            }
            KeyCode::Char('a') if ctrl => self.go(self.line().start),
            KeyCode::Char('e') if ctrl => self.go(self.line().end),
            KeyCode::Char('b') if alt => self.go(self.word_before()),
            KeyCode::Char('f') if alt => self.go(self.word_after()),
            KeyCode::Char('d') if alt => self.delete(self.at..self.word_after()),
            KeyCode::Char(_) if by_word && !(ctrl && alt) => return false,
            // ctrl and alt together are AltGr on some keyboards: a letter like any other.
            KeyCode::Char(c) => self.write(c),
            KeyCode::Tab => self.write(' '),
            KeyCode::Enter => self.write('\n'),
            KeyCode::Backspace if by_word => self.delete(self.word_before()..self.at),
            KeyCode::Backspace => self.delete(self.before(self.at)..self.at),
            KeyCode::Delete if by_word => self.delete(self.at..self.word_after()),
            KeyCode::Delete => self.delete(self.at..self.after(self.at)),
            KeyCode::Left if by_word => self.go(self.word_before()),
            KeyCode::Right if by_word => self.go(self.word_after()),
            KeyCode::Left => self.go(self.before(self.at)),
            KeyCode::Right => self.go(self.after(self.at)),
            KeyCode::Home if ctrl => self.go(0),
            KeyCode::End if ctrl => self.go(self.text.len()),
            KeyCode::Home => self.go(self.row_here().start),
            KeyCode::End => self.go(self.row_end()),
            KeyCode::Up => self.rows_by(-1),
            KeyCode::Down => self.rows_by(1),
            KeyCode::PageUp => self.rows_by(-self.page()),
            KeyCode::PageDown => self.rows_by(self.page()),
            _ => return false,
        }
        true
    }

    fn page(&self) -> isize {
        self.shown.get().saturating_sub(1).max(1).cast_signed()
    }

    fn write(&mut self, c: char) {
        if c == '\n' || !c.is_control() {
            // A word's first letter belongs to the word, the space before it does not.
            self.change(self.at..self.at, c.encode_utf8(&mut [0; 4]));
        }
    }

    fn delete(&mut self, range: Range<usize>) {
        self.parted = true;
        self.change(range, "");
        self.parted = true;
    }

    fn go(&mut self, at: usize) {
        self.at = at;
        self.wish = None;
        self.parted = true;
    }

    /// The character before a byte; marks that take no column belong to the one before them.
    fn before(&self, at: usize) -> usize {
        let found = self.text[..at].char_indices().rev().find(|(_, c)| *c == '\n' || c.width().unwrap_or(1) > 0);
        found.map_or(0, |(i, _)| i)
    }
    fn after(&self, at: usize) -> usize {
        let mut rest = self.text[at..].char_indices();
        rest.next();
        rest.find(|(_, c)| *c == '\n' || c.width().unwrap_or(1) > 0).map_or(self.text.len(), |(i, _)| at + i)
    }
    fn word_before(&self) -> usize {
        let head = self.text[..self.at].trim_end_matches(|c: char| !c.is_alphanumeric());
        head.trim_end_matches(char::is_alphanumeric).len()
    }
    fn word_after(&self) -> usize {
        let rest = self.text[self.at..].trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
    }
    /// The line (between line ends) of the cursor.
    fn line(&self) -> Range<usize> {
        let start = self.text[..self.at].rfind('\n').map_or(0, |i| i + 1);
        let end = self.text[self.at..].find('\n').map_or(self.text.len(), |i| self.at + i);
        start..end
    }

    fn with_rows<T>(&self, columns: usize, look: impl FnOnce(&[Range<usize>]) -> T) -> T {
        let mut cache = self.rows.borrow_mut();
        if cache.0 != columns.max(1) {
            *cache = (columns.max(1), rows(&self.text, columns));
        }
        look(&cache.1)
    }
    fn columns(&self) -> usize {
        // Never drawn: no line is too long.
        match self.drawn.get() {
            0 => usize::MAX,
            n => n,
        }
    }
    fn row_here(&self) -> Range<usize> {
        self.with_rows(self.columns(), |rows| rows[row_of(rows, self.at)].clone())
    }
    /// The last place on this row: the end of a line, or before the space at which it was broken.
    fn row_end(&self) -> usize {
        let (row, last) = self.with_rows(self.columns(), |rows| {
            let n = row_of(rows, self.at);
            (rows[n].clone(), rows.get(n + 1).is_none_or(|next| next.start > rows[n].end))
        });
        if last { row.end } else { self.before(row.end).max(row.start) }
    }

    fn rows_by(&mut self, by: isize) {
        let (at, wish) = self.with_rows(self.columns(), |rows| {
            let n = row_of(rows, self.at);
            let column = self.wish.unwrap_or_else(|| text::width(&self.text[rows[n].start..self.at]));
            let to = n.saturating_add_signed(by).min(rows.len() - 1);
            let row = &rows[to];
            let inside = self.text[row.clone()].trim_end_matches(' ');
            let mut used = 0;
            let mut at = row.start;
            for (i, c) in inside.char_indices() {
                let w = c.width().unwrap_or(0);
                if used + w > column {
                    break;
                }
                used += w;
                at = row.start + i + c.len_utf8();
            }
            (at, column)
        });
        self.go(at);
        self.wish = Some(wish);
    }

    /// The wheel.
    pub fn scroll(&mut self, lines: isize) {
        self.rows_by(lines);
    }

    /// Draws the text; returns where the cursor belongs.
    pub fn draw(&self, pen: &mut Pen, area: Rect, hint: &str) -> Position {
        // A column at the right stays free for the cursor and the scroll bar.
        let columns = usize::from(area.width.saturating_sub(1)).max(1);
        self.drawn.set(columns);
        let plain = pen.ink(Ink::Text);
        if self.text.is_empty() {
            let faint = pen.ink(Ink::Faint);
            pen.put(area.x, area.y, area.width, hint, faint);
            return Position { x: area.x, y: area.y };
        }
        let height = usize::from(area.height).max(1);
        self.shown.set(height);
        self.with_rows(columns, |rows| {
            let here = row_of(rows, self.at);
            let first = follow(self.first.get(), here, height, rows.len());
            self.first.set(first);
            for (y, row) in (area.y..area.bottom()).zip(&rows[first..]) {
                pen.put(area.x, y, area.width, self.text[row.clone()].trim_end(), plain);
            }
            pen.scrollbar(area, first, height, rows.len());
            let column = text::width(&self.text[rows[here].start..self.at]).min(columns);
            let x = area.x + u16::try_from(column).unwrap_or(0);
            Position { x, y: area.y + u16::try_from(here - first).unwrap_or(0) }
        })
    }
}

/// Tabs become spaces, carriage returns line ends, other control characters nothing; at most so many bytes.
fn sensible(words: &str, most: usize) -> String {
    let mut out = String::with_capacity(words.len().min(most));
    let mut last = ' ';
    for c in words.chars() {
        let kept = match c {
            '\t' => Some(' '),
            '\r' => Some('\n'),
            // A Windows line end is one.
            '\n' if last == '\r' => None,
            '\n' => Some('\n'),
            c => (!c.is_control()).then_some(c),
        };
        last = c;
        if let Some(c) = kept {
            if out.len() + c.len_utf8() > most {
                break;
            }
            out.push(c);
        }
    }
    out
}

/// The row a byte is on.
fn row_of(rows: &[Range<usize>], at: usize) -> usize {
    rows.partition_point(|r| r.start <= at).saturating_sub(1)
}

/// Where a text is broken so that no row is wider than `columns`: at spaces, or within a word that is longer. Spaces at which a row ends
/// belong to it. Line ends belong to no row. There is always one row.
pub fn rows(text: &str, columns: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        let mut begin = start;
        let (mut used, mut broken) = (0, None);
        for (i, c) in line.char_indices() {
            let at = start + i;
            let w = c.width().unwrap_or(0);
            if c == ' ' {
                used += 1;
                broken = Some(at + 1);
                continue;
            }
            if used + w > columns && at > begin {
                let cut = broken.filter(|b| *b > begin).unwrap_or(at);
                out.push(begin..cut);
                begin = cut;
                used = crate::tui::text::width(&text[begin..at]);
                broken = None;
            }
            used += w;
        }
        out.push(begin..end);
        start = end + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor, keys: &str) {
        for c in keys.chars() {
            let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            editor.key(&KeyEvent::from(code));
        }
    }
    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) {
        editor.key(&KeyEvent::new(code, modifiers));
    }
    fn cut(text: &str, columns: usize) -> Vec<&str> {
        rows(text, columns).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn rows_break_at_spaces_and_cover_everything() {
        assert_eq!(cut("one two three", 7), ["one two ", "three"]);
        assert_eq!(cut("one two three", 8), ["one two ", "three"]);
        assert_eq!(cut("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(cut("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(cut("", 5), [""]);
        assert_eq!(cut("日本語", 4), ["日本", "語"]);
        assert_eq!(cut("a    bcd", 3), ["a    ", "bcd"]);
        for columns in 1..30 {
            let text = "a few words, averylongwordindeed and日本語 more  ";
            assert_eq!(cut(text, columns).concat(), text, "{columns}");
            let wide = cut(text, columns).into_iter().all(|r| text::width(r.trim_end()) <= columns.max(2));
            assert!(wide, "{columns}");
        }
    }

    #[test]
    fn typing_deleting_and_moving() {
        let mut e = Editor::default();
        typed(&mut e, "pods are moved");
        press(&mut e, KeyCode::Char('w'), KeyModifiers::CONTROL);
        typed(&mut e, "evicted");
        assert_eq!(e.text(), "pods are evicted");
        press(&mut e, KeyCode::Left, KeyModifiers::CONTROL);
        press(&mut e, KeyCode::Left, KeyModifiers::CONTROL);
        typed(&mut e, "then ");
        assert_eq!(e.text(), "pods then are evicted");
        press(&mut e, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(e.text(), "are evicted");
        press(&mut e, KeyCode::Delete, KeyModifiers::NONE);
        press(&mut e, KeyCode::End, KeyModifiers::NONE);
        press(&mut e, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(e.text(), "re evicte");
        press(&mut e, KeyCode::Char('a'), KeyModifiers::CONTROL);
        press(&mut e, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(e.text(), "");
        assert!(!e.key(&KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL)), "not a key of ours");
    }

    #[test]
    fn undo_takes_words_back_and_redo_gives_them_again() {
        let mut e = Editor::default();
        typed(&mut e, "a taint is set");
        assert!(e.undo());
        assert_eq!(e.text(), "a taint is");
        e.undo();
        assert_eq!(e.text(), "a taint");
        assert!(e.redo());
        assert_eq!(e.text(), "a taint is");
        typed(&mut e, "!");
        assert!(!e.redo(), "a new change ends the other future");
        e.paste(" and\r\nmore\tof it\u{1b}");
        assert_eq!(e.text(), "a taint is! and\nmore of it");
        e.undo();
        assert_eq!(e.text(), "a taint is!");
        while e.undo() {}
        assert_eq!(e.text(), "");
        while e.redo() {}
        assert_eq!(e.text(), "a taint is! and\nmore of it");
    }

    #[test]
    fn up_and_down_follow_the_rows_on_screen() {
        let mut e = Editor::new("one two three four");
        e.drawn.set(8);
        // rows: "one two ", "three ", "four"
        press(&mut e, KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(e.at, "one two thre".len());
        press(&mut e, KeyCode::Home, KeyModifiers::NONE);
        assert_eq!(e.at, "one two ".len());
        press(&mut e, KeyCode::Up, KeyModifiers::NONE);
        press(&mut e, KeyCode::End, KeyModifiers::NONE);
        assert_eq!(e.at, "one two".len());
        press(&mut e, KeyCode::PageDown, KeyModifiers::NONE);
        press(&mut e, KeyCode::Down, KeyModifiers::NONE);
        assert_eq!(e.at, e.text.len());
    }

    #[test]
    fn marks_stay_with_their_letter() {
        let mut e = Editor::new("e\u{301}x");
        press(&mut e, KeyCode::Left, KeyModifiers::NONE);
        press(&mut e, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(e.text(), "x");
    }

    #[test]
    fn a_huge_paste_is_cut() {
        let mut e = Editor::default();
        e.paste(&"日".repeat(MOST_BYTES));
        assert!(e.text().len() <= MOST_BYTES && e.text().len() > MOST_BYTES - 4);
        typed(&mut e, "more than fits");
        assert!(e.text().len() <= MOST_BYTES);
    }
}
