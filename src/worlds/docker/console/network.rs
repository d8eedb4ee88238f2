//! `docker network`. Sources: cli/command/network/*.go.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::networks::{NetworkOptions, Pool};
use super::super::session::Reply;
use super::super::text::{natural_key, short_id, table};
use super::flags::{list, switch, unsimulated, value};
use super::{Call, Completes, Verb};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["network", "ls"], &["network", "list"]],
        usage: "[OPTIONS]",
        about: "List networks",
        flags: &[
            list("filter", Some('f'), "Provide filter values (e.g. \"driver=bridge\")"),
            value("format", None, "Format output using a custom template"),
            switch("no-trunc", None, "Do not truncate the output"),
            switch("quiet", Some('q'), "Only display network IDs"),
        ],
        args: (0, 0),
        run: ls,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "create"]],
        usage: "[OPTIONS] NETWORK",
        about: "Create a network",
        flags: &[
            value("driver", Some('d'), "Driver to manage the Network"),
            list("subnet", None, "Subnet in CIDR format that represents a network segment"),
            switch("internal", None, "Restrict external access to the network"),
            switch("attachable", None, "Enable manual container attachment"),
            list("label", None, "Set metadata on a network"),
            unsimulated(list("gateway", None, "IPv4 or IPv6 Gateway for the master subnet")),
            unsimulated(list("ip-range", None, "Allocate container ip from a sub-range")),
            unsimulated(list("opt", Some('o'), "Set driver specific options")),
            unsimulated(switch("ipv6", None, "Enable or disable IPv6 address assignment")),
        ],
        args: (1, 1),
        run: create,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "rm"], &["network", "remove"]],
        usage: "NETWORK [NETWORK...]",
        about: "Remove one or more networks",
        flags: &[switch("force", Some('f'), "Do not error if the network does not exist")],
        args: (1, usize::MAX),
        completes: Completes::Networks,
        run: remove,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "connect"]],
        usage: "[OPTIONS] NETWORK CONTAINER",
        about: "Connect a container to a network",
        flags: &[
            list("alias", None, "Add network-scoped alias for the container"),
            unsimulated(value("ip", None, "IPv4 address")),
            unsimulated(list("link", None, "Add link to another container")),
        ],
        args: (2, 2),
        completes: Completes::Networks,
        run: |c| {
            let aliases: Vec<Arc<str>> = c.flags.all("alias").iter().map(|a| a.as_str().into()).collect();
            let (network, word) = (c.args()[0].clone(), c.args()[1].clone());
            let found = c.d.find(&c.host, &word);
            match found.and_then(|cid| c.d.network_connect(&c.host, &network, cid, aliases, c.cx)) {
                Ok(()) => Reply::out(""),
                Err(e) => Reply::daemon(&e),
            }
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "disconnect"]],
        usage: "[OPTIONS] NETWORK CONTAINER",
        about: "Disconnect a container from a network",
        flags: &[switch("force", Some('f'), "Force the container to disconnect from a network")],
        args: (2, 2),
        completes: Completes::Networks,
        run: |c| {
            let (network, word) = (c.args()[0].clone(), c.args()[1].clone());
            let found = c.d.find(&c.host, &word);
            match found.and_then(|cid| c.d.network_disconnect(&c.host, &network, cid, c.cx)) {
                Ok(()) => Reply::out(""),
                Err(e) => Reply::daemon(&e),
            }
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "prune"]],
        usage: "[OPTIONS]",
        about: "Remove all unused networks",
        flags: &[switch("force", Some('f'), "Do not prompt for confirmation"), list("filter", None, "Provide filter values")],
        args: (0, 0),
        run: |c| match super::containers::must_force(c, "This will remove all custom networks not used by at least one container.") {
            Some(question) => question,
            None => Reply::out(prune_networks(c)),
        },
        ..Verb::DEFAULT
    },
];

const HEADERS: &[(&str, &str)] = &[
    ("ID", "NETWORK ID"),
    ("Name", "NAME"),
    ("Driver", "DRIVER"),
    ("Scope", "SCOPE"),
    ("Internal", "INTERNAL"),
    ("IPv6", "IPV6"),
    ("Labels", "LABELS"),
    ("CreatedAt", "CREATED AT"),
];

