//! Checks across a whole scenario: names that refer to nothing, times beyond the end, entries that can never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics, Node, Reader, Span};
use crate::kernel::SimTime;
use crate::model::{FaultTarget, ImageRef, LinkEnd};

use super::expression::Expression;
use super::facts::Param;
use super::file::{Did, Expect, Scenario, Trigger};

/// Names that were used somewhere, with their places.
pub struct Uses {
    pub streams: Vec<(Arc<str>, Span)>,
    pub images: Vec<(Arc<str>, Span)>,
}

/// Finds what only the whole file can tell.
pub(super) fn cross(s: &Scenario, r: &Reader, uses: &Uses, sink: &Diagnostics) {
    let streams: Vec<&str> = s.traffic.iter().map(|t| &*t.name).collect();
    for (name, span) in &uses.streams {
        if !streams.contains(&&**name) {
            sink.push(Diagnostic::error(format!("there is no traffic stream `{name}`")).at(span).one_of(name, &streams));
        }
    }
    images(s, uses, sink);
    triggers(s, sink);
    expectations(s, r, sink);
    reveals(s, sink);
    deeds(s, sink);
    drill(s, r, sink);
    expressions(s, &streams, sink);
    partitions(s, sink);
    targets(s, r, sink);
    if s.traffic.is_empty() && !r.has("traffic") && !sink.has_errors() {
        sink.push(Diagnostic::note("nobody sends requests: this scenario has no `traffic`, so availability has no value").at(r.span()));
    }
}

/// A fault on an image nobody described is allowed (its behaviour is the default), a near miss is an error.
fn images(s: &Scenario, uses: &Uses, sink: &Diagnostics) {
    let known: BTreeSet<String> = s.images.iter().map(|i| i.reference.canonical().into_owned()).collect();
    let names: Vec<&str> = s.images.iter().map(|i| &*i.reference.text).collect();
    for (name, span) in &uses.images {
        if !known.contains(&*ImageRef::new(name.clone()).canonical()) {
            let d = Diagnostic::warning(format!("`images` does not describe `{name}`; it behaves like any image")).at(span);
            sink.push(d.did_you_mean(name, names.iter().copied()));
        }
    }
}

/// `after` must lead back to a root, and nothing may lie beyond the end.
fn triggers(s: &Scenario, sink: &Diagnostics) {
    let end = SimTime::ZERO + s.duration;
    let at: BTreeMap<&str, usize> = s.timeline.iter().enumerate().map(|(i, e)| (&*e.id, i)).collect();
    let mut earliest: Vec<Earliest> = vec![Earliest::Unknown; s.timeline.len()];
    let mut told: BTreeSet<u32> = BTreeSet::new();
    // Repetitions share a place; one word about it is enough.
    let mut once = |i: usize, d: Diagnostic| {
        if told.insert(s.timeline[i].span.start) {
            sink.push(d.at(&s.timeline[i].span));
        }
    };
    for i in 0..s.timeline.len() {
        // Down the chain of `after` to something known, then back up.
        let (mut chain, mut here) = (Vec::new(), i);
        let mut time = loop {
            let found = match (&s.timeline[here].trigger, earliest[here]) {
                (_, Earliest::Known(t)) => break t,
                (_, Earliest::Visiting) => {
                    let other = &s.timeline[here].id;
                    once(here, Diagnostic::error(format!("`{other}` can never happen: the entries it comes after come after it")));
                    break None;
                }
                (Trigger::At(t), _) => Some(*t),
                (Trigger::When(_), _) => Some(SimTime::ZERO),
                (Trigger::Settled { delay }, _) => Some(SimTime::ZERO + *delay),
                (Trigger::After { id, .. }, _) => match at.get(&**id).copied() {
                    Some(next) => {
                        earliest[here] = Earliest::Visiting;
                        chain.push(here);
                        here = next;
                        continue;
                    }
                    None => {
                        let names = s.timeline.iter().filter(|e| !e.id.contains('#')).map(|e| &*e.id);
                        once(here, Diagnostic::error(format!("there is no entry `{id}` to come after")).did_you_mean(id, names));
                        None
                    }
                },
            };
            earliest[here] = Earliest::Known(found);
            break found;
        };
        for here in chain.into_iter().rev() {
            if let Trigger::After { delay, .. } = &s.timeline[here].trigger {
                time = time.map(|t| t + *delay);
            }
            earliest[here] = Earliest::Known(time);
        }
    }
    for (i, e) in s.timeline.iter().enumerate().filter(|(_, e)| !e.id.contains('#')) {
        if let Earliest::Known(Some(t)) = earliest[i]
            && t >= end
        {
            let d = Diagnostic::error(format!("this happens at {t} at the earliest; the scenario ends at {end}")).help("raise `duration`");
            once(i, d.label(format!("`{}`", e.id)));
        }
    }
}

