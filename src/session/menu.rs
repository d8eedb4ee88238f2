//! The fault menu: what there is, what it could hit, what it would hit in each world, and the command that does the same.

use std::sync::Arc;

use crate::model::fault::{AT_ONCE, BAD_IMAGES, BadImage, CopyCount, FAULTS, FaultInfo};
use crate::model::{Fault, FaultKind};

use super::deeds::Input;
use super::lab::Slot;
use super::view::{ByHand, CopyView, FaultChoice, FaultHit, Health, SimDuration};
use super::{Session, build};

/// A fault's word and its way, as the menu gives them: `bad-image missing`.
fn word_and_way(word: &str) -> (&str, Option<&str>) {
    word.split_once(' ').map_or((word, None), |(word, way)| (word, Some(way)))
}

fn kind(word: &str) -> Option<FaultKind> {
    match word_and_way(word) {
        ("bad-image", Some(way)) => BadImage::from_word(way).map(|how| FaultKind::BadImage { how }),
        (word, None) => FaultKind::with_defaults(word),
        _ => None,
    }
}

/// Machines in the order of their numbers: `host-2` before `host-10`.
fn machines(slot: &Slot) -> Vec<Arc<str>> {
    let mut names = slot.world.fault_targets("host");
    names.sort_by_cached_key(|name| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.to_string(), name[stem.len()..].parse::<u64>().unwrap_or(0))
    });
    names
}

impl Session {
    /// The fault menu.
    pub fn faults(&self) -> Vec<FaultChoice> {
        let ways = |word: &str| if word == "bad-image" { BAD_IMAGES } else { &[] };
        let choice = |f: &FaultInfo| {
            let at_once = AT_ONCE.contains(&f.word);
            FaultChoice { word: f.word, about: f.about, on: f.on, ways: ways(f.word), at_once }
        };
        FAULTS.iter().map(choice).collect()
    }

    /// What a fault could hit, in one world or in any.
    pub fn fault_targets(&self, word: &str, world: Option<&str>) -> Vec<Arc<str>> {
        let word = word_and_way(word).0;
        let Some(info) = FAULTS.iter().find(|f| f.word == word) else { return Vec::new() };
        if info.on == "traffic" {
            return self.lab.scenario.traffic.iter().map(|t| t.name.clone()).collect();
        }
        let slots = self.lab.slots.iter().filter(|s| world.is_none_or(|w| w == s.world.name()));
        let mut out: Vec<_> = slots.flat_map(|s| if info.on == "host" { machines(s) } else { s.world.fault_targets(info.on) }).collect();
        if info.on != "host" {
            out.sort();
        }
        let mut seen = std::collections::BTreeSet::new();
        out.retain(|name| seen.insert(name.clone()));
        out
    }

    /// What the fault means in one world: the target of that name. In every world machines are paired by their number, so that the
    /// second of three dies on either side; `host-2` and `node-2` mean the same then.
    fn meant(&self, on: &str, target: &str, slot: &Slot, paired: bool) -> Option<Arc<str>> {
        if matches!(on, "world" | "traffic") {
            return Some(target.into());
        }
        let own = if on == "host" { machines(slot) } else { slot.world.fault_targets(on) };
        let same = own.iter().find(|t| ***t == *target).cloned();
        if on != "host" || !paired || same.is_some() {
            return same;
        }
        let place = self.lab.slots.iter().find_map(|s| machines(s).iter().position(|t| **t == *target))?;
        own.get(place).cloned()
    }

    /// What the fault would hit, world by world, with the command that does the same there. Worlds that have no such target are left out.
    pub fn fault_hits(&self, word: &str, target: &str, world: Option<&str>) -> Vec<FaultHit> {
        let Some(info) = FAULTS.iter().find(|f| f.word == word_and_way(word).0) else { return Vec::new() };
        let slots = self.lab.slots.iter().filter(|s| world.is_none_or(|w| w == s.world.name()));
        let hit = |slot: &Slot| {
            let target = self.meant(info.on, target, slot, world.is_none())?;
            let by_hand = by_hand(slot, info.word, &target, self.lab.now);
            Some(FaultHit { world: slot.world.name(), target, by_hand })
        };
        slots.filter_map(hit).collect()
    }

