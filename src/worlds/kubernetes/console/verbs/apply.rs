//! `kubectl apply`: the work is done by `api::apply`; this is its command line.

use crate::document::Source;
use crate::worlds::kubernetes::Kubernetes;
use crate::worlds::kubernetes::api::apply::{self, Applier};
use crate::worlds::kubernetes::api::meta::Name;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("filename", 'f'),
    short_text("kustomize", 'k'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    optional("validate", "strict"),
    flag("server-side"),
    flag("force-conflicts"),
    flag("force"),
    flag("prune"),
    flag("overwrite"),
    flag("wait"),
    text("timeout"),
    short_text("selector", 'l'),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.has("kustomize") {
        return Err(Failure::not_simulated("kustomize (-k)"));
    }
    for unsupported in ["server-side", "prune", "force"] {
        if args.on(unsupported) {
            return Err(Failure::not_simulated(&format!("apply --{unsupported}")));
        }
    }
    if args.has("selector") || args.has("output") {
        return Err(Failure::not_simulated("apply with -l or -o"));
    }
    if !args.has("filename") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if let Some(word) = args.words.first() {
        return Err(Failure::error(format_args!("Unexpected args: [{word}]\nSee 'kubectl apply -h' for help and examples")));
    }
    let dry = args.get("dry-run").filter(|d| *d != "none").map(String::from);
    let unknown_fields = resource::validation(args)?;
    for file in resource::files(sh.files, args)? {
        let text = sh.files.read(&file).map_err(Failure::error)?;
        let source = Source::from_bytes(file.as_str(), text.as_bytes())
            .map_err(|d| Failure::error(format_args!("error parsing {file}: {}", d.message)))?;
        sh.check_up()?;
        let you: Name = "you".into();
        let namespace = sh.namespace.clone();
        let Kubernetes { api, config, .. } = sh.world;
        let mut cx = sh.cx.because(sh.cx.cause);
        let mut applier = Applier { config, namespace: &namespace, unknown_fields, write: dry.is_none().then_some((&mut cx, &you)) };
        let done = apply::run(api, &source, &mut applier);
        let stdout = match dry.as_deref() {
            // The same check, told as kubectl's own.
            Some("client" | "unchanged") => done.stdout.replace(" (server dry run)", " (dry run)"),
            _ => done.stdout,
        };
        sh.out.push_str(&stdout);
        sh.err.push_str(&done.stderr);
        sh.exit = sh.exit.max(done.exit);
    }
    Ok(())
}
