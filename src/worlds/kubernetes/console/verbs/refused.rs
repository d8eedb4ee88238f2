//! Verbs that exist in kubectl and have no counterpart in a simulated world: said so, never silently ignored.

use super::super::args::Args;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) fn edit(_: &mut Shell, args: &Args) -> Done {
    let what = if args.words.is_empty() { "TYPE/NAME".to_string() } else { args.words.join("/") };
    Err(Failure::error(format_args!(
        "there is no editor in this world; change the object with: kubectl patch {what} -p '{{\"spec\":{{…}}}}', or kubectl apply -f FILE"
    )))
}

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
