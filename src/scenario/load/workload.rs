//! Images, the registry and traffic.

use std::sync::Arc;

use crate::document::{Diagnostic, Field, Value};
use crate::kernel::{SimDuration, SimTime, limits};
use crate::model::image::{Layer, sha256};
use crate::model::quantity::{parse_cpu_milli, parse_size};
use crate::model::{Action, AppSpec, Behaviour, ImageRef, ImageSpec, OnTerm, Rate, TrafficSpec};

use super::super::file::{RegistrySetup, RegistryStart};
use super::Loader;

/// Bytes of an image whose size is not said.
const IMAGE_SIZE: u64 = 120_000_000;
/// Bytes per second from the registry to one machine: about a gigabit.
const BANDWIDTH: u64 = 100_000_000;
const IMAGES_MAX: usize = 2_000;
const STREAMS_MAX: usize = 200;
const MEMORY_MAX: u64 = 64 << 40;

impl<'a> Loader<'a> {
    pub(super) fn images(&self, field: Option<Field<'a>>) -> Vec<Arc<ImageSpec>> {
        let entries = field.iter().flat_map(|f| f.map(IMAGES_MAX));
        entries.filter_map(|(key, f)| self.image(&key.text, &f)).map(Arc::new).collect()
    }

    fn image(&self, name: &str, field: &Field<'a>) -> Option<ImageSpec> {
        let r = field.reader("an image")?;
        let reference = ImageRef::new(name);
        let said = r.opt("size").and_then(|f| self.size(&f, true));
        let layers = r.opt("layers").map(|f| self.layers(&f, name));
        let sum: u64 = layers.iter().flatten().map(|l| l.bytes).sum();
        if let (Some(size), Some(_)) = (said, &layers)
            && size != sum
        {
            self.sink.push(Diagnostic::error(format!("`size` says {size} bytes, the layers add up to {sum}")).at(&r.key_span("size")));
        }
        let size = said.unwrap_or(if layers.is_some() { sum } else { IMAGE_SIZE });
        // Tags of one repository share most of what they are made of.
        let layers = layers.unwrap_or_else(|| {
            let base = size / 5 * 4;
            let shared = format!("{}/{} {base}", reference.registry(), reference.repository());
            vec![
                Layer { digest: sha256(&shared).into(), bytes: base },
                Layer { digest: sha256(&reference.canonical()).into(), bytes: size - base },
            ]
        });
        let mut app = r.opt("app").and_then(|f| self.app(&f)).unwrap_or_default();
        if let Some(f) = r.opt("behaviour") {
            app.behaviour = f.list(100).iter().filter_map(|f| self.behaviour(f)).collect();
        }
        let flag = |name| r.opt(name).and_then(|f| f.boolean()).unwrap_or(false);
        let (missing, preloaded, private) = (flag("missing"), flag("preloaded"), flag("private"));
        let user = r.opt("user").and_then(|f| f.text()).map(Into::into);
        r.finish();
        Some(ImageSpec { reference, size, layers, app: Arc::new(app), described: true, missing, preloaded, private, user })
    }

    /// `[80MB, {base: debian, size: 30MB}]`: a layer with the same `base` and size is shared between images.
    fn layers(&self, field: &Field<'a>, image: &str) -> Vec<Layer> {
        let one = |(i, f): (usize, &Field<'a>)| {
            if f.node.as_map().is_none() {
                return Some(Layer { digest: sha256(&format!("{image} {i}")).into(), bytes: self.size(f, true)? });
            }
            let r = f.reader("a layer")?;
            let base = r.req("base").and_then(|f| f.text());
            let bytes = r.req("size").and_then(|f| self.size(&f, true));
            r.finish();
            let bytes = bytes?;
            Some(Layer { digest: sha256(&format!("{} {bytes}", base?)).into(), bytes })
        };
        field.list(100).iter().enumerate().filter_map(one).collect()
    }

