//! What a container finds around it: variables, volumes, limits; and what is missing of it.
//! Follows: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), pkg/volume/{configmap,secret,projected}.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

use crate::kernel::{Map, SimDuration};
use crate::machine::{ContainerSpec, Mount, MountSource};
use crate::model::ImageRef;
use crate::model::quantity::{parse_cpu_milli, parse_units};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Service};
use crate::worlds::kubernetes::api::store::Store;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::network::roads::HOST_SANDBOX;
use crate::worlds::kubernetes::storage::{find, volume_name};

use super::Kubelet;
use super::host_path;
use super::security::verify_non_root;
use super::worker::{Step, Worker};

/// pkg/volume/util/operationexecutor: the first wait after a failed mount; it doubles
const MOUNT_RETRY: SimDuration = SimDuration::from_millis(500);
/// k8s.io/utils/exec/goroutinemap/exponentialbackoff, maxDurationBeforeRetry
const MOUNT_RETRY_MAX: SimDuration = SimDuration::from_secs(122);
/// pkg/kubelet/volumemanager/volume_manager.go, podAttachAndMountTimeout: a sync waits no longer
const MOUNT_TIMEOUT: SimDuration = SimDuration::from_secs(123);

type Files = Vec<(Arc<str>, Arc<str>)>;
/// What pods are told of Services, by namespace, and the resourceVersion of the last write of a Service it was made from.
pub(in crate::worlds::kubernetes) type Links = Map<Option<Name>, (u64, Arc<Files>)>;

impl Kubelet {
    /// Are all volumes there? Otherwise the sync waits, tries again, and in the end fails.
    pub(super) fn mount(&mut self, w: &mut Worker, ctl: &mut Ctl) {
        let volumes: Vec<core::Volume> = w.pod.spec.volumes.iter().flatten().cloned().collect();
        let mut missing: Vec<(String, String)> = Vec::new();
        for v in &volumes {
            let there = files(v, w, ctl).map(|_| ()).map_err(|e| (v.name.clone(), e));
            missing.extend(there.and_then(|()| host_path::check(&self.node, v, w, ctl)).err());
        }
        if missing.is_empty() {
            w.mount_tries = 0;
            return;
        }
        let waited = (0..w.mount_tries).fold(SimDuration::ZERO, |sum, n| sum + retry(n));
        if waited >= MOUNT_TIMEOUT {
            w.mount_tries = 0;
            let names: Vec<&str> = missing.iter().map(|(n, _)| n.as_str()).collect();
            let message = format!(
                "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process volumes=[]: context \
                 deadline exceeded",
                names.join(" ")
            );
            self.say(w, true, "FailedMount", &message, ctl);
            if let Some(sync) = w.sync.as_mut() {
                sync.failed = true;
                sync.steps.clear();
            }
            return;
        }
        for (name, error) in &missing {
            self.say(w, true, "FailedMount", &format!("MountVolume.SetUp failed for volume {name:?} : {error}"), ctl);
        }
        let wait = retry(w.mount_tries);
        w.mount_tries += 1;
        self.wait_then(w, wait, Step::Mount, ctl);
    }

