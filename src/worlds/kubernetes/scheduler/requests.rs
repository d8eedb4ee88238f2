//! What a pod asks for (staging/src/k8s.io/component-helpers/resource/helpers.go, pkg/scheduler/framework/types.go).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::model::quantity::{parse_cpu_milli, parse_units};

use super::symbols::{Sym, Symbols};

/// Assumed for scoring where a container asks for no CPU (pkg/scheduler/util/pod_resources.go): 100 m.
pub const DEFAULT_MILLI_CPU: i64 = 100;
/// The same for memory: 200 MiB.
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts of the resources that are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub milli_cpu: i64,
    pub memory: i64,
    pub ephemeral: i64,
    /// Extended resources, huge pages, attachable volumes; ordered by symbol.
    pub scalar: Vec<(Sym, i64)>,
}

/// One resource of several.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    Cpu,
    Memory,
    Ephemeral,
    Scalar(Sym),
}

impl Which {
    pub fn of(self, r: &Resources) -> i64 {
        match self {
            Self::Cpu => r.milli_cpu,
            Self::Memory => r.memory,
            Self::Ephemeral => r.ephemeral,
            Self::Scalar(name) => r.scalar(name),
        }
    }
}

impl Resources {
    /// Less than before of one of the resources that count.
    pub fn less_than(&self, before: &Self, counts: impl Fn(Which) -> bool) -> bool {
        let all = [Which::Cpu, Which::Memory, Which::Ephemeral].into_iter().chain(before.scalar.iter().map(|(n, _)| Which::Scalar(*n)));
        all.filter(|w| counts(*w)).any(|w| w.of(self) < w.of(before))
    }
    pub fn scalar(&self, name: Sym) -> i64 {
        self.scalar.iter().find(|(n, _)| *n == name).map_or(0, |(_, v)| *v)
    }
    pub fn set_scalar(&mut self, name: Sym, value: i64) {
        match self.scalar.binary_search_by_key(&name, |(n, _)| *n) {
            Ok(i) => self.scalar[i].1 = value,
            Err(i) => self.scalar.insert(i, (name, value)),
        }
    }
    pub fn add(&mut self, other: &Self, sign: i64) {
        self.milli_cpu += sign * other.milli_cpu;
        self.memory += sign * other.memory;
        self.ephemeral += sign * other.ephemeral;
        for (n, v) in &other.scalar {
            let now = self.scalar(*n);
            self.set_scalar(*n, now + sign * v);
        }
    }
    fn max(&mut self, other: &Self) {
        self.milli_cpu = self.milli_cpu.max(other.milli_cpu);
        self.memory = self.memory.max(other.memory);
        self.ephemeral = self.ephemeral.max(other.ephemeral);
        for (n, v) in &other.scalar {
            let now = self.scalar(*n);
            self.set_scalar(*n, now.max(*v));
        }
    }
    /// Reads one entry of a resource list; names that the scheduler does not count are left out.
    fn read(&mut self, name: &str, quantity: &str, symbols: &mut Symbols) {
        match name {
            "cpu" => self.milli_cpu = parse_cpu_milli(quantity).unwrap_or(0),
            "memory" => self.memory = parse_units(quantity).unwrap_or(0),
            "ephemeral-storage" => self.ephemeral = parse_units(quantity).unwrap_or(0),
            _ if is_scalar(name) => {
                let sym = symbols.sym(name);
                self.set_scalar(sym, parse_units(quantity).unwrap_or(0));
            }
            _ => {}
        }
    }
    pub fn of<'a>(list: impl Iterator<Item = (&'a str, &'a str)>, symbols: &mut Symbols) -> Self {
        let mut r = Self::default();
        for (name, quantity) in list {
            r.read(name, quantity, symbols);
        }
        r
    }
}

/// pkg/apis/core/v1/helper IsScalarResourceName: extended, huge pages, prefixed native, attachable volumes.
fn is_scalar(name: &str) -> bool {
    name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") || name.contains('/')
}

/// A pod's demand: what is reserved for it, and what scoring assumes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub requests: Resources,
    /// Requests with the defaults of containers that ask for nothing.
    pub nonzero_cpu: i64,
    pub nonzero_memory: i64,
}

impl Demand {
    pub fn of(spec: &core::PodSpec, symbols: &mut Symbols) -> Self {
        let requests = total(spec, None, symbols);
        // With pod-level resources the defaults only stand in for what neither the pod nor any container asks for.
        let pod_level = spec.resources.as_ref().is_some_and(|r| r.requests.is_some() || r.limits.is_some());
        let defaults = if pod_level {
            (if requests.milli_cpu == 0 { DEFAULT_MILLI_CPU } else { 0 }, if requests.memory == 0 { DEFAULT_MEMORY } else { 0 })
        } else {
            (DEFAULT_MILLI_CPU, DEFAULT_MEMORY)
        };
        let nonzero = total(spec, Some(defaults), symbols);
        Self { requests, nonzero_cpu: nonzero.milli_cpu, nonzero_memory: nonzero.memory }
    }
}

