//! Pods that no server has taken yet, as admission would change or refuse them for the other objects in the input: LimitRanges,
//! PriorityClasses, RuntimeClasses. Quotas decide whether a pod comes to be at all, and a pod in the input is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde::Deserialize;

use crate::document::{Diagnostic, Diagnostics, Span, nearest};
use crate::worlds::kubernetes::api::Api;
use crate::worlds::kubernetes::api::meta::Name;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::{self, Kind, SYSTEM_PRIORITIES, runtime_class};
use crate::worlds::kubernetes::storage;

/// What admission looks at besides the pod.
const ASKED: [Kind; 4] = [Kind::LimitRange, Kind::PriorityClass, Kind::RuntimeClass, Kind::StorageClass];

/// The fields that admission may object to.
const FIELDS: [&str; 6] =
    ["spec.containers", "spec.priority", "spec.priorityClassName", "spec.runtimeClassName", "spec.overhead", "spec.nodeSelector"];

/// A pod by its number among the objects, and where these fields stand.
#[derive(Debug)]
pub struct Fresh {
    number: usize,
    /// None where the input was read without places.
    places: Option<[Span; FIELDS.len()]>,
}

impl Fresh {
    pub fn new(number: usize, place: impl Fn(&str) -> Span) -> Self {
        Self { number, places: Some(FIELDS.map(place)) }
    }
    pub fn without_places(number: usize) -> Self {
        Self { number, places: None }
    }
    pub fn has_places(&self) -> bool {
        self.places.is_some()
    }
}

/// True for a pod whose uid no server has given.
pub fn is_fresh(object: &Object) -> bool {
    matches!(object, Object::Pod(pod) if pod.meta.uid.is_empty())
}

/// Admits the fresh pods; what this did to them, for people. Pods that have a node already are taken as they are where admission would
/// not have them.
pub fn admit(objects: &mut [Object], fresh: &[Fresh], errors: &Diagnostics) -> Vec<String> {
    let mut api = Api::new(0);
    for o in objects.iter().filter(|o| ASKED.contains(&o.kind())) {
        api.store.put(o.clone(), None);
    }
    let class = storage::default_class(&api.store);
    for claim in objects.iter_mut().filter(|o| o.kind() == Kind::PersistentVolumeClaim) {
        // DefaultStorageClass at creation, and the volume controller afterwards.
        if let (Object::Generic(g), Some(class)) = (claim, &class)
            && !storage::has_class(&g.body, g.meta.annotation(storage::BETA_CLASS).is_some())
            && storage::volume_name(&g.body).is_none()
        {
            *g = Arc::new(storage::with_body(g, |b| b["spec"]["storageClassName"] = class.as_ref().into()));
        }
    }
    let (mut by_class, mut by_range): (BTreeMap<Name, usize>, BTreeMap<Name, usize>) = Default::default();
    for one in fresh {
        let Some(Object::Pod(pod)) = objects.get_mut(one.number) else { continue };
        if !concerned(pod, &api) {
            continue;
        }
        let mut spec = kinds::value_of(&*pod.spec);
        match kinds::admit_spec(&mut spec, &pod.meta, &api) {
            Ok(filled) => {
                if let Ok(spec) = core::PodSpec::deserialize(&spec) {
                    pod.spec.runtime_class_name.iter().for_each(|n| *by_class.entry(n.as_str().into()).or_default() += 1);
                    if filled {
                        *by_range.entry(pod.meta.namespace.clone()).or_default() += 1;
                    }
                    Arc::make_mut(pod).spec = Arc::new(spec);
                }
            }
            Err(_) if pod.node.is_some() => {}
            Err((field, refusal)) => {
                let pod = pod.clone();
                let mut d = Diagnostic::error(refusal.message);
                if let Some((_, at)) = FIELDS.iter().zip(one.places.iter().flatten()).find(|(f, _)| **f == field) {
                    d = d.at(at);
                }
                errors.push(match meant(field, &pod, objects) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d,
                });
            }
        }
    }
    let pods = |n: usize| if n == 1 { "1 pod".to_string() } else { format!("{n} pods") };
    let classes = by_class.iter().filter_map(|(name, n)| {
        let what = objects.iter().find_map(|o| match o {
            Object::Generic(g) if o.kind() == Kind::RuntimeClass && g.meta.name == *name => runtime_class::summary(&g.body),
            _ => None,
        })?;
        Some(format!("RuntimeClass {name} adds to {}: {what}", pods(*n)))
    });
    let ranges = by_range.iter().map(|(ns, n)| format!("the LimitRanges of namespace {ns} set requests or limits of {}", pods(*n)));
    classes.chain(ranges).collect()
}

/// True if admission has a word in this pod.
fn concerned(pod: &Pod, api: &Api) -> bool {
    let spec = &pod.spec;
    let named = |n: &Option<String>| n.as_deref().is_some_and(|n| !n.is_empty());
    // The number says what the class would.
    let settled = named(&spec.priority_class_name) && spec.priority.is_some();
    let priority = (named(&spec.priority_class_name) || spec.priority.is_some()) && !settled;
    let runtime = spec.runtime_class_name.is_some() || spec.overhead.is_some();
    priority || runtime || api.store.namespaced(Kind::LimitRange, &pod.meta.namespace).next().is_some()
}

/// The class that a pod may have meant.
fn meant(field: &str, pod: &Pod, objects: &[Object]) -> Option<String> {
    let (kind, name) = match field {
        "spec.priorityClassName" => (Kind::PriorityClass, pod.spec.priority_class_name.as_deref()?),
        "spec.runtimeClassName" => (Kind::RuntimeClass, pod.spec.runtime_class_name.as_deref()?),
        _ => return None,
    };
    let known = objects.iter().filter(|o| o.kind() == kind).map(|o| &*o.meta().name);
    let built_in = SYSTEM_PRIORITIES.iter().map(|(n, _)| *n).filter(|_| kind == Kind::PriorityClass);
    nearest(name, known.chain(built_in)).map(str::to_string)
}
