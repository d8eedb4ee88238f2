//! The `docker` command: one file per verb (or close family of verbs), one table that knows them all.
//!
//! A verb checks its words, asks the engine, and answers with text or with a script that goes on. Words and shapes: docker/cli.

mod containers;
mod context;
mod events;
pub mod exec;
pub mod flags;
mod images;
mod inspect;
pub mod logs;
mod network;
pub mod ops;
mod ps;
mod run;
mod stats;
mod system;
mod update;
mod volume;

use crate::machine::HostName;
use crate::worlds::{Files, Misread, Output};

use super::session::{Io, Owner, Reply, Script};
use super::{Cx, Docker};
use flags::{Flag, Parsed};

/// One command of the CLI.
pub struct Verb {
    /// Every way to call it: `["run"]`, `["container", "run"]`.
    pub paths: &'static [&'static [&'static str]],
    /// After the path: `[OPTIONS] IMAGE [COMMAND] [ARG...]`.
    pub usage: &'static str,
    pub about: &'static str,
    pub flags: &'static [Flag],
    /// Fewest and most arguments.
    pub args: (usize, usize),
    /// False: the first argument ends the flags.
    pub interspersed: bool,
    /// Answers without an engine (`context`, `version --client`).
    pub local: bool,
    /// Exit status of errors before anything happened: 125 for `run` and `create`.
    pub failure: i32,
    /// What its arguments name, for completion.
    pub completes: Completes,
    pub run: fn(&mut Call) -> Reply,
}

/// What an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completes {
    Nothing,
    Containers,
    Running,
    Stopped,
    Images,
    Networks,
    Volumes,
    Hosts,
}

impl Verb {
    /// The usual verb, to be varied.
    pub const DEFAULT: Self = Self {
        paths: &[],
        usage: "",
        about: "",
        flags: &[],
        args: (0, usize::MAX),
        interspersed: true,
        local: false,
        failure: 1,
        completes: Completes::Nothing,
        run: |_| Reply::out(""),
    };
}

/// One call of a verb.
pub struct Call<'a, 'c> {
    pub d: &'a mut Docker,
    pub host: HostName,
    pub owner: Owner,
    pub flags: Parsed,
    pub files: &'a dyn Files,
    pub cx: &'a mut Cx<'c>,
    /// As the user wrote the command, for its messages.
    pub name: String,
}

impl Call<'_, '_> {
    pub fn args(&self) -> &[String] {
        &self.flags.args
    }
    /// An error of the CLI itself: `docker: … \n\nRun 'docker run --help' for more information`.
    pub fn refuse(&self, message: &str, exit: i32) -> Reply {
        Reply::fail(format!("docker: {message}\n\nRun '{} --help' for more information", self.name), exit)
    }
}

/// A CLI plugin: `docker compose`.
pub struct Plugin {
    pub name: &'static str,
    pub about: &'static str,
    /// Gets the words after the plugin's name.
    pub run: fn(&mut Docker, &HostName, &[String], Owner, &dyn Files, &mut Cx) -> Reply,
    /// The refusal of what cannot be run, whatever the engine's state; None if it can.
    pub misread: fn(&Docker, &[String], &dyn Files) -> Option<Reply>,
    pub complete: fn(&Docker, &[String]) -> Vec<String>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All verbs.
pub const VERBS: &[&[Verb]] = &[
    run::VERBS,
    ps::VERBS,
    ops::VERBS,
    containers::VERBS,
    update::VERBS,
    logs::VERBS,
    exec::VERBS,
    inspect::VERBS,
    images::VERBS,
    network::VERBS,
    volume::VERBS,
    events::VERBS,
    stats::VERBS,
    system::VERBS,
    context::VERBS,
];

/// Real commands without a counterpart here: said honestly instead of "unknown".
const NOT_SIMULATED: &[&str] = &[
    "attach",
    "build",
    "builder",
    "buildx",
    "checkpoint",
    "commit",
    "config",
    "cp",
    "diff",
    "export",
    "history",
    "import",
    "init",
    "load",
    "login",
    "logout",
    "manifest",
    "node",
    "plugin",
    "push",
    "save",
    "scout",
    "search",
    "secret",
    "service",
    "stack",
    "swarm",
    "tag",
    "trust",
];

fn verbs() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().flat_map(|v| v.iter())
}

/// A command line taken apart: which engine it talks to, and what it asks of it.
struct Read<'w> {
    /// Or the answer, if there is no such engine.
    host: Result<HostName, Reply>,
    asked: Asked<'w>,
}