/// What somebody did in a saved session fits what the scenario asks.
fn deeds(s: &Scenario, sink: &Diagnostics) {
    let asks: Vec<_> = s.timeline.iter().filter_map(|e| e.ask.as_ref()).collect();
    for e in &s.timeline {
        let wrong = match &e.did {
            Some(Did::Answer { question, choice }) => match asks.iter().find(|a| a.id == *question) {
                None => {
                    let d = Diagnostic::error(format!("there is no question `{question}`")).at(&e.span);
                    sink.push(d.did_you_mean(question, asks.iter().map(|a| &*a.id)));
                    continue;
                }
                Some(ask) => choice.filter(|c| *c >= ask.choices.len()).map(|_| choices(ask.choices.len())),
            },
            Some(Did::Hint | Did::Cause(_) | Did::Fault { .. }) if s.solve.is_none() => {
                Some("hints and causes belong to drills; this scenario has no `solve`".to_string())
            }
            Some(Did::Cause(n)) => match s.solve.as_ref().and_then(|solve| solve.cause.as_ref()) {
                None => Some("this drill's cause is named as a fault: {kind: hang, on: shop}".to_string()),
                Some(ask) => (*n >= ask.choices.len()).then(|| choices(ask.choices.len())),
            },
            Some(Did::Fault { .. }) => {
                let offered = s.solve.as_ref().is_some_and(|solve| solve.cause.is_some());
                offered.then(|| "this drill's cause is one of its choices: name it by its number".to_string())
            }
            Some(Did::Hint | Did::Look { .. } | Did::Interrupt) | None => None,
        };
        if let Some(wrong) = wrong {
            sink.push(Diagnostic::error(wrong).at(&e.span));
        }
    }
}

fn choices(n: usize) -> String {
    format!("the choices are numbered from 0 to {}", n.saturating_sub(1))
}

/// The earliest moment an entry can happen.
#[derive(Clone, Copy)]
enum Earliest {
    Unknown,
    Visiting,
    /// None: never, which was said already.
    Known(Option<SimTime>),
}

fn expectations(s: &Scenario, r: &Reader, sink: &Diagnostics) {
    let end = SimTime::ZERO + s.duration;
    let ids: Vec<&str> = s.timeline.iter().map(|e| &*e.id).collect();
    for e in &s.expect {
        match &e.kind {
            Expect::Eventually { after: Some(id), .. } if !ids.contains(&&**id) => {
                sink.push(
                    Diagnostic::error(format!("there is no entry `{id}` to count from"))
                        .at(&e.expr.span())
                        .did_you_mean(id, ids.iter().copied()),
                );
            }
            Expect::Always { from: Some(t), .. } | Expect::Never { from: Some(t), .. } if *t >= end => {
                sink.push(Diagnostic::error(format!("this is looked at from {t}; the scenario ends at {end}")).at(&e.expr.span()));
            }
            Expect::Always { from: Some(a), until: Some(b) } | Expect::Never { from: Some(a), until: Some(b) } if a >= b => {
                sink.push(Diagnostic::error("`until` lies before `from`").at(&e.expr.span()));
            }
            _ => {}
        }
        if e.expr.uses().is_empty() {
            sink.push(Diagnostic::warning("this expectation asks nothing of the run").at(&e.expr.span()));
        }
    }
    if s.expect.is_empty() && !r.has("solve") && !sink.has_errors() {
        sink.push(Diagnostic::note("this scenario expects nothing, so it cannot fail").at(&r.key_span("expect")));
    }
}

