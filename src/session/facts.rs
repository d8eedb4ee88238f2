//! Facts for expressions: the lab's own counts, and whatever a world knows.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::{Journal, RecordId, SimDuration, SimTime};
use crate::model::ledger::Stream;
use crate::scenario::facts::{Still, WORLDS};
use crate::scenario::file::{Ask, Scenario};
use crate::scenario::{Facts, Text};
use crate::score::FaultWatch;

use super::lab::{Lab, Slot};
use super::told::Told;

/// The lab and its journal at one moment.
pub struct LabFacts<'a> {
    pub lab: &'a Lab,
    pub journal: &'a Journal,
}

impl Facts for LabFacts<'_> {
    fn call(&self, world: Option<&str>, name: &str, args: &[Value]) -> Result<Value, String> {
        let Some(world) = world else { return self.lab_fact(name, args) };
        let index = self.lab.world_index(world).ok_or_else(|| format!("the world {world} is not part of this run"))?;
        let slot = &self.lab.slots[index];
        match self.counted(slot, name, args)? {
            Some(value) => Ok(value),
            None if name == "same_uid" => Ok(json!(self.same_uid(index, args))),
            None => slot.world.fact(name, args, self.lab.now),
        }
    }

    fn absent(&self, world: &str) -> bool {
        self.lab.world_index(world).is_none()
    }

    fn still(&self, world: Option<&str>, name: &str, args: &[Value]) -> Still {
        if self.lab.finished {
            return Still::Final;
        }
        let Some(slot) = world.and_then(|w| self.lab.world_index(w)).map(|i| &self.lab.slots[i]) else {
            return if name == "now" { Still::AtLeast(self.lab.now.as_secs_f64()) } else { Still::Open };
        };
        let now = self.lab.now;
        let watched = |after: fn(&FaultWatch) -> Option<SimDuration>, since: fn(&FaultWatch, SimTime) -> SimTime| match slot
            .score
            .of(text(args, 0))
        {
            Some(f) if after(f).is_some() => Still::Final,
            Some(f) => Still::AtLeast((since(f, now) - f.at).as_secs_f64()),
            None => Still::AtLeast(0.0),
        };
        match name {
            "detected_after" => watched(FaultWatch::detected_after, |_, now| now),
            // A fault that strikes again was not over: what is known is a lower bound until the end.
            "recovered_after" => watched(|_| None, |f, now| f.recovered_after().map(|d| f.at + d).or(f.calm_since()).unwrap_or(now)),
            "happened_after" => match (self.call(world, name, args), self.entry_at(text(args, 0))) {
                (Ok(Value::Number(_)), _) => Still::Final,
                (_, Ok(Some(from))) => Still::AtLeast((now - from).as_secs_f64()),
                _ => Still::AtLeast(0.0),
            },
            // What a command that has ended printed.
            "output" | "exit_status" if !slot.running && matches!(self.entry_at(text(args, 0)), Ok(Some(_))) => Still::Final,
            // A window of time moves on; what it counts can shrink.
            _ if args.iter().any(Value::is_object) => Still::Open,
            "sent" | "ok" | "failed" | "downtime_s" | "impaired_s" | "longest_outage_s" | "manual_actions" | "happened" => {
                self.call(world, name, args).ok().and_then(|v| v.as_f64()).map_or(Still::Open, Still::AtLeast)
            }
            // Nothing that was deleted is undone: another of the same name is another object.
            "deleted" if matches!(self.call(world, name, args), Ok(Value::Bool(true))) => Still::Final,
            _ => Still::Open,
        }
    }
}

