//! Spreading over topology domains (pkg/scheduler/framework/plugins/podtopologyspread).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Prepared, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::{Counts, NodeIx};
use crate::worlds::kubernetes::scheduler::pod::{HOSTNAME, PodInfo, SpreadConstraint, ZONE};
use crate::worlds::kubernetes::scheduler::symbols::label;

use super::taint_toleration::tolerates_hard;

pub struct PodTopologySpread;

const MISMATCH: &str = "node(s) didn't match pod topology spread constraints";
const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

/// System default constraints, both ScheduleAnyway: topology key and maxSkew (plugin.go systemDefaultConstraints).
const SYSTEM_DEFAULTS: [(&str, i64); 2] = [(HOSTNAME, 3), (ZONE, 5)];

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }
    fn scores(&self) -> bool {
        true
    }
    fn prepare(&self, cache: &mut Cache, pod: &PodInfo, prepared: &mut Prepared) {
        for c in &pod.spec.spread {
            cache.want(c.counted, Some(c.topology));
        }
        if !pod.spec.spread.is_empty() {
            return;
        }
        if let Some((selector, counted)) = cache.default_selector(pod) {
            for (key, max_skew) in SYSTEM_DEFAULTS {
                let topology = cache.topology(key);
                // Hosts are asked one by one; only zones need sums.
                cache.want(counted, (key != HOSTNAME).then_some(topology));
                prepared.default_spread.push(SpreadConstraint {
                    topology,
                    max_skew,
                    min_domains: 1,
                    hard: false,
                    honor_affinity: true,
                    honor_taints: false,
                    selector: selector.clone(),
                    counted,
                    self_match: true,
                });
            }
        }
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let constraints: Vec<_> = cx.pod.spec.spread.iter().filter(|c| c.hard).collect();
        if constraints.is_empty() {
            return PreFilter::Skip;
        }
        let sums = if whole_topologies_count(cx, &constraints, true) {
            let direct = |c: &&'a SpreadConstraint| Sum {
                counts: Cow::Borrowed(cx.cache.indexes.selector(c.counted).domains(c.topology)),
                present: None,
            };
            constraints.iter().map(direct).collect()
        } else {
            sum_over_nodes(cx, &constraints, true)
        };
        let mut run = Run { cx, constraints, sums, min: vec![] };
        run.find_minimum();
        PreFilter::Run(Box::new(run))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        let own = !cx.pod.spec.spread.is_empty();
        let constraints: Vec<&SpreadConstraint> =
            if own { cx.pod.spec.spread.iter().filter(|c| !c.hard).collect() } else { cx.prepared.default_spread.iter().collect() };
        if constraints.is_empty() {
            return None;
        }
        Some(Box::new(Scoring::new(cx, constraints, feasible, own)))
    }
    fn wakes_on(&self) -> &'static str {
        "a pod it counts comes, changes its labels or leaves; a node comes, goes or changes its domain or taints"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        let constraints = || pod.spec.spread.iter().filter(|c| c.hard);
        let selects = |c: &SpreadConstraint, other: &PodInfo| c.selector.matches(&cache.indexes.class(other.class).labels, &cache.symbols);
        let here = |other: &PodInfo| other.spec.namespace == pod.spec.namespace;
        let relabelled = |old: &PodInfo, new: &PodInfo| constraints().any(|c| selects(c, old) != selects(c, new));
        let domain = |c: &SpreadConstraint, n: &NodeFixed| label(&n.labels, cache.indexes.topology(c.topology).key);
        let counts = |n: &NodeFixed| constraints().all(|c| domain(c, n).is_some());
        Hint::when(match event {
            ClusterEvent::PodAdd(p) | ClusterEvent::PodDelete(p) => here(p) && constraints().any(|c| selects(c, p)),
            ClusterEvent::PodUpdate(old, new) => here(new) && relabelled(old, new),
            ClusterEvent::NodeAdd(n) | ClusterEvent::NodeDelete(n) => counts(n),
            ClusterEvent::NodeUpdate(old, new) => {
                let moved = || constraints().any(|c| domain(c, old) != domain(c, new));
                counts(old) != counts(new) || (counts(new) && (moved() || old.taints != new.taints))
            }
            ClusterEvent::Own(old, new) => {
                let tolerates = old.spec.tolerations != new.spec.tolerations && constraints().any(|c| c.honor_taints);
                tolerates || relabelled(old, new)
            }
            _ => false,
        })
    }
}

