//! What a person does in a lab: commands, faults, answers, and what a drill asks of them. Each is an input, tied to the step before which
//! it happened, so that a replay does it again.

use std::sync::Arc;

use crate::kernel::Journal;
use crate::model::Fault;
use crate::scenario::file::{Did, Entry};

use super::lab::Lab;
use super::view::{FaultNamed, ObjectRef, Reply};
use super::watch::Changed;
use super::{Named, Session, save};

/// Something a person did, replayed when history is replayed.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Command {
        world: usize,
        line: Arc<str>,
    },
    Inject {
        world: usize,
        fault: Arc<Fault>,
    },
    /// None: the question was skipped.
    Answer {
        question: Arc<str>,
        choice: Option<usize>,
    },
    Interrupt,
    Hint,
    Cause(Named),
    Look {
        world: usize,
        object: ObjectRef,
    },
}

impl Session {
    /// A new input at this point: whatever was done later in an abandoned future is forgotten.
    pub(super) fn input(&mut self, input: Input) {
        let step = self.lab.steps;
        self.inputs.retain(|(s, _, _)| *s < step);
        self.history.forget_after(step);
        self.inputs.push((step, self.lab.now, input));
        self.step();
    }

    pub(super) fn apply(&mut self, input: &Input) {
        self.lab.steps += 1;
        self.replies = self.lab.apply(input, &mut self.journal);
        self.lab.look_again(Changed::ALL, &mut self.journal);
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

    /// Answers the question that waits.
    pub fn answer(&mut self, choice: usize) {
        self.reply(Some(choice));
    }

    /// Goes on without an answer: what really happens is shown all the same, and counts for nothing.
    pub fn skip(&mut self) {
        self.reply(None);
    }

    fn reply(&mut self, choice: Option<usize>) {
        let asked = self.lab.asked_now().and_then(|i| self.lab.scenario.timeline[i].ask.as_ref());
        if let Some(question) = asked.map(|a| a.id.clone()) {
            self.input(Input::Answer { question, choice });
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

    /// This session as a new scenario file: what was done becomes the end of its timeline.
    pub fn save(&self) -> String {
        save::scenario(&self.lab, &self.inputs)
    }

    /// The files beside the scenario without which the saved one cannot be played: path and bytes.
    pub fn side_files(&self) -> Vec<(String, Vec<u8>)> {
        save::side_files(&self.lab, &self.inputs)
    }
}

impl Lab {
    /// Does what a person asked for.
    fn apply(&mut self, input: &Input, journal: &mut Journal) -> Reply {
        match input {
            Input::Command { world, line } => {
                let out = self.command(*world, line, "you", None, journal);
                return Reply { text: out.stdout, error: out.stderr, exit: out.exit, running: out.running };
            }
            Input::Inject { world, fault } => {
                if let Err(why) = self.inject(*world, fault.clone(), None, journal) {
                    return Reply { error: why, exit: 1, ..Reply::default() };
                }
            }
            Input::Interrupt => {
                for world in 0..self.slots.len() {
                    if self.slots[world].running {
                        self.interrupt(world, journal);
                    }
                }
            }
            Input::Hint => return Reply { text: self.hint(journal).unwrap_or_default(), ..Reply::default() },
            Input::Cause(named) => return Reply { exit: i32::from(!self.name_cause(named, journal)), ..Reply::default() },
            Input::Look { world, object } => {
                let seen = self.slots[*world].world.inspect(object, self.now);
                let text: Vec<String> = seen.into_iter().flat_map(|i| i.tabs).map(|(_, text)| text).collect();
                self.looked(&format!("{}/{}", object.kind, object.name), &text.join(" "));
            }
            Input::Answer { question, choice } => {
                let asks = |e: &Entry| e.ask.as_ref().is_some_and(|a| a.id == *question);
                // A saved answer may come first at the moment of its question.
                if let Some(entry) = self.scenario.timeline.iter().position(asks) {
                    self.answers.insert(entry, *choice);
                    self.asking = self.asking.filter(|waits| *waits != entry);
                }
            }
        }
        Reply::default()
    }

    /// Does again what somebody did in the session that this scenario was saved from.
    pub(super) fn redo(&mut self, did: &Did, journal: &mut Journal) {
        let input = match did {
            Did::Answer { question, choice } => Input::Answer { question: question.clone(), choice: *choice },
            Did::Hint => Input::Hint,
            Did::Interrupt => Input::Interrupt,
            Did::Cause(n) => Input::Cause(Named::Choice(*n)),
            Did::Fault { kind, on } => Input::Cause(Named::Fault(FaultNamed { word: kind.to_string(), target: on.to_string() })),
            Did::Look { world, kind, namespace, name } => {
                let Some(world) = self.world_index(world).filter(|_| self.wants_looks()) else { return };
                Input::Look { world, object: ObjectRef::new(kind.to_string(), namespace.clone(), name.clone()) }
            }
        };
        self.apply(&input, journal);
    }

    /// True if the file says how this question was answered: nobody is asked again.
    pub(super) fn replied(&self, question: &str) -> bool {
        let replies = |e: &Entry| matches!(&e.did, Some(Did::Answer { question: q, .. }) if **q == *question);
        self.scenario.timeline.iter().any(replies)
    }
}
