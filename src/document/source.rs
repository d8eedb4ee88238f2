//! Texts with a name, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use crate::kernel::limits::FILE_BYTES_MAX;

use crate::kernel::limits;

use super::diagnostic::Diagnostic;

/// A text that came from somewhere: a file, a built-in scenario, the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What people know it under: a path, a built-in name, `--set seed=9`.
    pub name: Arc<str>,
    pub text: Arc<str>,
}

impl Source {
    /// A text that is known to be sound (built in, or made by the program itself).
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// Bytes from outside: at most [`limits::FILE_BYTES_MAX`], UTF-8, no binary rubbish. A byte order mark is dropped.
    ///
    /// # Errors
    /// Says what the bytes are instead of text, with line and column where there is one.
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: &[u8]) -> Result<Arc<Self>, Box<Diagnostic>> {
        Self::from_bytes_up_to(name, bytes, limits::FILE_BYTES_MAX)
    }

    /// The same with another limit, for dumps of whole clusters.
    ///
    /// # Errors
    /// See [`Source::from_bytes`].
    pub fn from_bytes_up_to(name: impl Into<Arc<str>>, bytes: &[u8], max: usize) -> Result<Arc<Self>, Box<Diagnostic>> {
        let name = name.into();
        let fail = |message: String| Err(Box::new(Diagnostic::error(format!("{name}: {message}"))));
        if bytes.len() > max {
            return fail(bigger_than(bytes.len() as u64, max));
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return fail("expected UTF-8, found UTF-16; save the file as UTF-8".into());
        }
        let text = match std::str::from_utf8(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes)) {
            Ok(text) => text,
            Err(e) => {
                let (line, column) = place(bytes, e.valid_up_to());
                let byte = bytes.get(e.valid_up_to()).copied().unwrap_or_default();
                return Err(Box::new(Diagnostic::error(format!(
                    "{name}:{line}:{column}: expected text in UTF-8, found the byte 0x{byte:02x}; is this a binary file?"
                ))));
            }
        };
        let control = |c: char| (c < ' ' && !matches!(c, '\n' | '\r' | '\t')) || c == '\u{7f}';
        if let Some(i) = text.find(control) {
            let (line, column) = place(text.as_bytes(), i);
            let code = u32::from(text[i..].chars().next().unwrap_or_default());
            return Err(Box::new(Diagnostic::error(format!(
                "{name}:{line}:{column}: expected text, found the control character U+{code:04X}; is this a binary file?"
            ))));
        }
        Ok(Self::new(name, text))
    }

    /// The place of these bytes.
    pub fn span(self: &Arc<Self>, bytes: Range<usize>) -> Span {
        let start = floor(&self.text, bytes.start);
        let end = floor(&self.text, bytes.end).max(start);
        let (line, column) = place(self.text.as_bytes(), start);
        Span { source: self.clone(), start: start as u32, end: end as u32, line, column }
    }
}

/// "the file has 10 MB, at most 8 MB are read"
pub fn too_big(bytes: u64) -> String {
    bigger_than(bytes, limits::FILE_BYTES_MAX)
}

fn bigger_than(bytes: u64, max: usize) -> String {
    format!("the file has {:.1} MB, at most {} MB are read", bytes as f64 / 1048576.0, max >> 20)
}

/// Line and column (in characters), both from 1, of a byte offset.
fn place(bytes: &[u8], offset: usize) -> (u32, u32) {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    // Bytes that continue a character do not count.
    let column = before[line_start..].iter().filter(|b| (**b & 0xc0) != 0x80).count() + 1;
    (line as u32, column as u32)
}

/// The nearest character boundary at or below `i`.
fn floor(text: &str, i: usize) -> usize {
    let mut i = i.min(text.len());
    while !text.is_char_boundary(i) {
        i -= 1;
    }
    i
}

/// A place in a source: bytes `start..end`; line and column count from 1, columns in characters.
#[derive(Clone)]
pub struct Span {
    pub source: Arc<Source>,
    pub start: u32,
    pub end: u32,
    pub line: u32,
    pub column: u32,
}

impl Span {
    /// The text at this place, as written (quotes included).
    pub fn text(&self) -> &str {
        self.source.text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The place of a part of a scalar's value, for errors inside expressions and durations. `value` is the decoded text of the
    /// scalar that stands here, `part` a byte range of it. The whole span where escapes or folding make it impossible to tell.
    pub fn within(&self, value: &str, part: Range<usize>) -> Span {
        let raw = self.text();
        let Some(fragment) = value.get(part.clone()) else { return self.clone() };
        let quote = usize::from(raw.starts_with(['"', '\'']));
        let at = match raw.get(quote..) {
            Some(inner) if inner.starts_with(value) => Some(quote + part.start),
            // An empty fragment (end of the input) of a text that is not verbatim cannot be found.
            _ if fragment.is_empty() => None,
            // The same fragment with the same words before it, else its first appearance.
            _ => {
                let before = &value[..part.start];
                let tail = before.rfind('\n').map_or(before, |i| &before[i + 1..]).trim_start();
                raw.find(&format!("{tail}{fragment}")).map(|i| i + tail.len()).or_else(|| raw.find(fragment))
            }
        };
        match at {
            Some(at) => self.source.span(self.start as usize + at..self.start as usize + at + fragment.len()),
            None => self.clone(),
        }
    }

    /// From the start of this place to the end of `other` (same source).
    pub fn to(&self, other: &Span) -> Span {
        Span { end: other.end.max(self.end), ..self.clone() }
    }

    /// Cuts a place that goes over several lines to its first line.
    pub fn first_line(&self) -> Span {
        let len = self.text().find('\n').unwrap_or(self.text().len());
        let len = self.text()[..len].trim_end().len();
        Span { end: self.start + len as u32, ..self.clone() }
    }
}

impl fmt::Display for Span {
    /// `file:line:column`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.end == other.end && self.source.name == other.source.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_text() {
        let message = |bytes: &[u8]| Source::from_bytes("f.yaml", bytes).unwrap_err().message;
        assert!(message(b"a: 1\nb: \x00").starts_with("f.yaml:2:4: expected text, found the control character U+0000"));
        assert!(message(b"a: \xff\xfe\x01").starts_with("f.yaml:1:4: expected text in UTF-8, found the byte 0xff"));
        assert!(message(&[0xff, 0xfe, b'a', 0]).contains("UTF-16"));
        assert!(message(&vec![b'a'; limits::FILE_BYTES_MAX + 1]).contains("at most 8 MB"));
        assert!(message(b"\x7fELF\x02").contains("U+007F"));
        assert_eq!(&*Source::from_bytes("f", "\u{feff}a: ä".as_bytes()).unwrap().text, "a: ä");
    }

    #[test]
    fn places_count_characters() {
        let s = Source::new("f", "ä: 1\nü: 'x y'\n");
        let span = s.span(s.text.find("'x").unwrap()..s.text.len() - 1);
        assert_eq!((span.line, span.column, span.text()), (2, 4, "'x y'"));
        assert_eq!(span.within("x y", 2..3).to_string(), "f:2:7");
        assert_eq!(s.span(1..1).to_string(), "f:1:1", "inside a character");
    }
}
