//! The whole program on screen: the home screen, at most one lab, and the panels on top of them.

mod lab;
mod mouse;
mod practice;

use std::time::Duration;

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, buffer::Buffer};
use tui_input::backend::crossterm::EventHandler;

use super::console::Purpose;
use super::desk::Desk;
use super::door::{Door, House};
use super::draw::{Pen, Spots};
use super::keys::{self, Context};
use super::lab::{Focus, Lab};
use super::message::Message;
use super::page::{Page, Pages};
use super::panel::{Flow, Panel};
use super::panels::{cause::Cause, debrief::Debrief, help::Help, notice::Notice, question::Question};
use super::screens::{
    home::{Choice, Home},
    lab as lab_screen,
};
use super::theme::{Ink, Theme};

/// Smaller than this nothing can be read.
pub const SMALLEST: (u16, u16) = (60, 16);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screen {
    Home,
    Lab,
    Practice,
}

pub struct App {
    theme: Theme,
    house: Box<dyn House>,
    screen: Screen,
    home: Home,
    lab: Option<Lab>,
    /// None: not opened yet.
    desk: Option<Box<dyn Desk>>,
    pages: Pages,
    /// The lab was opened from a page; leaving it goes back there. Inside: the lab that was open before.
    visit: Option<Option<Lab>>,
    panels: Vec<Box<dyn Panel>>,
    spots: Spots,
    area: Rect,
    pub quit: bool,
    /// The terminal is to be given back for a while (ctrl-z).
    pub suspend: bool,
    /// The next frame draws every cell.
    pub redraw: bool,
    dirty: bool,
}

impl App {
    pub fn new(house: Box<dyn House>, theme: Theme) -> Self {
        let home = Home::new(house.catalogue());
        Self {
            theme,
            house,
            screen: Screen::Home,
            home,
            lab: None,
            desk: None,
            pages: Pages::default(),
            visit: None,
            panels: Vec::new(),
            spots: Spots::default(),
            area: Rect::new(0, 0, 80, 24),
            quit: false,
            suspend: false,
            redraw: false,
            dirty: true,
        }
    }

    /// Goes straight into a lab.
    pub fn enter(&mut self, door: Box<dyn Door>) {
        self.lab = Some(Lab::new(door));
        self.screen = Screen::Lab;
        self.panels.clear();
        self.dirty = true;
        self.come_up();
    }

    pub fn lab(&self) -> Option<&Lab> {
        self.lab.as_ref()
    }

    /// True while time runs by itself.
    pub fn is_moving(&self) -> bool {
        if self.screen == Screen::Practice {
            return self.pages.is_moving();
        }
        self.screen == Screen::Lab && self.lab.as_ref().is_some_and(|l| l.player.playing || l.console.running || l.notice.is_some())
    }

    /// True once after something changed that is on screen.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Lets `dt` of real time pass.
    pub fn tick(&mut self, dt: Duration) {
        if self.screen == Screen::Practice {
            if let Some(desk) = self.desk.as_deref_mut() {
                self.dirty |= self.pages.tick(dt, desk);
            }
            return;
        }
        if self.screen != Screen::Lab {
            return;
        }
        if let Some(lab) = &mut self.lab
            && lab.tick(dt)
        {
            self.dirty = true;
            self.changed();
        }
    }

    /// The lab shows something new: panels look again.
    fn changed(&mut self) {
        if let Some(lab) = &self.lab {
            for panel in &mut self.panels {
                panel.refresh(lab);
            }
        }
        self.come_up();
    }

    /// Questions and the debrief come up by themselves, one after the other; not while somebody types: the next key would be theirs.
    fn come_up(&mut self) {
        let Some(lab) = self.lab.as_mut().filter(|lab| self.screen == Screen::Lab && !lab.is_typing()) else { return };
        let asking = self.panels.iter().any(|p| matches!(p.context(), Context::Question | Context::Answered));
        let asked = lab.view.question.iter();
        let shown = lab.view.answered.iter().filter(|q| q.answer.is_some());
        let next = asked.chain(shown).find(|q| !lab.settled.contains(&q.id)).filter(|_| !asking).cloned();
        if let Some(q) = next {
            lab.player.playing = false;
            self.panels.push(Box::new(Question::new(q)));
        } else if lab.view.drill.as_ref().is_some_and(|d| d.mitigated_after.is_some())
            && !lab.goal_told
            && !asking
            && self.panels.is_empty()
        {
            // Solved: what it took, and before that, what it was.
            lab.goal_told = true;
            lab.player.playing = false;
            lab.line = None;
            self.panels.push(Box::new(Debrief::default()));
            if lab.view.drill.as_ref().is_some_and(|d| !d.cause.is_named()) {
                self.panels.extend(Cause::new(lab).map(|p| Box::new(p) as Box<dyn Panel>));
            }
        } else if lab.view.finished && !lab.debriefed && !asking && self.panels.is_empty() {
            lab.debriefed = true;
            lab.player.playing = false;
            lab.line = None;
            self.panels.push(Box::new(Debrief::default()));
        }
    }

