//! Decisions recorded from a real kube-scheduler 1.36.2: result, node, every plugin's weighted score, message, victims.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use wheelhouse::worlds::kubernetes::scheduler::offline::{Format, Request, schedule};

fn vectors() -> Option<PathBuf> {
    let named = std::env::var_os("WHEELHOUSE_VECTORS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    named.into_iter().chain([beside, "/work/shared/vectors".into()]).find(|p| p.is_dir())
}

/// Name, the file, and what the real scheduler did.
fn cases(kind: &str) -> Vec<(String, Vec<u8>, Value)> {
    let Some(folder) = vectors() else {
        println!("skipped: no recorded decisions here (set WHEELHOUSE_VECTORS)");
        return vec![];
    };
    let folder = folder.join(kind);
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
    names.sort();
    let case = |path: PathBuf| {
        let text = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        let answer = serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        (name, text, answer)
    };
    names.into_iter().map(case).collect()
}

/// What `wheelhouse schedule -f FILE --pod default/pending --format json` prints.
fn decide(name: &str, file: Vec<u8>) -> Value {
    let request =
        Request { files: vec![(name.into(), file)], pod: Some("default/pending".into()), format: Format::Json, ..Request::default() };
    let out = schedule(&request);
    assert_eq!(out.exit, 0, "{name}: {}", out.stderr);
    serde_json::from_str(&out.stdout).unwrap()
}

/// What differs from the recorded answer.
fn differences(ours: &Value, real: &Value) -> Vec<String> {
    let mut out = vec![];
    for key in ["result", "message"] {
        if real[key].is_string() && ours[key] != real[key] {
            out.push(format!("{key}:\n  ours {}\n  real {}", ours[key], real[key]));
        }
    }
    if real["node"].is_string() && !ours["candidates"].as_array().is_some_and(|c| c.contains(&real["node"])) {
        out.push(format!("node {} is not among our best {}", real["node"], ours["candidates"]));
    }
    if let Some(scores) = real["scores"].as_object() {
        let ours_scored: BTreeSet<&String> =
            ours["nodes"].as_object().unwrap().iter().filter(|(_, n)| n["scores"].is_object()).map(|(k, _)| k).collect();
        let real_scored: BTreeSet<&String> = scores.keys().collect();
        if ours_scored != real_scored {
            out.push(format!("scored nodes: ours {ours_scored:?}, real {real_scored:?}"));
        }
        for (node, plugins) in scores {
            let numbers = |v: &Value| -> BTreeMap<String, i64> {
                v.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.as_i64().unwrap())).collect()
            };
            let (o, r) = (numbers(&ours["nodes"][node]["scores"]), numbers(plugins));
            if o != r {
                out.push(format!("scores of {node}:\n  ours {o:?}\n  real {r:?}"));
            }
            if ours["nodes"][node]["total"] != real["totals"][node] {
                out.push(format!("total of {node}: ours {}, real {}", ours["nodes"][node]["total"], real["totals"][node]));
            }
        }
    }
    let names = |v: &Value| -> BTreeSet<String> { v.as_array().into_iter().flatten().map(|n| n.as_str().unwrap().to_string()).collect() };
    // Candidates that nothing sets apart are told apart by the order of a Go map: any of them is right.
    let ours_room = &ours["preemption"];
    let equal = ours_room["equally_good"].as_array().into_iter().flatten();
    let same = |room: &Value| room["nominated"] == real["nominated"] && names(&room["victims"]) == names(&real["victims"]);
    if !std::iter::once(ours_room).chain(equal).any(same) {
        out.push(format!("preemption: ours {ours_room}, real {} {}", real["nominated"], real["victims"]));
    }
    out
}

fn check(kind: &str) {
    let mut wrong = vec![];
    let all = cases(kind);
    let n = all.len();
    for (name, file, real) in all {
        let found = differences(&decide(&name, file), &real);
        if !found.is_empty() {
            wrong.push(format!("{kind}/{name}: {}", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {n} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn placements_scores_and_messages() {
    check("scheduling");
}

#[test]
fn preemption() {
    check("preemption");
}