/// Matching pods per domain of one constraint, over the nodes that count.
struct Sum<'a> {
    counts: Cow<'a, Counts>,
    /// Domains with a node that counts; None = all domains.
    present: Option<Vec<bool>>,
}

/// Every node of every topology counts, so the kept sums can be used as they are.
fn whole_topologies_count(cx: &Cx, constraints: &[&SpreadConstraint], all_keys: bool) -> bool {
    let indexes = &cx.cache.indexes;
    let everywhere = constraints.len() == 1 || !all_keys || constraints.iter().all(|c| indexes.topology(c.topology).missing == 0);
    everywhere
        && constraints
            .iter()
            .all(|c| (!c.honor_affinity || cx.pod.spec.node.is_empty()) && (!c.honor_taints || cx.cache.tainted_nodes == 0))
}

/// The pod's inclusion policies accept the node (common.go matchNodeInclusionPolicies).
fn included(cache: &Cache, pod: &PodInfo, c: &SpreadConstraint, node: &NodeInfo) -> bool {
    (!c.honor_affinity || pod.spec.node.matches(node.fixed.name, &node.fixed.labels, &cache.symbols))
        && (!c.honor_taints || tolerates_hard(&node.fixed, &pod.spec.tolerations))
}

fn has_all_keys(cache: &Cache, constraints: &[&SpreadConstraint], node: NodeIx) -> bool {
    constraints.iter().all(|c| cache.indexes.topology(c.topology).domain(node).is_some())
}

/// The same sums, node by node.
fn sum_over_nodes<'a>(cx: &'a Cx<'a>, constraints: &[&'a SpreadConstraint], all_keys: bool) -> Vec<Sum<'a>> {
    let indexes = &cx.cache.indexes;
    let mut sums: Vec<(Counts, Vec<bool>)> =
        constraints.iter().map(|c| (Counts::default(), vec![false; indexes.topology(c.topology).nodes_in.len()])).collect();
    for ix in cx.order {
        if all_keys && !has_all_keys(cx.cache, constraints, *ix) {
            continue;
        }
        let node = cx.cache.node(*ix);
        for (c, (counts, present)) in constraints.iter().zip(&mut sums) {
            let Some(d) = indexes.topology(c.topology).domain(*ix) else { continue };
            if included(cx.cache, cx.pod, c, node) {
                present[d] = true;
                counts.add(d, indexes.selector(c.counted).on_node(*ix));
            }
        }
    }
    sums.into_iter().map(|(counts, present)| Sum { counts: Cow::Owned(counts), present: Some(present) }).collect()
}

/// What a node's domain holds for one hard constraint.
pub struct Skew<'a> {
    pub key: &'a str,
    pub max_skew: i64,
    /// 1 if the pod itself would be counted.
    pub own: i64,
    /// Pods counted in the node's domain and in the emptiest one (0 while there are fewer than minDomains); None without the label.
    pub counts: Option<(i64, i64)>,
}

/// The numbers that the filter compares on a node, for those who want to see them.
pub fn skews<'a>(cache: &'a Cache, pod: &PodInfo, node: &NodeInfo) -> Vec<Skew<'a>> {
    let constraints: Vec<_> = pod.spec.spread.iter().filter(|c| c.hard).collect();
    let skew = |c: &&SpreadConstraint| {
        let topology = cache.indexes.topology(c.topology);
        let mut domains: Vec<Option<i64>> = vec![None; topology.nodes_in.len()];
        for n in cache.nodes().iter().filter(|n| n.alive && has_all_keys(cache, &constraints, n.ix) && included(cache, pod, c, n)) {
            if let Some(d) = topology.domain(n.ix) {
                *domains[d].get_or_insert(0) += i64::from(cache.indexes.selector(c.counted).on_node(n.ix));
            }
        }
        let few = (domains.iter().flatten().count() as i64) < c.min_domains;
        let fewest = if few { 0 } else { domains.iter().flatten().min().copied().unwrap_or(0) };
        let counts = topology.domain(node.ix).map(|d| (domains[d].unwrap_or(0), fewest));
        Skew { key: cache.symbols.name(topology.key), max_skew: c.max_skew, own: i64::from(c.self_match), counts }
    };
    constraints.iter().map(skew).collect()
}

struct Run<'a> {
    cx: &'a Cx<'a>,
    constraints: Vec<&'a SpreadConstraint>,
    sums: Vec<Sum<'a>>,
    /// The smallest count over the domains, per constraint; 0 while there are fewer domains than minDomains.
    min: Vec<i64>,
}

