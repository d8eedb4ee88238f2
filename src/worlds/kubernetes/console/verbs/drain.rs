//! `kubectl cordon`, `uncordon`, `drain`
//! Follows: kubectl/pkg/drain/{drain,filters,cordon}.go; reference 2.8 and 9.3.

use serde_json::json;

use crate::kernel::{SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions};

use super::super::args::{Args, Flag, flag, optional, short_text, text};
use super::super::labels::Labels;
use super::super::resource;
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Item, Shell};
use crate::worlds::kubernetes::eviction;

pub(in super::super) const CORDON: &[Flag] = &[short_text("selector", 'l'), optional("dry-run", "unchanged")];
pub(in super::super) const FLAGS: &[Flag] = &[
    flag("ignore-daemonsets"),
    flag("delete-emptydir-data"),
    flag("delete-local-data"),
    flag("force"),
    flag("disable-eviction"),
    text("grace-period"),
    text("timeout"),
    text("pod-selector"),
    text("skip-wait-for-delete-timeout"),
    text("chunk-size"),
    short_text("selector", 'l'),
    optional("dry-run", "unchanged"),
];

/// drain.go: a refused eviction is tried again after so long.
const RETRY: SimDuration = SimDuration::from_secs(5);
/// drain.go, waitForDelete: how often it looks whether a pod is gone.
const LOOK: SimDuration = SimDuration::from_secs(1);

fn nodes(sh: &mut Shell, args: &Args, verb: &str) -> Result<Vec<Item>, Failure> {
    if args.words.is_empty() && !args.has("selector") {
        return Err(Failure::error(format_args!("USAGE: {verb} NODE [flags]\nSee 'kubectl {verb} -h' for help and examples")));
    }
    if !args.words.is_empty() && args.has("selector") {
        let what = "error: cannot specify both a node name and a --selector option";
        return Err(Failure::error(format_args!("{what}\nSee 'kubectl {verb} -h' for help and examples")));
    }
    let mut words = vec!["nodes".to_string()];
    words.extend(
        args.words
            .iter()
            .filter(|w| !matches!(w.as_str(), "node" | "nodes" | "no"))
            .map(|w| w.trim_start_matches("node/").trim_start_matches("nodes/").to_string()),
    );
    let found = resource::find(sh, args, &words)?;
    for f in &found.missing {
        sh.complain(f);
    }
    // A selector that picks no node is no error: nothing is done, and nothing said (drain.go, Complete).
    if found.items.is_empty() && !found.missing.is_empty() {
        return Err(Failure { text: String::new(), exit: 1 });
    }
    Ok(found.items)
}

fn set(sh: &mut Shell, args: &Args, item: &Item, unschedulable: bool) -> Done {
    let word = if unschedulable { "cordoned" } else { "uncordoned" };
    let dry = args.get("dry-run").is_some_and(|d| d != "none");
    let suffix = if dry { " (dry run)" } else { "" };
    if (item.json["spec"]["unschedulable"] == true) == unschedulable {
        sh.say(format!("{} already {word}{suffix}", item.title()));
        return Ok(());
    }
    if !dry {
        let value = if unschedulable { json!(true) } else { serde_json::Value::Null };
        let why = format!("kubectl {}", if unschedulable { "cordon: no new pods here" } else { "uncordon: pods may come again" });
        sh.merge(item, &json!({"spec": {"unschedulable": value}}), &why)?;
    }
    sh.say(format!("{} {word}{suffix}", item.title()));
    Ok(())
}

pub(in super::super) fn cordon(sh: &mut Shell, args: &Args) -> Done {
    for n in nodes(sh, args, "cordon")? {
        set(sh, args, &n, true)?;
    }
    Ok(())
}

pub(in super::super) fn uncordon(sh: &mut Shell, args: &Args) -> Done {
    for n in nodes(sh, args, "uncordon")? {
        set(sh, args, &n, false)?;
    }
    Ok(())
}

