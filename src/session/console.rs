//! Commands at the worlds' consoles: one at a time, those of the timeline in their order.
//!
//! A slow command (`docker stop`, `rollout status`) goes on as its world goes on, and its output is journaled at the event that made it
//! speak. What the timeline plans meanwhile waits until it is done, or until it has had [`PATIENCE`]: then it is stopped with ctrl-c, as
//! somebody who wants to go on would do. What a person types takes the console at once.

use std::sync::Arc;

use serde_json::json;

use crate::kernel::{Cx, Journal, List, RecordId, RecordType, SimDuration, SimTime};
use crate::worlds::{self, Output};

use super::lab::{Event, Lab, line};

/// How long a command may keep others waiting.
pub const PATIENCE: SimDuration = SimDuration::from_secs(300);

/// One world's console.
#[derive(Clone, Default)]
pub struct Desk {
    /// Numbers the commands, so that patience finds only its own.
    serial: u64,
    since: SimTime,
    cause: Option<RecordId>,
    /// The command line under way, if a person typed it.
    typed: Option<Arc<str>>,
    waiting: List<Planned>,
}

/// A command of the timeline: its line, its entry, and the record that led to it.
#[derive(Clone, Debug)]
pub struct Planned {
    pub text: Arc<str>,
    pub entry: usize,
    pub cause: Option<RecordId>,
}

impl Lab {
    /// Runs a command at a world's console, journaled with its output.
    pub fn command(&mut self, world: usize, text: &str, actor: &str, cause: Option<RecordId>, journal: &mut Journal) -> Output {
        let (files, start) = (self.scenario.files.clone(), self.start());
        let slot = &mut self.slots[world];
        let name = slot.world.name();
        let record = journal.push(self.now, name, cause.or(start), line(RecordType::Command, actor, "Command", text));
        slot.trouble = Some(record);
        let mut cx = Cx { now: self.now, world: name, journal, cause: Some(record) };
        let out = match worlds::words(text) {
            Ok(argv) => slot.world.console(&argv, &*files, &mut cx),
            Err(why) => Output { stderr: format!("{why}\n"), exit: 2, ..Output::default() },
        };
        slot.running = out.running;
        slot.desk.serial += 1;
        slot.desk.since = self.now;
        slot.desk.cause = Some(record);
        slot.desk.typed = (actor == "you").then(|| text.into());
        record_output(&mut cx, &out);
        if actor == "you" {
            self.looked(text, &format!("{} {}", out.stdout, out.stderr));
        }
        out
    }

    /// A command of the timeline: now, or when the console is free.
    pub(super) fn queue_command(&mut self, world: usize, planned: Planned, journal: &mut Journal) {
        let slot = &mut self.slots[world];
        slot.desk.waiting.push_back(planned);
        if slot.running {
            self.expect_an_end(world);
        } else {
            self.next_command(world, journal);
        }
    }

    /// Starts what waits for the console, as far as that is free.
    pub(super) fn next_command(&mut self, world: usize, journal: &mut Journal) {
        while !self.slots[world].running {
            let Some(next) = self.slots[world].desk.waiting.pop_front() else { return };
            self.command(world, &next.text, "scenario", next.cause, journal);
            Arc::make_mut(&mut self.commands).extend(self.slots[world].desk.cause.map(|record| (next.entry, world, record)));
        }
        if !self.slots[world].desk.waiting.is_empty() {
            self.expect_an_end(world);
        }
    }

    fn expect_an_end(&mut self, world: usize) {
        let desk = &self.slots[world].desk;
        let at = (desk.since + PATIENCE).max(self.now);
        let serial = desk.serial;
        self.agenda.schedule(at, desk.cause, Event::Patience { world, serial });
    }

    /// What the command under way has printed; if it is over, the next one begins.
    pub(super) fn poll(&mut self, world: usize, journal: &mut Journal) {
        let slot = &mut self.slots[world];
        let mut cx = Cx { now: self.now, world: slot.world.name(), journal, cause: slot.desk.cause };
        let out = slot.world.console_poll(&mut cx);
        slot.running = out.running;
        record_output(&mut cx, &out);
        self.printed.0.push_str(&out.stdout);
        self.printed.1.push_str(&out.stderr);
        self.printed.2 = out.exit;
        if let Some(typed) = slot.desk.typed.clone() {
            self.looked(&typed, &format!("{} {}", out.stdout, out.stderr));
        }
        self.next_command(world, journal);
    }

    /// The command has kept others waiting long enough.
    pub(super) fn out_of_patience(&mut self, world: usize, serial: u64, journal: &mut Journal) {
        let slot = &mut self.slots[world];
        if !slot.running || slot.desk.serial != serial || slot.desk.waiting.is_empty() {
            return;
        }
        let text = format!("^C after {PATIENCE}: the next command waits");
        journal.push(self.now, slot.world.name(), slot.desk.cause, line(RecordType::Command, "scenario", "Interrupt", &text));
        self.interrupt(world, journal);
    }

    /// Ctrl-c, and on with what waits.
    pub(super) fn interrupt(&mut self, world: usize, journal: &mut Journal) {
        self.slots[world].world.console_interrupt();
        // Its last words; it may not be asked again.
        let slot = &mut self.slots[world];
        let mut cx = Cx { now: self.now, world: slot.world.name(), journal, cause: slot.desk.cause };
        let out = slot.world.console_poll(&mut cx);
        record_output(&mut cx, &out);
        self.printed.0.push_str(&out.stdout);
        self.printed.1.push_str(&out.stderr);
        slot.running = false;
        self.next_command(world, journal);
    }
}

fn record_output(cx: &mut Cx, out: &Output) {
    if out.stdout.is_empty() && out.stderr.is_empty() && out.exit == 0 {
        return;
    }
    let first = out.stdout.lines().chain(out.stderr.lines()).next().unwrap_or_default().to_string();
    let data = json!({"stdout": out.stdout, "stderr": out.stderr, "exit": out.exit});
    cx.record(line(RecordType::Command, "console", "Output", &first).with_data(data));
}
