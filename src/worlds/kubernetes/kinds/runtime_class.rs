//! What a RuntimeClass adds to the pods that name it: the overhead of its runtime, and where such pods can run
//! (plugin/pkg/admission/runtimeclass; pkg/util/tolerations).

use serde_json::{Map, Value};

use crate::worlds::kubernetes::api::quantity::Quantity;

/// The class that a pod's spec names.
pub fn named(spec: &Value) -> Option<&str> {
    spec["runtimeClassName"].as_str()
}

/// What is said of a pod whose class does not exist.
pub fn missing(class: &str) -> String {
    format!("pod rejected: RuntimeClass \"{class}\" not found")
}

/// Why the server does not take a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The field of the pod that is at odds with the class.
    pub field: &'static str,
    /// Without the part that names the pod.
    pub why: String,
}

const OTHER: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const OWN: &str = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";

fn rejected(field: &'static str, why: impl Into<String>) -> Result<(), Rejected> {
    Err(Rejected { field, why: why.into() })
}

/// Writes the class's overhead, node selector and tolerations into the spec.
///
/// # Errors
/// The pod says otherwise.
pub fn mutate(spec: &mut Map<String, Value>, class: &Value) -> Result<(), Rejected> {
    if let Some(fixed) = overhead(class) {
        if spec.get("overhead").is_some_and(|own| !own.is_null() && !same_amounts(fixed, own)) {
            return rejected("spec.overhead", OTHER);
        }
        if fixed.is_null() {
            spec.remove("overhead");
        } else {
            spec.insert("overhead".into(), fixed.clone());
        }
    }
    let Some(scheduling) = class.get("scheduling").filter(|s| s.is_object()) else { return Ok(()) };
    if let Some(wanted) = scheduling["nodeSelector"].as_object().filter(|w| !w.is_empty()) {
        let own = spec.entry("nodeSelector").or_insert_with(|| Map::new().into());
        if own.is_null() {
            *own = Map::new().into();
        }
        for (key, value) in wanted {
            if let Some(already) = own.get(key).filter(|a| *a != value) {
                let (value, already) = (value.as_str().unwrap_or_default(), already.as_str().unwrap_or_default());
                let why =
                    format!("conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {already}");
                return rejected("spec.nodeSelector", why);
            }
            own[key] = value.clone();
        }
    }
    let list = |of: Option<&Value>| of.and_then(Value::as_array).cloned().unwrap_or_default();
    let merged = merge(list(spec.get("tolerations")), list(scheduling.get("tolerations")));
    if !merged.is_empty() {
        spec.insert("tolerations".into(), merged.into());
    }
    Ok(())
}

/// The overhead of a pod is its class's, and nobody else writes it.
///
/// # Errors
/// The pod has another.
pub fn validate(spec: &Value, class: Option<&Value>) -> Result<(), Rejected> {
    let own = spec.get("overhead").filter(|o| !o.is_null());
    match (class.and_then(overhead), own) {
        (Some(fixed), own) if !same_amounts(fixed, own.unwrap_or(&Value::Null)) => rejected("spec.overhead", OTHER),
        (None, Some(_)) => rejected("spec.overhead", OWN),
        _ => Ok(()),
    }
}

