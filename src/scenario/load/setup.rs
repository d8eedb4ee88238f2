//! The worlds: machines, compose files, manifests, the proxy and the operator.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::document::{Diagnostic, Dialect, Field, Reader, Source, Value, parse, parse_embedded};
use crate::kernel::{SimDuration, limits};
use crate::model::{OperatorSpec, RunbookStep};
use crate::worlds::Files as _;

use super::super::file::{ComposeProject, DockerSetup, KubernetesSetup, MachineSpec, ProxySetup, Setup, SideFile, Taint};
use super::Loader;

const GIB: u64 = 1 << 30;
/// Bytes all side files of one scenario may have together.
const SIDE_FILES_MAX: usize = 64 << 20;

impl<'a> Loader<'a> {
    pub(super) fn setup(&self, field: Option<Field<'a>>) -> Setup {
        let Some(field) = field else { return Setup::default() };
        let Some(r) = field.reader("the list of worlds") else { return Setup::default() };
        let out = Setup {
            docker: r.opt("docker").and_then(|f| self.docker(&f)),
            kubernetes: r.opt("kubernetes").and_then(|f| self.kubernetes(&f)),
        };
        if !r.has("docker") && !r.has("kubernetes") {
            field.wrong("docker, kubernetes or both");
        }
        r.finish();
        out
    }

    fn docker(&self, field: &Field<'a>) -> Option<DockerSetup> {
        let r = field.reader("the docker world")?;
        let hosts = self.machines(&r, "hosts", "host");
        let compose = r.opt("compose").map(|f| self.compose(&f, &hosts)).unwrap_or_default();
        let mut run = Vec::new();
        for f in r.opt("run").iter().flat_map(|f| f.list_or_one(1_000)) {
            if f.node.as_map().is_none() {
                run.extend(self.command(&f, "docker").map(|c| (None, c)));
            } else if let Some(r) = f.reader("a command on a host") {
                let host = r.req("on").and_then(|f| self.known_host(&f, &hosts));
                let command = r.req("run").and_then(|f| self.command(&f, "docker"));
                r.finish();
                run.extend(command.map(|c| (host, c)));
            }
        }
        let proxy = r.opt("proxy").and_then(|f| self.proxy(&f)).unwrap_or_default();
        let operator = r.opt("operator").and_then(|f| self.operator(&f, &hosts));
        if !r.has("compose") && !r.has("run") {
            let d = Diagnostic::error("nothing runs in the docker world").at(r.span());
            self.sink.push(d.help("give it `compose` or `run`"));
        }
        r.finish();
        Some(DockerSetup { hosts, compose, run, proxy, operator })
    }

    fn kubernetes(&self, field: &Field<'a>) -> Option<KubernetesSetup> {
        let r = field.reader("the kubernetes world")?;
        let nodes = self.machines(&r, "nodes", "node");
        let mut manifests = Vec::new();
        for f in r.opt("manifests").iter().flat_map(|f| f.list_or_one(1_000)) {
            self.manifest(&f, &mut manifests);
        }
        let run = r.opt("run").iter().flat_map(|f| f.list_or_one(1_000)).filter_map(|f| self.command(&f, "kubernetes")).collect();
        let mut config = Vec::new();
        for (key, f) in r.opt("config").iter().flat_map(|f| f.map(200)) {
            match f.node.to_json() {
                Json::Object(_) | Json::Array(_) | Json::Null => f.wrong("a flag's value"),
                value => config.push((key.text.trim_start_matches('-').into(), value, key.span.to(&f.node.span))),
            }
        }
        if !r.has("manifests") && !r.has("run") {
            let d = Diagnostic::error("nothing runs in the kubernetes world").at(r.span());
            self.sink.push(d.help("give it `manifests` or `run`"));
        }
        r.finish();
        Some(KubernetesSetup { nodes, manifests, run, config })
    }

