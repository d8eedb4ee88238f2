//! The files of a container, in memory: what programs wrote, what is mounted, and a few that every image has.

use std::sync::Arc;

use crate::kernel::Map;
use crate::machine::{Caller, HostName, Mount, MountSource, Roads, Volume};

use super::commands::BINARIES;

/// A tree of files by absolute path; directories are entries too.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Files {
    nodes: Map<Arc<str>, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Dir,
    File(Arc<str>),
}

/// What several containers of a machine see: volumes and host paths, by machine and name (`volume:data`, `path:/srv`).
pub(crate) type Shared = Map<(HostName, Arc<str>), Files>;

/// A file may grow no larger than this; more is dropped.
const FILE_MAX: usize = 256 * 1024;
/// Files of one tree.
const FILES_MAX: usize = 4096;

const DIRS: [&str; 24] = [
    "/",
    "/bin",
    "/sbin",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local",
    "/usr/local/bin",
    "/usr/share",
    "/etc",
    "/tmp",
    "/var",
    "/var/log",
    "/var/run",
    "/var/tmp",
    "/var/lib",
    "/var/cache",
    "/run",
    "/dev",
    "/proc",
    "/sys",
    "/home",
    "/root",
    "/opt",
];

/// A container's view of its files.
pub(crate) struct Fs<'a> {
    pub own: &'a mut Files,
    pub shared: &'a mut Shared,
    pub volumes: &'a mut Map<(HostName, Arc<str>), Volume>,
    pub mounts: &'a [Mount],
    pub host: HostName,
    pub hostname: Arc<str>,
    pub disk_full: bool,
    /// Who says what stands in the files about the network; None while nobody is there to read them.
    pub roads: Option<(&'a dyn Roads, Caller)>,
}

enum Place<'a> {
    Own(String),
    Shared(Arc<str>, String, bool),
    Given(&'a [(Arc<str>, Arc<str>)], String),
}

