//! The verbs of `docker compose`, one table. Sources: cmd/compose/*.go, docs/reference/compose_*.md.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kernel::Cx;
use crate::kernel::SimDuration;
use crate::machine::{PullId, Signal};
use crate::worlds::docker::console::flags::{Flag, list, switch, unsimulated, value};
use crate::worlds::docker::console::{Call, exec, logs as docker_logs};
use crate::worlds::docker::container::{Container, parse_signal};
use crate::worlds::docker::images::familiar;
use crate::worlds::docker::{Docker, Io, Reply, Script};

use super::file::{Project, order};
use super::fleet::{Fleet, Kind, Leftovers};
use super::listing::{config, images, ls, member, port, ps};
use super::load::{Global, Loaded, load};
use super::logs::{Follow, Logs};
use super::names;
use super::up::{Up, UpOptions};

/// One verb of Compose.
pub struct ComposeVerb {
    pub name: &'static str,
    pub usage: &'static str,
    pub about: &'static str,
    pub flags: &'static [Flag],
    pub args: (usize, usize),
    pub interspersed: bool,
    pub run: fn(&mut Call, &Global) -> Reply,
}

const ANY: (usize, usize) = (0, usize::MAX);
const TIMEOUT: Flag = value("timeout", Some('t'), "Specify a shutdown timeout in seconds");
const SERVICES: &str = "[OPTIONS] [SERVICE...]";

const UP: &[Flag] = &[
    switch("detach", Some('d'), "Detached mode: Run containers in the background"),
    list("scale", None, "Scale SERVICE to NUM instances. Overrides the scale setting in the Compose file if present."),
    switch("force-recreate", None, "Recreate containers even if their configuration and image haven't changed"),
    switch("no-recreate", None, "If containers already exist, don't recreate them. Incompatible with --force-recreate."),
    switch("no-deps", None, "Don't start linked services"),
    switch("no-start", None, "Don't start the services after creating them"),
    switch("remove-orphans", None, "Remove containers for services not defined in the Compose file"),
    switch("renew-anon-volumes", Some('V'), "Recreate anonymous volumes instead of retrieving data from the previous containers"),
    value("pull", None, "Pull image before running (\"always\"|\"missing\"|\"never\")"),
    switch("quiet-pull", None, "Pull without printing progress information"),
    switch("wait", None, "Wait for services to be running|healthy. Implies detached mode."),
    value("wait-timeout", None, "Maximum duration in seconds to wait for the project to be running|healthy"),
    switch("abort-on-container-exit", None, "Stops all containers if any container was stopped. Incompatible with -d"),
    value("exit-code-from", None, "Return the exit code of the selected service container. Implies --abort-on-container-exit"),
    TIMEOUT,
    switch("yes", Some('y'), "Assume \"yes\" as answer to all prompts and run non-interactively"),
    unsimulated(switch("build", None, "Build images before starting containers")),
    unsimulated(switch("no-build", None, "Don't build an image, even if it's policy")),
    unsimulated(switch("always-recreate-deps", None, "Recreate dependent containers. Incompatible with --no-recreate.")),
    unsimulated(switch("no-color", None, "Produce monochrome output")),
    unsimulated(switch("no-log-prefix", None, "Don't print prefix in logs")),
    unsimulated(switch("timestamps", None, "Show timestamps")),
    unsimulated(switch("watch", Some('w'), "Watch source code and rebuild/refresh containers when files are updated.")),
    unsimulated(switch("menu", None, "Enable interactive shortcuts when running attached")),
    unsimulated(list("attach", None, "Restrict attaching to the specified services")),
    unsimulated(list("no-attach", None, "Do not attach (stream logs) to the specified services")),
    unsimulated(switch("attach-dependencies", None, "Automatically attach to log output of dependent services")),
    unsimulated(switch("abort-on-container-failure", None, "Stops all containers if any container exited with failure")),
];