    /// Where keys go now.
    pub fn context(&self) -> Context {
        if let Some(panel) = self.panels.last() {
            return panel.context();
        }
        match (self.screen, &self.lab) {
            (Screen::Home, _) if self.home.search.is_some() => Context::Filter,
            (Screen::Practice, _) => self.pages.top().map_or(Context::Home, Page::context),
            (Screen::Lab, Some(lab)) => match lab.line.as_ref().map(|l| l.purpose) {
                Some(Purpose::Command | Purpose::Breakpoint) => Context::Prompt,
                Some(Purpose::Filter) => Context::Filter,
                None => Context::Lab,
            },
            _ => Context::Home,
        }
    }

    pub fn handle(&mut self, event: &Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, event),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Paste(text) => self.paste(text),
            Event::Resize(..) => self.dirty = true,
            _ => {}
        }
        self.settle();
    }

    /// Looks at the lab again, whatever happened.
    pub fn look(&mut self) {
        if let Some(lab) = &mut self.lab {
            lab.touch();
        }
        self.settle();
    }

    /// After anything a person did: the lab is looked at again.
    fn settle(&mut self) {
        if let Some(lab) = &mut self.lab
            && lab.refresh()
        {
            self.dirty = true;
            self.changed();
        } else {
            self.come_up();
        }
    }

    fn key(&mut self, key: &KeyEvent, event: &Event) {
        let context = self.context();
        self.dirty = true;
        if let Some(message) = keys::find(context, key) {
            if self.screen == Screen::Practice && self.panels.is_empty() {
                self.pages.hush();
            }
            if let Some(lab) = &mut self.lab
                && context == Context::Lab
                && lab.notice.is_some()
            {
                lab.notice = None;
            }
            self.update(message);
        } else if keys::types(context) {
            self.typed(event);
        } else {
            self.dirty = false;
        }
    }

    fn typed(&mut self, event: &Event) {
        if self.screen == Screen::Practice {
            self.pages.hush();
            if let (Event::Key(key), Some(page)) = (event, self.pages.top_mut()) {
                page.typed(key);
            }
        } else if self.screen == Screen::Home {
            if let Some(input) = &mut self.home.search {
                input.handle_event(event);
                self.home.searched();
            }
        } else if let Some(lab) = &mut self.lab
            && let Some(line) = &mut lab.line
        {
            line.input.handle_event(event);
            if line.purpose == Purpose::Filter {
                let text = line.input.value().to_string();
                lab.set_filter(&text);
            }
        }
    }

    fn paste(&mut self, text: &str) {
        self.dirty = true;
        if self.screen == Screen::Practice {
            if let Some(page) = self.pages.top_mut().filter(|_| self.panels.is_empty()) {
                page.paste(text);
            }
            return;
        }
        // A pasted line end must not run anything: it becomes a space.
        for c in text.trim_end().chars().map(|c| if c == '\n' || c == '\r' { ' ' } else { c }).filter(|c| !c.is_control()) {
            let key = KeyEvent::from(crossterm::event::KeyCode::Char(c));
            if matches!(self.context(), Context::Prompt | Context::Filter) {
                self.typed(&Event::Key(key));
            }
        }
    }

    /// One thing a person asked for.
    pub fn update(&mut self, message: Message) {
        match message {
            Message::Suspend => return self.suspend = true,
            Message::Redraw => return self.redraw = true,
            Message::Help if self.panels.last().is_none_or(|p| p.context() != Context::Help) => {
                let from = self.context();
                return self.panels.push(Box::new(Help::new(from)));
            }
            _ => {}
        }
        if let Some(mut panel) = self.panels.pop() {
            let flow = panel.update(message, self.lab.as_mut());
            return self.follow(flow, panel, message);
        }
        match self.screen {
            Screen::Home => self.update_home(message),
            Screen::Lab => self.update_lab(message),
            Screen::Practice => self.update_practice(message),
        }
    }

    /// Does what a panel wants; the panel itself has been taken off the stack.
    fn follow(&mut self, flow: Flow, panel: Box<dyn Panel>, message: Message) {
        match flow {
            Flow::Stay => self.panels.push(panel),
            Flow::Pass => {
                self.panels.push(panel);
                if self.screen == Screen::Lab && passes(message) {
                    self.update_lab(message);
                }
            }
            Flow::Close => {}
            Flow::Open(next) => self.panels.extend([panel, next]),
            Flow::CloseAll => self.panels.clear(),
            Flow::Prompt(command) => {
                self.panels.clear();
                if let Some(lab) = &mut self.lab {
                    lab.open_line(Purpose::Command, &command);
                }
            }
            Flow::Home => self.leave_lab(),
            Flow::Save => {
                self.panels.push(panel);
                self.save();
            }
        }
    }

    fn go_home(&mut self) {
        self.panels.clear();
        self.screen = Screen::Home;
        if let Some(lab) = &mut self.lab {
            lab.player.playing = false;
            lab.line = None;
            let at = if lab.view.finished { "finished".to_string() } else { format!("paused at {}", lab.view.now.clock()) };
            self.home.set_open(Some((lab.view.title.clone(), at)));
        }
        self.keep_place();
        self.look_at_home();
    }

    fn update_home(&mut self, message: Message) {
        if self.home.search.is_some() {
            match message {
                Message::Submit => {
                    self.home.end_search(true);
                    if let Some(choice) = self.home.choice() {
                        self.open(&choice);
                    }
                }
                Message::Back => self.home.end_search(false),
                m => self.home.update(m),
            }
            return;
        }
        match message {
            Message::Quit => self.quit = true,
            Message::Back if self.home.has_search() => self.home.end_search(false),
            Message::Back if self.lab.is_some() => self.screen = Screen::Lab,
            Message::Filter => self.home.start_search(),
            Message::Practise => self.practise(),
            Message::Claims => self.browse_claims(),
            Message::Progress => self.show_progress(),
            Message::Accept if self.home.on_tracks => self.home.update(Message::NextPane),
            Message::Accept => {
                if let Some(choice) = self.home.choice() {
                    self.open(&choice);
                }
            }
            m => self.home.update(m),
        }
    }

    fn open(&mut self, choice: &Choice) {
        match choice {
            Choice::Continue => self.screen = Screen::Lab,
            Choice::Another => self.go_on(),
            Choice::Practice => self.practise(),
            Choice::Interview => self.resume_interview(),
            Choice::Left(what) => self.resume(what),
            Choice::Lab(name) => match self.house.open(name) {
                Ok(door) => self.enter(door),
                Err(why) => self.panels.push(Box::new(Notice::new(format!("{name} cannot be opened"), &why))),
            },
        }
    }

    /// Draws everything.
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        let cursor = self.draw_buffer(area, frame.buffer_mut());
        if let Some(at) = cursor {
            frame.set_cursor_position(at);
        }
    }

    /// Draws into a buffer; returns where the text cursor belongs.
    pub fn draw_buffer(&mut self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        self.area = area;
        self.spots.clear();
        let mut pen = Pen { buf, theme: self.theme, spots: &mut self.spots };
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let words = format!("wheelhouse wants at least {}×{}; here are {}×{}", SMALLEST.0, SMALLEST.1, area.width, area.height);
            let style = pen.ink(Ink::Warn);
            for (y, line) in (area.y..area.bottom()).zip(super::text::wrap(&words, usize::from(area.width.max(1)))) {
                pen.put(area.x, y, area.width, &line, style);
            }
            return None;
        }
        let mut cursor = None;
        match (self.screen, &mut self.lab) {
            (Screen::Lab, Some(lab)) => {
                arrange(area, lab);
                cursor = lab_screen::draw(&mut pen, area, lab);
            }
            (Screen::Practice, _) => {
                if let Some(desk) = self.desk.as_deref() {
                    cursor = self.pages.draw(&mut pen, area, desk);
                }
            }
            _ => cursor = self.home.draw(&mut pen, area).or(cursor),
        }
        if !self.panels.is_empty() {
            cursor = None;
            // What lies below steps back and takes no clicks.
            pen.spots.clear();
            let faint = pen.ink(Ink::Faint);
            let lab = self.lab.as_ref();
            if self.theme.depth != super::theme::Depth::None {
                pen.wash(Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, faint);
            }
            for panel in &self.panels {
                panel.draw(&mut pen, area, lab);
            }
        }
        cursor
    }
}

/// The focus goes to a pane that exists in this layout.
fn arrange(area: Rect, lab: &mut Lab) {
    let worlds = lab.view.worlds.len();
    let shared = lab_screen::Layout::new(area, lab).is_shared();
    lab.focus = match lab.focus {
        Focus::Journal(n) if shared && n < worlds => Focus::Journal(worlds),
        Focus::Journal(n) if !shared && n >= worlds => Focus::Journal(0),
        other => other,
    };
    lab.shared_journal = shared;
}

/// Messages that reach the lab behind a panel: time goes on.
fn passes(message: Message) -> bool {
    matches!(
        message,
        Message::PlayPause
            | Message::Forward
            | Message::Backward
            | Message::Faster
            | Message::Slower
            | Message::NextMark
            | Message::PreviousMark
            | Message::NextStepSize
            | Message::PreviousStepSize
            | Message::ToStart
            | Message::ToEnd
    )
}
