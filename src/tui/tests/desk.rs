//! A desk made by hand: three questions, a grader that looks for single words, and everything that is kept stays in the log.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use super::fixture::Log;
use crate::session::claims::{Claims, Finding, Verdict};
use crate::session::practice::{
    Answers, Bank, Evidence, FollowUp, InterviewSetup, Level, Misconception, Point, Question, Report, Topic, Unfinished,
};
use crate::session::view::{SimDuration, SimTime};
use crate::tui::desk::*;

pub struct FakeDesk {
    log: Rc<RefCell<Log>>,
    bank: Bank,
    claims: Claims,
    findings: Vec<Finding>,
    checking: Vec<Arc<str>>,
    cards: Vec<Arc<Question>>,
    done: Vec<(Arc<Question>, u8)>,
    predicted: usize,
    right: usize,
    chosen: Option<usize>,
    ticks: usize,
    day: Date,
}

fn question(id: &str, words: &str, level: Level, evidence: Evidence) -> Arc<Question> {
    let point = |id: &str, text: &str| Point { id: id.into(), text: text.into(), say: vec![], concepts: vec![] };
    Arc::new(Question {
        id: id.into(),
        question: words.into(),
        level,
        topic: "failure".into(),
        points: vec![
            point("heartbeat", "The missed heartbeats are noticed after about 50 seconds and the node becomes NotReady."),
            point("taint", "The node gets a taint, and its pods leave the Service's endpoints."),
            point("300", "The pods stay for 300 seconds by default before they are evicted."),
            point("recreated", "Pods are not moved: their controller makes new ones, and the scheduler places them."),
        ],
        misconceptions: vec![Misconception {
            id: "instant-failover".into(),
            text: "Claims that pods are moved at once.".into(),
            say: vec![],
            correction: "Nothing is moved. After about six minutes new pods are made elsewhere; until then the others carry the traffic.".into(),
        }],
        follow_ups: vec![FollowUp {
            ask: "So why did users see errors for fifty seconds only, and not for six minutes?".into(),
            missed: vec!["300".into(), "recreated".into()],
        }],
        answers: Answers {
            short: "Heartbeats stop, the node is NotReady after 50 s, its pods leave the endpoints, and five minutes later new ones are made.".into(),
            medium: "The kubelet stops renewing its lease. After a grace period the node is marked unknown and tainted.\nThe endpoints shrink at once, so users suffer for less than a minute.".into(),
            long: "All of that, and why the defaults are as they are.".into(),
        },
        evidence,
    })
}

impl FakeDesk {
    pub fn new(log: Rc<RefCell<Log>>) -> Self {
        let lab = Evidence::Scenario { name: "node-down".into(), at: "2m50s".into(), look: "node-2 becomes NotReady".into() };
        let questions = vec![
            question("node-fails-3am", "A node dies at three in the morning. Walk me through what Kubernetes does.", Level::Scenario, lab),
            question(
                "etcd",
                "What is etcd for, and what must never happen to it?",
                Level::Senior,
                Evidence::None("No lab shows it yet.".into()),
            ),
            question(
                "probes",
                "What is the difference between a readiness and a liveness probe?",
                Level::Mid,
                Evidence::Claim("G-05".into()),
            ),
        ];
        let mut bank = Bank::default();
        bank.add(Topic { id: "failure".into(), title: "Failure and recovery".into(), questions: vec![] }, questions.clone());
        let mut claims = crate::session::claims::catalogue().unwrap();
        claims.themes.truncate(2);
        for (i, t) in claims.themes.iter_mut().enumerate() {
            (t.id, t.title) =
                ([["roles", "Who does what"], ["healing", "Self-healing"]][i][0].into(), ["Who does what", "Self-healing"][i].into());
        }
        let shown = claims.claims.iter().find(|c| c.shows.is_some()).unwrap().clone();
        claims.claims = [("A-01", Verdict::True), ("A-02", Verdict::TrueWithConditions), ("G-05", Verdict::Myth), ("G-06", Verdict::Myth)]
            .into_iter()
            .enumerate()
            .map(|(i, (id, verdict))| crate::session::claims::Claim {
                id: id.into(),
                theme: if i < 2 { "roles" } else { "healing" }.into(),
                statement: [
                    "Docker packages, Kubernetes runs.",
                    "You need both of them.",
                    "Kubernetes moves pods at once.",
                    "It heals everything.",
                ][i]
                    .into(),
                verdict,
                correction: "It takes about six minutes with the defaults, and nothing is moved.".into(),
                sentence: "Kubernetes does not move pods, it makes new ones.".into(),
                questions: if i == 2 { vec!["node-fails-3am".into()] } else { vec![] },
                shows: (i == 2).then(|| shown.shows.clone().unwrap()),
            })
            .collect();
        Self {
            log,
            bank,
            claims,
            findings: Vec::new(),
            checking: Vec::new(),
            cards: Vec::new(),
            done: Vec::new(),
            predicted: 0,
            right: 0,
            chosen: None,
            ticks: 0,
            day: today(),
        }
    }

