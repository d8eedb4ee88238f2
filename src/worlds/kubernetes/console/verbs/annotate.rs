//! `kubectl label` and `kubectl annotate`
//! Follows: kubectl/pkg/cmd/label/label.go, annotate/annotate.go.

use serde_json::{Map, Value, json};

use super::super::args::{Args, Flag, flag, optional, short_text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell, pairs_at};

pub(in super::super) const FLAGS: &[Flag] =
    &[flag("overwrite"), flag("list"), flag("local"), short_text("output", 'o'), optional("dry-run", "unchanged")];

struct Words {
    field: &'static str,
    done: &'static str,
    undone: &'static str,
    not: &'static str,
    word: &'static str,
}

const LABEL: Words = Words { field: "labels", done: "labeled", undone: "unlabeled", not: "not labeled", word: "label" };
/// Annotations have but one word for success.
const ANNOTATE: Words = Words { field: "annotations", done: "annotated", undone: "annotated", not: "annotated", word: "annotation" };

pub(in super::super) fn label(sh: &mut Shell, args: &Args) -> Done {
    run(sh, args, &LABEL)
}

pub(in super::super) fn annotate(sh: &mut Shell, args: &Args) -> Done {
    run(sh, args, &ANNOTATE)
}

fn run(sh: &mut Shell, args: &Args, w: &Words) -> Done {
    // Everything from the first change on is a change.
    let is_change = |t: &str| t.contains('=') || t.ends_with('-');
    let at = args.words.iter().position(|t| is_change(t)).unwrap_or(args.words.len());
    let (resources, changes) = args.words.split_at(at);
    if resources.is_empty() && !args.has("filename") {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if changes.is_empty() && !args.on("list") {
        return Err(Failure::error(format_args!("at least one {} update is required", w.word)));
    }
    let mut set: Vec<(&str, &str)> = Vec::new();
    let mut drop = Vec::new();
    for c in changes {
        match (c.split_once('='), c.strip_suffix('-')) {
            (Some((k, v)), _) if !k.is_empty() => set.push((k, v)),
            (None, Some(k)) => drop.push(k),
            _ => return Err(Failure::error(format_args!("unknown {} spec: {c}", w.word))),
        }
    }
    if let Some((k, _)) = set.iter().find(|(k, _)| drop.contains(k)) {
        return Err(Failure::error(format_args!(
            "can not both modify and remove {} in the same command",
            if w.word == "label" { format!("a {}", w.word) } else { format!("the following annotation(s) \"{k}\"") }
        )));
    }
    if !args.has("filename") && !args.on("all") && !args.has("selector") && resource::asks(sh, resources)?.iter().any(|a| a.name.is_none())
    {
        return Err(resource::no_name());
    }
    let found = resource::find(sh, args, resources)?;
    let items = found.strict()?;
    for item in &items {
        let now = pairs_at(&item.json, &format!("metadata.{}", w.field));
        if args.on("list") {
            for (k, v) in &now {
                sh.say(format!("{k}={v}"));
            }
            continue;
        }
        if !args.on("overwrite") {
            if let Some((k, old)) = now.iter().find(|(k, v)| set.iter().any(|(s, n)| s == k && n != v)) {
                return Err(Failure::error(format_args!("'{k}' already has a value ({old}), and --overwrite is false")));
            }
            // label.go refuses the same value too when it would be a change of nothing: it says "not labeled".
        }
        let mut body = Map::new();
        for (k, v) in &set {
            body.insert((*k).into(), (*v).into());
        }
        for k in &drop {
            if !now.iter().any(|(n, _)| n == k) {
                sh.out.push_str(&format!("{} \"{k}\" not found.\n", w.word));
            }
            body.insert((*k).into(), Value::Null);
        }
        let changes = set.iter().any(|s| !now.contains(s)) || drop.iter().any(|d| now.iter().any(|(n, _)| n == d));
        let only_drops = set.is_empty();
        let done = match (changes, only_drops) {
            (false, _) => w.not,
            (true, true) => w.undone,
            (true, false) => w.done,
        };
        let dry = args.get("dry-run").is_some_and(|d| d != "none");
        if changes && !dry {
            let mut patch = Map::new();
            patch.insert(w.field.into(), body.into());
            let text: Vec<&str> = args.words[at..].iter().map(String::as_str).collect();
            let verb = if w.word == "label" { "label" } else { "annotate" };
            sh.merge(item, &json!({"metadata": patch}), &format!("kubectl {verb}: {}", text.join(" ")))?;
        }
        sh.say(format!("{} {done}{}", item.title(), if dry { " (dry run)" } else { "" }));
    }
    Ok(())
}
