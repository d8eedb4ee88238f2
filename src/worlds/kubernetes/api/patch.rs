//! Strategic merge patches, three-way merges and JSON patches on the JSON form of objects.
//! Facts: apimachinery/pkg/util/strategicpatch, reference 6.11 (merge keys).

use serde_json::{Map, Value};

use super::ApiError;

/// The field that identifies an element of the list at `path`; None: the list is replaced as a whole.
fn merge_key(path: &[&str]) -> Option<&'static str> {
    let parent = path.len().checked_sub(2).map(|i| path[i]).unwrap_or_default();
    Some(match *path.last()? {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "schedulingGates"
        | "resourceClaims" => "name",
        "ports" if matches!(parent, "containers" | "initContainers" | "ephemeralContainers") => "containerPort",
        // A Service's own; those of network policies and slices are replaced.
        "ports" if path == ["spec", "ports"] => "port",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "topologySpreadConstraints" => "topologyKey",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "secrets" => "name",
        "drivers" => "name",
        _ => return None,
    })
}

/// Lists of plain values that are merged as sets.
fn is_set(path: &[&str]) -> bool {
    matches!(path, ["metadata", "finalizers"] | ["spec", "podCIDRs"])
}

/// Applies a strategic merge patch.
///
/// # Errors
/// A sentence for a patch that makes no sense.
pub(super) fn strategic(current: &Value, patch: &Value) -> Result<Value, String> {
    if !patch.is_object() {
        return Err("error decoding patch: json: cannot unmarshal into a map".into());
    }
    let mut out = current.clone();
    merge(&mut out, patch, &mut Vec::new())?;
    Ok(out)
}

fn merge<'p>(current: &mut Value, patch: &'p Value, path: &mut Vec<&'p str>) -> Result<(), String> {
    let Some(changes) = patch.as_object() else {
        *current = patch.clone();
        return Ok(());
    };
    match changes.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *current = without_directives(patch);
            return Ok(());
        }
        Some("delete") => {
            *current = Value::Null;
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(format!("Unknown patch type: {other}")),
    }
    if !current.is_object() {
        *current = Value::Object(Map::new());
    }
    let Some(object) = current.as_object_mut() else { return Ok(()) };
    if let Some(keep) = changes.get("$retainKeys").and_then(Value::as_array) {
        object.retain(|k, _| keep.iter().any(|w| w == k));
    }
    for (key, value) in changes {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(have), Some(gone)) = (object.get_mut(list).and_then(Value::as_array_mut), value.as_array()) {
                have.retain(|v| !gone.contains(v));
            }
            continue;
        }
        if key.starts_with('$') {
            continue;
        }
        path.push(key);
        match value {
            Value::Null => {
                object.shift_remove(key);
            }
            Value::Object(_) => {
                let slot = object.entry(key.clone()).or_insert(Value::Null);
                merge(slot, value, path)?;
                if slot.is_null() {
                    object.shift_remove(key);
                }
            }
            Value::Array(new) => {
                let old = object.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
                let order = changes.get(&format!("$setElementOrder/{key}")).and_then(Value::as_array);
                object.insert(key.clone(), Value::Array(merge_list(old, new, order, path)?));
            }
            other => {
                object.insert(key.clone(), other.clone());
            }
        }
        path.pop();
    }
    // An order without changes still moves elements.
    for (key, order) in changes {
        if let (Some(list), Some(order)) = (key.strip_prefix("$setElementOrder/"), order.as_array())
            && !changes.contains_key(list)
        {
            path.push(list);
            let field = merge_key(path);
            path.pop();
            if let Some(have) = object.get_mut(list).and_then(Value::as_array_mut) {
                reorder(have, order, field);
            }
        }
    }
    Ok(())
}

fn without_directives(v: &Value) -> Value {
    match v {
        Value::Object(m) => {
            Value::Object(m.iter().filter(|(k, _)| !k.starts_with('$')).map(|(k, v)| (k.clone(), without_directives(v))).collect())
        }
        Value::Array(l) => Value::Array(l.iter().map(without_directives).collect()),
        v => v.clone(),
    }
}

fn merge_list<'p>(old: Vec<Value>, new: &'p [Value], order: Option<&Vec<Value>>, path: &mut Vec<&'p str>) -> Result<Vec<Value>, String> {
    if is_set(path) {
        let mut out = old;
        for v in new.iter().filter(|v| !v.is_object()) {
            if !out.contains(v) {
                out.push(v.clone());
            }
        }
        return Ok(out);
    }
    let Some(field) = merge_key(path) else { return Ok(new.iter().map(without_directives).collect()) };
    if new.iter().any(|v| v.get("$patch").and_then(Value::as_str) == Some("replace")) {
        let kept = new.iter().filter(|v| v.get("$patch").is_none());
        return Ok(kept.map(without_directives).collect());
    }
    let mut out = old;
    for v in new {
        let Some(id) = v.get(field).filter(|id| !id.is_null()) else {
            return Err(format!("map: {v} does not contain declared merge key: {field}"));
        };
        let at = out.iter().position(|o| o.get(field) == Some(id));
        if v.get("$patch").and_then(Value::as_str) == Some("delete") {
            if let Some(at) = at {
                out.remove(at);
            }
            continue;
        }
        match at {
            Some(at) => merge(&mut out[at], v, path)?,
            None => out.push(without_directives(v)),
        }
    }
    if let Some(order) = order {
        reorder(&mut out, order, Some(field));
    }
    Ok(out)
}

