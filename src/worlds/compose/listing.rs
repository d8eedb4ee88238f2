//! Verbs of `docker compose` that only look: ps, images, ls, port, config. Sources: cmd/compose/{ps,images,list,port,config}.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::document::to_yaml;
use crate::worlds::docker::Reply;
use crate::worlds::docker::console::{Call, format_rows};
use crate::worlds::docker::container::{Container, LABEL_SERVICE};
use crate::worlds::docker::images::{default_program, familiar_repository};
use crate::worlds::docker::ports::ports_column;
use crate::worlds::docker::text::{human_duration, human_size, natural_key, short_id, table};

use super::file::{Project, order};
use super::load::Global;
use super::names;
use super::verbs::{unknown_service, with_project};

const PS_HEADERS: &[(&str, &str)] = &[
    ("Name", "NAME"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("Service", "SERVICE"),
    ("RunningFor", "CREATED"),
    ("Status", "STATUS"),
    ("Ports", "PORTS"),
    ("ID", "CONTAINER ID"),
    ("State", "STATE"),
    ("Health", "HEALTH"),
    ("ExitCode", "EXIT CODE"),
    ("Project", "PROJECT"),
];

pub(super) fn ps(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    with_project(c, g, &named, |c, p| {
        if let Some(refusal) = unknown_service(&p, &named) {
            return refusal;
        }
        let f = &c.flags;
        let statuses = f.all("status");
        let all = f.on("all") || !statuses.is_empty();
        let mut list = names::containers(c.d, &c.host, &p.name);
        list.retain(|x| {
            (named.is_empty() || named.iter().any(|n| **n == *x.app()))
                && (all || x.state.running)
                && (statuses.is_empty() || statuses.iter().any(|s| s == x.state.word()))
        });
        list.sort_by_cached_key(|x| natural_key(&x.name));
        if f.on("quiet") {
            return Reply::out(list.iter().map(|x| format!("{}\n", x.id)).collect::<String>());
        }
        if f.on("services") {
            let services: BTreeSet<Arc<str>> = list.iter().map(|x| x.app()).collect();
            return Reply::out(services.iter().map(|s| format!("{s}\n")).collect::<String>());
        }
        let now = c.cx.now;
        let truncate = !f.on("no-trunc");
        // Those that are published besides are listed as such.
        let exposed = |x: &Container| {
            let mut list = if x.alive() { c.d.exposed(x) } else { Vec::new() };
            list.retain(|(port, proto)| !x.bound.iter().any(|b| (b.container, b.proto) == (*port, *proto)));
            list
        };
        let ports = |x: &Container| ports_column(&x.bound, &exposed(x));
        let command = |x: &Container| x.command_column(&default_program(&x.config.image), truncate);
        if let Some(format) = f.get("format").filter(|t| *t != "table") {
            let rows: Vec<serde_json::Value> = list
                .iter()
                .map(|x| {
                    let publishers: Vec<serde_json::Value> = x
                        .bound
                        .iter()
                        .flat_map(|b| {
                            let ips = if b.ip.is_empty() { vec!["0.0.0.0", "::"] } else { vec![&*b.ip] };
                            ips.into_iter().map(|ip| json!({"URL": ip, "TargetPort": b.container, "PublishedPort": b.host, "Protocol": b.proto.word()})).collect::<Vec<_>>()
                        })
                        .chain(exposed(x).into_iter().map(|(port, proto)| json!({"URL": "", "TargetPort": port, "PublishedPort": 0, "Protocol": proto.word()})))
                        .collect();
                    json!({
                        "Command": command(x), "CreatedAt": crate::worlds::docker::text::rfc3339(x.created), "ExitCode": x.state.exit_code,
                        "Health": x.health.as_ref().map_or("", |h| h.status.word()), "ID": short_id(&x.id), "Image": &*x.config.image.text,
                        "Name": &*x.name, "Names": &*x.name, "Ports": ports(x), "Project": &*p.name, "Publishers": publishers,
                        "RunningFor": format!("{} ago", human_duration(now - x.created)), "Service": &*x.app(), "State": x.state.word(), "Status": x.status(now),
                    })
                })
                .collect();
            return match format_rows(format, PS_HEADERS, &rows) {
                Ok(text) => Reply::out(text),
                Err(e) => Reply::fail(e, 1),
            };
        }
        let rows: Vec<Vec<String>> = list
            .iter()
            .map(|x| {
                vec![
                    x.name.to_string(),
                    x.config.image.text.to_string(),
                    command(x),
                    x.app().to_string(),
                    format!("{} ago", human_duration(now - x.created)),
                    x.status(now),
                    ports(x),
                ]
            })
            .collect();
        Reply::out(table(&["NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"], &rows))
    })
}

pub(super) fn config(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    with_project(c, g, &named, |c, p| {
        let f = &c.flags;
        let lines = |all: &mut dyn Iterator<Item = String>| Reply::out(all.map(|l| format!("{l}\n")).collect::<String>());
        if f.on("quiet") {
            return Reply::out("");
        }
        if f.on("services") {
            return lines(&mut order(&p.services).unwrap_or_default().iter().map(ToString::to_string));
        }
        if f.on("volumes") {
            return lines(&mut p.volumes.keys().map(ToString::to_string));
        }
        if f.on("images") {
            return lines(&mut p.services.values().map(|s| s.config.image.text.to_string()));
        }
        if f.on("profiles") {
            let document = p.document.to_json();
            let of = |s: &serde_json::Value| s["profiles"].as_array().cloned().unwrap_or_default();
            let all: BTreeSet<String> = document["services"]
                .as_object()
                .into_iter()
                .flatten()
                .flat_map(|(_, s)| of(s))
                .filter_map(|v| v.as_str().map(String::from))
                .collect();
            return lines(&mut all.into_iter());
        }
        if let Some(which) = f.get("hash") {
            return lines(
                &mut p
                    .services
                    .values()
                    .filter(|s| which == "*" || which.split(',').any(|w| w == &*s.name))
                    .map(|s| format!("{} {}", s.name, s.hash)),
            );
        }
        let mut document = p.document.to_json();
        if let Some(map) = document.as_object_mut() {
            map.remove("version");
            map.insert("name".into(), (&*p.name).into());
            let networks: serde_json::Map<String, serde_json::Value> = p
                .networks
                .iter()
                .map(|(k, n)| {
                    (k.to_string(), if n.external { json!({"name": &*n.name, "external": true}) } else { json!({"name": &*n.name}) })
                })
                .collect();
            map.insert("networks".into(), networks.into());
            if !p.volumes.is_empty() {
                let volumes: serde_json::Map<String, serde_json::Value> =
                    p.volumes.iter().map(|(k, v)| (k.to_string(), json!({"name": &*v.name}))).collect();
                map.insert("volumes".into(), volumes.into());
            }
        }
        match f.get("format") {
            Some("json") => Reply::out(format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())),
            _ => Reply::out(to_yaml(&document)),
        }
    })
}

