//! `describe` of Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs.

use serde_json::Value;

use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{Pod, PodPhase};
use crate::worlds::kubernetes::kinds::Kind;

use super::super::print::age;
use super::super::print::cells::label_selector;
use super::super::shell::{Item, int_at, list_at, plain, text_at};
use super::{Scene, Writer, annotations, controlled_by, created, events, labels, pod_template};

/// Pods of a controller by phase: running, waiting, succeeded, failed.
fn phases(scene: &Scene, item: &Item) -> [usize; 4] {
    let uid: &Name = &item.object.meta().uid;
    let mut n = [0; 4];
    for pod in scene.api.store.owned_by::<Pod>(uid) {
        match pod.status.phase {
            PodPhase::Running => n[0] += 1,
            PodPhase::Pending => n[1] += 1,
            PodPhase::Succeeded => n[2] += 1,
            PodPhase::Failed => n[3] += 1,
            PodPhase::Unknown => {}
        }
    }
    n
}

fn pods_status(scene: &Scene, item: &Item) -> String {
    let [running, waiting, succeeded, failed] = phases(scene, item);
    format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
}

fn conditions(w: &mut Writer, status: &Value) {
    let list = list_at(status, "conditions");
    if list.is_empty() {
        return;
    }
    w.line(0, "Conditions:");
    w.line(1, "Type\tStatus\tReason");
    w.line(1, "----\t------\t------");
    for c in list {
        w.line(1, format!("{} \t{}\t{}", text_at(c, "type"), text_at(c, "status"), text_at(c, "reason")));
    }
}

fn metadata(w: &mut Writer, item: &Item) {
    labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
}

fn name(w: &mut Writer, item: &Item) {
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
}

pub(super) fn deployment(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    let (spec, status) = (&v["spec"], &v["status"]);
    name(w, item);
    w.field(0, "CreationTimestamp", created(item));
    metadata(w, item);
    w.field(0, "Selector", label_selector(&spec["selector"]));
    let n = |k: &str| int_at(status, k);
    w.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            int_at(spec, "replicas"),
            n("updatedReplicas"),
            n("replicas"),
            n("availableReplicas"),
            n("unavailableReplicas")
        ),
    );
    w.field(0, "StrategyType", text_at(spec, "strategy.type"));
    w.field(0, "MinReadySeconds", int_at(spec, "minReadySeconds").to_string());
    let rolling = &spec["strategy"]["rollingUpdate"];
    if rolling.is_object() {
        let text = format!("{} max unavailable, {} max surge", plain(&rolling["maxUnavailable"]), plain(&rolling["maxSurge"]));
        w.field(0, "RollingUpdateStrategy", text);
    }
    pod_template(w, &spec["template"]);
    conditions(w, status);
    let mut sets: Vec<Item> = scene
        .list(Kind::ReplicaSet, item.namespace())
        .into_iter()
        .filter(|rs| rs.object.meta().controller().is_some_and(|c| c.uid == item.object.meta().uid))
        .collect();
    sets.sort_by_key(|rs| rs.object.meta().created);
    if !sets.is_empty() {
        let is_new = |rs: &&Item| same_template(&rs.json["spec"]["template"], &spec["template"]);
        let line = |list: &[&Item]| {
            let parts: Vec<String> = list
                .iter()
                .map(|rs| {
                    format!(
                        "{} ({}/{} replicas created)",
                        rs.name(),
                        int_at(&rs.json, "status.replicas"),
                        int_at(&rs.json, "spec.replicas")
                    )
                })
                .collect();
            if parts.is_empty() { "<none>".to_string() } else { parts.join(", ") }
        };
        let new: Vec<&Item> = sets.iter().filter(is_new).take(1).collect();
        let old: Vec<&Item> = sets.iter().filter(|rs| !new.iter().any(|n| n.name() == rs.name())).collect();
        w.field(0, "OldReplicaSets", line(&old));
        if !new.is_empty() {
            w.field(0, "NewReplicaSet", line(&new));
        }
    }
    events::events(w, scene, item);
}

