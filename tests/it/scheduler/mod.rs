//! The fast scheduler against the plain one, and what must hold for any cluster.

mod plain;
mod preempting;

use std::collections::BTreeMap;
use std::sync::Arc;

use plain::{Plain, Verdict};
use serde_json::{Value, json};
use wheelhouse::kernel::Stream;
use wheelhouse::worlds::kubernetes::api::object::{Node, Object, Pod};
use wheelhouse::worlds::kubernetes::kinds;
use wheelhouse::worlds::kubernetes::scheduler::decision::Decision;
use wheelhouse::worlds::kubernetes::scheduler::offline::Cluster;
use wheelhouse::worlds::kubernetes::scheduler::profile::Profile;

const KEYS: [&str; 3] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack"];

/// Draws for a random cluster.
struct Draw(Stream);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(Stream::derive(seed, "scheduler-tests"))
    }
    fn of(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.0.chance(1, n)
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.of(list.len())]
    }

    fn node(&mut self, n: usize) -> Arc<Node> {
        let mut labels = json!({"kubernetes.io/hostname": format!("node-{n}"), "gen": self.of(9).to_string()});
        if !self.one_in(6) {
            labels["topology.kubernetes.io/zone"] = (*self.pick(&["a", "b", "c"])).into();
        }
        if self.one_in(2) {
            labels["rack"] = (*self.pick(&["r1", "r2"])).into();
        }
        if self.one_in(3) {
            labels["disk"] = (*self.pick(&["ssd", "hdd"])).into();
        }
        let mut taints = vec![];
        for (key, value) in [("dedicated", "gpu"), ("maint", ""), ("dedicated", "db")] {
            if self.one_in(6) {
                taints.push(json!({"key": key, "value": value, "effect": self.pick(&["NoSchedule", "PreferNoSchedule", "NoExecute"])}));
            }
        }
        let mut images = vec![];
        for (name, mib) in [("app:1", 300), ("big:2", 900), ("tiny:1", 10)] {
            if self.one_in(2) {
                images.push(json!({"names": [name], "sizeBytes": mib << 20}));
            }
        }
        let amounts = json!({"cpu": self.pick(&["2", "4", "8"]), "memory": self.pick(&["4Gi", "8Gi", "16Gi"]),
            "pods": self.pick(&["4", "10", "110"]), "example.com/gpu": self.pick(&["0", "2"]),
            "ephemeral-storage": self.pick(&["2Gi", "20Gi"])});
        let value = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{n}"), "labels": labels},
            "spec": {"taints": taints, "unschedulable": self.one_in(12)},
            "status": {"allocatable": amounts, "capacity": amounts, "images": images}});
        let Object::Node(node) = kinds::from_json(&value).unwrap() else { panic!() };
        node
    }

    fn selector(&mut self) -> Value {
        match self.of(8) {
            0 => json!({}),
            1 => json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web", "db"]}]}),
            2 => json!({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}),
            3 => json!({"matchLabels": {"tier": self.pick(&["fe", "be"])}}),
            _ => json!({"matchLabels": {"app": self.pick(&["web", "db", "cache"])}}),
        }
    }

    fn term(&mut self) -> Value {
        let mut t = json!({"topologyKey": self.pick(&KEYS), "labelSelector": self.selector()});
        match self.of(6) {
            0 => t["namespaces"] = json!(["other"]),
            1 => t["namespaceSelector"] = json!({"matchLabels": {"env": "prod"}}),
            2 => t["namespaceSelector"] = json!({}),
            _ => {}
        }
        match self.of(8) {
            0 => t["matchLabelKeys"] = json!(["tier"]),
            1 => t["mismatchLabelKeys"] = json!(["tier", "absent"]),
            _ => {}
        }
        t
    }

    fn weighted(&mut self) -> Value {
        json!({"weight": 1 + self.of(100), "podAffinityTerm": self.term()})
    }

    fn container(&mut self, name: &str) -> Value {
        let mut requests = json!({});
        if !self.one_in(4) {
            requests["cpu"] = (*self.pick(&["50m", "100m", "500m", "1"])).into();
        }
        if !self.one_in(4) {
            requests["memory"] = (*self.pick(&["64Mi", "512Mi", "1Gi"])).into();
        }
        if self.one_in(12) {
            requests["example.com/gpu"] = "1".into();
        }
        if self.one_in(6) {
            requests["ephemeral-storage"] = (*self.pick(&["1Gi", "3Gi"])).into();
        }
        json!({"name": name, "image": self.pick(&["app:1", "big:2", "tiny:1", "none:1"]), "resources": {"requests": requests}})
    }

    fn pod(&mut self, n: usize) -> Arc<Pod> {
        let mut spec = json!({"containers": [self.container("c")]});
        if self.one_in(5) {
            let more = self.container("d");
            spec["containers"].as_array_mut().unwrap().push(more);
        }
        if self.one_in(6) {
            let mut init = self.container("i");
            if self.one_in(2) {
                init["restartPolicy"] = "Always".into();
            }
            spec["initContainers"] = json!([init, self.container("j")]);
        }
        if self.one_in(10) {
            let mut port = json!({"containerPort": 80, "hostPort": 8080});
            match self.of(6) {
                0 => port["hostIP"] = "10.0.0.1".into(),
                1 => port["hostIP"] = "10.0.0.2".into(),
                2 => port["protocol"] = "UDP".into(),
                _ => {}
            }
            spec["containers"][0]["ports"] = json!([port]);
        }
        if self.one_in(10) {
            spec["overhead"] = json!({"cpu": "250m", "memory": "64Mi"});
        }
        if self.one_in(4) {
            spec["tolerations"] = json!([match self.of(4) {
                0 => json!({"operator": "Exists"}),
                1 => json!({"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}),
                2 => json!({"key": "dedicated", "value": "gpu"}),
                _ => json!({"key": "maint", "operator": "Exists", "effect": "PreferNoSchedule"}),
            }]);
        }
        if self.one_in(8) {
            spec["nodeSelector"] = json!({"disk": self.pick(&["ssd", "hdd"])});
        }
        let mut affinity = json!({});
        let requirement = |d: &mut Self| match d.of(4) {
            0 => json!({"key": "gen", "operator": "Gt", "values": ["3"]}),
            1 => json!({"key": "gen", "operator": "Lt", "values": ["7"]}),
            2 => json!({"key": "disk", "operator": "NotIn", "values": ["ssd"]}),
            _ => json!({"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["a", "b"]}),
        };
        if self.one_in(8) {
            let mut terms = json!([{"matchExpressions": [requirement(self)]}, {"matchExpressions": [requirement(self)]}]);
            if self.one_in(3) {
                let operator = self.pick(&["In", "NotIn"]);
                terms[1]["matchFields"] = json!([{"key": "metadata.name", "operator": operator, "values": ["node-1"]}]);
            }
            affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({"nodeSelectorTerms": terms});
        }
        if self.one_in(5) {
            affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
                json!([{"weight": 1 + self.of(100), "preference": {"matchExpressions": [requirement(self)]}}]);
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            if self.one_in(7) {
                let terms: Vec<Value> = (0..=self.of(2)).map(|_| self.term()).collect();
                affinity[kind]["requiredDuringSchedulingIgnoredDuringExecution"] = terms.into();
            }
            if self.one_in(5) {
                let terms: Vec<Value> = (0..=self.of(2)).map(|_| self.weighted()).collect();
                affinity[kind]["preferredDuringSchedulingIgnoredDuringExecution"] = terms.into();
            }
        }
        spec["affinity"] = affinity;
        if self.one_in(4) {
            let constraints: Vec<Value> = (0..=self.of(2))
                .map(|_| {
                    let mut c = json!({"maxSkew": 1 + self.of(2), "topologyKey": self.pick(&KEYS), "labelSelector": self.selector(),
                        "whenUnsatisfiable": self.pick(&["DoNotSchedule", "ScheduleAnyway"])});
                    if self.one_in(3) {
                        c["nodeTaintsPolicy"] = "Honor".into();
                    }
                    if self.one_in(3) {
                        c["nodeAffinityPolicy"] = "Ignore".into();
                    }
                    if self.one_in(4) {
                        c["matchLabelKeys"] = json!(["tier"]);
                    }
                    if c["whenUnsatisfiable"] == "DoNotSchedule" && self.one_in(3) {
                        c["minDomains"] = (1 + self.of(4)).into();
                    }
                    c
                })
                .collect();
            spec["topologySpreadConstraints"] = constraints.into();
        }
        let mut meta = json!({"name": format!("pod-{n}"), "namespace": self.pick(&["default", "default", "other"]), "uid": format!("uid-{n}"),
            "labels": {"app": self.pick(&["web", "db", "cache"])}});
        if self.one_in(2) {
            meta["labels"]["tier"] = (*self.pick(&["fe", "be"])).into();
        }
        if self.one_in(10) {
            meta["deletionTimestamp"] = "2026-01-05T09:00:30Z".into();
            meta["deletionGracePeriodSeconds"] = 30.into();
        }
        let Object::Pod(pod) = kinds::from_json(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})).unwrap()
        else {
            panic!()
        };
        pod
    }

    fn service(&mut self, n: usize) -> Object {
        kinds::from_json(&json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": format!("s-{n}"), "namespace": self.pick(&["default", "other"])},
            "spec": {"selector": {"app": self.pick(&["web", "db", "cache"])}, "ports": [{"port": 80}]}}))
        .unwrap()
    }
}

