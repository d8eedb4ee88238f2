//! What every verb works with: the API as kubectl sees it (JSON in, JSON out, errors in kubectl's words), files, and two streams of output.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kernel::{Cx, SimTime};
use crate::worlds::kubernetes::api::meta::{Epoch, Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Service};
use crate::worlds::kubernetes::api::request::{self, FieldValidation, PatchType, Request};
use crate::worlds::kubernetes::api::{Api, ApiError};
use crate::worlds::kubernetes::kinds::{self, Kind};
use crate::worlds::kubernetes::{Ctl, DeleteOptions, Kubernetes};
use crate::worlds::{Files, Output};

use super::endpoints;

/// A command that failed: what stands on stderr (without the last line end) and the exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub text: String,
    pub exit: i32,
}

pub(super) type Done = Result<(), Failure>;

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit: 1 }
    }
    /// `error: …`
    pub fn error(text: impl std::fmt::Display) -> Self {
        Self::new(format!("error: {text}"))
    }
    /// What is valid but not simulated here.
    pub fn not_simulated(what: &str) -> Self {
        Self::error(format_args!("{what} is not simulated in this world"))
    }
}

/// k8s.io/kubectl/pkg/cmd/util/helpers.go, StandardErrorMessage
impl From<ApiError> for Failure {
    fn from(e: ApiError) -> Self {
        Self::new(server_error(&e, ""))
    }
}

/// The text for an API error; `prefix` stands before the server's message (`error when creating "f.yaml": `).
pub(super) fn server_error(e: &ApiError, prefix: &str) -> String {
    match (e.code, e.reason) {
        (503, _) => refused(),
        (422, _) if !e.causes.is_empty() => {
            let head = e.message.split(" is invalid: ").next().unwrap_or_default();
            // The group is not shown: `The Deployment "web" is invalid`.
            let (kind, name) = head.split_once(' ').unwrap_or((head, ""));
            let kind = kind.split('.').next().unwrap_or_default();
            let line = |c: &crate::worlds::kubernetes::api::FieldError| format!("{}: {}", c.field, c.body);
            match e.causes.as_slice() {
                [one] => format!("The {kind} {name} is invalid: {}", line(one)),
                many => format!(
                    "The {kind} {name} is invalid: \n{}",
                    many.iter().map(|c| format!("* {}", line(c))).collect::<Vec<_>>().join("\n")
                ),
            }
        }
        (422, _) => format!("The request is invalid: {}", e.message),
        (_, reason) => format!("Error from server ({reason}): {prefix}{}", e.message),
    }
}

/// The API server does not answer.
pub(super) fn refused() -> String {
    crate::worlds::kubernetes::api::connection_refused()
}

/// An object with its JSON, as commands and printers need both.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub kind: Kind,
    pub object: Object,
    pub json: Value,
}

impl Item {
    pub fn name(&self) -> &str {
        &self.object.meta().name
    }
    pub fn namespace(&self) -> &str {
        &self.object.meta().namespace
    }
    pub fn key(&self) -> Key {
        self.object.key()
    }
    /// `deployment.apps/web`
    pub fn title(&self) -> String {
        format!("{}/{}", self.kind.info().singular_resource(), self.name())
    }
}

/// One command being carried out.
pub(super) struct Shell<'a, 'c> {
    pub world: &'a mut Kubernetes,
    pub files: &'a dyn Files,
    pub cx: &'a mut Cx<'c>,
    /// The namespace the command speaks of.
    pub namespace: Name,
    pub out: String,
    pub err: String,
    /// The exit status of a command that printed its own troubles.
    pub exit: i32,
}

impl Shell<'_, '_> {
    pub fn now(&self) -> SimTime {
        self.cx.now
    }
    pub fn epoch(&self) -> Epoch {
        self.world.api.epoch
    }
    pub fn say(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }
    pub fn warn(&mut self, line: impl AsRef<str>) {
        self.err.push_str(line.as_ref());
        self.err.push('\n');
    }
    /// A failure of one of several objects: the command goes on and fails in the end.
    pub fn complain(&mut self, f: &Failure) {
        self.warn(&f.text);
        self.exit = self.exit.max(f.exit);
    }
    pub fn finish(self, result: Done, running: bool) -> Output {
        let Self { out, mut err, mut exit, .. } = self;
        if let Err(f) = result {
            if !f.text.is_empty() {
                err.push_str(&f.text);
                err.push('\n');
            }
            exit = f.exit;
        }
        Output { stdout: out, stderr: err, exit, running: running && exit == 0 }
    }

    /// The API server answers.
    pub fn check_up(&self) -> Done {
        if self.world.api.up { Ok(()) } else { Err(Failure::new(refused())) }
    }

    pub fn item(&self, object: &Object) -> Item {
        Item { kind: object.kind(), object: object.clone(), json: kinds::to_json_at(object, self.epoch()) }
    }

    pub fn key(&self, kind: Kind, name: &str) -> Key {
        if kind.info().namespaced { Key::new(self.namespace.clone(), name) } else { Key::new("", name) }
    }

