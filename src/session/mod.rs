//! Floor 6, the door: commands in, plain views out. The only room that frontends may touch.
//!
//! A [`Session`] plays one lab: forwards by handling events, backwards by restoring a checkpoint and replaying. What people do (commands,
//! faults, answers) is a log of inputs, each tied to the step before which it happened, so that a replay does the same again.

mod build;
pub mod catalogue;
mod checker;
pub mod claims;
mod console;
mod documents;
mod drill;
mod expect;
mod facts;
mod lab;
mod panel;
pub mod practice;
mod predict;
pub mod progress;
pub mod report;
mod save;
pub mod schedule;
mod setup;
mod told;
mod traffic;
pub mod view;

use std::ops::Range;
use std::sync::Arc;

use crate::kernel::history::History;
use crate::kernel::{Journal, limits};
use crate::model::fault::{CopyCount, FAULTS};
use crate::model::{Fault, FaultKind};
use crate::scenario::expression::Expression;
use crate::scenario::file::Scenario;
use crate::worlds::World;

pub use crate::explain::WhyStep;
pub use catalogue::OpenOptions;
pub use drill::Named;
use facts::LabFacts;
use lab::{LAB, Lab};
use view::{
    FaultChoice, Inspection, LabView, MarkKind, ObjectRef, Record, RecordId, RecordType, Reply, SimDuration, SimTime, Stop, Waiting,
    Weighing,
};

/// How far a step goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepSize {
    /// The next journal record.
    Event,
    /// The next change of an object or a container.
    Change,
    /// The next record of this actor.
    Actor(Arc<str>),
    /// The next thing people talk about: an Event, a fault, traffic that begins or ceases to fail.
    Milestone,
}

/// Something a person did, replayed when history is replayed.
#[derive(Clone, Debug)]
enum Input {
    Command { world: usize, line: Arc<str> },
    Inject { world: usize, fault: Arc<Fault> },
    Answer { choice: usize },
    Interrupt,
    Hint,
    Cause(Named),
    Look { world: usize, object: ObjectRef },
}

/// A lab with its history.
pub struct Session {
    lab: Lab,
    journal: Journal,
    /// For each journal record, the steps handled before it was written.
    record_steps: Vec<u64>,
    /// (lab, journal length) at certain steps.
    history: History<(Lab, usize)>,
    /// (step before which it happened, when, what).
    inputs: Vec<(u64, SimTime, Input)>,
    breakpoint: Option<Expression>,
    replies: Reply,
}

/// A checkpoint every so many steps: replaying between two is well below a frame.
const CHECKPOINT_SPACING: u64 = 200;
const CHECKPOINTS: usize = 1500;
/// What all checkpoints together may weigh, counted in copies and in machines, each as heavy as twenty copies.
const CHECKPOINTS_WEIGH: usize = 2_000_000;
const FEWEST_CHECKPOINTS: usize = 24;

/// Events that looking ahead may take: about a second of waiting.
const LOOK_AHEAD_STEPS: u64 = 1_000_000;

impl Session {
    /// Opens a scenario by built-in name or file.
    ///
    /// # Errors
    /// The rendered diagnostics: file, line, column, excerpt, what was expected.
    pub fn open(scenario: &str, options: &OpenOptions) -> Result<Self, String> {
        Self::start(Arc::new(catalogue::load(scenario, options)?), options)
    }

    /// Opens a scenario from its text; side files are not available.
    ///
    /// # Errors
    /// The rendered diagnostics.
    pub fn open_text(name: &str, text: &str, options: &OpenOptions) -> Result<Self, String> {
        let opened = crate::scenario::Opened::text(name, text, crate::scenario::Folder::Nothing);
        Self::start(Arc::new(catalogue::read(&opened, &options.all_sets())?), options)
    }

    fn start(scenario: Arc<Scenario>, options: &OpenOptions) -> Result<Self, String> {
        let seed = scenario.seed;
        for name in &options.worlds {
            if !build::PLATFORMS.iter().any(|(p, _)| p == name) {
                let names: Vec<_> = build::PLATFORMS.iter().map(|(p, _)| *p).collect();
                return Err(format!("error: there is no world '{name}'; the worlds are {}\n", names.join(", ")));
            }
        }
        let worlds = build::worlds(&scenario, seed, &options.worlds)?;
        if worlds.is_empty() {
            return Err(format!("error: the scenario '{}' has none of the worlds asked for\n", scenario.name));
        }
        Ok(Self::with_worlds(scenario, worlds, seed, &options.language))
    }

