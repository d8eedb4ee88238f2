//! `kubectl auth`: the person at this console is the cluster's administrator.

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::shell::{Done, Failure, Shell};
use crate::worlds::kubernetes::kinds::Kind;

pub(in super::super) const FLAGS: &[Flag] = &[
    short_flag("all-namespaces", 'A'),
    flag("list"),
    short_flag("quiet", 'q'),
    text("subresource"),
    flag("no-headers"),
    short_text("output", 'o'),
];

pub(in super::super) fn can_i(sh: &mut Shell, args: &Args) -> Done {
    sh.check_up()?;
    if args.on("list") {
        sh.say("Resources   Non-Resource URLs   Resource Names   Verbs\n*.*         []                  []               [*]\n            [*]                 []               [*]");
        return Ok(());
    }
    let [verb, what, ..] = args.words.as_slice() else {
        return Err(Failure::error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let _ = verb;
    let word = what.split('/').next().unwrap_or_default();
    match Kind::from_word(word) {
        Some(k) if !k.info().namespaced => {
            sh.warn(format!(
                "Warning: resource '{}' is not namespace scoped{}",
                k.info().plural,
                if k.info().group.is_empty() { String::new() } else { format!(" in group '{}'", k.info().group) }
            ));
            sh.err.push('\n');
        }
        None if word != "*" && !what.starts_with('/') => {
            sh.warn(format!("Warning: the server doesn't have a resource type '{word}'"));
            sh.err.push('\n');
        }
        _ => {}
    }
    if !args.on("quiet") {
        sh.say("yes");
    }
    Ok(())
}

pub(in super::super) fn whoami(sh: &mut Shell, _: &Args) -> Done {
    sh.check_up()?;
    sh.say("ATTRIBUTE   VALUE\nUsername    kubernetes-admin\nGroups      [kubeadm:cluster-admins system:authenticated]");
    Ok(())
}
