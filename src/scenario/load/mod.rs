//! From text to a [`Scenario`]: every error is found in one go, each with its place.

mod did;
mod goals;
mod setup;
mod timeline;
mod workload;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics, Dialect, Field, Node, Reader, Severity, Source, Value, parse, parse_one};
use crate::kernel::{SimDuration, SimTime, limits};

use super::catalogue::Opened;
use super::check;
use super::expression::{Expression, Template, Text};
use super::file::{CommandLine, Level, Scenario};

/// A scenario that can be run, and what is worth saying about it all the same.
#[derive(Clone)]
pub struct Loaded {
    pub scenario: Scenario,
    /// Warnings and notes only.
    pub notes: Vec<Diagnostic>,
}

impl Scenario {
    /// Reads and checks a scenario. `sets` are overrides as on the command line: `("seed", "9")`, `("traffic.shoppers.rate", "200rps")`;
    /// they are edits of the file before it is read, so that everything that hangs on them (jitter, random picks) follows.
    ///
    /// # Errors
    /// Everything that is wrong, with places.
    pub fn load(opened: &Opened, sets: &[(String, String)]) -> Result<Loaded, Diagnostics> {
        load(opened, sets)
    }
}

/// See [`Scenario::load`].
///
/// # Errors
/// Everything that is wrong, with places.
pub fn load(opened: &Opened, sets: &[(String, String)]) -> Result<Loaded, Diagnostics> {
    let mut root = match parse_one(&opened.source, Dialect::Scenario) {
        // A manifest may have more than one document; a scenario has one.
        Err(e) => return Err(something_else(&opened.source).unwrap_or_else(|| e.into())),
        Ok(root) => root,
    };
    if let Some(d) = what_else(&root, &opened.source.name) {
        return Err(d.into());
    }
    for (path, value) in sets {
        let source = Source::new(format!("--set {path}"), value.as_str());
        let value = parse_one(&source, Dialect::Scenario)?;
        root.set(path, value).map_err(|why| Diagnostic::error(format!("--set {path}: {why}")))?;
    }
    if root.is_null() {
        return Err(Diagnostic::error(format!("{}: expected a scenario, found nothing", opened.source.name)).into());
    }
    let sink = Diagnostics::new();
    let loader = Loader {
        opened,
        sink: &sink,
        side_bytes: Cell::new(0),
        stream_uses: timeline::Uses::default(),
        image_uses: timeline::Uses::default(),
        commands: RefCell::default(),
    };
    let scenario = loader.scenario(&root);
    match scenario {
        Some(scenario) if !sink.has_errors() => Ok(Loaded { scenario, notes: sink.into_vec() }),
        _ => {
            debug_assert!(sink.has_errors(), "a scenario that cannot be read says why");
            Err(sink)
        }
    }
}

/// True if a document looks like a scenario rather than a manifest or a compose file.
pub fn is_scenario(node: &Node) -> bool {
    node.get("wheelhouse").is_some() || (node.get("worlds").is_some() && node.get("timeline").is_some())
}

/// What is said of a file that is no scenario though it may well be good for one.
fn what_else(node: &Node, name: &str) -> Option<Diagnostic> {
    let (what, world) = match node {
        _ if is_scenario(node) => return None,
        n if n.get("apiVersion").is_some() && n.get("kind").is_some() => ("a Kubernetes manifest", "worlds.kubernetes.manifests"),
        n if n.get("services").is_some() => ("a compose file", "worlds.docker.compose"),
        _ => return None,
    };
    let help = format!("`wheelhouse check {name}` says what is accepted of it; to see what it does, name it in a scenario under {world}");
    Some(Diagnostic::error(format!("expected a scenario, found {what}")).at(&node.span.first_line()).help(help))
}

/// The same for a file of several documents.
fn something_else(source: &Arc<Source>) -> Option<Diagnostics> {
    let documents = parse(source, Dialect::Kubernetes).ok()?;
    what_else(documents.first()?, &source.name).map(Into::into)
}

