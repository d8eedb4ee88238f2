//! `docker run` and `docker create`. Source: cli/command/container/{run,create,opts}.go.

use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::machine::PullId;
use crate::model::quantity::parse_size;

use super::super::container::{Cid, Config, parse_signal};
use super::super::healthcheck::HealthConfig;
use super::super::images::{check_reference, familiar};
use super::super::lifecycle::StartBy;
use super::super::networks::PREDEFINED;
use super::super::ports::{Proto, parse_publish, parse_range};
use super::super::restart::RestartPolicy;
use super::super::session::{Io, Owner, Reply, Script};
use super::super::volumes::{MountKind, MountSpec, parse_mount_flag, parse_volume_flag};
use super::super::{Cx, Docker};
use super::flags::{Flag, Parsed, list, switch, unsimulated, value};
use super::{Call, Completes, Verb};

const RUN_FLAGS: &[Flag] = &[
    switch("detach", Some('d'), "Run container in background and print container ID"),
    value("name", None, "Assign a name to the container"),
    list("publish", Some('p'), "Publish a container's port(s) to the host"),
    switch("publish-all", Some('P'), "Publish all exposed ports to random ports"),
    list("expose", None, "Expose a port or a range of ports"),
    list("env", Some('e'), "Set environment variables"),
    list("env-file", None, "Read in a file of environment variables"),
    list("volume", Some('v'), "Bind mount a volume"),
    list("mount", None, "Attach a filesystem mount to the container"),
    list("tmpfs", None, "Mount a tmpfs directory"),
    value("restart", None, "Restart policy to apply when a container exits"),
    list("network", None, "Connect a container to a network"),
    list("net", None, "Connect a container to a network"),
    list("network-alias", None, "Add network-scoped alias for the container"),
    list("net-alias", None, "Add network-scoped alias for the container"),
    value("ip", None, "IPv4 address (e.g., 172.30.100.104)"),
    value("memory", Some('m'), "Memory limit"),
    value("memory-swap", None, "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
    value("memory-reservation", None, "Memory soft limit"),
    value("cpus", None, "Number of CPUs"),
    value("cpu-shares", Some('c'), "CPU shares (relative weight)"),
    value("health-cmd", None, "Command to run to check health"),
    value("health-interval", None, "Time between running the check (ms|s|m|h) (default 0s)"),
    value("health-timeout", None, "Maximum time to allow one check to run (ms|s|m|h) (default 0s)"),
    value("health-retries", None, "Consecutive failures needed to report unhealthy"),
    value(
        "health-start-period",
        None,
        "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)",
    ),
    value("health-start-interval", None, "Time between running the check during the start period (ms|s|m|h) (default 0s)"),
    switch("no-healthcheck", None, "Disable any container-specified HEALTHCHECK"),
    switch("init", None, "Run an init inside the container that forwards signals and reaps processes"),
    switch("rm", None, "Automatically remove the container and its associated anonymous volumes when it exits"),
    value("entrypoint", None, "Overwrite the default ENTRYPOINT of the image"),
    value("hostname", Some('h'), "Container host name"),
    list("label", Some('l'), "Set meta data on a container"),
    value("stop-signal", None, "Signal to stop the container"),
    value("stop-timeout", None, "Timeout (in seconds) to stop a container"),
    value("pull", None, "Pull image before running (\"always\", \"missing\", \"never\")"),
    switch("interactive", Some('i'), "Keep STDIN open even if not attached"),
    switch("tty", Some('t'), "Allocate a pseudo-TTY"),
    switch("quiet", Some('q'), "Suppress the pull output"),
    value("user", Some('u'), "Username or UID (format: <name|uid>[:<group|gid>])"),
    value("workdir", Some('w'), "Working directory inside the container"),
    switch("sig-proxy", None, "Proxy received signals to the process"),
    list("attach", Some('a'), "Attach to STDIN, STDOUT or STDERR"),
    value("platform", None, "Set platform if server is multi-platform capable"),
    value("log-driver", None, "Logging driver for the container"),
    list("log-opt", None, "Log driver options"),
    unsimulated(value("pids-limit", None, "Tune container pids limit (set -1 for unlimited)")),
    unsimulated(list("add-host", None, "Add a custom host-to-IP mapping (host:ip)")),
    unsimulated(list("cap-add", None, "Add Linux capabilities")),
    unsimulated(list("cap-drop", None, "Drop Linux capabilities")),
    unsimulated(value("cpu-period", None, "Limit CPU CFS (Completely Fair Scheduler) period")),
    unsimulated(value("cpu-quota", None, "Limit CPU CFS (Completely Fair Scheduler) quota")),
    unsimulated(value("cpuset-cpus", None, "CPUs in which to allow execution (0-3, 0,1)")),
    unsimulated(value("cpuset-mems", None, "MEMs in which to allow execution (0-3, 0,1)")),
    unsimulated(list("device", None, "Add a host device to the container")),
    unsimulated(list("dns", None, "Set custom DNS servers")),
    unsimulated(list("dns-search", None, "Set custom DNS search domains")),
    unsimulated(list("dns-option", None, "Set DNS options")),
    unsimulated(value("gpus", None, "GPU devices to add to the container ('all' to pass all GPUs)")),
    unsimulated(list("group-add", None, "Add additional groups to join")),
    unsimulated(value("ipc", None, "IPC mode to use")),
    unsimulated(value("ip6", None, "IPv6 address")),
    unsimulated(list("link", None, "Add link to another container")),
    unsimulated(list("label-file", None, "Read in a line delimited file of labels")),
    unsimulated(value("mac-address", None, "Container MAC address")),
    unsimulated(value("memory-swappiness", None, "Tune container memory swappiness (0 to 100)")),
    unsimulated(switch("oom-kill-disable", None, "Disable OOM Killer")),
    unsimulated(value("oom-score-adj", None, "Tune host's OOM preferences (-1000 to 1000)")),
    unsimulated(value("pid", None, "PID namespace to use")),
    unsimulated(switch("privileged", None, "Give extended privileges to this container")),
    unsimulated(switch("read-only", None, "Mount the container's root filesystem as read only")),
    unsimulated(value("runtime", None, "Runtime to use for this container")),
    unsimulated(list("security-opt", None, "Security Options")),
    unsimulated(value("shm-size", None, "Size of /dev/shm")),
    unsimulated(list("sysctl", None, "Sysctl options")),
    unsimulated(list("ulimit", None, "Ulimit options")),
    unsimulated(value("userns", None, "User namespace to use")),
    unsimulated(value("uts", None, "UTS namespace to use")),
    unsimulated(list("volumes-from", None, "Mount volumes from the specified container(s)")),
    unsimulated(value("cidfile", None, "Write the container ID to the file")),
    unsimulated(value("blkio-weight", None, "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)")),
    unsimulated(value("detach-keys", None, "Override the key sequence for detaching a container")),
    unsimulated(list("annotation", None, "Add an annotation to the container")),
];

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["run"], &["container", "run"]],
        usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        about: "Create and run a new container from an image",
        flags: RUN_FLAGS,
        args: (1, usize::MAX),
        interspersed: false,
        failure: 125,
        completes: Completes::Images,
        run: |c| begin(c, true),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["create"], &["container", "create"]],
        usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
        about: "Create a new container",
        flags: RUN_FLAGS,
        args: (1, usize::MAX),
        interspersed: false,
        failure: 125,
        completes: Completes::Images,
        run: |c| begin(c, false),
        ..Verb::DEFAULT
    },
];

