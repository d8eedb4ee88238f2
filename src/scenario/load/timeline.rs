//! The timeline: what happens when, repetitions and random picks worked out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::document::{Diagnostic, Field, Key, Reader, Span, Value};
use crate::kernel::{SimDuration, SimTime, Stream, limits};
use crate::model::fault::{BadImage, CopyCount, FAULTS, FaultInfo};
use crate::model::quantity::parse_size;
use crate::model::{Component, Fault, FaultKind, FaultTarget, LinkEnd};

use super::super::facts::WORLDS;
use super::super::file::{Ask, Entry, FaultAct, Setup, TrafficChange, Trigger};
use super::Loader;
use super::workload::{parse_leak, parse_percent};

/// What a story can point at; a third part names one thing (`kubernetes.nodes.node-2`).
const PANES: &[&str] = &[
    "scoreboard",
    "timeline",
    "journal",
    "console",
    "docker",
    "docker.hosts",
    "docker.containers",
    "docker.apps",
    "docker.requests",
    "docker.journal",
    "docker.proxy",
    "docker.operator",
    "kubernetes",
    "kubernetes.nodes",
    "kubernetes.pods",
    "kubernetes.apps",
    "kubernetes.requests",
    "kubernetes.journal",
    "kubernetes.services",
    "kubernetes.control-plane",
];

impl<'a> Loader<'a> {
    pub(super) fn timeline(&self, field: Option<Field<'a>>, setup: &Setup, duration: SimDuration, seed: u64) -> Vec<Entry> {
        let mut out: Vec<Entry> = Vec::new();
        let mut ids = BTreeSet::new();
        for (i, f) in field.iter().flat_map(|f| f.list(limits::TIMELINE_MAX)).enumerate() {
            let Some(r) = f.reader("a timeline entry") else { continue };
            let read = self.entry(&r, i, setup, seed);
            r.finish();
            if let Some((entry, every, times)) = read {
                if !ids.insert(entry.id.clone()) {
                    self.sink.push(Diagnostic::error(format!("the id `{}` is used twice", entry.id)).at(&entry.span));
                }
                self.repeat(entry, every, times, duration, &mut out);
                if out.len() > limits::TIMELINE_MAX {
                    f.fail(format!("the timeline has more than {} entries, repetitions included", limits::TIMELINE_MAX));
                    break;
                }
            }
        }
        out
    }

    /// `every: 30s`, `times: 5`: copies with the ids `x#2`, `x#3`, …; without `times` until the end.
    fn repeat(&self, entry: Entry, every: Option<SimDuration>, times: Option<u64>, duration: SimDuration, out: &mut Vec<Entry>) {
        let Some(every) = every else { return out.push(entry) };
        let first = match &entry.trigger {
            Trigger::At(t) => *t,
            Trigger::After { delay, .. } => SimTime::ZERO + *delay,
            _ => {
                self.sink.push(Diagnostic::error("only entries with `at` or `after` can repeat").at(&entry.span));
                return;
            }
        };
        let until_end = (SimTime::ZERO + duration - first).as_nanos() / every.as_nanos().max(1) + 1;
        let n = times.unwrap_or(until_end).min(limits::TIMELINE_MAX as u64 + 1);
        for k in 0..n {
            if out.len() > limits::TIMELINE_MAX {
                return;
            }
            let mut e = entry.clone();
            let later = every.saturating_mul(k);
            match &mut e.trigger {
                Trigger::At(t) => *t += later,
                Trigger::After { delay, .. } => *delay += later,
                _ => {}
            }
            if k > 0 {
                e.id = format!("{}#{}", entry.id, k + 1).into();
                for act in &mut e.faults {
                    act.fault.id = e.id.clone();
                }
                if let Some(ask) = &mut e.ask {
                    ask.id = format!("{}#{}", ask.id, k + 1).into();
                }
            }
            out.push(e);
        }
    }