pub(super) fn images(c: &mut Call, g: &Global) -> Reply {
    let named = c.args().to_vec();
    with_project(c, g, &named, |c, p| {
        let mut list = names::containers(c.d, &c.host, &p.name);
        list.retain(|x| named.is_empty() || named.iter().any(|n| **n == *x.app()));
        list.sort_by_cached_key(|x| natural_key(&x.name));
        let spec = |x: &Container| c.d.machine().image_spec(&x.config.image);
        if c.flags.on("quiet") {
            return Reply::out(list.iter().map(|x| format!("{}\n", &spec(x).id()[7..])).collect::<String>());
        }
        let rows: Vec<Vec<String>> = list
            .iter()
            .map(|x| {
                let s = spec(x);
                let id = s.id();
                vec![
                    x.name.to_string(),
                    familiar_repository(&s.reference),
                    s.reference.tag().to_string(),
                    "linux/amd64".into(),
                    short_id(&id).to_string(),
                    human_size(s.size),
                    "N/A".into(),
                ]
            })
            .collect();
        Reply::out(table(&["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"], &rows))
    })
}

/// Containers by state, and the file they came from.
type Summary = (BTreeMap<&'static str, u32>, Arc<str>);

pub(super) fn ls(c: &mut Call, _: &Global) -> Reply {
    let mut projects: BTreeMap<Arc<str>, Summary> = BTreeMap::new();
    for x in c.d.containers_on(&c.host) {
        let Some(name) = x.config.label(names::PROJECT).filter(|_| x.config.label(LABEL_SERVICE).is_some()) else { continue };
        if !c.flags.on("all") && !x.state.running {
            continue;
        }
        let file = x.config.label(names::FILES).cloned().unwrap_or_default();
        *projects.entry(name.clone()).or_insert_with(|| (BTreeMap::new(), file)).0.entry(x.state.word()).or_default() += 1;
    }
    if c.flags.on("quiet") {
        return Reply::out(projects.keys().map(|p| format!("{p}\n")).collect::<String>());
    }
    let status = |counts: &BTreeMap<&str, u32>| counts.iter().map(|(w, n)| format!("{w}({n})")).collect::<Vec<_>>().join(", ");
    let rows: Vec<Vec<String>> = projects.iter().map(|(p, (counts, file))| vec![p.to_string(), status(counts), file.to_string()]).collect();
    Reply::out(table(&["NAME", "STATUS", "CONFIG FILES"], &rows))
}

/// The container of a service by `--index`, else its first.
pub(super) fn member(c: &Call, p: &Project, service: &str) -> Result<Arc<Container>, Reply> {
    if let Some(refusal) = unknown_service(p, &[service.to_string()]) {
        return Err(refusal);
    }
    let index: Option<u32> = c.flags.get("index").and_then(|i| i.parse().ok());
    let all = names::of_service(c.d, &c.host, &p.name, service);
    let found = all.into_iter().find(|x| x.state.running && index.is_none_or(|i| names::number(x) == i));
    found.ok_or_else(|| Reply::fail(format!("service {service:?} is not running"), 1))
}

pub(super) fn port(c: &mut Call, g: &Global) -> Reply {
    let (service, wanted) = (c.args()[0].clone(), c.args()[1].clone());
    let proto = c.flags.get("protocol").unwrap_or("tcp").to_string();
    with_project(c, g, &[], |c, p| {
        let x = match member(c, &p, &service) {
            Ok(x) => x,
            Err(refusal) => return refusal,
        };
        match x.bound.iter().find(|b| b.container.to_string() == wanted && b.proto.word() == proto) {
            Some(b) => Reply::out(format!("{}:{}\n", if b.ip.is_empty() { "0.0.0.0" } else { &b.ip }, b.host)),
            None => Reply::fail(format!("no port {wanted}/{proto} for container {}", x.name), 1),
        }
    })
}