/// The moments of answers must exist.
fn reveals(s: &Scenario, sink: &Diagnostics) {
    let end = SimTime::ZERO + s.duration;
    for e in s.timeline.iter().filter(|e| !e.id.contains('#')) {
        match e.ask.as_ref().and_then(|a| a.reveal.as_ref()) {
            Some(Trigger::After { id, .. }) if !s.timeline.iter().any(|other| other.id == *id) => {
                let names = s.timeline.iter().filter(|e| !e.id.contains('#')).map(|e| &*e.id);
                sink.push(
                    Diagnostic::error(format!("`reveal`: there is no entry `{id}` to come after")).at(&e.span).did_you_mean(id, names),
                );
            }
            Some(Trigger::At(at)) if *at > end => {
                let d = Diagnostic::error(format!("`reveal`: the answer would show at {at}; the scenario ends at {end}"));
                sink.push(d.at(&e.span).help("leave `reveal` out to show it at the end"));
            }
            _ => {}
        }
    }
}

/// A drill's trouble must begin somewhere, and what it asks freely must have an answer.
fn drill(s: &Scenario, r: &Reader, sink: &Diagnostics) {
    let Some(solve) = &s.solve else { return };
    let at = r.key_span("solve");
    match (&solve.begins, s.trouble()) {
        (Some(id), None) => {
            let names = s.timeline.iter().filter(|e| !e.id.contains('#')).map(|e| &*e.id);
            sink.push(Diagnostic::error(format!("`begins`: there is no entry `{id}`")).at(&at).did_you_mean(id, names));
        }
        (None, None) => sink.push(Diagnostic::error("no entry of the timeline makes trouble: this is no drill").at(&at)),
        (_, Some(i)) if solve.cause.is_none() && s.timeline[i].faults.is_empty() => {
            let d = Diagnostic::error(format!("`cause` is missing: `{}` injects no fault that could be named", s.timeline[i].id)).at(&at);
            sink.push(d.help("ask for the cause as a question with choices"));
        }
        _ => {}
    }
}

/// Literal arguments of facts: faults, streams and questions must exist, worlds must take part.
fn expressions(s: &Scenario, streams: &[&str], sink: &Diagnostics) {
    names_used(s, s.expressions().into_iter(), streams, sink);
}

/// The same for expressions that stand outside the scenario's file and are asked of its run.
pub(crate) fn foreign(s: &Scenario, expressions: &[&Expression]) -> Vec<Diagnostic> {
    let streams: Vec<&str> = s.traffic.iter().map(|t| &*t.name).collect();
    let sink = Diagnostics::new();
    names_used(s, expressions.iter().copied(), &streams, &sink);
    sink.into_vec()
}

fn names_used<'e>(s: &Scenario, all: impl Iterator<Item = &'e Expression>, streams: &[&str], sink: &Diagnostics) {
    let faults = s.fault_ids();
    let faults: Vec<&str> = faults.iter().map(|f| &**f).collect();
    let questions: Vec<&str> = s.timeline.iter().filter_map(|e| e.ask.as_ref()).map(|a| &*a.id).collect();
    let entries: Vec<&str> = s.timeline.iter().map(|e| &*e.id).collect();
    let worlds = s.setup.worlds();
    let mut told: BTreeSet<(Arc<str>, u32, u32)> = BTreeSet::new();
    for e in all {
        for u in e.uses() {
            if !told.insert((u.span.source.name.clone(), u.span.start, u.span.end)) {
                continue;
            }
            if let Some(w) = &u.world
                && !worlds.contains(&&**w)
                && !worlds.is_empty()
            {
                sink.push(Diagnostic::error(format!("the world {w} does not take part in this scenario")).at(&u.span));
            }
            for ((text, span), param) in u.literals.iter().zip(u.info.params).filter_map(|(l, p)| l.as_ref().map(|l| (l, p))) {
                let (known, what): (&[&str], &str) = match param {
                    Param::Fault => (&faults, "fault"),
                    Param::Stream => (streams, "traffic stream"),
                    Param::Question => (&questions, "question"),
                    Param::Entry => (&entries, "entry"),
                    _ => continue,
                };
                if !known.contains(&&**text) {
                    sink.push(Diagnostic::error(format!("there is no {what} `{text}`")).at(span).one_of(text, known));
                }
            }
        }
    }
}