const fn verb(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    flags: &'static [Flag],
    args: (usize, usize),
    run: fn(&mut Call, &Global) -> Reply,
) -> ComposeVerb {
    ComposeVerb { name, usage, about, flags, args, interspersed: true, run }
}

/// All verbs.
pub const VERBS: &[ComposeVerb] = &[
    verb("up", SERVICES, "Create and start containers", UP, ANY, |c, g| up(c, g, false)),
    verb("create", SERVICES, "Creates containers for a service", UP, ANY, |c, g| up(c, g, true)),
    verb(
        "down",
        SERVICES,
        "Stop and remove containers, networks",
        &[
            switch(
                "volumes",
                Some('v'),
                "Remove named volumes declared in the \"volumes\" section of the Compose file and anonymous volumes attached to containers",
            ),
            switch("remove-orphans", None, "Remove containers for services not defined in the Compose file"),
            value(
                "rmi",
                None,
                "Remove images used by services. \"local\" remove only images that don't have a custom tag (\"local\"|\"all\")",
            ),
            TIMEOUT,
        ],
        ANY,
        down,
    ),
    verb(
        "start",
        SERVICES,
        "Start services",
        &[unsimulated(switch("wait", None, "Wait for services to be running|healthy"))],
        ANY,
        |c, g| fleet(c, g, Kind::Start, false),
    ),
    verb("stop", SERVICES, "Stop services", &[TIMEOUT], ANY, |c, g| {
        let grace = grace(c);
        fleet(c, g, Kind::Stop(grace), true)
    }),
    verb(
        "restart",
        SERVICES,
        "Restart service containers",
        &[TIMEOUT, switch("no-deps", None, "Don't restart dependent services")],
        ANY,
        |c, g| {
            let grace = grace(c);
            fleet(c, g, Kind::Restart(grace), false)
        },
    ),
    verb(
        "kill",
        SERVICES,
        "Force stop service containers",
        &[
            value("signal", Some('s'), "SIGNAL to send to the container"),
            switch("remove-orphans", None, "Remove containers for services not defined in the Compose file"),
        ],
        ANY,
        |c, g| match c.flags.get("signal").map_or(Some((Signal::Kill, 9)), parse_signal) {
            Some((signal, _)) => fleet(c, g, Kind::Kill(signal), true),
            None => Reply::fail("invalid signal", 1),
        },
    ),
    verb("pause", "[SERVICE...]", "Pause services", &[], ANY, |c, g| fleet(c, g, Kind::Pause, false)),
    verb("unpause", "[SERVICE...]", "Unpause services", &[], ANY, |c, g| fleet(c, g, Kind::Unpause, false)),
    verb(
        "rm",
        SERVICES,
        "Removes stopped service containers",
        &[
            switch("force", Some('f'), "Don't ask to confirm removal"),
            switch("stop", Some('s'), "Stop the containers, if required, before removing"),
            switch("volumes", Some('v'), "Remove any anonymous volumes attached to containers"),
        ],
        ANY,
        remove,
    ),
    verb(
        "ps",
        SERVICES,
        "List containers",
        &[
            switch("all", Some('a'), "Show all stopped containers (including those created by the run command)"),
            value("format", None, "Format output using a custom template"),
            switch("quiet", Some('q'), "Only display IDs"),
            switch("services", None, "Display services"),
            list("status", None, "Filter services by status. Values: [paused | restarting | removing | running | dead | created | exited]"),
            switch("no-trunc", None, "Don't truncate output"),
            unsimulated(list("filter", None, "Filter services by a property (supported filters: status)")),
            unsimulated(switch("orphans", None, "Include orphaned services (not declared by project)")),
        ],
        ANY,
        ps,
    ),
    verb(
        "logs",
        SERVICES,
        "View output from containers",
        &[
            switch("follow", Some('f'), "Follow log output"),
            switch("timestamps", Some('t'), "Show timestamps"),
            value("since", None, "Show logs since timestamp or relative"),
            value("until", None, "Show logs before a timestamp or relative"),
            value("tail", Some('n'), "Number of lines to show from the end of the logs for each container"),
            switch("no-log-prefix", None, "Don't print prefix in logs"),
            switch("no-color", None, "Produce monochrome output"),
        ],
        ANY,
        logs,
    ),
    verb(
        "scale",
        "[SERVICE=REPLICAS...]",
        "Scale services",
        &[switch("no-deps", None, "Don't start linked services")],
        (1, usize::MAX),
        scale,
    ),
    verb(
        "config",
        SERVICES,
        "Parse, resolve and render compose file in canonical format",
        &[
            switch("quiet", Some('q'), "Only validate the configuration, don't print anything"),
            switch("services", None, "Print the service names, one per line"),
            switch("volumes", None, "Print the volume names, one per line"),
            switch("images", None, "Print the image names, one per line"),
            switch("profiles", None, "Print the profile names, one per line"),
            value("format", None, "Format the output. Values: [yaml | json]"),
            value("hash", None, "Print the service config hash, one per line"),
            unsimulated(switch("no-interpolate", None, "Don't interpolate environment variables")),
            unsimulated(value("output", Some('o'), "Save to file (default to stdout)")),
        ],
        ANY,
        config,
    ),
    verb(
        "pull",
        SERVICES,
        "Pull service images",
        &[
            switch("quiet", Some('q'), "Pull without printing progress information"),
            switch("ignore-pull-failures", None, "Pull what it can and ignores images with pull failures"),
            unsimulated(switch("include-deps", None, "Also pull services declared as dependencies")),
        ],
        ANY,
        pull,
    ),
    verb(
        "images",
        SERVICES,
        "List images used by the created containers",
        &[value("format", None, "Format the output"), switch("quiet", Some('q'), "Only display IDs")],
        ANY,
        images,
    ),
    verb(
        "ls",
        "[OPTIONS]",
        "List running compose projects",
        &[
            switch("all", Some('a'), "Show all stopped Compose projects"),
            switch("quiet", Some('q'), "Only display project names"),
            value("format", None, "Format the output"),
        ],
        (0, 0),
        ls,
    ),
    verb(
        "port",
        "[OPTIONS] SERVICE PRIVATE_PORT",
        "Print the public port for a port binding",
        &[value("index", None, "Index of the container if service has multiple replicas"), value("protocol", None, "tcp or udp")],
        (2, 2),
        port,
    ),
    verb(
        "version",
        "[OPTIONS]",
        "Show the Docker Compose version information",
        &[switch("short", None, "Shows only Compose's version number")],
        (0, 0),
        |c, _| Reply::out(if c.flags.on("short") { "2.36.2\n" } else { "Docker Compose version v2.36.2\n" }),
    ),
    ComposeVerb {
        name: "exec",
        usage: "[OPTIONS] SERVICE COMMAND [ARGS...]",
        about: "Execute a command in a running container",
        flags: &[
            switch("detach", Some('d'), "Detached mode: Run command in the background"),
            value("index", None, "Index of the container if service has multiple replicas"),
            switch("no-tty", Some('T'), "Disable pseudo-TTY allocation"),
            switch("interactive", Some('i'), "Keep STDIN open even if not attached"),
            switch("tty", Some('t'), "Allocate a pseudo-TTY"),
            unsimulated(list("env", Some('e'), "Set environment variables")),
            unsimulated(value("user", Some('u'), "Run the command as this user")),
            unsimulated(value("workdir", Some('w'), "Path to workdir directory for this command")),
        ],
        args: (2, usize::MAX),
        interspersed: false,
        run: run_exec,
    },
];

