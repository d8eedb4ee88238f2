//! A container as the engine knows it: what was asked for, what state it is in, and how both are printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::{RecordId, SimDuration, SimTime};
use crate::machine::{ContainerId, HostName, Signal};
use crate::model::ImageRef;

use super::healthcheck::{Health, HealthConfig};
use super::networks::Endpoint;
use super::ports::{Bound, PortSpec, Proto};
use super::restart::{Backoff, RestartPolicy};
use super::text::{ellipsis, human_duration, quoted};
use super::volumes::MountSpec;

/// Numbers a container for the life of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid(pub u64);

/// A network's name, the aliases on it, and the wished-for address.
pub type Attachment = (Arc<str>, Vec<Arc<str>>, Option<Arc<str>>);
/// Labels, ordered and shared.
pub type Labels = Arc<BTreeMap<Arc<str>, Arc<str>>>;

/// What `docker create` was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub image: ImageRef,
    /// None = the image's; empty = reset.
    pub entrypoint: Option<Vec<Arc<str>>>,
    pub cmd: Vec<Arc<str>>,
    pub env: Vec<(Arc<str>, Arc<str>)>,
    pub hostname: Option<Arc<str>>,
    pub user: Arc<str>,
    pub workdir: Arc<str>,
    pub tty: bool,
    pub labels: Labels,
    pub restart: RestartPolicy,
    pub auto_remove: bool,
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes of memory and swap together; None = twice the memory. Reported only: swap is not simulated.
    pub memory_swap: Option<i64>,
    pub memory_reservation: Option<u64>,
    /// Thousandths of a core.
    pub cpus_milli: Option<u32>,
    pub cpu_shares: Option<u64>,
    pub pids_limit: Option<i64>,
    pub ports: Vec<PortSpec>,
    pub exposed: Vec<(u16, Proto)>,
    pub publish_all: bool,
    pub mounts: Vec<MountSpec>,
    /// `bridge`, `host`, `none` or a user network: the first network.
    pub network_mode: Arc<str>,
    /// Network → aliases and a wished-for address, the first network first.
    pub networks: Vec<Attachment>,
    pub health: Option<HealthConfig>,
    pub stop_signal: Option<Arc<str>>,
    /// Seconds; None = the daemon's 10.
    pub stop_timeout: Option<i64>,
    pub init: bool,
}

impl Config {
    /// Everything at its default.
    pub fn new(image: ImageRef) -> Self {
        Self {
            image,
            entrypoint: None,
            cmd: Vec::new(),
            env: Vec::new(),
            hostname: None,
            user: "".into(),
            workdir: "".into(),
            tty: false,
            labels: Labels::default(),
            restart: RestartPolicy::No,
            auto_remove: false,
            memory: None,
            memory_swap: None,
            memory_reservation: None,
            cpus_milli: None,
            cpu_shares: None,
            pids_limit: None,
            ports: Vec::new(),
            exposed: Vec::new(),
            publish_all: false,
            mounts: Vec::new(),
            network_mode: "bridge".into(),
            networks: Vec::new(),
            health: None,
            stop_signal: None,
            stop_timeout: None,
            init: false,
        }
    }

    /// What the user says should run: entrypoint and command; empty = the image's program.
    pub fn argv(&self) -> Vec<Arc<str>> {
        self.entrypoint.iter().flatten().chain(&self.cmd).cloned().collect()
    }
    pub fn label(&self, key: &str) -> Option<&Arc<str>> {
        self.labels.get(key)
    }
}

/// The flags from which the status word is computed (moby daemon/container/state.go).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub running: bool,
    pub paused: bool,
    pub restarting: bool,
    pub removing: bool,
    pub dead: bool,
    pub exit_code: i32,
    /// The exit code of the last process that ended; unlike `exit_code`, a start does not clear it.
    pub last_exit_code: Option<i32>,
    pub oom_killed: bool,
    pub error: Arc<str>,
    pub started_at: Option<SimTime>,
    pub finished_at: Option<SimTime>,
}

