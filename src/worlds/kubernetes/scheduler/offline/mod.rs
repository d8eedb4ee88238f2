//! `wheelhouse schedule`: the scheduler over a cluster read from files. Bytes in, text out; whoever calls reads and prints.

mod absent;
mod amounts;
mod annotations;
pub mod cluster;
mod details;
mod fresh;
mod load;
mod resized;
#[cfg(test)]
mod tests;
mod text;
mod whatif;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::document::nearest;
use crate::worlds::Output;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::Pod;

use super::decision::Decision;
use super::pod::PodInfo;
use super::profile::Profile;

pub use cluster::Cluster;
pub(super) use details::{detail, short};
pub use load::{Loaded, load};
pub use text::Style;
pub use whatif::WhatIf;
pub(super) use whatif::explore;

/// What is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
    /// The annotation keys of kube-scheduler-simulator.
    Annotations,
}

/// One run of the command.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Names and contents of the files given with `-f`.
    pub files: Vec<(String, Vec<u8>)>,
    /// `NS/NAME` or `NAME`; None = all waiting pods in queue order.
    pub pod: Option<String>,
    pub format: Format,
    /// `PLUGIN=WEIGHT`, `PLUGIN=off`, `OPTION=VALUE`
    pub set: Vec<String>,
    pub style: Style,
}

/// So many repeated objects are named.
const REPEATS_SHOWN: usize = 5;

/// Answers the command. Exit status 2 and a message on stderr if the input is bad; otherwise 0.
pub fn schedule(request: &Request) -> Output {
    match answer(request) {
        Ok((stdout, stderr)) => Output { stdout, stderr, exit: 0, running: false },
        Err(message) => Output { stdout: String::new(), stderr: message, exit: 2, running: false },
    }
}

/// stdout and stderr, or the complaint.
fn answer(request: &Request) -> Result<(String, String), String> {
    let mut profile = Profile { keep_raw_scores: request.format == Format::Annotations, ..Profile::default() };
    for setting in &request.set {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| format!("error: --set {}: expected PLUGIN=WEIGHT, PLUGIN=off or OPTION=VALUE\n", printable(setting)))?;
        // The table's words are understood too. What comes from outside is in the complaint more than once.
        let (name, value) = (printable(name.trim()), printable(value.trim()));
        let name = details::long(&name).unwrap_or(&name);
        profile.set(name, &value).map_err(|e| format!("error: --set {}: {e}\n", printable(setting)))?;
    }
    let loaded = load(&request.files, request.style.colour)?;
    let mut notes = String::new();
    for (kind, n) in &loaded.ignored {
        notes.push_str(&format!("note: ignored {n} of unknown kind {}\n", printable(kind)));
    }
    for (what, times) in loaded.repeated.iter().take(REPEATS_SHOWN) {
        notes.push_str(&format!("note: {what} is there {times} times; the last one counts\n"));
    }
    if let Some(more) = loaded.repeated.len().checked_sub(REPEATS_SHOWN).filter(|n| *n > 0) {
        notes.push_str(&format!("note: {more} more objects are there more than once\n"));
    }
    for what in &loaded.added {
        notes.push_str(&format!("note: {what}\n"));
    }
    for what in absent::notes(&loaded.objects) {
        notes.push_str(&format!("note: {what}\n"));
    }
    let mut cluster = Cluster::new(&loaded.objects, profile);
    let report = match &request.pod {
        Some(name) => {
            let (pod, note) = find(&mut cluster, name)?;
            notes.push_str(&note);
            one(&mut cluster, &pod, request)
        }
        None => all(&mut cluster, request),
    };
    Ok((report, notes))
}

/// Text from outside, of a length to read, that does nothing to a terminal.
fn printable(text: &str) -> String {
    const SHOWN: usize = 300;
    let mut safe: String = text.chars().take(SHOWN).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        safe.push('…');
    }
    safe
}

/// The pod a person means. A placed one is taken off its node first.
fn find(cluster: &mut Cluster, name: &str) -> Result<(Arc<PodInfo>, String), String> {
    // `pod/web`, as kubectl prints it, is web.
    let name = ["pod/", "pods/", "po/"].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name);
    let (namespace, short) = name.split_once('/').map_or((None, name), |(ns, n)| (Some(ns), n));
    let matching: Vec<&Key> = cluster.pods.iter().filter(|k| *k.name == *short && namespace.is_none_or(|ns| *k.namespace == *ns)).collect();
    let key = match matching.as_slice() {
        [one] => Key::clone(one),
        [] => {
            let near = nearest_pods(cluster, name);
            let hint = match near.as_slice() {
                [] => cluster.pods.first().map_or(String::new(), |k| format!("; there is for example {k}")),
                near => format!("; did you mean {}?", near.join(" or ")),
            };
            let among = match cluster.pods.len() {
                0 => "; there are no pods in the input".into(),
                1 => " in the input".into(),
                n => format!(" among the {n} in the input"),
            };
            return Err(format!("error: there is no pod '{}'{among}{hint}\n", printable(name)));
        }
        many => {
            let names: Vec<String> = many.iter().map(ToString::to_string).collect();
            return Err(format!("error: several pods are called '{name}': {}\n", names.join(", ")));
        }
    };
    if let Some(p) = cluster.pending.iter().find(|p| p.key() == key) {
        return Ok((p.clone(), String::new()));
    }
    match cluster.cache.placed(&key).cloned() {
        Some((node, info)) => {
            cluster.cache.take_pod(&key);
            // Scheduled anew it would not name the node that it is on.
            let free = Pod { node: None, ..Pod::clone(&info.pod) };
            let info = Arc::new(PodInfo { pod: Arc::new(free), ..PodInfo::clone(&info) });
            Ok((info, format!("note: {key} is on {node}; this is where it would go if it were scheduled now\n")))
        }
        None => {
            let why = cluster.passed_over.get(&key).map_or("is not in the queue", String::as_str);
            Err(format!("error: pod {key} {why}\n"))
        }
    }
}