struct Loader<'a> {
    opened: &'a Opened,
    sink: &'a Diagnostics,
    /// Bytes of side files read so far.
    side_bytes: Cell<usize>,
    /// Traffic streams and images that are named somewhere.
    stream_uses: timeline::Uses,
    image_uses: timeline::Uses,
    commands: RefCell<Vec<CommandLine>>,
}

impl<'a> Loader<'a> {
    fn scenario(&self, root: &'a Node) -> Option<Scenario> {
        let r = Reader::new(root, "a scenario", self.sink)?;
        self.version(&r);
        let title = r.req("title").and_then(|f| self.text(&f));
        let summary = r.opt("summary").and_then(|f| self.text(&f)).unwrap_or_default();
        let level = r.opt("level").and_then(|f| f.word(Level::WORDS)).unwrap_or(Level::Beginner);
        let minutes = r.opt("minutes").and_then(|f| f.whole(1, 1_000)).unwrap_or(5) as u32;
        let topics = self.names(r.opt("topics"));
        let needs = self.names(r.opt("needs"));
        let questions = self.names(r.opt("questions"));
        let claims = self.names(r.opt("claims"));
        let duration = r.req("duration").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(limits::SCENARIO_DURATION_MAX);
        if duration < SimDuration::from_secs(1) {
            self.sink.push(Diagnostic::error("a scenario lasts at least 1s").at(&r.key_span("duration")));
        }
        let seed = r.opt("seed").and_then(|f| f.whole(0, i64::MAX as u64)).unwrap_or(1);
        let end = SimTime::ZERO + duration;
        let images = self.images(r.opt("images"));
        let registry = self.registry(r.opt("registry"));
        let traffic = self.traffic(r.opt("traffic"), end);
        let setup = self.setup(r.req("worlds"));
        let timeline = self.timeline(r.opt("timeline"), &setup, duration, seed);
        let expect = self.expect(r.opt("expect"));
        let solve = r.opt("solve").and_then(|f| self.solve(&f, &setup));
        let debrief = r.opt("debrief").map(|f| f.list_or_one(200).iter().filter_map(|f| self.text(f)).collect()).unwrap_or_default();
        let scenario = Scenario {
            name: self.opened.name.clone(),
            title: title.unwrap_or_default(),
            summary,
            level,
            minutes,
            topics,
            needs,
            questions,
            claims,
            duration,
            seed,
            images,
            registry,
            traffic,
            setup,
            timeline,
            expect,
            solve,
            debrief,
            commands: self.commands.take(),
            files: self.opened.folder.clone(),
            source: self.opened.source.clone(),
        };
        let uses = check::Uses { streams: self.stream_uses.borrow().clone(), images: self.image_uses.borrow().clone() };
        check::cross(&scenario, &r, &uses, self.sink);
        r.finish();
        Some(scenario)
    }

    fn version(&self, r: &Reader<'a>) {
        let Some(f) = r.req("wheelhouse") else { return };
        match f.node.value {
            Value::Int(1) => {}
            Value::Int(n) if n > 1 => {
                let d = Diagnostic::error(format!("this scenario is written for format {n}; this wheelhouse reads format 1"));
                self.sink.push(d.at(&f.node.span).help("a newer wheelhouse is needed"));
            }
            _ => f.wrong("the format's version, 1"),
        }
    }

