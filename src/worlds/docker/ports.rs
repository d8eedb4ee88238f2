//! Published ports: what was asked for, what is bound, and conflicts. Ports are taken at start and given back at exit.
//!
//! Sources: moby daemon/libnetwork/portallocator/{portallocator,osallocator_linux}.go, docker/go-connections nat/nat.go.

use std::fmt;
use std::sync::Arc;

use crate::kernel::Map;
use crate::model::ImageSpec;

use super::Docker;
use super::container::Cid;
use super::engine::EngineError;
use super::known::Settings;

/// Protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proto {
    #[default]
    Tcp,
    Udp,
    Sctp,
}

impl Proto {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Tcp, Self::Udp, Self::Sctp].into_iter().find(|p| text.eq_ignore_ascii_case(p.word()))
    }
}

impl fmt::Display for Proto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The range from which random host ports come (net.ipv4.ip_local_port_range).
pub const EPHEMERAL: (u16, u16) = (32_768, 60_999);

/// One published port as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// Empty = all addresses.
    pub ip: Arc<str>,
    /// First and last wished-for host port; None = any.
    pub host: Option<(u16, u16)>,
    pub container: u16,
    pub proto: Proto,
}

/// One published port in force.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    pub container: u16,
    pub proto: Proto,
    /// Empty = 0.0.0.0 and [::].
    pub ip: Arc<str>,
    pub host: u16,
}

/// Reads `-p [ip:]host:container[/proto]` with ranges; one entry per container port.
///
/// # Errors
/// The CLI's sentence.
pub fn parse_publish(text: &str) -> Result<Vec<PortSpec>, String> {
    let (rest, proto) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let invalid = |what: &str, port: &str| format!("invalid {what}: {port}");
    // An address in brackets may hold colons.
    let (ip, rest) = match rest.strip_prefix('[').and_then(|r| r.split_once("]:")) {
        Some((ip, rest)) => (ip, rest),
        None => match rest.split(':').count() {
            3 => rest.split_once(':').unwrap_or(("", rest)),
            0..=2 => ("", rest),
            _ => return Err(format!("invalid spec: {text}")),
        },
    };
    if !ip.is_empty() && ip.parse::<std::net::IpAddr>().is_err() {
        return Err(format!("invalid IP address: {ip}"));
    }
    let (host, container) = rest.split_once(':').unwrap_or(("", rest));
    if container.is_empty() {
        return Err(format!("no port specified: {text}<empty>"));
    }
    let (first, last) = parse_range(container).ok_or_else(|| invalid("containerPort", container))?;
    let proto = Proto::parse(proto).ok_or_else(|| format!("invalid proto: {proto}"))?;
    let host = if host.is_empty() { None } else { Some(parse_range(host).ok_or_else(|| invalid("hostPort", host))?) };
    let spec = |n: u16| {
        let host = host.map(|(a, b)| if first == last { (a, b) } else { (a.saturating_add(n), a.saturating_add(n)) });
        PortSpec { ip: ip.into(), host, container: first + n, proto }
    };
    if let Some((a, b)) = host {
        // One container port may take any port of a range; otherwise the ranges must match one to one.
        if first != last && b - a != last - first {
            return Err(format!(
                "invalid ranges specified for container and host Ports: {container} and {}",
                rest.split_once(':').map_or("", |r| r.0)
            ));
        }
    }
    Ok((0..=last - first).map(spec).collect())
}

/// Reads `8080` or `8080-8082`.
pub fn parse_range(text: &str) -> Option<(u16, u16)> {
    let (a, b) = text.split_once('-').unwrap_or((text, text));
    let (a, b): (u16, u16) = (a.parse().ok()?, b.parse().ok()?);
    (a > 0 && a <= b).then_some((a, b))
}

