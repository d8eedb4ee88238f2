//! The lab screen: the worlds side by side under one clock.

use ratatui::layout::{Position, Rect};

use crate::session::view::{Health, Lamp, WorldView};
use crate::tui::draw::Pen;
use crate::tui::lab::{Focus, Lab};
use crate::tui::panels::{goal, journal, prompt, requests, scoreboard, story, timeline, title, world};
use crate::tui::text;
use crate::tui::theme::Ink;

/// Narrower than this, a world's own journal cannot be read; all worlds share one below.
const OWN_JOURNAL: u16 = 50;
const NARROWEST: u16 = 40;

/// Where everything is.
#[derive(Debug)]
pub struct Layout {
    title: Rect,
    story: Rect,
    /// Number of the world and its frame.
    worlds: Vec<(usize, Rect)>,
    hosts: u16,
    strip: u16,
    /// The journal of all worlds, if they share one.
    shared: Option<Rect>,
    output: Rect,
    goal: Rect,
    score: Rect,
    timeline: Rect,
    foot: Rect,
}

impl Layout {
    pub fn new(area: Rect, lab: &Lab) -> Self {
        let line = |y: u16| Rect { y, height: 1, ..area };
        let bottom = area.bottom();
        let (foot, timeline, score) = (line(bottom - 1), line(bottom - 2), line(bottom - 3));
        let most = match area.height {
            ..20 => 1,
            20..30 => 2,
            30..45 => 3,
            _ => 4,
        };
        let title = line(area.y);
        let story = Rect { y: area.y + 1, height: story::rows_wanted(lab, area.width, most), ..area };
        let output_rows = prompt::output_rows(lab, area.width, area.height);
        let goal_rows = goal::rows_wanted(lab, area.width, area.height);
        let goal = Rect { y: score.y.saturating_sub(goal_rows), height: goal_rows, ..area };
        let body = Rect { y: story.bottom(), height: goal.y.saturating_sub(story.bottom()), ..area };
        let output = Rect { y: goal.y.saturating_sub(output_rows), height: output_rows, ..area };

        let shown = visible(area.width, lab);
        let columns = u16::try_from(shown.len().max(1)).unwrap_or(1);
        let each = body.width / columns;
        let shared = each < OWN_JOURNAL && !lab.zoom;
        let strip = match body.height {
            ..24 => 1,
            24..40 => 2,
            _ => 3,
        };
        let wanted = lab.view.worlds.iter().map(|w| world::rows_wanted(&w.view, each.saturating_sub(2), lab.density)).max().unwrap_or(1);
        let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
        // Frame, divider and strip around the hosts; below them a third for the journal.
        let around = 3 + strip;
        let journal = if shared { (body.height * 3 / 10).clamp(4, 20) } else { 1 + (body.height / 3).clamp(3, 30) };
        let hosts = wanted.min(body.height.saturating_sub(around + journal)).max(2);
        let frame_height = if shared { (hosts + around).min(body.height) } else { body.height };
        let worlds = shown
            .iter()
            .enumerate()
            .map(|(i, n)| {
                let i = u16::try_from(i).unwrap_or(0);
                let width = if i + 1 == columns { body.width - each * i } else { each };
                (*n, Rect { x: body.x + each * i, width, height: frame_height, ..body })
            })
            .collect();
        let shared = shared.then(|| Rect { y: body.y + frame_height, height: body.height - frame_height, ..body });
        Self { title, story, worlds, hosts, strip, shared, output, goal, score, timeline, foot }
    }

    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// The panes in the order of the Tab key.
    pub fn panes(&self, worlds: usize) -> Vec<Focus> {
        let mut panes: Vec<Focus> = Vec::new();
        for (n, _) in &self.worlds {
            panes.push(Focus::World(*n));
            if self.shared.is_none() {
                panes.push(Focus::Journal(*n));
            }
        }
        if self.shared.is_some() {
            panes.push(Focus::Journal(worlds));
        }
        panes
    }
}

/// The worlds that fit side by side, always with the focused one.
fn visible(width: u16, lab: &Lab) -> Vec<usize> {
    let total = lab.view.worlds.len();
    let focused = lab.focused_world().unwrap_or(0);
    let fit = if lab.zoom { 1 } else { usize::from((width / NARROWEST).max(1)).min(total) };
    let first = (focused + 1).saturating_sub(fit).min(total.saturating_sub(fit));
    (first..total.min(first + fit)).collect()
}

