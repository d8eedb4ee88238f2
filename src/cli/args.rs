//! The command line, declared once: parsing, help, completions and the man page come from here.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::session::OpenOptions;
use crate::session::practice::{Level, PracticeOptions, Role};
use crate::session::view::{SimDuration, SimTime};

use super::progress::ProgressArgs;

/// Break Docker and Kubernetes side by side, step through what each does about it, and be ready to explain it.
///
/// Without a command it opens the home screen.
#[derive(Debug, Parser)]
#[command(name = "wheelhouse", version, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// A folder of scenarios that add to or replace the built-in ones
    #[arg(long, global = true, value_name = "DIR", env = "WHEELHOUSE_SCENARIOS")]
    pub scenarios: Option<PathBuf>,
    /// A folder of question decks of your own [default: wheelhouse/decks in the data folder]
    #[arg(long, global = true, value_name = "DIR", env = "WHEELHOUSE_DECKS")]
    pub decks: Option<PathBuf>,
    /// The progress file [default: wheelhouse/progress.db in the data folder]
    #[arg(long, global = true, value_name = "FILE", env = "WHEELHOUSE_PROGRESS")]
    pub progress: Option<PathBuf>,
    /// The language of narration and questions, where a scenario has it
    #[arg(long, global = true, value_name = "LANG", default_value = "en")]
    pub language: String,
    /// Colours: auto, truecolor, 256, 16 or none (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub colour: Colour,
    /// Only ASCII characters on the screen
    #[arg(long, global = true)]
    pub ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Truecolor,
    #[value(name = "256")]
    C256,
    #[value(name = "16")]
    C16,
    None,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a scenario in the lab
    Play(PlayArgs),
    /// Play a scenario without a screen and report; exit 0 if all expectations hold, 1 if some failed, 2 if the input is bad
    Run(RunArgs),
    /// List the scenarios by topic and level
    List(ListArgs),
    /// Check scenarios, manifests, compose files and question decks: errors with file, line and column, and what is accepted but not simulated
    Check(CheckArgs),
    /// Where would this pod go, and why: filters, scores, preemption, and the nearest change that would move it
    Schedule(ScheduleArgs),
    /// The interview questions: all of them, or one with its rubric, follow-ups, model answers and evidence
    Questions(QuestionsArgs),
    /// What is due, how well it is remembered, the plan to the interview; profiles, export and import
    Progress(ProgressArgs),
    /// Practise: the menu with cards, questions, predictions and whiteboards; with options, a mock interview with follow-ups and a report
    Interview(InterviewArgs),
    /// Grade an answer: which points it makes, which words prove it, what is wrong in it; nothing is kept
    Grade(GradeArgs),
    /// Print the JSON Schema of the scenario format, or of question decks
    Schema(SchemaArgs),
    /// What people say about Docker and Kubernetes: is it so, and what did the runs measure
    Claims(ClaimsArgs),
    /// Print a completion script
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
}

#[derive(Debug, clap::Args)]
pub struct PlayArgs {
    /// A built-in name or a file; without it the home screen opens
    pub scenario: Option<String>,
    /// Open the lab at this virtual time (2m50s)
    #[arg(long, value_name = "TIME", value_parser = time, requires = "scenario")]
    pub at: Option<SimTime>,
    #[command(flatten)]
    pub open: OpenArgs,
}

#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// Only this world (may be repeated)
    #[arg(long = "world", value_name = "WORLD")]
    pub worlds: Vec<String>,
    /// Another seed than the scenario's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Change a value of the scenario: --set traffic[0].rate=300rps (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = assignment)]
    pub sets: Vec<(String, String)>,
}

