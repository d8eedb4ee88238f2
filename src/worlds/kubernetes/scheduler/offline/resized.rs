//! Running pods that are being resized: the scheduler counts the largest of what is asked for, allocated and in force
//! (component-helpers/resource/helpers.go determineContainerReqs).

use serde_json::{Map, Value};

use crate::worlds::kubernetes::api::quantity::Quantity;

/// Writes into the containers' requests what the scheduler counts.
pub fn count(pod: &mut Value) {
    let infeasible = pod["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|c| c["type"] == "PodResizePending" && c["status"] == "True" && c["reason"] == "Infeasible");
    let Value::Object(pod) = pod else { return };
    let Some(status) = pod.get("status").cloned() else { return };
    let Some(spec) = pod.get_mut("spec") else { return };
    for (list, statuses) in [("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            // Init containers are not resized, sidecars are.
            if list == "initContainers" && container["restartPolicy"] != "Always" {
                continue;
            }
            let Some(s) = status[statuses].as_array().into_iter().flatten().find(|s| s["name"] == container["name"]) else { continue };
            let counted: Vec<Map<String, Value>> =
                [&s["allocatedResources"], &s["resources"]["requests"]].into_iter().filter_map(|r| r.as_object().cloned()).collect();
            if counted.is_empty() {
                continue;
            }
            let own = container["resources"]["requests"].as_object().cloned().filter(|_| !infeasible);
            let mut most = Map::new();
            for (name, amount) in own.into_iter().chain(counted).flatten() {
                if most.get(&name).is_none_or(|m| more(&amount, m)) {
                    most.insert(name, amount);
                }
            }
            if let Some(container) = container.as_object_mut() {
                let resources = container.entry("resources").or_insert_with(|| Map::new().into());
                resources["requests"] = most.into();
            }
        }
    }
}

fn more(a: &Value, b: &Value) -> bool {
    let amount = |v: &Value| Quantity::parse(&v.as_str().map_or_else(|| v.to_string(), str::to_string)).ok();
    amount(a).zip(amount(b)).is_some_and(|(a, b)| a.cmp_value(b).is_gt())
}
