//! Things that go wrong, in words common to all worlds.

use std::sync::Arc;

use crate::kernel::SimDuration;

/// A fault as a world is asked to suffer it: what, on what, how.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The scenario's name for it (`blackout`), or one made from kind and time.
    pub id: Arc<str>,
    pub kind: FaultKind,
    pub target: FaultTarget,
    /// None = until somebody repairs it.
    pub lasts: Option<SimDuration>,
}

/// What a fault hits.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultTarget {
    /// The whole world (a registry outage, DNS).
    World,
    /// A machine by name.
    Host(Arc<str>),
    /// Every machine of a zone.
    Zone(Arc<str>),
    /// Copies of an app: name of a Deployment, compose service, pod or container, and how many of them.
    Copies { of: Arc<str>, count: CopyCount },
    /// A part of the control plane.
    Component(Component),
    /// An image by reference.
    Image(Arc<str>),
    /// A stream of traffic by name.
    Traffic(Arc<str>),
}

/// `mode: one | all | count N | percent N`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyCount {
    One,
    All,
    Count(u32),
    Percent(u32),
}

impl CopyCount {
    /// How many of `total` that is, at least one if there is any.
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::One => total.min(1),
            Self::All => total,
            Self::Count(n) => total.min(n as usize),
            Self::Percent(p) => (total * p as usize).div_ceil(100).min(total),
        }
    }
}

/// One end of a network cut.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkEnd {
    Host(Arc<str>),
    /// Where the API server, scheduler and controllers run; for Docker the operator's desk.
    ControlPlane,
    /// Where the users are.
    Clients,
    Everyone,
}

/// Parts that can be stopped one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    ApiServer,
    Scheduler,
    ControllerManager,
    Etcd,
    CoreDns,
    KubeProxy,
    Kubelet,
    Dockerd,
    Proxy,
}

impl Component {
    pub const ALL: [Self; 9] = [
        Self::ApiServer,
        Self::Scheduler,
        Self::ControllerManager,
        Self::Etcd,
        Self::CoreDns,
        Self::KubeProxy,
        Self::Kubelet,
        Self::Dockerd,
        Self::Proxy,
    ];

    /// The name in scenario files and on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ApiServer => "kube-apiserver",
            Self::Scheduler => "kube-scheduler",
            Self::ControllerManager => "kube-controller-manager",
            Self::Etcd => "etcd",
            Self::CoreDns => "coredns",
            Self::KubeProxy => "kube-proxy",
            Self::Kubelet => "kubelet",
            Self::Dockerd => "dockerd",
            Self::Proxy => "proxy",
        }
    }
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.word() == word)
    }
}

/// The kinds of faults with their parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// A machine loses power.
    NodeDown,
    /// A machine gets power back and boots.
    NodeUp,
    /// A machine freezes: nothing on it runs, connections hang.
    NodePause,
    /// A machine (or zone) cannot be reached from `from`, both ways.
    Partition {
        from: LinkEnd,
    },
    /// The process exits with this code.
    Crash {
        code: i32,
    },
    /// Alive, but serves nothing.
    Hang,
    /// Memory grows by so many bytes per minute.
    Leak {
        bytes_per_minute: u64,
    },
    /// The process asks for this much memory at once; above its limit the kernel kills it.
    Oom {
        bytes: u64,
    },
    /// A neighbour eats CPU: copies on the machine serve this many percent slower.
    CpuStarve {
        percent: u32,
    },
    /// The disk of a machine is full: pulls and new containers fail.
    DiskFull,
    /// From now on this image crashes / never gets ready / does not exist.
    BadImage {
        how: BadImage,
    },
    RegistryDown,
    /// Pulls take this many times longer, in percent.
    RegistrySlow {
        percent: u32,
    },
    RegistryDenied,
    DnsDown,
    /// A stream of traffic is multiplied, in percent.
    TrafficSpike {
        percent: u32,
    },
    ComponentDown,
    /// A person deletes copies by hand.
    HumanDelete,
}

/// Ways in which an image is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadImage {
    Crashes,
    NeverReady,
    Missing,
}

/// The ways as `how` in scenario files names them, each with a line for the fault menu.
pub const BAD_IMAGES: &[(&str, &str)] = &[
    ("crashes", "from now on its containers crash soon after they start"),
    ("never-ready", "from now on its containers run, but never get ready"),
    ("missing", "the registry does not have it any more"),
];

impl BadImage {
    pub fn from_word(word: &str) -> Option<Self> {
        let ways = [Self::Crashes, Self::NeverReady, Self::Missing];
        BAD_IMAGES.iter().zip(ways).find(|((w, _), _)| *w == word).map(|(_, how)| how)
    }
}

/// Name in scenario files → what it needs on what; drives the checker, the fault menu and the help.
pub struct FaultInfo {
    pub word: &'static str,
    /// One line for the fault menu.
    pub about: &'static str,
    /// What `on` names: `host`, `copies`, `component`, `image`, `traffic`, `world`.
    pub on: &'static str,
    /// Extra keys of the fault in a scenario file.
    pub keys: &'static [&'static str],
}

/// Faults that strike and are over; what they did stays to be repaired, and no end is waited for.
pub const AT_ONCE: &[&str] = &["node-up", "crash", "oom", "human-delete"];

