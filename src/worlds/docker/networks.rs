//! Networks of one host: the predefined ones, user bridges, addresses, and the embedded DNS server.
//!
//! Sources: moby daemon/libnetwork/{endpoint,resolver,sandbox}.go, daemon/libnetwork/ipamutils/utils.go, daemon/network.go.

use std::sync::Arc;

use crate::kernel::{Map, Set, SimTime};
use crate::machine::HostName;

use super::container::{Cid, Labels};
use super::engine::EngineError;
use super::{Cx, Docker};

/// A network of an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// `bridge`, `host`, `null`.
    pub driver: Arc<str>,
    /// First three parts of its addresses; None = it hands out none.
    pub pool: Option<Pool>,
    pub internal: bool,
    pub attachable: bool,
    pub created: SimTime,
    pub labels: Labels,
}

/// An address pool: network address and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    base: u32,
    prefix: u8,
}

impl Pool {
    /// The default local pools in order: 172.17–31 as /16, then 192.168.0.0/16 in /20 (ipamutils/utils.go).
    fn default_pools() -> impl Iterator<Item = Self> {
        let wide = (17..32u32).map(|b| Self { base: (172 << 24) | (b << 16), prefix: 16 });
        let narrow = (0..16u32).map(|i| Self { base: (192 << 24) | (168 << 16) | (i << 12), prefix: 20 });
        wide.chain(narrow)
    }
    /// Reads `10.0.0.0/24`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u8 = prefix.parse().ok().filter(|p| (8..=30).contains(p))?;
        let base = u32::from(address.parse::<std::net::Ipv4Addr>().ok()?);
        Some(Self { base: base & (u32::MAX << (32 - prefix)), prefix })
    }
    fn address(self, n: u32) -> Arc<str> {
        std::net::Ipv4Addr::from(self.base + n).to_string().into()
    }
    fn size(self) -> u32 {
        1 << (32 - self.prefix)
    }
    /// True if an address lies in it.
    pub fn contains(self, ip: &str) -> bool {
        ip.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| (u32::from(ip) ^ self.base) >> (32 - self.prefix) == 0)
    }
    fn overlaps(self, other: Self) -> bool {
        let prefix = self.prefix.min(other.prefix);
        (self.base ^ other.base) >> (32 - prefix) == 0
    }
    pub fn gateway(self) -> Arc<str> {
        self.address(1)
    }
    pub fn subnet(self) -> String {
        format!("{}/{}", self.address(0), self.prefix)
    }
    pub const fn prefix(self) -> u8 {
        self.prefix
    }
    /// The wished-for address if it lies inside and is free, else the lowest free one; the gateway has .1.
    fn pick(self, taken: &Set<Arc<str>>, wished: Option<&str>) -> Option<Arc<str>> {
        if let Some(w) = wished {
            return (!taken.contains(w)).then(|| w.into());
        }
        (2..self.size() - 1).map(|n| self.address(n)).find(|a| !taken.contains(a))
    }
}

/// A container's place on a network. The address is held while the container runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    pub network: Arc<str>,
    pub id: Arc<str>,
    pub aliases: Vec<Arc<str>>,
    pub wished: Option<Arc<str>>,
    pub ip: Option<Arc<str>>,
}

/// Networks that every engine has (daemon/network.go); they cannot be removed.
pub const PREDEFINED: [&str; 3] = ["bridge", "host", "none"];

/// True for networks with the embedded DNS server: all bridges but the default one.
pub fn has_dns(network: &Network) -> bool {
    network.pool.is_some() && &*network.name != "bridge"
}

impl Docker {
    /// The networks of a new engine.
    pub(crate) fn predefined_networks(rng: &mut crate::kernel::Stream) -> Map<Arc<str>, Network> {
        let network = |(name, driver): (&str, &str)| Network {
            id: rng.hex(64).into(),
            name: name.into(),
            driver: driver.into(),
            pool: (driver == "bridge").then_some(Pool { base: (172 << 24) | (17 << 16), prefix: 16 }),
            internal: false,
            attachable: false,
            created: SimTime::ZERO,
            labels: Labels::default(),
        };
        [("bridge", "bridge"), ("host", "host"), ("none", "null")].map(network).into_iter().map(|n| (n.name.clone(), n)).collect()
    }

    /// A network by name, id or unambiguous beginning of the id.
    ///
    /// # Errors
    /// `network x not found`
    pub fn find_network(&self, host: &str, word: &str) -> Result<&Network, EngineError> {
        let networks = &self.engine(host).networks;
        let mut by_id = networks.values().filter(|n| !word.is_empty() && n.id.starts_with(word));
        match networks.get(word).or_else(|| by_id.next()) {
            Some(n) => Ok(n),
            None => Err(EngineError::not_found(format!("network {word} not found"))),
        }
    }

