//! Admission of an object that is about to be created: defaults, the mutating plugins, validation. Facts: pkg/kubeapiserver/options/plugins.go
//! (order), plugin/pkg/admission/{defaulttolerationseconds,priority,runtimeclass,serviceaccount}.
//!
//! Pods of one controller share their spec: it is admitted once and remembered, so that the thousandth pod costs a look-up.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde::Deserialize;
use serde_json::{Value, json};

use super::convert::value_of;
use super::{Kind, defaults, limits, pod_defaults, qos, runtime_class, service_alloc};
use crate::kernel::Map;
use crate::worlds::kubernetes::Config;
use crate::worlds::kubernetes::api::meta::{Key, Meta, Name};
use crate::worlds::kubernetes::api::object::{Generic, Object, Pod, Qos};
use crate::worlds::kubernetes::api::{Api, ApiError};
use crate::worlds::kubernetes::storage::{self, BETA_CLASS};

/// Admitted pod specs by the uid of the pods' controller.
pub(in crate::worlds::kubernetes) type Memo = Map<Name, Admitted>;

/// So many controllers are remembered; beyond that the memory starts anew.
const MEMO_MAX: usize = 4096;

/// What holds a claim, and a volume, as long as somebody needs it.
pub const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
pub const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

/// What admission made of a spec.
#[derive(Clone, Debug)]
pub(in crate::worlds::kubernetes) struct Admitted {
    from: Arc<core::PodSpec>,
    spec: Arc<core::PodSpec>,
    qos: Qos,
    /// LimitRanger's annotation.
    said: Option<Name>,
    /// What else it depended on.
    salt: [u64; 4],
}

/// Mutating and validating admission of an object that is about to be created (defaults, tolerations, priority, allocation …).
///
/// # Errors
/// `Forbidden` and `Invalid` answers.
pub fn admit(object: &mut Object, api: &mut Api, config: &Config) -> Result<(), ApiError> {
    match object {
        Object::Pod(pod) => admit_pod(Arc::make_mut(pod), api, config),
        // Written by components in large numbers, always complete.
        Object::Event(_) | Object::Lease(_) | Object::EndpointSlice(_) | Object::Node(_) => Ok(()),
        _ => admit_whole(object, api, config),
    }
}

/// Kinds that are created rarely go through their JSON form.
fn admit_whole(object: &mut Object, api: &mut Api, config: &Config) -> Result<(), ApiError> {
    let meta = object.meta().clone();
    let value = super::to_json_at(object, api.epoch);
    *object = admit_json(object.kind(), value, api, config)?;
    let (labels, finalizers) = (object.meta().labels.clone(), object.meta().finalizers.clone());
    *object.meta_mut() = Meta { labels, finalizers, ..meta };
    Ok(())
}

/// The same for an object in its JSON form: defaults, mutating plugins, allocation, validation.
///
/// # Errors
/// `Forbidden` and `Invalid` answers.
pub(in crate::worlds::kubernetes) fn admit_json(kind: Kind, mut value: Value, api: &mut Api, config: &Config) -> Result<Object, ApiError> {
    defaults::apply(kind, &mut value);
    let name = value["metadata"]["name"].as_str().unwrap_or_default().to_string();
    match kind {
        Kind::Pod => {
            let meta = super::convert::meta_from_json(&value, api.epoch)?;
            let mut said = None;
            if let Some(s) = value["spec"].as_object_mut() {
                said = limits::fill(s, &meta, api);
                mutate(s, &meta, api, config)?;
            }
            if let Some(text) = said {
                limits::annotate(&mut value, text);
            }
        }
        Kind::Service => service_alloc::allocate(&mut value, None, api)?,
        Kind::Job => job_labels(&mut value, api),
        Kind::PersistentVolumeClaim => {
            default_class(&mut value, api);
            protect(&mut value, CLAIM_FINALIZER);
        }
        Kind::PersistentVolume => protect(&mut value, VOLUME_FINALIZER),
        _ => {}
    }
    let causes = super::validate::create(kind, &value);
    if !causes.is_empty() {
        return Err(ApiError::invalid(kind, &name, causes));
    }
    let mut object = super::from_json_at(&value, api.epoch)?;
    if kind == Kind::Pod {
        check(&value["spec"], object.meta(), api)?;
    }
    limits::check_quotas(kind, &value["spec"], object.meta(), api)?;
    if let Object::Pod(pod) = &mut object {
        let qos = qos::qos_class(&pod.spec);
        Arc::make_mut(pod).status.qos = qos;
    }
    Ok(object)
}

