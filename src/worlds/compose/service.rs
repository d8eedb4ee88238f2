//! One service of a Compose file, decoded.

use std::sync::Arc;

use crate::document::node::Value;
use crate::document::{Diagnostic, Diagnostics, Node};
use crate::kernel::SimDuration;
use crate::model::ImageRef;
use crate::model::quantity::parse_size;
use crate::worlds::docker::container::{Config, Labels, parse_signal};
use crate::worlds::docker::healthcheck::HealthConfig;
use crate::worlds::docker::images::check_reference;
use crate::worlds::docker::ports::{PortSpec, Proto, parse_publish, parse_range};
use crate::worlds::docker::restart::RestartPolicy;
use crate::worlds::docker::volumes::{MountKind, MountSpec, parse_volume};

use super::file::{Condition, Dependency, PullPolicy, Service, hash};
use super::merge::{names, pairs};

/// Most copies of one service.
const SCALE_MAX: u64 = 10_000;

/// Reads values of one service and reports what is wrong with them.
struct Reading<'a> {
    name: &'a str,
    node: &'a Node,
    sink: &'a Diagnostics,
}

impl Reading<'_> {
    fn get(&self, key: &str) -> Option<&Node> {
        self.node.get(key).filter(|n| !n.is_null())
    }
    fn wrong(&self, node: &Node, path: &str, why: impl Into<String>) {
        let why = why.into();
        self.sink.push(
            Diagnostic::error(format!("services.{}.{path} {why}", self.name))
                .at(&node.span.first_line())
                .label(format!("found {}", node.describe())),
        );
    }
    /// A text or number as text.
    fn text(&self, key: &str) -> Option<Arc<str>> {
        let node = self.get(key)?;
        let text = node.scalar_text();
        if text.is_none() {
            self.wrong(node, key, "must be a string");
        }
        text.map(Into::into)
    }
    fn flag(&self, key: &str) -> bool {
        let Some(node) = self.get(key) else { return false };
        match (node.as_bool(), node.as_str()) {
            (Some(b), _) => b,
            (_, Some("true")) => true,
            (_, Some("false")) => false,
            _ => {
                self.wrong(node, key, "must be a boolean");
                false
            }
        }
    }
    fn whole(&self, node: &Node, path: &str, max: u64) -> Option<u64> {
        let n = node.as_i64().and_then(|i| u64::try_from(i).ok()).or_else(|| node.as_str()?.parse().ok());
        let fits = n.filter(|n| *n <= max);
        if fits.is_none() {
            self.wrong(node, path, format!("must be an integer from 0 to {max}"));
        }
        fits
    }
    fn size(&self, node: &Node, path: &str) -> Option<u64> {
        let parsed = node.scalar_text().map(|t| parse_size(t, false));
        match parsed {
            Some(Ok(bytes)) => Some(bytes),
            _ => {
                self.wrong(node, path, "must be a size such as 512m or 2g");
                None
            }
        }
    }
    fn duration(&self, node: &Node, path: &str) -> Option<SimDuration> {
        let parsed = node.scalar_text().map(SimDuration::parse);
        match parsed {
            Some(Ok(d)) => Some(d),
            _ => {
                self.wrong(node, path, "must be a duration such as 10s or 1m30s");
                None
            }
        }
    }
    /// `1.5` cores in thousandths.
    fn cpus(&self, node: &Node, path: &str) -> Option<u32> {
        let milli = node.scalar_text().and_then(|t| crate::model::quantity::parse_cpu_milli(t).ok()).and_then(|m| u32::try_from(m).ok());
        if milli.is_none() {
            self.wrong(node, path, "must be a number of cores such as 0.5");
        }
        milli.filter(|m| *m > 0)
    }
    /// A list of texts, or one text as the shell splits it.
    fn words(&self, key: &str) -> Option<Vec<Arc<str>>> {
        let node = self.get(key)?;
        match &node.value {
            Value::Str(s) => match shell_words::split(s) {
                Ok(words) => Some(words.into_iter().map(Into::into).collect()),
                Err(_) => {
                    self.wrong(node, key, "has an open quote");
                    None
                }
            },
            Value::List(_) => self.texts(key),
            _ => {
                self.wrong(node, key, "must be a string or a list of strings");
                None
            }
        }
    }
    fn texts(&self, key: &str) -> Option<Vec<Arc<str>>> {
        let node = self.get(key)?;
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut out = Vec::new();
        for item in items {
            match item.scalar_text() {
                Some(t) => out.push(t.into()),
                None => self.wrong(item, key, "must be a list of strings"),
            }
        }
        Some(out)
    }
}

