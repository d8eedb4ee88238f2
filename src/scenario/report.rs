//! What `check`, `list` and `schema` print: pure functions from files to text and an exit status.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::document::{Diagnostic, Diagnostics, Dialect, Node, Severity, Span, parse};
use crate::worlds::Files;

use super::catalogue::{Catalogue, Opened};
use super::file::Scenario;
use super::load::{is_scenario, load};

/// What the worlds know about their own documents; the session puts their validators behind it.
pub trait DocumentChecker {
    /// One object of a manifest: what the API server refuses (errors), and what is accepted but not simulated (notes).
    fn manifest(&self, document: &Node) -> Vec<Diagnostic>;
    /// One compose file, before interpolation and merging; its paths start in `folder` of `files`.
    fn compose(&self, document: &Node, folder: &str, files: &dyn Files) -> Vec<Diagnostic>;
    /// A deck of interview questions: what it is, and what is wrong with it; None if the documents are something else.
    fn deck(&self, documents: &[Node], opened: &Opened, catalogue: &Catalogue) -> Option<(String, Diagnostics)>;
    /// One flag of a control-plane component, without its dashes.
    fn flag(&self, name: &str, value: &Json, span: &Span) -> Vec<Diagnostic>;
}

/// Knows nothing and accepts everything.
pub struct NoChecker;

impl DocumentChecker for NoChecker {
    fn manifest(&self, _: &Node) -> Vec<Diagnostic> {
        Vec::new()
    }
    fn compose(&self, _: &Node, _: &str, _: &dyn Files) -> Vec<Diagnostic> {
        Vec::new()
    }
    fn deck(&self, _: &[Node], _: &Opened, _: &Catalogue) -> Option<(String, Diagnostics)> {
        None
    }
    fn flag(&self, _: &str, _: &Json, _: &Span) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Scenario,
    Manifest,
    Compose,
    Deck,
    Unknown,
}

/// One checked file.
pub struct Checked {
    pub name: String,
    pub kind: FileKind,
    /// `scenario, 12m, docker and kubernetes, 9 entries, 7 expectations`
    pub summary: String,
    pub findings: Diagnostics,
    /// The scenario, if it is a sound one.
    pub scenario: Option<Scenario>,
}

impl Checked {
    /// Findings with excerpts, then one line: `FILE: ok: …` or `FILE: 2 errors, 1 warning`.
    pub fn render(&self, colour: bool) -> String {
        let mut out = self.findings.render(colour);
        if !out.is_empty() {
            out.push('\n');
        }
        let count = |severity, one: &str| match self.findings.count(severity) {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {one}s")),
        };
        let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning"), count(Severity::Note, "note")];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        let verdict = if self.findings.has_errors() { String::new() } else { format!("ok: {}", self.summary) };
        let parts: Vec<String> = std::iter::once(verdict).chain(counts).filter(|p| !p.is_empty()).collect();
        out.push_str(&format!("{}: {}\n", self.name, parts.join(", ")));
        out
    }
}

/// Checks files of any kind (scenarios, manifests, compose files, decks of questions) and built-in scenarios by name.
/// The text to print, and 0, or 2 if any has an error.
pub fn check(names: &[String], catalogue: &Catalogue, checker: &dyn DocumentChecker, colour: bool) -> (String, i32) {
    let (mut out, mut code, mut quiet) = (String::new(), 0, true);
    for name in names {
        let checked = check_one(name, catalogue, checker);
        // Verdicts stand line by line; findings get room around them.
        if !(out.is_empty() || quiet && checked.findings.is_empty()) {
            out.push('\n');
        }
        quiet = checked.findings.is_empty();
        if checked.findings.has_errors() {
            code = 2;
        }
        out.push_str(&checked.render(colour));
    }
    (out, code)
}

/// Checks one file, or one built-in scenario by name.
pub fn check_one(name: &str, catalogue: &Catalogue, checker: &dyn DocumentChecker) -> Checked {
    match catalogue.open_any(name) {
        Ok(opened) => check_opened(&opened, catalogue, checker),
        Err(d) => failed(name, FileKind::Unknown, *d),
    }
}

fn failed(name: &str, kind: FileKind, d: Diagnostic) -> Checked {
    Checked { name: name.into(), kind, summary: String::new(), findings: d.into(), scenario: None }
}

