//! A world's machines and what runs on them. Only the rows in sight are looked at closely: a lab may have thousands of copies.

use std::cell::Cell;

use ratatui::layout::Rect;

use crate::session::view::{AppView, CopyList, Health, HostView, ObjectRef, WorldView};
use crate::tui::draw::{Pen, Spot, follow};
use crate::tui::lab::Density;
use crate::tui::message::Message;
use crate::tui::text;
use crate::tui::theme::Ink;

use super::copy;

/// Copies from which on signs replace names, if all would not fit three screens.
const MANY: usize = 60;
const ALARMS: usize = 2;
/// Columns for `120/s`.
const RATE: u16 = 7;
/// Columns for `ContainerCreating 0/1`.
const STATUS: usize = 21;
const LONG_STATUS: usize = 28;
/// Columns left of the copies of a host.
const INDENT: u16 = 3;

/// What can be selected, in the order of the screen: apps, then each host with its copies, then copies without a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    App(usize),
    Host(usize),
    Copy(usize, usize),
    Unplaced(usize),
}

/// Selection and scrolling of one world.
#[derive(Debug, Default)]
pub struct WorldPane {
    cursor: usize,
    object: Option<ObjectRef>,
    first: Cell<usize>,
    shown: Cell<usize>,
    /// Copies in one row, as drawn last; up and down go by it.
    per_row: Cell<usize>,
    /// The hosts that were drawn last.
    drawn: Cell<(usize, usize)>,
    signs: Cell<bool>,
}

fn things(view: &WorldView) -> usize {
    view.apps.len() + view.hosts.iter().map(|h| 1 + h.copies.len()).sum::<usize>() + view.unplaced.len()
}

fn thing(view: &WorldView, mut n: usize) -> Option<Thing> {
    if n < view.apps.len() {
        return Some(Thing::App(n));
    }
    n -= view.apps.len();
    for (h, host) in view.hosts.iter().enumerate() {
        if n == 0 {
            return Some(Thing::Host(h));
        }
        if n <= host.copies.len() {
            return Some(Thing::Copy(h, n - 1));
        }
        n -= 1 + host.copies.len();
    }
    (n < view.unplaced.len()).then_some(Thing::Unplaced(n))
}

/// None for a copy that is out of sight and so not described.
fn object(view: &WorldView, thing: Thing) -> Option<&ObjectRef> {
    match thing {
        Thing::App(n) => view.apps.get(n).map(|a| &a.object),
        Thing::Host(n) => view.hosts.get(n).map(|h| &h.object),
        Thing::Copy(h, n) => view.hosts.get(h).and_then(|h| h.copies.get(n)).map(|c| &c.object),
        Thing::Unplaced(n) => view.unplaced.get(n).map(|c| &c.object),
    }
}

/// How a world is laid out in a width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub signs: bool,
    per_row: usize,
    pub label: usize,
    /// Columns of one copy.
    cell: u16,
    /// Columns it needs, the rate included.
    pub full: u16,
    /// Signs stand on the host's own row.
    beside: bool,
}

impl Grid {
    fn new(view: &WorldView, width: u16, density: Density) -> Self {
        let total: usize = view.hosts.iter().map(|h| h.copies.len()).sum::<usize>() + view.unplaced.len();
        let sample = || view.hosts.iter().flat_map(|h| &h.copies).chain(&view.unplaced).take(200);
        let signs = match density {
            Density::Names => false,
            Density::Signs => true,
            Density::Auto => total > MANY,
        };
        if signs {
            let beside = width >= 84;
            let room = if beside { width - 62 } else { width.saturating_sub(3) };
            return Self { signs, per_row: usize::from(room.max(1)), label: 0, cell: 1, full: 1, beside };
        }
        let label = sample().map(|c| text::width(&c.label)).max().unwrap_or(8).clamp(6, 28);
        // Room for a status, whatever the copies say just now: the layout must not change with their words.
        let cell = u16::try_from(label + STATUS + 5).unwrap_or(40) + RATE;
        let inner = width.saturating_sub(INDENT);
        let per_row = usize::from((inner / cell).max(1));
        let cell = if per_row == 1 { inner } else { cell };
        // A long name gives way to the status beside it.
        let label = label.min(usize::from(cell).saturating_sub(STATUS + 4)).max(6);
        // Alone in its row a copy has room for `Up About a minute (healthy)` before its rate.
        let full = u16::try_from(label + if per_row == 1 { LONG_STATUS } else { STATUS } + 5).unwrap_or(40) + RATE;
        Self { signs, per_row, label, cell, full, beside: false }
    }

