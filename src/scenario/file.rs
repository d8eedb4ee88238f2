//! What a scenario file says, as plain data. Times count from the start of the scenario.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::document::{Node, Source, Span};
use crate::kernel::{SimDuration, SimTime};
use crate::model::{Fault, ImageSpec, OperatorSpec, TrafficSpec};

use super::catalogue::Folder;
use super::expression::{Expression, Text};

/// A whole scenario, checked. Cheap enough to clone.
#[derive(Clone)]
pub struct Scenario {
    /// The built-in name (`node-down`), or the file's stem.
    pub name: Arc<str>,
    pub title: Text,
    pub summary: Text,
    pub level: Level,
    /// A person's time.
    pub minutes: u32,
    pub topics: Vec<Arc<str>>,
    /// Names of scenarios to know first.
    pub needs: Vec<Arc<str>>,
    /// Ids in the question bank.
    pub questions: Vec<Arc<str>>,
    /// Ids of claims.
    pub claims: Vec<Arc<str>>,
    pub duration: SimDuration,
    pub seed: u64,
    pub images: Vec<Arc<ImageSpec>>,
    pub registry: RegistrySetup,
    pub traffic: Vec<TrafficSpec>,
    pub setup: Setup,
    /// In file order; repetitions, jitter and random picks are already worked out from the seed.
    pub timeline: Vec<Entry>,
    pub expect: Vec<Expectation>,
    pub solve: Option<Solve>,
    pub debrief: Vec<Text>,
    /// Every command line that the file holds, with its place; not those that somebody typed in a saved session.
    pub commands: Vec<CommandLine>,
    /// The scenario's folder: where `-f FILE` of a command is read from.
    pub files: Arc<Folder>,
    pub source: Arc<Source>,
}

/// A command line as it stands in the file.
#[derive(Clone, Debug)]
pub struct CommandLine {
    pub world: &'static str,
    pub text: Arc<str>,
    /// It is a step of an operator's runbook.
    pub runbook: bool,
    pub span: Span,
}

/// How much somebody should know already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Beginner,
    Intermediate,
    Advanced,
}

impl Level {
    pub const WORDS: &[(&str, Self)] = &[("beginner", Self::Beginner), ("intermediate", Self::Intermediate), ("advanced", Self::Advanced)];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }
}

/// The registry all worlds pull from.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrySetup {
    /// Bytes per second to one machine; 100 MB/s unless said otherwise.
    pub bandwidth: u64,
    pub state: RegistryStart,
}

/// How the registry is at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryStart {
    #[default]
    Up,
    Down,
    /// Pulls take this many percent of their usual time.
    Slow(u32),
    Denied,
}

/// The worlds that take part.
#[derive(Clone, Default)]
pub struct Setup {
    pub docker: Option<DockerSetup>,
    pub kubernetes: Option<KubernetesSetup>,
}

impl Setup {
    /// `docker`, `kubernetes`: those that take part, in this order.
    pub fn worlds(&self) -> Vec<&'static str> {
        let docker = self.docker.is_some().then_some("docker");
        docker.into_iter().chain(self.kubernetes.is_some().then_some("kubernetes")).collect()
    }
    /// The machines of a world.
    pub fn machines(&self, world: &str) -> &[MachineSpec] {
        match world {
            "docker" => self.docker.as_ref().map_or(&[], |d| &d.hosts),
            "kubernetes" => self.kubernetes.as_ref().map_or(&[], |k| &k.nodes),
            _ => &[],
        }
    }
}

/// A machine of either world.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineSpec {
    pub name: Arc<str>,
    /// Thousandths of a core.
    pub cpu_milli: u32,
    /// Bytes.
    pub memory: u64,
    /// The kubelet's `--max-pods`; 110 unless said otherwise. Docker ignores it.
    pub pods: u32,
    /// Empty for none.
    pub zone: Arc<str>,
    /// From power to a running container runtime.
    pub boot: SimDuration,
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    pub taints: Vec<Taint>,
}

/// `dedicated=gpu:NoSchedule`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    pub key: Arc<str>,
    pub value: Arc<str>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Arc<str>,
}

/// Engine hosts, what runs on them, and who looks after them.
#[derive(Clone)]
pub struct DockerSetup {
    pub hosts: Vec<MachineSpec>,
    /// Brought up at the start, in this order.
    pub compose: Vec<ComposeProject>,
    /// Commands at the start, after compose: (host or None for the first, command line).
    pub run: Vec<(Option<Arc<str>>, Arc<str>)>,
    pub proxy: ProxySetup,
    /// None = nobody is on call.
    pub operator: Option<OperatorSpec>,
}