impl State {
    /// `State.Status`: the flags in the engine's order of precedence.
    pub const fn word(&self) -> &'static str {
        match self {
            Self { running: true, paused: true, .. } => "paused",
            Self { running: true, restarting: true, .. } => "restarting",
            Self { running: true, .. } => "running",
            Self { removing: true, .. } => "removing",
            Self { dead: true, .. } => "dead",
            Self { started_at: None, .. } => "created",
            _ => "exited",
        }
    }
}

/// What happens once a stop is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// `docker restart`
    Start,
    /// `docker rm -f`; true = with its anonymous volumes
    Remove(bool),
}

/// A stop in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    pub then: Then,
    /// `docker stop` says `stop` in the end, `docker kill` does not.
    pub says_stop: bool,
    pub cause: Option<RecordId>,
}

/// A container of an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    pub cid: Cid,
    /// 64 hexadecimal digits.
    pub id: Arc<str>,
    pub host: HostName,
    pub name: Arc<str>,
    pub config: Arc<Config>,
    pub created: SimTime,
    pub state: State,
    pub restart_count: u32,
    /// Set by `docker stop` and `docker kill`; kept across daemon restarts.
    pub manually_stopped: bool,
    /// A container that was never started is not started at boot.
    pub was_started: bool,
    pub backoff: Backoff,
    /// Bumped whenever older timers must no longer count.
    pub serial: u64,
    /// Start was asked for; the process does not run yet.
    pub starting: bool,
    /// The start belongs to a `docker restart`, which says so in the end.
    pub says_restart: bool,
    pub stopping: Option<Stopping>,
    /// A stop that arrived while the container was being started: (grace in seconds, what then).
    pub stop_after_start: Option<(Option<i64>, Then)>,
    pub endpoints: Vec<Endpoint>,
    pub bound: Vec<Bound>,
    pub mounts: Vec<super::volumes::MountPoint>,
    pub health: Option<Health>,
    /// The runtime's container, made at the first start.
    pub machine: Option<ContainerId>,
    /// Bumped at every start of the process.
    pub starts: u64,
    /// What led to the present state: cause of what it does by itself.
    pub cause: Option<RecordId>,
}

impl Container {
    /// What it calls itself: as asked for, on the host's network the host's name, else the short id.
    pub fn hostname(&self) -> Arc<str> {
        match &self.config.hostname {
            Some(name) => name.clone(),
            None if &*self.config.network_mode == "host" => self.host.clone(),
            None => self.id.get(..12).unwrap_or(&self.id).into(),
        }
    }

    /// The variables of its process: its own, and those the engine sets (daemon/container/env.go).
    pub(super) fn runtime_env(&self) -> Vec<(Arc<str>, Arc<str>)> {
        let mut env = self.config.env.clone();
        if !env.iter().any(|(n, _)| &**n == "HOSTNAME") {
            env.push(("HOSTNAME".into(), self.hostname()));
        }
        env
    }

    /// The program as it is listed: the image's own where the user gave none. `image_program` stands in for its entrypoint.
    pub fn program(&self, image_program: &[Arc<str>]) -> Vec<Arc<str>> {
        match &self.config.entrypoint {
            Some(e) => e.iter().chain(&self.config.cmd).cloned().collect(),
            None if self.config.cmd.is_empty() => image_program.to_vec(),
            // An image whose entrypoint is a wrapper (`docker-entrypoint.sh`) keeps it in front of a command.
            None if image_program.first().is_some_and(|p| p.ends_with("entrypoint.sh")) => {
                image_program.iter().take(1).chain(&self.config.cmd).cloned().collect()
            }
            None => self.config.cmd.clone(),
        }
    }

