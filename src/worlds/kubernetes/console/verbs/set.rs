//! `kubectl set image|env|resources`

use serde_json::{Map, Value, json};

use super::super::args::{Args, Flag, flag, optional, short_flag, short_text, text};
use super::super::resource;
use super::super::shell::{Done, Failure, Item, Shell, at, at_mut, list_at, plain, pod_spec_path, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    flag("all"),
    short_text("selector", 'l'),
    short_text("filename", 'f'),
    short_flag("recursive", 'R'),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
    flag("record"),
    flag("local"),
];
pub(in super::super) const ENV: &[Flag] = &[
    short_text("containers", 'c'),
    flag("list"),
    flag("overwrite"),
    text("from"),
    short_text("env", 'e'),
    text("prefix"),
    short_flag("resolve", 'x'),
];
pub(in super::super) const RESOURCES: &[Flag] = &[short_text("containers", 'c'), text("limits"), text("requests")];

/// Splits words into resources and what is behind them.
fn split(args: &Args, is_change: impl Fn(&str) -> bool) -> (Vec<String>, Vec<&str>) {
    let (changes, resources): (Vec<&String>, Vec<&String>) = args.words.iter().partition(|w| is_change(w));
    (resources.into_iter().cloned().collect(), changes.into_iter().map(String::as_str).collect())
}

fn targets(sh: &mut Shell, args: &Args, words: &[String]) -> Result<Vec<Item>, Failure> {
    if words.is_empty() && !args.has("filename") {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if !args.has("filename") && !args.on("all") && !args.has("selector") && resource::asks(sh, words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    resource::find(sh, args, words)?.strict()
}

/// Writes a changed object; what did not change is not spoken of.
fn write(sh: &mut Shell, args: &Args, item: &Item, value: &Value, done: &str, why: &str) -> Done {
    if args.get("dry-run").is_some_and(|d| d != "none") {
        if *value != item.json {
            sh.say(format!("{} {done} (dry run)", item.title()));
        }
        return Ok(());
    }
    let (_, changed) = sh.replace(value, why)?;
    if changed {
        sh.say(format!("{} {done}", item.title()));
    }
    Ok(())
}

fn containers_mut<'v>(item: &Item, value: &'v mut Value, list: &str) -> &'v mut [Value] {
    let spec = at_mut(value, pod_spec_path(item.kind).unwrap_or("spec"));
    spec.get_mut(list).and_then(Value::as_array_mut).map_or(&mut [], |l| l.as_mut_slice())
}

