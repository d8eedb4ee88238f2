//! The lab: several worlds in lockstep on one virtual clock, under the same traffic and the same faults.
//!
//! Its whole state is one cheaply cloned value; the journal lies beside it, so that going back in time truncates instead of copying.

use std::sync::Arc;

use serde_json::json;

use crate::kernel::journal::Entry as Line;
use crate::kernel::{Agenda, Cx, Journal, Map, ObjectRef, RecordId, RecordType, SimDuration, SimTime};
use crate::model::{Fault, FaultKind, FaultTarget};
use crate::scenario::file::{Entry, Expect, Scenario, Trigger};
use crate::score::{FAULT_OVER, Score};
use crate::worlds::World;

use super::console::{Desk, Planned};
use super::drill::Drill;
use super::expect::Standing;
use super::facts::LabFacts;
use super::predict::Shown;
use super::traffic::{Clients, TICK};
use super::view::Stop;
use super::watch::{Changed, Effort, Watches};

/// How often the scoreboard is brought up to date, and everything looked at that changes with nothing but time.
const SAMPLE: SimDuration = SimDuration::from_secs(1);

/// The name of what is outside the worlds.
pub const LAB: &str = "lab";

/// What the lab plans for itself.
#[derive(Clone, Debug)]
pub enum Event {
    Tick,
    Sample,
    /// A timeline entry is due.
    Due(usize),
    /// A fault's time is over.
    Heal {
        world: usize,
        fault: Arc<Fault>,
    },
    /// Somebody waits for the console: has the command there had its time?
    Patience {
        world: usize,
        serial: u64,
    },
    End,
}

/// One world with what is counted about it.
#[derive(Clone)]
pub struct Slot {
    pub world: Box<dyn World>,
    pub score: Score,
    /// Streams that fail now, with the record that said so.
    failing: Map<Arc<str>, RecordId>,
    /// The last fault, command or story that touched this world: why its traffic fails.
    pub trouble: Option<RecordId>,
    /// A command is under way at its console.
    pub running: bool,
    /// That command, and those of the timeline that wait for it.
    pub(super) desk: Desk,
}

/// The lab's state.
#[derive(Clone)]
pub struct Lab {
    pub scenario: Arc<Scenario>,
    pub seed: u64,
    pub now: SimTime,
    /// Events and inputs handled so far.
    pub steps: u64,
    pub slots: Vec<Slot>,
    pub(super) agenda: Agenda<Event>,
    clients: Vec<Clients>,
    /// Per timeline entry: when it happened.
    pub happened: Vec<Option<SimTime>>,
    /// The commands the timeline ran so far: (entry, world, its record).
    pub commands: Arc<Vec<(usize, usize, RecordId)>>,
    armed: Vec<bool>,
    pub story: Arc<Vec<(SimTime, String)>>,
    pub pointing: Option<Arc<str>>,
    /// The last question that nobody has answered, by timeline index; see [`Lab::asked_now`].
    pub asking: Option<usize>,
    /// Timeline index → choice; None if the question was skipped.
    pub answers: Map<usize, Option<usize>>,
    /// Timeline index → what the run answered, once it has.
    pub shown: Map<usize, Arc<Shown>>,
    pub standings: Vec<Standing>,
    watches: Arc<Watches>,
    effort: Effort,
    pub drill: Drill,
    /// uid of every object that `same_uid` asks about, as first seen.
    pub first_uids: Map<(usize, Arc<str>), Arc<str>>,
    pub finished: bool,
    /// What running commands have printed since the session last looked: stdout, stderr, the last exit status.
    pub printed: (String, String, i32),
    /// Set by an event that play should stop at; taken by the session.
    pub stop: Option<Stop>,
    /// When every world first had nothing left to do.
    pub first_settled: Option<SimTime>,
    start: Option<RecordId>,
    language: Arc<str>,
}

