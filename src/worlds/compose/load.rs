//! From a command line to a project: which files, their variables, their merging.

use std::sync::Arc;

use crate::document::{Diagnostics, Dialect, Node, Severity, Source, parse_one};
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

/// The texts a command line means: (name, text).
fn sources(d: &Docker, host: &str, global: &Global, files: &dyn Files) -> Result<Vec<(Arc<str>, String)>, String> {
    let of_setup = |name: &str| d.setup().compose.iter().find(|c| &*c.source == name).map(|c| c.text.to_string());
    if !global.files.is_empty() {
        let read = |f: &String| match files.read(f).ok().or_else(|| of_setup(f)) {
            Some(text) => Ok((Arc::from(f.as_str()), text)),
            None => Err(format!("open {f}: no such file or directory")),
        };
        return global.files.iter().map(read).collect();
    }
    if let Some((name, text)) = DEFAULT_FILES.iter().find_map(|f| Some((*f, files.read(f).ok()?))) {
        let mut found = vec![(Arc::from(name), text)];
        found.extend(OVERRIDES.iter().find_map(|f| Some((Arc::from(*f), files.read(f).ok()?))));
        return Ok(found);
    }
    // On a host that was brought up from a file, that file is what lies in the working directory.
    let here = d.setup().compose.iter().find(|c| c.host.as_ref().is_none_or(|h| **h == *host));
    match here {
        Some(c) => Ok(vec![(c.source.clone(), c.text.to_string())]),
        None => Err("no configuration file provided: not found".into()),
    }
}

/// Loads the project of a command line.
///
/// # Errors
/// What the CLI prints on stderr.
pub fn load(d: &Docker, host: &str, global: &Global, named: &[String], files: &dyn Files, now: SimTime) -> Result<Loaded, String> {
    let texts = sources(d, host, global, files)?;
    let folder = texts.first().and_then(|(n, _)| n.rsplit_once('/')).map_or("", |(f, _)| f);
    let beside = |name: &str| if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
    let variables = match &global.env_file {
        Some(file) => dotenv(&files.read(file).map_err(|_| format!("couldn't find env file: {file}"))?),
        None => files.read(&beside(".env")).map(|t| dotenv(&t)).unwrap_or_default(),
    };
    let sink = Diagnostics::new();
    let source = texts.first().map_or_else(|| Arc::from(""), |(n, _)| n.clone());
    let mut warnings = String::new();
    let mut merged: Option<Node> = None;
    for (name, text) in &texts {
        let (node, unset) = one(name, text, &variables, &mut |f| files.read(&beside(f)))?;
        for u in unset {
            warnings.push_str(&warning(now, &format!("The {} variable is not set. Defaulting to a blank string.", text::quoted(&u))));
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
        let at = first.and_then(|x| x.span.as_ref()).map_or_else(String::new, |s| format!(" (line {}, column {})", s.line, s.column));
        let schema = text.contains("additional properties") || text.contains(" must ") || text.starts_with("services.");
        return Err(if schema { format!("validating {source}: {text}{at}") } else { format!("{text}{at}") });
    };
    env_files(&mut project, &document, &mut |f| files.read(&beside(f)))?;
    let notes = list.iter().filter(|x| x.severity == Severity::Note).map(|x| format!("{source}: {}", x.message)).collect();
    Ok(Loaded { project, warnings, notes })
}

/// Parses, follows `extends` and fills variables in.
fn one(
    name: &str,
    text: &str,
    variables: &Variables,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<(Node, Vec<String>), String> {
    let parse = |name: &str, text: &str| {
        parse_one(&Source::new(name, text), Dialect::Compose).map_err(|e| {
            let at = e.span.as_ref().map_or_else(String::new, |s| format!(" (line {}, column {})", s.line, s.column));
            format!("yaml: {}{at}", e.message)
        })
    };
    let mut node = parse(name, text)?;
    let fill =
        |node: &mut Node| interpolate(node, variables).map_err(|(span, why)| format!("{why} (line {}, column {})", span.line, span.column));
    let unset = fill(&mut node)?;
    extend(&mut node, &mut |file| {
        let text = read(file)?;
        let mut other = parse(file, &text)?;
        fill(&mut other)?;
        Ok(other)
    })
    .map_err(|e| e.message.clone())?;
    Ok((node, unset))
}

/// Variables from `env_file`, below those of `environment`.
fn env_files(project: &mut Project, document: &Node, read: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<(), String> {
    for s in project.services.values_mut() {
        let Some(node) = document.get("services").and_then(|x| x.get(&s.name)).and_then(|x| x.get("env_file")) else { continue };
        let items = node.as_list().map_or_else(|| vec![node], |l| l.iter().collect());
        let mut all = Variables::new();
        for item in items {
            let path = item.get("path").unwrap_or(item).scalar_text().unwrap_or_default().to_string();
            let required = item.get("required").and_then(Node::as_bool).unwrap_or(true);
            match read(&path) {
                Ok(text) => all.extend(dotenv(&text)),
                Err(_) if !required => {}
                Err(_) => return Err(format!("env file {path} not found: stat {path}: no such file or directory")),
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

/// Checks one Compose file as it stands: what is wrong, and what is accepted without effect.
pub fn check(source: &str, text: &str) -> Vec<crate::document::Diagnostic> {
    match parse_one(&Source::new(source, text), Dialect::Compose) {
        Ok(node) => check_node(&node),
        Err(e) => vec![*e],
    }
}

/// The same for a parsed document. Variables count as set: their values are not known here.
pub fn check_node(document: &Node) -> Vec<crate::document::Diagnostic> {
    let sink = Diagnostics::new();
    let mut node = document.clone();
    let mut variables = Variables::new();
    // A variable without a default stands for something; a number fits nearly everywhere a value is read.
    loop {
        let mut trial = node.clone();
        match interpolate(&mut trial, &variables) {
            Ok(unset) if unset.is_empty() => {
                node = trial;
                break;
            }
            Ok(unset) => variables.extend(unset.into_iter().map(|u| (u, "1".to_string()))),
            Err((span, why)) => {
                let missing = why.strip_prefix("required variable ").and_then(|w| w.split(' ').next()).map(String::from);
                match missing.filter(|m| !variables.contains_key(m)) {
                    Some(name) => {
                        variables.insert(name, "1".into());
                    }
                    None => {
                        sink.push(crate::document::Diagnostic::error(why).at(&span));
                        return sink.into_vec();
                    }
                }
            }
        }
    }
    // Other files cannot be read here: what they add is taken for right.
    if let Err(e) = extend(&mut node, &mut |_| Ok(crate::document::Node::new(crate::document::node::Value::Null, document.span.clone()))) {
        let foreign = e.message.contains("in this file") || e.message.contains("Circular");
        if foreign {
            sink.push(*e);
        } else {
            sink.push(
                crate::document::Diagnostic::note("`extends` of another file is followed only when the project is loaded")
                    .at(&document.find("services")),
            );
            return sink.into_vec();
        }
    }
    let source = document.span.source.name.clone();
    let options = Options { name: None, profiles: vec!["*".into()], named: Vec::new() };
    project(&node, &source, &options, &sink);
    sink.into_vec()
}
