//! `hostPath` volumes: is there on the node what the volume's type asks for?
//! Follows: pkg/volume/hostpath/host_path.go (checkTypeInternal).

use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::storage::{find, volume_name};

use super::worker::Worker;

/// What every Linux node with a kubelet and containerd has, whatever its pods wrote.
const DIRECTORIES: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/etc/cni",
    "/etc/cni/net.d",
    "/etc/containerd",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/kubernetes/pki",
    "/etc/ssl",
    "/etc/ssl/certs",
    "/home",
    "/lib",
    "/lib/modules",
    "/media",
    "/mnt",
    "/opt",
    "/opt/cni",
    "/opt/cni/bin",
    "/proc",
    "/root",
    "/run",
    "/run/containerd",
    "/sbin",
    "/srv",
    "/sys",
    "/sys/fs",
    "/sys/fs/bpf",
    "/sys/fs/cgroup",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/lib/kubelet/plugins",
    "/var/lib/kubelet/pods",
    "/var/log",
    "/var/log/containers",
    "/var/log/pods",
    "/var/run",
    "/var/run/containerd",
    "/var/tmp",
];
const FILES: &[&str] = &[
    "/etc/group",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/resolv.conf",
    "/var/lib/kubelet/config.yaml",
];
const SOCKETS: &[&str] = &["/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock"];
const CHARACTER_DEVICES: &[&str] =
    &["/dev/console", "/dev/full", "/dev/kmsg", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];

/// What stands at a path of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    Nothing,
    Directory,
    File,
    Socket,
    CharDevice,
}

/// Sees that there is what the type of a volume asks for, and makes what it wants made. Other volumes are left alone.
///
/// # Errors
/// The kubelet's sentence, with the name of the volume that it speaks of.
pub(super) fn check(node: &str, v: &core::Volume, w: &Worker, ctl: &mut Ctl) -> Result<(), (String, String)> {
    let (name, path, kind) = if let Some(p) = &v.host_path {
        (v.name.clone(), p.path.clone(), p.type_.clone().unwrap_or_default())
    } else if let Some(claim) = &v.persistent_volume_claim {
        let claim = Key::new(w.key.namespace.clone(), claim.claim_name.as_str());
        let Some(volume) = find(&ctl.api.store, Kind::PersistentVolumeClaim, &claim).and_then(|g| volume_name(&g.body).map(String::from))
        else {
            return Ok(());
        };
        let Some(body) = find(&ctl.api.store, Kind::PersistentVolume, &Key::new("", volume.as_str())).map(|g| g.body.clone()) else {
            return Ok(());
        };
        let source = &body["spec"]["hostPath"];
        let text = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
        if !source.is_object() {
            return Ok(());
        }
        (volume, text("path"), text("type"))
    } else {
        return Ok(());
    };
    let there = what_is(node, &format!("/{}", path.trim_matches('/')), ctl);
    let wrong = |what: &str| Err((name.clone(), format!("hostPath type check failed: {path} is not a {what}")));
    match &*kind {
        // Nothing is checked, and the runtime makes a directory where there is nothing.
        "" | "DirectoryOrCreate" if there == There::Nothing => ctl.machine.make_host_path(node, &path, true),
        "Directory" | "DirectoryOrCreate" if there != There::Directory => return wrong("directory"),
        "FileOrCreate" if there == There::Nothing => ctl.machine.make_host_path(node, &path, false),
        "File" | "FileOrCreate" if there != There::File => return wrong("file"),
        "Socket" if there != There::Socket => return wrong("socket file"),
        "CharDevice" if there != There::CharDevice => return wrong("character device"),
        "BlockDevice" => return wrong("block device"),
        _ => {}
    }
    Ok(())
}

fn what_is(node: &str, path: &str, ctl: &Ctl) -> There {
    if DIRECTORIES.contains(&path) {
        There::Directory
    } else if FILES.contains(&path) {
        There::File
    } else if SOCKETS.contains(&path) {
        There::Socket
    } else if CHARACTER_DEVICES.contains(&path) {
        There::CharDevice
    } else {
        match ctl.machine.host_path(node, path) {
            None => There::Nothing,
            Some(true) => There::Directory,
            Some(false) => There::File,
        }
    }
}