    /// A session over worlds that are ready to deploy.
    fn with_worlds(scenario: Arc<Scenario>, worlds: Vec<Box<dyn World>>, seed: u64, language: &str) -> Self {
        let mut lab = Lab::new(scenario, worlds, seed, language);
        let mut journal = Journal::default();
        lab.begin(&mut journal);
        let mut history = History::new(CHECKPOINT_SPACING, CHECKPOINTS);
        history.save(0, (lab.clone(), journal.len()));
        let record_steps = vec![0; journal.len()];
        Self { lab, journal, record_steps, history, inputs: Vec::new(), breakpoint: None, replies: Reply::default() }
    }

    pub fn view(&self) -> LabView {
        panel::view(&self.lab, &self.journal, &[])
    }
    /// The same, if of each world only some machines are in sight: see [`World::view_near`].
    pub fn view_near(&self, near: &[Range<usize>]) -> LabView {
        panel::view(&self.lab, &self.journal, near)
    }
    pub fn now(&self) -> SimTime {
        self.lab.now
    }
    pub fn end(&self) -> SimTime {
        self.lab.end()
    }
    /// Events and inputs handled so far.
    pub fn step_count(&self) -> u64 {
        self.lab.steps
    }
    pub fn finished(&self) -> bool {
        self.lab.finished
    }
    /// The whole journal so far, in order.
    pub fn records(&self) -> &[Arc<Record>] {
        self.journal.records()
    }
    pub fn scenario_name(&self) -> &str {
        &self.lab.scenario.name
    }

    /// Handles one event, or the input that was made at this point.
    fn step(&mut self) {
        if self.history.wants(self.lab.steps) {
            self.history.limit((CHECKPOINTS_WEIGH / self.lab.weight().max(1)).clamp(FEWEST_CHECKPOINTS, CHECKPOINTS));
            self.history.save(self.lab.steps, (self.lab.clone(), self.journal.len()));
        }
        let (step, before) = (self.lab.steps, self.journal.len());
        match self.input_at(step).map(|(_, at, input)| (*at, input.clone())) {
            Some((at, input)) => {
                self.lab.now = at;
                self.apply(&input);
            }
            None => self.lab.step(&mut self.journal),
        }
        self.record_steps.extend(std::iter::repeat_n(step, self.journal.len() - before));
    }

    fn input_at(&self, step: u64) -> Option<&(u64, SimTime, Input)> {
        self.inputs.binary_search_by_key(&step, |(s, _, _)| *s).ok().map(|i| &self.inputs[i])
    }

    /// The moment of the next event or recorded input.
    fn next_at(&self) -> Option<SimTime> {
        self.input_at(self.lab.steps).map_or_else(|| self.lab.next_at(), |(_, at, _)| Some(*at))
    }

    /// Runs until `target`, a stop, or `max_steps` events. Time itself moves to `target` when nothing more happens before it.
    pub fn advance(&mut self, target: SimTime, max_steps: u64) -> Stop {
        for _ in 0..max_steps {
            match self.next_at() {
                None => return Stop::End,
                Some(at) if at > target => {
                    self.lab.now = self.lab.now.max(target);
                    self.lab.settle_requests();
                    return Stop::Reached;
                }
                Some(_) => {}
            }
            self.step();
            if let Some(stop) = self.stopped() {
                self.lab.settle_requests();
                return stop;
            }
        }
        Stop::Budget
    }

    fn stopped(&mut self) -> Option<Stop> {
        if let Some(stop) = self.lab.stop.take() {
            return Some(stop);
        }
        let hit = self.breakpoint.as_ref().is_some_and(|b| b.holds(&LabFacts { lab: &self.lab, journal: &self.journal }).unwrap_or(false));
        if hit { self.breakpoint.take().map(|b| Stop::Breakpoint(b.text().to_string())) } else { None }
    }

