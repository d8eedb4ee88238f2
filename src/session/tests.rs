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
fn an_answer_shows_as_soon_as_it_is_certain() {
    let mut s = session();
    s.jump_to(SimTime::from_secs(34));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    assert!(s.view().asked[0].answer.is_none(), "not before somebody could think about it");
    assert!(s.look_ahead("q").is_none(), "who has not answered is told nothing");
    s.answer(0);
    let before = (text(&s), s.step_count(), s.now());
    let ahead = s.look_ahead("q").unwrap();
    assert_eq!((text(&s), s.step_count(), s.now()), before, "looking ahead changes nothing");
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal);
    // The host went dark at 30 s, so at 35 s requests had failed already.
    assert_eq!(s.now(), SimTime::from_secs(35));
    let shown = s.view().answered[0].clone();
    assert_eq!(shown, ahead);
    assert_eq!((shown.answer, shown.right(), shown.known_at), (Some(1), Some(false), Some(s.now())));
    to_end(&mut s);
    assert_eq!(s.view().answered[0].because, shown.because, "what was told is not told otherwise later");
    s.jump_to(SimTime::from_secs(34));
    assert!(s.view().asked.is_empty(), "going back undoes it");
}

#[test]
fn a_skipped_question_is_revealed_and_counts_for_nothing() {
    let mut s = session();
    s.jump_to(SimTime::from_secs(34));
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Question);
    s.skip();
    assert!(s.view().question.is_none());
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal, "what really happened is shown all the same");
    let shown = s.view().answered[0].clone();
    assert_eq!((shown.chosen, shown.answer, shown.right()), (None, Some(1), None));
    assert!(shown.because.starts_with("It failed"));
    s.jump_to(SimTime::from_secs(20));
    s.jump_to(SimTime::from_secs(60));
    assert_eq!(s.view().answered[0], shown, "going back and forth skips it again");
}

/// What the outlook of an expression says is certain must still be so at the end: asked of every built-in scenario.
#[test]
fn early_answers_are_the_answers_of_the_end() {
    let options = OpenOptions::default();
    let mut early = 0;
    for card in catalogue::cards(&options) {
        let mut s = Session::open(&card.name, &options).unwrap();
        s.headless();
        to_end(&mut s);
        for (i, entry) in s.lab.scenario.timeline.iter().enumerate() {
            let Some(ask) = &entry.ask else { continue };
            let shown = s.lab.shown.get(&i).unwrap_or_else(|| panic!("{}: {} was never answered", card.name, ask.id));
            assert!(shown.choice.is_some(), "{}: the answer to {} is none of the choices", card.name, ask.id);
            let facts = LabFacts { lab: &s.lab, journal: &s.journal };
            for duration in
                ask.because.iter().flat_map(|b| b.expressions()).filter(|e| e.returns() == crate::scenario::facts::Type::Duration)
            {
                let measured = duration.eval(&facts).unwrap().people();
                assert!(shown.because.contains(&measured), "{}: {} says {}, not {measured}", card.name, ask.id, shown.because);
            }
            if ask.reveal.is_none() {
                assert_eq!(shown.choice, facts.right_choice(i), "{}: {}", card.name, ask.id);
            }
            early += usize::from(shown.at < s.end());
        }
    }
    assert!(early > 8, "only {early} answers come before the end");
}

#[test]
fn exit_codes_are_known_while_the_next_process_runs() {
    let mut s = Session::open("oom-kill", &OpenOptions::default()).unwrap();
    let last = |s: &Session| {
        let of = |w: usize, name: &str| s.lab.slots[w].world.fact("last_exit_code", &[json!(name)], s.now()).unwrap();
        (of(0, "shop"), of(1, "deployment/shop"))
    };
    s.jump_to(SimTime::from_secs(40));
    assert_eq!(last(&s), (json!(-1), json!(-1)), "nothing has ended yet");
    s.answer(1);
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal);
    assert_eq!(last(&s), (json!(137), json!(137)));
    assert_eq!(s.lab.slots[0].world.fact("exit_code", &[json!("shop")], s.now()).unwrap(), json!(0), "it runs again");
    let shown = s.view().answered[0].clone();
    assert_eq!(shown.right(), Some(true));
    assert!(shown.because.starts_with("Docker saw exit code 137, Kubernetes 137"), "{}", shown.because);
}