/// The PORTS column (cli formatter DisplayablePorts): runs of equal-numbered or merely exposed ports first, then the rest.
pub fn ports_column(bound: &[Bound], exposed: &[(u16, Proto)]) -> String {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
    struct P {
        private: u16,
        ip: String,
        public: u16,
        proto: Proto,
    }
    let mut all: Vec<P> = Vec::new();
    for b in bound {
        let ips: Vec<&str> = if b.ip.is_empty() { vec!["0.0.0.0", "::"] } else { vec![&*b.ip] };
        all.extend(ips.iter().map(|ip| P { private: b.container, ip: (*ip).to_string(), public: b.host, proto: b.proto }));
    }
    let published = |port: u16, proto: Proto| bound.iter().any(|b| (b.container, b.proto) == (port, proto));
    all.extend(exposed.iter().filter(|(p, x)| !published(*p, *x)).map(|(p, x)| P { private: *p, ip: String::new(), public: 0, proto: *x }));
    all.sort();
    let at = |ip: &str| if ip.contains(':') { format!("[{ip}]") } else { ip.to_string() };
    let mut groups: Vec<(String, Proto, u16, u16)> = Vec::new();
    let mut done: Vec<String> = Vec::new();
    let mut single = Vec::new();
    let form = |(ip, proto, first, last): &(String, Proto, u16, u16)| {
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        if ip.is_empty() { format!("{range}/{proto}") } else { format!("{}:{range}->{range}/{proto}", at(ip)) }
    };
    for p in &all {
        if p.public != 0 && p.public != p.private {
            single.push(format!("{}:{}->{}/{}", at(&p.ip), p.public, p.private, p.proto));
            continue;
        }
        match groups.iter_mut().find(|g| g.0 == p.ip && g.1 == p.proto) {
            Some(g) if g.3.checked_add(1) == Some(p.private) => g.3 = p.private,
            Some(g) => {
                done.push(form(g));
                (g.2, g.3) = (p.private, p.private);
            }
            None => groups.push((p.ip.clone(), p.proto, p.private, p.private)),
        }
    }
    groups.sort();
    done.extend(groups.iter().map(form));
    done.extend(single);
    done.join(", ")
}

impl Docker {
    /// Binds every published port of a container, or none of them.
    pub(crate) fn bind_ports(&mut self, cid: Cid) -> Result<(), EngineError> {
        let Some(c) = self.containers.get(&cid).cloned() else { return Ok(()) };
        match &*c.config.network_mode {
            "none" => return Ok(()),
            "host" => {
                self.listen_on_host(&c);
                return Ok(());
            }
            _ => {}
        }
        let mut wanted = c.config.ports.clone();
        if c.config.publish_all {
            for (port, proto) in self.exposed(&c) {
                if !wanted.iter().any(|w| (w.container, w.proto) == (port, proto)) {
                    wanted.push(PortSpec { ip: "".into(), host: None, container: port, proto });
                }
            }
        }
        let mut bound: Vec<Bound> = Vec::new();
        for w in &wanted {
            let free = |d: &Self, port: u16, bound: &[Bound]| {
                let overlap = |a: &str| a.is_empty() || w.ip.is_empty() || a == "0.0.0.0" || &*w.ip == "0.0.0.0" || a == &*w.ip;
                !bound.iter().any(|b| (b.host, b.proto) == (port, w.proto) && overlap(&b.ip))
                    && d.engine(&c.host).ports.get(&(port, w.proto)).is_none_or(|users| !users.iter().any(|(ip, _)| overlap(ip)))
            };
            let port = match w.host {
                Some((a, b)) => (a..=b).find(|p| free(self, *p, &bound)).ok_or_else(|| {
                    let ip = if w.ip.is_empty() { "0.0.0.0" } else { &*w.ip };
                    EngineError::internal(format!(
                        "driver failed programming external connectivity on endpoint {} ({}): Bind for {ip}:{a} failed: port is already allocated",
                        c.name,
                        self.rng.stream("ids").hex(64),
                    ))
                })?,
                None => {
                    let start = self.engine(&c.host).next_port;
                    let count = EPHEMERAL.1 - EPHEMERAL.0 + 1;
                    let candidate = |i: u16| EPHEMERAL.0 + ((start - EPHEMERAL.0) as u32 + u32::from(i)).rem_euclid(u32::from(count)) as u16;
                    let port = (0..count)
                        .map(candidate)
                        .find(|p| free(self, *p, &bound))
                        .ok_or_else(|| EngineError::internal("all ports are allocated"))?;
                    self.engine_mut(&c.host).next_port = if port == EPHEMERAL.1 { EPHEMERAL.0 } else { port + 1 };
                    port
                }
            };
            bound.push(Bound { container: w.container, proto: w.proto, ip: w.ip.clone(), host: port });
        }
        let engine = self.engine_mut(&c.host);
        for b in &bound {
            engine.ports.entry((b.host, b.proto)).or_default().push((b.ip.clone(), cid));
        }
        self.touch(cid, |c| c.bound = bound);
        self.learn_target(cid);
        Ok(())
    }

    /// On the host's own network the program listens on the host's ports itself; nothing is published.
    fn listen_on_host(&mut self, c: &super::Container) {
        for key in self.exposed(c) {
            let users = self.engine_mut(&c.host).ports.entry(key).or_default();
            if users.is_empty() {
                users.push(("".into(), c.cid));
            } else {
                self.notes.insert(
                    format!("{}: port {} of {} is taken; a real program on the host network would fail to listen", c.name, key.0, c.host)
                        .into(),
                );
            }
        }
        self.learn_target(c.cid);
    }

