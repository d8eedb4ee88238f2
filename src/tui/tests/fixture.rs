//! A lab made by hand: a machine dies at 02:00 in a world of engines and in a cluster. It moves with its clock, so that every screen has something to show.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::session::view::*;
use crate::session::{Named, StepSize, WhyStep};
use crate::tui::door::{Door, House};

pub const END: u64 = 720;
const DEATH: u64 = 120;
const NOTICED: u64 = 170;
const EVICTED: u64 = 470;

pub fn object(kind: &'static str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::new(kind, namespace, name)
}

/// (second, world, actor, type, reason, kind, name, message, number of the cause or 0)
type Line = (u64, &'static str, &'static str, RecordType, &'static str, &'static str, &'static str, &'static str, u64);

const LINES: &[Line] = &[
    (0, "docker", "compose host-1", RecordType::Command, "up", "container", "shop-1", "docker compose up -d", 0),
    (1, "docker", "dockerd host-1", RecordType::Event, "start", "container", "shop-1", "container shop-1 started", 1),
    (0, "kubernetes", "you", RecordType::Command, "apply", "Deployment", "shop", "kubectl apply -f shop/", 0),
    (
        0,
        "kubernetes",
        "deployment-controller",
        RecordType::Event,
        "ScalingReplicaSet",
        "Deployment",
        "shop",
        "Scaled up replica set shop-7d9f from 0 to 3",
        3,
    ),
    (
        1,
        "kubernetes",
        "default-scheduler",
        RecordType::Decision,
        "Scheduled",
        "Pod",
        "shop-7d9f-q8zlt",
        "Successfully assigned default/shop-7d9f-q8zlt to node-2",
        4,
    ),
    (5, "kubernetes", "kubelet node-2", RecordType::Event, "Started", "Pod", "shop-7d9f-q8zlt", "Container started", 5),
    (6, "kubernetes", "kubelet node-2", RecordType::Change, "Ready", "Pod", "shop-7d9f-q8zlt", "Ready False → True", 6),
    (10, "lab", "narrator", RecordType::Story, "say", "", "", "Traffic is steady.", 0),
    (120, "lab", "scenario", RecordType::Fault, "node-down", "Node", "node-2", "blackout: node-2 and host-2 lose power", 0),
    (
        120,
        "docker",
        "proxy",
        RecordType::Traffic,
        "timeout",
        "stream",
        "shoppers",
        "one request in three times out: the proxy keeps sending to host-2",
        9,
    ),
    (
        120,
        "kubernetes",
        "kube-proxy",
        RecordType::Traffic,
        "timeout",
        "stream",
        "shoppers",
        "one request in three times out: node-2 is still an endpoint",
        9,
    ),
    (170, "kubernetes", "node-controller", RecordType::Decision, "NodeNotReady", "Node", "node-2", "Ready=Unknown: no lease for 50 s", 9),
    (170, "kubernetes", "node-controller", RecordType::Change, "taints", "Node", "node-2", "taint unreachable:NoExecute", 12),
    (
        170,
        "kubernetes",
        "endpointslice-controller",
        RecordType::Event,
        "Endpoints",
        "EndpointSlice",
        "shop-x8k2p",
        "shop: 3 → 2 ready endpoints",
        12,
    ),
    (170, "kubernetes", "kube-proxy", RecordType::Traffic, "ok", "stream", "shoppers", "requests succeed again", 14),
    (
        170,
        "kubernetes",
        "taint-eviction-controller",
        RecordType::Decision,
        "TaintManagerEviction",
        "Pod",
        "shop-7d9f-q8zlt",
        "will be deleted at 07:50 unless the taint goes",
        13,
    ),
    (180, "docker", "pager", RecordType::Event, "page", "operator", "on-call", "the pager rings: 33 % of requests fail", 10),
    (
        470,
        "kubernetes",
        "taint-eviction-controller",
        RecordType::Event,
        "TaintManagerEviction",
        "Pod",
        "shop-7d9f-q8zlt",
        "Marking for deletion Pod default/shop-7d9f-q8zlt",
        16,
    ),
    (
        470,
        "kubernetes",
        "replicaset-controller",
        RecordType::Event,
        "SuccessfulCreate",
        "ReplicaSet",
        "shop-7d9f",
        "Created pod: shop-7d9f-tz4mw",
        18,
    ),
    (
        470,
        "kubernetes",
        "default-scheduler",
        RecordType::Decision,
        "Scheduled",
        "Pod",
        "shop-7d9f-tz4mw",
        "Successfully assigned default/shop-7d9f-tz4mw to node-3",
        19,
    ),
    (476, "kubernetes", "kubelet node-3", RecordType::Event, "Started", "Pod", "shop-7d9f-tz4mw", "Container started", 20),
];

