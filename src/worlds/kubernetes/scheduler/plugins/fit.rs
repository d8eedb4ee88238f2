//! Resource requests against what a node has left; score LeastAllocated (pkg/scheduler/framework/plugins/noderesources/{fit,
//! least_allocated}.go).

use std::borrow::Cow;

use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeFixed, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Code, Cx, Filter, Plugin, PreFilter, Reasons, Score, Status, Verdict};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::requests::Resources;
use crate::worlds::kubernetes::scheduler::symbols::Symbols;

pub struct NodeResourcesFit;

struct Run<'a> {
    want: &'a Resources,
    symbols: &'a Symbols,
}

struct Scoring<'a>(&'a Cx<'a>);

/// One missing resource: its reason, and whether even the empty node is too small.
type Missing = (Cow<'static, str>, bool);

fn missing(want: &Resources, free: &dyn Fn(&NodeFixed) -> Resources, node: &NodeFixed, pods: i64, symbols: &Symbols) -> Vec<Missing> {
    let mut out: Vec<Missing> = vec![];
    if pods + 1 > node.max_pods {
        out.push(("Too many pods".into(), false));
    }
    let (free, all) = (free(node), &node.allocatable);
    let mut check = |name: &'static str, want: i64, free: i64, all: i64| {
        if want > 0 && want > free {
            out.push((name.into(), want > all));
        }
    };
    check("Insufficient cpu", want.milli_cpu, free.milli_cpu, all.milli_cpu);
    check("Insufficient memory", want.memory, free.memory, all.memory);
    check("Insufficient ephemeral-storage", want.ephemeral, free.ephemeral, all.ephemeral);
    for (name, w) in want.scalar.iter().filter(|(_, w)| *w != 0) {
        if *w > free.scalar(*name) {
            out.push((format!("Insufficient {}", symbols.name(*name)).into(), *w > all.scalar(*name)));
        }
    }
    out
}

/// Would fit if the node were empty.
fn fits_empty(pod: &PodInfo, node: &NodeFixed) -> bool {
    let (w, a) = (&pod.spec.demand.requests, &node.allocatable);
    node.max_pods >= 1
        && (w.milli_cpu == 0 || w.milli_cpu <= a.milli_cpu)
        && (w.memory == 0 || w.memory <= a.memory)
        && (w.ephemeral == 0 || w.ephemeral <= a.ephemeral)
        && w.scalar.iter().all(|(n, v)| *v == 0 || *v <= a.scalar(*n))
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        PreFilter::Run(Box::new(Run { want: &cx.pod.spec.demand.requests, symbols: &cx.cache.symbols }))
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring(cx)))
    }
    fn wakes_on(&self) -> &'static str {
        "a pod leaves a node, a node comes or grows, the pod asks for less"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        let w = &pod.spec.demand.requests;
        let raised = |old: &NodeFixed, new: &NodeFixed| {
            let (a, b) = (&old.allocatable, &new.allocatable);
            new.max_pods > old.max_pods
                || (w.milli_cpu > 0 && b.milli_cpu > a.milli_cpu)
                || (w.memory > 0 && b.memory > a.memory)
                || (w.ephemeral > 0 && b.ephemeral > a.ephemeral)
                || w.scalar.iter().any(|(n, v)| *v > 0 && b.scalar(*n) > a.scalar(*n))
        };
        Hint::when(match event {
            ClusterEvent::PodDelete(_) => true,
            ClusterEvent::NodeAdd(n) => fits_empty(pod, n),
            ClusterEvent::NodeUpdate(old, new) => fits_empty(pod, new) && raised(old, new),
            ClusterEvent::PodUpdate(old, new) => new.spec.demand.requests.less_than(&old.spec.demand.requests, |own| own.of(w) > 0),
            ClusterEvent::Own(old, new) => new.spec.demand.requests.less_than(&old.spec.demand.requests, |_| true),
            _ => false,
        })
    }
}

impl Filter for Run<'_> {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let (w, all, used) = (self.want, &node.fixed.allocatable, &node.requested);
        let over = |w: i64, all: i64, used: i64| w > 0 && w > all - used;
        let tight = node.pods.len() as i64 + 1 > node.fixed.max_pods
            || over(w.milli_cpu, all.milli_cpu, used.milli_cpu)
            || over(w.memory, all.memory, used.memory)
            || over(w.ephemeral, all.ephemeral, used.ephemeral)
            || w.scalar.iter().any(|(n, v)| over(*v, all.scalar(*n), used.scalar(*n)));
        if !tight {
            return Ok(());
        }
        let free = |n: &NodeFixed| {
            let mut r = n.allocatable.clone();
            r.add(used, -1);
            r
        };
        let missing = missing(w, &free, &node.fixed, node.pods.len() as i64, self.symbols);
        let code = if missing.iter().any(|(_, never)| *never) { Code::Unresolvable } else { Code::Unschedulable };
        Err(Status { code, reasons: Reasons::Many(missing.into_iter().map(|(r, _)| r).collect()) })
    }
}

