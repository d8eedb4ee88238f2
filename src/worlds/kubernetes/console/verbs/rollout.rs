//! `kubectl rollout status|history|undo|restart|pause|resume`
//! Follows: kubectl/pkg/polymorphichelpers/{rollout_status,history,rollback,objectrestarter,objectpauser}.go; reference 1.10, 9.7.

use serde_json::{Map, Value, json};

use crate::kernel::{SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::{self, Kind};

use super::super::args::{Args, Flag, optional, short_flag, short_text, text};
use super::super::describe;
use super::super::print::tabs;
use super::super::resource;
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Item, Shell, int_at, list_at, pairs_at, plain, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_flag("watch", 'w'),
    text("timeout"),
    text("revision"),
    text("to-revision"),
    short_text("selector", 'l'),
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
];

/// pkg/controller/deployment/util/deployment_util.go
pub(in super::super) const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
const HASH: &str = "pod-template-hash";
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";
/// Annotations of a ReplicaSet that a rollback does not bring back (polymorphichelpers/rollback.go, annotationsToSkip).
const NOT_ROLLED_BACK: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn targets(sh: &mut Shell, args: &Args) -> Result<Vec<Item>, Failure> {
    if args.words.is_empty() && !args.has("filename") {
        return Err(Failure::error("required resource not specified"));
    }
    if !args.has("filename") && !args.has("selector") && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    resource::find(sh, args, &args.words)?.strict()
}

fn group_kind(kind: Kind) -> String {
    let i = kind.info();
    if i.group.is_empty() { i.kind.into() } else { format!("{}.{}", i.kind, i.group) }
}

/// `deployments.apps "web"`
fn resource_name(item: &Item) -> String {
    format!("{} \"{}\"", item.kind.info().resource(), item.name())
}

pub(in super::super) fn status(sh: &mut Shell, args: &Args) -> Done {
    let items = targets(sh, args)?;
    let [item] = items.as_slice() else {
        return Err(Failure::error(
            "rollout status is only supported on individual resources and resource collections - 0 resources were found",
        ));
    };
    if !matches!(item.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
        return Err(Failure::error(format_args!("no status viewer has been implemented for {}", group_kind(item.kind))));
    }
    let timeout = args.get("timeout").map(SimDuration::parse).transpose().map_err(Failure::error)?.filter(|t| *t > SimDuration::ZERO);
    let end = timeout.map(|t| sh.now() + t);
    let watch = args.on_by_default("watch");
    running::start(sh, Follow { kind: item.kind, key: item.key(), revision: args.int("revision").unwrap_or(0), end, watch })
}

