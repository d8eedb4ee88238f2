//! One kubelet, one pod: what a real kubelet 1.36 with containerd reported, status by status and event by event.

use serde_json::{Value, json};
use wheelhouse::kernel::{Agenda, Cx, Journal, SimDuration, SimTime, Streams};
use wheelhouse::machine::{HostSpec, Machine, NoRoads};
use wheelhouse::model::ImageRef;
use wheelhouse::worlds::kubernetes::api::Api;
use wheelhouse::worlds::kubernetes::api::meta::{Epoch, Key, Meta, Name};
use wheelhouse::worlds::kubernetes::api::object::{Condition, Event as ApiEvent, Namespace, Object, Pod, Tri};
use wheelhouse::worlds::kubernetes::api::store::WatchEvent;
use wheelhouse::worlds::kubernetes::kinds::{self, Kind};
use wheelhouse::worlds::kubernetes::kubelet::Kubelet;
use wheelhouse::worlds::kubernetes::{Config, Ctl, DeleteOptions, Event};

use crate::vectors;

const NODE: &str = "real-1";
/// The kubelet has been up for long when the pod comes.
const BORN: u64 = 1000;

/// The API, one machine, one kubelet.
struct Cluster {
    api: Api,
    machine: Machine,
    agenda: Agenda<Event>,
    rng: Streams,
    config: Config,
    journal: Journal,
    kubelet: Kubelet,
    now: SimTime,
    statuses: Vec<Value>,
    events: Vec<Value>,
}

impl Cluster {
    fn new(seed: u64) -> Self {
        let mut machine = Machine::new(seed, "kubernetes", Vec::new(), 0);
        let host = HostSpec { name: NODE.into(), cpu_milli: 4000, memory: 16 << 30, zone: "".into(), boot: SimDuration::from_secs(30) };
        machine.add_host(host, SimTime::ZERO);
        machine.preload(NODE, &ImageRef::new("docker.io/local/bb:1"));
        let mut cluster = Self {
            api: Api::new(seed),
            machine,
            agenda: Agenda::default(),
            rng: Streams::new(seed, "kubernetes"),
            config: Config::default(),
            journal: Journal::default(),
            kubelet: Kubelet::new(NODE.into()),
            now: SimTime::ZERO,
            statuses: Vec::new(),
            events: Vec::new(),
        };
        for name in ["k", "kube-node-lease"] {
            cluster.act("test", |ctl, _| {
                let meta = Meta { name: name.into(), ..Meta::default() };
                ctl.create(Namespace { meta, terminating: false }, "test").expect("a namespace");
            });
        }
        cluster.act("kubelet real-1", |ctl, kubelet| kubelet.start(ctl));
        cluster.run(SimTime::from_secs(BORN));
        cluster
    }

    fn act<T>(&mut self, actor: &str, f: impl FnOnce(&mut Ctl, &mut Kubelet) -> T) -> T {
        let Self { api, machine, agenda, rng, config, journal, kubelet, now, .. } = self;
        let cx = Cx { now: *now, world: "kubernetes", journal, cause: None };
        let mut ctl = Ctl { api, machine, agenda, rng, config, cx, actor: actor.into(), network: None };
        let result = f(&mut ctl, kubelet);
        let pending = self.api.store.take_pending();
        if !pending.is_empty() {
            self.record(&pending);
            self.agenda.schedule(self.now + SimDuration::from_millis(5), None, Event::Watch(pending.into()));
        }
        result
    }

    fn run(&mut self, to: SimTime) {
        loop {
            let next = self.machine.next_at().into_iter().chain(self.agenda.next_at()).min();
            let Some(at) = next.filter(|t| *t <= to) else { break };
            self.now = at;
            if self.machine.next_at().is_some_and(|t| t <= at) {
                for notice in self.machine.step(at, &NoRoads) {
                    self.act("kubelet real-1", |ctl, kubelet| kubelet.notice(&notice, ctl));
                }
                continue;
            }
            match self.agenda.pop().expect("an entry is due").event {
                Event::Watch(events) => {
                    for e in events.iter().filter(|e| e.kind() == Kind::Pod) {
                        self.act("kubelet real-1", |ctl, kubelet| kubelet.observe(e, ctl));
                    }
                }
                Event::Kubelet(_, e) => self.act("kubelet real-1", |ctl, kubelet| kubelet.handle(e, ctl)),
                _ => {}
            }
        }
        self.now = to;
    }