    /// `docker network create`; returns the id.
    ///
    /// # Errors
    /// The name is taken, the driver unknown, or no address pool is left.
    pub fn network_create(&mut self, host: &str, name: &str, options: NetworkOptions, cx: &mut Cx) -> Result<Arc<str>, EngineError> {
        if PREDEFINED.contains(&name) {
            return Err(EngineError::invalid(format!("operation is not permitted on predefined {name} network")));
        }
        if !valid_name(name) {
            return Err(EngineError::invalid(format!("invalid network name: {name}")));
        }
        let engine = self.engine(host);
        if engine.networks.contains_key(name) {
            return Err(EngineError::conflict(format!("network with name {name} already exists")));
        }
        match &*options.driver {
            "bridge" => {}
            "overlay" | "ingress" => {
                return Err(EngineError::invalid(
                    "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
                ));
            }
            "host" | "null" => {
                return Err(EngineError::invalid(format!("only one instance of \"{}\" network is allowed", options.driver)));
            }
            other => {
                return Err(EngineError::not_found(format!("could not find plugin {other} in v1 plugin registry: plugin not found")));
            }
        }
        let used: Vec<Pool> = engine.networks.values().filter_map(|n| n.pool).collect();
        let pool = match options.pool {
            Some(p) if used.iter().any(|u| u.overlaps(p)) => {
                return Err(EngineError::invalid("invalid pool request: Pool overlaps with other one on this address space"));
            }
            Some(p) => p,
            None => Pool::default_pools()
                .find(|p| !used.iter().any(|u| u.overlaps(*p)))
                .ok_or_else(|| EngineError::invalid("all predefined address pools have been fully subnetted"))?,
        };
        let id: Arc<str> = self.rng.stream("ids").hex(64).into();
        let network = Network {
            id: id.clone(),
            name: name.into(),
            driver: options.driver,
            pool: Some(pool),
            internal: options.internal,
            attachable: options.attachable,
            created: cx.now,
            labels: options.labels,
        };
        let driver = network.driver.clone();
        self.engine_mut(host).networks.insert(name.into(), network);
        self.emit(host, "network", "create", &id, &[("name", name), ("type", &driver)], cx);
        Ok(id)
    }

    /// `docker network rm`
    ///
    /// # Errors
    /// It is predefined, missing or in use by a running container.
    pub fn network_remove(&mut self, host: &str, word: &str, cx: &mut Cx) -> Result<(), EngineError> {
        let network = self.find_network(host, word)?.clone();
        if PREDEFINED.contains(&&*network.name) {
            return Err(EngineError { status: 403, message: format!("{} is a pre-defined network and cannot be removed", network.name) });
        }
        if self.attached(host, &network.name).next().is_some() {
            return Err(EngineError {
                status: 403,
                message: format!("error while removing network: network {} id {} has active endpoints", network.name, network.id),
            });
        }
        self.engine_mut(host).networks.remove(&network.name);
        self.emit(host, "network", "destroy", &network.id, &[("name", &network.name), ("type", &network.driver)], cx);
        Ok(())
    }

