//! The scheduler as people look at it: who waits and for what, and one decision with every number behind it.
//!
//! A decision is not kept but made again, from the state in which it was made: the same cache, position and stream of chance give the
//! same answer, and then there is also something to try changes on.

use std::sync::Arc;

use crate::kernel::{ObjectRef, SimTime, Streams};
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::view::{Column, Move, Placing, RoomMade, TurnedDown, Waiting, Weighed, Weighing};

use super::component::{CHANCE, Scheduler};
use super::cycle::{Decided, decide};
use super::decision::{Decision, NodeVerdict};
use super::offline::{self, Cluster, short};
use super::pod::PodInfo;
use super::profile::Profile;
use super::queue::{Pool, Queued};

impl Scheduler {
    /// How a pod got its node, or where it waits for one.
    pub fn placing(&self, pod: &Key) -> Placing {
        Placing { decided: self.decided(pod), waits: self.queue().get(pod).map(|q| self.waiting_pod(q)) }
    }

    /// Every pod in the queue, in the order in which they would be tried: active, in back-off, then those that wait for an event.
    pub fn waiting(&self) -> Vec<Waiting> {
        let mut all: Vec<&Queued> = self.queue().iter().collect();
        all.sort_by_cached_key(|q| q.place());
        all.into_iter().map(|q| self.waiting_pod(q)).collect()
    }

    fn waiting_pod(&self, q: &Queued) -> Waiting {
        let profile = self.profile();
        let mut waits_for: Vec<(&'static str, &'static str)> = q
            .rejected_by
            .iter()
            .map(|p| (short(profile.name(*p)), profile.plugins[*p].plugin.wakes_on()))
            .filter(|(_, events)| !events.is_empty())
            .collect();
        if q.pool == Pool::Gated {
            let gates = profile.enabled().filter(|(_, p)| p.pre_enqueue(&q.info).is_some());
            waits_for = gates.map(|(_, p)| (short(p.name()), p.wakes_on())).collect();
        }
        Waiting {
            object: Object::Pod(q.info.pod.clone()).reference(),
            pool: match q.pool {
                Pool::Active => "active",
                Pool::Backoff | Pool::ErrorBackoff => "back-off",
                Pool::Unschedulable => "unschedulable",
                Pool::Gated => "gated",
            },
            until: q.back_off_ends(),
            since: q.timestamp,
            attempts: q.attempts,
            priority: q.info.priority,
            waits_for,
            decided: self.decided(&q.info.key()),
        }
    }

    /// The decision that the next cycle would make, if it took this pod. None for a pod that is not waiting.
    pub fn weigh(&self, key: &Key, rng: &Streams, now: SimTime) -> Option<Weighing> {
        let info = self.queue().get(key)?.info.clone();
        let profile = Profile::clone(self.profile());
        let before = Cluster::at(self.cache().clone(), profile, self.position(), now);
        let mut during = before.clone();
        let mut rng = rng.clone();
        let outcome = decide(&mut during.cache, &info, &during.profile, &mut self.position(), now, Some(rng.stream(CHANCE)));
        let decision = Decision::of(&outcome, &info, &during.cache, &during.profile);
        debug_assert_eq!(decision.node.is_some(), matches!(outcome.decided, Decided::Node(_)));
        Some(weighing(&decision, &info, &before))
    }
}

/// A decision as plain data.
fn weighing(d: &Decision, pod: &PodInfo, cluster: &Cluster) -> Weighing {
    let scored = || d.nodes.iter().filter(|n| n.total.is_some());
    // Columns in the order of the profile; resource claims are left out where they say nothing.
    let says = |plugin: &str| scored().any(|n| n.scores.iter().any(|(p, s)| *p == plugin && (*s != 0 || plugin != "DynamicResources")));
    let columns: Vec<Column> = cluster
        .profile
        .plugins
        .iter()
        .filter(|e| says(e.plugin.name()))
        .map(|e| Column { name: short(e.plugin.name()), plugin: e.plugin.name(), most: e.weight.max(1) * 100 })
        .collect();
    let score = |n: &NodeVerdict, c: &Column| n.scores.iter().find(|(p, _)| *p == c.plugin).map(|(_, s)| *s);
    let fits = d.nodes.iter().filter(|n| n.rejected_by.is_none()).map(|n| Weighed {
        name: n.name.clone(),
        scores: columns.iter().map(|c| score(n, c)).collect(),
        total: n.total,
        best: d.candidates.contains(&n.name),
    });
    let mut fits: Vec<Weighed> = fits.collect();
    // The chosen one stands first among its equals.
    fits.sort_by_key(|n| (std::cmp::Reverse(n.total), Some(&n.name) != d.node.as_ref()));
    let barred = d.pre_filter.as_ref().map(|(plugin, reasons)| format!("{}: {}", short(plugin), reasons.join(", ")));
    Weighing {
        copy: ObjectRef::new("Pod", d.pod.namespace.clone(), d.pod.name.clone()),
        verdict: d.sentence(),
        chosen: d.node.clone(),
        fits,
        turned_down: turned_down(d, pod, cluster),
        barred,
        partial: d.partial(),
        preemption: d.preemption.as_ref().map(|(node, victims)| {
            let equal = d.equal_preemptions.iter().map(|(n, _)| n.clone()).collect();
            RoomMade { machine: node.clone(), victims: d.victim_names(victims), equal }
        }),
        message: d.message.clone(),
        moves: offline::explore(cluster, pod, d).into_iter().map(|w| Move { change: w.change, to: w.node, moves: w.moves }).collect(),
        columns,
    }
}

fn turned_down(d: &Decision, pod: &PodInfo, cluster: &Cluster) -> Vec<TurnedDown> {
    let mut groups: Vec<TurnedDown> = vec![];
    for n in &d.nodes {
        let Some((plugin, reasons)) = &n.rejected_by else { continue };
        let why = format!("{}: {}", short(plugin), reasons.join(", "));
        let node = cluster.cache.find(&n.name).map(|ix| cluster.cache.node(ix));
        let numbers = node.and_then(|node| offline::detail(plugin, node, pod, &cluster.cache)).unwrap_or_default();
        let machine = (Arc::clone(&n.name), numbers);
        match groups.iter_mut().find(|g| g.why == why) {
            Some(g) => g.machines.push(machine),
            None => groups.push(TurnedDown { why, machines: vec![machine] }),
        }
    }
    groups.sort_by_key(|g| std::cmp::Reverse(g.machines.len()));
    groups
}