/// `KEY: value` or `KEY=value` lists.
pub fn labels(node: Option<&Node>) -> Labels {
    let Some(node) = node else { return Labels::default() };
    let node = pairs(node.clone());
    Arc::new(node.as_map().unwrap_or_default().iter().map(|(k, v)| (k.text.clone(), v.scalar_text().unwrap_or_default().into())).collect())
}

/// Volumes a service mounts by name.
pub fn named_volumes(s: &Service) -> Vec<Arc<str>> {
    let name = |m: &MountSpec| if let MountKind::Volume(Some(n)) = &m.kind { Some(n.clone()) } else { None };
    s.config.mounts.iter().filter_map(name).collect()
}

/// Decodes one service; None if it is no map.
pub fn decode(name: &Arc<str>, node: &Node, project: &str, sink: &Diagnostics) -> Option<Service> {
    node.as_map()?;
    let r = Reading { name, node, sink };
    let built = r.get("build").is_some();
    let image = match r.text("image") {
        Some(text) => match check_reference(&text) {
            Ok(image) => image,
            Err(why) => {
                r.wrong(r.get("image").unwrap_or(node), "image", why);
                return None;
            }
        },
        None if built => ImageRef::new(format!("{project}-{name}")),
        None => {
            sink.push(
                Diagnostic::error(format!(
                    "service {:?} has neither an image nor a build context specified: invalid compose project",
                    &**name
                ))
                .at(&node.span.first_line())
                .help("add `image: …`"),
            );
            return None;
        }
    };
    let mut c = Config::new(image);
    c.entrypoint = r.words("entrypoint");
    c.cmd = r.words("command").unwrap_or_default();
    c.env = environment(&r);
    c.hostname = r.text("hostname");
    c.user = r.text("user").unwrap_or_else(|| "".into());
    c.workdir = r.text("working_dir").unwrap_or_else(|| "".into());
    c.tty = r.flag("tty");
    c.init = r.flag("init");
    c.labels = labels(r.get("labels"));
    c.memory = r.get("mem_limit").and_then(|n| r.size(n, "mem_limit"));
    c.memory_reservation = r.get("mem_reservation").and_then(|n| r.size(n, "mem_reservation"));
    c.memory_swap = r
        .get("memswap_limit")
        .and_then(|n| if n.as_i64() == Some(-1) { Some(-1) } else { r.size(n, "memswap_limit").and_then(|s| i64::try_from(s).ok()) });
    c.cpus_milli = r.get("cpus").and_then(|n| r.cpus(n, "cpus"));
    c.cpu_shares = r.get("cpu_shares").and_then(|n| r.whole(n, "cpu_shares", 262_144));
    c.restart = restart(&r);
    c.health = health(&r);
    c.ports = ports(&r);
    c.exposed = exposed(&r);
    c.mounts = mounts(&r);
    networks(&r, &mut c);
    c.stop_signal = r.text("stop_signal").filter(|s| {
        let known = parse_signal(s).is_some();
        if !known {
            r.wrong(r.get("stop_signal").unwrap_or(node), "stop_signal", "must be a signal such as SIGTERM");
        }
        known
    });
    let grace =
        r.get("stop_grace_period").and_then(|n| r.duration(n, "stop_grace_period")).map(|d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
    c.stop_timeout = grace;
    resources(&r, &mut c);
    Some(Service {
        name: name.clone(),
        config: c,
        container_name: r.text("container_name"),
        scale: scale(&r),
        depends_on: depends_on(&r),
        profiles: r.texts("profiles").unwrap_or_default(),
        pull: pull(&r, built),
        built,
        grace,
        hash: hash(node),
    })
}

fn environment(r: &Reading) -> Vec<(Arc<str>, Arc<str>)> {
    let Some(node) = r.get("environment") else { return Vec::new() };
    let node = pairs(node.clone());
    let Some(entries) = node.as_map() else {
        r.wrong(&node, "environment", "must be a mapping or a list of KEY=value");
        return Vec::new();
    };
    // A key without a value is taken from the shell, which has none here.
    entries.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.text.clone(), v.scalar_text().unwrap_or_default().into())).collect()
}

