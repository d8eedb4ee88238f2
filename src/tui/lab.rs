//! The state of the lab screen: time, panes, selections, the command line. It drives the door; it knows no rules.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::session::StepSize;
use crate::session::view::{LabView, MarkKind, ObjectRef, RecordId, SimDuration, Stop};

use super::console::{Console, Line, Purpose};
use super::door::Door;
use super::journal::{Filter, JournalPane};
use super::panels::world::WorldPane;
use super::play::Player;
use super::text;

/// What n and N stop at.
const STOPS: [MarkKind; 4] = [MarkKind::Fault, MarkKind::FaultEnd, MarkKind::Question, MarkKind::Yours];
const FINGER_SECONDS: u64 = 15;
/// How long a notice stays at the foot.
const NOTICE: Duration = Duration::from_secs(6);

/// Where the arrow keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    World(usize),
    Journal(usize),
}

/// How copies are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// Names while they fit, signs for large clusters.
    #[default]
    Auto,
    Names,
    Signs,
}

/// A short word at the foot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub bad: bool,
    left: Duration,
}

pub struct Lab {
    pub door: Box<dyn Door>,
    pub view: LabView,
    pub player: Player,
    pub step: usize,
    pub focus: Focus,
    pub worlds: Vec<WorldPane>,
    /// One for each world, and a last one for all together, used where there is no room for several.
    pub journals: Vec<JournalPane>,
    pub changes: bool,
    pub filter: String,
    pub zoom: bool,
    /// There is no room for a journal of each world; told by drawing.
    pub shared_journal: bool,
    pub density: Density,
    pub line: Option<Line>,
    pub console: Console,
    pub notice: Option<Notice>,
    pub breakpoint: Option<String>,
    /// An expression that was refused, kept for mending.
    pub drafted: Option<String>,
    /// The narrator stopped time and waits for "go on".
    pub narrator_waits: bool,
    /// Predictions whose answer has been shown.
    pub settled: BTreeSet<String>,
    pub debriefed: bool,
    /// The debrief of a drill whose goal is reached was shown.
    pub goal_told: bool,
    /// Set by everything that may change what the door shows.
    stale: bool,
}

/// The step sizes in the order of the s key; the actor is that of the selected line.
pub const STEPS: [&str; 4] = ["event", "change", "actor", "milestone"];

impl Lab {
    pub fn new(door: Box<dyn Door>) -> Self {
        let view = door.view();
        let worlds = view.worlds.iter().map(|_| WorldPane::default()).collect();
        let journals = (0..=view.worlds.len()).map(|_| JournalPane::default()).collect();
        let mut lab = Self {
            door,
            view,
            player: Player::default(),
            step: 0,
            focus: Focus::World(0),
            worlds,
            journals,
            changes: false,
            filter: String::new(),
            zoom: false,
            shared_journal: false,
            density: Density::Auto,
            line: None,
            console: Console::default(),
            notice: None,
            breakpoint: None,
            drafted: None,
            narrator_waits: false,
            settled: BTreeSet::new(),
            debriefed: false,
            goal_told: false,
            stale: true,
        };
        lab.refresh();
        lab
    }

