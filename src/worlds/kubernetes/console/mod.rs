//! kubectl: one file per verb, a registry table, printers that use `kinds/`.
//!
//! May use the world it belongs to, `document` for manifests and YAML; prints nothing itself: every verb returns its output.
//! `table` knows the verbs, `args` the flags, `shell` is what verbs work with, `resource`, `labels` and `fields` find objects, `print` and
//! `describe` show them, `running` are commands that go on (`rollout status`, `drain`, `-w`).

mod args;
mod complete;
mod describe;
mod endpoints;
mod fields;
mod labels;
mod print;
mod resource;
mod running;
mod shell;
mod table;
mod verbs;

use crate::kernel::Cx;
use crate::worlds::{Files, Misread, Output};

use super::api::meta::{Key, Name};
use super::api::store::WatchEvent;
use super::kinds::Kind;
use super::{Ctl, Kubernetes};

pub use running::Event;

/// What kubectl remembers between commands: the context's namespace, and the command that goes on.
#[derive(Clone, Debug)]
pub struct State {
    /// The namespace of the current context.
    pub namespace: Name,
    running: Option<running::Running>,
    /// Numbers the commands that go on, so that a timer finds only its own.
    serial: u64,
}

impl Default for State {
    fn default() -> Self {
        Self { namespace: "default".into(), running: None, serial: 0 }
    }
}

impl State {
    /// A watch event; a command that goes on may have something to say about it.
    pub(crate) fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        if let Some(running) = &mut self.running {
            running.observe(event, ctl);
        }
    }
    /// The timer that came due belongs to the command that goes on: out with it, for a look at the whole world.
    pub(crate) fn due(&mut self, event: &Event) -> Option<Due> {
        self.running.take_if(|r| r.serial() == event.serial).map(Due)
    }
    pub(crate) fn put_back(&mut self, due: Due) {
        self.running = Some(due.0);
    }
    pub(crate) fn handle(&mut self, event: Event, ctl: &mut Ctl) {
        if let Some(running) = self.running.as_mut().filter(|r| r.serial() == event.serial) {
            running.tick(ctl);
        }
    }
}

/// A command taken out of the console while it looks around.
pub(crate) struct Due(running::Running);

impl Due {
    pub(crate) fn look(&mut self, world: &Kubernetes) {
        self.0.look(world);
    }
}

