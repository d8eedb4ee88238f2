//! Requests inside the substrate: each running copy's backlog, and what is in flight.
//!
//! A copy is one queue, first in, first out. Batches are handled by arithmetic, never request by request: a batch is taken to arrive
//! evenly over the time since the batch before, so only what exceeds the copy's capacity waits. A request that would wait longer than
//! its client does is given up by both sides: it costs the copy nothing and counts as a timeout.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::kernel::{SimDuration, SimTime};
use crate::model::{FailReason, LinkEnd};

use super::program::Kind;
use super::{Container, ContainerId, ContainerState, Host, HostState, Machine};

/// A batch of requests handed to one copy.
#[derive(Clone, Debug)]
pub struct Serve {
    pub stream: Arc<str>,
    pub count: u32,
    pub timeout: SimDuration,
}

/// Work waiting at one copy.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    /// When the work accepted so far is done.
    free_at: SimTime,
    last_arrival: Option<SimTime>,
    /// Time between the last two moments of arrival.
    gap: SimDuration,
    /// The wait a request met at the last moment of arrival, and the work accepted in it, in nanoseconds.
    wait: u64,
    work: u64,
    /// Hundredths of an error not yet given.
    error_carry: u32,
    pub in_flight: u32,
    /// Answers in the second `second` and in the one before.
    second: u64,
    answered: [u32; 2],
}

/// Requests whose outcome lies in the future.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights {
    /// Answers, by time.
    quick: VecDeque<Flight>,
    /// Timeouts, by time.
    slow: VecDeque<Flight>,
    streams: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    at: SimTime,
    arrived: SimTime,
    /// When the client gives up.
    deadline: SimTime,
    container: Option<ContainerId>,
    stream: u16,
    count: u32,
    /// None: answered well.
    fails: Option<FailReason>,
    /// Waits for a frozen or hung copy, and is answered if that recovers in time.
    held: bool,
}

/// The pause between batches assumed before the second one.
const FIRST_GAP: SimDuration = SimDuration::from_millis(100);
const LONGEST_GAP: SimDuration = SimDuration::from_secs(1);
/// What a script's `httpd` takes for a request.
const FILE_LATENCY: SimDuration = SimDuration::from_millis(1);

impl Flights {
    fn stream(&mut self, name: &Arc<str>) -> u16 {
        let known = self.streams.iter().position(|s| Arc::ptr_eq(s, name) || s == name);
        known.unwrap_or_else(|| {
            self.streams.push(name.clone());
            self.streams.len() - 1
        }) as u16
    }

    fn push(&mut self, f: Flight) {
        let queue = if f.fails == Some(FailReason::Timeout) { &mut self.slow } else { &mut self.quick };
        // Outcomes mostly come in order: look from the back.
        let mut i = queue.len();
        while i > 0 && queue[i - 1].at > f.at {
            i -= 1;
        }
        if i > 0 && f.container.is_none() {
            let before = &mut queue[i - 1];
            let same = before.at == f.at && before.container.is_none() && before.stream == f.stream && before.fails == f.fails;
            if same && before.arrived == f.arrived {
                before.count += f.count;
                return;
            }
        }
        queue.insert(i, f);
    }

    /// Takes out everything under way to a copy.
    fn take(&mut self, id: ContainerId) -> Vec<Flight> {
        let mut out = Vec::new();
        for queue in [&mut self.quick, &mut self.slow] {
            if queue.iter().any(|f| f.container == Some(id)) {
                out.extend(queue.iter().filter(|f| f.container == Some(id)));
                queue.retain(|f| f.container != Some(id));
            }
        }
        out
    }

    fn total(&self) -> u64 {
        self.quick.iter().chain(&self.slow).map(|f| u64::from(f.count)).sum()
    }
}

impl Backlog {
    fn note(&mut self, at: SimTime, n: u32) {
        let s = at.as_secs();
        match s.checked_sub(self.second) {
            Some(0) => {}
            Some(1) => self.answered = [0, self.answered[0]],
            Some(_) => self.answered = [0, 0],
            None => return,
        }
        self.second = s;
        self.answered[0] += n;
    }

    /// Answers in the last whole second before `now`.
    fn rps(&self, now: SimTime) -> u32 {
        match now.as_secs().checked_sub(self.second) {
            Some(0) => self.answered[1],
            Some(1) => self.answered[0],
            _ => 0,
        }
    }

