//! Job and CronJob. Facts: pkg/apis/batch/validation/validation.go.

use serde_json::Value;

use super::report::{Errors, Path, Read};
use super::{cron, meta, pod};

/// Jobs that are counted by index have no more parallel pods.
const INDEXED_MAX: i64 = 100_000;

pub(super) fn job(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    spec(s, &at, e);
    if s.flag("manualSelector") == Some(true) {
        let labels = &s["template"]["metadata"]["labels"];
        match s.some("selector") {
            None => {
                e.required(&at.child("selector"), "");
                e.invalid(&at.children(&["template", "metadata", "labels"]), labels, "`selector` does not match template `labels`");
            }
            Some(sel) => {
                meta::selector(sel, &at.child("selector"), e);
                if meta::selects(sel, labels) == Some(false) {
                    e.invalid(&at.children(&["template", "metadata", "labels"]), labels, "`selector` does not match template `labels`");
                }
            }
        }
    } else if let Some(sel) = s.some("selector").filter(|sel| !generated(sel)) {
        e.invalid(&at.child("selector"), meta::selector_value(sel), "`selector` not auto-generated");
    }
}

/// The registry makes the selector itself.
fn generated(sel: &Value) -> bool {
    sel.list("matchExpressions").is_empty()
        && sel.entries("matchLabels").iter().all(|(k, _)| matches!(*k, "batch.kubernetes.io/controller-uid" | "controller-uid"))
}

fn spec(s: &Value, at: &Path, e: &mut Errors) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        e.nonnegative(&at.child(key), s.int(key));
    }
    if s.some("maxFailedIndexes").is_some() && s.some("backoffLimitPerIndex").is_none() {
        e.required(&at.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    let mode = s.text("completionMode");
    if !mode.is_empty() && !matches!(mode, "NonIndexed" | "Indexed") {
        e.unsupported(&at.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    if mode == "Indexed" {
        if s.some("completions").is_none() {
            e.required(&at.child("completions"), "when completion mode is Indexed");
        }
        if let Some(p) = s.int("parallelism").filter(|p| *p > INDEXED_MAX) {
            let detail = format!("must be less than or equal to {INDEXED_MAX} when completion mode is Indexed");
            e.invalid(&at.child("parallelism"), p, detail);
        }
        if let (Some(c), Some(m)) = (s.int("completions"), s.int("maxFailedIndexes"))
            && m > c
        {
            e.invalid(&at.child("maxFailedIndexes"), m, "must be less than or equal to completions");
        }
    } else {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(n) = s.int(key) {
                e.invalid(&at.child(key), n, "requires indexed completion mode");
            }
        }
    }
    failure_policy(s, at, e);
    let replacement = s.text("podReplacementPolicy");
    if !replacement.is_empty() {
        if s.some("podFailurePolicy").is_some() {
            e.one_of(&at.child("podReplacementPolicy"), replacement, &["Failed"]);
        } else {
            e.one_of(&at.child("podReplacementPolicy"), replacement, &["Failed", "TerminatingOrFailed"]);
        }
    }
    pod::template(&s["template"], &at.child("template"), e);
    let path = at.children(&["template", "spec", "restartPolicy"]);
    match s["template"]["spec"].text("restartPolicy") {
        // The default of pods is useless here, so it counts as missing.
        "" | "Always" => e.required(&path, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if s.some("podFailurePolicy").is_some() => {
            e.invalid(&path, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified");
        }
        "OnFailure" | "Never" => {}
        other => e.unsupported(&path, other, &["OnFailure", "Never"]),
    }
}

fn failure_policy(s: &Value, at: &Path, e: &mut Errors) {
    let Some(policy) = s.some("podFailurePolicy") else { return };
    for (i, rule) in policy.list("rules").iter().enumerate() {
        let path = at.child("podFailurePolicy").child("rules").index(i);
        match rule.text("action") {
            "" => e.required(&path.child("action"), "valid values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\""),
            "FailIndex" if s.some("backoffLimitPerIndex").is_none() => {
                e.invalid(&path.child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set");
            }
            "Count" | "FailIndex" | "FailJob" | "Ignore" => {}
            other => e.unsupported(&path.child("action"), other, &["Count", "FailIndex", "FailJob", "Ignore"]),
        }
        if let Some(codes) = rule.some("onExitCodes") {
            let path = path.child("onExitCodes");
            match codes.text("operator") {
                "" => e.required(&path.child("operator"), "valid values: \"In\", \"NotIn\""),
                "In" | "NotIn" => {}
                other => e.unsupported(&path.child("operator"), other, &["In", "NotIn"]),
            }
            if codes.list("values").is_empty() {
                e.invalid(&path.child("values"), &codes["values"], "at least one value is required");
            }
            for (j, v) in codes.list("values").iter().enumerate() {
                if v == 0 && codes.text("operator") == "In" {
                    e.invalid(&path.child("values").index(j), 0_i64, "must not be 0 for the In operator");
                }
            }
        }
        if rule.some("onExitCodes").is_some() != rule.list("onPodConditions").is_empty() {
            let both = rule.some("onExitCodes").is_some();
            let detail = if both {
                "specifying both OnExitCodes and OnPodConditions is not supported"
            } else {
                "specifying one of OnExitCodes and OnPodConditions is required"
            };
            e.invalid(&path, rule, detail);
        }
    }
}

pub(super) fn cron_job(o: &Value, e: &mut Errors) {
    let (s, at) = (&o["spec"], Path::new("spec"));
    let name = o["metadata"].text("name");
    let schedule = s.text("schedule");
    let path = at.child("schedule");
    if schedule.is_empty() {
        e.required(&path, "");
    } else {
        if let Err(m) = cron::check(schedule) {
            e.invalid(&path, schedule, m);
        }
        if schedule.contains("TZ") {
            e.invalid(&path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
    }
    e.nonnegative(&at.child("startingDeadlineSeconds"), s.int("startingDeadlineSeconds"));
    if let Some(zone) = s.some("timeZone").and_then(Value::as_str) {
        let path = at.child("timeZone");
        if zone.is_empty() {
            e.invalid(&path, zone, "timeZone must be nil or non-empty string");
        } else if zone.eq_ignore_ascii_case("local") {
            e.invalid(&path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        } else if !cron::is_time_zone(zone) {
            e.invalid(&path, zone, format!("unknown time zone {zone}"));
        }
    }
    e.one_of(&at.child("concurrencyPolicy"), s.text("concurrencyPolicy"), &["Allow", "Forbid", "Replace"]);
    let (t, path) = (&s["jobTemplate"], at.child("jobTemplate"));
    meta::labels(t["metadata"].entries("labels"), &path.children(&["metadata", "labels"]), e);
    spec(&t["spec"], &path.child("spec"), e);
    if let Some(sel) = t["spec"].some("selector") {
        e.invalid(&path.children(&["spec", "selector"]), meta::selector_value(sel), "`selector` will be auto-generated");
    }
    if t["spec"].flag("manualSelector") == Some(true) {
        e.unsupported(&path.children(&["spec", "manualSelector"]), true, &["nil", "false"]);
    }
    for key in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        e.nonnegative(&at.child(key), s.int(key));
    }
    // The Job's name gets `-` and ten digits (63 - 11).
    if name.len() > 52 {
        e.invalid(&Path::new("metadata").child("name"), name, "must be no more than 52 characters");
    }
}
