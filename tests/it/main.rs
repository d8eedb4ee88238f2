//! Whole-program tests, one binary. A file in this folder that is not listed here fails `architecture::no_forgotten_test_files`.
mod architecture;
mod content;
mod conversion;
mod kubelet_vectors;
mod scheduling_vectors;
mod docker_vectors;
mod vectors;
