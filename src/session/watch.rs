//! When the lab looks again at what a scenario watches: conditions (`when`), expectations, and what a drill asks.
//!
//! Each is looked at after every event that can change it, so that "all the time" means every moment. What can change it is told by the
//! facts it asks for: a world's objects change with a record in the journal, the counts of requests with the clients' tick, a few things
//! with any event of their world, and what is measured once a second with that. Labs of thousands of copies can ask for more than can be
//! looked at; then the rest of that second goes by unseen, and the verdict says so.

use crate::scenario::Scenario;
use crate::scenario::expression::Expression;
use crate::scenario::facts::Type;
use crate::scenario::file::{Expect, Trigger};

use super::expect::Standing;

/// What looking may cost from one second to the next, in objects walked over (each about a microsecond).
const EFFORT_MAX: u64 = 200_000;
/// Records that are walked over as fast as one object.
const RECORDS_PER_OBJECT: u64 = 64;

/// Several worlds: bit n stands for the n-th.
type Worlds = u32;

/// What one event has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changed {
    /// Worlds that handled something.
    pub moved: Worlds,
    /// Worlds that wrote something into the journal.
    pub wrote: Worlds,
    /// Requests were sent and settled.
    pub requests: bool,
}

impl Changed {
    /// Everything, as far as the watches know it.
    pub const ALL: Self = Self { moved: !0, wrote: !0, requests: true };
}

/// What can change an expression's value, and what it takes to look at it.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    moved: Worlds,
    wrote: Worlds,
    requests: bool,
    /// It walks over objects so many times.
    walks: u64,
    /// It walks over the journal so many times.
    scans: u64,
}

impl Watch {
    fn of<'e>(expressions: impl IntoIterator<Item = &'e Expression>, worlds: &[&str]) -> Self {
        let mut watch = Self::default();
        for used in expressions.into_iter().flat_map(Expression::uses) {
            // What the lab itself is asked for can come from any world.
            let bits = used.world.as_deref().map_or(!0, |w| worlds.iter().position(|n| *n == w).map_or(0, |n| 1 << n));
            match used.info.name {
                "availability" | "sent" | "ok" | "failed" | "in_flight" | "downtime_s" | "impaired_s" | "longest_outage_s" | "p50_ms"
                | "p99_ms" => watch.requests = true,
                // Measured once a second, by the scoreboard and by predictions.
                "now" | "detected_after" | "recovered_after" | "answered_right" => {}
                "settled" => watch.moved |= bits,
                // A copy begins to listen, and a host to freeze, without a line in the journal.
                "serving" | "ready" | "containers" | "hosts" | "proxy_backends" if used.world.as_deref() == Some("docker") => {
                    (watch.moved, watch.walks) = (watch.moved | bits, watch.walks + 1);
                }
                name => {
                    watch.wrote |= bits;
                    match name {
                        "happened" if used.literals.len() < 2 => {}
                        "happened" | "happened_after" | "lowest" | "highest" | "output" | "exit_status" => watch.scans += 1,
                        "restarts" | "last_exit_code" | "endpoints" | "declared" | "serving" => watch.walks += 1,
                        _ => watch.walks += u64::from(used.info.returns == Type::List || used.world.as_deref() == Some("docker")),
                    }
                }
            }
        }
        watch
    }

    fn is_due(&self, changed: Changed) -> bool {
        self.moved & changed.moved != 0 || self.wrote & changed.wrote != 0 || (self.requests && changed.requests)
    }

    fn effort(&self, objects: u64, records: u64) -> u64 {
        1 + self.walks * objects + self.scans * (1 + records / RECORDS_PER_OBJECT)
    }
}

/// Everything that a scenario watches.
#[derive(Debug)]
pub struct Watches {
    /// For each timeline entry its condition, if it waits for one.
    conditions: Vec<Option<Watch>>,
    /// For each expectation, unless it only counts at the end.
    expectations: Vec<Option<Watch>>,
    drill: Option<Watch>,
}

