//! From a client to a container: DNS round robin or the proxy, the host's published port, the container behind it.

use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};
use crate::machine::{HostName, HostState, Serve};
use crate::model::{FailReason, LinkEnd};
use crate::worlds::{Arrival, Copies};

use super::Docker;
use super::container::Cid;
use super::ports::Proto;

/// Part of a batch for one host.
struct Share {
    host: HostName,
    port: Option<u16>,
    count: u32,
}

impl Docker {
    /// Remembers under which names a container is called from outside, and on which port of its host.
    pub(crate) fn learn_target(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        let mut pairs: Vec<(u16, u16)> = c.bound.iter().filter(|b| b.proto == Proto::Tcp).map(|b| (b.container, b.host)).collect();
        if &*c.config.network_mode == "host" {
            pairs = self.exposed(&c).into_iter().filter(|(_, p)| *p == Proto::Tcp).map(|(port, _)| (port, port)).collect();
        } else if pairs.is_empty() {
            let fixed = c.config.ports.iter().filter(|p| p.proto == Proto::Tcp);
            pairs = fixed.filter_map(|p| p.host.map(|(first, _)| (p.container, first))).collect();
        }
        let app = c.app();
        let mut names = vec![c.name.clone()];
        // `web-1` and `web-2` are copies of `web`.
        if let Some((base, _)) = c.name.rsplit_once(['-', '_']).filter(|(_, n)| n.parse::<u32>().is_ok()) {
            names.push(base.into());
        }
        if app != c.name {
            names.push(app);
        }
        for name in names {
            let target = self.targets.entry(name).or_default();
            let known = target.hosts.get(&c.host).cloned().unwrap_or_default();
            let mut merged = (*known).clone();
            // Replicas with ranges or random ports add theirs; the newest stands first.
            merged.retain(|p| !pairs.contains(p));
            merged.splice(0..0, pairs.iter().copied());
            merged.truncate(64);
            target.hosts.insert(c.host.clone(), Arc::new(merged));
        }
    }

    /// Sends a batch on its way.
    pub(crate) fn route_batch(&mut self, a: &Arrival, now: SimTime) {
        if a.count == 0 {
            return;
        }
        if self.machine.network.dns_down {
            // Clients know the app by a name.
            self.machine.fail(&a.stream, a.count, FailReason::Dns, now, SimDuration::ZERO);
            return;
        }
        let to = a.to.rsplit('/').next().unwrap_or(&a.to);
        let (name, port) = match to.rsplit_once(':') {
            Some((name, port)) => (name, port.parse::<u16>().ok()),
            None => (to, None),
        };
        if let Some(proxy) = self.proxy.clone() {
            if proxy.down {
                self.machine.fail(&a.stream, a.count, FailReason::Refused, now, SimDuration::ZERO);
                return;
            }
            let pool: Vec<HostName> = proxy.pool().cloned().collect();
            if pool.is_empty() {
                self.machine.fail(&a.stream, a.count, FailReason::Unavailable503, now, SimDuration::ZERO);
                return;
            }
            let shares = self.spread(&a.to, &pool, a.count);
            for (host, count) in shares {
                let share = Share { host, port: Some(proxy.setup.to), count };
                self.deliver(a, &share, true, now);
            }
            return;
        }
        let Some(target) = self.targets.get(name).cloned() else {
            self.machine.fail(&a.stream, a.count, FailReason::NoSuchTarget, now, SimDuration::ZERO);
            return;
        };
        let pool: Vec<HostName> = target.hosts.keys().cloned().collect();
        for (host, count) in self.spread(&a.to, &pool, a.count) {
            let pairs = target.hosts.get(&host).cloned().unwrap_or_default();
            for (port, count) in self.choose_ports(&host, &pairs, port, count, &a.to) {
                self.deliver(a, &Share { host: host.clone(), port, count }, false, now);
            }
        }
    }

