//! Floor 4: the platforms. One folder each, behind the small trait [`World`]; a world never knows that another exists.

pub mod compose;
pub mod docker;
pub mod kubernetes;
pub mod view;

use std::sync::Arc;

use serde_json::Value;

use crate::kernel::{Cx, ObjectRef, SimTime};
use crate::model::{Fault, Ledger};

/// A batch of requests that clients send at one moment.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The stream's name.
    pub stream: Arc<str>,
    /// What they call, as in the scenario (`shop`, `shop:8080`, `fraud/fraud-detection`).
    pub to: Arc<str>,
    pub count: u32,
    pub timeout: crate::kernel::SimDuration,
    pub keep_alive: bool,
}

/// What a console command printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub exit: i32,
    /// The command goes on (`rollout status`, `logs -f`, `docker run` in the foreground): more output comes through `World::console_poll`.
    pub running: bool,
}

/// Why a command line cannot do what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    pub text: String,
    /// The real tool knows the command; here it does nothing.
    pub only_real: bool,
}

impl Misread {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), only_real: false }
    }
}

/// A platform: it deploys, handles its own events, suffers faults, routes requests, answers commands and shows itself.
///
/// Its whole state is one cheaply cloned value; that is why stepping back works. No clock, no threads, no printing, no files.
pub trait World: Send + Sync {
    /// `docker`, `kubernetes`: the word in scenario files, on the command line and in the journal.
    fn name(&self) -> &'static str;
    fn clone_box(&self) -> Box<dyn World>;

    /// Brings the scenario's app up; called once, at time zero.
    fn deploy(&mut self, cx: &mut Cx);
    /// When its next own event is due.
    fn next_at(&self) -> Option<SimTime>;
    /// Handles exactly one own event (the one due at `next_at`). `cx.now` is that moment.
    fn step(&mut self, cx: &mut Cx);
    /// True if nothing is left to do but periodic work: every declared copy runs and no controller has queued work.
    fn settled(&self) -> bool;

    /// Suffers a fault; `cx.cause` is the fault's record. The end of its duration arrives as [`World::heal`].
    ///
    /// # Errors
    /// A sentence, if the target does not exist here or the fault means nothing in this world.
    fn inject(&mut self, fault: &Fault, cx: &mut Cx) -> Result<(), String>;
    /// The fault's duration is over: power returns, the cut is mended, the registry answers again.
    fn heal(&mut self, fault: &Fault, cx: &mut Cx);
    /// Names a fault could hit, by the `on` word of [`crate::model::fault::FaultInfo`] (`host`, `copies`, `component`, `image`).
    fn fault_targets(&self, on: &str) -> Vec<Arc<str>>;

    /// Sends requests to the app now. Outcomes go to the ledger, now or later.
    fn route(&mut self, arrival: &Arrival, cx: &mut Cx);
    /// Settles requests whose outcome is known by `now`. Called before the ledger is read and at each traffic tick.
    fn settle_requests(&mut self, now: SimTime);
    fn ledger(&self) -> &Ledger;

    /// Runs one command line (`kubectl …`, `docker …`) as a person at this world's console; `files` resolves `-f FILE`.
    /// The caller has journaled the command; `cx.cause` is that record.
    fn console(&mut self, argv: &[String], files: &dyn Files, cx: &mut Cx) -> Output;
    /// What is wrong with a command line, as far as it can be told without running it: its program, its verb, its flags, the files it
    /// names. `runbook`: it is a step of the operator's runbook, who has more at hand than a console. None: it can be run.
    fn misread(&self, argv: &[String], runbook: bool, files: &dyn Files) -> Option<Misread>;
    /// Output that a running command has produced since the last call; `running` false ends it.
    fn console_poll(&mut self, cx: &mut Cx) -> Output;
    /// Stops a running command (ctrl-c).
    fn console_interrupt(&mut self);
    /// What the next word of a half-typed command could be.
    fn complete(&self, argv: &[String]) -> Vec<String>;