    fn copy_rows(&self, copies: usize) -> usize {
        if self.beside { copies.div_ceil(self.per_row).saturating_sub(1) } else { copies.div_ceil(self.per_row) }
    }
}

fn head_rows(view: &WorldView) -> usize {
    usize::from(!view.apps.is_empty()) + view.alarms.len().min(ALARMS)
}

/// Rows a world would like.
pub fn rows_wanted(view: &WorldView, width: u16, density: Density) -> usize {
    let grid = Grid::new(view, width, density);
    let hosts: usize = view.hosts.iter().map(|h| 1 + grid.copy_rows(h.copies.len())).sum();
    let unplaced = if view.unplaced.is_empty() { 0 } else { 1 + Grid { beside: false, ..grid }.copy_rows(view.unplaced.len()) };
    head_rows(view) + hosts + unplaced
}

impl WorldPane {
    /// Keeps the selection on its object while the world changes around it.
    pub fn refresh(&mut self, view: &WorldView) {
        let total = things(view);
        if let Some(wanted) = &self.object
            && thing(view, self.cursor).and_then(|t| object(view, t)) != Some(wanted)
        {
            let found = (0..view.apps.len()).find(|n| view.apps[*n].object == *wanted).or_else(|| find(view, wanted));
            self.cursor = found.unwrap_or(self.cursor);
        }
        self.cursor = self.cursor.min(total.saturating_sub(1));
        if self.object.is_none() && self.cursor > 0 {
            // It was out of sight when it was selected.
            self.object = self.selected(view).cloned();
        }
    }

