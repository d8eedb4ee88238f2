//! The substrate against what was recorded from real engines, and against its own laws.

mod laws;
mod machines;
mod programs;
mod roads;
mod serving;

use std::sync::Arc;

use super::*;
use crate::kernel::SimDuration;
use crate::model::{AppSpec, ImageRef};

pub(super) fn ms(n: u64) -> SimTime {
    SimTime::from_millis(n)
}
pub(super) fn s(n: u64) -> SimTime {
    SimTime::from_secs(n)
}
pub(super) fn d(n: u64) -> SimDuration {
    SimDuration::from_millis(n)
}

pub(super) fn image(name: &str, app: AppSpec) -> ImageSpec {
    let mut i = registry::assumed_image(&ImageRef::new(name));
    (i.described, i.app) = (true, Arc::new(app));
    i
}

pub(super) fn host(name: &str) -> HostSpec {
    HostSpec { name: name.into(), cpu_milli: 4000, memory: 16 << 30, zone: "a".into(), boot: SimDuration::from_secs(30) }
}

pub(super) fn spec(image: &str, argv: &[&str]) -> ContainerSpec {
    ContainerSpec {
        name: "default/web-1/c".into(),
        image: ImageRef::new(image),
        argv: argv.iter().map(|a| Arc::from(*a)).collect(),
        env: Vec::new(),
        shared_env: Arc::default(),
        memory_limit: None,
        cpu_limit_milli: None,
        mounts: Vec::new(),
        init: false,
        sandbox: "".into(),
        address: None,
        hostname: None,
        workdir: "".into(),
        user: "".into(),
    }
}

/// One machine and its notices.
pub(super) struct Lab {
    pub m: Machine,
    pub notices: Vec<(SimTime, What)>,
    pub events: usize,
}

impl Lab {
    pub fn new(images: Vec<ImageSpec>) -> Self {
        let mut m = Machine::new(1, "test", images, 0);
        m.add_host(host("h"), SimTime::ZERO);
        Self { m, notices: Vec::new(), events: 0 }
    }
    /// Handles everything up to and including `to`.
    pub fn run(&mut self, to: SimTime) {
        while let Some(at) = self.m.next_at().filter(|t| *t <= to) {
            self.events += 1;
            assert!(self.events < 200_000, "runs wild");
            let n = self.m.step(at, &NoRoads);
            self.notices.extend(n.into_iter().map(|n| (at, n.what)));
        }
    }
    /// Creates and starts; the process runs from 200 ms on.
    pub fn start(&mut self, c: ContainerSpec) -> ContainerId {
        let id = self.m.create("h", c, SimTime::ZERO);
        self.m.start(id, SimTime::ZERO, None);
        self.run(ms(200));
        id
    }
    pub fn sh(&mut self, script: &str) -> ContainerId {
        self.start(spec("local/bb:1", &["/bin/sh", "-c", script]))
    }
    /// Exit code and time of a container's end.
    pub fn exit(&self, id: ContainerId) -> Option<(i32, u64)> {
        self.notices.iter().rev().find_map(|(t, w)| match w {
            What::Exited { id: i, exit } if *i == id => Some((exit.code, t.as_millis())),
            _ => None,
        })
    }
    pub fn log(&self, id: ContainerId) -> Vec<String> {
        self.m.logs(id).iter().map(|(_, l)| l.to_string()).collect()
    }
    pub fn exec(&mut self, id: ContainerId, script: &str, now: SimTime) -> ExecResult {
        self.m.exec(id, &["sh".into(), "-c".into(), script.into()], now, &NoRoads)
    }
    pub fn http(&mut self, id: ContainerId, path: &str, port: u16, now: SimTime) -> ProbeOutcome {
        self.m.probe(id, &ProbeAction::Http { path: path.into(), port }, now, &NoRoads).outcome
    }
}
