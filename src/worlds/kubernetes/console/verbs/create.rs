//! `kubectl create -f` and `kubectl create deployment|namespace|configmap|secret|service|…`

use serde_json::{Map, Value, json};

use crate::document::to_yaml;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::print;
use super::super::resource;
use super::super::shell::{Done, Failure, Shell, server_error, text_at};
use crate::worlds::kubernetes::api::apply::LAST_APPLIED;
use crate::worlds::kubernetes::api::request::FieldValidation;

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("filename", 'f'),
    short_text("kustomize", 'k'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    optional("validate", "strict"),
    flag("save-config"),
    flag("edit"),
    short_text("selector", 'l'),
];
pub(in super::super) const DEPLOYMENT: &[Flag] =
    &[text("image"), short_text("replicas", 'r'), text("port"), text("schedule"), text("restart"), text("from")];
pub(in super::super) const DATA: &[Flag] =
    &[text("from-literal"), text("from-file"), text("from-env-file"), text("type"), flag("append-hash")];
pub(in super::super) const SERVICE: &[Flag] = &[text("tcp"), text("clusterip"), text("node-port")];
pub(in super::super) const PRIORITY: &[Flag] = &[text("value"), text("description"), flag("global-default"), text("preemption-policy")];
pub(in super::super) const QUOTA: &[Flag] = &[text("hard"), text("scopes")];
pub(in super::super) const BUDGET: &[Flag] = &[text("min-available"), text("max-unavailable")];

pub(in super::super) fn from_file(sh: &mut Shell, args: &Args) -> Done {
    if args.has("kustomize") {
        return Err(Failure::not_simulated("kustomize (-k)"));
    }
    if !args.has("filename") {
        let Some(word) = args.words.first() else { return Err(Failure::error("must specify one of -f and -k")) };
        let below: Vec<&str> =
            super::super::table::VERBS.iter().filter_map(|v| v.name.strip_prefix("create ")?.strip_prefix(&format!("{word} "))).collect();
        return Err(if !below.is_empty() {
            Failure::error(format_args!("kubectl create {word} needs one of: {}", below.join(", ")))
        } else if Kind::from_word(word).is_some() {
            Failure::error(format_args!("kubectl create {word} is not simulated in this world; write a manifest and use kubectl create -f"))
        } else {
            Failure::error(format_args!("Unexpected args: [{word}]\nSee 'kubectl create -h' for help and examples"))
        });
    }
    for doc in resource::documents(sh, args)? {
        let failed = |e: ApiError| Failure::new(server_error(&e, &format!("error when creating \"{}\": ", doc.file)));
        if let Err(f) = made(sh, args, doc.kind, doc.value.clone(), &failed) {
            sh.complain(&f);
        }
    }
    Ok(())
}

/// Creates an object, or prints what would be created.
pub(in super::super) fn made(sh: &mut Shell, args: &Args, kind: Kind, value: Value, failed: &dyn Fn(ApiError) -> Failure) -> Done {
    made_saying(sh, args, kind, value, "created", failed)
}

/// The same with another word for success.
pub(in super::super) fn made_saying(
    sh: &mut Shell,
    args: &Args,
    kind: Kind,
    mut value: Value,
    done: &str,
    failed: &dyn Fn(ApiError) -> Failure,
) -> Done {
    let title = format!("{}/{}", kind.info().singular_resource(), text_at(&value, "metadata.name"));
    let (dry, suffix) = match args.get("dry-run") {
        None | Some("none") => (None, ""),
        Some("server") => (Some("server"), " (server dry run)"),
        Some("client" | "unchanged") => (Some("client"), " (dry run)"),
        Some(other) => {
            return Err(Failure::error(format_args!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\".")));
        }
    };
    if args.on("save-config") {
        let text = format!("{}\n", print::to_json_compact(&value));
        value["metadata"]["annotations"][LAST_APPLIED] = text.into();
    }
    let shown = if dry == Some("client") {
        if let Some(m) = value["metadata"].as_object_mut().filter(|_| !args.has("filename") && !args.has("namespace")) {
            m.shift_remove("namespace");
        }
        value
    } else {
        let unknown_fields = if args.has("filename") { resource::validation(args)? } else { FieldValidation::Warn };
        let why = format!("kubectl create {}", kind.info().singular);
        sh.create(&without_nulls(&value), unknown_fields, &why, dry.is_some()).map_err(failed)?.json
    };
    match args.get("output") {
        None | Some("") => sh.say(format!("{title} {done}{suffix}")),
        Some("name") => sh.say(title),
        Some("yaml") => sh.out.push_str(&to_yaml(&shown)),
        Some("json") => sh.out.push_str(&print::to_json(&shown)),
        Some(other) => {
            return Err(Failure::error(format_args!(
                "unable to match a printer suitable for the output format \"{other}\", allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,yaml"
            )));
        }
    }
    Ok(())
}