fn records() -> Vec<Arc<Record>> {
    LINES
        .iter()
        .enumerate()
        .map(|(i, (at, world, actor, kind, reason, what, name, message, cause))| {
            Arc::new(Record {
                id: RecordId(i as u64 + 1),
                at: SimTime::from_secs(*at),
                world,
                actor: (*actor).into(),
                kind: *kind,
                reason: (*reason).into(),
                object: object(what, if *world == "kubernetes" { "default" } else { "" }, name),
                message: (*message).into(),
                change: None,
                data: None,
                cause: (*cause > 0).then_some(RecordId(*cause)),
            })
        })
        .collect()
}

/// What a test wants to know afterwards.
#[derive(Debug, Default)]
pub struct Log {
    pub injected: Vec<String>,
    pub commands: Vec<String>,
    pub answers: Vec<usize>,
    pub advanced: Vec<SimTime>,
    pub kept: Vec<String>,
    // practice: what outlives a restart
    pub drafts: std::collections::BTreeMap<String, String>,
    pub handed_in: Vec<String>,
    pub profile: Option<Arc<str>>,
    pub interview: Option<jiff::civil::Date>,
    /// The number of the interview's question, from 0, and whether its follow-up is asked.
    pub asked: Option<usize>,
    pub follow_up: bool,
    pub minutes: u32,
    pub clock: std::time::Duration,
    pub disk_full: bool,
    pub place: Option<crate::tui::desk::Place>,
}

pub struct Fake {
    now: SimTime,
    records: Vec<Arc<Record>>,
    /// Pauses and questions that were passed.
    paused: bool,
    asked: bool,
    chosen: Option<usize>,
    skipped: bool,
    typed: u64,
    running: u8,
    breakpoint: Option<String>,
    pub log: Rc<RefCell<Log>>,
    /// Replaces the worlds: for large clusters.
    pub worlds: Option<Vec<WorldPanel>>,
}

impl Fake {
    pub fn new() -> Self {
        Self::with(Rc::default(), None)
    }
    pub fn with(log: Rc<RefCell<Log>>, worlds: Option<Vec<WorldPanel>>) -> Self {
        Self {
            now: SimTime::ZERO,
            records: records(),
            paused: false,
            asked: false,
            chosen: None,
            skipped: false,
            typed: 0,
            running: 0,
            breakpoint: None,
            log,
            worlds,
        }
    }
    fn shown(&self) -> usize {
        self.records.iter().rposition(|r| r.at <= self.now).map_or(0, |i| i + 1)
    }
    fn set(&mut self, at: SimTime) {
        self.now = at.min(self.end());
        self.paused |= self.now >= SimTime::from_secs(60);
        self.asked |= self.now >= SimTime::from_secs(110);
    }
    fn replied(&self) -> bool {
        self.chosen.is_some() || self.skipped
    }
    fn second(&self) -> u64 {
        self.now.as_secs()
    }

    fn strip(&self, healed: u64) -> RequestStrip {
        let seconds: Vec<(u32, u32)> = (0..self.second())
            .map(|s| {
                if s < 5 {
                    (0, 0)
                } else if (DEATH..healed).contains(&s) {
                    (60, 30)
                } else {
                    (90, 0)
                }
            })
            .collect();
        let from = seconds.len().saturating_sub(240);
        let (ok, failed) = seconds.last().copied().unwrap_or_default();
        RequestStrip { seconds: seconds[from..].to_vec(), ok_rps: ok, failing_rps: failed, why: if failed > 0 { "timeout" } else { "" } }
    }