impl<'a> Fs<'a> {
    fn place(&self, path: &str) -> Place<'a> {
        let path = normal(path);
        let mounts: &'a [Mount] = self.mounts;
        let hit = mounts.iter().filter(|m| below(&path, m.path.trim_end_matches('/'))).max_by_key(|m| m.path.len());
        let Some(mount) = hit else { return Place::Own(path) };
        let rest = &path[mount.path.trim_end_matches('/').len()..];
        let rest = if rest.is_empty() { "/".to_string() } else { rest.to_string() };
        match &mount.source {
            MountSource::Volume(name) => Place::Shared(format!("volume:{name}").into(), rest, mount.read_only),
            MountSource::HostPath(p) => {
                let full = normal(&format!("{p}{rest}"));
                Place::Shared("path:".into(), full, mount.read_only)
            }
            // A file mounted over a file (subPath) has no rest.
            MountSource::Files(files) => Place::Given(files, if rest == "/" { "/".into() } else { rest }),
            MountSource::Scratch => Place::Own(path),
        }
    }

    fn tree(&self, key: &Arc<str>) -> Option<&Files> {
        self.shared.get(&(self.host.clone(), key.clone()))
    }

    pub fn is_dir(&self, path: &str) -> bool {
        let path = &normal(path);
        if DIRS.contains(&path.as_str()) || self.mounts.iter().any(|m| below(m.path.trim_end_matches('/'), path) && !single(m)) {
            return true;
        }
        match self.place(path) {
            Place::Own(p) => self.own.is_dir(&p),
            Place::Shared(key, p, _) => p == "/" || self.tree(&key).is_some_and(|t| t.is_dir(&p)),
            Place::Given(..) => false,
        }
    }

    pub fn is_file(&self, path: &str) -> bool {
        self.read(path).is_some()
    }

    pub fn read(&self, path: &str) -> Option<Arc<str>> {
        match self.place(path) {
            Place::Own(p) => match self.own.nodes.get(p.as_str()) {
                Some(Entry::File(text)) => Some(text.clone()),
                Some(Entry::Dir) => None,
                None => self.builtin(&p),
            },
            Place::Shared(key, p, _) => match self.tree(&key)?.nodes.get(p.as_str())? {
                Entry::File(text) => Some(text.clone()),
                Entry::Dir => None,
            },
            Place::Given(files, p) => {
                let name = p.trim_start_matches('/');
                let hit = files.iter().find(|(n, _)| &**n == name || (name.is_empty() && files.len() == 1));
                hit.map(|(_, text)| text.clone())
            }
        }
    }

    fn builtin(&self, path: &str) -> Option<Arc<str>> {
        match path {
            "/etc/hostname" => Some(format!("{}\n", self.hostname).into()),
            "/etc/hosts" => self.roads.as_ref().map(|(r, from)| r.hosts(from, &self.hostname).into()),
            "/etc/os-release" => Some("NAME=\"wheelhouse\"\nID=wheelhouse\n".into()),
            "/etc/resolv.conf" => self.roads.as_ref().map(|(r, from)| r.resolver(from).into()),
            "/etc/passwd" => Some("root:x:0:0:root:/root:/bin/sh\n".into()),
            "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/termination-log" => Some("".into()),
            _ => {
                let (dir, name) = path.rsplit_once('/')?;
                (matches!(dir, "/bin" | "/usr/bin" | "/sbin" | "/usr/sbin") && BINARIES.contains(&name)).then(|| "".into())
            }
        }
    }

    /// Writes a file. The error is what a program prints.
    pub fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        if self.is_dir(path) {
            return Err("Is a directory");
        }
        let full = normal(path);
        let parent = full.rsplit_once('/').map_or("/", |(d, _)| if d.is_empty() { "/" } else { d });
        if !self.is_dir(parent) {
            return Err("nonexistent directory");
        }
        if self.disk_full && !text.is_empty() {
            return Err("No space left on device");
        }
        match self.place(&full) {
            Place::Own(p) => self.own.write(p, text, append),
            Place::Shared(key, p, read_only) => {
                if read_only {
                    return Err("Read-only file system");
                }
                if let Some(v) = key.strip_prefix("volume:").and_then(|v| self.volumes.get_mut(&(self.host.clone(), v.into()))) {
                    v.bytes = v.bytes.saturating_add(text.len() as u64);
                }
                self.shared.entry((self.host.clone(), key)).or_default().write(p, text, append)
            }
            Place::Given(..) => return Err("Read-only file system"),
        }
        Ok(())
    }

    pub fn mkdir(&mut self, path: &str) {
        let full = normal(path);
        let mut at = String::new();
        for step in full.split('/').filter(|s| !s.is_empty()) {
            at.push('/');
            at.push_str(step);
            if self.is_dir(&at) || self.is_file(&at) {
                continue;
            }
            match self.place(&at) {
                Place::Own(p) => self.own.insert(p, Entry::Dir),
                Place::Shared(key, p, false) => self.shared.entry((self.host.clone(), key)).or_default().insert(p, Entry::Dir),
                _ => {}
            }
        }
    }

    /// Removes a file, or a directory with all below it. False if there was none.
    pub fn remove(&mut self, path: &str) -> bool {
        match self.place(path) {
            Place::Own(p) => self.own.remove(&p),
            Place::Shared(key, p, false) => self.shared.get_mut(&(self.host.clone(), key)).is_some_and(|t| t.remove(&p)),
            _ => false,
        }
    }

    /// Names directly below a directory, sorted.
    pub fn list(&self, path: &str) -> Vec<String> {
        let dir = normal(path);
        let mut names: Vec<String> = match self.place(&dir) {
            Place::Own(p) => self.own.list(&p),
            Place::Shared(key, p, _) => self.tree(&key).map(|t| t.list(&p)).unwrap_or_default(),
            Place::Given(files, _) => files.iter().map(|(n, _)| n.to_string()).collect(),
        };
        let prefix = if dir == "/" { "/".to_string() } else { format!("{dir}/") };
        let extra = DIRS.iter().copied().chain(self.mounts.iter().map(|m| m.path.trim_end_matches('/')));
        names.extend(
            extra.filter_map(|d| d.strip_prefix(&prefix)).filter_map(|r| r.split('/').next()).filter(|r| !r.is_empty()).map(String::from),
        );
        names.sort();
        names.dedup();
        names
    }
}