#[test]
fn a_file_fixes_the_moment_of_an_answer() {
    let with = |reveal: &str| {
        let text = SCENARIO.replace("choices: [none, some]", &format!("reveal: {reveal}, choices: [none, some]"));
        crate::scenario::Scenario::load(&Opened::text("toy", &text, Folder::Nothing), &[]).map(|l| l.scenario).map_err(|d| d.render(false))
    };
    for (reveal, at, told) in
        [("{at: 45s}", 45, Some(45)), ("{after: dark, delay: 12s}", 42, Some(42)), ("{when: 'docker.failed >= 70'}", 40, None)]
    {
        let mut s = Session::with_worlds(Arc::new(with(reveal).unwrap()), vec![Toy::boxed(4)], 4, "en");
        s.jump_to(SimTime::from_secs(36));
        assert_eq!(s.view().asked[0].shows_at, told.map(SimTime::from_secs), "{reveal}");
        s.answer(1);
        assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Reveal, "{reveal}");
        assert_eq!(s.now(), SimTime::from_secs(at), "{reveal}");
    }
    for (reveal, wrong) in [
        ("{after: nothing}", "there is no entry `nothing` to come after"),
        ("{at: 3m}", "the answer would show at"),
        ("{at: 40s, after: dark}", "cannot both say when"),
        ("{at: 40s, delay: 1s}", "`delay` belongs to `after`"),
        ("{}", "this does not say when the answer shows"),
        ("{settled: true}", "has no field `settled`"),
    ] {
        let errors = with(reveal).map(|_| ()).unwrap_err();
        assert!(errors.contains(wrong), "{reveal}: {errors}");
    }
}

/// A session of every built-in scenario, saved with a command in it, is a scenario that plays the same.
#[test]
fn every_saved_session_can_be_played_again() {
    for card in catalogue::cards(&OpenOptions::default()) {
        let mut s = Session::open(&card.name, &OpenOptions::default()).unwrap();
        let world = s.lab.slots[0].world.name();
        s.jump_to(SimTime::from_millis(20_500));
        s.command(if world == "docker" { "docker ps -a --format '{{.Names}}: {{.Status}}'" } else { "kubectl get pods -o yaml" });
        let text = s.save();
        let opened = crate::scenario::Catalogue::built_in().open(&card.name).unwrap();
        let saved = Opened { source: crate::document::Source::new(&*opened.source.name, text.as_str()), ..opened };
        let again = crate::scenario::Scenario::load(&saved, &[]);
        let again = again.map_err(|d| format!("{}: {}", card.name, d.render(false))).unwrap_or_else(|e| panic!("{e}")).scenario;
        assert_eq!(again.timeline.len(), s.lab.scenario.timeline.len() + 1, "{}", card.name);
        assert_eq!(again.solve.is_some(), s.lab.scenario.solve.is_some(), "{}", card.name);
        assert_eq!(again.expect.len(), s.lab.scenario.expect.len(), "{}", card.name);
    }
}

/// The saved text, opened as the scenario of this name.
fn reopened(s: &Session) -> Session {
    let opened = crate::scenario::Catalogue::built_in().open(s.scenario_name()).unwrap();
    let saved = Opened { source: crate::document::Source::new(&*opened.source.name, s.save()), ..opened };
    let scenario = crate::scenario::Scenario::load(&saved, &[]).map_err(|d| d.render(false)).unwrap_or_else(|e| panic!("{e}")).scenario;
    Session::start(Arc::new(scenario), &OpenOptions::default()).unwrap()
}