    fn score(&self, healed: u64, detected: u64, recovered: Option<u64>, manual: u64) -> ScoreView {
        let now = self.second();
        let failed = 30 * now.min(healed).saturating_sub(DEATH);
        let sent = 90 * now.saturating_sub(5);
        let after = |at: u64| (now >= at).then(|| SimDuration::from_secs(at - DEATH));
        ScoreView {
            availability: (sent > 0).then(|| 1.0 - failed as f64 / sent as f64),
            sent,
            ok: sent - failed,
            failed,
            failed_by_reason: if failed > 0 { vec![("timeout", failed)] } else { vec![] },
            impaired_s: failed / 30,
            downtime_s: 0,
            manual_actions: manual,
            p50_ms: Some(15.0),
            p99_ms: Some(if failed > 0 { 2000.0 } else { 21.0 }),
            serving: if now < DEATH || recovered.is_some_and(|r| now >= r) { 3 } else { 2 },
            declared: 3,
            faults: if now < DEATH {
                vec![]
            } else {
                vec![FaultScore {
                    id: "blackout".into(),
                    at: SimTime::from_secs(DEATH),
                    detected_after: after(detected),
                    recovered_after: recovered.and_then(after),
                }]
            },
            cost: now as f64 / 36_000.0,
            ..ScoreView::default()
        }
    }

    fn docker(&self) -> WorldPanel {
        let now = self.second();
        let dead = now >= DEATH;
        let hosts = (1..=3)
            .map(|n| {
                let down = n == 2 && dead;
                let copy = CopyView {
                    object: object("container", &format!("host-{n}"), "shop-1"),
                    label: "shop-1".into(),
                    health: if down { Health::Bad } else { Health::Good },
                    word: if down { "gone" } else { "Up" }.into(),
                    detail: if down { String::new() } else { "(healthy)".into() },
                    app: "shop".into(),
                    serving_rps: if down { 0 } else { 30 },
                };
                host(
                    &format!("host-{n}"),
                    down,
                    if down { "DOWN" } else { "up" },
                    if down { clock(now - DEATH) } else { String::new() },
                    510,
                    220,
                    vec![copy],
                    "host",
                )
            })
            .collect();
        let view = WorldView {
            name: "docker",
            subtitle: "3 hosts".into(),
            lamps: vec![lamp("proxy", Health::Good, "static")],
            hosts,
            unplaced: Vec::new().into(),
            apps: vec![AppView {
                object: object("service", "", "shop"),
                name: "shop".into(),
                wanted: 3,
                ready: if dead { 2 } else { 3 },
                detail: String::new(),
            }],
            alarms: if now >= 180 { vec![format!("the pager rings ({})", clock(now - 180))] } else { vec![] },
            console: "docker@host-1".into(),
        };
        WorldPanel { view, requests: self.strip(u64::MAX), score: self.score(u64::MAX, 180, None, 0) }
    }