fn without_nulls(v: &Value) -> Value {
    match v {
        Value::Object(m) => Value::Object(m.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_nulls(v))).collect()),
        Value::Array(l) => Value::Array(l.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// `error: failed to create deployment: deployments.apps "web" already exists`
fn wrapped(what: &'static str) -> impl Fn(ApiError) -> Failure {
    move |e| {
        if e.code == 503 { e.into() } else { Failure::error(format_args!("failed to create {what} {}", e.message)) }
    }
}

fn name_of<'a>(args: &'a Args, verb: &str) -> Result<&'a str, Failure> {
    let words = args.dash.map_or(args.words.as_slice(), |d| &args.words[..d]);
    match words {
        [one] => Ok(one),
        _ => Err(Failure::error(format_args!(
            "exactly one NAME is required, got {}\nSee 'kubectl {verb} -h' for help and examples",
            words.len()
        ))),
    }
}

/// What stands behind `--`.
pub(super) fn command(args: &Args) -> Vec<String> {
    args.dash.map_or_else(Vec::new, |d| args.words[d..].to_vec())
}

/// `metadata` as kubectl's generators write it.
pub(super) fn metadata(sh: &Shell, name: &str, labels: Option<Value>) -> Value {
    let mut m = Map::new();
    m.insert("creationTimestamp".into(), Value::Null);
    if let Some(l) = labels {
        m.insert("labels".into(), l);
    }
    m.insert("name".into(), name.into());
    m.insert("namespace".into(), (*sh.namespace).into());
    m.into()
}

/// The container's name that an image suggests: its last part without tag and digest.
fn image_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split(['@', ':']).next().unwrap_or(last);
    last.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

pub(in super::super) fn deployment(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create deployment")?.to_string();
    let images: Vec<&str> = args.all("image").iter().flat_map(|i| i.split(',')).collect();
    if images.is_empty() {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    let command = command(args);
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error("cannot specify multiple --image options and command"));
    }
    let container = |image: &&str| {
        let mut c = Map::new();
        if !command.is_empty() {
            c.insert("command".into(), json!(command));
        }
        c.insert("image".into(), (*image).into());
        c.insert("name".into(), image_name(image).into());
        if let Some(port) = args.int("port").filter(|p| *p >= 0) {
            c.insert("ports".into(), json!([{"containerPort": port}]));
        }
        c.insert("resources".into(), json!({}));
        Value::Object(c)
    };
    let containers: Vec<Value> = images.iter().map(container).collect();
    let labels = json!({"app": name});
    let value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(sh, &name, Some(labels.clone())),
        "spec": {
            "replicas": args.int("replicas").unwrap_or(1),
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": {"creationTimestamp": null, "labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    });
    made(sh, args, Kind::Deployment, value, &wrapped("deployment:"))
}

pub(in super::super) fn namespace(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create namespace")?.to_string();
    let value =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"creationTimestamp": null, "name": name}, "spec": {}, "status": {}});
    made(sh, args, Kind::Namespace, value, &|e| e.into())
}

