//! A session as a new scenario file: the scenario it began with, plus what was typed and injected, each at its time.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fault, FaultTarget};
use crate::worlds::Files as _;

use super::Named;
use super::deeds::Input;
use super::lab::Lab;
use super::view::SimTime;

/// Files that one saved session may have beside it.
const SIDE_FILES_MOST: usize = 1_000;
/// What Compose reads beside its file although nobody names it.
const COMPOSE_READS: [&str; 5] =
    [".env", "compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"];

/// YAML that plays the same session again. `inputs`: the step before which it happened, when, what.
pub fn scenario(lab: &Lab, inputs: &[(u64, SimTime, Input)]) -> String {
    let source = &*lab.scenario.source.text;
    let mut entries = String::new();
    for (_, at, input) in inputs {
        entries.push_str(&format!("  - {{at: {}, {}}}\n", at.since(SimTime::ZERO), entry(lab, input)));
    }
    if entries.is_empty() {
        return source.to_string();
    }
    insert_into_timeline(source, &entries)
}

/// The files of the scenario's folder that its text, its commands or these files themselves name, with their bytes; sorted by path.
pub fn side_files(lab: &Lab, inputs: &[(u64, SimTime, Input)]) -> Vec<(String, Vec<u8>)> {
    let folder = &lab.scenario.files;
    let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut texts: Vec<(String, String)> = vec![(String::new(), lab.scenario.source.text.to_string())];
    texts.extend(
        inputs
            .iter()
            .filter_map(|(_, _, i)| if let Input::Command { line, .. } = i { Some((String::new(), line.to_string())) } else { None }),
    );
    while let Some((beside, text)) = texts.pop() {
        // Compose looks for these without being told.
        let unasked = if beside.is_empty() { &[][..] } else { &COMPOSE_READS[..] };
        let words: BTreeSet<&str> =
            text.split(|c: char| c.is_whitespace() || "\"'{}[](),;=`".contains(c)).chain(unasked.iter().copied()).collect();
        for word in words {
            for path in [Some(word.to_string()), (!beside.is_empty()).then(|| format!("{beside}/{word}"))].into_iter().flatten() {
                let Some(path) = tidy(&path).filter(|p| !found.contains_key(p)) else { continue };
                // The name of another scenario (`needs: [node-down]`) does not mean its folder.
                let another = *path != *lab.scenario.name && folder.bytes(&format!("{path}.yaml")).is_ok();
                let listed = folder.list(&path, false).ok().flatten().filter(|_| !another).unwrap_or_else(|| vec![path]);
                for path in listed {
                    if found.len() < SIDE_FILES_MOST
                        && !found.contains_key(&path)
                        && let Ok(bytes) = folder.bytes(&path)
                    {
                        let parent = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                        texts.push((parent.to_string(), String::from_utf8_lossy(&bytes).into_owned()));
                        found.insert(path, bytes);
                    }
                }
            }
        }
    }
    found.into_iter().collect()
}

/// A path without `.`; None for what is none, or leads out of the folder.
fn tidy(path: &str) -> Option<String> {
    let path = path.trim_end_matches(':');
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    let sound = !path.starts_with('/') && path.len() < 300 && !parts.contains(&"..") && !parts.is_empty();
    sound.then(|| parts.join("/"))
}

fn entry(lab: &Lab, input: &Input) -> String {
    let world = |n: usize| lab.slots[n].world.name();
    match input {
        Input::Command { world: w, line } => format!("run: {{{}: {}}}, by: you", world(*w), quoted(line)),
        Input::Inject { world: w, fault: f } => format!("{}, by: you", fault(world(*w), f)),
        Input::Interrupt => "did: {interrupt: true}".into(),
        Input::Hint => "did: {hint: true}".into(),
        Input::Cause(Named::Choice(n)) => format!("did: {{cause: {n}}}"),
        Input::Cause(Named::Fault(f)) => format!("did: {{cause: {{kind: {}, on: {}}}}}", f.word, quoted(&f.target)),
        Input::Answer { question, choice: Some(n) } => format!("did: {{answer: {{{question}: {n}}}}}"),
        Input::Answer { question, choice: None } => format!("did: {{skip: {question}}}"),
        Input::Look { world: w, object } => {
            let (kind, name) = (quoted(&object.kind), quoted(&object.name));
            let place = if object.namespace.is_empty() { String::new() } else { format!(", in: {}", quoted(&object.namespace)) };
            format!("did: {{look: {{world: {}, kind: {kind}{place}, name: {name}}}}}", world(*w))
        }
    }
}

fn fault(world: &str, f: &Fault) -> String {
    let on = match &f.target {
        FaultTarget::World => String::new(),
        FaultTarget::Host(n) | FaultTarget::Zone(n) | FaultTarget::Image(n) | FaultTarget::Traffic(n) => n.to_string(),
        FaultTarget::Copies { of, .. } => of.to_string(),
        FaultTarget::Component(c) => c.word().to_string(),
    };
    let on = format!("{{{world}: {}}}", quoted(&on));
    let lasts = f.lasts.map(|d| format!(", for: {d}")).unwrap_or_default();
    let on = if matches!(f.target, FaultTarget::World) { String::new() } else { format!(", on: {on}") };
    format!("fault: {{kind: {}{on}{}{lasts}}}", f.kind.word(), f.kind.parameters())
}

/// Puts entries at the end of the `timeline:` list of a scenario's text, keeping its comments and order.
fn insert_into_timeline(source: &str, entries: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let Some(start) = lines.iter().position(|l| l.starts_with("timeline:")) else {
        return format!("{}\ntimeline:\n{entries}", source.trim_end());
    };
    let end = lines[start + 1..].iter().position(|l| l.starts_with(|c: char| c.is_alphabetic())).map_or(lines.len(), |n| start + 1 + n);
    let mut out = lines[..end].join("\n");
    out = out.trim_end().to_string();
    out.push('\n');
    out.push_str(entries);
    if end < lines.len() {
        out.push('\n');
        out.push_str(&lines[end..].join("\n"));
        out.push('\n');
    }
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_to_the_end_of_the_timeline() {
        let out = insert_into_timeline("a: 1\ntimeline:\n  - {at: 1m, say: hi}\n\nexpect: []\n", "  - {at: 2m}\n");
        assert_eq!(out, "a: 1\ntimeline:\n  - {at: 1m, say: hi}\n  - {at: 2m}\n\nexpect: []\n");
        assert_eq!(insert_into_timeline("a: 1\n", "  - {at: 2m}\n"), "a: 1\ntimeline:\n  - {at: 2m}\n");
    }
}
