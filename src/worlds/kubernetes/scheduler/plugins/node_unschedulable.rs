//! Turns down cordoned nodes (pkg/scheduler/framework/plugins/nodeunschedulable).

use crate::worlds::kubernetes::api::object::TaintEffect;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Status, Verdict};
use crate::worlds::kubernetes::scheduler::pod::{PodInfo, Taint};
use crate::worlds::kubernetes::scheduler::symbols::Symbols;

pub struct NodeUnschedulable;

struct Run;

/// The taint a cordoned node carries; whoever tolerates it may go there.
fn tolerated(pod: &PodInfo, symbols: &Symbols) -> bool {
    let known = |text| symbols.find(text);
    pod.spec.tolerations.iter().any(|t| match (known("node.kubernetes.io/unschedulable"), known("")) {
        (Some(key), Some(value)) => t.tolerates(&Taint { key, value, effect: TaintEffect::NoSchedule }),
        // Nobody ever named the key, so only a toleration of everything fits.
        _ => t.key.is_none() && t.exists && t.effect.is_none_or(|e| e == TaintEffect::NoSchedule),
    })
}

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        if cx.cache.unschedulable_nodes == 0 || tolerated(cx.pod, &cx.cache.symbols) {
            return PreFilter::Skip;
        }
        PreFilter::Run(Box::new(Run))
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes or is uncordoned, the pod gets a toleration"
    }
    fn hint(&self, event: &ClusterEvent, _pod: &PodInfo, cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::NodeAdd(n) => !n.node.unschedulable,
            ClusterEvent::NodeUpdate(old, new) => old.node.unschedulable && !new.node.unschedulable,
            // It was turned down, so it did not tolerate the taint before.
            ClusterEvent::Own(old, new) => old.spec.tolerations != new.spec.tolerations && tolerated(new, &cache.symbols),
            _ => false,
        })
    }
}

impl Filter for Run {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if node.unschedulable { Err(Status::unresolvable("node(s) were unschedulable")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::worlds::kubernetes::scheduler::testing::{node, verdicts, waiting};

    #[test]
    fn cordoned_nodes_take_those_who_tolerate_it() {
        let cordoned = "UU NodeUnschedulable: node(s) were unschedulable";
        let key = "node.kubernetes.io/unschedulable";
        let rows = [
            ("nobody's toleration", json!([]), cordoned),
            ("the taint", json!([{"key": key, "operator": "Exists", "effect": "NoSchedule"}]), "fits"),
            ("the taint, every effect", json!([{"key": key, "operator": "Exists"}]), "fits"),
            ("the taint by its empty value", json!([{"key": key, "effect": "NoSchedule"}]), "fits"),
            ("a value that it does not have", json!([{"key": key, "value": "true"}]), cordoned),
            ("another effect", json!([{"key": key, "operator": "Exists", "effect": "NoExecute"}]), cordoned),
            ("another key", json!([{"key": "dedicated", "operator": "Exists"}]), cordoned),
            ("everything", json!([{"operator": "Exists"}]), "fits"),
            ("everything of the effect", json!([{"operator": "Exists", "effect": "NoSchedule"}]), "fits"),
            ("everything of another effect", json!([{"operator": "Exists", "effect": "PreferNoSchedule"}]), cordoned),
        ];
        for (what, tolerations, expected) in rows {
            // With and without the taint that the node lifecycle controller adds: the flag speaks first.
            for taints in [json!([]), json!([{"key": key, "effect": "NoSchedule"}])] {
                let objects = [
                    node("a", json!({"spec": {"unschedulable": true, "taints": taints}})),
                    waiting(json!({"spec": {"tolerations": tolerations}})),
                ];
                assert_eq!(verdicts(&objects), [expected], "{what} {taints}");
            }
        }
    }
}
