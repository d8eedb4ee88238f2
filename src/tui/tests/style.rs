//! Without colour everything must still be told apart; without Unicode nothing may look broken.

use ratatui::style::{Color, Modifier};

use super::Screen;
use crate::tui::theme::{ASCII, Depth, Theme, UNICODE};

fn scenes() -> [&'static str; 7] {
    ["", "n1<end><enter><enter>", "f", "nj", "?", "n1<end>", "n1:kubectl get pods<enter>x<enter>"]
}

fn screen(theme: Theme) -> Screen {
    Screen::with(120, 36, theme).into_lab()
}

#[test]
fn no_colour_means_none_at_all() {
    for scene in scenes() {
        let mut s = screen(Theme { depth: Depth::None, light: false, glyphs: &UNICODE });
        s.press(scene);
        for cell in &s.terminal.backend().buffer().content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{scene}: {:?}", cell.symbol());
        }
        let reversed = s.terminal.backend().buffer().content.iter().any(|c| c.modifier.contains(Modifier::REVERSED));
        assert!(reversed || scene.contains(['?', ':', 'd']), "{scene}: the selection must be seen");
    }
}

#[test]
fn each_depth_uses_only_its_colours() {
    for depth in [Depth::Sixteen, Depth::Indexed, Depth::True] {
        for light in [false, true] {
            let mut s = screen(Theme { depth, light, glyphs: &UNICODE });
            s.press("n1<end><enter><enter>");
            for cell in &s.terminal.backend().buffer().content {
                for colour in [cell.fg, cell.bg] {
                    let fits = match colour {
                        Color::Reset => true,
                        Color::Rgb(..) => depth == Depth::True,
                        Color::Indexed(_) => depth == Depth::Indexed,
                        _ => depth == Depth::Sixteen,
                    };
                    assert!(fits, "{depth:?} shows {colour:?}");
                }
            }
        }
    }
}

#[test]
fn ascii_screens_are_ascii() {
    for scene in scenes() {
        let mut s = screen(Theme { depth: Depth::True, light: false, glyphs: &ASCII });
        s.press(scene);
        assert!(s.text().is_ascii(), "{scene}:\n{}", s.text());
    }
}

#[test]
fn text_on_a_frame_has_its_own_colour() {
    let mut s = screen(Theme::default());
    s.press("n<esc>");
    let text = s.text();
    let (y, line) = text.lines().enumerate().find(|(_, l)| l.contains("90 ok/s")).unwrap();
    // Both worlds: the second one's frame is faint, its numbers are not.
    for (at, _) in line.match_indices("90 ok/s") {
        let x = line[..at].chars().count() as u16;
        assert_eq!(s.terminal.backend().buffer()[(x, y as u16)].fg, Color::Reset);
    }
}

#[test]
fn failing_requests_have_a_shape_of_their_own() {
    let mut s = screen(Theme { depth: Depth::None, light: false, glyphs: &UNICODE });
    s.press("n1 <wait><wait><wait>");
    s.shows("▒").shows("▇").shows("30 failing: timeout");
}