    /// `hosts: [{count: 3, name: host, cpu: 4, memory: 16Gi}]`. Missing means one machine of 4 cores and 16 GiB.
    fn machines(&self, r: &Reader<'a>, key: &'static str, word: &'static str) -> Vec<MachineSpec> {
        let mut out: Vec<MachineSpec> = Vec::new();
        for f in r.opt(key).iter().flat_map(|f| f.list(500)) {
            self.machine_group(&f, word, &mut out);
        }
        if r.has(key) && out.is_empty() && !self.sink.has_errors() {
            self.sink.push(Diagnostic::error(format!("`{key}` is empty; a world needs a machine")).at(&r.key_span(key)));
        }
        if !r.has(key) {
            let name = format!("{word}-1").into();
            let boot = SimDuration::from_secs(30);
            out.push(MachineSpec {
                name,
                cpu_milli: 4000,
                memory: 16 * GIB,
                pods: 110,
                zone: "".into(),
                boot,
                labels: Vec::new(),
                taints: Vec::new(),
            });
        }
        out
    }

    fn machine_group(&self, field: &Field<'a>, word: &'static str, out: &mut Vec<MachineSpec>) {
        let Some(r) = field.reader("a group of machines") else { return };
        let count = r.opt("count").map(|f| f.whole(1, limits::HOSTS_MAX as u64));
        let name = r.opt("name").and_then(|f| self.dns_name(&f));
        let cpu_milli = r.opt("cpu").and_then(|f| self.cpu(&f)).unwrap_or(4000);
        let memory = r.opt("memory").and_then(|f| self.size(&f, false)).unwrap_or(16 * GIB);
        let pods = r.opt("pods").and_then(|f| f.whole(0, 10_000)).unwrap_or(110) as u32;
        let boot = r.opt("boot").and_then(|f| f.duration(SimDuration::from_secs(86_400))).unwrap_or(SimDuration::from_secs(30));
        let zones: Vec<Arc<str>> =
            r.opt("zones").map(|f| f.list_or_one(1_000).iter().filter_map(|f| f.text().map(Into::into)).collect()).unwrap_or_default();
        let mut labels: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for (key, f) in r.opt("labels").iter().flat_map(|f| f.map(200)) {
            labels.extend(f.text().map(|v| (key.text.clone(), v.into())));
        }
        let taints = r
            .opt("taints")
            .map(|f| f.list_or_one(100).iter().filter_map(|f| f.parsed("a taint such as dedicated=gpu:NoSchedule", parse_taint)).collect());
        let taints: Vec<Taint> = taints.unwrap_or_default();
        r.finish();
        // One named machine keeps its name; a group is numbered, across groups of one name.
        let count = match count {
            None if name.is_some() => None,
            None => Some(1),
            Some(Some(n)) => Some(n),
            Some(None) => return,
        };
        let base: Arc<str> = name.unwrap_or_else(|| word.into());
        if out.len() + count.unwrap_or(1) as usize > limits::HOSTS_MAX {
            field.fail(format!("more than {} machines in one world", limits::HOSTS_MAX));
            return;
        }
        // A second group of the same name goes on counting.
        let mut taken: BTreeSet<Arc<str>> = out.iter().map(|m| m.name.clone()).collect();
        let mut number = 0;
        for i in 0..count.unwrap_or(1) {
            let name: Arc<str> = loop {
                number += 1;
                let name: Arc<str> = if count.is_some() { format!("{base}-{number}").into() } else { base.clone() };
                if taken.insert(name.clone()) {
                    break name;
                }
                if count.is_none() {
                    field.fail(format!("there are two machines named `{name}`"));
                    return;
                }
            };
            let zone = if zones.is_empty() { "".into() } else { zones[i as usize % zones.len()].clone() };
            out.push(MachineSpec { name, cpu_milli, memory, pods, zone, boot, labels: labels.clone(), taints: taints.clone() });
        }
    }

    fn known_host(&self, field: &Field<'a>, hosts: &[MachineSpec]) -> Option<Arc<str>> {
        let text = field.text()?;
        let found = hosts.iter().find(|h| &*h.name == text);
        if found.is_none() {
            let names: Vec<&str> = hosts.iter().map(|h| &*h.name).collect();
            self.sink.push(Diagnostic::error(format!("there is no host `{text}`")).at(&field.node.span).one_of(text, &names));
        }
        found.map(|h| h.name.clone())
    }

