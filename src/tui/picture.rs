//! A still picture of a lab at its present moment, for README and hand-outs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::Session;

use super::app::App;
use super::{Catalogue, Options, export};

/// The lab screen of this session, drawn without a terminal, as SVG.
pub fn svg(session: Session, options: &Options, columns: u16, rows: u16) -> String {
    let theme = options.theme();
    let light = theme.light;
    let mut app = App::new(Box::new(Catalogue { open: options.open.clone() }), theme);
    app.enter(Box::new(session));
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    app.draw_buffer(area, &mut buffer);
    export::svg(&buffer, light)
}