    /// What the runtime is asked to create.
    ///
    /// # Errors
    /// What is missing: `configmap "late" not found`.
    pub(super) fn container_spec(&self, w: &Worker, slot: usize, ctl: &mut Ctl) -> Result<ContainerSpec, String> {
        let c = w.spec(slot);
        let shared_env = service_links(w, ctl);
        let env = environment(w, c, &self.host_ip, &shared_env, ctl)?;
        let image = ctl.machine.image_spec(&ImageRef::new(c.image.as_deref().unwrap_or_default()));
        verify_non_root(&w.full_name(), &w.pod.spec, c, image.user.as_deref())?;
        let host = w.is_host_network();
        let argv = c.command.iter().flatten().chain(c.args.iter().flatten()).map(|a| expand(a, &env, &shared_env).into()).collect();
        let limits = c.resources.as_ref().and_then(|r| r.limits.as_ref());
        let limit = |name: &str| limits.and_then(|l| l.get(name)).map(|q| q.0.as_str());
        let mut mounts = Vec::new();
        for m in c.volume_mounts.iter().flatten() {
            let Some(volume) = w.pod.spec.volumes.iter().flatten().find(|v| v.name == m.name) else { continue };
            let source = source(volume, w, ctl)?;
            mounts.push(Mount { source, path: m.mount_path.as_str().into(), read_only: m.read_only == Some(true) });
        }
        Ok(ContainerSpec {
            name: format!("{}/{}/{}", w.key.namespace, w.key.name, c.name).into(),
            image: ImageRef::new(c.image.as_deref().unwrap_or_default()),
            argv,
            env,
            shared_env,
            memory_limit: limit("memory").and_then(|q| parse_units(q).ok()).and_then(|b| u64::try_from(b).ok()).filter(|b| *b > 0),
            cpu_limit_milli: limit("cpu").and_then(|q| parse_cpu_milli(q).ok()).and_then(|m| u32::try_from(m).ok()).filter(|m| *m > 0),
            mounts,
            // A shared process namespace has the pause process as its init.
            init: w.pod.spec.share_process_namespace == Some(true),
            sandbox: if host { HOST_SANDBOX.into() } else { w.uid.clone() },
            address: if host { Some(self.host_ip.clone()) } else { w.ip.clone() },
            hostname: None,
            workdir: c.working_dir.as_deref().unwrap_or_default().into(),
            user: user(w, c).or(image.user.clone()).unwrap_or_default(),
        })
    }
}

/// Who its processes are: the container's security context before the pod's; None: whom the image says.
fn user(w: &Worker, c: &core::Container) -> Option<Arc<str>> {
    let (own, pod) = (c.security_context.as_ref(), w.pod.spec.security_context.as_ref());
    let uid = own.and_then(|s| s.run_as_user).or(pod.and_then(|s| s.run_as_user));
    let gid = own.and_then(|s| s.run_as_group).or(pod.and_then(|s| s.run_as_group));
    match (uid, gid) {
        (None, None) => None,
        (uid, None) => Some(uid.unwrap_or(0).to_string().into()),
        (uid, Some(gid)) => Some(format!("{}:{gid}", uid.unwrap_or(0)).into()),
    }
}

fn retry(n: u32) -> SimDuration {
    MOUNT_RETRY.saturating_mul(1 << n.min(8)).min(MOUNT_RETRY_MAX)
}

fn source(v: &core::Volume, w: &Worker, ctl: &Ctl) -> Result<MountSource, String> {
    if let Some(p) = &v.host_path {
        return Ok(MountSource::HostPath(p.path.as_str().into()));
    }
    if let Some(claim) = &v.persistent_volume_claim {
        return Ok(claimed(&Key::new(w.key.namespace.clone(), claim.claim_name.as_str()), ctl));
    }
    if let Some(files) = files(v, w, ctl)? {
        return Ok(MountSource::Files(Arc::new(files)));
    }
    // emptyDir and what is not simulated: scratch space that the pod's containers share.
    Ok(MountSource::Volume(format!("pod/{}/{}", w.uid, v.name).into()))
}

/// Where the data of a claim lies: in the directory that its volume names, or in a place of the volume's own.
fn claimed(claim: &Key, ctl: &Ctl) -> MountSource {
    let body = |kind, key: &Key| find(&ctl.api.store, kind, key).map(|g| g.body.clone());
    let name = body(Kind::PersistentVolumeClaim, claim).and_then(|c| volume_name(&c).map(Name::from));
    let Some(name) = name else { return MountSource::Volume(format!("pvc/{}/{}", claim.namespace, claim.name).into()) };
    let volume = body(Kind::PersistentVolume, &Key::new("", name.clone()));
    let path = volume.as_ref().and_then(|v| ["hostPath", "local"].into_iter().find_map(|s| v["spec"][s]["path"].as_str()));
    path.map_or_else(|| MountSource::Volume(format!("pv/{name}").into()), |p| MountSource::HostPath(p.into()))
}

