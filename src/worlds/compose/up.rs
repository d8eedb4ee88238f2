//! `docker compose up`, `create` and `scale`: first everything is made (and what differs is replaced), then everything is started.
//!
//! Source: pkg/compose/{up,create,convergence,start}.go. Between stopping a replaced container and starting its successor lies the
//! downtime that every recreate has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kernel::Cx;
use crate::kernel::{SimDuration, SimTime};
use crate::machine::PullId;
use crate::worlds::docker::container::{Cid, Container, Then};
use crate::worlds::docker::lifecycle::StartBy;
use crate::worlds::docker::volumes::MountKind;
use crate::worlds::docker::{Docker, Io, Script};

use super::file::{Condition, Project, Service, order};
use super::logs::Follow;
use super::names::{self, line};
use super::steps::{satisfied, start_error};

/// How often waiting for a dependency looks (pkg/compose/convergence.go).
pub(super) const POLL: SimDuration = SimDuration::from_millis(500);

/// What `up` was told.
#[derive(Clone, Debug, Default)]
pub struct UpOptions {
    /// Services named; empty = all.
    pub services: Vec<String>,
    pub detach: bool,
    pub no_deps: bool,
    pub no_start: bool,
    pub force: bool,
    pub no_recreate: bool,
    pub remove_orphans: bool,
    pub renew_volumes: bool,
    pub pull_always: bool,
    pub quiet_pull: bool,
    pub wait: bool,
    pub wait_timeout: Option<SimDuration>,
    pub abort_on_exit: bool,
    pub exit_code_from: Option<String>,
    pub grace: Option<i64>,
    pub scale: BTreeMap<String, u32>,
}

#[derive(Clone, Debug)]
pub(super) enum Stage {
    Begin,
    Pull(Vec<(Arc<str>, PullId)>),
    /// The service being made, and the replacements under way.
    Create(usize, Vec<Replace>),
    Start,
    /// `--wait`
    Wait,
    Attach(Follow),
    /// After ctrl-c: everything is being stopped.
    Stopping(i32),
}

/// One container on its way out.
#[derive(Clone, Debug)]
pub(super) struct Replace {
    old: Cid,
    old_name: Arc<str>,
    /// Its successor and the name it will get; None = it just goes.
    new: Option<(Cid, Arc<str>)>,
    stopped: bool,
}

/// One run of `up`.
#[derive(Clone, Debug)]
pub struct Up {
    pub(super) project: Arc<Project>,
    pub(super) options: UpOptions,
    /// Services in dependency order.
    pub(super) order: Vec<Arc<str>>,
    pub(super) stage: Stage,
    /// Services whose containers are not all started yet.
    pub(super) pending: Vec<Arc<str>>,
    pub(super) started: BTreeSet<Arc<str>>,
    /// The service whose containers are being started one after another.
    pub(super) current: Option<(Arc<str>, Vec<Cid>, Option<Cid>)>,
    /// Services whose waiting has been announced.
    pub(super) announced: BTreeSet<Arc<str>>,
    pub(super) next_poll: SimTime,
    pub(super) deadline: Option<SimTime>,
}

impl Up {
    pub fn new(project: Arc<Project>, options: UpOptions) -> Self {
        let all = order(&project.services).unwrap_or_default();
        let mut wanted: BTreeSet<Arc<str>> =
            all.iter().filter(|s| options.services.is_empty() || options.services.iter().any(|o| **o == ***s)).cloned().collect();
        if !options.no_deps {
            // Dependencies come before those that need them, so one pass backwards finds all.
            for s in all.iter().rev() {
                if wanted.contains(s) {
                    let needs = project
                        .services
                        .get(s)
                        .map(|x| x.depends_on.iter().map(|d| d.service.clone()).collect::<Vec<_>>())
                        .unwrap_or_default();
                    wanted.extend(needs.into_iter().filter(|n| project.services.contains_key(n)));
                }
            }
        }
        let order: Vec<Arc<str>> = all.into_iter().filter(|s| wanted.contains(s)).collect();
        Self {
            project,
            options,
            pending: order.clone(),
            order,
            stage: Stage::Begin,
            started: BTreeSet::new(),
            current: None,
            announced: BTreeSet::new(),
            next_poll: SimTime::ZERO,
            deadline: None,
        }
    }