/// The pods that a person may have meant: the same name in another namespace, pods of that workload, then what is written alike.
fn nearest_pods(cluster: &Cluster, name: &str) -> Vec<String> {
    const NAMED: usize = 3;
    // People name pods with or without their namespace.
    let full = name.contains('/');
    let short = name.rsplit('/').next().unwrap_or(name);
    let said = |k: &Key| if full { k.to_string() } else { k.name.to_string() };
    let begins = |k: &&Key| k.name.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let mut near: Vec<String> = cluster.pods.iter().filter(begins).map(said).take(NAMED).collect();
    let mut left: Vec<String> = cluster.pods.iter().map(said).filter(|n| !near.contains(n)).collect();
    while near.len() < NAMED
        && let Some(next) = nearest(name, left.iter().map(String::as_str)).map(str::to_string)
    {
        left.retain(|n| *n != next);
        near.push(next);
    }
    near
}

/// A pod that a plugin keeps out of the queue.
fn gated(cluster: &Cluster, pod: &PodInfo) -> Option<Decision> {
    let reason = cluster.gate(pod)?;
    Some(Decision {
        pod: pod.key(),
        // pkg/registry/core/pod/strategy.go writes this into the PodScheduled condition at creation.
        message: "Scheduling is blocked due to non-empty scheduling gates".into(),
        pre_filter: Some(("SchedulingGates", vec![reason])),
        cluster_size: cluster.cache.node_count(),
        ..Decision::default()
    })
}

fn one(cluster: &mut Cluster, pod: &Arc<PodInfo>, request: &Request) -> String {
    // What-ifs start from where the decision started.
    let before = cluster.clone();
    let decision = gated(cluster, pod).unwrap_or_else(|| cluster.decide(pod).1);
    match request.format {
        Format::Json => pretty(&decision.to_json()),
        Format::Annotations => {
            let steps = cluster.pre_filters(pod);
            pretty(&annotations::annotations(&decision, &steps, cluster))
        }
        Format::Text => {
            let whatif = whatif::explore(&before, pod, &decision);
            text::report(&decision, pod, cluster, &whatif, request.style)
        }
    }
}

/// All waiting pods, one after the other, each seeing what the ones before it took.
fn all(cluster: &mut Cluster, request: &Request) -> String {
    let pods = cluster.pending.clone();
    if pods.is_empty() && request.format == Format::Text {
        return "no pod waits for a node\n".into();
    }
    let mut texts = String::new();
    let mut values: Vec<Value> = vec![];
    for pod in &pods {
        // Explored before the cluster moves on.
        let before = (request.format == Format::Text && pods.len() <= EXPLORED).then(|| cluster.clone());
        let steps = if request.format == Format::Annotations { cluster.pre_filters(pod) } else { vec![] };
        let decision = gated(cluster, pod).unwrap_or_else(|| cluster.advance(pod));
        match request.format {
            Format::Json => values.push(decision.to_json()),
            Format::Annotations => {
                values.push(json!({"pod": decision.pod.to_string(), "annotations": annotations::annotations(&decision, &steps, cluster)}));
            }
            Format::Text => match before {
                Some(before) => {
                    let whatif = whatif::explore(&before, pod, &decision);
                    if !texts.is_empty() {
                        texts.push('\n');
                    }
                    // Whoever decides counts what the pod's rules ask for; the report tells these numbers.
                    let mut counted = before.clone();
                    counted.decide(pod);
                    texts.push_str(&text::report(&decision, pod, &counted, &whatif, request.style));
                }
                None => texts.push_str(&text::brief(&decision, request.style)),
            },
        }
    }
    if pods.len() > EXPLORED {
        texts.push_str(" --pod NAMESPACE/NAME shows the numbers behind one of them\n");
    }
    if request.format == Format::Text { texts } else { pretty(&Value::Array(values)) }
}

/// With more waiting pods than this, each gets its verdict only.
const EXPLORED: usize = 5;

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