/// Puts the named elements in the given order; the others keep their places behind them.
fn reorder(list: &mut [Value], order: &[Value], field: Option<&str>) {
    let rank = |v: &Value| {
        let id = field.map_or(Some(v), |f| v.get(f));
        order.iter().position(|o| field.map_or(Some(o), |f| o.get(f)) == id).unwrap_or(order.len())
    };
    list.sort_by_key(rank);
}

/// `kubectl apply`: what `modified` wants is set in `current`, what `original` wanted and `modified` no longer does is removed.
pub(super) fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut out = current.clone();
    apply(original, modified, &mut out, &mut Vec::new());
    out
}

fn apply<'p>(original: &Value, modified: &'p Value, current: &mut Value, path: &mut Vec<&'p str>) {
    let Some(wanted) = modified.as_object() else {
        *current = modified.clone();
        return;
    };
    if !current.is_object() {
        *current = Value::Object(Map::new());
    }
    let Some(object) = current.as_object_mut() else { return };
    for key in original.as_object().into_iter().flat_map(Map::keys) {
        if wanted.get(key).is_none_or(Value::is_null) {
            object.shift_remove(key);
        }
    }
    // A Deployment's strategy keeps only what the manifest names (patchStrategy retainKeys).
    if matches!(path[..], ["spec", "strategy"]) {
        object.retain(|k, _| wanted.contains_key(k));
    }
    for (key, value) in wanted {
        path.push(key);
        let was = original.get(key).unwrap_or(&Value::Null);
        match value {
            // An explicit null removes.
            Value::Null => {
                object.shift_remove(key);
            }
            Value::Object(_) => apply(was, value, object.entry(key.clone()).or_insert(Value::Null), path),
            Value::Array(new) => {
                let have = object.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
                let list = apply_list(was.as_array().map_or(&[], Vec::as_slice), new, have, path);
                object.insert(key.clone(), Value::Array(list));
            }
            other => {
                object.insert(key.clone(), other.clone());
            }
        }
        path.pop();
    }
}

fn apply_list<'p>(original: &[Value], wanted: &'p [Value], current: Vec<Value>, path: &mut Vec<&'p str>) -> Vec<Value> {
    if is_set(path) {
        let mut out: Vec<Value> = current.into_iter().filter(|v| !original.contains(v) || wanted.contains(v)).collect();
        out.extend(wanted.iter().filter(|v| !out.contains(v)).cloned().collect::<Vec<_>>());
        return out;
    }
    let Some(field) = merge_key(path) else { return wanted.to_vec() };
    let same = |a: &Value, b: &Value| a.get(field).is_some() && a.get(field) == b.get(field);
    let mut left = current;
    let mut out = Vec::new();
    for w in wanted {
        let mut element = match left.iter().position(|c| same(c, w)) {
            Some(at) => left.remove(at),
            None => Value::Object(Map::new()),
        };
        apply(original.iter().find(|o| same(o, w)).unwrap_or(&Value::Null), w, &mut element, path);
        out.push(element);
    }
    // What others added stays; what the last manifest had and this one lacks goes.
    left.retain(|c| !original.iter().any(|o| same(o, c)));
    out.extend(left);
    out
}

/// Applies a JSON patch.
///
/// # Errors
/// `BadRequest` for what is no patch, `Invalid` for one that does not fit the object.
pub(super) fn json(current: &Value, body: &Value) -> Result<Value, ApiError> {
    let patch: json_patch::Patch =
        serde_json::from_value(body.clone()).map_err(|e| ApiError::bad_request(format!("error decoding patch: {e}")))?;
    let mut out = current.clone();
    json_patch::patch(&mut out, &patch).map_err(|_| ApiError {
        code: 422,
        reason: "Invalid",
        message: "the server rejected our request due to an error in our request".into(),
        causes: vec![],
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strategic_lists_merge_by_key() {
        let current = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "a", "image": "a:1", "ports": [{"containerPort": 80}]}, {"name": "b", "image": "b:1"}]}}, "x": 1}});
        let patch = json!({"spec": {"x": null, "template": {"spec": {"containers": [{"name": "b", "image": "b:2"}, {"name": "a", "$patch": "delete"}]}}}});
        let out = strategic(&current, &patch).unwrap();
        assert_eq!(out, json!({"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "b:2"}]}}}}));
        let e = strategic(&current, &json!({"spec": {"template": {"spec": {"containers": [{"image": "b:2"}]}}}})).unwrap_err();
        assert_eq!(e, "map: {\"image\":\"b:2\"} does not contain declared merge key: name");
        let replaced = strategic(&json!({"spec": {"tolerations": [1, 2]}}), &json!({"spec": {"tolerations": [3]}})).unwrap();
        assert_eq!(replaced["spec"]["tolerations"], json!([3]));
    }

    #[test]
    fn apply_removes_only_what_it_once_set() {
        let original = json!({"metadata": {"labels": {"mine": "1", "gone": "1"}}, "spec": {"replicas": 2}});
        let modified = json!({"metadata": {"labels": {"mine": "2"}}, "spec": {}});
        let current = json!({"metadata": {"labels": {"mine": "1", "gone": "1", "theirs": "1"}}, "spec": {"replicas": 5, "paused": true}});
        let out = three_way(&original, &modified, &current);
        assert_eq!(out, json!({"metadata": {"labels": {"mine": "2", "theirs": "1"}}, "spec": {"paused": true}}));
        assert_eq!(three_way(&modified, &modified, &out), out, "a second time changes nothing");
    }
}
