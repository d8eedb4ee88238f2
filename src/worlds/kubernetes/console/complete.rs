//! What a person sees before a verb runs: the overview, help, suggestions for mistyped verbs, and completion of the next word.

use crate::worlds::kubernetes::Kubernetes;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::kinds::{KINDS, Kind};

use super::args::{Flag, GLOBAL};
use super::shell::Failure;
use super::table::{VERBS, Verb};

/// `kubectl` alone.
pub(super) fn overview() -> String {
    let mut out = String::from("kubectl controls the Kubernetes cluster manager.\n\nCommands of this console:\n");
    let width = VERBS.iter().map(|v| v.name.len()).max().unwrap_or(0);
    for v in VERBS {
        out.push_str(&format!("  {:<width$}  {}\n", v.name, v.about));
    }
    out.push_str("\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    out
}

/// `kubectl get --help`
pub(super) fn help(verb: &Verb, flags: &[Flag]) -> String {
    let mut out = format!("{}.\n\nUsage:\n  kubectl {} [options]\n\nOptions:\n", verb.about, verb.usage);
    for f in flags.iter().chain(GLOBAL.iter().take(2)) {
        let short = f.short.map_or("    ".to_string(), |s| format!("-{s}, "));
        out.push_str(&format!("    {short}--{}{}\n", f.long, if f.takes_value() { "=''" } else { "" }));
    }
    out
}

/// cobra suggests what is at most two letters off, or begins alike.
fn suggestions(word: &str) -> Vec<&'static str> {
    let mut out: Vec<&str> = Vec::new();
    for v in VERBS {
        let name = v.name.split(' ').next().unwrap_or_default();
        if (strsim::levenshtein(word, name) <= 2 || name.starts_with(word)) && !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// A verb that does not exist.
pub(super) fn unknown(words: &[&str], flag_before: Option<&str>) -> Failure {
    let word = words.first().copied().unwrap_or_default();
    let subs: Vec<&str> = VERBS.iter().filter_map(|v| v.name.strip_prefix(&format!("{word} "))).collect();
    if !subs.is_empty() {
        return match words.get(1) {
            None => Failure::error(format_args!("kubectl {word} needs one of: {}", subs.join(", "))),
            Some(other) => {
                Failure::error(format_args!("unknown command \"{other}\" for \"kubectl {word}\"; it knows: {}", subs.join(", ")))
            }
        };
    }
    if let Some(flag) = flag_before {
        // What is no verb may be a plugin, and those take no flags before their name.
        return Failure::new(format!("Error: flags cannot be placed before plugin name: {}", flag.split('=').next().unwrap_or(flag)));
    }
    let mut text = format!("unknown command \"{word}\" for \"kubectl\"");
    let list = suggestions(word);
    if !list.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        text.push_str(&list.iter().map(|s| format!("\t{s}")).collect::<Vec<_>>().join("\n"));
        text.push('\n');
    }
    Failure::error(text)
}

/// Verbs whose first word is a node.
const ON_NODES: &[&str] = &["cordon", "uncordon", "drain"];
/// Verbs whose first word is a pod, or TYPE/NAME.
const ON_PODS: &[&str] = &["logs", "exec"];

/// What the last word of `argv` could become; `argv[0]` is `kubectl`.
pub(super) fn complete(world: &Kubernetes, argv: &[String]) -> Vec<String> {
    let words: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
    let (last, before) = words.split_last().map_or(("", &[][..]), |(l, b)| (*l, b));
    let mut out = candidates(world, before, last);
    out.retain(|c| c.starts_with(last));
    out.sort();
    out.dedup();
    out
}

fn candidates(world: &Kubernetes, before: &[&str], last: &str) -> Vec<String> {
    let previous = before.last().copied().unwrap_or_default();
    if matches!(previous, "-n" | "--namespace") {
        return names(world, Kind::Namespace, "");
    }
    if matches!(previous, "-o" | "--output") {
        return ["wide", "yaml", "json", "name", "jsonpath=", "custom-columns="].map(String::from).to_vec();
    }
    let mut plain = Vec::new();
    let mut namespace = world.console.namespace.to_string();
    let mut i = 0;
    while i < before.len() {
        match before[i] {
            "-n" | "--namespace" => {
                namespace = before.get(i + 1).copied().unwrap_or_default().into();
                i += 1;
            }
            w if w.starts_with("--namespace=") => namespace = w["--namespace=".len()..].into(),
            w if w.starts_with('-') => {}
            w => plain.push(w),
        }
        i += 1;
    }
    let Some((verb, taken)) = super::table::lookup(&plain) else { return next_words(&plain) };
    if last.starts_with('-') {
        let flags = verb.flags.iter().flat_map(|g| g.iter()).chain(GLOBAL);
        return flags.map(|f| format!("--{}", f.long)).collect();
    }
    let rest = &plain[taken..];
    // `create` is a verb of its own and the beginning of others.
    let mut out = if rest.is_empty() { next_words(&plain) } else { Vec::new() };
    if ON_NODES.contains(&verb.name) {
        return names(world, Kind::Node, "");
    }
    if let Some((kind, _)) = last.split_once('/')
        && let Some(k) = Kind::from_word(kind)
    {
        return names(world, k, &namespace).into_iter().map(|n| format!("{kind}/{n}")).collect();
    }
    match rest {
        [] if ON_PODS.contains(&verb.name) => out.extend(names(world, Kind::Pod, &namespace)),
        [] => out.extend(KINDS.iter().filter(|k| world.api.store.count(k.id) > 0 || k.simulated).map(|k| k.plural.to_string())),
        [kind, ..] => {
            if let Some(k) = Kind::from_word(kind) {
                out.extend(names(world, k, &namespace));
            }
        }
    }
    out
}

/// Verbs that begin with these words: their next word.
fn next_words(plain: &[&str]) -> Vec<String> {
    let prefix = plain.iter().map(|w| format!("{w} ")).collect::<String>();
    VERBS.iter().filter_map(|v| v.name.strip_prefix(prefix.as_str())).filter_map(|r| r.split(' ').next()).map(String::from).collect()
}

fn names(world: &Kubernetes, kind: Kind, namespace: &str) -> Vec<String> {
    let key = |o: &crate::worlds::kubernetes::api::object::Object| {
        let Key { namespace: ns, name } = o.key();
        (!kind.info().namespaced || *ns == *namespace).then(|| name.to_string())
    };
    world.api.store.list(kind).filter_map(key).collect()
}
