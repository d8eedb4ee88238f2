//! Floor 5: reasons. Turns the journal's causes into chains that people read.

use std::sync::Arc;

use serde_json::Value;

use crate::kernel::{Journal, Record, RecordId, RecordType, SimDuration};

/// One link of a why-chain, the root first.
#[derive(Clone, Debug)]
pub struct WhyStep {
    pub record: Arc<Record>,
    /// A sentence: who did what.
    pub text: String,
    /// Time since the link before.
    pub gap: SimDuration,
}

/// Why a record was written: from the root (a scenario event, a command, the start) to the record itself.
pub fn why(journal: &Journal, id: RecordId) -> Vec<WhyStep> {
    let mut chain = journal.causes(id);
    chain.reverse();
    let mut before = chain.first().map(|r| r.at).unwrap_or_default();
    chain
        .into_iter()
        .map(|record| {
            let gap = record.at - before;
            before = record.at;
            WhyStep { text: sentence(&record), record, gap }
        })
        .collect()
}

/// One record as a sentence: actor, then what it did.
pub fn sentence(r: &Record) -> String {
    if let Some(words) = placement(r) {
        return words;
    }
    let subject = if r.object.name.is_empty() || r.message.contains(&*r.object.name) { String::new() } else { format!(" ({})", r.object) };
    format!("{}: {}{subject}", r.actor, r.message)
}

/// A scheduler's decision with its numbers: `scheduler: chose node-3 (score 467; next 465; 4 of 9 nodes fit)`.
fn placement(r: &Record) -> Option<String> {
    let data = r.data.as_ref().filter(|_| r.kind == RecordType::Decision)?;
    let node = data.get("node")?.as_str()?;
    let number = |key: &str| data.get(key).and_then(Value::as_u64);
    let (fit, all) = (number("feasible")?, number("cluster_size")?);
    let nodes = data.get("nodes")?.as_object()?;
    let total = |v: &Value| v.get("total").and_then(Value::as_i64);
    let next = nodes.iter().filter(|(name, _)| *name != node).filter_map(|(_, v)| total(v)).max();
    let score = match (nodes.get(node).and_then(total), next) {
        (Some(score), _) if number("equally_good")? > 1 => format!("score {score}, shared by {} nodes", number("equally_good")?),
        (Some(score), Some(next)) => format!("score {score}; next {next}"),
        (Some(score), None) => format!("score {score}"),
        (None, _) => return Some(format!("{}: chose {node} for {}: the only one of {all} nodes that fits", r.actor, r.object.name)),
    };
    Some(format!("{}: chose {node} for {} ({score}; {fit} of {all} nodes fit)", r.actor, r.object.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::journal::Entry;
    use crate::kernel::{ObjectRef, SimTime};

    #[test]
    fn a_placement_names_its_numbers() {
        let mut journal = Journal::default();
        let mut say = |data: Value| {
            let about = ObjectRef::new("Pod", "default", "web");
            let entry = Entry::new(RecordType::Decision, "default-scheduler", "Chosen", about, "chose something").with_data(data);
            let id = journal.push(SimTime::ZERO, "kubernetes", None, entry);
            sentence(journal.get(id).unwrap())
        };
        let two = json!({"node-3": {"total": 467}, "node-4": {"total": 465}, "node-1": {"feasible": false}});
        assert_eq!(
            say(json!({"node": "node-3", "nodes": two, "feasible": 2, "cluster_size": 3, "equally_good": 1})),
            "default-scheduler: chose node-3 for web (score 467; next 465; 2 of 3 nodes fit)"
        );
        assert_eq!(
            say(
                json!({"node": "node-3", "nodes": {"node-3": {"total": 9}, "b": {"total": 9}}, "feasible": 3, "cluster_size": 3, "equally_good": 2})
            ),
            "default-scheduler: chose node-3 for web (score 9, shared by 2 nodes; 3 of 3 nodes fit)"
        );
        assert_eq!(
            say(json!({"node": "a", "nodes": {"a": {}}, "feasible": 1, "cluster_size": 2, "equally_good": 1})),
            "default-scheduler: chose a for web: the only one of 2 nodes that fits"
        );
        assert_eq!(say(json!({"node": null, "nodes": {}})), "default-scheduler: chose something (Pod default/web)");
    }
}
