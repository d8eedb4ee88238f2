//! One scheduling cycle: PreFilter, Filter over a sample of the nodes, PostFilter if nothing fits, PreScore, Score, selection.
//! Follows pkg/scheduler/schedule_one.go.

use std::borrow::Cow;
use std::sync::Arc;

use crate::kernel::{SimTime, Stream};

use super::cache::{Cache, NodeInfo};
use super::framework::{Candidate, Code, Cx, Filter, Filtered, NodeStatus, PreFilter, Prepared, Status, Verdict};
use super::index::NodeIx;
use super::message;
use super::pod::PodInfo;
use super::profile::Profile;

/// What persists from cycle to cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position {
    /// nextStartNodeIndex
    pub next_start: usize,
}

/// Where the pod goes.
#[derive(Clone, Debug)]
pub enum Decided {
    Node(NodeIx),
    Unschedulable,
    /// There are no nodes at all.
    NoNodes,
}

/// Everything a cycle found out.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub decided: Decided,
    pub nodes: usize,
    /// PreFilter turned the pod down: plugin and status.
    pub pre_filter: Option<(usize, Status)>,
    /// Nodes turned down, with the plugin and its reasons.
    pub statuses: Vec<NodeStatus>,
    /// Plugins that left only some nodes in question, and how many they put out of it.
    pub narrowed: Option<(Vec<usize>, usize)>,
    pub feasible: Vec<NodeIx>,
    /// Weighted scores per plugin, in the order of `feasible`. Empty if fewer than two nodes were feasible.
    pub scores: Vec<(usize, Vec<i64>)>,
    /// The same before normalising and weighing, if the profile keeps them.
    pub raw_scores: Vec<(usize, Vec<i64>)>,
    pub totals: Vec<i64>,
    /// Nodes with the highest total.
    pub best: Vec<NodeIx>,
    /// The text of the PodScheduled condition if nothing fits.
    pub message: String,
    pub preemption: Option<Candidate>,
    /// Other nodes on which room could be made as well.
    pub equal_preemptions: Vec<Candidate>,
    /// An earlier nomination of the pod is void.
    pub clears_nomination: bool,
}

/// schedule_one.go numFeasibleNodesToFind
pub fn nodes_to_find(all: usize, percentage: usize) -> usize {
    /// Below this every node is looked at (minFeasibleNodesToFind).
    const MIN: usize = 100;
    /// The adaptive percentage never falls below this (minFeasibleNodesPercentageToFind).
    const MIN_PERCENTAGE: usize = 5;
    if all < MIN {
        return all;
    }
    let percentage = if percentage == 0 { 50usize.saturating_sub(all / 125).max(MIN_PERCENTAGE) } else { percentage.min(100) };
    (all * percentage / 100).max(MIN)
}

/// Decides where a pod goes. `cache` changes only in what it has counted. Without a source of chance the first of equals is taken.
pub fn decide(cache: &mut Cache, pod: &PodInfo, profile: &Profile, at: &mut Position, now: SimTime, rng: Option<&mut Stream>) -> Outcome {
    let order = cache.order();
    let mut prepared = Prepared::default();
    for (_, p) in profile.enabled() {
        p.prepare(cache, pod, &mut prepared);
    }
    let cx = Cx { cache, pod, profile, order: &order, prepared: &prepared };
    let mut out = Outcome {
        decided: Decided::NoNodes,
        nodes: order.len(),
        pre_filter: None,
        statuses: vec![],
        narrowed: None,
        feasible: vec![],
        scores: vec![],
        raw_scores: vec![],
        totals: vec![],
        best: vec![],
        message: String::new(),
        preemption: None,
        equal_preemptions: vec![],
        clears_nomination: false,
    };
    if order.is_empty() {
        out.message = "no nodes available to schedule pods".into();
        return out;
    }
    let mut filters = vec![];
    run_filters(&cx, &mut filters, &mut out, at);
    match out.feasible.len() {
        0 => {
            out.decided = Decided::Unschedulable;
            let offset = rng.map_or(0, |r| r.below(order.len() as u64)) as usize;
            post_filter(&cx, filters, &mut out, offset, now);
        }
        1 => {
            out.decided = Decided::Node(out.feasible[0]);
            out.best = out.feasible.clone();
        }
        _ => {
            score(&cx, &mut out);
            let choice = match rng {
                Some(r) if out.best.len() > 1 => r.below(out.best.len() as u64) as usize,
                _ => 0,
            };
            out.decided = Decided::Node(out.best[choice]);
        }
    }
    out
}