/// Equal but for the hash label (deployment_util.go, EqualIgnoreHash).
fn same_template(a: &Value, b: &Value) -> bool {
    let plain = |t: &Value| {
        let mut t = t.clone();
        if let Some(l) = t["metadata"]["labels"].as_object_mut() {
            l.shift_remove("pod-template-hash");
        }
        if let Some(m) = t["metadata"].as_object_mut() {
            m.shift_remove("creationTimestamp");
        }
        t
    };
    plain(a) == plain(b)
}

pub(super) fn replica_set(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    name(w, item);
    let selector = &spec["selector"];
    let selector = if item.kind == Kind::ReplicationController {
        let pairs: Vec<String> = selector.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
        pairs.join(",")
    } else {
        label_selector(selector)
    };
    w.field(0, "Selector", selector);
    metadata(w, item);
    w.some(0, "Controlled By", controlled_by(item));
    w.field(0, "Replicas", format!("{} current / {} desired", int_at(status, "replicas"), int_at(spec, "replicas")));
    w.field(0, "Pods Status", pods_status(scene, item));
    pod_template(w, &spec["template"]);
    conditions(w, status);
    events::events(w, scene, item);
}

pub(super) fn stateful_set(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    name(w, item);
    w.field(0, "CreationTimestamp", created(item));
    w.field(0, "Selector", label_selector(&spec["selector"]));
    metadata(w, item);
    w.field(0, "Replicas", format!("{} desired | {} total", int_at(spec, "replicas"), int_at(status, "replicas")));
    w.field(0, "Update Strategy", text_at(spec, "updateStrategy.type"));
    let rolling = &spec["updateStrategy"]["rollingUpdate"];
    if rolling.is_object() {
        if let Some(p) = rolling["partition"].as_i64() {
            w.field(1, "Partition", p.to_string());
        }
        if !rolling["maxUnavailable"].is_null() {
            w.field(1, "MaxUnavailable", plain(&rolling["maxUnavailable"]));
        }
    }
    w.field(0, "Pods Status", pods_status(scene, item));
    pod_template(w, &spec["template"]);
    let claims = list_at(spec, "volumeClaimTemplates");
    if claims.is_empty() {
        w.field(0, "Volume Claims", "<none>");
    } else {
        w.line(0, "Volume Claims:");
        for c in claims {
            w.field(1, "Name", text_at(c, "metadata.name"));
            w.field(1, "StorageClass", text_at(c, "spec.storageClassName"));
            labels(w, 1, "Labels", &c["metadata"]["labels"]);
            annotations(w, 1, "Annotations", &c["metadata"]["annotations"]);
            let storage = plain(&c["spec"]["resources"]["requests"]["storage"]);
            w.field(1, "Capacity", if storage.is_empty() { "<default>".to_string() } else { storage });
            let modes: Vec<String> = list_at(c, "spec.accessModes").iter().map(plain).collect();
            w.field(1, "Access Modes", format!("[{}]", modes.join(" ")));
        }
    }
    events::events(w, scene, item);
}

pub(super) fn daemon_set(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    name(w, item);
    w.field(0, "Selector", label_selector(&spec["selector"]));
    let nodes: Vec<String> = {
        let mut l: Vec<String> =
            spec["template"]["spec"]["nodeSelector"].as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
        l.sort();
        l
    };
    w.field(0, "Node-Selector", if nodes.is_empty() { "<none>".to_string() } else { nodes.join(",") });
    metadata(w, item);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        // No column here: the value follows a space.
        w.line(0, format!("{title}: {}", int_at(status, field)));
    }
    w.field(0, "Pods Status", pods_status(scene, item));
    pod_template(w, &spec["template"]);
    events::events(w, scene, item);
}