enum Asked<'w> {
    Plugin(&'static Plugin, &'w [String]),
    Verb(&'static Verb, String, Parsed),
}

/// Runs one command line against a host's engine, or the one its own flags name.
pub fn dispatch(d: &mut Docker, usual: &HostName, argv: &[String], owner: Owner, files: &dyn Files, cx: &mut Cx) -> Reply {
    let (host, asked) = match read(d, usual, argv) {
        Ok(Read { host: Ok(host), asked }) => (host, asked),
        Ok(Read { host: Err(reply), .. }) | Err(reply) => return reply,
    };
    let reply = match asked {
        Asked::Plugin(plugin, words) => (plugin.run)(d, &host, words, owner, files, cx),
        Asked::Verb(verb, name, flags) => run_verb(d, verb, &name, flags, &host, owner, files, cx),
    };
    elsewhere(reply, usual, host)
}

/// What is wrong with a command line, told without running it.
pub fn misread(d: &Docker, argv: &[String], files: &dyn Files) -> Option<Misread> {
    let usual = d.context().clone();
    let reply = match read(d, &usual, argv) {
        Ok(Read { asked: Asked::Plugin(plugin, words), .. }) => (plugin.misread)(d, words, files)?,
        Ok(_) => return None,
        Err(reply) => reply,
    };
    let Reply::Done(output) = reply else { return None };
    let only_real = output.stderr.starts_with(ONLY_REAL);
    (output.exit != 0).then_some(Misread { text: output.stderr, only_real })
}

/// How the answer to a command begins that only the real tool can carry out.
pub const ONLY_REAL: &str = "wheelhouse: ";

/// Takes a command line apart.
fn read<'w>(d: &Docker, usual: &HostName, argv: &'w [String]) -> Result<Read<'w>, Reply> {
    let Some((program, mut rest)) = argv.split_first().map(|(p, r)| (p.as_str(), r)) else { return Err(Reply::out("")) };
    if program == "docker-compose" {
        return Err(Reply::fail("docker-compose: command not found (Compose v1 is gone; use: docker compose)", 127));
    }
    if program != "docker" {
        return Err(Reply::fail(format!("{program}: command not found"), 127));
    }
    let mut host = Ok(usual.clone());
    // Flags of `docker` itself.
    while let Some(flag) = rest.first().filter(|w| w.starts_with('-')) {
        let (name, inline) = flag.split_once('=').map_or((flag.as_str(), None), |(n, v)| (n, Some(v.to_string())));
        match name {
            "-v" | "--version" => {
                let version = format!("Docker version {}, build {}\n", system::CLIENT_VERSION, system::CLIENT_COMMIT);
                return Err(Reply::out(version));
            }
            "-h" | "--help" => return Err(help(d)),
            "-D" | "--debug" | "--tls" | "--tlsverify" => rest = &rest[1..],
            "-c" | "--context" | "-l" | "--log-level" | "--config" | "-H" | "--host" => {
                let (v, used) = match inline {
                    Some(v) => (Some(v), 1),
                    None => (rest.get(1).cloned(), 2),
                };
                let Some(v) = v else {
                    return Err(Reply::fail(format!("flag needs an argument: {name}\n\nRun 'docker --help' for more information"), 125));
                };
                if matches!(name, "-c" | "--context") {
                    let found = d.hosts().find(|h| ***h == *v).cloned();
                    host = host.and_then(|_| found.ok_or_else(|| Reply::fail(context::unknown(&v), 1)));
                } else if matches!(name, "-H" | "--host") {
                    let bare = v.split_once("://").map_or(v.as_str(), |(_, h)| h).split([':', '/']).next().unwrap_or_default();
                    let bare = bare.rsplit('@').next().unwrap_or(bare);
                    let found = d.hosts().find(|h| ***h == *bare).cloned();
                    let lost = || Reply::fail(format!("Cannot connect to the Docker daemon at {v}. Is the docker daemon running?"), 1);
                    host = host.and_then(|_| found.ok_or_else(lost));
                }
                rest = rest.get(used..).unwrap_or_default();
            }
            other => {
                let usage = "Usage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information";
                return Err(Reply::fail(format!("unknown flag: {other}\n\n{usage}"), 125));
            }
        }
    }
    let Some(first) = rest.first().filter(|w| *w != "help") else { return Err(help(d)) };
    if let Some(plugin) = d.plugins.iter().copied().find(|p| p.name == first) {
        return Ok(Read { host, asked: Asked::Plugin(plugin, &rest[1..]) });
    }
    let fits = |p: &[&str]| rest.len() >= p.len() && p.iter().zip(rest).all(|(a, b)| a == b);
    let found = verbs().flat_map(|v| v.paths.iter().map(move |p| (v, *p))).filter(|(_, p)| fits(p)).max_by_key(|(_, p)| p.len());
    let Some((verb, path)) = found else { return Err(unknown(rest)) };
    let name = format!("docker {}", path.join(" "));
    let form =
        Form { name: &name, usage: verb.usage, about: verb.about, flags: verb.flags, args: verb.args, interspersed: verb.interspersed };
    let flags = take_apart(&form, &rest[path.len()..])?;
    Ok(Read { host, asked: Asked::Verb(verb, name, flags) })
}