    /// Runs until a record of that size was written.
    pub fn step_forward(&mut self, size: &StepSize) -> Stop {
        let from = self.journal.len();
        for _ in 0..limits::EVENTS_PER_INSTANT_MAX {
            if self.next_at().is_none() {
                return Stop::End;
            }
            self.step();
            let stop = self.stopped();
            if self.journal.records()[from..].iter().any(|r| matches_size(r, size)) {
                return stop.unwrap_or(Stop::Reached);
            }
            if let Some(stop) = stop {
                return stop;
            }
        }
        Stop::Budget
    }

    /// Goes back to just before the last journal record was written.
    pub fn step_back(&mut self) {
        if let Some(step) = self.record_steps.iter().rev().find(|s| **s < self.lab.steps).copied() {
            self.go_to_step(step);
        }
    }

    /// Goes to a moment, forwards or backwards, without stopping on the way.
    pub fn jump_to(&mut self, at: SimTime) {
        let at = at.min(self.lab.end());
        if at < self.lab.now {
            let found = self.history.last_where(|(lab, _)| lab.now < at).map(|(step, _)| step);
            self.go_to_step(found.unwrap_or(0));
        }
        while self.next_at().is_some_and(|t| t <= at) {
            self.step();
        }
        self.lab.stop = None;
        self.lab.now = self.lab.now.max(at);
        self.lab.settle_requests();
    }

    /// Goes to just after a record was written.
    pub fn jump_to_record(&mut self, id: RecordId) {
        if let Some(step) = (id.0 as usize).checked_sub(1).and_then(|i| self.record_steps.get(i)).copied() {
            self.go_to_step(step);
            self.step();
            self.lab.stop = None;
        }
    }

    /// Runs to the next mark of one of these kinds, or to the end.
    pub fn next_mark(&mut self, kinds: &[MarkKind]) -> Stop {
        let next = panel::marks(&self.lab, &self.journal).into_iter().find(|m| !m.past && kinds.contains(&m.kind)).map(|m| m.at);
        let target = next.unwrap_or(self.end());
        loop {
            match self.advance(target, u64::MAX) {
                Stop::Pause if self.lab.now < target => {}
                other => return other,
            }
        }
    }

    /// Goes back to the last mark of one of these kinds that lies before now.
    pub fn previous_mark(&mut self, kinds: &[MarkKind]) {
        let now = self.lab.now;
        let before = panel::marks(&self.lab, &self.journal).into_iter().rev().find(|m| kinds.contains(&m.kind) && m.at < now);
        self.jump_to(before.map_or(SimTime::ZERO, |m| m.at - SimDuration::from_nanos(1)));
    }

    /// Restores the checkpoint before `step` and replays up to it.
    fn go_to_step(&mut self, step: u64) {
        if step >= self.lab.steps {
            return;
        }
        if let Some((_, (lab, len))) = self.history.at_or_before(step) {
            let len = *len;
            self.lab = lab.clone();
            self.journal.truncate(len);
            self.record_steps.truncate(len);
        }
        while self.lab.steps < step && self.next_at().is_some() {
            self.step();
        }
        self.lab.stop = None;
    }

    /// From zero again: same scenario, same seed, nothing done by hand.
    pub fn restart(&mut self) {
        self.inputs.clear();
        self.go_to_step(0);
        self.history.forget_after(0);
    }

    /// Why a record was written: the chain of causes, its root first.
    pub fn why(&self, id: RecordId) -> Vec<WhyStep> {
        let mut chain = crate::explain::why(&self.journal, id);
        if self.lab.has_secret() {
            chain.retain(|step| step.record.kind != RecordType::Fault || step.record.id == id);
        }
        chain
    }

    pub fn inspect(&self, world: &str, object: &ObjectRef) -> Option<Inspection> {
        let slot = &self.lab.slots[self.lab.world_index(world)?];
        slot.world.inspect(object, self.lab.now)
    }

    /// What the scheduler weighed for the decision that this record tells of: the moment before it is gone back to, on the side, and
    /// the decision is made again with every number. None if the record is no decision about a copy.
    pub fn weighed(&self, id: RecordId) -> Option<Weighing> {
        let record = self.journal.get(id).filter(|r| r.kind == RecordType::Decision)?;
        let world = self.lab.world_index(record.world)?;
        let before = self.aside(*self.record_steps.get((id.0 as usize).checked_sub(1)?)?)?;
        before.lab.slots[world].world.weigh(&record.object, record.at)
    }

