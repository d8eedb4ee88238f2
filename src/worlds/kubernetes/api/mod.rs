//! The API server: verbs over the store, with admission, defaults and validation, and one journal record per write.
//!
//! Components never touch the store's writes directly; they go through [`Ctl`](super::Ctl) and so get a cause on everything.

pub mod apply;
pub mod check;
pub mod decode;
mod go;
pub(in crate::worlds::kubernetes) mod index;
pub mod manifest;
pub mod meta;
pub mod object;
mod patch;
pub mod quantity;
pub mod request;
pub mod store;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::kernel::journal::{Entry, diff_json};
use crate::kernel::{Change, Cx, FieldChange, ObjectRef, RecordId, RecordType, Streams};

use super::kinds::Kind;
use meta::{Epoch, Key, Name};
use object::Object;
use store::Store;

/// Where clients find the API server, as in their kubeconfig.
pub const SERVER: &str = "127.0.0.1:6443";

/// What kubectl says when nobody listens there.
pub fn connection_refused() -> String {
    format!("The connection to the server {SERVER} was refused - did you specify the right host or port?")
}

/// The Status object of a refused request: code, reason and the server's own sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    pub code: u16,
    /// `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `BadRequest`, `ServiceUnavailable`, …
    pub reason: &'static str,
    pub message: String,
    /// For `Invalid`: the field errors, in the order in which the server prints them.
    pub causes: Vec<FieldError>,
}

/// One validation error: JSON path and the sentence behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub field: String,
    /// `Invalid value: …`, `Required value: …`
    pub body: String,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for ApiError {}

impl ApiError {
    pub fn not_found(kind: Kind, name: &str) -> Self {
        Self { code: 404, reason: "NotFound", message: format!("{} \"{name}\" not found", kind.info().resource()), causes: vec![] }
    }
    pub fn already_exists(kind: Kind, name: &str) -> Self {
        Self {
            code: 409,
            reason: "AlreadyExists",
            message: format!("{} \"{name}\" already exists", kind.info().resource()),
            causes: vec![],
        }
    }
    pub fn conflict(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
            kind.info().resource()
        );
        Self { code: 409, reason: "Conflict", message, causes: vec![] }
    }
    /// The request makes no sense: wrong types, unknown fields.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into(), causes: vec![] }
    }
    /// Validation says no.
    pub fn invalid(kind: Kind, name: &str, mut causes: Vec<FieldError>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        causes.retain(|c| seen.insert((c.field.clone(), c.body.clone())));
        let list: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.body)).collect();
        let list = if list.len() == 1 { list.join("") } else { format!("[{}]", list.join(", ")) };
        let info = kind.info();
        let full = if info.group.is_empty() { info.kind.to_string() } else { format!("{}.{}", info.kind, info.group) };
        Self { code: 422, reason: "Invalid", message: format!("{full} \"{name}\" is invalid: {list}"), causes }
    }
    /// Admission says no: `pods "p" is forbidden: why`.
    pub fn forbidden(kind: Kind, name: &str, why: impl fmt::Display) -> Self {
        let message = format!("{} \"{name}\" is forbidden: {why}", kind.info().resource());
        Self { code: 403, reason: "Forbidden", message, causes: vec![] }
    }
    /// The API server (or etcd behind it) does not answer.
    pub fn unavailable() -> Self {
        Self { code: 503, reason: "ServiceUnavailable", message: "connection refused".into(), causes: vec![] }
    }
}

/// The API server's state.
#[derive(Clone, Debug)]
pub struct Api {
    pub store: Store,
    /// uids and generated names
    pub rng: Streams,
    /// False while the API server or etcd's quorum is down: every request fails.
    pub up: bool,
    /// When virtual time begins on the calendar.
    pub epoch: Epoch,
    /// Pod specs that admission has seen, so that siblings share the result.
    pub(in crate::worlds::kubernetes) admitted: super::kinds::Memo,
    /// What kubelets have found there for the variables of Services, so that pods share it.
    pub(in crate::worlds::kubernetes) links: super::kubelet::Links,
    /// The journal record of the last write that has one: the cause of what its writer does next because of it.
    pub last_record: Option<RecordId>,
    /// What event sources have said, to count repetitions.
    pub(in crate::worlds::kubernetes) correlator: super::events::Correlator,
}

