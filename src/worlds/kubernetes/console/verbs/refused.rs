//! Verbs that exist in kubectl and have no counterpart in a simulated world: said so, never silently ignored.

use super::super::args::{Args, Flag, short_flag, short_text, text};
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) fn edit(_: &mut Shell, args: &Args) -> Done {
    let what = if args.words.is_empty() { "TYPE/NAME".to_string() } else { args.words.join("/") };
    Err(Failure::error(format_args!(
        "there is no editor in this world; change the object with: kubectl patch {what} -p '{{\"spec\":{{…}}}}', or kubectl apply -f FILE"
    )))
}

/// What people give these verbs: read, so that the answer is about the verb.
pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("kustomize", 'k'),
    short_text("selector", 'l'),
    short_text("container", 'c'),
    short_flag("stdin", 'i'),
    short_flag("tty", 't'),
    text("image"),
    text("target"),
    text("copy-to"),
    text("profile"),
    text("address"),
    short_text("port", 'p'),
];

macro_rules! refused {
    ($($name:ident: $what:literal;)*) => {$(
        pub(in super::super) fn $name(_: &mut Shell, _: &Args) -> Done {
            Err(Failure::not_simulated($what))
        }
    )*};
}
refused! {
    attach: "kubectl attach";
    port_forward: "kubectl port-forward (there is no network between your machine and this world)";
    proxy: "kubectl proxy (there is no network between your machine and this world)";
    cp: "kubectl cp";
    debug: "kubectl debug";
    diff: "kubectl diff";
    kustomize: "kustomize";
}
