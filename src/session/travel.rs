//! Travel in time: forwards by handling events, backwards by restoring a checkpoint and replaying up to the step.

use std::sync::Arc;

use crate::kernel::history::History;
use crate::kernel::{Journal, limits};

use super::deeds::Input;
use super::facts::LabFacts;
use super::lab::{LAB, Lab};
use super::view::{MarkKind, QuestionView, Record, RecordId, RecordType, Reply, SimDuration, SimTime, Stop};
use super::{Session, panel, predict};

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

/// A checkpoint every so many steps: replaying between two is well below a frame.
const CHECKPOINT_SPACING: u64 = 200;
const CHECKPOINTS: usize = 1500;
/// What all checkpoints together may weigh, counted in copies and in machines, each as heavy as twenty copies.
const CHECKPOINTS_WEIGH: usize = 2_000_000;
const FEWEST_CHECKPOINTS: usize = 24;

/// Events that looking ahead may take: about a second of waiting.
const LOOK_AHEAD_STEPS: u64 = 1_000_000;

/// A history that begins here.
pub(super) fn first_checkpoint(lab: &Lab, journal: &Journal) -> History<(Lab, usize)> {
    let mut history = History::new(CHECKPOINT_SPACING, CHECKPOINTS);
    history.save(0, (lab.clone(), journal.len()));
    history
}

impl Session {
    /// Handles one event, or the input that was made at this point.
    pub(super) fn step(&mut self) {
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
    pub(super) fn next_at(&self) -> Option<SimTime> {
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

    /// This session as it stood before a step it has taken; it stays where it is itself.
    pub(super) fn aside(&self, step: u64) -> Option<Self> {
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

    /// What a question's answer is going to be: plays a copy of this lab ahead, and changes nothing here. None if the question was not
    /// answered yet, or if the run is too long to be played at once.
    pub fn look_ahead(&self, id: &str) -> Option<QuestionView> {
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

    /// Nobody will step back: no checkpoints are kept.
    pub(super) fn headless(&mut self) {
        self.history = History::new(u64::MAX, 4);
        self.history.save(0, (self.lab.clone(), self.journal.len()));
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