/// Checks a text that has been read already.
pub fn check_opened(opened: &Opened, catalogue: &Catalogue, checker: &dyn DocumentChecker) -> Checked {
    let name = opened.source.name.to_string();
    // The laxest dialect tells what it is; then its own rules apply.
    let documents = match parse(&opened.source, Dialect::Kubernetes) {
        Ok(documents) => documents,
        Err(d) => return failed(&name, FileKind::Unknown, *d),
    };
    if let Some((summary, findings)) = checker.deck(&documents, opened, catalogue) {
        return Checked { name, kind: FileKind::Deck, summary, findings, scenario: None };
    }
    match kind_of(&documents) {
        FileKind::Scenario => check_scenario(opened, catalogue, checker),
        FileKind::Manifest => {
            let findings = Diagnostics::new();
            manifest_documents(&documents, checker, &findings);
            Checked { name, kind: FileKind::Manifest, summary: objects(&documents), findings, scenario: None }
        }
        FileKind::Compose => match parse(&opened.source, Dialect::Compose) {
            Ok(documents) => {
                let findings = Diagnostics::new();
                documents.iter().for_each(|d| findings.extend(checker.compose(d, "", &*opened.folder)));
                let services: Vec<&str> =
                    documents.iter().filter_map(|d| d.get("services")?.as_map()).flatten().map(|(k, _)| &*k.text).collect();
                let summary = format!("compose file, {}: {}", plural(services.len(), "service"), few(&services));
                Checked { name, kind: FileKind::Compose, summary, findings, scenario: None }
            }
            Err(d) => failed(&name, FileKind::Compose, *d),
        },
        FileKind::Deck | FileKind::Unknown => {
            let d = match documents.first() {
                None => Diagnostic::error(format!("{name}: the file is empty")),
                Some(first) => {
                    Diagnostic::error("this is neither a scenario, a Kubernetes manifest, a compose file, nor a deck of questions")
                        .at(&first.span.first_line())
                }
            };
            let help = "a scenario has `wheelhouse: 1`, a manifest `apiVersion` and `kind`, a compose file `services`, a deck `topic` and `questions`";
            failed(&name, FileKind::Unknown, d.help(help))
        }
    }
}

fn kind_of(documents: &[Node]) -> FileKind {
    let Some(first) = documents.first() else { return FileKind::Unknown };
    let has = |key: &str| documents.iter().any(|d| d.entry(key).is_some());
    if is_scenario(first) {
        FileKind::Scenario
    } else if has("apiVersion") || has("kind") {
        FileKind::Manifest
    } else if has("services") {
        FileKind::Compose
    } else {
        FileKind::Unknown
    }
}

fn check_scenario(opened: &Opened, catalogue: &Catalogue, checker: &dyn DocumentChecker) -> Checked {
    let name = opened.source.name.to_string();
    let loaded = match load(opened, &[]) {
        Ok(loaded) => loaded,
        Err(findings) => return Checked { name, kind: FileKind::Scenario, summary: String::new(), findings, scenario: None },
    };
    let s = loaded.scenario;
    let findings = Diagnostics::from(loaded.notes);
    needs(&s, opened, catalogue, &findings);
    own_documents(&s, checker, &findings);
    let summary = format!(
        "{} \"{}\", {}, {}, {}, {}",
        if s.solve.is_some() { "drill" } else { "scenario" },
        s.title.source(),
        s.duration,
        s.setup.worlds().join(" and "),
        plural_y(s.timeline.len(), "entr"),
        plural(s.expect.len(), "expectation"),
    );
    Checked { name, kind: FileKind::Scenario, summary, findings, scenario: Some(s) }
}

/// What the worlds say of the documents and flags that a scenario gives them.
pub fn own_documents(s: &Scenario, checker: &dyn DocumentChecker, findings: &Diagnostics) {
    if let Some(d) = &s.setup.docker {
        for file in d.compose.iter().map(|p| &p.file) {
            file.documents.iter().for_each(|d| findings.extend(checker.compose(d, file.folder(), &*s.files)));
        }
    }
    if let Some(k) = &s.setup.kubernetes {
        k.manifests.iter().for_each(|m| manifest_documents(&m.documents, checker, findings));
        k.config.iter().for_each(|(name, value, span)| findings.extend(checker.flag(name, value, span)));
    }
}

/// Scenarios to know first must exist: in the catalogue, or beside the file.
fn needs(s: &Scenario, opened: &Opened, catalogue: &Catalogue, findings: &Diagnostics) {
    if s.needs.is_empty() {
        return;
    }
    let names = catalogue.names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = parse(&opened.source, Dialect::Scenario).ok().and_then(|mut d| d.pop());
    for (i, need) in s.needs.iter().enumerate() {
        let beside = ["yaml", "yml"].iter().any(|e| opened.folder.bytes(&format!("{need}.{e}")).is_ok());
        if !names.contains(&&**need) && !beside {
            let d = Diagnostic::warning(format!("there is no scenario `{need}` to know first")).did_you_mean(need, names.iter().copied());
            findings.push(match &root {
                Some(root) => d.at(&root.find(&format!("needs[{i}]"))),
                None => d,
            });
        }
    }
}

