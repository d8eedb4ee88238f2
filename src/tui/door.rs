//! What the screens need of a running lab. [`crate::session::Session`] is the one real implementation; tests bring their own.

use std::ops::Range;
use std::sync::Arc;

use crate::session::view::{
    FaultChoice, FaultHit, Inspection, LabView, MarkKind, ObjectRef, QuestionView, Record, RecordId, Reply, ScenarioCard, SimDuration,
    SimTime, Stop, Waiting, Weighing,
};
use crate::session::{Named, Session, StepSize, WhyStep};

use super::desk::Desk;

/// A lab that runs.
pub trait Door {
    fn view(&self) -> LabView;
    /// The view, if of each world only these machines are in sight.
    fn view_near(&self, _near: &[Range<usize>]) -> LabView {
        self.view()
    }
    fn now(&self) -> SimTime;
    fn end(&self) -> SimTime;
    fn finished(&self) -> bool;
    fn advance(&mut self, target: SimTime, max_steps: u64) -> Stop;
    fn step_forward(&mut self, size: &StepSize) -> Stop;
    fn step_back(&mut self);
    fn jump_to(&mut self, at: SimTime);
    fn jump_to_record(&mut self, id: RecordId);
    fn next_mark(&mut self, kinds: &[MarkKind]) -> Stop;
    fn previous_mark(&mut self, kinds: &[MarkKind]);
    fn records(&self) -> &[Arc<Record>];
    fn why(&self, id: RecordId) -> Vec<WhyStep>;
    fn inspect(&self, world: &str, object: &ObjectRef) -> Option<Inspection>;
    fn weighed(&self, id: RecordId) -> Option<Weighing>;
    fn weigh(&self, world: &str, object: &ObjectRef) -> Option<Weighing>;
    fn waiting(&self, world: &str) -> Vec<Waiting>;
    fn command(&mut self, line: &str) -> Reply;
    fn poll_command(&mut self) -> Option<Reply>;
    fn interrupt_command(&mut self);
    fn complete(&self, line: &str) -> Vec<String>;
    fn faults(&self) -> Vec<FaultChoice>;
    fn fault_targets(&self, word: &str, world: Option<&str>) -> Vec<Arc<str>>;
    fn fault_hits(&self, word: &str, target: &str, world: Option<&str>) -> Vec<FaultHit>;
    fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) -> Result<String, String>;
    fn answer(&mut self, choice: usize);
    fn skip(&mut self);
    fn look_ahead(&self, id: &str) -> Option<QuestionView>;
    fn hint(&mut self) -> Option<String>;
    fn name_cause(&mut self, named: Named) -> bool;
    fn look(&mut self, world: &str, object: &ObjectRef);
    fn set_breakpoint(&mut self, expr: Option<&str>) -> Result<(), String>;
    fn restart(&mut self);
    fn save(&self) -> String;
    fn side_files(&self) -> Vec<(String, Vec<u8>)>;
}

/// Where labs come from.
pub trait House {
    fn catalogue(&self) -> Vec<ScenarioCard>;
    /// Opens a lab by name or file; the error is a rendered diagnostic.
    ///
    /// # Errors
    /// What is wrong with the scenario, ready to be read.
    fn open(&self, scenario: &str) -> Result<Box<dyn Door>, String>;
    /// Bank, records and everything else that practice needs.
    ///
    /// # Errors
    /// Why there is no practice.
    fn desk(&self) -> Result<Box<dyn Desk>, String>;
    /// Where texts that a person saves go.
    fn keep_text(&self, name: &str, text: &str) -> std::io::Result<std::path::PathBuf>;
    /// Where sessions that a person saves go, with the files that they need beside them; what to play.
    fn keep(&self, name: &str, text: &str, files: &[(String, Vec<u8>)]) -> std::io::Result<std::path::PathBuf>;
}

impl Door for Session {
    fn view(&self) -> LabView {
        self.view()
    }
    fn view_near(&self, near: &[Range<usize>]) -> LabView {
        self.view_near(near)
    }
    fn now(&self) -> SimTime {
        self.now()
    }
    fn end(&self) -> SimTime {
        self.end()
    }
    fn finished(&self) -> bool {
        self.finished()
    }
    fn advance(&mut self, target: SimTime, max_steps: u64) -> Stop {
        self.advance(target, max_steps)
    }
    fn step_forward(&mut self, size: &StepSize) -> Stop {
        self.step_forward(size)
    }
    fn step_back(&mut self) {
        self.step_back();
    }
    fn jump_to(&mut self, at: SimTime) {
        self.jump_to(at);
    }
    fn jump_to_record(&mut self, id: RecordId) {
        self.jump_to_record(id);
    }
    fn next_mark(&mut self, kinds: &[MarkKind]) -> Stop {
        self.next_mark(kinds)
    }
    fn previous_mark(&mut self, kinds: &[MarkKind]) {
        self.previous_mark(kinds);
    }
    fn records(&self) -> &[Arc<Record>] {
        self.records()
    }
    fn why(&self, id: RecordId) -> Vec<WhyStep> {
        self.why(id)
    }
    fn inspect(&self, world: &str, object: &ObjectRef) -> Option<Inspection> {
        self.inspect(world, object)
    }
    fn weighed(&self, id: RecordId) -> Option<Weighing> {
        self.weighed(id)
    }
    fn weigh(&self, world: &str, object: &ObjectRef) -> Option<Weighing> {
        self.weigh(world, object)
    }
    fn waiting(&self, world: &str) -> Vec<Waiting> {
        self.waiting(world)
    }
    fn command(&mut self, line: &str) -> Reply {
        self.command(line)
    }
    fn poll_command(&mut self) -> Option<Reply> {
        self.poll_command()
    }
    fn interrupt_command(&mut self) {
        self.interrupt_command();
    }
    fn complete(&self, line: &str) -> Vec<String> {
        self.complete(line)
    }
    fn faults(&self) -> Vec<FaultChoice> {
        self.faults()
    }
    fn fault_targets(&self, word: &str, world: Option<&str>) -> Vec<Arc<str>> {
        self.fault_targets(word, world)
    }
    fn fault_hits(&self, word: &str, target: &str, world: Option<&str>) -> Vec<FaultHit> {
        self.fault_hits(word, target, world)
    }
    fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) -> Result<String, String> {
        self.inject(word, target, world, lasts)
    }
    fn answer(&mut self, choice: usize) {
        self.answer(choice);
    }
    fn skip(&mut self) {
        self.skip();
    }
    fn look_ahead(&self, id: &str) -> Option<QuestionView> {
        self.look_ahead(id)
    }
    fn hint(&mut self) -> Option<String> {
        self.hint()
    }
    fn name_cause(&mut self, named: Named) -> bool {
        self.name_cause(named)
    }
    fn look(&mut self, world: &str, object: &ObjectRef) {
        self.look(world, object);
    }
    fn set_breakpoint(&mut self, expr: Option<&str>) -> Result<(), String> {
        self.set_breakpoint(expr)
    }
    fn restart(&mut self) {
        self.restart();
    }
    fn save(&self) -> String {
        self.save()
    }
    fn side_files(&self) -> Vec<(String, Vec<u8>)> {
        self.side_files()
    }
}
