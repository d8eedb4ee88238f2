//! `docker update`. Source: cli/command/container/update.go, moby daemon/update.go.

use std::sync::Arc;

use crate::model::quantity::parse_size;

use super::super::restart::RestartPolicy;
use super::super::session::Reply;
use super::flags::{unsimulated, value};
use super::{Call, Completes, Verb, gather};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["update"], &["container", "update"]],
    usage: "[OPTIONS] CONTAINER [CONTAINER...]",
    about: "Update configuration of one or more containers",
    flags: &[
        value("restart", None, "Restart policy to apply when a container exits"),
        value("memory", Some('m'), "Memory limit (takes effect at the next start here)"),
        value("memory-swap", None, "Swap limit equal to memory plus swap"),
        value("cpus", None, "Number of CPUs (takes effect at the next start here)"),
        unsimulated(value("memory-reservation", None, "Memory soft limit")),
        unsimulated(value("cpu-shares", Some('c'), "CPU shares (relative weight)")),
        unsimulated(value("pids-limit", None, "Tune container pids limit (set -1 for unlimited)")),
        unsimulated(value("cpuset-cpus", None, "CPUs in which to allow execution (0-3, 0,1)")),
    ],
    args: (1, usize::MAX),
    completes: Completes::Containers,
    run: update,
    ..Verb::DEFAULT
}];

fn update(call: &mut Call) -> Reply {
    let policy = match call.flags.get("restart").map(RestartPolicy::parse).transpose() {
        Ok(p) => p,
        Err(e) => return Reply::fail(format!("Error response from daemon: {e}"), 1),
    };
    let memory = match call.flags.get("memory").map(|m| parse_size(m, false).map_err(|_| m.to_string())).transpose() {
        Ok(m) => m,
        Err(m) => return Reply::fail(format!("invalid argument \"{m}\" for \"-m, --memory\" flag: invalid size: '{m}'"), 125),
    };
    let cpus = match call.flags.get("cpus").map(super::run::cpus).transpose() {
        Ok(c) => c,
        Err(e) => return Reply::fail(e, 125),
    };
    if policy.is_none() && memory.is_none() && cpus.is_none() && call.flags.ignored.is_empty() {
        return Reply::fail("you must provide one or more flags when using this command", 1);
    }
    if memory.is_some_and(|m| m < super::super::create::MIN_MEMORY) {
        return Reply::fail("Error response from daemon: Minimum memory limit allowed is 6MB", 1);
    }
    if memory.is_some() || cpus.is_some() {
        call.d.notes.insert(
            "docker update: new memory and CPU limits take effect when the container is made anew; the kernel would apply them at once"
                .into(),
        );
    }
    let words = call.args().to_vec();
    let mut results = Vec::new();
    for word in words {
        let result = call.d.find(&call.host, &word).map(|cid| {
            call.d.emit_container(cid, "update", &[], call.cx);
            call.d.update(cid, call.cx, |c| {
                let config = Arc::make_mut(&mut c.config);
                config.restart = policy.unwrap_or(config.restart);
                config.memory = memory.or(config.memory);
                config.cpus_milli = cpus.or(config.cpus_milli);
            });
            format!("{word}\n")
        });
        results.push(result.map_err(|e| format!("Error response from daemon: {e}\n")));
    }
    gather(results)
}
