//! From the lab's state to the views that frontends draw.

use std::ops::Range;

use crate::kernel::{Journal, Record, RecordType, SimDuration, SimTime};
use crate::model::FailReason;
use crate::model::ledger::Ledger;
use crate::scenario::file::Trigger;

use super::facts::LabFacts;
use super::lab::{Lab, Slot};
use super::predict::question;
use super::view::{ExpectationView, FaultScore, LabView, Mark, MarkKind, RequestStrip, ScoreView, WorldPanel};

/// Seconds of history in a request strip.
const STRIP_SECONDS: usize = 240;

/// What a machine costs an hour unless somebody says otherwise: a round number, to compare worlds, not clouds.
pub const PRICE_PER_MACHINE_HOUR: f64 = 0.10;

/// The lab at this moment.
pub fn view(lab: &Lab, journal: &Journal, near: &[Range<usize>]) -> LabView {
    let facts = LabFacts { lab, journal };
    LabView {
        title: facts.text(&lab.scenario.title),
        summary: facts.text(&lab.scenario.summary),
        scenario: lab.scenario.name.to_string(),
        seed: lab.seed,
        now: lab.now,
        end: lab.end(),
        step: lab.steps,
        worlds: lab
            .slots
            .iter()
            .enumerate()
            .map(|(n, s)| WorldPanel {
                view: near.get(n).map_or_else(|| s.world.view(lab.now), |near| s.world.view_near(lab.now, near)),
                requests: strip(s.world.ledger(), lab.now),
                score: score(s, lab.now),
            })
            .collect(),
        marks: marks(lab, journal),
        story: lab.story.to_vec(),
        pointing_at: lab.pointing.as_deref().map(String::from),
        question: lab.asked_now().and_then(|i| question(lab, journal, i)),
        asked: (0..lab.happened.len()).filter(|i| lab.happened[*i].is_some()).filter_map(|i| question(lab, journal, i)).collect(),
        answered: lab.answers.keys().filter(|i| lab.happened[**i].is_some()).filter_map(|i| question(lab, journal, *i)).collect(),
        expectations: expectations(lab, &facts),
        drill: lab.drill_view(journal),
        finished: lab.finished,
        debrief: if lab.finished { facts.debrief() } else { Vec::new() },
        practise: lab.scenario.questions.iter().map(ToString::to_string).collect(),
    }
}

/// The scoreboard's line of one world.
pub fn score(slot: &Slot, now: SimTime) -> ScoreView {
    let ledger = slot.world.ledger();
    let t = &ledger.total;
    let copies = slot.world.copies();
    let ms = |d: SimDuration| d.as_secs_f64() * 1000.0;
    ScoreView {
        availability: t.availability(),
        sent: t.sent,
        ok: t.ok,
        failed: t.failed,
        in_flight: t.in_flight(),
        failed_by_reason: reasons(ledger),
        impaired_s: ledger.impaired_s(),
        downtime_s: ledger.downtime_s(now),
        longest_outage_s: ledger.longest_outage_s(),
        manual_actions: slot.world.manual_actions(),
        p50_ms: ledger.latency_quantile(1, 2).map(ms),
        p99_ms: ledger.latency_quantile(99, 100).map(ms),
        serving: copies.serving,
        declared: copies.declared,
        faults: slot
            .score
            .faults()
            .iter()
            .map(|f| FaultScore {
                id: f.id.clone(),
                at: f.at,
                detected_after: f.detected_after(),
                recovered_after: f.recovered_after(),
                hurt: f.hurt(),
            })
            .collect(),
        node_hours: slot.score.machine_hours(),
        cost: slot.score.machine_hours() * PRICE_PER_MACHINE_HOUR,
    }
}

fn reasons(ledger: &Ledger) -> Vec<(&'static str, u64)> {
    FailReason::ALL.into_iter().filter_map(|r| ledger.total.failed_by_reason.get(&r).map(|n| (r.word(), *n))).collect()
}

fn strip(ledger: &Ledger, now: SimTime) -> RequestStrip {
    let seconds = &ledger.total.seconds;
    // The running second is not finished; it would look like a dip. The ledger ends with the last outcome: later seconds were silent.
    let end = now.as_secs() as usize;
    let last = end.checked_sub(1).and_then(|i| seconds.get(i));
    let known = seconds.iter().map(|s| (s.ok, s.failed)).chain(std::iter::repeat((0, 0)));
    let known = known.take(end).skip(end.saturating_sub(STRIP_SECONDS));
    RequestStrip {
        seconds: if seconds.is_empty() { Vec::new() } else { known.collect() },
        ok_rps: last.map_or(0, |s| s.ok),
        failing_rps: last.map_or(0, |s| s.failed),
        why: last.filter(|s| s.failed > 0).and_then(|s| s.worst).map_or("", FailReason::word),
    }
}

