//! Commands that go on after their first output: they hear the watch events a client would hear, and have one timer.

use std::fmt;

use crate::kernel::SimDuration;
use crate::worlds::Output;
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::{Ctl, Kubernetes};

use super::shell::{Done, Failure, Shell};

/// A timer of the command that goes on.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) serial: u64,
}

/// What a command has printed since it was last asked, and whether it is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Io {
    pub out: String,
    pub err: String,
    pub exit: Option<i32>,
    /// When it wants to be called next.
    wake: Option<SimDuration>,
}

impl Io {
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }
    pub fn warn(&mut self, line: impl AsRef<str>) {
        self.err.push_str(line.as_ref());
        self.err.push('\n');
    }
    pub fn done(&mut self) {
        self.exit.get_or_insert(0);
    }
    pub fn fail(&mut self, f: &Failure) {
        if self.exit.is_none() {
            self.warn(&f.text);
            self.exit = Some(f.exit);
        }
    }
    pub fn wake_after(&mut self, delay: SimDuration) {
        self.wake = Some(delay);
    }
    pub fn is_over(&self) -> bool {
        self.exit.is_some()
    }
}

/// A command that goes on.
pub(super) trait Ongoing: fmt::Debug + Send + Sync {
    fn clone_box(&self) -> Box<dyn Ongoing>;
    /// The first look at the world.
    fn begin(&mut self, io: &mut Io, ctl: &mut Ctl);
    /// A write became known.
    fn observe(&mut self, event: &WatchEvent, io: &mut Io, ctl: &mut Ctl) {
        let _ = (event, io, ctl);
    }
    /// The time it asked for has come.
    fn tick(&mut self, io: &mut Io, ctl: &mut Ctl) {
        let _ = (io, ctl);
    }
    /// The same, before `tick`, with the whole world in sight.
    fn look(&mut self, io: &mut Io, world: &Kubernetes) {
        let _ = (io, world);
    }
}

/// The one command that goes on at this console.
#[derive(Debug)]
pub(super) struct Running {
    serial: u64,
    job: Box<dyn Ongoing>,
    io: Io,
}

impl Clone for Running {
    fn clone(&self) -> Self {
        Self { serial: self.serial, job: self.job.clone_box(), io: self.io.clone() }
    }
}

impl Running {
    pub fn serial(&self) -> u64 {
        self.serial
    }
    pub fn observe(&mut self, event: &WatchEvent, ctl: &mut Ctl) {
        if !self.io.is_over() {
            self.job.observe(event, &mut self.io, ctl);
            self.plan(ctl);
        }
    }
    pub fn tick(&mut self, ctl: &mut Ctl) {
        if !self.io.is_over() {
            self.job.tick(&mut self.io, ctl);
            self.plan(ctl);
        }
    }
    pub fn look(&mut self, world: &Kubernetes) {
        if !self.io.is_over() {
            self.job.look(&mut self.io, world);
        }
    }
    fn plan(&mut self, ctl: &mut Ctl) {
        if let Some(delay) = self.io.wake.take().filter(|_| !self.io.is_over()) {
            ctl.after(delay, crate::worlds::kubernetes::Event::Console(Event { serial: self.serial }));
        }
    }
    /// What was printed since the last call.
    pub fn drain(&mut self) -> Output {
        Output {
            stdout: std::mem::take(&mut self.io.out),
            stderr: std::mem::take(&mut self.io.err),
            exit: self.io.exit.unwrap_or(0),
            running: self.io.exit.is_none(),
        }
    }
}

/// Begins such a command; if it is over at once, nothing stays.
pub(super) fn start(sh: &mut Shell, job: impl Ongoing + 'static) -> Done {
    sh.world.console.serial += 1;
    let mut running = Running { serial: sh.world.console.serial, job: Box::new(job), io: Io::default() };
    sh.ctl(|ctl| {
        running.job.begin(&mut running.io, ctl);
        running.plan(ctl);
    });
    let first = running.drain();
    sh.out.push_str(&first.stdout);
    sh.err.push_str(&first.stderr);
    if first.running {
        sh.world.console.running = Some(running);
        return Ok(());
    }
    if first.exit == 0 { Ok(()) } else { Err(Failure { text: String::new(), exit: first.exit }) }
}