pub(super) fn job(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    name(w, item);
    if spec["selector"].is_object() {
        w.field(0, "Selector", label_selector(&spec["selector"]));
    }
    metadata(w, item);
    w.some(0, "Controlled By", controlled_by(item));
    let or_unset = |k: &str| if spec[k].is_null() { "<unset>".to_string() } else { plain(&spec[k]) };
    if !spec["parallelism"].is_null() {
        w.field(0, "Parallelism", plain(&spec["parallelism"]));
    }
    w.field(0, "Completions", or_unset("completions"));
    w.some(0, "Completion Mode", text_at(spec, "completionMode"));
    if !spec["suspend"].is_null() {
        w.field(0, "Suspend", plain(&spec["suspend"]));
    }
    if !spec["backoffLimit"].is_null() {
        w.field(0, "Backoff Limit", plain(&spec["backoffLimit"]));
    }
    if !spec["ttlSecondsAfterFinished"].is_null() {
        w.field(0, "TTL Seconds After Finished", plain(&spec["ttlSecondsAfterFinished"]));
    }
    let (start, end) = (text_at(status, "startTime"), text_at(status, "completionTime"));
    if !start.is_empty() {
        w.field(0, "Start Time", age::long(start));
    }
    if !end.is_empty() {
        w.field(0, "Completed At", age::long(end));
        if let Some(d) = age::between(start, end) {
            w.field(0, "Duration", d);
        }
    }
    if let Some(s) = spec["activeDeadlineSeconds"].as_i64() {
        w.field(0, "Active Deadline Seconds", format!("{s}s"));
    }
    let n = |k: &str| int_at(status, k);
    let ready = match status["ready"].as_i64() {
        Some(r) => format!("{} Active ({r} Ready) / {} Succeeded / {} Failed", n("active"), n("succeeded"), n("failed")),
        None => format!("{} Active / {} Succeeded / {} Failed", n("active"), n("succeeded"), n("failed")),
    };
    w.field(0, "Pods Statuses", ready);
    if text_at(spec, "completionMode") == "Indexed" {
        let done = text_at(status, "completedIndexes");
        w.field(0, "Completed Indexes", if done.is_empty() { "<none>" } else { done });
    }
    pod_template(w, &spec["template"]);
    events::events(w, scene, item);
}

pub(super) fn cron_job(w: &mut Writer, scene: &Scene, item: &Item) {
    let (spec, status) = (&item.json["spec"], &item.json["status"]);
    name(w, item);
    metadata(w, item);
    w.field(0, "Schedule", text_at(spec, "schedule"));
    w.some(0, "Time Zone", text_at(spec, "timeZone"));
    w.field(0, "Concurrency Policy", text_at(spec, "concurrencyPolicy"));
    // printBoolPtr
    let suspend = match spec["suspend"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    w.field(0, "Suspend", suspend);
    let or_unset = |v: &Value, unit: &str| if v.is_null() { "<unset>".to_string() } else { format!("{}{unit}", plain(v)) };
    w.field(0, "Successful Job History Limit", or_unset(&spec["successfulJobsHistoryLimit"], ""));
    w.field(0, "Failed Job History Limit", or_unset(&spec["failedJobsHistoryLimit"], ""));
    w.field(0, "Starting Deadline Seconds", or_unset(&spec["startingDeadlineSeconds"], "s"));
    let job = &spec["jobTemplate"]["spec"];
    w.field(0, "Selector", if job["selector"].is_null() { "<unset>".to_string() } else { label_selector(&job["selector"]) });
    w.field(0, "Parallelism", or_unset(&job["parallelism"], ""));
    w.field(0, "Completions", or_unset(&job["completions"], ""));
    if !job["activeDeadlineSeconds"].is_null() {
        w.field(0, "Active Deadline Seconds", or_unset(&job["activeDeadlineSeconds"], "s"));
    }
    pod_template(w, &job["template"]);
    let last = text_at(status, "lastScheduleTime");
    w.field(0, "Last Schedule Time", if last.is_empty() { "<unset>".to_string() } else { age::long(last) });
    let active: Vec<&str> = list_at(status, "active").iter().map(|a| text_at(a, "name")).collect();
    w.field(0, "Active Jobs", if active.is_empty() { "<none>".to_string() } else { active.join(", ") });
    events::events(w, scene, item);
}
