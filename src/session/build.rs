//! From a scenario to worlds, and from a fault as written to faults that a world can suffer.

use std::sync::Arc;

use crate::model::fault::{BadImage, FAULTS};
use crate::model::{Component, Fault, FaultKind, FaultTarget, ImageSpec, LinkEnd};
use crate::scenario::file::Scenario;
use crate::worlds::World;
use crate::worlds::kubernetes::Kubernetes;

/// Makes a world from a scenario; None if the scenario does not have it.
type Maker = fn(&Scenario, u64) -> Option<Result<Box<dyn World>, String>>;

/// The registry of platforms: one line each.
pub const PLATFORMS: &[(&str, Maker)] = &[("docker", docker), ("kubernetes", kubernetes)];

fn docker(s: &Scenario, seed: u64) -> Option<Result<Box<dyn World>, String>> {
    let setup = super::setup::docker(s)?;
    Some(crate::worlds::compose::world(setup, images(s), seed, &*s.files).map(|w| Box::new(w) as Box<dyn World>).map_err(|e| e.to_string()))
}

fn kubernetes(s: &Scenario, seed: u64) -> Option<Result<Box<dyn World>, String>> {
    let setup = super::setup::kubernetes(s)?;
    Some(Kubernetes::new(setup, images(s), seed).map(|w| Box::new(w) as Box<dyn World>).map_err(|e| e.to_string()))
}

fn images(s: &Scenario) -> Vec<ImageSpec> {
    s.images.iter().map(|i| ImageSpec::clone(i)).collect()
}

/// The worlds of a scenario, in the order of the registry; `only` limits them by name.
///
/// # Errors
/// A sentence about a world that cannot be built.
pub fn worlds(scenario: &Scenario, seed: u64, only: &[String]) -> Result<Vec<Box<dyn World>>, String> {
    PLATFORMS
        .iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|o| o == name))
        .filter_map(|(_, make)| make(scenario, seed))
        .collect()
}

/// A target's name as the sort of target its fault needs.
pub fn target(kind: &FaultKind, name: &str, mode: crate::model::fault::CopyCount, scenario: &Scenario) -> FaultTarget {
    let on = FAULTS.iter().find(|f| f.word == kind.word()).map_or("world", |f| f.on);
    let name: Arc<str> = name.strip_prefix("zone/").map_or_else(|| name.into(), Into::into);
    let zones = ["docker", "kubernetes"].into_iter().flat_map(|w| scenario.setup.machines(w));
    match on {
        "host" if zones.map(|m| &m.zone).any(|z| *z == name) => FaultTarget::Zone(name),
        "host" => FaultTarget::Host(name),
        "copies" => FaultTarget::Copies { of: name, count: mode },
        "component" => Component::from_word(&name).map_or(FaultTarget::Host(name), FaultTarget::Component),
        "image" => FaultTarget::Image(name),
        "traffic" => FaultTarget::Traffic(name),
        _ => FaultTarget::World,
    }
}

/// A fault as a sentence.
pub fn describe(fault: &Fault) -> String {
    let on: String = match &fault.target {
        FaultTarget::World => String::new(),
        FaultTarget::Host(n) | FaultTarget::Image(n) | FaultTarget::Traffic(n) => n.to_string(),
        FaultTarget::Zone(n) => format!("zone {n}"),
        FaultTarget::Copies { of, .. } => of.to_string(),
        FaultTarget::Component(c) => c.word().to_string(),
    };
    match &fault.kind {
        FaultKind::NodeDown => format!("{on} loses power"),
        FaultKind::NodeUp => format!("{on} gets power back"),
        FaultKind::NodePause => format!("{on} freezes"),
        FaultKind::Partition { from: LinkEnd::Everyone } => format!("{on} is cut off the network"),
        FaultKind::Partition { from } => format!("{on} is cut off from {}", end(from)),
        FaultKind::Crash { code } => format!("a process of {on} exits with {code}"),
        FaultKind::Hang => format!("a process of {on} hangs"),
        FaultKind::Leak { bytes_per_minute } => format!("{on} leaks {} MiB a minute", bytes_per_minute >> 20),
        FaultKind::Oom { bytes } => format!("a process of {on} asks for {} MiB at once", bytes >> 20),
        FaultKind::CpuStarve { percent } => format!("a neighbour on {on} eats the CPU: everything is {percent} % slower"),
        FaultKind::DiskFull => format!("the disk of {on} is full"),
        FaultKind::BadImage { how: BadImage::Crashes } => format!("{on} crashes wherever it starts from now on"),
        FaultKind::BadImage { how: BadImage::NeverReady } => format!("{on} never gets ready where it starts from now on"),
        FaultKind::BadImage { how: BadImage::Missing } => format!("{on} is missing from the registry"),
        FaultKind::RegistryDown => "the registry does not answer".into(),
        FaultKind::RegistrySlow { percent } => format!("pulls take {percent} % of the usual time"),
        FaultKind::RegistryDenied => "the registry refuses our credentials".into(),
        FaultKind::DnsDown => "names do not resolve".into(),
        FaultKind::TrafficSpike { percent } => format!("{on}: {percent} % of the usual traffic"),
        FaultKind::ComponentDown => format!("{on} stops"),
        FaultKind::HumanDelete => format!("somebody deletes a copy of {on} by hand"),
    }
}

fn end(e: &LinkEnd) -> String {
    match e {
        LinkEnd::Host(h) => h.to_string(),
        LinkEnd::ControlPlane => "the control plane".into(),
        LinkEnd::Clients => "the clients".into(),
        LinkEnd::Everyone => "everyone".into(),
    }
}