/// What a command line must look like: enough to take it apart and to explain it.
pub struct Form<'a> {
    /// `docker run`, `docker compose up`.
    pub name: &'a str,
    pub usage: &'a str,
    pub about: &'a str,
    pub flags: &'a [Flag],
    /// Fewest and most arguments.
    pub args: (usize, usize),
    pub interspersed: bool,
}

/// Takes a verb's words apart.
///
/// # Errors
/// The answer instead: a refusal in the CLI's words, or the help that was asked for.
pub fn take_apart(form: &Form, words: &[String]) -> Result<Parsed, Reply> {
    let name = form.name;
    let usage = format!("Usage:  {name} {}", form.usage).trim_end().to_string();
    let tail = format!("\n\n{usage}\n\nRun '{name} --help' for more information");
    // cli/cobra.go FlagErrorFunc: exit status 125 for every verb.
    let flags = flags::parse(form.flags, words, form.interspersed).map_err(|why| Reply::fail(format!("{why}{tail}"), 125))?;
    if flags.help {
        return Err(Reply::out(verb_help(form, &usage)));
    }
    let (min, max) = form.args;
    let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
    let n = flags.args.len();
    // cli/required.go
    let wrong = match () {
        () if min == max && n != min && max == 0 => Some("accepts no arguments".to_string()),
        () if min == max && n != min => Some(format!("requires {min} {}", plural(min))),
        () if n < min => Some(format!("requires at least {min} {}", plural(min))),
        () if n > max => Some(format!("requires at most {max} {}", plural(max))),
        () => None,
    };
    match wrong {
        Some(wrong) => Err(Reply::fail(format!("docker: '{name}' {wrong}{tail}"), 1)),
        None => Ok(flags),
    }
}

/// Words on stderr for flags that are read but have no effect here; remembered for the report.
pub fn ignored_flags(d: &mut Docker, name: &str, flags: &Parsed) -> String {
    for f in &flags.ignored {
        d.notes.insert(format!("{name} --{f} is accepted but not simulated").into());
    }
    flags.ignored.iter().map(|f| format!("wheelhouse: --{f} is accepted but not simulated\n")).collect()
}

/// Runs a verb.
#[expect(clippy::too_many_arguments, reason = "the parts of one call, put together here and nowhere else")]
fn run_verb(
    d: &mut Docker,
    verb: &Verb,
    name: &str,
    flags: Parsed,
    host: &HostName,
    owner: Owner,
    files: &dyn Files,
    cx: &mut Cx,
) -> Reply {
    if !verb.local
        && let Some(why) = d.unreachable(host)
    {
        return if verb.failure == 125 {
            Reply::fail(format!("docker: {why}\n\nRun '{name} --help' for more information"), 125)
        } else {
            Reply::fail(why, 1)
        };
    }
    let notes = ignored_flags(d, name, &flags);
    let reply = (verb.run)(&mut Call { d, host: host.clone(), owner, flags, files, cx, name: name.to_string() });
    noted(reply, notes)
}

/// The same answer with words on stderr in front.
pub fn noted(reply: Reply, notes: String) -> Reply {
    if notes.is_empty() {
        return reply;
    }
    match reply {
        Reply::Done(mut output) => {
            output.stderr.insert_str(0, &notes);
            Reply::Done(output)
        }
        Reply::Script(inner) => Reply::Script(Box::new(Wrapped { notes, host: None, inner })),
    }
}

/// A script that goes on works on the engine its command named, not on the one the session usually talks to.
fn elsewhere(reply: Reply, usual: &HostName, host: HostName) -> Reply {
    match reply {
        Reply::Script(inner) if host != *usual => Reply::Script(Box::new(Wrapped { notes: String::new(), host: Some(host), inner })),
        other => other,
    }
}

/// A script with something said before it, or on another engine.
#[derive(Clone, Debug)]
struct Wrapped {
    notes: String,
    host: Option<HostName>,
    inner: Box<dyn Script>,
}