    fn service(&self, name: &str) -> Option<&Service> {
        self.project.services.get(name)
    }
    fn scale(&self, s: &Service) -> u32 {
        self.options.scale.get(&*s.name).copied().unwrap_or(s.scale)
    }

    /// Makes what one service lacks and begins to replace what differs.
    fn make(&mut self, name: &str, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Result<Vec<Replace>, String> {
        let Some(s) = self.service(name).cloned() else { return Ok(Vec::new()) };
        let wanted = self.scale(&s) as usize;
        let digest = d.machine().image_spec(&s.config.image).id();
        let mut have: Vec<Arc<Container>> = names::of_service(d, &io.host, &self.project.name, name);
        let differs = |c: &Container| {
            let label = |k: &str| c.config.label(k).map(|v| v.to_string());
            label(names::HASH).as_deref() != Some(&s.hash) || label(names::IMAGE).as_deref() != Some(&digest)
        };
        // Up to date and low numbers first: what is beyond the scale goes from the other end.
        have.sort_by_key(|c| (differs(c), names::number(c)));
        let mut replaced = Vec::new();
        let mut highest = have.iter().map(|c| names::number(c)).max().unwrap_or(0);
        for c in have.iter().skip(wanted) {
            d.undeclared(c.cid);
            io.err.push_str(&line("Container", &c.name, "Stopping"));
            self.let_go(c, s.grace, d, cx);
            replaced.push(Replace { old: c.cid, old_name: c.name.clone(), new: None, stopped: false });
        }
        for c in have.iter().take(wanted) {
            let named = self.options.services.is_empty() || self.options.services.iter().any(|o| **o == *name);
            let again = !self.options.no_recreate && (differs(c) || self.options.force && named);
            if again {
                io.err.push_str(&line("Container", &c.name, "Recreate"));
                let temporary = format!("{}_{}", c.id.get(..12).unwrap_or(&c.id), c.name);
                let new = self.create_one(&s, names::number(c), Some(&temporary), Some(c), d, io, cx)?;
                self.let_go(c, s.grace, d, cx);
                replaced.push(Replace { old: c.cid, old_name: c.name.clone(), new: Some((new, c.name.clone())), stopped: false });
            } else if c.alive() && !c.state.paused {
                io.err.push_str(&line("Container", &c.name, "Running"));
            }
        }
        for _ in have.len()..wanted {
            highest += 1;
            let title = names::container(&self.project, &s, highest);
            io.err.push_str(&line("Container", &title, "Creating"));
            self.create_one(&s, highest, None, None, d, io, cx)?;
            io.err.push_str(&line("Container", &title, "Created"));
        }
        Ok(replaced)
    }

    fn let_go(&self, c: &Container, grace: Option<i64>, d: &mut Docker, cx: &mut Cx) {
        let cause = cx.cause;
        let _ = d.stop(c.cid, self.options.grace.or(grace), Then::Remove(self.options.renew_volumes), cx);
        cx.cause = cause;
    }

    #[expect(clippy::too_many_arguments, reason = "one container's birth")]
    fn create_one(
        &self,
        s: &Service,
        number: u32,
        name: Option<&str>,
        old: Option<&Container>,
        d: &mut Docker,
        io: &mut Io,
        cx: &mut Cx,
    ) -> Result<Cid, String> {
        let title = names::container(&self.project, s, number);
        let mut config = names::engine_config(&self.project, s, number, &d.machine().image_spec(&s.config.image).id());
        // Anonymous volumes go over to the successor.
        if let Some(old) = old.filter(|_| !self.options.renew_volumes) {
            for m in &mut config.mounts {
                let carried = old.mounts.iter().find(|o| o.target == m.target).map(|o| o.kind.clone());
                if let (MountKind::Volume(None), Some(kind)) = (&m.kind, carried) {
                    m.kind = kind;
                }
            }
        }
        let cause = cx.cause;
        let made = d.create(&io.host.clone(), Some(name.unwrap_or(&title)), config, cx);
        cx.cause = cause;
        match made {
            Ok(cid) => {
                if old.is_none() {
                    d.declared_copy(cid);
                }
                Ok(cid)
            }
            Err(e) => Err(format!("Error response from daemon: {e}")),
        }
    }

    /// Follows replacements; true when all are done.
    fn replacing(&self, jobs: &mut Vec<Replace>, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> bool {
        jobs.retain_mut(|job| {
            if let Some(c) = d.container(job.old) {
                if !c.state.running && !job.stopped {
                    job.stopped = true;
                }
                return true;
            }
            match &job.new {
                Some((new, name)) => {
                    let cause = cx.cause;
                    let _ = d.rename(*new, name, cx);
                    cx.cause = cause;
                    d.declared_copy(*new);
                    io.err.push_str(&line("Container", name, "Recreated"));
                }
                None => {
                    for word in ["Stopped", "Removing", "Removed"] {
                        io.err.push_str(&line("Container", &job.old_name, word));
                    }
                }
            }
            false
        });
        jobs.is_empty()
    }

    /// Whether a service may start: Ok(true) yes, Ok(false) not yet.
    fn may_start(&mut self, name: &str, d: &Docker, io: &mut Io, cx: &Cx) -> Result<bool, String> {
        let Some(s) = self.service(name).cloned() else { return Ok(true) };
        let mine: Vec<_> = s.depends_on.iter().filter(|x| self.order.contains(&x.service)).collect();
        if !mine.iter().all(|x| self.started.contains(&x.service)) {
            return Ok(false);
        }
        let waits: Vec<_> = mine.into_iter().filter(|x| x.condition != Condition::Started).collect();
        if waits.is_empty() {
            return Ok(true);
        }
        let first = self.announced.insert(s.name.clone());
        let mut ready = true;
        for dep in waits {
            for c in names::of_service(d, &io.host, &self.project.name, &dep.service) {
                if first {
                    io.err.push_str(&line("Container", &c.name, "Waiting"));
                }
                match satisfied(&c, dep.condition) {
                    Ok(true) => {}
                    Ok(false) => ready = false,
                    Err(why) if dep.required => return Err(why),
                    Err(why) => io.err.push_str(&super::load::warning(
                        cx.now,
                        &format!("optional dependency {:?} failed to start: {why}", &*dep.service),
                    )),
                }
            }
        }
        if first && !ready {
            return Ok(false);
        }
        if ready {
            for dep in s.depends_on.iter().filter(|x| x.condition != Condition::Started) {
                let word = if dep.condition == Condition::Healthy { "Healthy" } else { "Exited" };
                for c in names::of_service(d, &io.host, &self.project.name, &dep.service) {
                    io.err.push_str(&line("Container", &c.name, word));
                }
            }
        }
        Ok(ready)
    }

    /// Starts one container after another; Some(exit) on an error.
    fn starting(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Result<bool, i32> {
        loop {
            if let Some((name, mut queue, now)) = self.current.take() {
                if let Some(cid) = now {
                    let Some(c) = d.container(cid).cloned() else { return Err(1) };
                    if c.starting {
                        self.current = Some((name, queue, now));
                        return Ok(false);
                    }
                    if !c.state.error.is_empty() {
                        return Err(start_error(&c.state.error, io));
                    }
                    io.err.push_str(&line("Container", &c.name, "Started"));
                }
                match queue.pop() {
                    Some(cid) => {
                        let title = d.container(cid).map(|c| c.name.clone()).unwrap_or_default();
                        io.err.push_str(&line("Container", &title, "Starting"));
                        let cause = cx.cause;
                        // What was made a moment ago is started because it was made.
                        cx.cause = d.container(cid).and_then(|c| c.cause).max(cause);
                        let asked = if d.container(cid).is_some_and(|c| c.state.paused) {
                            d.unpause(cid, cx).map(|()| false)
                        } else {
                            d.start(cid, StartBy::Hand, cx)
                        };
                        cx.cause = cause;
                        match asked {
                            Ok(_) => self.current = Some((name, queue, Some(cid))),
                            Err(e) => return Err(start_error(&e.message, io)),
                        }
                    }
                    None => {
                        self.started.insert(name.clone());
                        self.pending.retain(|p| *p != name);
                    }
                }
                continue;
            }
            if self.pending.is_empty() {
                return Ok(true);
            }
            let mut next = None;
            for name in self.pending.clone() {
                if self.announced.contains(&name) && cx.now < self.next_poll {
                    continue;
                }
                match self.may_start(&name, d, io, cx) {
                    Ok(true) => {
                        next = Some(name);
                        break;
                    }
                    Ok(false) => {}
                    Err(why) => {
                        io.err.push_str(&format!("{why}\n"));
                        return Err(1);
                    }
                }
            }
            match next {
                Some(name) => {
                    let mut queue: Vec<Cid> = names::of_service(d, &io.host, &self.project.name, &name)
                        .iter()
                        .filter(|c| (!c.alive() && !c.state.restarting) || c.state.paused)
                        .map(|c| c.cid)
                        .collect();
                    queue.reverse();
                    self.current = Some((name, queue, None));
                }
                None => {
                    if cx.now >= self.next_poll {
                        self.next_poll = cx.now + POLL;
                        d.nudge(self.next_poll, cx);
                    }
                    return Ok(false);
                }
            }
        }
    }
}

impl Script for Up {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Begin) {
                Stage::Begin => {
                    if let Some(exit) = self.begin(d, io, cx) {
                        return Some(exit);
                    }
                }
                Stage::Pull(mut pulls) => {
                    if let Some(exit) = self.pulled(&mut pulls, d, io) {
                        return Some(exit);
                    }
                    if !pulls.is_empty() {
                        self.stage = Stage::Pull(pulls);
                        return None;
                    }
                    if let Err(why) = self.surroundings(d, io, cx) {
                        io.err.push_str(&format!("{why}\n"));
                        return Some(1);
                    }
                    self.stage = Stage::Create(0, Vec::new());
                }
                Stage::Create(i, mut jobs) => {
                    if !self.replacing(&mut jobs, d, io, cx) {
                        self.stage = Stage::Create(i, jobs);
                        return None;
                    }
                    let Some(name) = self.order.get(i).cloned() else {
                        if self.options.no_start {
                            return Some(0);
                        }
                        self.stage = Stage::Start;
                        continue;
                    };
                    match self.make(&name, d, io, cx) {
                        Ok(jobs) => self.stage = Stage::Create(i + 1, jobs),
                        Err(why) => {
                            io.err.push_str(&format!("{why}\n"));
                            return Some(1);
                        }
                    }
                }
                Stage::Start => {
                    self.stage = Stage::Start;
                    match self.starting(d, io, cx) {
                        Ok(false) => return None,
                        Err(exit) => return Some(exit),
                        Ok(true) if self.options.wait => {
                            self.deadline = self.options.wait_timeout.map(|t| cx.now + t);
                            self.stage = Stage::Wait;
                        }
                        Ok(true) if self.options.detach => return Some(0),
                        Ok(true) => {
                            let attached: Vec<Arc<Container>> =
                                self.order.iter().flat_map(|n| names::of_service(d, &io.host, &self.project.name, n)).collect();
                            let follow = Follow::attach(&attached);
                            io.out.push_str(&format!("Attaching to {}\n", follow.titles().join(", ")));
                            self.stage = Stage::Attach(follow);
                        }
                    }
                }
                Stage::Wait => {
                    self.stage = Stage::Wait;
                    return self.waiting(d, io, cx);
                }
                Stage::Attach(mut follow) => {
                    let exited = follow.print(d, io, true);
                    let (first, left) = (exited.first().cloned(), follow.alive(d));
                    self.stage = Stage::Attach(follow);
                    if let (Some((_, code)), true) = (&first, self.options.abort_on_exit || self.options.exit_code_from.is_some()) {
                        io.err.push_str("Aborting on container exit...\n");
                        self.stop_all(d, io, cx);
                        let from = self.options.exit_code_from.as_deref();
                        let code = exited.iter().find(|(service, _)| Some(&**service) == from).map_or(*code, |(_, c)| *c);
                        self.stage = Stage::Stopping(code);
                        continue;
                    }
                    return (!left).then_some(0);
                }
                Stage::Stopping(code) => {
                    self.stage = Stage::Stopping(code);
                    let running =
                        self.order.iter().any(|n| names::of_service(d, &io.host, &self.project.name, n).iter().any(|c| c.state.running));
                    return (!running).then_some(code);
                }
            }
        }
    }

    fn interrupt(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        match self.stage {
            Stage::Attach(_) => {
                io.err.push_str("Gracefully Stopping... press Ctrl+C again to force\n");
                self.stop_all(d, io, cx);
                self.stage = Stage::Stopping(0);
                self.advance(d, io, cx)
            }
            Stage::Stopping(_) => {
                for name in self.order.clone() {
                    for c in names::of_service(d, &io.host, &self.project.name, &name) {
                        let _ = d.kill(c.cid, crate::machine::Signal::Kill, cx);
                    }
                }
                None
            }
            _ => Some(130),
        }
    }

    fn watches(&self) -> bool {
        matches!(self.stage, Stage::Attach(_))
    }

    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
