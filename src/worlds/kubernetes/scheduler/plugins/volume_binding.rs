//! Claims must be bound to volumes the node can reach, or be bindable there (pkg/scheduler/framework/plugins/volumebinding).

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;
use serde_json::Value;

use crate::model::quantity::parse_units;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Node, Object};
use crate::worlds::kubernetes::controllers;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::scheduler::cache::{Cache, NodeInfo};
use crate::worlds::kubernetes::scheduler::events::{ClusterEvent, Hint};
use crate::worlds::kubernetes::scheduler::framework::{Code, Cx, Filter, Plugin, PreFilter, Reasons, Status, Verdict};
use crate::worlds::kubernetes::scheduler::objects::{Objects, body};
use crate::worlds::kubernetes::scheduler::pod::PodInfo;
use crate::worlds::kubernetes::scheduler::volumes::{Claim, claim, claim_names, claims, names, selects, volume, volume_affinity};
use crate::worlds::kubernetes::storage::{SELECTED_NODE, class as class_of, generic, suitable, wanted};

pub struct VolumeBinding;

const NOT_FOUND: &str = "node(s) didn't find available persistent volumes to bind";
const NO_SPACE: &str = "node(s) did not have enough free storage";
const AFFINITY: &str = "node(s) didn't match PersistentVolume's node affinity";
const NO_VOLUME: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/// A volume that could serve a waiting claim.
struct Choice {
    name: Name,
    affinity: Option<core::NodeSelector>,
}

/// A claim that waits for its first consumer.
struct Waiting {
    claim: Key,
    /// Bytes.
    wanted: i64,
    /// Volumes that fit, the smallest first.
    volumes: Vec<Choice>,
    /// A volume is being made for it, for this node and no other.
    selected: Option<Name>,
    /// Its class makes volumes, where these topologies allow (empty: everywhere).
    provisions: Option<Vec<core::TopologySelectorTerm>>,
    /// Where there is room for a volume of this size; None if its driver does not say.
    room: Option<Vec<LabelSelector>>,
}

/// A claim that waited, and the volume it gets; None = one has to be made.
pub type Chosen = (Key, Option<Name>);

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
        smallest_first(&mut run.waiting);
        PreFilter::Run(Box::new(run))
    }
    fn wakes_on(&self) -> &'static str {
        "one of its claims or a volume appears or changes; a storage class appears; a node comes or changes its labels"
    }
    fn hint(&self, event: &ClusterEvent, pod: &PodInfo, _cache: &Cache) -> Hint {
        // A change of this field, or a new object.
        let differs = |kind: Kind, field: &str| {
            let value = |o: &Object| body(o).and_then(|b| b.pointer(field).cloned()).unwrap_or_default();
            event.of_kind(kind).is_some_and(|(old, new)| old.is_none_or(|old| value(old) != value(new)))
        };
        Hint::when(match event {
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::NodeUpdate(old, new) => old.labels != new.labels,
            ClusterEvent::Other(..) => {
                differs(Kind::StorageClass, "/allowedTopologies")
                    || event.of_kind(Kind::PersistentVolumeClaim).is_some_and(|(_, c)| names(pod, c, true))
                    || event.of_kind(Kind::PersistentVolume).is_some()
                    || event.of_kind(Kind::CsiStorageCapacity).is_some_and(|(old, new)| {
                        let limit = |o: &Object| body(o).and_then(|b| limit(b));
                        old.is_none_or(|old| limit(new).is_some_and(|new| limit(old).is_none_or(|old| new > old)))
                    })
                    || event.of_kind(Kind::CsiNode).is_some_and(|(old, new)| {
                        let migrated = |o: &Object| o.meta().annotation(MIGRATED).map(str::to_string);
                        old.is_none_or(|old| migrated(old) != migrated(new))
                    })
                    || event.of_kind(Kind::CsiDriver).is_some_and(|(old, new)| old.is_some_and(|old| no_longer_tracked(pod, old, new)))
            }
            _ => false,
        })
    }
}

/// The in-tree plugins that drivers stand in for on a node.
const MIGRATED: &str = "storage.alpha.kubernetes.io/migrated-plugins";

/// A driver of one of the pod's inline volumes does not tell its capacity any more.
fn no_longer_tracked(pod: &PodInfo, old: &Object, new: &Object) -> bool {
    let tracked = |o: &Object| body(o).is_some_and(|b| b["spec"]["storageCapacity"] == true);
    let used = |v: &core::Volume| v.csi.as_ref().is_some_and(|c| *c.driver == *new.meta().name);
    tracked(old) && !tracked(new) && pod.pod.spec.volumes.iter().flatten().any(used)
}