impl Run<'_> {
    fn find_minimum(&mut self) {
        let minimum = |(c, sum): (&&SpreadConstraint, &Sum)| {
            let topology = self.cx.cache.indexes.topology(c.topology);
            let live = |d: usize| sum.present.as_ref().map_or(topology.nodes_in[d] > 0, |p| p[d]);
            let (mut domains, mut min) = (0, i64::from(i32::MAX));
            for d in (0..topology.nodes_in.len()).filter(|d| live(*d)) {
                domains += 1;
                min = min.min(i64::from(sum.counts.get(d)));
            }
            if domains < c.min_domains { 0 } else { min }
        };
        self.min = self.constraints.iter().zip(&self.sums).map(minimum).collect();
    }
    fn apply(&mut self, pod: &PodInfo, node: &NodeInfo, n: i32) {
        let cx = self.cx;
        if pod.spec.namespace != cx.pod.spec.namespace || !has_all_keys(cx.cache, &self.constraints, node.ix) {
            return;
        }
        let labels = &cx.cache.indexes.class(pod.class).labels;
        let mut changed = false;
        for (c, sum) in self.constraints.iter().zip(&mut self.sums) {
            if c.selector.matches(labels, &cx.cache.symbols)
                && included(cx.cache, cx.pod, c, node)
                && let Some(d) = cx.cache.indexes.topology(c.topology).domain(node.ix)
            {
                sum.counts.to_mut().add(d, n);
                changed = true;
            }
        }
        if changed {
            self.find_minimum();
        }
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        for ((c, sum), min) in self.constraints.iter().zip(&self.sums).zip(&self.min) {
            let Some(d) = self.cx.cache.indexes.topology(c.topology).domain(node.ix) else {
                return Err(Status::unresolvable(NO_LABEL));
            };
            // A domain of which no node counts holds nothing.
            let counts = sum.present.as_ref().is_none_or(|p| p[d]);
            let here = if counts { i64::from(sum.counts.get(d)) } else { 0 };
            if here + i64::from(c.self_match) - min > c.max_skew {
                return Err(Status::unschedulable(MISMATCH));
            }
        }
        Ok(())
    }
    fn add_pod(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.apply(pod, node, 1);
    }
    fn remove_pod(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.apply(pod, node, -1);
    }
}

struct Scoring<'a> {
    cx: &'a Cx<'a>,
    constraints: Vec<&'a SpreadConstraint>,
    /// Weight per constraint, and the sums of those that are not about hosts.
    weights: Vec<f64>,
    sums: Vec<Option<Sum<'a>>>,
    /// Nodes that lack a key of the pod's own constraints.
    ignores: bool,
}

