//! One journal pane: which records it shows, which one is selected, whether it follows the newest.

use std::cell::Cell;
use std::sync::Arc;

use crate::session::view::{Record, RecordId, RecordType};

use super::message::Message;

/// Events that say nothing that a line beside them does not say as well; shown together with changes.
const QUIET: &[&str] = &[
    "Starting",
    "NodeHasSufficientMemory",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientPID",
    "NodeAllocatableEnforced",
    "RegisteredNode",
    // The scheduler's decision stands above it.
    "Scheduled",
    // The container's change to running stands below them.
    "Created",
    "Started",
    // A container joins and leaves its network with each start and end.
    "connect",
    "disconnect",
];

/// Changes that are steps of the story: who wrote (or whose name it begins with), to what kind, and words that make it a mere formality.
const STEPS: &[(&str, &str, &[&str])] = &[
    ("kubelet", "Pod", &["ContainerCreating", "PodInitializing"]),
    ("node-controller", "Node", &[]),
    ("node-controller", "Pod", &[]),
    ("taint-eviction-controller", "Pod", &[]),
    ("endpointslice-controller", "EndpointSlice", &["0 of 0"]),
    ("kube-proxy", "Service", &["rewritten"]),
    ("dockerd", "engine", &[]),
];

/// True if a change is worth a line among what matters. A kubelet calls a write `status` when nothing in it deserves a sentence.
pub fn is_step(r: &Record) -> bool {
    let is = |(actor, kind, formal): &(&str, &str, &[&str])| {
        r.actor.starts_with(actor) && *r.object.kind == **kind && !formal.iter().any(|f| r.message.contains(f))
    };
    *r.message != *"status" && STEPS.iter().any(is)
}

/// What a pane lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The worlds shown here; records of `lab` (faults) are shown everywhere.
    pub worlds: Vec<&'static str>,
    /// Every change of an object as well.
    pub changes: bool,
    /// A text in actor, reason, object or message, in lower case; empty lets everything through.
    pub text: String,
    /// A drill: what was broken is for the learner to find out.
    pub secret: bool,
}

impl Filter {
    fn lets(&self, r: &Record) -> bool {
        let world = r.world == "lab" || self.worlds.contains(&r.world);
        let kind = match r.kind {
            RecordType::Change => self.changes || is_step(r),
            // Narration has its own place on the screen.
            RecordType::Story => false,
            RecordType::Event => self.changes || !(QUIET.contains(&&*r.reason) || count(r) > 1),
            RecordType::Fault => !self.secret,
            RecordType::Decision | RecordType::Command | RecordType::Traffic => true,
        };
        world && kind && (self.text.is_empty() || self.mentions(r))
    }

    fn mentions(&self, r: &Record) -> bool {
        [&*r.actor, &*r.reason, &*r.object.kind, &*r.object.name, &*r.message].iter().any(|t| contains_folded(t, &self.text))
    }
}

/// How often an event has been seen by now; the platform counts equal ones together.
pub fn count(r: &Record) -> u64 {
    r.data.as_ref().and_then(|d| d.get("count")).and_then(serde_json::Value::as_u64).unwrap_or(1)
}

/// Case-insensitive search without allocating for ASCII, which journals are.
fn contains_folded(text: &str, needle: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(needle);
    }
    let (t, n) = (text.as_bytes(), needle.as_bytes());
    n.len() <= t.len() && t.windows(n.len()).any(|w| w.eq_ignore_ascii_case(n))
}

#[derive(Debug, Default)]
pub struct JournalPane {
    filter: Filter,
    /// Positions in the whole journal of the records that pass.
    index: Vec<u32>,
    /// Records looked at so far, and the last of them, to notice that time was turned back.
    seen: usize,
    last: Option<Arc<Record>>,
    /// Position in `index`; None follows the newest.
    cursor: Option<usize>,
    first: Cell<usize>,
    shown: Cell<usize>,
}

