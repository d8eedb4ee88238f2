//! From inside a container to somewhere else: names, addresses, and who is asked behind them.
//!
//! The machine knows processes and cuts, the world knows names, networks and rules. A world says through [`Roads`] what a name means and
//! where packets for an address go; whether anybody takes them there is found out here.

use std::sync::Arc;

use crate::kernel::{Map, SimDuration, SimTime, Stream};
use crate::model::LinkEnd;

use super::program::{Ctx, Kind, serve_file};
use super::runtime::fs;
use super::{Container, ContainerId, ContainerSpec, Host, HostName, HostState, Network};

/// The container in which a program asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub id: ContainerId,
    pub host: HostName,
    pub spec: Arc<ContainerSpec>,
    pub now: SimTime,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name as the server calls it (`db.default.svc.cluster.local`).
    pub name: Arc<str>,
    pub addresses: Vec<Arc<str>>,
    /// The server is the authority for it, and does not merely pass the answer on.
    pub authoritative: bool,
}

/// A network namespace and a port in it: the containers of one [`ContainerSpec::sandbox`] on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub host: HostName,
    pub sandbox: Arc<str>,
    pub port: u16,
}

/// What becomes of a connection to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It goes to one of these.
    To(Vec<Place>),
    /// Something that is no container takes it (the API server).
    Open(LinkEnd),
    Refused,
    /// The packets vanish.
    Lost,
    /// The network has the address, but nobody there holds it.
    NoRoute,
    /// There is no network at all.
    Unreachable,
}

/// What a world knows of names and addresses.
pub trait Roads {
    /// The name server that a container asks.
    fn server(&self, from: &Caller) -> Arc<str>;
    /// Its `/etc/resolv.conf`.
    fn resolver(&self, from: &Caller) -> String;
    /// Its `/etc/hosts`.
    fn hosts(&self, from: &Caller, hostname: &str) -> String {
        let own = self.address(from).map(|ip| format!("{ip}\t{hostname}\n")).unwrap_or_default();
        format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{own}")
    }
    /// Its own address.
    fn address(&self, from: &Caller) -> Option<Arc<str>>;
    /// What its resolver makes of a name; None: there is no such name.
    fn lookup(&self, from: &Caller, name: &str) -> Option<Answer>;
    /// Where a connection from it goes.
    fn way(&self, from: &Caller, ip: &str, port: u16) -> Way;
    /// Where an echo request (`ping`) goes: the port of the place says nothing.
    fn echo(&self, from: &Caller, ip: &str) -> Way;
}

/// A machine without a network: every container is alone.
#[derive(Clone, Copy, Debug)]
pub struct NoRoads;

impl Roads for NoRoads {
    fn server(&self, _: &Caller) -> Arc<str> {
        "127.0.0.1".into()
    }
    fn resolver(&self, _: &Caller) -> String {
        String::new()
    }
    fn address(&self, _: &Caller) -> Option<Arc<str>> {
        None
    }
    fn lookup(&self, _: &Caller, _: &str) -> Option<Answer> {
        None
    }
    fn way(&self, _: &Caller, _: &str, _: u16) -> Way {
        Way::Unreachable
    }
    fn echo(&self, _: &Caller, _: &str) -> Way {
        Way::Unreachable
    }
}

/// What a program sees of the world around its container.
pub(crate) struct Around<'a> {
    pub caller: Caller,
    pub roads: &'a dyn Roads,
    pub containers: &'a Map<ContainerId, Arc<Container>>,
    pub hosts: &'a Map<HostName, Host>,
    pub links: &'a Network,
    pub chance: &'a mut Stream,
}

/// Who took a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The container of the caller.
    Own,
    Other(ContainerId, u16),
    /// No container.
    Outside,
    Refused,
    Lost,
    NoRoute,
    Unreachable,
}

impl Around<'_> {
    fn alive(&self, host: &HostName) -> bool {
        self.hosts.get(host).is_some_and(|h| h.state == HostState::Up) && self.links.hosts_connected(&self.caller.host, host)
    }

    /// True if the network namespace of a place is the caller's own.
    pub fn own(&self, place: &Place) -> bool {
        place.host == self.caller.host && place.sandbox == self.caller.spec.sandbox && !place.sandbox.is_empty()
    }

    /// The place behind an address, one of several by chance.
    pub fn place(&mut self, ip: &str, port: u16) -> Result<Place, Taken> {
        match self.roads.way(&self.caller, ip, port) {
            Way::To(mut places) if !places.is_empty() => {
                let i = if places.len() > 1 { self.chance.below(places.len() as u64) as usize } else { 0 };
                let place = places.swap_remove(i);
                if self.alive(&place.host) { Ok(place) } else { Err(Taken::Lost) }
            }
            Way::To(_) | Way::Refused => Err(Taken::Refused),
            Way::Open(end) if self.links.connected(&LinkEnd::Host(self.caller.host.clone()), &end) => Err(Taken::Outside),
            Way::Open(_) | Way::Lost => Err(Taken::Lost),
            Way::NoRoute => Err(Taken::NoRoute),
            Way::Unreachable => Err(Taken::Unreachable),
        }
    }

    /// Another container that listens on a place's port.
    pub fn listener(&self, place: &Place) -> Option<ContainerId> {
        let holds = self.hosts.get(&place.host)?.holds.iter();
        let there = holds.filter_map(|id| self.containers.get(id)).filter(|c| c.spec.sandbox == place.sandbox && c.id != self.caller.id);
        let listening: Vec<&Arc<Container>> = there.filter(|c| listens(c, place.port)).collect();
        // A program whose port nobody told listens everywhere: one that names the port is meant before it.
        let named = |c: &&&Arc<Container>| !matches!(c.program.as_ref().map(|p| &p.kind), Some(Kind::App(a)) if a.spec.port.is_none());
        listening.iter().find(named).or(listening.first()).map(|c| c.id)
    }

    /// True if an echo request comes back.
    pub fn echoes(&self, ip: &str) -> bool {
        match self.roads.echo(&self.caller, ip) {
            Way::To(places) => places.first().is_some_and(|p| self.alive(&p.host)),
            _ => false,
        }
    }
}

