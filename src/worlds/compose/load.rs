//! From a command line to a project: which files, their variables, their merging.

use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics, Dialect, Node, Severity, Source, Span, parse_one};
use crate::kernel::SimTime;
use crate::worlds::Files;
use crate::worlds::docker::{Docker, text};

use super::file::{Options, Project, project};
use super::interpolate::{Variables, dotenv, interpolate};
use super::merge::{extend, merge};

/// File names in the order in which Compose looks for them (compose-go cli/options.go).
pub const DEFAULT_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] =
    ["compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Flags between `docker compose` and the verb.
#[derive(Clone, Debug, Default)]
pub struct Global {
    pub files: Vec<String>,
    pub name: Option<String>,
    pub profiles: Vec<String>,
    pub env_file: Option<String>,
}

/// A project with what has to be said on stderr about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub project: Project,
    pub warnings: String,
    /// Keys that are accepted but have no effect here.
    pub notes: Vec<String>,
}

/// A line of logrus where no terminal listens.
pub fn warning(now: SimTime, message: &str) -> String {
    format!("time=\"{}\" level=warning msg={}\n", text::rfc3339(now), text::quoted(message))
}

/// Why a project cannot be loaded: as the CLI says it, and with its place.
#[derive(Debug)]
struct Refusal {
    text: String,
    found: Box<Diagnostic>,
}

impl Refusal {
    /// The CLI says the same, and where.
    fn placed(found: Diagnostic) -> Self {
        Self { text: format!("{}{}", found.message, place(&found)), found: Box::new(found) }
    }
    /// Nothing in the file is to blame, or the CLI names no place.
    fn plain(found: Diagnostic) -> Self {
        Self { text: found.message.clone(), found: Box::new(found) }
    }
}

fn place(d: &Diagnostic) -> String {
    d.span.as_ref().map_or_else(String::new, |s| format!(" (line {}, column {})", s.line, s.column))
}

/// What lies beside a Compose file: `.env`, `env_file`, files that are extended.
#[derive(Clone, Copy)]
pub struct Beside<'f> {
    /// The Compose file's folder.
    pub folder: &'f str,
    pub files: &'f dyn Files,
}

impl Beside<'_> {
    fn read(&self, name: &str) -> Result<String, String> {
        self.files.read(&if self.folder.is_empty() { name.to_string() } else { format!("{}/{name}", self.folder) })
    }
    fn variables(&self) -> Variables {
        self.read(".env").map(|t| dotenv(&t)).unwrap_or_default()
    }
}

/// A file's name and text.
type Text = (Arc<str>, String);

fn folder_of(name: &str) -> String {
    name.rsplit_once('/').map_or("", |(folder, _)| folder).to_string()
}

/// The text of a file that `-f` names: one that a host was brought up from, or beside the scenario.
///
/// # Errors
/// The CLI's sentence if there is none.
pub fn file(d: &Docker, name: &str, files: &dyn Files) -> Result<String, String> {
    let of_setup = d.setup().compose.iter().find(|c| &*c.source == name).map(|c| c.text.to_string());
    of_setup.or_else(|| files.read(name).ok()).ok_or_else(|| format!("open {name}: no such file or directory"))
}

/// The texts a command line means, and the folder they lie in.
fn sources(d: &Docker, host: &str, global: &Global, files: &dyn Files) -> Result<(Vec<Text>, String), String> {
    let of_setup = |name: &str| d.setup().compose.iter().find(|c| &*c.source == name);
    if let Some(first) = global.files.first() {
        let read = |f: &String| Ok((Arc::from(f.as_str()), file(d, f, files)?));
        let folder = of_setup(first).map_or_else(|| folder_of(first), |c| c.folder.to_string());
        return Ok((global.files.iter().map(read).collect::<Result<_, String>>()?, folder));
    }
    if let Some((name, text)) = DEFAULT_FILES.iter().find_map(|f| Some((*f, files.read(f).ok()?))) {
        let mut found = vec![(Arc::from(name), text)];
        found.extend(OVERRIDES.iter().find_map(|f| Some((Arc::from(*f), files.read(f).ok()?))));
        return Ok((found, String::new()));
    }
    // On a host that was brought up from a file, that file is what lies in the working directory.
    let here = d.setup().compose.iter().find(|c| c.host.as_ref().is_none_or(|h| **h == *host));
    match here {
        Some(c) => Ok((vec![(c.source.clone(), c.text.to_string())], c.folder.to_string())),
        None => Err("no configuration file provided: not found".into()),
    }
}

/// Loads the project of a command line.
///
/// # Errors
/// What the CLI prints on stderr.
pub fn load(d: &Docker, host: &str, global: &Global, named: &[String], files: &dyn Files, now: SimTime) -> Result<Loaded, String> {
    let (texts, folder) = sources(d, host, global, files)?;
    load_texts(&texts, Beside { folder: &folder, files }, global, named, now)
}

