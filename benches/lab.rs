//! Prints the rows of design.md section 12 that the lab answers: `cargo bench --bench lab`. Medians of several runs; nothing is asserted.
//!
//! `lab TIMES` plays only the Deployment of ninety pods, so many times, for profiling.

use std::time::{Duration, Instant};

use wheelhouse::session::view::{SimDuration, SimTime};
use wheelhouse::session::{OpenOptions, Session, report};
use wheelhouse::tui;

fn median(runs: usize, mut f: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<_> = (0..runs).map(|_| f()).collect();
    all.sort();
    all[runs / 2]
}

fn row(what: &str, took: Duration, target: &str) {
    println!("{what:<68} {:>9.2} ms   target {target}", took.as_secs_f64() * 1000.0);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed<T>(f: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = f();
    (start.elapsed(), out)
}

const NINETY: &str = "
wheelhouse: 1
title: Ninety pods
summary: From apply to all ready.
level: beginner
minutes: 1
topics: [bench]
duration: 3m
images: {'registry.example/web:1': {size: 50MB, preloaded: true, app: {startup: 1s}}}
worlds:
  kubernetes:
    nodes: [{count: 3, cpu: 16, memory: 64Gi}]
    manifests:
      - |
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 90
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: 'registry.example/web:1'}]}
timeline: [{at: 170s, say: over}]
expect: [{finally: \"kubernetes.ready('deployment/web') == 90\"}]
debrief: [done]
";

fn ninety(options: &OpenOptions) -> Duration {
    let mut s = Session::open_text("ninety", NINETY, options).expect("the bench's scenario is sound");
    timed(|| s.jump_to(SimTime::from_secs(60))).0
}

fn main() {
    let options = OpenOptions::default();
    if let Some(times) = std::env::args().nth(1).and_then(|a| a.parse().ok()) {
        return row("a Deployment of 90 pods from apply to all ready", median(times, || ninety(&options)), "5 ms");
    }
    let node_down = median(9, || timed(|| report::run("node-down", &options, None, &mut |_, _| {}).map(|r| r.view.now)).0);
    row("node-down lab, both worlds, 12 min at 90 rps, headless with report", node_down, "50 ms");

    row("a Deployment of 90 pods from apply to all ready", median(9, || ninety(&options)), "5 ms");
    let settled = median(9, || {
        let mut s = Session::open_text("ninety", NINETY, &options).expect("the bench's scenario is sound");
        s.jump_to(SimTime::from_secs(90));
        timed(|| s.jump_to(SimTime::from_secs(150))).0
    });
    row("60 settled seconds of it", settled, "1 ms");

    let mut s = Session::open("node-down", &options).expect("a built-in scenario");
    s.jump_to(SimTime::ZERO + SimDuration::from_secs(600));
    let back = median(15, || timed(|| s.step_back()).0);
    row("step back one event, node-down at ten minutes", back, "20 ms");
    let view = median(15, || timed(|| s.view()).0);
    row("the view of a frame, node-down", view, "part of a frame");

    let first = median(9, || {
        timed(|| {
            let s = Session::open("node-down", &options).expect("a built-in scenario");
            tui::picture(s, 200, 60, tui::theme::Theme::default(), &[])
        })
        .0
    });
    row("open node-down and draw the first frame at 200x60", first, "50 ms");
}