fn total(spec: &core::PodSpec, defaults: Option<(i64, i64)>, symbols: &mut Symbols) -> Resources {
    let mut sum = Resources::default();
    for c in &spec.containers {
        sum.add(&container(c, defaults, symbols), 1);
    }
    let mut sidecars = Resources::default();
    let mut init = Resources::default();
    for c in spec.init_containers.iter().flatten() {
        let mut r = container(c, defaults, symbols);
        if is_sidecar(c) {
            sum.add(&r, 1);
            sidecars.add(&r, 1);
            init.max(&sidecars);
        } else {
            r.add(&sidecars, 1);
            init.max(&r);
        }
    }
    sum.max(&init);
    if let Some(pod) = &spec.resources {
        let mut list = BTreeMap::new();
        merged(Some(pod), &mut list);
        for (name, quantity) in list {
            // A pod's limit stands for its request only where no container requests anything (defaults.go defaultPodRequests).
            let own = pod.requests.as_ref().is_some_and(|r| r.contains_key(name));
            if (matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")) && (own || !requested(spec, name)) {
                sum.read(name, quantity, symbols);
            }
        }
    }
    let overhead = Resources::of(spec.overhead.iter().flatten().map(|(k, q)| (k.as_str(), q.0.as_str())), symbols);
    sum.add(&overhead, 1);
    sum
}

/// Whether some container requests this, by itself or by its limit.
fn requested(spec: &core::PodSpec, name: &str) -> bool {
    let lists = spec.containers.iter().chain(spec.init_containers.iter().flatten()).filter_map(|c| c.resources.as_ref());
    lists.flat_map(|r| [&r.requests, &r.limits]).flatten().any(|list| list.contains_key(name))
}

/// An init container that keeps running.
pub fn is_sidecar(c: &core::Container) -> bool {
    c.restart_policy.as_deref() == Some("Always")
}

/// Requests, and limits where a request is missing, as the API server's defaulting fills them in (pkg/apis/core/v1/defaults.go).
fn merged<'a>(resources: Option<&'a core::ResourceRequirements>, into: &mut BTreeMap<&'a str, &'a str>) {
    let entry = |(k, q): (&'a String, &'a Quantity)| (k.as_str(), q.0.as_str());
    let Some(r) = resources else { return };
    into.extend(r.limits.iter().flatten().map(entry));
    into.extend(r.requests.iter().flatten().map(entry));
}

fn container(c: &core::Container, defaults: Option<(i64, i64)>, symbols: &mut Symbols) -> Resources {
    let mut list = BTreeMap::new();
    merged(c.resources.as_ref(), &mut list);
    let mut r = Resources::default();
    for (name, quantity) in &list {
        r.read(name, quantity, symbols);
    }
    if let Some((cpu, memory)) = defaults {
        // A request written as zero stays zero.
        if !list.contains_key("cpu") {
            r.milli_cpu = cpu;
        }
        if !list.contains_key("memory") {
            r.memory = memory;
        }
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cpu: &str, memory: &str) -> core::Container {
        let q = |s: &str| Quantity(s.into());
        let mut requests = BTreeMap::new();
        for (k, v) in [("cpu", cpu), ("memory", memory)] {
            if !v.is_empty() {
                requests.insert(k.to_string(), q(v));
            }
        }
        core::Container {
            resources: Some(core::ResourceRequirements { requests: Some(requests), ..Default::default() }),
            ..Default::default()
        }
    }

    #[test]
    fn init_containers_count_by_their_maximum_and_sidecars_stay() {
        let mut s = Symbols::default();
        // The example of the helper's documentation.
        let mut spec = core::PodSpec {
            containers: vec![with("2", "1G"), with("1", "1G")],
            init_containers: Some(vec![with("2", "1G"), with("2", "3G")]),
            ..Default::default()
        };
        let d = Demand::of(&spec, &mut s).requests;
        assert_eq!((d.milli_cpu, d.memory), (3000, 3_000_000_000));
        let mut sidecar = with("1", "1G");
        sidecar.restart_policy = Some("Always".into());
        spec.init_containers.as_mut().unwrap().insert(0, sidecar);
        let d = Demand::of(&spec, &mut s).requests;
        assert_eq!((d.milli_cpu, d.memory), (4000, 4_000_000_000), "the sidecar runs beside both");
    }

    #[test]
    fn scoring_assumes_something_where_nothing_is_asked() {
        let mut s = Symbols::default();
        let spec = core::PodSpec { containers: vec![with("", ""), with("0", "1Gi")], ..Default::default() };
        let d = Demand::of(&spec, &mut s);
        assert_eq!((d.requests.milli_cpu, d.requests.memory), (0, 1 << 30));
        assert_eq!((d.nonzero_cpu, d.nonzero_memory), (100, (1 << 30) + DEFAULT_MEMORY));
    }

    #[test]
    fn a_pods_limit_is_its_request_only_where_no_container_asks() {
        let mut s = Symbols::default();
        let limits = BTreeMap::from([("cpu".to_string(), Quantity("5".into())), ("memory".to_string(), Quantity("9Gi".into()))]);
        let mut spec = core::PodSpec {
            containers: vec![with("1", ""), with("500m", "")],
            resources: Some(core::ResourceRequirements { limits: Some(limits), ..Default::default() }),
            ..Default::default()
        };
        let d = Demand::of(&spec, &mut s);
        assert_eq!((d.requests.milli_cpu, d.requests.memory, d.nonzero_cpu), (1500, 9 << 30, 1500));
        let own = BTreeMap::from([("cpu".to_string(), Quantity("2".into()))]);
        spec.resources.as_mut().unwrap().requests = Some(own);
        assert_eq!(Demand::of(&spec, &mut s).requests.milli_cpu, 2000);
    }
}
