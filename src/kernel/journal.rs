//! The journal: the ordered record of everything that happened, each record with the record that caused it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::time::SimTime;

/// The number of a record; numbers rise by one from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RecordId(pub u64);

/// What sort of thing a record tells (design: journal line, `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordType {
    /// An object or a container changed; the changed fields are in `change`.
    Change,
    /// A Kubernetes Event or a Docker event with its real reason or action.
    Event,
    /// A fault began or ended.
    Fault,
    /// Somebody typed a command.
    Command,
    /// A scheduler, an autoscaler or a person decided something.
    Decision,
    /// Narration and questions.
    Story,
    /// A request stream began or ceased to fail.
    Traffic,
}

/// Names an object of a world: `Pod default/web-1`, `container shop-1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectRef {
    pub kind: Cow<'static, str>,
    /// Kubernetes' namespace or Docker's host; empty where there is none.
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

impl ObjectRef {
    pub fn new(kind: impl Into<Cow<'static, str>>, namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// One field that differs: path, before, after. `Null` stands for absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    pub path: String,
    pub from: Value,
    pub to: Value,
}

/// What changed. Kept as the two versions of the object (cheap shared pointers); the field list is made only when somebody reads it.
pub trait Change: fmt::Debug + Send + Sync {
    /// The changed leaf fields, in the object's field order.
    fn fields(&self) -> Vec<FieldChange>;
}

/// More that tools want of a record. What takes work to write out is written out when somebody first reads it.
#[derive(Debug, Default)]
pub struct Data {
    value: OnceLock<Value>,
    later: Option<Arc<dyn Detail>>,
}

/// What a record's data can be made from.
pub trait Detail: fmt::Debug + Send + Sync {
    fn value(&self) -> Value;
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self { value: OnceLock::from(value), later: None }
    }
}

impl Deref for Data {
    type Target = Value;
    fn deref(&self) -> &Value {
        self.value.get_or_init(|| self.later.as_ref().map_or(Value::Null, |l| l.value()))
    }
}

/// One line of the journal.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: RecordId,
    pub at: SimTime,
    /// The world it happened in; `lab` for what is outside them (faults, story).
    pub world: &'static str,
    /// The component or person that did it: `kubelet node-1`, `deployment-controller`, `you`.
    pub actor: Arc<str>,
    pub kind: RecordType,
    /// A short CamelCase word, or the engine's action.
    pub reason: Cow<'static, str>,
    pub object: ObjectRef,
    /// A sentence for people.
    pub message: Arc<str>,
    pub change: Option<Arc<dyn Change>>,
    /// More that tools want: a command's output, a decision's numbers, an event's count.
    pub data: Option<Arc<Data>>,
    pub cause: Option<RecordId>,
}

impl Record {
    /// The changed fields, empty if this record is no change.
    pub fn fields(&self) -> Vec<FieldChange> {
        self.change.as_ref().map(|c| c.fields()).unwrap_or_default()
    }

    /// The record as one JSON line, without the line end. Key order is part of the format.
    pub fn to_json(&self) -> String {
        let mut line = Vec::new();
        self.write_json(&mut line);
        String::from_utf8(line).expect("JSON is written as UTF-8")
    }

    /// Appends that line to a buffer.
    pub fn write_json(&self, to: &mut Vec<u8>) {
        serde_json::to_writer(to, self).expect("serialising strings, numbers and JSON values with text keys cannot fail");
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut m = s.serialize_map(None)?;
        m.serialize_entry("id", &self.id)?;
        m.serialize_entry("t", &self.at)?;
        m.serialize_entry("world", self.world)?;
        m.serialize_entry("actor", &*self.actor)?;
        m.serialize_entry("type", &self.kind)?;
        m.serialize_entry("reason", &self.reason)?;
        m.serialize_entry("object", &self.object)?;
        m.serialize_entry("message", &*self.message)?;
        m.serialize_entry("change", &self.fields())?;
        if let Some(data) = &self.data {
            m.serialize_entry("data", &***data)?;
        }
        m.serialize_entry("cause", &self.cause)?;
        m.end()
    }
}

/// What a writer says; the journal adds number, time, world and cause.
#[derive(Clone, Debug)]
pub struct Entry {
    pub actor: Arc<str>,
    pub kind: RecordType,
    pub reason: Cow<'static, str>,
    pub object: ObjectRef,
    pub message: Arc<str>,
    pub change: Option<Arc<dyn Change>>,
    pub data: Option<Arc<Data>>,
}