/// What lies on the timeline, in order of time: what the scenario plans, and what people did.
pub fn marks(lab: &Lab, journal: &Journal) -> Vec<Mark> {
    let mut out = Vec::new();
    // What begins the trouble of a drill is for the learner to find out: its name is all that the timeline says.
    let begins = lab.scenario.solve.as_ref().and_then(|_| lab.scenario.trouble());
    for (i, e) in lab.scenario.timeline.iter().enumerate() {
        let planned = if let Trigger::At(at) = e.trigger { Some(at) } else { None };
        let Some(at) = lab.happened[i].or(planned) else { continue };
        let past = lab.happened[i].is_some();
        // What was done in a saved session is told by the journal, like what is done in this one.
        if !e.is_planned() {
            if !past && e.did.is_none() {
                let label = e.run.first().map_or_else(|| e.id.to_string(), |(_, command)| command.to_string());
                out.push(Mark { at, kind: MarkKind::Yours, label, past });
            }
            continue;
        }
        let mut mark = |kind, label: String| out.push(Mark { at, kind, label, past });
        if let Some(act) = e.faults.first() {
            mark(MarkKind::Fault, e.id.to_string());
            if let Some(lasts) = act.fault.lasts
                && at + lasts < lab.end()
            {
                let (at, label) = (at + lasts, format!("end of {}", e.id));
                out.push(Mark { at, kind: MarkKind::FaultEnd, label, past: at <= lab.now && past });
            }
        } else if let Some(q) = &e.ask {
            mark(MarkKind::Question, q.question.source());
        } else if begins == Some(i) {
            mark(MarkKind::Command, e.id.to_string());
        } else if !e.run.is_empty() || !e.traffic.is_empty() {
            mark(MarkKind::Command, e.run.first().map_or_else(|| "traffic changes".to_string(), |(_, c)| c.to_string()));
        } else if let Some(say) = &e.say {
            mark(MarkKind::Say, say.source());
        }
    }
    // A fault without a cause was injected by hand: those of the timeline stem from the start.
    let by_hand = |r: &Record| match r.kind {
        RecordType::Command => &*r.actor == "you",
        RecordType::Fault => r.cause.is_none(),
        _ => false,
    };
    let yours = journal.deeds().filter(|r| by_hand(r));
    out.extend(yours.map(|r| Mark { at: r.at, kind: MarkKind::Yours, label: r.message.to_string(), past: true }));
    out.sort_by_key(|m| m.at);
    out
}

/// The expectations with how they stand.
pub fn expectations(lab: &Lab, facts: &LabFacts) -> Vec<ExpectationView> {
    let standings = lab.standings.iter();
    lab.scenario
        .expect
        .iter()
        .zip(standings)
        .map(|(e, s)| ExpectationView {
            mode: e.kind.word(),
            expr: e.expr.text().to_string(),
            say: e.say.as_ref().map_or_else(|| e.expr.text().to_string(), |t| facts.text(t)),
            passed: s.passed,
            detail: s.detail.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_world_that_takes_no_part_nothing_is_told() {
        let options = super::super::OpenOptions { worlds: vec!["docker".into()], ..Default::default() };
        let mut s = super::super::Session::open("node-down", &options).unwrap();
        s.jump_to(s.end());
        let v = s.view();
        let told: Vec<&str> = v.debrief.iter().map(String::as_str).chain(v.story.iter().map(|(_, t)| &**t)).collect();
        assert!(!told.iter().any(|t| t.contains("not part of this run")), "{told:#?}");
        assert!(!v.debrief.is_empty() && v.debrief.len() < s.lab.scenario.debrief.len(), "{:#?}", v.debrief);
    }

    #[test]
    fn a_stream_that_has_ended_leaves_the_strip_empty() {
        let mut ledger = Ledger::default();
        for s in 0..20 {
            ledger.ok(&"shoppers".into(), SimTime::from_secs(s), 60, SimDuration::from_millis(5));
        }
        let live = strip(&ledger, SimTime::from_secs(20));
        assert_eq!((live.ok_rps, live.seconds.len(), live.seconds[19]), (60, 20, (60, 0)));
        let over = strip(&ledger, SimTime::from_secs(65));
        assert_eq!((over.ok_rps, over.failing_rps, over.why), (0, 0, ""), "nobody asks any more");
        assert_eq!((over.seconds.len(), over.seconds[19], over.seconds[20], over.seconds[64]), (65, (60, 0), (0, 0), (0, 0)));
        let long_over = strip(&ledger, SimTime::from_secs(400));
        assert_eq!((long_over.seconds.len(), long_over.seconds.iter().filter(|s| s.0 > 0).count()), (STRIP_SECONDS, 0));
        assert!(strip(&Ledger::default(), SimTime::from_secs(9)).seconds.is_empty(), "no traffic, no strip");
    }

    #[test]
    fn the_timeline_of_a_drill_does_not_name_its_cause() {
        let drill = super::super::Session::open("bad-rollout-drill", &Default::default()).unwrap();
        let labels: Vec<String> = drill.view().marks.into_iter().map(|m| m.label).collect();
        assert!(labels.iter().any(|l| l == "release") && !labels.iter().any(|l| l.contains("broken")), "{labels:?}");
    }
}
