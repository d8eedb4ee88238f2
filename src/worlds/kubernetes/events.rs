//! Kubernetes Events as client-go writes them: identical ones are counted up, many similar ones are combined, and a source that says too
//! much about one object falls silent. Follows: staging/src/k8s.io/client-go/tools/record/{event,events_cache}.go,
//! tools/events/event_broadcaster.go (the scheduler's series).

use serde_json::json;
use std::sync::Arc;

use crate::kernel::journal::{Data, Entry};
use crate::kernel::{Map, RecordType, SimDuration, SimTime};

use super::Ctl;
use super::api::meta::{Key, Meta, Name};
use super::api::object::{Event, Object};

/// So many different messages of one kind within [`SIMILAR_WITHIN`] are combined into one event (defaultAggregateMaxEvents).
const SIMILAR_MAX: usize = 10;
/// defaultAggregateIntervalInSeconds
const SIMILAR_WITHIN: SimDuration = SimDuration::from_secs(600);
/// One source's bucket per object: 25 events, one more every five minutes (defaultSpamBurst, defaultSpamQPS).
const SPAM_BURST: u64 = 25;
const SPAM_REFILL: SimDuration = SimDuration::from_secs(300);
/// A series of the scheduler's events ends after six minutes without a repetition (finishTime).
const SERIES_ENDS: SimDuration = SimDuration::from_secs(360);

/// What every event source remembers.
#[derive(Clone, Debug, Default)]
pub struct Correlator {
    /// Identical events: where the object is.
    said: Map<Said, Counted>,
    /// Similar events: the messages so far in their order, never many, and when the last came.
    similar: Map<Similar, (SimTime, Vec<Name>)>,
    /// Per object, source and type (recorded: warnings and normal events run dry apart): when the bucket is full again.
    spam: Map<(Name, Name, bool), SimTime>,
    words: Words,
}