/// Keys and texts of `--from-literal`, `--from-file`, `--from-env-file`.
fn data(sh: &Shell, args: &Args) -> Result<Vec<(String, String)>, Failure> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String| {
        if out.iter().any(|(k, _)| k == key) {
            return Err(Failure::error(format_args!(
                "cannot add key \"{key}\", another key by that name already exists in Data for ConfigMap"
            )));
        }
        out.push((key.into(), value));
        Ok(())
    };
    for literal in args.all("from-literal") {
        let Some((k, v)) = literal.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(Failure::error(format_args!("invalid literal source {literal}, expected key=value")));
        };
        add(k, v.trim_matches(['"', '\'']).to_string())?;
    }
    for file in args.all("from-file") {
        let (key, path) = file.split_once('=').unwrap_or_else(|| (file.rsplit('/').next().unwrap_or(file), file));
        let text = sh.files.read(path).map_err(|e| Failure::error(format_args!("error reading {path}: {e}")))?;
        add(key, text)?;
    }
    for file in args.all("from-env-file") {
        let text = sh.files.read(file).map_err(|e| Failure::error(format_args!("error reading {file}: {e}")))?;
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (k, v) = line.split_once('=').unwrap_or((line, ""));
            add(k, v.into())?;
        }
    }
    Ok(out)
}

pub(in super::super) fn configmap(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create configmap")?.to_string();
    let pairs = data(sh, args)?;
    let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(sh, &name, None)});
    if !pairs.is_empty() {
        value["data"] = pairs.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Map<_, _>>().into();
    }
    made(sh, args, Kind::ConfigMap, value, &wrapped("configmap:"))
}

pub(in super::super) fn secret(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create secret generic")?.to_string();
    let pairs = data(sh, args)?;
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(sh, &name, None)});
    if !pairs.is_empty() {
        value["data"] = pairs.into_iter().map(|(k, v)| (k, Value::from(base64(v.as_bytes())))).collect::<Map<_, _>>().into();
    }
    if let Some(t) = args.get("type") {
        value["type"] = t.into();
    }
    made(sh, args, Kind::Secret, value, &wrapped("secret"))
}

/// RFC 4648.
pub(in super::super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(LETTERS[(n >> (18 - 6 * i) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn service(sh: &mut Shell, args: &Args, service_type: &str, verb: &str, what: &'static str) -> Done {
    let name = name_of(args, verb)?.to_string();
    let mut ports = Vec::new();
    for tcp in args.all("tcp").iter().flat_map(|t| t.split(',')) {
        let (port, target) = tcp.split_once(':').unwrap_or((tcp, tcp));
        let number: i64 = port.parse().map_err(|_| Failure::error(format_args!("strconv.Atoi: parsing \"{port}\": invalid syntax")))?;
        let target = target.parse::<i64>().map_or_else(|_| Value::from(target), Value::from);
        let mut p = json!({"name": tcp.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": target});
        if let Some(n) = args.get("node-port").and_then(|n| n.parse::<i64>().ok()).filter(|n| *n > 0) {
            p["nodePort"] = n.into();
        }
        ports.push(p);
    }
    if ports.is_empty() && args.get("clusterip") != Some("None") {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    let labels = json!({"app": name});
    let mut spec = json!({"selector": labels, "type": service_type});
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    if let Some(ip) = args.get("clusterip") {
        spec["clusterIP"] = ip.into();
    }
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(sh, &name, Some(labels)), "spec": spec, "status": {"loadBalancer": {}}});
    made(sh, args, Kind::Service, value, &wrapped(what))
}

pub(in super::super) fn service_cluster_ip(sh: &mut Shell, args: &Args) -> Done {
    service(sh, args, "ClusterIP", "create service clusterip", "ClusterIP service:")
}
pub(in super::super) fn service_node_port(sh: &mut Shell, args: &Args) -> Done {
    service(sh, args, "NodePort", "create service nodeport", "NodePort service:")
}
pub(in super::super) fn service_load_balancer(sh: &mut Shell, args: &Args) -> Done {
    service(sh, args, "LoadBalancer", "create service loadbalancer", "LoadBalancer service:")
}

fn job_template(args: &Args, name: &str, image: &str) -> Value {
    let mut c = Map::new();
    let command = command(args);
    if !command.is_empty() {
        c.insert("command".into(), json!(command));
    }
    c.insert("image".into(), image.into());
    c.insert("name".into(), name.into());
    c.insert("resources".into(), json!({}));
    json!({"metadata": {"creationTimestamp": null}, "spec": {"containers": [c], "restartPolicy": "Never"}})
}

pub(in super::super) fn job(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create job")?.to_string();
    let spec = match (args.get("image"), args.get("from")) {
        (Some(image), None) => json!({"template": job_template(args, &name, image)}),
        (None, Some(from)) => {
            let source = resource::find(sh, &Args::default(), &[from.to_string()])?.strict()?;
            match source.first() {
                Some(c) if c.kind == Kind::CronJob => c.json["spec"]["jobTemplate"]["spec"].clone(),
                _ => return Err(Failure::error("from must be an existing cronjob")),
            }
        }
        (Some(_), Some(_)) => return Err(Failure::error("either --image or --from must be specified")),
        (None, None) => return Err(Failure::error("either --image or --from must be specified")),
    };
    let value = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(sh, &name, None), "spec": spec, "status": {}});
    made(sh, args, Kind::Job, value, &wrapped("job:"))
}

pub(in super::super) fn cronjob(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create cronjob")?.to_string();
    let missing: Vec<String> = ["image", "schedule"].iter().filter(|f| !args.has(f)).map(|f| format!("\"{f}\"")).collect();
    let (Some(image), Some(schedule)) = (args.get("image"), args.get("schedule")) else {
        return Err(Failure::error(format_args!("required flag(s) {} not set", missing.join(", "))));
    };
    let mut template = job_template(args, &name, image);
    template["spec"]["restartPolicy"] = args.get("restart").unwrap_or("OnFailure").into();
    let value = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(sh, &name, None),
        "spec": {"jobTemplate": {"metadata": {"creationTimestamp": null, "name": name}, "spec": {"template": template}}, "schedule": schedule},
        "status": {},
    });
    made(sh, args, Kind::CronJob, value, &wrapped("cronjob:"))
}

pub(in super::super) fn serviceaccount(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create serviceaccount")?.to_string();
    let value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(sh, &name, None)});
    made(sh, args, Kind::ServiceAccount, value, &wrapped("serviceaccount:"))
}

