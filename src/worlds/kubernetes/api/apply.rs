//! `kubectl apply`: manifests in, kubectl's own output out, with the last-applied annotation and the three-way merge.
//! Facts: k8s.io/kubectl/pkg/cmd/apply/{apply,patcher}.go, k8s.io/kubectl/pkg/cmd/util/helpers.go (error texts).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::document::Source;
use crate::kernel::Cx;
use crate::worlds::kubernetes::Config;
use crate::worlds::kubernetes::kinds::{self, Kind};

use super::manifest::{self, Manifest, sorted};
use super::meta::{Key, Name};
use super::object::{Namespace, Object};
use super::request::{self, FieldValidation, Request};
use super::{Api, ApiError, patch};

/// Where apply keeps what it last applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What a command printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub exit: i32,
}

/// Who applies, and in which namespace objects without one land.
pub struct Applier<'a, 'c> {
    pub config: &'a Config,
    pub namespace: &'a str,
    /// `--validate`
    pub unknown_fields: FieldValidation,
    /// None: `--dry-run=server`.
    pub write: Option<(&'a mut Cx<'c>, &'a Name)>,
}

impl<'a, 'c> Applier<'a, 'c> {
    /// As kubectl applies unless told otherwise.
    pub fn new(config: &'a Config, write: Option<(&'a mut Cx<'c>, &'a Name)>) -> Self {
        Self { config, namespace: "default", unknown_fields: FieldValidation::Strict, write }
    }
}

/// A refusal as kubectl words it.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The server's, and what kubectl was doing: `error when creating "STDIN"`.
    Server { error: ApiError, doing: String },
    /// kubectl's own, behind `error: `.
    Client(String),
}

impl Refusal {
    /// Alone on the screen.
    pub fn text(&self) -> String {
        match self {
            Self::Client(message) => format!("error: {message}"),
            Self::Server { error, .. } if error.code == 503 => super::connection_refused(),
            Self::Server { error, .. } if error.reason == "Invalid" && !error.causes.is_empty() => invalid_text(error),
            Self::Server { .. } => self.text_in_list(),
        }
    }

    /// As one of several.
    fn text_in_list(&self) -> String {
        match self {
            Self::Client(message) => message.clone(),
            Self::Server { error, .. } if error.code == 503 => super::connection_refused(),
            Self::Server { error, doing } if doing.is_empty() => format!("Error from server ({}): {}", error.reason, error.message),
            Self::Server { error, doing } => format!("Error from server ({}): {doing}: {}", error.reason, error.message),
        }
    }
}

/// `The Deployment "web" is invalid: …`, one line per cause if there are several.
fn invalid_text(error: &ApiError) -> String {
    let (head, _) = error.message.split_once(" is invalid: ").unwrap_or((&error.message, ""));
    let (kind, name) = head.split_once(' ').unwrap_or((head, "\"\""));
    let kind = kind.split('.').next().unwrap_or(kind);
    let causes: Vec<String> = error.causes.iter().map(|c| format!("{}: {}", c.field, c.body)).collect();
    match &causes[..] {
        [one] => format!("The {kind} {name} is invalid: {one}"),
        many => format!("The {kind} {name} is invalid: \n* {}", many.join("\n* ")),
    }
}

/// Applies every object of a text; an object that is refused does not keep the others from being applied.
pub fn run(api: &mut Api, source: &Arc<Source>, applier: &mut Applier) -> Outcome {
    let (manifests, problems) = manifest::load(source, applier.unknown_fields != FieldValidation::Ignore);
    let mut refusals: Vec<Refusal> = problems.into_iter().map(|p| Refusal::Client(p.message)).collect();
    let mut out = Outcome::default();
    if manifests.is_empty() && refusals.is_empty() {
        refusals.push(Refusal::Client("no objects passed to apply".into()));
    }
    let dry = if applier.write.is_none() { " (server dry run)" } else { "" };
    for m in &manifests {
        match one(api, m, applier) {
            Ok((line, warnings)) => {
                for w in warnings {
                    out.stderr.push_str(&format!("Warning: {w}\n"));
                }
                out.stdout.push_str(&format!("{line}{dry}\n"));
            }
            Err(r) => refusals.push(r),
        }
    }
    match &refusals[..] {
        [] => {}
        [only] => out.stderr.push_str(&format!("{}\n", only.text())),
        many => {
            for r in many {
                out.stderr.push_str(&format!("{}\n", r.text_in_list()));
            }
        }
    }
    out.exit = i32::from(!refusals.is_empty());
    out
}

/// `kubectl apply --dry-run=server -f -` against an empty cluster.
pub fn apply_dry_run(text: &str) -> Outcome {
    let mut api = Api::new(0);
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        let meta = super::meta::Meta { name: name.into(), ..Default::default() };
        api.store.put(Namespace { meta, terminating: false }.into(), None);
    }
    let config = Config::default();
    match Source::from_bytes("STDIN", text.as_bytes()) {
        Ok(source) => run(&mut api, &source, &mut Applier::new(&config, None)),
        Err(d) => Outcome { stdout: String::new(), stderr: format!("error: error parsing STDIN: {}\n", d.message), exit: 1 },
    }
}