pub(in super::super) fn image(sh: &mut Shell, args: &Args) -> Done {
    let (words, changes) = super::annotate::resources_and_pairs(&args.words, "image")?;
    if words.is_empty() && !args.has("filename") {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if changes.is_empty() {
        return Err(Failure::error("at least one image update is required"));
    }
    if changes.len() > 1 && changes.iter().any(|c| c.starts_with("*=")) {
        return Err(Failure::error(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    for item in &targets(sh, args, &words)? {
        if pod_spec_path(item.kind).is_none() {
            // The message ends with a line end of its own.
            let i = item.kind.info();
            sh.complain(&Failure::error(format_args!(
                "{}/{} the object is not a pod or does not have a pod template: *{}.{}\n",
                i.plural,
                item.name(),
                i.version,
                i.kind
            )));
            continue;
        }
        let mut value = item.json.clone();
        let mut lines = Vec::new();
        let mut missing = Vec::new();
        for change in &changes {
            let (name, image) = change.split_once('=').unwrap_or((change, ""));
            let mut found = false;
            for list in ["initContainers", "containers"] {
                for c in containers_mut(item, &mut value, list) {
                    if name == "*" || text_at(c, "name") == name {
                        found = true;
                        let was = text_at(c, "image").to_string();
                        if was != image {
                            lines.push(format!("{} {was} → {image}", text_at(c, "name")));
                        }
                        c["image"] = image.into();
                    }
                }
            }
            if !found {
                missing.push(Failure::error(format_args!("unable to find container named \"{name}\"")));
            }
        }
        // What was found is changed all the same.
        write(sh, args, item, &value, "image updated", &format!("kubectl set image: {}", lines.join(", ")))?;
        for f in &missing {
            sh.complain(f);
        }
    }
    Ok(())
}

pub(in super::super) fn env(sh: &mut Shell, args: &Args) -> Done {
    let is_change = |w: &str| w.contains('=') || (w.ends_with('-') && !w.contains('/'));
    let (words, mut changes) = split(args, is_change);
    changes.extend(args.all("env"));
    let items = targets(sh, args, &words)?;
    if args.has("from") {
        return from(sh, args, &items);
    }
    if args.on("list") {
        for item in &items {
            for c in list_at(at(&item.json, pod_spec_path(item.kind).unwrap_or("spec")), "containers") {
                sh.say(format!(
                    "# {}, container {}",
                    item.title().replacen(&format!(".{}", item.kind.info().group), "s", 1),
                    text_at(c, "name")
                ));
                for e in list_at(c, "env") {
                    sh.say(format!("{}={}", text_at(e, "name"), plain(&e["value"])));
                }
            }
        }
        return Ok(());
    }
    if changes.is_empty() {
        return Err(Failure::error("at least one environment variable must be provided"));
    }
    let wanted = args.get("containers").unwrap_or("*");
    for item in &items {
        let mut value = item.json.clone();
        for c in containers_mut(item, &mut value, "containers").iter_mut().filter(|c| wanted == "*" || text_at(c, "name") == wanted) {
            let mut list = list_at(c, "env").to_vec();
            for change in &changes {
                match change.split_once('=') {
                    Some((name, text)) => {
                        let entry = json!({"name": name, "value": text});
                        match list.iter_mut().find(|e| e["name"] == name) {
                            Some(e) => *e = entry,
                            None => list.push(entry),
                        }
                    }
                    None => list.retain(|e| text_at(e, "name") != change.trim_end_matches('-')),
                }
            }
            match (list.is_empty(), c.as_object_mut()) {
                (true, Some(m)) => drop(m.shift_remove("env")),
                _ => c["env"] = list.into(),
            }
        }
        write(sh, args, item, &value, "env updated", &format!("kubectl set env: {}", changes.join(" ")))?;
    }
    Ok(())
}

/// `--from=configmap/x`: each key becomes a variable.
fn from(sh: &mut Shell, args: &Args, items: &[Item]) -> Done {
    let word = args.get("from").unwrap_or_default().to_string();
    let source = resource::find(sh, &Args::default(), std::slice::from_ref(&word))?.strict()?;
    let Some(source) = source.first() else { return Err(resource::nothing_given()) };
    let reference = match source.kind {
        crate::worlds::kubernetes::kinds::Kind::ConfigMap => "configMapKeyRef",
        crate::worlds::kubernetes::kinds::Kind::Secret => "secretKeyRef",
        _ => return Err(Failure::error(format_args!("unsupported resource specified in --from"))),
    };
    let prefix = args.get("prefix").unwrap_or_default();
    for item in items {
        let mut value = item.json.clone();
        for c in containers_mut(item, &mut value, "containers") {
            let mut list = list_at(c, "env").to_vec();
            let mut keys: Vec<&String> = source.json["data"].as_object().into_iter().flatten().map(|(k, _)| k).collect();
            keys.sort();
            for key in keys {
                let name: String = format!("{prefix}{key}")
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                    .collect();
                let mut from = Map::new();
                from.insert(reference.into(), json!({"name": source.name(), "key": key}));
                list.retain(|e| text_at(e, "name") != name);
                list.push(json!({"name": name, "valueFrom": from}));
            }
            c["env"] = list.into();
        }
        write(sh, args, item, &value, "env updated", &format!("kubectl set env --from={word}"))?;
    }
    Ok(())
}

pub(in super::super) fn resources(sh: &mut Shell, args: &Args) -> Done {
    let items = targets(sh, args, &args.words)?;
    if !args.has("limits") && !args.has("requests") {
        return Err(Failure::error("you must specify an update to requests or limits (in the form of --requests/--limits)"));
    }
    let wanted = args.get("containers").unwrap_or("*");
    for item in &items {
        let mut value = item.json.clone();
        let mut any = false;
        for c in containers_mut(item, &mut value, "containers").iter_mut().filter(|c| wanted == "*" || text_at(c, "name") == wanted) {
            any = true;
            for field in ["limits", "requests"] {
                for pair in args.get(field).unwrap_or_default().split(',').filter(|p| !p.is_empty()) {
                    let Some((name, quantity)) = pair.split_once('=') else {
                        return Err(Failure::error(format_args!("invalid argument syntax {pair}, expected <resource>=<value>")));
                    };
                    crate::model::quantity::parse_milli(quantity).map_err(|_| {
                        Failure::error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
                    })?;
                    at_mut(&mut *c, &format!("resources.{field}"))[name] = quantity.into();
                }
            }
        }
        if !any {
            return Err(Failure::error(format_args!("unable to find container named {wanted}")));
        }
        write(sh, args, item, &value, "resource requirements updated", "kubectl set resources")?;
    }
    Ok(())
}