    /// The picture of this moment for the lab screen.
    fn view(&self, now: SimTime) -> view::WorldView;
    /// The same, if only the machines in this range (in the order of the picture) are in sight: the others may be told by name and number
    /// of copies alone.
    fn view_near(&self, now: SimTime, _near: &std::ops::Range<usize>) -> view::WorldView {
        self.view(now)
    }
    /// Everything about one object: the inspect panel.
    fn inspect(&self, object: &ObjectRef, now: SimTime) -> Option<view::Inspection>;
    /// Copies that wait in a scheduler's queue, in the order in which they would be tried.
    fn waiting(&self) -> Vec<view::Waiting> {
        Vec::new()
    }
    /// What a scheduler would decide about a copy at this moment, with every number; None where nothing of the sort decides.
    fn weigh(&self, _object: &ObjectRef, _now: SimTime) -> Option<view::Weighing> {
        None
    }
    /// A fact for expressions: `ready('deployment/shop')`, `uid(…)`, `exists(…)`, `replicas(…)`, `restarts(…)`, or a collection by
    /// name (`pods`, `nodes`, `containers`, `hosts`) as a list of flat objects.
    ///
    /// # Errors
    /// A sentence naming what exists instead.
    fn fact(&self, name: &str, args: &[Value], now: SimTime) -> Result<Value, String>;
    /// Copies declared and copies that can serve right now, over the whole app: what "recovered" is judged by.
    fn copies(&self) -> Copies;
    /// Machines that are switched on and paid for.
    fn machines(&self) -> usize;
    /// Commands people typed or the operator model carried out so far.
    fn manual_actions(&self) -> u64;
    /// Things this world accepted but does not simulate, and defaults it assumed; said once, in reports.
    fn notes(&self) -> Vec<String>;
}

/// Declared against serving copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    pub declared: u32,
    pub serving: u32,
}

impl Clone for Box<dyn World> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// Where `-f FILE` of a console command is read from: the scenario's folder or what is embedded, never the machine's disk at large.
pub trait Files {
    /// The text of a file named relative to the scenario.
    ///
    /// # Errors
    /// A sentence, for example that the path leaves the scenario's folder.
    fn read(&self, path: &str) -> Result<String, String>;
    /// The YAML and JSON files of a folder, `deep` with those of the folders in it, in the order of their names; None if it is no folder.
    ///
    /// # Errors
    /// As [`Files::read`].
    fn list(&self, _path: &str, _deep: bool) -> Result<Option<Vec<String>>, String> {
        Ok(None)
    }
}

/// No files at all.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("the path \"{path}\" does not exist"))
    }
}

/// Splits a command line as a shell does. There is no shell behind it: what only a shell could do is refused, not handed on as a word.
///
/// # Errors
/// A sentence: a quote that is not closed, a pipe.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    if let Some(operator) = shell_operator(line) {
        return Err(format!(
            "there is no shell here, so `{operator}` does nothing: give one command at a time, and quote what is meant as it stands"
        ));
    }
    shell_words::split(line).map_err(|_| "a quote is not closed".into())
}

/// The first thing outside quotes that a shell would act on: pipes, lists of commands, redirections, substitutions.
fn shell_operator(line: &str) -> Option<&'static str> {
    const OPERATORS: &[&str] = &["||", "|", "&&", "&", ";", ">>", ">", "<<", "<"];
    // Double quotes do not keep a shell from substituting.
    const SUBSTITUTIONS: &[&str] = &["$(", "`"];
    let mut quote = None;
    let mut chars = line.char_indices();
    while let Some((i, c)) = chars.next() {
        let starts = |of: &[&'static str]| of.iter().find(|o| line[i..].starts_with(**o)).copied();
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), _) if q == c => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                chars.next();
            }
            (Some(_), _) => {
                if let Some(found) = starts(SUBSTITUTIONS) {
                    return Some(found);
                }
            }
            (None, _) => {
                if let Some(found) = starts(OPERATORS).or_else(|| starts(SUBSTITUTIONS)) {
                    return Some(found);
                }
            }
        }
    }
    None
}

/// Verbs that only look; everything else that a person types is a manual action.
const LOOKS: &[&str] = &[
    "api-resources",
    "api-versions",
    "auth",
    "cluster-info",
    "config",
    "context",
    "describe",
    "df",
    "diff",
    "events",
    "explain",
    "get",
    "help",
    "history",
    "images",
    "info",
    "inspect",
    "logs",
    "ls",
    "port",
    "ps",
    "stats",
    "status",
    "top",
    "version",
    "wait",
];

