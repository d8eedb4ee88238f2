//! A recorded kubectl session over recorded objects: the console prints the same, byte for byte.

use serde_json::Value;
use wheelhouse::kernel::{Cx, Journal, SimDuration};
use wheelhouse::worlds::kubernetes::api::meta::Epoch;
use wheelhouse::worlds::kubernetes::{Kubernetes, kinds};
use wheelhouse::worlds::{NoFiles, Output, World};

use crate::vectors;

/// Two weeks before the recording: nothing in it is older.
const EPOCH: i64 = 1_794_000_000;

/// What the recording shows of the machine it was made on, and not of kubectl (the command's beginning).
const OF_THE_RECORDER: &[&str] = &[
    // The recorder passed --kubeconfig before the verb.
    "kubectl -n p frobnicate",
    // A vendor's build of kubectl prints this through its logger, with the time and its process's number.
    "kubectl -n p scale deploy steady",
];

fn world(objects: &[Value]) -> Kubernetes {
    let epoch = Epoch::from_unix(EPOCH);
    let mut world = Kubernetes::empty(1);
    let api = world.api_mut();
    api.epoch = epoch;
    for o in objects {
        api.store.put(kinds::from_json_at(o, epoch).expect("a recorded object"), None);
    }
    api.store.take_pending();
    world
}

fn run(world: &mut Kubernetes, argv: &[String], now: &str, later: SimDuration) -> Output {
    let now = world.api_mut().epoch.parse(now).expect("a time") + later;
    let mut journal = Journal::default();
    let mut cx = Cx { now, world: "kubernetes", journal: &mut journal, cause: None };
    world.console(argv, &NoFiles, &mut cx)
}

#[test]
fn recorded_session() {
    let Some(printing) = vectors::json("printing.json") else { return };
    let mut world = world(printing["objects"].as_array().expect("objects"));
    let mut wrong = Vec::new();
    let session = printing["session"].as_array().expect("session");
    for step in session {
        let text = |k: &str| step[k].as_str().unwrap_or_default();
        let command = text("command");
        let want = Output {
            stdout: text("stdout").into(),
            stderr: text("stderr").into(),
            exit: step["exit"].as_i64().unwrap_or(0) as i32,
            running: false,
        };
        // Patches contain no spaces, and quotes are gone in the recording.
        let argv: Vec<String> = command.split(' ').map(String::from).collect();
        // The command took its time after `now` was noted: ages may be of a moment later.
        let mut first = None;
        let found = (0..16).find_map(|n| {
            let mut copy = world.clone();
            let got = run(&mut copy, &argv, text("now"), SimDuration::from_millis(n * 250));
            let fits = got == want;
            first.get_or_insert((got, copy.clone()));
            fits.then_some(copy)
        });
        match found {
            Some(next) => world = next,
            None => {
                let (got, next) = first.expect("it ran");
                world = next;
                if !OF_THE_RECORDER.contains(&command) {
                    let at = got.stdout.lines().zip(want.stdout.lines()).find(|(a, b)| a != b);
                    wrong.push(format!(
                        "{command}\n  first difference: {at:?}\n--- got (exit {})\n{}{}--- want (exit {})\n{}{}",
                        got.exit, got.stdout, got.stderr, want.exit, want.stdout, want.stderr
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} commands differ\n\n{}", wrong.len(), session.len(), wrong.join("\n\n"));
}