    fn app(&self, field: &Field<'a>) -> Option<AppSpec> {
        let mut a = AppSpec::default();
        let r = field.reader("an app")?;
        let time = |name| r.opt(name).and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let bytes = |name| r.opt(name).and_then(|f| self.size(&f, false));
        let cpu = |name| r.opt(name).and_then(|f: Field<'a>| self.cpu(&f));
        a.startup = time("startup").unwrap_or(a.startup);
        a.latency = time("latency").unwrap_or(a.latency);
        if let Some(rate) = r.opt("capacity").and_then(|f| f.parsed("a rate such as 120rps", parse_rate)) {
            a.capacity_rps = u32::try_from(rate.div_ceil(1000)).unwrap_or(u32::MAX);
        }
        a.memory = bytes("memory").unwrap_or(a.memory);
        a.memory_per_request = bytes("memory-per-request").unwrap_or(a.memory_per_request);
        a.cpu_busy_milli = cpu("cpu").unwrap_or(a.cpu_busy_milli);
        a.cpu_idle_milli = cpu("cpu-idle").unwrap_or(a.cpu_idle_milli).min(a.cpu_busy_milli);
        a.port = r.opt("port").and_then(|f| f.whole(1, 65_535)).map(|p| p as u16);
        a.becomes_ready = r.opt("ready").and_then(|f| f.word(&[("never", false), ("after-startup", true)])).unwrap_or(true);
        a.on_term = r.opt("on-term").and_then(|f| f.parsed("drain 5s, exit N or ignore", parse_on_term)).unwrap_or(a.on_term);
        if let Some(f) = r.opt("answers") {
            a.answers = f.map(100).into_iter().filter_map(|(k, f)| Some((k.text.clone(), f.whole(100, 599)? as u16))).collect();
        }
        a.needs = self.names(r.opt("needs"));
        a.log = r.opt("log").map(|f| f.list_or_one(100).iter().filter_map(|f| f.text().map(Into::into)).collect()).unwrap_or_default();
        r.finish();
        Some(a)
    }

    fn behaviour(&self, field: &Field<'a>) -> Option<Behaviour> {
        let r = field.reader("a behaviour")?;
        let after = r.req("after").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let action =
            r.req("do").and_then(|f| f.parsed("leak, allocate, exit, hang, recover, unready, ready, slow or errors", parse_action));
        r.finish();
        Some(Behaviour { after: after?, action: action? })
    }

    pub(super) fn registry(&self, field: Option<Field<'a>>) -> RegistrySetup {
        let mut out = RegistrySetup { bandwidth: BANDWIDTH, state: RegistryStart::Up };
        let Some(r) = field.and_then(|f| f.reader("the registry")) else { return out };
        if let Some(b) =
            r.opt("bandwidth").and_then(|f| f.parsed("bytes per second such as 50MB/s", |t| parse_size(t.trim_end_matches("/s"), true)))
        {
            out.bandwidth = b.max(1);
        }
        if let Some(state) = r.opt("state").and_then(|f| {
            f.parsed("up, down, denied or slow N%", |t| match t.split_once(' ') {
                None if t == "up" => Ok(RegistryStart::Up),
                None if t == "down" => Ok(RegistryStart::Down),
                None if t == "denied" => Ok(RegistryStart::Denied),
                Some(("slow", p)) => parse_percent(p).map(RegistryStart::Slow),
                _ => Err("that is no state".into()),
            })
        }) {
            out.state = state;
        }
        r.finish();
        out
    }

    pub(super) fn traffic(&self, field: Option<Field<'a>>, end: SimTime) -> Vec<TrafficSpec> {
        let mut out: Vec<TrafficSpec> = Vec::new();
        for f in field.iter().flat_map(|f| f.list(STREAMS_MAX)) {
            let Some(spec) = self.stream(&f, end) else { continue };
            if out.iter().any(|t| t.name == spec.name) {
                f.fail(format!("there are two traffic streams named `{}`", spec.name));
            }
            out.push(spec);
        }
        out
    }

    fn stream(&self, field: &Field<'a>, end: SimTime) -> Option<TrafficSpec> {
        let r = field.reader("a traffic stream")?;
        let name = r.req("name").and_then(|f| self.name(&f));
        let to = r.req("to").and_then(|f| f.text());
        let rate = r.req("rate").and_then(|f| self.rate(&f));
        let timeout = r.opt("timeout").and_then(|f| f.duration(SimDuration::from_secs(3600))).unwrap_or(SimDuration::from_secs(2));
        let retries = r.opt("retries").and_then(|f| f.whole(0, 10)).unwrap_or(0) as u32;
        let keep_alive = r.opt("keep-alive").and_then(|f| f.boolean()).unwrap_or(false);
        let at = |name| r.opt(name).and_then(|f: Field<'a>| self.moment(&f));
        let (from, until) = (at("from").unwrap_or(SimTime::ZERO), at("until").unwrap_or(end));
        if from >= until {
            self.sink.push(Diagnostic::error(format!("the stream ends ({until}) before it begins ({from})")).at(&r.key_span("from")));
        }
        if timeout == SimDuration::ZERO {
            self.sink.push(Diagnostic::error("a timeout of 0 fails every request").at(&r.key_span("timeout")));
        }
        r.finish();
        Some(TrafficSpec { name: name?, to: to?.into(), rate: rate?, timeout, retries, keep_alive, from, until })
    }

    /// `90rps`, points in time, or the sugar `daily`, `ramp`, `spike`.
    fn rate(&self, field: &Field<'a>) -> Option<Rate> {
        match &field.node.value {
            Value::List(_) => {
                let mut points: Vec<(SimTime, u64)> = Vec::new();
                for f in field.list(10_000) {
                    let Some(r) = f.reader("a point of a rate") else { continue };
                    let (at, rate) = (r.req("at").and_then(|f| self.moment(&f)), r.req("rate").and_then(|f| self.plain_rate(&f)));
                    r.finish();
                    if let (Some(at), Some(rate)) = (at, rate) {
                        if points.last().is_some_and(|(t, _)| *t >= at) {
                            f.fail("the points of a rate have to be in the order of time");
                        }
                        points.push((at, rate));
                    }
                }
                if points.is_empty() {
                    field.fail("a rate needs at least one point");
                }
                Some(Rate::Curve(points))
            }
            Value::Map(_) => self.shaped_rate(field),
            _ => self.plain_rate(field).map(Rate::Constant),
        }
    }

    fn shaped_rate(&self, field: &Field<'a>) -> Option<Rate> {
        let r = field.reader("a rate")?;
        let (daily, ramp, spike) = (r.opt("daily"), r.opt("ramp"), r.opt("spike"));
        let count = [&daily, &ramp, &spike].iter().filter(|f| f.is_some()).count();
        r.finish();
        if count != 1 {
            field.wrong("one of daily, ramp or spike");
            return None;
        }
        if let Some(f) = daily {
            let r = f.reader("a daily rate")?;
            let (low, high) = (r.req("low").and_then(|f| self.plain_rate(&f)), r.req("high").and_then(|f| self.plain_rate(&f)));
            let period = r.opt("period").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::from_secs(86_400));
            if period < SimDuration::from_secs(24) {
                self.sink.push(Diagnostic::error("a period is at least 24s").at(&r.key_span("period")));
            }
            r.finish();
            let (low, high) = (low?, high?);
            if low > high {
                f.fail("`low` is higher than `high`");
            }
            return Some(Rate::Daily { low, high, period });
        }
        if let Some(f) = ramp {
            let r = f.reader("a ramp")?;
            let (from, to) = (r.req("from").and_then(|f| self.plain_rate(&f)), r.req("to").and_then(|f| self.plain_rate(&f)));
            let start = r.opt("start").and_then(|f| self.moment(&f)).unwrap_or(SimTime::ZERO);
            let over = r.req("over").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
            r.finish();
            return Some(Rate::Curve(vec![(start, from?), (start + over?, to?)]));
        }
        let r = spike?.reader("a spike")?;
        let (base, peak) = (r.req("base").and_then(|f| self.plain_rate(&f)), r.req("peak").and_then(|f| self.plain_rate(&f)));
        let at = r.req("at").and_then(|f| self.moment(&f));
        let lasts = r.req("for").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX));
        let rise = r.opt("rise").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::from_millis(100));
        r.finish();
        let (base, peak, at, lasts) = (base?, peak?, at?, lasts?);
        // A rise of zero would put two points at one time.
        let rise = rise.max(SimDuration::from_millis(1));
        Some(Rate::Curve(vec![(at, base), (at + rise, peak), (at + rise + lasts, peak), (at + rise + lasts + rise, base)]))
    }

    /// A rate that does not change, in requests per 1000 s.
    pub(super) fn plain_rate(&self, field: &Field<'a>) -> Option<u64> {
        if let Value::Int(n) = field.node.value {
            let d = Diagnostic::error(format!("`{}`: expected a rate, found the number {n}", field.name)).at(&field.node.span);
            self.sink.push(d.label("expected a rate with a unit").help(format!("write {n}rps or {n}/min")));
            return None;
        }
        field.parsed("a rate such as 90rps or 600/min", parse_rate)
    }

    pub(super) fn size(&self, field: &Field<'a>, decimal: bool) -> Option<u64> {
        field.parsed("a size such as 256Mi or 180MB", |t| match parse_size(t, decimal)? {
            n if n <= MEMORY_MAX => Ok(n),
            _ => Err("at most 64Ti are allowed".into()),
        })
    }

    /// Cores as Kubernetes writes them, in thousandths; at most 4096 cores.
    pub(super) fn cpu(&self, field: &Field<'a>) -> Option<u32> {
        field.parsed("cores such as 2 or 500m", |t| match parse_cpu_milli(t).map_err(|_| "it is no quantity".to_string())? {
            n @ 0..=4_096_000 => Ok(n as u32),
            _ => Err("0 to 4096 cores are allowed".into()),
        })
    }
}