    /// Containers with a live endpoint on a network.
    pub fn attached<'a>(&'a self, host: &'a str, network: &'a str) -> impl Iterator<Item = (Cid, &'a Endpoint)> {
        self.containers_on(host)
            .filter_map(move |c| c.endpoints.iter().find(|e| &*e.network == network && e.ip.is_some()).map(|e| (c.cid, e)))
    }

    /// `docker network connect`
    ///
    /// # Errors
    /// No such network or container, or it is attached already.
    pub fn network_connect(&mut self, host: &str, network: &str, cid: Cid, aliases: Vec<Arc<str>>, cx: &mut Cx) -> Result<(), EngineError> {
        let network = self.find_network(host, network)?.name.clone();
        let Some(c) = self.containers.get(&cid) else { return Err(EngineError::not_found("No such container")) };
        if c.endpoints.iter().any(|e| e.network == network) {
            return Err(EngineError { status: 403, message: format!("endpoint with name {} already exists in network {network}", c.name) });
        }
        let running = c.state.running;
        let endpoint = Endpoint { network: network.clone(), id: self.rng.stream("ids").hex(64).into(), aliases, wished: None, ip: None };
        self.touch(cid, |c| c.endpoints.push(endpoint));
        if running { self.join(cid, &network, cx) } else { Ok(()) }
    }

    /// `docker network disconnect`
    ///
    /// # Errors
    /// No such network, or the container is not on it.
    pub fn network_disconnect(&mut self, host: &str, network: &str, cid: Cid, cx: &mut Cx) -> Result<(), EngineError> {
        let network = self.find_network(host, network)?.name.clone();
        let Some(c) = self.containers.get(&cid) else { return Err(EngineError::not_found("No such container")) };
        if !c.endpoints.iter().any(|e| e.network == network) {
            return Err(EngineError { status: 500, message: format!("container {} is not connected to network {network}", c.id) });
        }
        self.leave(cid, &network, cx);
        self.update(cid, cx, |c| c.endpoints.retain(|e| e.network != network));
        Ok(())
    }

    /// Gives a container its address on one network and its names to the others there.
    pub(crate) fn join(&mut self, cid: Cid, network: &str, cx: &mut Cx) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Ok(()) };
        let n = self.find_network(&c.host, network)?.clone();
        let Some(endpoint) = c.endpoints.iter().find(|e| e.network == n.name) else { return Ok(()) };
        if endpoint.ip.is_some() {
            return Ok(());
        }
        let ip = match n.pool {
            Some(pool) => {
                let taken: Set<Arc<str>> = self.attached(&c.host, &n.name).filter_map(|(_, e)| e.ip.clone()).collect();
                match pool.pick(&taken, endpoint.wished.as_deref()) {
                    Some(ip) => ip,
                    None if endpoint.wished.is_some() => return Err(EngineError::internal("Address already in use")),
                    None => {
                        return Err(EngineError::internal(format!(
                            "no available IPv4 addresses on this network's address pools: {} ({})",
                            n.name, n.id
                        )));
                    }
                }
            }
            None => "".into(),
        };
        // The network's events hang beside the chain, not in it: what follows is caused by what made the container start.
        let cause = cx.cause;
        self.emit(&c.host, "network", "connect", &n.id, &[("container", &c.id), ("name", &n.name), ("type", &n.driver)], cx);
        cx.cause = cause;
        self.touch(cid, |c| {
            if let Some(e) = c.endpoints.iter_mut().find(|e| e.network == n.name) {
                e.ip = Some(ip);
            }
        });
        self.names_changed(&c.host, &n.name);
        Ok(())
    }

    /// Takes a container off one network.
    pub(crate) fn leave(&mut self, cid: Cid, network: &str, cx: &mut Cx) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let Some(n) = self.engine(&c.host).networks.get(network).cloned() else { return };
        if !c.endpoints.iter().any(|e| e.network == n.name && e.ip.is_some()) {
            return;
        }
        self.touch(cid, |c| {
            if let Some(e) = c.endpoints.iter_mut().find(|e| e.network == n.name) {
                e.ip = None;
            }
        });
        let cause = cx.cause;
        self.emit(&c.host, "network", "disconnect", &n.id, &[("container", &c.id), ("name", &n.name), ("type", &n.driver)], cx);
        cx.cause = cause;
        self.names_changed(&c.host, &n.name);
    }

    /// Tells the programs on a network which names answer now.
    fn names_changed(&mut self, host: &HostName, network: &str) {
        let members: Vec<Cid> = self.attached(host, network).map(|(cid, _)| cid).collect();
        for cid in members {
            self.tell_names(cid);
        }
    }

    /// Tells one program which names it can resolve.
    pub(crate) fn tell_names(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid) else { return };
        let Some(machine) = c.machine else { return };
        let mut names: Set<Arc<str>> = Set::new();
        for mine in c.endpoints.iter().filter(|e| e.ip.is_some()) {
            if self.engine(&c.host).networks.get(&mine.network).is_none_or(|n| !has_dns(n)) {
                continue;
            }
            for (other, e) in self.attached(&c.host, &mine.network) {
                names.extend(e.aliases.iter().cloned());
                if let Some(other) = self.containers.get(&other) {
                    names.insert(other.name.clone());
                }
            }
        }
        self.machine.set_names(machine, names);
    }
}

/// Options of `docker network create`.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    pub driver: Arc<str>,
    pub pool: Option<Pool>,
    pub internal: bool,
    pub attachable: bool,
    pub labels: Labels,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self { driver: "bridge".into(), pool: None, internal: false, attachable: false, labels: Labels::default() }
    }
}

/// Names of containers, networks and volumes (daemon/names/names.go): at least two characters.
pub fn valid_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() >= 2
        && bytes[0].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_hand_out_the_lowest_free_address() {
        let pool = Pool::parse("10.1.2.0/24").unwrap();
        let mut taken = Set::new();
        assert_eq!(pool.pick(&taken, None).as_deref(), Some("10.1.2.2"));
        taken.insert("10.1.2.2".into());
        assert_eq!(pool.pick(&taken, None).as_deref(), Some("10.1.2.3"));
        assert_eq!(pool.pick(&taken, Some("10.1.2.2")), None);
        assert_eq!(Pool::default_pools().count(), 31);
        assert!(pool.contains("10.1.2.255") && !pool.contains("10.1.3.1") && !pool.contains("x"));
        assert!(Pool::parse("10.1.2.0/33").is_none() && Pool::parse("x/8").is_none());
    }

    #[test]
    fn names() {
        assert!(valid_name("web-1") && valid_name("a_"));
        assert!(!valid_name("a") && !valid_name("-ab") && !valid_name("a b"));
    }
}
