//! Resource names and amounts. Facts: pkg/apis/core/validation/validation.go (ValidateResourceRequirements and around), apis/core/helper.

use serde_json::Value;

use super::names;
use super::report::{Errors, NEGATIVE, Path, Read};
use crate::worlds::kubernetes::api::quantity::Quantity;

/// The amount behind a JSON value; decoding has refused what is none.
pub(super) fn amount(v: &Value) -> Quantity {
    v.as_str().and_then(|t| Quantity::parse(t).ok()).unwrap_or(Quantity::ZERO)
}

const CONTAINER: &[&str] = &["cpu", "memory", "ephemeral-storage"];
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "requests.storage",
];
const QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];
/// Counted in whole numbers.
const INTEGERS: &[&str] = &[
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}
fn is_quota_huge_page(name: &str) -> bool {
    is_huge_page(name) || name.starts_with("requests.hugepages-")
}
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}
fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_empty()
}
/// May containers ask for less than their limit?
pub(super) fn overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// True if fine so far.
pub(super) fn resource_name(name: &str, at: &Path, e: &mut Errors) -> bool {
    let wrong = names::qualified_name(name);
    let fine = wrong.is_empty();
    e.invalids(at, name, wrong);
    if fine && !name.contains('/') && !STANDARD.contains(&name) && !is_quota_huge_page(name) {
        e.invalid(at, name, "must be a standard resource type or fully qualified");
        return false;
    }
    fine
}

pub(super) fn container_resource_name(name: &str, at: &Path, e: &mut Errors) {
    resource_name(name, at, e);
    if !name.contains('/') {
        if !CONTAINER.contains(&name) && !is_huge_page(name) {
            e.invalid(at, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        e.invalid(at, name, "doesn't follow extended resource name standard");
    }
}

pub(super) fn quota_resource_name(name: &str, at: &Path, e: &mut Errors) {
    resource_name(name, at, e);
    if !name.contains('/') && !QUOTA.contains(&name) && !is_quota_huge_page(name) {
        e.invalid(at, name, "must be a standard resource for quota");
    }
}

pub(super) fn resource_value(name: &str, value: &Value, at: &Path, e: &mut Errors) {
    let q = amount(value);
    if q.is_negative() {
        e.invalid(at, q.to_string(), NEGATIVE);
    }
    if (INTEGERS.contains(&name) || is_extended(name)) && q.milli() % 1000 != 0 {
        e.invalid(at, value, "must be an integer");
    }
}

/// `resources` of a container.
pub(super) fn requirements(r: &Value, at: &Path, e: &mut Errors) {
    let (limits, requests) = (at.child("limits"), at.child("requests"));
    let (mut compute, mut huge) = (false, false);
    for (name, value) in r.entries("limits") {
        let path = limits.key(name);
        container_resource_name(name, &path, e);
        resource_value(name, value, &path, e);
        huge |= is_huge_page(name);
        compute |= matches!(name, "cpu" | "memory");
    }
    for (name, value) in r.entries("requests") {
        let path = requests.key(name);
        container_resource_name(name, &path, e);
        resource_value(name, value, &path, e);
        let wanted = amount(value);
        match r["limits"].some(name).map(amount) {
            Some(limit) if !overcommit_allowed(name) && wanted.cmp_value(limit).is_ne() => {
                e.invalid(&requests, wanted.to_string(), format!("must be equal to {name} limit of {limit}"));
            }
            Some(limit) if wanted.cmp_value(limit).is_gt() => {
                e.invalid(&requests, wanted.to_string(), format!("must be less than or equal to {name} limit of {limit}"));
            }
            None if !overcommit_allowed(name) => e.required(&limits, "Limit must be set for non overcommitable resources"),
            _ => {}
        }
        huge |= is_huge_page(name);
        compute |= matches!(name, "cpu" | "memory");
    }
    if huge && !compute {
        e.forbidden(at, "HugePages require cpu or memory");
    }
}