impl LabFacts<'_> {
    /// A text of the scenario in the lab's language, with its values as of now.
    pub fn text(&self, text: &Text) -> String {
        text.render(self.lab.language(), self)
    }

    /// The debrief. Sentences that speak of a world which took no part are left out.
    pub fn debrief(&self) -> Vec<String> {
        let told = self.lab.scenario.debrief.iter().filter(|t| !t.expressions().any(|e| e.asks_absent(self)));
        told.map(|t| self.text(t)).collect()
    }

    fn lab_fact(&self, name: &str, args: &[Value]) -> Result<Value, String> {
        match name {
            "now" => Ok(json!(self.lab.now.as_secs_f64())),
            "same_uid" => {
                let world = WORLDS.iter().rev().find_map(|w| self.lab.world_index(w)).ok_or("no world runs")?;
                Ok(json!(self.same_uid(world, args)))
            }
            "answered_right" => Ok(json!(self.answered_right(text(args, 0)))),
            other => Err(format!("no fact named {other} outside a world")),
        }
    }

    /// Facts that the lab counts itself; None for those a world knows.
    fn counted(&self, slot: &Slot, name: &str, args: &[Value]) -> Result<Option<Value>, String> {
        let ledger = slot.world.ledger();
        let value = match name {
            "availability" | "sent" | "ok" | "failed" | "in_flight" => self.requests(slot, name, args)?,
            "downtime_s" => json!(ledger.downtime_s(self.lab.now)),
            "impaired_s" => json!(ledger.impaired_s()),
            "longest_outage_s" => json!(ledger.longest_outage_s()),
            "p50_ms" => json!(ledger.latency_quantile(1, 2).map(|d| d.as_secs_f64() * 1000.0)),
            "p99_ms" => json!(ledger.latency_quantile(99, 100).map(|d| d.as_secs_f64() * 1000.0)),
            "manual_actions" => json!(slot.world.manual_actions()),
            "detected_after" => json!(fault(slot, args)?.and_then(|f| f.detected_after()).map(SimDuration::as_secs_f64)),
            "recovered_after" => json!(fault(slot, args)?.and_then(|f| f.recovered_after()).map(SimDuration::as_secs_f64)),
            "declared" => json!(slot.world.copies().declared),
            "serving" => json!(slot.world.copies().serving),
            "settled" => json!(slot.world.settled()),
            "happened" => json!(self.told(slot).happened(text(args, 0), args.get(1).and_then(Value::as_str))),
            "happened_after" => {
                let from = self.entry_at(text(args, 0))?;
                json!(from.and_then(|t| self.told(slot).first_after(t, text(args, 1))).map(SimDuration::as_secs_f64))
            }
            "lowest" | "highest" => match self.entry_at(text(args, 2))? {
                None => Value::Null,
                Some(from) => json!(self.told(slot).extreme(text(args, 0), text(args, 1), from, name == "highest")),
            },
            "output" | "exit_status" => {
                let records = self.commands(slot, text(args, 0))?;
                let (printed, exit) = self.told(slot).printed(&records);
                if name == "output" { json!(printed) } else { json!(exit) }
            }
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    /// What the journal tells of one world.
    fn told(&self, slot: &Slot) -> Told<'_> {
        Told { journal: self.journal, world: slot.world.name() }
    }

    /// When an entry of the timeline happened; None if it has not yet.
    fn entry_at(&self, id: &str) -> Result<Option<SimTime>, String> {
        Ok(self.lab.happened[self.entry(id)?])
    }

    fn entry(&self, id: &str) -> Result<usize, String> {
        self.lab.scenario.timeline.iter().position(|e| &*e.id == id).ok_or_else(|| format!("there is no entry {id}"))
    }

    /// The records of the commands that an entry ran in a world.
    fn commands(&self, slot: &Slot, id: &str) -> Result<Vec<RecordId>, String> {
        let entry = self.entry(id)?;
        let world = self.lab.world_index(slot.world.name());
        let all = self.lab.commands.iter().filter(|(e, w, _)| *e == entry && Some(*w) == world);
        Ok(all.map(|(_, _, r)| *r).collect())
    }

    fn requests(&self, slot: &Slot, name: &str, args: &[Value]) -> Result<Value, String> {
        let ledger = slot.world.ledger();
        let stream = args.iter().find_map(Value::as_str);
        let window = args.iter().find_map(|a| a.get("last").and_then(Value::as_f64));
        let empty = Stream::default();
        let stream = match stream {
            None => &ledger.total,
            Some(s) if self.lab.scenario.traffic.iter().any(|t| &*t.name == s) => ledger.streams.get(s).unwrap_or(&empty),
            Some(s) => return Err(format!("no traffic is named {s}")),
        };
        let (sent, ok, failed) = match window {
            None => (stream.sent, stream.ok, stream.failed),
            Some(seconds) => {
                let from = (self.lab.now - SimDuration::from_secs_f64(seconds)).as_secs() as usize;
                let part = stream.seconds.iter().skip(from);
                part.fold((0, 0, 0), |(s, o, f), x| (s + u64::from(x.sent), o + u64::from(x.ok), f + u64::from(x.failed)))
            }
        };
        Ok(match name {
            "sent" => json!(sent),
            "ok" => json!(ok),
            "failed" => json!(failed),
            "in_flight" => json!(stream.in_flight()),
            _ if ok + failed == 0 => Value::Null,
            _ => json!(ok as f64 / (ok + failed) as f64),
        })
    }

    fn same_uid(&self, world: usize, args: &[Value]) -> bool {
        let target = text(args, 0);
        let first = self.lab.first_uids.get(&(world, target.into()));
        let now = self.lab.slots[world].world.fact("uid", &[json!(target)], self.lab.now);
        matches!((first, now), (Some(a), Ok(Value::String(b))) if **a == *b)
    }

    fn answered_right(&self, id: &str) -> bool {
        let found =
            self.lab.scenario.timeline.iter().enumerate().find_map(|(i, e)| e.ask.as_ref().filter(|q| &*q.id == id).map(|q| (i, q)));
        let Some((i, _)) = found else { return false };
        // Before the run has shown it, nobody is right.
        let right = self.lab.shown.get(&i).and_then(|s| s.choice);
        right.is_some() && self.lab.answers.get(&i).copied().flatten() == right
    }

    /// The right choice of a question as measured now, if its expression has a value.
    pub fn right_choice(&self, entry: usize) -> Option<usize> {
        self.choice_of(self.lab.scenario.timeline.get(entry)?.ask.as_ref()?)
    }

    /// The choice that a question's expression picks now.
    pub fn choice_of(&self, question: &Ask) -> Option<usize> {
        let n = question.answer.eval(self).ok()?.as_number()?;
        (n >= 0.0 && (n as usize) < question.choices.len()).then_some(n as usize)
    }
}

fn text(args: &[Value], i: usize) -> &str {
    args.get(i).and_then(Value::as_str).unwrap_or_default()
}

fn fault<'a>(slot: &'a Slot, args: &[Value]) -> Result<Option<&'a FaultWatch>, String> {
    Ok(slot.score.of(text(args, 0)))
}

/// Objects that `same_uid` is asked about anywhere in the scenario.
pub fn same_uid_targets(scenario: &Scenario) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    for expression in scenario.expressions() {
        for used in expression.uses().iter().filter(|u| u.info.name == "same_uid") {
            out.extend(used.literals.iter().flatten().map(|(t, _)| t.clone()));
        }
    }
    out.sort();
    out.dedup();
    out
}
