//! `docker rename`, `port`, `top`, `container prune`. Sources: cli/command/container/{rename,port,top,prune}.go.

use super::super::ports::Proto;
use super::super::session::Reply;
use super::super::text::{human_size4, table};
use super::flags::{list, switch};
use super::{Call, Completes, Verb, gather};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["rename"], &["container", "rename"]],
        usage: "CONTAINER NEW_NAME",
        about: "Rename a container",
        args: (2, 2),
        completes: Completes::Containers,
        run: |c| {
            let (old, new) = (c.args()[0].clone(), c.args()[1].clone());
            let found = c.d.find(&c.host, &old);
            match found.and_then(|cid| c.d.rename(cid, new.trim(), c.cx)) {
                Ok(()) => Reply::out(""),
                Err(e) => Reply::daemon(&e),
            }
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["port"], &["container", "port"]],
        usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
        about: "List port mappings or a specific mapping for the container",
        args: (1, 2),
        completes: Completes::Running,
        run: port,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["top"], &["container", "top"]],
        usage: "CONTAINER [ps OPTIONS]",
        about: "Display the running processes of a container",
        args: (1, usize::MAX),
        interspersed: false,
        completes: Completes::Running,
        run: top,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["container", "prune"]],
        usage: "[OPTIONS]",
        about: "Remove all stopped containers",
        flags: &[switch("force", Some('f'), "Do not prompt for confirmation"), list("filter", None, "Provide filter values")],
        args: (0, 0),
        run: prune,
        ..Verb::DEFAULT
    },
];

fn port(call: &mut Call) -> Reply {
    let word = call.args()[0].clone();
    let cid = match call.d.find(&call.host, &word) {
        Ok(cid) => cid,
        Err(e) => return Reply::daemon(&e),
    };
    let mut bound = call.d.container(cid).map(|c| c.bound.clone()).unwrap_or_default();
    bound.sort();
    let ips = |ip: &str| if ip.is_empty() { vec!["0.0.0.0", "[::]"] } else { vec![ip] }.into_iter().map(String::from).collect::<Vec<_>>();
    let Some(wanted) = call.args().get(1) else {
        let lines =
            bound.iter().flat_map(|b| ips(&b.ip).into_iter().map(move |ip| format!("{}/{} -> {ip}:{}\n", b.container, b.proto, b.host)));
        return Reply::out(lines.collect::<String>());
    };
    let (number, proto) = wanted.split_once('/').unwrap_or((wanted, "tcp"));
    let proto = Proto::parse(proto);
    let fits: Vec<_> = bound.iter().filter(|b| Some(b.proto) == proto && b.container.to_string() == number).collect();
    if fits.is_empty() {
        return Reply::fail(
            format!(
                "Error: No public port '{}' published for {word}",
                wanted.split('/').next().unwrap_or(wanted).to_string() + "/" + proto.map_or("tcp", Proto::word)
            ),
            1,
        );
    }
    gather(fits.into_iter().flat_map(|b| ips(&b.ip).into_iter().map(move |ip| Ok(format!("{ip}:{}\n", b.host)))))
}

fn top(call: &mut Call) -> Reply {
    let word = call.args()[0].clone();
    let cid = match call.d.find(&call.host, &word) {
        Ok(cid) => cid,
        Err(e) => return Reply::daemon(&e),
    };
    let Some(c) = call.d.container(cid).cloned() else { return Reply::fail("Error response from daemon: No such container", 1) };
    if let Some(refused) = super::exec::not_running(&c) {
        return refused;
    }
    // One process per container is what the substrate runs; its number is the one `docker inspect` prints.
    let command: Vec<String> = c.program(&call.d.image_program(cid)).iter().map(ToString::to_string).collect();
    let started = c.state.started_at.unwrap_or_default();
    let hhmm = super::super::text::rfc3339(started).get(11..16).unwrap_or("00:00").to_string();
    let pid = (1000 + cid.0).to_string();
    let row = ["root".to_string(), pid, "999".into(), "0".into(), hhmm, "?".into(), "00:00:00".into(), command.join(" ")].to_vec();
    Reply::out(table(&["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], &[row]))
}

/// The first line of a prune without `-f`: nobody sits there to answer the question.
pub(super) fn must_force(call: &Call, warning: &str) -> Option<Reply> {
    if call.flags.on("force") {
        return None;
    }
    Some(Reply::out(format!(
        "WARNING! {warning}\nAre you sure you want to continue? [y/N] \nwheelhouse: nobody can answer here; use --force\n"
    )))
}

fn prune(call: &mut Call) -> Reply {
    if let Some(question) = must_force(call, "This will remove all stopped containers.") {
        return question;
    }
    let text = prune_containers(call);
    Reply::out(format!("{text}Total reclaimed space: {}\n", human_size4(0)))
}

/// Removes every stopped container; what the CLI prints of it.
pub(super) fn prune_containers(call: &mut Call) -> String {
    let stopped: Vec<_> =
        call.d.containers_on(&call.host).filter(|c| !c.state.running && !c.starting).map(|c| (c.cid, c.id.clone())).collect();
    let mut out = String::new();
    if !stopped.is_empty() {
        out.push_str("Deleted Containers:\n");
    }
    for (cid, id) in &stopped {
        call.d.undeclared(*cid);
        if call.d.remove(*cid, false, false, call.cx).is_ok() {
            out.push_str(&format!("{id}\n"));
        }
    }
    if !stopped.is_empty() {
        out.push('\n');
    }
    out
}
