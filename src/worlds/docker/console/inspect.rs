//! `docker inspect`. Source: cli/command/system/inspect.go, cli/command/inspect/inspector.go.

use serde_json::Value;

use crate::worlds::Output;

use super::super::Docker;
use super::super::session::Reply;
use super::super::template::{Template, pretty};
use super::flags::{Flag, switch, value};
use super::{Call, Completes, Verb};

const FORMAT: Flag = value("format", Some('f'), "Format output using a custom template");
const SIZE: Flag = switch("size", Some('s'), "Display total file sizes if the type is container");

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["inspect"]],
        usage: "[OPTIONS] NAME|ID [NAME|ID...]",
        about: "Return low-level information on Docker objects",
        flags: &[FORMAT, SIZE, value("type", None, "Only inspect objects of the given type")],
        args: (1, usize::MAX),
        completes: Completes::Containers,
        run: |c| {
            let wanted = c.flags.get("type").unwrap_or("").to_string();
            if !["", "container", "image", "network", "volume"].contains(&wanted.as_str()) {
                return Reply::fail(format!("unknown type: {wanted:?}"), 1);
            }
            show(c, move |d, host, word| any(d, host, word, &wanted), |_, word| format!("Error: No such object: {word}"))
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["container", "inspect"]],
        usage: "[OPTIONS] CONTAINER [CONTAINER...]",
        about: "Display detailed information on one or more containers",
        flags: &[FORMAT, SIZE],
        args: (1, usize::MAX),
        completes: Completes::Containers,
        run: |c| show(c, |d, h, w| any(d, h, w, "container"), |_, w| format!("Error response from daemon: No such container: {w}")),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["image", "inspect"]],
        usage: "[OPTIONS] IMAGE [IMAGE...]",
        about: "Display detailed information on one or more images",
        flags: &[FORMAT],
        args: (1, usize::MAX),
        completes: Completes::Images,
        run: |c| {
            show(
                c,
                |d, h, w| any(d, h, w, "image"),
                |_, w| {
                    format!(
                        "Error response from daemon: No such image: {}",
                        super::super::images::familiar(&crate::model::ImageRef::new(w))
                    )
                },
            )
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["network", "inspect"]],
        usage: "[OPTIONS] NETWORK [NETWORK...]",
        about: "Display detailed information on one or more networks",
        flags: &[FORMAT, switch("verbose", Some('v'), "Verbose output for diagnostics")],
        args: (1, usize::MAX),
        completes: Completes::Networks,
        run: |c| show(c, |d, h, w| any(d, h, w, "network"), |_, w| format!("Error response from daemon: network {w} not found")),
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["volume", "inspect"]],
        usage: "[OPTIONS] VOLUME [VOLUME...]",
        about: "Display detailed information on one or more volumes",
        flags: &[FORMAT],
        args: (1, usize::MAX),
        completes: Completes::Volumes,
        run: |c| show(c, |d, h, w| any(d, h, w, "volume"), |_, w| format!("Error response from daemon: get {w}: no such volume")),
        ..Verb::DEFAULT
    },
];

/// The object of a name, tried as container, image, volume and network in this order.
fn any(d: &Docker, host: &str, word: &str, kind: &str) -> Option<Value> {
    let wants = |k: &str| kind.is_empty() || kind == k;
    let container = || d.find(host, word).ok().and_then(|cid| d.container(cid)).map(|c| d.inspect_container(c));
    let image = || d.find_image(host, word).map(|i| Docker::inspect_image(&i));
    let volume = || d.engine(host).volumes.get(word).map(Docker::inspect_volume);
    let network = || d.find_network(host, word).ok().map(|n| d.inspect_network(host, n));
    let found = wants("container").then(container).flatten();
    let found = found.or_else(|| wants("image").then(image).flatten());
    let found = found.or_else(|| wants("network").then(network).flatten());
    found.or_else(|| wants("volume").then(volume).flatten())
}

fn show(call: &mut Call, find: impl Fn(&Docker, &str, &str) -> Option<Value>, missing: impl Fn(&Docker, &str) -> String) -> Reply {
    let words = call.args().to_vec();
    let (mut found, mut output) = (Vec::new(), Output::default());
    for word in &words {
        match find(call.d, &call.host, word) {
            Some(v) => found.push(v),
            None => {
                output.stderr.push_str(&format!("{}\n", missing(call.d, word)));
                output.exit = 1;
            }
        }
    }
    let Some(format) = call.flags.get("format") else {
        output.stdout = format!("{}\n", pretty(&Value::Array(found)));
        return Reply::Done(output);
    };
    if format == "json" {
        output.stdout = format!("{}\n", Value::Array(found));
        return Reply::Done(output);
    }
    let template = match Template::parse(&format.replace("\\n", "\n").replace("\\t", "\t")) {
        Ok(t) => t,
        Err(e) => return Reply::fail(format!("template parsing error: template: {e}"), 64),
    };
    for v in &mut found {
        // The typed object behind a template has its optional parts as nil, which the printed JSON leaves out.
        if let Some(state) = v.get_mut("State").and_then(Value::as_object_mut) {
            state.entry("Health").or_insert(Value::Null);
        }
        if let Some(config) = v.get_mut("Config").and_then(Value::as_object_mut).filter(|c| c.contains_key("Hostname")) {
            config.entry("Healthcheck").or_insert(Value::Null);
            config.entry("StopSignal").or_insert_with(|| "".into());
        }
    }
    for v in &found {
        match template.render(v) {
            Ok(text) => output.stdout.push_str(&format!("{text}\n")),
            Err(e) => return Reply::fail(format!("template parsing error: template: :1:2: executing \"\" at <{format}>: {e}"), 1),
        }
    }
    if found.is_empty() {
        output.stdout.push('\n');
    }
    Reply::Done(output)
}
