//! Floor 7: the terminal interface. It draws the session's views and sends it inputs; it holds no rules of any world.
//!
//! - [`app`] is the whole state and what keys do to it; [`lab`] is the state of the lab screen
//! - [`keys`] is the one table of keys; help and footers are made from it
//! - [`door`] and [`desk`] are what the screens need of a lab and of practice
//! - [`page`] is the stack of practice pages, which are in `screens/practice`
//! - `screens/` are whole screens, `panels/` their parts and what opens on top of them, `widgets/` small things they share
//! - [`theme`] knows every colour and shape, [`text`] how numbers are written
//! - [`play`] lets time run, [`terminal`] takes and gives back the real terminal, [`export`] turns a screen into text and pictures
//!
//! The wall clock may be read here (frames), files only to save what a person asked to save.

pub mod app;
pub mod clock;
pub mod console;
pub mod desk;
pub mod door;
pub mod draw;
pub mod export;
pub mod journal;
pub mod keys;
pub mod lab;
pub mod message;
pub mod page;
pub mod panel;
pub mod panels;
pub mod play;
pub mod screens;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod widgets;

#[cfg(test)]
mod tests;

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::practice::{InterviewSetup, PracticeOptions};
use crate::session::{OpenOptions, Session};

use app::App;
use door::{Door, House};
use terminal::{Guard, Signals};
use theme::{ASCII, Depth, Theme, UNICODE};

/// What to open.
pub enum Start {
    Home,
    /// The menu of practice, or what was chosen for a mock interview already.
    Practice(Option<InterviewSetup>),
    Lab(Box<Session>),
}

/// How to look, and how labs are opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Shapes from ASCII only.
    pub ascii: bool,
    /// None: what the environment says.
    pub depth: Option<Depth>,
    /// None: what the environment says.
    pub light: Option<bool>,
    pub no_mouse: bool,
    /// Used for labs opened from the home screen.
    pub open: OpenOptions,
    /// Decks and progress file.
    pub practice: PracticeOptions,
}

impl Options {
    /// The theme for this terminal.
    pub fn theme(&self) -> Theme {
        let (depth, light) = theme::detect(|name| std::env::var(name).ok());
        let ascii = self.ascii || theme::poor(|name| std::env::var(name).ok());
        Theme { depth: self.depth.unwrap_or(depth), light: self.light.unwrap_or(light), glyphs: if ascii { &ASCII } else { &UNICODE } }
    }
}

/// Opens the interface and runs it until the person leaves.
///
/// # Errors
/// The terminal refuses, or is gone.
pub fn run(start: Start, options: Options) -> io::Result<()> {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    if var("TERM") == "dumb" {
        let hint = "TERM=dumb cannot place text on a screen; `wheelhouse run SCENARIO` prints a report instead (or set TERM)";
        return Err(io::Error::other(hint));
    }
    let theme = options.theme();
    let mut app = App::new(Box::new(Catalogue { open: options.open.clone(), practice: options.practice.clone() }), theme);
    match start {
        Start::Home => {}
        Start::Practice(None) => app.practise(),
        Start::Practice(Some(setup)) => app.prepare_interview(&setup),
        Start::Lab(session) => app.enter(session),
    }
    let signals = Signals::listen()?;
    let guard = Guard::take(!options.no_mouse)?;
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let ended = run_loop(&mut terminal, &mut app, &mut RealInputs { guard: &guard, signals: signals.clone() });
    drop(terminal);
    drop(guard);
    ended?;
    match signals.status() {
        Some(status) => std::process::exit(status.into()),
        None => Ok(()),
    }
}

/// The lab screen of a session as it stands, for pictures in documents; `keys` are pressed first.
pub fn picture(session: Session, columns: u16, rows: u16, theme: Theme, keys: &[crossterm::event::KeyCode]) -> Buffer {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    let mut app = App::new(Box::new(Catalogue { open: OpenOptions::default(), practice: PracticeOptions::default() }), theme);
    app.enter(Box::new(session));
    app.draw_buffer(area, &mut buffer);
    for key in keys {
        app.handle(&Event::Key((*key).into()));
        buffer.reset();
        app.draw_buffer(area, &mut buffer);
    }
    buffer
}