impl Entry {
    pub fn new(
        kind: RecordType,
        actor: impl Into<Arc<str>>,
        reason: impl Into<Cow<'static, str>>,
        object: ObjectRef,
        message: impl Into<Arc<str>>,
    ) -> Self {
        Self { actor: actor.into(), kind, reason: reason.into(), object, message: message.into(), change: None, data: None }
    }
    pub fn with_change(mut self, change: Arc<dyn Change>) -> Self {
        self.change = Some(change);
        self
    }
    pub fn with_data(self, data: Value) -> Self {
        self.with_shared_data(Arc::new(data.into()))
    }
    pub fn with_shared_data(mut self, data: Arc<Data>) -> Self {
        self.data = Some(data);
        self
    }
    pub fn with_detail(self, detail: Arc<dyn Detail>) -> Self {
        self.with_shared_data(Arc::new(Data { value: OnceLock::new(), later: Some(detail) }))
    }
}

/// The append-only record of a lab. Going back in time truncates it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    records: Vec<Arc<Record>>,
    /// How often each reason was given in each world.
    reasons: BTreeMap<Cow<'static, str>, BTreeMap<&'static str, usize>>,
    /// Where commands and faults are among the records.
    deeds: Vec<usize>,
}

impl Journal {
    pub fn push(&mut self, at: SimTime, world: &'static str, cause: Option<RecordId>, e: Entry) -> RecordId {
        let id = RecordId(self.records.len() as u64 + 1);
        debug_assert!(cause.is_none_or(|c| c < id), "a cause lies before its effect");
        let Entry { actor, kind, reason, object, message, change, data } = e;
        self.count(&reason, world, kind);
        self.records.push(Arc::new(Record { id, at, world, actor, kind, reason, object, message, change, data, cause }));
        id
    }

    pub fn records(&self) -> &[Arc<Record>] {
        &self.records
    }
    pub fn get(&self, id: RecordId) -> Option<&Arc<Record>> {
        self.records.get((id.0 as usize).checked_sub(1)?)
    }
    pub fn len(&self) -> usize {
        self.records.len()
    }
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
    /// A record is about to be appended.
    fn count(&mut self, reason: &str, world: &'static str, kind: RecordType) {
        match self.reasons.get_mut(reason) {
            Some(worlds) => *worlds.entry(world).or_default() += 1,
            None => {
                self.reasons.insert(reason.to_owned().into(), BTreeMap::from([(world, 1)]));
            }
        }
        if matches!(kind, RecordType::Command | RecordType::Fault) {
            self.deeds.push(self.records.len());
        }
    }
    /// How many records of a world give this reason.
    pub fn happened(&self, world: &str, reason: &str) -> usize {
        self.reasons.get(reason).and_then(|worlds| worlds.get(world)).copied().unwrap_or(0)
    }
    /// All commands and faults, in order.
    pub fn deeds(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.deeds.iter().map(|i| &self.records[*i])
    }
    /// Forgets every record after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        for gone in self.records.get(len..).unwrap_or_default() {
            if let Some(n) = self.reasons.get_mut(&gone.reason).and_then(|worlds| worlds.get_mut(gone.world)) {
                *n = n.saturating_sub(1);
            }
        }
        self.records.truncate(len);
        self.deeds.truncate(self.deeds.partition_point(|i| *i < len));
    }
    /// Drops what changed and what tools want to know of records that nobody will look at again; the sentences and causes stay.
    pub fn forget_details(&mut self, of: std::ops::Range<usize>, unwanted: impl Fn(&Record) -> bool) {
        for record in self.records.get_mut(of).unwrap_or_default() {
            if let Some(r) = Arc::get_mut(record).filter(|r| unwanted(r)) {
                (r.change, r.data) = (None, None);
            }
        }
    }
    /// Takes over records that were written elsewhere, their numbers going on from the last one here.
    pub fn extend(&mut self, records: &[Arc<Record>]) {
        debug_assert!(records.first().is_none_or(|r| r.id.0 == self.records.len() as u64 + 1), "numbers have no gaps");
        for r in records {
            self.count(&r.reason, r.world, r.kind);
            self.records.push(r.clone());
        }
    }
    /// The chain of causes from `id` back to its root, the record itself first.
    pub fn causes(&self, id: RecordId) -> Vec<Arc<Record>> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(record) = next.and_then(|id| self.get(id)) {
            chain.push(record.clone());
            next = record.cause;
        }
        chain
    }
}

/// What a world is handed while it acts: the time, the journal, and the record that led here.
pub struct Cx<'a> {
    pub now: SimTime,
    pub world: &'static str,
    pub journal: &'a mut Journal,
    pub cause: Option<RecordId>,
}