/// The files of a volume that is made from API objects; None for other volumes.
fn files(v: &core::Volume, w: &Worker, ctl: &Ctl) -> Result<Option<Files>, String> {
    let ns = &w.key.namespace;
    if let Some(c) = &v.config_map {
        return pick(Kind::ConfigMap, ns, &c.name, c.items.as_deref(), c.optional, ctl).map(Some);
    }
    if let Some(s) = &v.secret {
        let name = s.secret_name.as_deref().unwrap_or_default();
        return pick(Kind::Secret, ns, name, s.items.as_deref(), s.optional, ctl).map(Some);
    }
    if let Some(d) = &v.downward_api {
        return Ok(Some(downward(d.items.as_deref(), w)));
    }
    let Some(p) = &v.projected else { return Ok(None) };
    let mut all = Files::new();
    for s in p.sources.iter().flatten() {
        if let Some(c) = &s.config_map {
            all.extend(pick(Kind::ConfigMap, ns, &c.name, c.items.as_deref(), c.optional, ctl)?);
        } else if let Some(c) = &s.secret {
            all.extend(pick(Kind::Secret, ns, &c.name, c.items.as_deref(), c.optional, ctl)?);
        } else if let Some(d) = &s.downward_api {
            all.extend(downward(d.items.as_deref(), w));
        } else if let Some(t) = &s.service_account_token {
            all.push((t.path.as_str().into(), format!("token-of-{}", w.uid).into()));
        }
    }
    Ok(Some(all))
}

fn downward(items: Option<&[core::DownwardAPIVolumeFile]>, w: &Worker) -> Files {
    items
        .into_iter()
        .flatten()
        .map(|i| (i.path.as_str().into(), i.field_ref.as_ref().and_then(|f| field(&f.field_path, w, "")).unwrap_or_default().into()))
        .collect()
}

fn pick(
    kind: Kind,
    namespace: &Name,
    name: &str,
    items: Option<&[core::KeyToPath]>,
    optional: Option<bool>,
    ctl: &Ctl,
) -> Result<Files, String> {
    // Every namespace has the cluster's CA; nobody has to write it here.
    if kind == Kind::ConfigMap && name == "kube-root-ca.crt" {
        return Ok(vec![("ca.crt".into(), "-----BEGIN CERTIFICATE-----".into())]);
    }
    let Some(data) = data(kind, namespace, name, ctl) else {
        return if optional == Some(true) { Ok(Files::new()) } else { Err(not_found(kind, name)) };
    };
    let Some(items) = items else { return Ok(data) };
    let mut chosen = Files::new();
    for item in items {
        match data.iter().find(|(k, _)| **k == *item.key) {
            Some((_, value)) => chosen.push((item.path.as_str().into(), value.clone())),
            None if optional == Some(true) => {}
            None => {
                let what = if kind == Kind::Secret { "secret" } else { "config" };
                return Err(format!("references non-existent {what} key: {}", item.key));
            }
        }
    }
    Ok(chosen)
}

fn not_found(kind: Kind, name: &str) -> String {
    format!("{} {name:?} not found", kind.info().singular)
}

/// `data` of a ConfigMap or Secret, decoded; None if there is no such object.
fn data(kind: Kind, namespace: &Name, name: &str, ctl: &Ctl) -> Option<Files> {
    let Object::Generic(g) = ctl.api.store.get(kind, &Key::new(namespace.clone(), name))? else { return None };
    let mut all = Files::new();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    for (key, value) in g.body.get("data").and_then(Value::as_object).into_iter().flatten() {
        let value = if kind == Kind::Secret { from_base64(&text(value)) } else { text(value) };
        all.push((key.as_str().into(), value.into()));
    }
    for list in ["stringData", "binaryData"] {
        for (key, value) in g.body.get(list).and_then(Value::as_object).into_iter().flatten() {
            all.retain(|(k, _)| **k != **key);
            let value = if list == "binaryData" { from_base64(&text(value)) } else { text(value) };
            all.push((key.as_str().into(), value.into()));
        }
    }
    Some(all)
}

/// Standard base64 to text; what is no text is replaced, what is no base64 is left out.
fn from_base64(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut have) = (0u32, 0);
    for b in text.bytes() {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(v);
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have) as u8);
            bits &= (1 << have) - 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The variables that are the container's own.