/// Loads the project; the warnings go in front of the answer.
pub(super) fn with_project(c: &mut Call, g: &Global, named: &[String], then: impl FnOnce(&mut Call, Arc<Project>) -> Reply) -> Reply {
    let Loaded { project, warnings, notes } = match load(c.d, &c.host, g, named, c.files, c.cx.now) {
        Ok(loaded) => loaded,
        Err(why) => return Reply::fail(why, 1),
    };
    for n in &notes {
        c.d.note(n);
    }
    let reply = then(c, Arc::new(project));
    crate::worlds::docker::console::noted(reply, warnings)
}

fn grace(c: &Call) -> Option<i64> {
    c.flags.get("timeout").and_then(|t| t.parse().ok())
}

pub(super) fn unknown_service(p: &Project, names: &[String]) -> Option<Reply> {
    let bad = names.iter().find(|n| !p.services.contains_key(n.as_str()) && !p.disabled.iter().any(|d| **d == ***n))?;
    Some(Reply::fail(format!("no such service: {bad}"), 1))
}

fn up(c: &mut Call, g: &Global, create_only: bool) -> Reply {
    let f = &c.flags;
    let refuse = |text: &str| Reply::fail(text, 1);
    if f.on("force-recreate") && f.on("no-recreate") {
        return refuse("--force-recreate and --no-recreate are incompatible");
    }
    if f.on("build") && f.on("no-build") {
        return refuse("--build and --no-build are incompatible");
    }
    if f.on("detach") && (f.on("abort-on-container-exit") || f.has("exit-code-from")) {
        return refuse(
            "--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach or --attach-dependencies",
        );
    }
    let mut scale = BTreeMap::new();
    for s in f.all("scale") {
        match scale_pair(s) {
            Ok((name, n)) => {
                scale.insert(name, n);
            }
            Err(why) => return refuse(&why),
        }
    }
    let wait_timeout = match f.get("wait-timeout").map(str::parse::<u64>) {
        Some(Ok(s)) => Some(SimDuration::from_secs(s)),
        Some(Err(_)) => return Reply::fail("invalid argument for \"--wait-timeout\" flag", 125),
        None => None,
    };
    let options = UpOptions {
        services: c.args().to_vec(),
        detach: f.on("detach") || create_only,
        no_deps: f.on("no-deps"),
        no_start: f.on("no-start") || create_only,
        force: f.on("force-recreate"),
        no_recreate: f.on("no-recreate"),
        remove_orphans: f.on("remove-orphans"),
        renew_volumes: f.on("renew-anon-volumes"),
        pull_always: f.get("pull") == Some("always"),
        quiet_pull: f.on("quiet-pull"),
        wait: f.on("wait"),
        wait_timeout,
        abort_on_exit: f.on("abort-on-container-exit"),
        exit_code_from: f.get("exit-code-from").map(String::from),
        grace: grace(c),
        scale,
    };
    let named = options.services.clone();
    with_project(c, g, &named, |_, p| Reply::Script(Box::new(Up::new(p, options))))
}