fn restart(r: &Reading) -> RestartPolicy {
    let mut policy = RestartPolicy::No;
    if let Some(node) = r.get("restart") {
        // Plain `no` is a text in this dialect; `false` is what people get from other tools.
        let text = if node.as_bool() == Some(false) { "no" } else { node.scalar_text().unwrap_or_default() };
        match RestartPolicy::parse(text) {
            Ok(p) => policy = p,
            Err(why) => r.wrong(node, "restart", format!("is no restart policy: {why}")),
        }
    }
    // deploy.restart_policy wins; delay and window are ignored by Compose.
    if let Some(p) = r.get("deploy").and_then(|d| d.get("restart_policy")) {
        let max = p.get("max_attempts").and_then(|n| r.whole(n, "deploy.restart_policy.max_attempts", u64::from(u32::MAX))).unwrap_or(0);
        match p.get("condition").and_then(Node::scalar_text).unwrap_or("any") {
            "none" => policy = RestartPolicy::No,
            "on-failure" => policy = RestartPolicy::OnFailure(u32::try_from(max).unwrap_or(u32::MAX)),
            "any" => policy = RestartPolicy::Always,
            _ => r.wrong(p, "deploy.restart_policy.condition", "must be one of none, on-failure, any"),
        }
    }
    policy
}

fn health(r: &Reading) -> Option<HealthConfig> {
    let node = r.get("healthcheck")?;
    if node.get("disable").and_then(Node::as_bool) == Some(true) {
        return Some(HealthConfig { test: vec!["NONE".into()], ..HealthConfig::default() });
    }
    let test: Vec<Arc<str>> = match node.get("test").map(|t| (t, &t.value)) {
        Some((_, Value::Str(s))) => vec!["CMD-SHELL".into(), s.clone()],
        Some((t, Value::List(items))) => {
            let words: Vec<Arc<str>> = items.iter().filter_map(Node::scalar_text).map(Into::into).collect();
            if !matches!(words.first().map(|w| &**w), Some("NONE" | "CMD" | "CMD-SHELL")) {
                r.wrong(t, "healthcheck.test", "must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"");
            }
            words
        }
        Some((t, _)) => {
            r.wrong(t, "healthcheck.test", "must be a string or a list");
            Vec::new()
        }
        None => Vec::new(),
    };
    let duration = |key: &str| {
        node.get(key).filter(|n| !n.is_null()).and_then(|n| r.duration(n, &format!("healthcheck.{key}"))).unwrap_or(SimDuration::ZERO)
    };
    let retries = node.get("retries").and_then(|n| r.whole(n, "healthcheck.retries", 1_000_000)).unwrap_or(0);
    Some(HealthConfig {
        test,
        interval: duration("interval"),
        timeout: duration("timeout"),
        start_period: duration("start_period"),
        start_interval: duration("start_interval"),
        retries: u32::try_from(retries).unwrap_or(0),
    })
}

fn ports(r: &Reading) -> Vec<PortSpec> {
    let Some(node) = r.get("ports") else { return Vec::new() };
    let Some(items) = node.as_list() else {
        r.wrong(node, "ports", "must be a list");
        return Vec::new();
    };
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let path = format!("ports[{i}]");
        if item.as_map().is_some() {
            let text = |k: &str| item.get(k).and_then(Node::scalar_text).filter(|t| !t.is_empty());
            let target = text("target").and_then(|t| t.parse::<u16>().ok()).filter(|t| *t > 0);
            let published = text("published").map(parse_range);
            let proto = Proto::parse(text("protocol").unwrap_or("tcp"));
            match (target, published, proto) {
                (Some(container), None, Some(proto)) => {
                    out.push(PortSpec { ip: text("host_ip").unwrap_or("").into(), host: None, container, proto })
                }
                (Some(container), Some(Some(host)), Some(proto)) => {
                    out.push(PortSpec { ip: text("host_ip").unwrap_or("").into(), host: Some(host), container, proto });
                }
                _ => r.wrong(item, &path, "needs a `target` port, and `published` and `protocol` that make sense"),
            }
            continue;
        }
        match item.scalar_text().map(parse_publish) {
            Some(Ok(specs)) => out.extend(specs),
            Some(Err(why)) => r.wrong(item, &path, format!("cannot be read: {why}")),
            None => r.wrong(item, &path, "must be a string, a number or a mapping"),
        }
    }
    out
}