fn namespaces() -> Vec<Object> {
    [("default", "dev"), ("other", "prod")]
        .map(|(name, env)| {
            kinds::from_json(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"env": env}}})).unwrap()
        })
        .to_vec()
}

/// A fast cluster and a plain one with the same in them.
struct Both {
    fast: Cluster,
    plain: Plain,
    pods: usize,
}

impl Both {
    fn new(d: &mut Draw, nodes: usize) -> Self {
        let services: Vec<Object> = (0..d.of(3)).map(|n| d.service(n)).collect();
        let mut objects = namespaces();
        objects.extend(services.iter().cloned());
        let mut plain = Plain::default();
        for (name, env) in [("default", "dev"), ("other", "prod")] {
            plain.namespaces.insert(name.into(), BTreeMap::from([("env".into(), env.into())]));
        }
        plain.services = services.iter().filter_map(|o| if let Object::Service(s) = o { Some(s.clone()) } else { None }).collect();
        let mut both = Self { fast: Cluster::new(&objects, Profile::default()), plain, pods: 0 };
        for n in 0..nodes {
            let node = d.node(n);
            both.fast.cache.put_node(&node);
            both.plain.nodes.push(node);
        }
        both
    }

    /// Decides with both and compares; gives the fast one's decision.
    fn decide(&mut self, pod: &Arc<Pod>, what: &str) -> Decision {
        let info = self.fast.compile(pod);
        let (_, decision) = self.fast.decide(&info);
        let plain = self.plain.decide(pod);
        for n in &decision.nodes {
            let ours = match &n.rejected_by {
                Some((plugin, reasons)) => Verdict::Rejected(plugin.to_string(), reasons.clone()),
                None => Verdict::Fits(n.scores.iter().map(|(p, s)| (p.to_string(), *s)).collect()),
            };
            let mut theirs = plain[&*n.name].clone();
            let (mut ours, mut total) = (ours, 0);
            // A sum of zeros and no sum at all are the same to the decision.
            for v in [&mut ours, &mut theirs] {
                if let Verdict::Fits(s) = v {
                    s.retain(|_, s| *s != 0);
                    total = s.values().sum();
                }
            }
            assert_eq!(ours, theirs, "{what}: {} for {}:\n{}", n.name, pod.meta.name, serde_json::to_string(&*pod.spec).unwrap());
            assert_eq!(n.total.unwrap_or(total), total);
        }
        assert_eq!(decision.nodes.len(), plain.len(), "{what}: every node is judged");
        decision
    }