/// `90rps`, `90/s`, `600/min`, `3600/h` in requests per 1000 s.
pub(super) fn parse_rate(text: &str) -> Result<u64, String> {
    let t = text.trim();
    let end = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
    let (number, unit) = t.split_at(end);
    let n: f64 =
        number.parse().map_err(|_| if t.starts_with('-') { "a rate cannot be negative" } else { "a number is missing" }.to_string())?;
    let seconds = match unit.trim() {
        "rps" | "/s" | "/sec" => 1.0,
        "/min" | "/m" | "rpm" => 60.0,
        "/h" => 3600.0,
        "" => return Err(format!("it has no unit; write {number}rps or {number}/min")),
        other => return Err(format!("unknown unit '{other}'; use rps, /min or /h")),
    };
    let rate = n * 1000.0 / seconds;
    if rate.is_finite() && rate <= limits::RATE_MAX as f64 * 1000.0 {
        Ok(rate.round() as u64)
    } else {
        Err(format!("at most {}rps are allowed", limits::RATE_MAX))
    }
}

/// `200%` or `200`
pub(super) fn parse_percent(text: &str) -> Result<u32, String> {
    let t = text.trim().trim_end_matches('%').trim();
    match t.parse::<u32>() {
        Ok(n) if n <= 100_000 => Ok(n),
        _ => Err("write a percentage such as 200%".into()),
    }
}