fn exposed(r: &Reading) -> Vec<(u16, Proto)> {
    let mut out = Vec::new();
    for text in r.texts("expose").unwrap_or_default() {
        let (range, proto) = text.split_once('/').unwrap_or((&text, "tcp"));
        match (parse_range(range), Proto::parse(proto)) {
            (Some((a, b)), Some(proto)) => out.extend((a..=b).map(|p| (p, proto))),
            _ => r.wrong(r.get("expose").unwrap_or(r.node), "expose", format!("has a bad port: {text}")),
        }
    }
    out
}

fn mounts(r: &Reading) -> Vec<MountSpec> {
    let mut out = Vec::new();
    let items = r.get("volumes").map_or(&[][..], |n| {
        n.as_list().unwrap_or_else(|| {
            r.wrong(n, "volumes", "must be a list");
            &[]
        })
    });
    for (i, item) in items.iter().enumerate() {
        let path = format!("volumes[{i}]");
        if item.as_map().is_some() {
            let text = |k: &str| item.get(k).and_then(Node::scalar_text).map(Arc::<str>::from);
            let kind = match (text("type").as_deref(), text("source")) {
                (Some("volume"), source) => MountKind::Volume(source),
                (Some("bind"), Some(source)) => MountKind::Bind(source),
                (Some("tmpfs"), _) => MountKind::Tmpfs,
                _ => {
                    r.wrong(item, &path, "needs a `type` (volume, bind or tmpfs), and a `source` for bind");
                    continue;
                }
            };
            match text("target") {
                Some(target) => {
                    let read_only = item.get("read_only").and_then(Node::as_bool).unwrap_or(false);
                    out.push(MountSpec { kind, target, read_only, must_exist: false });
                }
                None => r.wrong(item, &path, "needs a `target`"),
            }
            continue;
        }
        match item.scalar_text().map(|t| parse_volume(t, |n| n.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))))
        {
            Some(Ok(spec)) => out.push(spec),
            Some(Err(why)) => r.wrong(item, &path, format!("cannot be read: {why}")),
            None => r.wrong(item, &path, "must be a string or a mapping"),
        }
    }
    for target in r.texts("tmpfs").unwrap_or_default() {
        let target = target.split(':').next().unwrap_or(&target).into();
        out.push(MountSpec { kind: MountKind::Tmpfs, target, read_only: false, must_exist: false });
    }
    out
}