/// The frames of a session as the screen would draw them while time runs: for benchmarks.
pub struct Frames {
    app: App,
    area: Rect,
    buffer: Buffer,
}

impl Frames {
    pub fn new(session: Session, columns: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        let house = Catalogue { open: OpenOptions::default(), practice: PracticeOptions::default() };
        let mut app = App::new(Box::new(house), Theme::default());
        app.enter(Box::new(session));
        Self { app, area, buffer: Buffer::empty(area) }
    }
    /// Looks at the session anew and draws everything.
    pub fn draw(&mut self) {
        self.app.look();
        self.buffer.reset();
        self.app.draw_buffer(self.area, &mut self.buffer);
    }
}

/// What comes from outside the program.
pub trait Inputs {
    /// The next event, waiting at most so long.
    ///
    /// # Errors
    /// The terminal is gone.
    fn next(&mut self, wait: Duration) -> io::Result<Option<Event>>;
    /// The program is asked to end.
    fn ended(&self) -> bool;
    /// The program is asked to sleep; returns after it was woken. True if it slept.
    ///
    /// # Errors
    /// The terminal cannot be taken again.
    fn sleep(&mut self, asked: bool) -> io::Result<bool>;
    /// A frame begins or is complete: a terminal that can shows it all at once.
    ///
    /// # Errors
    /// The terminal is gone.
    fn frame(&mut self, begins: bool) -> io::Result<()>;
}

struct RealInputs<'a> {
    guard: &'a Guard,
    signals: Signals,
}

impl Inputs for RealInputs<'_> {
    fn next(&mut self, wait: Duration) -> io::Result<Option<Event>> {
        match event::poll(wait) {
            Ok(true) => {
                let event = event::read()?;
                // For the test that a panic gives the terminal back; release builds have no such key.
                #[cfg(debug_assertions)]
                if std::env::var_os("WHEELHOUSE_TEST_PANIC").is_some()
                    && matches!(&event, Event::Key(k) if k.code == crossterm::event::KeyCode::F(12))
                {
                    panic!("a panic on request");
                }
                Ok(Some(event))
            }
            Ok(false) => Ok(None),
            // A signal woke us; the loop looks at the flags.
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(e) => Err(e),
        }
    }
    fn ended(&self) -> bool {
        self.signals.ended()
    }
    fn sleep(&mut self, asked: bool) -> io::Result<bool> {
        if asked || self.signals.take_sleep() {
            self.guard.suspend()?;
            self.signals.take_sleep();
            return Ok(true);
        }
        Ok(false)
    }
    fn frame(&mut self, begins: bool) -> io::Result<()> {
        use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
        if begins {
            crossterm::queue!(io::stdout(), BeginSynchronizedUpdate)
        } else {
            crossterm::execute!(io::stdout(), EndSynchronizedUpdate)
        }
    }
}

/// Time between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);
/// Time between two looks at the signals while nothing does.
const IDLE: Duration = Duration::from_millis(100);
/// Longer pauses (a laptop lid, a stopped process) do not count as time that passed.
const LONGEST: Duration = Duration::from_millis(250);
/// Events handled before the next frame, so that a flood of them (a wheel, a paste) cannot stop the picture.
const BURST: usize = 64;

