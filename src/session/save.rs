//! A session as a new scenario file: the scenario it began with, plus what was typed and injected, each at its time.

use std::sync::Arc;

use crate::model::{Fault, FaultTarget};

use super::lab::Lab;
use super::view::SimTime;

/// Something a person did.
pub struct Done {
    pub at: SimTime,
    pub world: &'static str,
    pub what: Deed,
}

pub enum Deed {
    Command(Arc<str>),
    Fault(Arc<Fault>),
}

/// YAML that plays the same session again.
pub fn scenario(lab: &Lab, done: &[Done]) -> String {
    let source = &*lab.scenario.source.text;
    let mut entries = String::new();
    for d in done {
        let at = d.at.since(SimTime::ZERO);
        let entry = match &d.what {
            Deed::Command(line) => format!("run: {{{}: {}}}", d.world, quoted(line)),
            Deed::Fault(f) => fault(d.world, f),
        };
        entries.push_str(&format!("  - {{at: {at}, {entry}}}\n"));
    }
    if entries.is_empty() {
        return source.to_string();
    }
    insert_into_timeline(source, &entries)
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