/// What kubectl prints for an object, and the warnings before it.
fn one(api: &mut Api, m: &Manifest, applier: &mut Applier) -> Result<(String, Vec<String>), Refusal> {
    let info = m.kind.info();
    let mut wanted = m.value.clone();
    let meta = &wanted["metadata"];
    let text = |k: &str| meta[k].as_str().unwrap_or_default().to_string();
    let (name, generate) = (text("name"), text("generateName"));
    if name.is_empty() && !generate.is_empty() {
        return Err(Refusal::Client(format!("from {generate}: cannot use generate name with apply")));
    }
    let mut namespace = text("namespace");
    if info.namespaced && namespace.is_empty() {
        namespace = applier.namespace.to_string();
        if let Some(o) = wanted.as_object_mut() {
            let slot = o.entry("metadata").or_insert(Value::Null);
            if slot.is_null() {
                *slot = json!({});
            }
            if let Some(meta) = slot.as_object_mut() {
                meta.insert("namespace".into(), namespace.as_str().into());
            }
        }
    }
    let described = describe(m.kind, &name, &namespace);
    let retrieving = |why: String| {
        Refusal::Client(format!("error when retrieving current configuration of:\n{described}\nfrom server for: \"{}\": {why}", m.source))
    };
    if name.is_empty() {
        return Err(retrieving("resource name may not be empty".into()));
    }
    if let Some(why) = path_segment(&name) {
        return Err(retrieving(format!("invalid resource name \"{name}\": [{why}]")));
    }
    if !api.up {
        return Err(Refusal::Server { error: ApiError::unavailable(), doing: String::new() });
    }
    let modified = with_annotation(&wanted);
    let key = Key::new(namespace.as_str(), name.as_str());
    let shown = format!("{}/{name}", info.singular_resource());
    let Some(live) = api.store.get(m.kind, &key) else {
        let mut request = request_of(applier, "applied");
        let done = request::create(api, &modified, &mut request)
            .map_err(|error| Refusal::Server { error, doing: format!("error when creating \"{}\"", m.source) })?;
        return Ok((format!("{shown} created"), done.warnings));
    };
    let current = kinds::to_json_at(live, api.epoch);
    let last = current["metadata"]["annotations"][LAST_APPLIED].as_str().and_then(|t| serde_json::from_str::<Value>(t).ok());
    let mut warnings = Vec::new();
    if last.is_none() {
        warnings.push(format!(
            "resource {}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.plural
        ));
    }
    let merged = patch::three_way(&last.unwrap_or_default(), &modified, &current);
    if same(&merged, &current) {
        return Ok((format!("{shown} unchanged"), warnings));
    }
    let mut request = request_of(applier, "applied");
    let changes = crate::kernel::journal::diff_json(current, merged.clone());
    let done = request::update(api, &merged, &mut request).map_err(|error| {
        let body: serde_json::Map<String, Value> = changes.into_iter().map(|f| (f.path, f.to)).collect();
        let doing = format!("error when applying patch:\n{}\nto:\n{described}\nfor: \"{}\"", sorted(&body.into()), m.source);
        Refusal::Server { error, doing }
    })?;
    warnings.extend(done.warnings);
    Ok((format!("{shown} configured"), warnings))
}

fn request_of<'r, 'c>(applier: &'r mut Applier<'_, 'c>, why: &'r str) -> Request<'r, 'c> {
    let write = applier.write.as_mut().map(|(cx, actor)| (&mut **cx, *actor, why));
    Request { config: applier.config, unknown_fields: applier.unknown_fields, write }
}

/// How kubectl writes an object out in its errors.
fn describe(kind: Kind, name: &str, namespace: &str) -> String {
    let info = kind.info();
    let version = info.api_version();
    let group_version = if info.group.is_empty() { format!("/{version}") } else { version };
    format!(
        "Resource: \"{group_version}, Resource={}\", GroupVersionKind: \"{group_version}, Kind={}\"\nName: \"{name}\", Namespace: \"{namespace}\"",
        info.plural, info.kind
    )
}

fn path_segment(name: &str) -> Option<String> {
    match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        n if n.contains('/') => Some("may not contain '/'".into()),
        n if n.contains('%') => Some("may not contain '%'".into()),
        _ => None,
    }
}

