//! Docker Compose: files into projects, and the two-phase `up`. Stands on the public functions of `worlds/docker` as the real plugin stands
//! on the engine's API; the engine knows nothing of it. May use kernel, model, document, machine and `worlds/docker`.
//!
//! `file`, `service`, `keys` decode; `interpolate`, `merge`, `load` lead there from texts; `up`, `fleet`, `logs` act; `verbs` is the table.
//! Sources: docker/compose pkg/compose, compose-spec/compose-go; behaviour as in the project's reference, section 7.

pub mod file;
pub mod fleet;
pub mod interpolate;
pub mod keys;
mod listing;
pub mod load;
pub mod logs;
pub mod merge;
pub mod names;
pub mod service;
mod steps;
#[cfg(test)]
mod tests;
pub mod up;
pub mod verbs;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::Cx;
use crate::machine::HostName;
use crate::model::ImageSpec;
use crate::worlds::Files;
use crate::worlds::docker::console::flags::Flag;
use crate::worlds::docker::console::flags::{list, switch, unsimulated, value};
use crate::worlds::docker::console::{Call, Form, ONLY_REAL, Plugin, flags, ignored_flags, noted, take_apart};
use crate::worlds::docker::{Docker, DockerError, DockerSetup, Owner, Reply};

pub use load::{Beside, check, check_node};

use load::Global;
use verbs::VERBS;

/// `docker compose`
pub static PLUGIN: Plugin = Plugin { name: "compose", about: "Docker Compose", run, misread, complete };

/// A Docker world that knows `docker compose`.
///
/// # Errors
/// As [`Docker::new`]; and a Compose file of the setup that cannot be loaded.
pub fn world(mut setup: DockerSetup, images: Vec<ImageSpec>, seed: u64, files: &dyn Files) -> Result<Docker, DockerError> {
    for c in &mut setup.compose {
        let global = Global { profiles: vec!["*".into()], ..Global::default() };
        let remembered = Remembered { files, texts: RefCell::default() };
        let beside = Beside { folder: &c.folder, files: &remembered };
        let text = (c.source.clone(), c.text.to_string());
        load::load_texts(&[text], beside, &global, &[], crate::kernel::SimTime::ZERO).map_err(DockerError::Compose)?;
        c.beside = remembered.texts.into_inner();
    }
    Ok(Docker::new(setup, images, seed)?.with_plugin(&PLUGIN))
}

/// Files, and which of them were read: the start of the run reads them again, when only the setup is at hand.
struct Remembered<'f> {
    files: &'f dyn Files,
    texts: RefCell<BTreeMap<Arc<str>, Arc<str>>>,
}

impl Files for Remembered<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.files.read(path)?;
        self.texts.borrow_mut().insert(path.into(), text.as_str().into());
        Ok(text)
    }
}

/// Flags between `compose` and the verb.
const GLOBAL: &[Flag] = &[
    list("file", Some('f'), "Compose configuration files"),
    value("project-name", Some('p'), "Project name"),
    list("profile", None, "Specify a profile to enable"),
    value("env-file", None, "Specify an alternate environment file"),
    switch("all-resources", None, "Include all resources, even those not used by services"),
    unsimulated(value("project-directory", None, "Specify an alternate working directory")),
    value("ansi", None, "Control when to print ANSI control characters"),
    value("progress", None, "Set type of progress output"),
    unsimulated(switch("compatibility", None, "Run compose in backward compatibility mode")),
    unsimulated(switch("dry-run", None, "Execute command in dry run mode")),
    unsimulated(value("parallel", None, "Control max parallelism, -1 for unlimited")),
    switch("version", Some('v'), "Show the Docker Compose version information"),
];

/// Real verbs without a counterpart here.
const NOT_SIMULATED: &[&str] = &[
    "attach", "bridge", "build", "commit", "convert", "cp", "events", "export", "publish", "push", "run", "stats", "top", "volumes",
    "wait", "watch",
];