fn scale_pair(text: &str) -> Result<(String, u32), String> {
    let bad = || format!("invalid --scale option {text:?}. Should be SERVICE=NUM");
    let (name, n) = text.split_once('=').ok_or_else(bad)?;
    let n: u32 = n.parse().map_err(|_| bad())?;
    if n > 10_000 { Err(format!("invalid --scale option {text:?}: at most 10000")) } else { Ok((name.to_string(), n)) }
}

fn scale(c: &mut Call, g: &Global) -> Reply {
    let mut scale = BTreeMap::new();
    for s in c.args() {
        match scale_pair(s) {
            Ok((name, n)) => {
                scale.insert(name, n);
            }
            Err(_) => return Reply::fail(format!("invalid scale specifier: {s}"), 1),
        }
    }
    let services: Vec<String> = scale.keys().cloned().collect();
    let options = UpOptions {
        services: services.clone(),
        detach: true,
        no_deps: c.flags.on("no-deps"),
        no_recreate: true,
        scale,
        ..UpOptions::default()
    };
    with_project(c, g, &services, |_, p| Reply::Script(Box::new(Up::new(p, options))))
}

/// Containers of the chosen services, in dependency order or against it.
fn groups(d: &Docker, host: &str, p: &Project, chosen: &[String], backwards: bool) -> Vec<Vec<Arc<Container>>> {
    let mut all = order(&p.services).unwrap_or_default();
    all.extend(p.disabled.iter().cloned());
    if backwards {
        all.reverse();
    }
    all.retain(|s| chosen.is_empty() || chosen.iter().any(|c| **c == **s));
    all.iter().map(|s| names::of_service(d, host, &p.name, s)).filter(|g| !g.is_empty()).collect()
}

