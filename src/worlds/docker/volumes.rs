//! Volumes and mounts of one host. Data stays on its machine: that is the point.
//!
//! Sources: moby daemon/volume/service/store.go, daemon/volume/mounts/{linux_parser,validate}.go.

use std::sync::Arc;

use crate::kernel::SimTime;
use crate::machine::{Mount, MountSource};

use super::container::{Cid, Labels};
use super::engine::EngineError;
use super::networks::valid_name;
use super::{Cx, Docker};

/// A volume as the engine lists it; the bytes are the machine's.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeInfo {
    pub name: Arc<str>,
    pub driver: Arc<str>,
    pub labels: Labels,
    pub created: SimTime,
    /// Made for one container without a name.
    pub anonymous: bool,
}

/// What a mount was asked to be.
#[derive(Clone, Debug, PartialEq)]
pub enum MountKind {
    /// None = anonymous.
    Volume(Option<Arc<str>>),
    Bind(Arc<str>),
    Tmpfs,
}

/// `-v`, `--mount`, `--tmpfs`
#[derive(Clone, Debug, PartialEq)]
pub struct MountSpec {
    pub kind: MountKind,
    pub target: Arc<str>,
    pub read_only: bool,
    /// `--mount type=bind` refuses a missing source instead of making it.
    pub must_exist: bool,
}

/// A mount of an existing container: the volume has a name now.
#[derive(Clone, Debug, PartialEq)]
pub struct MountPoint {
    pub kind: MountKind,
    pub target: Arc<str>,
    pub read_only: bool,
}

/// Reads `-v SPEC`.
///
/// # Errors
/// The daemon's sentence.
pub fn parse_volume_flag(text: &str) -> Result<MountSpec, String> {
    parse_volume(text, valid_name)
}

/// The same with another rule for names: a project's volumes get a longer name before the engine sees them.
///
/// # Errors
/// The daemon's sentence.
pub fn parse_volume(text: &str, valid: fn(&str) -> bool) -> Result<MountSpec, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, mode) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, mode] => (Some(*source), *target, *mode),
        _ => return Err(format!("invalid volume specification: '{text}'")),
    };
    if target.is_empty() || !target.starts_with('/') {
        return Err(format!(
            "invalid volume specification: '{text}': invalid mount config for type \"volume\": invalid mount path: '{target}' mount path must be absolute"
        ));
    }
    if target == "/" {
        return Err(format!(
            "invalid volume specification: '{text}': invalid mount config for type \"volume\": invalid specification: destination can't be '/'"
        ));
    }
    let known = [
        "ro",
        "rw",
        "z",
        "Z",
        "cached",
        "delegated",
        "consistent",
        "nocopy",
        "rprivate",
        "private",
        "rshared",
        "shared",
        "rslave",
        "slave",
    ];
    if let Some(bad) = mode.split(',').find(|m| !m.is_empty() && !known.contains(m)) {
        return Err(format!("invalid mode: {bad}"));
    }
    let kind = match source {
        None => MountKind::Volume(None),
        Some("") => return Err(format!("invalid spec: {text}: empty section between colons")),
        Some(s) if s.starts_with(['/', '.', '~']) => MountKind::Bind(s.into()),
        Some(s) if valid(s) => MountKind::Volume(Some(s.into())),
        Some(s) => {
            return Err(format!(
                "create {s}: \"{s}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            ));
        }
    };
    Ok(MountSpec { kind, target: target.into(), read_only: mode.split(',').any(|m| m == "ro"), must_exist: false })
}

/// Reads `--mount type=…,src=…,dst=…`.
///
/// # Errors
/// The CLI's sentence.
pub fn parse_mount_flag(text: &str) -> Result<MountSpec, String> {
    let (mut kind, mut source, mut target, mut read_only) = ("volume", None, None, false);
    for field in text.split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        match key {
            "type" => kind = value,
            "source" | "src" => source = Some(value),
            "target" | "dst" | "destination" => target = Some(value),
            "readonly" | "ro" => read_only = matches!(value, "" | "1" | "true"),
            "bind-propagation" | "consistency" | "volume-driver" | "volume-label" | "volume-opt" | "volume-nocopy" | "tmpfs-size"
            | "tmpfs-mode" => {}
            other => return Err(format!("unexpected key '{other}' in '{field}'")),
        }
    }
    let Some(target) = target.filter(|t| !t.is_empty()) else { return Err("target is required".into()) };
    let kind = match (kind, source) {
        ("volume", s) => MountKind::Volume(s.filter(|s| !s.is_empty()).map(Into::into)),
        ("bind", Some(s)) if !s.is_empty() => MountKind::Bind(s.into()),
        ("bind", _) => return Err("invalid mount config for type \"bind\": field Source must not be empty".into()),
        ("tmpfs", _) => MountKind::Tmpfs,
        (other, _) => return Err(format!("mount type {other} unknown")),
    };
    Ok(MountSpec { kind, target: target.into(), read_only, must_exist: true })
}

impl Docker {
    /// `docker volume create`; an existing one is fine.
    ///
    /// # Errors
    /// The name is not a name.
    pub fn volume_create(&mut self, host: &str, name: Option<&str>, labels: Labels, cx: &mut Cx) -> Result<Arc<str>, EngineError> {
        let anonymous = name.is_none();
        let name: Arc<str> = match name {
            Some(n) if !valid_name(n) => {
                return Err(EngineError::invalid(format!(
                    "create {n}: \"{n}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
                )));
            }
            Some(n) => n.into(),
            None => self.rng.stream("ids").hex(64).into(),
        };
        if self.engine(host).volumes.contains_key(&name) {
            return Ok(name);
        }
        self.machine.create_volume(host, &name, cx.now);
        let info = VolumeInfo { name: name.clone(), driver: "local".into(), labels, created: cx.now, anonymous };
        self.engine_mut(host).volumes.insert(name.clone(), info);
        self.emit(host, "volume", "create", &name, &[("driver", "local")], cx);
        Ok(name)
    }

