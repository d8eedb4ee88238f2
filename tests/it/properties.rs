//! Laws that hold in every scenario, tried on random ones: requests are conserved, the same seed gives the same journal, any walk through
//! history equals the straight run, rollouts keep their bounds, and when the faults are over everything comes back.

use std::fmt::Write as _;

use proptest::prelude::*;
use wheelhouse::session::view::{RecordType, SimDuration, SimTime, Stop};
use wheelhouse::session::{OpenOptions, Session, StepSize};

#[derive(Clone, Debug)]
struct Plan {
    nodes: u32,
    replicas: u32,
    rate: u32,
    surge: u32,
    unavailable: u32,
    seed: u64,
    /// (second, fault, target number, seconds)
    faults: Vec<(u32, u8, u8, u32)>,
    update_at: Option<u32>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let fault = (20u32..200, 0u8..7, 0u8..4, 5u32..90);
    (2u32..5, 1u32..7, 1u32..200, 0u32..3, 0u32..3, any::<u64>(), prop::collection::vec(fault, 0..4), prop::option::of(30u32..150))
        .prop_map(|(nodes, replicas, rate, surge, unavailable, seed, faults, update_at)| {
            let surge = if surge + unavailable == 0 { 1 } else { surge };
            // Even three times as much traffic fits into the copies that are left: an overloaded app need not come back by itself.
            let rate = 1 + rate % (replicas * 12);
            Plan { nodes, replicas, rate, surge, unavailable, seed: seed >> 12, faults, update_at }
        })
}

fn yaml(p: &Plan) -> String {
    let mut timeline = String::new();
    for (i, (at, kind, target, lasts)) in p.faults.iter().enumerate() {
        let host = 1 + u32::from(*target) % p.nodes;
        let (docker, kubernetes) = (format!("host-{host}"), format!("node-{host}"));
        let fault = match kind {
            0 => format!("kind: node-down, on: {{docker: {docker}, kubernetes: {kubernetes}}}, for: {lasts}s"),
            1 => "kind: crash, on: shop".to_string(),
            2 => format!("kind: partition, on: {{docker: {docker}, kubernetes: {kubernetes}}}, for: {lasts}s"),
            3 => format!("kind: registry-down, for: {lasts}s"),
            4 => format!("kind: traffic-spike, on: clients, percent: 300%, for: {lasts}s"),
            5 => format!("kind: component-down, on: kube-controller-manager, for: {lasts}s"),
            _ => format!("kind: node-pause, on: {{docker: {docker}, kubernetes: {kubernetes}}}, for: {lasts}s"),
        };
        let _ = writeln!(timeline, "  - {{at: {at}s, id: f{i}, fault: {{{fault}}}}}");
    }
    if let Some(at) = p.update_at {
        let _ =
            writeln!(timeline, "  - {{at: {at}s, run: {{kubernetes: 'kubectl set image deployment/shop shop=registry.example/shop:2'}}}}");
    }
    let timeline = if timeline.is_empty() { "[]".to_string() } else { format!("\n{timeline}") };
    format!(
        "wheelhouse: 1
title: Random
summary: Random.
level: advanced
minutes: 1
topics: [test]
duration: 20m
seed: {seed}
images:
  'registry.example/shop:1': {{size: 50MB, app: {{startup: 2s, capacity: 100rps, latency: 20ms, memory: 90Mi}}}}
  'registry.example/shop:2': {{size: 50MB, app: {{startup: 3s, capacity: 100rps, latency: 20ms, memory: 90Mi}}}}
traffic: [{{name: clients, to: shop, rate: {rate}rps, timeout: 2s}}]
worlds:
  docker:
    hosts: [{{count: {nodes}, name: host, cpu: 4, memory: 8Gi}}]
    compose:
      all: |
        services: {{shop: {{image: 'registry.example/shop:1', ports: ['8080:8080'], restart: always}}}}
    proxy: {{kind: static, to: '8080'}}
  kubernetes:
    nodes: [{{count: {nodes}, cpu: 4, memory: 8Gi}}]
    manifests:
      - |
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: shop}}
        spec:
          replicas: {replicas}
          strategy: {{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}
          selector: {{matchLabels: {{app: shop}}}}
          template:
            metadata: {{labels: {{app: shop}}}}
            spec:
              containers:
              - name: shop
                image: registry.example/shop:1
                resources: {{requests: {{cpu: 300m, memory: 128Mi}}}}
                readinessProbe: {{httpGet: {{path: /ready, port: 8080}}, periodSeconds: 2}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {{name: shop}}
        spec: {{selector: {{app: shop}}, ports: [{{port: 80, targetPort: 8080}}]}}
timeline: {timeline}
expect:
  - {{finally: 'kubernetes.serving == kubernetes.declared'}}
  - {{finally: \"kubernetes.ready('deployment/shop') == {replicas}\"}}
debrief: ['done']
",
        seed = p.seed,
        rate = p.rate,
        nodes = p.nodes,
        replicas = p.replicas,
        surge = p.surge,
        unavailable = p.unavailable,
    )
}

fn open(p: &Plan) -> Session {
    Session::open_text("random", &yaml(p), &OpenOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn lines(s: &Session) -> Vec<String> {
    s.records().iter().map(|r| r.to_json()).collect()
}

fn to_end(s: &mut Session) {
    while s.advance(SimTime::MAX, 100_000) != Stop::End {}
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn laws(p in plan()) {
        let mut s = open(&p);
        // On the way: conservation, and no node promises more than it has.
        for minute in 1..=20u64 {
            s.jump_to(SimTime::from_secs(60 * minute));
            for w in s.view().worlds {
                prop_assert_eq!(w.score.sent, w.score.ok + w.score.failed + w.score.in_flight);
                prop_assert!(w.view.hosts.iter().all(|h| h.cpu_permille <= 1000), "cpu over 100 %");
            }
        }
        to_end(&mut s);
        let straight = lines(&s);
        // Convergence once all faults are over.
        for e in s.view().expectations {
            prop_assert_eq!(e.passed, Some(true), "{}: {}", e.expr, e.detail);
        }
        // Rollouts keep within surge: no ReplicaSet scaling of the Deployment's own doing goes beyond replicas + surge.
        for r in s.records().iter().filter(|r| r.reason == "ScalingReplicaSet") {
            if let Some(n) = r.message.rsplit(" to ").next().and_then(|n| n.parse::<u32>().ok()) {
                prop_assert!(n <= p.replicas + p.surge, "{}", r.message);
            }
        }
        // The same seed, the same journal.
        let mut again = open(&p);
        to_end(&mut again);
        prop_assert_eq!(&lines(&again), &straight);
        // A walk through history is the straight run.
        let mut walk = open(&p);
        let mut x = p.seed | 1;
        for _ in 0..25 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (x >> 33) % 4 {
                0 => walk.step_back(),
                1 => walk.jump_to(SimTime::from_millis((x >> 20) % 1_200_000)),
                2 => { walk.step_forward(&StepSize::Event); }
                _ => { walk.advance(walk.now() + SimDuration::from_secs((x >> 40) % 60), 50_000); }
            }
            prop_assert_eq!(&lines(&walk)[..], &straight[..walk.records().len()]);
        }
        prop_assert!(s.records().iter().any(|r| r.kind == RecordType::Change));
    }
}