    /// How long a request that arrives now would wait for its turn.
    pub(crate) fn wait(&self, now: SimTime) -> SimDuration {
        // What came with the last batch is spread over the time until the next.
        self.free_at.since(now).saturating_sub(if self.work > 0 { self.gap } else { SimDuration::ZERO })
    }
}

/// Nanoseconds of work per request (0: none to speak of), and the time an answer takes when nothing waits.
fn service(c: &Container, host: &Host) -> (u64, SimDuration) {
    let Some(Kind::App(app)) = c.program.as_ref().map(|p| &p.kind) else { return (0, FILE_LATENCY) };
    let (spec, left) = (&app.spec, u64::from(100 - host.starved_percent.min(99)));
    let slow = u64::from(app.slow);
    let latency = spec.latency.scaled(slow, left);
    if spec.capacity_rps == 0 {
        return (0, latency);
    }
    let busy = u128::from(spec.cpu_busy_milli.max(1));
    let limit = c.spec.cpu_limit_milli.map_or(busy, |l| u128::from(l.max(1)).min(busy));
    let ns = 1_000_000_000 * u128::from(slow) * busy / (u128::from(spec.capacity_rps) * u128::from(left) * limit);
    (u64::try_from(ns).unwrap_or(u64::MAX).max(1), latency)
}

impl Machine {
    /// Hands a batch of requests to a copy; `port` None = whatever it listens on.
    pub fn serve(&mut self, id: ContainerId, port: Option<u16>, arrival: Serve, now: SimTime) {
        let Serve { stream, count, timeout } = arrival;
        if count == 0 {
            return;
        }
        self.ledger.sent(&stream, now, count);
        let deadline = now + timeout;
        let n = self.flights.stream(&stream);
        let f = Flight {
            at: deadline,
            arrived: now,
            deadline,
            container: None,
            stream: n,
            count,
            fails: Some(FailReason::Timeout),
            held: false,
        };
        let Some(c) = self.containers.get(&id) else { return self.ledger.failed(&stream, now, count, FailReason::Refused) };
        let Some(host) = self.hosts.get(&c.host) else { return self.ledger.failed(&stream, now, count, FailReason::Refused) };
        if matches!(host.state, HostState::Down | HostState::Booting)
            || !self.network.connected(&LinkEnd::Host(c.host.clone()), &LinkEnd::Clients)
        {
            return self.flights.push(f);
        }
        let listens = match c.program.as_ref().map(|p| &p.kind) {
            Some(Kind::App(a)) => a.listens(port),
            Some(Kind::Shell(s)) => s.listeners().any(|l| port.is_none_or(|p| p == l.port)),
            None => false,
        };
        if !listens {
            // A frozen machine does not even refuse.
            return if host.state == HostState::Paused {
                self.flights.push(f)
            } else {
                self.ledger.failed(&stream, now, count, FailReason::Refused)
            };
        }
        if c.program.as_ref().is_some_and(|p| p.silent()) {
            self.flights.push(Flight { container: Some(id), held: true, ..f });
            if let Some(c) = self.container_mut(id) {
                c.backlog.in_flight += count;
            }
        } else {
            self.accept(id, f, now);
        }
        self.check_memory(id, now);
    }

