//! How numbers, times and long words are written.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::session::view::SimDuration;

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A whole number with its thousands apart: `1 530`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Seconds as a clock: `00:51`, `1:02:03`.
pub fn clock(seconds: u64) -> String {
    if seconds >= 3600 {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    } else {
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

/// A share of requests: `96.9 %`, rounded as in the texts of a scenario; never a hundred if anything failed.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), crate::session::view::percent)
}

/// A speed as on the title bar: `8×`, `0.25×`.
pub fn speed(s: f64, times: &str) -> String {
    if s.fract() == 0.0 { format!("{s:.0}{times}") } else { format!("{s}{times}") }
}

/// A length of time in at most two units, for people: `50 s`, `6 m 10 s`, `250 ms`.
pub fn span(d: SimDuration) -> String {
    let ms = d.as_millis();
    match ms {
        0 if d.as_nanos() > 0 => "<1 ms".into(),
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 if !ms.is_multiple_of(1000) => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        1_000..60_000 => format!("{} s", ms / 1000),
        60_000..3_600_000 => match ms / 1000 % 60 {
            0 => format!("{} m", ms / 60_000),
            s => format!("{} m {s} s", ms / 60_000),
        },
        _ => format!("{} h {} m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// Milliseconds: `15 ms`, `1.2 s`.
pub fn millis(ms: Option<f64>) -> String {
    match ms {
        None => "–".into(),
        Some(ms) if ms >= 1000.0 => format!("{:.1} s", ms / 1000.0),
        Some(ms) => format!("{ms:.0} ms"),
    }
}

/// The text if it fits into `columns`, else its beginning and an ellipsis.
pub fn fit<'a>(text: &'a str, columns: usize, ellipsis: &str) -> std::borrow::Cow<'a, str> {
    // Bytes bound columns from above for everything but zero-width text, so most calls end here.
    if text.len() <= columns || text.width() <= columns {
        return text.into();
    }
    let room = columns.saturating_sub(ellipsis.width());
    let mut used = 0;
    let mut end = 0;
    for (i, c) in text.char_indices() {
        let w = c.width().unwrap_or(0);
        if used + w > room {
            break;
        }
        used += w;
        end = i + c.len_utf8();
    }
    let mut out = String::with_capacity(end + ellipsis.len());
    out.push_str(&text[..end]);
    if columns > 0 {
        out.push_str(ellipsis);
    }
    out.into()
}

/// The text if it fits, else its beginning and its end: names of copies differ at their end.
pub fn fit_name<'a>(name: &'a str, columns: usize, ellipsis: &str) -> std::borrow::Cow<'a, str> {
    const TAIL: usize = 6;
    let chars = name.chars().count();
    if name.width() <= columns || columns < 4 || chars != name.width() {
        return fit(name, columns, ellipsis);
    }
    if columns < TAIL + 4 {
        // `…xvmb7`: of a generated name the end is what tells it from its siblings.
        let tail: String = name.chars().skip(chars - (columns - ellipsis.width())).collect();
        return format!("{ellipsis}{}", tail.trim_start_matches('-')).into();
    }
    let head: String = name.chars().take(columns - TAIL - ellipsis.width()).collect();
    let tail: String = name.chars().skip(chars - TAIL).collect();
    format!("{head}{ellipsis}{tail}").into()
}

/// A line cut into pieces of at most `columns`, as a terminal breaks long output; an empty line is one empty piece.
pub fn chop(line: &str, columns: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let all = rest?;
        let cut = if all.len() <= columns { all.len() } else { cut_at(all, columns.max(1)) };
        rest = (cut < all.len()).then(|| &all[cut..]);
        Some(&all[..cut])
    })
}

/// What is left of a line behind its first `columns`.
pub fn after(line: &str, columns: usize) -> &str {
    if columns == 0 { line } else { &line[cut_at(line, columns)..] }
}

/// Lines of at most `columns`, broken at spaces where there are any; existing line ends are kept.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut out = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        let mut used = 0;
        for word in line.split(' ') {
            let mut word = word;
            let mut w = word.width();
            if used > 0 && used + 1 + w <= columns {
                current.push(' ');
                current.push_str(word);
                used += 1 + w;
                continue;
            }
            if used > 0 {
                out.push(std::mem::take(&mut current));
            }
            while w > columns {
                let cut = cut_at(word, columns);
                out.push(word[..cut].to_string());
                word = &word[cut..];
                w = word.width();
            }
            current.push_str(word);
            used = w;
        }
        out.push(current);
    }
    out
}

