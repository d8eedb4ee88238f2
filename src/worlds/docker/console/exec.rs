//! `docker exec`. Source: cli/command/container/exec.go, moby daemon/exec.go.

use std::sync::Arc;

use crate::kernel::SimTime;

use super::super::session::{Io, Reply, Script};
use super::super::{Container, Cx, Docker};
use super::flags::{Flag, list, switch, unsimulated, value};
use super::{Call, Completes, Verb};

/// Flags shared with `docker compose exec`.
pub const FLAGS: &[Flag] = &[
    switch("detach", Some('d'), "Detached mode: run command in the background"),
    switch("interactive", Some('i'), "Keep STDIN open even if not attached"),
    switch("tty", Some('t'), "Allocate a pseudo-TTY"),
    unsimulated(list("env", Some('e'), "Set environment variables")),
    unsimulated(value("user", Some('u'), "Username or UID")),
    unsimulated(value("workdir", Some('w'), "Working directory inside the container")),
    unsimulated(switch("privileged", None, "Give extended privileges to the command")),
];

/// Commands inside a container that take less than this answer at once.
const AT_ONCE: crate::kernel::SimDuration = crate::kernel::SimDuration::from_millis(500);

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["exec"], &["container", "exec"]],
    usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
    about: "Execute a command in a running container",
    flags: FLAGS,
    args: (2, usize::MAX),
    interspersed: false,
    completes: Completes::Running,
    run: exec,
    ..Verb::DEFAULT
}];

fn exec(call: &mut Call) -> Reply {
    let word = call.args()[0].clone();
    let argv: Vec<Arc<str>> = call.args()[1..].iter().map(|a| a.as_str().into()).collect();
    run_in(call.d, &call.host, &word, &argv, call.flags.on("detach"), call.cx)
}

/// What the engine says of a container in which nothing runs (daemon/errors.go).
pub(super) fn not_running(c: &Container) -> Option<Reply> {
    let why = match () {
        () if c.alive() => return None,
        () if c.state.restarting => format!("Container {} is restarting, wait until the container is running", c.id),
        () => format!("container {} is not running", c.id),
    };
    Some(Reply::fail(format!("Error response from daemon: {why}"), 1))
}

/// Runs a command inside a container, found by name.
pub fn run_in(d: &mut Docker, host: &Arc<str>, word: &str, argv: &[Arc<str>], detach: bool, cx: &mut Cx) -> Reply {
    let cid = match d.find(host, word) {
        Ok(cid) => cid,
        Err(e) => return Reply::daemon(&e),
    };
    let Some(c) = d.container(cid).cloned() else { return Reply::fail("Error response from daemon: No such container", 1) };
    if let Some(refused) = not_running(&c) {
        return refused;
    }
    if c.state.paused {
        return Reply::fail(format!("Error response from daemon: Container {} is paused, unpause the container before exec", c.id), 1);
    }
    let result = d.run_in(cid, argv, cx);
    if detach {
        return Reply::out("");
    }
    // The OCI runtime's words for a command that is not there.
    if result.code == 127 && result.stdout.is_empty() && !argv.first().is_some_and(|a| a.ends_with("sh")) {
        let name = argv.first().map_or("", |a| &**a);
        let why = if name.contains('/') {
            format!("stat {name}: no such file or directory")
        } else {
            "executable file not found in $PATH".into()
        };
        return Reply::fail(
            format!("OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": {why}: unknown"),
            127,
        );
    }
    // Milliseconds are nothing a person waits for: the answer is there at once, so that commands of one moment do not cut each other off.
    if result.takes < AT_ONCE {
        return Reply::Done(crate::worlds::Output { stdout: result.stdout, stderr: result.stderr, exit: result.code, running: false });
    }
    Reply::Script(Box::new(Exec { until: cx.now + result.takes, asked: false, out: result.stdout, err: result.stderr, code: result.code }))
}

#[derive(Clone, Debug)]
struct Exec {
    until: SimTime,
    asked: bool,
    out: String,
    err: String,
    code: i32,
}

impl Script for Exec {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        if cx.now < self.until {
            if !std::mem::replace(&mut self.asked, true) {
                d.nudge(self.until, cx);
            }
            return None;
        }
        io.out.push_str(&std::mem::take(&mut self.out));
        io.err.push_str(&std::mem::take(&mut self.err));
        Some(self.code)
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
