//! The mouse: what was clicked, and what that means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::{App, Screen};
use crate::tui::draw::Spot;
use crate::tui::keys::Context;
use crate::tui::lab::Focus;
use crate::tui::message::Message;
use crate::tui::panels::timeline;

/// Lines one turn of the wheel moves.
const WHEEL: isize = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: &MouseEvent) {
        let hit = self.spots.hit(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(hit, mouse.column),
            MouseEventKind::Drag(MouseButton::Left) => {
                if let Some((bar, Spot::Timeline)) = hit {
                    self.click(Some((bar, Spot::Timeline)), mouse.column);
                }
            }
            MouseEventKind::ScrollDown => self.wheel(hit, WHEEL),
            MouseEventKind::ScrollUp => self.wheel(hit, -WHEEL),
            _ => {}
        }
    }

    fn click(&mut self, hit: Option<(Rect, Spot)>, x: u16) {
        self.dirty = true;
        let Some((rect, spot)) = hit else {
            // Beside the panel on top: close it, unless it asks something.
            if self.panels.last().is_some_and(|p| p.context() != Context::Question) {
                self.panels.pop();
            }
            return;
        };
        match spot {
            Spot::Press(message) => self.update(message),
            Spot::Panel(column, row) => {
                if let Some(mut panel) = self.panels.pop() {
                    let flow = panel.click(column, row, self.lab.as_mut());
                    self.follow(flow, panel, Message::Accept);
                } else if self.screen == Screen::Practice {
                    self.click_page(column, row);
                } else if self.screen == Screen::Home && self.home.click(column, row) {
                    self.update_home(Message::Accept);
                }
            }
            Spot::Surface => {}
            spot => self.click_lab(rect, &spot, x),
        }
    }

    fn click_lab(&mut self, rect: Rect, spot: &Spot, x: u16) {
        let Some(lab) = &mut self.lab else { return };
        match *spot {
            Spot::World(n) => lab.focus = Focus::World(n),
            Spot::Journal(n) => lab.focus = Focus::Journal(n),
            Spot::Thing(n, thing) => {
                let again = lab.focus == Focus::World(n) && lab.worlds.get(n).is_some_and(|w| w.cursor() == thing);
                lab.focus = Focus::World(n);
                if let (Some(pane), Some(world)) = (lab.worlds.get_mut(n), lab.view.worlds.get(n)) {
                    pane.select(&world.view, thing);
                }
                if again {
                    self.inspect();
                }
            }
            Spot::Line(n, line) => {
                let again = lab.focus == Focus::Journal(n) && lab.journals.get(n).is_some_and(|j| j.cursor() == line);
                lab.focus = Focus::Journal(n);
                if let Some(pane) = lab.journals.get_mut(n) {
                    pane.select(line);
                }
                if again {
                    self.why();
                }
            }
            Spot::Timeline => lab.jump_permille(timeline::permille(rect, x)),
            Spot::Output | Spot::Press(_) | Spot::Panel(..) | Spot::Surface => {}
        }
    }

    fn wheel(&mut self, hit: Option<(Rect, Spot)>, lines: isize) {
        self.dirty = true;
        if let Some(panel) = self.panels.last_mut() {
            return panel.wheel(lines);
        }
        if self.screen == Screen::Home {
            return self.home.wheel(lines);
        }
        if self.screen == Screen::Practice {
            if let Some(page) = self.pages.top_mut() {
                page.wheel(lines);
            }
            return;
        }
        let Some(lab) = &mut self.lab else { return };
        match hit.map(|h| h.1) {
            Some(Spot::Output) => lab.console.scroll.by(lines),
            Some(Spot::Line(n, _) | Spot::Journal(n)) => {
                if let Some(pane) = lab.journals.get_mut(n) {
                    pane.by(lines);
                }
            }
            Some(Spot::World(n) | Spot::Thing(n, _)) => {
                if let (Some(pane), Some(world)) = (lab.worlds.get_mut(n), lab.view.worlds.get(n)) {
                    let step = if lines > 0 { Message::Down } else { Message::Up };
                    for _ in 0..lines.unsigned_abs() {
                        pane.update(step, &world.view);
                    }
                }
            }
            _ => {}
        }
    }
}