/// Loads the project of these files, each merged over those before it.
///
/// # Errors
/// What the CLI prints on stderr.
pub fn load_texts(texts: &[Text], beside: Beside, global: &Global, named: &[String], now: SimTime) -> Result<Loaded, String> {
    let variables = match &global.env_file {
        Some(file) => dotenv(&beside.files.read(file).map_err(|_| format!("couldn't find env file: {file}"))?),
        None => beside.variables(),
    };
    let sink = Diagnostics::new();
    let source = texts.first().map_or_else(|| Arc::from(""), |(n, _)| n.clone());
    let mut warnings = String::new();
    let mut merged: Option<Node> = None;
    for (name, text) in texts {
        let (node, unset) = parsed(name, text).and_then(|node| filled(node, &variables, beside)).map_err(|r| r.text)?;
        for (u, _) in unset {
            warnings.push_str(&warning(now, &not_set(&u)));
        }
        if node.get("version").is_some() {
            let message =
                format!("{name}: the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion");
            warnings.push_str(&warning(now, &message));
        }
        merged = Some(match merged {
            Some(base) => merge(base, node, &[]),
            None => node,
        });
    }
    let Some(document) = merged else { return Err("no configuration file provided: not found".into()) };
    let options = Options { name: global.name.clone(), profiles: global.profiles.clone(), named: named.to_vec() };
    let loaded = project(&document, &source, &options, &sink);
    let list = sink.into_vec();
    let Some(mut project) = loaded else {
        // The real loader checks the schema before anything else.
        let errors = || list.iter().filter(|x| x.severity == Severity::Error);
        let first = errors().find(|x| x.message.contains("additional properties")).or_else(|| errors().next());
        let text = first.map_or_else(String::new, |x| x.message.clone());
        let at = first.map_or_else(String::new, place);
        let schema = text.contains("additional properties") || text.contains(" must ") || text.starts_with("services.");
        return Err(if schema { format!("validating {source}: {text}{at}") } else { format!("{text}{at}") });
    };
    env_files(&mut project, &document, beside).map_err(|r| r.text)?;
    let notes = list.iter().filter(|x| x.severity == Severity::Note).map(|x| format!("{source}: {}", x.message)).collect();
    Ok(Loaded { project, warnings, notes })
}

fn not_set(variable: &str) -> String {
    format!("The {} variable is not set. Defaulting to a blank string.", text::quoted(variable))
}

fn parsed(name: &str, text: &str) -> Result<Node, Refusal> {
    parse_one(&Source::new(name, text), Dialect::Compose)
        .map_err(|e| Refusal { text: format!("yaml: {}{}", e.message, place(&e)), found: e })
}

/// Follows `extends` and fills variables in; those that are not set, and where.
fn filled(mut node: Node, variables: &Variables, beside: Beside) -> Result<(Node, Vec<(String, Span)>), Refusal> {
    let fill = |node: &mut Node| interpolate(node, variables).map_err(|(span, why)| Refusal::placed(Diagnostic::error(why).at(&span)));
    let unset = fill(&mut node)?;
    extend(&mut node, &mut |file| {
        let text = beside.read(file)?;
        let mut other = parsed(file, &text).map_err(|r| r.text)?;
        fill(&mut other).map_err(|r| r.text)?;
        Ok(other)
    })
    .map_err(|e| Refusal::plain(*e))?;
    Ok((node, unset))
}

/// Variables from `env_file`, below those of `environment`.
fn env_files(project: &mut Project, document: &Node, beside: Beside) -> Result<(), Refusal> {
    for s in project.services.values_mut() {
        let Some(node) = document.get("services").and_then(|x| x.get(&s.name)).and_then(|x| x.get("env_file")) else { continue };
        let items = node.as_list().map_or_else(|| vec![node], |l| l.iter().collect());
        let mut all = Variables::new();
        for item in items {
            let required = item.get("required").and_then(Node::as_bool).unwrap_or(true);
            let item = item.get("path").unwrap_or(item);
            let path = item.scalar_text().unwrap_or_default().to_string();
            match beside.read(&path) {
                Ok(text) => all.extend(dotenv(&text)),
                Err(_) if !required => {}
                Err(_) => {
                    let why = format!("env file {path} not found: stat {path}: no such file or directory");
                    return Err(Refusal::plain(Diagnostic::error(why).at(&item.span)));
                }
            }
        }
        for (k, v) in all {
            if !s.config.env.iter().any(|(have, _)| **have == *k) {
                s.config.env.push((k.into(), v.into()));
            }
        }
    }
    Ok(())
}

/// Checks one Compose file with what lies beside it: what is wrong, and what is accepted without effect.
pub fn check(source: &str, text: &str, beside: Beside) -> Vec<Diagnostic> {
    match parse_one(&Source::new(source, text), Dialect::Compose) {
        Ok(node) => check_node(&node, beside),
        Err(e) => vec![*e],
    }
}

/// The same for a parsed document.
pub fn check_node(document: &Node, beside: Beside) -> Vec<Diagnostic> {
    let sink = Diagnostics::new();
    match filled(document.clone(), &beside.variables(), beside) {
        Ok((node, unset)) => {
            for (name, span) in unset {
                sink.push(Diagnostic::warning(not_set(&name)).at(&span).help("a file called .env beside this one can set it"));
            }
            let options = Options { name: None, profiles: vec!["*".into()], named: Vec::new() };
            if let Some(mut project) = project(&node, &document.span.source.name, &options, &sink)
                && let Err(r) = env_files(&mut project, &node, beside)
            {
                sink.push(*r.found);
            }
        }
        Err(r) => sink.push(*r.found),
    }
    sink.into_vec()
}