    /// The name of the n-th world.
    pub fn world_name(&self, n: usize) -> &'static str {
        self.view.worlds.get(n).map_or("", |w| w.view.name)
    }

    /// True if the narrator points at this part of a world (`nodes`, `requests`, `journal`), or with an empty world at a part of the screen.
    pub fn pointed(&self, world: &str, parts: &[&str]) -> bool {
        let Some(at) = self.view.pointing_at.as_deref() else { return false };
        // The finger goes down a while after the words were said.
        let said = self.view.story.last().map_or_else(Default::default, |(t, _)| *t);
        if !self.narrator_waits && self.view.now.since(said).as_secs() > FINGER_SECONDS {
            return false;
        }
        let mut at = at.split('.');
        match (at.next(), at.next()) {
            (Some(w), Some(part)) => w == world && parts.contains(&part),
            (Some(one), None) => parts.contains(&one) || (one == world && parts.contains(&"")),
            (None, _) => false,
        }
    }

    /// The world the focus is in; None in the journal of all worlds.
    pub fn focused_world(&self) -> Option<usize> {
        let (Focus::World(n) | Focus::Journal(n)) = self.focus;
        (n < self.view.worlds.len()).then_some(n)
    }

    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Fetches what the door shows now, if anything may have changed. True if it did.
    pub fn refresh(&mut self) -> bool {
        if !std::mem::take(&mut self.stale) {
            return false;
        }
        let near: Vec<_> = self.worlds.iter().zip(&self.view.worlds).map(|(pane, world)| pane.in_sight(&world.view)).collect();
        self.view = self.door.view_near(&near);
        let names: Vec<&'static str> = self.view.worlds.iter().map(|w| w.view.name).collect();
        let records = self.door.records();
        let secret = self.view.drill.as_ref().is_some_and(|d| d.secret);
        for (n, pane) in self.journals.iter_mut().enumerate() {
            let worlds = names.get(n).map_or_else(|| names.clone(), |name| vec![*name]);
            pane.refresh(records, &Filter { worlds, changes: self.changes, text: self.filter.to_lowercase(), secret });
        }
        for (pane, world) in self.worlds.iter_mut().zip(&self.view.worlds) {
            pane.refresh(&world.view);
        }
        true
    }

    pub fn say(&mut self, words: impl Into<String>) {
        self.notice = Some(Notice { text: words.into(), bad: false, left: NOTICE });
    }
    pub fn complain(&mut self, words: impl Into<String>) {
        self.notice = Some(Notice { text: words.into(), bad: true, left: NOTICE * 2 });
    }

    /// Lets `dt` of real time pass. True if something on screen changed.
    pub fn tick(&mut self, dt: Duration) -> bool {
        let mut changed = false;
        if let Some(n) = &mut self.notice {
            n.left = n.left.saturating_sub(dt);
            if n.left.is_zero() {
                self.notice = None;
                changed = true;
            }
        }
        if self.player.playing {
            let stop = self.player.advance(&mut *self.door, dt);
            self.stale = true;
            if let Some(stop) = stop {
                self.stopped(&stop);
            }
        }
        if self.console.running
            && let Some(reply) = self.door.poll_command()
        {
            self.console.answer(&reply);
            changed = true;
        }
        self.refresh() || changed
    }

    /// Time stopped: says why.
    fn stopped(&mut self, stop: &Stop) {
        match stop {
            Stop::Reached | Stop::Budget => return,
            Stop::Pause => self.narrator_waits = true,
            Stop::Question | Stop::Reveal | Stop::Goal | Stop::End => {}
            Stop::Breakpoint(expr) => self.say(format!("breakpoint: {expr}")),
        }
        self.player.playing = false;
    }

    /// Before any travel in time.
    fn travel(&mut self) {
        self.player.playing = false;
        self.narrator_waits = false;
        self.stale = true;
    }

    pub fn play_pause(&mut self) {
        self.narrator_waits = false;
        if !self.player.playing && self.door.finished() {
            self.say("this is the end; R starts again, , goes back");
            return;
        }
        self.player.playing = !self.player.playing;
        self.stale = true;
    }

    pub fn step_size(&self) -> StepSize {
        match STEPS[self.step] {
            "change" => StepSize::Change,
            "milestone" => StepSize::Milestone,
            "actor" => self.selected_actor().map_or(StepSize::Event, StepSize::Actor),
            _ => StepSize::Event,
        }
    }

    fn selected_actor(&self) -> Option<std::sync::Arc<str>> {
        let id = self.selected_record()?;
        self.record(id).map(|r| r.actor.clone())
    }

    /// The step size in words.
    pub fn step_words(&self) -> String {
        match self.step_size() {
            StepSize::Actor(a) => format!("next action of {a}"),
            _ if STEPS[self.step] == "actor" => "actor (select a journal line)".into(),
            _ => STEPS[self.step].to_string(),
        }
    }

    pub fn cycle_step(&mut self, by: usize) {
        self.step = (self.step + by) % STEPS.len();
        self.say(format!("step: {}", self.step_words()));
    }

    pub fn forward(&mut self) {
        let size = self.step_size();
        self.travel();
        let stop = self.door.step_forward(&size);
        self.stopped(&stop);
    }
    pub fn backward(&mut self) {
        self.travel();
        self.door.step_back();
    }
    pub fn to_start(&mut self) {
        self.travel();
        self.door.jump_to(crate::session::view::SimTime::ZERO);
    }
    pub fn to_end(&mut self) {
        self.travel();
        let end = self.door.end();
        self.door.jump_to(end);
    }
    pub fn next_mark(&mut self) {
        self.travel();
        let stop = self.door.next_mark(&STOPS);
        self.stopped(&stop);
    }
    pub fn previous_mark(&mut self) {
        self.travel();
        self.door.previous_mark(&STOPS);
    }
    /// To a place on the timeline, in thousandths.
    pub fn jump_permille(&mut self, permille: u64) {
        self.travel();
        let at = SimDuration::from_nanos(self.door.end().as_nanos()).scaled(permille.min(1000), 1000);
        self.door.jump_to(crate::session::view::SimTime::ZERO + at);
    }
    pub fn jump_to_record(&mut self, id: RecordId) {
        self.travel();
        self.door.jump_to_record(id);
    }
    pub fn restart(&mut self) {
        self.travel();
        self.door.restart();
        self.settled.clear();
        self.debriefed = false;
        self.goal_told = false;
        self.console.running = false;
        self.say("from the start, with the same seed");
    }

    pub fn record(&self, id: RecordId) -> Option<&std::sync::Arc<crate::session::view::Record>> {
        let at = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.door.records().get(at)
    }

    /// The journal line under the cursor: of the focused journal, or of the one that belongs to the focused world.
    pub fn selected_record(&self) -> Option<RecordId> {
        let (Focus::Journal(n) | Focus::World(n)) = self.focus;
        let n = if self.shared_journal { self.view.worlds.len() } else { n };
        let pane = self.journals.get(n)?;
        pane.at(pane.cursor()).map(|i| RecordId(i as u64 + 1))
    }

    /// What Enter would inspect: world and object.
    pub fn selected_object(&self) -> Option<(&'static str, ObjectRef)> {
        match self.focus {
            Focus::World(n) => {
                let object = self.worlds.get(n)?.selected(&self.view.worlds.get(n)?.view)?;
                Some((self.world_name(n), object.clone()))
            }
            Focus::Journal(_) => {
                let record = self.record(self.selected_record()?)?;
                Some((record.world, record.object.clone()))
            }
        }
    }

    /// Somebody is typing, or about to answer nothing: a question waits until the line is closed, everything else until it is empty.
    pub fn is_typing(&self) -> bool {
        let asks = self.view.question.is_some();
        self.line.as_ref().is_some_and(|l| asks || !l.input.value().is_empty())
    }

    /// Runs a typed command.
    pub fn run_command(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        if self.console.running {
            self.door.interrupt_command();
            self.console.running = false;
        }
        self.console.typed(line);
        let reply = self.door.command(line);
        self.console.answer(&reply);
        self.stale = true;
    }

    pub fn interrupt(&mut self) {
        self.door.interrupt_command();
        self.console.running = false;
        self.console.say("^C");
    }

    /// Somebody inspects an object: in a drill that may be how the trouble is found.
    pub fn look(&mut self, world: &str, object: &ObjectRef) {
        if self.view.drill.is_some() {
            let names: Vec<&str> = self.view.worlds.iter().map(|w| w.view.name).filter(|n| world == "lab" || *n == world).collect();
            names.into_iter().for_each(|w| self.door.look(w, object));
            self.stale = true;
        }
    }

    /// The drill's next hint.
    pub fn hint(&mut self) {
        if self.view.drill.is_none() {
            return self.complain("hints belong to drills; this scenario is none");
        }
        match self.door.hint() {
            // The narrator says it; it stays until the next words.
            Some(_) => self.stale = true,
            None if self.view.drill.as_ref().is_some_and(|d| d.began.is_none()) => self.say("no trouble yet; let time run"),
            None => self.say("no hint fits now; look at what changed"),
        }
    }

    pub fn set_filter(&mut self, text: &str) {
        self.filter = text.to_string();
        self.stale = true;
    }

    pub fn set_breakpoint(&mut self, expr: &str) {
        let expr = expr.trim();
        self.drafted = None;
        match self.door.set_breakpoint((!expr.is_empty()).then_some(expr)) {
            Err(e) => {
                self.complain(format!("{e} · B: change it"));
                self.drafted = Some(expr.to_string());
            }
            Ok(()) if expr.is_empty() => {
                self.breakpoint = None;
                self.say("no breakpoint");
            }
            Ok(()) => {
                self.breakpoint = Some(expr.to_string());
                self.say(format!("stops when {expr}"));
            }
        }
    }

    pub fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) {
        match self.door.inject(word, target, world, lasts) {
            Ok(done) => self.say(done),
            Err(e) => self.complain(e),
        }
        self.stale = true;
    }

    pub fn open_line(&mut self, purpose: Purpose, text: &str) {
        self.line = Some(Line::new(purpose, text));
    }

    pub fn toggle_changes(&mut self) {
        self.changes = !self.changes;
        self.stale = true;
        self.say(if self.changes { "every change of an object is shown" } else { "changes are hidden" });
    }

    pub fn toggle_density(&mut self) {
        self.density = match self.density {
            Density::Auto => Density::Names,
            Density::Names => Density::Signs,
            Density::Signs => Density::Auto,
        };
        self.say(match self.density {
            Density::Auto => "copies: names while they fit",
            Density::Names => "copies: names",
            Density::Signs => "copies: one sign each",
        });
    }

    pub fn set_speed(&mut self, faster: bool) {
        let speed = self.player.change_speed(faster);
        let (run, step) = (text::speed(speed, "×"), "virtual time against the wall clock");
        self.say(format!("{run}  {step}"));
    }
}