/// Object, reason, source, warning: what tells two of them apart soonest comes first.
type Similar = (Name, &'static str, Name, bool);
type Said = (Similar, Name, Name);

/// Words that many events share.
#[derive(Clone, Debug, Default)]
struct Words {
    reasons: Map<Name, ()>,
    /// A source's component and host.
    sources: Map<Name, (Name, Name)>,
    /// A field path, and what the journal says of a first event about it: normal, warning.
    paths: Map<Name, [Arc<Data>; 2]>,
}

impl Words {
    fn reason(&mut self, reason: &str) -> Name {
        if let Some((name, ())) = self.reasons.get_key_value(reason) {
            return name.clone();
        }
        let name: Name = reason.into();
        self.reasons.insert(name.clone(), ());
        name
    }

    fn source(&mut self, actor: &Name) -> (Name, Name) {
        if let Some(known) = self.sources.get(actor) {
            return known.clone();
        }
        let (component, host) = actor.split_once(' ').unwrap_or((actor, ""));
        let source: (Name, Name) = (component.into(), host.into());
        self.sources.insert(actor.clone(), source.clone());
        source
    }

    /// The path, shared, and what the journal says of the `count`th event about it.
    fn path(&mut self, path: &str, warning: bool, count: u32) -> (Name, Arc<Data>) {
        if !self.paths.contains_key(path) {
            self.paths.insert(path.into(), [false, true].map(|warning| Arc::new(data(path, warning, 1))));
        }
        match self.paths.get_key_value(path) {
            Some((name, first)) if count == 1 => (name.clone(), first[usize::from(warning)].clone()),
            Some((name, _)) => (name.clone(), Arc::new(data(path, warning, count))),
            None => (path.into(), Arc::new(data(path, warning, count))),
        }
    }
}

fn data(path: &str, warning: bool, count: u32) -> Data {
    json!({"type": if warning { "Warning" } else { "Normal" }, "count": count, "fieldPath": path}).into()
}

#[derive(Clone, Debug)]
struct Counted {
    key: Key,
    count: u32,
    last: SimTime,
}

impl Correlator {
    /// The message to write under: the given one, or the combined one.
    fn aggregate(&mut self, similar: &Similar, message: &Name, now: SimTime) -> Name {
        let (last, messages) = self.similar.entry(similar.clone()).or_insert_with(|| (now, Vec::new()));
        if now.since(*last) > SIMILAR_WITHIN {
            messages.clear();
        }
        *last = now;
        if let Err(at) = messages.binary_search(message) {
            messages.reserve_exact(1);
            messages.insert(at, message.clone());
        }
        if messages.len() < SIMILAR_MAX {
            return message.clone();
        }
        // Room for the next one to be told apart (PopAny; here the first in order).
        messages.remove(0);
        COMBINED.into()
    }

    /// True if the source may speak about this object once more.
    fn may_speak(&mut self, source: &Name, uid: &Name, warning: bool, now: SimTime) -> bool {
        let full_at = self.spam.entry((uid.clone(), source.clone(), warning)).or_insert(now);
        let next = (*full_at).max(now) + SPAM_REFILL;
        let allowed = next.since(now) <= SPAM_REFILL.saturating_mul(SPAM_BURST);
        if allowed {
            *full_at = next;
        }
        allowed
    }
}

/// Stands for all messages of a combined event in the correlator.
const COMBINED: &str = "\u{0}combined";

pub(super) fn write(ctl: &mut Ctl, about: &Object, field_path: &str, warning: bool, reason: &'static str, message: &str) {
    if !ctl.api.up {
        return;
    }
    let now = ctl.cx.now;
    let actor = ctl.actor.clone();
    let (component, host) = ctl.api.correlator.words.source(&actor);
    let series = &*component == "default-scheduler";
    let (uid, message): (Name, Name) = (about.meta().uid.clone(), message.into());
    let subject: Name = if uid.is_empty() { about.reference().to_string().into() } else { uid.clone() };
    let similar: Similar = (subject.clone(), reason, actor.clone(), warning);
    let correlator = &mut ctl.api.correlator;
    let group = if series { message.clone() } else { correlator.aggregate(&similar, &message, now) };
    let combined = &*group == COMBINED;
    let text: Name = if combined { format!("(combined from similar events): {message}").into() } else { message.clone() };
    let (path, _) = correlator.words.path(field_path, warning, 1);
    let said: Said = (similar, group, if combined { Name::default() } else { path.clone() });
    let mut known = correlator.said.get(&said).cloned();
    if series && known.as_ref().is_some_and(|k| now.since(k.last) > SERIES_ENDS) {
        known = None;
    }
    let count = known.as_ref().map_or(1, |k| k.count + 1);
    let namespace: Name = if about.meta().namespace.is_empty() { "default".into() } else { about.meta().namespace.clone() };
    let key = known.map_or_else(|| fresh_key(ctl, &namespace, &about.meta().name), |k| k.key);
    let correlator = &mut ctl.api.correlator;
    correlator.said.insert(said, Counted { key: key.clone(), count, last: now });
    if !series && !correlator.may_speak(&actor, &subject, warning, now) {
        return;
    }
    let (_, data) = correlator.words.path(field_path, warning, count);
    let reason_name = correlator.words.reason(reason);
    let about_ref = about.reference();
    ctl.cx.record(Entry::new(RecordType::Event, actor.clone(), reason, about_ref.clone(), text.clone()).with_shared_data(data));
    let old = if count > 1 { ctl.api.store.typed::<Event>(&key).cloned() } else { None };
    // An Event that cannot be written is lost, as in reality.
    let _ = match old {
        Some(e) => {
            let fresh = Event { count, last: now, message: text, ..Event::clone(&e) };
            ctl.api.update(fresh.into(), false, &mut ctl.cx, &actor, &message).map(|_| ())
        }
        None => {
            let fresh = Event {
                meta: Meta { name: key.name, namespace: key.namespace, ..Meta::default() },
                about: about_ref,
                about_uid: uid,
                field_path: path,
                warning,
                reason: reason_name,
                message: text,
                component,
                host,
                count,
                first: now,
                last: now,
                series,
            };
            ctl.api.create(fresh.into(), &mut ctl.cx, &actor, &message).map(|_| ())
        }
    };
}

/// The object's name and the moment (record/event.go, makeEvent): so Events of one object list in the order of their times.
fn fresh_key(ctl: &Ctl, namespace: &Name, about: &str) -> Key {
    let mut nanos = ctl.api.epoch.micro_time(ctl.cx.now).0.as_nanosecond();
    loop {
        let key = Key::new(namespace.clone(), format!("{about}.{nanos:x}"));
        if ctl.api.store.get(super::kinds::Kind::Event, &key).is_none() {
            return key;
        }
        nanos += 1;
    }
}

/// `--event-ttl`: Events are forgotten after an hour.
const TTL: SimDuration = SimDuration::from_secs(3600);

/// Lets etcd's leases on old Events run out; called now and then.
pub(super) fn expire(ctl: &mut Ctl) {
    let now = ctl.cx.now;
    if now.since(SimTime::ZERO) <= TTL {
        return;
    }
    let old: Vec<Key> = ctl.api.store.all::<Event>().filter(|e: &&Arc<Event>| now.since(e.last) > TTL).map(|e| e.meta.key()).collect();
    for key in old {
        ctl.api.store.remove(super::kinds::Kind::Event, &key, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_similar_messages_are_combined() {
        let mut c = Correlator::default();
        let similar: Similar = ("uid".into(), "Unhealthy", "kubelet n".into(), true);
        let t = SimTime::from_secs;
        for i in 0..9 {
            let message: Name = format!("m{i}").into();
            assert_eq!(c.aggregate(&similar, &message, t(i)), message);
        }
        assert_eq!(&*c.aggregate(&similar, &"m9".into(), t(9)), COMBINED);
        assert_eq!(&*c.aggregate(&similar, &"m10".into(), t(10)), COMBINED);
        assert_eq!(&*c.aggregate(&similar, &"m11".into(), t(900)), "m11", "after a pause it starts over");
    }

    #[test]
    fn a_source_may_say_25_things_about_one_object() {
        let mut c = Correlator::default();
        let (source, uid): (Name, Name) = ("kubelet n".into(), "u".into());
        let said = (0..40).filter(|_| c.may_speak(&source, &uid, true, SimTime::from_secs(1))).count();
        assert_eq!(said, 25);
        assert!(c.may_speak(&source, &uid, true, SimTime::from_secs(302)));
        assert!(!c.may_speak(&source, &uid, true, SimTime::from_secs(303)));
    }
}