    fn place(&mut self, pod: &Arc<Pod>, node: &str) {
        let info = self.fast.compile(pod);
        self.fast.cache.put_pod(&info, &node.into());
        self.plain.place(pod, node);
    }
    fn remove(&mut self, at: usize) {
        let (pod, _) = self.plain.placed.remove(at);
        assert!(self.fast.cache.take_pod(&pod.meta.key()).is_some());
    }
}

/// Random clusters that change step by step: pods come and go, nodes come, go and change their labels and taints.
#[test]
fn fast_and_plain_agree_while_the_cluster_changes() {
    let mut rejected: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut scored: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 0..40 {
        let mut d = Draw::new(seed);
        let size = 1 + d.of(12);
        let mut both = Both::new(&mut d, size);
        if seed % 4 == 0 {
            let mut guest = Pod::clone(&d.pod(1000));
            guest.meta.deletion = None;
            let guest = Arc::new(guest);
            let node = d.pick(&both.plain.nodes).meta.name.clone();
            let info = both.fast.compile(&guest);
            both.fast.cache.nominate(&info, &node);
            both.plain.nominated.push((guest, node.to_string()));
        }
        for step in 0..40 {
            let what = format!("seed {seed}, step {step}");
            let pod = d.pod(both.pods);
            both.pods += 1;
            let decision = both.decide(&pod, &what);
            for n in &decision.nodes {
                if let Some((plugin, _)) = &n.rejected_by {
                    *rejected.entry(plugin).or_default() += 1;
                }
                n.scores.iter().filter(|(_, s)| *s != 0).for_each(|(p, _)| *scored.entry(p).or_default() += 1);
            }
            if let Some(node) = &decision.node {
                both.place(&pod, node);
            } else if d.one_in(4) && !both.plain.nodes.is_empty() {
                // Somebody else put it there: clusters hold pods that the rules would not allow now.
                let node = d.pick(&both.plain.nodes).meta.name.clone();
                both.place(&pod, &node);
            }
            if d.one_in(5) && !both.plain.placed.is_empty() {
                let at = d.of(both.plain.placed.len());
                both.remove(at);
            }
            if d.one_in(8) && !both.plain.nodes.is_empty() {
                let at = d.of(both.plain.nodes.len());
                let old = both.plain.nodes[at].clone();
                let number = old.meta.name.trim_start_matches("node-").parse().unwrap();
                let changed = d.node(number);
                both.fast.cache.put_node(&changed);
                both.plain.nodes[at] = changed;
            }
            if d.one_in(15) && both.plain.nodes.len() > 1 {
                let at = d.of(both.plain.nodes.len());
                let gone = both.plain.nodes.remove(at);
                both.fast.cache.take_node(&gone.meta.name);
                if d.one_in(2) {
                    // Back again, with the pods that are still bound to it.
                    both.fast.cache.put_node(&gone);
                    both.plain.nodes.push(gone);
                }
            }
        }
    }
    for plugin in
        ["NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit", "PodTopologySpread", "InterPodAffinity"]
    {
        assert!(rejected.get(plugin).is_some_and(|n| *n > 20), "{plugin} hardly ever rejects: {rejected:?}");
    }
    for plugin in ["NodeAffinity", "ImageLocality", "PodTopologySpread", "InterPodAffinity", "NodeResourcesBalancedAllocation"] {
        assert!(scored.get(plugin).is_some_and(|n| *n > 20), "{plugin} hardly ever scores: {scored:?}");
    }
}

