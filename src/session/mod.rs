//! Floor 6, the door: commands in, plain views out. The only room that frontends may touch.
//!
//! A [`Session`] plays one lab: forwards by handling events, backwards by restoring a checkpoint and replaying. What people do (commands,
//! faults, answers) is a log of inputs, each tied to the step before which it happened, so that a replay does the same again.

mod build;
pub mod catalogue;
mod checker;
pub mod claims;
mod commands;
mod console;
mod deeds;
mod documents;
mod drill;
mod expect;
mod facts;
mod lab;
mod menu;
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
mod travel;
pub mod view;
mod watch;

use std::ops::Range;
use std::sync::Arc;

use crate::kernel::Journal;
use crate::kernel::history::History;
use crate::scenario::expression::Expression;
use crate::scenario::file::Scenario;
use crate::worlds::World;

pub use crate::explain::WhyStep;
pub use catalogue::OpenOptions;
use deeds::Input;
pub use drill::Named;
use facts::LabFacts;
use lab::Lab;
pub use travel::StepSize;
use view::{Inspection, LabView, ObjectRef, Record, RecordId, RecordType, Reply, SimDuration, SimTime, Waiting, Weighing};

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
        Self::start(Arc::new(catalogue::read_whole(&opened, &options.all_sets())?), options)
    }

    fn start(scenario: Arc<Scenario>, options: &OpenOptions) -> Result<Self, String> {
        let seed = scenario.seed;
        for name in &options.worlds {
            if !build::PLATFORMS.iter().any(|(p, _)| p == name) {
                let names: Vec<_> = build::PLATFORMS.iter().map(|(p, _)| *p).collect();
                return Err(format!("error: there is no world '{name}'; the worlds are {}\n", names.join(", ")));
            }
        }
        let worlds =
            build::worlds(&scenario, seed, &options.worlds).map_err(|why| format!("error: {}: {}\n", scenario.name, why.trim_end()))?;
        if worlds.is_empty() {
            return Err(format!("error: the scenario '{}' has none of the worlds asked for\n", scenario.name));
        }
        let wrong = commands::misread(&scenario, &worlds);
        if wrong.has_errors() {
            return Err(wrong.errors_only().render(false));
        }
        Ok(Self::with_worlds(scenario, worlds, seed, &options.language))
    }

    /// A session over worlds that are ready to deploy.
    fn with_worlds(scenario: Arc<Scenario>, worlds: Vec<Box<dyn World>>, seed: u64, language: &str) -> Self {
        let mut lab = Lab::new(scenario, worlds, seed, language);
        let mut journal = Journal::default();
        lab.begin(&mut journal);
        let history = travel::first_checkpoint(&lab, &journal);
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

    /// Stops play once the expression holds; None clears it.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn set_breakpoint(&mut self, text: Option<&str>) -> Result<(), String> {
        self.breakpoint = text.map(catalogue::condition).transpose()?;
        Ok(())
    }

    /// When a drill begins to hurt: half a minute after the last fault, command or change of traffic that its file plans.
    fn trouble_begins(&self) -> SimTime {
        let planned = self.lab.scenario.timeline.iter().filter(|e| e.is_planned() && e.acts());
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

    /// What each world accepted but does not simulate, and what it assumed.
    pub fn notes(&self) -> Vec<(String, Vec<String>)> {
        self.lab.slots.iter().map(|s| (s.world.name().to_string(), s.world.notes())).collect()
    }
}

#[cfg(test)]
mod tests;