    /// What the scheduler would decide about a waiting copy if it tried it now.
    pub fn weigh(&self, world: &str, object: &ObjectRef) -> Option<Weighing> {
        self.lab.slots[self.lab.world_index(world)?].world.weigh(object, self.lab.now)
    }

    /// Copies that wait for a machine, in the order in which they would be tried.
    pub fn waiting(&self, world: &str) -> Vec<Waiting> {
        self.lab.world_index(world).map(|w| self.lab.slots[w].world.waiting()).unwrap_or_default()
    }

    /// This session as it stood before a step it has taken; it stays where it is itself.
    fn aside(&self, step: u64) -> Option<Self> {
        let (_, (lab, len)) = self.history.at_or_before(step)?;
        let mut journal = Journal::default();
        journal.extend(&self.journal.records()[..*len]);
        let mut then = Self {
            lab: lab.clone(),
            journal,
            record_steps: Vec::new(),
            history: History::new(u64::MAX, 4),
            inputs: self.inputs.clone(),
            breakpoint: None,
            replies: Reply::default(),
        };
        while then.lab.steps < step && then.next_at().is_some() {
            then.step();
        }
        Some(then)
    }

    // ---- what a person does ----

    /// A new input at this point: whatever was done later in an abandoned future is forgotten.
    fn input(&mut self, input: Input) {
        let step = self.lab.steps;
        self.inputs.retain(|(s, _, _)| *s < step);
        self.history.forget_after(step);
        self.inputs.push((step, self.lab.now, input));
        self.step();
    }

    fn apply(&mut self, input: &Input) {
        self.lab.steps += 1;
        match input {
            Input::Command { world, line } => {
                let out = self.lab.command(*world, line, "you", None, &mut self.journal);
                self.replies = Reply { text: out.stdout, error: out.stderr, exit: out.exit, running: out.running };
            }
            Input::Inject { world, fault } => {
                if let Err(why) = self.lab.inject(*world, fault.clone(), None, &mut self.journal) {
                    self.replies = Reply { error: why, exit: 1, ..Reply::default() };
                }
            }
            Input::Interrupt => {
                for world in 0..self.lab.slots.len() {
                    if self.lab.slots[world].running {
                        self.lab.interrupt(world, &mut self.journal);
                    }
                }
            }
            Input::Hint => {
                let text = self.lab.hint(&mut self.journal);
                self.replies = Reply { text: text.unwrap_or_default(), ..Reply::default() };
            }
            Input::Cause(named) => {
                let right = self.lab.name_cause(named, &mut self.journal);
                self.replies = Reply { exit: i32::from(!right), ..Reply::default() };
            }
            Input::Look { world, object } => {
                let seen = self.lab.slots[*world].world.inspect(object, self.lab.now);
                let text: Vec<String> = seen.into_iter().flat_map(|i| i.tabs).map(|(_, text)| text).collect();
                self.lab.looked(&format!("{}/{}", object.kind, object.name), &text.join(" "));
            }
            Input::Answer { choice } => {
                if let Some(entry) = self.lab.asking.take() {
                    self.lab.answers.insert(entry, *choice);
                }
            }
        }
    }

    /// Types a command; its first word chooses the world.
    pub fn command(&mut self, line: &str) -> Reply {
        let word = line.split_whitespace().next().unwrap_or_default();
        let world = match word {
            "kubectl" | "k" => "kubernetes",
            "docker" => "docker",
            "" => return Reply::default(),
            other => {
                let error = format!("{other}: command not found; this prompt knows kubectl and docker\n");
                return Reply { error, exit: 127, ..Reply::default() };
            }
        };
        let Some(world) = self.lab.world_index(world) else {
            return Reply { error: format!("{word}: this run has no {world} world\n"), exit: 1, ..Reply::default() };
        };
        let line = line.trim().strip_prefix("k ").map_or_else(|| line.trim().to_string(), |rest| format!("kubectl {rest}"));
        self.replies = Reply::default();
        self.input(Input::Command { world, line: line.into() });
        std::mem::take(&mut self.replies)
    }

    /// What running commands have printed as virtual time passed; None if none runs and nothing is left to say.
    pub fn poll_command(&mut self) -> Option<Reply> {
        let running = self.lab.slots.iter().any(|s| s.running);
        let (text, error, exit) = std::mem::take(&mut self.lab.printed);
        (running || !text.is_empty() || !error.is_empty()).then_some(Reply { text, error, exit, running })
    }