impl Lab {
    /// A lab at time zero, nothing deployed yet; `begin` does that.
    pub fn new(scenario: Arc<Scenario>, worlds: Vec<Box<dyn World>>, seed: u64, language: &str) -> Self {
        let mut agenda = Agenda::default();
        let end = SimTime::ZERO + scenario.duration;
        agenda.schedule(SimTime::ZERO, None, Event::Tick);
        agenda.schedule(SimTime::ZERO + SAMPLE, None, Event::Sample);
        let mut armed = vec![false; scenario.timeline.len()];
        for (i, e) in scenario.timeline.iter().enumerate() {
            if let Trigger::At(at) = e.trigger {
                agenda.schedule(at, None, Event::Due(i));
                armed[i] = true;
            }
        }
        agenda.schedule(end, None, Event::End);
        let names: Vec<_> = worlds.iter().map(|w| w.name()).collect();
        Self {
            watches: Arc::new(Watches::new(&scenario, &names)),
            effort: Effort::new(0),
            seed,
            now: SimTime::ZERO,
            steps: 0,
            slots: worlds
                .into_iter()
                .map(|world| Slot {
                    world,
                    score: Score::default(),
                    failing: Map::new(),
                    trouble: None,
                    running: false,
                    desk: Desk::default(),
                })
                .collect(),
            agenda,
            clients: scenario.traffic.iter().cloned().map(Clients::new).collect(),
            happened: vec![None; scenario.timeline.len()],
            commands: Arc::default(),
            armed,
            story: Arc::default(),
            pointing: None,
            asking: None,
            answers: Map::new(),
            shown: Map::new(),
            standings: scenario.expect.iter().map(|_| Standing::default()).collect(),
            drill: Drill::default(),
            first_uids: Map::new(),
            finished: false,
            printed: Default::default(),
            stop: None,
            first_settled: None,
            start: None,
            language: language.into(),
            scenario,
        }
    }

