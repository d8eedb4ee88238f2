//! Preemption against the rules as they read: every trial is a cluster of its own, decided anew.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use wheelhouse::kernel::SimTime;

use super::plain::{never_fits, selects};
use super::*;

/// Namespace, selector, how many may still go.
type Budget = (&'static str, LabelSelector, i64);

/// A node and the pods that must go.
type Room = (String, BTreeSet<String>);

fn priority(p: &Pod) -> i32 {
    p.spec.priority.unwrap_or(0)
}

fn fits(plain: &Plain, pod: &Arc<Pod>, node: &str) -> bool {
    matches!(plain.decide(pod)[node], Verdict::Fits(_))
}

/// Removing pods may change the verdict.
fn may_help(verdict: &Verdict, pod: &Pod, node: &Node) -> bool {
    let Verdict::Rejected(plugin, reasons) = verdict else { return false };
    match plugin.as_str() {
        "NodePorts" => true,
        "NodeResourcesFit" => !never_fits(pod, node),
        "PodTopologySpread" => !reasons[0].ends_with("(missing required label)"),
        "InterPodAffinity" => !reasons[0].ends_with("match pod affinity rules"),
        _ => false,
    }
}

/// Every node on which room can be made, and of those the best.
fn best_rooms(plain: &Plain, pod: &Arc<Pod>, budgets: &[Budget]) -> Vec<Room> {
    let verdicts = plain.decide(pod);
    let mut candidates = vec![];
    for node in &plain.nodes {
        let name = &*node.meta.name;
        let lower = |(p, n): &(Arc<Pod>, String)| n == name && priority(p) < priority(pod);
        if !may_help(&verdicts[name], pod, node) || !plain.placed.iter().any(lower) {
            continue;
        }
        let mut trial = plain.clone();
        trial.affinity_rests = Some(plain.affinity_rests(pod));
        trial.placed.retain(|x| !lower(x));
        if !fits(&trial, pod, name) {
            continue;
        }
        let mut removed: Vec<_> = plain.placed.iter().filter(|x| lower(x)).cloned().collect();
        removed.sort_by_key(|(p, _)| (Reverse(priority(p)), p.status.start_time));
        let mut left: Vec<i64> = budgets.iter().map(|b| b.2).collect();
        let (broken, kept): (Vec<_>, Vec<_>) = removed.into_iter().partition(|(p, _)| {
            let mut breaks = false;
            for (b, left) in budgets.iter().zip(&mut left) {
                if *p.meta.namespace == *b.0 && selects(Some(&b.1), p) {
                    *left -= 1;
                    breaks |= *left < 0;
                }
            }
            breaks
        });
        let (mut victims, mut violations) = (vec![], 0);
        for (n, p) in broken.iter().chain(&kept).enumerate() {
            trial.placed.push(p.clone());
            if !fits(&trial, pod, name) {
                trial.placed.pop();
                victims.push(p.0.clone());
                violations += usize::from(n < broken.len());
            }
        }
        let highest = victims.iter().map(|p| priority(p)).max();
        let sum: i64 = victims.iter().map(|p| i64::from(priority(p)) + (1 << 31)).sum();
        let earliest = victims.iter().filter(|p| Some(priority(p)) == highest).map(|p| p.status.start_time).min();
        let rank = (violations, highest, sum, victims.len(), Reverse(earliest));
        candidates.push((rank, (name.to_string(), victims.iter().map(|p| p.meta.name.to_string()).collect())));
    }
    let best = candidates.iter().map(|(rank, _)| *rank).min();
    candidates.into_iter().filter(|(rank, _)| Some(rank) == best.as_ref()).map(|(_, room)| room).collect()
}

fn with(d: &mut Draw, n: usize, priorities: &[i32]) -> Pod {
    let mut pod = Pod::clone(&d.pod(n));
    // What leaves already counts neither as there nor as gone; that is told apart elsewhere.
    pod.meta.deletion = None;
    pod.status.start_time = Some(SimTime::from_secs((n as u64 * 37) % 101));
    Arc::make_mut(&mut pod.spec).priority = Some(*d.pick(priorities));
    pod
}

#[test]
fn room_is_made_where_and_as_the_rules_say() {
    let (mut made, mut none, mut broken) = (0, 0, 0);
    for seed in 400..440 {
        let mut d = Draw::new(seed);
        let budgets: Vec<Budget> = (0..d.of(3))
            .map(|_| {
                let app = (*d.pick(&["web", "db", "cache"])).to_string();
                let selector = LabelSelector { match_labels: Some(BTreeMap::from([("app".into(), app)])), match_expressions: None };
                (*d.pick(&["default", "other"]), selector, d.of(3) as i64)
            })
            .collect();
        let mut objects = namespaces();
        objects.extend(budgets.iter().enumerate().map(|(n, (namespace, selector, allowed))| {
            kinds::from_json(&json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": {"name": format!("b-{n}"), "namespace": namespace},
                "spec": {"selector": selector, "minAvailable": 1}, "status": {"disruptionsAllowed": allowed}}))
            .unwrap()
        }));
        let mut plain = Plain::default();
        for (name, env) in [("default", "dev"), ("other", "prod")] {
            let labels = [("env", env), ("kubernetes.io/metadata.name", name)].map(|(k, v)| (k.to_string(), v.to_string()));
            plain.namespaces.insert(name.into(), labels.into());
        }
        let mut fast = Cluster::new(&objects, Profile::default());
        for n in 0..5 {
            let node = d.node(n);
            fast.cache.put_node(&node);
            plain.nodes.push(node);
        }
        for n in 0..49 {
            let pod = Arc::new(with(&mut d, n, &[0, 10, 100]));
            let info = fast.compile(&pod);
            if let Some(node) = fast.place(&info) {
                plain.place(&pod, &node);
            }
        }
        if d.one_in(3) {
            // Somebody waits for room already.
            let guest = Arc::new(with(&mut d, 49, &[0, 100, 1000]));
            let node = d.pick(&plain.nodes).meta.name.clone();
            let info = fast.compile(&guest);
            fast.cache.nominate(&info, &node);
            plain.nominated.push((guest, node.to_string()));
        }
        for n in 50..62 {
            let pod = Arc::new(with(&mut d, n, &[50, 1000]));
            let info = fast.compile(&pod);
            let (_, decision) = fast.decide(&info);
            if decision.node.is_some() {
                continue;
            }
            let expected = best_rooms(&plain, &pod, &budgets);
            let room = |(node, victims): &(_, Vec<_>)| -> Room {
                let names = victims.iter().map(|v: &wheelhouse::worlds::kubernetes::api::meta::Key| v.name.to_string());
                (format!("{node}"), names.collect())
            };
            let mut got: Vec<Room> = decision.preemption.iter().chain(&decision.equal_preemptions).map(room).collect();
            got.sort();
            assert_eq!(got, expected, "seed {seed}, {}: {}", pod.meta.name, serde_json::to_string(&*pod.spec).unwrap());
            if got.is_empty() {
                none += 1
            } else {
                made += 1
            }
            broken += usize::from(budgets.iter().any(|b| b.2 == 0) && !got.is_empty());
        }
    }
    assert!(
        made > 40 && none > 20 && broken > 10,
        "too little was tried: {made} made, {none} not, {broken} among budgets that allow nothing"
    );
}
