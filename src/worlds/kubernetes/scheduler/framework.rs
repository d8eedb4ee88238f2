//! The scheduling framework: extension points as traits, statuses, the context of one cycle.
//! Follows staging/src/k8s.io/kube-scheduler/framework and pkg/scheduler/framework/runtime.
//!
//! Upstream keeps a plugin's working data in a CycleState under a string key; here PreFilter and PreScore hand back the object that
//! then filters or scores, with that data inside.

use std::borrow::Cow;
use std::sync::Arc;

use super::cache::{Cache, NodeInfo};
use super::events::{ClusterEvent, Hint};
use super::index::{NodeIx, SelIx};
use super::pod::{PodInfo, SpreadConstraint};
use super::profile::Profile;

/// Why a node (or a pod) was turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Removing other pods may help.
    Unschedulable,
    /// Removing other pods cannot help.
    Unresolvable,
}

/// Reasons, as they are counted in messages. Most are one fixed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reasons {
    One(&'static str),
    Many(Vec<Cow<'static, str>>),
}

impl Reasons {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many): (Option<&str>, &[Cow<'static, str>]) = match self {
            Self::One(r) => (Some(r), &[]),
            Self::Many(m) => (None, m),
        };
        one.into_iter().chain(many.iter().map(|r| &**r))
    }
}

/// A rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: Code,
    pub reasons: Reasons,
}

impl Status {
    pub const fn unschedulable(reason: &'static str) -> Self {
        Self { code: Code::Unschedulable, reasons: Reasons::One(reason) }
    }
    pub const fn unresolvable(reason: &'static str) -> Self {
        Self { code: Code::Unresolvable, reasons: Reasons::One(reason) }
    }
    pub fn unresolvable_because(reason: String) -> Self {
        Self { code: Code::Unresolvable, reasons: Reasons::Many(vec![reason.into()]) }
    }
}

/// Passes, or the rejection.
pub type Verdict = Result<(), Status>;

/// What everybody may look at during one cycle.
pub struct Cx<'a> {
    pub cache: &'a Cache,
    pub pod: &'a PodInfo,
    pub profile: &'a Profile,
    /// All nodes in visiting order.
    pub order: &'a [NodeIx],
    pub prepared: &'a Prepared,
}

/// What plugins ask the cache to have ready before the cycle only reads.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// System default spreading of this pod; empty if it has constraints of its own or nothing selects it.
    pub default_spread: Vec<SpreadConstraint>,
    pub default_selector: Option<SelIx>,
}

/// What PreFilter answers.
pub enum PreFilter<'a> {
    /// Every node passes this plugin.
    Skip,
    Run(Box<dyn Filter + 'a>),
    /// Only these nodes come into question.
    Narrow(Vec<NodeIx>, Box<dyn Filter + 'a>),
    Reject(Status),
}

/// Filter of one pod, with what PreFilter found out.
pub trait Filter {
    fn filter(&self, node: &NodeInfo) -> Verdict;
    /// AddPod extension: as if `pod` were on `node` too.
    fn add_pod(&mut self, _pod: &PodInfo, _node: &NodeInfo) {}
    /// RemovePod extension: as if `pod` had left `node`.
    fn remove_pod(&mut self, _pod: &PodInfo, _node: &NodeInfo) {}
}

/// Score of one pod, with what PreScore found out.
pub trait Score {
    /// Raw scores of the nodes.
    fn score(&self, nodes: &[NodeIx], out: &mut [i64]);
    /// Brings the raw scores to 0..=100.
    fn normalize(&self, _nodes: &[NodeIx], _scores: &mut [i64]) {}
}

/// What PostFilter answers: the message, and whether room was made on a node.
pub struct PostFilter {
    pub message: String,
    pub made_room: Option<Candidate>,
    /// Other nodes that nothing sets apart from the chosen one.
    pub equally_good: Vec<Candidate>,
    /// An earlier nomination of the pod is void.
    pub clears_nomination: bool,
}

/// A node and the pods that must go for the preemptor to fit.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub node: NodeIx,
    pub victims: Vec<Arc<PodInfo>>,
    pub pdb_violations: usize,
}

/// What stands after filtering, for PostFilter.
pub struct Filtered<'c, 'a> {
    pub cx: &'c Cx<'a>,
    pub filters: Vec<(usize, Box<dyn Filter + 'c>)>,
    pub statuses: &'c [NodeStatus],
    /// The offset at which preemption starts to look for candidates.
    pub offset: usize,
    pub now: crate::kernel::SimTime,
}

/// One node's rejection: by which plugin (index in the profile), and why.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    pub node: NodeIx,
    pub plugin: usize,
    pub status: Status,
}

/// A plugin. Every method is an extension point; what it does not implement, it does not take part in.
pub trait Plugin: Sync {
    fn name(&self) -> &'static str;
    /// Takes part in scoring, with a weight.
    fn scores(&self) -> bool {
        false
    }
    /// Keeps a pod out of the queue, with the reason.
    fn pre_enqueue(&self, _pod: &PodInfo) -> Option<String> {
        None
    }
    /// Asks for counts before the cycle (ours: upstream counts anew each time).
    fn prepare(&self, _cache: &mut Cache, _pod: &PodInfo, _prepared: &mut Prepared) {}
    fn pre_filter<'a>(&self, _cx: &'a Cx<'a>) -> PreFilter<'a> {
        PreFilter::Skip
    }
    fn post_filter(&self, _run: &mut Filtered) -> Option<PostFilter> {
        None
    }
    fn pre_score<'a>(&self, _cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        None
    }
    /// The events of `hint` in words.
    fn wakes_on(&self) -> &'static str {
        ""
    }
    /// EventsToRegister with its queueing hint: could this event make a pod placeable that this plugin rejected?
    fn hint(&self, _event: &ClusterEvent, _pod: &PodInfo, _cache: &Cache) -> Hint {
        Hint::Skip
    }
}

/// helper.DefaultNormalizeScore: the largest becomes 100; reversed, the largest becomes 0.
pub fn default_normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    if max == 0 {
        if reverse {
            scores.fill(100);
        }
        return;
    }
    for s in scores {
        let v = 100 * *s / max;
        *s = if reverse { 100 - v } else { v };
    }
}

#[cfg(test)]
mod tests {
    use super::default_normalize;

    #[test]
    fn normalising() {
        let run = |raw: &[i64], reverse| {
            let mut v = raw.to_vec();
            default_normalize(&mut v, reverse);
            v
        };
        assert_eq!(run(&[2, 11, 4], false), [18, 100, 36]);
        assert_eq!(run(&[0, 1, 2], true), [100, 50, 0]);
        assert_eq!(run(&[0, 0], true), [100, 100]);
        assert_eq!(run(&[0, 0], false), [0, 0]);
    }
}
