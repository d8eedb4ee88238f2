//! Claims must be bound to volumes the node can reach, or be bindable there (pkg/scheduler/framework/plugins/volumebinding).
//!
//! CSIStorageCapacity objects are not read, so a driver that reports capacities is taken to have enough.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use crate::model::quantity::parse_units;
use crate::worlds::kubernetes::api::object::Node;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Code, Cx, Filter, Plugin, PreFilter, Reasons, Status, Verdict};
use crate::worlds::kubernetes::scheduler::objects::body;
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{Claim, claim, claim_names, selects, volume, volume_affinity};

pub struct VolumeBinding;

const NOT_FOUND: &str = "node(s) didn't find available persistent volumes to bind";
const AFFINITY: &str = "node(s) didn't match PersistentVolume's node affinity";
const NO_VOLUME: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/// A volume that could serve a waiting claim.
struct Choice {
    name: String,
    capacity: i64,
    affinity: Option<core::NodeSelector>,
}

/// A claim that waits for its first consumer.
struct Waiting {
    /// Volumes that fit, the smallest first.
    volumes: Vec<Choice>,
    /// Its class makes volumes, where these topologies allow (empty: everywhere).
    provisions: Option<Vec<core::TopologySelectorTerm>>,
}

#[derive(Default)]
struct Run {
    /// Affinities of the volumes that claims are bound to; None for a volume that is gone.
    bound: Vec<Option<Option<core::NodeSelector>>>,
    waiting: Vec<Waiting>,
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }
    fn pre_filter<'a>(&self, cx: &'a Cx<'a>) -> PreFilter<'a> {
        let names = if cx.pod.spec.has_volumes { claim_names(&cx.pod.pod) } else { vec![] };
        if names.is_empty() {
            return PreFilter::Skip;
        }
        let objects = &cx.cache.objects;
        let reject = |text: String| PreFilter::Reject(Status::unresolvable_because(text));
        let (mut run, mut immediate) = (Run::default(), false);
        for (name, ephemeral) in names {
            let Some(c) = claim(objects, &cx.pod.pod.meta.namespace, &name) else {
                return reject(if ephemeral {
                    format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"")
                } else {
                    format!("persistentvolumeclaim \"{name}\" not found")
                });
            };
            if c.body["status"]["phase"] == "Lost" {
                let volume = c.volume_name().unwrap_or_default();
                return reject(format!("persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""));
            }
            if c.meta.is_deleting() {
                return reject(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            if c.is_bound() {
                run.bound.push(c.volume_name().and_then(|v| volume(objects, v)).map(|v| volume_affinity(v)));
            } else if c.is_delayed(objects) && c.volume_name().is_none() {
                run.waiting.push(waiting(&c, cx.cache));
            } else {
                immediate = true;
            }
        }
        if immediate {
            return reject("pod has unbound immediate PersistentVolumeClaims".into());
        }
        PreFilter::Run(Box::new(run))
    }
    fn wakes_on(&self) -> &'static str {
        "a claim, a volume or a storage class appears; a node comes or changes its labels"
    }
    fn hint(&self, event: &ClusterEvent, _pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::when(match event {
            ClusterEvent::Storage(kind, true) => *kind != Kind::PodDisruptionBudget && *kind != Kind::PriorityClass,
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::NodeUpdate(old, new) => old.labels != new.labels,
            _ => false,
        })
    }
}

fn waiting(c: &Claim, cache: &Cache) -> Waiting {
    let objects = &cache.objects;
    let wanted = &c.body["spec"];
    let request = wanted["resources"]["requests"]["storage"].as_str().and_then(|q| parse_units(q).ok()).unwrap_or(0);
    let selector: Option<LabelSelector> = serde_json::from_value(wanted["selector"].clone()).ok();
    let mode = |v: &Value| v["volumeMode"].as_str().unwrap_or("Filesystem").to_string();
    let mut volumes: Vec<Choice> = objects
        .list(Kind::PersistentVolume)
        .filter_map(|o| {
            let spec = &body(o)?["spec"];
            let modes = spec["accessModes"].as_array()?;
            let capacity = spec["capacity"]["storage"].as_str().and_then(|q| parse_units(q).ok())?;
            let reserved = spec["claimRef"]["name"].as_str();
            let ours = reserved.is_none_or(|n| *n == *c.meta.name && spec["claimRef"]["namespace"].as_str() == Some(&*c.meta.namespace));
            let labels = selector.as_ref().is_none_or(|s| {
                s.match_labels.iter().flatten().all(|(k, v)| o.meta().label(k) == Some(v)) && s.match_expressions.is_none()
            });
            let fits = capacity >= request
                && spec["storageClassName"].as_str().unwrap_or_default() == c.class_name().unwrap_or_default()
                && wanted["accessModes"].as_array().is_some_and(|w| w.iter().all(|m| modes.contains(m)))
                && mode(spec) == mode(wanted)
                && matches!(body(o)?["status"]["phase"].as_str(), None | Some("Available" | "Pending"));
            let affinity = volume_affinity(body(o)?);
            (fits && ours && labels && !o.meta().is_deleting()).then(|| Choice { name: o.meta().name.to_string(), capacity, affinity })
        })
        .collect();
    volumes.sort_by(|a, b| (a.capacity, &a.name).cmp(&(b.capacity, &b.name)));
    Waiting { volumes, provisions: c.class(objects).and_then(provisions) }
}

/// Where a class makes volumes; None if it makes none.
fn provisions(class: &Arc<Value>) -> Option<Vec<core::TopologySelectorTerm>> {
    let provisioner = class["provisioner"].as_str().unwrap_or_default();
    if provisioner.is_empty() || provisioner == "kubernetes.io/no-provisioner" {
        return None;
    }
    Some(serde_json::from_value(class["allowedTopologies"].clone()).unwrap_or_default())
}

fn allowed(terms: &[core::TopologySelectorTerm], node: &Node) -> bool {
    let matches = |t: &core::TopologySelectorTerm| {
        t.match_label_expressions.iter().flatten().all(|r| node.meta.label(&r.key).is_some_and(|v| r.values.iter().any(|x| x == v)))
    };
    terms.is_empty() || terms.iter().any(matches)
}

impl Filter for Run {
    fn filter(&self, node: &NodeInfo) -> Verdict {
        let object = &node.fixed.node;
        let mut reasons: Vec<Cow<'static, str>> = vec![];
        if self.bound.iter().any(Option::is_none) {
            reasons.push(NO_VOLUME.into());
        }
        if self.bound.iter().flatten().flatten().any(|a| !selects(a, object)) {
            reasons.push(AFFINITY.into());
        }
        // Each waiting claim takes a volume of its own, or has one made.
        let mut taken: Vec<&str> = vec![];
        let satisfied = self.waiting.iter().all(|w| {
            let free =
                w.volumes.iter().find(|v| !taken.contains(&v.name.as_str()) && v.affinity.as_ref().is_none_or(|a| selects(a, object)));
            match free {
                Some(v) => {
                    taken.push(&v.name);
                    true
                }
                None => w.provisions.as_ref().is_some_and(|terms| allowed(terms, object)),
            }
        });
        if !satisfied {
            reasons.push(NOT_FOUND.into());
        }
        if reasons.is_empty() { Ok(()) } else { Err(Status { code: Code::Unresolvable, reasons: Reasons::Many(reasons) }) }
    }
}
