//! Images and the programs inside them: how they start, serve, use memory, misbehave and stop.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::kernel::SimDuration;

/// An image reference, normalised enough to compare: registry, repository, tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// As written by the user.
    pub text: Arc<str>,
}

impl ImageRef {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into() }
    }

    /// The registry host: what stands before the first `/` if it looks like a host, else Docker Hub.
    /// (distribution/reference: a host has a dot or a colon, or is `localhost`.)
    pub fn registry(&self) -> &str {
        match self.text.split_once('/') {
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
            _ => "docker.io",
        }
    }
    /// The repository below the registry, with Docker Hub's implied `library/`.
    pub fn repository(&self) -> String {
        let rest = match self.text.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
            _ => &self.text,
        };
        let rest = rest.split('@').next().unwrap_or(rest);
        let name = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            _ => rest,
        };
        if self.registry() == "docker.io" && !name.contains('/') { format!("library/{name}") } else { name.to_string() }
    }
    /// The tag; `latest` where none is written.
    pub fn tag(&self) -> &str {
        let last = self.text.split('@').next().unwrap_or(&self.text).rsplit('/').next().unwrap_or(&self.text);
        // A colon in the only component can only be a tag (`nginx:1.27`), never a port.
        last.split_once(':').map_or("latest", |(_, tag)| tag)
    }
    /// `registry/repository:tag`, the key under which registries and image stores know it.
    pub fn canonical(&self) -> Cow<'_, str> {
        if self.is_canonical() { Cow::Borrowed(&self.text) } else { Cow::Owned(self.spelt_out()) }
    }

    /// Everything is said already: a registry other than Docker Hub, and one tag.
    fn is_canonical(&self) -> bool {
        let registry = self.registry();
        let last = self.text.rsplit('/').next().unwrap_or_default();
        registry != "docker.io" && !self.text.contains('@') && last.len() < self.text.len() && last.matches(':').count() == 1
    }

    fn spelt_out(&self) -> String {
        match self.text.split_once('@') {
            Some((_, digest)) => format!("{}/{}@{digest}", self.registry(), self.repository()),
            None => format!("{}/{}:{}", self.registry(), self.repository(), self.tag()),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One image as a scenario describes it (or as the default for those it does not).
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSpec {
    pub reference: ImageRef,
    /// Bytes of all layers, as printed by `docker images`.
    pub size: u64,
    /// Layer sizes in bytes, base first. Images with the same `base` share those layers.
    pub layers: Vec<Layer>,
    pub app: Arc<AppSpec>,
    /// True if the scenario describes it; a default image is named in reports.
    pub described: bool,
    /// True if the registry does not hold it: pulls fail with "not found".
    pub missing: bool,
    /// Already present on every machine at the start.
    pub preloaded: bool,
    /// Needs credentials that nobody has: pulls are denied.
    pub private: bool,
    /// The user its program runs as (`USER`): a number or a name, maybe with a group; None is root.
    pub user: Option<Arc<str>>,
}

impl ImageSpec {
    /// The image's id: a digest of what is in it.
    pub fn id(&self) -> String {
        sha256(&format!("config {}", self.contents()))
    }
    /// The manifest's digest: what a pull prints, and what stands behind the `@` of a reference.
    pub fn manifest_digest(&self) -> String {
        sha256(&format!("manifest {}", self.contents()))
    }
    fn contents(&self) -> String {
        let layers: Vec<&str> = self.layers.iter().map(|l| &*l.digest).collect();
        format!("{} {}", self.reference.canonical(), layers.join(" "))
    }
}

/// `sha256:…`
pub fn sha256(text: &str) -> String {
    let hex: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

/// One layer: content address and bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layer {
    pub digest: Arc<str>,
    pub bytes: u64,
}

/// How the program in an image behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct AppSpec {
    /// From process start until it answers.
    pub startup: SimDuration,
    /// Requests per second one copy serves at its CPU limit; 0 = unlimited.
    pub capacity_rps: u32,
    /// Time to serve one request when idle.
    pub latency: SimDuration,
    /// Resident memory at rest, in bytes.
    pub memory: u64,
    /// More memory per request in flight, in bytes.
    pub memory_per_request: u64,
    /// CPU used at rest, in thousandths of a core.
    pub cpu_idle_milli: u32,
    /// CPU used at full capacity, in thousandths of a core.
    pub cpu_busy_milli: u32,
    /// The port it listens on; None = every port that is asked for.
    pub port: Option<u16>,
    /// False: runs, but never answers `/ready` with success.
    pub becomes_ready: bool,
    /// What SIGTERM does.
    pub on_term: OnTerm,
    /// Paths whose answer is not 200, with the status they answer (`/health: 500`).
    pub answers: Vec<(Arc<str>, u16)>,
    /// What the program does over time, measured from process start.
    pub behaviour: Vec<Behaviour>,
    /// Names this program must resolve to start (a database host); it exits 1 while one does not answer.
    pub needs: Vec<Arc<str>>,
    /// Lines written to the log at start.
    pub log: Vec<Arc<str>>,
}

impl Default for AppSpec {
    /// What an image nobody described does: starts in a second, serves 100 requests per second at 20 ms, 64 MiB.
    fn default() -> Self {
        Self {
            startup: SimDuration::from_secs(1),
            capacity_rps: 100,
            latency: SimDuration::from_millis(20),
            memory: 64 << 20,
            memory_per_request: 0,
            cpu_idle_milli: 5,
            cpu_busy_milli: 500,
            port: None,
            becomes_ready: true,
            on_term: OnTerm::default(),
            answers: Vec::new(),
            behaviour: Vec::new(),
            needs: Vec::new(),
            log: Vec::new(),
        }
    }
}

/// What a program does when it is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTerm {
    /// Closes its listener at once, finishes what is in flight (at most this long), exits 0.
    Drain(SimDuration),
    /// Exits at once with this code; requests in flight are reset.
    Exit(i32),
    /// Does not react; only SIGKILL ends it.
    Ignore,
}

