//! `kubectl run`: one pod.

use serde_json::{Map, Value, json};

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::shell::{Done, Failure, Shell};
use super::create;

pub(in super::super) const FLAGS: &[Flag] = &[
    text("image"),
    text("image-pull-policy"),
    text("port"),
    text("env"),
    short_text("labels", 'l'),
    text("annotations"),
    text("restart"),
    text("overrides"),
    flag("command"),
    flag("expose"),
    flag("rm"),
    short_flag("stdin", 'i'),
    short_flag("tty", 't'),
    flag("attach"),
    flag("privileged"),
    short_flag("quiet", 'q'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    flag("save-config"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let Some(name) = args.words.first() else {
        return Err(Failure::error("NAME is required for run\nSee 'kubectl run -h' for help and examples"));
    };
    let Some(image) = args.get("image") else { return Err(Failure::error("required flag(s) \"image\" not set")) };
    for f in ["rm", "attach", "stdin", "tty", "expose", "privileged"] {
        if args.on(f) {
            return Err(Failure::not_simulated(&format!("kubectl run --{f}")));
        }
    }
    if args.has("overrides") {
        return Err(Failure::not_simulated("kubectl run --overrides"));
    }
    if image.is_empty() || image.contains(char::is_whitespace) {
        return Err(Failure::error(format_args!("Invalid image name \"{image}\": invalid reference format")));
    }
    let mut c = Map::new();
    // What stands behind the name or behind `--` are the program's arguments, or its command with --command.
    let rest: Vec<&String> = args.words[1..].iter().collect();
    if !rest.is_empty() {
        c.insert(if args.on("command") { "command" } else { "args" }.into(), json!(rest));
    }
    let env: Vec<Value> = args.all("env").iter().filter_map(|e| e.split_once('=')).map(|(k, v)| json!({"name": k, "value": v})).collect();
    if !env.is_empty() {
        c.insert("env".into(), env.into());
    }
    c.insert("image".into(), image.into());
    if let Some(p) = args.get("image-pull-policy") {
        c.insert("imagePullPolicy".into(), p.into());
    }
    c.insert("name".into(), name.as_str().into());
    if let Some(p) = args.int("port") {
        c.insert("ports".into(), json!([{"containerPort": p}]));
    }
    c.insert("resources".into(), json!({}));
    let labels = match args.get("labels") {
        Some(l) => {
            l.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_string(), Value::from(v))).collect::<Map<_, _>>().into()
        }
        None => json!({"run": name}),
    };
    let restart = args.get("restart").unwrap_or("Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(Failure::error(format_args!("invalid restart policy: {restart}\nSee 'kubectl run -h' for help and examples")));
    }
    let mut metadata = create::metadata(sh, name, Some(labels));
    let notes: Map<String, Value> =
        args.all("annotations").iter().filter_map(|a| a.split_once('=')).map(|(k, v)| (k.to_string(), v.into())).collect();
    if !notes.is_empty() {
        metadata["annotations"] = notes.into();
    }
    let value = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": [c], "dnsPolicy": "ClusterFirst", "restartPolicy": restart}, "status": {},
    });
    create::made(sh, args, Kind::Pod, value, &|e| e.into())
}