/// `from: HOST` of a partition must be a machine of that world.
fn partitions(s: &Scenario, sink: &Diagnostics) {
    for e in &s.timeline {
        for act in &e.faults {
            if let crate::model::FaultKind::Partition { from: LinkEnd::Host(host) } = &act.fault.kind {
                let machines = s.setup.machines(act.world);
                if !machines.iter().any(|m| m.name == *host) {
                    let names: Vec<&str> =
                        ["everyone", "control-plane", "clients"].into_iter().chain(machines.iter().map(|m| &*m.name)).collect();
                    let d = Diagnostic::error(format!("`from`: the world {} has no machine `{host}`", act.world)).at(&e.span);
                    sink.push(d.one_of(host, &names));
                }
                if matches!(&act.fault.target, FaultTarget::Host(h) if h == host) {
                    sink.push(Diagnostic::error("a machine cannot be cut off from itself").at(&e.span));
                }
            }
        }
    }
}

/// Apps that faults hit and clients call, as far as the files tell: where commands run, they may make more.
fn targets(s: &Scenario, r: &Reader, sink: &Diagnostics) {
    for world in s.setup.worlds() {
        let commands = s.setup.docker.as_ref().is_some_and(|d| world == "docker" && !d.run.is_empty())
            || s.setup.kubernetes.as_ref().is_some_and(|k| world == "kubernetes" && !k.run.is_empty())
            || s.timeline.iter().any(|e| e.run.iter().any(|(w, _)| *w == world));
        if commands {
            continue;
        }
        let (apps, services) = declared(s, world);
        let names: Vec<&str> = apps.iter().map(String::as_str).collect();
        for e in &s.timeline {
            for act in e.faults.iter().filter(|a| a.world == world) {
                let FaultTarget::Copies { of, .. } = &act.fault.target else { continue };
                let name = of.rsplit('/').next().unwrap_or(of);
                // `shop-1` and `shop-7d9f-x2kqp` are copies of `shop`.
                if names.iter().any(|n| name == *n || name.strip_prefix(n).is_some_and(|rest| rest.starts_with('-'))) {
                    continue;
                }
                let d = Diagnostic::error(format!("nothing in the world {world} is called `{of}`"));
                sink.push(d.at(&e.span).one_of(name, &names));
            }
        }
        let calls = r.opt("traffic").map(|f| f.node.as_list().unwrap_or_default().iter()).into_iter().flatten();
        for to in calls.filter_map(|n| n.get("to")) {
            let text = to.as_str().unwrap_or_default();
            let name = text.rsplit('/').next().unwrap_or(text).split(':').next().unwrap_or(text);
            let names: Vec<&str> = services.iter().map(String::as_str).collect();
            if !names.contains(&name) {
                let d = Diagnostic::warning(format!("the world {world} has no service `{name}`: these requests fail")).at(&to.span);
                sink.push(d.one_of(name, &names));
            }
        }
    }
}

/// Names of workloads, and of services clients can call, in the files of a world.
fn declared(s: &Scenario, world: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut apps, mut services) = (BTreeSet::new(), BTreeSet::new());
    if let Some(d) = s.setup.docker.as_ref().filter(|_| world == "docker") {
        let documents = d.compose.iter().flat_map(|p| &p.file.documents);
        for (key, service) in documents.filter_map(|d| d.get("services")?.as_map()).flatten() {
            let own = service.get("container_name").and_then(Node::as_str).map(str::to_string);
            apps.extend([key.text.to_string()].into_iter().chain(own));
        }
        services.clone_from(&apps);
    }
    if let Some(k) = s.setup.kubernetes.as_ref().filter(|_| world == "kubernetes") {
        let documents = k.manifests.iter().flat_map(|m| &m.documents);
        let items = documents.flat_map(|d| d.get("items").and_then(Node::as_list).unwrap_or(std::slice::from_ref(d)));
        for d in items {
            let (kind, name) = (d.get("kind").and_then(Node::as_str), d.at("metadata.name").and_then(Node::as_str));
            match (kind, name) {
                (Some("Service"), Some(name)) => services.insert(name.to_string()),
                (Some(_), Some(name)) => apps.insert(name.to_string()),
                _ => false,
            };
        }
    }
    (apps, services)
}
