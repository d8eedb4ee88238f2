//! `kubectl taint`
//! Follows: kubectl/pkg/cmd/taint/{taint,utils}.go.

use serde_json::{Value, json};

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, optional, short_text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell, list_at, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    flag("overwrite"),
    flag("all"),
    short_text("selector", 'l'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    optional("validate", "strict"),
];

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

#[derive(Debug)]
struct Change<'w> {
    key: &'w str,
    value: &'w str,
    effect: &'w str,
    remove: bool,
}

fn change(text: &str) -> Result<Change<'_>, Failure> {
    let invalid = || Failure::error(format_args!("invalid taint spec: {text}"));
    let (body, remove) = text.strip_suffix('-').map_or((text, false), |b| (b, true));
    let (head, effect) = body.split_once(':').unwrap_or((body, ""));
    let (key, value) = head.split_once('=').unwrap_or((head, ""));
    if key.is_empty() || effect.contains(':') || (effect.is_empty() && !remove) {
        return Err(invalid());
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect) {
        return Err(Failure::error(format_args!("invalid taint effect: {effect}, unsupported taint effect")));
    }
    Ok(Change { key, value, effect, remove })
}

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let is_change = |t: &str| t.contains('=') || t.contains(':') || t.ends_with('-');
    let at = args.words.iter().position(|t| is_change(t)).unwrap_or(args.words.len());
    let (resources, changes) = args.words.split_at(at);
    if resources.is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if changes.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    let changes = changes.iter().map(|t| change(t)).collect::<Result<Vec<_>, _>>()?;
    let asks = resource::asks(sh, resources)?;
    if let Some(other) = asks.iter().find(|a| a.kind != Kind::Node) {
        return Err(Failure::error(format_args!("invalid resource type {}, only node(s) is supported", other.kind.info().plural)));
    }
    if asks.iter().any(|a| a.name.is_none()) && !args.on("all") && !args.has("selector") {
        return Err(resource::no_name());
    }
    for item in resource::find(sh, args, resources)?.strict()? {
        let mut taints = list_at(&item.json, "spec.taints").to_vec();
        let same = |t: &Value, c: &Change| t["key"] == c.key && (c.effect.is_empty() || t["effect"] == c.effect);
        for c in &changes {
            let there = taints.iter().any(|t| same(t, c));
            if c.remove && !there {
                let what = if c.effect.is_empty() { c.key.to_string() } else { format!("{}:{}", c.key, c.effect) };
                return Err(Failure::error(format_args!("taint \"{what}\" not found")));
            }
            if !c.remove && there && !args.on("overwrite") {
                return Err(Failure::error(format_args!(
                    "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                    item.name(),
                    c.key
                )));
            }
            if let Some(value) = taints.iter().find(|t| same(t, c)).filter(|t| !c.remove && text_at(t, "value") == c.value).cloned() {
                taints.retain(|t| *t != value);
            }
            taints.retain(|t| !same(t, c));
        }
        // New taints stand before those that were there.
        let mut new: Vec<Value> = changes
            .iter()
            .filter(|c| !c.remove)
            .map(|c| {
                if c.value.is_empty() {
                    json!({"effect": c.effect, "key": c.key})
                } else {
                    json!({"effect": c.effect, "key": c.key, "value": c.value})
                }
            })
            .collect();
        new.append(&mut taints);
        let (added, removed) = (changes.iter().any(|c| !c.remove), changes.iter().any(|c| c.remove));
        let done = match (added, removed) {
            _ if args.on("overwrite") => "modified",
            (true, false) => "tainted",
            (false, true) => "untainted",
            _ => "modified",
        };
        if args.get("dry-run").is_none_or(|d| d == "none") {
            let mut value = item.json.clone();
            match (new.is_empty(), value["spec"].as_object_mut()) {
                (true, Some(spec)) => drop(spec.shift_remove("taints")),
                _ => value["spec"]["taints"] = new.into(),
            }
            let text: Vec<&str> = args.words[at..].iter().map(String::as_str).collect();
            sh.replace(&value, &format!("kubectl taint: {}", text.join(" ")))?;
        }
        sh.say(format!("{} {done}", item.title()));
    }
    Ok(())
}