/// A write in the journal: both versions, rendered to field paths only when read.
struct ObjectChange {
    old: Option<Object>,
    new: Option<Object>,
    epoch: Epoch,
}

impl fmt::Debug for ObjectChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let o = self.new.as_ref().or(self.old.as_ref());
        write!(f, "ObjectChange({:?})", o.map(|o| o.reference()))
    }
}

impl Change for ObjectChange {
    fn fields(&self) -> Vec<FieldChange> {
        // Something new is compared with an empty object, so that its parts are named.
        let whole =
            |o: &Option<Object>| o.as_ref().map_or_else(|| Value::Object(Default::default()), |o| super::kinds::to_json_at(o, self.epoch));
        match (&self.old, &self.new) {
            (Some(a), Some(b)) => {
                let unlike = |of, other| super::kinds::to_json_unlike(of, other, self.epoch);
                diff_json(unlike(a, b), unlike(b, a))
            }
            (a, b) => diff_json(whole(a), whole(b)),
        }
    }
}

impl Api {
    pub fn new(seed: u64) -> Self {
        Self {
            store: Store::default(),
            rng: Streams::new(seed, "kubernetes/api"),
            up: true,
            epoch: Epoch::default(),
            admitted: super::kinds::Memo::new(),
            links: super::kubelet::Links::new(),
            last_record: None,
            correlator: super::events::Correlator::default(),
        }
    }

    /// Creates an object that was admitted, defaulted and validated: assigns uid, times, generation and a generated name.
    ///
    /// # Errors
    /// `AlreadyExists`; `NotFound` for a missing namespace; `Forbidden` while it terminates; `ServiceUnavailable`.
    pub fn create(&mut self, mut object: Object, cx: &mut Cx, actor: &Name, why: &str) -> Result<Object, ApiError> {
        if !self.up {
            return Err(ApiError::unavailable());
        }
        let kind = object.kind();
        self.check_namespace(kind, &object.meta().namespace, &object.meta().name)?;
        object = self.named(object);
        // Up to 8 attempts on a clash (generic registry store); a second suffix practically never clashes.
        let mut tries = 0;
        while self.store.get(kind, &object.key()).is_some() {
            let m = object.meta_mut();
            tries += 1;
            if m.generate_name.is_empty() || tries > 8 {
                return Err(ApiError::already_exists(kind, &m.name.clone()));
            }
            let prefix: String = m.generate_name.chars().take(58).collect();
            m.name = format!("{prefix}{}", self.rng.stream("names").name_suffix(5)).into();
        }
        let m = object.meta_mut();
        // A Job's labels carry its uid, so admission has made it already.
        if kind != Kind::Job || m.uid.is_empty() {
            m.uid = self.rng.stream("uids").uuid().into();
        }
        m.created = cx.now;
        m.generation = 1;
        m.deletion = None;
        if let Object::Pod(pod) = &mut object {
            super::kinds::prepare_pod(Arc::make_mut(pod), cx.now);
        }
        Ok(self.put(None, object, cx, actor, "ADDED", why))
    }

