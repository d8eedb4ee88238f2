//! Pods that want to be near, or far from, other pods (pkg/scheduler/framework/plugins/interpodaffinity).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Cx, Filter, Plugin, PreFilter, Prepared, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::{Counts, NodeIx, TermIx, TermKind, TopoIx};
use crate::worlds::kubernetes::scheduler::pod::{PodInfo, Term};
use crate::worlds::kubernetes::scheduler::symbols::label;

pub struct InterPodAffinity;

struct Run<'a> {
    cx: &'a Cx<'a>,
    /// Anti-affinity terms of placed pods that match this pod, with where their holders are.
    existing: Vec<(TermIx, TopoIx, Cow<'a, Counts>)>,
    /// Per required term: pods that match all of them.
    required: Vec<(TopoIx, Cow<'a, Counts>)>,
    anti: Vec<(TopoIx, Cow<'a, Counts>)>,
    /// The pod matches its own required terms.
    first_of_series: bool,
}

fn term_matches(term: &Term, pod: &PodInfo, cache: &Cache) -> bool {
    cache.indexes.part_matches(&term.scope, &term.selector, cache.indexes.class(pod.class), &cache.symbols)
}

fn matches_all(terms: &[Term], pod: &PodInfo, cache: &Cache) -> bool {
    terms.iter().all(|t| term_matches(t, pod, cache))
}

/// Pods on the node keep the pod away.
pub const EXISTING_ANTI: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }
    fn scores(&self) -> bool {
        true
    }
    fn prepare(&self, cache: &mut Cache, pod: &PodInfo, _prepared: &mut Prepared) {
        let affinity = &pod.spec.affinity;
        if let Some(all) = affinity.required_all {
            for t in &affinity.required {
                cache.want(all, Some(t.topology));
            }
        }
        for t in affinity.required_anti.iter().chain(affinity.preferred.iter().map(|(_, t)| t)) {
            cache.want(t.counted, Some(t.topology));
        }
        let Cache { indexes, symbols, .. } = cache;
        indexes.refresh_terms(pod.class, symbols);
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let (affinity, indexes) = (&cx.pod.spec.affinity, &cx.cache.indexes);
        let existing: Vec<_> = indexes
            .terms_matching(cx.pod.class)
            .filter(|(_, t)| t.key.kind == TermKind::RequiredAnti && t.holders.total > 0)
            .map(|(ix, t)| (ix, t.key.topology, Cow::Borrowed(&t.holders)))
            .collect();
        if existing.is_empty() && affinity.required.is_empty() && affinity.required_anti.is_empty() {
            return PreFilter::Skip;
        }
        let all = affinity.required_all.map(|s| indexes.selector(s));
        let required = affinity.required.iter().filter_map(|t| Some((t.topology, Cow::Borrowed(all?.domains(t.topology))))).collect();
        let anti = affinity.required_anti.iter().map(|t| (t.topology, Cow::Borrowed(indexes.selector(t.counted).domains(t.topology))));
        PreFilter::Run(Box::new(Run {
            cx,
            existing,
            required,
            anti: anti.collect(),
            first_of_series: matches_all(&affinity.required, cx.pod, cx.cache),
        }))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        let (affinity, indexes) = (&cx.pod.spec.affinity, &cx.cache.indexes);
        let mut parts: Vec<(TopoIx, i64, &Counts)> = vec![];
        for (weight, t) in &affinity.preferred {
            parts.push((t.topology, i64::from(*weight), indexes.selector(t.counted).domains(t.topology)));
        }
        for (_, t) in indexes.terms_matching(cx.pod.class) {
            let weight = match t.key.kind {
                TermKind::RequiredAnti => continue,
                TermKind::Required => cx.profile.hard_pod_affinity_weight,
                TermKind::Preferred(w) => i64::from(w),
            };
            if weight != 0 {
                parts.push((t.key.topology, weight, &t.holders));
            }
        }
        parts.retain(|(_, _, counts)| counts.total > 0);
        (!parts.is_empty()).then(|| Box::new(Scoring { cx, parts }) as _)
    }
    fn wakes_on(&self) -> &'static str {
        "a pod comes, leaves or changes its labels; a node comes or changes its labels"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, cache: &Cache) -> Hint {
        let affinity = &pod.spec.affinity;
        let all = |terms: &[Term], other: &PodInfo| !terms.is_empty() && matches_all(terms, other, cache);
        let (all, anti) = (|p: &PodInfo| all(&affinity.required, p), |p: &PodInfo| all(&affinity.required_anti, p));
        // The other pod's anti-affinity may be what kept this one out.
        let repels = |other: &PodInfo| {
            let class = cache.indexes.class(pod.class);
            other.spec.affinity.required_anti.iter().any(|t| cache.indexes.part_matches(&t.scope, &t.selector, class, &cache.symbols))
        };
        let domain = |n: &NodeFixed, t: &Term| label(&n.labels, cache.indexes.topology(t.topology).key);
        Hint::when(match event {
            ClusterEvent::PodAdd(p) => all(p),
            ClusterEvent::PodDelete(p) => anti(p) || repels(p),
            ClusterEvent::PodUpdate(old, new) => (!all(old) && all(new)) || (anti(old) && !anti(new)),
            ClusterEvent::NodeAdd(n) => affinity.required.iter().any(|t| domain(n, t).is_some()) || !affinity.required_anti.is_empty(),
            ClusterEvent::NodeUpdate(old, new) => {
                let moved = |t: &&Term| domain(old, t) != domain(new, t);
                // Towards the others a node must have a domain, away from them it need not.
                affinity.required.iter().filter(moved).any(|t| domain(new, t).is_some())
                    || affinity.required_anti.iter().filter(moved).any(|t| domain(old, t).is_some())
            }
            ClusterEvent::Own(old, new) => old.class != new.class,
            _ => false,
        })
    }
}

