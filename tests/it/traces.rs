//! Recorded traces of a real control plane, replayed: the same decisions, in the same order, at the same times.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::stand_in::{Lab, deployment, service};
use std::sync::Arc;
use wheelhouse::kernel::{SimDuration, SimTime};
use wheelhouse::worlds::kubernetes::DeleteOptions;
use wheelhouse::worlds::kubernetes::api::object::{Deployment, Pod};
use wheelhouse::worlds::kubernetes::kinds::Kind;

fn recorded(case: &str) -> Option<Value> {
    crate::vectors::json(&format!("traces/{case}.json"))
}

/// What a trace says, names made comparable: ReplicaSets and pods by order of appearance.
#[derive(Debug, Default)]
struct Story {
    /// (t, message) of every ScalingReplicaSet event.
    scalings: Vec<(f64, String)>,
    /// (t, conditions) whenever the Deployment's conditions change.
    conditions: Vec<(f64, String)>,
    /// How often each event was written.
    events: BTreeMap<String, u64>,
    /// (t, readiness and taints) of nodes.
    nodes: Vec<(f64, String)>,
    /// (t, ready, terminating) of the slices, whenever the numbers change.
    endpoints: Vec<(f64, usize, usize)>,
    /// Times at which pods were asked to go.
    deletions: Vec<f64>,
    /// Every different status of the Deployment, in order.
    statuses: Vec<String>,
    revision: String,
}

#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn of(&mut self, name: &str) -> String {
        let i = self.0.iter().position(|n| n == name).unwrap_or_else(|| {
            self.0.push(name.to_string());
            self.0.len() - 1
        });
        format!("rs{i}")
    }
    /// Replaces ReplicaSet and pod names in a message.
    fn words(&mut self, message: &str) -> String {
        let one = |w: &str, names: &mut Self| -> String {
            let bare = w.trim_start_matches("t/");
            let parts: Vec<&str> = bare.split('-').collect();
            match parts.len() {
                2 if bare.starts_with("web-") => names.of(bare),
                3 if bare.starts_with("web-") => format!("{}-pod", names.of(&parts[..2].join("-"))),
                _ if w.len() == 2 && w.starts_with('n') => "node".into(),
                _ => w.to_string(),
            }
        };
        message.split(' ').map(|w| one(w, self)).collect::<Vec<_>>().join(" ")
    }
}

impl Story {
    fn told(trace: &[Value]) -> Self {
        let mut story = Self::default();
        let mut names = Names::default();
        let text = |e: &Value, k: &str| e[k].as_str().unwrap_or_default().to_string();
        // Names in order of creation, whatever order the recorder's watches delivered them in.
        for e in trace.iter().filter(|e| e["kind"] == "replicasets" && e["type"] == "ADDED") {
            names.of(&text(e, "name"));
        }
        let mut deleting: Vec<String> = Vec::new();
        for e in trace {
            let t = e["t"].as_f64().unwrap_or_default();
            match e["kind"].as_str().unwrap_or_default() {
                "events" => {
                    let message = names.words(&text(e, "message"));
                    if e["reason"] == "ScalingReplicaSet" {
                        story.scalings.push((t, message.clone()));
                    }
                    let key = format!("{} {} {}: {message}", text(e, "by"), text(e, "etype"), text(e, "reason"));
                    *story.events.entry(key).or_default() += 1;
                }
                "deployments" => {
                    let c = e["conditions"].to_string();
                    if story.conditions.last().is_none_or(|(_, last)| *last != c) {
                        story.conditions.push((t, c));
                    }
                    let s = e["status"].to_string();
                    if story.statuses.last() != Some(&s) {
                        story.statuses.push(s);
                    }
                    story.revision = e["revision"].to_string();
                }
                "nodes" => story.nodes.push((t, format!("{} {}", e["ready"], e["taints"]))),
                "endpointslices" => {
                    let of = |k: &str| e["endpoints"].as_array().into_iter().flatten().filter(|x| x[1][k] == true).count();
                    let (ready, terminating) = (of("ready"), of("terminating"));
                    if story.endpoints.last().is_none_or(|(_, r, x)| (*r, *x) != (ready, terminating)) {
                        story.endpoints.push((t, ready, terminating));
                    }
                }
                "pods" if e["deleting"] == true && !deleting.contains(&text(e, "name")) => {
                    deleting.push(text(e, "name"));
                    story.deletions.push(t);
                }
                _ => {}
            }
        }
        story
    }
}