/// Every fault there is.
pub const FAULTS: &[FaultInfo] = &[
    FaultInfo { word: "node-down", about: "a machine loses power", on: "host", keys: &[] },
    FaultInfo { word: "node-up", about: "a machine gets power back", on: "host", keys: &[] },
    FaultInfo { word: "node-pause", about: "a machine freezes", on: "host", keys: &[] },
    FaultInfo { word: "partition", about: "a machine is cut off the network", on: "host", keys: &["from"] },
    FaultInfo { word: "crash", about: "the process exits", on: "copies", keys: &["code"] },
    FaultInfo { word: "hang", about: "alive, but serves nothing", on: "copies", keys: &[] },
    FaultInfo { word: "leak", about: "memory grows without end", on: "copies", keys: &["rate"] },
    FaultInfo { word: "oom", about: "the process asks for too much memory", on: "copies", keys: &["bytes"] },
    FaultInfo { word: "cpu-starve", about: "a noisy neighbour eats the CPU", on: "host", keys: &["percent"] },
    FaultInfo { word: "disk-full", about: "the disk of a machine is full", on: "host", keys: &[] },
    FaultInfo { word: "bad-image", about: "an image crashes, never gets ready, or is missing", on: "image", keys: &["how"] },
    FaultInfo { word: "registry-down", about: "the registry does not answer", on: "world", keys: &[] },
    FaultInfo { word: "registry-slow", about: "pulls take much longer", on: "world", keys: &["percent"] },
    FaultInfo { word: "registry-denied", about: "the registry refuses our credentials", on: "world", keys: &[] },
    FaultInfo { word: "dns-down", about: "names do not resolve", on: "world", keys: &[] },
    FaultInfo { word: "traffic-spike", about: "many more clients", on: "traffic", keys: &["percent"] },
    FaultInfo { word: "component-down", about: "a part of the platform stops", on: "component", keys: &[] },
    FaultInfo { word: "human-delete", about: "somebody deletes copies by hand", on: "copies", keys: &[] },
];

impl FaultKind {
    /// The kind behind a word with parameters that hurt visibly: what the fault menu injects.
    pub fn with_defaults(word: &str) -> Option<Self> {
        Some(match word {
            "node-down" => Self::NodeDown,
            "node-up" => Self::NodeUp,
            "node-pause" => Self::NodePause,
            "partition" => Self::Partition { from: LinkEnd::Everyone },
            "crash" => Self::Crash { code: 1 },
            "hang" => Self::Hang,
            "leak" => Self::Leak { bytes_per_minute: 128 << 20 },
            "oom" => Self::Oom { bytes: 64 << 30 },
            "cpu-starve" => Self::CpuStarve { percent: 80 },
            "disk-full" => Self::DiskFull,
            "bad-image" => Self::BadImage { how: BadImage::Crashes },
            "registry-down" => Self::RegistryDown,
            "registry-slow" => Self::RegistrySlow { percent: 1000 },
            "registry-denied" => Self::RegistryDenied,
            "dns-down" => Self::DnsDown,
            "traffic-spike" => Self::TrafficSpike { percent: 500 },
            "component-down" => Self::ComponentDown,
            "human-delete" => Self::HumanDelete,
            _ => return None,
        })
    }

    /// The parameters as a scenario file writes them: `, rate: 128Mi/min`.
    pub fn parameters(&self) -> String {
        match self {
            Self::Crash { code } if *code != 1 => format!(", code: {code}"),
            Self::Leak { bytes_per_minute } => format!(", rate: {}Ki/min", bytes_per_minute >> 10),
            Self::Oom { bytes } => format!(", bytes: {}Ki", bytes >> 10),
            Self::CpuStarve { percent } | Self::RegistrySlow { percent } | Self::TrafficSpike { percent } => {
                format!(", percent: {percent}%")
            }
            Self::BadImage { how } => format!(
                ", how: {}",
                match how {
                    BadImage::Crashes => "crashes",
                    BadImage::NeverReady => "never-ready",
                    BadImage::Missing => "missing",
                }
            ),
            Self::Partition { from: LinkEnd::ControlPlane } => ", from: control-plane".into(),
            Self::Partition { from: LinkEnd::Clients } => ", from: clients".into(),
            Self::Partition { from: LinkEnd::Host(h) } => format!(", from: {h}"),
            _ => String::new(),
        }
    }

    /// The name in scenario files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NodeDown => "node-down",
            Self::NodeUp => "node-up",
            Self::NodePause => "node-pause",
            Self::Partition { .. } => "partition",
            Self::Crash { .. } => "crash",
            Self::Hang => "hang",
            Self::Leak { .. } => "leak",
            Self::Oom { .. } => "oom",
            Self::CpuStarve { .. } => "cpu-starve",
            Self::DiskFull => "disk-full",
            Self::BadImage { .. } => "bad-image",
            Self::RegistryDown => "registry-down",
            Self::RegistrySlow { .. } => "registry-slow",
            Self::RegistryDenied => "registry-denied",
            Self::DnsDown => "dns-down",
            Self::TrafficSpike { .. } => "traffic-spike",
            Self::ComponentDown => "component-down",
            Self::HumanDelete => "human-delete",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_kind() {
        for f in FAULTS {
            assert_eq!(FaultKind::with_defaults(f.word).map(|k| k.word()), Some(f.word));
        }
    }
}
