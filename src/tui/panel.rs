//! What opens on top of a screen: it takes keys and clicks first and says what becomes of it.

use ratatui::layout::Rect;

use super::draw::{Pen, Spot};
use super::keys::Context;
use super::lab::Lab;
use super::message::Message;
use super::theme::Ink;

/// What happens after a message.
pub enum Flow {
    Stay,
    /// Not for this panel: what lies below may want it.
    Pass,
    Close,
    /// Opens another panel on top.
    Open(Box<dyn Panel>),
    /// Closes every panel and puts a command on the command line.
    Prompt(String),
    /// Closes every panel.
    CloseAll,
    /// Back to the home screen.
    Home,
    /// Saves the session.
    Save,
}

pub trait Panel {
    fn context(&self) -> Context;
    /// Handles a message; `lab` is there whenever a lab is open.
    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow;
    fn draw(&self, pen: &mut Pen, screen: Rect, lab: Option<&Lab>);
    /// The lab has changed behind the panel.
    fn refresh(&mut self, _lab: &Lab) {}
    /// A click on [`Spot::Panel`].
    fn click(&mut self, _column: usize, _row: usize, _lab: Option<&mut Lab>) -> Flow {
        Flow::Stay
    }
    /// The wheel turned; positive goes down.
    fn wheel(&mut self, _lines: isize) {}
}

/// An emptied frame with a title on top and the panel's keys at the bottom; returns the inside.
pub fn surface(pen: &mut Pen, area: Rect, title: &str, context: Context) -> Rect {
    pen.blank(area);
    pen.spots.add(area, Spot::Surface);
    let border = pen.ink(Ink::Dim);
    let inner = pen.frame(area, border);
    let strong = pen.ink(Ink::Title);
    pen.line(area.x + 2, area.y, area.width.saturating_sub(4), &[(" ", strong), (title, strong), (" ", strong)]);
    let hints = super::panels::prompt::hints(context);
    let own: Vec<_> = hints.into_iter().filter(|h| h.2 != Message::Help || area.width > 60).collect();
    if area.width > 12 && area.height > 2 {
        let y = area.bottom() - 1;
        pen.put(area.x + 2, y, 1, " ", strong);
        let used = pen.hints(area.x + 3, y, area.width - 6, &own);
        pen.put(area.x + 3 + used, y, 1, " ", strong);
    }
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}