    pub fn end(&self) -> SimTime {
        SimTime::ZERO + self.scenario.duration
    }
    pub fn world_index(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.world.name() == name)
    }
    /// The record with which everything began.
    pub fn start(&self) -> Option<RecordId> {
        self.start
    }
    /// About how much it takes to keep this state: copies, and machines, each as heavy as twenty copies.
    pub fn weight(&self) -> usize {
        self.slots.iter().map(|s| s.world.copies().declared as usize + 20 * s.world.machines()).sum()
    }
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Brings the app up in every world.
    pub fn begin(&mut self, journal: &mut Journal) {
        let title = LabFacts { lab: self, journal }.text(&self.scenario.title);
        let start = journal.push(self.now, LAB, None, line(RecordType::Story, LAB, "Start", &title));
        self.start = Some(start);
        for slot in &mut self.slots {
            let mut cx = Cx { now: self.now, world: slot.world.name(), journal, cause: Some(start) };
            slot.world.deploy(&mut cx);
        }
    }

    /// The moment of the next event.
    pub fn next_at(&self) -> Option<SimTime> {
        if self.finished {
            return None;
        }
        self.slots.iter().filter_map(|s| s.world.next_at()).chain(self.agenda.next_at()).min()
    }

    /// Handles exactly one event: the lab's own before the worlds', the worlds in their order.
    pub fn step(&mut self, journal: &mut Journal) {
        let Some(at) = self.next_at() else { return };
        self.now = at.max(self.now);
        self.steps += 1;
        let written = journal.len();
        if self.agenda.next_at().is_some_and(|t| t <= at) {
            if let Some(due) = self.agenda.pop() {
                let mut changed = self.handle(due.event, due.cause, journal);
                changed.wrote |= self.wrote(written, journal);
                self.look_again(changed, journal);
            }
            return;
        }
        let Some(world) = self.slots.iter().position(|s| s.world.next_at().is_some_and(|t| t <= at)) else { return };
        let slot = &mut self.slots[world];
        let mut cx = Cx { now: self.now, world: slot.world.name(), journal, cause: self.start };
        slot.world.step(&mut cx);
        // A command that is under way says what it has to say at the event that made it speak.
        if slot.running {
            self.poll(world, journal);
        }
        let wrote = self.wrote(written, journal);
        self.look_again(Changed { moved: 1 << world, wrote, requests: false }, journal);
    }

    /// Handles an event of the lab's own; what it changed, as far as the journal does not tell.
    fn handle(&mut self, event: Event, cause: Option<RecordId>, journal: &mut Journal) -> Changed {
        let changed = match event {
            Event::Tick => Changed { requests: true, ..Changed::default() },
            // These look at everything themselves.
            Event::Sample | Event::End => Changed::default(),
            _ => Changed::ALL,
        };
        match event {
            Event::Tick => self.tick(journal),
            Event::Sample => self.sample(journal),
            Event::Due(i) => self.entry(i, journal),
            Event::Heal { world, fault } => self.heal(world, &fault, cause, journal),
            Event::Patience { world, serial } => self.out_of_patience(world, serial, journal),
            Event::End => self.finish(journal),
        }
        changed
    }

    /// The worlds that have written into the journal since it had this length.
    fn wrote(&self, length: usize, journal: &Journal) -> u32 {
        let new = &journal.records()[length..];
        (0..self.slots.len()).filter(|n| new.iter().any(|r| r.world == self.slots[*n].world.name())).map(|n| 1 << n).sum()
    }

    /// Something has changed: looks at what hangs on it.
    pub(super) fn look_again(&mut self, changed: Changed, journal: &mut Journal) {
        if self.finished {
            return;
        }
        let Some(due) = self.watches.due(changed, journal.len(), &mut self.effort, &self.armed, &self.standings) else { return };
        self.fire_conditions(&due.conditions, journal);
        self.judge(&due.expectations, journal, false);
        for n in due.missed {
            self.standings[n].missed = true;
        }
        if due.drill {
            self.drill_look(journal, false);
        }
    }

    /// Counts every outcome that is known by now; when that is done changes no number.
    pub fn settle_requests(&mut self) {
        for slot in &mut self.slots {
            slot.world.settle_requests(self.now);
        }
    }

    fn tick(&mut self, journal: &mut Journal) {
        for clients in &mut self.clients {
            let Some(arrival) = clients.arrival(self.now) else { continue };
            for slot in &mut self.slots {
                let mut cx = Cx { now: self.now, world: slot.world.name(), journal, cause: slot.trouble.or(self.start) };
                slot.world.route(&arrival, &mut cx);
            }
        }
        self.settle_requests();
        if !self.clients.is_empty() {
            self.agenda.schedule(self.now + TICK, None, Event::Tick);
        }
    }

    fn sample(&mut self, journal: &mut Journal) {
        let mut objects = 0;
        for slot in &mut self.slots {
            slot.world.settle_requests(self.now);
            let name = slot.world.name();
            notice_traffic(slot, self.now, self.start, journal);
            let (machines, copies) = (slot.world.machines(), slot.world.copies());
            objects += machines as u64 + u64::from(copies.declared);
            slot.score.sample(name, self.now, journal, copies, slot.world.ledger(), machines);
        }
        if self.first_settled.is_none() && self.settled() {
            self.first_settled = Some(self.now);
        }
        self.remember_uids();
        self.effort = Effort::new(objects);
        self.fire_settled();
        self.fire_conditions(&(0..self.armed.len()).collect::<Vec<_>>(), journal);
        self.judge(&(0..self.standings.len()).collect::<Vec<_>>(), journal, false);
        self.reveal(journal, false);
        self.drill_look(journal, false);
        self.agenda.schedule(self.now + SAMPLE, None, Event::Sample);
    }

    /// `when` triggers, of these entries.
    fn fire_conditions(&mut self, entries: &[usize], journal: &Journal) {
        for i in entries {
            if let Trigger::When(expr) = &self.scenario.timeline[*i].trigger
                && !self.armed[*i]
                && expr.holds(&LabFacts { lab: self, journal }).unwrap_or(false)
            {
                self.armed[*i] = true;
                self.agenda.schedule(self.now, None, Event::Due(*i));
            }
        }
    }

    /// `settled` triggers.
    fn fire_settled(&mut self) {
        for (i, e) in self.scenario.timeline.iter().enumerate() {
            if let Trigger::Settled { delay } = &e.trigger
                && !self.armed[i]
                && i.checked_sub(1).is_none_or(|before| self.happened[before].is_some())
                && self.settled()
            {
                self.armed[i] = true;
                self.agenda.schedule(self.now + *delay, None, Event::Due(i));
            }
        }
    }

    /// No world has anything left to do.
    fn settled(&self) -> bool {
        self.slots.iter().all(|s| s.world.settled())
    }

    /// Something on the timeline happens.
    fn entry(&mut self, i: usize, journal: &mut Journal) {
        // What is told now may name what has just been noticed.
        for slot in &mut self.slots {
            slot.score.read_reactions(slot.world.name(), journal);
        }
        let scenario = self.scenario.clone();
        let entry: &Entry = &scenario.timeline[i];
        self.happened[i] = Some(self.now);
        self.pointing = entry.point_at.clone().or(self.pointing.take());
        let mut cause = self.start;
        if let Some(say) = &entry.say {
            let text = LabFacts { lab: self, journal }.text(say);
            cause = Some(journal.push(self.now, LAB, self.start, line(RecordType::Story, "narrator", "Say", &text)));
            Arc::make_mut(&mut self.story).push((self.now, text));
        }
        if let Some(q) = &entry.ask {
            let text = LabFacts { lab: self, journal }.text(&q.question);
            journal.push(self.now, LAB, cause, line(RecordType::Story, "narrator", "Ask", &text));
            if !self.replied(&q.id) {
                self.asking = Some(i);
                self.stop = Some(Stop::Question);
            }
        }
        if entry.pause {
            self.stop.get_or_insert(Stop::Pause);
        }
        for act in &entry.faults {
            let Some(world) = self.world_index(act.world) else { continue };
            // The checker has proved that targets exist; one that vanished since is journaled as missed.
            let cause = if entry.by_hand { None } else { cause };
            if let Err(why) = self.inject(world, Arc::new(act.fault.clone()), cause, journal) {
                journal.push(self.now, act.world, cause, line(RecordType::Fault, "scenario", "FaultMissed", &why));
            }
        }
        for change in &entry.traffic {
            self.clients.iter_mut().filter(|c| c.spec.name == change.stream).for_each(|c| c.change(self.now, change.rate, change.over));
            let text = format!("{}: {} requests a second from now on", change.stream, change.rate as f64 / 1000.0);
            let record = journal.push(self.now, LAB, cause, line(RecordType::Traffic, "clients", "RateChanged", &text));
            self.slots.iter_mut().for_each(|s| s.trouble = Some(record));
        }
        for (world, command) in &entry.run {
            let Some(w) = self.world_index(world) else { continue };
            if entry.by_hand {
                self.command(w, command, "you", None, journal);
            } else {
                self.queue_command(w, Planned { text: command.clone(), entry: i, cause }, journal);
            }
        }
        if let Some(did) = &entry.did {
            self.redo(did, journal);
        }
        self.drill_entry(i);
        self.arm_followers(&entry.id);
    }

    /// Entries that wait for this one.
    fn arm_followers(&mut self, id: &str) {
        let scenario = self.scenario.clone();
        for (i, e) in scenario.timeline.iter().enumerate() {
            if let Trigger::After { id: wanted, delay } = &e.trigger
                && id == &**wanted
                && !self.armed[i]
            {
                self.armed[i] = true;
                let at = self.now + *delay;
                self.agenda.schedule(at, None, Event::Due(i));
            }
        }
    }

    /// Makes one world suffer a fault, and plans its end.
    ///
    /// # Errors
    /// A sentence, if the target does not exist or the fault means nothing there.
    pub fn inject(&mut self, world: usize, fault: Arc<Fault>, cause: Option<RecordId>, journal: &mut Journal) -> Result<(), String> {
        let slot = &mut self.slots[world];
        let name = slot.world.name();
        let object = target_ref(&fault.target);
        let text = super::build::describe(&fault);
        let data = json!({"fault": fault.kind.word(), "id": &*fault.id, "lasts_s": fault.lasts.map(SimDuration::as_secs_f64)});
        let entry = Line::new(RecordType::Fault, "fault", fault.kind.word(), object, text).with_data(data);
        // What is injected by hand is a root of its own.
        let record = journal.push(self.now, name, cause, entry);
        if let (FaultKind::TrafficSpike { percent }, FaultTarget::Traffic(stream)) = (&fault.kind, &fault.target) {
            // Clients belong to the lab: a spike is one, whatever the number of worlds.
            self.clients.iter_mut().filter(|c| c.spec.name == *stream).for_each(|c| c.scale_percent = *percent);
        } else {
            let mut cx = Cx { now: self.now, world: name, journal, cause: Some(record) };
            slot.world.inject(&fault, &mut cx)?;
        }
        slot.trouble = Some(record);
        slot.score.fault(fault.id.clone(), self.now, record);
        if let Some(lasts) = fault.lasts {
            self.agenda.schedule(self.now + lasts, Some(record), Event::Heal { world, fault });
        }
        Ok(())
    }

    fn heal(&mut self, world: usize, fault: &Fault, cause: Option<RecordId>, journal: &mut Journal) {
        let slot = &mut self.slots[world];
        let name = slot.world.name();
        let text = format!("the fault ends: {}", super::build::describe(fault));
        let entry = Line::new(RecordType::Fault, "fault", FAULT_OVER, target_ref(&fault.target), text);
        let record = journal.push(self.now, name, cause, entry);
        if let (FaultKind::TrafficSpike { .. }, FaultTarget::Traffic(stream)) = (&fault.kind, &fault.target) {
            self.clients.iter_mut().filter(|c| c.spec.name == *stream).for_each(|c| c.scale_percent = 100);
        } else {
            let mut cx = Cx { now: self.now, world: name, journal, cause: Some(record) };
            slot.world.heal(fault, &mut cx);
        }
    }

    fn remember_uids(&mut self) {
        let scenario = self.scenario.clone();
        for target in super::facts::same_uid_targets(&scenario) {
            for w in 0..self.slots.len() {
                if !self.first_uids.contains_key(&(w, target.clone()))
                    && let Ok(serde_json::Value::String(uid)) = self.slots[w].world.fact("uid", &[json!(&*target)], self.now)
                {
                    self.first_uids.insert((w, target.clone()), uid.into());
                }
            }
        }
    }

    /// Looks at these expectations.
    fn judge(&mut self, which: &[usize], journal: &Journal, at_end: bool) {
        let scenario = self.scenario.clone();
        for n in which {
            let expectation = &scenario.expect[*n];
            let mut standing = std::mem::take(&mut self.standings[*n]);
            let absent = expectation.expr.uses().iter().filter_map(|u| u.world.as_deref()).find(|w| self.world_index(w).is_none());
            if let Some(world) = absent {
                standing.detail = format!("not decided: the world {world} is not part of this run");
            } else {
                let window = self.window(&expectation.kind);
                standing.look(expectation, window, self.now, at_end, &LabFacts { lab: self, journal });
            }
            self.standings[*n] = standing;
        }
    }

    /// From when to when an expectation counts: (begin, end); no begin = not yet.
    fn window(&self, kind: &Expect) -> (Option<SimTime>, Option<SimTime>) {
        match kind {
            Expect::Always { from, until } | Expect::Never { from, until } => (from.or(self.first_settled), *until),
            Expect::Eventually { within, after } => {
                let begin = match after {
                    None => Some(SimTime::ZERO),
                    Some(id) => self.scenario.timeline.iter().position(|e| e.id == *id).and_then(|i| self.happened[i]),
                };
                (begin, begin.zip(*within).map(|(b, w)| b + w))
            }
            Expect::Finally => (Some(self.end()), None),
        }
    }

    fn finish(&mut self, journal: &mut Journal) {
        for slot in &mut self.slots {
            slot.world.settle_requests(self.now);
            let machines = 0;
            slot.score.sample(slot.world.name(), self.now, journal, slot.world.copies(), slot.world.ledger(), machines);
            slot.score.finish();
        }
        self.judge(&(0..self.standings.len()).collect::<Vec<_>>(), journal, true);
        self.reveal(journal, true);
        self.drill_look(journal, true);
        self.finished = true;
        self.stop = Some(Stop::End);
        journal.push(self.now, LAB, self.start, line(RecordType::Story, LAB, "End", "the scenario is over"));
    }
}