    fn entry(&self, r: &Reader<'a>, i: usize, setup: &Setup, seed: u64) -> Option<(Entry, Option<SimDuration>, Option<u64>)> {
        let own_id = r.opt("id").and_then(|f| self.name(&f));
        let ask = r.opt("ask").and_then(|f| self.ask(&f, true));
        let id: Arc<str> = match (&own_id, &ask) {
            (Some(id), _) => id.clone(),
            (None, Some(ask)) => ask.id.clone(),
            (None, None) => {
                format!("{}-{}", ["say", "fault", "run", "traffic"].iter().find(|k| r.has(k)).unwrap_or(&"entry"), i + 1).into()
            }
        };
        let trigger = self.trigger(r, &id, seed);
        let say = r.opt("say").and_then(|f| self.text(&f));
        let faults = r.opt("fault").map(|f| self.fault(&f, &id, setup, seed)).unwrap_or_default();
        let planned = self.commands.borrow().len();
        let run = r.opt("run").map(|f| self.commands(&f, setup)).unwrap_or_default();
        let traffic = r.opt("traffic").map(|f| self.traffic_changes(&f)).unwrap_or_default();
        let point_at = r.opt("point-at").and_then(|f| self.point_at(&f));
        let pause = r.opt("pause").and_then(|f| f.boolean()).unwrap_or(false);
        let by_hand = r.opt("by").and_then(|f| f.word(&[("you", true)])).unwrap_or(false);
        let fails = r.opt("fails").and_then(|f| f.boolean()).unwrap_or(false);
        if fails && run.is_empty() && !self.sink.has_errors() {
            self.sink.push(Diagnostic::error("`fails` belongs to `run`").at(&r.key_span("fails")));
        }
        if by_hand || fails {
            // What somebody typed may be wrong, and what is to fail shall be.
            self.commands.borrow_mut().truncate(planned);
        }
        let did = r.opt("did").and_then(|f| self.did(&f, setup));
        let every = r.opt("every").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let times = r.opt("times").and_then(|f| f.whole(1, limits::TIMELINE_MAX as u64));
        if every.is_some_and(|d| d < SimDuration::from_millis(100)) {
            self.sink.push(Diagnostic::error("`every` is at least 100ms").at(&r.key_span("every")));
            return None;
        }
        if times.is_some() && !r.has("every") {
            self.sink.push(Diagnostic::error("`times` needs `every`").at(&r.key_span("times")));
        }
        if by_hand && faults.is_empty() && run.is_empty() && !self.sink.has_errors() {
            self.sink.push(Diagnostic::error("`by` belongs to `run` and `fault`").at(&r.key_span("by")));
        }
        if !["say", "ask", "fault", "run", "traffic", "point-at", "pause", "did"].iter().any(|key| r.has(key)) {
            let d = Diagnostic::error("nothing happens in this entry").at(r.span());
            self.sink.push(d.help("give it say, ask, fault, run, traffic, point-at or pause"));
        }
        let entry = Entry { id, trigger: trigger?, say, ask, faults, run, traffic, point_at, pause, by_hand, did, span: r.span().clone() };
        Some((entry, every, times))
    }

