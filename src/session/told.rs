//! What the journal tells of one world: how often something happened, how long after, how far a field fell, what a command printed.

use serde_json::Value;

use crate::kernel::{Journal, Record, RecordId, SimDuration, SimTime};

/// The journal, of which only one world's records count.
pub struct Told<'a> {
    pub journal: &'a Journal,
    pub world: &'static str,
}

impl Told<'_> {
    fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.journal.records().iter().map(|r| &**r).filter(|r| r.world == self.world)
    }

    /// Records with this reason; an actor is named in full or by its first word (`kubelet` for every node's).
    pub fn happened(&self, reason: &str, actor: Option<&str>) -> usize {
        let Some(actor) = actor else { return self.journal.happened(self.world, reason) };
        let by = |r: &Record| *r.actor == *actor || r.actor.split(' ').next() == Some(actor);
        self.records().filter(|r| r.reason == reason && by(r)).count()
    }

    /// How long after `from` this reason was first recorded.
    pub fn first_after(&self, from: SimTime, reason: &str) -> Option<SimDuration> {
        self.records().find(|r| r.at >= from && r.reason == reason).map(|r| r.at.since(from))
    }

    /// The smallest or largest number a field held from `from` on, the value it had then included. Absent counts as zero; None if the
    /// journal knows no such object.
    pub fn extreme(&self, object: &str, path: &str, from: SimTime, largest: bool) -> Option<i64> {
        let mut held: Option<i64> = None;
        let mut best: Option<i64> = None;
        let better = |a: i64, b: i64| if largest { a.max(b) } else { a.min(b) };
        for r in self.records().filter(|r| r.change.is_some() && names(r, object)) {
            let before = held.unwrap_or(0);
            if r.at >= from && best.is_none() {
                best = Some(before);
            }
            if let Some(value) = value_after(r, path) {
                held = Some(value);
                best = best.map(|b| better(b, value));
            } else if held.is_none() {
                held = Some(0);
            }
        }
        best.or(held)
    }

    /// What commands printed (both streams, without the last line end), and the last exit status: 0 for one that ended without a word.
    pub fn printed(&self, commands: &[RecordId]) -> (String, Option<i64>) {
        let (mut text, mut exit) = (String::new(), (!commands.is_empty()).then_some(0));
        let outputs = self.records().filter(|r| r.reason == "Output" && r.cause.is_some_and(|c| commands.contains(&c)));
        for data in outputs.filter_map(|r| r.data.as_deref()) {
            for stream in ["stdout", "stderr"] {
                text.push_str(data.get(stream).and_then(Value::as_str).unwrap_or_default());
            }
            exit = data.get("exit").and_then(Value::as_i64).or(exit);
        }
        text.truncate(text.trim_end().len());
        (text, exit)
    }
}

/// `deployment/shop`, `deployment/fraud/shop`, and a bare name for what has no kind before it (containers).
fn names(r: &Record, object: &str) -> bool {
    let (kind, rest) = object.split_once('/').unwrap_or(("", object));
    let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
    *r.object.name == *name
        && (kind.is_empty() || r.object.kind.eq_ignore_ascii_case(kind))
        && (namespace.is_empty() || *r.object.namespace == *namespace)
}

/// What a field holds after a change, if the change touched it: itself, or something around it.
fn value_after(r: &Record, path: &str) -> Option<i64> {
    r.fields().iter().find_map(|f| {
        let inner = if f.path == path { Some(&f.to) } else { path.strip_prefix(f.path.as_str()).and_then(|rest| below(&f.to, rest)) };
        inner.map(|v| v.as_i64().unwrap_or(0))
    })
}