/// plugin/pkg/admission/storage/storageobjectinuseprotection
fn protect(value: &mut Value, finalizer: &str) {
    let Some(meta) = value["metadata"].as_object_mut() else { return };
    let list = meta.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut()
        && !list.iter().any(|f| f == finalizer)
    {
        list.push(finalizer.into());
    }
}

/// plugin/pkg/admission/storage/storageclass/setdefault
fn default_class(value: &mut Value, api: &Api) {
    if !storage::has_class(value, value["metadata"]["annotations"].get(BETA_CLASS).is_some())
        && let Some(class) = storage::default_class(&api.store)
        && let Some(spec) = value["spec"].as_object_mut()
    {
        spec.insert("storageClassName".into(), class.to_string().into());
    }
}

/// pkg/registry/batch/job/strategy.go, generateSelector: the uid goes into labels and selector.
fn job_labels(value: &mut Value, api: &mut Api) {
    if value["spec"]["manualSelector"] == true {
        return;
    }
    let uid = api.rng.stream("uids").uuid();
    let name = value["metadata"]["name"].clone();
    let Some(o) = value.as_object_mut() else { return };
    if let Some(m) = defaults::sub_or_new(o, "metadata") {
        m.insert("uid".into(), uid.as_str().into());
    }
    let Some(spec) = defaults::sub_or_new(o, "spec") else { return };
    if let Some(labels) = defaults::sub_or_new(spec, "template")
        .and_then(|t| defaults::sub_or_new(t, "metadata"))
        .and_then(|m| defaults::sub_or_new(m, "labels"))
    {
        for prefix in ["batch.kubernetes.io/", ""] {
            labels.insert(format!("{prefix}controller-uid"), uid.as_str().into());
            labels.insert(format!("{prefix}job-name"), name.clone());
        }
    }
    if let Some(labels) = defaults::sub_or_new(spec, "selector").and_then(|s| defaults::sub_or_new(s, "matchLabels")) {
        labels.insert("batch.kubernetes.io/controller-uid".into(), uid.into());
    }
}

fn admit_pod(pod: &mut Pod, api: &mut Api, config: &Config) -> Result<(), ApiError> {
    let salt = [Kind::PriorityClass, Kind::LimitRange, Kind::ServiceAccount, Kind::RuntimeClass].map(|k| api.store.kind_version(k));
    let owner = pod.meta.controller().map(|o| o.uid.clone());
    if let Some(known) = owner.as_ref().and_then(|o| api.admitted.get(o)) {
        // The result may come in again (a pod template that was already admitted).
        if (Arc::ptr_eq(&known.from, &pod.spec) || Arc::ptr_eq(&known.spec, &pod.spec)) && known.salt == salt {
            pod.spec = known.spec.clone();
            pod.status.qos = known.qos;
            if let Some(text) = &known.said {
                pod.meta.set_annotation(limits::ANNOTATION, text);
            }
            return pod_quota(pod, api);
        }
    }
    let from = pod.spec.clone();
    let mut spec = value_of(&*pod.spec);
    let mut said = None;
    if let Some(s) = spec.as_object_mut() {
        pod_defaults::pod_spec(s, true);
        said = limits::fill(s, &pod.meta, api).map(Name::from);
        mutate(s, &pod.meta, api, config)?;
    }
    let causes = super::validate::pod_spec(&spec);
    if !causes.is_empty() {
        return Err(ApiError::invalid(Kind::Pod, &pod.meta.name, causes));
    }
    check(&spec, &pod.meta, api)?;
    let spec = core::PodSpec::deserialize(&spec).map_err(|e| ApiError::bad_request(e.to_string()))?;
    pod.spec = Arc::new(spec);
    pod.status.qos = qos::qos_class(&pod.spec);
    if let Some(text) = &said {
        pod.meta.set_annotation(limits::ANNOTATION, text);
    }
    if let Some(owner) = owner {
        if api.admitted.len() >= MEMO_MAX {
            api.admitted = Map::new();
        }
        api.admitted.insert(owner, Admitted { from, spec: pod.spec.clone(), qos: pod.status.qos, said, salt });
    }
    pod_quota(pod, api)
}