    fn t(&self) -> Value {
        let ms = (self.now - SimTime::from_secs(BORN)).as_millis();
        json!(ms as f64 / 1000.0)
    }

    fn record(&mut self, written: &[WatchEvent]) {
        for e in written {
            match (&e.new, &e.old) {
                (Some(Object::Pod(p)), _) => {
                    let uid = p.meta.uid.clone();
                    let mut s = status(p);
                    let last = self.statuses.last().map(without_time);
                    s["t"] = self.t();
                    let s = normal(&s, &uid);
                    if last.as_ref() != Some(&without_time(&s)) {
                        self.statuses.push(s);
                    }
                }
                (None, Some(Object::Pod(_))) => self.statuses.push(json!({"t": self.t(), "gone": true})),
                (Some(Object::Event(ev)), _) if ev.about.kind == "Pod" => {
                    let e = event(ev);
                    let mut e = normal(&e, &ev.about_uid);
                    e["t"] = self.t();
                    self.events.push(e);
                }
                _ => {}
            }
        }
    }
}

fn without_time(v: &Value) -> Value {
    let mut v = v.clone();
    if let Some(m) = v.as_object_mut() {
        m.remove("t");
    }
    v
}

fn normal(v: &Value, uid: &Name) -> Value {
    if uid.is_empty() { v.clone() } else { serde_json::from_str(&v.to_string().replace(&**uid, "UID")).expect("still JSON") }
}

/// A pod's status in the recording's shape.
fn status(p: &Pod) -> Value {
    let full = kinds::to_json_at(&Object::Pod(std::sync::Arc::new(p.clone())), Epoch::default());
    let s = &full["status"];
    let state = |s: &Value| {
        let (is, of) = s.as_object().and_then(|m| m.iter().next()).map(|(k, v)| (k.clone(), v.clone()))?;
        let mut out = json!({"is": is});
        for key in ["reason", "message", "exitCode"] {
            if let Some(v) = of.get(key) {
                out[key] = v.clone();
            }
        }
        Some(out)
    };
    let containers = |key: &str| -> Vec<Value> {
        s[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| {
                json!({"name": c["name"], "ready": c["ready"], "restarts": c["restartCount"], "started": c["started"],
                    "state": state(&c["state"]), "last": state(&c["lastState"])})
            })
            .collect()
    };
    let mut conditions = serde_json::Map::new();
    for c in s["conditions"].as_array().into_iter().flatten() {
        let text = match c["reason"].as_str() {
            Some(r) => format!("{}:{r}", c["status"].as_str().unwrap_or_default()),
            None => c["status"].as_str().unwrap_or_default().to_string(),
        };
        conditions.insert(c["type"].as_str().unwrap_or_default().into(), text.into());
    }
    json!({"deleting": p.meta.is_deleting(), "phase": s["phase"], "reason": s.get("reason"), "message": s.get("message"),
        "qos": s["qosClass"], "conditions": conditions, "init": containers("initContainerStatuses"),
        "containers": containers("containerStatuses")})
}

fn event(e: &ApiEvent) -> Value {
    json!({"type": if e.warning { "Warning" } else { "Normal" }, "reason": &*e.reason, "message": &*e.message, "count": e.count,
        "field": &*e.field_path})
}

