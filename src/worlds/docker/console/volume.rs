//! `docker volume`. Sources: cli/command/volume/*.go.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::session::Reply;
use super::super::text::{human_size4, natural_key, table};
use super::flags::{list, switch, unsimulated, value};
use super::{Call, Completes, Verb, gather};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["volume", "ls"], &["volume", "list"]],
        usage: "[OPTIONS]",
        about: "List volumes",
        flags: &[
            list("filter", Some('f'), "Provide filter values (e.g. \"dangling=true\")"),
            value("format", None, "Format output using a custom template"),
            switch("quiet", Some('q'), "Only display volume names"),
        ],
        args: (0, 0),
        run: ls,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["volume", "create"]],
        usage: "[OPTIONS] [VOLUME]",
        about: "Create a volume",
        flags: &[
            value("driver", Some('d'), "Specify volume driver name (default \"local\")"),
            list("label", None, "Set metadata for a volume"),
            value("name", None, "Specify volume name"),
            unsimulated(list("opt", Some('o'), "Set driver specific options")),
        ],
        args: (0, 1),
        run: |c| {
            if let Some(other) = c.flags.get("driver").filter(|d| *d != "local") {
                return Reply::fail(
                    format!(
                        "Error response from daemon: create {}: error looking up volume plugin {other}: plugin \"{other}\" not found",
                        c.args().first().map_or("", String::as_str)
                    ),
                    1,
                );
            }
            let name = c.args().first().cloned().or_else(|| c.flags.get("name").map(String::from));
            let labels = super::labels(c.flags.all("label"));
            match c.d.volume_create(&c.host, name.as_deref(), labels, c.cx) {
                Ok(name) => Reply::out(format!("{name}\n")),
                Err(e) => Reply::daemon(&e),
            }
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["volume", "rm"], &["volume", "remove"]],
        usage: "[OPTIONS] VOLUME [VOLUME...]",
        about: "Remove one or more volumes",
        flags: &[switch("force", Some('f'), "Force the removal of one or more volumes")],
        args: (1, usize::MAX),
        completes: Completes::Volumes,
        run: |c| {
            let words = c.args().to_vec();
            let force = c.flags.on("force");
            let results: Vec<_> = words
                .iter()
                .map(|w| match c.d.volume_remove(&c.host, w, c.cx) {
                    Ok(()) => Ok(format!("{w}\n")),
                    Err(e) if force && e.status == 404 => Ok(format!("{w}\n")),
                    Err(e) => Err(format!("Error response from daemon: {e}\n")),
                })
                .collect();
            gather(results)
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["volume", "prune"]],
        usage: "[OPTIONS]",
        about: "Remove unused local volumes",
        flags: &[
            switch("all", Some('a'), "Remove all unused volumes, not just anonymous ones"),
            switch("force", Some('f'), "Do not prompt for confirmation"),
            list("filter", None, "Provide filter values"),
        ],
        args: (0, 0),
        run: |c| {
            let which = if c.flags.on("all") { "all" } else { "anonymous" };
            if let Some(question) =
                super::containers::must_force(c, &format!("This will remove {which} local volumes not used by at least one container."))
            {
                return question;
            }
            let (text, bytes) = prune_volumes(c);
            Reply::out(format!("{text}Total reclaimed space: {}\n", human_size4(bytes)))
        },
        ..Verb::DEFAULT
    },
];

const HEADERS: &[(&str, &str)] = &[
    ("Driver", "DRIVER"),
    ("Name", "VOLUME NAME"),
    ("Scope", "SCOPE"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Labels", "LABELS"),
    ("Size", "SIZE"),
];

fn ls(call: &mut Call) -> Reply {
    let f = &call.flags;
    let filters = match super::filters(f) {
        Ok(x) => x,
        Err(e) => return Reply::fail(e, 125),
    };
    let mut all: Vec<_> = call.d.engine(&call.host).volumes.values().cloned().collect();
    for (k, v) in &filters {
        match k.as_str() {
            "dangling" => all.retain(|x| call.d.volume_users(&call.host, &x.name).is_empty() == matches!(v.as_str(), "true" | "1")),
            "name" => all.retain(|x| x.name.contains(v.as_str())),
            "driver" => all.retain(|x| *x.driver == **v),
            "label" => all.retain(|x| match v.split_once('=') {
                Some((k, y)) => x.labels.get(k).is_some_and(|l| **l == *y),
                None => x.labels.contains_key(v.as_str()),
            }),
            other => return Reply::fail(format!("Error response from daemon: invalid filter '{other}'"), 1),
        }
    }
    all.sort_by_cached_key(|v| natural_key(&v.name));
    if f.on("quiet") {
        return Reply::out(all.iter().map(|v| format!("{}\n", v.name)).collect::<String>());
    }
    if let Some(format) = f.get("format").filter(|t| *t != "table") {
        let rows: Vec<Value> = all
            .iter()
            .map(|v| {
                let labels: Vec<String> = v.labels.iter().map(|(k, x)| format!("{k}={x}")).collect();
                json!({"Availability": "N/A", "Driver": &*v.driver, "Labels": labels.join(","), "Mountpoint": format!("/var/lib/docker/volumes/{}/_data", v.name),
                       "Name": &*v.name, "Scope": "local", "Size": "N/A"})
            })
            .collect();
        return match super::format_rows(format, HEADERS, &rows) {
            Ok(text) => Reply::out(text),
            Err(e) => Reply::fail(e, 1),
        };
    }
    let rows: Vec<Vec<String>> = all.iter().map(|v| vec![v.driver.to_string(), v.name.to_string()]).collect();
    Reply::out(table(&["DRIVER", "VOLUME NAME"], &rows))
}

/// Removes volumes nobody mounts; (what the CLI prints, bytes).
pub(super) fn prune_volumes(call: &mut Call) -> (String, u64) {
    let all = call.flags.on("all");
    let chosen: Vec<Arc<str>> = call.d.engine(&call.host).volumes.values().filter(|v| all || v.anonymous).map(|v| v.name.clone()).collect();
    let (mut out, mut bytes) = (String::new(), 0);
    for name in chosen {
        let size = call.d.machine().volumes(&call.host).find(|v| v.name == name).map_or(0, |v| v.bytes);
        if call.d.volume_remove(&call.host, &name, call.cx).is_ok() {
            out.push_str(&format!("{name}\n"));
            bytes += size;
        }
    }
    if out.is_empty() { (out, 0) } else { (format!("Deleted Volumes:\n{out}\n"), bytes) }
}