    /// Replaces an object. `spec_changed` bumps the generation. A `resource_version` of 0 means "whatever is there".
    /// A write that changes nothing is dropped, as the real server drops it.
    ///
    /// # Errors
    /// `NotFound`, `Conflict`, `ServiceUnavailable`.
    pub fn update(&mut self, mut object: Object, spec_changed: bool, cx: &mut Cx, actor: &Name, why: &str) -> Result<Object, ApiError> {
        if !self.up {
            return Err(ApiError::unavailable());
        }
        let (kind, key) = (object.kind(), object.key());
        let old = self.store.get(kind, &key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))?;
        let sent = object.meta().resource_version;
        if sent != 0 && sent != old.meta().resource_version {
            return Err(ApiError::conflict(kind, &key.name));
        }
        let m = object.meta_mut();
        m.resource_version = old.meta().resource_version;
        m.uid = old.meta().uid.clone();
        m.created = old.meta().created;
        m.generation = old.meta().generation + i64::from(spec_changed);
        if object == old {
            return Ok(old);
        }
        // The last finalizer of a deleted object was removed: it goes.
        if object.meta().is_deleting() && object.meta().finalizers.is_empty() && !old.meta().finalizers.is_empty() && kind != Kind::Pod {
            self.drop(old, cx, actor, why);
            return Ok(object);
        }
        Ok(self.put(Some(old), object, cx, actor, "MODIFIED", why))
    }

    /// Removes an object at once, whatever its finalizers and grace.
    pub fn remove(&mut self, kind: Kind, key: &Key, cx: &mut Cx, actor: &Name, why: &str) -> Result<(), ApiError> {
        if !self.up {
            return Err(ApiError::unavailable());
        }
        let old = self.store.get(kind, key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))?;
        self.drop(old, cx, actor, why);
        Ok(())
    }

    /// Writes to the store and the journal.
    fn put(&mut self, old: Option<Object>, new: Object, cx: &mut Cx, actor: &Name, reason: &'static str, why: &str) -> Object {
        let (about, kind) = (new.reference(), new.kind());
        let change = ObjectChange { old, new: Some(new.clone()), epoch: self.epoch };
        let cause = self.record(kind, about, change, cx, (actor, reason, why));
        self.store.put(new, cause)
    }

    /// The same for what goes.
    fn drop(&mut self, old: Object, cx: &mut Cx, actor: &Name, why: &str) {
        let (about, kind, key) = (old.reference(), old.kind(), old.key());
        let change = ObjectChange { old: Some(old), new: None, epoch: self.epoch };
        let cause = self.record(kind, about, change, cx, (actor, "DELETED", why));
        self.store.remove(kind, &key, cause);
    }

    /// The journal's record of a write: the cause of what watchers do. Heartbeats and Events are not changes worth a line: leases renew
    /// every 10 s, and Events have records of their own.
    fn record(
        &mut self,
        kind: Kind,
        about: ObjectRef,
        change: ObjectChange,
        cx: &mut Cx,
        (actor, reason, why): (&Name, &'static str, &str),
    ) -> Option<RecordId> {
        if matches!(kind, Kind::Lease | Kind::Event) {
            return cx.cause;
        }
        let record = cx.record(Entry::new(RecordType::Change, actor.clone(), reason, about, why).with_change(Arc::new(change)));
        self.last_record = Some(record);
        Some(record)
    }

    /// NamespaceLifecycle admission: the namespace must exist and not be going away.
    pub(super) fn check_namespace(&self, kind: Kind, namespace: &Name, name: &str) -> Result<(), ApiError> {
        if namespace.is_empty() {
            return Ok(());
        }
        match self.store.typed::<object::Namespace>(&Key { namespace: Name::default(), name: namespace.clone() }) {
            None => Err(ApiError::not_found(Kind::Namespace, namespace)),
            Some(ns) if ns.terminating => {
                let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
                Err(ApiError::forbidden(kind, name, why))
            }
            Some(_) => Ok(()),
        }
    }

    /// An object with its name, made up if it has only a `generateName`.
    pub(super) fn named(&mut self, mut object: Object) -> Object {
        let m = object.meta_mut();
        if m.name.is_empty() && !m.generate_name.is_empty() {
            let prefix: String = m.generate_name.chars().take(58).collect();
            m.name = format!("{prefix}{}", self.rng.stream("names").name_suffix(5)).into();
        }
        object
    }
}