pub(in super::super) fn priorityclass(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create priorityclass")?.to_string();
    let mut value = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"creationTimestamp": null, "name": name},
        "value": args.int("value").unwrap_or(0), "preemptionPolicy": args.get("preemption-policy").unwrap_or("PreemptLowerPriority"),
    });
    if let Some(d) = args.get("description") {
        value["description"] = d.into();
    }
    if args.on("global-default") {
        value["globalDefault"] = true.into();
    }
    made(sh, args, Kind::PriorityClass, value, &wrapped("priorityclass:"))
}

pub(in super::super) fn quota(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create quota")?.to_string();
    let mut hard = Map::new();
    for pair in args.all("hard").iter().flat_map(|h| h.split(',')) {
        let Some((k, v)) = pair.split_once('=') else {
            return Err(Failure::error(format_args!("invalid argument syntax {pair}, expected <resource>=<value>")));
        };
        hard.insert(k.into(), v.into());
    }
    let mut spec = Map::new();
    if !hard.is_empty() {
        spec.insert("hard".into(), hard.into());
    }
    let value = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata(sh, &name, None), "spec": spec, "status": {}});
    made(sh, args, Kind::ResourceQuota, value, &wrapped("quota:"))
}

pub(in super::super) fn budget(sh: &mut Shell, args: &Args) -> Done {
    let name = name_of(args, "create poddisruptionbudget")?.to_string();
    let number = |t: &str| t.parse::<i64>().map_or_else(|_| Value::from(t), Value::from);
    let Some(selector) = args.get("selector") else { return Err(Failure::error("a selector must be specified")) };
    let mut labels = Map::new();
    for pair in selector.split(',') {
        let (k, v) = pair.split_once('=').unwrap_or((pair, ""));
        labels.insert(k.trim_end_matches('=').into(), v.trim_start_matches('=').into());
    }
    let mut spec = json!({"selector": {"matchLabels": labels}});
    match (args.get("min-available"), args.get("max-unavailable")) {
        (Some(n), None) => spec["minAvailable"] = number(n),
        (None, Some(n)) => spec["maxUnavailable"] = number(n),
        (Some(_), Some(_)) => return Err(Failure::error("min-available and max-unavailable cannot be both specified")),
        (None, None) => return Err(Failure::error("one of min-available or max-unavailable must be specified")),
    }
    let value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(sh, &name, None), "spec": spec, "status": {}});
    made(sh, args, Kind::PodDisruptionBudget, value, &wrapped("poddisruptionbudgets:"))
}
