//! Faults: the common vocabulary, as it strikes engine hosts.

use std::sync::Arc;

use crate::kernel::journal::Entry;
use crate::kernel::{ObjectRef, RecordType};
use crate::machine::{HostName, HostState, RegistryState};
use crate::model::fault::CopyCount;
use crate::model::{Component, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec, LinkEnd};

use super::container::Cid;
use super::{Cx, Docker};

/// An image's canonical name and what it was before the fault.
type Before = (Arc<str>, Arc<ImageSpec>);

/// What a fault hit, so that its end undoes exactly that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck {
    hosts: Vec<HostName>,
    copies: Vec<Cid>,
    images: Vec<Before>,
}

impl Docker {
    /// The fault strikes. Its record is `cx.cause`.
    pub(crate) fn suffer(&mut self, fault: &Fault, cx: &mut Cx) -> Result<(), String> {
        let mut struck = Struck::default();
        self.trouble = cx.cause.or(self.trouble);
        let now = cx.now;
        let cause = cx.cause;
        match &fault.kind {
            FaultKind::NodeDown => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.lose_power(host, cx);
                }
            }
            FaultKind::NodeUp => {
                for host in self.hosts_hit(&fault.target)? {
                    self.machine.power_on(&host, now, cause);
                }
            }
            FaultKind::NodePause => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.pause_host(host, now);
                }
            }
            FaultKind::Partition { from } => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.network.cut(LinkEnd::Host(host.clone()), from.clone(), now);
                    self.remember(host);
                }
            }
            FaultKind::CpuStarve { percent } => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.starve(host, *percent);
                }
            }
            FaultKind::DiskFull => {
                struck.hosts = self.hosts_hit(&fault.target)?;
                for host in &struck.hosts {
                    self.machine.set_disk_full(host, true);
                }
            }
            FaultKind::Crash { .. } | FaultKind::Hang | FaultKind::Leak { .. } | FaultKind::Oom { .. } => {
                struck.copies = self.copies_hit(&fault.target)?;
                for cid in &struck.copies {
                    let Some(machine) = self.containers.get(cid).and_then(|c| c.machine) else { continue };
                    match &fault.kind {
                        FaultKind::Crash { code } => self.machine.crash(machine, *code, now, cause),
                        FaultKind::Hang => self.machine.hang(machine, true, now),
                        FaultKind::Leak { bytes_per_minute } => self.machine.leak(machine, *bytes_per_minute, now, cause),
                        FaultKind::Oom { bytes } => self.machine.allocate(machine, *bytes, now, cause),
                        _ => {}
                    }
                }
            }
            FaultKind::HumanDelete => {
                for cid in self.copies_hit(&fault.target)? {
                    cx.cause = cause;
                    let Some(c) = self.containers.get(&cid).cloned() else { continue };
                    let entry = Entry::new(
                        RecordType::Command,
                        "human",
                        "HumanDelete",
                        super::events::object(&c),
                        format!("{}$ docker rm -f {}", c.host, c.name),
                    );
                    cx.record_as_cause(entry);
                    self.remove(cid, true, false, cx).map_err(|e| e.to_string())?;
                }
                cx.cause = cause;
            }
            FaultKind::BadImage { how } => {
                let FaultTarget::Image(text) = &fault.target else { return Err("this fault hits an image: name its reference".into()) };
                struck.images = vec![self.machine.break_image(&ImageRef::new(text.clone()), *how, cause)];
            }
            FaultKind::RegistryDown => self.machine.set_registry(RegistryState::Down, cause),
            FaultKind::RegistrySlow { percent } => self.machine.set_registry(RegistryState::Slow { percent: *percent }, cause),
            FaultKind::RegistryDenied => self.machine.set_registry(RegistryState::Denied, cause),
            FaultKind::DnsDown => self.machine.network.dns_down = true,
            // The clients multiply; nothing here changes.
            FaultKind::TrafficSpike { .. } => {}
            FaultKind::ComponentDown => match &fault.target {
                FaultTarget::Component(Component::Proxy) => self.proxy_down(true, cx)?,
                target => {
                    struck.hosts = self.daemons_hit(target)?;
                    for host in &struck.hosts.clone() {
                        cx.cause = cause;
                        self.daemon_stop(host, false, "dockerd is told to stop", cx);
                    }
                    cx.cause = cause;
                }
            },
        }
        self.struck.insert(fault.id.clone(), struck);
        Ok(())
    }

    /// The fault is over.
    pub(crate) fn recover(&mut self, fault: &Fault, cx: &mut Cx) {
        let struck = self.struck.remove(&fault.id).unwrap_or_default();
        let now = cx.now;
        let cause = cx.cause;
        match &fault.kind {
            FaultKind::NodeDown => {
                for host in &struck.hosts {
                    self.give_power(host, cx);
                }
            }
            FaultKind::NodePause => {
                for host in &struck.hosts {
                    self.machine.resume_host(host, now);
                    self.unpark(host, cx);
                }
            }
            FaultKind::Partition { from } => {
                for host in &struck.hosts {
                    self.machine.network.mend(LinkEnd::Host(host.clone()), from.clone());
                    self.remember(host);
                }
            }
            FaultKind::CpuStarve { .. } => struck.hosts.iter().for_each(|h| self.machine.starve(h, 0)),
            FaultKind::DiskFull => struck.hosts.iter().for_each(|h| self.machine.set_disk_full(h, false)),
            FaultKind::Hang | FaultKind::Leak { .. } => {
                for machine in struck.copies.iter().filter_map(|c| self.containers.get(c)?.machine).collect::<Vec<_>>() {
                    match &fault.kind {
                        FaultKind::Hang => self.machine.hang(machine, false, now),
                        _ => self.machine.leak(machine, 0, now, cause),
                    }
                }
            }
            FaultKind::BadImage { .. } => {
                for (canonical, before) in struck.images {
                    self.machine.mend_image(&canonical, before);
                }
            }
            FaultKind::RegistryDown | FaultKind::RegistrySlow { .. } | FaultKind::RegistryDenied => {
                self.machine.set_registry(self.setup.registry, None);
            }
            FaultKind::DnsDown => self.machine.network.dns_down = false,
            FaultKind::ComponentDown => match &fault.target {
                FaultTarget::Component(Component::Proxy) => {
                    let _ = self.proxy_down(false, cx);
                }
                _ => {
                    for host in &struck.hosts {
                        cx.cause = cause;
                        self.daemon_begin(host, cx);
                    }
                    cx.cause = cause;
                }
            },
            FaultKind::NodeUp
            | FaultKind::Crash { .. }
            | FaultKind::Oom { .. }
            | FaultKind::HumanDelete
            | FaultKind::TrafficSpike { .. } => {}
        }
    }

    fn lose_power(&mut self, host: &HostName, cx: &mut Cx) {
        let notices = self.machine.power_off(host, cx.now);
        self.notices(notices, cx);
        if self.engine(host).daemon != super::Daemon::Down {
            let cause = cx.cause;
            self.host_down(host, cx);
            cx.cause = cause;
        }
    }

    /// Power for a machine that has none.
    pub(crate) fn give_power(&mut self, host: &str, cx: &mut Cx) {
        if self.machine.host(host).is_some_and(|h| h.state == HostState::Down) {
            self.machine.power_on(host, cx.now, cx.cause);
        }
    }

    fn hosts_hit(&self, target: &FaultTarget) -> Result<Vec<HostName>, String> {
        let all = || self.engines.keys().map(|h| &**h).collect::<Vec<_>>().join(", ");
        match target {
            FaultTarget::Host(name) if self.engines.contains_key(name) => Ok(vec![name.clone()]),
            FaultTarget::Host(name) => Err(format!("there is no host `{name}`; there are: {}", all())),
            FaultTarget::Zone(zone) => {
                let hit: Vec<HostName> = self.machine.hosts().filter(|h| h.spec.zone == *zone).map(|h| h.spec.name.clone()).collect();
                if hit.is_empty() { Err(format!("no host is in zone `{zone}`")) } else { Ok(hit) }
            }
            FaultTarget::World => Ok(self.engines.keys().cloned().collect()),
            _ => Err(format!("this fault hits machines; there are: {}", all())),
        }
    }

    fn daemons_hit(&self, target: &FaultTarget) -> Result<Vec<HostName>, String> {
        match target {
            FaultTarget::Component(Component::Dockerd) | FaultTarget::World => Ok(self.engines.keys().cloned().collect()),
            FaultTarget::Host(_) | FaultTarget::Zone(_) => self.hosts_hit(target),
            FaultTarget::Component(other) => Err(format!("there is no {} in a Docker-only world; there are: dockerd, proxy", other.word())),
            _ => Err("this fault stops a component; there are: dockerd, proxy".into()),
        }
    }

    /// Containers a name stands for: a service, a container, or the common part of numbered names; in host and name order.
    pub(crate) fn copies_named(&self, word: &str) -> Vec<Cid> {
        let bare = word.rsplit('/').next().unwrap_or(word);
        let (host, name) = word.split_once('/').unwrap_or(("", word));
        let numbered = |n: &str| n.strip_prefix(bare).and_then(|r| r.strip_prefix(['-', '_'])).is_some_and(|r| r.parse::<u32>().is_ok());
        let mut found: Vec<_> = self
            .containers
            .values()
            .filter(|c| {
                let here = *c.host == *host && *c.name == *name;
                here || &*c.app() == bare || &*c.name == bare || numbered(&c.name) || (bare.len() >= 12 && c.id.starts_with(bare))
            })
            .map(|c| (c.host.clone(), c.name.clone(), c.cid))
            .collect();
        if found.iter().any(|(h, n, _)| **h == *host && **n == *name) {
            found.retain(|(h, n, _)| **h == *host && **n == *name);
        }
        found.sort();
        found.into_iter().map(|(.., cid)| cid).collect()
    }

    fn copies_hit(&mut self, target: &FaultTarget) -> Result<Vec<Cid>, String> {
        let (of, count) = match target {
            FaultTarget::Copies { of, count } => (of.clone(), *count),
            FaultTarget::Host(host) => {
                let here: Vec<Cid> = self.containers_on(host).filter(|c| c.alive()).map(|c| c.cid).collect();
                return if here.is_empty() { Err(format!("no container runs on `{host}`")) } else { Ok(here) };
            }
            FaultTarget::World => ("".into(), CopyCount::All),
            _ => return Err("this fault hits containers: name a service or a container".into()),
        };
        let mut found = if of.is_empty() { self.containers.keys().copied().collect() } else { self.copies_named(&of) };
        if found.is_empty() {
            let names: std::collections::BTreeSet<Arc<str>> = self.containers.values().map(|c| c.app()).collect();
            let names: Vec<&str> = names.iter().map(|n| &**n).collect();
            return Err(format!(
                "no container is called `{of}`; there are: {}",
                if names.is_empty() { "none".into() } else { names.join(", ") }
            ));
        }
        // What does not run cannot crash.
        found.retain(|cid| self.containers.get(cid).is_some_and(|c| c.alive()));
        if found.is_empty() {
            return Err(format!("no copy of `{of}` runs right now"));
        }
        let n = count.of(found.len());
        self.rng.stream("faults").shuffle(&mut found);
        found.truncate(n);
        found.sort_unstable();
        Ok(found)
    }

    /// Names for the fault menu.
    pub(crate) fn targets_for(&self, on: &str) -> Vec<Arc<str>> {
        match on {
            "host" => self.engines.keys().cloned().collect(),
            "copies" => {
                let names: std::collections::BTreeSet<Arc<str>> =
                    self.containers.values().flat_map(|c| [c.app(), c.name.clone()]).collect();
                names.into_iter().collect()
            }
            "component" => {
                let mut all: Vec<Arc<str>> = vec!["dockerd".into()];
                all.extend(self.proxy.iter().map(|_| Arc::from("proxy")));
                all
            }
            "image" => {
                let names: std::collections::BTreeSet<Arc<str>> = self.containers.values().map(|c| c.config.image.text.clone()).collect();
                names.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The journal's name for a host.
    pub(crate) fn host_object(host: &str) -> ObjectRef {
        ObjectRef::new("host", "", host)
    }
}