/// What a class adds, for people; None if it adds nothing.
pub fn summary(class: &Value) -> Option<String> {
    let pairs = |of: &Value, between: &str| -> Vec<String> {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
        of.as_object().into_iter().flatten().map(|(k, v)| format!("{k}{between}{}", text(v))).collect()
    };
    let (fixed, selector) = (pairs(&class["overhead"]["podFixed"], " "), pairs(&class["scheduling"]["nodeSelector"], "="));
    let tolerations = class["scheduling"]["tolerations"].as_array().map_or(0, Vec::len);
    let mut parts = vec![];
    if !fixed.is_empty() {
        parts.push(format!("overhead {}", fixed.join(", ")));
    }
    if !selector.is_empty() {
        parts.push(format!("node selector {}", selector.join(", ")));
    }
    match tolerations {
        0 => {}
        1 => parts.push("a toleration".into()),
        n => parts.push(format!("{n} tolerations")),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `overhead.podFixed` of a class that has an overhead; null if it names no amounts.
fn overhead(class: &Value) -> Option<&Value> {
    class.get("overhead").filter(|o| o.is_object()).map(|o| &o["podFixed"])
}

/// The same resources in the same amounts, however they are written.
fn same_amounts(a: &Value, b: &Value) -> bool {
    let empty = Map::new();
    let (a, b) = (a.as_object().unwrap_or(&empty), b.as_object().unwrap_or(&empty));
    let amount = |v: &Value| Quantity::parse(&v.as_str().map_or_else(|| v.to_string(), str::to_string)).ok();
    let same = |a: &Value, b: &Value| a == b || amount(a).zip(amount(b)).is_some_and(|(a, b)| a.cmp_value(b).is_eq());
    a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|o| same(v, o)))
}

/// MergeTolerations: one that another covers is left out; of equal ones the first stays.
fn merge(first: Vec<Value>, second: Vec<Value>) -> Vec<Value> {
    let all: Vec<Value> = first.into_iter().chain(second).collect();
    let mut merged: Vec<Value> = vec![];
    for (i, t) in all.iter().enumerate() {
        let later = all.iter().skip(i + 1).any(|o| o != t && covers(o, t));
        if !later && !merged.iter().any(|o| covers(o, t)) {
            merged.push(t.clone());
        }
    }
    merged
}

