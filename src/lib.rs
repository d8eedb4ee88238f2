//! wheelhouse: a Docker-only world and a Kubernetes world inside one process, the same app, the same traffic, the same faults.
//!
//! The house has seven floors; a room uses only what lies below it (see ARCHITECTURE.md, enforced by `tests/it/architecture.rs`).
#![forbid(unsafe_code)]

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod cli;
pub mod document;
pub mod explain;
pub mod kernel;
pub mod machine;
pub mod model;
pub mod scenario;
pub mod score;
pub mod session;
pub mod study;
pub mod tui;
pub mod worlds;