    fn slot(sitting: Sitting, asked: &Asked) -> String {
        match sitting {
            Sitting::Interview => "interview".into(),
            _ => format!("{}{}", asked.question.id, if asked.follow_up { "/follow-up" } else { "" }),
        }
    }
}

/// Where a word stands in a text.
fn places(text: &str, word: &str) -> Vec<Range<usize>> {
    text.match_indices(word).map(|(i, w)| i..i + w.len()).collect()
}

fn today() -> Date {
    "2026-11-21".parse().unwrap()
}

impl Desk for FakeDesk {
    fn bank(&self) -> &Bank {
        &self.bank
    }
    fn warnings(&self) -> Vec<String> {
        self.log.borrow().warnings.clone()
    }
    fn known(&self, question: &str) -> Known {
        if question == "etcd" { Known::Weak } else { Known::Never }
    }
    fn see(&self, evidence: &Evidence) -> Option<(Arc<str>, SimTime)> {
        let Evidence::Scenario { name, at, .. } = evidence else { return None };
        Some((name.clone(), SimTime::ZERO + SimDuration::parse(at).unwrap()))
    }

    fn profile(&self) -> Arc<str> {
        self.log.borrow().profile.clone().unwrap_or_else(|| "default".into())
    }
    fn profiles(&self) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = vec!["Anna".into(), "default".into(), self.profile()];
        all.sort();
        all.dedup();
        all
    }
    fn choose_profile(&mut self, name: &str) -> Result<(), Trouble> {
        self.log.borrow_mut().profile = Some(name.into());
        Ok(())
    }
    fn new_profile(&mut self, name: &str) -> Result<(), Trouble> {
        if name.is_empty() { Err("'' cannot be the name of a profile: it is empty".into()) } else { self.choose_profile(name) }
    }
    fn rename_profile(&mut self, name: &str) -> Result<(), Trouble> {
        self.choose_profile(name)
    }
    fn set_interview(&mut self, day: Option<Date>) -> Result<(), Trouble> {
        self.log.borrow_mut().interview = day;
        Ok(())
    }
    fn today(&self) -> Date {
        self.day
    }
    fn turn_day(&mut self) -> bool {
        let day = self.log.borrow().day.unwrap_or(self.day);
        std::mem::replace(&mut self.day, day) != day
    }
    fn overview(&self) -> Overview {
        let log = self.log.borrow();
        Overview {
            profile: self.profile(),
            due: if self.day == today() { 11 } else { 17 },
            unseen: 172,
            streak: 4,
            practised_today: true,
            interview: log.interview,
            days_left: log.interview.map(|_| 7),
            per_day: log.interview.map(|_| (14, 3)),
            readiness: 0.68,
            weakest: vec![("Failure and recovery".into(), 0.41), ("Scheduling".into(), 0.52)],
            left: log.left.clone(),
            interview_open: log.asked.map(|n| format!("question {}, 12:30 left", n + 1)),
        }
    }
    fn progress(&self) -> Progress {
        let row = |title: &str, a: f32| TopicRow {
            title: title.into(),
            cells: [(3, 3, a), (4, 2, a / 2.0), (2, 0, 0.0), (0, 0, 0.0), (9, 5, a / 1.5)]
                .map(|(questions, seen, mastery)| crate::session::progress::Mastery { questions, seen, mastery, strength: mastery }),
        };
        Progress {
            today: today(),
            reviews: 42,
            questions: 183,
            seen: 31,
            forecast: (0..30).map(|i| [11, 3, 0, 5, 2, 1][i % 6]).collect(),
            activity: (0..30).map(|i| [0, 4, 9][i % 3]).collect(),
            streak: 4,
            longest: 9,
            repetitions: 20,
            measured: Some(0.85),
            predicted: Some(0.9),
            topics: [row("Failure and recovery", 0.9), row("Scheduling", 0.5), row("Networking and traffic from outside", 0.2)]
                .into_iter()
                .chain((0..self.log.borrow().topics_more).map(|i| row(&format!("Topic {i} "), 0.9)))
                .collect(),
            weak: vec![("Networking and traffic from outside".into(), 0.2), ("Scheduling".into(), 0.5)],
            plan: self
                .log
                .borrow()
                .interview
                .map(|d| vec![format!("Interview on {d}: 7 days to go, 14 questions a day.")])
                .unwrap_or_default(),
            file: Some("/home/you/.local/share/wheelhouse/progress.db".into()),
        }
    }

    fn left_lab(&self) -> Option<Place> {
        self.log.borrow().place.clone()
    }
    fn keep_lab(&mut self, place: Option<&Place>) {
        self.log.borrow_mut().place = place.cloned();
    }

    fn answer(&mut self, sitting: Sitting, asked: &Asked, reply: Reply, _: Duration, _: Duration) -> Result<Graded, Trouble> {
        let mut log = self.log.borrow_mut();
        if log.disk_full {
            return Err("the progress file cannot be written (disk full)".into());
        }
        let text = if let Reply::Typed(text) = reply { text } else { "" };
        log.handed_in.push(format!("{} {reply:?}", asked.question.id));
        log.drafts.remove(&Self::slot(sitting, asked));
        let points: Vec<_> = asked
            .rubric()
            .enumerate()
            .map(|(i, p)| {
                let proof = places(text, &p.id);
                let typed = if proof.is_empty() { 0 } else { 100 };
                let degree = if let Reply::Rated(said) = reply { said.get(i).copied().unwrap_or_default().degree() } else { typed };
                (p.id.clone(), degree, proof)
            })
            .collect();
        let score = points.iter().map(|(_, d, _)| usize::from(*d)).sum::<usize>() / points.len().max(1);
        let score = u8::try_from(score).unwrap();
        let wrong = places(text, "moved immediately");
        if sitting == Sitting::Cards {
            let card = self.cards.remove(0);
            self.done.push((card, score));
        }
        let missing: Vec<Arc<str>> = points.iter().filter(|(_, d, _)| *d < 50).map(|(id, ..)| id.clone()).collect();
        let mut follow_up = asked
            .question
            .follow_ups
            .first()
            .filter(|f| !asked.follow_up && f.missed.iter().any(|m| missing.contains(m)))
            .map(|f| Asked { question: asked.question.clone(), text: f.ask.clone(), follow_up: true, points: f.missed.clone() });
        if sitting == Sitting::Interview {
            log.follow_up = follow_up.is_some();
            if follow_up.is_none() {
                log.asked = log.asked.map(|n| n + 1);
                follow_up = None;
            }
        }
        Ok(Graded {
            score,
            rating: if asked.follow_up { "" } else { "hard" },
            due: (!asked.follow_up).then(|| "2026-11-24".parse().unwrap()),
            points,
            misconceptions: if wrong.is_empty() { vec![] } else { vec![("instant-failover".into(), wrong)] },
            contradictions: Vec::new(),
            next: "Say that the pods stay for 300 seconds, and are then made anew.".into(),
            follow_up,
        })
    }
    fn history(&self, question: &str) -> Vec<Arc<str>> {
        if question == "etcd" { vec!["It holds the state.".into(), "A database.".into()] } else { Vec::new() }
    }
    fn draft(&self, sitting: Sitting, asked: &Asked) -> Option<Unfinished> {
        self.log.borrow().drafts.get(&Self::slot(sitting, asked)).cloned()
    }
    fn left_follow_up(&self, question: &str) -> Option<(Graded, Arc<str>)> {
        self.log.borrow().drafts.get(&format!("{question}/follow-up"))?;
        let q = self.bank.get(question)?;
        let f = &q.follow_ups[0];
        let follow_up = Some(Asked { question: q.clone(), text: f.ask.clone(), follow_up: true, points: f.missed.clone() });
        Some((Graded { score: 50, follow_up, ..Graded::default() }, "what was said then".into()))
    }
    fn keep_draft(&mut self, sitting: Sitting, asked: &Asked, answer: &Unfinished, elapsed: Duration) -> Result<(), Trouble> {
        let mut log = self.log.borrow_mut();
        if log.disk_full {
            return Err("disk full".into());
        }
        log.clock = elapsed;
        log.drafts.insert(Self::slot(sitting, asked), answer.clone());
        Ok(())
    }

    fn begin_cards(&mut self) -> bool {
        if self.cards.is_empty() {
            self.cards = self.bank.questions()[..2].to_vec();
            self.done.clear();
        }
        true
    }
    fn card(&self) -> Option<Arc<Question>> {
        self.cards.first().cloned()
    }
    fn cards_left(&self) -> usize {
        self.cards.len()
    }
    fn cards_done(&self) -> Vec<(Arc<Question>, u8)> {
        self.done.clone()
    }

    fn begin_interview(&mut self, setup: &InterviewSetup) -> Result<(), Trouble> {
        let mut log = self.log.borrow_mut();
        (log.asked, log.follow_up, log.minutes, log.clock) = (Some(0), false, setup.minutes, Duration::ZERO);
        log.topics.clone_from(&setup.topics);
        Ok(())
    }
    fn has_interview(&self) -> bool {
        self.log.borrow().asked.is_some()
    }
    fn interview(&self, _: Duration) -> Option<(Asked, usize, usize)> {
        let log = self.log.borrow();
        let n = log.asked?;
        let question = self.bank.questions().get(n).filter(|_| n < 2)?;
        let asked = Asked::main(question);
        let f = &question.follow_ups[0];
        let asked = if log.follow_up { Asked { text: f.ask.clone(), follow_up: true, points: f.missed.clone(), ..asked } } else { asked };
        Some((asked, n + 1, 2))
    }
    fn interview_elapsed(&self) -> Duration {
        self.log.borrow().clock
    }
    fn interview_budget(&self) -> Duration {
        Duration::from_secs(u64::from(self.log.borrow().minutes) * 60)
    }
    /// The report of a real interview in which nothing is known.
    fn end_interview(&mut self) -> Option<Report> {
        self.log.borrow_mut().asked.take()?;
        let options = crate::session::practice::PracticeOptions {
            progress: Some(std::env::temp_dir().join("wheelhouse-no-such-folder").join("progress.db")),
            ..Default::default()
        };
        let now = crate::session::practice::Now { at: "2026-11-21T12:00:00Z".parse().unwrap(), today: today() };
        let mut practice = crate::session::practice::Practice::open(&options, &now).unwrap();
        practice.begin_interview(&InterviewSetup::default(), &now).unwrap();
        practice.skip_interview(Duration::from_secs(100), &now).unwrap();
        let mut report = practice.end_interview().unwrap()?;
        // Texts of the bank may change; this report stays as it is.
        let q = &self.bank.questions()[0];
        for asked in &mut report.questions {
            asked.question = q.clone();
        }
        for t in &mut report.topics {
            (t.title, t.score) = ("Failure and recovery".into(), 40);
        }
        report.strengths = vec![self.bank.questions()[2].clone()];
        for gap in &mut report.gaps {
            gap.question = q.clone();
            gap.missing = vec!["300".into(), "recreated".into()];
            gap.next = "Say that the pods stay for 300 seconds.".into();
        }
        report.tonight = vec![
            crate::session::practice::Tonight { evidence: q.evidence.clone(), question: q.clone() },
            crate::session::practice::Tonight { evidence: Evidence::Claim("G-05".into()), question: q.clone() },
        ];
        Some(report)
    }

    fn report_text(&self, report: &Report, _: usize) -> String {
        report.gaps.iter().map(|g| format!("Next time: {}\n", g.next)).collect()
    }

    fn begin_predictions(&mut self) -> (usize, usize) {
        let done = self.log.borrow().predicted % 2;
        (self.predicted, self.right) = (done, 0);
        (done, 2)
    }
    fn prediction(&self) -> Option<Prediction> {
        (self.predicted < 2).then(|| Prediction {
            scenario: "node-down".into(),
            title: "A machine dies at three in the morning".into(),
            at: SimTime::ZERO + SimDuration::from_secs(120),
            question: "node-2 dies now. When does its replacement pod start?".into(),
            choices: vec!["at once".into(), "after about 50 s".into(), "after about 6 min".into()],
        })
    }
    fn predict(&mut self, choice: Option<usize>) {
        (self.chosen, self.ticks) = (choice, 0);
    }
    fn measure_on(&mut self) -> Result<Option<Outcome>, Trouble> {
        self.ticks += 1;
        if self.ticks < 2 {
            return Ok(None);
        }
        self.right += usize::from(self.chosen == Some(2));
        self.log.borrow_mut().predicted += 1;
        Ok(Some(Outcome {
            right: Some(2),
            because: "The pods tolerate an unreachable node for 300 s; the new one was ready after 6 m 10 s.".into(),
        }))
    }
    fn next_prediction(&mut self) {
        self.predicted += 1;
    }
    fn predictions_right(&self) -> (usize, usize) {
        (self.right, self.predicted + usize::from(self.ticks >= 2))
    }

    fn whiteboards(&self) -> Vec<(Arc<str>, String, usize)> {
        vec![("node-death".into(), "A node dies".into(), 4)]
    }
    fn whiteboard(&mut self, id: &str) -> Option<Chain> {
        let steps = [
            "The kubelet's lease is no longer renewed",
            "The node is NotReady",
            "Its pods leave the endpoints",
            "After 300 s they are evicted",
        ];
        Some(Chain {
            id: id.into(),
            title: "A node dies".into(),
            ask: "A node loses power. What happens, in which order?".into(),
            steps: steps.map(String::from).to_vec(),
            order: self.log.borrow().board.clone().map_or(vec![3, 0, 1, 2], |(order, _)| order),
            spent: self.log.borrow().board.as_ref().map_or(Duration::ZERO, |(_, spent)| *spent),
            lab: Some(("node-down".into(), SimTime::ZERO + SimDuration::from_secs(170))),
        })
    }
    fn keep_board(&mut self, _: &str, order: &[usize], spent: Duration) {
        self.log.borrow_mut().board = Some((order.to_vec(), spent));
    }
    fn judge(&mut self, _: &str, order: &[usize], _: Duration) -> Result<Judged, Trouble> {
        self.log.borrow_mut().board = None;
        let misplaced: Vec<_> = if order[0] == 3 { vec![(3, "The toleration runs out long after the rest.".into())] } else { vec![] };
        Ok(Judged { score: if misplaced.is_empty() { 100 } else { 50 }, order: vec![0, 1, 2, 3], misplaced })
    }
    fn begin_sides(&mut self) -> usize {
        self.log.borrow_mut().placed %= 2;
        2
    }
    fn placed(&self) -> Vec<Placed> {
        let words = ["kubelet", "dockerd"].iter().take(self.log.borrow().placed);
        words.map(|w| Placed { words: (*w).into(), worth: 100, put: 1, belongs: 1, because: "It was placed before.".into() }).collect()
    }
    fn component(&self) -> Option<Component> {
        let placed = self.log.borrow().placed;
        let words = ["kubelet", "dockerd"].get(placed)?;
        Some(Component { words: (*words).into(), number: placed + 1, total: 2 })
    }
    fn place(&mut self, side: usize) -> Result<Option<Placed>, Trouble> {
        let placed = &mut self.log.borrow_mut().placed;
        let (belongs, words) = ([1, 0][*placed], ["kubelet", "dockerd"][*placed].to_string());
        *placed += 1;
        let worth = if side == belongs { 100 } else { 0 };
        Ok(Some(Placed { words, worth, put: side, belongs, because: "It runs on every node and starts what it is told.".into() }))
    }
    fn sides_score(&self) -> Option<u8> {
        Some(50)
    }

    fn claims(&self) -> &Claims {
        &self.claims
    }
    fn begin_check(&mut self, ids: &[Arc<str>]) -> Result<(), Trouble> {
        self.checking = ids.to_vec();
        Ok(())
    }
    fn check_on(&mut self) -> bool {
        let Some(id) = self.checking.pop() else { return false };
        self.findings.push(Finding {
            id,
            scenario: "node-down".into(),
            measured: "The new pod was ready 6 m 10 s after the power went.".into(),
            holds: true,
            evidence: "kubernetes.recovered_after('blackout') = 6m10s".into(),
        });
        true
    }
    fn checking(&self) -> Option<(Arc<str>, u32)> {
        (!self.checking.is_empty()).then(|| ("node-down".into(), 400))
    }
    fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings.iter().find(|f| *f.id == *id)
    }
}