/// isSuperset: whatever `t` tolerates, `wide` tolerates too.
fn covers(wide: &Value, t: &Value) -> bool {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_string();
    let (key, effect, operator) = (text(wide, "key"), text(wide, "effect"), text(wide, "operator"));
    if wide == t {
        return true;
    }
    if text(t, "key") != key && !(key.is_empty() && operator == "Exists") || text(t, "effect") != effect && !effect.is_empty() {
        return false;
    }
    if effect == "NoExecute"
        && let Some(seconds) = wide["tolerationSeconds"].as_i64()
        && t["tolerationSeconds"].as_i64().is_none_or(|own| own > seconds)
    {
        return false;
    }
    match operator.as_str() {
        "Equal" | "" => text(t, "operator") == "Equal" && text(t, "value") == text(wide, "value"),
        "Exists" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mutated(spec: Value, class: Value) -> Result<Value, String> {
        let Value::Object(mut map) = spec else { panic!("an object") };
        mutate(&mut map, &class).map_err(|r| r.why)?;
        let spec = Value::Object(map);
        validate(&spec, Some(&class)).map_err(|r| r.why)?;
        Ok(spec)
    }

    #[test]
    fn the_overhead_is_the_class_s() {
        let class = json!({"handler": "h", "overhead": {"podFixed": {"cpu": "250m", "memory": "120Mi"}}});
        let fixed = class["overhead"]["podFixed"].clone();
        let refused = Err("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_string());
        let rows = [
            ("none", json!({}), Ok(json!({"overhead": fixed}))),
            ("the same, written otherwise", json!({"overhead": {"cpu": "0.25", "memory": "122880Ki"}}), Ok(json!({"overhead": fixed}))),
            ("less", json!({"overhead": {"cpu": "200m", "memory": "120Mi"}}), refused.clone()),
            ("not all of it", json!({"overhead": {"cpu": "250m"}}), refused),
        ];
        for (what, spec, expected) in rows {
            assert_eq!(mutated(spec, class.clone()), expected, "{what}");
        }
        let without = Err("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead".to_string());
        let own = json!({"overhead": {"cpu": "1"}});
        assert_eq!(mutated(own.clone(), json!({"handler": "h"})), without.clone().map(|()| Value::Null));
        assert_eq!((validate(&own, None).map_err(|r| r.why), validate(&json!({}), None)), (without, Ok(())));
    }

    #[test]
    fn the_node_selector_is_merged() {
        let class = json!({"scheduling": {"nodeSelector": {"runtime": "kata", "zone": "a"}}});
        let rows = [
            (json!({}), Ok(json!({"runtime": "kata", "zone": "a"}))),
            (json!({"nodeSelector": {"disk": "ssd", "zone": "a"}}), Ok(json!({"disk": "ssd", "zone": "a", "runtime": "kata"}))),
            (
                json!({"nodeSelector": {"zone": "b"}}),
                Err("conflict: runtimeClass.scheduling.nodeSelector[zone] = a; pod.spec.nodeSelector[zone] = b".to_string()),
            ),
        ];
        for (spec, expected) in rows {
            assert_eq!(mutated(spec.clone(), class.clone()).map(|s| s["nodeSelector"].clone()), expected, "{spec}");
        }
        assert_eq!(mutated(json!({"nodeSelector": {"a": "b"}}), json!({"handler": "h"})), Ok(json!({"nodeSelector": {"a": "b"}})));
    }

    #[test]
    fn what_a_class_adds_is_said() {
        let class = json!({"overhead": {"podFixed": {"cpu": "250m", "memory": "120Mi"}},
            "scheduling": {"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}]}});
        assert_eq!(summary(&class).as_deref(), Some("overhead cpu 250m, memory 120Mi; node selector a=b; a toleration"));
        assert_eq!(summary(&json!({"handler": "h"})), None);
    }

    #[test]
    fn tolerations_are_merged() {
        let t = |key: &str, operator: &str, value: &str, effect: &str, seconds: Option<i64>| {
            let mut t = json!({});
            for (k, v) in [("key", key), ("operator", operator), ("value", value), ("effect", effect)] {
                if !v.is_empty() {
                    t[k] = v.into();
                }
            }
            if let Some(s) = seconds {
                t["tolerationSeconds"] = s.into();
            }
            t
        };
        let equal = t("a", "Equal", "1", "NoSchedule", None);
        let exists = t("a", "Exists", "", "NoSchedule", None);
        let any = t("a", "Exists", "", "", None);
        let all = t("", "Exists", "", "", None);
        let other = t("b", "Exists", "", "NoSchedule", None);
        let (short, long, ever) = (
            t("a", "Exists", "", "NoExecute", Some(30)),
            t("a", "Exists", "", "NoExecute", Some(300)),
            t("a", "Exists", "", "NoExecute", None),
        );
        let bare = t("a", "", "1", "NoSchedule", None);
        let rows = [
            ("nothing in common", vec![&equal], vec![&other], vec![&equal, &other]),
            ("equal ones", vec![&equal], vec![&equal], vec![&equal]),
            ("the second covers the first", vec![&equal], vec![&exists], vec![&exists]),
            ("the first covers the second", vec![&exists], vec![&equal], vec![&exists]),
            ("every effect", vec![&exists, &ever], vec![&any], vec![&any]),
            ("everything", vec![&equal, &other, &short], vec![&all], vec![&all]),
            ("the longer time", vec![&short], vec![&long], vec![&long]),
            ("no end", vec![&long], vec![&ever], vec![&ever]),
            ("an effect that is not the same", vec![&exists], vec![&ever], vec![&exists, &ever]),
            ("Equal that is not written covers the written one", vec![&equal], vec![&bare], vec![&bare]),
        ];
        for (what, first, second, expected) in rows {
            let [first, second, expected] = [first, second, expected].map(|l| l.into_iter().cloned().collect::<Vec<_>>());
            let spec = mutated(json!({"tolerations": first}), json!({"scheduling": {"tolerations": second}})).unwrap();
            assert_eq!(spec["tolerations"], json!(expected), "{what}");
        }
    }
}