/// Our run in the recorder's words, from the journal.
fn ours(lab: &Lab, start: SimTime) -> Vec<Value> {
    let mut out = Vec::new();
    let mut objects: BTreeMap<(String, String), Value> = BTreeMap::new();
    for r in lab.journal.records() {
        // What happened before counts towards the objects' state only.
        let told = r.at >= start;
        let t = r.at.since(start).as_secs_f64();
        if r.kind == wheelhouse::kernel::RecordType::Event {
            if &*r.object.namespace == "t" && told {
                out.push(json!({"t": t, "kind": "events", "reason": r.reason, "message": &*r.message, "by": r.actor.split(' ').next(),
                    "etype": r.data.as_ref().map(|d| d["type"].clone())}));
            }
            continue;
        }
        let kind = match &*r.object.kind {
            "Deployment" => "deployments",
            "ReplicaSet" => "replicasets",
            "EndpointSlice" => "endpointslices",
            "Node" => "nodes",
            "Pod" => "pods",
            _ => continue,
        };
        let key = (kind.to_string(), r.object.name.to_string());
        let value = objects.entry(key).or_insert_with(|| json!({}));
        for f in r.fields() {
            apply(value, &f.path, &f.to);
        }
        if !told {
            continue;
        }
        let conditions = |v: &Value, n: usize| -> Value {
            let list = v["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let fields = ["type", "status", "reason"];
            list.iter()
                .filter(|c| !c.is_null())
                .map(|c| fields[fields.len() - n..].iter().map(|f| c[f].clone()).collect::<Value>())
                .collect()
        };
        let status = |v: &Value| -> Value {
            let order = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas"];
            let some = order.iter().filter(|k| v["status"].get(**k).is_some_and(|x| !x.is_null()));
            Value::Object(some.map(|k| ((*k).to_string(), v["status"][k].clone())).collect())
        };
        let revision = value["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone();
        out.push(match kind {
            "deployments" => {
                json!({"t": t, "kind": kind, "type": r.reason, "name": &*r.object.name, "conditions": conditions(value, 3), "status": status(value), "revision": revision})
            }
            "nodes" => {
                let ready = value["status"]["conditions"].as_array().into_iter().flatten().find(|c| c["type"] == "Ready").cloned().unwrap_or_default();
                let taints: Value =
                    value["spec"]["taints"].as_array().into_iter().flatten().filter(|t| !t.is_null()).map(|t| json!([t["key"], t["effect"]])).collect();
                json!({"t": t, "kind": kind, "ready": [[ready["status"], ready["reason"]]], "taints": taints})
            }
            "endpointslices" => {
                let list = value["endpoints"].as_array().cloned().unwrap_or_default();
                let one = |e: &Value| json!([e["targetRef"]["name"], e["conditions"]]);
                json!({"t": t, "kind": kind, "endpoints": list.iter().filter(|e| !e.is_null()).map(one).collect::<Value>()})
            }
            _ => {
                json!({"t": t, "kind": kind, "type": r.reason, "name": &*r.object.name, "replicas": value["spec"]["replicas"], "status": status(value),
                    "deleting": !value["metadata"]["deletionTimestamp"].is_null()})
            }
        });
    }
    out
}

/// Sets a leaf by its dotted path (as the journal writes it).
fn apply(value: &mut Value, path: &str, to: &Value) {
    let steps = wheelhouse::document::path_steps(path);
    let mut at = value;
    for step in &steps {
        at = match step.parse::<usize>() {
            Ok(i) if !matches!(at, Value::Object(_)) => {
                if !at.is_array() {
                    *at = json!([]);
                }
                let list = at.as_array_mut().expect("made");
                while list.len() <= i {
                    list.push(Value::Null);
                }
                &mut list[i]
            }
            _ => {
                if !at.is_object() {
                    *at = json!({});
                }
                at.as_object_mut().expect("made").entry(step.clone()).or_insert(Value::Null)
            }
        };
    }
    *at = to.clone();
}

/// The recorder's machine was slow: its delays between two changes (several steps of its stand-in nodes may lie between them) stay below
/// this, and in a whole trace below a second.
const SLACK: f64 = 0.7;

fn same_times<T: PartialEq + std::fmt::Debug>(what: &str, real: &[(f64, T)], ours: &[(f64, T)]) {
    let shown = format!("{what}\nreal {real:#?}\nours {ours:#?}");
    assert_eq!(real.len(), ours.len(), "{shown}");
    let mut drift = 0.0;
    for ((t, a), (u, b)) in real.iter().zip(ours) {
        let late: f64 = (t - u) - drift;
        assert!(a == b && late.abs() <= SLACK && (t - u).abs() < 1.0, "{a:?} at {t}, ours {b:?} at {u}\n{shown}");
        drift = t - u;
    }
}

fn compare(case: &str, lab: &Lab, start: SimTime, trace: &Value) -> (Story, Story) {
    let real = Story::told(trace["events"].as_array().expect("events"));
    let mine = Story::told(&ours(lab, start));
    same_times(&format!("{case}: scalings"), &real.scalings, &mine.scalings);
    same_times(&format!("{case}: conditions"), &real.conditions, &mine.conditions);
    same_times(&format!("{case}: nodes"), &real.nodes, &mine.nodes);
    assert_eq!(real.events, mine.events, "{case}: events");
    assert_eq!(real.revision, mine.revision, "{case}: revision");
    assert_eq!(real.statuses.last(), mine.statuses.last(), "{case}: last status");
    assert_eq!(real.deletions.len(), mine.deletions.len(), "{case}: deletions");
    for (a, b) in real.deletions.iter().zip(&mine.deletions) {
        assert!((a - b).abs() < 1.0, "{case}: pods are deleted at {:?}, ours at {:?}", real.deletions, mine.deletions);
    }
    if std::env::var_os("TRACES_VERBOSE").is_some() {
        eprintln!("{case}\nreal {:#?}\nours {:#?}", real.statuses, mine.statuses);
        eprintln!("endpoints\nreal {:?}\nours {:?}", real.endpoints, mine.endpoints);
    }
    (real, mine)
}

fn steps(trace: &Value) -> Vec<f64> {
    trace["steps"].as_array().into_iter().flatten().filter_map(|s| s["t"].as_f64()).collect()
}

fn at(start: SimTime, t: f64) -> SimTime {
    start + SimDuration::from_secs_f64(t)
}

fn set_image(lab: &mut Lab, image: &str) {
    lab.patch::<Deployment>("t", "web", |d| {
        let spec = Arc::make_mut(&mut d.spec).template.spec.as_mut().expect("a pod spec");
        spec.containers[0].image = Some(image.into());
    });
}

fn scale(lab: &mut Lab, n: i32) {
    lab.patch::<Deployment>("t", "web", |d| Arc::make_mut(&mut d.spec).replicas = Some(n));
}

#[test]
fn rollout_surge_1_unavailable_0() {
    let Some(trace) = recorded("rollout-surge1-unavail0") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    let start = lab.now;
    lab.create(deployment(3, "app:v1", json!({"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}})));
    lab.run(at(start, t[1]));
    set_image(&mut lab, "app:v2");
    lab.run(at(start, 20.0));
    compare("rollout", &lab, start, &trace);
}

#[test]
fn bad_rollout_then_undo() {
    let Some(trace) = recorded("bad-rollout-then-undo") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    // Conditions keep whole seconds: what the recorder's clock read beyond a whole second moves the deadline.
    lab.run(SimTime::from_millis(2_500));
    let start = lab.now;
    lab.create(deployment(4, "app:v1", json!({"progressDeadlineSeconds": 12})));
    lab.run(at(start, t[1]));
    set_image(&mut lab, "app:never");
    lab.run(at(start, t[2]));
    set_image(&mut lab, "app:v1");
    lab.run(at(start, 40.0));
    compare("bad rollout", &lab, start, &trace);
}

#[test]
fn recreate() {
    let Some(trace) = recorded("recreate") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    let start = lab.now;
    lab.create(deployment(3, "app:v1", json!({"strategy": {"type": "Recreate"}})));
    lab.run(at(start, t[1]));
    set_image(&mut lab, "app:v2");
    lab.run(at(start, 20.0));
    compare("recreate", &lab, start, &trace);
}

#[test]
fn scale_up_and_down() {
    let Some(trace) = recorded("scale-up-down") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    let start = lab.now;
    lab.create(deployment(2, "app:v1", json!({})));
    lab.run(at(start, t[1]));
    scale(&mut lab, 8);
    lab.run(at(start, t[2]));
    scale(&mut lab, 3);
    lab.run(at(start, 20.0));
    compare("scale", &lab, start, &trace);
}

#[test]
fn self_heal() {
    let Some(trace) = recorded("self-heal") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    let start = lab.now;
    lab.create(service());
    lab.create(deployment(4, "app:v1", json!({})));
    lab.run(at(start, t[2]));
    let victim = lab.world.store().all::<Pod>().next().expect("a pod").meta.name.clone();
    lab.delete(Kind::Pod, "t", &victim, DeleteOptions::default());
    lab.run(at(start, 20.0));
    compare("self-heal", &lab, start, &trace);
}

#[test]
fn node_death() {
    let Some(trace) = recorded("node-death") else { return };
    let (mut lab, t) = (Lab::new(3), steps(&trace));
    // The recorder's lease renewals and monitor passes have phases of their own: ours are shifted to the same place.
    lab.run(SimTime::from_millis(6_190));
    let start = lab.now;
    lab.create(service());
    lab.create(deployment(6, "app:v1", json!({})));
    lab.run(at(start, t[2]));
    lab.node_dies("n1");
    lab.run(at(start, 380.0));
    let (real, mine) = compare("node death", &lab, start, &trace);
    let last = |s: &Story| s.endpoints.last().map(|(_, r, x)| (*r, *x));
    assert_eq!(last(&real), last(&mine));
}
