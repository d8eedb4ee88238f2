//! `kubectl patch`

use serde_json::Value;

use crate::document::{Dialect, Source, parse_one};
use crate::worlds::kubernetes::api::request::PatchType;

use super::super::args::{Args, Flag, optional, short_flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("patch", 'p'),
    text("patch-file"),
    text("type"),
    text("subresource"),
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let how = match args.get("type").map(str::to_ascii_lowercase).as_deref() {
        None | Some("strategic") => PatchType::Strategic,
        Some("merge") => PatchType::Merge,
        Some("json") => PatchType::Json,
        Some(other) => return Err(Failure::error(format_args!("--type must be one of [json merge strategic], not \"{other}\""))),
    };
    if args.has("subresource") {
        return Err(Failure::not_simulated("patch --subresource"));
    }
    let text = match (args.get("patch"), args.get("patch-file")) {
        (Some(p), None) => p.to_string(),
        (None, Some(f)) => sh.files.read(f).map_err(|e| Failure::error(format_args!("unable to read patch file: {e}")))?,
        (Some(_), Some(_)) => return Err(Failure::error("cannot specify --patch and --patch-file together")),
        (None, None) => {
            return Err(Failure::error(
                "must specify --patch or --patch-file containing the contents of the patch\nSee 'kubectl patch -h' for help and examples",
            ));
        }
    };
    let body: Value = match parse_one(&Source::new("patch", text.as_str()), Dialect::Kubernetes) {
        Ok(node) => node.to_json(),
        Err(d) => return Err(Failure::error(format_args!("unable to parse {text:?}: yaml: {}", d.message))),
    };
    if args.words.is_empty() && !args.has("filename") {
        return Err(resource::nothing_given());
    }
    if !args.has("filename") && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    let dry = args.get("dry-run").filter(|d| *d != "none").map(String::from);
    for item in resource::find(sh, args, &args.words)?.strict()? {
        let why = format!("kubectl patch: {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
        let (_, changed) = sh.patch(&item, how, &body, &why, dry.is_some())?;
        let suffix = match dry.as_deref() {
            None => "",
            Some("server") => " (server dry run)",
            Some(_) => " (dry run)",
        };
        if args.get("output") == Some("name") {
            sh.say(item.title());
        } else {
            sh.say(format!("{} patched{}{suffix}", item.title(), if changed { "" } else { " (no change)" }));
        }
    }
    Ok(())
}
