//! Paragraphs at a width.

use std::fmt::Write as _;

/// Appends a text, wrapped at `width` columns, each line behind `indent` (the first behind `first`). Empty lines stay.
pub fn wrap(out: &mut String, first: &str, indent: &str, text: &str, width: usize) {
    let mut lead = first;
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let room = width.saturating_sub(lead.chars().count()).max(20);
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                let _ = writeln!(out, "{lead}{line}");
                lead = indent;
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if line.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{lead}{line}");
        }
        lead = indent;
    }
}

/// Cut to `width` columns, with `…` where something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.into();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_width() {
        let mut out = String::new();
        wrap(&mut out, "1. ", "   ", "one two three four five six\n\nseven", 23);
        assert_eq!(out, "1. one two three four\n   five six\n\n   seven\n");
        assert_eq!(cut("a long sentence", 8), "a long…");
        assert_eq!(cut("short", 5), "short");
    }
}