impl Run<'_> {
    fn apply(&mut self, pod: &PodInfo, node: &NodeInfo, n: i32) {
        let Self { cx, existing, required, anti, .. } = self;
        let (cache, indexes, own) = (cx.cache, &cx.cache.indexes, &cx.pod.spec.affinity);
        let class = indexes.class(cx.pod.class);
        for ix in &pod.spec.terms {
            let term = indexes.term(*ix);
            let anti = term.key.kind == TermKind::RequiredAnti;
            if anti && indexes.part_matches(&term.key.scope, &term.key.selector, class, &cache.symbols) {
                if !existing.iter().any(|(t, ..)| t == ix) {
                    existing.push((*ix, term.key.topology, Cow::Owned(Counts::default())));
                }
                for (_, topology, counts) in existing.iter_mut().filter(|(t, ..)| t == ix) {
                    bump(counts, indexes.topology(*topology).domain(node.ix), n);
                }
            }
        }
        if !own.required.is_empty() && matches_all(&own.required, pod, cache) {
            for (topology, counts) in required {
                bump(counts, indexes.topology(*topology).domain(node.ix), n);
            }
        }
        for (term, (topology, counts)) in own.required_anti.iter().zip(anti) {
            if term_matches(term, pod, cache) {
                bump(counts, indexes.topology(*topology).domain(node.ix), n);
            }
        }
    }
}

