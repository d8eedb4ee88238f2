//! `kubectl describe`

use super::super::args::{Args, Flag, flag, text};
use super::super::describe::{self, Scene};
use super::super::resource;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[flag("show-events"), text("chunk-size")];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.words.is_empty() && !args.has("filename") {
        return Err(Failure::new(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl describe -h' for help and examples",
        ));
    }
    let mut found = resource::find(sh, args, &args.words)?;
    // A name that does not exist may be the beginning of others.
    if let ([kind, prefix], true) = (args.words.as_slice(), found.items.is_empty() && !found.missing.is_empty())
        && let Ok(kind) = resource::kind_of(sh, kind)
    {
        let namespace = sh.namespace.clone();
        found.items = sh.list(kind, Some(&namespace)).into_iter().filter(|i| i.name().starts_with(prefix.as_str())).collect();
        if !found.items.is_empty() {
            found.missing.clear();
        }
    }
    let texts: Vec<String> = {
        let scene = Scene { events: args.on_by_default("show-events"), ..Scene::new(&sh.world.api, sh.cx.now) };
        found.items.iter().map(|i| describe::describe(&scene, &i.object)).collect()
    };
    sh.out.push_str(&texts.join("\n\n"));
    if found.items.is_empty() && found.missing.is_empty() {
        let line = if args.on("all-namespaces") {
            "No resources found".to_string()
        } else {
            format!("No resources found in {} namespace.", sh.namespace)
        };
        sh.warn(line);
    }
    if found.missing.is_empty() { Ok(()) } else { Err(resource::joined(&found.missing)) }
}
