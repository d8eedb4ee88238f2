//! nodeSelector and node affinity (pkg/scheduler/framework/plugins/nodeaffinity).

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Score, Status, Verdict, default_normalize};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::selector::NodeTerm;
use crate::worlds::kubernetes::scheduler::symbols::Sym;

pub struct NodeAffinity;

struct Run<'a>(&'a Cx<'a>);

struct Scoring<'a>(&'a Cx<'a>, &'a [(i32, NodeTerm)]);

fn matches(pod: &PodInfo, node: &NodeFixed, cache: &Cache) -> bool {
    pod.spec.node.matches(node.name, &node.labels, &cache.symbols)
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let wanted = &cx.pod.spec.node;
        if wanted.is_empty() {
            return PreFilter::Skip;
        }
        // Terms are ORed: only if each of them names nodes are other nodes out of question.
        let terms = wanted.terms.iter().flatten();
        let names: Option<Vec<Vec<Sym>>> = terms.map(NodeTerm::names).collect();
        match names {
            Some(names) if !names.is_empty() => {
                let mut names: Vec<Sym> = names.into_iter().flatten().collect();
                names.sort_unstable();
                names.dedup();
                if names.is_empty() {
                    return PreFilter::Reject(Status::unresolvable("pod affinity terms conflict"));
                }
                let nodes = names.iter().filter_map(|n| cx.cache.find(cx.cache.symbols.name(*n))).collect();
                PreFilter::Narrow(nodes, Box::new(Run(cx)))
            }
            _ => PreFilter::Run(Box::new(Run(cx))),
        }
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring(cx, cx.pod.spec.preferred_node.as_deref()?)))
    }
    fn wakes_on(&self) -> &'static str {
        "a node comes, or its labels change"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::NodeAdd(n) => matches(pod, n, cache),
            ClusterEvent::NodeUpdate(old, new) => !matches(pod, old, cache) && matches(pod, new, cache),
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        if matches(self.0.pod, &node.fixed, self.0.cache) {
            Ok(())
        } else {
            Err(Status::unresolvable("node(s) didn't match Pod's node affinity/selector"))
        }
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let cache = self.0.cache;
        for (n, s) in nodes.iter().zip(out) {
            let node = &cache.node(*n).fixed;
            let matching = self.1.iter().filter(|(_, t)| t.matches(node.name, &node.labels, &cache.symbols));
            *s = matching.map(|(w, _)| i64::from(*w)).sum();
        }
    }
    fn normalize(&self, _nodes: &[NodeIx], scores: &mut [i64]) {
        default_normalize(scores, false);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::worlds::kubernetes::api::object::Object;
    use crate::worlds::kubernetes::scheduler::testing::{cycle, node, scores, verdicts, waiting};

    /// a: ssd, gen 3 · b: hdd, gen 10 · c: neither, gen `new`
    fn nodes() -> Vec<Object> {
        [("a", json!({"disk": "ssd", "gen": "3"})), ("b", json!({"disk": "hdd", "gen": "10"})), ("c", json!({"gen": "new"}))]
            .map(|(name, labels)| node(name, json!({"metadata": {"labels": labels}})))
            .to_vec()
    }

    fn required(terms: Value) -> Value {
        json!({"spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}})
    }

    fn one(key: &str, operator: &str, values: &[&str]) -> Value {
        required(json!([{"matchExpressions": [{"key": key, "operator": operator, "values": values}]}]))
    }

    #[test]
    fn required_rules() {
        let disk = |v: &str| json!({"key": "disk", "operator": "In", "values": [v]});
        let named = |operator: &str, name: &str| json!({"key": "metadata.name", "operator": operator, "values": [name]});
        let both = json!({"spec": {"nodeSelector": {"disk": "ssd"}, "affinity": one("gen", "Gt", &["5"])["spec"]["affinity"]}});
        let rows = [
            ("selector", json!({"spec": {"nodeSelector": {"disk": "ssd"}}}), "a"),
            ("selector of two", json!({"spec": {"nodeSelector": {"disk": "ssd", "gen": "10"}}}), ""),
            ("selector and affinity", both, ""),
            ("In", one("disk", "In", &["ssd", "nvme"]), "a"),
            ("NotIn is true of a node without the label", one("disk", "NotIn", &["ssd"]), "bc"),
            ("Exists", one("disk", "Exists", &[]), "ab"),
            ("DoesNotExist", one("disk", "DoesNotExist", &[]), "c"),
            ("Gt compares numbers, not words", one("gen", "Gt", &["3"]), "b"),
            ("Lt", one("gen", "Lt", &["10"]), "a"),
            ("Lt below all", one("gen", "Lt", &["-1"]), ""),
            ("a bound that is no number", one("gen", "Gt", &["many"]), ""),
            ("Gt on a label that is no number", one("gen", "Gt", &["-5"]), "ab"),
            ("Gt on no label", one("rack", "Gt", &["0"]), ""),
            ("terms are alternatives", required(json!([{"matchExpressions": [disk("ssd")]}, {"matchExpressions": [disk("hdd")]}])), "ab"),
            ("expressions are conditions", required(json!([{"matchExpressions": [disk("ssd"), disk("hdd")]}])), ""),
            ("an empty term matches nothing", required(json!([{}, {"matchExpressions": [disk("hdd")]}])), "b"),
            ("by name", required(json!([{"matchFields": [named("In", "b")]}])), "b"),
            ("by name and label", required(json!([{"matchFields": [named("In", "b")], "matchExpressions": [disk("ssd")]}])), ""),
            ("not by name", required(json!([{"matchFields": [named("NotIn", "b")]}])), "ac"),
            ("a name or a label", required(json!([{"matchFields": [named("In", "b")]}, {"matchExpressions": [disk("ssd")]}])), "ab"),
            ("two names", required(json!([{"matchFields": [named("In", "b")]}, {"matchFields": [named("In", "c")]}])), "bc"),
        ];
        for (what, pod, fit) in rows {
            let mut objects = nodes();
            objects.push(waiting(pod));
            let (cluster, outcome) = cycle(&objects);
            let mut got: Vec<_> = outcome.feasible.iter().map(|ix| cluster.cache.node(*ix).name().to_string()).collect();
            got.sort();
            assert_eq!(got.concat(), fit, "{what}");
            let reasons = verdicts(&objects).into_iter().filter(|v| v.starts_with('U'));
            for r in reasons {
                assert_eq!(r, "UU NodeAffinity: node(s) didn't match Pod's node affinity/selector", "{what}");
            }
        }
    }

    #[test]
    fn names_narrow_the_search_before_it_starts() {
        let tail = " no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
        let named = |name: &str| json!({"key": "metadata.name", "operator": "In", "values": [name]});
        let rows = [
            ("contradiction", json!([{"matchFields": [named("a"), named("b")]}]), "pod affinity terms conflict."),
            ("nobody of that name", json!([{"matchFields": [named("z")]}]), "3 node(s) didn't satisfy plugin(s) [NodeAffinity]."),
            (
                "the named one does not match",
                json!([{"matchFields": [named("a")], "matchExpressions": [{"key": "disk", "operator": "In", "values": ["hdd"]}]}]),
                "1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
            ),
        ];
        for (what, terms, head) in rows {
            let mut objects = nodes();
            objects.push(waiting(required(terms)));
            assert_eq!(cycle(&objects).1.message, format!("0/3 nodes are available: {head}{tail}"), "{what}");
        }
    }

    #[test]
    fn preferences() {
        let term = |weight: i32, key: &str, operator: &str, values: &[&str]| json!({"weight": weight, "preference": {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}});
        let rows = [
            (
                "raw 2, 11, 4",
                json!([term(2, "disk", "In", &["ssd"]), term(11, "disk", "In", &["hdd"]), term(4, "disk", "DoesNotExist", &[])]),
                vec![18, 100, 36],
            ),
            ("weights add up", json!([term(30, "disk", "Exists", &[]), term(20, "gen", "Gt", &["5"])]), vec![60, 100, 0]),
            ("nobody matches", json!([term(50, "rack", "Exists", &[])]), vec![0, 0, 0]),
            ("everybody matches", json!([term(1, "gen", "Exists", &[])]), vec![100, 100, 100]),
            ("a preference without conditions", json!([{"weight": 9, "preference": {}}, term(3, "disk", "In", &["hdd"])]), vec![0, 100, 0]),
            ("none asked for", json!([]), vec![]),
        ];
        for (what, terms, expected) in rows {
            let mut objects = nodes();
            objects
                .push(waiting(json!({"spec": {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": terms}}}})));
            assert_eq!(scores("NodeAffinity", &objects), expected, "{what}");
        }
    }
}
