//! Manifests as kubectl reads them before anything is sent: documents, lists, kinds that exist, metadata of the right types.
//! Facts: k8s.io/cli-runtime/pkg/resource/{visitor,mapper,metadata_decoder}.go, k8s.io/kubectl/pkg/validation/schema.go.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::{Diagnostic, Dialect, Node, Source, Span, nearest, parse};
use crate::worlds::kubernetes::kinds::{KINDS, Kind, KindInfo};

use super::decode::decode;

/// One object of a file, and where each of its fields stands.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// As messages name the file: `shop.yaml`, `STDIN`.
    pub source: Arc<str>,
    pub kind: Kind,
    pub value: Value,
    pub node: Node,
}

/// Something that kubectl refuses by itself: what follows `error: `.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub message: String,
    pub span: Option<Span>,
    pub help: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span: Some(span), help: None }
    }
}

/// What kubectl decodes to be sure of the metadata. The name is part of its errors.
#[derive(Deserialize, Serialize)]
#[serde(rename = "metadataOnlyObject")]
struct MetadataOnly {
    #[serde(default)]
    metadata: ObjectMeta,
}

const STOP_VALIDATING: &str = "if you choose to ignore these errors, turn validation off with --validate=false";

/// All objects of a text, lists flattened, and what is wrong with the rest. Without `validate` kubectl does not look for kind and version
/// before it decodes.
pub fn load(source: &Arc<Source>, validate: bool) -> (Vec<Manifest>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    match parse(source, Dialect::Kubernetes) {
        Err(d) => {
            let message = format!("error parsing {}: error converting YAML to JSON: yaml: {}", source.name, yaml_words(&d));
            problems.push(Problem { message, span: d.span.clone(), help: d.help.clone() });
        }
        Ok(documents) => {
            for node in documents {
                if !node.is_null()
                    && let Err(p) = document(&source.name, node, validate, &mut found, &mut problems)
                {
                    problems.push(p);
                    // kubectl stops reading a stream whose document cannot be validated.
                    break;
                }
            }
        }
    }
    (found, problems)
}

/// Go's YAML reader in its own words where the fault is one of the usual ones (go.yaml.in/yaml/v2 scannerc.go, decode.go: what the
/// scanner finds is counted from line 1, what the parser finds from line 0).
fn yaml_words(d: &Diagnostic) -> String {
    let line = d.span.as_ref().map_or(1, |s| s.line);
    let at = |line: u32, words: &str| if line == 0 { words.to_string() } else { format!("line {line}: {words}") };
    let scanner = |words: &str| at(if line == 1 { 0 } else { line }, words);
    match d.message.as_str() {
        m if m.contains("found a tab") => scanner("found character that cannot start any token"),
        m if m.contains("a key is not allowed here") => scanner("mapping values are not allowed in this context"),
        m if m.contains("quote is never closed") => scanner("found unexpected end of stream"),
        m => at(line, m),
    }
}

/// The objects of one parsed document.
pub fn of_node(name: &str, node: &Node) -> (Vec<Manifest>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    if let Err(p) = document(&name.into(), node.clone(), true, &mut found, &mut problems) {
        problems.push(p);
    }
    (found, problems)
}

fn document(name: &Arc<str>, node: Node, top: bool, found: &mut Vec<Manifest>, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let value = sorted(&node.to_json());
    if top && let Err(why) = object_kind(&value) {
        let message = format!("error validating \"{name}\": error validating data: {why}; {STOP_VALIDATING}");
        return Err(Problem::new(message, node.span.first_line()));
    }
    let text = |k: &str| value.get(k).and_then(Value::as_str).unwrap_or_default();
    if text("kind").is_empty() {
        let message = format!("unable to decode \"{name}\": Object 'Kind' is missing in '{value}'");
        problems.push(Problem::new(message, node.span.first_line()));
        return Ok(());
    }
    if let Some(items) = node.get("items").and_then(Node::as_list).filter(|_| text("kind").ends_with("List")) {
        for item in items {
            document(name, item.clone(), false, found, problems)?;
        }
        return Ok(());
    }
    if let Err(e) = decode::<MetadataOnly>(&value) {
        problems.push(Problem::new(format!("unable to decode \"{name}\": {}", e.message), node.find(&e.path)));
        return Ok(());
    }
    let (version, kind) = (text("apiVersion"), text("kind"));
    match Kind::from_api(version, kind) {
        Some(kind) => found.push(Manifest { source: name.clone(), kind, value: value.clone(), node }),
        None => {
            let meta = |k: &str| value["metadata"][k].as_str().unwrap_or_default();
            let message = format!(
                "resource mapping not found for name: \"{}\" namespace: \"{}\" from \"{name}\": no matches for kind \"{kind}\" in version \"{version}\"\nensure CRDs are installed first",
                meta("name"),
                meta("namespace")
            );
            let known = KINDS.iter().any(|i| i.kind == kind);
            let span = node.find(if known { "apiVersion" } else { "kind" });
            problems.push(Problem { message, span: Some(span), help: hint(version, kind) });
        }
    }
    Ok(())
}

/// What was probably meant.
fn hint(version: &str, kind: &str) -> Option<String> {
    if let Some(info) = KINDS.iter().find(|i| i.kind == kind) {
        return Some(format!("{kind} is in `{}`", info.api_version()));
    }
    let of_version = KINDS.iter().filter(|i| i.api_version() == version).map(|i| i.kind);
    // People shorten: `Deploy`, `HPA`, `svc`.
    let short = Kind::from_word(kind).map(|k| k.info().kind);
    let near = short.or_else(|| nearest(kind, of_version)).or_else(|| nearest(kind, KINDS.iter().map(|i| i.kind)));
    near.and_then(|n| KINDS.iter().find(|i| i.kind == n)).map(|i: &KindInfo| {
        if i.api_version() == version {
            format!("did you mean `{}`?", i.kind)
        } else {
            format!("did you mean `{}` of `{}`?", i.kind, i.api_version())
        }
    })
}

/// kubectl's check that there are an apiVersion and a kind.
fn object_kind(value: &Value) -> Result<(), String> {
    let Some(fields) = value.as_object() else { return Err("invalid object to validate".into()) };
    let mut wrong = Vec::new();
    for key in ["apiVersion", "kind"] {
        match fields.get(key) {
            None | Some(Value::Null) => wrong.push(format!("{key} not set")),
            Some(Value::String(s)) if key == "apiVersion" && s.matches('/').count() > 1 => {
                wrong.push(format!("unexpected GroupVersion string: {s}"));
            }
            Some(Value::String(_)) => {}
            Some(_) => wrong.push(format!("{key} isn't string type")),
        }
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(wrong.remove(0)),
        _ => Err(format!("[{}]", wrong.join(", "))),
    }
}

/// Keys in alphabetical order, as kubectl sends them.
pub fn sorted(v: &Value) -> Value {
    match v {
        Value::Object(m) => {
            let mut entries: Vec<_> = m.iter().collect();
            entries.sort_by_key(|(k, _)| k.as_str());
            Value::Object(entries.into_iter().map(|(k, v)| (k.clone(), sorted(v))).collect::<Map<_, _>>())
        }
        Value::Array(l) => Value::Array(l.iter().map(sorted).collect()),
        v => v.clone(),
    }
}