impl Default for OnTerm {
    /// Most frameworks finish what is in flight; two seconds is ample at the default latency.
    fn default() -> Self {
        Self::Drain(SimDuration::from_secs(2))
    }
}

/// `{after: 20m, do: leak 2Mi/min}`
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// Since process start.
    pub after: SimDuration,
    pub action: Action,
}

/// Things a program does to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Memory grows by so many bytes per minute.
    Leak { bytes_per_minute: u64 },
    /// Memory grows by so many bytes at once.
    Allocate { bytes: u64 },
    /// The process exits with this code.
    Exit { code: i32 },
    /// Alive, but answers nothing any more.
    Hang,
    /// Answers again after a hang.
    Recover,
    /// `/ready` fails from now on (true) or succeeds again (false).
    Unready(bool),
    /// Serves this many times slower, in percent (200 = twice as slow; capacity falls alike).
    Slow { percent: u32 },
    /// Answers this share of requests with an error, in percent.
    Errors { percent: u32 },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelt_out_already_stays_as_it_is() {
        for text in [
            "registry.example/shop:1.4.0",
            "registry.example:5000/a/b:2",
            "localhost/x:1",
            "registry.example/shop",
            "registry.example:5000/shop",
            "docker.io/nginx:1",
            "nginx:1.27",
            "a/b:1",
            "nginx",
            "registry.example/shop:1@sha256:ab",
            "registry.example/shop@sha256:ab",
        ] {
            let image = ImageRef::new(text);
            assert_eq!(image.canonical(), image.spelt_out(), "{text}");
        }
        assert!(ImageRef::new("registry.example/shop:1.4.0").is_canonical() && !ImageRef::new("docker.io/nginx:1").is_canonical());
    }
}
