//! Volumes: data that outlives a container but stays on its machine.

use std::sync::Arc;

use crate::kernel::SimTime;

use super::{HostName, Machine, MountSource};

/// A local volume on one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub host: HostName,
    pub name: Arc<str>,
    pub created: SimTime,
    /// Bytes that programs have written: nothing here is nothing to lose.
    pub bytes: u64,
}

/// Under this name the machine's own files are kept among the shared ones.
const HOST_FILES: &str = "path:";
/// What an app puts into an empty volume when it first starts, as a database does.
const INITIAL_BYTES: u64 = 40 << 20;
/// What it adds at each later start.
const START_BYTES: u64 = 64 << 10;

impl Machine {
    /// Creates a volume; one that exists keeps its data.
    pub fn create_volume(&mut self, host: &str, name: &str, now: SimTime) {
        let (host, name): (HostName, Arc<str>) = (host.into(), name.into());
        let key = (host.clone(), name.clone());
        if !self.volumes.contains_key(&key) {
            self.volumes.insert(key, Volume { host, name, created: now, bytes: 0 });
        }
    }

    /// Removes a volume and its data.
    pub fn remove_volume(&mut self, host: &str, name: &str) {
        self.volumes.remove(&(host.into(), name.into()));
        self.shared.remove(&(host.into(), format!("volume:{name}").into()));
    }

    /// The volumes on a machine in name order.
    pub fn volumes<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Volume> {
        let from: (HostName, Arc<str>) = (host.into(), "".into());
        self.volumes.range(from..).map(|(_, v)| v).take_while(move |v| &*v.host == host)
    }

    /// One volume.
    pub fn volume(&self, host: &str, name: &str) -> Option<&Volume> {
        self.volumes.get(&(host.into(), name.into()))
    }

    /// What programs and mounts left at a path of a machine's own disk: `Some(true)` for a directory, `Some(false)` for a file.
    pub fn host_path(&self, host: &str, path: &str) -> Option<bool> {
        self.shared.get(&(host.into(), HOST_FILES.into()))?.what(&super::program::normal(path))
    }

    /// Makes an empty directory or file on a machine's own disk, and the directories above it.
    pub fn make_host_path(&mut self, host: &str, path: &str, directory: bool) {
        let tree = self.shared.entry((host.into(), HOST_FILES.into())).or_default();
        tree.make(&super::program::normal(path), directory);
    }

    /// An app that has started up writes its first data.
    pub(crate) fn write_volumes(&mut self, id: super::ContainerId, now: SimTime) {
        let Some(c) = self.containers.get(&id) else { return };
        let (host, spec) = (c.host.clone(), c.spec.clone());
        for m in spec.mounts.iter().filter(|m| !m.read_only) {
            if let MountSource::Volume(name) = &m.source {
                self.create_volume(&host, name, now);
                if let Some(v) = self.volumes.get_mut(&(host.clone(), name.clone())) {
                    v.bytes += if v.bytes == 0 { INITIAL_BYTES } else { START_BYTES };
                }
            }
        }
    }
}
