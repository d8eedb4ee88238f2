//! `kubectl explain`, for the fields that lessons speak of. Anything else is refused, not invented.

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[flag("recursive"), text("api-version"), short_text("output", 'o')];

/// One field: where, its type, its values if they are few, and what it is.
struct Field {
    kinds: &'static [Kind],
    path: &'static str,
    field_type: &'static str,
    values: &'static [&'static str],
    text: &'static str,
    url: &'static str,
}

const WORKLOADS: &[Kind] = &[Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::ReplicationController];

const FIELDS: &[Field] = &[
    Field {
        kinds: &[Kind::Pod],
        path: "spec.restartPolicy",
        field_type: "string",
        values: &["Always", "Never", "OnFailure"],
        // The words of the API's own schema, as `printing.json` recorded them.
        text: "Restart policy for all containers within the pod. One of Always, OnFailure, Never. In some contexts, only a subset of those values may be permitted. Default to Always. More info:",
        url: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy",
    },
    Field {
        kinds: WORKLOADS,
        path: "spec.replicas",
        field_type: "integer",
        values: &[],
        text: "How many pods are wanted. 1 if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Pod],
        path: "spec.terminationGracePeriodSeconds",
        field_type: "integer",
        values: &[],
        text: "How long a pod has between SIGTERM and SIGKILL when it is deleted. 30 if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Pod],
        path: "spec.nodeName",
        field_type: "string",
        values: &[],
        text: "The node on which the pod runs. The scheduler sets it; a pod that names a node itself skips the scheduler.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.minReadySeconds",
        field_type: "integer",
        values: &[],
        text: "How long a new pod must be ready before it counts as available. 0 if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.progressDeadlineSeconds",
        field_type: "integer",
        values: &[],
        text: "How long a rollout may make no progress before the condition Progressing becomes False. 600 if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.revisionHistoryLimit",
        field_type: "integer",
        values: &[],
        text: "How many old ReplicaSets are kept for rollbacks. 10 if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.paused",
        field_type: "boolean",
        values: &[],
        text: "A paused Deployment does not roll out changes of its template.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.strategy.type",
        field_type: "string",
        values: &["Recreate", "RollingUpdate"],
        text: "How new pods take the place of old ones. RollingUpdate if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.strategy.rollingUpdate.maxSurge",
        field_type: "IntOrString",
        values: &[],
        text: "How many pods more than wanted may exist during a rollout; percentages are rounded up. 25% if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Deployment],
        path: "spec.strategy.rollingUpdate.maxUnavailable",
        field_type: "IntOrString",
        values: &[],
        text: "How many of the wanted pods may be unavailable during a rollout; percentages are rounded down. 25% if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Service],
        path: "spec.type",
        field_type: "string",
        values: &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
        text: "How the service is reached: inside the cluster, by name only, through a load balancer, or on a port of every node. ClusterIP if it is not given.",
        url: "",
    },
    Field {
        kinds: &[Kind::Node],
        path: "spec.unschedulable",
        field_type: "boolean",
        values: &[],
        text: "A cordoned node: no new pods are placed here.",
        url: "",
    },
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let [word] = args.words.as_slice() else {
        return Err(match args.words.as_slice() {
            [] => Failure::error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.\nSee 'kubectl explain -h' for help and examples",
            ),
            _ => Failure::error("We accept only this format: explain RESOURCE\nSee 'kubectl explain -h' for help and examples"),
        });
    };
    let (kind, path) = word.split_once('.').unwrap_or((word, ""));
    let kind = resource::kind_of(sh, kind)?;
    let i = kind.info();
    let Some(field) = FIELDS.iter().find(|f| f.kinds.contains(&kind) && f.path == path) else {
        let known: Vec<String> = FIELDS.iter().filter(|f| f.kinds.contains(&kind)).map(|f| format!("{}.{}", i.singular, f.path)).collect();
        let hint = if known.is_empty() { "nothing of this kind".to_string() } else { known.join(", ") };
        return Err(Failure::error(format_args!("kubectl explain knows only a few fields in this world; of {}: {hint}", i.plural)));
    };
    if !i.group.is_empty() {
        sh.say(format!("GROUP:      {}", i.group));
    }
    sh.say(format!("KIND:       {}\nVERSION:    {}\n", i.kind, i.version));
    sh.say(format!("FIELD: {} <{}>", field.path.rsplit('.').next().unwrap_or_default(), field.field_type));
    if !field.values.is_empty() {
        sh.say("ENUM:");
        field.values.iter().for_each(|v| sh.say(format!("    {v}")));
    }
    sh.say("\nDESCRIPTION:");
    for line in wrap(field.text, 76) {
        sh.say(format!("    {line}"));
    }
    if !field.url.is_empty() {
        sh.say(format!("    {}", field.url));
    }
    if !field.values.is_empty() {
        sh.say("    \n    Possible enum values:");
        field.values.iter().for_each(|v| sh.say(format!("     - `\"{v}\"`")));
        sh.say("    ");
    }
    sh.say("");
    Ok(())
}

/// Breaks a text at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let line = out.last_mut().filter(|l| l.is_empty() || l.len() + 1 + word.len() <= width);
        match line {
            Some(l) if l.is_empty() => l.push_str(word),
            Some(l) => {
                l.push(' ');
                l.push_str(word);
            }
            None => out.push(word.into()),
        }
    }
    out
}
