//! Scenarios by name, files to check, the schema: what the faces need before a lab is open.

use std::path::PathBuf;

use crate::document::{Diagnostics, Span};
use crate::scenario::expression::Expression;
use crate::scenario::file::Scenario;
use crate::scenario::{Catalogue, Opened, report};

use super::documents::Worlds;
use super::view::ScenarioCard;

pub use crate::kernel::limits::FILE_BYTES_MAX;

/// How a scenario is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Another seed than the scenario's.
    pub seed: Option<u64>,
    /// Only these worlds; empty = all.
    pub worlds: Vec<String>,
    /// `path=value` edits of the file.
    pub sets: Vec<(String, String)>,
    /// A folder that adds to or replaces the built-in scenarios.
    pub scenarios: Option<PathBuf>,
    /// Language code of narration and questions.
    pub language: String,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { seed: None, worlds: Vec::new(), sets: Vec::new(), scenarios: None, language: "en".into() }
    }
}

impl OpenOptions {
    /// The edits, with the seed as one of them: jitter and random picks of the file hang on it too.
    pub(super) fn all_sets(&self) -> Vec<(String, String)> {
        let seed = self.seed.map(|s| ("seed".to_string(), s.to_string()));
        self.sets.iter().cloned().chain(seed).collect()
    }
    pub(super) fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.scenarios.as_deref())
    }
}

/// A scenario, checked.
///
/// # Errors
/// The rendered diagnostics.
pub(super) fn load(name: &str, options: &OpenOptions) -> Result<Scenario, String> {
    let opened = options.catalogue().open(name).map_err(|d| d.render(false))?;
    read_whole(&opened, &options.all_sets())
}

/// The scenario with the documents it gives to the worlds: what they would refuse is an error before anything is played.
pub(super) fn read_whole(opened: &Opened, sets: &[(String, String)]) -> Result<Scenario, String> {
    let scenario = read(opened, sets)?;
    let findings = Diagnostics::new();
    report::own_documents(&scenario, &Worlds, &findings);
    if findings.has_errors() { Err(findings.errors_only().render(false)) } else { Ok(scenario) }
}

fn read(opened: &Opened, sets: &[(String, String)]) -> Result<Scenario, String> {
    Scenario::load(opened, sets).map(|l| l.scenario).map_err(|d| d.render(false))
}

/// Every scenario there is, by name. One that cannot be read is listed with what is wrong as its summary.
pub fn cards(options: &OpenOptions) -> Vec<ScenarioCard> {
    let catalogue = options.catalogue();
    let names = catalogue.names().unwrap_or_default();
    names.into_iter().map(|name| card(&catalogue, name)).collect()
}

fn card(catalogue: &Catalogue, name: String) -> ScenarioCard {
    let loaded = catalogue.open(&name).map_err(|d| d.render(false)).and_then(|o| read(&o, &[]));
    match loaded {
        Ok(s) => ScenarioCard {
            title: s.title.source(),
            summary: s.summary.source(),
            level: s.level.word().into(),
            minutes: s.minutes,
            topics: s.topics.iter().map(ToString::to_string).collect(),
            needs: s.needs.iter().map(ToString::to_string).collect(),
            worlds: s.setup.worlds().into_iter().map(String::from).collect(),
            questions: s.timeline.iter().filter(|e| e.ask.is_some()).count(),
            name,
        },
        Err(why) => ScenarioCard {
            title: format!("{name} (cannot be read)"),
            summary: why,
            level: String::new(),
            minutes: 0,
            topics: vec!["broken".into()],
            needs: vec![],
            worlds: vec![],
            questions: 0,
            name,
        },
    }
}

/// A condition typed by a person (a breakpoint).
///
/// # Errors
/// What is wrong with it.
pub(super) fn condition(text: &str) -> Result<Expression, String> {
    let source = crate::document::Source::new("breakpoint", text);
    let span: Span = source.span(0..text.len());
    Expression::condition(text, &span).map_err(|errors| errors.first().map(|d| d.message.clone()).unwrap_or_default())
}

/// The scenarios as `wheelhouse list` prints them: (text, exit status).
pub fn list(as_json: bool, options: &OpenOptions) -> (String, i32) {
    crate::scenario::report::list(&options.catalogue(), as_json, &options.language)
}

/// The JSON Schema of the scenario format.
pub fn schema() -> String {
    crate::scenario::report::schema().0
}

/// The JSON Schema of question decks.
pub fn deck_schema() -> String {
    format!("{:#}\n", crate::study::deck::schema::json_schema())
}

/// Checks files of any kind, and built-in scenarios by name: (text, exit status).
/// A deck is also held against the others of the person's folder (`decks`, as for practice).
pub fn check(names: &[String], options: &OpenOptions, decks: Option<&std::path::Path>) -> (String, i32) {
    super::checker::check(names, options, decks)
}

/// Checks what came over standard input.
pub fn check_bytes(name: &str, bytes: &[u8], options: &OpenOptions) -> (String, i32) {
    super::checker::bytes(name, bytes, options)
}