    pub fn selected<'a>(&self, view: &'a WorldView) -> Option<&'a ObjectRef> {
        thing(view, self.cursor).and_then(|t| object(view, t))
    }

    /// The hosts that the next frame may draw: those of the last one, or those around the cursor if it went elsewhere.
    pub fn in_sight(&self, view: &WorldView) -> std::ops::Range<usize> {
        const BEFORE_THE_FIRST_FRAME: usize = 80;
        const MARGIN: usize = 2;
        let (from, to) = self.drawn.get();
        let rows = if to == 0 { BEFORE_THE_FIRST_FRAME } else { self.shown.get().max(1) };
        let here = match thing(view, self.cursor) {
            Some(Thing::Host(h) | Thing::Copy(h, _)) => h,
            Some(Thing::Unplaced(_)) => view.hosts.len(),
            Some(Thing::App(_)) | None => 0,
        };
        if (from..to).contains(&here) {
            from.saturating_sub(MARGIN)..to + MARGIN
        } else {
            here.saturating_sub(rows + MARGIN)..here + rows + MARGIN
        }
    }

    pub fn cursor(&self) -> usize {
        self.cursor
    }

    pub fn select(&mut self, view: &WorldView, n: usize) {
        self.cursor = n.min(things(view).saturating_sub(1));
        self.object = self.selected(view).cloned();
    }

    /// True if the message was one of moving.
    pub fn update(&mut self, message: Message, view: &WorldView) -> bool {
        let total = things(view);
        let page = self.shown.get().max(2) - 1;
        let to = match message {
            Message::Up => self.up_down(view, -1),
            Message::Down => self.up_down(view, 1),
            Message::Left => self.cursor.saturating_sub(1),
            Message::Right => self.cursor + 1,
            Message::PageUp => (0..page).fold(self.cursor, |at, _| self.vertical(view, at, -1)),
            Message::PageDown => (0..page).fold(self.cursor, |at, _| self.vertical(view, at, 1)),
            Message::Top => 0,
            Message::Bottom => total.saturating_sub(1),
            _ => return false,
        };
        self.select(view, to);
        true
    }

    fn up_down(&self, view: &WorldView, by: isize) -> usize {
        self.vertical(view, self.cursor, by)
    }

    /// One row up or down from a thing, staying in its column where there is one.
    fn vertical(&self, view: &WorldView, at: usize, by: isize) -> usize {
        let per_row = self.per_row.get().max(1);
        let apps = view.apps.len();
        let Some(here) = thing(view, at) else { return 0 };
        let host_at = |h: usize| apps + view.hosts[..h].iter().map(|x| 1 + x.copies.len()).sum::<usize>();
        match (here, by > 0) {
            (Thing::App(_), false) => at,
            (Thing::App(n), true) => at + (apps - n),
            (Thing::Host(0), false) if apps > 0 => 0,
            (Thing::Host(h), false) => {
                let Some(before) = h.checked_sub(1) else { return at };
                let copies = view.hosts[before].copies.len();
                // The start of the host's last row of copies, or the host itself.
                let last_row = copies.saturating_sub(1) / per_row * per_row;
                host_at(before) + if copies == 0 || self.signs.get() { 0 } else { 1 + last_row }
            }
            (Thing::Host(h), true) if self.signs.get() && h + 1 < view.hosts.len() => host_at(h + 1),
            (Thing::Host(_), true) => at + 1,
            (Thing::Copy(h, n), false) => {
                if n < per_row {
                    host_at(h)
                } else {
                    at - per_row
                }
            }
            (Thing::Copy(h, n), true) => {
                let copies = view.hosts[h].copies.len();
                if n + per_row < copies {
                    at + per_row
                } else if n / per_row < (copies - 1) / per_row {
                    host_at(h) + copies
                } else {
                    host_at(h) + copies + 1
                }
            }
            (Thing::Unplaced(n), false) => {
                if n < per_row {
                    at - n - 1
                } else {
                    at - per_row
                }
            }
            (Thing::Unplaced(_), true) => at + per_row,
        }
    }

    /// Draws into `area`; `number` is the world's number for clicks.
    pub fn draw(&self, pen: &mut Pen, area: Rect, view: &WorldView, number: usize, focused: bool, density: Density) {
        pen.spots.add(area, Spot::World(number));
        if area.height == 0 || area.width < 8 {
            return;
        }
        let grid = Grid::new(view, area.width, density);
        self.per_row.set(grid.per_row);
        self.signs.set(grid.signs);
        let mut y = area.y;
        let mut n = 0;
        let chosen = |n: usize| (n == self.cursor).then_some(focused);
        if !view.apps.is_empty() {
            draw_apps(pen, Rect { y, height: 1, ..area }, view, number, &chosen);
            y += 1;
            n += view.apps.len();
        }
        for alarm in view.alarms.iter().take(ALARMS) {
            if y < area.bottom() {
                let warn = pen.ink(Ink::Warn);
                let sign = pen.theme.glyphs.warn;
                pen.line(area.x + 1, y, area.width - 1, &[(sign, warn), (" ", warn), (alarm, warn)]);
                y += 1;
            }
        }
        let body = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        let shown = usize::from(body.height);
        self.shown.set(shown);
        let (total, cursor_row) = self.rows(view, &grid);
        let first = follow(self.first.get(), cursor_row, shown, total);
        // The first host stays in sight together with its heading row above.
        self.first.set(first);
        let mut row = 0;
        let last = first + shown;
        let at = |row: usize| body.y + u16::try_from(row - first).unwrap_or(0);
        let mut drawn: Option<(usize, usize)> = None;
        for (h, host) in view.hosts.iter().enumerate() {
            let rows = 1 + grid.copy_rows(host.copies.len());
            if row + rows > first && row < last {
                drawn = Some((drawn.map_or(h, |d| d.0), h + 1));
                if row >= first {
                    let line = Rect { y: at(row), height: 1, ..body };
                    draw_host(pen, line, host, chosen(n), grid.beside);
                    pen.spots.add(line, Spot::Thing(number, n));
                }
                draw_copies(pen, body, &grid, &host.copies, row, first, last, number, n + 1, &chosen);
            }
            row += rows;
            n += 1 + host.copies.len();
            if row >= last {
                break;
            }
        }
        self.drawn.set(drawn.unwrap_or_default());
        if !view.unplaced.is_empty() && row < last {
            if row >= first {
                let (sign, style) = pen.theme.health(Health::Busy);
                let words = format!("{} on no machine", view.unplaced.len());
                pen.line(body.x + 1, at(row), body.width - 1, &[(sign, style), (" ", style), (&words, style)]);
            }
            draw_copies(pen, body, &Grid { beside: false, ..grid }, &view.unplaced, row, first, last, number, n, &chosen);
        }
        pen.scrollbar(Rect { width: area.width, ..body }, first, shown, total);
    }

    /// Rows below the head, and the row of the cursor.
    fn rows(&self, view: &WorldView, grid: &Grid) -> (usize, usize) {
        let mut row = 0;
        let mut n = view.apps.len();
        let mut cursor_row = 0;
        for host in &view.hosts {
            if self.cursor >= n && self.cursor <= n + host.copies.len() {
                let copy = self.cursor - n;
                cursor_row = row
                    + match copy {
                        0 => 0,
                        c if grid.beside => (c - 1) / grid.per_row,
                        c => 1 + (c - 1) / grid.per_row,
                    };
            }
            row += 1 + grid.copy_rows(host.copies.len());
            n += 1 + host.copies.len();
        }
        if !view.unplaced.is_empty() {
            if self.cursor >= n {
                cursor_row = row + 1 + (self.cursor - n) / grid.per_row;
            }
            row += 1 + view.unplaced.len().div_ceil(grid.per_row);
        }
        (row, cursor_row)
    }
}

