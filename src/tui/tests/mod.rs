//! The interface as people see it: scripted keys, then the whole screen.

mod desk;
mod fixture;
mod keys;
mod practice;
mod saving;
mod scheduling;
mod screens;
mod speed;
mod style;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::app::App;
use super::export;
use super::theme::Theme;
use fixture::{Fake, Labs, Log};

/// The program on a screen that only a test sees.
pub struct Screen {
    pub app: App,
    pub terminal: Terminal<TestBackend>,
    pub log: Rc<RefCell<Log>>,
}

impl Screen {
    pub fn home(width: u16, height: u16) -> Self {
        Self::with(width, height, Theme::default())
    }
    pub fn with(width: u16, height: u16, theme: Theme) -> Self {
        Self::again(width, height, theme, Rc::default())
    }
    /// The program is started anew; what was kept is there.
    pub fn again(width: u16, height: u16, theme: Theme, log: Rc<RefCell<Log>>) -> Self {
        let mut app = App::new(Box::new(Labs { log: log.clone() }), theme);
        app.rouse();
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut screen = Self { app, terminal, log };
        screen.draw();
        screen
    }
    pub fn lab(width: u16, height: u16) -> Self {
        Self::home(width, height).into_lab()
    }
    pub fn into_lab(mut self) -> Self {
        self.app.enter(Box::new(Fake::with(self.log.clone(), None)));
        self.draw();
        self
    }

    /// Presses keys: single characters, or names in angle brackets (`<enter>`, `<c-c>`, `<wait>` for a second of play).
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let name = rest.strip_prefix('<').and_then(|r| r.split_once('>'));
            let (code, modifiers) = match name {
                Some((name, after)) => {
                    rest = after;
                    if name == "wait" {
                        self.app.tick(Duration::from_secs(1));
                        self.draw();
                        continue;
                    }
                    key(name)
                }
                None => {
                    rest = &rest[c.len_utf8()..];
                    (KeyCode::Char(c), KeyModifiers::NONE)
                }
            };
            self.app.handle(&Event::Key(KeyEvent::new(code, modifiers)));
            self.draw();
        }
        self
    }

    pub fn mouse(&mut self, kind: MouseEventKind, x: u16, y: u16) -> &mut Self {
        self.app.handle(&Event::Mouse(MouseEvent { kind, column: x, row: y, modifiers: KeyModifiers::NONE }));
        self.draw();
        self
    }
    pub fn click(&mut self, x: u16, y: u16) -> &mut Self {
        self.mouse(MouseEventKind::Down(MouseButton::Left), x, y)
    }
    /// Clicks on the first place where a text stands.
    pub fn click_on(&mut self, words: &str) -> &mut Self {
        let text = self.text();
        let (y, line) = text.lines().enumerate().find(|(_, l)| l.contains(words)).unwrap_or_else(|| panic!("{words} is not on\n{text}"));
        let x = line[..line.find(words).unwrap()].chars().count();
        self.click(x as u16, y as u16)
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.terminal.backend_mut().resize(width, height);
        self.app.handle(&Event::Resize(width, height));
        self.draw();
        self
    }

    pub fn draw(&mut self) {
        let app = &mut self.app;
        self.terminal.draw(|frame| app.draw(frame)).unwrap();
    }
    pub fn text(&self) -> String {
        export::text(self.terminal.backend().buffer())
    }
    #[track_caller]
    pub fn shows(&mut self, words: &str) -> &mut Self {
        let text = self.text();
        assert!(text.contains(words), "{words:?} is not on\n{text}");
        self
    }
    #[track_caller]
    pub fn hides(&mut self, words: &str) -> &mut Self {
        let text = self.text();
        assert!(!text.contains(words), "{words:?} is on\n{text}");
        self
    }
}

fn key(name: &str) -> (KeyCode, KeyModifiers) {
    let none = KeyModifiers::NONE;
    match name {
        "enter" => (KeyCode::Enter, none),
        "esc" => (KeyCode::Esc, none),
        "tab" => (KeyCode::Tab, none),
        "up" => (KeyCode::Up, none),
        "down" => (KeyCode::Down, none),
        "left" => (KeyCode::Left, none),
        "right" => (KeyCode::Right, none),
        "home" => (KeyCode::Home, none),
        "end" => (KeyCode::End, none),
        "pgup" => (KeyCode::PageUp, none),
        "pgdn" => (KeyCode::PageDown, none),
        "bs" => (KeyCode::Backspace, none),
        "f5" => (KeyCode::F(5), none),
        other => match other.strip_prefix("c-") {
            Some(c) => (KeyCode::Char(c.chars().next().unwrap()), KeyModifiers::CONTROL),
            None => panic!("no key {other}"),
        },
    }
}
