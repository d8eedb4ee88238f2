//! Files into objects. Lists are taken apart, kinds nobody knows are counted and left out, what cannot be read is an error with its
//! place.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::document::{Diagnostic, Diagnostics, Dialect, Node, Source, parse_up_to};
use crate::kernel::limits;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::Epoch;
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::{self, Kind};

/// What the files held.
#[derive(Debug, Default)]
pub struct Loaded {
    pub objects: Vec<Object>,
    /// Kinds the API does not know, with how often they came.
    pub ignored: BTreeMap<String, usize>,
}

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
            if plain(&value, &mut these) {
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
    if errors.has_errors() { Err(errors.render(colour)) } else { Ok(loaded) }
}

/// The whole text as JSON, which needs no places as long as nothing is wrong.
fn json(text: &str) -> Option<Value> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

/// Reads objects from plain JSON. False if anything is wrong.
fn plain(value: &Value, loaded: &mut Loaded) -> bool {
    let (Some(version), Some(kind)) = (value["apiVersion"].as_str(), value["kind"].as_str()) else { return false };
    if let (true, Some(items)) = (kind.ends_with("List"), value.get("items")) {
        return items.as_array().is_some_and(|items| items.iter().all(|i| plain(i, loaded)));
    }
    match Kind::from_api(version, kind) {
        Some(known) => convert(value, known).is_ok_and(|object| {
            let named = is_named(&object);
            loaded.objects.push(object);
            named
        }),
        None => {
            *loaded.ignored.entry(format!("{kind} ({version})")).or_default() += 1;
            true
        }
    }
}

fn is_named(object: &Object) -> bool {
    !object.meta().name.is_empty() || !object.meta().generate_name.is_empty()
}

fn convert(json: &Value, kind: Kind) -> Result<Object, ApiError> {
    // From 1970 on, so that times before the usual epoch stay apart.
    let mut object = kinds::from_json_at(json, Epoch::from_unix(0))?;
    if kind.info().namespaced && object.meta().namespace.is_empty() {
        object.meta_mut().namespace = Arc::from("default");
    }
    Ok(object)
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
    let Some(known) = Kind::from_api(version, kind) else {
        *loaded.ignored.entry(format!("{kind} ({version})")).or_default() += 1;
        return;
    };
    let mut json = node.to_json();
    if let Value::Object(map) = &mut json {
        map.insert("apiVersion".into(), version.into());
        map.insert("kind".into(), kind.into());
    }
    match convert(&json, known) {
        Ok(object) if is_named(&object) => loaded.objects.push(object),
        Ok(_) => {
            let text = format!("{kind}: metadata.name: Required value: name or generateName is required");
            errors.push(Diagnostic::error(text).at(&node.find("metadata.name")));
        }
        Err(e) => {
            let name = node.get("metadata").and_then(|m| m.get("name")).and_then(Node::as_str).unwrap_or("?");
            errors.push(Diagnostic::error(format!("{kind} {name}: {e}")).at(&node.span.first_line()));
        }
    }
}
