//! A drawn screen as plain text, as text with colours, as an SVG picture, and as a line of an asciicast. Pure functions.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text::width;

/// The cells of a row, without those that a wide character covers.
fn row(buf: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut skip = 0;
    (buf.area.left()..buf.area.right()).filter_map(move |x| {
        if skip > 0 {
            skip -= 1;
            return None;
        }
        let cell = &buf[(x, y)];
        skip = width(cell.symbol()).saturating_sub(1);
        Some((x, cell))
    })
}

/// Plain text; spaces at line ends are dropped.
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let line: String = row(buf, y).map(|(_, c)| c.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A look: foreground, background and the modifiers that show.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

fn look(c: &Cell) -> Look {
    Look { fg: c.fg, bg: c.bg, modifier: c.modifier }
}

/// Runs of cells that look the same: first column and text.
fn runs(buf: &Buffer, y: u16) -> Vec<(u16, Look, String)> {
    let mut runs: Vec<(u16, Look, String)> = Vec::new();
    for (x, cell) in row(buf, y) {
        match runs.last_mut() {
            Some((_, l, words)) if *l == look(cell) => words.push_str(cell.symbol()),
            _ => runs.push((x, look(cell), cell.symbol().to_string())),
        }
    }
    runs
}

fn sgr(l: Look) -> String {
    let mut codes = vec!["0".to_string()];
    for (modifier, code) in
        [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::ITALIC, "3"), (Modifier::UNDERLINED, "4"), (Modifier::REVERSED, "7")]
    {
        if l.modifier.contains(modifier) {
            codes.push(code.into());
        }
    }
    for (colour, base) in [(l.fg, 30), (l.bg, 40)] {
        match colour {
            Color::Reset => {}
            Color::Rgb(r, g, b) => codes.push(format!("{};2;{r};{g};{b}", base + 8)),
            Color::Indexed(i) => codes.push(format!("{};5;{i}", base + 8)),
            named => codes.push(match sixteen(named) {
                n @ 0..8 => (base + n).to_string(),
                n => (base + 60 + n - 8).to_string(),
            }),
        }
    }
    format!("\x1b[{}m", codes.join(";"))
}

/// The number of a named colour among the sixteen.
fn sixteen(c: Color) -> u16 {
    match c {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        _ => 15,
    }
}

/// Text with escape codes, lines ended by CR LF so that it can be replayed in a terminal.
pub fn ansi(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        for (_, look, words) in runs(buf, y) {
            out.push_str(&sgr(look));
            out.push_str(&words);
        }
        out.push_str("\x1b[0m");
        if y + 1 < buf.area.bottom() {
            out.push_str("\r\n");
        }
    }
    out
}

/// Sixteen colours as they look on a dark ground.
const NAMED: [&str; 16] = [
    "#161b22", "#ff6b68", "#56c271", "#e3b341", "#4ea8ff", "#b392f0", "#4fc3c7", "#b1bac4", "#6e7681", "#ff8c8a", "#7ee095", "#f0ca6b",
    "#79c0ff", "#d2b8ff", "#7fdfe2", "#f0f6fc",
];

fn css(c: Color, otherwise: &str) -> String {
    match c {
        Color::Reset => otherwise.to_string(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(i @ 0..16) => NAMED[usize::from(i)].to_string(),
        Color::Indexed(i @ 16..232) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * u32::from(n) };
            let i = i - 16;
            format!("#{:02x}{:02x}{:02x}", level(i / 36), level(i / 6 % 6), level(i % 6))
        }
        Color::Indexed(i) => {
            let v = 8 + 10 * (u32::from(i) - 232);
            format!("#{v:02x}{v:02x}{v:02x}")
        }
        named => NAMED[usize::from(sixteen(named))].to_string(),
    }
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const CELL_W: f64 = 8.4;
const CELL_H: f64 = 18.0;
const MARGIN: f64 = 14.0;

/// A picture of the screen that any browser shows, on a dark or a light ground.
pub fn svg(buf: &Buffer, light: bool) -> String {
    let (ground, ink) = if light { ("#ffffff", "#1f2328") } else { ("#0d1117", "#d6dde5") };
    let w = f64::from(buf.area.width) * CELL_W + 2.0 * MARGIN;
    let h = f64::from(buf.area.height) * CELL_H + 2.0 * MARGIN;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.0} {h:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n\
         <g font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\" xml:space=\"preserve\">"
    );
    for y in buf.area.top()..buf.area.bottom() {
        let top = MARGIN + f64::from(y - buf.area.top()) * CELL_H;
        for (x, look, words) in runs(buf, y) {
            let left = MARGIN + f64::from(x - buf.area.left()) * CELL_W;
            let reversed = look.modifier.contains(Modifier::REVERSED);
            let (mut fg, mut bg) = (css(look.fg, ink), css(look.bg, ground));
            if reversed {
                std::mem::swap(&mut fg, &mut bg);
            }
            let columns = width(&words);
            let run = columns as f64 * CELL_W;
            if bg != ground {
                let _ = writeln!(out, "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{run:.1}\" height=\"{CELL_H}\" fill=\"{bg}\"/>");
            }
            if words.trim().is_empty() {
                continue;
            }
            // Leading spaces would be dropped by some viewers: start where the words start.
            let lead = words.len() - words.trim_start().len();
            let left = left + lead as f64 * CELL_W;
            let words = words.trim();
            let mut style = String::new();
            if look.modifier.contains(Modifier::BOLD) {
                style.push_str(" font-weight=\"bold\"");
            }
            if look.modifier.contains(Modifier::DIM) {
                style.push_str(" opacity=\"0.6\"");
            }
            if look.modifier.contains(Modifier::UNDERLINED) {
                style.push_str(" text-decoration=\"underline\"");
            }
            // The length is given, so that a font of another width keeps the columns.
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{fg}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
                top + 13.5,
                width(words) as f64 * CELL_W,
                escape(words)
            );
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The first line of an asciicast file (version 2).
pub fn cast_header(columns: u16, rows: u16, title: &str) -> String {
    serde_json::json!({"version": 2, "width": columns, "height": rows, "title": title}).to_string()
}

/// One frame of an asciicast: the whole screen at a time in seconds.
pub fn cast_frame(at: f64, buf: &Buffer) -> String {
    serde_json::json!([at, "o", format!("\x1b[H{}", ansi(buf))]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn sample() -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 2));
        buf.set_string(0, 0, "a<b", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
        buf.set_string(2, 1, "日x", Style::new().bg(Color::Indexed(21)));
        buf
    }

    #[test]
    fn plain_text_counts_wide_characters_once() {
        assert_eq!(text(&sample()), "a<b\n  日x\n");
    }

    #[test]
    fn colours_become_escape_codes() {
        let out = ansi(&sample());
        assert!(out.starts_with("\x1b[0;1;38;2;1;2;3ma<b"), "{out:?}");
        assert!(out.contains("\x1b[0;48;5;21m日x"), "{out:?}");
    }

    #[test]
    fn pictures_escape_their_text() {
        let out = svg(&sample(), false);
        assert!(out.contains("a&lt;b") && out.contains("fill=\"#010203\"") && out.contains("fill=\"#0000ff\""), "{out}");
        assert!(!out.contains("a<b"));
    }

    #[test]
    fn casts_are_json_lines() {
        let line: serde_json::Value = serde_json::from_str(&cast_frame(1.5, &sample())).unwrap();
        assert_eq!(line[0], 1.5);
        assert_eq!(line[1], "o");
    }
}