fn bump(counts: &mut Cow<Counts>, domain: Option<usize>, n: i32) {
    if let Some(d) = domain {
        counts.to_mut().add(d, n);
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let indexes = &self.cx.cache.indexes;
        let mut all_there = true;
        for (topology, counts) in &self.required {
            match indexes.topology(*topology).domain(node.ix) {
                None => return Err(Status::unresolvable("node(s) didn't match pod affinity rules")),
                Some(d) => all_there &= counts.get(d) > 0,
            }
        }
        if !all_there {
            // The first of a series that wants to be near itself may go anywhere.
            let nobody = self.required.iter().all(|(_, c)| c.total == 0);
            if !(nobody && self.first_of_series) {
                return Err(Status::unresolvable("node(s) didn't match pod affinity rules"));
            }
        }
        let present = |topology: TopoIx, counts: &Counts| indexes.topology(topology).domain(node.ix).is_some_and(|d| counts.get(d) > 0);
        if self.anti.iter().any(|(t, c)| present(*t, c)) {
            return Err(Status::unschedulable("node(s) didn't match pod anti-affinity rules"));
        }
        if self.existing.iter().any(|(_, t, c)| present(*t, c)) {
            return Err(Status::unschedulable(EXISTING_ANTI));
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
    parts: Vec<(TopoIx, i64, &'a Counts)>,
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        out.fill(0);
        for (topology, weight, counts) in &self.parts {
            let topology = self.cx.cache.indexes.topology(*topology);
            for (n, s) in nodes.iter().zip(out.iter_mut()) {
                if let Some(d) = topology.domain(*n) {
                    *s += weight * i64::from(counts.get(d));
                }
            }
        }
    }
    fn normalize(&self, _nodes: &[NodeIx], scores: &mut [i64]) {
        let (min, max) = scores.iter().fold((i64::MAX, i64::MIN), |(a, b), s| (a.min(*s), b.max(*s)));
        for s in scores {
            // In floating point and in this order, as upstream: 29 of 100 gives 28.
            *s = if max > min { (100.0 * ((*s - min) as f64 / (max - min) as f64)) as i64 } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::worlds::kubernetes::api::object::Object;
    use crate::worlds::kubernetes::scheduler::testing::{node, object, on, scores, verdicts, waiting};

    const ZONE: &str = "topology.kubernetes.io/zone";
    const HOST: &str = "kubernetes.io/hostname";

    #[test]
    fn normalising_follows_floating_point() {
        let f = |d: i64, range: i64| (100.0 * (d as f64 / range as f64)) as i64;
        assert_eq!([f(2, 10), f(10, 10), f(0, 10)], [20, 100, 0]);
        assert_eq!(f(29, 100), 28);
    }

    /// a and b in zone x, c in zone y, d in none.
    fn nodes() -> Vec<Object> {
        let zone = |name: &str, zone: Value| node(name, json!({"metadata": {"labels": {ZONE: zone}}}));
        let namespace = |name: &str, env: &str| {
            object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"env": env}}}))
        };
        vec![
            namespace("default", "dev"),
            namespace("shop", "prod"),
            zone("a", "x".into()),
            zone("b", "x".into()),
            zone("c", "y".into()),
            zone("d", Value::Null),
        ]
    }

    fn term(key: &str, app: &str, with: Value) -> Value {
        let mut t = json!({"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}});
        json_patch::merge(&mut t, &with);
        t
    }

    fn affinity(kind: &str, terms: Value) -> Value {
        json!({"spec": {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}})
    }

    fn labelled(app: &str, mut with: Value) -> Value {
        with["metadata"]["labels"]["app"] = app.into();
        with
    }

    /// A letter per node: f = fits, r = affinity rules, o = own anti-affinity, e = anti-affinity of others.
    fn letters(objects: &[Object]) -> String {
        let letter = |v: String| match v.as_str() {
            "fits" => 'f',
            "UU InterPodAffinity: node(s) didn't match pod affinity rules" => 'r',
            "U InterPodAffinity: node(s) didn't match pod anti-affinity rules" => 'o',
            "U InterPodAffinity: node(s) didn't satisfy existing pods anti-affinity rules" => 'e',
            other => panic!("{other}"),
        };
        verdicts(objects).into_iter().map(letter).collect()
    }

    #[test]
    fn required_rules() {
        let db = |with: Value| on("a", "db", labelled("db", with));
        let near = |terms: Value| labelled("web", affinity("podAffinity", terms));
        let far = |terms: Value| labelled("web", affinity("podAntiAffinity", terms));
        let version = |v: &str, mut pod: Value| {
            pod["metadata"]["labels"]["version"] = v.into();
            pod
        };
        let rows = [
            ("near, by zone", vec![db(json!({}))], near(json!([term(ZONE, "db", json!({}))])), "ffrr"),
            ("near, by host", vec![db(json!({}))], near(json!([term(HOST, "db", json!({}))])), "frrr"),
            ("nobody to be near to", vec![], near(json!([term(ZONE, "db", json!({}))])), "rrrr"),
            ("the first of a series", vec![], near(json!([term(ZONE, "web", json!({}))])), "fffr"),
            ("the second of a series", vec![on("c", "w", labelled("web", json!({})))], near(json!([term(ZONE, "web", json!({}))])), "rrfr"),
            // d has no zone: who stands there is in no domain, so the series has not begun.
            (
                "the first, beside one in no domain",
                vec![on("d", "w", labelled("web", json!({})))],
                near(json!([term(ZONE, "web", json!({}))])),
                "fffr",
            ),
            (
                "two terms, one pod for both",
                vec![db(json!({}))],
                near(json!([term(ZONE, "db", json!({})), term(HOST, "db", json!({}))])),
                "frrr",
            ),
            (
                "two terms, a pod for each is not enough",
                vec![db(json!({})), on("a", "w", labelled("web", json!({})))],
                near(json!([term(ZONE, "db", json!({})), term(ZONE, "web", json!({}))])),
                "rrrr",
            ),
            ("away, by zone", vec![db(json!({}))], far(json!([term(ZONE, "db", json!({}))])), "ooff"),
            ("away, by host", vec![db(json!({}))], far(json!([term(HOST, "db", json!({}))])), "offf"),
            (
                "one that leaves is still there",
                vec![db(json!({"metadata": {"deletionTimestamp": "2026-01-05T09:00:30Z"}}))],
                far(json!([term(HOST, "db", json!({}))])),
                "offf",
            ),
            (
                "one that finished is not",
                vec![db(json!({"status": {"phase": "Succeeded"}}))],
                far(json!([term(HOST, "db", json!({}))])),
                "ffff",
            ),
            (
                "others keep away",
                vec![on("a", "db", labelled("db", affinity("podAntiAffinity", json!([term(ZONE, "web", json!({}))]))))],
                labelled("web", json!({})),
                "eeff",
            ),
            (
                "others keep others away",
                vec![on("a", "db", labelled("db", affinity("podAntiAffinity", json!([term(ZONE, "cache", json!({}))]))))],
                labelled("web", json!({})),
                "ffff",
            ),
            (
                "own rules speak first",
                vec![on("a", "db", labelled("db", affinity("podAntiAffinity", json!([term(ZONE, "web", json!({}))]))))],
                far(json!([term(HOST, "db", json!({}))])),
                "oeff",
            ),
            (
                "of another namespace",
                vec![db(json!({"metadata": {"namespace": "shop"}}))],
                far(json!([term(HOST, "db", json!({}))])),
                "ffff",
            ),
            (
                "of a named namespace",
                vec![db(json!({"metadata": {"namespace": "shop"}}))],
                far(json!([term(HOST, "db", json!({"namespaces": ["shop"]}))])),
                "offf",
            ),
            (
                "of namespaces by label",
                vec![db(json!({"metadata": {"namespace": "shop"}}))],
                far(json!([term(HOST, "db", json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}}))])),
                "offf",
            ),
            (
                "of namespaces by another label",
                vec![db(json!({}))],
                far(json!([term(HOST, "db", json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}}))])),
                "ffff",
            ),
            (
                "of all namespaces",
                vec![db(json!({"metadata": {"namespace": "shop"}}))],
                far(json!([term(HOST, "db", json!({"namespaceSelector": {}}))])),
                "offf",
            ),
            // The API server labels every namespace with its own name.
            (
                "of a namespace by its name",
                vec![db(json!({"metadata": {"namespace": "shop"}}))],
                far(json!([term(HOST, "db", json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}))])),
                "offf",
            ),
            (
                "of a namespace that the file does not hold",
                vec![db(json!({"metadata": {"namespace": "lost"}}))],
                far(json!([term(HOST, "db", json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "lost"}}}))])),
                "offf",
            ),
            ("no selector", vec![db(json!({}))], far(json!([term(HOST, "db", json!({"labelSelector": null}))])), "ffff"),
            (
                "an empty selector",
                vec![db(json!({}))],
                far(json!([term(HOST, "db", json!({"labelSelector": {"matchLabels": null}}))])),
                "offf",
            ),
            (
                "the same version",
                vec![on("a", "w", version("1", labelled("web", json!({})))), on("c", "v", version("2", labelled("web", json!({}))))],
                version("2", far(json!([term(HOST, "web", json!({"matchLabelKeys": ["version"]}))]))),
                "ffof",
            ),
            (
                "other versions",
                vec![on("a", "w", version("1", labelled("web", json!({})))), on("c", "v", version("2", labelled("web", json!({}))))],
                version("2", far(json!([term(HOST, "web", json!({"mismatchLabelKeys": ["version"]}))]))),
                "offf",
            ),
        ];
        for (what, others, pod, expected) in rows {
            let mut objects = nodes();
            objects.extend(others);
            objects.push(waiting(pod));
            assert_eq!(letters(&objects), expected, "{what}");
        }
    }

    #[test]
    fn preferences_and_what_others_prefer() {
        let preferred = |kind: &str, weight: i32, term: Value| json!({"spec": {"affinity": {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": term}]}}}});
        let db = |node: &str, name: &str, with: Value| on(node, name, labelled("db", with));
        let web = |with: Value| labelled("web", with);
        let rows = [
            ("nobody matches", vec![], web(preferred("podAffinity", 5, term(ZONE, "db", json!({})))), vec![]),
            ("near", vec![db("a", "p", json!({}))], web(preferred("podAffinity", 5, term(ZONE, "db", json!({})))), vec![100, 100, 0, 0]),
            (
                "away",
                vec![db("a", "p", json!({}))],
                web(preferred("podAntiAffinity", 5, term(ZONE, "db", json!({})))),
                vec![0, 0, 100, 100],
            ),
            // Host a holds 1, b holds 5, c none: raw 2, 10, 0.
            (
                "raw 2, 10, 0",
                [("a", "1"), ("b", "2"), ("b", "3"), ("b", "4"), ("b", "5"), ("b", "6")].map(|(n, p)| db(n, p, json!({}))).to_vec(),
                web(preferred("podAffinity", 2, term(HOST, "db", json!({})))),
                vec![20, 100, 0, 0],
            ),
            (
                "others want it near",
                vec![db("c", "p", preferred("podAffinity", 7, term(ZONE, "web", json!({}))))],
                web(json!({})),
                vec![0, 0, 100, 0],
            ),
            (
                "others want it away",
                vec![db("c", "p", preferred("podAntiAffinity", 7, term(ZONE, "web", json!({}))))],
                web(json!({})),
                vec![100, 100, 0, 100],
            ),
            // Both: −7 where the holder stands; being near weighs the same, so all are equal and equal is 0.
            (
                "both cancel out",
                vec![db("c", "p", preferred("podAntiAffinity", 7, term(ZONE, "web", json!({}))))],
                web(preferred("podAffinity", 7, term(ZONE, "db", json!({})))),
                vec![0, 0, 0, 0],
            ),
            // A required term of another counts 1: raw 1, 1, 3 and 0.
            (
                "others need it near",
                vec![
                    db("a", "p", affinity("podAffinity", json!([term(ZONE, "web", json!({}))]))),
                    db("c", "q", preferred("podAffinity", 3, term(ZONE, "web", json!({})))),
                ],
                web(json!({})),
                vec![33, 33, 100, 0],
            ),
            (
                "others need it away: that filters and does not score",
                vec![db("c", "p", affinity("podAntiAffinity", json!([term(ZONE, "web", json!({}))])))],
                web(json!({})),
                vec![],
            ),
        ];
        for (what, others, pod, expected) in rows {
            let mut objects = nodes();
            objects.extend(others);
            objects.push(waiting(pod));
            assert_eq!(scores("InterPodAffinity", &objects), expected, "{what}");
        }
    }
}