    /// Queues requests at a copy that works.
    fn accept(&mut self, id: ContainerId, f: Flight, now: SimTime) {
        let Some(c) = self.containers.get_mut(&id).map(Arc::make_mut) else { return };
        let Some(host) = self.hosts.get(&c.host) else { return };
        let (s, base) = service(c, host);
        let errors = if let Some(Kind::App(a)) = c.program.as_ref().map(|p| &p.kind) { a.errors } else { 0 };
        let b = &mut c.backlog;
        if b.last_arrival != Some(now) {
            b.gap = b.last_arrival.map_or(FIRST_GAP, |t| now.since(t).min(LONGEST_GAP));
            b.last_arrival = Some(now);
            (b.wait, b.work) = (b.free_at.since(now).as_nanos(), 0);
        }
        // Request i waits `wait + max(0, work + i·s − gap)`; those beyond the client's patience are given up.
        let allowed = f.deadline.since(now).saturating_sub(base);
        let gap = b.gap.as_nanos();
        let delay = |i: u64| b.wait.saturating_add(b.work.saturating_add(i.saturating_mul(s)).saturating_sub(gap));
        let count = u64::from(f.count);
        let fits = if base > f.deadline.since(now) || delay(0) > allowed.as_nanos() {
            0
        } else {
            let room = (allowed.as_nanos() - b.wait).saturating_add(gap).saturating_sub(b.work);
            room.checked_div(s).map_or(count, |n| n.saturating_add(1).min(count))
        };
        b.in_flight += f.count;
        let (first, last) = (delay(0), delay(fits.saturating_sub(1)));
        let parts = if last - first > base.as_nanos() / 4 + 1_000_000 { fits.min(4) } else { 1 };
        let mut begun = 0;
        for part in 1..=parts {
            let end = fits * part / parts;
            let n = (end - begun) as u32;
            if n == 0 {
                continue;
            }
            begun = end;
            let at = now + base + SimDuration::from_nanos(delay(end - 1));
            let all = n as u64 * u64::from(errors) + u64::from(b.error_carry);
            let bad = (all / 100) as u32;
            b.error_carry = (all % 100) as u32;
            let answer = Flight { at, container: Some(id), fails: None, held: false, ..f };
            if n > bad {
                self.flights.push(Flight { count: n - bad, ..answer });
            }
            if bad > 0 {
                self.flights.push(Flight { count: bad, fails: Some(FailReason::Error5xx), ..answer });
            }
        }
        let work = fits.saturating_mul(s);
        b.free_at = b.free_at.max(now) + SimDuration::from_nanos(work);
        b.work = b.work.saturating_add(work);
        if count > fits {
            let late = Flight {
                at: f.deadline,
                container: Some(id),
                count: (count - fits) as u32,
                fails: Some(FailReason::Timeout),
                held: false,
                ..f
            };
            self.flights.push(late);
        }
    }

    /// Requests that the world itself fails: sent at `at`, known to have failed `delay` later.
    pub fn fail(&mut self, stream: &Arc<str>, count: u32, reason: FailReason, at: SimTime, delay: SimDuration) {
        if count == 0 {
            return;
        }
        self.ledger.sent(stream, at, count);
        if delay == SimDuration::ZERO {
            return self.ledger.failed(stream, at, count, reason);
        }
        let (n, end) = (self.flights.stream(stream), at + delay);
        self.flights.push(Flight {
            at: end,
            arrived: at,
            deadline: end,
            container: None,
            stream: n,
            count,
            fails: Some(reason),
            held: false,
        });
    }

    /// Moves every outcome known by now into the ledger.
    pub fn settle(&mut self, now: SimTime) {
        loop {
            let due = |q: &VecDeque<Flight>| q.front().map(|f| f.at).filter(|t| *t <= now);
            let f = match (due(&self.flights.quick), due(&self.flights.slow)) {
                (None, None) => break,
                (Some(a), b) if b.is_none_or(|b| a <= b) => self.flights.quick.pop_front(),
                _ => self.flights.slow.pop_front(),
            };
            let Some(mut f) = f else { break };
            // Copies of one service answer alike: one entry for all of them.
            while let Some(g) = self.flights.quick.front().copied() {
                if (g.at, g.stream, g.fails, g.arrived) != (f.at, f.stream, f.fails, f.arrived) {
                    break;
                }
                self.landed(&f);
                self.flights.quick.pop_front();
                // What was merged is already off its copy's books.
                let own = g.count;
                self.landed(&g);
                f = Flight { container: None, count: f.count + own, ..f };
            }
            self.landed(&f);
            let stream = &self.flights.streams[usize::from(f.stream)];
            match f.fails {
                None => self.ledger.ok(stream, f.at, f.count, f.at.since(f.arrived)),
                Some(why) => self.ledger.failed(stream, f.at, f.count, why),
            }
        }
        debug_assert_eq!(self.ledger.total.in_flight(), self.flights.total(), "sent = ok + failed + in flight");
    }

    /// Takes a request off its copy's books.
    fn landed(&mut self, f: &Flight) {
        let Some(c) = f.container.and_then(|id| self.containers.get_mut(&id)).map(Arc::make_mut) else { return };
        c.backlog.in_flight = c.backlog.in_flight.saturating_sub(f.count);
        if f.fails != Some(FailReason::Timeout) {
            c.backlog.note(f.at, f.count);
        }
    }

    /// The process is gone, its machine is not: what was in flight is reset.
    pub(crate) fn reset_flights(&mut self, id: ContainerId, now: SimTime) {
        for f in self.flights.take(id) {
            let stream = &self.flights.streams[usize::from(f.stream)];
            self.ledger.failed(stream, now, f.count, FailReason::Reset);
        }
        if let Some(c) = self.container_mut(id) {
            c.backlog = Backlog::default();
        }
    }

