//! `kubectl autoscale`

use serde_json::json;

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    text("min"),
    text("max"),
    text("cpu-percent"),
    text("name"),
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    flag("save-config"),
];

/// pkg/apis/autoscaling/v2/defaults.go
const DEFAULT_CPU: i64 = 80;

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let Some(max) = args.int("max") else { return Err(Failure::error("required flag(s) \"max\" not set")) };
    if max < 1 {
        return Err(Failure::error(format_args!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    let min = args.int("min").filter(|m| *m >= 0);
    if min.is_some_and(|m| m > max) {
        return Err(Failure::error(format_args!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {}",
            min.unwrap_or(0)
        )));
    }
    if args.words.is_empty() && !args.has("filename") {
        return Err(resource::nothing_given());
    }
    if !args.has("filename") && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    for item in resource::find(sh, args, &args.words)?.strict()? {
        let i = item.kind.info();
        if !matches!(item.kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController) {
            let kind = if i.group.is_empty() { i.kind.to_string() } else { format!("{}.{}", i.kind, i.group) };
            return Err(Failure::error(format_args!("cannot autoscale a {kind}: not possible to scale")));
        }
        let percent = args.int("cpu-percent").filter(|p| *p >= 0).unwrap_or(DEFAULT_CPU);
        let mut spec = json!({
            "maxReplicas": max,
            "metrics": [{"resource": {"name": "cpu", "target": {"averageUtilization": percent, "type": "Utilization"}}, "type": "Resource"}],
            "scaleTargetRef": {"apiVersion": i.api_version(), "kind": i.kind, "name": item.name()},
        });
        if let Some(m) = min.filter(|m| *m > 0) {
            spec["minReplicas"] = m.into();
        }
        let name = args.get("name").unwrap_or(item.name());
        let value = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"creationTimestamp": null, "name": name, "namespace": item.namespace()}, "spec": spec,
            "status": {"currentMetrics": null, "desiredReplicas": 0},
        });
        super::create::made_saying(sh, args, Kind::HorizontalPodAutoscaler, value, "autoscaled", &|e| e.into())?;
    }
    Ok(())
}