fn ls(call: &mut Call) -> Reply {
    let f = &call.flags;
    let filters = match super::filters(f) {
        Ok(x) => x,
        Err(e) => return Reply::fail(e, 125),
    };
    let mut all: Vec<_> = call.d.engine(&call.host).networks.values().cloned().collect();
    for (k, v) in &filters {
        match k.as_str() {
            "name" => all.retain(|n| n.name.contains(v.as_str())),
            "driver" => all.retain(|n| *n.driver == **v),
            "id" => all.retain(|n| n.id.starts_with(v.as_str())),
            "label" => all.retain(|n| match v.split_once('=') {
                Some((k, x)) => n.labels.get(k).is_some_and(|l| **l == *x),
                None => n.labels.contains_key(v.as_str()),
            }),
            "type" => all.retain(|n| super::super::networks::PREDEFINED.contains(&&*n.name) == (v == "builtin")),
            "scope" => all.retain(|_| v == "local"),
            other => return Reply::fail(format!("Error response from daemon: invalid filter '{other}'"), 1),
        }
    }
    all.sort_by_cached_key(|n| natural_key(&n.name));
    let truncate = !f.on("no-trunc");
    let rows: Vec<Value> = all
        .iter()
        .map(|n| {
            let labels: Vec<String> = n.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            json!({
                "CreatedAt": super::super::text::rfc3339(n.created), "Driver": &*n.driver, "ID": if truncate { short_id(&n.id) } else { &n.id },
                "IPv6": "false", "Internal": n.internal.to_string(), "Labels": labels.join(","), "Name": &*n.name, "Scope": "local",
            })
        })
        .collect();
    let cell = |r: &Value, k: &str| r[k].as_str().unwrap_or_default().to_string();
    if f.on("quiet") {
        return Reply::out(rows.iter().map(|r| format!("{}\n", cell(r, "ID"))).collect::<String>());
    }
    if let Some(format) = f.get("format").filter(|t| *t != "table") {
        return match super::format_rows(format, HEADERS, &rows) {
            Ok(text) => Reply::out(text),
            Err(e) => Reply::fail(e, 1),
        };
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|r| ["ID", "Name", "Driver", "Scope"].iter().map(|c| cell(r, c)).collect()).collect();
    Reply::out(table(&["NETWORK ID", "NAME", "DRIVER", "SCOPE"], &cells))
}

fn create(call: &mut Call) -> Reply {
    let f = &call.flags;
    let pool = match f.get("subnet").map(|s| Pool::parse(s).ok_or_else(|| s.to_string())).transpose() {
        Ok(p) => p,
        Err(s) => {
            return Reply::fail(
                format!("Error response from daemon: invalid network config:\ninvalid subnet {s}: invalid CIDR block notation"),
                1,
            );
        }
    };
    let options = NetworkOptions {
        driver: f.get("driver").unwrap_or("bridge").into(),
        pool,
        internal: f.on("internal"),
        attachable: f.on("attachable"),
        labels: super::labels(f.all("label")),
    };
    let name = call.args()[0].clone();
    match call.d.network_create(&call.host, &name, options, call.cx) {
        Ok(id) => Reply::out(format!("{id}\n")),
        Err(e) => Reply::daemon(&e),
    }
}

fn remove(call: &mut Call) -> Reply {
    let words = call.args().to_vec();
    let force = call.flags.on("force");
    let mut output = crate::worlds::Output::default();
    for word in words {
        match call.d.network_remove(&call.host, &word, call.cx) {
            Ok(()) => output.stdout.push_str(&format!("{word}\n")),
            Err(e) if force && e.status == 404 => {}
            Err(e) => {
                output.stderr.push_str(&format!("Error response from daemon: {e}\n"));
                output.exit = 1;
            }
        }
    }
    if output.exit != 0 {
        // The real command ends with this line.
        output.stderr.push_str("exit status 1\n");
    }
    Reply::Done(output)
}

/// Removes networks nobody uses; what the CLI prints.
pub(super) fn prune_networks(call: &mut Call) -> String {
    let all: Vec<Arc<str>> = call.d.engine(&call.host).networks.keys().cloned().collect();
    let used = |c: &Call, n: &str| c.d.containers_on(&c.host).any(|x| x.endpoints.iter().any(|e| *e.network == *n));
    let mut out = String::new();
    for n in all {
        if !used(call, &n) && call.d.network_remove(&call.host, &n, call.cx).is_ok() {
            out.push_str(&format!("{n}\n"));
        }
    }
    if out.is_empty() { out } else { format!("Deleted Networks:\n{out}\n") }
}