fn least(requested: i64, capacity: i64) -> i64 {
    if capacity == 0 || requested > capacity { 0 } else { (capacity - requested) * 100 / capacity }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        let d = &self.0.pod.spec.demand;
        for (n, s) in nodes.iter().zip(out) {
            let node = self.0.cache.node(*n);
            let a = &node.fixed.allocatable;
            // cpu and memory, weight 1 each; a resource that the node does not have is left out.
            let (mut sum, mut weights) = (0, 0);
            for (used, want, all) in [(node.nonzero_cpu, d.nonzero_cpu, a.milli_cpu), (node.nonzero_memory, d.nonzero_memory, a.memory)] {
                if all != 0 {
                    sum += least(used + want, all);
                    weights += 1;
                }
            }
            *s = if weights == 0 { 0 } else { sum / weights };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::worlds::kubernetes::scheduler::testing::{node, on, scores, verdicts, waiting};

    use super::least;

    fn asking(requests: Value) -> Value {
        json!({"spec": {"containers": [{"name": "c", "image": "x", "resources": {"requests": requests}}]}})
    }

    /// 4 CPUs, 8 GiB, 10 GiB of disk, 2 GPUs, 4 huge pages, 3 pods; a pod holds 3 CPUs, 1 GiB, 1 GiB of disk and a GPU.
    fn room() -> Vec<crate::worlds::kubernetes::api::object::Object> {
        let all =
            json!({"cpu": "4", "memory": "8Gi", "ephemeral-storage": "10Gi", "example.com/gpu": "2", "hugepages-2Mi": "8Mi", "pods": "3"});
        let held = asking(json!({"cpu": "3", "memory": "1Gi", "ephemeral-storage": "1Gi", "example.com/gpu": "1"}));
        vec![node("a", json!({"status": {"allocatable": all}})), on("a", "holder", held)]
    }

    #[test]
    fn what_is_missing() {
        let container = |name: &str, cpu: &str| json!({"name": name, "image": "x", "resources": {"requests": {"cpu": cpu}}});
        let sidecar = |cpu: &str| {
            let mut c = container("s", cpu);
            c["restartPolicy"] = "Always".into();
            c
        };
        let with = |spec: Value| json!({"spec": spec});
        let rows = [
            ("nothing", asking(json!({})), ""),
            ("all that is left", asking(json!({"cpu": "1", "memory": "7Gi", "ephemeral-storage": "9Gi", "example.com/gpu": "1"})), ""),
            ("a millicore more", asking(json!({"cpu": "1001m"})), "U Insufficient cpu"),
            ("a byte more", asking(json!({"memory": "7516192769"})), "U Insufficient memory"),
            ("all of the node is too much now, not for ever", asking(json!({"cpu": "4"})), "U Insufficient cpu"),
            ("more than the node ever has", asking(json!({"cpu": "4001m"})), "UU Insufficient cpu"),
            ("two resources", asking(json!({"cpu": "2", "memory": "8Gi"})), "U Insufficient cpu, Insufficient memory"),
            ("one of two never fits", asking(json!({"cpu": "2", "memory": "9Gi"})), "UU Insufficient cpu, Insufficient memory"),
            ("disk", asking(json!({"ephemeral-storage": "9.5Gi"})), "U Insufficient ephemeral-storage"),
            ("a device in use", asking(json!({"example.com/gpu": "2"})), "U Insufficient example.com/gpu"),
            ("a device that no node has", asking(json!({"example.com/fpga": "1"})), "UU Insufficient example.com/fpga"),
            ("no device, written down", asking(json!({"example.com/fpga": "0"})), ""),
            ("huge pages", asking(json!({"hugepages-2Mi": "10Mi"})), "UU Insufficient hugepages-2Mi"),
            ("containers add up", with(json!({"containers": [container("c", "600m"), container("d", "600m")]})), "U Insufficient cpu"),
            (
                "init containers run before",
                with(json!({"containers": [container("c", "600m")], "initContainers": [container("i", "1")]})),
                "",
            ),
            (
                "the largest init container",
                with(json!({"initContainers": [container("i", "500m"), container("j", "1500m")]})),
                "U Insufficient cpu",
            ),
            (
                "a sidecar stays",
                with(json!({"containers": [container("c", "600m")], "initContainers": [sidecar("600m")]})),
                "U Insufficient cpu",
            ),
            (
                "a sidecar beside a later init container",
                with(json!({"initContainers": [sidecar("600m"), container("i", "600m")]})),
                "U Insufficient cpu",
            ),
            ("an init container before the sidecar", with(json!({"initContainers": [container("i", "600m"), sidecar("600m")]})), ""),
            ("overhead", with(json!({"containers": [container("c", "800m")], "overhead": {"cpu": "300m"}})), "U Insufficient cpu"),
            (
                "a limit is a request where there is none",
                with(json!({"containers": [{"name": "c", "image": "x", "resources": {"limits": {"cpu": "2"}}}]})),
                "U Insufficient cpu",
            ),
            (
                "a request under its limit",
                with(json!({"containers": [{"name": "c", "image": "x", "resources": {"limits": {"cpu": "9"}, "requests": {"cpu": "1"}}}]})),
                "",
            ),
            (
                "the pod speaks for its containers",
                with(json!({"containers": [container("c", "500m")], "resources": {"requests": {"cpu": "2"}}})),
                "U Insufficient cpu",
            ),
        ];
        for (what, pod, expected) in rows {
            let mut objects = room();
            objects.push(waiting(pod));
            let said = match expected.split_once(' ') {
                Some((code, reasons)) => format!("{code} NodeResourcesFit: {reasons}"),
                None => "fits".into(),
            };
            assert_eq!(verdicts(&objects), [said], "{what}");
        }
    }

    #[test]
    fn a_full_node() {
        let rows = [
            (0, asking(json!({})), "fits"),
            (2, asking(json!({})), "U NodeResourcesFit: Too many pods"),
            (
                2,
                asking(json!({"cpu": "9", "example.com/gpu": "2"})),
                "UU NodeResourcesFit: Too many pods, Insufficient cpu, Insufficient example.com/gpu",
            ),
        ];
        for (more, pod, expected) in rows {
            let mut objects = room();
            objects.extend((0..more).map(|n| on("a", &format!("p{n}"), json!({}))));
            objects.push(waiting(pod));
            assert_eq!(verdicts(&objects), [expected], "{more} more");
        }
    }

    #[test]
    fn scores_of_the_reference() {
        // Node of 4 CPUs and 8 GiB; a container without requests counts 100 m and 200 MiB: 97 and 97.
        let small = json!({"status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}});
        let large = json!({"status": {"allocatable": {"cpu": "8", "memory": "8Gi"}}});
        let rows = [
            ("nothing asked", vec![], asking(json!({})), [97, 97]),
            // a: cpu (4000 − 1000) → 75, memory (8192 − 2048) → 75 · b: 87 and 75 → 81
            ("requests", vec![], asking(json!({"cpu": "1", "memory": "2Gi"})), [75, 81]),
            // The pod on a counts 100 m and 200 MiB though it asks for nothing: cpu 72, memory 72.
            ("others that ask for nothing", vec![on("a", "o", json!({}))], asking(json!({"cpu": "1", "memory": "2Gi"})), [72, 81]),
            // A request of zero that is written down stays zero: memory 100; cpu 97 and 98.
            ("zero is zero", vec![], asking(json!({"memory": "0"})), [98, 99]),
            // Two containers: 200 m and 400 MiB: cpu 95 and 97, memory 95.
            (
                "each container",
                vec![],
                json!({"spec": {"containers": [{"name": "c", "image": "x"}, {"name": "d", "image": "x"}]}}),
                [95, 96],
            ),
        ];
        for (what, others, pod, expected) in rows {
            let mut objects = vec![node("a", small.clone()), node("b", large.clone())];
            objects.extend(others);
            objects.push(waiting(pod));
            assert_eq!(scores("NodeResourcesFit", &objects), expected, "{what}");
        }
    }

    #[test]
    fn least_allocated_of_the_reference() {
        // Reference 1.7: 3000m/5000 B on 4000m/10000 → (25+50)/2 = 37; 6000 of 4000 and 0 of 10000 → (0+100)/2 = 50.
        assert_eq!((least(3000, 4000) + least(5000, 10000)) / 2, 37);
        assert_eq!((least(3000, 6000) + least(5000, 10000)) / 2, 50);
        assert_eq!((least(6000, 4000) + least(0, 10000)) / 2, 50);
        assert_eq!((least(6000, 10000) + least(5000, 20000)) / 2, 57);
    }
}