impl Script for Wrapped {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        io.err.push_str(&std::mem::take(&mut self.notes));
        if let Some(host) = &self.host {
            io.host = host.clone();
        }
        self.inner.advance(d, io, cx)
    }
    fn interrupt(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        self.inner.interrupt(d, io, cx)
    }
    fn watches(&self) -> bool {
        self.inner.watches()
    }
    fn engine_lost(&mut self, why: &str, io: &mut Io) -> i32 {
        self.inner.engine_lost(why, io)
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}

fn unknown(rest: &[String]) -> Reply {
    let first = rest.first().map_or("", String::as_str);
    let group = matches!(first, "container" | "image" | "system" | "volume" | "network");
    let second = rest.get(1).map(String::as_str).filter(|w| group && NOT_SIMULATED.contains(w));
    if second.is_some() || NOT_SIMULATED.contains(&first) {
        let name = second.map_or_else(|| first.to_string(), |s| format!("{first} {s}"));
        return Reply::fail(format!("{ONLY_REAL}`docker {name}` is a real command that is not simulated"), 1);
    }
    let groups: Vec<&str> = verbs().flat_map(|v| v.paths).filter(|p| p.len() > 1).map(|p| p[0]).collect();
    if groups.contains(&first) {
        let subs: std::collections::BTreeSet<(&str, &str)> = verbs()
            .flat_map(|v| v.paths.iter().map(move |p| (*p, v.about)))
            .filter(|(p, _)| p.len() == 2 && p[0] == first)
            .map(|(p, a)| (p[1], a))
            .collect();
        return match rest.get(1).filter(|w| !w.starts_with('-')) {
            Some(second) => Reply::fail(
                format!(
                    "docker: unknown command: docker {first} {second}\n\nUsage:  docker {first} COMMAND\n\nRun 'docker {first} --help' for more information"
                ),
                1,
            ),
            None => {
                let lines: String = subs.iter().map(|(name, about)| format!("  {name:<11} {about}\n")).collect();
                Reply::out(format!(
                    "Usage:  docker {first} COMMAND\n\nCommands:\n{lines}\nRun 'docker {first} COMMAND --help' for more information on a command.\n"
                ))
            }
        };
    }
    Reply::fail(format!("docker: unknown command: docker {first}\n\nRun 'docker --help' for more information"), 1)
}

fn help(d: &Docker) -> Reply {
    let mut out = String::from("Usage:  docker [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n\nCommands:\n");
    for verb in verbs() {
        let shortest = verb.paths.iter().min_by_key(|p| p.len()).copied().unwrap_or_default();
        out.push_str(&format!("  {:<16} {}\n", shortest.join(" "), verb.about));
    }
    for p in d.plugins.iter() {
        out.push_str(&format!("  {:<16} {}\n", format!("{}*", p.name), p.about));
    }
    out.push_str("\nRun 'docker COMMAND --help' for more information on a command.\n");
    Reply::out(out)
}

fn verb_help(form: &Form, usage: &str) -> String {
    let mut out = format!("{usage}\n\n{}\n", form.about);
    if !form.flags.is_empty() {
        out.push_str("\nOptions:\n");
        for f in form.flags {
            let short = f.short.map_or("    ".to_string(), |c| format!("-{c}, "));
            let kind = match f.kind {
                flags::Kind::Bool => "",
                flags::Kind::Value => " string",
                flags::Kind::List => " list",
            };
            let note = if f.simulated { "" } else { " (not simulated)" };
            out.push_str(&format!("  {short}--{:<28} {}{note}\n", format!("{}{kind}", f.long), f.about));
        }
    }
    out
}