fn fleet(c: &mut Call, g: &Global, kind: Kind, backwards: bool) -> Reply {
    let named = c.args().to_vec();
    let no_deps = c.flags.on("no-deps");
    with_project(c, g, &named, |c, p| {
        if let Some(refusal) = unknown_service(&p, &named) {
            return refusal;
        }
        let mut chosen = named.clone();
        if let (Kind::Restart(_), false, false) = (kind, no_deps, named.is_empty()) {
            // Services that ask to be restarted with what they depend on.
            let with: Vec<String> = p
                .services
                .values()
                .filter(|s| s.depends_on.iter().any(|d| d.restart && named.iter().any(|n| **n == *d.service)))
                .map(|s| s.name.to_string())
                .collect();
            chosen.extend(with);
        }
        let groups = groups(c.d, &c.host, &p, &chosen, backwards);
        if groups.is_empty() && kind == Kind::Start {
            let service = chosen.first().cloned().or_else(|| p.services.keys().next().map(ToString::to_string)).unwrap_or_default();
            return Reply::fail(format!("service {service:?} has no container to start"), 1);
        }
        Reply::Script(Box::new(Fleet::new(kind, groups, Leftovers::default())))
    })
}

fn remove(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    let (force, stop, volumes) = (c.flags.on("force"), c.flags.on("stop"), c.flags.on("volumes"));
    with_project(c, g, &named, |c, p| {
        let mut groups = groups(c.d, &c.host, &p, &named, true);
        if !stop {
            groups.iter_mut().for_each(|g| g.retain(|x| !x.state.running));
            groups.retain(|g| !g.is_empty());
        }
        if groups.is_empty() {
            return Reply::fail("No stopped containers", 0);
        }
        if !force {
            let names: Vec<String> = groups.iter().flatten().map(|x| x.name.to_string()).collect();
            return Reply::out(format!("? Going to remove {} No\nwheelhouse: nobody can answer here; use --force\n", names.join(", ")));
        }
        let kind = if stop { Kind::Down { grace: None, volumes } } else { Kind::Remove { volumes } };
        Reply::Script(Box::new(Fleet::new(kind, groups, Leftovers::default())))
    })
}

fn down(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    let (grace, volumes, orphans) = (grace(c), c.flags.on("volumes"), c.flags.on("remove-orphans"));
    let rmi = c.flags.get("rmi").map(String::from);
    with_project(c, g, &named, |c, p| {
        let mut groups = groups(c.d, &c.host, &p, &named, true);
        if orphans {
            let strange = |x: &Container| !p.services.contains_key(&x.app()) && !p.disabled.contains(&x.app());
            groups.push(names::containers(c.d, &c.host, &p.name).into_iter().filter(|x| strange(x)).collect());
        }
        let mut left = Leftovers::default();
        let engine = c.d.engine(&c.host);
        if named.is_empty() {
            left.networks =
                p.networks.values().filter(|n| !n.external && engine.networks.contains_key(&n.name)).map(|n| n.name.clone()).collect();
            if volumes {
                left.volumes =
                    p.volumes.values().filter(|v| !v.external && engine.volumes.contains_key(&v.name)).map(|v| v.name.clone()).collect();
            }
            left.images = match rmi.as_deref() {
                Some("all") => p.services.values().map(|s| s.config.image.text.clone()).collect(),
                Some("local") => p.services.values().filter(|s| s.built).map(|s| s.config.image.text.clone()).collect(),
                _ => Vec::new(),
            };
        }
        if groups.iter().all(Vec::is_empty) && left.networks.is_empty() && left.volumes.is_empty() {
            return Reply::Done(crate::worlds::Output {
                stderr: format!("Warning: No resource found to remove for project {:?}.\n", &*p.name),
                ..Default::default()
            });
        }
        Reply::Script(Box::new(Fleet::new(Kind::Down { grace, volumes }, groups, left)))
    })
}