#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// A built-in name or a file
    pub scenario: String,
    #[command(flatten)]
    pub open: OpenArgs,
    /// Stop at this virtual time (90s, 5m)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<SimTime>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the journal, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Scenarios, Kubernetes manifests, compose files, question decks, names of built-in scenarios; - is standard input
    #[arg(required = true)]
    pub files: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct ClaimsArgs {
    /// Ids such as G-05; without any, all claims, a line each
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Only the claims of this theme
    #[arg(long, value_name = "THEME")]
    pub theme: Option<String>,
    /// Play the scenarios that show them and print what was measured; exit 1 if one does not hold
    #[arg(long)]
    pub verify: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

#[derive(Debug, clap::Args)]
pub struct ScheduleArgs {
    /// A cluster: nodes, pods, services, ... as YAML or JSON, lists included; - is standard input (may be repeated)
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true)]
    pub files: Vec<String>,
    /// One pod; without it all waiting pods are placed in queue order
    #[arg(long, value_name = "NS/NAME")]
    pub pod: Option<String>,
    #[arg(long, value_enum, default_value_t = ScheduleFormat::Text)]
    pub format: ScheduleFormat,
    /// Change a weight, take a plugin out or set an option: --set NodeResourcesFit=5, --set ImageLocality=off, --set
    /// percentageOfNodesToScore=50; options: percentageOfNodesToScore, hardPodAffinityWeight, minCandidateNodesPercentage,
    /// minCandidateNodesAbsolute (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub sets: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct QuestionsArgs {
    /// The id of one question; without it all of them, a line each
    pub question: Option<String>,
    /// Only this topic, by its id: it stands in brackets in the list
    #[arg(long, value_name = "TOPIC", conflicts_with = "question")]
    pub topic: Option<String>,
    /// Only this level: junior, mid, senior or scenario
    #[arg(long, value_name = "LEVEL", conflicts_with = "question", value_parser = level)]
    pub level: Option<Level>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

#[derive(Debug, clap::Args)]
pub struct InterviewArgs {
    /// For whom: developer, platform, sre, architect or any
    #[arg(long, value_name = "ROLE", default_value = "any", value_parser = role)]
    pub role: Role,
    /// Of the person: junior, mid or senior
    #[arg(long, value_name = "LEVEL", default_value = "mid", value_parser = person)]
    pub level: Level,
    /// How long it lasts: 15, 30 or 45, or what you have from 5 to 180
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(5..=180))]
    pub minutes: u32,
    /// Only this topic, by its id as in `wheelhouse questions` (may be repeated)
    #[arg(long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Whose progress [default: the profile used last]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Line by line over standard input and output, as for screen readers
    #[arg(long)]
    pub plain: bool,
    /// Say the answers aloud and rate them yourself; on the screen ctrl-t does that
    #[arg(long, requires = "plain")]
    pub aloud: bool,
    /// Begin anew; without it an interview that was interrupted goes on
    #[arg(long)]
    pub new: bool,
}

#[derive(Debug, clap::Args)]
pub struct GradeArgs {
    /// The id of the question
    pub question: String,
    /// A file with the answer, or - for standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub answer: String,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// What the schema describes
    #[arg(long, value_enum, default_value_t = SchemaOf::Scenario)]
    pub of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    Scenario,
    Deck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleFormat {
    Text,
    Json,
    /// The annotation keys of kube-scheduler-simulator
    Annotations,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Text,
    Json,
}

impl OpenArgs {
    pub fn options(&self, common: &Common) -> OpenOptions {
        OpenOptions { seed: self.seed, worlds: self.worlds.clone(), sets: self.sets.clone(), ..common.options() }
    }
}

impl Common {
    pub fn practice(&self) -> PracticeOptions {
        PracticeOptions { decks: self.decks.clone(), progress: self.progress.clone(), profile: None, open: self.options() }
    }
    pub fn options(&self) -> OpenOptions {
        OpenOptions { scenarios: self.scenarios.clone(), language: self.language.clone(), ..OpenOptions::default() }
    }
}

fn level(text: &str) -> Result<Level, String> {
    let words = Level::WORDS.iter().map(|(w, _)| *w).collect::<Vec<_>>();
    Level::WORDS.iter().find(|(w, _)| *w == text).map(|(_, l)| *l).ok_or_else(|| format!("the levels are {}", words.join(", ")))
}

/// The level of a person: `scenario` is one of questions alone.
fn person(text: &str) -> Result<Level, String> {
    level(text).ok().filter(|l| *l != Level::Scenario).ok_or_else(|| "the levels are junior, mid, senior".into())
}

fn role(text: &str) -> Result<Role, String> {
    let words = Role::ALL.map(Role::word).join(", ");
    Role::ALL.into_iter().find(|r| r.word() == text).ok_or_else(|| format!("the roles are {words}"))
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("expected PATH=VALUE, for example seed=8")?;
    if path.is_empty() { Err("the path before = is empty".into()) } else { Ok((path.into(), value.into())) }
}

fn time(text: &str) -> Result<SimTime, String> {
    SimDuration::parse(text).map(|d| SimTime::ZERO + d)
}