/// What a command adds to the manual actions: nothing if it only looks, or if it was refused and left no trace in the journal.
pub fn manual_action(argv: &[String], output: &Output, wrote: bool) -> u64 {
    u64::from(!only_looks(argv) && (output.exit == 0 || output.running || wrote))
}

/// Options that take the next word as their value where they stand before a verb.
const VALUED: &[&str] = &[
    "-H",
    "-c",
    "-f",
    "-l",
    "-n",
    "-p",
    "-s",
    "--ansi",
    "--as",
    "--cluster",
    "--config",
    "--context",
    "--env-file",
    "--file",
    "--host",
    "--kubeconfig",
    "--log-level",
    "--namespace",
    "--parallel",
    "--profile",
    "--progress",
    "--project-directory",
    "--project-name",
    "--request-timeout",
    "--server",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--token",
    "--user",
];
/// Words behind which the verb follows.
const GROUPS: &[&str] = &["builder", "cluster-info", "compose", "container", "image", "network", "rollout", "system", "volume"];

/// True for a command line that changes nothing: `kubectl get pods`, `docker compose ps`, `kubectl -n shop rollout status …`.
pub fn only_looks(argv: &[String]) -> bool {
    let rehearses = |a: &String| a.starts_with("--dry-run") && a != "--dry-run=none";
    if argv.first().is_some_and(|p| p == "kubectl") && argv.iter().take_while(|a| *a != "--").any(rehearses) {
        return true;
    }
    let mut words = argv.iter().skip(1).map(String::as_str);
    let mut verb = || {
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                return Some(word);
            }
            if VALUED.contains(&word) {
                words.next();
            }
        }
        None
    };
    match verb() {
        None => true,
        Some(group) if GROUPS.contains(&group) => verb().is_none_or(|v| LOOKS.contains(&v)),
        Some(word) => LOOKS.contains(&word),
    }
}

#[cfg(test)]
mod tests {
    use super::{only_looks, words};

    #[test]
    fn what_only_a_shell_could_do_is_refused() {
        for (line, operator) in [
            ("kubectl get pods | grep web", "|"),
            ("docker ps && docker images", "&&"),
            ("docker ps; docker images", ";"),
            ("kubectl get pods -o yaml > pods.yaml", ">"),
            ("kubectl apply -f - <<EOF", "<<"),
            ("docker rm -f $(docker ps -aq)", "$("),
            ("docker rm -f \"`docker ps -aq`\"", "`"),
        ] {
            let why = words(line).unwrap_err();
            assert!(why.contains(&format!("`{operator}`")), "{line}: {why}");
        }
        for line in [
            "docker exec web sh -c 'echo a | wc; ls > /tmp/x && $(id)'",
            "kubectl get pods -l \"n>5\"",
            "kubectl get pods -l n\\>5",
            "docker run -e A=$HOME web",
            "kubectl get pods -o jsonpath='{.items[?(@.a==\"b;c\")]}'",
        ] {
            assert!(words(line).is_ok(), "{line}");
        }
        assert_eq!(words("docker ps '").unwrap_err(), "a quote is not closed");
    }

    #[test]
    fn looking_is_no_action() {
        let looks = |line: &str| only_looks(&line.split(' ').map(String::from).collect::<Vec<_>>());
        for line in [
            "kubectl get pods",
            "kubectl -n shop get pods",
            "docker ps -a",
            "docker compose ps",
            "kubectl rollout status deploy/x",
            "kubectl -n a rollout history d/x",
            "docker -H ssh://host-2 ps -a",
            "docker -H ssh://host-2 logs shop",
            "docker --context far compose -f a.yaml -p shop ps",
            "kubectl --context=far -n shop get pods",
            "kubectl cluster-info",
            "docker system df",
            "kubectl apply -f x.yaml --dry-run=server",
        ] {
            assert!(looks(line), "{line}");
        }
        for line in [
            "kubectl delete pod get",
            "docker rm -f web",
            "docker compose up -d",
            "docker -H ssh://ps rm web",
            "docker -H ssh://host-2 restart shop",
            "docker compose -f logs.yaml down",
            "kubectl -n get delete pod x",
            "kubectl apply -f x.yaml --dry-run=none",
            "docker run web --dry-run",
            "kubectl rollout undo deploy/x",
            "kubectl scale deploy/logs --replicas=2",
        ] {
            assert!(!looks(line), "{line}");
        }
    }
}
