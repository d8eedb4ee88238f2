//! Where pods may run: affinity, tolerations, topology spread. Facts: pkg/apis/core/validation/validation.go.

use serde_json::{Value, json};

use super::report::{Errors, NOT_POSITIVE, Path, Read};
use super::{meta, names};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn affinity(a: &Value, at: &Path, e: &mut Errors) {
    if let Some(n) = a.some("nodeAffinity") {
        let path = at.child("nodeAffinity");
        if let Some(r) = n.some(REQUIRED) {
            node_selector(r, &path.child(REQUIRED), e);
        }
        for (i, t) in n.list(PREFERRED).iter().enumerate() {
            let path = path.child(PREFERRED).index(i);
            weight(t, &path, e);
            node_term(&t["preference"], &path.child("preference"), e);
        }
    }
    for key in ["podAffinity", "podAntiAffinity"] {
        let Some(p) = a.some(key) else { continue };
        let path = at.child(key);
        for (i, t) in p.list(REQUIRED).iter().enumerate() {
            pod_term(t, &path.child(REQUIRED).index(i), e);
        }
        for (i, t) in p.list(PREFERRED).iter().enumerate() {
            let path = path.child(PREFERRED).index(i);
            weight(t, &path, e);
            pod_term(&t["podAffinityTerm"], &path.child("podAffinityTerm"), e);
        }
    }
}

fn weight(t: &Value, at: &Path, e: &mut Errors) {
    let w = t.int("weight").unwrap_or(0);
    if !(1..=100).contains(&w) {
        e.invalid(&at.child("weight"), w, "must be in the range 1-100");
    }
}

pub(super) fn node_selector(s: &Value, at: &Path, e: &mut Errors) {
    let path = at.child("nodeSelectorTerms");
    let terms = s.list("nodeSelectorTerms");
    if terms.is_empty() {
        return e.required(&path, "must have at least one node selector term");
    }
    for (i, t) in terms.iter().enumerate() {
        node_term(t, &path.index(i), e);
    }
}

