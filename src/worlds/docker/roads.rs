//! From inside a container to somewhere else on its host: the embedded DNS server, bridges, published ports.
//!
//! Sources: moby daemon/libnetwork/{resolver,sandbox_dns_unix}.go, drivers/bridge (isolation between bridges, published addresses),
//! docker.md 3.3 and 3.4. Hosts know nothing of each other, and nothing outside of them is simulated.

use std::sync::Arc;

use crate::kernel::Map;
use crate::machine::{Answer, Caller, ContainerId, HostName, Place, Roads, Way};

use super::Docker;
use super::container::{Cid, Container};
use super::engine::Engine;
use super::networks::{Endpoint, has_dns};
use super::ports::{From, owner_of_port};

/// The host's resolver, to which the default bridge leaves all names (an address of the documentation range, as in the recordings).
pub const HOST_RESOLVER: &str = "192.0.2.53";
/// The embedded DNS server inside each container on a user network (libnetwork/resolver.go).
pub const EMBEDDED_DNS: &str = "127.0.0.11";
/// The network namespace of a host, as the machine knows it.
pub(crate) const HOST_SANDBOX: &str = "host";

/// What is needed to tell where connections go.
#[derive(Clone, Copy)]
pub struct EngineRoads<'a> {
    pub engines: &'a Map<HostName, Arc<Engine>>,
    pub containers: &'a Map<Cid, Arc<Container>>,
    pub by_machine: &'a Map<ContainerId, Cid>,
}

/// The network namespace of a container.
pub(crate) fn sandbox(c: &Container) -> Arc<str> {
    if &*c.config.network_mode == "host" { HOST_SANDBOX.into() } else { c.id.clone() }
}

impl Docker {
    /// The roads as they are now.
    pub(crate) fn roads(&self) -> EngineRoads<'_> {
        EngineRoads { engines: &self.engines, containers: &self.containers, by_machine: &self.by_machine }
    }

    /// True if a container resolves a name.
    pub fn resolves(&self, cid: Cid, name: &str) -> bool {
        self.containers.get(&cid).is_some_and(|c| !self.roads().addresses(c, name).is_empty())
    }
}

impl<'a> EngineRoads<'a> {
    fn container(&self, from: &Caller) -> Option<&'a Arc<Container>> {
        self.containers.get(self.by_machine.get(&from.id)?)
    }

    /// Endpoints in force on a network of one host.
    fn attached(self, host: &'a str, network: &'a str) -> impl Iterator<Item = (&'a Arc<Container>, &'a Endpoint)> {
        let here = self.containers.values().filter(move |c| &*c.host == host);
        here.filter_map(move |c| c.endpoints.iter().find(|e| &*e.network == network && e.ip.is_some()).map(|e| (c, e)))
    }

    /// The embedded DNS server: addresses behind a name as one container sees it; empty if the name does not exist there.
    pub(crate) fn addresses(self, me: &Container, name: &str) -> Vec<Arc<str>> {
        let Some(engine) = self.engines.get(&me.host) else { return Vec::new() };
        for mine in me.endpoints.iter().filter(|e| e.ip.is_some()) {
            let Some(network) = engine.networks.get(&mine.network).filter(|n| has_dns(n)) else { continue };
            let bare = name.strip_suffix(&format!(".{}", network.name)).unwrap_or(name);
            let find = |alias: bool| -> Vec<Arc<str>> {
                let fits = |c: &Container, e: &Endpoint| {
                    if alias {
                        e.aliases.iter().any(|a| &**a == bare)
                    } else {
                        &*c.name == bare || c.id.get(..12) == Some(bare) || c.config.hostname.as_deref() == Some(bare)
                    }
                };
                self.attached(&me.host, &network.name).filter(|(c, e)| fits(c, e)).filter_map(|(_, e)| e.ip.clone()).collect()
            };
            // Aliases are looked up before plain names.
            let found = find(true);
            let found = if found.is_empty() { find(false) } else { found };
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    fn embedded(&self, c: &Container) -> bool {
        let Some(engine) = self.engines.get(&c.host) else { return false };
        c.endpoints.iter().any(|e| engine.networks.get(&e.network).is_some_and(has_dns))
    }
}

impl Roads for EngineRoads<'_> {
    fn server(&self, from: &Caller) -> Arc<str> {
        if self.container(from).is_some_and(|c| self.embedded(c)) { EMBEDDED_DNS.into() } else { HOST_RESOLVER.into() }
    }

    fn resolver(&self, from: &Caller) -> String {
        let server = self.server(from);
        if &*server == EMBEDDED_DNS { format!("nameserver {server}\noptions ndots:0\n") } else { format!("nameserver {server}\n") }
    }

    fn hosts(&self, from: &Caller, hostname: &str) -> String {
        let mut text = String::from(
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\n\
             ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n",
        );
        for ip in self.container(from).iter().flat_map(|c| &c.endpoints).filter_map(|e| e.ip.as_ref()).filter(|ip| !ip.is_empty()) {
            text.push_str(&format!("{ip}\t{hostname}\n"));
        }
        text
    }

    fn address(&self, from: &Caller) -> Option<Arc<str>> {
        self.container(from)?.endpoints.iter().filter_map(|e| e.ip.clone()).find(|ip| !ip.is_empty())
    }

    fn lookup(&self, from: &Caller, name: &str) -> Option<Answer> {
        let addresses = self.addresses(self.container(from)?, name.strip_suffix('.').unwrap_or(name));
        (!addresses.is_empty()).then(|| Answer { name: name.into(), addresses, authoritative: false })
    }

    fn way(&self, from: &Caller, ip: &str, port: u16) -> Way {
        let Some(me) = self.container(from) else { return Way::Unreachable };
        let Some(engine) = self.engines.get(&me.host) else { return Way::Unreachable };
        let on_host = &*me.config.network_mode == "host";
        let mine = |network: &str| me.endpoints.iter().any(|e| &*e.network == network && e.ip.as_deref().is_some_and(|ip| !ip.is_empty()));
        let to = |c: &Container, port: u16| Way::To(vec![Place { host: me.host.clone(), sandbox: sandbox(c), port }]);
        if !on_host && !engine.networks.values().any(|n| mine(&n.name)) {
            return Way::Unreachable;
        }
        for n in engine.networks.values() {
            let Some(pool) = n.pool else { continue };
            if *pool.gateway() == *ip {
                // The bridge's own address is the host: what it publishes, and what listens on its own network.
                return match owner_of_port(engine, self.containers, port, From::Address(ip)) {
                    Some((cid, inner)) => self.containers.get(&cid).map_or(Way::Refused, |c| to(c, inner)),
                    None => Way::To(vec![Place { host: me.host.clone(), sandbox: HOST_SANDBOX.into(), port }]),
                };
            }
            if !pool.contains(ip) {
                continue;
            }
            // Packets between bridges are dropped.
            if !on_host && !mine(&n.name) {
                return Way::Lost;
            }
            let owner = self.attached(&me.host, &n.name).find(|(_, e)| e.ip.as_deref() == Some(ip));
            return owner.map_or(Way::NoRoute, |(c, _)| to(c, port));
        }
        Way::Lost
    }

    fn echo(&self, from: &Caller, ip: &str) -> Way {
        self.way(from, ip, 0)
    }
}
