//! Where the recorded answers of the real systems are; absent outside the project's own machines, and then tests that need them say so.

use std::path::PathBuf;

/// The folder, if there is one.
pub fn folder() -> Option<PathBuf> {
    let candidates = [
        std::env::var_os("WHEELHOUSE_VECTORS").map(PathBuf::from),
        Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors")),
        Some(PathBuf::from("/work/shared/vectors")),
    ];
    let found = candidates.into_iter().flatten().find(|p| p.is_dir());
    if found.is_none() {
        eprintln!("skipped: no recorded vectors (set WHEELHOUSE_VECTORS)");
    }
    found
}

/// A recorded file.
pub fn json(name: &str) -> Option<serde_json::Value> {
    let path = folder()?.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}
