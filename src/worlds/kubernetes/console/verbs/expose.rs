//! `kubectl expose`. Follows: kubectl/pkg/cmd/expose/expose.go.

use serde_json::{Map, Value, json};

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Item, Shell, at, list_at, pod_spec_path};

pub(in super::super) const FLAGS: &[Flag] = &[
    text("port"),
    text("target-port"),
    text("protocol"),
    text("name"),
    text("type"),
    text("selector"),
    text("cluster-ip"),
    text("external-ip"),
    text("load-balancer-ip"),
    text("session-affinity"),
    short_text("labels", 'l'),
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    flag("save-config"),
];

/// What the service selects.
fn selector(item: &Item) -> Result<Value, Failure> {
    let spec = &item.json["spec"];
    let map = match item.kind {
        Kind::Deployment | Kind::ReplicaSet => {
            if !list_at(spec, "selector.matchExpressions").is_empty() {
                return Err(Failure::error(format_args!(
                    "couldn't convert expressions - \"{}\" to map-based selector format",
                    spec["selector"]
                )));
            }
            spec["selector"]["matchLabels"].clone()
        }
        Kind::Service | Kind::ReplicationController => spec["selector"].clone(),
        Kind::Pod => item.json["metadata"]["labels"].clone(),
        _ => {
            return Err(Failure::error(format_args!("cannot expose a {}", {
                let i = item.kind.info();
                if i.group.is_empty() { i.kind.to_string() } else { format!("{}.{}", i.kind, i.group) }
            })));
        }
    };
    if map.as_object().is_none_or(Map::is_empty) {
        return Err(Failure::error(match item.kind {
            Kind::Pod => "the pod has no labels and cannot be exposed".to_string(),
            k => format!("the {} has no selector and cannot be exposed", k.info().singular),
        }));
    }
    Ok(map)
}

fn pairs(text: &str) -> Value {
    text.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_string(), Value::from(v))).collect::<Map<_, _>>().into()
}

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.words.is_empty() && !args.has("filename") {
        return Err(resource::nothing_given());
    }
    if !args.has("filename") && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    // `--selector` means the service's here, not a choice of objects.
    let items =
        if !args.has("filename") { resource::find(sh, &Args::default(), &args.words)? } else { resource::find(sh, args, &args.words)? }
            .strict()?;
    for item in items {
        let selects = match args.get("selector") {
            Some(s) => pairs(s),
            None => selector(&item)?,
        };
        let name = args.get("name").unwrap_or(item.name()).chars().take(63).collect::<String>();
        let number = |t: &str| t.parse::<i64>().map_or_else(|_| Value::from(t), Value::from);
        let mut found: Vec<(i64, String)> = Vec::new();
        if let Some(p) = args.int("port") {
            found.push((p, args.get("protocol").unwrap_or("TCP").to_string()));
        } else if item.kind == Kind::Service {
            found.extend(
                list_at(&item.json, "spec.ports").iter().filter_map(|p| Some((p["port"].as_i64()?, p["protocol"].as_str()?.to_string()))),
            );
        } else {
            let containers = list_at(at(&item.json, pod_spec_path(item.kind).unwrap_or("spec")), "containers");
            found.extend(
                containers
                    .iter()
                    .flat_map(|c| list_at(c, "ports"))
                    .filter_map(|p| Some((p["containerPort"].as_i64()?, p["protocol"].as_str().unwrap_or("TCP").to_string()))),
            );
        }
        if found.is_empty() {
            return Err(Failure::error(
                "couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples",
            ));
        }
        let many = found.len() > 1;
        let ports: Vec<Value> = found
            .into_iter()
            .enumerate()
            .map(|(i, (port, protocol))| {
                let mut p = Map::new();
                if many {
                    p.insert("name".into(), format!("port-{}", i + 1).into());
                }
                p.insert("port".into(), port.into());
                p.insert("protocol".into(), protocol.into());
                p.insert("targetPort".into(), args.get("target-port").map_or(port.into(), number));
                Value::Object(p)
            })
            .collect();
        let mut spec = json!({"ports": ports, "selector": selects});
        for (flag, field) in
            [("type", "type"), ("cluster-ip", "clusterIP"), ("load-balancer-ip", "loadBalancerIP"), ("session-affinity", "sessionAffinity")]
        {
            if let Some(v) = args.get(flag) {
                spec[field] = v.into();
            }
        }
        if let Some(ip) = args.get("external-ip") {
            spec["externalIPs"] = json!([ip]);
        }
        let labels = args.get("labels").map_or_else(|| item.json["metadata"]["labels"].clone(), pairs);
        let mut metadata = Map::new();
        metadata.insert("creationTimestamp".into(), Value::Null);
        if labels.as_object().is_some_and(|l| !l.is_empty()) {
            metadata.insert("labels".into(), labels);
        }
        metadata.insert("name".into(), name.as_str().into());
        metadata.insert("namespace".into(), item.namespace().into());
        let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}});
        super::create::made_saying(sh, args, Kind::Service, value, "exposed", &|e| e.into())?;
    }
    Ok(())
}
