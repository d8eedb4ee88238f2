//! `kubectl replace`

use crate::worlds::kubernetes::DeleteOptions;
use crate::worlds::kubernetes::api::meta::Key;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::resource::{self, Doc};
use super::super::shell::{Done, Failure, Shell, server_error, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("filename", 'f'),
    short_text("kustomize", 'k'),
    short_flag("recursive", 'R'),
    flag("force"),
    text("grace-period"),
    text("timeout"),
    flag("save-config"),
    optional("validate", "strict"),
    optional("cascade", "background"),
    optional("dry-run", "unchanged"),
    short_text("output", 'o'),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.has("kustomize") {
        return Err(Failure::not_simulated("kustomize (-k)"));
    }
    if !args.has("filename") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    for doc in resource::documents(sh, args)? {
        if let Err(f) = one(sh, args, &doc) {
            sh.complain(&f);
        }
    }
    Ok(())
}

fn one(sh: &mut Shell, args: &Args, doc: &Doc) -> Done {
    let name = text_at(&doc.value, "metadata.name").to_string();
    let key = Key::new(text_at(&doc.value, "metadata.namespace"), name.as_str());
    let title = format!("{}/{name}", doc.kind.info().singular_resource());
    let unknown_fields = resource::validation(args)?;
    let why = format!("kubectl replace -f {}", doc.file);
    let dry = args.get("dry-run").is_some_and(|d| d != "none");
    if args.on("force") {
        if dry {
            return Err(Failure::error("--dry-run can not be used when --force is set"));
        }
        if sh.find(doc.kind, &key).is_some() {
            let options =
                DeleteOptions { grace_s: Some(args.int("grace-period").filter(|g| *g >= 0).unwrap_or(0)), ..DeleteOptions::default() };
            sh.delete(doc.kind, &key, options, &why)?;
            sh.say(format!("{} \"{name}\" deleted", doc.kind.info().singular_resource()));
        }
        sh.create(&doc.value, unknown_fields, &why, false)
            .map_err(|e| Failure::new(server_error(&e, &format!("error when creating \"{}\": ", doc.file))))?;
        sh.say(format!("{title} replaced"));
        return Ok(());
    }
    sh.put(&doc.value, unknown_fields, &why, dry)
        .map_err(|e| Failure::new(server_error(&e, &format!("error when replacing \"{}\": ", doc.file))))?;
    sh.say(format!("{title} replaced{}", if dry { " (dry run)" } else { "" }));
    Ok(())
}
