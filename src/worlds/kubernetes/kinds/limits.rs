//! LimitRanger and ResourceQuota admission. Facts: plugin/pkg/admission/limitranger/admission.go,
//! apiserver/pkg/admission/plugin/resourcequota/controller.go, pkg/quota/v1/evaluator/core/pods.go.
//!
//! Usage is counted from the store at the moment of the request; a quota's `status.used` is not kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Kind;
use super::defaults::{self, each, sub, sub_or_new};
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::{Generic, Object, Pod, Typed};
use crate::worlds::kubernetes::api::quantity::Quantity;
use crate::worlds::kubernetes::api::{Api, ApiError};

fn generics<'a>(api: &'a Api, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Generic> {
    api.store.namespaced(kind, namespace).filter_map(|o| if let Object::Generic(g) = o { Some(&**g) } else { None })
}

fn amount(v: Option<&Value>) -> Option<Quantity> {
    v.and_then(Value::as_str).and_then(|t| Quantity::parse(t).ok())
}

/// Fills in the defaults of the namespace's LimitRanges; what was set, as the annotation says it.
pub(super) fn fill(spec: &mut defaults::Object, meta: &Meta, api: &Api) -> Option<String> {
    let mut said = Vec::new();
    for range in generics(api, Kind::LimitRange, &meta.namespace) {
        let items = range.body["spec"]["limits"].as_array().cloned().unwrap_or_default();
        for item in items.iter().filter(|i| i["type"] == "Container") {
            for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
                for c in each(spec, list) {
                    let name = c.get("name").and_then(Value::as_str).unwrap_or_default().to_string();
                    let Some(r) = sub_or_new(c, "resources") else { continue };
                    for (field, source, what) in [("requests", "defaultRequest", "request"), ("limits", "default", "limit")] {
                        let set = fill_one(r, field, item[source].as_object());
                        if !set.is_empty() {
                            said.push(format!("{} {what} for {word} {name}", set.join(", ")));
                        }
                    }
                }
            }
        }
    }
    (!said.is_empty()).then(|| format!("LimitRanger plugin set: {}", said.join("; ")))
}

fn fill_one(resources: &mut defaults::Object, field: &str, from: Option<&Map<String, Value>>) -> Vec<String> {
    let mut set = Vec::new();
    let Some(from) = from.filter(|f| !f.is_empty()) else { return set };
    if let Some(have) = sub_or_new(resources, field) {
        for (k, v) in from {
            if !have.contains_key(k) {
                have.insert(k.clone(), v.clone());
                set.push(k.clone());
            }
        }
    }
    set.sort();
    set
}

/// Holds the pod against the namespace's LimitRanges.
///
/// # Errors
/// `Forbidden`, with every limit that is broken.
pub(super) fn check_ranges(spec: &Value, meta: &Meta, api: &Api) -> Result<(), ApiError> {
    let mut wrong = Vec::new();
    for range in generics(api, Kind::LimitRange, &meta.namespace) {
        for item in range.body["spec"]["limits"].as_array().into_iter().flatten() {
            match item["type"].as_str() {
                Some("Container") => {
                    for list in ["containers", "initContainers"] {
                        for c in spec[list].as_array().into_iter().flatten() {
                            let get = |field: &str, k: &str| amount(c["resources"][field].get(k));
                            check_item(item, "Container", &get, &mut wrong);
                        }
                    }
                }
                Some("Pod") => {
                    let (requests, limits) = (effective(spec, "requests"), effective(spec, "limits"));
                    let get = |field: &str, k: &str| if field == "requests" { requests.get(k).copied() } else { limits.get(k).copied() };
                    check_item(item, "Pod", &get, &mut wrong);
                }
                _ => {}
            }
        }
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(ApiError::forbidden(Kind::Pod, &meta.name, &wrong[0])),
        _ => Err(ApiError::forbidden(Kind::Pod, &meta.name, format!("[{}]", wrong.join(", ")))),
    }
}