/// Items of a `kind: List` are looked at one by one.
fn manifest_documents(documents: &[Node], checker: &dyn DocumentChecker, findings: &Diagnostics) {
    for d in documents {
        match (d.get("kind").and_then(Node::as_str), d.get("items").and_then(Node::as_list)) {
            (Some("List"), Some(items)) => items.iter().for_each(|i| findings.extend(checker.manifest(i))),
            _ => findings.extend(checker.manifest(d)),
        }
    }
}

fn objects(documents: &[Node]) -> String {
    let text = |d: &Node, path: &str| d.at(path).and_then(Node::as_str).map(str::to_string);
    let name = |d: &Node| {
        let kind = text(d, "kind").unwrap_or_else(|| "?".into());
        match text(d, "metadata.name") {
            Some(n) => format!("{kind} {n}"),
            None => kind,
        }
    };
    let names: Vec<String> = documents.iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("manifest, {}: {}", plural(names.len(), "object"), few(&names))
}

fn few(names: &[&str]) -> String {
    match names.len() {
        0..=6 => names.join(", "),
        n => format!("{} and {} more", names[..5].join(", "), n - 5),
    }
}

fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}
fn plural_y(n: usize, stem: &str) -> String {
    if n == 1 { format!("1 {stem}y") } else { format!("{n} {stem}ies") }
}

/// Every scenario of the catalogue by topic and level, or as JSON. A broken one is named at the end and makes the status 2.
pub fn list(catalogue: &Catalogue, as_json: bool, language: &str) -> (String, i32) {
    let names = match catalogue.names() {
        Ok(names) => names,
        Err(why) => return (format!("error: {why}\n"), 2),
    };
    let (mut scenarios, mut broken) = (Vec::new(), Vec::new());
    for name in &names {
        let loaded = catalogue.open(name).map_err(Diagnostics::from).and_then(|o| load(&o, &[]));
        match loaded {
            Ok(l) => scenarios.push(l.scenario),
            Err(d) => broken.push((name, d)),
        }
    }
    scenarios.sort_by(|a, b| (a.level, &a.name).cmp(&(b.level, &b.name)));
    let code = if broken.is_empty() { 0 } else { 2 };
    if as_json {
        let cards: Vec<Json> = scenarios.iter().map(|s| card(s, language)).collect();
        return (serde_json::to_string_pretty(&cards).unwrap_or_default() + "\n", code);
    }
    let mut topics: BTreeMap<&str, Vec<&Scenario>> = BTreeMap::new();
    for s in &scenarios {
        topics.entry(s.topics.first().map_or("other", |t| &**t)).or_default().push(s);
    }
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for (topic, list) in topics {
        out.push_str(&format!("{topic}\n"));
        for s in list {
            let title = s.title.get(language).map(|t| t.source()).unwrap_or_default();
            out.push_str(&format!("  {:width$}  {:12}  {:>3} min  {title}\n", s.name, s.level.word(), s.minutes));
        }
    }
    for (name, d) in broken {
        out.push_str(&format!("\n{name} cannot be read:\n{d}"));
    }
    out.push_str("\nwheelhouse play NAME opens one; wheelhouse run NAME prints its report.\n");
    (out, code)
}

fn card(s: &Scenario, language: &str) -> Json {
    let text = |t: &super::Text| t.get(language).map(|t| t.source()).unwrap_or_default();
    json!({
        "name": &*s.name,
        "title": text(&s.title),
        "summary": text(&s.summary),
        "level": s.level.word(),
        "minutes": s.minutes,
        "topics": s.topics.iter().map(|t| &**t).collect::<Vec<_>>(),
        "needs": s.needs.iter().map(|t| &**t).collect::<Vec<_>>(),
        "questions": s.questions.iter().map(|t| &**t).collect::<Vec<_>>(),
        "claims": s.claims.iter().map(|t| &**t).collect::<Vec<_>>(),
        "worlds": s.setup.worlds(),
        "duration_s": s.duration.as_secs_f64(),
        "seed": s.seed,
        "predictions": s.timeline.iter().filter(|e| e.ask.is_some()).count(),
        "drill": s.solve.is_some(),
    })
}