fn networks(r: &Reading, c: &mut Config) {
    if let Some(mode) = r.text("network_mode") {
        match &*mode {
            "host" | "none" | "bridge" => c.network_mode = mode.clone(),
            other => r.wrong(
                r.get("network_mode").unwrap_or(r.node),
                "network_mode",
                format!("`{other}` is not simulated; host, none and bridge are"),
            ),
        }
        if r.get("networks").is_some() {
            r.wrong(r.get("networks").unwrap_or(r.node), "networks", "cannot be combined with network_mode");
        }
        if &*mode == "bridge" {
            c.networks = vec![("bridge".into(), Vec::new(), None)];
        }
        return;
    }
    let Some(node) = r.get("networks") else { return };
    let node = names(node.clone());
    let Some(entries) = node.as_map() else {
        r.wrong(&node, "networks", "must be a list or a mapping");
        return;
    };
    c.networks = entries
        .iter()
        .map(|(k, v)| {
            let aliases = v.get("aliases").and_then(Node::as_list).unwrap_or_default();
            let aliases = aliases.iter().filter_map(Node::scalar_text).map(Into::into).collect();
            (k.text.clone(), aliases, v.get("ipv4_address").and_then(Node::as_str).map(Into::into))
        })
        .collect();
}

fn resources(r: &Reading, c: &mut Config) {
    let Some(resources) = r.get("deploy").and_then(|d| d.get("resources")) else { return };
    if let Some(limits) = resources.get("limits") {
        if let Some(n) = limits.get("memory") {
            c.memory = r.size(n, "deploy.resources.limits.memory").or(c.memory);
        }
        if let Some(n) = limits.get("cpus") {
            c.cpus_milli = r.cpus(n, "deploy.resources.limits.cpus").or(c.cpus_milli);
        }
    }
    if let Some(n) = resources.get("reservations").and_then(|x| x.get("memory")) {
        c.memory_reservation = r.size(n, "deploy.resources.reservations.memory");
    }
}

fn scale(r: &Reading) -> u32 {
    let one = r.get("scale").and_then(|n| r.whole(n, "scale", SCALE_MAX));
    let two = r.get("deploy").and_then(|d| d.get("replicas")).and_then(|n| r.whole(n, "deploy.replicas", SCALE_MAX));
    if let (Some(a), Some(b)) = (one, two)
        && a != b
    {
        r.wrong(r.node, "scale", "can't set distinct values on 'scale' and 'deploy.replicas': invalid compose project");
    }
    one.or(two).map_or(1, |n| u32::try_from(n).unwrap_or(1))
}

fn depends_on(r: &Reading) -> Vec<Dependency> {
    let Some(node) = r.get("depends_on") else { return Vec::new() };
    let node = names(node.clone());
    let Some(entries) = node.as_map() else {
        r.wrong(&node, "depends_on", "must be a list or a mapping");
        return Vec::new();
    };
    entries
        .iter()
        .map(|(k, v)| {
            let condition = match v.get("condition").and_then(Node::scalar_text) {
                None | Some("service_started") => Condition::Started,
                Some("service_healthy") => Condition::Healthy,
                Some("service_completed_successfully") => Condition::Completed,
                Some(_) => {
                    r.wrong(
                        v,
                        &format!("depends_on.{}.condition", k.text),
                        "must be one of service_started, service_healthy, service_completed_successfully",
                    );
                    Condition::Started
                }
            };
            let flag = |key: &str, default: bool| v.get(key).and_then(Node::as_bool).unwrap_or(default);
            Dependency { service: k.text.clone(), condition, restart: flag("restart", false), required: flag("required", true) }
        })
        .collect()
}

fn pull(r: &Reading, built: bool) -> PullPolicy {
    match r.text("pull_policy").as_deref() {
        Some("always") => PullPolicy::Always,
        Some("never") => PullPolicy::Never,
        Some("build") => PullPolicy::Build,
        None if built && r.get("image").is_none() => PullPolicy::Build,
        None | Some("missing" | "if_not_present" | "daily" | "weekly") => PullPolicy::Missing,
        Some(other) if other.starts_with("every_") => PullPolicy::Missing,
        Some(_) => {
            r.wrong(
                r.get("pull_policy").unwrap_or(r.node),
                "pull_policy",
                "must be one of always, never, missing, if_not_present, build, daily, weekly, every_<duration>",
            );
            PullPolicy::Missing
        }
    }
}