impl Watches {
    pub fn new(scenario: &Scenario, worlds: &[&str]) -> Self {
        let condition = |trigger: &Trigger| if let Trigger::When(e) = trigger { Some(Watch::of([e], worlds)) } else { None };
        let drill = scenario.solve.as_ref().map(|s| {
            let asked =
                std::iter::once(&s.goal).chain(s.keep.iter().map(|k| &k.that)).chain(s.mistakes.iter().filter_map(|m| m.when.as_ref()));
            Watch::of(asked, worlds)
        });
        Self {
            conditions: scenario.timeline.iter().map(|e| condition(&e.trigger)).collect(),
            expectations: scenario.expect.iter().map(|e| (e.kind != Expect::Finally).then(|| Watch::of([&e.expr], worlds))).collect(),
            drill,
        }
    }
}

/// What is worth a look now: by the positions of entries and expectations.
#[derive(Clone, Debug, Default)]
pub struct Due {
    pub conditions: Vec<usize>,
    pub expectations: Vec<usize>,
    pub drill: bool,
    /// Expectations that should be looked at, and are not: it would take too long.
    pub missed: Vec<usize>,
}

/// The effort that is left until the next second.
#[derive(Clone, Debug)]
pub struct Effort {
    left: u64,
    /// Objects in all worlds, as counted at the second.
    objects: u64,
}

impl Effort {
    /// A new second begins.
    pub fn new(objects: u64) -> Self {
        Self { left: EFFORT_MAX, objects }
    }

    fn spend(&mut self, watch: &Watch, records: u64) -> bool {
        let left = self.left.checked_sub(watch.effort(self.objects, records));
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

impl Watches {
    /// What is due after an event: of the entries that are not armed, and of the expectations that are not decided.
    pub fn due(&self, changed: Changed, records: usize, effort: &mut Effort, armed: &[bool], standings: &[Standing]) -> Option<Due> {
        let mut due = Due::default();
        let records = records as u64;
        for (n, watch) in self.conditions.iter().enumerate() {
            if let Some(watch) = watch.filter(|w| !armed[n] && w.is_due(changed))
                && effort.spend(&watch, records)
            {
                due.conditions.push(n);
            }
        }
        for ((n, watch), standing) in self.expectations.iter().enumerate().zip(standings) {
            let Some(watch) = watch.filter(|w| standing.passed.is_none() && (standing.early || w.is_due(changed))) else { continue };
            if effort.spend(&watch, records) { due.expectations.push(n) } else { due.missed.push(n) }
        }
        due.drill = self.drill.is_some_and(|w| w.is_due(changed) && effort.spend(&w, records));
        (due.drill || !(due.conditions.is_empty() && due.expectations.is_empty() && due.missed.is_empty())).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OpenOptions, Session};
    use super::*;
    use crate::kernel::SimTime;

    const DIP: &str = "
wheelhouse: 1
title: A dip
duration: 3m
images: {'a/b:1': {app: {startup: 400ms}, preloaded: true}}
traffic: [{name: users, to: web, rate: 10rps}]
worlds:
  docker:
    hosts: [{name: host-1}]
    compose: {all: {services: {web: {image: 'a/b:1', ports: ['80:80'], restart: always}}}}
  kubernetes:
    nodes: [{count: 2}]
    manifests:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: 'a/b:1'}]}}}
      - {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {a: b}, ports: [{port: 80}]}}