/// What the filters say of one pod.
enum Verdict {
    Evict,
    Skip,
    /// Skipped, with a warning of this group.
    SkipTelling(&'static str),
    /// Evicted, with a warning.
    EvictTelling(&'static str),
    Refuse(&'static str),
}

fn judge(sh: &Shell, args: &Args, item: &Item) -> Verdict {
    let Object::Pod(pod) = &item.object else { return Verdict::Skip };
    let finished = pod.is_finished();
    let controller = pod.meta.controller();
    if let Some(owner) = controller.filter(|o| &*o.kind == "DaemonSet") {
        let exists = sh.find(Kind::DaemonSet, &Key::new(pod.meta.namespace.clone(), owner.name.clone())).is_some();
        if exists || !args.on("force") {
            return match (finished, args.on("ignore-daemonsets")) {
                (true, _) => Verdict::Evict,
                (_, true) => Verdict::SkipTelling("ignoring DaemonSet-managed Pods"),
                _ => Verdict::Refuse("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"),
            };
        }
    }
    if pod.meta.annotation("kubernetes.io/config.mirror").is_some() {
        return Verdict::Skip;
    }
    if finished {
        return Verdict::Evict;
    }
    let local = pod.spec.volumes.iter().flatten().any(|v| v.empty_dir.is_some());
    let mut verdict = Verdict::Evict;
    if local {
        if !args.on("delete-emptydir-data") && !args.on("delete-local-data") {
            return Verdict::Refuse("cannot delete Pods with local storage (use --delete-emptydir-data to override)");
        }
        verdict = Verdict::EvictTelling("deleting Pods with local storage");
    }
    if controller.is_none() {
        if !args.on("force") {
            return Verdict::Refuse("cannot delete Pods that declare no controller (use --force to override)");
        }
        verdict = Verdict::EvictTelling("deleting Pods that declare no controller");
    }
    verdict
}

fn group(list: &mut Vec<(&'static str, Vec<String>)>, head: &'static str, name: String) {
    match list.iter_mut().find(|(h, _)| *h == head) {
        Some((_, names)) => names.push(name),
        None => list.push((head, vec![name])),
    }
}

fn groups(mut list: Vec<(&'static str, Vec<String>)>, join: &str) -> String {
    list.sort();
    list.into_iter().map(|(h, names)| format!("{h}: {}", names.join(", "))).collect::<Vec<_>>().join(join)
}

pub(in super::super) fn drain(sh: &mut Shell, args: &Args) -> Done {
    let nodes = nodes(sh, args, "drain")?;
    for n in &nodes {
        set(sh, args, n, true)?;
    }
    let pod_labels = Labels::parse(args.get("pod-selector").unwrap_or_default()).map_err(Failure::error)?;
    let mut rounds = Vec::new();
    for n in &nodes {
        let pods: Vec<Item> = sh
            .list(Kind::Pod, None)
            .into_iter()
            .filter(|p| matches!(&p.object, Object::Pod(pod) if pod.node.as_deref() == Some(n.name())) && pod_labels.matches(p))
            .collect();
        let (mut refusals, mut warnings, mut evict) = (Vec::new(), Vec::new(), Vec::new());
        for p in pods {
            let name = format!("{}/{}", p.namespace(), p.name());
            match judge(sh, args, &p) {
                Verdict::Evict => evict.push(p),
                Verdict::Skip => {}
                Verdict::SkipTelling(head) => group(&mut warnings, head, name),
                Verdict::EvictTelling(head) => {
                    group(&mut warnings, head, name);
                    evict.push(p);
                }
                Verdict::Refuse(head) => group(&mut refusals, head, name),
            }
        }
        if !refusals.is_empty() {
            let why = groups(refusals, "\n");
            sh.warn(format!("error: unable to drain node \"{}\" due to error: {}, continuing command...", n.name(), bracket(&why)));
            sh.warn("There are pending nodes to be drained:");
            sh.warn(format!(" {}", n.name()));
            return Err(Failure::new(why));
        }
        if !warnings.is_empty() {
            sh.warn(format!("Warning: {}", groups(warnings, "; ")));
        }
        rounds.push((Name::from(n.name()), evict));
    }
    if args.get("dry-run").is_some_and(|d| d != "none") {
        for (node, pods) in rounds {
            for p in pods {
                sh.say(format!("evicting pod {}/{} (dry run)", p.namespace(), p.name()));
            }
            sh.say(format!("node/{node} drained (dry run)"));
        }
        return Ok(());
    }
    let timeout = args.get("timeout").map(SimDuration::parse).transpose().map_err(Failure::error)?.filter(|t| *t > SimDuration::ZERO);
    let rounds = rounds
        .into_iter()
        .map(|(node, pods)| Round {
            node,
            pods: pods
                .into_iter()
                .map(|p| Victim { key: p.key(), uid: p.object.meta().uid.clone(), state: Progress::Due(SimTime::ZERO) })
                .collect(),
        })
        .collect();
    let drain = Drain {
        rounds,
        grace_s: args.int("grace-period").filter(|g| *g >= 0),
        plain_delete: args.on("disable-eviction"),
        end: timeout.map(|t| (sh.now() + t, t)),
    };
    running::start(sh, drain)
}

fn bracket(text: &str) -> String {
    if text.contains('\n') { format!("[{}]", text.replace('\n', ", ")) } else { text.to_string() }
}

#[derive(Clone, Debug)]
struct Round {
    node: Name,
    pods: Vec<Victim>,
}

#[derive(Clone, Debug)]
struct Victim {
    key: Key,
    uid: Name,
    state: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// To be evicted at this time.
    Due(SimTime),
    /// Evicted; not gone yet. Next look at this time.
    Waiting(SimTime),
    Gone,
}

/// One node after the other, the pods of each at the same time.
#[derive(Clone, Debug)]
struct Drain {
    rounds: Vec<Round>,
    grace_s: Option<i64>,
    plain_delete: bool,
    end: Option<(SimTime, SimDuration)>,
}

impl Drain {
    fn go_on(&mut self, io: &mut Io, ctl: &mut Ctl) {
        while let Some(round) = self.rounds.first_mut() {
            for v in &mut round.pods {
                step(v, self.grace_s, self.plain_delete, io, ctl);
                if io.is_over() {
                    return;
                }
            }
            if round.pods.iter().all(|v| v.state == Progress::Gone) {
                io.say(format!("node/{} drained", round.node));
                self.rounds.remove(0);
                continue;
            }
            if let Some((end, limit)) = self.end.filter(|(e, _)| *e <= ctl.cx.now) {
                let _ = end;
                let left: Vec<String> = self.rounds.iter().map(|r| format!(" {}", r.node)).collect();
                io.warn("There are pending nodes to be drained:");
                left.iter().for_each(|l| io.warn(l));
                io.fail(&Failure::error(format_args!("drain did not complete within {limit}")));
                return;
            }
            let now = ctl.cx.now;
            let next = round.pods.iter().filter_map(|v| match v.state {
                Progress::Due(at) | Progress::Waiting(at) => Some(at),
                Progress::Gone => None,
            });
            let next = next.chain(self.end.map(|(e, _)| e)).filter(|at| *at > now).min();
            if let Some(at) = next {
                io.wake_after(at - now);
            }
            return;
        }
        io.done();
    }
}

/// What happens to one pod now.
fn step(v: &mut Victim, grace_s: Option<i64>, plain_delete: bool, io: &mut Io, ctl: &mut Ctl) {
    let now = ctl.cx.now;
    let there = ctl.api.store.typed::<Pod>(&v.key).filter(|p| p.meta.uid == v.uid).cloned();
    match (v.state, there) {
        (Progress::Due(at), Some(pod)) if at <= now => {
            io.say(format!("evicting pod {}", v.key));
            let options = DeleteOptions { grace_s, ..DeleteOptions::default() };
            let result = if plain_delete {
                ctl.delete(Kind::Pod, &v.key, options, "kubectl drain")
            } else {
                eviction::evict(ctl, &pod, options, "kubectl drain")
            };
            match result {
                Ok(()) => v.state = Progress::Waiting(now + LOOK),
                Err(e) if e.code == 404 => v.state = Progress::Gone,
                Err(e) if e.code == 429 => {
                    io.warn(format!(
                        "error when evicting pods/\"{}\" -n \"{}\" (will retry after 5s): {}",
                        v.key.name, v.key.namespace, e.message
                    ));
                    v.state = Progress::Due(now + RETRY);
                }
                Err(e) => io.fail(&Failure::error(format_args!(
                    "error when evicting pods/\"{}\" -n \"{}\": {}",
                    v.key.name, v.key.namespace, e.message
                ))),
            }
        }
        (Progress::Due(at), None) if at <= now => v.state = Progress::Gone,
        (Progress::Waiting(at), None) if at <= now => {
            io.say(format!("pod/{} evicted", v.key.name));
            v.state = Progress::Gone;
        }
        (Progress::Waiting(at), Some(_)) if at <= now => v.state = Progress::Waiting(now + LOOK),
        _ => {}
    }
}

impl Ongoing for Drain {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, io: &mut Io, ctl: &mut Ctl) {
        self.go_on(io, ctl);
    }
    fn observe(&mut self, _: &WatchEvent, _: &mut Io, _: &mut Ctl) {}
    fn tick(&mut self, io: &mut Io, ctl: &mut Ctl) {
        self.go_on(io, ctl);
    }
}