/// Draws the lab; returns where the text cursor belongs, if a line is being typed.
pub fn draw(pen: &mut Pen, area: Rect, lab: &Lab) -> Option<Position> {
    let layout = Layout::new(area, lab);
    title::draw(pen, layout.title, lab);
    story::draw(pen, layout.story, lab);
    for (n, frame) in &layout.worlds {
        draw_world(pen, *frame, *n, &layout, lab);
    }
    if let Some(area) = layout.shared {
        draw_shared(pen, area, lab);
    }
    goal::draw(pen, layout.goal, lab);
    scoreboard::draw(pen, layout.score, &lab.view);
    if lab.pointed("", &["scoreboard", "score"]) {
        point(pen, layout.score, layout.score.y);
    }
    timeline::draw(pen, layout.timeline, &lab.view);
    prompt::draw_output(pen, layout.output, lab);
    prompt::draw(pen, layout.foot, lab)
}

fn draw_world(pen: &mut Pen, frame: Rect, n: usize, layout: &Layout, lab: &Lab) {
    let Some(panel) = lab.view.worlds.get(n) else { return };
    let accent = pen.theme.world(panel.view.name);
    let on_hosts = lab.focus == Focus::World(n);
    let on_journal = lab.focus == Focus::Journal(n);
    let border = if on_hosts || on_journal { accent } else { pen.ink(Ink::Faint) };
    let inner = pen.frame(frame, border);
    let pointed = lab.pointed(panel.view.name, &["", "nodes", "hosts", "apps", "pods", "containers", "copies", "operator", "proxy"]);
    let finger = if pointed { u16::try_from(text::width(&finger(pen, frame))).unwrap_or(0) } else { 0 };
    draw_heading(pen, Rect { width: frame.width.saturating_sub(finger), ..frame }, &panel.view);
    if pointed {
        point(pen, frame, frame.y);
    }

    let hosts = Rect { height: layout.hosts.min(inner.height), ..inner };
    if let Some(pane) = lab.worlds.get(n) {
        pane.draw(pen, hosts, &panel.view, n, on_hosts, lab.density);
    }
    let mut y = hosts.bottom();
    if y >= inner.bottom() {
        return;
    }
    pen.divider(frame, y, border);
    if lab.pointed(panel.view.name, &["requests", "traffic"]) {
        point(pen, frame, y);
    }
    requests::heading(
        pen,
        Rect { x: frame.x + 2, y, width: frame.width.saturating_sub(4), height: 1 },
        inner.width,
        &panel.requests,
        accent,
    );
    y += 1;
    let strip = Rect { y, height: layout.strip.min(inner.bottom().saturating_sub(y)), ..inner };
    requests::draw(pen, strip, &panel.requests, lab.view.now, accent);
    y = strip.bottom();
    if layout.shared.is_some() || y >= inner.bottom() {
        return;
    }
    pen.divider(frame, y, border);
    if let Some(pane) = lab.journals.get(n) {
        let words = format!(" {} ", journal::heading(pane));
        pen.put(frame.x + 2, y, frame.width.saturating_sub(4), &words, accent);
        if lab.pointed(panel.view.name, &["journal", "events"]) {
            point(pen, frame, y);
        }
        if !pane.follows() {
            let dim = pen.ink(Ink::Dim);
            let place = format!(" {}/{} ", pane.cursor() + 1, pane.len());
            pen.right(Rect { width: frame.width - 2, ..frame }, y, &[(&place, dim)]);
        }
        let area = Rect { y: y + 1, height: inner.bottom().saturating_sub(y + 1), ..inner };
        journal::draw(pen, area, &journal::Shown { pane, records: lab.door.records(), number: n, focused: on_journal, mixed: false });
    }
}

fn finger(pen: &Pen, frame: Rect) -> String {
    let long = if frame.width >= 50 { "look here " } else { "" };
    format!(" {} {long}", pen.theme.glyphs.back)
}

/// The narrator's finger: at the right end of a heading.
fn point(pen: &mut Pen, frame: Rect, y: u16) {
    let style = pen.ink(Ink::Warn);
    let words = finger(pen, frame);
    pen.right(Rect { width: frame.width.saturating_sub(2), ..frame }, y, &[(&words, style)]);
}

