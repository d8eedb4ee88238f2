//! Files into objects, as the API server would take them: strictly decoded, defaulted, validated. Lists are taken apart, kinds nobody
//! knows are counted and left out, and what the server would refuse is an error in its words, with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde::Deserialize;
use serde_json::Value;

use crate::document::{Diagnostic, Diagnostics, Dialect, Node, Source, Span, nearest, parse_up_to};
use crate::kernel::limits;
use crate::worlds::kubernetes::api::check::key_span;
use crate::worlds::kubernetes::api::meta::{Epoch, Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::{self, Kind, runtime_class, validate};

/// What the files held.
#[derive(Debug, Default)]
pub struct Loaded {
    pub objects: Vec<Object>,
    /// Kinds the API does not know, with how often they came.
    pub ignored: BTreeMap<String, usize>,
    /// What came more than once; the last of each counts.
    pub repeated: Vec<String>,
    /// What classes have added to pods.
    pub added: Vec<String>,
    /// Priority classes that pods name, with where.
    wanted: Vec<(String, String, Span)>,
    /// Pods to which a RuntimeClass may add something.
    fresh: Vec<Fresh>,
}

/// A pod that no server has taken yet, by its number among the objects, and where it says what a RuntimeClass has a word in.
#[derive(Debug)]
struct Fresh {
    number: usize,
    class: Span,
    overhead: Span,
    selector: Span,
}

/// Something the API server would refuse.
#[derive(Debug)]
struct Refusal {
    message: String,
    /// The field path.
    path: String,
    /// What the field may have been meant to be: the key itself is wrong.
    help: Option<String>,
    of_key: bool,
}

impl Refusal {
    fn new(message: impl Into<String>, path: impl Into<String>) -> Self {
        Self { message: message.into(), path: path.into(), help: None, of_key: false }
    }
}

/// Classes that need no object (pkg/apis/scheduling/types.go).
const BUILT_IN_CLASSES: [&str; 2] = ["system-node-critical", "system-cluster-critical"];

/// Reads files given as (name, bytes).
///
/// # Errors
/// Everything that is wrong, rendered for people.
pub fn load(files: &[(String, Vec<u8>)], colour: bool) -> Result<Loaded, String> {
    let errors = Diagnostics::new();
    let mut loaded = Loaded::default();
    for (name, bytes) in files {
        let source = Source::from_bytes_up_to(name.as_str(), bytes, limits::CLUSTER_BYTES_MAX);
        if let Some(value) = source.as_ref().ok().and_then(|s| json(&s.text)) {
            let mut these = Loaded::default();
            if plain(value, &mut these) {
                loaded.objects.append(&mut these.objects);
                these.ignored.into_iter().for_each(|(kind, n)| *loaded.ignored.entry(kind).or_default() += n);
                continue;
            }
            // Something is wrong; it is read again with places.
        }
        let documents = source.and_then(|s| parse_up_to(&s, Dialect::Kubernetes, limits::CLUSTER_NODES_MAX));
        match documents {
            Ok(documents) => documents.iter().for_each(|d| document(d, &mut loaded, &errors)),
            Err(e) => errors.push(*e),
        }
    }
    missing_classes(&loaded, &errors);
    runtime_classes(&mut loaded, &errors);
    if errors.has_errors() {
        return Err(errors.render(colour));
    }
    loaded.settle();
    Ok(loaded)
}

/// plugin/pkg/admission/priority: a pod's class must exist.
fn missing_classes(loaded: &Loaded, errors: &Diagnostics) {
    let known: BTreeSet<&str> =
        loaded.objects.iter().filter(|o| o.kind() == Kind::PriorityClass).map(|o| &*o.meta().name).chain(BUILT_IN_CLASSES).collect();
    for (class, pod, at) in loaded.wanted.iter().filter(|(class, ..)| !known.contains(class.as_str())) {
        let text = format!("pods \"{pod}\" is forbidden: no PriorityClass with name {class} was found");
        let d = Diagnostic::error(text).at(at);
        errors.push(match nearest(class, known.iter().copied()) {
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None => d,
        });
    }
}

/// plugin/pkg/admission/runtimeclass. Pods that have a node already are taken as they are where the class says otherwise.
fn runtime_classes(loaded: &mut Loaded, errors: &Diagnostics) {
    let mut classes: BTreeMap<Name, Arc<Value>> = BTreeMap::new();
    for o in &loaded.objects {
        if let (Kind::RuntimeClass, Object::Generic(g)) = (o.kind(), o) {
            classes.insert(g.meta.name.clone(), g.body.clone());
        }
    }
    let mut given: BTreeMap<Name, usize> = BTreeMap::new();
    for fresh in std::mem::take(&mut loaded.fresh) {
        let Some(Object::Pod(pod)) = loaded.objects.get_mut(fresh.number) else { continue };
        let name = pod.spec.runtime_class_name.clone();
        let class = name.as_deref().and_then(|n| classes.get_key_value(n));
        let forbidden = |why: &str, at: &Span| Diagnostic::error(format!("pods \"{}\" is forbidden: {why}", pod.meta.name)).at(at);
        if let (Some(name), None) = (&name, class) {
            if pod.node.is_none() {
                let d = forbidden(&runtime_class::missing(name), &fresh.class);
                errors.push(match nearest(name, classes.keys().map(|n| &**n)) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d,
                });
            }
            continue;
        }
        let mut spec = kinds::value_of(&*pod.spec);
        let mutated = spec.as_object_mut().zip(class).map_or(Ok(()), |(s, (_, body))| runtime_class::mutate(s, body));
        match mutated.and_then(|()| runtime_class::validate(&spec, class.map(|(_, body)| &**body))) {
            Ok(()) => {
                if let Ok(spec) = core::PodSpec::deserialize(&spec) {
                    Arc::make_mut(pod).spec = Arc::new(spec);
                    class.into_iter().for_each(|(name, _)| *given.entry(name.clone()).or_default() += 1);
                }
            }
            Err(_) if pod.node.is_some() => {}
            Err(r) => errors.push(forbidden(&r.why, if r.field == "spec.overhead" { &fresh.overhead } else { &fresh.selector })),
        }
    }
    let said = given.iter().filter_map(|(name, n)| {
        let what = runtime_class::summary(classes.get(name)?)?;
        Some(format!("RuntimeClass {name} adds to {n} pod{}: {what}", if *n == 1 { "" } else { "s" }))
    });
    loaded.added = said.collect();
}