    /// Stops running commands (ctrl-c).
    pub fn interrupt_command(&mut self) {
        if self.lab.slots.iter().any(|s| s.running) {
            self.input(Input::Interrupt);
        }
    }

    /// What the last word of a half-typed line could be.
    pub fn complete(&self, line: &str) -> Vec<String> {
        let mut argv = shell_words::split(line).unwrap_or_else(|_| line.split_whitespace().map(String::from).collect());
        if line.is_empty() || line.ends_with(' ') {
            argv.push(String::new());
        }
        if argv.len() <= 1 {
            let typed = argv.first().map_or("", String::as_str);
            return ["docker", "kubectl"].into_iter().filter(|w| w.starts_with(typed)).map(String::from).collect();
        }
        let world = if argv[0] == "docker" { "docker" } else { "kubernetes" };
        self.lab.world_index(world).map(|w| self.lab.slots[w].world.complete(&argv)).unwrap_or_default()
    }

    /// The fault menu.
    pub fn faults(&self) -> Vec<FaultChoice> {
        FAULTS.iter().map(|f| FaultChoice { word: f.word, about: f.about, on: f.on }).collect()
    }

    /// What a fault could hit, in one world or in any.
    pub fn fault_targets(&self, word: &str, world: Option<&str>) -> Vec<Arc<str>> {
        let Some(info) = FAULTS.iter().find(|f| f.word == word) else { return Vec::new() };
        if info.on == "traffic" {
            return self.lab.scenario.traffic.iter().map(|t| t.name.clone()).collect();
        }
        let slots = self.lab.slots.iter().filter(|s| world.is_none_or(|w| w == s.world.name()));
        let mut out: Vec<_> = slots.flat_map(|s| s.world.fault_targets(info.on)).collect();
        out.sort();
        out.dedup();
        out
    }

