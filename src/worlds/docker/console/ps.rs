//! `docker ps`. Sources: cli/command/container/list.go, cli/command/formatter/container.go.

use serde_json::{Value, json};

use super::super::container::Container;
use super::super::images::default_program;
use super::super::ports::ports_column;
use super::super::session::Reply;
use super::super::text::{human_duration, human_size, rfc3339, short_id, table};
use super::super::volumes::MountKind;
use super::flags::{list, switch, value};
use super::{Call, Verb};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["ps"], &["container", "ls"], &["container", "list"], &["container", "ps"]],
    usage: "[OPTIONS]",
    about: "List containers",
    flags: &[
        switch("all", Some('a'), "Show all containers (default shows just running)"),
        list("filter", Some('f'), "Filter output based on conditions provided"),
        value("format", None, "Format output using a custom template"),
        value("last", Some('n'), "Show n last created containers (includes all states) (default -1)"),
        switch("latest", Some('l'), "Show the latest created container (includes all states)"),
        switch("no-trunc", None, "Don't truncate output"),
        switch("quiet", Some('q'), "Only display container IDs"),
        switch("size", Some('s'), "Display total file sizes"),
    ],
    args: (0, 0),
    run: ps,
    ..Verb::DEFAULT
}];

/// Placeholders of `--format` and their headers.
const HEADERS: &[(&str, &str)] = &[
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("CreatedAt", "CREATED AT"),
    ("RunningFor", "CREATED"),
    ("Ports", "PORTS"),
    ("State", "STATE"),
    ("Status", "STATUS"),
    ("Size", "SIZE"),
    ("Names", "NAMES"),
    ("Labels", "LABELS"),
    ("Mounts", "MOUNTS"),
    ("LocalVolumes", "LOCAL VOLUMES"),
    ("Networks", "NETWORKS"),
];

fn row(call: &Call, c: &Container, truncate: bool) -> Value {
    let now = call.cx.now;
    let id = if truncate { short_id(&c.id).to_string() } else { c.id.to_string() };
    let labels: Vec<String> = c.config.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mounts: Vec<String> = c
        .mounts
        .iter()
        .filter_map(|m| match &m.kind {
            MountKind::Volume(Some(s)) | MountKind::Bind(s) => {
                Some(if truncate { super::super::text::ellipsis(s, 15) } else { s.to_string() })
            }
            _ => None,
        })
        .collect();
    let networks: Vec<&str> = c.endpoints.iter().map(|e| &*e.network).collect();
    let volumes = c.mounts.iter().filter(|m| matches!(m.kind, MountKind::Volume(_))).count();
    let size = call.d.machine().image_spec(&c.config.image).size;
    let exposed = if c.alive() { call.d.exposed(c) } else { Vec::new() };
    json!({
        "Command": c.command_column(&default_program(&c.config.image), truncate), "CreatedAt": rfc3339(c.created).replace('T', " ").replace('Z', " +0000 UTC"),
        "ID": id, "Image": &*c.config.image.text, "Labels": labels.join(","), "LocalVolumes": volumes.to_string(), "Mounts": mounts.join(","),
        "Names": &*c.name, "Networks": networks.join(","), "Ports": ports_column(&c.bound, &exposed),
        "RunningFor": format!("{} ago", human_duration(now - c.created)), "Size": format!("0B (virtual {})", human_size(size)),
        "State": c.state.word(), "Status": c.status(now),
    })
}

/// True if a container passes every filter; values of one key are alternatives (daemon/list.go).
///
/// # Errors
/// A key or value the daemon does not know.
pub fn passes(call: &Call, c: &Container, filters: &[(String, String)]) -> Result<bool, String> {
    let keys: std::collections::BTreeSet<&str> = filters.iter().map(|(k, _)| k.as_str()).collect();
    for key in keys {
        let mut any = false;
        for (_, v) in filters.iter().filter(|(k, _)| k == key) {
            any |= one(call, c, key, v)?;
        }
        // Labels must all be there.
        let all_labels = key != "label" || filters.iter().filter(|(k, _)| k == key).all(|(_, v)| one(call, c, key, v).unwrap_or(false));
        if !any || !all_labels {
            return Ok(false);
        }
    }
    Ok(true)
}