/// What changes who answers requests: a recovery is owed to the last of these.
const RESTORES: &[&str] = &["RulesProgrammed", "BackendUp", "BackendDown", "State", "Daemon", "FaultOver"];

/// Writes a record when a stream begins or ceases to fail.
fn notice_traffic(slot: &mut Slot, now: SimTime, start: Option<RecordId>, journal: &mut Journal) {
    let Some(second) = (now.as_secs() as usize).checked_sub(1) else { return };
    let world = slot.world.name();
    let mut news = Vec::new();
    for (stream, s) in &slot.world.ledger().streams {
        let Some(last) = s.seconds.get(second) else { continue };
        let said = slot.failing.get(stream).copied();
        if last.failed > 0 && said.is_none() {
            let why = last.worst.map_or("unknown", |w| w.word());
            let text = format!("{stream}: {} of {} requests a second fail: {why}", last.failed, last.failed + last.ok);
            news.push((stream.clone(), slot.trouble.or(start), "Failing", text, true));
        } else if let Some(said) = said
            && last.failed == 0
            && last.ok > 0
        {
            // A second is over before its failures are noticed: what helped may be older than that.
            let trouble = journal.get(said).and_then(|r| r.cause).unwrap_or(said);
            let since = journal.records().iter().rev().take_while(|r| r.id > trouble);
            let remedy = since.filter(|r| r.world == world).find(|r| RESTORES.contains(&&*r.reason)).map(|r| r.id);
            news.push((stream.clone(), remedy.or(Some(said)), "Recovered", format!("{stream}: every request is answered again"), false));
        }
    }
    for (stream, cause, reason, text, failing) in news {
        let entry = Line::new(RecordType::Traffic, "clients", reason, ObjectRef::new("traffic", "", stream.clone()), text);
        let record = journal.push(now, world, cause, entry);
        if failing {
            slot.failing.insert(stream, record);
        } else {
            slot.failing.remove(&stream);
        }
    }
}

pub fn line(kind: RecordType, actor: &str, reason: &'static str, text: &str) -> Line {
    Line::new(kind, actor, reason, ObjectRef::default(), text)
}

fn target_ref(target: &FaultTarget) -> ObjectRef {
    match target {
        FaultTarget::World => ObjectRef::default(),
        FaultTarget::Host(n) => ObjectRef::new("host", "", n.clone()),
        FaultTarget::Zone(n) => ObjectRef::new("zone", "", n.clone()),
        FaultTarget::Copies { of, .. } => ObjectRef::new("app", "", of.clone()),
        FaultTarget::Component(c) => ObjectRef::new("component", "", c.word()),
        FaultTarget::Image(n) => ObjectRef::new("image", "", n.clone()),
        FaultTarget::Traffic(n) => ObjectRef::new("traffic", "", n.clone()),
    }
}
