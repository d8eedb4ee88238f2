//! `kubectl config`: one context; its namespace can be changed.

use super::super::args::{Args, Flag, flag, short_text};
use super::super::print::tabs;
use super::super::shell::{Done, Failure, Shell};
use crate::worlds::kubernetes::api::SERVER;

pub(in super::super) const FLAGS: &[Flag] = &[flag("current"), short_text("output", 'o'), flag("no-headers"), flag("minify"), flag("raw")];

/// The names kubeadm writes into admin.conf.
pub(in super::super) const CONTEXT: &str = "kubernetes-admin@kubernetes";
const CLUSTER: &str = "kubernetes";
const USER: &str = "kubernetes-admin";

pub(in super::super) fn get_contexts(sh: &mut Shell, args: &Args) -> Done {
    if args.get("output") == Some("name") {
        sh.say(CONTEXT);
        return Ok(());
    }
    let namespace = &sh.world.console.namespace;
    let shown = if &**namespace == "default" { "" } else { namespace };
    let header = if args.on("no-headers") { "" } else { "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n" };
    let text = tabs::layout(&format!("{header}*\t{CONTEXT}\t{CLUSTER}\t{USER}\t{shown}\n"), tabs::GET);
    sh.out.push_str(&text);
    Ok(())
}

pub(in super::super) fn current_context(sh: &mut Shell, _: &Args) -> Done {
    sh.say(CONTEXT);
    Ok(())
}

pub(in super::super) fn set_context(sh: &mut Shell, args: &Args) -> Done {
    let name = args.words.first().map(String::as_str);
    if name.is_none() && !args.on("current") {
        return Err(Failure::error("you must specify a non-empty context name or --current"));
    }
    if let Some(other) = name.filter(|n| *n != CONTEXT) {
        return Err(Failure::not_simulated(&format!("a second context (\"{other}\")")));
    }
    if let Some(ns) = args.get("namespace") {
        sh.world.console.namespace = ns.into();
    }
    sh.say(format!("Context \"{CONTEXT}\" modified."));
    Ok(())
}

pub(in super::super) fn use_context(sh: &mut Shell, args: &Args) -> Done {
    match args.words.first().map(String::as_str) {
        Some(CONTEXT) => {
            sh.say(format!("Switched to context \"{CONTEXT}\"."));
            Ok(())
        }
        Some(other) => Err(Failure::error(format_args!("no context exists with the name: \"{other}\""))),
        None => Err(Failure::error("accepts 1 arg(s), received 0")),
    }
}

pub(in super::super) fn view(sh: &mut Shell, _: &Args) -> Done {
    let namespace = match &*sh.world.console.namespace {
        "default" => String::new(),
        ns => format!("    namespace: {ns}\n"),
    };
    sh.out.push_str(&format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: DATA+OMITTED\n    server: https://{SERVER}\n  name: {CLUSTER}\ncontexts:\n- context:\n    cluster: {CLUSTER}\n{namespace}    user: {USER}\n  name: {CONTEXT}\ncurrent-context: {CONTEXT}\nkind: Config\npreferences: {{}}\nusers:\n- name: {USER}\n  user:\n    client-certificate-data: DATA+OMITTED\n    client-key-data: DATA+OMITTED\n"
    ));
    Ok(())
}