impl Loaded {
    /// Names are made where the server would make them, and of what came twice the last one stays.
    fn settle(&mut self) {
        for (n, o) in self.objects.iter_mut().enumerate() {
            if o.meta().name.is_empty() {
                let name = format!("{}{n:05}", o.meta().generate_name);
                o.meta_mut().name = name.into();
            }
        }
        let mut seen: BTreeMap<(Kind, Key), usize> = BTreeMap::new();
        let mut kept: Vec<Option<Object>> = Vec::with_capacity(self.objects.len());
        for o in std::mem::take(&mut self.objects) {
            let id = (o.kind(), o.key());
            if let Some(before) = seen.insert(id, kept.len()) {
                kept[before] = None;
                self.repeated.push(o.reference().to_string());
            }
            kept.push(Some(o));
        }
        self.objects = kept.into_iter().flatten().collect();
    }

    fn ignore(&mut self, version: &str, kind: &str) {
        *self.ignored.entry(format!("{kind} ({version})")).or_default() += 1;
    }
}

/// The whole text as JSON, which needs no places as long as nothing is wrong.
fn json(text: &str) -> Option<Value> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

/// Reads objects from plain JSON. False if anything is wrong or must be looked at with its place.
fn plain(mut value: Value, loaded: &mut Loaded) -> bool {
    let text = |v: &Value, key: &str| v[key].as_str().map(str::to_string);
    let (Some(version), Some(kind)) = (text(&value, "apiVersion"), text(&value, "kind")) else { return false };
    if kind.ends_with("List") && value.get("items").is_some() {
        let Value::Array(items) = value["items"].take() else { return false };
        return items.into_iter().all(|i| plain(i, loaded));
    }
    let Some(known) = Kind::from_api(&version, &kind) else {
        loaded.ignore(&version, &kind);
        return true;
    };
    match admitted(value, known) {
        Ok(object) if wanted_class(&object).is_none() && !is_fresh(&object) => {
            loaded.objects.push(object);
            true
        }
        _ => false,
    }
}

/// The class whose existence decides whether the server takes this pod.
fn wanted_class(object: &Object) -> Option<&str> {
    let Object::Pod(pod) = object else { return None };
    let waits = |p: &Pod| p.node.is_none() && p.meta.uid.is_empty() && p.spec.priority.is_none();
    pod.spec.priority_class_name.as_deref().filter(|c| !c.is_empty() && waits(pod))
}

/// A pod that a RuntimeClass, or its absence, would change or refuse.
fn is_fresh(object: &Object) -> bool {
    let Object::Pod(pod) = object else { return false };
    pod.meta.uid.is_empty() && (pod.spec.runtime_class_name.is_some() || pod.spec.overhead.is_some())
}