    /// Containers (in any state) that mount a volume.
    pub fn volume_users(&self, host: &str, name: &str) -> Vec<Arc<str>> {
        let mounts = |c: &super::Container| c.mounts.iter().any(|m| matches!(&m.kind, MountKind::Volume(Some(v)) if &**v == name));
        self.containers_on(host).filter(|c| mounts(c)).map(|c| c.id.clone()).collect()
    }

    /// `docker volume rm`
    ///
    /// # Errors
    /// It does not exist or a container, even a stopped one, mounts it.
    pub fn volume_remove(&mut self, host: &str, name: &str, cx: &mut Cx) -> Result<(), EngineError> {
        if !self.engine(host).volumes.contains_key(name) {
            return Err(EngineError::not_found(format!("get {name}: no such volume")));
        }
        let users = self.volume_users(host, name);
        if !users.is_empty() {
            return Err(EngineError::conflict(format!("remove {name}: volume is in use - [{}]", users.join(", "))));
        }
        self.machine.remove_volume(host, name);
        self.engine_mut(host).volumes.remove(name);
        self.emit(host, "volume", "destroy", name, &[("driver", "local")], cx);
        Ok(())
    }

    /// Makes the volumes a new container needs and names the anonymous ones.
    pub(crate) fn resolve_mounts(&mut self, host: &str, specs: &[MountSpec], cx: &mut Cx) -> Result<Vec<MountPoint>, EngineError> {
        let mut points: Vec<MountPoint> = Vec::new();
        for spec in specs {
            if points.iter().any(|p| p.target == spec.target) {
                return Err(EngineError::invalid(format!("Duplicate mount point: {}", spec.target)));
            }
            if let MountKind::Bind(path) = &spec.kind
                && spec.must_exist
                && !self.host_has(host, path)
            {
                let why = format!("invalid mount config for type \"bind\": bind source path does not exist: {path}");
                return Err(EngineError::invalid(why));
            }
            let cause = cx.cause;
            let kind = match &spec.kind {
                MountKind::Volume(name) => MountKind::Volume(Some(self.volume_create(host, name.as_deref(), Labels::default(), cx)?)),
                other => other.clone(),
            };
            cx.cause = cause;
            points.push(MountPoint { kind, target: spec.target.clone(), read_only: spec.read_only });
        }
        Ok(points)
    }

    /// True if a path is there on a host: what lies where every Linux machine keeps its files is taken to be, and what `-v` has made.
    fn host_has(&self, host: &str, path: &str) -> bool {
        const TOP: [&str; 18] = [
            "", "bin", "boot", "dev", "etc", "home", "lib", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "usr", "var",
        ];
        let top = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let made = |m: &MountPoint| matches!(&m.kind, MountKind::Bind(b) if b.trim_end_matches('/') == path.trim_end_matches('/') || b.starts_with(&format!("{}/", path.trim_end_matches('/'))));
        TOP.contains(&top) || self.machine.host_path(host, path).is_some() || self.containers_on(host).any(|c| c.mounts.iter().any(made))
    }

    /// `mount` or `unmount` of every volume of a container.
    pub(crate) fn mount_events(&mut self, cid: Cid, action: &str, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let cause = cx.cause;
        for m in &c.mounts {
            if let MountKind::Volume(Some(name)) = &m.kind {
                let rw = if m.read_only { "false" } else { "true" };
                let mut attributes = vec![("container", &*c.id), ("driver", "local")];
                if action == "mount" {
                    attributes.extend([("destination", &*m.target), ("propagation", ""), ("read/write", rw)]);
                }
                self.emit(&c.host, "volume", action, name, &attributes, cx);
            }
        }
        cx.cause = cause;
    }
}

/// What the runtime is told to mount.
pub(crate) fn runtime_mounts(points: &[MountPoint]) -> Vec<Mount> {
    let source = |kind: &MountKind| match kind {
        MountKind::Volume(name) => MountSource::Volume(name.clone().unwrap_or_else(|| "".into())),
        MountKind::Bind(path) => MountSource::HostPath(path.clone()),
        MountKind::Tmpfs => MountSource::Scratch,
    };
    points.iter().map(|p| Mount { source: source(&p.kind), path: p.target.clone(), read_only: p.read_only }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_forms() {
        let v = |t: &str| parse_volume_flag(t).unwrap();
        assert_eq!(v("data:/d").kind, MountKind::Volume(Some("data".into())));
        assert_eq!(v("/data").kind, MountKind::Volume(None));
        assert_eq!(
            v("./x:/d:ro"),
            MountSpec { kind: MountKind::Bind("./x".into()), target: "/d".into(), read_only: true, must_exist: false }
        );
        for bad in ["data:d", "a:b:c:d", ":/d", "data:/", "data:/d:wild"] {
            assert!(parse_volume_flag(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_mount_flag("type=tmpfs,dst=/t").unwrap().kind, MountKind::Tmpfs);
        assert!(parse_mount_flag("type=bind,dst=/t").is_err() && parse_mount_flag("src=x").is_err());
    }
}