/// Plays a recorded case and returns the statuses and events that came of it.
fn play(name: &str, case: &Value, seed: u64, until: u64) -> (Vec<Value>, Vec<Value>) {
    let mut c = Cluster::new(seed);
    let manifest = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "k"}, "spec": case["spec"]});
    let pod = kinds::from_json(&manifest).expect("a pod");
    let key = Key::new("k", name);
    c.act("test", |ctl, _| ctl.create(pod, "test")).expect("created");
    c.run(SimTime::from_millis(BORN * 1000 + 20));
    c.act("default-scheduler", |ctl, _| {
        let mut pod = Pod::clone(ctl.api.store.typed::<Pod>(&key).expect("created above"));
        pod.node = Some(NODE.into());
        pod.status.conditions.push(Condition {
            kind: "PodScheduled".into(),
            status: Tri::True,
            reason: None,
            message: None,
            last_transition: ctl.cx.now,
            last_heartbeat: None,
            observed_generation: Some(1),
        });
        ctl.update(pod, false, "bound").expect("bound");
    });
    for action in case["actions"].as_array().into_iter().flatten() {
        let at = action["t"].as_f64().expect("a time");
        c.run(SimTime::from_millis(BORN * 1000 + (at * 1000.0) as u64));
        c.act("test", |ctl, _| match action["action"].as_str() {
            Some("delete") => ctl.delete(Kind::Pod, &key, DeleteOptions::default(), "test").expect("deleted"),
            Some("configmap") => {
                let map =
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late", "namespace": "k"}, "data": {"a": "1"}});
                ctl.create(kinds::from_json(&map).expect("a map"), "test").expect("created");
            }
            other => panic!("{name}: unknown action {other:?}"),
        });
    }
    c.run(SimTime::from_secs(BORN + until));
    (c.statuses, c.events)
}

/// Two writers of one status: a probe's result and the sync it triggers. Whether the API sees the first on its own is a matter of
/// milliseconds, in reality as here, so what is replaced within this time counts as not said.
const FLEETING: f64 = 0.15;
/// Clocks: the recording's machine and ours start containers and look at the runtime at their own moments.
const CLOSE: f64 = 1.5;

fn t(v: &Value) -> f64 {
    v["t"].as_f64().expect("a time")
}

/// Does only readiness differ?
fn same_but_readiness(a: &Value, b: &Value) -> bool {
    let strip = |v: &Value| {
        let mut v = without_time(v);
        if let Some(c) = v.get_mut("conditions").and_then(Value::as_object_mut) {
            c.remove("Ready");
            c.remove("ContainersReady");
        }
        for list in ["init", "containers"] {
            for c in v.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                c["ready"] = Value::Null;
                c["started"] = Value::Null;
            }
        }
        v
    };
    strip(a) == strip(b)
}

fn settled(statuses: &[Value]) -> Vec<Value> {
    let fleeting = |w: &[Value]| t(&w[1]) - t(&w[0]) < FLEETING && same_but_readiness(&w[0], &w[1]);
    let mut kept: Vec<Value> = Vec::new();
    for (i, s) in statuses.iter().enumerate() {
        let next = statuses.get(i..i + 2);
        let repeats = kept.last().is_some_and(|k| without_time(k) == without_time(s));
        if !next.is_some_and(fleeting) && !repeats {
            kept.push(s.clone());
        }
    }
    kept
}

/// Does this status wait for, or come out of, a back-off whose end is jittered by half?
fn jittered(s: &Value) -> bool {
    let text = s.to_string();
    text.contains("BackOff") || text.contains("ErrImagePull") || text.contains("CreateContainerConfigError")
}