fn check_item(item: &Value, kind: &str, get: &dyn Fn(&str, &str) -> Option<Quantity>, wrong: &mut Vec<String>) {
    let entries = |field: &str| item[field].as_object().cloned().unwrap_or_default();
    for (k, v) in entries("min") {
        let Some(min) = amount(Some(&v)) else { continue };
        match (get("requests", &k), get("limits", &k)) {
            (None, _) => wrong.push(format!("minimum {k} usage per {kind} is {min}.  No request is specified")),
            (Some(r), _) if r.cmp_value(min).is_lt() => wrong.push(format!("minimum {k} usage per {kind} is {min}, but request is {r}")),
            (_, Some(l)) if l.cmp_value(min).is_lt() => wrong.push(format!("minimum {k} usage per {kind} is {min}, but limit is {l}")),
            _ => {}
        }
    }
    for (k, v) in entries("max") {
        let Some(max) = amount(Some(&v)) else { continue };
        match (get("requests", &k), get("limits", &k)) {
            (_, None) => wrong.push(format!("maximum {k} usage per {kind} is {max}.  No limit is specified")),
            (_, Some(l)) if l.cmp_value(max).is_gt() => wrong.push(format!("maximum {k} usage per {kind} is {max}, but limit is {l}")),
            (Some(r), _) if r.cmp_value(max).is_gt() => wrong.push(format!("maximum {k} usage per {kind} is {max}, but request is {r}")),
            _ => {}
        }
    }
    for (k, v) in entries("maxLimitRequestRatio") {
        let Some(ratio) = amount(Some(&v)) else { continue };
        match (get("requests", &k), get("limits", &k)) {
            (None, _) => {
                wrong.push(format!("{k} max limit to request ratio per {kind} is {ratio}, but no request is specified or request is 0"))
            }
            (_, None) => {
                wrong.push(format!("{k} max limit to request ratio per {kind} is {ratio}, but no limit is specified or limit is 0"))
            }
            (Some(r), Some(l)) => {
                let given = l.as_f64() / r.as_f64();
                if given > ratio.as_f64() {
                    wrong.push(format!("{k} max limit to request ratio per {kind} is {ratio}, but provided ratio is {given:.6}"));
                }
            }
        }
    }
}

/// What a pod asks for in all: its containers and sidecars together, or its largest init container.
fn effective(spec: &Value, field: &str) -> BTreeMap<String, Quantity> {
    let mut out: BTreeMap<String, Quantity> = BTreeMap::new();
    let of = |c: &Value| -> Vec<(String, Quantity)> {
        let entries = c["resources"][field].as_object().into_iter().flatten();
        entries.filter_map(|(k, v)| Some((k.clone(), amount(Some(v))?))).collect()
    };
    let lists = |key: &str| spec[key].as_array().cloned().unwrap_or_default();
    let (sidecars, inits): (Vec<_>, Vec<_>) = lists("initContainers").into_iter().partition(|c| c["restartPolicy"] == "Always");
    for c in lists("containers").iter().chain(&sidecars) {
        for (k, q) in of(c) {
            let sum = out.get(&k).map_or(q, |s| s.plus(q));
            out.insert(k, sum);
        }
    }
    for c in &inits {
        for (k, q) in of(c) {
            if out.get(&k).is_none_or(|s| q.cmp_value(*s).is_gt()) {
                out.insert(k, q);
            }
        }
    }
    out
}

/// Holds a new object against the namespace's ResourceQuotas.
///
/// # Errors
/// `Forbidden`: something must be stated, or there is not enough left.
pub(super) fn check_quotas(kind: Kind, spec: &Value, meta: &Meta, api: &Api) -> Result<(), ApiError> {
    for quota in generics(api, Kind::ResourceQuota, &meta.namespace) {
        let hard = quota.body["spec"]["hard"].as_object().cloned().unwrap_or_default();
        if kind == Kind::Pod && !in_scope(&quota.body["spec"], spec) {
            continue;
        }
        if kind == Kind::Pod {
            let missing = unstated(&hard, spec);
            if !missing.is_empty() {
                let why = format!("failed quota: {}: must specify {}", quota.meta.name, missing.join("; "));
                return Err(ApiError::forbidden(kind, &meta.name, why));
            }
        }
        let asked = demand(kind, spec);
        let (mut requested, mut used, mut limited) = (vec![], vec![], vec![]);
        let mut names: Vec<&String> = hard.keys().collect();
        names.sort();
        for name in names {
            let Some(want) = asked.get(canonical(name)).copied().filter(|q| *q != Quantity::ZERO) else { continue };
            let Some(limit) = amount(hard.get(name)) else { continue };
            let have = usage(name, kind, &quota.body["spec"], &meta.namespace, api);
            if have.plus(want).cmp_value(limit).is_gt() {
                requested.push(format!("{name}={want}"));
                used.push(format!("{name}={have}"));
                limited.push(format!("{name}={limit}"));
            }
        }
        if !requested.is_empty() {
            let why = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.meta.name,
                requested.join(","),
                used.join(","),
                limited.join(",")
            );
            return Err(ApiError::forbidden(kind, &meta.name, why));
        }
    }
    Ok(())
}