fn find(view: &WorldView, wanted: &ObjectRef) -> Option<usize> {
    let mut n = view.apps.len();
    for host in &view.hosts {
        if host.object == *wanted {
            return Some(n);
        }
        if let Some(c) = host.copies.iter().position(|c| c.object == *wanted) {
            return Some(n + 1 + c);
        }
        n += 1 + host.copies.len();
    }
    view.unplaced.iter().position(|c| c.object == *wanted).map(|c| n + c)
}

fn highlight(pen: &mut Pen, area: Rect, chosen: Option<bool>) {
    if let Some(focused) = chosen {
        let style = pen.ink(if focused { Ink::Selected } else { Ink::Marked });
        pen.wash(area, style);
    }
}

/// The apps in one row: name, copies there of copies wanted, what goes on.
fn draw_apps(pen: &mut Pen, area: Rect, view: &WorldView, number: usize, chosen: &dyn Fn(usize) -> Option<bool>) {
    let wants = |app: &AppView| {
        let detail = if app.detail.is_empty() { 0 } else { text::width(&app.detail) + 1 };
        text::width(&app.name) + format!(" {}/{} ", app.ready, app.wanted).len() + 1 + detail
    };
    // How many from `first` on fit, a `+3` for the others included.
    let room = usize::from(area.width.saturating_sub(2));
    let fitting = |first: usize| {
        let (mut used, mut shown) = (0, 0);
        for app in &view.apps[first..] {
            let after = used + wants(app);
            let others = view.apps.len() - shown - 1;
            if shown > 0 && after + if others > 0 { 5 } else { 0 } > room {
                break;
            }
            (used, shown) = (after + 3, shown + 1);
        }
        shown
    };
    // The selected one is always among them.
    let selected = (0..view.apps.len()).find(|n| chosen(*n).is_some()).unwrap_or(0);
    let first = if selected < fitting(0) { 0 } else { selected };
    let shown = fitting(first);
    let hidden = view.apps.len() - shown;
    let mut x = area.x + 1;
    for (n, app) in view.apps.iter().enumerate().skip(first).take(shown) {
        let room = area.right().saturating_sub(x + if hidden > 0 { 5 } else { 0 });
        let health = match (app.ready, app.wanted) {
            (_, 0) => Health::Idle,
            (r, w) if r >= w => Health::Good,
            (0, _) => Health::Bad,
            _ => Health::Warn,
        };
        let (sign, style) = pen.theme.health(health);
        let count = format!(" {}/{} ", app.ready, app.wanted);
        let (strong, dim) = (pen.ink(Ink::Strong), pen.ink(Ink::Dim));
        let name = usize::from(room).saturating_sub(count.len() + 1).max(4);
        let name = text::fit_name(&app.name, name, pen.theme.glyphs.ellipsis);
        let mut used = pen.line(x, area.y, room, &[(&name, strong), (&count, style), (sign, style)]);
        if !app.detail.is_empty() {
            used += pen.line(x + used, area.y, room - used, &[(" ", dim), (&app.detail, dim)]);
        }
        let place = Rect { x, width: used, ..area };
        highlight(pen, place, chosen(n));
        pen.spots.add(place, Spot::Thing(number, n));
        x += used + 3;
    }
    if hidden > 0 {
        let dim = pen.ink(Ink::Dim);
        pen.put(x, area.y, area.right().saturating_sub(x), &format!("+{hidden}"), dim);
    }
}