/// What the PreFilter of one plugin answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreFiltered {
    Skipped,
    Runs,
    /// Only these nodes come into question.
    Narrowed(Vec<NodeIx>),
    Rejected(Status),
}

/// What every plugin's PreFilter says of a pod, in order, up to the first that turns it down: for those who want the steps of a cycle.
pub fn pre_filters(cache: &mut Cache, pod: &PodInfo, profile: &Profile) -> Vec<(&'static str, PreFiltered)> {
    let order = cache.order();
    let mut prepared = Prepared::default();
    for (_, p) in profile.enabled() {
        p.prepare(cache, pod, &mut prepared);
    }
    let cx = Cx { cache, pod, profile, order: &order, prepared: &prepared };
    let mut out = vec![];
    for (_, p) in profile.enabled() {
        let answer = match p.pre_filter(&cx) {
            PreFilter::Skip => PreFiltered::Skipped,
            PreFilter::Run(_) => PreFiltered::Runs,
            PreFilter::Narrow(nodes, _) => PreFiltered::Narrowed(nodes),
            PreFilter::Reject(status) => PreFiltered::Rejected(status),
        };
        let last = matches!(answer, PreFiltered::Rejected(_));
        out.push((p.name(), answer));
        if last {
            break;
        }
    }
    out
}

type Filters<'a> = Vec<(usize, Box<dyn Filter + 'a>)>;

fn run_filters<'a>(cx: &'a Cx<'a>, filters: &mut Filters<'a>, out: &mut Outcome, at: &mut Position) {
    let mut narrowed: Option<(Vec<usize>, Vec<NodeIx>)> = None;
    for (i, p) in cx.profile.enabled() {
        match p.pre_filter(cx) {
            PreFilter::Skip => {}
            PreFilter::Run(f) => filters.push((i, f)),
            PreFilter::Narrow(nodes, f) => {
                filters.push((i, f));
                narrowed = Some(match narrowed {
                    None => (vec![i], nodes),
                    Some((mut plugins, old)) => {
                        plugins.push(i);
                        (plugins, old.into_iter().filter(|n| nodes.contains(n)).collect())
                    }
                });
            }
            PreFilter::Reject(status) => {
                out.pre_filter = Some((i, status));
                return;
            }
        }
    }
    let total = cx.order.len();
    let subset: Option<Vec<NodeIx>> = narrowed.as_ref().map(|(_, n)| cx.order.iter().copied().filter(|x| n.contains(x)).collect());
    if let (Some((plugins, _)), Some(nodes)) = (narrowed, &subset) {
        out.narrowed = Some((plugins, total - nodes.len()));
    }
    // A nominated node is looked at first, alone.
    if let Some(ix) = cx.pod.pod.status.nominated_node.as_deref().and_then(|n| cx.cache.find(n))
        && subset.as_ref().is_none_or(|s| s.contains(&ix))
        && run_on(cx, filters, ix).is_ok()
    {
        out.feasible.push(ix);
        return;
    }
    let nodes: &[NodeIx] = subset.as_deref().unwrap_or(cx.order);
    if nodes.is_empty() {
        return;
    }
    let wanted = nodes_to_find(nodes.len(), cx.profile.percentage_of_nodes_to_score);
    out.feasible.reserve(wanted);
    let start = at.next_start % nodes.len();
    let (tail, head) = nodes.split_at(start);
    for ix in head.iter().chain(tail) {
        match run_on(cx, filters, *ix) {
            Ok(()) => {
                out.feasible.push(*ix);
                if out.feasible.len() >= wanted {
                    break;
                }
            }
            Err((plugin, status)) => out.statuses.push(NodeStatus { node: *ix, plugin, status }),
        }
    }
    at.next_start = (at.next_start + out.feasible.len() + out.statuses.len()) % total;
}

/// Filters one node; if pods were nominated there, once with and once without them.
fn run_on(cx: &Cx, filters: &mut Filters, ix: NodeIx) -> Result<(), (usize, Status)> {
    let node = cx.cache.node(ix);
    if cx.cache.has_nominations() {
        let mut added: Vec<&Arc<PodInfo>> = vec![];
        let mut with = Cow::Borrowed(node);
        for p in cx.cache.nominated_before(cx.pod, node.name()) {
            with.to_mut().put(p.clone());
            for (_, f) in filters.iter_mut() {
                f.add_pod(p, node);
            }
            added.push(p);
        }
        if !added.is_empty() {
            let verdict = first_rejection(filters, &with);
            for p in added {
                for (_, f) in filters.iter_mut() {
                    f.remove_pod(p, node);
                }
            }
            verdict?;
        }
    }
    first_rejection(filters, node)
}

