//! `kubectl label` and `kubectl annotate`
//! Follows: kubectl/pkg/cmd/label/label.go, annotate/annotate.go, cmd/util/helpers.go (GetResourcesAndPairs).

use serde_json::{Map, Value, json};

use super::super::args::{Args, Flag, flag, optional, short_text, text};
use super::super::print::to_json_compact;
use super::super::resource;
use super::super::shell::{Done, Failure, Item, Shell, pairs_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    flag("overwrite"),
    flag("list"),
    flag("local"),
    text("resource-version"),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
];

/// polymorphichelpers.ChangeCauseAnnotation
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Label,
    Annotation,
}

impl What {
    fn word(self) -> &'static str {
        if self == Self::Label { "label" } else { "annotation" }
    }
    fn field(self) -> &'static str {
        if self == Self::Label { "labels" } else { "annotations" }
    }
}

pub(in super::super) fn label(sh: &mut Shell, args: &Args) -> Done {
    run(sh, args, What::Label)
}

pub(in super::super) fn annotate(sh: &mut Shell, args: &Args) -> Done {
    run(sh, args, What::Annotation)
}

/// Resources first, then what changes.
pub(super) fn resources_and_pairs(words: &[String], what: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for w in words {
        let is_pair = (w.contains('=') && !w.starts_with('=')) || (w.ends_with('-') && w != "-");
        match (is_pair, pairs.is_empty()) {
            (true, _) => pairs.push(w.clone()),
            (false, true) => resources.push(w.clone()),
            (false, false) => {
                return Err(Failure::error(format_args!("all resources must be specified before {what} changes: {w}")));
            }
        }
    }
    Ok((resources, pairs))
}

struct Changes<'w> {
    set: Vec<(&'w str, &'w str)>,
    drop: Vec<&'w str>,
}

fn changes(pairs: &[String], what: What) -> Result<Changes<'_>, Failure> {
    let mut out = Changes { set: Vec::new(), drop: Vec::new() };
    for p in pairs {
        match (p.split_once('='), p.strip_suffix('-')) {
            (Some((_, v)), _) if what == What::Label && v.contains('=') => {
                return Err(Failure::error(format_args!("invalid label spec: {p}")));
            }
            (Some((k, v)), _) => out.set.push((k, v)),
            (None, Some(k)) => out.drop.push(k),
            _ => return Err(Failure::error(format_args!("unknown {} spec: {p}", what.word()))),
        }
    }
    let both: Vec<&str> = out.drop.iter().filter(|d| out.set.iter().any(|(k, _)| k == *d)).copied().collect();
    match (both.is_empty(), what) {
        (true, _) => Ok(out),
        (_, What::Label) => Err(Failure::error("can not both modify and remove a label in the same command")),
        _ => Err(Failure::error(format_args!(
            "can not both modify and remove the following annotation(s) in the same command: {}",
            both.join(", ")
        ))),
    }
}

/// What is there already and may not be overwritten.
fn refuse_overwrites(now: &[(&str, &str)], c: &Changes, what: What) -> Done {
    let clashes: Vec<(&str, &str)> = c
        .set
        .iter()
        .filter(|(k, _)| what == What::Label || *k != CHANGE_CAUSE)
        .filter_map(|(k, v)| now.iter().find(|(n, old)| n == k && old != v).copied())
        .collect();
    if clashes.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = clashes.iter().map(|(k, v)| format!("'{k}' already has a value ({v})")).collect();
    Err(Failure::error(match what {
        What::Label => {
            let lines: Vec<String> = list.iter().map(|l| format!("{l}, and --overwrite is false")).collect();
            if lines.len() > 1 { format!("[{}]", lines.join(", ")) } else { lines.join("") }
        }
        What::Annotation => format!("--overwrite is false but found the following declared annotation(s): {}", list.join("; ")),
    }))
}

fn run(sh: &mut Shell, args: &Args, what: What) -> Done {
    let word = what.word();
    let (resources, pairs) = resources_and_pairs(&args.words, word)?;
    let c = changes(&pairs, what)?;
    if resources.is_empty() && !args.has("filename") {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if pairs.is_empty() && !args.on("list") {
        return Err(Failure::error(format_args!("at least one {word} update is required")));
    }
    if args.on("all") && args.has("selector") {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    let selects = args.on("all") || args.has("selector") || args.has("field-selector");
    if !args.has("filename") && !selects && resource::asks(sh, &resources)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    let found = resource::find(sh, args, &resources)?;
    let one = found.items.len() == 1;
    if !one && args.has("resource-version") {
        return Err(Failure::error("--resource-version may only be used with a single resource"));
    }
    for item in &found.items {
        if args.on("list") {
            list(sh, item, what, one);
        } else if let Err(f) = change(sh, args, item, &c, &pairs, what) {
            sh.complain(&f);
        }
    }
    for f in &found.missing {
        sh.complain(f);
    }
    Ok(())
}

fn list(sh: &mut Shell, item: &Item, what: What, one: bool) {
    let info = item.kind.info();
    if !one {
        sh.say(format!("Listing {} for {}.{}/{}:", what.field(), info.kind, info.group, item.name()));
    }
    for (k, v) in pairs_at(&item.json, &format!("metadata.{}", what.field())) {
        sh.say(format!("{}{k}={v}", if one { "" } else { " " }));
    }
}

fn change(sh: &mut Shell, args: &Args, item: &Item, c: &Changes, pairs: &[String], what: What) -> Done {
    let overwrite = args.on("overwrite");
    let now = pairs_at(&item.json, &format!("metadata.{}", what.field()));
    for k in c.drop.iter().filter(|_| what == What::Label) {
        if !now.iter().any(|(n, _)| n == k) {
            sh.say(format!("label \"{k}\" not found."));
        }
    }
    if !overwrite {
        refuse_overwrites(&now, c, what)?;
    }
    let mut body = Map::new();
    let mut after: Map<String, Value> = now.iter().map(|(k, v)| ((*k).to_string(), (*v).into())).collect();
    for (k, v) in &c.set {
        body.insert((*k).into(), (*v).into());
        after.insert((*k).into(), (*v).into());
    }
    for k in &c.drop {
        body.insert((*k).into(), Value::Null);
        after.shift_remove(*k);
    }
    let before: Map<String, Value> = now.iter().map(|(k, v)| ((*k).to_string(), (*v).into())).collect();
    let (old, new) = (to_json_compact(&before.into()), to_json_compact(&after.into()));
    let done = match what {
        What::Annotation => "annotated",
        What::Label if old == new => "not labeled",
        // updateDataChangeMsg looks at the length of the object only.
        What::Label if !overwrite && new.len() < old.len() => "unlabeled",
        What::Label => "labeled",
    };
    let dry = args.get("dry-run").is_some_and(|d| d != "none");
    let version = args.get("resource-version").filter(|v| !v.is_empty());
    if (old != new || version.is_some()) && !dry {
        let mut patch = Map::new();
        // Sent along, it makes the server refuse if the object is another by now.
        patch.extend(version.map(|v| ("resourceVersion".to_string(), v.into())));
        patch.insert(what.field().into(), body.into());
        let verb = if what == What::Label { "label" } else { "annotate" };
        sh.merge(item, &json!({"metadata": patch}), &format!("kubectl {verb}: {}", pairs.join(" ")))?;
    }
    sh.say(format!("{} {done}{}", item.title(), if dry { " (dry run)" } else { "" }));
    Ok(())
}
