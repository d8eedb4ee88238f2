//! Object metadata, small: names shared, labels and annotations behind pointers.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use k8s_openapi::jiff::Timestamp;

use crate::kernel::SimTime;

/// A name, shared.
pub type Name = Arc<str>;
/// Labels or annotations: ordered, shared, copied only when changed.
pub type Labels = Arc<BTreeMap<Name, Name>>;

/// Namespace and name; the namespace is empty for cluster-scoped objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    pub namespace: Name,
    pub name: Name,
}

impl Ord for Key {
    /// Most keys that meet share their namespace's very text; that need not be read.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let namespace =
            if Arc::ptr_eq(&self.namespace, &other.namespace) { std::cmp::Ordering::Equal } else { self.namespace.cmp(&other.namespace) };
        namespace.then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    pub fn new(namespace: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// The calendar moment at which virtual time begins: what turns [`SimTime`] into the timestamps of API objects and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(i64);

impl Default for Epoch {
    /// 2026-01-05T09:00:00Z, a Monday morning.
    fn default() -> Self {
        Self(crate::kernel::EPOCH)
    }
}

impl Epoch {
    /// From seconds since 1970; anything outside the years 1 to 9999 becomes the default.
    pub fn from_unix(seconds: i64) -> Self {
        if (-62_135_596_800..=253_402_300_799).contains(&seconds) { Self(seconds) } else { Self::default() }
    }
    fn timestamp(self, t: SimTime) -> Timestamp {
        let seconds = self.0.saturating_add_unsigned(t.as_secs());
        Timestamp::new(seconds, (t.as_nanos() % 1_000_000_000) as i32).unwrap_or(Timestamp::MAX)
    }
    /// Whole seconds, as most timestamps have.
    pub fn time(self, t: SimTime) -> Time {
        Time(self.timestamp(SimTime::from_secs(t.as_secs())))
    }
    /// Microseconds: leases and the scheduler's events.
    pub fn micro_time(self, t: SimTime) -> MicroTime {
        MicroTime(self.timestamp(t))
    }
    /// `2026-01-05T09:00:10Z`
    pub fn rfc3339(self, t: SimTime) -> String {
        self.time(t).0.to_string()
    }
    /// `2026-01-05T09:00:10.250000Z`
    pub fn rfc3339_micro(self, t: SimTime) -> String {
        format!("{:.6}", self.timestamp(t))
    }
    /// The virtual moment of a timestamp; what lies before the epoch becomes its start.
    pub fn sim(self, t: Timestamp) -> SimTime {
        let nanos = t.as_nanosecond() - i128::from(self.0) * 1_000_000_000;
        SimTime::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
    /// Reads RFC 3339.
    pub fn parse(self, text: &str) -> Option<SimTime> {
        text.parse::<Timestamp>().ok().map(|t| self.sim(t))
    }
}

/// `metadata` of any object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    pub name: Name,
    pub namespace: Name,
    pub generate_name: Name,
    pub uid: Name,
    /// The store's counter at the last write.
    pub resource_version: u64,
    /// Rises with every change of the spec.
    pub generation: i64,
    pub created: SimTime,
    pub deletion: Option<Deletion>,
    pub labels: Labels,
    pub annotations: Labels,
    pub owners: Arc<Vec<OwnerRef>>,
    pub finalizers: Arc<Vec<Name>>,
}

/// Deletion was asked for; the object goes when its grace is over and no finalizer is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// `deletionTimestamp`: the moment of the request plus the grace.
    pub at: SimTime,
    /// `deletionGracePeriodSeconds`
    pub grace_s: i64,
}

/// One of `ownerReferences`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerRef {
    pub api_version: Name,
    pub kind: Name,
    pub name: Name,
    pub uid: Name,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

impl Meta {
    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }
    pub fn is_deleting(&self) -> bool {
        self.deletion.is_some()
    }
    /// The owner that manages this object.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|o| o.controller)
    }
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|v| &**v)
    }
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|v| &**v)
    }
    pub fn set_label(&mut self, key: &str, value: &str) {
        Arc::make_mut(&mut self.labels).insert(key.into(), value.into());
    }
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        Arc::make_mut(&mut self.annotations).insert(key.into(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_turns_both_ways() {
        let e = Epoch::default();
        assert_eq!(e.rfc3339(SimTime::from_secs(70)), "2026-01-05T09:01:10Z");
        assert_eq!(e.rfc3339_micro(SimTime::from_millis(1250)), "2026-01-05T09:00:01.250000Z");
        assert_eq!(e.parse("2026-01-05T09:01:10Z"), Some(SimTime::from_secs(70)));
        assert_eq!(e.parse("2020-01-05T09:01:10Z"), Some(SimTime::ZERO), "before the beginning");
        assert_eq!(e.parse("yesterday"), None);
    }
}