/// Runs one command line; `argv[0]` is `kubectl`, the only program at this console.
pub fn run(world: &mut Kubernetes, argv: &[String], files: &dyn Files, cx: &mut Cx) -> Output {
    world.console.running = None;
    let Some((program, words)) = argv.split_first() else { return Output::default() };
    if program != "kubectl" {
        return Output { stderr: format!("{program}: command not found\n"), exit: 127, ..Output::default() };
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = match entry(world, &words, files, cx) {
        Ok(out) => out,
        Err(f) => Output { stderr: format!("{}\n", f.text), exit: f.exit, ..Output::default() },
    };
    world.publish(cx);
    output
}

/// What a command line asks for.
enum Asked {
    Text(String),
    Verb(&'static table::Verb, args::Args),
}

/// Takes a command line apart; `words` come after the program.
fn read(words: &[&str]) -> Result<Asked, shell::Failure> {
    // Global flags may stand before the verb.
    let (before, verb_words) = leading_flags(words);
    let only_words: Vec<&str> = verb_words.iter().take_while(|w| !w.starts_with('-')).copied().collect();
    if only_words.is_empty() || only_words[0] == "help" || matches!(words, ["-h" | "--help"]) {
        return Ok(Asked::Text(complete::overview()));
    }
    let Some((verb, taken)) = table::lookup(&only_words) else {
        return Err(complete::unknown(&only_words, before.first().copied()));
    };
    let mut typed: Vec<String> = before.iter().map(|w| (*w).to_string()).collect();
    typed.extend(verb_words[taken..].iter().map(|w| (*w).to_string()));
    let flags: Vec<args::Flag> = verb.flags.iter().flat_map(|g| g.iter().copied()).collect();
    let args = args::parse(&typed, &flags, verb.ints, &format!("kubectl {}", verb.name))?;
    Ok(if args.on("help") { Asked::Text(complete::help(verb, &flags)) } else { Asked::Verb(verb, args) })
}

/// What is wrong with a command line, told without running it.
pub fn misread(argv: &[String], files: &dyn Files) -> Option<Misread> {
    let (program, words) = argv.split_first()?;
    if program != "kubectl" {
        return Some(Misread::new(format!("{program}: command not found")));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match read(&words) {
        Err(f) => Some(Misread::new(f.text)),
        Ok(Asked::Text(_)) => None,
        Ok(Asked::Verb(_, args)) => match resource::files(files, &args) {
            Err(f) => Some(Misread::new(f.text)),
            Ok(names) => names.iter().find_map(|f| files.read(f).err()).map(Misread::new),
        },
    }
}

fn entry(world: &mut Kubernetes, words: &[&str], files: &dyn Files, cx: &mut Cx) -> Result<Output, shell::Failure> {
    let (verb, args) = match read(words)? {
        Asked::Text(stdout) => return Ok(Output { stdout, ..Output::default() }),
        Asked::Verb(verb, args) => (verb, args),
    };
    if let Some(context) = args.get("context").filter(|c| *c != verbs::config::CONTEXT) {
        return Err(shell::Failure::error(format_args!("context \"{context}\" does not exist")));
    }
    let namespace: Name = args.get("namespace").map_or_else(|| world.console.namespace.clone(), Name::from);
    let mut sh = shell::Shell { world, files, cx, namespace, out: String::new(), err: String::new(), exit: 0 };
    let result = (verb.run)(&mut sh, &args);
    let running = sh.world.console.running.is_some();
    Ok(sh.finish(result, running))
}

/// Flags that stand before the verb, with their values, and the rest.
fn leading_flags<'w>(words: &[&'w str]) -> (Vec<&'w str>, Vec<&'w str>) {
    let mut i = 0;
    while i < words.len() && words[i].starts_with('-') {
        let w = words[i];
        let takes = args::GLOBAL.iter().any(|f| {
            let names =
                w.strip_prefix("--") == Some(f.long) || f.short.is_some_and(|s| w.strip_prefix('-').is_some_and(|r| r == s.to_string()));
            names && f.takes_value()
        });
        i += if takes { 2 } else { 1 };
    }
    let i = i.min(words.len());
    (words[..i].to_vec(), words[i..].to_vec())
}

/// Output of the command that goes on, since the last call; `running` false ends it.
pub fn poll(world: &mut Kubernetes, cx: &mut Cx) -> Output {
    let _ = cx;
    let Some(running) = &mut world.console.running else { return Output::default() };
    let output = running.drain();
    if !output.running {
        world.console.running = None;
    }
    output
}

/// Ctrl-c.
pub fn interrupt(world: &mut Kubernetes) {
    world.console.running = None;
}

/// What the next word could be.
pub fn complete(world: &Kubernetes, argv: &[String]) -> Vec<String> {
    complete::complete(world, argv)
}

/// What `kubectl describe` says of one object; None if it does not exist.
pub fn describe_text(world: &Kubernetes, kind: Kind, key: &Key, now: crate::kernel::SimTime) -> Option<String> {
    let object = world.api.store.get(kind, key)?;
    Some(describe::describe(&describe::Scene::new(&world.api, now), object))
}

/// What `kubectl get -o yaml` says of one object; None if it does not exist.
pub fn yaml_text(world: &Kubernetes, kind: Kind, key: &Key) -> Option<String> {
    let object = world.api.store.get(kind, key)?;
    Some(crate::document::to_yaml(&super::kinds::to_json_at(object, world.api.epoch)))
}