/// One compose file and the hosts it is brought up on.
#[derive(Clone, Debug)]
pub struct ComposeProject {
    pub hosts: Vec<Arc<str>>,
    pub file: SideFile,
}

/// A side file or an inline text: its name, its text, and the documents in it.
#[derive(Clone, Debug)]
pub struct SideFile {
    /// `node-down/compose.yaml`, or the place of the inline text.
    pub name: Arc<str>,
    pub text: Arc<str>,
    pub documents: Vec<Node>,
}

impl SideFile {
    /// The folder in which the paths it names start, as the scenario sees it: the file's own, the scenario's for an inline text.
    pub fn folder(&self) -> &str {
        if self.name.contains(':') { "" } else { self.name.rsplit_once('/').map_or("", |(folder, _)| folder) }
    }
}

/// What stands in front of several engine hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ProxySetup {
    /// Names lead clients to every host that publishes the app, in turn (DNS round robin), whatever happens to it.
    #[default]
    None,
    /// One address in front: round robin over all hosts, whatever happens to them.
    Static { port: u16 },
    /// Leaves out hosts that fail checks (HAProxy's defaults: every 2 s, out after 3 failures, in after 2 successes).
    HealthChecked { port: u16, path: Option<Arc<str>>, every: SimDuration, timeout: SimDuration, fall: u32, rise: u32 },
}

/// A cluster.
#[derive(Clone)]
pub struct KubernetesSetup {
    pub nodes: Vec<MachineSpec>,
    /// Applied at the start, in this order.
    pub manifests: Vec<SideFile>,
    /// Commands at the start, after the manifests.
    pub run: Vec<Arc<str>>,
    /// Real flag names without the dashes, their values, and where they stand. The kubernetes world checks them.
    pub config: Vec<(Arc<str>, Json, Span)>,
}

/// One entry of the timeline: when, and what then happens, in the order of the fields.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The file's id, or one made from kind and position; unique.
    pub id: Arc<str>,
    pub trigger: Trigger,
    pub say: Option<Text>,
    pub ask: Option<Ask>,
    pub faults: Vec<FaultAct>,
    /// (world, command line)
    pub run: Vec<(&'static str, Arc<str>)>,
    pub traffic: Vec<TrafficChange>,
    /// What the story points at: `kubernetes.nodes`, `docker.requests`, `scoreboard`.
    pub point_at: Option<Arc<str>>,
    /// An interactive session stops here.
    pub pause: bool,
    /// A person did this in a session that was saved: commands are typed, faults injected by hand.
    pub by_hand: bool,
    /// What else that person did.
    pub did: Option<Did>,
    pub span: Span,
}

impl Entry {
    /// The file's author planned this; nobody did it in a saved session.
    pub const fn is_planned(&self) -> bool {
        !self.by_hand && self.did.is_none()
    }
    /// Something happens to the worlds.
    pub const fn acts(&self) -> bool {
        !self.faults.is_empty() || !self.run.is_empty() || !self.traffic.is_empty()
    }
}

/// What a person did in a session, other than typing commands and injecting faults; done again when the saved session is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// Answered a question, or skipped it (None).
    Answer { question: Arc<str>, choice: Option<usize> },
    /// Asked for a hint.
    Hint,
    /// Named the cause of a drill's trouble, as one of its choices.
    Cause(usize),
    /// Named it as a fault and what it hit.
    Fault { kind: Arc<str>, on: Arc<str> },
    /// Looked at an object.
    Look { world: &'static str, kind: Arc<str>, namespace: Arc<str>, name: Arc<str> },
    /// Stopped the commands under way.
    Interrupt,
}

/// When an entry happens. Each happens at most once.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    At(SimTime),
    /// As soon as the condition holds.
    When(Expression),
    /// So long after another entry happened.
    After {
        id: Arc<str>,
        delay: SimDuration,
    },
    /// So long after no controller of any world has anything left to do (not before the entry above it happened).
    Settled {
        delay: SimDuration,
    },
}

/// A question to the person in front of the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub id: Arc<str>,
    pub question: Text,
    pub choices: Vec<Text>,
    /// The index of the right choice.
    pub answer: Expression,
    pub because: Option<Text>,
    /// When the answer is worked out and shown; None: as soon as it is certain.
    pub reveal: Option<Trigger>,
}

/// A fault in one world.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultAct {
    pub world: &'static str,
    pub fault: Fault,
}

/// A stream gets a new rate, in requests per 1000 s, reached in a straight line over `over`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficChange {
    pub stream: Arc<str>,
    pub rate: u64,
    pub over: SimDuration,
}