    /// Which published ports of a host the clients use: the one they name (as host or container port), else all that belong to the app.
    fn choose_ports(
        &mut self,
        host: &HostName,
        pairs: &[(u16, u16)],
        wished: Option<u16>,
        count: u32,
        key: &Arc<str>,
    ) -> Vec<(Option<u16>, u32)> {
        let mut fit: Vec<u16> = match wished {
            Some(p) if pairs.iter().any(|(_, h)| *h == p) => vec![p],
            Some(p) => {
                let inner: Vec<u16> = pairs.iter().filter(|(c, _)| *c == p).map(|(_, h)| *h).collect();
                if inner.is_empty() { vec![p] } else { inner }
            }
            None => {
                let first = pairs.first().map(|(c, _)| *c);
                pairs.iter().filter(|(c, _)| Some(*c) == first).map(|(_, h)| *h).collect()
            }
        };
        // Ports nobody holds any more are forgotten as long as another one answers.
        let live: Vec<u16> = fit.iter().copied().filter(|p| self.owner_of_port(host, *p).is_some()).collect();
        if !live.is_empty() {
            fit = live;
        }
        match fit.len() {
            0 => vec![(None, count)],
            1 => vec![(Some(fit[0]), count)],
            n => {
                let names: Vec<HostName> = (0..n).map(|i| i.to_string().into()).collect();
                let key: Arc<str> = format!("{key}@{host}").into();
                let shares = self.spread(&key, &names, count);
                shares.into_iter().map(|(i, count)| (i.parse::<usize>().ok().and_then(|i| fit.get(i).copied()), count)).collect()
            }
        }
    }

    /// Shares a batch evenly; what does not divide goes round in turn.
    fn spread(&mut self, key: &Arc<str>, pool: &[HostName], count: u32) -> Vec<(HostName, u32)> {
        let n = pool.len() as u64;
        if n == 0 {
            return Vec::new();
        }
        let turn = self.turns.entry(key.clone()).or_insert(0);
        let first = *turn % n;
        *turn = (*turn + u64::from(count)) % n;
        let (each, rest) = (u64::from(count) / n, u64::from(count) % n);
        let share = |i: u64| (each + u64::from((i + n - first) % n < rest)) as u32;
        pool.iter().enumerate().map(|(i, h)| (h.clone(), share(i as u64))).filter(|(_, c)| *c > 0).collect()
    }

    fn deliver(&mut self, a: &Arrival, share: &Share, through_proxy: bool, now: SimTime) {
        let up = self.machine.host(&share.host).is_some_and(|h| h.state == HostState::Up);
        let cut = !self.machine.network.connected(&LinkEnd::Clients, &LinkEnd::Host(share.host.clone()));
        if !up || cut {
            // Packets into the void: the client finds out by its own timeout.
            self.machine.fail(&a.stream, share.count, FailReason::Timeout, now, a.timeout);
            return;
        }
        let owner = share.port.and_then(|p| self.owner_of_port(&share.host, p));
        let machine = owner.and_then(|(cid, inner)| Some((self.containers.get(&cid)?.machine?, inner)));
        match machine {
            Some((id, inner)) => {
                let serve = Serve { stream: a.stream.clone(), count: share.count, timeout: a.timeout };
                self.machine.serve(id, Some(inner), serve, now);
            }
            // A proxy turns a refused connection into 502.
            None if through_proxy => self.machine.fail(&a.stream, share.count, FailReason::Unavailable503, now, SimDuration::ZERO),
            None => self.machine.fail(&a.stream, share.count, FailReason::Refused, now, SimDuration::ZERO),
        }
    }

    /// True if a container answers requests right now.
    pub(crate) fn serves(&self, cid: Cid, now: SimTime) -> bool {
        self.containers.get(&cid).is_some_and(|c| c.alive() && c.machine.is_some_and(|m| self.machine.serving(m, now)))
    }

    /// A job that is done: nobody expects it to serve.
    fn finished_job(c: &super::Container) -> bool {
        c.state.word() == "exited"
            && c.state.exit_code == 0
            && matches!(c.config.restart, super::restart::RestartPolicy::No | super::restart::RestartPolicy::OnFailure(_))
            && !c.manually_stopped
    }

    pub(crate) fn count_copies(&self) -> Copies {
        let mut copies = Copies::default();
        for (host, name) in &self.declared {
            let cid = self.engine(host).names.get(name).copied();
            if cid.and_then(|c| self.containers.get(&c)).is_some_and(|c| Self::finished_job(c)) {
                continue;
            }
            copies.declared += 1;
            copies.serving += u32::from(cid.is_some_and(|c| self.answers(c)));
        }
        copies
    }

    /// Running on a live, reachable machine and answering.
    fn answers(&self, cid: Cid) -> bool {
        let Some(c) = self.containers.get(&cid) else { return false };
        let reachable = self.machine.network.connected(&LinkEnd::Clients, &LinkEnd::Host(c.host.clone()));
        reachable && self.serves(cid, self.last)
    }
}
