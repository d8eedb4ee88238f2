//! Floor 5: the scoreboard. What each world's users got, when it noticed a fault and when it was whole again.
//!
//! It reads the journal, a world's ledger and its count of copies; it never changes anything.

use std::sync::Arc;

use crate::kernel::{Journal, RecordId, RecordType, SimDuration, SimTime};
use crate::model::Ledger;
use crate::worlds::Copies;

/// A world counts as recovered once it was whole for this long; shorter calm between two waves of failures is no recovery.
const CONFIRM: SimDuration = SimDuration::from_secs(10);

/// The reason of the record with which a fault ends by itself.
pub const FAULT_OVER: &str = "FaultOver";

/// One world's score so far. Cloned with the lab.
#[derive(Clone, Debug, Default)]
pub struct Score {
    faults: Vec<FaultWatch>,
    /// The first journal record not looked at yet.
    read: usize,
    machine_seconds: u64,
}

/// One fault in one world.
#[derive(Clone, Debug)]
pub struct FaultWatch {
    pub id: Arc<str>,
    pub at: SimTime,
    record: RecordId,
    detected: Option<SimTime>,
    /// The start of the present calm, if it is calm.
    calm_since: Option<SimTime>,
    recovered: Option<SimTime>,
    /// Whether copies were missing or requests failed since.
    hurt: bool,
    /// When people did something else last: another fault, or a command that is no answer to this one.
    other: Option<SimTime>,
}

impl FaultWatch {
    /// From the fault to the first reaction of a component or a person.
    pub fn detected_after(&self) -> Option<SimDuration> {
        self.detected.map(|t| t - self.at)
    }
    /// Since when nothing fails, if that is so; a recovery begins here or later.
    pub fn calm_since(&self) -> Option<SimTime> {
        self.calm_since
    }
    /// Whether the world has felt it yet: a copy was missing, or a request failed.
    pub fn hurt(&self) -> bool {
        self.hurt
    }
    /// From the fault until every declared copy serves again and nothing fails because of it; zero, at the end of the run, for a fault
    /// that never hurt. It can still grow: a fault that strikes again, with nobody else to blame, was not over.
    pub fn recovered_after(&self) -> Option<SimDuration> {
        self.recovered.map(|t| t - self.at)
    }
}

impl Score {
    /// Begins to watch how the world takes a fault; `record` is the fault's journal record.
    pub fn fault(&mut self, id: Arc<str>, at: SimTime, record: RecordId) {
        self.faults.push(FaultWatch { id, at, record, detected: None, calm_since: None, recovered: None, hurt: false, other: None });
    }

    pub fn faults(&self) -> &[FaultWatch] {
        &self.faults
    }
    /// The watch of a fault by its id; the last one if it struck several times.
    pub fn of(&self, id: &str) -> Option<&FaultWatch> {
        self.faults.iter().rev().find(|f| &*f.id == id)
    }
    pub fn machine_hours(&self) -> f64 {
        self.machine_seconds as f64 / 3600.0
    }

    /// Looks at the world once a second: new journal records for reactions, copies and requests for calm.
    pub fn sample(&mut self, world: &'static str, now: SimTime, journal: &Journal, copies: Copies, ledger: &Ledger, machines: usize) {
        self.machine_seconds += machines as u64;
        self.read_reactions(world, journal);
        let whole = copies.serving >= copies.declared && !failing(ledger, now);
        let last = self.faults.iter().map(|f| f.at).max();
        for f in &mut self.faults {
            match (whole, f.calm_since) {
                // What begins to hurt after a later fault is that one's doing.
                (false, _) if !f.hurt && last.is_some_and(|l| l > f.at) => {}
                (false, _) if f.recovered.is_some_and(|r| f.other.is_some_and(|o| o >= r)) => {}
                (false, _) => (f.hurt, f.calm_since, f.recovered) = (true, None, None),
                (true, None) => f.calm_since = Some(now),
                (true, Some(since)) if f.hurt && now - since >= CONFIRM => f.recovered = Some(since),
                (true, Some(_)) => {}
            }
        }
    }

    /// At the end of the run a calm that is still short counts as recovery, and what never hurt was over at once.
    pub fn finish(&mut self) {
        for f in &mut self.faults {
            f.recovered = f.recovered.or(if f.hurt { f.calm_since } else { Some(f.at) });
        }
    }

    /// Reads what the journal says of reactions up to now; what is read between two seconds changes no measure.
    pub fn read_reactions(&mut self, world: &'static str, journal: &Journal) {
        if self.faults.is_empty() {
            self.read = journal.len();
            return;
        }
        for record in &journal.records()[self.read.min(journal.len())..] {
            if record.world != world {
                continue;
            }
            if matches!(record.kind, RecordType::Fault | RecordType::Command) {
                for f in self.faults.iter_mut().filter(|f| record.id > f.record && !caused_by(journal, record.cause, f.record)) {
                    f.other = Some(record.at);
                }
            }
            if !matches!(record.kind, RecordType::Change | RecordType::Event | RecordType::Decision | RecordType::Command) {
                continue;
            }
            // What is written at the fault's own instant is the fault itself, not a reaction.
            for f in self.faults.iter_mut().filter(|f| f.detected.is_none() && record.id > f.record && record.at > f.at) {
                if reacts_to(journal, record.cause, f.record) {
                    f.detected = Some(record.at);
                }
            }
        }
        self.read = journal.len();
    }
}