fn listens(c: &Container, port: u16) -> bool {
    match c.program.as_ref().map(|p| &p.kind) {
        Some(Kind::App(a)) => a.listens(Some(port)),
        Some(Kind::Shell(s)) => s.listeners().any(|l| l.port == port),
        None => false,
    }
}

/// What an HTTP request brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Status(u16, Arc<str>),
    /// The connection stands, and nothing comes.
    Silence,
    Nobody(Taken),
}

/// The text of an app's answer.
const BODY: &str = "ok\n";
/// A packet to a neighbour and back.
pub(crate) const ROUND_TRIP: SimDuration = SimDuration::from_millis(1);

impl Ctx<'_> {
    /// Opens a connection: who takes it.
    pub fn connect(&mut self, ip: &str, port: u16) -> Taken {
        let loopback = ip.starts_with("127.") || ip == "::1";
        let place = if loopback {
            let caller = &self.around.caller;
            Place { host: caller.host.clone(), sandbox: caller.spec.sandbox.clone(), port }
        } else {
            match self.around.place(ip, port) {
                Ok(place) => place,
                Err(taken) => return taken,
            }
        };
        if (loopback || self.around.own(&place)) && self.listens_here(place.port) {
            return Taken::Own;
        }
        if place.sandbox.is_empty() {
            return Taken::Refused;
        }
        match self.around.listener(&place) {
            Some(id) => Taken::Other(id, place.port),
            None => Taken::Refused,
        }
    }

    /// Asks for a path where a connection was taken.
    pub fn ask(&mut self, taken: Taken, port: u16, path: &str) -> Reply {
        let (id, port) = match taken {
            Taken::Own if self.silent => return Reply::Silence,
            Taken::Own => {
                let Some(app) = self.app else {
                    return match self.listeners.iter().find(|l| l.port == port) {
                        Some(l) => serve_file(l, path, &self.fs).into(),
                        None => Reply::Nobody(Taken::Refused),
                    };
                };
                let (status, errors) = (app.http(path, port), app.errors);
                return self.answer(status, errors);
            }
            Taken::Other(id, port) => (id, port),
            // The API server knows nobody who comes without a token.
            Taken::Outside => return Reply::Status(403, BODY.into()),
            other => return Reply::Nobody(other),
        };
        let Some(c) = self.around.containers.get(&id).cloned() else { return Reply::Nobody(Taken::Refused) };
        let Some(p) = c.program.as_ref().filter(|p| !p.silent()) else { return Reply::Silence };
        match &p.kind {
            Kind::App(a) => self.answer(a.http(path, port), a.errors),
            Kind::Shell(s) => {
                let Some(l) = s.listeners().find(|l| l.port == port).cloned() else { return Reply::Nobody(Taken::Refused) };
                let (mut own, mut shared, mut volumes) = (c.files.clone(), self.fs.shared.clone(), self.fs.volumes.clone());
                serve_file(&l, path, &fs(&mut own, &mut shared, &mut volumes, &c.spec, &c.host, false)).into()
            }
        }
    }

    fn answer(&mut self, status: Result<u16, super::program::NoHttp>, errors: u32) -> Reply {
        match status {
            Ok(s) if s < 400 && errors > 0 && self.around.chance.chance(u64::from(errors), 100) => Reply::Status(500, BODY.into()),
            Ok(s) => Reply::Status(s, BODY.into()),
            Err(super::program::NoHttp::Refused) => Reply::Nobody(Taken::Refused),
            Err(super::program::NoHttp::Silent) => Reply::Silence,
        }
    }

    /// How long an answer takes.
    pub fn answer_time(&self, taken: &Taken) -> SimDuration {
        if let (Taken::Own, Some(app)) = (taken, self.app) {
            return app.spec.latency.scaled(u64::from(app.slow), 100);
        }
        let Taken::Other(id, _) = taken else { return ROUND_TRIP };
        let Some(c) = self.around.containers.get(id) else { return ROUND_TRIP };
        ROUND_TRIP + self.around.hosts.get(&c.host).map_or(SimDuration::ZERO, |h| super::serving::answer_time(c, h, self.now))
    }
}

impl From<(u16, Arc<str>)> for Reply {
    fn from((status, body): (u16, Arc<str>)) -> Self {
        Self::Status(status, body)
    }
}