fn begin(call: &mut Call, start: bool) -> Reply {
    let mut config = match config(call) {
        Ok(config) => config,
        Err(why) => return call.refuse(&why, 125),
    };
    let f = &call.flags;
    // The daemon reads the policy; its refusal comes back as a response.
    let policy = match RestartPolicy::parse(f.get("restart").unwrap_or("no")) {
        Ok(policy) => policy,
        Err(why) => return call.refuse(&format!("Error response from daemon: {why}"), 125),
    };
    if f.on("rm") && policy != RestartPolicy::No {
        return call.refuse("conflicting options: cannot specify both --restart and --rm", 125);
    }
    config.restart = policy;
    let pull = match f.get("pull").unwrap_or("missing") {
        "always" => Pull::Always,
        "missing" | "" => Pull::Missing,
        "never" => Pull::Never,
        other => return call.refuse(&format!("invalid pull option: '{other}': must be one of \"always\", \"missing\" or \"never\""), 125),
    };
    let detach = f.on("detach");
    if start && detach && f.on("rm") && f.has("attach") {
        return call.refuse("conflicting options: cannot specify both --attach and --detach", 125);
    }
    Reply::Script(Box::new(Run {
        command: call.name.clone(),
        name: f.get("name").map(Into::into),
        config: Arc::new(config),
        start,
        detach: detach || !start,
        quiet: f.on("quiet"),
        pull,
        stage: Stage::Create,
    }))
}

