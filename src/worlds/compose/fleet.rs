//! One thing done to many containers of a project, group by group: stop, start, restart, kill, pause, remove, down.
//!
//! Sources: pkg/compose/{stop,start,restart,kill,pause,remove,down}.go.

use std::sync::Arc;

use crate::kernel::Cx;
use crate::machine::Signal;
use crate::worlds::docker::container::{Cid, Container, Then};
use crate::worlds::docker::lifecycle::StartBy;
use crate::worlds::docker::{Docker, Io, Script};

use super::names::line;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Start,
    Stop(Option<i64>),
    Restart(Option<i64>),
    Kill(Signal),
    Pause,
    Unpause,
    /// `rm`: stopped containers, with their anonymous volumes or not.
    Remove {
        volumes: bool,
    },
    /// `down`: stop, then remove.
    Down {
        grace: Option<i64>,
        volumes: bool,
    },
}

impl Kind {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Start => ("Starting", "Started"),
            Self::Stop(_) => ("Stopping", "Stopped"),
            Self::Restart(_) => ("Restarting", "Started"),
            Self::Kill(_) => ("Killing", "Killed"),
            Self::Pause => ("Pausing", "Paused"),
            Self::Unpause => ("Unpausing", "Unpaused"),
            Self::Remove { .. } => ("Removing", "Removed"),
            Self::Down { .. } => ("Stopping", "Stopped"),
        }
    }
}

/// What `down` takes away after the containers.
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    pub networks: Vec<Arc<str>>,
    pub volumes: Vec<Arc<str>>,
    pub images: Vec<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Member {
    cid: Cid,
    name: Arc<str>,
    begun: bool,
    done: bool,
}

/// The script.
#[derive(Clone, Debug)]
pub struct Fleet {
    kind: Kind,
    groups: Vec<Vec<Member>>,
    leftovers: Leftovers,
    failed: bool,
}

impl Fleet {
    /// Groups are worked on one after another, the members of each together.
    pub fn new(kind: Kind, groups: Vec<Vec<Arc<Container>>>, leftovers: Leftovers) -> Self {
        let member = |c: Arc<Container>| Member { cid: c.cid, name: c.name.clone(), begun: false, done: false };
        Self { kind, groups: groups.into_iter().map(|g| g.into_iter().map(member).collect()).collect(), leftovers, failed: false }
    }

    fn begin(&self, m: &Member, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Result<(), String> {
        let Some(c) = d.container(m.cid).cloned() else { return Ok(()) };
        // What is in the wished-for state already is passed over in silence.
        let idle = match self.kind {
            Kind::Start => c.alive() || c.starting,
            Kind::Stop(_) | Kind::Kill(_) | Kind::Pause => !c.state.running,
            Kind::Unpause => !c.state.paused,
            _ => false,
        };
        if idle {
            return Ok(());
        }
        io.err.push_str(&line("Container", &m.name, self.kind.words().0));
        let cause = cx.cause;
        let asked = match self.kind {
            Kind::Start => d.start(m.cid, StartBy::Hand, cx).map(|_| ()),
            Kind::Stop(grace) => d.stop(m.cid, grace, Then::Nothing, cx),
            Kind::Restart(grace) => d.restart(m.cid, grace, cx),
            Kind::Kill(signal) => d.kill(m.cid, signal, cx),
            Kind::Pause => d.pause(m.cid, cx),
            Kind::Unpause => d.unpause(m.cid, cx),
            Kind::Remove { volumes } => {
                d.undeclared(m.cid);
                d.remove(m.cid, false, volumes, cx)
            }
            Kind::Down { grace, volumes } => {
                d.undeclared(m.cid);
                d.stop(m.cid, grace, Then::Remove(volumes), cx)
            }
        };
        cx.cause = cause;
        asked.map_err(|e| e.message)
    }

    /// Some(error text) once it is over.
    fn over(&self, m: &Member, d: &Docker) -> Option<String> {
        let Some(c) = d.container(m.cid) else { return Some(String::new()) };
        let settled = !c.starting && c.stopping.is_none() && c.stop_after_start.is_none();
        match self.kind {
            Kind::Start | Kind::Restart(_) => settled.then(|| c.state.error.to_string()),
            Kind::Stop(_) => (settled && !c.state.running).then(String::new),
            Kind::Kill(Signal::Kill) => (!c.alive()).then(String::new),
            Kind::Kill(_) | Kind::Pause | Kind::Unpause => Some(String::new()),
            Kind::Remove { .. } | Kind::Down { .. } => None,
        }
    }

    fn finish(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) {
        let host = io.host.clone();
        let left = std::mem::take(&mut self.leftovers);
        for name in &left.networks {
            if d.engine(&host).networks.contains_key(name) {
                io.err.push_str(&line("Network", name, "Removing"));
                match d.network_remove(&host, name, cx) {
                    Ok(()) => io.err.push_str(&line("Network", name, "Removed")),
                    Err(_) => io.err.push_str(&line("Network", name, "Resource is still in use")),
                }
            }
        }
        for name in &left.volumes {
            if d.engine(&host).volumes.contains_key(name) {
                io.err.push_str(&line("Volume", name, "Removing"));
                match d.volume_remove(&host, name, cx) {
                    Ok(()) => io.err.push_str(&line("Volume", name, "Removed")),
                    Err(_) => io.err.push_str(&line("Volume", name, "Resource is still in use")),
                }
            }
        }
        for image in &left.images {
            if d.image_remove(&host, image, false, cx).is_ok() {
                io.err.push_str(&line("Image", image, "Removed"));
            }
        }
    }
}

impl Script for Fleet {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        while let Some(mut group) = self.groups.first().cloned() {
            for m in &mut group {
                if !m.begun {
                    m.begun = true;
                    let before = io.err.len();
                    if let Err(why) = self.begin(m, d, io, cx) {
                        io.err.push_str(&format!("Error response from daemon: {why}\n"));
                        (m.done, self.failed) = (true, true);
                    } else if io.err.len() == before {
                        m.done = true;
                    }
                }
                if m.done {
                    continue;
                }
                let Some(error) = self.over(m, d) else { continue };
                m.done = true;
                if !error.is_empty() {
                    io.err.push_str(&format!("Error response from daemon: {error}\n"));
                    self.failed = true;
                    continue;
                }
                io.err.push_str(&line("Container", &m.name, self.kind.words().1));
                if matches!(self.kind, Kind::Down { .. }) {
                    io.err.push_str(&line("Container", &m.name, "Removing"));
                    io.err.push_str(&line("Container", &m.name, "Removed"));
                }
            }
            let finished = group.iter().all(|m| m.done);
            self.groups[0] = group;
            if !finished {
                return None;
            }
            self.groups.remove(0);
        }
        self.finish(d, io, cx);
        Some(i32::from(self.failed))
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