/// What the next word could be.
pub fn complete(d: &Docker, argv: &[String]) -> Vec<String> {
    let Some((last, before)) = argv.split_last() else { return vec!["docker".into()] };
    if before.is_empty() {
        return if "docker".starts_with(last.as_str()) { vec!["docker".into()] } else { Vec::new() };
    }
    if let Some(plugin) = before.get(1).and_then(|w| d.plugins.iter().find(|p| p.name == w.as_str())) {
        return (plugin.complete)(d, &argv[2..]);
    }
    let typed: Vec<&str> = before[1..].iter().map(String::as_str).collect();
    let mut out: Vec<String> = Vec::new();
    let verb = verbs()
        .flat_map(|v| v.paths.iter().map(move |p| (v, *p)))
        .filter(|(_, p)| typed.len() >= p.len() && p.iter().zip(&typed).all(|(a, b)| a == b))
        .max_by_key(|(_, p)| p.len());
    match verb {
        Some((v, _)) if last.starts_with('-') => out.extend(v.flags.iter().map(|f| format!("--{}", f.long))),
        Some((v, _)) => {
            let host = d.context().clone();
            let containers = |keep: fn(&super::Container) -> bool| {
                d.containers_on(&host).filter(|c| keep(c)).map(|c| c.name.to_string()).collect::<Vec<_>>()
            };
            out = match v.completes {
                Completes::Nothing => Vec::new(),
                Completes::Containers => containers(|_| true),
                Completes::Running => containers(|c| c.state.running),
                Completes::Stopped => containers(|c| !c.state.running),
                Completes::Images => d.images(&host).iter().map(|i| super::images::familiar(&i.reference)).collect(),
                Completes::Networks => d.engine(&host).networks.keys().map(ToString::to_string).collect(),
                Completes::Volumes => d.engine(&host).volumes.keys().map(ToString::to_string).collect(),
                Completes::Hosts => d.hosts().map(ToString::to_string).collect(),
            };
        }
        None => {
            let next = |p: &&[&str]| p.len() > typed.len() && p.iter().zip(&typed).all(|(a, b)| a == b);
            out.extend(verbs().flat_map(|v| v.paths).filter(|p| next(p)).map(|p| p[typed.len()].to_string()));
            if typed.is_empty() {
                out.extend(d.plugins.iter().map(|p| p.name.to_string()));
            }
        }
    }
    out.retain(|w| w.starts_with(last.as_str()));
    out.sort();
    out.dedup();
    out
}

/// Prints rows through `--format`: `table …`, `json`, or a template; None = the verb's own table.
///
/// # Errors
/// The CLI's sentence for a bad template.
pub fn format_rows(format: &str, headers: &[(&str, &str)], rows: &[serde_json::Value]) -> Result<String, String> {
    if format == "json" || format == "{{json .}}" {
        return Ok(rows.iter().map(|r| format!("{r}\n")).collect());
    }
    let (template, as_table) = match format.strip_prefix("table") {
        Some(rest) => (rest.trim_start(), true),
        None => (format, false),
    };
    let template = template.replace("\\t", "\t").replace("\\n", "\n");
    let parsed = super::template::Template::parse(&template).map_err(|e| format!("template parsing error: template: {e}"))?;
    let fill = |row: &serde_json::Value| {
        parsed.render(row).map_err(|e| {
            let field = e.rsplit("key ").next().unwrap_or_default().trim_matches('"').to_string();
            if e.contains("no entry for key") {
                format!("template: :1:2: executing \"\" at <.{field}>: can't evaluate field {field}")
            } else {
                format!("template: :1: {e}")
            }
        })
    };
    let mut lines = Vec::new();
    for row in rows {
        lines.push(fill(row)?);
    }
    if !as_table {
        return Ok(lines.iter().map(|l| format!("{l}\n")).collect());
    }
    let header_row: serde_json::Value =
        headers.iter().map(|(k, v)| ((*k).to_string(), serde_json::Value::from(*v))).collect::<serde_json::Map<_, _>>().into();
    let header = fill(&header_row)?;
    let cells = |line: &str| line.split('\t').map(String::from).collect::<Vec<_>>();
    let header = cells(&header);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> = lines.iter().map(|l| cells(l)).collect();
    Ok(super::text::table(&header, &rows))
}

/// `key=value` pairs of `--filter`.
///
/// # Errors
/// The CLI's sentence.
pub fn filters(flags: &Parsed) -> Result<Vec<(String, String)>, String> {
    let one = |f: &String| match f.split_once('=') {
        Some((k, v)) => Ok((k.trim().to_lowercase(), v.trim().to_string())),
        None => Err(format!("invalid argument \"{f}\" for \"-f, --filter\" flag: invalid filter '{f}'")),
    };
    flags.all("filter").iter().map(one).collect()
}

/// `k=v` labels.
pub fn labels(list: &[String]) -> super::container::Labels {
    std::sync::Arc::new(
        list.iter().map(|l| l.split_once('=').map_or((l.as_str().into(), "".into()), |(k, v)| (k.into(), v.into()))).collect(),
    )
}

/// Text and exit status of several results: successes on stdout, errors on stderr.
pub fn gather(results: impl IntoIterator<Item = Result<String, String>>) -> Reply {
    let mut output = Output::default();
    for r in results {
        match r {
            Ok(line) => output.stdout.push_str(&line),
            Err(line) => {
                output.stderr.push_str(&line);
                output.exit = 1;
            }
        }
    }
    Reply::Done(output)
}
