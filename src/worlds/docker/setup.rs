//! What a scenario declares of a Docker world, as plain data.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::machine::RegistryState;
use crate::model::OperatorSpec;

/// The whole world at its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DockerSetup {
    pub hosts: Vec<HostSetup>,
    /// Compose files brought up (`docker compose up -d`) at time zero, per host.
    pub compose: Vec<ComposeSetup>,
    /// `docker …` commands at time zero, after Compose: (host, or None for the first one; command line).
    pub run: Vec<(Option<Arc<str>>, Arc<str>)>,
    pub proxy: Option<ProxySetup>,
    pub operator: Option<OperatorSpec>,
    pub engine: EngineSetup,
    /// Bytes per second between the registry and one host; 0 = 100 MB/s.
    pub bandwidth: u64,
    /// How the registry is at the start, and after the end of a fault that hit it.
    pub registry: RegistryState,
}

/// One machine.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSetup {
    pub name: Arc<str>,
    /// Thousandths of a core.
    pub cpu_milli: u32,
    /// Bytes.
    pub memory: u64,
    pub zone: Arc<str>,
    /// From power to a running engine; None = 40 s (a cloud instance).
    pub boot: Option<SimDuration>,
}

impl HostSetup {
    /// Four cores and 16 GiB.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), cpu_milli: 4000, memory: 16 << 30, zone: "".into(), boot: None }
    }
}

/// A Compose file on one host or all.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposeSetup {
    /// None = every host.
    pub host: Option<Arc<str>>,
    /// `shop/compose.yaml`: for messages, and its folder names the project.
    pub source: Arc<str>,
    pub text: Arc<str>,
    /// Where the paths in it start.
    pub folder: Arc<str>,
    /// Files that it reads besides, by path.
    pub beside: BTreeMap<Arc<str>, Arc<str>>,
    /// What the command line adds (`--scale web=3`, `--profile debug`).
    pub flags: Vec<Arc<str>>,
}

/// How the daemon is configured (`daemon.json`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineSetup {
    /// Containers go on while the daemon is down.
    pub live_restore: bool,
    /// Seconds; None = 10.
    pub default_stop_timeout: Option<i64>,
}

/// Whether and how a proxy in front knows which host is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// Keeps sending every host its share, dead or not.
    Static,
    /// Asks each host and takes it out while it does not answer.
    HealthChecked,
}

/// A reverse proxy in front of all hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxySetup {
    pub kind: ProxyKind,
    /// The published port it forwards to.
    pub to: u16,
    /// None = every host.
    pub backends: Option<Vec<Arc<str>>>,
    /// Asked for with GET; None = a TCP connection.
    pub path: Option<Arc<str>>,
    pub check_every: SimDuration,
    pub check_timeout: SimDuration,
    /// Failed checks in a row until a backend is taken out, good ones until it is back.
    pub fall: u32,
    pub rise: u32,
}

impl ProxySetup {
    /// HAProxy's defaults for `check`: every 2 s, out after 3 failures, back after 2 answers (doc/configuration.txt: inter, fall, rise).
    pub fn new(kind: ProxyKind, to: u16) -> Self {
        Self {
            kind,
            to,
            backends: None,
            path: None,
            check_every: SimDuration::from_secs(2),
            check_timeout: SimDuration::from_secs(2),
            fall: 3,
            rise: 2,
        }
    }
}

/// Why a world cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerError {
    #[error("a Docker world needs at least one host")]
    NoHosts,
    #[error("there are two hosts named `{0}`")]
    HostTwice(Arc<str>),
    #[error("there is no host `{0}`; there are: {1}")]
    NoSuchHost(Arc<str>, String),
    #[error("{0}")]
    Compose(String),
    #[error("the command `{0}` cannot be read: {1}")]
    Command(Arc<str>, String),
}
