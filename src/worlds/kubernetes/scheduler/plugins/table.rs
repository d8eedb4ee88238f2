//! The default plugins in MultiPoint order, with their weights (pkg/scheduler/apis/config/v1/default_plugins.go). The order is also
//! the order of filters, and so decides whose reason a node shows.
//!
//! PrioritySort is the order of `queue`, DefaultBinder the binding in `mod`; both are not optional here.

use crate::worlds::kubernetes::scheduler::framework::Plugin;

use super::*;

pub struct Entry {
    pub plugin: &'static dyn Plugin,
    pub weight: i64,
}

const fn e(plugin: &'static dyn Plugin, weight: i64) -> Entry {
    Entry { plugin, weight }
}

pub const PLUGINS: &[Entry] = &[
    e(&scheduling_gates::SchedulingGates, 0),
    e(&node_unschedulable::NodeUnschedulable, 0),
    e(&node_name::NodeName, 0),
    e(&taint_toleration::TaintToleration, 3),
    e(&node_affinity::NodeAffinity, 2),
    e(&node_ports::NodePorts, 0),
    e(&fit::NodeResourcesFit, 1),
    e(&volume_restrictions::VolumeRestrictions, 0),
    e(&node_volume_limits::NodeVolumeLimits, 0),
    e(&volume_binding::VolumeBinding, 0),
    e(&volume_zone::VolumeZone, 0),
    e(&pod_topology_spread::PodTopologySpread, 2),
    e(&inter_pod_affinity::InterPodAffinity, 2),
    e(&dynamic_resources::DynamicResources, 2),
    e(&default_preemption::DefaultPreemption, 0),
    e(&balanced_allocation::NodeResourcesBalancedAllocation, 1),
    e(&image_locality::ImageLocality, 1),
    e(&node_declared_features::NodeDeclaredFeatures, 0),
];
