//! The scheduler's panels over a real lab: decisions of then and now, the queue, stepping back.

use super::Screen;
use crate::session::view::SimTime;
use crate::session::{OpenOptions, Session};
use crate::tui::theme::{ASCII, Theme};

/// Four nodes that differ, a Deployment, one pod too large for any and one that waits for its gate.
const LAB: &str = r#"
wheelhouse: 1
title: Where does it go?
summary: One scheduler, four nodes.
level: beginner
minutes: 1
topics: [scheduling]
duration: 3m
seed: 7
images: {'registry.example/web:1': {size: 50MB, preloaded: true, app: {startup: 1s}}}
worlds:
  kubernetes:
    nodes:
      - {count: 2, name: small, cpu: 2, memory: 4Gi, zones: [a, b]}
      - {count: 1, name: large, cpu: 8, memory: 16Gi, zones: [a]}
      - {count: 1, name: gpu, cpu: 8, memory: 16Gi, zones: [b], taints: ['dedicated=gpu:NoSchedule']}
    manifests:
      - |
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: 'registry.example/web:1', resources: {requests: {cpu: 500m, memory: 512Mi}}}]}
      - |
        apiVersion: v1
        kind: Pod
        metadata: {name: huge}
        spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: 'registry.example/web:1', resources: {requests: {cpu: "9", memory: 1Gi}}}]}
      - |
        apiVersion: v1
        kind: Pod
        metadata: {name: gated}
        spec:
          schedulingGates: [{name: example.com/wait}]
          containers: [{name: c, image: 'registry.example/web:1'}]
timeline: [{at: 170s, say: over}]
expect: [{finally: "kubernetes.ready('deployment/web') == 3"}]
debrief: [done]
"#;

fn session(at: SimTime) -> Session {
    let mut s = Session::open_text("scheduling", LAB, &OpenOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    s.jump_to(at);
    s
}

fn screen(width: u16, height: u16, at: SimTime) -> Screen {
    let mut s = Screen::with(width, height, Theme::default());
    s.app.enter(Box::new(session(at)));
    s.draw();
    s
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

fn shots(name: &str, keys: &str) {
    for (w, h) in SIZES {
        let mut s = screen(w, h, SimTime::from_secs(20));
        s.press(keys);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("{name}_{w}x{h}"), s.text());
        });
    }
}

#[test]
fn queue_and_decisions() {
    shots("scheduler", "p");
}

#[test]
fn a_decision_with_its_numbers() {
    // The two that wait come first, then the decisions, the latest first.
    shots("decision", "pjj<enter>");
}

#[test]
fn a_decision_that_found_nothing() {
    shots("decision_nowhere", "p<enter>");
}

#[test]
fn what_would_come_of_trying_a_gated_pod() {
    let mut s = screen(120, 36, SimTime::from_secs(20));
    s.press("pj<enter>").shows("Pod default/gated, if it were tried now").shows("gated for 00:19").shows("gates: its gates are removed");
    s.press("<enter>").shows("describe").press("<esc>").shows("if it were tried now");
}

#[test]
fn the_inspect_panel_has_a_tab_for_it() {
    let mut s = screen(120, 36, SimTime::from_secs(20));
    s.press("pi").shows(" scheduling ").press("5");
    s.shows("unschedulable for 00:")
        .shows("wakes it   taints: a node comes or loses a taint")
        .shows("fit: a pod leaves a node")
        .shows("or five minutes without any of that");
    s.shows("last tried at 00:00:00.").shows("no node is free").shows("fit: Insufficient cpu (cpu: wants 9, free 2 of 2)");
}

#[test]
fn stepping_back_shows_what_was_known_then() {
    let mut s = screen(120, 36, SimTime::from_secs(20));
    // Before anything was decided nothing is listed, and the decision of a pod is not known yet.
    s.press("<home>p").shows("No pod waits for a node.").shows("Nothing has been decided yet");
    s.press("<esc>").press("<end><enter>").press("p").shows("Decided, the latest first");
    let now = screen(120, 36, SimTime::from_secs(20)).press("pjj<enter>").text();
    let later = screen(120, 36, SimTime::from_secs(150)).press("pjj<enter>").text();
    let table = |text: &str| -> Vec<String> {
        text.lines().filter(|l| l.contains("✔") || l.contains("✖")).map(|l| l.split('│').nth(2).unwrap_or("").to_string()).collect()
    };
    assert!(table(&now).len() >= 4, "{now}");
    assert_eq!(table(&now), table(&later), "the decision is the one of its own moment, whenever it is looked at");
}

#[test]
fn a_decision_of_the_journal_opens_by_itself() {
    let mut s = screen(120, 36, SimTime::from_secs(20));
    s.press("<tab>/chose<enter>").press("g<enter>").shows("Scheduling · Pod default/web-").shows("taints ×3").shows("would");
    s.press("w").shows("default-scheduler: chose ").shows("score ");
}

#[test]
fn poor_fonts_get_it_in_ascii() {
    let mut s = Screen::with(80, 24, Theme { glyphs: &ASCII, ..Theme::default() });
    s.app.enter(Box::new(session(SimTime::from_secs(20))));
    s.draw();
    let text = s.press("pjj<enter>").text();
    assert!(text.contains("total") && text.is_ascii(), "{text}");
}