timeline:
  - {at: 60s, id: gone, run: {kubernetes: kubectl delete pods --all --force --grace-period=0}}
  - {at: 90s, id: crash, fault: {kind: crash, on: web}}
  - {when: \"kubernetes.pods.exists(p, p.phase == 'Pending') && now > duration('59s')\", id: seen, say: seen}
expect:
";

    fn dip(expect: &[&str]) -> Session {
        let text: String = expect.iter().map(|e| format!("  - {{{e}}}\n")).collect();
        Session::open_text("dip.yaml", &format!("{DIP}{text}"), &OpenOptions::default()).unwrap()
    }

    fn details(s: &Session) -> Vec<(Option<bool>, String)> {
        s.view().expectations.into_iter().map(|e| (e.passed, e.detail)).collect()
    }

    #[test]
    fn half_a_second_counts() {
        let mut s = dip(&[
            "always: \"kubernetes.ready('deployment/web') == 2\", from: 30s",
            "never: \"kubernetes.pods.exists(p, p.phase == 'Pending')\", from: 30s",
            "eventually: \"kubernetes.pods.exists(p, p.phase == 'Pending')\", after: gone",
            "eventually: \"kubernetes.pods.exists(p, p.phase == 'Failed')\", within: 10s, after: gone",
            "always: \"docker.running('web') == 1\", until: 89s",
            "always: \"docker.running('web') == 1\"",
        ]);
        s.jump_to(s.end());
        let got = details(&s);
        let (passed, texts): (Vec<_>, Vec<_>) = got.iter().map(|(p, t)| (p.unwrap(), t.as_str())).unzip();
        assert_eq!(passed, [false, false, true, false, true, false], "{texts:?}");
        assert_eq!(texts[0], "at 01:00.012: kubernetes.ready('deployment/web') = 0");
        assert!(texts[1].starts_with("at 01:00.") && !texts[1].contains(": "), "nothing is told of a list: {}", texts[1]);
        assert_eq!((texts[3], texts[4]), ("not by 01:10", "all the time"));
        let seen = s.records().iter().find(|r| r.reason == "Say").unwrap();
        assert!(seen.at > SimTime::from_secs(60) && seen.at < SimTime::from_secs(61), "{}", seen.at.as_millis());
    }

    /// What is looked at when something changed is seen as it would be by looking after every event.
    #[test]
    fn nothing_is_overlooked() {
        const FACTS: [&str; 16] = [
            "docker.serving == 0",
            "docker.ready('web') == 0",
            "docker.running('web') == 0",
            "docker.restarts('web') == 1",
            "docker.containers.exists(c, c.ready == false)",
            "docker.failed > 0",
            "docker.settled == false",
            "kubernetes.serving == 0",
            "kubernetes.ready('deployment/web') == 1",
            "kubernetes.restarts('deployment/web') == 1",
            "kubernetes.endpoints('service/web') == 1",
            "kubernetes.events.exists(e, e.reason == 'BackOff' || e.reason == 'Killing')",
            "kubernetes.condition('deployment/web', 'Available') == 'False'",
            "kubernetes.happened('Started', 'kubelet') > 3",
            "kubernetes.failed > 0",
            "kubernetes.settled == false",
        ];
        let expect: Vec<String> =
            FACTS.iter().flat_map(|f| ["gone", "crash"].map(|id| format!("eventually: \"{f}\", after: {id}"))).collect();
        let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
        let (mut gated, mut always) = (dip(&expect), dip(&expect));
        gated.jump_to(gated.end());
        while always.next_at().is_some() {
            always.step();
            always.lab.look_again(Changed::ALL, &mut always.journal);
        }
        for ((a, b), e) in details(&gated).iter().zip(details(&always)).zip(&expect) {
            assert_eq!((a.0, &a.1), (b.0, &b.1), "{e}");
        }
        assert!(details(&gated).iter().filter(|d| d.0 == Some(true)).count() > 20, "{:#?}", details(&gated));
    }

    #[test]
    fn too_much_to_look_at_is_said() {
        let scenario = dip(&["always: \"kubernetes.pods.size() < 9\""]);
        let watches = Watches::new(&scenario.lab.scenario, &["docker", "kubernetes"]);
        let wrote = Changed { wrote: 2, ..Changed::default() };
        let mut effort = Effort::new(EFFORT_MAX / 2);
        let mut look = |changed| watches.due(changed, 0, &mut effort, &[true; 3], &[Standing::default()]);
        assert!(look(Changed { wrote: 1, ..Changed::default() }).is_none(), "the docker world does not matter");
        assert_eq!(look(wrote).unwrap().expectations, [0]);
        assert_eq!(look(wrote).unwrap().missed, [0]);
    }
}
