//! Prefers nodes that already hold the pod's images (pkg/scheduler/framework/plugins/imagelocality).

use crate::worlds::kubernetes::scheduler::framework::{Cx, Plugin, Score};
use crate::worlds::kubernetes::scheduler::index::NodeIx;
use crate::worlds::kubernetes::scheduler::symbols::Sym;

pub struct ImageLocality;

struct Scoring<'a> {
    cx: &'a Cx<'a>,
    /// Images that some node has, each with its size scaled by how widely it is spread, once per use in the pod.
    images: Vec<(Sym, i64)>,
}

const MIB: i64 = 1024 * 1024;
/// Less than this is not worth anything (minThreshold).
const MIN: i64 = 23 * MIB;
/// Per container; more than this does not count (maxContainerThreshold).
const MAX_PER_CONTAINER: i64 = 1000 * MIB;

fn scaled(bytes: i64, having: u32, all: usize) -> i64 {
    (bytes as f64 * (f64::from(having) / all as f64)) as i64
}

fn priority(sum: i64, containers: usize) -> i64 {
    let max = MAX_PER_CONTAINER * containers as i64;
    100 * (sum.clamp(MIN, max.max(MIN)) - MIN) / (max - MIN).max(1)
}

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }
    fn scores(&self) -> bool {
        true
    }
    fn pre_score<'a>(&self, cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        let all = cx.cache.node_count();
        let known = cx.pod.spec.images.iter().filter_map(|i| Some((*i, cx.cache.image(*i)?)));
        let images = known.map(|(i, state)| (i, scaled(state.bytes, state.nodes, all))).collect();
        Some(Box::new(Scoring { cx, images }))
    }
}

impl Score for Scoring<'_> {
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]) {
        if self.images.is_empty() {
            out.fill(0);
            return;
        }
        for (n, s) in nodes.iter().zip(out) {
            let here = &self.cx.cache.node(*n).fixed.images;
            let sum = self.images.iter().filter(|(i, _)| here.binary_search_by_key(i, |(n, _)| *n).is_ok()).map(|(_, v)| v).sum();
            *s = priority(sum, self.cx.pod.spec.containers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_reference() {
        let m = |n: i64| n * MIB;
        assert_eq!(priority(scaled(m(40), 1, 2), 2), 0);
        assert_eq!(priority(scaled(m(250), 1, 2), 2), 5);
        assert_eq!(priority(scaled(m(40), 1, 2) + scaled(m(300), 1, 2), 2), 7);
        assert_eq!(priority(scaled(m(4000), 1, 2), 2), 100);
        assert_eq!(priority(scaled(m(4000), 1, 3), 2), 66);
        assert_eq!(priority(scaled(m(600), 2, 3) + scaled(m(900), 2, 3), 3), 32);
    }

    #[test]
    fn names_init_containers_and_image_volumes() {
        use crate::worlds::kubernetes::scheduler::testing::{node, scores, waiting};
        use serde_json::json;

        let image = |names: &[&str], mib: i64| json!({"names": names, "sizeBytes": mib * MIB});
        let holder = node(
            "a",
            json!({"status": {"images": [image(&["app:latest", "registry.local/app@sha256:00"], 500), image(&["init:1"], 900), image(&["data:1"], 250)]}}),
        );
        let container = |image: &str| json!({"name": "c", "image": image});
        let rows = [
            // 500 MiB on one of two nodes: 250 of at most 1000, less 23 of both: 100 · 227 / 977 = 23.
            ("no tag is latest", json!({"containers": [container("app")]}), [23, 0]),
            ("by digest", json!({"containers": [container("registry.local/app@sha256:00")]}), [23, 0]),
            ("another tag", json!({"containers": [container("app:2")]}), [0, 0]),
            // 250 + 450 of at most 2000: 100 · 677 / 1977 = 34.
            (
                "an init container counts, as image and as container",
                json!({"containers": [container("app")], "initContainers": [{"name": "i", "image": "init:1"}]}),
                [34, 0],
            ),
            // 250 + 125 of at most 1000: 100 · 352 / 977 = 36.
            (
                "an image volume counts as image only",
                json!({"containers": [container("app")], "volumes": [{"name": "v", "image": {"reference": "data:1"}}]}),
                [36, 0],
            ),
            // Twice the same image: 500 of at most 2000: 100 · 477 / 1977 = 24.
            ("each container", json!({"containers": [container("app"), {"name": "d", "image": "app"}]}), [24, 0]),
        ];
        for (what, spec, expected) in rows {
            let objects = [holder.clone(), node("b", json!({})), waiting(json!({"spec": spec}))];
            assert_eq!(scores("ImageLocality", &objects), expected, "{what}");
        }
    }
}