/// `node-2 ✖ NotReady 00:01 taint unreachable        cpu ███░░░ 51%  mem ██░░░░ 22%`
fn draw_host(pen: &mut Pen, area: Rect, host: &HostView, chosen: Option<bool>, beside: bool) {
    let (sign, style) = pen.theme.health(host.health);
    let (strong, dim) = (pen.ink(Ink::Strong), pen.ink(Ink::Dim));
    let down = host.health == Health::Bad;
    let columns = usize::from(area.width).saturating_sub(2);
    let lead = text::width(&host.name) + 3 + text::width(&host.word) + 1;
    let detail = match &*host.detail {
        "" => String::new(),
        // `NotReady 00:01 taint unreachable` in few columns: the taint's name says what it is.
        long if lead + text::width(long) > columns => format!(" {}", long.replace("taint ", "").trim_start()),
        short => format!(" {}", short.trim_start()),
    };
    let words = text::width(&host.name) + 3 + text::width(&host.word) + text::width(&detail);
    // Bars step back before words do; a machine that is down uses nothing worth a bar.
    let limit = if beside { area.width.min(61) } else { area.width };
    let room = usize::from(limit).saturating_sub(words + 3);
    let bar: u16 = match room {
        44.. => 10,
        _ => 6,
    };
    let full = usize::from(bar) * 2 + 20;
    let meters = !down && room >= full;
    let numbers = !down && !meters && room >= 16;
    let spent = if meters {
        full
    } else if numbers {
        16
    } else {
        0
    };
    // The last column belongs to the scroll bar.
    let columns = limit.saturating_sub(2 + u16::try_from(spent).unwrap_or(0));
    pen.line(
        area.x + 1,
        area.y,
        columns,
        &[(&host.name, strong), (" ", dim), (sign, style), (" ", dim), (&host.word, style), (&detail, if down { style } else { dim })],
    );
    let right = area.x + limit;
    let percent = |p: u32| format!("{:>3}%", (p + 5) / 10);
    if meters {
        let mut x = right - u16::try_from(full).unwrap_or(0) + 1;
        for (name, p) in [("cpu ", host.cpu_permille), ("mem ", host.memory_permille)] {
            x += pen.put(x, area.y, 4, name, dim);
            let load = pen.theme.load(p);
            pen.bar(x, area.y, bar, p, load);
            x += bar;
            x += pen.put(x, area.y, 4, &percent(p), dim) + 2;
        }
    } else if numbers {
        let x = right.saturating_sub(16);
        let both = format!("cpu{} mem{}", percent(host.cpu_permille), percent(host.memory_permille));
        pen.put(x, area.y, 16, &both, dim);
    }
    highlight(pen, Rect { width: limit, ..area }, chosen);
}

