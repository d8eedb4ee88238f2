//! Everything about one object: what describe, the YAML, the logs and the events say, where it belongs, what can be done to it.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::view::{Inspection, ObjectRef, RecordId, SimTime, Weighing};
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;
use crate::tui::widgets::textview::TextView;
use crate::tui::widgets::weighing::{self, WeighingView};

/// Spots of this panel: column 0 are the tabs, column 1 the rows of a list.
const TABS: usize = 0;

pub struct Inspect {
    world: &'static str,
    seen: Inspection,
    tab: usize,
    texts: Vec<TextView>,
    related: List,
    actions: List,
    /// The objects walked through to come here.
    before: Vec<ObjectRef>,
    gone: bool,
    /// The scheduler's side of it: which decision was fetched, its numbers, the place in them.
    fetched: Option<RecordId>,
    weighed: Option<Weighing>,
    scheduling: WeighingView,
}

impl Inspect {
    /// None if no world knows the object.
    pub fn new(lab: &Lab, world: &str, object: &ObjectRef) -> Option<Self> {
        // A record of the lab itself may name an object of any world.
        let names = lab.view.worlds.iter().map(|w| w.view.name);
        let candidates: Vec<&'static str> = if world == "lab" { names.collect() } else { names.filter(|n| *n == world).collect() };
        let (world, seen) = candidates.into_iter().find_map(|w| lab.door.inspect(w, object).map(|i| (w, i)))?;
        let texts = seen.tabs.iter().map(|(_, t)| TextView::new(words(t))).collect();
        Some(Self {
            world,
            seen,
            tab: 0,
            texts,
            related: List::default(),
            actions: List::default(),
            before: Vec::new(),
            gone: false,
            fetched: None,
            weighed: None,
            scheduling: WeighingView::default(),
        })
    }

    fn tabs(&self) -> Vec<String> {
        let mut tabs: Vec<String> = self.seen.tabs.iter().map(|(name, _)| (*name).to_string()).collect();
        if self.seen.placing.is_some() {
            tabs.push("scheduling".into());
        }
        tabs.push(format!("related {}", self.seen.related.len()));
        tabs.push(format!("actions {}", self.seen.actions.len()));
        tabs
    }
    /// Tabs before "related".
    fn own_tabs(&self) -> usize {
        self.seen.tabs.len() + usize::from(self.seen.placing.is_some())
    }
    fn on_scheduling(&self) -> bool {
        self.seen.placing.is_some() && self.tab == self.seen.tabs.len()
    }
    fn on_related(&self) -> bool {
        self.tab == self.own_tabs()
    }
    fn on_actions(&self) -> bool {
        self.tab == self.own_tabs() + 1
    }

    /// Fetches the decision once its tab is looked at: it is made anew for that, and need not be otherwise.
    fn fetch(&mut self, lab: &Lab) {
        let Some(placing) = self.seen.placing.as_ref().filter(|_| self.on_scheduling()) else { return };
        if placing.decided.is_none() {
            self.weighed = placing.waits.as_ref().and_then(|w| lab.door.weigh(self.world, &w.object));
            self.fetched = None;
        } else if placing.decided != self.fetched {
            self.weighed = placing.decided.and_then(|id| lab.door.weighed(id));
            self.fetched = placing.decided;
        }
    }

    /// What stands above the numbers: where it waits, or when it was decided.
    fn scheduling_lead(&self, pen: &Pen, lab: Option<&Lab>, width: u16) -> Vec<Vec<(String, Style)>> {
        let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
        let Some(placing) = &self.seen.placing else { return Vec::new() };
        let now = lab.map_or(SimTime::ZERO, |l| l.view.now);
        let mut rows = placing.waits.as_ref().map(|w| weighing::waiting(pen, w, now, width)).unwrap_or_default();
        let record = placing.decided.and_then(|id| lab.and_then(|l| l.record(id)));
        match (record, &placing.waits) {
            (Some(r), waits) => {
                let what = if waits.is_some() { "last tried at " } else { "decided at " };
                rows.push(vec![(format!("{what:<11}"), dim), (r.at.clock_millis(), plain)]);
            }
            (None, Some(_)) => rows.push(vec![("tried now, this would come of it:".into(), dim)]),
            (None, None) => rows.push(vec![("No scheduler has decided about it, and it is in no queue.".into(), dim)]),
        }
        rows
    }

    fn walk(&mut self, lab: &Lab, to: &ObjectRef) -> bool {
        let Some(next) = Self::new(lab, self.world, to) else { return false };
        let mut before = std::mem::take(&mut self.before);
        before.push(self.seen.object.clone());
        *self = Self { before, ..next };
        true
    }

    fn back(&mut self, lab: &Lab) -> bool {
        let Some(object) = self.before.pop() else { return false };
        let before = std::mem::take(&mut self.before);
        if let Some(next) = Self::new(lab, self.world, &object) {
            *self = Self { before, ..next };
        }
        true
    }

    fn accept(&mut self, lab: &mut Lab) -> Flow {
        if self.on_related() {
            if let Some(to) = self.seen.related.get(self.related.cursor).cloned() {
                lab.look(self.world, &to);
                if !self.walk(lab, &to) {
                    lab.complain(format!("{to} is not there any more"));
                }
            }
        } else if self.on_actions()
            && let Some((_, command)) = self.seen.actions.get(self.actions.cursor)
        {
            return Flow::Prompt(command.clone());
        }
        Flow::Stay
    }
}

impl Panel for Inspect {
    fn context(&self) -> Context {
        Context::Inspect
    }