/// The loop: wait for a key or the next frame, let time pass, draw if anything changed.
///
/// # Errors
/// The terminal is gone.
#[expect(clippy::disallowed_methods, reason = "a face: frames follow the wall clock")]
pub fn run_loop<B: Backend>(terminal: &mut Terminal<B>, app: &mut App, inputs: &mut dyn Inputs) -> io::Result<()>
where
    io::Error: From<B::Error>,
{
    let mut last = Instant::now();
    // Listen before the first frame: a window that changes its size in between would not be noticed.
    if let Some(event) = inputs.next(Duration::ZERO)? {
        app.handle(&event);
    }
    app.take_dirty();
    terminal.draw(|frame| app.draw(frame))?;
    // The first frame does not wait for the records.
    app.rouse();
    while !app.quit && !inputs.ended() {
        let moving = app.is_moving();
        let due = if moving { FRAME.saturating_sub(last.elapsed()) } else { IDLE };
        let mut wait = due;
        for _ in 0..BURST {
            let Some(event) = inputs.next(wait)? else { break };
            app.handle(&event);
            // More may be waiting; take it without delay, then draw.
            wait = Duration::ZERO;
        }
        let asked = std::mem::take(&mut app.suspend);
        if inputs.sleep(asked)? {
            app.redraw = true;
            last = Instant::now();
        }
        app.turn_day();
        let now = Instant::now();
        if !app.is_moving() {
            last = now;
        } else if !moving {
            // Time begins to run now, not when the last frame was drawn.
            last = now;
        } else if now - last >= FRAME {
            app.tick((now - last).min(LONGEST));
            last = now;
        }
        let all = std::mem::take(&mut app.redraw);
        if app.take_dirty() || all {
            inputs.frame(true)?;
            if all {
                // Not `clear`: that asks the terminal for its cursor and waits, and not every terminal answers.
                let size = terminal.size()?;
                terminal.resize(size.into())?;
            }
            terminal.draw(|frame| app.draw(frame))?;
            inputs.frame(false)?;
        }
    }
    app.keep();
    Ok(())
}

/// The real labs.
struct Catalogue {
    open: OpenOptions,
    practice: PracticeOptions,
}

impl House for Catalogue {
    fn catalogue(&self) -> Vec<crate::session::view::ScenarioCard> {
        crate::session::catalogue::cards(&self.open)
    }
    fn open(&self, scenario: &str) -> Result<Box<dyn Door>, String> {
        Session::open(scenario, &self.open).map(|s| Box::new(s) as Box<dyn Door>)
    }
    fn desk(&self) -> Result<Box<dyn desk::Desk>, String> {
        desk::real::RealDesk::open(&self.practice, clock::now).map(|d| Box::new(d) as Box<dyn desk::Desk>)
    }
    fn keep_text(&self, name: &str, text: &str) -> io::Result<std::path::PathBuf> {
        keep_as(text, |n| format!("{}-{n}.txt", stem(name)))
    }
    fn keep(&self, name: &str, text: &str, files: &[(String, Vec<u8>)]) -> io::Result<std::path::PathBuf> {
        if files.is_empty() {
            return keep_as(text, |n| format!("{}-session-{n}.yaml", stem(name)));
        }
        keep_folder(std::path::Path::new(""), &stem(name), text, files)
    }
}

/// A name that every file system takes.
fn stem(name: &str) -> String {
    let safe: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '-' }).collect();
    let safe = safe.trim_matches('-');
    if safe.is_empty() { "session".into() } else { safe.into() }
}

/// Writes a new file, never over what is there already.
fn keep_as(text: &str, name: impl Fn(u32) -> String) -> io::Result<std::path::PathBuf> {
    for n in 1..1000 {
        let path = std::path::PathBuf::from(name(n));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                io::Write::write_all(&mut file, text.as_bytes())?;
                return Ok(path);
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("too many saved files of this name in this folder"))
}

/// Writes a session and the files it needs into a new folder, each where the scenario looks for it.
fn keep_folder(inside: &std::path::Path, stem: &str, text: &str, files: &[(String, Vec<u8>)]) -> io::Result<std::path::PathBuf> {
    for n in 1..1000 {
        let name = format!("{stem}-session-{n}");
        let folder = inside.join(&name);
        match std::fs::create_dir(&folder) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(e),
        }
        for (path, bytes) in files {
            let place = folder.join(path);
            if let Some(parent) = place.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(place, bytes)?;
        }
        let path = folder.join(format!("{name}.yaml"));
        std::fs::write(&path, text)?;
        return Ok(path);
    }
    Err(io::Error::other("too many saved sessions of this name in this folder"))
}
