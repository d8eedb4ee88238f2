//! `kubectl scale`

use serde_json::json;

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, optional, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell, int_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    text("replicas"),
    text("current-replicas"),
    text("resource-version"),
    text("timeout"),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
];

/// Kinds with a scale subresource.
fn scalable(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController)
}

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let Some(replicas) = args.int("replicas") else { return Err(Failure::error("required flag(s) \"replicas\" not set")) };
    if replicas < 0 {
        return Err(Failure::error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"));
    }
    if args.words.is_empty() && !args.has("filename") {
        return Err(resource::nothing_given());
    }
    let selects = args.on("all") || args.has("selector");
    if !args.has("filename") && !selects && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    let found = resource::find(sh, args, &args.words)?;
    if found.items.is_empty() {
        let why: Vec<String> =
            found.missing.iter().map(|f| f.text.strip_prefix("Error from server (NotFound): ").unwrap_or(&f.text).to_string()).collect();
        let why = if why.len() > 1 { format!("[{}]", why.join(", ")) } else { why.join("") };
        return Err(Failure::error(format!("no objects passed to scale {why}").trim_end()));
    }
    let dry = args.get("dry-run").is_some_and(|d| d != "none");
    for item in &found.items {
        if !scalable(item.kind) {
            sh.complain(&Failure::new("Error from server (NotFound): the server could not find the requested resource"));
            continue;
        }
        let was = int_at(&item.json, "spec.replicas");
        if let Some(expected) = args.int("current-replicas").filter(|n| *n >= 0 && *n != was) {
            sh.complain(&Failure::error(format_args!("Expected replicas to be {expected}, was {was}")));
            continue;
        }
        if !dry {
            let why = format!("kubectl scale: replicas {was} → {replicas}");
            sh.merge(item, &json!({"spec": {"replicas": replicas}}), &why)?;
        }
        let suffix = if dry { " (dry run)" } else { "" };
        sh.say(format!("{} scaled{suffix}", item.title()));
    }
    for f in &found.missing {
        sh.complain(f);
    }
    Ok(())
}