    /// A file or inline text for all hosts, or `{all: …, host-2: …}`.
    fn compose(&self, field: &Field<'a>, hosts: &[MachineSpec]) -> Vec<ComposeProject> {
        let all = || hosts.iter().map(|h| h.name.clone()).collect::<Vec<_>>();
        let project = |f: &Field<'a>, hosts| self.side_file(f, Dialect::Compose).map(|file| ComposeProject { hosts, file });
        match &field.node.value {
            // A compose file as YAML right here has `services`.
            Value::Map(m) if !m.iter().any(|(k, _)| &*k.text == "services") => {
                let mut out = Vec::new();
                for (key, f) in field.map(limits::HOSTS_MAX) {
                    if &*key.text == "all" {
                        out.extend(project(&f, all()));
                    } else if hosts.iter().any(|h| h.name == key.text) {
                        out.extend(project(&f, vec![key.text.clone()]));
                    } else {
                        let names: Vec<&str> = std::iter::once("all").chain(hosts.iter().map(|h| &*h.name)).collect();
                        self.sink
                            .push(Diagnostic::error(format!("there is no host `{}`", key.text)).at(&key.span).one_of(&key.text, &names));
                    }
                }
                out
            }
            _ => project(field, all()).into_iter().collect(),
        }
    }

    /// A file, a folder of files, or YAML right here.
    fn manifest(&self, field: &Field<'a>, out: &mut Vec<SideFile>) {
        if let Some(path) = field.node.as_str().filter(|t| !t.contains('\n')) {
            match self.opened.folder.list(path, false) {
                Ok(Some(files)) => {
                    if files.is_empty() {
                        field.fail(format!("the folder \"{path}\" holds no YAML or JSON file"));
                    }
                    out.extend(files.iter().filter_map(|p| self.read(field, p, Dialect::Kubernetes)));
                    return;
                }
                Ok(None) => {}
                Err(why) => return field.fail(why),
            }
        }
        out.extend(self.side_file(field, Dialect::Kubernetes));
    }

    fn side_file(&self, field: &Field<'a>, dialect: Dialect) -> Option<SideFile> {
        match &field.node.value {
            Value::Str(text) if text.contains('\n') => match parse_embedded(field.node, dialect) {
                Ok(documents) => Some(SideFile { name: field.node.span.to_string().into(), text: text.clone(), documents }),
                Err(d) => {
                    self.sink.push(*d);
                    None
                }
            },
            Value::Str(path) => self.read(field, path, dialect),
            // As a map its places are those of the scenario itself; JSON is YAML, so its text serves as well.
            Value::Map(_) => {
                let text = serde_json::to_string_pretty(&field.node.to_json()).unwrap_or_default();
                Some(SideFile { name: field.node.span.to_string().into(), text: text.into(), documents: vec![field.node.clone()] })
            }
            _ => {
                field.wrong("a file's path or YAML");
                None
            }
        }
    }