/// Checked for every single pod, because it depends on what the others take.
fn pod_quota(pod: &Pod, api: &Api) -> Result<(), ApiError> {
    if limits::has_quota(api, &pod.meta.namespace) {
        limits::check_quotas(Kind::Pod, &limits::pod_spec(pod), &pod.meta, api)?;
    }
    Ok(())
}

/// The mutating plugins on a pod's spec.
pub(super) fn mutate(s: &mut defaults::Object, meta: &Meta, api: &Api, config: &Config) -> Result<(), ApiError> {
    service_account(s, meta, api)?;
    priority(s, meta, api)?;
    tolerations(s, config);
    if let Some(name) = s.get("runtimeClassName").and_then(Value::as_str).map(str::to_string) {
        let class = class_of(&name, api).ok_or_else(|| ApiError::forbidden(Kind::Pod, &meta.name, runtime_class::missing(&name)))?;
        runtime_class::mutate(s, &class.body).map_err(|r| ApiError::forbidden(Kind::Pod, &meta.name, r.why))?;
    }
    Ok(())
}

/// The plugins whose word depends on other objects, on a pod's spec: LimitRanger, Priority, RuntimeClass. True if a LimitRange has set
/// something.
///
/// # Errors
/// The field at odds, and the `Forbidden` answer.
pub(in crate::worlds::kubernetes) fn admit_spec(spec: &mut Value, meta: &Meta, api: &Api) -> Result<bool, (&'static str, ApiError)> {
    let mut filled = false;
    if let Some(s) = spec.as_object_mut() {
        filled = limits::fill(s, meta, api).is_some();
        let priority_field = if s.contains_key("priority") { "spec.priority" } else { "spec.priorityClassName" };
        priority(s, meta, api).map_err(|e| (priority_field, e))?;
    }
    limits::check_ranges(spec, meta, api).map_err(|e| ("spec.containers", e))?;
    let forbidden = |r: runtime_class::Rejected| (r.field, ApiError::forbidden(Kind::Pod, &meta.name, r.why));
    let class = match runtime_class::named(spec) {
        Some(name) => Some(
            class_of(name, api)
                .ok_or_else(|| ("spec.runtimeClassName", ApiError::forbidden(Kind::Pod, &meta.name, runtime_class::missing(name))))?,
        ),
        None => None,
    };
    if let (Some(s), Some(class)) = (spec.as_object_mut(), class) {
        runtime_class::mutate(s, &class.body).map_err(forbidden)?;
    }
    runtime_class::validate(spec, class.map(|c| &*c.body)).map_err(forbidden)?;
    Ok(filled)
}

fn class_of<'a>(name: &str, api: &'a Api) -> Option<&'a Arc<Generic>> {
    storage::find(&api.store, Kind::RuntimeClass, &Key::new("", name))
}

/// The validating plugins on a pod's spec, but for quotas.
fn check(spec: &Value, meta: &Meta, api: &Api) -> Result<(), ApiError> {
    limits::check_ranges(spec, meta, api)?;
    let class = runtime_class::named(spec).and_then(|n| class_of(n, api));
    runtime_class::validate(spec, class.map(|c| &*c.body)).map_err(|r| ApiError::forbidden(Kind::Pod, &meta.name, r.why))
}