/// A sentence that must come true.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub kind: Expect,
    pub expr: Expression,
    /// Shown as the goal; the expression itself where absent.
    pub say: Option<Text>,
}

/// What has to hold when.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// At every moment from `from` (None: from when everything first settled) to `until` (None: the end).
    Always { from: Option<SimTime>, until: Option<SimTime> },
    /// At no moment of the same window.
    Never { from: Option<SimTime>, until: Option<SimTime> },
    /// At some moment within so long of the entry `after` (None: the start; within None: before the end).
    Eventually { within: Option<SimDuration>, after: Option<Arc<str>> },
    /// At the end.
    Finally,
}

impl Expect {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Always { .. } => "always",
            Self::Never { .. } => "never",
            Self::Eventually { .. } => "eventually",
            Self::Finally => "finally",
        }
    }
}

/// A drill: what the learner must reach. Doing nothing must not reach it.
#[derive(Clone, Debug)]
pub struct Solve {
    pub goal: Expression,
    /// Shown instead of the expression.
    pub say: Option<Text>,
    /// The entry with which the trouble begins; None: the first with a fault, a command or a change of traffic.
    pub begins: Option<Arc<str>>,
    /// The goal counts as reached once it has held for so long.
    pub hold: SimDuration,
    /// "Was the cause named?" None: a fault and what it hit are named freely.
    pub cause: Option<Ask>,
    /// Words in what the learner types or sees that show that the trouble was noticed; none: any look at the worlds.
    pub detect: Vec<Arc<str>>,
    /// Words that show that the broken part was found; none: a look at an object that the goal names.
    pub localise: Vec<Arc<str>>,
    /// What must not be lost on the way.
    pub keep: Vec<Keep>,
    /// One way to do it; `check` runs it.
    pub solution: Vec<SolutionStep>,
    pub hints: Vec<Hint>,
    pub mistakes: Vec<Hint>,
}

/// A condition that must hold from the beginning of the trouble until the goal is reached.
#[derive(Clone, Debug)]
pub struct Keep {
    pub that: Expression,
    pub say: Text,
}

/// One step of a solution.
#[derive(Clone, Debug, PartialEq)]
pub struct SolutionStep {
    /// So long after the step before (or after the last fault began).
    pub wait: SimDuration,
    pub world: &'static str,
    pub command: Arc<str>,
}

/// A text that is shown when its condition holds (None: in its turn).
#[derive(Clone, Debug)]
pub struct Hint {
    pub when: Option<Expression>,
    pub say: Text,
}

impl Scenario {
    /// Every expression of the scenario, in no particular order.
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut out: Vec<&Expression> = Vec::new();
        for e in &self.timeline {
            if let Trigger::When(x) = &e.trigger {
                out.push(x);
            }
            out.extend(e.say.iter().flat_map(Text::expressions));
            if let Some(a) = &e.ask {
                a.expressions(&mut out);
                if let Some(Trigger::When(x)) = &a.reveal {
                    out.push(x);
                }
            }
        }
        for e in &self.expect {
            out.push(&e.expr);
            out.extend(e.say.iter().flat_map(Text::expressions));
        }
        if let Some(s) = &self.solve {
            out.push(&s.goal);
            out.extend(s.say.iter().flat_map(Text::expressions));
            if let Some(a) = &s.cause {
                a.expressions(&mut out);
            }
            for k in &s.keep {
                out.push(&k.that);
                out.extend(k.say.expressions());
            }
            for h in s.hints.iter().chain(&s.mistakes) {
                out.extend(&h.when);
                out.extend(h.say.expressions());
            }
        }
        out.extend(self.debrief.iter().flat_map(Text::expressions));
        out
    }

    /// The position of the entry with which a drill's trouble begins.
    pub fn trouble(&self) -> Option<usize> {
        match self.solve.as_ref()?.begins.as_deref() {
            Some(id) => self.timeline.iter().position(|e| &*e.id == id),
            None => self.timeline.iter().position(|e| e.is_planned() && e.acts()),
        }
    }

    /// The ids of entries that inject a fault, in file order: the timeline's marks and the keys of `detected_after_s`.
    pub fn fault_ids(&self) -> Vec<Arc<str>> {
        self.timeline.iter().filter(|e| !e.faults.is_empty()).map(|e| e.id.clone()).collect()
    }
}

impl Ask {
    fn expressions<'a>(&'a self, out: &mut Vec<&'a Expression>) {
        out.push(&self.answer);
        for t in std::iter::once(&self.question).chain(&self.choices).chain(&self.because) {
            out.extend(t.expressions());
        }
    }
}