    fn read(&self, field: &Field<'a>, path: &str, dialect: Dialect) -> Option<SideFile> {
        let folder = &self.opened.folder;
        let bytes = match folder.bytes(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                field.fail(why);
                return None;
            }
        };
        self.side_bytes.set(self.side_bytes.get() + bytes.len());
        if self.side_bytes.get() > SIDE_FILES_MAX {
            field.fail(format!("the files of this scenario have more than {} MB together", SIDE_FILES_MAX >> 20));
            return None;
        }
        let read = Source::from_bytes(folder.display(path), &bytes).and_then(|source| Ok((parse(&source, dialect)?, source)));
        match read {
            Ok((documents, source)) => Some(SideFile { name: path.into(), text: source.text.clone(), documents }),
            Err(d) => {
                self.sink.push(*d);
                None
            }
        }
    }

    /// `{kind: static, to: "8080"}`
    fn proxy(&self, field: &Field<'a>) -> Option<ProxySetup> {
        if field.node.as_str() == Some("none") {
            return Some(ProxySetup::None);
        }
        let r = field.reader("a proxy")?;
        let kind = r.req("kind").and_then(|f| f.word(&[("none", 0), ("static", 1), ("health-checked", 2)]));
        let port = r
            .opt("to")
            .and_then(|f| f.parsed("a port", |t| t.parse::<u16>().ok().filter(|p| *p > 0).ok_or_else(|| "a port is 1 to 65535".into())));
        if kind.is_some_and(|k| k > 0) && !r.has("to") {
            self.sink
                .push(Diagnostic::error("a proxy needs the field `to`").at(r.span()).label("the published port to send to is missing"));
        }
        let time = |name, default| {
            r.opt(name).and_then(|f| f.duration(SimDuration::from_secs(3600))).filter(|d| *d > SimDuration::ZERO).unwrap_or(default)
        };
        let every = time("check-every", SimDuration::from_secs(2));
        let timeout = time("check-timeout", SimDuration::from_secs(1));
        let times = |name, default| r.opt(name).and_then(|f| f.whole(1, 100)).map_or(default, |n| n as u32);
        let (fall, rise) = (times("fall", 3), times("rise", 2));
        let path = r.opt("check").and_then(|f| f.text()).map(Into::into);
        if kind == Some(1) {
            for name in ["check", "check-every", "check-timeout", "fall", "rise"] {
                if r.has(name) {
                    let d = Diagnostic::error(format!("a static proxy does not check anything, so `{name}` has no meaning"))
                        .at(&r.key_span(name));
                    self.sink.push(d.help("use kind: health-checked"));
                }
            }
        }
        r.finish();
        Some(match kind? {
            0 => ProxySetup::None,
            1 => ProxySetup::Static { port: port? },
            _ => ProxySetup::HealthChecked { port: port?, path, every, timeout, fall, rise },
        })
    }

    /// A person on call. Unless said otherwise: paged after 1 minute, there after 5, logged in 2 minutes later, sure of the cause
    /// after another 5, no runbook, no mistakes.
    fn operator(&self, field: &Field<'a>, hosts: &[MachineSpec]) -> Option<OperatorSpec> {
        if field.node.as_str() == Some("none") {
            return None;
        }
        let r = field.reader("an operator")?;
        let time = |name, minutes: u32| {
            r.opt(name).and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(SimDuration::from_secs(60 * u64::from(minutes)))
        };
        let (page_after, acknowledge, log_in, diagnose) =
            (time("page-after", 1), time("acknowledge", 5), time("log-in", 2), time("diagnose", 5));
        let error_percent = r.opt("error-percent").and_then(|f| f.whole(0, 90)).unwrap_or(0) as u32;
        let mut runbook = Vec::new();
        for f in r.opt("runbook").iter().flat_map(|f| f.list(200)) {
            let takes = SimDuration::from_secs(30);
            if f.node.as_map().is_none() {
                runbook.extend(self.command_line(&f, "docker", true).map(|run| RunbookStep { on: None, run, takes }));
            } else if let Some(r) = f.reader("a step of a runbook") {
                let on = r.opt("on").and_then(|f| self.known_host(&f, hosts));
                let run = r.req("run").and_then(|f| self.command_line(&f, "docker", true));
                let takes = r.opt("takes").and_then(|f| f.duration(limits::SCENARIO_DURATION_MAX)).unwrap_or(takes);
                r.finish();
                runbook.extend(run.map(|run| RunbookStep { on, run, takes }));
            }
        }
        r.finish();
        Some(OperatorSpec { page_after, acknowledge, log_in, diagnose, runbook, error_percent })
    }
}

fn parse_taint(text: &str) -> Result<Taint, String> {
    let (left, effect) = text.rsplit_once(':').ok_or("the effect is missing")?;
    if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        return Err("the effect is NoSchedule, PreferNoSchedule or NoExecute".into());
    }
    let (key, value) = left.split_once('=').unwrap_or((left, ""));
    if key.is_empty() {
        return Err("the key is missing".into());
    }
    Ok(Taint { key: key.into(), value: value.into(), effect: effect.into() })
}