    /// Injects a fault by hand: in one world, or in every world that has the target.
    ///
    /// # Errors
    /// A sentence, if no world has the target or the fault needs another sort of target.
    pub fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) -> Result<String, String> {
        let info = FAULTS.iter().find(|f| f.word == word).ok_or_else(|| format!("there is no fault '{word}'"))?;
        let kind = FaultKind::with_defaults(word).ok_or_else(|| format!("there is no fault '{word}'"))?;
        let id: Arc<str> = format!("{word}@{}", self.lab.now.clock()).into();
        let mut hit = Vec::new();
        for w in 0..self.lab.slots.len() {
            let slot = &self.lab.slots[w];
            let named = world.is_none_or(|x| x == slot.world.name());
            let known = info.on == "world" || info.on == "traffic" || slot.world.fault_targets(info.on).iter().any(|t| &**t == target);
            if named && known {
                let target = build::target(&kind, target, CopyCount::One, &self.lab.scenario);
                let fault = Arc::new(Fault { id: id.clone(), kind: kind.clone(), target, lasts });
                hit.push(build::describe(&fault));
                self.input(Input::Inject { world: w, fault });
            }
        }
        match hit.first() {
            Some(text) => Ok(text.clone()),
            None => Err(format!("no world has '{target}'; there are: {}", self.fault_targets(word, world).join(", "))),
        }
    }

    /// Answers the question that waits.
    pub fn answer(&mut self, choice: usize) {
        if self.lab.asking.is_some() {
            self.input(Input::Answer { choice });
        }
    }

    /// The drill's next hint that fits; None if there is none (any more).
    pub fn hint(&mut self) -> Option<String> {
        if !self.lab.drill_view(&self.journal).is_some_and(|d| d.more_hints) {
            return None;
        }
        self.input(Input::Hint);
        Some(std::mem::take(&mut self.replies).text).filter(|t| !t.is_empty())
    }

    /// Says what the cause of a drill's trouble is; true if that is right.
    pub fn name_cause(&mut self, named: Named) -> bool {
        if self.lab.drill_view(&self.journal).is_none_or(|d| d.began.is_none() || d.cause.is_named()) {
            return false;
        }
        self.input(Input::Cause(named));
        std::mem::take(&mut self.replies).exit == 0
    }

    /// Somebody looks at an object: in a drill that may be how the trouble is found.
    pub fn look(&mut self, world: &str, object: &ObjectRef) {
        if let Some(world) = self.lab.world_index(world).filter(|_| self.lab.wants_looks()) {
            self.input(Input::Look { world, object: object.clone() });
        }
    }

    /// What a question's answer is going to be: plays a copy of this lab ahead, and changes nothing here. None if the question was not
    /// answered yet, or if the run is too long to be played at once.
    pub fn look_ahead(&self, id: &str) -> Option<view::QuestionView> {
        let asks = |i: &usize| self.lab.scenario.timeline[*i].ask.as_ref().is_some_and(|a| *a.id == *id);
        let entry = self.lab.answers.keys().copied().find(asks)?;
        let mut ahead = Self {
            lab: self.lab.clone(),
            journal: self.journal.clone(),
            record_steps: Vec::new(),
            history: History::new(u64::MAX, 1),
            inputs: self.inputs.clone(),
            breakpoint: None,
            replies: Reply::default(),
        };
        for _ in 0..LOOK_AHEAD_STEPS {
            if ahead.lab.shown.contains_key(&entry) {
                return predict::question(&ahead.lab, &ahead.journal, entry);
            }
            ahead.next_at()?;
            ahead.step();
        }
        None
    }

    /// Stops play once the expression holds; None clears it.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn set_breakpoint(&mut self, text: Option<&str>) -> Result<(), String> {
        self.breakpoint = text.map(catalogue::condition).transpose()?;
        Ok(())
    }

    /// This session as a new scenario file: what was typed and injected becomes its timeline.
    pub fn save(&self) -> String {
        let done = self.inputs.iter().filter_map(|(_, at, input)| {
            let (world, what) = match input {
                Input::Command { world, line } => (*world, save::Deed::Command(line.clone())),
                Input::Inject { world, fault } => (*world, save::Deed::Fault(fault.clone())),
                Input::Answer { .. } | Input::Interrupt | Input::Hint | Input::Cause(_) | Input::Look { .. } => return None,
            };
            Some(save::Done { at: *at, world: self.lab.slots[world].world.name(), what })
        });
        save::scenario(&self.lab, &done.collect::<Vec<_>>())
    }

    /// When a drill begins to hurt: half a minute after the last fault, command or change of traffic that its file plans.
    fn trouble_begins(&self) -> SimTime {
        let planned = self.lab.scenario.timeline.iter().filter(|e| !e.faults.is_empty() || !e.run.is_empty() || !e.traffic.is_empty());
        let at = planned.filter_map(|e| if let crate::scenario::Trigger::At(at) = e.trigger { Some(at) } else { None });
        at.max().unwrap_or_default() + SimDuration::from_secs(30)
    }

    /// The drill's goal, now.
    fn goal_holds(&self) -> Result<bool, String> {
        let facts = LabFacts { lab: &self.lab, journal: &self.journal };
        self.lab.scenario.solve.as_ref().map_or(Ok(false), |s| s.goal.holds(&facts))
    }

    /// Records that have been written out give up their details, if they are of the sorts that a large lab has by the million. What
    /// commands printed and how workloads changed stays: expectations ask for it.
    fn forget_details(&mut self, of: Range<usize>) {
        let many = |r: &Record| r.kind == RecordType::Decision || matches!(&*r.object.kind, "Pod" | "Node" | "EndpointSlice");
        self.journal.forget_details(of, many);
    }

    /// Nobody will step back: no checkpoints are kept.
    fn headless(&mut self) {
        self.history = History::new(u64::MAX, 4);
        self.history.save(0, (self.lab.clone(), self.journal.len()));
    }

    /// What each world accepted but does not simulate, and what it assumed.
    pub fn notes(&self) -> Vec<(String, Vec<String>)> {
        self.lab.slots.iter().map(|s| (s.world.name().to_string(), s.world.notes())).collect()
    }
}

fn matches_size(r: &Record, size: &StepSize) -> bool {
    match size {
        StepSize::Event => true,
        StepSize::Change => r.kind == RecordType::Change,
        StepSize::Actor(actor) => r.actor == *actor,
        StepSize::Milestone => {
            matches!(r.kind, RecordType::Event | RecordType::Fault | RecordType::Traffic | RecordType::Story) && r.world != LAB
        }
    }
}

#[cfg(test)]
mod tests;
