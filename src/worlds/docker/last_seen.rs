//! What can be known of a host that does not answer: the last picture of it, and how old that is.

use std::sync::Arc;

use crate::kernel::SimTime;
use crate::machine::HostState;
use crate::model::LinkEnd;

use super::container::Container;
use super::{Daemon, Docker};

/// What does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silent {
    Host,
    Engine,
}

impl Docker {
    /// Who does not answer the operator's desk, and since when; None if the engine answers.
    pub(crate) fn silent_since(&self, host: &str) -> Option<(Silent, SimTime)> {
        let h = self.machine.host(host)?;
        let engine = self.engine(host);
        let off = (h.state != HostState::Up).then_some((Silent::Host, h.since));
        let cut = self.machine.network.cut_since(&LinkEnd::ControlPlane, &LinkEnd::Host(host.into())).map(|at| (Silent::Host, at));
        let down = (engine.daemon != Daemon::Up).then_some((Silent::Engine, engine.since));
        // The first silence hides what came after it.
        [cut, off, down].into_iter().flatten().min_by_key(|(_, at)| *at)
    }

    /// A host is cut off: what its containers were is all that can be known until it answers again.
    pub(crate) fn remember(&mut self, host: &Arc<str>) {
        if self.machine.network.connected(&LinkEnd::ControlPlane, &LinkEnd::Host(host.clone())) {
            self.last_seen.remove(host);
        } else if !self.last_seen.contains_key(host) {
            self.last_seen.insert(host.clone(), self.containers.clone());
        }
    }

    /// A container as its engine showed it last.
    pub(crate) fn known<'a>(&'a self, c: &'a Arc<Container>) -> &'a Arc<Container> {
        self.last_seen.get(&c.host).and_then(|seen| seen.get(&c.cid)).unwrap_or(c)
    }

    /// The moment up to which anything is known of a host.
    pub(crate) fn known_until(&self, host: &str, now: SimTime) -> SimTime {
        self.silent_since(host).map_or(now, |(_, since)| since)
    }

    /// A word above what is shown of a host that does not answer.
    pub(crate) fn stale(&self, host: &str, now: SimTime) -> String {
        let Some((who, since)) = self.silent_since(host) else { return String::new() };
        let who = match who {
            Silent::Host => format!("{host} does not answer"),
            Silent::Engine => format!("The engine of {host} does not answer"),
        };
        format!("{who}. This is the last that is known of it, from {}, {} ago.\n\n", since.clock(), (SimTime::ZERO + (now - since)).clock())
    }
}