/// Takes the words after `docker compose` apart: its own flags, the verb, the verb's flags.
///
/// # Errors
/// The answer instead: a refusal, or the help that was asked for.
fn read(words: &[String]) -> Result<(flags::Parsed, &'static verbs::ComposeVerb, flags::Parsed), Reply> {
    let refuse = |why: String, exit| {
        Reply::fail(format!("{why}\n\nUsage:  docker compose [OPTIONS] COMMAND\n\nRun 'docker compose --help' for more information"), exit)
    };
    let globals = flags::parse(GLOBAL, words, false).map_err(|why| refuse(why, 125))?;
    if globals.on("version") {
        return Err(Reply::out("Docker Compose version v2.36.2\n"));
    }
    let Some((name, rest)) = globals.args.split_first().filter(|(n, _)| !globals.help && *n != "help") else {
        let lines: String = VERBS.iter().map(|v| format!("  {:<11} {}\n", v.name, v.about)).collect();
        return Err(Reply::out(format!(
            "Usage:  docker compose [OPTIONS] COMMAND\n\nDefine and run multi-container applications with Docker\n\nCommands:\n{lines}\nRun 'docker compose COMMAND --help' for more information on a command.\n"
        )));
    };
    let Some(verb) = VERBS.iter().find(|v| v.name == name) else {
        return Err(if NOT_SIMULATED.contains(&name.as_str()) {
            Reply::fail(format!("{ONLY_REAL}`docker compose {name}` is a real command that is not simulated"), 1)
        } else {
            refuse(format!("unknown docker command: \"compose {name}\""), 1)
        });
    };
    let title = format!("docker compose {name}");
    let form =
        Form { name: &title, usage: verb.usage, about: verb.about, flags: verb.flags, args: verb.args, interspersed: verb.interspersed };
    let parsed = take_apart(&form, rest)?;
    Ok((globals, verb, parsed))
}

/// The refusal of what cannot be run, whatever the engine's state.
fn misread(d: &Docker, words: &[String], files: &dyn Files) -> Option<Reply> {
    match read(words) {
        Ok((globals, ..)) => globals.all("file").iter().find_map(|f| load::file(d, f, files).err()).map(|why| Reply::fail(why, 1)),
        Err(reply) => Some(reply),
    }
}

fn run(d: &mut Docker, host: &HostName, words: &[String], owner: Owner, files: &dyn Files, cx: &mut Cx) -> Reply {
    let (globals, verb, parsed) = match read(words) {
        Ok(read) => read,
        Err(reply) => return reply,
    };
    let title = format!("docker compose {}", verb.name);
    if !matches!(verb.name, "version" | "config")
        && let Some(why) = d.unreachable(host)
    {
        return Reply::fail(why, 1);
    }
    let notes = ignored_flags(d, "docker compose", &globals) + &ignored_flags(d, &title, &parsed);
    let global = Global {
        files: globals.all("file").to_vec(),
        name: globals.get("project-name").map(String::from),
        profiles: globals.all("profile").to_vec(),
        env_file: globals.get("env-file").map(String::from),
    };
    let reply = (verb.run)(&mut Call { d, host: host.clone(), owner, flags: parsed, files, cx, name: title.clone() }, &global);
    noted(reply, notes)
}

/// What the next word could be: a verb, a flag, or a service that has containers here.
fn complete(d: &Docker, words: &[String]) -> Vec<String> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let verb = before.iter().find_map(|w| VERBS.iter().find(|v| v.name == w.as_str()));
    let mut out: Vec<String> = match verb {
        Some(v) if last.starts_with('-') => v.flags.iter().map(|f| format!("--{}", f.long)).collect(),
        Some(_) => {
            let labelled = d.containers_on(d.context()).filter(|c| c.config.label(names::PROJECT).is_some());
            labelled.map(|c| c.app().to_string()).collect()
        }
        None if last.starts_with('-') => GLOBAL.iter().map(|f| format!("--{}", f.long)).collect(),
        None => VERBS.iter().map(|v| v.name.to_string()).collect(),
    };
    out.retain(|w| w.starts_with(last.as_str()));
    out.sort();
    out.dedup();
    out
}