    fn kubernetes(&self) -> WorldPanel {
        let now = self.second();
        let (unknown, evicted, back) = (now >= NOTICED, now >= EVICTED, now >= EVICTED + 10);
        let pod = |name: &str, health, word: &str, detail: &str, rps| CopyView {
            object: object("Pod", "default", name),
            label: name.into(),
            health,
            word: word.into(),
            detail: detail.into(),
            app: "shop".into(),
            serving_rps: rps,
        };
        let mut three = vec![pod("shop-7d9f-m4v7c", Health::Good, "Running", "1/1", 30)];
        if evicted {
            three.push(if back {
                pod("shop-7d9f-tz4mw", Health::Good, "Running", "1/1", 30)
            } else {
                pod("shop-7d9f-tz4mw", Health::Busy, "ContainerCreating", "0/1", 0)
            });
        }
        let two = match (unknown, evicted) {
            (false, _) => pod(
                "shop-7d9f-q8zlt",
                if now < DEATH { Health::Good } else { Health::Warn },
                "Running",
                "1/1",
                if now < DEATH { 30 } else { 0 },
            ),
            (true, false) => pod("shop-7d9f-q8zlt", Health::Bad, "Running", &format!("not ready, deleted in {}", clock(EVICTED - now)), 0),
            (true, true) => pod("shop-7d9f-q8zlt", Health::Idle, "Terminating", "", 0),
        };
        let hosts = vec![
            host(
                "node-1",
                false,
                "Ready",
                String::new(),
                500,
                240,
                vec![pod("shop-7d9f-x2kqp", Health::Good, "Running", "1/1", 30)],
                "Node",
            ),
            host(
                "node-2",
                unknown,
                if unknown { "NotReady" } else { "Ready" },
                if unknown { format!("{} taint unreachable", clock(now - NOTICED)) } else { String::new() },
                500,
                240,
                vec![two],
                "Node",
            ),
            host("node-3", false, "Ready", String::new(), if back { 980 } else { 500 }, 240, three, "Node"),
        ];
        let view = WorldView {
            name: "kubernetes",
            subtitle: "3 nodes".into(),
            lamps: vec![lamp("api", Health::Good, "up"), lamp("sched", Health::Good, "up"), lamp("ctrl", Health::Good, "up")],
            hosts,
            unplaced: Vec::new().into(),
            apps: vec![AppView {
                object: object("Deployment", "default", "shop"),
                name: "shop".into(),
                wanted: 3,
                ready: if unknown && !back { 2 } else { 3 },
                detail: String::new(),
            }],
            alarms: vec![],
            console: "kubectl@default".into(),
        };
        WorldPanel { view, requests: self.strip(NOTICED), score: self.score(NOTICED, NOTICED, Some(EVICTED + 10), 0) }
    }

    fn question(&self) -> QuestionView {
        QuestionView {
            id: "when".into(),
            text: "node-2 dies now. When does its replacement pod start?".into(),
            choices: vec!["at once".into(), "after about 50 s".into(), "after about 6 min".into()],
            chosen: self.chosen,
            answer: (self.finished() && self.replied()).then_some(2),
            because: "The node is noticed after 50 s, but its pods tolerate an unreachable node for another 300 s before they are deleted and replaced.".into(),
            known_at: (self.finished() && self.replied()).then(|| self.end()),
            shows_at: None,
        }
    }
}

fn clock(s: u64) -> String {
    crate::tui::text::clock(s)
}

fn lamp(name: &str, health: Health, word: &str) -> Lamp {
    Lamp { name: name.into(), health, word: word.into() }
}

#[expect(clippy::too_many_arguments, reason = "a fixture")]
pub fn host(
    name: &str,
    down: bool,
    word: &str,
    detail: String,
    cpu: u32,
    memory: u32,
    copies: Vec<CopyView>,
    kind: &'static str,
) -> HostView {
    HostView {
        object: object(kind, "", name),
        name: name.into(),
        health: if down { Health::Bad } else { Health::Good },
        word: word.into(),
        detail,
        cpu_permille: if down { 0 } else { cpu },
        memory_permille: if down { 0 } else { memory },
        zone: "".into(),
        copies: copies.into(),
    }
}

/// Two worlds of many machines.
pub fn large(hosts: usize, copies: usize) -> Vec<WorldPanel> {
    let mut fake = Fake::new();
    fake.set(SimTime::from_secs(300));
    [fake.docker(), fake.kubernetes()]
        .into_iter()
        .map(|mut panel| {
            let copy = panel.view.hosts[0].copies[0].clone();
            panel.view.hosts = (0..hosts)
                .map(|h| {
                    let copies = (0..copies)
                        .map(|c| {
                            let name: Arc<str> = format!("shop-{h}-{c}").into();
                            let health = if c == 3 { Health::Warn } else { Health::Good };
                            CopyView { object: ObjectRef::new("Pod", "default", name.clone()), label: name, health, ..copy.clone() }
                        })
                        .collect();
                    host(&format!("node-{h}"), h == 7, "Ready", String::new(), 10 * h as u32, 300, copies, "Node")
                })
                .collect();
            panel
        })
        .collect()
}