/// One look at a rollout: the line to print and whether it is over.
fn look(item: &Value, kind: Kind, revision: i64) -> Result<(String, bool), Failure> {
    let name = text_at(item, "metadata.name");
    let s = |k: &str| int_at(&item["status"], k);
    let wanted = item["spec"]["replicas"].as_i64().unwrap_or(1);
    let observed = int_at(item, "metadata.generation") <= s("observedGeneration");
    match kind {
        Kind::Deployment => {
            if revision > 0 {
                let now: i64 = item["metadata"]["annotations"][REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or(0);
                if revision != now {
                    return Err(Failure::error(format_args!(
                        "desired revision ({revision}) is different from the running revision ({now})"
                    )));
                }
            }
            if !observed {
                return Ok(("Waiting for deployment spec update to be observed...".into(), false));
            }
            let stuck =
                list_at(item, "status.conditions").iter().any(|c| c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded");
            if stuck {
                return Err(Failure::error(format_args!("deployment \"{name}\" exceeded its progress deadline")));
            }
            let (updated, all, available) = (s("updatedReplicas"), s("replicas"), s("availableReplicas"));
            let head = format!("Waiting for deployment \"{name}\" rollout to finish:");
            Ok(if updated < wanted {
                (format!("{head} {updated} out of {wanted} new replicas have been updated..."), false)
            } else if all > updated {
                (format!("{head} {} old replicas are pending termination...", all - updated), false)
            } else if available < updated {
                (format!("{head} {available} of {updated} updated replicas are available..."), false)
            } else {
                (format!("deployment \"{name}\" successfully rolled out"), true)
            })
        }
        Kind::DaemonSet => {
            if text_at(item, "spec.updateStrategy.type") != "RollingUpdate" {
                return Err(Failure::error("rollout status is only available for RollingUpdate strategy type"));
            }
            if !observed {
                return Ok(("Waiting for daemon set spec update to be observed...".into(), false));
            }
            let (updated, desired, available) = (s("updatedNumberScheduled"), s("desiredNumberScheduled"), s("numberAvailable"));
            let head = format!("Waiting for daemon set \"{name}\" rollout to finish:");
            Ok(if updated < desired {
                (format!("{head} {updated} out of {desired} new pods have been updated..."), false)
            } else if available < desired {
                (format!("{head} {available} of {desired} updated pods are available..."), false)
            } else {
                (format!("daemon set \"{name}\" successfully rolled out"), true)
            })
        }
        _ => {
            if text_at(item, "spec.updateStrategy.type") != "RollingUpdate" {
                return Err(Failure::error("rollout status is only available for RollingUpdate strategy type"));
            }
            if s("observedGeneration") == 0 || !observed {
                return Ok(("Waiting for statefulset spec update to be observed...".into(), false));
            }
            let partition = int_at(item, "spec.updateStrategy.rollingUpdate.partition");
            if s("readyReplicas") < wanted {
                return Ok((format!("Waiting for {} pods to be ready...", wanted - s("readyReplicas")), false));
            }
            if partition > 0 {
                return Ok(if s("updatedReplicas") < wanted - partition {
                    let n = wanted - partition;
                    (
                        format!(
                            "Waiting for partitioned roll out to finish: {} out of {n} new pods have been updated...",
                            s("updatedReplicas")
                        ),
                        false,
                    )
                } else {
                    (format!("partitioned roll out complete: {} new pods have been updated...", s("updatedReplicas")), true)
                });
            }
            let (current, update) = (text_at(item, "status.currentRevision"), text_at(item, "status.updateRevision"));
            Ok(if current != update {
                let n = s("updatedReplicas");
                (format!("waiting for statefulset rolling update to complete {n} pods at revision {update}..."), false)
            } else {
                (format!("statefulset rolling update complete {} pods at revision {current}...", s("currentReplicas")), true)
            })
        }
    }
}

/// `rollout status`, waiting.
#[derive(Clone, Debug)]
struct Follow {
    kind: Kind,
    key: Key,
    revision: i64,
    end: Option<SimTime>,
    watch: bool,
}

impl Follow {
    fn check(&self, io: &mut Io, ctl: &Ctl) {
        let Some(object) = ctl.api.store.get(self.kind, &self.key) else {
            io.fail(&Failure::error("object has been deleted"));
            return;
        };
        match look(&kinds::to_json_at(object, ctl.api.epoch), self.kind, self.revision) {
            Ok((line, over)) => {
                io.say(line);
                if over || !self.watch {
                    io.done();
                }
            }
            Err(f) => io.fail(&f),
        }
    }
}

impl Ongoing for Follow {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, io: &mut Io, ctl: &mut Ctl) {
        self.check(io, ctl);
        if let Some(end) = self.end {
            io.wake_after(end - ctl.cx.now);
        }
    }
    fn observe(&mut self, event: &WatchEvent, io: &mut Io, ctl: &mut Ctl) {
        // kubectl prints a line for every change of the object, even if it is the same line.
        if event.kind() == self.kind && event.object().key() == self.key {
            let Some(new) = &event.new else {
                io.fail(&Failure::error("object has been deleted"));
                return;
            };
            match look(&kinds::to_json_at(new, ctl.api.epoch), self.kind, self.revision) {
                Ok((line, over)) => {
                    io.say(line);
                    if over {
                        io.done();
                    }
                }
                Err(f) => io.fail(&f),
            }
        }
    }
    fn tick(&mut self, io: &mut Io, _: &mut Ctl) {
        io.fail(&Failure::error("timed out waiting for the condition"));
    }
}

/// The ReplicaSets of a Deployment with their revisions, lowest first.
fn revisions(sh: &Shell, deployment: &Item) -> Vec<(i64, Item)> {
    let uid: Name = deployment.object.meta().uid.clone();
    let mut out: Vec<(i64, Item)> = sh
        .list(Kind::ReplicaSet, Some(deployment.namespace()))
        .into_iter()
        .filter(|rs| rs.object.meta().controller().is_some_and(|c| c.uid == uid))
        .filter_map(|rs| Some((rs.object.meta().annotation(REVISION)?.parse().ok()?, rs)))
        .collect();
    out.sort_by_key(|(n, _)| *n);
    out
}

pub(in super::super) fn history(sh: &mut Shell, args: &Args) -> Done {
    for item in targets(sh, args)? {
        if !matches!(item.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
            return Err(Failure::error(format_args!("no history viewer has been implemented for \"{}\"", group_kind(item.kind))));
        }
        let all = if item.kind == Kind::Deployment { revisions(sh, &item) } else { Vec::new() };
        let wanted = args.int("revision").unwrap_or(0);
        if wanted < 0 {
            return Err(Failure::error(format_args!("revision must be a positive integer: {wanted}")));
        }
        if wanted > 0 {
            let Some((_, rs)) = all.iter().find(|(n, _)| *n == wanted) else {
                return Err(Failure::error("unable to find the specified revision"));
            };
            sh.say(format!("{} with revision #{wanted}", item.title()));
            let mut w = describe::Writer::default();
            let mut template = rs.json["spec"]["template"].clone();
            if let Some(cause) = rs.object.meta().annotation(CHANGE_CAUSE) {
                template["metadata"]["annotations"][CHANGE_CAUSE] = cause.into();
            }
            describe::pod_template(&mut w, &template);
            // Upstream does not lay this text out: the tabs stay.
            sh.say(w.raw());
            continue;
        }
        sh.say(format!("{} ", item.title()));
        if all.is_empty() {
            sh.say("No rollout history found.");
            continue;
        }
        let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
        for (n, rs) in &all {
            text.push_str(&format!("{n}\t{}\n", rs.object.meta().annotation(CHANGE_CAUSE).filter(|c| !c.is_empty()).unwrap_or("<none>")));
        }
        sh.say(tabs::layout(&text, tabs::DESCRIBE));
    }
    Ok(())
}

fn without_hash(template: &Value) -> Value {
    let mut out = template.clone();
    if let Some(labels) = out["metadata"]["labels"].as_object_mut() {
        labels.shift_remove(HASH);
    }
    if let Some(m) = out["metadata"].as_object_mut() {
        m.shift_remove("creationTimestamp");
    }
    out
}

pub(in super::super) fn undo(sh: &mut Shell, args: &Args) -> Done {
    for item in targets(sh, args)? {
        if !matches!(item.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
            return Err(Failure::error(format_args!("no rollbacker has been implemented for \"{}\"", group_kind(item.kind))));
        }
        let to = args.int("to-revision").unwrap_or(0);
        if to < 0 {
            return Err(Failure::error(format_args!("unable to find specified revision {to} in history")));
        }
        let all = if item.kind == Kind::Deployment { revisions(sh, &item) } else { Vec::new() };
        let none = || {
            let word = match item.kind {
                Kind::DaemonSet => "daemon set",
                Kind::StatefulSet => "statefulset",
                _ => "deployment",
            };
            Failure::error(format_args!("no rollout history found for {word} \"{}\"", item.name()))
        };
        let chosen = if to > 0 {
            all.iter()
                .find(|(n, _)| *n == to)
                .ok_or_else(|| Failure::error(format_args!("unable to find specified revision {to} in history")))?
        } else {
            all.len().checked_sub(2).and_then(|i| all.get(i)).ok_or_else(none)?
        };
        if args.get("dry-run").is_some_and(|d| d != "none") {
            let mut w = describe::Writer::default();
            describe::pod_template(&mut w, &chosen.1.json["spec"]["template"]);
            sh.say(format!("{} {} (dry run)", item.title(), w.raw()));
            continue;
        }
        if item.json["spec"]["paused"] == true {
            return Err(Failure::error(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
            ));
        }
        let (revision, rs) = chosen;
        if without_hash(&rs.json["spec"]["template"]) == without_hash(&item.json["spec"]["template"]) {
            sh.say(format!("{} skipped rollback (current template already matches revision {revision})", item.title()));
            continue;
        }
        let mut annotations = Map::new();
        for (k, v) in pairs_at(&item.json, "metadata.annotations").into_iter().filter(|(k, _)| NOT_ROLLED_BACK.contains(k)) {
            annotations.insert(k.into(), v.into());
        }
        for (k, v) in pairs_at(&rs.json, "metadata.annotations").into_iter().filter(|(k, _)| !NOT_ROLLED_BACK.contains(k)) {
            annotations.insert(k.into(), v.into());
        }
        let mut value = item.json.clone();
        value["spec"]["template"] = without_hash(&rs.json["spec"]["template"]);
        value["metadata"]["annotations"] = annotations.into();
        sh.replace(&value, &format!("kubectl rollout undo: template of revision {revision}"))?;
        sh.say(format!("{} rolled back", item.title()));
    }
    Ok(())
}

pub(in super::super) fn restart(sh: &mut Shell, args: &Args) -> Done {
    for item in targets(sh, args)? {
        if !matches!(item.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet) {
            sh.complain(&Failure::error(format_args!("{} restarting is not supported", resource_name(&item))));
            continue;
        }
        if item.json["spec"]["paused"] == true {
            sh.complain(&Failure::error(format_args!(
                "{} can't restart paused deployment (run rollout resume first)",
                resource_name(&item)
            )));
            continue;
        }
        let at = sh.epoch().rfc3339(sh.now());
        let body = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED: at}}}}});
        sh.merge(&item, &body, "kubectl rollout restart: a new annotation on the pod template")?;
        sh.say(format!("{} restarted", item.title()));
    }
    Ok(())
}

fn set_paused(sh: &mut Shell, args: &Args, paused: bool) -> Done {
    for item in targets(sh, args)? {
        let (word, done, already) = if paused { ("pausing", "paused", "already paused") } else { ("resuming", "resumed", "not paused") };
        if item.kind != Kind::Deployment {
            sh.complain(&Failure::error(format_args!("{} {word} is not supported", resource_name(&item))));
            continue;
        }
        if (plain(&item.json["spec"]["paused"]) == "true") == paused {
            sh.complain(&Failure::error(format_args!("{} is {already}", resource_name(&item))));
            continue;
        }
        let value = if paused { json!(true) } else { Value::Null };
        sh.merge(&item, &json!({"spec": {"paused": value}}), &format!("kubectl rollout {}", if paused { "pause" } else { "resume" }))?;
        sh.say(format!("{} {done}", item.title()));
    }
    Ok(())
}

pub(in super::super) fn pause(sh: &mut Shell, args: &Args) -> Done {
    set_paused(sh, args, true)
}

pub(in super::super) fn resume(sh: &mut Shell, args: &Args) -> Done {
    set_paused(sh, args, false)
}
