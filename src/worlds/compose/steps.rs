//! Parts of `up` around the containers themselves: images before, networks and volumes, what a dependency waits for, `--wait`.
//!
//! Sources: pkg/compose/{pull,create,convergence}.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kernel::Cx;
use crate::machine::PullId;
use crate::worlds::docker::container::{Container, Then};
use crate::worlds::docker::healthcheck::{HealthConfig, Status};
use crate::worlds::docker::images::familiar;
use crate::worlds::docker::networks::NetworkOptions;
use crate::worlds::docker::{Docker, Io};

use super::file::{Condition, PullPolicy};
use super::names::{self, line};
use super::up::{POLL, Stage, Up};

impl Up {
    /// Pulls what is missing; false if an image can only be pulled and none is there.
    pub(super) fn begin(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        for name in self.options.services.iter().chain(self.options.scale.keys()) {
            if !self.project.services.contains_key(name.as_str()) {
                io.err.push_str(&format!("no such service: {name}\n"));
                return Some(1);
            }
        }
        let mut pulls: Vec<(Arc<str>, PullId)> = Vec::new();
        for name in &self.order {
            let Some(s) = self.project.services.get(name) else { continue };
            let image = s.config.image.clone();
            let here = d.machine().has_image(&io.host, &image);
            let text: Arc<str> = image.text.clone();
            if pulls.iter().any(|(t, _)| *t == text) {
                continue;
            }
            let wanted = match s.pull {
                PullPolicy::Build => {
                    if !here {
                        // Building is not simulated: the image counts as built.
                        d.take_as_built(&io.host, &image);
                        io.err.push_str(&format!("wheelhouse: {}: build is not simulated; {} counts as built\n", s.name, familiar(&image)));
                    }
                    false
                }
                PullPolicy::Never => false,
                PullPolicy::Always => true,
                PullPolicy::Missing => !here || self.options.pull_always,
            };
            if wanted {
                let pull = d.begin_pull(&io.host.clone(), &image, cx);
                if !self.options.quiet_pull {
                    io.err.push_str(&line("Image", &familiar(&image), "Pulling"));
                }
                pulls.push((text, pull));
            }
        }
        self.stage = Stage::Pull(pulls);
        None
    }

    pub(super) fn pulled(&mut self, pulls: &mut Vec<(Arc<str>, PullId)>, d: &mut Docker, io: &mut Io) -> Option<i32> {
        let mut failed = None;
        pulls.retain(|(text, pull)| {
            let image = crate::model::ImageRef::new(text.clone());
            match d.end_pull(*pull) {
                None => true,
                Some(Ok(())) => {
                    if !self.options.quiet_pull {
                        io.err.push_str(&line("Image", &familiar(&image), "Pulled"));
                    }
                    false
                }
                Some(Err(why)) => {
                    // A built image that cannot be pulled would be built.
                    let built = self.project.services.values().any(|s| s.built && s.config.image.text == *text);
                    if built {
                        d.take_as_built(&io.host, &image);
                        io.err.push_str(&format!("wheelhouse: build is not simulated; {} counts as built\n", familiar(&image)));
                        return false;
                    }
                    io.err.push_str(&line("Image", &familiar(&image), "Error"));
                    io.err.push_str(&format!("Error response from daemon: {why}\n"));
                    failed = Some(1);
                    false
                }
            }
        });
        failed
    }

