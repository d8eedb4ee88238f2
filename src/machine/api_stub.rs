//! Signatures first, so that the worlds can be written against them; the bodies follow file by file.
#![allow(unused_variables)]

use std::sync::Arc;

use crate::kernel::{List, RecordId, Set, SimDuration, SimTime};
use crate::model::{AppSpec, FailReason, ImageRef, ImageSpec};

use super::*;

impl Machine {
    /// A world's machines: the seed, the world's name (for its random streams), the images the scenario describes, and the bytes per
    /// second between the registry and one host.
    pub fn new(seed: u64, world: &str, images: Vec<ImageSpec>, bandwidth: u64) -> Self {
        todo!()
    }
    pub fn add_host(&mut self, spec: HostSpec, now: SimTime) {
        todo!()
    }
    pub fn host(&self, name: &str) -> Option<&Host> {
        todo!()
    }
    /// All machines in name order.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        std::iter::empty()
    }
    pub fn container(&self, id: ContainerId) -> Option<&Container> {
        todo!()
    }
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        std::iter::empty()
    }
    pub fn containers_on<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Container> {
        std::iter::empty()
    }

    /// When the next event of the substrate is due.
    pub fn next_at(&self) -> Option<SimTime> {
        todo!()
    }
    /// Handles exactly one due event.
    pub fn step(&mut self, now: SimTime) -> Vec<Notice> {
        todo!()
    }

    pub fn power_off(&mut self, host: &str, now: SimTime) -> Vec<Notice> {
        todo!()
    }
    pub fn power_on(&mut self, host: &str, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    pub fn pause_host(&mut self, host: &str, now: SimTime) {
        todo!()
    }
    pub fn resume_host(&mut self, host: &str, now: SimTime) {
        todo!()
    }
    pub fn set_disk_full(&mut self, host: &str, full: bool) {
        todo!()
    }
    pub fn starve(&mut self, host: &str, percent: u32) {
        todo!()
    }
    /// CPU in use on a machine, in thousandths of a core.
    pub fn cpu_used_milli(&self, host: &str, now: SimTime) -> u32 {
        todo!()
    }
    pub fn memory_used(&self, host: &str, now: SimTime) -> u64 {
        todo!()
    }
    /// (thousandths of a core, bytes) of one container; zero if it does not run.
    pub fn container_usage(&self, id: ContainerId, now: SimTime) -> (u32, u64) {
        todo!()
    }

    /// What is known of an image; a default for images nobody described.
    pub fn image_spec(&self, image: &ImageRef) -> Arc<ImageSpec> {
        todo!()
    }
    /// Replaces an image's description from now on (a bad image); containers already created keep what they have.
    pub fn set_image_spec(&mut self, canonical: &str, spec: ImageSpec) {
        todo!()
    }
    /// Images used but not described, in canonical form.
    pub fn assumed(&self) -> impl Iterator<Item = &Arc<ImageSpec>> {
        std::iter::empty()
    }
    pub fn has_image(&self, host: &str, image: &ImageRef) -> bool {
        todo!()
    }
    pub fn preload(&mut self, host: &str, image: &ImageRef) {
        todo!()
    }
    pub fn remove_image(&mut self, host: &str, image: &ImageRef) {
        todo!()
    }
    /// Begins a pull; a `PullFinished` notice ends it.
    pub fn pull(&mut self, host: &str, image: &ImageRef, now: SimTime, cause: Option<RecordId>) -> PullId {
        todo!()
    }

    pub fn create(&mut self, host: &str, spec: ContainerSpec, now: SimTime) -> ContainerId {
        todo!()
    }
    /// Starts (or restarts) a container; `Started` or `StartFailed` follows after [`START_LATENCY`].
    pub fn start(&mut self, id: ContainerId, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    pub fn signal(&mut self, id: ContainerId, signal: Signal, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    pub fn pause(&mut self, id: ContainerId, now: SimTime) {
        todo!()
    }
    pub fn unpause(&mut self, id: ContainerId, now: SimTime) {
        todo!()
    }
    /// Forgets a container; one that still runs dies without a notice.
    pub fn remove(&mut self, id: ContainerId, now: SimTime) {
        todo!()
    }
    /// Fault: the process exits with this code.
    pub fn crash(&mut self, id: ContainerId, code: i32, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    /// Fault: alive but answers nothing (true), or answers again (false).
    pub fn hang(&mut self, id: ContainerId, hung: bool, now: SimTime) {
        todo!()
    }
    /// Fault: memory grows from now on; 0 stops the growth.
    pub fn leak(&mut self, id: ContainerId, bytes_per_minute: u64, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    /// Fault: asks for so much memory at once.
    pub fn allocate(&mut self, id: ContainerId, bytes: u64, now: SimTime, cause: Option<RecordId>) {
        todo!()
    }
    /// Log lines, oldest first.
    pub fn logs(&self, id: ContainerId) -> List<(SimTime, Arc<str>)> {
        todo!()
    }
    /// Names that resolve and answer as seen from this container, for programs that need them (`AppSpec::needs`, `nslookup`, `wget`).
    /// Never told: needs count as met, look-ups fail.
    pub fn set_names(&mut self, id: ContainerId, names: Set<Arc<str>>) {
        todo!()
    }
    /// The program of an app image, if that is what runs here.
    pub fn app(&self, id: ContainerId) -> Option<&AppSpec> {
        todo!()
    }

    pub fn probe(&mut self, id: ContainerId, action: &ProbeAction, now: SimTime) -> ProbeAnswer {
        todo!()
    }
    /// Runs a command inside a running container.
    pub fn exec(&mut self, id: ContainerId, argv: &[Arc<str>], now: SimTime) -> ExecResult {
        todo!()
    }

    pub fn create_volume(&mut self, host: &str, name: &str, now: SimTime) {
        todo!()
    }
    pub fn remove_volume(&mut self, host: &str, name: &str) {
        todo!()
    }
    pub fn volumes<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Volume> {
        std::iter::empty()
    }

    /// Hands a batch of requests to a copy; `port` None = whatever it listens on.
    pub fn serve(&mut self, id: ContainerId, port: Option<u16>, arrival: Serve, now: SimTime) {
        todo!()
    }
    /// Requests that the world itself fails: sent at `at`, known to have failed `delay` later.
    pub fn fail(&mut self, stream: &Arc<str>, count: u32, reason: FailReason, at: SimTime, delay: SimDuration) {
        todo!()
    }
    /// Moves every outcome known by now into the ledger.
    pub fn settle(&mut self, now: SimTime) {
        todo!()
    }
    /// Requests answered in the last whole second.
    pub fn serving_rps(&self, id: ContainerId, now: SimTime) -> u32 {
        todo!()
    }
    /// True if a copy answers requests now: running, started up, not hung, its machine up.
    pub fn serving(&self, id: ContainerId, now: SimTime) -> bool {
        todo!()
    }
}

/// From `start` to a running process (recorded: 0.2 s with containerd, 0.4 s with Docker Engine).
pub const START_LATENCY: SimDuration = SimDuration::from_millis(200);