impl Door for Fake {
    fn view(&self) -> LabView {
        let mark = |at: u64, kind, label: &str| Mark {
            at: SimTime::from_secs(at),
            kind,
            label: label.into(),
            past: SimTime::from_secs(at) <= self.now,
        };
        let held = |passed: Option<bool>, say: &str, detail: &str| ExpectationView {
            mode: "always",
            expr: "kubernetes.ready('deployment/shop') >= 2".into(),
            say: say.into(),
            passed,
            detail: detail.into(),
        };
        let story = [
            (
                10,
                "Traffic is steady. Note who owns which copy: on the left each host its own container, on the right one Deployment all three.",
            ),
            (60, "In a minute node-2 and host-2 lose power."),
        ];
        LabView {
            title: "A machine dies at three in the morning".into(),
            summary: "One of three machines loses power. Who notices, who acts, and what do users see?".into(),
            scenario: "node-down".into(),
            seed: 7,
            now: self.now,
            end: self.end(),
            step: self.now.as_millis(),
            worlds: self.worlds.clone().unwrap_or_else(|| vec![self.docker(), self.kubernetes()]),
            marks: vec![
                mark(10, MarkKind::Say, ""),
                mark(110, MarkKind::Question, "When does its replacement start?"),
                mark(DEATH, MarkKind::Fault, "blackout"),
                mark(540, MarkKind::Command, "kubectl get pods -o wide"),
            ],
            story: story.iter().filter(|(at, _)| *at <= self.second()).map(|(at, s)| (SimTime::from_secs(*at), (*s).to_string())).collect(),
            pointing_at: (10..60).contains(&self.second()).then(|| "kubernetes.nodes".to_string()),
            question: (self.asked && !self.replied() && !self.finished()).then(|| self.question()),
            asked: vec![],
            drill: None,
            answered: self.replied().then(|| self.question()).into_iter().collect(),
            expectations: vec![
                held(self.finished().then_some(true), "Two copies keep serving", ""),
                held(self.finished().then_some(false), "No request fails", "1 500 failed, the first at 02:00"),
            ],
            finished: self.finished(),
            debrief: if self.finished() {
                vec![
                    "Kubernetes noticed after 50 s and was whole again after 6 m.".into(),
                    "Docker never recovered in this run: nobody came before 12:00.".into(),
                ]
            } else {
                vec![]
            },
            practise: vec![],
        }
    }
    fn now(&self) -> SimTime {
        self.now
    }
    fn end(&self) -> SimTime {
        SimTime::from_secs(END)
    }
    fn finished(&self) -> bool {
        self.now >= self.end()
    }
    fn advance(&mut self, target: SimTime, _max_steps: u64) -> Stop {
        self.log.borrow_mut().advanced.push(target);
        for (at, passed, stop) in [(60, self.paused, Stop::Pause), (110, self.asked, Stop::Question)] {
            let at = SimTime::from_secs(at);
            if !passed && self.now < at && target >= at {
                self.set(at);
                return stop;
            }
        }
        if let Some(b) = &self.breakpoint
            && target >= SimTime::from_secs(NOTICED)
        {
            let stop = Stop::Breakpoint(b.clone());
            self.set(SimTime::from_secs(NOTICED));
            self.breakpoint = None;
            return stop;
        }
        self.set(target);
        if self.finished() { Stop::End } else { Stop::Reached }
    }
    fn step_forward(&mut self, _size: &StepSize) -> Stop {
        let next = self.records.get(self.shown()).map_or(self.end(), |r| r.at);
        self.set(next);
        Stop::Reached
    }
    fn step_back(&mut self) {
        let before = self.records[..self.shown()].iter().rev().map(|r| r.at).find(|at| *at < self.now);
        self.now = before.unwrap_or(SimTime::ZERO);
    }
    fn jump_to(&mut self, at: SimTime) {
        self.set(at);
    }
    fn jump_to_record(&mut self, id: RecordId) {
        self.set(self.records[id.0 as usize - 1].at);
    }
    fn next_mark(&mut self, _kinds: &[MarkKind]) -> Stop {
        let next = [110, DEATH].into_iter().map(SimTime::from_secs).find(|t| *t > self.now).unwrap_or(self.end());
        self.set(next);
        Stop::Reached
    }
    fn previous_mark(&mut self, _kinds: &[MarkKind]) {
        self.now = [DEATH, 110, 0].into_iter().map(SimTime::from_secs).find(|t| *t < self.now).unwrap_or(SimTime::ZERO);
    }
    fn records(&self) -> &[Arc<Record>] {
        &self.records[..self.shown()]
    }
    fn why(&self, id: RecordId) -> Vec<WhyStep> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(record) = next.and_then(|i| self.records.get(i.0 as usize - 1)) {
            next = record.cause;
            chain.push(record.clone());
        }
        chain.reverse();
        let mut before = chain[0].at;
        chain
            .into_iter()
            .map(|record| {
                let gap = record.at - before;
                before = record.at;
                WhyStep { text: format!("{}: {}", record.actor, record.message), record, gap }
            })
            .collect()
    }
    fn inspect(&self, world: &str, object: &ObjectRef) -> Option<Inspection> {
        (!object.name.is_empty()).then(|| Inspection {
            object: object.clone(),
            title: object.to_string(),
            health: Health::Good,
            tabs: vec![
                ("describe", format!("Name:             {}\nNamespace:        default\nStatus:           Running\nConditions:\n  Type    Status\n  Ready   True\nEvents:           <none>\nWorld:            {world}\n", object.name)),
                ("yaml", (0..60).map(|n| format!("line{n}: {n}\n")).collect()),
                ("logs", "listening on :8080\nGET / 200\n".into()),
                ("events", "Warning  BackOff  Back-off restarting failed container\n".into()),
            ],
            related: vec![ObjectRef::new("Deployment", "default", "shop"), ObjectRef::new("Node", "", "node-2")],
            placing: None,
            actions: vec![("delete".into(), format!("kubectl delete pod {}", object.name)), ("restart".into(), "kubectl rollout restart deployment/shop".into())],
        })
    }
    fn weighed(&self, _id: RecordId) -> Option<Weighing> {
        None
    }
    fn weigh(&self, _world: &str, _object: &ObjectRef) -> Option<Weighing> {
        None
    }
    fn waiting(&self, _world: &str) -> Vec<Waiting> {
        Vec::new()
    }
    fn command(&mut self, line: &str) -> Reply {
        self.log.borrow_mut().commands.push(line.into());
        self.typed += 1;
        match line {
            "kubectl get pods" => Reply { text: "NAME              READY   STATUS    RESTARTS   AGE\nshop-7d9f-m4v7c   1/1     Running   0          2m51s\nshop-7d9f-q8zlt   1/1     Running   0          2m51s\n".into(), ..Reply::default() },
            "kubectl rollout status deployment/shop" => {
                self.running = 2;
                Reply { text: "Waiting for deployment \"shop\" rollout to finish\n".into(), running: true, ..Reply::default() }
            }
            _ => Reply { error: "error: unknown command\n".into(), exit: 1, ..Reply::default() },
        }
    }
    fn poll_command(&mut self) -> Option<Reply> {
        self.running = self.running.checked_sub(1)?;
        Some(Reply { text: "still waiting\n".into(), running: self.running > 0, ..Reply::default() })
    }
    fn interrupt_command(&mut self) {
        self.running = 0;
    }
    fn complete(&self, line: &str) -> Vec<String> {
        let words: &[&str] = if line.contains(' ') { &["get", "delete", "describe"] } else { &["kubectl"] };
        words.iter().map(|w| (*w).to_string()).collect()
    }
    fn faults(&self) -> Vec<FaultChoice> {
        [
            ("node-down", "a machine loses power", "host"),
            ("partition", "a machine is cut off the network", "host"),
            ("crash", "the process exits", "copies"),
            ("hang", "alive, but serves nothing", "copies"),
            ("registry-down", "the registry does not answer", "world"),
        ]
        .map(|(word, about, on)| FaultChoice { word, about, on })
        .to_vec()
    }
    fn fault_targets(&self, word: &str, world: Option<&str>) -> Vec<Arc<str>> {
        let names: &[&str] = match (word, world) {
            ("crash" | "hang", _) => &["shop"],
            ("registry-down", _) => &[],
            (_, Some("docker")) => &["host-1", "host-2", "host-3"],
            (_, Some(_)) => &["node-1", "node-2", "node-3"],
            _ => &["host-1", "host-2", "host-3", "node-1", "node-2", "node-3"],
        };
        names.iter().map(|n| (*n).into()).collect()
    }
    fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) -> Result<String, String> {
        let said = format!("{word} on {target} in {} for {lasts:?}", world.unwrap_or("all"));
        self.log.borrow_mut().injected.push(said.clone());
        Ok(said)
    }
    fn answer(&mut self, choice: usize) {
        self.log.borrow_mut().answers.push(choice);
        self.chosen = Some(choice);
    }
    fn skip(&mut self) {
        self.skipped = true;
    }
    fn look_ahead(&self, id: &str) -> Option<QuestionView> {
        (id == "when").then(|| QuestionView { answer: Some(2), known_at: Some(SimTime::from_secs(EVICTED)), ..self.question() })
    }
    fn hint(&mut self) -> Option<String> {
        None
    }
    fn name_cause(&mut self, _named: Named) -> bool {
        false
    }
    fn look(&mut self, _world: &str, _object: &ObjectRef) {}
    fn set_breakpoint(&mut self, expr: Option<&str>) -> Result<(), String> {
        if expr.is_some_and(|e| e.contains("nonsense")) {
            return Err("undeclared reference to 'nonsense'".into());
        }
        self.breakpoint = expr.map(String::from);
        Ok(())
    }
    fn restart(&mut self) {
        *self = Self::with(self.log.clone(), self.worlds.take());
    }
    fn save(&self) -> String {
        "wheelhouse: 1\n".into()
    }
}