fn compare(name: &str, recorded: &Value, statuses: &[Value], events: &[Value], wrong: &mut Vec<String>) {
    let theirs = settled(recorded["status"].as_array().expect("statuses"));
    let ours = settled(statuses);
    let cut = t(theirs.last().expect("a status")) > 600.0;
    if theirs.len().abs_diff(ours.len()) > if cut { 2 } else { 0 } {
        wrong.push(format!("{name}: {} statuses, recorded {}", ours.len(), theirs.len()));
    }
    // A container that starts at a jittered moment meets its probes' tickers anywhere in their period.
    let periods = ["startupProbe", "livenessProbe", "readinessProbe"].map(|p| {
        let containers = recorded["spec"]["containers"].as_array().into_iter().flatten();
        containers.filter_map(|c| c[p]["periodSeconds"].as_f64()).fold(0.0, f64::max)
    });
    let room = CLOSE + periods.into_iter().fold(0.0, f64::max);
    // The last moment that no jitter has touched.
    let mut firm = (0.0, 0.0);
    let mut deleted = false;
    for (a, b) in theirs.iter().zip(&ours) {
        if without_time(a) != without_time(b) {
            wrong.push(format!("{name} at {}: recorded {a}\n    but at {} {b}", t(a), t(b)));
            return;
        }
        if a["deleting"] == true && !std::mem::replace(&mut deleted, true) {
            firm = (0.0, 0.0);
        }
        let (was, is) = (t(a) - firm.0, t(b) - firm.1);
        let apart = (was - is).abs();
        if jittered(a) {
            // The end of a wait of which up to a half is chance.
            if apart > CLOSE && !(0.6..1.67).contains(&(is / was)) {
                wrong.push(format!("{name} at {}: {was:.2} s of waiting, but {is:.2} s here: {}", t(a), without_time(a)));
            }
            continue;
        }
        let after_wait = theirs.iter().take_while(|s| t(s) < t(a)).last().is_some_and(jittered);
        if apart > room && !(after_wait && (0.6..1.67).contains(&(is / was))) {
            wrong.push(format!("{name} at {}: {was:.2} s after the one before, but {is:.2} s here: {}", t(a), without_time(a)));
        }
        firm = (t(a), t(b));
    }
    // Events of the first half minute; later their number depends on the jitter of back-offs.
    let early = |list: &[Value]| -> Vec<Value> {
        let kubelet = list.iter().filter(|e| e["reason"] != "Scheduled");
        kubelet.filter(|e| t(e) < 36.0).map(without_time).collect()
    };
    let theirs_all = recorded["events"].as_array().expect("events");
    let (a, b) = (early(theirs_all), early(events));
    let n = a.len().min(b.len());
    if a.len().abs_diff(b.len()) > 1 || a[..n] != b[..n] {
        let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(n);
        wrong.push(format!("{name}: event {at}: recorded {:?}\n    but {:?}", a.get(at), b.get(at)));
    }
    let (all, here) = (theirs_all.iter().filter(|e| e["reason"] != "Scheduled").count(), events.len());
    if all.abs_diff(here) * 100 > all * 15 + 100 {
        wrong.push(format!("{name}: {here} events, recorded {all}"));
    }
}

#[test]
fn recorded_pods_play_back() {
    let Some(all) = vectors::json("kubelet.json") else { return };
    let mut wrong = Vec::new();
    for (name, case) in all.as_object().expect("cases") {
        for seed in [7, 8] {
            let (statuses, events) = play(name, case, seed, 1510);
            compare(&format!("{name} (seed {seed})"), case, &statuses, &events, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "prints a case for people: KUBELET_CASE=name cargo test --test it kubelet_vectors::show -- --ignored --nocapture"]
fn show() {
    let file = std::env::var("KUBELET_CASES").ok().and_then(|f| std::fs::read_to_string(f).ok());
    let Some(all) = file.and_then(|f| serde_json::from_str(&f).ok()).or_else(|| vectors::json("kubelet.json")) else { return };
    let all: Value = all;
    let wanted = std::env::var("KUBELET_CASE").unwrap_or_default();
    let mut out = serde_json::Map::new();
    for (name, case) in all.as_object().expect("cases").iter().filter(|(n, _)| wanted.is_empty() || **n == wanted) {
        let (statuses, events) = play(name, case, 7, 1510);
        out.insert(name.clone(), json!({"spec": case["spec"], "actions": case["actions"], "status": statuses, "events": events}));
    }
    println!("{}", Value::Object(out));
}