    /// Gives a container's ports back.
    pub(crate) fn release_ports(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let own: Vec<(u16, Proto)> = match &*c.config.network_mode {
            "host" => self.exposed(&c),
            _ => c.bound.iter().map(|b| (b.host, b.proto)).collect(),
        };
        if own.is_empty() {
            return;
        }
        let engine = self.engine_mut(&c.host);
        for key in own {
            if let Some(users) = engine.ports.get_mut(&key) {
                users.retain(|(_, user)| *user != cid);
                if users.is_empty() {
                    engine.ports.remove(&key);
                }
            }
        }
        self.touch(cid, |c| c.bound.clear());
    }

    /// Ports a container exposes: its image's and `--expose`.
    pub fn exposed(&self, c: &super::Container) -> Vec<(u16, Proto)> {
        let mut all = c.config.exposed.clone();
        let image = self.machine.image_spec(&c.config.image);
        for port in image_ports(&image) {
            if !all.contains(&(port, Proto::Tcp)) {
                all.push((port, Proto::Tcp));
            }
        }
        all
    }

    /// The container that owns a published port of a host, as seen from another machine.
    pub fn owner_of_port(&self, host: &str, port: u16) -> Option<(Cid, u16)> {
        owner_of_port(self.engine(host), &self.containers, port, From::Outside)
    }
}

/// Ports that an image exposes: the one its app listens on if that is said, else those it is known for.
pub fn image_ports(image: &ImageSpec) -> Vec<u16> {
    image.app.port.map_or_else(|| Settings::of(&image.reference).ports.to_vec(), |p| vec![p])
}

/// Where a connection to a host's port comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From<'a> {
    /// Another machine, to the address by which it knows the host.
    Outside,
    /// This machine, to one of its own addresses.
    Address(&'a str),
}

impl From<'_> {
    /// True if a port bound to an address takes it: the loopback's is refused to everyone else.
    fn meets(self, bound: &str) -> bool {
        let loopback = bound.starts_with("127.") || bound == "::1";
        match self {
            _ if bound.is_empty() || bound == "0.0.0.0" => true,
            Self::Outside => !loopback && bound != "::",
            Self::Address(ip) => bound == ip,
        }
    }
}

/// The container that owns a published port of an engine, and the port inside.
pub(super) fn owner_of_port(
    engine: &super::Engine,
    containers: &Map<Cid, Arc<super::Container>>,
    port: u16,
    from: From,
) -> Option<(Cid, u16)> {
    let users = engine.ports.get(&(port, Proto::Tcp))?;
    users.iter().filter(|(ip, _)| from.meets(ip)).find_map(|(ip, cid)| {
        let c = containers.get(cid)?;
        if &*c.config.network_mode == "host" {
            return Some((*cid, port));
        }
        let bound = c.bound.iter().find(|b| b.host == port && b.proto == Proto::Tcp && b.ip == *ip)?;
        Some((*cid, bound.container))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publish_forms() {
        let one = |t: &str| parse_publish(t).unwrap().remove(0);
        assert_eq!(one("8080:80").host, Some((8080, 8080)));
        assert_eq!((one("127.0.0.1:8080:80/udp").ip.as_ref(), one("1.1.1.1:53:53/udp").proto), ("127.0.0.1", Proto::Udp));
        assert_eq!(one("80").host, None);
        assert_eq!(one("8080-8082:80").host, Some((8080, 8082)));
        assert_eq!(parse_publish("8000-8002:9000-9002").unwrap().len(), 3);
        for bad in ["x:80", "8080:", "1:2:3:4", "8080:80/icmp", "8000-8001:9000-9002", "0:80"] {
            assert!(parse_publish(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_of_the_loopback_is_for_the_machine_itself() {
        for (bound, outside) in [("", true), ("0.0.0.0", true), ("127.0.0.1", false), ("::1", false), ("192.168.1.5", true)] {
            assert_eq!(From::Outside.meets(bound), outside, "{bound}");
        }
        assert!(From::Address("172.17.0.1").meets("172.17.0.1") && !From::Address("172.17.0.1").meets("127.0.0.1"));
    }

    #[test]
    fn ports_are_grouped_as_the_cli_groups_them() {
        let b = |container, host, ip: &str| Bound { container, proto: Proto::Tcp, ip: ip.into(), host };
        assert_eq!(ports_column(&[b(80, 8080, "")], &[]), "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
        assert_eq!(ports_column(&[], &[(5432, Proto::Tcp)]), "5432/tcp");
        assert_eq!(
            ports_column(&[b(80, 80, "127.0.0.1"), b(81, 81, "127.0.0.1")], &[(443, Proto::Tcp)]),
            "443/tcp, 127.0.0.1:80-81->80-81/tcp"
        );
    }
}