impl Files {
    /// A tree with one directory and those above it (a working directory, which the runtime makes).
    pub(crate) fn with_dir(path: &str) -> Self {
        let (mut files, mut at) = (Self::default(), String::new());
        for step in normal(path).split('/').filter(|s| !s.is_empty()) {
            at = format!("{at}/{step}");
            files.insert(at.clone(), Entry::Dir);
        }
        files
    }
    /// What stands at a path: `Some(true)` for a directory. One is there as soon as something lies in it.
    pub(crate) fn what(&self, path: &str) -> Option<bool> {
        let inside = || self.nodes.keys().any(|k| k.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
        match self.nodes.get(path) {
            Some(Entry::File(_)) => Some(false),
            Some(Entry::Dir) => Some(true),
            None => inside().then_some(true),
        }
    }
    /// Makes an empty directory or file, and the directories above it.
    pub(crate) fn make(&mut self, path: &str, directory: bool) {
        for (i, _) in path.match_indices('/').skip(1) {
            self.insert(path[..i].into(), Entry::Dir);
        }
        self.insert(path.into(), if directory { Entry::Dir } else { Entry::File("".into()) });
    }
    fn is_dir(&self, path: &str) -> bool {
        matches!(self.nodes.get(path), Some(Entry::Dir))
    }
    fn insert(&mut self, path: String, e: Entry) {
        if self.nodes.len() < FILES_MAX {
            self.nodes.insert(path.into(), e);
        }
    }
    fn write(&mut self, path: String, text: &str, append: bool) {
        let old = match self.nodes.get(path.as_str()) {
            Some(Entry::File(t)) if append => t.clone(),
            _ => "".into(),
        };
        let mut all = String::with_capacity(old.len() + text.len());
        all.push_str(&old);
        all.push_str(text);
        if all.len() > FILE_MAX {
            // The newest part stays, as in a rotated log.
            let cut = (all.len() - FILE_MAX / 2..all.len()).find(|i| all.is_char_boundary(*i)).unwrap_or(all.len());
            all.drain(..cut);
        }
        self.insert(path, Entry::File(all.into()));
    }
    fn remove(&mut self, path: &str) -> bool {
        let prefix = format!("{path}/");
        let inner: Vec<Arc<str>> = self.nodes.keys().filter(|k| k.starts_with(&prefix)).cloned().collect();
        for k in &inner {
            self.nodes.remove(k);
        }
        self.nodes.remove(path).is_some() || !inner.is_empty()
    }
    fn list(&self, dir: &str) -> Vec<String> {
        let prefix = if dir == "/" { "/".to_string() } else { format!("{dir}/") };
        self.nodes.keys().filter_map(|k| k.strip_prefix(&prefix)).filter(|r| !r.is_empty() && !r.contains('/')).map(String::from).collect()
    }
}

/// True if `path` is `dir` or lies below it.
fn below(path: &str, dir: &str) -> bool {
    dir.is_empty() || path == dir || path.strip_prefix(dir).is_some_and(|r| r.starts_with('/')) || (dir == "/" && path.starts_with('/'))
}

/// A mount of exactly one file at a path that looks like one.
fn single(m: &Mount) -> bool {
    matches!(&m.source, MountSource::Files(f) if f.len() == 1 && m.path.ends_with(&*f[0].0))
}

/// An absolute path without `.`, `..` and doubled slashes.
pub(crate) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for p in path.split('/') {
        match p {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            p => parts.push(p),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_mounts_and_volumes() {
        let (mut own, mut shared, mut volumes) = (Files::default(), Shared::new(), Map::new());
        let host: HostName = "h".into();
        volumes.insert(
            (host.clone(), "data".into()),
            Volume { host: host.clone(), name: "data".into(), created: Default::default(), bytes: 0 },
        );
        let files = Arc::new(vec![(Arc::from("app.conf"), Arc::from("port=1\n"))]);
        let mounts = [
            Mount { source: MountSource::Volume("data".into()), path: "/d".into(), read_only: false },
            Mount { source: MountSource::Files(files), path: "/etc/app".into(), read_only: true },
        ];
        let mut fs = Fs {
            own: &mut own,
            shared: &mut shared,
            volumes: &mut volumes,
            mounts: &mounts,
            host,
            hostname: "c".into(),
            disk_full: false,
            roads: None,
        };
        assert!(fs.is_dir("/tmp") && fs.is_dir("/d") && fs.is_dir("/etc/app") && !fs.is_dir("/w"));
        fs.write("/tmp/x", "1\n", false).unwrap();
        fs.write("/tmp/../tmp/x", "2\n", true).unwrap();
        assert_eq!(fs.read("/tmp//x").as_deref(), Some("1\n2\n"));
        assert!(fs.write("/w/x", "", false).is_err());
        fs.mkdir("/w/y");
        assert!(fs.write("/w/y/x", "", false).is_ok() && fs.is_dir("/w"));
        fs.write("/d/file", "hello", false).unwrap();
        assert_eq!(fs.list("/d"), ["file"]);
        assert_eq!(fs.read("/etc/app/app.conf").as_deref(), Some("port=1\n"));
        assert!(fs.write("/etc/app/app.conf", "", false).is_err());
        assert!(fs.remove("/tmp/x") && !fs.remove("/tmp/x"));
        assert!(fs.is_file("/bin/sleep") && !fs.is_file("/nope"));
        fs.disk_full = true;
        assert_eq!(fs.write("/tmp/z", "x", false), Err("No space left on device"));
        assert_eq!(volumes.iter().next().unwrap().1.bytes, 5);
    }
}