    /// A text with `{expressions}`, or a map of languages.
    fn text(&self, field: &Field<'a>) -> Option<Text> {
        let one = |f: &Field<'a>| {
            let text = f.text()?;
            if text.len() > 20_000 {
                f.fail("a text has at most 20 000 characters");
                return None;
            }
            match Template::compile(text, &f.node.span) {
                Ok(t) => Some(t),
                Err(errors) => {
                    self.sink.extend(errors);
                    None
                }
            }
        };
        if field.node.as_map().is_none() {
            return Some(Text { languages: vec![("en".into(), one(field)?)] });
        }
        let mut languages = Vec::new();
        for (key, f) in field.map(40) {
            let sound = matches!(key.text.len(), 2..=12) && key.text.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
            if !sound {
                let d = Diagnostic::error(format!("expected a language such as en or de, found `{}`", key.text)).at(&key.span);
                self.sink.push(d.help("a text that begins with { needs quotes"));
                continue;
            }
            languages.extend(one(&f).map(|t| (key.text.clone(), t)));
        }
        (!languages.is_empty()).then_some(Text { languages })
    }

    fn condition(&self, field: &Field<'a>) -> Option<Expression> {
        self.expression(field, Expression::condition)
    }

    fn expression(
        &self,
        field: &Field<'a>,
        compile: impl Fn(&str, &crate::document::Span) -> Result<Expression, Vec<Diagnostic>>,
    ) -> Option<Expression> {
        let text = match &field.node.value {
            Value::Str(t) => t.to_string(),
            Value::Int(_) | Value::Bool(_) => field.node.scalar_text().unwrap_or_default().to_string(),
            _ => {
                field.wrong("an expression");
                return None;
            }
        };
        match compile(&text, &field.node.span) {
            Ok(e) => Some(e),
            Err(errors) => {
                self.sink.extend(errors);
                None
            }
        }
    }

    /// The index of the right choice; a plain number is checked at once.
    fn answer(&self, field: &Field<'a>, choices: usize) -> Option<Expression> {
        if let Value::Int(n) = field.node.value
            && choices > 0
            && !(0..choices as i64).contains(&n)
        {
            field.fail(format!("the choices are numbered from 0 to {}", choices - 1));
            return None;
        }
        let e = self.expression(field, Expression::compile)?;
        use super::facts::Type;
        if !matches!(e.returns(), Type::Int | Type::Any) {
            field.fail("expected an expression that gives the number of the right choice (from 0)");
            return None;
        }
        Some(e)
    }

    /// A moment of the run.
    fn moment(&self, field: &Field<'a>) -> Option<SimTime> {
        field.duration(limits::SCENARIO_DURATION_MAX).map(|d| SimTime::ZERO + d)
    }

    /// A list of texts (or one).
    fn names(&self, field: Option<Field<'a>>) -> Vec<Arc<str>> {
        field.iter().flat_map(|f| f.list_or_one(1_000)).filter_map(|f| f.text().map(Into::into)).collect()
    }

    /// A command line for a world's console.
    fn command(&self, field: &Field<'a>, world: &'static str) -> Option<Arc<str>> {
        self.command_line(field, world, false)
    }

    fn command_line(&self, field: &Field<'a>, world: &'static str, runbook: bool) -> Option<Arc<str>> {
        let text: Arc<str> = field.text()?.into();
        let span = field.node.span.clone();
        self.commands.borrow_mut().push(CommandLine { world, text: text.clone(), runbook, span });
        Some(text)
    }

    /// An id: letters, digits, `-`, `_`, `.`.
    fn name(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?;
        let sound = (1..=63).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !sound {
            field.fail(format!("`{text}` is no name; use letters, digits, `-`, `_` and `.`, at most 63"));
            return None;
        }
        Some(text.into())
    }

    /// A machine's name: what DNS allows.
    fn dns_name(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?;
        let sound = (1..=56).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
            && !text.starts_with(['-', '.'])
            && !text.ends_with(['-', '.']);
        if !sound {
            field.fail(format!("`{text}` is no machine's name; use small letters, digits and `-`"));
            return None;
        }
        Some(text.into())
    }
}

impl Loaded {
    /// Warnings among the notes.
    pub fn warnings(&self) -> usize {
        self.notes.iter().filter(|d| d.severity == Severity::Warning).count()
    }
}
