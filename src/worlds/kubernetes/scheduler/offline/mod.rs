//! `wheelhouse schedule`: the scheduler over a cluster read from files.

pub mod cluster;

pub use cluster::Cluster;