fn logs(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    let choice = match docker_logs::Choice::read(&c.flags, c.cx.now) {
        Ok(choice) => choice,
        Err(e) => return Reply::fail(format!("Error response from daemon: {e}"), 1),
    };
    let no_prefix = c.flags.on("no-log-prefix");
    with_project(c, g, &named, |c, p| {
        if let Some(refusal) = unknown_service(&p, &named) {
            return refusal;
        }
        let list: Vec<Arc<Container>> = groups(c.d, &c.host, &p, &named, false).into_iter().flatten().collect();
        let go_on = choice.follow;
        Reply::Script(Box::new(Logs { follow: Follow::new(&list, Some(choice), no_prefix), go_on }))
    })
}

fn pull(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    let (quiet, lenient) = (c.flags.on("quiet"), c.flags.on("ignore-pull-failures"));
    with_project(c, g, &named, |c, p| {
        if let Some(refusal) = unknown_service(&p, &named) {
            return refusal;
        }
        let wanted = |s: &&super::file::Service| {
            (named.is_empty() || named.iter().any(|n| **n == *s.name)) && s.pull != super::file::PullPolicy::Build
        };
        let images: BTreeSet<Arc<str>> = p.services.values().filter(wanted).map(|s| s.config.image.text.clone()).collect();
        let pulls = images
            .into_iter()
            .map(|text| {
                let image = crate::model::ImageRef::new(text);
                let pull = c.d.begin_pull(&c.host, &image, c.cx);
                (familiar(&image), pull)
            })
            .collect();
        Reply::Script(Box::new(Pull { pulls, begun: false, quiet, lenient, failed: false }))
    })
}

#[derive(Clone, Debug)]
struct Pull {
    pulls: Vec<(String, PullId)>,
    begun: bool,
    quiet: bool,
    lenient: bool,
    failed: bool,
}

impl Script for Pull {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, _cx: &mut Cx) -> Option<i32> {
        if !std::mem::replace(&mut self.begun, true) && !self.quiet {
            self.pulls.iter().for_each(|(name, _)| io.err.push_str(&names::line("Image", name, "Pulling")));
        }
        let mut errors = Vec::new();
        let quiet = self.quiet;
        self.pulls.retain(|(name, pull)| match d.end_pull(*pull) {
            None => true,
            Some(Ok(())) => {
                if !quiet {
                    io.err.push_str(&names::line("Image", name, "Pulled"));
                }
                false
            }
            Some(Err(why)) => {
                io.err.push_str(&names::line("Image", name, "Error"));
                errors.push(why);
                false
            }
        });
        for why in errors {
            io.err.push_str(&format!("Error response from daemon: {why}\n"));
            self.failed |= !self.lenient;
        }
        self.pulls.is_empty().then_some(i32::from(self.failed))
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}

fn run_exec(c: &mut Call, g: &Global) -> Reply {
    let service = c.args()[0].clone();
    let argv: Vec<Arc<str>> = c.args()[1..].iter().map(|a| a.as_str().into()).collect();
    let detach = c.flags.on("detach");
    with_project(c, g, &[], |c, p| match member(c, &p, &service) {
        Ok(x) => exec::run_in(c.d, &c.host, &x.name, &argv, detach, c.cx),
        Err(refusal) => refusal,
    })
}
