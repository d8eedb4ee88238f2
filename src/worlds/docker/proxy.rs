//! The reverse proxy a Docker-only shop puts in front of its hosts. Static: it does not know who is dead. Health-checked: it asks.

use std::sync::Arc;

use crate::kernel::journal::Entry;
use crate::kernel::{ObjectRef, RecordType, SimDuration};
use crate::machine::{HostName, HostState, NoRoads, ProbeAction, ProbeOutcome};
use crate::model::LinkEnd;

use super::setup::{HostSetup, ProxyKind, ProxySetup};
use super::{Cx, Docker, Event};

/// One host behind the proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    pub host: HostName,
    /// The checks think it alive.
    pub up: bool,
    /// A person took it out.
    pub removed: bool,
    fails: u32,
    passes: u32,
}

/// The proxy's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    pub setup: ProxySetup,
    pub backends: Vec<Backend>,
    /// The proxy itself is gone.
    pub down: bool,
}

impl Proxy {
    pub fn new(setup: &ProxySetup, hosts: &[HostSetup]) -> Self {
        let names = setup.backends.clone().unwrap_or_else(|| hosts.iter().map(|h| h.name.clone()).collect());
        let backend = |host| Backend { host, up: true, removed: false, fails: 0, passes: 0 };
        Self { setup: setup.clone(), backends: names.into_iter().map(backend).collect(), down: false }
    }
    /// Hosts that get traffic.
    pub fn pool(&self) -> impl Iterator<Item = &HostName> {
        self.backends.iter().filter(|b| b.up && !b.removed).map(|b| &b.host)
    }
}

fn object() -> ObjectRef {
    ObjectRef::new("proxy", "", "proxy")
}

impl Docker {
    fn proxy_mut(&mut self) -> Option<&mut Proxy> {
        self.proxy.as_mut().map(Arc::make_mut)
    }

    /// Health checks begin with the world.
    pub(crate) fn proxy_begin(&mut self, cx: &mut Cx) {
        if let Some(every) = self.proxy.as_ref().filter(|p| p.setup.kind == ProxyKind::HealthChecked).map(|p| p.setup.check_every) {
            self.agenda.schedule(cx.now + every, cx.cause, Event::ProxyCheck);
        }
    }

    /// Asks every backend.
    pub(crate) fn proxy_check(&mut self, cx: &mut Cx) {
        let Some(proxy) = self.proxy.clone() else { return };
        self.agenda.schedule(cx.now + proxy.setup.check_every, cx.cause, Event::ProxyCheck);
        if proxy.down {
            return;
        }
        for b in &proxy.backends {
            let (alive, takes) = self.ask(&b.host, &proxy.setup, cx);
            self.agenda.schedule(cx.now + takes, cx.cause, Event::ProxyAnswer { host: b.host.clone(), alive });
        }
    }

    fn ask(&mut self, host: &HostName, setup: &ProxySetup, cx: &Cx) -> (bool, SimDuration) {
        let up = self.machine.host(host).is_some_and(|h| h.state == HostState::Up);
        if !up || !self.machine.network.connected(&LinkEnd::Clients, &LinkEnd::Host(host.clone())) {
            return (false, setup.check_timeout);
        }
        let machine = self.owner_of_port(host, setup.to).and_then(|(cid, port)| Some((self.containers.get(&cid)?.machine?, port)));
        let Some((machine, port)) = machine else { return (false, SimDuration::from_millis(1)) };
        let action = match &setup.path {
            Some(path) => ProbeAction::Http { path: path.clone(), port },
            None => ProbeAction::Tcp { port },
        };
        let answer = self.machine.probe(machine, &action, cx.now, &NoRoads);
        let good = match answer.outcome {
            ProbeOutcome::Ok => true,
            ProbeOutcome::HttpStatus(s) => s < 400,
            _ => false,
        };
        let silent = matches!(answer.outcome, ProbeOutcome::NoAnswer) || answer.takes > setup.check_timeout;
        if silent { (false, setup.check_timeout) } else { (good, answer.takes) }
    }

    /// A backend has answered or not.
    pub(crate) fn proxy_answer(&mut self, host: &HostName, alive: bool, cx: &mut Cx) {
        let trouble = self.trouble;
        let Some(proxy) = self.proxy_mut() else { return };
        let (fall, rise) = (proxy.setup.fall.max(1), proxy.setup.rise.max(1));
        let Some(b) = proxy.backends.iter_mut().find(|b| b.host == *host) else { return };
        (b.fails, b.passes) = if alive { (0, b.passes.saturating_add(1)) } else { (b.fails.saturating_add(1), 0) };
        let message = if b.up && b.fails >= fall {
            b.up = false;
            format!("{host} is out: {fall} health checks in a row failed")
        } else if !b.up && b.passes >= rise {
            b.up = true;
            format!("{host} is back: {rise} health checks in a row passed")
        } else {
            return;
        };
        let reason = if b.up { "BackendUp" } else { "BackendDown" };
        let mut because = cx.because(trouble.or(cx.cause));
        because.record(Entry::new(RecordType::Decision, "proxy", reason, object(), message));
    }

    /// The proxy itself goes or comes.
    pub(crate) fn proxy_down(&mut self, down: bool, cx: &mut Cx) -> Result<(), String> {
        let Some(proxy) = self.proxy_mut() else { return Err("there is no proxy in front of these hosts".into()) };
        proxy.down = down;
        let message = if down { "the proxy is gone: clients reach nobody" } else { "the proxy answers again" };
        cx.record(Entry::new(RecordType::Change, "proxy", if down { "ProxyDown" } else { "ProxyUp" }, object(), message));
        Ok(())
    }

    /// A person edits the proxy's list.
    pub(crate) fn proxy_edit(&mut self, host: &str, removed: bool, cx: &mut Cx) -> Result<String, String> {
        let Some(proxy) = self.proxy_mut() else { return Err("there is no proxy in front of these hosts".into()) };
        let Some(b) = proxy.backends.iter_mut().find(|b| &*b.host == host) else { return Err(format!("the proxy has no backend {host}")) };
        b.removed = removed;
        if !removed {
            (b.up, b.fails, b.passes) = (true, 0, 0);
        }
        let message = if removed { format!("{host} taken out by hand") } else { format!("{host} put back by hand") };
        cx.record(Entry::new(RecordType::Change, "proxy", "Reload", object(), message.clone()));
        Ok(message)
    }
}