/// ` Kubernetes · 3 nodes · api ● sched ● ctrl ✖ stopped `
fn draw_heading(pen: &mut Pen, frame: Rect, view: &WorldView) {
    let accent = pen.theme.world(view.name).add_modifier(ratatui::style::Modifier::BOLD);
    let dim = pen.ink(Ink::Dim);
    let name = text::world_title(view.name);
    let dot = format!(" {} ", pen.theme.glyphs.dot);
    let room = frame.width.saturating_sub(4);
    let mut used = pen.line(frame.x + 2, frame.y, room, &[(" ", dim), (&name, accent)]);
    // What is not well says how; the others only shine. What is broken comes first if not all fit, and the rest is counted.
    let good = |l: &Lamp| l.health == Health::Good;
    let columns = |l: &Lamp, worded: bool| text::width(&l.name) + 3 + if worded && !good(l) { text::width(&l.word) + 1 } else { 0 };
    let mut lamps: Vec<&Lamp> = view.lamps.iter().collect();
    let wants: usize = lamps.iter().map(|l| columns(l, true)).sum();
    // Lamps matter more than how many machines there are: those can be seen.
    let subtitle = text::width(&dot) + text::width(&view.subtitle);
    if view.lamps.is_empty() || usize::from(used) + subtitle + text::width(&dot) + wants <= usize::from(room) {
        used += pen.line(frame.x + 2 + used, frame.y, room - used, &[(&dot, dim), (&view.subtitle, dim)]);
    }
    used += pen.put(frame.x + 2 + used, frame.y, room - used, if view.lamps.is_empty() { " " } else { &dot }, dim);
    let left = |used: u16| usize::from(room.saturating_sub(used));
    if wants > left(used) {
        lamps.sort_by_key(|l| matches!(l.health, Health::Good | Health::Idle));
    }
    for (n, lamp) in lamps.iter().enumerate() {
        // The words give way before a lamp goes out; `+2` counts those for which there is no room at all.
        let bare: usize = lamps[n..].iter().map(|l| columns(l, false)).sum();
        let worded = bare - columns(lamp, false) + columns(lamp, true) <= left(used);
        let more = if n + 1 < lamps.len() { 2 } else { 0 };
        let fits = bare <= left(used) || columns(lamp, false) + more <= left(used);
        if !fits {
            let count = format!("+{}", lamps.len() - n);
            pen.put(frame.x + 2 + used, frame.y, room - used, &count, dim);
            break;
        }
        let (sign, style) = pen.theme.health(lamp.health);
        let word = if worded && !good(lamp) { format!(" {}", lamp.word) } else { String::new() };
        used +=
            pen.line(frame.x + 2 + used, frame.y, room - used, &[(&lamp.name, dim), (" ", dim), (sign, style), (&word, style), (" ", dim)]);
    }
}

fn draw_shared(pen: &mut Pen, area: Rect, lab: &Lab) {
    let number = lab.view.worlds.len();
    let focused = lab.focus == Focus::Journal(number);
    let (Some(pane), true) = (lab.journals.get(number), area.height > 1) else { return };
    let border = pen.ink(if focused { Ink::Strong } else { Ink::Faint });
    let h = pen.theme.glyphs.frame[4];
    pen.run(area.x, area.y, area.width, h, border);
    let words = format!(" {} ", journal::heading(pane));
    let dim = pen.ink(if focused { Ink::Strong } else { Ink::Dim });
    pen.put(area.x + 2, area.y, area.width - 4, &words, dim);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    journal::draw(pen, body, &journal::Shown { pane, records: lab.door.records(), number, focused, mixed: true });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::draw::Spots;
    use crate::tui::theme::Theme;

    #[test]
    fn no_lamp_goes_out_while_there_is_room() {
        let names = ["api", "sched", "ctrl", "etcd", "dns"];
        let heading = |broken: &[&str], width: u16| {
            let lamp = |name: &&str| {
                let bad = broken.contains(name);
                Lamp {
                    name: (*name).into(),
                    health: if bad { Health::Bad } else { Health::Good },
                    word: if bad { "stopped" } else { "ok" }.into(),
                }
            };
            let view = WorldView {
                name: "kubernetes",
                subtitle: "3 nodes".into(),
                lamps: names.iter().map(lamp).collect(),
                hosts: vec![],
                unplaced: Vec::new().into(),
                apps: vec![],
                alarms: vec![],
                console: String::new(),
            };
            let area = Rect::new(0, 0, width, 1);
            let mut buf = ratatui::buffer::Buffer::empty(area);
            draw_heading(&mut Pen { buf: &mut buf, theme: Theme::default(), spots: &mut Spots::default() }, area, &view);
            crate::tui::export::text(&buf)
        };
        let shown = |text: &str| names.iter().filter(|n| text.contains(&format!("{n} "))).count();
        for broken in [&[][..], &["dns"], &["dns", "etcd", "sched"]] {
            for width in [58, 80, 100] {
                let text = heading(broken, width);
                assert_eq!(shown(&text), 5, "{width}: {text}");
            }
            for width in 40..58 {
                let text = heading(broken, width);
                let hidden = text.split('+').nth(1).and_then(|n| n.trim().parse().ok()).unwrap_or(0);
                assert_eq!(shown(&text) + hidden, 5, "{width}: {text}");
                assert!(broken.first().is_none_or(|b| broken.len() > 1 || text.contains(&format!("{b} ✖"))), "the broken first: {text}");
            }
        }
        assert!(heading(&["dns"], 80).contains("dns ✖ stopped"), "{}", heading(&["dns"], 80));
    }
}
