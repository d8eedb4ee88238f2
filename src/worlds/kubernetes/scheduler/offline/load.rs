//! Files into objects, as the API server would take them: strictly decoded, defaulted, validated. Lists are taken apart, kinds nobody
//! knows are counted and left out, and what the server would refuse is an error in its words, with its place.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Diagnostic, Diagnostics, Dialect, Node, Source, json, nearest, parse_up_to};
use crate::kernel::limits;
use crate::worlds::kubernetes::api::check::{key_span, place};
use crate::worlds::kubernetes::api::meta::{Epoch, Key};
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::{self, KINDS, Kind, validate};

use super::fresh::{self, Fresh, is_fresh};
use super::resized;

/// What the files held.
#[derive(Debug, Default)]
pub struct Loaded {
    pub objects: Vec<Object>,
    /// Kinds the API does not know, with how often they came.
    pub ignored: BTreeMap<String, usize>,
    /// What came more than once, and how often; the last of each counts.
    pub repeated: BTreeMap<String, usize>,
    /// What admission has added to pods.
    pub added: Vec<String>,
    fresh: Vec<Fresh>,
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

/// Reads files given as (name, bytes).
///
/// # Errors
/// Everything that is wrong, rendered for people.
pub fn load(files: &[(String, Vec<u8>)], colour: bool) -> Result<Loaded, String> {
    let mut errors = Diagnostics::new();
    let (mut loaded, mut placed) = read(files, true, &errors);
    if errors.has_errors() && !placed {
        // What is wrong shall have its place.
        errors = Diagnostics::new();
        (loaded, placed) = read(files, false, &errors);
        debug_assert!(placed);
    }
    if errors.has_errors() {
        return Err(errors.render(colour));
    }
    loaded.settle();
    Ok(loaded)
}

/// Reads and admits everything, JSON without places if it shall be quick. False if some fresh pod has no places.
fn read(files: &[(String, Vec<u8>)], quick: bool, errors: &Diagnostics) -> (Loaded, bool) {
    let mut loaded = Loaded::default();
    for (name, bytes) in files {
        let source = Source::from_bytes_up_to(name.as_str(), bytes, limits::CLUSTER_BYTES_MAX);
        if let Some(values) = source.as_ref().ok().filter(|_| quick).and_then(|s| json::plain(&s.text)) {
            let mut these = Loaded::default();
            if values.into_iter().all(|v| plain(v, &mut these)) {
                let before = loaded.objects.len();
                loaded.objects.append(&mut these.objects);
                let fresh = loaded.objects.iter().enumerate().skip(before).filter(|(_, o)| is_fresh(o));
                loaded.fresh.extend(fresh.map(|(number, _)| Fresh::without_places(number)));
                these.ignored.into_iter().for_each(|(kind, n)| *loaded.ignored.entry(kind).or_default() += n);
                continue;
            }
            // Something is wrong; it is read again with places.
        }
        let documents = source.and_then(|s| parse_up_to(&s, Dialect::Kubernetes, limits::CLUSTER_NODES_MAX));
        match documents {
            Ok(documents) => documents.iter().for_each(|d| document(d, &mut loaded, errors)),
            Err(e) => errors.push(*e),
        }
    }
    let fresh = std::mem::take(&mut loaded.fresh);
    loaded.added = fresh::admit(&mut loaded.objects, &fresh, errors);
    let placed = fresh.iter().all(Fresh::has_places);
    (loaded, placed)
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
                *self.repeated.entry(o.reference().to_string()).or_insert(1) += 1;
            }
            kept.push(Some(o));
        }
        self.objects = kept.into_iter().flatten().collect();
    }

    fn ignore(&mut self, version: &str, kind: &str) {
        *self.ignored.entry(format!("{kind} ({version})")).or_default() += 1;
    }
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
        return meant(&version, &kind).is_none();
    };
    match admitted(value, known) {
        Ok(object) => {
            loaded.objects.push(object);
            true
        }
        Err(_) => false,
    }
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
    // What a server has stored is no typing error: its version had the field.
    let stored = value["metadata"]["uid"].as_str().is_some_and(|u| !u.is_empty());
    if !unknown.is_empty() && !stored {
        return Err(unknown);
    }
    let had_status = value.get("status").is_some_and(|s| !s.is_null());
    let mut value = decoded.value;
    if kind == Kind::Pod {
        resized::count(&mut value);
    }
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

/// The kind that is meant by a slip of the pen: one of the API's own groups has no such kind, but one of nearly that name. What other
/// groups call their kinds is their own affair.
fn meant(version: &str, kind: &str) -> Option<Kind> {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    if !KINDS.iter().any(|i| i.group == group) {
        return None;
    }
    KINDS.iter().find(|i| i.kind.eq_ignore_ascii_case(kind) || i.plural.eq_ignore_ascii_case(kind)).map(|i| i.id)
}

fn document(node: &Node, loaded: &mut Loaded, errors: &Diagnostics) {
    if node.is_null() {
        return;
    }
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        let missing = if text("kind").is_none() { "kind" } else { "apiVersion" };
        let (what, at) = match node.get(missing) {
            Some(found) if !found.is_null() => (format!("'{missing}' is {}, not text", found.describe()), found.span.clone()),
            _ if node.as_map().is_some() => (format!("'{missing}' is missing"), node.span.first_line()),
            _ => (format!("found {}", node.describe()), node.span.first_line()),
        };
        errors.push(Diagnostic::error(format!("expected a Kubernetes object with apiVersion and kind; {what}")).at(&at));
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
        return match meant(version, kind) {
            None => loaded.ignore(version, kind),
            Some(meant) => {
                let d = Diagnostic::error(format!("no matches for kind \"{kind}\" in version \"{version}\"")).at(&node.find("kind"));
                let (version, kind) = (meant.info().api_version(), meant.info().kind);
                errors.push(d.help(format!("did you mean `kind: {kind}` in `apiVersion: {version}`?")));
            }
        };
    };
    let mut json = node.to_json();
    if let Value::Object(map) = &mut json {
        map.insert("apiVersion".into(), version.into());
        map.insert("kind".into(), kind.into());
    }
    match admitted(json, known) {
        Ok(object) => {
            if is_fresh(&object) {
                loaded.fresh.push(Fresh::new(loaded.objects.len(), |path| node.find(path)));
            }
            loaded.objects.push(object);
        }
        Err(refusals) => {
            for r in refusals {
                let said = r.message.strip_prefix(&r.path).and_then(|m| m.strip_prefix(": ")).unwrap_or_default();
                let at = if r.of_key { key_span(node, &r.path) } else { place(node, &r.path, said) };
                let d = Diagnostic::error(r.message).at(&at);
                errors.push(match r.help {
                    Some(help) => d.help(help),
                    None => d,
                });
            }
        }
    }
}