/// `2Mi/min` in bytes per minute.
pub(super) fn parse_leak(text: &str) -> Result<u64, String> {
    match text.trim().rsplit_once('/') {
        Some((size, "min" | "m")) => parse_size(size, false),
        Some((size, "s")) => parse_size(size, false).map(|n| n.saturating_mul(60)),
        Some((size, "h")) => parse_size(size, false).map(|n| n / 60),
        _ => Err("write for example 2Mi/min".into()),
    }
}

fn parse_on_term(text: &str) -> Result<OnTerm, String> {
    match text.split_once(' ').map_or((text, ""), |(a, b)| (a, b.trim())) {
        ("ignore", "") => Ok(OnTerm::Ignore),
        ("drain", time) => SimDuration::parse(time).map(OnTerm::Drain),
        ("exit", code) => exit_code(code).map(OnTerm::Exit),
        _ => Err("write drain 5s, exit 0 or ignore".into()),
    }
}

fn exit_code(text: &str) -> Result<i32, String> {
    match text.parse::<i32>() {
        Ok(n @ 0..=255) => Ok(n),
        _ => Err("an exit code is 0 to 255".into()),
    }
}

fn parse_action(text: &str) -> Result<Action, String> {
    let (word, rest) = text.split_once(' ').map_or((text, ""), |(a, b)| (a, b.trim()));
    match (word, rest) {
        ("leak", r) => parse_leak(r).map(|bytes_per_minute| Action::Leak { bytes_per_minute }),
        ("allocate", r) => parse_size(r, false).map(|bytes| Action::Allocate { bytes }),
        ("exit", r) => exit_code(r).map(|code| Action::Exit { code }),
        ("crash", "") => Ok(Action::Exit { code: 1 }),
        ("hang", "") => Ok(Action::Hang),
        ("recover", "") => Ok(Action::Recover),
        ("unready", "") => Ok(Action::Unready(true)),
        ("ready", "") => Ok(Action::Unready(false)),
        ("slow", r) => parse_percent(r).map(|percent| Action::Slow { percent }),
        ("errors", r) => match parse_percent(r)? {
            percent @ 0..=100 => Ok(Action::Errors { percent }),
            _ => Err("at most 100% can fail".into()),
        },
        _ => Err("write for example leak 2Mi/min, allocate 100Mi, exit 1, hang, recover, unready, ready, slow 200% or errors 10%".into()),
    }
}