/// A house with a few labs, one of which is broken.
pub struct Labs {
    pub log: Rc<RefCell<Log>>,
}

impl House for Labs {
    fn catalogue(&self) -> Vec<ScenarioCard> {
        let card = |name: &str, title: &str, level: &str, minutes, topics: &[&str], needs: &[&str]| ScenarioCard {
            name: name.into(),
            title: title.into(),
            summary: "One of three machines loses power. Who notices, who acts, and what do users see?".into(),
            level: level.into(),
            minutes,
            topics: topics.iter().map(|t| (*t).to_string()).collect(),
            needs: needs.iter().map(|t| (*t).to_string()).collect(),
            worlds: vec!["docker".into(), "kubernetes".into()],
            questions: 1,
        };
        vec![
            card("bad-rollout", "The new version never gets ready", "intermediate", 8, &["rollouts"], &["rolling-update"]),
            card("container-crash", "A process exits", "beginner", 5, &["self-healing", "basics"], &[]),
            card(
                "node-down",
                "A machine dies at three in the morning",
                "beginner",
                8,
                &["self-healing", "node-lifecycle"],
                &["container-crash"],
            ),
            card("rolling-update", "A new version, while people shop", "beginner", 7, &["rollouts"], &["web-3-replicas"]),
            card("broken", "This one has an error", "advanced", 3, &["basics"], &[]),
        ]
    }
    fn open(&self, scenario: &str) -> Result<Box<dyn Door>, String> {
        if scenario == "broken" {
            return Err(
                "error: unknown key `trafic`\n  --> broken.yaml:7:1\n   |\n 7 | trafic:\n   | ^^^^^^ did you mean `traffic`?\n".into()
            );
        }
        Ok(Box::new(Fake::with(self.log.clone(), None)))
    }
    fn desk(&self) -> Result<Box<dyn crate::tui::desk::Desk>, String> {
        Ok(Box::new(super::desk::FakeDesk::new(self.log.clone())))
    }
    fn keep_text(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        self.log.borrow_mut().kept.push(text.into());
        Ok(PathBuf::from(format!("{name}-1.txt")))
    }
    fn keep(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        self.log.borrow_mut().kept.push(text.into());
        Ok(PathBuf::from(format!("{name}-session-1.yaml")))
    }
}