fn first_rejection(filters: &Filters, node: &NodeInfo) -> Result<(), (usize, Status)> {
    for (i, f) in filters {
        if let Err(status) = f.filter(node) {
            return Err((*i, status));
        }
    }
    Ok(())
}

/// All filters on a node as it would be (preemption's dry runs).
pub(super) fn fits(filters: &[(usize, Box<dyn Filter + '_>)], node: &NodeInfo) -> Verdict {
    for (_, f) in filters {
        f.filter(node)?;
    }
    Ok(())
}

fn post_filter<'a>(cx: &'a Cx<'a>, filters: Filters<'a>, out: &mut Outcome, offset: usize, now: SimTime) {
    let head = match &out.pre_filter {
        Some((_, status)) => {
            let reasons: Vec<_> = status.reasons.iter().collect();
            message::pre_filter_error(out.nodes, &reasons.join(", "))
        }
        None => {
            let (absent, text) = match &out.narrowed {
                Some((plugins, n)) => {
                    let names: Vec<_> = plugins.iter().map(|p| cx.profile.name(*p)).collect();
                    (*n, format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" ")))
                }
                None => (0, String::new()),
            };
            let own = out.statuses.iter().flat_map(|s| s.status.reasons.iter());
            message::fit_error(out.nodes, own.chain(std::iter::repeat_n(text.as_str(), absent)))
        }
    };
    let mut answers: Vec<String> = vec![];
    let mut run = Filtered { cx, filters, statuses: &out.statuses, offset, now };
    let (mut made_room, mut equal, mut clears) = (None, vec![], false);
    for (_, p) in cx.profile.enabled() {
        if let Some(answer) = p.post_filter(&mut run) {
            if answer.made_room.is_some() {
                made_room = answer.made_room;
                equal = answer.equally_good;
                answers.clear();
                break;
            }
            clears |= answer.clears_nomination;
            answers.push(answer.message);
        }
    }
    drop(run);
    out.preemption = made_room;
    out.equal_preemptions = equal;
    out.clears_nomination = clears;
    out.message = message::with_post_filter(head, &answers.join(", "));
}

fn score(cx: &Cx, out: &mut Outcome) {
    let n = out.feasible.len();
    out.totals = vec![0; n];
    for (i, p) in cx.profile.enabled() {
        let weight = cx.profile.plugins[i].weight;
        if !p.scores() || weight == 0 {
            continue;
        }
        let Some(scorer) = p.pre_score(cx, &out.feasible) else { continue };
        let mut scores = vec![0; n];
        scorer.score(&out.feasible, &mut scores);
        if cx.profile.keep_raw_scores {
            out.raw_scores.push((i, scores.clone()));
        }
        scorer.normalize(&out.feasible, &mut scores);
        for (s, total) in scores.iter_mut().zip(&mut out.totals) {
            *s *= weight;
            *total += *s;
        }
        out.scores.push((i, scores));
    }
    let max = out.totals.iter().copied().max().unwrap_or(0);
    out.best = out.feasible.iter().zip(&out.totals).filter(|(_, t)| **t == max).map(|(n, _)| *n).collect();
}

impl Outcome {
    /// Plugins that turned the pod down somewhere: those whose events may wake it.
    pub fn rejected_by(&self) -> Vec<usize> {
        let mut plugins: Vec<usize> = self.statuses.iter().map(|s| s.plugin).collect();
        plugins.extend(self.pre_filter.iter().map(|(p, _)| *p));
        plugins.extend(self.narrowed.iter().flat_map(|(p, _)| p.iter()));
        plugins.sort_unstable();
        plugins.dedup();
        plugins
    }
    /// Nodes on which preemption could help.
    pub fn only_unschedulable(statuses: &[NodeStatus]) -> impl Iterator<Item = NodeIx> {
        statuses.iter().filter(|s| s.status.code == Code::Unschedulable).map(|s| s.node)
    }
}

#[cfg(test)]
mod tests {
    use super::nodes_to_find;

    #[test]
    fn sampling_of_the_reference() {
        for (all, percentage, expected) in
            [(10, 0, 10), (1000, 0, 420), (6000, 0, 300), (1000, 40, 400), (6000, 40, 2400), (100, 0, 100), (300, 0, 144), (5000, 0, 500)]
        {
            assert_eq!(nodes_to_find(all, percentage), expected, "{all} nodes, {percentage} %");
        }
    }
}