    /// Injects a fault by hand: in one world, or in every world that has the target.
    ///
    /// # Errors
    /// A sentence, if no world has the target, the fault needs another sort of target, or a world refuses it.
    pub fn inject(&mut self, word: &str, target: &str, world: Option<&str>, lasts: Option<SimDuration>) -> Result<String, String> {
        let kind = kind(word).ok_or_else(|| format!("there is no fault '{word}'"))?;
        let id: Arc<str> = format!("{}@{}", kind.word(), self.lab.now.clock()).into();
        let hits = self.fault_hits(word, target, world);
        if hits.is_empty() {
            return Err(format!("no world has '{target}'; there are: {}", self.fault_targets(word, world).join(", ")));
        }
        let (mut done, mut refused): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for hit in hits {
            let Some(world) = self.lab.world_index(hit.world) else { continue };
            let target = build::target(&kind, &hit.target, CopyCount::One, &self.lab.scenario);
            let fault = Arc::new(Fault { id: id.clone(), kind: kind.clone(), target, lasts });
            let text = build::describe(&fault);
            self.input(Input::Inject { world, fault });
            let reply = std::mem::take(&mut self.replies);
            if reply.exit != 0 {
                refused.push(format!("{}: {}", hit.world, reply.error));
            } else if !done.contains(&text) {
                done.push(text);
            }
        }
        let all = done.iter().chain(&refused).map(String::as_str).collect::<Vec<_>>().join("; ");
        if done.is_empty() { Err(all) } else { Ok(all) }
    }
}

/// The command that does the same, where there is one that really does: a crash comes from inside the container, because `docker kill`
/// counts as a stop by hand and keeps the restart policy from acting.
fn by_hand(slot: &Slot, word: &str, target: &str, now: super::view::SimTime) -> Option<ByHand> {
    if !matches!(word, "crash" | "human-delete") {
        let command = match (word, target) {
            ("component-down", "dockerd") => "sudo systemctl stop docker docker.socket",
            ("component-down", "kubelet") => "sudo systemctl stop kubelet",
            _ => return None,
        };
        return Some(ByHand { command: command.into(), but: "on every machine".into() });
    }
    let view = slot.world.view(now);
    let named = |c: &&CopyView| *c.object.name == *target;
    let runs = |c: &&CopyView| !matches!(c.health, Health::Idle);
    let all: Vec<&CopyView> = view.hosts.iter().flat_map(|h| &h.copies).chain(&view.unplaced).filter(runs).collect();
    let mut hit: Vec<&CopyView> = all.iter().copied().filter(named).collect();
    if hit.is_empty() {
        hit = all.into_iter().filter(|c| *c.app == *target).collect();
    }
    let first = hit.first()?;
    let command = match (&*first.object.kind, word) {
        ("container", _) => {
            let here = view.console.split_once('@').is_some_and(|(_, host)| *host == *first.object.namespace);
            let host = if here { String::new() } else { format!("-H ssh://{} ", first.object.namespace) };
            match word {
                "crash" => format!("docker {host}exec {} kill 1", first.object.name),
                _ => format!("docker {host}rm -f {}", first.object.name),
            }
        }
        ("Pod", _) => {
            let place = if &*first.object.namespace == "default" { String::new() } else { format!("-n {} ", first.object.namespace) };
            match word {
                "crash" => format!("kubectl {place}exec {} -- kill 1", first.object.name),
                _ => format!("kubectl {place}delete pod {}", first.object.name),
            }
        }
        _ => return None,
    };
    let but = [(hit.len() > 1, "one of them"), (word == "crash", "with SIGTERM, so that it may end in order")];
    let but = but.into_iter().filter(|(so, _)| *so).map(|(_, words)| words).collect::<Vec<_>>().join("; ");
    Some(ByHand { command, but })
}