impl<'a> Scoring<'a> {
    fn new(cx: &'a Cx<'a>, constraints: Vec<&'a SpreadConstraint>, feasible: &[NodeIx], own: bool) -> Self {
        let indexes = &cx.cache.indexes;
        let hostname = cx.cache.symbols.find(HOSTNAME);
        let by_host: Vec<bool> = constraints.iter().map(|c| Some(indexes.topology(c.topology).key) == hostname).collect();
        // Only the pod's own constraints demand every key of a node; the system's let a node without a zone be spread by host.
        let ignores = own && constraints.iter().any(|c| indexes.topology(c.topology).missing > 0);
        let counted = |n: &&NodeIx| !ignores || has_all_keys(cx.cache, &constraints, **n);
        let weights = constraints.iter().zip(&by_host).map(|(c, host)| {
            let size = if *host {
                feasible.iter().filter(counted).count()
            } else {
                let topology = indexes.topology(c.topology);
                // One more place for nodes without the label: to them the missing value is a value.
                let none = topology.nodes_in.len();
                let mut seen = vec![false; none + 1];
                let mut values = 0;
                for n in feasible.iter().filter(counted) {
                    let d = topology.domain(*n).unwrap_or(none);
                    values += usize::from(!std::mem::replace(&mut seen[d], true));
                }
                values
            };
            libm::log((size + 2) as f64)
        });
        let weights = weights.collect();
        let sums = if whole_topologies_count(cx, &constraints, own) {
            let direct =
                |c: &&'a SpreadConstraint| Sum { counts: Cow::Borrowed(indexes.selector(c.counted).domains(c.topology)), present: None };
            constraints.iter().zip(&by_host).map(|(c, host)| (!host).then(|| direct(c))).collect()
        } else {
            sum_over_nodes(cx, &constraints, own).into_iter().zip(&by_host).map(|(s, host)| (!host).then_some(s)).collect()
        };
        Self { cx, constraints, weights, sums, ignores }
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let indexes = &self.cx.cache.indexes;
        for (n, s) in nodes.iter().zip(out) {
            if self.ignores && !has_all_keys(self.cx.cache, &self.constraints, *n) {
                *s = 0;
                continue;
            }
            let mut score = 0.0;
            for ((c, weight), sum) in self.constraints.iter().zip(&self.weights).zip(&self.sums) {
                if let Some(d) = indexes.topology(c.topology).domain(*n) {
                    let count = match sum {
                        Some(sum) => sum.counts.get(d),
                        None => indexes.selector(c.counted).on_node(*n),
                    };
                    score += f64::from(count) * weight + (c.max_skew - 1) as f64;
                }
            }
            *s = score.round() as i64;
        }
    }
    fn normalize(&self, nodes: &[NodeIx], scores: &mut [i64]) {
        let ignored = |n: NodeIx| self.ignores && !has_all_keys(self.cx.cache, &self.constraints, n);
        let counted = || nodes.iter().zip(&*scores).filter(|(n, _)| !ignored(**n)).map(|(_, s)| *s);
        let (min, max) = (counted().min().unwrap_or(0), counted().max().unwrap_or(0).max(0));
        for (n, s) in nodes.iter().zip(scores) {
            *s = if ignored(*n) {
                0
            } else if max == 0 {
                100
            } else {
                100 * (max + min - *s) / max
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::worlds::kubernetes::api::object::Object;
    use crate::worlds::kubernetes::scheduler::testing::{node, object, on, scores, verdicts, waiting};

    use super::{HOSTNAME, ZONE};

    const SKEW: &str = "U PodTopologySpread: node(s) didn't match pod topology spread constraints";
    const UNLABELLED: &str = "UU PodTopologySpread: node(s) didn't match pod topology spread constraints (missing required label)";

    /// Nodes a, b, c … in these zones (`-`: none), with so many pods `app: web` each.
    fn cluster(zones_and_pods: &[(&str, usize)]) -> Vec<Object> {
        let mut objects = vec![];
        for (i, (zone, pods)) in zones_and_pods.iter().enumerate() {
            let name = char::from(b'a' + i as u8).to_string();
            let zone = if *zone == "-" { Value::Null } else { (*zone).into() };
            objects.push(node(&name, json!({"metadata": {"labels": {ZONE: zone}}})));
            objects.extend((0..*pods).map(|n| on(&name, &format!("{name}{n}"), json!({"metadata": {"labels": {"app": "web"}}}))));
        }
        objects
    }

    fn constraint(key: &str, max_skew: i32, with: Value) -> Value {
        let mut c = json!({"topologyKey": key, "maxSkew": max_skew, "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}}});
        json_patch::merge(&mut c, &with);
        c
    }

    fn web(constraints: Value) -> Value {
        json!({"metadata": {"labels": {"app": "web", "version": "2"}}, "spec": {"topologySpreadConstraints": constraints}})
    }

    /// A letter per node: f = fits, s = skew, m = label missing.
    fn letters(objects: &[Object]) -> String {
        let letter = |v: String| match v.as_str() {
            "fits" => 'f',
            SKEW => 's',
            UNLABELLED => 'm',
            other => panic!("{other}"),
        };
        verdicts(objects).into_iter().map(letter).collect()
    }

    #[test]
    fn hard_constraints() {
        let two_zones: &[_] = &[("x", 1), ("x", 2), ("y", 2), ("y", 1)];
        let hosts: &[_] = &[("x", 2), ("x", 1), ("y", 0), ("y", 3)];
        let one = |key: &str, skew: i32, with: Value| json!([constraint(key, skew, with)]);
        let rows = [
            ("zones 3 and 3", two_zones, one(ZONE, 1, json!({})), "ffff"),
            ("hosts 2, 1, 0, 3", hosts, one(HOSTNAME, 1, json!({})), "ssfs"),
            ("the same, maxSkew 2", hosts, one(HOSTNAME, 2, json!({})), "sffs"),
            ("zones 3 and 1", &[("x", 3), ("x", 0), ("y", 1), ("y", 0)], one(ZONE, 1, json!({})), "ssff"),
            ("a node without the key, and its pods", &[("x", 1), ("-", 5), ("y", 0), ("y", 0)], one(ZONE, 1, json!({})), "smff"),
            ("too few domains: the minimum is 0", two_zones, one(ZONE, 1, json!({"minDomains": 3})), "ssss"),
            ("too few, but room under maxSkew", two_zones, one(ZONE, 4, json!({"minDomains": 3})), "ffff"),
            ("enough domains", two_zones, one(ZONE, 1, json!({"minDomains": 2})), "ffff"),
            (
                "a selector of others",
                hosts,
                one(HOSTNAME, 1, json!({"labelSelector": {"matchLabels": {"app": null, "tier": "be"}}})),
                "ffff",
            ),
            (
                "an empty selector counts nobody but oneself",
                hosts,
                one(HOSTNAME, 1, json!({"labelSelector": {"matchLabels": null}})),
                "ffff",
            ),
            ("no selector", hosts, one(HOSTNAME, 1, json!({"labelSelector": null})), "ffff"),
            // Nobody is of version 2 yet, so the pods that stand there do not count.
            ("own labels narrow the selector", hosts, one(HOSTNAME, 1, json!({"matchLabelKeys": ["version"]})), "ffff"),
            ("a key that the pod lacks narrows nothing", hosts, one(HOSTNAME, 1, json!({"matchLabelKeys": ["color"]})), "ssfs"),
            ("both must hold", hosts, json!([constraint(HOSTNAME, 2, json!({})), constraint(ZONE, 1, json!({}))]), "sffs"),
            (
                "both must hold: zone 5 against 1",
                &[("x", 3), ("x", 2), ("y", 0), ("y", 1)],
                json!([constraint(HOSTNAME, 2, json!({})), constraint(ZONE, 1, json!({}))]),
                "ssff",
            ),
            (
                "all keys are wanted",
                &[("x", 0), ("-", 0), ("y", 0), ("y", 0)],
                json!([constraint(HOSTNAME, 1, json!({})), constraint(ZONE, 1, json!({}))]),
                "fmff",
            ),
            ("soft ones do not filter", hosts, one(HOSTNAME, 1, json!({"whenUnsatisfiable": "ScheduleAnyway"})), "ffff"),
        ];
        for (what, nodes, constraints, expected) in rows {
            let mut objects = cluster(nodes);
            objects.push(waiting(web(constraints)));
            assert_eq!(letters(&objects), expected, "{what}");
        }
    }

    #[test]
    fn which_pods_count() {
        let rows = [
            ("a label less", json!({"metadata": {"labels": {"app": "db"}}}), "ff"),
            ("in another namespace", json!({"metadata": {"namespace": "other"}}), "ff"),
            ("on its way out", json!({"metadata": {"deletionTimestamp": "2026-01-05T09:00:30Z", "deletionGracePeriodSeconds": 30}}), "ff"),
            ("finished", json!({"status": {"phase": "Failed"}}), "ff"),
            ("running", json!({}), "sf"),
        ];
        for (what, with, expected) in rows {
            let mut objects = cluster(&[("x", 0), ("y", 0)]);
            let mut other = json!({"metadata": {"labels": {"app": "web"}}});
            json_patch::merge(&mut other, &with);
            objects.extend([on("a", "other", other), waiting(web(json!([constraint(HOSTNAME, 1, json!({}))])))]);
            assert_eq!(letters(&objects), expected, "{what}");
        }
    }

    #[test]
    fn which_nodes_count() {
        // c is empty; whether it pulls the minimum down depends on the policies.
        let taint = json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
        let label = json!({"metadata": {"labels": {"out": "yes"}}});
        let avoid = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "out", "operator": "DoesNotExist"}]}]}}});
        let rows = [
            ("affinity is honoured", &label, json!({}), avoid.clone(), "ff"),
            ("affinity is ignored", &label, json!({"nodeAffinityPolicy": "Ignore"}), avoid, "ss"),
            ("taints are ignored", &taint, json!({}), json!({}), "ss"),
            ("taints are honoured", &taint, json!({"nodeTaintsPolicy": "Honor"}), json!({}), "ff"),
        ];
        for (what, third, policies, affinity, expected) in rows {
            let mut objects = cluster(&[("x", 1), ("y", 1)]);
            objects.push(node("c", third.clone()));
            let mut pod = web(json!([constraint(HOSTNAME, 1, policies)]));
            pod["spec"]["affinity"] = affinity;
            objects.push(waiting(pod));
            let two: Vec<_> = verdicts(&objects).into_iter().take(2).map(|v| if v == "fits" { 'f' } else { 's' }).collect();
            assert_eq!(String::from_iter(two), expected, "{what}");
        }
    }

    #[test]
    fn soft_constraints() {
        let soft = |key: &str, skew: i32| constraint(key, skew, json!({"whenUnsatisfiable": "ScheduleAnyway"}));
        let rows = [
            ("hosts 2, 1, 0, 3", vec![("x", 2), ("x", 1), ("y", 0), ("y", 3)], json!([soft(HOSTNAME, 1)]), vec![20, 60, 100, 0]),
            ("the same, maxSkew 2", vec![("x", 2), ("x", 1), ("y", 0), ("y", 3)], json!([soft(HOSTNAME, 2)]), vec![33, 66, 100, 16]),
            (
                "hosts 4, 3, 2, 1, maxSkew 3",
                vec![("x", 4), ("x", 3), ("y", 2), ("y", 1)],
                json!([soft(HOSTNAME, 3)]),
                vec![44, 66, 77, 100],
            ),
            ("no pods", vec![("x", 0), ("y", 0)], json!([soft(HOSTNAME, 1)]), vec![100, 100]),
            // Zones x 3, y 1, two domains: raw 3 ln 4 = 4.16 → 4 and ln 4 = 1.39 → 1; 100 (4 + 1 − 4) / 4 = 25 and 100.
            ("zones", vec![("x", 3), ("x", 0), ("y", 1)], json!([soft(ZONE, 1)]), vec![25, 25, 100]),
            // A node without the key gets nothing, and its pods count nowhere.
            ("a node without the key", vec![("x", 3), ("-", 0), ("y", 1)], json!([soft(ZONE, 1)]), vec![25, 0, 100]),
            // a: 3 ln 5 + 3 ln 4 = 8.99 → 9 · b: 3 ln 4 = 4.16 → 4 · c: ln 5 + ln 4 = 3.00 → 3; 100 (9 + 3 − raw) / 9.
            ("two add up", vec![("x", 3), ("x", 0), ("y", 1)], json!([soft(HOSTNAME, 1), soft(ZONE, 1)]), vec![33, 88, 100]),
            ("only hard ones: no part in scoring", vec![("x", 1), ("y", 1)], json!([constraint(ZONE, 1, json!({}))]), vec![]),
        ];
        for (what, nodes, constraints, expected) in rows {
            let mut objects = cluster(&nodes);
            objects.push(waiting(web(constraints)));
            assert_eq!(scores("PodTopologySpread", &objects), expected, "{what}");
        }
    }

    #[test]
    fn defaults_of_pods_behind_a_service_or_a_controller() {
        let service = |selector: Value| {
            object(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"},
                "spec": {"selector": selector, "ports": [{"port": 80}]}}))
        };
        let set =
            object(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "rs", "namespace": "default", "uid": "u"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}}));
        let owned = json!({"metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u", "controller": true}]}});
        let no_zones = [("-", 4), ("-", 3), ("-", 2), ("-", 1)];
        let zones = [("x", 4), ("x", 3), ("y", 2), ("y", 1)];
        // Without zones the missing value is one more: hosts alone decide, as in the reference. With zones x 7, y 3:
        // a 4 ln 6 + 2 + 7 ln 4 + 4 = 22.87 → 23, b 21.08 → 21, c 2 ln 6 + 2 + 3 ln 4 + 4 = 13.74 → 14, d 11.95 → 12.
        let rows = [
            ("a service, no zones", no_zones, vec![service(json!({"app": "web"}))], json!({}), vec![44, 66, 77, 100]),
            ("a service, zones", zones, vec![service(json!({"app": "web"}))], json!({}), vec![52, 60, 91, 100]),
            ("a replica set", zones, vec![set.clone()], owned.clone(), vec![52, 60, 91, 100]),
            ("both, the same pods", zones, vec![service(json!({"app": "web"})), set], owned, vec![52, 60, 91, 100]),
            ("a service of others", zones, vec![service(json!({"app": "db"}))], json!({}), vec![]),
            ("a service for nobody", zones, vec![service(json!({}))], json!({}), vec![]),
            ("nobody", zones, vec![], json!({}), vec![]),
        ];
        for (what, nodes, more, with, expected) in rows {
            let mut objects = cluster(&nodes);
            objects.extend(more);
            let mut pod = json!({"metadata": {"labels": {"app": "web"}}});
            json_patch::merge(&mut pod, &with);
            objects.push(waiting(pod));
            assert_eq!(scores("PodTopologySpread", &objects), expected, "{what}");
        }
    }
}