#[test]
fn a_saved_drill_keeps_hints_mistakes_and_named_causes() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    assert_eq!(on(&mut s, &[Stop::Pause]), Stop::Question);
    s.skip();
    s.jump_to(SimTime::from_millis(150_300));
    s.hint().unwrap();
    s.hint().unwrap();
    s.command("kubectl get pods");
    s.jump_to(SimTime::from_millis(160_300));
    s.look("kubernetes", &ObjectRef::new("Deployment", "default", "shop"));
    s.jump_to(SimTime::from_millis(170_300));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(Named::Choice(1)));
    s.command("kubectl delete deployment shop");
    s.jump_to(SimTime::from_secs(260));
    let (before, d) = (s.view(), drill(&s));
    assert_eq!((d.hints.len(), d.mistakes.len(), d.cause.wrong(), d.cause.is_named()), (2, 1, 1, true));
    let mut again = reopened(&s);
    assert!(again.view().marks.iter().any(|m| m.kind == MarkKind::Yours && !m.past && m.label.contains("delete")));
    let stop = on(&mut again, &[Stop::Pause, Stop::Reveal]);
    assert_ne!(stop, Stop::Question, "what was skipped then is not asked again");
    again.jump_to(SimTime::from_secs(260));
    assert_eq!(drill(&again), d);
    assert_eq!(again.view().answered, before.answered);
    let yours = |v: &LabView| v.marks.iter().filter(|m| m.kind == MarkKind::Yours).map(|m| m.label.clone()).collect::<Vec<_>>();
    assert_eq!(yours(&again.view()), yours(&before));
    assert_eq!(again.save(), s.save(), "nothing was added");
}

#[test]
fn a_saved_session_keeps_a_freely_named_cause_and_faults_by_hand() {
    let mut s = Session::open("frozen-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_millis(100_300));
    for (word, target) in [("crash", "shop"), ("hang", "shop")] {
        s.name_cause(Named::Fault(view::FaultNamed { word: word.into(), target: target.into() }));
    }
    s.inject("crash", "shop", None, None).unwrap();
    s.jump_to(SimTime::from_secs(130));
    assert!(s.view().marks.iter().any(|m| m.kind == MarkKind::Yours && m.label.contains("shop")), "what was injected is yours");
    let mut again = reopened(&s);
    again.jump_to(SimTime::from_secs(130));
    assert_eq!(drill(&again), drill(&s));
    assert_eq!(again.lab.scenario.trouble(), s.lab.scenario.trouble());
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
fn a_drill_is_judged_twice_with_four_times() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    assert!(s.hint().is_none() && !s.name_cause(Named::Choice(1)), "nothing has happened yet");
    s.jump_to(SimTime::from_secs(70));
    s.command("kubectl version");
    assert_eq!(drill(&s).detected_after, None, "this shows nothing of the trouble");
    assert!(s.hint().unwrap().contains("rollout status"));
    assert!(s.hint().unwrap().contains("replicasets"));
    assert!(s.hint().unwrap().contains("0/1"), "its condition holds now");
    assert!(s.hint().unwrap().contains("revisions"));
    assert!(s.hint().is_none() && !drill(&s).more_hints);
    s.command("kubectl get pods");
    s.jump_to(SimTime::from_secs(80));
    s.command("kubectl describe pods");
    s.jump_to(SimTime::from_secs(90));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(Named::Choice(1)));
    s.command("kubectl rollout undo deployment/shop");
    assert_eq!(on(&mut s, &[Stop::Question]), Stop::Goal);
    let d = drill(&s);
    let seconds: Vec<_> = d.times().iter().map(|(_, t)| t.map(|t| t.as_secs_f64())).collect();
    assert_eq!(seconds[..3], [Some(10.0), Some(20.0), Some(30.0)]);
    let mitigated = d.mitigated_after.unwrap();
    assert!(mitigated > SimDuration::from_secs(31) && mitigated < SimDuration::from_secs(60), "{mitigated}");
    assert_eq!(s.now() - d.began.unwrap(), mitigated + SimDuration::from_secs(10), "it has held for ten seconds");
    assert_eq!((d.hints.len(), d.cause.wrong(), d.lost.len(), d.mistakes.len()), (4, 1, 0, 0));
    assert!(d.verdict.unwrap().passed);
    assert!(d.because.contains("0/1"));
    // Back in time it is unsolved; forward again, what was done is done again.
    let at = s.now();
    s.jump_to(SimTime::from_secs(85));
    assert_eq!((drill(&s).analysed_after, drill(&s).verdict), (None, None));
    s.jump_to(at);
    assert!(drill(&s).verdict.unwrap().passed);
    // A goal that breaks again is not reached.
    s.command("kubectl delete deployment shop");
    let _ = s.advance(s.now() + SimDuration::from_secs(5), u64::MAX);
    assert!(drill(&s).mitigated_after.is_none());
    assert!(s.records().iter().any(|r| r.reason == "GoalLost"));
}