/// The JSON Schema of a scenario file.
pub fn schema() -> (String, i32) {
    (serde_json::to_string_pretty(&super::schema::json_schema()).unwrap_or_default() + "\n", 0)
}

#[cfg(test)]
mod tests {
    use super::super::Folder;
    use super::*;

    /// Refuses every object named `bad` and says that `replicas` is not simulated.
    struct Strict;
    impl DocumentChecker for Strict {
        fn deck(&self, _: &[Node], _: &Opened, _: &Catalogue) -> Option<(String, Diagnostics)> {
            None
        }
        fn manifest(&self, d: &Node) -> Vec<Diagnostic> {
            let mut out = Vec::new();
            if d.at("metadata.name").and_then(Node::as_str) == Some("bad") {
                out.push(Diagnostic::error("metadata.name: Invalid value: \"bad\"").at(&d.find("metadata.name")));
            }
            if let Some((k, _)) = d.get("spec").and_then(|s| s.entry("replicas")) {
                out.push(Diagnostic::note("accepted, but not simulated").at(&k.span));
            }
            out
        }
        fn compose(&self, d: &Node, _: &str, _: &dyn Files) -> Vec<Diagnostic> {
            d.entry("version").map(|(k, _)| Diagnostic::warning("`version` is obsolete").at(&k.span)).into_iter().collect()
        }
        fn flag(&self, name: &str, _: &Json, span: &Span) -> Vec<Diagnostic> {
            vec![Diagnostic::error(format!("there is no flag --{name}")).at(span)]
        }
    }

    fn checked(text: &str) -> Checked {
        check_opened(&Opened::text("f.yaml", text, Folder::Nothing), &Catalogue::built_in(), &Strict)
    }

    #[test]
    fn tells_files_apart() {
        let c = checked(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\n---\nkind: List\nitems: [{kind: Pod, metadata: {name: bad}, spec: {replicas: 1}}]\n",
        );
        assert_eq!((c.kind, c.findings.len()), (FileKind::Manifest, 3));
        assert!(
            c.render(false).contains("--> f.yaml:3:18") && c.render(false).ends_with("f.yaml: 2 errors, 1 note\n"),
            "{}",
            c.render(false)
        );
        let c = checked("version: '3'\nservices: {web: {image: x}, db: {image: !reset y}}\n");
        assert_eq!((c.kind, c.summary.as_str()), (FileKind::Compose, "compose file, 2 services: web, db"));
        assert!(c.render(false).ends_with("f.yaml: ok: compose file, 2 services: web, db, 1 warning\n"), "{}", c.render(false));
        assert!(checked("a: 1\n").render(false).contains("neither a scenario"));
        assert!(checked("").render(false).contains("the file is empty"));
        assert!(checked("a: [\n").findings.has_errors());
        let c = checked(
            "wheelhouse: 1\ntitle: t\nduration: 1m\nneeds: [node-dwon]\nworlds:\n  kubernetes: {manifests: [{kind: Pod, metadata: {name: bad}}], config: {x: 1}}\n",
        );
        let text = c.render(false);
        assert!(text.contains("did you mean `node-down`?") && text.contains("--> f.yaml:4:9"), "{text}");
        assert!(text.contains("there is no flag --x") && text.contains("Invalid value: \"bad\""), "{text}");
    }

    #[test]
    fn built_in_names_and_missing_files() {
        let (text, code) = check(&["node-down".into()], &Catalogue::built_in(), &NoChecker, false);
        assert_eq!(code, 0);
        assert!(
            text.contains("node-down.yaml: ok: scenario \"A machine dies at three in the morning\", 12m, docker and kubernetes"),
            "{text}"
        );
        let (text, code) = check(&["no-such-file.yaml".into(), "/".into()], &Catalogue::built_in(), &NoChecker, false);
        assert_eq!(code, 2);
        assert!(text.contains("no-such-file.yaml: no such file") && text.contains("found a folder"), "{text}");
    }

    #[test]
    fn lists() {
        let (text, code) = list(&Catalogue::built_in(), false, "en");
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("node-down") && text.contains("self-healing\n"), "{text}");
        let (text, _) = list(&Catalogue::built_in(), true, "en");
        let cards: Json = serde_json::from_str(&text).unwrap();
        let card = cards.as_array().unwrap().iter().find(|c| c["name"] == "node-down").unwrap();
        assert_eq!((&card["level"], &card["worlds"][1]), (&json!("beginner"), &json!("kubernetes")));
        assert!(schema().0.contains("json-schema.org"));
    }
}
