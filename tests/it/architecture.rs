//! The floors of the house, enforced: who may use whom, and what must not be there at all.

use std::fs;
use std::path::{Path, PathBuf};

/// Room → rooms it may use (design.md section 3). Sub-rooms of `worlds` are listed one by one.
const MAY_USE: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("document", &["kernel"]),
    ("model", &["kernel", "document"]),
    ("machine", &["kernel", "model"]),
    ("worlds", &["kernel", "model", "document", "machine"]),
    ("worlds/docker", &["worlds", "kernel", "model", "document", "machine"]),
    ("worlds/compose", &["worlds/docker", "worlds", "kernel", "model", "document", "machine"]),
    ("worlds/kubernetes", &["worlds", "kernel", "model", "document", "machine"]),
    ("scenario", &["worlds", "kernel", "model", "document"]),
    ("score", &["worlds", "kernel", "model"]),
    ("explain", &["worlds", "kernel", "model"]),
    ("study", &["document"]),
    (
        "session",
        &[
            "scenario",
            "score",
            "explain",
            "study",
            "worlds",
            "worlds/docker",
            "worlds/compose",
            "worlds/kubernetes",
            "model",
            "kernel",
            "document",
            "machine",
        ],
    ),
    ("tui", &["session"]),
    ("cli", &["session", "tui"]),
];

/// What must not occur below the faces, and where it is allowed all the same, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("Instant::now", "no wall clock"),
    ("SystemTime::now", "no wall clock"),
    ("Timestamp::now", "no wall clock"),
    ("thread::spawn", "no threads"),
    ("thread::sleep", "no sleeping"),
    ("rand::rng(", "no OS randomness"),
    ("HashMap", "no hash order"),
    ("HashSet", "no hash order"),
    ("println!", "no printing"),
    ("eprintln!", "no printing"),
    ("std::fs", "no file access"),
    ("File::open", "no file access"),
];
const FILE_ACCESS_ALLOWED: &[&str] = &["scenario/catalogue.rs", "scenario/folder.rs", "study/"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The room of a path below `src`: the longest listed prefix.
fn room(path: &str) -> Option<&'static str> {
    MAY_USE.iter().map(|(r, _)| *r).filter(|r| path == *r || path.starts_with(&format!("{r}/"))).max_by_key(|r| r.len())
}

/// The code of a file without comments, strings left as they are.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().enumerate().map(|(i, l)| (i + 1, l.split("//").next().unwrap_or("").to_string())).collect()
}

#[test]
fn arrows_point_down() {
    let mut all = Vec::new();
    files(&src(), &mut all);
    let mut wrong = Vec::new();
    for path in &all {
        let relative = path.strip_prefix(src()).unwrap().to_str().unwrap().replace('\\', "/");
        let Some(from) = room(relative.trim_end_matches(".rs")) else { continue };
        let allowed = MAY_USE.iter().find(|(r, _)| *r == from).unwrap().1;
        for (line, text) in code(path) {
            for used in text.match_indices("crate::").map(|(i, _)| &text[i + 7..]) {
                let path_used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
                let Some(to) = room(&path_used.trim_end_matches(':').replace("::", "/")) else { continue };
                if to != from && !allowed.contains(&to) && !from.starts_with(&format!("{to}/")) {
                    wrong.push(format!("src/{relative}:{line}: {from} must not use {to}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_below_the_faces_touches_the_outside() {
    let mut all = Vec::new();
    files(&src(), &mut all);
    let mut wrong = Vec::new();
    for path in &all {
        let relative = path.strip_prefix(src()).unwrap().to_str().unwrap().replace('\\', "/");
        let face = ["tui/", "cli/", "api/", "main.rs"].iter().any(|f| relative.starts_with(f));
        let in_tests = relative.contains("test");
        if face || in_tests {
            continue;
        }
        for (line, text) in code(path) {
            // Unit tests come last in a file.
            if text.contains("#[cfg(test)]") {
                break;
            }
            for (word, why) in BANNED {
                let file_access = *why == "no file access" && FILE_ACCESS_ALLOWED.iter().any(|a| relative.starts_with(a));
                if text.contains(word) && !file_access {
                    wrong.push(format!("src/{relative}:{line}: {word}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "below the faces:\n{}", wrong.join("\n"));
}

#[test]
fn no_forgotten_test_files() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs::read_to_string(dir.join("main.rs")).unwrap();
    for entry in fs::read_dir(&dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if name.ends_with(".rs") && module != "main" {
            assert!(main.contains(&format!("mod {module};")), "tests/it/{name} is not listed in tests/it/main.rs");
        }
    }
}
