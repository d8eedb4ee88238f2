//! The record of one decision: what every node was good for, and why.

use serde_json::{Map as Json, Value, json};

use crate::kernel::journal::Detail;
use crate::worlds::kubernetes::api::meta::{Key, Name};

use super::cache::Cache;
use super::cycle::{Decided, Outcome};
use super::framework::Candidate;
use super::pod::PodInfo;
use super::profile::Profile;

/// What was found out about one node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeVerdict {
    pub name: Name,
    /// The plugin that turned it down, and its reasons.
    pub rejected_by: Option<(&'static str, Vec<String>)>,
    /// Weighted scores; empty if the node was the only one and nothing was scored.
    pub scores: Vec<(&'static str, i64)>,
    /// Scores before normalising and weighing, if the profile keeps them.
    pub raw: Vec<(&'static str, i64)>,
    pub total: Option<i64>,
}

/// A decision of the scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub pod: Key,
    pub node: Option<Name>,
    /// Nodes that share the highest total.
    pub candidates: Vec<Name>,
    /// How many share it; `candidates` may hold fewer.
    pub equals: usize,
    /// The PodScheduled condition's text if nothing fits.
    pub message: String,
    /// Why a PreFilter plugin turned the pod down, for all nodes at once.
    pub pre_filter: Option<(&'static str, Vec<String>)>,
    /// Nodes in the cluster; only those that were looked at are in `nodes`.
    pub cluster_size: usize,
    /// Plugins that put nodes out of the question before any was looked at, and how many.
    pub left_out: Option<(Vec<&'static str>, usize)>,
    /// Only the node that was nominated for the pod was looked at, as it fits.
    pub nominated: bool,
    /// Nodes that fit, and nodes that were turned down; `nodes` may hold fewer of each.
    pub fits: usize,
    pub turned_down: usize,
    pub nodes: Vec<NodeVerdict>,
    /// The node on which room is made, and for that the pods that go.
    pub preemption: Option<(Name, Vec<Key>)>,
    /// Victims of the preemption that a disruption budget would keep.
    pub pdb_violations: usize,
    /// Nodes on which room could be made just as well.
    pub equal_preemptions: Vec<(Name, Vec<Key>)>,
}

/// Nodes of each sort that a limited record keeps.
const KEPT: usize = 24;

/// How many nodes the journal's copy names, by cluster size: a record for each of 150 000 pods must stay small.
fn journal_nodes(cluster_size: usize) -> usize {
    match cluster_size {
        0..=32 => 32,
        33..=200 => 5,
        _ => 1,
    }
}

impl Decision {
    /// Everything about every node that was looked at.
    pub fn of(outcome: &Outcome, pod: &PodInfo, cache: &Cache, profile: &Profile) -> Self {
        Self::limited(outcome, pod, cache, profile, usize::MAX)
    }

    /// The best nodes and some of those turned down: what the lab keeps of each decision.
    pub fn brief(outcome: &Outcome, pod: &PodInfo, cache: &Cache, profile: &Profile) -> Self {
        Self::limited(outcome, pod, cache, profile, KEPT)
    }

    fn limited(outcome: &Outcome, pod: &PodInfo, cache: &Cache, profile: &Profile, limit: usize) -> Self {
        let name = |ix| cache.node(ix).name().clone();
        let mut best: Vec<usize> = (0..outcome.feasible.len()).collect();
        if best.len() > limit {
            let chosen = if let Decided::Node(ix) = outcome.decided { Some(ix) } else { None };
            let rank = |i: &usize| (Some(outcome.feasible[*i]) != chosen, std::cmp::Reverse(outcome.totals.get(*i).copied()), *i);
            best.select_nth_unstable_by_key(limit, rank);
            best.truncate(limit);
        }
        let mut nodes = Vec::with_capacity(best.len() + outcome.statuses.len().min(limit));
        for i in best {
            nodes.push(NodeVerdict {
                name: name(outcome.feasible[i]),
                rejected_by: None,
                scores: outcome.scores.iter().map(|(p, s)| (profile.name(*p), s[i])).collect(),
                raw: outcome.raw_scores.iter().map(|(p, s)| (profile.name(*p), s[i])).collect(),
                total: outcome.totals.get(i).copied(),
            });
        }
        for s in outcome.statuses.iter().take(limit) {
            nodes.push(NodeVerdict {
                name: name(s.node),
                rejected_by: Some((profile.name(s.plugin), s.status.reasons.iter().map(str::to_string).collect())),
                scores: vec![],
                raw: vec![],
                total: None,
            });
        }
        // Best first, then by name; those turned down last.
        nodes.sort_by(|a, b| {
            let rank = |n: &NodeVerdict| (n.rejected_by.is_some(), std::cmp::Reverse(n.total));
            rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name))
        });
        let mut candidates: Vec<Name> = outcome.best.iter().take(limit).map(|ix| name(*ix)).collect();
        candidates.sort();
        let room = |c: &Candidate| (name(c.node), c.victims.iter().map(|v| v.key()).collect());
        let preemption = outcome.preemption.as_ref().map(room);
        let equal_preemptions = outcome.equal_preemptions.iter().map(room).collect();
        let pre_filter = outcome.pre_filter.as_ref();
        Self {
            pod: pod.key(),
            node: if let Decided::Node(ix) = outcome.decided { Some(name(ix)) } else { None },
            candidates,
            equals: outcome.best.len(),
            message: outcome.message.clone(),
            pre_filter: pre_filter.map(|(p, s)| (profile.name(*p), s.reasons.iter().map(str::to_string).collect())),
            cluster_size: outcome.nodes,
            left_out: outcome.narrowed.as_ref().map(|(plugins, n)| (plugins.iter().map(|p| profile.name(*p)).collect(), *n)),
            nominated: match (outcome.feasible.as_slice(), &pod.pod.status.nominated_node) {
                ([only], Some(nominated)) => outcome.statuses.is_empty() && name(*only) == *nominated,
                _ => false,
            },
            fits: outcome.feasible.len(),
            turned_down: outcome.statuses.len(),
            nodes,
            preemption,
            pdb_violations: outcome.preemption.as_ref().map_or(0, |c| c.pdb_violations),
            equal_preemptions,
        }
    }

    pub fn feasible(&self) -> usize {
        self.fits
    }

    /// Why not every node was looked at; None if each was.
    pub fn partial(&self) -> Option<String> {
        let looked_at = self.fits + self.turned_down;
        if self.pre_filter.is_some() || looked_at >= self.cluster_size {
            return None;
        }
        Some(match &self.left_out {
            // The verdict says so.
            _ if self.nominated => return None,
            Some((plugins, n)) => {
                let nodes = if *n == 1 { "1 node was".to_string() } else { format!("{n} nodes were") };
                format!("{nodes} out of the question beforehand: node(s) didn't satisfy plugin(s) [{}]", plugins.join(" "))
            }
            None => format!("{looked_at} of {} nodes were looked at (percentageOfNodesToScore)", self.cluster_size),
        })
    }

    /// One sentence: where it goes, and by how much.
    pub fn sentence(&self) -> String {
        let Some(node) = &self.node else {
            return match &self.preemption {
                Some((node, victims)) => {
                    let against = match self.pdb_violations {
                        0 => String::new(),
                        n => format!(" ({n} against a disruption budget)"),
                    };
                    format!("no node is free; room is made on {node} by removing {}{against}", self.victim_names(victims).join(", "))
                }
                None => match &self.pre_filter {
                    Some((_, reasons)) => reasons.join(", "),
                    None => "no node is free".into(),
                },
            };
        };
        let feasible = self.feasible();
        let total = |name: &Name| self.nodes.iter().find(|n| n.name == *name).and_then(|n| n.total);
        match (feasible, total(node)) {
            _ if self.nominated => format!("chose {node}, nominated for it before; the other nodes were not tried"),
            (1, _) | (_, None) => format!("chose {node}, the only node that fits"),
            (_, Some(score)) if self.equals > 1 => {
                format!("chose {node}, one of {} equally good nodes with {score} points, of {feasible} that fit", self.equals)
            }
            (_, Some(score)) => {
                let second = self.nodes.iter().filter(|n| n.name != *node).filter_map(|n| n.total).max().unwrap_or(0);
                format!("chose {node} with {score} points against {second} for the next of {feasible} that fit")
            }
        }
    }

    /// Names alone where all are in the pod's namespace, as people say them.
    pub(super) fn victim_names(&self, victims: &[Key]) -> Vec<String> {
        let same = victims.iter().all(|v| v.namespace == self.pod.namespace);
        victims.iter().map(|v| if same { v.name.to_string() } else { v.to_string() }).collect()
    }

    /// The shape of `schedule --format json` (design, section 9). With a limit, only so many nodes.
    fn json(&self, limit: usize) -> Value {
        let mut nodes = Json::new();
        for n in self.nodes.iter().take(limit) {
            let mut entry = Json::new();
            entry.insert("feasible".into(), n.rejected_by.is_none().into());
            if let Some((plugin, reasons)) = &n.rejected_by {
                entry.insert("rejected_by".into(), json!({"plugin": plugin, "reasons": reasons}));
            }
            if n.total.is_some() {
                let scores: Json<String, Value> = n.scores.iter().map(|(p, s)| (p.to_string(), (*s).into())).collect();
                entry.insert("scores".into(), Value::Object(scores));
            }
            if let Some(total) = n.total {
                entry.insert("total".into(), total.into());
            }
            nodes.insert(n.name.to_string(), Value::Object(entry));
        }
        let mut all = Json::new();
        all.insert("pod".into(), self.pod.to_string().into());
        all.insert("result".into(), if self.node.is_some() { "scheduled" } else { "unschedulable" }.into());
        all.insert("node".into(), self.node.as_deref().into());
        all.insert("candidates".into(), self.candidates.iter().map(|n| &**n).collect::<Vec<_>>().into());
        if self.node.is_none() {
            all.insert("message".into(), self.message.as_str().into());
        }
        if let Some((plugin, reasons)) = &self.pre_filter {
            all.insert("rejected_by".into(), json!({"plugin": plugin, "reasons": reasons}));
        }
        if let Some((plugins, n)) = &self.left_out {
            all.insert("left_out".into(), json!({"plugins": plugins, "nodes": n}));
        }
        all.insert("nodes".into(), Value::Object(nodes));
        if let Some((node, victims)) = &self.preemption {
            let equal: Vec<_> =
                self.equal_preemptions.iter().map(|(n, v)| json!({"nominated": &**n, "victims": self.victim_names(v)})).collect();
            let mut entry = json!({"nominated": &**node, "victims": self.victim_names(victims)});
            if self.pdb_violations > 0 {
                entry["pdb_violations"] = self.pdb_violations.into();
            }
            if !equal.is_empty() {
                entry["equally_good"] = equal.into();
            }
            all.insert("preemption".into(), entry);
        }
        Value::Object(all)
    }
    pub fn to_json(&self) -> Value {
        self.json(usize::MAX)
    }
    /// The same for the journal: the best nodes only, with how many there were.
    pub fn to_journal(&self) -> Value {
        let limit = journal_nodes(self.cluster_size);
        let mut v = self.json(limit);
        if let Value::Object(m) = &mut v {
            if self.candidates.len() > limit {
                m.insert("candidates".into(), self.candidates.iter().take(limit).map(|n| &**n).collect::<Vec<_>>().into());
            }
            m.insert("cluster_size".into(), self.cluster_size.into());
            m.insert("equally_good".into(), self.equals.into());
            m.insert("feasible".into(), self.fits.into());
            m.insert("filtered_out".into(), self.turned_down.into());
        }
        v
    }
}

impl Detail for Decision {
    fn value(&self) -> Value {
        self.to_journal()
    }
}

#[cfg(test)]
mod tests {
    use super::super::offline::Cluster;
    use super::super::testing;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_brief_record_keeps_the_choice_and_the_numbers() {
        let amounts = |n: usize| json!({"cpu": format!("{}", 2 + n % 7), "memory": "8Gi", "pods": "10"});
        let node = |n: usize| {
            testing::object(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("n{n}")},
                "spec": {"unschedulable": n.is_multiple_of(3)}, "status": {"allocatable": amounts(n)}}))
        };
        let objects: Vec<_> = (0..90).map(node).collect();
        let mut cluster = Cluster::new(&objects, Profile::default());
        let pod = testing::named("p", 0);
        let pod = cluster.compile(&pod.pod);
        let (outcome, full) = cluster.decide(&pod);
        let brief = Decision::brief(&outcome, &pod, &cluster.cache, &cluster.profile);
        assert_eq!((full.nodes.len(), brief.nodes.len()), (90, 2 * KEPT));
        assert_eq!((&brief.node, brief.fits, brief.turned_down, brief.equals), (&full.node, 60, 30, full.equals));
        assert_eq!(brief.sentence(), full.sentence());
        assert!(brief.nodes.iter().any(|n| Some(&n.name) == brief.node.as_ref()));
        assert_eq!(brief.to_journal()["nodes"].as_object().unwrap().len(), 5);
    }
}