    fn refresh(&mut self, lab: &Lab) {
        match lab.door.inspect(self.world, &self.seen.object) {
            Some(now) => {
                for (view, (_, text)) in self.texts.iter_mut().zip(&now.tabs) {
                    view.set(words(text));
                }
                self.texts.truncate(now.tabs.len());
                let known = self.texts.len();
                self.texts.extend(now.tabs.iter().skip(known).map(|(_, t)| TextView::new(words(t))));
                self.seen = now;
                self.gone = false;
                self.fetch(lab);
            }
            None => self.gone = true,
        }
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        let total = self.tabs().len();
        match message {
            Message::Back | Message::Quit => return Flow::Close,
            Message::Older => {
                if !self.back(lab) {
                    return Flow::Close;
                }
            }
            Message::Right => self.tab = (self.tab + 1) % total,
            Message::Left => self.tab = (self.tab + total - 1) % total,
            Message::Choose(n) if usize::from(n) <= total => self.tab = usize::from(n) - 1,
            Message::Accept => return self.accept(lab),
            Message::Prompt => return Flow::Prompt(String::new()),
            m => {
                let moved = if self.on_scheduling() {
                    self.scheduling.scroll.update(m)
                } else if self.on_related() {
                    self.related.update(m, self.seen.related.len())
                } else if self.on_actions() {
                    self.actions.update(m, self.seen.actions.len())
                } else {
                    self.texts.get(self.tab).is_some_and(|t| t.scroll.update(m))
                };
                return if moved { Flow::Stay } else { Flow::Pass };
            }
        }
        self.fetch(lab);
        Flow::Stay
    }

    fn click(&mut self, column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        if column == TABS {
            self.tab = row;
            if let Some(lab) = lab {
                self.fetch(lab);
            }
            return Flow::Stay;
        }
        let list = if self.on_related() { &mut self.related } else { &mut self.actions };
        let again = list.cursor == row;
        list.cursor = row;
        match lab {
            Some(lab) if again => self.accept(lab),
            _ => Flow::Stay,
        }
    }

    fn wheel(&mut self, lines: isize) {
        if self.on_scheduling() {
            self.scheduling.scroll.by(lines);
        } else if self.on_related() {
            self.related.by(lines, self.seen.related.len());
        } else if self.on_actions() {
            self.actions.by(lines, self.seen.actions.len());
        } else if let Some(t) = self.texts.get(self.tab) {
            t.scroll.by(lines);
        }
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(if screen.width > 100 { 8 } else { 2 }).min(150);
        // The title line and the foot stay in sight: time may run behind.
        let area =
            centred(Rect { y: screen.y + 1, height: screen.height.saturating_sub(4), ..screen }, width, screen.height.saturating_sub(4));
        let title = if self.gone { format!("{} (gone; this is the last that was seen)", self.seen.title) } else { self.seen.title.clone() };
        let inner = surface(pen, area, &title, Context::Inspect);
        if inner.height < 3 {
            return;
        }
        let (sign, style) = pen.theme.health(self.seen.health);
        let accent = pen.theme.world(self.world);
        let world = text::world_title(self.world);
        pen.right(
            Rect { width: area.width - 2, ..area },
            area.y,
            &[(" ", accent), (sign, style), (" ", accent), (&world, accent), (" ", accent)],
        );
        let mut x = inner.x;
        for (n, name) in self.tabs().iter().enumerate() {
            let style = if n == self.tab { pen.ink(Ink::Selected) } else { pen.ink(Ink::Dim) };
            let words = format!(" {name} ");
            let used = pen.put(x, inner.y, inner.right().saturating_sub(x), &words, style);
            pen.spots.add(Rect { x, y: inner.y, width: used, height: 1 }, Spot::Panel(TABS, n));
            x += used + 1;
        }
        let body = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        if self.on_scheduling() {
            let lead = self.scheduling_lead(pen, lab, body.width);
            self.scheduling.draw(pen, body, lead, self.weighed.as_ref());
        } else if self.on_related() {
            let rows: Vec<(String, String)> = self.seen.related.iter().map(|o| (o.kind.to_string(), o.name.to_string())).collect();
            rows_of(pen, body, &rows, &self.related, "nothing is related to it");
        } else if self.on_actions() {
            rows_of(pen, body, &self.seen.actions, &self.actions, "there is nothing to do to it");
        } else if let Some(view) = self.texts.get(self.tab) {
            view.draw(pen, body);
        }
    }
}

/// A list of two columns.
fn rows_of(pen: &mut Pen, area: Rect, rows: &[(String, String)], list: &List, nothing: &str) {
    let (dim, plain, strong) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong));
    if rows.is_empty() {
        pen.put(area.x, area.y, area.width, nothing, dim);
        return;
    }
    let shown = usize::from(area.height);
    let first = list.lay(shown, rows.len());
    let column = rows.iter().map(|r| text::width(&r.0)).max().unwrap_or(8).clamp(8, 30);
    let column = u16::try_from(column).unwrap_or(12);
    for (n, (left, right)) in rows.iter().enumerate().skip(first).take(shown) {
        let place = Rect { y: area.y + u16::try_from(n - first).unwrap_or(0), height: 1, ..area };
        pen.put(place.x + 1, place.y, column, left, strong);
        pen.put(place.x + column + 3, place.y, place.width.saturating_sub(column + 3), right, plain);
        if n == list.cursor {
            let selected = pen.ink(Ink::Selected);
            pen.wash(place, selected);
        }
        pen.spots.add(place, Spot::Panel(1, n));
    }
    pen.scrollbar(area, first, shown, rows.len());
}

/// An empty tab says that it is.
fn words(text: &str) -> String {
    if text.trim().is_empty() { "nothing so far".into() } else { text.into() }
}