/// Flags to a container's configuration.
fn config(call: &Call) -> Result<Config, String> {
    let f = &call.flags;
    let image = check_reference(&call.args()[0])?;
    let mut c = Config::new(image);
    c.cmd = call.args()[1..].iter().map(|a| a.as_str().into()).collect();
    c.entrypoint = f.get("entrypoint").map(|e| if e.is_empty() { Vec::new() } else { vec![e.into()] });
    for file in f.all("env-file") {
        let text = call.files.read(file).map_err(|_| format!("open {file}: no such file or directory"))?;
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        c.env.extend(lines.filter_map(|l| l.split_once('=')).map(|(k, v)| (k.into(), v.into())));
    }
    // A name without a value is taken from the caller's environment, which is empty here.
    c.env.extend(f.all("env").iter().filter_map(|e| e.split_once('=')).map(|(k, v)| (k.into(), v.into())));
    if let Some(bad) = f.all("env").iter().find(|e| e.is_empty() || e.starts_with('=')) {
        return Err(format!("invalid environment variable: {bad}"));
    }
    c.hostname = f.get("hostname").map(Into::into);
    c.user = f.get("user").unwrap_or("").into();
    c.workdir = f.get("workdir").unwrap_or("").into();
    c.tty = f.on("tty");
    c.labels = super::labels(f.all("label"));
    c.auto_remove = f.on("rm");
    c.init = f.on("init");
    c.publish_all = f.on("publish-all");
    c.memory = size(f, "memory")?;
    c.memory_reservation = size(f, "memory-reservation")?;
    c.memory_swap = match f.get("memory-swap") {
        Some("-1") => Some(-1),
        Some(text) => Some(i64::try_from(parse_size(text, false).map_err(|_| format!("invalid size: '{text}'"))?).unwrap_or(i64::MAX)),
        None => None,
    };
    c.cpus_milli = match f.get("cpus") {
        Some(text) => Some(cpus(text)?),
        None => None,
    };
    c.cpu_shares = f.get("cpu-shares").and_then(|s| s.parse().ok());
    c.pids_limit = f.get("pids-limit").and_then(|s| s.parse().ok());
    for p in f.all("publish") {
        c.ports.extend(parse_publish(p)?);
    }
    for e in f.all("expose") {
        let (range, proto) = e.split_once('/').unwrap_or((e, "tcp"));
        let (a, b) = parse_range(range).ok_or_else(|| format!("invalid range format for --expose: {e}, error: Invalid port format"))?;
        let proto = Proto::parse(proto).ok_or_else(|| format!("invalid proto: {proto}"))?;
        c.exposed.extend((a..=b).map(|p| (p, proto)));
    }
    c.mounts = mounts(f)?;
    networks(f, &mut c)?;
    c.health = health(f)?;
    if let Some(signal) = f.get("stop-signal") {
        if parse_signal(signal).is_none() {
            return Err(format!("Error response from daemon: invalid signal: {signal}"));
        }
        c.stop_signal = Some(signal.into());
    }
    c.stop_timeout = match f.get("stop-timeout") {
        Some(t) => Some(t.parse().map_err(|_| {
            format!("invalid argument \"{t}\" for \"--stop-timeout\" flag: strconv.ParseInt: parsing \"{t}\": invalid syntax")
        })?),
        None => None,
    };
    Ok(c)
}