fn environment(w: &Worker, c: &core::Container, host_ip: &Name, links: &Files, ctl: &Ctl) -> Result<Files, String> {
    let ns = &w.key.namespace;
    let mut env: Files = vec![("HOSTNAME".into(), w.pod.spec.hostname.as_deref().unwrap_or(&w.key.name).into())];
    let set = |env: &mut Files, name: &str, value: &str| {
        env.retain(|(k, _)| **k != *name);
        env.push((name.into(), value.into()));
    };
    for from in c.env_from.iter().flatten() {
        let prefix = from.prefix.as_deref().unwrap_or_default();
        let of = match (&from.config_map_ref, &from.secret_ref) {
            (Some(r), _) => (Kind::ConfigMap, &r.name, r.optional),
            (_, Some(r)) => (Kind::Secret, &r.name, r.optional),
            _ => continue,
        };
        match data(of.0, ns, of.1, ctl) {
            Some(all) => all.iter().for_each(|(k, v)| set(&mut env, &format!("{prefix}{k}"), v)),
            None if of.2 == Some(true) => {}
            None => return Err(not_found(of.0, of.1)),
        }
    }
    for var in c.env.iter().flatten() {
        let value = match &var.value_from {
            None => Some(expand(var.value.as_deref().unwrap_or_default(), &env, links)),
            Some(from) => value_from(from, w, c, host_ip, ctl)?,
        };
        if let Some(value) = value {
            set(&mut env, &var.name, &value);
        }
    }
    Ok(env)
}

/// The variables of the Services of the namespace, and of the API server's. They are the same for all pods there until a Service changes.
fn service_links(w: &Worker, ctl: &mut Ctl) -> Arc<Files> {
    let namespace = w.pod.spec.enable_service_links.unwrap_or(true).then(|| w.key.namespace.clone());
    let version = ctl.api.store.kind_version(Kind::Service);
    if let Some((_, known)) = ctl.api.links.get(&namespace).filter(|(of, _)| *of == version) {
        return known.clone();
    }
    let fresh = Arc::new(links_in(namespace.as_ref(), &ctl.api.store));
    ctl.api.links.insert(namespace, (version, fresh.clone()));
    fresh
}

/// pkg/kubelet/envvars, getServiceEnvVarMap; without a namespace, those of the API server's Service alone.
fn links_in(namespace: Option<&Name>, store: &Store) -> Files {
    let master = store.typed::<Service>(&Key::new("default", "kubernetes"));
    let own = namespace.into_iter().flat_map(|ns| store.in_namespace::<Service>(ns));
    let services: BTreeMap<Name, &Arc<Service>> = master.into_iter().chain(own).map(|s| (s.meta.name.clone(), s)).collect();
    let mut out: Files = Vec::new();
    for s in services.values() {
        let ip = s.spec.cluster_ip.as_deref().unwrap_or_default();
        let ports = s.spec.ports.as_deref().unwrap_or_default();
        let Some(first) = ports.first().filter(|_| !ip.is_empty() && ip != "None") else { continue };
        let word = |text: &str| text.to_ascii_uppercase().replace('-', "_");
        let name = word(&s.meta.name);
        let mut add = |key: String, value: String| out.push((key.into(), value.into()));
        add(format!("{name}_SERVICE_HOST"), ip.into());
        add(format!("{name}_SERVICE_PORT"), first.port.to_string());
        for p in ports {
            if let Some(port) = p.name.as_deref().filter(|n| !n.is_empty()) {
                add(format!("{name}_SERVICE_PORT_{}", word(port)), p.port.to_string());
            }
        }
        for (i, p) in ports.iter().enumerate() {
            let protocol = p.protocol.as_deref().unwrap_or("TCP");
            let url = format!("{}://{ip}:{}", protocol.to_ascii_lowercase(), p.port);
            if i == 0 {
                add(format!("{name}_PORT"), url.clone());
            }
            let prefix = format!("{name}_PORT_{}_{}", p.port, protocol.to_ascii_uppercase());
            add(prefix.clone(), url);
            add(format!("{prefix}_PROTO"), protocol.to_ascii_lowercase());
            add(format!("{prefix}_PORT"), p.port.to_string());
            add(format!("{prefix}_ADDR"), ip.into());
        }
    }
    out
}

