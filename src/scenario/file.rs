//! A scenario as plain data: what a file says, decoded and checked. `load.rs` makes it, the session plays it.

use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};
use crate::model::{ImageSpec, OperatorSpec, TrafficSpec, fault::CopyCount};

use super::expression::Expression;

/// A text, perhaps in several languages: (language code, text); the first is the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(pub Vec<(Arc<str>, Arc<str>)>);

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name people type: file name without ending.
    pub name: Arc<str>,
    pub title: Text,
    pub summary: Text,
    pub level: Level,
    /// A person's time.
    pub minutes: u32,
    pub topics: Vec<Arc<str>>,
    pub needs: Vec<Arc<str>>,
    pub questions: Vec<Arc<str>>,
    pub claims: Vec<Arc<str>>,
    pub duration: SimDuration,
    pub seed: u64,
    pub images: Vec<ImageSpec>,
    pub registry: RegistrySetup,
    pub traffic: Vec<TrafficSpec>,
    pub docker: Option<DockerPart>,
    pub kubernetes: Option<KubernetesPart>,
    pub timeline: Vec<Entry>,
    pub expect: Vec<Expectation>,
    pub solve: Option<Solve>,
    pub debrief: Vec<Text>,
    /// Price of one machine for one hour, for the cost line; the currency is the reader's.
    pub price_per_machine_hour: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Beginner,
    Intermediate,
    Advanced,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RegistrySetup {
    /// Bytes per second to one host.
    pub bandwidth: u64,
}

/// `worlds.docker`: compose files are already read from the scenario's folder: (source name, text).
#[derive(Clone, Debug, Default)]
pub struct DockerPart {
    pub hosts: Vec<HostPart>,
    /// Brought up on every host.
    pub compose_all: Option<(Arc<str>, Arc<str>)>,
    /// Per host.
    pub compose: Vec<(Arc<str>, (Arc<str>, Arc<str>))>,
    /// `docker …` commands run at the start: (host, line).
    pub run: Vec<(Option<Arc<str>>, Arc<str>)>,
    pub proxy: ProxyPart,
    pub operator: Option<OperatorSpec>,
    /// Engine options under their daemon.json names (`live-restore`).
    pub engine: Vec<(Arc<str>, Arc<str>)>,
}

/// Machines of one kind, expanded to one entry each.
#[derive(Clone, Debug, PartialEq)]
pub struct HostPart {
    pub name: Arc<str>,
    /// As written: `4`, `500m`.
    pub cpu: Arc<str>,
    /// As written: `16Gi`.
    pub memory: Arc<str>,
    pub zone: Option<Arc<str>>,
    /// Kubernetes: pods per node; 110 by default.
    pub pods: u32,
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// `key=value:Effect`
    pub taints: Vec<Arc<str>>,
    /// From power to a running container runtime.
    pub boot: SimDuration,
}

/// What stands in front of several hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProxyPart {
    pub kind: ProxyKind,
    /// The published port it forwards to.
    pub to: Option<u16>,
    pub check_every: Option<SimDuration>,
    pub check_path: Option<Arc<str>>,
    /// Failed checks in a row that take a host out, and good ones that bring it back.
    pub fall: Option<u32>,
    pub rise: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyKind {
    #[default]
    None,
    Static,
    HealthChecked,
}

/// `worlds.kubernetes`
#[derive(Clone, Debug, Default)]
pub struct KubernetesPart {
    pub nodes: Vec<HostPart>,
    /// (source name, text), in the order in which they are applied.
    pub manifests: Vec<(Arc<str>, Arc<str>)>,
    /// Real flag name → value.
    pub config: Vec<(Arc<str>, Arc<str>)>,
}

/// One entry of the timeline; repetitions (`every`, `times`) are already written out.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: Option<Arc<str>>,
    pub trigger: Trigger,
    /// Up to this much later, from the seed.
    pub jitter: SimDuration,
    pub say: Option<Text>,
    /// `kubernetes.nodes`: what the screen should highlight.
    pub point_at: Option<Arc<str>>,
    /// Play stops here until the person goes on.
    pub pause: bool,
    pub ask: Option<Question>,
    pub fault: Option<FaultEntry>,
    /// (world, command line)
    pub run: Vec<(Arc<str>, Arc<str>)>,
}

#[derive(Clone, Debug)]
pub enum Trigger {
    At(SimTime),
    /// Once, when the expression first becomes true (looked at every second).
    When(Expression),
    /// So long after the entry with this id.
    After { id: Arc<str>, delay: SimDuration },
    /// Once no controller and no engine has anything left to do.
    Settled,
}

/// A prediction question.
#[derive(Clone, Debug)]
pub struct Question {
    pub id: Arc<str>,
    pub text: Text,
    pub choices: Vec<Text>,
    /// Index of the right choice, measured at the end of the run.
    pub answer: Expression,
    pub because: Text,
}

/// A fault with its targets by world.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultEntry {
    pub kind: crate::model::FaultKind,
    /// (world, target name as written); world None = the same name in every world; an empty list = the whole world.
    pub on: Vec<(Option<Arc<str>>, Arc<str>)>,
    pub mode: CopyCount,
    pub lasts: Option<SimDuration>,
}

#[derive(Clone, Debug)]
pub struct Expectation {
    pub mode: Mode,
    pub expr: Expression,
    /// `eventually`: the deadline, counted from `after` or the start.
    pub within: Option<SimDuration>,
    /// Looked at only from this timeline entry on.
    pub after: Option<Arc<str>>,
    pub say: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Always,
    Never,
    Eventually,
    Finally,
}

/// A drill's goal and its ways.
#[derive(Clone, Debug)]
pub struct Solve {
    pub goal: Expression,
    /// (world, command line), run by `check` at `from`.
    pub solution: Vec<(Arc<str>, Arc<str>)>,
    /// When the solution is tried: after this entry, or when the drill begins to hurt.
    pub from: Option<Arc<str>>,
    pub hints: Vec<(Option<Expression>, Text)>,
    pub mistakes: Vec<(Expression, Text)>,
}

impl Text {
    /// The text in a language, or in the first one there is.
    pub fn get(&self, language: &str) -> Arc<str> {
        self.0.iter().find(|(l, _)| &**l == language).or(self.0.first()).map(|(_, t)| t.clone()).unwrap_or_default()
    }
}
