//! `docker events`. Source: cli/command/system/events.go.

use crate::kernel::SimTime;

use super::super::events::EngineEvent;
use super::super::session::{Io, Reply, Script};
use super::super::template::Template;
use super::super::text::parse_moment;
use super::super::{Cx, Docker};
use super::flags::{list, value};
use super::{Call, Verb};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["events"], &["system", "events"]],
    usage: "[OPTIONS]",
    about: "Get real time events from the server",
    flags: &[
        list("filter", Some('f'), "Filter output based on conditions provided"),
        value("since", None, "Show all events created since timestamp"),
        value("until", None, "Stream events until this timestamp"),
        value("format", None, "Format output using a custom template"),
    ],
    args: (0, 0),
    run: events,
    ..Verb::DEFAULT
}];

fn events(call: &mut Call) -> Reply {
    let now = call.cx.now;
    let filters = match super::filters(&call.flags) {
        Ok(f) => f,
        Err(e) => return Reply::fail(e, 125),
    };
    let known =
        ["config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "service", "type", "volume"];
    if let Some((k, _)) = filters.iter().find(|(k, _)| !known.contains(&k.as_str())) {
        return Reply::fail(format!("Error response from daemon: invalid filter '{k}'"), 1);
    }
    let moment = |name: &str| call.flags.get(name).map(|t| parse_moment(t, now).ok_or_else(|| t.to_string())).transpose();
    let (since, until) = match (moment("since"), moment("until")) {
        (Ok(s), Ok(u)) => (s, u),
        (Err(t), _) | (_, Err(t)) => {
            return Reply::fail(format!("Error response from daemon: failed to parse value as time or duration: \"{t}\""), 1);
        }
    };
    let format = match call.flags.get("format") {
        Some("json") => Some(None),
        Some(text) => match Template::parse(text) {
            Ok(t) => Some(Some(t)),
            Err(e) => return Reply::fail(format!("Error parsing format: template: {e}"), 64),
        },
        None => None,
    };
    // Without --since only what is new counts; among the events of this instant those that are there already are old.
    let skip = call.d.engine(&call.host).events.iter().filter(|e| e.at == now).count();
    let (since, skip) = since.map_or((now, skip), |s| (s, 0));
    Reply::Script(Box::new(Events { filters, next: since, skip, until, format, asked: false }))
}

#[derive(Clone, Debug)]
struct Events {
    filters: Vec<(String, String)>,
    /// The moment of the last printed event, and how many of that moment are printed.
    next: SimTime,
    skip: usize,
    until: Option<SimTime>,
    /// Some(None) = JSON.
    format: Option<Option<Template>>,
    asked: bool,
}

impl Events {
    fn wants(&self, e: &EngineEvent) -> bool {
        let keys: std::collections::BTreeSet<&str> = self.filters.iter().map(|(k, _)| k.as_str()).collect();
        keys.iter().all(|key| {
            self.filters.iter().filter(|(k, _)| k == key).any(|(_, v)| match *key {
                "event" => e.action.split(':').next() == Some(v) || *e.action == **v,
                "type" => e.kind == v,
                "label" => match v.split_once('=') {
                    Some((k, x)) => e.attributes.get(k).is_some_and(|l| **l == *x),
                    None => e.attributes.contains_key(v.as_str()),
                },
                "image" => {
                    e.attributes.get("image").is_some_and(|i| i.starts_with(v.as_str()))
                        || e.kind == "image" && e.id.starts_with(v.as_str())
                }
                "scope" => v == "local",
                kind => e.kind == kind && (e.name() == v || e.id.starts_with(v.as_str())),
            })
        })
    }
}

impl Script for Events {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        let events = d.engine(&io.host).events.clone();
        let mut at_next = 0;
        let from = self.next;
        for e in events.iter().filter(|e| e.at >= from) {
            if e.at == self.next {
                at_next += 1;
                if at_next <= self.skip {
                    continue;
                }
            }
            if self.until.is_some_and(|u| e.at > u) {
                break;
            }
            if e.at > self.next {
                (self.next, self.skip) = (e.at, 0);
                at_next = 1;
            }
            self.skip += 1;
            if !self.wants(e) {
                continue;
            }
            let line = match &self.format {
                None => e.line(),
                Some(None) => e.to_json().to_string(),
                Some(Some(t)) => t.render(&e.to_json()).unwrap_or_else(|why| why),
            };
            io.out.push_str(&format!("{line}\n"));
        }
        match self.until {
            Some(until) if cx.now >= until => Some(0),
            Some(until) => {
                if !std::mem::replace(&mut self.asked, true) {
                    d.nudge(until, cx);
                }
                None
            }
            None => None,
        }
    }
    fn watches(&self) -> bool {
        true
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
