//! `docker context`: which host the commands go to. Sources: cli/command/context/{list,use,show}.go.

use super::super::Docker;
use super::super::session::Reply;
use super::super::text::{natural_key, table};
use super::flags::{switch, value};
use super::{Call, Completes, Verb};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["context", "ls"], &["context", "list"]],
        usage: "[OPTIONS]",
        about: "List contexts",
        flags: &[switch("quiet", Some('q'), "Only show context names"), value("format", None, "Format output using a custom template")],
        args: (0, 0),
        local: true,
        run: ls,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["context", "use"]],
        usage: "CONTEXT",
        about: "Set the current docker context",
        args: (1, 1),
        local: true,
        completes: Completes::Hosts,
        run: |c| {
            let name = c.args()[0].clone();
            let found = c.d.hosts().find(|h| ***h == *name).cloned();
            match found {
                Some(host) => {
                    c.d.context = host;
                    Reply::Done(crate::worlds::Output {
                        stdout: format!("{name}\n"),
                        stderr: format!("Current context is now \"{name}\"\n"),
                        exit: 0,
                        running: false,
                    })
                }
                None => Reply::fail(unknown(&name), 1),
            }
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["context", "show"]],
        about: "Print the name of the current context",
        args: (0, 0),
        local: true,
        run: |c| Reply::out(format!("{}\n", c.d.context())),
        ..Verb::DEFAULT
    },
];

/// What the CLI says of a context that does not exist.
pub(super) fn unknown(name: &str) -> String {
    format!("context \"{name}\" does not exist")
}

/// Where a host's engine is reached from the desk: over ssh, or the local socket where there is only one machine.
fn endpoint(d: &Docker, host: &str) -> String {
    if d.hosts().count() == 1 { "unix:///var/run/docker.sock".into() } else { format!("ssh://{host}") }
}

fn ls(call: &mut Call) -> Reply {
    let mut hosts: Vec<_> = call.d.hosts().cloned().collect();
    hosts.sort_by_cached_key(|h| natural_key(h));
    if call.flags.on("quiet") {
        return Reply::out(hosts.iter().map(|h| format!("{h}\n")).collect::<String>());
    }
    let mark = |h: &str| if **call.d.context() == *h { format!("{h} *") } else { h.to_string() };
    let rows: Vec<Vec<String>> = hosts.iter().map(|h| vec![mark(h), String::new(), endpoint(call.d, h), String::new()]).collect();
    Reply::out(table(&["NAME", "DESCRIPTION", "DOCKER ENDPOINT", "ERROR"], &rows))
}
