//! Requests as a client sends them: JSON in, decoded, defaulted, admitted, validated, written. `dryRun=All` stops before the write.
//! Facts: apiserver/pkg/endpoints/handlers/{create,update,patch}.go, pkg/registry/rest/{create,update}.go.

use serde_json::{Value, json};

use crate::kernel::Cx;
use crate::worlds::kubernetes::Config;
use crate::worlds::kubernetes::kinds::{self, Kind, validate};

use super::decode::Decoded;
use super::meta::{Key, Name};
use super::object::Object;
use super::{Api, ApiError, patch};

/// `fieldValidation`: what becomes of unknown fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are refused: kubectl's create, apply, replace and edit.
    Strict,
    /// They are dropped with a warning: the server's default.
    Warn,
    Ignore,
}

/// A request's options and its author.
pub struct Request<'a, 'c> {
    pub config: &'a Config,
    pub unknown_fields: FieldValidation,
    /// None: `dryRun=All`, nothing is stored.
    pub write: Option<(&'a mut Cx<'c>, &'a Name, &'a str)>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Done {
    pub object: Object,
    /// `Warning:` headers.
    pub warnings: Vec<String>,
    /// False if the write changed nothing.
    pub changed: bool,
}

/// POST: `value` is the whole object; a namespaced one without a namespace goes to `default`.
///
/// # Errors
/// `BadRequest`, `Invalid`, `Forbidden`, `NotFound` (the namespace), `AlreadyExists`, `ServiceUnavailable`.
pub fn create(api: &mut Api, value: &Value, request: &mut Request) -> Result<Done, ApiError> {
    let chance = api.rng.clone();
    let done = try_create(api, value, request);
    if request.write.is_none() || done.is_err() {
        // A dry run or a refused request leaves no trace, not even in the streams.
        api.rng = chance;
    }
    done
}

fn try_create(api: &mut Api, value: &Value, request: &mut Request) -> Result<Done, ApiError> {
    if !api.up {
        return Err(ApiError::unavailable());
    }
    let kind = kind_of(value)?;
    let mut warnings = Vec::new();
    let mut value = decoded(kind, value, request.unknown_fields, &mut warnings)?;
    fill_namespace(kind, &mut value);
    if let Some(m) = value["metadata"].as_object_mut() {
        for key in
            ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields"]
        {
            m.shift_remove(key);
        }
        if m.shift_remove("resourceVersion").is_some_and(|v| v != "") {
            return Err(ApiError::bad_request("resourceVersion should not be set on objects to be created"));
        }
    }
    if has_status(kind)
        && let Some(o) = value.as_object_mut()
    {
        o.shift_remove("status");
    }
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default().to_string();
    let name = value["metadata"]["name"].as_str().unwrap_or_default().to_string();
    api.check_namespace(kind, &namespace.as_str().into(), &name)?;
    if api.store.get(kind, &Key::new(namespace.as_str(), name.as_str())).is_some() && !name.is_empty() {
        return Err(ApiError::already_exists(kind, &name));
    }
    let object = kinds::admit_json(kind, value, api, request.config)?;
    let whole = kinds::to_json_at(&object, api.epoch);
    warnings.extend(validate::warnings(kind, &whole));
    let object = match &mut request.write {
        Some((cx, actor, why)) => api.create(object, cx, actor, why)?,
        None => api.named(object),
    };
    Ok(Done { object, warnings, changed: true })
}

/// PUT: `value` is the whole new object. Its status is ignored where the kind has a status subresource.
///
/// # Errors
/// As [`create`], and `Conflict` if a resourceVersion is given and old.
pub fn update(api: &mut Api, value: &Value, request: &mut Request) -> Result<Done, ApiError> {
    if !api.up {
        return Err(ApiError::unavailable());
    }
    let kind = kind_of(value)?;
    let mut warnings = Vec::new();
    let mut value = decoded(kind, value, request.unknown_fields, &mut warnings)?;
    fill_namespace(kind, &mut value);
    let text = |k: &str| value["metadata"][k].as_str().unwrap_or_default();
    let key = Key::new(text("namespace"), text("name"));
    let old = api.store.get(kind, &key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))?;
    let before = kinds::to_json_at(&old, api.epoch);
    let sent = text("resourceVersion");
    if !sent.is_empty() && sent != before["metadata"]["resourceVersion"] {
        return Err(ApiError::conflict(kind, &key.name));
    }
    keep_system_fields(kind, &mut value, &before);
    kinds::default_json(kind, &mut value);
    if kind == Kind::Service {
        let chance = api.rng.clone();
        let allocated = kinds::allocate(&mut value, super::object::Typed::of(&old).map(|s: &std::sync::Arc<_>| &**s), api);
        if request.write.is_none() || allocated.is_err() {
            api.rng = chance;
        }
        allocated?;
    }
    let causes = validate::update(kind, &value, &before);
    if !causes.is_empty() {
        return Err(ApiError::invalid(kind, &key.name, causes));
    }
    let object = kinds::from_json_at(&value, api.epoch)?;
    // Compared as it will be stored.
    let after = kinds::to_json_at(&object, api.epoch);
    let annotations = |v: &Value| v["metadata"]["annotations"].clone();
    let spec_changed = kind.has_generation()
        && (without_meta(&after) != without_meta(&before) || kind == Kind::Deployment && annotations(&after) != annotations(&before));
    let changed = after != before;
    warnings.extend(validate::warnings(kind, &value));
    let object = match &mut request.write {
        Some((cx, actor, why)) => api.update(object, spec_changed, cx, actor, why)?,
        None => object,
    };
    Ok(Done { object, warnings, changed })
}