/// The object as the server would store it, or everything it has against it.
fn admitted(value: Value, kind: Kind) -> Result<Object, Vec<Refusal>> {
    let decoded = kinds::decode_as(kind, &value).map_err(|w| vec![Refusal::new(w.message, w.path)])?;
    // What a server of another version has written into a status is no typing error.
    let unknown: Vec<Refusal> = decoded
        .unknown
        .iter()
        .filter(|u| !u.path.starts_with("status."))
        .map(|u| {
            let name = u.path.rsplit('.').next().unwrap_or(&u.path);
            let help = nearest(name, u.known.iter().copied()).map(|n| format!("did you mean `{n}`?"));
            Refusal { message: format!("strict decoding error: unknown field \"{}\"", u.path), path: u.path.clone(), help, of_key: true }
        })
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let had_status = value.get("status").is_some_and(|s| !s.is_null());
    let mut value = decoded.value;
    if let Value::Object(map) = &mut value {
        map.entry("metadata").or_insert_with(|| serde_json::json!({}));
    }
    if kind.info().namespaced
        && let Some(meta) = value["metadata"].as_object_mut()
        && meta.get("namespace").and_then(Value::as_str).unwrap_or_default().is_empty()
    {
        meta.insert("namespace".into(), "default".into());
    }
    kinds::default_json(kind, &mut value);
    if !had_status && let Value::Object(map) = &mut value {
        // Defaults of a status stand for an object that no controller has seen; here its absence says nothing.
        map.remove("status");
    }
    let causes = if validated_at_creation_only(kind, &value) { vec![] } else { validate::create(kind, &value) };
    if !causes.is_empty() {
        return Err(causes.into_iter().map(|c| Refusal::new(format!("{}: {}", c.field, c.body), c.field)).collect());
    }
    // From 1970 on, so that times before the usual epoch stay apart.
    kinds::from_json_at(&value, Epoch::from_unix(0)).map_err(|e| vec![Refusal::new(e.message, "metadata")])
}

/// An object that a server has taken already, and whose present form it would not take from a client.
fn validated_at_creation_only(kind: Kind, value: &Value) -> bool {
    let taken = value["metadata"]["uid"].as_str().is_some_and(|u| !u.is_empty());
    taken && (kind == Kind::Job || value["spec"]["ephemeralContainers"].as_array().is_some_and(|l| !l.is_empty()))
}

fn document(node: &Node, loaded: &mut Loaded, errors: &Diagnostics) {
    if node.is_null() {
        return;
    }
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        let missing = if text("kind").is_none() { "kind" } else { "apiVersion" };
        let what = if node.as_map().is_some() { format!("'{missing}' is missing") } else { format!("found {}", node.describe()) };
        errors
            .push(Diagnostic::error(format!("expected a Kubernetes object with apiVersion and kind; {what}")).at(&node.span.first_line()));
        return;
    };
    if let (true, Some(items)) = (kind.ends_with("List"), node.get("items")) {
        match items.as_list() {
            Some(items) => items.iter().for_each(|i| item(i, version, kind, loaded, errors)),
            None if items.is_null() => {}
            None => errors.push(Diagnostic::error(format!("expected a list of objects, found {}", items.describe())).at(&items.span)),
        }
        return;
    }
    object(node, version, kind, loaded, errors);
}

/// An item of a list; in typed lists (`PodList`) items may leave kind and apiVersion out.
fn item(node: &Node, version: &str, list: &str, loaded: &mut Loaded, errors: &Diagnostics) {
    let own = |key: &str| node.get(key).and_then(Node::as_str);
    match (own("kind"), list.strip_suffix("List").filter(|k| !k.is_empty())) {
        (Some(_), _) | (None, None) => document(node, loaded, errors),
        (None, Some(kind)) => object(node, own("apiVersion").unwrap_or(version), kind, loaded, errors),
    }
}

fn object(node: &Node, version: &str, kind: &str, loaded: &mut Loaded, errors: &Diagnostics) {
    let Some(known) = Kind::from_api(version, kind) else { return loaded.ignore(version, kind) };
    let mut json = node.to_json();
    if let Value::Object(map) = &mut json {
        map.insert("apiVersion".into(), version.into());
        map.insert("kind".into(), kind.into());
    }
    match admitted(json, known) {
        Ok(object) => {
            if let Some(class) = wanted_class(&object) {
                let (class, pod) = (class.to_string(), object.meta().name.to_string());
                loaded.wanted.push((class, pod, node.find("spec.priorityClassName")));
            }
            if is_fresh(&object) {
                let [class, overhead, selector] =
                    ["runtimeClassName", "overhead", "nodeSelector"].map(|f| place(node, &format!("spec.{f}")));
                loaded.fresh.push(Fresh { number: loaded.objects.len(), class, overhead, selector });
            }
            loaded.objects.push(object);
        }
        Err(refusals) => {
            for r in refusals {
                let d = Diagnostic::error(r.message).at(&if r.of_key { key_span(node, &r.path) } else { place(node, &r.path) });
                errors.push(match r.help {
                    Some(help) => d.help(help),
                    None => d,
                });
            }
        }
    }
}

/// Where a field stands; an object without it is meant as a whole by its first line.
fn place(node: &Node, path: &str) -> Span {
    // The server's own slips: it leaves `metadata` out of the paths of a template's labels, and looks for a node's taints in it.
    let path = path.replace("template.labels", "template.metadata.labels").replace("template.annotations", "template.metadata.annotations");
    let path = path.replace("metadata.taints", "spec.taints");
    let top = path.split(['.', '[']).next().unwrap_or_default();
    if node.get(top).is_some() { node.find(&path) } else { node.span.first_line() }
}