impl Cx<'_> {
    /// Writes a record caused by what is being handled.
    pub fn record(&mut self, entry: Entry) -> RecordId {
        self.journal.push(self.now, self.world, self.cause, entry)
    }
    /// Writes a record and makes it the cause of what follows in this handling.
    pub fn record_as_cause(&mut self, entry: Entry) -> RecordId {
        let id = self.record(entry);
        self.cause = Some(id);
        id
    }
    /// The same context with another cause.
    pub fn because(&mut self, cause: Option<RecordId>) -> Cx<'_> {
        Cx { now: self.now, world: self.world, journal: self.journal, cause }
    }
}

/// The leaf fields in which two JSON values differ, with dotted paths (`status.conditions[2].status`).
pub fn diff_json(from: Value, to: Value) -> Vec<FieldChange> {
    let mut out = Vec::new();
    walk(&mut String::new(), from, to, &mut out);
    out
}

fn walk(path: &mut String, from: Value, to: Value, out: &mut Vec<FieldChange>) {
    match (from, to) {
        (a, b) if a == b => {}
        (Value::Object(a), Value::Object(mut b)) => {
            for (k, v) in a {
                let other = b.get_mut(&k).map_or(Value::Null, Value::take);
                child(path, &dotted(path, &k), v, other, out);
            }
            // What was looked at is null by now, and what was null to begin with is no change.
            for (k, v) in b.into_iter().filter(|(_, v)| !v.is_null()) {
                child(path, &dotted(path, &k), Value::Null, v, out);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let n = a.len().max(b.len());
            let (mut a, mut b) = (a.into_iter(), b.into_iter());
            for i in 0..n {
                child(path, &format!("[{i}]"), a.next().unwrap_or_default(), b.next().unwrap_or_default(), out);
            }
        }
        (from, to) => out.push(FieldChange { path: path.clone(), from, to }),
    }
}

fn child(path: &mut String, step: &str, from: Value, to: Value, out: &mut Vec<FieldChange>) {
    let len = path.len();
    path.push_str(step);
    walk(path, from, to, out);
    path.truncate(len);
}

/// Keys with dots (annotations) are quoted in brackets, as JSONPath does.
fn dotted(path: &str, key: &str) -> String {
    if key.contains('.') || key.contains('/') {
        format!("['{key}']")
    } else if path.is_empty() {
        key.to_string()
    } else {
        format!(".{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn causes_lead_to_the_root() {
        let mut j = Journal::default();
        let e = |r: &'static str| Entry::new(RecordType::Event, "a", r, ObjectRef::new("Pod", "n", "p"), "m");
        let one = j.push(SimTime::ZERO, "w", None, e("one"));
        let two = j.push(SimTime::ZERO, "w", Some(one), e("two"));
        j.push(SimTime::ZERO, "w", None, e("other"));
        let chain: Vec<_> = j.causes(two).iter().map(|r| r.reason.to_string()).collect();
        assert_eq!(chain, ["two", "one"]);
    }

    #[test]
    fn counts_follow_the_records() {
        let mut j = Journal::default();
        for n in 0..10 {
            let (kind, reason) = if n % 3 == 0 { (RecordType::Command, "Run") } else { (RecordType::Event, "Seen") };
            j.push(SimTime::ZERO, if n < 5 { "a" } else { "b" }, None, Entry::new(kind, "you", reason, ObjectRef::default(), "m"));
        }
        assert_eq!([j.happened("a", "Seen"), j.happened("b", "Seen"), j.happened("a", "Nothing")], [3, 3, 0]);
        assert_eq!(j.deeds().map(|r| r.id.0).collect::<Vec<_>>(), [1, 4, 7, 10]);
        let mut copy = Journal::default();
        copy.extend(&j.records()[..7]);
        j.truncate(7);
        for j in [&j, &copy] {
            assert_eq!([j.happened("a", "Seen"), j.happened("b", "Seen"), j.happened("b", "Run")], [3, 1, 1]);
            assert_eq!(j.deeds().count(), 3);
        }
        drop(copy);
        j.forget_details(0..7, |r| r.kind == RecordType::Event);
        assert_eq!(j.len(), 7);
    }

    #[test]
    fn diff_names_leaves() {
        let d = diff_json(json!({"a": {"b": 1, "x.y/z": 1}, "l": [1, 2]}), json!({"a": {"b": 2, "x.y/z": 1}, "l": [1, 2, {"c": 3}]}));
        let paths: Vec<_> = d.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["a.b", "l[2]"]);
        assert_eq!(d[0].from, json!(1));
    }
}