fn size(f: &Parsed, flag: &str) -> Result<Option<u64>, String> {
    match f.get(flag) {
        Some(text) => parse_size(text, false).map(Some).map_err(|_| {
            format!(
                "invalid argument \"{text}\" for \"{}--{flag}\" flag: invalid size: '{text}'",
                if flag == "memory" { "-m, " } else { "" }
            )
        }),
        None => Ok(None),
    }
}

/// `--cpus 1.5` in thousandths.
pub(super) fn cpus(text: &str) -> Result<u32, String> {
    let bad = || format!("invalid argument \"{text}\" for \"--cpus\" flag: failed to parse {text} as a rational number");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u32 = format!("{fraction:0<3}").get(..3).and_then(|f| f.parse().ok()).ok_or_else(bad)?;
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| bad())? };
    whole.checked_mul(1000).and_then(|w| w.checked_add(fraction)).ok_or_else(bad)
}

fn mounts(f: &Parsed) -> Result<Vec<MountSpec>, String> {
    let mut all = Vec::new();
    for v in f.all("volume") {
        all.push(parse_volume_flag(v).map_err(|e| {
            if e.starts_with("create ") || e.starts_with("invalid volume") || e.starts_with("invalid mode") {
                format!("Error response from daemon: {e}")
            } else {
                e
            }
        })?);
    }
    for m in f.all("mount") {
        all.push(parse_mount_flag(m).map_err(|e| format!("invalid argument \"{m}\" for \"--mount\" flag: {e}"))?);
    }
    for t in f.all("tmpfs") {
        let target = t.split(':').next().unwrap_or(t);
        all.push(MountSpec { kind: MountKind::Tmpfs, target: target.into(), read_only: false, must_exist: false });
    }
    Ok(all)
}

fn networks(f: &Parsed, c: &mut Config) -> Result<(), String> {
    let aliases: Vec<Arc<str>> = f.all("network-alias").iter().chain(f.all("net-alias")).map(|a| a.as_str().into()).collect();
    let ip: Option<Arc<str>> = f.get("ip").map(Into::into);
    let named: Vec<&String> = f.all("network").iter().chain(f.all("net")).collect();
    for (i, n) in named.iter().enumerate() {
        if let Some(other) = n.strip_prefix("container:") {
            return Err(format!("wheelhouse: --network container:{other} is valid, but not simulated"));
        }
        // The long form: name=net1,alias=a,ip=…
        let mut name = n.as_str();
        let mut own: Vec<Arc<str>> = Vec::new();
        let mut own_ip = None;
        if n.contains('=') {
            for field in n.split(',') {
                match field.split_once('=') {
                    Some(("name", v)) => name = v,
                    Some(("alias", v)) => own.push(v.into()),
                    Some(("ip", v)) => own_ip = Some(v.into()),
                    _ => return Err(format!("invalid field {field} in --network")),
                }
            }
        }
        if i == 0 {
            own.extend(aliases.iter().cloned());
            own_ip = own_ip.or_else(|| ip.clone());
        }
        let name = if name == "default" { "bridge" } else { name };
        c.networks.push((name.into(), own, own_ip));
    }
    if c.networks.is_empty() && (!aliases.is_empty() || ip.is_some()) {
        c.networks.push(("bridge".into(), aliases, ip));
    }
    if let Some((first, ..)) = c.networks.first() {
        c.network_mode = first.clone();
    }
    if c.networks.len() > 1 && c.networks.iter().any(|(n, ..)| PREDEFINED[1..].contains(&&**n)) {
        return Err("conflicting options: cannot attach both user-defined and non-user-defined network-modes".into());
    }
    Ok(())
}

