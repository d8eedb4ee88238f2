//! Prints the rows of design.md section 12 about large labs: `cargo bench --bench large`. Nothing is asserted.
//!
//! `large NODES PODS` plays one lab of that size and prints where its time went, for profiling.

use std::time::{Duration, Instant};

use wheelhouse::session::view::{SimTime, Stop};
use wheelhouse::session::{OpenOptions, Session, report};
use wheelhouse::tui;

fn row(what: &str, took: Duration, target: &str) {
    println!("{what:<76} {:>10.2} ms   target {target}", took.as_secs_f64() * 1000.0);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(f: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = f();
    (start.elapsed(), out)
}

fn median(runs: usize, mut f: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<_> = (0..runs).map(|_| f()).collect();
    all.sort();
    all[runs / 2]
}

/// Deployments of 500 pods each, spread over the nodes; one machine dies when all of it runs.
fn lab(nodes: usize, pods: usize) -> String {
    const EACH: usize = 500;
    let apps = pods.div_ceil(EACH).max(1);
    let mut manifests = String::new();
    for app in 0..apps {
        let replicas = (pods / apps) + usize::from(app < pods % apps);
        manifests.push_str(&format!(
            "      - |
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: app-{app}}}
        spec:
          replicas: {replicas}
          selector: {{matchLabels: {{app: app-{app}}}}}
          template:
            metadata: {{labels: {{app: app-{app}}}}}
            spec: {{containers: [{{name: web, image: 'registry.example/web:1', resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}}}]}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {{name: app-{app}}}
        spec: {{selector: {{app: app-{app}}}, ports: [{{port: 80, targetPort: 8080}}]}}
"
        ));
    }
    // The scheduler places about a thousand pods a second.
    let settled = 60 + pods / 800;
    let end = settled + 460;
    format!(
        "
wheelhouse: 1
title: A large cluster
summary: One of many machines loses power.
level: advanced
minutes: 1
topics: [bench]
duration: {end}s
images: {{'registry.example/web:1': {{size: 50MB, preloaded: true, app: {{startup: 1s}}}}}}
traffic: [{{name: shoppers, to: app-0, rate: 90rps, timeout: 2s}}]
worlds:
  kubernetes:
    nodes: [{{count: {nodes}, cpu: 16, memory: 64Gi, zones: [a, b, c]}}]
    # As operators of clusters of this size set them: by the defaults, 20 a second, creating so many pods takes more than two hours.
    config: {{kube-api-qps: 1000, kube-api-burst: 2000}}
    manifests:
{manifests}
timeline: [{{at: {settled}s, id: blackout, fault: {{kind: node-down, on: {{kubernetes: node-2}}}}}}]
expect: [{{finally: \"kubernetes.ready('deployment/app-0') == {}\"}}]
debrief: [done]
",
        pods.div_ceil(apps)
    )
}

fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn open(nodes: usize, pods: usize) -> Session {
    Session::open_text("large", &lab(nodes, pods), &OpenOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// Plays a lab as the screen does, with checkpoints, and measures what a person waits for.
fn screen(nodes: usize, pods: usize, targets: (&str, &str)) {
    let mut s = open(nodes, pods);
    let at = SimTime::from_secs(60 + pods as u64 / 800 + 100);
    let (took, _) = timed(|| while !matches!(s.advance(at, 100_000), Stop::Reached | Stop::End) {});
    row(&format!("{nodes} nodes, {pods} pods: played to {at}, with checkpoints"), took, "-");
    println!("{:<76} {:>10.0} MiB", "  memory", memory("VmRSS"));
    row("  one view", median(5, || timed(|| s.view()).0), "part of a frame");
    let back = median(7, || timed(|| s.step_back()).0);
    row("  step back one event", back, targets.1);
    let mut pictures = tui::Frames::new(s, 200, 60);
    row("  a frame at 200x60", median(15, || timed(|| pictures.draw()).0), targets.0);
}

/// Plays a lab as `wheelhouse run` does.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn headless(nodes: usize, pods: usize, talk: bool) {
    let path = std::env::temp_dir().join(format!("wheelhouse-large-{}.yaml", std::process::id()));
    std::fs::write(&path, lab(nodes, pods)).expect("a file in the temporary folder");
    let start = Instant::now();
    let mut said = SimTime::ZERO;
    let (took, report) = timed(|| {
        report::run(&path.to_string_lossy(), &OpenOptions::default(), None, &mut |now, _| {
            if talk && now.since(said).as_secs() >= 20 {
                said = now;
                println!("{now} {:>9.1} s {:>6.0} MiB", start.elapsed().as_secs_f64(), memory("VmRSS"));
            }
        })
    });
    let _ = std::fs::remove_file(&path);
    let report = report.unwrap_or_else(|e| panic!("{e}"));
    for e in &report.view.expectations {
        println!("  {:?} {} {}", e.passed, e.say, e.detail);
    }
    println!("  {} records, sha256 {}", report.records, report.digest());
    row(&format!("{nodes} nodes, {pods} pods, one node-down, headless with report"), took, "60 000 ms");
    println!("{:<76} {:>10.0} MiB   target 2048 MiB", "  most memory (of this whole program)", memory("VmHWM"));
}

/// A cluster as `kubectl get nodes,pods -o yaml` prints it.
fn dump(nodes: usize, pods: usize) -> String {
    let mut out = String::from("apiVersion: v1\nkind: List\nitems:\n");
    for n in 0..nodes {
        out.push_str(&format!(
            "- apiVersion: v1
  kind: Node
  metadata:
    name: node-{n}
    labels:
      kubernetes.io/hostname: node-{n}
      topology.kubernetes.io/zone: zone-{}
  status:
    allocatable: {{cpu: \"16\", memory: 64Gi, pods: \"110\", ephemeral-storage: 100Gi}}
    capacity: {{cpu: \"16\", memory: 64Gi, pods: \"110\", ephemeral-storage: 100Gi}}
    conditions:
    - {{type: Ready, status: \"True\"}}
",
            n % 3
        ));
    }
    for p in 0..=pods {
        let node = if p == pods { String::new() } else { format!("    nodeName: node-{}\n", p % nodes) };
        out.push_str(&format!(
            "- apiVersion: v1
  kind: Pod
  metadata:
    name: pod-{p}
    namespace: default
    uid: 00000000-0000-0000-0000-{p:012}
    creationTimestamp: \"2026-01-05T09:00:00Z\"
    labels:
      app: app-{}
      pod-template-hash: 5d9c7b
  spec:
{node}    containers:
    - name: web
      image: registry.example/web:1
      imagePullPolicy: IfNotPresent
      resources:
        requests: {{cpu: 100m, memory: 128Mi}}
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
    dnsPolicy: ClusterFirst
    restartPolicy: Always
    schedulerName: default-scheduler
    terminationGracePeriodSeconds: 30
    tolerations:
    - {{effect: NoExecute, key: node.kubernetes.io/not-ready, operator: Exists, tolerationSeconds: 300}}
    - {{effect: NoExecute, key: node.kubernetes.io/unreachable, operator: Exists, tolerationSeconds: 300}}
  status:
    phase: {}
",
            p % 24,
            if p == pods { "Pending" } else { "Running" }
        ));
    }
    out
}

/// `wheelhouse schedule` from a file's bytes to its report.
fn answer() {
    use wheelhouse::session::schedule::{Request, schedule};
    let text = dump(200, 5_000).into_bytes();
    let size = text.len() / 1024;
    let request = Request { files: vec![("cluster.yaml".into(), text)], pod: Some("pod-5000".into()), ..Request::default() };
    let took = median(5, || {
        let (took, out) = timed(|| schedule(&request));
        assert_eq!(out.exit, 0, "{}", out.stderr);
        took
    });
    row(&format!("schedule one pod from a file of 200 nodes and 5 000 pods ({size} KiB)"), took, "1 000 ms");
}

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    if let [nodes, pods] = args[..] {
        return headless(nodes, pods, true);
    }
    answer();
    screen(100, 3_000, ("4 ms", "-"));
    screen(1_000, 30_000, ("-", "300 ms"));
    screen(5_000, 150_000, ("16 ms", "-"));
    headless(5_000, 150_000, false);
}