#[expect(clippy::too_many_arguments, reason = "one call site each; a struct would only rename them")]
fn draw_copies(
    pen: &mut Pen,
    body: Rect,
    grid: &Grid,
    copies: &CopyList,
    host_row: usize,
    first: usize,
    last: usize,
    number: usize,
    base: usize,
    chosen: &dyn Fn(usize) -> Option<bool>,
) {
    let offset = usize::from(!grid.beside);
    let rows = copies.len().div_ceil(grid.per_row);
    let from = first.saturating_sub(host_row + offset).min(rows);
    for r in from..rows {
        let row = host_row + offset + r;
        if row < first {
            continue;
        }
        if row >= last {
            break;
        }
        let y = body.y + u16::try_from(row - first).unwrap_or(0);
        let left = body.x + if grid.beside { 62 } else { INDENT };
        let start = r * grid.per_row;
        for (i, copy) in copies.iter().enumerate().skip(start).take(grid.per_row) {
            let x = left + u16::try_from(i - start).unwrap_or(0) * grid.cell;
            let width = grid.cell.min(body.right().saturating_sub(x));
            if width == 0 {
                break;
            }
            let place = Rect::new(x, y, width, 1);
            copy::draw(pen, place, copy, grid);
            highlight(pen, Rect { width: width.saturating_sub(u16::from(!grid.signs)).max(1), ..place }, chosen(base + i));
            pen.spots.add(place, Spot::Thing(number, base + i));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::view::{CopyView, ObjectRef};
    use crate::tui::draw::Spots;
    use crate::tui::theme::Theme;

    fn pod(name: &str, word: &str, detail: &str) -> CopyView {
        CopyView {
            object: ObjectRef::new("Pod", "default", name),
            label: name.into(),
            health: Health::Bad,
            word: word.into(),
            detail: detail.into(),
            app: "shop".into(),
            serving_rps: 0,
        }
    }

    fn world(copies: Vec<CopyView>, apps: Vec<AppView>) -> WorldView {
        let host = HostView {
            object: ObjectRef::new("Node", "", "node-1"),
            name: "node-1".into(),
            health: Health::Bad,
            word: "NotReady".into(),
            detail: "00:42  taint unreachable".into(),
            cpu_permille: 0,
            memory_permille: 0,
            zone: "".into(),
            copies: copies.into(),
        };
        WorldView {
            name: "kubernetes",
            subtitle: String::new(),
            lamps: vec![],
            hosts: vec![host],
            unplaced: Vec::new().into(),
            apps,
            alarms: vec![],
            console: String::new(),
        }
    }

    fn drawn(view: &WorldView, width: u16, cursor: usize) -> String {
        let area = Rect::new(0, 0, width, 12);
        let mut buf = ratatui::buffer::Buffer::empty(area);
        let mut spots = Spots::default();
        let pane = WorldPane { cursor, ..WorldPane::default() };
        pane.draw(&mut Pen { buf: &mut buf, theme: Theme::default(), spots: &mut spots }, area, view, 0, true, Density::Auto);
        crate::tui::export::text(&buf)
    }

    #[test]
    fn a_state_is_whole_in_a_narrow_pane() {
        for word in ["Running 1/1", "Terminating 0/1", "CrashLoopBackOff 0/1", "ContainerCreating 0/1", "ImagePullBackOff 0/1"] {
            let (status, ready) = word.split_once(' ').unwrap();
            let view = world(vec![pod("fraud-detection-78f46fd8f4-xvmb7", status, ready)], vec![]);
            for width in [38, 48, 58, 98] {
                let text = drawn(&view, width, 0);
                assert!(text.contains(word) && text.contains("xvmb7"), "{width}\n{text}");
                assert!(text.contains("NotReady 00:42") && text.contains("unreachable"), "{width}\n{text}");
            }
        }
        let view = world(vec![pod("shop-78f46fd8f4-xvmb7", "Running", "1/1  restarts 3  deleted in 4:48")], vec![]);
        assert!(drawn(&view, 38, 0).contains("Running deleted in 4:48"), "{}", drawn(&view, 38, 0));
        assert!(drawn(&view, 98, 0).contains("Running 1/1  restarts 3  deleted in 4:48"));
        let view = world(vec![pod("reports", "Restarting (1) 5 seconds ago", "restarts 7")], vec![]);
        assert!(drawn(&view, 38, 0).contains("Restarting (1) restarts 7"), "{}", drawn(&view, 38, 0));
        assert!(drawn(&view, 58, 0).contains("Restarting (1) 5 seconds ago restarts 7"), "{}", drawn(&view, 58, 0));
        for (word, detail, shown) in [
            ("Restarting (1) 5 seconds ago", "restarts 16", "Restarting (1) 16×"),
            ("Up About a minute (healthy)", "", "Up 1m (healthy)"),
            ("Up About a minute", "restarts 3", "Up 1m restarts 3"),
        ] {
            let text = drawn(&world(vec![pod("shop-78f46fd8f4-xvmb7", word, detail)], vec![]), 38, 0);
            assert!(text.contains(shown), "{shown}\n{text}");
        }
        let view = world(vec![pod("shop-78f46fd8f4-xvmb7", "CrashLoopBackOff", "0/1  restarts 3")], vec![]);
        assert!(drawn(&view, 38, 0).contains("CrashLoopBackOff 0/1\n"), "{}", drawn(&view, 38, 0));
    }

    #[test]
    fn the_layout_does_not_hang_on_words() {
        let names = ["shop-78f46fd8f4-xvmb7", "shop-78f46fd8f4-m4v7c"];
        for width in 30..200 {
            let grids = ["Running", "CrashLoopBackOff", "ContainerStatusUnknown"].map(|word| {
                let view = world(names.iter().map(|n| pod(n, word, "0/1  restarts 12")).collect(), vec![]);
                let g = Grid::new(&view, width, Density::Auto);
                (g.per_row, g.label, g.cell)
            });
            assert!(grids.iter().all(|g| *g == grids[0]), "{width}: {grids:?}");
        }
    }

    #[test]
    fn apps_that_do_not_fit_are_counted() {
        let app = |n: usize| AppView {
            object: ObjectRef::new("Deployment", "default", format!("service-{n}")),
            name: format!("service-{n}").into(),
            wanted: 2,
            ready: 2,
            detail: String::new(),
        };
        let view = world(vec![], (1..=6).map(app).collect());
        let text = drawn(&view, 40, 0);
        assert!(text.contains("service-1 2/2") && text.contains("service-2 2/2") && text.contains("+4"), "{text}");
        let text = drawn(&view, 40, 4);
        assert!(text.contains("service-5 2/2") && text.contains("+4"), "the selected one is in sight\n{text}");
        assert!(!drawn(&view, 200, 0).contains('+'));
    }
}