/// The byte after the last character that still fits; at least one character.
fn cut_at(word: &str, columns: usize) -> usize {
    let mut used = 0;
    for (i, c) in word.char_indices() {
        let w = c.width().unwrap_or(0);
        if used + w > columns && i > 0 {
            return i;
        }
        used += w;
    }
    word.len()
}

/// The nearest ASCII, character by character, so that columns stay columns.
pub fn ascii(words: &str) -> String {
    let nearest = |c: char| match c {
        c if c.is_ascii() => c,
        '→' | '▸' | '›' | '»' | '▶' => '>',
        '←' | '◂' | '‹' | '«' => '<',
        '↑' | '▲' | '△' => '^',
        '↓' | '▼' | '▾' => 'v',
        '–' | '—' | '−' | '·' | '─' => '-',
        '×' | '✖' => 'x',
        '✔' => '+',
        '●' | '•' => '*',
        '…' => '~',
        '“' | '”' | '„' => '"',
        '’' | '‘' => '\'',
        '≥' | '≤' => '=',
        'µ' => 'u',
        '│' => '|',
        _ => '?',
    };
    words.chars().flat_map(|c| std::iter::repeat_n(nearest(c), c.width().unwrap_or(0))).collect()
}

/// Tabs to the next multiple of eight, as terminals do; other control characters are dropped.
pub fn plain(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.contains(|c: char| c.is_control()) {
        return line.into();
    }
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    for c in line.chars() {
        if c == '\t' {
            let n = 8 - column % 8;
            out.extend(std::iter::repeat_n(' ', n));
            column += n;
        } else if !c.is_control() {
            out.push(c);
            column += c.width().unwrap_or(0);
        }
    }
    out.into()
}

/// The world's name as a heading.
pub fn world_title(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1530), "1 530");
        assert_eq!(number(1_234_567), "1 234 567");
        assert_eq!(percent(Some(1.0)), "100 %");
        assert_eq!(percent(Some(0.99999)), "99.999 %", "a single failed request is not a hundred");
        assert_eq!(percent(Some(0.9689)), "96.9 %", "as the debrief's own texts");
        assert_eq!(percent(Some(0.99999999)), "99.9999 %", "however many were answered");
        assert_eq!(percent(None), "–");
        assert_eq!(speed(0.25, "×"), "0.25×");
        assert_eq!(speed(8.0, "×"), "8×");
        assert_eq!(span(SimDuration::from_secs(370)), "6 m 10 s");
        assert_eq!(span(SimDuration::from_millis(1900)), "1.9 s");
        assert_eq!(span(SimDuration::from_secs(50)), "50 s");
    }

    #[test]
    fn long_text_is_cut_and_wrapped_by_columns() {
        assert_eq!(fit("node-controller", 6, "…"), "node-…");
        assert_eq!(fit("日本語", 5, "…"), "日本…");
        assert_eq!(fit("abc", 3, "…"), "abc");
        assert_eq!(fit("abcd", 0, "…"), "");
        assert_eq!(fit_name("fraud-detection-78f46fd8f4-ths4z", 20, "…"), "fraud-detecti…-ths4z");
        assert_eq!(fit_name("fraud-detection-78f46fd8f4-ths4z", 6, "…"), "…ths4z");
        assert_eq!(fit_name("fraud-detection-78f46fd8f4-ths4z", 7, "…"), "…ths4z");
        assert_eq!(fit_name("shop-1", 6, "…"), "shop-1");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
    }

    #[test]
    fn output_is_broken_like_in_a_terminal() {
        assert_eq!(chop("abcdefg", 3).collect::<Vec<_>>(), ["abc", "def", "g"]);
        assert_eq!((after("abcdefg", 3), after("ab", 3), after("ab", 0)), ("defg", "", "ab"));
        assert_eq!(chop("", 3).collect::<Vec<_>>(), [""]);
        assert_eq!(chop("日本語", 4).collect::<Vec<_>>(), ["日本", "語"]);
    }

    #[test]
    fn control_characters_never_reach_the_screen() {
        assert_eq!(plain("a\tb\u{1b}[31m"), "a       b[31m");
    }
}