fn one(call: &Call, c: &Container, key: &str, v: &str) -> Result<bool, String> {
    Ok(match key {
        "name" => {
            // A regular expression in the real one; anchors and plain text are what people use.
            let (start, rest) = v.strip_prefix('^').map_or((false, v), |r| (true, r));
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |r| (true, r));
            match (start, end) {
                (true, true) => *c.name == *rest,
                (true, false) => c.name.starts_with(rest),
                (false, true) => c.name.ends_with(rest),
                (false, false) => c.name.contains(rest),
            }
        }
        "id" => c.id.starts_with(v),
        "status" => {
            const WORDS: [&str; 7] = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];
            if !WORDS.contains(&v) {
                return Err(format!("invalid filter 'status={v}'"));
            }
            c.state.word() == v
        }
        "exited" => c.state.word() == "exited" && c.state.exit_code.to_string() == v,
        "health" => {
            let word = c.health.as_ref().map_or("none", |h| h.status.word());
            if !["starting", "healthy", "unhealthy", "none"].contains(&v) {
                return Err(format!("invalid filter 'health={v}'"));
            }
            word == v
        }
        "label" => match v.split_once('=') {
            Some((k, x)) => c.config.label(k).is_some_and(|l| **l == *x),
            None => c.config.label(v).is_some(),
        },
        "ancestor" => {
            crate::model::ImageRef::new(v).canonical() == c.config.image.canonical()
                || super::super::images::familiar_repository(&c.config.image) == v
        }
        "network" => c.endpoints.iter().any(|e| *e.network == *v),
        "volume" => c.mounts.iter().any(|m| *m.target == *v || matches!(&m.kind, MountKind::Volume(Some(n)) if **n == *v)),
        "publish" | "expose" => {
            let port: u16 = v.split('/').next().and_then(|p| p.parse().ok()).unwrap_or(0);
            c.bound.iter().any(|b| b.host == port || key == "expose" && b.container == port)
        }
        "before" | "since" => match call.d.find(&call.host, v) {
            Ok(other) if key == "before" => c.cid < other,
            Ok(other) => c.cid > other,
            Err(e) => return Err(e.message),
        },
        other => return Err(format!("invalid filter '{other}'")),
    })
}

fn ps(call: &mut Call) -> Reply {
    let filters = match super::filters(&call.flags) {
        Ok(f) => f,
        Err(e) => return Reply::fail(e, 125),
    };
    let f = &call.flags;
    let last = if f.on("latest") { Some(1) } else { f.get("last").and_then(|n| n.parse::<usize>().ok()) };
    let by_state = filters.iter().any(|(k, _)| matches!(k.as_str(), "status" | "exited"));
    let all = f.on("all") || last.is_some() || by_state;
    let mut chosen = Vec::new();
    for c in call.d.containers_on(&call.host).rev() {
        if !(all || c.state.running) {
            continue;
        }
        match passes(call, c, &filters) {
            Ok(true) => chosen.push(c.clone()),
            Ok(false) => {}
            Err(e) => return Reply::fail(format!("Error response from daemon: {e}"), 1),
        }
    }
    if let Some(n) = last {
        chosen.truncate(n);
    }
    let truncate = !f.on("no-trunc");
    let rows: Vec<Value> = chosen.iter().map(|c| row(call, c, truncate)).collect();
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
    let mut columns = vec!["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"];
    if f.on("size") {
        columns.push("Size");
    }
    let header: Vec<&str> = columns.iter().map(|c| HEADERS.iter().find(|(k, _)| k == c).map_or("", |(_, h)| *h)).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(|r| columns.iter().map(|c| cell(r, c)).collect()).collect();
    Reply::out(table(&header, &cells))
}