/// The manifest with itself in its annotation.
pub fn with_annotation(manifest: &Value) -> Value {
    let mut plain = manifest.clone();
    if let Some(o) = plain.as_object_mut() {
        let meta = o.entry("metadata").or_insert_with(|| json!({}));
        if let Some(m) = meta.as_object_mut() {
            let annotations = m.entry("annotations").or_insert_with(|| json!({}));
            if annotations.is_null() {
                *annotations = json!({});
            }
            if let Some(a) = annotations.as_object_mut() {
                a.shift_remove(LAST_APPLIED);
            }
        }
    }
    let text = sorted(&plain).to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let mut out = plain;
    out["metadata"]["annotations"][LAST_APPLIED] = format!("{text}\n").into();
    out
}

/// Equal but for nulls and empty maps, which no patch would carry.
fn same(a: &Value, b: &Value) -> bool {
    fn plain(v: &Value) -> Value {
        match v {
            Value::Object(m) => {
                let kept = m.iter().map(|(k, v)| (k.clone(), plain(v))).filter(|(_, v)| !v.is_null() && *v != json!({}));
                Value::Object(kept.collect())
            }
            Value::Array(l) => Value::Array(l.iter().map(plain).collect()),
            v => v.clone(),
        }
    }
    plain(a) == plain(b)
}

/// The objects of a text as the store would hold them, without applying anything: for tests and tools.
pub fn objects(text: &str) -> Result<Vec<Object>, String> {
    let source = Source::from_bytes("manifest", text.as_bytes()).map_err(|d| d.message.clone())?;
    let (manifests, problems) = manifest::load(&source, true);
    if let Some(p) = problems.into_iter().next() {
        return Err(p.message);
    }
    manifests.iter().map(|m| kinds::from_json(&m.value).map_err(|e| e.message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::journal::Journal;

    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: c, image: 'app:v1'}\n";

    fn apply(api: &mut Api, text: &str) -> Outcome {
        let mut journal = Journal::default();
        let mut cx = Cx { now: Default::default(), world: "kubernetes", journal: &mut journal, cause: None };
        let (config, you) = (Config::default(), Name::from("you"));
        let source = Source::new("web.yaml", text);
        run(api, &source, &mut Applier::new(&config, Some((&mut cx, &you))))
    }

    #[test]
    fn created_unchanged_configured_refused() {
        let mut api = Api::new(1);
        let meta = crate::worlds::kubernetes::api::meta::Meta { name: "default".into(), ..Default::default() };
        api.store.put(Namespace { meta, terminating: false }.into(), None);
        let lines = |o: Outcome| (o.stdout, o.stderr, o.exit);
        assert_eq!(lines(apply(&mut api, WEB)), ("deployment.apps/web created\n".into(), String::new(), 0));
        let version = api.store.resource_version();
        assert_eq!(lines(apply(&mut api, WEB)), ("deployment.apps/web unchanged\n".into(), String::new(), 0));
        assert_eq!(api.store.resource_version(), version, "nothing was written");
        assert_eq!(apply(&mut api, &WEB.replace("v1'", "v2'")).stdout, "deployment.apps/web configured\n");
        let key = Key::new("default", "web");
        let live = api.store.get(Kind::Deployment, &key).unwrap();
        assert_eq!(live.meta().generation, 2);
        assert_eq!(kinds::to_json(live)["spec"]["template"]["spec"]["containers"][0]["image"], "app:v2");
        let other = apply(&mut api, &WEB.replace("app: web", "app: other"));
        assert_eq!(
            lines(other),
            (
                String::new(),
                "The Deployment \"web\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"other\"}}: field is immutable\n"
                    .into(),
                1
            )
        );
        // What the manifest no longer names goes back to the default.
        assert_eq!(apply(&mut api, &WEB.replace("  replicas: 2\n", "")).stdout, "deployment.apps/web configured\n");
        let live = api.store.get(Kind::Deployment, &key).unwrap();
        assert_eq!(kinds::to_json(live)["spec"]["replicas"], 1);
    }

    #[test]
    fn patches_are_validated_too() {
        let mut api = Api::new(1);
        let meta = crate::worlds::kubernetes::api::meta::Meta { name: "default".into(), ..Default::default() };
        api.store.put(Namespace { meta, terminating: false }.into(), None);
        apply(&mut api, WEB);
        let config = Config::default();
        let mut request = Request { config: &config, unknown_fields: FieldValidation::Warn, write: None };
        let key = Key::new("default", "web");
        let mut patch = |how, body: Value| request::patch(&mut api, Kind::Deployment, &key, how, &body, &mut request);
        let done = patch(request::PatchType::Strategic, json!({"spec": {"replicas": 7, "nope": 1}})).unwrap();
        assert_eq!(done.warnings, ["unknown field \"spec.nope\""]);
        assert!(done.changed);
        let e = patch(request::PatchType::Merge, json!({"spec": {"replicas": -1}})).unwrap_err();
        assert_eq!(e.message, "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0");
        let e = patch(request::PatchType::Json, json!([{"op": "remove", "path": "/spec/nope"}])).unwrap_err();
        assert_eq!(e.message, "the server rejected our request due to an error in our request");
    }
}