#[cfg(test)]
mod tests {
    use crate::session::view::SimTime;
    use crate::session::{OpenOptions, Session};

    fn open(name: &str, seconds: u64) -> Session {
        let mut s = Session::open(name, &OpenOptions::default()).unwrap();
        s.jump_to(SimTime::from_secs(seconds));
        s
    }

    fn told(s: &Session, word: &str, target: &str, world: Option<&str>) -> Vec<String> {
        let command = |h: &crate::session::view::FaultHit| h.by_hand.as_ref().map_or("-".to_string(), |b| b.command.clone());
        s.fault_hits(word, target, world).iter().map(|h| format!("{} {} {}", h.world, h.target, command(h))).collect()
    }

    #[test]
    fn in_every_world_machines_are_paired_by_number() {
        let mut s = open("node-down", 50);
        assert_eq!(told(&s, "node-pause", "host-2", None), ["docker host-2 -", "kubernetes node-2 -"]);
        assert_eq!(told(&s, "node-pause", "node-3", None), ["docker host-3 -", "kubernetes node-3 -"]);
        assert_eq!(told(&s, "node-pause", "node-3", Some("kubernetes")), ["kubernetes node-3 -"]);
        assert!(told(&s, "node-pause", "node-3", Some("docker")).is_empty(), "one world has only what it has");
        assert_eq!(s.inject("node-pause", "host-1", None, None).as_deref(), Ok("host-1 freezes; node-1 freezes"));
        let hit: Vec<&str> = s.records().iter().filter(|r| r.reason == "node-pause").map(|r| r.world).collect();
        assert_eq!(hit, ["docker", "kubernetes"]);
        assert!(s.inject("node-pause", "host-9", None, None).unwrap_err().contains("host-1, host-2, host-3, node-1"));
    }

    #[test]
    fn what_only_one_world_has_is_hit_there_alone() {
        let s = open("node-down", 50);
        assert_eq!(told(&s, "component-down", "kubelet", None), ["kubernetes kubelet sudo systemctl stop kubelet"]);
        assert_eq!(told(&s, "component-down", "coredns", None), ["kubernetes coredns -"]);
        assert_eq!(told(&s, "dns-down", "", None), ["docker  -", "kubernetes  -"]);
    }

    #[test]
    fn the_command_is_one_that_does_the_same() {
        let mut s = open("node-down", 50);
        let told = s.fault_hits("crash", "shop", None);
        let commands: Vec<String> = told.iter().filter_map(|h| h.by_hand.clone()).map(|b| b.command).collect();
        assert_eq!(commands.len(), told.len(), "{told:?}");
        for command in commands {
            let world = if command.starts_with("docker") { "docker" } else { "kubernetes" };
            assert!(command.ends_with(" kill 1"), "{command}");
            let reply = s.command(&command);
            assert_eq!((reply.error.as_str(), reply.exit), ("", 0), "{command}");
            let before = s.records().len();
            s.jump_to(SimTime::from_secs(s.now().as_secs() + 20));
            let ended = |r: &crate::session::view::Record| {
                r.world == world && (r.message.contains(" died") || r.message == "Container started".into())
            };
            let after: Vec<_> = s.records()[before..].iter().filter(|r| r.world == world).map(|r| r.message.to_string()).collect();
            assert!(s.records()[before - 3..].iter().any(|r| ended(r)), "{command} ends nothing: {after:?}");
        }
    }

    #[test]
    fn a_bad_image_can_be_bad_in_each_way() {
        let mut s = open("rolling-update", 40);
        let image = s.fault_targets("bad-image never-ready", None).first().cloned().unwrap();
        for (way, says) in [("crashes", "crashes wherever it starts"), ("never-ready", "never gets ready"), ("missing", "is missing")] {
            let said = s.inject(&format!("bad-image {way}"), &image, None, None).unwrap();
            assert!(said.contains(says), "{said}");
            assert!(s.save().contains(&format!("how: {way}")), "{}", s.save());
        }
        assert!(s.inject("bad-image rotten", &image, None, None).is_err());
    }
}