fn node_term(t: &Value, at: &Path, e: &mut Errors) {
    for (i, r) in t.list("matchExpressions").iter().enumerate() {
        let path = at.child("matchExpressions").index(i);
        let values = r.list("values");
        match r.text("operator") {
            "In" | "NotIn" => {
                if values.is_empty() {
                    e.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    e.forbidden(&path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
            }
            "Gt" | "Lt" => {
                if values.len() != 1 {
                    e.required(&path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                }
            }
            other => e.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        e.invalids(&path.child("key"), r.text("key"), names::qualified_name(r.text("key")));
    }
    for (i, r) in t.list("matchFields").iter().enumerate() {
        let path = at.child("matchFields").index(i);
        let values = r.texts("values");
        match r.text("operator") {
            "In" | "NotIn" => {
                if values.len() != 1 {
                    e.required(&path.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
                }
            }
            other => e.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        if r.text("key") == "metadata.name" {
            for (j, v) in values.into_iter().enumerate() {
                e.invalids(&path.child("values").index(j), v, names::dns1123_subdomain(v));
            }
        } else {
            e.invalid(&path.child("key"), r.text("key"), "not a valid field selector key");
        }
    }
}

fn pod_term(t: &Value, at: &Path, e: &mut Errors) {
    for key in ["labelSelector", "namespaceSelector"] {
        if let Some(s) = t.some(key) {
            meta::selector(s, &at.child(key), e);
        }
    }
    for ns in t.texts("namespaces") {
        e.invalids(&at.child("namespace"), ns, names::dns1123_label(ns));
    }
    for key in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = t.texts(key);
        if !keys.is_empty() && t.some("labelSelector").is_none() {
            e.forbidden(&at.child(key), "must not be specified when labelSelector is not set");
        } else {
            for (i, k) in keys.into_iter().enumerate() {
                e.invalids(&at.child(key).index(i), k, names::qualified_name(k));
            }
        }
    }
    let key = t.text("topologyKey");
    if key.is_empty() {
        e.required(&at.child("topologyKey"), "can not be empty");
    }
    e.invalids(&at.child("topologyKey"), key, names::qualified_name(key));
}

pub(super) fn taint_effect(effect: &str, may_be_empty: bool, at: &Path, e: &mut Errors) {
    match effect {
        "" if may_be_empty => {}
        effect => e.one_of(at, effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    }
}

pub(super) fn tolerations(list: &[Value], at: &Path, e: &mut Errors) {
    for (i, t) in list.iter().enumerate() {
        let path = at.index(i);
        let (key, operator, value, effect) = (t.text("key"), t.text("operator"), t.text("value"), t.text("effect"));
        if !key.is_empty() {
            e.invalids(&path.child("key"), key, names::qualified_name(key));
        }
        if key.is_empty() && operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            e.invalid(&path.child("operator"), operator, detail);
        }
        if t.some("tolerationSeconds").is_some() && effect != "NoExecute" {
            e.invalid(&path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        match operator {
            "Equal" | "" => {
                let wrong = names::label_value(value);
                if !wrong.is_empty() {
                    e.invalid(&path.child("operator"), value, wrong.join(";"));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    // The internal Go type, which has no JSON names.
                    let shown = json!({"Key": key, "Operator": operator, "Value": value, "Effect": effect, "TolerationSeconds": t.int("tolerationSeconds")});
                    e.invalid(&path.child("operator"), shown, "value must be empty when `operator` is 'Exists'");
                }
            }
            other => e.unsupported(&path.child("operator"), other, &["Equal", "Exists"]),
        }
        taint_effect(effect, true, &path.child("effect"), e);
    }
}

pub(super) fn spread(list: &[Value], at: &Path, e: &mut Errors) {
    for (i, c) in list.iter().enumerate() {
        let path = at.index(i);
        let skew = c.int("maxSkew").unwrap_or(0);
        if skew <= 0 {
            e.invalid(&path.child("maxSkew"), skew, NOT_POSITIVE);
        }
        let (key, action) = (c.text("topologyKey"), c.text("whenUnsatisfiable"));
        if key.is_empty() {
            e.required(&path.child("topologyKey"), "can not be empty");
        }
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            e.unsupported(&path.child("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        if list[i + 1..].iter().any(|o| o.text("topologyKey") == key && o.text("whenUnsatisfiable") == action) {
            e.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), format!("{{{key}, {action}}}"));
        }
        if let Some(n) = c.int("minDomains") {
            if n <= 0 {
                e.invalid(&path.child("minDomains"), n, NOT_POSITIVE);
            }
            if action != "DoNotSchedule" {
                e.invalid(
                    &path.child("minDomains"),
                    n,
                    format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"),
                );
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let p = c.text(policy);
            if !p.is_empty() && !matches!(p, "Honor" | "Ignore") {
                e.unsupported(&path.child(policy), p, &["Honor", "Ignore"]);
            }
        }
        label_keys(c, &path.child("matchLabelKeys"), e);
        if let Some(s) = c.some("labelSelector") {
            meta::selector(s, &path.child("labelSelector"), e);
        }
    }
}

fn label_keys(c: &Value, at: &Path, e: &mut Errors) {
    let keys = c.texts("matchLabelKeys");
    if keys.is_empty() {
        return;
    }
    let selector = &c["labelSelector"];
    if c.some("labelSelector").is_none() {
        e.forbidden(at, "must not be specified when labelSelector is not set");
    }
    for (i, k) in keys.into_iter().enumerate() {
        e.invalids(&at.index(i), k, names::qualified_name(k));
        let used = selector.entries("matchLabels").iter().any(|(l, _)| *l == k)
            || selector.list("matchExpressions").iter().any(|r| r.text("key") == k);
        if used {
            e.invalid(&at.index(i), k, "exists in both matchLabelKeys and labelSelector");
        }
    }
}