    /// Networks and volumes.
    pub(super) fn surroundings(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Result<(), String> {
        let host = io.host.clone();
        let services = || self.order.iter().filter_map(|n| self.project.services.get(n));
        let used_networks: BTreeSet<Arc<str>> = services().flat_map(|s| s.config.networks.iter().map(|(n, ..)| n.clone())).collect();
        for (key, n) in self.project.networks.iter().filter(|(k, _)| used_networks.contains(*k)) {
            if d.engine(&host).networks.contains_key(&n.name) {
                continue;
            }
            if n.external {
                return Err(format!("network {} declared as external, but could not be found", n.name));
            }
            io.err.push_str(&line("Network", &n.name, "Creating"));
            let mut labels = (*n.labels).clone();
            labels.insert(names::PROJECT.into(), self.project.name.clone());
            labels.insert("com.docker.compose.network".into(), key.clone());
            let options = NetworkOptions {
                driver: n.driver.clone(),
                pool: n.pool,
                internal: n.internal,
                attachable: false,
                labels: Arc::new(labels),
            };
            let cause = cx.cause;
            d.network_create(&host, &n.name, options, cx)
                .map_err(|e| format!("failed to create network {}: Error response from daemon: {e}", n.name))?;
            cx.cause = cause;
            io.err.push_str(&line("Network", &n.name, "Created"));
        }
        let used: BTreeSet<Arc<str>> = services().flat_map(super::service::named_volumes).collect();
        for (key, v) in self.project.volumes.iter().filter(|(k, _)| used.contains(*k)) {
            if d.engine(&host).volumes.contains_key(&v.name) {
                continue;
            }
            if v.external {
                return Err(format!("external volume {:?} not found", &*v.name));
            }
            io.err.push_str(&line("Volume", &v.name, "Creating"));
            let mut labels = (*v.labels).clone();
            labels.insert(names::PROJECT.into(), self.project.name.clone());
            labels.insert("com.docker.compose.volume".into(), key.clone());
            let cause = cx.cause;
            d.volume_create(&host, Some(&v.name), Arc::new(labels), cx).map_err(|e| format!("Error response from daemon: {e}"))?;
            cx.cause = cause;
            io.err.push_str(&line("Volume", &v.name, "Created"));
        }
        self.orphans(d, io, cx);
        Ok(())
    }

    pub(super) fn orphans(&self, d: &mut Docker, io: &mut Io, cx: &mut Cx) {
        let known =
            |c: &Container| c.app().is_empty() || self.project.services.contains_key(&c.app()) || self.project.disabled.contains(&c.app());
        let all = names::containers(d, &io.host, &self.project.name);
        let orphans: Vec<&Arc<Container>> = all.iter().filter(|c| !known(c)).collect();
        if orphans.is_empty() {
            return;
        }
        if self.options.remove_orphans {
            for c in orphans {
                io.err.push_str(&line("Container", &c.name, "Removing"));
                d.undeclared(c.cid);
                let _ = d.remove(c.cid, true, false, cx);
                io.err.push_str(&line("Container", &c.name, "Removed"));
            }
        } else {
            let list: Vec<&str> = orphans.iter().map(|c| &*c.name).collect();
            io.err.push_str(&super::load::warning(
                cx.now,
                &format!(
                    "Found orphan containers ([{}]) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.",
                    list.join(" ")
                ),
            ));
        }
    }

    /// `--wait`: everything runs, or is healthy where it has a check.
    pub(super) fn waiting(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        let mut all = true;
        for name in &self.order {
            for c in names::of_service(d, &io.host, &self.project.name, name) {
                let fine = match (&c.health, c.state.word()) {
                    (Some(h), "running") => match h.status {
                        Status::Healthy => true,
                        Status::Unhealthy => {
                            io.err.push_str(&format!("container {} is unhealthy\n", c.name));
                            return Some(1);
                        }
                        Status::Starting => false,
                    },
                    (None, "running") => true,
                    (_, "exited") => {
                        io.err.push_str(&format!("container {} exited ({})\n", c.name, c.state.exit_code));
                        return Some(1);
                    }
                    _ => false,
                };
                all &= fine;
            }
        }
        if all {
            for name in &self.order {
                for c in names::of_service(d, &io.host, &self.project.name, name) {
                    io.err.push_str(&line("Container", &c.name, "Healthy"));
                }
            }
            return Some(0);
        }
        if self.deadline.is_some_and(|t| cx.now >= t) {
            io.err.push_str(&format!("application not healthy after {}\n", self.options.wait_timeout.unwrap_or_default()));
            return Some(1);
        }
        if cx.now >= self.next_poll {
            self.next_poll = cx.now + POLL;
            d.nudge(self.next_poll, cx);
        }
        None
    }

    /// Stops every container of the project.
    pub(super) fn stop_all(&self, d: &mut Docker, io: &Io, cx: &mut Cx) {
        for name in self.order.iter().rev() {
            for c in names::of_service(d, &io.host, &self.project.name, name) {
                let cause = cx.cause;
                let _ = d.stop(c.cid, self.options.grace, Then::Nothing, cx);
                cx.cause = cause;
            }
        }
    }
}

pub(super) fn start_error(why: &str, io: &mut Io) -> i32 {
    io.err.push_str(&format!("Error response from daemon: {why}\n"));
    1
}

/// Whether a dependency's container fulfils its condition.
pub(super) fn satisfied(c: &Container, condition: Condition) -> Result<bool, String> {
    match condition {
        Condition::Started => Ok(true),
        Condition::Healthy => {
            let Some(h) = &c.health else {
                if c.config.health.as_ref().and_then(HealthConfig::argv).is_none() {
                    return Err(format!("dependency failed to start: container {} has no healthcheck configured", c.name));
                }
                return Ok(false);
            };
            match (c.state.word(), h.status) {
                ("exited", _) => Err(format!("dependency failed to start: container {} exited ({})", c.name, c.state.exit_code)),
                (_, Status::Unhealthy) => Err(format!("dependency failed to start: container {} is unhealthy", c.name)),
                (_, Status::Healthy) => Ok(true),
                _ => Ok(false),
            }
        }
        Condition::Completed => match (c.state.word(), c.state.exit_code) {
            ("exited", 0) => Ok(true),
            ("exited", code) => Err(format!("service {:?} didn't complete successfully: exit {code}", &*c.app())),
            _ => Ok(false),
        },
    }
}
