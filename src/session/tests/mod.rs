//! The door, tested with a small made-up world: history, inputs, questions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::view::{MarkKind, Stop};
use super::*;
use crate::kernel::journal::Entry;
use crate::kernel::{Agenda, Cx, Stream};
use crate::model::{Fault, Ledger};
use crate::scenario::{Folder, Opened};
use crate::worlds::view::WorldView;
use crate::worlds::{Arrival, Copies, Files, Output, World};

mod causes;
mod drills;
mod questions;
mod saved;

/// A world that writes a record at random moments and answers every request.
#[derive(Clone)]
struct Toy {
    agenda: Agenda<u32>,
    chance: Stream,
    ledger: Ledger,
    up: bool,
    typed: u64,
    /// Ticks until the command under way is done.
    busy: Option<u32>,
    said: String,
}

impl Toy {
    fn boxed(seed: u64) -> Box<dyn World> {
        Box::new(Self {
            agenda: Agenda::default(),
            chance: Stream::derive(seed, "toy"),
            ledger: Ledger::default(),
            up: true,
            typed: 0,
            busy: None,
            said: String::new(),
        })
    }
    fn plan(&mut self, cx: &Cx, n: u32) {
        let wait = SimDuration::from_millis(500 + self.chance.below(3000));
        self.agenda.schedule(cx.now + wait, cx.cause, n);
    }
}

impl World for Toy {
    fn name(&self) -> &'static str {
        "docker"
    }
    fn clone_box(&self) -> Box<dyn World> {
        Box::new(self.clone())
    }
    fn deploy(&mut self, cx: &mut Cx) {
        self.plan(cx, 0);
    }
    fn next_at(&self) -> Option<SimTime> {
        self.agenda.next_at()
    }
    fn step(&mut self, cx: &mut Cx) {
        if let Some(due) = self.agenda.pop() {
            let mut cx = cx.because(due.cause);
            cx.record_as_cause(Entry::new(RecordType::Event, "toy", "Tick", ObjectRef::default(), format!("tick {}", due.event)));
            self.plan(&cx, due.event + 1);
            if let Some(left) = self.busy.as_mut().filter(|n| **n > 0) {
                *left -= 1;
                self.said.push_str(&format!("{left} left\n"));
            }
        }
    }
    fn settled(&self) -> bool {
        true
    }
    fn inject(&mut self, _: &Fault, _: &mut Cx) -> Result<(), String> {
        self.up = false;
        Ok(())
    }
    fn heal(&mut self, _: &Fault, _: &mut Cx) {
        self.up = true;
    }
    fn fault_targets(&self, _: &str) -> Vec<Arc<str>> {
        vec!["host-1".into()]
    }
    fn route(&mut self, a: &Arrival, cx: &mut Cx) {
        self.ledger.sent(&a.stream, cx.now, a.count);
        if self.up {
            self.ledger.ok(&a.stream, cx.now, a.count, SimDuration::from_millis(5));
        } else {
            self.ledger.failed(&a.stream, cx.now, a.count, crate::model::FailReason::Refused);
        }
    }
    fn settle_requests(&mut self, _: SimTime) {}
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }
    fn console(&mut self, argv: &[String], _: &dyn Files, _: &mut Cx) -> Output {
        self.typed += 1;
        self.busy = argv.iter().position(|a| a == "slow").map(|i| argv[i + 1].parse().unwrap());
        if self.busy.is_some() {
            return Output { running: true, ..Output::default() };
        }
        Output { stdout: format!("{}\n", argv.join("|")), ..Output::default() }
    }
    fn misread(&self, _: &[String], _: bool, _: &dyn crate::worlds::Files) -> Option<crate::worlds::Misread> {
        None
    }
    fn console_poll(&mut self, _: &mut Cx) -> Output {
        let running = self.busy.is_some_and(|n| n > 0);
        Output { stdout: std::mem::take(&mut self.said), running, ..Output::default() }
    }
    fn console_interrupt(&mut self) {
        self.busy = None;
    }
    fn complete(&self, _: &[String]) -> Vec<String> {
        vec![]
    }
    fn view(&self, _: SimTime) -> WorldView {
        WorldView {
            name: "docker",
            subtitle: String::new(),
            lamps: vec![],
            hosts: vec![],
            unplaced: vec![].into(),
            apps: vec![],
            alarms: vec![],
            console: String::new(),
        }
    }
    fn inspect(&self, _: &ObjectRef, _: SimTime) -> Option<Inspection> {
        None
    }
    fn fact(&self, name: &str, _: &[Value], _: SimTime) -> Result<Value, String> {
        if name == "uid" { Ok(json!("u1")) } else { Err(format!("no {name}")) }
    }
    fn copies(&self) -> Copies {
        Copies { declared: 1, serving: u32::from(self.up) }
    }
    fn machines(&self) -> usize {
        1
    }
    fn manual_actions(&self) -> u64 {
        self.typed
    }
    fn notes(&self) -> Vec<String> {
        vec![]
    }
}