/// How a PATCH body is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `application/strategic-merge-patch+json`
    Strategic,
    /// `application/merge-patch+json`
    Merge,
    /// `application/json-patch+json`
    Json,
}

/// PATCH: changes the stored object and writes it back.
///
/// # Errors
/// As [`update`]; `NotFound`; `Invalid` for a JSON patch that does not apply.
pub fn patch(api: &mut Api, kind: Kind, key: &Key, how: PatchType, body: &Value, request: &mut Request) -> Result<Done, ApiError> {
    if !api.up {
        return Err(ApiError::unavailable());
    }
    let old = api.store.get(kind, key).ok_or_else(|| ApiError::not_found(kind, &key.name))?;
    let before = kinds::to_json_at(old, api.epoch);
    let mut after = match how {
        PatchType::Strategic => patch::strategic(&before, body).map_err(ApiError::bad_request)?,
        PatchType::Merge => {
            let mut v = before.clone();
            json_patch::merge(&mut v, body);
            v
        }
        PatchType::Json => patch::json(&before, body)?,
    };
    if let Some(m) = after["metadata"].as_object_mut() {
        // A version in the patch itself asks for a conflict check; the one that was read does not.
        let asked = body.pointer("/metadata/resourceVersion").cloned();
        m.shift_remove("resourceVersion");
        if let Some(v) = asked.filter(|_| how != PatchType::Json) {
            m.insert("resourceVersion".into(), v);
        }
    }
    for path in ["kind", "apiVersion"] {
        if after[path] != before[path] {
            return Err(ApiError::bad_request(format!("the {path} of the object may not be changed by a patch")));
        }
    }
    update(api, &after, request)
}

/// The kind that a manifest names.
///
/// # Errors
/// `NotFound`, as the server answers for a path that it does not serve.
fn kind_of(value: &Value) -> Result<Kind, ApiError> {
    let text = |k: &str| value[k].as_str().unwrap_or_default();
    Kind::from_api(text("apiVersion"), text("kind")).ok_or_else(|| ApiError {
        code: 404,
        reason: "NotFound",
        message: "the server could not find the requested resource".into(),
        causes: vec![],
    })
}

/// Decodes strictly and treats unknown fields as asked.
fn decoded(kind: Kind, value: &Value, unknown_fields: FieldValidation, warnings: &mut Vec<String>) -> Result<Value, ApiError> {
    let info = kind.info();
    let refuse = |why: String| {
        ApiError::bad_request(format!("{} in version \"{}\" cannot be handled as a {}: {why}", info.kind, info.version, info.kind))
    };
    let Decoded { value, unknown } = kinds::decode_as(kind, value).map_err(|e| refuse(e.message))?;
    let list: Vec<String> = unknown.iter().map(|u| format!("unknown field \"{}\"", u.path)).collect();
    match unknown_fields {
        FieldValidation::Strict if !list.is_empty() => Err(refuse(format!("strict decoding error: {}", list.join(", ")))),
        FieldValidation::Warn => {
            warnings.extend(list);
            Ok(value)
        }
        _ => Ok(value),
    }
}

fn fill_namespace(kind: Kind, value: &mut Value) {
    if let Some(o) = value.as_object_mut() {
        let meta = o.entry("metadata").or_insert_with(|| json!({}));
        if let Some(m) = meta.as_object_mut().filter(|_| kind.info().namespaced)
            && m.get("namespace").and_then(Value::as_str).unwrap_or_default().is_empty()
        {
            m.insert("namespace".into(), "default".into());
        }
    }
}

/// Status is a subresource: ignored in the main one.
fn has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Node
            | Kind::Pod
            | Kind::Service
            | Kind::ReplicaSet
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::HorizontalPodAutoscaler
            | Kind::PodDisruptionBudget
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::ReplicationController
            | Kind::Ingress
    )
}

/// What only the server may set.
fn keep_system_fields(kind: Kind, value: &mut Value, before: &Value) {
    let Some(o) = value.as_object_mut() else { return };
    if let Some(m) = o.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"] {
            match before["metadata"].get(key) {
                Some(v) => m.insert(key.into(), v.clone()),
                None => m.shift_remove(key),
            };
        }
    }
    if has_status(kind) {
        match before.get("status") {
            Some(s) => o.insert("status".into(), s.clone()),
            None => o.shift_remove("status"),
        };
    }
}

fn without_meta(v: &Value) -> Value {
    let mut v = v.clone();
    if let Some(o) = v.as_object_mut() {
        o.shift_remove("metadata");
        o.shift_remove("status");
    }
    v
}