    /// Exactly one of `at`, `when`, `after` and `settled`.
    fn trigger(&self, r: &Reader<'a>, id: &str, seed: u64) -> Option<Trigger> {
        let (at, when, after, settled) = (r.opt("at"), r.opt("when"), r.opt("after"), r.opt("settled"));
        let delay = r.opt("delay").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let jitter = r.opt("jitter").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::ZERO);
        let jitter =
            if jitter == SimDuration::ZERO { jitter } else { Stream::derive(seed, &format!("scenario/jitter/{id}")).up_to(jitter) };
        let given: Vec<&str> = ["at", "when", "after", "settled"].into_iter().filter(|k| r.has(k)).collect();
        match given.as_slice() {
            [] => {
                let d = Diagnostic::error("this entry does not say when it happens").at(r.span());
                self.sink.push(d.help("give it `at: 2m`, `after: ID`, `when: \"…\"` or `settled: true`"));
                return None;
            }
            [_] => {}
            [first, second, ..] => {
                let d = Diagnostic::error(format!("`{first}` and `{second}` cannot both say when")).at(&r.key_span(second));
                self.sink.push(d.related(&r.key_span(first), "the other one"));
                return None;
            }
        }
        if r.has("delay") && (at.is_some() || when.is_some()) {
            self.sink.push(Diagnostic::error("`delay` belongs to `after` or `settled`").at(&r.key_span("delay")));
        }
        let delay = delay.unwrap_or(SimDuration::ZERO) + jitter;
        if let Some(f) = at {
            return self.moment(&f).map(|t| Trigger::At(t + jitter));
        }
        if let Some(f) = when {
            return self.condition(&f).map(Trigger::When);
        }
        if let Some(f) = after {
            return f.text().map(|id| Trigger::After { id: id.into(), delay });
        }
        match settled?.boolean()? {
            true => Some(Trigger::Settled { delay }),
            false => {
                self.sink.push(Diagnostic::error("`settled` can only be true").at(&r.key_span("settled")));
                None
            }
        }
    }

    /// A question; only those of the timeline say when their answer shows.
    pub(super) fn ask(&self, field: &Field<'a>, on_timeline: bool) -> Option<Ask> {
        let r = field.reader("a question")?;
        let id = r.req("id").and_then(|f| self.name(&f));
        let question = r.req("question").and_then(|f| self.text(&f));
        let choices: Vec<_> = r.req("choices").map(|f| f.list(9).iter().filter_map(|f| self.text(f)).collect()).unwrap_or_default();
        let answer = r.req("answer").and_then(|f| self.answer(&f, choices.len()));
        let because = r.opt("because").and_then(|f| self.text(&f));
        let reveal = r.opt("reveal").filter(|_| on_timeline).and_then(|f| self.reveal(&f));
        if r.has("reveal") && !on_timeline {
            self.sink.push(Diagnostic::error("`reveal` belongs to questions of the timeline").at(&r.key_span("reveal")));
        }
        if r.has("choices") && choices.len() < 2 {
            self.sink.push(Diagnostic::error("a question needs at least two choices").at(&r.key_span("choices")));
        }
        r.finish();
        Some(Ask { id: id?, question: question?, choices, answer: answer?, because, reveal })
    }

    /// `{at: 5m}`, `{after: blackout, delay: 6m}` or `{when: "…"}`.
    fn reveal(&self, field: &Field<'a>) -> Option<Trigger> {
        let r = field.reader("the moment of an answer")?;
        let at = r.opt("at").and_then(|f| self.moment(&f)).map(Trigger::At);
        let when = r.opt("when").and_then(|f| self.condition(&f)).map(Trigger::When);
        let after = r.opt("after").and_then(|f| f.text());
        let delay = r.opt("delay").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let given: Vec<&str> = ["at", "when", "after"].into_iter().filter(|k| r.has(k)).collect();
        match given.as_slice() {
            [] => {
                let d = Diagnostic::error("this does not say when the answer shows").at(r.span());
                self.sink.push(d.help("give it `at: 5m`, `after: ID` or `when: \"…\"`"));
            }
            [_] => {}
            [first, second, ..] => {
                let d = Diagnostic::error(format!("`{first}` and `{second}` cannot both say when")).at(&r.key_span(second));
                self.sink.push(d.related(&r.key_span(first), "the other one"));
            }
        }
        if delay.is_some() && !r.has("after") {
            self.sink.push(Diagnostic::error("`delay` belongs to `after`").at(&r.key_span("delay")));
        }
        r.finish();
        let after = after.map(|id| Trigger::After { id: id.into(), delay: delay.unwrap_or(SimDuration::ZERO) });
        at.or(when).or(after)
    }

    /// `{kubernetes: kubectl get pods, docker: [docker ps, docker info]}`
    pub(super) fn commands(&self, field: &Field<'a>, setup: &Setup) -> Vec<(&'static str, Arc<str>)> {
        let mut out = Vec::new();
        for (key, f) in field.map(WORLDS.len() + 2) {
            if let Some(world) = self.world(key, setup) {
                out.extend(f.list_or_one(1_000).iter().filter_map(|f| self.command(f, world).map(|c| (world, c))));
            }
        }
        out
    }

    /// A key that names a world which takes part.
    pub(super) fn world(&self, key: &Key, setup: &Setup) -> Option<&'static str> {
        let found = WORLDS.iter().copied().find(|w| *w == &*key.text);
        match found {
            Some(w) if setup.worlds().contains(&w) || self.sink.has_errors() => return Some(w),
            Some(w) => self.sink.push(Diagnostic::error(format!("the world {w} does not take part in this scenario")).at(&key.span)),
            None => self.sink.push(Diagnostic::error(format!("there is no world `{}`", key.text)).at(&key.span).one_of(&key.text, WORLDS)),
        }
        None
    }

    /// `{shoppers: 200rps}` or `{shoppers: {to: 200rps, over: 1m}}`
    fn traffic_changes(&self, field: &Field<'a>) -> Vec<TrafficChange> {
        let mut out = Vec::new();
        for (key, f) in field.map(200) {
            let (rate, over) = if f.node.as_map().is_some() {
                let Some(r) = f.reader("a change of traffic") else { continue };
                let rate = r.req("to").and_then(|f| self.plain_rate(&f));
                let over = r.opt("over").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
                r.finish();
                (rate, over.unwrap_or(SimDuration::ZERO))
            } else {
                (self.plain_rate(&f), SimDuration::ZERO)
            };
            self.stream_uses.borrow_mut().push((key.text.clone(), key.span.clone()));
            out.extend(rate.map(|rate| TrafficChange { stream: key.text.clone(), rate, over }));
        }
        out
    }

    fn point_at(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?;
        let pane: Vec<&str> = text.splitn(3, '.').collect();
        if PANES.contains(&pane[..pane.len().min(2)].join(".").as_str()) {
            return Some(text.into());
        }
        let d = Diagnostic::error(format!("there is nothing called `{text}` to point at")).at(&field.node.span);
        self.sink.push(d.one_of(text, PANES));
        None
    }

    fn fault(&self, field: &Field<'a>, id: &Arc<str>, setup: &Setup, seed: u64) -> Vec<FaultAct> {
        let Some(r) = field.reader("a fault") else { return Vec::new() };
        let words: Vec<(&'static str, &'static FaultInfo)> = FAULTS.iter().map(|f| (f.word, f)).collect();
        let info = r.req("kind").and_then(|f| f.word(&words));
        let on = r.opt("on");
        let mode = r.opt("mode").and_then(|f| f.parsed("one, all, count N or percent N", parse_mode));
        let lasts = r.opt("for").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        if lasts == Some(SimDuration::ZERO) {
            self.sink.push(Diagnostic::error("a fault lasts longer than 0s; leave `for` out if nobody repairs it").at(&r.key_span("for")));
        }
        let Some(info) = info else { return Vec::new() };
        let kind = self.fault_kind(&r, info);
        if r.has("mode") && !matches!(info.on, "copies" | "host") {
            self.sink.push(Diagnostic::error(format!("`mode` has no meaning for {}", info.word)).at(&r.key_span("mode")));
        }
        let missing_on = on.is_none() && info.on != "world";
        if missing_on {
            let d = Diagnostic::error(format!("{} needs the field `on`", info.word)).at(r.span());
            self.sink.push(d.label(format!("say which {} it hits", on_word(info.on))));
        }
        let mut targets = Vec::new();
        match on.as_ref().map(|f| (&f.node.value, f)) {
            Some((Value::Map(_), f)) => {
                for (key, f) in f.map(WORLDS.len() + 2) {
                    if let Some(world) = self.world(key, setup) {
                        self.targets(&f, world, info, mode, setup, (id, seed), &mut targets);
                    }
                }
            }
            Some((_, f)) if info.on == "component" => {
                // A component belongs to one world; naming it names the world.
                if let Some(c) = self.component(f) {
                    let world = if matches!(c, Component::Dockerd | Component::Proxy) { "docker" } else { "kubernetes" };
                    if !setup.worlds().contains(&world) && !self.sink.has_errors() {
                        f.fail(format!("it belongs to the world {world}, which does not take part"));
                    }
                    targets.push((world, FaultTarget::Component(c)));
                }
            }
            Some((_, f)) => {
                for world in setup.worlds() {
                    self.targets(f, world, info, mode, setup, (id, seed), &mut targets);
                }
            }
            None if info.on == "world" => targets.extend(setup.worlds().into_iter().map(|w| (w, FaultTarget::World))),
            None => {}
        }
        r.finish();
        let Some(kind) = kind else { return Vec::new() };
        let act = |(world, target)| FaultAct { world, fault: Fault { id: id.clone(), kind: kind.clone(), target, lasts } };
        targets.into_iter().map(act).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "one place reads targets of every sort")]
    fn targets(
        &self,
        field: &Field<'a>,
        world: &'static str,
        info: &FaultInfo,
        mode: Option<CopyCount>,
        setup: &Setup,
        (id, seed): (&str, u64),
        out: &mut Vec<(&'static str, FaultTarget)>,
    ) {
        if info.on == "world" {
            field.fail(format!("{} hits the whole world; leave `on` out", info.word));
            return;
        }
        if info.on == "host" && field.node.as_str() == Some("any") {
            return self.pick_hosts(field, world, mode, setup, (id, seed), out);
        }
        if info.on == "host" && mode.is_some() {
            field.fail("`mode` picks machines at random; write `on: any` with it");
        }
        for f in field.list_or_one(1_000) {
            let Some(text) = f.text() else { continue };
            let target = match info.on {
                "host" => self.host_target(&f, text, world, setup),
                "copies" => Some(FaultTarget::Copies { of: text.into(), count: mode.unwrap_or(CopyCount::One) }),
                "component" => self.component(&f).map(FaultTarget::Component),
                "image" => {
                    self.image_uses.borrow_mut().push((text.into(), f.node.span.clone()));
                    Some(FaultTarget::Image(text.into()))
                }
                "traffic" => {
                    self.stream_uses.borrow_mut().push((text.into(), f.node.span.clone()));
                    Some(FaultTarget::Traffic(text.into()))
                }
                _ => Some(FaultTarget::World),
            };
            out.extend(target.map(|t| (world, t)));
        }
    }

    /// A machine by name, or `zone/a`.
    fn host_target(&self, field: &Field<'a>, text: &str, world: &str, setup: &Setup) -> Option<FaultTarget> {
        let machines = setup.machines(world);
        if let Some(zone) = text.strip_prefix("zone/") {
            if machines.iter().any(|m| &*m.zone == zone) {
                return Some(FaultTarget::Zone(zone.into()));
            }
            let zones: BTreeSet<&str> = machines.iter().map(|m| &*m.zone).filter(|z| !z.is_empty()).collect();
            let d = Diagnostic::error(format!("the world {world} has no zone `{zone}`")).at(&field.node.span);
            self.sink.push(d.one_of(zone, &zones.into_iter().collect::<Vec<_>>()));
            return None;
        }
        if machines.iter().any(|m| &*m.name == text) {
            return Some(FaultTarget::Host(text.into()));
        }
        let names: Vec<&str> = machines.iter().map(|m| &*m.name).collect();
        let mut d = Diagnostic::error(format!("the world {world} has no machine `{text}`")).at(&field.node.span).one_of(text, &names);
        if WORLDS.iter().any(|w| *w != world && setup.machines(w).iter().any(|m| &*m.name == text)) {
            d = d.help("name a machine per world: on: {docker: host-2, kubernetes: node-2}");
        }
        self.sink.push(d);
        None
    }

    /// `on: any` with a mode: the seed picks, by position, so that both worlds lose the same machines.
    fn pick_hosts(
        &self,
        field: &Field<'a>,
        world: &'static str,
        mode: Option<CopyCount>,
        setup: &Setup,
        (id, seed): (&str, u64),
        out: &mut Vec<(&'static str, FaultTarget)>,
    ) {
        let machines = setup.machines(world);
        let mut order: Vec<usize> = (0..machines.len()).collect();
        Stream::derive(seed, &format!("scenario/pick/{id}")).shuffle(&mut order);
        let n = mode.unwrap_or(CopyCount::One).of(machines.len());
        if machines.is_empty() {
            field.fail(format!("the world {world} has no machines"));
        }
        let mut picked: Vec<usize> = order.into_iter().take(n).collect();
        picked.sort_unstable();
        out.extend(picked.into_iter().map(|i| (world, FaultTarget::Host(machines[i].name.clone()))));
    }

    fn component(&self, field: &Field<'a>) -> Option<Component> {
        let words: Vec<(&'static str, Component)> = Component::ALL.into_iter().map(|c| (c.word(), c)).collect();
        field.word(&words)
    }

    /// Reads the extra keys of a kind of fault; keys of other kinds are reported as such.
    fn fault_kind(&self, r: &Reader<'a>, info: &FaultInfo) -> Option<FaultKind> {
        let get = |key: &'static str| {
            let f = r.opt(key);
            if f.is_some() && !info.keys.contains(&key) {
                self.sink.push(Diagnostic::error(format!("`{key}` has no meaning for {}", info.word)).at(&r.key_span(key)));
                return None;
            }
            f
        };
        let need = |key: &'static str, f: &Option<Field<'a>>, example: &str| {
            if f.is_none() && info.keys.contains(&key) {
                let d = Diagnostic::error(format!("{} needs the field `{key}`", info.word)).at(r.span());
                self.sink.push(d.label(format!("for example {key}: {example}")));
            }
        };
        let from = get("from").and_then(|f| f.text());
        let code = get("code").and_then(|f| f.whole(0, 255)).unwrap_or(1) as i32;
        let rate = get("rate");
        let bytes = get("bytes");
        let percent = get("percent");
        let how = get("how");
        need("rate", &rate, "2Mi/min");
        need("bytes", &bytes, "1Gi");
        need("percent", &percent, "300%");
        need("how", &how, "crashes");
        let percent = percent.and_then(|f| f.parsed("a percentage such as 300%", parse_percent));
        Some(match info.word {
            "node-down" => FaultKind::NodeDown,
            "node-up" => FaultKind::NodeUp,
            "node-pause" => FaultKind::NodePause,
            "partition" => FaultKind::Partition {
                from: match from {
                    None | Some("everyone") => LinkEnd::Everyone,
                    Some("control-plane") => LinkEnd::ControlPlane,
                    Some("clients") => LinkEnd::Clients,
                    Some(host) => LinkEnd::Host(host.into()),
                },
            },
            "crash" => FaultKind::Crash { code },
            "hang" => FaultKind::Hang,
            "leak" => FaultKind::Leak { bytes_per_minute: rate?.parsed("a rate such as 2Mi/min", parse_leak)? },
            "oom" => FaultKind::Oom { bytes: bytes?.parsed("a size such as 1Gi", |t| parse_size(t, false))? },
            "cpu-starve" => FaultKind::CpuStarve { percent: percent? },
            "disk-full" => FaultKind::DiskFull,
            "bad-image" => FaultKind::BadImage {
                how: how?.word(&[("crashes", BadImage::Crashes), ("never-ready", BadImage::NeverReady), ("missing", BadImage::Missing)])?,
            },
            "registry-down" => FaultKind::RegistryDown,
            "registry-slow" => FaultKind::RegistrySlow { percent: percent? },
            "registry-denied" => FaultKind::RegistryDenied,
            "dns-down" => FaultKind::DnsDown,
            "traffic-spike" => FaultKind::TrafficSpike { percent: percent? },
            "component-down" => FaultKind::ComponentDown,
            "human-delete" => FaultKind::HumanDelete,
            other => {
                self.sink.push(Diagnostic::error(format!("the fault {other} cannot be read yet")).at(r.span()));
                return None;
            }
        })
    }
}

fn on_word(on: &str) -> &'static str {
    match on {
        "host" => "machine",
        "copies" => "app",
        "component" => "component",
        "image" => "image",
        _ => "traffic stream",
    }
}

fn parse_mode(text: &str) -> Result<CopyCount, String> {
    match text.split_once(' ') {
        None if text == "one" => Ok(CopyCount::One),
        None if text == "all" => Ok(CopyCount::All),
        Some(("count", n)) => match n.trim().parse::<u32>() {
            Ok(n) if n >= 1 => Ok(CopyCount::Count(n)),
            _ => Err("a count is a whole number from 1".into()),
        },
        Some(("percent", n)) => match n.trim().trim_end_matches('%').parse::<u32>() {
            Ok(n @ 1..=100) => Ok(CopyCount::Percent(n)),
            _ => Err("a percentage is 1 to 100".into()),
        },
        _ => Err("write one, all, count 2 or percent 50".into()),
    }
}

/// Names and places that are checked when everything has been read.
pub(super) type Uses = std::cell::RefCell<Vec<(Arc<str>, Span)>>;