const SCENARIO: &str = "
wheelhouse: 1
title: Toy
summary: A toy.
level: beginner
minutes: 1
topics: [basics]
duration: 2m
seed: 4
images: {'registry.example/x:1': {size: 10MB}}
traffic: [{name: clients, to: x, rate: 7rps, timeout: 1s}]
worlds:
  docker:
    hosts: [{name: host-1}]
    run: ['docker run -d --name x -p 80:80 registry.example/x:1']
timeline:
  - {at: 20s, say: 'hello', pause: true}
  - {at: 30s, id: dark, fault: {kind: node-down, on: host-1, for: 20s}}
  - {after: dark, delay: 5s, ask: {id: q, question: 'How many fail?', choices: [none, some], answer: 'docker.failed > 0 ? 1 : 0', because: 'It failed {docker.failed} times.'}}
expect:
  - {finally: 'docker.failed == 140', say: 'Twenty seconds of seven requests fail'}
  - {always: 'docker.failed == 0', say: 'Nothing fails'}
  - {eventually: 'docker.failed > 0', within: 3s, after: dark, say: 'It hurts soon'}
debrief: ['Recovered after {docker.recovered_after(\"dark\")}.']
";

fn session() -> Session {
    let opened = Opened::text("toy", SCENARIO, Folder::Nothing);
    let scenario = crate::scenario::Scenario::load(&opened, &[]).map_err(|d| d.render(false)).unwrap().scenario;
    Session::with_worlds(Arc::new(scenario), vec![Toy::boxed(4)], 4, "en")
}

fn text(s: &Session) -> Vec<String> {
    s.records().iter().map(|r| r.to_json()).collect()
}

fn to_end(s: &mut Session) {
    while s.advance(SimTime::MAX, 1000) != Stop::End {}
}

fn drill(s: &Session) -> view::DrillView {
    s.view().drill.unwrap()
}

/// Plays on until the session stops for another reason than these.
fn on(s: &mut Session, past: &[Stop]) -> Stop {
    loop {
        let stop = s.advance(SimTime::MAX, u64::MAX);
        if !past.contains(&stop) {
            return stop;
        }
    }
}

#[test]
fn a_run_is_judged() {
    let mut s = session();
    to_end(&mut s);
    let v = s.view();
    let passed: Vec<_> = v.expectations.iter().map(|e| e.passed).collect();
    assert_eq!(passed, [Some(true), Some(false), Some(true)], "{:?}", v.expectations);
    assert_eq!(v.debrief.len(), 1);
    assert_eq!(v.worlds[0].score.downtime_s, 20);
    assert!(v.marks.iter().any(|m| m.kind == MarkKind::FaultEnd && m.at == SimTime::from_secs(50)));
}

#[test]
fn stops_at_pause_question_and_end() {
    let mut s = session();
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Pause);
    assert_eq!(s.now(), SimTime::from_secs(20));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    s.answer(1);
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal);
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::End);
    let v = s.view();
    assert_eq!((v.answered[0].chosen, v.answered[0].answer), (Some(1), Some(1)));
    assert!(v.answered[0].because.contains("failed 35 times"), "{}", v.answered[0].because);
}

#[test]
fn back_and_forth_is_the_straight_run() {
    let mut straight = session();
    to_end(&mut straight);
    let wanted = text(&straight);
    let mut s = session();
    let mut chance = Stream::derive(9, "walk");
    for _ in 0..200 {
        match chance.below(5) {
            0 => s.step_back(),
            1 => s.jump_to(SimTime::from_millis(chance.below(125_000))),
            2 => {
                s.step_forward(&StepSize::Event);
            }
            3 => s.jump_to_record(RecordId(1 + chance.below(s.records().len() as u64))),
            _ => {
                s.advance(s.now() + SimDuration::from_secs(chance.below(9)), 500);
            }
        }
        assert_eq!(text(&s), wanted[..s.records().len()]);
    }
    to_end(&mut s);
    assert_eq!(text(&s), wanted);
}