fn waiting(c: &Claim, cache: &Cache) -> Waiting {
    let objects = &cache.objects;
    let volumes = suitable(c.meta, c.body, objects.list(Kind::PersistentVolume).filter_map(generic));
    Waiting {
        claim: c.meta.key(),
        wanted: wanted(c.body),
        selected: c.meta.annotation(SELECTED_NODE).map(Name::from),
        volumes: volumes.into_iter().map(|v| Choice { name: v.meta.name.clone(), affinity: volume_affinity(&v.body) }).collect(),
        provisions: c.class(objects).and_then(provisions),
        room: c.class(objects).and_then(|class| room(c, class, objects)),
    }
}

/// Where the driver of a class says that there is room for the claim (binder.go hasEnoughCapacity); None if it does not keep account.
fn room(c: &Claim, class: &Value, objects: &Objects) -> Option<Vec<LabelSelector>> {
    let driver = objects.body(Kind::CsiDriver, &Key::new("", class["provisioner"].as_str()?))?;
    if driver["spec"]["storageCapacity"] != true {
        return None;
    }
    let own = class_of(c.meta, c.body);
    let of_class = objects.list(Kind::CsiStorageCapacity).filter_map(body).filter(|b| b["storageClassName"] == own);
    let enough = of_class.filter(|b| limit(b).is_some_and(|l| l >= wanted(c.body)));
    Some(enough.filter_map(|b| LabelSelector::deserialize(b.get("nodeTopology")?).ok()).collect())
}

/// The largest volume that can be made (volumeLimit).
fn limit(capacity: &Value) -> Option<i64> {
    let amount = |v: &Value| v.as_str().and_then(|q| parse_units(q).ok());
    amount(&capacity["maximumVolumeSize"]).or_else(|| amount(&capacity["capacity"]))
}

/// Small claims choose first, so that they leave the large volumes to those who need them.
fn smallest_first(waiting: &mut [Waiting]) {
    waiting.sort_by_key(|w| w.wanted);
}

/// Each waiting claim takes a volume of its own, or has one made. The reason if one finds nothing on this node.
fn assign(waiting: &[Waiting], node: &Node) -> Result<Vec<Chosen>, &'static str> {
    let elsewhere = |w: &Waiting| w.selected.as_ref().is_some_and(|n| *n != node.meta.name);
    if waiting.iter().any(elsewhere) {
        return Err(NOT_FOUND);
    }
    let mut chosen: Vec<Chosen> = vec![];
    for w in waiting {
        let free = |v: &&Choice| !chosen.iter().any(|(_, taken)| taken.as_ref() == Some(&v.name));
        let free =
            w.volumes.iter().filter(|_| w.selected.is_none()).filter(free).find(|v| v.affinity.as_ref().is_none_or(|a| selects(a, node)));
        let made = || w.provisions.as_ref().is_some_and(|terms| allowed(terms, node));
        let volume = match free {
            Some(v) => Some(v.name.clone()),
            None if !made() => return Err(NOT_FOUND),
            None if w.room.as_ref().is_some_and(|r| !r.iter().any(|s| controllers::util::selects(s, &node.meta.labels))) => {
                return Err(NO_SPACE);
            }
            None => None,
        };
        chosen.push((w.claim.clone(), volume));
    }
    Ok(chosen)
}

/// What has to be bound before a pod can start on the node that was chosen for it.
pub fn to_bind(pod: &PodInfo, cache: &Cache, node: &NodeInfo) -> Vec<Chosen> {
    if !pod.spec.has_volumes {
        return vec![];
    }
    let all = claims(&cache.objects, &pod.pod);
    let unbound = all.iter().filter(|c| !c.is_bound() && c.volume_name().is_none() && c.is_delayed(&cache.objects));
    let mut unbound: Vec<Waiting> = unbound.map(|c| waiting(c, cache)).collect();
    smallest_first(&mut unbound);
    assign(&unbound, &node.fixed.node).unwrap_or_default()
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
        if let Err(reason) = assign(&self.waiting, object) {
            reasons.push(reason.into());
        }
        if reasons.is_empty() { Ok(()) } else { Err(Status { code: Code::Unresolvable, reasons: Reasons::Many(reasons) }) }
    }
}