impl JournalPane {
    /// Brings the pane up to date with the journal.
    pub fn refresh(&mut self, records: &[Arc<Record>], filter: &Filter) {
        let same_past = match (&self.last, self.seen.checked_sub(1).and_then(|i| records.get(i))) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, _) => true,
            (Some(_), None) => false,
        };
        if !same_past || *filter != self.filter {
            let selected = self.selected();
            self.filter.clone_from(filter);
            self.index.clear();
            self.seen = 0;
            self.extend(records);
            self.cursor = selected.and_then(|id| self.position(id));
        } else {
            self.extend(records);
        }
    }

    fn extend(&mut self, records: &[Arc<Record>]) {
        for (i, r) in records.iter().enumerate().skip(self.seen) {
            if self.filter.lets(r) {
                self.index.push(u32::try_from(i).unwrap_or(u32::MAX));
            }
        }
        self.seen = records.len();
        self.last = records.last().cloned();
    }

    /// The line that shows a record, or the nearest before it.
    fn position(&self, id: RecordId) -> Option<usize> {
        // Record numbers rise by one from 1: number n is at position n - 1.
        let at = id.0.saturating_sub(1);
        self.index.partition_point(|i| u64::from(*i) <= at).checked_sub(1)
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
    pub fn follows(&self) -> bool {
        self.cursor.is_none()
    }
    /// The line under the cursor; the newest while following.
    pub fn cursor(&self) -> usize {
        self.cursor.unwrap_or(self.index.len().saturating_sub(1))
    }
    /// The n-th line as a position in the journal.
    pub fn at(&self, line: usize) -> Option<usize> {
        self.index.get(line).map(|i| *i as usize)
    }
    fn selected(&self) -> Option<RecordId> {
        self.cursor.and_then(|c| self.at(c)).map(|i| RecordId(i as u64 + 1))
    }

    /// Told by drawing: so many rows fit, and how many each line takes. Returns the first line to draw. Only lines near the cursor are asked.
    pub fn lay(&self, rows: usize, height: impl Fn(usize) -> usize) -> usize {
        self.shown.set(rows);
        let total = self.index.len();
        let cursor = self.cursor();
        // The lines before `end` that fill the rows.
        let fill = |end: usize| {
            let mut used = 0;
            let mut first = end;
            while first > 0 && (used + height(first - 1) <= rows || first == end) {
                first -= 1;
                used += height(first);
            }
            first
        };
        let mut first = self.first.get().min(cursor);
        if cursor >= first + rows || (first..=cursor).map(&height).sum::<usize>() > rows {
            first = fill(cursor + 1);
        }
        // No empty rows below the last line.
        let first = first.min(fill(total));
        self.first.set(first);
        first
    }

    pub fn select(&mut self, line: usize) {
        let last = self.index.len().saturating_sub(1);
        self.cursor = if line >= last { None } else { Some(line) };
    }

    pub fn by(&mut self, lines: isize) {
        self.select(self.cursor().saturating_add_signed(lines));
    }

    /// True if the message was one of moving.
    pub fn update(&mut self, message: Message) -> bool {
        let page = self.shown.get().saturating_sub(1).max(1).cast_signed();
        match message {
            Message::Up => self.by(-1),
            Message::Down => self.by(1),
            Message::PageUp => self.by(-page),
            Message::PageDown => self.by(page),
            Message::Top => self.select(0),
            Message::Bottom => self.cursor = None,
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::view::{ObjectRef, SimTime};

    fn record(id: u64, world: &'static str, kind: RecordType, message: &str) -> Arc<Record> {
        Arc::new(Record {
            id: RecordId(id),
            at: SimTime::from_secs(id),
            world,
            actor: "a".into(),
            kind,
            reason: "r".into(),
            object: ObjectRef::default(),
            message: message.into(),
            change: None,
            data: None,
            cause: None,
        })
    }

    fn filter(changes: bool, text: &str) -> Filter {
        Filter { worlds: vec!["docker"], changes, text: text.into(), secret: false }
    }

    fn sample() -> Vec<Arc<Record>> {
        vec![
            record(1, "lab", RecordType::Fault, "host-2 lost power"),
            record(2, "docker", RecordType::Change, "state"),
            record(3, "kubernetes", RecordType::Event, "Scheduled"),
            record(4, "docker", RecordType::Traffic, "timeouts begin"),
        ]
    }

    #[test]
    fn shows_its_world_the_lab_and_no_changes_unless_asked() {
        let mut pane = JournalPane::default();
        pane.refresh(&sample(), &filter(false, ""));
        assert_eq!(pane.index, [0, 3]);
        pane.refresh(&sample(), &filter(true, ""));
        assert_eq!(pane.index, [0, 1, 3]);
        pane.refresh(&sample(), &filter(true, "power"));
        assert_eq!(pane.index, [0]);
    }

    #[test]
    fn the_selected_record_survives_new_ones_and_filters() {
        let mut pane = JournalPane::default();
        let mut records = sample();
        pane.refresh(&records, &filter(true, ""));
        pane.select(1);
        records.push(record(5, "docker", RecordType::Event, "die"));
        pane.refresh(&records, &filter(true, ""));
        assert_eq!(pane.at(pane.cursor()), Some(1));
        pane.refresh(&records, &filter(false, ""));
        assert_eq!(pane.at(pane.cursor()), Some(0), "the nearest line before the hidden one");
    }

    #[test]
    fn turning_time_back_forgets_the_future() {
        let mut pane = JournalPane::default();
        let mut records = sample();
        pane.refresh(&records, &filter(false, ""));
        records.truncate(2);
        records.push(record(3, "docker", RecordType::Command, "docker start"));
        records.push(record(4, "docker", RecordType::Event, "start"));
        pane.refresh(&records, &filter(false, ""));
        assert_eq!(pane.index, [0, 2, 3]);
    }
}