/// plugin/pkg/admission/serviceaccount. The token volume `kube-api-access-…` is not added: nothing here reads it.
fn service_account(s: &mut defaults::Object, meta: &Meta, api: &Api) -> Result<(), ApiError> {
    defaults::set(s, "serviceAccountName", "default");
    let name = s["serviceAccountName"].clone();
    let wanted = name.as_str().unwrap_or_default();
    // The account `default` is made moments after its namespace; the plugin waits for it.
    if wanted != "default" && api.store.get(Kind::ServiceAccount, &Key::new(meta.namespace.clone(), wanted)).is_none() {
        let ns = &meta.namespace;
        let why = format!("error looking up service account {ns}/{wanted}: serviceaccount \"{wanted}\" not found");
        return Err(ApiError::forbidden(Kind::Pod, &meta.name, why));
    }
    s.insert("serviceAccount".into(), name);
    Ok(())
}

/// Classes that need no object (pkg/apis/scheduling/types.go).
pub const SYSTEM_PRIORITIES: [(&str, i32); 2] = [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// plugin/pkg/admission/priority
fn priority(s: &mut defaults::Object, meta: &Meta, api: &Api) -> Result<(), ApiError> {
    let class = s.get("priorityClassName").and_then(Value::as_str).unwrap_or_default().to_string();
    let value_of_class = |body: &Value| body["value"].as_i64().unwrap_or(0);
    let policy_of = |body: &Value| body["preemptionPolicy"].as_str().unwrap_or("PreemptLowerPriority").to_string();
    let (name, value, policy) = if class.is_empty() {
        let default = api
            .store
            .list(Kind::PriorityClass)
            .filter_map(|o| if let Object::Generic(g) = o { Some(g) } else { None })
            .filter(|g| g.body["globalDefault"] == true)
            .min_by_key(|g| value_of_class(&g.body));
        match default {
            Some(g) => (g.meta.name.to_string(), value_of_class(&g.body), policy_of(&g.body)),
            None => (String::new(), 0, "PreemptLowerPriority".to_string()),
        }
    } else if let Some((_, value)) = SYSTEM_PRIORITIES.iter().find(|(n, _)| *n == class) {
        (class, i64::from(*value), "PreemptLowerPriority".to_string())
    } else {
        match api.store.get(Kind::PriorityClass, &Key::new("", class.as_str())) {
            Some(Object::Generic(g)) => (class, value_of_class(&g.body), policy_of(&g.body)),
            _ => return Err(ApiError::forbidden(Kind::Pod, &meta.name, format!("no PriorityClass with name {class} was found"))),
        }
    };
    if let Some(given) = s.get("priority").and_then(Value::as_i64).filter(|g| *g != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(ApiError::forbidden(Kind::Pod, &meta.name, why));
    }
    if !name.is_empty() {
        s.insert("priorityClassName".into(), name.into());
    }
    s.insert("priority".into(), value.into());
    defaults::set(s, "preemptionPolicy", policy);
    Ok(())
}

/// plugin/pkg/admission/defaulttolerationseconds: unless the pod already tolerates them with NoExecute.
fn tolerations(s: &mut defaults::Object, config: &Config) {
    for (key, seconds) in [
        ("node.kubernetes.io/not-ready", config.default_not_ready_toleration_seconds),
        ("node.kubernetes.io/unreachable", config.default_unreachable_toleration_seconds),
    ] {
        let tolerated = s.get("tolerations").and_then(Value::as_array).into_iter().flatten().any(|t| {
            let text = |k: &str| t[k].as_str().unwrap_or_default();
            (text("key") == key || text("key").is_empty()) && matches!(text("effect"), "NoExecute" | "")
        });
        if !tolerated {
            let new = json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
            if let Some(list) = s.entry("tolerations").or_insert(json!([])).as_array_mut() {
                list.push(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::journal::{Cx, Journal};
    use crate::worlds::kubernetes::api::meta::OwnerRef;

    fn pod(spec: Value) -> Pod {
        let v = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec});
        let Ok(Object::Pod(p)) = super::super::from_json(&v) else { panic!("a pod") };
        Arc::unwrap_or_clone(p)
    }

    #[test]
    fn pods_get_their_defaults() {
        let (mut api, config) = (Api::new(1), Config::default());
        let mut o: Object =
            pod(json!({"containers": [{"name": "c", "image": "nginx", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]})).into();
        admit(&mut o, &mut api, &config).unwrap();
        let v = super::super::to_json(&o);
        let spec = &v["spec"];
        assert_eq!(spec["containers"][0]["imagePullPolicy"], "Always");
        assert_eq!(spec["containers"][0]["resources"]["requests"]["cpu"], "1");
        assert_eq!(spec["tolerations"][1]["tolerationSeconds"], 300);
        assert_eq!(spec["priority"], 0);
        assert_eq!(spec["serviceAccountName"], "default");
        assert_eq!(v["status"]["qosClass"], "Guaranteed");
        assert_eq!(v["status"]["phase"], "Pending");
    }

    #[test]
    fn siblings_share_their_spec() {
        let (mut api, config) = (Api::new(1), Config::default());
        let mut first = pod(json!({"containers": [{"name": "c", "image": "a"}]}));
        first.meta.owners = Arc::new(vec![OwnerRef {
            api_version: "apps/v1".into(),
            kind: "ReplicaSet".into(),
            name: "r".into(),
            uid: "u".into(),
            controller: true,
            block_owner_deletion: true,
        }]);
        let mut second: Object = first.clone().into();
        let mut first: Object = first.into();
        admit(&mut first, &mut api, &config).unwrap();
        admit(&mut second, &mut api, &config).unwrap();
        let (Object::Pod(a), Object::Pod(b)) = (&first, &second) else { panic!() };
        assert!(Arc::ptr_eq(&a.spec, &b.spec));
    }

    fn create(api: &mut Api, object: Value) {
        let mut journal = Journal::default();
        let mut cx = Cx { now: Default::default(), world: "kubernetes", journal: &mut journal, cause: None };
        api.create(super::super::from_json(&object).unwrap(), &mut cx, &"you".into(), "").unwrap();
    }

    #[test]
    fn a_runtime_class_adds_to_its_pods() {
        let (mut api, config) = (Api::new(1), Config::default());
        let of_class = |name: &str| pod(json!({"containers": [{"name": "c", "image": "a"}], "runtimeClassName": name}));
        let e = admit(&mut of_class("kata").into(), &mut api, &config).unwrap_err();
        assert_eq!(e.message, "pods \"p\" is forbidden: pod rejected: RuntimeClass \"kata\" not found");
        create(
            &mut api,
            json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "kata"}, "handler": "kata",
                "overhead": {"podFixed": {"cpu": "250m"}}, "scheduling": {"nodeSelector": {"kata": "yes"}}}),
        );
        let mut o: Object = of_class("kata").into();
        admit(&mut o, &mut api, &config).unwrap();
        let spec = &super::super::to_json(&o)["spec"];
        assert_eq!((&spec["overhead"], &spec["nodeSelector"]), (&json!({"cpu": "250m"}), &json!({"kata": "yes"})));
        let mut own = pod(json!({"containers": [{"name": "c", "image": "a"}], "overhead": {"cpu": "1"}})).into();
        let e = admit(&mut own, &mut api, &config).unwrap_err();
        let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
        assert_eq!(e.message, format!("pods \"p\" is forbidden: {why}"));
    }

    #[test]
    fn priority_comes_from_the_class() {
        let (mut api, config) = (Api::new(1), Config::default());
        let mut o: Object = pod(json!({"containers": [{"name": "c", "image": "a"}], "priorityClassName": "gold"})).into();
        let e = admit(&mut o, &mut api, &config).unwrap_err();
        assert_eq!(e.message, "pods \"p\" is forbidden: no PriorityClass with name gold was found");
        create(&mut api, json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "gold"}, "value": 7}));
        admit(&mut o, &mut api, &config).unwrap();
        assert_eq!(super::super::to_json(&o)["spec"]["priority"], 7);
    }
}