    /// The COMMAND column (daemon/list.go quotes arguments that hold spaces; the CLI cuts and quotes the whole).
    pub fn command_column(&self, image_program: &[Arc<str>], truncate: bool) -> String {
        let words: Vec<String> = self
            .program(image_program)
            .iter()
            .enumerate()
            .map(|(i, w)| if i > 0 && w.contains(' ') { format!("'{w}'") } else { w.to_string() })
            .collect();
        let all = words.join(" ");
        quoted(&if truncate { ellipsis(&all, 20) } else { all })
    }

    /// The STATUS column.
    pub fn status(&self, now: SimTime) -> String {
        let s = &self.state;
        let since = |t: Option<SimTime>| human_duration(t.map_or(SimDuration::ZERO, |t| now - t));
        match s.word() {
            "paused" => format!("Up {} (Paused)", since(s.started_at)),
            "restarting" => format!("Restarting ({}) {} ago", s.exit_code, since(s.finished_at)),
            "running" => match &self.health {
                Some(h) => format!("Up {} ({})", since(s.started_at), h.status.in_ps()),
                None => format!("Up {}", since(s.started_at)),
            },
            "removing" => "Removal In Progress".into(),
            "dead" => "Dead".into(),
            "created" => "Created".into(),
            _ => format!("Exited ({}) {} ago", s.exit_code, since(s.finished_at)),
        }
    }

    /// The signal that stops it.
    pub fn stop_signal(&self) -> Signal {
        self.config.stop_signal.as_deref().and_then(parse_signal).map_or(Signal::Term, |(s, _)| s)
    }

    /// The process exists (running or paused), so that signals reach it.
    pub const fn alive(&self) -> bool {
        self.state.running && !self.state.restarting
    }
    /// The Compose service it belongs to, else its own name.
    pub fn app(&self) -> Arc<str> {
        self.config.label(LABEL_SERVICE).cloned().unwrap_or_else(|| self.name.clone())
    }
}

/// Label under which Compose notes the service (docker/compose pkg/api/labels.go).
pub const LABEL_SERVICE: &str = "com.docker.compose.service";

/// Signals by name or number: (what the runtime is told, the number).
pub fn parse_signal(text: &str) -> Option<(Signal, u8)> {
    const NAMES: &[(&str, u8)] = &[
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 10),
        ("SEGV", 11),
        ("USR2", 12),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
        ("CHLD", 17),
        ("CONT", 18),
        ("STOP", 19),
        ("TSTP", 20),
        ("WINCH", 28),
    ];
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number =
        bare.parse::<u8>().ok().filter(|n| (1..=64).contains(n)).or_else(|| NAMES.iter().find(|(n, _)| *n == bare).map(|n| n.1))?;
    let signal = match number {
        1 => Signal::Hup,
        2 => Signal::Int,
        9 => Signal::Kill,
        15 => Signal::Term,
        n => Signal::Other(n),
    };
    Some((signal, number))
}

/// The number of a signal, for events.
pub const fn signal_number(signal: Signal) -> u8 {
    match signal {
        Signal::Hup => 1,
        Signal::Int => 2,
        Signal::Kill => 9,
        Signal::Term => 15,
        Signal::Other(n) => n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_words_follow_the_flags_in_order() {
        let mut s = State::default();
        assert_eq!(s.word(), "created");
        s.started_at = Some(SimTime::ZERO);
        assert_eq!(s.word(), "exited");
        (s.running, s.restarting) = (true, true);
        assert_eq!(s.word(), "restarting");
        s.paused = true;
        assert_eq!(s.word(), "paused");
        let gone = State { removing: true, ..State::default() };
        assert_eq!(gone.word(), "removing");
    }

    #[test]
    fn signals_by_any_name() {
        assert_eq!(parse_signal("SIGKILL"), Some((Signal::Kill, 9)));
        assert_eq!(parse_signal("hup"), Some((Signal::Hup, 1)));
        assert_eq!(parse_signal("15"), Some((Signal::Term, 15)));
        assert_eq!(parse_signal("NOPE"), None);
    }
}