fn value_from(from: &core::EnvVarSource, w: &Worker, c: &core::Container, host_ip: &Name, ctl: &Ctl) -> Result<Option<String>, String> {
    let ns = &w.key.namespace;
    let of = match (&from.config_map_key_ref, &from.secret_key_ref) {
        (Some(r), _) => Some((Kind::ConfigMap, &r.name, &r.key, r.optional)),
        (_, Some(r)) => Some((Kind::Secret, &r.name, &r.key, r.optional)),
        _ => None,
    };
    if let Some((kind, name, key, optional)) = of {
        let optional = optional == Some(true);
        let Some(all) = data(kind, ns, name, ctl) else { return if optional { Ok(None) } else { Err(not_found(kind, name)) } };
        return match all.iter().find(|(k, _)| **k == **key) {
            Some((_, v)) => Ok(Some(v.to_string())),
            None if optional => Ok(None),
            None => Err(format!("couldn't find key {key} in {} {ns}/{name}", kind.info().kind)),
        };
    }
    if let Some(f) = &from.field_ref {
        return match field(&f.field_path, w, host_ip) {
            Some(v) => Ok(Some(v)),
            None => Err(format!("unsupported fieldPath: {}", f.field_path)),
        };
    }
    if let Some(r) = &from.resource_field_ref {
        let (list, name) = r.resource.split_once('.').unwrap_or(("limits", &r.resource));
        let resources = c.resources.as_ref();
        let list = if list == "limits" { resources.and_then(|r| r.limits.as_ref()) } else { resources.and_then(|r| r.requests.as_ref()) };
        let quantity = list.and_then(|l| l.get(name)).map(|q| q.0.as_str());
        let value = match (quantity, name) {
            (None, _) => 0,
            // Whole cores, rounded up.
            (Some(q), "cpu") => (parse_cpu_milli(q).unwrap_or(0) + 999) / 1000,
            (Some(q), _) => parse_units(q).unwrap_or(0),
        };
        return Ok(Some(value.to_string()));
    }
    Ok(None)
}

/// A field of the pod by its path (pkg/fieldpath).
fn field(path: &str, w: &Worker, host_ip: &str) -> Option<String> {
    let m = &w.pod.meta;
    if let Some((map, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        let of = if map == "metadata.labels" { &m.labels } else { &m.annotations };
        return Some(of.get(key).map(|v| v.to_string()).unwrap_or_default());
    }
    let lines =
        |of: &crate::worlds::kubernetes::api::meta::Labels| of.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>().join("\n");
    Some(match path {
        "metadata.name" => m.name.to_string(),
        "metadata.namespace" => m.namespace.to_string(),
        "metadata.uid" => m.uid.to_string(),
        "metadata.labels" => lines(&m.labels),
        "metadata.annotations" => lines(&m.annotations),
        "spec.nodeName" => w.pod.node.as_deref().unwrap_or_default().to_string(),
        "spec.serviceAccountName" => w.pod.spec.service_account_name.clone().unwrap_or_else(|| "default".into()),
        "status.hostIP" | "status.hostIPs" => host_ip.to_string(),
        "status.podIP" | "status.podIPs" => w.ip.as_deref().unwrap_or(host_ip).to_string(),
        _ => return None,
    })
}

/// `$(NAME)` of what is known; `$$(NAME)` stays as `$(NAME)` (third_party/forked/golang/expansion). What the pod says itself comes before
/// what it is told of Services.
fn expand(text: &str, env: &Files, links: &Files) -> String {
    if !text.contains("$(") {
        return text.to_string();
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        match rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            Some((name, after)) => {
                match env.iter().chain(links).find(|(k, _)| **k == *name) {
                    Some((_, value)) => out.push_str(value),
                    None => out.push_str(&format!("$({name})")),
                }
                rest = after;
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_references() {
        assert_eq!(from_base64("aGVsbG8gd29ybGQ="), "hello world");
        let (env, links): (Files, Files) = (vec![("A".into(), "1".into())], vec![("A".into(), "2".into()), ("C".into(), "3".into())]);
        assert_eq!(expand("x $(A) $(B) $$(A) $5 $(C)", &env, &links), "x 1 $(B) $(A) $5 3");
        assert_eq!(expand("plain", &env, &links), "plain");
    }
}