/// The value at `.a.b` below a value; absent is null.
fn below<'v>(value: &'v Value, rest: &str) -> Option<&'v Value> {
    let rest = rest.strip_prefix('.')?;
    Some(rest.split('.').try_fold(value, |v, key| v.get(key)).unwrap_or(&Value::Null))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::kernel::journal::{Change, Entry, FieldChange};
    use crate::kernel::{ObjectRef, RecordType};

    #[derive(Debug)]
    struct Set(&'static str, Value);
    impl Change for Set {
        fn fields(&self) -> Vec<FieldChange> {
            vec![FieldChange { path: self.0.into(), from: Value::Null, to: self.1.clone() }]
        }
    }

    fn change(journal: &mut Journal, at: u64, path: &'static str, to: Value) {
        let object = ObjectRef::new("Deployment", "default", "shop");
        let e = Entry::new(RecordType::Change, "kubelet node-1", "MODIFIED", object, "").with_change(Arc::new(Set(path, to)));
        journal.push(SimTime::from_secs(at), "kubernetes", None, e);
    }

    #[test]
    fn how_far_a_field_fell() {
        let mut journal = Journal::default();
        change(&mut journal, 1, "status", json!({"readyReplicas": 2}));
        change(&mut journal, 2, "status.readyReplicas", json!(3));
        change(&mut journal, 10, "status.replicas", json!(4));
        change(&mut journal, 11, "status.readyReplicas", json!(1));
        change(&mut journal, 12, "status.readyReplicas", json!(5));
        let told = Told { journal: &journal, world: "kubernetes" };
        let at = SimTime::from_secs;
        assert_eq!(told.extreme("deployment/shop", "status.readyReplicas", at(5), false), Some(1));
        assert_eq!(told.extreme("deployment/shop", "status.readyReplicas", at(5), true), Some(5));
        assert_eq!(told.extreme("deployment/shop", "status.readyReplicas", at(12), false), Some(1), "the value at that moment counts");
        assert_eq!(told.extreme("deployment/default/shop", "status.readyReplicas", at(50), true), Some(5), "nothing changed since");
        assert_eq!(told.extreme("deployment/web", "status.readyReplicas", at(5), false), None);
        assert_eq!(told.extreme("deployment/other/shop", "status.readyReplicas", at(5), false), None);
        assert_eq!(Told { journal: &journal, world: "docker" }.extreme("shop", "status.readyReplicas", at(5), false), None);
    }

    #[test]
    fn who_did_it_and_when() {
        let mut journal = Journal::default();
        change(&mut journal, 7, "x", json!(1));
        let told = Told { journal: &journal, world: "kubernetes" };
        assert_eq!(told.happened("MODIFIED", None), 1);
        assert_eq!(told.happened("MODIFIED", Some("kubelet")), 1);
        assert_eq!(told.happened("MODIFIED", Some("kubelet node-1")), 1);
        assert_eq!(told.happened("MODIFIED", Some("kubelet node-2")), 0);
        assert_eq!(told.first_after(SimTime::from_secs(5), "MODIFIED"), Some(SimDuration::from_secs(2)));
        assert_eq!(told.first_after(SimTime::from_secs(8), "MODIFIED"), None);
    }

    #[test]
    fn what_was_printed() {
        let mut journal = Journal::default();
        let entry = |actor: &str, reason: &'static str| Entry::new(RecordType::Command, actor, reason, ObjectRef::default(), "");
        let quiet = journal.push(SimTime::ZERO, "docker", None, entry("scenario", "Command"));
        let loud = journal.push(SimTime::ZERO, "docker", None, entry("scenario", "Command"));
        let data = json!({"stdout": "one\n", "stderr": "two\n", "exit": 125});
        journal.push(SimTime::ZERO, "docker", Some(loud), entry("console", "Output").with_data(data));
        let told = Told { journal: &journal, world: "docker" };
        assert_eq!(told.printed(&[loud]), ("one\ntwo".into(), Some(125)));
        assert_eq!(told.printed(&[quiet]), (String::new(), Some(0)));
        assert_eq!(told.printed(&[]), (String::new(), None), "no such command ran");
    }
}