#[test]
fn a_drill_tells_mistakes_and_losses_once() {
    let mut s = Session::open("bad-rollout-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_secs(90));
    s.answer(1);
    s.command("kubectl delete deployment shop");
    assert_eq!(s.advance(SimTime::MAX, u64::MAX), Stop::Pause, "told at once");
    assert!(s.now() < SimTime::from_secs(92));
    s.jump_to(SimTime::from_secs(500));
    let d = drill(&s);
    assert_eq!(d.mistakes.len(), 1);
    assert_eq!(d.lost.len(), 2, "{:?}", d.lost);
    let told = s.records().iter().filter(|r| r.reason == "Mistake" || r.reason == "Lost").count();
    assert_eq!(told, 3);
    s.jump_to(SimTime::MAX);
    let verdict = drill(&s).verdict.unwrap();
    assert!(!verdict.passed && verdict.text.starts_with("Not solved"), "{}", verdict.text);
}

#[test]
fn a_cause_is_named_freely_where_the_file_gives_no_choices() {
    let mut s = Session::open("frozen-drill", &OpenOptions::default()).unwrap();
    s.jump_to(SimTime::from_secs(100));
    let fault = |word: &str, target: &str| Named::Fault(view::FaultNamed { word: word.into(), target: target.into() });
    let fault_record = s.records().iter().find(|r| r.kind == RecordType::Fault).unwrap().id;
    let failing = s.records().iter().find(|r| r.reason == "Failing").unwrap().id;
    let tells = |s: &Session| s.why(failing).iter().any(|step| step.record.id == fault_record);
    assert!(!tells(&s) && drill(&s).secret, "why-chains do not give it away");
    assert!(s.view().worlds[0].view.hosts[0].copies.iter().any(|c| c.word.contains("unhealthy")), "the health check noticed");
    assert!(s.fault_targets("hang", None).iter().any(|t| &**t == "shop"));
    assert!(!s.name_cause(fault("crash", "shop")));
    assert!(!s.name_cause(fault("hang", "db")));
    assert!(!s.name_cause(Named::Choice(0)));
    assert!(s.name_cause(fault("hang", "shop")));
    assert!(!s.name_cause(fault("hang", "shop")), "it has been named");
    assert!(tells(&s));
    let object = ObjectRef::new("Container", "host-1", "shop");
    s.look("docker", &object);
    s.command("docker restart shop");
    assert_eq!(on(&mut s, &[]), Stop::Goal);
    let d = drill(&s);
    assert_eq!((d.cause.wrong(), d.verdict.unwrap().passed), (2, true));
}

#[test]
fn a_drill_must_be_one() {
    let with = |solve: &str| {
        let text = format!("{SCENARIO}solve:\n{solve}");
        let opened = Opened::text("toy", &text, Folder::Nothing);
        crate::scenario::Scenario::load(&opened, &[]).map(|_| ()).map_err(|d| d.render(false)).err().unwrap_or_default()
    };
    let rest = "  goal: docker.failed == 0\n  solution: [{docker: docker ps}]\n";
    assert_eq!(with(rest), "");
    for (solve, wrong) in [
        ("  begins: dusk\n", "`begins`: there is no entry `dusk`"),
        ("  begins: q\n", "`cause` is missing"),
        ("  hold: soon\n", "expected a duration"),
        ("  keep: [{that: docker.failed == 0}]\n", "`say`"),
        ("  keep: [{that: docker.failed, say: x}]\n", "expected a condition"),
        ("  cause: {id: c, question: x, choices: [a, b], answer: 0, reveal: {at: 1m}}\n", "`reveal` belongs to questions of the timeline"),
    ] {
        let errors = with(&format!("{solve}{rest}"));
        assert!(errors.contains(wrong), "{solve}: {errors}");
    }
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