/// `cpu` in a quota means `requests.cpu`.
fn canonical(name: &str) -> &str {
    match name {
        "cpu" => "requests.cpu",
        "memory" => "requests.memory",
        "ephemeral-storage" => "requests.ephemeral-storage",
        other => other,
    }
}

/// What one object takes from a quota, by canonical name.
fn demand(kind: Kind, spec: &Value) -> BTreeMap<String, Quantity> {
    let one = Quantity::parse("1").unwrap_or(Quantity::ZERO);
    let mut out = BTreeMap::new();
    let info = kind.info();
    let count = if info.group.is_empty() { format!("count/{}", info.plural) } else { format!("count/{}.{}", info.plural, info.group) };
    out.insert(count, one);
    match kind {
        Kind::Pod => {
            out.insert("pods".into(), one);
            for (field, prefix) in [("requests", "requests."), ("limits", "limits.")] {
                out.extend(effective(spec, field).into_iter().map(|(k, q)| (format!("{prefix}{k}"), q)));
            }
        }
        Kind::Service => {
            out.insert("services".into(), one);
            if matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
                let ports = spec["ports"].as_array().map_or(0, Vec::len);
                out.insert("services.nodeports".into(), Quantity::parse(&ports.to_string()).unwrap_or(one));
            }
            if spec["type"] == "LoadBalancer" {
                out.insert("services.loadbalancers".into(), one);
            }
        }
        Kind::PersistentVolumeClaim => {
            out.insert("persistentvolumeclaims".into(), one);
            if let Some(q) = amount(spec["resources"]["requests"].get("storage")) {
                out.insert("requests.storage".into(), q);
            }
        }
        Kind::ConfigMap | Kind::Secret | Kind::ReplicationController | Kind::ResourceQuota => {
            out.insert(info.plural.into(), one);
        }
        _ => {}
    }
    out
}

/// What the namespace has taken already.
fn usage(name: &str, kind: Kind, quota: &Value, namespace: &str, api: &Api) -> Quantity {
    let mut sum = Quantity::ZERO;
    for o in api.store.namespaced(kind, namespace) {
        // Finished pods hold nothing but their place in `count/pods`.
        let finished = Pod::of(o).is_some_and(|p| p.is_finished()) && !name.starts_with("count/");
        if finished {
            continue;
        }
        let spec = super::to_json_at(o, api.epoch)["spec"].take();
        if kind == Kind::Pod && !in_scope(quota, &spec) {
            continue;
        }
        if let Some(q) = demand(kind, &spec).get(canonical(name)) {
            sum = sum.plus(*q);
        }
    }
    sum
}

/// Compute resources that the quota limits and some container does not state: `limits.cpu for: a,b`.
fn unstated(hard: &Map<String, Value>, spec: &Value) -> Vec<String> {
    let mut names: Vec<&String> = hard.keys().collect();
    names.sort();
    let mut out = Vec::new();
    for name in names {
        let Some((field, resource)) = canonical(name).split_once('.') else { continue };
        if !matches!(field, "requests" | "limits") || !matches!(resource, "cpu" | "memory") {
            continue;
        }
        let lists = ["containers", "initContainers"].map(|l| spec[l].as_array().cloned().unwrap_or_default());
        let silent = lists.iter().flatten().filter(|c| c["resources"][field].get(resource).is_none());
        let mut who: Vec<&str> = silent.filter_map(|c| c["name"].as_str()).collect();
        who.sort_unstable();
        if !who.is_empty() {
            out.push(format!("{name} for: {}", who.join(",")));
        }
    }
    out
}

