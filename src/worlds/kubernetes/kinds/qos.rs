//! QoS class and effective requests of a pod. Facts: pkg/apis/core/v1/helper/qos/qos.go.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::model::quantity::parse_milli;
use crate::worlds::kubernetes::api::object::Qos;

type Sums = BTreeMap<&'static str, i128>;

/// The class of a pod with this spec.
pub fn qos_class(spec: &core::PodSpec) -> Qos {
    let (mut requests, mut limits) = (Sums::new(), Sums::new());
    let mut guaranteed = true;
    let own = spec.resources.as_ref().filter(|r| r.requests.is_some() || r.limits.is_some());
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    let all: Vec<Option<&core::ResourceRequirements>> = match own {
        Some(r) => vec![Some(r)],
        None => containers.map(|c| c.resources.as_ref()).collect(),
    };
    for r in all {
        add(&mut requests, r.and_then(|r| r.requests.as_ref()));
        guaranteed &= add(&mut limits, r.and_then(|r| r.limits.as_ref())) == 2;
    }
    if requests.is_empty() && limits.is_empty() {
        Qos::BestEffort
    } else if guaranteed && requests == limits {
        Qos::Guaranteed
    } else {
        Qos::Burstable
    }
}

/// Adds cpu and memory above zero; how many of the two there were.
fn add(sums: &mut Sums, list: Option<&BTreeMap<String, Quantity>>) -> usize {
    let mut found = 0;
    for name in ["cpu", "memory"] {
        let milli = list.and_then(|l| l.get(name)).and_then(|q| parse_milli(&q.0).ok()).unwrap_or(0);
        if milli > 0 {
            *sums.entry(name).or_default() += milli;
            found += 1;
        }
    }
    found
}
