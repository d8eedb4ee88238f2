//! Whole-program tests, one binary. A file in this folder that is not listed here fails `architecture::no_forgotten_test_files`.
mod architecture;
mod content;
mod control_plane;
mod conversion;
mod docker_vectors;
mod kubelet_vectors;
mod live_cluster;
mod printing;
mod properties;
mod pty;
mod scenarios;
mod scheduler;
mod scheduling_vectors;
mod stand_in;
mod traces;
mod validation_vectors;
mod vectors;