fn in_scope(quota: &Value, spec: &Value) -> bool {
    let best_effort = ["requests", "limits"].iter().all(|f| {
        let all = ["containers", "initContainers"].map(|l| spec[l].as_array().cloned().unwrap_or_default());
        all.iter()
            .flatten()
            .all(|c| ["cpu", "memory"].iter().all(|k| amount(c["resources"][*f].get(k)).is_none_or(|q| q == Quantity::ZERO)))
    });
    let terminating = spec["activeDeadlineSeconds"].as_i64().is_some_and(|s| s >= 0);
    let fits = |scope: &str| match scope {
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        _ => true,
    };
    let class = spec["priorityClassName"].as_str().unwrap_or_default();
    let matches = |r: &Value| {
        let values: Vec<&str> = r["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match (r["scopeName"].as_str(), r["operator"].as_str()) {
            (Some("PriorityClass"), Some("In")) => values.contains(&class),
            (Some("PriorityClass"), Some("NotIn")) => !values.contains(&class),
            (Some("PriorityClass"), Some("Exists")) => !class.is_empty(),
            (Some("PriorityClass"), Some("DoesNotExist")) => class.is_empty(),
            (Some(scope), _) => fits(scope),
            _ => true,
        }
    };
    quota["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).all(fits)
        && quota["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten().all(matches)
}

/// A pod as quotas see it.
pub(super) fn pod_spec(pod: &Pod) -> Value {
    super::convert::value_of(&*pod.spec)
}

/// True if anything in the namespace counts objects of this kind.
pub(super) fn has_quota(api: &Api, namespace: &str) -> bool {
    api.store.count(Kind::ResourceQuota) > 0 && generics(api, Kind::ResourceQuota, namespace).next().is_some()
}

/// The annotation that LimitRanger leaves.
pub(super) const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Writes the annotation into the object's JSON.
pub(super) fn annotate(value: &mut Value, text: String) {
    if let Some(o) = value.as_object_mut() {
        if let Some(a) = sub_or_new(o, "metadata").and_then(|m| sub_or_new(m, "annotations")) {
            a.insert(ANNOTATION.into(), text.into());
        }
        // An empty map may have been made on the way.
        if let Some(m) = sub(o, "metadata") {
            m.retain(|_, v| *v != json!({}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::kubernetes::Config;
    use crate::worlds::kubernetes::kinds;

    fn cluster(objects: &[Value]) -> Api {
        let mut api = Api::new(1);
        for o in objects {
            api.store.put(kinds::from_json(o).unwrap(), None);
        }
        api
    }
    fn pod(name: &str, resources: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "p"},
            "spec": {"containers": [{"name": name, "image": "a", "resources": resources}]}})
    }
    fn quota(hard: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "p"}, "spec": {"hard": hard}})
    }
    fn admit(api: &mut Api, value: &Value) -> Result<Object, String> {
        let mut o = kinds::from_json(value).unwrap();
        kinds::admit(&mut o, api, &Config::default()).map(|()| o).map_err(|e| e.message)
    }

    #[test]
    fn quotas_want_to_know_and_count() {
        let mut api = cluster(&[quota(json!({"limits.memory": "8Gi", "pods": "10", "requests.cpu": "4"}))]);
        assert_eq!(
            admit(&mut api, &pod("hello", json!({}))).unwrap_err(),
            "pods \"hello\" is forbidden: failed quota: q: must specify limits.memory for: hello; requests.cpu for: hello"
        );
        let mut api = cluster(&[quota(json!({"pods": "1", "requests.cpu": "1"}))]);
        let first = admit(&mut api, &pod("a", json!({"requests": {"cpu": "700m"}}))).unwrap();
        api.store.put(first, None);
        assert_eq!(
            admit(&mut api, &pod("b", json!({"requests": {"cpu": "500m"}}))).unwrap_err(),
            "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=500m, used: pods=1,requests.cpu=700m, limited: pods=1,requests.cpu=1"
        );
    }

    #[test]
    fn ranges_fill_in_and_refuse() {
        let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "r", "namespace": "p"}, "spec": {"limits": [
            {"type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "1"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}}]}});
        let mut api = cluster(&[range]);
        let o = admit(&mut api, &pod("c", json!({}))).unwrap();
        let v = kinds::to_json(&o);
        assert_eq!(v["spec"]["containers"][0]["resources"], json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}));
        assert_eq!(
            v["metadata"]["annotations"][ANNOTATION],
            "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
        );
        assert_eq!(
            admit(&mut api, &pod("c", json!({"requests": {"cpu": "50m"}}))).unwrap_err(),
            "pods \"c\" is forbidden: minimum cpu usage per Container is 100m, but request is 50m"
        );
    }
}