    /// The machine is gone: nobody answers what was in flight.
    pub(crate) fn silence(&mut self, id: ContainerId) {
        for f in self.flights.take(id) {
            self.flights.push(Flight { at: f.deadline, container: None, fails: Some(FailReason::Timeout), held: false, ..f });
        }
        if let Some(c) = self.container_mut(id) {
            c.backlog = Backlog::default();
        }
    }

    /// The copy stands still: what was in flight waits.
    pub(crate) fn hold_flights(&mut self, id: ContainerId) {
        for f in self.flights.take(id) {
            self.flights.push(Flight { at: f.deadline, fails: Some(FailReason::Timeout), held: true, ..f });
        }
    }

    /// The copy goes on: what still waits gets its turn.
    pub(crate) fn release_flights(&mut self, id: ContainerId, now: SimTime) {
        let flights = self.flights.take(id);
        if let Some(c) = self.container_mut(id) {
            c.backlog = Backlog { second: c.backlog.second, answered: c.backlog.answered, ..Backlog::default() };
        }
        for f in flights {
            if f.held {
                self.accept(id, f, now);
            } else {
                self.flights.push(f);
                if let Some(c) = self.container_mut(id) {
                    c.backlog.in_flight += f.count;
                }
            }
        }
    }

    /// When the last request in flight at a copy would be answered.
    pub(crate) fn busy_until(&self, id: ContainerId) -> Option<SimTime> {
        self.flights.quick.iter().filter(|f| f.container == Some(id)).map(|f| f.at).max()
    }

    /// Requests answered in the last whole second.
    pub fn serving_rps(&self, id: ContainerId, now: SimTime) -> u32 {
        self.containers.get(&id).map_or(0, |c| c.backlog.rps(now))
    }

    /// True if a copy answers requests now: running, started up, not hung, its machine up.
    pub fn serving(&self, id: ContainerId, now: SimTime) -> bool {
        let _ = now;
        let Some(c) = self.containers.get(&id) else { return false };
        let Some(p) = &c.program else { return false };
        let up = self.hosts.get(&c.host).is_some_and(|h| h.state == HostState::Up) && matches!(c.state, ContainerState::Running { .. });
        up && !p.silent()
            && match &p.kind {
                Kind::App(a) => a.listens(None),
                Kind::Shell(s) => s.listeners().next().is_some(),
            }
    }

    /// (thousandths of a core, bytes) of one container; zero if it does not run.
    pub fn container_usage(&self, id: ContainerId, now: SimTime) -> (u32, u64) {
        let Some(c) = self.containers.get(&id) else { return (0, 0) };
        let Some(p) = &c.program else { return (0, 0) };
        let Some(host) = self.hosts.get(&c.host) else { return (0, 0) };
        let bytes = memory_of(c, host, now);
        if p.is_frozen() {
            return (0, bytes);
        }
        let most = c.spec.cpu_limit_milli.unwrap_or(u32::MAX).min(host.spec.cpu_milli);
        let milli = match &p.kind {
            Kind::App(a) => {
                // What one request costs does not depend on how many the limit lets through.
                let per = u64::from(a.spec.cpu_busy_milli.saturating_sub(a.spec.cpu_idle_milli));
                let full = if a.spec.capacity_rps == 0 { 100 } else { u64::from(a.spec.capacity_rps) };
                u64::from(a.spec.cpu_idle_milli) + per * u64::from(c.backlog.rps(now)) * u64::from(a.slow) / (full * 100)
            }
            Kind::Shell(s) => 1 + u64::from(s.busy()) * 1000,
        };
        (milli.min(u64::from(most)) as u32, bytes)
    }

    /// How long an answer to one more request would take now.
    pub(crate) fn answer_time(&self, c: &Container, now: SimTime) -> SimDuration {
        self.hosts.get(&c.host).map_or(FILE_LATENCY, |h| answer_time(c, h, now))
    }
}

/// Bytes that a container uses; zero if it does not run.
pub(super) fn memory_of(c: &Container, host: &Host, now: SimTime) -> u64 {
    let Some(p) = &c.program else { return 0 };
    p.memory_at(p.age(now)).saturating_add(c.request_memory()).min(c.memory_limit(host))
}

/// How long a copy on a machine takes for one more request.
pub(crate) fn answer_time(c: &Container, host: &Host, now: SimTime) -> SimDuration {
    service(c, host).1 + c.backlog.wait(now)
}