fn health(f: &Parsed) -> Result<Option<HealthConfig>, String> {
    let duration = |flag: &str| match f.get(flag) {
        Some(text) => SimDuration::parse(text)
            .map_err(|_| format!("invalid argument \"{text}\" for \"--{flag}\" flag: time: invalid duration \"{text}\"")),
        None => Ok(SimDuration::ZERO),
    };
    let given = ["health-cmd", "health-interval", "health-timeout", "health-retries", "health-start-period", "health-start-interval"]
        .iter()
        .any(|n| f.has(n));
    if f.on("no-healthcheck") {
        return if given { Err("--no-healthcheck conflicts with --health-* options".into()) } else { Ok(None) };
    }
    if !given {
        return Ok(None);
    }
    let test = f.get("health-cmd").filter(|c| !c.is_empty()).map_or_else(Vec::new, |c| vec!["CMD-SHELL".into(), c.into()]);
    let retries = match f.get("health-retries") {
        Some(r) => r.parse::<i64>().map_err(|_| {
            format!("invalid argument \"{r}\" for \"--health-retries\" flag: strconv.ParseInt: parsing \"{r}\": invalid syntax")
        })?,
        None => 0,
    };
    let retries = u32::try_from(retries).map_err(|_| "--health-retries cannot be negative".to_string())?;
    Ok(Some(HealthConfig {
        test,
        interval: duration("health-interval")?,
        timeout: duration("health-timeout")?,
        start_period: duration("health-start-period")?,
        start_interval: duration("health-start-interval")?,
        retries,
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pull {
    Always,
    Missing,
    Never,
}

#[derive(Clone, Debug)]
enum Stage {
    Create,
    Pulling(PullId),
    /// Waiting for the process to run.
    Starting(Cid),
    /// Printing what it logs: lines printed so far.
    Attached(Cid, usize),
    /// It is being removed (`--rm`): the exit status is known.
    Leaving(Cid, i32),
}

#[derive(Clone, Debug)]
struct Run {
    command: String,
    name: Option<Arc<str>>,
    config: Arc<Config>,
    start: bool,
    detach: bool,
    quiet: bool,
    pull: Pull,
    stage: Stage,
}

impl Run {
    fn refuse(&self, message: &str, io: &mut Io) -> Option<i32> {
        // cli/command/container/run.go toStatusError
        let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
        let exit = if !self.start {
            1
        } else if has(&["executable file not found", "no such file or directory", "system cannot find the file specified"]) {
            127
        } else if has(&["permission denied", "is a directory"]) {
            126
        } else {
            125
        };
        let prefix = if self.start { "docker: " } else { "" };
        let tail = if self.start { format!("\n\nRun '{} --help' for more information", self.command) } else { String::new() };
        io.err.push_str(&format!("{prefix}Error response from daemon: {message}{tail}\n"));
        Some(exit)
    }

    fn create(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        match d.create(&io.host.clone(), self.name.as_deref(), (*self.config).clone(), cx) {
            Ok(cid) => {
                d.declared_copy(cid);
                let id = d.container(cid).map(|c| c.id.clone()).unwrap_or_default();
                if self.detach {
                    io.out.push_str(&format!("{id}\n"));
                }
                if !self.start {
                    return Some(0);
                }
                if &*self.config.network_mode == "host" && !self.config.ports.is_empty() {
                    io.err.push_str("WARNING: Published ports are discarded when using host network mode\n");
                }
                if !self.detach {
                    d.attached.insert(cid);
                }
                self.stage = Stage::Starting(cid);
                match d.start(cid, StartBy::Hand, cx) {
                    Ok(_) => None,
                    Err(e) => {
                        d.attached.remove(&cid);
                        d.last_words.remove(&cid);
                        self.refuse(&e.message, io)
                    }
                }
            }
            Err(e) if e.status == 404 && self.pull != Pull::Never && e.message.starts_with("No such image") => {
                io.err.push_str(&format!("Unable to find image '{}' locally\n", familiar(&self.config.image)));
                let pull = d.pull_begin(&io.host.clone(), &self.config.image, cx);
                self.stage = Stage::Pulling(pull);
                None
            }
            Err(e) => self.refuse(&e.message, io),
        }
    }

    /// New lines of its log.
    fn print(d: &Docker, cid: Cid, seen: &mut usize, io: &mut Io) {
        let lines = match (d.container(cid), d.last_words.get(&cid)) {
            (Some(c), _) => d.log_lines(c),
            (None, Some(words)) => words.log.clone(),
            _ => return,
        };
        for (_, line) in lines.iter().skip(*seen) {
            io.out.push_str(line);
            io.out.push('\n');
        }
        *seen = lines.len();
    }

    /// (exit status, error text) once it is over.
    fn ended(d: &Docker, cid: Cid) -> Option<(i32, String)> {
        match (d.container(cid), d.last_words.get(&cid)) {
            (Some(c), _) if c.starting && !c.state.restarting => None,
            (Some(c), _) if c.alive() => None,
            (Some(c), _) => Some((c.state.exit_code, c.state.error.to_string())),
            (None, Some(w)) => Some((w.exit_code, w.error.to_string())),
            (None, None) => Some((0, String::new())),
        }
    }
}

impl Script for Run {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        loop {
            match self.stage.clone() {
                Stage::Create if self.pull == Pull::Always => {
                    let pull = d.pull_begin(&io.host.clone(), &self.config.image, cx);
                    self.stage = Stage::Pulling(pull);
                    return None;
                }
                Stage::Create => {
                    if let Some(exit) = self.create(d, io, cx) {
                        return Some(exit);
                    }
                    if !matches!(self.stage, Stage::Starting(_)) {
                        return None;
                    }
                }
                Stage::Pulling(pull) => {
                    let state = d.pulls.get(&pull).cloned()?;
                    let result = state.result.clone()?;
                    if let Err(e) = &result {
                        let text = d.pull_error_text(&self.config.image, e);
                        d.pulls.remove(&pull);
                        return self.refuse(&text, io);
                    }
                    if !self.quiet {
                        io.err.push_str(&d.pull_text(&state));
                    }
                    d.pulls.remove(&pull);
                    cx.cause = state.cause.or(cx.cause);
                    self.pull = Pull::Never;
                    self.stage = Stage::Create;
                }
                Stage::Starting(cid) => {
                    if self.detach {
                        let c = d.container(cid);
                        if c.is_some_and(|c| c.starting && !c.was_started) {
                            return None;
                        }
                        return match c.map(|c| c.state.error.to_string()).filter(|e| !e.is_empty()) {
                            Some(error) => self.refuse(&error, io),
                            None => Some(0),
                        };
                    }
                    if d.container(cid).is_some_and(|c| c.starting) {
                        return None;
                    }
                    self.stage = Stage::Attached(cid, 0);
                }
                Stage::Attached(cid, mut seen) => {
                    Self::print(d, cid, &mut seen, io);
                    self.stage = Stage::Attached(cid, seen);
                    let (exit, error) = Self::ended(d, cid)?;
                    self.stage = Stage::Leaving(cid, exit);
                    if !error.is_empty() {
                        d.attached.remove(&cid);
                        d.last_words.remove(&cid);
                        return self.refuse(&error, io);
                    }
                }
                Stage::Leaving(cid, exit) => {
                    if self.config.auto_remove && d.container(cid).is_some() {
                        return None;
                    }
                    d.attached.remove(&cid);
                    d.last_words.remove(&cid);
                    return Some(exit);
                }
            }
        }
    }

    fn interrupt(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        // The signal goes to the process; the command ends with it (a program without a handler goes on, and so does the command).
        if let (Stage::Attached(cid, _), Owner::Console) = (&self.stage, io.owner)
            && d.kill(*cid, crate::machine::Signal::Int, cx).is_ok()
        {
            return self.advance(d, io, cx);
        }
        Some(130)
    }

    fn engine_lost(&mut self, why: &str, io: &mut Io) -> i32 {
        let text = match self.stage {
            Stage::Attached(..) | Stage::Leaving(..) => "error waiting for container: unexpected EOF".to_string(),
            _ => format!("docker: {why}\n\nRun '{} --help' for more information", self.command),
        };
        io.err.push_str(&format!("{text}\n"));
        125
    }

    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