    /// # Errors
    /// `NotFound`, connection refused.
    pub fn get(&self, kind: Kind, key: &Key) -> Result<Item, Failure> {
        self.check_up()?;
        self.find(kind, key).ok_or_else(|| ApiError::not_found(kind, &key.name).into())
    }
    pub fn find(&self, kind: Kind, key: &Key) -> Option<Item> {
        let store = &self.world.api.store;
        if kind == Kind::Endpoints
            && let Some(made) = store.typed::<Service>(key).and_then(|s| endpoints::of(store, s))
        {
            return Some(self.item(&made));
        }
        store.get(kind, key).map(|o| self.item(o))
    }
    /// Objects of a kind, of one namespace or of all.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> Vec<Item> {
        let store = &self.world.api.store;
        if kind == Kind::Endpoints {
            let mut all: BTreeMap<Key, Object> = store.list(kind).map(|o| (o.key(), o.clone())).collect();
            all.extend(store.all::<Service>().filter_map(|s| Some((s.meta.key(), endpoints::of(store, s)?))));
            return all.values().filter(|o| namespace.is_none_or(|ns| *o.meta().namespace == *ns)).map(|o| self.item(o)).collect();
        }
        match namespace.filter(|_| kind.info().namespaced) {
            Some(ns) => store.namespaced(kind, ns).map(|o| self.item(o)).collect(),
            None => store.list(kind).map(|o| self.item(o)).collect(),
        }
    }

    /// Runs `f` with a person's hands.
    pub fn ctl<R>(&mut self, f: impl FnOnce(&mut Ctl) -> R) -> R {
        let mut result = None;
        self.world.with("you", self.cx, |_, ctl| result = Some(f(ctl)));
        result.unwrap_or_else(|| unreachable!("`with` calls what it is given exactly once"))
    }

    /// POST. With `dry` nothing is stored.
    pub fn create(&mut self, value: &Value, unknown_fields: FieldValidation, why: &str, dry: bool) -> Result<Item, ApiError> {
        let value = value.clone();
        self.request(unknown_fields, dry, why, |api, request| request::create(api, &value, request)).map(|d| d.0)
    }

    /// PUT. The second value tells whether anything changed.
    pub fn replace(&mut self, value: &Value, why: &str) -> Result<(Item, bool), ApiError> {
        self.put(value, FieldValidation::Warn, why, false)
    }

    /// PUT, checked as asked, or dry.
    pub fn put(&mut self, value: &Value, unknown_fields: FieldValidation, why: &str, dry: bool) -> Result<(Item, bool), ApiError> {
        let mut value = value.clone();
        if let Some(m) = value["metadata"].as_object_mut() {
            m.shift_remove("resourceVersion");
        }
        self.request(unknown_fields, dry, why, |api, request| request::update(api, &value, request))
    }

    /// PATCH. The second value tells whether anything changed.
    pub fn patch(&mut self, item: &Item, how: PatchType, body: &Value, why: &str, dry: bool) -> Result<(Item, bool), ApiError> {
        let key = item.key();
        self.request(FieldValidation::Warn, dry, why, |api, request| request::patch(api, item.kind, &key, how, body, request))
    }

    /// A merge patch that the command itself made.
    pub fn merge(&mut self, item: &Item, body: &Value, why: &str) -> Result<(Item, bool), ApiError> {
        self.patch(item, PatchType::Merge, body, why, false)
    }

    /// Sends a request and prints the server's warnings.
    fn request(
        &mut self,
        unknown_fields: FieldValidation,
        dry: bool,
        why: &str,
        send: impl FnOnce(&mut Api, &mut Request) -> Result<request::Done, ApiError>,
    ) -> Result<(Item, bool), ApiError> {
        let you: Name = "you".into();
        let Kubernetes { api, config, .. } = self.world;
        let mut cx = self.cx.because(self.cx.cause);
        let mut request = Request { config, unknown_fields, write: (!dry).then_some((&mut cx, &you, why)) };
        let done = send(api, &mut request)?;
        for w in &done.warnings {
            self.warn(format!("Warning: {w}"));
        }
        Ok((self.item(&done.object), done.changed))
    }

    pub fn delete(&mut self, kind: Kind, key: &Key, options: DeleteOptions, why: &str) -> Result<(), ApiError> {
        self.ctl(|ctl| ctl.delete(kind, key, options, why))
    }
}

/// A path of keys in JSON, Null where it leads nowhere.
pub(super) fn at<'v>(v: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(v, |v, k| &v[k])
}
/// Text at a path, empty if there is none.
pub(super) fn text_at<'v>(v: &'v Value, path: &str) -> &'v str {
    at(v, path).as_str().unwrap_or_default()
}
/// A number at a path, 0 if there is none.
pub(super) fn int_at(v: &Value, path: &str) -> i64 {
    at(v, path).as_i64().unwrap_or_default()
}
/// The entries of a list at a path.
pub(super) fn list_at<'v>(v: &'v Value, path: &str) -> &'v [Value] {
    at(v, path).as_array().map_or(&[], |l| l)
}
/// The pairs of a map of texts at a path, sorted by key as Go's maps are printed.
pub(super) fn pairs_at<'v>(v: &'v Value, path: &str) -> Vec<(&'v str, &'v str)> {
    let mut out: Vec<(&str, &str)> =
        at(v, path).as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str().unwrap_or_default())).collect();
    out.sort_unstable();
    out
}
/// A scalar as text.
pub(super) fn plain(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
/// The pod template's spec of a kind that has one, the pod's own for a pod.
pub(super) fn pod_spec_path(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Pod => "spec",
        Kind::CronJob => "spec.jobTemplate.spec.template.spec",
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::ReplicationController => {
            "spec.template.spec"
        }
        _ => return None,
    })
}
/// The same for changing.
pub(super) fn at_mut<'v>(v: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(v, |v, k| {
        if !v.is_object() {
            *v = json!({});
        }
        &mut v[k]
    })
}