#[test]
fn stepping_back_undoes_exactly_one_record_group() {
    let mut s = session();
    s.advance(SimTime::from_secs(15), u64::MAX);
    let before = text(&s);
    s.step_forward(&StepSize::Event);
    assert!(s.records().len() > before.len());
    s.step_back();
    assert_eq!(text(&s), before);
}

#[test]
fn inputs_are_replayed_and_a_new_one_forks_history() {
    let mut s = session();
    s.advance(SimTime::from_secs(10), u64::MAX);
    assert_eq!(s.command("docker ps -a").text, "docker|ps|-a\n");
    assert!(s.command("ls").error.contains("command not found"));
    s.advance(SimTime::from_secs(18), u64::MAX);
    let with_command = text(&s);
    s.jump_to(SimTime::from_secs(5));
    assert!(!text(&s).iter().any(|l| l.contains("docker ps -a")));
    s.jump_to(SimTime::from_secs(18));
    assert_eq!(text(&s), with_command, "going forward again replays what was typed");
    s.jump_to(SimTime::from_secs(5));
    s.inject("node-down", "host-1", None, None).unwrap();
    s.jump_to(SimTime::from_secs(18));
    assert!(!text(&s).iter().any(|l| l.contains("docker ps -a")), "another input began another history");
    assert!(s.save().contains("kind: node-down"));
    let again = Opened::text("saved", &s.save(), Folder::Nothing);
    assert!(crate::scenario::Scenario::load(&again, &[]).is_ok(), "{}", s.save());
}

#[test]
fn slow_commands_of_one_list_follow_each_other() {
    let with = |run: &str, more: &str| {
        let text = SCENARIO
            .replace("timeline:", &format!("timeline:\n  - {{at: 10s, run: {{docker: {run}}}}}{more}"))
            .replace("duration: 2m", "duration: 9m");
        let scenario =
            crate::scenario::Scenario::load(&Opened::text("toy", &text, Folder::Nothing), &[]).map_err(|d| d.render(false)).unwrap();
        let mut s = Session::with_worlds(Arc::new(scenario.scenario), vec![Toy::boxed(4)], 4, "en");
        s.jump_to(SimTime::MAX);
        s
    };
    let console = |s: &Session| -> Vec<(SimTime, String)> {
        s.records().iter().filter(|r| r.kind == RecordType::Command).map(|r| (r.at, r.message.to_string())).collect()
    };
    let s = with("[docker slow 2, docker slow 1, docker ps]", "");
    let seen = console(&s);
    let words: Vec<&str> = seen.iter().map(|(_, m)| &**m).collect();
    assert_eq!(words, ["docker slow 2", "1 left", "0 left", "docker slow 1", "0 left", "docker ps", "docker|ps"]);
    let ticks: Vec<SimTime> = s.records().iter().filter(|r| r.reason == "Tick" && r.at > SimTime::from_secs(10)).map(|r| r.at).collect();
    let at: Vec<SimTime> = seen.iter().map(|(t, _)| *t).collect();
    assert_eq!(at[0], SimTime::from_secs(10));
    assert_eq!(at[1..], [ticks[0], ticks[1], ticks[1], ticks[2], ticks[2], ticks[2]], "at the very event, not at the next second");
    // The next entry waits for the console as well; a command that never ends is stopped for it.
    let s = with("docker slow 9999", "\n  - {at: 20s, run: {docker: docker ps}}");
    let last: Vec<(SimTime, String)> = console(&s).into_iter().filter(|(_, m)| !m.ends_with("left")).collect();
    let stopped = SimTime::from_secs(10) + super::console::PATIENCE;
    assert_eq!(last[1], (stopped, "^C after 5m: the next command waits".into()));
    assert_eq!(last[2], (stopped, "docker ps".into()));
    // Nobody waits: it goes on to the end.
    assert!(!console(&with("docker slow 9999", "")).iter().any(|(_, m)| m.contains("^C")));
}

#[test]
fn breakpoints() {
    let mut s = session();
    assert!(s.set_breakpoint(Some("docker.nonsense > 1")).is_err());
    s.set_breakpoint(Some("docker.failed > 10")).unwrap();
    s.advance(SimTime::from_secs(25), u64::MAX);
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Breakpoint("docker.failed > 10".into()));
    assert!(s.now() > SimTime::from_secs(30) && s.now() < SimTime::from_secs(33));
}