/// A checkpoint that goes on must decide as the original does, and leave it alone.
#[test]
fn a_copy_of_the_cluster_lives_its_own_life() {
    for seed in 100..115 {
        let mut d = Draw::new(seed);
        let mut both = Both::new(&mut d, 8);
        let pods: Vec<Arc<Pod>> = (0..30).map(|n| d.pod(n)).collect();
        let run = |cluster: &mut Cluster, pods: &[Arc<Pod>]| -> Vec<Option<String>> {
            pods.iter()
                .map(|p| {
                    let info = cluster.compile(p);
                    cluster.place(&info).map(|n| n.to_string())
                })
                .collect()
        };
        run(&mut both.fast, &pods[..10]);
        let mut copy = both.fast.clone();
        let one = run(&mut copy, &pods[10..]);
        let two = run(&mut both.fast, &pods[10..]);
        assert_eq!(one, two, "seed {seed}");
    }
}

/// No node is promised more than it has, and no required rule is broken by the scheduler's own doing.
#[test]
fn never_over_commits() {
    for seed in 200..230 {
        let mut d = Draw::new(seed);
        let mut both = Both::new(&mut d, 6);
        for n in 0..60 {
            let pod = d.pod(n);
            let info = both.fast.compile(&pod);
            if let Some(node) = both.fast.place(&info) {
                let before = both.plain.decide(&pod);
                assert!(matches!(before[&*node], Verdict::Fits(_)), "seed {seed}: {} does not fit on {node}", pod.meta.name);
                both.plain.place(&pod, &node);
            }
        }
        for n in both.fast.cache.nodes() {
            let (a, r) = (&n.fixed.allocatable, &n.requested);
            assert!(r.milli_cpu <= a.milli_cpu && r.memory <= a.memory && n.pods.len() as i64 <= n.fixed.max_pods, "seed {seed}");
        }
    }
}

/// The order in which nodes and services stand in the file changes nothing.
#[test]
fn the_order_of_the_input_does_not_matter() {
    for seed in 300..320 {
        let mut d = Draw::new(seed);
        let mut objects = namespaces();
        objects.extend((0..8).map(|n| Object::Node(d.node(n))));
        objects.extend((0..3).map(|n| d.service(n)));
        let mut pod = d.pod(0);
        // One that is being deleted does not wait.
        Arc::make_mut(&mut pod).meta.deletion = None;
        objects.push(Object::Pod(pod));
        let decide = |objects: &[Object]| {
            let mut cluster = Cluster::new(objects, Profile::default());
            let pod = cluster.pending[0].clone();
            cluster.decide(&pod).1
        };
        let first = decide(&objects);
        for _ in 0..3 {
            d.0.shuffle(&mut objects);
            assert_eq!(decide(&objects), first, "seed {seed}");
        }
    }
}