/// Requests failed in the last finished second or in the one that runs.
fn failing(ledger: &Ledger, now: SimTime) -> bool {
    let s = now.as_secs() as usize;
    let failed = |i: usize| ledger.total.seconds.get(i).is_some_and(|x| x.failed > 0);
    failed(s) || (s > 0 && failed(s - 1))
}

/// The chain of causes passes through `root`. Causes only point backwards, so the walk ends early.
fn caused_by(journal: &Journal, mut cause: Option<RecordId>, root: RecordId) -> bool {
    while let Some(id) = cause {
        if id <= root {
            return id == root;
        }
        cause = journal.get(id).and_then(|r| r.cause);
    }
    false
}

/// The same, while the fault lasts: what its end sets going shows that it is over, not that somebody noticed it.
fn reacts_to(journal: &Journal, mut cause: Option<RecordId>, fault: RecordId) -> bool {
    while let Some(record) = cause.filter(|id| *id > fault).and_then(|id| journal.get(id)) {
        if record.reason == FAULT_OVER {
            return false;
        }
        cause = record.cause;
    }
    cause == Some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ObjectRef;
    use crate::kernel::journal::Entry;

    fn record(j: &mut Journal, at: u64, kind: RecordType, cause: Option<RecordId>) -> RecordId {
        j.push(SimTime::from_secs(at), "w", cause, Entry::new(kind, "a", "r", ObjectRef::default(), "m"))
    }

    #[test]
    fn detection_needs_the_cause_and_recovery_needs_calm() {
        let mut j = Journal::default();
        let mut s = Score::default();
        let fault = record(&mut j, 10, RecordType::Fault, None);
        s.fault("f".into(), SimTime::from_secs(10), fault);
        record(&mut j, 11, RecordType::Change, None);
        let traffic = record(&mut j, 12, RecordType::Traffic, Some(fault));
        record(&mut j, 14, RecordType::Decision, Some(traffic));
        let ledger = Ledger::default();
        for t in 10..60 {
            let serving = if t < 20 || t == 24 { 1 } else { 2 };
            s.sample("w", SimTime::from_secs(t), &j, Copies { declared: 2, serving }, &ledger, 3);
        }
        let f = s.of("f").unwrap();
        assert_eq!(f.detected_after(), Some(SimDuration::from_secs(4)));
        assert_eq!(f.recovered_after(), Some(SimDuration::from_secs(15)), "the calm of 20..24 was too short");
        assert_eq!(s.machine_seconds, 150);
    }

    #[test]
    fn the_calm_before_the_damage_is_no_recovery_and_the_next_wave_reopens_it() {
        let mut j = Journal::default();
        let mut s = Score::default();
        let fault = record(&mut j, 10, RecordType::Fault, None);
        s.fault("leak".into(), SimTime::from_secs(10), fault);
        let ledger = Ledger::default();
        let sample = |s: &mut Score, j: &Journal, range: std::ops::Range<u64>, serving| {
            for t in range {
                s.sample("w", SimTime::from_secs(t), j, Copies { declared: 2, serving }, &ledger, 3);
            }
        };
        sample(&mut s, &j, 10..40, 2);
        assert_eq!((s.of("leak").unwrap().hurt(), s.of("leak").unwrap().recovered_after()), (false, None));
        sample(&mut s, &j, 40..45, 1);
        sample(&mut s, &j, 45..60, 2);
        assert_eq!(s.of("leak").unwrap().recovered_after(), Some(SimDuration::from_secs(35)));
        sample(&mut s, &j, 60..65, 1);
        sample(&mut s, &j, 65..80, 2);
        assert_eq!(s.of("leak").unwrap().recovered_after(), Some(SimDuration::from_secs(55)));
        // Somebody scales: what is missing now is not the leak's doing.
        record(&mut j, 80, RecordType::Command, None);
        sample(&mut s, &j, 81..85, 1);
        assert_eq!(s.of("leak").unwrap().recovered_after(), Some(SimDuration::from_secs(55)));
    }

    #[test]
    fn the_end_of_a_fault_is_no_notice_of_it() {
        let mut j = Journal::default();
        let mut s = Score::default();
        let fault = record(&mut j, 10, RecordType::Fault, None);
        s.fault("f".into(), SimTime::from_secs(10), fault);
        let over =
            j.push(SimTime::from_secs(40), "w", Some(fault), Entry::new(RecordType::Fault, "fault", FAULT_OVER, ObjectRef::default(), ""));
        let back = record(&mut j, 41, RecordType::Change, Some(over));
        record(&mut j, 42, RecordType::Event, Some(back));
        let sample = |s: &mut Score, j: &Journal| s.sample("w", SimTime::from_secs(60), j, Copies::default(), &Ledger::default(), 1);
        sample(&mut s, &j);
        assert_eq!(s.of("f").unwrap().detected_after(), None);
        record(&mut j, 50, RecordType::Event, Some(fault));
        sample(&mut s, &j);
        assert_eq!(s.of("f").unwrap().detected_after(), Some(SimDuration::from_secs(40)), "a late reaction to the fault itself");
    }

    #[test]
    fn what_never_hurt_was_over_at_once() {
        let mut j = Journal::default();
        let mut s = Score::default();
        let fault = record(&mut j, 10, RecordType::Fault, None);
        s.fault("f".into(), SimTime::from_secs(10), fault);
        s.sample("w", SimTime::from_secs(11), &j, Copies { declared: 2, serving: 2 }, &Ledger::default(), 3);
        s.finish();
        assert_eq!(s.of("f").unwrap().recovered_after(), Some(SimDuration::ZERO));
    }
}
